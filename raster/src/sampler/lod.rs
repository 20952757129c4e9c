//! Levels of detail (d3d-rules §12.9-12.12).

use super::address::{ONE, lod_fixed};
use super::{Filter, Lod, MipFilter, SampleRequest, SamplerState, cube};
use crate::format::norm::clamp;
use crate::surface::TextureView;

/// Most taps of an anisotropic filter.
const MAX_ANISOTROPY: u32 = 16;

/// 1/3, 1/5, 1/7, ... 1/21.
const SERIES: [f64; 10] = {
    let mut terms = [0.0; 10];
    let mut k = 0;
    while k < 10 {
        terms[k] = 1.0 / (2 * k + 3) as f64;
        k += 1;
    }
    terms
};

/// The base-2 logarithm, within 2^-50 of the truth: close enough that rounding the result to f32 rounds
/// correctly (for f32 arguments the goldens show it). Additions, multiplications and one division only, so
/// that it is the same everywhere; selects instead of branches, so that rows of them vectorise.
#[inline(always)]
pub(super) fn log2(x: f64) -> f64 {
    let bits = x.to_bits();
    let exponent = (bits >> 52) as i32 - 1023;
    let mantissa = f64::from_bits(bits & 0x000f_ffff_ffff_ffff | 0x3ff0_0000_0000_0000);
    let (exponent, mantissa) = if mantissa > std::f64::consts::SQRT_2 {
        (exponent + 1, mantissa / 2.0)
    } else {
        (exponent, mantissa)
    };
    // ln(m) = 2 atanh(s) = 2 (s + s^3/3 + s^5/5 + ...) with s = (m-1)/(m+1), |s| < 0.172.
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    let series = SERIES.iter().rev().fold(0.0, |sum, term| (sum + term) * square);
    let finite = f64::from(exponent) + (s + s * series) * (2.0 * std::f64::consts::LOG2_E);
    let positive = if x < f64::MIN_POSITIVE { f64::NEG_INFINITY } else { finite };
    let any = if x < f64::INFINITY { positive } else { x };
    if x < 0.0 { f64::NAN } else { any }
}

/// What a sample covers of the texture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Footprint {
    /// Level of detail before biases.
    lod: f32,
    /// Taps of an anisotropic filter, and the derivative that they lie along.
    pub(super) taps: u32,
    pub(super) axis: [f32; 3],
}

impl Footprint {
    pub(super) fn new(view: &TextureView, sampler: &SamplerState, request: &SampleRequest) -> Self {
        let (ddx, ddy) = match request.lod {
            Lod::Explicit(lod) => return Self { lod, taps: 1, axis: [0.0; 3] },
            Lod::Derivatives { ddx, ddy, .. } => (ddx, ddy),
        };
        let [dx, dy] = gradients(view, request.coordinate, ddx, ddy);
        let anisotropic = sampler.min_filter == Filter::Anisotropic && view.dimension().spatial_axes() == 2;
        let ellipse = if anisotropic { ellipse(dx, dy, sampler.max_anisotropy) } else { None };
        match ellipse {
            Some((minor, taps)) => {
                let axis = if length2(dx) >= length2(dy) { ddx } else { ddy };
                Self { lod: log2(minor) as f32, taps, axis }
            }
            None => Self { lod: isotropic(length2(dx), length2(dy)), taps: 1, axis: [0.0; 3] },
        }
    }
}

/// The level of detail of two derivatives' squared lengths.
#[inline(always)]
pub(super) fn isotropic(x: f64, y: f64) -> f32 {
    let longest = if x > y || x.is_nan() { x } else { y };
    (0.5 * log2(longest)) as f32
}

/// Derivatives in texels of the first level. The products are exact; axes that the texture has not are 0.
fn gradients(view: &TextureView, coordinate: [f32; 4], ddx: [f32; 3], ddy: [f32; 3]) -> [[f64; 3]; 2] {
    let extent = view.extent(0);
    if view.dimension().is_cube() {
        let size = f64::from(extent[0]);
        let [x, y, z, _] = coordinate;
        return [ddx, ddy].map(|d| {
            let [u, v] = cube::gradient([x, y, z], d);
            [u * size, v * size, 0.0]
        });
    }
    let axes = view.dimension().spatial_axes();
    [ddx, ddy]
        .map(|d| std::array::from_fn(|i| if i < axes { f64::from(d[i]) * f64::from(extent[i]) } else { 0.0 }))
}

#[inline(always)]
pub(super) fn length2(d: [f64; 3]) -> f64 {
    d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
}

/// The minor axis and the number of taps along the major one (d3d-rules §12.10); `None` when there is no
/// ellipse to speak of.
fn ellipse(dx: [f64; 3], dy: [f64; 3], max_anisotropy: u32) -> Option<(f64, u32)> {
    let (x, y) = (length2(dx), length2(dy));
    let major2 = if x >= y { x } else { y };
    let area = (dx[0] * dy[1] - dx[1] * dy[0]).abs();
    if !(major2 > 0.0 && x.is_finite() && y.is_finite()) {
        return None;
    }
    let (major, max) = (major2.sqrt(), f64::from(max_anisotropy.clamp(1, MAX_ANISOTROPY)));
    let (mut ratio, mut minor) = (major2 / area, area / major);
    if ratio > max {
        (ratio, minor) = (max, major / max);
    }
    if minor < 1.0 {
        ratio *= minor;
    }
    Some((minor, (ratio.ceil() as u32).clamp(1, MAX_ANISOTROPY)))
}

