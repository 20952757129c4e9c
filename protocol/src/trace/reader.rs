//! Reading traces. Nothing is copied and nothing allocated: every length is checked against the file.

use super::layout::*;
use crate::PodSlice;
use crate::stream::read_prefix;
use bytemuck::AnyBitPattern;
use core::iter::FusedIterator;

/// Why bytes are not a trace, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("trace, byte {offset}: {reason}")]
pub struct TraceError {
    /// File offset of the offending structure.
    pub offset: u64,
    /// What is wrong with it.
    pub reason: TraceErrorReason,
}

/// What is wrong with a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraceErrorReason {
    /// A structure goes beyond the end of what holds it.
    #[error("{what} of {needed} bytes does not fit into the {available} bytes there")]
    Truncated {
        /// The structure.
        what: &'static str,
        /// Bytes of it.
        needed: u64,
        /// Bytes there.
        available: u64,
    },
    /// A structure does not begin with its magic bytes.
    #[error("{what} has the wrong magic")]
    BadMagic {
        /// The structure.
        what: &'static str,
    },
    /// A field has a value that it may not have.
    #[error("{what} is {value}")]
    BadValue {
        /// The field.
        what: &'static str,
        /// Its value.
        value: u64,
    },
    /// The meta text is not UTF-8.
    #[error("the meta text is not UTF-8")]
    MetaNotUtf8,
    /// A record type that is not known, or not in this container version.
    #[error("record type {ty} does not exist in container version {container_version}")]
    UnknownRecord {
        /// The type.
        ty: u8,
        /// The version.
        container_version: u32,
    },
}

type Result<T, E = TraceError> = core::result::Result<T, E>;

fn error<T>(offset: u64, reason: TraceErrorReason) -> Result<T> {
    Err(TraceError { offset, reason })
}

/// The struct at the front of `bytes`, which stand at `offset` in the file.
fn read<T: AnyBitPattern>(bytes: &[u8], offset: u64, what: &'static str) -> Result<T> {
    let truncated =
        TraceErrorReason::Truncated { what, needed: size_of::<T>() as u64, available: bytes.len() as u64 };
    read_prefix(bytes).ok_or(TraceError { offset, reason: truncated })
}

/// Demands that a field has one value.
fn expect(offset: u64, what: &'static str, value: u64, expected: u64) -> Result<()> {
    if value == expected { Ok(()) } else { error(offset, TraceErrorReason::BadValue { what, value }) }
}

/// A trace whose header, table of contents and footer have been checked.
#[derive(Clone, Copy, Debug)]
pub struct Trace<'a> {
    bytes: &'a [u8],
    container_version: u32,
    command_abi_version: u32,
    meta: &'a str,
    toc: PodSlice<'a, TocEntry>,
}

impl<'a> Trace<'a> {
    /// Checks everything but the records, which are checked when they are read.
    pub fn parse(bytes: &'a [u8]) -> Result<Self> {
        let (header, meta) = parse_header(bytes)?;
        let records_start = (size_of::<TraceHeader>() + meta.len()) as u64;
        let (toc_offset, toc) = parse_footer_and_toc(bytes, header.container_version, records_start)?;
        // Frames are in order and apart, as the recorder writes them: so reading them all takes linear time.
        let mut frames_end = records_start;
        for (index, entry) in (0u64..).zip(toc.iter()) {
            let offset = toc_offset + size_of::<TocHeader>() as u64 + index * size_of::<TocEntry>() as u64;
            let bad = |what, value| error(offset, TraceErrorReason::BadValue { what, value });
            if entry.start < frames_end {
                return bad("start of a frame", entry.start);
            }
            if entry.end < entry.start || entry.end > toc_offset {
                return bad("end of a frame", entry.end);
            }
            if entry.present != 0 && !(entry.start..entry.end).contains(&entry.present) {
                return bad("present record of a frame", entry.present);
            }
            frames_end = entry.end;
        }
        Ok(Self {
            bytes,
            container_version: header.container_version,
            command_abi_version: header.command_abi_version,
            meta,
            toc,
        })
    }

    /// 1 or 2.
    #[must_use]
    pub fn container_version(&self) -> u32 {
        self.container_version
    }

    /// The ABI of the recorded commands: `0x0001_0004` for 1.4; 1 for the toy packets of [`legacy`](crate::legacy).
    #[must_use]
    pub fn command_abi_version(&self) -> u32 {
        self.command_abi_version
    }

