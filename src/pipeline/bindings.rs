//! What a stage has bound, as one draw sees it: the world that an interpreter asks.
//!
//! Everything is held by shared ownership, so that queued work keeps the contents that it was recorded with.

mod lanes;
pub mod pulled;
mod texels;

use std::ops::Range;
use std::sync::Arc;

use aerogpu_dxbc::ir::ResourceDimension;
use aerogpu_dxbc::resources::{
    AtomicOp, BufferAddress, LoadLanes, LoadRequest, Lod, ResourceInfo, Resources, RowsMut, SampleKind,
    SampleLanes, SampleRequest, Slot, WordLanes,
};
use aerogpu_raster::coverage::sample_positions;
use aerogpu_raster::format::Format;
use aerogpu_raster::sampler::{self, SamplerState};
use aerogpu_raster::surface::{TextureView, ViewDimension};
use fearless_simd::Level;
use parking_lot::Mutex;

pub use texels::TexelLayout;

/// A range of a buffer's words that shaders read.
#[derive(Debug, Clone, Default)]
pub struct WordView {
    words: Arc<Vec<u32>>,
    range: Range<usize>,
    /// Bytes from structure to structure; 0 unless structured.
    stride: u32,
    /// What typed loads take an element for.
    format: Option<Format>,
}

impl WordView {
    /// The words of `range`, clamped to what exists.
    pub fn new(words: Arc<Vec<u32>>, range: Range<usize>) -> Self {
        let end = range.end.min(words.len());
        Self { range: range.start.min(end)..end, words, stride: 0, format: None }
    }

    /// The same words as structures of `stride` bytes.
    pub fn with_stride(self, stride: u32) -> Self {
        Self { stride, ..self }
    }

    /// The same words as elements of this format. The protocol has no such views; without one, elements are vectors of
    /// four words.
    pub fn with_format(self, format: Format) -> Self {
        Self { format: Some(format), ..self }
    }

    /// The words.
    pub fn words(&self) -> &[u32] {
        &self.words[self.range.clone()]
    }
}

/// What a `t#` slot holds.
#[derive(Debug, Clone)]
pub enum ResourceView {
    /// A texture.
    Texture(TextureView),
    /// A raw or structured buffer.
    Buffer(WordView),
}

/// What a `u#` slot holds: words that shaders write.
#[derive(Debug)]
pub struct UavView {
    words: Mutex<Vec<u32>>,
    range: Range<usize>,
    /// Bytes from structure to structure; 0 unless structured.
    stride: u32,
    counter: Mutex<u32>,
    texels: Option<TexelLayout>,
}

impl UavView {
    /// The words of `range`, clamped to what exists.
    pub fn new(words: Vec<u32>, range: Range<usize>, stride: u32, counter: u32) -> Self {
        let end = range.end.min(words.len());
        let range = range.start.min(end)..end;
        Self { words: Mutex::new(words), range, stride, counter: Mutex::new(counter), texels: None }
    }

    /// The same words as texels. The protocol has no such views; without it, a typed access is one of a single word.
    pub fn with_texels(self, texels: TexelLayout) -> Self {
        Self { texels: Some(texels), ..self }
    }

    /// The buffer's words and counter after the work is done.
    pub fn into_parts(self) -> (Vec<u32>, u32) {
        (self.words.into_inner(), self.counter.into_inner())
    }

    /// A copy of the words and the counter as they are.
    pub fn contents(&self) -> (Vec<u32>, u32) {
        (self.words.lock().clone(), *self.counter.lock())
    }

    fn with_word<T>(&self, address: BufferAddress, default: T, f: impl FnOnce(&mut u32) -> T) -> T {
        let mut words = self.words.lock();
        let index = match (address, &self.texels) {
            (BufferAddress::Typed(at), Some(texels)) => texels.word(at).filter(|&at| at < self.range.len()),
            _ => word_index(address, self.stride, self.range.len()),
        };
        match index {
            Some(at) => f(&mut words[self.range.start + at]),
            None => default,
        }
    }
}

