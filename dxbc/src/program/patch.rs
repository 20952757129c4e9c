//! What only hull shaders have: the patch of a lane, and phases.

use super::InputWord;
use super::lower::{Lowering, Value};
use super::op::{Inst, Op, PatchOp, PatchSpace, Row, Tables};
use super::values::Known;
use crate::ir::Stage;
use crate::shader::{Code, Index, PhaseKind, Place, Space};

/// What a place without an index for its control point has.
const FIRST: Index = Index { base: 0, relative: None };

impl Lowering<'_> {
    /// One component of a place that belongs to a patch; `None` for other places.
    pub(super) fn patch_component(&mut self, place: &Place, c: usize) -> Option<Row> {
        if self.shader.stage() != Stage::Hull {
            return None;
        }
        let (space, point, register) = match place {
            Place::Input(register) => (PatchSpace::Inputs, &FIRST, register),
            Place::VertexInput { vertex, register } => (PatchSpace::Inputs, vertex, register),
            Place::OutputControlPoint { vertex, register } => (PatchSpace::Points, vertex, register),
            Place::PatchConstant(register) => (PatchSpace::Constants, &FIRST, register),
            Place::OutputControlPointId => return Some(self.number_in(PhaseKind::ControlPoint)),
            Place::PhaseInstanceId => return Some(self.number_in(PhaseKind::Patch)),
            _ => return None,
        };
        let [a, b] = [point, register].map(|index| self.index(index));
        let (point, register, component) = (point.base, register.base, c as u8);
        self.tables.patch.push(PatchOp { space, point, register, component });
        let row = self.values.scratch();
        self.emit(Op::PatchRead, row, [a, self.tables.patch.len() as u32 - 1, b]);
        self.values.set_known(row, Known::BITS);
        Some(row)
    }

    /// The number of the lane in its patch, in phases of this kind; 0 in others.
    fn number_in(&mut self, kind: PhaseKind) -> Row {
        if self.phase.kind == kind { self.input(InputWord::InPatch) } else { self.values.immediate(0) }
    }

    /// Control points have no constants to write, but may call subroutines that do.
    pub(super) fn write_patch_constant(&mut self, index: &Index, mask: u8, value: impl Fn(usize) -> Value) {
        if self.phase.kind == PhaseKind::ControlPoint {
            return;
        }
        let register = self.index(index);
        let lanes = self.active();
        for c in (0..4).filter(|c| mask >> c & 1 == 1) {
            let row = self.row(value(c));
            let row = self.exact(row);
            let (space, register_base, component) = (PatchSpace::Constants, index.base, c as u8);
            self.tables.patch.push(PatchOp { space, point: 0, register: register_base, component });
            // `d` is the value here; the lanes stand in `c`.
            self.emit(Op::PatchWrite, row, [register, self.tables.patch.len() as u32 - 1, lanes]);
        }
    }
}

impl Tables {
    /// True when a phase reads patch constants and writes some, perhaps the same.
    pub(super) fn reads_what_it_writes(&self, insts: &[Inst]) -> bool {
        let reads =
            |i: &Inst| i.op == Op::PatchRead && self.patch[i.b as usize].space == PatchSpace::Constants;
        insts.iter().any(reads) && insts.iter().any(|i| i.op == Op::PatchWrite)
    }
}

/// True when some step touches memory that it could write.
pub(super) fn has_effects(code: &Code) -> bool {
    let mut memories = code.steps.iter().filter_map(|step| step.memory.as_ref());
    memories.any(|memory| matches!(memory.space, Space::Uav { .. }))
}
