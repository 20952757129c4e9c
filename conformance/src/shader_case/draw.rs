//! Draws of a case.

use std::collections::BTreeMap;
use std::sync::Arc;

use aerogpu::budget::Budget;
use aerogpu::cycles::Work;
use aerogpu::executor::Failure;
use aerogpu::limits;
use aerogpu::pipeline::bindings::Held;
use aerogpu::pipeline::direct3d9::Direct3d9Rules;
use aerogpu::pipeline::draw::{self, IndexStream};
use aerogpu::pipeline::input::VertexStream;
use aerogpu::pipeline::layout::InputLayout;
use aerogpu::pipeline::pixel::BoundPixelShader;
use aerogpu::pipeline::shader::BoundShader;
use aerogpu::pipeline::stages::OptionalShaders;
use aerogpu_protocol::input_layout::{semantic_name_hash, write_ilay};
use aerogpu_protocol::packets::{InputLayoutElementDxgi, PrimitiveTopology};
use aerogpu_raster::pass::{DrawState, Pass, PassOptions, TargetLayout, Targets};
use aerogpu_raster::shader::PixelShader;
use aerogpu_raster::state as raster;
use aerogpu_raster::surface::{Image, Texture};

use super::case::{self, Blend, Compare, Cull, Data, Element, Kind, Rules, StageName};
use super::direct3d9;
use super::world::{World, format};
use crate::run::Trouble;

impl World {
    /// Draws, at once.
    pub fn draw(
        &mut self,
        step: &case::Draw,
        load: impl Fn(&Data) -> Result<Vec<u8>, String>,
    ) -> Result<(), Trouble> {
        if let Some(state) = &step.state {
            self.state = overridden(std::mem::take(&mut self.state), state.clone());
        }
        check_state(&self.state, self.rules)?;
        let layout = self.layout()?;
        if let Some(direct3d9) = &mut self.direct3d9 {
            self.shaders = direct3d9.shaders(&self.state, layout.colors[0])?;
        }
        let bound = |stage| -> Result<Option<BoundShader>, String> {
            let Some(shader) = self.shaders.get(&stage).cloned() else { return Ok(None) };
            Ok(Some(BoundShader { shader, bindings: self.bindings(stage)? }))
        };
        let vertex = bound(StageName::Vs)?.ok_or_else(|| "a draw needs a vertex shader".to_owned())?;
        let optional = OptionalShaders {
            hull: bound(StageName::Hs)?,
            domain: bound(StageName::Ds)?,
            geometry: bound(StageName::Gs)?,
        };
        let topology = topology(&step.topology)?;
        optional.check(topology).map_err(|error| error.to_string())?;
        let rules = self.direct3d9.is_some().then(|| {
            let viewports = self.viewports(step.viewports.as_deref(), &layout);
            let points = direct3d9::points(&self.state, viewports.first());
            Direct3d9Rules::new(topology, vertex.program(), points)
        });
        let producer = optional.rasterized(&vertex.program().signatures().outputs);
        let producer = match &rules {
            Some(rules) => rules.rasterized(&producer).into_owned(),
            None => producer.into_owned(),
        };
        let pixel_shader = bound(StageName::Ps)?.map(|pixel| -> Arc<dyn PixelShader> {
            Arc::new(BoundPixelShader::new(pixel.shader, pixel.bindings, &producer, self.engine))
        });
        let mut state = self.draw_state(step.viewports.as_deref(), &layout, pixel_shader);
        if rules.is_some() && topology == PrimitiveTopology::PointList {
            // Points are never culled, sprites among them.
            state.rasterizer.cull = raster::CullMode::None;
        }
        let draw = draw::Draw {
            topology,
            indices: step.index_buffer.as_ref().map(|ib| indices(ib, &load)).transpose()?,
            streams: streams(&step.vertex_buffers, &load)?,
            layout: input_layout(&step.input_layout)?,
            vertex,
            optional,
            restarts: self.rules == Rules::D3d11,
            direct3d9: rules,
            state: Arc::new(state),
            held: Vec::<Held>::new(),
        };
        let counts = draw::Counts {
            count: step.vertex_count,
            instances: step.instance_count,
            first: step.start_vertex,
            first_instance: step.start_instance,
            base_vertex: step.base_vertex,
        };
        self.rasterize(&draw, counts, layout)
    }

