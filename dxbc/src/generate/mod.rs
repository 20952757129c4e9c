//! Made-up worlds, inputs and programs, to hold interpreters and back ends to each other (feature `generate`).

mod harness;
mod world;

pub use harness::{Engine, levels, prepare, run};
pub use world::{HashWorld, hash, value};
