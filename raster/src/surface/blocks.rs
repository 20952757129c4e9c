//! Decoded texels of block-compressed images, so that sampling does not decode a block for every tap.
//!
//! They are kept in 16 bits without loss. Every value of a BC1-5 palette is a fraction whose divisor divides
//! 210 times 255 (or 35 times 127 with a sign): 2 and 3 for colours, 5 and 7 for scalars; BC7 has whole
//! 255ths. BC6H has halves anyway.

use std::sync::OnceLock;

use super::TILE_SIZE;
use crate::format::Format;
use crate::format::bc::BlockCodec;
use crate::format::float::{Rounding, f16_to_f32, f32_to_f16};

/// What the 16 bits of a decoded component mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BlockCodes {
    /// 53550ths.
    Unorm,
    /// Signed 4445ths.
    Snorm,
    /// Half floats.
    Half,
}

impl BlockCodes {
    /// One 8-bit step in 53550ths.
    pub(crate) const UNORM8_STEP: u16 = 210;

    /// How a codec's texels are kept.
    pub(crate) fn of(codec: BlockCodec) -> Self {
        match codec {
            BlockCodec::Bc4Snorm | BlockCodec::Bc5Snorm => Self::Snorm,
            BlockCodec::Bc6hUf16 | BlockCodec::Bc6hSf16 => Self::Half,
            _ => Self::Unorm,
        }
    }

    /// What a [numerator](Self::numerator) is divided by.
    pub(crate) fn divisor(self) -> f32 {
        match self {
            Self::Unorm => 53550.0,
            Self::Snorm => 4445.0,
            Self::Half => 1.0,
        }
    }

    /// The code of a decoded component. The float is the fraction rounded to 24 bits, so that multiplying it
    /// by the divisor ends within 1/300 of the numerator.
    fn encode(self, value: f32) -> u16 {
        match self {
            Self::Unorm | Self::Snorm => {
                (f64::from(value) * f64::from(self.divisor())).round_ties_even() as i32 as u16
            }
            Self::Half => f32_to_f16(value, Rounding::TowardZero),
        }
    }

    /// The component times the divisor, exact.
    pub(crate) fn numerator(self, code: u16) -> f32 {
        match self {
            Self::Unorm => f32::from(code),
            Self::Snorm => f32::from(code as i16),
            Self::Half => f16_to_f32(code),
        }
    }
}

/// A tile of decoded texels, rows of 64.
type Region = Box<[[u16; 4]]>;

/// One entry a tile, filled on the first touch; empty for images without blocks.
#[derive(Debug, Clone, Default)]
pub(super) struct BlockCache(Vec<OnceLock<Region>>);

impl BlockCache {
    /// For an image of `width` by `height` texels.
    pub(super) fn new(format: Format, width: u32, height: u32) -> Self {
        let regions = width.div_ceil(TILE_SIZE) as usize * height.div_ceil(TILE_SIZE) as usize;
        let regions = if format.is_block_compressed() { regions } else { 0 };
        Self(std::iter::repeat_with(OnceLock::new).take(regions).collect())
    }

    /// Forgets everything, after a write.
    pub(super) fn clear(&mut self) {
        self.0.iter_mut().for_each(|region| drop(region.take()));
    }

    /// Codes of the texel at (`x`, `y`); `data` are the image's blocks, `columns` in a row. `None` outside.
    #[inline]
    pub(super) fn texel(
        &self,
        codec: BlockCodec,
        data: &[u8],
        columns: u32,
        x: u32,
        y: u32,
    ) -> Option<[u16; 4]> {
        let regions = columns.div_ceil(TILE_SIZE / 4);
        let (region_x, region_y) = (x / TILE_SIZE, y / TILE_SIZE);
        let region = self.0.get(region_y as usize * regions as usize + region_x as usize)?;
        let region = region.get_or_init(|| decode_region(codec, data, columns, region_x, region_y));
        region.get((y % TILE_SIZE * TILE_SIZE + x % TILE_SIZE) as usize).copied()
    }
}

fn decode_region(codec: BlockCodec, data: &[u8], columns: u32, region_x: u32, region_y: u32) -> Region {
    let codes = BlockCodes::of(codec);
    let blocks = TILE_SIZE / 4;
    let mut region = vec![[0; 4]; (TILE_SIZE * TILE_SIZE) as usize].into_boxed_slice();
    for row in 0..blocks {
        for column in 0..blocks.min(columns - (region_x * blocks).min(columns)) {
            let block =
                (region_y * blocks + row) as usize * columns as usize + (region_x * blocks + column) as usize;
            let Some(bytes) = data.get(block * codec.block_bytes()..) else { return region };
            if bytes.is_empty() {
                return region;
            }
            let at = (row * 4 * TILE_SIZE + column * 4) as usize;
            for (i, texel) in codec.decode_f32(bytes).into_iter().enumerate() {
                region[at + i / 4 * TILE_SIZE as usize + i % 4] = texel.map(|value| codes.encode(value));
            }
        }
    }
    region
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_keep_every_value() {
        // A counter walks through block bits; what is kept must decode to the same floats.
        let codecs = [
            BlockCodec::Bc1,
            BlockCodec::Bc2,
            BlockCodec::Bc3,
            BlockCodec::Bc4Unorm,
            BlockCodec::Bc4Snorm,
            BlockCodec::Bc5Unorm,
            BlockCodec::Bc5Snorm,
            BlockCodec::Bc6hUf16,
            BlockCodec::Bc6hSf16,
            BlockCodec::Bc7,
        ];
        for codec in codecs {
            let codes = BlockCodes::of(codec);
            let mut bits = 1u128;
            for _ in 0..2000 {
                bits = bits.wrapping_mul(0xda94_2042_e4dd_58b5_a94d_049b_b133_111d).wrapping_add(99);
                for value in codec.decode_f32(&bits.to_le_bytes()).as_flattened() {
                    let back = codes.numerator(codes.encode(*value)) / codes.divisor();
                    assert_eq!(back.to_bits(), value.to_bits(), "{codec:?} {value}");
                }
            }
        }
    }
}
