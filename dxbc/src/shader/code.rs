//! The checked form of a program: what interpreters execute.
//!
//! Every operand is resolved: register files to places, immediates replicated to four words, modifiers typed, memory
//! operands with the dimension of their declaration, branches with the steps that they lead to. Whatever the token
//! stream states by number is known to be in range; only relative indices are left to check.

use std::ops::RangeInclusive;

use smallvec::SmallVec;

use crate::ir::{CostClass, Op, ResourceDimension, ReturnKind};
use crate::limits;

/// One executable instruction. `position` means an index into [`Code::steps`].
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) op: Op,
    /// The statement that it comes from.
    pub(crate) statement: u32,
    pub(crate) saturate: bool,
    pub(crate) test_nonzero: bool,
    pub(crate) return_kind: ReturnKind,
    /// Immediate texel offsets.
    pub(crate) offset: [i32; 3],
    /// Register destinations, in the table's order.
    pub(crate) destinations: SmallVec<[Destination; 2]>,
    /// Value sources, in the table's order without memory, sampler and label operands.
    pub(crate) sources: SmallVec<[Source; 3]>,
    /// The resource, UAV, group-shared, rasterizer or stream operand.
    pub(crate) memory: Option<Memory>,
    /// The sampler operand.
    pub(crate) sampler: Option<Sampler>,
    /// Where a branch leads: a position, or an index into [`Code::switches`] or [`Code::interface_calls`].
    pub(crate) target: usize,
}

impl Step {
    /// What it costs of the budget, in instructions that take about as long.
    fn price(&self) -> u64 {
        if self.op.info().cost == CostClass::Texture { limits::TEXTURE_PRICE } else { 1 }
    }
}

/// Steps and the tables that they refer to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Code {
    pub(crate) steps: Vec<Step>,
    pub(crate) switches: Vec<Switch>,
    pub(crate) interface_calls: Vec<InterfaceCall>,
    /// Vectors of `icb`.
    pub(crate) immediates: Vec<[u32; 4]>,
    pub(crate) temps: usize,
    /// Vectors of all `x#` together.
    pub(crate) array_vectors: usize,
    /// Words of group-shared memory.
    pub(crate) shared_words: usize,
    /// True when a `call`, `callc` or `fcall` exists.
    pub(crate) has_calls: bool,
    /// The phases of a hull shader in stream order; one for the whole program of other stages.
    pub(crate) phases: Vec<Phase>,
    /// Where phases and subroutines start, in ascending order.
    pub(crate) sections: Vec<usize>,
    /// Positions of `endloop`, in ascending order: the number of a loop is its place here.
    pub(crate) loops: Vec<usize>,
    /// For each position and the end, what all steps before it cost of the budget.
    pub(crate) prices: Vec<u64>,
}

impl Code {
    /// Sets [`Code::prices`].
    pub(super) fn set_prices(&mut self) {
        let mut sum = 0;
        let after = self.steps.iter().map(|step| {
            sum += step.price();
            sum
        });
        self.prices = std::iter::once(0).chain(after).collect();
    }

    /// What entering the phase or subroutine that starts at a position costs of the budget: all of its steps.
    pub(crate) fn section_price(&self, start: usize) -> u64 {
        self.prices[self.section_end(start)] - self.prices[start]
    }

    /// The end of the phase or subroutine that starts at a position.
    pub(crate) fn section_end(&self, start: usize) -> usize {
        let next = self.sections.partition_point(|&section| section <= start);
        self.sections.get(next).copied().unwrap_or(self.steps.len())
    }

    /// The number of the section that a position is in.
    pub(crate) fn section(&self, position: usize) -> usize {
        self.sections.partition_point(|&section| section <= position).saturating_sub(1)
    }

    /// Where the subroutines start that a step may call.
    pub(crate) fn called(&self, position: usize) -> &[usize] {
        let step = &self.steps[position];
        match step.op {
            Op::Call | Op::Callc => std::slice::from_ref(&step.target),
            Op::Fcall => &self.interface_calls[step.target].bodies,
            _ => &[],
        }
    }

    /// The number of the loop that ends at a position.
    pub(crate) fn loop_at(&self, end: usize) -> usize {
        self.loops.partition_point(|&other| other < end)
    }

    /// The steps that another turn of a loop may execute.
    pub(crate) fn loop_body(&self, number: usize) -> RangeInclusive<usize> {
        let end = self.loops[number];
        self.steps[end].target..=end
    }

    /// What another turn of a loop costs of the budget: its body.
    pub(crate) fn loop_price(&self, number: usize) -> u64 {
        let body = self.loop_body(number);
        self.prices[body.end() + 1] - self.prices[*body.start()]
    }
}

