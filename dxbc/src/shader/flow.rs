//! Structured flow control: matches openers with closers and gives every branch its position.

use std::collections::BTreeMap;

use super::code::{Code, Switch};
use super::declarations::at_most;
use super::error::Reason;
use crate::ir::{Instruction, Op, RegisterFile};
use crate::limits;

/// An open `if`, `loop` or `switch`.
#[derive(Debug)]
enum Open {
    /// Position of the `if`, or of its `else`.
    If { branch: usize, has_else: bool },
    /// First position of the loop, and the jumps that wait for its end.
    Loop { start: usize, breaks: Vec<usize>, continues: Vec<usize> },
    /// Index into [`Code::switches`].
    Switch { table: usize, has_default: bool, breaks: Vec<usize> },
}

/// What a label names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Label {
    /// `l#`
    Subroutine(u64),
    /// `fb#`
    FunctionBody(u64),
}

/// Flow control of the statements so far.
#[derive(Debug, Default)]
pub(super) struct Flow {
    open: Vec<Open>,
    labels: BTreeMap<Label, usize>,
    /// Calls: their position and what they call.
    calls: Vec<(usize, Vec<Label>)>,
}

type Checked = Result<(), Reason>;

impl Flow {
    /// Takes the instruction that is about to become the step at `position`, and gives that step's target as far as it is known.
    pub(super) fn add(
        &mut self,
        code: &mut Code,
        position: usize,
        instruction: &Instruction,
    ) -> Result<usize, Reason> {
        match instruction.op {
            Op::If => self.enter(Open::If { branch: position, has_else: false })?,
            Op::Else => match self.open.last_mut() {
                Some(Open::If { branch, has_else: has_else @ false }) => {
                    code.steps[*branch].target = position + 1;
                    (*branch, *has_else) = (position, true);
                }
                _ => return Err(Reason::Flow("else without if")),
            },
            Op::Endif => match self.open.pop() {
                Some(Open::If { branch, .. }) => code.steps[branch].target = position,
                _ => return Err(Reason::Flow("endif without if")),
            },
            Op::Loop => {
                self.enter(Open::Loop { start: position, breaks: Vec::new(), continues: Vec::new() })?;
            }
            Op::Endloop => return self.end_loop(code, position),
            Op::Break | Op::Breakc => {
                match self.open.iter_mut().rev().find(|o| !matches!(o, Open::If { .. })) {
                    Some(Open::Loop { breaks, .. } | Open::Switch { breaks, .. }) => breaks.push(position),
                    _ => return Err(Reason::Flow("break outside of loop and switch")),
                }
            }
            Op::Continue | Op::Continuec => {
                match self.open.iter_mut().rev().find(|o| matches!(o, Open::Loop { .. })) {
                    Some(Open::Loop { continues, .. }) => continues.push(position),
                    _ => return Err(Reason::Flow("continue outside of loop")),
                }
            }
            Op::Switch => {
                let table = code.switches.len();
                code.switches.push(Switch::default());
                self.enter(Open::Switch { table, has_default: false, breaks: Vec::new() })?;
                return Ok(table);
            }
            Op::Case | Op::Default => self.case(code, position, instruction)?,
            Op::Endswitch => self.end_switch(code, position)?,
            Op::Label => self.label(position, instruction)?,
            Op::Call | Op::Callc => {
                let label = label_of(&instruction.operands[instruction.operands.len() - 1])?;
                self.calls.push((position, vec![label]));
            }
            _ => {}
        }
        Ok(0)
    }

    /// Notes an `fcall`, which may reach any of these bodies.
    pub(super) fn interface_call(&mut self, position: usize, bodies: &[u32]) {
        self.calls.push((position, bodies.iter().map(|&b| Label::FunctionBody(b.into())).collect()));
    }

    /// Nothing may be open where a phase, a subroutine or the program ends.
    pub(super) fn end_section(&self) -> Checked {
        if self.open.is_empty() { Ok(()) } else { Err(Reason::Flow("if, loop or switch is not closed")) }
    }

