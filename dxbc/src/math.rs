//! Every float function of shaders that is more than one IEEE operation, **correctly rounded**.
//!
//! A correctly rounded result is the float nearest to the exact one (ties to even), so it cannot depend on the CPU. The
//! functions here are plain `f64` kernels without fused steps: their error is a few units of 2^-53, and the few inputs whose exact
//! result lies so close to the middle of two floats that this error could matter were found by running all 2^32 inputs against an
//! independent correctly rounded library (`tests/math.rs`; the long run is the ignored test):
//!
//! | function | inputs | misrounded | patched inputs |
//! |---|---|---|---|
//! | `exp2` | all 2^32 | 0 | 2 |
//! | `log2` | all 2^32 | 0 | 0 |
//! | `sin` | all 2^32 | 0 | 1 (and its negative) |
//! | `cos` | all 2^32 | 0 | 2 (and their negatives) |
//! | `rcp`, `sqrt` | one IEEE operation | 0 | 0 |
//! | `rsqrt` | all 2^32 | 0 | 0 |
//!
//! Denormals are honoured here; interpreters flush them before and after, as Direct3D's arithmetic does. NaN results are the one
//! canonical quiet NaN.

/// The canonical quiet NaN.
pub const NAN: f32 = f32::from_bits(0x7fc0_0000);

/// `1 / x`; 1/±0 is ±infinity.
pub fn rcp(x: f32) -> f32 {
    canonical(1.0 / x)
}

/// `sqrt(x)`; sqrt(-0) is -0, of negative numbers NaN.
pub fn sqrt(x: f32) -> f32 {
    canonical(x.sqrt())
}

/// `1 / sqrt(x)`; ±0 give ±infinity, negative numbers NaN.
pub fn rsqrt(x: f32) -> f32 {
    canonical((1.0 / f64::from(x).sqrt()) as f32)
}

/// `x`, or the canonical NaN. Asked of the bits: asked of the float, an optimiser may keep the NaN that the CPU made.
fn canonical(x: f32) -> f32 {
    let bits = x.to_bits();
    if bits & 0x7fff_ffff > 0x7f80_0000 { NAN } else { f32::from_bits(bits) }
}

/// `2^n` for a normal exponent.
fn power_of_two(n: i32) -> f64 {
    f64::from_bits(((1023 + n) as u64) << 52)
}

/// `c[0] + x (c[1] + x (c[2] + ...))`
fn polynomial<const N: usize>(x: f64, coefficients: &[f64; N]) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, &c| sum * x + c)
}

/// `result` moved off the middle between two floats, on which the exact result does not lie: away from 0 for `up`.
fn nudged(result: f64, up: bool) -> f32 {
    let ulps = if up { 64 } else { u64::MAX - 63 };
    f64::from_bits(result.to_bits().wrapping_add(ulps)) as f32
}

/// `2^x`; 2^-infinity is 0.
pub fn exp2(x: f32) -> f32 {
    // Above, the result overflows; below, it is less than half of the smallest denormal.
    if x.is_nan() {
        return NAN;
    }
    if x >= 128.0 {
        return f32::INFINITY;
    }
    if x < -150.0 {
        return 0.0;
    }
    let x64 = f64::from(x);
    let n = x64.round_ties_even();
    // ln(2)^k / k!
    const C: [f64; 15] = [
        1.0,
        std::f64::consts::LN_2,
        0.240_226_506_959_100_72,
        0.055_504_108_664_821_58,
        0.009_618_129_107_628_477,
        0.001_333_355_814_642_844_3,
        1.540_353_039_338_161e-4,
        1.525_273_380_405_984_1e-5,
        1.321_548_679_014_431e-6,
        1.017_808_600_923_969_9e-7,
        7.054_911_620_801_123e-9,
        4.445_538_271_870_811_6e-10,
        2.567_843_599_348_820_6e-11,
        1.369_148_885_390_412_7e-12,
        6.778_726_354_822_545e-14,
    ];
    let result = polynomial(x64 - n, &C) * power_of_two(n as i32);
    match EXP2_EXCEPTIONS.iter().find(|&&(bits, _)| bits == x.to_bits()) {
        Some(&(_, up)) => nudged(result, up),
        None => result as f32,
    }
}

