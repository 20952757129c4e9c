//! Which register components are needed later, before every step.

use crate::ir::Op;
use crate::shader::{
    Code, Destination, Index, Place, Source, Step, Target, needs_derivatives as needs_quads,
};

/// Words of all live sets together; larger programs are not lowered.
const LIMIT: usize = 1 << 22;

/// Numbers for every register component that a program can change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Variables {
    temps: usize,
    arrays: usize,
    outputs: usize,
}

/// `oDepth`, `oMask`, `oStencilRef`, in this order after the outputs.
pub(super) const SINGLES: usize = 3;

impl Variables {
    pub(super) fn new(code: &Code, output_registers: usize) -> Self {
        Self { temps: code.temps * 4, arrays: code.array_vectors * 4, outputs: output_registers * 4 }
    }

    pub(super) fn count(&self) -> usize {
        self.single(0) + SINGLES
    }

    pub(super) fn temp(&self, register: u32, component: usize) -> usize {
        register as usize * 4 + component
    }

    pub(super) fn array(&self, vector: u32, component: usize) -> usize {
        self.temps + vector as usize * 4 + component
    }

    pub(super) fn output(&self, register: u32, component: usize) -> usize {
        self.temps + self.arrays + register as usize * 4 + component
    }

    pub(super) fn single(&self, number: usize) -> usize {
        self.temps + self.arrays + self.outputs + number
    }

    /// Every output, the single ones too.
    pub(super) fn outputs(&self) -> std::ops::Range<usize> {
        self.output(0, 0)..self.count()
    }

    /// The variables of a destination, or `None` for one that is found by index, and for patch constants.
    pub(super) fn written(&self, destination: &Destination) -> Option<[Option<usize>; 4]> {
        let vector = |f: &dyn Fn(usize) -> usize| {
            std::array::from_fn(|c| (destination.mask >> c & 1 == 1).then(|| f(c)))
        };
        Some(match &destination.target {
            Target::Null => [None; 4],
            Target::Temp(register) => vector(&|c| self.temp(*register, c)),
            Target::Array { index: Index { relative: Some(_), .. }, .. }
            | Target::Output(Index { relative: Some(_), .. })
            | Target::PatchConstant(_) => return None,
            Target::Array { first, count, index } if index.base < *count => {
                vector(&|c| self.array(first + index.base, c))
            }
            Target::Array { .. } => [None; 4],
            Target::Output(index) => vector(&|c| self.output(index.base, c)),
            Target::Depth => [Some(self.single(0)), None, None, None],
            Target::Coverage => [Some(self.single(1)), None, None, None],
            Target::StencilRef => [Some(self.single(2)), None, None, None],
        })
    }
}

/// A set of variables.
pub(super) type Set<'a> = &'a [u64];

pub(super) fn contains(set: Set<'_>, variable: usize) -> bool {
    set[variable / 64] >> (variable % 64) & 1 == 1
}

/// The live sets of a program. Subroutines have one for all their callers.
#[derive(Debug)]
pub(super) struct Liveness {
    words: usize,
    exits: Exits,
    /// Before each step; the last one is what the end needs.
    sets: Vec<u64>,
}

impl Liveness {
    /// `None` for programs that are too large.
    pub(super) fn new(code: &Code, variables: &Variables) -> Option<Self> {
        let pinned = pinned(code, variables);
        let words = variables.count().div_ceil(64);
        let steps = code.steps.len();
        let size = words.checked_mul(steps + 1).filter(|&size| size <= LIMIT)?;
        let mut liveness = Self { words, exits: Exits::new(code), sets: vec![0; size] };
        let end = &mut liveness.sets[steps * words..];
        end.copy_from_slice(&pinned);
        variables.outputs().for_each(|v| end[v / 64] |= 1 << (v % 64));
        let mut set = vec![0; words];
        loop {
            let mut changed = false;
            for (position, step) in code.steps.iter().enumerate().rev() {
                set.copy_from_slice(&pinned);
                liveness.exits.successors(code, position, |next| {
                    set.iter_mut().zip(liveness.before(next)).for_each(|(word, other)| *word |= other);
                });
                transfer(code, step, variables, &mut set);
                set.iter_mut().zip(&pinned).for_each(|(word, other)| *word |= other);
                let old = &mut liveness.sets[position * words..][..words];
                changed |= *old != *set;
                old.copy_from_slice(&set);
            }
            if !changed {
                return Some(liveness);
            }
        }
    }

