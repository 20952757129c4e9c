//! Instructions by number: what the other templates and the random programs do not have, each in a shader of its own.

use std::sync::LazyLock;

use aerogpu_dxbc::assembler::{AssembleError, assemble};
use aerogpu_dxbc::ir::{CostClass, Op, OpFlags, OperandType};

/// What makes a pixel's colour in `r0`: a row for a pixel shader whose `v1` is a colour.
#[derive(Clone, Copy)]
pub(super) struct PixelRow {
    /// How `v1` is interpolated.
    pub(super) mode: &'static str,
    /// Declarations.
    pub(super) declared: &'static str,
    pub(super) body: &'static str,
    /// Whether it reads `t0`, and wants depth there.
    pub(super) texture: (bool, bool),
}

const T0: &str = "dcl_sampler s0, mode_default\ndcl_resource_texture2d (float,float,float,float) t0\n";
const COMPARED: &str =
    "dcl_sampler s0, mode_comparison\ndcl_resource_texture2d (float,float,float,float) t0\n";
const ARRAY: &str =
    "dcl_sampler s0, mode_default\ndcl_resource_texture2darray (float,float,float,float) t0\n";
const SAMPLES: &str = "dcl_resource_texture2dms(4) (float,float,float,float) t0\n";

const fn plain(mode: &'static str, body: &'static str) -> PixelRow {
    PixelRow { mode, declared: "", body, texture: (false, false) }
}

/// `r1.xy` is a place a quarter into one of 16 pieces, `r2.xy` the pixel.
const fn texel(declared: &'static str, body: &'static str) -> PixelRow {
    PixelRow { mode: "constant", declared, body, texture: (true, false) }
}

const fn compared(body: &'static str) -> PixelRow {
    PixelRow { mode: "constant", declared: COMPARED, body, texture: (true, true) }
}

const BYTE: &str =
    "utof r0.xyzw, r0.xyzw\nmul r0.xyzw, r0.xyzw, l(0.003921569, 0.003921569, 0.003921569, 0.003921569)\n";

