//! A renderer, guest memory and the shaders that tests draw with.

use aerogpu::backend::{Completion, TextureData};
use aerogpu::executor::Failure;
use aerogpu::memory::{GuestMemory, SparseMemory};
use aerogpu::{Backend, Options, SoftwareRenderer, Submission};
use aerogpu_dxbc::assembler;
use aerogpu_protocol::input_layout::{semantic_name_hash, write_ilay};
use aerogpu_protocol::packets::*;
use aerogpu_protocol::ring::{AllocEntry, write_alloc_table};
use aerogpu_protocol::{Format, StreamWriter};

/// Handles that [`Rig::new`] has created.
pub const VS: u32 = 1000;
pub const PS: u32 = 1001;
pub const LAYOUT: u32 = 1002;
pub const VERTICES: u32 = 1003;

/// Position and colour pass through.
const PASS_VS: &str = "
.input POSITION 0 v0.xyzw float
.input COLOR 0 v1.xyzw float
.output SV_Position 0 o0.xyzw float position
.output COLOR 0 o1.xyzw float
vs_4_0
dcl_input v0.xyzw
dcl_input v1.xyzw
dcl_output_siv o0.xyzw, position
dcl_output o1.xyzw
mov o0.xyzw, v0.xyzw
mov o1.xyzw, v1.xyzw
ret
";

/// The colour of the leading vertex.
const FLAT_PS: &str = "
.input SV_Position 0 v0.xyzw float position
.input COLOR 0 v1.xyzw float
.output SV_Target 0 o0.xyzw float
ps_4_0
dcl_input_ps constant v1.xyzw
dcl_output o0.xyzw
mov o0.xyzw, v1.xyzw
ret
";

/// A vertex of the rig's layout.
pub type Vertex = ([f32; 4], [f32; 4]);

pub const RED: [f32; 4] = [1.0, 0.0, 0.0, 1.0];
pub const GREEN: [f32; 4] = [0.0, 1.0, 0.0, 1.0];
pub const BLUE: [f32; 4] = [0.0, 0.0, 1.0, 1.0];

pub struct Rig {
    pub renderer: SoftwareRenderer,
    pub memory: SparseMemory,
    pub allocations: Vec<AllocEntry>,
}

impl Rig {
    /// A renderer with the pass-through shaders, a layout and a vertex buffer of 64 vertices.
    pub fn new() -> Self {
        Self::with(Options::default())
    }

    /// The same with options.
    pub fn with(options: Options) -> Self {
        let mut rig = Self {
            renderer: SoftwareRenderer::new(options),
            memory: SparseMemory::new(),
            allocations: Vec::new(),
        };
        rig.run(|w| {
            w.create_shader_dxbc(VS, ShaderStage::Vertex, &shader(PASS_VS));
            w.create_shader_dxbc(PS, ShaderStage::Pixel, &shader(FLAT_PS));
            w.create_input_layout(LAYOUT, &layout(&[("POSITION", 2, 0), ("COLOR", 2, 0)]));
            buffer(w, VERTICES, 64 * 32);
        });
        rig
    }

    /// Guest memory of allocation `alloc_id`.
    pub fn allocate(&mut self, alloc_id: u32, gpa: u64, size_bytes: u64, flags: u32, data: &[u8]) {
        self.memory.write(gpa, data).expect("guest memory");
        self.allocations.push(AllocEntry { alloc_id, flags, gpa, size_bytes, reserved0: 0 });
    }

    /// Submits what `build` writes in a context and gives back what came of it.
    pub fn submit(&mut self, context_id: u32, build: impl FnOnce(&mut StreamWriter)) -> Completion {
        let mut writer = StreamWriter::new();
        build(&mut writer);
        let stream = writer.finish();
        let table = write_alloc_table(&self.allocations);
        let alloc_table = (!self.allocations.is_empty()).then_some(&table[..]);
        let submission =
            Submission { stream: &stream, alloc_table, context_id, fence: 1, ..Default::default() };
        self.renderer.submit(&mut self.memory, &submission);
        let mut done = self.renderer.poll();
        assert_eq!(done.len(), 1, "a submission completes once");
        done.remove(0)
    }

