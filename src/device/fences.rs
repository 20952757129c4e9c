//! Fences: in the order of submission, some of them held until a vertical blank (device.md §4).

use std::collections::VecDeque;

/// What a fence waits for beside its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    Immediate,
    /// The submission presents with the vertical blank.
    Vblank,
}

/// A fence that the guest cannot see yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PendingFence {
    pub(crate) fence: u64,
    /// Completing it raises an interrupt.
    pub(crate) irq: bool,
    pub(crate) pace: Pace,
    /// The work is done.
    pub(crate) done: bool,
}

/// When fences are let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Release {
    /// At any time: those that wait for nothing else.
    Ready,
    /// At a vertical blank: one of those that wait for it, and what is ready around it.
    Vblank,
    /// While there are no vertical blanks: whatever is done.
    Unpaced,
}

/// The fences that wait, ascending, and the one that completed last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Fences {
    pub(crate) completed: u64,
    pub(crate) pending: VecDeque<PendingFence>,
    /// A release wants an interrupt that has not been latched.
    pub(crate) irq: bool,
    /// The fence page does not say what the registers say.
    pub(crate) page_dirty: bool,
}

impl Fences {
    /// Queues the fence of a submission. Fences that are complete, or older than one that waits, are ignored; one that waits
    /// already is merged: one interested submission raises the interrupt, one present waits for the vertical blank.
    pub(crate) fn submit(&mut self, fence: u64, irq: bool, pace: Pace) {
        match self.pending.back_mut() {
            _ if fence <= self.completed => {}
            Some(last) if fence < last.fence => {}
            Some(last) if fence == last.fence => {
                last.irq |= irq;
                if pace == Pace::Vblank {
                    last.pace = Pace::Vblank;
                }
            }
            _ => self.pending.push_back(PendingFence { fence, irq, pace, done: false }),
        }
    }

    /// The work of a fence is done.
    pub(crate) fn finish(&mut self, fence: u64) {
        if let Ok(at) = self.pending.binary_search_by_key(&fence, |pending| pending.fence) {
            self.pending[at].done = true;
        }
    }

    /// Completes what may be completed, from the front.
    pub(crate) fn release(&mut self, release: Release) {
        let mut blanks = u32::from(release == Release::Vblank);
        while let Some(front) = self.pending.front().filter(|front| front.done) {
            if front.pace == Pace::Vblank && release != Release::Unpaced {
                if blanks == 0 {
                    return;
                }
                blanks -= 1;
            }
            self.completed = front.fence;
            self.irq |= front.irq;
            self.page_dirty = true;
            self.pending.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(fences: &mut Fences, release: Release) -> u64 {
        fences.release(release);
        fences.completed
    }

    #[test]
    fn one_present_a_vertical_blank_and_what_is_ready_behind_it() {
        let mut fences = Fences::default();
        for fence in 1..=3 {
            fences.submit(fence, true, Pace::Vblank);
        }
        fences.submit(4, true, Pace::Immediate);
        for fence in 1..=4 {
            fences.finish(fence);
        }
        assert_eq!(completed(&mut fences, Release::Ready), 0);
        let seen: Vec<_> = (0..4).map(|_| completed(&mut fences, Release::Vblank)).collect();
        assert_eq!(seen, [1, 2, 4, 4]);
    }

    #[test]
    fn a_later_fence_waits_for_an_earlier_one() {
        let mut fences = Fences::default();
        fences.submit(1, false, Pace::Immediate);
        fences.submit(2, true, Pace::Immediate);
        fences.finish(2);
        assert_eq!(completed(&mut fences, Release::Unpaced), 0);
        fences.finish(1);
        assert_eq!(completed(&mut fences, Release::Ready), 2);
        assert!(fences.irq && fences.page_dirty);
    }

    #[test]
    fn duplicates_merge_and_old_ones_are_ignored() {
        let mut fences = Fences::default();
        fences.submit(5, false, Pace::Immediate);
        fences.submit(5, true, Pace::Vblank);
        fences.submit(5, false, Pace::Immediate);
        fences.submit(4, true, Pace::Immediate);
        fences.submit(0, true, Pace::Immediate);
        let merged = PendingFence { fence: 5, irq: true, pace: Pace::Vblank, done: false };
        assert_eq!(fences.pending, [merged]);
        fences.finish(5);
        assert_eq!(completed(&mut fences, Release::Unpaced), 5);
        fences.submit(5, true, Pace::Immediate);
        assert!(fences.pending.is_empty());
    }
}
