//! Textures: images that are drawn to and sampled, and the linear memory that guests see.

use std::ops::Range;
use std::sync::Arc;

use aerogpu_protocol::packets::ResourceUsage;
use aerogpu_protocol::{Format, Subresource, TextureLayout};
use aerogpu_raster::format::Format as RasterFormat;
use aerogpu_raster::state::Rect;
use aerogpu_raster::surface::{self, Image, TextureView, ViewDimension};

use super::{Backing, Guest, ResourceError, ResourceId, View, check_bounds};
use crate::backend::TextureData;
use crate::limits;

/// What a create packet says of a texture. A live handle may only be created again with the same description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextureDesc {
    /// Usage bits; a hint for the layout in memory.
    pub usage: u32,
    /// Format.
    pub format: Format,
    /// Texels.
    pub width: u32,
    /// Texels.
    pub height: u32,
    /// Mip levels.
    pub mip_levels: u32,
    /// Array layers; six square ones are a cube too.
    pub array_layers: u32,
    /// Bytes from row to row of mip 0 in guest memory and uploads; 0 is tight.
    pub row_pitch: u32,
}

impl TextureDesc {
    /// Where the subresources lie in linear memory.
    pub fn layout(&self) -> Result<TextureLayout, ResourceError> {
        let extent = [self.width, self.height];
        Ok(TextureLayout::new(self.format, extent, self.mip_levels, self.array_layers, self.row_pitch)?)
    }

    /// Width and height of a mip level.
    pub fn mip_size(&self, mip: u32) -> (u32, u32) {
        (aerogpu_protocol::mip_size(self.width, mip), aerogpu_protocol::mip_size(self.height, mip))
    }

    /// Fails when guest memory is to be behind a texture without a row pitch.
    fn check_backing(&self, backing: Option<Backing>) -> Result<(), ResourceError> {
        if backing.is_none() || self.row_pitch != 0 {
            return Ok(());
        }
        Err(ResourceError::OutOfBounds {
            what: "row pitch of a texture in guest memory",
            value: 0,
            min: self.format.row_bytes(self.width),
            max: u32::MAX.into(),
        })
    }

    /// Host memory of the texture at its largest: in tiles, or block-compressed with every texel decoded.
    fn memory_bytes(&self) -> u64 {
        const TILE: u32 = surface::TILE_SIZE;
        const DECODED_TEXEL: u64 = 8;
        let mip_bytes = |mip| {
            let (width, height) = self.mip_size(mip);
            let tiles = u64::from(width.div_ceil(TILE)) * u64::from(height.div_ceil(TILE));
            let texels = tiles * u64::from(TILE * TILE);
            if self.format.is_block_compressed() {
                self.format.row_bytes(width) * self.format.rows(height) + texels * DECODED_TEXEL
            } else {
                texels * u64::from(self.format.bytes_per_block())
            }
        };
        (0..self.mip_levels).map(mip_bytes).sum::<u64>() * u64::from(self.array_layers)
    }

    /// Fails unless the rectangle lies in the subresource, on block boundaries where the format has blocks.
    pub fn check_rect(
        &self,
        what: &'static str,
        (mip, layer): (u32, u32),
        origin: [u32; 2],
        size: [u32; 2],
    ) -> Result<(), ResourceError> {
        check_bounds("mip level", mip.into(), 0, u64::from(self.mip_levels) - 1)?;
        check_bounds("array layer", layer.into(), 0, u64::from(self.array_layers) - 1)?;
        let (width, height) = self.mip_size(mip);
        let block = self.format.block_extent();
        for (axis, have) in [width, height].into_iter().enumerate() {
            let (start, end) = (u64::from(origin[axis]), u64::from(origin[axis]) + u64::from(size[axis]));
            check_bounds(what, end, 0, have.into())?;
            let multiple = u64::from(block);
            if !start.is_multiple_of(multiple) {
                return Err(ResourceError::Unaligned { what, value: start, multiple });
            }
            if end != u64::from(have) && !end.is_multiple_of(multiple) {
                return Err(ResourceError::Unaligned { what, value: end, multiple });
            }
        }
        Ok(())
    }
}

