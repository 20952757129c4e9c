//! The input assembler: topologies, indices, cuts, instances, buffers that change between draws.

use aerogpu_protocol::packets::*;

use super::rgba;
use crate::canvas::*;
use crate::rig::{BLUE, GREEN, RED, Vertex, buffer, layout, shader};
use crate::scenes;

scenes! { Stream:
    point_list => |c| {
        let points: Vec<Vertex> = (0..60).map(|i| at(2.5 + 2.0 * i as f32, 3.5 + i as f32, 0.5, RED)).collect();
        c.mesh(PrimitiveTopology::PointList, &points);
        c.expect([2, 3], rgba(RED));
        c.expect([22, 13], rgba(RED));
    };
    line_list => |c| {
        c.mesh(PrimitiveTopology::LineList, &zigzag(40));
        c.mesh(PrimitiveTopology::LineList, &[at(5.5, 30.5, 0.5, RED), at(90.5, 30.5, 0.5, RED)]);
        c.expect([5, 30], rgba(RED));
        c.expect([89, 30], rgba(RED));
    };
    line_strip => |c| {
        c.mesh(PrimitiveTopology::LineStrip, &zigzag(41));
        c.mesh(PrimitiveTopology::LineStrip, &[at(130.5, 2.5, 0.5, BLUE), at(130.5, 40.5, 0.5, BLUE), at(3.5, 40.5, 0.5, BLUE)]);
        c.expect([130, 39], rgba(BLUE));
        c.expect([4, 40], rgba(BLUE));
        c.expect([130, 41], rgba(CLEAR));
    };
    triangle_list => |c| {
        c.mesh(PrimitiveTopology::TriangleList, &zigzag(42));
        c.mesh(PrimitiveTopology::TriangleList, &[at(60.0, 10.0, 0.5, GREEN), at(100.0, 10.0, 0.5, GREEN), at(60.0, 50.0, 0.5, GREEN)]);
        c.expect([61, 11], rgba(GREEN));
        c.expect([97, 11], rgba(GREEN));
    };
    triangle_strip => |c| {
        c.mesh(PrimitiveTopology::TriangleStrip, &zigzag(17));
        c.rectangle([100.0, 20.0, 131.0, 30.0], 0.5, RED);
        c.expect([130, 20], rgba(RED));
        c.expect([130, 29], rgba(RED));
        c.expect([130, 30], rgba(CLEAR));
    };
    triangle_fan => |c| {
        let rim = zigzag(20);
        c.mesh(PrimitiveTopology::TriangleFan, &[&[at(65.0, 66.0, 0.5, RED)], &rim[..]].concat());
        let fan = [(10.0, 10.0), (20.0, 10.0), (20.0, 20.0), (10.0, 20.0)].map(|(x, y)| at(x, y, 0.5, BLUE));
        c.mesh(PrimitiveTopology::TriangleFan, &fan);
        c.expect([10, 10], rgba(BLUE));
        c.expect([19, 19], rgba(BLUE));
        c.expect([10, 19], rgba(BLUE));
    };
    // Without a geometry shader neighbours are not seen.
    line_list_adjacency => |c| {
        c.mesh(PrimitiveTopology::LineListAdj, &zigzag(40));
        let [a, b] = [at(10.5, 33.5, 0.5, RED), at(50.5, 33.5, 0.5, RED)];
        c.mesh(PrimitiveTopology::LineListAdj, &[at(0.0, 0.0, 0.5, GREEN), a, b, at(130.0, 0.0, 0.5, GREEN)]);
        c.expect([10, 33], rgba(RED));
        c.expect([49, 33], rgba(RED));
    };
    line_strip_adjacency => |c| c.mesh(PrimitiveTopology::LineStripAdj, &zigzag(23));
    triangle_list_adjacency => |c| {
        c.mesh(PrimitiveTopology::TriangleListAdj, &zigzag(36));
        let [a, b, d] = [at(10.0, 10.0, 0.5, RED), at(40.0, 10.0, 0.5, RED), at(10.0, 40.0, 0.5, RED)];
        let far = at(130.0, 66.0, 0.5, GREEN);
        c.mesh(PrimitiveTopology::TriangleListAdj, &[a, far, b, far, d, far]);
        c.expect([11, 11], rgba(RED));
    };
    triangle_strip_adjacency => |c| c.mesh(PrimitiveTopology::TriangleStripAdj, &zigzag(26));
    strip_cuts_16 => |c| {
        let two = [rectangle([5.0, 5.0, 25.0, 60.0], 0.5, RED), rectangle([100.0, 5.0, 131.0, 60.0], 0.5, GREEN)];
        c.indexed(PrimitiveTopology::TriangleStrip, two.as_flattened(), &[0, 1, 2, 3, 0xffff, 0xffff, 4, 5, 6, 7]);
        c.expect([5, 5], rgba(RED));
        c.expect([130, 59], rgba(GREEN));
        c.expect([130, 60], rgba(CLEAR));
    };
    strip_cuts_32 => |c| {
        c.vertices(PrimitiveTopology::TriangleStrip, &zigzag(30));
        let words: Vec<u32> = (0..30).flat_map(|i| if i % 7 == 6 { vec![u32::MAX, i] } else { vec![i] }).collect();
        buffer(c, 1, 256);
        c.upload_resource(1, 0, bytemuck::cast_slice(&words)).set_index_buffer(1, IndexFormat::Uint32, 0);
        c.draw_indexed(DrawIndexed { index_count: words.len() as u32, instance_count: 1, ..Default::default() });
    };
    line_strip_cuts => |c| {
        let indices: Vec<u16> = (0..40).map(|i| if i % 5 == 4 { 0xffff } else { i }).collect();
        c.indexed(PrimitiveTopology::LineStrip, &zigzag(40), &indices);
    };
    base_vertex_and_offsets => |c| {
        let two = [rectangle([5.0, 5.0, 25.0, 60.0], 0.5, RED), rectangle([100.0, 5.0, 131.0, 60.0], 0.5, GREEN)];
        c.vertices(PrimitiveTopology::TriangleStrip, two.as_flattened());
        buffer(c, 1, 64);
        c.upload_resource(1, 0, bytemuck::cast_slice(&[9u16, 9, 9, 8, 9, 10, 11])).set_index_buffer(1, IndexFormat::Uint16, 4);
        c.draw_indexed(DrawIndexed { index_count: 4, instance_count: 1, first_index: 1, base_vertex: -4, ..Default::default() });
        c.expect([130, 5], rgba(GREEN));
    };
    // Vertices beyond the buffer are zeros, and so is what indices beyond theirs select.
    out_of_range => |c| {
        c.vertices(PrimitiveTopology::TriangleStrip, &zigzag(12));
        buffer(c, 1, 64);
        let indices: Vec<u16> = (0..32).map(|i| if i % 9 == 8 { 5000 } else { i % 12 }).collect();
        c.upload_resource(1, 0, bytemuck::cast_slice(&indices)).set_index_buffer(1, IndexFormat::Uint16, 0);
        c.draw_indexed(DrawIndexed { index_count: 50, instance_count: 1, ..Default::default() });
    };
    instances => instances;
    overwritten_vertices => |c| {
        for (i, color) in [RED, GREEN, BLUE].into_iter().cycle().take(90).enumerate() {
            let x = i as f32;
            c.rectangle([x, x / 2.0, x + 42.0, x / 2.0 + 20.0], 0.5, color);
        }
        // The last one of each column is on top.
        c.expect([0, 0], rgba(RED));
        c.expect([89, 45], rgba(BLUE));
        c.expect([130, 46], rgba(BLUE));
    };
    overwritten_constants => |c| {
        c.shade(1, "dcl_constantbuffer cb0[2], immediateIndexed", "mov o0, cb0[1]");
        for i in 0..50u8 {
            let x = 2.0 * f32::from(i);
            c.set_shader_constants_f(ShaderStage::Pixel, 1, &[[f32::from(i) / 51.0, 1.0, 0.0, 1.0]]);
            c.rectangle([x, 0.0, x + 40.0, 67.0], 0.5, RED);
        }
        // 40 / 51 is 200 / 255.
        c.expect([81, 9], [200, 255, 0, 255]);
    };
    overwritten_constant_buffer => |c| {
        c.shade(1, "dcl_constantbuffer cb2[1], immediateIndexed", "mov o0, cb2[0]");
        buffer(c, 2, 32);
        c.set_constant_buffers(ShaderStage::Pixel, 2, &[ConstantBufferBinding { buffer: 2, ..Default::default() }]);
        for (i, color) in [RED, GREEN, BLUE, CLEAR].into_iter().enumerate() {
            c.upload_resource(2, 0, bytemuck::cast_slice(&color));
            let y = i as f32 * 15.0;
            c.rectangle([0.0, y, 131.0, y + 20.0], 0.5, RED);
        }
        c.expect([64, 14], rgba(RED));
        c.expect([64, 29], rgba(GREEN));
        c.expect([64, 44], rgba(BLUE));
        c.expect([64, 64], rgba(CLEAR));
    };
    overwritten_indices => |c| {
        let corners = [rectangle([5.0, 5.0, 25.0, 60.0], 0.5, RED), rectangle([100.0, 5.0, 131.0, 60.0], 0.5, GREEN)];
        for indices in [[0, 1, 2, 3], [4, 5, 6, 7], [0, 4, 2, 6]] {
            c.indexed(PrimitiveTopology::TriangleStrip, corners.as_flattened(), &indices);
        }
        c.expect([130, 5], rgba(GREEN));
    };
    // Five hundred draws, with states that come and go.
    many_draws => |c| {
        for i in 0..500u32 {
            let (x, y) = ((i * 37 % 127) as f32, (i * 23 % 61) as f32);
            let fill_mode = if i % 11 == 0 { FillMode::Wireframe } else { FillMode::Solid }.to_u32();
            c.rasterizer(RasterizerState { fill_mode, scissor_enable: u32::from(i % 5 == 0), ..Default::default() });
            c.set_scissor(20, 10, 60, 40);
            let color = [(i % 3) as f32 / 2.0, (i % 5) as f32 / 4.0, (i % 6) as f32 / 5.0, 1.0];
            c.rectangle([x, y, x + 9.3, y + 6.7], 0.5, color);
        }
    };
    // Clears between draws of one pass.
    clears_between => |c| {
        c.rectangle([10.0, 10.0, 60.0, 60.0], 0.5, RED);
        c.clear(ClearFlags::COLOR, GREEN, 1.0, 0);
        c.backdrop();
        c.rectangle([30.0, 20.0, 90.0, 50.0], 0.5, BLUE);
        c.expect([130, 0], rgba(GREEN));
        c.expect([30, 20], rgba(BLUE));
    };
}

