//! A guest that does anything, and what must hold all the same.
//!
//! Bytes become operations on a device: accesses of every kind, rings and submissions whole and broken, time, snapshots whole
//! and broken. Property tests and the fuzz target `device` share it.

use std::cell::Cell;

use aerogpu_protocol::StreamWriter;
use aerogpu_protocol::registers::mmio;
use aerogpu_protocol::ring::{AllocEntry, SubmitDesc, SubmitFlags};

use super::{Machine, RING, Submit};
use crate::backend::{Backend, Bridge, Noop};
use crate::cycles::{GpuCycles, Nanoseconds};
use crate::device::{
    Bar, COMMAND_BUS_MASTER, COMMAND_INTX_DISABLE, COMMAND_MEMORY, Decoding, Device, DeviceConfig, Pacing,
};
use crate::memory::{GuestMemory, MemoryError, SparseMemory};
use crate::{Options, SoftwareRenderer};

/// Registers that do something.
const REGISTERS: [u32; 24] = [
    mmio::RING_GPA_LO,
    mmio::RING_GPA_HI,
    mmio::RING_SIZE_BYTES,
    mmio::RING_CONTROL,
    mmio::FENCE_GPA_LO,
    mmio::FENCE_GPA_HI,
    mmio::DOORBELL,
    mmio::IRQ_ENABLE,
    mmio::IRQ_ACK,
    mmio::SCANOUT0_ENABLE,
    mmio::SCANOUT0_WIDTH,
    mmio::SCANOUT0_HEIGHT,
    mmio::SCANOUT0_FORMAT,
    mmio::SCANOUT0_PITCH_BYTES,
    mmio::SCANOUT0_FB_GPA_LO,
    mmio::SCANOUT0_FB_GPA_HI,
    mmio::CURSOR_ENABLE,
    mmio::CURSOR_X,
    mmio::CURSOR_WIDTH,
    mmio::CURSOR_HEIGHT,
    mmio::CURSOR_FORMAT,
    mmio::CURSOR_PITCH_BYTES,
    mmio::CURSOR_FB_GPA_LO,
    mmio::CURSOR_FB_GPA_HI,
];

/// Operations that are still to come, as bytes; behind their end there are zeros.
struct Operations<'a>(&'a [u8]);

impl Operations<'_> {
    fn u8(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().map_or((0, self.0), |(&first, rest)| (first, rest));
        self.0 = rest;
        first
    }

    fn u16(&mut self) -> u16 {
        u16::from_le_bytes([self.u8(), self.u8()])
    }

    /// Small numbers, powers of two and their neighbours, and anything.
    fn u32(&mut self) -> u32 {
        match self.u8() {
            small @ 0..=0x7F => u32::from(small),
            power @ 0x80..=0xBF => (1u32 << (power & 31)).wrapping_sub(u32::from(power >> 5 & 1)),
            _ => u32::from(self.u16()) << 16 | u32::from(self.u16()),
        }
    }
}

/// Guest memory that counts accesses.
#[derive(Default)]
struct Counted {
    memory: SparseMemory,
    accesses: Cell<u64>,
}

impl GuestMemory for Counted {
    fn read(&self, address: u64, out: &mut [u8]) -> Result<(), MemoryError> {
        self.accesses.set(self.accesses.get() + 1);
        self.memory.read(address, out)
    }

    fn write(&mut self, address: u64, data: &[u8]) -> Result<(), MemoryError> {
        self.accesses.set(self.accesses.get() + 1);
        self.memory.write(address, data)
    }
}

/// What the other side of a back end does now and then.
trait Host: Backend {
    /// A snapshot brings everything back.
    const COMPLETE_SNAPSHOTS: bool = true;

    fn host(&mut self, _: &mut Operations<'_>) {}
}

impl Host for Noop {}
impl Host for SoftwareRenderer {}

impl Host for Bridge {
    const COMPLETE_SNAPSHOTS: bool = false;

