//! Generated streams on the software renderer and on the adapter.
//!
//! `AEROGPU_STREAMS=N` runs more or fewer than 2,000; findings are written to the target folder as cases.

use std::path::Path;
use std::sync::Arc;

use aerogpu::{Options, SoftwareRenderer};
use aerogpu_conformance::case::Case;
use aerogpu_conformance::differential::campaign::{self, Source, Tally};
use aerogpu_conformance::differential::ledger::Ledger;
use aerogpu_conformance::run::run;
use aerogpu_conformance::wgpu::{Gpu, WgpuRenderer};

/// What the ledger says is still so: its cases pass on the software renderer and fail on the driver that they are about.
#[test]
fn known_divergences_are_still_there() {
    let ledger = Ledger::built_in().expect("a valid ledger");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("divergences");
    let gpu = Gpu::open("").map(Arc::new);
    if let Err(error) = &gpu {
        println!("SKIPPED (on the adapter): {error}");
    }
    for entry in &ledger.entries {
        let case = Case::load(&folder.join(&entry.case)).expect("the case of an entry");
        let passes = run(&case, &|| Box::new(SoftwareRenderer::new(Options::default())));
        assert_eq!(passes, Ok(()), "{}", entry.id);
        if let Ok(gpu) = gpu.as_ref().map(Arc::clone)
            && gpu.info.name.contains(&entry.driver)
        {
            let fails = run(&case, &|| Box::new(WgpuRenderer::new(gpu.clone())));
            assert!(fails.is_err(), "{}: the divergence has vanished; remove it from the ledger", entry.id);
        }
    }
}

const STREAMS: u64 = 2_000;
const SEED: u64 = 7;
/// Instructions of a submission: far more than any fair scene needs.
const BUDGET: u64 = 1 << 24;

/// Parts that run at the same time: a driver compiles shaders on one thread.
const PARTS: u64 = 2;

#[test]
fn generated_streams_agree() {
    let gpu = match Gpu::open("") {
        Ok(gpu) => Arc::new(gpu),
        Err(error) => {
            println!("SKIPPED: {error}");
            return;
        }
    };
    let streams = std::env::var("AEROGPU_STREAMS").ok().and_then(|n| n.parse().ok()).unwrap_or(STREAMS);
    let failures: Vec<String> = std::thread::scope(|scope| {
        let part = |first: u64| {
            let gpu = Arc::clone(&gpu);
            scope.spawn(move || differences(gpu, (first..streams).step_by(PARTS as usize)))
        };
        let parts: Vec<_> = (0..PARTS).map(part).collect();
        parts.into_iter().flat_map(|part| part.join().expect("a part that ends")).collect()
    });
    assert!(failures.is_empty(), "{} differences:\n{}", failures.len(), failures.join("\n"));
}

/// What neither the rules nor the ledger explain of the streams with these numbers.
fn differences(gpu: Arc<Gpu>, numbers: impl Iterator<Item = u64>) -> Vec<String> {
    let adapter = gpu.info.name.clone();
    let mut software = SoftwareRenderer::new(Options { budget: BUDGET, ..Options::default() });
    let mut wgpu = WgpuRenderer::new(gpu);
    let ledger = Ledger::built_in().expect("a valid ledger");
    let mut tally = Tally::default();
    let mut failures = Vec::new();
    for number in numbers {
        let Some(finding) = Source { seed: SEED }.run(number, &mut software, &mut wgpu, &mut tally) else {
            continue;
        };
        let name = match ledger.explain(&adapter, &finding.coverage) {
            Some(entry) => format!("divergence-{}-{number}", entry.id),
            None => format!("finding-{number}"),
        };
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&name);
        campaign::write(&folder, &name, &finding, &mut software).expect("writable");
        if tally.count(&finding, &ledger, &adapter) {
            failures.push(format!("{}: {}", folder.display(), finding.difference));
        }
    }
    println!("{} streams on {adapter}: {} agree, {} unfair", tally.scenes, tally.agreed, tally.unfair);
    println!("unsupported: {:#?}\nexplained: {:#?}", tally.unsupported, tally.explained);
    tally.domains().iter().for_each(|domain| println!("{domain}"));
    failures
}
