//! Saving and restoring.

use aerogpu::Damage;
use aerogpu::device::{Bar, COMMAND_BUS_MASTER, Device, Display, SnapshotError};
use aerogpu_protocol::registers::{Irq, mmio};

use super::*;

/// A machine with something everywhere: presents that wait, half addresses, video memory, an error, a pending interrupt.
fn busy() -> Machine<Noop> {
    let mut machine = noop();
    machine.show(1, [2, 2, 8], 0x9000);
    machine.show_cursor(1, [1, 1], [-3, 7], 0xA000);
    machine.write(mmio::SCANOUT0_FB_GPA_LO, 0x1234);
    machine.write(mmio::CURSOR_FB_GPA_LO, 0x5678);
    machine.write(mmio::IRQ_ENABLE, (Irq::FENCE | Irq::SCANOUT_VBLANK).bits());
    machine.device.bar_write(Bar::Vram, 0x1_8000, 8, 0x1122_3344_5566_7788);
    machine.device.bar_write(Bar::Vram, 0x3FF_FFF8, 8, 99);
    machine.at(BLANK + 1000);
    for value in 1..=3 {
        machine.submit(&fence(&vsync(), value));
    }
    machine.step();
    machine.poke(aerogpu::mock::RING, &[0; 4]);
    machine.ring();
    machine.step();
    machine.ring();
    machine
}

/// The same machine with a device that was restored.
fn restored(mut machine: Machine<Noop>) -> Machine<Noop> {
    let snapshot = machine.device.snapshot();
    machine.device = Device::new(Noop::default(), DeviceConfig::default());
    machine.device.bar_write(Bar::Vram, 0x2_0000, 8, 5);
    machine.device.restore(&snapshot).expect("a snapshot");
    machine
}

#[test]
fn a_restored_device_goes_on_as_if_nothing_had_happened() {
    // "snapshot_roundtrip", "snapshot_preserves_{executor_state, pending_cursor_fb_gpa, pending_scanout0_fb_gpa,
    // pending_vsync_fence, vblank_and_fence, wddm_ownership_when_scanout_disabled}", "snapshot_vram_sparse"
    let run = |mut machine: Machine<Noop>| {
        let mut trace = Vec::new();
        for step in 0..6u64 {
            for offset in (0..0x600).step_by(4) {
                trace.push(machine.read(offset));
            }
            trace.push(u32::from(machine.device.interrupt()));
            trace.push(machine.device.bar_read(Bar::Vram, 0x1_8000, 4) as u32);
            trace.push(machine.device.bar_read(Bar::Vram, 0x2_0000, 4) as u32);
            trace.push(machine.device.bar_read(Bar::Vram, 0x3FF_FFF8, 4) as u32);
            machine.at(BLANK * (step + 2));
            if step == 4 {
                machine.write(mmio::SCANOUT0_FB_GPA_HI, 0);
                machine.write(mmio::CURSOR_FB_GPA_HI, 0);
            }
        }
        trace
    };
    assert!(run(busy()) == run(restored(busy())));
    let mut machine = restored(busy());
    assert_eq!(machine.read64(mmio::ERROR_COUNT) as u32, 1);
    machine.write(mmio::SCANOUT0_ENABLE, 0);
    let mut machine = restored(machine);
    let Machine { device, memory, .. } = &mut machine;
    assert_eq!(device.present(memory), Display::Blank, "the driver still owns the display");
}

#[test]
fn a_snapshot_is_the_same_after_a_round_trip_and_small() {
    let mut machine = busy();
    let first = machine.device.snapshot();
    assert!(first.len() < 3 * 4096, "pages of zeros are left out: {}", first.len());
    assert!(restored(machine).device.snapshot() == first);
}

#[test]
fn damaged_snapshots_are_refused_and_change_nothing() {
    let snapshot = busy().device.snapshot();
    let mut device = Device::new(Noop::default(), DeviceConfig::default());
    let before = device.snapshot();
    for len in (0..200).chain(snapshot.len() - 5000..snapshot.len()) {
        assert!(device.restore(&snapshot[..len]).is_err(), "{len}");
    }
    let mut longer = snapshot.clone();
    longer.push(0);
    assert_eq!(device.restore(&longer), Err(Damage::Invalid("bytes behind its end").into()));
    let mut newer = snapshot.clone();
    newer[8] = 2;
    assert_eq!(device.restore(&newer), Err(SnapshotError::Version(2)));
    assert_eq!(device.restore(b"AERO"), Err(SnapshotError::NotASnapshot));
    assert!(device.snapshot() == before);
}

#[test]
fn work_that_the_back_end_forgets_fails() {
    let mut machine = bridge();
    machine.submit(&fence(&nothing(), 1));
    machine.step();
    machine.device.backend().drain();
    machine.command(COMMAND_BUS_MASTER, false);
    machine.submit(&fence(&nothing(), 2));
    let snapshot = machine.device.snapshot();
    machine.device.restore(&snapshot).expect("a snapshot");
    machine.command(COMMAND_BUS_MASTER, true);
    machine.step();
    assert_eq!((completed(&machine), error(&machine)), (1, (3, 1, 1)));
    assert_eq!(machine.device.backend().drain().len(), 1, "the doorbell was remembered");
}

