//! The ring: doorbells, wrapping, strides, resets.

use aerogpu::device::{COMMAND_BUS_MASTER, COMMAND_MEMORY};
use aerogpu::mock::{FENCE_PAGE, RING};
use aerogpu_protocol::registers::mmio;
use aerogpu_protocol::ring::SubmitDesc;

use super::*;

#[test]
fn a_submission_completes_in_registers_memory_and_interrupt() {
    let mut machine = noop();
    machine.submit(&fence(&nothing(), 5));
    assert_eq!((completed(&machine), machine.head()), (0, 0), "nothing happens inside the write");
    machine.step();
    assert_eq!((completed(&machine), machine.fence_page(), machine.head()), (5, 5, 1));
    assert_eq!(machine.peek(FENCE_PAGE), 0x434E_4546);
    assert_eq!(machine.peek(FENCE_PAGE + 4), 0x0001_0004);
    assert!(machine.device.interrupt());
    machine.interrupt();
    assert!(!machine.device.interrupt());
}

#[test]
fn the_tail_wraps() {
    // "256 entries, tail wraps from 0xFFFF_FFF0 to 0x10 (32 pending) → all 32 done, head=0x10"
    let mut machine = noop();
    machine.tail = 0xFFFF_FFF0;
    machine.write_ring_header();
    for value in 1..=32 {
        let desc = machine.describe(&fence(&nothing(), value));
        machine.push(&desc);
    }
    machine.ring();
    machine.step();
    assert_eq!((completed(&machine), machine.head(), error(&machine)), (32, 0x10, (0, 0, 0)));
}

#[test]
fn more_entries_than_the_ring_has_are_dropped() {
    // "pending=257 of 256 → head=tail, CODE=1, FENCE=0, COUNT=1"
    let mut machine = noop();
    machine.poke(RING + 28, &257u32.to_le_bytes());
    machine.ring();
    machine.step();
    assert_eq!((machine.head(), error(&machine)), (257, (1, 0, 1)));
    assert!(machine.device.interrupt());
}

#[test]
fn longer_slots_and_descriptors_are_read_as_far_as_known() {
    // "stride 128, desc_size 128 → OK"
    let mut machine = noop();
    machine.stride = 128;
    machine.write_ring_header();
    machine.write(mmio::RING_SIZE_BYTES, machine.ring_bytes());
    for value in 1..=2 {
        let desc = machine.describe(&fence(&nothing(), value));
        machine.push(&SubmitDesc { desc_size_bytes: 128, ..desc });
    }
    machine.ring();
    machine.step();
    assert_eq!((completed(&machine), machine.head(), error(&machine)), (2, 2, (0, 0, 0)));
}

#[test]
fn malformed_headers_leave_the_ring_alone() {
    // "stride 32 → CODE=1, head unchanged", and every other field.
    for (offset, value, code) in [
        (0, 0x474E_5242u32, 1), // magic
        (4, 0x0002_0000, 1),    // major version
        (4, 0, 1),
        (8, 4096, 1),    // too small for the entries
        (8, 1 << 20, 2), // larger than the register says
        (12, 0, 1),
        (12, 255, 1),
        (12, 1 << 31, 1),
        (16, 32, 1),
        (16, 63, 1),
        (16, u32::MAX, 1),
    ] {
        let mut machine = noop();
        machine.submit(&fence(&nothing(), 1));
        machine.poke(RING + offset, &value.to_le_bytes());
        machine.step();
        assert_eq!(
            (machine.head(), error(&machine), completed(&machine)),
            (0, (code, 0, 1), 0),
            "{offset} {value:#x}"
        );
        // Nothing is stuck: a good header and another doorbell go on.
        machine.tail = 0;
        machine.write_ring_header();
        machine.submit(&fence(&nothing(), 1));
        machine.step();
        assert_eq!(completed(&machine), 1);
    }
}

