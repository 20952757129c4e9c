//! Direct3D 9's way from vertices to pixels: declarations, streams, fans, flat colours, points, pixel centres
//! (d3d-rules §17.1, §17.2, §17.10).

use aerogpu::Options;
use aerogpu::state::d3d9::render_state as rs;
use aerogpu_protocol::packets::*;
use aerogpu_protocol::{Format, StreamWriter};

use crate::rig::buffer;
use crate::rig9::*;

/// A colour from a stream of its own: v1 times c0 plus c1.
const SCALED_VS: &str = "
vs_2_0
dcl_position v0
dcl_texcoord v1
mov oPos, v0
mad r0, v1, c0, c1
mov oD0, r0
";

/// Draws with an element of this type in a second stream of stride 0, and gives the pixel's colour.
fn element(kind: u8, bytes: &[u8], scale: f32, offset: f32) -> [u8; 4] {
    let mut rig = rig();
    rig.run(|w| {
        shader(w, 60, SCALED_VS);
        w.create_input_layout(61, &declaration(&[(0, 0, FLOAT4, POSITION), (3, 4, kind, TEXCOORD)]));
        buffer(w, 62, 32);
        w.upload_resource(62, 4, bytes);
        bind(w, &quad(FULL, [0.5, 1.0], 0));
        w.bind_shaders(60, PS9)
            .set_input_layout(61)
            .set_vertex_buffers(3, &[VertexBufferBinding { buffer: 62, ..Default::default() }])
            .set_shader_constants_f(ShaderStage::Vertex, 0, &[[scale; 4], [offset; 4]])
            .set_primitive_topology(PrimitiveTopology::TriangleStrip);
        crate::rig::draw(w, 0, 4);
    });
    let pixel = rig.pixel(1, 0, 0);
    assert_eq!(rig.count(1, pixel), 16, "a stride of 0 gives every vertex the same");
    pixel
}

#[test]
fn every_type_of_a_declaration_reaches_the_shader() {
    let floats: Vec<u8> = [0.2f32, 0.4, 0.6, 0.8].iter().flat_map(|f| f.to_le_bytes()).collect();
    let shorts = |values: &[i16]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    // Missing components are those of (0, 0, 0, 1).
    assert_eq!(element(0, &floats[..4], 1.0, 0.0), [51, 0, 0, 255], "FLOAT1");
    assert_eq!(element(1, &floats[..8], 1.0, 0.0), [51, 102, 0, 255], "FLOAT2");
    assert_eq!(element(2, &floats[..12], 1.0, 0.0), [51, 102, 153, 255], "FLOAT3");
    assert_eq!(element(3, &floats, 1.0, 0.0), [51, 102, 153, 204], "FLOAT4");
    assert_eq!(element(4, &[10, 20, 30, 40], 1.0, 0.0), [30, 20, 10, 40], "D3DCOLOR");
    assert_eq!(element(5, &[10, 20, 30, 40], 1.0 / 255.0, 0.0), [10, 20, 30, 40], "UBYTE4");
    // -40, 0 and 60 of 100, moved up by a half: 0.1, 0.5 and 1.1; the missing ones are 0.5 and 0.51.
    assert_eq!(element(6, &shorts(&[-40, 60]), 0.01, 0.5), [26, 255, 128, 130], "SHORT2");
    assert_eq!(element(7, &shorts(&[-40, -10, 10, 30]), 0.01, 0.5), [26, 102, 153, 204], "SHORT4");
    assert_eq!(element(8, &[10, 20, 30, 40], 1.0, 0.0), [10, 20, 30, 40], "UBYTE4N");
    // -1 both ways, and 1; half of it and a half more.
    assert_eq!(element(9, &shorts(&[-32768, 32767]), 0.5, 0.5), [0, 255, 128, 255], "SHORT2N");
    assert_eq!(element(10, &shorts(&[-32767, 0, 32767, 0]), 0.5, 0.5), [0, 128, 255, 128], "SHORT4N");
    assert_eq!(element(11, &shorts(&[-1, 0x3333]), 1.0, 0.0), [255, 51, 0, 255], "USHORT2N");
    assert_eq!(element(12, &shorts(&[0x3333, 0x6666, 0, -1]), 1.0, 0.0), [51, 102, 0, 255], "USHORT4N");
    let packed = |x: u32, y: u32, z: u32| (x | y << 10 | z << 20).to_le_bytes();
    assert_eq!(element(13, &packed(102, 204, 255), 1.0 / 255.0, 0.0), [102, 204, 255, 1], "UDEC3");
    assert_eq!(element(14, &packed(511, 512, 0), 0.5, 0.5), [255, 0, 128, 255], "DEC3N");
    assert_eq!(element(15, &shorts(&[0x3800, 0x3c00]), 0.4, 0.0), [51, 102, 0, 102], "FLOAT16_2");
    assert_eq!(element(16, &shorts(&[0x3800, 0x3c00, 0x4000, 0]), 0.4, 0.0), [51, 102, 204, 0], "FLOAT16_4");
}

