//! Pipelines: shaders translated and wired to each other, and the fixed-function state around them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aerogpu::executor::Failure;
use aerogpu::pipeline::link::link_words;
use aerogpu_dxbc::ValidatedShader;
use aerogpu_dxbc::ir::{Interpolation, ResourceDimension, Stage};
use aerogpu_protocol::input_layout::semantic_name_hash;
use aerogpu_protocol::packets::InputLayoutElementDxgi;
use aerogpu_raster::state as raster;
use wgpu::{
    BindGroupLayout, BindGroupLayoutDescriptor, BindGroupLayoutEntry, BindingType, BufferBindingType,
    SamplerBindingType, ShaderStages, TextureSampleType, TextureViewDimension, VertexFormat,
};

use super::gpu::Gpu;
use super::refused;
use super::wgsl::{SampleType, Scalar, Varying, Wiring, binding, dimension, translate};

/// Pipelines that are remembered, of each kind.
const MAX_PIPELINES: usize = 2048;

/// Pipelines by everything that went into them.
#[derive(Default)]
pub(super) struct Pipelines {
    render: HashMap<String, (wgpu::RenderPipeline, [BindGroupLayout; 2])>,
    compute: HashMap<String, (wgpu::ComputePipeline, BindGroupLayout)>,
}

/// One attribute of a vertex buffer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attribute {
    pub(super) slot: u32,
    pub(super) offset: u32,
    pub(super) format: VertexFormat,
    pub(super) scalar: Scalar,
    /// Instances a step; `None` a vertex.
    pub(super) step: Option<u32>,
    pub(super) register: u32,
}

impl Attribute {
    /// Bytes from one element to the next in the buffer that the adapter is given: WebGPU wants multiples of 4.
    pub(super) fn stride(&self) -> u64 {
        self.format.size().next_multiple_of(4)
    }
}

/// What a draw's pipeline is made from.
pub(super) struct RenderKey<'a> {
    pub(super) vertex: &'a ValidatedShader,
    pub(super) pixel: Option<&'a ValidatedShader>,
    pub(super) attributes: &'a [Attribute],
    /// Formats of the colour targets and whether they store alpha.
    pub(super) colors: &'a [Option<(wgpu::TextureFormat, bool)>],
    pub(super) depth: Option<wgpu::TextureFormat>,
    pub(super) topology: wgpu::PrimitiveTopology,
    pub(super) states: &'a States,
    /// What the textures of the vertex and pixel shader are.
    pub(super) textures: [Textures; 2],
}

/// The fixed functions of a draw, Direct3D 9's or later.
#[derive(Debug, Clone)]
pub(super) struct States {
    pub(super) rasterizer: raster::RasterizerState,
    pub(super) depth_stencil: raster::DepthStencilState,
    pub(super) blend: raster::BlendState,
}

/// What is bound to the texture registers of a shader.
#[derive(Debug, Clone, Default)]
pub(super) struct Textures {
    pub(super) types: BTreeMap<u32, SampleType>,
    pub(super) cubes: BTreeSet<u32>,
}

