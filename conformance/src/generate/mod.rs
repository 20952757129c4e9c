//! Made-up command streams that every back end must execute alike.
//!
//! **What it is.** A [`Scene`] is a small value: a few textures and buffers, and steps that change them. [`strategy`] makes
//! scenes that grow from simple to wild, and shrinks them; [`Scene::script`] turns one into submissions, with everything to
//! look at afterwards and how exactly it must agree ([`tolerance`]).
//!
//! **What it is not.** Any scene is valid: what it picks is taken modulo what there is, so that a smaller scene is a scene too.
//! Malformed streams are the fuzz targets' business.

mod draw;
mod draw9;
mod emit;
mod program;
mod scene;
mod script;
mod shaders;
mod shaders9;
mod stages;
pub mod strategy;
mod table;
pub mod tolerance;

pub use emit::GeneratorError;
pub use scene::{
    Blend, Buffer, Depth, Dispatch, Draw, Draw9, Float, Index, Kernel, Outputs, Part, Pixel, Raster, Scene,
    Source, Step, Texture, Vertex,
};
pub use script::{Look, Place, Script, Submission};
