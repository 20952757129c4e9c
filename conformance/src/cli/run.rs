//! `run`: cases, traces and shader cases on one back end or on both.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aerogpu_conformance::discover::{self, Entry};
use aerogpu_conformance::expectations::Expectations;
use aerogpu_conformance::report;
use aerogpu_conformance::results::{Results, Run};
use aerogpu_conformance::shader_case;
use aerogpu_conformance::stages::Stage;
use aerogpu_conformance::suite::{Selection, Suite};

use super::backend::{BackendKind, Fresh};
use super::shard::Shard;
use super::{Failure, exit_code, progress, summarize};

/// Cases after which the results so far are written, so that little is lost when a run is stopped.
const WRITE_EVERY: usize = 100;

/// Run cases and traces against a back end, or against both
///
/// Prints one line for each case that is not as expected, then totals. Exits with 0 when something ran and nothing failed,
/// 1 when something failed, 2 when the run was impossible.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  aerogpu-conformance run conformance/cases                     every case of a folder, at any depth
  aerogpu-conformance run ../shared/corpus/upstream --backend both --report out
                                                                both back ends, side by side in out/index.html
  aerogpu-conformance run ../shared/corpus/upstream --features d3d11 --without gs,hs,ds
                                                                those for Direct3D 11 up to pixel and compute shaders
  aerogpu-conformance run desktop.aerogputrace                  a trace passes when none of its commands fails
  aerogpu-conformance run cases --shard 2/8 --json part-2.json  an eighth; `merge` puts the parts together
  aerogpu-conformance run cases --json all.json --resume        what all.json already has is not run again

A case is a folder with case.json; conformance/src/case.rs describes it. A case that is known to contradict Direct3D is
listed in conformance/expectations.json with the reason: there it counts as an expected failure, and as a failure as
soon as it passes. What the wgpu back end does not support counts apart, and is no failure.")]
pub struct RunArgs {
    /// A case, a folder of cases, or an .aerogputrace
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// What runs the cases
    #[arg(long, value_enum, default_value_t = BackendKind::Software)]
    backend: BackendKind,
    /// Part of the name of the adapter that wgpu draws with [default: the first]
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    adapter: String,
    /// Run only cases with this in their name
    #[arg(long, value_name = "SUBSTRING")]
    filter: Option<String>,
    /// Run only cases that have all these features
    #[arg(long, value_name = "FEATURE", value_delimiter = ',')]
    features: Vec<String>,
    /// Leave out cases that create or bind shaders of these stages
    #[arg(long, value_name = "STAGE", value_enum, value_delimiter = ',')]
    without: Vec<Stage>,
    /// Run only this part of the cases, such as 2/8
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Cases that are known to fail [default: conformance/expectations.json, compiled in]
    #[arg(long, value_name = "FILE")]
    expectations: Option<PathBuf>,
    /// Write the results as JSON, one record a case and back end
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Keep what the file of --json already has, and run the rest
    #[arg(long, requires = "json")]
    resume: bool,
    /// Write a report, index.html and results.json; the folder is created when missing
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
}

pub fn run(args: RunArgs) -> Result<ExitCode, Failure> {
    let shard = args.shard.unwrap_or(Shard::WHOLE);
    let entries: Vec<Entry> = (0..)
        .zip(discover::find(&args.paths)?)
        .filter_map(|(number, entry)| shard.has(number).then_some(entry))
        .collect();
    let expectations = match &args.expectations {
        Some(path) => Expectations::load(path)?,
        None => Expectations::built_in()?,
    };
    let selection = Selection { filter: args.filter, features: args.features, without: args.without };
    let known = match &args.json {
        Some(path) if args.resume && path.exists() => load(path)?.backends,
        _ => Vec::new(),
    };
    let mut run = Run::from(Vec::new());
    for fresh in args.backend.fresh(&args.adapter)? {
        let known = known.iter().find(|r| r.backend == fresh.name && r.adapter == fresh.adapter);
        let mut work = entries.clone();
        if fresh.name != "software" && args.backend == BackendKind::Both {
            // Interpreters run shader cases, not back ends: once is enough.
            work.retain(|entry| !matches!(entry, Entry::Shader(_)));
        }
        let results =
            column(&fresh, &work, (&selection, &expectations), known, &mut |so_far| match &args.json {
                Some(path) => write_json(path, &run, so_far),
                None => Ok(()),
            })?;
        run.backends.push(results);
    }
    if let Some(path) = &args.json {
        report::write_json(path, &run)?;
    }
    if let Some(folder) = &args.report {
        report::write(folder, &run)?;
    }
    summarize(&run)?;
    Ok(exit_code(run.success()))
}

/// What came of the entries on one back end; `write` is called now and then with what there is.
fn column(
    fresh: &Fresh,
    entries: &[Entry],
    (selection, expectations): (&Selection, &Expectations),
    known: Option<&Results>,
    write: &mut dyn FnMut(&Results) -> Result<(), Failure>,
) -> Result<Results, Failure> {
    let suite = Suite {
        fresh: fresh.make.as_ref(),
        selection: selection.clone(),
        expectations: expectations.of(fresh.name),
        engines: shader_case::engines(),
    };
    let (adapter, facts) = (fresh.adapter.clone(), fresh.facts.clone());
    let mut results = Results { adapter, facts, ..Results::new(fresh.name) };
    let bar = progress(entries.len() as u64, "{bar:40} {pos} of {len}, {eta} left");
    for entry in entries {
        let path = entry.path().display().to_string();
        let record = match known.and_then(|known| known.at(&path)) {
            Some(record) => record.clone(),
            None => suite.run(entry),
        };
        if results.is_red(&record) {
            bar.suspend(|| writeln!(io::stdout(), "{record}"))?;
        }
        results.push(record);
        bar.inc(1);
        if results.cases.len().is_multiple_of(WRITE_EVERY) {
            write(&results)?;
        }
    }
    bar.finish_and_clear();
    Ok(results)
}

/// Results of a run or a campaign from a file.
pub fn load(path: &Path) -> Result<Run, Failure> {
    let text = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Run::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?)
}

/// Replaces the file at once, so that a run that is stopped leaves the old or the new one.
fn write_json(path: &Path, done: &Run, so_far: &Results) -> Result<(), Failure> {
    let mut run = done.clone();
    run.backends.push(so_far.clone());
    let part = path.with_extension("part");
    report::write_json(&part, &run)?;
    Ok(std::fs::rename(part, path)?)
}
