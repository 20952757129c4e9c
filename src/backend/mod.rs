//! What a device needs of a renderer: submissions in, completions and pictures out.
//!
//! | back end | what it does |
//! |---|---|
//! | [`SoftwareRenderer`](crate::SoftwareRenderer) | executes, before `submit` returns |
//! | [`Noop`] | executes nothing and completes everything |
//! | [`Bridge`] | hands submissions to whoever asks, and completes what it is told |
//! | [`Recording`] | writes a trace of what passes through to another back end |

mod bridge;
mod noop;
mod recording;

use aerogpu_protocol::Format;

pub use bridge::{Bridge, Drained};
pub use noop::Noop;
pub use recording::Recording;

use crate::codec::Damage;
use crate::cycles::{CostTable, GpuCycles, Work, cost};
use crate::executor::Failure;
use crate::limits;
use crate::memory::GuestMemory;

/// One submission, as the ring or a trace gives it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Submission<'a> {
    /// The command stream, header included.
    pub stream: &'a [u8],
    /// The allocation table's bytes, header included, if there is one.
    pub alloc_table: Option<&'a [u8]>,
    /// Whose state the stream works on.
    pub context_id: u32,
    /// Fence to complete afterwards; 0 for none.
    pub fence: u64,
    /// [`SubmitFlags`](aerogpu_protocol::ring::SubmitFlags) bits.
    pub flags: u32,
    /// The queue that the guest named; there is one.
    pub engine_id: u32,
}

/// A finished submission. Work that failed completes too.
#[derive(Debug, Clone, Default)]
pub struct Completion {
    /// The submission's fence.
    pub fence: u64,
    /// What happened.
    pub report: Report,
}

/// What a submission came to.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Commands that failed, as it came to light; the first [`MAX_ERRORS`](limits::MAX_ERRORS) of them. Each had no effect,
    /// but for those that ran out of [time](Failure::Timeout).
    pub errors: Vec<CommandError>,
    /// Commands that failed beyond those.
    pub more_errors: u64,
    /// Packets executed.
    pub packets: u64,
    /// Packets with an opcode that this version does not know; skipped.
    pub unknown_packets: u64,
    /// Presents, in stream order.
    pub presents: Vec<Present>,
    /// What the pipeline did.
    pub statistics: Statistics,
    /// The same and more, as the cost model counts it.
    pub work: Work,
    /// What of it draws and dispatches did, in stream order; those beyond the first
    /// [`MAX_COUNTED_COMMANDS`](limits::MAX_COUNTED_COMMANDS) count with the last.
    pub commands: Vec<CommandWork>,
    /// The back end gave the work up, for a reason of its own.
    pub failure: Option<&'static str>,
}

/// What a draw or dispatch did. The packets since the one before it count with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandWork {
    /// Byte offset of its packet in the stream.
    pub offset: usize,
    /// Name of the packet.
    pub packet: &'static str,
    /// What it did.
    pub work: Work,
}

impl Report {
    /// What clears, copies and the packets after the last draw did: all that is not in [`commands`](Self::commands).
    pub fn rest(&self) -> Work {
        self.commands.iter().fold(self.work, |rest, command| rest.without(&command.work))
    }

    /// What the submission costs: its draws, one after the other, and the rest.
    pub fn cycles(&self, table: &CostTable) -> GpuCycles {
        let commands = self.commands.iter().map(|command| &command.work);
        commands.fold(cost(&self.rest(), table).total(), |sum, work| sum + cost(work, table).total())
    }

    /// Notes a command that failed.
    pub(crate) fn fail(&mut self, error: CommandError) {
        if self.errors.len() < limits::MAX_ERRORS {
            self.errors.push(error);
        } else {
            self.more_errors += 1;
        }
    }
}

/// A command that failed: where it stands, which it is, and why.
#[derive(Debug, Clone, thiserror::Error)]
#[error("packet at byte {offset} ({packet}): {reason}")]
pub struct CommandError {
    /// Byte offset of the packet in the stream.
    pub offset: usize,
    /// Name of the packet, as the protocol spells it.
    pub packet: &'static str,
    /// What was wrong and, where it helps, what to do.
    pub reason: Failure,
}

/// A present that a stream executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Present {
    /// Which scanout shows the picture.
    pub scanout: u32,
    /// The texture that is shown; 0 when no colour target was bound.
    pub texture: u32,
    /// Wait for the vertical blank.
    pub vsync: bool,
}

/// Direct3D 11's pipeline statistics and occlusion samples, summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the fields are Direct3D 11's own counters")]
pub struct Statistics {
    pub draws: u64,
    pub dispatches: u64,
    pub ia_vertices: u64,
    pub ia_primitives: u64,
    pub vs_invocations: u64,
    pub gs_invocations: u64,
    pub gs_primitives: u64,
    pub c_invocations: u64,
    pub c_primitives: u64,
    pub ps_invocations: u64,
    pub hs_invocations: u64,
    pub ds_invocations: u64,
    pub cs_invocations: u64,
    pub occlusion_samples: u64,
    /// Pixels written to colour targets.
    pub pixels_written: u64,
}

