//! Hull shaders: the points of many patches are the lanes of a batch, and so are the instances of a phase.

use std::ops::Range;

use super::outside::Outside;
use super::rows::{Group, LANES, Shape};
use super::{Level, Registers, Run};
use crate::program::op::PatchSpace;
use crate::program::{Inst, Program, Row};
use crate::resources::Resources;
use crate::scalar::{self, ExecutionError, start_hull};
use crate::shader::{Phase, PhaseKind, ValidatedShader};
use crate::{HullIo, Io};

/// Lanes that patches are gathered for.
const BATCH: usize = 4 * LANES;

/// What runs of hull shaders keep.
#[derive(Debug, Clone, Default)]
pub(super) struct Memory {
    io: Io,
    writers: Vec<u32>,
}

/// The patches of a run's lanes.
pub(super) struct Patches<'a> {
    inputs: &'a [[u32; 4]],
    points: &'a [[u32; 4]],
    constants: &'a mut [[u32; 4]],
    /// For each word of the constants the lane of its patch that has written it last.
    writers: &'a mut [u32],
    /// Input and output control points and constants of a patch, and vectors of each.
    shape: [(u32, u32); 3],
    /// Lanes of a patch.
    lanes: u32,
    /// The number of a patch's first lane.
    first: u32,
    /// Lanes that the budget counts as one.
    together: usize,
}

/// Executes a hull shader for any number of patches, exactly as [`scalar::run_hull`] does.
///
/// # Errors
/// As [`scalar::run_hull`].
pub fn run_hull(
    level: Level,
    shader: &ValidatedShader,
    resources: &dyn Resources,
    io: &mut HullIo,
    budget: u64,
    registers: &mut Registers,
) -> Result<(), ExecutionError> {
    let Some((identity, programs)) = shader.lowered() else {
        return scalar::run_hull(shader, resources, io, budget);
    };
    start_hull(shader, io)?;
    let phases = &shader.code().phases;
    let most = phases.iter().map(|phase| shader.phase_lanes(phase)).max().unwrap_or(0).max(1);
    let in_order = programs.iter().any(|program| program.patches_in_order);
    let batch = if in_order { 1 } else { BATCH.div_ceil(most) };
    let mut memory = std::mem::take(&mut registers.hull);
    let mut left = budget;
    let result = (0..io.patches).step_by(batch).try_for_each(|first| {
        let patches = first..io.patches.min(first + batch);
        (identity..).zip(programs).zip(phases).try_for_each(|((identity, program), phase)| {
            let mut hull = Hull { level, shader, resources, io, memory: &mut memory, left: &mut left };
            hull.phase(registers, (identity, program), phase, patches.clone())
        })
    });
    registers.hull = memory;
    io.instructions = budget - left;
    result
}

/// A hull shader at work.
struct Hull<'a> {
    level: Level,
    shader: &'a ValidatedShader,
    resources: &'a dyn Resources,
    io: &'a mut HullIo,
    memory: &'a mut Memory,
    left: &'a mut u64,
}

impl Hull<'_> {
    /// Runs a phase for some patches.
    fn phase(
        &mut self,
        registers: &mut Registers,
        program: (u64, &Program),
        phase: &Phase,
        patches: Range<usize>,
    ) -> Result<(), ExecutionError> {
        let lanes = self.shader.phase_lanes(phase) as u32;
        let at_once = if program.1.instances_in_order && phase.kind == PhaseKind::Patch { 1 } else { lanes };
        for first in (0..lanes).step_by(at_once.max(1) as usize) {
            self.run(registers, program, phase, patches.clone(), first..first + at_once)?;
        }
        Ok(())
    }

    /// Runs a phase for some lanes of each patch.
    fn run(
        &mut self,
        registers: &mut Registers,
        (identity, program): (u64, &Program),
        phase: &Phase,
        patches: Range<usize>,
        lanes: Range<u32>,
    ) -> Result<(), ExecutionError> {
        let Self { shader, resources, .. } = *self;
        let registers_out = shader.output_registers();
        let (of_patch, count) = (lanes.len(), patches.len());
        let together = if phase.kind == PhaseKind::ControlPoint { of_patch } else { 1 };
        let sizes @ [inputs, points, constants] = sizes(shader);
        let part = |size: (u32, u32)| {
            let vectors = (size.0 * size.1) as usize;
            patches.start * vectors..patches.end * vectors
        };
        let Memory { io, writers } = &mut *self.memory;
        io.reset(of_patch * count, 0, 0, registers_out);
        for (ids, &id) in io.primitive_id.chunks_mut(of_patch).zip(&self.io.primitive_id[patches.clone()]) {
            ids.fill(id);
        }
        writers.clear();
        writers.resize(part(constants).len() * 4, 0);
        let patches = Patches {
            inputs: &self.io.inputs[part(inputs)],
            points: &self.io.control_points[part(points)],
            constants: &mut self.io.patch_constants[part(constants)],
            writers,
            shape: sizes,
            lanes: of_patch as u32,
            first: lanes.start,
            together,
        };
        let price = shader.code().section_price(phase.start) * (of_patch / together * count) as u64;
        let run = Run { shader, identity, program, resources, io, patches: Some(patches), price };
        registers.run(self.level, run, self.left)?;
        self.io.turns.iter_mut().zip(&io.turns).for_each(|(sum, turns)| *sum += turns);
        if phase.kind == PhaseKind::ControlPoint {
            for (vector, place) in self.io.control_points[part(points)].iter_mut().enumerate() {
                *place = io.outputs.vector(vector / registers_out, vector % registers_out);
            }
        }
        Ok(())
    }
}

