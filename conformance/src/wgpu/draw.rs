//! Clears, draws and dispatches.

use std::collections::BTreeMap;

use aerogpu::executor::Failure;
use aerogpu::pipeline::assembly::{primitive, primitives, shape};
use aerogpu::resources::ResourceError;
use aerogpu_dxbc::ValidatedShader;
use aerogpu_protocol::packets::{
    Clear, ClearFlags, Dispatch, Draw, DrawIndexed, IndexFormat, PrimitiveTopology, ShaderStage,
};
use wgpu::{
    BindGroup, BindGroupEntry, BindGroupLayout, BindingResource, BufferUsages, CommandEncoder, LoadOp,
    Operations, RenderPass, RenderPassColorAttachment, RenderPassDepthStencilAttachment,
    RenderPassDescriptor, StoreOp, TextureAspect, TextureView, TextureViewDescriptor, TextureViewDimension,
};

use super::Execution;
use super::format::texture_format;
use super::packets::Subresources;
use super::pipeline::{Attribute, RenderKey, attributes, view_dimension};
use super::resource::{Buffer, Resource, Texture};
use super::state::{ConstantSlot, ResourceSlot};
use super::wgsl::{SampleType, binding};

/// The bound targets, as the adapter takes them.
struct Targets {
    colors: Vec<Option<(TextureView, wgpu::TextureFormat, bool)>>,
    /// The same, layer by layer as a clear reaches them.
    layers: Vec<(TextureView, bool)>,
    depth: Option<(TextureView, wgpu::TextureFormat)>,
    size: [u32; 2],
}

/// Vertices or indices of a draw.
struct Counts {
    count: u32,
    instances: u32,
    first: u32,
    first_instance: u32,
    /// For indexed draws.
    base_vertex: Option<i32>,
}

impl Execution<'_, '_> {
    fn buffer_of(&self, id: u32) -> Result<&Buffer, Failure> {
        self.renderer.buffer_of(id).ok_or(ResourceError::Unknown { kind: "buffer", handle: id }.into())
    }

    fn texture_of(&self, id: u32) -> Result<&Texture, Failure> {
        self.renderer.texture_of(id).ok_or(ResourceError::Unknown { kind: "texture", handle: id }.into())
    }

    /// A view of a part of a texture.
    fn view(
        &mut self,
        part: Subresources,
        dimension: TextureViewDimension,
        layers: u32,
    ) -> Result<TextureView, Failure> {
        self.refresh(part.texture)?;
        let texture = self.texture_of(part.texture)?;
        let depth_only = part.format.is_depth() && part.mips.1 == u32::MAX;
        Ok(texture.gpu.create_view(&TextureViewDescriptor {
            format: Some(texture_format(part.format)?),
            dimension: Some(dimension),
            aspect: if depth_only { TextureAspect::DepthOnly } else { TextureAspect::All },
            base_mip_level: part.mips.0,
            mip_level_count: Some(part.mips.1.min(texture.mips - part.mips.0)),
            base_array_layer: part.layers.0,
            array_layer_count: Some(layers),
            ..Default::default()
        }))
    }

    fn targets(&mut self) -> Result<Option<Targets>, Failure> {
        let context = self.context();
        let (colors, depth) = (context.colors, context.depth_stencil);
        let used = colors.iter().rposition(|&handle| handle != 0).map_or(0, |last| last + 1);
        let mut targets =
            Targets { colors: Vec::new(), layers: Vec::new(), depth: None, size: [u32::MAX; 2] };
        for handle in colors[..used].iter().copied().chain([depth]).enumerate() {
            let (i, handle) = handle;
            let part = match handle {
                0 => None,
                handle => Some(
                    self.renderer
                        .subresources(handle)
                        .map(Subresources::target)
                        .ok_or(ResourceError::Unknown { kind: "render target", handle })?,
                ),
            };
            let view = match part {
                None => None,
                Some(part) => {
                    let [width, height] = self.texture_of(part.texture)?.layout.mip_extent(part.mips.0);
                    targets.size = [targets.size[0].min(width), targets.size[1].min(height)];
                    let view = self.view(part, TextureViewDimension::D2, 1)?;
                    if i < used {
                        let alpha = !part.format.has_unused_alpha();
                        let all = self.texture_of(part.texture)?.layers;
                        for layer in part.layers.0..part.layers.0.saturating_add(part.layers.1).min(all) {
                            let part = Subresources { layers: (layer, 1), ..part };
                            targets.layers.push((self.view(part, TextureViewDimension::D2, 1)?, alpha));
                        }
                    }
                    Some((view, texture_format(part.format)?, !part.format.has_unused_alpha()))
                }
            };
            match i < used {
                true => targets.colors.push(view),
                false => targets.depth = view.map(|(view, format, _)| (view, format)),
            }
        }
        let any = targets.colors.iter().any(Option::is_some) || targets.depth.is_some();
        Ok(any.then_some(targets))
    }

