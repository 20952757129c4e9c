//! Programs as text, in the syntax of the field's compiler. [`assemble`](crate::assembler::assemble) reads it back to
//! exactly the same words.
//!
//! **Numbers.** A literal with a point or an exponent is a float, printed with as few digits as bring back the same bits;
//! `0x...` is bits; anything else is a decimal integer. Which form is printed depends on the operand's type in the
//! instruction table: normal floats and negative zero as floats where a float is read, small numbers in decimal, the
//! rest (denormals, infinities, NaNs, large bit patterns) in hexadecimal. Doubles are `d(1.5, 0x7ff8000000000000)`.
//!
//! **Components.** `.xyz` is a mask on destinations and in declarations, a swizzle (four letters) or a selected component
//! (one letter) on sources. Without letters a sampler, label or stream has no components, a scalar such as `oDepth`
//! one, a declared range of Shader Model 5.1 `xyzw`. What this cannot say stands in braces: `r0{mask}`, `t0{none}`.

use std::fmt::{self, Display, Formatter};

use super::names::*;
use super::*;
use crate::container::ShaderBlob;
use crate::shader::{InstructionSlots, ValidatedShader};
use crate::signature::{Signature, SignatureElement};

/// What an operand is there for; decides what its letters mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The register of a declaration.
    Declared,
    /// A destination with a write mask.
    Destination,
    /// A source with a swizzle.
    Source,
    /// A register that is used as a whole: the target of an atomic, a counter.
    Whole,
}

impl Role {
    /// The role of an instruction's operand.
    pub(crate) fn of(op: Op, place: usize) -> Self {
        let stores = matches!(op, Op::StoreRaw | Op::StoreStructured | Op::StoreUavTyped);
        match op.info().dst.get(place) {
            Some(OperandType::R) if !stores => Self::Whole,
            Some(_) => Self::Destination,
            None if matches!(op, Op::ImmAtomicAlloc | Op::ImmAtomicConsume) => Self::Whole,
            None => Self::Source,
        }
    }

    /// The components of an operand that is written without letters.
    pub(crate) fn implied(self, operand: &Operand) -> Components {
        use RegisterFile as F;
        let identity = Components::Swizzle([0, 1, 2, 3]);
        match operand.file {
            F::Immediate32 | F::Immediate64 => match operand.immediate.len() {
                0 => Components::None,
                1 => Components::One,
                2 if operand.file == F::Immediate64 => Components::One,
                _ => Components::Mask(0),
            },
            F::OutputDepth | F::OutputDepthGreaterEqual | F::OutputDepthLessEqual => Components::One,
            F::OutputCoverageMask | F::InputCoverageMask | F::OutputStencilRef | F::InnerCoverage => {
                Components::One
            }
            F::ConstantBuffer if self == Self::Declared => identity,
            F::Sampler | F::Resource | F::Uav if self == Self::Declared && operand.indices.len() == 3 => {
                identity
            }
            F::Input | F::Output if self == Self::Declared => Components::Mask(0xf),
            _ if matches!(self, Self::Declared | Self::Whole) => Components::None,
            F::InputPrimitiveId | F::OutputControlPointId => Components::One,
            F::Sampler | F::Label | F::Null | F::Stream => Components::None,
            F::FunctionBody | F::FunctionTable | F::Interface => Components::None,
            _ if self == Self::Destination => Components::Mask(0xf),
            _ => identity,
        }
    }
}

/// Letters of the components of a mask.
pub(crate) fn mask_letters(mask: u8) -> String {
    "xyzw".chars().enumerate().filter(|(c, _)| mask >> c & 1 != 0).map(|(_, letter)| letter).collect()
}

fn mask_or_none(mask: u8) -> String {
    if mask == 0 { "none".into() } else { mask_letters(mask) }
}

fn letters(components: &[u8]) -> String {
    components.iter().map(|&c| ['x', 'y', 'z', 'w'][usize::from(c & 3)]).collect()
}

