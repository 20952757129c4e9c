//! The math functions against the golden tables `math/` and `conv/` of the shared folder.

use std::io::Read;

use aerogpu_dxbc::math;

/// The rows of a golden table of little-endian words; `None`, and a word about it, without the shared folder.
fn table<const N: usize>(path: &str) -> Option<Vec<[u32; N]>> {
    let root = std::env::var("AEROGPU_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared").into());
    let goldens = std::path::Path::new(&root).join("goldens");
    if !goldens.is_dir() {
        println!("SKIPPED: no {}; set AEROGPU_SHARED to the shared folder", goldens.display());
        return None;
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(goldens.join(path)).expect(path);
    flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).expect(path);
    let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("four bytes"));
    let row = |bytes: &[u8]| std::array::from_fn(|i| word(&bytes[4 * i..][..4]));
    Some(bytes.chunks_exact(4 * N).map(row).collect())
}

/// Every row's last word against `ours` of the words before.
fn check<const N: usize>(path: &str, ours: impl Fn([f32; N]) -> f32) {
    let Some(rows) = table::<N>(path) else { return };
    let wrong = rows.iter().filter(|row| ours(row.map(f32::from_bits)).to_bits() != row[N - 1]).count();
    println!("{path}: {} rows, {wrong} wrong", rows.len());
    assert!(rows.len() == 20_000 && wrong == 0, "{path}");
}

#[test]
fn functions_of_one_argument() {
    type Function = fn(f32) -> f32;
    let functions: [(&str, Function); 7] = [
        ("exp2", math::exp2),
        ("log2", math::log2),
        ("sin", math::sin),
        ("cos", math::cos),
        ("rcp", math::rcp),
        ("sqrt", math::sqrt),
        ("rsqrt", math::rsqrt),
    ];
    for (name, ours) in functions {
        check::<2>(&format!("math/f32_{name}.bin.gz"), |[x, _]| ours(x));
    }
    check::<2>("math/f32_sin.bin.gz", |[x, _]| math::sin_cos(x).0);
    check::<2>("math/f32_cos.bin.gz", |[x, _]| math::sin_cos(x).1);
}

#[test]
fn powers() {
    check::<3>("math/f32_pow.bin.gz", |[x, y, _]| math::pow(x, y));
}

#[test]
fn halves() {
    let Some(wide) = table::<1>("conv/f16_to_f32.u32.gz") else { return };
    assert_eq!(wide.len(), 65_536);
    for (half, [bits]) in wide.iter().enumerate() {
        assert_eq!(math::f16_to_f32(half as u16).to_bits(), *bits, "{half:#x}");
    }
    // Row c is the least float that becomes c; c reaches to just below row c + 1.
    let Some(thresholds) = table::<1>("conv/f16_thr_rtz.u32.gz") else { return };
    assert_eq!(thresholds.len(), 0x7c01);
    for (half, [bits]) in thresholds.iter().enumerate() {
        assert_eq!(math::f32_to_f16(f32::from_bits(*bits)), half as u16, "{bits:#x}");
        assert_eq!(math::f32_to_f16(f32::from_bits(bits | 0x8000_0000)), half as u16 | 0x8000, "-{bits:#x}");
        if *bits > 0 {
            assert_eq!(math::f32_to_f16(f32::from_bits(bits - 1)), half as u16 - 1, "before {bits:#x}");
        }
    }
    println!("conv/f16: {} halves widened, {} thresholds, 0 wrong", wide.len(), thresholds.len());
}