/// Input control points, output control points and constants of a patch, and vectors of each.
fn sizes(shader: &ValidatedShader) -> [(u32, u32); 3] {
    let points = shader.hull().map_or(0, |hull| hull.output_points);
    [
        (shader.input_vertices().max(1), shader.input_registers()),
        (points, shader.output_registers()),
        (1, shader.patch_registers()),
    ]
    .map(|(points, vectors)| (points as u32, vectors as u32))
}

impl Patches<'_> {
    /// The number of a lane in its patch.
    pub(super) fn number(&self, lane: u32) -> u32 {
        self.first + lane % self.lanes
    }

    /// The patches of lanes from this one on, and their numbers in them, of those that run.
    fn places(&self, lane: usize) -> impl Iterator<Item = (u32, u32)> + use<> {
        let lanes = self.lanes;
        let (mut patch, mut number) = (lane as u32 / lanes, lane as u32 % lanes);
        std::iter::repeat_with(move || {
            let place = (patch, number);
            number += 1;
            if number == lanes {
                (patch, number) = (patch + 1, 0);
            }
            place
        })
    }

    /// What the budget counts of the lanes of a row.
    pub(super) fn count(&self, rows: &[Group], shape: Shape, row: Row) -> u64 {
        let set = |lane: usize| shape.word(rows, row, lane) != 0;
        let firsts = (0..shape.lanes).step_by(self.together);
        firsts.filter(|&first| (first..first + self.together).any(set)).count() as u64
    }
}

impl Outside<'_> {
    #[inline(never)]
    pub(super) fn read_patch(&mut self, rows: &mut [Group], shape: Shape, i: &Inst) {
        let Some(patches) = &self.patches else { return };
        let op = self.program.tables.patch[i.b as usize];
        let (words, (points, vectors)) = match op.space {
            PatchSpace::Inputs => (patches.inputs, patches.shape[0]),
            PatchSpace::Points => (patches.points, patches.shape[1]),
            PatchSpace::Constants => (&*patches.constants, patches.shape[2]),
        };
        for (group, rows) in shape.groups(rows).enumerate() {
            let lanes = shape.lanes_of(shape.first + group);
            let (a, c) = (rows[i.a as usize].0, rows[i.c as usize].0);
            let indices = a.iter().zip(&c).zip(patches.places(lanes.start));
            let results = &mut rows[i.d as usize].0[..lanes.len()];
            for (result, ((a, c), (patch, _))) in results.iter_mut().zip(indices) {
                let (point, register) = (op.point.wrapping_add(*a), op.register.wrapping_add(*c));
                *result = if point < points && register < vectors {
                    let vector = (patch * points + point) * vectors + register;
                    words[vector as usize][usize::from(op.component)]
                } else {
                    0
                };
            }
        }
    }

    /// Of several instances the last one wins, as if they came one after the other.
    #[inline(never)]
    pub(super) fn write_patch(&mut self, rows: &mut [Group], shape: Shape, i: &Inst) {
        let Some(patches) = &mut self.patches else { return };
        let op = self.program.tables.patch[i.b as usize];
        let vectors = patches.shape[2].1;
        for (group, rows) in shape.groups(rows).enumerate() {
            let lanes = shape.lanes_of(shape.first + group);
            for (lane, (patch, number)) in (0..lanes.len()).zip(patches.places(lanes.start)) {
                let register = op.register.wrapping_add(rows[i.a as usize].0[lane]);
                if rows[i.c as usize].0[lane] == 0 || register >= vectors {
                    continue;
                }
                let (vector, c) = ((patch * vectors + register) as usize, usize::from(op.component));
                if patches.writers[vector * 4 + c] <= number {
                    patches.writers[vector * 4 + c] = number;
                    patches.constants[vector][c] = rows[i.d as usize].0[lane];
                }
            }
        }
    }
}