/// The literal of a word that is read as this type.
fn literal(word: u32, kind: OperandType) -> String {
    let float = f32::from_bits(word);
    let signed = word as i32;
    match kind {
        OperandType::F if float.is_normal() || word == 0x8000_0000 => format!("{float:?}"),
        OperandType::I => signed.to_string(),
        _ if signed.unsigned_abs() < 0x1_0000 => signed.to_string(),
        _ => format!("{word:#010x}"),
    }
}

/// The literal of a double, low word first.
fn double_literal(low: u32, high: u32) -> String {
    let bits = u64::from(high) << 32 | u64::from(low);
    let double = f64::from_bits(bits);
    if double.is_normal() || double == 0.0 { format!("{double:?}") } else { format!("{bits:#018x}") }
}

/// An operand in its role.
struct OperandText<'a> {
    operand: &'a Operand,
    role: Role,
    /// How immediates print.
    kind: OperandType,
    /// A number in brackets after the register's own indices: a call site, the size of a constant buffer.
    number: Option<u32>,
}

impl Display for OperandText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { operand, role, kind, number } = *self;
        let (before, after) = match operand.modifier {
            Modifier::None => ("", ""),
            Modifier::Neg => ("-", ""),
            Modifier::Abs => ("|", "|"),
            Modifier::AbsNeg => ("-|", "|"),
        };
        f.write_str(before)?;
        match operand.file {
            RegisterFile::Immediate32 => {
                let words: Vec<_> = operand.immediate.iter().map(|&word| literal(word, kind)).collect();
                write!(f, "l({})", words.join(", "))?;
            }
            RegisterFile::Immediate64 => {
                let words: Vec<_> =
                    operand.immediate.chunks_exact(2).map(|w| double_literal(w[0], w[1])).collect();
                write!(f, "d({})", words.join(", "))?;
            }
            _ => write_register(f, operand, role)?,
        }
        if let Some(number) = number {
            write!(f, "[{number}]")?;
        }
        let attribute = write_components(f, operand.components, role.implied(operand), role)?;
        f.write_str(after)?;
        write_attributes(f, operand, attribute)
    }
}

/// Name and indices: `r0`, `cb0[r1.x + 2]`, `v[0][1]`, `T0[0:3]`.
fn write_register(f: &mut Formatter<'_>, operand: &Operand, role: Role) -> fmt::Result {
    use RegisterFile as F;
    let indices = &operand.indices[..];
    // Shader Model 5.1 names ranges in capitals.
    let capital = match operand.file {
        F::ConstantBuffer => indices.len() == 3,
        F::Sampler | F::Resource | F::Uav => indices.len() >= 2,
        _ => false,
    };
    let name = operand.file.name();
    if capital {
        f.write_str(&name.to_ascii_uppercase())?;
    } else {
        f.write_str(name)?;
    }
    let bracketed = match operand.file {
        F::Input | F::InputControlPoint | F::OutputControlPoint => indices.len() > 1,
        file => file == F::ThisPointer,
    };
    let rest = match indices {
        [first, rest @ ..] if first.relative.is_none() && !first.wide && !bracketed => {
            write!(f, "{}", first.base)?;
            rest
        }
        all => all,
    };
    match rest {
        [low, high] if role == Role::Declared && capital && low.is_plain() && high.is_plain() => {
            write!(f, "[{}:", low.base)?;
            if high.base == u64::from(u32::MAX) { f.write_str("*]") } else { write!(f, "{}]", high.base) }
        }
        _ => rest.iter().try_for_each(|index| write!(f, "[{index}]")),
    }
}

impl Index {
    /// A constant that fits in 32 bits.
    fn is_plain(&self) -> bool {
        self.relative.is_none() && !self.wide
    }
}

impl Display for Index {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(relative) = &self.relative {
            let text =
                OperandText { operand: relative, role: Role::Source, kind: OperandType::I, number: None };
            write!(f, "{text}")?;
            f.write_str(if self.has_base { " + " } else { "" })?;
        }
        if self.has_base {
            write!(f, "{}{}", self.base, if self.wide { "L" } else { "" })?;
        }
        Ok(())
    }
}

