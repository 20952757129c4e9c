//! The rasterizer: fill, facing, clipping, viewports, interpolation.

use aerogpu_protocol::packets::*;

use super::rgba;
use crate::canvas::*;
use crate::rig::{BLUE, GREEN, RED, Vertex, shader};
use crate::scenes;

scenes! { Stream:
    wireframe => |c| {
        c.rasterizer(RasterizerState { fill_mode: FillMode::Wireframe.to_u32(), ..Default::default() });
        c.mesh(PrimitiveTopology::TriangleStrip, &zigzag(25));
        let corners = [(90.5, 10.5), (130.5, 10.5), (130.5, 50.5)];
        c.mesh(PrimitiveTopology::TriangleList, &corners.map(|(x, y)| at(x, y, 0.5, RED)));
        c.expect([100, 10], rgba(RED));
        c.expect([130, 30], rgba(RED));
    };
    // Red is clockwise: it faces front, and is culled.
    cull_front => |c| {
        c.rasterizer(RasterizerState { cull_mode: CullMode::Front.to_u32(), ..Default::default() });
        two_faces(c);
        c.expect([130, 10], rgba(CLEAR));
        c.expect([130, 50], rgba(GREEN));
    };
    cull_back => |c| {
        c.rasterizer(RasterizerState { cull_mode: CullMode::Back.to_u32(), ..Default::default() });
        two_faces(c);
        c.expect([130, 10], rgba(RED));
        c.expect([130, 50], rgba(CLEAR));
    };
    cull_back_counter_clockwise => |c| {
        c.rasterizer(RasterizerState { cull_mode: CullMode::Back.to_u32(), front_ccw: 1, ..Default::default() });
        two_faces(c);
        c.expect([130, 10], rgba(CLEAR));
        c.expect([130, 50], rgba(GREEN));
    };
    // Far beyond the guard band.
    huge_triangles => |c| {
        for i in 0..12u8 {
            let s = 10.0f32 * f32::from(1u16 << i);
            let color = [f32::from(i) / 12.0, 0.5, 0.2, 1.0];
            let corners = [(-s, 20.0), (s, 20.0 + f32::from(i)), (40.0, s)];
            c.mesh(PrimitiveTopology::TriangleList, &corners.map(|(x, y)| at(x, y, 0.5, color)));
        }
        c.mesh(PrimitiveTopology::TriangleList, &[(-9e5, -9e5), (9e6, -9e5), (-9e5, 9e6)].map(|(x, y)| at(x, y, 0.5, BLUE)));
        c.expect([0, 0], rgba(BLUE));
        c.expect([130, 66], rgba(BLUE));
    };
    through_the_eye => |c| {
        for i in 0..8u8 {
            let t = f32::from(i) * 0.1;
            let color = [t, 1.0 - t, 0.3, 1.0];
            let list = [[-0.5 + t, 0.9, 0.3, 1.0], [0.8, 0.1 * t, 0.2, 0.7], [0.1, -0.6, -0.1 - t, -0.2 * t]];
            c.mesh(PrimitiveTopology::TriangleList, &list.map(|p| (p, color)));
        }
    };
    near_and_far => |c| depth_beyond(c, 0);
    depth_clip_off => |c| {
        depth_beyond(c, RasterizerFlags::DEPTH_CLIP_DISABLE.bits());
        c.expect([3, 3], rgba(RED));
        c.expect([127, 3], rgba(RED));
    };
    slivers => |c| {
        for i in 0..70 {
            let y = i as f32 * 0.93;
            let color = [(i % 2) as f32, (i % 3) as f32 / 2.0, 1.0, 1.0];
            let list = [(0.3, y), (129.7, y + 0.4), (129.7, y + 0.9)].map(|(x, y)| at(x, y, 0.5, color));
            c.mesh(PrimitiveTopology::TriangleList, &list);
        }
    };
    // Of a fan whose hub lies on a pixel's centre, each pixel is covered once: with addition nothing is brighter.
    shared_edges => |c| {
        let one = BlendFactor::One.to_u32();
        c.set_blend_state(BlendState {
            enable: 1, src_factor: one, dst_factor: one, src_factor_alpha: one, dst_factor_alpha: one,
            color_write_mask: 15, sample_mask: u32::MAX, ..Default::default()
        });
        let step = [0.2, 0.2, 0.2, 0.0];
        let rim = [(100.0, 3.0), (131.0, 3.0), (131.0, 30.5), (131.0, 60.0), (115.5, 60.0), (100.0, 60.0), (100.0, 3.0)];
        let fan: Vec<Vertex> = std::iter::once((130.5, 30.5)).chain(rim).map(|(x, y)| at(x, y, 0.5, step)).collect();
        c.mesh(PrimitiveTopology::TriangleFan, &fan);
        for y in [3, 29, 30, 31, 59] {
            c.expect([130, y], [102, 153, 204, 255]);
        }
        c.expect([130, 2], rgba(CLEAR));
        c.expect([130, 60], rgba(CLEAR));
    };
    // Triangles that cover no area or no pixel.
    nothing_to_see => |c| {
        let corners = [(130.1, 5.0), (130.2, 5.3), (130.3, 5.1), (130.5, 9.0), (130.5, 30.0), (130.5, 19.0)];
        c.mesh(PrimitiveTopology::TriangleList, &corners.map(|(x, y)| at(x, y, 0.5, RED)));
        for y in [4, 5, 9, 19] {
            c.expect([130, y], rgba(CLEAR));
        }
    };
    scissor => |c| {
        c.rasterizer(RasterizerState { scissor_enable: 1, ..Default::default() }).set_scissor(7, 5, 200, 40);
        c.rectangle([0.0, 0.0, 131.0, 67.0], 0.5, RED);
        c.set_scissor(-10, 33, 60, 70);
        c.mesh(PrimitiveTopology::TriangleStrip, &zigzag(19));
        c.expect([130, 4], rgba(CLEAR));
        c.expect([130, 5], rgba(RED));
        c.expect([130, 44], rgba(RED));
        c.expect([130, 45], rgba(CLEAR));
    };
    viewport => |c| {
        c.set_viewport([20.25, 10.5, 70.5, 40.125], [0.25, 0.75]);
        c.mesh(PrimitiveTopology::TriangleStrip, &zigzag(19));
        c.set_viewport([-50.0, -20.0, 300.0, 50.0], [0.0, 1.0]);
        c.mesh(PrimitiveTopology::LineStrip, &zigzag(33));
        c.rectangle([0.0, 60.0, 131.0, 67.0], 0.5, BLUE);
        // The last seven rows of 67 are those from 24.8 to 30.
        c.expect([130, 25], rgba(BLUE));
        c.expect([130, 29], rgba(BLUE));
        c.expect([130, 30], rgba(CLEAR));
    };
    constant => |c| {
        perspective(c, "constant", "mov o0, v1");
        c.rectangle([100.0, 0.0, 131.0, 9.0], 0.5, GREEN);
        c.expect([130, 4], rgba(GREEN));
    };
    linear => |c| perspective(c, "linear", "mov o0, v1");
    linear_centroid => |c| perspective(c, "linear centroid", "mov o0, v1");
    linear_sample => |c| perspective(c, "linear sample", "mov o0, v1");
    no_perspective => |c| perspective(c, "linear noperspective", "mov o0, v1");
    no_perspective_centroid => |c| perspective(c, "linear noperspective centroid", "mov o0, v1");
    no_perspective_sample => |c| perspective(c, "linear noperspective sample", "mov o0, v1");
    pulled_inputs => |c| perspective(c, "linear", "
eval_snapped r0.xy, v1.xyxx, l(-8, 7, 0, 0)
eval_centroid r0.z, v1.zzzz
eval_sample_index r0.w, v1.wwww, l(0)
mov o0, r0");
    clip_distances => |c| distances(c, "clip_distance");
    cull_distances => |c| distances(c, "cull_distance");
}

/// A clockwise red triangle in the upper half and a counter-clockwise green one in the lower.
fn two_faces(c: &mut Canvas) {
    let front = [(60.0, 2.0), (200.0, 2.0), (60.0, 30.0)].map(|(x, y)| at(x, y, 0.5, RED));
    let back = [(60.0, 40.0), (60.0, 66.0), (300.0, 40.0)].map(|(x, y)| at(x, y, 0.5, GREEN));
    c.mesh(PrimitiveTopology::TriangleList, &[front, back].concat());
}

/// A rectangle whose depth goes from -1 to 2.
fn depth_beyond(c: &mut Canvas, flags: u32) {
    c.rasterizer(RasterizerState { flags, ..Default::default() });
    c.depth(DepthStencilState {
        depth_enable: 1,
        depth_write_enable: 1,
        depth_func: CompareFunc::LessEqual.to_u32(),
        ..Default::default()
    });
    let mut corners = rectangle([2.0, 2.0, 129.0, 60.0], 0.0, RED);
    (corners[0].0[2], corners[1].0[2], corners[2].0[2], corners[3].0[2]) = (-1.0, 2.0, -1.0, 2.0);
    c.mesh(PrimitiveTopology::TriangleStrip, &corners);
    c.textures.push((DEPTH, 0, 0));
    // Halfway it is 1/2, and everything is drawn.
    c.expect([65, 30], rgba(RED));
}

/// A floor in perspective.
fn perspective(c: &mut Canvas, mode: &str, body: &str) {
    c.shade_with(1, &pixel(mode, "", body));
    let corner = |x: f32, y: f32, w: f32, color| ([x * w, y * w, 0.5 * w, w], color);
    let corners = [
        corner(-0.9, 0.8, 1.0, RED),
        corner(0.7, 0.9, 4.0, GREEN),
        corner(-0.8, -0.9, 0.5, BLUE),
        corner(0.9, -0.7, 7.0, [1.0, 1.0, 0.0, 0.5]),
    ];
    c.mesh(PrimitiveTopology::TriangleStrip, &corners);
}

/// The zigzag, cut where the distances of its vertices say.
fn distances(c: &mut Canvas, kind: &str) {
    let name = if kind == "clip_distance" { "SV_ClipDistance" } else { "SV_CullDistance" };
    let text = format!(
        ".input POSITION 0 v0.xyzw float
.input COLOR 0 v1.xyzw float
.output SV_Position 0 o0.xyzw float position
.output COLOR 0 o1.xyzw float
.output {name} 0 o2.xy float {kind}
vs_5_0
dcl_input v0.xyzw
dcl_input v1.xyzw
dcl_output_siv o0.xyzw, position
dcl_output o1.xyzw
dcl_output_siv o2.xy, {kind}
mov o0.xyzw, v0.xyzw
mov o1.xyzw, v1.xyzw
add o2.x, v0.x, l(0.25)
mad o2.y, v0.y, l(-2.0), v0.x
ret
"
    );
    c.create_shader_dxbc(1, ShaderStage::Vertex, &shader(&text)).bind_shaders(1, SMOOTH);
    c.mesh(PrimitiveTopology::TriangleStrip, &zigzag(21));
    // Whole on the positive side, and whole beyond.
    c.rectangle([110.0, 40.0, 131.0, 60.0], 0.5, RED);
    c.rectangle([0.0, 0.0, 20.0, 10.0], 0.5, [1.0; 4]);
    c.expect([130, 50], rgba(RED));
}
