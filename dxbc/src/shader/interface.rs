//! What a shader takes, gives and needs, in types that a pipeline can read.

use std::fmt;

use crate::ir::{CostClass, Interpolation, ResourceDimension, SystemName, UavFlags};

/// A declared input register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InputDeclaration {
    /// Register number.
    pub register: u32,
    /// Declared components (bit 0 is x).
    pub mask: u8,
    /// How a pixel shader's input is interpolated; `Undefined` in other stages.
    pub interpolation: Interpolation,
    /// The system value, if it is one.
    pub name: Option<SystemName>,
}

/// A declared output register. Hull shaders list their control point outputs; see [`HullInfo`] for the patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputDeclaration {
    /// Register number.
    pub register: u32,
    /// Declared components (bit 0 is x).
    pub mask: u8,
    /// The system value, if it is one.
    pub name: Option<SystemName>,
    /// Geometry shader stream.
    pub stream: u8,
}

/// Declared texture or buffer registers `t#`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceSlots {
    /// Range number of Shader Model 5.1, else the register number.
    pub range: u32,
    /// First register.
    pub first: u32,
    /// Last register; `u32::MAX` for a range without end. Equal to `first` before Shader Model 5.1.
    pub last: u32,
    /// Declared dimension.
    pub dimension: ResourceDimension,
    /// Four 4-bit return types, 0 for raw and structured buffers.
    pub return_type: u32,
    /// Bytes of a structure, 0 unless structured.
    pub stride: u32,
}

/// Declared sampler registers `s#`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SamplerSlots {
    /// Range number of Shader Model 5.1, else the register number.
    pub range: u32,
    /// First register.
    pub first: u32,
    /// Last register, as in [`ResourceSlots`].
    pub last: u32,
    /// True for a comparison sampler.
    pub comparison: bool,
}

/// Declared constant buffer registers `cb#`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConstantBufferSlots {
    /// Range number of Shader Model 5.1, else the register number.
    pub range: u32,
    /// First register.
    pub first: u32,
    /// Last register, as in [`ResourceSlots`].
    pub last: u32,
    /// Declared size in vectors, 0 for unknown. Programs may read beyond it.
    pub vectors: u32,
    /// True when the shader indexes it dynamically.
    pub dynamic: bool,
}

/// Declared unordered access registers `u#`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UavSlots {
    /// Range number of Shader Model 5.1, else the register number.
    pub range: u32,
    /// First register.
    pub first: u32,
    /// Last register, as in [`ResourceSlots`].
    pub last: u32,
    /// Declared dimension.
    pub dimension: ResourceDimension,
    /// Coherence, ordering, hidden counter.
    pub flags: UavFlags,
    /// Four 4-bit return types, 0 for raw and structured buffers.
    pub return_type: u32,
    /// Bytes of a structure, 0 unless structured.
    pub stride: u32,
}

/// Primitives that a geometry shader takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum InputPrimitive {
    Point,
    Line,
    Triangle,
    LineAdjacency,
    TriangleAdjacency,
    /// A patch of so many control points.
    Patch(u8),
}

impl InputPrimitive {
    /// The primitive with this number in `dcl_inputprimitive`.
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Point,
            2 => Self::Line,
            3 => Self::Triangle,
            6 => Self::LineAdjacency,
            7 => Self::TriangleAdjacency,
            8..=39 => Self::Patch(number - 7),
            _ => return None,
        })
    }

    /// Its vertices.
    pub const fn vertices(self) -> usize {
        match self {
            Self::Point => 1,
            Self::Line => 2,
            Self::Triangle => 3,
            Self::LineAdjacency => 4,
            Self::TriangleAdjacency => 6,
            Self::Patch(points) => points as usize,
        }
    }
}

/// Primitives that a geometry shader gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum OutputTopology {
    Points,
    LineStrip,
    TriangleStrip,
}

/// A geometry shader's declarations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeometryInfo {
    /// What comes in.
    pub input: InputPrimitive,
    /// What goes out, for each stream; streams that are not declared are `None`.
    pub topologies: [Option<OutputTopology>; 4],
    /// Vertices after which an instance ends.
    pub max_vertices: u32,
    /// Instances a primitive.
    pub instances: u32,
}

/// The domain of a tessellator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum Domain {
    Isoline,
    Triangle,
    Quad,
}

/// How a tessellator divides edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum Partitioning {
    Integer,
    Pow2,
    FractionalOdd,
    FractionalEven,
}

/// What a tessellator gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum TessellatorOutput {
    Point,
    Line,
    TriangleClockwise,
    TriangleCounterClockwise,
}

