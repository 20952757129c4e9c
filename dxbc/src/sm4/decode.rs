//! Words to [`Program`].

use smallvec::SmallVec;

use super::{CUSTOM_DATA, FUNCTION_TABLE, INTERFACE};
use crate::ir::names::Named;
use crate::ir::*;
use crate::limits;

/// Why a token stream was refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("word {word}{}{}: {reason}", opcode_text(*opcode), operand_text(*operand))]
pub struct DecodeError {
    /// Offset from the version token, in words.
    pub word: usize,
    /// Opcode of the instruction or declaration; `None` in the program header.
    pub opcode: Option<u32>,
    /// Operand, from 0.
    pub operand: Option<usize>,
    /// What is wrong.
    pub reason: DecodeReason,
}

fn opcode_text(opcode: Option<u32>) -> String {
    match opcode.map(|number| (number, Op::from_number(number))) {
        Some((_, Some(op))) => format!(" ({})", op.info().mnemonic),
        Some((number, None)) => format!(" (opcode {number})"),
        None => String::new(),
    }
}

fn operand_text(operand: Option<usize>) -> String {
    operand.map(|place| format!(", operand {place}")).unwrap_or_default()
}

/// What is wrong with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeReason {
    /// The stream or instruction ends where another word is needed.
    #[error("the {0} ends too early")]
    Truncated(&'static str),
    /// The version token is not one of shader models 4.0, 4.1, 5.0 and 5.1.
    #[error("version token {0:#010x} is not of shader models 4.0 to 5.1")]
    Version(u32),
    /// A length field is impossible or leaves the program.
    #[error("a length of {0} words does not fit")]
    Length(u32),
    /// No instruction or declaration has this opcode.
    #[error("unknown opcode")]
    Opcode,
    /// A field holds a number without a meaning.
    #[error("{0} {1} does not exist")]
    Unknown(&'static str, u32),
    /// Bits are set that have no meaning here.
    #[error("reserved bits {1:#x} are set in the {0}")]
    Reserved(&'static str, u32),
    /// A declaration is longer than its contents.
    #[error("{0} words follow the last operand")]
    Trailing(usize),
    /// Relative indices are nested too deeply.
    #[error("relative indices are nested deeper than {}", limits::INDEX_NESTING)]
    Nesting,
    /// Too many statements.
    #[error("more than {} statements", limits::STATEMENTS)]
    Statements,
}

/// Decodes a program. Words after its own length are ignored.
///
/// # Errors
/// [`DecodeError`] names the word, opcode and operand that are malformed.
pub fn decode(words: &[u32]) -> Result<Program, DecodeError> {
    let at = |word| move |reason| DecodeError { word, opcode: None, operand: None, reason };
    let &[version, length, ..] = words else {
        return Err(at(words.len())(DecodeReason::Truncated("program")));
    };
    let model = Model { major: (version >> 4 & 0xf) as u8, minor: (version & 0xf) as u8 };
    let known = version & 0xff00 == 0 && matches!((model.major, model.minor), (4 | 5, 0 | 1));
    let stage = Stage::from_number(version >> 16).filter(|_| known).ok_or(DecodeReason::Version(version));
    let stage = stage.map_err(at(0))?;
    let words = words.get(..length as usize).filter(|words| words.len() >= 2);
    let words = words.ok_or(DecodeReason::Length(length)).map_err(at(1))?;

    let mut program = Program { stage, model, statements: Vec::new() };
    let mut position = 2;
    while position < words.len() {
        if program.statements.len() == limits::STATEMENTS {
            return Err(at(position)(DecodeReason::Statements));
        }
        let mut reader = Reader { words, position, operand: None };
        let opcode = Some(words[position] & 0x7ff);
        let statement = reader.statement(model);
        program.statements.push(statement.map_err(|reason| DecodeError {
            word: reader.position,
            opcode,
            operand: reader.operand,
            reason,
        })?);
        position = reader.position;
    }
    Ok(program)
}

type Decoded<T> = Result<T, DecodeReason>;

/// Reads the words of one statement.
struct Reader<'a> {
    /// The program up to the end of the statement (of the program, until its length is known).
    words: &'a [u32],
    /// The next word.
    position: usize,
    /// The operand that is being read.
    operand: Option<usize>,
}

/// Bits of a token: those that are taken have a meaning, the rest must be zero.
struct Bits {
    bits: u32,
    what: &'static str,
}

impl Bits {
    fn take(&mut self, low: u32, count: u32) -> u32 {
        let mask = (1 << count) - 1;
        let value = self.bits >> low & mask;
        self.bits &= !(mask << low);
        value
    }

    fn flag(&mut self, bit: u32) -> bool {
        self.take(bit, 1) != 0
    }

    fn finish(&self) -> Decoded<()> {
        if self.bits == 0 { Ok(()) } else { Err(DecodeReason::Reserved(self.what, self.bits)) }
    }
}

/// The variant with this number.
fn named<T: Named>(what: &'static str, number: u32) -> Decoded<T> {
    T::from_index(number).ok_or(DecodeReason::Unknown(what, number))
}

impl Reader<'_> {
    fn next(&mut self) -> Decoded<u32> {
        let word = self.words.get(self.position).ok_or(DecodeReason::Truncated("instruction"))?;
        self.position += 1;
        Ok(*word)
    }

    /// Words up to the end of the statement.
    fn left(&self) -> usize {
        self.words.len() - self.position
    }

    /// Ends the statement `length` words after `start`.
    fn end_at(&mut self, start: usize, length: u32) -> Decoded<()> {
        let end = start.checked_add(length as usize).filter(|&end| end >= self.position);
        self.words = end.and_then(|end| self.words.get(..end)).ok_or(DecodeReason::Length(length))?;
        Ok(())
    }

    fn statement(&mut self, model: Model) -> Decoded<Statement> {
        let start = self.position;
        let token = self.next()?;
        let opcode = token & 0x7ff;
        if opcode == CUSTOM_DATA {
            let length = self.next()?;
            self.end_at(start, length)?;
            let class = CustomDataClass::from_number(token >> 11);
            let words = self.words[self.position..].to_vec();
            self.position = self.words.len();
            return Ok(Statement::CustomData(CustomData { class, words }));
        }
        let mut extended = token >> 31 != 0;
        let mut length = token >> 24 & 0x7f;
        if extended && matches!(opcode, FUNCTION_TABLE | INTERFACE) {
            length = self.next()?;
            extended = false;
        }
        self.end_at(start, length)?;
        let mut controls = Bits { bits: token & 0x00ff_f800, what: "opcode token" };
        if let Some(op) = Op::from_number(opcode) {
            return Ok(Statement::Instruction(self.instruction(op, controls, extended)?));
        }
        if extended {
            return Err(DecodeReason::Reserved("opcode token", 1 << 31));
        }
        let declaration = self.declaration(opcode, &mut controls, model)?;
        controls.finish()?;
        self.operand = None;
        if self.left() != 0 {
            return Err(DecodeReason::Trailing(self.left()));
        }
        Ok(Statement::Declaration(declaration))
    }

    fn instruction(&mut self, op: Op, mut controls: Bits, extended: bool) -> Decoded<Instruction> {
        let info = op.info();
        let mut instruction = Instruction::new(op, []);
        if info.flags.contains(OpFlags::SAT) {
            instruction.saturate = controls.flag(13);
        }
        if info.flags.contains(OpFlags::TEST) {
            instruction.test_nonzero = controls.flag(18);
        }
        if info.flags.contains(OpFlags::RETURN2) || info.flags.contains(OpFlags::RETURN1) {
            let bits = if info.flags.contains(OpFlags::RETURN2) { 2 } else { 1 };
            instruction.return_kind = match (bits, controls.take(11, bits)) {
                (_, 0) => ReturnKind::Float,
                (2, 1) => ReturnKind::RcpFloat,
                (1, 1) | (2, 2) => ReturnKind::Uint,
                (_, other) => return Err(DecodeReason::Unknown("return kind", other)),
            };
        }
        if info.flags.contains(OpFlags::SYNC) {
            instruction.sync = SyncFlags {
                threads: controls.flag(11),
                group_shared: controls.flag(12),
                uav_group: controls.flag(13),
                uav_global: controls.flag(14),
            };
        }
        // The compiler marks any instruction as precise, also where that changes nothing.
        instruction.precise = controls.take(19, 4) as u8;
        controls.finish()?;
        let mut more = extended;
        while more {
            let token = self.next()?;
            more = token >> 31 != 0;
            instruction.extensions.push(extension(token & 0x7fff_ffff)?);
        }
        if op == Op::Fcall {
            instruction.call_site = self.next()?;
        }
        let count = info.dst.len() + info.src.len();
        instruction.operands.reserve_exact(count);
        for place in 0..count {
            self.operand = Some(place);
            instruction.operands.push(self.operand(0)?);
        }
        instruction.padding = SmallVec::from_slice(&self.words[self.position..]);
        self.position = self.words.len();
        Ok(instruction)
    }

    /// An operand: token, extended token, then an immediate or indices.
    fn operand(&mut self, depth: usize) -> Decoded<Operand> {
        let mut token = Bits { bits: self.next()?, what: "operand token" };
        let components = components(&mut token)?;
        let file = named::<RegisterFile>("register file", token.take(12, 8))?;
        let mut operand = Operand::register(file, &[], components);
        if token.flag(31) {
            self.operand_extension(&mut operand)?;
        }
        let words = operand.immediate_words();
        if matches!(file, RegisterFile::Immediate32 | RegisterFile::Immediate64) {
            token.finish()?;
            for _ in 0..words {
                operand.immediate.push(self.next()?);
            }
            return Ok(operand);
        }
        let dimensions = token.take(20, 2);
        let representations: SmallVec<[u32; 3]> =
            (0..dimensions).map(|place| token.take(22 + 3 * place, 3)).collect();
        token.finish()?;
        for representation in representations {
            let index = self.index(representation, depth)?;
            operand.indices.push(index);
        }
        Ok(operand)
    }

    fn operand_extension(&mut self, operand: &mut Operand) -> Decoded<()> {
        let mut token = Bits { bits: self.next()?, what: "extended operand token" };
        match token.take(0, 6) {
            1 => {}
            other => return Err(DecodeReason::Unknown("extended operand token type", other)),
        }
        operand.modifier = match token.take(6, 8) {
            0 => Modifier::None,
            1 => Modifier::Neg,
            2 => Modifier::Abs,
            3 => Modifier::AbsNeg,
            other => return Err(DecodeReason::Unknown("operand modifier", other)),
        };
        operand.min_precision = match token.take(14, 3) {
            0 => MinPrecision::Default,
            1 => MinPrecision::Float16,
            2 => MinPrecision::Float2_8,
            4 => MinPrecision::Sint16,
            5 => MinPrecision::Uint16,
            other => return Err(DecodeReason::Unknown("minimum precision", other)),
        };
        operand.non_uniform = token.flag(17);
        operand.explicit_extension = !operand.needs_extension();
        token.finish()
    }

    fn index(&mut self, representation: u32, depth: usize) -> Decoded<Index> {
        let wide = matches!(representation, 1 | 4);
        let has_base = representation != 2;
        let relative = matches!(representation, 2..=4);
        if representation > 4 {
            return Err(DecodeReason::Unknown("index representation", representation));
        }
        let mut base = 0;
        if has_base {
            // The high word of a 64-bit index comes first.
            let high = if wide { self.next()? } else { 0 };
            base = u64::from(high) << 32 | u64::from(self.next()?);
        }
        if relative && depth == limits::INDEX_NESTING {
            return Err(DecodeReason::Nesting);
        }
        let relative = if relative { Some(Box::new(self.operand(depth + 1)?)) } else { None };
        Ok(Index { base, wide, relative, has_base })
    }

    fn declared(&mut self) -> Decoded<Operand> {
        self.operand = Some(0);
        let operand = self.operand(0);
        if operand.is_ok() {
            self.operand = None;
        }
        operand
    }

    /// The register space, which Shader Model 5.1 appends.
    fn space(&mut self, model: Model) -> Decoded<Option<u32>> {
        if model >= (Model { major: 5, minor: 1 }) { self.next().map(Some) } else { Ok(None) }
    }

    fn system_name(&mut self) -> Decoded<SystemName> {
        named("system value", self.next()?)
    }

    #[rustfmt::skip]
    fn declaration(&mut self, opcode: u32, controls: &mut Bits, model: Model) -> Decoded<Declaration> {
        use Declaration as D;
        Ok(match opcode {
            88 => D::Resource {
                dimension: named("resource dimension", controls.take(11, 5))?,
                samples: controls.take(16, 7) as u8,
                operand: self.declared()?,
                return_type: self.next()?,
                space: self.space(model)?,
            },
            89 => D::ConstantBuffer {
                dynamic: controls.flag(11),
                operand: self.declared()?,
                size_and_space: match model {
                    Model { major: 5, minor: 1 } => Some((self.next()?, self.next()?)),
                    _ => None,
                },
            },
            90 => D::Sampler { mode: controls.take(11, 4) as u8, operand: self.declared()?, space: self.space(model)? },
            91 => D::IndexRange { operand: self.declared()?, count: self.next()? },
            92 => D::GsOutputTopology(controls.take(11, 7) as u8),
            93 => D::GsInputPrimitive(controls.take(11, 6) as u8),
            94 => D::GsMaxOutputVertices(self.next()?),
            95 => D::Input(self.declared()?),
            96 => D::InputSgv { operand: self.declared()?, name: self.system_name()? },
            97 => D::InputSiv { operand: self.declared()?, name: self.system_name()? },
            98 => D::InputPs { interpolation: interpolation(controls)?, operand: self.declared()? },
            99 => D::InputPsSgv { interpolation: interpolation(controls)?, operand: self.declared()?, name: self.system_name()? },
            100 => D::InputPsSiv { interpolation: interpolation(controls)?, operand: self.declared()?, name: self.system_name()? },
            101 => D::Output(self.declared()?),
            102 => D::OutputSgv { operand: self.declared()?, name: self.system_name()? },
            103 => D::OutputSiv { operand: self.declared()?, name: self.system_name()? },
            104 => D::Temps(self.next()?),
            105 => D::IndexableTemp { register: self.next()?, count: self.next()?, components: self.next()? },
            106 => D::GlobalFlags(controls.take(11, 13)),
            113 => D::HullPhase(HullPhase::Declarations),
            114 => D::HullPhase(HullPhase::ControlPoint),
            115 => D::HullPhase(HullPhase::Fork),
            116 => D::HullPhase(HullPhase::Join),
            143 => D::Stream(self.declared()?),
            144 => D::FunctionBody(self.next()?),
            FUNCTION_TABLE => {
                let table = self.next()?;
                let count = self.next()?;
                D::FunctionTable { table, bodies: self.list(count)? }
            }
            INTERFACE => self.interface(controls.flag(11))?,
            147 => D::InputControlPointCount(controls.take(11, 6) as u8),
            148 => D::OutputControlPointCount(controls.take(11, 6) as u8),
            149 => D::TessellatorDomain(controls.take(11, 2) as u8),
            150 => D::TessellatorPartitioning(controls.take(11, 3) as u8),
            151 => D::TessellatorOutputPrimitive(controls.take(11, 3) as u8),
            152 => D::HsMaxTessFactor(self.next()?),
            153 => D::HsForkInstanceCount(self.next()?),
            154 => D::HsJoinInstanceCount(self.next()?),
            155 => D::ThreadGroup([self.next()?, self.next()?, self.next()?]),
            156 => D::UavTyped {
                dimension: named("resource dimension", controls.take(11, 5))?,
                flags: uav_flags(controls, false),
                operand: self.declared()?,
                return_type: self.next()?,
                space: self.space(model)?,
            },
            157 => D::UavRaw { flags: uav_flags(controls, false), operand: self.declared()?, space: self.space(model)? },
            158 => D::UavStructured {
                flags: uav_flags(controls, true),
                operand: self.declared()?,
                stride: self.next()?,
                space: self.space(model)?,
            },
            159 => D::GroupSharedRaw { operand: self.declared()?, size: self.next()? },
            160 => D::GroupSharedStructured { operand: self.declared()?, stride: self.next()?, count: self.next()? },
            161 => D::ResourceRaw { operand: self.declared()?, space: self.space(model)? },
            162 => D::ResourceStructured { operand: self.declared()?, stride: self.next()?, space: self.space(model)? },
            206 => D::GsInstances(self.next()?),
            _ => return Err(DecodeReason::Opcode),
        })
    }

    fn interface(&mut self, dynamic: bool) -> Decoded<Declaration> {
        let interface = self.next()?;
        let table_length = self.next()?;
        let counts = self.next()?;
        let (tables, array_length) = (self.list(counts & 0xffff)?, (counts >> 16) as u16);
        Ok(Declaration::Interface { interface, dynamic, table_length, array_length, tables })
    }

    fn list(&mut self, count: u32) -> Decoded<Vec<u32>> {
        let list =
            self.words[self.position..].get(..count as usize).ok_or(DecodeReason::Truncated("list"))?;
        self.position += list.len();
        Ok(list.to_vec())
    }
}

