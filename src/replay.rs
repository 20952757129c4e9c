//! Replaying recorded traces and bare command streams on a backend, without touching a file.

use std::collections::BTreeMap;

use aerogpu_protocol::packets::{CreateTexture2d, ResourceUsage};
use aerogpu_protocol::ring::{AllocEntry, write_alloc_table};
use aerogpu_protocol::trace::{BlobKind, Record, SubmissionRecord};
use aerogpu_protocol::{Format, Packet, Stream, StreamError, StreamWriter, Trace, TraceError};

use crate::backend::{Backend, CommandError, Report, Statistics, Submission};
use crate::inspect::Picture;
use crate::memory::{GuestMemory, MemoryError, SparseMemory};

/// Why a file cannot be replayed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReplayError {
    /// Neither a trace nor a command stream.
    #[error("the file is neither a trace (AEROGPUT) nor a command stream (ACMD)")]
    UnknownFile,
    /// The trace container is malformed.
    #[error("trace: {0}")]
    Trace(#[from] TraceError),
    /// The command stream is malformed.
    #[error("command stream: {0}")]
    Stream(#[from] StreamError),
    /// A record refers to a blob that does not exist, or to one of another kind.
    #[error("frame {frame}: blob {blob} is not a {expected:?} blob of this trace")]
    Blob {
        /// Frame number.
        frame: u32,
        /// Blob number.
        blob: u64,
        /// What it should be.
        expected: BlobKind,
    },
    /// A memory range is larger than its blob, or lies outside the address space.
    #[error("frame {frame}: memory range of allocation {alloc_id}: {source}")]
    Memory {
        /// Frame number.
        frame: u32,
        /// The allocation.
        alloc_id: u32,
        /// What is wrong.
        source: MemoryError,
    },
    /// A packet record holds the retired toy packets.
    #[error("frame {0}: the retired toy packets of 2025 cannot be replayed; record the trace again")]
    ToyPackets(u32),
}

/// One frame that came out of a replay.
#[derive(Debug, Clone)]
pub struct ReplayedFrame {
    /// Frame number, as the trace counts.
    pub index: u32,
    /// What was presented, if anything was.
    pub picture: Option<Picture>,
    /// What the pipeline did.
    pub statistics: Statistics,
    /// Commands that failed.
    pub errors: Vec<CommandError>,
    /// What each submission came to, but for its errors.
    pub submissions: Vec<Report>,
}

/// A file that can be replayed.
pub enum Recording<'a> {
    /// A trace container.
    Trace(Trace<'a>),
    /// A bare command stream.
    Stream(Stream<'a>),
}

impl<'a> Recording<'a> {
    /// Tells the two kinds of file apart and checks the container.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ReplayError> {
        match bytes {
            [b'A', b'E', b'R', b'O', b'G', b'P', b'U', b'T', ..] => Ok(Self::Trace(Trace::parse(bytes)?)),
            [b'A', b'C', b'M', b'D', ..] => Ok(Self::Stream(Stream::parse(bytes)?)),
            _ => Err(ReplayError::UnknownFile),
        }
    }

    /// How many frames there are.
    pub fn frames(&self) -> usize {
        match self {
            Self::Trace(trace) => trace.frames().len(),
            Self::Stream(_) => 1,
        }
    }

    /// Replays every frame on a fresh `backend` and hands each to `visit` as it is done.
    pub fn replay(
        &self,
        backend: &mut dyn Backend,
        mut visit: impl FnMut(ReplayedFrame),
    ) -> Result<(), ReplayError> {
        match self {
            Self::Trace(trace) => {
                let mut player = Player { backend, blobs: BTreeMap::new() };
                if trace.container_version() == 1 {
                    player.provide_back_buffer();
                }
                for frame in trace.frames() {
                    visit(player.frame(&frame)?);
                }
            }
            Self::Stream(stream) => visit(replay_stream(stream, backend)),
        }
        Ok(())
    }
}

struct Player<'a, 'b> {
    backend: &'b mut dyn Backend,
    /// Blobs live from the frame that defines them to the end of the trace.
    blobs: BTreeMap<u64, (BlobKind, &'a [u8])>,
}

impl<'a> Player<'a, '_> {
    /// Traces of container version 1 may draw without binding a target; their player had one of 64x64.
    fn provide_back_buffer(&mut self) {
        const BACK_BUFFER: u32 = u32::MAX;
        const SIZE: u32 = 64;
        let mut writer = StreamWriter::new();
        writer
            .create_texture2d(CreateTexture2d {
                texture_handle: BACK_BUFFER,
                usage_flags: ResourceUsage::RENDER_TARGET.bits(),
                format: Format::R8G8B8A8Unorm.to_u32(),
                width: SIZE,
                height: SIZE,
                mip_levels: 1,
                array_layers: 1,
                ..Default::default()
            })
            .set_render_targets(&[BACK_BUFFER], 0);
        let stream = writer.finish();
        run(self.backend, &mut SparseMemory::new(), &Submission { stream: &stream, ..Default::default() });
    }

    fn frame(&mut self, frame: &aerogpu_protocol::trace::Frame<'a>) -> Result<ReplayedFrame, ReplayError> {
        let index = frame.index();
        let mut result = ReplayedFrame {
            index,
            picture: None,
            statistics: Statistics::default(),
            errors: Vec::new(),
            submissions: Vec::new(),
        };
        let mut presented = None;
        for record in frame.records() {
            let mut report = match record? {
                Record::BeginFrame { .. } | Record::Present { .. } => continue,
                Record::Blob { id, kind, bytes } => {
                    self.blobs.insert(id, (kind, bytes));
                    continue;
                }
                Record::Packet(stream) if stream.starts_with(b"ACMD") => {
                    let submission = Submission { stream, ..Default::default() };
                    run(self.backend, &mut SparseMemory::new(), &submission)
                }
                Record::Packet(_) => return Err(ReplayError::ToyPackets(index)),
                Record::Submission(submission) => self.submission(index, &submission)?,
            };
            result.statistics += report.statistics;
            result.errors.append(&mut report.errors);
            presented = report.presents.last().map(|p| p.scanout).or(presented);
            result.submissions.push(report);
        }
        let shown = presented.and_then(|scanout| self.backend.scanout(scanout));
        result.picture = shown.as_ref().and_then(Picture::from_texture);
        Ok(result)
    }

    fn blob(&self, frame: u32, blob: u64, expected: BlobKind) -> Result<&'a [u8], ReplayError> {
        match self.blobs.get(&blob) {
            Some(&(kind, bytes)) if kind == expected => Ok(bytes),
            _ => Err(ReplayError::Blob { frame, blob, expected }),
        }
    }

    fn submission(&mut self, frame: u32, record: &SubmissionRecord<'a>) -> Result<Report, ReplayError> {
        let stream = self.blob(frame, record.header.cmd_stream_blob, BlobKind::CmdStream)?;
        let mut memory = SparseMemory::new();
        let mut entries = Vec::new();
        for range in record.ranges.iter() {
            let bytes = self.blob(frame, range.blob_id, BlobKind::AllocMemory)?;
            let write = memory.write(range.gpa, bytes);
            write.map_err(|source| ReplayError::Memory { frame, alloc_id: range.alloc_id, source })?;
            entries.push(AllocEntry {
                alloc_id: range.alloc_id,
                flags: range.flags,
                gpa: range.gpa,
                size_bytes: range.size_bytes,
                ..Default::default()
            });
        }
        let table = match record.header.alloc_table_blob {
            0 if entries.is_empty() => None,
            0 => Some(write_alloc_table(&entries)),
            blob => Some(self.blob(frame, blob, BlobKind::AllocTable)?.to_vec()),
        };
        let submission = Submission {
            stream,
            alloc_table: table.as_deref(),
            context_id: record.header.context_id,
            fence: record.header.signal_fence,
            flags: record.header.submit_flags,
            engine_id: record.header.engine_id,
        };
        Ok(run(self.backend, &mut memory, &submission))
    }
}

