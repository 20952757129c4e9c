//! Lanes, their registers, and how operands reach them.

use crate::Io;
use crate::ir::Stage;
use crate::resources::Resources;
use crate::shader::{
    Code, Destination, Index, PhaseKind, Place, Source, SourceModifier, Target, ValidatedShader,
};

use super::flow::Lanes;
use super::{ExecutionError, StepState};

/// A block of lanes at work.
pub(super) struct Machine<'a, 'io> {
    pub(super) shader: &'a ValidatedShader,
    pub(super) code: &'a Code,
    pub(super) resources: &'a dyn Resources,
    pub(super) io: &'io mut Io,
    pub(super) patch: Patch<'a>,
    pub(super) lanes: Lanes,
    /// The lanes that execute the current step, in ascending order.
    pub(super) active: Vec<usize>,
    /// `r#`: register times lanes plus lane.
    temps: Vec<[u32; 4]>,
    /// `x#` of all arrays, laid out like `temps`.
    arrays: Vec<[u32; 4]>,
    /// Group-shared memory.
    pub(super) shared: Vec<u32>,
    /// One vector a lane, for instructions that look at other lanes.
    pub(super) scratch: Vec<[u32; 4]>,
    /// Vertices that a geometry shader's lanes have emitted.
    pub(super) emitted: Vec<u32>,
    /// What is left of the budget.
    pub(super) budget: u64,
    exhausted: bool,
}

/// What the phases of a hull shader share.
#[derive(Debug, Default)]
pub(super) struct Patch<'a> {
    /// Input control points, `input_registers` vectors each.
    pub(super) inputs: &'a [[u32; 4]],
    /// Output control points of the phases before, `output_registers` vectors each.
    pub(super) control_points: &'a mut [[u32; 4]],
    pub(super) constants: &'a mut [[u32; 4]],
    pub(super) primitive_id: u32,
    /// The phase that runs.
    pub(super) kind: PhaseKind,
    /// Instance of the fork or join phase.
    pub(super) instance: u32,
}

impl<'a, 'io> Machine<'a, 'io> {
    pub(super) fn new(
        shader: &'a ValidatedShader,
        resources: &'a dyn Resources,
        io: &'io mut Io,
        patch: Patch<'a>,
        budget: u64,
    ) -> Self {
        let code = shader.code();
        let lanes = io.lanes;
        io.turns.resize(code.loops.len(), 0);
        Self {
            shader,
            code,
            resources,
            patch,
            lanes: Lanes::new(lanes, code.has_calls),
            active: Vec::with_capacity(lanes),
            temps: vec![[0; 4]; code.temps * lanes],
            arrays: vec![[0; 4]; code.array_vectors * lanes],
            shared: vec![0; code.shared_words],
            scratch: vec![[0; 4]; lanes],
            emitted: vec![0; if shader.stage() == Stage::Geometry { lanes } else { 0 }],
            budget,
            exhausted: false,
            io,
        }
    }

    /// A machine for single steps whose only registers are the temporaries of `state`, some for each lane.
    pub(super) fn for_steps(
        shader: &'a ValidatedShader,
        resources: &'a dyn Resources,
        io: &'io mut Io,
        state: &mut StepState,
    ) -> Self {
        Self {
            shader,
            code: shader.code(),
            resources,
            patch: Patch::default(),
            lanes: Lanes::new(0, false),
            active: std::mem::take(&mut state.active),
            temps: std::mem::take(&mut state.temps),
            arrays: Vec::new(),
            shared: std::mem::take(&mut state.shared),
            scratch: std::mem::take(&mut state.scratch),
            emitted: Vec::new(),
            budget: 0,
            exhausted: false,
            io,
        }
    }

    /// Gives back what [`Self::for_steps`] borrowed.
    pub(super) fn return_to(self, state: &mut StepState) {
        (state.active, state.temps) = (self.active, self.temps);
        (state.shared, state.scratch) = (self.shared, self.scratch);
    }

