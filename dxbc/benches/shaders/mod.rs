//! The shaders that benches run, one of each kind.

use std::fmt::Write;

use aerogpu_dxbc::generate::{HashWorld, prepare};
use aerogpu_dxbc::resources::SampleRequest;
use aerogpu_dxbc::simd::Level;
use aerogpu_dxbc::{Io, Resources, ValidatedShader, assembler};

/// A shader, and of how many operations on single numbers it consists.
pub struct Case {
    pub name: &'static str,
    pub shader: ValidatedShader,
    #[allow(dead_code, reason = "one bench of two reads it")]
    pub operations: usize,
}

/// Every shader.
pub fn all() -> Vec<Case> {
    let case = |name, body: String, operations| Case { name, shader: assemble(&body), operations };
    vec![
        case("arithmetic", arithmetic(), 4 * 51),
        case("transcendental", transcendental(), 4 * 20),
        case("divergent", divergent(), 16 * 7),
        case("texture", texture(), 8 * 5),
        case("transform", transform(), 16),
        case("w5", w5(), 226),
    ]
}

/// What all of them read.
pub fn world() -> Stub {
    Stub { constants: HashWorld::new(5).constants(0).iter().map(|w| w & 0xbfff_ffff).collect() }
}

/// A level's name.
pub fn label(level: Level) -> String {
    format!("{level:?}").split('(').next().unwrap_or_default().to_lowercase()
}

fn assemble(body: &str) -> ValidatedShader {
    let mut text = String::from(HEAD);
    let _ = write!(text, "{body}");
    let assembled = assembler::assemble(&text).expect("assembles");
    ValidatedShader::new(assembled.program, assembled.signatures).expect("is valid")
}

/// Constants that are at hand, and texels that cost next to nothing.
pub struct Stub {
    constants: Vec<u32>,
}

impl Resources for Stub {
    fn constants(&self, _: u32) -> &[u32] {
        &self.constants
    }
    fn sample(&self, request: &SampleRequest) -> [u32; 4] {
        request.coordinate.map(f32::to_bits)
    }
}

const HEAD: &str = "ps_5_0\ndcl_constantbuffer cb0[4], immediateIndexed\ndcl_sampler s0, mode_default\n\
    dcl_resource_texture2d (float,float,float,float) t0\ndcl_input_ps linear v0.xyzw\ndcl_output o0.xyzw\ndcl_temps 8\n";

fn arithmetic() -> String {
    let mut text = String::from("mov r0.xyzw, v0.xyzw\nmov r1.xyzw, v0.wzyx\n");
    for _ in 0..10 {
        text += "mad r0.xyzw, r0.xyzw, r1.yzwx, cb0[0].xyzw\nmul r1.xyzw, r1.xyzw, r0.wxyz\n\
            add r1.xyzw, r1.xyzw, -r0.xyzw\nmax r0.xyzw, r0.xyzw, r1.xyzw\nmin r1.xyzw, r0.xyzw, cb0[1].xyzw\n";
    }
    text + "add o0.xyzw, r0.xyzw, r1.xyzw\nret\n"
}

fn transcendental() -> String {
    let mut text = String::from("mov r0.xyzw, v0.xyzw\n");
    for _ in 0..4 {
        text += "sincos r1.xyzw, null, r0.xyzw\nexp r2.xyzw, r1.xyzw\nlog r3.xyzw, |r2.xyzw|\n\
            rsq r4.xyzw, |r0.xyzw|\nmad r0.xyzw, r3.xyzw, r4.xyzw, r1.xyzw\n";
    }
    text + "mov o0.xyzw, r0.xyzw\nret\n"
}

fn divergent() -> String {
    "mov r0.xyzw, v0.xyzw\nmov r1.x, l(0)\nloop\n  ige r1.y, r1.x, l(16)\n  breakc_nz r1.y\n  lt r1.z, r0.x, r0.y\n\
     if_nz r1.z\n    mad r0.xz, r0.xxzz, cb0[0].xxzz, cb0[1].xxzz\n  else\n    mad r0.yw, r0.yyww, cb0[2].yyww, cb0[1].yyww\n\
     endif\n  lt r1.w, l(100.0), r0.z\n  breakc_nz r1.w\n  iadd r1.x, r1.x, l(1)\nendloop\nmov o0.xyzw, r0.xyzw\nret\n"
        .into()
}

fn texture() -> String {
    let mut text = String::from("mov r0.xyzw, v0.xyzw\n");
    for _ in 0..8 {
        text += "sample r1.xyzw, r0.xyxx, t0.xyzw, s0\nmad r0.xyzw, r1.xyzw, cb0[0].xyzw, r0.xyzw\n";
    }
    text + "mov o0.xyzw, r0.xyzw\nret\n"
}

