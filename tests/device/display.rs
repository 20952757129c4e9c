//! The scanout, the cursor, and who owns the display.

use aerogpu::device::{Bar, COMMAND_BUS_MASTER, Display, ScanoutSource, ScanoutState};
use aerogpu_protocol::registers::mmio;

use super::*;

const FRAME: u64 = 0x80_0000;

fn pixels<B: aerogpu::Backend>(machine: &mut Machine<B>) -> Option<Vec<u8>> {
    let Machine { device, memory, .. } = machine;
    match device.present(memory) {
        Display::Picture(picture) => Some(picture.rgba),
        Display::Blank | Display::Legacy => None,
    }
}

fn display<B: aerogpu::Backend>(machine: &mut Machine<B>) -> Display {
    let Machine { device, memory, .. } = machine;
    device.present(memory)
}

#[test]
fn the_scanout_shows_guest_memory_with_the_cursor_over_it() {
    // "mmio_smoke", "cursor_composited_over_scanout", "scanout0_display_present"
    for (format, shown) in [(1, [3, 2, 1, 4]), (3, [1, 2, 3, 4])] {
        let mut machine = noop();
        machine.poke(FRAME, &[1, 2, 3, 4].repeat(4));
        machine.show(format, [2, 2, 8], FRAME);
        assert_eq!(pixels(&mut machine), Some(shown.repeat(4)));
        machine.poke(FRAME + 64, &[10, 20, 30, 255]);
        machine.show_cursor(format, [1, 1], [1, 0], FRAME + 64);
        let cursor = if format == 1 { [30, 20, 10, 255] } else { [10, 20, 30, 255] };
        assert_eq!(pixels(&mut machine), Some([shown, cursor, shown, shown].concat()));
        machine.write(mmio::CURSOR_HOT_X, 1);
        assert_eq!(pixels(&mut machine), Some([cursor, shown, shown, shown].concat()));
        machine.write(mmio::CURSOR_ENABLE, 0);
        assert_eq!(pixels(&mut machine), Some(shown.repeat(4)));
    }
}

#[test]
fn video_memory_is_shown_too() {
    // "scanout_vram_fastpath"
    let mut machine = noop();
    machine.device.bar_write(Bar::Vram, 0x5_0000, 8, 0x0807_0605_0403_0201);
    machine.show(3, [2, 1, 8], Machine::<Noop>::vram(0x5_0000));
    assert_eq!(pixels(&mut machine), Some(vec![1, 2, 3, 4, 5, 6, 7, 8]));
    machine.device.bar_write(Bar::Vram, 0x6_0000, 4, 0xFF00_00FF);
    machine.show_cursor(3, [1, 1], [0, 0], Machine::<Noop>::vram(0x6_0000));
    assert_eq!(pixels(&mut machine), Some(vec![255, 0, 0, 255, 5, 6, 7, 8]));
}

#[test]
fn giant_surfaces_are_blank_and_giant_cursors_absent() {
    // "scanout_readback_is_capped", "cursor_readback_is_capped": "16385×1024 → blank; 4096×4096 → allowed"
    let mut machine = noop();
    machine.show(1, [16_385, 1024, 16_385 * 4], FRAME);
    assert_eq!(display(&mut machine), Display::Blank);
    machine.show(1, [4096, 4096, 4096 * 4], FRAME);
    assert!(pixels(&mut machine).is_some());
    machine.show(1, [1, 1, 4], FRAME);
    for (width, height, format) in [(1025, 1024, 1), (u32::MAX, u32::MAX, 1), (1, 1, 5), (1, 1, 0), (0, 1, 1)]
    {
        machine.show_cursor(format, [width, height], [0, 0], FRAME);
        assert_eq!(pixels(&mut machine), Some(vec![0; 4]));
    }
}

