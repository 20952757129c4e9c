//! Values as bytes and back, for snapshots: little-endian, without padding, in the order of their fields.

use std::collections::VecDeque;

use super::snapshot::SnapshotError;
use crate::limits;

/// Bytes that are being read.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], SnapshotError> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(SnapshotError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }
}

/// A value of a snapshot.
pub(crate) trait Saved: Sized {
    fn save(&self, out: &mut Vec<u8>);
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError>;
}

macro_rules! saved_integers {
    ($($ty:ty)*) => { $(
        impl Saved for $ty {
            fn save(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
                let bytes = from.take(size_of::<Self>())?;
                bytes.try_into().map(Self::from_le_bytes).map_err(|_| SnapshotError::Truncated)
            }
        }
    )* };
}
saved_integers!(u8 u16 u32 u64 i32);

/// One byte, 0 or 1.
impl Saved for bool {
    fn save(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        match u8::load(from)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(SnapshotError::Invalid("flag")),
        }
    }
}

/// A flag, then the value if there is one.
impl<T: Saved> Saved for Option<T> {
    fn save(&self, out: &mut Vec<u8>) {
        self.is_some().save(out);
        if let Some(value) = self {
            value.save(out);
        }
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        bool::load(from)?.then(|| T::load(from)).transpose()
    }
}

impl<A: Saved, B: Saved> Saved for (A, B) {
    fn save(&self, out: &mut Vec<u8>) {
        self.0.save(out);
        self.1.save(out);
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok((A::load(from)?, B::load(from)?))
    }
}

/// How many, as 32 bits, then each.
impl<T: Saved> Saved for VecDeque<T> {
    fn save(&self, out: &mut Vec<u8>) {
        (self.len() as u32).save(out);
        for value in self {
            value.save(out);
        }
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let count = u32::load(from)?;
        // A step of the device begins no more work at the bound, but finishes what it has: two events for a submission.
        if count as usize > 2 * limits::MAX_PENDING {
            return Err(SnapshotError::Invalid("length of a list"));
        }
        (0..count).map(|_| T::load(from)).collect()
    }
}

/// Saves and loads the fields of a struct in the order in which they are listed.
macro_rules! saved {
    ($( $ty:ident { $($field:tt)* } )*) => { $(
        impl $crate::device::codec::Saved for $ty {
            fn save(&self, out: &mut Vec<u8>) {
                saved!(@save self out $($field)*);
            }

            fn load(
                from: &mut $crate::device::codec::Reader<'_>,
            ) -> Result<Self, $crate::device::snapshot::SnapshotError> {
                Ok(saved!(@load from $ty $($field)*))
            }
        }
    )* };
    (@save $self:ident $out:ident $($field:tt)*) => { $( $self.$field.save($out); )* };
    (@load $from:ident $ty:ident $($field:tt)*) => {
        $ty { $( $field: $crate::device::codec::Saved::load($from)? ),* }
    };
}
pub(crate) use saved;

/// Saves a field-less value as the number that `to` gives, and loads what `from` knows.
macro_rules! saved_as {
    ($( $ty:ty as $raw:ty: $to:expr, $from:expr, $what:literal; )*) => { $(
        impl $crate::device::codec::Saved for $ty {
            fn save(&self, out: &mut Vec<u8>) {
                let to: fn(&$ty) -> $raw = $to;
                to(self).save(out);
            }

            fn load(
                from: &mut $crate::device::codec::Reader<'_>,
            ) -> Result<Self, $crate::device::snapshot::SnapshotError> {
                let known: fn($raw) -> Option<$ty> = $from;
                known(<$raw as $crate::device::codec::Saved>::load(from)?)
                    .ok_or($crate::device::snapshot::SnapshotError::Invalid($what))
            }
        }
    )* };
}
pub(crate) use saved_as;
