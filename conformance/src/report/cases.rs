//! Cases that somebody must look at, each with everything that is known of its failure.

use std::collections::BTreeMap;

use aerogpu::inspect::stats::grouped;
use maud::{Markup, html};

use super::page::{Links, wide};
use super::{cycles, picture};
use crate::compare::Bin;
use crate::results::{Difference, Record, Results, Run, Status};

/// The cases that are shown one by one, by path in the order of the run, each with its name.
pub(super) struct Shown {
    red: Vec<(String, String)>,
    expected: Vec<(String, String)>,
}

impl Shown {
    /// Those that failed on some back end, and those that were expected to.
    pub(super) fn of(run: &Run) -> Self {
        let mut shown = Self { red: Vec::new(), expected: Vec::new() };
        let mut known = std::collections::HashSet::new();
        let mut add = |wanted: &dyn Fn(&Results, &Record) -> bool, into: &mut Vec<_>| {
            for results in &run.backends {
                for record in results.cases.iter().filter(|record| wanted(results, record)) {
                    if known.insert(record.path.as_str()) {
                        into.push((record.path.clone(), record.name.clone()));
                    }
                }
            }
        };
        add(&Results::is_red, &mut shown.red);
        add(&|_, record| record.status == Status::ExpectedFailure, &mut shown.expected);
        shown
    }

    fn all(&self) -> impl Iterator<Item = (usize, &(String, String))> {
        (1..).zip(self.red.iter().chain(&self.expected))
    }

    /// A link to a case by its number in the page.
    pub(super) fn number(&self, path: &str) -> Markup {
        let number = self.all().find(|(_, (shown, _))| shown == path).map(|(number, _)| number);
        html! { @if let Some(number) = number { a href=(format!("#case-{number}")) { (number) } } }
    }

    /// `text`, as a link to the case of this name if it is shown.
    pub(super) fn named(&self, name: &str, text: &str) -> Markup {
        let number = self.all().find(|(_, (_, shown))| shown == name).map(|(number, _)| number);
        html! {
            @if let Some(number) = number { a href=(format!("#case-{number}")) { (text) } } @else { (text) }
        }
    }

    /// Failures, when there are cases at all.
    pub(super) fn failures(&self, run: &Run, links: &Links<'_>) -> Option<Markup> {
        run.ran().next()?;
        Some(html! {
            @if self.red.is_empty() { p { "None." } }
            @for (number, (path, name)) in self.all().take(self.red.len()) { (case(run, links, number, (path, name), true)) }
        })
    }

    /// Expected failures, if any.
    pub(super) fn expected(&self, run: &Run, links: &Links<'_>) -> Option<Markup> {
        self.expected.first()?;
        Some(html! {
            @for (number, (path, name)) in self.all().skip(self.red.len()) {
                (case(run, links, number, (path, name), false))
            }
        })
    }

    /// What back ends say that they do not support, by what it is.
    pub(super) fn unsupported(&self, run: &Run, links: &Links<'_>) -> Option<Markup> {
        let mut reasons: BTreeMap<(&str, &str), Vec<&Record>> = BTreeMap::new();
        for results in &run.backends {
            let unsupported =
                |record: &&Record| record.status == Status::Unsupported && !results.is_red(record);
            for record in results.cases.iter().filter(unsupported) {
                reasons.entry((&results.backend, reason(record))).or_default().push(record);
            }
        }
        reasons.first_key_value()?;
        Some(html! {
            p { "What a back end says by name that it cannot do. It is never drawn differently, and is no failure." }
            table.numbers {
                caption { "Unsupported, by reason" }
                thead {
                    tr {
                        th.text scope="col" { "back end" }
                        th.text scope="col" { "what" }
                        th scope="col" { "cases" }
                    }
                }
                tbody {
                    @for ((backend, what), records) in &reasons {
                        tr {
                            td.text { (backend) }
                            td.text {
                                details {
                                    summary { (what) }
                                    ul { @for record in records { li { (link(links, &record.path, &record.name)) } } }
                                }
                            }
                            td { (records.len()) }
                        }
                    }
                }
            }
        })
    }
}

/// What is not supported, without where it stood.
fn reason(record: &Record) -> &str {
    let detail = record.detail.as_deref().unwrap_or_default();
    let what = detail.split_once("not supported: ").map_or(detail, |(_, what)| what);
    what.split_once(" (and ").map_or(what, |(what, _)| what)
}

fn link(links: &Links<'_>, path: &str, text: &str) -> Markup {
    html! { @if let Some(to) = links.to(path) { a href=(to) { (text) } } @else { (text) } }
}

/// One case: what came of it on each back end, and what it costs.
fn case(run: &Run, links: &Links<'_>, number: usize, (path, name): (&str, &str), open: bool) -> Markup {
    let records = || run.backends.iter().filter_map(|results| Some((results, results.at(path)?)));
    let features = records().next().map_or(&[][..], |(_, record)| &record.features);
    let cost = records().find_map(|(_, record)| record.cost.as_ref());
    html! {
        article.case id=(format!("case-{number}")) {
            h3 { span.number { (number) } " " (name) }
            p.path { (link(links, path, path)) @for feature in features { " " span.tag { (feature) } } }
            @for (results, record) in records() { (outcome(results, record)) }
            @if let Some(cost) = cost { (cycles::details(cost, open)) }
        }
    }
}

