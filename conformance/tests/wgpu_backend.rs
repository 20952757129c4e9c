//! The wgpu back end beside the software renderer.

use std::path::Path;
use std::sync::Arc;

use aerogpu::replay::Recording;
use aerogpu::{Backend, Options, SoftwareRenderer};
use aerogpu_conformance::wgpu::{Gpu, WgpuRenderer};

/// The adapter, or a note that there is none.
fn adapter() -> Option<Arc<Gpu>> {
    match Gpu::open("") {
        Ok(gpu) => Some(Arc::new(gpu)),
        Err(error) => {
            println!("SKIPPED: {error}");
            None
        }
    }
}

/// Every frame of a trace, as RGBA bytes.
fn frames(bytes: &[u8], backend: &mut dyn Backend) -> Vec<Vec<u8>> {
    let recording = Recording::parse(bytes).expect("a trace");
    let mut frames = Vec::new();
    recording
        .replay(backend, |frame| {
            assert!(frame.errors.is_empty(), "{:?}", frame.errors);
            frames.push(frame.picture.as_ref().map(|p| p.rgba.clone()).unwrap_or_default());
        })
        .expect("replays");
    frames
}

/// Filtering and interpolation of another implementation may round to the neighbouring code: textures are sampled with 8 bits
/// of fraction by both, but WebGPU does not fix where they are rounded. Edges are fixed (16.8 and top-left), so few pixels
/// may differ by more.
#[test]
fn the_desktop_looks_the_same() {
    let Some(gpu) = adapter() else { return };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/desktop.aerogputrace");
    let bytes = std::fs::read(path).expect("our own trace");
    let expected = frames(&bytes, &mut SoftwareRenderer::new(Options::default()));
    let actual = frames(&bytes, &mut WgpuRenderer::new(gpu));
    assert_eq!(expected.len(), actual.len());
    for (number, (expected, actual)) in expected.iter().zip(&actual).enumerate() {
        assert_eq!(expected.len(), actual.len());
        let far = |(a, b): &(&[u8], &[u8])| a.iter().zip(*b).any(|(a, b)| a.abs_diff(*b) > 2);
        let pixels = expected.chunks(4).zip(actual.chunks(4));
        let (exact, differing) = (pixels.clone().filter(|(a, b)| a == b).count(), pixels.filter(far).count());
        println!(
            "frame {number}: {exact} of {} pixels equal, {differing} differ by more than 2",
            expected.len() / 4
        );
        assert!(differing * 1000 < expected.len() / 4, "frame {number}: {differing} pixels differ");
    }
}
