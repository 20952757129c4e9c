//! Commands, one a file.

mod backend;
mod fuzz;
mod merge;
mod run;
mod shader;
mod shard;

use std::io::{self, Write};
use std::process::ExitCode;

use aerogpu_conformance::differential::campaign::{State, Tally};
use aerogpu_conformance::results::Run;
use clap::{Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

/// Runs AeroGPU conformance cases and says where a back end differs.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run cases and traces against a back end, or against both
    Run(run::RunArgs),
    /// Run shader cases in the interpreters
    Shader(shader::ShaderArgs),
    /// Make up command streams and compare two back ends on them
    Fuzz(fuzz::FuzzArgs),
    /// Put the results of shards together
    Merge(merge::MergeArgs),
}

/// A failure with everything that a person needs.
type Failure = Box<dyn std::error::Error>;

/// Runs what the arguments say.
pub fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Run(args) => run::run(args),
        Command::Shader(args) => shader::run(args),
        Command::Fuzz(args) => fuzz::run(args),
        Command::Merge(args) => merge::run(args),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(2)
    })
}

fn exit_code(success: bool) -> ExitCode {
    if success { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A bar on a terminal; nothing elsewhere.
fn progress(len: u64, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(len).with_style(style)
}

/// Prints the totals of each class and of all; names the back ends when there are several.
fn summarize(run: &Run) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for results in run.ran() {
        if run.backends.len() > 1 {
            let adapter =
                results.adapter.as_ref().map_or_else(String::new, |adapter| format!(" ({adapter})"));
            writeln!(out, "{}{adapter}", results.backend)?;
        }
        for (class, totals) in &results.classes {
            writeln!(out, "{class}: {totals}")?;
        }
        match results.totals.expected_failures {
            0 => {}
            1 => writeln!(out, "1 expected failure")?,
            n => writeln!(out, "{n} expected failures")?,
        }
        writeln!(out, "{}", results.totals)?;
        if results.totals.skipped == results.cases.len() as u64 {
            eprintln!("error: every case was skipped; widen --filter, --features or --without");
        }
    }
    drop(out);
    run.whole_campaigns().iter().try_for_each(summarize_campaign)
}

/// Prints what a campaign came to.
fn summarize_campaign(state: &State) -> io::Result<()> {
    let Tally { scenes, agreed, unsupported, unfair, explained, findings, .. } = &state.tally;
    let mut out = io::stdout().lock();
    writeln!(out, "{scenes} streams, seed {}, part {}, on {}", state.seed, state.shard, state.adapter)?;
    writeln!(out, "{agreed} agree, {unfair} do not end, {} findings", findings.len())?;
    for (what, count) in unsupported {
        writeln!(out, "{count} unsupported: {what}")?;
    }
    for (id, count) in explained {
        writeln!(out, "{count} explained by {id}")?;
    }
    state.tally.domains().iter().try_for_each(|domain| writeln!(out, "{domain}"))
}
