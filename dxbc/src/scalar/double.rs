//! Double instructions on bits (S3.1.4, S22.14): full IEEE 754 with denormals; NaN results are canonical.

use super::float;

const NAN: u64 = 0x7ff8_0000_0000_0000;
const SIGN: u64 = 1 << 63;

fn value(bits: u64) -> f64 {
    f64::from_bits(bits)
}

fn result(value: f64) -> u64 {
    if value.is_nan() { NAN } else { value.to_bits() }
}

/// `_sat`, as for floats.
pub(super) fn saturate(bits: u64) -> u64 {
    let x = value(bits);
    if x >= 1.0 {
        1.0_f64.to_bits()
    } else if x > 0.0 {
        bits
    } else {
        0
    }
}

pub(super) fn dadd(a: u64, b: u64) -> u64 {
    result(value(a) + value(b))
}

pub(super) fn dmul(a: u64, b: u64) -> u64 {
    result(value(a) * value(b))
}

pub(super) fn ddiv(a: u64, b: u64) -> u64 {
    result(value(a) / value(b))
}

pub(super) fn drcp(a: u64) -> u64 {
    result(1.0 / value(a))
}

/// One rounding of the exact `a * b + c` (S22.14.7).
pub(super) fn dfma(a: u64, b: u64, c: u64) -> u64 {
    result(fused(value(a), value(b), value(c)))
}

pub(super) fn dmin(a: u64, b: u64) -> u64 {
    select(a, b, |a, b| a < b, SIGN)
}

pub(super) fn dmax(a: u64, b: u64) -> u64 {
    select(a, b, |a, b| a >= b, 0)
}

fn select(a: u64, b: u64, wins: impl Fn(f64, f64) -> bool, zero: u64) -> u64 {
    let (x, y) = (value(a), value(b));
    let first = match (x.is_nan(), y.is_nan()) {
        (true, true) => return NAN,
        (true, false) => false,
        (false, true) => true,
        (false, false) if x == y && (a ^ b) & SIGN != 0 => a & SIGN == zero,
        (false, false) => wins(x, y),
    };
    if first { a } else { b }
}

pub(super) fn compare(a: u64, b: u64, holds: impl Fn(f64, f64) -> bool) -> u32 {
    float::mask(holds(value(a), value(b)))
}

/// S22.17.1: to nearest, ties to even; results that are denormal floats are flushed.
pub(super) fn dtof(a: u64) -> u32 {
    float::result(value(a) as f32)
}

/// S22.17.2: exact; denormal floats count as zeros.
pub(super) fn ftod(a: u32) -> u64 {
    result(f64::from(float::operand(a)))
}

pub(super) fn dtoi(a: u64) -> u32 {
    value(a) as i32 as u32
}

pub(super) fn dtou(a: u64) -> u32 {
    value(a) as u32
}

pub(super) fn itod(a: u32) -> u64 {
    f64::from(a as i32).to_bits()
}

pub(super) fn utod(a: u32) -> u64 {
    f64::from(a).to_bits()
}

/// `a * b + c` rounded once, in integers: the hardware's instruction is not everywhere.
fn fused(a: f64, b: f64, c: f64) -> f64 {
    if a == 0.0 || b == 0.0 || !a.is_finite() || !b.is_finite() {
        return a * b + c;
    }
    if c == 0.0 {
        return a * b;
    }
    if !c.is_finite() {
        return c;
    }
    let ((ma, ea), (mb, eb), (mc, ec)) = (parts(a), parts(b), parts(c));
    let product = normalize(u128::from(ma) * u128::from(mb), ea + eb);
    let addend = normalize(u128::from(mc), ec);
    let product_negative = a.is_sign_negative() != b.is_sign_negative();
    let (big, small, negative) = if (product.1, product.0) >= (addend.1, addend.0) {
        (product, addend, product_negative)
    } else {
        (addend, product, c.is_sign_negative())
    };
    let aligned = shift_right_sticky(small.0, (big.1 - small.1) as u32);
    let sum = if product_negative == c.is_sign_negative() { big.0 + aligned } else { big.0 - aligned };
    let magnitude = round(sum, big.1);
    if sum != 0 && negative { -magnitude } else { magnitude }
}

/// The number's magnitude as `mantissa * 2^exponent`.
fn parts(x: f64) -> (u64, i32) {
    let exponent = (x.to_bits() >> 52 & 0x7ff) as i32;
    let mantissa = x.to_bits() & ((1 << 52) - 1);
    if exponent == 0 { (mantissa, -1074) } else { (mantissa | 1 << 52, exponent - 1075) }
}

