//! What hostile guests cannot make last: budgets, and what is left when they are spent.

use aerogpu::executor::Failure;
use aerogpu::limits;
use aerogpu::{Backend, Options};
use aerogpu_protocol::StreamWriter;
use aerogpu_protocol::packets::*;

use crate::rig::*;

const CS: u32 = 2000;
const ENDLESS: u32 = 2001;
const COUNTERS: u32 = 2002;

/// Every group adds 1 to the first word.
const COUNT: &str = "
cs_5_0
dcl_uav_raw u0
dcl_thread_group 1, 1, 1
atomic_iadd u0, l(0), l(1)
ret
";

/// Writes to two buffers.
const TWO: &str = "
cs_5_0
dcl_uav_raw u0
dcl_uav_raw u1
dcl_thread_group 1, 1, 1
store_raw u0.x, l(0), l(1)
store_raw u1.x, l(0), l(1)
ret
";

/// Green above some row, and no end below.
const ENDLESS_BELOW: &str = "
.input SV_Position 0 v0.xyzw float position
.output SV_Target 0 o0.xyzw float
ps_4_0
dcl_input_ps_siv linear noperspective v0.xyzw, position
dcl_output o0.xyzw
dcl_temps 1
lt r0.x, v0.y, l(ROW)
loop
  breakc_nz r0.x
endloop
mov o0.xyzw, l(0.0, 1.0, 0.0, 1.0)
ret
";

fn budget(budget: u64) -> Rig {
    Rig::with(Options { budget, ..Options::default() })
}

fn bind_uavs(w: &mut StreamWriter, buffers: &[u32]) {
    let slots: Vec<_> = buffers
        .iter()
        .map(|&buffer| UnorderedAccessBufferBinding { buffer, initial_count: u32::MAX, ..Default::default() })
        .collect();
    w.set_unordered_access_buffers(ShaderStage::Compute, 0, &slots);
}

fn compute(w: &mut StreamWriter, text: &str, buffers: &[u32]) {
    w.create_shader_dxbc(CS, ShaderStage::Compute, &shader(text));
    w.bind_all_shaders(ShaderBindings { cs: CS, ..Default::default() });
    bind_uavs(w, buffers);
}

fn timed_out(failure: &Failure) -> bool {
    matches!(failure, Failure::Timeout)
}

fn word(rig: &mut Rig, buffer: u32) -> u32 {
    let bytes = rig.renderer.read_buffer(buffer, 0, 4).expect("a buffer");
    u32::from_le_bytes(bytes.try_into().expect("four bytes"))
}

#[test]
fn a_dispatch_of_two_hundred_trillion_groups_ends() {
    let mut rig = budget(1 << 16);
    let done = rig.submit(0, |w| {
        buffer(w, COUNTERS, 16);
        compute(w, COUNT, &[COUNTERS]);
        w.dispatch(65535, 65535, 65535);
        w.debug_marker(b"still here");
    });
    let [error] = &done.report.errors[..] else { panic!("{:?}", done.report.errors) };
    assert!(timed_out(&error.reason) && error.packet == "DISPATCH", "{error}");
    assert_eq!(done.report.packets, 6);
    // One instruction that is one lane's, its `ret`, and the price of a run; 1 for the 16 bytes of the buffer. The last
    // group could not pay for itself any more.
    let groups = ((1 << 16) - 1) / (limits::RUN_COST + 2);
    assert_eq!(u64::from(word(&mut rig, COUNTERS)), groups);
    assert_eq!(done.report.statistics.cs_invocations, groups + 1);
    // The next submission has a budget of its own.
    rig.run(|w| {
        w.dispatch(1, 1, 1);
    });
    assert_eq!(u64::from(word(&mut rig, COUNTERS)), groups + 1);
}

