//! Many samples at once: 64 lanes, phase by phase, each over arrays.
//!
//! 1. `levels`: levels of detail to mip levels and their weights;
//! 2. `axis`: coordinates to texel indices and weights;
//! 3. `fetch`: texels, the one phase that is scalar (portable SIMD has no gathers), but for `grid`;
//! 4. `mean`: weighted means.
//!
//! The formulas are those of single samples, most of them the very functions; the rest is arithmetic whose
//! exactness makes the order irrelevant. Tests hold both to the same bits. What is rare (cubes, volumes, borders,
//! gathers, integers) goes through [`sample`](super::sample) lane by lane.

// Loops over several arrays by one index are what compilers turn into vectors most reliably.
#![allow(clippy::needless_range_loop)]

mod axis;
mod fetch;
mod grid;
mod levels;
mod mean;
mod plain;

use std::cell::RefCell;

use fearless_simd::Level;
pub(crate) use grid::Grid;
pub(crate) use plain::PlainTexture;

use super::texels::flush;
use super::{AddressMode, Filter, Lod, Reduction, SampleKind, SampleRequest, SamplerState, address, sample};
use crate::surface::{TextureView, ViewDimension};

/// Lanes of a chunk.
const LANES: usize = 64;
/// Offsets up to this size never overflow a texel index; instructions have far smaller ones.
const MAX_OFFSET: i32 = 1 << 20;

type Lanes<T> = [T; LANES];

