//! Every texel of every golden block comes out to the bit, and an independent decoder agrees where it is
//! right.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod goldens;

use std::collections::BTreeMap;

use aerogpu_raster::format::bc::BlockCodec;
use aerogpu_raster::format::float::f16_to_f32;
use goldens::words;
use serde_json::Value;

const CODECS: [(&str, BlockCodec); 10] = [
    ("bc1", BlockCodec::Bc1),
    ("bc2", BlockCodec::Bc2),
    ("bc3", BlockCodec::Bc3),
    ("bc4u", BlockCodec::Bc4Unorm),
    ("bc4s", BlockCodec::Bc4Snorm),
    ("bc5u", BlockCodec::Bc5Unorm),
    ("bc5s", BlockCodec::Bc5Snorm),
    ("bc6hu", BlockCodec::Bc6hUf16),
    ("bc6hs", BlockCodec::Bc6hSf16),
    ("bc7", BlockCodec::Bc7),
];

#[test]
fn blocks_decode_exactly() {
    let Some(tables) = goldens::read_folder("bc") else { return };
    let mut checked = 0;
    for (name, bytes) in &tables {
        if name == "agreement.json" {
            continue; // read by the check of `bcdec8`
        }
        let (stem, table) = name.split_once('.').unwrap();
        let codec = CODECS.iter().find(|(name, _)| *name == stem).unwrap().1;
        let packed = &tables[&format!("{stem}.blocks")];
        let blocks: Vec<&[u8]> = packed.chunks_exact(codec.block_bytes()).collect();
        let values = match table {
            "blocks" => continue,
            "ideal_f32" => check_f32(codec, &blocks, &words(bytes)),
            "half3" => check_half(codec, &blocks, bytes),
            "ideal_round8" | "rgba8" => {
                assert_eq!(differences(codec, &blocks, bytes, 0), 0, "{name}");
                bytes.len()
            }
            "bcdec8" => {
                let agreement: Value = serde_json::from_slice(&tables["agreement.json"]).unwrap();
                let expected = agreement[stem]["bcdec_vs_round8_mismatch"].as_u64().unwrap();
                assert_eq!(differences(codec, &blocks, bytes, 1) as u64, expected, "{name}");
                bytes.len()
            }
            _ => panic!("unknown table {name}"),
        };
        println!("bc/{name}: {} blocks, {values} values, all as expected", blocks.len());
        checked += 1;
    }
    assert_eq!(checked + CODECS.len() + 1, tables.len());
    println!("bc: {checked} tables of results, all as expected");
}

/// Compares the components that the codec stores.
fn check_f32(codec: BlockCodec, blocks: &[&[u8]], expected: &[u32]) -> usize {
    let channels = codec.channel_mask().count_ones() as usize;
    assert_eq!(expected.len(), blocks.len() * 16 * channels);
    for (block, expected) in blocks.iter().zip(expected.chunks_exact(16 * channels)) {
        for (texel, expected) in codec.decode_f32(block).iter().zip(expected.chunks_exact(channels)) {
            assert_eq!(
                texel[..channels].iter().map(|v| v.to_bits()).collect::<Vec<_>>(),
                expected,
                "{block:02x?}"
            );
        }
    }
    expected.len()
}

fn check_half(codec: BlockCodec, blocks: &[&[u8]], bytes: &[u8]) -> usize {
    let halves: Vec<u16> = bytes.as_chunks().0.iter().map(|half| u16::from_le_bytes(*half)).collect();
    assert_eq!(halves.len(), blocks.len() * 16 * 3);
    for (block, expected) in blocks.iter().zip(halves.as_chunks::<48>().0) {
        for (texel, half) in codec.decode_f32(block).iter().zip(expected.as_chunks::<3>().0) {
            let [r, g, b] = half.map(|half| f16_to_f32(half).to_bits());
            assert_eq!(texel.map(f32::to_bits), [r, g, b, 1.0f32.to_bits()], "{block:02x?}");
        }
    }
    halves.len()
}

/// Bytes that differ, by no more than `tolerance`.
fn differences(codec: BlockCodec, blocks: &[&[u8]], expected: &[u8], tolerance: u8) -> usize {
    assert_eq!(expected.len(), blocks.len() * 64);
    let mut count = 0;
    for (block, expected) in blocks.iter().zip(expected.as_chunks::<64>().0) {
        let decoded = codec.decode_rgba8(block).unwrap();
        for (a, b) in decoded.as_flattened().iter().zip(expected) {
            assert!(a.abs_diff(*b) <= tolerance, "{block:02x?}: {a} and {b}");
            count += usize::from(a != b);
        }
    }
    count
}

/// Random blocks, with all modes of BC6H and BC7 in turn, against the crate `bcdec_rs`.
#[test]
fn an_independent_decoder_agrees() {
    let mut random = Random(1);
    let mut differing: BTreeMap<&str, usize> = BTreeMap::new();
    const BLOCKS: u32 = 20_000;
    for i in 0..BLOCKS {
        let mut bits = random.next();
        let mut bytes = [0; 64];
        for (name, codec, decode) in [
            ("bc1", BlockCodec::Bc1, bcdec_rs::bc1 as fn(&[u8], &mut [u8], usize)),
            ("bc2", BlockCodec::Bc2, bcdec_rs::bc2),
            ("bc3", BlockCodec::Bc3, bcdec_rs::bc3),
        ] {
            decode(&bits.to_le_bytes(), &mut bytes, 16);
            *differing.entry(name).or_default() += differences(codec, &[&bits.to_le_bytes()], &bytes, 1);
        }

        let mode = i % 9;
        bits = if mode < 8 { (bits | 1) << mode } else { bits & !0xff };
        bcdec_rs::bc7(&bits.to_le_bytes(), &mut bytes, 16);
        assert_eq!(differences(BlockCodec::Bc7, &[&bits.to_le_bytes()], &bytes, 0), 0, "{bits:#034x}");

        bits = bits & !31 | u128::from(i % 32);
        for (codec, signed) in [(BlockCodec::Bc6hUf16, false), (BlockCodec::Bc6hSf16, true)] {
            let mut halves = [0u16; 48];
            bcdec_rs::bc6h_half(&bits.to_le_bytes(), &mut halves, 12, signed);
            let bytes: Vec<u8> = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
            check_half(codec, &[&bits.to_le_bytes()], &bytes);
        }
    }
    println!(
        "bcdec_rs: {BLOCKS} blocks a codec: BC6H and BC7 equal; BC1-3 within a code, differing {differing:?}"
    );
}

/// A xorshift generator, so that every run sees the same blocks.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u128 {
        let mut word = || {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0
        };
        u128::from(word()) << 64 | u128::from(word())
    }
}