/// Some mip levels of some array layers of a texture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subresources {
    /// The texture.
    pub texture: ResourceId,
    /// Mip levels.
    pub mips: Range<u32>,
    /// Array layers.
    pub layers: Range<u32>,
}

impl Subresources {
    /// One mip level of one layer.
    pub fn one(texture: ResourceId, (mip, layer): (u32, u32)) -> Self {
        Self { texture, mips: mip..mip + 1, layers: layer..layer + 1 }
    }

    /// True when both contain the same subresource.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.texture == other.texture
            && overlaps(&self.mips, &other.mips)
            && overlaps(&self.layers, &other.layers)
    }

    /// Each one's mip level and layer.
    fn each(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.layers.clone().flat_map(|layer| self.mips.clone().map(move |mip| (mip, layer)))
    }
}

/// A subresource as it was when it was taken. It shares its texels with the texture until that is written.
#[derive(Debug, Clone)]
pub struct Frozen {
    pub(super) format: Format,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) image: Arc<Image>,
}

impl Frozen {
    /// Bytes of its texels.
    pub fn bytes(&self) -> u64 {
        self.format.row_bytes(self.width) * self.format.rows(self.height)
    }

    /// Its texels.
    pub fn read(&self) -> TextureData {
        let pitch = self.format.row_bytes(self.width) as usize;
        let mut bytes = vec![0; pitch * self.format.rows(self.height) as usize];
        self.image.read_rows(rect([0, 0], [self.width, self.height]), &mut bytes, pitch);
        TextureData { format: self.format, width: self.width, height: self.height, bytes }
    }
}

/// A texture. Its images are shared with queued work, and copied on the first write while such work exists.
#[derive(Debug)]
pub struct Texture {
    /// The description.
    pub desc: TextureDesc,
    backing: Option<Backing>,
    layout: TextureLayout,
    pub(super) surface: Arc<surface::Texture>,
    /// Subresources (mip + layer * mips) that must be read again from guest memory before the next use.
    pub(super) dirty: Vec<bool>,
}

impl Texture {
    /// A texture of zeros. With guest memory behind it, all of it is read before its first use.
    pub fn new(desc: TextureDesc, backing: Option<Backing>) -> Result<Self, ResourceError> {
        let layout = desc.layout()?;
        desc.check_backing(backing)?;
        let targets = ResourceUsage::RENDER_TARGET | ResourceUsage::DEPTH_STENCIL | ResourceUsage::SCANOUT;
        let is_target = ResourceUsage::from_bits_retain(desc.usage).intersects(targets);
        if is_target && desc.format.is_block_compressed() {
            return Err(ResourceError::FormatUse { format: desc.format.name(), what: "a render target" });
        }
        let surface = surface::Texture::new(surface::TextureDesc {
            format: raster_format(desc.format),
            width: desc.width,
            height: desc.height,
            mip_levels: desc.mip_levels,
            layers: desc.array_layers,
            ..Default::default()
        })?;
        let subresources = (desc.mip_levels * desc.array_layers) as usize;
        let dirty = vec![backing.is_some(); subresources];
        Ok(Self { desc, backing, layout, surface: Arc::new(surface), dirty })
    }

    /// Bytes in linear memory.
    pub fn bytes(&self) -> u64 {
        self.layout.size_bytes()
    }

    /// Host memory that it may come to take.
    pub fn memory_bytes(&self) -> u64 {
        self.desc.memory_bytes()
    }

    /// Guest memory behind it.
    pub fn backing(&self) -> Option<Backing> {
        self.backing
    }

    /// Puts other guest memory, or none, behind the texture; its contents stay. What is still to be read comes from the new
    /// memory.
    pub fn rebind(&mut self, backing: Option<Backing>) -> Result<(), ResourceError> {
        self.desc.check_backing(backing)?;
        self.backing = backing;
        if backing.is_none() {
            self.dirty.fill(false);
        }
        Ok(())
    }

