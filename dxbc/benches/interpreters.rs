//! Both interpreters on shaders of each kind, 128 lanes at a time: `cargo bench -p aerogpu-dxbc --bench interpreters`.
//!
//! Throughput is given in lanes: a million elements a second is a million pixels shaded. The bench `costs`
//! gives ratios, and what the vector units could do.

mod shaders;

use std::hint::black_box;
use std::time::Duration;

use aerogpu_dxbc::generate::levels;
use aerogpu_dxbc::simd::{self, Registers};
use aerogpu_dxbc::{HullIo, Io, scalar};
use criterion::{Criterion, Throughput};

const LANES: usize = 128;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
        .sample_size(20)
        .configure_from_args();
    let world = shaders::world();
    for shaders::Case { name, shader, .. } in shaders::all() {
        let inputs = shaders::inputs(&shader, LANES);
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(LANES as u64));
        let mut io = Io::default();
        io.clone_from(&inputs);
        group.bench_function("scalar", |b| {
            b.iter(|| scalar::run(black_box(&shader), &world, &mut io, u64::MAX));
        });
        let mut registers = Registers::default();
        for level in levels() {
            group.bench_function(shaders::label(level), |b| {
                b.iter(|| simd::run(level, black_box(&shader), &world, &mut io, u64::MAX, &mut registers));
            });
        }
        group.finish();
    }
    hull(&mut criterion, &world);
    criterion.final_summary();
}

/// Patches instead of lanes.
fn hull(criterion: &mut Criterion, world: &shaders::Stub) {
    let shader = shaders::hull();
    let mut io = HullIo::default();
    io.reset(LANES, shader.input_vectors());
    for (number, word) in (0..).zip(io.inputs.as_flattened_mut()) {
        *word = (1.0 + number as f32 / 1e4).to_bits();
    }
    let mut group = criterion.benchmark_group("hull");
    group.throughput(Throughput::Elements(LANES as u64));
    group.bench_function("scalar", |b| {
        b.iter(|| scalar::run_hull(black_box(&shader), world, &mut io, u64::MAX));
    });
    let mut registers = Registers::default();
    for level in levels() {
        group.bench_function(shaders::label(level), |b| {
            b.iter(|| simd::run_hull(level, black_box(&shader), world, &mut io, u64::MAX, &mut registers));
        });
    }
    group.finish();
}
