//! Packets that do work: clears, draws, dispatches, presents. Here state gets its meaning.

use std::sync::Arc;

use aerogpu_dxbc::ValidatedShader;
use aerogpu_dxbc::ir::{ResourceDimension, Stage};
use aerogpu_protocol::packets::ShaderStage;
use aerogpu_protocol::packets::{self, Clear, ClearFlags, Dispatch, DrawIndexed, IndexFormat, PresentFlags};
use aerogpu_raster::format::Format;
use aerogpu_raster::pass::DrawState;
use aerogpu_raster::sampler::SamplerState;
use aerogpu_raster::shader::PixelShader;
use aerogpu_raster::state as raster;
use aerogpu_raster::surface::TextureView;
use smallvec::smallvec;

use super::binding::read_subresources;
use super::passes::{Attachment, Attachments};
use super::translate::{blend_state, depth_stencil_state, scissor_rect, viewport};
use super::{Execution, Failure};
use crate::backend::Statistics;
use crate::limits;
use crate::pipeline::bindings::{ResourceView, StageBindings, UavView, WordView, view_dimension};
use crate::pipeline::draw::{Draw, IndexStream};
use crate::pipeline::input::{InputLayout, VertexStream, slots_read};
use crate::pipeline::pixel::BoundPixelShader;
use crate::pipeline::shader::{BoundShader, Shader, dxbc_stage};
use crate::pipeline::stages::{OptionalShaders, StageError};
use crate::pipeline::{compute, draw, stand_in};
use crate::resources::{ResourceError, ResourceId};
use crate::state::{Bound, BufferRange, ConstantBuffer, ShaderResource};

/// The counts of either draw packet.
#[derive(Clone, Copy)]
struct Counts {
    count: u32,
    instances: u32,
    first: u32,
    first_instance: u32,
    /// Of an indexed draw.
    base_vertex: Option<i32>,
}

impl Execution<'_, '_> {
    /// Clears what is bound. Direct3D 10/11 clear whole targets whatever the state; in Direct3D 9 the scissor test and the
    /// sRGB encoding of what is written apply, which only its render states turn on here.
    pub(super) fn clear(&mut self, p: &Clear) -> Result<(), Failure> {
        const SCISSOR_TEST_ENABLE: u32 = 174;
        const SRGB_WRITE_ENABLE: u32 = 194;
        let attachments = self.attachments()?;
        let context = self.context();
        let is_set = |state| context.render_states.get(state).is_some_and(|enable| enable != 0);
        let rect = context.scissor.and_then(scissor_rect).filter(|_| is_set(SCISSOR_TEST_ENABLE));
        let srgb = is_set(SRGB_WRITE_ENABLE);
        let flags = p.flags();
        let color = flags.contains(ClearFlags::COLOR);
        let depth = flags.contains(ClearFlags::DEPTH).then(|| p.depth());
        let stencil = flags.contains(ClearFlags::STENCIL).then_some(p.stencil as u8);
        if attachments.is_empty() || !color && depth.is_none() && stencil.is_none() {
            return Ok(());
        }
        let overwrites = |a: &Attachment| {
            let all_bits = match a.format.is_depth() {
                true => depth.is_some() && (stencil.is_some() || a.format == Format::D32Float),
                false => color,
            };
            all_bits && rect.is_none_or(|rect| a.is_inside(&rect))
        };
        // Everything that can fail comes before the first target is cleared.
        let parts = attachments.by_size();
        for part in &parts {
            part.spend_clears(&self.budget, self.renderer.options.tile_size)?;
        }
        match parts.len() {
            1 => self.flush_unless_to(&attachments),
            _ => self.flush_pass(),
        }
        for kept in attachments.all().filter(|a| !overwrites(a)) {
            self.refresh_texture(&kept.subresources())?;
        }
        for overwritten in attachments.all().filter(|a| overwrites(a)) {
            if let Some(texture) = self.renderer.resources.texture_mut(overwritten.texture) {
                texture.discard_dirty(&overwritten.subresources());
            }
        }
        for part in parts {
            let pass = self.pass_for(part)?;
            for target in (0..8).filter(|&i| color && part.colors[i].is_some()) {
                match srgb {
                    true => pass.clear_color_srgb(target, p.color(), rect),
                    false => pass.clear_color(target, p.color(), rect),
                }
            }
            if part.depth_stencil.is_some() && (depth.is_some() || stencil.is_some()) {
                pass.clear_depth_stencil(depth, stencil, rect);
            }
            self.flush_if_large();
        }
        Ok(())
    }

