//! Geometry, hull and domain shaders.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod scalar_support;

use aerogpu_dxbc::scalar::{self, ExecutionError};
use aerogpu_dxbc::shader::{Domain, InputPrimitive, OutputTopology, Partitioning, TessellatorOutput};
use aerogpu_dxbc::simd::{self, Level, Registers};
use aerogpu_dxbc::{Emission, HullIo, Io, NoResources};
use scalar_support::{BUDGET, f, shader};

#[test]
fn a_geometry_shader_emits_until_its_limit() {
    let shader = shader(
        "gs_4_0
         dcl_inputprimitive triangle
         dcl_input v[3][0].xyzw
         dcl_input v[3][1].xyzw
         dcl_outputtopology trianglestrip
         dcl_output o0.xyzw
         dcl_temps 1
         dcl_maxout 4
         cut
         mov r0.x, l(0)
         loop
           mov o0.x, v[r0.x + 0][1].x
           mov o0.y, r0.x
           emit
           iadd r0.x, r0.x, l(1)
           ieq r0.y, r0.x, v[0][0].x
           if_nz r0.y
             cut
             cut
           endif
         endloop
         ret",
    );
    let info = shader.geometry().unwrap();
    assert_eq!((info.input, info.max_vertices, info.instances), (InputPrimitive::Triangle, 4, 1));
    assert_eq!(info.topologies, [Some(OutputTopology::TriangleStrip), None, None, None]);
    let mut io = Io::default();
    io.reset(2, shader.input_vectors(), 0, shader.output_registers());
    for lane in 0..2 {
        io.inputs.set_vector(lane, 0, [lane as u32 + 1, 0, 0, 0]);
        for vertex in 0..3 {
            io.inputs.set_vector(lane, vertex * 2 + 1, [100 + vertex as u32, 0, 0, 0]);
        }
    }
    scalar::run(&shader, &NoResources, &mut io, BUDGET).unwrap();
    let seen = |lane: usize| -> Vec<Option<[u32; 2]>> {
        let show = |emission: &Emission| match emission {
            Emission::Vertex { stream: 0, registers } => Some([registers[0][0], registers[0][1]]),
            Emission::Cut { stream: 0 } => None,
            other => panic!("{other:?}"),
        };
        io.emissions[lane].iter().map(show).collect()
    };
    // Vertex 3 does not exist and reads 0; the fourth emit ends the shader. Empty strips leave no cut.
    assert_eq!(seen(0), [Some([100, 0]), None, Some([101, 1]), Some([102, 2]), Some([0, 3])]);
    assert_eq!(seen(1), [Some([100, 0]), Some([101, 1]), None, Some([102, 2]), Some([0, 3])]);
}

#[test]
fn streams_and_instances() {
    let shader = shader(
        "gs_5_0
         dcl_inputprimitive point
         dcl_input vGSInstanceID
         dcl_gsinstances 2
         dcl_stream m0
         dcl_outputtopology pointlist
         dcl_output o0.xyzw
         dcl_stream m1
         dcl_outputtopology pointlist
         dcl_output o0.x
         dcl_maxout 3
         mov o0.x, vGSInstanceID.x
         emit_stream m0
         mov o0.x, l(9)
         emit_then_cut_stream m1
         ret",
    );
    assert_eq!(shader.geometry().unwrap().instances, 2);
    let mut io = Io::default();
    io.reset(2, shader.input_vectors(), 0, shader.output_registers());
    io.gs_instance_id = vec![0, 1];
    scalar::run(&shader, &NoResources, &mut io, BUDGET).unwrap();
    let vertex = |stream: u8, x: u32| Emission::Vertex { stream, registers: Box::new([[x, 0, 0, 0]]) };
    assert_eq!(io.emissions[1], [vertex(0, 1), vertex(1, 9), Emission::Cut { stream: 1 }]);
}

