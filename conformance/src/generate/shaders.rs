//! The shaders of scenes, as text for the assembler.

use aerogpu_dxbc::assembler::{AssembleError, assemble};
use aerogpu_dxbc::ir::Stage;

use super::scene::{Float, Kernel, Pixel, Vertex};
use super::{program, table};

/// Instructions on constants: mnemonic, sources, and what is done to the result so that a target can hold it.
const FLOATS: &[(&str, usize, &str)] = &[
    ("add", 2, ""),
    ("mul", 2, ""),
    ("mad", 3, ""),
    ("div", 2, ""),
    ("min", 2, ""),
    ("max", 2, ""),
    ("dp2", 2, ""),
    ("dp3", 2, ""),
    ("dp4", 2, ""),
    ("frc", 1, ""),
    ("round_ne", 1, ""),
    ("round_ni", 1, ""),
    ("round_pi", 1, ""),
    ("round_z", 1, ""),
    ("rcp", 1, ""),
    ("rsq", 1, ""),
    ("sqrt", 1, ""),
    ("exp", 1, ""),
    ("log", 1, ""),
    ("eq", 2, MASK),
    ("ne", 2, MASK),
    ("lt", 2, MASK),
    ("ge", 2, MASK),
    ("ftoi", 1, SIGNED),
    ("ftou", 1, UNSIGNED),
    ("f32tof16", 1, HALF),
];
const MASK: &str = "and r0.xyzw, r0.xyzw, l(1.0, 1.0, 1.0, 1.0)\n";
const SIGNED: &str = "itof r0.xyzw, r0.xyzw\nmul r0.xyzw, r0.xyzw, l(0.25, 0.25, 0.25, 0.25)\n";
const UNSIGNED: &str = "utof r0.xyzw, r0.xyzw\nmul r0.xyzw, r0.xyzw, l(0.25, 0.25, 0.25, 0.25)\n";
const HALF: &str = "f16tof32 r0.xyzw, r0.xyzw\n";
/// The low byte of each word of `r0` as a colour.
const BYTES: &str = "and r0.xyzw, r0.xyzw, l(255, 255, 255, 255)\nutof r0.xyzw, r0.xyzw\n\
                     mul r0.xyzw, r0.xyzw, l(0.003921569, 0.003921569, 0.003921569, 0.003921569)\n";
/// A pattern of the pixel's position in `r0`.
const PATTERN: &str =
    "ftou r1.xy, v0.xyxx\nishl r0.xyzw, r1.xyxy, l(4, 3, 2, 1)\nxor r0.xyzw, r0.xyzw, r1.yxxy\n";

/// A vertex shader: `v0` is a position, `v1` a colour.
pub(super) fn vertex(kind: Vertex) -> Result<Vec<u8>, AssembleError> {
    let (inputs, body) = match kind {
        Vertex::Pass => ("", "mov r1.xyzw, v1.xyzw\n".into()),
        Vertex::Instance => (
            "dcl_input_sgv v2.x, instance_id\n",
            "utof r1.x, v2.x\nmad r0.x, r1.x, cb0[0].x, r0.x\nmov r1.xyzw, v1.xyzw\n".into(),
        ),
        Vertex::Number => (
            "dcl_input_sgv v2.x, vertex_id\n",
            "imad r1.xyzw, v2.xxxx, l(41, 53, 67, 79), l(3, 5, 7, 11)\nmov r2.xyzw, r0.xyzw\n\
             mov r0.xyzw, r1.xyzw\n@BYTES@mov r1.xyzw, r0.xyzw\nmov r0.xyzw, r2.xyzw\n"
                .replace("@BYTES@", BYTES),
        ),
        Vertex::Random(seed, size) => {
            let (arrays, body) = random(Stage::Vertex, seed, size);
            return bytes(&vertex_text(
                "",
                &arrays,
                &format!("{START}{REST}{body}{BYTES}mov r1.xyzw, r0.xyzw\nmov r0.xyzw, v0.xyzw\n"),
            ));
        }
    };
    bytes(&vertex_text(inputs, "dcl_temps 3\n", &format!("mov r0.xyzw, v0.xyzw\n{body}")))
}