macro_rules! add_fields {
    ($into:ident, $from:ident: $($field:ident)*) => { $( $into.$field += $from.$field; )* };
}

impl std::ops::AddAssign for Statistics {
    fn add_assign(&mut self, other: Self) {
        add_fields!(self, other: draws dispatches ia_vertices ia_primitives vs_invocations gs_invocations
            gs_primitives c_invocations c_primitives ps_invocations hs_invocations ds_invocations cs_invocations
            occlusion_samples pixels_written);
    }
}

/// One subresource of a texture, read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextureData {
    /// Format of `bytes`.
    pub format: Format,
    /// Width in texels.
    pub width: u32,
    /// Height in texels.
    pub height: u32,
    /// Rows as they are stored, without padding.
    pub bytes: Vec<u8>,
}

/// Why something could not be read back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No resource has this handle.
    #[error("no {kind} has handle {handle}")]
    Unknown {
        /// Texture or buffer.
        kind: &'static str,
        /// The handle asked for.
        handle: u32,
    },
    /// The subresource or range does not exist.
    #[error("resource {handle} has no {what}")]
    OutOfRange {
        /// The handle asked for.
        handle: u32,
        /// What was asked for.
        what: String,
    },
}

/// Why renderer state cannot be restored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// It is not the state of this back end.
    #[error("the renderer's state is that of another back end")]
    Foreign,
    /// Its version is not known.
    #[error("the renderer's state has version {found}, but only {known} is known")]
    Version {
        /// Its version.
        found: u32,
        /// What is known.
        known: u32,
    },
    /// It is damaged.
    #[error("the renderer's state is damaged: {0}")]
    Damaged(#[from] Damage),
    /// An object of it would not be accepted from a guest either.
    #[error("the renderer's state is damaged: {kind} {handle}: {reason}")]
    Object {
        /// What it is.
        kind: &'static str,
        /// Its handle, or number.
        handle: u32,
        /// What is wrong with it.
        reason: String,
    },
}

impl RestoreError {
    /// Says which object an error is about.
    pub(crate) fn object<E: std::fmt::Display>(kind: &'static str, handle: u32) -> impl FnOnce(E) -> Self {
        move |reason| Self::Object { kind, handle, reason: reason.to_string() }
    }
}

/// A renderer behind the device.
///
/// Every submission completes exactly once, whatever becomes of it, until the next [reset](Self::reset). Completions may
/// come late and in any order: the device shows fences in the order of their submissions.
pub trait Backend {
    /// Forgets every resource, context and token, and every submission that has not been polled.
    fn reset(&mut self);

    /// Takes a submission. The software renderer executes it before it returns; others may finish later. Guest memory can
    /// be reached during this call alone; results must be written before the completion is polled.
    fn submit(&mut self, memory: &mut dyn GuestMemory, submission: &Submission<'_>);

    /// Submissions that finished since the last call.
    fn poll(&mut self) -> Vec<Completion>;

    /// What scanout `id` shows: the picture that was presented last, as it was then.
    fn scanout(&mut self, id: u32) -> Option<TextureData>;

    /// Reads one subresource of a texture.
    fn read_texture(&mut self, handle: u32, mip: u32, layer: u32) -> Result<TextureData, ReadError>;

    /// Reads a range of a buffer.
    fn read_buffer(&mut self, handle: u32, offset: u64, len: u64) -> Result<Vec<u8>, ReadError>;

    /// The state as bytes for [`restore`](Self::restore), after queued work is done; `None` when this back end cannot tell.
    /// Completions belong to whoever polls and are no part of it.
    fn snapshot(&mut self) -> Option<Vec<u8>> {
        None
    }

    /// Takes the state that [`snapshot`](Self::snapshot) gave; on an error, the state is that after a reset.
    fn restore(&mut self, _state: &[u8]) -> Result<(), RestoreError> {
        self.reset();
        Err(RestoreError::Foreign)
    }
}

impl<B: Backend + ?Sized> Backend for Box<B> {
    fn reset(&mut self) {
        (**self).reset();
    }

    fn submit(&mut self, memory: &mut dyn GuestMemory, submission: &Submission<'_>) {
        (**self).submit(memory, submission);
    }

    fn poll(&mut self) -> Vec<Completion> {
        (**self).poll()
    }

    fn scanout(&mut self, id: u32) -> Option<TextureData> {
        (**self).scanout(id)
    }

    fn read_texture(&mut self, handle: u32, mip: u32, layer: u32) -> Result<TextureData, ReadError> {
        (**self).read_texture(handle, mip, layer)
    }

    fn read_buffer(&mut self, handle: u32, offset: u64, len: u64) -> Result<Vec<u8>, ReadError> {
        (**self).read_buffer(handle, offset, len)
    }

    fn snapshot(&mut self) -> Option<Vec<u8>> {
        (**self).snapshot()
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), RestoreError> {
        (**self).restore(state)
    }
}
