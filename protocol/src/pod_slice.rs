//! A borrowed array of plain-old-data items at any alignment.

use bytemuck::AnyBitPattern;
use core::{fmt, marker::PhantomData};

/// Items of type `T` inside a byte buffer, which need not be aligned; they are copied out one by one.
pub struct PodSlice<'a, T> {
    bytes: &'a [u8],
    items: PhantomData<T>,
}

impl<'a, T: AnyBitPattern> PodSlice<'a, T> {
    /// The items in `bytes`; an incomplete item at the end is not one.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        const { assert!(size_of::<T>() > 0) };
        Self { bytes: &bytes[..bytes.len() - bytes.len() % size_of::<T>()], items: PhantomData }
    }

    /// How many items there are.
    #[must_use]
    pub fn len(self) -> usize {
        self.bytes.len() / size_of::<T>()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    /// The item at `index`, if there is one.
    #[must_use]
    pub fn get(self, index: usize) -> Option<T> {
        let start = index.checked_mul(size_of::<T>())?;
        let end = start.checked_add(size_of::<T>())?;
        self.bytes.get(start..end).map(bytemuck::pod_read_unaligned)
    }

    /// The items in order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = T> + DoubleEndedIterator + Clone + use<'a, T> {
        self.bytes.chunks_exact(size_of::<T>()).map(bytemuck::pod_read_unaligned)
    }

    /// The bytes of all items.
    #[must_use]
    pub fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }
}

impl<T> Clone for PodSlice<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for PodSlice<'_, T> {}

impl<T> Default for PodSlice<'_, T> {
    /// No items.
    fn default() -> Self {
        Self { bytes: &[], items: PhantomData }
    }
}

impl<T> PartialEq for PodSlice<'_, T> {
    /// Equal bytes.
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl<T> Eq for PodSlice<'_, T> {}

impl<T: AnyBitPattern + fmt::Debug> fmt::Debug for PodSlice<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a, T: bytemuck::NoUninit + AnyBitPattern> From<&'a [T]> for PodSlice<'a, T> {
    fn from(items: &'a [T]) -> Self {
        Self::new(bytemuck::cast_slice(items))
    }
}

#[cfg(test)]
mod tests {
    use super::PodSlice;

    #[test]
    fn reads_at_odd_addresses_and_drops_the_rest() {
        let bytes = [9, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0];
        let slice = PodSlice::<u32>::new(&bytes[1..]);
        assert_eq!(
            (slice.len(), slice.get(1), slice.get(2), slice.get(usize::MAX)),
            (2, Some(2), None, None)
        );
        assert!(slice.iter().eq([1, 2]));
        assert_eq!(slice.as_bytes(), &bytes[1..9]);
    }
}
