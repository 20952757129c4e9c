//! The reference interpreter: plain, one lane after the other, written to be read beside the specification.
//!
//! Section numbers such as S22.10.1 are those of the Direct3D 11.3 functional specification. Every instruction runs for
//! all lanes that are at it before any lane goes on, so quads have derivatives and barriers of thread groups hold.

pub(crate) mod convert;
mod double;
mod execute;
pub(crate) mod float;
mod flow;
pub(crate) mod geometry;
pub(crate) mod integer;
mod machine;
pub(crate) mod memory;
mod quad;
mod texture;

use crate::ir::Stage;
use crate::resources::Resources;
use crate::shader::{PhaseKind, Step, ValidatedShader};
use crate::{HullIo, Io};
use machine::{Machine, Patch};

pub(crate) use quad::difference;

/// Why an execution gave no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExecutionError {
    /// The budget is spent.
    #[error("the shader ran longer than its budget")]
    TimeOut,
    /// Inputs or outputs do not have the shape that the shader needs.
    #[error("{0} do not fit the shader")]
    Shape(&'static str),
    /// Hull shaders run through [`run_hull`], all others through [`run`].
    #[error("a {0:?} shader does not run this way")]
    Stage(Stage),
}

/// Executes a vertex, pixel, geometry, domain or compute shader for a block of lanes.
///
/// `io` must have been [reset](Io::reset) for at least [`input_vectors`](ValidatedShader::input_vectors),
/// [`patch_registers`](ValidatedShader::patch_registers) and [`output_registers`](ValidatedShader::output_registers).
/// The lanes of a pixel shader are whole quads, those of a compute shader one whole thread group.
/// `budget` bounds the instructions that are executed, counted in whole stretches and once for all lanes that go
/// together: the whole program at its start, a subroutine at each call, a loop's body at each further turn. Those that read
/// textures count [`TEXTURE_PRICE`](crate::limits::TEXTURE_PRICE) times. [`Io::instructions`] says afterwards how many it came to.
///
/// # Errors
/// [`ExecutionError::TimeOut`] when the budget is spent, which leaves outputs half written; the others for misuse.
pub fn run(
    shader: &ValidatedShader,
    resources: &dyn Resources,
    io: &mut Io,
    budget: u64,
) -> Result<(), ExecutionError> {
    if shader.stage() == Stage::Hull {
        return Err(ExecutionError::Stage(Stage::Hull));
    }
    check_shape(shader, io)?;
    let mut machine = Machine::new(shader, resources, io, Patch::default(), budget);
    let result = machine.run(0);
    let left = machine.budget;
    io.instructions = budget - left;
    result
}

/// Executes a hull shader for one patch after the other: the control point phase for all output points together, then
/// every instance of every fork and join phase in order.
///
/// `io` must have been [reset](HullIo::reset). Without a control point phase the points pass through.
///
/// # Errors
/// As [`run`]; the budget is for all phases of all patches together, and every instance counts for itself.
pub fn run_hull(
    shader: &ValidatedShader,
    resources: &dyn Resources,
    io: &mut HullIo,
    budget: u64,
) -> Result<(), ExecutionError> {
    let [inputs, points, constants] = start_hull(shader, io)?;
    let mut left = budget;
    let result = (0..io.patches).try_for_each(|number| {
        let patch = Patch {
            inputs: &io.inputs[number * inputs..][..inputs],
            control_points: &mut io.control_points[number * points..][..points],
            constants: &mut io.patch_constants[number * constants..][..constants],
            primitive_id: io.primitive_id[number],
            ..Patch::default()
        };
        run_patch(shader, resources, patch, &mut left, &mut io.turns)
    });
    io.instructions = budget - left;
    result
}