    /// Resolves calls. The error names the position of the step that it is about.
    pub(super) fn resolve(&self, code: &mut Code) -> Result<(), (usize, Reason)> {
        for (position, targets) in &self.calls {
            let mut bodies = Vec::with_capacity(targets.len());
            for target in targets {
                bodies.push(self.position(target).map_err(|reason| (*position, reason))?);
            }
            let step = &mut code.steps[*position];
            if step.op == Op::Fcall {
                code.interface_calls[step.target].bodies = bodies;
            } else {
                step.target = bodies[0];
            }
        }
        code.has_calls = !self.calls.is_empty();
        code.sections = self.labels.values().copied().chain(code.phases.iter().map(|p| p.start)).collect();
        code.sections.sort_unstable();
        code.loops = (0..code.steps.len()).filter(|&at| code.steps[at].op == Op::Endloop).collect();
        self.check_call_depth()
    }

    fn enter(&mut self, open: Open) -> Checked {
        self.open.push(open);
        at_most("nested blocks", self.open.len() as u64, limits::FLOW_NESTING as u64)
    }

    fn end_loop(&mut self, code: &mut Code, position: usize) -> Result<usize, Reason> {
        let Some(Open::Loop { start, breaks, continues }) = self.open.pop() else {
            return Err(Reason::Flow("endloop without loop"));
        };
        breaks.into_iter().for_each(|b| code.steps[b].target = position + 1);
        // Lanes that continue wait at the end of the loop for the others.
        continues.into_iter().for_each(|c| code.steps[c].target = position);
        Ok(start + 1)
    }

    fn case(&mut self, code: &mut Code, position: usize, instruction: &Instruction) -> Checked {
        let Some(Open::Switch { table, has_default, .. }) = self.open.last_mut() else {
            return Err(Reason::Flow("case or default outside of switch"));
        };
        let switch = &mut code.switches[*table];
        if instruction.op == Op::Default {
            if std::mem::replace(has_default, true) {
                return Err(Reason::Flow("second default"));
            }
            switch.default = position;
            return Ok(());
        }
        let literal = &instruction.operands[0];
        match literal.immediate.first() {
            Some(&word) if literal.file == RegisterFile::Immediate32 => switch.cases.push((word, position)),
            _ => return Err(Reason::Flow("case needs a literal")),
        }
        Ok(())
    }

    fn end_switch(&mut self, code: &mut Code, position: usize) -> Checked {
        let Some(Open::Switch { table, has_default, breaks }) = self.open.pop() else {
            return Err(Reason::Flow("endswitch without switch"));
        };
        if !has_default {
            code.switches[table].default = position;
        }
        breaks.into_iter().for_each(|b| code.steps[b].target = position);
        Ok(())
    }

    fn label(&mut self, position: usize, instruction: &Instruction) -> Checked {
        self.end_section()?;
        if self.labels.insert(label_of(&instruction.operands[0])?, position).is_some() {
            return Err(Reason::Flow("a label exists twice"));
        }
        Ok(())
    }

    fn position(&self, label: &Label) -> Result<usize, Reason> {
        self.labels.get(label).copied().ok_or(match *label {
            Label::Subroutine(number) => Reason::Unresolved { what: "label", number },
            Label::FunctionBody(number) => Reason::Unresolved { what: "function body", number },
        })
    }

    /// No recursion, and no call chain longer than the limit.
    fn check_call_depth(&self) -> Result<(), (usize, Reason)> {
        let starts: Vec<usize> = {
            let mut starts: Vec<_> = self.labels.values().copied().collect();
            starts.sort_unstable();
            starts
        };
        // Section 0 is what stands before the first label; section i + 1 starts at label i.
        let section = |position: usize| starts.partition_point(|&start| start <= position);
        let mut depths = vec![0usize; starts.len() + 1];
        // Longest call chain from each section, by relaxation: a chain over the limit is too deep or recursive.
        for _ in 0..=limits::CALL_DEPTH {
            let mut changed = false;
            for (position, targets) in &self.calls {
                let caller = section(*position);
                for target in targets.iter().filter_map(|t| self.labels.get(t)) {
                    let depth = depths[section(*target)] + 1;
                    if depth > limits::CALL_DEPTH {
                        return Err((*position, Reason::Flow("calls are nested too deeply or recursive")));
                    }
                    changed |= depth > depths[caller];
                    depths[caller] = depths[caller].max(depth);
                }
            }
            if !changed {
                break;
            }
        }
        Ok(())
    }
}

fn label_of(operand: &crate::ir::Operand) -> Result<Label, Reason> {
    let number = super::declarations::constant_index(operand, 0)?.into();
    match operand.file {
        RegisterFile::Label => Ok(Label::Subroutine(number)),
        RegisterFile::FunctionBody => Ok(Label::FunctionBody(number)),
        file => Err(Reason::Operand { operand: 0, file, role: "a label" }),
    }
}
