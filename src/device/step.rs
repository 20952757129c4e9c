//! What a step of the clock does (device.md §3.2).

use std::num::NonZeroU32;

use aerogpu_protocol::registers::{ErrorCode, Irq};
use aerogpu_protocol::ring::{FencePage, SubmitDesc, SubmitFlags};

use super::capture::{Captured, capture, waits_for_vblank};
use super::fences::{Pace, Release};
use super::queue::{Event, Outcome, Retired, UnderWay, error_of};
use super::ring::write;
use super::{Device, Pacing, SubmissionReport, presented};
use crate::backend::{Backend, Completion, Submission};
use crate::cycles::Nanoseconds;
use crate::limits;
use crate::memory::GuestMemory;

impl<B: Backend> Device<B> {
    /// Moves the clock to the embedder's time `t` (backwards is not possible: then it stays) and does what there is to do.
    ///
    /// In order: what the back end has finished; the events until `t`, vertical blanks before later submissions; the ring;
    /// what that has finished already; the fence page, and then the interrupt. Without bus mastering, vertical blanks only.
    pub fn advance_to(&mut self, t: Nanoseconds, memory: &mut dyn GuestMemory) {
        let t = self.config.pacing.guest_time(t).max(self.state.now);
        let bus_master = self.state.pci.bus_master();
        if bus_master {
            while let Some(event) = self.state.queue.held.pop_front() {
                self.happen(event, memory);
            }
            self.poll();
        }
        self.run_events(t, memory);
        if bus_master {
            self.reset_ring_memory(memory);
            self.answer_doorbell(memory);
            self.poll();
            self.run_events(t, memory);
            if !self.state.vblank.running() {
                self.state.fences.release(Release::Unpaced);
            }
            self.expose(memory);
        }
    }

    /// Does what there is to do, without moving the clock.
    pub fn process(&mut self, memory: &mut dyn GuestMemory) {
        self.advance_to(self.config.pacing.host_time(self.state.now), memory);
    }

    /// Lets everything happen that is due at `t`.
    fn run_events(&mut self, t: Nanoseconds, memory: &mut dyn GuestMemory) {
        let mut blanks = 0;
        while let Some(timed) = self.state.queue.timeline.pop(t) {
            match timed.event {
                Event::Vblank(k) if blanks < limits::MAX_VBLANKS_PER_ADVANCE => {
                    blanks += 1;
                    self.blank(k, timed.time);
                }
                Event::Vblank(_) => self.state.vblank.skip_to(t, &mut self.state.queue.timeline),
                event if self.state.pci.bus_master() => self.happen(event, memory),
                event => self.state.queue.held.push_back(event),
            }
        }
        self.state.now = t;
    }

    fn blank(&mut self, k: u64, time: Nanoseconds) {
        let state = &mut self.state;
        state.vblank.tick(k, time, &mut state.queue.timeline);
        state.interrupts.latch(Irq::SCANOUT_VBLANK);
        if state.pci.bus_master() {
            state.fences.release(Release::Vblank);
        }
    }

    /// A submission ends or its fence completes: errors first.
    fn happen(&mut self, event: Event, memory: &mut dyn GuestMemory) {
        match event {
            Event::Retire(Retired { fence, present, outcome }) => {
                self.state.queue.cycles += outcome.cycles;
                if let Some(error) = outcome.error {
                    self.state.interrupts.record_error(error, fence);
                }
                if present && self.config.present_write_back && !self.store_presented(memory) {
                    self.state.interrupts.record_error(ErrorCode::Backend, fence);
                }
            }
            Event::Fence(fence) => {
                self.state.fences.finish(fence);
                self.state.fences.release(Release::Ready);
            }
            Event::Vblank(_) => {}
        }
    }

    /// Takes what the back end has finished, prices it, and schedules its end.
    pub(super) fn poll(&mut self) {
        for Completion { fence, report } in self.backend.poll() {
            let cycles = report.cycles(&self.config.cost);
            let error = error_of(&report, self.config.decoding);
            // Work beyond the budget ends there: a time-out that does not depend on the host.
            let over = cycles > self.config.budget;
            let cycles = cycles.min(self.config.budget);
            let outcome = Outcome { cycles, error: error.or(over.then_some(ErrorCode::Backend)) };
            if self.state.queue.complete(fence, outcome) {
                if self.reports.len() >= limits::MAX_REPORTS {
                    self.reports.pop_front();
                }
                self.reports.push_back(SubmissionReport { fence, cycles, report });
            }
        }
        self.state.queue.schedule(self.core_clock());
    }

