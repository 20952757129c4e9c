//! The output merger: depth, stencil, blending.

use aerogpu::state::d3d9::render_state as rs;
use aerogpu_protocol::Format;
use aerogpu_protocol::packets::*;

use super::rgba;
use crate::canvas::*;
use crate::rig::{BLUE, GREEN, RED};
use crate::scenes;

use BlendFactor as F;
use BlendOp as Op;
use CompareFunc as Compare;

const FULL: [f32; 4] = [0.0, 0.0, 131.0, 67.0];

scenes! { Stream:
    depth_less => |c| depth(c, Format::D24UnormS8Uint, Compare::Less);
    depth_less_equal_float => |c| depth(c, Format::D32Float, Compare::LessEqual);
    depth_greater_float => |c| depth(c, Format::D32Float, Compare::Greater);
    depth_equal => |c| depth(c, Format::D24UnormS8Uint, Compare::Equal);
    depth_not_equal => |c| depth(c, Format::D32Float, Compare::NotEqual);
    depth_always => |c| {
        depth(c, Format::D24UnormS8Uint, Compare::Always);
        c.expect([130, 33], rgba(BLUE));
    };
    depth_never => |c| {
        depth(c, Format::D24UnormS8Uint, Compare::Never);
        c.expect([130, 33], rgba(CLEAR));
    };
    depth_only => |c| {
        c.depth(tested(Compare::Less)).bind_shaders(VS, 0);
        c.mesh(PrimitiveTopology::TriangleStrip, &zigzag(24));
        c.bind_shaders(VS, SMOOTH);
        c.rectangle(FULL, 0.3, RED);
        c.textures.push((DEPTH, 0, 0));
        c.expect([130, 66], rgba(RED));
    };
    depth_bias => |c| {
        c.depth(tested(Compare::Less));
        c.rectangle(FULL, 0.5, GREEN);
        for bias in [-3_000_000, 3_000_000] {
            c.rasterizer(RasterizerState { depth_bias: bias, ..Default::default() });
            let y = if bias < 0 { 0.0 } else { 30.0 };
            c.rectangle([0.0, y, 131.0, y + 30.0], 0.5, RED);
            c.mesh(PrimitiveTopology::TriangleStrip, &zigzag(24));
        }
        c.textures.push((DEPTH, 0, 0));
        c.expect([130, 10], rgba(RED));
        c.expect([130, 50], rgba(GREEN));
    };
    read_only_depth => |c| {
        c.depth(tested(Compare::Less));
        c.mesh(PrimitiveTopology::TriangleStrip, &zigzag(24));
        c.depth(DepthStencilState { depth_write_enable: 0, ..tested(Compare::Less) });
        c.rectangle(FULL, 0.2, RED);
        c.rectangle(FULL, 0.25, GREEN);
        c.textures.push((DEPTH, 0, 0));
        c.expect([130, 66], rgba(GREEN));
    };
    // Every pixel counts what covers it; then those with two.
    stencil_counts => |c| {
        c.direct3d9(1, "", "mov oC0, v0");
        stencil(c, [7, 7, 7, 8], 0);
        for i in 0..6 {
            let x = f32::from(i as u8) * 20.0;
            c.rectangle([x, 3.0 * x / 10.0, x + 31.0, 60.0], 0.5, RED);
        }
        stencil(c, [1, 1, 1, 3], 2);
        c.rectangle(FULL, 0.5, GREEN);
        c.textures.push((DEPTH, 0, 0));
        c.expect([130, 59], rgba(RED)); // the last one alone
        c.expect([110, 59], rgba(GREEN)); // the last two
        c.expect([130, 66], rgba(CLEAR));
    };
    stencil_two_sided => |c| {
        c.direct3d9(1, "", "mov oC0, v0");
        stencil(c, [1, 1, 7, 8], 0);
        for (state, value) in [(rs::TWOSIDEDSTENCILMODE, 1), (rs::CCW_STENCILFAIL, 1), (187, 1), (188, 8), (189, 8)] {
            c.set_render_state(state, value);
        }
        c.mesh(PrimitiveTopology::TriangleStrip, &zigzag(30));
        c.mesh(PrimitiveTopology::TriangleList, &zigzag(30));
        c.textures.push((DEPTH, 0, 0));
    };
    // Fails, fails in depth, passes: each another operation, under masks.
    stencil_operations => |c| {
        c.direct3d9(1, "", "mov oC0, v0");
        c.clear(ClearFlags::STENCIL, CLEAR, 1.0, 0x5a);
        for (i, ops) in [[2, 6, 4, 8], [6, 3, 5, 4], [8, 7, 6, 5], [4, 5, 2, 6], [3, 6, 7, 2]].into_iter().enumerate() {
            stencil(c, ops, 0x33 + i as u32);
            c.set_render_state(rs::STENCILMASK, 0x7f).set_render_state(rs::STENCILWRITEMASK, 0xf0 | i as u32);
            c.set_render_state(rs::ZENABLE, 1).set_render_state(rs::ZFUNC, 2);
            let x = i as f32 * 18.0;
            c.rectangle([x, 0.0, x + 50.0, 50.0 + x / 10.0], 0.8 - 0.05 * i as f32, RED);
            c.mesh(PrimitiveTopology::TriangleStrip, &zigzag(18));
        }
        c.textures.push((DEPTH, 0, 0));
    };
    alpha_test => |c| {
        c.direct3d9(1, "", "mov oC0, v0");
        for (state, value) in [(rs::ALPHATESTENABLE, 1), (rs::ALPHAFUNC, 5), (rs::ALPHAREF, 128)] {
            c.set_render_state(state, value);
        }
        let mut corners = rectangle(FULL, 0.5, RED);
        (corners[1].1[3], corners[3].1[3]) = (0.0, 0.0);
        c.mesh(PrimitiveTopology::TriangleStrip, &corners);
        c.expect([130, 30], rgba(CLEAR)); // alpha goes from 1 on the left to 0
        c.rectangle([120.0, 0.0, 131.0, 9.0], 0.5, BLUE);
        c.expect([130, 5], rgba(BLUE));
    };
    blend_over => |c| {
        blend(c, F::SrcAlpha, F::InvSrcAlpha, Op::Add, [1.0, 0.0, 0.2, 0.5]);
        c.expect([130, 10], [153, 51, 102, 191]); // 0.6, 0.2, 0.4, 0.75
    };
    blend_add => |c| {
        blend(c, F::One, F::One, Op::Add, [0.2; 4]);
        c.expect([130, 10], [102, 153, 204, 255]);
    };
    blend_subtract => |c| {
        blend(c, F::One, F::One, Op::Subtract, [1.0; 4]);
        c.expect([130, 10], [204, 153, 102, 0]);
    };
    blend_reverse_subtract => |c| {
        blend(c, F::One, F::One, Op::RevSubtract, [0.2; 4]);
        c.expect([130, 10], [0, 51, 102, 204]);
    };
    blend_minimum => |c| {
        blend(c, F::Zero, F::Zero, Op::Min, [0.4; 4]);
        c.expect([130, 10], [51, 102, 102, 102]);
    };
    blend_maximum => |c| {
        blend(c, F::Zero, F::Zero, Op::Max, [0.4; 4]);
        c.expect([130, 10], [102, 102, 153, 255]);
    };
    blend_destination_alpha => |c| {
        blend(c, F::DestAlpha, F::InvDestAlpha, Op::Add, [0.8, 0.6, 0.4, 0.2]);
        c.expect([130, 10], [204, 153, 102, 51]);
    };
    blend_constant => |c| {
        blend(c, F::Constant, F::InvConstant, Op::Add, [1.0; 4]);
        c.expect([130, 10], [153, 102, 255, 255]);
    };
    blend_alpha_apart => |c| {
        c.set_blend_state(BlendState {
            src_factor_alpha: F::Zero.to_u32(),
            dst_factor_alpha: F::One.to_u32(),
            ..equation(F::SrcAlpha, F::InvSrcAlpha, Op::Add)
        });
        translucent(c, [1.0, 0.0, 0.2, 0.5]);
        c.expect([130, 10], [153, 51, 102, 255]);
    };
    write_mask => |c| {
        c.set_blend_state(BlendState { color_write_mask: 0b0101, ..equation(F::SrcAlpha, F::InvSrcAlpha, Op::Add) });
        translucent(c, [1.0, 0.0, 0.2, 0.5]);
        c.expect([130, 10], [153, 102, 102, 255]);
    };
    write_mask_without_blending => |c| {
        c.set_blend_state(BlendState { enable: 0, color_write_mask: 0b1010, ..equation(F::One, F::Zero, Op::Add) });
        translucent(c, [1.0, 0.0, 0.2, 0.0]);
        c.expect([130, 10], [51, 0, 153, 0]);
    };
    sample_mask => |c| {
        c.set_blend_state(BlendState { enable: 0, sample_mask: 2, ..equation(F::One, F::Zero, Op::Add) });
        translucent(c, [1.0; 4]);
        c.expect([130, 10], rgba(CLEAR));
    };
    // Factors that only Direct3D 9 can name.
    blend_by_colors => |c| {
        // s d + d (1 - d): 0.36, 0.44, 0.84 and 1.
        factors(c, [9, 10], [1.0, 0.5, 1.0, 1.0]);
        c.expect([130, 10], [92, 112, 214, 255]);
    };
    blend_saturated_alpha => |c| factors(c, [11, 10], [0.3, 0.2, 0.4, 0.7]);
    // Order decides.
    many_layers => |c| {
        c.set_blend_state(equation(F::SrcAlpha, F::InvSrcAlpha, Op::Add));
        for i in 0..60u32 {
            let (x, y) = ((i * 29 % 97) as f32, (i * 13 % 43) as f32);
            let color = [(i % 3) as f32 / 2.0, (i % 4) as f32 / 3.0, (i % 7) as f32 / 6.0, 0.3];
            c.rectangle([x + 0.3, y + 0.4, x + 34.0, y + 24.7], 0.5, color);
        }
        c.mesh(PrimitiveTopology::TriangleStrip, &zigzag(30));
    };
}

