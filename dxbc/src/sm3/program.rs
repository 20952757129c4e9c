//! A Direct3D 9 shader as its tokens say it.

use smallvec::SmallVec;

use super::Op;
use crate::ir::{Model, Stage};

/// A shader in stream order, comments left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Program {
    /// [`Stage::Vertex`] or [`Stage::Pixel`].
    pub stage: Stage,
    /// 1.1 to 3.0; minor 1 of model 2 is 2_x, minor 255 are the software profiles.
    pub model: Model,
    /// True when parameter tokens have bit 31 clear, as in the shaders that the guest driver makes itself.
    pub bare_parameters: bool,
    /// Declarations and instructions.
    pub statements: Vec<Statement>,
}

/// One element of the stream.
#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    /// `dcl_usage v0`, `dcl_2d s0`
    Declare(Declaration),
    /// `def c0, ...`: the bits of four floats.
    Define(u32, [u32; 4]),
    /// `defi i0, ...`
    DefineInteger(u32, [u32; 4]),
    /// `defb b0, true`
    DefineBool(u32, bool),
    /// An instruction.
    Instruction(Instruction),
}

/// A declared register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declaration {
    /// Usage of inputs and outputs.
    pub usage: Usage,
    /// Index of the usage.
    pub index: u8,
    /// What a sampler samples.
    pub texture: TextureType,
    /// The register, with mask and modifiers.
    pub register: Destination,
}

/// What vertex data is for. The value is the number in tokens and in vertex declarations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum Usage {
    Position = 0,
    BlendWeight = 1,
    BlendIndices = 2,
    Normal = 3,
    PointSize = 4,
    Texcoord = 5,
    Tangent = 6,
    Binormal = 7,
    TessFactor = 8,
    PositionT = 9,
    Color = 10,
    Fog = 11,
    Depth = 12,
    Sample = 13,
}

impl Usage {
    /// Every usage with its name, in order of number.
    const NAMES: [(Self, &'static str); 14] = [
        (Self::Position, "POSITION"),
        (Self::BlendWeight, "BLENDWEIGHT"),
        (Self::BlendIndices, "BLENDINDICES"),
        (Self::Normal, "NORMAL"),
        (Self::PointSize, "PSIZE"),
        (Self::Texcoord, "TEXCOORD"),
        (Self::Tangent, "TANGENT"),
        (Self::Binormal, "BINORMAL"),
        (Self::TessFactor, "TESSFACTOR"),
        (Self::PositionT, "POSITIONT"),
        (Self::Color, "COLOR"),
        (Self::Fog, "FOG"),
        (Self::Depth, "DEPTH"),
        (Self::Sample, "SAMPLE"),
    ];

    /// The usage with this number.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::NAMES.get(number as usize).map(|row| row.0)
    }

    /// Its name as a semantic, in capitals.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].1
    }

    /// The usage with this name in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|row| row.1.eq_ignore_ascii_case(name)).map(|row| row.0)
    }
}

/// What a declared sampler samples. The value is the number in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum TextureType {
    #[default]
    Unknown = 0,
    OneD = 1,
    TwoD = 2,
    Cube = 3,
    Volume = 4,
}

/// The files of registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum File {
    /// `r#`
    Temp,
    /// `v#`
    Input,
    /// `c#`
    Constant,
    /// `a0` of vertex shaders.
    Address,
    /// `t#` of pixel shaders.
    Texture,
    /// `oPos`, `oFog`, `oPts`
    RasterOut,
    /// `oD#`
    ColorVarying,
    /// `oT#`
    TexcoordVarying,
    /// `o#` of vs_3_0.
    Output,
    /// `i#`
    Integer,
    /// `oC#`
    ColorOut,
    /// `oDepth`
    DepthOut,
    /// `s#`
    Sampler,
    /// `b#`
    Bool,
    /// `aL`
    LoopCounter,
    /// `vPos`, `vFace`
    Misc,
    /// `l#`
    Label,
    /// `p0`
    Predicate,
}

/// A register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Register {
    /// Its file.
    pub file: File,
    /// Its number.
    pub number: u32,
}

/// `[a0.x + n]`, `[aL + n]`: what is added to a register's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Relative {
    /// `a0` or `aL`.
    pub register: Register,
    /// The component of `a0`.
    pub component: u8,
}

