//! Powers.
//!
//! The usual way is `exp2(y log2(x))` in `f64`. Its relative error is below 2^-42: 2^-50 of a logarithm times y
//! that is below 2^7.3, times ln(2), and little else. If everything within 2^-41 rounds to one float, that is the
//! result. Otherwise (once in 2^16 of arbitrary arguments, and for exact middles such as 4097^2) `exp(y ln(x))` runs
//! on integers of 256 bits with an error below 2^-150.
//!
//! Proven by those bounds: every result that lies more than 2^-124 relative away from the middle of two floats, and
//! every one that is such a middle, where the even float wins. What rests on probability is that no power comes
//! closer without being one: some 2^61 pairs of arguments have a power that is neither 0, 1 nor infinite, and each
//! would do so with a chance of 2^-100.

use super::NAN;
use super::exponential::{exp2_kernel, log2_kernel};
use super::wide::Wide;

/// `|x|^y`, the power of Direct3D 9 (d3d-rules §17.5.3); 1 for `y = 0`.
#[inline]
pub fn pow_abs(x: f32, y: f32) -> f32 {
    pow(x.abs(), y)
}

/// `x^y` with the special values of IEEE 754's pow.
///
/// Those are: 1 for `x = 1` or `y = 0` even if the other is NaN, and for `x = -1` with an infinite `y`; NaN for any
/// other NaN and for a finite negative `x` with a `y` that is no integer. Zeros and infinities give limits. The sign
/// of `x` stays for odd `y`.
pub fn pow(x: f32, y: f32) -> f32 {
    if x == 1.0 || y == 0.0 {
        return 1.0;
    }
    let integral = y.trunc() == y;
    if x.is_nan() || y.is_nan() || (x < 0.0 && x != f32::NEG_INFINITY && !integral) {
        return NAN;
    }
    // From 2^24 on all floats are even.
    let odd = integral && y.abs() < 16_777_216.0 && y as i32 & 1 == 1;
    let magnitude = if x == -1.0 { 1.0 } else { power(x.abs(), y) };
    if odd && x.is_sign_negative() { -magnitude } else { magnitude }
}

/// `x^y` for `x >= 0` except 1 and any `y` except 0 and NaN.
fn power(x: f32, y: f32) -> f32 {
    const ERROR: f64 = 1.0 / (1u64 << 41) as f64;
    let power = exp2_kernel(f64::from(y) * log2_kernel(f64::from(x)));
    let (low, high) = ((power * (1.0 - ERROR)) as f32, (power * (1.0 + ERROR)) as f32);
    if low == high { low } else { wide_power(x, y) }
}

/// `x^y` for a finite `x > 0` and a result from 2^-152 to 2^129.
#[cold]
fn wide_power(x: f32, y: f32) -> f32 {
    let (logarithm, negative) = wide_ln(x);
    let (mantissa, exponent) = parts(y.abs());
    // |ln(x^y)| = n ln(2) + rest
    let mut rest = logarithm.times(mantissa).scaled(exponent);
    let mut n = 0;
    while let Some(less) = rest.checked_sub(Wide::LN_2) {
        rest = less;
        n += 1;
    }
    if negative != (y < 0.0) {
        n = -n - 1;
        rest = Wide::LN_2.checked_sub(rest).unwrap_or(Wide::ZERO);
    }
    round(rest.exp(), n)
}

/// `value 2^n` for a value from 1 to 2 that is exact where 53 bits come within 2^-124 of it.
fn round(value: Wide, n: i32) -> f32 {
    let [_, low, middle, high] = value.0;
    // 126 bits of fraction, and what they may be off.
    let bits = u128::from(high) << 126 | u128::from(middle) << 62 | u128::from(low) >> 2;
    const ERROR: u128 = 2;
    let bits = bits + ERROR;
    // Rounding to odd, the last of 53 bits tells whether anything follows, so that the conversion below
    // rounds only once, be its result normal or denormal.
    let (kept, dropped) = ((bits >> 74) as u64, bits & ((1 << 74) - 1));
    let odd = kept | u64::from(dropped > 2 * ERROR);
    let scale = f64::from_bits(((1023 - 52 + n) as u64) << 52);
    (odd as f64 * scale) as f32
}

