//! The kernels of [`crate::math`], operation by operation, on vectors: the same roundings, hence the same bits.

use fearless_simd::prelude::*;

use super::float::{bits, float};
use crate::math::kernel::{self, EXP2, LOG2, SINE};

/// Applies an `f64` kernel to floats.
#[inline(always)]
fn wide<S: Simd>(x: S::f32s, f: impl Fn(S::f64s) -> S::f64s) -> S::f32s {
    let (low, high) = x.widen();
    f(low).narrow(f(high))
}

#[inline(always)]
fn double<S: Simd>(s: S, value: f64) -> S::f64s {
    S::f64s::splat(s, value)
}

#[inline(always)]
fn polynomial<S: Simd, const N: usize>(s: S, x: S::f64s, coefficients: &[f64; N]) -> S::f64s {
    let mut sum = S::f64s::splat(s, coefficients[N - 1]);
    for &coefficient in coefficients[..N - 1].iter().rev() {
        sum = sum * x + S::f64s::splat(s, coefficient);
    }
    sum
}

/// Replaces the results of listed arguments.
#[inline(always)]
fn unless_listed<S: Simd, const N: usize>(
    s: S,
    argument: S::u32s,
    result: S::f32s,
    exceptions: &[(u32, u32); N],
) -> S::f32s {
    let mut result = result;
    for &(listed, right) in exceptions {
        let hit = argument.simd_eq(S::u32s::splat(s, listed));
        result = hit.select(S::f32s::splat(s, f32::from_bits(right)), result);
    }
    result
}

#[inline(always)]
pub(super) fn rsqrt<S: Simd>(s: S, x: S::f32s) -> S::f32s {
    wide::<S>(
        x,
        #[inline(always)]
        |x| S::f64s::splat(s, 1.0) / x.sqrt(),
    )
}

#[inline(always)]
pub(super) fn exp2<S: Simd>(s: S, x: S::f32s) -> S::f32s {
    let result = wide::<S>(
        x,
        #[inline(always)]
        |x| {
            let (most, least) = (double::<S>(s, 160.0), double::<S>(s, -160.0));
            let x = x.simd_gt(most).select(most, x);
            let x = x.simd_lt(least).select(least, x);
            let shifted = x + double::<S>(s, kernel::INTEGER);
            let r = x - (shifted - double::<S>(s, kernel::INTEGER));
            let exponent: S::u64s = shifted.bitcast();
            let scale: S::u64s = (exponent << 52) + S::u64s::splat(s, 1f64.to_bits());
            let scale: S::f64s = scale.bitcast();
            (double::<S>(s, 1.0) + r * polynomial(s, r, &EXP2)) * scale
        },
    );
    unless_listed(s, bits::<S>(x), result, &kernel::EXP2_EXCEPTIONS)
}

#[inline(always)]
pub(super) fn log2<S: Simd>(s: S, x: S::f32s) -> S::f32s {
    let result = wide::<S>(
        x,
        #[inline(always)]
        |x| {
            // x = m 2^e with m from sqrt(1/2) up to sqrt(2). The exponent is kept 1024 too large to stay positive.
            const BIAS: u64 = 1024 << 52;
            let x: S::u64s = x.bitcast();
            let biased =
                (x + S::u64s::splat(s, BIAS.wrapping_sub(std::f64::consts::FRAC_1_SQRT_2.to_bits()))) >> 52;
            let m: S::u64s = x - (biased << 52) + S::u64s::splat(s, BIAS);
            let m: S::f64s = m.bitcast();
            // An integer below 2^52 in the low bits of 2^52 is a float.
            const HUGE: f64 = (1u64 << 52) as f64;
            let e: S::f64s = (biased | S::u64s::splat(s, HUGE.to_bits())).bitcast();
            let e = e - double::<S>(s, HUGE + 1024.0);
            let one = double::<S>(s, 1.0);
            let t = (m - one) / (m + one);
            let square = t * t;
            e + (t * double::<S>(s, 2.0 * std::f64::consts::LOG2_E)
                + t * (square * polynomial(s, square, &LOG2)))
        },
    );
    let zero = S::f32s::splat(s, 0.0);
    let result = x.simd_eq(zero).select(S::f32s::splat(s, f32::NEG_INFINITY), result);
    let infinity = S::f32s::splat(s, f32::INFINITY);
    let result = x.simd_eq(infinity).select(infinity, result);
    x.simd_ge(zero).select(result, S::f32s::splat(s, f32::NAN))
}

#[inline(always)]
fn sine_kernel<S: Simd>(s: S, x: S::f32s, offset: f64) -> S::f32s {
    wide::<S>(
        x,
        #[inline(always)]
        |x| {
            let (integer, offset) = (double::<S>(s, kernel::INTEGER), double::<S>(s, offset));
            let shifted = (x * double::<S>(s, std::f64::consts::FRAC_1_PI) + offset) + integer;
            let n = (shifted - integer) - offset;
            let [first, second, third] = kernel::PI;
            let (first, second, third) =
                (double::<S>(s, first), double::<S>(s, second), double::<S>(s, third));
            let r = ((x - n * first) - n * second) - n * third;
            let square = r * r;
            let sine = r + r * (square * polynomial(s, square, &SINE));
            let odd: S::u64s = shifted.bitcast();
            let sine: S::u64s = sine.bitcast();
            (sine ^ (odd << 63)).bitcast()
        },
    )
}

/// Lanes whose angle needs more than the vector kernel has.
#[inline(always)]
fn fix_large<S: Simd>(s: S, x: S::f32s, result: S::f32s, exact: impl Fn(f32) -> f32) -> S::f32s {
    let magnitude = float::<S>(bits::<S>(x) & 0x7fff_ffff);
    let large = magnitude.simd_ge(S::f32s::splat(s, kernel::LARGE))
        & magnitude.simd_lt(S::f32s::splat(s, f32::INFINITY));
    if large.all_false() {
        return result;
    }
    let mut result = result;
    for (lane, word) in result.as_mut_slice().iter_mut().enumerate() {
        let angle = x.as_slice()[lane];
        if angle.abs() >= kernel::LARGE {
            *word = exact(angle);
        }
    }
    result
}

#[inline(always)]
pub(super) fn sin<S: Simd>(s: S, x: S::f32s) -> S::f32s {
    let word = bits::<S>(x);
    let magnitude = word & 0x7fff_ffff;
    let sine = sine_kernel(s, float::<S>(magnitude), 0.0);
    let sine = unless_listed(s, magnitude, sine, &kernel::SIN_EXCEPTIONS);
    let signed = float::<S>(bits::<S>(sine) ^ (word & 0x8000_0000));
    fix_large(s, x, signed, crate::math::sin)
}

#[inline(always)]
pub(super) fn cos<S: Simd>(s: S, x: S::f32s) -> S::f32s {
    let magnitude = bits::<S>(x) & 0x7fff_ffff;
    let cosine = sine_kernel(s, float::<S>(magnitude), 0.5);
    let cosine = unless_listed(s, magnitude, cosine, &kernel::COS_EXCEPTIONS);
    fix_large(s, x, cosine, crate::math::cos)
}