    /// Executes from `start` until every lane has returned.
    pub(super) fn run(&mut self, start: usize) -> Result<(), ExecutionError> {
        self.lanes.start(start);
        self.charge(self.code.section_price(start));
        while let Some((mut position, limit)) = self.lanes.schedule(&mut self.active) {
            loop {
                if self.exhausted {
                    return Err(ExecutionError::TimeOut);
                }
                let step = &self.code.steps[position];
                if self.branch(step, position) {
                    break;
                }
                self.execute(step);
                position += 1;
                if position == limit {
                    self.lanes.place_all(&self.active, position);
                    break;
                }
            }
        }
        Ok(())
    }

    /// Takes the price of a section or of another turn of a loop from the budget.
    pub(super) fn charge(&mut self, price: u64) {
        self.exhausted |= price > self.budget;
        self.budget = self.budget.saturating_sub(price);
    }

    /// The four components of a source in one lane, swizzled and modified.
    pub(super) fn source(&self, lane: usize, source: &Source) -> [u32; 4] {
        let swizzled = |value: &[u32; 4]| source.swizzle.map(|c| value[usize::from(c & 3)]);
        let value = match &source.place {
            Place::Temp(register) => swizzled(&self.temps[*register as usize * self.io.lanes + lane]),
            Place::Immediate(value) => swizzled(value),
            place => swizzled(&self.place(lane, place)),
        };
        match source.modifier {
            SourceModifier::None => value,
            modifier => modify(value, modifier),
        }
    }

    /// An index: a constant plus component x of its relative operand.
    pub(super) fn index(&self, lane: usize, index: &Index) -> usize {
        let relative = index.relative.as_ref().map_or(0, |source| self.source(lane, source)[0]);
        index.base.wrapping_add(relative) as usize
    }

    /// Writes the components of the destination's mask in one lane.
    pub(super) fn store(&mut self, lane: usize, destination: &Destination, value: [u32; 4]) {
        let mask = destination.mask;
        let lanes = self.io.lanes;
        let vector = match &destination.target {
            Target::Null => return,
            Target::Temp(register) => &mut self.temps[*register as usize * lanes + lane],
            Target::Array { first, count, index } => {
                let index = self.index(lane, index);
                if index >= *count as usize {
                    return;
                }
                &mut self.arrays[(*first as usize + index) * lanes + lane]
            }
            Target::Output(register) => {
                let register = self.index(lane, register);
                if register < self.shader.output_registers() {
                    for c in components(mask) {
                        self.io.outputs.row_mut(register * 4 + c)[lane] = value[c];
                    }
                }
                return;
            }
            // A subroutine of both kinds of phases: control points have no constants to write.
            Target::PatchConstant(_) if self.patch.kind == PhaseKind::ControlPoint => return,
            Target::PatchConstant(register) => {
                let register = self.index(lane, register);
                match self.patch.constants.get_mut(register) {
                    Some(vector) => vector,
                    None => return,
                }
            }
            // These registers are scalars; x is the only component that a mask can name.
            Target::Depth => return self.io.depth[lane] = value[0],
            Target::Coverage => return self.io.output_coverage[lane] = value[0],
            Target::StencilRef => return self.io.stencil_ref[lane] = value[0],
        };
        for c in components(mask) {
            vector[c] = value[c];
        }
    }

