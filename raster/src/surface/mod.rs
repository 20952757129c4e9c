//! What textures and render targets are made of.
//!
//! An [`Image`] is one two-dimensional subresource, a [`Texture`] a set of them, a [`TextureView`] what a
//! shader sees of a texture. Textures share their images and copy them on the first write while somebody else
//! holds them, so that queued work keeps the contents that it was recorded with.

mod blocks;
mod geometry;
mod image;
mod texture;
mod view;

pub(crate) use blocks::BlockCodes;
pub use geometry::{Layout, TILE_SIZE};
pub use image::Image;
pub use texture::{Texture, TextureDesc, TextureDimension};
pub use view::{TextureView, ViewDimension};

use crate::format::Format;

/// Most texels along an edge of a one- or two-dimensional texture.
pub const MAX_DIMENSION: u32 = 16384;
/// Most texels along an edge of a volume.
pub const MAX_VOLUME_DIMENSION: u32 = 2048;
/// Most layers of a texture array.
pub const MAX_LAYERS: u32 = 2048;
/// Most samples of a texel.
pub const MAX_SAMPLES: u32 = 16;
/// Most bytes of a texture as stored, and of an image.
///
/// Two things come on top of them: tiles of images that are drawn to are padded to 64 by 64 texels, and
/// sampling decodes the touched parts of block-compressed images into 8 bytes a texel.
pub const MAX_TEXTURE_BYTES: u64 = 1 << 31;

/// Why an image, a texture or a view cannot exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SurfaceError {
    /// A size or count is 0 or too large.
    #[error("{what} of {value} is not in 1..={max}")]
    Size {
        /// What is wrong.
        what: &'static str,
        /// What was asked for.
        value: u64,
        /// The limit.
        max: u64,
    },
    /// The number of samples is none of 1, 2, 4, 8, 16.
    #[error("{0} samples a texel are not supported")]
    Samples(u32),
    /// Multisampled textures have one mip level, one slice and no compressed blocks; volumes have no layers.
    #[error("{0} cannot be combined")]
    Combination(&'static str),
    /// A view's texels have another size than the texture's.
    #[error("a {texture} texture cannot be viewed as {view}")]
    ViewFormat {
        /// The texture's format.
        texture: Format,
        /// The view's format.
        view: Format,
    },
    /// A view's mip levels or layers are none, or not all in the texture.
    #[error("a view's {what} {start}..{end} are not in a texture that has {have}")]
    ViewRange {
        /// Mip levels or layers.
        what: &'static str,
        /// The first.
        start: u32,
        /// One after the last.
        end: u32,
        /// What exists.
        have: u32,
    },
    /// The texture has not the shape that a shader declares.
    #[error("the texture cannot be viewed as {0:?}")]
    ViewShape(ViewDimension),
}

fn check_size(what: &'static str, value: u64, max: u64) -> Result<(), SurfaceError> {
    if (1..=max).contains(&value) { Ok(()) } else { Err(SurfaceError::Size { what, value, max }) }
}

fn check_samples(samples: u32) -> Result<(), SurfaceError> {
    let valid = samples.is_power_of_two() && samples <= MAX_SAMPLES;
    if valid { Ok(()) } else { Err(SurfaceError::Samples(samples)) }
}

/// Size of a mip level along one axis.
pub(crate) fn mip_size(size: u32, mip: u32) -> u32 {
    size.checked_shr(mip).unwrap_or(0).max(1)
}
