//! Direct3D's rules for floats that are not arithmetic: choosing, flushing, rounding, converting (d3d-rules §1).

use super::NAN;

/// `x`, or [`NAN`] for any NaN (§1.3).
///
/// Asked of the bits: asked of the float, an optimiser may keep the NaN that the CPU made.
#[inline]
pub fn canonical(x: f32) -> f32 {
    let bits = x.to_bits();
    f32::from_bits(if bits & 0x7fff_ffff > 0x7f80_0000 { NAN.to_bits() } else { bits })
}

/// `x`, or a zero of its sign for a denormal (§1.1). NaN keeps its bits.
#[inline]
pub fn flush(x: f32) -> f32 {
    f32::from_bits(if x.abs() < f32::MIN_POSITIVE { x.to_bits() & 0x8000_0000 } else { x.to_bits() })
}

/// The lesser operand; of one NaN the other operand, of two [`NAN`]; -0 is less than +0 (§1.4).
///
/// Operands are flushed for the comparison alone: the one chosen keeps its bits (§1.1).
#[inline]
pub fn min(a: f32, b: f32) -> f32 {
    choose(a, b, less(a, b))
}

/// The greater operand, otherwise like [`min`].
#[inline]
pub fn max(a: f32, b: f32) -> f32 {
    choose(a, b, !less(a, b))
}

/// Whether `a` is below `b`; a negative zero is below a positive one.
fn less(a: f32, b: f32) -> bool {
    let (x, y) = (flush(a), flush(b));
    x < y || (x == y && a.is_sign_negative() && b.is_sign_positive())
}

fn choose(a: f32, b: f32, first: bool) -> f32 {
    if a.is_nan() {
        canonical(b)
    } else if first || b.is_nan() {
        a
    } else {
        b
    }
}

/// `_sat`: `x` within [0, 1]; NaN, -0 and denormals give +0 (§1.5).
#[inline]
pub fn saturate(x: f32) -> f32 {
    if x >= 1.0 {
        1.0
    } else if x >= f32::MIN_POSITIVE {
        x
    } else {
        0.0
    }
}

/// `x - floor(x)`, below 1 although that difference may round up to it; of infinities NaN (§1.8).
#[inline]
pub fn frac(x: f32) -> f32 {
    const BELOW_ONE: f32 = 1.0 - f32::EPSILON / 2.0;
    let fraction = x - x.floor();
    if fraction >= 1.0 { BELOW_ONE } else { canonical(fraction) }
}

/// The nearest integer, ties to even (§1.8). Keeps the sign of zero, like the other three.
#[inline]
pub fn round_ne(x: f32) -> f32 {
    canonical(x.round_ties_even())
}

/// The greatest integer that is not above `x`.
#[inline]
pub fn round_ni(x: f32) -> f32 {
    canonical(x.floor())
}

/// The least integer that is not below `x`.
#[inline]
pub fn round_pi(x: f32) -> f32 {
    canonical(x.ceil())
}

/// The integer next to `x` towards zero.
#[inline]
pub fn round_z(x: f32) -> f32 {
    canonical(x.trunc())
}

/// `ftoi`: truncates; beyond the range the nearest integer, of NaN 0 (§1.10). Rust's cast is exactly that.
#[inline]
pub fn f32_to_i32(x: f32) -> i32 {
    x as i32
}

/// `ftou`, like [`f32_to_i32`]; negative numbers give 0.
#[inline]
pub fn f32_to_u32(x: f32) -> u32 {
    x as u32
}

/// Narrows towards zero: finite numbers stay finite, denormal results are kept, NaN is 0x7e00 (§1.13).
#[inline]
pub fn f32_to_f16(x: f32) -> u16 {
    let bits = x.to_bits();
    let magnitude = bits & 0x7fff_ffff;
    let half = match magnitude {
        0x7f80_0001.. => return 0x7e00,
        0x7f80_0000 => 0x7c00,
        // 2^16 and more: the largest finite half.
        0x4780_0000.. => 0x7bff,
        // 2^-14 and more: a normal half. The exponent's bias falls by 112.
        0x3880_0000.. => (magnitude - (112 << 23)) >> 13,
        // 2^-24 and more: a multiple of it.
        0x3380_0000.. => (magnitude & 0x7f_ffff | 0x80_0000) >> (126 - (magnitude >> 23)),
        _ => 0,
    };
    (bits >> 16 & 0x8000 | half) as u16
}