    /// The meta text, which is JSON; it is not looked into.
    #[must_use]
    pub fn meta(&self) -> &'a str {
        self.meta
    }

    /// The frames in the order of the table of contents.
    pub fn frames(&self) -> impl ExactSizeIterator<Item = Frame<'a>> + use<'a> {
        let Self { bytes, container_version, .. } = *self;
        self.toc.iter().map(move |entry| Frame { bytes, container_version, entry })
    }
}

fn parse_header(bytes: &[u8]) -> Result<(TraceHeader, &str)> {
    let header: TraceHeader = read(bytes, 0, "header")?;
    if header.magic != HEADER_MAGIC {
        return error(0, TraceErrorReason::BadMagic { what: "header" });
    }
    expect(0, "header_size", header.header_size.into(), size_of::<TraceHeader>() as u64)?;
    if !(1..=CONTAINER_VERSION).contains(&header.container_version) {
        let value = header.container_version.into();
        return error(0, TraceErrorReason::BadValue { what: "container_version", value });
    }
    let offset = size_of::<TraceHeader>() as u64;
    let rest = &bytes[size_of::<TraceHeader>()..];
    let meta = rest.get(..header.meta_len as usize).ok_or(TraceError {
        offset,
        reason: TraceErrorReason::Truncated {
            what: "meta text",
            needed: header.meta_len.into(),
            available: rest.len() as u64,
        },
    })?;
    match core::str::from_utf8(meta) {
        Ok(meta) => Ok((header, meta)),
        Err(_) => error(offset, TraceErrorReason::MetaNotUtf8),
    }
}

/// The table of contents and where it stands: between the records and the footer, without a gap to the latter.
fn parse_footer_and_toc(
    bytes: &[u8],
    container_version: u32,
    records_start: u64,
) -> Result<(u64, PodSlice<'_, TocEntry>)> {
    let footer_offset = bytes.len().saturating_sub(size_of::<TraceFooter>());
    let at = footer_offset as u64;
    let footer: TraceFooter = read(&bytes[footer_offset..], at, "footer")?;
    if footer.magic != FOOTER_MAGIC {
        return error(at, TraceErrorReason::BadMagic { what: "footer" });
    }
    expect(at, "footer_size", footer.footer_size.into(), size_of::<TraceFooter>() as u64)?;
    expect(at, "footer's container_version", footer.container_version.into(), container_version.into())?;
    let TraceFooter { toc_offset, toc_len, .. } = footer;
    if toc_offset < records_start || toc_offset.checked_add(toc_len) != Some(at) {
        return error(at, TraceErrorReason::BadValue { what: "toc_offset", value: toc_offset });
    }
    // Both ends lie inside the file now, hence fit usize.
    let toc = &bytes[toc_offset as usize..footer_offset];
    let header: TocHeader = read(toc, toc_offset, "table of contents")?;
    if header.magic != TOC_MAGIC {
        return error(toc_offset, TraceErrorReason::BadMagic { what: "table of contents" });
    }
    expect(toc_offset, "version of the table of contents", header.version.into(), TOC_VERSION.into())?;
    let needed = size_of::<TocHeader>() as u64 + u64::from(header.frame_count) * size_of::<TocEntry>() as u64;
    expect(at, "toc_len", toc_len, needed)?;
    Ok((toc_offset, PodSlice::new(&toc[size_of::<TocHeader>()..])))
}

/// One frame of a trace.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    bytes: &'a [u8],
    container_version: u32,
    entry: TocEntry,
}

impl core::fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let TocEntry { frame_index, start, present, end, .. } = self.entry;
        write!(f, "Frame {{ index: {frame_index}, bytes: {start}..{end}, present: {present} }}")
    }
}

impl<'a> Frame<'a> {
    /// The frame's number.
    #[must_use]
    pub fn index(&self) -> u32 {
        self.entry.frame_index
    }

    /// File offset of the frame's present record, if it was presented.
    #[must_use]
    pub fn present_offset(&self) -> Option<u64> {
        (self.entry.present != 0).then_some(self.entry.present)
    }

    /// The records in order. A malformed record gives an error and ends the iteration.
    #[must_use]
    pub fn records(&self) -> Records<'a> {
        // The table of contents was checked: both offsets lie inside the file, in order.
        let (start, end) = (self.entry.start as usize, self.entry.end as usize);
        Records {
            rest: &self.bytes[start..end],
            offset: self.entry.start,
            container_version: self.container_version,
        }
    }
}

