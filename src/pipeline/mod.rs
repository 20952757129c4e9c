//! The geometry side of the pipeline: vertices in, screen-space work out.
//!
//! A [`draw::Draw`] is an immutable snapshot of everything that a draw needs. [`draw::run`] assembles and shades vertices,
//! [`stages`] takes their primitives through [`tessellation`] and the [`geometry`] shader, and hands what comes out to the
//! rasterizer's pass; pixels are shaded later, when the pass is flushed, by [`pixel::BoundPixelShader`]. [`compute`] runs
//! dispatches.

pub mod assembly;
pub mod bindings;
pub mod compute;
pub mod direct3d9;
pub mod draw;
pub mod geometry;
pub mod input;
pub mod layout;
pub mod link;
pub mod pixel;
pub mod price;
pub mod primitives;
pub mod reuse;
pub mod shader;
pub mod stages;
pub mod stand_in;
pub mod tessellation;
pub mod tessellator;
pub mod together;
pub mod windows;
