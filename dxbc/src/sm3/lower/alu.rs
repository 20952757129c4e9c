//! Arithmetic.

use super::operand::*;
use super::*;
use crate::sm3::Op;

const X: u8 = 1;
const Y: u8 = 2;
const Z: u8 = 4;
const W: u8 = 8;

impl Lowering<'_> {
    /// The last instruction of a result.
    pub(super) fn conclude(&mut self, op: I, out: &Outcome, sources: impl IntoIterator<Item = Operand>) {
        let operands = std::iter::once(out.operand.clone()).chain(sources);
        self.body.push(ir::Instruction { saturate: out.saturate, ..ir::Instruction::new(op, operands) });
    }

    /// Everything that computes from registers alone.
    pub(super) fn arithmetic(&mut self, i: &Instruction, out: &Outcome) -> Lowered<()> {
        let mut s = SmallSources::default();
        let needed = match i.op {
            // The constants that old hardware wanted for its series.
            Op::Sincos | Op::Sgn => 1,
            Op::M4x4 | Op::M4x3 | Op::M3x4 | Op::M3x3 | Op::M3x2 => 1,
            _ => i.sources.len(),
        };
        for place in 0..needed {
            s.push(self.source(i, place)?);
        }
        match i.op {
            Op::Mov => self.conclude(I::Mov, out, s),
            Op::Add => self.conclude(I::Add, out, s),
            Op::Sub => self.conclude(I::Add, out, [s[0].clone(), negated(&s[1])]),
            Op::Mul => self.conclude(I::MulLegacy, out, s),
            Op::Mad => self.conclude(I::MadLegacy, out, s),
            Op::Dp3 => self.conclude(I::Dp3Legacy, out, s),
            Op::Dp4 => self.conclude(I::Dp4Legacy, out, s),
            Op::Min => self.conclude(I::Min, out, s),
            Op::Max => self.conclude(I::Max, out, s),
            Op::Frc => self.conclude(I::Frc, out, s),
            Op::Abs => self.conclude(I::Mov, out, [magnitude(&s[0])]),
            Op::Dsx => self.conclude(I::DerivRtx, out, s),
            Op::Dsy => self.conclude(I::DerivRty, out, s),
            Op::Slt | Op::Sge => {
                let op = if i.op == Op::Slt { I::Lt } else { I::Ge };
                let mask = self.compute(op, 0xf, s);
                let [one, zero] = [1.0, 0.0].map(|v| immediate([v; 4]));
                self.conclude(I::Movc, out, [mask, one, zero]);
            }
            Op::Rcp => self.finite(I::Rcp, select(&s[0], 3), out),
            Op::Rsq => self.finite(I::Rsq, magnitude(&select(&s[0], 3)), out),
            Op::Exp => self.finite(I::Exp, select(&s[0], 3), out),
            Op::Log => self.finite(I::Log, magnitude(&select(&s[0], 3)), out),
            Op::Expp if self.program.before(2, 0) => self.old_expp(&select(&s[0], 3), out),
            Op::Logp if self.program.before(2, 0) => self.old_logp(&select(&s[0], 3), out),
            Op::Expp => self.finite(I::Exp, select(&s[0], 3), out),
            Op::Logp => self.finite(I::Log, magnitude(&select(&s[0], 3)), out),
            Op::Pow => {
                let power = self.compute(I::Pow, X, [select(&s[0], 3), select(&s[1], 3)]);
                self.conclude(I::Min, out, [select(&power, 0), immediate([f32::MAX; 4])]);
            }
            Op::Lit => self.lit(&s[0], out),
            Op::Dst => {
                let one = immediate([1.0; 4]);
                let temp = self.compute(I::MulLegacy, Y, [s[0].clone(), s[1].clone()]);
                let register = temp.indices[0].base as u32;
                self.emit(I::Mov, [with_mask(register, X), one]);
                self.emit(I::Mov, [with_mask(register, Z), s[0].clone()]);
                self.emit(I::Mov, [with_mask(register, W), s[1].clone()]);
                self.conclude(I::Mov, out, [temp]);
            }
            Op::Lrp => {
                let difference = self.compute(I::Add, 0xf, [s[1].clone(), negated(&s[2])]);
                self.conclude(I::MadLegacy, out, [s[0].clone(), difference, s[2].clone()]);
            }
            Op::Cmp => {
                let test = self.compute(I::Ge, 0xf, [s[0].clone(), immediate([0.0; 4])]);
                self.conclude(I::Movc, out, [test, s[1].clone(), s[2].clone()]);
            }
            Op::Cnd => self.cnd(i, &s, out),
            Op::Crs => {
                let (a, b) = (&s[0], &s[1]);
                let (yzx, zxy) = ([1, 2, 0, 3], [2, 0, 1, 3]);
                let plus = self.compute(I::MulLegacy, 0xf, [swizzled(a, yzx), swizzled(b, zxy)]);
                let minus = self.compute(I::MulLegacy, 0xf, [swizzled(a, zxy), swizzled(b, yzx)]);
                self.conclude(I::Add, out, [plus, negated(&minus)]);
            }
            Op::Sgn => {
                let zero = immediate([0.0; 4]);
                let negative = self.compute(I::Lt, 0xf, [s[0].clone(), zero.clone()]);
                let positive = self.compute(I::Lt, 0xf, [zero.clone(), s[0].clone()]);
                let below = self.compute(I::Movc, 0xf, [negative, immediate([-1.0; 4]), zero]);
                self.conclude(I::Movc, out, [positive, immediate([1.0; 4]), below]);
            }
            Op::Nrm => {
                let square = self.compute(I::Dp3Legacy, X, [s[0].clone(), s[0].clone()]);
                let scale = self.compute(I::Rsq, X, [select(&square, 0)]);
                let scale = self.compute(I::Min, X, [scale, immediate([f32::MAX; 4])]);
                self.conclude(I::MulLegacy, out, [s[0].clone(), select(&scale, 0)]);
            }
            Op::Sincos => self.sincos(&select(&s[0], 0), out),
            Op::Dp2add => {
                let products = self.compute(I::MulLegacy, X | Y, [s[0].clone(), s[1].clone()]);
                let sum = self.compute(I::Add, X, [select(&products, 0), select(&products, 1)]);
                self.conclude(I::Add, out, [select(&sum, 0), select(&s[2], 0)]);
            }
            Op::M4x4 => self.matrix(i, &s[0], I::Dp4Legacy, 4, out)?,
            Op::M4x3 => self.matrix(i, &s[0], I::Dp4Legacy, 3, out)?,
            Op::M3x4 => self.matrix(i, &s[0], I::Dp3Legacy, 4, out)?,
            Op::M3x3 => self.matrix(i, &s[0], I::Dp3Legacy, 3, out)?,
            Op::M3x2 => self.matrix(i, &s[0], I::Dp3Legacy, 2, out)?,
            op => return Err(LowerReason::Instruction(op.mnemonic(self.program.model))),
        }
        Ok(())
    }

    /// `mov a0`, `mova a0`: floors before 2.0, rounds to nearest from then on.
    pub(super) fn address(&mut self, i: &Instruction) -> Lowered<()> {
        if !matches!(i.op, Op::Mov | Op::Mova) {
            return Err(LowerReason::Write(File::Address, 0));
        }
        let value = self.source(i, 0)?;
        let mask = i.destination.map_or(0, |d| d.mask);
        let round = if self.program.before(2, 0) { I::RoundNi } else { I::RoundNe };
        let rounded = self.compute(round, 0xf, [value]);
        let integers = self.compute(I::Ftoi, 0xf, [rounded]);
        match &i.predicate {
            None => self.emit(I::Mov, [with_mask(self.fixed.address, mask), integers]),
            Some(predicate) => {
                let (test, old) = (self.predicate(predicate)?, full(self.fixed.address));
                let (yes, no) = self.ordered(predicate, integers, old);
                self.emit(I::Movc, [with_mask(self.fixed.address, mask), test, yes, no]);
            }
        }
        Ok(())
    }

    /// A function of one number whose result never is infinite.
    fn finite(&mut self, op: I, operand: Operand, out: &Outcome) {
        let value = self.compute(op, X, [operand]);
        let most = immediate([f32::MAX; 4]);
        let value = self.compute(I::Min, X, [value, most.clone()]);
        self.conclude(I::Max, out, [select(&value, 0), negated(&most)]);
    }

    /// vs_1_x: 2^floor(s), frac(s), 2^s, 1.
    fn old_expp(&mut self, s: &Operand, out: &Outcome) {
        let most = immediate([f32::MAX; 4]);
        let floor = self.compute(I::RoundNi, X, [s.clone()]);
        let temp = self.compute(I::Exp, X, [floor]);
        let register = temp.indices[0].base as u32;
        self.emit(I::Exp, [with_mask(register, Z), s.clone()]);
        self.emit(I::Min, [with_mask(register, X | Z), temp.clone(), most]);
        self.emit(I::Frc, [with_mask(register, Y), s.clone()]);
        self.emit(I::Mov, [with_mask(register, W), immediate([1.0; 4])]);
        self.conclude(I::Mov, out, [temp]);
    }

    /// vs_1_x: exponent, mantissa and logarithm of |s|, 1. The exponent is read from the bits: a logarithm could be rounded up.
    fn old_logp(&mut self, s: &Operand, out: &Outcome) {
        let most = immediate([f32::MAX; 4]);
        // The product flushes denormals.
        let value = self.compute(I::Mul, X, [magnitude(s), immediate([1.0; 4])]);
        let value = select(&value, 0);
        let exponent = self.compute(I::Ushr, X, [value.clone(), bits([23; 4])]);
        let exponent = self.compute(I::Iadd, X, [exponent, bits([-127_i32 as u32; 4])]);
        let temp = self.compute(I::Itof, X, [exponent]);
        let register = temp.indices[0].base as u32;
        self.emit(I::Movc, [with_mask(register, X), value.clone(), temp.clone(), negated(&most)]);
        let mantissa = self.compute(I::And, X, [value.clone(), bits([0x007f_ffff; 4])]);
        self.emit(I::Or, [with_mask(register, Y), select(&mantissa, 0), bits([1.0_f32.to_bits(); 4])]);
        let log = self.compute(I::Log, X, [value]);
        let log = self.compute(I::Min, X, [log, most.clone()]);
        self.emit(I::Max, [with_mask(register, Z), select(&log, 0), negated(&most)]);
        self.emit(I::Mov, [with_mask(register, W), immediate([1.0; 4])]);
        self.conclude(I::Mov, out, [temp]);
    }

    /// (1, max(x, 0), y^w if x and y are positive, 1)
    fn lit(&mut self, s: &Operand, out: &Outcome) {
        const LARGEST: f32 = 127.9961;
        let zero = immediate([0.0; 4]);
        let exponent = self.compute(I::Min, X, [select(s, 3), immediate([LARGEST; 4])]);
        let exponent = self.compute(I::Max, X, [exponent, immediate([-LARGEST; 4])]);
        let power = self.compute(I::Pow, X, [select(s, 1), exponent]);
        let power = self.compute(I::Min, X, [power, immediate([f32::MAX; 4])]);
        let positive = self.compute(I::Lt, X | Y, [zero.clone(), s.clone()]);
        let both = self.compute(I::And, X, [select(&positive, 0), select(&positive, 1)]);
        let temp = self.compute(I::Movc, Z, [select(&both, 0), select(&power, 0), zero.clone()]);
        let register = temp.indices[0].base as u32;
        self.emit(I::Max, [with_mask(register, Y), select(s, 0), zero]);
        self.emit(I::Mov, [with_mask(register, X | W), immediate([1.0; 4])]);
        self.conclude(I::Mov, out, [temp]);
    }

    fn cnd(&mut self, i: &Instruction, s: &SmallSources, out: &Outcome) {
        let mask = i.destination.map_or(0, |d| d.mask);
        let old = self.program.before(1, 4);
        if old && i.coissue && mask != W {
            return self.conclude(I::Mov, out, [s[1].clone()]);
        }
        let tested = if old { select(&s[0], 3) } else { s[0].clone() };
        let test = self.compute(I::Lt, 0xf, [immediate([0.5; 4]), tested]);
        self.conclude(I::Movc, out, [test, s[1].clone(), s[2].clone()]);
    }

    /// x is the cosine, y the sine.
    fn sincos(&mut self, s: &Operand, out: &Outcome) {
        let part = |c: u8| match out.operand.components {
            ir::Components::Mask(mask) if mask & c != 0 => {
                Operand { components: ir::Components::Mask(c), ..out.operand.clone() }
            }
            _ => Operand::register(RegisterFile::Null, &[], ir::Components::None),
        };
        let operands = [part(Y), part(X), s.clone()];
        self.body
            .push(ir::Instruction { saturate: out.saturate, ..ir::Instruction::new(I::Sincos, operands) });
    }

    /// One product for each of `rows` consecutive registers.
    fn matrix(&mut self, i: &Instruction, vector: &Operand, dot: I, rows: u32, out: &Outcome) -> Lowered<()> {
        let first = *i.sources.get(1).ok_or(LowerReason::Operands)?;
        let temp = self.scratch();
        for row in 0..rows {
            let number = first.register.number.saturating_add(row);
            let source = Source { register: Register { number, ..first.register }, ..first };
            let source = self.value(&source)?;
            self.emit(dot, [with_mask(temp, 1 << row), vector.clone(), source]);
        }
        self.conclude(I::Mov, out, [full(temp)]);
        Ok(())
    }
}

/// The sources of an instruction.
type SmallSources = smallvec::SmallVec<[Operand; 3]>;