/// The index of the word at `address` in a view of `len` words; `None` outside (d3d-rules §14.2: reads give 0, writes
/// are dropped; unaligned addresses are rounded down).
fn word_index(address: BufferAddress, stride: u32, len: usize) -> Option<usize> {
    let byte = match address {
        BufferAddress::Raw(offset) => u64::from(offset),
        // A structure is accessible only as a whole, and an offset may not leave it.
        BufferAddress::Structured(index, offset) => {
            let start = u64::from(index) * u64::from(stride);
            let whole = start + u64::from(stride) <= 4 * len as u64;
            (whole && offset < stride).then_some(start + u64::from(offset))?
        }
        BufferAddress::Typed([x, ..]) => 4 * u64::from(x),
    };
    usize::try_from(byte / 4).ok().filter(|&at| at < len)
}

/// Everything bound to one stage.
#[derive(Debug)]
pub struct StageBindings {
    /// `cb#`
    pub constants: Vec<WordView>,
    /// `t#`
    pub resources: Vec<Option<ResourceView>>,
    /// `s#`
    pub samplers: Vec<SamplerState>,
    /// `u#`; stages may share them.
    pub uavs: Vec<Option<Arc<UavView>>>,
    /// Samples a pixel of the bound targets; 0 counts as 1. The protocol has no multisampling.
    pub samples: u32,
    /// What sampling an empty slot returns: zeros in Direct3D 10/11, opaque black in Direct3D 9.
    pub unbound_texel: [u32; 4],
    /// Vector instructions that samples are taken with.
    pub level: Level,
}

impl Default for StageBindings {
    fn default() -> Self {
        Self {
            constants: Vec::new(),
            resources: Vec::new(),
            samplers: Vec::new(),
            uavs: Vec::new(),
            samples: 0,
            unbound_texel: [0; 4],
            level: Level::new(),
        }
    }
}

/// Contents that are shared with a resource or a context: whoever writes there makes a copy while they are.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// Which they are.
    pub address: usize,
    /// How large a copy is.
    pub bytes: usize,
}

impl StageBindings {
    /// Everything that is read here.
    pub fn held(&self) -> impl Iterator<Item = Held> {
        let words = |view: &WordView| Held {
            address: Arc::as_ptr(&view.words) as usize,
            bytes: size_of_val(&view.words[..]),
        };
        let resource = move |view: &ResourceView| match view {
            ResourceView::Buffer(view) => words(view),
            ResourceView::Texture(view) => Held {
                address: Arc::as_ptr(view.texture()) as usize,
                bytes: view.texture().desc().stored_bytes() as usize,
            },
        };
        self.constants.iter().map(words).chain(self.resources.iter().flatten().map(resource))
    }

    fn resource(&self, slot: u32) -> Option<&ResourceView> {
        self.resources.get(slot as usize)?.as_ref()
    }

    fn texture(&self, slot: u32) -> Option<&TextureView> {
        match self.resource(slot)? {
            ResourceView::Texture(view) => Some(view),
            ResourceView::Buffer(_) => None,
        }
    }

    /// A texture and the state of a sampler; `None` where no texture is bound.
    pub(super) fn texture_and_sampler(
        &self,
        texture: u32,
        sampler: u32,
    ) -> Option<(&TextureView, &SamplerState)> {
        let state = self.samplers.get(sampler as usize).unwrap_or(&SamplerState::DEFAULT);
        Some((self.texture(texture)?, state))
    }

    fn uav(&self, slot: u32) -> Option<&UavView> {
        self.uavs.get(slot as usize)?.as_deref()
    }

    /// A UAV of texels.
    fn typed_uav(&self, slot: u32) -> Option<(&UavView, &TexelLayout)> {
        let uav = self.uav(slot)?;
        Some((uav, uav.texels.as_ref()?))
    }
}

impl Resources for StageBindings {
    fn constants(&self, slot: u32) -> &[u32] {
        self.constants.get(slot as usize).map_or(&[], WordView::words)
    }

    fn sample(&self, request: &SampleRequest) -> [u32; 4] {
        let Some(view) = self.texture(request.texture) else { return self.unbound_texel };
        let default = SamplerState::default();
        let state = self.samplers.get(request.sampler as usize).unwrap_or(&default);
        sampler::sample(view, state, &sample_request(request))
    }

    fn sample_lanes(&self, request: &SampleLanes<'_>, out: RowsMut<'_>) {
        lanes::sample(self, request, out);
    }

