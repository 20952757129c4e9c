//! Packets that change a context's state: bindings, constants, state objects.

use aerogpu_protocol::packets::*;
use aerogpu_protocol::{BoolConstants, PodSlice};

use super::{Execution, Failure, SoftwareRenderer};
use crate::limits;
use crate::resources::{Backing, ResourceError, ResourceId, ResourceTable, Subresources};
use crate::state::{
    Bound, BufferRange, ConstantBuffer, Context, IndexBuffer, ShaderResource, Uav, VertexBuffer, d3d9,
};

/// Fails unless slots `first..first + count` exist.
fn check_slots(what: &'static str, first: u32, count: usize, limit: usize) -> Result<(), Failure> {
    let (first, end, limit) = (u64::from(first), u64::from(first) + count as u64, limit as u64);
    if end <= limit { Ok(()) } else { Err(Failure::Slots { what, first, end, limit }) }
}

/// Fails unless every field has a value that the protocol defines.
pub(super) fn check_blend_state(state: &BlendState) -> Result<(), Failure> {
    for value in [state.src_factor, state.dst_factor, state.src_factor_alpha, state.dst_factor_alpha] {
        BlendFactor::from_u32(value).ok_or(Failure::Value { field: "blend factor", value })?;
    }
    for value in [state.blend_op, state.blend_op_alpha] {
        BlendOp::from_u32(value).ok_or(Failure::Value { field: "blend operation", value })?;
    }
    Ok(())
}

/// Fails unless every field has a value that the protocol defines.
pub(super) fn check_depth_stencil_state(state: &DepthStencilState) -> Result<(), Failure> {
    let value = state.depth_func;
    state.depth_func().map(|_| ()).ok_or(Failure::Value { field: "depth function", value })
}

/// Fails unless every field has a value that the protocol defines.
pub(super) fn check_rasterizer_state(state: &RasterizerState) -> Result<(), Failure> {
    state.fill_mode().ok_or(Failure::Value { field: "fill mode", value: state.fill_mode })?;
    state.cull_mode().ok_or(Failure::Value { field: "cull mode", value: state.cull_mode })?;
    Ok(())
}

impl Execution<'_, '_> {
    /// What a handle names at the moment of binding. A destroyed handle whose resource lives on through an alias is an
    /// error at once; one that was never alive only when it is used.
    fn bound(&self, handle: u32) -> Result<Bound, Failure> {
        let resources = &self.renderer.resources;
        Ok(match resources.resolve(handle) {
            _ if handle == 0 => Bound::None,
            Some(id) => Bound::Resource(id),
            None if resources.view(handle).is_some() => Bound::View(handle),
            None if resources.get(ResourceId(handle)).is_some() => {
                return Err(ResourceError::Unknown { kind: "resource", handle }.into());
            }
            None => Bound::Unknown(handle),
        })
    }

    /// What every handle of a packet names; when one cannot be bound, the packet has no effect.
    fn bound_all(&self, handles: impl Iterator<Item = u32>) -> Result<Vec<Bound>, Failure> {
        handles.map(|handle| self.bound(handle)).collect()
    }

    /// What a binding names at the moment of use: a handle that named nothing when it was bound may do so by now.
    pub(super) fn at_use(&self, bound: Bound) -> Result<Bound, Failure> {
        match bound {
            Bound::Unknown(handle) => self.bound(handle),
            known => Ok(known),
        }
    }

    pub(super) fn set_render_targets(&mut self, p: &SetRenderTargets) -> Result<(), Failure> {
        check_slots("colour targets", 0, p.color_count as usize, MAX_RENDER_TARGETS)?;
        let mut colors = [Bound::None; MAX_RENDER_TARGETS];
        for (slot, &handle) in colors.iter_mut().zip(&p.colors[..p.color_count as usize]) {
            *slot = self.bound(handle)?;
        }
        let depth_stencil = self.bound(p.depth_stencil)?;
        let d3d9 = self.uses_d3d9();
        let (context, resources) = self.context_and_resources();
        context.colors = colors;
        context.depth_stencil = depth_stencil;
        // Direct3D 10/11: what becomes a target is no longer read. Direct3D 9 leaves bindings alone.
        if !d3d9 {
            let targets: Vec<Subresources> = target_subresources(context, resources).collect();
            context.unbind_resources(|bound| {
                let read = read_subresources(resources, bound);
                read.is_some_and(|read| targets.iter().any(|target| target.overlaps(&read)))
            });
        }
        Ok(())
    }

