//! Direct3D 9 beside Direct3D 11 on one device, and what later commands must not change.

use aerogpu::state::d3d9::render_state as rs;
use aerogpu_protocol::Format;
use aerogpu_protocol::StreamWriter;
use aerogpu_protocol::packets::*;

use crate::rig::{self, GREEN, Rig, buffer};
use crate::rig9::*;

const COMPOSITOR9: u32 = 9;
const APPLICATION11: u32 = 11;
const TOKEN: u64 = 0x5eed;

/// Samples t0 at the middle of each pixel of a full quad: Direct3D 11's side.
const COPY_VS11: &str = "
.input POSITION 0 v0.xyzw float
.output SV_Position 0 o0.xyzw float position
.output TEXCOORD 0 o1.xy float
vs_4_0
dcl_input v0.xyzw
dcl_output_siv o0.xyzw, position
dcl_output o1.xy
mov o0.xyzw, v0.xyzw
mad o1.xy, v0.xyxx, l(0.5, -0.5, 0.0, 0.0), l(0.5, 0.5, 0.0, 0.0)
ret
";
const COPY_PS11: &str = "
.input SV_Position 0 v0.xyzw float position
.input TEXCOORD 0 v1.xy float
.output SV_Target 0 o0.xyzw float
ps_4_0
dcl_sampler s0, mode_default
dcl_resource_texture2d (float,float,float,float) t0
dcl_input_ps linear v1.xy
dcl_output o0.xyzw
sample o0.xyzw, v1.xyxx, t0.xyzw, s0
ret
";
/// The same for Direct3D 9.
const COPY_VS9: &str = "
vs_2_0
def c0, 0.5, -0.5, 0.5, 0.0
dcl_position v0
mov oPos, v0
mad oT0.xy, v0, c0, c0.z
";
const COPY_PS9: &str = "ps_2_0\ndcl t0.xy\ndcl_2d s0\ntexld r0, t0, s0\nmov oC0, r0\n";

fn ok(rig: &mut Rig, context: u32, build: impl FnOnce(&mut StreamWriter)) {
    let done = rig.submit(context, build);
    assert!(done.report.errors.is_empty(), "{:?}", done.report.errors);
}

/// The rig of both, and an 8x8 target of each API; surface 1 is Direct3D 9's, 2 Direct3D 11's, 3 and 4 their aliases.
fn shared() -> Rig {
    let mut rig = rig();
    ok(&mut rig, COMPOSITOR9, |w| {
        shader(w, 70, COPY_VS9);
        shader(w, 71, COPY_PS9);
        target(w, 10, 4);
        w.export_shared_surface(10, TOKEN);
    });
    ok(&mut rig, APPLICATION11, |w| {
        w.create_shader_dxbc(72, ShaderStage::Vertex, &rig::shader(COPY_VS11));
        w.create_shader_dxbc(73, ShaderStage::Pixel, &rig::shader(COPY_PS11));
        rig::target(w, 20, 4, 4);
        w.import_shared_surface(21, TOKEN).export_shared_surface(20, TOKEN + 1);
    });
    ok(&mut rig, COMPOSITOR9, |w| {
        w.import_shared_surface(11, TOKEN + 1);
    });
    rig
}

#[test]
fn surfaces_go_both_ways_between_direct3d_9_and_11() {
    let mut rig = shared();
    // An application of Direct3D 11 draws the left half green; the compositor shows it through Direct3D 9.
    ok(&mut rig, APPLICATION11, |w| {
        rig::vertices(w, PrimitiveTopology::TriangleStrip, &rig::quad([-1.0, 1.0, 0.0, -1.0], 0.5, GREEN));
        rig::draw(w, 0, 4);
    });
    ok(&mut rig, COMPOSITOR9, |w| {
        bind(w, &quad(FULL, [0.5, 1.0], 0));
        w.bind_shaders(70, 71)
            .set_texture(ShaderStage::Pixel, 0, 11)
            .set_primitive_topology(PrimitiveTopology::TriangleStrip);
        rig::draw(w, 0, 4);
    });
    assert_eq!((rig.pixel(10, 1, 2), rig.pixel(10, 2, 2)), ([0, 255, 0, 255], [0, 0, 0, 255]));
    // Direct3D 9 draws over its right half; Direct3D 11 reads both halves back.
    ok(&mut rig, COMPOSITOR9, |w| {
        draw(w, PrimitiveTopology::TriangleStrip, &quad([0.0, 1.0, 1.0, -1.0], [0.5, 1.0], 0xffff_0000));
    });
    ok(&mut rig, APPLICATION11, |w| {
        rig::vertices(w, PrimitiveTopology::TriangleStrip, &rig::quad([-1.0, 1.0, 1.0, -1.0], 0.5, GREEN));
        w.bind_shaders(72, 73).set_texture(ShaderStage::Pixel, 0, 21);
        rig::draw(w, 0, 4);
    });
    assert_eq!((rig.pixel(20, 1, 2), rig.pixel(20, 2, 2)), ([0, 255, 0, 255], [255, 0, 0, 255]));
}

