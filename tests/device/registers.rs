//! Configuration space, BARs, register accesses.

use aerogpu::device::{Bar, COMMAND_MEMORY, Device, DeviceConfig};
use aerogpu::mock::{BAR0, BAR1, Machine};
use aerogpu_protocol::registers::mmio;

use super::*;

#[test]
fn constants_and_reset_values() {
    let machine = Machine::new(Noop::default(), DeviceConfig::default(), SparseMemory::new());
    let expected = [
        (mmio::MAGIC, 0x5550_4741),
        (mmio::ABI_VERSION, 0x0001_0004),
        (mmio::FEATURES_LO, 0x3F),
        (mmio::SCANOUT0_VBLANK_PERIOD_NS, 16_666_667),
    ];
    for offset in (0..0x1_0000).step_by(4) {
        let value = expected.iter().find(|(at, _)| *at == offset).map_or(0, |&(_, value)| value);
        assert_eq!(machine.read(offset), value, "{offset:#x}");
    }
    // "features": bytes in address order spell the magic.
    let bytes: Vec<_> = (0..4).map(|at| machine.device.bar_read(Bar::Registers, at, 1) as u8).collect();
    assert_eq!(bytes, b"AGPU");
}

#[test]
fn without_blanks_the_feature_is_missing() {
    let config = DeviceConfig { vblank: None, ..DeviceConfig::default() };
    let mut machine = Machine::started(Noop::default(), config);
    assert_eq!((machine.read(mmio::FEATURES_LO), machine.read(mmio::SCANOUT0_VBLANK_PERIOD_NS)), (0x37, 0));
    machine.write(mmio::SCANOUT0_ENABLE, 1);
    machine.at(1_000_000_000);
    assert_eq!(machine.read64(mmio::SCANOUT0_VBLANK_SEQ_LO), 0);
}

#[test]
fn memory_accesses_are_gated_by_the_command_register() {
    let mut machine = noop();
    machine.command(COMMAND_MEMORY, false);
    for (size, ones) in [(1, 0xFF), (2, 0xFFFF), (4, 0xFFFF_FFFF), (8, u64::MAX), (9, u64::MAX), (0, 0)] {
        assert_eq!(machine.device.bar_read(Bar::Registers, 0, size), ones);
        assert_eq!(machine.device.bar_read(Bar::Vram, 0, size), ones);
    }
    machine.submit(&fence(&nothing(), 1));
    machine.device.bar_write(Bar::Vram, 0, 4, 7);
    machine.command(COMMAND_MEMORY, true);
    machine.step();
    assert_eq!(completed(&machine), 0, "the doorbell is lost, not deferred");
    assert_eq!(machine.device.bar_read(Bar::Vram, 0, 4), 0);
}

#[test]
fn buses_route_addresses_to_bars() {
    let mut machine = noop();
    let (bar0, bar1) = (u64::from(BAR0), u64::from(BAR1));
    assert_eq!(machine.device.memory_read(bar0, 4), Some(0x5550_4741));
    assert!(machine.device.memory_write(bar1 + 0x4_0000, 4, 0x1234_5678));
    assert_eq!(machine.device.memory_read(bar1 + 0x4_0002, 2), Some(0x1234));
    assert_eq!(machine.device.vbe_framebuffer(), bar1 + 0x4_0000);
    for outside in [bar0 - 1, bar0 + 0xFFFE, bar1 + 0x0400_0000, 0] {
        assert_eq!(machine.device.memory_read(outside, 4), None, "{outside:#x}");
        assert!(!machine.device.memory_write(outside, 4, 1));
    }
    machine.device.set_bar(Bar::Registers, 0);
    assert_eq!(machine.device.memory_read(0, 4), None, "a BAR at 0 does not decode");
    // "vram_bar1": sizes beyond 8 and ranges beyond the BAR float.
    assert_eq!(machine.device.bar_read(Bar::Vram, 0x03FF_FFFC, 8), u64::MAX);
    assert_eq!(machine.device.bar_read(Bar::Registers, 0x1_0000, 4), 0xFFFF_FFFF);
}

