//! All subresources of a texture.

use std::sync::Arc;

use super::{
    Image, MAX_DIMENSION, MAX_LAYERS, MAX_TEXTURE_BYTES, MAX_VOLUME_DIMENSION, SurfaceError, check_samples,
    check_size, mip_size,
};
use crate::format::Format;

/// The shape of a texture. Cubes are arrays of squares; only views know them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TextureDimension {
    /// One or two dimensions and layers; a one-dimensional texture has height 1.
    #[default]
    Texture2D,
    /// A volume.
    Texture3D,
}

/// What a texture is made from. The default is one R8G8B8A8 texel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TextureDesc {
    /// Shape.
    pub dimension: TextureDimension,
    /// Format.
    pub format: Format,
    /// Texels a row of mip 0.
    pub width: u32,
    /// Rows of mip 0.
    pub height: u32,
    /// Slices of mip 0; 1 unless it is a volume.
    pub depth: u32,
    /// Mip levels.
    pub mip_levels: u32,
    /// Array layers; 1 for volumes.
    pub layers: u32,
    /// Samples a texel: 1, 2, 4, 8 or 16.
    pub samples: u32,
}

impl Default for TextureDesc {
    fn default() -> Self {
        Self {
            dimension: TextureDimension::Texture2D,
            format: Format::R8G8B8A8Unorm,
            width: 1,
            height: 1,
            depth: 1,
            mip_levels: 1,
            layers: 1,
            samples: 1,
        }
    }
}

impl TextureDesc {
    /// Width, height and depth of a mip level.
    pub fn mip_extent(&self, mip: u32) -> [u32; 3] {
        [self.width, self.height, self.depth].map(|size| mip_size(size, mip))
    }

    fn check(&self) -> Result<(), SurfaceError> {
        let volume = self.dimension == TextureDimension::Texture3D;
        let max = if volume { MAX_VOLUME_DIMENSION } else { MAX_DIMENSION };
        check_size("width", self.width.into(), max.into())?;
        check_size("height", self.height.into(), max.into())?;
        check_size("depth", self.depth.into(), if volume { max.into() } else { 1 })?;
        check_size("layers", self.layers.into(), if volume { 1 } else { MAX_LAYERS.into() })?;
        let longest = self.width.max(self.height).max(self.depth);
        check_size("mip levels", self.mip_levels.into(), u64::from(longest.ilog2()) + 1)?;
        check_samples(self.samples)?;
        if self.samples > 1 && (volume || self.mip_levels > 1 || self.format.is_block_compressed()) {
            return Err(SurfaceError::Combination("samples and volumes, mip levels or compressed blocks"));
        }
        check_size("bytes", self.stored_bytes(), MAX_TEXTURE_BYTES)
    }

    /// Bytes of all subresources. No term overflows once the sizes are checked.
    pub fn stored_bytes(&self) -> u64 {
        let level = |mip| {
            let [width, height, depth] = self.mip_extent(mip);
            Image::stored_bytes(self.format, width, height, self.samples) * u64::from(depth)
        };
        (0..self.mip_levels).map(level).sum::<u64>() * u64::from(self.layers)
    }
}

/// A texture. Clones share their images until one of them writes.
#[derive(Debug, Clone)]
pub struct Texture {
    desc: TextureDesc,
    /// Layer by layer the mips of an array, or mip by mip the slices of a volume.
    images: Vec<Arc<Image>>,
}

impl Texture {
    /// A texture of zero bits; everything is checked before anything is allocated.
    pub fn new(desc: TextureDesc) -> Result<Self, SurfaceError> {
        desc.check()?;
        let image = |mip| {
            let [width, height, _] = desc.mip_extent(mip);
            Image::new(desc.format, width, height, desc.samples).map(Arc::new)
        };
        let images = match desc.dimension {
            TextureDimension::Texture2D => {
                (0..desc.layers).flat_map(|_| 0..desc.mip_levels).map(image).collect::<Result<_, _>>()
            }
            TextureDimension::Texture3D => (0..desc.mip_levels)
                .flat_map(|mip| (0..desc.mip_extent(mip)[2]).map(move |_| mip))
                .map(image)
                .collect::<Result<_, _>>(),
        }?;
        Ok(Self { desc, images })
    }

