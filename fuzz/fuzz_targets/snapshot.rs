//! States of the renderer from arbitrary bytes: each is refused, or restored to a renderer that gives the same state again and
//! executes whatever comes. Bytes that do not begin as a state are a command stream, whose state is restored, and behind it
//! pairs of a place in the state (16 bits) and what to flip there (8 bits).

#![no_main]

use aerogpu::memory::SparseMemory;
use aerogpu::{Backend, Options, SoftwareRenderer, Submission};
use aerogpu_protocol::Stream;
use libfuzzer_sys::fuzz_target;

/// A thousandth of what a submission may cost otherwise, so that many are run.
const BUDGET: u64 = aerogpu::limits::SUBMISSION_BUDGET >> 10;

fn renderer() -> SoftwareRenderer {
    SoftwareRenderer::new(Options { fixed_function: true, budget: BUDGET, ..Options::default() })
}

fn execute(renderer: &mut SoftwareRenderer, stream: &[u8]) {
    for context_id in 0..2 {
        let submission = Submission { stream, context_id, ..Submission::default() };
        renderer.submit(&mut SparseMemory::new(), &submission);
    }
    assert_eq!(renderer.poll().len(), 2);
    let _ = renderer.scanout(0);
}

fn state(renderer: &mut SoftwareRenderer) -> Vec<u8> {
    renderer.snapshot().expect("the software renderer can tell")
}

/// Restores what may be damaged.
fn restore(bytes: &[u8], stream: &[u8]) {
    let mut restored = renderer();
    if restored.restore(bytes).is_ok() {
        let again = state(&mut restored);
        let mut other = renderer();
        other.restore(&again).expect("what was accepted once is accepted again");
        assert!(state(&mut other) == again, "a restored renderer gives another state");
    }
    execute(&mut restored, stream);
}

fuzz_target!(|bytes: &[u8]| {
    if bytes.starts_with(b"AGPUREND") {
        return restore(bytes, &[]);
    }
    let mut original = renderer();
    execute(&mut original, bytes);
    let mut saved = state(&mut original);
    let mut restored = renderer();
    restored.restore(&saved).expect("a state");
    assert!(state(&mut restored) == saved, "a restored renderer gives another state");
    let end = Stream::parse(bytes).map_or(bytes.len(), |stream| stream.as_bytes().len());
    for flip in bytes[end..].chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([flip[0], flip[1]])) % saved.len();
        saved[at] ^= flip[2];
    }
    restore(&saved, bytes);
});