/// Those that WebGPU has come first.
const PIXELS: &[PixelRow] = &[
    texel(T0, "sample_b r0.xyzw, r1.xyxx, t0.xyzw, s0, l(1.0)\n"),
    texel(T0, "sample_d r0.xyzw, r1.xyxx, t0.xyzw, s0, l(0.0625, 0.0, 0.0, 0.0), l(0.0, 0.0625, 0.0, 0.0)\n"),
    texel(T0, "sample_aoffimmi(1,-1,0) r0.xyzw, r1.xyxx, t0.xyzw, s0\n"),
    texel(T0, "gather4 r0.xyzw, r1.xyxx, t0.xyzw, s0.x\n"),
    texel(T0, "gather4_aoffimmi(-1,2,0) r0.xyzw, r1.xyxx, t0.xyzw, s0.z\n"),
    texel(T0, "resinfo_uint r0.xyzw, l(0), t0.xyzw\n@BYTE@"),
    texel(
        T0,
        "resinfo r0.xyzw, l(1), t0.xyzw\nmul r0.xyzw, r0.xyzw, l(0.0078125, 0.0078125, 0.0078125, 0.0078125)\n",
    ),
    texel(ARRAY, "ftou r2.xy, r2.xyxx\nmov r2.zw, l(0, 0, 1, 0)\nld r0.xyzw, r2.xyzw, t0.xyzw\n"),
    texel(ARRAY, "mov r1.z, l(1.0)\nsample_l r0.xyzw, r1.xyzz, t0.xyzw, s0, l(0.0)\n"),
    compared("sample_c r0.x, r1.xyxx, t0.xxxx, s0, l(0.5)\nmov r0.yzw, r0.xxxx\n"),
    compared("sample_c_lz r0.x, r1.xyxx, t0.xxxx, s0, l(0.5)\nmov r0.yzw, r0.xxxx\n"),
    compared("gather4_c r0.xyzw, r1.xyxx, t0.xyzw, s0.x, l(0.5)\n"),
    plain("constant", "mul r0.xyzw, r2.xyxy, l(0.0625, 0.125, 0.25, 0.5)\nderiv_rtx r0.xyzw, r0.xyzw\n"),
    plain("constant", "mul r0.xyzw, r2.xyxy, l(0.0625, 0.125, 0.25, 0.5)\nderiv_rty r0.xyzw, r0.xyzw\n"),
    plain(
        "constant",
        "mul r0.xyzw, r2.xyxy, l(0.0625, 0.125, 0.25, 0.5)\nderiv_rtx_coarse r0.xyzw, r0.xyzw\n",
    ),
    plain(
        "constant",
        "mul r0.xyzw, r2.xyxy, l(0.0625, 0.125, 0.25, 0.5)\nderiv_rty_coarse r0.xyzw, r0.xyzw\n",
    ),
    plain("constant", "mul r0.xyzw, r2.xyxy, l(0.0625, 0.125, 0.25, 0.5)\nderiv_rtx_fine r0.xyzw, r0.xyzw\n"),
    plain("constant", "mul r0.xyzw, r2.xyxy, l(0.0625, 0.125, 0.25, 0.5)\nderiv_rty_fine r0.xyzw, r0.xyzw\n"),
    plain("constant", "sincos r0.xyzw, r1.xyzw, cb0[2].xyzw\nadd r0.xyzw, r0.xyzw, r1.xyzw\n"),
    plain("constant", "nop\ndiv_sat r0.xyzw, cb0[2].xyzw, cb0[3].xyzw\n"),
    plain("linear centroid", "mov r0.xyzw, v1.xyzw\n"),
    plain("linear sample", "mov r0.xyzw, v1.xyzw\n"),
    plain("linear noperspective centroid", "mov r0.xyzw, v1.xyzw\n"),
    plain("linear noperspective sample", "mov r0.xyzw, v1.xyzw\n"),
    // From here on WebGPU lacks what they ask for.
    plain("linear", "eval_snapped r0.xyzw, v1.xyzw, l(0, 0, 0, 0)\n"),
    plain("linear", "eval_sample_index r0.xyzw, v1.xyzw, l(0)\n"),
    plain("linear", "eval_centroid r0.xyzw, v1.xyzw\n"),
    texel(T0, "lod r0.xyzw, r1.xyxx, t0.xyzw, s0\n"),
    texel(T0, "gather4_po r0.xyzw, r1.xyxx, l(1, -1, 0, 0), t0.xyzw, s0.x\n"),
    compared("gather4_po_c r0.xyzw, r1.xyxx, l(1, -1, 0, 0), t0.xyzw, s0.x, l(0.5)\n"),
    texel(SAMPLES, "ftou r2.xy, r2.xyxx\nmov r2.zw, l(0, 0, 0, 0)\nldms r0.xyzw, r2.xyzw, t0.xyzw, l(0)\n"),
    texel(SAMPLES, "sampleinfo_uint r0.xyzw, t0.xyzw\n@BYTE@"),
    texel(SAMPLES, "samplepos r0.xyzw, t0.xyzw, l(0)\n"),
    texel(
        SAMPLES,
        "ftou r2.xy, r2.xyxx\nmov r2.zw, l(0, 0, 0, 0)\nldms_s r0.xyzw, r1.x, r2.xyzw, t0.xyzw, l(0)\n",
    ),
    texel(T0, "ftou r2.xy, r2.xyxx\nmov r2.zw, l(0, 0, 0, 0)\nld_s r0.xyzw, r1.x, r2.xyzw, t0.xyzw\n"),
    texel(T0, "gather4_s r0.xyzw, r2.x, r1.xyxx, t0.xyzw, s0.x\n"),
    texel(T0, "gather4_po_s r0.xyzw, r2.x, r1.xyxx, l(1, -1, 0, 0), t0.xyzw, s0.x\n"),
    compared("gather4_c_s r0.xyzw, r2.x, r1.xyxx, t0.xyzw, s0.x, l(0.5)\n"),
    compared("gather4_po_c_s r0.xyzw, r2.x, r1.xyxx, l(1, -1, 0, 0), t0.xyzw, s0.x, l(0.5)\n"),
    texel(
        T0,
        "sample_l_s r0.xyzw, r2.x, r1.xyxx, t0.xyzw, s0, l(0.0)\ncheck_access_fully_mapped r2.x, r2.x\nutof r0.w, r2.x\n",
    ),
    texel(T0, "sample_cl_s r0.xyzw, r2.x, r1.xyxx, t0.xyzw, s0, l(0.0)\n"),
    texel(T0, "sample_b_cl_s r0.xyzw, r2.x, r1.xyxx, t0.xyzw, s0, l(1.0), l(0.0)\n"),
    texel(
        T0,
        "sample_d_cl_s r0.xyzw, r2.x, r1.xyxx, t0.xyzw, s0, l(0.0625, 0.0, 0.0, 0.0), l(0.0, 0.0625, 0.0, 0.0), l(0.0)\n",
    ),
    compared("sample_c_lz_s r0.xyzw, r2.x, r1.xyxx, t0.xyzw, s0, l(0.5)\n"),
    compared("sample_c_cl_s r0.xyzw, r2.x, r1.xyxx, t0.xyzw, s0, l(0.5), l(0.0)\n"),
];

