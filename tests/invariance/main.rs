//! Scenes give the same bits on any number of threads, with any vector instructions, tiles of any size, either interpreter.
//!
//! Each scene has a golden hash in `golden.txt`, and pixels that are known by hand. Print the hashes of all scenes as the
//! plainest variant draws them with `cargo test --test invariance -- --ignored --nocapture print_goldens`.

mod canvas;
mod harness;
#[path = "../executor/rig.rs"]
#[allow(dead_code)] // other tests use all of it
mod rig;
#[path = "../../raster/tests/scene/mod.rs"]
mod scene;
mod scenes;

use harness::{Scene, Variant, disagreeing, goldens, levels};

fn all() -> impl Iterator<Item = &'static (&'static str, Scene)> {
    scenes::ALL.iter().copied().flatten()
}

#[test]
fn every_golden_is_of_a_scene() {
    let scenes: Vec<&str> = all().map(|(name, _)| *name).collect();
    assert_eq!(goldens().map(|(name, _)| name).collect::<Vec<_>>(), scenes);
    assert!(scenes.len() >= 80, "{}", scenes.len());
    println!("invariance: {} scenes in {} variants", scenes.len(), Variant::all().len());
}

/// Tests the tester: one wrong rounding, in tiles of one size with the vectors of one level, is seen there and only there.
#[test]
fn a_broken_blend_is_caught() {
    let scene = all().find(|(name, _)| *name == "blend_over").map(|(_, scene)| *scene).expect("the scene");
    let last = *levels().last().expect("a level");
    let is_broken = |variant: &Variant| {
        variant.tile_size == 16 && std::mem::discriminant(&variant.level) == std::mem::discriminant(&last)
    };
    let (_, caught) = disagreeing(scene, |variant, options| options.broken_blend = is_broken(variant));
    assert!(caught.iter().all(is_broken));
    assert_eq!(caught.len(), Variant::all().iter().filter(|variant| is_broken(variant)).count());
}

#[test]
#[ignore = "prints, tests nothing"]
fn print_goldens() {
    for (name, scene) in all() {
        let hash = match *scene {
            Scene::Stream(build) => {
                let canvas = canvas::Canvas::of(build);
                harness::draw(&canvas, &canvas.stream(), Variant::reference().options()).hash()
            }
            Scene::Pass(draw) => {
                harness::Outcome { bytes: draw(&Variant::reference()), ..Default::default() }.hash()
            }
        };
        println!("GOLDEN {name} {hash}");
    }
}