/// Letters after a point, or else the attribute that says what they cannot.
fn write_components(
    f: &mut Formatter<'_>,
    components: Components,
    implied: Components,
    role: Role,
) -> Result<Option<String>, fmt::Error> {
    let masked = matches!(role, Role::Destination | Role::Declared);
    match components {
        // Always in letters: `r0.xyzw` reads better than `r0`.
        Components::Mask(mask) if masked && mask != 0 => write!(f, ".{}", mask_letters(mask))?,
        Components::Swizzle(swizzle) if !masked => write!(f, ".{}", letters(&swizzle))?,
        Components::Select(component) if !masked => write!(f, ".{}", letters(&[component]))?,
        _ if components == implied => {}
        Components::None => return Ok(Some("none".into())),
        Components::One => return Ok(Some("one".into())),
        Components::Mask(mask) => return Ok(Some(format!("mask {}", mask_letters(mask)).trim_end().into())),
        Components::Swizzle(swizzle) => return Ok(Some(format!("swizzle {}", letters(&swizzle)))),
        Components::Select(component) => return Ok(Some(format!("select {}", letters(&[component])))),
    }
    Ok(None)
}

fn write_attributes(f: &mut Formatter<'_>, operand: &Operand, components: Option<String>) -> fmt::Result {
    let precision = word_of(MIN_PRECISIONS, operand.min_precision).map(String::from);
    let non_uniform = operand.non_uniform.then(|| "nonuniform".into());
    let extended = (operand.explicit_extension && !operand.needs_extension()).then(|| "extended".into());
    let attributes: Vec<String> =
        [components, precision, non_uniform, extended].into_iter().flatten().collect();
    if attributes.is_empty() { Ok(()) } else { write!(f, " {{{}}}", attributes.join(", ")) }
}

/// As a source of an instruction that reads floats.
impl Display for Operand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        OperandText { operand: self, role: Role::Source, kind: OperandType::F, number: None }.fmt(f)
    }
}

/// Four types, four bits each, as in `(float,float,float,float)`.
pub(super) fn return_type(types: u32) -> String {
    let names: Vec<_> = [0, 4, 8, 12]
        .into_iter()
        .filter_map(|low| RETURN_TYPES.get((types >> low & 0xf).wrapping_sub(1) as usize).copied())
        .collect();
    if names.len() == 4 && types >> 16 == 0 {
        format!("({})", names.join(","))
    } else {
        format!("({types:#x})")
    }
}

impl Display for Instruction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let info = self.op.info();
        f.write_str(info.mnemonic)?;
        f.write_str(if self.saturate { "_sat" } else { "" })?;
        if info.flags.contains(OpFlags::TEST) {
            f.write_str(if self.test_nonzero { "_nz" } else { "_z" })?;
        }
        let SyncFlags { threads, group_shared, uav_group, uav_global } = self.sync;
        for (set, name) in
            [(uav_global, "_uglobal"), (uav_group, "_ugroup"), (group_shared, "_g"), (threads, "_t")]
        {
            f.write_str(if set { name } else { "" })?;
        }
        self.write_extensions(f)?;
        f.write_str(match self.return_kind {
            ReturnKind::Float => "",
            ReturnKind::RcpFloat => "_rcpFloat",
            ReturnKind::Uint => "_uint",
        })?;
        match self.precise {
            0 => {}
            0xf => f.write_str(" [precise]")?,
            mask => write!(f, " [precise({})]", mask_letters(mask))?,
        }
        if !self.padding.is_empty() {
            let words: Vec<_> = self.padding.iter().map(|&word| literal(word, OperandType::U)).collect();
            write!(f, " [pad({})]", words.join(", "))?;
        }
        let kinds = info.dst.iter().chain(info.src).copied().chain(std::iter::repeat(OperandType::U));
        for (place, (operand, kind)) in self.operands.iter().zip(kinds).enumerate() {
            f.write_str(if place == 0 { " " } else { ", " })?;
            let number = (self.op == Op::Fcall).then_some(self.call_site);
            OperandText { operand, role: Role::of(self.op, place), kind, number }.fmt(f)?;
        }
        Ok(())
    }
}