    /// What is needed before a step.
    pub(super) fn before(&self, position: usize) -> Set<'_> {
        &self.sets[position * self.words..][..self.words]
    }

    /// What is needed after a step.
    pub(super) fn after(&self, code: &Code, position: usize) -> Vec<u64> {
        let mut set = vec![0; self.words];
        self.exits.successors(code, position, |next| {
            set.iter_mut().zip(self.before(next)).for_each(|(word, other)| *word |= other);
        });
        set
    }
}

/// Variables that quads look at where flow has diverged: there the values of waiting lanes count, too.
fn pinned(code: &Code, variables: &Variables) -> Vec<u64> {
    let mut set = vec![0; variables.count().div_ceil(64)];
    let mut depth = 0usize;
    let mut returned = false;
    for (position, step) in code.steps.iter().enumerate() {
        // Whether lanes are together in a subroutine is not known.
        returned |= code.section(position) > 0;
        match step.op {
            Op::If | Op::Loop | Op::Switch => depth += 1,
            Op::Endif | Op::Endloop | Op::Endswitch => depth = depth.saturating_sub(1),
            Op::Retc => returned = true,
            Op::Ret => returned |= depth > 0,
            op if needs_quads(op) && (depth > 0 || returned) => {
                let mut read = |v: usize| set[v / 64] |= 1 << (v % 64);
                read_source(&step.sources[0], 0b1111, variables, &mut read);
            }
            _ => {}
        }
    }
    set
}

/// Where lanes go when they return.
#[derive(Debug)]
struct Exits {
    /// For each of [`Code::sections`] the positions behind its calls; none for the program itself.
    sections: Vec<Vec<usize>>,
}

impl Exits {
    fn new(code: &Code) -> Self {
        let mut sections = vec![Vec::new(); code.sections.len()];
        for position in 0..code.steps.len() {
            for &body in code.called(position) {
                sections[code.section(body)].push(position + 1);
            }
        }
        Self { sections }
    }

    /// Where lanes may go after a step; behind the last one when they are done.
    fn successors(&self, code: &Code, position: usize, mut f: impl FnMut(usize)) {
        let step = &code.steps[position];
        let end = code.steps.len();
        let mut returned = || {
            let sites = &self.sections[code.section(position)];
            sites.iter().copied().chain(sites.is_empty().then_some(end)).for_each(&mut f);
        };
        match step.op {
            Op::Ret => returned(),
            Op::Retc => {
                returned();
                f(position + 1);
            }
            Op::Else | Op::Break | Op::Continue | Op::Endloop | Op::Call => f(step.target),
            Op::If | Op::Breakc | Op::Continuec | Op::Callc => {
                f(position + 1);
                f(step.target);
            }
            Op::Fcall => {
                f(position + 1);
                code.called(position).iter().copied().for_each(f);
            }
            Op::Switch => {
                let switch = &code.switches[step.target];
                switch.cases.iter().for_each(|&(_, case)| f(case));
                f(switch.default);
            }
            Op::Emit | Op::EmitStream | Op::EmitThenCut | Op::EmitThenCutStream => {
                f(position + 1);
                f(end);
            }
            _ => f(position + 1),
        }
    }
}

/// From what is needed after a step to what is needed before it.
fn transfer(code: &Code, step: &Step, variables: &Variables, set: &mut [u64]) {
    let mut needed = step.destinations.is_empty() || !is_pure(step.op);
    // Destinations are written one after the other: the index of the second sees what the first wrote.
    for destination in step.destinations.iter().rev() {
        match variables.written(destination) {
            None => needed = true,
            Some(written) => {
                for variable in written.into_iter().flatten() {
                    needed |= contains(set, variable);
                    set[variable / 64] &= !(1 << (variable % 64));
                }
            }
        }
        read_destination(destination, variables, set);
    }
    if matches!(step.op, Op::Emit | Op::EmitStream | Op::EmitThenCut | Op::EmitThenCutStream) {
        variables.outputs().for_each(|v| set[v / 64] |= 1 << (v % 64));
    }
    if !needed {
        return;
    }
    let mut read = |variable: usize| set[variable / 64] |= 1 << (variable % 64);
    for source in &step.sources {
        read_source(source, components(step), variables, &mut read);
    }
    for index in memory_indices(step).chain(element(code, step)) {
        read_index(index, variables, &mut read);
    }
}

/// What the index of a destination needs.
pub(super) fn read_destination(destination: &Destination, variables: &Variables, set: &mut [u64]) {
    if let Target::Array { index, .. } | Target::Output(index) | Target::PatchConstant(index) =
        &destination.target
    {
        read_index(index, variables, &mut |variable| set[variable / 64] |= 1 << (variable % 64));
    }
}