    fn load_lanes(&self, request: &LoadLanes<'_>, out: RowsMut<'_>) {
        lanes::load(self, request, out);
    }

    fn load_words_lanes(&self, slot: Slot, addresses: &WordLanes<'_>, words: u8, out: RowsMut<'_>) {
        lanes::load_words(self, slot, addresses, words, out);
    }

    fn store_words_lanes(&self, slot: u32, addresses: &WordLanes<'_>, words: u8, values: [&[u32]; 4]) {
        lanes::store_words(self, slot, addresses, words, values);
    }

    fn load(&self, request: &LoadRequest) -> [u32; 4] {
        match request.slot {
            Slot::Resource(slot) => match self.resource(slot) {
                Some(ResourceView::Texture(view)) => {
                    sampler::load(view, request.address, request.mip, request.sample)
                }
                Some(ResourceView::Buffer(view)) => match view.format {
                    Some(format) => {
                        TexelLayout::buffer(format, view.words()).load(view.words(), request.address)
                    }
                    None => typed_load(view.words(), request.address[0]),
                },
                None => [0; 4],
            },
            Slot::Uav(slot) if let Some((uav, texels)) = self.typed_uav(slot) => {
                texels.load(&uav.words.lock()[uav.range.clone()], request.address)
            }
            // Without a format single words are read, as Direct3D 11.0 requires.
            Slot::Uav(_) => [self.load_word(request.slot, BufferAddress::Typed(request.address)), 0, 0, 0],
        }
    }

    fn load_word(&self, slot: Slot, address: BufferAddress) -> u32 {
        match slot {
            Slot::Resource(slot) => match self.resource(slot) {
                Some(ResourceView::Buffer(view)) => {
                    let words = view.words();
                    word_index(address, view.stride, words.len()).map_or(0, |at| words[at])
                }
                _ => 0,
            },
            Slot::Uav(slot) => self.uav(slot).map_or(0, |uav| uav.with_word(address, 0, |word| *word)),
        }
    }

    fn info(&self, slot: Slot, mip: u32) -> ResourceInfo {
        let buffer = |words: usize, stride: u32| {
            let bytes = 4 * words as u32;
            ResourceInfo { width: bytes.checked_div(stride).unwrap_or(bytes), ..Default::default() }
        };
        match slot {
            Slot::Resource(slot) => match self.resource(slot) {
                Some(ResourceView::Texture(view)) => {
                    let info = sampler::info(view, mip);
                    ResourceInfo {
                        width: info.width,
                        height: info.height,
                        depth: info.depth,
                        array_size: info.array_size,
                        mip_levels: info.mip_levels,
                        samples: info.samples,
                    }
                }
                Some(ResourceView::Buffer(view)) => match view.format {
                    Some(format) => TexelLayout::buffer(format, view.words()).info(),
                    None => buffer(view.words().len(), view.stride),
                },
                None => ResourceInfo::default(),
            },
            Slot::Uav(slot) => match (self.uav(slot), self.typed_uav(slot)) {
                (_, Some((_, texels))) => texels.info(),
                (Some(uav), None) => buffer(uav.range.len(), uav.stride),
                (None, None) => ResourceInfo::default(),
            },
        }
    }

    fn sample_position(&self, texture: Option<u32>, index: u32) -> [f32; 2] {
        let samples = match texture {
            Some(slot) => self.texture(slot).map_or(0, |view| view.texture().desc().samples),
            None => self.render_target_samples(),
        };
        let position = sample_positions(samples).get(index as usize).filter(|_| index < samples);
        position.map_or([0.0; 2], |sixteenths| sixteenths.map(|s| f32::from(s) / 16.0))
    }

    fn render_target_samples(&self) -> u32 {
        self.samples.max(1)
    }

    fn store(&self, slot: u32, _: ResourceDimension, address: [u32; 3], value: [u32; 4]) {
        match self.typed_uav(slot) {
            Some((uav, texels)) => texels.store(&mut uav.words.lock()[uav.range.clone()], address, value),
            None => self.store_word(slot, BufferAddress::Typed(address), value[0]),
        }
    }

    fn store_word(&self, slot: u32, address: BufferAddress, value: u32) {
        if let Some(uav) = self.uav(slot) {
            uav.with_word(address, (), |word| *word = value);
        }
    }