impl Pipelines {
    /// The pipeline of a draw, and the layouts of its bind groups.
    pub(super) fn render(
        &mut self,
        gpu: &Gpu,
        key: &RenderKey<'_>,
    ) -> Result<(wgpu::RenderPipeline, [BindGroupLayout; 2]), Failure> {
        let unsupported = |error: super::wgsl::Unsupported| Failure::Unsupported(error.to_string());
        let varyings = key.pixel.map(|pixel| varyings(key.vertex, pixel)).unwrap_or_default();
        let vertex_wiring = Wiring {
            attributes: key.attributes.iter().map(|a| (a.register, a.scalar)).collect(),
            varyings: varyings.clone(),
            textures: key.textures[0].types.clone(),
            cubes: key.textures[0].cubes.clone(),
            ..Wiring::default()
        };
        let vertex_text = translate(key.vertex, &vertex_wiring).map_err(unsupported)?;
        let viewport = key.states.rasterizer.viewports.first();
        let viewport = viewport.map(|v| [v.min_depth, v.max_depth].map(f32::to_bits));
        let pixel_wiring = Wiring {
            varyings,
            targets: key.targets(),
            dual_source: key.is_dual_source(),
            depth: viewport.filter(|_| key.depth.is_some()),
            textures: key.textures[1].types.clone(),
            cubes: key.textures[1].cubes.clone(),
            ..Wiring::default()
        };
        let pixel_text =
            key.pixel.map(|pixel| translate(pixel, &pixel_wiring)).transpose().map_err(unsupported)?;
        let states = key.states;
        let name = format!(
            "{vertex_text}{pixel_text:?}{:?}{:?}{:?}{:?}{:?}{:?}{:?}",
            key.attributes,
            key.colors,
            key.depth,
            key.topology,
            states.blend.targets,
            raster::DepthStencilState { stencil_ref: 0, ..states.depth_stencil },
            (
                states.rasterizer.fill,
                states.rasterizer.cull,
                states.rasterizer.front_counter_clockwise,
                states.rasterizer.depth_clip,
                states.rasterizer.depth_bias
            )
        );
        if let Some(known) = self.render.get(&name) {
            return Ok(known.clone());
        }
        let layouts = [
            bind_group_layout(gpu, key.vertex, &key.textures[0], ShaderStages::VERTEX),
            match key.pixel {
                Some(pixel) => bind_group_layout(gpu, pixel, &key.textures[1], ShaderStages::FRAGMENT),
                None => gpu
                    .device
                    .create_bind_group_layout(&BindGroupLayoutDescriptor { label: None, entries: &[] }),
            },
        ];
        let pipeline = create(gpu, key, &layouts, &vertex_text, pixel_text.as_deref())?;
        let made = (pipeline, layouts);
        keep(&mut self.render, gpu, name, made)
    }

    /// The pipeline of a dispatch.
    pub(super) fn compute(
        &mut self,
        gpu: &Gpu,
        shader: &ValidatedShader,
        textures: &Textures,
    ) -> Result<(wgpu::ComputePipeline, BindGroupLayout), Failure> {
        let wiring = Wiring { textures: textures.types.clone(), ..Wiring::default() };
        let text = translate(shader, &wiring).map_err(|error| Failure::Unsupported(error.to_string()))?;
        if let Some(known) = self.compute.get(&text) {
            return Ok(known.clone());
        }
        let layout = bind_group_layout(gpu, shader, textures, ShaderStages::COMPUTE);
        let module = module(gpu, &text);
        let pipeline_layout = gpu.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let pipeline = gpu.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: None,
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some("main"),
            compilation_options: Default::default(),
            cache: None,
        });
        keep(&mut self.compute, gpu, text, (pipeline, layout))
    }
}

/// Remembers what was made, unless the adapter refused it. A campaign makes more than is worth remembering.
fn keep<T: Clone>(known: &mut HashMap<String, T>, gpu: &Gpu, name: String, made: T) -> Result<T, Failure> {
    if let Some(said) = gpu.complaints() {
        return Err(refused(&said));
    }
    if known.len() >= MAX_PIPELINES {
        known.clear();
    }
    known.insert(name, made.clone());
    Ok(made)
}

fn module(gpu: &Gpu, text: &str) -> wgpu::ShaderModule {
    let source = wgpu::ShaderSource::Wgsl(text.into());
    gpu.device.create_shader_module(wgpu::ShaderModuleDescriptor { label: None, source })
}

