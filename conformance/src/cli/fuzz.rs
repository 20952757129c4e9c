//! `fuzz`: campaigns of generated streams.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use aerogpu::engine::Engine;
use aerogpu::{Backend, Options, SoftwareRenderer};
use aerogpu_conformance::differential::campaign::{self, Source, State};
use aerogpu_conformance::differential::ledger::Ledger;
use aerogpu_conformance::discover::Entry;
use aerogpu_conformance::expectations::Expectations;
use aerogpu_conformance::report;
use aerogpu_conformance::results::{Results, Run};
use aerogpu_conformance::suite::{Selection, Suite};
use aerogpu_conformance::wgpu::{GpuError, WgpuRenderer};
use clap::ValueEnum;

use super::backend::{BackendKind, Fresh, adapter_name, gpu};
use super::shard::Shard;
use super::{Failure, exit_code, progress, summarize_campaign};

/// Instructions of a submission: far more than any fair scene needs.
const BUDGET: u64 = 1 << 24;
/// Scenes after which the state is written, so that little is lost when a campaign is stopped.
const WRITE_EVERY: u64 = 500;

/// Make up command streams and compare two back ends on them
///
/// Stream N of a seed is the same everywhere; the time only decides how many there are. Prints streams per second, what
/// the streams reached, and findings: each made small and written as a case and a trace. Differences that
/// conformance/divergences.toml explains are counted apart. Exits with 0 when nothing was found, 1 when something was.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  aerogpu-conformance fuzz --time 10m --seed 1 --report out       ten minutes; findings in out
  aerogpu-conformance fuzz --count 10000 --adapter radeon         ten thousand streams on this adapter
  aerogpu-conformance fuzz --backend software --count 10000       the two interpreters against each other
  aerogpu-conformance fuzz --time 8h --shard 3/16 --report out-3 --resume
                                                                  every sixteenth stream, going on where it stopped")]
pub struct FuzzArgs {
    /// What is compared
    #[arg(long, value_enum, default_value_t = Versus::Both)]
    backend: Versus,
    /// Part of the name of the adapter that wgpu draws with [default: the first]
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    adapter: String,
    /// Begin no stream after this long: 90s, 10m, 1h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    time: Option<Duration>,
    /// End after so many streams [default without --time: 2000]
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// Of the streams
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Run only this part of the streams, such as 2/8
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Write findings, campaign.json and a report there; the folder is created when missing
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Go on where the campaign.json of --report stopped
    #[arg(long, requires = "report")]
    resume: bool,
}

/// Findings whose pictures are in the report.
const SHOWN_FINDINGS: usize = 100;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Versus {
    /// The software renderer and wgpu
    Both,
    /// The software renderer with its fast interpreter, and with the reference one
    Software,
}

impl Versus {
    /// Both sides.
    fn fresh(self, adapter: &str) -> Result<Vec<Fresh>, GpuError> {
        match self {
            Self::Both => BackendKind::Both.fresh(adapter),
            Self::Software => {
                let make = |_| -> Box<dyn Backend> {
                    Box::new(SoftwareRenderer::new(Options { engine: Engine::Scalar, ..Options::default() }))
                };
                let mut both = BackendKind::Software.fresh(adapter)?;
                both.push(Fresh {
                    name: "scalar interpreter",
                    adapter: None,
                    facts: Vec::new(),
                    make: Box::new(make),
                });
                Ok(both)
            }
        }
    }
}

/// `90s`, `10m`, `1h`, or seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.char_indices().next_back() {
        Some((at, 's')) => (&text[..at], 1),
        Some((at, 'm')) => (&text[..at], 60),
        Some((at, 'h')) => (&text[..at], 3600),
        _ => (text, 1),
    };
    let seconds = number.parse::<u64>().ok().and_then(|n| n.checked_mul(unit));
    seconds.map(Duration::from_secs).ok_or_else(|| format!("{text} is no time; ten minutes are 10m"))
}

