//! What came of a run: a record a case, totals, and both as JSON. `conformance/REPORT.md` describes the JSON for readers.
//!
//! The same run gives the same bytes: times are left out. Results of shards of one run [merge](Run::merge) into those of the
//! whole, and so do [campaigns](crate::differential::campaign).

mod cost;
mod evidence;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::differential::campaign::{self, State};

pub(crate) use cost::add;
pub use cost::{Cost, DrawCost};
pub(crate) use evidence::png;
pub use evidence::{Difference, MAX_EDGE, Pictures};

/// Identifies the shape of the JSON. Fields may be added, which readers must not mind; the number changes when one goes or
/// gets another meaning.
pub const SCHEMA: &str = "aerogpu-conformance-results/3";

/// The back end that may say of something that it does not support it.
pub const GPU: &str = "wgpu";

/// What came of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Everything is as expected.
    Pass,
    /// Something is not as expected, or the case cannot be loaded.
    Fail,
    /// The back end panicked.
    Crash,
    /// A shader ran into its instruction budget.
    Timeout,
    /// A command that must work is not supported by the back end.
    Unsupported,
    /// It failed, and is known to.
    ExpectedFailure,
    /// It passed, though it is known to fail: the knowledge is out of date.
    UnexpectedPass,
    /// It was not run.
    #[default]
    Skipped,
}

impl Status {
    /// Whether it makes the run fail.
    pub fn is_red(self) -> bool {
        !matches!(self, Self::Pass | Self::ExpectedFailure | Self::Skipped)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Crash => "CRASH",
            Self::Timeout => "TIMEOUT",
            Self::Unsupported => "UNSUPPORTED",
            Self::ExpectedFailure => "EXPECTED FAILURE",
            Self::UnexpectedPass => "UNEXPECTED PASS",
            Self::Skipped => "SKIPPED",
        })
    }
}

/// One case and what came of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Record {
    /// Where it is.
    pub path: String,
    /// Name of the case, or the path of one that cannot be loaded.
    pub name: String,
    /// Its features.
    pub features: Vec<String>,
    /// What it is counted in: see [`stages::class`](crate::stages::class).
    pub class: String,
    /// What came of it.
    pub status: Status,
    /// What happened, unless it passed.
    pub detail: Option<String>,
    /// Why it is known to fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<Known>,
    /// How it differs, when something that it left behind is not as expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<Box<Difference>>,
    /// What it costs on the modelled GPU, when the back end counts that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
}

/// Why a case is known to fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The reason, in a sentence.
    pub reason: String,
    /// The rule that the case contradicts, or where to read more.
    pub rule: Option<String>,
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        self.rule.as_ref().map_or(Ok(()), |rule| write!(f, " ({rule})"))
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.name)?;
        self.detail.as_ref().map_or(Ok(()), |detail| write!(f, ": {detail}"))
    }
}

/// How many cases came to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// As expected.
    pub passed: u64,
    /// Everything that [is red](Status::is_red).
    pub failed: u64,
    /// Not run.
    pub skipped: u64,
    /// What a back end says that it cannot do, which is no failure of it; the reference must do everything.
    pub unsupported: u64,
    /// Known to fail.
    pub expected_failures: u64,
}

impl Totals {
    fn count(&mut self, status: Status, reference: bool) {
        *match status {
            Status::Pass => &mut self.passed,
            Status::Skipped => &mut self.skipped,
            Status::ExpectedFailure => &mut self.expected_failures,
            Status::Unsupported if !reference => &mut self.unsupported,
            Status::Fail | Status::Crash | Status::Timeout | Status::Unsupported | Status::UnexpectedPass => {
                &mut self.failed
            }
        } += 1;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)?;
        match self.unsupported {
            0 => Ok(()),
            n => write!(f, ", {n} unsupported"),
        }
    }
}

/// What came of the cases on one back end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// Which back end ran.
    pub backend: String,
    /// What it drew with, unless that is the processor.
    pub adapter: Option<String>,
    /// What else is known about the back end and its machine; of shards from several machines, all of it.
    #[serde(default)]
    pub facts: Vec<Fact>,
    /// All cases.
    pub totals: Totals,
    /// The cases of each class.
    pub classes: BTreeMap<String, Totals>,
    /// In the order of the run.
    pub cases: Vec<Record>,
}