fn create(
    gpu: &Gpu,
    key: &RenderKey<'_>,
    layouts: &[BindGroupLayout; 2],
    vertex_text: &str,
    pixel_text: Option<&str>,
) -> Result<wgpu::RenderPipeline, Failure> {
    let targets = color_targets(key)?;
    let vertex_module = module(gpu, vertex_text);
    let pixel_module = pixel_text.map(|text| module(gpu, text));
    let layout = gpu.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: None,
        bind_group_layouts: &[Some(&layouts[0]), Some(&layouts[1])],
        immediate_size: 0,
    });
    let attributes: Vec<[wgpu::VertexAttribute; 1]> = (0..)
        .zip(key.attributes)
        .map(|(shader_location, a)| [wgpu::VertexAttribute { format: a.format, offset: 0, shader_location }])
        .collect();
    // Every attribute has a buffer of its own: so it may lie anywhere in the vertex.
    let buffers: Vec<_> = key
        .attributes
        .iter()
        .zip(&attributes)
        .map(|(a, attribute)| {
            Some(wgpu::VertexBufferLayout {
                array_stride: if a.step == Some(0) { 0 } else { a.stride() },
                step_mode: if a.step.is_some() {
                    wgpu::VertexStepMode::Instance
                } else {
                    wgpu::VertexStepMode::Vertex
                },
                attributes: attribute,
            })
        })
        .collect();
    let rasterizer = &key.states.rasterizer;
    if rasterizer.depth_bias.offset != 0.0 && key.depth.is_some() {
        return Err(Failure::Unsupported("a depth bias in units of depth on WebGPU".into()));
    }
    let has_fragment = pixel_module.is_some();
    Ok(gpu.device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: None,
        layout: Some(&layout),
        vertex: wgpu::VertexState {
            module: &vertex_module,
            entry_point: Some("main"),
            compilation_options: Default::default(),
            buffers: &buffers,
        },
        primitive: wgpu::PrimitiveState {
            topology: key.topology,
            strip_index_format: None,
            front_face: if rasterizer.front_counter_clockwise {
                wgpu::FrontFace::Ccw
            } else {
                wgpu::FrontFace::Cw
            },
            cull_mode: match rasterizer.cull {
                raster::CullMode::Front => Some(wgpu::Face::Front),
                raster::CullMode::Back => Some(wgpu::Face::Back),
                raster::CullMode::None => None,
            },
            unclipped_depth: !rasterizer.depth_clip,
            polygon_mode: match rasterizer.fill {
                raster::FillMode::Solid => wgpu::PolygonMode::Fill,
                raster::FillMode::Wireframe | raster::FillMode::Point => {
                    return Err(Failure::Unsupported("wireframe by Direct3D's line rules on wgpu".into()));
                }
            },
            conservative: false,
        },
        depth_stencil: key.depth.map(|format| depth_stencil(key, format)),
        multisample: Default::default(),
        fragment: pixel_module.as_ref().filter(|_| has_fragment).map(|module| wgpu::FragmentState {
            module,
            entry_point: Some("main"),
            compilation_options: Default::default(),
            targets: &targets,
        }),
        multiview_mask: None,
        cache: None,
    }))
}

fn depth_stencil(key: &RenderKey<'_>, format: wgpu::TextureFormat) -> wgpu::DepthStencilState {
    let states = key.states;
    let state = &states.depth_stencil;
    let on = state.depth_enable;
    // Triangles alone are biased (D3D 11.3 15.10), and WebGPU refuses to hear of a bias for anything else.
    let triangles = key.topology == wgpu::PrimitiveTopology::TriangleList;
    let bias = if triangles { states.rasterizer.depth_bias } else { raster::DepthBias::default() };
    let stencil = state.stencil_enable && format.has_stencil_aspect();
    wgpu::DepthStencilState {
        format,
        depth_write_enabled: Some(on && state.depth_write),
        depth_compare: Some(if on { compare(state.depth_func) } else { wgpu::CompareFunction::Always }),
        stencil: match stencil {
            true => wgpu::StencilState {
                front: face(&state.front),
                back: face(&state.back),
                read_mask: state.stencil_read_mask.into(),
                write_mask: state.stencil_write_mask.into(),
            },
            false => wgpu::StencilState::default(),
        },
        bias: wgpu::DepthBiasState {
            constant: bias.constant,
            slope_scale: bias.slope_scaled,
            clamp: bias.clamp,
        },
    }
}

fn face(face: &raster::StencilFace) -> wgpu::StencilFaceState {
    use raster::StencilOp as S;
    let op = |op| match op {
        S::Keep => wgpu::StencilOperation::Keep,
        S::Zero => wgpu::StencilOperation::Zero,
        S::Replace => wgpu::StencilOperation::Replace,
        S::IncrementSaturate => wgpu::StencilOperation::IncrementClamp,
        S::DecrementSaturate => wgpu::StencilOperation::DecrementClamp,
        S::Invert => wgpu::StencilOperation::Invert,
        S::Increment => wgpu::StencilOperation::IncrementWrap,
        S::Decrement => wgpu::StencilOperation::DecrementWrap,
    };
    wgpu::StencilFaceState {
        compare: compare(face.func),
        fail_op: op(face.fail),
        depth_fail_op: op(face.depth_fail),
        pass_op: op(face.pass),
    }
}

fn compare(func: raster::CompareFunc) -> wgpu::CompareFunction {
    use raster::CompareFunc as C;
    match func {
        C::Never => wgpu::CompareFunction::Never,
        C::Less => wgpu::CompareFunction::Less,
        C::Equal => wgpu::CompareFunction::Equal,
        C::LessEqual => wgpu::CompareFunction::LessEqual,
        C::Greater => wgpu::CompareFunction::Greater,
        C::NotEqual => wgpu::CompareFunction::NotEqual,
        C::GreaterEqual => wgpu::CompareFunction::GreaterEqual,
        C::Always => wgpu::CompareFunction::Always,
    }
}

