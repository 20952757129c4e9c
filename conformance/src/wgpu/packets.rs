//! Packets that change resources, objects and state.

use std::sync::Arc;

use aerogpu::Backend;
use aerogpu::executor::Failure;
use aerogpu::limits;
use aerogpu::pipeline::layout::{InputLayout, LayoutError};
use aerogpu::pipeline::shader::Shader;
use aerogpu::resources::{Backing, ResourceError};
use aerogpu::state::d3d9::{CONSTANT_REGISTERS, SAMPLER_SLOTS};
use aerogpu_protocol::input_layout::{is_ilay, parse_ilay};
use aerogpu_protocol::packets::*;
use aerogpu_protocol::{Format, Packet, TextureLayout};

use super::resource::{Buffer, Resource, Texture, WriteBack};
use super::state::{ConstantSlot, Context, ResourceSlot};
use super::{Execution, Layout, WgpuRenderer};

impl WgpuRenderer {
    /// The handle that created what `handle` names; 0 for a destroyed one whose texture lives on under aliases.
    pub(super) fn resolve(&self, handle: u32) -> u32 {
        match self.aliases.get(&handle) {
            Some(&id) => id,
            None if self.orphans.contains(&handle) => 0,
            None => handle,
        }
    }

    /// What an identity names, whether or not its first handle is alive.
    fn check_free(&self, handle: u32) -> Result<(), Failure> {
        if handle == 0 {
            return Err(ResourceError::NullHandle("resource").into());
        }
        let used = self.aliases.contains_key(&handle)
            || self.views.contains_key(&handle)
            || self.orphans.contains(&handle);
        if used { Err(ResourceError::InUse(handle).into()) } else { Ok(()) }
    }

    pub(super) fn texture(&self, handle: u32) -> Result<&Texture, Failure> {
        self.texture_of(self.resolve(handle)).ok_or(ResourceError::Unknown { kind: "texture", handle }.into())
    }

    /// The buffer that a handle created.
    pub(super) fn buffer_of(&self, id: u32) -> Option<&Buffer> {
        match self.resources.get(&id) {
            Some(Resource::Buffer(buffer)) => Some(buffer),
            _ => None,
        }
    }

    /// The texture that a handle created.
    pub(super) fn texture_of(&self, id: u32) -> Option<&Texture> {
        match self.resources.get(&id) {
            Some(Resource::Texture(texture)) => Some(texture),
            _ => None,
        }
    }

    /// The texture, mips and layers that a texture or view handle names; `None` for anything else.
    pub(super) fn subresources(&self, handle: u32) -> Option<Subresources> {
        match self.views.get(&handle) {
            Some(view) => Some(Subresources {
                texture: view.texture_handle,
                format: view.format()?,
                mips: (view.base_mip_level, view.mip_level_count),
                layers: (view.base_array_layer, view.array_layer_count),
            }),
            None => {
                let texture = self.texture(handle).ok()?;
                Some(Subresources {
                    texture: self.resolve(handle),
                    format: texture.format,
                    mips: (0, texture.mips),
                    layers: (0, texture.layers),
                })
            }
        }
    }
}

/// A part of a texture under a format: first and count of mips and layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Subresources {
    pub(super) texture: u32,
    pub(super) format: Format,
    pub(super) mips: (u32, u32),
    pub(super) layers: (u32, u32),
}

impl Subresources {
    /// As a render target: one mip level.
    pub(super) fn target(self) -> Self {
        Self { mips: (self.mips.0, 1), ..self }
    }

    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let ranges = |a: (u32, u32), b: (u32, u32)| a.0 < b.0 + b.1 && b.0 < a.0 + a.1;
        self.texture == other.texture && ranges(self.mips, other.mips) && ranges(self.layers, other.layers)
    }
}

impl Execution<'_, '_> {
    pub(super) fn context(&mut self) -> &mut Context {
        self.renderer.contexts.entry(self.context_id).or_default()
    }