/// Random programs begin with something in their registers: what nobody wrote is not Direct3D's to say.
const START: &str =
    "mov r0.xyzw, v1.xyzw\nmov r1.xyzw, cb0[0].xyzw\nmov r2.xyzw, cb1[1].xyzw\nmov r3.xyzw, v1.wzyx\n";
/// The rest of the registers and arrays of any random program.
const REST: &str = "mov r4.xyzw, cb1[2].xyzw\nmov r5.xyzw, cb1[3].xyzw\nmov r6.xyzw, l(0, 0, 0, 0)\n\
    mov r7.xyzw, r6.xyzw\nmov r8.xyzw, r6.xyzw\nmov r9.xyzw, r6.xyzw\nmov r10.xyzw, r6.xyzw\n\
    mov x0[0].xyzw, cb1[4].xyzw\nmov x0[1].xyzw, cb1[5].xyzw\nmov x0[2].xyzw, cb1[6].xyzw\nmov x0[3].xyzw, r4.xyzw\n\
    mov x1[0].xyzw, cb1[7].xyzw\nmov x1[1].xyzw, cb1[8].xyzw\nmov x1[2].xyzw, r5.xyzw\n";

fn vertex_text(inputs: &str, temps: &str, body: &str) -> String {
    let system = match inputs {
        text if text.contains("instance_id") => ".input SV_InstanceID 0 v2.x uint instance_id\n",
        text if text.contains("vertex_id") => ".input SV_VertexID 0 v2.x uint vertex_id\n",
        _ => "",
    };
    format!(
        ".input POSITION 0 v0.xyzw float\n.input COLOR 0 v1.xyzw float\n{system}\
         .output SV_Position 0 o0.xyzw float position\n.output COLOR 0 o1.xyzw float\nvs_5_0\n\
         dcl_constantbuffer cb0[16], dynamicIndexed\ndcl_constantbuffer cb1[16], dynamicIndexed\n\
         dcl_input v0.xyzw\ndcl_input v1.xyzw\n{inputs}dcl_output_siv o0.xyzw, position\ndcl_output o1.xyzw\n{temps}\
         {body}mov o0.xyzw, r0.xyzw\nmov o1.xyzw, r1.xyzw\nret\n"
    )
}

