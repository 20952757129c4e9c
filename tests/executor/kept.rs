//! Draws that follow each other share what they have in common. Whatever comes between them must be seen all the same, and
//! nothing else may tell that they share.

use aerogpu::Options;
use aerogpu::limits;
use aerogpu_protocol::packets::*;
use aerogpu_protocol::{Format, StreamWriter};

use crate::rig::*;
use crate::rig9;

const OTHER_PS: u32 = 50;
const CS: u32 = 51;
const FACTORS: u32 = 52;
const ZEROS: u32 = 53;
const GREEN_QUAD: u32 = 54;
const INDICES: u32 = 55;
const TEXTURE: u32 = 56;
const GREEN_TEXTURE: u32 = 57;
const GREEN_VIEW: u32 = 58;
const SAMPLER: u32 = 59;
const CLAMP: u32 = 60;
const POSITIONS: u32 = 61;
const DEPTH: u32 = 62;
const OTHER_TARGET: u32 = 63;
const BACKED: u32 = 64;
const ALLOCATION: u32 = 7;

const LEFT: [f32; 4] = [-1.0, 1.0, 0.0, -1.0];
const RIGHT: [f32; 4] = [0.0, 1.0, 1.0, -1.0];
/// Nothing is drawn.
const NONE: [u8; 4] = [0, 0, 0, 255];
const RED8: [u8; 4] = [255, 0, 0, 255];
const GREEN8: [u8; 4] = [0, 255, 0, 255];
const BLUE8: [u8; 4] = [0, 0, 255, 255];
const YELLOW8: [u8; 4] = [255, 255, 0, 255];

/// The vertex's colour times a factor, and to that a constant and a texel beyond the right edge of a texture.
const MIXED_PS: &str = "
.input SV_Position 0 v0.xyzw float position
.input COLOR 0 v1.xyzw float
.output SV_Target 0 o0.xyzw float
ps_4_0
dcl_constantbuffer cb0[1], immediateIndexed
dcl_constantbuffer cb1[1], immediateIndexed
dcl_sampler s0, mode_default
dcl_resource_texture2d (float,float,float,float) t0
dcl_input_ps constant v1.xyzw
dcl_output o0.xyzw
dcl_temps 1
mov r0.xyzw, l(1.25, 0.5, 0.0, 0.0)
sample r0.xyzw, r0.xyxx, t0.xyzw, s0
mad r0.xyzw, v1.xyzw, cb1[0].xyzw, r0.xyzw
add o0.xyzw, r0.xyzw, cb0[0].xyzw
ret
";

const BLUE_PS: &str = "
.input SV_Position 0 v0.xyzw float position
.output SV_Target 0 o0.xyzw float
ps_4_0
dcl_output o0.xyzw
mov o0.xyzw, l(0.0, 0.0, 1.0, 1.0)
ret
";

/// Leaves no red in the factors.
const DIM_CS: &str = "
cs_5_0
dcl_uav_raw u0
dcl_thread_group 1, 1, 1
store_raw u0.x, l(0), l(0)
ret
";

fn bytes(vertices: &[Vertex]) -> Vec<u8> {
    vertices.iter().flat_map(|(p, c)| p.iter().chain(c)).flat_map(|f| f.to_le_bytes()).collect()
}

fn texture(w: &mut StreamWriter, handle: u32, texels: [[u8; 4]; 2]) {
    w.create_simple_texture(handle, Format::R8G8B8A8Unorm, 2, 1, ResourceUsage::TEXTURE);
    w.upload_resource(handle, 0, texels.as_flattened());
}

fn sampler(w: &mut StreamWriter, handle: u32, mode: SamplerAddressMode) {
    w.create_sampler(handle, SamplerFilter::Nearest, [mode; 3]);
}

fn vertex_buffer(w: &mut StreamWriter, buffer: u32, offset_bytes: u32) {
    w.set_vertex_buffers(
        0,
        &[VertexBufferBinding { buffer, stride_bytes: 32, offset_bytes, ..Default::default() }],
    );
}

fn factors(w: &mut StreamWriter, buffer: u32) {
    let range = ConstantBufferBinding { buffer, size_bytes: 16, ..Default::default() };
    w.set_constant_buffers(ShaderStage::Pixel, 1, &[range]);
}

fn rasterizer(cull: CullMode) -> RasterizerState {
    RasterizerState { cull_mode: cull.to_u32(), scissor_enable: 1, ..Default::default() }
}