fn run(backend: &mut dyn Backend, memory: &mut dyn GuestMemory, submission: &Submission<'_>) -> Report {
    backend.submit(memory, submission);
    let mut all = Report::default();
    for completion in backend.poll() {
        all.errors.extend(completion.report.errors);
        all.presents.extend(completion.report.presents);
        all.packets += completion.report.packets;
        all.unknown_packets += completion.report.unknown_packets;
        all.statistics += completion.report.statistics;
        all.work += completion.report.work;
        all.commands.extend(completion.report.commands);
    }
    all
}

/// A bare stream is one frame: what it presents or, failing that, its last first colour target.
fn replay_stream(stream: &Stream<'_>, backend: &mut dyn Backend) -> ReplayedFrame {
    let submission = Submission { stream: stream.as_bytes(), ..Default::default() };
    let mut report = run(backend, &mut SparseMemory::new(), &submission);
    let presented = report.presents.last().and_then(|present| backend.scanout(present.scanout));
    let target = || {
        let targets = stream.packets().filter_map(|packet| match packet.ok()?.packet {
            Packet::SetRenderTargets(p) => p.colors.into_iter().find(|&handle| handle != 0),
            _ => None,
        });
        backend.read_texture(targets.last()?, 0, 0).ok()
    };
    let shown = presented.or_else(target);
    ReplayedFrame {
        index: 0,
        picture: shown.as_ref().and_then(Picture::from_texture),
        statistics: report.statistics,
        errors: std::mem::take(&mut report.errors),
        submissions: vec![report],
    }
}
