//! The largest work that guests may ask for, and the most hostile, in one process: none takes more than 2 GiB.

#[path = "executor/rig.rs"]
#[allow(dead_code)] // the other tests use all of it
mod rig;

use std::time::Instant;

use aerogpu::executor::Failure;
use aerogpu::{Options, limits};
use aerogpu_protocol::Format;
use aerogpu_protocol::packets::*;
use rig::*;

/// Reads the first word of a buffer and draws nothing of it.
const READER: &str = "
.output SV_Target 0 o0.xyzw float
ps_5_0
dcl_resource_raw t0
dcl_output o0.xyzw
dcl_temps 1
ld_raw r0.x, l(0), t0.x
utof r0.x, r0.x
mov o0.xyzw, r0.xxxx
ret
";

const FULL: [f32; 4] = [-1.0, 1.0, 1.0, -1.0];

/// Peak resident memory of this process in MiB, where the system tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}

#[allow(clippy::disallowed_methods)] // the time is only shown
fn measured(what: &str, work: impl FnOnce()) {
    let start = Instant::now();
    work();
    println!("{what}: {:.1} s, peak {:?} MiB", start.elapsed().as_secs_f32(), peak());
}

#[test]
fn large_and_hostile_work_stays_within_two_gibibytes() {
    measured("16384 draws in one submission", many_draws);
    measured("a million triangles in one draw", million_triangles);
    measured("a 4096 x 4096 target", large_target);
    measured("all of these and 2000 textures in one submission", everything_at_once);
    measured("buffers overwritten while queued draws hold them", held_buffers);
    measured("constants overwritten while queued draws hold them", held_constants);
    measured("large triangles and clears on a large target", crowded_tiles);
    measured("a draw of 2^28 vertices", huge_draw);
    if let Some(peak) = peak() {
        assert!(peak <= 2048, "{peak} MiB");
    }
}

fn many_draws() {
    let mut rig = Rig::new();
    let done = rig.run(|w| {
        target(w, 1, 1024, 1024);
        let cell = |x: f32, y: f32| quad([x, y, x + 1.0 / 64.0, y - 1.0 / 64.0], 0.5, RED);
        for i in 0..16384u16 {
            let (x, y) = (f32::from(i % 128) / 64.0 - 1.0, 1.0 - f32::from(i / 128) / 64.0);
            vertices(w, PrimitiveTopology::TriangleStrip, &cell(x, y));
            draw(w, 0, 4);
        }
    });
    assert_eq!(done.report.statistics.draws, 16384);
    assert_eq!(rig.count(1, [255, 0, 0, 255]), 1 << 20);
}

fn million_triangles() {
    const SIDE: u32 = 708; // points; twice the square of 707 is just short of a million
    let mut rig = Rig::new();
    let at = |i: u32| i as f32 / (SIDE - 1) as f32 * 2.0 - 1.0;
    let points: Vec<f32> =
        (0..SIDE * SIDE).flat_map(|i| [at(i % SIDE), -at(i / SIDE), 0.5, 1.0, 0.0, 1.0, 0.0, 1.0]).collect();
    let cell = |i: u32| [i, i + 1, i + SIDE, i + SIDE, i + 1, i + SIDE + 1];
    let cells = (0..SIDE - 1).flat_map(|y| (0..SIDE - 1).map(move |x| y * SIDE + x));
    let indices: Vec<u32> = cells.flat_map(cell).collect();
    let done = rig.run(|w| {
        target(w, 1, 1024, 1024);
        vertices(w, PrimitiveTopology::TriangleList, &[]);
        buffer(w, 2, 4 * points.len() as u64);
        buffer(w, 3, 4 * indices.len() as u64);
        w.upload_resource(2, 0, bytemuck::cast_slice(&points));
        w.upload_resource(3, 0, bytemuck::cast_slice(&indices));
        w.set_vertex_buffers(0, &[VertexBufferBinding { buffer: 2, stride_bytes: 32, ..Default::default() }]);
        w.set_index_buffer(3, IndexFormat::Uint32, 0);
        w.draw_indexed(DrawIndexed {
            index_count: indices.len() as u32,
            instance_count: 1,
            ..Default::default()
        });
    });
    assert_eq!(done.report.statistics.c_invocations, 2 * 707 * 707);
    assert_eq!(done.report.statistics.pixels_written, 1 << 20, "no pixel twice, none left out");
}

fn large_target() {
    let mut rig = Rig::new();
    let done = rig.run(|w| {
        target(w, 1, 4096, 4096);
        vertices(w, PrimitiveTopology::TriangleStrip, &quad(FULL, 0.5, BLUE));
        draw(w, 0, 4);
    });
    assert_eq!(done.report.statistics.pixels_written, 1 << 24);
}

