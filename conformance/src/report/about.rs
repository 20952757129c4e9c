//! What the numbers rest on: the back ends, the accuracy contract, and the divergences that are known.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::cases::Shown;
use super::page::wide;
use crate::differential::ledger::{Ledger, Right};
use crate::generate::tolerance::Rule;
use crate::results::{Record, Run, Status};

/// What the software renderer computes, as the README says it.
const CONTRACT: [(&str, &str); 8] = [
    ("coverage", "Direct3D 11's: positions snapped to 8 bits below the pixel, top-left rule, exact integers"),
    ("interpolation", "one formula in 64-bit floats from the snapped vertices, rounded once"),
    (
        "shader arithmetic",
        "IEEE single precision, round to nearest, denormals flushed as Direct3D says, `mad` in two steps",
    ),
    ("`exp log sin cos rcp rsq sqrt`", "correctly rounded, proven over all 2^32 inputs of each"),
    ("texture coordinates and weights", "8-bit fixed point, exact sums"),
    ("conversions, sRGB, block compression", "exact arithmetic, rounded once"),
    ("depth", "24-bit: nearest; 32-bit float: as it is"),
    ("blending", "each product and sum rounded once, then one conversion"),
];

/// The two halves of the contract: what we compute, and how far another back end may be from it.
pub(super) fn contract() -> Markup {
    html! {
        p {
            "The software renderer is the reference: its results depend on the command stream alone, not on the processor, "
            "the number of threads or the vector instructions. A case passes when what it leaves behind is as the case says, "
            "within the tolerance that the case states; most state none, so that every bit counts."
        }
        table {
            caption { "What the software renderer computes" }
            thead { tr { th scope="col" { "what" } th scope="col" { "rule" } } }
            tbody { @for (what, rule) in CONTRACT { tr { th scope="row" { (code(what)) } td { (code(rule)) } } } }
        }
        p {
            "Generated streams are compared exactly where Direct3D fixes the result: clears, copies, integer work, nearest "
            "sampling, coverage, flat shading. Elsewhere each of these freedoms adds to the bound, and no other does:"
        }
        table {
            caption { "How far another back end may be apart, and why" }
            thead { tr { th scope="col" { "freedom" } th scope="col" { "reason" } } }
            tbody { @for rule in Rule::ALL { tr { th scope="row" { (format!("{rule:?}")) } td { (rule.reason()) } } } }
        }
    }
}

/// Text with code between backquotes.
fn code(text: &str) -> Markup {
    html! {
        @for (i, part) in text.split('`').enumerate() { @if i % 2 == 1 { code { (part) } } @else { (part) } }
    }
}

/// What is known about each back end.
pub(super) fn devices(run: &Run) -> Option<Markup> {
    let known = || run.backends.iter().filter(|r| r.adapter.is_some() || !r.facts.is_empty());
    known().next()?;
    Some(html! {
        @for results in known() {
            table {
                caption { (results.backend) }
                tbody {
                    @if let Some(adapter) = &results.adapter { tr { th scope="row" { "draws with" } td { (adapter) } } }
                    @for fact in &results.facts { tr { th scope="row" { (fact.name) } td { (fact.value) } } }
                }
            }
        }
    })
}

/// What contradicts a rule, or is known to.
#[derive(Default)]
struct Broken<'a> {
    reasons: BTreeSet<&'a str>,
    /// Paths of cases that fail for it, for each back end.
    cases: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

