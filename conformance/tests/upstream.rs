//! The cases in `../shared/corpus/upstream`, or where `AEROGPU_SHARED` says: Direct3D 11 up to pixel and compute shaders.

use std::path::{Path, PathBuf};

use aerogpu::{Options, SoftwareRenderer};
use aerogpu_conformance::discover;
use aerogpu_conformance::expectations::Expectations;
use aerogpu_conformance::results::Results;
use aerogpu_conformance::stages::Stage;
use aerogpu_conformance::suite::{Selection, Suite};

#[test]
fn direct3d_11_without_geometry_and_tessellation() {
    let shared = std::env::var_os("AEROGPU_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let folder = shared.join("corpus/upstream");
    if !folder.is_dir() {
        println!(
            "SKIPPED: {} does not exist; set AEROGPU_SHARED to the folder that holds it",
            folder.display()
        );
        return;
    }
    let suite = Suite {
        fresh: &|_| Box::new(SoftwareRenderer::new(Options::default())),
        selection: Selection {
            features: vec!["d3d11".into()],
            without: vec![Stage::Gs, Stage::Hs, Stage::Ds],
            ..Selection::default()
        },
        expectations: Expectations::built_in().expect("valid").of("software"),
        engines: Vec::new(),
    };
    let mut results = Results::new("software");
    for entry in discover::find(&[folder]).expect("cases") {
        results.push(suite.run(&entry));
    }
    let red: Vec<String> =
        results.cases.iter().filter(|record| record.status.is_red()).map(ToString::to_string).collect();
    println!("upstream: {}", results.totals);
    assert!(red.is_empty(), "{red:#?}");
    assert!(results.success());
}
