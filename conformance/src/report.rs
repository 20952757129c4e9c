//! Failures for people: a page with expected, actual and difference pictures, and the results as JSON beside it.

use std::io;
use std::path::{Path, PathBuf};

use image::{ColorType, ImageError};
use maud::{DOCTYPE, Markup, html};
use serde::Serialize;

use crate::results::{Record, Results, Run};
use crate::run::Pictures;

/// A file of the report cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", .path.display())]
pub struct ReportError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub source: ImageError,
}

impl ReportError {
    fn at(path: &Path) -> impl Fn(io::Error) -> Self {
        move |error| Self { path: path.to_owned(), source: ImageError::IoError(error) }
    }
}

/// Writes `index.html`, `results.json` and the pictures of failed cases into `folder`, which is created when missing.
pub fn write(folder: &Path, run: &Run) -> Result<(), ReportError> {
    std::fs::create_dir_all(folder).map_err(ReportError::at(folder))?;
    for results in &run.backends {
        for (number, record) in results.cases.iter().enumerate() {
            if let Some(pictures) = &record.pictures {
                write_pictures(folder, &results.backend, number, pictures)?;
            }
        }
    }
    write_json(&folder.join("results.json"), run)?;
    let index = folder.join("index.html");
    std::fs::write(&index, page(run).into_string()).map_err(ReportError::at(&index))
}

/// Writes results as JSON.
pub fn write_json(path: &Path, results: &impl Serialize) -> Result<(), ReportError> {
    let mut json = serde_json::to_vec_pretty(results).map_err(|error| ReportError::at(path)(error.into()))?;
    json.push(b'\n');
    std::fs::write(path, json).map_err(ReportError::at(path))
}

fn file_name(backend: &str, number: usize, kind: &str) -> String {
    format!("{backend}-{number:04}-{kind}.png")
}

fn write_pictures(
    folder: &Path,
    backend: &str,
    number: usize,
    pictures: &Pictures,
) -> Result<(), ReportError> {
    let difference = difference(pictures);
    for (kind, rgba) in
        [("expected", &pictures.expected), ("actual", &pictures.actual), ("difference", &difference)]
    {
        let path = folder.join(file_name(backend, number, kind));
        image::save_buffer(&path, rgba, pictures.width, pictures.height, ColorType::Rgba8)
            .map_err(|source| ReportError { path, source })?;
    }
    Ok(())
}

/// Where the pictures differ: black where they are the same, brighter the more a channel differs, white for the greatest
/// difference. A difference in alpha shows in all channels.
fn difference(pictures: &Pictures) -> Vec<u8> {
    let pixels = || pictures.actual.as_chunks::<4>().0.iter().zip(pictures.expected.as_chunks::<4>().0);
    let distance = |(a, e): (&[u8; 4], &[u8; 4])| std::array::from_fn::<u8, 4, _>(|i| a[i].abs_diff(e[i]));
    let greatest = pixels().flat_map(distance).max().unwrap_or(0).max(1);
    let scale = |d: u8| (u32::from(d) * 255 / u32::from(greatest)) as u8;
    let pixel = |[r, g, b, a]: [u8; 4]| [scale(r.max(a)), scale(g.max(a)), scale(b.max(a)), 255];
    pixels().map(distance).flat_map(pixel).collect()
}

const STYLE: &str = "
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
section { border-top: 1px solid #ccc; padding: .5rem 0; }
h2 { font-size: 1rem; overflow-wrap: anywhere; }
figure { display: inline-block; margin: 0 1rem 0 0; }
img { background: #888; image-rendering: pixelated; min-width: 192px; }
.red { color: #b00; }
table { border-collapse: collapse; }
p.path { color: #666; margin: 0; overflow-wrap: anywhere; }
td, th { padding: .1rem .8rem .1rem 0; text-align: left; }
";

fn page(run: &Run) -> Markup {
    let names: Vec<_> = run.backends.iter().map(|results| results.backend.as_str()).collect();
    let title = format!("AeroGPU conformance: {}", names.join(" and "));
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (title) }
                style { (STYLE) }
            }
            body {
                h1 { (title) }
                @for results in &run.backends {
                    @if let Some(adapter) = &results.adapter { p { (results.backend) ": " (adapter) } }
                }
                (totals(run))
                @for path in notable(run) { (section(run, path)) }
            }
        }
    }
}

