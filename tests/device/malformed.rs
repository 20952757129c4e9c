//! Every malformed field of a submission, with its error class: lenient and strict (device.md §3.4).

use aerogpu_protocol::registers::{Irq, mmio};
use aerogpu_protocol::ring::{AllocEntry, SubmitDesc, write_alloc_table};

use super::*;

/// What a guest may break, the error when decoding is strict, and what a bridge gets when it is lenient: the bytes of the
/// stream, and whether there is a table.
type Case = (&'static str, fn(&mut Machine<Bridge>, &mut SubmitDesc), u32, Option<(usize, bool)>);

fn patch_stream(machine: &mut Machine<Bridge>, desc: &SubmitDesc, offset: u64, value: u32) {
    machine.poke(desc.cmd_gpa + offset, &value.to_le_bytes());
}

fn patch_table(machine: &mut Machine<Bridge>, desc: &SubmitDesc, offset: u64, value: u32) {
    machine.poke(desc.alloc_table_gpa + offset, &value.to_le_bytes());
}

const CASES: &[Case] = &[
    ("nothing", |_, _| {}, 0, Some((40, true))),
    ("a newer minor version", |m, d| patch_stream(m, d, 4, 0x0001_00FF), 0, Some((40, true))),
    ("a buffer longer than its stream", |_, d| d.cmd_size_bytes += 100, 0, Some((40, true))),
    ("a stream without an address", |_, d| d.cmd_gpa = 0, 1, None),
    ("a stream without a size", |_, d| d.cmd_size_bytes = 0, 1, None),
    ("a stream beyond the address space", |_, d| d.cmd_gpa = u64::MAX - 8, 2, None),
    ("a stream shorter than its header", |_, d| d.cmd_size_bytes = 20, 1, Some((20, true))),
    ("the magic of a stream", |m, d| patch_stream(m, d, 0, 1), 1, Some((24, true))),
    ("the version of a stream", |m, d| patch_stream(m, d, 4, 0x0002_0000), 1, Some((24, true))),
    ("a stream that is less than its header", |m, d| patch_stream(m, d, 8, 20), 1, Some((24, true))),
    ("a stream of odd size", |m, d| patch_stream(m, d, 8, 30), 1, Some((24, true))),
    ("a stream longer than its buffer", |m, d| patch_stream(m, d, 8, 44), 2, Some((24, true))),
    (
        "a stream of 64 MiB and more",
        |m, d| {
            d.cmd_size_bytes = (64 << 20) + 4;
            patch_stream(m, d, 8, (64 << 20) + 4);
        },
        1,
        Some((24, true)),
    ),
    ("no table", |_, d| (d.alloc_table_gpa, d.alloc_table_size_bytes) = (0, 0), 0, Some((40, false))),
    ("a table without an address", |_, d| d.alloc_table_gpa = 0, 1, Some((40, false))),
    ("a table without a size", |_, d| d.alloc_table_size_bytes = 0, 1, Some((40, false))),
    ("a table beyond the address space", |_, d| d.alloc_table_gpa = u64::MAX - 8, 2, Some((40, false))),
    ("a table shorter than its header", |_, d| d.alloc_table_size_bytes = 23, 1, Some((40, false))),
    ("the magic of a table", |m, d| patch_table(m, d, 0, 1), 1, Some((40, false))),
    ("the version of a table", |m, d| patch_table(m, d, 4, 0x0002_0000), 1, Some((40, false))),
    ("a newer minor version of a table", |m, d| patch_table(m, d, 4, 0x0001_0009), 0, Some((40, true))),
    ("a table that is less than its header", |m, d| patch_table(m, d, 8, 20), 1, Some((40, false))),
    ("a table longer than its buffer", |m, d| patch_table(m, d, 8, 1000), 1, Some((40, false))),
    (
        "a table of 16 MiB and more",
        |m, d| {
            d.alloc_table_size_bytes = (16 << 20) + 1;
            patch_table(m, d, 8, (16 << 20) + 1);
        },
        1,
        Some((40, false)),
    ),
    ("a stride below an entry", |m, d| patch_table(m, d, 16, 31), 1, Some((40, false))),
    ("entries beyond their table", |m, d| patch_table(m, d, 12, 3), 2, Some((40, false))),
    ("a million entries", |m, d| patch_table(m, d, 12, u32::MAX), 2, Some((40, false))),
    ("an entry without an id", |m, d| patch_table(m, d, 24, 0), 1, Some((40, false))),
    (
        "an entry without a size",
        |m, d| {
            patch_table(m, d, 24 + 16, 0);
            patch_table(m, d, 24 + 20, 0);
        },
        1,
        Some((40, false)),
    ),
    (
        "an entry beyond the address space",
        |m, d| {
            patch_table(m, d, 24 + 8, u32::MAX);
            patch_table(m, d, 24 + 12, u32::MAX);
        },
        2,
        Some((40, false)),
    ),
    (
        "an entry at address 0",
        |m, d| {
            patch_table(m, d, 24 + 8, 0);
            patch_table(m, d, 24 + 12, 0);
        },
        0,
        Some((40, true)),
    ),
    ("two entries with one id", |m, d| patch_table(m, d, 24 + 32, 1), 1, Some((40, true))),
    (
        "both, one of them out of bounds",
        |m, d| {
            patch_stream(m, d, 0, 1);
            patch_table(m, d, 12, 3);
        },
        2,
        Some((24, false)),
    ),
    ("a short descriptor", |_, d| d.desc_size_bytes = 63, 1, Some((40, true))),
];

/// A started machine with a submission that `break_it` has broken.
fn submitted(
    decoding: Decoding,
    break_it: fn(&mut Machine<Bridge>, &mut SubmitDesc),
    stream: &[u8],
) -> Machine<Bridge> {
    let mut machine =
        Machine::started(Bridge::default(), DeviceConfig { decoding, ..DeviceConfig::default() });
    machine.write(mmio::SCANOUT0_ENABLE, 1);
    let allocations = [machine.allocate(1, &[1; 64]), machine.allocate(2, &[2; 64])];
    let mut desc = machine.describe(&Submit { allocations: &allocations, ..fence(stream, 7) });
    break_it(&mut machine, &mut desc);
    machine.push(&desc);
    machine.ring();
    machine.step();
    machine
}

fn stream() -> Vec<u8> {
    nothing()
}

#[test]
fn strict_decoding_reports_each_and_completes_it() {
    for &(name, break_it, code, _) in CASES {
        let mut machine = submitted(Decoding::Strict, break_it, &stream());
        assert_eq!(machine.head(), 1, "{name}");
        let expected = if code == 0 { (0, 0, 0) } else { (code, 7, 1) };
        assert_eq!(error(&machine), expected, "{name}");
        let executed = code == 0 || name == "a short descriptor";
        assert_eq!(machine.device.backend().drain().len(), usize::from(executed), "{name}");
        assert_eq!(completed(&machine) == 7, !executed, "{name}: never a hang");
    }
}

#[test]
fn lenient_decoding_hands_on_what_can_be_read() {
    for &(name, break_it, code, handed_on) in CASES {
        let mut machine = submitted(Decoding::Lenient, break_it, &stream());
        let expected = if name == "a short descriptor" { (code, 7, 1) } else { (0, 0, 0) };
        assert_eq!(error(&machine), expected, "{name}");
        let drained = machine.device.backend().drain();
        let seen = drained.first().map(|d| (d.stream.len(), d.alloc_table.is_some()));
        assert_eq!(seen, handed_on, "{name}");
        assert_eq!(completed(&machine) == 7, handed_on.is_none(), "{name}");
    }
}

#[test]
fn errors_come_before_their_fence_and_never_wait_for_a_blank() {
    // "a malformed submission … its fence is auto-completed without vsync gating"
    let machine = submitted(Decoding::Strict, |m, d| patch_stream(m, d, 4, 0x0002_0000), &vsync());
    assert_eq!((completed(&machine), error(&machine)), (7, (1, 7, 1)));
    assert_eq!(machine.read(mmio::IRQ_STATUS), (Irq::FENCE | Irq::ERROR).bits());
}

#[test]
fn what_cannot_be_decoded_at_all_is_an_error_even_when_lenient() {
    let mut machine = paced(Pacing::Immediate);
    let mut stream = stream();
    stream[0] = 0;
    machine.submit(&fence(&stream, 1));
    machine.step();
    assert_eq!((completed(&machine), error(&machine)), (1, (1, 1, 1)));
    // A packet whose frame leaves the stream.
    let mut stream = nothing();
    stream[28..32].copy_from_slice(&400u32.to_le_bytes());
    machine.submit(&fence(&stream, 2));
    machine.step();
    assert_eq!((completed(&machine), error(&machine)), (2, (1, 2, 2)));
}

#[test]
fn what_is_unknown_or_unsupported_is_skipped_and_reported_to_the_embedder() {
    for (decoding, code) in [(Decoding::Lenient, 0), (Decoding::Strict, 1)] {
        let config = DeviceConfig { decoding, ..DeviceConfig::default() };
        let mut machine = Machine::started(aerogpu::SoftwareRenderer::default(), config);
        let mut writer = StreamWriter::new();
        writer.raw(0xABC, &[1, 2, 3, 4]);
        machine.submit(&fence(&writer.finish_clone(), 1));
        machine.step();
        assert_eq!((completed(&machine), error(&machine)), (1, (0, 0, 0)), "unknown opcodes are skipped");
        writer.destroy_resource(77).upload_resource(77, 0, &[1, 2, 3, 4]);
        machine.submit(&fence(&writer.finish_clone(), 2));
        machine.step();
        assert_eq!((completed(&machine), error(&machine).0), (2, code));
        let reports = machine.device.take_reports();
        assert_eq!(reports.len(), 2);
        assert!(reports[0].report.errors.is_empty() && !reports[1].report.errors.is_empty());
    }
}

#[test]
fn guest_memory_out_of_bounds_is_told_apart_when_strict() {
    let config = DeviceConfig { decoding: Decoding::Strict, ..DeviceConfig::default() };
    let mut machine = Machine::started(aerogpu::SoftwareRenderer::default(), config);
    let small = machine.allocate(1, &[0; 16]);
    let mut writer = StreamWriter::new();
    writer
        .create_buffer(aerogpu_protocol::packets::CreateBuffer {
            buffer_handle: 1,
            usage_flags: 1,
            size_bytes: 64,
            backing_alloc_id: 1,
            ..Default::default()
        })
        .resource_dirty_range(1, 0, 64);
    machine.submit(&Submit { allocations: &[small], ..fence(&writer.finish_clone(), 1) });
    machine.step();
    assert_eq!((completed(&machine), error(&machine)), (1, (2, 1, 1)));
}

#[test]
fn a_table_is_read_anew_for_every_submission() {
    let mut machine = bridge();
    for gpa in [0x5000, 0x9000] {
        let entry = AllocEntry { alloc_id: 1, gpa, size_bytes: 64, ..AllocEntry::default() };
        machine.submit(&Submit { allocations: &[entry], ..fence(&nothing(), gpa) });
        machine.step();
        let drained = machine.device.backend().drain();
        assert_eq!(drained[0].alloc_table, Some(write_alloc_table(&[entry])));
    }
}

#[test]
fn a_submission_without_a_stream_signals_its_fence() {
    let mut machine = strict();
    machine.submit(&fence(&[], 3));
    machine.step();
    assert_eq!((completed(&machine), error(&machine)), (3, (0, 0, 0)));
}