fn color_targets(key: &RenderKey<'_>) -> Result<Vec<Option<wgpu::ColorTargetState>>, Failure> {
    let written = key.targets();
    let dual_source = key.is_dual_source();
    if dual_source && key.colors.len() > 1 {
        return Err(Failure::Unsupported("blending two sources into one of several targets on wgpu".into()));
    }
    if dual_source && written.len() < 2 {
        return Err(Failure::Unsupported("blending with a source that the shader does not write".into()));
    }
    let target = |(i, slot): (usize, &Option<(wgpu::TextureFormat, bool)>)| {
        let (format, has_alpha) = (*slot)?;
        let state = &key.states.blend.targets[i];
        let mut write_mask = wgpu::ColorWrites::from_bits_truncate(u32::from(state.write_mask & 0xf));
        if !has_alpha {
            write_mask.remove(wgpu::ColorWrites::ALPHA);
        }
        if !written.iter().any(|&(_, target, _)| target as usize == i) {
            write_mask = wgpu::ColorWrites::empty();
        }
        let blend = state.blend.filter(|_| !write_mask.is_empty());
        let blend =
            blend.map(|(color, alpha)| wgpu::BlendState { color: component(color), alpha: component(alpha) });
        Some(wgpu::ColorTargetState { format, blend, write_mask })
    };
    Ok(key.colors.iter().enumerate().map(target).collect())
}

fn component(equation: raster::BlendEquation) -> wgpu::BlendComponent {
    let weighted = |operation| {
        let (src_factor, dst_factor) = (factor(equation.src), factor(equation.dst));
        wgpu::BlendComponent { src_factor, dst_factor, operation }
    };
    // Minimum and maximum have no factors; WebGPU wants them to be one.
    let one = wgpu::BlendFactor::One;
    let plain = |operation| wgpu::BlendComponent { src_factor: one, dst_factor: one, operation };
    match equation.op {
        raster::BlendOp::Add => weighted(wgpu::BlendOperation::Add),
        raster::BlendOp::Subtract => weighted(wgpu::BlendOperation::Subtract),
        raster::BlendOp::RevSubtract => weighted(wgpu::BlendOperation::ReverseSubtract),
        raster::BlendOp::Min => plain(wgpu::BlendOperation::Min),
        raster::BlendOp::Max => plain(wgpu::BlendOperation::Max),
    }
}

fn factor(factor: raster::BlendFactor) -> wgpu::BlendFactor {
    use raster::BlendFactor as F;
    match factor {
        F::Zero => wgpu::BlendFactor::Zero,
        F::One => wgpu::BlendFactor::One,
        F::SrcColor => wgpu::BlendFactor::Src,
        F::InvSrcColor => wgpu::BlendFactor::OneMinusSrc,
        F::SrcAlpha => wgpu::BlendFactor::SrcAlpha,
        F::InvSrcAlpha => wgpu::BlendFactor::OneMinusSrcAlpha,
        F::DestAlpha => wgpu::BlendFactor::DstAlpha,
        F::InvDestAlpha => wgpu::BlendFactor::OneMinusDstAlpha,
        F::DestColor => wgpu::BlendFactor::Dst,
        F::InvDestColor => wgpu::BlendFactor::OneMinusDst,
        F::SrcAlphaSat => wgpu::BlendFactor::SrcAlphaSaturated,
        F::Constant => wgpu::BlendFactor::Constant,
        F::InvConstant => wgpu::BlendFactor::OneMinusConstant,
        F::Src1Color => wgpu::BlendFactor::Src1,
        F::InvSrc1Color => wgpu::BlendFactor::OneMinusSrc1,
        F::Src1Alpha => wgpu::BlendFactor::Src1Alpha,
        F::InvSrc1Alpha => wgpu::BlendFactor::OneMinusSrc1Alpha,
    }
}