    /// Notes that guest memory changed: every subresource that the range touches is read again. Nothing happens without
    /// guest memory.
    pub fn mark_dirty(&mut self, range: Range<u64>) {
        if self.backing.is_some() {
            for (at, _) in self.touched(&range) {
                *self.dirty_mut(at) = true;
            }
        }
    }

    /// Reads from guest memory what changed there of `wanted`. What could not be read stays to be read.
    pub fn refresh(&mut self, guest: &Guest<'_>, wanted: &Subresources) -> Result<(), ResourceError> {
        wanted.each().try_for_each(|at| self.refresh_one(guest, at))
    }

    /// Forgets that guest memory changed behind `overwritten`.
    pub fn discard_dirty(&mut self, overwritten: &Subresources) {
        overwritten.each().for_each(|at| *self.dirty_mut(at) = false);
    }

    fn dirty_mut(&mut self, (mip, layer): (u32, u32)) -> &mut bool {
        &mut self.dirty[(mip + layer * self.desc.mip_levels) as usize]
    }

    /// The subresources that a range of the linear layout touches.
    fn touched(&self, range: &Range<u64>) -> impl Iterator<Item = ((u32, u32), Subresource)> + use<> {
        let (layout, range) = (self.layout, range.clone());
        let layers = range.start / layout.layer_bytes()..range.end.div_ceil(layout.layer_bytes());
        let mips = self.desc.mip_levels;
        let all = layers.flat_map(move |layer| (0..mips).map(move |mip| (mip, layer as u32)));
        all.filter_map(move |(mip, layer)| Some(((mip, layer), layout.subresource(mip, layer)?)))
            .filter(move |(_, place)| overlaps(&range, &span(place)))
    }

    fn refresh_one(&mut self, guest: &Guest<'_>, at: (u32, u32)) -> Result<(), ResourceError> {
        if !*self.dirty_mut(at) {
            return Ok(());
        }
        if let (Some(backing), Some(place)) = (self.backing, self.layout.subresource(at.0, at.1)) {
            self.read_guest(guest, backing, at, &place)?;
        }
        *self.dirty_mut(at) = false;
        Ok(())
    }

    /// Reads a subresource from guest memory, some rows at a time: its pitch may be much more than its rows hold.
    fn read_guest(
        &mut self,
        guest: &Guest<'_>,
        backing: Backing,
        at: (u32, u32),
        place: &Subresource,
    ) -> Result<(), ResourceError> {
        let rows_at_once = (limits::TEXTURE_CHUNK_BYTES / place.row_bytes).clamp(1, place.rows);
        let row_bytes = place.row_bytes as usize;
        let mut bytes = vec![0; rows_at_once as usize * row_bytes];
        for first in (0..place.rows).step_by(rows_at_once as usize) {
            let rows = first..(first + rows_at_once).min(place.rows);
            let bytes = &mut bytes[..(rows.end - rows.start) as usize * row_bytes];
            let together = if place.row_pitch == place.row_bytes { bytes.len() } else { row_bytes };
            for (row, piece) in rows.clone().zip(bytes.chunks_mut(together)) {
                guest.read(backing, place.offset + row * place.row_pitch, piece)?;
            }
            self.write_unit_rows(at, place, rows, bytes, row_bytes);
        }
        Ok(())
    }

    /// Writes bytes at `offset` of the linear layout; what falls on row padding is lost. The range must lie inside it.
    pub fn upload(&mut self, offset: u64, data: &[u8], guest: &Guest<'_>) -> Result<(), ResourceError> {
        let range = offset..offset + data.len() as u64;
        // What can fail comes first; what is overwritten wholly need not be read.
        for (at, place) in self.touched(&range) {
            let texels = place.offset..place.offset + place.row_pitch * (place.rows - 1) + place.row_bytes;
            if !(range.start <= texels.start && texels.end <= range.end) {
                self.refresh_one(guest, at)?;
            }
        }
        for (at, place) in self.touched(&range) {
            let span = span(&place);
            let (from, to) = (range.start.max(span.start), range.end.min(span.end));
            let data = &data[(from - offset) as usize..(to - offset) as usize];
            self.upload_to(at, &place, from - span.start, data);
            *self.dirty_mut(at) = false;
        }
        Ok(())
    }

