//! The fast interpreter: the same bits as [`crate::scalar`], many lanes at a time.
//!
//! **What it is.** [`run`] takes what [`scalar::run`] takes, and a [`Level`]: which vector
//! instructions to use. Results, memory effects and time-outs are the same at every level and for every number of
//! lanes; a property test over random programs and the corpus holds both interpreters to that.
//!
//! **How.** A shader is lowered once, at its first run, to a flat list of operations on rows: one component, 64 lanes
//! at a time. Values that are the same in all lanes are computed once, and again only when a constant has changed
//! since the last run with the same [`Registers`]. What is rare (doubles, atomics, queries) is done lane by lane by the
//! reference interpreter's own functions.
//!
//! **What it is not.** Programs so large, or with so many calls inside calls, that lowering would not pay (a hundred
//! thousand instructions and more) run in the reference interpreter.

mod execute;
mod float;
mod hull;
mod math;
mod outside;
mod rows;

use std::ops::Range;

use bytemuck::Zeroable;
pub use fearless_simd::Level;

use crate::Io;
use crate::ir::Stage;
use crate::program::{InputWord, OutputWord, Program, UniformWord, VALID};
use crate::resources::Resources;
use crate::scalar::{self, ExecutionError, StepState, check_shape};
use crate::shader::ValidatedShader;
use hull::Patches;
pub use hull::run_hull;
use outside::Outside;
use rows::{Group, LANES, Shape};

/// The memory of an interpreter, to be kept from run to run: then no run allocates.
#[derive(Debug, Clone, Default)]
pub struct Registers {
    rows: Vec<Group>,
    state: StepState,
    emitted: Vec<u32>,
    /// The program whose uniform rows are there, and the shape that they have.
    prepared: Option<(u64, Shape)>,
    hull: hull::Memory,
}

/// Executes a vertex, pixel, geometry, domain or compute shader for a block of lanes, exactly as
/// [`scalar::run`] does.
///
/// Blocks of 64 lanes, or a multiple, waste nothing.
///
/// # Errors
/// As [`scalar::run`].
pub fn run(
    level: Level,
    shader: &ValidatedShader,
    resources: &dyn Resources,
    io: &mut Io,
    budget: u64,
    registers: &mut Registers,
) -> Result<(), ExecutionError> {
    let Some((identity, [program, ..])) = shader.lowered() else {
        return scalar::run(shader, resources, io, budget);
    };
    if io.lanes == 0 || shader.stage() == Stage::Hull {
        return scalar::run(shader, resources, io, budget);
    }
    check_shape(shader, io)?;
    registers.state.shared.clear();
    registers.state.shared.resize(shader.code().shared_words, 0);
    registers.emitted.clear();
    registers.emitted.resize(io.lanes, 0);
    let price = shader.code().section_price(0);
    let run = Run { shader, identity, program, resources, io, patches: None, price };
    let mut left = budget;
    let result = registers.run(level, run, &mut left);
    io.instructions = budget - left;
    result
}

/// A program and the lanes to run it for.
struct Run<'a> {
    shader: &'a ValidatedShader,
    identity: u64,
    program: &'a Program,
    resources: &'a dyn Resources,
    io: &'a mut Io,
    patches: Option<Patches<'a>>,
    /// What starting costs of the budget.
    price: u64,
}

impl Registers {
    fn run(&mut self, level: Level, run: Run<'_>, budget: &mut u64) -> Result<(), ExecutionError> {
        let Run { shader, identity, program, resources, io, patches, price } = run;
        let shape = Shape::new(io.lanes, program.rows as usize);
        let fresh = self.prepare(identity, shape);
        let rows = self.rows.as_mut_slice();
        let changed = load_uniforms(program, resources, io, rows, shape, fresh);
        load_inputs(program, shader, io, patches.as_ref(), rows, shape);
        io.turns.resize(shader.code().loops.len(), 0);
        let (state, emitted) = (&mut self.state, &mut self.emitted);
        let mut outside =
            Outside { shader, program, resources, io, patches, state, emitted, budget: *budget };
        let result = outside.charge(price).and_then(
            |()| fearless_simd::dispatch!(level, s => execute::run(s, changed, rows, shape, &mut outside)),
        );
        outside.store_outputs(rows, shape);
        *budget = outside.budget;
        result
    }

