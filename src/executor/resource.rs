//! Packets that create, fill, copy and destroy buffers and textures (executor §5).

use aerogpu_protocol::packets::*;

use super::{Execution, Failure, WriteBack};
use crate::limits;
use crate::resources::{
    Backing, Buffer, Resource, ResourceError, ResourceId, Subresources, Texture, TextureDesc, View,
    check_range,
};
use crate::state::Bound;

impl Execution<'_, '_> {
    pub(super) fn create_buffer(&mut self, p: &CreateBuffer) -> Result<(), Failure> {
        let handle = p.buffer_handle;
        self.budget.spend_bytes(p.size_bytes)?;
        let backing = Self::backing(p.backing_alloc_id, p.backing_offset_bytes);
        if let Some(backing) = backing {
            self.guest.check(backing, p.size_bytes).map_err(ResourceError::from)?;
        }
        // Creating a live buffer again with the same description gives it new guest memory and keeps its contents.
        match self.renderer.resources.resolve(handle).filter(|&id| id == ResourceId(handle)) {
            Some(id) => {
                let buffer = self
                    .renderer
                    .resources
                    .buffer_mut(id)
                    .filter(|b| b.matches(p.size_bytes, p.usage_flags))
                    .ok_or(ResourceError::DescriptionChanged(handle))?;
                buffer.rebind(backing);
                Ok(())
            }
            None => {
                self.renderer.resources.check_free(handle)?;
                let buffer = Buffer::new(p.size_bytes, p.usage_flags, backing)?;
                Ok(self.renderer.resources.insert(handle, Resource::Buffer(buffer))?)
            }
        }
    }

    pub(super) fn create_texture(&mut self, p: &CreateTexture2d) -> Result<(), Failure> {
        let handle = p.texture_handle;
        let backing = Self::backing(p.backing_alloc_id, p.backing_offset_bytes);
        let desc = TextureDesc {
            usage: p.usage_flags,
            format: p.format().ok_or(ResourceError::Format(p.format))?,
            width: p.width,
            height: p.height,
            mip_levels: p.mip_levels,
            array_layers: p.array_layers,
            row_pitch: p.row_pitch_bytes,
        };
        let bytes = desc.layout()?.size_bytes();
        self.budget.spend_bytes(bytes)?;
        if let Some(backing) = backing {
            self.guest.check(backing, bytes).map_err(ResourceError::from)?;
        }
        match self.renderer.resources.resolve(handle).filter(|&id| id == ResourceId(handle)) {
            Some(id) => {
                let texture = self
                    .renderer
                    .resources
                    .texture_mut(id)
                    .filter(|t| t.desc == desc)
                    .ok_or(ResourceError::DescriptionChanged(handle))?;
                Ok(texture.rebind(backing)?)
            }
            None => {
                self.renderer.resources.check_free(handle)?;
                let texture = Texture::new(desc, backing)?;
                Ok(self.renderer.resources.insert(handle, Resource::Texture(texture))?)
            }
        }
    }

    pub(super) fn destroy_resource(&mut self, handle: u32) -> Result<(), Failure> {
        if let Some(id) = self.renderer.resources.resolve(handle) {
            // Queued work may still draw to it, and others may hold an alias.
            self.flush_if_target(id);
        }
        let Some(id) = self.renderer.resources.destroy(handle) else { return Ok(()) };
        let resources = &self.renderer.resources;
        for context in self.renderer.contexts.values_mut() {
            context.unbind(|bound| match bound {
                Bound::Resource(bound) => bound == id,
                Bound::View(view) => resources.view(view).is_none(),
                Bound::None | Bound::Unknown(_) => false,
            });
        }
        Ok(())
    }

    pub(super) fn dirty_range(&mut self, p: &ResourceDirtyRange) -> Result<(), Failure> {
        if p.size_bytes == 0 {
            return Ok(());
        }
        let unknown = ResourceError::Unknown { kind: "resource", handle: p.resource_handle };
        let id = self.renderer.resources.resolve(p.resource_handle).ok_or(unknown)?;
        self.budget.spend_bytes(p.size_bytes)?;
        // The range is noted now and read at the next use; what is queued was recorded before it.
        self.flush_if_target(id);
        if let Some(buffer) = self.renderer.resources.buffer_mut(id) {
            check_range("dirty range", p.offset_bytes, p.size_bytes, buffer.size())?;
            buffer.mark_dirty(p.offset_bytes..p.offset_bytes + p.size_bytes, &self.guest)?;
        } else if let Some(texture) = self.renderer.resources.texture_mut(id) {
            check_range("dirty range", p.offset_bytes, p.size_bytes, texture.bytes())?;
            texture.mark_dirty(p.offset_bytes..p.offset_bytes + p.size_bytes);
        }
        self.counts.copied(p.size_bytes);
        Ok(())
    }

