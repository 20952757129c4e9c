//! The wgpu back end beside the software renderer.

use std::path::Path;
use std::sync::Arc;

use aerogpu::memory::SparseMemory;
use aerogpu::replay::Recording;
use aerogpu::{Backend, Options, SoftwareRenderer, Submission};
use aerogpu_conformance::wgpu::{Gpu, WgpuRenderer};
use aerogpu_protocol::packets::{ClearFlags, CreateTexture2d, ResourceUsage};
use aerogpu_protocol::{Format, StreamWriter};

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

/// A scanout shows the picture as it was when it was presented, whatever is drawn to the texture later.
#[test]
fn scanouts_keep_their_picture() {
    let Some(gpu) = adapter() else { return };
    let target = CreateTexture2d {
        texture_handle: 1,
        usage_flags: ResourceUsage::RENDER_TARGET.bits(),
        format: Format::R8G8B8A8Unorm.to_u32(),
        width: 2,
        height: 1,
        mip_levels: 1,
        array_layers: 1,
        ..Default::default()
    };
    let mut writer = StreamWriter::new();
    writer.create_texture2d(target).set_render_targets(&[1], 0);
    writer.clear(ClearFlags::COLOR, [1.0, 0.0, 0.0, 1.0], 1.0, 0);
    writer.present(3, false);
    writer.clear(ClearFlags::COLOR, [0.0, 1.0, 0.0, 1.0], 1.0, 0);
    let stream = writer.finish();
    let software = SoftwareRenderer::new(Options::default());
    let backends: [Box<dyn Backend>; 2] = [Box::new(software), Box::new(WgpuRenderer::new(gpu))];
    for mut backend in backends {
        let submission = Submission { stream: &stream, fence: 1, ..Submission::default() };
        backend.submit(&mut SparseMemory::new(), &submission);
        assert!(backend.poll()[0].report.errors.is_empty());
        let shown = backend.scanout(3).expect("a picture");
        assert_eq!(shown.bytes, [255, 0, 0, 255].repeat(2));
        assert_eq!(backend.read_texture(1, 0, 0).expect("a texture").bytes, [0, 255, 0, 255].repeat(2));
        assert_eq!(backend.scanout(0), None);
    }
}
