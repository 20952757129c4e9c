//! Levels of detail of 64 lanes (d3d-rules §12.9, §12.11, §12.12).

use fearless_simd::dispatch;

use super::super::address::ONE;
use super::super::lod::{Levels, isotropic, length2};
use super::{BatchLod, Chunk, LANES, Lanes, copy_row, difference};
use crate::sampler::{Filter, MipFilter, SamplerState};

/// The two mip levels of every lane, and the weight of the second in 1/256.
pub(super) struct Mips {
    pub(super) near: Lanes<u32>,
    pub(super) far: Lanes<u32>,
    pub(super) far_weight: Lanes<u32>,
    minified: Lanes<u32>,
    lods: Lods<LANES>,
}

/// Levels of detail before all biases, the instruction's biases and least levels.
struct Lods<const N: usize> {
    lod: [f32; N],
    bias: [f32; N],
    lod_clamp: [f32; N],
}

impl<const N: usize> Default for Lods<N> {
    fn default() -> Self {
        Self { lod: [0.0; N], bias: [0.0; N], lod_clamp: [0.0; N] }
    }
}

impl Default for Mips {
    fn default() -> Self {
        let words = [0; LANES];
        Self { near: words, far: words, far_weight: words, minified: words, lods: Lods::default() }
    }
}

impl Mips {
    /// The weight of the first level.
    pub(super) fn near_weight(&self) -> Lanes<u32> {
        let mut weight = [ONE; LANES];
        weight.iter_mut().zip(&self.far_weight).for_each(|(near, far)| *near -= far);
        weight
    }
}

/// Quads of a chunk.
const QUADS: usize = LANES / 4;

/// Where the pixels of quads are among the lanes.
#[derive(Clone, Copy)]
enum Order {
    /// Four lanes are a quad.
    Quads,
    /// Rows of a block of 8x8 pixels.
    Rows,
}

impl Order {
    /// The lane of a quad's first pixel. The one to the right of it is the next.
    #[inline(always)]
    fn first(self, quad: usize) -> usize {
        match self {
            Self::Quads => 4 * quad,
            Self::Rows => quad / 4 * 16 + quad % 4 * 2,
        }
    }

    /// From a quad's first pixel to the one below it.
    #[inline(always)]
    fn below(self) -> usize {
        match self {
            Self::Quads => 2,
            Self::Rows => 8,
        }
    }

    /// Gives every lane what its quad has.
    #[inline(always)]
    fn spread<T: Copy>(self, quads: &[T; QUADS], lanes: &mut Lanes<T>) {
        match self {
            Self::Quads => {
                for (lanes, &quad) in lanes.as_chunks_mut::<4>().0.iter_mut().zip(quads) {
                    *lanes = [quad; 4];
                }
            }
            Self::Rows => {
                for (y, row) in lanes.as_chunks_mut::<8>().0.iter_mut().enumerate() {
                    let [a, b, c, d] = quads.as_chunks::<4>().0[y / 2];
                    *row = [a, a, b, b, c, c, d, d];
                }
            }
        }
    }
}

