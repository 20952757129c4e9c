//! The fast interpreter: the same bits as [`crate::scalar`], many lanes at a time.
//!
//! **What it is.** [`run`] takes what [`scalar::run`](crate::scalar::run) takes, and a [`Level`]: which vector
//! instructions to use. Results, memory effects and time-outs are the same at every level and for every number of
//! lanes; a property test over random programs and the corpus holds both interpreters to that.
//!
//! **How.** A shader is lowered once, at its first run, to a flat list of operations on rows: one component, 64 lanes
//! at a time. Values that are the same in all lanes are computed once, and again only when a constant has changed
//! since the last run with the same [`Registers`]. What is rare (doubles, atomics, queries) is done lane by lane by the
//! reference interpreter's own functions.
//!
//! **What it is not.** Hull shaders and programs with subroutines run in the reference interpreter.

mod execute;
mod float;
mod math;
mod outside;
mod rows;

use bytemuck::Zeroable;
pub use fearless_simd::Level;

use crate::program::{InputWord, OutputWord, Program, Row, UNIFORM, UniformWord, VALID};
use crate::resources::Resources;
use crate::scalar::{self, ExecutionError, StepState, check_shape};
use crate::shader::ValidatedShader;
use crate::{HullOutput, Io};
use outside::Outside;
use rows::{Group, LANES, Shape};

/// The memory of an interpreter, to be kept from run to run: then no run allocates.
#[derive(Debug, Clone, Default)]
pub struct Registers {
    rows: Vec<Group>,
    state: StepState,
    emitted: Vec<u32>,
    /// The shader whose uniform rows are there, and the shape that they have.
    prepared: Option<(u64, Shape)>,
}

/// Executes a vertex, pixel, geometry, domain or compute shader for a block of lanes, exactly as
/// [`scalar::run`](crate::scalar::run) does.
///
/// Blocks of 64 lanes, or a multiple, waste nothing.
///
/// # Errors
/// As [`scalar::run`](crate::scalar::run).
pub fn run(
    level: Level,
    shader: &ValidatedShader,
    resources: &dyn Resources,
    io: &mut Io,
    budget: u64,
    registers: &mut Registers,
) -> Result<(), ExecutionError> {
    let Some((identity, program)) = shader.lowered() else {
        return scalar::run(shader, resources, io, budget);
    };
    check_shape(shader, io)?;
    if io.lanes == 0 {
        return scalar::run(shader, resources, io, budget);
    }
    let shape = Shape::new(io.lanes, program.lane_rows);
    let fresh = registers.prepare(identity, program, shape);
    registers.state.shared.clear();
    registers.state.shared.resize(shader.code().shared_words, 0);
    registers.emitted.clear();
    registers.emitted.resize(io.lanes, 0);
    let rows = registers.rows.as_mut_slice();
    let changed = load_uniforms(program, resources, io, rows, shape, fresh);
    load_inputs(program, shader, io, rows, shape);
    let mut outside = Outside {
        shader,
        program,
        resources,
        io,
        state: &mut registers.state,
        emitted: &mut registers.emitted,
        budget,
    };

    let result = outside.charge(shader.code().section_length(0)).and_then(
        |()| fearless_simd::dispatch!(level, s => execute::run(s, changed, rows, shape, &mut outside)),
    );
    outside.store_outputs(rows, shape);
    let left = outside.budget;
    io.instructions = budget - left;
    result
}

/// Executes a hull shader for one patch; see [`scalar::run_hull`](crate::scalar::run_hull).
///
/// # Errors
/// As [`scalar::run_hull`](crate::scalar::run_hull).
pub fn run_hull(
    _level: Level,
    shader: &ValidatedShader,
    resources: &dyn Resources,
    inputs: &[[u32; 4]],
    primitive_id: u32,
    budget: u64,
) -> Result<HullOutput, ExecutionError> {
    scalar::run_hull(shader, resources, inputs, primitive_id, budget)
}

impl Registers {
    /// Makes room; true when the uniform rows of this shader are not there yet.
    fn prepare(&mut self, identity: u64, program: &Program, shape: Shape) -> bool {
        let size = shape.uniforms + program.uniform_rows as usize;
        if self.rows.len() < size {
            self.rows.resize(size, Group::zeroed());
        }
        let before = self.prepared.replace((identity, shape));
        if before != Some((identity, shape)) {
            let (valid, rest) = words(&mut self.rows, shape, VALID).split_at_mut(shape.lanes);
            valid.fill(u32::MAX);
            rest.fill(0);
        }
        before.is_none_or(|(other, old)| (other, old.groups) != (identity, shape.groups))
    }
}

/// All words of a row, padding lanes included.
fn words(rows: &mut [Group], shape: Shape, row: Row) -> &mut [u32] {
    let first = row as usize * shape.groups;
    bytemuck::cast_slice_mut(&mut rows[first..first + shape.groups])
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
        let group = &mut rows[shape.uniforms + (row & !UNIFORM) as usize].0;
        if fresh || group[0] != value {
            *group = [value; LANES];
            changed = true;
        }
    }
    changed
}

/// Fills the rows that lanes come with.
fn load_inputs(program: &Program, shader: &ValidatedShader, io: &Io, rows: &mut [Group], shape: Shape) {
    for &row in &program.zeros {
        words(rows, shape, row).fill(0);
    }
    let [x, y, _] = shader.thread_group();
    let in_group = |lane: u32, axis: u8| match axis {
        0 => lane % x,
        1 => lane / x % y,
        _ => lane / x / y,
    };
    for &(word, row) in &program.inputs {
        let (target, padding) = words(rows, shape, row).split_at_mut(shape.lanes);
        padding.fill(0);
        let mut each = |f: &dyn Fn(u32) -> u32| {
            target.iter_mut().zip(0..).for_each(|(word, lane)| *word = f(lane));
        };
        match word {
            InputWord::Input(row) => target.copy_from_slice(io.inputs.row(row as usize)),
            InputWord::PatchConstant(row) => target.copy_from_slice(io.patch_constants.row(row as usize)),
            InputWord::PrimitiveId => target.copy_from_slice(&io.primitive_id[..shape.lanes]),
            InputWord::Coverage => target.copy_from_slice(&io.coverage[..shape.lanes]),
            InputWord::GsInstanceId => target.copy_from_slice(&io.gs_instance_id[..shape.lanes]),
            InputWord::DomainPoint(c) => each(&|lane| io.domain_point[lane as usize][usize::from(c)]),
            InputWord::ThreadIdInGroup(axis) => each(&|lane| in_group(lane, axis)),
            InputWord::ThreadId(axis) => {
                let size = shader.thread_group()[usize::from(axis)];
                let first = io.thread_group_id[usize::from(axis)].wrapping_mul(size);
                each(&|lane| first.wrapping_add(in_group(lane, axis)));
            }
            InputWord::Lane => each(&|lane| lane),
            InputWord::Output(OutputWord::Output(row)) => {
                target.copy_from_slice(io.outputs.row(row as usize));
            }
            InputWord::Output(OutputWord::Depth) => target.copy_from_slice(&io.depth[..shape.lanes]),
            InputWord::Output(OutputWord::Coverage) => {
                target.copy_from_slice(&io.output_coverage[..shape.lanes]);
            }
            InputWord::Output(OutputWord::StencilRef) => {
                target.copy_from_slice(&io.stencil_ref[..shape.lanes]);
            }
        }
    }
}