#[test]
fn the_legacy_window_aliases_video_memory_both_ways() {
    let mut machine = noop();
    assert!(machine.device.legacy_write(0xB_8000, 2, 0x0741));
    assert_eq!(machine.device.bar_read(Bar::Vram, 0x1_8000, 2), 0x0741);
    machine.device.bar_write(Bar::Vram, 0, 4, 0xCAFE_F00D);
    assert_eq!(machine.device.legacy_read(0xA_0000, 4), Some(0xCAFE_F00D));
    assert_eq!(machine.device.legacy_read(0xC_0000, 4), None);
    // "vbe_banked_window"
    machine.device.set_vbe_bank(Some(2));
    machine.device.legacy_write(0xA_0010, 1, 0x5A);
    assert_eq!(machine.device.bar_read(Bar::Vram, 0x4_0000 + 0x2_0010, 1), 0x5A);
    let config = DeviceConfig { vram_bytes: 0x2_0000, ..DeviceConfig::default() };
    let small = Machine::started(Noop::default(), config);
    assert_eq!(small.device.bar_read(Bar::Vram, 0x10_0000, 4), 0, "inside the BAR, beyond what exists");
}

#[test]
fn registers_are_read_in_any_part() {
    let mut machine = noop();
    machine.write64(mmio::RING_GPA_LO, 0x1122_3344_5566_7788);
    let read = |offset, size| machine.device.bar_read(Bar::Registers, offset, size);
    assert_eq!(read(0x100, 8), 0x1122_3344_5566_7788);
    assert_eq!((read(0x101, 1), read(0x102, 2), read(0x103, 2)), (0x77, 0x5566, 0x55));
    assert_eq!(read(0x102, 4), 0x5566, "the aligned dword, shifted");
    assert_eq!((read(0x100, 3), read(0x100, 5), read(0x100, 7)), (0, 0, 0));
    // "8-byte read of 0x314": not 8-aligned.
    assert_eq!(read(0x314, 8), 0);
    assert_eq!(read(0xFFFC, 8), u64::MAX);
}

#[test]
fn parts_of_registers_are_merged() {
    let mut machine = noop();
    let write = |machine: &mut Machine<Noop>, offset, size, value| {
        machine.device.bar_write(Bar::Registers, offset, size, value);
    };
    write(&mut machine, 0x108, 4, 0x1111_1111);
    write(&mut machine, 0x109, 1, 0xAB);
    write(&mut machine, 0x10A, 2, 0xCDEF);
    assert_eq!(machine.read(0x108), 0xCDEF_AB11);
    write(&mut machine, 0x10A, 4, 0xFFFF_FFFF);
    write(&mut machine, 0x108, 3, 0);
    assert_eq!(machine.read(0x108), 0xCDEF_AB11, "unaligned dwords and odd sizes are ignored");
    // Half an address merges with the half that is pending.
    write(&mut machine, u64::from(mmio::SCANOUT0_FB_GPA_LO), 4, 0x1234_5678);
    write(&mut machine, u64::from(mmio::SCANOUT0_FB_GPA_LO), 1, 0xFF);
    assert_eq!(machine.read(mmio::SCANOUT0_FB_GPA_LO), 0x1234_56FF);
    // "irq_ack_sub_dword_writes_clear_the_correct_bit_lanes"
    machine.write(mmio::RING_CONTROL, 1);
    machine.write64(mmio::RING_GPA_LO, 0);
    machine.ring();
    machine.step();
    assert_eq!(machine.read(mmio::IRQ_STATUS), 0x8000_0000);
    write(&mut machine, u64::from(mmio::IRQ_ACK), 1, 0xFF);
    assert_eq!(machine.read(mmio::IRQ_STATUS), 0x8000_0000);
    write(&mut machine, u64::from(mmio::IRQ_ACK) + 3, 1, 0x80);
    assert_eq!(machine.read(mmio::IRQ_STATUS), 0);
}

