//! Direct3D shader bytecode: containers, one intermediate form, assembler, interpreters.
//!
//! **What it is.** Everything between the bytes that a driver passes to `CreateShader` and the numbers that a shader
//! computes: the DXBC [container] with its [checksum] and [signatures](signature), the token streams of shader models 4.0
//! to 5.1 ([`sm4`]) and of Direct3D 9 ([`sm3`]), one intermediate form ([`ir`]) with a text assembler, a validator that yields a [`ValidatedShader`], and
//! two interpreters that agree bit for bit: [`scalar`], the reference, and [`simd`], the fast one.
//!
//! **What it is not.** It owns no texture, buffer or rasterizer: an interpreter asks for texels and constants through
//! [`Resources`]. It never compiles to machine code.
//!
//! **Where to start.** [`ShaderBlob::parse`](container::ShaderBlob::parse) takes bytes apart, [`ValidatedShader::new`] checks
//! them, [`simd::run`] or [`scalar::run`] executes them. To see a program, format it with `{}`; to write one, use [`assembler`].

pub mod assembler;
pub mod checksum;
pub mod container;
#[cfg(feature = "generate")]
pub mod generate;
pub mod io;
pub mod ir;
pub mod limits;
pub mod math;
mod program;
pub mod reflection;
pub mod resources;
pub mod scalar;
pub mod shader;
pub mod signature;
pub mod simd;
pub mod sm3;
pub mod sm4;

pub use io::{Emission, HullIo, Io, Rows};
pub use resources::{NoResources, Resources};
pub use shader::{ValidatedShader, ValidationError};
