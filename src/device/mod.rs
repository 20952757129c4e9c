//! The AeroGPU PCI function, as a guest's driver sees it (device.md), for an emulator to put on its bus.
//!
//! The embedder forwards accesses to configuration space and BARs, moves the clock with [`Device::advance_to`], wires
//! [`Device::interrupt`] to the interrupt line INTA#, and shows what [`Device::present`] gives. `examples/embed.rs` is a
//! machine that does so.
//!
//! **Nothing happens behind the guest's back.** Accesses change registers and no more. Guest memory is touched by
//! [`advance_to`](Device::advance_to) alone (and read by [`present`](Device::present)), only while the function is a bus
//! master: there the ring is read, work is done, fences complete and vertical blanks come. So call it soon after every access,
//! and at the times that [`next_event`](Device::next_event) gives.
//!
//! **Time is the embedder's.** The device reads no clock. Guest time stands still but for `advance_to`; [`Pacing`] says how the
//! modelled GPU's cycles and the embedder's time come together.
//!
//! | file | what |
//! |---|---|
//! | `pci.rs` | configuration space |
//! | `bar0.rs` | register accesses |
//! | `vram.rs` | BAR1 and its legacy aliases |
//! | `ring.rs`, `capture.rs` | the submission ring, and copying what its entries name |
//! | `queue.rs` | submissions under way and when they end |
//! | `fences.rs`, `interrupts.rs` | what the guest sees of it, in which order |
//! | `vblank.rs`, `scanout.rs`, `cursor.rs` | the display |
//! | `step.rs` | what a step of the clock does |
//! | `snapshot.rs` | saving and restoring: the format |

mod bar0;
mod capture;
mod cursor;
mod fences;
mod interrupts;
mod pci;
mod queue;
mod ring;
mod scanout;
mod snapshot;
mod step;
mod vblank;
mod vram;

use std::collections::VecDeque;
use std::num::NonZeroU32;

use aerogpu_protocol::registers::{Irq, RingControl, mmio, pci as identity};

use crate::backend::{Backend, Report};
use crate::cycles::{CostTable, GpuCycles, Nanoseconds, Rate, VblankNo};
use crate::inspect::Picture;
use crate::limits;
use crate::memory::GuestMemory;
use cursor::Cursor;
use fences::Fences;
use interrupts::Interrupts;
use pci::PciConfig;
use queue::Queue;
use ring::Ring;
use scanout::Scanout;
use vblank::Vblank;
use vram::{DisplayMemory, Vram};

pub use cursor::CursorState;
pub use pci::{Bar, COMMAND_BUS_MASTER, COMMAND_INTX_DISABLE, COMMAND_MEMORY};
pub use scanout::{ScanoutSource, ScanoutState};
pub use snapshot::SnapshotError;
pub use vram::LEGACY_WINDOW;

/// How the time of the modelled GPU and the embedder's come together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pacing {
    /// Work takes no time: fences complete in the step that finds them. For functional tests and replay.
    #[default]
    Immediate,
    /// The embedder's time is guest time, and work takes its cycles of it: a fence completes when the modelled GPU is done,
    /// however fast the host was.
    Lockstep,
    /// As lockstep, with the embedder's time (that of a display, say) scaled: `guest` nanoseconds pass in `host`.
    Throttled {
        /// Guest time.
        guest: NonZeroU32,
        /// Embedder's time.
        host: NonZeroU32,
    },
}

impl Pacing {
    /// Guest time at the embedder's time `t`.
    fn guest_time(self, t: Nanoseconds) -> Nanoseconds {
        match self {
            Self::Throttled { guest, host } => scale(t, guest, host, false),
            Self::Immediate | Self::Lockstep => t,
        }
    }

    /// The first time of the embedder's at which it is guest time `t`.
    fn host_time(self, t: Nanoseconds) -> Nanoseconds {
        match self {
            Self::Throttled { guest, host } => scale(t, host, guest, true),
            Self::Immediate | Self::Lockstep => t,
        }
    }
}

fn scale(t: Nanoseconds, by: NonZeroU32, of: NonZeroU32, up: bool) -> Nanoseconds {
    let (product, of) = (u128::from(t.0) * u128::from(by.get()), u128::from(of.get()));
    let scaled = if up { product.div_ceil(of) } else { product / of };
    Nanoseconds(u64::try_from(scaled).unwrap_or(u64::MAX))
}

