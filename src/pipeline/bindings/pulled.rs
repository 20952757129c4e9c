//! Bindings of a pixel shader that pulls inputs (`eval_*`).

use aerogpu_dxbc::ir::ResourceDimension;
use aerogpu_dxbc::resources::{
    AtomicOp, BufferAddress, LoadLanes, LoadRequest, Location, ResourceInfo, Resources, RowsMut, SampleLanes,
    SampleRequest, Slot, WordLanes,
};
use aerogpu_raster::shader::{PullModel, PullPlace};

use super::StageBindings;
use crate::pipeline::link::unfed;

/// What is bound, and the rasterizer to ask for inputs at other places; all else passes through.
pub struct Pulled<'a> {
    /// What is bound.
    pub bindings: &'a StageBindings,
    /// The batch's inputs.
    pub inputs: &'a dyn PullModel,
}

impl Resources for Pulled<'_> {
    fn interpolate(&self, lane: usize, register: u32, location: Location) -> Option<[u32; 4]> {
        let place = match location {
            Location::Centroid => PullPlace::Centroid,
            Location::Sample(index) => PullPlace::Sample(index),
            Location::Snapped(sixteenths) => PullPlace::Snapped(sixteenths),
        };
        let row = register as usize * 4;
        Some([0, 1, 2, 3].map(|c| self.inputs.pull(lane, row + c, place).unwrap_or_else(|| unfed(row + c))))
    }

    fn constants(&self, slot: u32) -> &[u32] {
        self.bindings.constants(slot)
    }
    fn sample(&self, request: &SampleRequest) -> [u32; 4] {
        self.bindings.sample(request)
    }
    fn load(&self, request: &LoadRequest) -> [u32; 4] {
        self.bindings.load(request)
    }
    fn load_word(&self, slot: Slot, address: BufferAddress) -> u32 {
        self.bindings.load_word(slot, address)
    }
    fn info(&self, slot: Slot, mip: u32) -> ResourceInfo {
        self.bindings.info(slot, mip)
    }
    fn sample_position(&self, texture: Option<u32>, index: u32) -> [f32; 2] {
        self.bindings.sample_position(texture, index)
    }
    fn render_target_samples(&self) -> u32 {
        self.bindings.render_target_samples()
    }
    fn store(&self, slot: u32, dimension: ResourceDimension, address: [u32; 3], value: [u32; 4]) {
        self.bindings.store(slot, dimension, address, value);
    }
    fn store_word(&self, slot: u32, address: BufferAddress, value: u32) {
        self.bindings.store_word(slot, address, value);
    }
    fn atomic(&self, slot: u32, address: BufferAddress, op: AtomicOp, value: u32) -> u32 {
        self.bindings.atomic(slot, address, op, value)
    }
    fn counter_increment(&self, slot: u32) -> u32 {
        self.bindings.counter_increment(slot)
    }
    fn counter_decrement(&self, slot: u32) -> u32 {
        self.bindings.counter_decrement(slot)
    }
    fn sample_lanes(&self, request: &SampleLanes<'_>, out: RowsMut<'_>) {
        self.bindings.sample_lanes(request, out);
    }
    fn load_lanes(&self, request: &LoadLanes<'_>, out: RowsMut<'_>) {
        self.bindings.load_lanes(request, out);
    }
    fn load_words_lanes(&self, slot: Slot, addresses: &WordLanes<'_>, words: u8, out: RowsMut<'_>) {
        self.bindings.load_words_lanes(slot, addresses, words, out);
    }
}