    pub(super) fn clear(&mut self, p: &Clear) -> Result<(), Failure> {
        let Some(targets) = self.targets()? else { return Ok(()) };
        let flags = p.flags();
        let [r, g, b, a] = p.color().map(f64::from);
        let color = |has_alpha: bool| match flags.contains(ClearFlags::COLOR) {
            true => LoadOp::Clear(wgpu::Color { r, g, b, a: if has_alpha { a } else { 1.0 } }),
            false => LoadOp::Load,
        };
        let depth = match flags.contains(ClearFlags::DEPTH) {
            true => LoadOp::Clear(p.depth().clamp(0.0, 1.0)),
            false => LoadOp::Load,
        };
        let stencil =
            if flags.contains(ClearFlags::STENCIL) { LoadOp::Clear(p.stencil & 0xff) } else { LoadOp::Load };
        let gpu = self.renderer.gpu.clone();
        // One pass a target and layer: they need not have the same size.
        for (view, has_alpha) in &targets.layers {
            gpu.submit(|encoder| drop(begin(encoder, &[Some((view, color(*has_alpha)))], None)));
        }
        if let Some((view, format)) = &targets.depth {
            let stencil = format.has_stencil_aspect().then_some(stencil);
            gpu.submit(|encoder| drop(begin(encoder, &[], Some((view, depth, stencil)))));
        }
        Ok(())
    }

    pub(super) fn draw(&mut self, p: &Draw) -> Result<(), Failure> {
        self.draw_any(&Counts {
            count: p.vertex_count,
            instances: p.instance_count,
            first: p.first_vertex,
            first_instance: p.first_instance,
            base_vertex: None,
        })
    }

    pub(super) fn draw_indexed(&mut self, p: &DrawIndexed) -> Result<(), Failure> {
        self.draw_any(&Counts {
            count: p.index_count,
            instances: p.instance_count,
            first: p.first_index,
            first_instance: p.first_instance,
            base_vertex: Some(p.base_vertex),
        })
    }

