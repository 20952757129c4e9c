//! A guest in a few lines: memory, and a driver that programs the device as that of Windows 7 does (device.md §5.2).
//!
//! For tests of the device and of machines around it (feature `test-utils`). Nothing here is fast or hides anything: every
//! field is public, so that a test can break what it wants broken.

pub mod chaos;

use aerogpu_protocol::ABI_VERSION;
use aerogpu_protocol::registers::{Irq, RingControl, mmio, pci};
use aerogpu_protocol::ring::{
    AllocEntry, RING_MAGIC, RingHeader, SubmitDesc, SubmitFlags, write_alloc_table,
};

use crate::backend::Backend;
use crate::cycles::Nanoseconds;
use crate::device::{Bar, COMMAND_BUS_MASTER, COMMAND_MEMORY, Device, DeviceConfig};
use crate::memory::{GuestMemory, SparseMemory};

/// Where firmware puts the BARs.
pub const BAR0: u32 = 0xE000_0000;
/// Where firmware puts the BARs.
pub const BAR1: u32 = 0xE400_0000;
/// Guest physical address of the ring.
pub const RING: u64 = 0x10_0000;
/// Guest physical address of the fence page.
pub const FENCE_PAGE: u64 = 0x20_0000;
/// Where streams and tables are put, and after how many bytes from the start again: the device copies them when it reads the
/// ring.
const BUFFERS: u64 = 0x1000_0000;
const BUFFER_BYTES: u64 = 64 << 20;
/// Where allocations are put.
const ALLOCATIONS: u64 = 0x1_0000_0000;

/// What the guest submits.
#[derive(Debug, Clone, Copy)]
pub struct Submit<'a> {
    /// The command stream; empty for none.
    pub stream: &'a [u8],
    /// The allocation table; empty for none.
    pub allocations: &'a [AllocEntry],
    /// The fence; 0 for none.
    pub fence: u64,
    /// Presents; completes without an interrupt.
    pub flags: SubmitFlags,
    /// Whose state.
    pub context_id: u32,
}

impl Default for Submit<'_> {
    fn default() -> Self {
        Self { stream: &[], allocations: &[], fence: 0, flags: SubmitFlags::empty(), context_id: 0 }
    }
}

/// A device, guest memory, and the state of the guest's driver.
pub struct Machine<B, M = SparseMemory> {
    /// The device.
    pub device: Device<B>,
    /// Guest memory.
    pub memory: M,
    /// Entries of the ring.
    pub entries: u32,
    /// Bytes from entry to entry.
    pub stride: u32,
    /// Entries produced so far.
    pub tail: u32,
    buffers: u64,
    allocations: u64,
}

impl<B: Backend> Machine<B> {
    /// A machine whose driver has started the device.
    pub fn started(backend: B, config: DeviceConfig) -> Self {
        let mut machine = Self::new(backend, config, SparseMemory::new());
        machine.start();
        machine
    }
}

impl<B: Backend, M: GuestMemory> Machine<B, M> {
    /// A machine whose firmware has assigned the BARs and enabled memory accesses and bus mastering; no driver has run.
    pub fn new(backend: B, config: DeviceConfig, memory: M) -> Self {
        let mut device = Device::new(backend, config);
        device.config_write(0x10, 4, BAR0);
        device.config_write(0x14, 4, BAR1);
        device.config_write(0x04, 2, u32::from(COMMAND_MEMORY | COMMAND_BUS_MASTER));
        Self { device, memory, entries: 256, stride: 64, tail: 0, buffers: BUFFERS, allocations: ALLOCATIONS }
    }

    /// What the driver does first: an empty ring, a fence page, and interrupts.
    pub fn start(&mut self) {
        self.write(mmio::IRQ_ENABLE, 0);
        self.write(mmio::IRQ_ACK, u32::MAX);
        self.write_ring_header();
        self.write64(mmio::RING_GPA_LO, RING);
        self.write(mmio::RING_SIZE_BYTES, self.ring_bytes());
        self.write(mmio::RING_CONTROL, RingControl::ENABLE.bits());
        self.write64(mmio::FENCE_GPA_LO, FENCE_PAGE);
        self.write(mmio::IRQ_ACK, u32::MAX);
        self.write(mmio::IRQ_ENABLE, (Irq::FENCE | Irq::ERROR).bits());
    }

    /// Bytes of the ring, in whole pages.
    pub fn ring_bytes(&self) -> u32 {
        (64 + self.entries * self.stride).next_multiple_of(4096)
    }

    /// An empty ring at `tail`.
    pub fn write_ring_header(&mut self) {
        let header = RingHeader {
            magic: RING_MAGIC,
            abi_version: ABI_VERSION,
            size_bytes: self.ring_bytes(),
            entry_count: self.entries,
            entry_stride_bytes: self.stride,
            head: self.tail,
            tail: self.tail,
            ..RingHeader::default()
        };
        self.poke(RING, bytemuck::bytes_of(&header));
    }

    /// Writes a register.
    pub fn write(&mut self, register: u32, value: u32) {
        self.device.bar_write(Bar::Registers, register.into(), 4, value.into());
    }

    /// Writes a pair of registers.
    pub fn write64(&mut self, register: u32, value: u64) {
        self.device.bar_write(Bar::Registers, register.into(), 8, value);
    }

    /// Reads a register.
    pub fn read(&self, register: u32) -> u32 {
        self.device.bar_read(Bar::Registers, register.into(), 4) as u32
    }

    /// Reads a pair of registers.
    pub fn read64(&self, register: u32) -> u64 {
        self.device.bar_read(Bar::Registers, register.into(), 8)
    }

    /// Sets bits of the PCI command register, or clears them.
    pub fn command(&mut self, bits: u16, set: bool) {
        let old = self.device.config_read(4, 2) as u16;
        self.device.set_command(if set { old | bits } else { old & !bits });
    }