#[test]
fn the_display_is_legacy_until_a_valid_scanout_and_never_again() {
    // "scanout_claim_defers_until_fb_gpa_hi", "scanout_enable_before_fb_is_ok", "scanout_claim_rejects_invalid_config"
    let mut machine = noop();
    assert_eq!(display(&mut machine), Display::Legacy);
    machine.write(mmio::SCANOUT0_ENABLE, 1);
    machine.write(mmio::SCANOUT0_WIDTH, 1);
    machine.write(mmio::SCANOUT0_HEIGHT, 1);
    machine.write(mmio::SCANOUT0_FORMAT, 2);
    machine.write(mmio::SCANOUT0_PITCH_BYTES, 4);
    assert_eq!(display(&mut machine), Display::Legacy);
    machine.write(mmio::SCANOUT0_FB_GPA_LO, FRAME as u32);
    assert_eq!(display(&mut machine), Display::Legacy);
    assert_eq!(machine.device.take_scanout_update(), None);
    machine.write(mmio::SCANOUT0_FB_GPA_HI, 0);
    assert!(pixels(&mut machine).is_some());
    let state = ScanoutState {
        source: ScanoutSource::Wddm,
        address: FRAME,
        width: 1,
        height: 1,
        pitch: 4,
        format: 2,
    };
    assert_eq!(machine.device.take_scanout_update(), Some(state));
    assert_eq!(machine.device.take_scanout_update(), None);
    // "scanout_disable_publishes_wddm_disabled"
    machine.write(mmio::SCANOUT0_ENABLE, 0);
    let off = ScanoutState { address: 0, width: 0, height: 0, pitch: 0, ..state };
    assert_eq!((display(&mut machine), machine.device.take_scanout_update()), (Display::Blank, Some(off)));
    // "wddm_scanout_state_format_mapping": what cannot be shown is shown as nothing.
    machine.write(mmio::SCANOUT0_ENABLE, 1);
    assert_eq!(machine.device.scanout_state(), state);
    machine.write(mmio::SCANOUT0_FORMAT, 64);
    assert_eq!(machine.device.scanout_state(), off);
    machine.device.reset();
    assert_eq!(display(&mut machine), Display::Legacy);
}

#[test]
fn the_picture_needs_bus_mastering() {
    // "scanout_requires_pci_bme"
    let mut machine = noop();
    machine.show(1, [1, 1, 4], FRAME);
    machine.command(COMMAND_BUS_MASTER, false);
    assert_eq!(display(&mut machine), Display::Blank);
    machine.command(COMMAND_BUS_MASTER, true);
    assert!(pixels(&mut machine).is_some());
    let mut machine = watched();
    machine.show(1, [1, 1, 4], FRAME);
    machine.show_cursor(1, [1, 1], [0, 0], FRAME);
    machine.command(COMMAND_BUS_MASTER, false);
    let Machine { device, memory, .. } = &mut machine;
    assert_eq!((device.present(memory), memory.accesses.get()), (Display::Blank, 0));
}

#[test]
fn a_flip_takes_effect_whole() {
    let mut machine = noop();
    machine.poke(FRAME, &[1; 4]);
    machine.poke(0x1_0000_0000 + FRAME, &[2; 4]);
    machine.show(3, [1, 1, 4], FRAME);
    machine.write(mmio::SCANOUT0_FB_GPA_LO, FRAME as u32);
    assert_eq!(pixels(&mut machine), Some(vec![1; 4]));
    machine.write(mmio::SCANOUT0_FB_GPA_HI, 1);
    assert_eq!(pixels(&mut machine), Some(vec![2; 4]));
    // "8-byte write at 0x414 → commits"
    machine.write64(0x414, FRAME);
    assert_eq!(pixels(&mut machine), Some(vec![1; 4]));
}

#[test]
fn what_cannot_be_shown_does_not_take_the_display_over() {
    // "scanout_claim_rejects_invalid_config": the pitch is no multiple of a pixel; the end overflows. And every other field.
    for (width, height, format, pitch, address) in [
        (2, 1, 1, 10, FRAME),
        (2, 1, 1, 4, FRAME),
        (1, 2, 1, 4, u64::MAX - 6),
        (0, 1, 1, 4, FRAME),
        (1, 0, 1, 4, FRAME),
        (1, 1, 0, 4, FRAME),
        (1, 1, 33, 4, FRAME),
        (1, 1, 1, 4, 0),
    ] {
        let mut machine = noop();
        machine.show(format, [width, height, pitch], address);
        assert_eq!(display(&mut machine), Display::Legacy, "{width}x{height} {format} {pitch} {address:#x}");
        assert_eq!(machine.device.take_scanout_update(), None);
        machine.show(1, [1, 1, 4], FRAME);
        assert!(pixels(&mut machine).is_some());
        // "scanout_handoff": a mode set of the BIOS does not take it back.
        machine.device.set_vbe_bank(Some(0));
        machine.device.legacy_write(0xA_0000, 1, 1);
        assert!(pixels(&mut machine).is_some());
    }
}
