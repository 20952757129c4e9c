//! The math functions against an independent correctly rounded library, golden tables, and values of the specification.

use aerogpu_dxbc::math;

type Function = fn(f32) -> f32;

/// Name, ours, the reference.
const FUNCTIONS: [(&str, Function, Function); 5] = [
    ("exp2", math::exp2, core_math::exp2f),
    ("log2", math::log2, core_math::log2f),
    ("sin", math::sin, core_math::sinf),
    ("cos", math::cos, core_math::cosf),
    ("rsqrt", math::rsqrt, core_math::rsqrtf),
];

/// How many of these inputs a function rounds wrongly; prints the first few.
fn misrounded(name: &str, ours: Function, reference: Function, inputs: impl Iterator<Item = u32>) -> usize {
    let mut wrong = 0;
    for bits in inputs {
        let x = f32::from_bits(bits);
        let (got, want) = (ours(x), reference(x));
        let same = if want.is_nan() { got.to_bits() == 0x7fc0_0000 } else { got.to_bits() == want.to_bits() };
        if !same {
            if wrong < 8 {
                println!(
                    "{name}({bits:#010x} = {x:e}): {:#010x}, should be {:#010x}",
                    got.to_bits(),
                    want.to_bits()
                );
            }
            wrong += 1;
        }
    }
    wrong
}

/// Every 1,279th float: 3.4 million inputs a function, 16.8 million in all, from every exponent and with every low bit.
#[test]
fn a_sample_of_all_floats_is_correctly_rounded() {
    for (name, ours, reference) in FUNCTIONS {
        assert_eq!(misrounded(name, ours, reference, (0..=u32::MAX).step_by(1279)), 0, "{name}");
    }
}

/// All 2^32 floats through every function; minutes. `cargo test --release -p aerogpu-dxbc --test math -- --ignored --nocapture`
#[test]
#[ignore = "takes minutes: run it after touching a kernel"]
fn every_float_is_correctly_rounded() {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get()) as u32;
    for (name, ours, reference) in FUNCTIONS {
        let wrong: usize = std::thread::scope(|scope| {
            let run = |first| {
                move || misrounded(name, ours, reference, (first..=u32::MAX).step_by(threads as usize))
            };
            let handles: Vec<_> = (0..threads).map(|first| scope.spawn(run(first))).collect();
            handles.into_iter().map(|handle| handle.join().expect("a worker")).sum()
        });
        println!("{name}: {wrong} of 4294967296 misrounded");
        assert_eq!(wrong, 0, "{name}");
    }
}

#[test]
fn golden_tables() {
    use std::io::Read;
    let root = std::env::var("AEROGPU_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared").into());
    let folder = std::path::Path::new(&root).join("goldens/math");
    if !folder.is_dir() {
        println!(
            "SKIPPED: {} does not exist; set AEROGPU_SHARED to the folder that holds it",
            folder.display()
        );
        return;
    }
    let tables = FUNCTIONS
        .iter()
        .map(|&(name, ours, _)| (name, ours))
        .chain([("rcp", math::rcp as Function), ("sqrt", math::sqrt as Function)]);
    for (name, ours) in tables {
        let file = std::fs::File::open(folder.join(format!("f32_{name}.bin.gz"))).expect("a golden table");
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).expect("gzip");
        let rows: Vec<[u32; 2]> = bytemuck::pod_collect_to_vec(&bytes);
        let wrong = rows.iter().filter(|[x, want]| ours(f32::from_bits(*x)).to_bits() != *want).count();
        println!("{name}: {} golden rows, {wrong} wrong", rows.len());
        assert_eq!(wrong, 0, "{name}");
    }
}

#[test]
fn special_values() {
    let inf = f32::INFINITY;
    assert_eq!(math::rcp(-0.0), -inf);
    assert_eq!(math::rsqrt(-0.0), -inf);
    assert_eq!(math::rsqrt(0.0), inf);
    assert_eq!(math::sqrt(-0.0).to_bits(), 0x8000_0000);
    assert_eq!(math::log2(-0.0), -inf);
    assert_eq!(math::exp2(-inf).to_bits(), 0);
    assert_eq!(math::exp2(inf), inf);
    assert_eq!(math::sin(-0.0).to_bits(), 0x8000_0000);
    assert_eq!(math::cos(0.0), 1.0);
    for nan in [
        math::sqrt(-1.0),
        math::rsqrt(-1.0),
        math::log2(-1.0),
        math::sin(inf),
        math::cos(-inf),
        math::rcp(f32::NAN),
    ] {
        assert_eq!(nan.to_bits(), 0x7fc0_0000);
    }
}
