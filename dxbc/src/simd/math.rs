//! The kernels of [`crate::math`] on vectors: the same roundings, hence the same bits. Only the reciprocal root goes
//! another way to the same floats.

use std::ops::{Add, Mul, Sub};

use fearless_simd::prelude::*;

use super::float::{bits, float, flushed};
use super::rows::Doubles;
use crate::math::kernel::{self, EXP2, LOG2};

/// The doubles of a vector of floats.
#[derive(Clone, Copy)]
struct Wide<S: Simd>(Doubles<S>);

macro_rules! operator {
    ($trait:ident, $method:ident) => {
        impl<S: Simd> $trait for Wide<S> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                let ([a, b], [c, d]) = (self.0, other.0);
                Self([a.$method(c), b.$method(d)])
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
    fn new(x: S::f32s) -> Self {
        let (a, b) = x.widen();
        Self([a, b])
    }

    #[inline(always)]
    fn each(self, f: impl Fn(S::f64s) -> S::f64s) -> Self {
        let [a, b] = self.0;
        Self([f(a), f(b)])
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
        let ([a, b], [c, d]) = (self.0, other.0);
        Self([f(a.bitcast(), c.bitcast()).bitcast(), f(b.bitcast(), d.bitcast()).bitcast()])
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
    fn narrow(self) -> S::f32s {
        let [a, b] = self.0;
        a.narrow(b)
    }
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

/// A root and a quotient of floats: [`rsqrt`], nearly.
#[inline(always)]
pub(super) fn root<S: Simd>(s: S, x: S::f32s) -> Doubles<S> {
    Wide::<S>::new(S::f32s::splat(s, 1.0) / x.sqrt()).0
}

/// One step of Newton's method in doubles, from [`root`]. The step leaves out 3/8 of the square of what it corrects, up
/// to 2^-46, half of which is added beforehand: so no result is on the wrong side of the middle between two floats (all
/// arguments from 1 to 4 were tried; the others are these times powers of 4).
#[inline(always)]
pub(super) fn rsqrt<S: Simd>(s: S, x: S::f32s, root: Doubles<S>) -> S::f32s {
    const HALF: f64 = 0.5 + 3.0 / (1u64 << 50) as f64;
    let root = Wide::<S>(root);
    let correction = (Wide::<S>::new(x) * 0.5 * root * root).each(
        #[inline(always)]
        |x| S::f64s::splat(s, HALF) - x,
    );
    let result = (root + root * correction).narrow();
    // Of zeros and infinities the first guess is right.
    result.simd_eq(result).select(result, root.narrow())
}

/// Two to the power of `x`, flushed.
#[inline(always)]
pub(super) fn exp2<S: Simd>(s: S, x: S::f32s) -> S::f32s {
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
    let result = ((r * r.polynomial(&EXP2) + 1.0) * scale).narrow();
    flushed(s, unless_listed(s, bits::<S>(x), result, &kernel::EXP2_EXCEPTIONS))
}

#[inline(always)]
pub(super) fn log2<S: Simd>(s: S, x: S::f32s) -> S::f32s {
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
    let ([a, b], [c, d]) = ((m - 1.0).0, (m + 1.0).0);
    let t = Wide::<S>([a / c, b / d]);
    let square = t * t;
    let tail = t * (square * square.polynomial(&LOG2));
    let result = (e + (t * (2.0 * std::f64::consts::LOG2_E) + tail)).narrow();
    let (zero, infinity) = (S::f32s::splat(s, 0.0), S::f32s::splat(s, f32::INFINITY));
    let result = x.simd_eq(zero).select(S::f32s::splat(s, f32::NEG_INFINITY), result);
    let result = x.simd_eq(infinity).select(infinity, result);
    x.simd_ge(zero).select(result, S::f32s::splat(s, f32::NAN))
}

/// `|x| + offset pi` less the nearest multiple of pi, or that times -1 if the multiple is odd, for `x` below
/// [`kernel::LARGE`]: the sines are the same.
#[inline(always)]
pub(super) fn half_turn<S: Simd>(x: S::f32s, offset: f64) -> Doubles<S> {
    let x = Wide::<S>::new(magnitude::<S>(x));
    let half_turns = x * std::f64::consts::FRAC_1_PI;
    // Adding no offset would change nothing but the time that it takes.
    let half_turns = if offset == 0.0 { half_turns } else { half_turns + offset };
    let shifted = half_turns + kernel::INTEGER;
    let n = shifted - kernel::INTEGER;
    let n = if offset == 0.0 { n } else { n - offset };
    let [first, second] = kernel::PI;
    let signed = ((x - n * first) - n * second).zip_bits(
        shifted,
        #[inline(always)]
        |r, odd| r ^ (odd << 63),
    );
    signed.0
}

#[inline(always)]
fn magnitude<S: Simd>(x: S::f32s) -> S::f32s {
    float::<S>(bits::<S>(x) & 0x7fff_ffff)
}

/// Does the lanes again, by the reference, whose argument needs more than the vector kernel has.
#[inline(always)]
fn unless_large<S: Simd>(s: S, x: S::f32s, result: S::f32s, exact: fn(f32) -> f32) -> S::f32s {
    if magnitude::<S>(x).simd_ge(S::f32s::splat(s, kernel::LARGE)).all_false() {
        return result;
    }
    // Copies, so that only they must have addresses.
    let (angles, mut result) = (x, result);
    again(angles.as_slice(), result.as_mut_slice(), exact);
    result
}

#[cold]
#[inline(never)]
fn again(angles: &[f32], result: &mut [f32], exact: fn(f32) -> f32) {
    for (&angle, word) in angles.iter().zip(result).filter(|(angle, _)| angle.abs() >= kernel::LARGE) {
        *word = exact(angle);
    }
}

/// The sine of `x`, from its [`half_turn`] without offset.
#[inline(always)]
pub(super) fn sin<S: Simd>(s: S, x: S::f32s, r: Doubles<S>) -> S::f32s {
    let sine = kernel::sine(Wide::<S>(r)).narrow();
    let signed = float::<S>(bits::<S>(sine) ^ (bits::<S>(x) & 0x8000_0000));
    unless_large(s, x, signed, crate::math::sin)
}

/// The cosine of `x`, from its [`half_turn`] with an offset of a half.
#[inline(always)]
pub(super) fn cos<S: Simd>(s: S, x: S::f32s, r: Doubles<S>) -> S::f32s {
    unless_large(s, x, kernel::sine(Wide::<S>(r)).narrow(), crate::math::cos)
}