/// Something about a back end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What it is about.
    pub name: String,
    /// What it is.
    pub value: String,
}

impl Results {
    /// Nothing yet.
    pub fn new(backend: impl Into<String>) -> Self {
        Self {
            backend: backend.into(),
            adapter: None,
            facts: Vec::new(),
            totals: Totals::default(),
            classes: BTreeMap::new(),
            cases: Vec::new(),
        }
    }

    /// Counts a record and keeps it.
    pub fn push(&mut self, record: Record) {
        let reference = self.backend != GPU;
        self.totals.count(record.status, reference);
        self.classes.entry(record.class.clone()).or_default().count(record.status, reference);
        self.cases.push(record);
    }

    /// Whether a record makes the run fail.
    pub fn is_red(&self, record: &Record) -> bool {
        let mut totals = Totals::default();
        totals.count(record.status, self.backend != GPU);
        totals.failed > 0
    }

    /// What came of the case at a path.
    pub fn at(&self, path: &str) -> Option<&Record> {
        self.cases.iter().find(|record| record.path == path)
    }

    /// Whether the run is a success: something ran, and nothing is red.
    pub fn success(&self) -> bool {
        self.totals.failed == 0 && self.totals.passed + self.totals.expected_failures > 0
    }
}

/// A whole run: the same cases on one back end or more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// [`SCHEMA`].
    pub schema: String,
    /// One for each back end.
    pub backends: Vec<Results>,
    /// Shards of campaigns of generated streams.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub campaigns: Vec<State>,
}

impl From<Vec<Results>> for Run {
    fn from(backends: Vec<Results>) -> Self {
        Self { schema: SCHEMA.into(), backends, campaigns: Vec::new() }
    }
}

/// Why JSON holds no results.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// It is none, or lacks something.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// It is something else.
    #[error("the schema is {0:?}, neither {SCHEMA} nor {campaign}", campaign = campaign::SCHEMA)]
    Schema(String),
}

impl Run {
    /// Results from JSON, of a run or of a campaign.
    ///
    /// # Errors
    /// When it is neither, or of another version.
    pub fn parse(json: &[u8]) -> Result<Self, SchemaError> {
        #[derive(Deserialize)]
        struct Head {
            schema: String,
        }
        let Head { schema } = serde_json::from_slice(json)?;
        match schema.as_str() {
            SCHEMA => Ok(serde_json::from_slice(json)?),
            campaign::SCHEMA => {
                Ok(Self { campaigns: vec![serde_json::from_slice(json)?], ..Self::from(Vec::new()) })
            }
            _ => Err(SchemaError::Schema(schema)),
        }
    }

    /// The back ends that have cases; a campaign without findings has none.
    pub fn ran(&self) -> impl Iterator<Item = &Results> {
        self.backends.iter().filter(|results| !results.cases.is_empty())
    }

    /// Whether there is something, and all of it succeeded.
    pub fn success(&self) -> bool {
        !(self.ran().next().is_none() && self.campaigns.is_empty())
            && self.ran().all(Results::success)
            && self.campaigns.iter().all(|state| state.tally.findings.is_empty())
    }

    /// Adds another shard of the same run. A case that both have is taken once; of a campaign's shard that both have, the
    /// one that got further.
    pub fn merge(&mut self, other: Self) {
        for results in other.backends {
            let known = self
                .backends
                .iter_mut()
                .find(|r| r.backend == results.backend && r.adapter == results.adapter);
            let Some(known) = known else {
                self.backends.push(results);
                continue;
            };
            for fact in results.facts {
                if !known.facts.contains(&fact) {
                    known.facts.push(fact);
                }
            }
            for record in results.cases {
                if known.at(&record.path).is_none() {
                    known.push(record);
                }
            }
            // As `discover::find` sorts them.
            known.cases.sort_by(|a, b| Path::new(&a.path).cmp(Path::new(&b.path)));
        }
        for state in other.campaigns {
            match self.campaigns.iter_mut().find(|known| known.continues(&state)) {
                Some(known) if known.next >= state.next => {}
                Some(known) => *known = state,
                None => self.campaigns.push(state),
            }
        }
    }