/// The same number with its first bit at bit 125: room for a carry, and at least 19 zeros below a product.
fn normalize(mantissa: u128, exponent: i32) -> (u128, i32) {
    let shift = mantissa.leading_zeros() - 2;
    (mantissa << shift, exponent - shift as i32)
}

/// The last bit remembers whether anything was shifted out.
fn shift_right_sticky(x: u128, shift: u32) -> u128 {
    let shifted = x.checked_shr(shift).unwrap_or(0);
    let lost = shifted.checked_shl(shift).unwrap_or(0) != x;
    shifted | u128::from(lost)
}

/// `mantissa * 2^exponent` to nearest, ties to even.
fn round(mantissa: u128, exponent: i32) -> f64 {
    if mantissa == 0 {
        return 0.0;
    }
    let top = 127 - mantissa.leading_zeros() as i32;
    // The exponent of the result's last bit.
    let last = (exponent + top - 52).max(-1074);
    let shift = last - exponent;
    let rounded = if shift <= 0 {
        mantissa << -shift
    } else if shift > 127 {
        0
    } else {
        let (kept, rest, half) = (mantissa >> shift, mantissa & ((1 << shift) - 1), 1 << (shift - 1));
        kept + u128::from(rest > half || rest == half && kept & 1 == 1)
    };
    // A carry out of the mantissa rightly lands in the exponent.
    let rounded = rounded as u64;
    let bits = match rounded.checked_sub(1 << 52) {
        Some(fraction) => (((last + 1075) as u64) << 52) + fraction,
        None => rounded,
    };
    f64::from_bits(bits.min(f64::INFINITY.to_bits()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn d(value: f64) -> u64 {
        value.to_bits()
    }

    #[test]
    fn arithmetic_keeps_denormals() {
        assert_eq!(dadd(1, 1), 2);
        assert_eq!(dmul(d(f64::MIN_POSITIVE), d(0.5)), 1 << 51);
        assert_eq!(ddiv(d(0.0), d(0.0)), NAN);
        assert_eq!(drcp(d(-0.0)), d(f64::NEG_INFINITY));
        assert_eq!([dmin(NAN | 1, d(2.0)), dmin(0, SIGN), dmax(SIGN, 0)], [d(2.0), SIGN, 0]);
        assert_eq!([saturate(NAN), saturate(SIGN), saturate(d(7.0)), saturate(1)], [0, 0, d(1.0), 1]);
    }

    #[test]
    fn conversions() {
        assert_eq!(dtof(d(1.0 + f64::EPSILON)), 1.0_f32.to_bits());
        // A denormal float is flushed on either side.
        assert_eq!(dtof(d(-1.0e-40)), 0x8000_0000);
        assert_eq!(ftod(1), 0);
        assert_eq!(
            [dtoi(d(-2.9)), dtoi(d(1.0e300)), dtou(d(-1.0)), dtou(NAN)],
            [-2_i32 as u32, i32::MAX as u32, 0, 0]
        );
        assert_eq!([itod(u32::MAX), utod(u32::MAX)], [d(-1.0), d(4_294_967_295.0)]);
    }

    #[test]
    fn fused_specials() {
        let inf = d(f64::INFINITY);
        assert_eq!(dfma(d(1.0e200), d(1.0e200), inf | SIGN), inf | SIGN);
        assert_eq!(dfma(inf, d(0.0), d(1.0)), NAN);
        assert_eq!(dfma(d(1.0e200), d(-1.0e200), d(1.0)), inf | SIGN);
        assert_eq!(dfma(d(3.0), d(4.0), d(-12.0)), 0);
        // The exact square of 1 + 2^-52 keeps its last bit.
        let x = 1.0 + f64::EPSILON;
        assert_eq!(dfma(d(x), d(x), d(-1.0 - 2.0 * f64::EPSILON)), d(f64::EPSILON * f64::EPSILON));
        // A negative product too small to represent, plus zero.
        assert_eq!(dfma(d(-f64::MIN_POSITIVE), d(f64::MIN_POSITIVE), 0), SIGN);
    }

    proptest! {
        /// The standard library's operation is specified to round once, too.
        #[test]
        fn fused_is_the_standard_one(a: u64, b: u64, c: u64, near in -130_i64..130) {
            // Bring the addend near the product, where cancellation is hard.
            let exponent = |x: u64| (x >> 52 & 0x7ff) as i64;
            let wanted = (exponent(a) + exponent(b) - 1023 + near).clamp(0, 2046) as u64;
            for c in [c, c & !(0x7ff << 52) | wanted << 52] {
                #[allow(clippy::disallowed_methods, reason = "the oracle")]
                let expected = result(value(a).mul_add(value(b), value(c)));
                prop_assert_eq!(dfma(a, b, c), expected);
            }
        }
    }
}