impl Instruction {
    /// Names first, then a group in parentheses for each: `_aoffimmi_indexable(1,0,0)(texture2d)(float,...)`. A return type
    /// that follows its resource needs no name.
    fn write_extensions(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let after_resource = |place: usize| {
            place > 0 && matches!(self.extensions.get(place - 1), Some(Extension::Resource { .. }))
        };
        for (place, extension) in self.extensions.iter().enumerate() {
            f.write_str(match extension {
                Extension::TexelOffset(_) => "_aoffimmi",
                Extension::Resource { .. } => "_indexable",
                Extension::ReturnType(_) if after_resource(place) => "",
                Extension::ReturnType(_) => "_returns",
            })?;
        }
        for extension in &self.extensions {
            match extension {
                Extension::TexelOffset([u, v, w]) => write!(f, "({u},{v},{w})")?,
                Extension::Resource { dimension, stride: 0 } => write!(f, "({})", dimension.name())?,
                Extension::Resource { dimension, stride } => {
                    write!(f, "({}, stride={stride})", dimension.name())?;
                }
                Extension::ReturnType(types) => f.write_str(&return_type(u32::from(*types)))?,
            }
        }
        Ok(())
    }
}

impl Display for CustomData {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let (CustomDataClass::ImmediateConstantBuffer, (vectors, [])) =
            (self.class, self.words.as_chunks::<4>())
        {
            f.write_str("dcl_immediateConstantBuffer {")?;
            for (place, vector) in vectors.iter().enumerate() {
                let [x, y, z, w] = vector.map(|word| literal(word, OperandType::F));
                write!(f, "{}\n  {{ {x}, {y}, {z}, {w} }}", if place == 0 { "" } else { "," })?;
            }
            return f.write_str(" }");
        }
        match word_of(CUSTOM_DATA, self.class) {
            Some(name) => write!(f, "customdata {name} {{")?,
            None => write!(f, "customdata {} {{", self.class.number())?,
        }
        for (place, word) in self.words.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma}{}{word:#010x}", if place % 8 == 0 { "\n  " } else { " " })?;
        }
        f.write_str(" }")
    }
}

/// The whole program: profile, then one statement a line, indented by flow control.
impl Display for Program {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_program(f, self, |_| None)
    }
}

/// Where notes begin, unless the statement is longer.
const NOTE_COLUMN: usize = 64;

/// A program with a comment after each statement that has a note.
fn write_program(
    f: &mut impl fmt::Write,
    program: &Program,
    note: impl Fn(&Statement) -> Option<String>,
) -> fmt::Result {
    writeln!(f, "{}", program.profile())?;
    let mut depth = 0_usize;
    for statement in &program.statements {
        let line = match statement {
            Statement::Declaration(declaration) => declaration.to_string(),
            Statement::CustomData(data) => data.to_string(),
            Statement::Instruction(instruction) => {
                let (before, after) = indentation(instruction.op);
                depth = depth.saturating_sub(before);
                // A hostile program may nest as deep as it is long: the margin must not be quadratic.
                let margin = 2 * depth.min(crate::limits::FLOW_NESTING);
                depth += after;
                format!("{:margin$}{instruction}", "")
            }
        };
        match note(statement) {
            Some(note) => writeln!(f, "{line:NOTE_COLUMN$} // {note}")?,
            None => writeln!(f, "{line}")?,
        }
    }
    Ok(())
}

/// How many levels an instruction goes out by, and how many what follows it goes in by.
const fn indentation(op: Op) -> (usize, usize) {
    match op {
        Op::If | Op::Loop => (0, 1),
        Op::Switch => (0, 2),
        Op::Else | Op::Case | Op::Default => (1, 1),
        Op::Endif | Op::Endloop => (1, 0),
        Op::Endswitch => (2, 0),
        _ => (0, 0),
    }
}

