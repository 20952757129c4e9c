//! The functions of one argument against correctly rounded results: CORE-MATH's, or exact arithmetic where it decides.

use std::cmp::Ordering;

use aerogpu_dxbc::math;

struct Case {
    name: &'static str,
    ours: fn(f32) -> f32,
    /// Whether the second number is the correctly rounded result for the first.
    right: fn(f32, f32) -> bool,
}

const EXP2: Case = Case { name: "exp2", ours: math::exp2, right: |x, got| same(got, core_math::exp2f(x)) };
const LOG2: Case = Case { name: "log2", ours: math::log2, right: |x, got| same(got, core_math::log2f(x)) };
const SIN: Case = Case { name: "sin", ours: math::sin, right: |x, got| same(got, core_math::sinf(x)) };
const COS: Case = Case { name: "cos", ours: math::cos, right: |x, got| same(got, core_math::cosf(x)) };
const RCP: Case = Case { name: "rcp", ours: math::rcp, right: |x, got| is_power(x, got, -1, 1) };
const SQRT: Case = Case { name: "sqrt", ours: math::sqrt, right: |x, got| is_power(x, got, 1, 2) };
const RSQRT: Case = Case { name: "rsqrt", ours: math::rsqrt, right: |x, got| is_power(x, got, -1, 2) };

/// Equal bits, where the one NaN stands for all.
fn same(got: f32, want: f32) -> bool {
    got.to_bits() == if want.is_nan() { 0x7fc0_0000 } else { want.to_bits() }
}

/// Whether `got` is `x^(sign/root)` for a sign of ±1 and a root of 1 or 2, correctly rounded: whether that power lies
/// between the middles to its neighbours, decided in integers.
fn is_power(x: f32, got: f32, sign: i32, root: u32) -> bool {
    if x.is_nan() || (root == 2 && x < 0.0) {
        return got.to_bits() == 0x7fc0_0000;
    }
    if x == 0.0 || x.is_infinite() {
        let magnitude = if (x == 0.0) == (sign > 0) { 0.0 } else { f32::INFINITY };
        return got.to_bits() == magnitude.to_bits() | x.to_bits() & 0x8000_0000;
    }
    let (x, got) = (x.abs(), if x < 0.0 { -got } else { got });
    if got.is_nan() || got <= 0.0 {
        return false;
    }
    // Infinity counts as the number after the greatest.
    let number = |bits: u32| if bits == 0x7f80_0000 { u128::MAX as f64 } else { f32::from_bits(bits).into() };
    let bits = got.to_bits();
    let below = (number(bits - 1) + number(bits)) / 2.0;
    let above = if got.is_infinite() { f64::INFINITY } else { (number(bits) + number(bits + 1)) / 2.0 };
    let even = bits & 1 == 0;
    let fits = |middle: f64, wanted: Ordering| match compare_power(middle, x, sign, root) {
        Ordering::Equal => even,
        order => order == wanted,
    };
    fits(below, Ordering::Less) && (above.is_infinite() || fits(above, Ordering::Greater))
}

/// Compares `middle^root` with `x^sign`, both positive; `middle` has at most 25 bits.
fn compare_power(middle: f64, x: f32, sign: i32, root: u32) -> Ordering {
    let (m, a) = integer_parts(middle);
    let (n, b) = integer_parts(x.into());
    let (left, left_exponent) = (m.pow(root), a * root as i32);
    // For the reciprocal, middle^root * x with 1.
    let (left, left_exponent) = if sign < 0 { (left * n, left_exponent + b) } else { (left, left_exponent) };
    let (right, right_exponent) = if sign < 0 { (1, 0) } else { (n, b) };
    let top = |value: u128, exponent: i32| exponent + value.ilog2() as i32;
    let aligned = |value: u128| value << value.leading_zeros();
    top(left, left_exponent).cmp(&top(right, right_exponent)).then(aligned(left).cmp(&aligned(right)))
}

/// A positive number as an integer of at most 25 bits times a power of two.
fn integer_parts(value: f64) -> (u128, i32) {
    let bits = value.to_bits();
    (u128::from(bits >> 28 & 0xff_ffff | 0x100_0000), (bits >> 52) as i32 - 1023 - 24)
}

