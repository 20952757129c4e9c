//! The laws of the cost model, over random scenes.

use aerogpu::Options;
use aerogpu::backend::Report;
use aerogpu::cycles::{CostTable, Stage, Work, cost};
use aerogpu::engine::Engine;
use aerogpu_protocol::Format;
use aerogpu_protocol::StreamWriter;
use aerogpu_protocol::packets::*;
use proptest::prelude::*;

use crate::rig::*;

const TABLE: &CostTable = &CostTable::VGPU_1;
const SIZE: u32 = 40;
const SHADER: u32 = 50;
const TEXTURE: u32 = 51;

/// A loop of as many turns as the red of a pixel says.
const LOOPING: &str = "
.input SV_Position 0 v0.xyzw float position
.input COLOR 0 v1.xyzw float
.output SV_Target 0 o0.xyzw float
ps_4_0
dcl_input_ps linear v1.xyzw
dcl_output o0.xyzw
dcl_temps 1
mov r0.xyzw, l(0, 0, 0, 0)
loop
  ge r0.y, r0.x, v1.x
  breakc_nz r0.y
  add r0.x, r0.x, l(0.25)
endloop
mov o0.xyzw, r0.xxxx
ret
";

/// A texture by the colour, and nothing where it is dark.
const TEXTURED: &str = "
.input SV_Position 0 v0.xyzw float position
.input COLOR 0 v1.xyzw float
.output SV_Target 0 o0.xyzw float
ps_4_0
dcl_sampler s0, mode_default
dcl_resource_texture2d (float,float,float,float) t0
dcl_input_ps linear v1.xyzw
dcl_output o0.xyzw
dcl_temps 1
sample r0.xyzw, v1.xyxx, t0.xyzw, s0
lt r0.x, v1.x, l(0.5)
discard_nz r0.x
mov o0.xyzw, r0.xyzw
ret
";

#[derive(Debug, Clone)]
struct Scene {
    triangles: Vec<[Vertex; 3]>,
    shader: Option<&'static str>,
    depth: bool,
    blend: bool,
    scissor: i32,
}

fn scenes() -> impl Strategy<Value = Scene> {
    let coordinate = || -1.4..1.4f32;
    let position = (coordinate(), coordinate(), -0.3..1.3f32, 0.5..2.0f32);
    let vertex = (position, 0.0..4.0f32).prop_map(|((x, y, z, w), red)| ([x, y, z, w], [red, 0.5, 0.0, 0.5]));
    let triangle = prop::array::uniform3(vertex);
    let shader = prop::sample::select(vec![None, Some(LOOPING), Some(TEXTURED)]);
    (prop::collection::vec(triangle, 2..21), shader, any::<bool>(), any::<bool>(), 1..SIZE as i32).prop_map(
        |(triangles, shader, depth, blend, scissor)| Scene { triangles, shader, depth, blend, scissor },
    )
}

impl Scene {
    /// Binds everything.
    fn bind(&self, w: &mut StreamWriter) {
        target(w, 1, SIZE, SIZE);
        w.create_simple_texture(2, Format::D32Float, SIZE, SIZE, ResourceUsage::DEPTH_STENCIL)
            .set_render_targets(&[1], 2)
            .clear(ClearFlags::DEPTH, [0.0; 4], 1.0, 0)
            .create_simple_texture(TEXTURE, Format::R8G8B8A8Unorm, 8, 8, ResourceUsage::TEXTURE)
            .set_texture(ShaderStage::Pixel, 0, TEXTURE)
            .set_scissor(0, 0, self.scissor, self.scissor);
        vertices(w, PrimitiveTopology::TriangleList, self.triangles.as_flattened());
        w.set_rasterizer_state(RasterizerState {
            cull_mode: CullMode::Back.to_u32(),
            scissor_enable: 1,
            ..Default::default()
        });
        w.set_depth_stencil_state(DepthStencilState {
            depth_enable: self.depth.into(),
            depth_write_enable: 1,
            depth_func: CompareFunc::Less.to_u32(),
            ..Default::default()
        });
        w.set_blend_state(BlendState {
            enable: self.blend.into(),
            src_factor: BlendFactor::One.to_u32(),
            dst_factor: BlendFactor::One.to_u32(),
            src_factor_alpha: BlendFactor::One.to_u32(),
            dst_factor_alpha: BlendFactor::One.to_u32(),
            color_write_mask: 0xf,
            sample_mask: u32::MAX,
            ..Default::default()
        });
        if let Some(text) = self.shader {
            w.create_shader_dxbc(SHADER, ShaderStage::Pixel, &shader(text)).bind_shaders(VS, SHADER);
        }
    }

