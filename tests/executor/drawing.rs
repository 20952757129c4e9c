//! Draws: topologies, indices, instances, state.

use aerogpu::executor::Failure;
use aerogpu_protocol::Format;
use aerogpu_protocol::packets::*;

use crate::rig::*;

const FULL: [f32; 4] = [-1.0, 1.0, 1.0, -1.0];
const BLACK: [u8; 4] = [0, 0, 0, 255];

fn rgba(color: [f32; 4]) -> [u8; 4] {
    color.map(|c| (c * 255.0) as u8)
}

/// Corners of the pixel grid of an 8x8 target.
fn at(x: u32, y: u32, color: [f32; 4]) -> Vertex {
    ([x as f32 / 4.0 - 1.0, 1.0 - y as f32 / 4.0, 0.5, 1.0], color)
}

#[test]
fn a_later_upload_does_not_change_an_earlier_draw() {
    let mut rig = Rig::new();
    rig.run(|w| {
        target(w, 1, 8, 8);
        vertices(w, PrimitiveTopology::TriangleStrip, &quad([-1.0, 1.0, 0.0, -1.0], 0.5, RED));
        draw(w, 0, 4);
        vertices(w, PrimitiveTopology::TriangleStrip, &quad([0.0, 1.0, 1.0, -1.0], 0.5, GREEN));
        draw(w, 0, 4);
    });
    assert_eq!(rig.count(1, rgba(RED)), 32);
    assert_eq!(rig.count(1, rgba(GREEN)), 32);
    assert_eq!(rig.pixel(1, 3, 7), rgba(RED));
    assert_eq!(rig.pixel(1, 4, 0), rgba(GREEN));
}

#[test]
fn every_triangle_topology_fills_the_same_square() {
    let (a, b, c, d) = (at(2, 2, RED), at(6, 2, RED), at(2, 6, RED), at(6, 6, RED));
    for (topology, list) in [
        (PrimitiveTopology::TriangleList, vec![a, b, c, c, b, d]),
        (PrimitiveTopology::TriangleStrip, vec![a, b, c, d]),
        (PrimitiveTopology::TriangleFan, vec![a, b, d, c]),
    ] {
        let mut rig = Rig::new();
        rig.run(|w| {
            target(w, 1, 8, 8);
            vertices(w, topology, &list);
            draw(w, 0, list.len() as u32);
        });
        assert_eq!(rig.count(1, rgba(RED)), 16, "{topology:?}");
        assert_eq!(rig.pixel(1, 2, 2), rgba(RED));
        assert_eq!(rig.pixel(1, 6, 6), BLACK);
    }
}

#[test]
fn strips_and_fans_lead_with_the_right_vertex() {
    // Three triangles; each takes the colour of its leading vertex.
    let strip = [at(0, 0, RED), at(0, 8, GREEN), at(4, 0, BLUE), at(4, 8, RED), at(8, 0, RED)];
    let mut rig = Rig::new();
    rig.run(|w| {
        target(w, 1, 8, 8);
        vertices(w, PrimitiveTopology::TriangleStrip, &strip);
        draw(w, 0, 5);
    });
    assert_eq!(rig.pixel(1, 0, 1), rgba(RED));
    assert_eq!(rig.pixel(1, 3, 6), rgba(GREEN));
    assert_eq!(rig.pixel(1, 4, 1), rgba(BLUE));
}