/// A sample's level of detail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Levels {
    /// With biases, before any limit.
    pub(super) unclamped: f32,
    /// As it selects mip levels and filters.
    pub(super) clamped: f32,
}

impl Levels {
    pub(super) fn new(footprint: &Footprint, sampler: &SamplerState, request: &SampleRequest) -> Self {
        let bias = match request.lod {
            Lod::Derivatives { bias, .. } => bias,
            Lod::Explicit(_) => 0.0,
        };
        Self::of(footprint.lod, bias, request.lod_clamp, sampler)
    }

    /// From a footprint's level, and the instruction's own bias and least level.
    #[inline(always)]
    pub(super) fn of(lod: f32, bias: f32, lod_clamp: f32, sampler: &SamplerState) -> Self {
        let limit = |bias: f32| if bias.is_nan() { 0.0 } else { clamp(bias, -16.0, 15.99) };
        let unclamped = lod + limit(sampler.lod_bias) + limit(bias);
        // Not a number counts as more than the maximum; the minimum wins.
        let at_most = if unclamped < sampler.max_lod { unclamped } else { sampler.max_lod };
        let at_least = if at_most < sampler.min_lod { sampler.min_lod } else { at_most };
        Self { unclamped, clamped: if at_least < lod_clamp { lod_clamp } else { at_least } }
    }

    /// The texture is minified, not magnified.
    #[inline(always)]
    pub(super) fn minifies(&self, mip_filter: MipFilter) -> bool {
        match mip_filter {
            MipFilter::None => self.unclamped > 0.0,
            MipFilter::Point | MipFilter::Linear => self.clamped > 0.0,
        }
    }

    /// Mip levels and their weights, which add up to [`ONE`].
    #[inline(always)]
    pub(super) fn mips(&self, filter: MipFilter, mip_levels: u32) -> [(u32, u32); 2] {
        let fixed = lod_fixed(self.clamped);
        let level = |index: i32| (index.max(0) as u32).min(mip_levels - 1);
        match filter {
            MipFilter::None => [(0, ONE), (0, 0)],
            MipFilter::Point => [(level((fixed + 128) >> 8), ONE), (0, 0)],
            MipFilter::Linear => {
                let (near, far, weight) = (level(fixed >> 8), level((fixed >> 8) + 1), (fixed & 255) as u32);
                if near == far { [(near, ONE), (0, 0)] } else { [(near, ONE - weight), (far, weight)] }
            }
        }
    }

    /// What `lod` returns: limited to the view's levels too, and not limited at all.
    pub(super) fn query(&self, filter: MipFilter, mip_levels: u32) -> [u32; 4] {
        let last = if filter == MipFilter::None { 0.0 } else { (mip_levels - 1) as f32 };
        let clamped = clamp(self.clamped, 0.0, last);
        [clamped.to_bits(), self.unclamped.to_bits(), 0, 0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms() {
        for k in -1022..1024 {
            let power = f64::from_bits(((k + 1023) as u64) << 52);
            assert_eq!(log2(power), f64::from(k));
        }
        assert_eq!([0.0, f64::INFINITY].map(log2), [f64::NEG_INFINITY, f64::INFINITY]);
        assert!(log2(-1.0).is_nan() && log2(f64::NAN).is_nan());
        // log2(10) and log2(3), from tables.
        assert!((log2(10.0) - std::f64::consts::LOG2_10).abs() < 1e-15);
        assert!((log2(3.0) - 1.584_962_500_721_156_2).abs() < 1e-15);
    }

    #[test]
    fn mips_are_chosen_in_256ths() {
        let mips = |lod, filter| Levels { unclamped: lod, clamped: lod }.mips(filter, 4);
        assert_eq!(mips(0.5, MipFilter::Point)[0], (1, 256));
        assert_eq!(mips(0.498, MipFilter::Point)[0], (0, 256), "127.488 rounds to 127");
        assert_eq!(mips(0.4981, MipFilter::Point)[0], (1, 256), "127.51 rounds to 128");
        assert_eq!(mips(1.25, MipFilter::Linear), [(1, 192), (2, 64)]);
        assert_eq!(mips(-0.5, MipFilter::Linear)[0], (0, 256));
        assert_eq!(mips(99.0, MipFilter::Linear)[0], (3, 256));
        assert_eq!(mips(f32::INFINITY, MipFilter::Point)[0], (3, 256));
        assert_eq!(mips(2.0, MipFilter::None)[0], (0, 256));
    }

    #[test]
    fn ellipses_by_hand() {
        // 8 by 2 texels: four taps in the level where 2 texels are 1.
        assert_eq!(ellipse([8.0, 0.0, 0.0], [0.0, 2.0, 0.0], 16), Some((2.0, 4)));
        // Limited to two taps, the minor axis grows to half the major one.
        assert_eq!(ellipse([8.0, 0.0, 0.0], [0.0, 2.0, 0.0], 2), Some((4.0, 2)));
        // The minor axis is less than a texel: taps for the texels of the major one.
        assert_eq!(ellipse([4.0, 0.0, 0.0], [0.0, 0.5, 0.0], 16), Some((0.5, 4)));
        assert_eq!(ellipse([0.5, 0.0, 0.0], [0.0, 0.25, 0.0], 16), Some((0.25, 1)));
        assert_eq!(ellipse([4.0, 0.0, 0.0], [4.0, 0.0, 0.0], 16), Some((0.25, 4)), "parallel");
        assert_eq!(ellipse([0.0; 3], [0.0; 3], 16), None);
        assert_eq!(ellipse([f64::INFINITY, 0.0, 0.0], [1.0; 3], 16), None);
    }
}