/// Inputs whose exact result lies within the error of `f64` of the middle of two floats: bits, and whether it lies above.
const EXP2_EXCEPTIONS: [(u32, bool); 2] = [(0x3b42_9d37, true), (0xbcf3_a937, true)];
/// The same for the sine, whose sign does not matter.
const SIN_EXCEPTION: u32 = 0x4619_9998;
/// And for the cosine.
const COS_EXCEPTIONS: [(u32, bool); 2] = [(0x5f18_b878, false), (0x6115_cb11, true)];

/// The logarithm of `x` to base 2; of ±0 -infinity, of negative numbers NaN.
pub fn log2(x: f32) -> f32 {
    if x == 0.0 {
        return f32::NEG_INFINITY;
    }
    if x.is_nan() || x < 0.0 {
        return NAN;
    }
    if x == f32::INFINITY {
        return x;
    }
    let bits = f64::from(x).to_bits();
    let mut exponent = (bits >> 52) as i32 - 1023;
    let mut mantissa = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52);
    if mantissa > std::f64::consts::SQRT_2 {
        mantissa *= 0.5;
        exponent += 1;
    }
    // log2(m) = 2/ln(2) * artanh(s), s = (m - 1) / (m + 1), |s| < 0.172
    const C: [f64; 12] = [
        1.0,
        1.0 / 3.0,
        1.0 / 5.0,
        1.0 / 7.0,
        1.0 / 9.0,
        1.0 / 11.0,
        1.0 / 13.0,
        1.0 / 15.0,
        1.0 / 17.0,
        1.0 / 19.0,
        1.0 / 21.0,
        1.0 / 23.0,
    ];
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let fraction = s * polynomial(s * s, &C) * (2.0 * std::f64::consts::LOG2_E);
    (f64::from(exponent) + fraction) as f32
}

/// The sine of `x` radians, whatever its size; of infinities NaN.
pub fn sin(x: f32) -> f32 {
    let Some((r, quadrant)) = reduce(x) else { return NAN };
    if r == 0.0 {
        return x;
    }
    let result = trigonometric(r, quadrant);
    if x.to_bits() & 0x7fff_ffff == SIN_EXCEPTION { nudged(result, false) } else { result as f32 }
}

/// The cosine of `x` radians, whatever its size; of infinities NaN.
pub fn cos(x: f32) -> f32 {
    let Some((r, quadrant)) = reduce(x.abs()) else { return NAN };
    let result = trigonometric(r, quadrant + 1);
    match COS_EXCEPTIONS.iter().find(|&&(bits, _)| bits == x.to_bits() & 0x7fff_ffff) {
        Some(&(_, up)) => nudged(result, up),
        None => result as f32,
    }
}

/// `sin(r + quadrant * pi/2)` for |r| <= pi/4.
fn trigonometric(r: f64, quadrant: u32) -> f64 {
    // 1/k! with alternating signs.
    const SIN: [f64; 9] = [
        1.0,
        -1.0 / 6.0,
        1.0 / 120.0,
        -1.0 / 5_040.0,
        1.0 / 362_880.0,
        -1.0 / 39_916_800.0,
        1.0 / 6_227_020_800.0,
        -1.0 / 1_307_674_368_000.0,
        1.0 / 355_687_428_096_000.0,
    ];
    const COS: [f64; 9] = [
        1.0,
        -1.0 / 2.0,
        1.0 / 24.0,
        -1.0 / 720.0,
        1.0 / 40_320.0,
        -1.0 / 3_628_800.0,
        1.0 / 479_001_600.0,
        -1.0 / 87_178_291_200.0,
        1.0 / 20_922_789_888_000.0,
    ];
    let square = r * r;
    let value = if quadrant & 1 == 0 { r * polynomial(square, &SIN) } else { polynomial(square, &COS) };
    if quadrant & 2 == 0 { value } else { -value }
}

