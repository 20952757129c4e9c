//! Vertices, triangles and draws.

use super::*;

const R32G32B32_FLOAT: u32 = 6;
const R8G8B8A8_UNORM: u32 = 28;

/// Positions in pixels, in perspective, and a colour.
const PIXELS_VS: &str = "
.input POSITION 0 v0.xyz float
.input COLOR 0 v1.xyzw float
.output SV_Position 0 o0.xyzw float sysvalue position
.output COLOR 0 o1.xyzw float
vs_4_0
dcl_input v0.xyz
dcl_input v1.xyzw
dcl_output_siv o0.xyzw, position
dcl_output o1.xyzw
dcl_temps 1
add r0.w, v0.z, l(1.0)
div r0.xy, v0.xyxx, l(960.0, 540.0, 1.0, 1.0)
add r0.x, r0.x, l(-1.0)
add r0.y, -r0.y, l(1.0)
mul o0.xy, r0.xyxx, r0.wwww
mul o0.z, v0.z, r0.w
mov o0.w, r0.w
mov o1.xyzw, v1.xyzw
ret
";

const COLOR_PS: &str = "
.input SV_Position 0 v0.xyzw float sysvalue position
.input COLOR 0 v1.xyzw float
.output SV_Target 0 o0.xyzw float
ps_4_0
dcl_input_ps linear v1.xyzw
dcl_output o0.xyzw
mov o0.xyzw, v1.xyzw
ret
";

/// Four sheets of `n` by `n` cells of two triangles, with depth.
pub fn small_triangles(cell: f32, n: u32) -> Workload {
    let mut setup = StreamWriter::new();
    target(&mut setup, WIDTH, HEIGHT);
    setup.create_simple_texture(DEPTH, Format::D32Float, WIDTH, HEIGHT, ResourceUsage::DEPTH_STENCIL);
    shader(&mut setup, VS, ShaderStage::Vertex, PIXELS_VS);
    shader(&mut setup, PS, ShaderStage::Pixel, COLOR_PS);
    layout(&mut setup, &[("POSITION", R32G32B32_FLOAT), ("COLOR", R8G8B8A8_UNORM)], false);
    let (vertices, indices) = sheets(cell, n);
    buffer(&mut setup, VERTICES, &vertices);
    buffer(&mut setup, INDICES, bytemuck::cast_slice(&indices));

    let mut frame = StreamWriter::new();
    begin(&mut frame, WIDTH, HEIGHT, true);
    vertex_buffer(&mut frame, 16);
    frame
        .set_index_buffer(INDICES, IndexFormat::Uint32, 0)
        .set_depth_stencil_state(DepthStencilState {
            depth_enable: 1,
            depth_write_enable: 1,
            depth_func: CompareFunc::Less.to_u32(),
            ..Default::default()
        })
        .draw_indexed(DrawIndexed {
            index_count: indices.len() as u32,
            instance_count: 1,
            ..Default::default()
        });
    Workload { setup: vec![setup.finish()], frame: frame.finish() }
}

fn sheets(cell: f32, n: u32) -> (Vec<u8>, Vec<u32>) {
    let (mut vertices, mut indices) = (Vec::new(), Vec::new());
    let mut random = Random(5);
    for sheet in 0..4_u32 {
        let s = sheet as f32;
        let (left, top) = (60.0 + s * 400.0, 60.0 + (sheet % 2) as f32 * 300.0);
        for (x, y) in (0..=n).flat_map(|y| (0..=n).map(move |x| (x as f32, y as f32))) {
            let z = 0.2 + 0.15 * s * 0.5 + 0.25 * (wave(x * 0.11 + s) * wave(y * 0.07) * 0.5 + 0.5);
            let jitter = [0, 1].map(|_| (random.unit() - 0.5) * cell * 0.5);
            for word in [left + x * cell + jitter[0], top + y * cell + jitter[1], z] {
                vertices.extend(word.to_le_bytes());
            }
            vertices.extend(random.bits().to_le_bytes());
        }
        let base = sheet * (n + 1) * (n + 1);
        for (x, y) in (0..n).flat_map(|y| (0..n).map(move |x| (x, y))) {
            let a = base + y * (n + 1) + x;
            indices.extend([a, a + 1, a + n + 1, a + n + 1, a + 1, a + n + 2]);
        }
    }
    (vertices, indices)
}

/// Something like a sine: only its shape matters.
fn wave(x: f32) -> f32 {
    let t = x / std::f32::consts::TAU;
    let t = t - t.floor();
    if t < 0.5 { 16.0 * t * (0.5 - t) } else { -16.0 * (t - 0.5) * (1.0 - t) }
}

const LIT_VS: &str = "
.input POSITION 0 v0.xyz float
.input NORMAL 0 v1.xyz float
.output SV_Position 0 o0.xyzw float sysvalue position
.output COLOR 0 o1.x float
vs_4_0
dcl_constantbuffer cb0[5], immediateIndexed
dcl_input v0.xyz
dcl_input v1.xyz
dcl_output_siv o0.xyzw, position
dcl_output o1.x
dcl_temps 1
mul r0.xyzw, v0.yyyy, cb0[1].xyzw
mad r0.xyzw, cb0[0].xyzw, v0.xxxx, r0.xyzw
mad r0.xyzw, cb0[2].xyzw, v0.zzzz, r0.xyzw
add o0.xyzw, r0.xyzw, cb0[3].xyzw
dp3 r0.x, v1.xyzx, cb0[4].xyzx
max r0.x, r0.x, l(0.0)
add o1.x, r0.x, cb0[4].w
ret
";

const GREY_PS: &str = "
.input SV_Position 0 v0.xyzw float sysvalue position
.input COLOR 0 v1.x float
.output SV_Target 0 o0.xyzw float
ps_4_0
dcl_input_ps linear v1.x
dcl_output o0.xyzw
mov o0.xyz, v1.xxxx
mov o0.w, l(1.0)
ret
";

