//! Direct3D 9's states after the vertex shader: fog, alpha test, sRGB, stencil, depth bias (d3d-rules §17.3).

use aerogpu::Options;
use aerogpu::state::d3d9::{render_state as rs, sampler_state as ss};
use aerogpu_protocol::packets::*;
use aerogpu_protocol::{Format, StreamWriter};

use crate::rig::Rig;
use crate::rig9::*;

const RED: u32 = 0xffff_0000;
const LINEAR: u32 = 3;

/// Fog of blue between 1 and 5, density 1/4.
const FOG: [(u32, u32); 5] = [
    (rs::FOGENABLE, 1),
    (rs::FOGCOLOR, 0x3300_00ff),
    (rs::FOGSTART, 1.0f32.to_bits()),
    (rs::FOGEND, 5.0f32.to_bits()),
    (rs::FOGDENSITY, 0.25f32.to_bits()),
];

/// What a full red quad at z = 0.5 and this w comes to in fog, after `set` changed what it likes.
fn fogged(w: f32, more: &[(u32, u32)], set: impl FnOnce(&mut StreamWriter)) -> [u8; 4] {
    let mut rig = rig();
    rig.run(|writer| {
        bind(writer, &quad(FULL, [0.5, w], RED));
        states(writer, &FOG);
        states(writer, more);
        set(writer);
        writer.set_primitive_topology(PrimitiveTopology::TriangleStrip);
        crate::rig::draw(writer, 0, 4);
    });
    let pixel = rig.pixel(1, 0, 0);
    assert_eq!(rig.count(1, pixel), 16);
    pixel
}

/// `fogged = fog + (colour - fog) f`; alpha stays.
fn mixed(f: f64) -> [u8; 4] {
    [(f * 255.0).round() as u8, 0, ((1.0 - f) * 255.0).round() as u8, 255]
}

#[test]
fn table_fog_grows_with_w() {
    let table = |mode| fogged(2.0, &[(rs::FOGTABLEMODE, mode)], |_| {});
    // (5 - 2) / 4; the reciprocal of w would give more than 1.
    assert_eq!(table(LINEAR), mixed(0.75));
    // e to the -1/2, and to the -1/4.
    assert_eq!(table(1), mixed(0.606_53));
    assert_eq!(table(2), mixed(0.778_80));
    assert_eq!(fogged(0.5, &[(rs::FOGTABLEMODE, LINEAR)], |_| {}), mixed(1.0));
    assert_eq!(fogged(9.0, &[(rs::FOGTABLEMODE, LINEAR)], |_| {}), mixed(0.0));
    // The table comes before the vertices' mode; without the switch there is none.
    assert_eq!(fogged(2.0, &[(rs::FOGTABLEMODE, LINEAR), (rs::FOGVERTEXMODE, 1)], |_| {}), mixed(0.75));
    assert_eq!(fogged(2.0, &[(rs::FOGTABLEMODE, LINEAR), (rs::FOGENABLE, 0)], |_| {}), mixed(1.0));
}

#[test]
fn table_fog_of_transformed_vertices_grows_with_z() {
    let transformed = |w: &mut StreamWriter| {
        w.create_input_layout(60, &declaration(&[(0, 0, FLOAT4, POSITIONT), (0, 16, D3DCOLOR, COLOR)]));
        w.set_input_layout(60);
    };
    let near_far = [(rs::FOGTABLEMODE, LINEAR), (rs::FOGSTART, 0), (rs::FOGEND, 2.0f32.to_bits())];
    assert_eq!(fogged(8.0, &near_far, transformed), mixed(0.75));
}

#[test]
fn vertex_fog_is_what_the_vertex_shader_says() {
    let says = |value: f32| {
        move |w: &mut StreamWriter| {
            let text = format!(
                "vs_2_0\ndef c0, {value}, 0.0, 0.0, 0.0\ndcl_position v0\ndcl_color v1\nmov oPos, v0\nmov oD0, v1\nmov oFog, c0.x\n"
            );
            shader(w, 60, &text);
            w.bind_shaders(60, PS9);
        }
    };
    // The mode does not matter: the factor is taken as it is, and between 0 and 1.
    for mode in [0, 1, LINEAR] {
        assert_eq!(fogged(2.0, &[(rs::FOGVERTEXMODE, mode)], says(0.25)), mixed(0.25));
    }
    assert_eq!(fogged(2.0, &[], says(4.0)), mixed(1.0));
    assert_eq!(fogged(2.0, &[], says(-1.0)), mixed(0.0));
    // A vertex shader that says nothing: all fog.
    assert_eq!(fogged(2.0, &[(rs::FOGVERTEXMODE, LINEAR)], |_| {}), mixed(0.0));
}

