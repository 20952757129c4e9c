//! Registers, swizzles and modifiers to operands of the IR.

use smallvec::SmallVec;

use super::*;
use crate::ir::{Components, MinPrecision, Modifier as IrModifier};

/// All components of a temporary.
pub(super) fn full(temp: u32) -> Operand {
    Operand::register(RegisterFile::Temp, &[temp], Components::Swizzle(IDENTITY))
}

/// Components of a temporary to write.
pub(super) fn with_mask(temp: u32, mask: u8) -> Operand {
    Operand::register(RegisterFile::Temp, &[temp], Components::Mask(mask))
}

/// Four floats.
pub(super) fn immediate(values: [f32; 4]) -> Operand {
    bits(values.map(f32::to_bits))
}

/// Four words.
pub(super) fn bits(words: [u32; 4]) -> Operand {
    Operand {
        file: RegisterFile::Immediate32,
        components: Components::Swizzle(IDENTITY),
        indices: SmallVec::new(),
        immediate: SmallVec::from_buf(words),
        modifier: IrModifier::None,
        min_precision: MinPrecision::Default,
        non_uniform: false,
        explicit_extension: false,
    }
}

/// A vector of a constant buffer.
pub(super) fn constant(slot: u32, element: u32) -> Operand {
    Operand::register(RegisterFile::ConstantBuffer, &[slot, element], Components::Swizzle(IDENTITY))
}

/// The operand with its components in another order; immediates are reordered themselves.
pub(super) fn swizzled(operand: &Operand, order: [u8; 4]) -> Operand {
    let mut result = operand.clone();
    if operand.file == RegisterFile::Immediate32 {
        result.immediate = order.iter().map(|&c| operand.immediate[usize::from(c)]).collect();
    } else {
        result.components = Components::Swizzle(order.map(|c| operand.swizzle(usize::from(c)) as u8));
    }
    result
}

/// One component in all places.
pub(super) fn select(operand: &Operand, component: u8) -> Operand {
    swizzled(operand, [component; 4])
}

/// The operand with its sign flipped.
pub(super) fn negated(operand: &Operand) -> Operand {
    let modifier = match operand.modifier {
        IrModifier::None => IrModifier::Neg,
        IrModifier::Neg => IrModifier::None,
        IrModifier::Abs => IrModifier::AbsNeg,
        IrModifier::AbsNeg => IrModifier::Abs,
    };
    Operand { modifier, ..operand.clone() }
}

/// The magnitude of the operand.
pub(super) fn magnitude(operand: &Operand) -> Operand {
    Operand { modifier: IrModifier::Abs, ..operand.clone() }
}