/// What becomes of submissions that make no sense (device.md §3.4, §6.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Decoding {
    /// What can be executed is; only what cannot be decoded at all, and work that was abandoned, raises an error: the
    /// guest's driver gives the device up over one.
    #[default]
    Lenient,
    /// Whatever is wrong raises an error, and a submission whose framing is wrong is not executed.
    Strict,
}

/// What may be chosen about a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceConfig {
    /// Vertical blanks a second; `None` for a display without.
    pub vblank: Option<Rate>,
    /// When work is done.
    pub pacing: Pacing,
    /// What becomes of submissions that make no sense.
    pub decoding: Decoding,
    /// Bytes of video memory that exist behind BAR1, at most its 64 MiB.
    pub vram_bytes: u64,
    /// When a submission that says so presents, its picture is stored where the scanout shows it, for guests and
    /// displays that look there.
    pub present_write_back: bool,
    /// The prices of the cost model.
    pub cost: CostTable,
    /// Cycles after which a submission is abandoned: it is reported as failed and completes.
    pub budget: GpuCycles,
}

impl Default for DeviceConfig {
    /// 60 Hz, immediate, lenient, all video memory, and a budget of two seconds.
    fn default() -> Self {
        Self {
            vblank: Rate::hertz(60),
            pacing: Pacing::default(),
            decoding: Decoding::default(),
            vram_bytes: identity::BAR1_SIZE_BYTES.into(),
            present_write_back: false,
            cost: CostTable::VGPU_1,
            budget: GpuCycles(1_000_000_000),
        }
    }
}

/// What the display shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Display {
    /// The driver has not taken the display over: text, VGA and VBE modes are the embedder's to show.
    Legacy,
    /// Nothing.
    Blank,
    /// This.
    Picture(Picture),
}

/// What became of a submission, for the embedder's log.
#[derive(Debug, Clone)]
pub struct SubmissionReport {
    /// Its fence; 0 for none.
    pub fence: u64,
    /// What the modelled GPU took.
    pub cycles: GpuCycles,
    /// What the back end said.
    pub report: Report,
}

/// An AeroGPU function with the renderer behind it.
pub struct Device<B> {
    config: DeviceConfig,
    backend: B,
    state: State,
    reports: VecDeque<SubmissionReport>,
}

/// What the guest can see or change of a device, and what follows from it.
#[derive(Debug, Clone)]
struct State {
    /// Guest time.
    now: Nanoseconds,
    pci: PciConfig,
    ring: Ring,
    fence_gpa: u64,
    fences: Fences,
    interrupts: Interrupts,
    queue: Queue,
    vblank: Vblank,
    scanout: Scanout,
    cursor: Cursor,
    vram: Vram,
}

impl State {
    fn new(config: &DeviceConfig) -> Self {
        Self {
            now: Nanoseconds(0),
            pci: PciConfig::default(),
            ring: Ring::default(),
            fence_gpa: 0,
            fences: Fences::default(),
            interrupts: Interrupts::default(),
            queue: Queue::default(),
            vblank: Vblank::new(config.vblank),
            scanout: Scanout::default(),
            cursor: Cursor::default(),
            vram: Vram::new(config.vram_bytes),
        }
    }

    /// The half of a ring reset that happens at once.
    fn reset_ring_registers(&mut self) {
        self.ring.doorbell = false;
        self.ring.reset_memory = true;
        self.fences = Fences::default();
        self.interrupts.reset_ring();
        self.queue.reset_ring();
    }

    /// `SCANOUT0_ENABLE`: blanks come from now on, or no more.
    fn enable_scanout(&mut self, enabled: bool) {
        match (self.scanout.surface.enabled, enabled) {
            (false, true) => self.vblank.start(self.now, &mut self.queue.timeline),
            (true, false) => {
                self.vblank.stop(&mut self.queue.timeline);
                self.interrupts.acknowledge(Irq::SCANOUT_VBLANK);
            }
            _ => {}
        }
        self.scanout.surface.set_enabled(enabled);
    }

    fn display_memory<'a>(&'a self, guest: &'a dyn GuestMemory) -> DisplayMemory<'a> {
        DisplayMemory { guest, vram: &self.vram, bar1: self.pci.base(Bar::Vram) }
    }
}

