//! Token streams, alone or in a container: what decodes must encode and print to something that is read back the same.
#![no_main]

use aerogpu_dxbc::assembler::assemble;
use aerogpu_dxbc::container::ShaderBlob;
use aerogpu_dxbc::sm4::{decode, encode};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let words: Vec<u32> = match ShaderBlob::parse(bytes) {
        Ok(ShaderBlob::Sm4(blob)) => blob.tokens,
        _ => bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect(),
    };
    let Ok(program) = decode(&words) else { return };
    let encoded = encode(&program).expect("what decodes also encodes");
    assert_eq!(decode(&encoded).as_ref(), Ok(&program));
    let text = program.to_string();
    let assembled = assemble(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(assembled.program, program, "{text}");
});
