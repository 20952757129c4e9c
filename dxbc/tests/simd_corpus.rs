//! Every shader of the public corpus gives the same bits in both interpreters, at every SIMD level.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::PathBuf;

use aerogpu_dxbc::container::ShaderBlob;
use aerogpu_dxbc::generate::{Engine, levels, lowers, run};
use aerogpu_dxbc::ir::Stage;
use aerogpu_dxbc::scalar::ExecutionError;
use aerogpu_dxbc::shader::Reason;
use aerogpu_dxbc::simd::Registers;
use aerogpu_dxbc::{ValidatedShader, sm4};

/// Some shaders loop forever on made-up constants.
const BUDGET: u64 = 20_000;

fn corpus() -> Option<PathBuf> {
    let shared = std::env::var_os("AEROGPU_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"));
    let corpus = shared.join("corpus/dxbc");
    corpus.is_dir().then_some(corpus)
}

#[test]
fn both_interpreters_agree_on_every_corpus_shader() {
    let Some(corpus) = corpus() else {
        println!("SKIPPED: no corpus under AEROGPU_SHARED or ../shared");
        return;
    };
    let mut files: Vec<_> = std::fs::read_dir(corpus).unwrap().map(|f| f.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "dxbc"));
    files.sort();
    let levels = levels();
    let mut registers = Registers::default();
    let (mut shaders, mut hull, mut instructions, mut runs, mut timeouts) = (0, 0, 0, 0, 0);
    let (mut refused, mut mismatches) = (Vec::new(), Vec::new());
    for (number, file) in files.iter().enumerate() {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let ShaderBlob::Sm4(blob) = ShaderBlob::parse(&std::fs::read(file).unwrap()).unwrap() else {
            panic!("{name} is of another kind");
        };
        let shader = match ValidatedShader::new(sm4::decode(&blob.tokens).unwrap(), blob.signatures) {
            Ok(shader) => shader,
            Err(error) if matches!(error.reason, Reason::Unsupported(_)) => {
                refused.push(format!("refused: {name}: {error}"));
                continue;
            }
            Err(error) => panic!("{name}: {error}"),
        };
        assert!(lowers(&shader), "{name} runs in the reference interpreter alone");
        shaders += 1;
        hull += usize::from(shader.stage() == Stage::Hull);
        instructions += shader.program().instructions().count();
        let lanes = [4, 8, 64, 68][number % 4];
        let mut execute = |engine| run(engine, &shader, lanes, number as u32, BUDGET, &mut registers);
        let expected = execute(Engine::Scalar);
        timeouts += usize::from(expected == Err(ExecutionError::TimeOut));
        for &level in &levels {
            runs += 1;
            if execute(Engine::Simd(level)) != expected {
                mismatches.push(format!("{name} at {level:?}"));
            }
        }
    }
    println!("{}", refused.join("\n"));
    println!(
        "{} shaders, {} refused by name; {shaders} run ({hull} hull shaders) of {instructions} instructions, {runs} runs at {} \
         levels, {timeouts} out of budget, mismatches {}",
        files.len(),
        refused.len(),
        levels.len(),
        mismatches.len()
    );
    assert!(mismatches.is_empty(), "{}", mismatches.join("\n"));
    assert_eq!(shaders + refused.len(), files.len());
}
