//! UNORM and SNORM (d3d-rules §2.1-2.3), exact in both directions.

/// `value` clamped to `low..=high`; NaN becomes `low`. Compares and selects only, so that it is the same
/// everywhere.
#[inline]
pub(crate) fn clamp(value: f32, low: f32, high: f32) -> f32 {
    let value = if value > low { value } else { low };
    if value < high { value } else { high }
}

/// Rounds to the nearest integer, ties to even, for magnitudes below 2^31.
///
/// Adding 1.5·2^52 leaves the integer in the low bits; unlike a saturating cast it vectorises.
#[inline]
pub(crate) fn round_to_i32(value: f64) -> i32 {
    const MAGIC: f64 = 1.5 * (1u64 << 52) as f64;
    (value + MAGIC).to_bits() as i32
}

/// `code / (2^bits - 1)`, correctly rounded. `bits` is 1 to 24 and `code` has no more.
#[inline]
pub fn unorm_to_f32(code: u32, bits: u32) -> f32 {
    // Both integers are exact in f32, so that the division is the one rounding.
    code as f32 / ((1u32 << bits) - 1) as f32
}

/// The nearest code of `bits` (1 to 24) bits: NaN is 0, the rest clamped to 0..1, halves round up.
#[inline]
pub fn f32_to_unorm(value: f32, bits: u32) -> u32 {
    let value = clamp(value, 0.0, 1.0);
    if bits == 1 {
        return u32::from(value >= 0.5);
    }
    // The product is exact: 24 + 24 bits. A half occurs for value 0.5 alone and lies below the even
    // 2^(bits-1), so that ties to even round it up as the rule demands.
    round_to_i32(f64::from(value) * f64::from((1u32 << bits) - 1)) as u32
}

/// `code / 255` for every code, correctly rounded.
pub static UNORM8_TO_F32: [f32; 256] = {
    let mut table = [0.0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = code as f32 / 255.0;
        code += 1;
    }
    table
};

/// `code / 255`, correctly rounded.
#[inline]
pub fn unorm8_to_f32(code: u8) -> f32 {
    UNORM8_TO_F32[code as usize]
}

/// The nearest 8-bit code; see [`f32_to_unorm`].
#[inline]
pub fn f32_to_unorm8(value: f32) -> u8 {
    f32_to_unorm(value, 8) as u8
}

/// `code / (2^(bits-1) - 1)`, correctly rounded; the most negative code is -1. `bits` is 2 to 25.
#[inline]
pub fn snorm_to_f32(code: i32, bits: u32) -> f32 {
    let max = (1i32 << (bits - 1)) - 1;
    code.max(-max) as f32 / max as f32
}

/// The nearest code of `bits` (4 to 25) bits: NaN is 0, the rest clamped to -1..1, halves round away from 0.
/// The most negative code is never produced.
#[inline]
pub fn f32_to_snorm(value: f32, bits: u32) -> i32 {
    let value = if value.is_nan() { 0.0 } else { clamp(value, -1.0, 1.0) };
    // As for UNORM, the one tie is ±0.5, and its neighbour away from 0 is even.
    round_to_i32(f64::from(value) * f64::from((1i32 << (bits - 1)) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_and_ties() {
        assert_eq!(f32_to_unorm8(0.5), 128);
        assert_eq!(
            [f32::NAN, -1.0, f32::INFINITY, f32::NEG_INFINITY, 1e-45].map(f32_to_unorm8),
            [0, 0, 255, 0, 0]
        );
        assert_eq!([0.49999997, 0.5].map(|x| f32_to_unorm(x, 1)), [0, 1]);
        assert_eq!(f32_to_unorm(1.0, 24), 0xff_ffff);
        assert_eq!([0.5, -0.5, f32::NAN, -7.0].map(|x| f32_to_snorm(x, 8)), [64, -64, 0, -127]);
        assert_eq!([-128, -127, 127].map(|c| snorm_to_f32(c, 8)), [-1.0, -1.0, 1.0]);
    }

    /// The neighbourhood of every border between codes, against a division-free comparison that f64 makes
    /// exactly.
    #[test]
    fn codes_change_at_the_exact_borders() {
        for (bits, step) in [(2, 1), (4, 1), (5, 1), (6, 1), (8, 1), (10, 1), (16, 7), (24, 9973)] {
            let max = (1u32 << bits) - 1;
            for code in (1..=max).step_by(step) {
                // Codes meet at (code - 1/2) / max.
                let border = (f64::from(2 * code - 1) / f64::from(2 * max)) as f32;
                for near in border.to_bits() - 2..=border.to_bits() + 2 {
                    let value = f32::from_bits(near);
                    let reached = f64::from(value) * f64::from(2 * max) >= f64::from(2 * code - 1);
                    // Two floats away may already be another code where codes lie as near as floats.
                    if bits < 24 || near == border.to_bits() {
                        let expected = if reached { code } else { code - 1 };
                        assert_eq!(f32_to_unorm(value, bits), expected, "{bits} bits, {near:#x}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_code_survives_a_round_trip() {
        for bits in 1..=16 {
            for code in 0..1u32 << bits {
                assert_eq!(f32_to_unorm(unorm_to_f32(code, bits), bits), code, "{bits} bits");
            }
        }
        for bits in [8, 10, 16] {
            let max = (1i32 << (bits - 1)) - 1;
            for code in -max..=max {
                assert_eq!(f32_to_snorm(snorm_to_f32(code, bits), bits), code, "{bits} bits");
            }
        }
        for code in (0..1 << 24).step_by(61).chain([0xff_fffe, 0xff_ffff]) {
            assert_eq!(f32_to_unorm(unorm_to_f32(code, 24), 24), code);
        }
    }
}
