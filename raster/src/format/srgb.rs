//! sRGB in 8 bits (d3d-rules §2.4): correctly rounded decoding, and encoding exact for every float.
//!
//! The tables are computed at compile time in f64. Its error is far less than the distance of any entry from
//! a rounding border: a test below compares every entry with whole numbers.

use super::norm::clamp;

/// `t^2.4` for t in 0.05..=1.
const fn power_2_4(t: f64) -> f64 {
    // t^2 times the fifth root of t^2, by Newton's iteration from above.
    let square = t * t;
    let mut root = 1.0;
    let mut step = 0;
    while step < 16 {
        let fourth = root * root * root * root;
        root -= (root - square / fourth) / 5.0;
        step += 1;
    }
    square * root
}

/// The linear value of `code / 255`, for whole and half codes. The segments meet between codes 10 and 10.5.
const fn decode(code: f64) -> f64 {
    // code / 255 / 12.92, and (code / 255 + 0.055) / 1.055, each as one fraction.
    if code <= 10.3 { code * 100.0 / 329_460.0 } else { power_2_4((code * 1000.0 + 14_025.0) / 269_025.0) }
}

/// The linear value of every code.
pub static SRGB8_TO_F32: [f32; 256] = {
    let mut table = [0.0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = decode(code as f64) as f32;
        code += 1;
    }
    table
};

/// Bits of the smallest float that encodes to each code; 0 for code 0.
const THRESHOLDS: [u32; 256] = {
    let mut table = [0; 256];
    let mut code = 1;
    while code < 256 {
        let exact = decode(code as f64 - 0.5);
        let nearest = exact as f32;
        table[code] = nearest.to_bits() + if (nearest as f64) < exact { 1 } else { 0 };
        code += 1;
    }
    table
};

/// The bucket (upper 16 bits) of 2^-13, below which everything encodes to 0.
const FIRST_BUCKET: u32 = 0x3900;
/// Buckets up to that of 1.0.
const BUCKETS: usize = (0x3f80 - FIRST_BUCKET + 1) as usize;

/// For each value of a float's upper 16 bits: the code at its start times 2^17, plus the lower 16 bits from
/// which on the next code holds (2^16 when it does not). No bucket contains two thresholds.
static ENCODE: [u32; BUCKETS] = {
    let mut table = [0; BUCKETS];
    let (mut bucket, mut code) = (0, 0);
    while bucket < BUCKETS {
        let start = (FIRST_BUCKET + bucket as u32) << 16;
        while code < 255 && THRESHOLDS[code + 1] <= start {
            code += 1;
        }
        let has_threshold = code < 255 && THRESHOLDS[code + 1] >> 16 == start >> 16;
        let threshold = if has_threshold { THRESHOLDS[code + 1] & 0xffff } else { 0x1_0000 };
        table[bucket] = (code as u32) << 17 | threshold;
        bucket += 1;
    }
    table
};

/// The linear value of a code.
#[inline]
pub fn srgb8_to_f32(code: u8) -> f32 {
    SRGB8_TO_F32[code as usize]
}

/// The nearest code: NaN is 0, the rest clamped to 0..1, halves round up.
#[inline]
pub fn f32_to_srgb8(value: f32) -> u8 {
    let smallest = f32::from_bits(FIRST_BUCKET << 16);
    let bits = clamp(value, smallest, 1.0).to_bits();
    let entry = ENCODE[((bits >> 16) - FIRST_BUCKET) as usize];
    (entry >> 17) as u8 + u8::from(bits & 0xffff >= entry & 0x1_ffff)
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::*;

    #[test]
    fn codes_survive_a_round_trip() {
        for code in 0..=255 {
            assert_eq!(f32_to_srgb8(srgb8_to_f32(code)), code);
        }
        assert_eq!((srgb8_to_f32(0), srgb8_to_f32(255)), (0.0, 1.0));
    }

    #[test]
    fn encoding_changes_at_the_thresholds() {
        for code in 1..=255 {
            let threshold = THRESHOLDS[usize::from(code)];
            assert_eq!(f32_to_srgb8(f32::from_bits(threshold)), code);
            assert_eq!(f32_to_srgb8(f32::from_bits(threshold - 1)), code - 1);
        }
    }

    /// A product of powers of `u32`s, lowest limb first.
    fn product(factors: &[(u32, u32)]) -> Vec<u32> {
        let mut limbs = vec![1u32];
        for &(factor, power) in factors {
            for _ in 0..power {
                let mut carry = 0;
                for limb in &mut limbs {
                    let wide = u64::from(*limb) * u64::from(factor) + carry;
                    (*limb, carry) = (wide as u32, wide >> 32);
                }
                limbs.extend((carry != 0).then_some(carry as u32));
            }
        }
        limbs
    }

    /// How `mantissa / 2^shift` compares with the linear value of `twice_code / 2` on the curved segment,
    /// exactly: x < t^(12/5) is x^5 < t^12, where t is `(500 twice_code + 14025) / 269025`.
    fn compare(mantissa: u32, shift: u32, twice_code: u32) -> Ordering {
        let left = product(&[(mantissa, 5), (269_025, 12)]);
        let right = product(&[(500 * twice_code + 14_025, 12), (2, 5 * shift)]);
        left.len().cmp(&right.len()).then_with(|| left.iter().rev().cmp(right.iter().rev()))
    }

    /// A positive float below 2 as `mantissa / 2^shift`, with one bit more than a float has.
    fn split(bits: u32) -> (u32, u32) {
        ((bits & 0x7f_ffff | 0x80_0000) * 2, 151 - (bits >> 23))
    }

    #[test]
    fn tables_are_exact() {
        for code in 11..=255u32 {
            // Half a float's step below the nearest float, and above it.
            let (mantissa, shift) = split(SRGB8_TO_F32[code as usize].to_bits());
            assert_eq!(compare(mantissa - 1, shift, 2 * code), Ordering::Less, "{code}");
            assert_eq!(compare(mantissa + 1, shift, 2 * code), Ordering::Greater, "{code}");
            let (mantissa, shift) = split(THRESHOLDS[code as usize]);
            assert_ne!(compare(mantissa, shift, 2 * code - 1), Ordering::Less, "{code}");
            assert_eq!(compare(mantissa - 2, shift, 2 * code - 1), Ordering::Less, "{code}");
        }
        for code in 1..=10u32 {
            // x >= (code - 1/2) / 3294.6
            let at_least = |bits: u32| f64::from(f32::from_bits(bits)) * 65892.0 >= f64::from(20 * code - 10);
            assert!(
                at_least(THRESHOLDS[code as usize]) && !at_least(THRESHOLDS[code as usize] - 1),
                "{code}"
            );
        }
    }

    #[test]
    fn values_outside_are_clamped() {
        assert_eq!([f32::NAN, f32::NEG_INFINITY, -0.0, 1e-9].map(f32_to_srgb8), [0; 4]);
        assert_eq!([1.0, 1.5, f32::INFINITY].map(f32_to_srgb8), [255; 3]);
    }

    #[test]
    fn known_values() {
        // 0.5 encodes to 187.52, 0.2140 decodes from 127.5; the linear segment has slope 12.92.
        assert_eq!(f32_to_srgb8(0.5), 188);
        assert_eq!(srgb8_to_f32(10), (10.0 / 3294.6f64) as f32);
        assert_eq!((srgb8_to_f32(128) * 1e6) as u32, 215_860);
    }
}