#[test]
fn inputs_are_found_by_usage_or_else_by_order() {
    let colors = |text: &str, driver: bool| {
        let mut rig = rig();
        rig.run(|w| {
            let code = if driver { driver_code(text) } else { code(text) };
            w.create_shader_dxbc(60, ShaderStage::Vertex, &code);
            // Colour, an unused element, position.
            let elements = [(0, 16, D3DCOLOR, COLOR), (0, 0, 17, (0, 0)), (0, 0, FLOAT4, POSITION)];
            w.create_input_layout(61, &declaration(&elements));
            bind(w, &quad(FULL, [0.5, 1.0], 0xff33_6699));
            w.bind_shaders(60, PS9)
                .set_input_layout(61)
                .set_primitive_topology(PrimitiveTopology::TriangleStrip);
            crate::rig::draw(w, 0, 4);
        });
        rig.pixel(1, 0, 0)
    };
    let by_usage = "vs_2_0\ndcl_position v3\ndcl_color v7\nmov oPos, v3\nmov oD0, v7\n";
    assert_eq!(colors(by_usage, false), [0x33, 0x66, 0x99, 255]);
    let by_order = "vs_2_0\nmov oPos, v1\nmov oD0, v0\n";
    assert_eq!(colors(by_order, true), [0x33, 0x66, 0x99, 255]);
    let missing = "vs_2_0\ndcl_position v0\ndcl_texcoord4 v1\nmov oPos, v0\nmov oD0, v1\n";
    assert_eq!(colors(missing, false), [0, 0, 0, 255]);
}

#[test]
fn transformed_positions_are_positions() {
    let mut rig = rig();
    rig.run(|w| {
        w.create_input_layout(61, &declaration(&[(0, 0, FLOAT4, POSITIONT), (0, 16, D3DCOLOR, COLOR)]));
        bind(w, &quad([-1.0, 1.0, 0.0, 0.0], [0.5, 2.0], 0xff00_ff00));
        w.set_input_layout(61).set_primitive_topology(PrimitiveTopology::TriangleStrip);
        crate::rig::draw(w, 0, 4);
    });
    assert_eq!((rig.count(1, [0, 255, 0, 255]), rig.pixel(1, 1, 1)), (4, [0, 255, 0, 255]));
}

/// Corners of the target around its middle, in a fan's order, each with its colour.
const RED: u32 = 0xffff_0000;
const GREEN: u32 = 0xff00_ff00;
const BLUE: u32 = 0xff00_00ff;
const WHITE: u32 = 0xffff_ffff;
const FAN: [Vertex; 4] = [
    ([-1.0, 1.0, 0.5, 1.0], RED),
    ([1.0, 1.0, 0.5, 1.0], GREEN),
    ([1.0, -1.0, 0.5, 1.0], BLUE),
    ([-1.0, -1.0, 0.5, 1.0], WHITE),
];

