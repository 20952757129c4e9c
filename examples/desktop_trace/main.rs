//! Writes the repository's own trace: a few frames of a small desktop, 1280x720.
//!
//! `cargo run --release --example desktop_trace -- tests/data/desktop.aerogputrace`
//!
//! The scene touches what a desktop touches: a block-compressed wallpaper, blended windows with soft shadows and mip-mapped
//! contents, icons with alpha, a lit and depth-tested solid, and text made of glyph quads. Everything is computed here;
//! nothing is loaded.

mod assets;
mod scene;
mod shaders;

use aerogpu_protocol::{ABI_VERSION, trace::TraceWriter};

const FRAMES: u32 = 4;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("say where to write: desktop_trace FILE.aerogputrace")?;
    let meta = format!(r#"{{"emulator_version":"desktop_trace","command_abi_version":{ABI_VERSION}}}"#);
    let mut trace = TraceWriter::new(ABI_VERSION, &meta);
    for frame in 0..FRAMES {
        scene::write_frame(&mut trace, frame)?;
    }
    let bytes = trace.finish();
    println!("{path}: {FRAMES} frames, {} bytes", bytes.len());
    Ok(std::fs::write(path, bytes)?)
}
