//! A back end whose work is done elsewhere: asynchronously, by whoever drains it.

use std::collections::VecDeque;

use super::{Backend, Completion, ReadError, Report, Submission, TextureData};
use crate::limits;
use crate::memory::GuestMemory;

/// A submission for somebody else to execute: owned, since it may be executed at any time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drained {
    /// The command stream; empty when there was none.
    pub stream: Vec<u8>,
    /// The allocation table, if there was one.
    pub alloc_table: Option<Vec<u8>>,
    /// Whose state the stream works on.
    pub context_id: u32,
    /// The queue that the guest named.
    pub engine_id: u32,
    /// What to [complete](Bridge::complete) afterwards; 0 for nothing.
    pub fence: u64,
    /// [`SubmitFlags`](aerogpu_protocol::ring::SubmitFlags) bits.
    pub flags: u32,
}

impl Drained {
    fn bytes(&self) -> usize {
        self.stream.len() + self.alloc_table.as_ref().map_or(0, Vec::len)
    }
}

/// Queues submissions until they are [drained](Self::drain), and completes what it is [told](Self::complete).
///
/// The queue is bounded by [`MAX_QUEUED_SUBMISSIONS`](limits::MAX_QUEUED_SUBMISSIONS) and
/// [`MAX_QUEUED_SUBMISSION_BYTES`](limits::MAX_QUEUED_SUBMISSION_BYTES): before it grows beyond, its oldest entry is dropped
/// and completes as failed, so that a guest never waits for it (device.md §3.5).
#[derive(Debug, Clone, Default)]
pub struct Bridge {
    queue: VecDeque<Drained>,
    queued_bytes: usize,
    /// Fences of submissions that are drained but not complete, in order.
    running: VecDeque<u64>,
    completions: Vec<Completion>,
}

impl Bridge {
    /// Takes everything that is queued. What has no fence counts as complete from here on.
    pub fn drain(&mut self) -> Vec<Drained> {
        self.queued_bytes = 0;
        let drained: Vec<_> = self.queue.drain(..).collect();
        for submission in &drained {
            match submission.fence {
                0 => self.completions.push(Completion::default()),
                fence => self.running.push_back(fence),
            }
        }
        drained
    }

    /// Every submission with this fence is done. False, and nothing done, when none is waiting.
    pub fn complete(&mut self, fence: u64) -> bool {
        if fence == 0 {
            return false;
        }
        let waiting = self.running.len() + self.queue.len();
        self.running.retain(|&running| running != fence);
        self.queue.retain(|queued| queued.fence != fence);
        self.queued_bytes = self.queue.iter().map(Drained::bytes).sum();
        let done = waiting - self.running.len() - self.queue.len();
        let completion = Completion { fence, report: Report::default() };
        self.completions.extend(std::iter::repeat_n(completion, done));
        done > 0
    }

    fn drop_oldest(&mut self) {
        if let Some(dropped) = self.queue.pop_front() {
            self.queued_bytes -= dropped.bytes();
            let failure = Some("dropped from a full queue");
            self.completions
                .push(Completion { fence: dropped.fence, report: Report { failure, ..Report::default() } });
        }
    }
}

impl Backend for Bridge {
    fn reset(&mut self) {
        *self = Self::default();
    }

    fn submit(&mut self, _: &mut dyn GuestMemory, submission: &Submission<'_>) {
        let queued = Drained {
            stream: submission.stream.to_vec(),
            alloc_table: submission.alloc_table.map(<[u8]>::to_vec),
            context_id: submission.context_id,
            engine_id: submission.engine_id,
            fence: submission.fence,
            flags: submission.flags,
        };
        let (count, bytes) = (limits::MAX_QUEUED_SUBMISSIONS, limits::MAX_QUEUED_SUBMISSION_BYTES);
        while !self.queue.is_empty()
            && (self.queue.len() >= count || self.queued_bytes + queued.bytes() > bytes)
        {
            self.drop_oldest();
        }
        self.queued_bytes += queued.bytes();
        self.queue.push_back(queued);
    }

    fn poll(&mut self) -> Vec<Completion> {
        std::mem::take(&mut self.completions)
    }

    fn scanout(&mut self, _: u32) -> Option<TextureData> {
        None
    }

    fn read_texture(&mut self, handle: u32, _: u32, _: u32) -> Result<TextureData, ReadError> {
        Err(ReadError::Unknown { kind: "texture", handle })
    }

    fn read_buffer(&mut self, handle: u32, _: u64, _: u64) -> Result<Vec<u8>, ReadError> {
        Err(ReadError::Unknown { kind: "buffer", handle })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::NoMemory;

    fn submit(bridge: &mut Bridge, fence: u64) {
        bridge.submit(&mut NoMemory, &Submission { stream: &[1, 2, 3], fence, ..Default::default() });
    }

    #[test]
    fn the_oldest_of_too_many_completes_as_failed() {
        let mut bridge = Bridge::default();
        for fence in 1..=limits::MAX_QUEUED_SUBMISSIONS as u64 + 1 {
            submit(&mut bridge, fence);
        }
        let dropped = bridge.poll();
        assert_eq!(
            dropped.iter().map(|c| (c.fence, c.report.failure.is_some())).collect::<Vec<_>>(),
            [(1, true)]
        );
        assert_eq!(bridge.drain().len(), limits::MAX_QUEUED_SUBMISSIONS);
    }

    #[test]
    fn too_many_bytes_drop_the_oldest_too() {
        let mut bridge = Bridge::default();
        let stream = vec![0; limits::MAX_QUEUED_SUBMISSION_BYTES / 2];
        for fence in 1..=3 {
            bridge.submit(&mut NoMemory, &Submission { stream: &stream, fence, ..Default::default() });
        }
        assert_eq!(bridge.poll().iter().map(|c| c.fence).collect::<Vec<_>>(), [1]);
        assert_eq!(bridge.drain().iter().map(|queued| queued.fence).collect::<Vec<_>>(), [2, 3]);
    }

    #[test]
    fn one_word_from_the_host_completes_all_submissions_of_a_fence() {
        let mut bridge = Bridge::default();
        submit(&mut bridge, 7);
        submit(&mut bridge, 0);
        assert_eq!(bridge.drain().len(), 2);
        submit(&mut bridge, 7);
        assert_eq!(bridge.poll().len(), 1, "nobody completes what has no fence");
        assert!(bridge.complete(7) && !bridge.complete(7) && !bridge.complete(0));
        assert_eq!(bridge.poll().len(), 2);
        assert!(bridge.drain().is_empty());
    }
}
