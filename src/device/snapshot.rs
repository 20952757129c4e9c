//! Saving a device and restoring it.
//!
//! # Format, version 1
//!
//! Little-endian, without padding. `flag` is one byte, 0 or 1; `option T` is a flag and, if it is 1, a `T`; `list T` is a
//! `u32` count and as many `T`.
//!
//! | part | contents |
//! |---|---|
//! | header | `AGPUSNAP`, version `u32` |
//! | time | `u64`: guest time in nanoseconds |
//! | PCI | command `u16`, cache line `u8`, latency `u8`, BAR0 and BAR1 `u32`, interrupt line `u8` |
//! | ring | address `u64`, size `u32`, flags enabled, doorbell, reset of its memory |
//! | fences | page's address `u64`; completed `u64`, list of {fence `u64`, interrupt flag, waits for a blank flag, done flag}, interrupt flag, page flag |
//! | interrupts | status `u32`, enable `u32`, error code `u32`, its fence `u64`, count `u32` |
//! | queue | busy until `u64`, cycles `u64`; list of submissions under way {fence `u64`, present flag, submitted `u64`, option outcome}; list of held events; list of events to come, each with its time `u64` |
//! | vblank | number `u64`, time `u64`, option origin `u64`, option index of the next `u64` |
//! | scanout | surface, then what was published: driver owns the display flag, address `u64`, width, height, pitch, format `u32`, changed flag |
//! | cursor | surface, x, y `i32`, hot spot x, y `u32` |
//! | video memory | option bank `u32`; list of pages {index `u32`, 4096 bytes}, ascending, those that are all 0 left out |
//! | back end | option: length `u64`, the bytes that it gave |
//!
//! A surface is: enabled flag, width, height, format, pitch `u32`, address `u64`, option pending low half `u32`. An outcome is:
//! cycles `u64`, option error code `u32`. An event is: fence `u64` and an option {present flag, outcome}: present for the end
//! of a submission, absent for the completion of its fence.
//!
//! The configuration is not part of a snapshot: it is that of the device that restores. Everything is checked again; a
//! snapshot may come from anywhere.

use std::collections::VecDeque;

use aerogpu_protocol::registers::{ErrorCode, Irq};

use super::cursor::Cursor;
use super::fences::{Fences, Pace, PendingFence};
use super::interrupts::Interrupts;
use super::pci::{Bar, PciConfig};
use super::queue::{Event, Outcome, Retired, UnderWay};
use super::ring::Ring;
use super::scanout::{LatchedAddress, Scanout, ScanoutSource, ScanoutState, Surface};
use super::{Device, State};
use crate::backend::{Backend, RestoreError};
use crate::codec::{Damage, Reader, Saved, save_bytes, saved, saved_as};
use crate::cycles::{GpuCycles, Nanoseconds, VblankNo};
use crate::memory::{GuestMemory, PAGE};

const MAGIC: &[u8; 8] = b"AGPUSNAP";
const VERSION: u32 = 1;

