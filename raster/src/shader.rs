//! What the rasterizer knows of shaders: interpolated rows in, colours and depth out.

use std::fmt::Debug;

use bitflags::bitflags;

use crate::sampler::SamplerState;
use crate::state::MAX_TARGETS;
use crate::surface::TextureView;

/// How one scalar of a pixel shader's input is made from the vertices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum InterpolationMode {
    /// The leading vertex's bits.
    Constant,
    Linear,
    LinearCentroid,
    LinearSample,
    NoPerspective,
    NoPerspectiveCentroid,
    NoPerspectiveSample,
}

/// One scalar that the pixel shader reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Interpolant {
    /// Word of a vertex that it comes from, or `None` for a constant 0 (the previous stage does not write it).
    pub vertex_word: Option<u16>,
    /// Row of the batch that it fills.
    pub row: u16,
    /// How.
    pub mode: InterpolationMode,
}

bitflags! {
    /// System values that a pixel shader may read.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct SystemInputs: u8 {
        /// `SV_Position`.
        const POSITION = 1;
        /// `SV_IsFrontFace`.
        const FRONT_FACE = 1 << 1;
        /// `SV_PrimitiveID`.
        const PRIMITIVE_ID = 1 << 2;
        /// `SV_Coverage`.
        const COVERAGE = 1 << 3;
        /// `SV_SampleIndex`.
        const SAMPLE_INDEX = 1 << 4;
        /// `SV_RenderTargetArrayIndex` and `SV_ViewportArrayIndex`.
        const ARRAY_INDICES = 1 << 5;
    }
}

/// Facts of a pixel shader that decide the order of tests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PixelShaderInfo {
    /// Inputs to interpolate.
    pub interpolants: Vec<Interpolant>,
    /// Rows of the batch, at least one more than the highest row of `interpolants`.
    pub rows: usize,
    /// Colour targets that it writes (bit i for target i). Targets that it does not write keep their contents.
    pub writes_color: u8,
    /// It writes depth, so that depth is tested after it.
    pub writes_depth: bool,
    /// It writes a coverage mask.
    pub writes_coverage: bool,
    /// It writes a stencil reference.
    pub writes_stencil_ref: bool,
    /// It may discard pixels.
    pub discards: bool,
    /// It writes memory, so that it must run for every covered pixel.
    pub writes_memory: bool,
    /// Depth and stencil are tested and written before it runs, whatever it does (`forceEarlyDepthStencil`).
    pub early_depth_stencil: bool,
    /// It runs once a sample.
    pub per_sample: bool,
    /// Output 1 is the second source of target 0's blend.
    pub dual_source: bool,
    /// System values that it reads.
    pub reads: SystemInputs,
}

/// Pixels to shade: whole 2x2 quads, of any primitives of one draw.
///
/// Lane `4q + i` is pixel `(i & 1, i >> 1)` of quad `q`, aligned to even coordinates. Everything is a row of one value a lane;
/// rows of system values that [`PixelShaderInfo::reads`] does not ask for are empty.
#[derive(Debug, Clone, Default)]
pub struct PixelBatch {
    /// Number of lanes, a multiple of 4.
    pub lanes: usize,
    /// Interpolated inputs: row `r` of lane `l` is word `r * lanes + l`. Rows of no interpolant may hold anything.
    pub inputs: Vec<u32>,
    /// `SV_Position`: x and y where the pixel is evaluated (its centre, or a sample), depth, and w.
    pub position: [Vec<f32>; 4],
    /// Lanes that are covered and alive; the others are helpers.
    pub live: Vec<bool>,
    /// `SV_IsFrontFace` as register bits: all ones, or 0.
    pub front_face: Vec<u32>,
    /// `SV_PrimitiveID`.
    pub primitive_id: Vec<u32>,
    /// `SV_Coverage`.
    pub coverage: Vec<u32>,
    /// `SV_SampleIndex`.
    pub sample_index: Vec<u32>,
    /// `SV_RenderTargetArrayIndex` and `SV_ViewportArrayIndex`, as the previous stage wrote them.
    pub array_indices: [Vec<u32>; 2],
    /// Instructions that may be executed, counted once a lane.
    pub budget: u64,
}

/// What a batch cost the modelled GPU. Quads are whole: helpers cost like pixels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PixelCost {
    /// Instruction slots, summed over quads.
    pub alu_slots: u64,
    /// Texture slots, summed over quads.
    pub tex_slots: u64,
    /// For each quad the most of its instruction, texture and interpolation slots, summed.
    pub slots: u64,
    /// Texture samples and loads, once a lane.
    pub tex_samples: u64,
    /// Bytes of textures that quads take from memory, times 64.
    pub tex_bytes_64: u64,
}

