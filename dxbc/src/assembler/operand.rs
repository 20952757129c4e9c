//! Operands: registers, indices, components, immediates, attributes.

use super::Parsed;
use super::lexer::{Cursor, Kind, unsigned};
use crate::ir::names::{MIN_PRECISIONS, Named, value_of};
use crate::ir::text::Role;
use crate::ir::{Components, Index, Modifier, Operand, RegisterFile};
use crate::limits;

/// An operand in its role, with as many indices as are written.
pub(super) fn parse(cursor: &mut Cursor<'_>, role: Role) -> Parsed<Operand> {
    parse_nested(cursor, role, 0, |_, _| Ok(()))
}

/// An operand whose last brackets hold a number that is not its own: `fp0[1][2]`, `CB0[0:0][4]`.
pub(super) fn parse_with_number(cursor: &mut Cursor<'_>, role: Role) -> Parsed<(Operand, u32)> {
    let mut number = 0;
    let operand = parse_nested(cursor, role, 0, |cursor, operand| {
        let last = operand.indices.pop().filter(|index| index.relative.is_none() && !index.wide);
        let last = last.and_then(|index| u32::try_from(index.base).ok());
        number = last.ok_or_else(|| cursor.error("expected a number in brackets"))?;
        Ok(())
    })?;
    Ok((operand, number))
}