    pub(super) fn packet(&mut self, packet: Packet<'_>) -> Result<(), Failure> {
        match packet {
            Packet::CreateBuffer(p) => self.create_buffer(&p),
            Packet::CreateTexture2d(p) => self.create_texture(&p),
            Packet::DestroyResource(p) => {
                self.destroy(p.resource_handle);
                Ok(())
            }
            Packet::ResourceDirtyRange(p) => self.dirty(&p),
            Packet::UploadResource(p, data) => self.upload(&p, data),
            Packet::CopyBuffer(p) => self.copy_buffer(&p),
            Packet::CopyTexture2d(p) => self.copy_texture(&p),
            Packet::CreateTextureView(p) => {
                self.renderer.texture(p.texture_handle)?;
                let texture_handle = self.renderer.resolve(p.texture_handle);
                self.renderer.views.insert(p.view_handle, CreateTextureView { texture_handle, ..p });
                Ok(())
            }
            Packet::DestroyTextureView(p) => {
                self.renderer.views.remove(&p.view_handle);
                self.unbind(p.view_handle);
                Ok(())
            }
            Packet::CreateShaderDxbc(p, code) => {
                let shader = Shader::new(p.shader_stage(self.minor)?, code)?;
                self.renderer.shaders.insert(p.shader_handle, Arc::new(shader));
                Ok(())
            }
            Packet::DestroyShader(p) => {
                self.renderer.shaders.remove(&p.shader_handle);
                Ok(())
            }
            Packet::CreateInputLayout(p, blob) => {
                let parsed = InputLayout::parse(blob)?;
                let elements = if is_ilay(blob) {
                    parse_ilay(blob).map_err(LayoutError::from)?.iter().collect()
                } else {
                    Vec::new()
                };
                self.renderer.layouts.insert(p.input_layout_handle, Layout { parsed, elements });
                Ok(())
            }
            Packet::DestroyInputLayout(p) => {
                self.renderer.layouts.remove(&p.input_layout_handle);
                Ok(())
            }
            Packet::CreateSampler(p) => self.create_sampler(&p),
            Packet::DestroySampler(p) => {
                self.renderer.samplers.remove(&p.sampler_handle);
                Ok(())
            }
            Packet::ExportSharedSurface(p) => {
                let id = self.renderer.resolve(p.resource_handle);
                if !self.renderer.resources.contains_key(&id) {
                    let (kind, handle) = ("resource", p.resource_handle);
                    return Err(ResourceError::Unknown { kind, handle }.into());
                }
                if self.renderer.tokens.get(&p.share_token).is_some_and(|&owner| owner != id) {
                    return Err(ResourceError::Token(p.share_token, "another resource has it").into());
                }
                if self.renderer.retired.contains(&p.share_token) {
                    return Err(ResourceError::Token(p.share_token, "it was released").into());
                }
                self.renderer.tokens.insert(p.share_token, id);
                Ok(())
            }
            Packet::ImportSharedSurface(p) => {
                let unknown = ResourceError::Token(p.share_token, "no resource has it");
                let id = *self.renderer.tokens.get(&p.share_token).ok_or(unknown)?;
                let other =
                    self.renderer.aliases.get(&p.out_resource_handle).is_some_and(|&known| known != id);
                if other || self.renderer.resources.contains_key(&p.out_resource_handle) {
                    return Err(ResourceError::InUse(p.out_resource_handle).into());
                }
                self.renderer.aliases.insert(p.out_resource_handle, id);
                Ok(())
            }
            Packet::ReleaseSharedSurface(p) => {
                if self.renderer.tokens.remove(&p.share_token).is_some() {
                    self.renderer.retired.insert(p.share_token);
                }
                Ok(())
            }
            Packet::Clear(p) => self.clear(&p),
            Packet::Draw(p) => self.draw(&p),
            Packet::DrawIndexed(p) => self.draw_indexed(&p),
            Packet::Dispatch(p) => self.dispatch(&p),
            Packet::Present(p) => self.present(p.scanout_id, p.flags()),
            Packet::PresentEx(p) => self.present(p.scanout_id, p.flags()),
            state => self.state(state),
        }
    }