/// One record of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record<'a> {
    /// The frame begins.
    BeginFrame {
        /// Its number.
        frame_index: u32,
    },
    /// The frame is presented.
    Present {
        /// Its number.
        frame_index: u32,
    },
    /// A whole command stream, or a toy packet (see [`legacy`](crate::legacy)).
    Packet(&'a [u8]),
    /// Bytes that later records refer to.
    Blob {
        /// At least 1.
        id: u64,
        /// What the bytes are.
        kind: BlobKind,
        /// The bytes.
        bytes: &'a [u8],
    },
    /// A submission, by reference to blobs.
    Submission(SubmissionRecord<'a>),
}

/// A submission record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubmissionRecord<'a> {
    /// The submission.
    pub header: SubmissionHeader,
    /// The guest memory that it could reach.
    pub ranges: PodSlice<'a, MemoryRange>,
}

/// The records of a [`Frame`].
#[derive(Clone, Debug)]
pub struct Records<'a> {
    rest: &'a [u8],
    offset: u64,
    container_version: u32,
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let record = self.read_record();
        if record.is_err() {
            self.rest = &[];
        }
        Some(record)
    }
}

impl FusedIterator for Records<'_> {}

impl<'a> Records<'a> {
    fn read_record(&mut self) -> Result<Record<'a>> {
        let offset = self.offset;
        let header: RecordHeader = read(self.rest, offset, "record header")?;
        let (_, body) = self.rest.split_at(size_of::<RecordHeader>());
        let Some((payload, rest)) = body.split_at_checked(header.payload_len as usize) else {
            let (needed, available) = (header.payload_len.into(), body.len() as u64);
            return error(offset, TraceErrorReason::Truncated { what: "record", needed, available });
        };
        self.rest = rest;
        self.offset += (size_of::<RecordHeader>() + payload.len()) as u64;
        decode_record(header.ty, payload, offset, self.container_version)
    }
}

/// Decodes the payload of the record at `offset`.
fn decode_record(ty: u8, payload: &[u8], offset: u64, container_version: u32) -> Result<Record<'_>> {
    match ty {
        record_type::BEGIN_FRAME => {
            frame_index(payload, offset).map(|frame_index| Record::BeginFrame { frame_index })
        }
        record_type::PRESENT => {
            frame_index(payload, offset).map(|frame_index| Record::Present { frame_index })
        }
        record_type::PACKET => Ok(Record::Packet(payload)),
        record_type::BLOB => {
            let header: BlobHeader = read(payload, offset, "blob")?;
            let bad = |what, value| TraceError { offset, reason: TraceErrorReason::BadValue { what, value } };
            let kind = BlobKind::from_u32(header.kind).ok_or(bad("kind of a blob", header.kind.into()))?;
            if header.blob_id == 0 {
                return Err(bad("id of a blob", 0));
            }
            Ok(Record::Blob { id: header.blob_id, kind, bytes: &payload[size_of::<BlobHeader>()..] })
        }
        record_type::SUBMISSION if container_version >= 2 => {
            decode_submission(payload, offset).map(Record::Submission)
        }
        _ => error(offset, TraceErrorReason::UnknownRecord { ty, container_version }),
    }
}

fn frame_index(payload: &[u8], offset: u64) -> Result<u32> {
    expect(offset, "payload_len of a frame record", payload.len() as u64, 4)?;
    read(payload, offset, "frame index")
}

