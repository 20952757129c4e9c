//! Decoded texels of block-compressed images, so that sampling does not decode a block for every tap.
//!
//! They are kept in 16 bits without loss. Every value of a BC1-5 palette is a fraction whose divisor divides
//! 210 times 255 (or 35 times 127 with a sign): 2 and 3 for colours, 5 and 7 for scalars; BC7 has whole
//! 255ths. BC6H has halves anyway.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

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

    /// The [divisor](Self::divisor) of UNORM codes.
    pub(crate) const UNORM_DIVISOR: f32 = 53550.0;

    /// What a [numerator](Self::numerator) is divided by.
    pub(crate) fn divisor(self) -> f32 {
        match self {
            Self::Unorm => Self::UNORM_DIVISOR,
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

/// Texels of a tile.
const TEXELS: usize = (TILE_SIZE * TILE_SIZE) as usize;
/// Most tiles that are kept decoded at any time, by all images together: 512 MiB.
const MAX_REGIONS: usize = (512 << 20) / (8 * TEXELS);
/// How many are kept.
static REGIONS: AtomicUsize = AtomicUsize::new(0);

/// The codes of a texel in one number, red in the lowest bits.
fn pack([red, green, blue, alpha]: [u16; 4]) -> u64 {
    let [red, green, blue, alpha] = [red, green, blue, alpha].map(u64::from);
    red | green << 16 | blue << 32 | alpha << 48
}

#[inline]
fn unpack(texel: u64) -> [u16; 4] {
    [0, 16, 32, 48].map(|shift| (texel >> shift) as u16)
}

/// A tile of decoded texels, [packed](pack), rows of 64.
type Texels = [u64; TEXELS];

/// A decoded tile that counts towards [`MAX_REGIONS`].
#[derive(Debug)]
struct Region(Box<Texels>);

impl Region {
    /// `None` when there are too many already.
    fn new(texels: impl FnOnce() -> Box<Texels>) -> Option<Self> {
        if REGIONS.fetch_add(1, Relaxed) >= MAX_REGIONS {
            REGIONS.fetch_sub(1, Relaxed);
            return None;
        }
        Some(Self(texels()))
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        REGIONS.fetch_sub(1, Relaxed);
    }
}

/// The compressed blocks of an image.
#[derive(Debug, Clone, Copy)]
pub(super) struct Blocks<'a> {
    pub(super) codec: BlockCodec,
    pub(super) data: &'a [u8],
    /// Blocks in a row.
    pub(super) columns: u32,
}

impl Blocks<'_> {
    /// The 16 texels of a block, packed; `None` outside.
    fn decode(self, column: u32, row: u32) -> Option<[u64; 16]> {
        let at = (row as usize * self.columns as usize + column as usize) * self.codec.block_bytes();
        let bytes = self.data.get(at..).filter(|bytes| !bytes.is_empty() && column < self.columns)?;
        let codes = BlockCodes::of(self.codec);
        Some(self.codec.decode_f32(bytes).map(|texel| pack(texel.map(|value| codes.encode(value)))))
    }

    /// Column and row of a tile's first block.
    fn first_of(self, tile: usize) -> (u32, u32) {
        let tiles = self.columns.div_ceil(TILE_SIZE / 4).max(1) as usize;
        ((tile % tiles) as u32 * (TILE_SIZE / 4), (tile / tiles) as u32 * (TILE_SIZE / 4))
    }

    fn decode_tile(self, tile: usize) -> Box<Texels> {
        let (first_column, first_row) = self.first_of(tile);
        let mut texels = Box::new([0; TEXELS]);
        for (row, column) in (0..TILE_SIZE / 4).flat_map(|row| (0..TILE_SIZE / 4).map(move |c| (row, c))) {
            let Some(block) = self.decode(first_column + column, first_row + row) else { continue };
            let at = (row * 4 * TILE_SIZE + column * 4) as usize;
            for (y, texels_row) in block.as_chunks::<4>().0.iter().enumerate() {
                let at = at + y * TILE_SIZE as usize;
                texels[at..at + 4].copy_from_slice(texels_row);
            }
        }
        texels
    }

    fn decode_texel(self, tile: usize, texel: usize) -> Option<u64> {
        let (first_column, first_row) = self.first_of(tile);
        let (x, y) = (texel as u32 % TILE_SIZE, texel as u32 / TILE_SIZE);
        let block = self.decode(first_column + x / 4, first_row + y / 4)?;
        Some(block[(y % 4 * 4 + x % 4) as usize])
    }
}

/// One entry a tile, filled on the first touch; empty for images without blocks. Clones start empty: an image is
/// copied to be written to.
#[derive(Debug, Default)]
pub(super) struct BlockCache(Vec<OnceLock<Region>>);

impl Clone for BlockCache {
    fn clone(&self) -> Self {
        Self::with_tiles(self.0.len())
    }
}

impl BlockCache {
    /// For an image of `width` by `height` texels.
    pub(super) fn new(format: Format, width: u32, height: u32) -> Self {
        let tiles = width.div_ceil(TILE_SIZE) as usize * height.div_ceil(TILE_SIZE) as usize;
        Self::with_tiles(if format.is_block_compressed() { tiles } else { 0 })
    }

