//! The submission ring in guest memory: its header, descriptors, fence page and allocation tables.

use crate::ABI_VERSION;
use crate::macros::{typed_fields, wire_constants, wire_enum, wire_flags, wire_struct};
use crate::stream::read_prefix;

wire_constants! { RING_CONSTANTS: "AEROGPU_", u32 {
    /// `ARNG`: the first word of a ring.
    RING_MAGIC = 0x474E_5241;
    /// `ALOC`: the first word of an allocation table.
    ALLOC_TABLE_MAGIC = 0x434F_4C41;
    /// `FENC`: the first word of a fence page.
    FENCE_PAGE_MAGIC = 0x434E_4546;
} }

wire_enum! {
    /// The queue of a submission. There is one.
    pub enum EngineId: "AEROGPU_ENGINE_" {
        Engine0 = 0, "0";
    }
}

wire_flags! {
    /// Options of a submission.
    pub struct SubmitFlags: "AEROGPU_SUBMIT_FLAG_" {
        /// The submission presents; a hint.
        PRESENT = 0x01;
        /// Completing the fence raises no interrupt.
        NO_IRQ = 0x02;
    }

    /// Options of an allocation.
    pub struct AllocFlags: "AEROGPU_ALLOC_FLAG_" {
        /// The device may not write to it.
        READONLY = 0x01;
    }
}

wire_struct! {
    /// Opens a ring; `entry_count` slots of `entry_stride_bytes` follow.
    pub struct RingHeader: "aerogpu_ring_header", 64 {
        /// [`RING_MAGIC`].
        0 magic: u32,
        4 abi_version: u32,
        /// Bytes of the ring, this header included.
        8 size_bytes: u32,
        /// A power of two.
        12 entry_count: u32,
        /// Bytes from slot to slot, at least those of a [`SubmitDesc`].
        16 entry_stride_bytes: u32,
        20 flags: u32,
        /// Entries consumed by the device, free-running modulo 2^32.
        24 head: u32,
        /// Entries produced by the guest, free-running modulo 2^32.
        28 tail: u32,
        32 reserved0: u32,
        36 reserved1: u32,
        40 reserved2: [u64; 3],
    }

    /// One submission.
    pub struct SubmitDesc: "aerogpu_submit_desc", 64 {
        /// Bytes of this descriptor, at least 64.
        0 desc_size_bytes: u32,
        /// [`SubmitFlags`] bits.
        4 flags: u32,
        8 context_id: u32,
        /// An [`EngineId`] value; the device takes any.
        12 engine_id: u32,
        /// Guest physical address of the command stream; 0 with `cmd_size_bytes` 0: none.
        16 cmd_gpa: u64,
        24 cmd_size_bytes: u32,
        28 cmd_reserved0: u32,
        /// Guest physical address of the allocation table; 0 with size 0: none.
        32 alloc_table_gpa: u64,
        40 alloc_table_size_bytes: u32,
        44 alloc_table_reserved0: u32,
        /// The fence that completes with this submission; 0: none.
        48 signal_fence: u64,
        56 reserved0: u64,
    }

    /// Where the device tells the guest what has completed.
    pub struct FencePage: "aerogpu_fence_page", 56 {
        /// [`FENCE_PAGE_MAGIC`].
        0 magic: u32,
        4 abi_version: u32,
        /// This fence and all before it have completed.
        8 completed_fence: u64,
        16 reserved0: [u64; 5],
    }

    /// Opens an allocation table; `entry_count` entries of `entry_stride_bytes` follow.
    pub struct AllocTableHeader: "aerogpu_alloc_table_header", 24 {
        /// [`ALLOC_TABLE_MAGIC`].
        0 magic: u32,
        4 abi_version: u32,
        /// Bytes of the table, this header included.
        8 size_bytes: u32,
        12 entry_count: u32,
        /// Bytes from entry to entry, at least those of an [`AllocEntry`].
        16 entry_stride_bytes: u32,
        20 reserved0: u32,
    }

    /// Guest memory that a submission may touch, under the id by which packets name it.
    pub struct AllocEntry: "aerogpu_alloc_entry", 32 {
        /// Never 0.
        0 alloc_id: u32,
        /// [`AllocFlags`] bits.
        4 flags: u32,
        /// Guest physical address.
        8 gpa: u64,
        /// Never 0.
        16 size_bytes: u64,
        24 reserved0: u64,
    }
}

