//! Vertical blanks: while the scanout is enabled, at a rational rate without drift (device.md §7).

use super::queue::Event;
use crate::cycles::{Nanoseconds, Rate, Timeline, VblankNo};

/// The vertical blank of scanout 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Vblank {
    /// `None`: there are none.
    pub(crate) rate: Option<Rate>,
    /// The one that was last.
    pub(crate) sequence: VblankNo,
    /// When it should have been: never the time at which it was noticed.
    pub(crate) time: Nanoseconds,
    /// When the scanout was enabled: blank `k` since then comes at `origin + k * period`.
    pub(crate) origin: Option<Nanoseconds>,
}

impl Vblank {
    pub(crate) fn new(rate: Option<Rate>) -> Self {
        Self { rate, sequence: VblankNo(0), time: Nanoseconds(0), origin: None }
    }

    /// Blanks come.
    pub(crate) fn running(&self) -> bool {
        self.rate.is_some() && self.origin.is_some()
    }

    /// The period register: 0 without blanks.
    pub(crate) fn period(&self) -> u32 {
        self.rate.map_or(0, |rate| u32::try_from(rate.period().0).unwrap_or(u32::MAX))
    }

    /// The scanout was enabled: the first blank comes a period from now.
    pub(crate) fn start(&mut self, now: Nanoseconds, timeline: &mut Timeline<Event>) {
        self.origin = Some(now);
        self.schedule(1, timeline);
    }

    /// The scanout was disabled.
    pub(crate) fn stop(&mut self, timeline: &mut Timeline<Event>) {
        self.origin = None;
        timeline.retain(|event| !matches!(event, Event::Vblank(_)));
    }

    /// Blank `k` has come; the next one is scheduled.
    pub(crate) fn tick(&mut self, k: u64, time: Nanoseconds, timeline: &mut Timeline<Event>) {
        self.sequence = self.sequence.next();
        self.time = time;
        self.schedule(k.saturating_add(1), timeline);
    }

    /// Leaves out the blanks that should have come until now, and stays in phase.
    pub(crate) fn skip_to(&mut self, now: Nanoseconds, timeline: &mut Timeline<Event>) {
        timeline.retain(|event| !matches!(event, Event::Vblank(_)));
        if let (Some(rate), Some(origin)) = (self.rate, self.origin) {
            self.schedule(rate.first_after(Nanoseconds(now.0.saturating_sub(origin.0))), timeline);
        }
    }

    /// A blank beyond the end of time never comes.
    pub(crate) fn schedule(&self, k: u64, timeline: &mut Timeline<Event>) {
        let (Some(rate), Some(origin)) = (self.rate, self.origin) else { return };
        if let Some(time) = rate.time_of(k).and_then(|after| origin.0.checked_add(after.0)) {
            timeline.schedule(Nanoseconds(time), Event::Vblank(k));
        }
    }
}
