//! A shader as a flat list of operations on rows, for [`crate::simd`].
//!
//! **What it is.** [`lower`] takes the steps of a validated shader apart: vectors into components, each in a row
//! of the register file with one word a lane. On the way everything goes that need not be done: components nobody
//! reads, copies, work on values that are the same in all lanes (done once, not in every lane), masks where nobody
//! waits for the old value, flushes of numbers that cannot be denormal, and canonical NaNs where no bit is looked at.
//!
//! **What it is not.** It executes nothing, and it knows no lane count and no vector width.
//!
//! **Where to start.** [`op`] lists the operations; `lower` has the common part of lowering, `alu`, `memory` and `flow`
//! the instructions, `patch` what only hull shaders have, `live` what is needed where, `values` which row holds what.

mod alu;
mod call;
mod flow;
mod fuse;
mod live;
mod lower;
mod memory;
pub(crate) mod op;
mod patch;
mod values;

pub(crate) use op::{Inst, Op, Row, Tables};
pub(crate) use values::{TEXELS, UniformWord, VALID};

use rustc_hash::FxHashMap;

use crate::ir::{self, Stage};
use crate::shader::{Code, Place, Source, Target, ValidatedShader};
use live::{Liveness, Variables, contains};
use lower::Lowering;
use values::Values;

/// A word that a lane comes with. Inputs, patch constants and outputs count components: register times 4 plus component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InputWord {
    Input(u32),
    PatchConstant(u32),
    PrimitiveId,
    Coverage,
    GsInstanceId,
    DomainPoint(u8),
    ThreadId(u8),
    ThreadIdInGroup(u8),
    /// The lane's own number.
    Lane,
    /// The number of the output control point or the phase's instance.
    InPatch,
    /// What an output held before.
    Output(OutputWord),
}

/// A word that a lane leaves with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputWord {
    Output(u32),
    Depth,
    Coverage,
    StencilRef,
}

/// The flat form of a shader, or of one phase of a hull shader.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    /// Rows of the register file. Those with one word for all lanes come last.
    pub(crate) rows: u32,
    /// Lanes (or quads) have nothing to do with each other, and no loop is counted: blocks may be taken apart.
    pub(crate) independent: bool,
    /// Patches are to run one after the other: memory may show their order.
    pub(crate) patches_in_order: bool,
    /// Instances of the phase are to run one after the other: later ones may see what earlier ones write.
    pub(crate) instances_in_order: bool,
    pub(crate) uniforms: Vec<(UniformWord, Row)>,
    /// What computes the other uniform rows.
    pub(crate) setup: Vec<Inst>,
    pub(crate) inputs: Vec<(InputWord, Row)>,
    /// Rows that start as zeros.
    pub(crate) zeros: Vec<Row>,
    pub(crate) insts: Vec<Inst>,
    pub(crate) stores: Vec<(OutputWord, Row)>,
    pub(crate) tables: Tables,
}

/// Lowers every phase of a shader; `None` for programs so large that the analysis would not pay.
pub(crate) fn lower(shader: &ValidatedShader) -> Option<Vec<Program>> {
    let code = shader.code();
    let variables = Variables::new(code, shader.output_registers());
    let live = Liveness::new(code, &variables)?;
    let (indexed, loop_ends) = (indexed(code), block_ends(code));
    let has_effects = patch::has_effects(code);
    let mut size = 0;
    let mut programs = Vec::with_capacity(code.phases.len());
    for &phase in &code.phases {
        let mut lowering = Lowering {
            shader,
            code,
            phase,
            variables,
            live: &live,
            values: Values::new(variables.count()),
            entry: Vec::new(),
            insts: Vec::new(),
            tables: Tables::default(),
            inputs: Vec::new(),
            exec: None,
            frames: Vec::new(),
            running: None,
            returned: false,
            waiting_returned: None,
            program_end: 0,
            loop_ends: &loop_ends,
            labels: Vec::new(),
            needed: live.before(phase.start).to_vec(),
            array_rows: Vec::new(),
            output_rows: None,
            input_rows: None,
            has_effects,
            size,
            too_large: false,
        };
        lowering.place_indexed(&indexed);
        lowering.open_program();
        lowering.program();
        if lowering.too_large {
            return None;
        }
        let program = lowering.close_program();
        size += program.insts.len();
        programs.push(program);
    }
    Some(programs)
}