impl PixelCost {
    /// Of so many quads that cost the same.
    pub(crate) fn times(self, quads: u64) -> Self {
        Self {
            alu_slots: self.alu_slots * quads,
            tex_slots: self.tex_slots * quads,
            slots: self.slots * quads,
            tex_samples: self.tex_samples * quads,
            tex_bytes_64: self.tex_bytes_64 * quads,
        }
    }
}

/// What a batch of pixels came to. The rasterizer sizes the rows of everything that the shader writes before the call; the
/// others are empty.
#[derive(Debug, Clone, Default)]
pub struct PixelOutput {
    /// Colours as register bits, for each target that the shader writes: component `c` of lane `l` is word `c * lanes + l`.
    pub colors: [Vec<u32>; MAX_TARGETS],
    /// When the shader sets this, the colours of all targets are four rows of its inputs from this one on instead.
    pub input_row: Option<usize>,
    /// Depth.
    pub depth: Vec<f32>,
    /// Coverage mask.
    pub coverage: Vec<u32>,
    /// Stencil reference.
    pub stencil_ref: Vec<u32>,
    /// Starts as the batch's `live`; false for discarded lanes.
    pub live: Vec<bool>,
    /// Instructions that were executed, counted once a lane, those of a batch that ran out of time too.
    pub instructions: u64,
    /// What the model counts.
    pub cost: PixelCost,
}

impl PixelOutput {
    /// The rows of a target's colours; none of one that is not written.
    pub(crate) fn color_rows<'a>(&'a self, target: usize, input: &'a PixelBatch) -> &'a [u32] {
        let colors = &self.colors[target];
        let from_inputs =
            self.input_row.and_then(|row| input.inputs.get(row * input.lanes..)?.get(..colors.len()));
        from_inputs.unwrap_or(colors)
    }
}

/// What every pixel comes to, when nothing of a pixel matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConstantOutput {
    /// Colours as register bits, for each target that the shader writes.
    pub colors: [[u32; 4]; MAX_TARGETS],
    /// Instructions of one lane.
    pub instructions: u64,
    /// What a quad costs.
    pub cost: PixelCost,
}

/// One sample of a texture, without offsets, at level of detail that the quads' coordinates ask for: all that some shaders do.
#[derive(Debug, Clone, Copy)]
pub struct TextureCopy<'a> {
    /// What is sampled.
    pub view: &'a TextureView,
    /// How.
    pub sampler: &'a SamplerState,
    /// The row of the inputs that each coordinate is, and what it is multiplied with (denormals are zero).
    pub coordinates: [(u16, Option<f32>); 2],
    /// Instructions of one lane.
    pub instructions: u64,
    /// What a quad costs.
    pub cost: PixelCost,
}

/// A shader ran out of its instruction budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a pixel shader exceeded its instruction budget")]
pub struct ShaderTimeout;

/// A place in a pixel that an input is asked for at (d3d-rules §9.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullPlace {
    /// The centroid of the covered samples.
    Centroid,
    /// A sample; the centre when there is none with this index.
    Sample(u32),
    /// Sixteenths of a pixel from the centre along x and y.
    Snapped([i32; 2]),
}

/// The inputs of a batch's lanes at other places of their pixels: the pull model.
pub trait PullModel {
    /// What row `row` of [`PixelBatch::inputs`] would hold for a lane there; `None` for a row that nothing fills. Of the
    /// interpolant's mode only its perspective counts, and whether it is constant.
    fn pull(&self, lane: usize, row: usize, place: PullPlace) -> Option<u32>;
}

/// A pixel shader with everything bound to it, as one draw sees it.
pub trait PixelShader: Debug + Send + Sync {
    /// What the rasterizer must know before it runs.
    fn info(&self) -> &PixelShaderInfo;

    /// What every pixel comes to, if the shader reads nothing of its pixels, discards none and writes no memory. Then pixels
    /// may be written without a run of it. Called from many threads at once.
    fn constant(&self) -> Option<&ConstantOutput> {
        None
    }

    /// The sample that is the colour of target 0, if the shader does nothing else. Then it need not run either.
    fn texture_copy(&self) -> Option<TextureCopy<'_>> {
        None
    }

    /// Shades one batch; `inputs` answers for its lanes. Called from many threads at once.
    fn shade(
        &self,
        batch: &PixelBatch,
        inputs: &dyn PullModel,
        output: &mut PixelOutput,
    ) -> Result<(), ShaderTimeout>;
}
