//! One two-dimensional subresource.

use std::fmt;
use std::slice::ChunksMut;

use super::blocks::{BlockCache, Blocks};
use super::geometry::Geometry;
use super::{Layout, MAX_DIMENSION, MAX_TEXTURE_BYTES, SurfaceError, TILE_SIZE, check_samples, check_size};
use crate::format::Format;
use crate::state::Rect;

/// A rectangle of texels: a mip level of a layer, or of a slice of a volume. All samples of a texel lie
/// together.
///
/// Compressed blocks are always [linear](Layout::Linear). The default is an image without texels.
#[derive(Clone)]
pub struct Image {
    format: Format,
    width: u32,
    height: u32,
    samples: u32,
    geometry: Geometry,
    data: Vec<u8>,
    decoded: BlockCache,
}

/// Everything but the texels.
impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { format, width, height, samples, .. } = self;
        write!(f, "Image({format}, {width}x{height}, {samples} samples, {:?})", self.layout())
    }
}

impl Default for Image {
    fn default() -> Self {
        Self {
            format: Format::R8G8B8A8Unorm,
            width: 0,
            height: 0,
            samples: 1,
            geometry: Geometry::default(),
            data: Vec::new(),
            decoded: BlockCache::default(),
        }
    }
}

impl Image {
    /// A linear image of zero bits.
    pub fn new(format: Format, width: u32, height: u32, samples: u32) -> Result<Self, SurfaceError> {
        check_size("width", width.into(), MAX_DIMENSION.into())?;
        check_size("height", height.into(), MAX_DIMENSION.into())?;
        check_samples(samples)?;
        if samples > 1 && format.is_block_compressed() {
            return Err(SurfaceError::Combination("compressed blocks and samples"));
        }
        check_size("bytes", Self::stored_bytes(format, width, height, samples), MAX_TEXTURE_BYTES)?;
        let geometry = geometry(format, width, height, samples);
        let decoded = BlockCache::new(format, width, height);
        Ok(Self { format, width, height, samples, geometry, data: vec![0; geometry.len()], decoded })
    }

    /// Bytes of a linear image.
    pub(super) fn stored_bytes(format: Format, width: u32, height: u32, samples: u32) -> u64 {
        let extent = format.block_extent();
        let units = u64::from(width.div_ceil(extent)) * u64::from(height.div_ceil(extent));
        units * format.block_bytes() as u64 * u64::from(samples)
    }

    /// Format.
    #[inline]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Texels a row.
    #[inline]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows of texels.
    #[inline]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Samples a texel.
    #[inline]
    pub fn samples(&self) -> u32 {
        self.samples
    }

    /// Order of the texels.
    #[inline]
    pub fn layout(&self) -> Layout {
        self.geometry.layout
    }

    /// The bytes in the order of the [layout](Self::layout).
    #[inline]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Bytes of a texel with all its samples, or of a compressed block.
    #[inline]
    pub fn texel_bytes(&self) -> usize {
        self.geometry.unit_bytes
    }

    /// Where the first sample of a texel (or its block) starts in [`data`](Self::data). The texel must be in
    /// the image.
    #[inline]
    pub fn texel_offset(&self, x: u32, y: u32) -> usize {
        let extent = self.format.block_extent();
        self.geometry.offset(x / extent, y / extent)
    }

    /// The bytes of one sample; `None` outside the image. For compressed formats, those of the texel's block.
    #[inline]
    pub fn texel(&self, x: u32, y: u32, sample: u32) -> Option<&[u8]> {
        if x >= self.width || y >= self.height || sample >= self.samples {
            return None;
        }
        let (extent, bytes) = (self.format.block_extent(), self.format.block_bytes());
        let start = self.geometry.offset(x / extent, y / extent) + sample as usize * bytes;
        self.data.get(start..start + bytes)
    }

    /// The place of one sample among those of the image, in the order of [`sampled_layout`](Self::sampled_layout);
    /// `None` outside.
    #[inline]
    pub(crate) fn sample_index(&self, x: u32, y: u32, sample: u32) -> Option<usize> {
        let inside = x < self.width && y < self.height && sample < self.samples;
        let layout = self.sampled_layout();
        let texel = || layout.row_index(y, self.width) + layout.column_index(x);
        inside.then(|| texel() as usize * self.samples as usize + sample as usize)
    }

