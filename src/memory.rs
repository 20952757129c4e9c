//! Guest physical memory, as the renderer and the device see it.

use std::collections::BTreeMap;

/// An access outside guest memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("guest memory {address:#x}..+{len:#x} cannot be accessed")]
pub struct MemoryError {
    /// Guest physical address of the first byte.
    pub address: u64,
    /// Length in bytes.
    pub len: u64,
}

/// Bounded reads and writes at guest physical addresses. An access happens whole or not at all.
pub trait GuestMemory {
    /// Fills `out` from `address`.
    fn read(&self, address: u64, out: &mut [u8]) -> Result<(), MemoryError>;

    /// Stores `data` at `address`.
    fn write(&mut self, address: u64, data: &[u8]) -> Result<(), MemoryError>;
}

/// A machine without memory: every access fails.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMemory;

impl GuestMemory for NoMemory {
    fn read(&self, address: u64, out: &mut [u8]) -> Result<(), MemoryError> {
        Err(MemoryError { address, len: out.len() as u64 })
    }

    fn write(&mut self, address: u64, data: &[u8]) -> Result<(), MemoryError> {
        Err(MemoryError { address, len: data.len() as u64 })
    }
}

/// 64-bit address space whose pages exist once they are written; what was never written reads 0.
///
/// For replay, cases and tests.
#[derive(Debug, Clone, Default)]
pub struct SparseMemory {
    pages: BTreeMap<u64, Box<[u8; PAGE]>>,
}

/// Bytes of a page.
pub(crate) const PAGE: usize = 4096;

impl SparseMemory {
    /// Memory of zeros.
    pub fn new() -> Self {
        Self::default()
    }

    /// The pages that exist, ascending: their numbers and bytes.
    pub(crate) fn pages(&self) -> impl Iterator<Item = (u64, &[u8; PAGE])> {
        self.pages.iter().map(|(&page, bytes)| (page, &**bytes))
    }

    /// Calls `visit` with each page number, offset inside the page and range of the access.
    fn pieces(address: u64, len: usize) -> impl Iterator<Item = (u64, usize, std::ops::Range<usize>)> {
        let mut done = 0;
        std::iter::from_fn(move || {
            let at = address.wrapping_add(done as u64);
            let offset = (at % PAGE as u64) as usize;
            let take = (PAGE - offset).min(len - done);
            let piece = (at / PAGE as u64, offset, done..done + take);
            done += take;
            (take > 0).then_some(piece)
        })
    }

    fn check(address: u64, len: usize) -> Result<(), MemoryError> {
        match address.checked_add(len as u64) {
            Some(_) => Ok(()),
            None => Err(MemoryError { address, len: len as u64 }),
        }
    }
}

impl GuestMemory for SparseMemory {
    fn read(&self, address: u64, out: &mut [u8]) -> Result<(), MemoryError> {
        Self::check(address, out.len())?;
        for (page, offset, range) in Self::pieces(address, out.len()) {
            let len = range.len();
            match self.pages.get(&page) {
                Some(bytes) => out[range].copy_from_slice(&bytes[offset..offset + len]),
                None => out[range].fill(0),
            }
        }
        Ok(())
    }

    fn write(&mut self, address: u64, data: &[u8]) -> Result<(), MemoryError> {
        Self::check(address, data.len())?;
        for (page, offset, range) in Self::pieces(address, data.len()) {
            let bytes = self.pages.entry(page).or_insert_with(|| Box::new([0; PAGE]));
            bytes[offset..offset + range.len()].copy_from_slice(&data[range]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accesses_may_cross_pages() {
        let mut memory = SparseMemory::new();
        let data: Vec<u8> = (0..10_000).map(|i| (i % 251) as u8).collect();
        memory.write(4000, &data).expect("in range");
        let mut out = vec![0xff; 10_002];
        memory.read(3999, &mut out).expect("in range");
        assert_eq!(out[0], 0);
        assert_eq!(out[1..10_001], data[..]);
        assert_eq!(out[10_001], 0);
    }

    #[test]
    fn the_end_of_the_address_space_is_an_error() {
        let mut memory = SparseMemory::new();
        assert!(memory.write(u64::MAX - 1, &[0; 4]).is_err());
        assert!(memory.read(u64::MAX - 1, &mut [0; 4]).is_err());
    }
}
