//! Weighted means of 64 lanes (d3d-rules §12.3, §12.19); see `filter` for what they are.

use fearless_simd::{Level, dispatch};

use super::super::address::ONE;
use super::super::texels::{Packed, Source, flush};
use super::fetch::{Places, Taps};
use super::{Chunk, LANES, Lanes};
use crate::surface::BlockCodes;

/// What one byte's weight in a bilinear mean is divided by.
const LEVEL_DIVISOR: f32 = 255.0 * 65536.0;
/// What it is multiplied with between mip levels. The product with a sum below 2^32 is rounded to the same float as
/// the quotient: a quotient is a multiple of 1/255 of a power of two, which is either a float or at least 2^-33 of
/// itself away from any border between floats.
const LEVELS_FACTOR: f64 = 1.0 / (255.0 * 16_777_216.0);

/// Fills the rows of registers with what `values` makes of the bytes of texels, a row each.
#[inline(always)]
fn route(packed: Packed, out: &mut [Lanes<u32>; 4], values: impl Fn(&mut [Lanes<u32>; 4])) {
    values(out);
    if packed.sources == [0, 1, 2, 3].map(Source::Byte) {
        return;
    }
    let (bytes, defaults) = (*out, [0.0f32, 0.0, 0.0, 1.0].map(f32::to_bits));
    for ((out, source), default) in out.iter_mut().zip(packed.sources).zip(defaults) {
        *out = match source {
            Source::Byte(byte) => bytes[byte],
            Source::Default => [default; LANES],
        };
    }
}

/// Texels as they are.
pub(super) fn packed_texels(level: Level, places: &Places, packed: Packed, out: &mut [Lanes<u32>; 4]) {
    let texels = &places.packed[0];
    dispatch!(level, _ => route(packed, out, |bytes| {
        for (byte, row) in bytes.iter_mut().enumerate() {
            for i in 0..LANES {
                row[i] = fraction(texels[i] >> (8 * byte) & 255).to_bits();
            }
        }
    }));
}

/// `code / 255`, correctly rounded, without a division: see [`unorm8`](crate::unorm8).
#[inline(always)]
fn fraction(code: u32) -> f32 {
    const REST: f32 = 1.0 / 65536.0 + 1.0 / 65536.0 / 65536.0;
    let high = code as f32 * (257.0 / 65536.0);
    high + high * REST
}

/// Sums of a lane's four bytes over its bilinear taps, weights in 2^16.
#[inline(always)]
fn sums(taps: &Taps<u32>, [right, below]: [&Lanes<u32>; 2], i: usize) -> [u32; 4] {
    let (right, below) = (right[i], below[i]);
    // Two bytes a word: their horizontal sums have 16 bits.
    let pairs = |texel: u32| [texel & 0xff_00ff, texel >> 8 & 0xff_00ff];
    let row = |left: u32, other: u32| {
        let (left, other) = (pairs(left), pairs(other));
        [0, 1].map(|pair| left[pair] * (ONE - right) + other[pair] * right)
    };
    let [top, bottom] = [row(taps[0][i], taps[1][i]), row(taps[2][i], taps[3][i])];
    let sum = |top: u32, bottom: u32| top * (ONE - below) + bottom * below;
    let low = |pair: usize| sum(top[pair] & 0xffff, bottom[pair] & 0xffff);
    let high = |pair: usize| sum(top[pair] >> 16, bottom[pair] >> 16);
    [low(0), low(1), high(0), high(1)]
}

/// Means within one mip level.
pub(super) fn packed_level(level: Level, places: &Places, packed: Packed, out: &mut [Lanes<u32>; 4]) {
    dispatch!(level, _ => route(packed, out, |[first, second, third, fourth]| {
        let weights = places.weights();
        for i in 0..LANES {
            // A sum has 24 bits: the division is the one rounding.
            [first[i], second[i], third[i], fourth[i]] =
                sums(&places.packed, weights, i).map(|sum| (sum as f32 / LEVEL_DIVISOR).to_bits());
        }
    }));
}