#[test]
fn fans_take_flat_colours_from_their_second_vertices() {
    let mut rig = rig();
    rig.run(|w| {
        w.set_render_state(rs::SHADEMODE, 1);
        draw(w, PrimitiveTopology::TriangleFan, &FAN);
    });
    // The diagonal from the top left is a left edge of the upper triangle.
    assert_eq!((rig.pixel(1, 3, 0), rig.pixel(1, 0, 3)), ([0, 255, 0, 255], [0, 0, 255, 255]));
    assert_eq!((rig.count(1, [0, 255, 0, 255]), rig.count(1, [0, 0, 255, 255])), (10, 6));
    // With indices, from the vertex before the first one that the base makes.
    rig.run(|w| {
        w.clear(ClearFlags::COLOR, [0.0, 0.0, 0.0, 1.0], 1.0, 0);
        buffer(w, 60, 12);
        let indices = [1u16, 2, 3, 4].map(u16::to_le_bytes);
        w.upload_resource(60, 0, indices.as_flattened()).set_index_buffer(60, IndexFormat::Uint16, 0);
        bind(w, &FAN);
        w.set_primitive_topology(PrimitiveTopology::TriangleFan).draw_indexed(DrawIndexed {
            index_count: 4,
            instance_count: 1,
            base_vertex: -1,
            ..Default::default()
        });
    });
    assert_eq!((rig.pixel(1, 3, 0), rig.pixel(1, 0, 3)), ([0, 255, 0, 255], [0, 0, 255, 255]));
}

#[test]
fn flat_colours_are_those_of_the_first_vertex_and_coordinates_stay_smooth() {
    let drawn = |mode: u32, text: &str| {
        let mut rig = rig();
        rig.run(|w| {
            let both = "vs_2_0\ndcl_position v0\ndcl_color v1\nmov oPos, v0\nmov oD0, v1\nmov oD1, v1\nmov oT0, v1\n";
            shader(w, 60, both);
            shader(w, 61, text);
            w.set_render_state(rs::SHADEMODE, mode);
            let columns = [(-1.0, 1.0, RED), (1.0, 1.0, BLUE), (-1.0, -1.0, RED), (1.0, -1.0, BLUE)];
            bind(w, &columns.map(|(x, y, color)| ([x, y, 0.5, 1.0], color)));
            w.bind_shaders(60, 61).set_primitive_topology(PrimitiveTopology::TriangleStrip);
            crate::rig::draw(w, 0, 4);
        });
        [0, 1, 2, 3].map(|x| rig.pixel(1, x, 0)[0])
    };
    // Red falls by quarters from 7/8 to 1/8; the top row's triangle begins with a red vertex.
    let smooth = [223, 159, 96, 32];
    let color = "ps_2_0\ndcl v0\nmov oC0, v0\n";
    let second = "ps_2_0\ndcl v1\nmov oC0, v1\n";
    let coordinate = "ps_2_0\ndcl t0\nmov oC0, t0\n";
    assert_eq!((drawn(2, color), drawn(3, color), drawn(0, color)), (smooth, smooth, smooth));
    // The second triangle of the strip begins with its second vertex, which is blue.
    let flat = drawn(1, color);
    assert_eq!((flat[0], flat[3]), (255, 0));
    assert_eq!(drawn(1, second), flat);
    assert_eq!(drawn(1, coordinate), smooth);
}

#[test]
fn an_index_of_all_ones_is_an_index() {
    let mut rig = rig();
    rig.run(|w| {
        buffer(w, 60, 8);
        let indices = [65_532u16, 65_533, 65_535, 65_534].map(u16::to_le_bytes);
        w.upload_resource(60, 0, indices.as_flattened()).set_index_buffer(60, IndexFormat::Uint16, 0);
        bind(w, &FAN);
        w.set_primitive_topology(PrimitiveTopology::TriangleStrip).draw_indexed(DrawIndexed {
            index_count: 4,
            instance_count: 1,
            base_vertex: -65_532,
            ..Default::default()
        });
    });
    assert_eq!(rig.count(1, [0, 0, 0, 255]), 0, "the strip is not cut");
}