/// What the lanes of a [`SampleBatch`] return.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BatchKind<'a> {
    /// See [`SampleKind::Filter`].
    Filter,
    /// See [`SampleKind::Compare`]; a reference a lane.
    Compare(&'a [f32]),
    /// See [`SampleKind::Gather`].
    Gather(u8),
    /// See [`SampleKind::GatherCompare`]; a reference a lane.
    GatherCompare(&'a [f32]),
    /// See [`SampleKind::QueryLod`].
    QueryLod,
}

/// Where the levels of detail of a [`SampleBatch`] come from; see [`Lod`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BatchLod<'a> {
    /// From the coordinates of four lanes in a row: along x from the first to the second, along y from the first to the third.
    Quads {
        /// The instruction's bias, a value a lane.
        bias: &'a [f32],
    },
    /// As [`Quads`](Self::Quads) without a bias; 64 lanes in a row are the pixels of a block of 8x8, row by row.
    Blocks,
    /// Derivatives, a value a lane.
    Lanes {
        /// Along x of the render target.
        ddx: [&'a [f32]; 3],
        /// Along y of the render target.
        ddy: [&'a [f32]; 3],
    },
    /// Given, a value a lane.
    Explicit(&'a [f32]),
}

/// Samples with one instruction: rows of arguments, a lane each. What a row has not reads 0, so that rows that mean
/// nothing may be empty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampleBatch<'a> {
    /// What to return.
    pub kind: BatchKind<'a>,
    /// As [`SampleRequest::coordinate`].
    pub coordinate: [&'a [f32]; 4],
    /// Levels of detail.
    pub lod: BatchLod<'a>,
    /// As [`SampleRequest::lod_clamp`].
    pub lod_clamp: &'a [f32],
    /// As [`SampleRequest::offset`], the same for all lanes.
    pub offset: [i32; 3],
    /// Lanes that need an answer: masks of all bits or none.
    pub lanes: &'a [u32],
}

fn at(row: &[f32], index: usize) -> f32 {
    row.get(index).copied().unwrap_or(0.0)
}

/// How a coordinate changes, by the rules of float instructions: denormals are 0.
#[inline(always)]
fn difference(to: f32, from: f32) -> f32 {
    flush(flush(to) - flush(from))
}

/// The part of a row that starts at `start`, filled up with 0.
#[inline]
fn copy_row<const N: usize>(row: &[f32], start: usize, out: &mut [f32; N]) {
    let rest = row.get(start..).unwrap_or(&[]);
    match rest.first_chunk() {
        Some(chunk) => *out = *chunk,
        None => {
            let (head, tail) = out.split_at_mut(rest.len());
            head.copy_from_slice(rest);
            tail.fill(0.0);
        }
    }
}

impl SampleBatch<'_> {
    /// One lane by itself.
    pub fn request(&self, lane: usize) -> SampleRequest {
        let three = |rows: [&[f32]; 3], index| rows.map(|row| at(row, index));
        SampleRequest {
            kind: match self.kind {
                BatchKind::Filter => SampleKind::Filter,
                BatchKind::Compare(references) => SampleKind::Compare(at(references, lane)),
                BatchKind::Gather(component) => SampleKind::Gather(component),
                BatchKind::GatherCompare(references) => SampleKind::GatherCompare(at(references, lane)),
                BatchKind::QueryLod => SampleKind::QueryLod,
            },
            coordinate: self.coordinate.map(|row| at(row, lane)),
            lod: match self.lod {
                BatchLod::Quads { bias } => {
                    let first = lane & !3;
                    let [ddx, ddy] = self.derivatives(first, [first + 1, first + 2]);
                    Lod::Derivatives { ddx, ddy, bias: at(bias, lane) }
                }
                BatchLod::Blocks => {
                    let first = lane & !9;
                    let [ddx, ddy] = self.derivatives(first, [first + 1, first + 8]);
                    Lod::Derivatives { ddx, ddy, bias: 0.0 }
                }
                BatchLod::Lanes { ddx, ddy } => {
                    Lod::Derivatives { ddx: three(ddx, lane), ddy: three(ddy, lane), bias: 0.0 }
                }
                BatchLod::Explicit(lods) => Lod::Explicit(at(lods, lane)),
            },
            lod_clamp: at(self.lod_clamp, lane),
            offset: self.offset,
        }
    }

    /// How the coordinates of two lanes differ from those of the first.
    fn derivatives(&self, first: usize, others: [usize; 2]) -> [[f32; 3]; 2] {
        others.map(|other| {
            [0, 1, 2].map(|axis: usize| {
                let row = self.coordinate[axis];
                difference(at(row, other), at(row, first))
            })
        })
    }
}

/// Samples every lane that needs it. `out` are rows of red, green, blue and alpha as register bits; what the other lanes
/// hold afterwards does not matter. The same bits as [`sample`] of each lane, at any SIMD level.
pub fn sample_batch(
    level: Level,
    view: &TextureView,
    sampler: &SamplerState,
    batch: &SampleBatch<'_>,
    mut out: [&mut [u32]; 4],
) {
    let count = out.iter().map(|row| row.len()).min().unwrap_or(0).min(batch.lanes.len());
    let plain = is_plain(view, sampler) && batch.is_plain(view, sampler);
    SCRATCH.with_borrow_mut(|scratch| {
        for start in (0..count).step_by(LANES) {
            let end = count.min(start + LANES);
            let active = &batch.lanes[start..end];
            if active.iter().all(|&mask| mask == 0) {
                continue;
            }
            if plain && (Chunk { level, view, sampler, batch, start, active }).sample(scratch) {
                for (row, results) in out.iter_mut().zip(&scratch.out) {
                    row[start..end].copy_from_slice(&results[..end - start]);
                }
                continue;
            }
            for lane in (start..end).filter(|&lane| batch.lanes[lane] != 0) {
                let register = sample(view, sampler, &batch.request(lane));
                out.iter_mut().zip(register).for_each(|(row, word)| row[lane] = word);
            }
        }
    });
}

/// What the phases hand each other: too much to clear for every chunk.
struct Scratch {
    mips: levels::Mips,
    elements: Lanes<u32>,
    near: fetch::Places,
    far: fetch::Places,
    mean: mean::Sums,
    out: [Lanes<u32>; 4],
}

thread_local! {
    static SCRATCH: RefCell<Box<Scratch>> = RefCell::new(Box::new(Scratch {
        mips: levels::Mips::default(),
        elements: [0; LANES],
        near: fetch::Places::default(),
        far: fetch::Places::default(),
        mean: mean::Sums::default(),
        out: [[0; LANES]; 4],
    }));
}

/// Chunks can sample it.
fn is_plain(view: &TextureView, sampler: &SamplerState) -> bool {
    let [u, v, _] = sampler.address;
    matches!(view.dimension(), ViewDimension::Texture2D | ViewDimension::Texture2DArray)
        && ![u, v].contains(&AddressMode::Border)
        && ![sampler.min_filter, sampler.mag_filter].contains(&Filter::Anisotropic)
        && !view.texels.integer
}

impl SampleBatch<'_> {
    /// Chunks can sample so.
    fn is_plain(&self, view: &TextureView, sampler: &SamplerState) -> bool {
        self.offset.iter().all(|offset| offset.abs() <= MAX_OFFSET)
            && match self.kind {
                BatchKind::Filter => sampler.reduction == Reduction::Mean,
                BatchKind::Compare(_) => view.texels.comparable,
                BatchKind::Gather(_) | BatchKind::GatherCompare(_) | BatchKind::QueryLod => false,
            }
    }
}

/// Up to 64 lanes of a batch.
struct Chunk<'a> {
    level: Level,
    view: &'a TextureView,
    sampler: &'a SamplerState,
    batch: &'a SampleBatch<'a>,
    start: usize,
    active: &'a [u32],
}

