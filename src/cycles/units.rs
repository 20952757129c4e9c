//! Quantities of the virtual clock. Each has a type of its own, so that mixing them does not compile.

use std::num::NonZeroU32;
use std::ops::{Add, AddAssign};

const NANOSECONDS_PER_SECOND: u128 = 1_000_000_000;

/// A point in, or a span of, guest time. Sums saturate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Nanoseconds(pub u64);

/// Cycles of the modelled GPU's core clock. Sums saturate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct GpuCycles(pub u64);

/// Number of a vertical blank; the first is 1. Wraps after 2^64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct VblankNo(pub u64);

impl Add for Nanoseconds {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Add for GpuCycles {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for GpuCycles {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl GpuCycles {
    /// How long so many cycles last at `hertz`, rounded up; saturates.
    pub fn at(self, hertz: NonZeroU32) -> Nanoseconds {
        let ns = (u128::from(self.0) * NANOSECONDS_PER_SECOND).div_ceil(u128::from(hertz.get()));
        Nanoseconds(saturate(ns))
    }
}

impl VblankNo {
    /// The one after this.
    pub fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

/// A rational number of events per second: 60/1, 60000/1001.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    /// So many events
    pub events: NonZeroU32,
    /// in so many seconds.
    pub seconds: NonZeroU32,
}

impl Rate {
    /// `hertz` events a second; `None` for 0.
    pub const fn hertz(hertz: u32) -> Option<Self> {
        Self::new(hertz, 1)
    }

    /// `events` in `seconds`; `None` if either is 0.
    pub const fn new(events: u32, seconds: u32) -> Option<Self> {
        match (NonZeroU32::new(events), NonZeroU32::new(seconds)) {
            (Some(events), Some(seconds)) => Some(Self { events, seconds }),
            _ => None,
        }
    }

    /// When event `k` happens after event 0, rounded up once: no error accumulates. `None` beyond the end of time.
    pub fn time_of(self, k: u64) -> Option<Nanoseconds> {
        let numerator = u128::from(k).checked_mul(u128::from(self.seconds.get()) * NANOSECONDS_PER_SECOND)?;
        u64::try_from(numerator.div_ceil(u128::from(self.events.get()))).ok().map(Nanoseconds)
    }

    /// The first event that happens strictly later than `elapsed` after event 0.
    pub fn first_after(self, elapsed: Nanoseconds) -> u64 {
        // ceil(k * s * 1e9 / e) > t  <=>  k * s * 1e9 > t * e, t being an integer.
        let scaled = u128::from(elapsed.0) * u128::from(self.events.get());
        saturate(scaled / (u128::from(self.seconds.get()) * NANOSECONDS_PER_SECOND) + 1)
    }

    /// The time between two events, rounded up.
    pub fn period(self) -> Nanoseconds {
        self.time_of(1).unwrap_or(Nanoseconds(u64::MAX))
    }
}

fn saturate(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_hour_of_ntsc_frames_ends_on_the_nanosecond() {
        let ntsc = Rate::new(60_000, 1001).expect("not zero");
        assert_eq!(ntsc.time_of(60_000 * 3600), Some(Nanoseconds(1001 * 3600 * 1_000_000_000)));
        assert_eq!(ntsc.period(), Nanoseconds(16_683_334));
        assert_eq!(Rate::hertz(60).map(Rate::period), Some(Nanoseconds(16_666_667)));
        assert_eq!(Rate::hertz(0), None);
    }

    #[test]
    fn the_core_clock_is_two_nanoseconds_a_cycle() {
        let hertz = NonZeroU32::new(500_000_000).expect("not zero");
        assert_eq!(GpuCycles(3).at(hertz), Nanoseconds(6));
        assert_eq!(GpuCycles(u64::MAX).at(hertz), Nanoseconds(u64::MAX));
    }

    proptest! {
        #[test]
        fn first_after_is_the_first_after(events in 1u32.., seconds in 1u32.., elapsed in 0u64..1 << 62) {
            let rate = Rate::new(events, seconds).expect("not zero");
            let k = rate.first_after(Nanoseconds(elapsed));
            prop_assert!(rate.time_of(k).is_none_or(|at| at.0 > elapsed));
            prop_assert!(rate.time_of(k - 1).is_some_and(|at| at.0 <= elapsed));
        }
    }
}