    pub(super) fn draw(&mut self, p: &packets::Draw) -> Result<(), Failure> {
        self.draw_any(Counts {
            count: p.vertex_count,
            instances: p.instance_count,
            first: p.first_vertex,
            first_instance: p.first_instance,
            base_vertex: None,
        })
    }

    pub(super) fn draw_indexed(&mut self, p: &DrawIndexed) -> Result<(), Failure> {
        self.draw_any(Counts {
            count: p.index_count,
            instances: p.instance_count,
            first: p.first_index,
            first_instance: p.first_instance,
            base_vertex: Some(p.base_vertex),
        })
    }

    fn draw_any(&mut self, counts: Counts) -> Result<(), Failure> {
        if counts.count == 0 || counts.instances == 0 {
            return Ok(());
        }
        let work = u64::from(counts.count) * u64::from(counts.instances);
        if work > limits::MAX_DRAW_VERTICES {
            let limit = limits::MAX_DRAW_VERTICES;
            return Err(Failure::TooLarge { what: "vertices of a draw", value: work, limit });
        }
        let attachments = self.attachments()?;
        let Some(draw) = self.snapshot(counts, &attachments)? else { return Ok(()) };
        let (budget, mut statistics) = (self.budget.clone(), Statistics::default());
        let result = draw::run(&draw, &budget, &mut statistics, &mut |vertices, primitives| {
            self.queue(attachments, &draw, vertices, primitives)
        });
        self.report.statistics += statistics;
        result
    }

    /// Everything that the draw needs, or `None` when nothing can come of it.
    fn snapshot(&mut self, counts: Counts, attachments: &Attachments) -> Result<Option<Draw>, Failure> {
        let context = self.context();
        let (handles, topology, sample_mask) = (context.shaders, context.topology, context.blend.sample_mask);
        if self.renderer.options.fixed_function && handles.vs == 0 && handles.ps == 0 {
            return self.stand_in(counts, attachments);
        }
        let vertex = self
            .bound_shader("vertex shader", ShaderStage::Vertex, handles.vs)?
            .ok_or(Failure::NotBound("a draw needs a vertex shader; bind one with BIND_SHADERS"))?;
        let optional = OptionalShaders {
            hull: self.bound_shader("hull shader", ShaderStage::Hull, handles.hs)?,
            domain: self.bound_shader("domain shader", ShaderStage::Domain, handles.ds)?,
            geometry: self.bound_shader("geometry shader", ShaderStage::Geometry, handles.gs)?,
        };
        let pixel = self.bound_shader("pixel shader", ShaderStage::Pixel, handles.ps)?;
        let d3d9 = || Failure::Unsupported("drawing with Direct3D 9 shaders".into());
        let signatures = vertex.program().ok_or_else(d3d9)?.signatures();
        let (vertex_inputs, vertex_outputs) = (&signatures.inputs, &signatures.outputs);
        if pixel.as_ref().is_some_and(|pixel| pixel.program().is_none()) {
            return Err(d3d9());
        }
        optional.check(topology)?;
        let layout = match self.input_layout()?.as_deref() {
            Some(InputLayout::Dxgi(layout)) => Some(layout.clone()),
            Some(InputLayout::D3d9(_)) => {
                return Err(Failure::Unsupported(
                    "a Direct3D 9 vertex declaration with these shaders".into(),
                ));
            }
            None => None,
        };
        let indices = match counts.base_vertex {
            Some(base_vertex) => Some(self.index_stream(base_vertex)?),
            None => None,
        };
        let slots = slots_read(layout.as_ref(), vertex_inputs);
        let streams = self.vertex_streams(slots)?;
        let producer = optional.rasterized(vertex_outputs);
        let held = pixel.as_ref().map(|pixel| pixel.bindings.held().collect()).unwrap_or_default();
        let pixel_shader = pixel
            .and_then(|pixel| {
                BoundPixelShader::new(pixel.shader, pixel.bindings, &producer, self.budget.engine())
            })
            .map(|bound| Arc::new(bound) as Arc<dyn PixelShader>);
        if sample_mask & 1 == 0 || attachments.is_empty() {
            return Ok(None);
        }
        Ok(Some(Draw {
            topology,
            count: counts.count,
            instances: counts.instances,
            first: counts.first,
            first_instance: counts.first_instance,
            indices,
            streams,
            layout,
            vertex,
            optional,
            state: Arc::new(self.draw_state(attachments, pixel_shader)),
            held,
        }))
    }

