//! The summary: what came of the cases, by class and feature, a group of columns for each back end.

use std::collections::BTreeSet;

use aerogpu::inspect::stats::grouped;
use maud::{Markup, html};

use super::page::wide;
use crate::results::{Record, Results, Run, Status};

/// How many cases came to what, as the columns of the table say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Counts {
    pass: u64,
    expected: u64,
    unsupported: u64,
    differs: u64,
    failed: u64,
    skipped: u64,
}

impl Counts {
    fn of<'a>(results: &Results, records: impl Iterator<Item = &'a Record>) -> Self {
        let mut counts = Self::default();
        for record in records {
            *match record.status {
                Status::Pass => &mut counts.pass,
                Status::ExpectedFailure => &mut counts.expected,
                Status::Skipped => &mut counts.skipped,
                Status::Unsupported if !results.is_red(record) => &mut counts.unsupported,
                Status::Fail if record.difference.is_some() => &mut counts.differs,
                _ => &mut counts.failed,
            } += 1;
        }
        counts
    }

    /// The columns: names and numbers, and whether a number that is not 0 is bad.
    fn columns(&self, with_skipped: bool) -> Vec<(&'static str, u64, bool)> {
        let mut columns = vec![
            ("pass", self.pass, false),
            ("expected failure", self.expected, false),
            ("unsupported", self.unsupported, false),
            ("differs", self.differs, true),
            ("failed", self.failed, true),
        ];
        if with_skipped {
            columns.push(("skipped", self.skipped, false));
        }
        columns
    }
}

/// A line for each back end, in the words of the console.
pub(super) fn verdict(run: &Run) -> Markup {
    let words = |results: &Results| match results.totals.expected_failures {
        0 => results.totals.to_string(),
        1 => format!("{}, 1 expected failure", results.totals),
        n => format!("{}, {n} expected failures", results.totals),
    };
    html! {
        ul.verdict {
            @for results in run.ran() {
                li {
                    @let good = results.success();
                    span.badge.good[good].bad[!good] { (if good { "passed" } else { "failed" }) }
                    " " strong { (results.backend) } ": " (words(results))
                }
            }
            @for state in run.whole_campaigns() {
                li {
                    @let good = state.tally.findings.is_empty();
                    span.badge.good[good].bad[!good] { (if good { "passed" } else { "failed" }) }
                    " " strong { "campaign" } ": " (grouped(state.tally.scenes)) " streams on " (state.adapter)
                    ", " (state.tally.findings.len()) " findings"
                }
            }
        }
    }
}

/// The table, when there are cases.
pub(super) fn section(run: &Run) -> Option<Markup> {
    let records = || run.backends.iter().flat_map(|results| &results.cases);
    records().next()?;
    let classes: BTreeSet<&str> = records().map(|record| record.class.as_str()).collect();
    let features: BTreeSet<&str> =
        records().flat_map(|record| &record.features).map(String::as_str).collect();
    let skipped = records().any(|record| record.status == Status::Skipped);
    let row = |name: &str, with: &dyn Fn(&Record) -> bool| {
        html! {
            tr {
                th scope="row" { (name) }
                @for results in &run.backends {
                    @for (i, (_, count, bad)) in counts(results, with).columns(skipped).into_iter().enumerate() {
                        td.first[i == 0].zero[count == 0].bad[bad && count != 0] { (grouped(count)) }
                    }
                }
            }
        }
    };
    let names: Vec<&str> = Counts::default().columns(skipped).into_iter().map(|column| column.0).collect();
    let table = html! {
        table.numbers.counts {
            caption { "Cases by what came of them" }
            thead {
                tr {
                    td rowspan="2" {}
                    @for results in &run.backends { th.first scope="colgroup" colspan=(names.len()) { (results.backend) } }
                }
                tr {
                    @for _ in &run.backends {
                        @for (i, name) in names.iter().enumerate() { th.first[i == 0] scope="col" { (name) } }
                    }
                }
            }
            tbody { (row("all", &|_| true)) }
            @if classes.len() > 1 {
                tbody { (group("by class", run, names.len())) @for class in &classes { (row(class, &|r| r.class == *class)) } }
            }
            @if !features.is_empty() {
                tbody {
                    (group("by feature", run, names.len()))
                    @for feature in &features { (row(feature, &|r| r.features.iter().any(|f| f == feature))) }
                }
            }
        }
    };
    Some(html! {
        (wide("Cases by what came of them", table))
        p.note {
            "A case counts in each of its features. " em { "Differs" } ": it ran, and something that it left behind is not as "
            "expected. " em { "Failed" } ": an error, a crash, a time-out, or a pass of a case that is listed as an expected "
            "failure. The console calls both of them failed."
        }
    })
}

fn group(name: &str, run: &Run, columns: usize) -> Markup {
    html! { tr.group { th scope="rowgroup" colspan=(1 + run.backends.len() * columns) { (name) } } }
}

fn counts(results: &Results, with: &dyn Fn(&Record) -> bool) -> Counts {
    Counts::of(results, results.cases.iter().filter(|record| with(record)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::GPU;

    #[test]
    fn the_columns_add_up_to_the_console_s_numbers() {
        let mut results = Results::new(GPU);
        for status in [
            Status::Pass,
            Status::Fail,
            Status::Crash,
            Status::Timeout,
            Status::Unsupported,
            Status::ExpectedFailure,
            Status::UnexpectedPass,
            Status::Skipped,
        ] {
            results.push(Record { class: "other".into(), status, ..Record::default() });
        }
        let counts = counts(&results, &|_| true);
        assert_eq!(counts.differs + counts.failed, results.totals.failed);
        assert_eq!((counts.pass, counts.unsupported), (results.totals.passed, results.totals.unsupported));
        assert_eq!((counts.expected, counts.skipped), (1, 1));
    }
}