    /// The order in which texels are sampled: that of the decoded texels for compressed blocks.
    #[inline]
    pub(crate) fn sampled_layout(&self) -> Layout {
        if self.format.is_block_compressed() { Layout::Tiled } else { self.layout() }
    }

    /// Register bits of one sample. Outside the image, components that the format stores are 0.
    pub fn read_texel(&self, x: u32, y: u32, sample: u32) -> [u32; 4] {
        match self.texel(x, y, sample) {
            None => self.format.outside(),
            Some(block) if self.format.is_block_compressed() => {
                let texel = (y % 4 * 4 + x % 4) as usize;
                self.format.decode_block(block).map_or([0; 4], |texels| texels[texel].map(f32::to_bits))
            }
            Some(texel) => self.format.decode_texel(texel),
        }
    }

    /// Stores register bits to one sample, as a render target does; nothing outside the image or in
    /// compressed blocks.
    pub fn write_texel(&mut self, x: u32, y: u32, sample: u32, register: [u32; 4]) {
        if x >= self.width || y >= self.height || sample >= self.samples {
            return;
        }
        let bytes = self.format.block_bytes();
        let start = self.texel_offset(x, y) + sample as usize * bytes;
        if let Some(texel) = self.data.get_mut(start..start + bytes) {
            self.format.encode_texel(register, texel);
        }
    }

    /// Stores register bits to all samples of all texels.
    pub fn fill(&mut self, register: [u32; 4]) {
        let bytes = self.format.block_bytes();
        for texel in self.data.chunks_exact_mut(bytes) {
            self.format.encode_texel(register, texel);
        }
    }

    /// Codes of the texel of a compressed image with a [`sample_index`](Self::sample_index).
    #[inline]
    pub(crate) fn block_texel(&self, index: usize) -> Option<[u16; 4]> {
        self.decoded.texel(index, || self.blocks())
    }

    /// [Packed](crate::surface::blocks::pack) [`block_texel`](Self::block_texel)s, 0 outside.
    pub(crate) fn block_texels(&self, indices: &[u32], out: &mut [u64]) {
        self.decoded.texels(indices, out, || self.blocks());
    }

    /// As [`block_texels`](Self::block_texels) of the left and the right of pairs, which mostly are neighbours.
    pub(crate) fn block_pairs(&self, indices: [&[u32]; 2], out: [&mut [u64]; 2]) {
        self.decoded.pairs(indices, out, || self.blocks());
    }

    /// Sixteen [`block_texels`](Self::block_texels) in a row, if they are decoded already.
    #[inline]
    pub(crate) fn block_row(&self, index: u32) -> Option<&[u64; 16]> {
        self.decoded.row(index)
    }

