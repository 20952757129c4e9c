//! The flat instruction set: one operation on whole rows, one component at a time.

use crate::ir::ResourceDimension;
use crate::resources::Slot;
use crate::shader::{SharedMemory, Step};

/// A row of the register file: one 32-bit word for each lane, or for a uniform row the same word in all.
pub(crate) type Row = u32;

/// What an [`Inst`] does. `d` is the row written; `a`, `b` and `c` are rows read, unless the comment says otherwise.
///
/// Float operands hold no denormals where the operation would notice (lowering sees to that), and NaN results may have
/// any payload: lowering canonicalises them before anything can look at their bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum Op {
    // Moves and masks.
    Mov,
    /// `a != 0 ? b : c`
    Select,
    /// All ones where `a != 0`.
    NonZero,
    /// All ones where `a == 0`.
    IsZero,
    And,
    Or,
    Xor,
    /// `a & !b`
    AndNot,
    Not,
    /// `(a & c) | (b & !c)`
    Merge,

    // Floats.
    /// Denormals become zeros of their sign.
    Flush,
    /// NaNs become the canonical one.
    Canonical,
    Saturate,
    Add,
    Sub,
    Mul,
    /// `a * b + c`, two roundings and flushes, and its forms with signs.
    Mad,
    /// `a * b - c`
    Msub,
    /// `c - a * b`
    Nmad,
    /// `a * b + c` and `c - a * b`, where `c` is zero or so large that denormals do not count beside it.
    MadLate,
    NmadLate,
    /// As above, where no product and no sum can be denormal.
    AddExact,
    SubExact,
    MulExact,
    MadExact,
    MsubExact,
    NmadExact,
    /// `a * b`, but +0 where a factor is zero.
    MulLegacy,
    /// `|a|^b`
    Pow,
    Div,
    /// Operands without denormals.
    Min,
    Max,
    /// Any operands.
    MinRaw,
    MaxRaw,
    Frc,
    RoundNe,
    RoundNi,
    RoundPi,
    RoundZ,
    Rcp,
    Rsq,
    Sqrt,
    Exp,
    Log,
    Sin,
    Cos,
    Feq,
    Fne,
    Flt,
    Fge,

    // This instruction and the next one, which takes its result as `c` or `a`: `MadExact` with `MadExact` or `MadLate`,
    // `Min` with `AddExact` or `Max`, `Max` with `Min`.
    MadThenMad,
    MadThenMadLate,
    MinThenAdd,
    MinThenMax,
    MaxThenMin,

    // Integers.
    Iadd,
    Isub,
    Ineg,
    Iabs,
    Imul,
    Imad,
    ImulHigh,
    UmulHigh,
    Udiv,
    Urem,
    Carry,
    Borrow,
    Imax,
    Imin,
    Umax,
    Umin,
    Ieq,
    Ine,
    Ilt,
    Ige,
    Ult,
    Uge,
    Ishl,
    Ishr,
    Ushr,
    Ubfe,
    Ibfe,
    /// The field of `bfi`: `a` bits from bit `b` on.
    Field,
    Bfrev,
    Countbits,
    FirstbitHi,
    FirstbitLo,
    FirstbitShi,
    Msad,

    // Conversions.
    Ftoi,
    Ftou,
    Itof,
    Utof,
    F32tof16,
    F16tof32,

    // Quads.
    DerivX,
    DerivY,
    DerivXFine,
    DerivYFine,

    // Registers by index: `a` holds the index, `b` is a number in [`Tables::indexed`].
    /// `d` from the table.
    Gather,
    /// Row `d` into the table, in the lanes of `c`.
    Scatter,

    // The patch of a hull shader's lane: `b` is a number in [`Tables::patch`].
    /// `d` from the vector of index `c` of control point `a`.
    PatchRead,
    /// Row `d` to patch constant `a`, in the lanes of `c`.
    PatchWrite,

    // Memory: `a` is a number in the table of the same name; `b` is the row of lanes that take part. Results go to the
    // texel rows.
    Sample,
    Load,
    LoadWords,
    StoreWords,
    /// Row `d` becomes the number of the body that lanes reach through class `b` of the table, at the index in row `a`.
    Class,
    /// Any step, by the reference interpreter.
    Cold,
    /// Row `d` becomes all ones in lanes that are live.
    Live,
    /// Lanes of `a` are no longer live.
    Discard,
    /// Lanes of `a` emit to stream `b`, with a cut if `c` is 1; `d` becomes the lanes that end with it.
    Emit,
    /// Lanes of `a` cut stream `b`.
    Cut,

    // Flow. Positions are indices of instructions.
    /// To `a`.
    Jump,
    /// To `b` if no lane of `a` is active.
    JumpNone,
    /// To `b` if the uniform `a` is zero (`c == 0`) or is not (`c == 1`).
    JumpUniform,
    /// To `b`, for another turn of loop number `c`, if a lane of `a` is active.
    LoopBack,
    /// At a price of `a`, by the lanes of `b`.
    Charge,
    End,
}

