//! Writes the repository's Direct3D 9 trace: a few frames of a desktop of glass, 1280x720.
//!
//! `cargo run --release --example aero_trace -- tests/data/aero.aerogputrace`
//!
//! Three programs share one device, as on a Windows 7 desktop: two applications draw to surfaces of their own, and the
//! compositor, which opened those by their share tokens, puts the picture together: the wallpaper, icons, windows in frames of
//! glass that show what lies behind them through several passes of blur, shadows, the taskbar, the cursor. Shader model 2 and
//! Direct3D 9's states all through; everything is computed here, nothing is loaded.

mod application;
mod compositor;
mod device;
mod font;
mod picture;
mod shaders;

use aerogpu_protocol::trace::{SubmissionHeader, TraceWriter};
use aerogpu_protocol::{ABI_VERSION, StreamWriter};

const FRAMES: u32 = 4;

/// Context of each program.
const COMPOSITOR: u32 = 0;
const BALLS: u32 = 1;
const NOTES: u32 = 2;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("say where to write: aero_trace FILE.aerogputrace")?;
    let meta = format!(r#"{{"emulator_version":"aero_trace","command_abi_version":{ABI_VERSION}}}"#);
    let mut trace = TraceWriter::new(ABI_VERSION, &meta);
    let font = font::Font::new();
    let mut fence = 0;
    let mut submit = |context_id: u32, presents: bool, write: &dyn Fn(&mut StreamWriter)| {
        let mut w = StreamWriter::new();
        write(&mut w);
        fence += 1;
        let header = SubmissionHeader {
            submit_flags: u32::from(presents),
            signal_fence: fence,
            context_id,
            ..bytemuck::Zeroable::zeroed()
        };
        trace.submission(header, &w.finish(), None, &[]);
    };
    for frame in 0..FRAMES {
        if frame == 0 {
            submit(COMPOSITOR, false, &|w| device::create(w, &font));
            submit(NOTES, false, &|w| application::notes(w, &font));
        }
        submit(BALLS, false, &|w| application::balls(w, frame));
        submit(COMPOSITOR, true, &|w| compositor::compose(w, &font, frame));
    }
    let bytes = trace.finish();
    println!("{path}: {FRAMES} frames, {} bytes", bytes.len());
    Ok(std::fs::write(path, bytes)?)
}
