//! The geometry side of the pipeline: vertices in, screen-space work out.
//!
//! A [`draw::Draw`] is an immutable snapshot of everything that a draw needs. [`draw::run`] assembles and shades vertices and
//! hands primitives to the rasterizer's pass; pixels are shaded later, when the pass is flushed, by
//! [`pixel::BoundPixelShader`]. [`compute`] runs dispatches.

pub mod assembly;
pub mod bindings;
pub mod compute;
pub mod draw;
pub mod input;
pub mod link;
pub mod pixel;
pub mod shader;
pub mod stand_in;
pub mod tessellator;
