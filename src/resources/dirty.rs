//! Which bytes of a buffer must be read again from guest memory.

use std::ops::Range;

/// Disjoint ranges of bytes, sorted, none empty, none touching the next.
///
/// They are never merged across a gap: the bytes between may be results that guest memory does not have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DirtyRanges(Vec<Range<u64>>);

impl DirtyRanges {
    /// How many ranges there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when nothing is dirty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ranges, in order.
    pub fn iter(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.0.iter().cloned()
    }

    /// Adds the bytes of `range`.
    pub fn insert(&mut self, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        // Those that overlap it or touch it become one with it.
        let first = self.0.partition_point(|r| r.end < range.start);
        let end = self.0.partition_point(|r| r.start <= range.end);
        let merged = match self.0.get(first..end) {
            Some([only]) => only.start.min(range.start)..only.end.max(range.end),
            Some([a, .., z]) => a.start.min(range.start)..z.end.max(range.end),
            _ => range,
        };
        self.0.splice(first..end, [merged]);
    }

    /// Takes out the bytes of `range`.
    pub fn remove(&mut self, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        let first = self.0.partition_point(|r| r.end <= range.start);
        let end = self.0.partition_point(|r| r.start < range.end);
        let before = self.0.get(first).map_or(0..0, |r| r.start..range.start);
        let after = end.checked_sub(1).and_then(|last| self.0.get(last)).map_or(0..0, |r| range.end..r.end);
        if first < end {
            self.0.splice(first..end, [before, after].into_iter().filter(|r| !r.is_empty()));
        }
    }

    /// Takes out everything.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn operations() -> impl Strategy<Value = Vec<(bool, u64, u64)>> {
        prop::collection::vec((any::<bool>(), 0u64..64, 0u64..12), 0..40)
    }

    proptest! {
        #[test]
        fn it_is_the_set_of_its_bytes(operations in operations()) {
            let (mut ranges, mut bytes) = (DirtyRanges::default(), [false; 80]);
            for (insert, start, len) in operations {
                bytes[start as usize..(start + len) as usize].fill(insert);
                let range = start..start + len;
                if insert { ranges.insert(range) } else { ranges.remove(range) }
                let mut expected = Vec::new();
                let mut at = 0;
                for run in bytes.chunk_by(|a, b| a == b) {
                    if run[0] { expected.push(at..at + run.len() as u64) }
                    at += run.len() as u64;
                }
                prop_assert_eq!(ranges.iter().collect::<Vec<_>>(), expected);
            }
        }
    }
}
