//! Floats narrower than 32 bits (d3d-rules §1.13, §2.10). All have five exponent bits and keep their
//! denormals.

use super::norm::clamp;

/// How a float is narrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Rounding {
    /// Direct3D's rule for stores and `f32tof16`; finite values never become infinite.
    #[default]
    TowardZero,
    /// IEEE's default and what many GPUs do on export; values beyond the largest become infinite.
    NearestEven,
}

/// Bits of f32's infinity.
const INFINITY: u32 = 0x7f80_0000;
/// f32's exponent field of 2^-14, the smallest normal number of the narrow floats.
const SMALLEST_NORMAL: u32 = 113;

/// The code without its sign of a float with `mantissa` mantissa bits; NaN gives the canonical one (top
/// mantissa bit set).
fn narrow(magnitude: u32, mantissa: u32, rounding: Rounding) -> u32 {
    let infinity = 31 << mantissa;
    if magnitude >= INFINITY {
        return if magnitude == INFINITY { infinity } else { infinity | 1 << (mantissa - 1) };
    }
    let exponent = magnitude >> 23;
    let (value, shift) = if exponent >= SMALLEST_NORMAL {
        (magnitude - ((SMALLEST_NORMAL - 1) << 23), 23 - mantissa)
    } else {
        // Becomes denormal: all mantissa bits move right, the implied one among them. From 25 on nothing is
        // left.
        (magnitude & 0x7f_ffff | 0x80_0000, (23 - mantissa + SMALLEST_NORMAL - exponent).min(31))
    };
    let truncated = value >> shift;
    match rounding {
        Rounding::TowardZero => truncated.min(infinity - 1),
        Rounding::NearestEven => {
            let (rest, half) = (value & ((1 << shift) - 1), 1 << (shift - 1));
            let up = rest > half || rest == half && truncated & 1 == 1;
            (truncated + u32::from(up)).min(infinity)
        }
    }
}

/// Narrows to 16 bits (sign, 5, 10).
#[inline]
pub fn f32_to_f16(value: f32, rounding: Rounding) -> u16 {
    let bits = value.to_bits();
    // The canonical NaN has no sign.
    let sign = if value.is_nan() { 0 } else { bits >> 16 & 0x8000 };
    (sign | narrow(bits & 0x7fff_ffff, 10, rounding)) as u16
}

/// Widens 16 bits exactly. NaN keeps its sign and payload.
#[inline]
pub fn f16_to_f32(code: u16) -> f32 {
    let (sign, exponent, mantissa) =
        (u32::from(code & 0x8000) << 16, code >> 10 & 31, u32::from(code & 0x3ff));
    let magnitude = match exponent {
        // Denormals are multiples of 2^-24, which f32 holds as normal numbers.
        0 => (mantissa as f32 / (1u32 << 24) as f32).to_bits(),
        31 => INFINITY | mantissa << 13,
        _ => (u32::from(exponent) + SMALLEST_NORMAL - 1) << 23 | mantissa << 13,
    };
    f32::from_bits(sign | magnitude)
}

/// Narrows to 11 bits (5, 6); negative values become 0.
#[inline]
pub fn f32_to_f11(value: f32, rounding: Rounding) -> u32 {
    narrow_unsigned(value, 6, rounding)
}

/// Widens 11 bits exactly.
#[inline]
pub fn f11_to_f32(code: u32) -> f32 {
    f16_to_f32((code << 4 & 0x7ff0) as u16)
}

/// Narrows to 10 bits (5, 5); negative values become 0.
#[inline]
pub fn f32_to_f10(value: f32, rounding: Rounding) -> u32 {
    narrow_unsigned(value, 5, rounding)
}

/// Widens 10 bits exactly.
#[inline]
pub fn f10_to_f32(code: u32) -> f32 {
    f16_to_f32((code << 5 & 0x7fe0) as u16)
}

fn narrow_unsigned(value: f32, mantissa: u32, rounding: Rounding) -> u32 {
    let bits = value.to_bits();
    if bits >> 31 != 0 && !value.is_nan() { 0 } else { narrow(bits & 0x7fff_ffff, mantissa, rounding) }
}

