//! `shader`: shader cases in the interpreters.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use aerogpu::engine::Engine;
use aerogpu::{Options, SoftwareRenderer};
use aerogpu_conformance::discover::{self, Entry};
use aerogpu_conformance::expectations::Expectations;
use aerogpu_conformance::report;
use aerogpu_conformance::results::{Results, Run};
use aerogpu_conformance::shader_case;
use aerogpu_conformance::suite::{Selection, Suite};
use clap::ValueEnum;

use super::{Failure, exit_code, progress, summarize};

/// Run shader cases in the interpreters
///
/// A shader case is a JSON file with the schema aerogpu-shader-case/1; conformance/src/shader_case/case.rs describes it.
/// Prints one line for each case that is not as expected, then totals. Exits as `run` does.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  aerogpu-conformance shader conformance/shader_cases            every shader case, in every interpreter
  aerogpu-conformance shader conformance/shader_cases --filter float/ --interpreter scalar")]
pub struct ShaderArgs {
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

pub fn run(args: ShaderArgs) -> Result<ExitCode, Failure> {
    let mut entries = discover::find(&args.paths)?;
    entries.retain(|entry| matches!(entry, Entry::Shader(_)));
    if entries.is_empty() {
        return Err(format!("no JSON file there has the schema {}", shader_case::case::SCHEMA).into());
    }
    let suite = Suite {
        fresh: &|_| Box::new(SoftwareRenderer::new(Options::default())),
        selection: Selection { filter: args.filter, ..Selection::default() },
        expectations: Expectations::built_in()?.of("software"),
        engines: args.interpreter.engines(),
    };
    let names: Vec<_> = suite.engines.iter().map(|(name, _)| *name).collect();
    let mut results = Results::new(names.join(", "));
    let bar = progress(entries.len() as u64, "{bar:40} {pos} of {len}, {eta} left");
    for entry in &entries {
        let record = suite.run(entry);
        if results.is_red(&record) {
            bar.suspend(|| writeln!(io::stdout(), "{record}"))?;
        }
        results.push(record);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let run = Run::from(vec![results]);
    if let Some(path) = &args.json {
        report::write_json(path, &run)?;
    }
    summarize(&run)?;
    Ok(exit_code(run.success()))
}