    /// Pixels for a stream that draws without any shader: see [`stand_in`].
    fn stand_in(&mut self, counts: Counts, attachments: &Attachments) -> Result<Option<Draw>, Failure> {
        let (vertex_shader, pixel_shader, layout) = stand_in::shaders()?;
        let indices = match counts.base_vertex {
            Some(base_vertex) => Some(self.index_stream(base_vertex)?),
            None => None,
        };
        let signatures = vertex_shader.dxbc().map(|v| v.signatures().clone()).unwrap_or_default();
        let slots = slots_read(Some(&layout), &signatures.inputs);
        let bound = BoundPixelShader::new(
            pixel_shader,
            StageBindings::default(),
            &signatures.outputs,
            self.budget.engine(),
        );
        let mut state = self.draw_state(attachments, bound.map(|b| Arc::new(b) as Arc<dyn PixelShader>));
        // The fixed pipeline culled nothing.
        state.rasterizer.cull = raster::CullMode::None;
        Ok((!attachments.is_empty()).then_some(Draw {
            topology: self.context().topology,
            count: counts.count,
            instances: counts.instances,
            first: counts.first,
            first_instance: counts.first_instance,
            indices,
            streams: self.vertex_streams(slots)?,
            layout: Some(layout),
            vertex: BoundShader { shader: vertex_shader, bindings: StageBindings::default() },
            optional: OptionalShaders::default(),
            state: Arc::new(state),
            held: Vec::new(),
        }))
    }

    /// True while the context follows Direct3D 9's rules: one of its shaders or declarations is bound.
    pub(super) fn uses_d3d9(&mut self) -> bool {
        let context = self.context();
        let (vs, ps, layout) = (context.shaders.vs, context.shaders.ps, context.input_layout);
        let d3d9 = |handle| self.renderer.shaders.get(&handle).is_some_and(|s| s.dxbc().is_none());
        d3d9(vs)
            || d3d9(ps)
            || self.renderer.layouts.get(&layout).is_some_and(|l| matches!(**l, InputLayout::D3d9(_)))
    }

    fn shader(&self, kind: &'static str, handle: u32) -> Result<Option<Arc<Shader>>, Failure> {
        match (handle, self.renderer.shaders.get(&handle)) {
            (0, _) => Ok(None),
            (_, Some(shader)) => Ok(Some(shader.clone())),
            (handle, None) => Err(ResourceError::Unknown { kind, handle }.into()),
        }
    }

    /// A shader with what its stage has bound; `None` for handle 0.
    fn bound_shader(
        &mut self,
        kind: &'static str,
        stage: ShaderStage,
        handle: u32,
    ) -> Result<Option<BoundShader>, Failure> {
        let Some(shader) = self.shader(kind, handle)? else { return Ok(None) };
        if shader.dxbc().is_some_and(|program| program.stage() != dxbc_stage(stage)) {
            return Err(StageError::Kind(kind).into());
        }
        let bindings = self.bindings(stage, &shader)?;
        Ok(Some(BoundShader { shader, bindings }))
    }

    fn input_layout(&mut self) -> Result<Option<Arc<InputLayout>>, Failure> {
        let handle = self.context().input_layout;
        match (handle, self.renderer.layouts.get(&handle)) {
            (0, _) => Ok(None),
            (_, Some(layout)) => Ok(Some(layout.clone())),
            (handle, None) => Err(ResourceError::Unknown { kind: "input layout", handle }.into()),
        }
    }

    /// A bound buffer with its guest memory up to date; `None` for an empty slot.
    fn bound_buffer(&mut self, bound: Bound) -> Result<Option<ResourceId>, Failure> {
        match self.at_use(bound)? {
            Bound::None => Ok(None),
            Bound::Resource(id) if self.renderer.resources.buffer(id).is_some() => {
                self.refresh_buffer(id)?;
                Ok(Some(id))
            }
            Bound::Resource(ResourceId(handle)) | Bound::View(handle) | Bound::Unknown(handle) => {
                Err(ResourceError::Unknown { kind: "buffer", handle }.into())
            }
        }
    }