    fn with_tiles(tiles: usize) -> Self {
        Self(std::iter::repeat_with(OnceLock::new).take(tiles).collect())
    }

    /// Forgets everything, after a write.
    pub(super) fn clear(&mut self) {
        self.0.iter_mut().for_each(|region| drop(region.take()));
    }

    /// Codes of a texel by its place in the order of tiles. `None` outside.
    #[inline]
    pub(super) fn texel<'a>(
        &self,
        index: usize,
        blocks: impl FnOnce() -> Option<Blocks<'a>>,
    ) -> Option<[u16; 4]> {
        let region = self.0.get(index / TEXELS)?;
        match region.get() {
            Some(Region(texels)) => Some(unpack(texels[index % TEXELS])),
            None => decode_on_touch(region, blocks()?, index).map(unpack),
        }
    }

    /// Sixteen texels that follow each other in one tile, packed, if that is decoded.
    #[inline]
    pub(super) fn row(&self, index: u32) -> Option<&[u64; 16]> {
        let Region(texels) = self.0.get(index as usize / TEXELS)?.get()?;
        texels[index as usize % TEXELS..].first_chunk()
    }

    /// As [`texel`](Self::texel) of many, packed, 0 outside.
    pub(super) fn texels<'a>(
        &self,
        indices: &[u32],
        out: &mut [u64],
        blocks: impl Fn() -> Option<Blocks<'a>>,
    ) {
        let mut tiles = Tiles::new(self);
        for (&index, out) in indices.iter().zip(out) {
            *out = match tiles.of(index) {
                Some(texels) => texels[index as usize % TEXELS],
                None => self.texel(index as usize, &blocks).map_or(0, pack),
            };
        }
    }

    /// As [`texels`](Self::texels) of the left and the right of pairs, two at once where they are neighbours.
    pub(super) fn pairs<'a>(
        &self,
        [left, right]: [&[u32]; 2],
        [out_left, out_right]: [&mut [u64]; 2],
        blocks: impl Fn() -> Option<Blocks<'a>>,
    ) {
        let mut tiles = Tiles::new(self);
        let texel = |index: u32| self.texel(index as usize, &blocks).map_or(0, pack);
        let out = out_left.iter_mut().zip(out_right);
        for ((&left, &right), (out_left, out_right)) in left.iter().zip(right).zip(out) {
            let texels = tiles.of(left).and_then(|texels| texels[left as usize % TEXELS..].first_chunk());
            (*out_left, *out_right) = match texels {
                Some(&[first, second]) if right == left + 1 => (first, second),
                _ => (texel(left), texel(right)),
            };
        }
    }
}

/// The last tile that was looked at: neighbours are mostly of one.
struct Tiles<'a> {
    cache: &'a BlockCache,
    last: usize,
    texels: &'a Texels,
}

impl<'a> Tiles<'a> {
    fn new(cache: &'a BlockCache) -> Self {
        Self { cache, last: usize::MAX, texels: &[0; TEXELS] }
    }

    /// The tile of a texel, if it is decoded.
    #[inline(always)]
    fn of(&mut self, index: u32) -> Option<&'a Texels> {
        let tile = index as usize / TEXELS;
        if tile != self.last {
            let Region(texels) = self.cache.0.get(tile)?.get()?;
            (self.last, self.texels) = (tile, texels);
        }
        Some(self.texels)
    }
}

/// The texel, and if there is room the whole tile for the next one.
#[cold]
fn decode_on_touch(region: &OnceLock<Region>, blocks: Blocks<'_>, index: usize) -> Option<u64> {
    let (tile, texel) = (index / TEXELS, index % TEXELS);
    match Region::new(|| blocks.decode_tile(tile)) {
        Some(new) => Some(region.get_or_init(|| new).0[texel]),
        None => blocks.decode_texel(tile, texel),
    }
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

    #[test]
    fn tiles_decode_to_their_blocks() {
        // 70 by 70 texels of BC1: 18 by 18 blocks, each black with its number in the low bits of two colours.
        let data: Vec<u8> =
            (0..18 * 18u32).flat_map(|i| [i as u8, (i >> 8) as u8, 0, 0, 0, 0, 0, 0]).collect();
        let blocks = Blocks { codec: BlockCodec::Bc1, data: &data, columns: 18 };
        let cache = BlockCache::new(Format::Bc1Unorm, 70, 70);
        for (x, y) in [(0u32, 0u32), (63, 63), (64, 0), (69, 69), (3, 66), (67, 5)] {
            let block = blocks.decode(x / 4, y / 4).unwrap();
            let (tile, texel) = ((y / 64 * 2 + x / 64) as usize, (y % 64 * 64 + x % 64) as usize);
            let expected = block[(y % 4 * 4 + x % 4) as usize];
            assert_eq!(cache.texel(tile * TEXELS + texel, || Some(blocks)), Some(unpack(expected)));
            assert_eq!(blocks.decode_texel(tile, texel), Some(expected), "without the cache");
        }
        assert_eq!(cache.texel(4 * TEXELS, || Some(blocks)), None);
        assert_eq!(blocks.decode_texel(1, 63), None, "beyond the last block");
    }
}
