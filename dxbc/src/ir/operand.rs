//! Operands: a register or an immediate, its components, indices and modifiers.

use smallvec::SmallVec;

/// What an operand names (`spec`: operand token bits 12-19). The value is the number in the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[allow(missing_docs, reason = "the variants are Direct3D's own register names")]
pub enum RegisterFile {
    Temp = 0,
    Input = 1,
    Output = 2,
    IndexableTemp = 3,
    Immediate32 = 4,
    Immediate64 = 5,
    Sampler = 6,
    Resource = 7,
    ConstantBuffer = 8,
    ImmediateConstantBuffer = 9,
    Label = 10,
    InputPrimitiveId = 11,
    OutputDepth = 12,
    Null = 13,
    Rasterizer = 14,
    OutputCoverageMask = 15,
    Stream = 16,
    FunctionBody = 17,
    FunctionTable = 18,
    Interface = 19,
    FunctionInput = 20,
    FunctionOutput = 21,
    OutputControlPointId = 22,
    ForkInstanceId = 23,
    JoinInstanceId = 24,
    InputControlPoint = 25,
    OutputControlPoint = 26,
    PatchConstant = 27,
    DomainPoint = 28,
    ThisPointer = 29,
    Uav = 30,
    GroupShared = 31,
    ThreadId = 32,
    ThreadGroupId = 33,
    ThreadIdInGroup = 34,
    InputCoverageMask = 35,
    ThreadIdInGroupFlattened = 36,
    GsInstanceId = 37,
    OutputDepthGreaterEqual = 38,
    OutputDepthLessEqual = 39,
    CycleCounter = 40,
    OutputStencilRef = 41,
    InnerCoverage = 42,
}

impl RegisterFile {
    /// Every register file, in token order.
    pub const ALL: [Self; 43] = {
        use RegisterFile::*;
        [
            Temp,
            Input,
            Output,
            IndexableTemp,
            Immediate32,
            Immediate64,
            Sampler,
            Resource,
            ConstantBuffer,
            ImmediateConstantBuffer,
            Label,
            InputPrimitiveId,
            OutputDepth,
            Null,
            Rasterizer,
            OutputCoverageMask,
            Stream,
            FunctionBody,
            FunctionTable,
            Interface,
            FunctionInput,
            FunctionOutput,
            OutputControlPointId,
            ForkInstanceId,
            JoinInstanceId,
            InputControlPoint,
            OutputControlPoint,
            PatchConstant,
            DomainPoint,
            ThisPointer,
            Uav,
            GroupShared,
            ThreadId,
            ThreadGroupId,
            ThreadIdInGroup,
            InputCoverageMask,
            ThreadIdInGroupFlattened,
            GsInstanceId,
            OutputDepthGreaterEqual,
            OutputDepthLessEqual,
            CycleCounter,
            OutputStencilRef,
            InnerCoverage,
        ]
    };

    /// The register file with this number in an operand token.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(number as usize).copied()
    }
}

/// Which components an operand reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Components {
    /// No components: samplers, labels, streams.
    None,
    /// A scalar register.
    One,
    /// A destination's write mask; bit 0 is x.
    Mask(u8),
    /// A source's swizzle: for each component of the result, the component that is read (0 to 3).
    Swizzle([u8; 4]),
    /// One component (0 to 3), replicated.
    Select(u8),
}

/// One index of a register: `imm`, `[relative]` or `[relative + imm]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Index {
    /// The constant part.
    pub base: u64,
    /// True when the token stores the constant part as 64 bits.
    pub wide: bool,
    /// The operand whose selected component is added, if any. Evaluated as a signed 32-bit integer.
    pub relative: Option<Box<Operand>>,
    /// True when the token carries a constant part although it may be zero (`[r0.x + 0]`). Always true without `relative`.
    pub has_base: bool,
}

impl Index {
    /// A constant index.
    pub const fn constant(base: u32) -> Self {
        Self { base: base as u64, wide: false, relative: None, has_base: true }
    }
}

/// A source modifier. On float operands the sign bit is changed, on integer operands `Neg` is two's complement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum Modifier {
    /// As it is.
    #[default]
    None = 0,
    /// `-x`
    Neg = 1,
    /// `|x|`
    Abs = 2,
    /// `-|x|`
    AbsNeg = 3,
}

/// The least precision that an operand asks for. Execution is always at 32 bits, which the specification allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
#[allow(missing_docs, reason = "the variants name the formats")]
pub enum MinPrecision {
    #[default]
    Default = 0,
    Float16 = 1,
    Float2_8 = 2,
    Sint16 = 4,
    Uint16 = 5,
}

/// An operand of an instruction or declaration.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Operand {
    /// What it names.
    pub file: RegisterFile,
    /// The components.
    pub components: Components,
    /// Up to three indices; empty for immediates and for registers that exist once.
    pub indices: SmallVec<[Index; 2]>,
    /// The value of an immediate, else empty: 1 or 4 words for `Immediate32`, 2 or 4 for `Immediate64` (low word first).
    pub immediate: SmallVec<[u32; 4]>,
    /// Source modifier.
    pub modifier: Modifier,
    /// Least precision.
    pub min_precision: MinPrecision,
    /// The index may differ between lanes (Shader Model 5.1).
    pub non_uniform: bool,
    /// True when the stream carries an extended operand token although every field of it has its default.
    pub explicit_extension: bool,
}

impl Operand {
    /// A register with constant indices and no modifier.
    pub fn register(file: RegisterFile, indices: &[u32], components: Components) -> Self {
        Self {
            file,
            components,
            indices: indices.iter().map(|&i| Index::constant(i)).collect(),
            immediate: SmallVec::new(),
            modifier: Modifier::None,
            min_precision: MinPrecision::Default,
            non_uniform: false,
            explicit_extension: false,
        }
    }

    /// How many words the immediate of these components has; 0 for registers.
    pub(crate) fn immediate_words(&self) -> usize {
        match (self.file, self.components) {
            (RegisterFile::Immediate32, Components::One) => 1,
            (RegisterFile::Immediate64, Components::One) => 2,
            (RegisterFile::Immediate32 | RegisterFile::Immediate64, Components::None) => 0,
            (RegisterFile::Immediate32 | RegisterFile::Immediate64, _) => 4,
            _ => 0,
        }
    }

    /// True when something about the operand can only be said in an extended operand token.
    pub(crate) fn needs_extension(&self) -> bool {
        self.modifier != Modifier::None || self.min_precision != MinPrecision::Default || self.non_uniform
    }

    /// The write mask of a destination (bit 0 is x); scalar registers count as `x`.
    pub fn mask(&self) -> u8 {
        match self.components {
            Components::None => 0,
            Components::One => 1,
            Components::Mask(mask) => mask,
            Components::Swizzle(_) => 0xf,
            Components::Select(c) => 1 << c,
        }
    }

    /// The component that a source reads for component `c` of the result.
    pub fn swizzle(&self, c: usize) -> usize {
        match self.components {
            Components::Swizzle(s) => s[c] as usize,
            Components::Select(s) => s as usize,
            Components::None | Components::One => 0,
            Components::Mask(_) => c,
        }
    }
}
