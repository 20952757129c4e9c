//! Text from an author: what assembles must survive its container and its own listing.
#![no_main]

use aerogpu_dxbc::assembler::assemble;
use aerogpu_dxbc::container::ShaderBlob;
use aerogpu_dxbc::sm4::decode;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(assembled) = assemble(text) else { return };
    let Ok(ShaderBlob::Sm4(blob)) = ShaderBlob::parse(&assembled.to_dxbc()) else {
        panic!("not a container")
    };
    assert!(blob.checksum_ok);
    let program = decode(&blob.tokens).expect("what is assembled decodes");
    let again = assemble(&program.to_string()).expect("what is printed assembles");
    assert_eq!(again.program, program);
});