fn tested(func: Compare) -> DepthStencilState {
    DepthStencilState {
        depth_enable: 1,
        depth_write_enable: 1,
        depth_func: func.to_u32(),
        ..Default::default()
    }
}

/// Triangles that go through one another.
fn depth(c: &mut Canvas, format: Format, func: Compare) {
    c.create_simple_texture(1, format, WIDTH, HEIGHT, ResourceUsage::DEPTH_STENCIL);
    c.set_render_targets(&[TARGET], 1).clear(ClearFlags::DEPTH, CLEAR, 0.5, 0);
    c.depth(tested(func));
    for i in 0..12 {
        let s = f32::from(i as u8) / 12.0;
        let color = [s, 1.0 - s, 0.5, 1.0];
        let corners = [
            at(5.0 + 30.0 * s, 5.0, 0.9 * s, color),
            at(120.0, 10.0 + 40.0 * s, 0.8 - 0.5 * s, color),
            at(10.0, 64.0 - 30.0 * s, 0.3 + 0.4 * s, color),
        ];
        c.mesh(PrimitiveTopology::TriangleList, &corners);
    }
    c.rectangle([125.0, 20.0, 131.0, 40.0], 0.5, BLUE);
    c.textures.push((1, 0, 0));
}

/// Direct3D 9's stencil state: operations for fail, depth fail and pass, function, reference.
fn stencil(c: &mut Canvas, [fail, depth_fail, pass, func]: [u32; 4], reference: u32) {
    for (state, value) in [
        (rs::STENCILENABLE, 1),
        (rs::STENCILFAIL, fail),
        (rs::STENCILZFAIL, depth_fail),
        (rs::STENCILPASS, pass),
        (rs::STENCILFUNC, func),
        (rs::STENCILREF, reference),
        (rs::STENCILMASK, 0xff),
        (rs::STENCILWRITEMASK, 0xff),
    ] {
        c.set_render_state(state, value);
    }
}