fn transform() -> String {
    "dp4 o0.x, v0.xyzw, cb0[0].xyzw\ndp4 o0.y, v0.xyzw, cb0[1].xyzw\ndp4 o0.z, v0.xyzw, cb0[2].xyzw\n\
     dp4 o0.w, v0.xyzw, cb0[3].xyzw\nret\n"
        .into()
}

/// `W5` of the peers' benchmark: 50 times two multiply-adds, a minimum and an addition, 5 sines, 5 reciprocal roots.
fn w5() -> String {
    let mut text = String::from("mov r0.xy, v0.xyxx\nmov r0.z, l(0.25)\n");
    for _ in 0..5 {
        for _ in 0..10 {
            text += "mad r0.x, r0.x, l(0.997), l(0.013)\nmad r0.y, r0.y, l(0.991), r0.x\n\
                min r0.z, r0.z, r0.y\nadd r0.z, r0.z, l(0.01)\n";
        }
        text += "mad r0.x, r0.x, l(3.0), r0.z\nsincos r0.x, null, r0.x\nmad r0.y, r0.y, r0.y, l(1.0)\n\
            mad r0.y, r0.z, r0.z, r0.y\nrsq r0.y, r0.y\n";
    }
    text + "mad o0.x, r0.x, l(0.5), l(0.5)\nmov o0.yz, r0.yyzy\nmov o0.w, l(1.0)\nret\n"
}

/// Moves three points by a matrix; an instance for each edge takes its factor from the edge's length on the screen.
#[allow(dead_code, reason = "one bench of two runs it")]
pub fn hull() -> ValidatedShader {
    let text = "hs_5_0\nhs_decls\ndcl_input_control_point_count 3\ndcl_output_control_point_count 3\n\
        dcl_tessellator_domain domain_tri\ndcl_tessellator_partitioning partitioning_fractional_odd\n\
        dcl_tessellator_output_primitive output_triangle_cw\ndcl_constantbuffer cb0[4], immediateIndexed\n\
        hs_control_point_phase\ndcl_input vOutputControlPointID\ndcl_input v[3][0].xyzw\ndcl_output o0.xyzw\n\
        dcl_temps 2\nmov r0.x, vOutputControlPointID.x\nmov r1.xyzw, v[r0.x + 0][0].xyzw\n\
        dp4 o0.x, r1.xyzw, cb0[0].xyzw\ndp4 o0.y, r1.xyzw, cb0[1].xyzw\ndp4 o0.z, r1.xyzw, cb0[2].xyzw\n\
        dp4 o0.w, r1.xyzw, cb0[3].xyzw\nret\n\
        hs_fork_phase\ndcl_hs_fork_phase_instance_count 3\ndcl_input vForkInstanceID\n\
        dcl_input vocp[3][0].xyzw\ndcl_output_siv o0.x, finalTriUeq0EdgeTessFactor\n\
        dcl_output_siv o1.x, finalTriVeq0EdgeTessFactor\ndcl_output_siv o2.x, finalTriWeq0EdgeTessFactor\n\
        dcl_temps 3\ndcl_indexrange o0.x, 3\niadd r0.x, vForkInstanceID.x, l(1)\nieq r0.y, r0.x, l(3)\n\
        movc r0.x, r0.y, l(0), r0.x\nmov r0.z, vForkInstanceID.x\nmov r1.xyzw, vocp[r0.x + 0][0].xyzw\n\
        mov r2.xyzw, vocp[r0.z + 0][0].xyzw\ndiv r1.xy, r1.xyxx, r1.wwww\ndiv r2.xy, r2.xyxx, r2.wwww\n\
        add r1.xy, r1.xyxx, -r2.xyxx\ndp2 r1.x, r1.xyxx, r1.xyxx\nsqrt r1.x, r1.x\n\
        mul r1.x, r1.x, l(16.0)\nmov o[r0.z + 0].x, r1.x\nret\n\
        hs_join_phase\ndcl_input vpc0.x\ndcl_input vpc1.x\ndcl_input vpc2.x\n\
        dcl_output_siv o3.x, finalTriInsideTessFactor\ndcl_temps 1\nmax r0.x, vpc0.x, vpc1.x\n\
        max o3.x, r0.x, vpc2.x\nret\n";
    let assembled = assembler::assemble(text).expect("assembles");
    ValidatedShader::new(assembled.program, assembled.signatures).expect("is valid")
}

/// Numbers between 0 and 1, as coordinates are.
pub fn inputs(shader: &ValidatedShader, lanes: usize) -> Io {
    let mut io = prepare(shader, lanes, 1);
    for row in 0..io.inputs.len() {
        let words = io.inputs.row_mut(row).iter_mut().zip(1..);
        words.for_each(|(word, lane)| *word = (lane as f32 / (lanes + row + 1) as f32).to_bits());
    }
    io
}