    pub(super) fn set_vertex_buffers(
        &mut self,
        p: &SetVertexBuffers,
        slots: PodSlice<'_, VertexBufferBinding>,
    ) -> Result<(), Failure> {
        check_slots("vertex buffer slots", p.start_slot, slots.len(), limits::VERTEX_BUFFER_SLOTS)?;
        let buffers = self.bound_all(slots.iter().map(|slot| slot.buffer))?;
        let bound = &mut self.context().vertex_buffers[p.start_slot as usize..];
        for ((binding, slot), buffer) in bound.iter_mut().zip(slots.iter()).zip(buffers) {
            *binding = VertexBuffer { buffer, stride: slot.stride_bytes, offset: slot.offset_bytes };
        }
        Ok(())
    }

    pub(super) fn set_index_buffer(&mut self, p: &SetIndexBuffer) -> Result<(), Failure> {
        let format = p.format().ok_or(Failure::Value { field: "index format", value: p.format })?;
        let buffer = self.bound(p.buffer)?;
        let binding = IndexBuffer { buffer, format, offset: p.offset_bytes };
        self.context().index_buffer = (p.buffer != 0).then_some(binding);
        Ok(())
    }

    pub(super) fn set_topology(&mut self, p: &SetPrimitiveTopology) -> Result<(), Failure> {
        self.context().topology =
            p.topology().ok_or(Failure::Value { field: "primitive topology", value: p.topology })?;
        Ok(())
    }

    pub(super) fn set_texture(&mut self, p: &SetTexture) -> Result<(), Failure> {
        let stage = p.shader_stage(self.minor)?;
        check_slots("shader resource slots", p.slot, 1, limits::RESOURCE_SLOTS)?;
        let bound = self.bound(p.texture)?;
        let slot = match bound {
            Bound::None => ShaderResource::None,
            Bound::Resource(id) if self.renderer.resources.buffer(id).is_some() => {
                ShaderResource::Buffer(BufferRange { buffer: bound, offset: 0, size: 0 })
            }
            _ => ShaderResource::Texture(bound),
        };
        let slot = if self.is_written(bound) { ShaderResource::None } else { slot };
        self.context().stage_mut(stage).resources[p.slot as usize] = slot;
        Ok(())
    }

    /// True when what is about to be read is bound to be written: Direct3D 10/11 then binds nothing in its place (upstream
    /// hosts unbind the writer instead). Direct3D 9 has no such rule.
    fn is_written(&mut self, bound: Bound) -> bool {
        if self.uses_d3d9() {
            return false;
        }
        let (context, resources) = self.context_and_resources();
        let Some(read) = read_subresources(resources, bound) else { return context.is_uav(bound) };
        target_subresources(context, resources).any(|target| target.overlaps(&read))
    }

    fn context_and_resources(&mut self) -> (&mut Context, &ResourceTable) {
        let SoftwareRenderer { contexts, resources, .. } = &mut *self.renderer;
        (contexts.entry(self.context_id).or_default(), resources)
    }

    pub(super) fn set_samplers(
        &mut self,
        p: &SetSamplers,
        handles: PodSlice<'_, u32>,
    ) -> Result<(), Failure> {
        let stage = p.shader_stage(self.minor)?;
        check_slots("sampler slots", p.start_slot, handles.len(), limits::SAMPLER_SLOTS)?;
        for (i, handle) in handles.iter().enumerate() {
            self.context().stage_mut(stage).samplers[p.start_slot as usize + i] = handle;
        }
        Ok(())
    }

