//! Sixteen lanes at a time.
//!
//! Kernels are generic over a SIMD level and run inside `Simd::vectorize`; they use loops and no closures around vectors, so that
//! everything is compiled with the level's instructions. The arithmetic is the same at every level, bit for bit: no fused
//! steps, no approximations, no `min` and `max` of floats.

use fearless_simd::{f32x16, f64x8, i32x16, prelude::*, u32x16};

/// Lanes of a vector.
pub(crate) const VECTOR: usize = 16;

/// Lanes `at..at + 16` of a row; lanes beyond its end are zero.
#[inline(always)]
pub(crate) fn load<S: Simd>(simd: S, row: &[u32], at: usize) -> u32x16<S> {
    match row.get(at..at + VECTOR) {
        Some(lanes) => u32x16::from_slice(simd, lanes),
        None => {
            let mut lanes = [0; VECTOR];
            let rest = row.get(at..).unwrap_or(&[]);
            lanes[..rest.len()].copy_from_slice(rest);
            u32x16::simd_from(simd, lanes)
        }
    }
}

/// Sets lanes `at..at + 16` of a row, as far as it goes.
#[inline(always)]
pub(crate) fn store<S: Simd>(row: &mut [u32], at: usize, lanes: u32x16<S>) {
    match row.get_mut(at..at + VECTOR) {
        Some(row) => lanes.store_slice(row),
        None => {
            let rest = row.get_mut(at..).unwrap_or(&mut []);
            let count = rest.len();
            rest.copy_from_slice(&lanes.to_array()[..count]);
        }
    }
}

/// The one rounding to `f32`: to nearest even, denormals to zero, the one NaN (d3d-rules §1.1, §1.3).
#[inline(always)]
pub(crate) fn round<S: Simd>(simd: S, low: f64x8<S>, high: f64x8<S>) -> f32x16<S> {
    // In integers: compilers take NaN payloads for free in floats.
    let value: i32x16<S> = low.narrow(high).bitcast();
    let bits: i32x16<S> = flush(simd, value.bitcast()).bitcast();
    let nan = i32x16::splat(simd, 0x7fc0_0000);
    (value & 0x7fff_ffff).simd_gt(0x7f80_0000).select(nan, bits).bitcast()
}

/// Denormals are zero.
#[inline(always)]
pub(crate) fn flush<S: Simd>(simd: S, value: f32x16<S>) -> f32x16<S> {
    let bits: i32x16<S> = value.bitcast();
    let sign = i32x16::splat(simd, i32::MIN);
    (bits & i32::MAX).simd_lt(0x0080_0000).select(bits & sign, bits).bitcast()
}

/// `value` in 0..=1; what is not a number is 0.
#[inline(always)]
pub(crate) fn saturate<S: Simd>(simd: S, value: f32x16<S>) -> f32x16<S> {
    let (zero, one) = (f32x16::splat(simd, 0.0), f32x16::splat(simd, 1.0));
    let value = value.simd_gt(zero).select(value, zero);
    value.simd_lt(one).select(value, one)
}

/// The nearest integer to values times `scale`, to even; exact for floats of magnitude 0..=1 and scales below 2^24. As `f32`.
#[inline(always)]
pub(crate) fn round_scaled<S: Simd>(simd: S, value: f32x16<S>, scale: f64) -> f32x16<S> {
    const MAGIC: f64 = 1.5 * (1_u64 << 52) as f64;
    let (scale, magic) = (f64x8::splat(simd, scale), f64x8::splat(simd, MAGIC));
    let (low, high) = value.widen();
    let (low, high) = (low * scale + magic - magic, high * scale + magic - magic);
    low.narrow(high)
}