/// Means between two mip levels.
pub(super) fn packed_levels(
    level: Level,
    near: &Places,
    far: &Places,
    far_weight: &Lanes<u32>,
    packed: Packed,
    out: &mut [Lanes<u32>; 4],
) {
    dispatch!(level, _ => route(packed, out, |[first, second, third, fourth]| {
        let weights = [near.weights(), far.weights()];
        for i in 0..LANES {
            let (near, far) = (sums(&near.packed, weights[0], i), sums(&far.packed, weights[1], i));
            [first[i], second[i], third[i], fourth[i]] = [0, 1, 2, 3].map(|byte: usize| {
                let sum = near[byte] * (ONE - far_weight[i]) + far[byte] * far_weight[i];
                ((f64::from(sum) * LEVELS_FACTOR) as f32).to_bits()
            });
        }
    }));
}

/// Means of [UNORM codes](crate::surface::BlockCodes), between two mip levels if there is a second with its weights.
pub(super) fn codes(
    chunk: &Chunk<'_>,
    near: &Places,
    far: Option<(&Places, &Lanes<u32>)>,
    out: &mut [Lanes<u32>; 4],
) {
    dispatch!(chunk.level, _ => match far {
        None => codes_level(near, out),
        Some((far, far_weight)) => codes_levels(near, far, far_weight, out),
    });
    let texels = &chunk.view.texels;
    for (component, default) in texels.defaults().into_iter().enumerate() {
        if texels.channel_mask() >> component & 1 == 0 {
            out[component].fill(default);
        }
    }
}

/// What a code is divided by, as a factor: products with sums are rounded to the floats of the quotients. These are multiples of
/// 1/53550 of a power of two, either of at most 25 bits (the factor is so near that products with them are exact) or 2^-41 of
/// themselves away from any border between floats.
const CODE_FACTOR: f64 = 1.0 / 53550.0;
const _: () = assert!(BlockCodes::UNORM_DIVISOR == 53550.0);

/// Sums of a lane's codes over its bilinear taps, weights in 2^16; they have 32 bits.
#[inline(always)]
fn code_sums(taps: &Taps<u64>, [right, below]: [&Lanes<u32>; 2], i: usize) -> [u32; 4] {
    let (right, below) = (right[i], below[i]);
    let codes = |tap: usize| {
        let (low, high) = (taps[tap][i] as u32, (taps[tap][i] >> 32) as u32);
        [low & 0xffff, low >> 16, high & 0xffff, high >> 16]
    };
    let row = |left: usize| {
        let (left, other) = (codes(left), codes(left + 1));
        [0, 1, 2, 3].map(|c: usize| left[c] * (ONE - right) + other[c] * right)
    };
    let (top, bottom) = (row(0), row(2));
    [0, 1, 2, 3].map(|c: usize| top[c] * (ONE - below) + bottom[c] * below)
}

#[inline(always)]
fn codes_level(places: &Places, [red, green, blue, alpha]: &mut [Lanes<u32>; 4]) {
    let weights = places.weights();
    for i in 0..LANES {
        [red[i], green[i], blue[i], alpha[i]] = code_sums(&places.codes, weights, i)
            .map(|sum| ((f64::from(sum) * (CODE_FACTOR / 65536.0)) as f32).to_bits());
    }
}

#[inline(always)]
fn codes_levels(
    near: &Places,
    far: &Places,
    far_weight: &Lanes<u32>,
    [red, green, blue, alpha]: &mut [Lanes<u32>; 4],
) {
    let weights = [near.weights(), far.weights()];
    for i in 0..LANES {
        let (near, far) = (code_sums(&near.codes, weights[0], i), code_sums(&far.codes, weights[1], i));
        let [near_weight, far_weight] = [ONE - far_weight[i], far_weight[i]].map(f64::from);
        [red[i], green[i], blue[i], alpha[i]] = [0, 1, 2, 3].map(|c: usize| {
            let sum = f64::from(near[c]) * near_weight + f64::from(far[c]) * far_weight;
            ((sum * (CODE_FACTOR / 16_777_216.0)) as f32).to_bits()
        });
    }
}

/// Sums of numerators of any kind, for every component that the format has.
pub(super) struct Sums {
    sums: [Lanes<f64>; 4],
    weights: Taps<f64>,
}

impl Default for Sums {
    fn default() -> Self {
        Self { sums: [[0.0; LANES]; 4], weights: [[0.0; LANES]; 4] }
    }
}

