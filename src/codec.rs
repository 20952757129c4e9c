//! Values as bytes and back, for snapshots: little-endian, without padding, in the order of their fields.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::limits;

/// What is wrong with saved bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// They end too early.
    #[error("it ends too early")]
    Truncated,
    /// Something in them cannot be.
    #[error("this cannot be: {0}")]
    Invalid(&'static str),
}

/// Bytes that are being read.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], Damage> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(Damage::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    /// As many bytes as [`save_bytes`] was given.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Damage> {
        let len = u64::load(self)?;
        self.take(usize::try_from(len).map_err(|_| Damage::Truncated)?)
    }

    /// How many values a list has: at most `max`.
    pub(crate) fn count(&mut self, max: usize) -> Result<u32, Damage> {
        let count = u32::load(self)?;
        if count as usize <= max { Ok(count) } else { Err(Damage::Invalid("length of a list")) }
    }

    /// Fails unless everything was read.
    pub(crate) fn end(&self) -> Result<(), Damage> {
        if self.0.is_empty() { Ok(()) } else { Err(Damage::Invalid("bytes behind its end")) }
    }
}

/// Saves their number as 64 bits, then the bytes.
pub(crate) fn save_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    (bytes.len() as u64).save(out);
    out.extend_from_slice(bytes);
}

/// Saves a map as a list of pairs in the order of their keys, whatever its own order is.
pub(crate) fn save_map<'a, K: Saved + Ord + Copy + 'a, V: 'a>(
    map: impl IntoIterator<Item = (&'a K, &'a V)>,
    out: &mut Vec<u8>,
    save: impl Fn(&V, &mut Vec<u8>),
) {
    let sorted: BTreeMap<&K, &V> = map.into_iter().collect();
    (sorted.len() as u32).save(out);
    for (key, value) in sorted {
        key.save(out);
        save(value, out);
    }
}

/// Loads what [`save_map`] saved, at most `max` pairs, and hands each to `load`.
pub(crate) fn load_map<K: Saved + Ord + Copy, E: From<Damage>>(
    from: &mut Reader<'_>,
    max: usize,
    mut load: impl FnMut(K, &mut Reader<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut last = None;
    for _ in 0..from.count(max)? {
        let key = K::load(from)?;
        if last.is_some_and(|last| last >= key) {
            return Err(Damage::Invalid("order of keys").into());
        }
        last = Some(key);
        load(key, from)?;
    }
    Ok(())
}

/// A value of a snapshot.
pub(crate) trait Saved: Sized {
    fn save(&self, out: &mut Vec<u8>);
    fn load(from: &mut Reader<'_>) -> Result<Self, Damage>;
}

macro_rules! saved_numbers {
    ($($ty:ty)*) => { $(
        impl Saved for $ty {
            fn save(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn load(from: &mut Reader<'_>) -> Result<Self, Damage> {
                let bytes = from.take(size_of::<Self>())?;
                bytes.try_into().map(Self::from_le_bytes).map_err(|_| Damage::Truncated)
            }
        }
    )* };
}
saved_numbers!(u8 u16 u32 u64 i32 f32);

/// One byte, 0 or 1.
impl Saved for bool {
    fn save(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Damage> {
        match u8::load(from)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Damage::Invalid("flag")),
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

    fn load(from: &mut Reader<'_>) -> Result<Self, Damage> {
        bool::load(from)?.then(|| T::load(from)).transpose()
    }
}

impl<A: Saved, B: Saved> Saved for (A, B) {
    fn save(&self, out: &mut Vec<u8>) {
        self.0.save(out);
        self.1.save(out);
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Damage> {
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

    fn load(from: &mut Reader<'_>) -> Result<Self, Damage> {
        // A step of the device begins no more work at the bound, but finishes what it has: two events for a submission.
        let count = from.count(2 * limits::MAX_PENDING)?;
        (0..count).map(|_| T::load(from)).collect()
    }
}

/// How many, as 32 bits, then each. What is loaded is bounded by the bytes that are there; its user knows the true bound.
impl<T: Saved> Saved for Vec<T> {
    fn save(&self, out: &mut Vec<u8>) {
        (self.len() as u32).save(out);
        self.iter().for_each(|value| value.save(out));
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Damage> {
        let count = u32::load(from)?;
        (0..count).map(|_| T::load(from)).collect()
    }
}

/// Each, without a count.
impl<T: Saved, const N: usize> Saved for [T; N] {
    fn save(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|value| value.save(out));
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Damage> {
        let values: Vec<T> = (0..N).map(|_| T::load(from)).collect::<Result<_, _>>()?;
        values.try_into().map_err(|_| Damage::Truncated)
    }
}

/// A list of pairs, as [`save_map`] saves it.
impl<K: Saved + Ord + Copy, V: Saved> Saved for BTreeMap<K, V> {
    fn save(&self, out: &mut Vec<u8>) {
        save_map(self, out, V::save);
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Damage> {
        let mut map = Self::new();
        load_map(from, u32::MAX as usize, |key, from| {
            map.insert(key, V::load(from)?);
            Ok::<(), Damage>(())
        })?;
        Ok(map)
    }
}

impl<T: Saved> Saved for Arc<T> {
    fn save(&self, out: &mut Vec<u8>) {
        (**self).save(out);
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Damage> {
        T::load(from).map(Self::new)
    }
}

/// Saves and loads the fields of a struct in the order in which they are listed.
macro_rules! saved {
    ($( $ty:ident { $($field:tt)* } )*) => { $(
        impl $crate::codec::Saved for $ty {
            fn save(&self, out: &mut Vec<u8>) {
                saved!(@save self out $($field)*);
            }

            fn load(
                from: &mut $crate::codec::Reader<'_>,
            ) -> Result<Self, $crate::codec::Damage> {
                Ok(saved!(@load from $ty $($field)*))
            }
        }
    )* };
    (@save $self:ident $out:ident $($field:tt)*) => { $( $self.$field.save($out); )* };
    (@load $from:ident $ty:ident $($field:tt)*) => {
        $ty { $( $field: $crate::codec::Saved::load($from)? ),* }
    };
}
pub(crate) use saved;

/// Saves a field-less value as the number that `to` gives, and loads what `from` knows.
macro_rules! saved_as {
    ($( $ty:ty as $raw:ty: $to:expr, $from:expr, $what:literal; )*) => { $(
        impl $crate::codec::Saved for $ty {
            fn save(&self, out: &mut Vec<u8>) {
                let to: fn(&$ty) -> $raw = $to;
                to(self).save(out);
            }

            fn load(
                from: &mut $crate::codec::Reader<'_>,
            ) -> Result<Self, $crate::codec::Damage> {
                let known: fn($raw) -> Option<$ty> = $from;
                known(<$raw as $crate::codec::Saved>::load(from)?)
                    .ok_or($crate::codec::Damage::Invalid($what))
            }
        }
    )* };
}
pub(crate) use saved_as;

/// Saves structs of the protocol as the bytes that they are.
macro_rules! saved_plain {
    ($($ty:ty)*) => { $(
        impl $crate::codec::Saved for $ty {
            fn save(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(bytemuck::bytes_of(self));
            }

            fn load(from: &mut $crate::codec::Reader<'_>) -> Result<Self, $crate::codec::Damage> {
                from.take(size_of::<Self>()).map(bytemuck::pod_read_unaligned)
            }
        }
    )* };
}
pub(crate) use saved_plain;
