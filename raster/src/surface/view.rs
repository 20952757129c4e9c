//! What a shader sees of a texture.

use std::ops::Range;
use std::sync::Arc;

use super::{Image, SurfaceError, Texture, TextureDimension, mip_size};
use crate::format::Format;

/// What a shader declares a texture to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum ViewDimension {
    Texture1D,
    Texture1DArray,
    Texture2D,
    Texture2DArray,
    Texture2DMs,
    Texture2DMsArray,
    Texture3D,
    Cube,
    CubeArray,
}

impl ViewDimension {
    /// Coordinates that are filtered along: 1, 2 or 3 (a cube's three are a direction).
    pub fn spatial_axes(self) -> usize {
        match self {
            Self::Texture1D | Self::Texture1DArray => 1,
            Self::Texture3D | Self::Cube | Self::CubeArray => 3,
            _ => 2,
        }
    }

    /// The coordinate after the spatial ones selects a layer or a cube.
    pub fn is_array(self) -> bool {
        matches!(self, Self::Texture1DArray | Self::Texture2DArray | Self::Texture2DMsArray | Self::CubeArray)
    }

    /// Six layers make one element.
    pub fn is_cube(self) -> bool {
        matches!(self, Self::Cube | Self::CubeArray)
    }

    /// Texels have samples, and are loaded but not filtered.
    pub fn is_multisampled(self) -> bool {
        matches!(self, Self::Texture2DMs | Self::Texture2DMsArray)
    }
}

/// A range of a texture's subresources, read as texels of a format.
#[derive(Debug, Clone)]
pub struct TextureView {
    texture: Arc<Texture>,
    format: Format,
    dimension: ViewDimension,
    base_mip: u32,
    mip_levels: u32,
    base_layer: u32,
    elements: u32,
    pub(crate) texels: crate::sampler::Texels,
}

impl TextureView {
    /// A view of `mips` and `layers` of a texture.
    ///
    /// The texels' bits are taken for `format`, which must have the same size; compressed blocks can only
    /// change between UNORM and sRGB. The texture must have the shape that `dimension` says: 1D wants height
    /// 1, cubes want squares in sixes, samples are for the multisampled alone. Dimensions that are no arrays
    /// use the first layer (or six); volumes ignore `layers`.
    pub fn new(
        texture: Arc<Texture>,
        format: Format,
        dimension: ViewDimension,
        mips: Range<u32>,
        layers: Range<u32>,
    ) -> Result<Self, SurfaceError> {
        let desc = texture.desc();
        let same_texels = if desc.format.is_block_compressed() || format.is_block_compressed() {
            format.linear() == desc.format.linear()
        } else {
            format.block_bytes() == desc.format.block_bytes()
        };
        if !same_texels {
            return Err(SurfaceError::ViewFormat { texture: desc.format, view: format });
        }
        check_range("mip levels", &mips, desc.mip_levels)?;
        check_range("layers", &layers, desc.layers)?;

        let volume = desc.dimension == TextureDimension::Texture3D;
        let layer_count = layers.end - layers.start;
        let fits = volume == (dimension == ViewDimension::Texture3D)
            && (desc.samples == 1 || dimension.is_multisampled())
            && (desc.height == 1 || dimension.spatial_axes() > 1)
            && (!dimension.is_cube() || desc.width == desc.height && layer_count >= 6);
        if !fits {
            return Err(SurfaceError::ViewShape(dimension));
        }
        let elements = match (dimension.is_array(), dimension.is_cube()) {
            (false, _) => 1,
            (true, false) => layer_count,
            (true, true) => layer_count / 6,
        };
        let (base_mip, base_layer, mip_levels) = (mips.start, layers.start, mips.end - mips.start);
        let texels = crate::sampler::Texels::new(format);
        Ok(Self { texture, format, dimension, base_mip, mip_levels, base_layer, elements, texels })
    }

    /// The view with red, green and blue decoded from sRGB although its format does not say so (Direct3D 9's
    /// `SRGBTEXTURE`). Formats without an sRGB twin stay as they are.
    pub fn with_srgb(self) -> Self {
        let format = self.format.srgb().unwrap_or(self.format);
        Self { format, texels: crate::sampler::Texels::new(format), ..self }
    }

    /// The texture.
    pub fn texture(&self) -> &Arc<Texture> {
        &self.texture
    }

    /// What the texels are taken for.
    #[inline]
    pub fn format(&self) -> Format {
        self.format
    }

    /// What the shader sees.
    #[inline]
    pub fn dimension(&self) -> ViewDimension {
        self.dimension
    }

    /// Mip levels.
    #[inline]
    pub fn mip_levels(&self) -> u32 {
        self.mip_levels
    }

    /// Layers of an array, cubes of a cube array; 1 for everything else.
    #[inline]
    pub fn elements(&self) -> u32 {
        self.elements
    }

    /// Width, height and depth of one of the view's mip levels.
    #[inline]
    pub fn extent(&self, mip: u32) -> [u32; 3] {
        let desc = self.texture.desc();
        let mip = self.base_mip + mip;
        [mip_size(desc.width, mip), mip_size(desc.height, mip), mip_size(desc.depth, mip)]
    }

    /// One image by the view's own numbers: mip level, and layer, face (six an element) or slice.
    #[inline]
    pub fn image(&self, mip: u32, layer: u32) -> &Image {
        self.texture.image(self.base_mip + mip, self.base_layer + layer)
    }
}

fn check_range(what: &'static str, range: &Range<u32>, have: u32) -> Result<(), SurfaceError> {
    if range.is_empty() || range.end > have {
        return Err(SurfaceError::ViewRange { what, start: range.start, end: range.end, have });
    }
    Ok(())
}
