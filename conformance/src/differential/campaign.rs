//! Scene after scene from one seed, until somebody says stop.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use aerogpu::Backend;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde::{Deserialize, Serialize};

use super::coverage::{Coverage, Domain};
use super::ledger::Ledger;
use super::{Difference, Observation, Verdict, compare, observe};
use crate::generate::{Scene, strategy};

/// Identifies the shape of a campaign's JSON.
pub const SCHEMA: &str = "aerogpu-conformance-campaign/1";

/// Smaller scenes that are tried for a finding.
const SHRINK_STEPS: usize = 256;

/// Made-up scenes, each a function of the campaign's seed and its own number.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// Of the campaign.
    pub seed: u64,
}

/// A scene that two back ends disagree about, made small.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Number of the scene it came from.
    pub number: u64,
    /// As small as it got.
    pub scene: Scene,
    /// What differs in it.
    pub difference: Difference,
    /// What it reaches.
    pub coverage: Coverage,
}

/// What a campaign came to.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Scenes run.
    pub scenes: u64,
    /// Those on which both agree.
    pub agreed: u64,
    /// Those that the other back end does not support, by name.
    pub unsupported: BTreeMap<String, u64>,
    /// Those whose shaders do not end.
    pub unfair: u64,
    /// Differences that the ledger explains, by entry.
    pub explained: BTreeMap<String, u64>,
    /// Differences that nothing explains.
    pub findings: Vec<FindingRecord>,
    /// What the scenes reached.
    pub coverage: Coverage,
    /// What those of them reached on which both back ends were compared.
    #[serde(default)]
    pub compared: Coverage,
}

/// Where a campaign stands, as its JSON says it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// [`SCHEMA`].
    pub schema: String,
    /// Of the streams.
    pub seed: u64,
    /// The other back end.
    pub adapter: String,
    /// Which part of the streams, such as `2/8`.
    pub shard: String,
    /// The number of the stream that comes next.
    pub next: u64,
    /// What it came to so far.
    pub tally: Tally,
    /// How much of everything it reached so far, as the tally's coverage says.
    #[serde(default)]
    pub domains: Vec<Domain>,
}

impl State {
    /// A campaign that begins.
    pub fn new(seed: u64, adapter: &str, shard: &str) -> Self {
        let (adapter, shard) = (adapter.to_owned(), shard.to_owned());
        Self {
            schema: SCHEMA.into(),
            seed,
            adapter,
            shard,
            next: 0,
            tally: Tally::default(),
            domains: Vec::new(),
        }
    }

    /// Adds another shard of the same campaign.
    pub fn add_shard(&mut self, other: &Self) {
        self.shard = format!("{}, {}", self.shard, other.shard);
        self.next = self.next.max(other.next);
        self.tally.merge(&other.tally);
    }

    /// Whether it is the same campaign, further on.
    pub fn continues(&self, other: &Self) -> bool {
        let key =
            |state: &Self| (state.schema.clone(), state.seed, state.adapter.clone(), state.shard.clone());
        key(self) == key(other)
    }
}

/// A finding, as JSON says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingRecord {
    /// Number of the scene.
    pub number: u64,
    /// What differs.
    pub detail: String,
}

impl Source {
    fn tree(self, number: u64) -> Option<impl ValueTree<Value = Scene>> {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&self.seed.to_le_bytes());
        bytes[8..16].copy_from_slice(&number.to_le_bytes());
        let config = Config { failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
        strategy::scenes().new_tree(&mut runner).ok()
    }

    /// The scene with this number; `None` never happens, for no strategy rejects.
    pub fn scene(self, number: u64) -> Option<Scene> {
        Some(self.tree(number)?.current())
    }

    /// Runs scene `number` on both back ends, counts it, and gives a difference, made small.
    pub fn run(
        self,
        number: u64,
        reference: &mut dyn Backend,
        other: &mut dyn Backend,
        tally: &mut Tally,
    ) -> Option<Finding> {
        let mut tree = self.tree(number)?;
        tally.scenes += 1;
        let coverage = tree.current().script().map(|script| Coverage::of(&script)).unwrap_or_default();
        tally.coverage.merge(&coverage);
        let verdict_of_all = verdict(&tree.current(), reference, other);
        if matches!(verdict_of_all, Verdict::Agree | Verdict::Differ(_)) {
            tally.compared.merge(&coverage);
        }
        let mut best = match verdict_of_all {
            Verdict::Agree => {
                tally.agreed += 1;
                return None;
            }
            Verdict::Unsupported(what) => {
                *tally.unsupported.entry(what).or_default() += 1;
                return None;
            }
            Verdict::Unfair => {
                tally.unfair += 1;
                return None;
            }
            Verdict::Differ(difference) => (tree.current(), difference),
        };
        let mut steps = 0;
        let mut more = tree.simplify();
        while more && steps < SHRINK_STEPS {
            steps += 1;
            let scene = tree.current();
            more = match verdict(&scene, reference, other) {
                Verdict::Differ(difference) => {
                    best = (scene, difference);
                    tree.simplify()
                }
                _ => tree.complicate(),
            };
        }
        let (scene, difference) = best;
        let coverage = scene.script().map(|script| Coverage::of(&script)).unwrap_or_default();
        Some(Finding { number, scene, difference, coverage })
    }
}