/// Red, green and blue of R9G9B9E5: `mantissa / 512 * 2^(exponent - 15)`, exact.
pub fn rgb9e5_to_f32(code: u32) -> [f32; 3] {
    // 2^(exponent - 24) from its bits; the exponent field stays within 103 to 134.
    let scale = f32::from_bits(((code >> 27) + 127 - 24) << 23);
    [0, 9, 18].map(|shift| (code >> shift & 0x1ff) as f32 * scale)
}

/// R9G9B9E5 with the exponent of the largest channel; mantissas round to nearest, halves up. Negative values
/// and NaN become 0, what is beyond 65408 becomes 65408. Direct3D itself never encodes this format.
pub fn f32_to_rgb9e5(rgb: [f32; 3]) -> u32 {
    let rgb = rgb.map(|value| clamp(value, 0.0, 65408.0));
    let largest = rgb.into_iter().fold(0.0f32, |a, b| if b > a { b } else { a });
    // floor(log2(largest)) + 16, and 0 for all below 2^-16.
    let exponent = (largest.to_bits() >> 23).saturating_sub(127 - 16);
    let mantissas = |exponent: u32| {
        // Times 2^(24 - exponent), exactly.
        let scale = f32::from_bits((127 + 24 - exponent) << 23);
        rgb.map(|value| (f64::from(value) * f64::from(scale) + 0.5) as u32)
    };
    let rounded_over = mantissas(exponent).contains(&512);
    let exponent = exponent + u32::from(rounded_over);
    let [r, g, b] = mantissas(exponent);
    exponent << 27 | b << 18 | g << 9 | r
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrows_by_either_rule() {
        let both = |x| [Rounding::TowardZero, Rounding::NearestEven].map(|rounding| f32_to_f16(x, rounding));
        assert_eq!(both(1.0), [0x3c00; 2]);
        assert_eq!(both(65519.0), [0x7bff; 2]);
        assert_eq!(both(65520.0), [0x7bff, 0x7c00]);
        assert_eq!(both(-1e30), [0xfbff, 0xfc00]);
        assert_eq!(both(f32::INFINITY), [0x7c00; 2]);
        assert_eq!(both(-f32::NAN), [0x7e00; 2]);
        assert_eq!(both(-1e-40), [0x8000; 2]);
        // 1 and 1.5 times the smallest denormal, 2^-24.
        assert_eq!(both(5.960_464_5e-8), [1; 2]);
        assert_eq!(both(8.940_697e-8), [1, 2]);
    }

    #[test]
    fn unsigned_floats_have_no_negatives() {
        let toward_zero = |x| (f32_to_f11(x, Rounding::TowardZero), f32_to_f10(x, Rounding::TowardZero));
        assert_eq!([-1.0, -0.0, f32::NEG_INFINITY].map(toward_zero), [(0, 0); 3]);
        assert_eq!(toward_zero(f32::NAN), (0x7e0, 0x3f0));
        assert_eq!(toward_zero(1e9), (0x7bf, 0x3df));
        assert_eq!((f11_to_f32(0x7bf), f10_to_f32(0x3df)), (65024.0, 64512.0));
    }

    #[test]
    fn every_code_survives_a_round_trip() {
        for rounding in [Rounding::TowardZero, Rounding::NearestEven] {
            for code in (0..=u16::MAX).filter(|code| code & 0x7fff <= 0x7c00) {
                assert_eq!(f32_to_f16(f16_to_f32(code), rounding), code);
            }
            for code in 0..=31 << 6 {
                assert_eq!(f32_to_f11(f11_to_f32(code), rounding), code);
            }
            for code in 0..=31 << 5 {
                assert_eq!(f32_to_f10(f10_to_f32(code), rounding), code);
            }
        }
    }

    #[test]
    fn shared_exponent_by_hand() {
        // 1.0 = 256/512 * 2^(16-15).
        assert_eq!(f32_to_rgb9e5([1.0, 0.5, 0.0]), 16 << 27 | 128 << 9 | 256);
        assert_eq!(rgb9e5_to_f32(16 << 27 | 128 << 9 | 256), [1.0, 0.5, 0.0]);
        assert_eq!(f32_to_rgb9e5([f32::INFINITY, f32::NAN, -1.0]), 31 << 27 | 511);
        assert_eq!(rgb9e5_to_f32(31 << 27 | 511), [65408.0, 0.0, 0.0]);
        // 511.5/512 rounds over into the next exponent.
        assert_eq!(f32_to_rgb9e5([511.5 / 512.0, 0.0, 0.0]), 16 << 27 | 256);
    }
}
