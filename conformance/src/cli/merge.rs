//! `merge`: results of shards into those of the whole.

use std::path::PathBuf;
use std::process::ExitCode;

use aerogpu_conformance::report;
use aerogpu_conformance::results::Run;

use super::{Failure, exit_code, run, summarize};

/// Put the results of shards together
///
/// Reads files that `run --json`, `run --report` and `fuzz --report` have written, prints totals and exits as one run of
/// everything would. A case that several files have is counted once; so is a shard of a campaign.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  aerogpu-conformance merge part-*.json --json all.json       the shards of a run
  aerogpu-conformance merge out-*/results.json --report out   the shards of a campaign, as one report")]
pub struct MergeArgs {
    /// Results of shards: results.json of a run, campaign.json or results.json of a campaign
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write the results of the whole as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the report of the whole
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