#[test]
fn fog_is_neither_for_shader_model_3_nor_twice_for_the_driver_s_shaders() {
    let table = [(rs::FOGTABLEMODE, LINEAR)];
    let model3 = |w: &mut StreamWriter| {
        shader(w, 60, "ps_3_0\ndcl_color v0\nmov oC0, v0\n");
        w.bind_shaders(VS9, 60);
    };
    assert_eq!(fogged(2.0, &table, model3), mixed(1.0));
    let driver_s = |w: &mut StreamWriter| {
        w.create_shader_dxbc(60, ShaderStage::Pixel, &driver_code("ps_2_0\nmov oC0, v0\n"));
        w.bind_shaders(VS9, 60);
    };
    assert_eq!(fogged(2.0, &table, driver_s), mixed(1.0));
    // An application's pixel shader with the driver's stand-in for the fixed pipeline: vertex fog by distance.
    let stand_in = |w: &mut StreamWriter| {
        w.create_shader_dxbc(60, ShaderStage::Vertex, &driver_code("vs_2_0\nmov oPos, v0\nmov oD0, v1\n"));
        w.bind_shaders(60, PS9);
    };
    assert_eq!(fogged(2.0, &[(rs::FOGVERTEXMODE, LINEAR)], stand_in), mixed(0.75));
    assert_eq!(fogged(2.0, &[], stand_in), mixed(1.0));
}

#[test]
fn the_alpha_test_compares_whole_numbers() {
    // Alpha 128; passes below, at and above.
    let functions: [(u32, [bool; 3]); 9] = [
        (0, [true, true, true]),
        (1, [false, false, false]),
        (2, [false, false, true]),
        (3, [false, true, false]),
        (4, [false, true, true]),
        (5, [true, false, false]),
        (6, [true, false, true]),
        (7, [true, true, false]),
        (8, [true, true, true]),
    ];
    for (function, passes) in functions {
        // Only the low byte of the reference counts.
        for (reference, passes) in [127, 128 | 0x100, 129].into_iter().zip(passes) {
            let mut rig = rig();
            rig.run(|w| {
                states(w, &[(rs::ALPHATESTENABLE, 1), (rs::ALPHAFUNC, function), (rs::ALPHAREF, reference)]);
                draw_full(w, 0x80ff_ffff);
            });
            let drawn = rig.count(1, [255, 255, 255, 128]);
            assert_eq!(drawn, if passes { 16 } else { 0 }, "function {function}, reference {reference}");
        }
    }
}

#[test]
fn the_alpha_test_spares_the_depth() {
    let mut rig = rig();
    rig.run(|w| {
        depth_target(w, 2, Format::D32Float, 1.0, 0);
        states(w, &[(rs::ALPHATESTENABLE, 1), (rs::ALPHAFUNC, 5), (rs::ALPHAREF, 0x80)]);
        draw_full(w, 0x80ff_ffff);
    });
    assert_eq!(rig.texture(2, 0, 0).bytes, 1.0f32.to_le_bytes().repeat(16));
}

