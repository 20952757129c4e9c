//! Programs that only move inputs, constants and one texel to an output: blits, compositors, plain sprites and meshes.

use super::code::{Code, Place, Source, SourceModifier, Space, Step, Target};
use super::interface::{CopiedSample, CopiedWord, PixelCopy};
use crate::ir::{Op, ResourceDimension};

/// What a register component is known to hold.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Word {
    Constant(u32),
    /// A word of the inputs, perhaps times a factor.
    Input(u32, Option<f32>),
    /// A component of the one texel.
    Texel(u8),
}

/// Follows a program through its registers.
struct Walk {
    temps: Vec<[Option<Word>; 4]>,
    /// Of the one output register that is written, and which it is.
    output: [Option<Word>; 4],
    register: Option<u32>,
    sample: Option<CopiedSample>,
}

impl PixelCopy {
    /// `None` for programs that do anything else.
    pub(super) fn of(code: &Code) -> Option<Self> {
        /// No such program is longer.
        const STEPS: usize = 8;
        let steps = &code.steps;
        if steps.len() > STEPS || steps.last()?.op != Op::Ret {
            return None;
        }
        let (temps, output) = (vec![[None; 4]; code.temps], [None; 4]);
        let mut walk = Walk { temps, output, register: None, sample: None };
        for step in &steps[..steps.len() - 1] {
            walk.step(step)?;
        }
        let mut words = [CopiedWord::Constant(0); 4];
        for (word, value) in words.iter_mut().zip(walk.output) {
            *word = match value? {
                Word::Constant(bits) => CopiedWord::Constant(bits),
                Word::Texel(component) => CopiedWord::Texel(component),
                Word::Input(word, None) => CopiedWord::Input(word),
                Word::Input(_, Some(_)) => return None,
            };
        }
        let instructions = code.section_price(0);
        Some(Self { sample: walk.sample, output: walk.register?, words, instructions })
    }
}

impl Walk {
    fn step(&mut self, step: &Step) -> Option<()> {
        let ([destination], false) = (step.destinations.as_slice(), step.saturate) else { return None };
        let values = match (step.op, step.sources.as_slice()) {
            (Op::Mov, [source]) => self.read(source)?,
            (Op::Mul, [a, b]) => {
                let (a, b) = (self.read(a)?, self.read(b)?);
                std::array::from_fn(|c| product(a[c]?, b[c]?))
            }
            (Op::Sample, [coordinate]) => self.sample(step, coordinate)?,
            _ => return None,
        };
        let target = match &destination.target {
            Target::Temp(register) => self.temps.get_mut(*register as usize)?,
            Target::Output(index) if index.relative.is_none() => {
                if self.register.is_some_and(|register| register != index.base) {
                    return None;
                }
                self.register = Some(index.base);
                &mut self.output
            }
            _ => return None,
        };
        for (c, value) in values.into_iter().enumerate().filter(|(c, _)| destination.mask >> c & 1 != 0) {
            target[c] = Some(value?);
        }
        Some(())
    }

    fn read(&self, source: &Source) -> Option<[Option<Word>; 4]> {
        if source.modifier != SourceModifier::None {
            return None;
        }
        let word = |c: u8| match &source.place {
            Place::Immediate(words) => Some(Word::Constant(words[usize::from(c)])),
            Place::Temp(register) => self.temps.get(*register as usize)?[usize::from(c)],
            Place::Input(index) if index.relative.is_none() => {
                Some(Word::Input(index.base * 4 + u32::from(c), None))
            }
            _ => None,
        };
        Some(source.swizzle.map(word))
    }