    pub(super) fn set_constant_buffers(
        &mut self,
        p: &SetConstantBuffers,
        slots: PodSlice<'_, ConstantBufferBinding>,
    ) -> Result<(), Failure> {
        let stage = p.shader_stage(self.minor)?;
        check_slots("constant buffer slots", p.start_slot, slots.len(), limits::CONSTANT_BUFFER_SLOTS)?;
        let buffers = self.bound_all(slots.iter().map(|slot| slot.buffer))?;
        let bound = &mut self.context().stage_mut(stage).constant_buffers[p.start_slot as usize..];
        for ((binding, slot), buffer) in bound.iter_mut().zip(slots.iter()).zip(buffers) {
            let range = BufferRange { buffer, offset: slot.offset_bytes, size: slot.size_bytes };
            *binding = ConstantBuffer::Buffer(range);
        }
        Ok(())
    }

    pub(super) fn set_resource_buffers(
        &mut self,
        p: &SetShaderResourceBuffers,
        slots: PodSlice<'_, ShaderResourceBufferBinding>,
    ) -> Result<(), Failure> {
        let stage = p.shader_stage(self.minor)?;
        check_slots("shader resource slots", p.start_slot, slots.len(), limits::RESOURCE_SLOTS)?;
        let mut buffers = self.bound_all(slots.iter().map(|slot| slot.buffer))?;
        for buffer in &mut buffers {
            if self.is_written(*buffer) {
                *buffer = Bound::None;
            }
        }
        let bound = &mut self.context().stage_mut(stage).resources[p.start_slot as usize..];
        for ((binding, slot), buffer) in bound.iter_mut().zip(slots.iter()).zip(buffers) {
            let range = BufferRange { buffer, offset: slot.offset_bytes, size: slot.size_bytes };
            *binding =
                if buffer == Bound::None { ShaderResource::None } else { ShaderResource::Buffer(range) };
        }
        Ok(())
    }

    pub(super) fn set_uavs(
        &mut self,
        p: &SetUnorderedAccessBuffers,
        slots: PodSlice<'_, UnorderedAccessBufferBinding>,
    ) -> Result<(), Failure> {
        const KEEP_COUNTER: u32 = u32::MAX;
        let stage = p.shader_stage(self.minor)?;
        if matches!(stage, ShaderStage::Vertex | ShaderStage::Pixel) {
            return Err(Failure::Unsupported("unordered access in vertex and pixel shaders".into()));
        }
        check_slots("unordered-access slots", p.start_slot, slots.len(), limits::UAV_SLOTS)?;
        let buffers = self.bound_all(slots.iter().map(|slot| slot.buffer))?;
        for ((i, slot), buffer) in slots.iter().enumerate().zip(buffers) {
            if let Bound::Resource(id) = buffer {
                self.context().unbind_resources(|b| b == Bound::Resource(id));
                if let Some(buffer) = self.renderer.resources.buffer_mut(id)
                    && slot.initial_count != KEEP_COUNTER
                {
                    buffer.counter = slot.initial_count;
                }
            }
            let range = BufferRange { buffer, offset: slot.offset_bytes, size: slot.size_bytes };
            self.context().stage_mut(stage).uavs[p.start_slot as usize + i] = Uav { range };
        }
        Ok(())
    }

    pub(super) fn set_constants_f(
        &mut self,
        p: &SetShaderConstantsF,
        values: PodSlice<'_, [u32; 4]>,
    ) -> Result<(), Failure> {
        let stage = p.shader_stage(self.minor)?;
        check_slots("constant registers", p.start_register, values.len(), limits::FLOAT_CONSTANTS)?;
        let registers = std::sync::Arc::make_mut(&mut self.context().stage_mut(stage).constants);
        let start = p.start_register as usize * 4;
        let end = start + values.len() * 4;
        if registers.len() < end {
            registers.resize(end, 0);
        }
        for (register, value) in registers[start..end].chunks_exact_mut(4).zip(values.iter()) {
            register.copy_from_slice(&value);
        }
        Ok(())
    }

