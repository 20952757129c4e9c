//! Texels by integer address, and the sizes that shaders ask for (d3d-rules §12.17, §12.18).

use crate::surface::{TextureView, ViewDimension};

/// Register bits of one texel's sample.
///
/// The array index follows the spatial coordinates (1D arrays: `address[1]`); cubes are arrays of faces.
/// Whatever lies outside (a coordinate, layer, mip level or sample) reads 0 in the components that the format
/// stores and defaults in the others.
pub fn load(view: &TextureView, address: [u32; 3], mip: u32, sample: u32) -> [u32; 4] {
    let outside = view.format().outside();
    if mip >= view.mip_levels() {
        return outside;
    }
    let dimension = view.dimension();
    let [x, second, third] = address;
    let [_, height, depth] = view.extent(mip);
    let (y, layer, layers) = match dimension {
        ViewDimension::Texture1D => (0, 0, 1),
        ViewDimension::Texture1DArray => (0, second, view.elements()),
        ViewDimension::Texture2D | ViewDimension::Texture2DMs => (second, 0, 1),
        ViewDimension::Texture2DArray | ViewDimension::Texture2DMsArray => (second, third, view.elements()),
        ViewDimension::Texture3D => (second, third, depth),
        ViewDimension::Cube | ViewDimension::CubeArray => (second, third, 6 * view.elements()),
    };
    let image = view.image(mip, layer.min(layers - 1));
    if layer >= layers || x >= image.width() || y >= height || sample >= image.samples() {
        return outside;
    }
    view.texels.register(image, x, y, sample)
}

/// What `resinfo` and `sampleinfo` return. Dimensions that the view has not are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Info {
    /// Texels a row of the mip level; sizes are 0 when it does not exist.
    pub width: u32,
    /// Rows of the level.
    pub height: u32,
    /// Slices of a volume's level.
    pub depth: u32,
    /// Layers of an array, cubes of a cube array.
    pub array_size: u32,
    /// Mip levels of the view, even when the level does not exist.
    pub mip_levels: u32,
    /// Samples a texel.
    pub samples: u32,
}

/// Sizes of a view at one of its mip levels.
pub fn info(view: &TextureView, mip: u32) -> Info {
    let dimension = view.dimension();
    let always =
        Info { mip_levels: view.mip_levels(), samples: view.texture().desc().samples, ..Info::default() };
    if mip >= view.mip_levels() {
        return always;
    }
    let [width, height, depth] = view.extent(mip);
    let has_height = dimension.spatial_axes() > 1;
    Info {
        width,
        height: if has_height { height } else { 0 },
        depth: if dimension == ViewDimension::Texture3D { depth } else { 0 },
        array_size: if dimension.is_array() { view.elements() } else { 0 },
        ..always
    }
}
