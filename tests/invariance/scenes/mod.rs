//! The scenes, by what they are about.

mod assembly;
mod compute;
mod merger;
mod multisample;
mod rasterizer;
mod stages;
mod targets;
mod textures;
mod values;

use crate::harness::Scene;

/// Every scene, with its name.
pub const ALL: &[&[(&str, Scene)]] = &[
    assembly::SCENES,
    rasterizer::SCENES,
    values::SCENES,
    merger::SCENES,
    targets::SCENES,
    textures::SCENES,
    compute::SCENES,
    stages::SCENES,
    multisample::SCENES,
];

/// The bytes of a colour.
pub fn rgba(color: [f32; 4]) -> [u8; 4] {
    color.map(|c| (c * 255.0) as u8)
}
