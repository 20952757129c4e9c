//! Block compression (d3d-rules §13): 4x4 texels in 8 or 16 bytes.
//!
//! BC6H and BC7 have one right answer. For BC1 to BC5 Direct3D allows a tolerance, and two answers are
//! offered: [`decode_f32`](BlockCodec::decode_f32) is the exact palette rounded once to f32, the reference.
//! For BC1 to BC3 [`decode_rgba8`](BlockCodec::decode_rgba8) rounds the same palette to 8 bits: within the
//! tolerance (half a code where a code is allowed), a quarter of the size, and what sRGB decoding starts from
//! (d3d-rules §13.7).
//!
//! Some decoders (executor.md §4.5) truncate the palette instead, which is up to a code darker and never done
//! here.

use super::Format;
use super::norm::UNORM8_TO_F32;
use super::srgb::SRGB8_TO_F32;

mod bc6h;
mod bc7;
mod palette;
mod partition;

/// Texels of a block, row by row.
pub type Block<T> = [[T; 4]; 16];

/// How blocks are decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum BlockCodec {
    Bc1,
    Bc2,
    Bc3,
    Bc4Unorm,
    Bc4Snorm,
    Bc5Unorm,
    Bc5Snorm,
    Bc6hUf16,
    Bc6hSf16,
    Bc7,
}

impl BlockCodec {
    /// Bytes of a block: 8 or 16.
    pub const fn block_bytes(self) -> usize {
        match self {
            Self::Bc1 | Self::Bc4Unorm | Self::Bc4Snorm => 8,
            _ => 16,
        }
    }

    /// Register components that it stores, bit 0 for x.
    pub const fn channel_mask(self) -> u8 {
        match self {
            Self::Bc1 | Self::Bc2 | Self::Bc3 | Self::Bc7 => 0b1111,
            Self::Bc4Unorm | Self::Bc4Snorm => 0b0001,
            Self::Bc5Unorm | Self::Bc5Snorm => 0b0011,
            Self::Bc6hUf16 | Self::Bc6hSf16 => 0b0111,
        }
    }

    /// Decodes to floats, without sRGB; what the format lacks is 0, alpha 1. Bytes missing from `block` count
    /// as 0.
    pub fn decode_f32(self, block: &[u8]) -> Block<f32> {
        let (low, high) = self.words(block);
        match self {
            Self::Bc1 | Self::Bc2 | Self::Bc3 => {
                palette::decode_color(self, low, high, |value, divisor| value as f32 / (divisor * 255) as f32)
            }
            Self::Bc4Unorm => palette::decode_scalars([Some(low), None], false),
            Self::Bc4Snorm => palette::decode_scalars([Some(low), None], true),
            Self::Bc5Unorm => palette::decode_scalars([Some(low), Some(high)], false),
            Self::Bc5Snorm => palette::decode_scalars([Some(low), Some(high)], true),
            Self::Bc6hUf16 => bc6h::decode(join(low, high), false),
            Self::Bc6hSf16 => bc6h::decode(join(low, high), true),
            Self::Bc7 => {
                bc7::decode(join(low, high)).map(|rgba| rgba.map(|code| UNORM8_TO_F32[usize::from(code)]))
            }
        }
    }

    /// Decodes BC1, BC2, BC3 (palette rounded to the nearest code, halves up) or BC7 (exact) to R, G, B, A
    /// bytes; `None` for the others. Bytes missing from `block` count as 0.
    pub fn decode_rgba8(self, block: &[u8]) -> Option<Block<u8>> {
        let (low, high) = self.words(block);
        match self {
            Self::Bc1 | Self::Bc2 | Self::Bc3 => {
                Some(palette::decode_color(self, low, high, |value, divisor| {
                    ((value + divisor / 2) / divisor) as u8
                }))
            }
            Self::Bc7 => Some(bc7::decode(join(low, high))),
            _ => None,
        }
    }

    /// The two halves of a block.
    fn words(self, block: &[u8]) -> (u64, u64) {
        let size = self.block_bytes().min(block.len());
        let mut bytes = [0; 16];
        bytes[..size].copy_from_slice(&block[..size]);
        let word = u128::from_le_bytes(bytes);
        (word as u64, (word >> 64) as u64)
    }
}