typed_fields! {
    SubmitDesc { flags => flags: flags SubmitFlags }
    AllocEntry { flags => flags: flags AllocFlags }
}

impl FencePage {
    /// Bytes at the front that the device writes: magic, version, completed fence (device.md §4.4).
    pub const WRITTEN_BYTES: usize = 16;

    /// The page for this completed fence.
    #[must_use]
    pub fn new(completed_fence: u64) -> Self {
        Self { magic: FENCE_PAGE_MAGIC, abi_version: ABI_VERSION, completed_fence, ..Self::default() }
    }
}

/// Why bytes are not an allocation table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllocTableError {
    /// Fewer bytes than a header has.
    #[error("allocation table of {len} bytes is shorter than its header")]
    TooShort {
        /// Bytes at hand.
        len: usize,
    },
    /// The first word is not [`ALLOC_TABLE_MAGIC`].
    #[error("allocation table begins with {magic:#010x}, not ALOC")]
    BadMagic {
        /// The word.
        magic: u32,
    },
    /// The ABI's major version is not known.
    #[error("allocation table has ABI version {}.{}, but only major version 1 is known", abi_version >> 16, abi_version & 0xFFFF)]
    UnsupportedVersion {
        /// Major version in the high half, minor in the low half.
        abi_version: u32,
    },
    /// `size_bytes` is below the header's size or beyond the buffer.
    #[error("allocation table claims {size_bytes} bytes of a buffer of {len}")]
    BadSize {
        /// The claim.
        size_bytes: u32,
        /// Bytes at hand.
        len: usize,
    },
    /// `entry_stride_bytes` is below the size of an entry.
    #[error("allocation table has a stride of {stride} bytes, less than an entry")]
    BadStride {
        /// The claim.
        stride: u32,
    },
    /// The entries go beyond `size_bytes`.
    #[error("{entry_count} allocation-table entries of {stride} bytes do not fit into {size_bytes} bytes")]
    EntriesPastEnd {
        /// Entries claimed.
        entry_count: u32,
        /// Bytes from entry to entry.
        stride: u32,
        /// Bytes of the table.
        size_bytes: u32,
    },
    /// An entry has id 0, size 0, or ends beyond the address space.
    #[error("allocation-table entry {index} (id {}, {} bytes at {:#x}) is invalid", entry.alloc_id, entry.size_bytes, entry.gpa)]
    InvalidEntry {
        /// Which entry.
        index: usize,
        /// The entry.
        entry: AllocEntry,
    },
}

/// An allocation table whose framing and entries have been checked (executor.md §1.5).
///
/// Ids may still repeat: what that means is for the executor to say.
#[derive(Clone, Copy, Debug)]
pub struct AllocTable<'a> {
    header: AllocTableHeader,
    entries: &'a [u8],
}

impl<'a> AllocTable<'a> {
    /// Checks the table. Bytes of the buffer beyond the table's own size are ignored.
    pub fn parse(buffer: &'a [u8]) -> Result<Self, AllocTableError> {
        let len = buffer.len();
        let header: AllocTableHeader = read_prefix(buffer).ok_or(AllocTableError::TooShort { len })?;
        let AllocTableHeader {
            magic, abi_version, size_bytes, entry_count, entry_stride_bytes: stride, ..
        } = header;
        if magic != ALLOC_TABLE_MAGIC {
            return Err(AllocTableError::BadMagic { magic });
        }
        if abi_version >> 16 != u32::from(crate::ABI_MAJOR) {
            return Err(AllocTableError::UnsupportedVersion { abi_version });
        }
        let body = buffer
            .get(size_of::<AllocTableHeader>()..size_bytes as usize)
            .ok_or(AllocTableError::BadSize { size_bytes, len })?;
        if (stride as usize) < size_of::<AllocEntry>() {
            return Err(AllocTableError::BadStride { stride });
        }
        let entries = usize::try_from(u64::from(entry_count) * u64::from(stride))
            .ok()
            .and_then(|bytes| body.get(..bytes))
            .ok_or(AllocTableError::EntriesPastEnd { entry_count, stride, size_bytes })?;
        let table = Self { header, entries };
        for (index, entry) in table.entries().enumerate() {
            if entry.alloc_id == 0
                || entry.size_bytes == 0
                || entry.gpa.checked_add(entry.size_bytes).is_none()
            {
                return Err(AllocTableError::InvalidEntry { index, entry });
            }
        }
        Ok(table)
    }

