//! Every shader of the public corpus gives the same bits in both interpreters, at every SIMD level.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::PathBuf;

use aerogpu_dxbc::container::ShaderBlob;
use aerogpu_dxbc::generate::{Engine, levels, run};
use aerogpu_dxbc::scalar::ExecutionError;
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
    let (mut shaders, mut instructions, mut runs, mut timeouts) = (0, 0, 0, 0);
    let mut mismatches = Vec::new();
    for (number, file) in files.iter().enumerate() {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let ShaderBlob::Sm4(blob) = ShaderBlob::parse(&std::fs::read(file).unwrap()).unwrap() else {
            continue;
        };
        let Ok(shader) = ValidatedShader::new(sm4::decode(&blob.tokens).unwrap(), blob.signatures) else {
            continue;
        };
        shaders += 1;
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
    println!(
        "{shaders} shaders of {instructions} instructions, {runs} runs at {} levels, {timeouts} out of budget, \
         {} mismatches",
        levels.len(),
        mismatches.len()
    );
    assert!(mismatches.is_empty(), "{}", mismatches.join("\n"));
}