    /// Draws ranges of the triangles in one submission.
    fn draw(&self, options: Options, ranges: &[[usize; 2]]) -> Report {
        let mut rig = Rig::with(options);
        let done = rig.run(|w| {
            self.bind(w);
            ranges.iter().for_each(|[from, to]| draw(w, 3 * *from as u32, 3 * (to - from) as u32));
        });
        done.report
    }

    fn work(&self, ranges: &[[usize; 2]]) -> Vec<Work> {
        self.draw(Options::default(), ranges).commands.iter().map(|command| command.work).collect()
    }
}

/// What a draw does beside the packets that lead to it.
fn without_front_end(work: &Work) -> Work {
    Work { fe_packets: 0, fe_bytes: 0, fe_state_groups: 0, ..*work }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn counts_do_not_depend_on_the_host(scene in scenes()) {
        let ranges = [[0, scene.triangles.len()]];
        let expected = scene.draw(Options::default(), &ranges);
        let levels = ["sse2", "sse4.2", "avx2", "avx512", "neon"];
        let engines = levels.iter().filter_map(|level| Engine::level(level)).map(Engine::Simd);
        for (engine, tile_size) in engines.chain([Engine::Scalar]).zip([8, 16, 32, 64].into_iter().cycle()) {
            for threads in [1, 2, 8] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
                let options = Options { engine, tile_size, ..Options::default() };
                let found = pool.install(|| scene.draw(options, &ranges));
                prop_assert_eq!(&found.commands, &expected.commands, "{:?} {} {}", engine, tile_size, threads);
                prop_assert_eq!(found.work, expected.work);
            }
        }
    }

    #[test]
    fn a_draw_in_two_parts_counts_as_one(scene in scenes(), cut in 0.0..1.0f64) {
        let all = scene.triangles.len();
        let cut = (1 + (cut * (all - 1) as f64) as usize).min(all - 1);
        let whole = without_front_end(&scene.work(&[[0, all]])[0]);
        let parts = scene.work(&[[0, cut], [cut, all]]);
        let sum = without_front_end(&parts[0].merged(parts[1]));
        prop_assert_eq!(sum.draws, 2);
        for counter in Work::COUNTERS {
            let (whole, sum) = ((counter.get)(&whole), (counter.get)(&sum));
            // A draw's bytes are rounded up to lines of 64 bytes, once in each direction.
            let slack = match counter.name {
                "draw.count" | "tex.lines" => 1,
                "mem.bytes_read" => 64,
                "mem.lines" => 3,
                _ => 0,
            };
            prop_assert!(whole <= sum && sum <= whole + slack, "{}: {whole} {sum}", counter.name);
        }
    }

    #[test]
    fn more_primitives_and_more_pixels_never_cost_less(scene in scenes()) {
        let all = scene.triangles.len();
        let whole = scene.work(&[[0, all]])[0];
        let fewer = scene.work(&[[0, all - 1]])[0];
        let narrow = Scene { scissor: (scene.scissor / 2).max(1), ..scene.clone() }.work(&[[0, all]])[0];
        let whole_cycles = cost(&whole, TABLE);
        for less in [fewer, narrow] {
            let cycles = cost(&less, TABLE);
            for &stage in Stage::ALL {
                prop_assert!(cycles.of(stage) <= whole_cycles.of(stage), "{stage:?}");
            }
            prop_assert!(cycles.total() <= whole_cycles.total());
        }
    }

    #[test]
    fn no_work_costs_the_front_end_only(scene in scenes(), empty in any::<bool>()) {
        let mut rig = Rig::new();
        rig.run(|w| scene.bind(w));
        let done = rig.run(|w| {
            w.set_scissor(0, 0, 1, 1).set_primitive_topology(PrimitiveTopology::TriangleList);
            if empty {
                draw(w, 0, 0);
            }
        });
        let report = done.report;
        prop_assert!(report.commands.is_empty());
        let cycles = cost(&report.work, TABLE);
        prop_assert_eq!(report.cycles(TABLE), cycles.total());
        prop_assert_eq!(cycles.total().0, cycles.fe);
        prop_assert!(cycles.fe > 0);
    }

    #[test]
    fn all_that_is_counted_is_told_apart(scene in scenes()) {
        let all = scene.triangles.len();
        let report = scene.draw(Options::default(), &[[0, 1], [1, all], [0, all]]);
        prop_assert_eq!(report.commands.len(), 3);
        let sum = report.commands.iter().fold(report.rest(), |sum, command| sum.merged(command.work));
        prop_assert_eq!(sum, report.work);
        let draws: u64 = report.commands.iter().map(|command| cost(&command.work, TABLE).total().0).sum();
        prop_assert_eq!(report.cycles(TABLE).0, draws + cost(&report.rest(), TABLE).total().0);
        // Two clears; nothing else is not a draw's but the vertices' upload.
        prop_assert_eq!(report.rest().clear_bytes, 2 * 4 * u64::from(SIZE * SIZE));
        prop_assert_eq!(report.rest().copy_bytes_written, 3 * 32 * all as u64);
    }
}

