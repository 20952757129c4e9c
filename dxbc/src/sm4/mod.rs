//! Token streams of shader models 4.0 to 5.1: [`decode`] and [`encode`].
//!
//! The layout of tokens is that of Microsoft's published `d3d12TokenizedProgramFormat.hpp`; instructions come from
//! [`for_each_op!`](crate::for_each_op), declarations have shapes of their own. Every bit that has a meaning lands in
//! the [`Program`](crate::ir::Program) and every other bit must be zero, so a decoded program encodes to the same words.

mod decode;
mod encode;

pub use decode::{DecodeError, DecodeReason, decode};
pub use encode::{EncodeError, EncodeReason, encode};

/// Opcode of custom data, whose length has a word of its own.
const CUSTOM_DATA: u32 = 53;
/// `dcl_function_table` and `dcl_interface`: bit 31 of their token says that the next word is the length.
const FUNCTION_TABLE: u32 = 145;
const INTERFACE: u32 = 146;
/// Longest instruction that the seven bits of a token can express, in words.
const LENGTH_MAX: usize = 127;

#[cfg(test)]
mod tests;