fn outcome(results: &Results, record: &Record) -> Markup {
    let red = results.is_red(record);
    html! {
        p.outcome {
            strong { (results.backend) } " "
            span.badge.bad[red].good[record.status == Status::Pass] { (record.status.to_string().to_lowercase()) }
            @if let Some(detail) = &record.detail { " " (detail) }
        }
        @if let (Some(known), Status::ExpectedFailure) = (&record.known, record.status) {
            p.note { "Known: " (known.reason) @if let Some(rule) = &known.rule { "; " (rule) } "." }
        }
        @if let Some(difference) = &record.difference { (evidence(difference)) }
    }
}

/// What is to be seen of a difference.
fn evidence(difference: &Difference) -> Markup {
    html! {
        @if let Some(pictures) = &difference.pictures { (picture::figures(difference, pictures)) }
        div.evidence { (first(difference)) (histogram(difference)) }
    }
}

/// The first pixel that differs, channel by channel.
fn first(difference: &Difference) -> Markup {
    let Difference { place, first: (x, y), channels, expected, actual, tolerance, .. } = difference;
    let value = |value: Option<f64>| value.map_or("not finite".to_owned(), |value| value.to_string());
    let apart = |(e, a): (Option<f64>, Option<f64>)| value(e.zip(a).map(|(e, a)| (e - a).abs()));
    let unit = unit(difference);
    let channels = || channels.iter().zip(expected.iter().copied().zip(actual.iter().copied()));
    let table = html! {
        table.numbers.narrow {
            caption {
                "First differing " (unit) " of " (place) ": "
                @if unit == "byte" { (x) } @else { "column " (x) ", row " (y) }
            }
            thead {
                tr {
                    td {}
                    th scope="col" { "expected" }
                    th scope="col" { "actual" }
                    th scope="col" { "difference" }
                }
            }
            tbody {
                @for (name, (e, a)) in channels() {
                    tr.same[e == a] {
                        th.text scope="row" { (name) }
                        td { (value(e)) }
                        td { (value(a)) }
                        td { (apart((e, a))) }
                    }
                }
            }
        }
    };
    html! {
        div {
            (wide("First difference", table))
            p.note {
                (grouped(difference.differing)) " of " (grouped(difference.compared)) " " (unit) "s differ by more than "
                (tolerance.channel) @if tolerance.pixels > 0 { ", where " (tolerance.pixels) " may" }
                "; the greatest difference is " (value(difference.greatest)) "."
            }
        }
    }
}

/// What is compared with what.
fn unit(difference: &Difference) -> &'static str {
    if difference.place.starts_with("texture") { "pixel" } else { "byte" }
}

/// How many pixels differ by how much.
fn histogram(difference: &Difference) -> Markup {
    let bins = &difference.histogram;
    let most = bins.iter().map(|bin| bin.pixels).max().unwrap_or(0).max(1);
    let equal = difference.compared.saturating_sub(bins.iter().map(|bin| bin.pixels).sum());
    let rows = bins.iter().enumerate().map(|(i, bin)| (label(bins, i), bin.pixels));
    html! {
        table.numbers.narrow.histogram {
            caption { "How many differ by how much" }
            thead {
                tr {
                    th scope="col" { "difference" }
                    th scope="col" { (unit(difference)) "s" }
                    td {}
                }
            }
            tbody {
                tr { th scope="row" { "0" } td.zero[equal == 0] { (grouped(equal)) } td {} }
                @for (label, pixels) in rows {
                    tr {
                        th scope="row" { (label) }
                        td.zero[pixels == 0] { (grouped(pixels)) }
                        td { (cycles::bar(pixels as f64 / most as f64)) }
                    }
                }
            }
        }
    }
}

/// What a bar of a histogram holds: `5-8` of whole steps, `to 0.001` of fractions.
fn label(bins: &[Bin], i: usize) -> String {
    let below = i.checked_sub(1).and_then(|i| bins[i].up_to);
    match (below, bins[i].up_to) {
        (Some(below), None) => format!("above {below}"),
        (None, None) => "any".to_owned(),
        (_, Some(limit)) if limit < 1.0 || bins[0].up_to.is_some_and(|first| first < 1.0) => {
            format!("to {limit}")
        }
        (below, Some(limit)) => {
            let first = below.unwrap_or(0.0) + 1.0;
            if first == limit { format!("{limit}") } else { format!("{first}\u{2013}{limit}") }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_named_by_what_they_hold() {
        let bins = |limits: &[Option<f64>]| -> Vec<Bin> {
            limits.iter().map(|&up_to| Bin { up_to, pixels: 0 }).collect()
        };
        let steps = bins(&[Some(1.0), Some(2.0), Some(4.0), Some(255.0)]);
        let labels: Vec<String> = (0..4).map(|i| label(&steps, i)).collect();
        assert_eq!(labels, ["1", "2", "3\u{2013}4", "5\u{2013}255"]);
        let depth = bins(&[Some(1e-7), Some(1.0), None]);
        let labels: Vec<String> = (0..3).map(|i| label(&depth, i)).collect();
        assert_eq!(labels, ["to 0.0000001", "to 1", "above 1"]);
    }

    #[test]
    fn reasons_are_told_without_their_place() {
        let detail = "step 1: packet at byte 24 (DRAW): not supported: fans (and 2 more)".to_owned();
        assert_eq!(reason(&Record { detail: Some(detail), ..Record::default() }), "fans");
        assert_eq!(reason(&Record::default()), "");
    }
}