    /// The core clock, if work takes time.
    fn core_clock(&self) -> Option<NonZeroU32> {
        (self.config.pacing != Pacing::Immediate).then_some(self.config.cost.core_hertz)
    }

    fn reset_ring_memory(&mut self, memory: &mut dyn GuestMemory) {
        let state = &mut self.state;
        if std::mem::take(&mut state.ring.reset_memory) {
            if let Err(error) = state.ring.reset_memory(memory) {
                state.interrupts.record_error(error, 0);
            }
            state.fences.page_dirty = true;
        }
    }

    /// Reads the ring if the guest has rung. A ring that is disabled takes no notice.
    fn answer_doorbell(&mut self, memory: &mut dyn GuestMemory) {
        let state = &mut self.state;
        if !std::mem::take(&mut state.ring.doorbell) || !state.ring.enabled {
            return;
        }
        let mut entries = match state.ring.open(memory) {
            Ok(entries) => entries,
            Err(error) => return state.interrupts.record_error(error, 0),
        };
        state.fences.page_dirty |= entries.count > 0;
        let (mut taken, mut bytes) = (0, 0);
        while entries.count > 0 {
            if taken >= limits::MAX_ENTRIES_PER_STEP || bytes >= limits::MAX_BYTES_PER_STEP || self.full() {
                // The rest waits for the next step, as if the guest had rung again.
                self.state.ring.doorbell = true;
                return;
            }
            let desc = entries.next(memory);
            let captured = capture(&desc, memory, self.config.decoding);
            taken += 1;
            bytes += captured.stream.len() + captured.alloc_table.as_ref().map_or(0, Vec::len);
            entries.consume(memory);
            self.submit(&desc, &captured, memory);
        }
    }

    fn full(&self) -> bool {
        self.state.queue.count() + self.state.fences.pending.len() >= limits::MAX_PENDING
    }

    fn submit(&mut self, desc: &SubmitDesc, captured: &Captured, memory: &mut dyn GuestMemory) {
        let fence = desc.signal_fence;
        if (desc.desc_size_bytes as usize) < size_of::<SubmitDesc>() {
            self.state.interrupts.record_error(ErrorCode::CmdDecode, fence);
        }
        let state = &mut self.state;
        let executed = captured.error.is_none() && !captured.stream.is_empty();
        if !executed && fence == 0 && captured.error.is_none() {
            return;
        }
        let paced = state.vblank.running() && executed && waits_for_vblank(&captured.stream);
        let pace = if paced { Pace::Vblank } else { Pace::Immediate };
        state.fences.submit(fence, !desc.flags().contains(SubmitFlags::NO_IRQ), pace);
        // What is not executed is done: it takes no cycles.
        let done = Outcome { error: captured.error, ..Outcome::default() };
        state.queue.under_way.push_back(UnderWay {
            fence,
            present: executed && desc.flags().contains(SubmitFlags::PRESENT),
            submitted: state.now,
            outcome: (!executed).then_some(done),
        });
        if executed {
            let submission = Submission {
                stream: &captured.stream,
                alloc_table: captured.alloc_table.as_deref(),
                context_id: desc.context_id,
                fence,
                flags: desc.flags,
                engine_id: desc.engine_id,
            };
            self.backend.submit(memory, &submission);
        }
    }

    /// Lets the guest see completed fences: first in its memory, where its driver looks, then as an interrupt.
    fn expose(&mut self, memory: &mut dyn GuestMemory) {
        let state = &mut self.state;
        if std::mem::take(&mut state.fences.page_dirty) {
            let page = FencePage::new(state.fences.completed);
            let exists = state.fence_gpa.checked_add(size_of::<FencePage>() as u64).is_some();
            if state.fence_gpa != 0 && exists {
                write(memory, state.fence_gpa, &bytemuck::bytes_of(&page)[..FencePage::WRITTEN_BYTES]);
            }
        }
        if std::mem::take(&mut state.fences.irq) {
            state.interrupts.latch(Irq::FENCE);
        }
    }

    /// Stores the presented picture where the scanout shows it (device.md §8.6). False if it cannot be shown there; nothing to
    /// store, or nowhere, is no failure.
    fn store_presented(&mut self, memory: &mut dyn GuestMemory) -> bool {
        let surface = self.state.scanout.surface;
        if !surface.enabled || surface.address.address == 0 {
            return true;
        }
        match presented(&mut self.backend) {
            Some(picture) => surface.store(&picture, memory),
            None => true,
        }
    }
}
