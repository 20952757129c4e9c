//! Textures: images that are drawn to and sampled, and the linear memory that guests see.

use std::ops::Range;
use std::sync::Arc;

use aerogpu_protocol::packets::ResourceUsage;
use aerogpu_protocol::{Format, TextureLayout};
use aerogpu_raster::format::Format as RasterFormat;
use aerogpu_raster::state::Rect;
use aerogpu_raster::surface::{self, Image, TextureView, ViewDimension};

use super::{Backing, Guest, ResourceError, ResourceId, check_bounds};
use crate::backend::TextureData;

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

/// A range of a texture's subresources, perhaps under another format.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields are the packet's own")]
pub struct View {
    pub texture: ResourceId,
    pub format: Format,
    pub base_mip: u32,
    pub mip_levels: u32,
    pub base_layer: u32,
    pub array_layers: u32,
}

/// A texture. Its images are shared with queued work, and copied on the first write while such work exists.
#[derive(Debug)]
pub struct Texture {
    /// The description.
    pub desc: TextureDesc,
    /// Guest memory behind it.
    pub backing: Option<Backing>,
    layout: TextureLayout,
    surface: Arc<surface::Texture>,
    /// Subresources (mip + layer * mips) that must be read again from guest memory before the next use.
    dirty: Vec<bool>,
}

impl Texture {
    /// A texture of zeros. With guest memory behind it, all of it is read before its first use.
    pub fn new(desc: TextureDesc, backing: Option<Backing>) -> Result<Self, ResourceError> {
        let layout = desc.layout()?;
        if backing.is_some() && desc.row_pitch == 0 {
            return Err(ResourceError::OutOfBounds {
                what: "row pitch of a texture in guest memory",
                value: 0,
                min: desc.format.row_bytes(desc.width),
                max: u32::MAX.into(),
            });
        }
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

    /// Notes that guest memory changed: every subresource that the range touches is read again.
    pub fn mark_dirty(&mut self, range: Range<u64>) {
        for (dirty, (_, _, place)) in self.dirty.iter_mut().zip(self.layout.subresources()) {
            *dirty |= overlaps(&range, &(place.offset..place.offset + place.size_bytes()));
        }
    }

    /// Reads from guest memory what changed there.
    pub fn refresh(&mut self, guest: &Guest<'_>) -> Result<(), ResourceError> {
        self.refresh_where(guest, |_| true)
    }

    /// Reads from guest memory what changed there and an upload to `range` will not overwrite wholly.
    pub fn refresh_for_upload(&mut self, guest: &Guest<'_>, range: &Range<u64>) -> Result<(), ResourceError> {
        for (dirty, (_, _, place)) in self.dirty.iter_mut().zip(self.layout.subresources()) {
            if range.start <= place.offset && place.offset + place.size_bytes() <= range.end {
                *dirty = false;
            }
        }
        self.refresh_where(guest, |place| overlaps(range, place))
    }

    fn refresh_where(
        &mut self,
        guest: &Guest<'_>,
        wanted: impl Fn(&Range<u64>) -> bool,
    ) -> Result<(), ResourceError> {
        let Some(backing) = self.backing else { return Ok(()) };
        if !self.dirty.contains(&true) {
            return Ok(());
        }
        let layout = self.layout;
        for (i, (mip, layer, place)) in layout.subresources().enumerate() {
            if self.dirty[i] && wanted(&(place.offset..place.offset + place.size_bytes())) {
                let mut bytes = vec![0; place.size_bytes() as usize];
                guest.read(backing, place.offset, &mut bytes)?;
                self.write_rows(
                    mip,
                    layer,
                    [0, 0],
                    [place.width, place.height],
                    &bytes,
                    place.row_pitch as usize,
                );
                self.dirty[i] = false;
            }
        }
        Ok(())
    }

    /// Writes bytes at `offset` of the linear layout; what falls on row padding is lost. The range must lie inside it.
    pub fn upload(&mut self, offset: u64, data: &[u8]) {
        let layout = self.layout;
        let end = offset + data.len() as u64;
        for (mip, layer, place) in layout.subresources() {
            let span = place.offset..place.offset + place.size_bytes();
            if !overlaps(&(offset..end), &span) {
                continue;
            }
            let size = [place.width, place.height];
            let mut bytes = vec![0; place.size_bytes() as usize];
            let whole = offset <= span.start && span.end <= end;
            if !whole {
                let image = self.surface.image(mip, layer);
                image.read_rows(rect([0, 0], size), &mut bytes, place.row_pitch as usize);
            }
            let (from, to) = (offset.max(span.start), end.min(span.end));
            let source = &data[(from - offset) as usize..(to - offset) as usize];
            bytes[(from - span.start) as usize..(to - span.start) as usize].copy_from_slice(source);
            self.write_rows(mip, layer, [0, 0], size, &bytes, place.row_pitch as usize);
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
        self.write_rows(mip, layer, origin, size, bytes, pitch);
    }

    fn write_rows(
        &mut self,
        mip: u32,
        layer: u32,
        origin: [u32; 2],
        size: [u32; 2],
        bytes: &[u8],
        pitch: usize,
    ) {
        let image = Arc::make_mut(&mut self.surface).image_mut(mip, layer);
        if !self.desc.format.has_unused_alpha() {
            return image.write_rows(rect(origin, size), bytes, pitch);
        }
        // The unused byte is opaque wherever it is seen.
        let mut opaque = bytes.to_vec();
        let row_bytes = self.desc.format.row_bytes(size[0]) as usize;
        for row in opaque.chunks_mut(pitch.max(1)) {
            let used = row_bytes.min(row.len());
            row[..used].chunks_exact_mut(4).for_each(|texel| texel[3] = 0xff);
        }
        image.write_rows(rect(origin, size), &opaque, pitch);
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

    /// One subresource as it is now.
    pub fn read(&self, mip: u32, layer: u32) -> Option<TextureData> {
        let place = self.layout.subresource(mip, layer)?;
        let bytes = self.read_rect((mip, layer), [0, 0], [place.width, place.height]);
        Some(TextureData { format: self.desc.format, width: place.width, height: place.height, bytes })
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

fn overlaps(a: &Range<u64>, b: &Range<u64>) -> bool {
    a.start < b.end && b.start < a.end
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
