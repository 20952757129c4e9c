//! 32-bit float instructions on bits: `u32` in, `u32` out (S3.1.3, S22.6, S22.10).
//!
//! Arithmetic takes denormals as zeros of their sign, gives zeros for denormal results and the one canonical NaN for
//! NaN results. What is data movement (`min`, `max` results, `mov`) keeps its bits.

use crate::math;

/// The NaN of every arithmetic result.
pub(crate) const NAN: u32 = 0x7fc0_0000;
const SIGN: u32 = 0x8000_0000;
const EXPONENT: u32 = 0x7f80_0000;

/// An operand of arithmetic: denormals become zeros of the same sign (S3.1.3.2).
pub(crate) fn operand(bits: u32) -> f32 {
    f32::from_bits(if bits & EXPONENT == 0 { bits & SIGN } else { bits })
}

/// A result of arithmetic: denormals become zeros, every NaN the canonical one.
pub(crate) fn result(value: f32) -> u32 {
    let bits = value.to_bits();
    // Asked of the bits: asked of the float, an optimiser may keep the NaN that the CPU made.
    if bits & !SIGN > EXPONENT {
        NAN
    } else if bits & EXPONENT == 0 {
        bits & SIGN
    } else {
        bits
    }
}

/// `_sat` (S22.19.1): NaN, negative numbers and -0 give +0.
pub(crate) fn saturate(bits: u32) -> u32 {
    math::saturate(f32::from_bits(bits)).to_bits()
}

/// S22.10.1
pub(crate) fn add(a: u32, b: u32) -> u32 {
    result(operand(a) + operand(b))
}

/// S22.10.12
pub(crate) fn mul(a: u32, b: u32) -> u32 {
    result(operand(a) * operand(b))
}

/// S22.10.9: two roundings, never fused.
pub(crate) fn mad(a: u32, b: u32, c: u32) -> u32 {
    add(mul(a, b), c)
}

/// S22.10.2
pub(crate) fn div(a: u32, b: u32) -> u32 {
    result(operand(a) / operand(b))
}

/// `dp2`, `dp3`, `dp4` (S22.10.3-5): left to right, each step rounded and flushed.
pub(crate) fn dot(components: usize, a: [u32; 4], b: [u32; 4], mul: &impl Fn(u32, u32) -> u32) -> u32 {
    (1..components).fold(mul(a[0], b[0]), |sum, c| add(sum, mul(a[c], b[c])))
}

/// Direct3D 9's product: +0 as soon as a factor is zero, whatever the other is (d3d-rules §17.5.1).
pub(crate) fn mul_legacy(a: u32, b: u32) -> u32 {
    if operand(a) == 0.0 || operand(b) == 0.0 { 0 } else { mul(a, b) }
}

/// Direct3D 9's power `|a|^b`; 1 for `b = 0` (d3d-rules §17.5.3).
pub(crate) fn pow_abs(a: u32, b: u32) -> u32 {
    result(math::pow_abs(operand(a), operand(b)))
}

/// S22.10.11: one NaN gives the other operand, -0 is less than +0, the chosen operand keeps its bits.
pub(crate) fn min(a: u32, b: u32) -> u32 {
    math::min(f32::from_bits(a), f32::from_bits(b)).to_bits()
}

/// S22.10.10, like [`min`].
pub(crate) fn max(a: u32, b: u32) -> u32 {
    math::max(f32::from_bits(a), f32::from_bits(b)).to_bits()
}

/// S22.10.7: `x - floor(x)`, always below 1 although the subtraction may round up to it.
pub(crate) fn frc(a: u32) -> u32 {
    result(math::frac(operand(a)))
}

/// S22.10.14: to nearest, ties to even.
pub(crate) fn round_ne(a: u32) -> u32 {
    result(operand(a).round_ties_even())
}

/// S22.10.15: towards minus infinity.
pub(crate) fn round_ni(a: u32) -> u32 {
    result(operand(a).floor())
}

/// S22.10.16: towards plus infinity.
pub(crate) fn round_pi(a: u32) -> u32 {
    result(operand(a).ceil())
}

/// S22.10.17: towards zero.
pub(crate) fn round_z(a: u32) -> u32 {
    result(operand(a).trunc())
}

/// S22.10.18
pub(crate) fn rcp(a: u32) -> u32 {
    result(1.0 / operand(a))
}

/// S22.10.19: a negative zero gives minus infinity, negative numbers NaN.
pub(crate) fn rsq(a: u32) -> u32 {
    result(math::rsqrt(operand(a)))
}