#[test]
fn srgb_is_decoded_when_it_is_read_and_blended_linear_when_it_is_written() {
    let mut rig = rig();
    let textured = |w: &mut StreamWriter| {
        shader(w, 61, "ps_2_0\ndcl t0.xy\ndcl_2d s0\ntexld r0, t0, s0\nmov oC0, r0\n");
        w.create_simple_texture(62, Format::R8G8B8A8Unorm, 1, 1, ResourceUsage::TEXTURE)
            .upload_resource(62, 0, &[188, 0, 255, 128])
            .set_texture(ShaderStage::Pixel, 0, 62);
        bind(w, &quad(FULL, [0.5, 1.0], 0));
        w.bind_shaders(VS9, 61).set_primitive_topology(PrimitiveTopology::TriangleStrip);
    };
    // 188 is 0.5029 in linear light, 128 of 255; alpha is never encoded.
    for (read, write, expected) in [(0, 0, 188), (1, 0, 128), (0, 1, 223), (1, 1, 188)] {
        rig.run(|w| {
            textured(w);
            w.set_sampler_state(ShaderStage::Pixel, 0, ss::SRGBTEXTURE, read)
                .set_render_state(rs::SRGBWRITEENABLE, write);
            crate::rig::draw(w, 0, 4);
            w.destroy_resource(62).destroy_shader(61);
        });
        assert_eq!(rig.pixel(1, 1, 1), [expected, 0, 255, 128], "read {read}, write {write}");
    }
    // 188 and 1/8 more: 0.50289 + 0.12549 is 208 encoded, where a sum of bytes would be more.
    rig.run(|w| {
        states(
            w,
            &[(rs::SRGBWRITEENABLE, 1), (rs::ALPHABLENDENABLE, 1), (rs::SRCBLEND, 2), (rs::DESTBLEND, 2)],
        );
        draw_full(w, 0x0020_2020);
    });
    assert_eq!(rig.pixel(1, 0, 0), [208, 99, 255, 128]);
}

#[test]
fn clears_follow_the_scissor_and_encode() {
    let mut rig = rig();
    rig.run(|w| {
        states(w, &[(rs::SCISSORTESTENABLE, 1), (rs::SRGBWRITEENABLE, 1)]);
        w.set_scissor(1, 1, 2, 2).clear(ClearFlags::COLOR, [0.5, 0.0, 1.0, 0.5], 1.0, 0);
    });
    assert_eq!((rig.count(1, [188, 0, 255, 128]), rig.count(1, [0, 0, 0, 255])), (4, 12));
    assert_eq!(rig.pixel(1, 2, 1), [188, 0, 255, 128]);
}

/// The stencil byte of each pixel of a D24S8 target.
fn stencils(rig: &mut Rig, handle: u32) -> Vec<u8> {
    rig.texture(handle, 0, 0).bytes.chunks_exact(4).map(|texel| texel[3]).collect()
}

#[test]
fn stencil_operations_by_face() {
    const CLOCKWISE: [usize; 3] = [0, 1, 2];
    // Operation on 5 with reference 7: what is left, and of 0 and 255 where the ends matter.
    let operations: [(u32, u8, u8, u8); 9] = [
        (0, 5, 0, 255),
        (1, 5, 0, 255),
        (2, 0, 0, 0),
        (3, 7, 7, 7),
        (4, 6, 1, 255),
        (5, 4, 0, 254),
        (6, 250, 255, 0),
        (7, 6, 1, 0),
        (8, 4, 255, 254),
    ];
    for two_sided in [0, 1] {
        for (operation, from_5, from_0, from_255) in operations {
            for (before, after) in [(5, from_5), (0, from_0), (255, from_255)] {
                // A triangle over everything, clockwise and turned around; clockwise ones invert the low bit of the others.
                for clockwise in [true, false] {
                    let corners = [(-1.0, 3.0), (3.0, -1.0), (-1.0, -1.0)];
                    let order = if clockwise { CLOCKWISE } else { [0, 2, 1] };
                    let vertices = order.map(|i| ([corners[i].0, corners[i].1, 0.5, 1.0], RED));
                    let mut rig = rig();
                    rig.run(|w| {
                        depth_target(w, 2, Format::D24UnormS8Uint, 1.0, before);
                        let on = [(rs::STENCILENABLE, 1), (rs::STENCILFUNC, 8), (rs::STENCILREF, 7)];
                        states(w, &on);
                        states(w, &[(rs::STENCILPASS, operation), (rs::TWOSIDEDSTENCILMODE, two_sided)]);
                        // Counter-clockwise faces never pass, and their stencil becomes 0.
                        states(w, &[(rs::CCW_STENCILFAIL, 2), (rs::CCW_STENCILFAIL + 3, 1)]);
                        draw(w, PrimitiveTopology::TriangleList, &vertices);
                    });
                    let own = two_sided == 1 && !clockwise;
                    let expected = if own { 0 } else { after };
                    assert_eq!(
                        stencils(&mut rig, 2),
                        [expected; 16],
                        "operation {operation} on {before}, two-sided {two_sided}, clockwise {clockwise}"
                    );
                    assert_eq!(rig.count(1, [255, 0, 0, 255]), if own { 0 } else { 16 });
                }
            }
        }
    }
}