#[test]
fn points_and_lines_cover_whole_pixels() {
    let mut rig = Rig::new();
    let center = |x: u32, y: u32, color| {
        let ([px, py, z, w], color) = at(x, y, color);
        ([px + 0.125, py - 0.125, z, w], color)
    };
    rig.run(|w| {
        target(w, 1, 8, 8);
        vertices(w, PrimitiveTopology::PointList, &[center(1, 1, RED), center(6, 2, GREEN)]);
        draw(w, 0, 2);
        vertices(
            w,
            PrimitiveTopology::LineStrip,
            &[center(0, 5, BLUE), center(4, 5, BLUE), center(4, 7, BLUE)],
        );
        draw(w, 0, 3);
    });
    assert_eq!(rig.count(1, rgba(RED)), 1);
    assert_eq!(rig.pixel(1, 1, 1), rgba(RED));
    assert_eq!(rig.pixel(1, 6, 2), rgba(GREEN));
    // The pixel where a line ends is not lit: four of the first, two of the second.
    assert_eq!(rig.count(1, rgba(BLUE)), 6);
    assert_eq!(rig.pixel(1, 4, 7), BLACK);
}

fn indexed(w: &mut aerogpu_protocol::StreamWriter, indices: &[u16], base_vertex: i32) {
    buffer(w, 50, 64);
    w.upload_resource(50, 0, bytemuck::cast_slice(indices));
    w.set_index_buffer(50, IndexFormat::Uint16, 0);
    w.draw_indexed(DrawIndexed {
        index_count: indices.len() as u32,
        instance_count: 1,
        base_vertex,
        ..Default::default()
    });
}

#[test]
fn a_cut_starts_a_new_strip() {
    let mut rig = Rig::new();
    let left = quad([-1.0, 1.0, -0.5, -1.0], 0.5, RED);
    let right = quad([0.5, 1.0, 1.0, -1.0], 0.5, GREEN);
    rig.run(|w| {
        target(w, 1, 8, 8);
        vertices(w, PrimitiveTopology::TriangleStrip, &[left, right].concat());
        indexed(w, &[0, 1, 2, 3, 0xffff, 4, 5, 6, 7], 0);
    });
    assert_eq!(rig.count(1, rgba(RED)), 16);
    assert_eq!(rig.count(1, rgba(GREEN)), 16);
    assert_eq!(rig.count(1, BLACK), 32);
}

#[test]
fn a_negative_base_vertex_counts_back() {
    let mut rig = Rig::new();
    let [a, b] = [quad(FULL, 0.5, RED), quad(FULL, 0.5, GREEN)];
    rig.run(|w| {
        target(w, 1, 8, 8);
        vertices(w, PrimitiveTopology::TriangleStrip, &[a, b].concat());
        indexed(w, &[8, 9, 10, 11], -4);
    });
    assert_eq!(rig.count(1, rgba(GREEN)), 64);
}

#[test]
fn indices_outside_the_buffers_read_zeros() {
    let mut rig = Rig::new();
    // Indices beyond the buffer are 0; vertices beyond theirs have w = 0 and draw nothing.
    rig.run(|w| {
        target(w, 1, 8, 8);
        vertices(w, PrimitiveTopology::TriangleStrip, &quad(FULL, 0.5, RED));
        indexed(w, &[0, 1, 2], 1 << 30);
        w.draw_indexed(DrawIndexed {
            index_count: 3,
            instance_count: 1,
            first_index: u32::MAX,
            base_vertex: i32::MIN,
            ..Default::default()
        });
    });
    assert_eq!(rig.count(1, BLACK), 64);
}

