//! What Direct3D 9 does otherwise: constants in registers, samplers by state, vertices by declaration, scissored clears.

use std::sync::Arc;

use aerogpu::executor::{Failure, d3d9};
use aerogpu::limits;
use aerogpu::pipeline::input::{Vertex, VertexFetch, VertexStream, slots_read};
use aerogpu::pipeline::layout::InputLayout;
use aerogpu::pipeline::shader::{Direct3d9Shader, Shader};
use aerogpu::state::d3d9::{render_state, sampler_state};
use aerogpu_dxbc::sm3::{AlphaTest, Comparison};
use aerogpu_dxbc::{Rows, ValidatedShader};
use aerogpu_protocol::packets::{PrimitiveTopology, ShaderStage};
use aerogpu_raster::sampler::{AddressMode, Filter, MipFilter};
use aerogpu_raster::state::CompareFunc;
use wgpu::{BufferUsages, VertexFormat};

use super::Execution;
use super::gpu::Gpu;
use super::pipeline::Attribute;
use super::wgsl::Scalar;

/// Corners of one draw that are fetched on the processor.
const MAX_CORNERS: usize = 1 << 22;

impl Execution<'_, '_> {
    /// True while the context follows Direct3D 9's rules: one of its shaders or declarations is bound.
    pub(super) fn uses_d3d9(&mut self) -> bool {
        let context = self.context();
        let (vs, ps, layout) = (context.shaders.vs, context.shaders.ps, context.layout);
        let d3d9 = |handle| self.renderer.shaders.get(&handle).is_some_and(|s| s.direct3d9().is_some());
        d3d9(vs) || d3d9(ps) || self.renderer.layouts.get(&layout).is_some_and(|l| l.parsed.is_direct3d9())
    }

    /// The pixel shader with fog, flat shading and the alpha test in its code.
    pub(super) fn pixel_variant(
        &mut self,
        shader: Arc<Shader>,
        vertex: &Shader,
        layout: &InputLayout,
    ) -> Result<Arc<Shader>, Failure> {
        let Some(pixel) = shader.direct3d9() else { return Ok(shader) };
        let made_by_driver = |shader: &Direct3d9Shader| shader.interface().driver_made;
        let inputs = d3d9::FogInputs {
            driver_pixel_shader: made_by_driver(pixel),
            driver_vertex_shader: vertex.direct3d9().is_some_and(made_by_driver),
            transformed: layout.is_transformed(),
        };
        let states = &self.context().render_states;
        let mut variant = d3d9::variant(states, inputs);
        let test = d3d9::blend(states, u32::MAX).alpha_test;
        variant.alpha_test = test.and_then(|(func, _)| alpha_test(func));
        Ok(pixel.variant(variant)?)
    }

    /// The words of a constant buffer of a Direct3D 9 stage.
    pub(super) fn register_words(
        &mut self,
        stage: ShaderStage,
        slot: u32,
        shader: &Direct3d9Shader,
    ) -> Vec<u32> {
        let context = self.context();
        let state = context.stage(stage);
        match slot as usize {
            0 => {
                let registers = &state.registers[..state.registers.len().min(4 * limits::D3D9_CONSTANTS)];
                let mut vectors = registers.as_chunks().0.to_vec();
                vectors.resize(limits::D3D9_CONSTANTS, [0; 4]);
                shader.interface().float_constants(&vectors)
            }
            1 => state.d3d9.integer_words(),
            2 => state.d3d9.boolean_words(),
            d3d9::ENVIRONMENT_SLOT => {
                let mut words = d3d9::environment_words(&context.render_states);
                // The reference of the alpha test is a code, as the shader's alpha is there.
                let reference = context.render_states.get(render_state::ALPHAREF) & 0xff;
                let place = aerogpu_dxbc::sm3::environment::PARAMETERS as usize * 4 + 3;
                words[place] = (reference as f32).to_bits();
                words
            }
            _ => Vec::new(),
        }
    }

