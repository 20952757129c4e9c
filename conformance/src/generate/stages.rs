//! Geometry, hull and domain shaders of scenes.

use aerogpu_dxbc::assembler::{AssembleError, assemble};
use aerogpu_protocol::packets::{PrimitiveTopology, ShaderStage};

/// The shaders that a topology takes between vertices and pixels: hull and domain for patches, geometry for the rest.
pub(super) fn shaders(
    seed: u8,
    topology: PrimitiveTopology,
) -> Result<Vec<(ShaderStage, Vec<u8>)>, AssembleError> {
    let code = |text: &str| assemble(text).map(|shader| shader.to_dxbc());
    if let PrimitiveTopology::PatchList(points) = topology {
        let [hull, domain] = tessellation(seed, points);
        return Ok(vec![(ShaderStage::Hull, code(&hull)?), (ShaderStage::Domain, code(&domain)?)]);
    }
    Ok(vec![(ShaderStage::Geometry, code(&geometry(seed, topology))?)])
}

/// Hands on a primitive's own vertices, with instructions of Shader Model 4 or of 5.
fn geometry(seed: u8, topology: PrimitiveTopology) -> String {
    use PrimitiveTopology as T;
    let (name, count, own, out): (_, usize, &[usize], _) = match topology {
        T::PointList => ("point", 1, &[0], "pointlist"),
        T::LineList | T::LineStrip => ("line", 2, &[0, 1], "linestrip"),
        T::LineListAdj | T::LineStripAdj => ("lineadj", 4, &[1, 2], "linestrip"),
        T::TriangleListAdj | T::TriangleStripAdj => ("triangleadj", 6, &[0, 2, 4], "trianglestrip"),
        _ => ("triangle", 3, &[0, 1, 2], "trianglestrip"),
    };
    let model5 = seed % 2 == 1;
    let (profile, stream) = if model5 { ("gs_5_0", " m0") } else { ("gs_4_0", "") };
    let suffix = if model5 { "_stream" } else { "" };
    let mut text = format!(
        ".input SV_Position 0 v0.xyzw float position\n.input COLOR 0 v1.xyzw float\n\
         .output SV_Position 0 o0.xyzw float position\n.output COLOR 0 o1.xyzw float\n{profile}\n\
         dcl_inputprimitive {name}\ndcl_input v[{count}][0].xyzw\ndcl_input v[{count}][1].xyzw\n"
    );
    if model5 {
        text += "dcl_stream m0\n";
    }
    text += &format!(
        "dcl_outputtopology {out}\ndcl_output_siv o0.xyzw, position\ndcl_output o1.xyzw\ndcl_maxout {}\n",
        own.len()
    );
    for (i, vertex) in own.iter().enumerate() {
        let last = i + 1 == own.len();
        let emit = if last && seed & 2 != 0 { "emit_then_cut" } else { "emit" };
        text += &format!(
            "mov o0.xyzw, v[{vertex}][0].xyzw\nmov o1.xyzw, v[{vertex}][1].xyzw\n{emit}{suffix}{stream}\n"
        );
    }
    if seed & 2 == 0 {
        text += &format!("cut{suffix}{stream}\n");
    }
    text + "ret\n"
}

/// A rectangle between the first and the last of so many control points, in as many parts as the seed says.
fn tessellation(seed: u8, points: u8) -> [String; 2] {
    let (factor, last) = (1 + seed % 4, points.saturating_sub(1));
    let factors: String = (0..6).map(|i| format!("mov o{i}.x, l({factor}.0)\n")).collect();
    let hull = format!(
        ".input SV_Position 0 v0.xyzw float position\n.input COLOR 0 v1.xyzw float\n\
         .output CORNER 0 o0.xyzw float\n.output COLOR 0 o1.xyzw float\n\
         .patch SV_TessFactor 0 p0.x float quad_edge\n.patch SV_TessFactor 1 p1.x float quad_edge\n\
         .patch SV_TessFactor 2 p2.x float quad_edge\n.patch SV_TessFactor 3 p3.x float quad_edge\n\
         .patch SV_InsideTessFactor 0 p4.x float quad_inside\n.patch SV_InsideTessFactor 1 p5.x float quad_inside\n\
         hs_5_0\nhs_decls\ndcl_input_control_point_count {points}\ndcl_output_control_point_count {points}\n\
         dcl_tessellator_domain domain_quad\ndcl_tessellator_partitioning partitioning_integer\n\
         dcl_tessellator_output_primitive output_triangle_cw\nhs_fork_phase\n\
         dcl_output_siv o0.x, finalQuadUeq0EdgeTessFactor\ndcl_output_siv o1.x, finalQuadVeq0EdgeTessFactor\n\
         dcl_output_siv o2.x, finalQuadUeq1EdgeTessFactor\ndcl_output_siv o3.x, finalQuadVeq1EdgeTessFactor\n\
         dcl_output_siv o4.x, finalQuadUInsideTessFactor\ndcl_output_siv o5.x, finalQuadVInsideTessFactor\n{factors}ret\n"
    );
    let domain = format!(
        ".input CORNER 0 v0.xyzw float\n.input COLOR 0 v1.xyzw float\n\
         .output SV_Position 0 o0.xyzw float position\n.output COLOR 0 o1.xyzw float\n\
         ds_5_0\ndcl_input_control_point_count {points}\ndcl_tessellator_domain domain_quad\ndcl_input vDomain.xy\n\
         dcl_input vicp[{points}][0].xyzw\ndcl_input vicp[{points}][1].xyzw\ndcl_output_siv o0.xyzw, position\n\
         dcl_output o1.xyzw\ndcl_temps 1\nadd r0.xy, vicp[{last}][0].xyxx, -vicp[0][0].xyxx\n\
         mad o0.xy, r0.xyxx, vDomain.xyxx, vicp[0][0].xyxx\nmov o0.zw, vicp[0][0].zzzw\nmov o1.xyzw, vicp[0][1].xyzw\nret\n"
    );
    [hull, domain]
}

#[cfg(test)]
mod tests {
    use aerogpu::pipeline::shader::Shader;

    use super::*;

    #[test]
    fn every_topology_has_shaders() {
        for topology in (0..65).filter_map(PrimitiveTopology::from_u32) {
            for seed in 0..4 {
                for (stage, code) in shaders(seed, topology).expect("assembles") {
                    Shader::new(stage, &code).expect("validates");
                }
            }
        }
    }
}
