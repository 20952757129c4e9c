//! `aerogpu replay`

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aerogpu_dxbc::simd::Level;

use aerogpu::cycles::CostTable;
use aerogpu::engine::Engine;
use aerogpu::executor::{Options, SoftwareRenderer};
use aerogpu::inspect::stats::{FrameStats, RecordingStats, Stats};
use aerogpu::replay::{Recording, ReplayedFrame};
use indicatif::{ProgressBar, ProgressStyle};

use super::{Failure, read, stem};

/// What `--help` says about statistics.
const ABOUT_STATS: &str = "\
Statistics (--stats):
  The renderer counts the work that a documented, imaginary GPU (VGPU-1) would do, and prices it in cycles of its
  500 MHz clock. Neither depends on this machine: not on threads, SIMD level, interpreter or tile size. The cycles are
  no timing of a real GPU; they tell what a draw asks for, and whether a change made it more or less.

  A draw takes its front end (fe), its slowest stage, and 40 cycles until the first result. That stage bounds it:
    fe      packets and state       clip, setup  primitives         rop  output merger, blending
    ia      indices and vertices    raster, z    coverage, depth    mem  lines of 64 bytes
    vs      all vertex stages       ps           pixel shader       clear, copy, cs  by themselves
  The packets since the draw before count with a draw. `the rest` is what no draw did: clears, copies, last packets.

  table   one line a draw with the cycles of each stage, then the counters of the frame
  json    one document: recordings > frames > submissions > draws and rest, each with cycles, bound_by, busy_cycles
          by stage, and work by counter. What is 0 is left out. `schema` changes when a field goes or changes meaning,
          `cost_model` when a price does.

Examples:
  aerogpu replay desktop.aerogputrace --stats table --no-pictures --frame 2
  aerogpu replay desktop.aerogputrace --stats json --no-pictures > desktop.json
  jq '.recordings[].frames[].submissions[].draws[] | select(.bound_by == \"mem\") | .offset' desktop.json";

#[derive(clap::Args)]
#[command(after_long_help = ABOUT_STATS)]
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
    /// Print what each draw, submission and frame counts and costs on the modelled GPU, in place of hashes; see --help
    #[arg(long, value_name = "FORM")]
    stats: Option<StatsForm>,
}

/// How statistics are printed.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum StatsForm {
    /// For programs
    Json,
    /// For people
    Table,
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
    if args.stats.is_none() {
        println!(
            "{:width$}  {:>5}  {:>9}  {:64}  {:>6}  {:>10}  {:>10}",
            "trace", "frame", "size", "sha-256", "draws", "primitives", "pixels"
        );
    }
    let (mut failed, mut recordings) = (false, Vec::new());
    for path in &args.recordings {
        let (errors, frames) = replay_one(args, path, width)?;
        failed |= errors;
        recordings.push(RecordingStats { recording: stem(path), frames });
    }
    if args.stats == Some(StatsForm::Json) {
        let stats = Stats::new(&CostTable::VGPU_1, recordings);
        serde_json::to_writer_pretty(std::io::stdout().lock(), &stats)?;
        println!();
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Replays one recording. True when a command failed or a frame has no picture; and the frames' statistics, for JSON.
fn replay_one(args: &Args, path: &Path, width: usize) -> Result<(bool, Vec<FrameStats>), Failure> {
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
    let (mut failed, mut stats) = (false, Vec::new());
    let mut written = Ok(());
    recording
        .replay(&mut renderer, |frame| {
            progress.inc(1);
            if args.frame.is_none_or(|only| only == frame.index) {
                progress.suspend(|| match args.stats {
                    None => show(path, width, &frame),
                    Some(StatsForm::Table) => {
                        let counted = FrameStats::new(&frame, &CostTable::VGPU_1);
                        let table = counted.table(&stem(path), &CostTable::VGPU_1);
                        // Whoever reads may have seen enough.
                        writeln!(std::io::stdout(), "{table}").ok();
                    }
                    Some(StatsForm::Json) => stats.push(FrameStats::new(&frame, &CostTable::VGPU_1)),
                });
                failed |= has_failed(path, &frame);
                if written.is_ok() && !args.no_pictures {
                    written = write_png(&args.out, path, &frame);
                }
            }
        })
        .map_err(|e| named(&e))?;
    progress.finish_and_clear();
    written.map(|()| (failed, stats))
}

/// A bar on a terminal for recordings that take a while; nothing elsewhere.
fn progress(frames: usize) -> ProgressBar {
    if frames < 2 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} frame {pos} of {len}, {eta} left");
    ProgressBar::new(frames as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Prints the frame's line of the table.
fn show(path: &Path, width: usize, frame: &ReplayedFrame) {
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
}

/// Prints the frame's errors. True when something failed.
fn has_failed(path: &Path, frame: &ReplayedFrame) -> bool {
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
