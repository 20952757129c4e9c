//! Levels of detail against the golden logarithms: of a texture of one texel, the level is the logarithm of
//! the derivative.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod goldens;
mod sampler_support;

use aerogpu_raster::format::Format;
use aerogpu_raster::sampler::{Lod, SampleKind, SampleRequest, SamplerState, sample};
use sampler_support::{plane, request};

#[test]
fn levels_of_detail_are_correctly_rounded() {
    let Some(files) = goldens::read_folder("math") else { return };
    let view = plane(Format::R8Unorm, 1, 1, |_, _| [0.0; 4]);
    let mut checked = 0;
    for [x, log2] in goldens::words(&files["f32_log2.bin"]).as_chunks::<2>().0 {
        let derivative = f32::from_bits(*x);
        if derivative < 0.0 || derivative.is_nan() {
            continue; // lengths are not negative
        }
        let lod = Lod::Derivatives { ddx: [derivative, 0.0, 0.0], ddy: [0.0; 3], bias: 0.0 };
        let request = SampleRequest { kind: SampleKind::QueryLod, lod, ..request([0.5; 4]) };
        let [_, unclamped, ..] = sample(&view, &SamplerState::default(), &request);
        // Adding a bias of 0 turns -0 into 0, which a logarithm never is.
        assert_eq!(unclamped, *log2, "log2 of {derivative:e}");
        checked += 1;
    }
    println!("{checked} logarithms");
}
