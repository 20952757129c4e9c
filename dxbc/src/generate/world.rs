//! A world whose every answer is a function of the question and of what was written before.

use std::cell::{Cell, RefCell};

use rustc_hash::FxHashMap;

use crate::ir::ResourceDimension;
use crate::resources::{
    AtomicOp, BufferAddress, ClassInstance, LoadRequest, Location, Lod, ResourceInfo, Resources, SampleKind,
    SampleRequest, Slot,
};

/// A well-mixed word from a few others.
pub fn hash(words: &[u32]) -> u32 {
    words.iter().fold(0x9e37_79b9, |state, &word| {
        let mixed = (state ^ word).wrapping_mul(0x85eb_ca6b);
        (mixed ^ mixed >> 13).wrapping_mul(0xc2b2_ae35) ^ mixed >> 16
    })
}

/// Bits that shaders meet: mostly floats between -2 and 2, some small integers, any bits, special numbers.
pub fn value(seed: &[u32]) -> u32 {
    const SPECIAL: [u32; 16] = [
        0,
        0x8000_0000,
        1,
        0x807f_ffff,
        0x0080_0000,
        0x7f80_0000,
        0xff80_0000,
        0x7fc0_0000,
        0xff80_0001,
        0x3f80_0000,
        0xbf80_0000,
        u32::MAX,
        0x7fff_ffff,
        0x7f7f_ffff,
        0x4b00_0000,
        0x3f00_0000,
    ];
    let bits = hash(seed);
    match bits & 15 {
        0 | 1 => bits >> 28,
        2 => bits,
        3 => SPECIAL[bits as usize >> 28],
        4 => (bits as i32 as f32 / 1024.0).to_bits(),
        _ => (bits as i32 as f32 / 1_073_741_824.0).to_bits(),
    }
}

/// Textures, buffers and constants made of hashes; what is written is remembered, and so is in which order.
#[derive(Debug, Clone)]
pub struct HashWorld {
    seed: u32,
    constants: Vec<u32>,
    memory: RefCell<FxHashMap<(u32, BufferAddressKey), u32>>,
    counter: Cell<u32>,
    effects: Cell<u32>,
}

type BufferAddressKey = [u32; 4];

fn key(address: BufferAddress) -> BufferAddressKey {
    match address {
        BufferAddress::Raw(offset) => [0, offset, 0, 0],
        BufferAddress::Structured(index, offset) => [1, index, offset, 0],
        BufferAddress::Typed([x, y, z]) => [2, x, y, z],
    }
}

impl HashWorld {
    /// A world for each seed.
    pub fn new(seed: u32) -> Self {
        Self {
            seed,
            constants: (0..512).map(|i| value(&[seed, i, 1])).collect(),
            memory: RefCell::default(),
            counter: Cell::new(seed & 7),
            effects: Cell::new(0),
        }
    }

    /// A digest of everything that was written, in order.
    pub fn effects(&self) -> u32 {
        self.effects.get()
    }

    fn note(&self, words: &[u32]) {
        self.effects.set(hash(&[self.effects.get(), hash(words)]));
    }

    fn word(&self, slot: u32, address: BufferAddress) -> u32 {
        let key = key(address);
        let written = self.memory.borrow().get(&(slot, key)).copied();
        written.unwrap_or_else(|| value(&[self.seed, slot, key[0], key[1], key[2], key[3]]))
    }

    fn write(&self, slot: u32, address: BufferAddress, value: u32) {
        let key = key(address);
        self.note(&[slot, key[0], key[1], key[2], key[3], value]);
        self.memory.borrow_mut().insert((slot, key), value);
    }
}

fn number(slot: Slot) -> u32 {
    match slot {
        Slot::Resource(slot) => slot | 1 << 16,
        Slot::Uav(slot) => slot,
    }
}

