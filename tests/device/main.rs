//! The device as a guest's driver sees it. Expected values are those of device.md; the words in quotes are the names of the
//! behaviours in its §18 and §20.1.

mod clock;
mod display;
mod fences;
mod interrupts;
mod malformed;
mod properties;
mod registers;
mod renderer;
mod ring;
mod snapshots;

use std::cell::Cell;

use aerogpu::backend::{Bridge, Noop};
use aerogpu::device::{Decoding, DeviceConfig, Pacing};
use aerogpu::memory::{GuestMemory, MemoryError, SparseMemory};
use aerogpu::mock::{Machine, Submit};
use aerogpu_protocol::StreamWriter;
use aerogpu_protocol::registers::mmio;

/// A vertical blank at 60 Hz, the first one's time.
const BLANK: u64 = 16_666_667;

fn noop() -> Machine<Noop> {
    Machine::started(Noop::default(), DeviceConfig::default())
}

fn strict() -> Machine<Noop> {
    let config = DeviceConfig { decoding: Decoding::Strict, ..DeviceConfig::default() };
    Machine::started(Noop::default(), config)
}

fn bridge() -> Machine<Bridge> {
    Machine::started(Bridge::default(), DeviceConfig::default())
}

fn paced(pacing: Pacing) -> Machine<aerogpu::SoftwareRenderer> {
    let config = DeviceConfig { pacing, ..DeviceConfig::default() };
    Machine::started(aerogpu::SoftwareRenderer::default(), config)
}

/// A stream that does nothing.
fn nothing() -> Vec<u8> {
    StreamWriter::new().flush().finish_clone()
}

/// A stream that presents with the vertical blank.
fn vsync() -> Vec<u8> {
    StreamWriter::new().present(0, true).finish_clone()
}

trait FinishClone {
    fn finish_clone(&self) -> Vec<u8>;
}

impl FinishClone for StreamWriter {
    fn finish_clone(&self) -> Vec<u8> {
        self.clone().finish()
    }
}

fn fence(stream: &[u8], fence: u64) -> Submit<'_> {
    Submit { stream, fence, ..Submit::default() }
}

/// Code, fence and count of the error registers.
fn error<B: aerogpu::Backend, M: GuestMemory>(machine: &Machine<B, M>) -> (u32, u64, u32) {
    (machine.read(mmio::ERROR_CODE), machine.read64(mmio::ERROR_FENCE_LO), machine.read(mmio::ERROR_COUNT))
}

fn completed<B: aerogpu::Backend, M: GuestMemory>(machine: &Machine<B, M>) -> u64 {
    machine.read64(mmio::COMPLETED_FENCE_LO)
}

/// Guest memory that counts accesses, and those below 4 GiB from its start, where overflowing addresses would wrap to.
#[derive(Default)]
struct Watched {
    memory: SparseMemory,
    accesses: Cell<u64>,
    low: Cell<u64>,
}

impl Watched {
    fn note(&self, address: u64) {
        self.accesses.set(self.accesses.get() + 1);
        self.low.set(self.low.get() + u64::from(address < 0x1000));
    }
}

impl GuestMemory for Watched {
    fn read(&self, address: u64, out: &mut [u8]) -> Result<(), MemoryError> {
        self.note(address);
        self.memory.read(address, out)
    }

    fn write(&mut self, address: u64, data: &[u8]) -> Result<(), MemoryError> {
        self.note(address);
        self.memory.write(address, data)
    }
}

/// A started machine whose accesses to memory are counted from here on.
fn watched() -> Machine<Noop, Watched> {
    let mut machine = Machine::new(Noop::default(), DeviceConfig::default(), Watched::default());
    machine.start();
    machine.memory.accesses.set(0);
    machine
}
