//! Weighted means of 64 lanes (d3d-rules §12.3, §12.19); see `filter` for what they are.

use fearless_simd::{Level, dispatch};

use super::super::address::ONE;
use super::super::texels::{Packed, Source, Texels, flush};
use super::fetch::Taps;
use super::{LANES, Lanes};

/// Weights of the right and the lower taps in 1/256.
#[derive(Clone, Copy)]
pub(super) struct Weights<'a> {
    pub(super) right: &'a Lanes<u32>,
    pub(super) below: &'a Lanes<u32>,
}

/// What one byte's weight in a bilinear mean is divided by.
const LEVEL_DIVISOR: f32 = 255.0 * 65536.0;
/// What it is multiplied with between mip levels. The product with a sum below 2^32 is rounded to the same float as
/// the quotient: a quotient is a multiple of 1/255 of a power of two, which is either a float or at least 2^-33 of
/// itself away from any border between floats.
const LEVELS_FACTOR: f64 = 1.0 / (255.0 * 16_777_216.0);

/// Brings rows of bytes in the order of registers.
fn route(packed: Packed, bytes: &[Lanes<u32>; 4], out: &mut [Lanes<u32>; 4]) {
    let defaults = [0.0f32, 0.0, 0.0, 1.0].map(f32::to_bits);
    for ((out, source), default) in out.iter_mut().zip(packed.sources).zip(defaults) {
        *out = match source {
            Source::Byte(byte) => bytes[byte],
            Source::Default => [default; LANES],
        };
    }
}

/// Texels as they are.
pub(super) fn packed_texels(level: Level, texels: &Lanes<u32>, packed: Packed, out: &mut [Lanes<u32>; 4]) {
    let bytes = dispatch!(level, _ => {
        let mut bytes = [[0; LANES]; 4];
        for i in 0..LANES {
            for byte in 0..4 {
                bytes[byte][i] = ((texels[i] >> (8 * byte) & 255) as f32 / 255.0).to_bits();
            }
        }
        bytes
    });
    route(packed, &bytes, out);
}

/// Sums of a lane's four bytes over its bilinear taps, weights in 2^16.
#[inline(always)]
fn sums(taps: &Taps<u32>, weights: Weights<'_>, i: usize) -> [u32; 4] {
    let (right, below) = (weights.right[i], weights.below[i]);
    // Two bytes a word: their horizontal sums have 16 bits.
    let row = |left: u32, other: u32| {
        [0, 8].map(|shift| (left >> shift & 0xff_00ff) * (ONE - right) + (other >> shift & 0xff_00ff) * right)
    };
    let [top, bottom] = [row(taps[0][i], taps[1][i]), row(taps[2][i], taps[3][i])];
    let sum = |pair: usize, shift: u32| {
        (top[pair] >> shift & 0xffff) * (ONE - below) + (bottom[pair] >> shift & 0xffff) * below
    };
    [sum(0, 0), sum(1, 0), sum(0, 16), sum(1, 16)]
}

/// Means within one mip level.
pub(super) fn packed_level(
    level: Level,
    (taps, weights): &(Taps<u32>, Weights<'_>),
    packed: Packed,
    out: &mut [Lanes<u32>; 4],
) {
    let bytes = dispatch!(level, _ => {
        let mut bytes = [[0; LANES]; 4];
        for i in 0..LANES {
            let sums = sums(taps, *weights, i);
            for byte in 0..4 {
                // The sum has 24 bits: the division is the one rounding.
                bytes[byte][i] = (sums[byte] as f32 / LEVEL_DIVISOR).to_bits();
            }
        }
        bytes
    });
    route(packed, &bytes, out);
}

/// Means between two mip levels.
pub(super) fn packed_levels(
    level: Level,
    (near, near_weights): &(Taps<u32>, Weights<'_>),
    (far, far_weights): &(Taps<u32>, Weights<'_>),
    far_weight: &Lanes<u32>,
    packed: Packed,
    out: &mut [Lanes<u32>; 4],
) {
    let bytes = dispatch!(level, _ => {
        let mut bytes = [[0; LANES]; 4];
        for i in 0..LANES {
            let (near, far) = (sums(near, *near_weights, i), sums(far, *far_weights, i));
            for byte in 0..4 {
                let sum = near[byte] * (ONE - far_weight[i]) + far[byte] * far_weight[i];
                bytes[byte][i] = ((f64::from(sum) * LEVELS_FACTOR) as f32).to_bits();
            }
        }
        bytes
    });
    route(packed, &bytes, out);
}

/// Sums of numerators of any kind, for every component that the format has.
pub(super) struct Sums<'a> {
    level: Level,
    texels: &'a Texels,
    sums: [Lanes<f64>; 4],
}

impl<'a> Sums<'a> {
    pub(super) fn new(level: Level, texels: &'a Texels) -> Self {
        // The neutral element of addition, as in the mean of a single sample.
        Self { level, texels, sums: [[-0.0; LANES]; 4] }
    }

    fn has(&self, component: usize) -> bool {
        self.texels.channel_mask() >> component & 1 == 1
    }

    /// Adds the taps of a mip level with a weight in 1/256, in the order of a single sample.
    pub(super) fn add(&mut self, taps: &[Taps<f32>; 4], weights: Weights<'_>, mip_weight: &Lanes<u32>) {
        let products = dispatch!(self.level, _ => {
            let mut products = [[0.0f64; LANES]; 4];
            for i in 0..LANES {
                let (right, below) = (weights.right[i], weights.below[i]);
                let columns = [ONE - right, right];
                for tap in 0..4 {
                    let row = if tap < 2 { ONE - below } else { below };
                    products[tap][i] = f64::from(row * columns[tap % 2]) * f64::from(mip_weight[i]);
                }
            }
            products
        });
        for component in 0..4 {
            if !self.has(component) {
                continue;
            }
            let sums = &mut self.sums[component];
            dispatch!(self.level, _ => {
                for (taps, weights) in taps.iter().zip(&products) {
                    let taps = &taps[component];
                    for i in 0..LANES {
                        let sum = sums[i] + f64::from(taps[i]) * weights[i];
                        // Without a weight not even a NaN counts.
                        sums[i] = if weights[i] > 0.0 { sum } else { sums[i] };
                    }
                }
            });
        }
    }

    /// The means as register bits; denormals are 0, NaN is the canonical one.
    pub(super) fn finish(self, out: &mut [Lanes<u32>; 4]) {
        for (component, default) in self.texels.defaults().into_iter().enumerate() {
            let (sums, out) = (&self.sums[component], &mut out[component]);
            if !self.has(component) {
                *out = [default; LANES];
                continue;
            }
            let divisor = 16_777_216.0 * self.texels.divisors[component];
            dispatch!(self.level, _ => {
                for i in 0..LANES {
                    let value = (sums[i] / divisor) as f32;
                    let bits = flush(value).to_bits();
                    out[i] = if value.is_nan() { f32::NAN.to_bits() } else { bits };
                }
            });
        }
    }
}
