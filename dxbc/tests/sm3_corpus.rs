//! Direct3D 9 shaders of the genuine compiler: decoded, printed, assembled, encoded, executed.

use std::collections::BTreeMap;
use std::path::PathBuf;

use aerogpu_dxbc::container::ShaderBlob;
use aerogpu_dxbc::generate::{Engine, hash, run};
use aerogpu_dxbc::simd::Registers;
use aerogpu_dxbc::sm3::{self, AlphaTest, Comparison, Fog, FogSource, Shader, Statement, Variant};
use serde_json::Value;

/// Name, row of the index and tokens of each Direct3D 9 blob, or `None` with a note when the corpus is absent.
fn corpus() -> Option<Vec<(String, Value, Vec<u32>)>> {
    let shared = std::env::var_os("AEROGPU_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let folder = shared.join("corpus/dxbc");
    let Ok(index) = std::fs::read(folder.join("index.json")) else {
        println!("SKIPPED: no corpus at {}", folder.display());
        return None;
    };
    let rows: Vec<Value> = serde_json::from_slice(&index).expect("an index of the corpus");
    let entries = rows.into_iter().filter(|row| row["kind"] == "d3d9").map(|row| {
        let name = row["file"].as_str().expect("a file name").to_owned();
        let bytes = std::fs::read(folder.join(&name)).expect("a file of the corpus");
        let Ok(ShaderBlob::Sm3 { tokens }) = ShaderBlob::parse(&bytes) else { panic!("{name}") };
        (name, row, tokens)
    });
    Some(entries.collect())
}

/// The tokens up to the end, without comments.
fn without_comments(tokens: &[u32]) -> Vec<u32> {
    let mut kept = vec![tokens[0]];
    let mut position = 1;
    while tokens[position] != 0xffff {
        let token = tokens[position];
        let length = if token & 0xffff == 0xfffe { token >> 16 & 0x7fff } else { token >> 24 & 0xf };
        let next = position + 1 + length as usize;
        if token & 0xffff != 0xfffe {
            kept.extend(&tokens[position..next]);
        }
        position = next;
    }
    kept.push(0xffff);
    kept
}

#[test]
fn programs_decode_as_the_index_says() {
    let Some(entries) = corpus() else { return };
    for (name, row, tokens) in &entries {
        let program = sm3::decode(tokens).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut counts = BTreeMap::new();
        for statement in &program.statements {
            let mnemonic = match statement {
                Statement::Declare(_) => "dcl",
                Statement::Define(..) => "def",
                Statement::DefineInteger(..) => "defi",
                Statement::DefineBool(..) => "defb",
                Statement::Instruction(i) => match i.op {
                    sm3::Op::Tex => "tex",
                    sm3::Op::Ifc => "ifc",
                    sm3::Op::Breakc => "breakc",
                    op => op.mnemonic(program.model),
                },
            };
            *counts.entry(mnemonic).or_insert(0) += 1;
        }
        assert_eq!(serde_json::to_value(counts).unwrap(), row["opcodes"], "{name}");
    }
    println!("{} programs", entries.len());
}

#[test]
fn tokens_survive_the_text() {
    let Some(entries) = corpus() else { return };
    for (name, _, tokens) in &entries {
        let program = sm3::decode(tokens).unwrap();
        assert_eq!(sm3::encode(&program), without_comments(tokens), "{name}");
        let text = program.to_string();
        let again = sm3::assemble(&text).unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
        assert_eq!(sm3::encode(&again), without_comments(tokens), "{name}\n{text}");
    }
    println!("{} programs", entries.len());
}

#[test]
fn programs_run_alike_in_both_interpreters() {
    let Some(entries) = corpus() else { return };
    let finished = Variant {
        fog: Some(Fog::Exp2(FogSource::W)),
        alpha_test: Some(AlphaTest { comparison: Some(Comparison::Greater), scale: 255 }),
        flat: true,
    };
    let mut registers = Registers::default();
    for (name, _, tokens) in &entries {
        let program = sm3::decode(tokens).unwrap();
        for variant in [Variant::default(), finished] {
            let shader = Shader::with_variant(&program, &variant)
                .unwrap_or_else(|error| panic!("{name}: {error}\n{program}"));
            for seed in 0..4 {
                let mut execute =
                    |engine| run(engine, &shader.program, 24, seed, 1 << 20, &mut registers).unwrap();
                let expected = execute(Engine::Scalar);
                for engine in Engine::all() {
                    assert_eq!(execute(engine), expected, "{name} {engine:?} seed {seed}\n{program}");
                }
            }
        }
    }
    println!("{} programs", entries.len());
}

/// Every token changed in a few ways: the result is refused, or runs alike in both interpreters.
#[test]
fn changed_tokens_are_refused_or_run_alike() {
    let Some(entries) = corpus() else { return };
    let (mut accepted, mut refused) = (0, 0);
    let mut registers = Registers::default();
    let best = Engine::all().pop().expect("an engine");
    for (number, (name, _, tokens)) in entries.iter().enumerate() {
        for position in 0..tokens.len() {
            let mut changed = tokens.clone();
            let random = hash(&[number as u32, position as u32]);
            match random & 3 {
                0 => changed[position] ^= 1 << (random >> 8 & 31),
                1 => changed[position] = random,
                2 => changed[position] = tokens[random as usize % tokens.len()],
                _ => drop(changed.drain(position..(position + 1 + random as usize % 3).min(tokens.len()))),
            }
            let Ok(shader) = Shader::new(&changed) else {
                refused += 1;
                continue;
            };
            accepted += 1;
            let mut execute = |engine| run(engine, &shader.program, 4, random, 1 << 12, &mut registers);
            assert_eq!(execute(best), execute(Engine::Scalar), "{name} at {position}");
        }
    }
    println!("{accepted} accepted, {refused} refused");
    assert!(accepted > 0 && refused > 0);
}