/// A part of the program that is started on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Phase {
    pub(crate) kind: PhaseKind,
    /// Position of its first step.
    pub(crate) start: usize,
    /// How often it runs (fork and join phases).
    pub(crate) instances: u32,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum PhaseKind {
    /// The program of every stage but the hull shader.
    #[default]
    Main,
    ControlPoint,
    /// A fork or join phase: its outputs are patch constants.
    Patch,
}

/// Where the lanes of a `switch` go.
#[derive(Debug, Clone, Default)]
pub(crate) struct Switch {
    /// Literal and position.
    pub(crate) cases: Vec<(u32, usize)>,
    /// Position of `default`, or of `endswitch`.
    pub(crate) default: usize,
}

/// The bodies that an `fcall` may reach.
#[derive(Debug, Clone)]
pub(crate) struct InterfaceCall {
    /// Interface slot of element 0.
    pub(crate) interface: u32,
    /// Element of the array of interfaces.
    pub(crate) element: Index,
    /// How many elements there are.
    pub(crate) elements: u32,
    /// Position of the body for each type.
    pub(crate) bodies: Vec<usize>,
}

/// `base + relative`, wrapping.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    pub(crate) base: u32,
    /// Component x of this source is added.
    pub(crate) relative: Option<Box<Source>>,
}

impl Index {
    /// The index, unless it is only known when the program runs.
    pub(crate) fn constant(&self) -> Option<u32> {
        self.relative.is_none().then_some(self.base)
    }
}

/// What a source reads.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    Immediate([u32; 4]),
    /// `null`: zeros.
    Null,
    Temp(u32),
    /// `x#[index]`; the array starts at vector `first` and has `count` vectors.
    Array {
        first: u32,
        count: u32,
        index: Index,
    },
    /// `v#`
    Input(Index),
    /// `v[vertex][register]`, also `vicp` of a domain shader.
    VertexInput {
        vertex: Index,
        register: Index,
    },
    /// `vpc#`
    PatchConstant(Index),
    /// `vocp[point][register]`
    OutputControlPoint {
        vertex: Index,
        register: Index,
    },
    ConstantBuffer {
        slot: Index,
        element: Index,
    },
    ImmediateConstantBuffer(Index),
    /// `this[interface]`: the class instance behind an interface slot.
    This(Index),
    PrimitiveId,
    Coverage,
    InnerCoverage,
    GsInstanceId,
    DomainPoint,
    ThreadId,
    ThreadGroupId,
    ThreadIdInGroup,
    ThreadIdInGroupFlattened,
    OutputControlPointId,
    /// `vForkInstanceID`, `vJoinInstanceID`
    PhaseInstanceId,
}

/// A source operand.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) place: Place,
    /// The component read for each component of the result.
    pub(crate) swizzle: [u8; 4],
    pub(crate) modifier: SourceModifier,
}

/// A source modifier with the type of the operand that it stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SourceModifier {
    None,
    /// Changes of the sign bit: cleared, then flipped.
    Float {
        abs: bool,
        neg: bool,
    },
    /// The same on the high halves of doubles.
    Double {
        abs: bool,
        neg: bool,
    },
    /// Two's complement.
    Integer {
        abs: bool,
        neg: bool,
    },
}

/// What a destination writes.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Null,
    Temp(u32),
    Array {
        first: u32,
        count: u32,
        index: Index,
    },
    Output(Index),
    /// `o#` of a fork or join phase.
    PatchConstant(Index),
    Depth,
    Coverage,
    StencilRef,
}

/// A destination operand.
#[derive(Debug, Clone)]
pub(crate) struct Destination {
    pub(crate) target: Target,
    pub(crate) mask: u8,
}

/// A memory operand.
#[derive(Debug, Clone)]
pub(crate) struct Memory {
    pub(crate) space: Space,
    /// Components of what was read, for each component of the result.
    pub(crate) swizzle: [u8; 4],
    /// Components that a store writes.
    pub(crate) mask: u8,
}

impl Memory {
    /// True for an undeclared texture of Direct3D 9: what is bound decides.
    pub(crate) fn has_unknown_dimension(&self) -> bool {
        matches!(self.space, Space::Resource { dimension: ResourceDimension::Unknown, .. })
    }
}

/// What a memory operand names.
#[derive(Debug, Clone)]
pub(crate) enum Space {
    Resource { slot: Index, dimension: ResourceDimension },
    Uav { slot: Index, dimension: ResourceDimension },
    Shared(SharedMemory),
    Rasterizer,
    Stream(u8),
}

/// A group-shared register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SharedMemory {
    /// Its first word in the group's memory.
    pub(crate) first: u32,
    /// Its size in bytes.
    pub(crate) bytes: u32,
    /// Bytes of a structure; `None` for raw memory.
    pub(crate) stride: Option<u32>,
}

/// A sampler operand.
#[derive(Debug, Clone)]
pub(crate) struct Sampler {
    pub(crate) slot: Index,
    /// The component that `gather4` reads.
    pub(crate) component: u8,
}
