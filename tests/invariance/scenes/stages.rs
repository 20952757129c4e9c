//! Geometry, hull and domain shaders.

use aerogpu_protocol::Format;
use aerogpu_protocol::packets::*;

use super::rgba;
use crate::canvas::*;
use crate::rig::{BLUE, RED, shader};
use crate::scenes;

const GS: u32 = 20;
const HS: u32 = 21;
const DS: u32 = 22;

scenes! { Stream:
    points_to_squares => |c| {
        let still = "mov r1, l(0, 0, 0, 0)\nmov r2, l(0, 0, 0, 0)";
        geometry(c, "point", 1, "trianglestrip", 4, "", &format!("{still}{SQUARE}"));
        c.mesh(PrimitiveTopology::PointList, &zigzag(30));
        c.mesh(PrimitiveTopology::PointList, &[at(120.0, 40.0, 0.5, RED)]);
        c.expect([121, 41], rgba(RED));
        c.expect([130, 45], rgba(RED)); // 1/5 of the half width is 13 pixels, of the half height 6
    };
    geometry_instances => |c| {
        geometry(c, "point", 1, "trianglestrip", 4, "dcl_input vGSInstanceID\ndcl_gsinstances 5", &format!("
utof r0.x, vGSInstanceID.x
mul r1.xy, r0.xxxx, l(0.1, 0.15, 0, 0)
mov r1.zw, l(0, 0, 0, 0)
mul r2, r0.xxxx, l(0.0, 0.2, 0.1, 0){SQUARE}"));
        c.mesh(PrimitiveTopology::PointList, &zigzag(20));
    };
    // Only what goes to stream 0 is drawn.
    geometry_streams => |c| {
        let text = "
.input SV_Position 0 v0.xyzw float position
.input COLOR 0 v1.xyzw float
.output SV_Position 0 o0.xyzw float position
.output COLOR 0 o1.xyzw float
.output SV_Position 0 o0.xyzw float position stream=1
gs_5_0
dcl_inputprimitive point
dcl_input v[1][0].xyzw
dcl_input v[1][1].xyzw
dcl_stream m0
dcl_outputtopology pointlist
dcl_output_siv o0.xyzw, position
dcl_output o1.xyzw
dcl_stream m1
dcl_outputtopology pointlist
dcl_output_siv o0.xyzw, position
dcl_maxout 3
mov o0.xyzw, v[0][0].xyzw
mov o1.xyzw, v[0][1].xyzw
emit_stream m0
mov o0.xyzw, v[0][0].yxzw
emit_stream m1
add o0.xyzw, v[0][0].xyzw, l(0.1, 0.1, 0, 0)
mov o1.xyzw, v[0][1].zxyw
emit_stream m0
ret
";
        c.create_shader_dxbc(GS, ShaderStage::Geometry, &shader(text));
        c.bind_all_shaders(ShaderBindings { vs: VS, ps: SMOOTH, gs: GS, ..Default::default() });
        c.mesh(PrimitiveTopology::PointList, &zigzag(120));
        c.mesh(PrimitiveTopology::PointList, &[at(130.5, 30.5, 0.5, RED)]);
        c.expect([130, 30], rgba(RED));
    };
    // Triangles shrink towards their middle; every second is left out.
    shrunk_triangles => |c| {
        geometry(c, "triangle", 3, "trianglestrip", 3, "dcl_input vPrim", "
and r0.x, vPrim, l(1)
if_z r0.x
add r1, v[0][0].xyzw, v[1][0].xyzw
add r1, r1, v[2][0].xyzw
mul r1, r1, l(0.1, 0.1, 0.1, 0.1)
mad o0.xyzw, v[0][0].xyzw, l(0.7, 0.7, 0.7, 0.7), r1
mov o1.xyzw, v[0][1].xyzw
emit_stream m0
mad o0.xyzw, v[1][0].xyzw, l(0.7, 0.7, 0.7, 0.7), r1
mov o1.xyzw, v[1][1].xyzw
emit_stream m0
mad o0.xyzw, v[2][0].xyzw, l(0.7, 0.7, 0.7, 0.7), r1
mov o1.xyzw, v[2][1].xyzw
emit_stream m0
endif");
        c.mesh(PrimitiveTopology::TriangleStrip, &zigzag(40));
    };
    triangle_neighbours => |c| neighbours(c, PrimitiveTopology::TriangleListAdj, "triangleadj", 6);
    triangle_strip_neighbours => |c| neighbours(c, PrimitiveTopology::TriangleStripAdj, "triangleadj", 6);
    line_neighbours => |c| neighbours(c, PrimitiveTopology::LineListAdj, "lineadj", 4);
    line_strip_neighbours => |c| neighbours(c, PrimitiveTopology::LineStripAdj, "lineadj", 4);
    cut_strips => |c| {
        geometry(c, "line", 2, "linestrip", 6, "", "
mov o1.xyzw, v[0][1].xyzw
mov o0.xyzw, v[0][0].xyzw
emit_stream m0
mov o0.xyzw, v[1][0].xyzw
emit_then_cut_stream m0
mov o1.xyzw, v[1][1].xyzw
add o0.xyzw, v[0][0].xyzw, l(0.05, 0.1, 0, 0)
emit_stream m0
add o0.xyzw, v[1][0].xyzw, l(0.05, 0.1, 0, 0)
emit_stream m0
add o0.xyzw, v[1][0].xyzw, l(0.15, 0.1, 0, 0)
emit_stream m0");
        c.mesh(PrimitiveTopology::LineStrip, &zigzag(33));
    };
    layers => |c| {
        c.create_texture2d(CreateTexture2d {
            texture_handle: 1,
            usage_flags: ResourceUsage::RENDER_TARGET.bits(),
            format: Format::R8G8B8A8Unorm.to_u32(),
            width: WIDTH,
            height: HEIGHT,
            mip_levels: 1,
            array_layers: 3,
            ..Default::default()
        });
        c.set_render_targets(&[1], 0).clear(ClearFlags::COLOR, CLEAR, 1.0, 0);
        let text = gs("point", 1, "trianglestrip", 4, "dcl_input vGSInstanceID\ndcl_gsinstances 4\ndcl_output_siv o2.x, rendertarget_array_index", &format!("
utof r0.x, vGSInstanceID.x
mul r1, r0.xxxx, l(0.05, -0.1, 0, 0)
mul r2, r0.xxxx, l(0.0, 0.3, 0.1, 0)
{}", SQUARE.replace("emit_stream", "mov o2.x, vGSInstanceID.x\nemit_stream")))
            .replace("gs_5_0", ".output SV_RenderTargetArrayIndex 0 o2.x uint rendertarget_array_index\ngs_5_0");
        c.create_shader_dxbc(GS, ShaderStage::Geometry, &shader(&text));
        c.bind_all_shaders(ShaderBindings { vs: VS, ps: SMOOTH, gs: GS, ..Default::default() });
        c.mesh(PrimitiveTopology::PointList, &zigzag(30));
        c.mesh(PrimitiveTopology::PointList, &[at(120.0, 30.0, 0.5, RED)]);
        (0..3).for_each(|layer| c.textures.push((1, 0, layer)));
        c.expect_in((1, 0, 0), [130, 35], &rgba(RED));
        c.expect_in((1, 0, 1), [130, 38], &[255, 77, 26, 255]); // 0.3 and 0.1: 76.5 and 25.5, halves to even
        c.expect_in((1, 0, 2), [130, 25], &rgba(CLEAR));
    };
    quads_integer => |c| quads(c, "integer", "triangle_cw", [3.0, 5.0, 2.0, 7.0, 4.0, 6.0]);
    quads_even => |c| quads(c, "fractional_even", "triangle_ccw", [3.3, 5.1, 2.2, 7.9, 4.4, 6.1]);
    quads_odd => |c| quads(c, "fractional_odd", "triangle_cw", [3.3, 5.1, 2.2, 7.9, 4.4, 6.1]);
    quads_powers => |c| quads(c, "pow2", "triangle_cw", [3.3, 5.1, 2.2, 7.9, 4.4, 6.1]);
    quads_as_points => |c| quads(c, "fractional_odd", "point", [13.3, 15.1, 12.2, 17.9, 14.4, 16.1]);
    quads_finest => |c| quads(c, "integer", "triangle_cw", [64.0; 6]);
    quads_in_wireframe => |c| {
        c.rasterizer(RasterizerState { fill_mode: FillMode::Wireframe.to_u32(), ..Default::default() });
        quads(c, "integer", "triangle_cw", [3.0, 5.0, 2.0, 7.0, 4.0, 6.0]);
    };
    triangles_integer => |c| triangles(c, "integer", [3.0, 4.0, 5.0, 6.0]);
    triangles_even => |c| triangles(c, "fractional_even", [2.7, 9.4, 5.5, 4.2]);
    triangles_odd => |c| triangles(c, "fractional_odd", [2.7, 9.4, 5.5, 4.2]);
    isolines => |c| {
        hull(c, "isoline", "integer", "line", &[9.0, 12.0]);
        domain(c, "isoline", "vDomain.xy", "
add r1, v_b, -v_a
mad r2, r1, vDomain.xxxx, v_a
mul r0.x, vDomain.x, vDomain.y
mul r0.x, r0.x, l(-0.5)
add r2.y, r2.y, r0.x
mov o0.xyzw, r2");
        c.mesh(PrimitiveTopology::PatchList(4), &zigzag(16));
    };
    tessellated_then_geometry => |c| {
        hull(c, "quad", "integer", "triangle_cw", &[3.0, 3.0, 4.0, 4.0, 3.0, 5.0]);
        domain(c, "quad", "vDomain.xy", BILINEAR);
        let text = gs("triangle", 3, "linestrip", 3, "", "
mov o1.xyzw, v[0][1].xyzw
mov o0.xyzw, v[0][0].xyzw
emit_stream m0
mov o0.xyzw, v[1][0].xyzw
emit_stream m0
mov o0.xyzw, v[2][0].xyzw
emit_stream m0");
        c.create_shader_dxbc(GS, ShaderStage::Geometry, &shader(&text));
        c.bind_all_shaders(ShaderBindings { vs: VS, ps: SMOOTH, gs: GS, hs: HS, ds: DS, ..Default::default() });
        c.mesh(PrimitiveTopology::PatchList(4), &zigzag(24));
    };
}

/// A square right of and below a point, moved by r1 and brightened by r2.
const SQUARE: &str = "
add r3, v[0][0].xyzw, r1
add_sat o1.xyzw, v[0][1].xyzw, r2
mov o0.xyzw, r3
emit_stream m0
add_sat o1.xyzw, v[0][1].xyzw, r2
add o0.xyzw, r3, l(0.2, 0, 0, 0)
emit_stream m0
add_sat o1.xyzw, v[0][1].xyzw, r2
add o0.xyzw, r3, l(0, -0.2, 0, 0)
emit_stream m0
add_sat o1.xyzw, v[0][1].xyzw, r2
add o0.xyzw, r3, l(0.2, -0.2, 0, 0)
emit_stream m0";

/// A geometry shader of this body.
fn gs(input: &str, vertices: u32, output: &str, most: u32, declarations: &str, body: &str) -> String {
    format!(
        ".input SV_Position 0 v0.xyzw float position
.input COLOR 0 v1.xyzw float
.output SV_Position 0 o0.xyzw float position
.output COLOR 0 o1.xyzw float
gs_5_0
dcl_inputprimitive {input}
dcl_input_siv v[{vertices}][0].xyzw, position
dcl_input v[{vertices}][1].xyzw
dcl_temps 4
dcl_stream m0
dcl_outputtopology {output}
dcl_output_siv o0.xyzw, position
dcl_output o1.xyzw
{declarations}
dcl_maxout {most}
{body}
ret
"
    )
}

fn geometry(
    c: &mut Canvas,
    input: &str,
    vertices: u32,
    output: &str,
    most: u32,
    declarations: &str,
    body: &str,
) {
    let text = gs(input, vertices, output, most, declarations, body);
    c.create_shader_dxbc(GS, ShaderStage::Geometry, &shader(&text));
    c.bind_all_shaders(ShaderBindings { vs: VS, ps: SMOOTH, gs: GS, ..Default::default() });
}

/// Primitives as outlines that go through their neighbours.
fn neighbours(c: &mut Canvas, topology: PrimitiveTopology, input: &str, vertices: u32) {
    let emit = |i: u32| format!("mov o0.xyzw, v[{i}][0].xyzw\nmov o1.xyzw, v[{i}][1].xyzw\nemit_stream m0\n");
    let body: String = (0..vertices).map(emit).collect();
    geometry(c, input, vertices, "linestrip", vertices, "", &body);
    c.mesh(topology, &zigzag(36));
    // From the first vertex of the last primitive to its neighbour: a line that neither end of a plain line has.
    let [a, b] = [at(130.5, 3.5, 0.5, BLUE), at(130.5, 60.5, 0.5, BLUE)];
    let last = [a, b, at(110.0, 60.0, 0.5, BLUE), b, a, b];
    c.mesh(topology, &last[..vertices as usize]);
    c.expect([130, 30], rgba(BLUE));
}

/// Where factors go: semantic, value and system name in the signature.
fn factors(shape: &str) -> &'static [(&'static str, u32, &'static str, &'static str)] {
    match shape {
        "quad" => &[
            ("SV_TessFactor", 0, "quad_edge", "finalQuadUeq0EdgeTessFactor"),
            ("SV_TessFactor", 1, "quad_edge", "finalQuadVeq0EdgeTessFactor"),
            ("SV_TessFactor", 2, "quad_edge", "finalQuadUeq1EdgeTessFactor"),
            ("SV_TessFactor", 3, "quad_edge", "finalQuadVeq1EdgeTessFactor"),
            ("SV_InsideTessFactor", 0, "quad_inside", "finalQuadUInsideTessFactor"),
            ("SV_InsideTessFactor", 1, "quad_inside", "finalQuadVInsideTessFactor"),
        ],
        "tri" => &[
            ("SV_TessFactor", 0, "tri_edge", "finalTriUeq0EdgeTessFactor"),
            ("SV_TessFactor", 1, "tri_edge", "finalTriVeq0EdgeTessFactor"),
            ("SV_TessFactor", 2, "tri_edge", "finalTriWeq0EdgeTessFactor"),
            ("SV_InsideTessFactor", 0, "tri_inside", "finalTriInsideTessFactor"),
        ],
        _ => &[
            ("SV_TessFactor", 0, "line_density", "finalLineDensityTessFactor"),
            ("SV_TessFactor", 1, "line_detail", "finalLineDetailTessFactor"),
        ],
    }
}

/// A hull shader with these factors; the four control points pass through, the colour a little changed.
fn hull(c: &mut Canvas, shape: &str, partitioning: &str, output: &str, values: &[f32]) {
    let list = || factors(shape).iter().enumerate();
    let signature: String = list()
        .map(|(i, (name, index, system, _))| format!(".patch {name} {index} o{i}.x float {system}\n"))
        .collect();
    let declared: String =
        list().map(|(i, (_, _, _, system))| format!("dcl_output_siv o{i}.x, {system}\n")).collect();
    let moves: String =
        values.iter().enumerate().map(|(i, value)| format!("mov o{i}.x, l({value:?})\n")).collect();
    let text = format!(
        ".input SV_Position 0 v0.xyzw float position
.input COLOR 0 v1.xyzw float
.output CORNER 0 o0.xyzw float
.output COLOR 0 o1.xyzw float
{signature}hs_5_0
hs_decls
dcl_input_control_point_count 4
dcl_output_control_point_count 4
dcl_tessellator_domain domain_{shape}
dcl_tessellator_partitioning partitioning_{partitioning}
dcl_tessellator_output_primitive output_{output}
hs_control_point_phase
dcl_input v[4][0].xyzw
dcl_input v[4][1].xyzw
dcl_input vOutputControlPointID
dcl_output o0.xyzw
dcl_output o1.xyzw
dcl_temps 1
mov r0.x, vOutputControlPointID
mov o0.xyzw, v[r0.x + 0][0].xyzw
mul o1.xyzw, v[r0.x + 0][1].xyzw, l(1.0, 0.8, 0.9, 1.0)
ret
hs_fork_phase
{declared}{moves}ret
"
    );
    c.create_shader_dxbc(HS, ShaderStage::Hull, &shader(&text));
}

/// A domain shader of this body; `v_a` to `v_d` are the corners, `c_a` to `c_d` their colours.
fn domain(c: &mut Canvas, shape: &str, location: &str, body: &str) {
    let signature: String = factors(shape)
        .iter()
        .enumerate()
        .map(|(i, (name, index, system, _))| format!(".patch {name} {index} o{i}.x float {system}\n"))
        .collect();
    let mut body = body.to_owned();
    for (i, corner) in ["a", "b", "c", "d"].into_iter().enumerate() {
        body = body.replace(&format!("v_{corner}"), &format!("vicp[{i}][0].xyzw"));
        body = body.replace(&format!("c_{corner}"), &format!("vicp[{i}][1].xyzw"));
    }
    let text = format!(
        ".input CORNER 0 v0.xyzw float
.input COLOR 0 v1.xyzw float
{signature}.output SV_Position 0 o0.xyzw float position
.output COLOR 0 o1.xyzw float
ds_5_0
dcl_input_control_point_count 4
dcl_tessellator_domain domain_{shape}
dcl_input {location}
dcl_input vicp[4][0].xyzw
dcl_input vicp[4][1].xyzw
dcl_output_siv o0.xyzw, position
dcl_output o1.xyzw
dcl_temps 4
{body}
mad o1.xyz, vDomain.xyxx, l(0.3, 0.3, 0, 0), vicp[0][1].xyzx
mov o1.w, l(1.0)
ret
"
    );
    c.create_shader_dxbc(DS, ShaderStage::Domain, &shader(&text));
    c.bind_all_shaders(ShaderBindings { vs: VS, ps: SMOOTH, hs: HS, ds: DS, ..Default::default() });
}

/// Between four corners.
const BILINEAR: &str = "
add r0, v_b, -v_a
mad r0, r0, vDomain.xxxx, v_a
add r1, v_d, -v_c
mad r1, r1, vDomain.xxxx, v_c
add r1, r1, -r0
mad o0.xyzw, r1, vDomain.yyyy, r0";

fn quads(c: &mut Canvas, partitioning: &str, output: &str, values: [f32; 6]) {
    hull(c, "quad", partitioning, output, &values);
    domain(c, "quad", "vDomain.xy", BILINEAR);
    c.mesh(PrimitiveTopology::PatchList(4), &zigzag(24));
}

fn triangles(c: &mut Canvas, partitioning: &str, values: [f32; 4]) {
    hull(c, "tri", partitioning, "triangle_cw", &values);
    domain(
        c,
        "tri",
        "vDomain.xyz",
        "
mul r0, v_a, vDomain.xxxx
mad r0, v_b, vDomain.yyyy, r0
mad r0, v_c, vDomain.zzzz, r0
mov o0.xyzw, r0",
    );
    c.mesh(PrimitiveTopology::PatchList(4), &zigzag(24));
}
