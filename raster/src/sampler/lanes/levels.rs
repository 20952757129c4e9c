//! Levels of detail of 64 lanes (d3d-rules §12.9, §12.11, §12.12).

use fearless_simd::{Level, dispatch};

use super::super::lod::{Levels, isotropic, length2};
use super::{BatchLod, Chunk, LANES, Lanes, lanes};
use crate::sampler::{Filter, MipFilter, SamplerState};

/// The two mip levels of every lane, and the weight of the second in 1/256.
pub(super) struct Mips {
    pub(super) near: Lanes<u32>,
    pub(super) far: Lanes<u32>,
    pub(super) far_weight: Lanes<u32>,
}

impl Chunk<'_> {
    /// The filter and the mip levels; `None` when some lanes are minified, others magnified, and that matters.
    pub(super) fn mips(&self) -> Option<(Filter, Mips)> {
        let sampler = self.sampler;
        let one_filter = sampler.min_filter == sampler.mag_filter;
        if one_filter && (self.view.mip_levels() == 1 || sampler.mip_filter == MipFilter::None) {
            let mips = Mips { near: [0; LANES], far: [0; LANES], far_weight: [0; LANES] };
            return Some((sampler.mag_filter, mips));
        }
        let (lod, bias) = self.lods();
        let lod_clamp = lanes(self.batch.lod_clamp, self.start);
        let (mips, minified) = select(self.level, sampler, self.view.mip_levels(), &lod, &bias, &lod_clamp);
        let mut active = minified.iter().zip(self.active).filter(|&(_, &mask)| mask != 0).map(|(&m, _)| m);
        let first = active.next().unwrap_or(false);
        if !one_filter && active.any(|minified| minified != first) {
            return None;
        }
        let filter = if first { sampler.min_filter } else { sampler.mag_filter };
        Some((filter, mips))
    }

    /// Levels of detail before all biases, and the instruction's bias.
    fn lods(&self) -> (Lanes<f32>, Lanes<f32>) {
        let no_bias = [0.0; LANES];
        match self.batch.lod {
            BatchLod::Explicit(lods) => (lanes(lods, self.start), no_bias),
            BatchLod::Lanes { ddx, ddy } => (self.footprints([ddx, ddy], self.start), no_bias),
            BatchLod::Quads { ddx, ddy, bias } => {
                let quads: [f32; LANES / 4] = self.footprints([ddx, ddy], self.start / 4);
                (std::array::from_fn(|lane| quads[lane / 4]), lanes(bias, self.start))
            }
        }
    }

    fn footprints<const N: usize>(&self, derivatives: [[&[f32]; 3]; 2], start: usize) -> [f32; N] {
        let [width, height, _] = self.view.extent(0);
        let [[dudx, dvdx], [dudy, dvdy]] = derivatives.map(|[u, v, _]| [lanes(u, start), lanes(v, start)]);
        footprints(self.level, [f64::from(width), f64::from(height)], &dudx, &dvdx, &dudy, &dvdy)
    }
}

fn footprints<const N: usize>(
    level: Level,
    [width, height]: [f64; 2],
    dudx: &[f32; N],
    dvdx: &[f32; N],
    dudy: &[f32; N],
    dvdy: &[f32; N],
) -> [f32; N] {
    dispatch!(level, _ => {
        let mut lods = [0.0; N];
        for i in 0..N {
            let dx = [f64::from(dudx[i]) * width, f64::from(dvdx[i]) * height, 0.0];
            let dy = [f64::from(dudy[i]) * width, f64::from(dvdy[i]) * height, 0.0];
            lods[i] = isotropic(length2(dx), length2(dy));
        }
        lods
    })
}

fn select(
    level: Level,
    sampler: &SamplerState,
    mip_levels: u32,
    lod: &Lanes<f32>,
    bias: &Lanes<f32>,
    lod_clamp: &Lanes<f32>,
) -> (Mips, Lanes<bool>) {
    dispatch!(level, _ => {
        let mut mips = Mips { near: [0; LANES], far: [0; LANES], far_weight: [0; LANES] };
        let mut minified = [false; LANES];
        for i in 0..LANES {
            let levels = Levels::of(lod[i], bias[i], lod_clamp[i], sampler);
            minified[i] = levels.minifies(sampler.mip_filter);
            [(mips.near[i], _), (mips.far[i], mips.far_weight[i])] = levels.mips(sampler.mip_filter, mip_levels);
        }
        (mips, minified)
    })
}
