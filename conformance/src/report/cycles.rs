//! What the cases cost on the modelled GPU, and what bounds them.

use std::collections::BTreeMap;

use aerogpu::cycles::{COST_MODEL_VERSION, Stage, Work};
use aerogpu::inspect::stats::grouped;
use maud::{Markup, html};

use super::page::wide;
use crate::results::{Cost, DrawCost, Run, add};

/// All cases of the back end that counts.
pub(super) fn section(run: &Run) -> Option<Markup> {
    let costs = || run.backends.iter().flat_map(|results| &results.cases).filter_map(|r| r.cost.as_ref());
    let (mut cycles, mut draws) = (BTreeMap::new(), BTreeMap::new());
    for cost in costs() {
        cost.bound_cycles.iter().for_each(|(stage, &count)| add(&mut cycles, stage, count));
        cost.draws.iter().for_each(|draw| add(&mut draws, &draw.bound_by, 1));
    }
    let total: u64 = cycles.values().fold(0, |sum, &count| sum.saturating_add(count));
    if total == 0 {
        return None;
    }
    let count = |counts: &BTreeMap<String, u64>, stage: Stage| counts.get(stage.name()).copied().unwrap_or(0);
    let bounding = || Stage::ALL.iter().copied().filter(|&stage| count(&cycles, stage) != 0);
    Some(html! {
        p {
            "The software renderer counts what each draw asks of a modelled GPU (cost model " (COST_MODEL_VERSION)
            "); " code { "aerogpu replay --stats" } " prints the same. The " (grouped(costs().count() as u64))
            " cases that were counted take " (grouped(total)) " cycles. A draw is bound by the stage that is busy longest."
        }
        table.numbers.narrow {
            caption { "By the stage that bounds them" }
            thead {
                tr {
                    th.text scope="col" { "stage" }
                    th scope="col" { "draws" }
                    th scope="col" { "cycles" }
                    th scope="col" { "share" }
                    td {}
                }
            }
            tbody {
                @for stage in bounding() {
                    @let share = count(&cycles, stage) as f64 / total as f64;
                    tr {
                        th.text scope="row" { (stage.name()) }
                        td { (grouped(count(&draws, stage))) }
                        td { (grouped(count(&cycles, stage))) }
                        td { (format!("{:.1} %", share * 100.0)) }
                        td { (bar(share)) }
                    }
                }
            }
        }
    })
}

/// A bar of at most 120 pixels.
pub(super) fn bar(share: f64) -> Markup {
    html! {
        svg.bar width="120" height="10" aria-hidden="true" {
            rect width="120" height="10" class="rest" {}
            rect width=(format!("{:.1}", share * 120.0)) height="10" {}
        }
    }
}

/// What one case costs: its draws, and its counters.
pub(super) fn details(cost: &Cost, open: bool) -> Markup {
    let count = cost.draws.len() as u64 + cost.more_draws;
    let draws = if count == 1 { "1 draw".to_owned() } else { format!("{} draws", grouped(count)) };
    html! {
        details open[open] {
            summary { "Cost: " (grouped(cost.cycles)) " cycles, " (draws) }
            @if !cost.draws.is_empty() { (wide("Draws", draws_table(cost))) }
            @if cost.more_draws > 0 { p.note { "And " (grouped(cost.more_draws)) " more." } }
            (counters(cost))
        }
    }
}

fn draws_table(cost: &Cost) -> Markup {
    html! {
        table.numbers {
            caption { "Draws, and what bounds each" }
            thead {
                tr {
                    th scope="col" { "submission" }
                    th.text scope="col" { "packet" }
                    th scope="col" { "at byte" }
                    th scope="col" { "primitives" }
                    th scope="col" { "pixels" }
                    th scope="col" { "cycles" }
                    th.text scope="col" { "bound by" }
                    th scope="col" { "busy" }
                }
            }
            tbody {
                @for DrawCost { submission, packet, offset, primitives, pixels, cycles, bound_by, bound_cycles } in &cost.draws {
                    tr {
                        td { (submission) }
                        td.text { code { (packet) } }
                        td { (offset) }
                        td { (grouped(*primitives)) }
                        td { (grouped(*pixels)) }
                        td { (grouped(*cycles)) }
                        td.text { (bound_by) }
                        td { (grouped(*bound_cycles)) }
                    }
                }
            }
        }
    }
}

fn counters(cost: &Cost) -> Markup {
    let rows = || {
        let count = |name: &str| cost.counters.get(name).copied();
        Work::COUNTERS.iter().filter_map(move |counter| Some((counter, count(counter.name)?)))
    };
    html! {
        details {
            summary { "Counters" }
            table.numbers.narrow {
                caption { "What was done, added up" }
                tbody {
                    @for (counter, count) in rows() {
                        tr {
                            th.text scope="row" { (counter.name) }
                            td { (grouped(count)) }
                            td.text.fine { (counter.meaning) }
                        }
                    }
                }
            }
        }
    }
}