/// Draws a point of red in the middle of a target of 16x16 and gives how many pixels it covers.
fn point(more: &[(u32, u32)], w: f32, set: impl FnOnce(&mut StreamWriter)) -> usize {
    let mut rig = rig();
    rig.run(|writer| {
        target(writer, 2, 16);
        bind(writer, &[([0.0, 0.0, 0.5 * w, w], RED)]);
        // Points are never culled.
        writer.set_render_state(rs::CULLMODE, 2);
        states(writer, more);
        set(writer);
        writer.set_primitive_topology(PrimitiveTopology::PointList);
        crate::rig::draw(writer, 0, 1);
    });
    rig.count(2, [255, 0, 0, 255])
}

#[test]
fn points_have_sizes() {
    let size = |value: f32| (rs::POINTSIZE, value.to_bits());
    let none = |_: &mut StreamWriter| {};
    assert_eq!(point(&[], 1.0, none), 1);
    assert_eq!(point(&[size(4.0)], 1.0, none), 16);
    assert_eq!(point(&[size(4.0)], 7.0, none), 16, "pixels, however far");
    assert_eq!(
        point(&[size(0.25)], 1.0, none),
        0,
        "the least is 0 unless it is set, and no centre is inside"
    );
    assert_eq!(point(&[size(0.25), (rs::POINTSIZE_MIN, 1.0f32.to_bits())], 1.0, none), 1);
    assert_eq!(point(&[size(8.0), (rs::POINTSIZE_MAX, 2.0f32.to_bits())], 1.0, none), 4);
    assert_eq!(point(&[size(2.0), (rs::POINTSIZE_MIN, 6.0f32.to_bits())], 1.0, none), 36);
    let says = |w: &mut StreamWriter| {
        let text = "vs_2_0\ndef c0, 2.0, 0.0, 0.0, 0.0\ndcl_position v0\ndcl_color v1\nmov oPos, v0\nmov oD0, v1\nmov oPts, c0.x\n";
        shader(w, 60, text);
        w.bind_shaders(60, PS9);
    };
    assert_eq!(point(&[size(8.0)], 1.0, says), 4, "the vertex shader's size wins");
}

#[test]
fn only_points_of_the_fixed_pipeline_shrink_with_distance() {
    let float = f32::to_bits;
    let scaled = [
        (rs::POINTSCALEENABLE, 1),
        (rs::POINTSIZE, float(0.5)),
        (rs::POINTSIZE_MIN, float(1.0)),
        (rs::POINTSCALE_A, 0),
        (rs::POINTSCALE_A + 1, 0),
        (rs::POINTSCALE_A + 2, float(1.0)),
    ];
    // 16 * 0.5 / sqrt(2^2) = 4.
    let stand_in = |w: &mut StreamWriter| {
        w.create_shader_dxbc(60, ShaderStage::Vertex, &driver_code("vs_2_0\nmov oPos, v0\nmov oD0, v1\n"));
        w.bind_shaders(60, PS9);
    };
    assert_eq!(point(&scaled, 2.0, stand_in), 16);
    assert_eq!(point(&scaled, 2.0, |_| {}), 1, "an application's vertex shader");
}

#[test]
fn sprites_have_coordinates_of_their_own() {
    let mut rig = rig();
    rig.run(|w| {
        shader(w, 60, "ps_2_0\ndcl t3\nmov oC0, t3\n");
        bind(w, &[([0.0, 0.0, 0.5, 1.0], RED)]);
        states(
            w,
            &[
                (rs::POINTSPRITEENABLE, 1),
                (rs::POINTSIZE, 4.0f32.to_bits()),
                (rs::CULLMODE, 2),
                (rs::FILLMODE, 2),
            ],
        );
        w.bind_shaders(VS9, 60).set_primitive_topology(PrimitiveTopology::PointList);
        crate::rig::draw(w, 0, 1);
    });
    // Centres of quarters from the top left: eighths of 255; z and w are 0.
    let eighths = [32, 96, 159, 223];
    for (y, green) in (0..).zip(eighths) {
        for (x, red) in (0..).zip(eighths) {
            assert_eq!(rig.pixel(1, x, y), [red, green, 0, 0]);
        }
    }
}

