//! The modelled GPU's queue: submissions under way, when they end, and what of it the guest may see already.

use std::collections::VecDeque;
use std::num::NonZeroU32;

use aerogpu_protocol::registers::ErrorCode;

use super::Decoding;
use crate::backend::Report;
use crate::cycles::{GpuCycles, Nanoseconds, Timeline};
use crate::executor::Failure;
use crate::resources::{AllocError, ResourceError};

/// What happens at a point in time. At one time submissions end first, then fences complete, then the blank comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// A submission has ended.
    Retire(Retired),
    /// The work of a fence is done.
    Fence(u64),
    /// This vertical blank since the scanout was enabled has come.
    Vblank(u64),
}

impl From<Event> for u8 {
    fn from(event: Event) -> u8 {
        match event {
            Event::Retire(_) => 0,
            Event::Fence(_) => 1,
            Event::Vblank(_) => 2,
        }
    }
}

/// A submission that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Retired {
    pub(crate) fence: u64,
    /// The submission said that it presents.
    pub(crate) present: bool,
    pub(crate) outcome: Outcome,
}

/// What a submission came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Outcome {
    pub(crate) cycles: GpuCycles,
    /// What the guest is told, if anything.
    pub(crate) error: Option<ErrorCode>,
}

/// A submission that has not been scheduled to end, in the order of the ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnderWay {
    pub(crate) fence: u64,
    pub(crate) present: bool,
    pub(crate) submitted: Nanoseconds,
    /// `None` while the back end works.
    pub(crate) outcome: Option<Outcome>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Queue {
    pub(crate) timeline: Timeline<Event>,
    pub(crate) under_way: VecDeque<UnderWay>,
    /// What happened while the function was no bus master: the guest sees it once it is.
    pub(crate) held: VecDeque<Event>,
    /// When the last submission that is scheduled ends.
    pub(crate) busy_until: Nanoseconds,
    /// Of all submissions that have ended.
    pub(crate) cycles: GpuCycles,
}

impl Queue {
    /// How much there is to keep.
    pub(crate) fn count(&self) -> usize {
        self.under_way.len() + self.held.len() + self.timeline.count()
    }

    /// The back end has finished the oldest unfinished submission with this fence. False if there is none.
    pub(crate) fn complete(&mut self, fence: u64, outcome: Outcome) -> bool {
        let unfinished = |u: &&mut UnderWay| u.fence == fence && u.outcome.is_none();
        let found = self.under_way.iter_mut().find(unfinished);
        found.map(|under_way| under_way.outcome = Some(outcome)).is_some()
    }

    /// Schedules the ends of submissions, in order, as far as they are finished. One begins when it was submitted and the one
    /// before it has ended, and takes its cycles; without `clock`, it ends when it was submitted.
    pub(crate) fn schedule(&mut self, clock: Option<NonZeroU32>) {
        while let Some(&UnderWay { fence, present, submitted, outcome: Some(outcome) }) =
            self.under_way.front()
        {
            self.under_way.pop_front();
            let end = match clock {
                Some(hertz) => submitted.max(self.busy_until) + outcome.cycles.at(hertz),
                None => submitted.max(self.busy_until),
            };
            self.busy_until = end;
            self.timeline.schedule(end, Event::Retire(Retired { fence, present, outcome }));
            if fence != 0 {
                self.timeline.schedule(end, Event::Fence(fence));
            }
        }
    }

    /// Forgets every submission.
    pub(crate) fn reset_ring(&mut self) {
        self.under_way.clear();
        self.held.clear();
        self.busy_until = Nanoseconds(0);
        self.timeline.retain(|event| matches!(event, Event::Vblank(_)));
    }
}

/// What the guest is told of a submission's report (device.md §6.3, §6.4).
///
/// An error makes the guest's driver give the device up. So [lenient](Decoding::Lenient) decoding reports only what could not
/// be decoded at all and what was abandoned; what failed for another reason was skipped, and stands in the report.
pub(crate) fn error_of(report: &Report, decoding: Decoding) -> Option<ErrorCode> {
    let failed = report.failure.map(|_| ErrorCode::Backend);
    let codes = report.errors.iter().filter_map(|error| error_of_command(&error.reason, decoding));
    // One error a submission; an address out of bounds is the most telling.
    codes.chain(failed).reduce(|a, b| if a == ErrorCode::Oob { a } else { b })
}

fn error_of_command(failure: &Failure, decoding: Decoding) -> Option<ErrorCode> {
    let (code, fatal) = match failure {
        Failure::Stream(_) | Failure::Packet(_) => (ErrorCode::CmdDecode, true),
        Failure::Timeout => (ErrorCode::Backend, true),
        Failure::Resource(ResourceError::Guest(AllocError::Range { .. } | AllocError::Memory(_))) => {
            (ErrorCode::Oob, false)
        }
        Failure::Shader(_) | Failure::Unsupported(_) | Failure::TooLarge { .. } => {
            (ErrorCode::Backend, false)
        }
        _ => (ErrorCode::CmdDecode, false),
    };
    (fatal || decoding == Decoding::Strict).then_some(code)
}
