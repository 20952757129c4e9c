//! [`Program`] to words.

use super::{CUSTOM_DATA, FUNCTION_TABLE, INTERFACE, LENGTH_MAX};
use crate::ir::*;
use crate::limits;

/// Why a program has no token stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("statement {statement}: {reason}")]
pub struct EncodeError {
    /// Index into [`Program::statements`].
    pub statement: usize,
    /// What is wrong.
    pub reason: EncodeReason,
}

/// What cannot be expressed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeReason {
    /// A value is too large for its field.
    #[error("{0} {1} does not fit its field")]
    Field(&'static str, u64),
    /// The instruction has the wrong number of operands.
    #[error("{found} operands, {expected} are needed")]
    Operands {
        /// As the instruction table says.
        expected: usize,
        /// As the instruction says.
        found: usize,
    },
    /// An operand contradicts itself, or does what no token can say.
    #[error("operand {0}: {1}")]
    Operand(usize, &'static str),
    /// A modifier that the instruction has no bits for.
    #[error("{0} is not legal here")]
    Modifier(&'static str),
    /// A declaration lacks its register space, or has one before Shader Model 5.1.
    #[error("register spaces belong to Shader Model 5.1")]
    Space,
    /// More words than a length field can say.
    #[error("{0} words are too long")]
    Length(usize),
}

type Encoded<T> = Result<T, EncodeReason>;

/// Encodes a program: version token, length, statements.
///
/// # Errors
/// When a hand-made program says what tokens cannot; what [`decode`](super::decode) returns always encodes.
pub fn encode(program: &Program) -> Result<Vec<u32>, EncodeError> {
    let Program { stage, model, statements } = program;
    let version = (*stage as u32) << 16 | u32::from(model.major & 0xf) << 4 | u32::from(model.minor & 0xf);
    let mut words = vec![version, 0];
    for (place, statement) in statements.iter().enumerate() {
        let encoded = match statement {
            Statement::Declaration(declaration) => encode_declaration(&mut words, declaration, *model),
            Statement::Instruction(instruction) => encode_instruction(&mut words, instruction),
            Statement::CustomData(data) => encode_custom_data(&mut words, data),
        };
        encoded.map_err(|reason| EncodeError { statement: place, reason })?;
    }
    words[1] = u32::try_from(words.len()).map_err(|_| EncodeError {
        statement: statements.len(),
        reason: EncodeReason::Length(words.len()),
    })?;
    Ok(words)
}

/// `value` at bit `low`, if it fits in `count` bits.
fn field(what: &'static str, value: impl Into<u64>, low: u32, count: u32) -> Encoded<u32> {
    let value = value.into();
    if value >> count != 0 { Err(EncodeReason::Field(what, value)) } else { Ok((value as u32) << low) }
}

fn encode_custom_data(words: &mut Vec<u32>, data: &CustomData) -> Encoded<()> {
    let length = u32::try_from(data.words.len() + 2).map_err(|_| EncodeReason::Length(data.words.len()))?;
    words.extend([CUSTOM_DATA | field("custom data class", data.class.number(), 11, 21)?, length]);
    words.extend(&data.words);
    Ok(())
}

/// Writes the length of the statement that starts at `start` into its token.
fn finish(words: &mut [u32], start: usize) -> Encoded<()> {
    let length = words.len() - start;
    if length > LENGTH_MAX {
        return Err(EncodeReason::Length(length));
    }
    words[start] |= (length as u32) << 24;
    Ok(())
}

fn encode_instruction(words: &mut Vec<u32>, instruction: &Instruction) -> Encoded<()> {
    let start = words.len();
    let info = instruction.op.info();
    let expected = info.dst.len() + info.src.len();
    let found = instruction.operands.len();
    if expected != found {
        return Err(EncodeReason::Operands { expected, found });
    }
    words.push(field("opcode", instruction.op as u16, 0, 11)? | controls(instruction)?);
    for extension in &instruction.extensions {
        // The token before says that this one follows.
        if let Some(last) = words.last_mut() {
            *last |= 1 << 31;
        }
        words.push(encode_extension(*extension)?);
    }
    match (instruction.op, instruction.call_site) {
        (Op::Fcall, site) => words.push(site),
        (_, 0) => {}
        _ => return Err(EncodeReason::Modifier("a call site")),
    }
    for (place, operand) in instruction.operands.iter().enumerate() {
        encode_operand(words, operand, 0).map_err(|why| EncodeReason::Operand(place, why))?;
    }
    words.extend(&instruction.padding);
    finish(words, start)
}

/// Bits 11 to 23 of an instruction's token.
fn controls(instruction: &Instruction) -> Encoded<u32> {
    let legal = |flag| instruction.op.info().flags.contains(flag);
    let checked = |what, set: bool, flag, bits| match (set, legal(flag)) {
        (false, _) => Ok(0),
        (true, true) => Ok(bits),
        (true, false) => Err(EncodeReason::Modifier(what)),
    };
    let SyncFlags { threads, group_shared, uav_group, uav_global } = instruction.sync;
    let sync = [threads, group_shared, uav_group, uav_global];
    let sync = sync.into_iter().zip(11..).map(|(flag, bit)| u32::from(flag) << bit).sum();
    let kind = match instruction.return_kind {
        ReturnKind::Float => 0,
        ReturnKind::RcpFloat | ReturnKind::Uint if legal(OpFlags::RETURN2) => {
            (instruction.return_kind as u32) << 11
        }
        ReturnKind::Uint if legal(OpFlags::RETURN1) => 1 << 11,
        _ => return Err(EncodeReason::Modifier("a return kind")),
    };
    Ok(checked("_sat", instruction.saturate, OpFlags::SAT, 1 << 13)?
        | checked("_nz", instruction.test_nonzero, OpFlags::TEST, 1 << 18)?
        | checked("a fence", sync != 0, OpFlags::SYNC, sync)?
        | kind
        | field("precise mask", instruction.precise, 19, 4)?)
}

fn encode_extension(extension: Extension) -> Encoded<u32> {
    Ok(match extension {
        Extension::TexelOffset(offsets) => {
            let mut token = 1;
            for (offset, low) in offsets.into_iter().zip([9, 13, 17]) {
                if !(-8..8).contains(&offset) {
                    return Err(EncodeReason::Modifier("a texel offset outside -8..7"));
                }
                token |= (offset as u32 & 0xf) << low;
            }
            token
        }
        Extension::Resource { dimension, stride } => {
            2 | (dimension as u32) << 6 | field("structure stride", stride, 11, 12)?
        }
        Extension::ReturnType(types) => 3 | u32::from(types) << 6,
    })
}

/// Token, extended token, then the immediate or the indices.
fn encode_operand(words: &mut Vec<u32>, operand: &Operand, depth: usize) -> Result<(), &'static str> {
    if operand.immediate.len() != operand.immediate_words() {
        return Err("an immediate's words do not match its components");
    }
    if operand.immediate_words() != 0 && !operand.indices.is_empty() {
        return Err("an immediate has no indices");
    }
    if operand.indices.len() > 3 {
        return Err("more than three indices");
    }
    let extended = operand.needs_extension() || operand.explicit_extension;
    let mut token =
        (operand.file as u32) << 12 | (operand.indices.len() as u32) << 20 | u32::from(extended) << 31;
    token |= match operand.components {
        Components::None => 0,
        Components::One => 1,
        Components::Mask(mask) if mask < 16 => 2 | u32::from(mask) << 4,
        Components::Swizzle(swizzle) if swizzle.iter().all(|&c| c < 4) => {
            2 | 1 << 2
                | swizzle.into_iter().zip([4, 6, 8, 10]).map(|(c, low)| u32::from(c) << low).sum::<u32>()
        }
        Components::Select(component) if component < 4 => 2 | 2 << 2 | u32::from(component) << 4,
        _ => return Err("components beyond w"),
    };
    for (index, low) in operand.indices.iter().zip([22, 25, 28]) {
        token |= representation(index)? << low;
    }
    words.push(token);
    if extended {
        let modifiers = (operand.modifier as u32) << 6 | (operand.min_precision as u32) << 14;
        words.push(1 | modifiers | u32::from(operand.non_uniform) << 17);
    }
    words.extend(&operand.immediate);
    for index in &operand.indices {
        if index.has_base {
            words.extend(index.wide.then_some((index.base >> 32) as u32));
            words.push(index.base as u32);
        }
        if let Some(relative) = &index.relative {
            if depth == limits::INDEX_NESTING {
                return Err("relative indices are nested too deeply");
            }
            encode_operand(words, relative, depth + 1)?;
        }
    }
    Ok(())
}

fn representation(index: &Index) -> Result<u32, &'static str> {
    if !index.wide && index.base > u64::from(u32::MAX) {
        return Err("a 32-bit index is too large");
    }
    match (index.relative.is_some(), index.has_base, index.wide) {
        (false, true, false) => Ok(0),
        (false, true, true) => Ok(1),
        (true, false, false) if index.base == 0 => Ok(2),
        (true, true, false) => Ok(3),
        (true, true, true) => Ok(4),
        _ => Err("an index without a constant part has one"),
    }
}

