//! A back end that executes nothing.

use super::{Backend, Completion, ReadError, Report, RestoreError, Submission, TextureData};
use crate::memory::GuestMemory;

/// Completes every submission at once and executes none: for guests whose driver is to be watched without a picture.
#[derive(Debug, Clone, Default)]
pub struct Noop {
    completions: Vec<Completion>,
}

impl Backend for Noop {
    fn reset(&mut self) {
        self.completions.clear();
    }

    fn submit(&mut self, _: &mut dyn GuestMemory, submission: &Submission<'_>) {
        self.completions.push(Completion { fence: submission.fence, report: Report::default() });
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

    /// There is no state; the bytes are empty.
    fn snapshot(&mut self) -> Option<Vec<u8>> {
        Some(Vec::new())
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), RestoreError> {
        self.reset();
        if state.is_empty() { Ok(()) } else { Err(RestoreError::Foreign) }
    }
}
