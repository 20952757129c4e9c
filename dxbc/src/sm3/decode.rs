//! Tokens to a [`Program`].

use smallvec::SmallVec;

use super::*;
use crate::ir::{Model, Stage};
use crate::limits;

/// Why tokens are not a Direct3D 9 shader.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("token {position}: {reason}")]
pub struct DecodeError {
    /// Index of the token.
    pub position: usize,
    /// What is wrong with it.
    pub reason: DecodeReason,
}

/// What is wrong with a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeReason {
    /// The first token is no version of Direct3D 9.
    #[error("{0:#010x} is no version of Direct3D 9 shaders")]
    Version(u32),
    /// The tokens end before `end`.
    #[error("the tokens end inside the program")]
    Truncated,
    /// More tokens than any compiler emits.
    #[error("{0} tokens; at most {max} are accepted", max = limits::DIRECT3D9_TOKENS)]
    TooLong(usize),
    /// No instruction has this number.
    #[error("unknown instruction {0}")]
    Opcode(u32),
    /// The length field fits neither convention.
    #[error("the length says {found}, the operands need {expected}")]
    Length {
        /// Parameter tokens by the instruction table.
        expected: usize,
        /// What the token says.
        found: usize,
    },
    /// No register file has this number in this shader.
    #[error("unknown register file {0}")]
    File(u32),
    /// A register number beyond the file's end.
    #[error("{0:?} register {1} does not exist")]
    Register(File, u32),
    /// A field has a value without a meaning.
    #[error("unknown {0} {1}")]
    Field(&'static str, u32),
}

type Decoded<T> = Result<T, DecodeReason>;

/// The end of a program.
pub(super) const END: u32 = 0x0000_ffff;
pub(super) const COMMENT: u32 = 0xfffe;
pub(super) const DCL: u32 = 31;
pub(super) const DEFB: u32 = 47;
pub(super) const DEFI: u32 = 48;
pub(super) const DEF: u32 = 81;

/// Decodes a token stream, version token first. What follows the end token is ignored.
///
/// # Errors
/// The first token that has no meaning.
pub fn decode(tokens: &[u32]) -> Result<Program, DecodeError> {
    let mut reader =
        Reader { tokens, position: 0, stage: Stage::Vertex, model: Model { major: 0, minor: 0 } };
    let mut bare = true;
    let mut program = || {
        if tokens.len() > limits::DIRECT3D9_TOKENS {
            return Err(DecodeReason::TooLong(tokens.len()));
        }
        reader.version()?;
        let mut statements = Vec::new();
        while let Some(statement) = reader.statement(&mut bare)? {
            statements.extend(statement);
        }
        Ok(Program { stage: reader.stage, model: reader.model, bare_parameters: bare, statements })
    };
    let result = program();
    result.map_err(|reason| DecodeError { position: reader.position.saturating_sub(1), reason })
}

struct Reader<'a> {
    tokens: &'a [u32],
    position: usize,
    stage: Stage,
    model: Model,
}

