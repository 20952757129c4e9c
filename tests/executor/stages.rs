//! Geometry, hull and domain shaders in draws.

use aerogpu::executor::Failure;
use aerogpu::pipeline::stages::StageError;
use aerogpu_dxbc::shader::{Domain, InputPrimitive};
use aerogpu_protocol::StreamWriter;
use aerogpu_protocol::packets::*;

use crate::rig::*;

const GS: u32 = 2000;
const HS: u32 = 2001;
const DS: u32 = 2002;

/// A point becomes a square of 2x2 pixels of an 8x8 target, right of and below it; each instance one layer further.
const SQUARES: &str = "
.input SV_Position 0 v0.xyzw float position
.input COLOR 0 v1.xyzw float
.output SV_Position 0 o0.xyzw float position
.output COLOR 0 o1.xyzw float
.output SV_RenderTargetArrayIndex 0 o2.x uint rendertarget_array_index
gs_5_0
dcl_inputprimitive point
dcl_input_siv v[1][0].xyzw, position
dcl_input v[1][1].xyzw
dcl_input vGSInstanceID
dcl_gsinstances 2
dcl_stream m0
dcl_outputtopology trianglestrip
dcl_output_siv o0.xyzw, position
dcl_output o1.xyzw
dcl_output_siv o2.x, rendertarget_array_index
dcl_maxout 4
mov o1.xyzw, v[0][1].xyzw
mov o2.x, vGSInstanceID.x
mov o0.xyzw, v[0][0].xyzw
emit_stream m0
add o0.xyzw, v[0][0].xyzw, l(0.5, 0.0, 0.0, 0.0)
emit_stream m0
add o0.xyzw, v[0][0].xyzw, l(0.0, -0.5, 0.0, 0.0)
emit_stream m0
add o0.xyzw, v[0][0].xyzw, l(0.5, -0.5, 0.0, 0.0)
emit_stream m0
ret
";

/// Two control points pass through; every factor is 3.
const HULL: &str = "
.input SV_Position 0 v0.xyzw float position
.input COLOR 0 v1.xyzw float
.output CORNER 0 o0.xyzw float
.output COLOR 0 o1.xyzw float
.patch SV_TessFactor 0 p0.x float quad_edge
.patch SV_TessFactor 1 p1.x float quad_edge
.patch SV_TessFactor 2 p2.x float quad_edge
.patch SV_TessFactor 3 p3.x float quad_edge
.patch SV_InsideTessFactor 0 p4.x float quad_inside
.patch SV_InsideTessFactor 1 p5.x float quad_inside
hs_5_0
hs_decls
dcl_input_control_point_count 2
dcl_output_control_point_count 2
dcl_tessellator_domain domain_quad
dcl_tessellator_partitioning partitioning_integer
dcl_tessellator_output_primitive output_triangle_cw
hs_fork_phase
dcl_output_siv o0.x, finalQuadUeq0EdgeTessFactor
dcl_output_siv o1.x, finalQuadVeq0EdgeTessFactor
dcl_output_siv o2.x, finalQuadUeq1EdgeTessFactor
dcl_output_siv o3.x, finalQuadVeq1EdgeTessFactor
dcl_output_siv o4.x, finalQuadUInsideTessFactor
dcl_output_siv o5.x, finalQuadVInsideTessFactor
mov o0.x, l(3.0)
mov o1.x, l(3.0)
mov o2.x, l(3.0)
mov o3.x, l(3.0)
mov o4.x, l(3.0)
mov o5.x, l(3.0)
ret
";

/// A rectangle between two corners, of the first one's colour.
const RECTANGLE: &str = "
.input CORNER 0 v0.xyzw float
.input COLOR 0 v1.xyzw float
.output SV_Position 0 o0.xyzw float position
.output COLOR 0 o1.xyzw float
ds_5_0
dcl_input_control_point_count 2
dcl_tessellator_domain domain_quad
dcl_input vDomain.xy
dcl_input vicp[2][0].xyzw
dcl_input vicp[2][1].xyzw
dcl_output_siv o0.xyzw, position
dcl_output o1.xyzw
dcl_temps 1
add r0.xy, vicp[1][0].xyxx, -vicp[0][0].xyxx
mad o0.xy, r0.xyxx, vDomain.xyxx, vicp[0][0].xyxx
mov o0.zw, vicp[0][0].zzzw
mov o1.xyzw, vicp[0][1].xyzw
ret
";

fn rgba(color: [f32; 4]) -> [u8; 4] {
    color.map(|c| (c * 255.0) as u8)
}

fn tessellation(w: &mut StreamWriter) {
    w.create_shader_dxbc(HS, ShaderStage::Hull, &shader(HULL));
    w.create_shader_dxbc(DS, ShaderStage::Domain, &shader(RECTANGLE));
}