/// S22.10.21
pub(crate) fn sqrt(a: u32) -> u32 {
    result(operand(a).sqrt())
}

/// S22.10.6: 2 to the power of x.
pub(crate) fn exp(a: u32) -> u32 {
    result(math::exp2(operand(a)))
}

/// S22.10.8: logarithm to base 2.
pub(crate) fn log(a: u32) -> u32 {
    result(math::log2(operand(a)))
}

/// S22.10.20: sine, then cosine.
pub(crate) fn sincos(a: u32) -> [u32; 2] {
    let x = operand(a);
    [result(math::sin(x)), result(math::cos(x))]
}

/// A comparison (S22.6): all ones or zero. Operands are flushed; NaN compares unequal to everything.
pub(crate) fn compare(a: u32, b: u32, holds: impl Fn(f32, f32) -> bool) -> u32 {
    mask(holds(operand(a), operand(b)))
}

/// All ones for true.
pub(crate) fn mask(condition: bool) -> u32 {
    if condition { u32::MAX } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: u32 = 0x7f80_0000;
    const NEG_INF: u32 = 0xff80_0000;
    const NEG_ZERO: u32 = 0x8000_0000;
    const DENORMAL: u32 = 0x0000_0001;
    const NEG_DENORMAL: u32 = 0x807f_ffff;
    const SNAN: u32 = 0xff80_0001;

    fn f(value: f32) -> u32 {
        value.to_bits()
    }

    #[test]
    fn arithmetic_flushes_and_has_one_nan() {
        assert_eq!(add(DENORMAL, DENORMAL), 0);
        assert_eq!(add(NEG_DENORMAL, NEG_ZERO), NEG_ZERO);
        assert_eq!(add(NEG_ZERO, 0), 0);
        assert_eq!(mul(DENORMAL, f(-1.0)), NEG_ZERO);
        // A product that is denormal: 2^-126 * 0.5.
        assert_eq!(mul(0x0080_0000, f(-0.5)), NEG_ZERO);
        assert_eq!(mul(INF, 0), NAN);
        assert_eq!(mul(INF, DENORMAL), NAN);
        assert_eq!(add(INF, NEG_INF), NAN);
        assert_eq!(add(SNAN, f(1.0)), NAN);
        assert_eq!(div(f(1.0), NEG_DENORMAL), NEG_INF);
        assert_eq!(div(DENORMAL, DENORMAL), NAN);
        assert_eq!(div(INF, INF), NAN);
        assert_eq!(rcp(NEG_ZERO), NEG_INF);
        assert_eq!(rcp(NEG_INF), NEG_ZERO);
        // 1 / 2^127 is denormal.
        assert_eq!(rcp(0x7f00_0000), 0);
    }

    #[test]
    fn mad_rounds_and_flushes_twice() {
        // (1 + 2^-12)^2 - 1 - 2^-11: the exact 2^-24 is lost by the product's rounding.
        let x = f(1.0 + 1.0 / 4096.0);
        assert_eq!(mad(x, x, f(-1.0 - 1.0 / 2048.0)), 0);
        // A denormal product vanishes before the sum.
        assert_eq!(mad(0x0080_0000, f(0.5), 0x0080_0000), 0x0080_0000);
    }

    #[test]
    fn dot_products_run_left_to_right() {
        let big = f(1.0e30);
        let a = [big, f(1.0), big, f(1.0)];
        let b = [f(1.0), f(1.0), f(-1.0), f(1.0)];
        assert_eq!(dot(2, a, b, &mul), big);
        assert_eq!(dot(3, a, b, &mul), 0);
        assert_eq!(dot(4, a, b, &mul), f(1.0));
    }

    #[test]
    fn min_and_max_drop_nan_and_order_zeros() {
        for (a, b, least, most) in [
            (f(1.0), f(2.0), f(1.0), f(2.0)),
            (NAN, f(2.0), f(2.0), f(2.0)),
            (f(2.0), SNAN, f(2.0), f(2.0)),
            (SNAN, SNAN, NAN, NAN),
            (0, NEG_ZERO, NEG_ZERO, 0),
            (NEG_ZERO, 0, NEG_ZERO, 0),
            (INF, NEG_INF, NEG_INF, INF),
            // The operand that is chosen is not flushed.
            (DENORMAL, f(1.0), DENORMAL, f(1.0)),
            (NEG_DENORMAL, f(-1.0), f(-1.0), NEG_DENORMAL),
        ] {
            assert_eq!((min(a, b), max(a, b)), (least, most), "{a:#x} {b:#x}");
        }
    }

    #[test]
    fn saturation() {
        for (x, expected) in [
            (f(0.25), f(0.25)),
            (f(1.5), f(1.0)),
            (INF, f(1.0)),
            (f(-0.5), 0),
            (NEG_ZERO, 0),
            (NEG_INF, 0),
            (NAN, 0),
            (DENORMAL, 0),
        ] {
            assert_eq!(saturate(x), expected, "{x:#x}");
        }
    }

    #[test]
    fn rounding() {
        for (x, ne, ni, pi, z) in [
            (f(2.5), f(2.0), f(2.0), f(3.0), f(2.0)),
            (f(-1.5), f(-2.0), f(-2.0), f(-1.0), f(-1.0)),
            (f(-0.25), NEG_ZERO, f(-1.0), NEG_ZERO, NEG_ZERO),
            (NEG_ZERO, NEG_ZERO, NEG_ZERO, NEG_ZERO, NEG_ZERO),
            (DENORMAL, 0, 0, 0, 0),
            (NEG_DENORMAL, NEG_ZERO, NEG_ZERO, NEG_ZERO, NEG_ZERO),
            (NEG_INF, NEG_INF, NEG_INF, NEG_INF, NEG_INF),
            (SNAN, NAN, NAN, NAN, NAN),
            (f(16_777_215.0), f(16_777_215.0), f(16_777_215.0), f(16_777_215.0), f(16_777_215.0)),
        ] {
            assert_eq!([round_ne(x), round_ni(x), round_pi(x), round_z(x)], [ne, ni, pi, z], "{x:#x}");
        }
    }

    #[test]
    fn fractions_stay_below_one() {
        assert_eq!(frc(f(1.75)), f(0.75));
        assert_eq!(frc(f(-0.25)), f(0.75));
        assert_eq!(frc(f(-1.0e-9)), 0x3f7f_ffff);
        assert_eq!(frc(NEG_DENORMAL), 0);
        assert_eq!(frc(INF), NAN);
        assert_eq!(frc(NAN), NAN);
    }

    #[test]
    fn special_values_of_functions() {
        for (name, function, rows) in [
            (
                "rsq",
                rsq as fn(u32) -> u32,
                [(0, INF), (NEG_ZERO, NEG_INF), (NEG_DENORMAL, NEG_INF), (f(-1.0), NAN), (INF, 0)],
            ),
            (
                "sqrt",
                sqrt,
                [
                    (f(4.0), f(2.0)),
                    (NEG_ZERO, NEG_ZERO),
                    (NEG_DENORMAL, NEG_ZERO),
                    (f(-1.0), NAN),
                    (INF, INF),
                ],
            ),
            ("exp", exp, [(NEG_INF, 0), (DENORMAL, f(1.0)), (INF, INF), (f(-3.0), f(0.125)), (f(-127.0), 0)]),
            ("log", log, [(0, NEG_INF), (NEG_DENORMAL, NEG_INF), (f(-1.0), NAN), (INF, INF), (NEG_INF, NAN)]),
            (
                "sin",
                |x| sincos(x)[0],
                [(0, 0), (NEG_ZERO, NEG_ZERO), (NEG_DENORMAL, NEG_ZERO), (INF, NAN), (NAN, NAN)],
            ),
            (
                "cos",
                |x| sincos(x)[1],
                [(0, f(1.0)), (NEG_ZERO, f(1.0)), (DENORMAL, f(1.0)), (NEG_INF, NAN), (SNAN, NAN)],
            ),
        ] {
            for (x, expected) in rows {
                assert_eq!(function(x), expected, "{name} {x:#x}");
            }
        }
    }

    #[test]
    fn comparisons_flush_and_are_ordered() {
        let equal = |a, b| compare(a, b, |a, b| a == b);
        let unequal = |a, b| compare(a, b, |a, b| a != b);
        assert_eq!(equal(0, NEG_ZERO), u32::MAX);
        assert_eq!(equal(DENORMAL, NEG_DENORMAL), u32::MAX);
        assert_eq!(equal(NAN, NAN), 0);
        assert_eq!(unequal(NAN, NAN), u32::MAX);
        assert_eq!(compare(NEG_DENORMAL, 0, |a, b| a < b), 0);
        assert_eq!(compare(NAN, 0, |a, b| a >= b), 0);
    }
}
