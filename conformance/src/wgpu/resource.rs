//! Buffers and textures on the device, and what the protocol does with them.

use aerogpu::executor::Failure;
use aerogpu::resources::{Backing, DirtyRanges, Guest, ResourceError};
use aerogpu_protocol::packets::{CopyFlags, CopyTexture2d, CreateTexture2d};
use aerogpu_protocol::{Format, TextureLayout};
use wgpu::{BufferUsages, Extent3d, TextureAspect, TextureDescriptor, TextureDimension, TextureUsages};

use super::format::texture_format;
use super::gpu::{Gpu, place};

/// A buffer or texture.
pub(super) enum Resource {
    Buffer(Buffer),
    Texture(Texture),
}

/// A buffer.
pub(super) struct Buffer {
    pub(super) gpu: wgpu::Buffer,
    /// As the guest asked; the device's is rounded up.
    pub(super) size: u64,
    pub(super) backing: Option<Backing>,
    pub(super) dirty: DirtyRanges,
    /// Hidden append and consume counter.
    pub(super) counter: u32,
}

/// A texture.
pub(super) struct Texture {
    pub(super) gpu: wgpu::Texture,
    pub(super) format: Format,
    pub(super) size: [u32; 2],
    pub(super) mips: u32,
    pub(super) layers: u32,
    pub(super) layout: TextureLayout,
    pub(super) backing: Option<Backing>,
    /// Subresources to be read from guest memory, as (mip, layer).
    pub(super) dirty: Vec<(u32, u32)>,
}

/// A write of results to guest memory that waits for the end of its submission.
pub(super) struct WriteBack {
    pub(super) backing: Backing,
    pub(super) offset: u64,
    pub(super) bytes: Vec<u8>,
}

impl Buffer {
    pub(super) fn new(gpu: &Gpu, size: u64, backing: Option<Backing>) -> Self {
        let usage = BufferUsages::VERTEX
            | BufferUsages::INDEX
            | BufferUsages::STORAGE
            | BufferUsages::COPY_SRC
            | BufferUsages::COPY_DST;
        let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: size.max(1).next_multiple_of(16),
            usage,
            mapped_at_creation: false,
        });
        let mut dirty = DirtyRanges::default();
        if backing.is_some() {
            dirty.insert(0..size);
        }
        Self { gpu: buffer, size, backing, dirty, counter: 0 }
    }

    /// Reads what the guest changed.
    pub(super) fn refresh(&mut self, gpu: &Gpu, guest: &Guest<'_>) -> Result<(), Failure> {
        let Some(backing) = self.backing else { return Ok(()) };
        for range in self.dirty.clone().iter() {
            let mut bytes = vec![0; (range.end - range.start) as usize];
            guest.read(backing, range.start, &mut bytes).map_err(ResourceError::from)?;
            self.write(gpu, range.start, &bytes);
            self.dirty.remove(range);
        }
        Ok(())
    }

    /// Replaces bytes; the device writes whole words.
    pub(super) fn write(&self, gpu: &Gpu, offset: u64, bytes: &[u8]) {
        let (start, end) = (offset & !3, (offset + bytes.len() as u64).next_multiple_of(4));
        if (start, end) == (offset, offset + bytes.len() as u64) {
            gpu.queue.write_buffer(&self.gpu, start, bytes);
        } else {
            let mut words = gpu.read_buffer(&self.gpu, start, end - start);
            words.truncate((end - start) as usize);
            words[(offset - start) as usize..][..bytes.len()].copy_from_slice(bytes);
            gpu.queue.write_buffer(&self.gpu, start, &words);
        }
        gpu.submit(|_| {});
    }

    /// Bytes of the buffer.
    pub(super) fn read(&self, gpu: &Gpu, offset: u64, len: u64) -> Vec<u8> {
        let (start, end) = (offset & !3, (offset + len).next_multiple_of(4));
        gpu.read_buffer(&self.gpu, start, end - start)[(offset - start) as usize..][..len as usize].to_vec()
    }
}