    fn index_stream(&mut self, base_vertex: i32) -> Result<IndexStream, Failure> {
        let bound = self.context().index_buffer;
        let id = bound.map(|binding| self.bound_buffer(binding.buffer)).transpose()?.flatten();
        let (Some(binding), Some(id)) = (bound, id) else {
            if self.uses_d3d9() {
                return Err(Failure::NotBound(
                    "an indexed Direct3D 9 draw needs an index buffer; bind one with SET_INDEX_BUFFER",
                ));
            }
            // Every index is outside, and so 0 (d3d-rules §3.7).
            return Ok(IndexStream { words: Arc::default(), size: 0, offset: 0, width: 4, base_vertex });
        };
        let buffer = self.buffer(id)?;
        let width = match binding.format {
            IndexFormat::Uint16 => 2,
            IndexFormat::Uint32 => 4,
        };
        Ok(IndexStream {
            words: buffer.words().clone(),
            size: buffer.size(),
            offset: binding.offset,
            width,
            base_vertex,
        })
    }

    /// The vertex buffers in the slots of a mask; what others hold does not matter.
    fn vertex_streams(&mut self, slots: u32) -> Result<Vec<VertexStream>, Failure> {
        let mut streams = Vec::new();
        for slot in (0..limits::VERTEX_BUFFER_SLOTS).filter(|slot| slots & (1 << slot) != 0) {
            let binding = self.context().vertex_buffers[slot];
            if let Some(id) = self.bound_buffer(binding.buffer)? {
                let buffer = self.buffer(id)?;
                *grown(&mut streams, slot) = VertexStream {
                    words: Some(buffer.words().clone()),
                    size: buffer.size(),
                    stride: binding.stride,
                    offset: binding.offset,
                };
            }
        }
        Ok(streams)
    }

    /// What a stage has bound in the slots that its shader declares.
    fn bindings(&mut self, stage: ShaderStage, shader: &Shader) -> Result<StageBindings, Failure> {
        let Some(program) = shader.dxbc() else { return Ok(StageBindings::default()) };
        let mut bindings = StageBindings::default();
        for range in program.constant_buffers() {
            for slot in slots(range.first, range.last, limits::CONSTANT_BUFFER_SLOTS) {
                let view = self.constant_view(stage, slot)?;
                *grown(&mut bindings.constants, slot) = view;
            }
        }
        for range in program.resources() {
            for slot in slots(range.first, range.last, limits::RESOURCE_SLOTS) {
                let view = self.resource_view(stage, slot, range.dimension, range.stride)?;
                *grown(&mut bindings.resources, slot) = view;
            }
        }
        for range in program.samplers() {
            for slot in slots(range.first, range.last, limits::SAMPLER_SLOTS) {
                let handle = self.context().stage(stage).samplers[slot];
                let state = match (handle, self.renderer.samplers.get(&handle)) {
                    (0, _) => default_sampler(),
                    (_, Some(state)) => *state,
                    (handle, None) => return Err(ResourceError::Unknown { kind: "sampler", handle }.into()),
                };
                *grown(&mut bindings.samplers, slot) = state;
            }
        }
        Ok(bindings)
    }

    fn constant_view(&mut self, stage: ShaderStage, slot: usize) -> Result<WordView, Failure> {
        match self.context().stage(stage).constant_buffers[slot] {
            ConstantBuffer::Registers => {
                let words = self.context().stage(stage).constants.clone();
                let len = words.len();
                Ok(WordView::new(words, 0..len))
            }
            ConstantBuffer::Buffer(range) => Ok(self.word_view(range)?.unwrap_or_default()),
        }
    }

    /// The words of a buffer range; offsets and sizes are rounded to words.
    fn word_view(&mut self, range: BufferRange) -> Result<Option<WordView>, Failure> {
        let Some(id) = self.bound_buffer(range.buffer)? else { return Ok(None) };
        let words = self.buffer(id)?.words().clone();
        let range = word_range(range, words.len());
        Ok(Some(WordView::new(words, range)))
    }

