//! A [`Program`] to tokens.

use super::decode::{DCL, DEF, DEFB, DEFI, END};
use super::*;
use crate::ir::Stage;

/// The tokens of a program, as the compiler writes them: lengths without the opcode token, bit 31 of parameters set. A
/// program of the guest driver (with [`bare_parameters`](Program::bare_parameters)) gets the driver's forms of both.
pub fn encode(program: &Program) -> Vec<u32> {
    let stage = if program.stage == Stage::Vertex { 0xfffe } else { 0xffff };
    let version = stage << 16 | u32::from(program.model.major) << 8 | u32::from(program.model.minor);
    let mut writer = Writer { program, tokens: vec![version] };
    for statement in &program.statements {
        writer.statement(statement);
    }
    writer.tokens.push(END);
    writer.tokens
}

struct Writer<'a> {
    program: &'a Program,
    tokens: Vec<u32>,
}

impl Writer<'_> {
    fn statement(&mut self, statement: &Statement) {
        let start = self.tokens.len();
        let define = |file, number| Destination {
            register: Register::new(file, number),
            relative: None,
            mask: 0xf,
            saturate: false,
            partial_precision: false,
            centroid: false,
            shift: 0,
        };
        match statement {
            Statement::Declare(declaration) => {
                let usage = declaration.usage as u32 | u32::from(declaration.index) << 16;
                self.tokens.extend([DCL, self.high() | usage | (declaration.texture as u32) << 27]);
                self.destination(&declaration.register);
            }
            Statement::Define(number, values) => {
                self.tokens.push(DEF);
                self.destination(&define(File::Constant, *number));
                self.tokens.extend(values);
            }
            Statement::DefineInteger(number, values) => {
                self.tokens.push(DEFI);
                self.destination(&define(File::Integer, *number));
                self.tokens.extend(values);
            }
            Statement::DefineBool(number, value) => {
                self.tokens.push(DEFB);
                self.destination(&define(File::Bool, *number));
                self.tokens.push(u32::from(*value));
            }
            Statement::Instruction(instruction) => self.instruction(instruction),
        }
        if self.program.model.major >= 2 {
            let own = usize::from(!self.program.bare_parameters);
            self.tokens[start] |= ((self.tokens.len() - start - own) as u32 & 0xf) << 24;
        }
    }

    fn instruction(&mut self, i: &Instruction) {
        let flags = u32::from(i.predicate.is_some()) << 28 | u32::from(i.coissue) << 30;
        self.tokens.push(i.op as u32 | u32::from(i.control) << 16 | flags);
        if let Some(destination) = &i.destination {
            self.destination(destination);
        }
        i.predicate.iter().chain(&i.sources).for_each(|source| self.source(source));
    }

    fn high(&self) -> u32 {
        u32::from(!self.program.bare_parameters) << 31
    }

    fn register(&self, register: Register) -> u32 {
        let file = match register.file {
            File::Temp => 0,
            File::Input => 1,
            File::Constant => [2, 11, 12, 13][(register.number as usize / 2048).min(3)],
            File::Address | File::Texture => 3,
            File::RasterOut => 4,
            File::ColorVarying => 5,
            File::TexcoordVarying | File::Output => 6,
            File::Integer => 7,
            File::ColorOut => 8,
            File::DepthOut => 9,
            File::Sampler => 10,
            File::Bool => 14,
            File::LoopCounter => 15,
            File::Misc => 17,
            File::Label => 18,
            File::Predicate => 19,
        };
        self.high() | (file & 7) << 28 | (file >> 3) << 11 | register.number & 0x7ff
    }

    fn relative(&mut self, relative: Option<Relative>) {
        if let Some(Relative { register, component }) = relative
            && self.program.model.major >= 2
        {
            // `aL` is a scalar, which compilers write without a swizzle.
            let swizzle = if register.file == File::LoopCounter { 0xe4 } else { u32::from(component) * 0x55 };
            self.tokens.push(self.register(register) | swizzle << 16);
        }
    }

    fn destination(&mut self, d: &Destination) {
        let modifiers =
            u32::from(d.saturate) | u32::from(d.partial_precision) << 1 | u32::from(d.centroid) << 2;
        let shift = (d.shift as u32 & 0xf) << 24;
        let relative = u32::from(d.relative.is_some()) << 13;
        let mask = u32::from(d.mask) << 16;
        self.tokens.push(self.register(d.register) | relative | mask | modifiers << 20 | shift);
        self.relative(d.relative);
    }

    fn source(&mut self, s: &Source) {
        let swizzle = s.swizzle.iter().rev().fold(0, |bits, &c| bits << 2 | u32::from(c));
        let relative = u32::from(s.relative.is_some()) << 13;
        self.tokens.push(self.register(s.register) | relative | swizzle << 16 | (s.modifier as u32) << 24);
        self.relative(s.relative);
    }
}