impl Tally {
    /// Adds what other scenes of the same campaign came to. A finding that both have is taken once.
    pub fn merge(&mut self, other: &Self) {
        let Self { scenes, agreed, unsupported, unfair, explained, findings, coverage, compared } = other;
        self.scenes += scenes;
        self.agreed += agreed;
        self.unfair += unfair;
        for (what, count) in unsupported {
            *self.unsupported.entry(what.clone()).or_default() += count;
        }
        for (id, count) in explained {
            *self.explained.entry(id.clone()).or_default() += count;
        }
        for finding in findings {
            if !self.findings.contains(finding) {
                self.findings.push(finding.clone());
            }
        }
        self.findings.sort_by_key(|finding| finding.number);
        self.coverage.merge(coverage);
        self.compared.merge(compared);
    }

    /// How much of everything was reached.
    pub fn domains(&self) -> Vec<Domain> {
        self.coverage.domains(&self.compared)
    }

    /// Counts a finding: as explained by the ledger, or as one that somebody must look at. True for the latter.
    pub fn count(&mut self, finding: &Finding, ledger: &Ledger, adapter: &str) -> bool {
        match ledger.explain(adapter, &finding.coverage) {
            Some(entry) => {
                *self.explained.entry(entry.id.clone()).or_default() += 1;
                false
            }
            None => {
                let detail = finding.difference.to_string();
                self.findings.push(FindingRecord { number: finding.number, detail });
                true
            }
        }
    }
}

/// What both back ends make of a scene. A panic is a difference too.
pub fn verdict(scene: &Scene, reference: &mut dyn Backend, other: &mut dyn Backend) -> Verdict {
    let failed = |detail: String| Verdict::Differ(Difference { place: None, detail });
    match scene.script() {
        Err(error) => failed(format!("the generator's shader does not assemble: {error}")),
        Ok(script) => {
            let compared = catch_unwind(AssertUnwindSafe(|| compare(&script, reference, other)));
            compared.unwrap_or_else(|_| failed("a back end panicked".into()))
        }
    }
}

/// Writes a finding as a case, which passes on the reference, and as a trace and the scene's text beside it.
///
/// # Errors
/// When a file cannot be written.
pub fn write(
    folder: &Path,
    name: &str,
    finding: &Finding,
    reference: &mut dyn Backend,
) -> std::io::Result<()> {
    let Finding { scene, difference, .. } = finding;
    let Ok(script) = scene.script() else { return Ok(()) };
    let expected = match observe(&script, reference) {
        Observation::Seen(seen) => seen,
        _ => Vec::new(),
    };
    script.write(folder, name, "generated, minimal", &expected)?;
    std::fs::write(folder.join("scene.txt"), format!("{difference}\n\n{scene:#?}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scene_depends_on_seed_and_number_alone() {
        let scene = |seed, number| Source { seed }.scene(number).expect("a scene");
        assert_eq!(scene(1, 2), scene(1, 2));
        assert_ne!(scene(1, 2), scene(1, 3));
        assert_ne!(scene(1, 2), scene(2, 2));
    }

    #[test]
    fn shards_add_up_and_findings_are_listed_once() {
        let finding = |number| FindingRecord { number, detail: "it differs".into() };
        let shard = |name: &str, next, findings: &[u64]| {
            let mut state = State::new(7, "adapter", name);
            state.next = next;
            state.tally = Tally { scenes: 10, agreed: 8, unfair: 1, ..Tally::default() };
            state.tally.unsupported.insert("fans".into(), 1);
            state.tally.findings = findings.iter().map(|&number| finding(number)).collect();
            state
        };
        let mut whole = shard("1/2", 19, &[4, 6]);
        whole.add_shard(&shard("2/2", 20, &[5, 6]));
        let Tally { scenes, agreed, unfair, unsupported, findings, .. } = whole.tally;
        assert_eq!((scenes, agreed, unfair, unsupported["fans"]), (20, 16, 2, 2));
        assert_eq!(findings, [finding(4), finding(5), finding(6)]);
        assert_eq!((whole.next, whole.shard.as_str()), (20, "1/2, 2/2"));
    }
}
