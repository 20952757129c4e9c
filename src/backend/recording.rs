//! A back end that writes down what passes through to another one.

use aerogpu_protocol::ring::SubmitFlags;
use aerogpu_protocol::trace::{SubmissionHeader, TraceWriter};
use aerogpu_protocol::{ABI_VERSION, AllocTable, Packet, Stream};

use super::{Backend, Completion, ReadError, RestoreError, Submission, TextureData};
use crate::limits;
use crate::memory::GuestMemory;

const META: &str = concat!(
    "{\"emulator_version\":\"aerogpu ",
    env!("CARGO_PKG_VERSION"),
    "\",\"command_abi_version\":65540,\"notes\":\"recorded\"}"
);

/// Records a trace of every submission, with the guest memory that it may read, and passes it on to `inner`.
///
/// A trace begins with an empty renderer, so a reset begins it anew. What a trace cannot hold is left out and
/// [counted](Self::left_out): allocations whose contents cannot be read or that exceed
/// [`MAX_RECORDED_ALLOC_BYTES`](limits::MAX_RECORDED_ALLOC_BYTES) a submission, and submissions once the trace has
/// [`MAX_RECORDING_BYTES`](limits::MAX_RECORDING_BYTES).
pub struct Recording<B> {
    inner: B,
    trace: TraceWriter,
    recorded_bytes: usize,
    left_out: u64,
}

impl<B: Backend> Recording<B> {
    /// Records what `inner` is given.
    pub fn new(inner: B) -> Self {
        Self { inner, trace: TraceWriter::new(ABI_VERSION, META), recorded_bytes: 0, left_out: 0 }
    }

    /// The back end behind this one.
    pub fn inner(&mut self) -> &mut B {
        &mut self.inner
    }

    /// Allocations and submissions that the trace lacks.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Ends the trace and gives its bytes; a new one begins.
    pub fn finish(&mut self) -> Vec<u8> {
        (self.recorded_bytes, self.left_out) = (0, 0);
        std::mem::replace(&mut self.trace, TraceWriter::new(ABI_VERSION, META)).finish()
    }

    fn record(&mut self, memory: &dyn GuestMemory, submission: &Submission<'_>) {
        let mut contents = Vec::new();
        let mut budget = limits::MAX_RECORDED_ALLOC_BYTES;
        let table = submission.alloc_table.and_then(|bytes| AllocTable::parse(bytes).ok());
        for entry in table.iter().flat_map(AllocTable::entries) {
            let size = usize::try_from(entry.size_bytes).ok().filter(|&size| size <= budget);
            let mut bytes = vec![0; size.unwrap_or(0)];
            if size.is_some() && memory.read(entry.gpa, &mut bytes).is_ok() {
                budget -= bytes.len();
                contents.push((entry, bytes));
            } else {
                self.left_out += 1;
            }
        }
        let table_len = submission.alloc_table.map_or(0, <[u8]>::len);
        let len = submission.stream.len() + table_len + limits::MAX_RECORDED_ALLOC_BYTES - budget;
        if self.recorded_bytes + len > limits::MAX_RECORDING_BYTES {
            self.left_out += 1;
            return;
        }
        self.recorded_bytes += len;
        let header = SubmissionHeader {
            submit_flags: submission.flags,
            context_id: submission.context_id,
            engine_id: submission.engine_id,
            signal_fence: submission.fence,
            ..bytemuck::Zeroable::zeroed()
        };
        let ranges: Vec<_> = contents.iter().map(|(entry, bytes)| (*entry, bytes.as_slice())).collect();
        self.trace.submission(header, submission.stream, submission.alloc_table, &ranges);
        // The flag is a hint that drivers may leave out; a present ends the frame all the same.
        if !SubmitFlags::from_bits_retain(submission.flags).contains(SubmitFlags::PRESENT)
            && presents(submission.stream)
        {
            self.trace.present();
        }
    }
}

fn presents(stream: &[u8]) -> bool {
    let packets = Stream::parse(stream).into_iter().flat_map(|stream| stream.packets());
    packets.flatten().any(|at| matches!(at.packet, Packet::Present(_) | Packet::PresentEx(_)))
}

impl<B: Backend> Backend for Recording<B> {
    fn reset(&mut self) {
        self.inner.reset();
        self.finish();
    }

    fn submit(&mut self, memory: &mut dyn GuestMemory, submission: &Submission<'_>) {
        self.record(memory, submission);
        self.inner.submit(memory, submission);
    }

    fn poll(&mut self) -> Vec<Completion> {
        self.inner.poll()
    }

    fn scanout(&mut self, id: u32) -> Option<TextureData> {
        self.inner.scanout(id)
    }

    fn read_texture(&mut self, handle: u32, mip: u32, layer: u32) -> Result<TextureData, ReadError> {
        self.inner.read_texture(handle, mip, layer)
    }

    fn read_buffer(&mut self, handle: u32, offset: u64, len: u64) -> Result<Vec<u8>, ReadError> {
        self.inner.read_buffer(handle, offset, len)
    }

    /// The state of the back end behind; the trace is no part of it.
    fn snapshot(&mut self) -> Option<Vec<u8>> {
        self.inner.snapshot()
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), RestoreError> {
        self.finish();
        self.inner.restore(state)
    }
}