    fn rasterize(
        &mut self,
        draw: &draw::Draw,
        counts: draw::Counts,
        layout: TargetLayout,
    ) -> Result<(), Trouble> {
        let mut pass = Pass::new(layout, PassOptions::default());
        let budget = Budget::with_engine(limits::SUBMISSION_BUDGET, self.engine);
        let mut work = Work::default();
        let prepare = |vertices, primitives| match &draw.direct3d9 {
            Some(rules) => rules.apply(vertices, primitives),
            None => (vertices, primitives),
        };
        draw::run(draw, counts, &budget, &mut work, &prepare, &mut |(mut vertices, primitives)| {
            direct3d9::clip(&self.state, &mut vertices);
            pass.draw(&draw.state, Arc::new(vertices), primitives);
            Ok(())
        })?;
        let mut taken: BTreeMap<(Kind, u32), Vec<Image>> = BTreeMap::new();
        for (key, (texture, _)) in &self.textures {
            if matches!(key.0, Kind::RenderTarget | Kind::DepthStencil) {
                taken.insert(*key, (0..planes(texture)).map(|z| texture.image(0, z).clone()).collect());
            }
        }
        let mut targets = Targets::default();
        for ((kind, slot), images) in &mut taken {
            let list = match kind {
                Kind::DepthStencil => &mut targets.depth_stencil,
                _ => &mut targets.colors[*slot as usize],
            };
            list.extend(images.iter_mut());
        }
        let flushed = pass.flush_within(&mut targets, budget.left());
        drop(targets);
        for (key, images) in taken {
            if let Some((texture, _)) = self.textures.get_mut(&key) {
                let texture = Arc::make_mut(texture);
                for (z, image) in (0..).zip(images) {
                    *texture.image_mut(0, z) = image;
                }
            }
        }
        if flushed.timed_out { Err(Failure::Timeout.into()) } else { Ok(()) }
    }

    /// What every target has.
    fn layout(&self) -> Result<TargetLayout, String> {
        let mut samples = self.targets().map(|t| t.desc().samples);
        let first = samples.next().unwrap_or(1);
        if samples.any(|other| other != first) {
            return Err("targets of different samples cannot be drawn to together".into());
        }
        let least = |f: fn(&Texture) -> u32| self.targets().map(|t| f(t)).min();
        let mut colors = [None; raster::MAX_TARGETS];
        let mut depth_stencil = None;
        for ((kind, slot), (texture, _)) in &self.textures {
            match (kind, colors.get_mut(*slot as usize)) {
                (Kind::RenderTarget, Some(color)) => *color = Some(texture.desc().format),
                (Kind::DepthStencil, _) => depth_stencil = Some(texture.desc().format),
                _ => {}
            }
        }
        Ok(TargetLayout {
            colors,
            depth_stencil,
            width: least(|t| t.desc().width).unwrap_or(1),
            height: least(|t| t.desc().height).unwrap_or(1),
            layers: least(planes).unwrap_or(1),
            samples: first,
        })
    }

    /// The viewports of a draw: its own, the state's, or the whole of the targets.
    fn viewports(&self, own: Option<&[[f32; 6]]>, layout: &TargetLayout) -> Vec<raster::Viewport> {
        let whole = [[0.0, 0.0, layout.width as f32, layout.height as f32, 0.0, 1.0]];
        let viewports = own.or(self.state.viewports.as_deref()).unwrap_or(&whole);
        // Pixels of Direct3D 9 have their centres at whole coordinates (d3d-rules §17.1.1).
        let shift = if self.direct3d9.is_some() { 0.5 } else { 0.0 };
        let viewport = |&[x, y, width, height, min_depth, max_depth]: &[f32; 6]| raster::Viewport {
            x: x + shift,
            y: y + shift,
            width,
            height,
            min_depth,
            max_depth,
        };
        viewports.iter().map(viewport).collect()
    }

