//! Flow control as masks: rows of the lanes that execute, kept for every open block.
//!
//! A branch that splits lanes gives each side a row of its lanes; a lane that breaks, continues or returns is taken out
//! of the rows of every block that it leaves, so that the row of an outer block is right again where an inner one ends.
//! Writes need no mask as long as no waiting lane needs the old value: each block knows what its waiting lanes need.

use super::lower::Lowering;
use super::op::{Op, Row};
use super::values::{Known, VALID, is_uniform};
use crate::ir;
use crate::shader::Step;

/// A number for a place in the flat program.
pub(super) type Label = u32;

/// An open block.
#[derive(Debug)]
pub(super) struct Frame {
    /// Lanes of the surrounding block.
    pub(super) outer: Option<Row>,
    /// Lanes of this block; `None` when it does not split lanes and all execute.
    pub(super) lanes: Option<Row>,
    /// What waiting lanes need, those of outer blocks included.
    pub(super) waiting: Option<Vec<u64>>,
    /// Where lanes go when none is left here: the next side, case, or the end of the loop's body.
    pub(super) join: Label,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    If {
        end: Label,
        /// Lanes of the other side.
        other: Option<Row>,
        /// If it is known at once which side runs: where the other one starts.
        uniform: Option<Label>,
    },
    Loop {
        head: Label,
        exit: Label,
        /// Lanes that wait at the end of the body.
        continued: Option<Row>,
    },
    Switch {
        value: Row,
        /// Lanes that have not reached their case.
        remaining: Row,
        /// Literals of the cases that are still to come.
        literals: Vec<u32>,
    },
    /// A subroutine, in place of its call.
    Call,
}

