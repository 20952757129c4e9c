//! The cases of the repository, one trial each: on the software renderer and, where there is an adapter, on wgpu.

use std::path::Path;
use std::sync::Arc;

use aerogpu::{Backend, Options, SoftwareRenderer};
use aerogpu_conformance::discover::{self, Entry};
use aerogpu_conformance::expectations::Expectations;
use aerogpu_conformance::results::Status;
use aerogpu_conformance::suite::{Selection, Suite};
use aerogpu_conformance::wgpu::{Gpu, WgpuRenderer};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let gpu = Gpu::open("").map(Arc::new);
    if let Err(error) = &gpu {
        println!("SKIPPED (on the adapter): {error}");
    }
    let mut trials = Vec::new();
    for entry in discover::find(&[root.join("cases")]).expect("the cases of the repository") {
        let name = entry.path().strip_prefix(root).unwrap_or(entry.path()).display().to_string();
        if let Ok(gpu) = &gpu {
            let (entry, gpu) = (entry.clone(), gpu.clone());
            trials.push(Trial::test(format!("wgpu {name}"), move || {
                let make = || -> Box<dyn Backend> { Box::new(WgpuRenderer::new(gpu.clone())) };
                trial(&entry, &[Status::Pass, Status::Unsupported], &make)
            }));
        }
        trials.push(Trial::test(format!("software {name}"), move || {
            trial(&entry, &[Status::Pass], &|| Box::new(SoftwareRenderer::new(Options::default())))
        }));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn trial(entry: &Entry, wanted: &[Status], make: &dyn Fn() -> Box<dyn Backend>) -> Result<(), Failed> {
    let suite = Suite {
        fresh: &|_| make(),
        selection: Selection::default(),
        expectations: Expectations::default(),
        engines: Vec::new(),
    };
    let record = suite.run(entry);
    if wanted.contains(&record.status) { Ok(()) } else { Err(record.to_string().into()) }
}