fn decode_submission(payload: &[u8], offset: u64) -> Result<SubmissionRecord<'_>> {
    let header: SubmissionHeader = read(payload, offset, "submission")?;
    let version = header.record_version.into();
    expect(offset, "record_version of a submission", version, SUBMISSION_RECORD_VERSION.into())?;
    let truncated =
        |needed| TraceErrorReason::Truncated { what: "submission", needed, available: payload.len() as u64 };
    if (header.header_size as usize) < size_of::<SubmissionHeader>() {
        let value = header.header_size.into();
        return error(offset, TraceErrorReason::BadValue { what: "header_size of a submission", value });
    }
    let ranges_bytes = u64::from(header.range_count) * size_of::<MemoryRange>() as u64;
    let end = u64::from(header.header_size) + ranges_bytes;
    let ranges = usize::try_from(end)
        .ok()
        .and_then(|end| payload.get(header.header_size as usize..end))
        .ok_or(TraceError { offset, reason: truncated(end) })?;
    Ok(SubmissionRecord { header, ranges: PodSlice::new(ranges) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::TraceWriter;

    /// Meta "{}", one frame of one packet record with 4 bytes, presented.
    /// 0 header, 32 meta, 34 begin, 46 packet, 58 present, 70 TOC, 86 its entry, 118 footer.
    fn one_frame() -> Vec<u8> {
        let mut writer = TraceWriter::new(0x0001_0004, "{}");
        writer.packet(&[1, 2, 3, 4]);
        writer.present();
        writer.finish()
    }

    fn reason_with(at: usize, byte: u8) -> Option<TraceErrorReason> {
        let mut bytes = one_frame();
        bytes[at] = byte;
        Trace::parse(&bytes).err().map(|error| error.reason)
    }

    #[test]
    fn container_stands_where_it_should() {
        let bytes = one_frame();
        assert_eq!(bytes.len(), 150);
        assert_eq!((&bytes[70..78], &bytes[118..126]), (&TOC_MAGIC[..], &FOOTER_MAGIC[..]));
        let trace = Trace::parse(&bytes).unwrap();
        assert_eq!(
            (trace.meta(), trace.container_version(), trace.command_abi_version()),
            ("{}", 2, 0x10004)
        );
        let frame = trace.frames().next().unwrap();
        assert_eq!((frame.index(), frame.present_offset(), trace.frames().len()), (0, Some(58), 1));
        let records: Vec<_> = frame.records().map(Result::unwrap).collect();
        let packet = Record::Packet(&[1, 2, 3, 4]);
        assert_eq!(
            records,
            [Record::BeginFrame { frame_index: 0 }, packet, Record::Present { frame_index: 0 }]
        );
    }

    #[test]
    fn every_obligation_of_the_container_is_checked() {
        use TraceErrorReason::*;
        assert_eq!(reason_with(0, b'a'), Some(BadMagic { what: "header" }));
        assert_eq!(reason_with(8, 40), Some(BadValue { what: "header_size", value: 40 }));
        assert_eq!(reason_with(12, 0), Some(BadValue { what: "container_version", value: 0 }));
        assert_eq!(reason_with(12, 3), Some(BadValue { what: "container_version", value: 3 }));
        assert_eq!(reason_with(12, 1), Some(BadValue { what: "footer's container_version", value: 2 }));
        assert_eq!(reason_with(24, 119), Some(Truncated { what: "meta text", needed: 119, available: 118 }));
        assert_eq!(reason_with(33, 0xFF), Some(MetaNotUtf8));
        assert_eq!(reason_with(70, 0), Some(BadMagic { what: "table of contents" }));
        assert_eq!(reason_with(78, 2), Some(BadValue { what: "version of the table of contents", value: 2 }));
        assert_eq!(reason_with(82, 2), Some(BadValue { what: "toc_len", value: 48 }));
        assert_eq!(reason_with(94, 33), Some(BadValue { what: "start of a frame", value: 33 }));
        assert_eq!(reason_with(102, 70), Some(BadValue { what: "present record of a frame", value: 70 }));
        assert_eq!(reason_with(110, 71), Some(BadValue { what: "end of a frame", value: 71 }));
        assert_eq!(reason_with(118, 0), Some(BadMagic { what: "footer" }));
        assert_eq!(reason_with(126, 33), Some(BadValue { what: "footer_size", value: 33 }));
        assert_eq!(reason_with(134, 69), Some(BadValue { what: "toc_offset", value: 69 }));
        assert_eq!(reason_with(149, 1), Some(BadValue { what: "toc_offset", value: 70 }));
        for len in 0..150 {
            assert!(Trace::parse(&one_frame()[..len]).is_err(), "{len} bytes");
        }
    }

    #[test]
    fn malformed_records_end_their_frame() {
        for (at, byte, record) in [(34, 9, 34), (46, 5, 46), (50, 17, 46), (51, 1, 46), (62, 3, 58)] {
            let mut bytes = one_frame();
            bytes[at] = byte;
            let frame = Trace::parse(&bytes).unwrap().frames().next().unwrap();
            let records: Vec<_> = frame.records().collect();
            let error = records.last().and_then(|last| last.err()).expect("an error");
            assert!(records[..records.len() - 1].iter().all(Result::is_ok));
            assert_eq!(error.offset, record);
        }
    }

    #[test]
    fn submissions_are_of_version_two_and_may_have_longer_headers() {
        let submission = SubmissionHeader {
            record_version: 1,
            header_size: 60,
            range_count: 1,
            ..SubmissionHeader::default()
        };
        let range = MemoryRange { alloc_id: 7, ..MemoryRange::default() };
        let payload = [bytemuck::bytes_of(&submission), &[0xAA; 4], bytemuck::bytes_of(&range)].concat();
        let record = decode_record(record_type::SUBMISSION, &payload, 0, 2);
        let Ok(Record::Submission(read)) = record else { panic!("{record:?}") };
        assert!(read.ranges.iter().eq([range]));
        assert!(decode_record(record_type::SUBMISSION, &payload, 0, 1).is_err());
        assert!(decode_record(record_type::SUBMISSION, &payload[..payload.len() - 1], 0, 2).is_err());
    }
}
