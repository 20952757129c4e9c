//! Flow control.

use super::operand::*;
use super::*;
use crate::ir::Components;
use crate::sm3::Op;

/// An open loop; other blocks need nothing at their end.
pub(super) enum Block {
    /// Iterations that are left in x of a temporary, the outer `aL` in y; the step of `aL`.
    Loop {
        temp: u32,
        step: Option<Operand>,
    },
    If,
}

impl Lowering<'_> {
    /// Lowers flow control, `setp` and instructions that do nothing; false for all others.
    pub(super) fn flow(&mut self, i: &Instruction) -> Lowered<bool> {
        match i.op {
            Op::Nop | Op::Phase => {}
            Op::If => {
                let (test, nonzero) = self.condition(i, 0)?;
                self.emit_test(I::If, nonzero, [test]);
                self.open.push(Block::If);
            }
            Op::Ifc => {
                let test = self.compared(i)?;
                self.emit_test(I::If, true, [select(&test, 0)]);
                self.open.push(Block::If);
            }
            Op::Else => self.emit(I::Else, []),
            Op::Endif => match self.open.pop() {
                Some(Block::If) => self.emit(I::Endif, []),
                _ => return Err(LowerReason::Flow("endif without if")),
            },
            Op::Rep => {
                let count = self.integers(i, 0)?;
                self.begin_loop(count, false);
            }
            Op::Loop => {
                let values = self.integers(i, 1)?;
                self.begin_loop(values, true);
            }
            Op::Endrep | Op::Endloop => self.end_loop()?,
            Op::Break => self.emit(I::Break, []),
            Op::Breakc => {
                let test = self.compared(i)?;
                self.emit_test(I::Breakc, true, [select(&test, 0)]);
            }
            Op::Breakp => {
                let (test, nonzero) = self.condition(i, 0)?;
                self.emit_test(I::Breakc, nonzero, [test]);
            }
            Op::Call => {
                let label = self.label(i)?;
                self.emit(I::Call, [label]);
            }
            Op::Callnz => {
                let label = self.label(i)?;
                let (test, nonzero) = self.condition(i, 1)?;
                self.emit_test(I::Callc, nonzero, [test, label]);
            }
            Op::Label => {
                self.end()?;
                let label = self.label(i)?;
                self.emit(I::Label, [label]);
                self.in_subroutine = true;
            }
            Op::Ret => {
                if !self.in_subroutine {
                    self.epilogue();
                }
                self.emit(I::Ret, []);
            }
            Op::Setp => {
                let mask = i.destination.map_or(0, |d| d.mask);
                if i.destination.is_none_or(|d| d.register.file != File::Predicate) {
                    return Err(LowerReason::Operands);
                }
                let test = self.compared(i)?;
                self.emit(I::Mov, [with_mask(self.fixed.predicate, mask), test]);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The end of the main program or of a subroutine.
    pub(super) fn end(&mut self) -> Lowered<()> {
        if !self.open.is_empty() {
            return Err(LowerReason::Flow("a block is not closed"));
        }
        let returned = self.body.last().is_some_and(|last| last.op == I::Ret);
        if !returned && !self.in_subroutine {
            self.epilogue();
            self.emit(I::Ret, []);
        }
        Ok(())
    }

    /// A boolean or one component of the predicate, and whether it must be set.
    fn condition(&mut self, i: &Instruction, place: usize) -> Lowered<(Operand, bool)> {
        let source = i.sources.get(place).ok_or(LowerReason::Operands)?;
        let nonzero = source.modifier != Modifier::Not;
        let Register { file, number } = source.register;
        let test = match file {
            File::Bool => match self.interface.bool_definition(number) {
                Some(value) => bits([u32::from(value); 4]),
                None => constant(2, number),
            },
            File::Predicate => self.predicate(source)?,
            _ => return Err(LowerReason::Read(file, number)),
        };
        Ok((select(&test, 0), nonzero))
    }

    /// An integer register.
    fn integers(&mut self, i: &Instruction, place: usize) -> Lowered<Operand> {
        let source = i.sources.get(place).ok_or(LowerReason::Operands)?;
        match source.register {
            Register { file: File::Integer, number } => Ok(match self.interface.integer_definition(number) {
                Some(words) => bits(words),
                None => constant(1, number),
            }),
            Register { file, number } => Err(LowerReason::Read(file, number)),
        }
    }

    /// Both sources compared: all ones or zero in each component.
    fn compared(&mut self, i: &Instruction) -> Lowered<Operand> {
        let (a, b) = (self.source(i, 0)?, self.source(i, 1)?);
        let comparison = Comparison::from_number(i.control).ok_or(LowerReason::Operands)?;
        Ok(self.comparison(comparison, a, b))
    }

    pub(super) fn comparison(&mut self, comparison: Comparison, a: Operand, b: Operand) -> Operand {
        use Comparison as C;
        match comparison {
            C::Greater => self.compute(I::Lt, 0xf, [b, a]),
            C::Equal => self.compute(I::Eq, 0xf, [a, b]),
            C::GreaterEqual => self.compute(I::Ge, 0xf, [a, b]),
            C::Less => self.compute(I::Lt, 0xf, [a, b]),
            C::NotEqual => self.compute(I::Ne, 0xf, [a, b]),
            C::LessEqual => self.compute(I::Ge, 0xf, [b, a]),
        }
    }

    fn label(&self, i: &Instruction) -> Lowered<Operand> {
        match i.sources.first().map(|s| s.register) {
            Some(Register { file: File::Label, number }) => {
                Ok(Operand::register(RegisterFile::Label, &[number], Components::None))
            }
            Some(Register { file, number }) => Err(LowerReason::Read(file, number)),
            None => Err(LowerReason::Operands),
        }
    }

    /// Counts down from `values.x`, which is 0 to 255. With `counter`, `aL` starts at y and steps by z; the outer `aL` comes
    /// back at the end.
    fn begin_loop(&mut self, values: Operand, counter: bool) {
        let temp = self.scratch();
        let at_least = self.compute(I::Imax, 1, [select(&values, 0), bits([0; 4])]);
        self.emit(I::Imin, [with_mask(temp, 1), at_least, bits([255; 4])]);
        if counter {
            self.emit(I::Mov, [with_mask(temp, 2), select(&full(self.fixed.counter), 0)]);
            self.emit(I::Mov, [with_mask(self.fixed.counter, 1), select(&values, 1)]);
        }
        self.emit(I::Loop, []);
        self.emit_test(I::Breakc, false, [select(&full(temp), 0)]);
        self.open.push(Block::Loop { temp, step: counter.then(|| select(&values, 2)) });
    }

    fn end_loop(&mut self) -> Lowered<()> {
        let Some(Block::Loop { temp, step }) = self.open.pop() else {
            return Err(LowerReason::Flow("the end of a loop without its start"));
        };
        let counter = self.fixed.counter;
        self.emit(I::Iadd, [with_mask(temp, 1), full(temp), bits([u32::MAX; 4])]);
        if let Some(step) = &step {
            self.emit(I::Iadd, [with_mask(counter, 1), select(&full(counter), 0), step.clone()]);
        }
        self.emit(I::Endloop, []);
        if step.is_some() {
            self.emit(I::Mov, [with_mask(counter, 1), select(&full(temp), 1)]);
        }
        Ok(())
    }
}