    fn host(&mut self, operations: &mut Operations<'_>) {
        if operations.u8().is_multiple_of(2) {
            self.drain();
        } else {
            self.complete(u64::from(operations.u8()));
        }
    }
}

/// Runs the operations that `bytes` stand for.
///
/// # Panics
/// If the device breaks a promise: guest memory is touched by steps and presents of a bus master alone; completed fences never
/// go back but by a reset; the interrupt line is what status, mask and command say; blanks do not go back; a snapshot that is
/// restored gives the same snapshot.
pub fn run(bytes: &[u8]) {
    let mut operations = Operations(bytes);
    let choice = operations.u8();
    let config = DeviceConfig {
        pacing: if choice & 4 == 0 { Pacing::Immediate } else { Pacing::Lockstep },
        decoding: if choice & 8 == 0 { Decoding::Lenient } else { Decoding::Strict },
        present_write_back: choice & 16 != 0,
        budget: GpuCycles(1 << 20),
        ..DeviceConfig::default()
    };
    let options = Options { budget: 1 << 22, ..Options::default() };
    match choice & 3 {
        0 => drive(&|| Bridge::default(), config, operations),
        1 => drive(&|| SoftwareRenderer::new(options), config, operations),
        _ => drive(&|| Noop::default(), config, operations),
    }
}

fn drive<B: Host>(backend: &dyn Fn() -> B, config: DeviceConfig, mut operations: Operations<'_>) {
    let mut machine = Machine::new(backend(), config, Counted::default());
    machine.start();
    let mut last = Seen::of(&machine);
    while !operations.0.is_empty() {
        let accesses = machine.memory.accesses.get();
        let effect = operate(&mut machine, backend, config, &mut operations);
        let now = Seen::of(&machine);
        if !now.bus_master && effect != Effect::Guest {
            assert_eq!(machine.memory.accesses.get(), accesses, "memory was touched without bus mastering");
        }
        if effect != Effect::Reset {
            assert!(now.completed >= last.completed, "a completed fence went back");
            assert!(now.blank >= last.blank, "a vertical blank went back");
            assert!(now.time >= last.time, "time went back");
        }
        machine.check_line();
        last = now;
    }
}

/// What an operation may do beside its own business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    None,
    /// The guest itself touches its memory.
    Guest,
    /// Fences and blanks may go back.
    Reset,
}

/// What may only grow.
struct Seen {
    bus_master: bool,
    completed: u64,
    blank: u64,
    time: Nanoseconds,
}

impl Seen {
    fn of<B: Backend>(machine: &Machine<B, Counted>) -> Self {
        let device = &machine.device;
        Self {
            bus_master: device.config_read(4, 2) as u16 & COMMAND_BUS_MASTER != 0,
            completed: device.completed_fence(),
            blank: device.vblank().0,
            time: device.now(),
        }
    }
}

impl<B: Backend> Machine<B, Counted> {
    fn check_line(&mut self) {
        let command = self.device.config_read(4, 2) as u16;
        self.device.set_command(command | COMMAND_MEMORY);
        let pending = self.read(mmio::IRQ_STATUS) & self.read(mmio::IRQ_ENABLE) != 0;
        self.device.set_command(command);
        assert_eq!(self.device.interrupt(), pending && command & COMMAND_INTX_DISABLE == 0, "the line");
    }
}

fn operate<B: Host>(
    machine: &mut Machine<B, Counted>,
    backend: &dyn Fn() -> B,
    config: DeviceConfig,
    operations: &mut Operations<'_>,
) -> Effect {
    match operations.u8() % 16 {
        0 => {
            let register = REGISTERS[usize::from(operations.u8()) % REGISTERS.len()];
            let value = operations.u32();
            machine.write(register, value);
            if register == mmio::RING_CONTROL { Effect::Reset } else { Effect::None }
        }
        1 => {
            let (offset, size) = (u64::from(operations.u16()), usize::from(operations.u8() % 11));
            let value = u64::from(operations.u32()) << 32 | u64::from(operations.u32());
            machine.device.bar_write(Bar::Registers, offset, size, value);
            let _ = machine.device.bar_read(Bar::Registers, offset, size);
            if (offset..offset + 8).contains(&u64::from(mmio::RING_CONTROL)) || offset & !3 == 0x10C {
                Effect::Reset
            } else {
                Effect::None
            }
        }
        2 => {
            let (offset, size) = (u16::from(operations.u8()), usize::from(operations.u8() % 6));
            machine.device.config_write(offset, size, operations.u32());
            let _ = machine.device.config_read(offset, size);
            Effect::None
        }
        3 => {
            let (offset, size) = (u64::from(operations.u32()), usize::from(operations.u8() % 11));
            machine.device.bar_write(Bar::Vram, offset, size, operations.u32().into());
            let _ = machine.device.bar_read(Bar::Vram, offset, size);
            let _ = machine.device.legacy_read(offset, size);
            Effect::None
        }
        4 => {
            let bits = [COMMAND_MEMORY, COMMAND_BUS_MASTER, COMMAND_INTX_DISABLE];
            machine.command(bits[usize::from(operations.u8()) % 3], operations.u8() & 1 != 0);
            Effect::None
        }
        5 | 6 => {
            let t =
                machine.device.now().0.saturating_add(u64::from(operations.u32()) << (operations.u8() % 12));
            machine.at(t);
            Effect::None
        }
        7 => {
            // Anywhere in the header and the first entries, or anywhere at all.
            let at = u64::from(operations.u16());
            let value = operations.u32();
            machine.poke(if at < 0x8000 { RING + at % 256 } else { at << 12 }, &value.to_le_bytes());
            Effect::Guest
        }
        8 | 9 => {
            submit(machine, operations);
            Effect::Guest
        }
        10 => {
            machine.ring();
            machine.step();
            Effect::None
        }
        11 => {
            present(machine);
            Effect::None
        }
        12 => {
            machine.device.backend().host(operations);
            Effect::None
        }
        13 => restore(machine, backend, config, operations),
        14 => {
            machine.device.reset();
            machine.command(COMMAND_MEMORY | COMMAND_BUS_MASTER, true);
            machine.start();
            Effect::Reset
        }
        _ => {
            machine.step();
            Effect::None
        }
    }
}