#[test]
fn newer_minor_versions_and_reserved_words_are_accepted() {
    let mut machine = noop();
    machine.poke(RING + 4, &0x0001_FFFFu32.to_le_bytes());
    machine.poke(RING + 20, &[0xFF; 4]);
    machine.poke(RING + 32, &[0xFF; 32]);
    let desc = machine.describe(&fence(&nothing(), 1));
    let reserved = SubmitDesc {
        engine_id: 77,
        cmd_reserved0: 1,
        alloc_table_reserved0: 2,
        reserved0: 3,
        desc_size_bytes: 4096,
        ..desc
    };
    machine.push(&reserved);
    machine.ring();
    machine.step();
    assert_eq!((completed(&machine), error(&machine)), (1, (0, 0, 0)));
    // The register may be larger than the ring.
    machine.write(mmio::RING_SIZE_BYTES, 1 << 20);
    machine.submit(&fence(&nothing(), 2));
    machine.step();
    assert_eq!(completed(&machine), 2);
}

#[test]
fn an_unprogrammed_ring_is_an_error() {
    for (gpa, size) in [(0, 4096), (RING, 0)] {
        let mut machine = noop();
        machine.write64(mmio::RING_GPA_LO, gpa);
        machine.write(mmio::RING_SIZE_BYTES, size);
        machine.ring();
        machine.step();
        assert_eq!(error(&machine), (1, 0, 1));
    }
}

#[test]
fn addresses_never_wrap() {
    // "ring_gpa=0xFFFF_FFFF_FFFF_FFE0 → CODE=2 with no memory access at low addresses", and what else may wrap.
    for gpa in [0xFFFF_FFFF_FFFF_FFE0, u64::MAX, u64::MAX - 63, u64::MAX - 4095, u64::MAX - 20_000] {
        for reset in [false, true] {
            let mut machine = watched();
            machine.write64(mmio::RING_GPA_LO, gpa);
            machine.write64(mmio::FENCE_GPA_LO, u64::MAX - 54);
            if reset {
                machine.write(mmio::RING_CONTROL, 3);
                machine.step();
                let expected = if gpa > u64::MAX - 64 { (2, 0, 1) } else { (0, 0, 0) };
                assert_eq!(error(&machine), expected, "{gpa:#x}");
            } else {
                machine.ring();
                machine.step();
                assert_eq!(error(&machine), (2, 0, 1), "{gpa:#x}");
            }
            assert_eq!(machine.memory.low.get(), 0);
        }
    }
    // Entries that cannot be reached are dropped if the header can.
    let mut machine = noop();
    let gpa = u64::MAX - 4095;
    machine.poke(gpa + 24, &[1, 0, 0, 0, 9, 0, 0, 0]);
    machine.write64(mmio::RING_GPA_LO, gpa);
    machine.ring();
    machine.step();
    assert_eq!((machine.peek(gpa + 24), error(&machine)), (9, (2, 0, 1)));
}

#[test]
fn a_disabled_ring_takes_no_notice() {
    // "doorbell_is_ignored_until_ring_is_enabled_and_requires_a_new_kick"
    let mut machine = noop();
    machine.write(mmio::RING_CONTROL, 0);
    machine.submit(&fence(&nothing(), 1));
    machine.step();
    machine.write(mmio::RING_CONTROL, 1);
    machine.step();
    assert_eq!((completed(&machine), error(&machine)), (0, (0, 0, 0)));
    machine.ring();
    machine.step();
    assert_eq!(completed(&machine), 1);
}

#[test]
fn an_empty_ring_is_left_alone() {
    let mut machine = noop();
    machine.ring();
    machine.step();
    assert_eq!((machine.peek(FENCE_PAGE), error(&machine)), (0, (0, 0, 0)), "no fence page either");
}

#[test]
fn a_doorbell_waits_for_bus_mastering() {
    // "pci_bme_toggle"
    let mut machine = watched();
    machine.submit(&fence(&nothing(), 1));
    machine.command(COMMAND_BUS_MASTER, false);
    machine.memory.accesses.set(0);
    machine.step();
    assert_eq!((machine.memory.accesses.get(), completed(&machine)), (0, 0));
    machine.command(COMMAND_BUS_MASTER, true);
    machine.step();
    assert_eq!((completed(&machine), machine.fence_page()), (1, 1));
}