/// A third of a million triangles with legs of half a pixel, half of them back faces, moved by `offset`.
pub fn many_vertices(offset: f32) -> Workload {
    const COUNT: u32 = 999_999;
    let mut setup = StreamWriter::new();
    target(&mut setup, WIDTH, HEIGHT);
    shader(&mut setup, VS, ShaderStage::Vertex, LIT_VS);
    shader(&mut setup, PS, ShaderStage::Pixel, GREY_PS);
    layout(&mut setup, &[("POSITION", R32G32B32_FLOAT), ("NORMAL", R32G32B32_FLOAT)], false);
    let mut random = Random(3);
    let mut vertices = Vec::new();
    for triangle in 0..COUNT / 3 {
        let [x, y] = [0, 1].map(|_| random.unit() * 2.0 - 1.0);
        let (z, leg) = (random.unit(), 0.5 / 960.0);
        let side = if triangle & 1 == 0 { leg } else { -leg };
        for [dx, dy] in [[0.0, 0.0], [leg, 0.0], [0.0, side]] {
            vertices.extend([x + dx, y + dy, z, random.unit(), random.unit(), random.unit()]);
        }
    }
    buffer(&mut setup, VERTICES, bytemuck::cast_slice(&vertices));
    let constants: [[f32; 4]; 5] = [
        [1.0, 0.0, 0.0, 0.0],
        [0.0, 1.0, 0.0, 0.0],
        [0.0, 0.0, 0.5, 0.0],
        [offset, 0.0, 0.2, 1.0],
        [0.5, 0.6, 0.2, 0.1],
    ];
    buffer(&mut setup, CONSTANTS, bytemuck::cast_slice(&constants));

    let mut frame = StreamWriter::new();
    begin(&mut frame, WIDTH, HEIGHT, false);
    vertex_buffer(&mut frame, 24);
    let cull_mode = CullMode::Back.to_u32();
    frame
        .set_rasterizer_state(RasterizerState { cull_mode, front_ccw: 1, ..Default::default() })
        .set_constant_buffers(ShaderStage::Vertex, 0, &[constants_at(0, 80)]);
    draw(&mut frame, COUNT, 0);
    Workload { setup: vec![setup.finish()], frame: frame.finish() }
}

fn constants_at(offset_bytes: u32, size_bytes: u32) -> ConstantBufferBinding {
    ConstantBufferBinding { buffer: CONSTANTS, offset_bytes, size_bytes, reserved0: 0 }
}

const CONSTANT_RECTANGLE_VS: &str = "
.input SV_VertexID 0 v0.x uint sysvalue vertex_id
.output SV_Position 0 o0.xyzw float sysvalue position
vs_4_0
dcl_immediateConstantBuffer { { 0.0, 0.0, 0, 0 }, { 1.0, 0.0, 0, 0 }, { 0.0, 1.0, 0, 0 }, { 0.0, 1.0, 0, 0 }, { 1.0, 0.0, 0, 0 }, { 1.0, 1.0, 0, 0 } }
dcl_constantbuffer cb0[2], immediateIndexed
dcl_input_sgv v0.x, vertex_id
dcl_output_siv o0.xyzw, position
dcl_temps 1
mov r0.z, v0.x
mad r0.xy, icb[r0.z + 0].xyxx, cb0[0].zwzz, cb0[0].xyxx
div r0.xy, r0.xyxx, l(960.0, 540.0, 1.0, 1.0)
add o0.x, r0.x, l(-1.0)
add o0.y, -r0.y, l(1.0)
mov o0.zw, l(0.0, 0.0, 0.0, 1.0)
ret
";

/// 5,000 draws of an 8x8 rectangle; with `changes`, each binds another pixel shader and other constants.
pub fn tiny_draws(changes: bool) -> Workload {
    const DRAWS: u32 = 5000;
    let mut setup = StreamWriter::new();
    target(&mut setup, WIDTH, HEIGHT);
    shader(&mut setup, VS, ShaderStage::Vertex, CONSTANT_RECTANGLE_VS);
    for (i, scale) in [(0, "1.0"), (1, "0.5")] {
        let text = format!(
            ".output SV_Target 0 o0.xyzw float
ps_4_0
dcl_constantbuffer cb0[2], immediateIndexed
dcl_output o0.xyzw
mul o0.xyzw, cb0[1].xyzw, l({scale}, {scale}, {scale}, {scale})
ret\n"
        );
        shader(&mut setup, PS + i, ShaderStage::Pixel, &text);
    }
    let constants = |i: u32| {
        let (x, y) = ((i % 200 * 9) as f32 + 10.0, (i / 200 * 20) as f32 + 5.0);
        let mut words = [0.0_f32; 64];
        words[..8].copy_from_slice(&[x, y, 8.0, 8.0, (i % 13) as f32 / 13.0, (i % 7) as f32 / 7.0, 0.5, 1.0]);
        words
    };
    let words: Vec<f32> = (0..DRAWS).flat_map(constants).collect();
    buffer(&mut setup, CONSTANTS, bytemuck::cast_slice(&words));

    let mut frame = StreamWriter::new();
    begin(&mut frame, WIDTH, HEIGHT, false);
    for i in 0..DRAWS {
        if changes || i == 0 {
            frame.bind_shaders(VS, PS + (i & 1));
            for stage in [ShaderStage::Vertex, ShaderStage::Pixel] {
                frame.set_constant_buffers(stage, 0, &[constants_at(i * 256, 32)]);
            }
        }
        draw(&mut frame, 6, 0);
    }
    Workload { setup: vec![setup.finish()], frame: frame.finish() }
}