#[test]
fn stencil_masks_and_depth_failures() {
    let mut rig = rig();
    rig.run(|w| {
        depth_target(w, 2, Format::D24UnormS8Uint, 0.25, 0x35);
        // 0x35 & 0xf0 equals 0x3f & 0xf0; the depth test fails and replaces what the write mask lets.
        states(
            w,
            &[
                (rs::STENCILENABLE, 1),
                (rs::STENCILFUNC, 3),
                (rs::STENCILREF, 0x3f),
                (rs::STENCILMASK, 0xf0),
                (rs::STENCILWRITEMASK, 0x0c),
                (rs::STENCILZFAIL, 3),
            ],
        );
        draw_full(w, RED);
    });
    assert_eq!(stencils(&mut rig, 2), [0x3d; 16]);
    assert_eq!(rig.count(1, [0, 0, 0, 255]), 16);
}

/// Depths of the first row of a D32F target after a quad whose depth grows from left to right.
fn depths(slope: f32, more: &[(u32, u32)]) -> Vec<f32> {
    let mut rig = rig();
    rig.run(|w| {
        depth_target(w, 2, Format::D32Float, 1.0, 0);
        states(w, more);
        let z = |x: f32| 0.5 + slope * 2.0 * x;
        let vertices =
            [(-1.0, 1.0), (1.0, 1.0), (-1.0, -1.0), (1.0, -1.0)].map(|(x, y)| ([x, y, z(x), 1.0], RED));
        draw(w, PrimitiveTopology::TriangleStrip, &vertices);
    });
    let bytes = rig.texture(2, 0, 0).bytes;
    bytes[..16].as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
}

#[test]
fn depth_bias_is_added_and_grows_with_the_slope() {
    let bias = |value: f32| (rs::DEPTHBIAS, value.to_bits());
    let slope = |value: f32| (rs::SLOPESCALEDEPTHBIAS, value.to_bits());
    assert_eq!(depths(0.0, &[]), [0.5; 4]);
    assert_eq!(depths(0.0, &[bias(0.125)]), [0.625; 4]);
    assert_eq!(depths(0.0, &[bias(-0.25), slope(3.0)]), [0.25; 4]);
    // An eighth a pixel.
    assert_eq!(depths(0.125, &[]), [0.3125, 0.4375, 0.5625, 0.6875]);
    assert_eq!(depths(0.125, &[slope(1.0)]), [0.4375, 0.5625, 0.6875, 0.8125]);
    assert_eq!(depths(0.125, &[slope(-2.0), bias(0.125)]), [0.1875, 0.3125, 0.4375, 0.5625]);
    // What leaves 0 to 1 stays at its end.
    assert_eq!(depths(0.125, &[bias(0.5)]), [0.8125, 0.9375, 1.0, 1.0]);
    // No number is no bias.
    assert_eq!(depths(0.0, &[bias(f32::NAN)]), [0.5; 4]);
}

#[test]
fn depth_needs_the_z_buffer_to_be_enabled() {
    for (enable, write, expected) in [(0, 1, 1.0f32), (1, 0, 1.0), (1, 1, 0.5), (2, 1, 0.5)] {
        let mut rig = rig();
        rig.run(|w| {
            depth_target(w, 2, Format::D32Float, 1.0, 0);
            states(w, &[(rs::ZENABLE, enable), (rs::ZWRITEENABLE, write)]);
            draw_full(w, RED);
        });
        assert_eq!(rig.texture(2, 0, 0).bytes, expected.to_le_bytes().repeat(16), "{enable}, {write}");
    }
}

