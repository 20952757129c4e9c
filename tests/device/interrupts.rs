//! The interrupt line and its registers.

use aerogpu::device::COMMAND_INTX_DISABLE;
use aerogpu_protocol::registers::{Irq, mmio};

use super::*;

#[test]
fn the_line_is_a_level() {
    // "intx_reasserts_until_irq_ack", "intx_asserts_on_irq_enable"
    let mut machine = noop();
    machine.submit(&fence(&nothing(), 1));
    assert!(!machine.device.interrupt(), "not inside the write");
    machine.step();
    assert!(machine.device.interrupt());
    machine.step();
    assert!(machine.device.interrupt(), "until it is acknowledged");
    machine.write(mmio::IRQ_ACK, Irq::SCANOUT_VBLANK.bits());
    assert!(machine.device.interrupt());
    machine.write(mmio::IRQ_ACK, Irq::FENCE.bits());
    assert!(!machine.device.interrupt());
}

#[test]
fn intx_disable_gates_the_line_only() {
    let mut machine = noop();
    machine.command(COMMAND_INTX_DISABLE, true);
    machine.submit(&fence(&nothing(), 1));
    machine.step();
    assert_eq!((machine.device.interrupt(), machine.read(mmio::IRQ_STATUS)), (false, 1));
    machine.command(COMMAND_INTX_DISABLE, false);
    assert!(machine.device.interrupt());
}

#[test]
fn a_fence_that_completes_while_masked_is_not_replayed() {
    let mut machine = noop();
    machine.write(mmio::IRQ_ENABLE, 0);
    machine.submit(&fence(&nothing(), 1));
    machine.step();
    machine.write(mmio::IRQ_ENABLE, Irq::FENCE.bits());
    assert_eq!((machine.read(mmio::IRQ_STATUS), completed(&machine)), (0, 1));
}

#[test]
fn masking_forgets_a_blank() {
    // "IRQ: mask VBLANK with pending status → status bit 0; unmask → line low until next edge."
    let mut machine = noop();
    machine.write(mmio::SCANOUT0_ENABLE, 1);
    machine.write(mmio::IRQ_ENABLE, Irq::SCANOUT_VBLANK.bits());
    machine.at(BLANK);
    assert!(machine.device.interrupt());
    machine.write(mmio::IRQ_ENABLE, 0);
    assert_eq!(machine.read(mmio::IRQ_STATUS), 0);
    machine.write(mmio::IRQ_ENABLE, Irq::SCANOUT_VBLANK.bits());
    assert!(!machine.device.interrupt());
    machine.at(2 * BLANK);
    assert!(machine.device.interrupt());
}

#[test]
fn a_blank_before_the_enabling_write_raises_nothing() {
    // "vblank_irq_enable_no_stale"
    let mut machine = noop();
    machine.write(mmio::SCANOUT0_ENABLE, 1);
    machine.at(BLANK + 5);
    machine.write(mmio::IRQ_ENABLE, Irq::SCANOUT_VBLANK.bits());
    machine.at(BLANK + 10);
    assert!(!machine.device.interrupt());
    machine.at(2 * BLANK);
    assert!(machine.device.interrupt(), "and the next is not lost");
}

#[test]
fn disabling_the_scanout_forgets_a_blank() {
    let mut machine = noop();
    machine.write(mmio::SCANOUT0_ENABLE, 1);
    machine.write(mmio::IRQ_ENABLE, Irq::SCANOUT_VBLANK.bits());
    machine.at(BLANK);
    machine.write(mmio::SCANOUT0_ENABLE, 0);
    assert_eq!((machine.read(mmio::IRQ_STATUS), machine.device.interrupt()), (0, false));
}

#[test]
fn an_error_shows_once_unmasked_and_stays_after_the_acknowledgement() {
    let mut machine = noop();
    machine.write(mmio::IRQ_ENABLE, 0);
    machine.write(mmio::RING_SIZE_BYTES, 0);
    machine.ring();
    machine.step();
    assert!(!machine.device.interrupt());
    machine.write(mmio::IRQ_ENABLE, Irq::ERROR.bits());
    assert!(machine.device.interrupt());
    machine.interrupt();
    assert_eq!((machine.device.interrupt(), error(&machine)), (false, (1, 0, 1)));
}
