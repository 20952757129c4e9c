//! The executor from outside: streams in, textures, buffers and guest memory out.

mod drawing;
mod resources;
mod rig;
mod sharing;
mod stages;
