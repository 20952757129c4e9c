//! Events in the order in which they happen.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Nanoseconds;

/// An event and when it happens. Of two at the same time the one with the lower kind comes first; of one kind, the one that
/// was scheduled first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timed<E> {
    /// When.
    pub time: Nanoseconds,
    /// What.
    pub event: E,
    sequence: u64,
}

impl<E: Copy + Eq + Into<u8>> Timed<E> {
    fn key(&self) -> (Nanoseconds, u8, u64) {
        (self.time, self.event.into(), self.sequence)
    }
}

impl<E: Copy + Eq + Into<u8>> Ord for Timed<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl<E: Copy + Eq + Into<u8>> PartialOrd for Timed<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// A heap of events keyed (time, kind, sequence). `Into<u8>` gives the rank of an event's kind.
#[derive(Debug, Clone)]
pub struct Timeline<E> {
    heap: BinaryHeap<Reverse<Timed<E>>>,
    scheduled: u64,
}

impl<E: Copy + Eq + Into<u8>> Default for Timeline<E> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), scheduled: 0 }
    }
}

impl<E: Copy + Eq + Into<u8>> Timeline<E> {
    /// Lets `event` happen at `time`.
    pub fn schedule(&mut self, time: Nanoseconds, event: E) {
        self.heap.push(Reverse(Timed { time, event, sequence: self.scheduled }));
        self.scheduled += 1;
    }

    /// When the next event happens.
    pub fn next(&self) -> Option<Nanoseconds> {
        self.heap.peek().map(|Reverse(first)| first.time)
    }

    /// Takes the next event if it has happened by `now`.
    pub fn pop(&mut self, now: Nanoseconds) -> Option<Timed<E>> {
        self.heap.peek().filter(|Reverse(first)| first.time <= now)?;
        self.heap.pop().map(|Reverse(first)| first)
    }

    /// Forgets the events for which `keep` is false.
    pub fn retain(&mut self, mut keep: impl FnMut(E) -> bool) {
        self.heap.retain(|Reverse(timed)| keep(timed.event));
    }

    /// How many events there are.
    pub fn count(&self) -> usize {
        self.heap.len()
    }

    /// What will happen, in order.
    pub fn events(&self) -> Vec<(Nanoseconds, E)> {
        let mut events: Vec<_> = self.heap.iter().map(|&Reverse(timed)| timed).collect();
        events.sort_unstable();
        events.into_iter().map(|timed| (timed.time, timed.event)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Event(u8, u32);

    impl From<Event> for u8 {
        fn from(event: Event) -> u8 {
            event.0
        }
    }

    #[test]
    fn time_then_kind_then_sequence() {
        let mut line = Timeline::default();
        for (time, event) in [(5, Event(2, 0)), (5, Event(1, 1)), (4, Event(9, 2)), (5, Event(1, 3))] {
            line.schedule(Nanoseconds(time), event);
        }
        assert_eq!(line.next(), Some(Nanoseconds(4)));
        assert_eq!(line.events().iter().map(|(_, e)| e.1).collect::<Vec<_>>(), [2, 1, 3, 0]);
        line.retain(|event| event.1 != 3);
        let popped: Vec<_> = std::iter::from_fn(|| line.pop(Nanoseconds(5))).map(|t| t.event.1).collect();
        assert_eq!(popped, [2, 1, 0]);
    }
}