/// Widens exactly. Denormals become normal numbers (§1.2); NaN keeps its sign and payload.
#[inline]
pub fn f16_to_f32(half: u16) -> f32 {
    let (exponent, mantissa) = (u32::from(half >> 10 & 0x1f), u32::from(half & 0x3ff));
    let magnitude = match exponent {
        0x1f => 0x7f80_0000 | mantissa << 13,
        0 => (mantissa as f32 / 16_777_216.0).to_bits(),
        _ => (exponent + 112) << 23 | mantissa << 13,
    };
    f32::from_bits(u32::from(half & 0x8000) << 16 | magnitude)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f32 = f32::INFINITY;
    const DENORMAL: f32 = f32::from_bits(0x007f_ffff);
    const SIGNALLING: f32 = f32::from_bits(0xff80_0001);

    /// Compares bits, so that zeros and NaN count.
    #[track_caller]
    fn check<const N: usize>(got: [f32; N], want: [f32; N]) {
        assert_eq!(got.map(f32::to_bits), want.map(f32::to_bits), "{got:?}, expected {want:?}");
    }

    #[test]
    fn min_and_max_drop_nan_and_order_zeros() {
        for (a, b, least, most) in [
            (1.0, 2.0, 1.0, 2.0),
            (INF, -INF, -INF, INF),
            (SIGNALLING, 2.0, 2.0, 2.0),
            (2.0, SIGNALLING, 2.0, 2.0),
            (-NAN, SIGNALLING, NAN, NAN),
            (0.0, -0.0, -0.0, 0.0),
            (-0.0, 0.0, -0.0, 0.0),
            (-0.0, -0.0, -0.0, -0.0),
            // Compared as zeros, returned as they are.
            (DENORMAL, 1.0, DENORMAL, 1.0),
            (-DENORMAL, 0.0, -DENORMAL, 0.0),
            (DENORMAL, 0.0, 0.0, DENORMAL),
        ] {
            check([min(a, b), max(a, b)], [least, most]);
        }
    }

    #[test]
    fn saturation_and_flushing() {
        check([0.25, 1.5, INF, 1.0].map(saturate), [0.25, 1.0, 1.0, 1.0]);
        check([-0.5, -0.0, -INF, NAN, -NAN, DENORMAL].map(saturate), [0.0; 6]);
        check(
            [DENORMAL, -DENORMAL, f32::MIN_POSITIVE, -0.0].map(flush),
            [0.0, -0.0, f32::MIN_POSITIVE, -0.0],
        );
        check([SIGNALLING, INF].map(flush), [SIGNALLING, INF]);
        check([SIGNALLING, -NAN, -INF].map(canonical), [NAN, NAN, -INF]);
    }

    #[test]
    fn fractions_stay_below_one() {
        check([1.75, -0.25, -1.0e-9, -0.0].map(frac), [0.75, 0.75, f32::from_bits(0x3f7f_ffff), 0.0]);
        check([INF, -INF, SIGNALLING].map(frac), [NAN; 3]);
    }

    #[test]
    fn rounding_keeps_signs_of_zero_and_infinities() {
        for (x, ne, ni, pi, z) in [
            (2.5, 2.0, 2.0, 3.0, 2.0),
            (-1.5, -2.0, -2.0, -1.0, -1.0),
            (-0.25, -0.0, -1.0, -0.0, -0.0),
            (-0.0, -0.0, -0.0, -0.0, -0.0),
            (-INF, -INF, -INF, -INF, -INF),
            (SIGNALLING, NAN, NAN, NAN, NAN),
            (16_777_215.0, 16_777_215.0, 16_777_215.0, 16_777_215.0, 16_777_215.0),
        ] {
            check([round_ne(x), round_ni(x), round_pi(x), round_z(x)], [ne, ni, pi, z]);
        }
    }

    #[test]
    fn integers_saturate() {
        let inputs = [1.9, -1.9, 2_147_483_648.0, -INF, NAN];
        assert_eq!(inputs.map(f32_to_i32), [1, -1, i32::MAX, i32::MIN, 0]);
        assert_eq!([1.9, -1.9, 4_294_967_296.0, INF, NAN].map(f32_to_u32), [1, 0, u32::MAX, u32::MAX, 0]);
    }

    #[test]
    fn halves_narrow_towards_zero_and_widen_exactly() {
        for (x, half) in [
            (1.0, 0x3c00),
            (-2.0, 0xc000),
            (65_535.9, 0x7bff),
            (f32::MAX, 0x7bff),
            (-INF, 0xfc00),
            (-NAN, 0x7e00),
            // The largest below 2^-14, and below 2^-24.
            (f32::from_bits(0x387f_ffff), 0x03ff),
            (f32::from_bits(0x337f_ffff), 0),
            (-0.0, 0x8000),
        ] {
            assert_eq!(f32_to_f16(x), half, "{x:e}");
        }
        for half in 0..=u16::MAX {
            let wide = f16_to_f32(half);
            assert_eq!(f32_to_f16(wide), if wide.is_nan() { 0x7e00 } else { half });
        }
    }
}
