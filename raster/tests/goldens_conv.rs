//! Every entry of every conversion table comes out to the bit.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod goldens;

use std::collections::BTreeMap;

use aerogpu_raster::format::depth::{d24_to_f32, f32_to_d24};
use aerogpu_raster::format::fixed::f32_to_fixed_16_8;
use aerogpu_raster::format::float::{
    Rounding, f10_to_f32, f11_to_f32, f16_to_f32, f32_to_f10, f32_to_f11, f32_to_f16, f32_to_rgb9e5,
};
use aerogpu_raster::format::norm::{
    f32_to_snorm, f32_to_unorm, f32_to_unorm8, snorm_to_f32, unorm_to_f32, unorm8_to_f32,
};
use aerogpu_raster::format::srgb::{f32_to_srgb8, srgb8_to_f32};
use aerogpu_raster::format::{Channel, Format};
use goldens::{rows, words};
use serde_json::Value;

#[test]
fn conversions_are_exact() {
    let Some(tables) = goldens::read_folder("conv") else { return };
    let mut total = 0;
    for (name, bytes) in &tables {
        let entries = check(name, bytes, &tables);
        println!("conv/{name}: {entries} entries, all equal");
        total += entries;
    }
    println!("conv: {} files, {total} entries, all equal", tables.len());
}

/// Checks one table and gives the number of its entries.
fn check(name: &str, bytes: &[u8], tables: &BTreeMap<String, Vec<u8>>) -> usize {
    let (stem, _) = name.split_once('.').unwrap();
    let (kind, rest) = stem.split_once('_').unwrap();
    if let Some(bits) = kind.strip_prefix("unorm") {
        return check_unorm(bits.parse().unwrap(), rest, bytes, tables);
    }
    if let Some(bits) = kind.strip_prefix("snorm") {
        return check_snorm(bits.parse().unwrap(), rest, bytes);
    }
    match (kind, rest) {
        ("srgb8", "to_f32") => check_decode(bytes, |code| srgb8_to_f32(code as u8)),
        ("srgb8", "encode_thr") => check_thresholds(bytes, |value| u32::from(f32_to_srgb8(value))),
        ("f16", "to_f32") => check_decode(bytes, |code| f16_to_f32(code as u16)),
        ("f11", "to_f32") => check_decode(bytes, f11_to_f32),
        ("f10", "to_f32") => check_decode(bytes, f10_to_f32),
        ("f16" | "f11" | "f10", _) => {
            let rounding = match rest {
                "thr_rtz" => Rounding::TowardZero,
                "thr_rne" => Rounding::NearestEven,
                _ => panic!("unknown table {name}"),
            };
            check_thresholds(bytes, |value| match kind {
                "f16" => u32::from(f32_to_f16(value, rounding)),
                "f11" => f32_to_f11(value, rounding),
                _ => f32_to_f10(value, rounding),
            })
        }
        ("d24", "vectors") => {
            let rows = rows::<4>(bytes);
            for &[depth, exact, _, in_f64] in &rows {
                assert_eq!(f32_to_d24(f32::from_bits(depth)), exact, "{depth:#010x}");
                assert_eq!(exact, in_f64);
            }
            rows.len()
        }
        ("d24", "to_f32") => {
            let rows = rows::<2>(bytes);
            for &[code, value] in &rows {
                assert_eq!(d24_to_f32(code).to_bits(), value, "{code:#x}");
            }
            rows.len()
        }
        ("fixed", "16_8_vectors") => {
            let rows = rows::<4>(bytes);
            for &[value, nearest_even, _, _] in &rows {
                // The table goes up to 32768, which 16.8 does not hold.
                let expected = (nearest_even as i32).clamp(-0x80_0000, 0x7f_ffff);
                assert_eq!(f32_to_fixed_16_8(f32::from_bits(value)), expected, "{value:#010x}");
            }
            rows.len()
        }
        ("rgb9e5", "encode_vectors") => {
            let rows = rows::<4>(bytes);
            for &[r, g, b, packed] in &rows {
                assert_eq!(
                    f32_to_rgb9e5([r, g, b].map(f32::from_bits)),
                    packed,
                    "{r:#010x} {g:#010x} {b:#010x}"
                );
            }
            rows.len()
        }
        ("summary", _) => check_summary(bytes),
        _ => panic!("unknown table {name}"),
    }
}

fn check_decode(bytes: &[u8], decode: impl Fn(u32) -> f32) -> usize {
    let values = words(bytes);
    for (code, &value) in (0u32..).zip(&values) {
        assert_eq!(decode(code).to_bits(), value, "code {code}");
    }
    values.len()
}