fn join(low: u64, high: u64) -> u128 {
    u128::from(low) | u128::from(high) << 64
}

impl Format {
    /// Decodes a block of a block-compressed format to floats, sRGB to linear; `None` for uncompressed
    /// formats.
    pub fn decode_block(self, block: &[u8]) -> Option<Block<f32>> {
        let codec = self.block_codec()?;
        if !self.is_srgb() {
            return Some(codec.decode_f32(block));
        }
        let decoded = codec.decode_rgba8(block)?;
        Some(decoded.map(|[r, g, b, a]| {
            let [r, g, b] = [r, g, b].map(|code| SRGB8_TO_F32[usize::from(code)]);
            [r, g, b, UNORM8_TO_F32[usize::from(a)]]
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bc1_by_hand() {
        // Red (31, 0, 0) above blue (0, 0, 31): four colours; texels 0 to 3 take codes 0 to 3.
        let block = [0x00, 0xf8, 0x1f, 0x00, 0b1110_0100, 0, 0, 0];
        let texels = Format::Bc1Unorm.decode_block(&block).unwrap();
        assert_eq!(texels[0], [1.0, 0.0, 0.0, 1.0]);
        assert_eq!(texels[1], [0.0, 0.0, 1.0, 1.0]);
        assert_eq!(texels[2], [2.0 / 3.0, 0.0, 1.0 / 3.0, 1.0]);
        assert_eq!(BlockCodec::Bc1.decode_rgba8(&block).unwrap()[3], [85, 0, 170, 255]);
        // The other way around: three colours, and code 3 is transparent black.
        let block = [0x1f, 0x00, 0x00, 0xf8, 0b1110_0100, 0, 0, 0];
        let texels = Format::Bc1Unorm.decode_block(&block).unwrap();
        assert_eq!(texels[2], [0.5, 0.0, 0.5, 1.0]);
        assert_eq!(texels[3], [0.0; 4]);
        assert_eq!(BlockCodec::Bc1.decode_rgba8(&block).unwrap()[2], [128, 0, 128, 255]);
    }

    #[test]
    fn srgb_applies_to_the_8_bit_palette_and_not_to_alpha() {
        // BC2: all alphas 8/15 = 136/255, colour grey (16, 32, 16), which is (132, 130, 132) in 8 bits.
        let mut block = [0x88; 16];
        block[8..].copy_from_slice(&[0x10, 0x84, 0x10, 0x84, 0, 0, 0, 0]);
        let texel = Format::Bc2UnormSrgb.decode_block(&block).unwrap()[5];
        assert_eq!(texel, [SRGB8_TO_F32[132], SRGB8_TO_F32[130], SRGB8_TO_F32[132], 8.0 / 15.0]);
    }

    #[test]
    fn bc4_compares_raw_signed_bytes() {
        // -127 > -128 selects eight values although both mean -1; code 7 is then -1 and not the extreme 1.
        let block = [0x81, 0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(BlockCodec::Bc4Snorm.decode_f32(&block)[0], [-1.0, 0.0, 0.0, 1.0]);
        let block = [0x80, 0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(BlockCodec::Bc4Snorm.decode_f32(&block)[0], [1.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn reserved_modes_are_black() {
        assert_eq!(BlockCodec::Bc7.decode_rgba8(&[0; 16]), Some([[0; 4]; 16]));
        for mode in [0b10011, 0b10111, 0b11011, 0b11111] {
            let mut block = [0xff; 16];
            block[0] = 0xe0 | mode;
            assert_eq!(BlockCodec::Bc6hUf16.decode_f32(&block), [[0.0, 0.0, 0.0, 1.0]; 16]);
        }
    }

    #[test]
    fn short_blocks_are_padded() {
        for format in Format::ALL.iter().filter(|format| format.is_block_compressed()) {
            assert_eq!(format.decode_block(&[]), format.decode_block(&[0; 16]), "{format}");
        }
    }
}
