//! Buffers: words that draws hold on to while the stream overwrites them.

use std::ops::Range;
use std::sync::Arc;

use super::dirty::DirtyRanges;
use super::{Backing, Guest, ResourceError, check_bounds};
use crate::limits;

/// A buffer. Its words are shared with queued work, and copied on the first write while such work exists.
#[derive(Debug)]
pub struct Buffer {
    pub(super) size: u64,
    pub(super) usage: u32,
    pub(super) backing: Option<Backing>,
    pub(super) words: Arc<Vec<u32>>,
    /// Bytes that must be read again from guest memory before the next use.
    pub(super) dirty: DirtyRanges,
    /// The hidden counter of append and consume buffers.
    pub counter: u32,
}

impl Buffer {
    /// A buffer of zeros. With guest memory behind it, all of it is read before its first use.
    pub fn new(size: u64, usage: u32, backing: Option<Backing>) -> Result<Self, ResourceError> {
        check_bounds("buffer size", size, 1, limits::MAX_BUFFER_BYTES)?;
        let words = Arc::new(vec![0; size.div_ceil(4) as usize]);
        let mut dirty = DirtyRanges::default();
        if backing.is_some() {
            dirty.insert(0..size);
        }
        Ok(Self { size, usage, backing, words, dirty, counter: 0 })
    }

    /// Size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Guest memory behind it.
    pub fn backing(&self) -> Option<Backing> {
        self.backing
    }

    /// True when a creation with these values describes this buffer.
    pub fn matches(&self, size: u64, usage: u32) -> bool {
        self.size == size && self.usage == usage
    }

    /// The contents; the last word is padded with zeros.
    pub fn words(&self) -> &Arc<Vec<u32>> {
        &self.words
    }

    /// The contents as bytes, without padding.
    pub fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.size as usize]
    }

    /// The contents, to be overwritten in place; queued work keeps the old ones.
    pub fn words_mut(&mut self) -> &mut Vec<u32> {
        Arc::make_mut(&mut self.words)
    }

    /// Notes that guest memory changed; widened to words and clamped to the buffer. Nothing happens without guest memory.
    pub fn mark_dirty(&mut self, range: Range<u64>, guest: &Guest<'_>) -> Result<(), ResourceError> {
        if self.backing.is_none() {
            return Ok(());
        }
        let range = range.start & !3..range.end.next_multiple_of(4).min(self.size);
        self.change_dirty(|dirty| dirty.insert(range.clone()), guest)
    }

    /// Overwrites bytes from `offset` on, which need not be read from guest memory any more. The range must lie inside the
    /// buffer.
    pub fn overwrite(&mut self, offset: u64, data: &[u8], guest: &Guest<'_>) -> Result<(), ResourceError> {
        let range = offset..offset + data.len() as u64;
        self.change_dirty(|dirty| dirty.remove(range.clone()), guest)?;
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(self.words_mut());
        bytes[offset as usize..][..data.len()].copy_from_slice(data);
        Ok(())
    }

    /// When there would be too many ranges, all are read before the change: joining some would overwrite what lies between.
    fn change_dirty(
        &mut self,
        change: impl Fn(&mut DirtyRanges),
        guest: &Guest<'_>,
    ) -> Result<(), ResourceError> {
        let mut dirty = self.dirty.clone();
        change(&mut dirty);
        if dirty.len() > limits::MAX_DIRTY_RANGES {
            self.refresh(guest)?;
            dirty.clear();
            change(&mut dirty);
        }
        self.dirty = dirty;
        Ok(())
    }

    /// Puts other guest memory, or none, behind the buffer; its contents stay. What is still to be read comes from the new
    /// memory.
    pub fn rebind(&mut self, backing: Option<Backing>) {
        self.backing = backing;
        if backing.is_none() {
            self.dirty.clear();
        }
    }

    /// Reads from guest memory what changed there. What could not be read stays to be read.
    pub fn refresh(&mut self, guest: &Guest<'_>) -> Result<(), ResourceError> {
        let Some(backing) = self.backing.filter(|_| !self.dirty.is_empty()) else { return Ok(()) };
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(Arc::make_mut(&mut self.words).as_mut_slice());
        for range in self.dirty.iter() {
            guest.read(backing, range.start, &mut bytes[range.start as usize..range.end as usize])?;
        }
        self.dirty.clear();
        Ok(())
    }
}