fn components(token: &mut Bits) -> Decoded<Components> {
    Ok(match token.take(0, 2) {
        0 => Components::None,
        1 => Components::One,
        2 => match token.take(2, 2) {
            0 => Components::Mask(token.take(4, 4) as u8),
            1 => Components::Swizzle([4, 6, 8, 10].map(|low| token.take(low, 2) as u8)),
            2 => Components::Select(token.take(4, 2) as u8),
            other => return Err(DecodeReason::Unknown("component selection", other)),
        },
        other => return Err(DecodeReason::Unknown("component count", other)),
    })
}

fn extension(token: u32) -> Decoded<Extension> {
    let mut token = Bits { bits: token, what: "extended opcode token" };
    let extension = match token.take(0, 6) {
        1 => Extension::TexelOffset([9, 13, 17].map(|low| {
            // Four bits, two's complement.
            let bits = token.take(low, 4) as i8;
            if bits < 8 { bits } else { bits - 16 }
        })),
        2 => Extension::Resource {
            dimension: named("resource dimension", token.take(6, 5))?,
            stride: token.take(11, 12) as u16,
        },
        3 => Extension::ReturnType(token.take(6, 16) as u16),
        other => return Err(DecodeReason::Unknown("extended opcode token type", other)),
    };
    token.finish()?;
    Ok(extension)
}

fn interpolation(controls: &mut Bits) -> Decoded<Interpolation> {
    named("interpolation mode", controls.take(11, 4))
}

fn uav_flags(controls: &mut Bits, structured: bool) -> UavFlags {
    UavFlags {
        globally_coherent: controls.flag(16),
        rasterizer_ordered: controls.flag(17),
        counter: structured && controls.flag(23),
    }
}