    pub(super) fn upload(&mut self, p: &UploadResource, data: &[u8]) -> Result<(), Failure> {
        if data.is_empty() {
            return Ok(());
        }
        let unknown = ResourceError::Unknown { kind: "resource", handle: p.resource_handle };
        let id = self.renderer.resources.resolve(p.resource_handle).ok_or(unknown)?;
        self.budget.spend_bytes(p.size_bytes)?;
        self.flush_if_target(id);
        if let Some(buffer) = self.renderer.resources.buffer_mut(id) {
            check_range("upload", p.offset_bytes, p.size_bytes, buffer.size())?;
            if !p.offset_bytes.is_multiple_of(4) {
                return Err(ResourceError::Unaligned {
                    what: "upload offset",
                    value: p.offset_bytes,
                    multiple: 4,
                }
                .into());
            }
            buffer.overwrite(p.offset_bytes, data, &self.guest)?;
        } else if let Some(texture) = self.renderer.resources.texture_mut(id) {
            check_range("upload", p.offset_bytes, p.size_bytes, texture.bytes())?;
            texture.upload(p.offset_bytes, data, &self.guest)?;
        }
        self.counts.copied(data.len() as u64);
        Ok(())
    }

    pub(super) fn copy_buffer(&mut self, p: &CopyBuffer) -> Result<(), Failure> {
        check_flags(p.flags)?;
        if p.size_bytes == 0 {
            return Ok(());
        }
        let src = self.renderer.resources.buffer_id(p.src_buffer)?;
        let dst = self.renderer.resources.buffer_id(p.dst_buffer)?;
        let (src_size, dst_size) = (self.buffer(src)?.size(), self.buffer(dst)?.size());
        check_range("copy source", p.src_offset_bytes, p.size_bytes, src_size)?;
        check_range("copy destination", p.dst_offset_bytes, p.size_bytes, dst_size)?;
        let to_end =
            p.src_offset_bytes + p.size_bytes == src_size && p.dst_offset_bytes + p.size_bytes == dst_size;
        for (what, value) in
            [("copy source offset", p.src_offset_bytes), ("copy destination offset", p.dst_offset_bytes)]
                .into_iter()
                .chain((!to_end).then_some(("copy size", p.size_bytes)))
        {
            if !value.is_multiple_of(4) {
                return Err(ResourceError::Unaligned { what, value, multiple: 4 }.into());
            }
        }
        let target = self.write_back_target(p.flags(), self.buffer(dst)?.backing())?;
        if let Some(backing) = target {
            self.guest
                .check_writable(backing, p.dst_offset_bytes, p.size_bytes)
                .map_err(ResourceError::from)?;
        }
        self.budget.spend_bytes(p.size_bytes)?;
        self.reserve_write_back(target.map_or(0, |_| p.size_bytes))?;
        self.refresh_buffer(src)?;
        let start = p.src_offset_bytes as usize;
        let data = self.buffer(src)?.bytes()[start..start + p.size_bytes as usize].to_vec();
        if let Some(buffer) = self.renderer.resources.buffer_mut(dst) {
            buffer.overwrite(p.dst_offset_bytes, &data, &self.guest)?;
        }
        self.counts.copied(p.size_bytes);
        if let Some(backing) = target {
            self.write_backs.push(WriteBack { backing, offset: p.dst_offset_bytes, data });
        }
        Ok(())
    }

    pub(super) fn copy_texture(&mut self, p: &CopyTexture2d) -> Result<(), Failure> {
        check_flags(p.flags)?;
        if p.width == 0 || p.height == 0 {
            return Ok(());
        }
        let src = self.renderer.resources.texture_id(p.src_texture)?;
        let dst = self.renderer.resources.texture_id(p.dst_texture)?;
        let size = [p.width, p.height];
        let (from, from_origin) = ((p.src_mip_level, p.src_array_layer), [p.src_x, p.src_y]);
        let (to, to_origin) = ((p.dst_mip_level, p.dst_array_layer), [p.dst_x, p.dst_y]);
        let (source, target) = (self.texture(src)?, self.texture(dst)?);
        if source.desc.format != target.desc.format {
            let what = "copied to a texture of another format";
            return Err(ResourceError::FormatUse { format: source.desc.format.name(), what }.into());
        }
        source.desc.check_rect("copy source", from, from_origin, size)?;
        target.desc.check_rect("copy destination", to, to_origin, size)?;
        let overwrites = to_origin == [0, 0] && target.desc.mip_size(to.0) == (p.width, p.height);
        let write_back = self.write_back_target(p.flags(), target.backing())?;
        if let Some(backing) = write_back {
            for (offset, len) in target.rect_rows(to, to_origin, size) {
                self.guest.check_writable(backing, offset, len).map_err(ResourceError::from)?;
            }
        }
        let bytes = source.desc.format.row_bytes(p.width) * source.desc.format.rows(p.height);
        self.budget.spend_bytes(bytes)?;
        self.reserve_write_back(write_back.map_or(0, |_| bytes))?;
        let (read, written) = (Subresources::one(src, from), Subresources::one(dst, to));
        self.flush_if_drawn(&read);
        self.flush_if_drawn(&written);
        self.refresh_texture(&read)?;
        if !overwrites {
            self.refresh_texture(&written)?;
        }
        let rows = self.texture(src)?.read_rect(from, from_origin, size);
        if let Some(texture) = self.renderer.resources.texture_mut(dst) {
            texture.discard_dirty(&written);
            texture.write_rect(to, to_origin, size, &rows);
        }
        self.counts.copied(bytes);
        if let Some(backing) = write_back {
            let target = self.texture(dst)?;
            let data = target.read_rect(to, to_origin, size);
            let ranges = target.rect_rows(to, to_origin, size);
            let mut at = 0;
            let mut queued = Vec::new();
            for (offset, len) in ranges {
                let row = data[at..at + len as usize].to_vec();
                at += len as usize;
                queued.push(WriteBack { backing, offset, data: row });
            }
            self.write_backs.append(&mut queued);
        }
        Ok(())
    }

