//! Fixed-point numbers (d3d-rules §2.6, §2.7): vertex positions, texel coordinates and levels of detail.

use super::norm::round_to_i32;

/// Signed fixed point with `integer` bits (sign included) before and `fraction` bits after the point, at most
/// 32 in all.
///
/// Rounds to nearest, ties to even; NaN is 0; what does not fit becomes the nearest end.
#[inline(always)]
pub fn f32_to_fixed(value: f32, integer: u32, fraction: u32) -> i32 {
    // Selects instead of branches, so that rows of values vectorise.
    let scaled = f64::from(value) * (1u64 << fraction) as f64;
    let end = (1u64 << (integer + fraction - 1)) as f64;
    let above = if scaled > -end { scaled } else { -end };
    let inside = if above < end - 1.0 { above } else { end - 1.0 };
    let fixed = round_to_i32(inside);
    if value.is_nan() { 0 } else { fixed }
}

/// A screen coordinate in 1/256 pixel, 16.8 fixed point (d3d-rules §6.8).
#[inline]
pub fn f32_to_fixed_16_8(value: f32) -> i32 {
    f32_to_fixed(value, 16, 8)
}

/// The number that a fixed-point value stands for; exact for 24 significant bits.
#[inline]
pub fn fixed_to_f32(value: i32, fraction: u32) -> f32 {
    (f64::from(value) / (1u64 << fraction) as f64) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_ties_to_even_and_clamps() {
        // 1.5, 2.5, -0.5 and -1.5 steps of 1/256.
        assert_eq!([1.5, 2.5, -0.5, -1.5].map(|x: f32| f32_to_fixed_16_8(x / 256.0)), [2, 2, 0, -2]);
        assert_eq!(f32_to_fixed_16_8(f32::NAN), 0);
        assert_eq!([f32::INFINITY, 1e9, 32768.0].map(f32_to_fixed_16_8), [0x7f_ffff; 3]);
        assert_eq!([f32::NEG_INFINITY, -1e9, -32768.0].map(f32_to_fixed_16_8), [-0x80_0000; 3]);
        assert_eq!([f32::INFINITY, f32::NEG_INFINITY].map(|x| f32_to_fixed(x, 16, 16)), [i32::MAX, i32::MIN]);
    }

    #[test]
    fn returns_from_fixed_point() {
        for fixed in [-0x80_0000, -257, -1, 0, 1, 384, 0x7f_ffff] {
            assert_eq!(f32_to_fixed_16_8(fixed_to_f32(fixed, 8)), fixed);
        }
        assert_eq!(fixed_to_f32(384, 8), 1.5);
    }
}
