//! The submission ring (device.md §3).

use aerogpu_protocol::registers::{ABI_MAJOR, ErrorCode};
use aerogpu_protocol::ring::{RING_MAGIC, RingHeader, SubmitDesc};

use super::capture::read;
use crate::memory::GuestMemory;

const HEADER: u64 = size_of::<RingHeader>() as u64;
const HEAD: u64 = std::mem::offset_of!(RingHeader, head) as u64;
const TAIL: u64 = std::mem::offset_of!(RingHeader, tail) as u64;

/// The ring's registers, and what they have asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Ring {
    pub(crate) gpa: u64,
    pub(crate) size: u32,
    pub(crate) enabled: bool,
    /// The guest has rung, and the ring has not been looked at since.
    pub(crate) doorbell: bool,
    /// The half of a reset that writes guest memory is still to be done.
    pub(crate) reset_memory: bool,
}

/// Entries that wait in a ring whose header has been checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entries {
    gpa: u64,
    stride: u64,
    mask: u32,
    pub(crate) head: u32,
    pub(crate) count: u32,
}

impl Ring {
    /// Looks at the ring once. What is wrong with it is an error without a fence; where the header can be reached but its
    /// entries cannot, they are dropped.
    pub(crate) fn open(&self, memory: &mut dyn GuestMemory) -> Result<Entries, ErrorCode> {
        if self.gpa == 0 || self.size == 0 {
            return Err(ErrorCode::CmdDecode);
        }
        let end = |len: u64| self.gpa.checked_add(len);
        if end(HEADER).is_none() || end(u64::from(self.size)).is_none() {
            self.drop_entries(memory);
            return Err(ErrorCode::Oob);
        }
        let header: RingHeader = read(memory, self.gpa);
        let (count, stride) = (header.entry_count, header.entry_stride_bytes);
        let needed = HEADER + u64::from(count) * u64::from(stride);
        if header.magic != RING_MAGIC
            || header.abi_version >> 16 != u32::from(ABI_MAJOR)
            || !count.is_power_of_two()
            || (stride as usize) < size_of::<SubmitDesc>()
            || needed > u64::from(header.size_bytes)
        {
            return Err(ErrorCode::CmdDecode);
        }
        // From here on no entry can lie beyond the end of the address space: they all fit into the ring.
        if header.size_bytes > self.size {
            return Err(ErrorCode::Oob);
        }
        let pending = header.tail.wrapping_sub(header.head);
        if pending > count {
            self.drop_entries(memory);
            return Err(ErrorCode::CmdDecode);
        }
        let stride = u64::from(stride);
        Ok(Entries { gpa: self.gpa, stride, mask: count - 1, head: header.head, count: pending })
    }

    /// Makes the ring empty: head becomes tail. False, and no memory touched, if their addresses do not exist.
    pub(crate) fn drop_entries(&self, memory: &mut dyn GuestMemory) -> bool {
        let reachable = self.gpa.checked_add(TAIL + 4).is_some();
        if reachable {
            let tail: u32 = read(memory, self.gpa + TAIL);
            write(memory, self.gpa + HEAD, &tail.to_le_bytes());
        }
        reachable
    }

    /// The half of a reset that touches guest memory.
    pub(crate) fn reset_memory(&self, memory: &mut dyn GuestMemory) -> Result<(), ErrorCode> {
        let programmed = self.gpa != 0;
        let reachable = self.gpa.checked_add(HEADER).is_some();
        if programmed && !(reachable && self.drop_entries(memory)) {
            return Err(ErrorCode::Oob);
        }
        Ok(())
    }
}

impl Entries {
    /// The next entry; of a longer slot, the part that this version knows.
    pub(crate) fn next(&self, memory: &dyn GuestMemory) -> SubmitDesc {
        read(memory, self.gpa + HEADER + u64::from(self.head & self.mask) * self.stride)
    }

    /// Gives the entry back to the guest.
    pub(crate) fn consume(&mut self, memory: &mut dyn GuestMemory) {
        self.head = self.head.wrapping_add(1);
        self.count -= 1;
        write(memory, self.gpa + HEAD, &self.head.to_le_bytes());
    }
}

/// Writes to unmapped memory vanish.
pub(crate) fn write(memory: &mut dyn GuestMemory, gpa: u64, bytes: &[u8]) {
    memory.write(gpa, bytes).ok();
}