    pub(super) fn set_constants_i(
        &mut self,
        p: &SetShaderConstantsI,
        values: PodSlice<'_, [i32; 4]>,
    ) -> Result<(), Failure> {
        let stage = p.shader_stage(self.minor)?;
        check_slots("integer registers", p.start_register, values.len(), d3d9::CONSTANT_REGISTERS as usize)?;
        let registers = &mut self.context().stage_mut(stage).d3d9.integers;
        registers.extend((p.start_register..).zip(values.iter()));
        Ok(())
    }

    pub(super) fn set_constants_b(
        &mut self,
        p: &SetShaderConstantsB,
        values: BoolConstants<'_>,
    ) -> Result<(), Failure> {
        let stage = p.shader_stage(self.minor)?;
        check_slots("boolean registers", p.start_register, values.len(), d3d9::CONSTANT_REGISTERS as usize)?;
        let registers = &mut self.context().stage_mut(stage).d3d9.booleans;
        registers.extend((p.start_register..).zip(values.iter()));
        Ok(())
    }

    /// Direct3D 9 sampler state. Stages, slots and numbers that do not exist are ignored, as the guest driver expects.
    pub(super) fn set_sampler_state(&mut self, p: &SetSamplerState) -> Result<(), Failure> {
        let stage = match p.shader_stage {
            0 => ShaderStage::Vertex,
            1 => ShaderStage::Pixel,
            _ => return Ok(()),
        };
        if p.slot < d3d9::SAMPLER_SLOTS && p.state <= limits::MAX_SAMPLER_STATE_ID {
            self.context().stage_mut(stage).d3d9.samplers.insert((p.slot, p.state), p.value);
        }
        Ok(())
    }

    /// Direct3D 9 render state. Numbers that do not exist are ignored, as the guest driver expects.
    pub(super) fn set_render_state(&mut self, p: &SetRenderState) -> Result<(), Failure> {
        if p.state <= limits::MAX_STATE_ID {
            self.context().render_states.set(p.state, p.value);
        }
        Ok(())
    }

    pub(super) fn set_blend_state(&mut self, state: BlendState) -> Result<(), Failure> {
        check_blend_state(&state)?;
        let context = self.context();
        context.render_states.adopt_blend(&state);
        context.blend = state;
        Ok(())
    }

    pub(super) fn set_depth_stencil_state(&mut self, state: DepthStencilState) -> Result<(), Failure> {
        check_depth_stencil_state(&state)?;
        let context = self.context();
        context.render_states.adopt_depth_stencil(&state);
        context.depth = state;
        Ok(())
    }

    pub(super) fn set_rasterizer_state(&mut self, state: RasterizerState) -> Result<(), Failure> {
        check_rasterizer_state(&state)?;
        let context = self.context();
        context.render_states.adopt_rasterizer(&state);
        context.rasterizer = state;
        Ok(())
    }

    /// The guest memory of a create packet; 0 is none.
    pub(super) fn backing(alloc_id: u32, offset: u32) -> Option<Backing> {
        (alloc_id != 0).then_some(Backing { alloc_id, offset: offset.into() })
    }
}

/// What a texture binding lets shaders read: a whole texture, or what a view shows.
pub(super) fn read_subresources(resources: &ResourceTable, bound: Bound) -> Option<Subresources> {
    match bound {
        Bound::Resource(id) => {
            let desc = &resources.texture(id)?.desc;
            Some(Subresources { texture: id, mips: 0..desc.mip_levels, layers: 0..desc.array_layers })
        }
        Bound::View(handle) => Some(resources.view(handle)?.subresources()),
        Bound::None | Bound::Unknown(_) => None,
    }
}

/// What a context's targets are drawn to: one mip level of each.
fn target_subresources<'a>(
    context: &'a Context,
    resources: &'a ResourceTable,
) -> impl Iterator<Item = Subresources> + 'a {
    let targets = context.colors.iter().chain([&context.depth_stencil]);
    targets.filter_map(|&bound| {
        let read = read_subresources(resources, bound)?;
        Some(Subresources { mips: read.mips.start..read.mips.start + 1, ..read })
    })
}
