//! Powers of two and logarithms to base two.

use super::{INTEGER, canonical, polynomial, unless_listed};

/// Arguments that the kernel decides wrongly: their exact results lie 2^-53.2 and 2^-56.9 relative from the middle of
/// two floats.
pub(crate) const EXP2_EXCEPTIONS: [(u32, u32); 2] = [(0x3b42_9d37, 0x3f80_4385), (0xbcf3_a937, 0x3f7a_c6b1)];

/// (2^r - 1) / r for |r| <= 1/2, nearly minimax: r times the polynomial errs by 2^-57.
pub(crate) const EXP2: [f64; 11] = [
    std::f64::consts::LN_2,
    0.240_226_506_959_100_97,
    0.055_504_108_664_821_6,
    0.009_618_129_107_606_888,
    0.001_333_355_814_641_693_6,
    0.000_154_035_304_417_360_5,
    1.525_273_382_983_612e-5,
    1.321_544_258_792_169e-6,
    1.017_806_244_584_577_4e-7,
    7.072_585_949_269_223e-9,
    4.454_960_598_186_546_6e-10,
];

/// With t = s^2: (2 artanh(s) / ln(2) / s - 2 / ln(2)) / t, nearly minimax, for |s| < 0.172.
pub(crate) const LOG2: [f64; 7] = [
    0.961_796_693_925_976,
    0.577_078_016_354_134_6,
    0.412_198_583_898_478_85,
    0.320_598_737_952_134_5,
    0.262_323_644_467_344_7,
    0.221_189_828_772_373_45,
    0.210_872_753_072_167_16,
];

/// `2^x` (d3d-rules §1.8); of -infinity it is 0.
#[inline]
pub fn exp2(x: f32) -> f32 {
    canonical(unless_listed(x, exp2_kernel(f64::from(x)) as f32, &EXP2_EXCEPTIONS))
}

/// `2^x` within 2^-51 relative. Beyond ±160, where f32 has long overflowed or vanished, it stays at 2^±160.
#[inline]
pub(super) fn exp2_kernel(x: f64) -> f64 {
    let x = if x > 160.0 { 160.0 } else { x };
    let x = if x < -160.0 { -160.0 } else { x };
    let shifted = x + INTEGER;
    let r = x - (shifted - INTEGER);
    // 2^n: n stands in the low bits of `shifted`; the exponent field takes n + 1023.
    let scale = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1f64.to_bits()));
    (1.0 + r * polynomial(r, &EXP2)) * scale
}

/// The logarithm of `x` to base 2 (d3d-rules §1.8); of ±0 it is -infinity, of negative numbers NaN.
#[inline]
pub fn log2(x: f32) -> f32 {
    canonical(log2_kernel(f64::from(x)) as f32)
}

/// The logarithm to base 2, within 2^-50 relative, of a number that is a float (so that no exponent is extreme).
#[inline]
pub(super) fn log2_kernel(x: f64) -> f64 {
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    // Also false for NaN.
    let ordinary = x > 0.0 && x < f64::INFINITY;
    if !ordinary {
        return if x > 0.0 { x } else { f64::NAN };
    }
    // x = m 2^e with m from sqrt(1/2) up to sqrt(2).
    let e = x.to_bits().wrapping_sub(std::f64::consts::FRAC_1_SQRT_2.to_bits()) as i64 >> 52;
    let m = f64::from_bits(x.to_bits().wrapping_sub((e << 52) as u64));
    // log2(m) = 2 artanh(s) / ln(2), |s| < 0.172
    let s = (m - 1.0) / (m + 1.0);
    let square = s * s;
    e as f64 + (s * (2.0 * std::f64::consts::LOG2_E) + s * (square * polynomial(square, &LOG2)))
}
