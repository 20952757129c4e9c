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
