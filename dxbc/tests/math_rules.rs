//! Special values of the functions of d3d-rules §1.7 and §1.8, before flushing.

use aerogpu_dxbc::math::{self, NAN};

const INF: f32 = f32::INFINITY;
const DENORMAL: f32 = f32::from_bits(1);

fn power_of_two(exponent: i32) -> f32 {
    f32::from_bits(((127 + exponent) as u32) << 23)
}

/// Argument and result, compared by bits.
#[track_caller]
fn check(function: fn(f32) -> f32, rows: &[(f32, f32)]) {
    for &(x, want) in rows {
        assert_eq!(function(x).to_bits(), want.to_bits(), "of {x:e}: {:e}, not {want:e}", function(x));
    }
}

#[test]
fn every_nan_becomes_the_canonical_one() {
    let functions = [
        math::exp2,
        math::log2,
        math::sin,
        math::cos,
        math::rcp,
        math::sqrt,
        math::rsqrt,
        math::frac,
        math::round_ne,
    ];
    for function in functions {
        check(
            function,
            &[0x7fc0_0001, 0xffc0_0000, 0x7f80_0001, 0xff80_0001].map(|bits| (f32::from_bits(bits), NAN)),
        );
    }
}

#[test]
fn reciprocals_and_roots() {
    check(math::rcp, &[(0.0, INF), (-0.0, -INF), (INF, 0.0), (-INF, -0.0), (DENORMAL, INF), (4.0, 0.25)]);
    check(math::sqrt, &[(-0.0, -0.0), (0.0, 0.0), (INF, INF), (-1.0, NAN), (-INF, NAN), (2.25, 1.5)]);
    check(math::rsqrt, &[(-0.0, -INF), (0.0, INF), (INF, 0.0), (-1.0, NAN), (-DENORMAL, NAN), (4.0, 0.5)]);
    // 2^-149 is no zero here: interpreters flush it before.
    check(math::rsqrt, &[(f32::from_bits(2), power_of_two(74))]);
}

#[test]
fn powers_of_two_and_logarithms() {
    check(math::exp2, &[(-INF, 0.0), (INF, INF), (0.0, 1.0), (-0.0, 1.0), (DENORMAL, 1.0), (-3.0, 0.125)]);
    // The ends of the range: 2^127, the least denormal, half of it (a tie), and beyond.
    check(math::exp2, &[(127.0, power_of_two(127)), (128.0, INF), (-149.0, DENORMAL), (-150.0, 0.0)]);
    check(math::exp2, &[(-149.99998, DENORMAL), (1.0e30, INF), (-1.0e30, 0.0)]);
    check(math::log2, &[(0.0, -INF), (-0.0, -INF), (-1.0, NAN), (-INF, NAN), (INF, INF), (1.0, 0.0)]);
    check(math::log2, &[(8.0, 3.0), (0.25, -2.0), (DENORMAL, -149.0), (-DENORMAL, NAN)]);
}

#[test]
fn angles() {
    check(math::sin, &[(0.0, 0.0), (-0.0, -0.0), (DENORMAL, DENORMAL), (INF, NAN), (-INF, NAN)]);
    check(math::cos, &[(0.0, 1.0), (-0.0, 1.0), (DENORMAL, 1.0), (INF, NAN), (-INF, NAN)]);
    // The float next to pi lies 8.742278e-8 above it. sin(22) is -0.008851309290...
    assert_eq!(math::sin_cos(std::f32::consts::PI), (-8.742_278e-8, -1.0));
    check(math::sin, &[(22.0, -8.851_309e-3), (-22.0, 8.851_309e-3)]);
    for exponent in 0..128 {
        let (sine, cosine) = math::sin_cos(power_of_two(exponent));
        assert!(sine.abs() <= 1.0 && cosine.abs() <= 1.0);
        assert!((sine * sine + cosine * cosine - 1.0).abs() < 2e-7, "2^{exponent}");
    }
}
