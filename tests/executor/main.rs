//! The executor from outside: streams in, textures, buffers and guest memory out.

mod bounds;
mod budget;
mod d3d9_and_11;
mod d3d9_contexts;
mod d3d9_pixels;
mod d3d9_samplers;
mod d3d9_vertices;
mod dirty;
mod drawing;
mod hazards;
mod kept;
mod laws;
mod resources;
mod rig;
mod rig9;
mod sharing;
mod snapshots;
mod stages;