fn run_patch<'a>(
    shader: &'a ValidatedShader,
    resources: &'a dyn Resources,
    mut patch: Patch<'a>,
    left: &mut u64,
    turns: &mut [u64],
) -> Result<(), ExecutionError> {
    let mut io = Io::default();
    for phase in &shader.code().phases {
        let lanes = shader.phase_lanes(phase);
        // Points go together, instances one after the other.
        let (lanes, runs) =
            if phase.kind == PhaseKind::ControlPoint { (lanes, 0..lanes.min(1)) } else { (1, 0..lanes) };
        for instance in runs {
            io.reset(lanes, 0, 0, shader.output_registers());
            io.primitive_id.fill(patch.primitive_id);
            (patch.kind, patch.instance) = (phase.kind, instance as u32);
            let mut machine = Machine::new(shader, resources, &mut io, patch, *left);
            let result = machine.run(phase.start);
            *left = machine.budget;
            patch = machine.patch;
            result?;
            turns.iter_mut().zip(&io.turns).for_each(|(sum, turns)| *sum += turns);
        }
        if phase.kind == PhaseKind::ControlPoint {
            let registers = shader.output_registers();
            for (vector, place) in patch.control_points.iter_mut().enumerate() {
                *place = io.outputs.vector(vector / registers, vector % registers);
            }
        }
    }
    Ok(())
}

/// Gives every patch the outputs that it has before its first phase. Returns how many vectors of inputs, control points and
/// constants a patch has.
pub(crate) fn start_hull(shader: &ValidatedShader, io: &mut HullIo) -> Result<[usize; 3], ExecutionError> {
    let Some(hull) = shader.hull() else { return Err(ExecutionError::Stage(shader.stage())) };
    let inputs = shader.input_vectors();
    let points = hull.output_points * shader.output_registers();
    let constants = shader.patch_registers();
    if io.primitive_id.len() < io.patches || io.inputs.len() < io.patches * inputs {
        return Err(ExecutionError::Shape("patches"));
    }
    io.control_points.clear();
    for patch in 0..io.patches {
        let given = io.inputs[patch * inputs..][..inputs].iter().copied();
        io.control_points.extend(given.chain(std::iter::repeat([0; 4])).take(points));
    }
    io.patch_constants.clear();
    io.patch_constants.resize(io.patches * constants, [0; 4]);
    io.turns.clear();
    io.turns.resize(shader.code().loops.len(), 0);
    Ok([inputs, points, constants])
}

/// What single steps work on: the buffers of a machine between two of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct StepState {
    /// The lanes that execute, ascending.
    pub(crate) active: Vec<usize>,
    /// `r#`: register times lanes plus lane.
    pub(crate) temps: Vec<[u32; 4]>,
    /// Group-shared memory.
    pub(crate) shared: Vec<u32>,
    /// One vector a lane.
    pub(crate) scratch: Vec<[u32; 4]>,
}

/// Executes a step that is no branch and whose registers are temporaries of `state`.
pub(crate) fn execute_step(
    shader: &ValidatedShader,
    step: &Step,
    resources: &dyn Resources,
    io: &mut Io,
    state: &mut StepState,
) {
    let mut machine = Machine::for_steps(shader, resources, io, state);
    machine.execute(step);
    machine.return_to(state);
}

pub(crate) fn check_shape(shader: &ValidatedShader, io: &Io) -> Result<(), ExecutionError> {
    let lanes = io.lanes;
    if lanes == 0 {
        return Ok(());
    }
    let words =
        [&io.primitive_id, &io.coverage, &io.gs_instance_id, &io.depth, &io.output_coverage, &io.stencil_ref];
    let per_lane =
        words.iter().all(|w| w.len() >= lanes) && io.live.len() >= lanes && io.domain_point.len() >= lanes;
    let rows = [
        (&io.inputs, shader.input_vectors()),
        (&io.patch_constants, shader.patch_registers()),
        (&io.outputs, shader.output_registers()),
    ];
    let threads = shader.thread_group().into_iter().product::<u32>() as usize;
    if !per_lane {
        Err(ExecutionError::Shape("values of lanes"))
    } else if rows.iter().any(|(rows, vectors)| *vectors > 0 && !rows.has(vectors * 4, lanes)) {
        Err(ExecutionError::Shape("register rows"))
    } else if shader.stage() == Stage::Pixel && !lanes.is_multiple_of(4) {
        Err(ExecutionError::Shape("partial quads"))
    } else if shader.stage() == Stage::Compute && lanes != threads {
        Err(ExecutionError::Shape("partial thread groups"))
    } else {
        Ok(())
    }
}
