//! Fences: order, duplicates, presents paced by vertical blanks, work that is done elsewhere.

use aerogpu::device::COMMAND_BUS_MASTER;
use aerogpu_protocol::registers::{Irq, mmio};
use aerogpu_protocol::ring::SubmitFlags;

use super::*;

#[test]
fn no_irq_completes_silently() {
    // "ring_noop_fence": NO_IRQ suppresses; duplicates merge; what has no fence drains.
    let mut machine = noop();
    machine.submit(&Submit { flags: SubmitFlags::NO_IRQ, ..fence(&nothing(), 1) });
    machine.step();
    assert_eq!((completed(&machine), machine.fence_page(), machine.read(mmio::IRQ_STATUS)), (1, 1, 0));
    machine.submit(&Submit { flags: SubmitFlags::NO_IRQ, ..fence(&nothing(), 2) });
    machine.submit(&fence(&nothing(), 2));
    machine.submit(&Submit { flags: SubmitFlags::NO_IRQ, ..fence(&nothing(), 2) });
    machine.step();
    assert_eq!((completed(&machine), machine.interrupt()), (2, Irq::FENCE));
    machine.submit(&fence(&nothing(), 0));
    machine.submit(&fence(&[], 0));
    machine.step();
    assert_eq!((machine.head(), completed(&machine), machine.interrupt()), (6, 2, Irq::empty()));
}

#[test]
fn old_fences_are_executed_and_ignored() {
    let mut machine = bridge();
    for value in [9, 4, 10] {
        machine.submit(&fence(&nothing(), value));
    }
    machine.step();
    assert_eq!(machine.device.backend().drain().len(), 3);
    for value in [4, 9, 10] {
        assert!(machine.device.backend().complete(value));
    }
    machine.step();
    assert_eq!((completed(&machine), error(&machine)), (10, (0, 0, 0)));
    machine.submit(&fence(&nothing(), 3));
    machine.step();
    assert_eq!(machine.device.backend().drain().len(), 1);
    machine.device.backend().complete(3);
    machine.step();
    assert_eq!(completed(&machine), 10);
}

#[test]
fn fences_have_64_bits() {
    let mut machine = noop();
    for value in [0xFFFF_FFFF, 0x1_0000_0000, u64::MAX] {
        machine.submit(&fence(&nothing(), value));
        machine.step();
        assert_eq!((completed(&machine), machine.fence_page()), (value, value));
    }
}