impl<B: Backend> Device<B> {
    /// A device as it is after power-on, at time 0.
    pub fn new(mut backend: B, config: DeviceConfig) -> Self {
        backend.reset();
        Self { config, backend, state: State::new(&config), reports: VecDeque::new() }
    }

    /// A reset of the bus: registers, queues and the renderer are as after power-on. Time, BARs and video memory stay.
    pub fn reset(&mut self) {
        let fresh = State::new(&self.config);
        let State { now, mut pci, vram, .. } = std::mem::replace(&mut self.state, fresh);
        pci.reset();
        (self.state.now, self.state.pci) = (now, pci);
        self.state.vram = Vram { bank: None, ..vram };
        self.reports.clear();
        self.backend.reset();
    }

    /// Reads 1 to 4 bytes of configuration space.
    pub fn config_read(&self, offset: u16, size: usize) -> u32 {
        self.state.pci.read(offset, size)
    }

    /// Writes 1 to 4 bytes of configuration space.
    pub fn config_write(&mut self, offset: u16, size: usize, value: u32) {
        self.state.pci.write(offset, size, value);
    }

    /// Sets the command register, for buses that keep configuration space themselves.
    pub fn set_command(&mut self, command: u16) {
        self.state.pci.set_command(command);
    }

    /// Sets where a BAR decodes, for buses that keep configuration space themselves.
    pub fn set_bar(&mut self, bar: Bar, base: u32) {
        self.state.pci.set_base(bar, base);
    }

    /// Where a BAR decodes; 0 for nowhere.
    pub fn bar(&self, bar: Bar) -> u64 {
        self.state.pci.base(bar)
    }

    /// Reads 1 to 8 bytes at an offset of a BAR, little-endian. All ones while memory accesses are disabled, and for accesses
    /// that do not fit.
    pub fn bar_read(&self, bar: Bar, offset: u64, size: usize) -> u64 {
        if size == 0 {
            return 0;
        }
        if !self.decodes(bar, offset, size) {
            return u64::MAX >> (64 - 8 * size.min(8));
        }
        match bar {
            Bar::Registers => self.state.read_bar0(offset as u32, size),
            Bar::Vram => self.state.vram.read(offset, size),
        }
    }

    /// Writes 1 to 8 bytes at an offset of a BAR, little-endian. Vanishes while memory accesses are disabled, and where it does
    /// not fit.
    pub fn bar_write(&mut self, bar: Bar, offset: u64, size: usize, value: u64) {
        if !self.decodes(bar, offset, size) {
            return;
        }
        match bar {
            Bar::Registers => {
                let writes = self.state.merge_write(offset as u32, size, value);
                for (offset, value) in writes.into_iter().flatten() {
                    self.write_register(offset, value);
                }
            }
            Bar::Vram => self.state.vram.write(offset, size, value),
        }
    }

    fn write_register(&mut self, offset: u32, value: u32) {
        self.state.write_register(offset, value);
        if offset == mmio::RING_CONTROL && RingControl::from_bits_retain(value).contains(RingControl::RESET) {
            self.backend.reset();
        }
    }

    fn decodes(&self, bar: Bar, offset: u64, size: usize) -> bool {
        let fits = offset.checked_add(size as u64).is_some_and(|end| end <= bar.size());
        self.state.pci.memory_enabled() && size <= 8 && fits
    }

    /// Reads guest physical memory where one of the BARs decodes; `None` elsewhere.
    pub fn memory_read(&self, address: u64, size: usize) -> Option<u64> {
        let (bar, offset) = self.route(address, size)?;
        Some(self.bar_read(bar, offset, size))
    }

    /// Writes guest physical memory where one of the BARs decodes; false, and nothing done, elsewhere.
    pub fn memory_write(&mut self, address: u64, size: usize, value: u64) -> bool {
        let route = self.route(address, size);
        route.map(|(bar, offset)| self.bar_write(bar, offset, size, value)).is_some()
    }

    fn route(&self, address: u64, size: usize) -> Option<(Bar, u64)> {
        [Bar::Registers, Bar::Vram].into_iter().find_map(|bar| {
            let base = self.state.pci.base(bar);
            let offset = address.checked_sub(base).filter(|_| base != 0)?;
            self.decodes(bar, offset, size).then_some((bar, offset))
        })
    }

