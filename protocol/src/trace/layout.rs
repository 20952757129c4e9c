//! The container's structs and numbers.

use bytemuck::{Pod, Zeroable};

/// The newest container version; version 1 has no submission records.
pub const CONTAINER_VERSION: u32 = 2;

pub(super) const HEADER_MAGIC: [u8; 8] = *b"AEROGPUT";
pub(super) const TOC_MAGIC: [u8; 8] = *b"AEROTOC\0";
pub(super) const FOOTER_MAGIC: [u8; 8] = *b"AEROGPUF";
pub(super) const TOC_VERSION: u32 = 1;
pub(super) const SUBMISSION_RECORD_VERSION: u32 = 1;

/// The record types.
pub(super) mod record_type {
    pub(crate) const BEGIN_FRAME: u8 = 1;
    pub(crate) const PRESENT: u8 = 2;
    pub(crate) const PACKET: u8 = 3;
    pub(crate) const BLOB: u8 = 4;
    pub(crate) const SUBMISSION: u8 = 5;
}

crate::macros::wire_enum! {
    /// What the bytes of a blob are.
    pub enum BlobKind: "" {
        BufferData = 0x001, "BufferData";
        TextureData = 0x002, "TextureData";
        ShaderDxbc = 0x003, "ShaderDxbc";
        ShaderWgsl = 0x004, "ShaderWgsl";
        ShaderGlslEs300 = 0x005, "ShaderGlslEs300";
        /// A whole command stream.
        CmdStream = 0x100, "CmdStream";
        /// A whole allocation table.
        AllocTable = 0x101, "AllocTable";
        /// The guest memory of one allocation.
        AllocMemory = 0x102, "AllocMemory";
    }
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(super) struct TraceHeader {
    pub(super) magic: [u8; 8],
    pub(super) header_size: u32,
    pub(super) container_version: u32,
    pub(super) command_abi_version: u32,
    pub(super) flags: u32,
    pub(super) meta_len: u32,
    pub(super) reserved: u32,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(super) struct TraceFooter {
    pub(super) magic: [u8; 8],
    pub(super) footer_size: u32,
    pub(super) container_version: u32,
    pub(super) toc_offset: u64,
    pub(super) toc_len: u64,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(super) struct TocHeader {
    pub(super) magic: [u8; 8],
    pub(super) version: u32,
    pub(super) frame_count: u32,
}

#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub(super) struct TocEntry {
    pub(super) frame_index: u32,
    pub(super) flags: u32,
    /// File offset of the frame's first record.
    pub(super) start: u64,
    /// File offset of its present record; 0: none.
    pub(super) present: u64,
    /// File offset of the byte after its last record.
    pub(super) end: u64,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(super) struct RecordHeader {
    pub(super) ty: u8,
    pub(super) flags: u8,
    pub(super) reserved: u16,
    pub(super) payload_len: u32,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(super) struct BlobHeader {
    pub(super) blob_id: u64,
    pub(super) kind: u32,
    pub(super) reserved: u32,
}

/// A submission as the guest described it. Blob ids name earlier blob records; 0 is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
#[allow(missing_docs)] // the words of the ring's descriptor, under its names
pub struct SubmissionHeader {
    pub record_version: u32,
    /// Bytes of this struct; newer writers may append fields.
    pub header_size: u32,
    /// [`SubmitFlags`](crate::ring::SubmitFlags) bits.
    pub submit_flags: u32,
    pub context_id: u32,
    pub engine_id: u32,
    pub reserved0: u32,
    pub signal_fence: u64,
    pub cmd_stream_blob: u64,
    pub alloc_table_blob: u64,
    pub range_count: u32,
    pub reserved1: u32,
}

/// Guest memory of a submission: an allocation-table entry and its contents at submit time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct MemoryRange {
    /// The allocation's id.
    pub alloc_id: u32,
    /// [`AllocFlags`](crate::ring::AllocFlags) bits.
    pub flags: u32,
    /// Guest physical address.
    pub gpa: u64,
    /// Bytes.
    pub size_bytes: u64,
    /// The blob with the contents.
    pub blob_id: u64,
}

const _: () = {
    assert!(size_of::<TraceHeader>() == 32 && size_of::<TraceFooter>() == 32);
    assert!(size_of::<TocHeader>() == 16 && size_of::<TocEntry>() == 32);
    assert!(size_of::<RecordHeader>() == 8 && size_of::<BlobHeader>() == 16);
    assert!(size_of::<SubmissionHeader>() == 56 && size_of::<MemoryRange>() == 32);
};
