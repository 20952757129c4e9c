//! Subroutines: lowered anew in the place of each call, so that masks and rows are those of the caller.

use super::flow::{Frame, Kind};
use super::lower::Lowering;
use super::op::{ClassOp, Op, Row};
use super::values::Known;
use crate::ir;
use crate::shader::Step;

/// Instructions from which on a program is left to the reference interpreter: calls may double it at every depth.
const LIMIT: usize = 1 << 16;

impl Lowering<'_> {
    pub(super) fn call(&mut self, step: &Step, position: usize) {
        let lanes = (step.op == ir::Op::Callc).then(|| {
            let condition = self.test(step);
            let all = self.active();
            self.lanes(Op::And, [all, condition, 0])
        });
        self.close_after(position);
        self.body(step.target, lanes, position);
    }

    /// `fcall`: the bodies in ascending order, each for the lanes whose class has it.
    pub(super) fn interface_call(&mut self, step: &Step, position: usize) {
        let call = &self.code.interface_calls[step.target];
        let mut bodies = call.bodies.clone();
        bodies.sort_unstable();
        bodies.dedup();
        let ordinal = |body: &usize| bodies.partition_point(|other| other < body) as u32;
        let index = self.index(&call.element);
        self.tables.classes.push(ClassOp {
            interface: call.interface,
            elements: call.elements,
            base: call.element.base,
            bodies: call.bodies.iter().map(ordinal).collect(),
        });
        let chosen = self.lanes(Op::Class, [index, self.tables.classes.len() as u32 - 1, 0]);
        self.close_after(position);
        for (number, &body) in bodies.iter().enumerate() {
            let number = self.values.immediate(number as u32);
            let equal = self.compute(Op::Ieq, [chosen, number, number], Known::MASK);
            let all = self.active();
            let lanes = self.lanes(Op::And, [all, equal, 0]);
            self.body(body, Some(lanes), position);
        }
        self.values.give(chosen);
    }

    /// The subroutine at `start` for the active lanes, or those of a row, in the place of the call at `position`.
    fn body(&mut self, start: usize, some: Option<Row>, position: usize) {
        self.too_large |= self.size + self.insts.len() > LIMIT;
        if self.too_large {
            return;
        }
        let end = self.code.section_end(start);
        let returns = |step: &Step| matches!(step.op, ir::Op::Ret | ir::Op::Retc);
        let early = self.code.steps[start..end - 1].iter().any(returns);
        let outer = self.exec;
        // Lanes that return early leave the row of the call, not those around it.
        let own = some.or_else(|| {
            let all = self.active();
            early.then(|| self.lanes(Op::Mov, [all; 3]))
        });
        let join = self.label();
        if let Some(lanes) = some {
            self.emit(Op::JumpNone, 0, [lanes, join, 0]);
        }
        self.emit(Op::Charge, 0, [self.code.section_price(start) as u32, some.unwrap_or(self.active()), 0]);
        let waiting = own.and_then(|_| {
            // Other lanes may be on their way to other bodies.
            let bodies = self.code.called(position).iter().copied();
            self.waiting_at(bodies.chain([position + 1]))
        });
        self.exec = own.or(outer);
        self.frames.push(Frame { outer, lanes: self.exec, waiting, join, kind: Kind::Call });
        self.section(start);
        self.close(position + 1);
        self.frames.pop();
        self.place(join);
        self.exec = self.restored(outer);
        own.into_iter().for_each(|row| self.values.give(row));
        self.skip_if_none();
    }
}