impl Chunk<'_> {
    /// False, and nothing done, when the lanes need different filters.
    fn sample(&self, scratch: &mut Scratch) -> bool {
        let Scratch { mips, elements, near, far, mean, out } = scratch;
        let Some(filter) = self.mips(mips) else { return false };
        let linear = filter == Filter::Linear;
        self.elements(elements);
        self.place(linear, &mips.near, elements, near);
        // Without a branch for each, here and where runs are looked for: most chunks are alike throughout.
        let two = mips.far_weight.iter().fold(0, |any, weight| any | weight) > 0;
        if two {
            self.place(linear, &mips.far, elements, far);
        }
        if let BatchKind::Compare(references) = self.batch.kind {
            self.compare(references, scratch, two);
            return true;
        }
        match self.view.texels.packed {
            Some(packed) => {
                near.fetch_packed(self, packed.bytes);
                if two {
                    far.fetch_packed(self, packed.bytes);
                    mean::packed_levels(self.level, near, far, &mips.far_weight, packed, out);
                } else if linear {
                    mean::packed_level(self.level, near, packed, out);
                } else {
                    mean::packed_texels(self.level, near, packed, out);
                }
            }
            None if !linear && !two => near.fetch_registers(self, out),
            None if self.view.texels.codes => {
                near.fetch_codes(self);
                if two {
                    far.fetch_codes(self);
                }
                mean::codes(self, near, two.then_some((&*far, &mips.far_weight)), out);
            }
            None => {
                mean.clear();
                let channels = self.view.texels.channel_mask();
                near.fetch_numerators(self);
                mean.add(self.level, near, &mips.near_weight(), channels);
                if two {
                    far.fetch_numerators(self);
                    mean.add(self.level, far, &mips.far_weight, channels);
                }
                mean.finish(self, out);
                if !linear {
                    // A texel alone keeps all its bits.
                    let mut registers = [[0; LANES]; 4];
                    near.fetch_registers(self, &mut registers);
                    for lane in (0..LANES).filter(|&lane| mips.far_weight[lane] == 0) {
                        (0..4).for_each(|i| out[i][lane] = registers[i][lane]);
                    }
                }
            }
        }
        true
    }

    /// The means of comparisons with `references`.
    fn compare(&self, references: &[f32], scratch: &mut Scratch, two: bool) {
        let Scratch { mips, near, far, mean, out, .. } = scratch;
        mean.clear();
        let mut numerators = [0.0; LANES];
        copy_row(references, self.start, &mut numerators);
        numerators.iter_mut().for_each(|reference| *reference = self.view.texels.reference(*reference));
        near.fetch_numerators(self);
        near.compare(self, &numerators);
        mean.add(self.level, near, &mips.near_weight(), 1);
        if two {
            far.fetch_numerators(self);
            far.compare(self, &numerators);
            mean.add(self.level, far, &mips.far_weight, 1);
        }
        mean.finish_one(self.level, 0, 1.0, &mut out[0]);
        let (first, others) = out.split_at_mut(1);
        others.iter_mut().for_each(|row| *row = first[0]);
    }

    /// The array element of every lane.
    fn elements(&self, elements: &mut Lanes<u32>) {
        elements.fill(0);
        if self.view.elements() > 1 {
            let coordinates = self.batch.coordinate[2].get(self.start..).unwrap_or(&[]);
            for (element, &coordinate) in elements.iter_mut().zip(coordinates) {
                *element = address::element(coordinate, self.view.elements());
            }
        }
    }
}
