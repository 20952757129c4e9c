//! Command streams from arbitrary bytes, executed: no panic, and every submission completes.
//!
//! Streams that only ask for a lot (large textures, many vertices) are left out: this target says
//! nothing about them, and not all of what they ask for is bounded yet.

#![no_main]

use aerogpu::memory::SparseMemory;
use aerogpu::{Backend, Options, SoftwareRenderer, Submission};
use aerogpu_protocol::ring::{AllocEntry, write_alloc_table};
use aerogpu_protocol::{Packet, Stream};
use libfuzzer_sys::fuzz_target;

/// Whether a packet is quickly done.
fn small(packet: &Packet<'_>) -> bool {
    match packet {
        Packet::CreateTexture2d(p) => {
            [p.width, p.height, p.array_layers].iter().all(|&n| n <= 256) && p.row_pitch_bytes <= 4096
        }
        Packet::CreateBuffer(p) => p.size_bytes <= 1 << 20,
        Packet::Draw(p) => u64::from(p.vertex_count) * u64::from(p.instance_count) <= 1000,
        Packet::DrawIndexed(p) => u64::from(p.index_count) * u64::from(p.instance_count) <= 1000,
        Packet::Dispatch(p) => [p.group_count_x, p.group_count_y, p.group_count_z].iter().all(|&n| n <= 4),
        // Loops in shaders are bounded by a budget that takes seconds.
        Packet::CreateShaderDxbc(_, code) => code.len() <= 2048,
        _ => true,
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(stream) = Stream::parse(bytes) else { return };
    if !stream.packets().map_while(Result::ok).all(|at| small(&at.packet)) {
        return;
    }
    let mut renderer = SoftwareRenderer::new(Options { fixed_function: true, ..Options::default() });
    let mut memory = SparseMemory::new();
    let entry = AllocEntry { alloc_id: 1, gpa: 0x1000, size_bytes: 1 << 16, ..Default::default() };
    let table = write_alloc_table(&[entry]);
    for context_id in 0..2 {
        let submission = Submission { stream: bytes, alloc_table: Some(&table), context_id, fence: 1 };
        renderer.submit(&mut memory, &submission);
    }
    assert_eq!(renderer.poll().len(), 2);
    let _ = renderer.scanout(0);
});