/// Two red quads side by side, bound with everything that a shader can read.
fn scene() -> Rig {
    scene_with(Options::default())
}

fn scene_with(options: Options) -> Rig {
    let mut rig = Rig::with(options);
    let [red, green] =
        [RED, GREEN].map(|color| bytes(&[quad(LEFT, 0.5, color), quad(RIGHT, 0.5, color)].concat()));
    // Guest memory has green ones; the host's are newer.
    rig.allocate(ALLOCATION, 0x1000, 4096, 0, &green);
    rig.run(|w| {
        w.create_buffer(CreateBuffer {
            buffer_handle: BACKED,
            size_bytes: 256,
            backing_alloc_id: ALLOCATION,
            ..Default::default()
        });
        w.upload_resource(BACKED, 0, &red);
        for (handle, data) in [
            (FACTORS, &[1.0f32.to_le_bytes(); 4].concat()),
            (ZEROS, &vec![0; 16]),
            (GREEN_QUAD, &green),
            (INDICES, &(0..8u16).flat_map(u16::to_le_bytes).collect()),
        ] {
            buffer(w, handle, data.len() as u64);
            w.upload_resource(handle, 0, data);
        }
        texture(w, TEXTURE, [[0; 4], [0, 255, 0, 0]]);
        texture(w, GREEN_TEXTURE, [[0, 255, 0, 0]; 2]);
        w.create_texture_view(CreateTextureView {
            view_handle: GREEN_VIEW,
            texture_handle: GREEN_TEXTURE,
            format: Format::R8G8B8A8Unorm.to_u32(),
            mip_level_count: 1,
            array_layer_count: 1,
            ..Default::default()
        });
        sampler(w, SAMPLER, SamplerAddressMode::Repeat);
        sampler(w, CLAMP, SamplerAddressMode::ClampToEdge);
        w.create_input_layout(POSITIONS, &layout(&[("POSITION", 2, 0)]));
        w.create_shader_dxbc(PS, ShaderStage::Pixel, &shader(MIXED_PS));
        w.create_shader_dxbc(OTHER_PS, ShaderStage::Pixel, &shader(BLUE_PS));
        w.create_shader_dxbc(CS, ShaderStage::Compute, &shader(DIM_CS));
        w.create_simple_texture(DEPTH, Format::D32Float, 4, 4, ResourceUsage::DEPTH_STENCIL);
        target(w, OTHER_TARGET, 4, 4);
        target(w, 1, 4, 4);
        let uav =
            UnorderedAccessBufferBinding { buffer: FACTORS, initial_count: u32::MAX, ..Default::default() };
        w.bind_all_shaders(ShaderBindings { vs: VS, ps: PS, cs: CS, ..Default::default() })
            .set_unordered_access_buffers(ShaderStage::Compute, 0, &[uav])
            .set_render_targets(&[1], DEPTH)
            .set_input_layout(LAYOUT)
            .set_index_buffer(INDICES, IndexFormat::Uint16, 0)
            .set_primitive_topology(PrimitiveTopology::TriangleStrip)
            .set_rasterizer_state(rasterizer(CullMode::None))
            .set_depth_stencil_state(DepthStencilState::default())
            .set_texture(ShaderStage::Pixel, 0, TEXTURE)
            .set_samplers(ShaderStage::Pixel, 0, &[SAMPLER]);
        vertex_buffer(w, BACKED, 0);
        factors(w, FACTORS);
    });
    rig
}

fn quad_draw(w: &mut StreamWriter, indexed: bool, first: u32) {
    let counts = DrawIndexed { index_count: 4, instance_count: 1, first_index: first, ..Default::default() };
    if indexed {
        w.draw_indexed(counts);
    } else {
        draw(w, first, 4);
    }
}

/// Draws left, changes something, and draws right; gives back how many errors there were.
fn around(rig: &mut Rig, indexed: bool, change: impl FnOnce(&mut StreamWriter)) -> usize {
    let done = rig.submit(0, |w| {
        w.clear(ClearFlags::COLOR, [0.0, 0.0, 0.0, 1.0], 1.0, 0);
        quad_draw(w, indexed, 0);
        quad_draw(w, indexed, 0);
        change(w);
        quad_draw(w, indexed, 4);
    });
    done.report.errors.len()
}