/// Expected failures by the rule that they contradict, and the ledger of what is known of drivers.
pub(super) fn divergences(run: &Run, shown: &Shown) -> Option<Markup> {
    let mut rules: BTreeMap<&str, Broken<'_>> = BTreeMap::new();
    for results in &run.backends {
        let failed = |record: &&Record| record.status == Status::ExpectedFailure;
        for record in results.cases.iter().filter(failed) {
            let Some(known) = &record.known else { continue };
            let broken = rules.entry(known.rule.as_deref().unwrap_or("the case says so")).or_default();
            broken.reasons.insert(&known.reason);
            broken.cases.entry(&results.backend).or_default().insert(&record.path);
        }
    }
    let ledger = ledger(run);
    if rules.is_empty() && ledger.is_none() {
        return None;
    }
    let expected = html! {
        table.numbers.stack {
            caption { "Expected failures: cases that contradict Direct3D, and adapters that do" }
            thead {
                tr {
                    th.text scope="col" { "rule" }
                    th.text scope="col" { "what happens instead" }
                    @for results in &run.backends { th scope="col" { (results.backend) } }
                    th.text scope="col" { "cases" }
                }
            }
            tbody { @for (rule, broken) in &rules { (row(run, shown, rule, broken)) } }
        }
    };
    Some(html! {
        @if !rules.is_empty() { (wide("Expected failures by rule", expected)) }
        @if let Some(ledger) = ledger { (ledger) }
    })
}

fn row(run: &Run, shown: &Shown, rule: &str, broken: &Broken<'_>) -> Markup {
    let all: BTreeSet<&str> = broken.cases.values().flatten().copied().collect();
    html! {
        tr {
            th.text scope="row" { (rule) }
            td.text { @for reason in &broken.reasons { p { (reason) } } }
            @for results in &run.backends {
                @let count = broken.cases.get(results.backend.as_str()).map_or(0, BTreeSet::len);
                td.zero[count == 0] data-label=(results.backend) { (count) }
            }
            td.text data-label="cases" { @for (i, path) in all.iter().enumerate() { @if i > 0 { ", " } (shown.number(path)) } }
        }
    }
}

/// What is known of the drivers that ran.
fn ledger(run: &Run) -> Option<Markup> {
    let ledger = Ledger::built_in().ok()?;
    let campaigns = run.whole_campaigns();
    let adapters: Vec<&str> = run
        .backends
        .iter()
        .filter_map(|results| results.adapter.as_deref())
        .chain(campaigns.iter().map(|state| state.adapter.as_str()))
        .collect();
    let known: Vec<_> = ledger
        .entries
        .iter()
        .filter(|entry| adapters.iter().any(|adapter| adapter.contains(&entry.driver)))
        .collect();
    if known.is_empty() {
        return None;
    }
    let explained =
        |id: &str| campaigns.iter().filter_map(|state| state.tally.explained.get(id)).sum::<u64>();
    let right = |right: Right| match right {
        Right::Software => "software",
        Right::Wgpu => "wgpu",
        Right::Both => "either",
    };
    let table = html! {
        table.numbers.stack {
            caption { "The ledger: known divergences of these drivers" }
            thead {
                tr {
                    th.text scope="col" { "name" }
                    th.text scope="col" { "rule" }
                    th.text scope="col" { "who is right" }
                    th.text scope="col" { "what the other one does" }
                    th.text scope="col" { "seen in" }
                    @if !campaigns.is_empty() { th scope="col" { "streams" } }
                }
            }
            tbody {
                @for entry in known {
                    tr {
                        th.text scope="row" { (entry.id) }
                        td.text { (entry.rule) }
                        td.text data-label="right" { (right(entry.right)) }
                        td.text { (entry.reason) }
                        td.text data-label="seen in" { (entry.driver) ", " (entry.version) }
                        @if !campaigns.is_empty() { td data-label="streams" { (explained(&entry.id)) } }
                    }
                }
            }
        }
    };
    Some(html! {
        (wide("Known divergences", table))
        p.note { "Each has a minimal case of its name in " code { "conformance/divergences" } "." }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_is_the_readme_s() {
        let readme = include_str!("../../../README.md");
        for (what, rule) in CONTRACT {
            assert!(readme.contains(&format!("| {what} | {rule} |")), "{what}");
        }
    }

    #[test]
    fn code_stands_between_backquotes() {
        assert_eq!(code("`a<` b").into_string(), "<code>a&lt;</code> b");
    }
}