    fn draw_any(&mut self, counts: &Counts) -> Result<(), Failure> {
        if counts.count == 0 || counts.instances == 0 {
            return Ok(());
        }
        let shaders = self.context().shaders;
        if shaders.gs != 0 || shaders.hs != 0 || shaders.ds != 0 {
            return Err(Failure::Unsupported("geometry, hull and domain shaders on WebGPU".into()));
        }
        let vertex = self.renderer.shaders.get(&shaders.vs).cloned();
        let vertex =
            vertex.ok_or(Failure::NotBound("a draw needs a vertex shader; bind one with BIND_SHADERS"))?;
        let pixel = self.renderer.shaders.get(&shaders.ps).cloned();
        let d3d9 = || Failure::Unsupported("Direct3D 9 shaders on wgpu".into());
        let vertex = vertex.dxbc().ok_or_else(d3d9)?;
        let pixel = pixel.as_ref().map(|pixel| pixel.dxbc().ok_or_else(d3d9)).transpose()?;
        let Some(targets) = self.targets()? else { return Ok(()) };
        if self.context().blend.sample_mask & 1 == 0 {
            return Ok(());
        }
        let layout = self.context().layout;
        let layout = self.renderer.layouts.get(&layout).cloned().unwrap_or_default();
        let attributes = attributes(vertex, &layout)?;
        let indices = self.indices(counts)?;
        if indices.is_empty() {
            return Ok(());
        }
        let context = self.context().clone();
        let strides = attributes
            .iter()
            .map(|a| (a.slot, u64::from(context.vertex_buffers[a.slot as usize].stride_bytes)));
        let strides: BTreeMap<u32, u64> = strides.collect();
        let (vertex_textures, vertex_views) = self.textures(ShaderStage::Vertex, vertex)?;
        let (pixel_textures, pixel_views) = match pixel {
            Some(pixel) => self.textures(ShaderStage::Pixel, pixel)?,
            None => Default::default(),
        };
        let colors: Vec<_> =
            targets.colors.iter().map(|c| c.as_ref().map(|(_, format, alpha)| (*format, *alpha))).collect();
        let key = RenderKey {
            vertex,
            pixel,
            attributes: &attributes,
            strides: &strides,
            colors: &colors,
            depth: targets.depth.as_ref().map(|(_, format)| *format),
            topology: topology(context.topology)?,
            context: &context,
            textures: [vertex_textures, pixel_textures],
        };
        let gpu = self.renderer.gpu.clone();
        let (pipeline, layouts) = self.renderer.pipelines.render(&gpu, &key)?;
        let base = counts.base_vertex.map_or(counts.first, |base| base as u32);
        let draw_words = [base, counts.first_instance, 0, 0].map(u32::to_le_bytes).concat();
        let draw_words = gpu.buffer(&draw_words, BufferUsages::UNIFORM);
        let (vertex_group, _) =
            self.bind_group(ShaderStage::Vertex, vertex, &layouts[0], vertex_views, Some(&draw_words))?;
        let pixel_group = match pixel {
            Some(pixel) => self.bind_group(ShaderStage::Pixel, pixel, &layouts[1], pixel_views, None)?.0,
            None => gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: None,
                layout: &layouts[1],
                entries: &[],
            }),
        };
        let past = indices.iter().max().map_or(0, |&last| u64::from(last) + 1);
        let buffers =
            attributes.iter().map(|a| self.vertex_buffer(a, counts, past)).collect::<Result<Vec<_>, _>>()?;
        let index_bytes: Vec<u8> = indices.iter().flat_map(|i| i.to_le_bytes()).collect();
        let index_buffer = gpu.buffer(&index_bytes, BufferUsages::INDEX);
        let (viewport, scissor) = viewport(&context, targets.size)?;
        let [left, top, width, height] = scissor;
        if width == 0 || height == 0 {
            return Ok(());
        }
        gpu.submit(|encoder| {
            let colors: Vec<_> =
                targets.colors.iter().map(|c| c.as_ref().map(|(view, ..)| (view, LoadOp::Load))).collect();
            let depth = targets.depth.as_ref().map(|(view, format)| {
                (view, LoadOp::Load, format.has_stencil_aspect().then_some(LoadOp::Load))
            });
            let mut pass = begin(encoder, &colors, depth);
            let [x, y, w, h, near, far] = viewport;
            pass.set_viewport(x, y, w, h, near, far);
            pass.set_scissor_rect(left, top, width, height);
            let [r, g, b, a] = context.blend.blend_constant().map(f64::from);
            pass.set_blend_constant(wgpu::Color { r, g, b, a });
            pass.set_pipeline(&pipeline);
            pass.set_bind_group(0, &vertex_group, &[]);
            pass.set_bind_group(1, &pixel_group, &[]);
            for (slot, buffer) in (0..).zip(&buffers) {
                pass.set_vertex_buffer(slot, buffer.slice(..));
            }
            pass.set_index_buffer(index_buffer.slice(..), wgpu::IndexFormat::Uint32);
            let instances = counts.first_instance..counts.first_instance.saturating_add(counts.instances);
            pass.draw_indexed(0..indices.len() as u32, 0, instances);
        });
        Ok(())
    }

    /// The vertices of every primitive as a list: strips, fans and cuts are gone, base vertices added. What lies before vertex 0
    /// becomes the largest index, which is behind every buffer.
    fn indices(&mut self, counts: &Counts) -> Result<Vec<u32>, Failure> {
        let context = self.context();
        let (topology, bound) = (context.topology, context.index_buffer);
        let mut vertices: Vec<Option<i64>> = Vec::new();
        match counts.base_vertex {
            None => vertices.extend((0..counts.count).map(|i| Some(i64::from(counts.first) + i64::from(i)))),
            Some(base) => {
                let mut bytes = Vec::new();
                let mut width = 4;
                if let Some(binding) = bound {
                    let id = self.renderer.resolve(binding.buffer);
                    self.refresh(id)?;
                    let gpu = self.renderer.gpu.clone();
                    let buffer = self.buffer_of(id)?;
                    bytes = buffer.read(&gpu, 0, buffer.size);
                    bytes.drain(..(binding.offset_bytes as usize).min(bytes.len()));
                    width = if binding.format() == Some(IndexFormat::Uint16) { 2 } else { 4 };
                }
                let cut = if width == 2 { 0xffff } else { u32::MAX };
                for i in 0..counts.count as usize {
                    let at = (counts.first as usize + i) * width;
                    let raw = bytes.get(at..at + width).map_or(0, |b| match *b {
                        [a, b] => u32::from(u16::from_le_bytes([a, b])),
                        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]),
                        _ => 0,
                    });
                    vertices.push((raw != cut).then_some(i64::from(raw) + i64::from(base)));
                }
            }
        }
        if vertices.iter().flatten().any(|&v| !(0..=1 << 24).contains(&v)) {
            return Err(Failure::Unsupported("vertices outside of 0..2^24 on wgpu".into()));
        }
        let own = shape(topology).own;
        let mut list = Vec::new();
        for run in vertices.split(Option::is_none) {
            let count = primitives(topology, run.len() as u32);
            for i in 0..count {
                let mut corners = Vec::new();
                primitive(topology, count, i, |position| corners.push(run[position as usize]));
                list.extend(own.iter().filter_map(|&corner| corners[corner]).map(|v| v as u32));
            }
        }
        Ok(list)
    }

    /// The bytes of an attribute's buffer from its first vertex on, zeros behind the end.
    fn vertex_buffer(
        &mut self,
        attribute: &Attribute,
        counts: &Counts,
        past: u64,
    ) -> Result<wgpu::Buffer, Failure> {
        let binding = self.context().vertex_buffers[attribute.slot as usize];
        let gpu = self.renderer.gpu.clone();
        let mut bytes = Vec::new();
        if binding.buffer != 0 {
            let id = self.renderer.resolve(binding.buffer);
            self.refresh(id)?;
            let buffer = self.buffer_of(id)?;
            bytes = buffer.read(&gpu, 0, buffer.size);
        }
        let start = u64::from(binding.offset_bytes) + u64::from(attribute.offset);
        bytes.drain(..(start as usize).min(bytes.len()));
        let elements = match attribute.step {
            None => past,
            Some(0) => 1,
            Some(_) => u64::from(counts.first_instance) + u64::from(counts.instances),
        };
        let needed = elements * u64::from(binding.stride_bytes) + attribute.format.size();
        // An element that is only partly there reads as zeros.
        let whole = match u64::from(binding.stride_bytes) {
            0 => u64::from(bytes.len() as u64 >= attribute.format.size()),
            stride => (bytes.len() as u64 + stride).saturating_sub(attribute.format.size()) / stride,
        };
        let kept = whole.saturating_sub(1) * u64::from(binding.stride_bytes) + attribute.format.size();
        bytes.truncate(if whole == 0 { 0 } else { kept as usize });
        bytes.resize(needed as usize, 0);
        Ok(gpu.buffer(&bytes, BufferUsages::VERTEX))
    }

    /// What a shader's texture registers hold, and the views.
    #[allow(clippy::type_complexity, reason = "a map and a list")]
    fn textures(
        &mut self,
        stage: ShaderStage,
        shader: &ValidatedShader,
    ) -> Result<(BTreeMap<u32, SampleType>, Vec<(u32, TextureView)>), Failure> {
        let (mut types, mut views) = (BTreeMap::new(), Vec::new());
        for register in shader.resources() {
            let Some(dimension) = view_dimension(register.dimension) else { continue };
            let slot = self.context().stage(stage).resources[register.first as usize];
            let part = match slot {
                ResourceSlot::Handle(handle) => self.renderer.subresources(handle),
                _ => None,
            };
            let view = match part {
                Some(part) => {
                    let kind = match part.format {
                        format if format.is_depth() => SampleType::Depth,
                        format if format.has_unused_alpha() => SampleType::Opaque,
                        _ => SampleType::Float,
                    };
                    types.insert(register.first, kind);
                    let layers = match dimension {
                        TextureViewDimension::D2 => 1,
                        TextureViewDimension::Cube => 6,
                        TextureViewDimension::CubeArray => part.layers.1 / 6 * 6,
                        _ => part.layers.1,
                    };
                    let mips = if part.format.is_depth() { (part.mips.0, u32::MAX) } else { part.mips };
                    self.view(Subresources { mips, ..part }, dimension, layers)?
                }
                None => {
                    types.insert(register.first, SampleType::Float);
                    self.zeros(dimension)
                }
            };
            views.push((binding::TEXTURES + register.first, view));
        }
        Ok((types, views))
    }

    /// What an empty slot reads.
    fn zeros(&self, dimension: TextureViewDimension) -> TextureView {
        let layers = if matches!(dimension, TextureViewDimension::Cube | TextureViewDimension::CubeArray) {
            6
        } else {
            1
        };
        let volume = dimension == TextureViewDimension::D3;
        let texture = self.renderer.gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: None,
            size: wgpu::Extent3d { width: 1, height: 1, depth_or_array_layers: layers },
            mip_level_count: 1,
            sample_count: 1,
            dimension: if volume { wgpu::TextureDimension::D3 } else { wgpu::TextureDimension::D2 },
            format: wgpu::TextureFormat::Rgba8Unorm,
            usage: wgpu::TextureUsages::TEXTURE_BINDING,
            view_formats: &[],
        });
        texture.create_view(&TextureViewDescriptor { dimension: Some(dimension), ..Default::default() })
    }

    /// Everything that a stage reads and writes. The second result lists UAV buffers: their copy, and where it goes back.
    #[allow(clippy::type_complexity, reason = "a group and a list")]
    fn bind_group(
        &mut self,
        stage: ShaderStage,
        shader: &ValidatedShader,
        layout: &BindGroupLayout,
        views: Vec<(u32, TextureView)>,
        draw: Option<&wgpu::Buffer>,
    ) -> Result<(BindGroup, Vec<(wgpu::Buffer, wgpu::Buffer, u32, u64, u64)>), Failure> {
        let gpu = self.renderer.gpu.clone();
        let mut buffers: Vec<(u32, wgpu::Buffer)> = Vec::new();
        let mut samplers: Vec<(u32, wgpu::Sampler)> = Vec::new();
        let mut written = Vec::new();
        for constants in shader.constant_buffers() {
            let bytes = match self.context().stage(stage).constants[constants.first as usize] {
                ConstantSlot::Registers => {
                    self.context().stage(stage).registers.iter().flat_map(|w| w.to_le_bytes()).collect()
                }
                ConstantSlot::Buffer(b) => self.range(b.buffer, b.offset_bytes, b.size_bytes)?,
            };
            buffers.push((binding::CONSTANTS + constants.first, gpu.buffer(&bytes, BufferUsages::STORAGE)));
        }
        for register in shader.resources().iter().filter(|r| view_dimension(r.dimension).is_none()) {
            let bytes = match self.context().stage(stage).resources[register.first as usize] {
                ResourceSlot::Empty => Vec::new(),
                ResourceSlot::Handle(buffer) => self.range(buffer, 0, 0)?,
                ResourceSlot::Buffer { buffer, offset, size } => self.range(buffer, offset, size)?,
            };
            buffers.push((binding::TEXTURES + register.first, gpu.buffer(&bytes, BufferUsages::STORAGE)));
        }
        for uav in shader.uavs() {
            let slot = self.context().stage(stage).uavs[uav.first as usize];
            let bytes = self.range(slot.buffer, slot.offset_bytes, slot.size_bytes)?;
            let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC;
            let words = gpu.buffer(&bytes, usage);
            let id = self.renderer.resolve(slot.buffer);
            let counter = match self.renderer.resources.get(&id) {
                Some(Resource::Buffer(buffer)) => buffer.counter,
                _ => 0,
            };
            let counter = gpu.buffer(&counter.to_le_bytes(), usage);
            written.push((words.clone(), counter.clone(), id, slot.offset_bytes.into(), bytes.len() as u64));
            buffers.push((binding::UAVS + uav.first, words));
            buffers.push((binding::COUNTERS + uav.first, counter));
        }
        for register in shader.samplers() {
            let handle = self.context().stage(stage).samplers[register.first as usize];
            let sampler = self.renderer.samplers.get(&handle).filter(|_| !register.comparison).cloned();
            samplers.push((
                binding::SAMPLERS + register.first,
                sampler.unwrap_or_else(|| default_sampler(&gpu, register.comparison)),
            ));
        }
        let mut entries = Vec::new();
        entries.extend(draw.map(|b| BindGroupEntry {
            binding: binding::DRAW,
            resource: BindingResource::Buffer(b.as_entire_buffer_binding()),
        }));
        for (binding, buffer) in &buffers {
            entries.push(BindGroupEntry { binding: *binding, resource: buffer.as_entire_binding() });
        }
        for (binding, view) in &views {
            entries.push(BindGroupEntry { binding: *binding, resource: BindingResource::TextureView(view) });
        }
        for (binding, sampler) in &samplers {
            entries.push(BindGroupEntry { binding: *binding, resource: BindingResource::Sampler(sampler) });
        }
        let group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout,
            entries: &entries,
        });
        Ok((group, written))
    }

    /// Bytes of a range of a buffer, as far as it exists; size 0 is the rest.
    fn range(&mut self, handle: u32, offset: u32, size: u32) -> Result<Vec<u8>, Failure> {
        if handle == 0 {
            return Ok(Vec::new());
        }
        let id = self.renderer.resolve(handle);
        self.refresh(id)?;
        let gpu = self.renderer.gpu.clone();
        let buffer = self.buffer_of(id)?;
        let start = u64::from(offset).min(buffer.size);
        let end = if size == 0 { buffer.size } else { (start + u64::from(size)).min(buffer.size) };
        Ok(buffer.read(&gpu, start, end - start))
    }

    pub(super) fn dispatch(&mut self, p: &Dispatch) -> Result<(), Failure> {
        let stage = p.shader_stage(self.minor)?;
        let handle = self.context().shaders.cs;
        let shader = self.renderer.shaders.get(&handle).cloned();
        let shader = shader
            .ok_or(Failure::NotBound("a dispatch needs a compute shader; bind one with BIND_SHADERS"))?;
        let Some(program) = shader.dxbc() else {
            return Err(Failure::Unsupported("no compute shader".into()));
        };
        let (types, views) = self.textures(stage, program)?;
        let gpu = self.renderer.gpu.clone();
        let (pipeline, layout) = self.renderer.pipelines.compute(&gpu, program, &types)?;
        let (group, written) = self.bind_group(stage, program, &layout, views, None)?;
        gpu.submit(|encoder| {
            let mut pass = encoder.begin_compute_pass(&Default::default());
            pass.set_pipeline(&pipeline);
            pass.set_bind_group(0, &group, &[]);
            pass.dispatch_workgroups(p.group_count_x, p.group_count_y, p.group_count_z);
        });
        for (words, counter, id, offset, len) in written {
            let bytes = gpu.read_buffer(&words, 0, len.next_multiple_of(4));
            let counter = gpu.read_buffer(&counter, 0, 4);
            if let Some(Resource::Buffer(buffer)) = self.renderer.resources.get_mut(&id) {
                buffer.write(&gpu, offset, &bytes[..len as usize]);
                buffer.counter = u32::from_le_bytes([counter[0], counter[1], counter[2], counter[3]]);
            }
        }
        Ok(())
    }
}