/// Words of a declaration after its token.
struct Body<'a> {
    words: &'a mut Vec<u32>,
    model: Model,
}

impl Body<'_> {
    fn operand(&mut self, operand: &Operand) -> Encoded<&mut Self> {
        encode_operand(self.words, operand, 0).map_err(|why| EncodeReason::Operand(0, why))?;
        Ok(self)
    }

    fn words(&mut self, words: &[u32]) -> Encoded<&mut Self> {
        self.words.extend(words);
        Ok(self)
    }

    fn space(&mut self, space: Option<u32>) -> Encoded<&mut Self> {
        if space.is_some() != (self.model >= Model { major: 5, minor: 1 }) {
            return Err(EncodeReason::Space);
        }
        self.words.extend(space);
        Ok(self)
    }
}

#[rustfmt::skip]
fn encode_declaration(words: &mut Vec<u32>, declaration: &Declaration, model: Model) -> Encoded<()> {
    use Declaration as D;
    let start = words.len();
    words.push(0);
    let mut body = Body { words, model };
    let token = match declaration {
        D::Resource { operand, dimension, samples, return_type, space } => {
            body.operand(operand)?.words(&[*return_type])?.space(*space)?;
            88 | (*dimension as u32) << 11 | field("sample count", *samples, 16, 7)?
        }
        D::ConstantBuffer { operand, dynamic, size_and_space } => {
            body.operand(operand)?;
            if let Some((size, _)) = size_and_space { body.words(&[*size])?; }
            body.space(size_and_space.map(|(_, space)| space))?;
            89 | u32::from(*dynamic) << 11
        }
        D::Sampler { operand, mode, space } => {
            body.operand(operand)?.space(*space)?;
            90 | field("sampler mode", *mode, 11, 4)?
        }
        D::IndexRange { operand, count } => { body.operand(operand)?.words(&[*count])?; 91 }
        D::GsOutputTopology(topology) => 92 | field("topology", *topology, 11, 7)?,
        D::GsInputPrimitive(primitive) => 93 | field("primitive", *primitive, 11, 6)?,
        D::GsMaxOutputVertices(count) => { body.words(&[*count])?; 94 }
        D::Input(operand) => { body.operand(operand)?; 95 }
        D::InputSgv { operand, name } => { body.operand(operand)?.words(&[*name as u32])?; 96 }
        D::InputSiv { operand, name } => { body.operand(operand)?.words(&[*name as u32])?; 97 }
        D::InputPs { operand, interpolation } => { body.operand(operand)?; 98 | (*interpolation as u32) << 11 }
        D::InputPsSgv { operand, interpolation, name } => {
            body.operand(operand)?.words(&[*name as u32])?;
            99 | (*interpolation as u32) << 11
        }
        D::InputPsSiv { operand, interpolation, name } => {
            body.operand(operand)?.words(&[*name as u32])?;
            100 | (*interpolation as u32) << 11
        }
        D::Output(operand) => { body.operand(operand)?; 101 }
        D::OutputSgv { operand, name } => { body.operand(operand)?.words(&[*name as u32])?; 102 }
        D::OutputSiv { operand, name } => { body.operand(operand)?.words(&[*name as u32])?; 103 }
        D::Temps(count) => { body.words(&[*count])?; 104 }
        D::IndexableTemp { register, count, components } => { body.words(&[*register, *count, *components])?; 105 }
        D::GlobalFlags(flags) => 106 | field("global flags", *flags, 11, 13)?,
        D::HullPhase(phase) => *phase as u32,
        D::Stream(operand) => { body.operand(operand)?; 143 }
        D::FunctionBody(function) => { body.words(&[*function])?; 144 }
        D::FunctionTable { table, bodies } => {
            let count = u32::try_from(bodies.len()).map_err(|_| EncodeReason::Length(bodies.len()))?;
            body.words(&[*table, count])?.words(bodies)?;
            FUNCTION_TABLE
        }
        D::Interface { interface, dynamic, table_length, array_length, tables } => {
            let count = u16::try_from(tables.len()).map_err(|_| EncodeReason::Length(tables.len()))?;
            let counts = u32::from(*array_length) << 16 | u32::from(count);
            body.words(&[*interface, *table_length, counts])?.words(tables)?;
            INTERFACE | u32::from(*dynamic) << 11
        }
        D::InputControlPointCount(count) => 147 | field("control point count", *count, 11, 6)?,
        D::OutputControlPointCount(count) => 148 | field("control point count", *count, 11, 6)?,
        D::TessellatorDomain(domain) => 149 | field("domain", *domain, 11, 2)?,
        D::TessellatorPartitioning(partitioning) => 150 | field("partitioning", *partitioning, 11, 3)?,
        D::TessellatorOutputPrimitive(primitive) => 151 | field("output primitive", *primitive, 11, 3)?,
        D::HsMaxTessFactor(bits) => { body.words(&[*bits])?; 152 }
        D::HsForkInstanceCount(count) => { body.words(&[*count])?; 153 }
        D::HsJoinInstanceCount(count) => { body.words(&[*count])?; 154 }
        D::ThreadGroup(size) => { body.words(size)?; 155 }
        D::UavTyped { operand, dimension, flags, return_type, space } => {
            body.operand(operand)?.words(&[*return_type])?.space(*space)?;
            156 | (*dimension as u32) << 11 | uav_flags(*flags, false)?
        }
        D::UavRaw { operand, flags, space } => {
            body.operand(operand)?.space(*space)?;
            157 | uav_flags(*flags, false)?
        }
        D::UavStructured { operand, flags, stride, space } => {
            body.operand(operand)?.words(&[*stride])?.space(*space)?;
            158 | uav_flags(*flags, true)?
        }
        D::GroupSharedRaw { operand, size } => { body.operand(operand)?.words(&[*size])?; 159 }
        D::GroupSharedStructured { operand, stride, count } => { body.operand(operand)?.words(&[*stride, *count])?; 160 }
        D::ResourceRaw { operand, space } => { body.operand(operand)?.space(*space)?; 161 }
        D::ResourceStructured { operand, stride, space } => { body.operand(operand)?.words(&[*stride])?.space(*space)?; 162 }
        D::GsInstances(count) => { body.words(&[*count])?; 206 }
    };
    words[start] = token;
    let long = words.len() - start > LENGTH_MAX && matches!(token & 0x7ff, FUNCTION_TABLE | INTERFACE);
    if !long {
        return finish(words, start);
    }
    // The length gets a word of its own, right after the token.
    let length = words.len() - start + 1;
    words.insert(start + 1, u32::try_from(length).map_err(|_| EncodeReason::Length(length))?);
    words[start] |= 1 << 31;
    Ok(())
}

fn uav_flags(flags: UavFlags, structured: bool) -> Encoded<u32> {
    if flags.counter && !structured {
        return Err(EncodeReason::Modifier("a counter"));
    }
    Ok(u32::from(flags.globally_coherent) << 16
        | u32::from(flags.rasterizer_ordered) << 17
        | u32::from(flags.counter) << 23)
}