impl RenderKey<'_> {
    /// Whether the first target is blended with a second colour of the shader.
    fn is_dual_source(&self) -> bool {
        use raster::BlendFactor as F;
        let second = |f| matches!(f, F::Src1Color | F::InvSrc1Color | F::Src1Alpha | F::InvSrc1Alpha);
        let equations = self.states.blend.targets[0].blend.map(|(color, alpha)| [color, alpha]);
        self.pixel.is_some() && equations.into_iter().flatten().any(|e| second(e.src) || second(e.dst))
    }

    /// Output registers of the bound colour targets, and of the second source.
    fn targets(&self) -> Vec<(u32, u32, Scalar)> {
        let written = self.pixel.map(color_outputs).unwrap_or_default();
        let bound = |target: u32| self.colors.get(target as usize).copied().flatten().is_some();
        let read = |target| bound(target) || (target == 1 && self.is_dual_source());
        written.into_iter().filter(|&(_, t)| read(t)).map(|(r, t)| (r, t, Scalar::F32)).collect()
    }
}

/// Output registers of a pixel shader's colours, and the targets they are for.
fn color_outputs(pixel: &ValidatedShader) -> Vec<(u32, u32)> {
    let elements = &pixel.signatures().outputs.elements;
    if elements.is_empty() {
        (0..pixel.output_registers() as u32).map(|r| (r, r)).collect()
    } else {
        let is_target =
            |name: &str| name.eq_ignore_ascii_case("SV_Target") || name.eq_ignore_ascii_case("COLOR");
        elements.iter().filter(|e| is_target(&e.name)).filter_map(|e| Some((e.register?, e.index))).collect()
    }
}

/// What goes from the vertex to the pixel shader: a location for each declared input.
fn varyings(vertex: &ValidatedShader, pixel: &ValidatedShader) -> Vec<Varying> {
    let words = link_words(&vertex.signatures().outputs, &pixel.signatures().inputs, pixel.input_registers());
    let inputs = pixel.inputs().iter().filter(|input| input.name.is_none());
    inputs
        .map(|input| Varying {
            words: std::array::from_fn(|c| words.get(input.register as usize * 4 + c).copied().flatten()),
            register: input.register,
            mask: input.mask,
            interpolation: match input.interpolation {
                Interpolation::Constant => "flat",
                Interpolation::Undefined | Interpolation::Linear => "perspective",
                Interpolation::LinearCentroid => "perspective, centroid",
                Interpolation::LinearSample => "perspective, sample",
                Interpolation::LinearNoPerspective => "linear",
                Interpolation::LinearNoPerspectiveCentroid => "linear, centroid",
                Interpolation::LinearNoPerspectiveSample => "linear, sample",
            },
        })
        .collect()
}

/// The attributes of an input layout that a vertex shader reads.
pub(super) fn attributes(
    vertex: &ValidatedShader,
    layout: &[InputLayoutElementDxgi],
) -> Result<Vec<Attribute>, Failure> {
    let mut ends = HashMap::<u32, u32>::new();
    let mut placed = Vec::new();
    for element in layout {
        let (format, scalar, size) = vertex_format(element.dxgi_format)?;
        let end = ends.entry(element.input_slot).or_default();
        let offset = match element.aligned_byte_offset {
            u32::MAX => end.next_multiple_of(size.min(4)),
            offset => offset,
        };
        *end = offset + size;
        placed.push((element, format, scalar, offset));
    }
    let mut attributes = Vec::new();
    for input in vertex.signatures().inputs.elements.iter().filter(|e| e.system_value == 0) {
        let hash = semantic_name_hash(&input.name);
        let found =
            placed.iter().find(|(e, ..)| e.semantic_name_hash == hash && e.semantic_index == input.index);
        if let (Some(&(element, format, scalar, offset)), Some(register)) = (found, input.register) {
            let step = (element.input_slot_class == 1).then_some(element.instance_data_step_rate);
            if step.is_some_and(|step| step > 1) {
                return Err(Failure::Unsupported("an instance step rate above 1 on wgpu".into()));
            }
            attributes.push(Attribute { slot: element.input_slot, offset, format, scalar, step, register });
        }
    }
    Ok(attributes)
}