/// A pixel shader for this many targets. Texels are of `t0`, whose sampler is `s0`.
pub(super) fn pixel(kind: Pixel, targets: usize) -> Result<Vec<u8>, AssembleError> {
    let texture = "dcl_sampler s0, mode_default\ndcl_resource_texture2d (float,float,float,float) t0\n";
    // A quarter of the way into each of 16 pieces: no power of two up to 64 has an edge between texels there.
    let place = "round_z r1.xy, v0.xyxx\nadd r1.xy, r1.xyxx, l(0.25, 0.25, 0, 0)\n\
                 mul r1.xy, r1.xyxx, l(0.0625, 0.0625, 0, 0)\n";
    let (mode, mut declared, body) = match kind {
        Pixel::Flat => ("constant", String::new(), "mov r0.xyzw, v1.xyzw\n".into()),
        Pixel::Smooth => ("linear", String::new(), "mov r0.xyzw, v1.xyzw\n".into()),
        Pixel::Linear => ("linear noperspective", String::new(), "mov r0.xyzw, v1.xyzw\n".into()),
        Pixel::Constant => ("constant", String::new(), "mov r0.xyzw, cb0[1].xyzw\n".into()),
        Pixel::Position => ("constant", String::new(), format!("{PATTERN}{BYTES}")),
        Pixel::Discard => (
            "constant",
            String::new(),
            format!("{PATTERN}{BYTES}xor r1.x, r1.x, r1.y\nand r1.x, r1.x, l(1)\ndiscard_nz r1.x\n"),
        ),
        Pixel::OwnDepth => (
            "constant",
            "dcl_output oDepth\n".into(),
            format!("{PATTERN}{BYTES}and r1.x, r1.x, l(15)\nutof r1.x, r1.x\nmul oDepth, r1.x, l(0.0625)\n"),
        ),
        Pixel::Fetch(mip) => (
            "constant",
            texture.into(),
            format!("ftou r1.xy, v0.xyxx\nmov r1.zw, l(0, 0, {mip}, {mip})\nld r0.xyzw, r1.xyzw, t0.xyzw\n"),
        ),
        Pixel::Level(mip) => (
            "constant",
            texture.into(),
            format!("{place}sample_l r0.xyzw, r1.xyxx, t0.xyzw, s0, l({mip}.0)\n"),
        ),
        Pixel::Sample => {
            ("constant", texture.into(), format!("{place}sample r0.xyzw, r1.xyxx, t0.xyzw, s0\n"))
        }
        Pixel::Float(float) => ("constant", String::new(), operation(float)),
        Pixel::Table(number) => {
            let row = table::pixel(number);
            (row.mode, row.declared.into(), table::pixel_body(row))
        }
        Pixel::Random(seed, size) => {
            let (arrays, body) = random(Stage::Pixel, seed, size);
            ("constant", arrays, format!("{START}{REST}{body}{BYTES}"))
        }
    };
    if !matches!(kind, Pixel::Random(..)) {
        declared.push_str("dcl_temps 3\n");
    }
    let mut text =
        String::from(".input SV_Position 0 v0.xyzw float position\n.input COLOR 0 v1.xyzw float\n");
    let (mut outputs, mut stores) = (String::new(), String::new());
    for (target, swizzle) in (0..targets).zip(["xyzw", "yzwx", "zwxy"]) {
        text += &format!(".output SV_Target {target} o{target}.xyzw float target\n");
        outputs += &format!("dcl_output o{target}.xyzw\n");
        stores += &format!("mov o{target}.xyzw, r0.{swizzle}\n");
    }
    if matches!(kind, Pixel::OwnDepth) {
        text += ".output SV_Depth 0 oDepth.x float depth\n";
    }
    bytes(&format!(
        "{text}ps_5_0\ndcl_constantbuffer cb0[16], dynamicIndexed\ndcl_constantbuffer cb1[16], dynamicIndexed\n\
         dcl_input_ps_siv linear noperspective v0.xy, position\ndcl_input_ps {mode} v1.xyzw\n\
         {outputs}{declared}{body}{stores}ret\n"
    ))
}

fn operation(float: Float) -> String {
    let (name, sources, after) = FLOATS[usize::from(float.op) % FLOATS.len()];
    let operands: String = (2..2 + sources).map(|i| format!(", cb0[{i}].xyzw")).collect();
    format!("{name} r0.xyzw{operands}\n{after}")
}