/// `|ln(x)|` for a finite `x > 0`, and whether the logarithm is negative.
fn wide_ln(x: f32) -> (Wide, bool) {
    let (mantissa, exponent) = parts(x);
    // x = m 2^e with m from 1 up to 2: ln(m) = 2 artanh((m - 1) / (m + 1)).
    let (one, e) = (1 << 23, exponent + 23);
    let fraction = Wide::twice_artanh(mantissa - one, mantissa + one);
    let whole = Wide::LN_2.times(e.unsigned_abs().into());
    match whole.checked_sub(fraction) {
        Some(difference) if e < 0 => (difference, true),
        _ => (whole.add(fraction), false),
    }
}

/// A finite positive float as an integer of 24 bits times a power of two.
fn parts(x: f32) -> (u64, i32) {
    let bits = f64::from(x).to_bits();
    (bits >> 29 & 0x7f_ffff | 0x80_0000, (bits >> 52) as i32 - 1023 - 23)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f32 = f32::INFINITY;

    #[test]
    fn special_values() {
        for (x, y, want) in [
            (NAN, 0.0, 1.0),
            (INF, -0.0, 1.0),
            (1.0, NAN, 1.0),
            (1.0, -INF, 1.0),
            (-1.0, INF, 1.0),
            (NAN, 1.0, NAN),
            (2.0, -NAN, NAN),
            (-2.0, 0.5, NAN),
            (-2.0, 3.0, -8.0),
            (-2.0, -2.0, 0.25),
            (-1.0, 16_777_216.0, 1.0),
            (-1.0, 16_777_215.0, -1.0),
            (0.0, 2.5, 0.0),
            (-0.0, 3.0, -0.0),
            (-0.0, 2.5, 0.0),
            (0.0, -1.0, INF),
            (-0.0, -1.0, -INF),
            (-0.0, -2.0, INF),
            (0.5, INF, 0.0),
            (0.5, -INF, INF),
            (-2.0, INF, INF),
            (INF, 0.5, INF),
            (INF, -0.5, 0.0),
            (-INF, 3.0, -INF),
            (-INF, 0.5, INF),
            (-INF, -1.0, -0.0),
            (0.0, -INF, INF),
        ] {
            assert_eq!(pow(x, y).to_bits(), want.to_bits(), "{x} ^ {y}");
        }
        assert_eq!(pow_abs(-2.0, 0.5), std::f32::consts::SQRT_2);
        assert_eq!(pow_abs(-3.0, 3.0), 27.0);
    }

    #[test]
    fn middles_of_floats_go_to_even() {
        // 2^24 + 2^13 + 1 and 2^24 + 3 * 2^13 + 9, where floats are the multiples of 2.
        assert_eq!(pow(4097.0, 2.0), 16_785_408.0);
        assert_eq!(pow(4099.0, 2.0), 16_801_800.0);
        assert_eq!(pow(1.0 / 4096.0 + 1.0, 2.0), 1.0 + 1.0 / 2048.0);
        // Halfway to the least denormal, and just above.
        assert_eq!(pow(2.0, -150.0), 0.0);
        assert_eq!(pow(f32::from_bits(0x3fff_ffff), -150.0), f32::from_bits(1));
        // 1.5 and 2.5 units of 2^-149.
        assert_eq!(round(Wide::integer(3).over(2), -149), f32::from_bits(2));
        assert_eq!(round(Wide::integer(5).over(4), -148), f32::from_bits(2));
        // Halfway from the greatest float to what would follow.
        assert_eq!(round(Wide::integer(2).checked_sub(Wide::integer(1).scaled(-24)).unwrap(), 127), INF);
    }

    #[test]
    fn both_ways_agree() {
        let mut tried = 0;
        for i in 0..2_000u32 {
            let x = f32::from_bits(i.wrapping_mul(0x9e37_79b9) >> 1);
            let y = f32::from_bits(0x3d00_0000 + (i.wrapping_mul(0x85eb_ca6b) >> 6))
                * if i & 1 == 0 { 1.0 } else { -1.0 };
            let exponent = f64::from(y) * log2_kernel(f64::from(x));
            if x.is_finite() && x != 1.0 && exponent.abs() < 150.0 {
                assert_eq!(wide_power(x, y).to_bits(), power(x, y).to_bits(), "{x:e} ^ {y:e}");
                tried += 1;
            }
        }
        assert!(tried > 500, "{tried}");
    }
}