impl Lowering<'_> {
    /// Source `place` of an instruction.
    pub(super) fn source(&mut self, i: &Instruction, place: usize) -> Lowered<Operand> {
        let source = i.sources.get(place).ok_or(LowerReason::Operands)?;
        self.value(source)
    }

    /// A source with all that its modifier asks for.
    pub(super) fn value(&mut self, source: &Source) -> Lowered<Operand> {
        let plain = self.register(source.register, source.relative)?;
        self.modified(plain, source)
    }

    fn modified(&mut self, plain: Operand, source: &Source) -> Lowered<Operand> {
        use Modifier as M;
        let value = swizzled(&plain, source.swizzle);
        let [half, one, two] = [-0.5, 1.0, 2.0].map(|v| immediate([v; 4]));
        Ok(match source.modifier {
            M::None => value,
            M::Neg => negated(&value),
            M::Abs => magnitude(&value),
            M::AbsNeg => negated(&magnitude(&value)),
            M::Bias => self.compute(I::Add, 0xf, [value, half]),
            M::BiasNeg => negated(&self.compute(I::Add, 0xf, [value, half])),
            M::Sign => self.compute(I::Mad, 0xf, [value, two, immediate([-1.0; 4])]),
            M::SignNeg => negated(&self.compute(I::Mad, 0xf, [value, two, immediate([-1.0; 4])])),
            M::Complement => self.compute(I::Add, 0xf, [one, negated(&value)]),
            M::X2 => self.compute(I::Mul, 0xf, [value, two]),
            M::X2Neg => negated(&self.compute(I::Mul, 0xf, [value, two])),
            // The division comes before the swizzle.
            M::Dz => self.divided(&plain, 2, source.swizzle),
            M::Dw => self.divided(&plain, 3, source.swizzle),
            M::Not => return Err(LowerReason::Read(source.register.file, source.register.number)),
        })
    }

    fn divided(&mut self, plain: &Operand, divisor: u8, order: [u8; 4]) -> Operand {
        let quotient = self.compute(I::Div, 0xf, [plain.clone(), select(plain, divisor)]);
        swizzled(&quotient, order)
    }

    /// A register to read, all components in order.
    pub(super) fn register(&mut self, register: Register, relative: Option<Relative>) -> Lowered<Operand> {
        let Register { file, number } = register;
        let input =
            |number: u32| Operand::register(RegisterFile::Input, &[number], Components::Swizzle(IDENTITY));
        let pixel = !self.is_vertex();
        let mut operand = match file {
            File::Temp => full(number),
            File::Input if pixel && self.program.before(3, 0) => input(registers::COLOR + number),
            File::Input => input(number),
            File::Texture if self.program.before(1, 4) => full(self.fixed.textures + number),
            File::Texture => input(registers::TEXCOORD + number),
            File::Constant if relative.is_none() => match self.interface.definition(number) {
                Some(words) => bits(words),
                None => constant(0, number),
            },
            File::Constant => constant(0, number),
            File::Misc => {
                let vector = full(self.fixed.misc);
                if number == 0 { swizzled(&vector, [0, 1, 0, 0]) } else { select(&vector, 3) }
            }
            _ => return Err(LowerReason::Read(file, number)),
        };
        if let Some(relative) = relative {
            let last = operand.indices.last_mut().filter(|_| matches!(file, File::Constant | File::Input));
            last.ok_or(LowerReason::Read(file, number))?.relative = Some(Box::new(self.offset(relative)));
        }
        Ok(operand)
    }

    /// What a relative parameter adds: an integer.
    fn offset(&self, relative: Relative) -> Operand {
        let (temp, component) = match relative.register.file {
            File::LoopCounter => (self.fixed.counter, 0),
            _ => (self.fixed.address, relative.component),
        };
        Operand::register(RegisterFile::Temp, &[temp], Components::Select(component))
    }

    /// The operand to write.
    pub(super) fn target(&self, d: &Destination) -> Lowered<Operand> {
        let Register { file, number } = d.register;
        let output = |register: u32| {
            if self.interface.shadowed >> register & 1 == 1 {
                with_mask(self.fixed.outputs + register, d.mask)
            } else {
                Operand::register(RegisterFile::Output, &[register], Components::Mask(d.mask))
            }
        };
        let pixel = !self.is_vertex();
        let mut operand = match file {
            File::Temp => with_mask(number, d.mask),
            File::Texture if pixel && self.program.before(1, 4) => {
                with_mask(self.fixed.textures + number, d.mask)
            }
            File::RasterOut => {
                output([registers::POSITION, registers::FOG, registers::POINT_SIZE][(number as usize).min(2)])
            }
            File::ColorVarying => output(registers::COLOR + number),
            File::TexcoordVarying => output(registers::TEXCOORD + number),
            File::Output | File::ColorOut => output(number),
            File::DepthOut => Operand::register(RegisterFile::OutputDepth, &[], Components::One),
            _ => return Err(LowerReason::Write(file, number)),
        };
        if let Some(relative) = d.relative {
            if operand.file != RegisterFile::Output {
                return Err(LowerReason::Write(file, number));
            }
            operand.indices[0].relative = Some(Box::new(self.offset(relative)));
        }
        Ok(operand)
    }

    /// What `movc` chooses where the predicate's bits are set, and elsewhere.
    pub(super) fn ordered(&self, predicate: &Source, holds: Operand, fails: Operand) -> (Operand, Operand) {
        if predicate.modifier == Modifier::Not { (fails, holds) } else { (holds, fails) }
    }

    /// `p0`, swizzled: all ones or zero in each component.
    pub(super) fn predicate(&self, source: &Source) -> Lowered<Operand> {
        match source.register.file {
            File::Predicate => Ok(swizzled(&full(self.fixed.predicate), source.swizzle)),
            file => Err(LowerReason::Read(file, source.register.number)),
        }
    }
}