fn default_sampler(gpu: &super::Gpu, comparison: bool) -> wgpu::Sampler {
    gpu.device.create_sampler(&wgpu::SamplerDescriptor {
        mag_filter: wgpu::FilterMode::Linear,
        min_filter: wgpu::FilterMode::Linear,
        mipmap_filter: wgpu::MipmapFilterMode::Linear,
        compare: comparison.then_some(wgpu::CompareFunction::Never),
        ..Default::default()
    })
}

fn topology(topology: PrimitiveTopology) -> Result<wgpu::PrimitiveTopology, Failure> {
    use PrimitiveTopology as T;
    Ok(match topology {
        T::PointList => wgpu::PrimitiveTopology::PointList,
        T::LineList | T::LineStrip | T::LineListAdj | T::LineStripAdj => wgpu::PrimitiveTopology::LineList,
        T::TriangleList | T::TriangleStrip | T::TriangleFan | T::TriangleListAdj | T::TriangleStripAdj => {
            wgpu::PrimitiveTopology::TriangleList
        }
        T::PatchList(_) => return Err(Failure::Unsupported("patches on WebGPU".into())),
    })
}

/// Viewport, and scissor rectangle cut to the target.
#[allow(clippy::type_complexity, reason = "two rectangles")]
fn viewport(context: &super::Context, [width, height]: [u32; 2]) -> Result<([f32; 6], [u32; 4]), Failure> {
    let whole = [0.0, 0.0, width as f32, height as f32, 0.0, 1.0];
    let set = context.viewport.as_ref().map(|v| {
        let ([x, y, w, h], [near, far]) = (v.rect(), v.depth_range());
        [x, y, w, h, near.clamp(0.0, 1.0), far.clamp(0.0, 1.0)]
    });
    let viewport =
        set.filter(|v| v.iter().all(|v| v.is_finite()) && v[2] > 0.0 && v[3] > 0.0).unwrap_or(whole);
    let scissor =
        context.scissor.filter(|s| context.rasterizer.scissor_enable != 0 && s.width > 0 && s.height > 0);
    let cut = |start: i32, size: i32, end: u32| {
        let first = start.clamp(0, end as i32) as u32;
        (first, start.saturating_add(size).clamp(0, end as i32) as u32 - first)
    };
    let scissor = match scissor {
        Some(s) => {
            let ((left, columns), (top, rows)) = (cut(s.x, s.width, width), cut(s.y, s.height, height));
            [left, top, columns, rows]
        }
        None => [0, 0, width, height],
    };
    Ok((viewport, scissor))
}

#[allow(clippy::type_complexity, reason = "views with what happens to them first")]
fn begin<'e>(
    encoder: &'e mut CommandEncoder,
    colors: &[Option<(&TextureView, LoadOp<wgpu::Color>)>],
    depth: Option<(&TextureView, LoadOp<f32>, Option<LoadOp<u32>>)>,
) -> RenderPass<'e> {
    let attachment = |(view, load)| RenderPassColorAttachment {
        view,
        depth_slice: None,
        resolve_target: None,
        ops: Operations { load, store: StoreOp::Store },
    };
    let colors: Vec<_> = colors.iter().map(|slot| slot.map(attachment)).collect();
    encoder.begin_render_pass(&RenderPassDescriptor {
        label: None,
        color_attachments: &colors,
        depth_stencil_attachment: depth.map(|(view, depth, stencil)| RenderPassDepthStencilAttachment {
            view,
            depth_ops: Some(Operations { load: depth, store: StoreOp::Store }),
            stencil_ops: stencil.map(|load| Operations { load, store: StoreOp::Store }),
        }),
        timestamp_writes: None,
        occlusion_query_set: None,
        multiview_mask: None,
    })
}