/// Entry k is the smallest float that encodes to k.
fn check_thresholds(bytes: &[u8], encode: impl Fn(f32) -> u32) -> usize {
    let thresholds = words(bytes);
    assert_eq!(encode(0.0), 0);
    for (code, &threshold) in (0u32..).zip(&thresholds).skip(1) {
        assert_eq!(encode(f32::from_bits(threshold)), code, "{threshold:#010x}");
        assert_eq!(encode(f32::from_bits(threshold - 1)), code - 1, "below {threshold:#010x}");
    }
    thresholds.len()
}

fn check_unorm(bits: u32, table: &str, bytes: &[u8], tables: &BTreeMap<String, Vec<u8>>) -> usize {
    let ideal =
        &tables.iter().find(|(name, _)| name.starts_with(&format!("unorm{bits}_thr_ideal"))).unwrap().1;
    match table {
        "to_f32" => {
            if bits == 8 {
                check_decode(bytes, |code| unorm8_to_f32(code as u8));
            }
            check_decode(bytes, |code| unorm_to_f32(code, bits))
        }
        "thr_ideal" => {
            if bits == 8 {
                check_thresholds(bytes, |value| u32::from(f32_to_unorm8(value)));
            }
            check_thresholds(bytes, |value| f32_to_unorm(value, bits))
        }
        // What chained f32 arithmetic would give: one side of the exact threshold or the other, and so do we.
        "thr_f32serial" | "thr_f32mul_rne" => {
            let inexact = words(bytes);
            for (code, (&inexact, exact)) in (0u32..).zip(inexact.iter().zip(words(ideal))).skip(1) {
                let expected = if inexact >= exact { code } else { code - 1 };
                assert_eq!(f32_to_unorm(f32::from_bits(inexact), bits), expected, "{inexact:#010x}");
            }
            inexact.len()
        }
        _ => panic!("unknown table {table} of unorm{bits}"),
    }
}

fn check_snorm(bits: u32, table: &str, bytes: &[u8]) -> usize {
    match table {
        "to_f32" => {
            // In the order of the unsigned codes: 0 to the largest, then the most negative up to -1.
            let max = (1i32 << (bits - 1)) - 1;
            let codes = (0..=max).chain(-max - 1..0);
            let values = words(bytes);
            for (code, &value) in codes.zip(&values) {
                assert_eq!(snorm_to_f32(code, bits).to_bits(), value, "code {code}");
            }
            values.len()
        }
        "thr_ideal_pos" => {
            check_thresholds(bytes, |value| f32_to_snorm(value, bits) as u32);
            check_thresholds(bytes, |value| f32_to_snorm(-value, bits).unsigned_abs())
        }
        _ => panic!("unknown table {table} of snorm{bits}"),
    }
}

/// Widening of 1 to 6 bits: to floats, to the nearest byte, and (where a format does it) by repeating bits.
fn check_summary(bytes: &[u8]) -> usize {
    let summary: Value = serde_json::from_slice(bytes).unwrap();
    let mut entries = 0;
    for (bits, tables) in summary["expand"].as_object().unwrap() {
        let bits: u32 = bits.parse().unwrap();
        let column = |name: &str| -> Vec<u32> {
            tables[name].as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as u32).collect()
        };
        let (floats, nearest, repeated) = (column("f32bits"), column("round255"), column("replicate8"));
        for code in 0..1u32 << bits {
            let value = unorm_to_f32(code, bits);
            assert_eq!(value.to_bits(), floats[code as usize], "{bits} bits, code {code}");
            assert_eq!(u32::from(f32_to_unorm8(value)), nearest[code as usize], "{bits} bits, code {code}");
            for byte in widened(bits, code) {
                assert_eq!(u32::from(byte), repeated[code as usize], "{bits} bits, code {code}");
            }
            entries += 1;
        }
    }
    entries
}

/// The byte that each 16-bit component of so many bits becomes.
fn widened(bits: u32, code: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    for format in [Format::B5G6R5Unorm, Format::B5G5R5A1Unorm] {
        for component in format.components().iter().filter(|component| component.bits == bits) {
            assert_ne!(component.channel, Channel::X);
            let mut rgba = [[0; 4]];
            assert!(format.row_to_rgba8(&((code << component.shift) as u16).to_le_bytes(), &mut rgba));
            bytes.extend(component.channel.register().map(|index| rgba[0][index]));
        }
    }
    bytes
}