impl Chunk<'_> {
    /// Finds the mip levels and returns the filter; `None` when some lanes are minified, others magnified, and that
    /// matters.
    pub(super) fn mips(&self, mips: &mut Mips) -> Option<Filter> {
        let sampler = self.sampler;
        let one_filter = sampler.min_filter == sampler.mag_filter;
        if one_filter && (self.view.mip_levels() == 1 || sampler.mip_filter == MipFilter::None) {
            mips.near.fill(0);
            mips.far_weight.fill(0);
            return Some(sampler.mag_filter);
        }
        let count = self.view.mip_levels();
        match self.batch.lod {
            BatchLod::Quads { bias: [] } if self.batch.lod_clamp.is_empty() => {
                self.quad_mips(Order::Quads, mips);
            }
            BatchLod::Blocks if self.batch.lod_clamp.is_empty() => self.quad_mips(Order::Rows, mips),
            lod => {
                self.lods(lod, &mut mips.lods);
                copy_row(self.batch.lod_clamp, self.start, &mut mips.lods.lod_clamp);
                let Mips { near, far, far_weight, minified, lods } = mips;
                let out = [near, far, far_weight, minified];
                dispatch!(self.level, _ => select(sampler, count, lods, out));
            }
        }
        let active = mips.minified.iter().zip(self.active).filter(|&(_, &mask)| mask != 0);
        let mut minified = active.map(|(&minified, _)| minified != 0);
        let first = minified.next().unwrap_or(false);
        if !one_filter && minified.any(|minified| minified != first) {
            return None;
        }
        Some(if first { sampler.min_filter } else { sampler.mag_filter })
    }

    /// Mip levels that are the same in all lanes of a quad.
    fn quad_mips(&self, order: Order, mips: &mut Mips) {
        let mut lods = Lods::default();
        self.quad_footprints(order, &mut lods.lod);
        let [mut near, mut far, mut weight, mut minified] = [[0; QUADS]; 4];
        let (sampler, count) = (self.sampler, self.view.mip_levels());
        let out = [&mut near, &mut far, &mut weight, &mut minified];
        dispatch!(self.level, _ => select(sampler, count, &lods, out));
        order.spread(&near, &mut mips.near);
        order.spread(&far, &mut mips.far);
        order.spread(&weight, &mut mips.far_weight);
        order.spread(&minified, &mut mips.minified);
    }

    /// Levels of detail before all biases, and the instruction's bias.
    fn lods(&self, lod: BatchLod<'_>, lods: &mut Lods<LANES>) {
        let mut quads = |order: Order| {
            let mut levels = [0.0; QUADS];
            self.quad_footprints(order, &mut levels);
            order.spread(&levels, &mut lods.lod);
        };
        let bias = match lod {
            BatchLod::Explicit(levels) => {
                copy_row(levels, self.start, &mut lods.lod);
                &[]
            }
            BatchLod::Lanes { ddx, ddy } => {
                self.lane_footprints([ddx, ddy], &mut lods.lod);
                &[]
            }
            BatchLod::Quads { bias } => {
                quads(Order::Quads);
                bias
            }
            BatchLod::Blocks => {
                quads(Order::Rows);
                &[]
            }
        };
        copy_row(bias, self.start, &mut lods.bias);
    }

    fn lane_footprints(&self, derivatives: [[&[f32]; 3]; 2], lods: &mut Lanes<f32>) {
        let mut rows = [[[0.0; LANES]; 2]; 2];
        for (rows, [u, v, _]) in rows.iter_mut().zip(derivatives) {
            copy_row(u, self.start, &mut rows[0]);
            copy_row(v, self.start, &mut rows[1]);
        }
        let extent = self.view.extent(0);
        dispatch!(self.level, _ => footprints(extent, &rows, lods));
    }

    fn quad_footprints(&self, order: Order, lods: &mut [f32; QUADS]) {
        let mut rows = [[0.0; LANES]; 2];
        let [u, v, ..] = self.batch.coordinate;
        copy_row(u, self.start, &mut rows[0]);
        copy_row(v, self.start, &mut rows[1]);
        let extent = self.view.extent(0);
        dispatch!(self.level, _ => match order {
            // The order is a constant in each of the loops.
            Order::Quads => footprints(extent, &differences(Order::Quads, &rows), lods),
            Order::Rows => footprints(extent, &differences(Order::Rows, &rows), lods),
        });
    }
}

/// How coordinates change in each quad, along x and along y.
#[inline(always)]
fn differences(order: Order, rows: &[Lanes<f32>; 2]) -> [[[f32; QUADS]; 2]; 2] {
    let mut derivatives = [[[0.0; QUADS]; 2]; 2];
    let [dx, dy] = &mut derivatives;
    for (axis, row) in rows.iter().enumerate() {
        let [mut first, mut right, mut below] = [[0.0; QUADS]; 3];
        for quad in 0..QUADS {
            let lane = order.first(quad);
            (first[quad], right[quad], below[quad]) = (row[lane], row[lane + 1], row[lane + order.below()]);
        }
        for quad in 0..QUADS {
            dx[axis][quad] = difference(right[quad], first[quad]);
            dy[axis][quad] = difference(below[quad], first[quad]);
        }
    }
    derivatives
}

#[inline(always)]
fn footprints<const N: usize>(extent: [u32; 3], [dx, dy]: &[[[f32; N]; 2]; 2], lods: &mut [f32; N]) {
    let [width, height, _] = extent.map(f64::from);
    for i in 0..N {
        let length2 =
            |d: &[[f32; N]; 2]| length2([f64::from(d[0][i]) * width, f64::from(d[1][i]) * height, 0.0]);
        lods[i] = isotropic(length2(dx), length2(dy));
    }
}

/// Fills the rows: near level, far level, its weight, and 1 where the texture is minified.
#[inline(always)]
fn select<const N: usize>(
    sampler: &SamplerState,
    count: u32,
    lods: &Lods<N>,
    [near, far, far_weight, minified]: [&mut [u32; N]; 4],
) {
    for i in 0..N {
        let levels = Levels::of(lods.lod[i], lods.bias[i], lods.lod_clamp[i], sampler);
        minified[i] = u32::from(levels.minifies(sampler.mip_filter));
        [(near[i], _), (far[i], far_weight[i])] = levels.mips(sampler.mip_filter, count);
    }
}
