//! Failures for people: a page with expected, actual and difference pictures, and the results as JSON beside it.

use std::io;
use std::path::{Path, PathBuf};

use image::{ColorType, ImageError};
use maud::{DOCTYPE, Markup, html};

use crate::results::{Record, Results, Status};
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
pub fn write(folder: &Path, results: &Results) -> Result<(), ReportError> {
    std::fs::create_dir_all(folder).map_err(ReportError::at(folder))?;
    for (number, record) in results.cases.iter().enumerate() {
        if let Some(pictures) = &record.pictures {
            write_pictures(folder, number, pictures)?;
        }
    }
    write_json(&folder.join("results.json"), results)?;
    let index = folder.join("index.html");
    std::fs::write(&index, page(results).into_string()).map_err(ReportError::at(&index))
}

/// Writes the results as JSON.
pub fn write_json(path: &Path, results: &Results) -> Result<(), ReportError> {
    let mut json = serde_json::to_vec_pretty(results).map_err(|error| ReportError::at(path)(error.into()))?;
    json.push(b'\n');
    std::fs::write(path, json).map_err(ReportError::at(path))
}

fn file_name(number: usize, kind: &str) -> String {
    format!("{number:04}-{kind}.png")
}

fn write_pictures(folder: &Path, number: usize, pictures: &Pictures) -> Result<(), ReportError> {
    let difference = difference(pictures);
    for (kind, rgba) in
        [("expected", &pictures.expected), ("actual", &pictures.actual), ("difference", &difference)]
    {
        let path = folder.join(file_name(number, kind));
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
td, th { padding: .1rem .8rem .1rem 0; text-align: left; }
";

fn page(results: &Results) -> Markup {
    let notable = results.cases.iter().enumerate().filter(|(_, record)| record.detail.is_some());
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { "AeroGPU conformance: " (results.backend) }
                style { (STYLE) }
            }
            body {
                h1 { "AeroGPU conformance: " (results.backend) }
                (totals(results))
                @for (number, record) in notable { (section(number, record)) }
            }
        }
    }
}

fn totals(results: &Results) -> Markup {
    let classes = results.classes.iter().map(|(class, totals)| (*class, totals));
    html! {
        table {
            tr { th { "cases" } th { "passed" } th { "failed" } th { "skipped" } th { "expected failures" } }
            @for (class, totals) in classes.chain([("all", &results.totals)]) {
                tr {
                    td { (class) }
                    td { (totals.passed) }
                    td { (totals.failed) }
                    td { (totals.skipped) }
                    td { (totals.expected_failures) }
                }
            }
        }
        p { "The same as " a href="results.json" { "JSON" } "." }
    }
}

fn section(number: usize, record: &Record) -> Markup {
    html! {
        section {
            h2 {
                @if record.status == Status::ExpectedFailure { (record.status) }
                @else { span.red { (record.status) } }
                " " (record.name)
            }
            p { (record.detail.as_deref().unwrap_or_default()) }
            @if record.pictures.is_some() {
                @for kind in ["expected", "actual", "difference"] {
                    figure {
                        img src=(file_name(number, kind)) alt=(kind);
                        figcaption { (kind) }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            name: "<script>".into(),
            features: Vec::new(),
            class: "other",
            status: Status::Fail,
            detail: Some("a < b".into()),
            pictures: None,
        });
        let page = page(&results).into_string();
        assert!(page.contains("&lt;script&gt;") && page.contains("a &lt; b") && !page.contains("<script>"));
    }
}
