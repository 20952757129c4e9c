//! `merge`: results of shards into those of the whole.

use std::path::PathBuf;
use std::process::ExitCode;

use aerogpu_conformance::report;
use aerogpu_conformance::results::Run;

use super::{Failure, exit_code, run, summarize};

/// Put the results of shards together
///
/// Reads files that `run --json` has written, prints totals and exits as one run of everything would. A case that several
/// files have is counted once.
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  aerogpu-conformance merge part-*.json --json all.json")]
pub struct MergeArgs {
    /// Results of shards
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write the results of the whole as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the report of the whole, without pictures
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
}

pub fn run(args: MergeArgs) -> Result<ExitCode, Failure> {
    let mut whole = Run::from(Vec::new());
    for file in &args.files {
        whole.merge(run::load(file)?);
    }
    if let Some(path) = &args.json {
        report::write_json(path, &whole)?;
    }
    if let Some(folder) = &args.report {
        report::write(folder, &whole)?;
    }
    summarize(&whole)?;
    Ok(exit_code(whole.success()))
}
