//! `aerogpu replay`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aerogpu_dxbc::simd::Level;

use aerogpu::engine::Engine;
use aerogpu::executor::{Options, SoftwareRenderer};
use aerogpu::replay::{Recording, ReplayedFrame};
use indicatif::{ProgressBar, ProgressStyle};

use super::{Failure, read, stem};

#[derive(clap::Args)]
pub struct Args {
    /// Traces (.aerogputrace) or bare command streams (.acmd)
    #[arg(required = true, value_name = "TRACE")]
    recordings: Vec<PathBuf>,
    /// Folder for the PNG files; it is created when missing
    #[arg(long, value_name = "DIR", default_value = "out")]
    out: PathBuf,
    /// Only this frame (the frames before it are executed all the same)
    #[arg(long, value_name = "N")]
    frame: Option<u32>,
    /// Threads for rasterization; they never change a pixel [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Edge of a raster tile; it never changes a pixel
    #[arg(long, value_name = "PIXELS", default_value_t = 64, value_parser = tile_size)]
    tile_size: u32,
    /// Which interpreter runs shaders; it never changes a pixel
    #[arg(long, value_name = "ENGINE", default_value = "simd", value_parser = ["scalar", "simd"])]
    engine: String,
    /// SIMD level: sse2, sse4.2, avx2, avx512, neon, simd128; it never changes a pixel [default: the machine's best]
    #[arg(long, value_name = "LEVEL", value_parser = simd_level)]
    simd: Option<Level>,
    /// Print the table only, write no PNG
    #[arg(long)]
    no_pictures: bool,
}

fn tile_size(text: &str) -> Result<u32, String> {
    match text {
        "8" => Ok(8),
        "16" => Ok(16),
        "32" => Ok(32),
        "64" => Ok(64),
        _ => Err("a tile is 8, 16, 32 or 64 pixels wide".into()),
    }
}

fn simd_level(text: &str) -> Result<Level, String> {
    Engine::level(text).ok_or_else(|| "this machine does not have that level".into())
}

pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let mut pool = rayon::ThreadPoolBuilder::new();
    if let Some(threads) = args.threads {
        pool = pool.num_threads(threads.clamp(1, 256));
    }
    pool.build()?.install(|| replay_all(args))
}

fn replay_all(args: &Args) -> Result<ExitCode, Failure> {
    if !args.no_pictures {
        std::fs::create_dir_all(&args.out).map_err(|e| format!("{}: {e}", args.out.display()))?;
    }
    let width = args.recordings.iter().map(|path| stem(path).chars().count()).max().unwrap_or(5).max(5);
    println!(
        "{:width$}  {:>5}  {:>9}  {:64}  {:>6}  {:>10}  {:>10}",
        "trace", "frame", "size", "sha-256", "draws", "primitives", "pixels"
    );
    let mut failed = false;
    for path in &args.recordings {
        failed |= replay_one(args, path, width)?;
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Replays one recording. True when a command failed or a frame has no picture.
fn replay_one(args: &Args, path: &Path, width: usize) -> Result<bool, Failure> {
    let bytes = read(path)?;
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let recording = Recording::parse(&bytes).map_err(|e| named(&e))?;
    let progress = progress(recording.frames());
    let mut renderer = SoftwareRenderer::new(Options {
        tile_size: args.tile_size,
        fixed_function: true,
        engine: match args.engine.as_str() {
            "scalar" => Engine::Scalar,
            _ => Engine::Simd(args.simd.unwrap_or_else(Level::new)),
        },
        ..Options::default()
    });
    let mut failed = false;
    let mut written = Ok(());
    recording
        .replay(&mut renderer, |frame| {
            progress.inc(1);
            if args.frame.is_none_or(|only| only == frame.index) {
                progress.suspend(|| failed |= show(path, width, &frame));
                if written.is_ok() && !args.no_pictures {
                    written = write_png(&args.out, path, &frame);
                }
            }
        })
        .map_err(|e| named(&e))?;
    progress.finish_and_clear();
    written.map(|()| failed)
}

/// A bar on a terminal for recordings that take a while; nothing elsewhere.
fn progress(frames: usize) -> ProgressBar {
    if frames < 2 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} frame {pos} of {len}, {eta} left");
    ProgressBar::new(frames as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Prints the frame's line of the table and its errors. True when something failed.
fn show(path: &Path, width: usize, frame: &ReplayedFrame) -> bool {
    let (size, hash) = match &frame.picture {
        Some(picture) => (format!("{}x{}", picture.width, picture.height), picture.sha256()),
        None => ("-".into(), "nothing was presented".into()),
    };
    let s = &frame.statistics;
    println!(
        "{:width$}  {:>5}  {size:>9}  {hash:64}  {:>6}  {:>10}  {:>10}",
        stem(path),
        frame.index,
        s.draws,
        s.ia_primitives,
        s.pixels_written,
    );
    for error in &frame.errors {
        eprintln!("{}: frame {}: {error}", path.display(), frame.index);
    }
    frame.picture.is_none() || !frame.errors.is_empty()
}

fn write_png(folder: &Path, path: &Path, frame: &ReplayedFrame) -> Result<(), Failure> {
    let Some(picture) = &frame.picture else { return Ok(()) };
    let file = folder.join(format!("{}-{:04}.png", stem(path), frame.index));
    image::save_buffer(&file, &picture.rgba, picture.width, picture.height, image::ColorType::Rgba8)
        .map_err(|error| format!("{}: {error}", file.display()).into())
}