#[test]
fn blend_factors_that_only_direct3d_9_has() {
    // Source (51, 102, 204, 0.4 * 255) over (102, 204, 51, 0.8 * 255): hand-multiplied fifths.
    let blended = |more: &[(u32, u32)]| {
        let mut rig = rig();
        rig.run(|w| {
            draw_full(w, 0xcc66_cc33);
            states(w, &[(rs::ALPHABLENDENABLE, 1)]);
            states(w, more);
            draw_full(w, 0x6633_66cc);
        });
        rig.pixel(1, 0, 0)
    };
    let factors = |src, dst| blended(&[(rs::SRCBLEND, src), (rs::DESTBLEND, dst)]);
    // Colours 0.2 0.4 0.8 0.4 and 0.4 0.8 0.2 0.8 in fifths: products in twenty-fifths of 255 are 10.2 each.
    assert_eq!(factors(3, 1), [10, 41, 163, 41], "source times itself");
    assert_eq!(factors(9, 1), [20, 82, 41, 82], "source times destination");
    assert_eq!(factors(1, 3), [20, 82, 41, 82], "destination times source");
    assert_eq!(factors(4, 1), [41, 61, 41, 61], "source times the inverse of itself");
    assert_eq!(factors(10, 1), [31, 20, 163, 20], "source times the inverse of the destination");
    // The least of source alpha and the inverse of destination alpha is 0.2; alpha itself is 1.
    assert_eq!(factors(11, 1), [10, 20, 41, 102], "saturated");
    assert_eq!(factors(12, 1), [82, 163, 112, 163], "both: source alpha and its inverse");
    assert_eq!(factors(13, 1), [71, 143, 143, 143], "both: the other way round");
    // The factor of 0x33ff6600 is (1, 0.4, 0, 0.2).
    let constant = blended(&[(rs::SRCBLEND, 14), (rs::DESTBLEND, 15), (rs::BLENDFACTOR, 0x33ff_6600)]);
    assert_eq!(constant, [51, 163, 51, 184]);
    // Alpha by itself.
    let separate = [(rs::SEPARATEALPHABLENDENABLE, 1), (rs::SRCBLENDALPHA, 1), (rs::DESTBLENDALPHA, 2)];
    let ones = [(rs::SRCBLEND, 2), (rs::DESTBLEND, 1)];
    assert_eq!(blended(&[&separate[..], &ones[..]].concat()), [51, 102, 204, 204]);
    // Subtract, the other way round, least, greatest.
    let operation = |op| blended(&[(rs::SRCBLEND, 2), (rs::DESTBLEND, 2), (rs::BLENDOP, op)]);
    assert_eq!(operation(2), [0, 0, 153, 0]);
    assert_eq!(operation(3), [51, 102, 0, 102]);
    assert_eq!(operation(4), [51, 102, 51, 102]);
    assert_eq!(operation(5), [102, 204, 204, 204]);
}

#[test]
fn write_masks_of_four_targets() {
    let mut rig = rig();
    rig.run(|w| {
        (2..=4).for_each(|handle| target(w, handle, 4));
        w.set_render_targets(&[1, 2, 3, 4], 0);
        shader(
            w,
            60,
            "ps_2_0\ndef c0, 1.0, 1.0, 1.0, 0.0\nmov r0, c0\nmov oC0, r0\nmov oC1, r0\nmov oC2, r0\n",
        );
        for (state, mask) in [(rs::COLORWRITEENABLE, 0x1), (rs::COLORWRITEENABLE1, 0xfa), (192, 0xf)] {
            w.set_render_state(state, mask);
        }
        bind(w, &quad(FULL, [0.5, 1.0], 0));
        w.bind_shaders(VS9, 60).set_primitive_topology(PrimitiveTopology::TriangleStrip);
        crate::rig::draw(w, 0, 4);
    });
    assert_eq!(rig.pixel(1, 0, 0), [255, 0, 0, 255]);
    assert_eq!(rig.pixel(2, 0, 0), [0, 255, 0, 0]);
    assert_eq!(rig.pixel(3, 0, 0), [255, 255, 255, 0]);
    // The shader has no fourth output.
    assert_eq!(rig.pixel(4, 0, 0), [0, 0, 0, 255]);
}

#[test]
fn zeros_and_unknown_numbers_change_nothing() {
    let mut rig = rig_with(Options::default());
    rig.run(|w| {
        // What a driver's state block sends, but for what has a meaning at 0.
        let on = [rs::ZENABLE, rs::ZWRITEENABLE, rs::COLORWRITEENABLE, 190, 191, 192];
        (0..256).filter(|state| !on.contains(state)).for_each(|state| _ = w.set_render_state(state, 0));
        for slot in 0..16 {
            (0..16).for_each(|state| _ = w.set_sampler_state(ShaderStage::Pixel, slot, state, 0));
        }
        w.set_render_state(4000, 7).set_render_state(u32::MAX, 7).set_sampler_state(
            ShaderStage::Pixel,
            99,
            1,
            1,
        );
        draw_full(w, RED);
    });
    assert_eq!(rig.count(1, [255, 0, 0, 255]), 16);
}