/// Two triangles over a target of 32x32, by hand.
#[test]
fn a_rectangle_by_hand() {
    let mut rig = Rig::with(Options::default());
    let strip = |w: &mut StreamWriter, text: &str, red: f32| {
        target(w, 1, 32, 32);
        vertices(
            w,
            PrimitiveTopology::TriangleStrip,
            &quad([-1.0, 1.0, 1.0, -1.0], 0.5, [red, 0.5, 0.0, 1.0]),
        );
        w.create_simple_texture(TEXTURE, Format::R8G8B8A8Unorm, 64, 64, ResourceUsage::TEXTURE)
            .set_texture(ShaderStage::Pixel, 0, TEXTURE)
            .create_shader_dxbc(SHADER, ShaderStage::Pixel, &shader(text))
            .bind_shaders(VS, SHADER);
        draw(w, 0, 4);
    };
    let work = rig.run(|w| strip(w, TEXTURED, 1.0)).report.commands[0].work;
    // 4 vertices of 32 bytes; 2 movs and a ret each.
    assert_eq!((work.ia_indices, work.ia_vertex_bytes, work.vs_alu_slots), (4, 128, 12));
    // The diagonal runs through 16 quads, which both triangles shade.
    let quads = 16 * 16 + 16;
    assert_eq!((work.raster_quads, work.ps_quads, work.rop_quads), (quads, quads, quads));
    // lt, discard, mov and ret; a sample; one input vector. The default sampler's levels do not matter: there is one.
    assert_eq!((work.ps_alu_slots, work.ps_tex_slots, work.ps_slots), (4 * quads, quads, 4 * quads));
    assert_eq!((work.tex_samples, work.tex_lines), (4 * quads, quads / 4), "four texels of 4 bytes a quad");
    let bytes = 16 * quads;
    assert_eq!((work.mem_bytes_read, work.mem_bytes_written), (128 + bytes, bytes));
    assert_eq!(work.mem_lines, 2 + 2 * quads / 4);
    // A quad that turns four times more: ge, breakc, add and endloop each. It stops in the fifth turn.
    let mut rig = Rig::with(Options::default());
    let work = rig.run(|w| strip(w, LOOPING, 1.0)).report.commands[0].work;
    assert_eq!(work.ps_alu_slots, quads * (8 + 4 * 4));
}
