//! The vector kernels of the transcendental instructions give the bits of `math` at every SIMD level: a stratified
//! sample always, all 2^32 arguments on demand, a test a function: `cargo test --release -p aerogpu-dxbc --features
//! fallback --test simd_math -- --ignored --nocapture every_sin`, or without a name for all.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::atomic::{AtomicU32, Ordering};

use aerogpu_dxbc::generate::levels;
use aerogpu_dxbc::simd::{self, Registers};
use aerogpu_dxbc::{Io, NoResources, ValidatedShader, assembler, math};

const LANES: usize = 128;

/// An instruction as a shader without flushing around it would compute it.
struct Function {
    name: &'static str,
    text: &'static str,
    exact: fn(f32) -> f32,
}

const SIN: Function = Function { name: "sin", text: "sincos o0.x, null, v0.x", exact: math::sin };
const COS: Function = Function { name: "cos", text: "sincos null, o0.x, v0.x", exact: math::cos };
const EXP: Function = Function { name: "exp", text: "exp o0.x, v0.x", exact: math::exp2 };
const LOG: Function = Function { name: "log", text: "log o0.x, v0.x", exact: math::log2 };
const RSQ: Function = Function { name: "rsq", text: "rsq o0.x, v0.x", exact: math::rsqrt };
const RCP: Function = Function { name: "rcp", text: "rcp o0.x, v0.x", exact: math::rcp };
const SQRT: Function = Function { name: "sqrt", text: "sqrt o0.x, v0.x", exact: math::sqrt };
const FRC: Function = Function { name: "frc", text: "frc o0.x, v0.x", exact: math::frac };

fn shader(text: &str) -> ValidatedShader {
    let text = format!("vs_5_0\ndcl_input v0.x\ndcl_output o0.x\n{text}\nret\n");
    let assembled = assembler::assemble(&text).unwrap();
    ValidatedShader::new(assembled.program, assembled.signatures).unwrap()
}

/// Compares every level on the arguments, which come in whole blocks; gives how many differ.
fn compare(function: &Function, arguments: impl Iterator<Item = u32>) -> u64 {
    let shader = shader(function.text);
    let levels = levels();
    let mut registers: Vec<_> = levels.iter().map(|_| Registers::default()).collect();
    let (mut io, mut expected, mut wrong) = (Io::default(), vec![0; LANES], 0);
    io.reset(LANES, 1, 0, 1);
    let mut arguments = arguments.peekable();
    while arguments.peek().is_some() {
        for (lane, word) in io.inputs.row_mut(0).iter_mut().enumerate() {
            *word = arguments.next().unwrap_or(0);
            let argument = math::flush(f32::from_bits(*word));
            expected[lane] = math::canonical(math::flush((function.exact)(argument))).to_bits();
        }
        for (&level, registers) in levels.iter().zip(&mut registers) {
            simd::run(level, &shader, &NoResources, &mut io, u64::MAX, registers).unwrap();
            let found = io.outputs.row(0);
            wrong += found.iter().zip(&expected).filter(|(a, b)| a != b).count() as u64;
        }
    }
    wrong
}

#[test]
fn kernels_agree_on_a_stratified_sample() {
    // A prime step visits every exponent and spreads over the mantissas; the edges of each exponent come on top.
    let edges =
        (0..512_u32).flat_map(|e| (0..32).flat_map(move |i| [(e << 23) + i, (e << 23).wrapping_sub(i)]));
    for function in &[SIN, COS, EXP, LOG, RSQ, RCP, SQRT, FRC] {
        let sample = (0..u32::MAX).step_by(1021).chain(edges.clone());
        assert_eq!(compare(function, sample), 0, "{}", function.name);
    }
}

/// All arguments, on all processors.
fn compare_all(function: &Function) {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let next = AtomicU32::new(0);
    // A block is a sign and an exponent.
    let blocks =
        || std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)).filter(|&block| block < 512));
    let work =
        || blocks().map(|block| compare(function, (block << 23)..=(block << 23 | 0x7f_ffff))).sum::<u64>();
    let wrong: u64 = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    println!("{}: 2^32 arguments at {} levels, {wrong} differ", function.name, levels().len());
    assert_eq!(wrong, 0);
}

/// Run these in release after changes of `simd/math.rs` or `math`.
macro_rules! every_argument {
    ($($test:ident: $function:ident,)*) => {
        $(
            #[test]
            #[ignore = "takes minutes"]
            fn $test() {
                compare_all(&$function);
            }
        )*
    };
}

every_argument! {
    every_sin: SIN,
    every_cos: COS,
    every_exp: EXP,
    every_log: LOG,
    every_rsq: RSQ,
    every_rcp: RCP,
    every_sqrt: SQRT,
    every_frc: FRC,
}