fn parse_nested(
    cursor: &mut Cursor<'_>,
    role: Role,
    depth: usize,
    take_number: impl FnOnce(&Cursor<'_>, &mut Operand) -> Parsed<()>,
) -> Parsed<Operand> {
    let negative = cursor.takes('-');
    let absolute = cursor.takes('|');
    let mut operand = register(cursor, depth)?;
    take_number(cursor, &mut operand)?;
    operand.components = role.implied(&operand);
    if cursor.takes('.') {
        operand.components = letters(cursor, role)?;
    }
    if absolute {
        cursor.expect('|')?;
    }
    operand.modifier = match (absolute, negative) {
        (false, false) => Modifier::None,
        (false, true) => Modifier::Neg,
        (true, false) => Modifier::Abs,
        (true, true) => Modifier::AbsNeg,
    };
    if cursor.is('{') {
        cursor.list('{', '}', |cursor| attribute(cursor, &mut operand))?;
    }
    if operand.immediate.len() != operand.immediate_words() {
        return Err(cursor.error("an immediate has 1 or 4 words, or 1 or 2 doubles"));
    }
    Ok(operand)
}

/// Name, number and indices of a register, or an immediate.
fn register(cursor: &mut Cursor<'_>, depth: usize) -> Parsed<Operand> {
    let unknown = cursor.error("expected a register or an immediate");
    let word = cursor.word().map_err(|_| unknown.clone())?;
    let mut operand = if cursor.is('(') {
        match word {
            "l" | "L" => immediate(cursor)?,
            "d" | "D" => double_immediate(cursor)?,
            _ => return Err(unknown),
        }
    } else {
        let name = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let file = RegisterFile::from_name(name).ok_or(unknown)?;
        let mut operand = Operand::register(file, &[], Components::None);
        if let Some(number) = unsigned(&word[name.len()..]) {
            let number =
                u32::try_from(number).map_err(|_| cursor.error("the register number is too large"))?;
            operand.indices.push(Index::constant(number));
        }
        operand
    };
    while cursor.takes('[') {
        let first = index(cursor, depth)?;
        operand.indices.push(first);
        if cursor.takes(':') {
            let last = if cursor.takes('*') { u32::MAX } else { cursor.number()? };
            operand.indices.push(Index::constant(last));
        }
        cursor.expect(']')?;
    }
    Ok(operand)
}

/// `3`, `5L`, `r0.x`, `r0.x + 3`
fn index(cursor: &mut Cursor<'_>, depth: usize) -> Parsed<Index> {
    if let Kind::Number(_) = cursor.peek() {
        let (base, wide) = constant(cursor)?;
        return Ok(Index { base, wide, relative: None, has_base: true });
    }
    if depth == limits::INDEX_NESTING {
        return Err(cursor.error("relative indices are nested too deeply"));
    }
    let relative = Some(Box::new(parse_nested(cursor, Role::Source, depth + 1, |_, _| Ok(()))?));
    let has_base = cursor.takes('+');
    let (base, wide) = if has_base { constant(cursor)? } else { (0, false) };
    Ok(Index { base, wide, relative, has_base })
}

/// A constant index and whether it is stored in 64 bits.
fn constant(cursor: &mut Cursor<'_>) -> Parsed<(u64, bool)> {
    let error = cursor.error("expected an index");
    let digits = cursor.digits()?;
    let short = digits.trim_end_matches(['l', 'L']);
    let base = unsigned(short).ok_or(error)?;
    Ok((base, short.len() < digits.len()))
}

fn immediate(cursor: &mut Cursor<'_>) -> Parsed<Operand> {
    let mut operand = Operand::register(RegisterFile::Immediate32, &[], Components::None);
    cursor.list('(', ')', |cursor| {
        operand.immediate.push(cursor.literal()?);
        Ok(())
    })?;
    Ok(operand)
}

fn double_immediate(cursor: &mut Cursor<'_>) -> Parsed<Operand> {
    let mut operand = Operand::register(RegisterFile::Immediate64, &[], Components::None);
    cursor.list('(', ')', |cursor| {
        operand.immediate.extend(cursor.double()?);
        Ok(())
    })?;
    Ok(operand)
}

/// The components after a point.
fn letters(cursor: &mut Cursor<'_>, role: Role) -> Parsed<Components> {
    if matches!(role, Role::Destination | Role::Declared) {
        return Ok(Components::Mask(mask(cursor)?));
    }
    let error = cursor.error("expected one to four of the letters x, y, z, w");
    match component_numbers(cursor.word()?).as_deref() {
        Some(&[component]) => Ok(Components::Select(component)),
        Some(&[x, ref rest @ ..]) if rest.len() < 4 => {
            let last = rest.last().copied().unwrap_or(x);
            let at = |place: usize| rest.get(place).copied().unwrap_or(last);
            Ok(Components::Swizzle([x, at(0), at(1), at(2)]))
        }
        _ => Err(error),
    }
}

fn component_numbers(word: &str) -> Option<Vec<u8>> {
    let number = |letter| match letter {
        'x' | 'r' => Some(0),
        'y' | 'g' => Some(1),
        'z' | 'b' => Some(2),
        'w' | 'a' => Some(3),
        _ => None,
    };
    word.chars().map(number).collect()
}

/// A mask of ascending letters.
pub(super) fn mask(cursor: &mut Cursor<'_>) -> Parsed<u8> {
    let error = cursor.error("expected a mask: letters of xyzw in order");
    let numbers = cursor.word().ok().and_then(component_numbers).ok_or_else(|| error.clone())?;
    if numbers.is_sorted_by(|a, b| a < b) { Ok(numbers.iter().map(|c| 1 << c).sum()) } else { Err(error) }
}

/// One of the words in braces.
fn attribute(cursor: &mut Cursor<'_>, operand: &mut Operand) -> Parsed<()> {
    let error = cursor.error("unknown attribute");
    let word = cursor.word()?;
    if let Some(precision) = value_of(MIN_PRECISIONS, word) {
        operand.min_precision = precision;
        return Ok(());
    }
    match word {
        "none" => operand.components = Components::None,
        "one" => operand.components = Components::One,
        "mask" if matches!(cursor.peek(), Kind::Word(_)) => {
            operand.components = Components::Mask(mask(cursor)?);
        }
        "mask" => operand.components = Components::Mask(0),
        "swizzle" => match component_numbers(cursor.word()?).as_deref() {
            Some(&[x, y, z, w]) => operand.components = Components::Swizzle([x, y, z, w]),
            _ => return Err(error),
        },
        "select" => match component_numbers(cursor.word()?).as_deref() {
            Some(&[component]) => operand.components = Components::Select(component),
            _ => return Err(error),
        },
        "nonuniform" => operand.non_uniform = true,
        "extended" => operand.explicit_extension = true,
        _ => return Err(error),
    }
    Ok(())
}
