//! Command streams from arbitrary bytes, executed: no panic, and every submission completes, soon and in little memory,
//! whatever it asks for.

#![no_main]

use aerogpu::memory::SparseMemory;
use aerogpu::{Backend, Options, SoftwareRenderer, Submission};
use aerogpu_protocol::ring::{AllocEntry, write_alloc_table};
use libfuzzer_sys::fuzz_target;

/// A thousandth of what a submission may cost otherwise, so that many are run.
const BUDGET: u64 = aerogpu::limits::SUBMISSION_BUDGET >> 10;

fuzz_target!(|bytes: &[u8]| {
    let options = Options { fixed_function: true, budget: BUDGET, ..Options::default() };
    let mut renderer = SoftwareRenderer::new(options);
    let mut memory = SparseMemory::new();
    let entry = AllocEntry { alloc_id: 1, gpa: 0x1000, size_bytes: 1 << 16, ..Default::default() };
    let table = write_alloc_table(&[entry]);
    for context_id in 0..2 {
        let submission =
            Submission { stream: bytes, alloc_table: Some(&table), context_id, fence: 1, ..Submission::default() };
        renderer.submit(&mut memory, &submission);
    }
    assert_eq!(renderer.poll().len(), 2);
    let _ = renderer.scanout(0);
});