    fn blocks(&self) -> Option<Blocks<'_>> {
        let (codec, columns) = (self.format.block_codec()?, self.geometry.columns);
        Some(Blocks { codec, data: &self.data, columns })
    }

    /// Columns and rows of tiles.
    pub fn tile_grid(&self) -> (u32, u32) {
        self.geometry.tiles()
    }

    /// Bytes of a tile: 64 by 64 texels with all their samples.
    pub fn tile_bytes(&self) -> usize {
        self.geometry.tile_bytes()
    }

    /// The bytes of every tile, row by row; makes the image [tiled](Layout::Tiled). There are none in
    /// compressed images.
    pub fn tiles_mut(&mut self) -> ChunksMut<'_, u8> {
        self.make_tiled();
        let bytes = self.tile_bytes().max(1);
        match self.layout() {
            Layout::Tiled => self.data.chunks_mut(bytes),
            Layout::Linear => [].chunks_mut(bytes),
        }
    }

    /// The bytes of one tile; empty outside the grid, and unless the image is [tiled](Layout::Tiled).
    pub fn tile(&self, x: u32, y: u32) -> &[u8] {
        let (columns, rows) = self.tile_grid();
        if self.layout() == Layout::Linear || x >= columns || y >= rows {
            return &[];
        }
        let start = self.geometry.offset(x * TILE_SIZE, y * TILE_SIZE);
        self.data.get(start..start + self.tile_bytes()).unwrap_or(&[])
    }

    /// Reorders the texels into tiles, which threads can write apart. Compressed blocks stay where they are.
    pub fn make_tiled(&mut self) {
        if self.layout() == Layout::Tiled || self.format.is_block_compressed() {
            return;
        }
        let (linear, pitch) = (std::mem::take(&mut self.data), self.geometry.row_bytes());
        self.geometry.layout = Layout::Tiled;
        self.data = vec![0; self.geometry.len()];
        self.write_rows(self.rect(), &linear, pitch);
    }

    /// Reorders the texels into rows.
    pub fn make_linear(&mut self) {
        if self.layout() == Layout::Linear {
            return;
        }
        let pitch = self.geometry.row_bytes();
        let mut linear = vec![0; pitch * self.geometry.rows as usize];
        self.read_rows(self.rect(), &mut linear, pitch);
        self.geometry.layout = Layout::Linear;
        self.data = linear;
    }

    /// The image in tiles and with its texels' bits taken for `format`. A format with another texel size
    /// changes nothing.
    pub fn into_target(mut self, format: Format) -> Self {
        if format.block_bytes() == self.format.block_bytes() && !format.is_block_compressed() {
            self.make_tiled();
            if self.layout() == Layout::Tiled {
                self.format = format;
            }
        }
        self
    }

    /// The whole image.
    pub fn rect(&self) -> Rect {
        Rect { left: 0, top: 0, right: self.width as i32, bottom: self.height as i32 }
    }

    /// Copies the part of `rect` that lies in the image to rows that start `pitch` bytes apart, whatever the
    /// layout.
    ///
    /// For compressed formats rows are rows of blocks, and every block that the rectangle touches counts. All
    /// samples of a texel follow each other. What does not fit into `out` is left out.
    pub fn read_rows(&self, rect: Rect, out: &mut [u8], pitch: usize) {
        let Some((columns, rows)) = self.units(rect) else { return };
        for span in self.geometry.spans(columns, rows) {
            let at = span.row.saturating_mul(pitch).saturating_add(span.offset);
            let Some(out) = out.get_mut(at..) else { return };
            let len = span.data.len().min(out.len());
            out[..len].copy_from_slice(&self.data[span.data][..len]);
        }
    }

    /// Stores rows as [`read_rows`](Self::read_rows) gives them. Bytes that are missing leave the image as it
    /// is.
    pub fn write_rows(&mut self, rect: Rect, bytes: &[u8], pitch: usize) {
        let Some((columns, rows)) = self.units(rect) else { return };
        self.decoded.clear();
        for span in self.geometry.spans(columns, rows) {
            let at = span.row.saturating_mul(pitch).saturating_add(span.offset);
            let Some(bytes) = bytes.get(at..) else { return };
            let len = span.data.len().min(bytes.len());
            self.data[span.data][..len].copy_from_slice(&bytes[..len]);
        }
    }

    /// Columns and rows of the units in a rectangle; `None` when it has none in the image.
    fn units(&self, rect: Rect) -> Option<(std::ops::Range<u32>, std::ops::Range<u32>)> {
        let rect = rect.intersect(self.rect());
        let extent = self.format.block_extent();
        let units = |start: i32, end: i32| start as u32 / extent..(end as u32).div_ceil(extent);
        (!rect.is_empty()).then(|| (units(rect.left, rect.right), units(rect.top, rect.bottom)))
    }
}

fn geometry(format: Format, width: u32, height: u32, samples: u32) -> Geometry {
    let extent = format.block_extent();
    Geometry {
        columns: width.div_ceil(extent),
        rows: height.div_ceil(extent),
        unit_bytes: format.block_bytes() * samples as usize,
        layout: Layout::Linear,
    }
}

