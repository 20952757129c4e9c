//! Buffers: words that draws hold on to while the stream overwrites them.

use std::ops::Range;
use std::sync::Arc;

use super::{Backing, Guest, ResourceError, check_bounds};
use crate::limits;

/// A buffer. Its words are shared with queued work, and copied on the first write while such work exists.
#[derive(Debug)]
pub struct Buffer {
    size: u64,
    usage: u32,
    /// Guest memory behind it.
    pub backing: Option<Backing>,
    words: Arc<Vec<u32>>,
    /// Bytes that must be read again from guest memory before the next use.
    dirty: Option<Range<u64>>,
    /// The hidden counter of append and consume buffers.
    pub counter: u32,
}

impl Buffer {
    /// A buffer of zeros. With guest memory behind it, all of it is read before its first use.
    pub fn new(size: u64, usage: u32, backing: Option<Backing>) -> Result<Self, ResourceError> {
        check_bounds("buffer size", size, 1, limits::MAX_BUFFER_BYTES)?;
        let words = Arc::new(vec![0; size.div_ceil(4) as usize]);
        Ok(Self { size, usage, backing, words, dirty: backing.map(|_| 0..size), counter: 0 })
    }

    /// Size in bytes.
    pub fn size(&self) -> u64 {
        self.size
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

    /// Overwrites bytes from `offset` on. The range must lie inside the buffer.
    pub fn write(&mut self, offset: u64, data: &[u8]) {
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(self.words_mut());
        bytes[offset as usize..][..data.len()].copy_from_slice(data);
    }

    /// Notes that guest memory changed; widened to words and clamped to the buffer.
    pub fn mark_dirty(&mut self, range: Range<u64>) {
        let range = range.start & !3..range.end.next_multiple_of(4).min(self.size);
        self.dirty = Some(match self.dirty.take() {
            Some(old) => old.start.min(range.start)..old.end.max(range.end),
            None => range,
        });
    }

    /// Forgets the part of the dirty range that `range` covers, if that leaves one range.
    pub fn overwrite_dirty(&mut self, range: Range<u64>) {
        self.dirty = match self.dirty.take() {
            Some(old) if range.start <= old.start && range.end >= old.end => None,
            Some(old) if range.start <= old.start && range.end > old.start => Some(range.end..old.end),
            Some(old) if range.end >= old.end && range.start < old.end => Some(old.start..range.start),
            other => other,
        };
    }

    /// Reads from guest memory what changed there.
    pub fn refresh(&mut self, guest: &Guest<'_>) -> Result<(), ResourceError> {
        let (Some(range), Some(backing)) = (self.dirty.clone(), self.backing) else { return Ok(()) };
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(Arc::make_mut(&mut self.words).as_mut_slice());
        guest.read(backing, range.start, &mut bytes[range.start as usize..range.end as usize])?;
        self.dirty = None;
        Ok(())
    }

    /// True when guest memory must be read before the next use.
    pub fn is_dirty(&self) -> bool {
        self.dirty.is_some()
    }
}