/// A compute shader that writes `u0`, reads `t0`, and has 8 threads a group.
pub(super) fn compute(kind: Kernel) -> Result<Vec<u8>, AssembleError> {
    let store = "imad r10.x, vThreadGroupID.y, l(3), vThreadGroupID.x\nimad r10.x, r10.x, l(8), vThreadIDInGroupFlattened.x\n\
                 ishl r10.x, r10.x, l(4)\nstore_raw u0.xyzw, r10.x, r0.xyzw\n";
    let (shared, body) = match kind {
        Kernel::Number => (
            "dcl_temps 11\n".into(),
            format!("ishl r1.x, vThreadID.x, l(2)\nld_raw r0.xyzw, r1.x, t0.xyzw\nimad r0.xyzw, r0.xyzw, l(3, 5, 7, 9), vThreadID.xxyz\n{store}"),
        ),
        Kernel::Atomic => (
            "dcl_temps 11\n".into(),
            "and r1.x, vThreadIDInGroupFlattened.x, l(3)\nishl r1.x, r1.x, l(2)\nld_raw r0.x, r1.x, t0.xxxx\n\
             atomic_iadd u0, r1.x, r0.x\niadd r1.x, r1.x, l(16)\natomic_umax u0, r1.x, r0.x\n"
                .into(),
        ),
        Kernel::Shared => (
            "dcl_temps 11\ndcl_tgsm_raw g0, 128\n".into(),
            format!(
                "ishl r1.x, vThreadIDInGroupFlattened.x, l(2)\nld_raw r0.xyzw, r1.x, t0.xyzw\n\
                 ishl r1.x, vThreadIDInGroupFlattened.x, l(4)\nstore_raw g0.xyzw, r1.x, r0.xyzw\nsync_g_t\n\
                 iadd r1.x, r1.x, l(48)\nand r1.x, r1.x, l(127)\nld_raw r0.xyzw, r1.x, g0.xyzw\n{store}"
            ),
        ),
        Kernel::Table(number) => return table::kernel(number),
        Kernel::Random(seed, size) => {
            let (arrays, body) = random(Stage::Compute, seed, size);
            let start = "mov r0.xyzw, vThreadID.xyzx\nld_raw r1.xyzw, l(0), t0.xyzw\nmov r2.xyzw, cb1[1].xyzw\n\
                         mov r3.xyzw, cb0[1].xyzw\n";
            (arrays, format!("{start}{REST}{body}{store}"))
        }
    };
    bytes(&format!(
        "cs_5_0\ndcl_constantbuffer cb0[16], dynamicIndexed\ndcl_constantbuffer cb1[16], dynamicIndexed\n\
         dcl_resource_raw t0\ndcl_uav_raw u0\ndcl_input vThreadID.xyz\ndcl_input vThreadGroupID.xyz\n\
         dcl_input vThreadIDInGroup.xyz\ndcl_input vThreadIDInGroupFlattened\n{shared}dcl_thread_group 8, 1, 1\n{body}ret\n"
    ))
}

/// Declarations, and instructions.
fn random(stage: Stage, seed: u16, size: u8) -> (String, String) {
    let lines = program::lines(stage, seed.into(), size.into());
    lines.split_inclusive('\n').map(str::to_owned).partition(|line| {
        let line = line.trim_start();
        line.starts_with("dcl_") || line.starts_with('{') || line.starts_with('}')
    })
}

fn bytes(text: &str) -> Result<Vec<u8>, AssembleError> {
    assemble(text).map(|shader| shader.to_dxbc())
}

#[cfg(test)]
mod tests {
    use aerogpu::pipeline::shader::Shader;
    use aerogpu_protocol::packets::ShaderStage;
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(stage: ShaderStage, code: Result<Vec<u8>, AssembleError>) {
        Shader::new(stage, &code.expect("assembles")).expect("validates");
    }

    #[test]
    fn every_template_is_a_shader() {
        for kind in [Vertex::Pass, Vertex::Instance, Vertex::Number] {
            check(ShaderStage::Vertex, vertex(kind));
        }
        let plain = [
            Pixel::Flat,
            Pixel::Smooth,
            Pixel::Linear,
            Pixel::Constant,
            Pixel::Position,
            Pixel::Discard,
            Pixel::OwnDepth,
            Pixel::Fetch(1),
            Pixel::Level(1),
            Pixel::Sample,
        ];
        let floats = (0..FLOATS.len() as u8).map(|op| Pixel::Float(Float { op, values: [0; 3] }));
        for kind in plain.into_iter().chain(floats) {
            for targets in 0..=3 {
                check(ShaderStage::Pixel, pixel(kind, targets));
            }
        }
        for kind in [Kernel::Number, Kernel::Atomic, Kernel::Shared] {
            check(ShaderStage::Compute, compute(kind));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn random_programs_are_shaders(seed in any::<u16>(), size in 1u8..60) {
            check(ShaderStage::Vertex, vertex(Vertex::Random(seed, size)));
            check(ShaderStage::Pixel, pixel(Pixel::Random(seed, size), 1));
            check(ShaderStage::Compute, compute(Kernel::Random(seed, size)));
        }
    }
}
