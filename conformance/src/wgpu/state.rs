//! What the packets of a context set, as they set it: handles and words, looked at when something is drawn.

use aerogpu::limits;
use aerogpu::state::d3d9::{RenderStates, StageState};
use aerogpu_protocol::packets::{
    BlendState, ConstantBufferBinding, DepthStencilState, PrimitiveTopology, RasterizerState, SetIndexBuffer,
    SetScissor, SetViewport, ShaderBindings, ShaderStage, UnorderedAccessBufferBinding, VertexBufferBinding,
};

/// A `cb#` slot.
#[derive(Debug, Clone, Copy)]
pub(super) enum ConstantSlot {
    /// What `SET_SHADER_CONSTANTS_F` writes.
    Registers,
    Buffer(ConstantBufferBinding),
}

/// A `t#` slot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum ResourceSlot {
    #[default]
    Empty,
    /// A texture or view handle, or a whole buffer.
    Handle(u32),
    /// Part of a buffer.
    Buffer { buffer: u32, offset: u32, size: u32 },
}

/// One stage.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    pub(super) constants: Vec<ConstantSlot>,
    pub(super) registers: Vec<u32>,
    pub(super) resources: Vec<ResourceSlot>,
    pub(super) samplers: Vec<u32>,
    pub(super) uavs: Vec<UnorderedAccessBufferBinding>,
    /// Direct3D 9's registers and sampler states.
    pub(super) d3d9: StageState,
}

impl Default for Stage {
    fn default() -> Self {
        let empty = ConstantSlot::Buffer(ConstantBufferBinding::default());
        let mut constants = vec![empty; limits::CONSTANT_BUFFER_SLOTS];
        constants[0] = ConstantSlot::Registers;
        Self {
            constants,
            registers: Vec::new(),
            resources: vec![ResourceSlot::Empty; limits::RESOURCE_SLOTS],
            samplers: vec![0; limits::SAMPLER_SLOTS],
            uavs: vec![UnorderedAccessBufferBinding::default(); limits::UAV_SLOTS],
            d3d9: StageState::default(),
        }
    }
}

/// One context.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub(super) shaders: ShaderBindings,
    pub(super) layout: u32,
    pub(super) vertex_buffers: Vec<VertexBufferBinding>,
    pub(super) index_buffer: Option<SetIndexBuffer>,
    pub(super) topology: PrimitiveTopology,
    pub(super) colors: [u32; 8],
    pub(super) depth_stencil: u32,
    pub(super) viewport: Option<SetViewport>,
    pub(super) scissor: Option<SetScissor>,
    pub(super) blend: BlendState,
    pub(super) depth: DepthStencilState,
    pub(super) rasterizer: RasterizerState,
    /// Direct3D 9's states.
    pub(super) render_states: RenderStates,
    stages: [Stage; 6],
}

impl Default for Context {
    /// What a new Direct3D 10/11 device has; the software renderer's own defaults say the same.
    fn default() -> Self {
        let defaults = aerogpu::state::Context::default();
        Self {
            shaders: defaults.shaders,
            layout: 0,
            vertex_buffers: vec![VertexBufferBinding::default(); limits::VERTEX_BUFFER_SLOTS],
            index_buffer: None,
            topology: defaults.topology,
            colors: [0; 8],
            depth_stencil: 0,
            viewport: None,
            scissor: None,
            blend: defaults.blend,
            depth: defaults.depth,
            rasterizer: defaults.rasterizer,
            render_states: RenderStates::default(),
            stages: Default::default(),
        }
    }
}

impl Context {
    pub(super) fn stage(&self, stage: ShaderStage) -> &Stage {
        &self.stages[stage as usize]
    }

    pub(super) fn stage_mut(&mut self, stage: ShaderStage) -> &mut Stage {
        &mut self.stages[stage as usize]
    }

    /// Takes handles out of every `t#` slot.
    pub(super) fn unbind_resources(&mut self, dead: impl Fn(u32) -> bool) {
        for slot in self.stages.iter_mut().flat_map(|stage| &mut stage.resources) {
            let handle = match *slot {
                ResourceSlot::Empty => continue,
                ResourceSlot::Handle(handle) | ResourceSlot::Buffer { buffer: handle, .. } => handle,
            };
            if dead(handle) {
                *slot = ResourceSlot::Empty;
            }
        }
    }

    /// Takes a handle that died out of every slot.
    pub(super) fn unbind(&mut self, dead: impl Fn(u32) -> bool) {
        self.unbind_resources(&dead);
        for slot in self.colors.iter_mut().chain([&mut self.depth_stencil]).filter(|slot| dead(**slot)) {
            *slot = 0;
        }
        for slot in self.vertex_buffers.iter_mut().filter(|slot| dead(slot.buffer)) {
            *slot = VertexBufferBinding::default();
        }
        if self.index_buffer.is_some_and(|ib| dead(ib.buffer)) {
            self.index_buffer = None;
        }
        for stage in &mut self.stages {
            for slot in stage.uavs.iter_mut().filter(|slot| dead(slot.buffer)) {
                *slot = UnorderedAccessBufferBinding::default();
            }
            for slot in &mut stage.constants {
                if matches!(slot, ConstantSlot::Buffer(b) if dead(b.buffer)) {
                    *slot = ConstantSlot::Buffer(ConstantBufferBinding::default());
                }
            }
        }
    }
}