/// The element of an interface that a step calls.
pub(super) fn element<'a>(code: &'a Code, step: &Step) -> Option<&'a Index> {
    (step.op == Op::Fcall).then(|| &code.interface_calls[step.target].element)
}

/// Slots of memory and sampler operands.
pub(super) fn memory_indices(step: &Step) -> impl Iterator<Item = &Index> {
    use crate::shader::Space;
    let memory = step.memory.as_ref().and_then(|m| match &m.space {
        Space::Resource { slot, .. } | Space::Uav { slot, .. } => Some(slot),
        Space::Shared(_) | Space::Rasterizer | Space::Stream(_) => None,
    });
    memory.into_iter().chain(step.sampler.as_ref().map(|s| &s.slot))
}

/// Result components whose source components a step reads: those of the mask where components stay apart.
fn components(step: &Step) -> u8 {
    match step.op {
        Op::Dp2 => 0b0011,
        Op::Dp3 | Op::Dp3Legacy => 0b0111,
        op if componentwise(op) => step.destinations.iter().fold(0, |mask, d| mask | d.mask),
        op if step.destinations.is_empty() && step.memory.is_none() && op != Op::Switch => 0b0001,
        _ => 0b1111,
    }
}

/// True when component `c` of the results depends on component `c` of the sources alone.
pub(super) fn componentwise(op: Op) -> bool {
    use Op::*;
    matches!(
        op,
        Add | Mul
            | MulLegacy
            | MadLegacy
            | Pow
            | Div
            | Min
            | Max
            | Mad
            | Frc
            | RoundNe
            | RoundNi
            | RoundPi
            | RoundZ
            | Rcp
            | Rsq
            | Sqrt
            | Exp
            | Log
            | Sincos
            | Eq
            | Ne
            | Lt
            | Ge
            | Mov
            | Movc
            | Swapc
            | Iadd
            | Ineg
            | Imad
            | Umad
            | Imul
            | Umul
            | Udiv
            | Uaddc
            | Usubb
            | Imax
            | Imin
            | Umax
            | Umin
            | Ieq
            | Ine
            | Ilt
            | Ige
            | Ult
            | Uge
            | And
            | Or
            | Xor
            | Not
            | Ishl
            | Ishr
            | Ushr
            | Ubfe
            | Ibfe
            | Bfi
            | Bfrev
            | Countbits
            | FirstbitHi
            | FirstbitLo
            | FirstbitShi
            | Msad
            | Ftoi
            | Ftou
            | Itof
            | Utof
            | F32tof16
            | F16tof32
            | DerivRtx
            | DerivRtxCoarse
            | DerivRty
            | DerivRtyCoarse
            | DerivRtxFine
            | DerivRtyFine
            | CheckAccessFullyMapped
    )
}

/// True when a step whose results nobody needs can be left out.
pub(super) fn is_pure(op: Op) -> bool {
    componentwise(op) || !matches!(op.info().cost, crate::ir::CostClass::Memory | crate::ir::CostClass::Flow)
}

fn read_source(source: &Source, components: u8, variables: &Variables, read: &mut dyn FnMut(usize)) {
    let swizzled = || (0..4).filter(|c| components >> c & 1 == 1).map(|c| usize::from(source.swizzle[c] & 3));
    match &source.place {
        Place::Temp(register) => swizzled().for_each(|c| read(variables.temp(*register, c))),
        Place::Array { first, count, index } => {
            read_index(index, variables, read);
            let vectors = match index.relative {
                Some(_) => 0..*count,
                None => index.base..(index.base + 1).min(*count),
            };
            for vector in vectors {
                swizzled().for_each(|c| read(variables.array(first + vector, c)));
            }
        }
        place => place_indices(place).into_iter().flatten().for_each(|i| read_index(i, variables, read)),
    }
}

fn read_index(index: &Index, variables: &Variables, read: &mut dyn FnMut(usize)) {
    if let Some(relative) = &index.relative {
        read_source(relative, 1, variables, read);
    }
}

/// The indices of a place.
pub(super) fn place_indices(place: &Place) -> [Option<&Index>; 2] {
    match place {
        Place::Array { index, .. }
        | Place::Input(index)
        | Place::PatchConstant(index)
        | Place::ImmediateConstantBuffer(index)
        | Place::This(index) => [Some(index), None],
        Place::VertexInput { vertex, register } | Place::OutputControlPoint { vertex, register } => {
            [Some(vertex), Some(register)]
        }
        Place::ConstantBuffer { slot, element } => [Some(slot), Some(element)],
        _ => [None, None],
    }
}