impl Texture {
    pub(super) fn new(
        gpu: &Gpu,
        p: &CreateTexture2d,
        format: Format,
        backing: Option<Backing>,
    ) -> Result<Self, Failure> {
        let layout = TextureLayout::of(p, format).map_err(ResourceError::from)?;
        let stored = texture_format(format)?;
        let mut usage = TextureUsages::TEXTURE_BINDING | TextureUsages::COPY_SRC | TextureUsages::COPY_DST;
        if !format.is_block_compressed() {
            usage |= TextureUsages::RENDER_ATTACHMENT;
        }
        // Views may ask for the same texels with or without sRGB.
        let twins = if format.is_depth() {
            vec![]
        } else {
            vec![stored.remove_srgb_suffix(), stored.add_srgb_suffix()]
        };
        let edge = format.block_extent();
        let texture = gpu.device.create_texture(&TextureDescriptor {
            label: None,
            size: Extent3d {
                width: p.width.next_multiple_of(edge),
                height: p.height.next_multiple_of(edge),
                depth_or_array_layers: p.array_layers,
            },
            mip_level_count: p.mip_levels,
            sample_count: 1,
            dimension: TextureDimension::D2,
            format: stored,
            usage,
            view_formats: &twins,
        });
        if format.is_block_compressed() && !(p.width.is_multiple_of(4) && p.height.is_multiple_of(4)) {
            return Err(Failure::Unsupported("WebGPU has compressed textures of whole blocks only".into()));
        }
        let mut texture = Self {
            gpu: texture,
            format,
            size: [p.width, p.height],
            mips: p.mip_levels,
            layers: p.array_layers,
            layout,
            backing,
            dirty: Vec::new(),
        };
        if backing.is_some() {
            texture.dirty = layout.subresources().map(|(mip, layer, _)| (mip, layer)).collect();
        } else if format.has_unused_alpha() {
            texture.make_opaque(gpu);
        }
        Ok(texture)
    }

    /// Sets alpha to one everywhere.
    fn make_opaque(&self, gpu: &Gpu) {
        for (mip, layer, place) in self.layout.subresources() {
            let bytes = [0, 0, 0, 255].repeat((place.width * place.height) as usize);
            self.write(gpu, mip, layer, &bytes);
        }
    }

    /// Extent of a copy of a whole mip level, bytes of its rows, and their number.
    fn shape(&self, mip: u32) -> (Extent3d, u32, u32) {
        let [width, height] = self.layout.mip_extent(mip);
        let edge = self.format.block_extent();
        let extent = Extent3d {
            width: width.next_multiple_of(edge),
            height: height.next_multiple_of(edge),
            depth_or_array_layers: 1,
        };
        (extent, self.format.row_bytes(width) as u32, self.format.rows(height) as u32)
    }

    /// Tight rows of one subresource.
    pub(super) fn read(&self, gpu: &Gpu, mip: u32, layer: u32) -> Result<Vec<u8>, Failure> {
        if self.format.has_stencil() {
            return Err(Failure::Unsupported("WebGPU does not give the depth of 24-bit textures".into()));
        }
        let mut bytes = gpu.read_texture(&self.gpu, (mip, layer), TextureAspect::All, self.shape(mip));
        if self.format.has_unused_alpha() {
            bytes.iter_mut().skip(3).step_by(4).for_each(|alpha| *alpha = 255);
        }
        Ok(bytes)
    }

    /// Replaces one subresource by tight rows.
    pub(super) fn write(&self, gpu: &Gpu, mip: u32, layer: u32, bytes: &[u8]) {
        let mut bytes = bytes.to_vec();
        if self.format.has_unused_alpha() {
            bytes.iter_mut().skip(3).step_by(4).for_each(|alpha| *alpha = 255);
        }
        gpu.write_texture(&self.gpu, (mip, layer), &bytes, self.shape(mip));
    }