    /// Makes room; true when the uniform rows of this shader are not there yet.
    fn prepare(&mut self, identity: u64, shape: Shape) -> bool {
        let size = shape.end * shape.stride;
        if self.rows.len() < size {
            self.rows.resize(size, Group::zeroed());
        }
        let before = self.prepared.replace((identity, shape));
        if before != Some((identity, shape)) {
            for (group, rows) in shape.groups(&mut self.rows).enumerate() {
                let lanes = shape.lanes_of(group).len();
                let (valid, rest) = rows[VALID as usize].0.split_at_mut(lanes);
                valid.fill(u32::MAX);
                rest.fill(0);
            }
        }
        before.is_none_or(|(other, old)| (other, old.end) != (identity, shape.end))
    }
}

/// Fills the uniform rows; true when any word is another than before.
fn load_uniforms(
    program: &Program,
    resources: &dyn Resources,
    io: &Io,
    rows: &mut [Group],
    shape: Shape,
    fresh: bool,
) -> bool {
    let mut changed = fresh;
    let mut constants: (Option<u32>, &[u32]) = (None, &[]);
    for &(word, row) in &program.uniforms {
        let value = match word {
            UniformWord::Immediate(_) if !fresh => continue,
            UniformWord::Immediate(value) => value,
            UniformWord::Constant { slot, word } => {
                if constants.0 != Some(slot) {
                    constants = (Some(slot), resources.constants(slot));
                }
                constants.1.get(word as usize).copied().unwrap_or(0)
            }
            UniformWord::ThreadGroupId(axis) => io.thread_group_id[usize::from(axis)],
        };
        if fresh || rows[row as usize].0[0] != value {
            shape.groups(rows).for_each(|rows| rows[row as usize].0 = [value; LANES]);
            changed = true;
        }
    }
    changed
}

/// Fills a row from the numbers of its lanes.
fn each(row: &mut [u32], lanes: Range<usize>, f: impl Fn(u32) -> u32) {
    row.iter_mut().zip(lanes.start as u32..).for_each(|(word, lane)| *word = f(lane));
}

/// Fills the rows that lanes come with.
fn load_inputs(
    program: &Program,
    shader: &ValidatedShader,
    io: &Io,
    patches: Option<&Patches<'_>>,
    rows: &mut [Group],
    shape: Shape,
) {
    let [x, y, _] = shader.thread_group();
    // Divisions are slow, and most groups are a row.
    let is_row = x as usize >= shape.lanes;
    let in_group = |target: &mut [u32], lanes: Range<usize>, axis: u8, first: u32| match axis {
        0 if is_row => each(target, lanes, |lane| first.wrapping_add(lane)),
        _ if is_row => target.fill(first),
        0 => each(target, lanes, |lane| first.wrapping_add(lane % x)),
        1 => each(target, lanes, |lane| first.wrapping_add(lane / x % y)),
        _ => each(target, lanes, |lane| first.wrapping_add(lane / x / y)),
    };
    for (group, rows) in shape.groups(rows).enumerate() {
        let lanes = shape.lanes_of(group);
        for &row in &program.zeros {
            rows[row as usize].0.fill(0);
        }
        for &(word, row) in &program.inputs {
            let (target, padding) = rows[row as usize].0.split_at_mut(lanes.len());
            padding.fill(0);
            let words: &[u32] = match word {
                InputWord::Input(row) => io.inputs.row(row as usize),
                InputWord::PatchConstant(row) => io.patch_constants.row(row as usize),
                InputWord::PrimitiveId => &io.primitive_id,
                InputWord::Coverage => &io.coverage,
                InputWord::GsInstanceId => &io.gs_instance_id,
                InputWord::Output(OutputWord::Output(row)) => io.outputs.row(row as usize),
                InputWord::Output(OutputWord::Depth) => &io.depth,
                InputWord::Output(OutputWord::Coverage) => &io.output_coverage,
                InputWord::Output(OutputWord::StencilRef) => &io.stencil_ref,
                InputWord::DomainPoint(c) => {
                    each(target, lanes.clone(), |lane| io.domain_point[lane as usize][usize::from(c)]);
                    continue;
                }
                InputWord::ThreadIdInGroup(axis) => {
                    in_group(target, lanes.clone(), axis, 0);
                    continue;
                }
                InputWord::ThreadId(axis) => {
                    let size = shader.thread_group()[usize::from(axis)];
                    let first = io.thread_group_id[usize::from(axis)].wrapping_mul(size);
                    in_group(target, lanes.clone(), axis, first);
                    continue;
                }
                InputWord::Lane => {
                    each(target, lanes.clone(), |lane| lane);
                    continue;
                }
                InputWord::InPatch => {
                    each(target, lanes.clone(), |lane| patches.map_or(0, |patches| patches.number(lane)));
                    continue;
                }
            };
            target.copy_from_slice(&words[lanes.clone()]);
        }
    }
}