    fn place(&self, lane: usize, place: &Place) -> [u32; 4] {
        let lanes = self.io.lanes;
        match place {
            Place::Immediate(value) => *value,
            Place::Null | Place::InnerCoverage => [0; 4],
            Place::Temp(register) => self.temps[*register as usize * lanes + lane],
            Place::Array { first, count, index } => match self.index(lane, index) {
                index if index < *count as usize => self.arrays[(*first as usize + index) * lanes + lane],
                _ => [0; 4],
            },
            Place::Input(register) => self.input(lane, 0, self.index(lane, register)),
            Place::VertexInput { vertex, register } => {
                self.input(lane, self.index(lane, vertex), self.index(lane, register))
            }
            Place::PatchConstant(register) => self.patch_constant(lane, self.index(lane, register)),
            Place::OutputControlPoint { vertex, register } => {
                let (vertex, register) = (self.index(lane, vertex), self.index(lane, register));
                let registers = self.shader.output_registers();
                let vector =
                    vertex.checked_mul(registers).filter(|_| register < registers).map(|v| v + register);
                vector.and_then(|v| self.patch.control_points.get(v)).copied().unwrap_or_default()
            }
            Place::ConstantBuffer { slot, element } => {
                let slot = self.index(lane, slot) as u32;
                vector(self.resources.constants(slot), self.index(lane, element))
            }
            Place::ImmediateConstantBuffer(element) => {
                self.code.immediates.get(self.index(lane, element)).copied().unwrap_or_default()
            }
            Place::This(interface) => self.resources.class_instance(self.index(lane, interface) as u32).data,
            Place::PrimitiveId => [self.io.primitive_id[lane]; 4],
            Place::Coverage => [self.io.coverage[lane]; 4],
            Place::GsInstanceId => [self.io.gs_instance_id[lane]; 4],
            Place::DomainPoint => {
                let [u, v, w] = self.io.domain_point[lane];
                [u, v, w, 0]
            }
            Place::ThreadId => self.thread_id(lane),
            Place::ThreadGroupId => {
                let [x, y, z] = self.io.thread_group_id;
                [x, y, z, 0]
            }
            Place::ThreadIdInGroup => self.thread_id_in_group(lane),
            // 0 in fork and join phases, which have one lane.
            Place::ThreadIdInGroupFlattened | Place::OutputControlPointId => [lane as u32; 4],
            Place::PhaseInstanceId => [self.patch.instance; 4],
        }
    }

    fn input(&self, lane: usize, vertex: usize, register: usize) -> [u32; 4] {
        let registers = self.shader.input_registers();
        if register >= registers || vertex >= self.shader.input_vertices().max(1) {
            return [0; 4];
        }
        let vector = vertex * registers + register;
        if self.shader.stage() == Stage::Hull {
            return self.patch.inputs.get(vector).copied().unwrap_or_default();
        }
        self.io.inputs.vector(lane, vector)
    }

    fn patch_constant(&self, lane: usize, register: usize) -> [u32; 4] {
        if self.shader.stage() == Stage::Hull {
            self.patch.constants.get(register).copied().unwrap_or_default()
        } else if register < self.shader.patch_registers() {
            self.io.patch_constants.vector(lane, register)
        } else {
            [0; 4]
        }
    }

    fn thread_id_in_group(&self, lane: usize) -> [u32; 4] {
        let [x, y, _] = self.shader.thread_group();
        let lane = lane as u32;
        [lane % x, lane / x % y, lane / x / y, 0]
    }

    fn thread_id(&self, lane: usize) -> [u32; 4] {
        let [x, y, z, _] = self.thread_id_in_group(lane);
        let size = self.shader.thread_group();
        let group = self.io.thread_group_id;
        let id = |axis: usize, thread: u32| group[axis].wrapping_mul(size[axis]).wrapping_add(thread);
        [id(0, x), id(1, y), id(2, z), 0]
    }
}

/// The components of a mask.
pub(super) fn components(mask: u8) -> impl Iterator<Item = usize> {
    (0..4).filter(move |c| mask >> c & 1 == 1)
}

/// Vector `index` of a constant buffer; what lies beyond its end is 0.
fn vector(words: &[u32], index: usize) -> [u32; 4] {
    let rest = index.checked_mul(4).and_then(|first| words.get(first..)).unwrap_or_default();
    match rest.first_chunk() {
        Some(vector) => *vector,
        None => std::array::from_fn(|c| rest.get(c).copied().unwrap_or(0)),
    }
}

/// `abs` first, then `neg` (S22.18).
fn modify(value: [u32; 4], modifier: SourceModifier) -> [u32; 4] {
    const SIGN: u32 = 1 << 31;
    let sign = |x: u32, abs: bool, neg: bool| (if abs { x & !SIGN } else { x }) ^ (u32::from(neg) << 31);
    match modifier {
        SourceModifier::None => value,
        SourceModifier::Float { abs, neg } => value.map(|x| sign(x, abs, neg)),
        SourceModifier::Double { abs, neg } => {
            [value[0], sign(value[1], abs, neg), value[2], sign(value[3], abs, neg)]
        }
        SourceModifier::Integer { abs, neg } => value.map(|x| {
            let x = if abs { (x as i32).wrapping_abs() as u32 } else { x };
            if neg { x.wrapping_neg() } else { x }
        }),
    }
}
