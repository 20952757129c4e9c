//! Instructions: mnemonic, modifiers, extensions, operands.

use super::Parsed;
use super::lexer::{Cursor, Kind};
use super::operand;
use crate::ir::names::{Named, RETURN_TYPES};
use crate::ir::text::Role;
use crate::ir::{Extension, Instruction, Op, OpFlags, ResourceDimension, ReturnKind};

/// An instruction whose (lower-case) name has been read.
pub(super) fn parse(cursor: &mut Cursor<'_>, name: &str) -> Parsed<Instruction> {
    let (op, suffixes) =
        mnemonic(name).ok_or_else(|| cursor.error(format!("unknown instruction `{name}`")))?;
    let mut instruction = Instruction::new(op, []);
    let mut groups = Vec::new();
    for suffix in suffixes {
        modifier(&mut instruction, &mut groups, suffix)
            .ok_or_else(|| cursor.error(format!("`{}` has no `_{suffix}`", op.info().mnemonic)))?;
    }
    if op.info().flags.contains(OpFlags::TEST) && !name.split('_').any(|part| matches!(part, "z" | "nz")) {
        return Err(cursor.error(format!("`{name}` needs `_z` or `_nz`")));
    }
    for group in groups {
        extension(cursor, group, &mut instruction)?;
    }
    if let Kind::Word(word) = cursor.peek()
        && let Some(suffix) = word.strip_prefix('_')
        && let Some(kind) = return_kind(op, &suffix.to_ascii_lowercase())
    {
        instruction.return_kind = kind;
        cursor.word()?;
    }
    while cursor.takes('[') {
        bracket(cursor, &mut instruction)?;
    }
    operands(cursor, &mut instruction)?;
    Ok(instruction)
}

/// Splits a name into the longest mnemonic and what follows it.
fn mnemonic(name: &str) -> Option<(Op, impl Iterator<Item = &str>)> {
    let mut prefix = name;
    loop {
        if let Some(op) = Op::ALL.iter().find(|op| op.info().mnemonic == prefix) {
            return Some((*op, name[prefix.len()..].split('_').skip(1)));
        }
        prefix = &prefix[..prefix.rfind('_')?];
    }
}

/// What a group in parentheses says.
#[derive(Debug, Clone, Copy)]
enum Group {
    Offsets,
    Resource,
    ReturnType,
}

/// Applies one suffix of a name; `None` if the instruction cannot have it.
fn modifier(instruction: &mut Instruction, groups: &mut Vec<Group>, suffix: &str) -> Option<()> {
    let flags = instruction.op.info().flags;
    match suffix {
        "sat" if flags.contains(OpFlags::SAT) => instruction.saturate = true,
        "nz" if flags.contains(OpFlags::TEST) => instruction.test_nonzero = true,
        "z" if flags.contains(OpFlags::TEST) => instruction.test_nonzero = false,
        "t" if flags.contains(OpFlags::SYNC) => instruction.sync.threads = true,
        "g" if flags.contains(OpFlags::SYNC) => instruction.sync.group_shared = true,
        "ugroup" if flags.contains(OpFlags::SYNC) => instruction.sync.uav_group = true,
        "uglobal" if flags.contains(OpFlags::SYNC) => instruction.sync.uav_global = true,
        "aoffimmi" => groups.push(Group::Offsets),
        "indexable" => groups.push(Group::Resource),
        "returns" => groups.push(Group::ReturnType),
        other => instruction.return_kind = return_kind(instruction.op, other)?,
    }
    Some(())
}

fn return_kind(op: Op, suffix: &str) -> Option<ReturnKind> {
    let flags = op.info().flags;
    match suffix {
        "uint" if flags.contains(OpFlags::RETURN1) || flags.contains(OpFlags::RETURN2) => {
            Some(ReturnKind::Uint)
        }
        "rcpfloat" if flags.contains(OpFlags::RETURN2) => Some(ReturnKind::RcpFloat),
        _ => None,
    }
}