impl Resources for HashWorld {
    fn constants(&self, slot: u32) -> &[u32] {
        &self.constants[(slot as usize % 8) * 16..]
    }
    fn sample(&self, request: &SampleRequest) -> [u32; 4] {
        let kind = match request.kind {
            SampleKind::Filter => [0, 0],
            SampleKind::Compare(reference) => [1, reference.to_bits()],
            SampleKind::Gather(component) => [2, component.into()],
            SampleKind::GatherCompare(reference) => [3, reference.to_bits()],
            SampleKind::QueryLod => [4, 0],
        };
        let lod = match request.lod {
            Lod::Derivatives { ddx, ddy, bias } => {
                hash(&[ddx, ddy].concat().into_iter().chain([bias]).map(f32::to_bits).collect::<Vec<_>>())
            }
            Lod::Explicit(lod) => lod.to_bits(),
        };
        let [x, y, z, w] = request.coordinate.map(f32::to_bits);
        let [u, v, r] = request.offset.map(|o| o as u32);
        let clamp = request.lod_clamp.to_bits();
        let state = hash(&[
            self.seed,
            request.texture,
            request.sampler,
            x,
            y,
            z,
            w,
            lod,
            clamp,
            u,
            v,
            r,
            kind[0],
            kind[1],
        ]);
        [0, 1, 2, 3].map(|c| value(&[state, c]))
    }
    fn load(&self, request: &LoadRequest) -> [u32; 4] {
        let [x, y, z] = request.address;
        if let Slot::Uav(slot) = request.slot {
            return [self.word(slot, BufferAddress::Typed(request.address)), 0, 0, 1];
        }
        let state = hash(&[number(request.slot), x, y, z, request.mip, request.sample]);
        [0, 1, 2, 3].map(|c| value(&[self.seed, state, c]))
    }
    fn load_word(&self, slot: Slot, address: BufferAddress) -> u32 {
        self.word(number(slot), address)
    }
    fn info(&self, slot: Slot, mip: u32) -> ResourceInfo {
        let size = 16 + number(slot) % 5;
        ResourceInfo {
            width: if mip < 4 { size >> mip } else { 0 },
            height: 8,
            depth: 4,
            array_size: 3,
            mip_levels: 4,
            samples: 4,
        }
    }
    fn sample_position(&self, _: Option<u32>, index: u32) -> [f32; 2] {
        [index as f32 / 16.0, 0.25]
    }
    fn render_target_samples(&self) -> u32 {
        4
    }
    fn store(&self, slot: u32, _: ResourceDimension, address: [u32; 3], value: [u32; 4]) {
        self.note(&value);
        self.write(slot, BufferAddress::Typed(address), value[0]);
    }
    fn store_word(&self, slot: u32, address: BufferAddress, value: u32) {
        self.write(slot, address, value);
    }
    fn atomic(&self, slot: u32, address: BufferAddress, op: AtomicOp, value: u32) -> u32 {
        let old = self.word(slot, address);
        self.write(slot, address, op.apply(old, value));
        old
    }
    fn counter_increment(&self, slot: u32) -> u32 {
        self.note(&[slot, self.counter.get()]);
        self.counter.replace(self.counter.get().wrapping_add(1))
    }
    fn counter_decrement(&self, slot: u32) -> u32 {
        self.note(&[slot, self.counter.get()]);
        self.counter.set(self.counter.get().wrapping_sub(1));
        self.counter.get()
    }
    fn interpolate(&self, lane: usize, register: u32, location: Location) -> Option<[u32; 4]> {
        let place = match location {
            Location::Centroid => return None,
            Location::Sample(index) => [1, index, 0],
            Location::Snapped([x, y]) => [2, x as u32, y as u32],
        };
        let [kind, x, y] = place;
        Some([0, 1, 2, 3].map(|c| value(&[lane as u32, register, kind, x, y, c])))
    }
    fn class_instance(&self, slot: u32) -> ClassInstance {
        ClassInstance { class: hash(&[self.seed, slot]) % 3, data: [0, 1, 2, 3].map(|c| (slot + c) % 4) }
    }
}
