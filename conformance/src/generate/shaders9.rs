//! Direct3D 9's shaders of scenes: one instruction, or one idea, in each row.
//!
//! Rows leave their result in `r0`. Constants `c2` to `c5` are sixteenths between -2 and 2, so that sums and products are exact;
//! `c6` is a texture coordinate inside of a texel, `c7` to `c9` are other coordinates, and `i0` and `b0` are (3, 1, 1) and true.

use aerogpu_dxbc::sm3::{self, AssembleError};

use super::scene::Draw9;

/// What the result of a row depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Constants, and nothing rounds.
    Exact,
    /// Constants, by instructions that err.
    Rounded,
    /// The interpolated colour.
    Color,
    /// A texel of stage 0.
    Texel,
    /// Texels of the other stages, which have one texel: wherever a computed coordinate lies.
    Uniform,
    /// Writes a depth that rounds.
    Depth,
}

/// Profile, instructions, subroutines, what the result depends on.
type Row = (&'static str, &'static str, &'static str, Kind);

use Kind::{Color, Depth, Exact, Rounded, Texel, Uniform};

/// Instructions of either stage, for shader models 2 and 3: `X` is the stage.
const COMMON: &[Row] = &[
    ("X_2_0", "add r0, c2, c3", "", Exact),
    ("X_2_0", "sub r0, c2, -c3", "", Exact),
    ("X_2_0", "mul_sat r0, c2, c3.wzyx", "", Exact),
    ("X_2_0", "mad r0, c2, c3, c4", "", Exact),
    ("X_2_0", "dp3 r0, c2, c3", "", Exact),
    ("X_2_0", "dp4_sat r0, c2, c3", "", Exact),
    ("X_2_0", "min r0, c2, c3", "", Exact),
    ("X_2_0", "max r0, c2, c3", "", Exact),
    ("X_2_0", "frc r0, c2", "", Exact),
    ("X_2_0", "abs r0, c2", "", Exact),
    ("X_2_0", "lrp r0, c2, c3, c4", "", Exact),
    ("X_2_0", "mov r0, c4; crs r0.xyz, c2, c3.yzxw", "", Exact),
    ("X_2_0", "m4x4 r0, c2, c2", "", Exact),
    ("X_2_0", "mov r0, c5; m4x3 r0.xyz, c2, c2", "", Exact),
    ("X_2_0", "m3x4 r0, c3, c2", "", Exact),
    ("X_2_0", "mov r0, c5; m3x3 r0.xyz, c3, c2", "", Exact),
    ("X_2_0", "mov r0, c5; m3x2 r0.xy, c3, c2", "", Exact),
    ("X_2_0", "nop; mov r0, c2_abs", "", Exact),
    ("X_2_0", "rcp r0, c2.x", "", Rounded),
    ("X_2_0", "rsq r0, c2.y", "", Rounded),
    ("X_2_0", "exp r0, c2.z", "", Rounded),
    ("X_2_0", "log r0, c2.w", "", Rounded),
    ("X_2_0", "pow r0, c2.x, c3.y", "", Rounded),
    ("X_2_0", "nrm r0, c2", "", Rounded),
    ("X_2_0", "mov r0, c3; sincos r0.xy, c2.x, c3, c4", "", Rounded),
    ("X_3_0", "mov r0, c3; sincos r0.xy, c2.x", "", Rounded),
    ("X_3_0", "mov r0, c2; if b0; mov r0, c3; else; mov r0, c4; endif", "", Exact),
    ("X_3_0", "mov r0, c2; rep i0; add r0, r0, c3; endrep", "", Exact),
    ("X_3_0", "mov r0, c2; loop aL, i0; add r0, r0, c3; endloop", "", Exact),
    ("X_3_0", "mov r0, c2; if_gt c2.x, c3.x; mov r0, c3; endif", "", Exact),
    ("X_3_0", "mov r0, c2; rep i0; break_ge r0.x, c3.y; add r0, r0, c4; endrep", "", Exact),
    ("X_3_0", "mov r0, c2; rep i0; if_lt c2.x, c3.x; break; endif; add r0, r0, c4; endrep", "", Exact),
    ("X_3_0", "mov r0, c2; setp_gt p0, c2, c3; rep i0; add r0, r0, c4; breakp p0.x; endrep", "", Exact),
    ("X_3_0", "mov r0, c2; setp_le p0, c2, c3; (p0) mov r0, c4; (!p0.z) add r0, r0, c5", "", Exact),
    ("X_3_0", "mov r0, c2; call l1", "label l1; add r0, r0, c3; ret", Exact),
    ("X_3_0", "mov r0, c2; callnz l1, b0; callnz l1, !b0", "label l1; add r0, r0, c3; ret", Exact),
];

const VERTEX: &[Row] = &[
    ("vs_2_0", "mov r0, v1", "", Color),
    ("vs_2_0", "slt r0, c2, c3", "", Exact),
    ("vs_2_0", "sge r0, c2, c3", "", Exact),
    ("vs_2_0", "sgn r0, c2, r1, r2", "", Exact),
    ("vs_3_0", "sgn r0, c2", "", Exact),
    ("vs_2_0", "dst r0, c2, c3", "", Exact),
    ("vs_2_0", "mova a0, c2; mov r0, c[a0.x + 4]", "", Exact),
    ("vs_2_0", "expp r0, c2.x", "", Rounded),
    ("vs_2_0", "logp r0, c2.x", "", Rounded),
    ("vs_1_1", "lit r0, c2", "", Rounded),
    ("vs_1_1", "expp r0, c2.x", "", Rounded),
    ("vs_1_1", "logp r0, c2.x", "", Rounded),
    ("vs_1_1", "mov a0.x, c2.x; mov r0, c[a0.x + 4]", "", Exact),
    ("vs_3_0", "mov r0, c2; loop aL, i0; add r0, r0, c[aL + 2]; endloop", "", Exact),
    ("vs_3_0", "dcl_2d s0; texldl r0, c6, s0", "", Texel),
    ("vs_2_0", "mov r0, c2; mov oPts, c5_abs.x", "", Exact),
];

/// The row of [`PIXEL`] that also writes the second source of a blend.
pub(super) const TWO_SOURCES: u8 = 0;

const PIXEL: &[Row] = &[
    ("ps_2_0", "mov r0, c2; mov r1, c3_abs; mov oC1, r1", "", Exact),
    ("ps_2_0", "dcl v0; mov r0, v0", "", Color),
    ("ps_2_0", "dcl v0; mov r0, v0", "", Color),
    ("ps_3_0", "dcl_color v0; mov r0, v0", "", Color),
    ("ps_1_1", "mov r0, v0", "", Color),
    ("ps_2_0", "cmp r0, c2, c3, c4", "", Exact),
    ("ps_2_0", "dp2add r0, c2, c3, c4.x", "", Exact),
    ("ps_2_0", "dcl t0; dcl_2d s0; texld r0, t0, s0", "", Texel),
    ("ps_2_0", "dcl t0; dcl_2d s0; texldp r0, t0, s0", "", Texel),
    ("ps_2_0", "dcl t0; dcl_2d s0; texldb r0, t0, s0", "", Texel),
    ("ps_3_0", "dcl_texcoord v1; dcl_2d s0; texldl r0, v1, s0", "", Texel),
    (
        "ps_3_0",
        "dcl vPos.xy; dcl_2d s0; mov r2, c10.w; mov r2.x, c10.x; mad r1, vPos.xyxy, c10.x, c10.y; texldd r0, r1, s0, r2, r2.wxww",
        "",
        Texel,
    ),
    ("ps_3_0", "dcl vPos.xy; dcl_2d s0; mad r1, vPos.xyxy, c10.x, c10.y; texld r0, r1, s0", "", Texel),
    ("ps_3_0", "dcl vPos.xy; mul r0, vPos.xyxy, c10.x; frc r0, r0", "", Exact),
    ("ps_3_0", "dcl vPos.xy; mul r1, vPos.xyxy, c3; dsx r0, r1", "", Exact),
    ("ps_3_0", "dcl vPos.xy; mul r1, vPos.xyxy, c3; dsy r0, r1", "", Exact),
    ("ps_3_0", "dcl vFace; mov r1, vFace; cmp r0, r1.x, c2, c3", "", Exact),
    ("ps_3_0", "dcl vPos.xy; add r1, vPos.xyxy, -c10.z; texkill r1; mov r0, c2", "", Exact),
    ("ps_2_0", "mov r1, c2; texkill r1.xy; mov r0, c3", "", Exact),
    ("ps_2_0", "mov r0, c2; mov r1, c10.x; mov oDepth, r1.x", "", Exact),
    ("ps_1_1", "tex t0; mov r0, t0", "", Texel),
    ("ps_1_1", "texcoord t0; mov r0, t0", "", Color),
    ("ps_1_1", "texkill t0; mov r0, c2", "", Exact),
    ("ps_1_1", "tex t0; texbem t1, t0; mov r0, t1", "", Uniform),
    ("ps_1_1", "tex t0; texbeml t1, t0; mov r0, t1", "", Uniform),
    ("ps_1_1", "tex t0; texreg2ar t1, t0; mov r0, t1", "", Uniform),
    ("ps_1_1", "tex t0; texreg2gb t1, t0; mov r0, t1", "", Uniform),
    ("ps_1_2", "tex t0; texreg2rgb t1, t0; mov r0, t1", "", Uniform),
    ("ps_1_2", "tex t0; texdp3 t1, t0; mov r0, t1", "", Texel),
    ("ps_1_2", "tex t0; texdp3tex t1, t0; mov r0, t1", "", Uniform),
    ("ps_1_1", "tex t0; texm3x2pad t1, t0; texm3x2tex t2, t0; mov r0, t2", "", Uniform),
    ("ps_1_2", "tex t0; texm3x3pad t1, t0; texm3x3pad t2, t0; texm3x3 t3, t0; mov r0, t3", "", Texel),
    ("ps_1_1", "tex t0; texm3x3pad t1, t0; texm3x3pad t2, t0; texm3x3tex t3, t0; mov r0, t3", "", Uniform),
    (
        "ps_1_1",
        "tex t0; texm3x3pad t1, t0; texm3x3pad t2, t0; texm3x3spec t3, t0, c2; mov r0, t3",
        "",
        Uniform,
    ),
    ("ps_1_1", "tex t0; texm3x3pad t1, t0; texm3x3pad t2, t0; texm3x3vspec t3, t0; mov r0, t3", "", Uniform),
    ("ps_1_3", "tex t0; texm3x2pad t1, t0; texm3x2depth t2, t0; mov r0, c2", "", Depth),
    ("ps_1_4", "mov r5, c2; phase; texdepth r5; mov r0, c3", "", Depth),
    ("ps_1_4", "texld r0, t0", "", Texel),
    ("ps_1_4", "texcrd r1.rgb, t0; phase; texld r0, r1", "", Texel),
    ("ps_1_4", "mov r0, c3; bem r1.rg, c3, c4; mov r0.rg, r1", "", Exact),
    ("ps_1_4", "cnd r0, c2, c3, -c4", "", Exact),
    ("ps_1_4", "mov_x2 r0, c2_bias; mov_d4_sat r0.a, 1-c3.r", "", Exact),
    ("ps_1_1", "mov r0, c2; mov r0.rgb, r0.a; +mov r0.a, r0.b", "", Exact),
];

/// The row that draws with this number, for a stage; where `model3` is said, of shader model 3 or not.
fn row(stage: &str, own: &'static [Row], number: u8, model3: Option<bool>) -> (String, Row) {
    let profile = |row: &Row| row.0.replace('X', stage);
    let fits = |row: &&Row| model3.is_none_or(|model3| row.0.contains("_3_") == model3);
    let rows: Vec<Row> = own.iter().chain(COMMON).filter(fits).copied().collect();
    let row = rows[usize::from(number) % rows.len()];
    (profile(&row), row)
}

/// The code of a vertex and a pixel shader, and what their results depend on.
pub(super) struct Shaders9 {
    pub(super) vertex: Vec<u8>,
    pub(super) pixel: Vec<u8>,
    pub(super) kinds: [Kind; 2],
}

/// The shaders of a draw to so many targets; both are of shader model 3 or neither is.
pub(super) fn shaders(draw: &Draw9, targets: usize) -> Result<Shaders9, AssembleError> {
    let (pixel_profile, pixel) = row("ps", PIXEL, draw.pixel, None);
    let model3 = pixel_profile.starts_with("ps_3");
    let (vertex_profile, vertex) = row("vs", VERTEX, draw.vertex, Some(model3));
    Ok(Shaders9 {
        vertex: code(&vertex_text(&vertex_profile, vertex, model3))?,
        pixel: code(&pixel_text(&pixel_profile, pixel, targets))?,
        kinds: [vertex.3, pixel.3],
    })
}

fn vertex_text(profile: &str, (_, body, tail, _): Row, model3: bool) -> String {
    let mut text = format!("{profile}; dcl_position v0; dcl_color v1; ");
    let outputs = if model3 {
        text += "dcl_position o0; dcl_color o1; dcl_texcoord o2; ";
        "mov o0, v0; mov o1, r0; mov o2, c6"
    } else {
        "mov oPos, v0; mov oD0, r0; mov oT0, c6; mov oT1, c7; mov oT2, c8; mov oT3, c9; mov oFog, c7.x"
    };
    text += &format!("{body}; {outputs}");
    if !tail.is_empty() {
        text += &format!("; ret; {tail}");
    }
    text
}

fn pixel_text(profile: &str, (_, body, tail, _): Row, targets: usize) -> String {
    let mut text = format!("{profile}; {body}");
    if !profile.starts_with("ps_1") {
        for target in 0..targets.max(1) {
            text += &format!("; mov oC{target}, r0");
        }
    }
    if !tail.is_empty() {
        text += &format!("; ret; {tail}");
    }
    text
}

fn code(text: &str) -> Result<Vec<u8>, AssembleError> {
    let program = sm3::assemble(&text.replace("; ", "\n"))?;
    Ok(sm3::encode(&program).into_iter().flat_map(u32::to_le_bytes).collect())
}

/// Shaders that pass a position on, and fill what it covers with ones.
pub(super) fn fill() -> Result<(Vec<u8>, Vec<u8>), AssembleError> {
    let vertex = code("vs_2_0; dcl_position v0; mov oPos, v0")?;
    Ok((vertex, code("ps_2_0; def c0, 1.0, 1.0, 1.0, 1.0; mov oC0, c0")?))
}

#[cfg(test)]
mod tests {
    use aerogpu::pipeline::shader::Shader;
    use aerogpu_protocol::packets::ShaderStage;

    use super::*;

    #[test]
    fn every_row_is_a_shader() {
        for (stage, kind, own) in [("vs", ShaderStage::Vertex, VERTEX), ("ps", ShaderStage::Pixel, PIXEL)] {
            for number in 0..(own.len() + COMMON.len()) as u8 {
                let (profile, row) = row(stage, own, number, None);
                let text = match kind {
                    ShaderStage::Vertex => vertex_text(&profile, row, profile.starts_with("vs_3")),
                    _ => pixel_text(&profile, row, 2),
                };
                let code = code(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
                Shader::new(kind, &code).unwrap_or_else(|error| panic!("{error}: {text}"));
            }
        }
        assert!(fill().is_ok());
    }
}
