//! Programs of any shader model from containers, words or text: what validates executes, without a panic and to the same bits in both
//! interpreters, at every level.
#![no_main]

use std::cell::RefCell;

use aerogpu_dxbc::ValidatedShader;
use aerogpu_dxbc::assembler::assemble;
use aerogpu_dxbc::container::ShaderBlob;
use aerogpu_dxbc::generate::{Engine, run};
use aerogpu_dxbc::signature::Signatures;
use aerogpu_dxbc::simd::Registers;
use aerogpu_dxbc::sm3::{self, AlphaTest, Comparison, Fog, FogSource, Variant};
use aerogpu_dxbc::sm4::decode;

/// Enough to go round a loop many times; groups of a thousand threads go through it too.
const BUDGET: u64 = 1000;

/// Lanes of stages that do not say how many; 68 is more than a block.
const LANES: [usize; 3] = [4, 64, 68];

/// A shader of any model. Direct3D 9's also get code from states, which `seed` chooses.
fn shader(bytes: &[u8], seed: u32) -> Option<ValidatedShader> {
    let validated = |program, signatures| ValidatedShader::new(program, signatures).ok();
    match ShaderBlob::parse(bytes) {
        Ok(ShaderBlob::Sm4(blob)) => return validated(decode(&blob.tokens).ok()?, blob.signatures),
        Ok(ShaderBlob::Sm3 { tokens }) => return direct3d9(&sm3::decode(&tokens).ok()?, seed),
        Err(_) => {}
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return match assemble(text) {
            Ok(assembled) => validated(assembled.program, assembled.signatures),
            Err(_) => direct3d9(&sm3::assemble(text).ok()?, seed),
        };
    }
    let words: Vec<u32> = bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect();
    validated(decode(&words).ok()?, Signatures::default())
}

fn direct3d9(program: &sm3::Program, seed: u32) -> Option<ValidatedShader> {
    let source = if seed & 16 == 0 { FogSource::Z } else { FogSource::W };
    let fog =
        [None, Some(Fog::Vertex), Some(Fog::Linear(source)), Some(Fog::Exp(source)), Some(Fog::Exp2(source))];
    let alpha_test = Some(AlphaTest { comparison: Some(Comparison::Greater), scale: 255 });
    let variant = Variant {
        fog: fog[seed as usize % fog.len()],
        alpha_test: alpha_test.filter(|_| seed & 32 != 0),
        flat: seed & 64 != 0,
    };
    sm3::Shader::with_variant(program, &variant).ok().map(|shader| shader.program)
}

thread_local! {
    /// Kept from run to run, as a pipeline does, so that what one leaves behind cannot change the next.
    static REGISTERS: RefCell<Registers> = RefCell::default();
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let seed = bytes.iter().fold(0_u32, |sum, &byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    let Some(shader) = shader(bytes, seed) else { return };
    let lanes = LANES[seed as usize % LANES.len()];
    REGISTERS.with_borrow_mut(|registers| {
        let mut execute = |engine| run(engine, &shader, lanes, seed, BUDGET, registers);
        let expected = execute(Engine::Scalar);
        for engine in Engine::all().into_iter().skip(1) {
            assert_eq!(execute(engine), expected, "{engine:?}");
        }
    });
});
