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
    /// Before all biases.
    lod: Lanes<f32>,
    bias: Lanes<f32>,
    lod_clamp: Lanes<f32>,
    minified: Lanes<u32>,
}

impl Default for Mips {
    fn default() -> Self {
        let (zeros, words) = ([0.0; LANES], [0; LANES]);
        let (lod, bias, lod_clamp) = (zeros, zeros, zeros);
        Self { near: words, far: words, far_weight: words, lod, bias, lod_clamp, minified: words }
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
        self.lods(mips);
        copy_row(self.batch.lod_clamp, self.start, &mut mips.lod_clamp);
        let count = self.view.mip_levels();
        dispatch!(self.level, _ => select(sampler, count, mips));
        let active = mips.minified.iter().zip(self.active).filter(|&(_, &mask)| mask != 0);
        let mut minified = active.map(|(&minified, _)| minified != 0);
        let first = minified.next().unwrap_or(false);
        if !one_filter && minified.any(|minified| minified != first) {
            return None;
        }
        Some(if first { sampler.min_filter } else { sampler.mag_filter })
    }

    /// Levels of detail before all biases, and the instruction's bias.
    fn lods(&self, mips: &mut Mips) {
        match self.batch.lod {
            BatchLod::Explicit(lods) => {
                copy_row(lods, self.start, &mut mips.lod);
                mips.bias.fill(0.0);
            }
            BatchLod::Lanes { ddx, ddy } => {
                self.lane_footprints([ddx, ddy], &mut mips.lod);
                mips.bias.fill(0.0);
            }
            BatchLod::Quads { bias } => {
                let mut quads = [0.0; LANES / 4];
                self.quad_footprints(&mut quads);
                mips.lod
                    .as_chunks_mut::<4>()
                    .0
                    .iter_mut()
                    .zip(quads)
                    .for_each(|(lanes, lod)| *lanes = [lod; 4]);
                copy_row(bias, self.start, &mut mips.bias);
            }
        }
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

    fn quad_footprints(&self, lods: &mut [f32; LANES / 4]) {
        let mut rows = [[0.0; LANES]; 2];
        let [u, v, ..] = self.batch.coordinate;
        copy_row(u, self.start, &mut rows[0]);
        copy_row(v, self.start, &mut rows[1]);
        let extent = self.view.extent(0);
        dispatch!(self.level, _ => footprints(extent, &differences(&rows), lods));
    }
}

/// How coordinates change in each quad, along x and along y.
#[inline(always)]
fn differences(rows: &[Lanes<f32>; 2]) -> [[[f32; LANES / 4]; 2]; 2] {
    let mut derivatives = [[[0.0; LANES / 4]; 2]; 2];
    let [dx, dy] = &mut derivatives;
    for (axis, row) in rows.iter().enumerate() {
        for (quad, lanes) in row.as_chunks::<4>().0.iter().enumerate() {
            dx[axis][quad] = difference(lanes[1], lanes[0]);
            dy[axis][quad] = difference(lanes[2], lanes[0]);
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

#[inline(always)]
fn select(sampler: &SamplerState, count: u32, mips: &mut Mips) {
    let Mips { near, far, far_weight, lod, bias, lod_clamp, minified } = mips;
    for i in 0..LANES {
        let levels = Levels::of(lod[i], bias[i], lod_clamp[i], sampler);
        minified[i] = u32::from(levels.minifies(sampler.mip_filter));
        [(near[i], _), (far[i], far_weight[i])] = levels.mips(sampler.mip_filter, count);
    }
}