/// Why a snapshot cannot be restored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// It does not begin as one.
    #[error("not a snapshot of an AeroGPU device")]
    NotASnapshot,
    /// Its version is not known.
    #[error("the snapshot has version {0}, but only {VERSION} is known")]
    Version(u32),
    /// It is damaged.
    #[error("the snapshot is damaged: {0}")]
    Damaged(#[from] Damage),
    /// The back end does not take its part. The device is as after a reset.
    #[error(transparent)]
    Backend(#[from] RestoreError),
}

saved_as! {
    Nanoseconds as u64: |t| t.0, |t| Some(Nanoseconds(t)), "time";
    GpuCycles as u64: |c| c.0, |c| Some(GpuCycles(c)), "cycles";
    VblankNo as u64: |v| v.0, |v| Some(VblankNo(v)), "vblank";
    Irq as u32: |irq| irq.bits(), |bits| Some(Irq::from_bits_retain(bits)), "interrupt";
    ErrorCode as u32: |code| code.to_u32(), ErrorCode::from_u32, "error code";
    Pace as bool: |&pace| pace == Pace::Vblank, |waits| Some(if waits { Pace::Vblank } else { Pace::Immediate }), "pace";
    ScanoutSource as bool: |&source| source == ScanoutSource::Wddm,
        |owned| Some(if owned { ScanoutSource::Wddm } else { ScanoutSource::Legacy }), "source";
}

saved! {
    Ring { gpa size enabled doorbell reset_memory }
    PendingFence { fence irq pace done }
    Fences { completed pending irq page_dirty }
    Interrupts { status enable error error_fence error_count }
    Outcome { cycles error }
    UnderWay { fence present submitted outcome }
    LatchedAddress { address pending_lo }
    ScanoutState { source address width height pitch format }
    Cursor { surface x y hot_x hot_y }
    Scanout { surface state changed }
}

impl Saved for PciConfig {
    fn save(&self, out: &mut Vec<u8>) {
        self.command.save(out);
        (self.cache_line, self.latency).save(out);
        (self.bars[0], self.bars[1]).save(out);
        self.interrupt_line.save(out);
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Damage> {
        let mut pci = Self::default();
        pci.set_command(Saved::load(from)?);
        (pci.cache_line, pci.latency) = Saved::load(from)?;
        let (registers, vram) = Saved::load(from)?;
        pci.set_base(Bar::Registers, registers);
        pci.set_base(Bar::Vram, vram);
        pci.interrupt_line = Saved::load(from)?;
        Ok(pci)
    }
}

impl Saved for Surface {
    fn save(&self, out: &mut Vec<u8>) {
        self.enabled.save(out);
        (self.width, self.height).save(out);
        (self.format, self.pitch).save(out);
        self.address.save(out);
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Damage> {
        let enabled = Saved::load(from)?;
        let ((width, height), (format, pitch)) = Saved::load(from)?;
        let mut surface = Self { enabled, width, height, format: 0, pitch, address: Saved::load(from)? };
        surface.set_format(format);
        Ok(surface)
    }
}

impl Saved for Event {
    fn save(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Retire(Retired { fence, present, outcome }) => (fence, Some((present, outcome))).save(out),
            Self::Fence(fence) => (fence, None::<(bool, Outcome)>).save(out),
            // The next blank is saved with the others: see `State::save`.
            Self::Vblank(_) => {}
        }
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(match Saved::load(from)? {
            (fence, Some((present, outcome))) => Self::Retire(Retired { fence, present, outcome }),
            (fence, None) => Self::Fence(fence),
        })
    }
}

impl State {
    fn save(&self, out: &mut Vec<u8>) {
        self.now.save(out);
        self.pci.save(out);
        self.ring.save(out);
        self.fence_gpa.save(out);
        self.fences.save(out);
        self.interrupts.save(out);
        let queue = &self.queue;
        (queue.busy_until, queue.cycles).save(out);
        queue.under_way.save(out);
        queue.held.save(out);
        let (mut next_blank, mut events) = (None, VecDeque::new());
        for (time, event) in queue.timeline.events() {
            match event {
                Event::Vblank(k) => next_blank = Some(k),
                event => events.push_back((time, event)),
            }
        }
        events.save(out);
        (self.vblank.sequence, self.vblank.time).save(out);
        (self.vblank.origin, next_blank).save(out);
        self.scanout.save(out);
        self.cursor.save(out);
        self.vram.bank.save(out);
        let pages: Vec<_> = self.vram.bytes.pages().filter(|(_, bytes)| **bytes != [0; PAGE]).collect();
        (pages.len() as u32).save(out);
        for (page, bytes) in pages {
            (page as u32).save(out);
            out.extend_from_slice(bytes);
        }
    }

    /// Replaces everything but the configuration, which `self` brings as a fresh state.
    fn load(mut self, from: &mut Reader<'_>) -> Result<Self, Damage> {
        self.now = Saved::load(from)?;
        self.pci = Saved::load(from)?;
        self.ring = Saved::load(from)?;
        self.fence_gpa = Saved::load(from)?;
        self.fences = Saved::load(from)?;
        self.interrupts = Saved::load(from)?;
        let queue = &mut self.queue;
        (queue.busy_until, queue.cycles) = Saved::load(from)?;
        queue.under_way = Saved::load(from)?;
        queue.held = Saved::load(from)?;
        let events: VecDeque<(Nanoseconds, Event)> = Saved::load(from)?;
        for (time, event) in events {
            queue.timeline.schedule(time, event);
        }
        (self.vblank.sequence, self.vblank.time) = Saved::load(from)?;
        let (origin, next_blank): (Option<Nanoseconds>, Option<u64>) = Saved::load(from)?;
        self.vblank.origin = origin;
        self.scanout = Saved::load(from)?;
        self.cursor = Saved::load(from)?;
        self.check()?;
        let events = self.queue.timeline.count();
        if let Some(k) = next_blank {
            self.vblank.schedule(k, &mut self.queue.timeline);
        }
        // A device without blanks took the snapshot, or one whose next blank cannot come: this one goes on in phase.
        if self.queue.timeline.count() == events {
            self.vblank.skip_to(self.now, &mut self.queue.timeline);
        }
        self.vram.bank = Saved::load(from)?;
        self.load_pages(from)?;
        Ok(self)
    }

    fn load_pages(&mut self, from: &mut Reader<'_>) -> Result<(), Damage> {
        let (count, mut next) = (u32::load(from)?, 0);
        for _ in 0..count {
            let address = u64::from(u32::load(from)?) * PAGE as u64;
            let bytes = from.take(PAGE)?;
            if address < next || address + PAGE as u64 > self.vram.len {
                return Err(Damage::Invalid("page of video memory"));
            }
            next = address + PAGE as u64;
            // Cannot fail: the page lies inside video memory.
            self.vram.bytes.write(address, bytes).ok();
        }
        Ok(())
    }

    /// What the rest of the device takes for granted.
    fn check(&self) -> Result<(), Damage> {
        let fences = &self.fences;
        let ascending = fences
            .pending
            .iter()
            .try_fold(fences.completed, |last, pending| (pending.fence > last).then_some(pending.fence));
        ascending.ok_or(Damage::Invalid("order of fences"))?;
        if self.vblank.origin.is_some() != self.scanout.surface.enabled
            || self.vblank.origin.is_some_and(|origin| origin > self.now)
        {
            return Err(Damage::Invalid("origin of vertical blanks"));
        }
        Ok(())
    }
}

impl<B: Backend> Device<B> {
    /// The device as bytes: registers, queues, video memory, and what the back end tells of itself.
    ///
    /// Guest memory is not part of it, nor is the configuration.
    pub fn snapshot(&mut self) -> Vec<u8> {
        // What the back end has finished is the device's to remember.
        self.poll();
        let mut out = MAGIC.to_vec();
        VERSION.save(&mut out);
        self.state.save(&mut out);
        let backend = self.backend.snapshot();
        backend.is_some().save(&mut out);
        if let Some(bytes) = backend {
            save_bytes(&bytes, &mut out);
        }
        out
    }

    /// Makes the device what it was when `snapshot` was taken.
    ///
    /// Submissions that the back end had not finished fail, unless it tells of them itself. If the snapshot is damaged, nothing
    /// changes; if only the back end's part is, the device is [reset](Device::reset).
    pub fn restore(&mut self, snapshot: &[u8]) -> Result<(), SnapshotError> {
        let mut from = Reader(snapshot);
        if from.take(MAGIC.len()).ok() != Some(MAGIC) {
            return Err(SnapshotError::NotASnapshot);
        }
        match u32::load(&mut from)? {
            VERSION => {}
            version => return Err(SnapshotError::Version(version)),
        }
        let state = State::new(&self.config).load(&mut from)?;
        let backend = match bool::load(&mut from)? {
            true => Some(from.bytes()?),
            false => None,
        };
        from.end()?;
        self.reports.clear();
        match backend {
            Some(bytes) => {
                if let Err(error) = self.backend.restore(bytes) {
                    self.reset();
                    return Err(error.into());
                }
                self.state = state;
            }
            None => {
                self.backend.reset();
                self.state = state;
                self.fail_unfinished();
            }
        }
        Ok(())
    }

    /// The back end has forgotten its work: it fails, so that the guest goes on.
    fn fail_unfinished(&mut self) {
        let lost = Outcome { error: Some(ErrorCode::Backend), ..Outcome::default() };
        for under_way in &mut self.state.queue.under_way {
            under_way.outcome.get_or_insert(lost);
        }
    }
}
