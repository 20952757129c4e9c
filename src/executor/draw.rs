//! Draws: everything that one needs is taken together here, as it is when the packet comes.

use std::sync::Arc;

use aerogpu_dxbc::sm3::Variant;
use aerogpu_protocol::packets::{self, DrawIndexed, IndexFormat, ShaderStage};
use aerogpu_raster::pass::DrawState;
use aerogpu_raster::shader::PixelShader;
use aerogpu_raster::state as raster;
use smallvec::{SmallVec, smallvec};

use super::passes::{Attachments, OpenPass, Preparation, Ready};
use super::stage::grown;
use super::translate::{blend_state, depth_stencil_state, scissor_rect, viewport};
use super::{Execution, Failure, d3d9};
use crate::backend::CommandError;
use crate::cycles::Work;
use crate::limits;
use crate::pipeline::bindings::StageBindings;
use crate::pipeline::direct3d9::Direct3d9Rules;
use crate::pipeline::draw::{Counts, Draw, IndexStream};
use crate::pipeline::input::{VertexStream, slots_read};
use crate::pipeline::layout::InputLayout;
use crate::pipeline::pixel::BoundPixelShader;
use crate::pipeline::shader::{BoundShader, Direct3d9Shader, Shader};
use crate::pipeline::stages::OptionalShaders;
use crate::pipeline::{draw, stand_in, together};

/// What is kept of draws while only draws come by: they have everything in common but their numbers.
pub(super) struct OpenDraws {
    draw: Draw,
    attachments: Attachments,
    /// The next draw needs nothing else.
    lasting: bool,
    /// Small ones can be shaded together.
    together: bool,
    /// Small ones that are not drawn yet.
    waiting: SmallVec<[Waiting; 1]>,
}

/// A draw that waits to be shaded with others.
#[derive(Clone, Copy)]
struct Waiting {
    counts: Counts,
    packet: (usize, &'static str),
    /// Its number among the commands that are counted.
    number: usize,
}

impl Execution<'_, '_> {
    pub(super) fn draw(&mut self, p: &packets::Draw) -> Result<(), Failure> {
        let counts = Counts {
            count: p.vertex_count,
            instances: p.instance_count,
            first: p.first_vertex,
            first_instance: p.first_instance,
            base_vertex: 0,
        };
        self.draw_any(counts, false)
    }

    pub(super) fn draw_indexed(&mut self, p: &DrawIndexed) -> Result<(), Failure> {
        let counts = Counts {
            count: p.index_count,
            instances: p.instance_count,
            first: p.first_index,
            first_instance: p.first_instance,
            base_vertex: p.base_vertex,
        };
        self.draw_any(counts, true)
    }

    fn draw_any(&mut self, counts: Counts, indexed: bool) -> Result<(), Failure> {
        if counts.count == 0 || counts.instances == 0 {
            return Ok(());
        }
        let work = u64::from(counts.count) * u64::from(counts.instances);
        if work > limits::MAX_DRAW_VERTICES {
            self.finish_draws();
            let limit = limits::MAX_DRAW_VERTICES;
            return Err(Failure::TooLarge { what: "vertices of a draw", value: work, limit });
        }
        if self.draws.as_ref().is_none_or(|draws| draws.draw.indices.is_some() != indexed) {
            self.finish_draws();
            self.draws = self.open_draws(indexed)?;
        }
        let Some(mut draws) = self.draws.take() else { return Ok(()) };
        let waiting = Waiting { counts, packet: self.packet, number: self.counts.start(self.packet) };
        draws.waiting.push(waiting);
        if !(draws.lasting && draws.together && together::is_small(&counts)) {
            self.draw_waiting(&mut draws);
        }
        self.draws = draws.lasting.then_some(draws);
        Ok(())
    }