    /// Reads 1 to 8 bytes of the [legacy window](LEGACY_WINDOW), which shows video memory; `None` outside it.
    pub fn legacy_read(&self, address: u64, size: usize) -> Option<u64> {
        Some(self.state.vram.read(self.state.vram.legacy_offset(address)?, size))
    }

    /// Writes 1 to 8 bytes of the [legacy window](LEGACY_WINDOW); false, and nothing done, outside it.
    pub fn legacy_write(&mut self, address: u64, size: usize, value: u64) -> bool {
        let offset = self.state.vram.legacy_offset(address);
        offset.map(|offset| self.state.vram.write(offset, size, value)).is_some()
    }

    /// Shows this bank of the VBE linear framebuffer at the start of the legacy window; `None` when no VBE mode is set.
    pub fn set_vbe_bank(&mut self, bank: Option<u32>) {
        self.state.vram.bank = bank;
    }

    /// Guest physical address of the VBE linear framebuffer.
    pub fn vbe_framebuffer(&self) -> u64 {
        self.bar(Bar::Vram) + u64::from(identity::BAR1_VBE_LFB_OFFSET_BYTES)
    }

    /// The level of the interrupt line INTA#.
    pub fn interrupt(&self) -> bool {
        self.state.interrupts.pending() && !self.state.pci.intx_disabled()
    }

    /// Guest time.
    pub fn now(&self) -> Nanoseconds {
        self.state.now
    }

    /// When something happens next by itself, in the embedder's time: by then, [`advance_to`](Self::advance_to).
    pub fn next_event(&self) -> Option<Nanoseconds> {
        self.state.queue.timeline.next().map(|t| self.config.pacing.host_time(t))
    }

    /// The vertical blank that was last.
    pub fn vblank(&self) -> VblankNo {
        self.state.vblank.sequence
    }

    /// Cycles of all submissions that have ended.
    pub fn gpu_cycles(&self) -> GpuCycles {
        self.state.queue.cycles
    }

    /// The last fence that the guest can see as completed.
    pub fn completed_fence(&self) -> u64 {
        self.state.fences.completed
    }

    /// The renderer.
    pub fn backend(&mut self) -> &mut B {
        &mut self.backend
    }

    /// What became of submissions since the last call; of the last [`MAX_REPORTS`](limits::MAX_REPORTS).
    pub fn take_reports(&mut self) -> Vec<SubmissionReport> {
        self.reports.drain(..).collect()
    }

    /// What scanout 0 shows, for displays that read guest memory themselves.
    pub fn scanout_state(&self) -> ScanoutState {
        self.state.scanout.state
    }

    /// [`scanout_state`](Self::scanout_state) if it has changed since the last call.
    pub fn take_scanout_update(&mut self) -> Option<ScanoutState> {
        let changed = std::mem::take(&mut self.state.scanout.changed);
        changed.then_some(self.state.scanout.state)
    }

    /// The cursor, for displays that draw it themselves.
    pub fn cursor_state(&self) -> CursorState {
        self.state.cursor.state()
    }

    /// What the display shows now (device.md §8.5): the picture that was presented last or, before there is one, what the
    /// scanout's registers point to; over both, the cursor.
    pub fn present(&mut self, memory: &dyn GuestMemory) -> Display {
        let state = &self.state;
        if state.scanout.owned() && !(state.scanout.surface.enabled && state.pci.bus_master()) {
            return Display::Blank;
        }
        let presented = presented(&mut self.backend);
        let state = &self.state;
        let memory = state.display_memory(memory);
        if !state.scanout.owned() {
            return presented.map_or(Display::Legacy, Display::Picture);
        }
        match presented.or_else(|| state.scanout.read(&memory)) {
            Some(mut picture) => {
                state.cursor.compose(&memory, &mut picture);
                Display::Picture(picture)
            }
            None => Display::Blank,
        }
    }
}

/// What the back end shows on scanout 0, if it is a picture.
fn presented(backend: &mut impl Backend) -> Option<Picture> {
    let shown = backend.scanout(0)?;
    let bytes = u64::from(shown.width) * u64::from(shown.height) * 4;
    Picture::from_texture(&shown).filter(|_| bytes > 0 && bytes <= limits::MAX_SCANOUT_BYTES)
}
