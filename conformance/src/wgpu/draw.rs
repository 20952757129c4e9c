//! Clears, draws and dispatches.

use aerogpu::executor::{Failure, d3d9, translate};
use aerogpu::limits;
use aerogpu::pipeline::assembly::{primitive, primitives, shape};
use aerogpu::pipeline::shader::Shader;
use aerogpu::resources::ResourceError;
use aerogpu::state::d3d9::render_state;
use aerogpu_dxbc::ValidatedShader;
use aerogpu_protocol::packets::{
    Clear, ClearFlags, CullMode, Dispatch, Draw, DrawIndexed, FillMode, IndexFormat, PrimitiveTopology,
    RasterizerFlags, ShaderStage,
};
use aerogpu_raster::state as raster;
use wgpu::{
    BindGroup, BufferUsages, CommandEncoder, LoadOp, Operations, RenderPass, RenderPassColorAttachment,
    RenderPassDepthStencilAttachment, RenderPassDescriptor, StoreOp, TextureAspect, TextureView,
    TextureViewDescriptor, TextureViewDimension,
};

use super::bind::{Bound, with_srgb};
use super::direct3d9::{Part, clear_part};
use super::format::texture_format;
use super::packets::Subresources;
use super::pipeline::{Attribute, RenderKey, States, attributes};
use super::resource::{Buffer, Resource, Texture};
use super::{Execution, Layout};

/// The bound targets, as the adapter takes them.
struct Targets {
    colors: Vec<Option<(TextureView, wgpu::TextureFormat, bool)>>,
    /// The same, layer by layer as a clear reaches them.
    layers: Vec<(TextureView, wgpu::TextureFormat, bool, [u32; 2])>,
    depth: Option<(TextureView, wgpu::TextureFormat, [u32; 2])>,
    size: [u32; 2],
}

/// What a draw's vertices come from.
struct Geometry {
    attributes: Vec<Attribute>,
    buffers: Vec<wgpu::Buffer>,
    indices: Vec<u32>,
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
    pub(super) fn buffer_of(&self, id: u32) -> Result<&Buffer, Failure> {
        self.renderer.buffer_of(id).ok_or(ResourceError::Unknown { kind: "buffer", handle: id }.into())
    }

    fn texture_of(&self, id: u32) -> Result<&Texture, Failure> {
        self.renderer.texture_of(id).ok_or(ResourceError::Unknown { kind: "texture", handle: id }.into())
    }

    /// A view of a part of a texture.
    pub(super) fn view(
        &mut self,
        part: Subresources,
        dimension: TextureViewDimension,
        layers: u32,
    ) -> Result<TextureView, Failure> {
        self.refresh(part.texture)?;
        let texture = self.texture_of(part.texture)?;
        let depth_only = part.format.is_depth() && part.mips.1 == u32::MAX;
        Ok(texture.gpu.create_view(&TextureViewDescriptor {
            // One aspect of a format with two has a format of its own.
            format: (!depth_only).then(|| texture_format(part.format)).transpose()?,
            dimension: Some(dimension),
            aspect: if depth_only { TextureAspect::DepthOnly } else { TextureAspect::All },
            base_mip_level: part.mips.0,
            mip_level_count: Some(part.mips.1.min(texture.mips - part.mips.0)),
            base_array_layer: part.layers.0,
            array_layer_count: Some(layers),
            ..Default::default()
        }))
    }

