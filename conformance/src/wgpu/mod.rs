//! The protocol on wgpu.

pub mod wgsl;
