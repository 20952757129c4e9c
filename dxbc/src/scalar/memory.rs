//! Buffers, UAVs, group-shared memory, atomics (S22.4.8-13, S22.17).
//!
//! What lies outside reads 0 and is not written. Addresses that are not multiples of 4 are aligned down. Lanes act in
//! ascending order, and lanes that are not live write nothing.

use crate::ir::{Op, ResourceDimension};
use crate::resources::{AtomicOp, BufferAddress, LoadRequest, Slot};
use crate::shader::{Index, Memory, SharedMemory, Space, Step};

use super::machine::{Machine, components};

/// What `_s` forms write to their second destination: every texel was mapped.
pub(super) const FULLY_MAPPED: [u32; 4] = [u32::MAX; 4];

/// Address operands of a buffer access, as the instruction gives them.
#[derive(Debug, Clone, Copy)]
enum Address {
    Raw(u32),
    Structured(u32, u32),
}

impl Address {
    /// The word `words` further on, unless the byte offset overflows.
    fn word(self, words: usize) -> Option<BufferAddress> {
        let offset = |bytes: u32| (bytes & !3).checked_add(words as u32 * 4);
        match self {
            Self::Raw(bytes) => offset(bytes).map(BufferAddress::Raw),
            Self::Structured(index, bytes) => offset(bytes).map(|o| BufferAddress::Structured(index, o)),
        }
    }
}

impl Machine<'_, '_> {
    /// `ld_raw`, `ld_structured` and their `_s` forms.
    pub(super) fn load_words(&mut self, step: &Step) {
        let Some(memory) = &step.memory else { return };
        self.each(|m, lane| {
            let address = m.buffer_address(lane, step);
            let mut value = [0; 4];
            for c in components(step.destinations[0].mask) {
                value[c] = address.word(memory.swizzle[c].into()).map_or(0, |a| m.load_word(lane, memory, a));
            }
            m.store(lane, &step.destinations[0], value);
            m.store_status(lane, step);
        });
    }

    /// `store_raw`, `store_structured`: consecutive words from the first component on.
    pub(super) fn store_words(&mut self, step: &Step) {
        let Some(memory) = &step.memory else { return };
        self.each(|m, lane| {
            if !m.io.live[lane] {
                return;
            }
            let address = m.buffer_address(lane, step);
            let value = m.source(lane, &step.sources[step.sources.len() - 1]);
            for c in components(memory.mask) {
                if let Some(address) = address.word(c) {
                    m.store_word(lane, memory, address, value[c]);
                }
            }
        });
    }

    /// `store_uav_typed` (S22.4.9)
    pub(super) fn store_typed(&mut self, step: &Step) {
        let Some(Memory { space: Space::Uav { slot, dimension }, .. }) = &step.memory else { return };
        self.each(|m, lane| {
            if m.io.live[lane] {
                let [x, y, z, _] = m.source(lane, &step.sources[0]);
                let value = m.source(lane, &step.sources[1]);
                m.resources.store(m.slot(lane, slot), *dimension, [x, y, z], value);
            }
        });
    }

    /// `ld_uav_typed` (S22.4.8)
    pub(super) fn load_typed(&mut self, step: &Step) {
        let Some(Memory { space: Space::Uav { slot, dimension }, swizzle, .. }) = &step.memory else {
            return;
        };
        self.each(|m, lane| {
            let [x, y, z, _] = m.source(lane, &step.sources[0]);
            let request = LoadRequest {
                slot: Slot::Uav(m.slot(lane, slot)),
                dimension: *dimension,
                address: [x, y, z],
                mip: 0,
                sample: 0,
            };
            let texel = m.resources.load(&request);
            m.store(lane, &step.destinations[0], swizzle.map(|c| texel[usize::from(c & 3)]));
            m.store_status(lane, step);
        });
    }

    /// `atomic_*` and `imm_atomic_*`: the immediate forms give what the word was, 0 to lanes that are not live.
    pub(super) fn atomic(&mut self, step: &Step, op: AtomicOp) {
        let Some(memory) = &step.memory else { return };
        self.each(|m, lane| {
            let mut old = 0;
            if m.io.live[lane] {
                let mut op = op;
                let mut value = m.source(lane, &step.sources[1])[0];
                if let AtomicOp::CompareExchange(comparand) = &mut op {
                    *comparand = value;
                    value = m.source(lane, &step.sources[2])[0];
                }
                let address = m.source(lane, &step.sources[0]);
                old = m.atomic_word(lane, memory, address, op, value);
            }
            if let Some(destination) = step.destinations.first() {
                m.store(lane, destination, [old; 4]);
            }
        });
    }