#[test]
fn a_dispatch_with_a_bad_slot_loses_no_buffer() {
    let mut rig = Rig::new();
    rig.run(|w| {
        buffer(w, COUNTERS, 4);
        w.upload_resource(COUNTERS, 0, &7u32.to_le_bytes());
    });
    for second in [9999, COUNTERS] {
        rig.fail(|w| {
            compute(w, TWO, &[COUNTERS, second]);
            w.dispatch(1, 1, 1).destroy_shader(CS);
        });
        assert_eq!(word(&mut rig, COUNTERS), 7);
    }
}

#[test]
fn a_draw_of_any_size_ends() {
    for indexed in [false, true] {
        let mut rig = budget(1 << 20);
        let done = rig.submit(0, |w| {
            target(w, 1, 8, 8);
            vertices(w, PrimitiveTopology::TriangleStrip, &quad([-1.0, 1.0, 1.0, -1.0], 0.5, RED));
            buffer(w, 50, 64);
            w.set_index_buffer(50, IndexFormat::Uint16, 0);
            let count = limits::MAX_DRAW_VERTICES as u32;
            match indexed {
                true => w.draw_indexed(DrawIndexed {
                    index_count: count,
                    instance_count: 1,
                    ..Default::default()
                }),
                false => w.draw(Draw { vertex_count: count, instance_count: 1, ..Default::default() }),
            };
        });
        let reasons: Vec<_> = done.report.errors.iter().map(|error| &error.reason).collect();
        assert!(!reasons.is_empty() && reasons.into_iter().all(timed_out), "{:?}", done.report.errors);
        assert!(done.report.statistics.ia_primitives < 1 << 16);
    }
}

#[test]
fn many_small_instances_share_windows_and_keep_their_numbers() {
    // Three windows of triangles; every one draws the same pixel.
    let mut rig = Rig::new();
    let instances = 3 * limits::VERTEX_BATCH as u32 / 4;
    let done = rig.run(|w| {
        target(w, 1, 8, 8);
        vertices(w, PrimitiveTopology::TriangleStrip, &quad([-1.0, 1.0, -0.75, 0.75], 0.5, RED));
        w.draw(Draw { vertex_count: 4, instance_count: instances, ..Default::default() });
    });
    let statistics = done.report.statistics;
    assert_eq!(statistics.ia_primitives, 2 * u64::from(instances));
    assert_eq!(statistics.pixels_written, u64::from(instances));
    assert_eq!(rig.count(1, [255, 0, 0, 255]), 1);
}

#[test]
fn a_time_out_belongs_to_the_draw_and_not_to_what_flushes_it() {
    let mut rig = Rig::new();
    let done = rig.submit(0, |w| {
        target(w, 1, 4, 4);
        w.create_shader_dxbc(ENDLESS, ShaderStage::Pixel, &shader(&ENDLESS_BELOW.replace("ROW", "2.0")));
        vertices(w, PrimitiveTopology::TriangleStrip, &quad([-1.0, 1.0, 1.0, -1.0], 0.5, RED));
        w.bind_shaders(VS, ENDLESS).set_render_targets(&[1], 0);
        draw(w, 0, 4);
        w.upload_resource(1, 0, &[9; 16]);
    });
    let [error] = &done.report.errors[..] else { panic!("{:?}", done.report.errors) };
    assert!(timed_out(&error.reason) && error.packet == "DRAW", "{error}");
    assert_eq!(rig.pixel(1, 0, 0), [9; 4], "the upload happened");
    assert_eq!(done.report.statistics.c_invocations, 2, "what was done is counted");
}

#[test]
fn what_is_left_of_a_time_out_does_not_depend_on_threads() {
    let picture = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| {
            let mut rig = Rig::with(Options { budget: 1 << 23, ..Options::default() });
            let done = rig.submit(0, |w| {
                // Three groups of tiles, and time for one and a half.
                target(w, 1, 2048, 768);
                let text = ENDLESS_BELOW.replace("ROW", "1000.0");
                w.create_shader_dxbc(ENDLESS, ShaderStage::Pixel, &shader(&text));
                vertices(w, PrimitiveTopology::TriangleStrip, &quad([-1.0, 1.0, 1.0, -1.0], 0.5, RED));
                w.bind_shaders(VS, ENDLESS);
                draw(w, 0, 4);
            });
            let [error] = &done.report.errors[..] else { panic!("{:?}", done.report.errors) };
            assert!(timed_out(&error.reason));
            (rig.texture(1, 0, 0).bytes, done.report.statistics)
        })
    };
    let (bytes, statistics) = picture(1);
    let drawn = bytes.chunks_exact(4).filter(|texel| texel[1] == 255).count();
    assert!(drawn > 0 && drawn < 2048 * 768, "{drawn}");
    for threads in [2, 7] {
        let other = picture(threads);
        assert!(other.0 == bytes && other.1 == statistics);
    }
}

