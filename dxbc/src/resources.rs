//! What a shader asks of the world around it: constants, texels, buffers.
//!
//! Interpreters reach everything outside their registers through [`Resources`]; whoever embeds them decides where
//! texels come from. Slots are the absolute register numbers (`t3`, `s0`, `cb1`, `u0`). Every method accepts any
//! address: what lies outside a resource, or in an empty slot, has the result that Direct3D defines and never fails.

mod lanes;

use crate::ir::ResourceDimension;

pub use lanes::{
    LoadLanes, LodLanes, OffsetLanes, RowsMut, SampleLanes, SampleLanesKind, WordLanes,
    active as active_lanes,
};

/// A register that names memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// `t#`
    Resource(u32),
    /// `u#`
    Uav(u32),
}

/// Where a sample's level of detail comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Lod {
    /// From the derivatives of the coordinates (texture space, before scaling by the size), plus `bias`.
    Derivatives {
        /// Along x of the render target.
        ddx: [f32; 3],
        /// Along y of the render target.
        ddy: [f32; 3],
        /// The instruction's bias, 0 when it has none.
        bias: f32,
    },
    /// Given; the sampler's bias and clamps still apply.
    Explicit(f32),
}

/// What a sampling instruction returns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SampleKind {
    /// A filtered texel.
    Filter,
    /// A filtered comparison with the reference, replicated to all components.
    Compare(f32),
    /// Four texels' component (0 to 3), in the order of `gather4`.
    Gather(u8),
    /// Four comparisons with the reference.
    GatherCompare(f32),
    /// The clamped and the unclamped level of detail in x and y (`lod`).
    QueryLod,
}

/// One lane of a sampling instruction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampleRequest {
    /// Texture slot.
    pub texture: u32,
    /// Sampler slot.
    pub sampler: u32,
    /// What the shader declared `texture` to be.
    pub dimension: ResourceDimension,
    /// What to return.
    pub kind: SampleKind,
    /// Normalised coordinates; the array index follows the spatial ones.
    pub coordinate: [f32; 4],
    /// Level of detail; ignored by gathers, which read the view's first level.
    pub lod: Lod,
    /// The instruction's own least level of detail (`_cl`), else 0.
    pub lod_clamp: f32,
    /// Texel offsets, -8 to 7, or -32 to 31 for `gather4_po`.
    pub offset: [i32; 3],
}

/// One lane of a typed load (`ld`, `ldms`, `ld_uav_typed`): integer texel addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadRequest {
    /// What is read.
    pub slot: Slot,
    /// What the shader declared it to be.
    pub dimension: ResourceDimension,
    /// Texel address with offsets added (wrapping); the array index follows the spatial coordinates.
    pub address: [u32; 3],
    /// Mip level of the view; 0 for buffers, multisampled textures and UAVs.
    pub mip: u32,
    /// Sample index of multisampled textures.
    pub sample: u32,
}

/// Where in a raw or structured buffer a word lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BufferAddress {
    /// Byte offset.
    Raw(u32),
    /// Structure index and byte offset inside the structure; the stride is the view's.
    Structured(u32, u32),
    /// Texel address of a typed view.
    Typed([u32; 3]),
}

/// A read-modify-write operation on one 32-bit word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the variants are the instructions' own names")]
pub enum AtomicOp {
    And,
    Or,
    Xor,
    Add,
    SignedMax,
    SignedMin,
    UnsignedMax,
    UnsignedMin,
    Exchange,
    /// Stores the value when the word equals this comparand.
    CompareExchange(u32),
}

impl AtomicOp {
    /// The word after the operation.
    pub fn apply(self, old: u32, value: u32) -> u32 {
        match self {
            Self::And => old & value,
            Self::Or => old | value,
            Self::Xor => old ^ value,
            Self::Add => old.wrapping_add(value),
            Self::SignedMax => (old as i32).max(value as i32) as u32,
            Self::SignedMin => (old as i32).min(value as i32) as u32,
            Self::UnsignedMax => old.max(value),
            Self::UnsignedMin => old.min(value),
            Self::Exchange => value,
            Self::CompareExchange(comparand) => {
                if old == comparand {
                    value
                } else {
                    old
                }
            }
        }
    }
}

/// What `resinfo`, `bufinfo` and `sampleinfo` ask for. Everything is 0 for an empty slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ResourceInfo {
    /// Width in texels of the queried mip level; 0 when the level does not exist. For buffers: elements,
    /// structures or (raw) bytes.
    pub width: u32,
    /// Height of the level.
    pub height: u32,
    /// Depth of a volume's level.
    pub depth: u32,
    /// Array elements (whole cubes for cube arrays).
    pub array_size: u32,
    /// Mip levels of the view.
    pub mip_levels: u32,
    /// Samples a texel.
    pub samples: u32,
}