    /// What is bound to be drawn to; with `srgb` as Direct3D 9 writes it.
    fn targets(&mut self, srgb: bool) -> Result<Option<Targets>, Failure> {
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
                Some(mut part) => {
                    if srgb && i < used {
                        part.format = with_srgb(part.format);
                    }
                    let [width, height] = self.texture_of(part.texture)?.layout.mip_extent(part.mips.0);
                    targets.size = [targets.size[0].min(width), targets.size[1].min(height)];
                    let view = self.view(part, TextureViewDimension::D2, 1)?;
                    if i < used {
                        let alpha = !part.format.has_unused_alpha();
                        let all = self.texture_of(part.texture)?.layers;
                        for layer in part.layers.0..part.layers.0.saturating_add(part.layers.1).min(all) {
                            let part = Subresources { layers: (layer, 1), ..part };
                            let view = self.view(part, TextureViewDimension::D2, 1)?;
                            targets.layers.push((view, texture_format(part.format)?, alpha, [width, height]));
                        }
                    }
                    Some((
                        view,
                        texture_format(part.format)?,
                        !part.format.has_unused_alpha(),
                        [width, height],
                    ))
                }
            };
            match i < used {
                true => targets.colors.push(view.map(|(view, format, alpha, _)| (view, format, alpha))),
                false => targets.depth = view.map(|(view, format, _, size)| (view, format, size)),
            }
        }
        let any = targets.colors.iter().any(Option::is_some) || targets.depth.is_some();
        Ok(any.then_some(targets))
    }

    /// Clears what is bound: all of it, but for Direct3D 9's scissor test.
    pub(super) fn clear(&mut self, p: &Clear) -> Result<(), Failure> {
        let context = self.context();
        let is_set = |state| context.render_states.was_set_on(state);
        let srgb = is_set(render_state::SRGBWRITEENABLE);
        let scissor = context.scissor.filter(|s| s.width > 0 && s.height > 0);
        let scissor = scissor.filter(|_| is_set(render_state::SCISSORTESTENABLE));
        let rect = scissor.map(|s| raster::Rect {
            left: s.x,
            top: s.y,
            right: s.x.saturating_add(s.width),
            bottom: s.y.saturating_add(s.height),
        });
        let Some(targets) = self.targets(srgb)? else { return Ok(()) };
        let (flags, gpu) = (p.flags(), self.renderer.gpu.clone());
        let depth = flags.contains(ClearFlags::DEPTH).then(|| p.depth().clamp(0.0, 1.0));
        let stencil = flags.contains(ClearFlags::STENCIL).then_some(p.stencil & 0xff);
        let [r, g, b, a] = p.color();
        // One pass a target and layer: they need not have the same size.
        let colors = targets.layers.iter().filter(|_| flags.contains(ClearFlags::COLOR));
        for (view, format, has_alpha, size) in colors {
            let a = if *has_alpha { a } else { 1.0 };
            if let Some(rect) = rect {
                let part = Part::Color(*format, [r, g, b, a], *has_alpha);
                inside(rect, *size).into_iter().for_each(|rect| clear_part(&gpu, view, &part, rect));
                continue;
            }
            let [r, g, b, a] = [r, g, b, a].map(f64::from);
            let load = LoadOp::Clear(wgpu::Color { r, g, b, a });
            gpu.submit(|encoder| drop(begin(encoder, &[Some((view, load))], None)));
        }
        let Some((view, format, size)) = targets.depth.filter(|_| depth.is_some() || stencil.is_some())
        else {
            return Ok(());
        };
        let stencil = stencil.filter(|_| format.has_stencil_aspect());
        if let Some(rect) = rect {
            let part = Part::Depth(format, depth, stencil);
            inside(rect, size).into_iter().for_each(|rect| clear_part(&gpu, &view, &part, rect));
            return Ok(());
        }
        let depth = depth.map_or(LoadOp::Load, LoadOp::Clear);
        let stencil = format.has_stencil_aspect().then_some(stencil.map_or(LoadOp::Load, LoadOp::Clear));
        gpu.submit(|encoder| drop(begin(encoder, &[], Some((&view, depth, stencil)))));
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
        let vertex_shader = self.renderer.shaders.get(&shaders.vs).cloned();
        let vertex_shader = vertex_shader
            .ok_or(Failure::NotBound("a draw needs a vertex shader; bind one with BIND_SHADERS"))?;
        let mut pixel_shader = self.renderer.shaders.get(&shaders.ps).cloned();
        let layout = self.context().layout;
        let layout = self.renderer.layouts.get(&layout).cloned();
        let direct3d9 = self.uses_d3d9();
        if direct3d9 {
            let (Some(pixel), Some(layout)) = (&pixel_shader, &layout) else {
                return Err(Failure::NotBound(
                    "a Direct3D 9 draw needs a pixel shader and a vertex declaration",
                ));
            };
            pixel_shader = Some(self.pixel_variant(pixel.clone(), &vertex_shader, &layout.parsed)?);
            self.check_points(vertex_shader.program())?;
        }
        let vertex = vertex_shader.program();
        let pixel = pixel_shader.as_deref().map(Shader::program);
        let srgb = direct3d9 && self.context().render_states.is_on(render_state::SRGBWRITEENABLE);
        let Some(targets) = self.targets(srgb)? else { return Ok(()) };
        if self.context().blend.sample_mask & 1 == 0 {
            return Ok(());
        }
        let corners = self.corners(counts, direct3d9)?;
        if corners.is_empty() {
            return Ok(());
        }
        let context = self.context().clone();
        let states = states(&context, direct3d9, targets.size);
        let Geometry { attributes, buffers, indices } =
            self.geometry(counts, vertex, layout.as_ref(), &corners)?;
        let (vertex_textures, vertex_views) = self.textures(ShaderStage::Vertex, &vertex_shader)?;
        let (pixel_textures, pixel_views) = match &pixel_shader {
            Some(pixel) => self.textures(ShaderStage::Pixel, pixel)?,
            None => Default::default(),
        };
        let cubes = [vertex_textures.cubes.clone(), pixel_textures.cubes.clone()];
        let colors: Vec<_> =
            targets.colors.iter().map(|c| c.as_ref().map(|(_, format, alpha)| (*format, *alpha))).collect();
        let key = RenderKey {
            vertex,
            pixel,
            attributes: &attributes,
            colors: &colors,
            depth: targets.depth.as_ref().map(|(_, format, _)| *format),
            topology: topology(context.topology)?,
            states: &states,
            textures: [vertex_textures, pixel_textures],
        };
        let gpu = self.renderer.gpu.clone();
        let (pipeline, layouts) = self.renderer.pipelines.render(&gpu, &key)?;
        let base = counts.base_vertex.map_or(counts.first, |base| base as u32);
        let draw_words = [base, counts.first_instance, 0, 0].map(u32::to_le_bytes).concat();
        let draw_words = gpu.buffer(&draw_words, BufferUsages::UNIFORM);
        let bound =
            Bound { layout: &layouts[0], views: vertex_views, cubes: &cubes[0], draw: Some(&draw_words) };
        let (vertex_group, _) = self.bind_group(ShaderStage::Vertex, &vertex_shader, bound)?;
        let pixel_group = match &pixel_shader {
            Some(pixel) => {
                let bound = Bound { layout: &layouts[1], views: pixel_views, cubes: &cubes[1], draw: None };
                self.bind_group(ShaderStage::Pixel, pixel, bound)?.0
            }
            None => gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: None,
                layout: &layouts[1],
                entries: &[],
            }),
        };
        let groups = [vertex_group, pixel_group];
        self.record(&targets, &states, (&pipeline, &groups), (&buffers, &indices), counts);
        Ok(())
    }

    /// The vertices of a draw as the adapter takes them.
    fn geometry(
        &mut self,
        counts: &Counts,
        vertex: &ValidatedShader,
        layout: Option<&Layout>,
        corners: &[i64],
    ) -> Result<Geometry, Failure> {
        if let Some(layout) = layout.filter(|layout| layout.parsed.is_direct3d9()) {
            let (attributes, buffers) = self.fetched(vertex, &layout.parsed, corners)?;
            return Ok(Geometry { attributes, buffers, indices: (0..corners.len() as u32).collect() });
        }
        let elements = layout.map(|layout| &layout.elements[..]).unwrap_or_default();
        let attributes = attributes(vertex, elements)?;
        let indices = vertices(corners)?;
        let past = indices.iter().max().map_or(0, |&last| u64::from(last) + 1);
        let buffer = |a: &Attribute| self.vertex_buffer(a, counts, past);
        let buffers = attributes.iter().map(buffer).collect::<Result<Vec<_>, _>>()?;
        Ok(Geometry { attributes, buffers, indices })
    }

    /// Draws into the targets.
    fn record(
        &self,
        targets: &Targets,
        states: &States,
        (pipeline, groups): (&wgpu::RenderPipeline, &[BindGroup; 2]),
        (buffers, indices): (&[wgpu::Buffer], &[u32]),
        counts: &Counts,
    ) {
        let gpu = &self.renderer.gpu;
        let index_bytes: Vec<u8> = indices.iter().flat_map(|i| i.to_le_bytes()).collect();
        let index_buffer = gpu.buffer(&index_bytes, BufferUsages::INDEX);
        let Some(viewport) = states.rasterizer.viewports.first().copied() else { return };
        let whole = raster::Rect { left: 0, top: 0, right: i32::MAX, bottom: i32::MAX };
        let scissor = states.rasterizer.scissors.first().copied().unwrap_or(whole);
        let Some([left, top, width, height]) = inside(scissor, targets.size) else { return };
        gpu.submit(|encoder| {
            let colors: Vec<_> =
                targets.colors.iter().map(|c| c.as_ref().map(|(view, ..)| (view, LoadOp::Load))).collect();
            let depth = targets.depth.as_ref().map(|(view, format, _)| {
                (view, LoadOp::Load, format.has_stencil_aspect().then_some(LoadOp::Load))
            });
            let mut pass = begin(encoder, &colors, depth);
            let raster::Viewport { x, y, width: w, height: h, min_depth, max_depth } = viewport;
            pass.set_viewport(x, y, w, h, min_depth, max_depth);
            pass.set_scissor_rect(left, top, width, height);
            let [r, g, b, a] = states.blend.constant.map(f64::from);
            pass.set_blend_constant(wgpu::Color { r, g, b, a });
            pass.set_stencil_reference(states.depth_stencil.stencil_ref.into());
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, &groups[0], &[]);
            pass.set_bind_group(1, &groups[1], &[]);
            for (slot, buffer) in (0..).zip(buffers) {
                pass.set_vertex_buffer(slot, buffer.slice(..));
            }
            pass.set_index_buffer(index_buffer.slice(..), wgpu::IndexFormat::Uint32);
            let instances = counts.first_instance..counts.first_instance.saturating_add(counts.instances);
            pass.draw_indexed(0..indices.len() as u32, 0, instances);
        });
    }

    /// The vertices of every primitive as a list: strips, fans and cuts are gone, base vertices added. In Direct3D 9 there are
    /// no cuts, and the second vertex of a fan's triangle leads it.
    fn corners(&mut self, counts: &Counts, direct3d9: bool) -> Result<Vec<i64>, Failure> {
        let (value, limit) = (u64::from(counts.count), limits::MAX_DRAW_VERTICES);
        if value > limit {
            return Err(Failure::TooLarge { what: "vertices of a draw", value, limit });
        }
        let context = self.context();
        let (topology, bound) = (context.topology, context.index_buffer);
        let mut vertices: Vec<Option<i64>> = Vec::new();
        match counts.base_vertex {
            None => vertices.extend((0..counts.count).map(|i| Some(i64::from(counts.first) + i64::from(i)))),
            Some(base) => {
                let mut bytes = Vec::new();
                let mut width = 4;
                if bound.is_none() && direct3d9 {
                    return Err(Failure::NotBound("an indexed Direct3D 9 draw needs an index buffer"));
                }
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
                    vertices.push((raw != cut || direct3d9).then_some(i64::from(raw) + i64::from(base)));
                }
            }
        }
        let own = shape(topology).own;
        let mut list = Vec::new();
        for run in vertices.split(Option::is_none) {
            let count = primitives(topology, run.len() as u32);
            for i in 0..count {
                let mut corners = Vec::new();
                primitive(topology, count, i, |position| corners.push(run[position as usize]));
                if direct3d9 && topology == PrimitiveTopology::TriangleFan {
                    corners.rotate_left(1);
                }
                list.extend(own.iter().filter_map(|&corner| corners[corner]));
            }
        }
        Ok(list)
    }

    /// The elements of an attribute, one behind the other. One that is only partly in its buffer reads as zeros.
    fn vertex_buffer(
        &mut self,
        attribute: &Attribute,
        counts: &Counts,
        past: u64,
    ) -> Result<wgpu::Buffer, Failure> {
        let binding = self.context().vertex_buffers[attribute.slot as usize];
        let gpu = self.renderer.gpu.clone();
        let bytes = self.range(binding.buffer, 0, 0)?;
        let elements = match attribute.step {
            None => past,
            Some(0) => 1,
            Some(_) => u64::from(counts.first_instance) + u64::from(counts.instances),
        };
        let (size, stride) = (attribute.format.size() as usize, attribute.stride() as usize);
        let mut packed = vec![0; elements as usize * stride];
        // Data that never steps stays at its first instance.
        let first = if attribute.step == Some(0) { counts.first_instance } else { 0 };
        let start = u64::from(binding.offset_bytes)
            + u64::from(attribute.offset)
            + u64::from(first) * u64::from(binding.stride_bytes);
        for (element, target) in (0u64..).zip(packed.chunks_exact_mut(stride)) {
            let at = (start + element * u64::from(binding.stride_bytes)) as usize;
            if let Some(source) = bytes.get(at..at + size) {
                target[..size].copy_from_slice(source);
            }
        }
        Ok(gpu.buffer(&packed, BufferUsages::VERTEX))
    }

    pub(super) fn dispatch(&mut self, p: &Dispatch) -> Result<(), Failure> {
        let stage = p.shader_stage(self.minor)?;
        let handle = self.context().shaders.cs;
        let shader = self.renderer.shaders.get(&handle).cloned();
        let shader = shader
            .ok_or(Failure::NotBound("a dispatch needs a compute shader; bind one with BIND_SHADERS"))?;
        let (textures, views) = self.textures(stage, &shader)?;
        let gpu = self.renderer.gpu.clone();
        let (pipeline, layout) = self.renderer.pipelines.compute(&gpu, shader.program(), &textures)?;
        let bound = Bound { layout: &layout, views, cubes: &textures.cubes, draw: None };
        let (group, written) = self.bind_group(stage, &shader, bound)?;
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

/// The fixed functions of a draw, and the viewport and scissor rectangle with them.
fn states(context: &super::Context, direct3d9: bool, [width, height]: [u32; 2]) -> States {
    let states = &context.render_states;
    let scissor = context.scissor.map(|s| [s.x, s.y, s.width, s.height]).and_then(translate::scissor_rect);
    let viewport = translate::viewport(context.viewport.as_ref(), width, height);
    if direct3d9 {
        let mut rasterizer = d3d9::rasterizer(states, context.rasterizer.depth_bias, viewport, scissor);
        if context.topology == PrimitiveTopology::PointList {
            (rasterizer.cull, rasterizer.fill) = (raster::CullMode::None, raster::FillMode::Solid);
        }
        return States {
            rasterizer,
            depth_stencil: d3d9::depth_stencil(states),
            blend: d3d9::blend(states, context.blend.sample_mask),
        };
    }
    let state = &context.rasterizer;
    States {
        rasterizer: raster::RasterizerState {
            fill: match state.fill_mode() {
                Some(FillMode::Wireframe) => raster::FillMode::Wireframe,
                _ => raster::FillMode::Solid,
            },
            cull: match state.cull_mode() {
                Some(CullMode::Front) => raster::CullMode::Front,
                Some(CullMode::Back) => raster::CullMode::Back,
                _ => raster::CullMode::None,
            },
            front_counter_clockwise: state.front_ccw != 0,
            depth_clip: !state.flags().contains(RasterizerFlags::DEPTH_CLIP_DISABLE),
            depth_bias: raster::DepthBias { constant: state.depth_bias, ..Default::default() },
            viewports: [viewport].into_iter().collect(),
            scissors: scissor.filter(|_| state.scissor_enable != 0).into_iter().collect(),
        },
        depth_stencil: translate::depth_stencil_state(&context.depth),
        blend: translate::blend_state(&context.blend),
    }
}

/// Vertices as indices.
fn vertices(corners: &[i64]) -> Result<Vec<u32>, Failure> {
    let index = |&v: &i64| u32::try_from(v).ok().filter(|v| *v <= 1 << 24);
    let indices: Option<Vec<u32>> = corners.iter().map(index).collect();
    indices.ok_or(Failure::Unsupported("vertices outside of 0..2^24 on wgpu".into()))
}

/// The part of a rectangle inside of a target: left, top, width, height; `None` when it is empty.
fn inside(rect: raster::Rect, [width, height]: [u32; 2]) -> Option<[u32; 4]> {
    let cut = |value: i32, end: u32| value.clamp(0, end as i32) as u32;
    let (left, top) = (cut(rect.left, width), cut(rect.top, height));
    let (right, bottom) = (cut(rect.right, width), cut(rect.bottom, height));
    (left < right && top < bottom).then(|| [left, top, right - left, bottom - top])
}

#[allow(clippy::type_complexity, reason = "views with what happens to them first")]
pub(super) fn begin<'e>(
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
