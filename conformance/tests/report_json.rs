//! The JSON is what `REPORT.md` documents, to the key.

use aerogpu_conformance::report;
use aerogpu_conformance::results::Run;
use serde_json::Value;

fn example() -> String {
    let text = include_str!("../REPORT.md");
    let (_, rest) = text.split_once("```json\n").expect("an example");
    rest.split_once("```").expect("its end").0.to_owned()
}

/// Another encoder may pack the same pixels otherwise.
fn without_pictures(mut value: Value) -> Value {
    let pictures = &mut value["backends"][0]["cases"][0]["difference"]["pictures"];
    (pictures["expected"], pictures["actual"]) = (Value::Null, Value::Null);
    value
}

#[test]
fn the_documented_example_reads_and_writes() {
    let run = Run::parse(example().as_bytes()).expect("reads");
    let written = serde_json::to_value(&run).expect("serialises");
    let documented: Value = serde_json::from_str(&example()).expect("JSON");
    assert_eq!(without_pictures(written), without_pictures(documented));
    let difference = run.backends[0].cases[0].difference.as_ref().expect("a difference");
    let pictures = difference.pictures.as_ref().expect("pictures");
    assert_eq!((pictures.width, pictures.height), (2, 1));
    assert_eq!(pictures.expected, [0, 0, 0, 255, 255, 51, 0, 255]);
    assert_eq!(pictures.actual, [0, 0, 0, 255, 255, 50, 0, 255]);
}

#[test]
fn campaigns_are_read_by_themselves_and_merging_twice_changes_nothing() {
    let documented: Value = serde_json::from_str(&example()).expect("JSON");
    let campaign = Run::parse(documented["campaigns"][0].to_string().as_bytes()).expect("reads");
    let run = Run::parse(example().as_bytes()).expect("reads");
    assert_eq!(campaign.campaigns, run.campaigns);
    let mut merged = run.clone();
    merged.merge(campaign);
    merged.merge(run.clone());
    assert_eq!(merged, run);
    let other = example()
        .replace("\"2/8\", \"next\": 16", "\"3/8\", \"next\": 18")
        .replace("\"number\": 9", "\"number\": 10");
    merged.merge(Run::parse(other.as_bytes()).expect("reads"));
    let whole = &merged.whole_campaigns()[0];
    assert_eq!((whole.tally.scenes, whole.tally.findings.len(), whole.next), (4, 2, 18));
    assert!(whole.tally.coverage.has("packet:DRAW"));
}

#[test]
fn what_is_no_result_is_refused_with_the_reason() {
    let refused = |json: &str| Run::parse(json.as_bytes()).expect_err("refused").to_string();
    let old = refused(r#"{"schema": "aerogpu-conformance-results/2", "backends": []}"#);
    assert!(old.contains("results/2") && old.contains("results/3"), "{old}");
    refused("[]");
    refused(&example().replace("\"expected\": \"iVBO", "\"expected\": \"?"));
}

/// Unknown fields are for later versions.
#[test]
fn fields_may_be_added() {
    let more = example().replacen("\"backends\"", "\"colour\": 1, \"backends\"", 1).replacen(
        "\"path\"",
        "\"x\": 1, \"path\"",
        1,
    );
    assert_eq!(Run::parse(more.as_bytes()).expect("reads"), Run::parse(example().as_bytes()).expect("reads"));
}

#[test]
fn the_page_of_the_example_is_the_same_every_time() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("report-json");
    let run = Run::parse(example().as_bytes()).expect("reads");
    let page = || {
        report::write(&folder, &run).expect("writable");
        std::fs::read_to_string(folder.join("index.html")).expect("written")
    };
    let first = page();
    assert_eq!(first, page());
    let again = std::fs::read(folder.join("results.json")).expect("written");
    assert_eq!(Run::parse(&again).expect("reads"), run);
}
