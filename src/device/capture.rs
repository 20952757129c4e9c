//! Copying what a descriptor names out of guest memory, and what is wrong with it (device.md §3.4).

use aerogpu_protocol::packets::{PresentFlags, STREAM_MAGIC, StreamHeader};
use aerogpu_protocol::registers::{ABI_MAJOR, ErrorCode};
use aerogpu_protocol::ring::{AllocTableHeader, SubmitDesc};
use aerogpu_protocol::{AllocTable, AllocTableError, Packet, Stream};
use bytemuck::AnyBitPattern;

use super::Decoding;
use crate::limits;
use crate::memory::GuestMemory;

/// A submission's inputs, copied: the guest may reuse its memory from here on.
#[derive(Debug, Default)]
pub(crate) struct Captured {
    /// Empty when there is none.
    pub(crate) stream: Vec<u8>,
    pub(crate) alloc_table: Option<Vec<u8>>,
    /// What is wrong with them; then the submission is not executed.
    pub(crate) error: Option<ErrorCode>,
}

/// Copies the stream and the allocation table of a descriptor.
///
/// [Strict](Decoding::Strict) decoding checks their framing here and refuses the submission. [Lenient](Decoding::Lenient)
/// decoding hands on what can be read, a stream that makes no sense as its first bytes, and leaves the judgement to the back
/// end; a table that makes no sense is none.
pub(crate) fn capture(desc: &SubmitDesc, memory: &dyn GuestMemory, decoding: Decoding) -> Captured {
    let strict = decoding == Decoding::Strict;
    let stream = stream(desc, memory);
    let table = alloc_table(desc, memory);
    let duplicates =
        table.as_ref().ok().and_then(Option::as_deref).filter(|_| strict).and_then(duplicate_ids);
    let codes =
        [stream.as_ref().err().map(Problem::code), table.as_ref().err().map(Problem::code), duplicates];
    // One error a submission; an address out of bounds is the most telling.
    let worst = codes.into_iter().flatten().reduce(|a, b| if a == ErrorCode::Oob { a } else { b });
    Captured {
        stream: stream.unwrap_or_else(|problem| problem.readable),
        alloc_table: table.unwrap_or(None),
        // That the host has no memory is no fault of the guest's, but nothing can be executed.
        error: worst.filter(|&code| strict || code == ErrorCode::Backend),
    }
}

/// What is wrong with a payload.
#[derive(Debug)]
struct Problem {
    code: ErrorCode,
    /// What can be handed on all the same.
    readable: Vec<u8>,
}

impl Problem {
    fn new(code: ErrorCode) -> Self {
        Self { code, readable: Vec::new() }
    }

    fn code(&self) -> ErrorCode {
        self.code
    }
}

/// The bytes that a descriptor names by address and size; both 0 for none.
fn range(gpa: u64, size: u32) -> Result<Option<(u64, usize)>, Problem> {
    match (gpa, size) {
        (0, 0) => Ok(None),
        (0, _) | (_, 0) => Err(Problem::new(ErrorCode::CmdDecode)),
        _ if gpa.checked_add(u64::from(size)).is_none() => Err(Problem::new(ErrorCode::Oob)),
        _ => Ok(Some((gpa, size as usize))),
    }
}

fn stream(desc: &SubmitDesc, memory: &dyn GuestMemory) -> Result<Vec<u8>, Problem> {
    let Some((gpa, size)) = range(desc.cmd_gpa, desc.cmd_size_bytes)? else { return Ok(Vec::new()) };
    const HEADER: usize = size_of::<StreamHeader>();
    let prefix = bytes(memory, gpa, size.min(HEADER))?;
    let malformed = |code, prefix: Vec<u8>| Err(Problem { code, readable: prefix });
    let Ok(header) = bytemuck::try_pod_read_unaligned::<StreamHeader>(&prefix) else {
        return malformed(ErrorCode::CmdDecode, prefix);
    };
    let claimed = header.size_bytes as usize;
    if header.magic != STREAM_MAGIC
        || header.abi_version >> 16 != u32::from(ABI_MAJOR)
        || claimed < HEADER
        || !claimed.is_multiple_of(4)
    {
        return malformed(ErrorCode::CmdDecode, prefix);
    }
    if claimed > size {
        return malformed(ErrorCode::Oob, prefix);
    }
    if claimed > limits::MAX_STREAM_BYTES {
        return malformed(ErrorCode::CmdDecode, prefix);
    }
    bytes(memory, gpa, claimed)
}

fn alloc_table(desc: &SubmitDesc, memory: &dyn GuestMemory) -> Result<Option<Vec<u8>>, Problem> {
    let found = range(desc.alloc_table_gpa, desc.alloc_table_size_bytes)?;
    let Some((gpa, size)) = found else { return Ok(None) };
    let malformed = Err(Problem::new(ErrorCode::CmdDecode));
    if size < size_of::<AllocTableHeader>() {
        return malformed;
    }
    let header: AllocTableHeader = read(memory, gpa);
    let claimed = header.size_bytes as usize;
    if claimed > size || claimed > limits::MAX_ALLOC_TABLE_BYTES {
        return malformed;
    }
    let table = bytes(memory, gpa, claimed)?;
    match AllocTable::parse(&table) {
        Ok(_) => Ok(Some(table)),
        Err(AllocTableError::EntriesPastEnd { .. }) => Err(Problem::new(ErrorCode::Oob)),
        Err(AllocTableError::InvalidEntry { entry, .. }) if entry.alloc_id != 0 && entry.size_bytes != 0 => {
            Err(Problem::new(ErrorCode::Oob))
        }
        Err(_) => malformed,
    }
}

fn duplicate_ids(table: &[u8]) -> Option<ErrorCode> {
    let mut ids: Vec<u32> = AllocTable::parse(table).ok()?.entries().map(|entry| entry.alloc_id).collect();
    ids.sort_unstable();
    ids.windows(2).any(|pair| pair[0] == pair[1]).then_some(ErrorCode::CmdDecode)
}

/// Bytes of guest memory; what is not mapped reads as ones.
fn bytes(memory: &dyn GuestMemory, gpa: u64, len: usize) -> Result<Vec<u8>, Problem> {
    let mut out = Vec::new();
    out.try_reserve_exact(len).map_err(|_| Problem::new(ErrorCode::Backend))?;
    out.resize(len, 0);
    if memory.read(gpa, &mut out).is_err() {
        out.fill(0xFF);
    }
    Ok(out)
}

/// A structure in guest memory; what is not mapped reads as ones.
pub(crate) fn read<T: AnyBitPattern + bytemuck::NoUninit>(memory: &dyn GuestMemory, gpa: u64) -> T {
    let mut value = T::zeroed();
    let out = bytemuck::bytes_of_mut(&mut value);
    if memory.read(gpa, out).is_err() {
        out.fill(0xFF);
    }
    value
}

/// Whether a stream presents with the vertical blank. One that cannot be decoded does not.
pub(crate) fn waits_for_vblank(stream: &[u8]) -> bool {
    let Ok(stream) = Stream::parse(stream) else { return false };
    let mut waits = false;
    for packet in stream.packets() {
        let Ok(at) = packet else { return false };
        waits |= match at.packet {
            Packet::Present(p) => p.flags().contains(PresentFlags::VSYNC),
            Packet::PresentEx(p) => p.flags().contains(PresentFlags::VSYNC),
            _ => false,
        };
    }
    waits
}
