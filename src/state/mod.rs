//! A context's state: what its packets set, as they set it.
//!
//! Bindings hold identities of resources, not handles: an alias is resolved when it is bound. Nothing here is interpreted
//! before a draw, a dispatch or a clear asks.

pub mod d3d9;
mod snapshot;

use aerogpu_protocol::packets::{self, PrimitiveTopology, ShaderBindings, ShaderStage};

use crate::limits;
use crate::resources::ResourceId;

/// What a slot names. Unknown handles are kept and looked up again when they are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bound {
    /// Nothing.
    #[default]
    None,
    /// A buffer or a whole texture.
    Resource(ResourceId),
    /// A texture view, by handle.
    View(u32),
    /// A handle that named nothing when it was bound.
    Unknown(u32),
}

/// A vertex buffer slot.
#[derive(Debug, Clone, Copy, Default)]
pub struct VertexBuffer {
    /// The buffer.
    pub buffer: Bound,
    /// Bytes from vertex to vertex; 0 repeats the first.
    pub stride: u32,
    /// Bytes to the first vertex.
    pub offset: u32,
}

/// The index buffer.
#[derive(Debug, Clone, Copy)]
pub struct IndexBuffer {
    /// The buffer.
    pub buffer: Bound,
    /// Width of an index.
    pub format: packets::IndexFormat,
    /// Bytes to the first index.
    pub offset: u32,
}

/// A range of a buffer in a slot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BufferRange {
    /// The buffer.
    pub buffer: Bound,
    /// Bytes to the start.
    pub offset: u32,
    /// Length in bytes; 0 for the rest of the buffer.
    pub size: u32,
}

/// A constant buffer slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConstantBuffer {
    /// The registers that `SET_SHADER_CONSTANTS_F` writes; slot 0 starts with them.
    Registers,
    /// A range of a buffer. Without one, everything reads 0.
    Buffer(BufferRange),
}

/// A shader resource slot: a texture or view, or a range of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ShaderResource {
    /// Nothing.
    #[default]
    None,
    /// A texture or texture view.
    Texture(Bound),
    /// A range of a buffer.
    Buffer(BufferRange),
}

/// An unordered-access slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Uav {
    /// The range.
    pub range: BufferRange,
}

/// What one shader stage has bound.
#[derive(Debug, Clone)]
pub struct StageState {
    /// `cb#`
    pub constant_buffers: [ConstantBuffer; limits::CONSTANT_BUFFER_SLOTS],
    /// `t#`
    pub resources: Vec<ShaderResource>,
    /// `s#`, sampler handles; 0 for the default sampler.
    pub samplers: [u32; limits::SAMPLER_SLOTS],
    /// `u#`
    pub uavs: [Uav; limits::UAV_SLOTS],
    /// `SET_SHADER_CONSTANTS_F`, four words a register; grows to what was set.
    pub constants: std::sync::Arc<Vec<u32>>,
    /// `SET_SHADER_CONSTANTS_I` and `_B`, and sampler states, of Direct3D 9.
    pub d3d9: d3d9::StageState,
}

impl Default for StageState {
    fn default() -> Self {
        let mut constant_buffers =
            [ConstantBuffer::Buffer(BufferRange::default()); limits::CONSTANT_BUFFER_SLOTS];
        constant_buffers[0] = ConstantBuffer::Registers;
        Self {
            constant_buffers,
            resources: vec![ShaderResource::None; limits::RESOURCE_SLOTS],
            samplers: [0; limits::SAMPLER_SLOTS],
            uavs: [Uav::default(); limits::UAV_SLOTS],
            constants: Default::default(),
            d3d9: d3d9::StageState::default(),
        }
    }
}

/// The state of one context.
#[derive(Debug, Clone)]
pub struct Context {
    /// Number of its last submission.
    pub last_submission: u64,
    /// Shader handles.
    pub shaders: ShaderBindings,
    /// Input layout handle, 0 for none.
    pub input_layout: u32,
    /// Vertex buffer slots.
    pub vertex_buffers: [VertexBuffer; limits::VERTEX_BUFFER_SLOTS],
    /// Index buffer, if bound.
    pub index_buffer: Option<IndexBuffer>,
    /// How vertices make primitives.
    pub topology: PrimitiveTopology,
    /// Colour targets; gaps are kept.
    pub colors: [Bound; packets::MAX_RENDER_TARGETS],
    /// Depth-stencil target.
    pub depth_stencil: Bound,
    /// Viewport as set; `None` for the whole target.
    pub viewport: Option<packets::SetViewport>,
    /// Scissor rectangle as set (x, y, width, height).
    pub scissor: Option<[i32; 4]>,
    /// Blend state.
    pub blend: packets::BlendState,
    /// Depth-stencil state.
    pub depth: packets::DepthStencilState,
    /// Rasterizer state.
    pub rasterizer: packets::RasterizerState,
    /// Direct3D 9's states by number.
    pub render_states: d3d9::RenderStates,
    stages: [StageState; 6],
}