/// One flat instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Inst {
    pub(crate) op: Op,
    pub(crate) d: Row,
    pub(crate) a: u32,
    pub(crate) b: u32,
    pub(crate) c: u32,
}

const _: () = assert!(size_of::<Inst>() == 20);

/// What an index reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Indexed {
    /// Every fourth row from `first` on, `count` of them.
    Rows { first: Row, count: u32, base: u32 },
    /// A component of constant buffer vectors.
    Constants { slot: u32, base: u32, component: u8 },
    /// A component of the immediate constant buffer.
    Immediates { base: u32, component: u8 },
}

/// A component of a vector of a patch, and what is added to indices.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PatchOp {
    pub(crate) space: PatchSpace,
    pub(crate) point: u32,
    pub(crate) register: u32,
    pub(crate) component: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PatchSpace {
    /// Input control points.
    Inputs,
    /// Output control points, as the phases before left them.
    Points,
    /// Patch constants, as if they were a control point.
    Constants,
}

/// A sampling instruction; see [`crate::resources::SampleLanes`].
#[derive(Debug, Clone)]
pub(crate) struct SampleOp {
    pub(crate) texture: u32,
    pub(crate) sampler: u32,
    pub(crate) dimension: ResourceDimension,
    pub(crate) kind: SampleOpKind,
    pub(crate) coordinate: [Row; 4],
    pub(crate) lod: LodOp,
    pub(crate) lod_clamp: Option<Row>,
    pub(crate) offset: OffsetOp,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum SampleOpKind {
    Filter,
    Compare(Row),
    Gather(u8),
    GatherCompare(Row),
    QueryLod,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum LodOp {
    Quads { bias: Option<Row> },
    Given { ddx: [Row; 3], ddy: [Row; 3] },
    Explicit(Row),
    First,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum OffsetOp {
    Same([i32; 3]),
    Each([Row; 2]),
}

/// A typed load; see [`crate::resources::LoadLanes`].
#[derive(Debug, Clone)]
pub(crate) struct LoadOp {
    pub(crate) slot: Slot,
    pub(crate) dimension: ResourceDimension,
    pub(crate) address: [Row; 3],
    pub(crate) mip: Option<Row>,
    pub(crate) sample: Option<Row>,
}

/// A raw or structured access; see [`crate::resources::WordLanes`].
#[derive(Debug, Clone)]
pub(crate) struct WordsOp {
    pub(crate) space: WordSpace,
    pub(crate) index: Option<Row>,
    pub(crate) offset: Row,
    /// Which of the four words at the address.
    pub(crate) words: u8,
    /// What a store writes.
    pub(crate) values: [Row; 4],
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum WordSpace {
    Memory(Slot),
    Shared(SharedMemory),
}

/// A step for the reference interpreter. Its operands are temporaries of its own.
#[derive(Debug, Clone)]
pub(crate) struct ColdOp {
    pub(crate) step: Step,
    /// Rows that become temporaries, four to a register.
    pub(crate) reads: Vec<Row>,
    /// Rows that temporaries become afterwards: word of the register file of four-word temporaries, row.
    pub(crate) writes: Vec<(u32, Row)>,
}

/// An interface call.
#[derive(Debug, Clone)]
pub(crate) struct ClassOp {
    /// Interface slot of element 0.
    pub(crate) interface: u32,
    pub(crate) elements: u32,
    /// What is added to the index.
    pub(crate) base: u32,
    /// The number of each class's body.
    pub(crate) bodies: Vec<u32>,
}

/// Everything that instructions refer to by number.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tables {
    pub(crate) indexed: Vec<Indexed>,
    pub(crate) patch: Vec<PatchOp>,
    pub(crate) samples: Vec<SampleOp>,
    pub(crate) loads: Vec<LoadOp>,
    pub(crate) words: Vec<WordsOp>,
    pub(crate) cold: Vec<ColdOp>,
    pub(crate) classes: Vec<ClassOp>,
}

impl Inst {
    pub(crate) fn new(op: Op, d: Row, [a, b, c]: [u32; 3]) -> Self {
        Self { op, d, a, b, c }
    }
}
