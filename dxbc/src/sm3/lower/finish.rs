//! What Direct3D 9's state adds to a shader: fog, alpha test, flat colours.

use super::operand::*;
use super::*;
use crate::ir::Components;

/// State that is part of a shader's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Variant {
    /// Fog of pixel shaders before 3.0.
    pub fog: Option<Fog>,
    /// The alpha test; `None` when every pixel passes.
    pub alpha_test: Option<AlphaTest>,
    /// Colours come from the first vertex (`D3DSHADE_FLAT`).
    pub flat: bool,
}

/// Fog (d3d-rules §17.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fog {
    /// The factor is the vertex shader's `oFog`.
    Vertex,
    /// `(end - d) / (end - start)`
    Linear(FogSource),
    /// `e^(-density d)`
    Exp(FogSource),
    /// `e^(-(density d)^2)`
    Exp2(FogSource),
}

/// The distance of table fog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the variants are components of the position")]
pub enum FogSource {
    Z,
    W,
}

/// The alpha test: `alpha COMPARISON reference`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AlphaTest {
    /// `None` never passes.
    pub comparison: Option<Comparison>,
    /// The greatest code of the target's alpha: alpha is rounded to so many steps and the reference is a step. 0 compares floats.
    pub scale: u32,
}

impl Lowering<'_> {
    /// What a shader needs before its first instruction: `vPos` in whole pixels, `vFace` as ±1.
    pub(super) fn prologue(&mut self) {
        let input =
            |register| Operand::register(RegisterFile::Input, &[register], Components::Swizzle(IDENTITY));
        if self.interface.reads_position && !self.program.before(3, 0) {
            let corner = immediate([-0.5, -0.5, 0.0, 0.0]);
            self.emit(I::Add, [with_mask(self.fixed.misc, 3), input(registers::PIXEL_POSITION), corner]);
        }
        if self.interface.reads_face {
            let face = select(&input(registers::PIXEL_FACE), 0);
            let [front, back] = [1.0, -1.0].map(|v| immediate([v; 4]));
            self.emit(I::Movc, [with_mask(self.fixed.misc, 8), face, front, back]);
        }
    }

    /// What follows the last instruction: outputs that waited go out.
    pub(super) fn epilogue(&mut self) {
        let free = self.free;
        if self.is_vertex() {
            let shadowed = self.interface.shadowed;
            for register in (0..registers::OUTPUTS).filter(|r| shadowed >> r & 1 == 1) {
                let clamped = matches!(register, registers::COLOR | registers::COLOR2 | registers::FOG);
                let output = Operand::register(RegisterFile::Output, &[register], Components::Mask(0xf));
                let value = full(self.fixed.outputs + register);
                let mov = ir::Instruction::new(I::Mov, [output, value]);
                let saturate = clamped && self.program.before(3, 0);
                self.body.push(ir::Instruction { saturate, ..mov });
            }
        } else {
            self.pixel_epilogue();
        }
        self.free = free;
    }

    fn pixel_epilogue(&mut self) {
        let first = if self.program.before(2, 0) { 0 } else { self.fixed.outputs };
        if self.interface.shadowed & 1 == 0 {
            return;
        }
        if let Some(fog) = self.variant.fog.filter(|_| self.program.before(3, 0)) {
            self.fog(fog, first);
        }
        if let Some(test) = self.variant.alpha_test {
            self.alpha_test(test, first);
        }
        let output = Operand::register(RegisterFile::Output, &[0], Components::Mask(0xf));
        self.emit(I::Mov, [output, full(first)]);
    }

    /// `fog + (color - fog) f` in rgb.
    fn fog(&mut self, fog: Fog, color: u32) {
        let factor = self.fog_factor(fog);
        let one = immediate([1.0; 4]);
        // A factor that is no number is 1.
        let factor = self.compute(I::Min, 1, [factor, one]);
        let factor = self.compute(I::Max, 1, [factor, immediate([0.0; 4])]);
        let fogged = constant(ENVIRONMENT, environment::FOG_COLOR);
        let difference = self.compute(I::Add, 7, [full(color), negated(&fogged)]);
        self.emit(I::Mad, [with_mask(color, 7), difference, select(&factor, 0), fogged]);
    }

    fn fog_factor(&mut self, fog: Fog) -> Operand {
        let input = |register, component| {
            let all = Operand::register(RegisterFile::Input, &[register], Components::Swizzle(IDENTITY));
            select(&all, component)
        };
        let distance = |source| match source {
            FogSource::Z => input(registers::POSITION, 2),
            FogSource::W => input(registers::POSITION, 3),
        };
        let parameters = constant(ENVIRONMENT, environment::PARAMETERS);
        let [start, end, density] = [0, 1, 2].map(|c| select(&parameters, c));
        match fog {
            Fog::Vertex => input(registers::FOG, 0),
            Fog::Linear(source) => {
                let left = self.compute(I::Add, 1, [end.clone(), negated(&distance(source))]);
                let range = self.compute(I::Add, 1, [end, negated(&start)]);
                let factor = self.compute(I::Div, 1, [left.clone(), range]);
                // Fog that starts where it ends is there at its end.
                let zero = immediate([0.0; 4]);
                let at_end = self.compute(I::Eq, 1, [left, zero.clone()]);
                self.compute(I::Movc, 1, [at_end, zero, factor])
            }
            Fog::Exp(source) | Fog::Exp2(source) => {
                let mut power = self.compute(I::Mul, 1, [distance(source), density]);
                if matches!(fog, Fog::Exp2(_)) {
                    power = self.compute(I::Mul, 1, [power.clone(), power]);
                }
                let log2_e = immediate([-std::f32::consts::LOG2_E; 4]);
                let power = self.compute(I::Mul, 1, [power, log2_e]);
                self.compute(I::Exp, 1, [power])
            }
        }
    }

    fn alpha_test(&mut self, test: AlphaTest, color: u32) {
        let Some(comparison) = test.comparison else {
            return self.emit_test(I::Discard, true, [bits([u32::MAX; 4])]);
        };
        let mut alpha = select(&full(color), 3);
        if test.scale != 0 {
            let temp = self.scratch();
            let clamp = ir::Instruction::new(I::Mov, [with_mask(temp, 1), alpha]);
            self.body.push(ir::Instruction { saturate: true, ..clamp });
            let scaled = self.compute(I::Mul, 1, [full(temp), immediate([test.scale as f32; 4])]);
            alpha = select(&self.compute(I::RoundNe, 1, [scaled]), 0);
        }
        let reference = select(&constant(ENVIRONMENT, environment::PARAMETERS), 3);
        let passes = self.comparison(comparison, alpha, reference);
        self.emit_test(I::Discard, false, [select(&passes, 0)]);
    }
}