/// Where a pull-model instruction (`eval_*`) wants an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// The centroid of the covered samples.
    Centroid,
    /// The position of a sample; its index may be out of range.
    Sample(u32),
    /// Offsets from the pixel centre along x and y, in sixteenths of a pixel, -8 to 7.
    Snapped([i32; 2]),
}

/// The class instance behind an interface slot (dynamic linkage).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClassInstance {
    /// Which of the interface's types it has: an index into the tables of `dcl_interface`.
    pub class: u32,
    /// What `this` reads: offset in vectors and slot of its constants, first texture, first sampler.
    pub data: [u32; 4],
}

/// The world around a shader. Results are register bits: floats as their bits, integers as they are. What a world does not
/// have is as if nothing were bound: reads give 0, writes are lost.
pub trait Resources {
    /// The words of a constant buffer, as far as it is bound; what lies beyond the slice reads 0.
    fn constants(&self, _slot: u32) -> &[u32] {
        &[]
    }

    /// One lane of a sampling instruction.
    fn sample(&self, _request: &SampleRequest) -> [u32; 4] {
        [0; 4]
    }

    /// One lane of a typed load.
    fn load(&self, _request: &LoadRequest) -> [u32; 4] {
        [0; 4]
    }

    /// One word of a raw or structured buffer.
    fn load_word(&self, _slot: Slot, _address: BufferAddress) -> u32 {
        0
    }

    /// Sizes of a resource at a mip level.
    fn info(&self, _slot: Slot, _mip: u32) -> ResourceInfo {
        ResourceInfo::default()
    }

    /// Position of a sample relative to the pixel centre, in pixels; `None` asks the bound render target (`rasterizer`
    /// operand). 0 for what does not exist.
    fn sample_position(&self, _texture: Option<u32>, _index: u32) -> [f32; 2] {
        [0.0; 2]
    }

    /// Samples a pixel of the bound render target (`sampleinfo rasterizer`).
    fn render_target_samples(&self) -> u32 {
        0
    }

    /// Stores one texel to a typed UAV.
    fn store(&self, _slot: u32, _dimension: ResourceDimension, _address: [u32; 3], _value: [u32; 4]) {}

    /// Stores one word to a raw or structured UAV.
    fn store_word(&self, _slot: u32, _address: BufferAddress, _value: u32) {}

    /// Changes one word of a UAV and returns what it was.
    fn atomic(&self, _slot: u32, _address: BufferAddress, _op: AtomicOp, _value: u32) -> u32 {
        0
    }

    /// Increments a structured UAV's hidden counter and returns what it was (`imm_atomic_alloc`).
    fn counter_increment(&self, _slot: u32) -> u32 {
        0
    }

    /// Decrements a structured UAV's hidden counter and returns what it is now (`imm_atomic_consume`).
    fn counter_decrement(&self, _slot: u32) -> u32 {
        0
    }

    /// A sampling instruction for a block of lanes: the same bits as [`sample`](Self::sample) gives lane by lane.
    fn sample_lanes(&self, request: &SampleLanes<'_>, out: RowsMut<'_>) {
        lanes::sample(self, request, out);
    }

    /// A typed load for a block of lanes: the same bits as [`load`](Self::load) gives lane by lane.
    fn load_lanes(&self, request: &LoadLanes<'_>, out: RowsMut<'_>) {
        lanes::load(self, request, out);
    }

    /// Up to four consecutive words a lane, those whose bit in `words` is set, as [`load_word`](Self::load_word)
    /// reads them. Rows of other words stay as they are.
    fn load_words_lanes(&self, slot: Slot, addresses: &WordLanes<'_>, words: u8, out: RowsMut<'_>) {
        lanes::load_words(self, slot, addresses, words, out);
    }

    /// Stores up to four consecutive words a lane, those whose bit in `words` is set, lane by lane in ascending
    /// order: where lanes collide the last one wins, as with [`store_word`](Self::store_word).
    fn store_words_lanes(&self, slot: u32, addresses: &WordLanes<'_>, words: u8, values: [&[u32]; 4]) {
        lanes::store_words(self, slot, addresses, words, values);
    }

    /// Input register `register` of a lane at another location of its pixel; `None` when only the input that the
    /// lane came with is known, which is then used.
    fn interpolate(&self, _lane: usize, _register: u32, _location: Location) -> Option<[u32; 4]> {
        None
    }

    /// The class instance that is bound to an interface slot; by default the first class with its data at 0.
    fn class_instance(&self, _slot: u32) -> ClassInstance {
        ClassInstance::default()
    }
}

/// A world without anything in it: every read is 0, every write is lost.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoResources;

impl Resources for NoResources {}
