//! Direct3D fixed-function rasterization: formats, textures, sampling, triangles to pixels.
//!
//! **What it is.** The parts of the pipeline that no shader replaces: [pixel formats](mod@format), textures and their
//! [images](surface), the [sampler], and the way from clip-space [primitives](primitive) to merged pixels, a
//! [pass] at a time, tile by tile.
//!
//! **What it is not.** It knows no bytecode, packet or guest memory. Pixels are shaded through the trait
//! [`PixelShader`](shader::PixelShader).
//!
//! **Where to start.** [`pass::Pass`] records draws and clears and flushes them to images; [`state`] and [`shader`] say what
//! a draw consists of; [`surface::Texture`] is what textures and targets are made of.

pub mod coverage;
pub mod format;
pub mod front;
pub mod pass;
pub mod primitive;
pub mod sampler;
pub mod shader;
pub mod state;
pub mod surface;

mod batch;
mod bin;
mod blend;
mod clip;
mod depth_stencil;
mod interpolate;
mod lanes;
mod merge;
mod pull;
mod quads;
mod record;
mod records;
mod setup;
mod shortcut;
mod tile;
mod unorm8;
mod work;