pub fn run(args: FuzzArgs) -> Result<ExitCode, Failure> {
    let software = |engine| SoftwareRenderer::new(Options { budget: BUDGET, engine, ..Options::default() });
    let mut reference = software(Engine::default());
    let (mut other, adapter): (Box<dyn Backend>, String) = match args.backend {
        Versus::Software => (Box::new(software(Engine::Scalar)), "scalar interpreter".into()),
        Versus::Both => {
            let gpu = gpu(&args.adapter)?;
            let adapter = adapter_name(&gpu);
            (Box::new(WgpuRenderer::new(gpu)), adapter)
        }
    };
    let shard = args.shard.unwrap_or(Shard::WHOLE);
    let mut state = state(&args, &adapter, shard)?;
    let ledger = Ledger::built_in()?;
    let count = args.count.or(args.time.is_none().then_some(2000));
    let bar = progress(count.unwrap_or(0), "{bar:40} {pos} streams, {per_sec}, {msg}");
    let start = now();
    let (first, before) = (state.next, state.tally.scenes);
    while count.is_none_or(|count| state.next < count) && args.time.is_none_or(|time| now() - start < time) {
        let number = state.next;
        state.next += 1;
        bar.set_position(state.next - first);
        if !shard.has(number) {
            continue;
        }
        let source = Source { seed: args.seed };
        if let Some(finding) = source.run(number, &mut reference, other.as_mut(), &mut state.tally)
            && state.tally.count(&finding, &ledger, &adapter)
        {
            bar.suspend(|| writeln!(io::stdout(), "FINDING {number}: {}", finding.difference))?;
            if let Some(folder) = &args.report {
                let name = format!("finding-{}-{number}", args.seed);
                campaign::write(&folder.join(&name), &name, &finding, &mut reference)?;
            }
        }
        bar.set_message(format!("{} findings", state.tally.findings.len()));
        if state.tally.scenes.is_multiple_of(WRITE_EVERY) {
            write(&args, &state)?;
        }
    }
    bar.finish_and_clear();
    write(&args, &state)?;
    if let Some(folder) = &args.report {
        report::write(folder, &findings(folder, &state, &args.backend.fresh(&args.adapter)?)?)?;
    }
    let speed = (state.tally.scenes - before) as f64 / (now() - start).as_secs_f64();
    writeln!(io::stdout(), "software and {adapter}: {speed:.1} streams a second")?;
    summarize_campaign(&state)?;
    Ok(exit_code(state.tally.findings.is_empty() && state.tally.scenes > 0))
}

#[allow(
    clippy::disallowed_methods,
    reason = "time decides how many streams there are, and nothing about one"
)]
fn now() -> Instant {
    Instant::now()
}

const FILE: &str = "campaign.json";

/// Where the campaign stands: at its beginning, or where an earlier one of the same kind stopped.
fn state(args: &FuzzArgs, adapter: &str, shard: Shard) -> Result<State, Failure> {
    let shard = format!("{}/{}", shard.index + 1, shard.count);
    let fresh = State::new(args.seed, adapter, &shard);
    let Some(path) =
        args.report.as_ref().map(|folder| folder.join(FILE)).filter(|path| args.resume && path.exists())
    else {
        return Ok(fresh);
    };
    let at = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = std::fs::read(&path).map_err(|error| at(&error))?;
    let known: State = serde_json::from_slice(&text).map_err(|error| at(&error))?;
    if !known.continues(&fresh) {
        return Err(at(&"is of another seed, shard or adapter").into());
    }
    Ok(known)
}

fn write(args: &FuzzArgs, state: &State) -> Result<(), Failure> {
    let Some(folder) = &args.report else { return Ok(()) };
    std::fs::create_dir_all(folder)?;
    let part: &Path = &folder.join("campaign.part");
    report::write_json(part, &State { domains: state.tally.domains(), ..state.clone() })?;
    Ok(std::fs::rename(part, folder.join(FILE))?)
}

/// The campaign with the cases of its findings, as each back end does on them.
fn findings(folder: &Path, state: &State, backends: &[Fresh]) -> Result<Run, Failure> {
    let mut run = Run { campaigns: vec![state.clone()], ..Run::from(Vec::new()) };
    for fresh in backends {
        let suite = Suite {
            fresh: fresh.make.as_ref(),
            selection: Selection::default(),
            expectations: Expectations::default(),
            engines: Vec::new(),
        };
        let (adapter, facts) = (fresh.adapter.clone(), fresh.facts.clone());
        let mut results = Results { adapter, facts, ..Results::new(fresh.name) };
        for finding in state.tally.findings.iter().take(SHOWN_FINDINGS) {
            let entry = Entry::Case(folder.join(format!("finding-{}-{}", state.seed, finding.number)));
            results.push(suite.run(&entry));
        }
        run.backends.push(results);
    }
    Ok(run)
}
