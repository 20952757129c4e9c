//! Running entries one by one: selected, guarded against panics, judged by what is known about them.

use std::any::Any;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use aerogpu::Backend;
use aerogpu::engine::Engine;

use crate::case::{Case, CaseError, KnownFailure, MAX_DATA_BYTES, read};
use crate::discover;
use crate::expectations::{Entry, Expectations};
use crate::results::{Cost, Known, Record, Status};
use crate::run::{self, Kind, Trouble};
use crate::shader_case::Loaded;
use crate::shader_case::case::Rules;
use crate::stages::{self, Stage};

/// Which entries are run; the others are skipped.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Those with this in their name.
    pub filter: Option<String>,
    /// Those with each of these features.
    pub features: Vec<String>,
    /// Those that use none of these stages.
    pub without: Vec<Stage>,
}

/// What a back end is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A case.
    Case,
    /// A trace: old ones draw without shaders.
    Trace,
}

/// How entries are run.
pub struct Suite<'a> {
    /// Makes a back end with nothing in it.
    pub fresh: &'a dyn Fn(Purpose) -> Box<dyn Backend>,
    /// Which entries to run.
    pub selection: Selection,
    /// Which cases are known to fail.
    pub expectations: Expectations,
    /// Which interpreters run shader cases, by name; all must agree with the case.
    pub engines: Vec<(&'static str, Engine)>,
}

impl Suite<'_> {
    /// Runs one entry. It never fails: what cannot even be loaded has a record too.
    pub fn run(&self, entry: &discover::Entry) -> Record {
        let path = entry.path().display().to_string();
        let record = match entry {
            discover::Entry::Case(folder) => self.case(folder),
            discover::Entry::Trace(path) => self.trace(path),
            discover::Entry::Shader(path) => self.shader(path),
        };
        let record = record.unwrap_or_else(|error| Record {
            status: Status::Fail,
            detail: Some(error.to_string()),
            ..blank(path.clone(), Vec::new(), "other")
        });
        Record { path, ..record }
    }

    fn case(&self, folder: &Path) -> Result<Record, CaseError> {
        let case = Case::load(folder)?;
        let stages = stages::used(&case);
        let class = stages::class(&case.features, &stages);
        let blank = blank(case.name.clone(), case.features.clone(), class);
        if !self.selection.contains(&case.name, &case.features, &stages) {
            return Ok(blank);
        }
        let fresh = || (self.fresh)(Purpose::Case);
        let marked = case.known_failure.as_ref();
        let mut cost = Cost::default();
        let outcome = guard(|| run::run_counted(&case, &fresh, &mut cost));
        Ok(Record { cost: counted(cost), ..self.judge(blank, marked, outcome) })
    }

    fn trace(&self, path: &Path) -> Result<Record, CaseError> {
        let name = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let features = vec!["trace".to_owned()];
        let selected = self.selection.contains(&name, &features, &BTreeSet::new());
        let blank = blank(name, features, "trace");
        if !selected {
            return Ok(blank);
        }
        let bytes = read(path, MAX_DATA_BYTES)?;
        let mut cost = Cost::default();
        let outcome = guard(|| run::replay_counted(&bytes, (self.fresh)(Purpose::Trace).as_mut(), &mut cost));
        Ok(Record { cost: counted(cost), ..self.judge(blank, None, outcome) })
    }

    fn shader(&self, path: &Path) -> Result<Record, CaseError> {
        let loaded = Loaded::load(path)?;
        let rules = match loaded.case.rules {
            Rules::D3d9 => "d3d9",
            Rules::D3d11 => "d3d11",
        };
        let features = vec!["shader".to_owned(), rules.to_owned()];
        let stages = loaded.stages();
        let selected = self.selection.contains(&loaded.case.name, &features, &stages);
        let blank = blank(loaded.case.name.clone(), features, "shader");
        if !selected {
            return Ok(blank);
        }
        let run = || {
            for (name, engine) in &self.engines {
                loaded.run(*engine).map_err(|t| Trouble { detail: format!("{name}: {}", t.detail), ..t })?;
            }
            Ok(())
        };
        Ok(self.judge(blank, None, guard(run)))
    }

    /// What the outcome means, given what is known. A crash is never expected.
    fn judge(&self, blank: Record, marked: Option<&KnownFailure>, outcome: Result<(), Outcome>) -> Record {
        let in_case = |known: &KnownFailure| Known { reason: known.reason.clone(), rule: known.link.clone() };
        let listed = |entry: &Entry| Known { reason: entry.reason.clone(), rule: Some(entry.rule.clone()) };
        let known = marked.map(in_case).or_else(|| self.expectations.find(&blank.name).map(listed));
        let (status, detail, difference) = match outcome {
            Ok(()) => (Status::Pass, None, None),
            Err(Outcome::Panic(message)) => (Status::Crash, Some(message), None),
            Err(Outcome::Trouble(t)) => {
                let status = match t.kind {
                    Kind::Wrong => Status::Fail,
                    Kind::Unsupported => Status::Unsupported,
                    Kind::Timeout => Status::Timeout,
                };
                (status, Some(t.detail), t.difference)
            }
        };
        let (status, detail) = match (status, &known) {
            (Status::Pass, Some(known)) => {
                let place = if marked.is_some() { "known_failure of the case" } else { "the expectations" };
                (Status::UnexpectedPass, Some(format!("remove it from {place}, which say: {known}")))
            }
            (Status::Fail | Status::Unsupported | Status::Timeout, Some(_)) => {
                (Status::ExpectedFailure, detail)
            }
            (status, _) => (status, detail),
        };
        Record { status, detail, known, difference, ..blank }
    }
}

/// What a back end that counts has counted.
fn counted(cost: Cost) -> Option<Cost> {
    (!cost.counters.is_empty()).then_some(cost)
}

impl Selection {
    fn contains(&self, name: &str, features: &[String], stages: &BTreeSet<Stage>) -> bool {
        self.filter.as_ref().is_none_or(|filter| name.contains(filter.as_str()))
            && self.features.iter().all(|feature| features.contains(feature))
            && !self.without.iter().any(|stage| stages.contains(stage))
    }
}

fn blank(name: String, features: Vec<String>, class: &str) -> Record {
    let (path, class) = (String::new(), class.to_owned());
    Record { path, name, features, class, ..Record::default() }
}

enum Outcome {
    Trouble(Trouble),
    Panic(String),
}

/// Runs `work` and catches its panic. What it worked on is dropped with it, so no broken state survives.
fn guard(work: impl FnOnce() -> Result<(), Trouble>) -> Result<(), Outcome> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(Outcome::Trouble),
        Err(payload) => Err(Outcome::Panic(panic_message(payload.as_ref()))),
    }
}

fn panic_message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    format!("panicked: {}", text.as_deref().unwrap_or("no message"))
}
