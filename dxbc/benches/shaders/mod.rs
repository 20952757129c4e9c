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

/// Numbers between 0 and 1, as coordinates are.
pub fn inputs(shader: &ValidatedShader, lanes: usize) -> Io {
    let mut io = prepare(shader, lanes, 1);
    for row in 0..io.inputs.len() {
        let words = io.inputs.row_mut(row).iter_mut().zip(1..);
        words.for_each(|(word, lane)| *word = (lane as f32 / (lanes + row + 1) as f32).to_bits());
    }
    io
}
