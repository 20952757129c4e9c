//! The translation to WGSL on every genuine shader of `../shared/corpus/dxbc`: what is not refused by name is a valid module.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use aerogpu_conformance::wgpu::wgsl::{SampleType, Scalar, Varying, Wiring, translate};
use aerogpu_dxbc::ValidatedShader;
use aerogpu_dxbc::container::ShaderBlob;
use aerogpu_dxbc::ir::{Interpolation, Stage};
use aerogpu_dxbc::sm4;
use serde_json::Value;
use wgpu::naga;

#[test]
fn translations_are_valid_modules() {
    let shared = std::env::var_os("AEROGPU_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let folder = shared.join("corpus/dxbc");
    let Ok(index) = std::fs::read(folder.join("index.json")) else {
        println!("SKIPPED: no corpus at {}", folder.display());
        return;
    };
    let rows: Vec<Value> = serde_json::from_slice(&index).expect("an index of the corpus");
    let (mut valid, mut refused, mut wrong) = (0, BTreeMap::<String, usize>::new(), Vec::new());
    for row in rows.iter().filter(|row| row["kind"] == "dxbc") {
        let name = row["file"].as_str().expect("a file name");
        let Some(shader) = shader(&std::fs::read(folder.join(name)).expect("a file of the corpus")) else {
            continue;
        };
        if !matches!(shader.stage(), Stage::Vertex | Stage::Pixel | Stage::Compute) {
            continue;
        }
        match translate(&shader, &wiring(&shader)).map(|text| (validate(&text), text)) {
            Ok((Ok(()), _)) => valid += 1,
            Ok((Err(error), text)) => wrong.push((name, error, text)),
            Err(unsupported) => *refused.entry(unsupported.to_string()).or_default() += 1,
        }
    }
    println!("{valid} valid modules; refused: {refused:#?}");
    for (name, error, text) in wrong.iter().take(3) {
        println!("{name}: {error}\n{}", if std::env::var_os("SHOW_WGSL").is_some() { text } else { "" });
    }
    assert_eq!(
        wrong.len(),
        0,
        "{:#?}",
        wrong.iter().map(|w| (w.0, w.1.lines().next().unwrap_or(""))).collect::<Vec<_>>()
    );
}

fn shader(bytes: &[u8]) -> Option<ValidatedShader> {
    let Ok(ShaderBlob::Sm4(blob)) = ShaderBlob::parse(bytes) else { return None };
    ValidatedShader::new(sm4::decode(&blob.tokens).ok()?, blob.signatures).ok()
}

/// Everything a float; comparison samplers read depth textures.
fn wiring(shader: &ValidatedShader) -> Wiring {
    let inputs = shader.inputs().iter().filter(|i| i.name.is_none());
    let compares = shader.samplers().iter().any(|s| s.comparison);
    let texture = if compares { SampleType::Depth } else { SampleType::Float };
    Wiring {
        attributes: match shader.stage() {
            Stage::Vertex => inputs.clone().map(|i| (i.register, Scalar::F32)).collect(),
            _ => Vec::new(),
        },
        varyings: match shader.stage() {
            Stage::Pixel => inputs
                .map(|i| Varying {
                    words: [None; 4],
                    register: i.register,
                    mask: i.mask,
                    interpolation: if i.interpolation == Interpolation::Constant {
                        "flat"
                    } else {
                        "perspective"
                    },
                })
                .collect(),
            _ => Vec::new(),
        },
        targets: match shader.stage() {
            Stage::Pixel => (0..shader.output_registers() as u32).map(|r| (r, r, Scalar::F32)).collect(),
            _ => Vec::new(),
        },
        depth: Some([0, 1.0f32.to_bits()]),
        dual_source: false,
        cubes: BTreeSet::new(),
        textures: shader.resources().iter().map(|r| (r.first, texture)).collect(),
    }
}

fn validate(text: &str) -> Result<(), String> {
    let module = naga::front::wgsl::parse_str(text).map_err(|error| error.emit_to_string(text))?;
    let mut validator =
        naga::valid::Validator::new(naga::valid::ValidationFlags::all(), naga::valid::Capabilities::all());
    validator.validate(&module).map(drop).map_err(|error| error.emit_to_string(text))
}