    fn resource_view(
        &mut self,
        stage: ShaderStage,
        slot: usize,
        dimension: ResourceDimension,
        stride: u32,
    ) -> Result<Option<ResourceView>, Failure> {
        match self.context().stage(stage).resources[slot] {
            ShaderResource::None => Ok(None),
            ShaderResource::Buffer(range) => {
                let view = self.word_view(range)?.map(|view| view.with_stride(stride));
                Ok(view.map(ResourceView::Buffer))
            }
            ShaderResource::Texture(bound) => match self.at_use(bound)? {
                Bound::Resource(id) if self.renderer.resources.buffer(id).is_some() => {
                    let range = BufferRange { buffer: Bound::Resource(id), ..Default::default() };
                    let view = self.word_view(range)?.map(|view| view.with_stride(stride));
                    Ok(view.map(ResourceView::Buffer))
                }
                bound => Ok(self.texture_view(bound, dimension)?.map(ResourceView::Texture)),
            },
        }
    }

    fn texture_view(
        &mut self,
        bound: Bound,
        dimension: ResourceDimension,
    ) -> Result<Option<TextureView>, Failure> {
        let Some(dimension) = view_dimension(dimension) else { return Ok(None) };
        if let Bound::Unknown(handle) = bound {
            return Err(ResourceError::Unknown { kind: "texture", handle }.into());
        }
        let Some(read) = read_subresources(&self.renderer.resources, bound) else { return Ok(None) };
        // Reading a target shows what was drawn so far.
        self.flush_if_drawn(&read);
        self.refresh_texture(&read)?;
        let view = match bound {
            Bound::View(handle) => self.renderer.resources.view(handle).copied(),
            _ => None,
        };
        Ok(self.texture(read.texture)?.shader_view(view.as_ref(), dimension))
    }

    fn draw_state(
        &mut self,
        attachments: &Attachments,
        pixel_shader: Option<Arc<dyn PixelShader>>,
    ) -> DrawState {
        let context = self.context();
        let (width, height) = attachments.extent();
        let rasterizer = &context.rasterizer;
        let scissor = context.scissor.and_then(scissor_rect).filter(|_| rasterizer.scissor_enable != 0);
        DrawState {
            rasterizer: raster::RasterizerState {
                fill: match rasterizer.fill_mode() {
                    Some(packets::FillMode::Wireframe) => raster::FillMode::Wireframe,
                    _ => raster::FillMode::Solid,
                },
                cull: match rasterizer.cull_mode() {
                    Some(packets::CullMode::Front) => raster::CullMode::Front,
                    Some(packets::CullMode::Back) => raster::CullMode::Back,
                    _ => raster::CullMode::None,
                },
                front_counter_clockwise: rasterizer.front_ccw != 0,
                depth_clip: !rasterizer.flags().contains(packets::RasterizerFlags::DEPTH_CLIP_DISABLE),
                depth_bias: raster::DepthBias { constant: rasterizer.depth_bias, ..Default::default() },
                viewports: smallvec![viewport(context.viewport.as_ref(), width, height)],
                scissors: scissor.into_iter().collect(),
            },
            depth_stencil: depth_stencil_state(&context.depth),
            blend: blend_state(&context.blend),
            pixel_shader,
        }
    }

    pub(super) fn dispatch(&mut self, p: &Dispatch) -> Result<(), Failure> {
        let groups = [p.group_count_x, p.group_count_y, p.group_count_z];
        if groups.contains(&0) {
            return Ok(());
        }
        if let Some(&value) = groups.iter().find(|&&n| n > limits::MAX_DISPATCH_GROUPS) {
            let (value, limit) = (value.into(), limits::MAX_DISPATCH_GROUPS.into());
            return Err(Failure::TooLarge { what: "thread groups along an axis", value, limit });
        }
        let stage = p.shader_stage(self.minor)?;
        let shaders = self.context().shaders;
        let handle = match stage {
            ShaderStage::Geometry => shaders.gs,
            ShaderStage::Hull => shaders.hs,
            ShaderStage::Domain => shaders.ds,
            ShaderStage::Vertex | ShaderStage::Pixel | ShaderStage::Compute => shaders.cs,
        };
        let shader = self
            .shader("compute shader", handle)?
            .ok_or(Failure::NotBound("a dispatch needs a compute shader; bind one with BIND_SHADERS"))?;
        let Some(program) = shader.dxbc().filter(|program| program.stage() == Stage::Compute) else {
            return Err(Failure::Unsupported("dispatching a shader that is no compute shader".into()));
        };
        let mut bindings = self.bindings(stage, &shader)?;
        let taken = self.take_uavs(stage, program, &mut bindings)?;
        let statistics = &mut self.report.statistics;
        let result = compute::run(program, &bindings, groups, &self.budget, statistics);
        self.return_uavs(taken, bindings);
        Ok(result?)
    }