impl Format {
    /// Register bits that a load outside a resource gives: 0 in what the format stores, defaults in the rest
    /// (d3d-rules §12.17).
    pub(crate) fn outside(self) -> [u32; 4] {
        let (defaults, mask) = (self.defaults(), self.channel_mask());
        std::array::from_fn(|i| if mask >> i & 1 == 1 { 0 } else { defaults[i] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(left: i32, top: i32, right: i32, bottom: i32) -> Rect {
        Rect { left, top, right, bottom }
    }

    fn block_texel(image: &Image, x: u32, y: u32) -> Option<[u16; 4]> {
        image.block_texel(image.sample_index(x, y, 0)?)
    }

    #[test]
    fn layouts_hold_the_same_texels() {
        let mut image = Image::new(Format::R32Uint, 130, 70, 2).unwrap();
        for (x, y, sample) in (0..130).flat_map(|x| (0..70).flat_map(move |y| [(x, y, 0), (x, y, 1)])) {
            image.write_texel(x, y, sample, [x << 16 | y << 1 | sample, 0, 0, 0]);
        }
        let linear = image.clone();
        image.make_tiled();
        assert_eq!((image.layout(), image.tile_grid()), (Layout::Tiled, (3, 2)));
        assert_eq!(image.data().len(), 6 * 4096 * 8);
        assert_eq!(image.tile(2, 1)[..4], (128u32 << 16 | 64 << 1).to_le_bytes());
        for (x, y) in [(0, 0), (63, 63), (64, 63), (129, 69)] {
            assert_eq!(image.read_texel(x, y, 1), linear.read_texel(x, y, 1));
        }
        image.make_linear();
        assert_eq!(image.data(), linear.data());
    }

    #[test]
    fn rows_are_the_same_in_both_layouts() {
        let mut image = Image::new(Format::R8Unorm, 100, 3, 1).unwrap();
        let bytes: Vec<u8> = (0..=255).collect();
        image.write_rows(rect(50, 1, 90, 3), &bytes, 48);
        let mut tiled = image.clone();
        tiled.make_tiled();
        for image in [&image, &tiled] {
            let mut out = [0xee; 10];
            image.read_rows(rect(62, 1, 66, 9), &mut out, 6);
            assert_eq!(out, [12, 13, 14, 15, 0xee, 0xee, 60, 61, 62, 63]);
        }
        image.read_rows(rect(-5, -5, 0, 0), &mut [0; 0], 0);
        image.write_rows(rect(i32::MIN, i32::MIN, i32::MAX, i32::MAX), &[7], usize::MAX);
        assert_eq!(image.data()[0], 7);
    }

    #[test]
    fn blocks_are_copied_whole_and_read_anew_after_a_write() {
        let mut image = Image::new(Format::Bc1Unorm, 6, 6, 1).unwrap();
        assert_eq!(image.data().len(), 4 * 8);
        assert_eq!(block_texel(&image, 5, 5), Some([0, 0, 0, 53550]));
        let white = [0xff, 0xff, 0, 0, 0, 0, 0, 0];
        image.write_rows(rect(4, 4, 6, 6), &white, 8);
        assert_eq!(block_texel(&image, 5, 5), Some([53550; 4]));
        assert_eq!(image.read_texel(5, 5, 0), [1.0f32.to_bits(); 4]);
        assert_eq!(image.read_texel(3, 3, 0), [0.0, 0.0, 0.0, 1.0].map(f32::to_bits));
        assert_eq!(image.tiles_mut().count(), 0);
    }

    #[test]
    fn reads_outside_follow_the_load_rule() {
        let image = Image::new(Format::R8Unorm, 2, 2, 1).unwrap();
        assert_eq!(image.read_texel(2, 0, 0), [0, 0, 0, 1.0f32.to_bits()]);
        let image = Image::new(Format::R8G8B8A8Unorm, 2, 2, 1).unwrap();
        assert_eq!(image.read_texel(0, 0, 1), [0; 4]);
    }

    #[test]
    fn targets_take_formats_of_the_same_size() {
        let image = Image::new(Format::R8G8B8A8Unorm, 2, 2, 1).unwrap();
        let image = image.into_target(Format::R8G8B8A8UnormSrgb);
        assert_eq!((image.format(), image.layout()), (Format::R8G8B8A8UnormSrgb, Layout::Tiled));
        assert_eq!(image.into_target(Format::R8Unorm).format(), Format::R8G8B8A8UnormSrgb);
    }

    #[test]
    fn impossible_images_are_refused() {
        let error = |format, width, samples| Image::new(format, width, 1, samples).unwrap_err();
        assert_eq!(
            error(Format::R8Unorm, 0, 1),
            SurfaceError::Size { what: "width", value: 0, max: MAX_DIMENSION.into() }
        );
        assert_eq!(error(Format::R8Unorm, 1, 3), SurfaceError::Samples(3));
        assert_eq!(error(Format::Bc7Unorm, 1, 2), SurfaceError::Combination("compressed blocks and samples"));
        assert!(Image::new(Format::R32G32B32A32Float, 16384, 16384, 16).is_err());
    }
}
