//! What the traces of the repository count and cost. Both are pinned, each in a file of its own, so that a new version of the
//! cost model changes only the second. No thread, SIMD level, interpreter or tile size changes any of it.
//!
//! When a change is meant, read the difference that the test prints, then write the files anew with
//! `AEROGPU_BLESS=1 cargo test --test statistics` and say in the commit why they changed.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use aerogpu::cycles::{COST_MODEL_VERSION, CostTable, Work};
use aerogpu::engine::Engine;
use aerogpu::executor::{Options, SoftwareRenderer};
use aerogpu::inspect::stats::FrameStats;
use aerogpu::replay::Recording;

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(path)
}

/// Name and bytes of every trace of the repository.
fn traces() -> Vec<(String, Vec<u8>)> {
    let files = std::fs::read_dir(folder("data")).expect("the folder of traces");
    let paths = files.map(|file| file.expect("readable").path());
    let mut traces: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "aerogputrace"))
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read(&path).expect("readable"))
        })
        .collect();
    traces.sort();
    assert!(traces.len() >= 2, "the traces of the desktops are there");
    traces
}

/// The frames of a trace: their statistics and the hashes of their pictures.
fn replay(trace: &[u8], options: Options, threads: usize) -> Vec<(FrameStats, Option<String>)> {
    let mut frames = Vec::new();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
    pool.install(|| {
        let recording = Recording::parse(trace).expect("a recording");
        let keep = |frame: aerogpu::replay::ReplayedFrame| {
            let stats = FrameStats::new(&frame, &CostTable::VGPU_1);
            frames.push((stats, frame.picture.map(|picture| picture.sha256())));
        };
        recording.replay(&mut SoftwareRenderer::new(options), keep).expect("replays");
    });
    frames
}

/// Compares with a pinned file line by line, or writes it; returns the difference. A line ends with its value.
fn pin(file: &str, actual: &str) -> String {
    let path = folder("goldens").join(file);
    if std::env::var_os("AEROGPU_BLESS").is_some() {
        std::fs::create_dir_all(folder("goldens")).expect("a folder");
        std::fs::write(&path, actual).expect("writable");
        println!("wrote {}", path.display());
        return String::new();
    }
    let pinned = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    let values = |text: &str| -> BTreeMap<String, String> {
        let split = |line: &str| line.rsplit_once(' ').map(|(name, value)| (name.into(), value.into()));
        text.lines().filter(|line| !line.starts_with('#')).filter_map(split).collect()
    };
    let (before, now) = (values(&pinned), values(actual));
    if pinned == actual {
        return String::new();
    }
    let mut difference = format!("tests/goldens/{file} pins other values:\n");
    for name in before.keys().chain(now.keys().filter(|name| !before.contains_key(*name))) {
        let [before, now] = [&before, &now].map(|values| values.get(name).map_or("-", String::as_str));
        if before != now {
            let _ = writeln!(difference, "  {name}: {before} -> {now}");
        }
    }
    difference
}

#[test]
fn counters_and_cycles_are_pinned() {
    let mut counters =
        String::from("# What each frame of the traces counts; counters that are 0 are left out.\n");
    let mut cycles = format!(
        "# What it costs by cost model {COST_MODEL_VERSION}: draws, the rest, submissions, frames.\n"
    );
    for (name, trace) in traces() {
        for (stats, _) in replay(&trace, Options::default(), 2) {
            let frame = format!("{name} frame {}", stats.frame);
            for counter in Work::COUNTERS {
                let count = (counter.get)(&stats.work.0);
                if count != 0 {
                    writeln!(counters, "{frame} {} {count}", counter.name).expect("memory");
                }
            }
            for submission in &stats.submissions {
                let place = format!("{frame} submission {}", submission.submission);
                for draw in &submission.draws {
                    let priced = &draw.priced;
                    writeln!(cycles, "{place} draw {} {} {}", draw.draw, priced.bound_by, priced.cycles)
                        .expect("memory");
                }
                let rest = &submission.rest;
                writeln!(cycles, "{place} rest {} {}", rest.bound_by, rest.cycles).expect("memory");
                writeln!(cycles, "{place} {}", submission.cycles).expect("memory");
            }
            writeln!(cycles, "{frame} {}", stats.cycles).expect("memory");
        }
    }
    let difference = pin("counters.txt", &counters) + &pin("cycles.txt", &cycles);
    assert!(
        difference.is_empty(),
        "{difference}If that is what you mean to change, run `AEROGPU_BLESS=1 cargo test --test statistics`, look at \
         the difference, and commit the files with the reason."
    );
}

#[test]
fn no_host_changes_a_count_a_cycle_or_a_picture() {
    let levels = ["sse2", "sse4.2", "avx2", "avx512", "neon", "simd128", "fallback"];
    let levels: Vec<Engine> =
        levels.iter().filter_map(|level| Engine::level(level)).map(Engine::Simd).collect();
    assert!(!levels.is_empty(), "the machine has a level");
    let hosts = levels.iter().zip([(1, 64), (2, 32), (8, 16), (3, 8)].into_iter().cycle());
    let text = |frames: Vec<(FrameStats, Option<String>)>| {
        let frame =
            |(stats, hash)| format!("{} {hash:?}", serde_json::to_string(&stats).expect("serializes"));
        frames.into_iter().map(frame).collect::<Vec<String>>()
    };
    for (name, trace) in traces() {
        let expected = text(replay(&trace, Options::default(), 1));
        let check = |engine: Engine, threads: usize, tile_size: u32| {
            let found = text(replay(&trace, Options { engine, tile_size, ..Options::default() }, threads));
            for (frame, (found, expected)) in found.iter().zip(&expected).enumerate() {
                assert!(
                    found == expected,
                    "{name}, frame {frame}, {engine:?}, {threads} threads, tiles of {tile_size}"
                );
            }
            assert_eq!(found.len(), expected.len());
        };
        for (&engine, (threads, tile_size)) in hosts.clone() {
            check(engine, threads, tile_size);
        }
        check(Engine::Scalar, 8, 32);
    }
}
