//! Shader bytes from a driver: containers, signatures, reflection and the listing of whatever parses.
#![no_main]

use aerogpu_dxbc::container::ShaderBlob;
use aerogpu_dxbc::ir::text::listing;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(blob) = ShaderBlob::parse(bytes) {
        listing(&blob);
    }
});