/// `x` as `r + quadrant * pi/2` with |r| <= pi/4; `None` unless it is finite.
///
/// Beyond pi/4 the multiple of 2/pi is computed in integers (Payne and Hanek): a window of 192 bits of 2/pi times the 24-bit
/// mantissa gives the quadrant and 128 bits of fraction. The worst float comes within 2^-31 of a multiple, so more than 90
/// significant bits remain.
fn reduce(x: f32) -> Option<(f64, u32)> {
    // 2/pi, most significant bits first.
    const TWO_OVER_PI: [u64; 6] = [
        0xa2f9_836e_4e44_1529,
        0xfc27_57d1_f534_ddc0,
        0xdb62_9599_3c43_9041,
        0xfe51_63ab_debb_c561,
        0xb724_6e3a_424d_d2e0,
        0x6492_eea0_9d19_21c0,
    ];
    if !x.is_finite() {
        return None;
    }
    if x.abs() <= std::f32::consts::FRAC_PI_4 {
        return Some((f64::from(x), 0));
    }
    let bits = x.to_bits();
    let mantissa = u128::from(bits & 0x7f_ffff | 0x80_0000);
    // x = mantissa * 2^exponent. Bits of 2/pi worth 2^(2 - exponent) and more only add whole turns.
    let exponent = (bits >> 23 & 0xff) as i32 - 150;
    let skip = (exponent - 2).max(0) as usize;
    let window = |from: usize| -> u64 {
        let (limb, shift) = (from / 64, from % 64);
        let high = TWO_OVER_PI[limb] << shift;
        if shift == 0 { high } else { high | TWO_OVER_PI[limb + 1] >> (64 - shift) }
    };
    // mantissa * window, of which the first limb's bits are worth 2^(-1 - skip) downwards.
    let [a, b, c] = [window(skip), window(skip + 64), window(skip + 128)].map(u128::from);
    let low = mantissa * c;
    let middle = mantissa * b + (low >> 64);
    let high = mantissa * a + (middle >> 64);
    // The product in units of 2^(exponent - skip - 192): below 2^216. Move the binary point of x * 2/pi to bit 128 of a pair of
    // words: whole turns above are dropped.
    let whole_bits = (exponent - skip as i32 + 24) as u32; // bits of the product before the binary point, 0 to 26
    let top = (high << 40) | ((middle as u64) >> 24) as u128; // the product's first 128 bits: 88 of `high`, 40 of `middle`
    let rest = (u128::from(middle as u64) << 104) | u128::from(low as u64) << 40;
    let (integer, fraction) = split(top, rest, whole_bits);
    // Round to the nearest quadrant.
    let quadrant = integer.wrapping_add((fraction >> 127) as u32);
    let negative = fraction >> 127 == 1;
    let magnitude = if negative { fraction.wrapping_neg() } else { fraction };
    // `as` rounds to nearest: one error of 2^-53.
    let turns = magnitude as f64 * (power_of_two(-64) * power_of_two(-64));
    let r = turns * std::f64::consts::FRAC_PI_2;
    let r = if negative { -r } else { r };
    Some(if x < 0.0 { (-r, quadrant.wrapping_neg()) } else { (r, quadrant) })
}

/// Splits a 256-bit product whose binary point lies `whole_bits` below its top into the low bits of its integer part and the first
/// 128 bits of its fraction. `whole_bits` is 0 to 26.
fn split(top: u128, rest: u128, whole_bits: u32) -> (u32, u128) {
    let below = |word: u128| word.checked_shr(128 - whole_bits).unwrap_or(0);
    (below(top) as u32, top << whole_bits | below(rest))
}
