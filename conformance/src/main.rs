//! The `aerogpu-conformance` command line.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use aerogpu::engine::Engine;
use aerogpu::{Backend, Options, SoftwareRenderer};
use aerogpu_conformance::discover::{self, Entry};
use aerogpu_conformance::expectations::Expectations;
use aerogpu_conformance::report;
use aerogpu_conformance::results::Results;
use aerogpu_conformance::shader_case;
use aerogpu_conformance::stages::Stage;
use aerogpu_conformance::suite::{Purpose, Selection, Suite};
use aerogpu_conformance::wgpu::{Gpu, GpuError, WgpuRenderer};
use clap::{Parser, Subcommand, ValueEnum};
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
    /// Run cases and traces against a back end
    Run(RunArgs),
    /// Run shader cases in the interpreters
    Shader(ShaderArgs),
}

/// Run shader cases in the interpreters
///
/// A shader case is a JSON file with the schema aerogpu-shader-case/1; conformance/src/shader_case/case.rs describes it.
/// Prints one line for each case that is not as expected, then totals. Exits as `run` does.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  aerogpu-conformance shader conformance/shader_cases            every shader case, in every interpreter
  aerogpu-conformance shader conformance/shader_cases --filter float/ --interpreter scalar")]
struct ShaderArgs {
    /// A shader case, or a folder of them at any depth
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// What runs them: the reference, the fast interpreter at every vector level of this machine, or both
    #[arg(long, value_enum, default_value_t = Interpreter::Both)]
    interpreter: Interpreter,
    /// Run only cases with this in their name
    #[arg(long, value_name = "SUBSTRING")]
    filter: Option<String>,
    /// Write the results as JSON, one record a case
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Interpreter {
    Scalar,
    Simd,
    Both,
}

impl Interpreter {
    fn engines(self) -> Vec<(&'static str, Engine)> {
        let wanted = |engine: &Engine| match self {
            Self::Scalar => *engine == Engine::Scalar,
            Self::Simd => *engine != Engine::Scalar,
            Self::Both => true,
        };
        shader_case::engines().into_iter().filter(|(_, engine)| wanted(engine)).collect()
    }
}

/// Run cases and traces against a back end
///
/// Prints one line for each case that is not as expected, then totals. Exits with 0 when something ran and nothing failed,
/// 1 when something failed, 2 when the run was impossible.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  aerogpu-conformance run conformance/cases                     every case of a folder, at any depth
  aerogpu-conformance run ../shared/corpus/upstream --features d3d11 --without gs,hs,ds
                                                                those for Direct3D 11 up to pixel and compute shaders
  aerogpu-conformance run conformance/cases --filter clear --report out
                                                                a few, with pictures in out/index.html
  aerogpu-conformance run desktop.aerogputrace                  a trace passes when none of its commands fails

A case is a folder with case.json; conformance/src/case.rs describes it. A case that is known to contradict Direct3D is
listed in conformance/expectations.json with the reason: there it counts as an expected failure, and as a failure as
soon as it passes.")]
struct RunArgs {
    /// A case, a folder of cases, or an .aerogputrace
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// What runs the cases
    #[arg(long, value_enum, default_value_t = BackendKind::Software)]
    backend: BackendKind,
    /// Run only cases with this in their name
    #[arg(long, value_name = "SUBSTRING")]
    filter: Option<String>,
    /// Run only cases that have all these features
    #[arg(long, value_name = "FEATURE", value_delimiter = ',')]
    features: Vec<String>,
    /// Leave out cases that create or bind shaders of these stages
    #[arg(long, value_name = "STAGE", value_enum, value_delimiter = ',')]
    without: Vec<Stage>,
    /// Cases that are known to fail [default: conformance/expectations.json, compiled in]
    #[arg(long, value_name = "FILE")]
    expectations: Option<PathBuf>,
    /// Write the results as JSON, one record a case
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a page with expected, actual and difference pictures; the folder is created when missing
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum BackendKind {
    /// The reference renderer
    Software,
    /// wgpu on the first Vulkan adapter
    Wgpu,
}

/// Makes back ends with nothing in them.
type Fresh = Box<dyn Fn(Purpose) -> Box<dyn Backend>>;

impl BackendKind {
    fn fresh(self) -> Result<Fresh, GpuError> {
        Ok(match self {
            Self::Software => Box::new(|purpose| {
                let fixed_function = purpose == Purpose::Trace;
                Box::new(SoftwareRenderer::new(Options { fixed_function, ..Options::default() }))
            }),
            Self::Wgpu => {
                let gpu = Arc::new(Gpu::open("")?);
                Box::new(move |_| Box::new(WgpuRenderer::new(gpu.clone())))
            }
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Software => "software",
            Self::Wgpu => "wgpu",
        }
    }
}

/// A failure with everything that a person needs.
type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Run(args) => run(args),
        Command::Shader(args) => run_shaders(args),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(2)
    })
}

fn run(args: RunArgs) -> Result<ExitCode, Failure> {
    let entries = discover::find(&args.paths)?;
    let expectations = match &args.expectations {
        Some(path) => Expectations::load(path)?,
        None => Expectations::built_in()?,
    };
    let selection = Selection { filter: args.filter, features: args.features, without: args.without };
    let fresh = args.backend.fresh()?;
    let suite = Suite { fresh: fresh.as_ref(), selection, expectations, engines: shader_case::engines() };
    let results = run_all(&suite, &entries, args.backend.name())?;
    if let Some(path) = &args.json {
        report::write_json(path, &results)?;
    }
    if let Some(folder) = &args.report {
        report::write(folder, &results)?;
    }
    summarize(&results)?;
    Ok(if results.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run_shaders(args: ShaderArgs) -> Result<ExitCode, Failure> {
    let mut entries = discover::find(&args.paths)?;
    entries.retain(|entry| matches!(entry, Entry::Shader(_)));
    if entries.is_empty() {
        return Err(format!("no JSON file there has the schema {}", shader_case::case::SCHEMA).into());
    }
    let fresh = BackendKind::Software.fresh()?;
    let suite = Suite {
        fresh: fresh.as_ref(),
        selection: Selection { filter: args.filter, ..Selection::default() },
        expectations: Expectations::built_in()?,
        engines: args.interpreter.engines(),
    };
    let names: Vec<_> = suite.engines.iter().map(|(name, _)| *name).collect();
    let results = run_all(&suite, &entries, &names.join(", "))?;
    if let Some(path) = &args.json {
        report::write_json(path, &results)?;
    }
    summarize(&results)?;
    Ok(if results.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run_all(suite: &Suite<'_>, entries: &[Entry], backend: &str) -> io::Result<Results> {
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len}, {eta} left");
    let bar = ProgressBar::new(entries.len() as u64)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut results = Results::new(backend);
    for entry in entries {
        let record = suite.run(entry);
        if record.status.is_red() {
            bar.suspend(|| writeln!(io::stdout(), "{record}"))?;
        }
        results.push(record);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(results)
}

fn summarize(results: &Results) -> io::Result<()> {
    let mut out = io::stdout().lock();
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
    Ok(())
}