    /// Takes everything that a draw needs, or `None` when nothing can come of it.
    fn open_draws(&mut self, indexed: bool) -> Result<Option<Box<OpenDraws>>, Failure> {
        let attachments = self.attachments()?;
        let is_open = |open: &Option<OpenPass>| open.as_ref().is_some_and(|o| o.attachments == attachments);
        let before = is_open(&self.renderer.pass);
        let snapshot = self.snapshot(indexed, &attachments)?;
        // What reads a target flushes the pass: the next draw then has something else to read.
        let lasting = before && is_open(&self.renderer.pass);
        Ok(snapshot.map(|draw| {
            let together = together::serves(&draw);
            Box::new(OpenDraws { draw, attachments, lasting, together, waiting: SmallVec::new() })
        }))
    }

    /// Draws what waits, and forgets what draws have in common. Called before anything that could change it.
    pub(super) fn finish_draws(&mut self) {
        if let Some(mut draws) = self.draws.take() {
            self.draw_waiting(&mut draws);
        }
    }

    /// Draws what waits, in order, as if each had been drawn when its packet came.
    fn draw_waiting(&mut self, draws: &mut OpenDraws) {
        let (here, budget) = (self.packet, self.budget.clone());
        let mut shader = std::mem::take(&mut self.renderer.together);
        let mut rest = &draws.waiting[..];
        while let [first, others @ ..] = rest {
            let counts = rest.iter().map(|waiting| waiting.counts);
            let Some(shaded) = shader.shade(&draws.draw, counts, &budget) else {
                self.alone(draws, first);
                rest = others;
                continue;
            };
            let (now, later) = rest.split_at(shaded.parts.len());
            for (waiting, part) in now.iter().zip(shaded.parts) {
                self.packet = waiting.packet;
                let work = self.counts.work(waiting.number);
                let result = shaded.settle(part, &budget, work).map_err(Failure::from).and_then(|()| {
                    let batch = (&shaded.vertices, &shaded.primitives);
                    let range = part.primitives.clone();
                    self.queue(draws.attachments, waiting.number, &draws.draw, batch, range, &mut [])
                });
                self.drawn(waiting, result);
            }
            rest = later;
        }
        draws.waiting.clear();
        self.renderer.together = shader;
        self.packet = here;
    }

    /// Draws one by itself.
    fn alone(&mut self, draws: &OpenDraws, waiting: &Waiting) {
        let (draw, budget, mut work) = (&draws.draw, self.budget.clone(), Work::default());
        self.packet = waiting.packet;
        let preparation = Preparation::new(draw, draws.attachments, &self.renderer.options);
        let prepare = |vertices, primitives| preparation.run(vertices, primitives);
        let mut deliver = |(vertices, primitives, mut parts): Ready| {
            let (all, batch) = (0..primitives.count(), (&vertices, &primitives));
            self.queue(draws.attachments, waiting.number, draw, batch, all, &mut parts)?;
            preparation.reuse(parts);
            Ok(())
        };
        let result = draw::run(draw, waiting.counts, &budget, &mut work, &prepare, &mut deliver);
        *self.counts.work(waiting.number) += work;
        self.drawn(waiting, result);
    }

    /// What comes of a draw is its packet's, whenever it comes.
    fn drawn(&mut self, waiting: &Waiting, result: Result<(), Failure>) {
        if let Err(reason) = result {
            let (offset, packet) = waiting.packet;
            self.report.fail(CommandError { offset, packet, reason });
        }
    }

