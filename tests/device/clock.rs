//! Time: vertical blanks, pacings, budgets.

use std::num::NonZeroU32;

use aerogpu::cycles::{GpuCycles, Nanoseconds, Rate};
use aerogpu::device::Pacing;
use aerogpu_protocol::registers::{Irq, mmio};

use super::*;

fn blank<B: aerogpu::Backend, M: GuestMemory>(machine: &Machine<B, M>) -> (u64, u64) {
    (machine.read64(mmio::SCANOUT0_VBLANK_SEQ_LO), machine.read64(mmio::SCANOUT0_VBLANK_TIME_NS_LO))
}

#[test]
fn the_first_blank_and_the_cap_on_catching_up() {
    // "enable at t=0; t=16_666_666 → SEQ 0; t=16_666_667 → SEQ 1, TIME 16_666_667; jump +100 s → exactly 1024 edges"
    let mut machine = noop();
    machine.write(mmio::SCANOUT0_ENABLE, 1);
    assert_eq!(machine.device.next_event(), Some(Nanoseconds(BLANK)));
    machine.at(BLANK - 1);
    assert_eq!(blank(&machine), (0, 0));
    machine.at(BLANK);
    assert_eq!(blank(&machine), (1, BLANK));
    machine.at(BLANK + 100_000_000_000);
    assert_eq!(blank(&machine), (1025, (1025u64 * 1_000_000_000).div_ceil(60)));
    // Then the next one in phase: 100 s + BLANK lies just behind blank 6001.
    assert_eq!(machine.device.next_event(), Some(Nanoseconds((6002u64 * 1_000_000_000).div_ceil(60))));
}

#[test]
fn blanks_do_not_drift() {
    let config = DeviceConfig { vblank: Rate::new(60_000, 1001), ..DeviceConfig::default() };
    let mut machine = Machine::started(Noop::default(), config);
    assert_eq!(machine.read(mmio::SCANOUT0_VBLANK_PERIOD_NS), 16_683_334);
    machine.write(mmio::SCANOUT0_ENABLE, 1);
    for second in 1..=1001 {
        machine.at(second * 1_000_000_000);
    }
    assert_eq!(blank(&machine), (60_000, 1001 * 1_000_000_000));
}

#[test]
fn blanks_come_while_the_scanout_is_enabled() {
    // "scanout_enable_does_not_catch_up_vblank"
    let mut machine = noop();
    machine.at(10 * BLANK);
    machine.write(mmio::SCANOUT0_ENABLE, 1);
    machine.at(11 * BLANK - 1);
    assert_eq!(blank(&machine), (0, 0));
    machine.write(mmio::SCANOUT0_ENABLE, 1);
    machine.at(11 * BLANK);
    assert_eq!(blank(&machine), (1, 11 * BLANK), "enabling again changes nothing");
    machine.write(mmio::SCANOUT0_ENABLE, 0);
    machine.at(20 * BLANK);
    assert_eq!(blank(&machine), (1, 11 * BLANK), "kept while disabled");
    machine.write(mmio::SCANOUT0_ENABLE, 1);
    machine.at(21 * BLANK);
    assert_eq!(blank(&machine), (2, 21 * BLANK));
    // A clock that goes backwards stands still.
    machine.at(0);
    assert_eq!((blank(&machine).0, machine.device.now()), (2, Nanoseconds(21 * BLANK)));
}

#[test]
fn several_missed_blanks_are_one_interrupt() {
    let mut machine = noop();
    machine.write(mmio::SCANOUT0_ENABLE, 1);
    machine.write(mmio::IRQ_ENABLE, Irq::SCANOUT_VBLANK.bits());
    machine.at(5 * BLANK);
    assert_eq!((blank(&machine).0, machine.interrupt()), (5, Irq::SCANOUT_VBLANK));
    assert!(!machine.device.interrupt());
}

#[test]
fn the_end_of_time_is_reached() {
    let mut machine = noop();
    machine.write(mmio::SCANOUT0_ENABLE, 1);
    machine.at(u64::MAX - 1);
    machine.at(u64::MAX);
    assert_eq!(machine.device.next_event(), None, "the next blank lies beyond it");
    machine.submit(&fence(&nothing(), 1));
    machine.step();
    assert_eq!(completed(&machine), 1);
}