    fn sample(&mut self, step: &Step, coordinate: &Source) -> Option<[Option<Word>; 4]> {
        let (memory, sampler) = (step.memory.as_ref()?, step.sampler.as_ref()?);
        let Space::Resource { slot, dimension: ResourceDimension::Texture2D } = &memory.space else {
            return None;
        };
        let plain = step.offset == [0; 3] && slot.relative.is_none() && sampler.slot.relative.is_none();
        if !plain || self.sample.is_some() {
            return None;
        }
        let [Some(Word::Input(u, u_factor)), Some(Word::Input(v, v_factor)), ..] = self.read(coordinate)?
        else {
            return None;
        };
        let coordinates = [(u, u_factor), (v, v_factor)];
        self.sample = Some(CopiedSample { texture: slot.base, sampler: sampler.slot.base, coordinates });
        Some(memory.swizzle.map(|c| Some(Word::Texel(c))))
    }
}

fn product(a: Word, b: Word) -> Option<Word> {
    match (a, b) {
        (Word::Input(word, None), Word::Constant(bits)) | (Word::Constant(bits), Word::Input(word, None)) => {
            Some(Word::Input(word, Some(f32::from_bits(bits))))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ValidatedShader;
    use crate::assembler::assemble;
    use crate::limits;

    fn copy(body: &str) -> Option<PixelCopy> {
        let text = format!(
            ".input TEXCOORD 0 v1.xyzw float
            .output SV_Target 0 o0.xyzw float
            ps_4_0
            dcl_sampler s3, mode_default
            dcl_resource_texture2d (float,float,float,float) t2
            dcl_input_ps linear v1.xyzw
            dcl_output o0.xyzw
            dcl_temps 2
            {body}
            ret"
        );
        let assembled = assemble(&text).unwrap_or_else(|error| panic!("{error}"));
        let shader = ValidatedShader::new(assembled.program, assembled.signatures).expect("is valid");
        shader.pixel_copy().cloned()
    }

    #[test]
    fn a_texel_goes_through_registers() {
        use CopiedWord::{Constant, Texel};
        let found = copy(
            "mul r0.xy, l(2.0, 0.5, 0.0, 0.0), v1.zwzz
            sample r1.xyz, r0.xyxx, t2.zyxw, s3
            mov r1.w, l(1.0)
            mov o0.xyzw, r1.xyzw",
        );
        let coordinates = [(6, Some(2.0)), (7, Some(0.5))];
        let expected = PixelCopy {
            sample: Some(CopiedSample { texture: 2, sampler: 3, coordinates }),
            output: 0,
            words: [Texel(2), Texel(1), Texel(0), Constant(0x3f80_0000)],
            instructions: 4 + limits::TEXTURE_PRICE,
        };
        assert_eq!(found, Some(expected));
    }

    #[test]
    fn inputs_and_constants_go_without_a_texture() {
        use CopiedWord::{Constant, Input};
        let found = copy(
            "mov r0.xy, v1.wxww
            mov o0.yz, r0.xxyx
            mov o0.xw, l(0.0, 0.0, 0.0, 1.0)",
        );
        let words = [Constant(0), Input(7), Input(4), Constant(0x3f80_0000)];
        assert_eq!(found, Some(PixelCopy { sample: None, output: 0, words, instructions: 4 }));
    }

    #[test]
    fn whatever_else_is_done_is_no_copy() {
        let others = [
            "sample_aoffimmi(1,0,0) o0.xyzw, v1.xyxx, t2.xyzw, s3",
            "mul_sat r0.xy, v1.xyxx, l(2.0, 2.0, 0.0, 0.0)\n sample o0.xyzw, r0.xyxx, t2.xyzw, s3",
            "sample o0.xyzw, -v1.xyxx, t2.xyzw, s3",
            "sample o0.xyz, v1.xyxx, t2.xyzw, s3",
            "sample r0.xyzw, v1.xyxx, t2.xyzw, s3\n mul o0.xyzw, r0.xyzw, v1.xyzw",
            "mul o0.xyzw, v1.xyzw, l(2.0, 2.0, 2.0, 2.0)",
            "sample r0.xyzw, v1.xyxx, t2.xyzw, s3\n sample o0.xyzw, r0.xyxx, t2.xyzw, s3",
        ];
        for body in others {
            assert_eq!(copy(body), None, "{body}");
        }
    }
}