#[test]
fn contexts_of_both_keep_their_state_while_they_take_turns() {
    let mut rig = shared();
    for round in 0..3u8 {
        // Blending of Direct3D 9 and culling of Direct3D 11 stay where they were set.
        ok(&mut rig, COMPOSITOR9, |w| {
            if round == 0 {
                states(w, &[(rs::ALPHABLENDENABLE, 1), (rs::SRCBLEND, 2), (rs::DESTBLEND, 2)]);
            }
            draw_full(w, 0x0020_0000);
            w.present_ex(0, PresentFlags::empty(), 0);
        });
        ok(&mut rig, APPLICATION11, |w| {
            if round == 0 {
                rig::vertices(
                    w,
                    PrimitiveTopology::TriangleStrip,
                    &rig::quad([-1.0, 1.0, 1.0, -1.0], 0.5, GREEN),
                );
                w.set_rasterizer_state(RasterizerState {
                    cull_mode: CullMode::Front.to_u32(),
                    ..Default::default()
                });
            }
            rig::draw(w, 0, 4);
            w.present(1, false);
        });
        assert_eq!(rig.pixel(10, 0, 0), [32 * (round + 1), 0, 0, 255]);
        assert_eq!(rig.pixel(20, 0, 0), [0, 0, 0, 255], "the quad faces front and is culled");
        use aerogpu::Backend;
        let mut shown = |scanout| rig.renderer.scanout(scanout).map(|picture| picture.bytes[0]);
        assert_eq!(
            (shown(0), shown(1)),
            (Some(32 * (round + 1)), Some(0)),
            "each present shows its own target"
        );
    }
}

#[test]
fn what_is_overwritten_later_was_drawn_before() {
    let mut rig = rig();
    rig.run(|w| {
        shader(w, 60, "ps_2_0\ndcl t0.xy\ndcl_2d s0\ntexld r0, t0, s0\nadd r0, r0, c0\nmov oC0, r0\n");
        shader(w, 61, COPY_VS9);
        w.create_simple_texture(62, Format::R8G8B8A8Unorm, 1, 1, ResourceUsage::TEXTURE);
        buffer(w, 63, 8);
        let columns = [-1.0, -0.5, 0.0, 0.5];
        for (i, left) in (0..).zip(columns) {
            // The same vertices, texture, constants and indices, each time with other contents.
            bind(w, &quad([left, 1.0, left + 0.5, -1.0], [0.5, 1.0], 0));
            let indices = if i % 2 == 0 { [0u16, 1, 2, 3] } else { [1, 0, 3, 2] };
            w.upload_resource(62, 0, &[10 * i, 0, 0, 255])
                .upload_resource(63, 0, indices.map(u16::to_le_bytes).as_flattened())
                .set_shader_constants_f(ShaderStage::Pixel, 0, &[[0.0, f32::from(i) / 255.0, 0.0, 0.0]])
                .bind_shaders(61, 60)
                .set_texture(ShaderStage::Pixel, 0, 62)
                .set_index_buffer(63, IndexFormat::Uint16, 0)
                .set_primitive_topology(PrimitiveTopology::TriangleStrip)
                .draw_indexed(DrawIndexed { index_count: 4, instance_count: 1, ..Default::default() });
        }
        // Everything is gone before the queue is drawn.
        w.upload_resource(VERTICES9, 0, &[0; 80]).upload_resource(62, 0, &[255; 4]);
        w.destroy_resource(VERTICES9).destroy_resource(62).destroy_resource(63).destroy_shader(60);
    });
    for i in 0..4u8 {
        assert_eq!(rig.pixel(1, i.into(), 2), [10 * i, i, 0, 255]);
    }
}

