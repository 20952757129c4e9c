//! Texture addressing: `texld` in all its forms, and the fixed combinations of ps_1_x.

use super::operand::*;
use super::*;
use crate::ir::Components;
use crate::sm3::Op;

/// How a sample finds its level of detail.
enum Level {
    Derivatives,
    Bias(Operand),
    Explicit(Operand),
    Gradients(Operand, Operand),
}

impl Lowering<'_> {
    /// `texkill` and what only collects rows or writes depth; false for all others.
    pub(super) fn texture_without_result(&mut self, i: &Instruction) -> Lowered<bool> {
        match i.op {
            Op::Texkill => self.texkill(i)?,
            Op::Texm3x2pad | Op::Texm3x3pad => self.matrix_row(i)?,
            Op::Texm3x2depth => {
                self.matrix_row(i)?;
                let rows = full(self.fixed.matrix);
                self.depth(&select(&rows, 0), &select(&rows, 1), false);
                self.matrix_rows = 0;
            }
            Op::Texdepth => {
                let register = self.old_register(i)?;
                let least = self.compute(I::Min, 1, [select(&register, 1), immediate([1.0; 4])]);
                self.depth(&select(&register, 0), &select(&least, 0), true);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Everything that samples or looks at texture coordinates; false for all others.
    pub(super) fn texture(&mut self, i: &Instruction, out: &Outcome) -> Lowered<bool> {
        let before_2 = self.program.before(2, 0) && !self.is_vertex();
        match i.op {
            Op::Tex | Op::Texldd | Op::Texldl if !self.program.before(2, 0) => self.texld(i, out)?,
            Op::Texcoord if self.program.before(1, 4) && before_2 => {
                let coordinates = self.coordinates(i)?;
                let temp = self.scratch();
                let clamped = ir::Instruction::new(I::Mov, [with_mask(temp, 7), coordinates]);
                self.body.push(ir::Instruction { saturate: true, ..clamped });
                self.emit(I::Mov, [with_mask(temp, 8), immediate([1.0; 4])]);
                self.conclude(I::Mov, out, [full(temp)]);
            }
            Op::Texcoord if before_2 => {
                let value = self.source(i, 0)?;
                self.conclude(I::Mov, out, [value]);
            }
            Op::Tex if before_2 => {
                // Before 1.4 the coordinates are those of the stage, which is the destination's number in any case.
                let coordinates =
                    if i.sources.is_empty() { self.coordinates(i)? } else { self.source(i, 0)? };
                self.stage_sample(i, coordinates, out)?;
            }
            _ if before_2 => return self.combination(i, out),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// `texld`, `texldp`, `texldb`, `texldl`, `texldd`.
    fn texld(&mut self, i: &Instruction, out: &Outcome) -> Lowered<()> {
        let mut coordinates = self.source(i, 0)?;
        let w = select(&coordinates, 3);
        let level = match (i.op, i.control) {
            (Op::Texldl, _) => Level::Explicit(w),
            (Op::Texldd, _) => Level::Gradients(self.source(i, 2)?, self.source(i, 3)?),
            (_, 1) => {
                coordinates = self.compute(I::Div, 0xf, [coordinates, w]);
                Level::Derivatives
            }
            (_, 2) => Level::Bias(w),
            _ => Level::Derivatives,
        };
        let sampler = i.sources.get(1).ok_or(LowerReason::Operands)?;
        if sampler.register.file != File::Sampler {
            return Err(LowerReason::Read(sampler.register.file, sampler.register.number));
        }
        self.sample(sampler.register.number, sampler.swizzle, coordinates, level, out);
        Ok(())
    }

    fn sample(&mut self, stage: u32, order: [u8; 4], coordinates: Operand, level: Level, out: &Outcome) {
        let texture = Operand::register(RegisterFile::Resource, &[stage], Components::Swizzle(order));
        let sampler = Operand::register(RegisterFile::Sampler, &[stage], Components::None);
        // Samples have no modifiers of their own.
        let target = if out.saturate { with_mask(self.scratch(), 0xf) } else { out.operand.clone() };
        let operands = [target.clone(), coordinates, texture, sampler];
        match level {
            Level::Derivatives => self.emit(I::Sample, operands),
            Level::Bias(bias) => self.emit(I::SampleB, operands.into_iter().chain([bias])),
            Level::Explicit(level) => self.emit(I::SampleL, operands.into_iter().chain([level])),
            Level::Gradients(x, y) => self.emit(I::SampleD, operands.into_iter().chain([x, y])),
        }
        if out.saturate {
            let sampled = Operand { components: Components::Swizzle(IDENTITY), ..target };
            self.conclude(I::Mov, out, [sampled]);
        }
    }

    /// A sample of the stage that the destination names.
    fn stage_sample(&mut self, i: &Instruction, coordinates: Operand, out: &Outcome) -> Lowered<()> {
        let stage = self.stage(i)?;
        self.sample(stage, IDENTITY, coordinates, Level::Derivatives, out);
        Ok(())
    }

    fn stage(&self, i: &Instruction) -> Lowered<u32> {
        Ok(i.destination.ok_or(LowerReason::Operands)?.register.number)
    }

    /// The texture coordinates of the destination's stage.
    fn coordinates(&self, i: &Instruction) -> Lowered<Operand> {
        Ok(coordinate_set(self.stage(i)?))
    }

    /// The destination of `texkill` and `texdepth`, to be read.
    fn old_register(&mut self, i: &Instruction) -> Lowered<Operand> {
        let destination = i.destination.ok_or(LowerReason::Operands)?;
        self.register(destination.register, destination.relative)
    }

    /// Kills where a component is below zero: xyz of the coordinates in 1.x, the mask from 2.0.
    fn texkill(&mut self, i: &Instruction) -> Lowered<()> {
        let destination = i.destination.ok_or(LowerReason::Operands)?;
        let old = self.program.before(2, 0);
        let value = if self.program.before(1, 4) { self.coordinates(i)? } else { self.old_register(i)? };
        let mask = if old { 7 } else { destination.mask };
        let below = self.compute(I::Lt, 0xf, [value, immediate([0.0; 4])]);
        let below = match &i.predicate {
            Some(predicate) => {
                let test = self.predicate(predicate)?;
                let (yes, no) = self.ordered(predicate, below, bits([0; 4]));
                self.compute(I::Movc, 0xf, [test, yes, no])
            }
            None => below,
        };
        for c in (0..4).filter(|c| mask >> c & 1 == 1) {
            self.emit_test(I::Discard, true, [select(&below, c)]);
        }
        Ok(())
    }

    /// A number as depth: `over / under`, 1 where `under` is zero.
    fn depth(&mut self, over: &Operand, under: &Operand, clamp: bool) {
        let quotient = self.scratch();
        let divide = ir::Instruction::new(I::Div, [with_mask(quotient, 1), over.clone(), under.clone()]);
        self.body.push(ir::Instruction { saturate: clamp, ..divide });
        let zero = self.compute(I::Eq, 1, [under.clone(), immediate([0.0; 4])]);
        let depth = Operand::register(RegisterFile::OutputDepth, &[], Components::One);
        self.emit(I::Movc, [depth, zero, immediate([1.0; 4]), full(quotient)]);
    }

    /// The product of the stage's coordinates with the source: the next row of a texture matrix.
    fn matrix_row(&mut self, i: &Instruction) -> Lowered<()> {
        let (coordinates, value) = (self.coordinates(i)?, self.source(i, 0)?);
        let row = self.matrix_rows.min(2);
        self.emit(I::Dp3Legacy, [with_mask(self.fixed.matrix, 1 << row), coordinates, value]);
        self.matrix_rows += 1;
        Ok(())
    }

    /// The other instructions of ps_1_x, each a fixed computation before a sample.
    fn combination(&mut self, i: &Instruction, out: &Outcome) -> Lowered<bool> {
        match i.op {
            Op::Texbem | Op::Texbeml => self.texbem(i, out)?,
            Op::Bem => {
                let stage = self.stage(i)?;
                let (base, value) = (self.source(i, 0)?, self.source(i, 1)?);
                let moved = self.bumped(stage, &base, &value);
                self.conclude(I::Mov, out, [moved]);
            }
            Op::Texreg2ar | Op::Texreg2gb | Op::Texreg2rgb => {
                let order = match i.op {
                    Op::Texreg2ar => [3, 0, 0, 0],
                    Op::Texreg2gb => [1, 2, 2, 2],
                    _ => IDENTITY,
                };
                let value = self.source(i, 0)?;
                self.stage_sample(i, swizzled(&value, order), out)?;
            }
            Op::Texdp3 | Op::Texdp3tex => {
                let (coordinates, value) = (self.coordinates(i)?, self.source(i, 0)?);
                if i.op == Op::Texdp3 {
                    self.conclude(I::Dp3Legacy, out, [coordinates, value]);
                } else {
                    let temp = self.compute(I::Dp3Legacy, 1, [coordinates, value]);
                    let register = temp.indices[0].base as u32;
                    self.emit(I::Mov, [with_mask(register, 0xe), immediate([0.0; 4])]);
                    self.stage_sample(i, temp, out)?;
                }
            }
            Op::Texm3x2tex | Op::Texm3x3tex | Op::Texm3x3 | Op::Texm3x3spec | Op::Texm3x3vspec => {
                self.matrix_row(i)?;
                self.matrix_rows = 0;
                self.texture_matrix(i, out)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Coordinates moved by the stage's bump matrix times xy of a value.
    fn bumped(&mut self, stage: u32, base: &Operand, value: &Operand) -> Operand {
        let matrix = constant(ENVIRONMENT, environment::BUMP + 2 * stage);
        let [first, second] = [[0, 1, 0, 1], [2, 3, 2, 3]].map(|order| swizzled(&matrix, order));
        let moved = self.compute(I::MadLegacy, 3, [select(value, 0), first, base.clone()]);
        self.compute(I::MadLegacy, 3, [select(value, 1), second, moved])
    }

    fn texbem(&mut self, i: &Instruction, out: &Outcome) -> Lowered<()> {
        let stage = self.stage(i)?;
        let (base, value) = (self.coordinates(i)?, self.source(i, 0)?);
        let moved = self.bumped(stage, &base, &value);
        if i.op == Op::Texbem {
            return self.stage_sample(i, moved, out);
        }
        let sampled = self.scratch();
        let held = Outcome { operand: with_mask(sampled, 0xf), saturate: false, waits: true };
        self.sample(stage, IDENTITY, moved, Level::Derivatives, &held);
        let light = constant(ENVIRONMENT, environment::BUMP + 2 * stage + 1);
        let light = self.compute(I::MadLegacy, 1, [select(&value, 2), select(&light, 0), select(&light, 1)]);
        self.conclude(I::MulLegacy, out, [full(sampled), select(&light, 0)]);
        Ok(())
    }

    /// What happens when the last row of a texture matrix is known.
    fn texture_matrix(&mut self, i: &Instruction, out: &Outcome) -> Lowered<()> {
        let normal = full(self.fixed.matrix);
        let eye = match i.op {
            Op::Texm3x2tex | Op::Texm3x3tex => return self.stage_sample(i, normal, out),
            Op::Texm3x3 => {
                self.emit(I::Mov, [with_mask(self.fixed.matrix, 8), immediate([1.0; 4])]);
                self.conclude(I::Mov, out, [normal]);
                return Ok(());
            }
            Op::Texm3x3spec => self.source(i, 1)?,
            _ => {
                let stage = self.stage(i)?;
                let temp = self.scratch();
                for (c, set) in (stage.saturating_sub(2)..=stage).enumerate().take(3) {
                    self.emit(I::Mov, [with_mask(temp, 1 << c), select(&coordinate_set(set), 3)]);
                }
                full(temp)
            }
        };
        // 2 (N.E) / (N.N) N - E
        let along = self.compute(I::Dp3Legacy, 1, [normal.clone(), eye.clone()]);
        let square = self.compute(I::Dp3Legacy, 1, [normal.clone(), normal.clone()]);
        let ratio = self.compute(I::Div, 1, [along, square]);
        let twice = self.compute(I::Add, 1, [ratio.clone(), ratio]);
        let reflected = self.compute(I::MadLegacy, 7, [select(&twice, 0), normal, negated(&eye)]);
        self.stage_sample(i, reflected, out)
    }
}

/// The input register of a set of texture coordinates.
fn coordinate_set(set: u32) -> Operand {
    Operand::register(RegisterFile::Input, &[registers::TEXCOORD + set], Components::Swizzle(IDENTITY))
}