    /// `imm_atomic_alloc`, `imm_atomic_consume` (S22.17.17-18)
    pub(super) fn counter(&mut self, step: &Step) {
        let Some(Memory { space: Space::Uav { slot, .. }, .. }) = &step.memory else { return };
        self.each(|m, lane| {
            let slot = m.slot(lane, slot);
            let value = match step.op {
                _ if !m.io.live[lane] => 0,
                Op::ImmAtomicAlloc => m.resources.counter_increment(slot),
                _ => m.resources.counter_decrement(slot),
            };
            m.store(lane, &step.destinations[0], [value; 4]);
        });
    }

    /// The second destination of an `_s` form.
    pub(super) fn store_status(&mut self, lane: usize, step: &Step) {
        if let Some(status) = step.destinations.get(1) {
            self.store(lane, status, FULLY_MAPPED);
        }
    }

    /// The number of a resource register.
    pub(super) fn slot(&self, lane: usize, slot: &Index) -> u32 {
        self.index(lane, slot) as u32
    }

    /// `ld_raw`, `store_raw`: one operand; `ld_structured`, `store_structured`: index and byte offset.
    fn buffer_address(&self, lane: usize, step: &Step) -> Address {
        let first = self.source(lane, &step.sources[0])[0];
        match step.op {
            Op::LdRaw | Op::LdRawS | Op::StoreRaw => Address::Raw(first),
            _ => Address::Structured(first, self.source(lane, &step.sources[1])[0]),
        }
    }

    fn load_word(&self, lane: usize, memory: &Memory, address: BufferAddress) -> u32 {
        match &memory.space {
            Space::Resource { slot, .. } => {
                self.resources.load_word(Slot::Resource(self.slot(lane, slot)), address)
            }
            Space::Uav { slot, .. } => self.resources.load_word(Slot::Uav(self.slot(lane, slot)), address),
            Space::Shared(shared) => shared_word(shared, address).map_or(0, |word| self.shared[word]),
            Space::Rasterizer | Space::Stream(_) => 0,
        }
    }

    fn store_word(&mut self, lane: usize, memory: &Memory, address: BufferAddress, value: u32) {
        match &memory.space {
            Space::Uav { slot, .. } => self.resources.store_word(self.slot(lane, slot), address, value),
            Space::Shared(shared) => {
                if let Some(word) = shared_word(shared, address) {
                    self.shared[word] = value;
                }
            }
            Space::Resource { .. } | Space::Rasterizer | Space::Stream(_) => {}
        }
    }

    fn atomic_word(
        &mut self,
        lane: usize,
        memory: &Memory,
        address: [u32; 4],
        op: AtomicOp,
        value: u32,
    ) -> u32 {
        let [x, y, z, _] = address;
        match &memory.space {
            Space::Uav { slot, dimension } => {
                let address = match dimension {
                    ResourceDimension::RawBuffer => BufferAddress::Raw(x & !3),
                    ResourceDimension::StructuredBuffer => BufferAddress::Structured(x, y & !3),
                    _ => BufferAddress::Typed([x, y, z]),
                };
                self.resources.atomic(self.slot(lane, slot), address, op, value)
            }
            Space::Shared(shared) => {
                let address = match shared.stride {
                    None => BufferAddress::Raw(x & !3),
                    Some(_) => BufferAddress::Structured(x, y & !3),
                };
                let Some(word) = shared_word(shared, address) else { return 0 };
                let old = self.shared[word];
                self.shared[word] = op.apply(old, value);
                old
            }
            Space::Resource { .. } | Space::Rasterizer | Space::Stream(_) => 0,
        }
    }
}

/// The word of group-shared memory at an address, if it is inside the register (and inside its structure).
pub(crate) fn shared_word(shared: &SharedMemory, address: BufferAddress) -> Option<usize> {
    let byte = match (address, shared.stride) {
        (BufferAddress::Raw(byte), _) => byte,
        (BufferAddress::Structured(index, byte), Some(stride)) if byte.checked_add(4)? <= stride => {
            index.checked_mul(stride)?.checked_add(byte)?
        }
        _ => return None,
    };
    (byte.checked_add(4)? <= shared.bytes).then_some((shared.first + byte / 4) as usize)
}