#[test]
fn cube_maps_are_six_square_layers() {
    let mut rig = rig();
    rig.run(|w| {
        w.create_texture2d(CreateTexture2d {
            texture_handle: 60,
            usage_flags: ResourceUsage::TEXTURE.bits(),
            format: Format::R8G8B8A8Unorm.to_u32(),
            width: 1,
            height: 1,
            mip_levels: 1,
            array_layers: 6,
            ..Default::default()
        });
        let faces: Vec<u8> = (0..6).flat_map(|face| [40 * face, 0, 0, 255]).collect();
        w.upload_resource(60, 0, &faces);
        shader(w, 61, "ps_2_0\ndcl_cube s0\ntexld r0, c0, s0\nmov oC0, r0\n");
    });
    // +x, -x, +y, -y, +z, -z
    for (face, axis) in (0..6u8).zip([0, 0, 1, 1, 2, 2]) {
        rig.run(|w| {
            let mut direction = [0.1, 0.2, -0.3, 0.0];
            direction[axis] = if face % 2 == 0 { 2.0 } else { -2.0 };
            bind(w, &quad(FULL, [0.5, 1.0], 0));
            w.bind_shaders(VS9, 61)
                .set_texture(ShaderStage::Pixel, 0, 60)
                .set_shader_constants_f(ShaderStage::Pixel, 0, &[direction])
                .set_primitive_topology(PrimitiveTopology::TriangleStrip);
            rig::draw(w, 0, 4);
        });
        assert_eq!(rig.count(1, [40 * face, 0, 0, 255]), 16, "face {face}");
    }
}

#[test]
fn booleans_come_in_either_encoding() {
    // Sixteen bytes a register, as the header says, or four, as the driver does.
    for bytes_each in [4, 16] {
        let mut rig = rig();
        rig.run(|w| {
            let text = "ps_2_x\ndef c0, 0.0, 1.0, 0.0, 1.0\ndef c1, 0.0, 0.0, 1.0, 1.0\nmov r0, c0\nif b3\nmov r0, c1\nendif\nmov oC0, r0\n";
            shader(w, 60, text);
            let mut body: Vec<u8> = [1u32, 2, 2, 0].into_iter().flat_map(u32::to_le_bytes).collect();
            for value in [0u32, 1] {
                body.extend(value.to_le_bytes());
                body.extend(vec![0; bytes_each - 4]);
            }
            // Stage 1, registers 2 and 3.
            w.raw(Opcode::SetShaderConstantsB.to_u32(), &body);
            bind(w, &quad(FULL, [0.5, 1.0], 0));
            w.bind_shaders(VS9, 60).set_primitive_topology(PrimitiveTopology::TriangleStrip);
            rig::draw(w, 0, 4);
        });
        assert_eq!(rig.count(1, [0, 0, 255, 255]), 16, "{bytes_each} bytes a register");
    }
}

#[test]
fn constants_belong_to_their_stage_and_context() {
    let mut rig = rig();
    let text =
        "ps_2_x\ndef c1, 0.2, 0.0, 0.0, 0.0\nmov r0, c0\nrep i1\nadd r0, r0, c1\nendrep\nmov oC0, r0\n";
    rig.run(|w| shader(w, 60, text));
    let constants = |w: &mut StreamWriter, stage, blue: f32, turns: i32| {
        w.set_shader_constants_f(stage, 0, &[[0.0, 0.0, blue, 1.0]]).set_shader_constants_i(
            stage,
            1,
            &[[turns, 0, 0, 0]],
        );
    };
    let drawn = |rig: &mut Rig, context: u32| {
        ok(rig, context, |w| {
            w.set_render_targets(&[1], 0);
            bind(w, &quad(FULL, [0.5, 1.0], 0));
            w.bind_shaders(VS9, 60).set_primitive_topology(PrimitiveTopology::TriangleStrip);
            rig::draw(w, 0, 4);
        });
        rig.pixel(1, 0, 0)
    };
    ok(&mut rig, 0, |w| constants(w, ShaderStage::Pixel, 0.6, 3));
    ok(&mut rig, 5, |w| constants(w, ShaderStage::Pixel, 1.0, 1));
    ok(&mut rig, 0, |w| constants(w, ShaderStage::Vertex, 0.0, 5));
    assert_eq!(drawn(&mut rig, 0), [153, 0, 153, 255]);
    assert_eq!(drawn(&mut rig, 5), [51, 0, 255, 255]);
    assert_eq!(drawn(&mut rig, 6), [0, 0, 0, 0], "a new context has zeros");
}

#[test]
fn a_value_that_is_set_again_is_applied_again() {
    let mut rig = rig();
    let add = [(rs::ALPHABLENDENABLE, 1), (rs::SRCBLEND, 2), (rs::DESTBLEND, 2)];
    rig.run(|w| {
        states(w, &add);
        w.set_blend_state(BlendState {
            src_factor_alpha: BlendFactor::One.to_u32(),
            color_write_mask: 0xf,
            sample_mask: u32::MAX,
            ..Default::default()
        });
        draw_full(w, 0xff10_0000);
    });
    assert_eq!(rig.pixel(1, 0, 0), [16, 0, 0, 255], "Direct3D 11's packet came last");
    rig.run(|w| {
        states(w, &add);
        draw_full(w, 0xff10_0000);
    });
    assert_eq!(rig.pixel(1, 0, 0), [32, 0, 0, 255]);
}
