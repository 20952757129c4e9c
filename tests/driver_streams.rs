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
    ("scenes-0010", "f3581195a9ef233ec321348a71ec53ddb34930b90eae77c755dba9ad08620c7b"),
    ("scenes-0033", "028c796d38d145936389a025bdb37acaa398d8b59dd5164447840218274af346"),
    ("scenes-0038", "6781fddbb5890e753782a7469f4720dfd6894d83cb5b6b0921c45e3d3feb5e06"),
    ("scenes-0043", "2c56fdcb47c5c961f8c0ef83a71bf851c753bc5ebe2a77bddf7fbf188ab8550a"),
    ("scenes-0048", "cdfa6c6f39598254e6e49e1514a5ba8bd94683bce97899023a72f7c1e3ffc3eb"),
    ("scenes-0053", "c09aac65344942f0c3a1db09225a9f91be68af5723842d42db982cd13e21dfea"),
    ("scenes-0078", "de02a12cf94604e260cb9b056be7d12825ba2e90199d9b2ccf7ec6366c0e5162"),
    ("scenes-0083", "8aa443775df85dcbf2777fdb76332164d2c51000530a68adf9762ded0d952b00"),
    ("scenes-0100", "975af1130083958687bc816c35e2cce84c20e31380798aca2f6a3192895d163a"),
];

fn streams() -> Option<Vec<PathBuf>> {
    let root = std::env::var_os("AEROGPU_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let folder = root.join("corpus/umd9");
    if !folder.is_dir() {
        println!(
            "SKIPPED: {} does not exist; set AEROGPU_SHARED to the folder that holds corpus",
            folder.display()
        );
        return None;
    }
    let files = std::fs::read_dir(folder).expect("readable").map(|file| file.expect("readable").path());
    let mut streams: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|e| e == "acmd")).collect();
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
    writer
        .create_simple_texture(TARGET, Format::B8G8R8A8Unorm, 64, 64, usage)
        .set_render_targets(&[TARGET], 0);
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
        let wrong: Vec<_> = frames
            .iter()
            .zip(SCENES)
            .filter(|&((name, hash), golden)| (&**name, &**hash) != golden)
            .collect();
        println!(
            "driver scenes: {} of {} hashes match with {threads} threads",
            frames.len() - wrong.len(),
            frames.len()
        );
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
