//! The kernels of [`crate::math`] on vectors: the same roundings, hence the same bits. Only the reciprocal root goes
//! another way to the same floats.

use std::ops::{Add, Mul, Sub};

use fearless_simd::prelude::*;

use super::float::{bits, float, flushed};
use crate::math::kernel::{self, EXP2, LOG2, SINE};

/// What kernels take: neighbouring vectors.
pub(super) type Two<S> = [<S as Simd>::f32s; 2];

/// The doubles of two vectors of floats. They go through a kernel side by side, so that each step's latency hides behind
/// the other vectors'.
#[derive(Clone, Copy)]
struct Wide<S: Simd>([S::f64s; 4]);

macro_rules! operator {
    ($trait:ident, $method:ident) => {
        impl<S: Simd> $trait for Wide<S> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
                Self([a.$method(e), b.$method(f), c.$method(g), d.$method(h)])
            }
        }

        impl<S: Simd> $trait<f64> for Wide<S> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: f64) -> Self {
                self.each(
                    #[inline(always)]
                    |x| x.$method(other),
                )
            }
        }
    };
}

operator!(Add, add);
operator!(Sub, sub);
operator!(Mul, mul);

impl<S: Simd> Wide<S> {
    #[inline(always)]
    fn new([x, y]: Two<S>) -> Self {
        let ((a, b), (c, d)) = (x.widen(), y.widen());
        Self([a, b, c, d])
    }

    #[inline(always)]
    fn each(self, f: impl Fn(S::f64s) -> S::f64s) -> Self {
        let [a, b, c, d] = self.0;
        Self([f(a), f(b), f(c), f(d)])
    }

    /// Applies `f` to the bits of the doubles.
    #[inline(always)]
    fn each_bits(self, f: impl Fn(S::u64s) -> S::u64s) -> Self {
        self.each(
            #[inline(always)]
            |x| f(x.bitcast()).bitcast(),
        )
    }

    /// Applies `f` to the bits of both.
    #[inline(always)]
    fn zip_bits(self, other: Self, f: impl Fn(S::u64s, S::u64s) -> S::u64s) -> Self {
        let ([a, b, c, d], [e, p, q, r]) = (self.0, other.0);
        Self([
            f(a.bitcast(), e.bitcast()).bitcast(),
            f(b.bitcast(), p.bitcast()).bitcast(),
            f(c.bitcast(), q.bitcast()).bitcast(),
            f(d.bitcast(), r.bitcast()).bitcast(),
        ])
    }

    /// `c[0] + x (c[1] + x (c[2] + ...))`, each step rounded.
    #[inline(always)]
    fn polynomial<const N: usize>(self, coefficients: &[f64; N]) -> Self {
        let mut sum = self * coefficients[N - 1] + coefficients[N - 2];
        for &coefficient in coefficients[..N - 2].iter().rev() {
            sum = sum * self + coefficient;
        }
        sum
    }

    /// The nearest floats.
    #[inline(always)]
    fn narrow(self) -> Two<S> {
        let [a, b, c, d] = self.0;
        [a.narrow(b), c.narrow(d)]
    }
}

