//! Cases that are contradicted: known, with a reason, to expect what Direct3D does not say.
//!
//! They are data, `conformance/expectations.json`, compiled in as the default:
//!
//! ```json
//! [{"case": "copy/overlap", "reason": "expects the copy to fail", "rule": "executor.md 5, COPY_BUFFER"},
//!  {"case": "old-suite/*", "reason": "...", "rule": "..."}]
//! ```
//!
//! `"backend": "wgpu"` limits an entry to a back end. `case` is a whole name, or the beginning of names before a final `*`. A listed case that fails is an expected failure; one
//! that passes turns the run red, so that the list stays true.

use std::path::Path;

use serde::Deserialize;

use crate::case::{CaseError, MAX_JSON_BYTES, read};

/// The list of the repository.
const DEFAULT: &str = include_str!("../expectations.json");

/// The cases that are expected to fail.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub struct Expectations {
    entries: Vec<Entry>,
}

/// Why some cases fail.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Name of the case, or the beginning of names and `*`.
    pub case: String,
    /// What the case expects, and what happens instead.
    pub reason: String,
    /// Where the rule stands that it contradicts.
    pub rule: String,
    /// The back end that it is about; every one when absent.
    pub backend: Option<String>,
}

impl Expectations {
    /// The list that is compiled in.
    pub fn built_in() -> Result<Self, CaseError> {
        Self::parse(DEFAULT.as_bytes(), Path::new("conformance/expectations.json"))
    }

    /// A list from a file.
    pub fn load(path: &Path) -> Result<Self, CaseError> {
        Self::parse(&read(path, MAX_JSON_BYTES)?, path)
    }

    fn parse(text: &[u8], path: &Path) -> Result<Self, CaseError> {
        serde_json::from_slice(text).map_err(|source| CaseError::Json { path: path.to_owned(), source })
    }

    /// Those for a back end.
    #[must_use]
    pub fn of(&self, backend: &str) -> Self {
        let about = |entry: &&Entry| entry.backend.as_deref().is_none_or(|name| name == backend);
        Self { entries: self.entries.iter().filter(about).cloned().collect() }
    }

    /// The first entry that names the case.
    pub fn find(&self, case: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| match entry.case.strip_suffix('*') {
            Some(prefix) => case.starts_with(prefix),
            None => case == entry.case,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_prefixes_are_found() {
        let list = r#"[{"case": "a/b", "reason": "one", "rule": "1"}, {"case": "a/*", "reason": "two", "rule": "2"}]"#;
        let list = Expectations::parse(list.as_bytes(), Path::new("x")).expect("valid");
        let reason = |case| list.find(case).map(|entry| entry.reason.as_str());
        assert_eq!(reason("a/b"), Some("one"));
        assert_eq!(reason("a/bc"), Some("two"));
        assert_eq!(reason("b/a/b"), None);
        let one = r#"[{"case": "a", "reason": "r", "rule": "1", "backend": "wgpu"}]"#;
        let one = Expectations::parse(one.as_bytes(), Path::new("x")).expect("valid");
        assert!(one.of("wgpu").find("a").is_some() && one.of("software").find("a").is_none());
    }

    #[test]
    fn the_built_in_list_is_valid_and_gives_reasons() {
        let list = Expectations::built_in().expect("valid");
        for Entry { case, reason, rule, .. } in &list.entries {
            assert!(!case.is_empty() && !reason.is_empty() && !rule.is_empty(), "{case}");
        }
    }
}
