//! What is drawn to: formats, many targets, layers, levels.

use aerogpu_protocol::Format::{self, *};
use aerogpu_protocol::packets::*;

use crate::canvas::*;
use crate::rig::{RED, shader};
use crate::scenes;

scenes! { Stream:
    format_b8g8r8a8 => |c| format(c, B8G8R8A8Unorm);
    format_b8g8r8x8 => |c| format(c, B8G8R8X8Unorm);
    format_r8g8b8x8 => |c| format(c, R8G8B8X8Unorm);
    format_b5g6r5 => |c| format(c, B5G6R5Unorm);
    format_b5g5r5a1 => |c| format(c, B5G5R5A1Unorm);
    format_b8g8r8a8_srgb => |c| format(c, B8G8R8A8UnormSrgb);
    format_b8g8r8x8_srgb => |c| format(c, B8G8R8X8UnormSrgb);
    format_r8g8b8a8_srgb => |c| format(c, R8G8B8A8UnormSrgb);
    format_r8g8b8x8_srgb => |c| format(c, R8G8B8X8UnormSrgb);
    eight_targets => |c| {
        let formats = [
            R8G8B8A8Unorm, B8G8R8A8Unorm, B5G6R5Unorm, R8G8B8X8UnormSrgb,
            B5G5R5A1Unorm, B8G8R8X8Unorm, R8G8B8A8UnormSrgb, B8G8R8A8UnormSrgb,
        ];
        several(c, &[1, 2, 3, 4, 5, 6, 7, 8], &formats);
    };
    targets_with_gaps => |c| several(c, &[1, 0, 0, 4, 5], &[R8G8B8A8Unorm, B8G8R8A8Unorm, B5G6R5Unorm, R8G8B8X8Unorm, B5G5R5A1Unorm]);
    // A smaller and smaller picture of what is there: each level is drawn from the one before.
    mip_chain => |c| {
        c.create_texture2d(CreateTexture2d {
            texture_handle: 1, usage_flags: ResourceUsage::RENDER_TARGET.bits(), format: R8G8B8A8Unorm.to_u32(),
            width: 64, height: 32, mip_levels: 5, array_layers: 1, ..Default::default()
        });
        let view = |c: &mut Canvas, handle, base_mip_level| {
            c.create_texture_view(CreateTextureView {
                view_handle: handle, texture_handle: 1, format: R8G8B8A8Unorm.to_u32(), base_mip_level,
                mip_level_count: 1, array_layer_count: 1, ..Default::default()
            });
        };
        (0..5).for_each(|mip| view(c, 10 + mip, mip));
        c.set_render_targets(&[10], 0).clear(ClearFlags::COLOR, CLEAR, 1.0, 0);
        c.mesh(PrimitiveTopology::TriangleStrip, &zigzag(20));
        c.create_sampler(2, SamplerFilter::Linear, [SamplerAddressMode::ClampToEdge; 3]);
        c.set_samplers(ShaderStage::Pixel, 0, &[2]);
        c.shade(3, "dcl_resource_texture2d (float,float,float,float) t0\ndcl_sampler s0, mode_default", "sample_l o0, v1.xyxx, t0.xyzw, s0, l(0)");
        for mip in 1..5 {
            c.set_render_targets(&[10 + mip], 0).set_texture(ShaderStage::Pixel, 0, 9 + mip);
            let mut corners = rectangle([0.0, 0.0, 131.0, 67.0], 0.5, RED);
            (corners[0].1, corners[1].1) = ([0.0; 4], [1.0, 0.0, 0.0, 0.0]);
            (corners[2].1, corners[3].1) = ([0.0, 1.0, 0.0, 0.0], [1.0; 4]);
            c.mesh(PrimitiveTopology::TriangleStrip, &corners);
            c.textures.push((1, mip, 0));
        }
        // Upper corners hold the clear colour in every level: the zigzag stays away from them.
        (0..3).for_each(|mip| c.expect_in((1, mip, 0), [0, 0], &[51, 102, 153, 255]));
        c.textures.push((1, 0, 0));
    };
    // A target is read, then drawn to again.
    target_and_texture_in_turn => |c| {
        for handle in [1, 2] {
            c.target(handle, R8G8B8A8Unorm, WIDTH, HEIGHT);
            c.textures.push((handle, 0, 0));
        }
        c.shade(3, "dcl_resource_texture2d (float,float,float,float) t0", "ftoi r0.xy, v0.xyxx\nmov r0.zw, l(0, 0, 0, 0)\nld r1, r0.xyzw, t0.xyzw\nadd o0, r1.yzxw, l(0.0, 0.2, 0.0, 0.0)");
        for (from, to) in [(TARGET, 1), (1, 2), (2, 1)] {
            c.set_render_targets(&[to], 0).set_texture(ShaderStage::Pixel, 0, from);
            c.rectangle([0.0, 0.0, 131.0, 67.0], 0.5, RED);
        }
        // Thrice around, a fifth more green each time: (51 102 153), (102 204 51), (204 102 102), (102 153 204).
        c.expect_in((1, 0, 0), [130, 5], &[102, 153, 204, 255]);
        c.expect_in((2, 0, 0), [130, 5], &[204, 102, 102, 255]);
    };
}

