//! Sine and cosine of any angle.

use std::ops::{Add, Mul};

use super::{INTEGER, NAN, unless_listed};

/// Arguments, all above [`LARGE`], of which [`sin`] would round the kernel's result wrongly: the exact sine lies 2^-52.2
/// relative or less from the middle of two floats.
const SIN_EXCEPTIONS: [(u32, u32); 3] =
    [(0x55ca_fb2a, 0xbf7e_7a17), (0x6446_cec0, 0xbf69_95bd), (0x67a9_242b, 0xbf7f_ab81)];

/// The same of [`cos`], 2^-52.6 or less.
const COS_EXCEPTIONS: [(u32, u32); 4] = [
    (0x5922_aa80, 0x3f08_aebf),
    (0x5944_3c0a, 0x3f42_5f62),
    (0x6115_cb11, 0x3f78_142f),
    (0x7908_cd73, 0x3f79_8bb5),
];

/// (sin(r) / r - 1) / r^2 in r^2 for |r| <= pi/2, nearly minimax: r^3 times the polynomial errs by 2^-51.4 relative.
/// Among many such polynomials this one was chosen because its sines and cosines of all floats below [`LARGE`] round
/// rightly.
const SINE: [f64; 7] = [
    -0.166_666_666_666_664_27,
    0.008_333_333_333_294_663,
    -0.000_198_412_698_262_264_98,
    2.755_731_665_795_682_6e-6,
    -2.505_188_055_389_249_6e-8,
    1.604_803_712_776_697_6e-10,
    -7.372_075_045_489_006e-13,
];

/// Pi in parts of 30 and 53 significant bits.
pub(crate) const PI: [f64; 2] = [3.141_592_655_330_896_4, -1.741_103_139_100_833_2e-9];

/// The sine of `x` radians, however large (d3d-rules §1.8); of infinities it is NaN, of ±0 it is ±0.
#[inline]
pub fn sin(x: f32) -> f32 {
    if !x.is_finite() {
        return NAN;
    }
    let magnitude = x.abs();
    let sine = unless_listed(magnitude, sin_kernel(magnitude, 0.0) as f32, &SIN_EXCEPTIONS);
    if x.is_sign_negative() { -sine } else { sine }
}

/// The cosine of `x` radians, however large (d3d-rules §1.8); of infinities it is NaN.
#[inline]
pub fn cos(x: f32) -> f32 {
    if !x.is_finite() {
        return NAN;
    }
    unless_listed(x.abs(), sin_kernel(x.abs(), 0.5) as f32, &COS_EXCEPTIONS)
}

/// Sine and cosine, the results of `sincos`.
#[inline]
pub fn sin_cos(x: f32) -> (f32, f32) {
    (sin(x), cos(x))
}

/// `sin(x + offset pi)` for a finite `x >= 0` and an offset of 0 or 1/2, within 2^-51 relative.
#[inline]
fn sin_kernel(x: f32, offset: f64) -> f64 {
    let (r, odd) = if x < LARGE { reduce(f64::from(x), offset) } else { reduce_large(x, offset) };
    let sine = sine(r);
    if odd { -sine } else { sine }
}

/// `sin(r)` for |r| <= pi/2, of a number or of vectors. The terms are added in pairs, so that few wait for others.
#[inline(always)]
pub(crate) fn sine<T>(r: T) -> T
where
    T: Copy + Add<Output = T> + Mul<Output = T> + Add<f64, Output = T> + Mul<f64, Output = T>,
{
    let [a, b, c, d, e, f, g] = SINE;
    let x = r * r;
    let square = x * x;
    let (low, middle, high) = (x * b + a, x * d + c, x * f + e);
    r + (r * x) * ((low + square * middle) + (square * square) * (high + square * g))
}

/// 2^23, from where on floats are whole numbers and [`reduce`] would lose bits.
pub(crate) const LARGE: f32 = 8_388_608.0;

/// `x + offset pi` as `r + k pi` with |r| <= pi/2, for `x` below [`LARGE`], and whether k is odd (Cody and Waite).
///
/// `k - offset` has at most 23 significant bits, so its product with the first part of pi is exact; so is the first
/// difference wherever it cancels. What is left out is below 2^-60. Where that is much of `r`, few floats are:
/// none is decided wrongly.
#[inline]
fn reduce(x: f64, offset: f64) -> (f64, bool) {
    let shifted = (x * std::f64::consts::FRAC_1_PI + offset) + INTEGER;
    let n = (shifted - INTEGER) - offset;
    let r = (x - n * PI[0]) - n * PI[1];
    (r, shifted.to_bits() & 1 == 1)
}

/// [`reduce`] for finite `x` from [`LARGE`] on (Payne and Hanek).
///
/// There `x` is an integer of 24 bits times 2^e, so only 128 bits of 1 / (2 pi) from the e-th on matter: what stands
/// before adds whole turns, which wrapping integers drop; what follows adds less than 2^-104 turns. Floats keep
/// 2^-32 turns away from multiples of a quarter.
#[cold]
fn reduce_large(x: f32, offset: f64) -> (f64, bool) {
    // 1 / (2 pi) times 2^256, more significant half first.
    const TURNS_PER_RADIAN: [u128; 2] =
        [0x28be_60db_9391_054a_7f09_d5f4_7d4d_3770, 0x36d8_a566_4f10_e410_7f94_58ea_f7ae_f158];
    const HALF_TURN: f64 = std::f64::consts::PI / 2.0 / (1u128 << 127) as f64;
    let mantissa = u128::from(x.to_bits() & 0x7f_ffff | 0x80_0000);
    let e = (x.to_bits() >> 23) - 150;
    let window = TURNS_PER_RADIAN[0] << e | TURNS_PER_RADIAN[1] >> 1 >> (127 - e);
    // In turns times 2^128. Half turns of offset are quarters of u128's range.
    let turns = mantissa.wrapping_mul(window).wrapping_add(((2.0 * offset) as u128) << 126);
    // The distance to the nearest half turn, in half turns times 2^128, and the parity of that half turn.
    let distance = (turns << 1) as i128;
    let odd = turns.wrapping_add(1 << 126) >> 127 == 1;
    (distance as f64 * HALF_TURN, odd)
}