/// Rows of pixel shaders, and how many of them WebGPU has.
pub(super) const PIXEL_ROWS: [u8; 2] = [PIXELS.len() as u8, 24];

pub(super) fn pixel(number: u8) -> PixelRow {
    PIXELS[usize::from(number) % PIXELS.len()]
}

/// The instructions of a row.
pub(super) fn pixel_body(row: PixelRow) -> String {
    let start = "mov r2.xyzw, v0.xyxy\nround_z r1.xyzw, v0.xyxy\nadd r1.xyzw, r1.xyzw, l(0.25, 0.25, 0.25, 0.25)\n\
                 mul r1.xyzw, r1.xyzw, l(0.0625, 0.0625, 0.0625, 0.0625)\n";
    format!("{start}{}", row.body.replace("@BYTE@", BYTE))
}

/// A kernel: how `t0` and `u0` are declared, instructions, and subroutines. Each thread has a number of its own in `r10.x`, a
/// place of 16 bytes for it in `r10.y`, made-up words in `r1`, sixteenths in `r2`, doubles in `r3`, and leaves its result in `r0`.
struct KernelRow {
    t0: &'static str,
    u0: &'static str,
    body: String,
    tail: &'static str,
    /// WebGPU has it.
    common: bool,
}

const RAW: [&str; 2] = ["dcl_resource_raw t0", "dcl_uav_raw u0"];

fn raw(body: &str, common: bool) -> KernelRow {
    KernelRow { t0: RAW[0], u0: RAW[1], body: body.into(), tail: "", common }
}

