//! What the interpreter's tests share: programs from text, a recording world, short runs.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use aerogpu_dxbc::ir::ResourceDimension;
use aerogpu_dxbc::resources::{AtomicOp, BufferAddress, LoadRequest, ResourceInfo, SampleRequest, Slot};
use aerogpu_dxbc::{Io, Resources, ValidatedShader, ValidationError, assembler, scalar};

/// More than any test needs.
pub(crate) const BUDGET: u64 = 1_000_000;

/// The bits of a float.
pub(crate) fn f(value: f32) -> u32 {
    value.to_bits()
}

pub(crate) fn try_shader(text: &str) -> Result<ValidatedShader, ValidationError> {
    let assembled = assembler::assemble(text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    ValidatedShader::new(assembled.program, assembled.signatures)
}

pub(crate) fn shader(text: &str) -> ValidatedShader {
    try_shader(text).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

fn prepared(shader: &ValidatedShader, lanes: usize, inputs: &[[u32; 4]]) -> Io {
    let mut io = Io::default();
    io.reset(lanes, shader.input_vectors(), shader.patch_registers(), shader.output_registers());
    for (lane, &value) in inputs.iter().enumerate() {
        io.inputs.set_vector(lane, 0, value);
    }
    io
}

/// One lane for each input, which is its `v0`.
pub(crate) fn run_vertices(shader: &ValidatedShader, resources: &dyn Resources, inputs: &[[u32; 4]]) -> Io {
    let mut io = prepared(shader, inputs.len(), inputs);
    scalar::run(shader, resources, &mut io, BUDGET).unwrap();
    io
}

/// One quad with these `v0`.
pub(crate) fn run_pixels(shader: &ValidatedShader, resources: &dyn Resources, inputs: &[[u32; 4]]) -> Io {
    let mut io = prepared(shader, 4, inputs);
    scalar::run(shader, resources, &mut io, BUDGET).unwrap();
    io
}

/// One thread group.
pub(crate) fn run_group(shader: &ValidatedShader, resources: &dyn Resources, group: [u32; 3]) -> Io {
    let mut io = prepared(shader, shader.thread_group().iter().product::<u32>() as usize, &[]);
    io.thread_group_id = group;
    scalar::run(shader, resources, &mut io, BUDGET).unwrap();
    io
}

/// Remembers what it is asked, answers with constants, and keeps the words of raw buffers.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) constants: Vec<Vec<u32>>,
    pub(crate) texel: [u32; 4],
    pub(crate) info: ResourceInfo,
    pub(crate) samples: RefCell<Vec<SampleRequest>>,
    pub(crate) loads: RefCell<Vec<LoadRequest>>,
    pub(crate) memory: RefCell<BTreeMap<(u32, u32), u32>>,
    pub(crate) counter: Cell<u32>,
}

impl World {
    /// Byte offsets and words that were stored to a raw UAV, in order of their offsets.
    pub(crate) fn words(&self, slot: u32) -> Vec<(u32, u32)> {
        let memory = self.memory.borrow();
        memory.range((slot, 0)..=(slot, u32::MAX)).map(|(&(_, offset), &word)| (offset, word)).collect()
    }
}

fn raw(address: BufferAddress) -> u32 {
    match address {
        BufferAddress::Raw(offset) => offset,
        other => panic!("not a raw address: {other:?}"),
    }
}

impl Resources for World {
    fn constants(&self, slot: u32) -> &[u32] {
        self.constants.get(slot as usize).map_or(&[], Vec::as_slice)
    }
    fn sample(&self, request: &SampleRequest) -> [u32; 4] {
        self.samples.borrow_mut().push(*request);
        self.texel
    }
    fn load(&self, request: &LoadRequest) -> [u32; 4] {
        self.loads.borrow_mut().push(*request);
        self.texel
    }
    fn load_word(&self, slot: Slot, address: BufferAddress) -> u32 {
        let (Slot::Resource(slot) | Slot::Uav(slot)) = slot;
        self.memory.borrow().get(&(slot, raw(address))).copied().unwrap_or(0)
    }
    fn info(&self, _: Slot, _: u32) -> ResourceInfo {
        self.info
    }
    fn sample_position(&self, _: Option<u32>, index: u32) -> [f32; 2] {
        [index as f32, 0.5]
    }
    fn render_target_samples(&self) -> u32 {
        8
    }
    fn store(&self, slot: u32, _: ResourceDimension, address: [u32; 3], value: [u32; 4]) {
        self.memory.borrow_mut().insert((slot, address[0]), value[0]);
    }
    fn store_word(&self, slot: u32, address: BufferAddress, value: u32) {
        self.memory.borrow_mut().insert((slot, raw(address)), value);
    }
    fn atomic(&self, slot: u32, address: BufferAddress, op: AtomicOp, value: u32) -> u32 {
        let mut memory = self.memory.borrow_mut();
        let word = memory.entry((slot, raw(address))).or_default();
        std::mem::replace(word, op.apply(*word, value))
    }
    fn counter_increment(&self, _: u32) -> u32 {
        self.counter.replace(self.counter.get() + 1)
    }
    fn counter_decrement(&self, _: u32) -> u32 {
        self.counter.set(self.counter.get() - 1);
        self.counter.get()
    }
}