/// A hull shader's declarations.
#[derive(Debug, Clone, PartialEq)]
pub struct HullInfo {
    /// Control points that come in.
    pub input_points: usize,
    /// Control points that go out; 0 is legal.
    pub output_points: usize,
    /// The tessellator's domain.
    pub domain: Domain,
    /// The tessellator's partitioning.
    pub partitioning: Partitioning,
    /// The tessellator's output.
    pub output: TessellatorOutput,
    /// The greatest factor (a promise of the shader), 64 when not declared.
    pub max_factor: f32,
    /// Components of the patch constants that are tessellation factors: register, mask, name.
    pub factors: Vec<OutputDeclaration>,
}

/// A domain shader's declarations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DomainInfo {
    /// Control points that come in.
    pub input_points: usize,
    /// The tessellator's domain.
    pub domain: Domain,
}

/// Which promise a pixel shader makes about the depth it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DepthOutput {
    /// `SV_Depth`: any value.
    Any,
    /// `SV_DepthGreaterEqual`: not less than the rasterizer's.
    GreaterEqual,
    /// `SV_DepthLessEqual`: not greater than the rasterizer's.
    LessEqual,
}

/// A word of a [`PixelCopy`]'s output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopiedWord {
    /// Always these bits.
    Constant(u32),
    /// An input word: register times 4 plus component.
    Input(u32),
    /// A component of the texel.
    Texel(u8),
}

/// The one sample of a [`PixelCopy`]: `sample` without offsets.
#[derive(Debug, Clone, PartialEq)]
pub struct CopiedSample {
    /// Texture slot; it is declared as two-dimensional.
    pub texture: u32,
    /// Sampler slot.
    pub sampler: u32,
    /// The input word that each coordinate is, and what it is multiplied with.
    pub coordinates: [(u32, Option<f32>); 2],
}

/// A pixel shader that only moves inputs, constants and a texel to one output register.
#[derive(Debug, Clone, PartialEq)]
pub struct PixelCopy {
    /// Where the texel comes from.
    pub sample: Option<CopiedSample>,
    /// Output register.
    pub output: u32,
    /// What its components are.
    pub words: [CopiedWord; 4],
    /// Instructions that each lane takes from the budget.
    pub instructions: u64,
}

/// What a pixel shader is beside its registers. All false or `None` in other stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PixelInfo {
    /// Depth output and its promise.
    pub depth: Option<DepthOutput>,
    /// Writes `oMask`.
    pub writes_coverage: bool,
    /// Writes `oStencilRef`.
    pub writes_stencil_ref: bool,
    /// Contains `discard`.
    pub discards: bool,
    /// Reads `vCoverage`.
    pub reads_coverage: bool,
    /// Contains derivatives or samples that need them.
    pub derivatives: bool,
    /// Contains `eval_*`: asks for inputs at other places of the pixel.
    pub pulls_inputs: bool,
    /// Depth and stencil are tested and written before the shader runs.
    pub early_depth_stencil: bool,
    /// Runs once a sample: an input is interpolated there, or the sample's index is read.
    pub per_sample: bool,
}

/// Static cost of one pass over every instruction (`VGPU-1`), in slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InstructionSlots {
    /// Arithmetic and flow.
    pub alu: u32,
    /// Samples and texel loads.
    pub texture: u32,
    /// Buffer, UAV and group-shared accesses.
    pub memory: u32,
}

impl InstructionSlots {
    /// What one instruction of this class costs.
    pub const fn of(cost: CostClass) -> Self {
        let (alu, texture, memory) = match cost {
            CostClass::Full | CostClass::Flow | CostClass::Discard => (1, 0, 0),
            CostClass::Quarter => (4, 0, 0),
            CostClass::IntegerMultiply => (2, 0, 0),
            CostClass::IntegerDivide => (8, 0, 0),
            CostClass::Texture => (0, 1, 0),
            CostClass::Memory => (0, 0, 1),
        };
        Self { alu, texture, memory }
    }
}

/// What an instruction that costs texture slots reads; `None` for what only its run tells, or what it does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextureRead {
    /// Slot `t#`.
    pub resource: Option<u32>,
    /// Slot `s#`.
    pub sampler: Option<u32>,
}

/// Instructions that are executed together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stretch {
    /// What they cost, each once.
    pub slots: InstructionSlots,
    /// What those that cost texture slots read, in order.
    pub texture_reads: Vec<TextureRead>,
}

impl std::iter::Sum for InstructionSlots {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::default(), |a, b| Self {
            alu: a.alu + b.alu,
            texture: a.texture + b.texture,
            memory: a.memory + b.memory,
        })
    }
}

/// The kinds that are there: `12 alu, 1 texture`.
impl fmt::Display for InstructionSlots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [(self.alu, "alu"), (self.texture, "texture"), (self.memory, "memory")];
        let kinds: Vec<_> =
            kinds.iter().filter(|kind| kind.0 != 0).map(|(slots, kind)| format!("{slots} {kind}")).collect();
        f.write_str(if kinds.is_empty() { "none" } else { "" })?;
        f.write_str(&kinds.join(", "))
    }
}
