//! The executor from outside: streams in, textures, buffers and guest memory out.

mod bounds;
mod budget;
mod dirty;
mod drawing;
mod hazards;
mod resources;
mod rig;
mod sharing;
mod stages;