    fn draw_state(
        &self,
        viewports: Option<&[[f32; 6]]>,
        layout: &TargetLayout,
        pixel_shader: Option<Arc<dyn PixelShader>>,
    ) -> DrawState {
        let state = &self.state;
        let scissor = |&[x, y, width, height]: &[i32; 4]| raster::Rect {
            left: x,
            top: y,
            right: x.saturating_add(width),
            bottom: y.saturating_add(height),
        };
        DrawState {
            rasterizer: raster::RasterizerState {
                fill: raster::FillMode::Solid,
                cull: match state.cull {
                    None | Some(Cull::None) => raster::CullMode::None,
                    Some(Cull::Front) => raster::CullMode::Front,
                    Some(Cull::Back) => raster::CullMode::Back,
                },
                front_counter_clockwise: false,
                depth_clip: state.depth_clip.unwrap_or(true),
                depth_bias: raster::DepthBias::default(),
                viewports: self.viewports(viewports, layout).into(),
                scissors: state.scissors.iter().flatten().map(scissor).collect(),
            },
            depth_stencil: raster::DepthStencilState {
                depth_enable: state.depth.is_some(),
                depth_write: state.depth.is_some_and(|depth| depth.write),
                depth_func: state.depth.map_or(raster::CompareFunc::Always, |depth| compare(depth.func)),
                stencil_enable: false,
                stencil_read_mask: 0xff,
                stencil_write_mask: 0xff,
                stencil_ref: 0,
                front: raster::StencilFace::default(),
                back: raster::StencilFace::default(),
            },
            blend: raster::BlendState {
                targets: [raster::TargetBlend {
                    blend: state.blend.as_ref().map(equations),
                    write_mask: 0xf,
                    srgb_write: false,
                }; raster::MAX_TARGETS],
                constant: [1.0; 4],
                sample_mask: state.sample_mask.unwrap_or(u32::MAX),
                alpha_to_coverage: false,
                alpha_test: None,
            },
            pixel_shader,
        }
    }
}

/// State that these rules do not have is a mistake.
fn check_state(state: &case::State, rules: Rules) -> Result<(), Trouble> {
    let direct3d9 = [
        ("clip_planes", state.clip_planes.is_some()),
        ("point_size", state.point_size.is_some()),
        ("point_sprite", state.point_sprite.is_some()),
        ("fog", state.fog.is_some()),
        ("flat_shading", state.flat_shading.is_some()),
        ("alpha_test", state.alpha_test.is_some()),
    ];
    match direct3d9.into_iter().find(|(_, given)| *given) {
        Some((name, _)) if rules == Rules::D3d11 => Err(format!("{name} is state of Direct3D 9").into()),
        _ => Ok(()),
    }
}

/// Layers, or slices of a volume.
fn planes(texture: &Texture) -> u32 {
    texture.desc().layers.max(texture.desc().depth)
}

/// What `over` says, else what was before.
fn overridden(before: case::State, over: case::State) -> case::State {
    case::State {
        viewports: over.viewports.or(before.viewports),
        scissors: over.scissors.or(before.scissors),
        depth: over.depth.or(before.depth),
        cull: over.cull.or(before.cull),
        depth_clip: over.depth_clip.or(before.depth_clip),
        sample_mask: over.sample_mask.or(before.sample_mask),
        blend: over.blend.or(before.blend),
        alpha_test: over.alpha_test.or(before.alpha_test),
        fog: over.fog.or(before.fog),
        clip_planes: over.clip_planes.or(before.clip_planes),
        flat_shading: over.flat_shading.or(before.flat_shading),
        point_size: over.point_size.or(before.point_size),
        point_sprite: over.point_sprite.or(before.point_sprite),
    }
}

fn topology(name: &str) -> Result<PrimitiveTopology, String> {
    use PrimitiveTopology as T;
    let found = match name {
        "point_list" => T::PointList,
        "line_list" => T::LineList,
        "line_strip" => T::LineStrip,
        "triangle_list" => T::TriangleList,
        "triangle_strip" => T::TriangleStrip,
        "triangle_fan" => T::TriangleFan,
        "line_list_adj" => T::LineListAdj,
        "line_strip_adj" => T::LineStripAdj,
        "triangle_list_adj" => T::TriangleListAdj,
        "triangle_strip_adj" => T::TriangleStripAdj,
        patch => {
            let points = patch.strip_prefix("patch_list_").and_then(|points| points.parse::<u8>().ok());
            let points = points.filter(|points| (1..=32).contains(points));
            T::PatchList(points.ok_or_else(|| format!("topology \"{patch}\" is not known"))?)
        }
    };
    Ok(found)
}

fn words(bytes: Vec<u8>) -> Arc<Vec<u32>> {
    let mut bytes = bytes;
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    Arc::new(bytes.chunks_exact(4).map(|w| u32::from_le_bytes([w[0], w[1], w[2], w[3]])).collect())
}

fn indices(
    buffer: &case::Indices,
    load: impl Fn(&Data) -> Result<Vec<u8>, String>,
) -> Result<IndexStream, String> {
    let bytes = load(&buffer.data)?;
    let width = match buffer.format.as_str() {
        "r16_uint" => 2,
        "r32_uint" => 4,
        other => return Err(format!("indices are r16_uint or r32_uint, not {other}")),
    };
    Ok(IndexStream { size: bytes.len() as u64, words: words(bytes), offset: 0, width })
}

