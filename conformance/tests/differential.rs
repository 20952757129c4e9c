//! Generated streams on the software renderer and on the adapter.
//!
//! `AEROGPU_STREAMS=N` runs more or fewer than 2,000; findings are written to the target folder as cases.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use aerogpu::{Options, SoftwareRenderer};
use aerogpu_conformance::differential::campaign::{self, Source, Tally};
use aerogpu_conformance::differential::ledger::Ledger;
use aerogpu_conformance::wgpu::{Gpu, WgpuRenderer};

const STREAMS: u64 = 2_000;
const SEED: u64 = 7;
/// Instructions of a submission: far more than any fair scene needs.
const BUDGET: u64 = 1 << 24;

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
    let adapter = gpu.info.name.clone();
    let mut software = SoftwareRenderer::new(Options { budget: BUDGET, ..Options::default() });
    let mut wgpu = WgpuRenderer::new(gpu);
    let ledger = Ledger::built_in().expect("a valid ledger");
    let mut tally = Tally::default();
    let start = Instant::now();
    let mut failures = Vec::new();
    for number in 0..streams {
        let Some(finding) = Source { seed: SEED }.run(number, &mut software, &mut wgpu, &mut tally) else { continue };
        if tally.count(&finding, &ledger, &adapter) {
            let name = format!("finding-{number}");
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&name);
            campaign::write(&folder, &name, &finding.scene, &finding.difference, &mut software).expect("writable");
            failures.push(format!("{}: {}", folder.display(), finding.difference));
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{} streams in {seconds:.0} s on {adapter}: {} agree, {} unfair", tally.scenes, tally.agreed, tally.unfair);
    println!("unsupported: {:#?}\nexplained: {:#?}\n{}", tally.unsupported, tally.explained, tally.coverage);
    assert!(failures.is_empty(), "{} differences:\n{}", failures.len(), failures.join("\n"));
}