/// How many of these inputs a function rounds wrongly; prints the first few.
fn misrounded(case: &Case, inputs: impl Iterator<Item = u32>) -> usize {
    let wrong = |bits: &u32| {
        let x = f32::from_bits(*bits);
        !(case.right)(x, (case.ours)(x))
    };
    inputs.filter(wrong).enumerate().fold(0, |_, (i, bits)| {
        if i < 8 {
            let x = f32::from_bits(bits);
            println!("{}({bits:#010x} = {x:e}) is not {:#010x}", case.name, (case.ours)(x).to_bits());
        }
        i + 1
    })
}

/// The arguments that kernels list as exceptions, and their negatives; and the hardest sine of those that they do not list.
const EXCEPTIONS: [u32; 18] = [
    0x3b42_9d37,
    0xbcf3_a937,
    0x4619_9998,
    0x55ca_fb2a,
    0x6446_cec0,
    0x67a9_242b,
    0x5922_aa80,
    0x5944_3c0a,
    0x6115_cb11,
    0x7908_cd73,
    0xc619_9998,
    0xd5ca_fb2a,
    0xe446_cec0,
    0xe7a9_242b,
    0xd922_aa80,
    0xd944_3c0a,
    0xe115_cb11,
    0xf908_cd73,
];

/// 4,096 mantissas of every sign and exponent, one from each 2,048, through each of seven functions: 15 million.
#[test]
fn a_sample_of_every_exponent_is_correctly_rounded() {
    std::thread::scope(|scope| {
        for case in &[EXP2, LOG2, SIN, COS, RCP, SQRT, RSQRT] {
            scope.spawn(move || {
                let sample = (0..1u32 << 21).map(|i| i << 11 | i.wrapping_mul(0x9e37_79b9) >> 21);
                assert_eq!(misrounded(case, sample.chain(EXCEPTIONS)), 0, "{}", case.name);
            });
        }
    });
}

/// Tries all floats, on all processors.
fn try_all(case: &Case) {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let wrong: usize = std::thread::scope(|scope| {
        let run = |first| move || misrounded(case, (first as u32..=u32::MAX).step_by(threads));
        let workers: Vec<_> = (0..threads).map(|first| scope.spawn(run(first))).collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker")).sum()
    });
    println!("{}: {wrong} of 4294967296 misrounded", case.name);
    assert_eq!(wrong, 0);
}

/// Run these after touching a kernel: `cargo test --release -p aerogpu-dxbc --test math_exhaustive -- --ignored --nocapture
/// every_sin`, or without a name for all.
macro_rules! every_float {
    ($($test:ident: $case:ident,)*) => {
        $(
            #[test]
            #[ignore = "takes minutes"]
            fn $test() {
                try_all(&$case);
            }
        )*
    };
}

every_float! {
    every_exp2: EXP2,
    every_log2: LOG2,
    every_sin: SIN,
    every_cos: COS,
    every_rcp: RCP,
    every_sqrt: SQRT,
    every_rsqrt: RSQRT,
}

/// Arguments of all kinds for `pow`: any bits, near 1, short numbers with exact powers, moderate exponents.
#[test]
fn a_sample_of_powers_is_correctly_rounded() {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut wrong = 0;
    for i in 0..1 << 20 {
        state = (state ^ state << 13) ^ (state ^ state << 13) >> 7;
        state ^= state << 17;
        let (low, high) = (state as u32, (state >> 32) as u32);
        let (x, y) = match i & 3 {
            0 => (f32::from_bits(low), f32::from_bits(high)),
            1 => (f32::from_bits(0x3f00_0000 + (low & 0xff_ffff)), f32::from_bits(high)),
            2 => ((low & 0xffff) as f32 / 64.0, (high & 0x3f) as f32 / 8.0 - 2.0),
            _ => (f32::from_bits(low & 0x7fff_ffff), (high as i32 as f32) / 268_435_456.0),
        };
        if !same(math::pow(x, y), core_math::powf(x, y)) {
            println!("pow({x:e}, {y:e})");
            wrong += 1;
        }
    }
    assert_eq!(wrong, 0);
}
