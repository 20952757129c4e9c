//! What one operation of a shader costs a lane in both interpreters, beside what the vector units could do:
//! `cargo bench -p aerogpu-dxbc --bench costs`, with names of shaders to choose some.
//!
//! Times are the least of many short runs, in picoseconds per operation and lane, on blocks of 128 lanes; an operation is
//! one number's share of an instruction. Behind each level's time stands how many times as fast as `scalar` it is. The first
//! two rows bound what an interpreter can reach whose registers are memory: `registers` is additions that touch no
//! memory, `cache` the same with two loads and a store each, in the nearest cache. A multiply-add is two such steps, a
//! minimum by Direct3D's rules six, a sine some thirty on vectors of half as many lanes.

#![allow(clippy::disallowed_methods, reason = "a bench reads the clock")]

mod shaders;

use std::hint::black_box;
use std::time::{Duration, Instant};

use aerogpu_dxbc::generate::levels;
use aerogpu_dxbc::scalar;
use aerogpu_dxbc::simd::{self, Level, Registers};
use fearless_simd::prelude::*;

const LANES: usize = 128;
const ROUNDS: usize = 64;

/// The least time of a run, in picoseconds.
fn least(mut run: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut least = f64::INFINITY;
    while start.elapsed() < Duration::from_millis(300) {
        let before = Instant::now();
        for _ in 0..16 {
            run();
        }
        let time = before.elapsed().as_secs_f64() / 16.0;
        least = if time < least { time } else { least };
    }
    least * 1e12
}

/// Additions in vector registers: eight sums side by side.
#[inline(always)]
fn in_registers<S: Simd>(s: S) {
    let term = S::f32s::splat(s, black_box(1.5));
    let mut sums = [S::f32s::splat(s, black_box(0.5)); 8];
    for _ in 0..ROUNDS * LANES / 8 / S::f32s::LEN {
        for sum in &mut sums {
            *sum += term;
        }
    }
    black_box(sums);
}

/// Additions of rows in the nearest cache.
#[inline(always)]
fn in_cache<S: Simd>(s: S, rows: &mut [[f32; LANES]; 3]) {
    for _ in 0..ROUNDS {
        let [a, b, d] = black_box(&mut *rows);
        for lane in (0..LANES).step_by(S::f32s::LEN) {
            let lanes = lane..lane + S::f32s::LEN;
            let sum = S::f32s::from_slice(s, &a[lanes.clone()]) + S::f32s::from_slice(s, &b[lanes.clone()]);
            sum.store_slice(&mut d[lanes]);
        }
    }
}

/// Prints a row of times, given that of the reference interpreter if there is one.
fn row(name: &str, scalar: Option<f64>, times: impl Iterator<Item = f64>) {
    let cell = |time: f64| match scalar {
        Some(scalar) => format!("{time:>8.0}{:>6.1}x", scalar / time),
        None => format!("{time:>8.0}{:7}", ""),
    };
    let scalar = scalar.map(|time| format!("{time:.0}")).unwrap_or_default();
    println!("{name:<15}{scalar:>8}{}", times.map(cell).collect::<String>());
}

fn main() {
    let levels = levels();
    let names: String = levels.iter().map(|&level| format!("{:>8}{:7}", shaders::label(level), "")).collect();
    println!("ps / op / lane   scalar{names}");
    let each = |time: f64, operations: usize| time / (operations * LANES) as f64;
    let registers = |level: Level| least(|| fearless_simd::dispatch!(level, s => in_registers(s)));
    row("registers", None, levels.iter().map(|&level| each(registers(level), ROUNDS)));
    let cache = |level: Level| {
        let mut rows = [[1.0; LANES]; 3];
        least(|| fearless_simd::dispatch!(level, s => in_cache(s, &mut rows)))
    };
    row("cache", None, levels.iter().map(|&level| each(cache(level), ROUNDS)));
    let world = shaders::world();
    let chosen: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let is_chosen = |name: &str| chosen.is_empty() || chosen.iter().any(|part| name.contains(part.as_str()));
    for shaders::Case { name, shader, operations } in shaders::all() {
        if !is_chosen(name) {
            continue;
        }
        let mut io = shaders::inputs(&shader, LANES);
        let reference = least(|| {
            scalar::run(&shader, &world, &mut io, u64::MAX).expect("ends in time");
        });
        let mut registers = Registers::default();
        let mut time = |level: Level| {
            least(|| {
                simd::run(level, &shader, &world, &mut io, u64::MAX, &mut registers).expect("ends in time");
            })
        };
        row(
            name,
            Some(each(reference, operations)),
            levels.iter().map(|&level| each(time(level), operations)),
        );
    }
}