#[test]
fn work_done_out_of_order_shows_in_order() {
    // "submission_bridge": drain returns the payload; the host completes; a fence never overtakes another.
    let mut machine = bridge();
    let stream = nothing();
    for value in 1..=3 {
        machine.submit(&Submit { context_id: 5, ..fence(&stream, value) });
    }
    machine.step();
    let drained = machine.device.backend().drain();
    assert_eq!(drained.iter().map(|d| d.fence).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!((drained[0].stream.as_slice(), drained[0].context_id), (stream.as_slice(), 5));
    for (host, guest) in [(3, 0), (1, 1), (2, 3)] {
        machine.device.backend().complete(host);
        machine.step();
        assert_eq!(completed(&machine), guest);
    }
}

#[test]
fn a_full_queue_fails_its_oldest_entry_and_completes_it() {
    // "submission_queue_overflow_completes_dropped_fence", "overflow never deadlocks"
    let mut machine = bridge();
    for value in 1..=257 {
        machine.submit(&fence(&nothing(), value));
        machine.step();
    }
    assert_eq!((completed(&machine), error(&machine)), (1, (3, 1, 1)));
    for submission in machine.device.backend().drain() {
        machine.device.backend().complete(submission.fence);
    }
    machine.step();
    assert_eq!(completed(&machine), 257);
}

#[test]
fn completions_wait_for_bus_mastering() {
    // "complete_fence_gating", "snapshot_preserves_executor_state: BME-deferred completion"
    let mut machine = bridge();
    machine.submit(&fence(&nothing(), 1));
    machine.step();
    machine.device.backend().drain();
    machine.command(COMMAND_BUS_MASTER, false);
    machine.device.backend().complete(1);
    machine.step();
    assert_eq!((completed(&machine), machine.fence_page()), (0, 0));
    machine.command(COMMAND_BUS_MASTER, true);
    machine.step();
    assert_eq!((completed(&machine), machine.fence_page(), machine.interrupt()), (1, 1, Irq::FENCE));
}

/// A machine that shows something, so that presents wait for vertical blanks.
fn showing() -> aerogpu::mock::Machine<Noop> {
    let mut machine = noop();
    machine.write(mmio::SCANOUT0_ENABLE, 1);
    machine
}

#[test]
fn one_present_completes_a_blank() {
    // "Three vsync presents + one immediate queued together: SEQ+1 → fence1; +1 → fence2; +1 → fence3 and fence4."
    let mut machine = showing();
    for value in 1..=3 {
        machine.submit(&fence(&vsync(), value));
    }
    machine.submit(&fence(&nothing(), 4));
    machine.step();
    let mut seen = Vec::new();
    for blank in 0..=4 {
        machine.at(blank * 1_000_000_000 / 60 + 1);
        seen.push((machine.read64(mmio::SCANOUT0_VBLANK_SEQ_LO), completed(&machine)));
    }
    assert_eq!(seen, [(0, 0), (1, 1), (2, 2), (3, 4), (4, 4)]);
}

#[test]
fn several_elapsed_blanks_release_as_many_presents() {
    let mut machine = showing();
    for value in 1..=5 {
        machine.submit(&fence(&vsync(), value));
    }
    machine.step();
    machine.at(3 * BLANK);
    assert_eq!(completed(&machine), 3);
}

#[test]
fn a_present_waits_for_a_blank_after_it() {
    // "vsync_present_paces_fence", "doorbell_vblank_ordering": the blank that elapsed before does not count.
    let mut machine = showing();
    machine.submit(&fence(&vsync(), 1));
    machine.at(BLANK);
    assert_eq!((machine.read64(mmio::SCANOUT0_VBLANK_SEQ_LO), completed(&machine)), (1, 0));
    machine.at(2 * BLANK);
    assert_eq!(completed(&machine), 1);
}

#[test]
fn only_presents_with_the_flag_wait() {
    let mut machine = showing();
    let presents = |vsync| StreamWriter::new().present(0, vsync).finish_clone();
    let mut truncated = presents(true);
    truncated.extend([0x00, 0x07, 0, 0, 3, 0, 0, 0]);
    let size = truncated.len() as u32;
    truncated[8..12].copy_from_slice(&size.to_le_bytes());
    for (value, stream, flags, waits) in [
        (1, presents(false), SubmitFlags::PRESENT, false),
        (2, truncated, SubmitFlags::PRESENT, false),
        // "vsync_present_is_gated_even_without_submit_present_hint"
        (3, presents(true), SubmitFlags::empty(), true),
    ] {
        machine.submit(&Submit { flags, ..fence(&stream, value) });
        machine.step();
        assert_eq!(completed(&machine) == value, !waits, "{value}");
    }
    let mut ex = StreamWriter::new();
    ex.present_ex(0, aerogpu_protocol::packets::PresentFlags::VSYNC, 0);
    machine.at(BLANK);
    machine.submit(&fence(&ex.finish_clone(), 4));
    machine.step();
    assert_eq!(completed(&machine), 3);
}

#[test]
fn without_blanks_presents_do_not_wait() {
    let mut machine = noop();
    machine.submit(&fence(&vsync(), 1));
    machine.step();
    assert_eq!(completed(&machine), 1);
    // Disabling the scanout releases what waits: "disabling_scanout_…".
    machine.write(mmio::SCANOUT0_ENABLE, 1);
    machine.submit(&fence(&vsync(), 2));
    machine.step();
    assert_eq!(completed(&machine), 1);
    machine.command(COMMAND_BUS_MASTER, false);
    machine.write(mmio::SCANOUT0_ENABLE, 0);
    machine.step();
    assert_eq!(completed(&machine), 1, "…_does_not_flush_vsync_fences_while_pci_bme_is_disabled");
    machine.command(COMMAND_BUS_MASTER, true);
    machine.step();
    assert_eq!(completed(&machine), 2);
}

#[test]
fn blanks_without_bus_mastering_release_nothing() {
    let mut machine = showing();
    machine.submit(&fence(&vsync(), 1));
    machine.step();
    machine.command(COMMAND_BUS_MASTER, false);
    machine.at(2 * BLANK);
    assert_eq!((machine.read64(mmio::SCANOUT0_VBLANK_SEQ_LO), completed(&machine)), (2, 0));
    machine.command(COMMAND_BUS_MASTER, true);
    machine.step();
    assert_eq!(completed(&machine), 0);
    machine.at(3 * BLANK);
    assert_eq!(completed(&machine), 1, "on the first blank with it");
}

#[test]
fn duplicates_take_the_slower_pace() {
    // "duplicate_fence_vsync_present_upgrades_kind_and_merges_irq_semantics"
    let mut machine = showing();
    machine.submit(&fence(&nothing(), 1));
    machine.submit(&Submit { flags: SubmitFlags::NO_IRQ, ..fence(&vsync(), 1) });
    machine.submit(&Submit { flags: SubmitFlags::NO_IRQ, ..fence(&nothing(), 1) });
    machine.step();
    assert_eq!(completed(&machine), 0);
    machine.at(BLANK);
    assert_eq!((completed(&machine), machine.interrupt()), (1, Irq::FENCE));
}

#[test]
fn a_duplicate_does_not_block_later_fences() {
    let mut machine = bridge();
    machine.write(mmio::SCANOUT0_ENABLE, 1);
    for value in [1, 1, 2] {
        machine.submit(&fence(&nothing(), value));
    }
    machine.submit(&fence(&vsync(), 3));
    machine.step();
    machine.device.backend().drain();
    for value in [1, 2, 3] {
        machine.device.backend().complete(value);
    }
    machine.step();
    assert_eq!(completed(&machine), 2);
    machine.at(BLANK);
    assert_eq!(completed(&machine), 3);
}

#[test]
fn an_unfinished_present_blocks_what_is_behind_it() {
    let mut machine = bridge();
    machine.write(mmio::SCANOUT0_ENABLE, 1);
    machine.submit(&fence(&vsync(), 1));
    machine.submit(&fence(&nothing(), 2));
    machine.step();
    machine.device.backend().drain();
    machine.device.backend().complete(2);
    machine.at(BLANK);
    assert_eq!(completed(&machine), 0);
    machine.write(mmio::SCANOUT0_ENABLE, 0);
    machine.step();
    assert_eq!(completed(&machine), 0, "even without blanks");
    machine.device.backend().complete(1);
    machine.step();
    assert_eq!(completed(&machine), 2);
}

#[test]
fn the_fence_page_is_written_for_every_doorbell_and_at_no_address_that_overflows() {
    let mut machine = noop();
    machine.submit(&fence(&nothing(), 0));
    machine.step();
    assert_eq!(machine.peek(aerogpu::mock::FENCE_PAGE), 0x434E_4546);
    // "fence_page_write_with_overflowing_gpa_is_nonpanicking"
    for gpa in [u64::MAX, u64::MAX - 54, 0] {
        machine.write64(mmio::FENCE_GPA_LO, gpa);
        machine.submit(&fence(&nothing(), completed(&machine) + 1));
        machine.step();
        assert_eq!(error(&machine), (0, 0, 0));
    }
    assert_eq!((completed(&machine), machine.fence_page()), (3, 0));
}

#[test]
fn guest_memory_may_be_reused_once_the_entry_is_consumed() {
    let mut machine = bridge();
    let stream = nothing();
    let desc = machine.describe(&fence(&stream, 1));
    machine.push(&desc);
    machine.ring();
    machine.step();
    machine.poke(desc.cmd_gpa, &[0; 32]);
    assert_eq!(machine.device.backend().drain()[0].stream, stream);
}

#[test]
fn the_fence_page_is_not_written_for_being_programmed() {
    let mut machine = noop();
    machine.write64(mmio::FENCE_GPA_LO, 0x30_0000);
    machine.step();
    assert_eq!(machine.peek(0x30_0000), 0);
    machine.submit(&fence(&nothing(), 1));
    machine.step();
    assert_eq!((machine.peek(0x30_0000), machine.peek(0x30_0008)), (0x434E_4546, 1));
}

#[test]
fn disabling_the_ring_cancels_nothing() {
    let mut machine = bridge();
    machine.submit(&fence(&nothing(), 1));
    machine.step();
    machine.device.backend().drain();
    machine.write(mmio::RING_CONTROL, 0);
    machine.device.backend().complete(1);
    machine.step();
    assert_eq!((completed(&machine), machine.fence_page()), (1, 1));
}

#[test]
fn a_completion_before_its_submission_is_for_nothing() {
    // "early completion": the host is told so, and completes it again.
    let mut machine = bridge();
    assert!(!machine.device.backend().complete(1));
    machine.submit(&fence(&nothing(), 1));
    machine.step();
    assert_eq!((completed(&machine), machine.device.backend().drain().len()), (0, 1));
    assert!(machine.device.backend().complete(1));
    machine.step();
    assert_eq!(completed(&machine), 1);
}

#[test]
fn several_fences_are_one_interrupt_and_the_last_in_the_page() {
    let mut machine = noop();
    for value in 1..=3 {
        let flags = if value == 2 { SubmitFlags::empty() } else { SubmitFlags::NO_IRQ };
        machine.submit(&Submit { flags, ..fence(&nothing(), value) });
    }
    machine.step();
    assert_eq!((completed(&machine), machine.fence_page(), machine.interrupt()), (3, 3, Irq::FENCE));
    assert!(!machine.device.interrupt());
}
