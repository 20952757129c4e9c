//! Made-up worlds, inputs and programs, to hold interpreters and back ends to each other (feature `generate`).

mod declare;
mod harness;
mod hull;
mod program;
mod random;
mod world;

pub use harness::{Engine, levels, lowers, prepare, run};
pub use program::{program, shader};
pub use world::{HashWorld, hash, value};