    /// Writes bytes at `at` of the linear layout of one subresource.
    fn upload_to(&mut self, subresource: (u32, u32), place: &Subresource, mut at: u64, mut data: &[u8]) {
        let (pitch, row_bytes) = (place.row_pitch, place.row_bytes);
        while !data.is_empty() {
            let (row, start, left) = (at / pitch, at % pitch, data.len() as u64);
            let rows = if start == 0 && left >= row_bytes {
                let whole = 1 + (left - row_bytes) / pitch;
                self.write_unit_rows(subresource, place, row..row + whole, data, pitch as usize);
                whole
            } else {
                // Part of a row, or only of its padding.
                if start < row_bytes {
                    let end = (start + left).min(row_bytes);
                    let rect = unit_rows(self.desc.format, place, row..row + 1);
                    let mut bytes = vec![0; row_bytes as usize];
                    let image = self.surface.image(subresource.0, subresource.1);
                    image.read_rows(rect, &mut bytes, row_bytes as usize);
                    bytes[start as usize..end as usize].copy_from_slice(&data[..(end - start) as usize]);
                    self.write_unit_rows(subresource, place, row..row + 1, &bytes, row_bytes as usize);
                }
                1
            };
            let next = (row + rows) * pitch;
            data = data.get((next - at) as usize..).unwrap_or_default();
            at = next;
        }
    }

    /// Rows of a rectangle, tight. The rectangle must have passed [`TextureDesc::check_rect`].
    pub fn read_rect(&self, (mip, layer): (u32, u32), origin: [u32; 2], size: [u32; 2]) -> Vec<u8> {
        let pitch = self.desc.format.row_bytes(size[0]) as usize;
        let mut bytes = vec![0; pitch * self.desc.format.rows(size[1]) as usize];
        self.surface.image(mip, layer).read_rows(rect(origin, size), &mut bytes, pitch);
        bytes
    }

    /// Writes rows as [`read_rect`](Self::read_rect) gives them.
    pub fn write_rect(&mut self, (mip, layer): (u32, u32), origin: [u32; 2], size: [u32; 2], bytes: &[u8]) {
        let pitch = self.desc.format.row_bytes(size[0]) as usize;
        self.write_texels((mip, layer), rect(origin, size), bytes, pitch);
    }

    /// Writes whole rows, of texels or blocks.
    fn write_unit_rows(
        &mut self,
        subresource: (u32, u32),
        place: &Subresource,
        rows: Range<u64>,
        bytes: &[u8],
        pitch: usize,
    ) {
        let rect = unit_rows(self.desc.format, place, rows);
        self.write_texels(subresource, rect, bytes, pitch);
    }

    fn write_texels(&mut self, (mip, layer): (u32, u32), rect: Rect, bytes: &[u8], pitch: usize) {
        let image = Arc::make_mut(&mut self.surface).image_mut(mip, layer);
        if !self.desc.format.has_unused_alpha() {
            return image.write_rows(rect, bytes, pitch);
        }
        // The unused byte is opaque wherever it is seen.
        let row_bytes = self.desc.format.row_bytes((rect.right - rect.left) as u32) as usize;
        for (row, bytes) in (rect.top..rect.bottom).zip(bytes.chunks(pitch.max(1))) {
            let mut opaque = bytes[..row_bytes.min(bytes.len())].to_vec();
            opaque.chunks_exact_mut(4).for_each(|texel| texel[3] = 0xff);
            image.write_rows(Rect { top: row, bottom: row + 1, ..rect }, &opaque, row_bytes);
        }
    }

    /// The pieces of guest memory that hold the rows of a rectangle: offset and length of each, in order.
    pub fn rect_rows(&self, (mip, layer): (u32, u32), origin: [u32; 2], size: [u32; 2]) -> Vec<(u64, u64)> {
        let Some(place) = self.layout.subresource(mip, layer) else { return Vec::new() };
        let format = self.desc.format;
        let x = u64::from(origin[0] / format.block_extent()) * u64::from(format.bytes_per_block());
        let y = u64::from(origin[1] / format.block_extent());
        let len = format.row_bytes(size[0]);
        (0..format.rows(size[1])).map(|row| (place.offset + (y + row) * place.row_pitch + x, len)).collect()
    }