#[test]
fn where_a_budget_ends_a_large_draw_does_not_depend_on_threads() {
    const SIDE: u32 = 96;
    /// A triangle over each pixel's centre.
    fn pixels() -> Vec<f32> {
        let clip = |pixel: f32| pixel / SIDE as f32 * 2.0 - 1.0;
        let corner =
            |x: f32, y: f32| [clip(x), -clip(y), 0.5, 1.0, x / SIDE as f32, y / SIDE as f32, 1.0, 1.0];
        let pixels = (0..SIDE * SIDE).map(|i| ((i % SIDE) as f32, (i / SIDE) as f32));
        let triangle = |(x, y): (f32, f32)| [corner(x, y), corner(x + 1.25, y), corner(x, y + 1.25)];
        pixels.flat_map(triangle).flatten().collect()
    }
    let outcome = |budget, threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| {
            let mut rig = Rig::with(Options { budget, ..Options::default() });
            let data = pixels();
            rig.run(|w| {
                buffer(w, 50, 4 * data.len() as u64);
                w.upload_resource(50, 0, bytemuck::cast_slice(&data));
            });
            let done = rig.submit(0, |w| {
                target(w, 1, SIDE, SIDE);
                vertices(w, PrimitiveTopology::TriangleList, &quad([0.0; 4], 0.5, RED));
                let binding = VertexBufferBinding { buffer: 50, stride_bytes: 32, ..Default::default() };
                w.set_vertex_buffers(0, &[binding]);
                draw(w, 0, 3 * SIDE * SIDE);
            });
            let errors: Vec<_> = done.report.errors.iter().map(ToString::to_string).collect();
            (rig.texture(1, 0, 0).bytes, done.report.statistics, errors)
        })
    };
    let (bytes, statistics, errors) = outcome(1 << 33, 2);
    assert!(errors.is_empty() && bytes.chunks_exact(4).all(|texel| texel[2] == 255));
    assert_eq!(statistics.pixels_written, u64::from(SIDE * SIDE));
    let mut refused = 0;
    for budget in (1..=8).map(|i| i * 150_000) {
        let expected = outcome(budget, 1);
        refused += u32::from(!expected.2.is_empty());
        for threads in [2, 7] {
            assert!(outcome(budget, threads) == expected, "{threads} threads and a budget of {budget}");
        }
    }
    assert!(refused > 0);
}

#[test]
fn results_that_wait_to_be_written_are_bounded() {
    const SIZE: u64 = 1 << 27;
    let mut rig = Rig::new();
    rig.allocate(7, 0x10_0000, SIZE, 0, &[]);
    let most = limits::MAX_WRITE_BACK_BYTES / SIZE;
    let failure = rig.fail(|w| {
        buffer(w, 1, SIZE);
        w.create_buffer(CreateBuffer {
            buffer_handle: 2,
            size_bytes: SIZE,
            backing_alloc_id: 7,
            ..Default::default()
        });
        for _ in 0..=most {
            w.copy_buffer(CopyBuffer {
                dst_buffer: 2,
                src_buffer: 1,
                size_bytes: SIZE,
                flags: CopyFlags::WRITEBACK_DST.bits(),
                ..Default::default()
            });
        }
    });
    assert!(matches!(failure, Failure::TooLarge { value, .. } if value == (most + 1) * SIZE), "{failure}");
}