#[test]
fn instances_step_through_their_own_data() {
    const OFFSET_VS: &str = "
.input POSITION 0 v0.xyzw float
.input COLOR 0 v1.xyzw float
.input SHIFT 0 v2.x float
.output SV_Position 0 o0.xyzw float position
.output COLOR 0 o1.xyzw float
vs_4_0
dcl_input v0.xyzw
dcl_input v1.xyzw
dcl_input v2.x
dcl_output_siv o0.xyzw, position
dcl_output o1.xyzw
mov o0.yzw, v0.xyzw
add o0.x, v0.x, v2.x
mov o1.xyzw, v1.xyzw
ret
";
    let mut rig = Rig::new();
    rig.run(|w| {
        target(w, 1, 8, 8);
        w.create_shader_dxbc(60, ShaderStage::Vertex, &shader(OFFSET_VS));
        w.create_input_layout(61, &layout(&[("POSITION", 2, 0), ("COLOR", 2, 0), ("SHIFT", 41, 2)]));
        buffer(w, 62, 12);
        w.upload_resource(62, 0, bytemuck::cast_slice(&[9.0f32, 0.0, 1.0]));
        vertices(w, PrimitiveTopology::TriangleStrip, &quad([-1.0, 1.0, -0.75, 0.75], 0.5, RED));
        w.bind_shaders(60, PS).set_input_layout(61);
        w.set_vertex_buffers(1, &[VertexBufferBinding { buffer: 62, stride_bytes: 4, ..Default::default() }]);
        // Steps of two: instances 0 and 1 take element 1 (the first instance), 2 takes element 2.
        w.draw(Draw { vertex_count: 4, instance_count: 3, first_instance: 1, ..Default::default() });
    });
    assert_eq!(rig.count(1, rgba(RED)), 2);
    assert_eq!(rig.pixel(1, 0, 0), rgba(RED));
    assert_eq!(rig.pixel(1, 4, 0), rgba(RED));
}

#[test]
fn depth_scissor_viewport_and_masks_limit_a_draw() {
    let mut rig = Rig::new();
    rig.run(|w| {
        target(w, 1, 8, 8);
        w.create_simple_texture(2, Format::D32Float, 8, 8, ResourceUsage::DEPTH_STENCIL);
        w.set_render_targets(&[1], 2).clear(ClearFlags::DEPTH, [0.0; 4], 0.5, 0);
        vertices(w, PrimitiveTopology::TriangleStrip, &quad(FULL, 0.75, RED));
        draw(w, 0, 4);
        w.set_viewport([4.0, 0.0, 8.0, 8.0], [0.0, 0.5]).set_scissor(0, 0, 8, 4);
        w.set_rasterizer_state(RasterizerState { scissor_enable: 1, ..Default::default() });
        draw(w, 0, 4);
    });
    // The first draw is behind; the second is half as deep, right of column 4 and above row 4.
    assert_eq!(rig.count(1, rgba(RED)), 16);
    assert_eq!(rig.pixel(1, 4, 3), rgba(RED));
    let depth: Vec<f32> = bytemuck::pod_collect_to_vec(&rig.texture(2, 0, 0).bytes);
    assert_eq!((depth[0], depth[4], depth[63]), (0.5, 0.375, 0.5));
}

#[test]
fn a_draw_without_a_pixel_shader_writes_depth_only() {
    let mut rig = Rig::new();
    rig.run(|w| {
        target(w, 1, 4, 4);
        w.create_simple_texture(2, Format::D32Float, 4, 4, ResourceUsage::DEPTH_STENCIL);
        w.set_render_targets(&[1], 2).clear(ClearFlags::DEPTH, [0.0; 4], 1.0, 0);
        vertices(w, PrimitiveTopology::TriangleStrip, &quad(FULL, 0.25, RED));
        w.bind_shaders(VS, 0);
        draw(w, 0, 4);
    });
    assert_eq!(rig.count(1, BLACK), 16);
    let depth: Vec<f32> = bytemuck::pod_collect_to_vec(&rig.texture(2, 0, 0).bytes);
    assert!(depth.iter().all(|&z| z == 0.25));
}

