//! Interrupt status, its mask, and the error registers (device.md §5, §6).

use aerogpu_protocol::registers::{ErrorCode, Irq};

/// What raises interrupts and what the guest reads about errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Interrupts {
    pub(crate) status: Irq,
    pub(crate) enable: Irq,
    pub(crate) error: ErrorCode,
    pub(crate) error_fence: u64,
    pub(crate) error_count: u32,
}

impl Default for Interrupts {
    fn default() -> Self {
        let none = Irq::empty();
        Self { status: none, enable: none, error: ErrorCode::None, error_fence: 0, error_count: 0 }
    }
}

impl Interrupts {
    /// Latches an event, unless it is masked: unmasking later does not bring it back.
    pub(crate) fn latch(&mut self, event: Irq) {
        self.status |= event & self.enable;
    }

    /// Notes an error. Unlike other events it is latched while masked, and shows when unmasked.
    pub(crate) fn record_error(&mut self, error: ErrorCode, fence: u64) {
        self.error = error;
        self.error_fence = fence;
        self.error_count = self.error_count.saturating_add(1);
        self.status |= Irq::ERROR;
    }

    /// `IRQ_ENABLE`: events that it masks are forgotten, so that unmasking never replays an old one; errors stay.
    pub(crate) fn set_enable(&mut self, enable: Irq) {
        self.enable = enable;
        self.status &= enable | Irq::ERROR;
    }

    /// `IRQ_ACK`.
    pub(crate) fn acknowledge(&mut self, events: Irq) {
        self.status &= !events;
    }

    /// A ring reset: nothing is pending any more, and no error was.
    pub(crate) fn reset_ring(&mut self) {
        *self = Self { enable: self.enable, ..Self::default() };
    }

    /// Whether an enabled event is pending: the line, before the PCI command register gates it.
    pub(crate) fn pending(&self) -> bool {
        !(self.status & self.enable).is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_survive_everything_but_a_reset() {
        let mut irq = Interrupts::default();
        irq.record_error(ErrorCode::Oob, 7);
        irq.record_error(ErrorCode::Backend, 9);
        assert!(!irq.pending());
        irq.set_enable(Irq::ERROR);
        assert!(irq.pending());
        irq.set_enable(Irq::empty());
        irq.set_enable(Irq::ERROR);
        assert!(irq.pending());
        irq.acknowledge(Irq::ERROR);
        assert!(!irq.pending());
        assert_eq!((irq.error, irq.error_fence, irq.error_count), (ErrorCode::Backend, 9, 2));
        irq.error_count = u32::MAX;
        irq.record_error(ErrorCode::Oob, 1);
        assert_eq!(irq.error_count, u32::MAX);
        irq.reset_ring();
        assert_eq!(irq, Interrupts { enable: Irq::ERROR, ..Interrupts::default() });
    }

    #[test]
    fn what_happens_while_masked_is_never_replayed() {
        let mut irq = Interrupts::default();
        irq.latch(Irq::FENCE);
        irq.set_enable(Irq::FENCE | Irq::SCANOUT_VBLANK);
        assert!(!irq.pending());
        irq.latch(Irq::SCANOUT_VBLANK);
        irq.set_enable(Irq::FENCE);
        irq.set_enable(Irq::FENCE | Irq::SCANOUT_VBLANK);
        assert!(!irq.pending());
    }
}