/// The registers that some step reaches by index.
fn indexed(code: &Code) -> Vec<Indexed> {
    let mut found = Vec::new();
    for step in &code.steps {
        let mut note = |place: Indexed| {
            if !found.contains(&place) {
                found.push(place);
            }
        };
        step.sources.iter().for_each(|source| indexed_places(source, &mut note));
        for destination in &step.destinations {
            let index = match &destination.target {
                Target::Array { first, count, index } => {
                    if index.relative.is_some() {
                        note(Indexed::Array(*first, *count));
                    }
                    index
                }
                Target::Output(index) => {
                    if index.relative.is_some() {
                        note(Indexed::Outputs);
                    }
                    index
                }
                Target::PatchConstant(index) => index,
                _ => continue,
            };
            index.relative.iter().for_each(|s| indexed_places(s, &mut note));
        }
        for index in live::memory_indices(step).chain(live::element(code, step)) {
            index.relative.iter().for_each(|s| indexed_places(s, &mut note));
        }
    }
    found
}

impl Lowering<'_> {
    /// Gives registers that are reached by index rows side by side.
    fn place_indexed(&mut self, indexed: &[Indexed]) {
        for &place in indexed {
            match place {
                Indexed::Array(first, count) => {
                    let row = self.place_rows(self.variables.array(first, 0), count as usize * 4);
                    self.array_rows.push((first, row));
                }
                Indexed::Outputs => {
                    let count = self.shader.output_registers() * 4;
                    self.output_rows = Some(self.place_rows(self.variables.output(0, 0), count));
                }
                // Those of a hull shader belong to the patch.
                Indexed::Inputs if self.shader.stage() == Stage::Hull => {}
                Indexed::Inputs => {
                    let first = self.values.lane_rows;
                    for word in 0..self.shader.input_registers() as u32 * 4 {
                        self.input(InputWord::Input(word));
                    }
                    self.input_rows = Some(first);
                }
            }
        }
    }

    fn place_rows(&mut self, first: usize, count: usize) -> Row {
        let row = self.values.lane_rows;
        for variable in first..first + count {
            let home = self.values.allocate();
            self.values.set_home(variable, home);
        }
        row
    }

    fn close_program(mut self) -> Program {
        let (mut stores, mut zeros) = (Vec::new(), Vec::new());
        let outputs = self.variables.outputs();
        let singles = self.variables.single(0);
        for variable in 0..self.variables.count() {
            let Some(home) = self.values.existing_home(variable) else { continue };
            let output = if variable >= singles {
                [OutputWord::Depth, OutputWord::Coverage, OutputWord::StencilRef]
                    .get(variable - singles)
                    .copied()
            } else {
                outputs.contains(&variable).then(|| OutputWord::Output((variable - outputs.start) as u32))
            };
            let undefined = contains(self.live.before(self.phase.start), variable);
            match output {
                Some(output) => {
                    stores.push((output, home));
                    if undefined {
                        self.inputs.push((InputWord::Output(output), home));
                    }
                }
                None if undefined => zeros.push(home),
                None => {}
            }
        }
        self.finish(stores, zeros)
    }
}

/// Registers of which some are reached by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Indexed {
    Array(u32, u32),
    Inputs,
    Outputs,
}

fn indexed_places(source: &Source, note: &mut dyn FnMut(Indexed)) {
    match &source.place {
        Place::Array { first, count, index } if index.relative.is_some() => {
            note(Indexed::Array(*first, *count));
        }
        Place::Input(index) if index.relative.is_some() => note(Indexed::Inputs),
        _ => {}
    }
    for index in live::place_indices(&source.place).into_iter().flatten() {
        if let Some(relative) = &index.relative {
            indexed_places(relative, note);
        }
    }
}

/// The last position of each loop and switch, by its first.
fn block_ends(code: &Code) -> FxHashMap<usize, usize> {
    let mut open = Vec::new();
    let mut ends = FxHashMap::default();
    for (position, step) in code.steps.iter().enumerate() {
        match step.op {
            ir::Op::Loop | ir::Op::Switch => open.push(position),
            ir::Op::Endloop | ir::Op::Endswitch => {
                open.pop().map(|start| ends.insert(start, position));
            }
            _ => {}
        }
    }
    ends
}