#[test]
fn points_become_squares_in_every_layer() {
    let mut rig = Rig::new();
    let done = rig.run(|w| {
        w.create_texture2d(CreateTexture2d {
            texture_handle: 1,
            usage_flags: ResourceUsage::RENDER_TARGET.bits(),
            format: aerogpu_protocol::Format::R8G8B8A8Unorm.to_u32(),
            width: 8,
            height: 8,
            mip_levels: 1,
            array_layers: 2,
            ..Default::default()
        });
        w.set_render_targets(&[1], 0).clear(ClearFlags::COLOR, [0.0; 4], 1.0, 0);
        w.create_shader_dxbc(GS, ShaderStage::Geometry, &shader(SQUARES));
        let points = [([-1.0, 1.0, 0.5, 1.0], RED), ([0.0, 0.0, 0.5, 1.0], BLUE)];
        vertices(w, PrimitiveTopology::PointList, &points);
        w.bind_all_shaders(ShaderBindings { vs: VS, ps: PS, gs: GS, ..Default::default() });
        draw(w, 0, 2);
    });
    for layer in 0..2 {
        let texels = rig.texture(1, 0, layer).bytes;
        let covered = |color| -> Vec<usize> {
            let texels = texels.as_chunks::<4>().0;
            (0..64).filter(|&i| texels[i] == rgba(color)).collect()
        };
        assert_eq!(covered(RED), [0, 1, 8, 9]);
        assert_eq!(covered(BLUE), [36, 37, 44, 45]);
    }
    let statistics = done.report.statistics;
    assert_eq!((statistics.vs_invocations, statistics.ia_primitives), (2, 2));
    assert_eq!((statistics.gs_invocations, statistics.gs_primitives, statistics.c_invocations), (4, 8, 8));
    assert_eq!(statistics.pixels_written, 16);
}

#[test]
fn a_tessellated_rectangle_has_no_cracks() {
    let mut rig = Rig::new();
    let done = rig.run(|w| {
        target(w, 1, 8, 8);
        tessellation(w);
        let corners = [([-0.75, 0.5, 0.5, 1.0], GREEN), ([1.0, -1.0, 0.5, 1.0], RED)];
        vertices(w, PrimitiveTopology::PatchList(2), &corners);
        w.bind_all_shaders(ShaderBindings { vs: VS, ps: PS, hs: HS, ds: DS, ..Default::default() });
        draw(w, 0, 2);
    });
    // Every pixel once: 7 columns of 6 rows, 3 x 3 cells of two triangles over 4 x 4 points.
    assert_eq!(rig.count(1, rgba(GREEN)), 42);
    assert_eq!(rig.pixel(1, 0, 2), [0, 0, 0, 255]);
    assert_eq!(rig.pixel(1, 1, 2), rgba(GREEN));
    let statistics = done.report.statistics;
    assert_eq!((statistics.hs_invocations, statistics.ds_invocations), (1, 16));
    assert_eq!((statistics.c_invocations, statistics.pixels_written), (18, 42));
}

#[test]
fn shaders_that_do_not_fit_are_refused() {
    let cases = [
        (PrimitiveTopology::PatchList(2), [0, 0, 0], StageError::Patches),
        (PrimitiveTopology::PatchList(2), [HS, 0, 0], StageError::HalfTessellation),
        (PrimitiveTopology::PatchList(3), [HS, DS, 0], {
            StageError::HullInput { shader: 2, topology: PrimitiveTopology::PatchList(3) }
        }),
        (PrimitiveTopology::LineList, [HS, DS, 0], {
            StageError::HullInput { shader: 2, topology: PrimitiveTopology::LineList }
        }),
        (PrimitiveTopology::LineStrip, [0, 0, GS], {
            StageError::GeometryInput { shader: InputPrimitive::Point, given: InputPrimitive::Line }
        }),
        (PrimitiveTopology::PatchList(2), [HS, DS, GS], {
            StageError::GeometryInput { shader: InputPrimitive::Point, given: InputPrimitive::Triangle }
        }),
        (PrimitiveTopology::PatchList(2), [HS, DS + 1, 0], {
            StageError::DomainInput {
                hull_points: 2,
                hull: Domain::Quad,
                domain_points: 3,
                domain: Domain::Quad,
            }
        }),
        (PrimitiveTopology::PointList, [0, 0, VS], StageError::Kind("geometry shader")),
    ];
    for (topology, [hs, ds, gs], expected) in cases {
        let mut rig = Rig::new();
        let other = RECTANGLE.replace("count 2", "count 3").replace("vicp[2]", "vicp[3]");
        let failure = rig.fail(|w| {
            target(w, 1, 8, 8);
            tessellation(w);
            w.create_shader_dxbc(DS + 1, ShaderStage::Domain, &shader(&other));
            w.create_shader_dxbc(GS, ShaderStage::Geometry, &shader(SQUARES));
            vertices(w, topology, &[([0.0; 4], RED); 4]);
            w.bind_all_shaders(ShaderBindings { vs: VS, ps: PS, cs: 0, gs, hs, ds });
            draw(w, 0, 4);
        });
        assert!(matches!(failure, Failure::Stages(error) if error == expected), "{failure:?}");
    }
}
