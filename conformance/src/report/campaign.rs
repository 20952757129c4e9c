//! Campaigns of generated streams: how many, what they reached, and what they found.

use aerogpu::inspect::stats::grouped;
use maud::{Markup, html};

use super::cases::Shown;
use super::page::wide;
use crate::differential::campaign::State;
use crate::differential::coverage::Domain;
use crate::results::Run;

/// Every campaign, shards put together.
pub(super) fn section(run: &Run, shown: &Shown) -> Option<Markup> {
    let campaigns = run.whole_campaigns();
    (!campaigns.is_empty()).then(|| html! { @for state in &campaigns { (campaign(state, shown)) } })
}

fn campaign(state: &State, shown: &Shown) -> Markup {
    let tally = &state.tally;
    let explained: u64 = tally.explained.values().sum();
    let unsupported: u64 = tally.unsupported.values().sum();
    let rows = [
        ("agree", tally.agreed),
        ("differ as the ledger explains", explained),
        ("differ, and nothing explains it", tally.findings.len() as u64),
        ("not supported by the adapter", unsupported),
        ("do not end, and are no fair question", tally.unfair),
    ];
    html! {
        p {
            "Software and " strong { (state.adapter) } ", seed " (state.seed) ", part " (state.shard) ": "
            (grouped(tally.scenes)) " streams. Stream N of a seed is the same everywhere."
        }
        table.numbers.narrow {
            caption { "What came of the streams" }
            tbody {
                @for (what, count) in rows {
                    tr { th.text scope="row" { (what) } td.zero[count == 0] { (grouped(count)) } }
                }
            }
        }
        @if !tally.findings.is_empty() {
            table {
                caption { "Findings" }
                thead { tr { th scope="col" { "stream" } th scope="col" { "what differs, in the smallest stream that shows it" } } }
                tbody {
                    @for finding in &tally.findings {
                        @let name = format!("finding-{}-{}", state.seed, finding.number);
                        tr {
                            th scope="row" { (shown.named(&name, &grouped(finding.number))) }
                            td { (finding.detail) }
                        }
                    }
                }
            }
        }
        (coverage(&tally.domains()))
        @if !tally.unsupported.is_empty() {
            details {
                summary { "What the adapter does not support" }
                table.numbers {
                    caption { "Streams that were not compared" }
                    thead { tr { th.text scope="col" { "what" } th scope="col" { "streams" } } }
                    tbody {
                        @for (what, count) in &tally.unsupported {
                            tr { td.text { (what) } td { (grouped(*count)) } }
                        }
                    }
                }
            }
        }
    }
}

fn coverage(domains: &[Domain]) -> Markup {
    let table = html! {
        table.numbers.stack {
            caption { "What the streams reached" }
            thead {
                tr {
                    th.text scope="col" { "family" }
                    th scope="col" { "there are" }
                    th scope="col" { "reached" }
                    th scope="col" { "compared" }
                    th.text scope="col" { "never reached, or never compared" }
                }
            }
            tbody {
                @for domain in domains {
                    tr {
                        th.text scope="row" { (domain.name) }
                        td data-label="there are" { (domain.total) }
                        td data-label="reached" { (domain.reached) }
                        td data-label="compared" { (domain.compared) }
                        td.text.fine {
                            (named("never reached", &domain.never))
                            (named("never compared", &domain.not_compared))
                        }
                    }
                }
            }
        }
    };
    wide("What the streams reached", table)
}

/// Names of what is missing: a few at once, many on demand.
fn named(what: &str, names: &[String]) -> Markup {
    const FEW: usize = 6;
    html! {
        @if names.len() > FEW {
            details { summary { (what) ": " (names.len()) } (names.join(", ")) }
        } @else if !names.is_empty() {
            p { (what) ": " (names.join(", ")) }
        }
    }
}