    /// Stores bytes in guest memory.
    pub fn poke(&mut self, gpa: u64, bytes: &[u8]) {
        // Memory that is not there ignores writes, as a bus does.
        self.memory.write(gpa, bytes).ok();
    }

    /// A word of guest memory.
    pub fn peek(&self, gpa: u64) -> u32 {
        let mut bytes = [0xFF; 4];
        self.memory.read(gpa, &mut bytes).ok();
        u32::from_le_bytes(bytes)
    }

    /// The fence page's completed fence.
    pub fn fence_page(&self) -> u64 {
        u64::from(self.peek(FENCE_PAGE + 8)) | u64::from(self.peek(FENCE_PAGE + 12)) << 32
    }

    /// Entries that the device has consumed.
    pub fn head(&self) -> u32 {
        self.peek(RING + 24)
    }

    /// An allocation of guest memory with these bytes.
    pub fn allocate(&mut self, alloc_id: u32, bytes: &[u8]) -> AllocEntry {
        let gpa = self.allocations;
        self.allocations += (bytes.len() as u64).next_multiple_of(4096);
        self.poke(gpa, bytes);
        AllocEntry { alloc_id, gpa, size_bytes: bytes.len() as u64, ..AllocEntry::default() }
    }

    /// Puts bytes where the device may read them. Gives their address and length, both 0 for none.
    fn buffer(&mut self, bytes: &[u8]) -> (u64, u32) {
        if bytes.is_empty() {
            return (0, 0);
        }
        let gpa = self.buffers;
        self.buffers += (bytes.len() as u64).next_multiple_of(64);
        self.poke(gpa, bytes);
        (gpa, bytes.len() as u32)
    }

    /// A descriptor with its stream and table in guest memory.
    pub fn describe(&mut self, submit: &Submit<'_>) -> SubmitDesc {
        if self.buffers - BUFFERS > BUFFER_BYTES {
            self.buffers = BUFFERS;
        }
        let (cmd_gpa, cmd_size_bytes) = self.buffer(submit.stream);
        let table = match submit.allocations {
            [] => Vec::new(),
            entries => write_alloc_table(entries),
        };
        let (alloc_table_gpa, alloc_table_size_bytes) = self.buffer(&table);
        SubmitDesc {
            desc_size_bytes: size_of::<SubmitDesc>() as u32,
            flags: submit.flags.bits(),
            context_id: submit.context_id,
            cmd_gpa,
            cmd_size_bytes,
            alloc_table_gpa,
            alloc_table_size_bytes,
            signal_fence: submit.fence,
            ..SubmitDesc::default()
        }
    }

    /// Appends a descriptor to the ring, without ringing.
    pub fn push(&mut self, desc: &SubmitDesc) {
        let slot = u64::from(self.tail & (self.entries - 1));
        self.poke(RING + 64 + slot * u64::from(self.stride), bytemuck::bytes_of(desc));
        self.tail = self.tail.wrapping_add(1);
        self.poke(RING + 28, &self.tail.to_le_bytes());
    }

    /// Rings the doorbell.
    pub fn ring(&mut self) {
        self.write(mmio::DOORBELL, 1);
    }

    /// Appends a submission and rings.
    pub fn submit(&mut self, submit: &Submit<'_>) {
        let desc = self.describe(submit);
        self.push(&desc);
        self.ring();
    }

    /// Lets the device do what there is to do.
    pub fn step(&mut self) {
        self.device.process(&mut self.memory);
    }

    /// Moves the clock to so many nanoseconds.
    pub fn at(&mut self, nanoseconds: u64) {
        self.device.advance_to(Nanoseconds(nanoseconds), &mut self.memory);
    }

    /// The driver's interrupt routine: what was pending, acknowledged.
    pub fn interrupt(&mut self) -> Irq {
        let pending = self.read(mmio::IRQ_STATUS);
        self.write(mmio::IRQ_ACK, pending);
        Irq::from_bits_retain(pending)
    }

    /// Shows a surface of guest or video memory, in the order in which the driver programs it.
    pub fn show(&mut self, format: u32, [width, height, pitch]: [u32; 3], gpa: u64) {
        self.write(mmio::SCANOUT0_WIDTH, width);
        self.write(mmio::SCANOUT0_HEIGHT, height);
        self.write(mmio::SCANOUT0_FORMAT, format);
        self.write(mmio::SCANOUT0_PITCH_BYTES, pitch);
        self.write64(mmio::SCANOUT0_FB_GPA_LO, gpa);
        self.write(mmio::SCANOUT0_ENABLE, 1);
    }

    /// Shows a cursor whose hot spot is its corner.
    pub fn show_cursor(&mut self, format: u32, [width, height]: [u32; 2], position: [i32; 2], gpa: u64) {
        self.write(mmio::CURSOR_X, position[0] as u32);
        self.write(mmio::CURSOR_Y, position[1] as u32);
        self.write(mmio::CURSOR_WIDTH, width);
        self.write(mmio::CURSOR_HEIGHT, height);
        self.write(mmio::CURSOR_FORMAT, format);
        self.write(mmio::CURSOR_PITCH_BYTES, width.wrapping_mul(4));
        self.write64(mmio::CURSOR_FB_GPA_LO, gpa);
        self.write(mmio::CURSOR_ENABLE, 1);
    }

    /// Guest physical address of an offset of video memory.
    pub fn vram(offset: u32) -> u64 {
        u64::from(BAR1) + u64::from(offset)
    }
}

const _: () = assert!(BAR0.is_multiple_of(pci::BAR0_SIZE_BYTES) && BAR1.is_multiple_of(pci::BAR1_SIZE_BYTES));