    /// Submits in context 0 what must succeed.
    pub fn run(&mut self, build: impl FnOnce(&mut StreamWriter)) -> Completion {
        let done = self.submit(0, build);
        assert!(done.report.errors.is_empty(), "{:?}", done.report.errors);
        done
    }

    /// Submits in context 0 what must fail, and only once; gives back why.
    pub fn fail(&mut self, build: impl FnOnce(&mut StreamWriter)) -> Failure {
        let mut done = self.submit(0, build);
        assert_eq!(done.report.errors.len(), 1, "{:?}", done.report.errors);
        done.report.errors.remove(0).reason
    }

    pub fn texture(&mut self, handle: u32, mip: u32, layer: u32) -> TextureData {
        self.renderer.read_texture(handle, mip, layer).expect("a texture")
    }

    /// Pixel of an RGBA8 texture.
    pub fn pixel(&mut self, handle: u32, x: u32, y: u32) -> [u8; 4] {
        let data = self.texture(handle, 0, 0);
        let at = (y * data.width + x) as usize * 4;
        data.bytes[at..at + 4].try_into().expect("four bytes")
    }

    /// How many pixels of an RGBA8 texture have this colour.
    pub fn count(&mut self, handle: u32, color: [u8; 4]) -> usize {
        self.texture(handle, 0, 0).bytes.chunks_exact(4).filter(|texel| *texel == color).count()
    }

    pub fn guest(&self, gpa: u64, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.memory.read(gpa, &mut bytes).expect("guest memory");
        bytes
    }
}

pub fn shader(text: &str) -> Vec<u8> {
    assembler::assemble(text).expect("assembles").to_dxbc()
}

/// An input layout of elements in slot 0, one behind the other: semantic, DXGI format, instances a step (0: per vertex).
pub fn layout(elements: &[(&str, u32, u32)]) -> Vec<u8> {
    let elements: Vec<InputLayoutElementDxgi> = elements
        .iter()
        .map(|&(name, dxgi_format, step)| InputLayoutElementDxgi {
            semantic_name_hash: semantic_name_hash(name),
            dxgi_format,
            aligned_byte_offset: u32::MAX,
            input_slot: u32::from(step > 0),
            input_slot_class: u32::from(step > 0),
            instance_data_step_rate: step,
            ..Default::default()
        })
        .collect();
    write_ilay(&elements)
}

pub fn buffer(w: &mut StreamWriter, handle: u32, size_bytes: u64) {
    w.create_buffer(CreateBuffer { buffer_handle: handle, size_bytes, ..Default::default() });
}

/// An RGBA8 render target, bound and cleared to opaque black.
pub fn target(w: &mut StreamWriter, handle: u32, width: u32, height: u32) {
    w.create_simple_texture(handle, Format::R8G8B8A8Unorm, width, height, ResourceUsage::RENDER_TARGET)
        .set_render_targets(&[handle], 0)
        .clear(ClearFlags::COLOR, [0.0, 0.0, 0.0, 1.0], 1.0, 0);
}

/// Uploads vertices and binds everything for a draw without culling.
pub fn vertices(w: &mut StreamWriter, topology: PrimitiveTopology, vertices: &[Vertex]) {
    let floats: Vec<f32> = vertices.iter().flat_map(|(p, c)| p.iter().chain(c)).copied().collect();
    w.upload_resource(VERTICES, 0, bytemuck::cast_slice(&floats))
        .bind_shaders(VS, PS)
        .set_input_layout(LAYOUT)
        .set_vertex_buffers(
            0,
            &[VertexBufferBinding { buffer: VERTICES, stride_bytes: 32, ..Default::default() }],
        )
        .set_primitive_topology(topology)
        .set_rasterizer_state(RasterizerState { cull_mode: CullMode::None.to_u32(), ..Default::default() });
}

/// A triangle strip over a rectangle of clip space, one colour.
pub fn quad([left, top, right, bottom]: [f32; 4], z: f32, color: [f32; 4]) -> [Vertex; 4] {
    [(left, top), (right, top), (left, bottom), (right, bottom)].map(|(x, y)| ([x, y, z, 1.0], color))
}

pub fn draw(w: &mut StreamWriter, first_vertex: u32, vertex_count: u32) {
    w.draw(Draw { vertex_count, instance_count: 1, first_vertex, ..Default::default() });
}
