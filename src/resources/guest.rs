//! Guest memory as one submission's allocation table lays it out.

use aerogpu_protocol::ring::AllocTable;

use super::Backing;
use crate::memory::{GuestMemory, MemoryError};

/// Why guest memory behind a resource cannot be reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AllocError {
    /// The submission came without an allocation table.
    #[error("allocation {0} is needed, but the submission has no allocation table")]
    NoTable(u32),
    /// The table does not list the allocation.
    #[error("allocation {0} is not in the submission's allocation table")]
    NoEntry(u32),
    /// The range leaves the allocation.
    #[error("allocation {alloc_id}: bytes {offset}..+{len} leave its {size} bytes")]
    Range {
        /// The allocation.
        alloc_id: u32,
        /// First byte.
        offset: u64,
        /// Length.
        len: u64,
        /// Size of the allocation.
        size: u64,
    },
    /// The allocation may not be written.
    #[error("allocation {0} is read-only; it cannot take a write-back")]
    ReadOnly(u32),
    /// The memory access itself failed.
    #[error(transparent)]
    Memory(#[from] MemoryError),
}

/// One entry that resources may refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allocation {
    pub(crate) alloc_id: u32,
    pub(crate) gpa: u64,
    pub(crate) size: u64,
    pub(crate) read_only: bool,
}

/// Guest memory during one submission.
pub struct Guest<'a> {
    memory: &'a mut dyn GuestMemory,
    /// Sorted by id; `None` when the submission has no table.
    table: Option<Vec<Allocation>>,
}

impl<'a> Guest<'a> {
    /// Guest memory under a submission's table. Entries with id 0, size 0 or an address overflow, and two different entries
    /// with one id, make the whole table invalid.
    pub fn new(memory: &'a mut dyn GuestMemory, table: Option<&AllocTable<'_>>) -> Result<Self, String> {
        let table = table.map(check_table).transpose()?;
        Ok(Self { memory, table })
    }

    fn allocation(&self, alloc_id: u32) -> Result<Allocation, AllocError> {
        let table = self.table.as_ref().ok_or(AllocError::NoTable(alloc_id))?;
        let at = table
            .binary_search_by_key(&alloc_id, |a| a.alloc_id)
            .map_err(|_| AllocError::NoEntry(alloc_id))?;
        Ok(table[at])
    }

    /// The guest physical address of `len` bytes at `offset` of a resource.
    fn address(&self, backing: Backing, offset: u64, len: u64) -> Result<(u64, Allocation), AllocError> {
        let allocation = self.allocation(backing.alloc_id)?;
        let size = allocation.size;
        let offset = backing.offset.saturating_add(offset);
        if offset.checked_add(len).is_none_or(|end| end > size) {
            return Err(AllocError::Range { alloc_id: backing.alloc_id, offset, len, size });
        }
        Ok((allocation.gpa + offset, allocation))
    }

    /// Fails unless `len` bytes exist behind a resource.
    pub fn check(&self, backing: Backing, len: u64) -> Result<(), AllocError> {
        self.address(backing, 0, len).map(|_| ())
    }

    /// Fails unless `len` bytes at `offset` of a resource may be written.
    pub fn check_writable(&self, backing: Backing, offset: u64, len: u64) -> Result<(), AllocError> {
        let (_, allocation) = self.address(backing, offset, len)?;
        if allocation.read_only { Err(AllocError::ReadOnly(backing.alloc_id)) } else { Ok(()) }
    }

    /// Reads `out.len()` bytes at `offset` of a resource.
    pub fn read(&self, backing: Backing, offset: u64, out: &mut [u8]) -> Result<(), AllocError> {
        let (address, _) = self.address(backing, offset, out.len() as u64)?;
        Ok(self.memory.read(address, out)?)
    }

    /// Writes at `offset` of a resource.
    pub fn write(&mut self, backing: Backing, offset: u64, data: &[u8]) -> Result<(), AllocError> {
        self.check_writable(backing, offset, data.len() as u64)?;
        let (address, _) = self.address(backing, offset, data.len() as u64)?;
        Ok(self.memory.write(address, data)?)
    }
}

fn check_table(table: &AllocTable<'_>) -> Result<Vec<Allocation>, String> {
    let mut entries = Vec::new();
    for entry in table.entries() {
        let allocation = Allocation {
            alloc_id: entry.alloc_id,
            gpa: entry.gpa,
            size: entry.size_bytes,
            read_only: entry.flags().contains(aerogpu_protocol::ring::AllocFlags::READONLY),
        };
        if allocation.alloc_id == 0
            || allocation.size == 0
            || allocation.gpa.checked_add(allocation.size).is_none()
        {
            return Err(format!("allocation table: entry {allocation:x?} is not valid"));
        }
        entries.push(allocation);
    }
    entries.sort_by_key(|a| a.alloc_id);
    entries.dedup();
    if let Some(pair) = entries.windows(2).find(|pair| pair[0].alloc_id == pair[1].alloc_id) {
        return Err(format!("allocation table: two different entries have id {}", pair[0].alloc_id));
    }
    Ok(entries)
}