impl Lowering<'_> {
    pub(super) fn label(&mut self) -> Label {
        self.labels.push(u32::MAX);
        self.labels.len() as Label - 1
    }

    pub(super) fn place(&mut self, label: Label) {
        self.labels[label as usize] = self.insts.len() as u32;
    }

    /// What lanes that do not execute need of the variables; `None` when all execute.
    pub(super) fn waiting(&self) -> Option<&[u64]> {
        self.frames.iter().rev().find_map(|f| f.waiting.as_deref()).or(self.waiting_returned.as_deref())
    }

    /// What is waited for inside a block that some lanes wait for at these positions.
    pub(super) fn waiting_at(&self, positions: impl IntoIterator<Item = usize>) -> Option<Vec<u64>> {
        let mut set = self.waiting().map_or_else(|| vec![0; self.needed.len()], <[u64]>::to_vec);
        for position in positions {
            set.iter_mut().zip(self.live.before(position)).for_each(|(word, other)| *word |= other);
        }
        Some(set)
    }

    /// Lowers the program.
    pub(super) fn program(&mut self) {
        let end = self.label();
        self.program_end = end;
        self.section(self.phase.start);
        self.close(self.code.steps.len());
        self.place(end);
        self.emit(Op::End, 0, [0; 3]);
    }

    /// Lowers the steps of the program or of the subroutine that starts at a position.
    pub(super) fn section(&mut self, start: usize) {
        let code = self.code;
        // How many blocks deep steps are that no lane can reach.
        let mut skipped: Option<usize> = None;
        for position in start..code.section_end(start) {
            let step = &code.steps[position];
            if let Some(depth) = &mut skipped {
                match step.op {
                    ir::Op::If | ir::Op::Loop | ir::Op::Switch => *depth += 1,
                    ir::Op::Endif | ir::Op::Endloop | ir::Op::Endswitch if *depth > 0 => *depth -= 1,
                    ir::Op::Else | ir::Op::Case | ir::Op::Default if *depth > 0 => {}
                    ir::Op::Else
                    | ir::Op::Endif
                    | ir::Op::Endloop
                    | ir::Op::Endswitch
                    | ir::Op::Case
                    | ir::Op::Default => skipped = None,
                    _ => {}
                }
                if skipped.is_some() {
                    continue;
                }
            }
            if self.flow(step, position) {
                if matches!(step.op, ir::Op::Break | ir::Op::Continue | ir::Op::Ret) {
                    skipped = Some(0);
                }
            } else {
                self.step(step, position);
            }
        }
    }

    /// Ends the block before the step at `position`: everything that it needs is at its place.
    pub(super) fn close(&mut self, position: usize) {
        let needed = self.live.before(position).to_vec();
        self.end_block(&needed);
    }

    /// Ends the block after the step at `position`.
    pub(super) fn close_after(&mut self, position: usize) {
        let needed = self.live.after(self.code, position);
        self.end_block(&needed);
    }

    /// Lowers flow control; false for everything else.
    fn flow(&mut self, step: &Step, position: usize) -> bool {
        self.needed = self.live.before(position).to_vec();
        match step.op {
            ir::Op::If => self.open_if(step, position),
            ir::Op::Else => self.other_side(step, position),
            ir::Op::Endif => self.close_if(position),
            ir::Op::Loop => self.open_loop(position),
            ir::Op::Endloop => self.close_loop(position),
            ir::Op::Switch => self.open_switch(step, position),
            ir::Op::Case | ir::Op::Default => self.case(step, position),
            ir::Op::Endswitch => self.close_switch(position),
            ir::Op::Break | ir::Op::Breakc | ir::Op::Continue | ir::Op::Continuec => {
                let leaving = self.leaving(step);
                self.close_after(position);
                self.leave(step.op, leaving);
            }
            ir::Op::Ret if matches!(self.frames.last(), Some(Frame { kind: Kind::Call, .. })) => {
                // All lanes that are here go on behind the call.
                self.close_after(position);
            }
            ir::Op::Call | ir::Op::Callc => self.call(step, position),
            ir::Op::Fcall => self.interface_call(step, position),
            ir::Op::Ret | ir::Op::Retc => {
                let leaving = self.leaving(step);
                self.close_after(position);
                self.returns(leaving, step.op == ir::Op::Ret);
            }
            ir::Op::Emit | ir::Op::EmitStream | ir::Op::EmitThenCut | ir::Op::EmitThenCutStream => {
                self.emit_vertex(step, position);
            }
            _ => return false,
        }
        true
    }

    /// All ones in the lanes (executing or not) whose test holds, and what to test of a uniform.
    pub(super) fn test(&mut self, step: &Step) -> Row {
        let row = self.test_bits(&step.sources[0], 0);
        let known = self.values.known(row);
        match step.test_nonzero {
            true if known.mask => row,
            true => self.compute(Op::NonZero, [row; 3], Known::MASK),
            false => self.compute(Op::IsZero, [row; 3], Known::MASK),
        }
    }

    /// A row for the lanes of a block.
    pub(super) fn lanes(&mut self, op: Op, operands: [Row; 3]) -> Row {
        let row = self.values.take();
        self.emit(op, row, operands);
        row
    }

    fn open_if(&mut self, step: &Step, position: usize) {
        let (join, end) = (self.label(), self.label());
        let outer = self.exec;
        let has_else = self.code.steps[step.target - 1].op == ir::Op::Else;
        let endif = if has_else { self.code.steps[step.target - 1].target } else { step.target };
        let condition = self.test(step);
        if is_uniform(condition) {
            self.close_after(position);
            self.emit(Op::JumpUniform, 0, [condition, join, 0]);
            let kind = Kind::If { end, other: None, uniform: Some(join) };
            // Lanes that return from one side leave none for the other.
            self.frames.push(Frame { outer, lanes: outer, waiting: None, join: end, kind });
            return;
        }
        let all = self.active();
        let other = has_else.then(|| self.lanes(Op::AndNot, [all, condition, 0]));
        let lanes = self.lanes(Op::And, [all, condition, 0]);
        self.close_after(position);
        self.emit(Op::JumpNone, 0, [lanes, join, 0]);
        let waiting = self.waiting_at([step.target, endif]);
        self.exec = Some(lanes);
        let kind = Kind::If { end, other, uniform: None };
        self.frames.push(Frame { outer, lanes: Some(lanes), waiting, join, kind });
    }

    fn other_side(&mut self, step: &Step, position: usize) {
        self.close_after(position);
        let Some(mut frame) = self.frames.pop() else { return };
        self.exec = self.restored(frame.outer);
        let next = self.label();
        if let Kind::If { end, other, uniform } = &mut frame.kind {
            if let Some(start) = uniform {
                self.emit(Op::Jump, 0, [*end, 0, 0]);
                self.place(std::mem::replace(start, next));
                frame.lanes = self.exec;
            } else if let Some(other) = other.take() {
                self.place(std::mem::replace(&mut frame.join, next));
                frame.lanes.into_iter().for_each(|row| self.values.give(row));
                frame.waiting = self.waiting_at([step.target]);
                self.emit(Op::JumpNone, 0, [other, next, 0]);
                (frame.lanes, self.exec) = (Some(other), Some(other));
            }
        }
        self.frames.push(frame);
    }

    fn close_if(&mut self, position: usize) {
        self.close(position);
        let Some(frame) = self.frames.pop() else { return };
        self.exec = self.restored(frame.outer);
        self.place(frame.join);
        if let Kind::If { end, other, uniform } = frame.kind {
            self.place(end);
            if let Some(start) = uniform {
                self.place(start);
            } else {
                frame.lanes.into_iter().chain(other).for_each(|row| self.values.give(row));
            }
        }
        self.skip_if_none();
    }

    /// The lanes of a block that is entered again: without those that have returned.
    pub(super) fn restored(&self, outer: Option<Row>) -> Option<Row> {
        outer.or(self.running.filter(|_| self.returned))
    }

    /// Lanes may have left: with none remaining the rest of the block is skipped.
    pub(super) fn skip_if_none(&mut self) {
        if let Some(exec) = self.exec {
            let join = self.frames.last().map_or(self.program_end, |f| f.join);
            self.emit(Op::JumpNone, 0, [exec, join, 0]);
        }
    }

    fn open_loop(&mut self, position: usize) {
        let end = self.loop_ends.get(&position).copied().unwrap_or(position);
        let (head, join, exit) = (self.label(), self.label(), self.label());
        let outer = self.exec;
        let all = self.active();
        self.close_after(position);
        let body = &self.code.steps[position..end];
        let targets = |ops: [ir::Op; 2], target: usize| {
            body.iter().any(|s| ops.contains(&s.op) && s.target == target).then_some(target)
        };
        let breaks = targets([ir::Op::Break, ir::Op::Breakc], end + 1);
        let continues = targets([ir::Op::Continue, ir::Op::Continuec], end);
        let lanes = self.lanes(Op::Mov, [all; 3]);
        let continued = continues.map(|_| self.lanes(Op::AndNot, [all, all, 0]));
        self.emit(Op::JumpNone, 0, [lanes, exit, 0]);
        self.place(head);
        let waiting = self.waiting_at(breaks.into_iter().chain(continues));
        self.exec = Some(lanes);
        let kind = Kind::Loop { head, exit, continued };
        self.frames.push(Frame { outer, lanes: Some(lanes), waiting, join, kind });
    }

    fn close_loop(&mut self, position: usize) {
        self.close(position);
        let Some(Frame { outer, lanes: Some(lanes), join, kind, .. }) = self.frames.pop() else { return };
        self.place(join);
        if let Kind::Loop { head, exit, continued } = kind {
            if let Some(continued) = continued {
                self.emit(Op::Or, lanes, [lanes, continued, 0]);
                self.emit(Op::AndNot, continued, [continued, continued, 0]);
                self.values.give(continued);
            }
            self.emit(Op::LoopBack, 0, [lanes, head, self.code.loop_at(position) as u32]);
            self.place(exit);
        }
        self.values.give(lanes);
        self.exec = self.restored(outer);
        self.skip_if_none();
    }

    fn open_switch(&mut self, step: &Step, position: usize) {
        let switch = &self.code.switches[step.target];
        let literals = switch.cases.iter().map(|&(literal, _)| literal).collect();
        let end = self.loop_ends.get(&position).copied().unwrap_or(position);
        let positions: Vec<usize> =
            switch.cases.iter().map(|&(_, case)| case).chain([switch.default, end]).collect();
        let outer = self.exec;
        let all = self.active();
        let row = self.bits(&step.sources[0], 0);
        let value = self.lanes(Op::Mov, [row; 3]);
        let remaining = self.lanes(Op::Mov, [all; 3]);
        let lanes = self.lanes(Op::AndNot, [all, all, 0]);
        self.close_after(position);
        let join = self.label();
        let waiting = self.waiting_at(positions);
        self.exec = Some(lanes);
        let kind = Kind::Switch { value, remaining, literals };
        self.frames.push(Frame { outer, lanes: Some(lanes), waiting, join, kind });
    }

    /// Lanes that fall through meet those whose case this is.
    fn case(&mut self, step: &Step, position: usize) {
        self.close(position);
        let next = self.label();
        let Some(mut frame) = self.frames.pop() else { return };
        self.place(std::mem::replace(&mut frame.join, next));
        self.exec = frame.lanes;
        if let (Kind::Switch { value, remaining, literals }, Some(lanes)) = (&mut frame.kind, frame.lanes) {
            let (value, remaining) = (*value, *remaining);
            let entering = if step.op == ir::Op::Default {
                let entering = self.values.scratch();
                self.emit(Op::Mov, entering, [remaining; 3]);
                for &literal in literals.iter() {
                    let literal = self.values.immediate(literal);
                    let equal = self.compute(Op::Ieq, [value, literal, literal], Known::MASK);
                    self.emit(Op::AndNot, entering, [entering, equal, 0]);
                }
                entering
            } else {
                let literal = self.values.immediate(literals.remove(0));
                let equal = self.compute(Op::Ieq, [value, literal, literal], Known::MASK);
                self.compute(Op::And, [equal, remaining, remaining], Known::MASK)
            };
            self.emit(Op::AndNot, remaining, [remaining, entering, 0]);
            self.emit(Op::Or, lanes, [lanes, entering, 0]);
            self.emit(Op::JumpNone, 0, [lanes, next, 0]);
            self.values.end_step();
        }
        self.frames.push(frame);
    }

    fn close_switch(&mut self, position: usize) {
        self.close(position);
        let Some(frame) = self.frames.pop() else { return };
        self.place(frame.join);
        self.exec = self.restored(frame.outer);
        if let (Kind::Switch { value, remaining, .. }, Some(lanes)) = (frame.kind, frame.lanes) {
            [value, remaining, lanes].into_iter().for_each(|row| self.values.give(row));
        }
        self.skip_if_none();
    }

    /// The lanes that leave, in a row that stays as it is while they are taken out of others.
    fn leaving(&mut self, step: &Step) -> Row {
        let all = self.active();
        if step.sources.is_empty() {
            return self.lanes(Op::Mov, [all; 3]);
        }
        let condition = self.test(step);
        self.lanes(Op::And, [all, condition, 0])
    }

    fn leave(&mut self, op: ir::Op, leaving: Row) {
        let breaks = matches!(op, ir::Op::Break | ir::Op::Breakc);
        let stops = |kind: &Kind| match kind {
            Kind::If { .. } | Kind::Call => false,
            Kind::Loop { .. } => true,
            Kind::Switch { .. } => breaks,
        };
        let target = self.frames.iter().rposition(|f| stops(&f.kind)).unwrap_or(0);
        self.take_out(target, leaving);
        if let (Kind::Loop { continued: Some(continued), .. }, false) = (&self.frames[target].kind, breaks) {
            let continued = *continued;
            self.emit(Op::Or, continued, [continued, leaving, 0]);
        }
        self.values.give(leaving);
        self.skip_if_none();
    }

    /// Removes lanes from the rows of all blocks from frame `first` inwards.
    fn take_out(&mut self, first: usize, leaving: Row) {
        let mut rows: Vec<Row> = self.frames[first..].iter().filter_map(|f| f.lanes).collect();
        rows.dedup();
        for row in rows {
            self.emit(Op::AndNot, row, [row, leaving, 0]);
        }
    }

    fn returns(&mut self, leaving: Row, all: bool) {
        if let Some(call) = self.frames.iter().rposition(|f| matches!(f.kind, Kind::Call)) {
            self.take_out(call, leaving);
            self.skip_if_none();
        } else if self.exec.is_none() && all {
            self.emit(Op::Jump, 0, [self.program_end, 0, 0]);
        } else {
            self.end_lanes(leaving);
        }
        self.values.give(leaving);
    }

    /// Lanes are done with the whole program.
    fn end_lanes(&mut self, leaving: Row) {
        self.take_out(0, leaving);
        if let Some(running) = self.running {
            if !self.frames.iter().any(|f| f.lanes == Some(running)) {
                self.emit(Op::AndNot, running, [running, leaving, 0]);
            }
            self.returned = true;
            self.exec = self.exec.or(Some(running));
        }
        self.skip_if_none();
    }

    fn emit_vertex(&mut self, step: &Step, position: usize) {
        let lanes = self.active();
        self.close_after(position);
        let ended = self.values.take();
        let cut = matches!(step.op, ir::Op::EmitThenCut | ir::Op::EmitThenCutStream);
        self.emit(Op::Emit, ended, [lanes, stream(step), cut.into()]);
        self.end_lanes(ended);
        self.values.give(ended);
    }

    /// `discard`, `cut`: what happens to lanes without changing where they go.
    pub(super) fn lane_effect(&mut self, step: &Step) {
        let lanes = self.active();
        if step.op == ir::Op::Discard {
            let condition = self.test(step);
            let row = self.compute(Op::And, [lanes, condition, VALID], Known::MASK);
            self.emit(Op::Discard, 0, [row, 0, 0]);
        } else {
            self.emit(Op::Cut, 0, [lanes, stream(step), 0]);
        }
    }

    /// Sets up the row of lanes that have not returned, if any lane can return before the others.
    pub(super) fn open_program(&mut self) {
        let steps = &self.code.steps;
        let (start, end) = (self.phase.start, self.code.section_end(self.phase.start));
        let early = |(position, step): (usize, &Step)| match step.op {
            ir::Op::Retc => (start..end).contains(&position),
            ir::Op::Emit | ir::Op::EmitStream | ir::Op::EmitThenCut | ir::Op::EmitThenCutStream => true,
            ir::Op::Ret => (start..end - 1).contains(&position),
            _ => false,
        };
        if steps.iter().enumerate().any(early) {
            let running = self.values.allocate();
            self.emit(Op::Mov, running, [VALID; 3]);
            self.running = Some(running);
            self.waiting_returned = Some(self.live.before(steps.len()).to_vec());
        }
    }
}

fn stream(step: &Step) -> u32 {
    match step.memory.as_ref().map(|m| &m.space) {
        Some(crate::shader::Space::Stream(stream)) => (*stream).into(),
        _ => 0,
    }
}