    /// One subresource as it is now, for later.
    pub fn freeze(&self, mip: u32, layer: u32) -> Option<Frozen> {
        let Subresource { width, height, .. } = self.layout.subresource(mip, layer)?;
        Some(Frozen { format: self.desc.format, width, height, image: self.surface.shared_image(mip, layer) })
    }

    /// One subresource as it is now.
    pub fn read(&self, mip: u32, layer: u32) -> Option<TextureData> {
        Some(self.freeze(mip, layer)?.read())
    }

    /// Takes an image out to be drawn to, as texels of `format`; [`put_target`](Self::put_target) gives it back.
    pub fn take_target(&mut self, mip: u32, layer: u32, format: RasterFormat) -> Image {
        let image = Arc::make_mut(&mut self.surface).image_mut(mip, layer);
        std::mem::take(image).into_target(format)
    }

    /// Gives back what [`take_target`](Self::take_target) took.
    pub fn put_target(&mut self, mip: u32, layer: u32, image: Image) {
        let format = raster_format(self.desc.format);
        *Arc::make_mut(&mut self.surface).image_mut(mip, layer) = image.into_target(format);
    }

    /// The texture, or a view of it, as a shader samples it. `None` when it has not the shape that the shader declares.
    pub fn shader_view(&self, view: Option<&View>, dimension: ViewDimension) -> Option<TextureView> {
        let desc = &self.desc;
        let (format, base_mip, mip_levels, base_layer, layers) = match view {
            Some(v) => (v.format, v.base_mip, v.mip_levels, v.base_layer, v.array_layers),
            None => (desc.format, 0, desc.mip_levels, 0, desc.array_layers),
        };
        TextureView::new(
            self.surface.clone(),
            raster_format(format),
            dimension,
            base_mip..base_mip + mip_levels,
            base_layer..base_layer + layers,
        )
        .ok()
    }
}

fn overlaps<T: Ord>(a: &Range<T>, b: &Range<T>) -> bool {
    a.start < b.end && b.start < a.end
}

/// The bytes of a subresource in linear memory, padding included.
fn span(place: &Subresource) -> Range<u64> {
    place.offset..place.offset + place.size_bytes()
}

/// The texels of rows of texels or blocks.
fn unit_rows(format: Format, place: &Subresource, rows: Range<u64>) -> Rect {
    let extent = u64::from(format.block_extent());
    let texel_row = |row: u64| (row * extent).min(place.height.into()) as i32;
    Rect { left: 0, top: texel_row(rows.start), right: place.width as i32, bottom: texel_row(rows.end) }
}

fn rect(origin: [u32; 2], size: [u32; 2]) -> Rect {
    Rect {
        left: origin[0] as i32,
        top: origin[1] as i32,
        right: (origin[0] + size[0]) as i32,
        bottom: (origin[1] + size[1]) as i32,
    }
}