    /// Everything that the draw needs, or `None` when nothing can come of it.
    fn snapshot(&mut self, indexed: bool, attachments: &Attachments) -> Result<Option<Draw>, Failure> {
        let context = self.context();
        let (handles, topology, sample_mask) = (context.shaders, context.topology, context.blend.sample_mask);
        if self.renderer.options.fixed_function && handles.vs == 0 && handles.ps == 0 {
            return self.stand_in(indexed, attachments);
        }
        let vertex = self
            .bound_shader("vertex shader", ShaderStage::Vertex, handles.vs)?
            .ok_or(Failure::NotBound("a draw needs a vertex shader; bind one with BIND_SHADERS"))?;
        let optional = OptionalShaders {
            hull: self.bound_shader("hull shader", ShaderStage::Hull, handles.hs)?,
            domain: self.bound_shader("domain shader", ShaderStage::Domain, handles.ds)?,
            geometry: self.bound_shader("geometry shader", ShaderStage::Geometry, handles.gs)?,
        };
        let direct3d9 = self.uses_d3d9();
        let layout = self.input_layout()?;
        let pixel = match (direct3d9, self.shader("pixel shader", handles.ps)?) {
            (true, Some(shader)) if shader.direct3d9().is_some() => {
                let shader = self.pixel_variant(shader, &vertex, layout.as_deref())?;
                Some(self.with_bindings(ShaderStage::Pixel, shader)?)
            }
            _ => self.bound_shader("pixel shader", ShaderStage::Pixel, handles.ps)?,
        };
        if direct3d9 && pixel.is_none() {
            return Err(Failure::NotBound(
                "a Direct3D 9 draw needs a pixel shader; bind one with BIND_SHADERS",
            ));
        }
        if direct3d9 && layout.is_none() {
            return Err(Failure::NotBound(
                "a Direct3D 9 draw needs a vertex declaration; bind one with SET_INPUT_LAYOUT",
            ));
        }
        let signatures = vertex.program().signatures();
        let (vertex_inputs, vertex_outputs) = (&signatures.inputs, &signatures.outputs);
        optional.check(topology)?;
        let indices = if indexed { Some(self.index_stream()?) } else { None };
        let slots = slots_read(layout.as_deref(), vertex_inputs);
        let streams = self.vertex_streams(slots)?;
        let rules = direct3d9.then(|| self.direct3d9_rules(&vertex, layout.as_deref(), attachments));
        let producer = optional.rasterized(vertex_outputs);
        let producer = match &rules {
            Some(rules) => rules.rasterized(&producer),
            None => producer,
        };
        let held = pixel.as_ref().map(|pixel| pixel.bindings.held().collect()).unwrap_or_default();
        let engine = self.budget.engine();
        let pixel_shader = pixel.map(|pixel| -> Arc<dyn PixelShader> {
            Arc::new(BoundPixelShader::new(pixel.shader, pixel.bindings, &producer, engine))
        });
        if sample_mask & 1 == 0 || attachments.is_empty() {
            return Ok(None);
        }
        Ok(Some(Draw {
            topology,
            indices,
            streams,
            layout,
            vertex,
            optional,
            restarts: !direct3d9,
            direct3d9: rules,
            state: Arc::new(self.draw_state(attachments, direct3d9, pixel_shader)),
            held,
        }))
    }

    /// The pixel shader with what Direct3D 9's states add to it.
    fn pixel_variant(
        &mut self,
        shader: Arc<Shader>,
        vertex: &BoundShader,
        layout: Option<&InputLayout>,
    ) -> Result<Arc<Shader>, Failure> {
        let Some(pixel) = shader.direct3d9() else { return Ok(shader) };
        let made_by_driver = |shader: &Direct3d9Shader| shader.interface().driver_made;
        let inputs = d3d9::FogInputs {
            driver_pixel_shader: made_by_driver(pixel),
            driver_vertex_shader: vertex.shader.direct3d9().is_some_and(made_by_driver),
            transformed: layout.is_some_and(InputLayout::is_transformed),
        };
        let variant = d3d9::variant(&self.context().render_states, inputs);
        if variant == Variant::default() { Ok(shader) } else { Ok(pixel.variant(variant)?) }
    }

    /// What Direct3D 9 does to primitives on their way to the rasterizer.
    fn direct3d9_rules(
        &mut self,
        vertex: &BoundShader,
        layout: Option<&InputLayout>,
        attachments: &Attachments,
    ) -> Direct3d9Rules {
        let stand_in = vertex.shader.direct3d9().is_some_and(|shader| shader.interface().driver_made);
        let fixed = stand_in && !layout.is_some_and(InputLayout::is_transformed);
        let (width, height) = attachments.extent();
        let context = self.context();
        let viewport = viewport(context.viewport.as_ref(), width, height);
        let points = d3d9::points(&context.render_states, viewport, fixed);
        Direct3d9Rules::new(context.topology, vertex.program(), points)
    }