#[test]
fn a_texture_that_was_drawn_can_be_sampled_at_once() {
    const SAMPLE_PS: &str = "
.input SV_Position 0 v0.xyzw float position
.output SV_Target 0 o0.xyzw float
ps_4_0
dcl_sampler s0, mode_default
dcl_resource_texture2d (float,float,float,float) t0
dcl_input_ps_siv linear noperspective v0.xy, position
dcl_output o0.xyzw
dcl_temps 1
mul r0.xy, v0.xyxx, l(0.125, 0.125, 0.0, 0.0)
sample o0.xyzw, r0.xyxx, t0.xyzw, s0
ret
";
    let mut rig = Rig::new();
    rig.run(|w| {
        target(w, 1, 8, 8);
        vertices(w, PrimitiveTopology::TriangleStrip, &quad([-1.0, 1.0, 0.0, -1.0], 0.5, RED));
        draw(w, 0, 4);
        target(w, 2, 8, 8);
        w.create_shader_dxbc(60, ShaderStage::Pixel, &shader(SAMPLE_PS));
        vertices(w, PrimitiveTopology::TriangleStrip, &quad(FULL, 0.5, BLUE));
        w.bind_shaders(VS, 60).set_texture(ShaderStage::Pixel, 0, 1);
        draw(w, 0, 4);
    });
    assert_eq!(rig.texture(1, 0, 0), rig.texture(2, 0, 0));
    assert_eq!(rig.count(2, rgba(RED)), 32);
}

#[test]
fn compute_writes_buffers() {
    const DOUBLE_CS: &str = "
cs_5_0
dcl_resource_raw t0
dcl_uav_raw u0
dcl_input vThreadID.x
dcl_temps 1
dcl_thread_group 4, 1, 1
ishl r0.x, vThreadID.x, l(2)
ld_raw r0.y, r0.x, t0.x
iadd r0.y, r0.y, r0.y
store_raw u0.x, r0.x, r0.y
ret
";
    use aerogpu::Backend;
    let mut rig = Rig::new();
    let numbers: Vec<u32> = (1..=10).collect();
    rig.run(|w| {
        buffer(w, 1, 40);
        buffer(w, 2, 40);
        w.upload_resource(1, 0, bytemuck::cast_slice(&numbers));
        w.create_shader_dxbc(3, ShaderStage::Compute, &shader(DOUBLE_CS));
        w.bind_all_shaders(ShaderBindings { cs: 3, ..Default::default() });
        w.set_shader_resource_buffers(
            ShaderStage::Compute,
            0,
            &[ShaderResourceBufferBinding { buffer: 1, ..Default::default() }],
        );
        let uav = UnorderedAccessBufferBinding { buffer: 2, initial_count: u32::MAX, ..Default::default() };
        w.set_unordered_access_buffers(ShaderStage::Compute, 0, &[uav]);
        w.dispatch(3, 1, 1);
    });
    let doubled: Vec<u32> = numbers.iter().map(|n| n * 2).collect();
    assert_eq!(rig.renderer.read_buffer(2, 0, 40), Ok(bytemuck::cast_slice(&doubled).to_vec()));
}

#[test]
fn what_is_missing_is_named() {
    let mut rig = Rig::new();
    rig.run(|w| target(w, 1, 4, 4));
    let failure = rig.fail(|w| draw(w, 0, 3));
    assert!(matches!(failure, Failure::NotBound(_)), "{failure}");
    let failure = rig.fail(|w| {
        w.bind_shaders(VS, 12345);
        draw(w, 0, 3);
    });
    assert!(failure.to_string().contains("12345"), "{failure}");
    let failure = rig.fail(|w| {
        w.bind_shaders(VS, PS).set_index_buffer(54321, IndexFormat::Uint16, 0);
        w.draw_indexed(DrawIndexed { index_count: 3, instance_count: 1, ..Default::default() });
    });
    assert!(failure.to_string().contains("54321"), "{failure}");
}

#[test]
fn without_an_index_buffer_every_index_is_zero() {
    let mut rig = Rig::new();
    let done = rig.run(|w| {
        target(w, 1, 4, 4);
        vertices(w, PrimitiveTopology::PointList, &[([0.125, -0.125, 0.5, 1.0], GREEN)]);
        w.draw_indexed(DrawIndexed { index_count: 3, instance_count: 1, ..Default::default() });
    });
    assert_eq!(rig.pixel(1, 2, 2), rgba(GREEN));
    assert_eq!((rig.count(1, rgba(GREEN)), done.report.statistics.pixels_written), (1, 3));
}