    /// The header as the guest wrote it.
    #[must_use]
    pub fn header(&self) -> &AllocTableHeader {
        &self.header
    }

    /// The entries in order.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = AllocEntry> + use<'a> {
        let stride = self.header.entry_stride_bytes as usize;
        self.entries
            .chunks_exact(stride)
            .map(|slot| bytemuck::pod_read_unaligned(&slot[..size_of::<AllocEntry>()]))
    }
}

/// The bytes of an allocation table with these entries.
#[must_use]
pub fn write_alloc_table(entries: &[AllocEntry]) -> Vec<u8> {
    let size = size_of::<AllocTableHeader>() + size_of_val(entries);
    let header = AllocTableHeader {
        magic: ALLOC_TABLE_MAGIC,
        abi_version: ABI_VERSION,
        size_bytes: u32::try_from(size).unwrap_or(u32::MAX),
        entry_count: u32::try_from(entries.len()).unwrap_or(u32::MAX),
        entry_stride_bytes: size_of::<AllocEntry>() as u32,
        reserved0: 0,
    };
    [bytemuck::bytes_of(&header), bytemuck::cast_slice(entries)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: AllocEntry = AllocEntry { alloc_id: 7, flags: 1, gpa: 0x1000, size_bytes: 64, reserved0: 0 };

    #[test]
    fn written_table_is_read_back_and_every_byte_counts() {
        let other = AllocEntry { alloc_id: 8, gpa: 0, ..ENTRY };
        let bytes = write_alloc_table(&[ENTRY, other]);
        let table = AllocTable::parse(&bytes).unwrap();
        assert!(table.entries().eq([ENTRY, other]));
        assert_eq!(table.entries().next().map(|e| e.flags()), Some(AllocFlags::READONLY));
        for len in 0..bytes.len() {
            assert!(AllocTable::parse(&bytes[..len]).is_err(), "{len} bytes");
        }
    }

    #[test]
    fn larger_strides_are_stepped_over() {
        let mut bytes = write_alloc_table(&[ENTRY, ENTRY, ENTRY, ENTRY]);
        bytes[12..16].copy_from_slice(&2u32.to_le_bytes());
        bytes[16..20].copy_from_slice(&64u32.to_le_bytes());
        assert_eq!(AllocTable::parse(&bytes).unwrap().entries().len(), 2);
        bytes[16..20].copy_from_slice(&31u32.to_le_bytes());
        assert_eq!(AllocTable::parse(&bytes).err(), Some(AllocTableError::BadStride { stride: 31 }));
        bytes[12..20].fill(0xFF);
        assert!(matches!(AllocTable::parse(&bytes), Err(AllocTableError::EntriesPastEnd { .. })));
    }

    #[test]
    fn impossible_entries_are_refused() {
        for entry in [
            AllocEntry { alloc_id: 0, ..ENTRY },
            AllocEntry { size_bytes: 0, ..ENTRY },
            AllocEntry { gpa: u64::MAX, ..ENTRY },
        ] {
            let bytes = write_alloc_table(&[ENTRY, entry]);
            assert_eq!(
                AllocTable::parse(&bytes).err(),
                Some(AllocTableError::InvalidEntry { index: 1, entry })
            );
        }
    }
}
