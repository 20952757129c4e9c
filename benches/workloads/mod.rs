//! Frames as AeroGPU streams: the same sizes, content and shaders as the Vulkan program that measures the peers.

mod compute;
mod fill;
mod geometry;

use aerogpu_dxbc::assembler;
use aerogpu_protocol::input_layout::{semantic_name_hash, write_ilay};
use aerogpu_protocol::packets::*;
use aerogpu_protocol::{Format, StreamWriter};

pub const WIDTH: u32 = 1920;
pub const HEIGHT: u32 = 1080;

/// Handles that every workload uses.
pub const TARGET: u32 = 1;
pub const DEPTH: u32 = 2;
const VS: u32 = 10;
const PS: u32 = 11;
const LAYOUT: u32 = 20;
const VERTICES: u32 = 21;
const INDICES: u32 = 22;
const CONSTANTS: u32 = 23;
const SAMPLER: u32 = 24;
const TEXTURES: u32 = 100;

/// Streams that make resources once, and the stream of a frame.
pub struct Workload {
    pub setup: Vec<Vec<u8>>,
    pub frame: Vec<u8>,
}

/// Makes a workload.
pub type Build = fn() -> Workload;

/// Every workload and its name.
pub const ALL: &[(&str, Build)] = &[
    ("W1", fill::flat),
    ("W2", fill::trilinear),
    ("W2bi", fill::bilinear),
    ("W2pt", fill::nearest),
    ("W3n", || fill::desktop(SamplerFilter::Nearest)),
    ("W3l", || fill::desktop(SamplerFilter::Linear)),
    ("W4", || geometry::small_triangles(5.3, 112)),
    ("W4s", || geometry::small_triangles(2.0, 296)),
    ("W5", fill::arithmetic),
    ("W6", || geometry::many_vertices(0.0)),
    ("W6o", || geometry::many_vertices(5.0)),
    ("W7a", compute::saxpy),
    ("W7b", compute::reduce),
    ("W8bc1", || fill::compressed(Format::Bc1RgbaUnorm)),
    ("W8bc3", || fill::compressed(Format::Bc3RgbaUnorm)),
    ("W8bc7", || fill::compressed(Format::Bc7RgbaUnorm)),
    ("W9", || geometry::tiny_draws(true)),
    ("W9b", || geometry::tiny_draws(false)),
];

/// A flat triangle over 64x64 pixels.
pub fn first_pixel() -> Workload {
    let mut setup = StreamWriter::new();
    target(&mut setup, 64, 64);
    fill::create_flat(&mut setup);
    Workload { setup: vec![setup.finish()], frame: fill::triangle_frame(64, 64) }
}

/// Xorshift, so that content is the same everywhere.
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as u32
    }

    /// In 0..1.
    fn unit(&mut self) -> f32 {
        (self.bits() >> 8) as f32 / 16_777_216.0
    }
}

fn shader(w: &mut StreamWriter, handle: u32, stage: ShaderStage, text: &str) {
    let assembled = assembler::assemble(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    w.create_shader_dxbc(handle, stage, &assembled.to_dxbc());
}

fn target(w: &mut StreamWriter, width: u32, height: u32) {
    w.create_simple_texture(TARGET, Format::R8G8B8A8Unorm, width, height, ResourceUsage::RENDER_TARGET);
}

fn buffer(w: &mut StreamWriter, handle: u32, bytes: &[u8]) {
    w.create_buffer(CreateBuffer {
        buffer_handle: handle,
        size_bytes: bytes.len() as u64,
        ..Default::default()
    });
    w.upload_resource(handle, 0, bytes);
}

/// An input layout in slot 0: semantic and DXGI format of each element.
fn layout(w: &mut StreamWriter, elements: &[(&str, u32)], instanced: bool) {
    let element = |&(name, dxgi_format): &(&str, u32)| InputLayoutElementDxgi {
        semantic_name_hash: semantic_name_hash(name),
        dxgi_format,
        aligned_byte_offset: u32::MAX,
        input_slot_class: u32::from(instanced),
        instance_data_step_rate: u32::from(instanced),
        ..Default::default()
    };
    w.create_input_layout(LAYOUT, &write_ilay(&elements.iter().map(element).collect::<Vec<_>>()));
}

/// A frame's start: targets bound and cleared, everything visible.
fn begin(w: &mut StreamWriter, width: u32, height: u32, depth: bool) {
    let cull_mode = CullMode::None.to_u32();
    w.set_render_targets(&[TARGET], if depth { DEPTH } else { 0 })
        .set_viewport([0.0, 0.0, width as f32, height as f32], [0.0, 1.0])
        .set_rasterizer_state(RasterizerState { cull_mode, ..Default::default() })
        .set_primitive_topology(PrimitiveTopology::TriangleList)
        .bind_shaders(VS, PS)
        .clear(ClearFlags::COLOR, [0.1, 0.2, 0.3, 1.0], 1.0, 0);
    if depth {
        w.clear(ClearFlags::DEPTH, [0.0; 4], 1.0, 0);
    }
}

fn vertex_buffer(w: &mut StreamWriter, stride_bytes: u32) {
    let binding = VertexBufferBinding { buffer: VERTICES, stride_bytes, ..Default::default() };
    w.set_input_layout(LAYOUT).set_vertex_buffers(0, &[binding]);
}

fn draw(w: &mut StreamWriter, vertex_count: u32, first_instance: u32) {
    w.draw(Draw { vertex_count, instance_count: 1, first_instance, ..Default::default() });
}
