//! The shader cases of the repository, one trial each, in every interpreter that this machine has.

use std::path::Path;

use aerogpu_conformance::discover::{self, Entry};
use aerogpu_conformance::shader_case::{Loaded, engines};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("shader_cases");
    let entries = discover::find(&[folder]).expect("the folder of shader cases");
    let trials = entries.into_iter().filter_map(|entry| match entry {
        Entry::Shader(path) => Some(Trial::test(path.display().to_string(), move || trial(&path))),
        Entry::Case(_) | Entry::Trace(_) => None,
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

fn trial(path: &Path) -> Result<(), Failed> {
    let case = Loaded::load(path)?;
    for (name, engine) in engines() {
        case.run(engine).map_err(|what| format!("{name}: {what}"))?;
    }
    Ok(())
}
