//! Programs from containers, words or text: what validates executes, without a panic and to the same bits in both
//! interpreters, at every level.
#![no_main]

use std::cell::RefCell;

use aerogpu_dxbc::ValidatedShader;
use aerogpu_dxbc::assembler::assemble;
use aerogpu_dxbc::container::ShaderBlob;
use aerogpu_dxbc::generate::{Engine, run};
use aerogpu_dxbc::ir::Program;
use aerogpu_dxbc::signature::Signatures;
use aerogpu_dxbc::simd::Registers;
use aerogpu_dxbc::sm4::decode;

/// Enough to go round a loop many times; groups of a thousand threads go through it too.
const BUDGET: u64 = 1000;

/// Lanes of stages that do not say how many; 68 is more than a block.
const LANES: [usize; 3] = [4, 64, 68];

fn program(bytes: &[u8]) -> Option<(Program, Signatures)> {
    if let Ok(ShaderBlob::Sm4(blob)) = ShaderBlob::parse(bytes) {
        return Some((decode(&blob.tokens).ok()?, blob.signatures));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let assembled = assemble(text).ok()?;
        return Some((assembled.program, assembled.signatures));
    }
    let words: Vec<u32> = bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect();
    Some((decode(&words).ok()?, Signatures::default()))
}

thread_local! {
    /// Kept from run to run, as a pipeline does, so that what one leaves behind cannot change the next.
    static REGISTERS: RefCell<Registers> = RefCell::default();
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((program, signatures)) = program(bytes) else { return };
    let Ok(shader) = ValidatedShader::new(program, signatures) else { return };
    let seed = bytes.iter().fold(0_u32, |sum, &byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    let lanes = LANES[seed as usize % LANES.len()];
    REGISTERS.with_borrow_mut(|registers| {
        let mut execute = |engine| run(engine, &shader, lanes, seed, BUDGET, registers);
        let expected = execute(Engine::Scalar);
        for engine in Engine::all().into_iter().skip(1) {
            assert_eq!(execute(engine), expected, "{engine:?}");
        }
    });
});