const HULL: &str = "hs_5_0
     hs_decls
     dcl_input_control_point_count 3
     dcl_output_control_point_count 4
     dcl_tessellator_domain domain_tri
     dcl_tessellator_partitioning partitioning_fractional_odd
     dcl_tessellator_output_primitive output_triangle_cw
     dcl_hs_max_tessfactor l(16.0)
     hs_control_point_phase
     dcl_input vOutputControlPointID
     dcl_input v[3][0].xyzw
     dcl_output o0.xyzw
     dcl_temps 1
     mov r0.x, vOutputControlPointID.x
     mov o0.x, v[r0.x + 0][0].x
     mov o0.y, vOutputControlPointID.x
     mov o0.z, vPrim.x
     ret
     hs_fork_phase
     dcl_hs_fork_phase_instance_count 3
     dcl_input vForkInstanceID
     dcl_output_siv o0.x, finalTriUeq0EdgeTessFactor
     dcl_output_siv o1.x, finalTriVeq0EdgeTessFactor
     dcl_output_siv o2.x, finalTriWeq0EdgeTessFactor
     dcl_temps 1
     dcl_indexrange o0.x, 3
     mov r0.x, vForkInstanceID.x
     mov o[r0.x + 0].x, vicp[r0.x + 0][0].x
     ret
     hs_join_phase
     dcl_input vpc0.x
     dcl_input vpc2.x
     dcl_input vocp[4][0].xyzw
     dcl_output_siv o3.x, finalTriInsideTessFactor
     dcl_temps 1
     add r0.x, vpc0.x, vpc2.x
     mov o3.x, r0.x
     mov o3.y, vocp[3][0].y
     ret";

/// One patch of these control points.
fn patch(inputs: &[[u32; 4]], id: u32) -> HullIo {
    HullIo { patches: 1, inputs: inputs.to_vec(), primitive_id: vec![id], ..HullIo::default() }
}

#[test]
fn a_hull_shader_runs_its_phases_in_order() {
    let shader = shader(HULL);
    let info = shader.hull().unwrap();
    assert_eq!((info.input_points, info.output_points, info.max_factor), (3, 4, 16.0));
    assert_eq!(
        (info.domain, info.partitioning, info.output),
        (Domain::Triangle, Partitioning::FractionalOdd, TessellatorOutput::TriangleClockwise)
    );
    assert_eq!(info.factors.len(), 4);
    let mut output = patch(&[[f(1.0), 0, 0, 0], [f(2.0), 0, 0, 0], [f(4.0), 0, 0, 0]], 77);
    scalar::run_hull(&shader, &NoResources, &mut output, BUDGET).unwrap();
    // There is no input point 3.
    let points = [[f(1.0), 0, 77, 0], [f(2.0), 1, 77, 0], [f(4.0), 2, 77, 0], [0, 3, 77, 0]];
    assert_eq!(output.control_points, points);
    let constants = [[f(1.0), 0, 0, 0], [f(2.0), 0, 0, 0], [f(4.0), 0, 0, 0], [f(5.0), 3, 0, 0]];
    assert_eq!(output.patch_constants, constants);
    // Each of the three instances counts for itself.
    assert_eq!(output.instructions, 5 + 3 * 3 + 4);
    let times_out = |budget| scalar::run_hull(&shader, &NoResources, &mut output.clone(), budget).is_err();
    assert_eq!((times_out(17), times_out(18)), (true, false));
}

#[test]
fn control_points_pass_through_without_a_phase() {
    let text = HULL.replace("dcl_output_control_point_count 4", "dcl_output_control_point_count 2");
    let start = text.find("hs_control_point_phase").unwrap();
    let end = text.find("hs_fork_phase").unwrap();
    let text = format!("{}{}", &text[..start], &text[end..])
        .replace("vocp[4]", "vocp[2]")
        .replace("vocp[3]", "vocp[1]");
    let text =
        text.replace("dcl_input vForkInstanceID", "dcl_input vForkInstanceID\ndcl_input vicp[3][0].xyzw");
    let mut output = patch(&[[1; 4], [2; 4], [3; 4]], 0);
    scalar::run_hull(&shader(&text), &NoResources, &mut output, BUDGET).unwrap();
    assert_eq!(output.control_points, [[1; 4], [2; 4]]);
}

