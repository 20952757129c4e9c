//! Every float function of Direct3D shaders that is more than one IEEE operation, **correctly rounded**.
//!
//! A correctly rounded result is the float nearest to the exact one (ties to even), so it cannot depend on the
//! CPU: the same bits come from every machine, thread count and optimisation level. The bounds of Direct3D (2^-21
//! relative for most, d3d-rules §1.8) are met with room to spare.
//!
//! **Two layers.** These functions follow IEEE 754: they honour denormals in arguments and results. Direct3D
//! flushes both (§1.1), which the interpreters do around each instruction with [`flush`]. Every NaN result is
//! [`NAN`].
//!
//! **How.** Each function is a plain `f64` kernel: an argument reduction and one polynomial, without fused steps,
//! tables or branches on values inside the usual range, so that vector code can repeat it operation by operation. A
//! kernel errs by a few units of 2^-53; rounding its result to 24 bits is right unless the exact result lies about
//! that close to the middle between two floats. All such arguments were found by running every float against
//! CORE-MATH's correctly rounded functions (roots and reciprocals: against exact integers), and are listed in each
//! function:
//!
//! | function | arguments tried | misrounded | listed exceptions |
//! |---|---|---|---|
//! | [`exp2`] | 2^32 | 0 | 2 |
//! | [`log2`] | 2^32 | 0 | 0 |
//! | [`sin`] | 2^32 | 0 | 3, and their negatives |
//! | [`cos`] | 2^32 | 0 | 4, and their negatives |
//! | [`rcp`], [`sqrt`] | 2^32 | 0 | 0 (one IEEE operation) |
//! | [`rsqrt`] | 2^32 | 0 | 0 |
//!
//! After touching a kernel repeat that with the ignored tests of `tests/math_exhaustive.rs` and `tests/simd_math.rs`, one for
//! each function.
//!
//! [`pow`] has too many arguments to try. It tests whether its kernel's error could matter and, if so (once in
//! 2^16), decides in integers of 256 bits; `power.rs` says what of that is proven.

mod exponential;
mod power;
mod rules;
mod trigonometric;
mod wide;

pub use exponential::{exp2, log2};
pub use power::{pow, pow_abs};
pub use rules::{
    canonical, f16_to_f32, f32_to_f16, f32_to_i32, f32_to_u32, flush, frac, max, min, round_ne, round_ni,
    round_pi, round_z, saturate,
};
pub use trigonometric::{cos, sin, sin_cos};

/// What the vector kernels of [`crate::simd`] share with the functions here.
pub(crate) mod kernel {
    pub(crate) use super::INTEGER;
    pub(crate) use super::exponential::{EXP2, EXP2_EXCEPTIONS, LOG2};
    pub(crate) use super::trigonometric::{LARGE, PI, sine};
}

/// The NaN of every result: positive, quiet, without payload.
pub const NAN: f32 = f32::from_bits(0x7fc0_0000);

/// `1 / x`; of ±0 it is ±infinity.
#[inline]
pub fn rcp(x: f32) -> f32 {
    canonical(1.0 / x)
}

/// The square root; of -0 it is -0, of negative numbers NaN.
#[inline]
pub fn sqrt(x: f32) -> f32 {
    canonical(x.sqrt())
}

/// `1 / sqrt(x)`; of ±0 it is ±infinity, of negative numbers NaN.
#[inline]
pub fn rsqrt(x: f32) -> f32 {
    canonical((1.0 / f64::from(x).sqrt()) as f32)
}

/// Adding this to an f64 below 2^51 rounds it to the nearest integer (ties to even), which then stands in the low
/// bits; subtracting it again leaves the integer as a number. It costs two additions on every CPU.
pub(crate) const INTEGER: f64 = 6_755_399_441_055_744.0;

/// `c[0] + x (c[1] + x (c[2] + ...))`, each step rounded.
#[inline]
fn polynomial<const N: usize>(x: f64, coefficients: &[f64; N]) -> f64 {
    let mut sum = coefficients[N - 1];
    for &coefficient in coefficients[..N - 1].iter().rev() {
        sum = sum * x + coefficient;
    }
    sum
}

/// The right result for an argument that a kernel's error would decide wrongly, else the kernel's `result`.
#[inline]
fn unless_listed<const N: usize>(argument: f32, result: f32, exceptions: &[(u32, u32); N]) -> f32 {
    let listed = exceptions.iter().find(|&&(bits, _)| bits == argument.to_bits());
    listed.map_or(result, |&(_, right)| f32::from_bits(right))
}