/// A change, and the colour that the right quad has after it.
type Change = (&'static str, fn(&mut StreamWriter), [u8; 4]);

const CHANGES: &[Change] = &[
    ("nothing", |_| {}, RED8),
    ("a marker", |w| _ = w.debug_marker(b"here"), RED8),
    ("a flush", |w| _ = w.flush(), RED8),
    ("a present", |w| _ = w.present(0, false), RED8),
    (
        "an upload of vertices",
        |w| _ = w.upload_resource(BACKED, 128, &bytes(&quad(RIGHT, 0.5, GREEN))),
        GREEN8,
    ),
    ("guest memory", |w| _ = w.resource_dirty_range(BACKED, 0, 256), GREEN8),
    ("a copy of vertices", |w| copy(w, BACKED, GREEN_QUAD, 256), GREEN8),
    ("other vertices", |w| vertex_buffer(w, GREEN_QUAD, 0), GREEN8),
    ("the offset of vertices", |w| vertex_buffer(w, BACKED, 256), NONE),
    ("the end of the vertices", |w| _ = w.destroy_resource(BACKED), NONE),
    ("an upload of constants", |w| _ = w.upload_resource(FACTORS, 0, &[0; 4]), NONE),
    ("a copy of constants", |w| copy(w, FACTORS, ZEROS, 4), NONE),
    ("a dispatch that writes constants", |w| _ = w.dispatch(1, 1, 1), NONE),
    ("other constants", |w| factors(w, ZEROS), [0; 4]),
    ("the end of the constants", |w| _ = w.destroy_resource(FACTORS), [0; 4]),
    (
        "constant registers",
        |w| _ = w.set_shader_constants_f(ShaderStage::Pixel, 0, &[[0.0, 1.0, 0.0, 0.0]]),
        YELLOW8,
    ),
    ("an upload of texels", |w| _ = w.upload_resource(TEXTURE, 0, &[0, 255, 0, 0]), YELLOW8),
    ("a copy of texels", copy_texel, YELLOW8),
    ("another texture", |w| _ = w.set_texture(ShaderStage::Pixel, 0, GREEN_TEXTURE), YELLOW8),
    ("a view", |w| _ = w.set_texture(ShaderStage::Pixel, 0, GREEN_VIEW), YELLOW8),
    ("another sampler", |w| _ = w.set_samplers(ShaderStage::Pixel, 0, &[CLAMP]), YELLOW8),
    ("the same handle for a sampler", |w| sampler(w, SAMPLER, SamplerAddressMode::ClampToEdge), YELLOW8),
    ("the end of the sampler", |w| _ = w.destroy_sampler(SAMPLER), YELLOW8),
    ("another shader", |w| _ = w.bind_shaders(VS, OTHER_PS), BLUE8),
    (
        "the same handle for a shader",
        |w| _ = w.create_shader_dxbc(PS, ShaderStage::Pixel, &shader(BLUE_PS)),
        BLUE8,
    ),
    ("another layout", |w| _ = w.set_input_layout(POSITIONS), NONE),
    (
        "the same handle for a layout",
        |w| _ = w.create_input_layout(LAYOUT, &layout(&[("POSITION", 2, 0)])),
        NONE,
    ),
    ("the end of the layout", |w| _ = w.destroy_input_layout(LAYOUT), NONE),
    (
        "a write mask",
        |w| _ = w.set_blend_state(BlendState { color_write_mask: 14, sample_mask: 1, ..Default::default() }),
        NONE,
    ),
    (
        "a sample mask",
        |w| _ = w.set_blend_state(BlendState { color_write_mask: 15, ..Default::default() }),
        NONE,
    ),
    ("culling", |w| _ = w.set_rasterizer_state(rasterizer(CullMode::Front)), NONE),
    (
        "a depth test",
        |w| {
            _ = w.set_depth_stencil_state(DepthStencilState {
                depth_enable: 1,
                depth_func: CompareFunc::Never.to_u32(),
                ..Default::default()
            });
        },
        NONE,
    ),
    ("a viewport", |w| _ = w.set_viewport([0.0, 0.0, 2.0, 4.0], [0.0, 1.0]), NONE),
    ("a scissor", |w| _ = w.set_scissor(0, 0, 2, 4), NONE),
    ("a topology", |w| _ = w.set_primitive_topology(PrimitiveTopology::PointList), NONE),
    ("another target", |w| _ = w.set_render_targets(&[OTHER_TARGET], 0), NONE),
    (
        "the same target again",
        |w| _ = w.set_render_targets(&[OTHER_TARGET], 0).set_render_targets(&[1], 0),
        RED8,
    ),
];

fn copy(w: &mut StreamWriter, dst_buffer: u32, src_buffer: u32, size_bytes: u64) {
    w.copy_buffer(CopyBuffer { dst_buffer, src_buffer, size_bytes, ..Default::default() });
}

fn copy_texel(w: &mut StreamWriter) {
    w.copy_texture2d(CopyTexture2d {
        dst_texture: TEXTURE,
        src_texture: GREEN_TEXTURE,
        width: 2,
        height: 1,
        ..Default::default()
    });
}

#[test]
fn a_draw_sees_what_changed_since_the_last_one() {
    for &(name, change, expected) in CHANGES {
        for indexed in [false, true] {
            let mut rig = scene();
            assert_eq!(around(&mut rig, indexed, change), 0, "{name}");
            assert_eq!(rig.pixel(1, 0, 1), RED8, "{name}: what came before");
            assert_eq!(rig.pixel(1, 2, 1), expected, "{name}");
        }
    }
}

#[test]
fn an_indexed_draw_sees_other_indices() {
    let changes: [Change; 4] = [
        ("an upload", |w| _ = w.upload_resource(INDICES, 8, &[0; 8]), NONE),
        ("another buffer", |w| _ = w.set_index_buffer(ZEROS, IndexFormat::Uint16, 0), NONE),
        ("an offset", |w| _ = w.set_index_buffer(INDICES, IndexFormat::Uint16, 8), NONE),
        ("none", |w| _ = w.destroy_resource(INDICES), NONE),
    ];
    for (name, change, expected) in changes {
        let mut rig = scene();
        assert_eq!(around(&mut rig, true, change), 0, "{name}");
        assert_eq!([rig.pixel(1, 0, 1), rig.pixel(1, 2, 1)], [RED8, expected], "{name}");
    }
}

#[test]
fn a_clear_between_draws_stays_between_them() {
    let mut rig = scene();
    around(&mut rig, false, |w| _ = w.clear(ClearFlags::COLOR, GREEN, 1.0, 0));
    assert_eq!([rig.pixel(1, 0, 1), rig.pixel(1, 2, 1)], [GREEN8, RED8]);
}

#[test]
fn a_draw_fails_when_what_it_needs_is_gone() {
    for (indexed, handle) in [(false, VS), (true, VS), (false, PS)] {
        let mut rig = scene();
        assert_eq!(around(&mut rig, indexed, |w| _ = w.destroy_shader(handle)), 1);
        assert_eq!([rig.pixel(1, 0, 1), rig.pixel(1, 2, 1)], [RED8, NONE]);
    }
}

#[test]
fn other_contexts_and_submissions_change_what_is_read() {
    let mut rig = scene();
    rig.run(|w| quad_draw(w, false, 0));
    rig.submit(1, |w| _ = w.upload_resource(FACTORS, 0, &[0; 4]).bind_shaders(VS, OTHER_PS));
    rig.run(|w| quad_draw(w, false, 4));
    assert_eq!([rig.pixel(1, 0, 1), rig.pixel(1, 2, 1)], [RED8, NONE]);
}

/// A constant and a texel.
const ADD_PS9: &str = "
ps_2_0
def c1, 0.5, 0.5, 0.5, 0.5
dcl_2d s0
mov r0, c1
texld r0, r0, s0
add r0, r0, c0
mov oC0, r0
";

#[test]
fn direct3d_9_draws_see_other_states() {
    use aerogpu::state::d3d9::{render_state as rs, sampler_state as ss};
    let changes: [Change; 7] = [
        ("nothing", |_| {}, [0, 188, 0, 255]),
        ("a write mask", |w| _ = w.set_render_state(rs::COLORWRITEENABLE, 8), [0, 0, 0, 255]),
        ("culling", |w| _ = w.set_render_state(rs::CULLMODE, 2), [0, 0, 0, 255]),
        (
            "a sampler",
            |w| _ = w.set_sampler_state(ShaderStage::Pixel, 0, ss::SRGBTEXTURE, 1),
            [0, 128, 0, 255],
        ),
        (
            "a constant",
            |w| _ = w.set_shader_constants_f(ShaderStage::Pixel, 0, &[[1.0, 0.0, 0.0, 1.0]]),
            [255, 188, 0, 255],
        ),
        ("texels", |w| _ = w.upload_resource(TEXTURE, 0, &[0, 255, 0, 0].repeat(2)), [0, 255, 0, 255]),
        (
            "no alpha test",
            |w| {
                w.set_render_state(rs::ALPHATESTENABLE, 1).set_render_state(rs::ALPHAFUNC, 1);
            },
            [0, 0, 0, 255],
        ),
    ];
    for (name, change, expected) in changes {
        let mut rig = rig9::rig();
        rig.run(|w| {
            texture(w, TEXTURE, [[0, 188, 0, 0]; 2]);
            rig9::shader(w, 80, ADD_PS9);
            let quads = [LEFT, RIGHT].map(|place| rig9::quad(place, [0.5, 1.0], 0));
            rig9::bind(w, quads.as_flattened());
            w.set_render_targets(&[1], 0)
                .clear(ClearFlags::COLOR, [0.0, 0.0, 0.0, 1.0], 1.0, 0)
                .bind_shaders(rig9::VS9, 80)
                .set_texture(ShaderStage::Pixel, 0, TEXTURE)
                .set_shader_constants_f(ShaderStage::Pixel, 0, &[[0.0, 0.0, 0.0, 1.0]])
                .set_primitive_topology(PrimitiveTopology::TriangleStrip);
            draw(w, 0, 4);
            draw(w, 0, 4);
            change(w);
            draw(w, 4, 4);
        });
        assert_eq!([rig.pixel(1, 0, 1), rig.pixel(1, 2, 1)], [[0, 188, 0, 255], expected], "{name}");
    }
}

#[test]
fn a_direct3d_9_target_that_is_read_shows_every_draw() {
    let mut rig = rig9::rig();
    rig.run(|w| {
        rig9::shader(w, 80, ADD_PS9);
        rig9::bind(w, &rig9::quad(rig9::FULL, [0.5, 1.0], 0));
        w.set_render_targets(&[1], 0)
            .clear(ClearFlags::COLOR, [0.0, 0.0, 0.0, 1.0], 1.0, 0)
            .bind_shaders(rig9::VS9, 80)
            .set_texture(ShaderStage::Pixel, 0, 1)
            .set_shader_constants_f(ShaderStage::Pixel, 0, &[[0.2, 0.0, 0.0, 0.0]])
            .set_primitive_topology(PrimitiveTopology::TriangleStrip);
        (0..4).for_each(|_| draw(w, 0, 4));
    });
    assert_eq!(rig.pixel(1, 2, 2), [204, 0, 0, 255], "four times a fifth");
}

/// Draws of all kinds of counts; `between` comes between them.
fn mixed_draws(w: &mut StreamWriter, between: fn(&mut StreamWriter)) {
    w.clear(ClearFlags::COLOR, [0.0; 4], 1.0, 0);
    let numbers = |i: u32| (3 + i % 5, 1 + i % 3, i % 7, u32::from(i.is_multiple_of(11)));
    for (count, instance_count, first, first_instance) in (0..60).map(numbers) {
        between(w);
        w.draw(Draw {
            vertex_count: count,
            instance_count,
            first_vertex: first,
            first_instance,
            ..Default::default()
        });
    }
    for (index_count, instance_count, first_index, first_instance) in (0..60).map(numbers) {
        between(w);
        let base_vertex = first_index as i32 - 3;
        w.draw_indexed(DrawIndexed {
            index_count,
            instance_count,
            first_index,
            base_vertex,
            first_instance,
            ..Default::default()
        });
    }
    between(w);
    draw(w, 0, 2);
    draw(w, 0, 0);
    draw(w, 0, limits::SMALL_DRAW as u32 + 1);
    draw(w, 4, 4);
    w.draw(Draw { vertex_count: u32::MAX, instance_count: u32::MAX, ..Default::default() });
    draw(w, 0, 4);
}

/// The scene and the report after [`mixed_draws`], when packets of one size that end what draws share, or do not, come between
/// them.
fn apart_and_together(budget: u64) -> [(Vec<u8>, String); 2] {
    let betweens: [fn(&mut StreamWriter); 2] = [|w| _ = w.flush(), |w| _ = w.debug_marker(b"as large")];
    betweens.map(|between| {
        let mut rig = scene_with(Options { budget, ..Options::default() });
        let done = rig.submit(0, |w| mixed_draws(w, between));
        (rig.texture(1, 0, 0).bytes, format!("{:?}", done.report))
    })
}

#[test]
fn draws_that_share_cost_and_count_what_they_would_apart() {
    let [apart, together] = apart_and_together(limits::SUBMISSION_BUDGET);
    assert!(apart == together);
    // Wherever the budget ends, it ends the same draw.
    for budget in (0..150).map(|i| 3000 + i * 997) {
        let [apart, together] = apart_and_together(budget);
        assert!(apart == together, "{budget}:\n{}\n{}", apart.1, together.1);
    }
}