    /// Packets that set state.
    fn state(&mut self, packet: Packet<'_>) -> Result<(), Failure> {
        let minor = self.minor;
        match packet {
            Packet::BindShaders(shaders) => self.context().shaders = shaders,
            Packet::SetInputLayout(p) => self.context().layout = p.input_layout_handle,
            Packet::SetBlendState(state) => {
                self.context().render_states.adopt_blend(&state);
                self.context().blend = state;
            }
            Packet::SetDepthStencilState(state) => {
                self.context().render_states.adopt_depth_stencil(&state);
                self.context().depth = state;
            }
            Packet::SetRasterizerState(state) => {
                self.context().render_states.adopt_rasterizer(&state);
                self.context().rasterizer = state;
            }
            Packet::SetRenderState(p) if p.state <= limits::MAX_STATE_ID => {
                self.context().render_states.set(p.state, p.value);
            }
            Packet::SetSamplerState(p)
                if p.slot < SAMPLER_SLOTS && p.state <= limits::MAX_SAMPLER_STATE_ID =>
            {
                let stage = match p.shader_stage {
                    0 => ShaderStage::Vertex,
                    1 => ShaderStage::Pixel,
                    _ => return Ok(()),
                };
                self.context().stage_mut(stage).d3d9.samplers.insert((p.slot, p.state), p.value);
            }
            Packet::SetShaderConstantsI(p, values) => {
                registers(p.start_register, values.len())?;
                let stage = self.context().stage_mut(p.shader_stage(minor)?);
                stage.d3d9.integers.extend((p.start_register..).zip(values.iter()));
            }
            Packet::SetShaderConstantsB(p, values) => {
                registers(p.start_register, values.len())?;
                let stage = self.context().stage_mut(p.shader_stage(minor)?);
                stage.d3d9.booleans.extend((p.start_register..).zip(values.iter()));
            }
            Packet::SetViewport(p) => self.context().viewport = Some(p),
            Packet::SetScissor(p) => self.context().scissor = Some(p),
            Packet::SetIndexBuffer(p) => self.context().index_buffer = Some(p).filter(|p| p.buffer != 0),
            Packet::SetPrimitiveTopology(p) => {
                let unknown = Failure::Value { field: "topology", value: p.topology };
                self.context().topology = p.topology().ok_or(unknown)?;
            }
            Packet::SetRenderTargets(p) => self.set_render_targets(&p),
            Packet::SetVertexBuffers(p, slots) => {
                fill(&mut self.context().vertex_buffers, p.start_slot, slots.iter());
            }
            Packet::SetTexture(p) => {
                let stage = p.shader_stage(minor)?;
                let bound = self.outputs();
                let hazard = self
                    .renderer
                    .subresources(p.texture)
                    .is_some_and(|s| bound.iter().any(|b| b.overlaps(&s)));
                let slot = if p.texture == 0 || hazard {
                    ResourceSlot::Empty
                } else {
                    ResourceSlot::Handle(p.texture)
                };
                fill(&mut self.context().stage_mut(stage).resources, p.slot, [slot]);
            }
            Packet::SetShaderResourceBuffers(p, slots) => {
                let stage = p.shader_stage(minor)?;
                let slot = |s: ShaderResourceBufferBinding| match s.buffer {
                    0 => ResourceSlot::Empty,
                    buffer => ResourceSlot::Buffer { buffer, offset: s.offset_bytes, size: s.size_bytes },
                };
                fill(&mut self.context().stage_mut(stage).resources, p.start_slot, slots.iter().map(slot));
            }
            Packet::SetSamplers(p, handles) => {
                let stage = p.shader_stage(minor)?;
                fill(&mut self.context().stage_mut(stage).samplers, p.start_slot, handles.iter());
            }
            Packet::SetConstantBuffers(p, slots) => {
                let stage = p.shader_stage(minor)?;
                let slots = slots.iter().map(ConstantSlot::Buffer);
                fill(&mut self.context().stage_mut(stage).constants, p.start_slot, slots);
            }
            Packet::SetUnorderedAccessBuffers(p, slots) => {
                let stage = p.shader_stage(minor)?;
                for slot in slots.iter().filter(|slot| slot.buffer != 0) {
                    let id = self.renderer.resolve(slot.buffer);
                    if let Some(Resource::Buffer(buffer)) = self.renderer.resources.get_mut(&id)
                        && slot.initial_count != u32::MAX
                    {
                        buffer.counter = slot.initial_count;
                    }
                    let aliases = self.renderer.aliases.clone();
                    self.context().unbind_resources(|h| aliases.get(&h).copied().unwrap_or(h) == id);
                }
                fill(&mut self.context().stage_mut(stage).uavs, p.start_slot, slots.iter());
            }
            Packet::SetShaderConstantsF(p, values) => {
                let registers = &mut self.context().stage_mut(p.shader_stage(minor)?).registers;
                let start = p.start_register as usize * 4;
                registers.resize(registers.len().max(start + values.len() * 4), 0);
                for (register, value) in registers[start..].chunks_exact_mut(4).zip(values.iter()) {
                    register.copy_from_slice(&value);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn create_buffer(&mut self, p: &CreateBuffer) -> Result<(), Failure> {
        self.renderer.check_free(p.buffer_handle)?;
        let backing = backing(p.backing_alloc_id, p.backing_offset_bytes);
        match self.renderer.resources.get_mut(&p.buffer_handle) {
            Some(Resource::Buffer(buffer)) if buffer.size == p.size_bytes => {
                buffer.backing = backing;
                if backing.is_some() {
                    buffer.dirty.insert(0..p.size_bytes);
                }
            }
            Some(_) => return Err(ResourceError::InUse(p.buffer_handle).into()),
            None => {
                let buffer = Buffer::new(&self.renderer.gpu, p.size_bytes, backing);
                self.renderer.resources.insert(p.buffer_handle, Resource::Buffer(buffer));
            }
        }
        Ok(())
    }

    fn create_texture(&mut self, p: &CreateTexture2d) -> Result<(), Failure> {
        self.renderer.check_free(p.texture_handle)?;
        let backing = backing(p.backing_alloc_id, p.backing_offset_bytes);
        let format = p.format().ok_or(Failure::Value { field: "format", value: p.format })?;
        if let Some(backing) = backing {
            let layout = TextureLayout::of(p, format).map_err(ResourceError::from)?;
            if p.row_pitch_bytes == 0 {
                return Err(Failure::Value { field: "row pitch of a backed texture", value: 0 });
            }
            self.guest.check(backing, layout.size_bytes()).map_err(ResourceError::from)?;
        }
        match self.renderer.resources.get_mut(&p.texture_handle) {
            Some(Resource::Texture(t)) if t.format == format && t.size == [p.width, p.height] => {
                t.backing = backing;
                if backing.is_some() {
                    t.dirty = t.layout.subresources().map(|(mip, layer, _)| (mip, layer)).collect();
                }
            }
            Some(_) => return Err(ResourceError::InUse(p.texture_handle).into()),
            None => {
                let texture = Texture::new(&self.renderer.gpu, p, format, backing)?;
                self.renderer.resources.insert(p.texture_handle, Resource::Texture(texture));
            }
        }
        Ok(())
    }

    fn destroy(&mut self, handle: u32) {
        self.unbind(handle);
        let alias = self.renderer.aliases.remove(&handle);
        let id = alias.unwrap_or(handle);
        let named = self.renderer.aliases.values().any(|&other| other == id);
        match (named, alias) {
            (true, None) => drop(self.renderer.orphans.insert(id)),
            (true, Some(_)) => {}
            (false, Some(_)) if !self.renderer.orphans.contains(&id) => {}
            (false, _) => {
                self.renderer.resources.remove(&id);
                self.renderer.orphans.remove(&id);
                self.renderer.tokens.retain(|_, owner| *owner != id);
            }
        }
    }

    fn unbind(&mut self, handle: u32) {
        self.renderer.contexts.values_mut().for_each(|context| context.unbind(|h| h == handle));
    }

    fn dirty(&mut self, p: &ResourceDirtyRange) -> Result<(), Failure> {
        let id = self.renderer.resolve(p.resource_handle);
        match self.renderer.resources.get_mut(&id) {
            Some(Resource::Buffer(buffer)) => {
                buffer.dirty.insert(p.offset_bytes..(p.offset_bytes + p.size_bytes).min(buffer.size));
            }
            Some(Resource::Texture(texture)) => texture.mark_dirty(p.offset_bytes, p.size_bytes),
            None => return Err(ResourceError::Unknown { kind: "resource", handle: p.resource_handle }.into()),
        }
        Ok(())
    }

    fn upload(&mut self, p: &UploadResource, data: &[u8]) -> Result<(), Failure> {
        if data.is_empty() {
            return Ok(());
        }
        let id = self.renderer.resolve(p.resource_handle);
        self.refresh(id)?;
        let gpu = self.renderer.gpu.clone();
        match self.renderer.resources.get_mut(&id) {
            Some(Resource::Buffer(buffer)) => {
                buffer.write(&gpu, p.offset_bytes, data);
                Ok(())
            }
            Some(Resource::Texture(texture)) => texture.upload(&gpu, p.offset_bytes, data),
            None => Err(ResourceError::Unknown { kind: "resource", handle: p.resource_handle }.into()),
        }
    }

    /// Reads what the guest changed of a resource.
    pub(super) fn refresh(&mut self, id: u32) -> Result<(), Failure> {
        let gpu = self.renderer.gpu.clone();
        match self.renderer.resources.get_mut(&id) {
            Some(Resource::Buffer(buffer)) => buffer.refresh(&gpu, &self.guest),
            Some(Resource::Texture(texture)) => texture.refresh(&gpu, &self.guest),
            None => Ok(()),
        }
    }

    fn copy_buffer(&mut self, p: &CopyBuffer) -> Result<(), Failure> {
        if p.size_bytes == 0 {
            return Ok(());
        }
        let (from, to) = (self.renderer.resolve(p.src_buffer), self.renderer.resolve(p.dst_buffer));
        self.refresh(from)?;
        self.refresh(to)?;
        let gpu = self.renderer.gpu.clone();
        let unknown = |handle| ResourceError::Unknown { kind: "buffer", handle };
        let source = self.renderer.buffer_of(from).ok_or(unknown(p.src_buffer))?;
        let bytes = source.read(&gpu, p.src_offset_bytes, p.size_bytes);
        let target = self.renderer.buffer_of(to).ok_or(unknown(p.dst_buffer))?;
        target.write(&gpu, p.dst_offset_bytes, &bytes);
        if let Some(backing) = target.backing.filter(|_| p.flags().contains(CopyFlags::WRITEBACK_DST)) {
            self.write_backs.push(WriteBack { backing, offset: p.dst_offset_bytes, bytes });
        }
        Ok(())
    }

    fn copy_texture(&mut self, p: &CopyTexture2d) -> Result<(), Failure> {
        if p.width == 0 || p.height == 0 {
            return Ok(());
        }
        let (from, to) = (self.renderer.resolve(p.src_texture), self.renderer.resolve(p.dst_texture));
        self.refresh(from)?;
        self.refresh(to)?;
        let unknown = |handle| ResourceError::Unknown { kind: "texture", handle };
        let source = self.renderer.texture_of(from).ok_or(unknown(p.src_texture))?.gpu.clone();
        let target = self.renderer.texture_of(to).ok_or(unknown(p.dst_texture))?;
        let write_backs = target.copy_from(&self.renderer.gpu, &source, p)?;
        self.write_backs.extend(write_backs);
        Ok(())
    }

    fn create_sampler(&mut self, p: &CreateSampler) -> Result<(), Failure> {
        let address = |value: u32, mode: Option<SamplerAddressMode>| match mode {
            Some(SamplerAddressMode::ClampToEdge) => Ok(wgpu::AddressMode::ClampToEdge),
            Some(SamplerAddressMode::Repeat) => Ok(wgpu::AddressMode::Repeat),
            Some(SamplerAddressMode::MirrorRepeat) => Ok(wgpu::AddressMode::MirrorRepeat),
            None => Err(Failure::Value { field: "address mode", value }),
        };
        let linear = p.filter() == Some(SamplerFilter::Linear);
        let filter = if linear { wgpu::FilterMode::Linear } else { wgpu::FilterMode::Nearest };
        let sampler = self.renderer.gpu.device.create_sampler(&wgpu::SamplerDescriptor {
            address_mode_u: address(p.address_u, p.address_u())?,
            address_mode_v: address(p.address_v, p.address_v())?,
            address_mode_w: address(p.address_w, p.address_w())?,
            mag_filter: filter,
            min_filter: filter,
            mipmap_filter: if linear {
                wgpu::MipmapFilterMode::Linear
            } else {
                wgpu::MipmapFilterMode::Nearest
            },
            lod_max_clamp: 32.0,
            ..Default::default()
        });
        self.renderer.samplers.insert(p.sampler_handle, sampler);
        Ok(())
    }

    /// What is bound to be written: it wins over what is bound to be read.
    fn outputs(&mut self) -> Vec<Subresources> {
        let context = self.context();
        let handles = context.colors.into_iter().chain([context.depth_stencil]).collect::<Vec<_>>();
        handles.into_iter().filter_map(|h| self.renderer.subresources(h)).map(Subresources::target).collect()
    }

    fn set_render_targets(&mut self, p: &SetRenderTargets) {
        let mut colors = [0; 8];
        let count = (p.color_count as usize).min(8);
        colors[..count].copy_from_slice(&p.colors[..count]);
        let context = self.context();
        (context.colors, context.depth_stencil) = (colors, p.depth_stencil);
        let outputs = self.outputs();
        let read: Vec<u32> =
            self.renderer.views.keys().chain(self.renderer.resources.keys()).copied().collect();
        let hazards: Vec<u32> = read
            .into_iter()
            .chain(self.renderer.aliases.keys().copied().collect::<Vec<_>>())
            .filter(|&h| {
                self.renderer.subresources(h).is_some_and(|s| outputs.iter().any(|o| o.overlaps(&s)))
            })
            .collect();
        self.context().unbind_resources(|h| hazards.contains(&h));
    }

    fn present(&mut self, scanout: u32, flags: PresentFlags) -> Result<(), Failure> {
        let first = self.context().colors.into_iter().find(|&handle| handle != 0);
        let shown = first.and_then(|handle| self.renderer.subresources(handle));
        let texture = shown.map_or(0, |shown| shown.texture);
        // The scanout keeps the picture, whatever is drawn to the texture later.
        let picture = match shown {
            Some(Subresources { texture, mips, layers, .. }) => {
                self.refresh(texture)?;
                Backend::read_texture(self.renderer, texture, mips.0, layers.0).ok()
            }
            None => None,
        };
        match picture {
            Some(picture) => _ = self.renderer.scanouts.insert(scanout, picture),
            None => _ = self.renderer.scanouts.remove(&scanout),
        }
        let vsync = flags.contains(PresentFlags::VSYNC);
        self.report.presents.push(aerogpu::backend::Present { scanout, texture, vsync });
        Ok(())
    }
}

/// The guest memory of a create packet; 0 is none.
fn backing(alloc_id: u32, offset: u32) -> Option<Backing> {
    (alloc_id != 0).then_some(Backing { alloc_id, offset: offset.into() })
}

/// Fails when Direct3D 9 does not have so many registers.
fn registers(first: u32, count: usize) -> Result<(), Failure> {
    let (first, limit) = (u64::from(first), u64::from(CONSTANT_REGISTERS));
    let end = first + count as u64;
    if end <= limit { Ok(()) } else { Err(Failure::Slots { what: "constant registers", first, end, limit }) }
}

/// Sets slots from `start` on; those that do not exist are left out.
fn fill<T>(slots: &mut [T], start: u32, values: impl IntoIterator<Item = T>) {
    let rest = slots.get_mut(start as usize..).unwrap_or_default();
    rest.iter_mut().zip(values).for_each(|(slot, value)| *slot = value);
}