    fn atomic(&self, slot: u32, address: BufferAddress, op: AtomicOp, value: u32) -> u32 {
        self.uav(slot).map_or(0, |uav| {
            uav.with_word(address, 0, |word| {
                let old = *word;
                *word = op.apply(old, value);
                old
            })
        })
    }

    fn counter_increment(&self, slot: u32) -> u32 {
        self.uav(slot).map_or(0, |uav| {
            let mut counter = uav.counter.lock();
            *counter = counter.wrapping_add(1);
            counter.wrapping_sub(1)
        })
    }

    fn counter_decrement(&self, slot: u32) -> u32 {
        self.uav(slot).map_or(0, |uav| {
            let mut counter = uav.counter.lock();
            *counter = counter.wrapping_sub(1);
            *counter
        })
    }
}

/// The view that a declared dimension asks for; `None` for buffers.
pub fn view_dimension(dimension: ResourceDimension) -> Option<ViewDimension> {
    Some(match dimension {
        ResourceDimension::Texture1D => ViewDimension::Texture1D,
        ResourceDimension::Texture1DArray => ViewDimension::Texture1DArray,
        ResourceDimension::Texture2D => ViewDimension::Texture2D,
        ResourceDimension::Texture2DArray => ViewDimension::Texture2DArray,
        ResourceDimension::Texture2DMs => ViewDimension::Texture2DMs,
        ResourceDimension::Texture2DMsArray => ViewDimension::Texture2DMsArray,
        ResourceDimension::Texture3D => ViewDimension::Texture3D,
        ResourceDimension::TextureCube => ViewDimension::Cube,
        ResourceDimension::TextureCubeArray => ViewDimension::CubeArray,
        ResourceDimension::Unknown
        | ResourceDimension::Buffer
        | ResourceDimension::RawBuffer
        | ResourceDimension::StructuredBuffer => return None,
    })
}

/// Typed buffer views have no format on the wire; their elements are vectors of four words.
fn typed_load(words: &[u32], element: u32) -> [u32; 4] {
    let start = (element as usize).saturating_mul(4);
    match words.get(start..).and_then(|rest| rest.first_chunk::<4>()) {
        Some(&texel) => texel,
        None => [0; 4],
    }
}

/// A shader's request in the sampler's terms.
fn sample_request(request: &SampleRequest) -> sampler::SampleRequest {
    sampler::SampleRequest {
        kind: match request.kind {
            SampleKind::Filter => sampler::SampleKind::Filter,
            SampleKind::Compare(reference) => sampler::SampleKind::Compare(reference),
            SampleKind::Gather(component) => sampler::SampleKind::Gather(component),
            SampleKind::GatherCompare(reference) => sampler::SampleKind::GatherCompare(reference),
            SampleKind::QueryLod => sampler::SampleKind::QueryLod,
        },
        coordinate: request.coordinate,
        lod: match request.lod {
            Lod::Derivatives { ddx, ddy, bias } => sampler::Lod::Derivatives { ddx, ddy, bias },
            Lod::Explicit(lod) => sampler::Lod::Explicit(lod),
        },
        lod_clamp: request.lod_clamp,
        offset: request.offset,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structures_are_accessible_only_whole() {
        assert_eq!(word_index(BufferAddress::Structured(1, 4), 8, 4), Some(3));
        assert_eq!(
            word_index(BufferAddress::Structured(1, 8), 8, 4),
            None,
            "the offset leaves the structure"
        );
        assert_eq!(
            word_index(BufferAddress::Structured(1, 0), 12, 4),
            None,
            "the second structure is cut off"
        );
        assert_eq!(word_index(BufferAddress::Structured(u32::MAX, 0), u32::MAX, 4), None);
    }

    #[test]
    fn raw_addresses_round_down_and_end_with_the_view() {
        assert_eq!(word_index(BufferAddress::Raw(7), 0, 2), Some(1));
        assert_eq!(word_index(BufferAddress::Raw(8), 0, 2), None);
    }

    #[test]
    fn views_are_clamped_to_their_buffer() {
        let view = WordView::new(Arc::new(vec![1, 2, 3]), 2..9);
        assert_eq!(view.words(), [3]);
        assert!(WordView::new(Arc::new(vec![1]), 5..9).words().is_empty());
    }
}