    /// Notes that so many bytes will be written back, unless they would be too many.
    fn reserve_write_back(&mut self, bytes: u64) -> Result<(), Failure> {
        let (value, limit) = (self.write_back_bytes + bytes, limits::MAX_WRITE_BACK_BYTES);
        if value > limit {
            return Err(Failure::TooLarge { what: "bytes to write back in one submission", value, limit });
        }
        self.write_back_bytes = value;
        Ok(())
    }

    /// The guest memory that a copy's result must go to, if its flags ask for that.
    fn write_back_target(
        &self,
        flags: CopyFlags,
        backing: Option<Backing>,
    ) -> Result<Option<Backing>, Failure> {
        match (flags.contains(CopyFlags::WRITEBACK_DST), backing) {
            (false, _) => Ok(None),
            (true, Some(backing)) => Ok(Some(backing)),
            (true, None) => Err(Failure::NotBound("the destination of a write-back has no guest memory")),
        }
    }

    pub(super) fn create_view(&mut self, p: &CreateTextureView) -> Result<(), Failure> {
        self.renderer.resources.check_free(p.view_handle)?;
        let texture = self.renderer.resources.texture_id(p.texture_handle)?;
        let format = p.format().ok_or(ResourceError::Format(p.format))?;
        let view = View {
            texture,
            format,
            base_mip: p.base_mip_level,
            mip_levels: p.mip_level_count,
            base_layer: p.base_array_layer,
            array_layers: p.array_layer_count,
        };
        view.check(&self.texture(texture)?.desc)?;
        Ok(self.renderer.resources.insert_view(p.view_handle, view)?)
    }

    pub(super) fn destroy_view(&mut self, handle: u32) -> Result<(), Failure> {
        if let Some(view) = self.renderer.resources.view(handle) {
            let texture = view.texture;
            self.flush_if_target(texture);
        }
        self.renderer.resources.destroy_view(handle);
        for context in self.renderer.contexts.values_mut() {
            context.unbind(|bound| bound == Bound::View(handle));
        }
        Ok(())
    }

    pub(super) fn buffer(&self, id: ResourceId) -> Result<&Buffer, Failure> {
        let unknown = || ResourceError::Unknown { kind: "buffer", handle: id.0 }.into();
        self.renderer.resources.buffer(id).ok_or_else(unknown)
    }

    pub(super) fn texture(&self, id: ResourceId) -> Result<&Texture, Failure> {
        let unknown = || ResourceError::Unknown { kind: "texture", handle: id.0 }.into();
        self.renderer.resources.texture(id).ok_or_else(unknown)
    }

    /// Reads a buffer's guest memory if it changed.
    pub(super) fn refresh_buffer(&mut self, id: ResourceId) -> Result<(), Failure> {
        match self.renderer.resources.buffer_mut(id) {
            Some(buffer) => Ok(buffer.refresh(&self.guest)?),
            None => Ok(()),
        }
    }

    /// Reads the guest memory of some subresources if it changed.
    pub(super) fn refresh_texture(&mut self, wanted: &Subresources) -> Result<(), Failure> {
        match self.renderer.resources.texture_mut(wanted.texture) {
            Some(texture) => Ok(texture.refresh(&self.guest, wanted)?),
            None => Ok(()),
        }
    }
}

fn check_flags(flags: u32) -> Result<(), Failure> {
    if CopyFlags::WRITEBACK_DST.contains(CopyFlags::from_bits_retain(flags)) {
        Ok(())
    } else {
        Err(Failure::Value { field: "copy flags", value: flags })
    }
}