impl Sums {
    /// The sums of nothing: the neutral element of addition, as in the mean of a single sample.
    pub(super) fn clear(&mut self) {
        self.sums = [[-0.0; LANES]; 4];
    }

    /// Adds the taps of a mip level with a weight in 1/256 to some components, in the order of a single sample.
    pub(super) fn add(&mut self, level: Level, places: &Places, mip_weight: &Lanes<u32>, components: u8) {
        let Self { sums, weights } = self;
        dispatch!(level, _ => {
            multiply(places.weights(), mip_weight, weights);
            for component in (0..4).filter(|component| components >> component & 1 == 1) {
                accumulate(&places.numerators[component], weights, &mut sums[component]);
            }
        });
    }

    /// The means as register bits; denormals are 0, NaN is the canonical one.
    pub(super) fn finish(&self, chunk: &Chunk<'_>, out: &mut [Lanes<u32>; 4]) {
        let texels = &chunk.view.texels;
        for (component, default) in texels.defaults().into_iter().enumerate() {
            match texels.channel_mask() >> component & 1 {
                0 => out[component].fill(default),
                _ => self.finish_one(chunk.level, component, texels.divisors[component], &mut out[component]),
            }
        }
    }

    /// The means of one component.
    pub(super) fn finish_one(&self, level: Level, component: usize, divisor: f64, out: &mut Lanes<u32>) {
        let sums = &self.sums[component];
        dispatch!(level, _ => divide(sums, 16_777_216.0 * divisor, out));
    }
}

#[inline(always)]
fn multiply([right, below]: [&Lanes<u32>; 2], mip_weight: &Lanes<u32>, weights: &mut Taps<f64>) {
    let [first, second, third, fourth] = weights;
    for i in 0..LANES {
        let weight = |row: u32, column: u32| f64::from(row * column) * f64::from(mip_weight[i]);
        (first[i], second[i]) = (weight(ONE - below[i], ONE - right[i]), weight(ONE - below[i], right[i]));
        (third[i], fourth[i]) = (weight(below[i], ONE - right[i]), weight(below[i], right[i]));
    }
}

#[inline(always)]
fn accumulate(taps: &Taps<f32>, weights: &Taps<f64>, sums: &mut Lanes<f64>) {
    for i in 0..LANES {
        sums[i] = (0..4).fold(sums[i], |sum, tap| {
            // Without a weight not even a NaN counts.
            let more = sum + f64::from(taps[tap][i]) * weights[tap][i];
            if weights[tap][i] > 0.0 { more } else { sum }
        });
    }
}

#[inline(always)]
fn divide(sums: &Lanes<f64>, divisor: f64, out: &mut Lanes<u32>) {
    for i in 0..LANES {
        let value = (sums[i] / divisor) as f32;
        let bits = flush(value).to_bits();
        out[i] = if value.is_nan() { f32::NAN.to_bits() } else { bits };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_quotients() {
        assert!((0..256).all(|code| fraction(code) == code as f32 / 255.0));
    }

    /// Sums near every multiple of 255, where quotients are floats, and elsewhere.
    #[test]
    fn the_factor_between_mip_levels_divides() {
        let sums = (0..1 << 24).step_by(7).flat_map(|k: u32| [k * 255, k * 255 + 1, k * 255 + 128, k * 256]);
        for sum in sums.chain([255 << 24, (255 << 24) - 1]) {
            let quotient = (f64::from(sum) / (255.0 * 16_777_216.0)) as f32;
            assert_eq!((f64::from(sum) * LEVELS_FACTOR) as f32, quotient, "{sum}");
        }
    }

    /// Quotients of 25 bits, which may lie between two floats, their neighbours, and sums elsewhere.
    #[test]
    fn the_factor_of_codes_divides() {
        let whole = (0..=1_u64 << 25).rev().step_by(5).flat_map(|k| [k * 26775, k * 26775 + 1, k * 26774]);
        for sum in whole.chain((1..1 << 20).step_by(3)).map(|sum| sum as f64) {
            let quotient = (sum / (53550.0 * 16_777_216.0)) as f32;
            assert_eq!((sum * (CODE_FACTOR / 16_777_216.0)) as f32, quotient, "{sum}");
        }
    }
}