static KERNELS: LazyLock<Vec<KernelRow>> = LazyLock::new(|| {
    let mut rows: Vec<KernelRow> = Op::ALL.iter().filter_map(|&op| arithmetic(op)).collect();
    rows.extend(Op::ALL.iter().filter_map(|&op| atomic(op)));
    let structured = |u0, body: &str| KernelRow {
        t0: "dcl_resource_structured t0, 16",
        u0,
        body: body.into(),
        tail: "",
        common: true,
    };
    let called = |body: &str, tail| KernelRow { tail, ..raw(body, true) };
    rows.extend([
        raw("bufinfo r0.x, t0.xxxx\nmov r0.yzw, r1.xyzw\n", true),
        raw("switch r10.x\ncase l(0)\niadd r0.x, r0.x, l(1)\nbreak\ncase l(1)\ncase l(4)\niadd r0.x, r0.x, l(9)\nbreak\ndefault\nmov r0.y, l(5)\nbreak\nendswitch\n", true),
        raw("loop\niadd r4.x, r4.x, l(1)\nuge r4.y, r4.x, l(4)\nbreakc_nz r4.y\nand r4.z, r4.x, r10.x\ncontinuec_nz r4.z\niadd r0.x, r0.x, l(3)\nif_z r10.x\ncontinue\nendif\niadd r0.y, r0.y, l(1)\nendloop\n", true),
        raw("and r4.x, r10.x, l(1)\nretc_nz r4.x\n", true),
        raw("sync_g_t\nsync_uglobal\nmov r0.xyzw, r1.wzyx\n", true),
        called("call l0\nuge r4.x, r10.x, l(2)\ncallc_nz r4.x, l1\n", "label l0\niadd r0.x, r0.x, l(1)\nret\nlabel l1\niadd r0.y, r0.y, l(50)\nret\n"),
        structured("dcl_uav_structured u0, 16", "ld_structured r0.xyzw, r10.x, l(0), t0.xyzw\nbufinfo r4.x, t0.xxxx\niadd r0.x, r0.x, r4.x\nstore_structured u0.xyzw, r10.x, l(0), r0.xyzw\n"),
        structured("dcl_uav_structured_opc u0, 16", "imm_atomic_alloc r4.x, u0\nstore_structured u0.xy, r4.x, l(4), l(7, 8, 9, 10)\n"),
        structured("dcl_uav_structured_opc u0, 16", "imm_atomic_consume r4.x, u0\nstore_structured u0.x, r10.x, l(0), r10.x\n"),
        KernelRow { common: false, ..raw("switch r10.x\ncase l(0)\niadd r0.x, r0.x, l(1)\ncase l(1)\niadd r0.x, r0.x, l(9)\nbreak\ndefault\nmov r0.y, l(5)\nendswitch\n", false) },
        KernelRow { u0: "dcl_uav_typed_buffer (uint,uint,uint,uint) u0", ..raw("ld_uav_typed r0.xyzw, r10.x, u0.xyzw\niadd r0.xyzw, r0.xyzw, r1.xyzw\nstore_uav_typed u0.xyzw, r10.x, r0.xyzw\n", false) },
        KernelRow { u0: "dcl_uav_typed_buffer (uint,uint,uint,uint) u0", ..raw("ld_uav_typed_s r0.xyzw, r4.x, r10.x, u0.xyzw\nstore_uav_typed u0.xyzw, r10.x, r0.xyzw\n", false) },
        raw("ld_raw_s r0.xyzw, r4.x, r10.y, t0.xyzw\ncheck_access_fully_mapped r0.x, r4.x\n", false),
        KernelRow { common: false, ..structured("dcl_uav_structured u0, 16", "ld_structured_s r0.xyzw, r4.x, r10.x, l(0), t0.xyzw\nstore_structured u0.xyzw, r10.x, l(0), r0.xyzw\n") },
    ]);
    rows.sort_by_key(|row| !row.common);
    rows
});

/// Any instruction that computes from registers alone and does not round; WebGPU has no doubles.
fn arithmetic(op: Op) -> Option<KernelRow> {
    use OperandType as T;
    let info = op.info();
    let types = || info.dst.iter().chain(info.src);
    let double = types().any(|kind| *kind == T::D);
    let skipped = info.dst.is_empty()
        || types().any(|kind| matches!(kind, T::R | T::L))
        || info.flags.contains(OpFlags::D9);
    let pixels = info.flags.contains(OpFlags::TILED)
        || op.info().mnemonic.starts_with("deriv")
        || op.info().mnemonic.starts_with("eval");
    let rounds = info.cost == CostClass::Quarter && !double;
    if skipped
        || pixels
        || rounds
        || matches!(info.cost, CostClass::Flow | CostClass::Memory | CostClass::Texture)
    {
        return None;
    }
    // A pair of components for each double.
    let narrow = if double { "xy" } else { "xyzw" };
    let target = |(i, kind): (usize, &OperandType)| match kind {
        T::D => format!("r{}.xyzw", [0, 4][i]),
        _ => format!("r{}.{narrow}", [0, 4][i]),
    };
    let source = |(i, kind): (usize, &OperandType)| {
        let swizzle =
            if double { ["xyxx", "yxxx", "xyxx"][i % 3] } else { ["xyzw", "wzyx", "yxwz", "zwxy"][i] };
        match kind {
            T::D => format!("r3.{}", ["xyzw", "zwxy", "xyxy"][i % 3]),
            T::F => format!("r2.{swizzle}"),
            // Halves that are numbers.
            _ if op == Op::F16tof32 => format!("r5.{swizzle}"),
            _ => format!("r1.{swizzle}"),
        }
    };
    let operands: Vec<String> =
        info.dst.iter().enumerate().map(target).chain(info.src.iter().enumerate().map(source)).collect();
    let second = if info.dst.len() > 1 { "xor r0.xyzw, r0.xyzw, r4.xyzw\n" } else { "" };
    Some(raw(&format!("{} {}\n{second}", info.mnemonic, operands.join(", ")), !double))
}

