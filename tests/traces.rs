//! The published traces give the published pictures, with any number of threads and any tile size.
//!
//! They lie outside the repository, in `../shared/traces` or where `AEROGPU_SHARED` says.

use std::path::{Path, PathBuf};

use aerogpu::executor::{Options, SoftwareRenderer};
use aerogpu::inspect::Picture;
use aerogpu::replay::Recording;

fn shared(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("AEROGPU_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let path = root.join(folder);
    if path.is_dir() {
        return Some(path);
    }
    println!("SKIPPED: {} does not exist; set AEROGPU_SHARED to the folder that holds it", path.display());
    None
}

/// The picture of a recording's only frame.
fn picture(path: &Path, tile_size: u32) -> Picture {
    let bytes = std::fs::read(path).expect("readable");
    let recording = Recording::parse(&bytes).expect("a recording");
    let mut renderer =
        SoftwareRenderer::new(Options { tile_size, fixed_function: true, ..Options::default() });
    let mut pictures = Vec::new();
    recording
        .replay(&mut renderer, |frame| {
            assert!(frame.errors.is_empty(), "{}: {:?}", path.display(), frame.errors);
            pictures.extend(frame.picture);
        })
        .expect("replays");
    assert_eq!(pictures.len(), 1, "{}: one frame", path.display());
    pictures.remove(0)
}

fn in_pool<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool").install(work)
}

#[test]
fn published_hashes() {
    let Some(folder) = shared("traces") else { return };
    let readme = std::fs::read_to_string(folder.join("README.md")).expect("readable");
    let expected: Vec<(&str, &str)> = readme
        .lines()
        .filter_map(|line| line.trim().split_once("  "))
        .filter(|(hash, file)| hash.len() == 64 && file.ends_with(".aerogputrace"))
        .collect();
    assert_eq!(expected.len(), 24 - 2, "the table of hashes is complete");
    for (threads, tile_size) in [(1, 64), (2, 32), (7, 8)] {
        let wrong: Vec<&str> = in_pool(threads, || {
            expected
                .iter()
                .filter(|(hash, file)| picture(&folder.join(file), tile_size).sha256() != *hash)
                .map(|&(_, file)| file)
                .collect()
        });
        println!(
            "traces: {} of {} hashes match with {threads} threads",
            expected.len() - wrong.len(),
            expected.len()
        );
        assert_eq!(wrong, [] as [&str; 0], "with {threads} threads");
    }
}

#[test]
fn traces_without_a_hash_are_red() {
    let Some(folder) = shared("traces") else { return };
    for file in ["aerogpu_a3a0_clear_red.aerogputrace", "aerogpu_cmd_triangle.aerogputrace"] {
        let picture = picture(&folder.join(file), 64);
        let center = (picture.height / 2 * picture.width + picture.width / 2) as usize * 4;
        assert_eq!(picture.rgba[center..center + 4], [255, 0, 0, 255], "{file}");
    }
}

#[test]
fn the_desktop_does_not_depend_on_threads_or_tiles() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/desktop.aerogputrace");
    let bytes = std::fs::read(path).expect("the repository carries the trace");
    let hashes = |threads, tile_size| {
        in_pool(threads, || {
            let recording = Recording::parse(&bytes).expect("a trace");
            let mut renderer = SoftwareRenderer::new(Options { tile_size, ..Options::default() });
            let mut hashes = Vec::new();
            let keep = |frame: aerogpu::replay::ReplayedFrame| hashes.push(frame.picture.map(|p| p.sha256()));
            recording.replay(&mut renderer, keep).expect("replays");
            hashes
        })
    };
    let reference = hashes(1, 64);
    assert_eq!(reference.iter().flatten().count(), 4, "every frame is presented");
    for (threads, tile_size) in [(2, 32), (3, 16), (8, 8)] {
        assert_eq!(hashes(threads, tile_size), reference, "{threads} threads, tiles of {tile_size}");
    }
}

/// The desktop of glass: Direct3D 9 from three contexts. Its frames were opened and looked at; `tests/data/aero-0003.png` is the
/// last.
#[test]
fn the_desktop_of_glass_gives_its_golden_frames() {
    const GOLDEN: [&str; 4] = [
        "56c01c499506edb1460cb19216b723c4d1cd13ec7af0c3820ca53d769f531908",
        "2f230da485476cdd66eba287c136e0b66f861a03c249094a6f3a95477f3a5377",
        "bfaf7c682e67051485ec9eef9696c7a65a5f19b386732bd0b40e03081aa2ff2d",
        "1919d186b49d5dea779530a2b773b797871cc5462103b494aadfebde1108811d",
    ];
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/aero.aerogputrace");
    let bytes = std::fs::read(path).expect("the repository carries the trace");
    for (threads, tile_size) in [(1, 64), (2, 32), (7, 8)] {
        let hashes: Vec<String> = in_pool(threads, || {
            let mut hashes = Vec::new();
            let mut renderer = SoftwareRenderer::new(Options { tile_size, ..Options::default() });
            let recording = Recording::parse(&bytes).expect("a trace");
            recording
                .replay(&mut renderer, |frame| {
                    assert!(frame.errors.is_empty(), "{:?}", frame.errors);
                    hashes.extend(frame.picture.map(|picture| picture.sha256()));
                })
                .expect("replays");
            hashes
        });
        assert_eq!(hashes, GOLDEN, "{threads} threads, tiles of {tile_size}");
    }
}
