//! Full chunks of the plainest textures, without a request: what blits and compositors sample.

use fearless_simd::Level;

use super::super::texels::{Packed, Source};
use super::{LANES, Lanes, SCRATCH, mean};
use crate::sampler::{AddressMode, Filter, MipFilter, Reduction, SamplerState};
use crate::surface::{Image, TextureView, ViewDimension};

/// A two-dimensional texture of four bytes a texel, of which one mip level is read, through one filter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlainTexture<'a> {
    image: &'a Image,
    packed: Packed,
    modes: [AddressMode; 2],
    linear: bool,
}

impl<'a> PlainTexture<'a> {
    /// `None` for other textures, and samplers that ask for more.
    pub(crate) fn new(view: &'a TextureView, sampler: &SamplerState) -> Option<Self> {
        let &SamplerState { min_filter, mag_filter, mip_filter, reduction, address: [u, v, _], .. } = sampler;
        let plain = view.dimension() == ViewDimension::Texture2D
            && (view.mip_levels() == 1 || mip_filter == MipFilter::None)
            && (min_filter == mag_filter && min_filter != Filter::Anisotropic)
            && reduction == Reduction::Mean
            && ![u, v].contains(&AddressMode::Border);
        let packed = view.texels.packed.filter(|packed| plain && packed.bytes == 4)?;
        Some(Self { image: view.image(0, 0), packed, modes: [u, v], linear: min_filter == Filter::Linear })
    }

    /// The lowest bits of red, green, blue and alpha in a texel, if samples are texels: through a point filter. What has none
    /// is 0, alpha 1.
    pub(crate) fn point(&self) -> Option<[Option<u32>; 4]> {
        let shift = |source| match source {
            Source::Byte(byte) => Some(8 * byte as u32),
            Source::Default => None,
        };
        (!self.linear).then(|| self.packed.sources.map(shift))
    }

    /// The texels at these coordinates, as they are stored.
    pub(crate) fn fetch(&self, level: Level, coordinates: &[Lanes<f32>; 2], texels: &mut Lanes<u32>) {
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.near.fetch_plain(level, self.image, (self.modes, false), coordinates);
            *texels = scratch.near.packed[0];
        });
    }

    /// The samples at these coordinates: red, green, blue and alpha as register bits.
    pub(crate) fn sample(&self, level: Level, coordinates: &[Lanes<f32>; 2], colors: &mut [Lanes<u32>; 4]) {
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.near.fetch_plain(level, self.image, (self.modes, self.linear), coordinates);
            match self.linear {
                true => mean::packed_level(level, &scratch.near, self.packed, colors),
                false => mean::packed_texels(level, &scratch.near, self.packed, colors),
            }
        });
    }
}

const _: () = assert!(LANES == crate::interpolate::BLOCK, "a block of pixels is a chunk");