    /// Reads what the guest changed.
    pub(super) fn refresh(&mut self, gpu: &Gpu, guest: &Guest<'_>) -> Result<(), Failure> {
        let Some(backing) = self.backing else { return Ok(()) };
        while let Some(&(mip, layer)) = self.dirty.last() {
            if self.format.is_depth() {
                return Err(Failure::Unsupported("WebGPU does not take depth from memory".into()));
            }
            if let Some(place) = self.layout.subresource(mip, layer) {
                let mut bytes = vec![0; (place.row_bytes * place.rows) as usize];
                for (row, out) in bytes.chunks_mut(place.row_bytes as usize).enumerate() {
                    let offset = place.offset + row as u64 * place.row_pitch;
                    guest.read(backing, offset, out).map_err(ResourceError::from)?;
                }
                self.write(gpu, mip, layer, &bytes);
            }
            self.dirty.pop();
        }
        Ok(())
    }

    /// Replaces bytes of the linear layout.
    pub(super) fn upload(&mut self, gpu: &Gpu, offset: u64, data: &[u8]) -> Result<(), Failure> {
        if self.format.is_depth() {
            return Err(Failure::Unsupported("WebGPU does not take depth from memory".into()));
        }
        let end = offset + data.len() as u64;
        for (mip, layer, place) in self.layout.subresources() {
            let (from, to) = (offset.max(place.offset), end.min(place.offset + place.size_bytes()));
            if from >= to {
                continue;
            }
            let whole = (from, to) == (place.offset, place.offset + place.size_bytes());
            let mut bytes = match whole {
                true => vec![0; (place.row_bytes * place.rows) as usize],
                false => self.read(gpu, mip, layer)?,
            };
            for row in 0..place.rows {
                let start = place.offset + row * place.row_pitch;
                let (from, to) = (offset.max(start), end.min(start + place.row_bytes));
                if from < to {
                    let target = (row * place.row_bytes + (from - start)) as usize;
                    let len = (to - from) as usize;
                    bytes[target..target + len].copy_from_slice(&data[(from - offset) as usize..][..len]);
                }
            }
            self.write(gpu, mip, layer, &bytes);
            self.dirty.retain(|&dirty| dirty != (mip, layer));
        }
        Ok(())
    }

    /// Marks the subresources that bytes of the linear layout touch.
    pub(super) fn mark_dirty(&mut self, offset: u64, len: u64) {
        let touched = self
            .layout
            .subresources()
            .filter(|(.., place)| offset < place.offset + place.size_bytes() && place.offset < offset + len);
        for (mip, layer, _) in touched {
            if !self.dirty.contains(&(mip, layer)) {
                self.dirty.push((mip, layer));
            }
        }
    }

    /// Copies a rectangle from another texture of the same format; gives the write-backs that it asks for.
    pub(super) fn copy_from(
        &self,
        gpu: &Gpu,
        source: &wgpu::Texture,
        p: &CopyTexture2d,
    ) -> Result<Vec<WriteBack>, Failure> {
        let edge = self.format.block_extent();
        let extent = Extent3d {
            width: p.width.next_multiple_of(edge),
            height: p.height.next_multiple_of(edge),
            depth_or_array_layers: 1,
        };
        let aspect = TextureAspect::All;
        gpu.submit(|encoder| {
            encoder.copy_texture_to_texture(
                place(source, p.src_mip_level, [p.src_x, p.src_y, p.src_array_layer], aspect),
                place(&self.gpu, p.dst_mip_level, [p.dst_x, p.dst_y, p.dst_array_layer], aspect),
                extent,
            );
        });
        let wanted = p.flags().contains(CopyFlags::WRITEBACK_DST);
        let (Some(backing), true) = (self.backing, wanted) else { return Ok(Vec::new()) };
        let Some(to) = self.layout.subresource(p.dst_mip_level, p.dst_array_layer) else {
            return Ok(Vec::new());
        };
        let bytes = self.read(gpu, p.dst_mip_level, p.dst_array_layer)?;
        let left = self.format.row_bytes(p.dst_x);
        let len = self.format.row_bytes(p.width);
        let rows = self.format.rows(p.dst_y)..self.format.rows(p.dst_y) + self.format.rows(p.height);
        Ok(rows
            .map(|row| {
                let start = (row * to.row_bytes + left) as usize;
                WriteBack {
                    backing,
                    offset: to.offset + row * to.row_pitch + left,
                    bytes: bytes[start..start + len as usize].to_vec(),
                }
            })
            .collect())
    }
}