/// What the submissions of [`nothing`] cost on the modelled GPU.
fn cost_of_nothing() -> u64 {
    let mut machine = paced(Pacing::Lockstep);
    machine.submit(&fence(&nothing(), 1));
    machine.step();
    let cycles = machine.device.take_reports()[0].cycles.0;
    assert!(cycles > 0);
    cycles
}

#[test]
fn in_lockstep_a_fence_completes_when_the_modelled_gpu_is_done() {
    let cycles = cost_of_nothing();
    let mut machine = paced(Pacing::Lockstep);
    machine.at(1000);
    for value in 1..=2 {
        machine.submit(&fence(&nothing(), value));
    }
    machine.step();
    assert_eq!(completed(&machine), 0, "however fast the host was");
    // 500 MHz: 2 ns a cycle, one submission after the other.
    assert_eq!(machine.device.next_event(), Some(Nanoseconds(1000 + 2 * cycles)));
    machine.at(1000 + 2 * cycles - 1);
    assert_eq!(completed(&machine), 0);
    machine.at(1000 + 2 * cycles);
    assert_eq!((completed(&machine), machine.fence_page()), (1, 1));
    machine.at(1000 + 4 * cycles);
    assert_eq!((completed(&machine), machine.device.gpu_cycles()), (2, GpuCycles(2 * cycles)));
}

#[test]
fn throttled_scales_the_embedders_time() {
    let cycles = cost_of_nothing();
    let (guest, host) = (NonZeroU32::new(1).unwrap(), NonZeroU32::new(10).unwrap());
    let mut machine = paced(Pacing::Throttled { guest, host });
    machine.submit(&fence(&nothing(), 1));
    machine.step();
    assert_eq!(machine.device.next_event(), Some(Nanoseconds(20 * cycles)));
    machine.at(20 * cycles - 1);
    assert_eq!(completed(&machine), 0);
    machine.at(20 * cycles);
    assert_eq!((completed(&machine), machine.device.now()), (1, Nanoseconds(2 * cycles)));
    machine.step();
    assert_eq!(machine.device.now(), Nanoseconds(2 * cycles));
}

#[test]
fn work_that_ends_with_a_blank_is_seen_by_it() {
    // One heap keyed (time, kind): at one time work ends, its fence completes, and then the blank comes.
    let cycles = cost_of_nothing();
    for (early, expected) in [(0, 1), (1, 0)] {
        let mut machine = paced(Pacing::Lockstep);
        machine.write(mmio::SCANOUT0_ENABLE, 1);
        machine.at(BLANK - 2 * cycles + early);
        let mut stream = StreamWriter::new();
        stream.present(0, true);
        // As many bytes as `nothing`: presents are 16 and flushes too.
        machine.submit(&fence(&stream.finish_clone(), 1));
        machine.step();
        let present = machine.device.take_reports()[0].cycles.0;
        assert_eq!(present, cycles, "the two streams cost the same");
        machine.at(BLANK);
        assert_eq!(completed(&machine), expected);
    }
}

#[test]
fn work_beyond_its_budget_times_out() {
    let config = DeviceConfig { pacing: Pacing::Lockstep, budget: GpuCycles(3), ..DeviceConfig::default() };
    let mut machine = Machine::started(aerogpu::SoftwareRenderer::default(), config);
    machine.submit(&fence(&nothing(), 1));
    machine.at(5);
    assert_eq!(error(&machine), (0, 0, 0));
    machine.at(5 + 6);
    assert_eq!((completed(&machine), error(&machine)), (1, (3, 1, 1)));
}

#[test]
fn the_same_calls_give_the_same_registers() {
    // "vblank_determinism"
    let run = || {
        let mut machine = paced(Pacing::Lockstep);
        machine.write(mmio::SCANOUT0_ENABLE, 1);
        let mut trace = Vec::new();
        for step in 1..200u64 {
            machine.submit(&fence(if step % 3 == 0 { vsync() } else { nothing() }.as_slice(), step));
            machine.at(step * 1_234_567);
            trace.push((blank(&machine), completed(&machine), machine.device.interrupt()));
        }
        trace
    };
    assert_eq!(run(), run());
}