/// 128 x 128 cells of 62 triangles, a draw and a texture each, on a target of 4096 x 4096.
fn everything_at_once() {
    const TEXTURES: u32 = 2000;
    const CELL_VS: &str = "
.input POSITION 0 v0.xyzw float
.output SV_Position 0 o0.xyzw float position
vs_4_0
dcl_constantbuffer cb0[1], immediateIndexed
dcl_input v0.xyzw
dcl_output_siv o0.xyzw, position
mad o0.xyzw, v0.xyzw, l(0.0078125, 0.0078125, 1.0, 1.0), cb0[0].xyzw
ret
";
    const TEXEL_PS: &str = "
.input SV_Position 0 v0.xyzw float position
.output SV_Target 0 o0.xyzw float
ps_4_0
dcl_resource_texture2d (float,float,float,float) t0
dcl_input_ps_siv linear noperspective v0.xyzw, position
dcl_output o0.xyzw
dcl_temps 1
ftoi r0.xy, v0.xyxx
and r0.xy, r0.xyxx, l(31, 31, 0, 0)
mov r0.zw, l(0, 0, 0, 0)
ld o0.xyzw, r0.xyzw, t0.xyzw
ret
";
    let color = |texture: u32| [texture as u8, (texture >> 8) as u8, 7, 255];
    let corner = |i: u8| ([f32::from(i / 2) / 15.5 - 1.0, 1.0 - f32::from(i % 2) * 2.0, 0.5, 1.0], RED);
    let strip: Vec<Vertex> = (0..64).map(corner).collect();
    let mut rig = Rig::new();
    let done = rig.run(|w| {
        target(w, 1, 4096, 4096);
        w.create_shader_dxbc(2, ShaderStage::Vertex, &shader(CELL_VS));
        w.create_shader_dxbc(3, ShaderStage::Pixel, &shader(TEXEL_PS));
        for i in 0..TEXTURES {
            w.create_simple_texture(10_000 + i, Format::R8G8B8A8Unorm, 32, 32, ResourceUsage::TEXTURE);
            w.upload_resource(10_000 + i, 0, &color(i).repeat(32 * 32));
        }
        vertices(w, PrimitiveTopology::TriangleStrip, &strip);
        w.bind_shaders(2, 3);
        for i in 0..16384u16 {
            let center = |c: u16| f32::from(c) / 64.0 - 1.0 + 1.0 / 128.0;
            let offset = [center(i % 128), -center(i / 128), 0.0, 0.0];
            w.set_shader_constants_f(ShaderStage::Vertex, 0, &[offset]);
            w.set_texture(ShaderStage::Pixel, 0, 10_000 + u32::from(i) % TEXTURES);
            draw(w, 0, 64);
        }
    });
    let statistics = done.report.statistics;
    assert_eq!((statistics.draws, statistics.c_invocations), (16384, 16384 * 62));
    assert_eq!(statistics.pixels_written, 1 << 24);
    let picture = rig.texture(1, 0, 0);
    for cell in [0, 127, 1999, 2000, 9999, 16383u32] {
        let (x, y) = (cell % 128 * 32 + 31, cell / 128 * 32 + 16);
        let at = (y * 4096 + x) as usize * 4;
        assert_eq!(picture.bytes[at..at + 4], color(cell % TEXTURES), "cell {cell}");
    }
}

fn held_buffers() {
    const SIZE: u64 = 1 << 26;
    let mut rig = Rig::new();
    let done = rig.run(|w| {
        target(w, 1, 8, 8);
        buffer(w, 2, SIZE);
        w.create_shader_dxbc(3, ShaderStage::Pixel, &shader(READER));
        vertices(w, PrimitiveTopology::TriangleStrip, &quad(FULL, 0.5, RED));
        w.bind_shaders(VS, 3);
        let slot = ShaderResourceBufferBinding { buffer: 2, ..Default::default() };
        w.set_shader_resource_buffers(ShaderStage::Pixel, 0, &[slot]);
        for i in 0..100u32 {
            w.upload_resource(2, 0, &i.to_le_bytes());
            draw(w, 0, 4);
        }
    });
    assert_eq!(done.report.statistics.draws, 100);
}

fn held_constants() {
    const READER: &str = "
.output SV_Target 0 o0.xyzw float
ps_4_0
dcl_constantbuffer cb0[4096], immediateIndexed
dcl_output o0.xyzw
mov o0.xyzw, cb0[4095].xyzw
ret
";
    let mut rig = Rig::new();
    let done = rig.run(|w| {
        target(w, 1, 8, 8);
        w.create_shader_dxbc(3, ShaderStage::Pixel, &shader(READER));
        vertices(w, PrimitiveTopology::PointList, &quad(FULL, 0.5, RED));
        w.bind_shaders(VS, 3);
        for i in 0..50_000u16 {
            w.set_shader_constants_f(ShaderStage::Pixel, 4095, &[[f32::from(i); 4]]);
            draw(w, 0, 1);
        }
    });
    assert_eq!(done.report.statistics.draws, 50_000);
}

fn crowded_tiles() {
    let mut rig = Rig::with(Options { budget: limits::SUBMISSION_BUDGET >> 6, ..Options::default() });
    let done = rig.submit(0, |w| {
        w.create_simple_texture(1, Format::B5G6R5Unorm, 16384, 16384, ResourceUsage::RENDER_TARGET);
        w.set_render_targets(&[1], 0);
        vertices(w, PrimitiveTopology::TriangleStrip, &quad(FULL, 0.5, RED));
        w.draw(Draw { vertex_count: 4, instance_count: 1 << 20, ..Default::default() });
        for _ in 0..50_000 {
            w.clear(ClearFlags::COLOR, GREEN, 1.0, 0);
        }
    });
    assert!(done.report.errors.iter().all(|error| matches!(error.reason, Failure::Timeout)));
    assert!(!done.report.errors.is_empty());
}

fn huge_draw() {
    let mut rig = Rig::with(Options { budget: limits::SUBMISSION_BUDGET >> 6, ..Options::default() });
    let done = rig.submit(0, |w| {
        target(w, 1, 64, 64);
        vertices(w, PrimitiveTopology::PointList, &quad(FULL, 0.5, RED));
        w.draw(Draw { vertex_count: 1 << 28, instance_count: 1, ..Default::default() });
    });
    assert!(!done.report.errors.is_empty());
    assert!(done.report.errors.iter().all(|error| matches!(error.reason, Failure::Timeout)));
}