    /// Pixels for a stream that draws without any shader: see [`stand_in`].
    fn stand_in(&mut self, indexed: bool, attachments: &Attachments) -> Result<Option<Draw>, Failure> {
        let (vertex_shader, pixel_shader, layout) = stand_in::shaders()?;
        let indices = if indexed { Some(self.index_stream()?) } else { None };
        let signatures = vertex_shader.program().signatures();
        let slots = slots_read(Some(&layout), &signatures.inputs);
        let bound = BoundPixelShader::new(
            pixel_shader,
            StageBindings::default(),
            &signatures.outputs,
            self.budget.engine(),
        );
        let mut state = self.draw_state(attachments, false, Some(Arc::new(bound)));
        // The fixed pipeline culled nothing.
        state.rasterizer.cull = raster::CullMode::None;
        Ok((!attachments.is_empty()).then_some(Draw {
            topology: self.context().topology,
            indices,
            streams: self.vertex_streams(slots)?,
            layout: Some(layout),
            vertex: BoundShader { shader: vertex_shader, bindings: StageBindings::default() },
            optional: OptionalShaders::default(),
            restarts: true,
            direct3d9: None,
            state: Arc::new(state),
            held: Vec::new(),
        }))
    }

    /// True while the context follows Direct3D 9's rules: one of its shaders or declarations is bound.
    pub(super) fn uses_d3d9(&mut self) -> bool {
        let context = self.context();
        let (vs, ps, layout) = (context.shaders.vs, context.shaders.ps, context.input_layout);
        let d3d9 = |handle| self.renderer.shaders.get(&handle).is_some_and(|s| s.direct3d9().is_some());
        d3d9(vs) || d3d9(ps) || self.renderer.layouts.get(&layout).is_some_and(|l| l.is_direct3d9())
    }

    fn index_stream(&mut self) -> Result<IndexStream, Failure> {
        let bound = self.context().index_buffer;
        let id = bound.map(|binding| self.bound_buffer(binding.buffer)).transpose()?.flatten();
        let (Some(binding), Some(id)) = (bound, id) else {
            if self.uses_d3d9() {
                return Err(Failure::NotBound(
                    "an indexed Direct3D 9 draw needs an index buffer; bind one with SET_INDEX_BUFFER",
                ));
            }
            // Every index is outside, and so 0 (d3d-rules §3.7).
            return Ok(IndexStream { words: Arc::default(), size: 0, offset: 0, width: 4 });
        };
        let buffer = self.buffer(id)?;
        let width = match binding.format {
            IndexFormat::Uint16 => 2,
            IndexFormat::Uint32 => 4,
        };
        Ok(IndexStream { words: buffer.words().clone(), size: buffer.size(), offset: binding.offset, width })
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

    fn draw_state(
        &mut self,
        attachments: &Attachments,
        direct3d9: bool,
        pixel_shader: Option<Arc<dyn PixelShader>>,
    ) -> DrawState {
        let half_pixel = direct3d9 && self.renderer.options.half_pixel_centers;
        let context = self.context();
        let (width, height) = attachments.extent();
        let rasterizer = &context.rasterizer;
        let scissor = context.scissor.and_then(scissor_rect);
        let mut viewport = viewport(context.viewport.as_ref(), width, height);
        if direct3d9 {
            if half_pixel {
                // Direct3D 9's pixels have their centres at whole numbers (d3d-rules §17.1.1).
                viewport = raster::Viewport { x: viewport.x + 0.5, y: viewport.y + 0.5, ..viewport };
            }
            let states = &context.render_states;
            let mut own = d3d9::rasterizer(states, rasterizer.depth_bias, viewport, scissor);
            if context.topology == packets::PrimitiveTopology::PointList {
                // Points are neither culled nor outlined, sprites among them.
                (own.cull, own.fill) = (raster::CullMode::None, raster::FillMode::Solid);
            }
            return DrawState {
                rasterizer: own,
                depth_stencil: d3d9::depth_stencil(states),
                blend: d3d9::blend(states, context.blend.sample_mask),
                pixel_shader,
            };
        }
        let scissor = scissor.filter(|_| rasterizer.scissor_enable != 0);
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
                viewports: smallvec![viewport],
                scissors: scissor.into_iter().collect(),
            },
            depth_stencil: depth_stencil_state(&context.depth),
            blend: blend_state(&context.blend),
            pixel_shader,
        }
    }
}
