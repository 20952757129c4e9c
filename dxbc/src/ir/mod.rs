//! The one intermediate form of shader programs.
//!
//! [`Program`] is what decoders produce, what the assembler builds and what validation takes: a list of
//! [`Statement`]s in stream order, typed but not yet checked. Nothing of a token stream is lost in it, so that
//! encoding a decoded program gives the same words again.

pub mod declaration;
pub(crate) mod names;
pub mod op;
pub mod operand;
pub mod text;

use smallvec::SmallVec;

pub use declaration::{Declaration, HullPhase, Interpolation, ResourceDimension, SystemName, UavFlags};
pub use op::{CostClass, Op, OpFlags, OpInfo, OperandType};
pub use operand::{Components, Index, MinPrecision, Modifier, Operand, RegisterFile};

/// A shader stage. The value is the program type in the version token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[allow(missing_docs, reason = "the variants are the names of the stages")]
pub enum Stage {
    Pixel = 0,
    Vertex = 1,
    Geometry = 2,
    Hull = 3,
    Domain = 4,
    Compute = 5,
}

impl Stage {
    /// The prefix of a profile: `ps`, `vs`, `gs`, `hs`, `ds` or `cs`.
    pub const fn prefix(self) -> &'static str {
        ["ps", "vs", "gs", "hs", "ds", "cs"][self as usize]
    }

    /// The stage with this program type.
    pub const fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            0 => Self::Pixel,
            1 => Self::Vertex,
            2 => Self::Geometry,
            3 => Self::Hull,
            4 => Self::Domain,
            5 => Self::Compute,
            _ => return None,
        })
    }
}

/// A shader model, ordered by age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Model {
    /// 4 or 5 (1 to 3 for Direct3D 9).
    pub major: u8,
    /// Minor version.
    pub minor: u8,
}

/// A shader as its token stream says it, in stream order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The stage that it is for.
    pub stage: Stage,
    /// The shader model.
    pub model: Model,
    /// Declarations, instructions and custom data.
    pub statements: Vec<Statement>,
}

/// One element of a token stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// A declaration.
    Declaration(Declaration),
    /// An instruction.
    Instruction(Instruction),
    /// A block of custom data (opcode 53).
    CustomData(CustomData),
}

/// An instruction with its operands, destinations first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// What it does.
    pub op: Op,
    /// `_sat`: the result is clamped to 0..1.
    pub saturate: bool,
    /// Components whose result must be computed exactly as written (bit 0 is x).
    pub precise: u8,
    /// For instructions with a test: true for `_nz`, false for `_z`.
    pub test_nonzero: bool,
    /// What `resinfo` and `sampleinfo` return.
    pub return_kind: ReturnKind,
    /// What `sync` waits for.
    pub sync: SyncFlags,
    /// `fcall fp#[element][call site]`: which function of the interface is called; 0 for other instructions.
    pub call_site: u32,
    /// Extended opcode tokens, in stream order.
    pub extensions: SmallVec<[Extension; 2]>,
    /// Destinations, then sources, as the instruction table lists them.
    pub operands: Vec<Operand>,
    /// Words after the last operand that the length field includes (the compiler pads `samplepos`).
    pub padding: SmallVec<[u32; 1]>,
}

impl Instruction {
    /// An instruction without modifiers.
    pub fn new(op: Op, operands: impl IntoIterator<Item = Operand>) -> Self {
        Self {
            op,
            saturate: false,
            precise: 0,
            test_nonzero: false,
            return_kind: ReturnKind::Float,
            sync: SyncFlags::default(),
            call_site: 0,
            extensions: SmallVec::new(),
            operands: operands.into_iter().collect(),
            padding: SmallVec::new(),
        }
    }

    /// The immediate texel offsets, zero when there are none.
    pub fn texel_offset(&self) -> [i8; 3] {
        self.extensions
            .iter()
            .find_map(|e| if let Extension::TexelOffset(o) = e { Some(*o) } else { None })
            .unwrap_or_default()
    }
}

/// An extended opcode token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extension {
    /// Type 1: offsets u, v, w of -8 to 7 texels.
    TexelOffset([i8; 3]),
    /// Type 2: the dimension of the resource, and the stride in bytes of a structured buffer.
    Resource {
        /// Dimension.
        dimension: ResourceDimension,
        /// Stride in bytes; 0 unless structured.
        stride: u16,
    },
    /// Type 3: return type, four bits a component (1 unorm, 2 snorm, 3 sint, 4 uint, 5 float, 6 mixed, 7 double).
    ReturnType(u16),
}

/// What `resinfo` (all three) and `sampleinfo` (float and uint) return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum ReturnKind {
    /// Sizes as floats.
    #[default]
    Float = 0,
    /// Reciprocals of width, height and depth; array sizes and mip counts as floats.
    RcpFloat = 1,
    /// Sizes as integers.
    Uint = 2,
}

/// Flags of `sync`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SyncFlags {
    /// `_t`: every thread of the group arrives before any continues.
    pub threads: bool,
    /// `_g`: group-shared memory.
    pub group_shared: bool,
    /// `_ugroup`: UAV writes, seen by the group.
    pub uav_group: bool,
    /// `_uglobal`: UAV writes, seen by every group.
    pub uav_global: bool,
}

/// Custom data. The payload excludes the two header words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomData {
    /// What it holds.
    pub class: CustomDataClass,
    /// The words.
    pub words: Vec<u32>,
}

/// Classes of custom data; unknown ones are kept by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum CustomDataClass {
    Comment,
    DebugInfo,
    Opaque,
    /// Vectors of four words, read through `icb`.
    ImmediateConstantBuffer,
    ShaderMessage,
    ClipPlaneMapping,
    Other(u32),
}

impl CustomDataClass {
    /// The class with this number (21 bits of the opcode token).
    pub const fn from_number(number: u32) -> Self {
        match number {
            0 => Self::Comment,
            1 => Self::DebugInfo,
            2 => Self::Opaque,
            3 => Self::ImmediateConstantBuffer,
            4 => Self::ShaderMessage,
            5 => Self::ClipPlaneMapping,
            other => Self::Other(other),
        }
    }

    /// The number of the class.
    pub const fn number(self) -> u32 {
        match self {
            Self::Comment => 0,
            Self::DebugInfo => 1,
            Self::Opaque => 2,
            Self::ImmediateConstantBuffer => 3,
            Self::ShaderMessage => 4,
            Self::ClipPlaneMapping => 5,
            Self::Other(number) => number,
        }
    }
}

impl Program {
    /// The declarations of the whole program, in order.
    pub fn declarations(&self) -> impl Iterator<Item = &Declaration> {
        self.statements.iter().filter_map(|s| if let Statement::Declaration(d) = s { Some(d) } else { None })
    }

    /// The instructions of the whole program, in order.
    pub fn instructions(&self) -> impl Iterator<Item = &Instruction> {
        self.statements.iter().filter_map(|s| if let Statement::Instruction(i) = s { Some(i) } else { None })
    }

    /// The profile, such as `ps_5_0`.
    pub fn profile(&self) -> String {
        format!("{}_{}_{}", self.stage.prefix(), self.model.major, self.model.minor)
    }
}
