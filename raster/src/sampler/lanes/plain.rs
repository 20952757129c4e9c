//! Blocks of pixels of the plainest samples, without a request: what blits and compositors draw.

use fearless_simd::Level;

use super::super::texels::{Packed, Source};
use super::grid::Grid;
use super::{BatchKind, BatchLod, Chunk, LANES, Lanes, SCRATCH, SampleBatch, is_plain, mean};
use crate::sampler::{AddressMode, Filter, MipFilter, Reduction, SamplerState};
use crate::surface::{Image, TextureView, ViewDimension};

/// A two-dimensional texture that is read through one filter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlainTexture<'a> {
    view: &'a TextureView,
    sampler: &'a SamplerState,
    level: Option<OneLevel<'a>>,
}

/// The only mip level that is read, of four bytes a texel.
#[derive(Debug, Clone, Copy)]
struct OneLevel<'a> {
    image: &'a Image,
    packed: Packed,
    modes: [AddressMode; 2],
    linear: bool,
}

impl<'a> PlainTexture<'a> {
    /// `None` for other textures, and samplers that ask for more.
    pub(crate) fn new(view: &'a TextureView, sampler: &'a SamplerState) -> Option<Self> {
        let &SamplerState { min_filter, mag_filter, mip_filter, reduction, address: [u, v, _], .. } = sampler;
        let plain = view.dimension() == ViewDimension::Texture2D
            && is_plain(view, sampler)
            && min_filter == mag_filter
            && reduction == Reduction::Mean;
        let one = view.mip_levels() == 1 || mip_filter == MipFilter::None;
        let level = view.texels.packed.filter(|packed| one && packed.bytes == 4).map(|packed| OneLevel {
            image: view.image(0, 0),
            packed,
            modes: [u, v],
            linear: min_filter == Filter::Linear,
        });
        plain.then_some(Self { view, sampler, level })
    }

    /// The lowest bits of red, green, blue and alpha in a texel, if samples are [texels](Self::fetch): through a point filter.
    /// What has none is 0, alpha 1.
    pub(crate) fn point(&self) -> Option<[Option<u32>; 4]> {
        let shift = |source| match source {
            Source::Byte(byte) => Some(8 * byte as u32),
            Source::Default => None,
        };
        let level = self.level.as_ref().filter(|level| !level.linear)?;
        Some(level.packed.sources.map(shift))
    }

    /// The texels at these coordinates, as they are stored; of [`point`](Self::point) filters only.
    pub(crate) fn fetch(&self, level: Level, coordinates: &[Lanes<f32>; 2], texels: &mut Lanes<u32>) {
        let Some(one) = &self.level else { return };
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.near.fetch_plain(level, one.image, (one.modes, false), coordinates);
            *texels = scratch.near.packed[0];
        });
    }

    /// Finds the texels of a tile's 64 columns and 64 rows; false if it takes more than [that](Self::sample_grid).
    pub(crate) fn place(&self, level: Level, coordinates: &[Lanes<f32>; 2], grid: &mut Grid) -> bool {
        let Some(one) = &self.level else { return false };
        grid.place(level, one.image, (one.modes, one.linear), coordinates);
        true
    }

    /// As [`fetch`](Self::fetch) at the block of pixels from a column and a row of a [placed](Self::place) tile on.
    pub(crate) fn fetch_grid(&self, grid: &Grid, at: [usize; 2], texels: &mut Lanes<u32>) {
        if let Some(one) = &self.level {
            grid.texels(one.image, at, texels);
        }
    }

    /// As [`sample`](Self::sample) at the block of pixels from a column and a row of a [placed](Self::place) tile on.
    pub(crate) fn sample_grid(
        &self,
        level: Level,
        grid: &Grid,
        at: [usize; 2],
        colors: &mut [Lanes<u32>; 4],
    ) {
        let Some(one) = &self.level else { return };
        SCRATCH.with_borrow_mut(|scratch| {
            let places = &mut scratch.near;
            if one.linear {
                places.fetch_grid(level, grid, one.image, at);
                mean::packed_level(level, places, one.packed, colors);
            } else {
                grid.texels(one.image, at, &mut places.packed[0]);
                mean::packed_texels(level, places, one.packed, colors);
            }
        });
    }

    /// The samples at the coordinates of a block of 8x8 pixels: red, green, blue and alpha as register bits.
    pub(crate) fn sample(&self, level: Level, coordinates: &[Lanes<f32>; 2], colors: &mut [Lanes<u32>; 4]) {
        SCRATCH.with_borrow_mut(|scratch| {
            if let Some(one) = &self.level {
                scratch.near.fetch_plain(level, one.image, (one.modes, one.linear), coordinates);
                return match one.linear {
                    true => mean::packed_level(level, &scratch.near, one.packed, colors),
                    false => mean::packed_texels(level, &scratch.near, one.packed, colors),
                };
            }
            let (view, sampler, [u, v]) = (self.view, self.sampler, coordinates);
            let active = &[u32::MAX; LANES];
            let batch = SampleBatch {
                kind: BatchKind::Filter,
                coordinate: [u, v, &[], &[]],
                lod: BatchLod::Blocks,
                lod_clamp: &[],
                offset: [0; 3],
                lanes: active,
            };
            // One filter: nothing is left undone.
            (Chunk { level, view, sampler, batch: &batch, start: 0, active }).sample(scratch);
            *colors = scratch.out;
        });
    }
}

const _: () = assert!(LANES == crate::interpolate::BLOCK, "a block of pixels is a chunk");
