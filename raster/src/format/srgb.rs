//! sRGB in 8 bits (d3d-rules §2.4): correctly rounded decoding, and encoding exact for every float.
//!
//! The tables are computed at compile time in f64, whose error (below 2^-48) is far less than the distance of any entry from a
//! rounding border; the goldens, made with 300 bits, pin each entry.

use super::norm::clamp_or;

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

/// For each value of a float's upper 16 bits: the code at its start times 2^17, plus the lower 16 bits from which on the
/// next code holds (2^16 when it does not). No bucket contains two thresholds.
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
    let bits = clamp_or(value, smallest, 1.0, smallest).to_bits();
    let entry = ENCODE[((bits >> 16) - FIRST_BUCKET) as usize];
    (entry >> 17) as u8 + u8::from(bits & 0xffff >= entry & 0x1_ffff)
}

#[cfg(test)]
mod tests {
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
