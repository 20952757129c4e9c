//! Writing traces as the recorder does (device.md §15.3).

use super::layout::*;
use crate::ring::{AllocEntry, SubmitFlags};
use bytemuck::{Pod, Zeroable, bytes_of, cast_slice};

/// Builds a trace of container version 2.
///
/// Frames open by themselves at the first record and end with a present. Blobs precede what refers to them; their
/// ids count from 1.
#[derive(Clone, Debug)]
pub struct TraceWriter {
    bytes: Vec<u8>,
    toc: Vec<TocEntry>,
    open_frame: Option<u64>,
    next_blob: u64,
}

impl TraceWriter {
    /// A trace without frames.
    ///
    /// # Panics
    /// If the meta text has 4 GiB or more: the format cannot say so.
    #[must_use]
    pub fn new(command_abi_version: u32, meta_json: &str) -> Self {
        let header = TraceHeader {
            magic: HEADER_MAGIC,
            header_size: size_of::<TraceHeader>() as u32,
            container_version: CONTAINER_VERSION,
            command_abi_version,
            flags: 0,
            meta_len: len_u32(meta_json.as_bytes()),
            reserved: 0,
        };
        let bytes = [bytes_of(&header), meta_json.as_bytes()].concat();
        Self { bytes, toc: Vec::new(), open_frame: None, next_blob: 1 }
    }

    /// Records a submission: its stream, its allocation table, and the contents of the table's allocations.
    /// `submission` gives flags, context, engine and fence; the rest of it is filled in.
    /// A submission with [`SubmitFlags::PRESENT`] ends the frame.
    pub fn submission(
        &mut self,
        mut submission: SubmissionHeader,
        stream: &[u8],
        alloc_table: Option<&[u8]>,
        memory: &[(AllocEntry, &[u8])],
    ) {
        submission.cmd_stream_blob = self.blob(BlobKind::CmdStream, stream);
        submission.alloc_table_blob = alloc_table.map_or(0, |table| self.blob(BlobKind::AllocTable, table));
        let ranges: Vec<MemoryRange> = memory
            .iter()
            .map(|&(AllocEntry { alloc_id, flags, gpa, size_bytes, .. }, contents)| {
                let blob_id = self.blob(BlobKind::AllocMemory, contents);
                MemoryRange { alloc_id, flags, gpa, size_bytes, blob_id }
            })
            .collect();
        submission.record_version = SUBMISSION_RECORD_VERSION;
        submission.header_size = size_of::<SubmissionHeader>() as u32;
        submission.range_count = len_u32(&ranges);
        self.record(record_type::SUBMISSION, &[bytes_of(&submission), cast_slice(&ranges)]);
        if SubmitFlags::from_bits_retain(submission.submit_flags).contains(SubmitFlags::PRESENT) {
            self.present();
        }
    }

    /// Records bytes and gives the id by which later records name them.
    pub fn blob(&mut self, kind: BlobKind, bytes: &[u8]) -> u64 {
        let blob_id = self.next_blob;
        self.next_blob += 1;
        let header = BlobHeader { blob_id, kind: kind.to_u32(), reserved: 0 };
        self.record(record_type::BLOB, &[bytes_of(&header), bytes]);
        blob_id
    }

    /// Records a whole command stream without its circumstances, as version 1 did.
    pub fn packet(&mut self, bytes: &[u8]) {
        self.record(record_type::PACKET, &[bytes]);
    }

    /// Ends the frame with a present.
    pub fn present(&mut self) {
        let frame = self.frame_index();
        self.begin_frame();
        let present = self.bytes.len() as u64;
        self.record(record_type::PRESENT, &[bytes_of(&frame)]);
        self.end_frame(present);
    }

    /// The finished trace. A frame that is still open ends without a present.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.end_frame(0);
        let toc_offset = self.bytes.len() as u64;
        let toc = TocHeader { magic: TOC_MAGIC, version: TOC_VERSION, frame_count: len_u32(&self.toc) };
        self.bytes.extend_from_slice(bytes_of(&toc));
        self.bytes.extend_from_slice(cast_slice(&self.toc));
        let footer = TraceFooter {
            magic: FOOTER_MAGIC,
            footer_size: size_of::<TraceFooter>() as u32,
            container_version: CONTAINER_VERSION,
            toc_offset,
            toc_len: self.bytes.len() as u64 - toc_offset,
        };
        self.bytes.extend_from_slice(bytes_of(&footer));
        self.bytes
    }

    fn frame_index(&self) -> u32 {
        len_u32(&self.toc)
    }

    /// Opens a frame if none is open.
    fn begin_frame(&mut self) {
        if self.open_frame.is_none() {
            self.open_frame = Some(self.bytes.len() as u64);
            let frame = self.frame_index();
            self.raw_record(record_type::BEGIN_FRAME, &[bytes_of(&frame)]);
        }
    }

    /// Closes the open frame, if there is one.
    fn end_frame(&mut self, present: u64) {
        if let Some(start) = self.open_frame.take() {
            let entry = TocEntry {
                frame_index: self.frame_index(),
                start,
                present,
                end: self.bytes.len() as u64,
                ..TocEntry::zeroed()
            };
            self.toc.push(entry);
        }
    }

    fn record(&mut self, ty: u8, parts: &[&[u8]]) {
        self.begin_frame();
        self.raw_record(ty, parts);
    }

    fn raw_record(&mut self, ty: u8, parts: &[&[u8]]) {
        let payload = parts.concat();
        let header = RecordHeader { ty, payload_len: len_u32(&payload), ..RecordHeader::zeroed() };
        self.bytes.extend_from_slice(bytes_of(&header));
        self.bytes.extend_from_slice(&payload);
    }
}

/// How many items there are, as the container counts them.
fn len_u32<T: Pod>(items: &[T]) -> u32 {
    u32::try_from(items.len()).expect("a trace holds nothing of 4 GiB or more")
}