/// Applies `f` to each vector of arguments and its results.
#[inline(always)]
fn fix<S: Simd>([x, y]: Two<S>, [a, b]: Two<S>, f: impl Fn(S::f32s, S::f32s) -> S::f32s) -> Two<S> {
    [f(x, a), f(y, b)]
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

/// A root and a quotient of floats, and one step of Newton's method in doubles. The step leaves out 3/8 of the square of
/// what it corrects, up to 2^-46, half of which is added beforehand: so no result is on the wrong side of the middle
/// between two floats (all arguments from 1 to 4 were tried; the others are these times powers of 4).
#[inline(always)]
pub(super) fn rsqrt<S: Simd>(s: S, [x, y]: Two<S>) -> Two<S> {
    const HALF: f64 = 0.5 + 3.0 / (1u64 << 50) as f64;
    let one = S::f32s::splat(s, 1.0);
    let guess = [one / x.sqrt(), one / y.sqrt()];
    let root = Wide::<S>::new(guess);
    let half = Wide::<S>::new([x, y]) * 0.5;
    let correction = (half * root * root).each(
        #[inline(always)]
        |x| S::f64s::splat(s, HALF) - x,
    );
    fix::<S>(
        guess,
        (root + root * correction).narrow(),
        // Of zeros and infinities the first guess is right.
        #[inline(always)]
        |guess, result| result.simd_eq(result).select(result, guess),
    )
}

/// Two to the power of `x`, flushed.
#[inline(always)]
pub(super) fn exp2<S: Simd>(s: S, x: Two<S>) -> Two<S> {
    let limited = Wide::<S>::new(x).each(
        #[inline(always)]
        |x| {
            let (most, least) = (S::f64s::splat(s, 160.0), S::f64s::splat(s, -160.0));
            let x = x.simd_gt(most).select(most, x);
            x.simd_lt(least).select(least, x)
        },
    );
    let shifted = limited + kernel::INTEGER;
    let r = limited - (shifted - kernel::INTEGER);
    let scale = shifted.each_bits(
        #[inline(always)]
        |exponent| (exponent << 52) + S::u64s::splat(s, 1f64.to_bits()),
    );
    let result = (r * r.polynomial(&EXP2) + 1.0) * scale;
    fix::<S>(
        x,
        result.narrow(),
        #[inline(always)]
        |x, result| flushed(s, unless_listed(s, bits::<S>(x), result, &kernel::EXP2_EXCEPTIONS)),
    )
}

#[inline(always)]
pub(super) fn log2<S: Simd>(s: S, x: Two<S>) -> Two<S> {
    // x = m 2^e with m from sqrt(1/2) up to sqrt(2). The exponent is kept 1024 too large to stay positive.
    const BIAS: u64 = 1024 << 52;
    // An integer below 2^52 in the low bits of 2^52 is a float.
    const HUGE: f64 = (1u64 << 52) as f64;
    let wide = Wide::<S>::new(x);
    let biased = wide.each_bits(
        #[inline(always)]
        |x| (x + S::u64s::splat(s, BIAS.wrapping_sub(std::f64::consts::FRAC_1_SQRT_2.to_bits()))) >> 52,
    );
    let m = wide.zip_bits(
        biased,
        #[inline(always)]
        |x, biased| x - (biased << 52) + S::u64s::splat(s, BIAS),
    );
    let e = biased.each_bits(
        #[inline(always)]
        |biased| biased | S::u64s::splat(s, HUGE.to_bits()),
    );
    let e = e - (HUGE + 1024.0);
    let ([a, b, c, d], [p, q, r, t]) = ((m - 1.0).0, (m + 1.0).0);
    let t = Wide::<S>([a / p, b / q, c / r, d / t]);
    let square = t * t;
    let tail = t * (square * square.polynomial(&LOG2));
    let result = e + (t * (2.0 * std::f64::consts::LOG2_E) + tail);
    fix::<S>(
        x,
        result.narrow(),
        #[inline(always)]
        |x, result| {
            let (zero, infinity) = (S::f32s::splat(s, 0.0), S::f32s::splat(s, f32::INFINITY));
            let result = x.simd_eq(zero).select(S::f32s::splat(s, f32::NEG_INFINITY), result);
            let result = x.simd_eq(infinity).select(infinity, result);
            x.simd_ge(zero).select(result, S::f32s::splat(s, f32::NAN))
        },
    )
}

/// `sin(x + offset pi)` for `x` from 0 to [`kernel::LARGE`], rounded.
#[inline(always)]
fn sine_kernel<S: Simd>(x: Two<S>, offset: f64) -> Two<S> {
    let x = Wide::<S>::new(x);
    let half_turns = x * std::f64::consts::FRAC_1_PI;
    // Adding no offset would change nothing but the time that it takes.
    let half_turns = if offset == 0.0 { half_turns } else { half_turns + offset };
    let shifted = half_turns + kernel::INTEGER;
    let n = shifted - kernel::INTEGER;
    let n = if offset == 0.0 { n } else { n - offset };
    let [first, second, third] = kernel::PI;
    let r = ((x - n * first) - n * second) - n * third;
    let square = r * r;
    let sine = r + r * (square * square.polynomial(&SINE));
    let signed = sine.zip_bits(
        shifted,
        #[inline(always)]
        |sine, odd| sine ^ (odd << 63),
    );
    signed.narrow()
}

/// Does the lanes again, by the reference, whose argument is listed or needs more than the vector kernel has.
#[inline(always)]
fn unless_rare<S: Simd, const N: usize>(
    s: S,
    x: S::f32s,
    result: S::f32s,
    exceptions: &[(u32, u32); N],
    exact: impl Fn(f32) -> f32,
) -> S::f32s {
    let magnitude = bits::<S>(x) & 0x7fff_ffff;
    let mut rare = float::<S>(magnitude).simd_ge(S::f32s::splat(s, kernel::LARGE));
    for &(listed, _) in exceptions {
        rare |= magnitude.simd_eq(S::u32s::splat(s, listed));
    }
    if rare.all_false() {
        return result;
    }
    let mut result = result;
    for (lane, word) in result.as_mut_slice().iter_mut().enumerate() {
        let angle = x.as_slice()[lane];
        let listed = exceptions.iter().any(|&(listed, _)| listed == angle.abs().to_bits());
        if angle.abs() >= kernel::LARGE || listed {
            *word = exact(angle);
        }
    }
    result
}

#[inline(always)]
fn magnitudes<S: Simd>([x, y]: Two<S>) -> Two<S> {
    [float::<S>(bits::<S>(x) & 0x7fff_ffff), float::<S>(bits::<S>(y) & 0x7fff_ffff)]
}

#[inline(always)]
pub(super) fn sin<S: Simd>(s: S, x: Two<S>) -> Two<S> {
    fix::<S>(
        x,
        sine_kernel::<S>(magnitudes::<S>(x), 0.0),
        #[inline(always)]
        |x, sine| {
            let signed = float::<S>(bits::<S>(sine) ^ (bits::<S>(x) & 0x8000_0000));
            unless_rare(s, x, signed, &kernel::SIN_EXCEPTIONS, crate::math::sin)
        },
    )
}

#[inline(always)]
pub(super) fn cos<S: Simd>(s: S, x: Two<S>) -> Two<S> {
    fix::<S>(
        x,
        sine_kernel::<S>(magnitudes::<S>(x), 0.5),
        #[inline(always)]
        |x, cosine| unless_rare(s, x, cosine, &kernel::COS_EXCEPTIONS, crate::math::cos),
    )
}
