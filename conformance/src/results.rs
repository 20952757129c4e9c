//! What came of a run: a record a case, totals, and both as JSON.
//!
//! ```json
//! {"schema": "aerogpu-conformance-results/1", "backend": "software",
//!  "totals": {"passed": 2, "failed": 1, "skipped": 0, "expected_failures": 1},
//!  "classes": {"d3d11": {"passed": 2, "failed": 1, "skipped": 0, "expected_failures": 1}},
//!  "cases": [{"name": "depth/less", "features": ["d3d11"], "class": "d3d11", "status": "fail",
//!             "detail": "step 3: texture 7: pixel (4,5) is ..."}]}
//! ```
//!
//! `status` is one of the names of [`Status`] in `snake_case`; `detail` is `null` for a pass. Times are left out: the same run
//! gives the same bytes.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::AddAssign;

use serde::Serialize;

use crate::run::Pictures;

/// Identifies the shape of the JSON.
pub const SCHEMA: &str = "aerogpu-conformance-results/1";

/// What came of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    /// Name of the case, or the path of one that cannot be loaded.
    pub name: String,
    /// Its features.
    pub features: Vec<String>,
    /// What it is counted in: see [`stages::class`](crate::stages::class).
    pub class: &'static str,
    /// What came of it.
    pub status: Status,
    /// What happened, unless it passed.
    pub detail: Option<String>,
    /// The picture that is wrong, and what it should be.
    #[serde(skip)]
    pub pictures: Option<Pictures>,
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.name)?;
        self.detail.as_ref().map_or(Ok(()), |detail| write!(f, ": {detail}"))
    }
}

/// How many cases came to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Totals {
    /// As expected.
    pub passed: u64,
    /// Everything that [is red](Status::is_red).
    pub failed: u64,
    /// Not run.
    pub skipped: u64,
    /// Known to fail.
    pub expected_failures: u64,
}

impl AddAssign<Status> for Totals {
    fn add_assign(&mut self, status: Status) {
        *match status {
            Status::Pass => &mut self.passed,
            Status::Skipped => &mut self.skipped,
            Status::ExpectedFailure => &mut self.expected_failures,
            Status::Fail | Status::Crash | Status::Timeout | Status::Unsupported | Status::UnexpectedPass => {
                &mut self.failed
            }
        } += 1;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// A whole run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Results {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// Which back end ran.
    pub backend: String,
    /// All cases.
    pub totals: Totals,
    /// The cases of each class.
    pub classes: BTreeMap<&'static str, Totals>,
    /// In the order of the run.
    pub cases: Vec<Record>,
}

impl Results {
    /// Nothing yet.
    pub fn new(backend: impl Into<String>) -> Self {
        Self {
            schema: SCHEMA,
            backend: backend.into(),
            totals: Totals::default(),
            classes: BTreeMap::new(),
            cases: Vec::new(),
        }
    }

    /// Counts a record and keeps it.
    pub fn push(&mut self, record: Record) {
        self.totals += record.status;
        *self.classes.entry(record.class).or_default() += record.status;
        self.cases.push(record);
    }

    /// Whether the run is a success: something ran, and nothing is red.
    pub fn success(&self) -> bool {
        self.totals.failed == 0 && self.totals.passed + self.totals.expected_failures > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &str, class: &'static str, status: Status) -> Record {
        let features = vec![class.to_owned()];
        Record { name: name.into(), features, class, status, detail: None, pictures: None }
    }

    #[test]
    fn the_json_is_what_the_documentation_says() {
        let mut results = Results::new("software");
        results.push(record("a", "d3d11", Status::Pass));
        let red = Record { detail: Some("step 3: no".into()), ..record("b", "d3d11", Status::Fail) };
        assert_eq!(red.to_string(), "FAIL b: step 3: no");
        results.push(red);
        let json = serde_json::to_value(&results).expect("serialises");
        let expected = serde_json::json!({
            "schema": "aerogpu-conformance-results/1", "backend": "software",
            "totals": {"passed": 1, "failed": 1, "skipped": 0, "expected_failures": 0},
            "classes": {"d3d11": {"passed": 1, "failed": 1, "skipped": 0, "expected_failures": 0}},
            "cases": [
                {"name": "a", "features": ["d3d11"], "class": "d3d11", "status": "pass", "detail": null},
                {"name": "b", "features": ["d3d11"], "class": "d3d11", "status": "fail", "detail": "step 3: no"}]});
        assert_eq!(json, expected);
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