#[test]
fn inputs_that_nothing_feeds_have_defaults() {
    // The pixel shader's v2 has no counterpart, and the layout no COLOR: both are (0, 0, 0, 1).
    const UNFED_PS: &str = "
.input SV_Position 0 v0.xyzw float position
.input COLOR 0 v1.xyzw float
.input MISSING 0 v2.xyzw float
.output SV_Target 0 o0.xyzw float
ps_4_0
dcl_input_ps constant v1.xyzw
dcl_input_ps constant v2.xyzw
dcl_output o0.xyzw
mad o0.xyzw, v2.xyzw, l(0.5, 0.5, 0.5, -0.5), v1.xyzw
ret
";
    let mut rig = Rig::new();
    rig.run(|w| {
        target(w, 1, 4, 4);
        w.clear(ClearFlags::COLOR, RED, 1.0, 0);
        w.create_shader_dxbc(60, ShaderStage::Pixel, &shader(UNFED_PS));
        w.create_input_layout(61, &layout(&[("POSITION", 2, 0)]));
        vertices(w, PrimitiveTopology::TriangleStrip, &quad(FULL, 0.5, GREEN));
        w.bind_shaders(VS, 60).set_input_layout(61);
        draw(w, 0, 4);
    });
    assert_eq!(rig.count(1, [0, 0, 0, 128]), 16);
    // Without a layout positions are zeros, w included: nothing is drawn.
    rig.run(|w| {
        target(w, 2, 4, 4);
        w.clear(ClearFlags::COLOR, RED, 1.0, 0).set_input_layout(0);
        w.set_primitive_topology(PrimitiveTopology::PointList);
        draw(w, 0, 4);
    });
    assert_eq!(rig.count(2, rgba(RED)), 16);
}

#[test]
fn vertices_have_the_formats_of_the_input_assembler() {
    // 128 in R8G8B8A8_UNORM_SRGB and B8G8R8A8_UNORM_SRGB stays 128; blue and red change places in the second.
    for (format, expected) in [(29, [128, 64, 0, 255]), (91, [0, 64, 128, 255])] {
        let mut rig = Rig::new();
        rig.run(|w| {
            target(w, 1, 4, 4);
            w.create_input_layout(61, &layout(&[("POSITION", 2, 0), ("COLOR", format, 1)]));
            buffer(w, 62, 4);
            w.upload_resource(62, 0, &[128, 64, 0, 255]);
            vertices(w, PrimitiveTopology::TriangleStrip, &quad(FULL, 0.5, GREEN));
            w.set_input_layout(61);
            w.set_vertex_buffers(
                1,
                &[VertexBufferBinding { buffer: 62, stride_bytes: 4, ..Default::default() }],
            );
            draw(w, 0, 4);
        });
        assert_eq!(rig.count(1, expected), 16, "DXGI format {format}");
    }
    // B5G6R5_UNORM, D32_FLOAT, R9G9B9E5, B8G8R8X8_UNORM_SRGB
    for format in [85, 40, 67, 93] {
        let mut rig = Rig::new();
        let failure = rig.fail(|w| {
            w.create_input_layout(61, &layout(&[("COLOR", format, 0)]));
        });
        assert!(matches!(failure, Failure::Layout(_)), "{failure}");
    }
}

#[test]
fn direct3d_9_clears_encode_as_its_draws_do() {
    let mut rig = Rig::new();
    rig.run(|w| {
        target(w, 1, 4, 4);
        w.set_render_state(194, 1).clear(ClearFlags::COLOR, [0.5, 0.0, 1.0, 0.5], 1.0, 0);
    });
    // 0.5 encodes to 188 in sRGB; alpha stays linear.
    assert_eq!(rig.count(1, [188, 0, 255, 128]), 16);
}