    /// What it was made from.
    #[inline]
    pub fn desc(&self) -> &TextureDesc {
        &self.desc
    }

    /// A subresource by mip level and layer, or slice of a volume's level. Numbers beyond the last mean the
    /// last.
    #[inline]
    pub fn image(&self, mip: u32, layer: u32) -> &Image {
        &self.images[self.index(mip, layer)]
    }

    /// As [`image`](Self::image), to keep: later writes do not change it.
    pub fn shared_image(&self, mip: u32, layer: u32) -> Arc<Image> {
        self.images[self.index(mip, layer)].clone()
    }

    /// As [`image`](Self::image), to write to; copies it first when somebody else holds it.
    pub fn image_mut(&mut self, mip: u32, layer: u32) -> &mut Image {
        let index = self.index(mip, layer);
        Arc::make_mut(&mut self.images[index])
    }

    #[inline]
    fn index(&self, mip: u32, layer: u32) -> usize {
        let mip = mip.min(self.desc.mip_levels - 1);
        let index = match self.desc.dimension {
            TextureDimension::Texture2D => mip + layer.min(self.desc.layers - 1) * self.desc.mip_levels,
            TextureDimension::Texture3D => {
                let slices = |mip| mip_size(self.desc.depth, mip);
                (0..mip).map(slices).sum::<u32>() + layer.min(slices(mip) - 1)
            }
        };
        index as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_have_layers_of_mips() {
        let desc = TextureDesc { width: 5, height: 2, mip_levels: 3, layers: 4, ..Default::default() };
        let mut texture = Texture::new(desc).unwrap();
        assert_eq!((texture.image(1, 0).width(), texture.image(1, 0).height()), (2, 1));
        assert_eq!(texture.image(2, 3).width(), 1);
        let shared = texture.clone();
        texture.image_mut(2, 3).write_texel(0, 0, 0, [1.0f32.to_bits(); 4]);
        assert_eq!(texture.image(9, 9).data(), [255; 4]);
        assert_eq!(shared.image(2, 3).data(), [0; 4]);
        assert!(Arc::ptr_eq(&texture.images[0], &shared.images[0]));
    }

    #[test]
    fn volumes_have_mips_of_slices() {
        let dimension = TextureDimension::Texture3D;
        let desc =
            TextureDesc { dimension, width: 8, height: 4, depth: 5, mip_levels: 4, ..Default::default() };
        let texture = Texture::new(desc).unwrap();
        assert_eq!(texture.images.len(), 5 + 2 + 1 + 1);
        assert_eq!((texture.index(1, 0), texture.index(1, 7), texture.index(3, 0)), (5, 6, 8));
        assert_eq!(texture.image(1, 1).width(), 4);
    }

    #[test]
    fn limits_hold_before_allocation() {
        let fails = |desc: TextureDesc| Texture::new(desc).unwrap_err();
        let size = |what, value, max| SurfaceError::Size { what, value, max };
        let base = TextureDesc::default();
        assert_eq!(fails(TextureDesc { width: 16385, ..base }), size("width", 16385, 16384));
        assert_eq!(fails(TextureDesc { layers: 2049, ..base }), size("layers", 2049, 2048));
        assert_eq!(fails(TextureDesc { depth: 2, ..base }), size("depth", 2, 1));
        assert_eq!(fails(TextureDesc { mip_levels: 2, ..base }), size("mip levels", 2, 1));
        let huge = TextureDesc { width: 16384, height: 16384, layers: 2048, ..base };
        assert_eq!(fails(huge), size("bytes", 1 << 41, MAX_TEXTURE_BYTES));
        assert_eq!(fails(TextureDesc { samples: 0, ..base }), SurfaceError::Samples(0));
        let desc = TextureDesc { width: 2, mip_levels: 2, samples: 4, ..base };
        assert!(matches!(fails(desc), SurfaceError::Combination(_)));
    }
}
