//! Random hull shaders: phases, and the registers that only they have.

use super::declare::{VERTICES, register};
use super::program::{Generator, INPUTS, OUTPUTS};
use super::random::Random;
use crate::ir::{Components, Declaration as D, HullPhase, Op, Operand, RegisterFile as F, Statement};

/// What a random hull shader consists of.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hull {
    /// Output control points.
    points: u32,
    /// Has a control point phase.
    shades_points: bool,
    /// The phase may read patch constants, which orders its instances.
    reads_constants: bool,
}

impl Hull {
    pub(super) fn new(random: &mut Random) -> Self {
        let shades_points = random.below(8) != 0;
        let most = if shades_points { [4, 5, 32][random.below(3) as usize] } else { VERTICES };
        Self { points: random.below(most + 1), shades_points, reads_constants: true }
    }

    /// What stands before the phases.
    pub(super) fn declarations(self) -> [D; 6] {
        [
            D::HullPhase(HullPhase::Declarations),
            D::InputControlPointCount(VERTICES as u8),
            D::OutputControlPointCount(self.points as u8),
            D::TessellatorDomain(2),
            D::TessellatorPartitioning(1),
            D::TessellatorOutputPrimitive(3),
        ]
    }
}

impl Generator {
    /// The control point phase and some fork and join phases.
    pub(super) fn phases(&mut self) {
        let size = self.budget;
        if self.hull.shades_points {
            self.phase(HullPhase::ControlPoint, None);
        }
        for _ in 0..1 + self.random.below(3) {
            // An empty phase is one, too.
            self.budget = self.random.below(size as u32 + 1) as usize;
            self.hull.reads_constants = self.random.flip();
            let count = match self.random.below(8) {
                0 => None,
                1 => Some(0),
                2 => Some(1 + self.random.below(80)),
                _ => Some(1 + self.random.below(5)),
            };
            if self.random.flip() {
                self.phase(HullPhase::Fork, count.map(D::HsForkInstanceCount));
            } else {
                self.phase(HullPhase::Join, count.map(D::HsJoinInstanceCount));
            }
        }
    }

    fn phase(&mut self, phase: HullPhase, instances: Option<D>) {
        let outputs = (0..OUTPUTS).map(|number| D::Output(register(F::Output, number, Components::Mask(15))));
        let declarations = [D::HullPhase(phase)].into_iter().chain(instances).chain(outputs);
        self.statements.extend(declarations.map(Statement::Declaration));
        self.block(0);
        if self.random.flip() {
            self.push(Op::Ret, []);
        }
    }

    /// A register of the patch, or what tells its lanes apart.
    pub(super) fn patch_input(&mut self, swizzle: Components) -> Operand {
        let ids = [F::OutputControlPointId, F::ForkInstanceId, F::JoinInstanceId];
        let (file, points, registers) = match self.random.below(6) {
            id @ 3..=5 => return Operand::register(ids[id as usize - 3], &[], swizzle),
            0 if self.random.flip() => (F::Input, VERTICES, INPUTS),
            1 if self.hull.points > 0 => (F::OutputControlPoint, self.hull.points, OUTPUTS),
            2 if self.hull.reads_constants => return self.patch_constant(OUTPUTS, swizzle),
            _ => (F::InputControlPoint, VERTICES, INPUTS),
        };
        let mut operand = register(file, 0, swizzle);
        operand.indices[0] = self.index(points);
        operand.indices.push(self.index(registers));
        operand
    }

    /// One of so many patch constants.
    pub(super) fn patch_constant(&mut self, count: u32, swizzle: Components) -> Operand {
        let mut operand = register(F::PatchConstant, 0, swizzle);
        operand.indices[0] = self.index(count);
        operand
    }
}