#[test]
fn values_are_normalised_as_they_are_stored() {
    let mut machine = noop();
    for (register, written, read) in [
        (mmio::RING_CONTROL, 0xFFFF_FFFD, 1),
        (mmio::SCANOUT0_ENABLE, 0x80, 1),
        (mmio::CURSOR_ENABLE, 2, 1),
        (mmio::SCANOUT0_FORMAT, 12, 0),
        (mmio::SCANOUT0_FORMAT, 71, 71),
        (mmio::CURSOR_FORMAT, 0xFFFF_FFFF, 0),
        (mmio::CURSOR_X, 0xFFFF_FFF6, 0xFFFF_FFF6),
        (mmio::CURSOR_HOT_Y, 77, 77),
        (mmio::CURSOR_PITCH_BYTES, 3, 3),
        (mmio::SCANOUT0_PITCH_BYTES, 3, 3),
        (mmio::IRQ_ENABLE, 0xFFFF_FFFF, 0xFFFF_FFFF),
        (mmio::DOORBELL, 5, 0),
        (mmio::IRQ_ACK, 5, 0),
        (mmio::MAGIC, 5, 0x5550_4741),
        (mmio::ERROR_COUNT, 5, 0),
        (0x800, 5, 0),
    ] {
        machine.write(register, written);
        assert_eq!(machine.read(register), read, "{register:#x}");
    }
}

#[test]
fn addresses_of_surfaces_do_not_tear() {
    let mut machine = noop();
    for (lo, enable) in
        [(mmio::SCANOUT0_FB_GPA_LO, mmio::SCANOUT0_ENABLE), (mmio::CURSOR_FB_GPA_LO, mmio::CURSOR_ENABLE)]
    {
        let hi = lo + 4;
        machine.write64(lo, 0x1_0000_2000);
        machine.write(enable, 1);
        machine.write(lo, 0x9000);
        assert_eq!((machine.read(lo), machine.read(hi)), (0x9000, 1), "half an address reads back");
        // "LO write then ENABLE 1→0→1 → old address still in effect"
        machine.write(enable, 0);
        machine.write(enable, 1);
        assert_eq!(machine.read64(lo), 0x1_0000_2000);
        machine.write(hi, 7);
        assert_eq!(machine.read64(lo), 0x7_0000_2000, "HI alone keeps the old LO");
    }
    assert_eq!(machine.device.cursor_state().address, 0x7_0000_2000);
    machine.write(mmio::CURSOR_FB_GPA_LO, 0x4000);
    assert_eq!(machine.device.cursor_state().address, 0x7_0000_2000);
    machine.write(mmio::CURSOR_FB_GPA_HI, 0);
    assert_eq!(machine.device.cursor_state().address, 0x4000);
}

#[test]
fn a_bus_reset_restores_reset_values_and_keeps_bars() {
    let mut machine = noop();
    machine.show(1, [4, 4, 16], 0x1000);
    machine.at(BLANK);
    machine.submit(&fence(&nothing(), 3));
    machine.step();
    machine.device.bar_write(Bar::Vram, 16, 4, 99);
    machine.device.reset();
    assert_eq!(machine.device.config_read(4, 2), 0);
    assert_eq!(machine.device.config_read(0x10, 4), BAR0);
    assert!(!machine.device.interrupt());
    machine.command(COMMAND_MEMORY, true);
    let fresh = Machine::new(Noop::default(), DeviceConfig::default(), SparseMemory::new());
    for offset in (0..0x600).step_by(4) {
        assert_eq!(machine.read(offset), fresh.read(offset), "{offset:#x}");
    }
    assert_eq!(machine.device.bar_read(Bar::Vram, 16, 4), 99);
    assert_eq!(machine.device.now().0, BLANK);
    assert_eq!(machine.device.next_event(), None);
}

#[test]
fn a_device_is_made_for_any_back_end() {
    let boxed: Box<dyn aerogpu::Backend> = Box::new(Noop::default());
    let device = Device::new(boxed, DeviceConfig::default());
    assert_eq!(device.config_read(0, 4), 0x0001_A3A0);
}