/// Instances come one after the other: the last one to write a constant wins, and each sees what those before have written.
/// Phases without instructions do nothing.
#[test]
fn instances_write_in_order() {
    let decls = &HULL[..HULL.find("hs_control_point_phase").unwrap()];
    let text = format!(
        "{decls}
         hs_control_point_phase
         hs_fork_phase
         dcl_hs_fork_phase_instance_count 3
         dcl_output o0.xyzw
         dcl_output o1.xyzw
         dcl_temps 1
         mov o0.x, vForkInstanceID.x
         ieq r0.x, vForkInstanceID.x, l(1)
         if_nz r0.x
           mov o0.xy, l(7, 8, 0, 0)
         endif
         ret
         hs_join_phase
         dcl_hs_join_phase_instance_count 3
         dcl_output o1.xyzw
         iadd o1.x, vpc1.x, vJoinInstanceID.x
         hs_join_phase
         dcl_hs_join_phase_instance_count 5"
    )
    .replace("dcl_output_control_point_count 4", "dcl_output_control_point_count 2");
    let shader = shader(&text);
    let mut io = HullIo::default();
    for level in [None, Some(Level::new())] {
        io.reset(2, shader.input_vectors());
        match level {
            None => scalar::run_hull(&shader, &NoResources, &mut io, BUDGET).unwrap(),
            Some(level) => {
                let registers = &mut Registers::default();
                simd::run_hull(level, &shader, &NoResources, &mut io, BUDGET, registers).unwrap();
            }
        }
        assert_eq!(io.patch_constants, [[2, 8, 0, 0], [3, 0, 0, 0], [2, 8, 0, 0], [3, 0, 0, 0]], "{level:?}");
        assert_eq!(io.instructions, 2 * (1 + 3 * 6 + 3 * 2 + 5), "{level:?}");
    }
}

#[test]
fn a_domain_shader_reads_points_constants_and_its_place() {
    let shader = shader(
        "ds_5_0
         dcl_input_control_point_count 2
         dcl_tessellator_domain domain_quad
         dcl_input vDomain.xy
         dcl_input vpc1.x
         dcl_input vicp[2][0].xyzw
         dcl_input vicp[2][1].xyzw
         dcl_output_siv o0.xyzw, position
         mad o0.x, vDomain.y, vicp[1][1].z, vpc1.x
         mov o0.y, vDomain.x
         mov o0.z, vPrim.x
         mov o0.w, l(1.0)
         ret",
    );
    assert_eq!(shader.domain().unwrap().domain, Domain::Quad);
    assert_eq!((shader.input_registers(), shader.input_vectors(), shader.patch_registers()), (2, 4, 2));
    let mut io = Io::default();
    io.reset(1, shader.input_vectors(), shader.patch_registers(), shader.output_registers());
    io.inputs.set_vector(0, 3, [0, 0, f(8.0), 0]);
    io.patch_constants.set_vector(0, 1, [f(1.0), 0, 0, 0]);
    io.domain_point[0] = [f(0.25), f(0.5), 0];
    io.primitive_id[0] = 3;
    scalar::run(&shader, &NoResources, &mut io, BUDGET).unwrap();
    assert_eq!(io.outputs.vector(0, 0), [f(5.0), f(0.25), 3, f(1.0)]);
}

#[test]
fn misuse_is_an_error() {
    let hull = shader(HULL);
    let mut io = Io::default();
    assert!(matches!(scalar::run(&hull, &NoResources, &mut io, 1), Err(ExecutionError::Stage(_))));
    let pixel = shader("ps_4_0\ndcl_output o0.xyzw\nmov o0.xyzw, l(0, 0, 0, 0)\nret");
    let mut patches = HullIo::default();
    let found = scalar::run_hull(&pixel, &NoResources, &mut patches, 1);
    assert!(matches!(found, Err(ExecutionError::Stage(_))));
    patches.reset(2, 1);
    let found = scalar::run_hull(&hull, &NoResources, &mut patches, 1);
    assert!(matches!(found, Err(ExecutionError::Shape(_))), "three control points are one too many");
    io.reset(4, 0, 0, 0);
    assert!(matches!(scalar::run(&pixel, &NoResources, &mut io, 9), Err(ExecutionError::Shape(_))));
    io.reset(3, 0, 0, 1);
    assert!(matches!(scalar::run(&pixel, &NoResources, &mut io, 9), Err(ExecutionError::Shape(_))));
}