#[test]
fn a_reset_forgets_at_once_and_writes_memory_when_it_may() {
    // "ring_reset_deferred_until_bme", "ring_reset_dma_deferred"
    let mut machine = watched();
    machine.submit(&fence(&nothing(), 7));
    machine.step();
    machine.write64(mmio::RING_GPA_LO, 0);
    machine.ring();
    machine.step();
    assert_eq!(error(&machine), (1, 0, 1));
    machine.write64(mmio::RING_GPA_LO, RING);
    machine.submit(&fence(&nothing(), 8));
    machine.command(COMMAND_BUS_MASTER, false);
    machine.memory.accesses.set(0);
    machine.write(mmio::RING_CONTROL, 3);
    // The registers, at once.
    assert_eq!((completed(&machine), error(&machine), machine.read(mmio::IRQ_STATUS)), (0, (0, 0, 0), 0));
    assert_eq!((machine.read(mmio::RING_CONTROL), machine.read(mmio::IRQ_ENABLE)), (1, 0x8000_0001));
    assert_eq!(machine.read64(mmio::RING_GPA_LO), RING);
    machine.step();
    assert_eq!((machine.memory.accesses.get(), machine.head(), machine.fence_page()), (0, 1, 7));
    // The memory, later.
    machine.command(COMMAND_BUS_MASTER, true);
    machine.step();
    assert_eq!((machine.head(), machine.tail, machine.fence_page(), completed(&machine)), (2, 2, 0, 0));
    machine.submit(&fence(&nothing(), 1));
    machine.step();
    assert_eq!(completed(&machine), 1);
}

#[test]
fn a_doorbell_after_a_reset_counts() {
    let mut machine = noop();
    machine.ring();
    machine.write(mmio::RING_CONTROL, 3);
    machine.step();
    machine.submit(&fence(&nothing(), 1));
    machine.step();
    assert_eq!(completed(&machine), 1);
    // Reset does not need the ring to be enabled, and without ENABLE disables it.
    machine.write(mmio::RING_CONTROL, 2);
    assert_eq!((completed(&machine), machine.read(mmio::RING_CONTROL)), (0, 0));
}

#[test]
fn a_reset_resets_the_back_end_and_forgets_its_completions() {
    let mut machine = bridge();
    machine.submit(&fence(&nothing(), 1));
    machine.step();
    machine.write(mmio::RING_CONTROL, 3);
    machine.step();
    assert!(machine.device.backend().drain().is_empty());
    assert!(!machine.device.backend().complete(1));
    machine.step();
    assert_eq!(completed(&machine), 0);
}

#[test]
fn a_long_ring_is_taken_in_steps() {
    let mut machine = noop();
    machine.entries = 1 << 14;
    machine.write_ring_header();
    machine.write(mmio::RING_SIZE_BYTES, machine.ring_bytes());
    for value in 1..=5000 {
        let desc = SubmitDesc { desc_size_bytes: 64, signal_fence: value, ..SubmitDesc::default() };
        machine.push(&desc);
    }
    machine.ring();
    machine.step();
    assert_eq!((completed(&machine), machine.head()), (4096, 4096));
    machine.step();
    assert_eq!((completed(&machine), machine.head()), (5000, 5000));
}

#[test]
fn memory_that_is_not_there_reads_as_ones() {
    let mut machine = Machine::new(Noop::default(), DeviceConfig::default(), aerogpu::memory::NoMemory);
    machine.start();
    machine.ring();
    machine.step();
    assert_eq!(error(&machine), (1, 0, 1));
    machine.command(COMMAND_MEMORY | COMMAND_BUS_MASTER, true);
    machine.write(mmio::RING_CONTROL, 3);
    machine.step();
    assert_eq!(error(&machine), (0, 0, 0));
}