/// WebGPU's format, the type that a shader sees, and bytes.
fn vertex_format(dxgi: u32) -> Result<(VertexFormat, Scalar, u32), Failure> {
    use Scalar::{F32, I32, U32};
    use VertexFormat as V;
    Ok(match dxgi {
        2 => (V::Float32x4, F32, 16),
        3 => (V::Uint32x4, U32, 16),
        4 => (V::Sint32x4, I32, 16),
        6 => (V::Float32x3, F32, 12),
        7 => (V::Uint32x3, U32, 12),
        8 => (V::Sint32x3, I32, 12),
        10 => (V::Float16x4, F32, 8),
        11 => (V::Unorm16x4, F32, 8),
        12 => (V::Uint16x4, U32, 8),
        13 => (V::Snorm16x4, F32, 8),
        14 => (V::Sint16x4, I32, 8),
        16 => (V::Float32x2, F32, 8),
        17 => (V::Uint32x2, U32, 8),
        18 => (V::Sint32x2, I32, 8),
        24 => (V::Unorm10_10_10_2, F32, 4),
        28 | 29 => (V::Unorm8x4, F32, 4),
        30 => (V::Uint8x4, U32, 4),
        31 => (V::Snorm8x4, F32, 4),
        32 => (V::Sint8x4, I32, 4),
        34 => (V::Float16x2, F32, 4),
        35 => (V::Unorm16x2, F32, 4),
        36 => (V::Uint16x2, U32, 4),
        37 => (V::Snorm16x2, F32, 4),
        38 => (V::Sint16x2, I32, 4),
        41 => (V::Float32, F32, 4),
        42 => (V::Uint32, U32, 4),
        43 => (V::Sint32, I32, 4),
        49 => (V::Unorm8x2, F32, 2),
        50 => (V::Uint8x2, U32, 2),
        51 => (V::Snorm8x2, F32, 2),
        52 => (V::Sint8x2, I32, 2),
        54 => (V::Float16, F32, 2),
        56 => (V::Unorm16, F32, 2),
        57 => (V::Uint16, U32, 2),
        58 => (V::Snorm16, F32, 2),
        59 => (V::Sint16, I32, 2),
        87 | 91 => (V::Unorm8x4Bgra, F32, 4),
        other => return Err(Failure::Unsupported(format!("vertices of DXGI format {other} on wgpu"))),
    })
}

fn bind_group_layout(
    gpu: &Gpu,
    shader: &ValidatedShader,
    textures: &Textures,
    visibility: ShaderStages,
) -> BindGroupLayout {
    let entry = |binding, ty| BindGroupLayoutEntry { binding, visibility, ty, count: None };
    let buffer = |ty| BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None };
    let read_only = buffer(BufferBindingType::Storage { read_only: true });
    let mut entries = Vec::new();
    if shader.stage() == Stage::Vertex {
        entries.push(entry(binding::DRAW, buffer(BufferBindingType::Uniform)));
    }
    let uniform = buffer(BufferBindingType::Uniform);
    entries.extend(shader.constant_buffers().iter().map(|c| entry(binding::CONSTANTS + c.first, uniform)));
    entries.extend(shader.samplers().iter().map(|s| {
        let kind = if s.comparison { SamplerBindingType::Comparison } else { SamplerBindingType::Filtering };
        entry(binding::SAMPLERS + s.first, BindingType::Sampler(kind))
    }));
    entries.extend(shader.resources().iter().map(|r| {
        let ty = match view_dimension(dimension(&textures.cubes, r.first, r.dimension)) {
            None => read_only,
            Some(view_dimension) => BindingType::Texture {
                sample_type: match textures.types.get(&r.first) {
                    Some(SampleType::Depth) => TextureSampleType::Depth,
                    Some(SampleType::Sint) => TextureSampleType::Sint,
                    Some(SampleType::Uint) => TextureSampleType::Uint,
                    Some(SampleType::Float | SampleType::Opaque) | None => {
                        TextureSampleType::Float { filterable: true }
                    }
                },
                view_dimension,
                multisampled: false,
            },
        };
        entry(binding::TEXTURES + r.first, ty)
    }));
    for uav in shader.uavs() {
        let words = buffer(BufferBindingType::Storage { read_only: false });
        entries.push(entry(binding::UAVS + uav.first, words));
        entries.push(entry(binding::COUNTERS + uav.first, words));
    }
    gpu.device.create_bind_group_layout(&BindGroupLayoutDescriptor { label: None, entries: &entries })
}

/// How a texture register looks at its texture; `None` for buffers.
pub(super) fn view_dimension(dimension: ResourceDimension) -> Option<TextureViewDimension> {
    match dimension {
        ResourceDimension::Texture2D | ResourceDimension::Texture2DMs => Some(TextureViewDimension::D2),
        ResourceDimension::Texture2DArray => Some(TextureViewDimension::D2Array),
        ResourceDimension::TextureCube => Some(TextureViewDimension::Cube),
        ResourceDimension::TextureCubeArray => Some(TextureViewDimension::CubeArray),
        ResourceDimension::Texture3D => Some(TextureViewDimension::D3),
        _ => None,
    }
}
