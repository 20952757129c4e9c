//! What tests draw with as Direct3D 9 does: shaders before 4.0, vertex declarations, render states.

use aerogpu::state::d3d9::render_state as rs;
use aerogpu_dxbc::sm3;
use aerogpu_protocol::packets::*;
use aerogpu_protocol::{Format, StreamWriter};

use crate::rig::{Rig, buffer};

/// Handles that [`rig`] has created.
pub const VS9: u32 = 2000;
pub const PS9: u32 = 2001;
pub const DECLARATION: u32 = 2002;
pub const VERTICES9: u32 = 2003;

/// `D3DDECLTYPE`, as far as tests name them.
pub const FLOAT2: u8 = 1;
pub const FLOAT4: u8 = 3;
pub const D3DCOLOR: u8 = 4;

/// `D3DDECLUSAGE` and its index.
pub type Usage = (u8, u8);
pub const POSITION: Usage = (0, 0);
pub const TEXCOORD: Usage = (5, 0);
pub const POSITIONT: Usage = (9, 0);
pub const COLOR: Usage = (10, 0);

/// Position and colour pass through.
const PASS_VS: &str = "
vs_2_0
dcl_position v0
dcl_color v1
mov oPos, v0
mov oD0, v1
";

/// The colour.
const COLOR_PS: &str = "
ps_2_0
dcl v0
mov oC0, v0
";

/// A vertex of the rig's declaration: a position and a `D3DCOLOR` (0xAARRGGBB).
pub type Vertex = ([f32; 4], u32);

/// Everything that is drawn covers the whole target.
pub const FULL: [f32; 4] = [-1.0, 1.0, 1.0, -1.0];

/// A renderer with the pass-through shaders, a declaration and a vertex buffer, and a bound target of 4x4.
pub fn rig() -> Rig {
    rig_with(Default::default())
}

/// The same with options.
pub fn rig_with(options: aerogpu::Options) -> Rig {
    let mut rig = Rig::with(options);
    rig.run(|w| {
        shader(w, VS9, PASS_VS);
        shader(w, PS9, COLOR_PS);
        w.create_input_layout(
            DECLARATION,
            &declaration(&[(0, 0, FLOAT4, POSITION), (0, 16, D3DCOLOR, COLOR)]),
        );
        buffer(w, VERTICES9, 1 << 12);
        target(w, 1, 4);
    });
    rig
}

/// A square RGBA8 target, bound and cleared to opaque black.
pub fn target(w: &mut StreamWriter, handle: u32, size: u32) {
    crate::rig::target(w, handle, size, size);
}

/// A depth-stencil target beside the target of 4x4, cleared.
pub fn depth_target(w: &mut StreamWriter, handle: u32, format: Format, depth: f32, stencil: u32) {
    w.create_simple_texture(handle, format, 4, 4, ResourceUsage::DEPTH_STENCIL)
        .set_render_targets(&[1], handle)
        .clear(ClearFlags::DEPTH | ClearFlags::STENCIL, [0.0; 4], depth, stencil);
}

pub fn code(text: &str) -> Vec<u8> {
    let program = sm3::assemble(text).unwrap_or_else(|error| panic!("{error} of\n{text}"));
    bytemuck::cast_slice(&sm3::encode(&program)).to_vec()
}

/// The same as the guest driver writes its own: bit 31 of parameters is clear, and lengths count the opcode token.
pub fn driver_code(text: &str) -> Vec<u8> {
    let program = sm3::assemble(text).expect("assembles");
    let tokens = sm3::encode(&sm3::Program { bare_parameters: true, ..program });
    bytemuck::cast_slice(&tokens).to_vec()
}

pub fn shader(w: &mut StreamWriter, handle: u32, text: &str) {
    let vertex = text.trim_start().starts_with("vs");
    w.create_shader_dxbc(handle, if vertex { ShaderStage::Vertex } else { ShaderStage::Pixel }, &code(text));
}

/// A vertex declaration: stream, offset, type, usage.
pub fn declaration(elements: &[(u16, u16, u8, Usage)]) -> Vec<u8> {
    let raw = elements.iter().flat_map(|&(stream, offset, kind, (usage, index))| {
        let ([a, b], [c, d]) = (stream.to_le_bytes(), offset.to_le_bytes());
        [a, b, c, d, kind, 0, usage, index]
    });
    raw.chain([0xff, 0, 0, 0, 17, 0, 0, 0]).collect()
}

pub fn states(w: &mut StreamWriter, states: &[(u32, u32)]) {
    for &(state, value) in states {
        w.set_render_state(state, value);
    }
}

/// A rectangle of clip space (left, top, right, bottom) as a strip, at a depth and with a w that divides out.
pub fn quad([left, top, right, bottom]: [f32; 4], [z, w]: [f32; 2], color: u32) -> [Vertex; 4] {
    [(left, top), (right, top), (left, bottom), (right, bottom)]
        .map(|(x, y)| ([x * w, y * w, z * w, w], color))
}

/// Uploads vertices, binds everything, culls nothing, and draws.
pub fn draw(w: &mut StreamWriter, topology: PrimitiveTopology, vertices: &[Vertex]) {
    bind(w, vertices);
    w.set_primitive_topology(topology).draw(Draw {
        vertex_count: vertices.len() as u32,
        instance_count: 1,
        ..Default::default()
    });
}

/// As [`draw`], without the draw.
pub fn bind(w: &mut StreamWriter, vertices: &[Vertex]) {
    let bytes: Vec<u8> = vertices
        .iter()
        .flat_map(|(position, color)| position.map(f32::to_bits).into_iter().chain([*color]))
        .flat_map(u32::to_le_bytes)
        .collect();
    w.upload_resource(VERTICES9, 0, &bytes)
        .bind_shaders(VS9, PS9)
        .set_input_layout(DECLARATION)
        .set_vertex_buffers(
            0,
            &[VertexBufferBinding { buffer: VERTICES9, stride_bytes: 20, ..Default::default() }],
        )
        .set_render_state(rs::CULLMODE, 1);
}

/// Draws a strip over all of the target, at z = 0.5.
pub fn draw_full(w: &mut StreamWriter, color: u32) {
    draw(w, PrimitiveTopology::TriangleStrip, &quad(FULL, [0.5, 1.0], color));
}