/// Rectangles of data of their own, every second instance of other ones.
fn instances(c: &mut Canvas) {
    const SHIFT_VS: &str = "
.input POSITION 0 v0.xyzw float
.input COLOR 0 v1.xyzw float
.input SHIFT 0 v2.xy float
.output SV_Position 0 o0.xyzw float position
.output COLOR 0 o1.xyzw float
vs_5_0
dcl_input v0.xyzw
dcl_input v1.xyzw
dcl_input v2.xy
dcl_output_siv o0.xyzw, position
dcl_output o1.xyzw
add o0.xy, v0.xyxx, v2.xyxx
mov o0.zw, v0.zzzw
mov o1.xyzw, v1.xyzw
ret
";
    c.create_shader_dxbc(1, ShaderStage::Vertex, &shader(SHIFT_VS));
    c.create_input_layout(2, &layout(&[("POSITION", 2, 0), ("COLOR", 2, 0), ("SHIFT", 16, 2)]));
    buffer(c, 3, 256);
    let shifts: Vec<[f32; 2]> = (0..32).map(|i| [i as f32 / 32.0, (i * i % 40) as f32 / -64.0]).collect();
    c.upload_resource(3, 0, bytemuck::cast_slice(&shifts));
    c.vertices(PrimitiveTopology::TriangleStrip, &rectangle([1.0, 1.0, 20.0, 12.0], 0.5, RED));
    c.bind_shaders(1, SMOOTH).set_input_layout(2);
    c.set_vertex_buffers(1, &[VertexBufferBinding { buffer: 3, stride_bytes: 8, ..Default::default() }]);
    c.draw(Draw { vertex_count: 4, instance_count: 33, first_instance: 5, ..Default::default() });
    // Instances 0 and 1 take the fifth shift: 5/32 of the half width, 25/64 of the half height.
    c.expect([12, 15], rgba(RED));
}