/// Paths of the cases that somebody must look at, in the order of the run.
fn notable(run: &Run) -> Vec<&str> {
    let mut paths: Vec<&str> = Vec::new();
    let records = run.backends.iter().flat_map(|results| &results.cases);
    for record in records.filter(|record| record.detail.is_some()) {
        if !paths.contains(&record.path.as_str()) {
            paths.push(&record.path);
        }
    }
    paths
}

/// A row a class, and in it for each back end what came of its cases.
fn totals(run: &Run) -> Markup {
    let mut classes: Vec<&str> =
        run.backends.iter().flat_map(|r| r.classes.keys().map(String::as_str)).collect();
    classes.sort_unstable();
    classes.dedup();
    let of = |results: &Results, class: &str| {
        if class == "all" { results.totals } else { results.classes.get(class).copied().unwrap_or_default() }
    };
    html! {
        table {
            tr { th { "cases" } @for results in &run.backends { th colspan="5" { (results.backend) } } }
            tr {
                th {}
                @for _ in &run.backends {
                    th { "passed" } th { "failed" } th { "unsupported" } th { "skipped" } th { "expected failures" }
                }
            }
            @for class in classes.into_iter().chain(["all"]) {
                tr {
                    td { (class) }
                    @for totals in run.backends.iter().map(|results| of(results, class)) {
                        td { (totals.passed) }
                        td { (totals.failed) }
                        td { (totals.unsupported) }
                        td { (totals.skipped) }
                        td { (totals.expected_failures) }
                    }
                }
            }
        }
        p { "The same as " a href="results.json" { "JSON" } "." }
    }
}

/// One case: what came of it on each back end.
fn section(run: &Run, path: &str) -> Markup {
    let records = || {
        run.backends.iter().filter_map(|results| {
            let (number, record) = results.cases.iter().enumerate().find(|(_, r)| r.path == path)?;
            Some((results, number, record))
        })
    };
    let name = records().next().map_or(path, |(.., record)| &record.name);
    html! {
        section {
            h2 { (name) }
            p.path { (path) }
            @for (results, number, record) in records() { (outcome(results, number, record)) }
        }
    }
}

fn outcome(results: &Results, number: usize, record: &Record) -> Markup {
    html! {
        p {
            (results.backend) ": "
            @if results.is_red(record) { span.red { (record.status) } } @else { (record.status) }
            @if let Some(detail) = &record.detail { ": " (detail) }
        }
        @if record.pictures.is_some() {
            @for kind in ["expected", "actual", "difference"] {
                figure {
                    img src=(file_name(&results.backend, number, kind)) alt=(kind);
                    figcaption { (kind) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Status;

    #[test]
    fn differences_are_scaled_to_the_greatest() {
        let pictures = Pictures {
            width: 3,
            height: 1,
            expected: vec![10, 20, 30, 255, 0, 0, 0, 255, 0, 0, 0, 255],
            actual: vec![10, 20, 30, 255, 20, 10, 0, 255, 0, 0, 0, 245],
        };
        assert_eq!(difference(&pictures), [0, 0, 0, 255, 255, 127, 0, 255, 127, 127, 127, 255]);
    }

    #[test]
    fn text_is_escaped() {
        let mut results = Results::new("software");
        results.push(Record {
            path: "cases/script".into(),
            name: "<script>".into(),
            features: Vec::new(),
            class: "other".into(),
            status: Status::Fail,
            detail: Some("a < b".into()),
            pictures: None,
        });
        let page = page(&Run::from(vec![results])).into_string();
        assert!(page.contains("&lt;script&gt;") && page.contains("a &lt; b") && !page.contains("<script>"));
    }
}