    /// The sampler that states describe.
    pub(super) fn d3d9_sampler(
        &mut self,
        stage: ShaderStage,
        slot: u32,
        cube: bool,
    ) -> Result<wgpu::Sampler, Failure> {
        let state = d3d9::sampler(&self.context().stage(stage).d3d9, slot);
        let lacks = |what: &str| Err(Failure::Unsupported(format!("{what} on WebGPU")));
        let filter = |filter| match filter {
            Filter::Point => Ok(wgpu::FilterMode::Nearest),
            Filter::Linear => Ok(wgpu::FilterMode::Linear),
            Filter::Anisotropic => {
                Err(Failure::Unsupported("Direct3D's anisotropic filter on WebGPU".into()))
            }
        };
        let address = |mode| match mode {
            AddressMode::Wrap => Ok(wgpu::AddressMode::Repeat),
            AddressMode::Mirror => Ok(wgpu::AddressMode::MirrorRepeat),
            AddressMode::Clamp => Ok(wgpu::AddressMode::ClampToEdge),
            AddressMode::Border | AddressMode::MirrorOnce => {
                Err(Failure::Unsupported(format!("the address mode {mode:?} on WebGPU")))
            }
        };
        let (min, mag) = (filter(state.min_filter)?, filter(state.mag_filter)?);
        if state.lod_bias != 0.0 {
            return lacks("a bias of the level of detail");
        }
        if cube && (min == wgpu::FilterMode::Linear || mag == wgpu::FilterMode::Linear) {
            return lacks("cubes whose faces are filtered apart");
        }
        // Without mip levels only the choice between the two filters is left of the level of detail.
        let (mipmap_filter, lod_max_clamp) = match state.mip_filter {
            MipFilter::None => (wgpu::MipmapFilterMode::Nearest, 0.25),
            MipFilter::Point => (wgpu::MipmapFilterMode::Nearest, 32.0),
            MipFilter::Linear => (wgpu::MipmapFilterMode::Linear, 32.0),
        };
        if state.mip_filter == MipFilter::None && state.min_lod > 0.0 {
            return lacks("a first mip level without mip filter");
        }
        Ok(self.renderer.gpu.device.create_sampler(&wgpu::SamplerDescriptor {
            address_mode_u: address(state.address[0])?,
            address_mode_v: address(state.address[1])?,
            address_mode_w: address(state.address[2])?,
            min_filter: min,
            mag_filter: mag,
            mipmap_filter,
            lod_min_clamp: state.min_lod,
            lod_max_clamp,
            ..Default::default()
        }))
    }

    /// Whether a sampler decodes sRGB.
    pub(super) fn decodes_srgb(&mut self, stage: ShaderStage, slot: u32) -> bool {
        self.context().stage(stage).d3d9.sampler(slot, sampler_state::SRGBTEXTURE) != 0
    }

    /// Refuses points that WebGPU, whose points are one pixel, does not have.
    pub(super) fn check_points(&mut self, vertex: &ValidatedShader) -> Result<(), Failure> {
        let context = self.context();
        if context.topology != PrimitiveTopology::PointList {
            return Ok(());
        }
        let states = &context.render_states;
        let sized = vertex.signatures().outputs.find("PSIZE", 0).is_some()
            || states.float_or(render_state::POINTSIZE, 1.0) != 1.0
            || states.is_on(render_state::POINTSCALEENABLE)
            || states.is_on(render_state::POINTSPRITEENABLE);
        if sized { Err(Failure::Unsupported("points of a size on WebGPU".into())) } else { Ok(()) }
    }

    /// The inputs of a vertex shader at each corner, fetched and converted as declarations say: a buffer a register.
    pub(super) fn fetched(
        &mut self,
        vertex: &ValidatedShader,
        layout: &InputLayout,
        corners: &[i64],
    ) -> Result<(Vec<Attribute>, Vec<wgpu::Buffer>), Failure> {
        if corners.len() > MAX_CORNERS {
            return Err(Failure::Unsupported("so many vertices of a Direct3D 9 draw on wgpu".into()));
        }
        let inputs = &vertex.signatures().inputs;
        let gpu = self.renderer.gpu.clone();
        let used = slots_read(Some(layout), inputs);
        let mut streams = vec![VertexStream::default(); limits::VERTEX_BUFFER_SLOTS];
        for (slot, stream) in (0u32..).zip(&mut streams).filter(|(slot, _)| used >> slot & 1 == 1) {
            let binding = self.context().vertex_buffers[slot as usize];
            let bytes = self.range(binding.buffer, 0, 0)?;
            let words = bytes.chunks(4).map(|chunk| {
                let mut word = [0; 4];
                word[..chunk.len()].copy_from_slice(chunk);
                u32::from_le_bytes(word)
            });
            *stream = VertexStream {
                words: (binding.buffer != 0).then(|| Arc::new(words.collect())),
                size: bytes.len() as u64,
                stride: binding.stride_bytes,
                offset: binding.offset_bytes,
            };
        }
        let vertices: Vec<_> =
            corners.iter().map(|&index| Vertex { index, id: index as u32, instance: 0 }).collect();
        let mut rows = Rows::new(vertex.input_registers() * 4, vertices.len());
        VertexFetch::new(Some(layout), inputs, &streams).fetch(&mut rows, &vertices, 0);
        let registers = 0..vertex.input_registers() as u32;
        let buffer = |register: u32| {
            let vectors = (0..vertices.len()).flat_map(|lane| rows.vector(lane, register as usize));
            let bytes: Vec<u8> = vectors.flat_map(u32::to_le_bytes).collect();
            gpu.buffer(&bytes, BufferUsages::VERTEX)
        };
        let attribute = |register| {
            let (slot, format, scalar) = (register, VertexFormat::Uint32x4, Scalar::U32);
            Attribute { slot, offset: 0, format, scalar, step: None, register }
        };
        Ok((registers.clone().map(attribute).collect(), registers.map(buffer).collect()))
    }
}

