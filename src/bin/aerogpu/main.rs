//! The `aerogpu` command line: replays recordings, lists what is in them, prints shaders.

mod disasm;
mod info;
mod replay;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Renders AeroGPU recordings in software, bit-exactly.
///
/// A recording is a trace (.aerogputrace) or a bare command stream (.acmd).
#[derive(Parser)]
#[command(
    version,
    about,
    after_help = "\
Examples:
  aerogpu replay desktop.aerogputrace            one PNG a frame, beside a table of hashes
  aerogpu replay *.aerogputrace --out frames     several recordings, pictures in frames/
  aerogpu replay desktop.aerogputrace --stats table
                                                 what each draw costs, and which stage bounds it
  aerogpu info desktop.aerogputrace --packets    every packet, one line each
  aerogpu disasm desktop.aerogputrace            every shader that the trace creates"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Render recordings: one PNG a frame and a table of sizes, hashes and counts
    Replay(replay::Args),
    /// List frames, submissions and packets of a recording
    Info(info::Args),
    /// Print shaders: of a file with shader code, or of every shader in a recording
    Disasm(disasm::Args),
}

/// A failure with everything that a person needs: which file, what, and the cause.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Replay(args) => replay::run(&args),
        Command::Info(args) => info::run(&args),
        Command::Disasm(args) => disasm::run(&args),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A file's bytes, or an error that names the file.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// The name of a file without folder and extension.
fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| "recording".into(), |stem| stem.to_string_lossy().into_owned())
}