#[test]
fn lockstep_goes_on_to_the_nanosecond() {
    let run = |interrupted: bool| {
        let config = DeviceConfig { pacing: Pacing::Lockstep, ..DeviceConfig::default() };
        let mut machine = Machine::started(aerogpu::SoftwareRenderer::default(), config);
        machine.at(100);
        for value in 1..=4 {
            machine.submit(&fence(&nothing(), value));
        }
        machine.step();
        if interrupted {
            let snapshot = machine.device.snapshot();
            machine.device = Device::new(aerogpu::SoftwareRenderer::default(), config);
            machine.device.restore(&snapshot).expect("a snapshot");
        }
        let mut times = Vec::new();
        while let Some(next) = machine.device.next_event() {
            machine.at(next.0);
            times.push((next, completed(&machine), machine.device.gpu_cycles()));
        }
        times
    };
    assert_eq!(run(false).len(), 4);
    assert_eq!(run(false), run(true));
}

#[test]
fn what_waits_for_bus_mastering_survives() {
    // "snapshot_preserves_executor_state": a completion that came without bus mastering.
    let mut machine = paced(Pacing::Lockstep);
    machine.submit(&fence(&nothing(), 1));
    machine.step();
    machine.command(COMMAND_BUS_MASTER, false);
    machine.at(1_000_000);
    let snapshot = machine.device.snapshot();
    let config = DeviceConfig { pacing: Pacing::Lockstep, ..DeviceConfig::default() };
    machine.device = Device::new(aerogpu::SoftwareRenderer::default(), config);
    machine.device.restore(&snapshot).expect("a snapshot");
    machine.step();
    assert_eq!((completed(&machine), machine.fence_page()), (0, 0));
    machine.command(COMMAND_BUS_MASTER, true);
    machine.step();
    assert_eq!((completed(&machine), machine.fence_page(), machine.interrupt()), (1, 1, Irq::FENCE));
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    // "9 rejection cases": what stands where follows from the format. The machine has fences 1 to 3 waiting.
    let snapshot = busy().device.snapshot();
    let pending = 8 + 4 + 8 + 13 + 15 + 8 + 8;
    let one = |at: usize, bytes: &[u8]| {
        let mut damaged = snapshot.clone();
        damaged[at..at + bytes.len()].copy_from_slice(bytes);
        Device::new(Noop::default(), DeviceConfig::default()).restore(&damaged)
    };
    let invalid = |what| Err(SnapshotError::Damaged(Damage::Invalid(what)));
    assert_eq!(snapshot[pending..pending + 5], [3, 0, 0, 0, 1]);
    let fence = |i: usize| pending + 4 + 11 * i;
    assert_eq!(one(fence(1), &[1]), invalid("order of fences"), "twice the same");
    assert_eq!(one(fence(2), &[1]), invalid("order of fences"));
    assert_eq!(one(pending - 8, &[9]), invalid("order of fences"), "completed already");
    assert_eq!(one(fence(0) + 8, &[2]), invalid("flag"));
    assert_eq!(one(fence(0) + 9, &[7]), invalid("flag"), "a pace");
    assert_eq!(one(pending, &[0, 0, 4, 0]), invalid("length of a list"), "4 x 65,536 fences");
    assert_eq!(one(pending, &[0xFF; 4]), invalid("length of a list"));
    // Behind the fences: two flags, status and enable, and the error code.
    let code = fence(3) + 2 + 4 + 4;
    assert_eq!(one(code, &[77, 0, 0, 0]), invalid("error code"));
    // Behind the error: queue, vblank (not before now), scanout, cursor, bank; then pages in ascending order.
    let page = snapshot.len() - 1 - 8 - 2 * (4 + 4096);
    assert_eq!(snapshot[page..page + 4], 0x18u32.to_le_bytes());
    assert_eq!(one(page, &[0xFF; 4]), invalid("page of video memory"), "beyond its end");
    assert_eq!(one(page + 4 + 4096, &[0x18, 0, 0, 0]), invalid("page of video memory"), "twice the same");
    assert_eq!(one(snapshot.len() - 8, &[1]), Err(SnapshotError::Damaged(Damage::Truncated)));
}

#[test]
fn a_state_of_another_back_end_resets_the_device() {
    let mut machine = paced(Pacing::Immediate);
    machine.submit(&fence(&nothing(), 1));
    machine.step();
    let snapshot = busy().device.snapshot();
    let foreign = SnapshotError::Backend(aerogpu::backend::RestoreError::Foreign);
    assert_eq!(machine.device.restore(&snapshot), Err(foreign));
    assert_eq!(
        (completed(&machine), machine.device.interrupt()),
        (u64::from(u32::MAX) << 32 | 0xFFFF_FFFF, false)
    );
}