/// The protocol's format in the rasterizer's names.
pub fn raster_format(format: Format) -> RasterFormat {
    match format {
        Format::B8G8R8A8Unorm => RasterFormat::B8G8R8A8Unorm,
        Format::B8G8R8X8Unorm => RasterFormat::B8G8R8X8Unorm,
        Format::R8G8B8A8Unorm => RasterFormat::R8G8B8A8Unorm,
        Format::R8G8B8X8Unorm => RasterFormat::R8G8B8X8Unorm,
        Format::B5G6R5Unorm => RasterFormat::B5G6R5Unorm,
        Format::B5G5R5A1Unorm => RasterFormat::B5G5R5A1Unorm,
        Format::B8G8R8A8UnormSrgb => RasterFormat::B8G8R8A8UnormSrgb,
        Format::B8G8R8X8UnormSrgb => RasterFormat::B8G8R8X8UnormSrgb,
        Format::R8G8B8A8UnormSrgb => RasterFormat::R8G8B8A8UnormSrgb,
        Format::R8G8B8X8UnormSrgb => RasterFormat::R8G8B8X8UnormSrgb,
        Format::D24UnormS8Uint => RasterFormat::D24UnormS8Uint,
        Format::D32Float => RasterFormat::D32Float,
        Format::Bc1RgbaUnorm => RasterFormat::Bc1Unorm,
        Format::Bc1RgbaUnormSrgb => RasterFormat::Bc1UnormSrgb,
        Format::Bc2RgbaUnorm => RasterFormat::Bc2Unorm,
        Format::Bc2RgbaUnormSrgb => RasterFormat::Bc2UnormSrgb,
        Format::Bc3RgbaUnorm => RasterFormat::Bc3Unorm,
        Format::Bc3RgbaUnormSrgb => RasterFormat::Bc3UnormSrgb,
        Format::Bc7RgbaUnorm => RasterFormat::Bc7Unorm,
        Format::Bc7RgbaUnormSrgb => RasterFormat::Bc7UnormSrgb,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::memory::NoMemory;

    fn texture(format: Format, row_pitch: u32) -> Texture {
        let desc = TextureDesc {
            usage: 0,
            format,
            width: 13,
            height: 10,
            mip_levels: 3,
            array_layers: 2,
            row_pitch,
        };
        Texture::new(desc, None).expect("small")
    }

    proptest! {
        /// Uploads are writes to the linear layout, wherever they begin and end.
        #[test]
        fn uploads_write_the_linear_layout(
            format in prop::sample::select(vec![
                Format::R8G8B8A8Unorm, Format::B8G8R8X8Unorm, Format::B5G6R5Unorm, Format::Bc1RgbaUnorm,
            ]),
            padding in prop::sample::select(vec![None, Some(0), Some(1), Some(9)]),
            uploads in prop::collection::vec((any::<u16>(), any::<u16>(), any::<u8>()), 1..8),
        ) {
            let pitch = padding.map_or(0, |padding| format.row_bytes(13) as u32 + padding);
            let mut texture = texture(format, pitch);
            let size = texture.bytes();
            let mut linear = vec![0; size as usize];
            let (mut no_memory, opaque) = (NoMemory, format.has_unused_alpha());
            let guest = Guest::new(&mut no_memory, None).expect("no table");
            let mut touched = vec![false; size as usize];
            for (a, b, value) in uploads {
                let (a, b) = (u64::from(a) % size, u64::from(b) % size);
                let range = a.min(b) as usize..a.max(b) as usize + 1;
                let data: Vec<u8> = range.clone().map(|at| value.wrapping_add(at as u8)).collect();
                texture.upload(range.start as u64, &data, &guest).expect("in range");
                linear[range.clone()].copy_from_slice(&data);
                touched[range].fill(true);
            }
            for (mip, layer, place) in texture.layout.subresources() {
                let rows = texture.read(mip, layer).expect("exists").bytes;
                for (row, bytes) in rows.chunks_exact(place.row_bytes as usize).enumerate() {
                    let start = (place.offset + row as u64 * place.row_pitch) as usize;
                    for (i, &byte) in bytes.iter().enumerate() {
                        // The unused alpha of a texel that was touched is opaque; beside it, it need not be.
                        if opaque && i % 4 == 3 {
                            prop_assert!(byte == 0xff || !touched[start + i - 3..=start + i].contains(&true));
                        } else {
                            prop_assert_eq!(byte, linear[start + i]);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn memory_counts_tiles_and_decoded_blocks() {
        // 13x10, 6x5 and 3x2 texels fill a tile each, in two layers.
        assert_eq!(texture(Format::B5G6R5Unorm, 0).memory_bytes(), 6 * 64 * 64 * 2);
        // 4x3, 2x2 and 1x1 blocks of 8 bytes, and tiles of 8 bytes a texel.
        assert_eq!(texture(Format::Bc1RgbaUnorm, 0).memory_bytes(), 2 * (12 + 4 + 1) * 8 + 6 * 64 * 64 * 8);
    }
}
