//! The `.aerogputrace` container: submissions and the guest memory that they used, frame by frame (device.md §15).
//!
//! `header | meta JSON | records | table of contents | footer`, without padding, checksums or compression.
//! [`Trace`] reads both container versions, [`TraceWriter`] writes version 2.

mod layout;
mod reader;
mod writer;

pub use layout::{BlobKind, CONTAINER_VERSION, MemoryRange, SubmissionHeader};
pub use reader::{Frame, Record, Records, SubmissionRecord, Trace, TraceError, TraceErrorReason};
pub use writer::TraceWriter;
