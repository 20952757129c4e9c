//! Direct3D 9 shaders: vs_1_1 to vs_3_0 and ps_1_1 to ps_3_0, decoded, printed, assembled and lowered to the IR.
//!
//! [`decode`] reads tokens to a [`Program`], [`encode`] writes them, `Display` and [`assemble`] are the text form, and
//! [`Shader::new`] gives a [`ValidatedShader`](crate::ValidatedShader) with the [`Interface`] that whoever binds constants and vertices needs.
//!
//! # Tokens
//! Compilers say the length of an instruction without its own token, the guest driver's own shaders with it; those also
//! leave bit 31 of parameters clear and declare nothing. Operands are counted by the instruction table, and a length
//! may be either. Comments (constant tables among them) are skipped.
//!
//! # The link
//! - Constants are constant buffers: `cb0` float registers ([`Interface::float_constants`] makes its words), `cb1` integer
//!   registers, `cb2` booleans (component x of a vector each), [`ENVIRONMENT`] what states tell the shader.
//! - Sampler `s#` is texture `t#` and sampler `s#`. Undeclared samplers have dimension `Unknown`: what is bound decides.
//! - Inputs and outputs are signature elements named by usage (`POSITION`, `TEXCOORD`, ...), so that declarations and stages
//!   link by usage and index; a vertex shader's position is `SV_Position`, colours of a pixel shader are `SV_Target`.
//!   Vertex outputs before shader model 3 lie in fixed registers ([`registers`]), where pixel shaders look for them.
//!
//! # Where hardware varied
//! | what | choice (d3d-rules) |
//! |---|---|
//! | 0 times anything, in `mul mad dp# lrp m#x# nrm crs` and texture matrices | +0 (§17.5.1) |
//! | `rcp rsq exp expp log logp pow` | the exact result, clamped to ±FLT_MAX; NaN becomes FLT_MAX (§17.5.2) |
//! | `rsq log logp pow` | of the magnitude; `pow(x, 0) = 1` (§17.5.3) |
//! | scalar operands without a replicate swizzle | component w of the swizzle; `sincos` and `dp2add` x (§17.5.4) |
//! | `mov a0` in vs_1_1; `mova` | towards minus infinity; to nearest, ties to even (§17.5.10) |
//! | `c[a0.x + n]` out of range | 0 (§17.5.10) |
//! | `nrm` | all written components are scaled, a zero vector stays zero (§17.5.6) |
//! | `lit` | exponent clamped to ±127.9961; z is 0 unless x and y are positive (§17.5.5) |
//! | `expp`, `logp` before 2.0 | the documented vectors, at full precision (§17.5.4) |
//! | `sincos` | x cosine, y sine; z and w unchanged (§17.5.6) |
//! | `texkill` | xyz of the coordinates in 1.x, the write mask from 2.0; -0 and NaN live (§17.6) |
//! | `cnd` before 1.4 | tests component w alone; co-issued to rgb it takes its second operand (§17.5.7) |
//! | float constants of ps_1_x | clamped to -1..1, `def` too (§17.5.14); registers are not clamped |
//! | `texcoord` before 1.4 | clamped to 0..1 with w = 1; `texcrd` is not (§17.5.14) |
//! | `texm3x2depth`, `texdepth` with a zero divisor | depth 1 (§17.6) |
//! | alpha of `r#` across `phase` | stays |
//! | `_pp` | full precision |
//! | `oD#`, `oFog` | clamped to 0..1; outputs of vs_3_0 are not (§17.1.10) |
//! | outputs and registers that nothing wrote | 0 |
//! | `texm3x3diff` | refused: no shipped runtime accepts it |

mod assemble;
mod decode;
mod encode;
mod lower;
mod op;
mod program;
mod text;

pub use assemble::{AssembleError, assemble};
pub use decode::{DecodeError, DecodeReason, decode};
pub use encode::encode;
pub use lower::{
    AlphaTest, ENVIRONMENT, Fog, FogSource, Interface, LowerError, LowerReason, Shader, ShaderError, Variant,
    environment, registers,
};
pub use op::Op;
pub use program::*;

#[cfg(test)]
mod tests;