    /// The campaigns, the shards of each put together.
    pub fn whole_campaigns(&self) -> Vec<State> {
        let mut whole: Vec<State> = Vec::new();
        for state in &self.campaigns {
            match whole.iter_mut().find(|known| (known.seed, &known.adapter) == (state.seed, &state.adapter))
            {
                Some(known) => known.add_shard(state),
                None => whole.push(state.clone()),
            }
        }
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &str, class: &str, status: Status) -> Record {
        let (path, name, class) = (format!("cases/{name}"), name.into(), class.to_owned());
        Record { path, name, features: vec![class.clone()], class, status, ..Record::default() }
    }

    #[test]
    fn the_json_is_what_the_documentation_says() {
        let mut results = Results::new("software");
        results.push(record("a", "d3d11", Status::Pass));
        let red = Record { detail: Some("step 3: no".into()), ..record("b", "d3d11", Status::Fail) };
        assert_eq!(red.to_string(), "FAIL b: step 3: no");
        results.push(red);
        let json = serde_json::to_value(Run::from(vec![results])).expect("serialises");
        let totals = serde_json::json!(
            {"passed": 1, "failed": 1, "skipped": 0, "unsupported": 0, "expected_failures": 0});
        let expected = serde_json::json!({
            "schema": "aerogpu-conformance-results/3",
            "backends": [{
                "backend": "software", "adapter": null, "facts": [], "totals": totals, "classes": {"d3d11": totals},
                "cases": [
                    {"path": "cases/a", "name": "a", "features": ["d3d11"], "class": "d3d11", "status": "pass",
                     "detail": null},
                    {"path": "cases/b", "name": "b", "features": ["d3d11"], "class": "d3d11", "status": "fail",
                     "detail": "step 3: no"}]}]});
        assert_eq!(json, expected);
    }

    #[test]
    fn only_the_reference_must_support_everything() {
        let totals = |backend: &str| {
            let mut results = Results::new(backend);
            results.push(record("a", "other", Status::Unsupported));
            results.totals
        };
        assert_eq!(totals("software").failed, 1);
        assert_eq!((totals("wgpu").failed, totals("wgpu").unsupported), (0, 1));
        assert_eq!(totals("wgpu").to_string(), "0 passed, 0 failed, 0 skipped, 1 unsupported");
    }

    #[test]
    fn shards_merge_into_the_whole() {
        let shard = |names: &[(&str, Status)]| {
            let mut results = Results::new("software");
            names.iter().for_each(|&(name, status)| results.push(record(name, "other", status)));
            Run::from(vec![results])
        };
        // Paths are sorted part by part.
        let whole = shard(&[("a/c", Status::Pass), ("a-b", Status::Skipped), ("b", Status::Fail)]);
        let mut merged = shard(&[("b", Status::Fail)]);
        merged.merge(shard(&[("a/c", Status::Pass), ("a-b", Status::Skipped)]));
        merged.merge(shard(&[("b", Status::Fail)]));
        assert_eq!(merged, whole);
        assert!(!merged.success() && shard(&[("a", Status::Pass)]).success());
    }

    #[test]
    fn only_what_ran_and_is_not_red_is_a_success() {
        let success = |statuses: &[Status]| {
            let mut results = Results::new("software");
            statuses.iter().for_each(|&status| results.push(record("x", "other", status)));
            results.success()
        };
        assert!(success(&[Status::Pass, Status::Skipped, Status::ExpectedFailure]));
        assert!(!success(&[]));
        assert!(!success(&[Status::Skipped]), "what is not run never counts as a pass");
        for red in [Status::Fail, Status::Crash, Status::Timeout, Status::Unsupported, Status::UnexpectedPass]
        {
            assert!(!success(&[Status::Pass, red]), "{red}");
        }
    }
}