fn streams(
    buffers: &[case::VertexBuffer],
    load: impl Fn(&Data) -> Result<Vec<u8>, String>,
) -> Result<Vec<VertexStream>, String> {
    let mut streams = Vec::new();
    for buffer in buffers {
        let slot = buffer.slot as usize;
        if slot >= limits::VERTEX_BUFFER_SLOTS {
            return Err(format!("there is no vertex buffer slot {slot}"));
        }
        if streams.len() <= slot {
            streams.resize_with(slot + 1, || VertexStream { words: None, size: 0, stride: 0, offset: 0 });
        }
        let bytes = load(&buffer.data)?;
        streams[slot] = VertexStream {
            size: bytes.len() as u64,
            words: Some(words(bytes)),
            stride: buffer.stride,
            offset: buffer.offset,
        };
    }
    Ok(streams)
}

fn input_layout(elements: &[Element]) -> Result<Option<Arc<InputLayout>>, String> {
    if elements.is_empty() {
        return Ok(None);
    }
    let raw = |element: &Element| {
        Ok(InputLayoutElementDxgi {
            semantic_name_hash: semantic_name_hash(&element.semantic),
            semantic_index: element.index,
            dxgi_format: format(&element.format)?.dxgi().unwrap_or(0),
            input_slot: element.slot,
            aligned_byte_offset: element.offset.unwrap_or(u32::MAX),
            input_slot_class: u32::from(element.instance_step.is_some()),
            instance_data_step_rate: element.instance_step.unwrap_or(0),
        })
    };
    let blob = write_ilay(&elements.iter().map(raw).collect::<Result<Vec<_>, String>>()?);
    InputLayout::parse(&blob).map(|layout| Some(Arc::new(layout))).map_err(|error| error.to_string())
}

/// A comparison in the rasterizer's terms.
pub(super) fn compare(func: Compare) -> raster::CompareFunc {
    match func {
        Compare::Never => raster::CompareFunc::Never,
        Compare::Less => raster::CompareFunc::Less,
        Compare::Equal => raster::CompareFunc::Equal,
        Compare::LessEqual => raster::CompareFunc::LessEqual,
        Compare::Greater => raster::CompareFunc::Greater,
        Compare::NotEqual => raster::CompareFunc::NotEqual,
        Compare::GreaterEqual => raster::CompareFunc::GreaterEqual,
        Compare::Always => raster::CompareFunc::Always,
    }
}

fn equations(blend: &Blend) -> (raster::BlendEquation, raster::BlendEquation) {
    use case::BlendOp as C;
    use raster::BlendOp as R;
    let op = |op| match op {
        C::Add => R::Add,
        C::Subtract => R::Subtract,
        C::RevSubtract => R::RevSubtract,
        C::Min => R::Min,
        C::Max => R::Max,
    };
    let equation = |src, dst, o| raster::BlendEquation { src: factor(src), dst: factor(dst), op: op(o) };
    let alpha = equation(
        blend.src_alpha.unwrap_or(blend.src),
        blend.dst_alpha.unwrap_or(blend.dst),
        blend.op_alpha.unwrap_or(blend.op),
    );
    (equation(blend.src, blend.dst, blend.op), alpha)
}

fn factor(factor: case::Factor) -> raster::BlendFactor {
    use case::Factor as C;
    use raster::BlendFactor as R;
    match factor {
        C::Zero => R::Zero,
        C::One => R::One,
        C::SrcColor => R::SrcColor,
        C::InvSrcColor => R::InvSrcColor,
        C::SrcAlpha => R::SrcAlpha,
        C::InvSrcAlpha => R::InvSrcAlpha,
        C::DestAlpha => R::DestAlpha,
        C::InvDestAlpha => R::InvDestAlpha,
        C::DestColor => R::DestColor,
        C::InvDestColor => R::InvDestColor,
        C::SrcAlphaSat => R::SrcAlphaSat,
        C::BlendFactor => R::Constant,
        C::InvBlendFactor => R::InvConstant,
        C::Src1Color => R::Src1Color,
        C::InvSrc1Color => R::InvSrc1Color,
        C::Src1Alpha => R::Src1Alpha,
        C::InvSrc1Alpha => R::InvSrc1Alpha,
    }
}