fn equation(src: F, dst: F, op: Op) -> BlendState {
    BlendState {
        enable: 1,
        src_factor: src.to_u32(),
        dst_factor: dst.to_u32(),
        blend_op: op.to_u32(),
        src_factor_alpha: src.to_u32(),
        dst_factor_alpha: dst.to_u32(),
        blend_op_alpha: op.to_u32(),
        blend_constant_rgba_f32: [0.5f32, 0.0, 1.0, 0.5].map(f32::to_bits),
        color_write_mask: 15,
        sample_mask: u32::MAX,
        ..Default::default()
    }
}

fn blend(c: &mut Canvas, src: F, dst: F, op: Op, color: [f32; 4]) {
    c.set_blend_state(equation(src, dst, op));
    translucent(c, color);
}

/// A zigzag, and a rectangle of this colour before the clear colour.
fn translucent(c: &mut Canvas, color: [f32; 4]) {
    let mut shapes = zigzag(30);
    shapes.iter_mut().enumerate().for_each(|(i, (_, color))| color[3] = (i % 5) as f32 / 4.0);
    c.mesh(PrimitiveTopology::TriangleStrip, &shapes);
    c.rectangle([100.0, 5.0, 131.0, 20.0], 0.5, color);
}

/// Blends by factors of Direct3D 9.
fn factors(c: &mut Canvas, [src, dst]: [u32; 2], color: [f32; 4]) {
    c.direct3d9(1, "", "mov oC0, v0");
    for (state, value) in [(rs::ALPHABLENDENABLE, 1), (rs::SRCBLEND, src), (rs::DESTBLEND, dst)] {
        c.set_render_state(state, value);
    }
    translucent(c, color);
    c.rectangle([0.0, 0.0, 9.0, 9.0], 0.5, GREEN);
}