#[test]
fn pixel_centres_are_whole_numbers_where_that_is_asked_for() {
    let columns = |half_pixel_centers| {
        let mut rig = rig_with(Options { half_pixel_centers, ..Options::default() });
        // From x = 0.25 to 2.25 of 4.
        rig.run(|w| {
            draw(w, PrimitiveTopology::TriangleStrip, &quad([-0.875, 2.0, 0.125, -2.0], [0.5, 1.0], RED));
        });
        [0, 1, 2, 3].map(|x| rig.pixel(1, x, 1) == [255, 0, 0, 255])
    };
    // Centres at 0.5 and 1.5 lie inside, or those at 1 and 2.
    assert_eq!(columns(false), [true, true, false, false]);
    assert_eq!(columns(true), [false, true, true, false]);
}

#[test]
fn fill_modes() {
    let drawn = |mode| {
        let mut rig = rig();
        rig.run(|w| {
            target(w, 2, 8);
            w.set_render_state(rs::FILLMODE, mode);
            let inset = [
                ([-0.625, 0.625, 0.5, 1.0], RED),
                ([0.625, 0.625, 0.5, 1.0], RED),
                ([-0.625, -0.625, 0.5, 1.0], RED),
            ];
            draw(w, PrimitiveTopology::TriangleList, &inset);
        });
        rig.count(2, [255, 0, 0, 255])
    };
    // Corners at the centres of pixels 1 and 6: three points; three sides of 5 pixels; 5 + 4 + 3 + 2 + 1 inside.
    assert_eq!((drawn(1), drawn(2)), (3, 15));
    assert_eq!((drawn(3), drawn(0)), (15, 15));
}

#[test]
fn culling_names_the_winding() {
    let clockwise = [FAN[0], FAN[1], FAN[2]];
    let drawn = |mode, vertices: [Vertex; 3]| {
        let mut rig = rig();
        rig.run(|w| {
            bind(w, &vertices);
            w.set_render_state(rs::CULLMODE, mode).set_primitive_topology(PrimitiveTopology::TriangleList);
            crate::rig::draw(w, 0, 3);
        });
        rig.count(1, [0, 0, 0, 255]) < 16
    };
    let [a, b, c] = clockwise;
    let visible = |mode| (drawn(mode, [a, b, c]), drawn(mode, [a, c, b]));
    assert_eq!(visible(1), (true, true));
    assert_eq!(visible(2), (false, true));
    assert_eq!(visible(3), (true, false));
}

#[test]
fn tokens_may_lie_in_a_container() {
    let mut rig = rig();
    let contained = |text: &str| aerogpu_dxbc::container::build(&[(*b"SHDR", code(text))]);
    rig.run(|w| {
        let vertex = contained("vs_2_0\ndcl_position v0\nmov oPos, v0\n");
        let pixel = contained("ps_2_0\ndef c0, 0.2, 0.4, 0.6, 1.0\nmov oC0, c0\n");
        w.create_shader_dxbc(60, ShaderStage::Vertex, &vertex).create_shader_dxbc(
            61,
            ShaderStage::Pixel,
            &pixel,
        );
        bind(w, &quad(FULL, [0.5, 1.0], 0));
        w.bind_shaders(60, 61).set_primitive_topology(PrimitiveTopology::TriangleStrip);
        crate::rig::draw(w, 0, 4);
    });
    assert_eq!(rig.count(1, [51, 102, 153, 255]), 16);
}

#[test]
fn depth_ranges_may_be_turned_around() {
    let depth = |range: [f32; 2]| {
        let mut rig = rig();
        rig.run(|w| {
            depth_target(w, 2, Format::D32Float, 1.0, 0);
            w.set_viewport([0.0, 0.0, 4.0, 4.0], range);
            draw(w, PrimitiveTopology::TriangleStrip, &quad(FULL, [0.25, 1.0], RED));
        });
        let bytes = rig.texture(2, 0, 0).bytes;
        f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    };
    assert_eq!(depth([0.0, 1.0]), 0.25);
    assert_eq!(depth([1.0, 0.0]), 0.75);
    assert_eq!(depth([0.75, 0.25]), 0.625);
    assert_eq!(depth([0.5, 0.5]), 0.5);
}
