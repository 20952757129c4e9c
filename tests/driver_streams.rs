//! Streams of the real Direct3D 9 guest driver: all of them execute, and those that present give the golden frames.
//!
//! They lie outside the repository, in `../shared/corpus/umd9` or where `AEROGPU_SHARED` says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aerogpu::executor::{Failure, Options};
use aerogpu::memory::SparseMemory;
use aerogpu::replay::Recording;
use aerogpu::{Backend, SoftwareRenderer, Submission};
use aerogpu_protocol::packets::ResourceUsage;
use aerogpu_protocol::{Format, StreamWriter};

/// What the streams with a picture present. No other renderer's pictures of them exist: these were opened and looked at.
const SCENES: [(&str, &str); 9] = [
    ("scenes-0010", ""),
    ("scenes-0033", ""),
    ("scenes-0038", ""),
    ("scenes-0043", ""),
    ("scenes-0048", ""),
    ("scenes-0053", ""),
    ("scenes-0078", ""),
    ("scenes-0083", ""),
    ("scenes-0100", ""),
];

fn streams() -> Option<Vec<PathBuf>> {
    let root = std::env::var_os("AEROGPU_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let folder = root.join("corpus/umd9");
    if !folder.is_dir() {
        println!("SKIPPED: {} does not exist; set AEROGPU_SHARED to the folder that holds corpus", folder.display());
        return None;
    }
    let files = std::fs::read_dir(folder).expect("readable").map(|file| file.expect("readable").path());
    let mut streams: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|e| e == "acmd")).collect();
    streams.sort();
    Some(streams)
}

fn name(path: &Path) -> String {
    path.file_stem().expect("a file").to_string_lossy().into_owned()
}

/// Most streams are parts of sessions that never bind a target: theirs is one of 64x64.
fn bind_a_target(renderer: &mut SoftwareRenderer) {
    const TARGET: u32 = u32::MAX;
    let mut writer = StreamWriter::new();
    let usage = ResourceUsage::RENDER_TARGET;
    writer.create_simple_texture(TARGET, Format::B8G8R8A8Unorm, 64, 64, usage).set_render_targets(&[TARGET], 0);
    let stream = writer.finish();
    renderer.submit(&mut SparseMemory::new(), &Submission { stream: &stream, ..Default::default() });
    renderer.poll();
}

/// Why a command failed, in a word; `None` for what no stream of a driver may do.
fn kind(failure: &Failure) -> Option<&'static str> {
    match failure {
        Failure::Resource(_) => Some("handles of another session"),
        Failure::NotBound(_) => Some("nothing bound"),
        Failure::Shader(_) => Some("no shader"),
        Failure::Layout(_) => Some("no vertex declaration"),
        _ => None,
    }
}

#[test]
fn every_stream_executes() {
    let Some(streams) = streams() else { return };
    assert_eq!(streams.len(), 170, "the corpus is complete");
    let (mut packets, mut draws, mut pixels, mut clean) = (0, 0, 0, 0);
    let mut failures = BTreeMap::new();
    for path in &streams {
        let stream = std::fs::read(path).expect("readable");
        let mut renderer = SoftwareRenderer::new(Options::default());
        bind_a_target(&mut renderer);
        renderer.submit(&mut SparseMemory::new(), &Submission { stream: &stream, ..Default::default() });
        let report = renderer.poll().remove(0).report;
        assert_eq!((report.unknown_packets, report.more_errors), (0, 0), "{}", name(path));
        packets += report.packets;
        draws += report.statistics.draws;
        pixels += report.statistics.pixels_written;
        clean += usize::from(report.errors.is_empty());
        for error in &report.errors {
            let kind = kind(&error.reason).unwrap_or_else(|| panic!("{}: {error}", name(path)));
            *failures.entry(kind).or_insert(0) += 1;
        }
    }
    println!(
        "driver streams: {} executed, {clean} without a failed command; {packets} packets, {draws} draws, {pixels} pixels",
        streams.len()
    );
    println!("driver streams: failed commands by kind: {failures:?}");
}

#[test]
fn the_scenes_give_the_golden_frames() {
    let Some(streams) = streams() else { return };
    let scenes: Vec<&PathBuf> = streams.iter().filter(|path| name(path).starts_with("scenes-")).collect();
    assert_eq!(scenes.len(), SCENES.len(), "the corpus is complete");
    for threads in [1, 2, 7] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        let frames: Vec<(String, String)> =
            pool.install(|| scenes.iter().map(|path| (name(path), frame(path))).collect());
        let wrong: Vec<_> = frames.iter().zip(SCENES).filter(|&((name, hash), golden)| (&**name, &**hash) != golden).collect();
        println!("driver scenes: {} of {} hashes match with {threads} threads", frames.len() - wrong.len(), frames.len());
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}

/// SHA-256 of the only frame of a stream that nothing fails in.
fn frame(path: &Path) -> String {
    let bytes = std::fs::read(path).expect("readable");
    let mut hashes = Vec::new();
    let mut renderer = SoftwareRenderer::new(Options::default());
    Recording::parse(&bytes)
        .expect("a stream")
        .replay(&mut renderer, |frame| {
            assert!(frame.errors.is_empty(), "{}: {:?}", path.display(), frame.errors);
            hashes.extend(frame.picture.map(|picture| picture.sha256()));
        })
        .expect("replays");
    assert_eq!(hashes.len(), 1, "{}: one frame", path.display());
    hashes.remove(0)
}