/// The parentheses of one extension, and of the return type that may follow a resource.
fn extension(cursor: &mut Cursor<'_>, group: Group, instruction: &mut Instruction) -> Parsed<()> {
    let extension = match group {
        Group::Offsets => {
            let mut offsets = [0; 3];
            cursor.expect('(')?;
            for (place, offset) in offsets.iter_mut().enumerate() {
                if place > 0 {
                    cursor.comma()?;
                }
                let error = cursor.error("expected a texel offset from -8 to 7");
                *offset = i8::try_from(cursor.literal()? as i32).map_err(|_| error)?;
            }
            cursor.expect(')')?;
            Extension::TexelOffset(offsets)
        }
        Group::Resource => {
            cursor.expect('(')?;
            let error = cursor.error("expected a resource dimension such as `texture2d`");
            let dimension = ResourceDimension::from_name(cursor.word()?).ok_or(error)?;
            let stride = if cursor.takes(',') { cursor.setting("stride")?.unwrap_or_default() } else { 0 };
            let error = cursor.error("the stride is too large");
            let stride = u16::try_from(stride).map_err(|_| error)?;
            cursor.expect(')')?;
            Extension::Resource { dimension, stride }
        }
        Group::ReturnType => Extension::ReturnType(narrow_return_type(cursor)?),
    };
    instruction.extensions.push(extension);
    if matches!(group, Group::Resource) && cursor.is('(') && is_return_type(cursor) {
        instruction.extensions.push(Extension::ReturnType(narrow_return_type(cursor)?));
    }
    Ok(())
}

/// True when the group that starts here is a return type: offsets are decimal, dimensions are other words.
fn is_return_type(cursor: &Cursor<'_>) -> bool {
    match cursor.peek_second() {
        Kind::Word(word) => RETURN_TYPES.iter().any(|name| name.eq_ignore_ascii_case(word)),
        Kind::Number(digits) => digits.starts_with("0x"),
        _ => false,
    }
}

fn narrow_return_type(cursor: &mut Cursor<'_>) -> Parsed<u16> {
    let error = cursor.error("a return type has 16 bits here");
    u16::try_from(return_type(cursor)?).map_err(|_| error)
}

/// `(float,float,float,float)` or `(0x5555)`
pub(super) fn return_type(cursor: &mut Cursor<'_>) -> Parsed<u32> {
    cursor.expect('(')?;
    let mut types = 0;
    if let Kind::Number(_) = cursor.peek() {
        types = cursor.number()?;
    } else {
        for place in 0..4 {
            if place > 0 {
                cursor.comma()?;
            }
            let error =
                cursor.error("expected unorm, snorm, sint, uint, float, mixed, double, continued or unused");
            let word = cursor.word()?;
            let number = RETURN_TYPES.iter().position(|name| name.eq_ignore_ascii_case(word)).ok_or(error)?;
            types |= (number as u32 + 1) << (4 * place);
        }
    }
    cursor.expect(')')?;
    Ok(types)
}

/// `[precise]`, `[precise(xy)]` or `[pad(0)]` after its first bracket.
fn bracket(cursor: &mut Cursor<'_>, instruction: &mut Instruction) -> Parsed<()> {
    if cursor.takes_word("precise") {
        instruction.precise = 0xf;
        if cursor.takes('(') {
            instruction.precise = operand::mask(cursor)?;
            cursor.expect(')')?;
        }
    } else if cursor.takes_word("pad") {
        cursor.list('(', ')', |cursor| {
            instruction.padding.push(cursor.literal()?);
            Ok(())
        })?;
    } else {
        return Err(cursor.error("expected `precise` or `pad`"));
    }
    cursor.expect(']')
}

fn operands(cursor: &mut Cursor<'_>, instruction: &mut Instruction) -> Parsed<()> {
    let info = instruction.op.info();
    let count = info.dst.len() + info.src.len();
    for place in 0..count {
        if place > 0 && !cursor.at_line_end() {
            cursor.comma()?;
        }
        if cursor.at_line_end() {
            let message = format!("`{}` takes {count} operands, {place} are given", info.mnemonic);
            return Err(cursor.error(message));
        }
        let role = Role::of(instruction.op, place);
        let operand = if instruction.op == Op::Fcall {
            let (operand, call_site) = operand::parse_with_number(cursor, role)?;
            instruction.call_site = call_site;
            operand
        } else {
            operand::parse(cursor, role)?
        };
        instruction.operands.push(operand);
    }
    if cursor.is(',') {
        return Err(cursor.error(format!("`{}` takes {count} operands, more are given", info.mnemonic)));
    }
    Ok(())
}
