//! 32-bit float instructions on bits: `u32` in, `u32` out (S3.1.3, S22.6, S22.10).
//!
//! Arithmetic takes denormals as zeros of their sign, gives zeros for denormal results and the one canonical NaN for
//! NaN results. What is data movement (`min`, `max` results, `mov`) keeps its bits.

use super::math;

/// The NaN of every arithmetic result.
pub(super) const NAN: u32 = 0x7fc0_0000;
const SIGN: u32 = 0x8000_0000;
const EXPONENT: u32 = 0x7f80_0000;
const ONE: u32 = 0x3f80_0000;

/// An operand of arithmetic: denormals become zeros of the same sign (S3.1.3.2).
pub(super) fn operand(bits: u32) -> f32 {
    f32::from_bits(if bits & EXPONENT == 0 { bits & SIGN } else { bits })
}

/// A result of arithmetic: denormals become zeros, every NaN the canonical one.
pub(super) fn result(value: f32) -> u32 {
    let bits = value.to_bits();
    if value.is_nan() {
        NAN
    } else if bits & EXPONENT == 0 {
        bits & SIGN
    } else {
        bits
    }
}

/// `_sat` (S22.19.1): NaN, negative numbers and -0 give +0.
pub(super) fn saturate(bits: u32) -> u32 {
    let value = operand(bits);
    if value >= 1.0 {
        ONE
    } else if value > 0.0 {
        bits
    } else {
        0
    }
}

/// S22.10.1
pub(super) fn add(a: u32, b: u32) -> u32 {
    result(operand(a) + operand(b))
}

/// S22.10.12
pub(super) fn mul(a: u32, b: u32) -> u32 {
    result(operand(a) * operand(b))
}

/// S22.10.9: two roundings, never fused.
pub(super) fn mad(a: u32, b: u32, c: u32) -> u32 {
    add(mul(a, b), c)
}

/// S22.10.2
pub(super) fn div(a: u32, b: u32) -> u32 {
    result(operand(a) / operand(b))
}

/// `dp2`, `dp3`, `dp4` (S22.10.3-5): left to right, each step rounded and flushed.
pub(super) fn dot(components: usize, a: [u32; 4], b: [u32; 4]) -> u32 {
    (1..components).fold(mul(a[0], b[0]), |sum, c| add(sum, mul(a[c], b[c])))
}

/// S22.10.11: one NaN gives the other operand, -0 is less than +0, the chosen operand keeps its bits.
pub(super) fn min(a: u32, b: u32) -> u32 {
    select(a, b, |a, b| a < b, SIGN)
}

/// S22.10.10, like [`min`].
pub(super) fn max(a: u32, b: u32) -> u32 {
    select(a, b, |a, b| a >= b, 0)
}

/// The operand that wins; among zeros of unlike signs the one whose sign bit is `zero`.
fn select(a: u32, b: u32, wins: impl Fn(f32, f32) -> bool, zero: u32) -> u32 {
    let (x, y) = (operand(a), operand(b));
    let first = match (x.is_nan(), y.is_nan()) {
        (true, true) => return NAN,
        (true, false) => false,
        (false, true) => true,
        // Equal numbers of unlike signs are zeros.
        (false, false) if x == y && (a ^ b) & SIGN != 0 => a & SIGN == zero,
        (false, false) => wins(x, y),
    };
    if first { a } else { b }
}

/// S22.10.7: `x - floor(x)`, always below 1 although the subtraction may round up to it.
pub(super) fn frc(a: u32) -> u32 {
    let x = operand(a);
    let fraction = x - x.floor();
    if fraction >= 1.0 { ONE - 1 } else { result(fraction) }
}

/// S22.10.14: to nearest, ties to even.
pub(super) fn round_ne(a: u32) -> u32 {
    result(operand(a).round_ties_even())
}

/// S22.10.15: towards minus infinity.
pub(super) fn round_ni(a: u32) -> u32 {
    result(operand(a).floor())
}

/// S22.10.16: towards plus infinity.
pub(super) fn round_pi(a: u32) -> u32 {
    result(operand(a).ceil())
}

/// S22.10.17: towards zero.
pub(super) fn round_z(a: u32) -> u32 {
    result(operand(a).trunc())
}

/// S22.10.18
pub(super) fn rcp(a: u32) -> u32 {
    result(1.0 / operand(a))
}

/// S22.10.19: a negative zero gives minus infinity, negative numbers NaN.
pub(super) fn rsq(a: u32) -> u32 {
    result(math::rsqrt(operand(a)))
}

/// S22.10.21
pub(super) fn sqrt(a: u32) -> u32 {
    result(operand(a).sqrt())
}

/// S22.10.6: 2 to the power of x.
pub(super) fn exp(a: u32) -> u32 {
    result(math::exp2(operand(a)))
}

/// S22.10.8: logarithm to base 2.
pub(super) fn log(a: u32) -> u32 {
    result(math::log2(operand(a)))
}

/// S22.10.20: sine, then cosine.
pub(super) fn sincos(a: u32) -> [u32; 2] {
    let x = operand(a);
    [result(math::sin(x)), result(math::cos(x))]
}

/// A comparison (S22.6): all ones or zero. Operands are flushed; NaN compares unequal to everything.
pub(super) fn compare(a: u32, b: u32, holds: impl Fn(f32, f32) -> bool) -> u32 {
    mask(holds(operand(a), operand(b)))
}

/// All ones for true.
pub(super) fn mask(condition: bool) -> u32 {
    if condition { u32::MAX } else { 0 }
}