/// A destination parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Destination {
    /// What is written.
    pub register: Register,
    /// What is added to its number (outputs of vs_3_0).
    pub relative: Option<Relative>,
    /// Components; bit 0 is x.
    pub mask: u8,
    /// `_sat`
    pub saturate: bool,
    /// `_pp`
    pub partial_precision: bool,
    /// `_centroid`
    pub centroid: bool,
    /// The result is multiplied by 2 to this power: -3 to 3.
    pub shift: i8,
}

/// A source modifier; the value is the number in the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum Modifier {
    #[default]
    None = 0,
    Neg = 1,
    /// `x - 0.5`
    Bias = 2,
    BiasNeg = 3,
    /// `2x - 1`
    Sign = 4,
    SignNeg = 5,
    /// `1 - x`
    Complement = 6,
    X2 = 7,
    X2Neg = 8,
    /// `x / z`, `y / z`
    Dz = 9,
    /// `x / w`, `y / w`
    Dw = 10,
    Abs = 11,
    AbsNeg = 12,
    /// Of booleans and predicates.
    Not = 13,
}

impl Modifier {
    const ALL: [Self; 14] = {
        use Modifier::*;
        [None, Neg, Bias, BiasNeg, Sign, SignNeg, Complement, X2, X2Neg, Dz, Dw, Abs, AbsNeg, Not]
    };

    /// The modifier with this number.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(number as usize).copied()
    }
}

/// A source parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// What is read.
    pub register: Register,
    /// What is added to its number.
    pub relative: Option<Relative>,
    /// For each component the one that is read.
    pub swizzle: [u8; 4],
    /// Applied after the swizzle, but for `Dz` and `Dw`.
    pub modifier: Modifier,
}

/// The order of components without a swizzle.
pub const IDENTITY: [u8; 4] = [0, 1, 2, 3];

/// How `ifc`, `breakc` and `setp` compare; the value is the number in the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
#[allow(missing_docs, reason = "the variants are the comparisons")]
pub enum Comparison {
    Greater = 1,
    Equal = 2,
    GreaterEqual = 3,
    Less = 4,
    NotEqual = 5,
    LessEqual = 6,
}

impl Comparison {
    const NAMES: [(Self, &'static str); 6] = [
        (Self::Greater, "gt"),
        (Self::Equal, "eq"),
        (Self::GreaterEqual, "ge"),
        (Self::Less, "lt"),
        (Self::NotEqual, "ne"),
        (Self::LessEqual, "le"),
    ];

    /// The comparison with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::NAMES.get(usize::from(number).checked_sub(1)?).map(|row| row.0)
    }

    /// `gt`, `eq`, ...
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize - 1].1
    }

    /// The comparison with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|row| row.1 == name).map(|row| row.0)
    }
}

/// An instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// What it does.
    pub op: Op,
    /// The number of the comparison; of `texld` 1 for `texldp` and 2 for `texldb`; else 0.
    pub control: u8,
    /// Runs together with the one before it (ps_1_x).
    pub coissue: bool,
    /// Components are written where this predicate holds.
    pub predicate: Option<Source>,
    /// The destination.
    pub destination: Option<Destination>,
    /// The sources.
    pub sources: SmallVec<[Source; 3]>,
}

impl Program {
    /// The instructions in order.
    pub fn instructions(&self) -> impl Iterator<Item = &Instruction> {
        self.statements.iter().filter_map(|s| if let Statement::Instruction(i) = s { Some(i) } else { None })
    }

    /// The declared registers in order.
    pub fn declarations(&self) -> impl Iterator<Item = &Declaration> {
        self.statements.iter().filter_map(|s| if let Statement::Declare(d) = s { Some(d) } else { None })
    }

    /// True for shaders that the guest driver made itself: fog, lighting and texture factors are already in them.
    pub fn is_driver_made(&self) -> bool {
        self.bare_parameters && self.declarations().next().is_none()
    }

    /// True before this version.
    pub(super) fn before(&self, major: u8, minor: u8) -> bool {
        self.model < Model { major, minor }
    }

    /// The profile, such as `ps_2_0`, `vs_2_x` or `ps_3_sw`.
    pub fn profile(&self) -> String {
        let Model { major, minor } = self.model;
        match (major, minor) {
            (2, 1) => format!("{}_2_x", self.stage.prefix()),
            (_, 255) => format!("{}_{major}_sw", self.stage.prefix()),
            _ => format!("{}_{major}_{minor}", self.stage.prefix()),
        }
    }
}

impl Register {
    /// A register.
    pub const fn new(file: File, number: u32) -> Self {
        Self { file, number }
    }
}