/// A shader with everything that its container says: signatures as assembler directives, features, constant buffers
/// and bindings as comments, then the program, with names beside declarations and slots (`VGPU-1`) beside instructions.
/// A program that would be refused says why. Direct3D 9 code is listed by [`sm3::listing`](crate::sm3::listing).
pub fn listing(blob: &ShaderBlob) -> String {
    use std::fmt::Write;
    let mut text = String::new();
    let blob = match blob {
        ShaderBlob::Sm4(blob) => blob,
        ShaderBlob::Sm3 { tokens } => return crate::sm3::listing(tokens),
    };
    // Writing to a string cannot fail.
    let mut line = |arguments: fmt::Arguments<'_>| _ = writeln!(text, "{arguments}");
    if !blob.checksum_ok {
        line(format_args!("// checksum: wrong"));
    }
    blob.features.names().for_each(|name| line(format_args!("// needs: {name}")));
    if let Some(reflection) = &blob.reflection {
        line(format_args!("// creator: {}", reflection.creator.escape_debug()));
        for buffer in &reflection.constant_buffers {
            line(format_args!("// buffer {}: {} bytes", buffer.name.escape_debug(), buffer.size));
            for variable in &buffer.variables {
                let name = variable.name.escape_debug();
                line(format_args!("//   {:5} {:5}  {name}", variable.offset, variable.size));
            }
        }
        for binding in &reflection.bindings {
            let (name, kind) = (binding.name.escape_debug(), binding.kind);
            let place = format!("{}{}", kind.register_prefix(), binding.register);
            line(format_args!(
                "// {place:5} x{} space {}: {} {name}",
                binding.count,
                binding.space,
                kind.name()
            ));
        }
    }
    let signatures = &blob.signatures;
    for (directive, prefix, signature) in [
        (".input", 'v', &signatures.inputs),
        (".output", 'o', &signatures.outputs),
        (".patch", 'p', &signatures.patch_constants),
    ] {
        let Signature { elements } = signature;
        for element in elements {
            line(format_args!("{directive:8}{}", ElementText(element, prefix)));
        }
    }
    match crate::sm4::decode(&blob.tokens) {
        Ok(program) => {
            let slots: InstructionSlots =
                program.instructions().map(|i| InstructionSlots::of(i.op.info().cost)).sum();
            line(format_args!("// slots, every instruction once: {slots}"));
            if let Err(error) = ValidatedShader::new(program.clone(), signatures.clone()) {
                line(format_args!("// refused: {error}"));
            }
            _ = write_program(&mut text, &program, |s| notes::note(s, blob.reflection.as_ref()));
        }
        Err(error) => line(format_args!("// cannot be decoded: {error}")),
    }
    text
}

/// An element as the operands of its assembler directive; registers have this prefix.
struct ElementText<'a>(&'a SignatureElement, char);

impl Display for ElementText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(element, prefix) = self;
        let register = element.register.map_or("none".into(), |register| format!("{prefix}{register}"));
        let mask = mask_or_none(element.mask);
        let kind = word_of(COMPONENT_TYPES, element.component_type).unwrap_or("unknown");
        let name = format!("\"{}\"", element.name.escape_debug());
        let bare = element.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && !element.name.starts_with(|c: char| c.is_ascii_digit());
        let name = if bare && !element.name.is_empty() { &element.name } else { &name };
        write!(f, "{name} {} {register}.{mask} {kind}", element.index)?;
        match word_of(SIGNATURE_VALUES, element.system_value) {
            Some("none") => {}
            Some(name) => write!(f, " sysvalue {name}")?,
            None => write!(f, " sysvalue {}", element.system_value)?,
        }
        write!(f, " rw={}", mask_or_none(element.rw_mask))?;
        if element.stream != 0 {
            write!(f, " stream={}", element.stream)?;
        }
        if element.min_precision != 0 {
            write!(f, " precision={}", element.min_precision)?;
        }
        Ok(())
    }
}

mod declaration;
mod notes;
