//! Float kernels on vectors; the rules are those of [`crate::scalar`] and [`crate::math`].
//!
//! NaN results may have any payload. Operands are without denormals unless a kernel says otherwise.

use fearless_simd::prelude::*;

const SIGN: u32 = 0x8000_0000;
const EXPONENT: u32 = 0x7f80_0000;

#[inline(always)]
pub(super) fn float<S: Simd>(x: S::u32s) -> S::f32s {
    x.bitcast()
}

#[inline(always)]
pub(super) fn bits<S: Simd>(x: S::f32s) -> S::u32s {
    x.bitcast()
}

#[inline(always)]
pub(super) fn mask<S: Simd>(x: S::mask32s) -> S::u32s {
    x.to_vector().bitcast()
}

#[inline(always)]
fn abs<S: Simd>(x: S::u32s) -> S::f32s {
    float::<S>(x & !SIGN)
}

/// Whether selections are free, because vectors as wide as this one come with mask registers. Elsewhere a selection takes
/// one of the units that multiply, and and-or does not.
#[inline(always)]
fn has_masks<S: Simd>() -> bool {
    S::u32s::LEN == 16
}

/// True for denormals and zeros.
#[inline(always)]
fn is_small<S: Simd>(s: S, x: S::u32s) -> S::mask32s {
    // The integer test is two instructions with mask registers, the float one is shorter without.
    if has_masks::<S>() {
        (x & EXPONENT).simd_eq(S::u32s::splat(s, 0))
    } else {
        abs::<S>(x).simd_lt(S::f32s::splat(s, f32::MIN_POSITIVE))
    }
}

/// `x`, without these bits if it is denormal or zero.
#[inline(always)]
fn without_if_small<S: Simd>(s: S, x: S::u32s, cleared: S::u32s) -> S::u32s {
    let small = is_small(s, x);
    if has_masks::<S>() { small.select(x & !cleared, x) } else { x & !(mask::<S>(small) & cleared) }
}

/// Denormals become zeros of their sign.
#[inline(always)]
pub(super) fn flush<S: Simd>(s: S, x: S::u32s) -> S::u32s {
    without_if_small(s, x, S::u32s::splat(s, !SIGN))
}

/// The sum of a product and `addend`, both flushed, from the sum of what they were before. The addend absorbs
/// denormals unless it is zero; then the sum of two zeros is negative where both are.
#[inline(always)]
pub(super) fn flushed_late<S: Simd>(s: S, sum: S::f32s, addend: S::f32s) -> S::f32s {
    let (sum, addend) = (bits::<S>(sum), bits::<S>(addend));
    float::<S>(without_if_small(s, sum, !addend))
}

#[inline(always)]
pub(super) fn flushed<S: Simd>(s: S, x: S::f32s) -> S::f32s {
    float::<S>(flush(s, bits::<S>(x)))
}

/// `x y + z` where nothing can be denormal.
#[inline(always)]
pub(super) fn mad<S: Simd>(x: S::u32s, y: S::u32s, z: S::u32s) -> S::u32s {
    bits::<S>(float::<S>(x) * float::<S>(y) + float::<S>(z))
}

/// `x y + z` where `z` is zero or absorbs denormals.
#[inline(always)]
pub(super) fn mad_late<S: Simd>(s: S, x: S::u32s, y: S::u32s, z: S::u32s) -> S::u32s {
    bits::<S>(flushed_late(s, float::<S>(mad::<S>(x, y, z)), float::<S>(z)))
}

/// NaNs become the canonical one.
#[inline(always)]
pub(super) fn canonical<S: Simd>(s: S, x: S::u32s) -> S::u32s {
    let value = float::<S>(x);
    value.simd_eq(value).select(x, S::u32s::splat(s, 0x7fc0_0000))
}

/// `_sat` of any operand.
#[inline(always)]
pub(super) fn saturate<S: Simd>(s: S, x: S::u32s) -> S::u32s {
    let (value, one) = (float::<S>(x), S::f32s::splat(s, 1.0));
    let positive = value.simd_ge(S::f32s::splat(s, f32::MIN_POSITIVE)).select(value, S::f32s::splat(s, 0.0));
    bits::<S>(value.simd_ge(one).select(one, positive))
}

#[inline(always)]
pub(super) fn min<S: Simd>(s: S, x: S::u32s, y: S::u32s) -> S::u32s {
    let (a, b) = (float::<S>(x), float::<S>(y));
    let least = a.simd_lt(b).select(x, y);
    let least = b.simd_eq(b).select(least, x);
    // Of two zeros the one with a sign.
    least
        | if has_masks::<S>() {
            a.simd_eq(b).select(x, S::u32s::splat(s, 0))
        } else {
            mask::<S>(a.simd_eq(b)) & x
        }
}

#[inline(always)]
pub(super) fn max<S: Simd>(s: S, x: S::u32s, y: S::u32s) -> S::u32s {
    let (a, b) = (float::<S>(x), float::<S>(y));
    let most = a.simd_gt(b).select(x, y);
    let most = b.simd_eq(b).select(most, x);
    most & if has_masks::<S>() {
        a.simd_eq(b).select(x, S::u32s::splat(s, u32::MAX))
    } else {
        !(mask::<S>(a.simd_eq(b)) & !x)
    }
}

/// [`min`] of operands with denormals, which compare as zeros and keep their bits.
#[inline(always)]
pub(super) fn min_raw<S: Simd>(s: S, x: S::u32s, y: S::u32s) -> S::u32s {
    choose::<S>(x, y, less(s, x, y))
}

#[inline(always)]
pub(super) fn max_raw<S: Simd>(s: S, x: S::u32s, y: S::u32s) -> S::u32s {
    choose::<S>(x, y, !less(s, x, y))
}

#[inline(always)]
fn less<S: Simd>(s: S, x: S::u32s, y: S::u32s) -> S::mask32s {
    let (a, b) = (float::<S>(flush(s, x)), float::<S>(flush(s, y)));
    let signs: S::i32s = (x & !y).bitcast();
    a.simd_lt(b) | (a.simd_eq(b) & signs.simd_lt(S::i32s::splat(s, 0)))
}

#[inline(always)]
fn choose<S: Simd>(x: S::u32s, y: S::u32s, first: S::mask32s) -> S::u32s {
    let (a, b) = (float::<S>(x), float::<S>(y));
    let chosen = first.select(x, y);
    let chosen = b.simd_eq(b).select(chosen, x);
    a.simd_eq(a).select(chosen, y)
}

/// Direct3D 9's product: +0 as soon as a factor is zero.
#[inline(always)]
pub(crate) fn mul_legacy<S: Simd>(s: S, x: S::f32s, y: S::f32s) -> S::f32s {
    let zero = S::f32s::splat(s, 0.0);
    (x.simd_eq(zero) | y.simd_eq(zero)).select(zero, x * y)
}

/// `x - floor(x)`, below 1.
#[inline(always)]
pub(super) fn fraction<S: Simd>(s: S, x: S::f32s) -> S::f32s {
    let fraction = x - x.floor();
    let below_one = S::f32s::splat(s, f32::from_bits(0x3f7f_ffff));
    fraction.simd_ge(S::f32s::splat(s, 1.0)).select(below_one, fraction)
}
