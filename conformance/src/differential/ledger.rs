//! The ledger of known divergences, `conformance/divergences.toml`: who is right by which rule, where, and how to recognise one.
//!
//! ```toml
//! [[divergence]]
//! id = "lines"
//! driver = "llvmpipe"            # part of the adapter's name; of every adapter when empty
//! version = "22.3.6"             # where it was seen
//! right = "software"             # or "wgpu", or "both" where the rule leaves it open
//! rule = "D3D 11.3 3.4.4"
//! reason = "what the other one does instead"
//! needs = ["topology:LineList"]  # what the minimal stream has, by coverage
//! case = "lines"                 # folder in conformance/divergences
//! ```
//!
//! A finding of a campaign is explained by the first entry of its driver whose needs its minimal stream has: streams shrink
//! towards triangles that stay inside of their viewport, so that lines, or clipping, are only left where they matter. The case
//! of an entry passes on the software renderer and fails on the driver: when that is no longer so, a test is red.

use serde::Deserialize;

use super::coverage::Coverage;

/// The ledger of the repository.
const TEXT: &str = include_str!("../../divergences.toml");

/// A known divergence.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Divergence {
    /// Short name.
    pub id: String,
    /// Part of the adapter's name.
    pub driver: String,
    /// The driver's version where it was seen.
    pub version: String,
    /// Who is right.
    pub right: Right,
    /// Where the rule stands.
    pub rule: String,
    /// What happens instead.
    pub reason: String,
    /// What a stream that shows it has, as [`Coverage`] names it.
    pub needs: Vec<String>,
    /// The minimal case: a folder in `conformance/divergences`.
    pub case: String,
}

/// Who is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// The software renderer.
    Software,
    /// The adapter.
    Wgpu,
    /// The rule leaves it open.
    Both,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// In the order of the file.
    #[serde(default, rename = "divergence")]
    pub entries: Vec<Divergence>,
}

impl Ledger {
    /// The ledger that is compiled in.
    ///
    /// # Errors
    /// What the file has wrong.
    pub fn built_in() -> Result<Self, toml::de::Error> {
        toml::from_str(TEXT)
    }

    /// The entries for an adapter.
    pub fn of<'a>(&'a self, adapter: &'a str) -> impl Iterator<Item = &'a Divergence> {
        self.entries.iter().filter(move |entry| adapter.contains(&entry.driver))
    }

    /// What explains a difference of an adapter in a minimal stream.
    pub fn explain(&self, adapter: &str, minimal: &Coverage) -> Option<&Divergence> {
        self.entries
            .iter()
            .filter(|entry| adapter.contains(&entry.driver))
            .find(|entry| entry.needs.iter().all(|need| minimal.has(need)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_is_valid_and_says_why() {
        let ledger = Ledger::built_in().expect("valid");
        for entry in &ledger.entries {
            let Divergence { id, rule, reason, needs, case, .. } = entry;
            assert!(
                [id, rule, reason, case].iter().all(|text| !text.is_empty()) && !needs.is_empty(),
                "{id}"
            );
        }
    }
}