impl Reader<'_> {
    fn next(&mut self) -> Decoded<u32> {
        self.position += 1;
        self.tokens.get(self.position - 1).copied().ok_or(DecodeReason::Truncated)
    }

    fn version(&mut self) -> Decoded<()> {
        let version = self.next()?;
        self.stage = match version >> 16 {
            0xfffe => Stage::Vertex,
            0xffff => Stage::Pixel,
            _ => return Err(DecodeReason::Version(version)),
        };
        self.model = Model { major: (version >> 8) as u8, minor: version as u8 };
        let known = match self.model {
            Model { major: 1, minor } => minor <= 4,
            Model { major: 2, minor } => minor <= 1 || minor == 255,
            Model { major: 3, minor } => minor == 0 || minor == 255,
            _ => false,
        };
        if known { Ok(()) } else { Err(DecodeReason::Version(version)) }
    }

    /// `None` at the end; `Some(None)` for a comment.
    fn statement(&mut self, bare: &mut bool) -> Decoded<Option<Option<Statement>>> {
        let token = self.next()?;
        let opcode = token & 0xffff;
        if opcode == COMMENT {
            let length = (token >> 16 & 0x7fff) as usize;
            if length > self.tokens.len() - self.position {
                return Err(DecodeReason::Truncated);
            }
            self.position += length;
            return Ok(Some(None));
        }
        if token == END {
            return Ok(None);
        }
        let start = self.position;
        let statement = match opcode {
            DCL => Statement::Declare(self.declaration(bare)?),
            DEF => {
                let (register, values) = self.definition(bare)?;
                Statement::Define(register, values)
            }
            DEFI => {
                let (register, values) = self.definition(bare)?;
                Statement::DefineInteger(register, values)
            }
            DEFB => {
                let register = self.destination(bare)?.register.number;
                Statement::DefineBool(register, self.next()? != 0)
            }
            _ => Statement::Instruction(self.instruction(token, bare)?),
        };
        let (expected, found) = (self.position - start, (token >> 24 & 0xf) as usize);
        if self.model.major >= 2 && found != expected && found != expected + 1 {
            return Err(DecodeReason::Length { expected, found });
        }
        Ok(Some(Some(statement)))
    }

    fn definition(&mut self, bare: &mut bool) -> Decoded<(u32, [u32; 4])> {
        let register = self.destination(bare)?.register.number;
        Ok((register, [self.next()?, self.next()?, self.next()?, self.next()?]))
    }

    fn declaration(&mut self, bare: &mut bool) -> Decoded<Declaration> {
        let token = self.next()?;
        let register = self.destination(bare)?;
        let usage = token & 0xf;
        let texture = match token >> 27 & 0xf {
            _ if register.register.file != File::Sampler => TextureType::Unknown,
            0 => TextureType::Unknown,
            1 => TextureType::OneD,
            2 => TextureType::TwoD,
            3 => TextureType::Cube,
            4 => TextureType::Volume,
            other => return Err(DecodeReason::Field("texture type", other)),
        };
        Ok(Declaration {
            usage: Usage::from_number(usage).ok_or(DecodeReason::Field("usage", usage))?,
            index: (token >> 16 & 0xf) as u8,
            texture,
            register,
        })
    }

    fn instruction(&mut self, token: u32, bare: &mut bool) -> Decoded<Instruction> {
        let op = Op::from_number(token & 0xffff).ok_or(DecodeReason::Opcode(token & 0xffff))?;
        let control = (token >> 16 & 0xff) as u8;
        let control_known = match op {
            _ if op.compares() => Comparison::from_number(control).is_some(),
            Op::Tex => control <= 2,
            _ => true,
        };
        if !control_known {
            return Err(DecodeReason::Field("control", control.into()));
        }
        let (has_destination, sources) = op.operands(self.stage, self.model);
        let destination = if has_destination { Some(self.destination(bare)?) } else { None };
        let predicated = token >> 28 & 1 == 1 && self.model.major >= 2;
        let predicate = if predicated { Some(self.source(bare)?) } else { None };
        let sources = (0..sources).map(|_| self.source(bare)).collect::<Decoded<SmallVec<_>>>()?;
        Ok(Instruction {
            op,
            control: if op.compares() || op == Op::Tex { control } else { 0 },
            coissue: token >> 30 & 1 == 1 && self.model.major == 1,
            predicate,
            destination,
            sources,
        })
    }

    fn register(&self, token: u32) -> Decoded<Register> {
        let file = token >> 28 & 7 | (token >> 11 & 3) << 3;
        let number = token & 0x7ff;
        let vertex = self.stage == Stage::Vertex;
        let (file, count) = match file {
            0 => (File::Temp, 32),
            1 => (File::Input, 16),
            2 => (File::Constant, 2048),
            3 if vertex => (File::Address, 1),
            3 => (File::Texture, 8),
            4 if vertex => (File::RasterOut, 3),
            5 if vertex => (File::ColorVarying, 2),
            6 if vertex && self.model.major < 3 => (File::TexcoordVarying, 8),
            6 if vertex => (File::Output, 12),
            7 => (File::Integer, 256),
            8 if !vertex => (File::ColorOut, 4),
            9 if !vertex => (File::DepthOut, 1),
            10 => (File::Sampler, 16),
            11..=13 => (File::Constant, 2048),
            14 => (File::Bool, 256),
            15 => (File::LoopCounter, 1),
            17 if !vertex => (File::Misc, 2),
            18 => (File::Label, 2048),
            19 => (File::Predicate, 1),
            other => return Err(DecodeReason::File(other)),
        };
        if number >= count {
            return Err(DecodeReason::Register(file, number));
        }
        // Three more files continue the constants.
        let bank = token >> 28 & 7 | (token >> 11 & 3) << 3;
        let number = if matches!(bank, 11..=13) { number + (bank - 10) * 2048 } else { number };
        Ok(Register { file, number })
    }

    /// The relative part of a parameter: a token of its own from 2.0 on.
    fn relative(&mut self, token: u32) -> Decoded<Option<Relative>> {
        if token >> 13 & 1 == 0 {
            return Ok(None);
        }
        if self.model.major < 2 {
            return Ok(Some(Relative { register: Register::new(File::Address, 0), component: 0 }));
        }
        let token = self.next()?;
        let register = self.register(token)?;
        match register.file {
            File::Address | File::LoopCounter => {
                Ok(Some(Relative { register, component: (token >> 16 & 3) as u8 }))
            }
            file => Err(DecodeReason::Register(file, register.number)),
        }
    }

    fn destination(&mut self, bare: &mut bool) -> Decoded<Destination> {
        let token = self.next()?;
        *bare &= token >> 31 == 0;
        let shift = (token >> 24 & 0xf) as i8;
        let shift = if shift >= 8 { shift - 16 } else { shift };
        if !(-3..=3).contains(&shift) {
            return Err(DecodeReason::Field("result shift", token >> 24 & 0xf));
        }
        Ok(Destination {
            register: self.register(token)?,
            relative: self.relative(token)?,
            mask: (token >> 16 & 0xf) as u8,
            saturate: token >> 20 & 1 == 1,
            partial_precision: token >> 21 & 1 == 1,
            centroid: token >> 22 & 1 == 1,
            shift,
        })
    }

    fn source(&mut self, bare: &mut bool) -> Decoded<Source> {
        let token = self.next()?;
        *bare &= token >> 31 == 0;
        let modifier = token >> 24 & 0xf;
        Ok(Source {
            register: self.register(token)?,
            relative: self.relative(token)?,
            swizzle: std::array::from_fn(|c| (token >> (16 + 2 * c) & 3) as u8),
            modifier: Modifier::from_number(modifier)
                .ok_or(DecodeReason::Field("source modifier", modifier))?,
        })
    }
}