impl Default for Context {
    /// What a new Direct3D 10/11 device has.
    fn default() -> Self {
        let one = 1.0f32.to_bits();
        Self {
            last_submission: 0,
            shaders: ShaderBindings::default(),
            input_layout: 0,
            vertex_buffers: [VertexBuffer::default(); limits::VERTEX_BUFFER_SLOTS],
            index_buffer: None,
            topology: PrimitiveTopology::TriangleList,
            colors: [Bound::None; packets::MAX_RENDER_TARGETS],
            depth_stencil: Bound::None,
            viewport: None,
            scissor: None,
            blend: packets::BlendState {
                src_factor: packets::BlendFactor::One.to_u32(),
                src_factor_alpha: packets::BlendFactor::One.to_u32(),
                color_write_mask: 0xf,
                blend_constant_rgba_f32: [one; 4],
                sample_mask: u32::MAX,
                ..Default::default()
            },
            depth: packets::DepthStencilState {
                depth_enable: 1,
                depth_write_enable: 1,
                depth_func: packets::CompareFunc::Less.to_u32(),
                stencil_read_mask: 0xff,
                stencil_write_mask: 0xff,
                ..Default::default()
            },
            rasterizer: packets::RasterizerState {
                cull_mode: packets::CullMode::Back.to_u32(),
                ..Default::default()
            },
            render_states: d3d9::RenderStates::default(),
            stages: Default::default(),
        }
    }
}

impl Context {
    /// What a stage has bound.
    pub fn stage(&self, stage: ShaderStage) -> &StageState {
        &self.stages[stage as usize]
    }

    /// What a stage has bound, to be changed.
    pub fn stage_mut(&mut self, stage: ShaderStage) -> &mut StageState {
        &mut self.stages[stage as usize]
    }

    /// Takes a resource that died, and its views, out of every slot.
    pub fn unbind(&mut self, dead: impl Fn(Bound) -> bool) {
        for slot in self.colors.iter_mut().chain([&mut self.depth_stencil]) {
            if dead(*slot) {
                *slot = Bound::None;
            }
        }
        for slot in &mut self.vertex_buffers {
            if dead(slot.buffer) {
                *slot = VertexBuffer::default();
            }
        }
        if self.index_buffer.is_some_and(|ib| dead(ib.buffer)) {
            self.index_buffer = None;
        }
        for stage in &mut self.stages {
            stage.unbind_resources(&dead);
            stage.unbind_uavs(&dead);
            for slot in &mut stage.constant_buffers {
                if matches!(slot, ConstantBuffer::Buffer(range) if dead(range.buffer)) {
                    *slot = ConstantBuffer::Buffer(BufferRange::default());
                }
            }
        }
    }

    /// Takes resources out of every shader resource slot of every stage.
    pub fn unbind_resources(&mut self, dead: impl Fn(Bound) -> bool) {
        self.stages.iter_mut().for_each(|stage| stage.unbind_resources(&dead));
    }

    /// True when a stage has this bound for unordered access.
    pub fn is_uav(&self, bound: Bound) -> bool {
        bound != Bound::None
            && self.stages.iter().flat_map(|stage| &stage.uavs).any(|uav| uav.range.buffer == bound)
    }

    /// Takes a sampler that died out of every slot.
    pub fn unbind_sampler(&mut self, handle: u32) {
        for slot in self.stages.iter_mut().flat_map(|stage| &mut stage.samplers) {
            if *slot == handle {
                *slot = 0;
            }
        }
    }
}

impl StageState {
    fn unbind_resources(&mut self, dead: &impl Fn(Bound) -> bool) {
        for slot in &mut self.resources {
            let bound = match slot {
                ShaderResource::None => continue,
                ShaderResource::Texture(bound) => *bound,
                ShaderResource::Buffer(range) => range.buffer,
            };
            if dead(bound) {
                *slot = ShaderResource::None;
            }
        }
    }

    fn unbind_uavs(&mut self, dead: &impl Fn(Bound) -> bool) {
        for slot in &mut self.uavs {
            if dead(slot.range.buffer) {
                *slot = Uav::default();
            }
        }
    }
}