/// The alpha test of 8-bit codes; `None` when every pixel passes.
fn alpha_test(func: CompareFunc) -> Option<AlphaTest> {
    let comparison = match func {
        CompareFunc::Always => return None,
        CompareFunc::Never => None,
        CompareFunc::Less => Some(Comparison::Less),
        CompareFunc::Equal => Some(Comparison::Equal),
        CompareFunc::LessEqual => Some(Comparison::LessEqual),
        CompareFunc::Greater => Some(Comparison::Greater),
        CompareFunc::NotEqual => Some(Comparison::NotEqual),
        CompareFunc::GreaterEqual => Some(Comparison::GreaterEqual),
    };
    Some(AlphaTest { comparison, scale: 255 })
}

const CLEAR: &str = "
struct Clear { color: vec4f, depth: vec4f }
@group(0) @binding(0) var<uniform> clear: Clear;
@vertex fn vertex(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
    return vec4f(f32(i & 1u) * 4.0 - 1.0, f32(i >> 1u) * 4.0 - 1.0, clear.depth.x, 1.0);
}
@fragment fn fragment() -> @location(0) vec4f { return clear.color; }
";

/// What a clear of a part of a target writes.
pub(super) enum Part {
    /// A colour, and whether the target stores alpha.
    Color(wgpu::TextureFormat, [f32; 4], bool),
    /// Depth and stencil, where they are to be written.
    Depth(wgpu::TextureFormat, Option<f32>, Option<u32>),
}

/// Draws a clear into the rectangle (left, top, width, height): WebGPU clears whole targets only.
pub(super) fn clear_part(gpu: &Gpu, view: &wgpu::TextureView, part: &Part, rect: [u32; 4]) {
    let source = wgpu::ShaderSource::Wgsl(CLEAR.into());
    let module = gpu.device.create_shader_module(wgpu::ShaderModuleDescriptor { label: None, source });
    let (color, depth) = match part {
        Part::Color(_, color, _) => (*color, 0.0),
        Part::Depth(_, depth, _) => ([0.0; 4], depth.unwrap_or(0.0)),
    };
    let words = [color, [depth, 0.0, 0.0, 0.0]]
        .as_flattened()
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect::<Vec<_>>();
    let uniform = gpu.buffer(&words, BufferUsages::UNIFORM);
    let targets = match part {
        Part::Color(format, _, alpha) => {
            let write_mask = if *alpha { wgpu::ColorWrites::ALL } else { wgpu::ColorWrites::COLOR };
            vec![Some(wgpu::ColorTargetState { format: *format, blend: None, write_mask })]
        }
        Part::Depth(..) => Vec::new(),
    };
    let replace = wgpu::StencilFaceState {
        compare: wgpu::CompareFunction::Always,
        fail_op: wgpu::StencilOperation::Replace,
        depth_fail_op: wgpu::StencilOperation::Replace,
        pass_op: wgpu::StencilOperation::Replace,
    };
    let depth_stencil = match part {
        Part::Color(..) => None,
        Part::Depth(format, depth, stencil) => Some(wgpu::DepthStencilState {
            format: *format,
            depth_write_enabled: Some(depth.is_some()),
            depth_compare: Some(wgpu::CompareFunction::Always),
            stencil: match stencil {
                Some(_) => {
                    wgpu::StencilState { front: replace, back: replace, read_mask: 0xff, write_mask: 0xff }
                }
                None => wgpu::StencilState::default(),
            },
            bias: wgpu::DepthBiasState::default(),
        }),
    };
    let pipeline = gpu.device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: None,
        layout: None,
        vertex: wgpu::VertexState {
            module: &module,
            entry_point: Some("vertex"),
            compilation_options: Default::default(),
            buffers: &[],
        },
        primitive: wgpu::PrimitiveState::default(),
        depth_stencil,
        multisample: Default::default(),
        fragment: (!targets.is_empty()).then(|| wgpu::FragmentState {
            module: &module,
            entry_point: Some("fragment"),
            compilation_options: Default::default(),
            targets: &targets,
        }),
        multiview_mask: None,
        cache: None,
    });
    let group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: None,
        layout: &pipeline.get_bind_group_layout(0),
        entries: &[wgpu::BindGroupEntry { binding: 0, resource: uniform.as_entire_binding() }],
    });
    gpu.submit(|encoder| {
        let load = wgpu::LoadOp::Load;
        let mut pass = match part {
            Part::Color(..) => super::draw::begin(encoder, &[Some((view, load))], None),
            Part::Depth(format, ..) => {
                let stencil = format.has_stencil_aspect().then_some(wgpu::LoadOp::Load);
                super::draw::begin(encoder, &[], Some((view, wgpu::LoadOp::Load, stencil)))
            }
        };
        if let Part::Depth(_, _, Some(stencil)) = part {
            pass.set_stencil_reference(*stencil & 0xff);
        }
        let [left, top, width, height] = rect;
        pass.set_scissor_rect(left, top, width, height);
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.draw(0..3, 0..1);
    });
}