/// Appends a submission, sound or broken in one word.
fn submit<B: Backend>(machine: &mut Machine<B, Counted>, operations: &mut Operations<'_>) {
    let mut writer = StreamWriter::new();
    match operations.u8() % 4 {
        0 => writer.flush(),
        1 => writer.present(0, true),
        2 => writer.raw(operations.u32(), &[operations.u8(); 8]),
        _ => writer.clear(aerogpu_protocol::packets::ClearFlags::COLOR, [1.0; 4], 1.0, 0).present(0, false),
    };
    let stream = writer.finish();
    let entry = AllocEntry {
        alloc_id: u32::from(operations.u8()),
        gpa: u64::from(operations.u32()) << 12,
        size_bytes: u64::from(operations.u32()),
        ..AllocEntry::default()
    };
    let submit = Submit {
        stream: &stream,
        allocations: if operations.u8() & 1 == 0 { &[] } else { &[entry, entry] },
        fence: u64::from(operations.u8()),
        flags: SubmitFlags::from_bits_retain(u32::from(operations.u8())),
        context_id: 0,
    };
    let mut desc = machine.describe(&submit);
    if operations.u8() & 1 == 1 {
        let words: &mut [u32] = bytemuck::cast_slice_mut(bytemuck::bytes_of_mut(&mut desc));
        words[usize::from(operations.u8()) % (size_of::<SubmitDesc>() / 4)] = operations.u32();
    }
    if operations.u8().is_multiple_of(4) {
        let gpa = if operations.u8() & 1 == 0 { desc.cmd_gpa } else { desc.alloc_table_gpa };
        machine.poke(gpa.wrapping_add(u64::from(operations.u8() & 0x3C)), &operations.u32().to_le_bytes());
    }
    machine.push(&desc);
}

/// Presents, unless that would take long.
fn present<B: Backend>(machine: &mut Machine<B, Counted>) {
    let area = |width: u32, height: u32| u64::from(machine.read(width)) * u64::from(machine.read(height));
    let scanout = area(mmio::SCANOUT0_WIDTH, mmio::SCANOUT0_HEIGHT);
    let cursor = area(mmio::CURSOR_WIDTH, mmio::CURSOR_HEIGHT);
    let short = |area: u64| !(1 << 14..=1 << 24).contains(&area);
    if short(scanout) && short(cursor) {
        let _ = machine.device.present(&machine.memory);
    }
}

/// Goes on with a device that was restored from a snapshot; some are damaged.
fn restore<B: Host>(
    machine: &mut Machine<B, Counted>,
    backend: &dyn Fn() -> B,
    config: DeviceConfig,
    operations: &mut Operations<'_>,
) -> Effect {
    let mut snapshot = machine.device.snapshot();
    let mut restored = Device::new(backend(), config);
    let damaged = operations.u8() & 1 == 1;
    if damaged {
        let at = usize::from(operations.u16()) % snapshot.len();
        snapshot[at] ^= operations.u8();
    }
    let result = restored.restore(&snapshot);
    if !damaged {
        assert_eq!(result, Ok(()), "a snapshot can be restored");
        if B::COMPLETE_SNAPSHOTS {
            let again = restored.snapshot();
            let differs = again.iter().zip(&snapshot).position(|(a, b)| a != b);
            let lengths = (again.len(), snapshot.len());
            assert!(
                again == snapshot,
                "a restored device gives another snapshot: {differs:?} of {lengths:?}"
            );
        }
    }
    machine.device = restored;
    if result.is_err() {
        machine.command(COMMAND_MEMORY | COMMAND_BUS_MASTER, true);
        machine.start();
    }
    if damaged { Effect::Reset } else { Effect::None }
}