/// Any atomic on a word that no other thread has.
fn atomic(op: Op) -> Option<KernelRow> {
    let info = op.info();
    let returns = info.mnemonic.starts_with("imm_atomic");
    if !(returns || info.mnemonic.starts_with("atomic")) || info.src.len() < 2 {
        return None;
    }
    let result = if returns { "r0.x, " } else { "" };
    let values = if info.src.len() > 2 { "r1.x, r1.y" } else { "r1.x" };
    let body = format!(
        "{} {result}u0, r10.y, {values}\niadd r10.y, r10.y, l(4)\nstore_raw u0.x, r10.y, r0.x\n",
        info.mnemonic
    );
    Some(raw(&body, true))
}

/// Rows of kernels, and how many of them WebGPU has.
pub(super) fn kernel_rows() -> [u8; 2] {
    [KERNELS.len() as u8, KERNELS.iter().filter(|row| row.common).count() as u8]
}

/// A compute shader of 8 threads a group.
pub(super) fn kernel(number: u8) -> Result<Vec<u8>, AssembleError> {
    let KernelRow { t0, u0, body, tail, .. } = &KERNELS[usize::from(number) % KERNELS.len()];
    let load =
        if t0.contains("raw") { "ld_raw r1.xyzw, r10.y, t0.xyzw\n" } else { "mov r1.xyzw, r10.xyxy\n" };
    let stores = body.contains("store") || body.contains("retc");
    let store = if stores { "" } else { "store_raw u0.xyzw, r10.y, r0.xyzw\n" };
    let flags = match body.contains("r3.") {
        true => "dcl_globalFlags enableDoublePrecisionFloatOps | enable11_1DoubleExtensions\n",
        false => "",
    };
    let double = if flags.is_empty() { "" } else { "ftod r3.xyzw, r2.xyxx\n" };
    let text = format!(
        "cs_5_0\n{flags}dcl_constantbuffer cb0[16], dynamicIndexed\n{t0}\n{u0}\ndcl_input vThreadGroupID.xyz\n\
         dcl_input vThreadIDInGroupFlattened\ndcl_temps 11\ndcl_thread_group 8, 1, 1\n\
         imad r10.x, vThreadGroupID.y, l(3), vThreadGroupID.x\nimad r10.x, r10.x, l(8), vThreadIDInGroupFlattened.x\n\
         ishl r10.y, r10.x, l(4)\n{load}mov r0.xyzw, r1.xyzw\nmov r4.xyzw, l(0, 0, 0, 0)\n\
         and r2.xyzw, r1.xyzw, l(255, 255, 255, 255)\nutof r2.xyzw, r2.xyzw\n\
         mul r2.xyzw, r2.xyzw, l(0.0625, 0.0625, 0.0625, 0.0625)\nand r5.xyzw, r1.xyzw, l(0x1fff, 0x1fff, 0x1fff, 0x1fff)\n\
         or r5.xyzw, r5.xyzw, l(0x2000, 0x2000, 0x2000, 0x2000)\n{double}{body}{store}ret\n{tail}"
    );
    assemble(&text).map(|shader| shader.to_dxbc())
}

#[cfg(test)]
mod tests {
    use aerogpu::pipeline::shader::Shader;
    use aerogpu_protocol::packets::ShaderStage;

    use super::super::scene::Pixel;
    use super::super::shaders;
    use super::*;

    #[test]
    fn every_row_is_a_shader() {
        for number in 0..PIXEL_ROWS[0] {
            let code = shaders::pixel(Pixel::Table(number), 2);
            let code = code.unwrap_or_else(|error| panic!("{error}: {}", pixel(number).body));
            Shader::new(ShaderStage::Pixel, &code)
                .unwrap_or_else(|error| panic!("{error}: {}", pixel(number).body));
        }
        for number in 0..kernel_rows()[0] {
            let body = &KERNELS[usize::from(number)].body;
            let code = kernel(number).unwrap_or_else(|error| panic!("{error}: {body}"));
            Shader::new(ShaderStage::Compute, &code).unwrap_or_else(|error| panic!("{error}: {body}"));
        }
        assert_eq!(PIXELS[usize::from(PIXEL_ROWS[1])].body, "eval_snapped r0.xyzw, v1.xyzw, l(0, 0, 0, 0)\n");
    }
}