    /// Moves the buffers behind a shader's UAVs into its bindings. Returns which buffer each slot took.
    fn take_uavs(
        &mut self,
        stage: ShaderStage,
        program: &ValidatedShader,
        bindings: &mut StageBindings,
    ) -> Result<Vec<(usize, ResourceId)>, Failure> {
        // Everything that can fail comes before the first buffer is taken.
        let mut found: Vec<(usize, BufferRange, u32, ResourceId)> = Vec::new();
        for range in program.uavs() {
            for slot in slots(range.first, range.last, limits::UAV_SLOTS) {
                let uav = self.context().stage(stage).uavs[slot];
                let Some(id) = self.bound_buffer(uav.range.buffer)? else { continue };
                if found.iter().any(|&(.., other)| other == id) {
                    return Err(Failure::Unsupported("one buffer in two unordered-access slots".into()));
                }
                found.push((slot, uav.range, range.stride, id));
            }
        }
        let mut taken = Vec::new();
        for (slot, range, stride, id) in found {
            let Some(buffer) = self.renderer.resources.buffer_mut(id) else { continue };
            let words = std::mem::take(buffer.words_mut());
            let words_range = word_range(range, words.len());
            *grown(&mut bindings.uavs, slot) =
                Some(Arc::new(UavView::new(words, words_range, stride, buffer.counter)));
            taken.push((slot, id));
        }
        Ok(taken)
    }

    fn return_uavs(&mut self, taken: Vec<(usize, ResourceId)>, mut bindings: StageBindings) {
        for (slot, id) in taken {
            let view = bindings.uavs.get_mut(slot).and_then(Option::take).and_then(Arc::into_inner);
            if let (Some(view), Some(buffer)) = (view, self.renderer.resources.buffer_mut(id)) {
                let (words, counter) = view.into_parts();
                *buffer.words_mut() = words;
                buffer.counter = counter;
            }
        }
    }

    /// Presents the first colour target that is bound.
    pub(super) fn present(&mut self, scanout: u32, flags: PresentFlags) -> Result<(), Failure> {
        self.flush_pass();
        let mut shown = None;
        for bound in self.context().colors {
            let bound = self.at_use(bound)?;
            shown = shown.or_else(|| read_subresources(&self.renderer.resources, bound));
        }
        if let Some(shown) = &shown {
            self.refresh_texture(shown)?;
        }
        let shown = shown.map(|shown| shown.texture);
        let scanouts = &mut self.renderer.scanouts;
        match shown {
            Some(_) if scanouts.len() >= limits::MAX_SCANOUTS && !scanouts.contains_key(&scanout) => {
                let (value, limit) = (scanouts.len() as u64 + 1, limits::MAX_SCANOUTS as u64);
                return Err(Failure::TooLarge { what: "scanouts", value, limit });
            }
            Some(id) => scanouts.insert(scanout, id),
            None => scanouts.remove(&scanout),
        };
        self.note_present(scanout, shown, flags.contains(PresentFlags::VSYNC));
        Ok(())
    }
}

/// The element at `index`, growing the list with defaults.
fn grown<T: Default>(list: &mut Vec<T>, index: usize) -> &mut T {
    if list.len() <= index {
        list.resize_with(index + 1, T::default);
    }
    &mut list[index]
}

/// The slots `first..=last` that exist.
fn slots(first: u32, last: u32, limit: usize) -> std::ops::Range<usize> {
    let first = (first as usize).min(limit);
    first..(last as usize).saturating_add(1).clamp(first, limit)
}

fn word_range(range: BufferRange, words: usize) -> std::ops::Range<usize> {
    let start = range.offset as usize / 4;
    let end = if range.size == 0 { words } else { start + range.size as usize / 4 };
    start..end
}

/// What an empty sampler slot does.
fn default_sampler() -> SamplerState {
    use aerogpu_raster::sampler::{AddressMode, Filter, MipFilter};
    SamplerState {
        min_filter: Filter::Point,
        mag_filter: Filter::Point,
        mip_filter: MipFilter::Point,
        address: [AddressMode::Clamp; 3],
        ..SamplerState::default()
    }
}
