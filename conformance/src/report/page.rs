//! The page as a whole: what stands in it, in which order, and what links to what.

use std::path::Path;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{about, campaign, cases, cycles, summary};
use crate::results::{Run, SCHEMA};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("zoom.js");

/// A section: its anchor, its heading, and what it says; without the latter there is none.
type Section = (&'static str, &'static str, Option<Markup>);

/// The page of a report that lies in `folder`.
pub(super) fn page(run: &Run, folder: &Path) -> Markup {
    let links = Links { folder };
    let shown = cases::Shown::of(run);
    let sections: [Section; 9] = [
        ("summary", "Summary", summary::section(run)),
        ("failures", "Failures", shown.failures(run, &links)),
        ("campaign", "Campaign", campaign::section(run, &shown)),
        ("unsupported", "Unsupported", shown.unsupported(run, &links)),
        ("divergences", "Divergences by rule", about::divergences(run, &shown)),
        ("expected", "Expected failures", shown.expected(run, &links)),
        ("cycles", "What bounds the draws", cycles::section(run)),
        ("contract", "The accuracy contract", Some(about::contract())),
        ("devices", "Back ends and devices", about::devices(run)),
    ];
    let sections = || sections.iter().filter_map(|(id, title, body)| Some((id, title, body.as_ref()?)));
    let names: Vec<_> = run.backends.iter().map(|results| results.backend.as_str()).collect();
    let title = match names.as_slice() {
        [] => "AeroGPU conformance".to_owned(),
        names => format!("AeroGPU conformance: {}", names.join(" and ")),
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (title) }
                    (summary::verdict(run))
                    nav aria-label="Contents" {
                        ul { @for (id, title, _) in sections() { li { a href={ "#" (id) } { (title) } } } }
                    }
                }
                main {
                    @for (id, title, body) in sections() {
                        section id=(id) { h2 { (title) } (body) }
                    }
                }
                footer { p { "The same for programs: " a href="results.json" { "results.json" } ", " (SCHEMA) "." } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// A wide table that scrolls by itself, so that the page does not.
pub(super) fn wide(label: &str, table: Markup) -> Markup {
    html! { div.wide tabindex="0" role="region" aria-label=(label) { (table) } }
}

/// Where case files are, seen from the report.
pub(super) struct Links<'a> {
    folder: &'a Path,
}

impl Links<'_> {
    /// The address of a case's file, relative to the report; `None` when the file is not there.
    pub(super) fn to(&self, path: &str) -> Option<String> {
        let (from, mut to) = (self.folder.canonicalize().ok()?, Path::new(path).canonicalize().ok()?);
        if to.is_dir() {
            to.push(crate::case::FILE_NAME);
        }
        let common = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
        let up = from.components().skip(common).map(|_| "..".to_owned());
        let down = to.components().skip(common).map(|part| escaped(&part.as_os_str().to_string_lossy()));
        (common > 0).then(|| up.chain(down).collect::<Vec<_>>().join("/"))
    }
}

/// A part of an address.
fn escaped(part: &str) -> String {
    part.bytes().fold(String::new(), |text, byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            text + &char::from(byte).to_string()
        }
        _ => format!("{text}%{byte:02X}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Record, Results, Status};

    #[test]
    fn text_is_escaped() {
        let mut results = Results::new("software");
        results.push(Record {
            path: "cases/script".into(),
            name: "<script>".into(),
            class: "other".into(),
            status: Status::Fail,
            detail: Some("a < b".into()),
            ..Record::default()
        });
        let page = page(&Run::from(vec![results]), Path::new(".")).into_string();
        assert!(page.contains("&lt;script&gt;") && page.contains("a &lt; b"));
        assert_eq!(page.matches("<script").count(), 1, "the page's own");
    }

    #[test]
    fn nothing_comes_from_elsewhere() {
        for text in [STYLE, SCRIPT] {
            for address in ["http:", "https:", "//", "url(", "@import", "fetch(", "</"] {
                assert!(!text.contains(address), "{address}");
            }
        }
    }

    /// WCAG 2.2, 1.4.3: text needs a contrast of 4.5 to what it stands on.
    #[test]
    #[allow(clippy::disallowed_methods, reason = "contrast is no result of rendering")]
    fn text_stands_out_in_both_schemes() {
        let luminance = |hex: &str| {
            let full =
                if hex.len() == 3 { hex.chars().flat_map(|c| [c, c]).collect() } else { hex.to_owned() };
            let channel = |at: usize| {
                let c = f64::from(u8::from_str_radix(&full[at..at + 2], 16).expect("hexadecimal")) / 255.0;
                if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
        };
        for scheme in STYLE.split(":root {").skip(1) {
            let color = |name: &str| {
                let (_, rest) = scheme.split_once(&format!("--{name}: #")).expect("a colour");
                luminance(rest.split_once(';').expect("its end").0)
            };
            for (text, ground) in [
                ("ink", "paper"),
                ("quiet", "paper"),
                ("link", "paper"),
                ("good", "paper"),
                ("bad", "paper"),
                ("ink", "shade"),
                ("quiet", "shade"),
            ] {
                let (a, b) = (color(text) + 0.05, color(ground) + 0.05);
                assert!(a / b >= 4.5 || b / a >= 4.5, "{text} on {ground}: {a} to {b}");
            }
        }
    }

    #[test]
    fn case_files_are_linked_from_the_report() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = root.join("src/report");
        let links = Links { folder: &folder };
        let to = |path: &str| links.to(&root.join(path).to_string_lossy());
        assert_eq!(to("cases/clear/formats").as_deref(), Some("../../cases/clear/formats/case.json"));
        assert_eq!(to("Cargo.toml").as_deref(), Some("../../Cargo.toml"));
        assert_eq!(to("nothing"), None);
        assert_eq!(escaped("a b#\u{e9}"), "a%20b%23%C3%A9");
    }
}