/// Draws opaque and blended shapes to a target of a format.
fn format(c: &mut Canvas, format: Format) {
    c.draw_to(1, format);
    let mut shapes = zigzag(30);
    shapes.iter_mut().enumerate().for_each(|(i, (_, color))| color[3] = (i % 5) as f32 / 4.0);
    c.set_blend_state(BlendState {
        enable: 1,
        src_factor: BlendFactor::SrcAlpha.to_u32(),
        dst_factor: BlendFactor::InvSrcAlpha.to_u32(),
        src_factor_alpha: BlendFactor::One.to_u32(),
        dst_factor_alpha: BlendFactor::InvDestAlpha.to_u32(),
        color_write_mask: 15,
        sample_mask: u32::MAX,
        ..Default::default()
    });
    c.mesh(PrimitiveTopology::TriangleStrip, &shapes);
    c.rectangle([100.0, 10.0, 131.0, 20.0], 0.5, [1.0; 4]);
    c.rectangle([100.0, 30.0, 131.0, 40.0], 0.5, [0.0, 0.0, 0.0, 1.0]);
    // White and opaque is all ones in every format.
    c.expect_in((1, 0, 0), [130, 15], &vec![0xff; format.bytes_per_block() as usize]);
    // Black: only bits of alpha.
    let black: &[u8] = match format {
        B5G6R5Unorm => &[0, 0],
        B5G5R5A1Unorm => &[0, 0x80],
        _ => &[0, 0, 0, 255],
    };
    c.expect_in((1, 0, 0), [130, 35], black);
}

/// Draws to these targets at once, to each something else.
fn several(c: &mut Canvas, handles: &[u32], formats: &[Format]) {
    for (i, (&handle, &format)) in
        handles.iter().zip(formats).enumerate().filter(|(_, (handle, _))| **handle != 0)
    {
        c.target(handle, format, WIDTH, HEIGHT);
        c.textures.push((handle, 0, 0));
        // Every target has full red, and its number in green.
        let expected: &[u8] = match format {
            R8G8B8A8Unorm => &[255, i as u8 * 51, 0, 255],
            B8G8R8A8Unorm | B8G8R8X8Unorm => &[0, i as u8 * 51, 255, 255],
            B5G6R5Unorm if i == 2 => &[0x20, 0xfb], // 0.4 of 63 is 25.2
            R8G8B8X8Unorm if i == 3 => &[255, 153, 0, 255],
            B5G5R5A1Unorm if i == 4 => &[0x20, 0xff], // 0.8 of 31 is 24.8
            _ => continue,
        };
        c.expect_in((handle, 0, 0), [130, 60], expected);
    }
    c.set_render_targets(handles, 0).clear(ClearFlags::COLOR, CLEAR, 1.0, 0);
    let outputs: String = (0..8).map(|i| format!(".output SV_Target {i} o{i}.xyzw float\n")).collect();
    let declared: String = (0..8).map(|i| format!("dcl_output o{i}.xyzw\n")).collect();
    let moves: String =
        (0..8).map(|i| format!("add_sat o{i}, v1, l(0, {:.1}, 0, 0)\n", f64::from(i) * 0.2)).collect();
    let text = format!(
        ".input SV_Position 0 v0.xyzw float position\n.input COLOR 0 v1.xyzw float\n{outputs}ps_5_0\n\
         dcl_input_ps linear v1.xyzw\n{declared}{moves}ret\n"
    );
    c.create_shader_dxbc(20, ShaderStage::Pixel, &shader(&text));
    c.backdrop();
    c.bind_shaders(VS, 20);
    c.mesh(PrimitiveTopology::TriangleStrip, &zigzag(30));
    c.rectangle([90.0, 50.0, 131.0, 67.0], 0.5, RED);
}
