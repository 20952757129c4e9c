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
//! `src/state/direct3d9.md` in the repository lists every choice.

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
pub use text::listing;

#[cfg(test)]
mod tests;
