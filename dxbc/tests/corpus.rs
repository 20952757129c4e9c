//! The codec on every genuine shader of `../shared/corpus/dxbc`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use aerogpu_dxbc::assembler::assemble;
use aerogpu_dxbc::container::{ShaderBlob, Sm4Blob};
use aerogpu_dxbc::ir::text::listing;
use aerogpu_dxbc::ir::{Program, Statement};
use aerogpu_dxbc::signature::{Signature, SignatureKind};
use aerogpu_dxbc::sm4;
use serde_json::Value;

/// One row of the corpus' index with the bytes that it describes.
struct Entry {
    name: String,
    row: Value,
    bytes: Vec<u8>,
}

impl Entry {
    fn sm4(&self) -> Sm4Blob {
        match ShaderBlob::parse(&self.bytes) {
            Ok(ShaderBlob::Sm4(blob)) => blob,
            other => panic!("{}: {other:?}", self.name),
        }
    }

    fn program(&self) -> Program {
        sm4::decode(&self.sm4().tokens).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}

/// Entries of this kind, or `None` with a note when the corpus is absent.
fn corpus(kind: &str) -> Option<Vec<Entry>> {
    let shared = std::env::var_os("AEROGPU_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let folder = shared.join("corpus/dxbc");
    let Ok(index) = std::fs::read(folder.join("index.json")) else {
        println!("SKIPPED: no corpus at {}", folder.display());
        return None;
    };
    let rows: Vec<Value> = serde_json::from_slice(&index).expect("an index of the corpus");
    let entries = rows.into_iter().filter(|row| row["kind"] == kind).map(|row| {
        let name = row["file"].as_str().expect("a file name").to_owned();
        let bytes = std::fs::read(folder.join(&name)).expect("a file of the corpus");
        Entry { name, row, bytes }
    });
    Some(entries.collect())
}

#[test]
fn programs_decode_as_the_index_says_and_encode_to_the_same_words() {
    let Some(entries) = corpus("dxbc") else { return };
    let (mut instructions, mut declarations, mut words) = (0, 0, 0);
    for entry in &entries {
        let blob = entry.sm4();
        let program = entry.program();
        assert_eq!(sm4::encode(&program).as_ref(), Ok(&blob.tokens), "{}", entry.name);

        let sm = format!("{}.{}", program.model.major, program.model.minor);
        assert_eq!(
            (program.stage.prefix(), &*sm),
            (entry.row["stage"].as_str().unwrap(), entry.row["sm"].as_str().unwrap())
        );
        let mut opcodes = BTreeMap::new();
        for instruction in program.instructions() {
            *opcodes.entry(instruction.op.info().mnemonic).or_insert(0) += 1;
        }
        let opcodes = serde_json::to_value(opcodes).unwrap();
        assert_eq!(opcodes, entry.row["opcodes"], "{}", entry.name);
        // The index counts custom data as declarations.
        let custom = program.statements.iter().filter(|s| matches!(s, Statement::CustomData(_))).count();
        let counts = (program.instructions().count(), program.declarations().count() + custom);
        let expected = |key: &str| entry.row[key].as_u64().unwrap() as usize;
        assert_eq!(counts, (expected("instructions"), expected("declarations")), "{}", entry.name);
        assert_eq!(blob.checksum_ok, entry.row["checksum_ok"].as_bool().unwrap(), "{}", entry.name);
        instructions += counts.0;
        declarations += counts.1;
        words += blob.tokens.len();
    }
    println!(
        "{} programs, {instructions} instructions, {declarations} declarations, {words} words",
        entries.len()
    );
    assert!(!entries.is_empty());
}

#[test]
fn signatures_survive_encoding() {
    let Some(entries) = corpus("dxbc") else { return };
    let mut elements = 0;
    for entry in &entries {
        let signatures = entry.sm4().signatures;
        for signature in [signatures.inputs, signatures.outputs, signatures.patch_constants] {
            let bytes = signature.encode(SignatureKind::MinPrecision);
            assert_eq!(
                Signature::parse(&bytes, 0, SignatureKind::MinPrecision).as_ref(),
                Ok(&signature),
                "{}",
                entry.name
            );
            elements += signature.elements.len();
        }
    }
    println!("{elements} signature elements");
}

#[test]
fn reflection_is_read_wherever_it_is_present() {
    let Some(entries) = corpus("dxbc") else { return };
    let mut present = 0;
    for entry in &entries {
        let expected = entry.row["chunks"].as_array().unwrap().iter().any(|tag| tag == "RDEF");
        assert_eq!(entry.sm4().reflection.is_some(), expected, "{}", entry.name);
        present += usize::from(expected);
    }
    println!("{present} reflections");
}

#[test]
fn direct3d9_streams_are_told_apart() {
    let Some(entries) = corpus("d3d9") else { return };
    for entry in &entries {
        let blob = ShaderBlob::parse(&entry.bytes);
        assert!(matches!(blob, Ok(ShaderBlob::Sm3 { .. })), "{}: {blob:?}", entry.name);
    }
    println!("{} streams", entries.len());
}

#[test]
fn listings_assemble_to_the_same_words() {
    let Some(entries) = corpus("dxbc") else { return };
    let (mut lines, mut characters) = (0, 0);
    for entry in &entries {
        let text = listing(&ShaderBlob::Sm4(entry.sm4()));
        let assembled = assemble(&text).unwrap_or_else(|error| {
            panic!("{}: {error}\n{}", entry.name, text.lines().nth(error.line - 1).unwrap_or_default())
        });
        let blob = entry.sm4();
        if assembled.tokens != blob.tokens {
            let again = assembled.program.to_string();
            let program = entry.program();
            for (left, right) in assembled.program.statements.iter().zip(&program.statements) {
                assert_eq!(left, right, "{}", entry.name);
            }
            panic!("{}: other words\n{again}", entry.name);
        }
        assert_eq!(assembled.signatures, blob.signatures, "{}", entry.name);

        let ShaderBlob::Sm4(rebuilt) = ShaderBlob::parse(&assembled.to_dxbc()).unwrap() else { panic!() };
        assert!(rebuilt.checksum_ok);
        assert_eq!((rebuilt.tokens, rebuilt.signatures), (blob.tokens, blob.signatures), "{}", entry.name);
        lines += text.lines().count();
        characters += text.len();
    }
    println!("{} programs, {lines} lines, {characters} characters", entries.len());
}
