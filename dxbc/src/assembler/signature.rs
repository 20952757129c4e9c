//! Directives: `.input`, `.output`, `.patch`.

use super::Parsed;
use super::lexer::{Cursor, Kind};
use super::operand::mask;
use crate::ir::names::{COMPONENT_TYPES, SIGNATURE_VALUES, value_of};
use crate::limits;
use crate::signature::{ComponentType, SignatureElement, Signatures};

/// A directive after its point.
pub(super) fn directive(cursor: &mut Cursor<'_>, signatures: &mut Signatures) -> Parsed<()> {
    let error = cursor.error("expected `.input`, `.output` or `.patch`");
    let word = cursor.word().map_err(|_| error.clone())?.to_ascii_lowercase();
    let signature = match &*word {
        "input" => &mut signatures.inputs,
        "output" => &mut signatures.outputs,
        "patch" => &mut signatures.patch_constants,
        _ => return Err(error),
    };
    if signature.elements.len() == limits::SIGNATURE_ELEMENTS {
        return Err(cursor.error(format!("more than {} elements", limits::SIGNATURE_ELEMENTS)));
    }
    let name = cursor.name()?;
    if name.len() >= limits::NAME_BYTES {
        return Err(cursor.error("the name is too long"));
    }
    let index = cursor.number()?;
    let register = register(cursor)?;
    cursor.expect('.')?;
    let mask = if cursor.takes_word("none") { 0 } else { mask(cursor)? };
    let mut element = SignatureElement {
        name: name.to_owned(),
        index,
        register,
        mask,
        component_type: component_type(cursor)?,
        rw_mask: if word == "input" { mask } else { 0 },
        ..SignatureElement::default()
    };
    while !cursor.at_line_end() {
        option(cursor, &mut element)?;
    }
    signature.elements.push(element);
    Ok(())
}

/// `v3` is register 3; a word without a number is none.
fn register(cursor: &mut Cursor<'_>) -> Parsed<Option<u32>> {
    let error = cursor.error("expected a register such as `v0`, or `none`");
    let word = cursor.word().map_err(|_| error.clone())?;
    let digits = word.trim_start_matches(|c: char| !c.is_ascii_digit());
    if digits.is_empty() { Ok(None) } else { digits.parse().map(Some).map_err(|_| error) }
}

fn component_type(cursor: &mut Cursor<'_>) -> Parsed<ComponentType> {
    let error = cursor.error("expected `float`, `int`, `uint` or `unknown`");
    cursor.word().ok().and_then(|word| value_of(COMPONENT_TYPES, word)).ok_or(error)
}

/// One of the settings after the type.
fn option(cursor: &mut Cursor<'_>, element: &mut SignatureElement) -> Parsed<()> {
    if cursor.takes_word("rw") {
        cursor.expect('=')?;
        element.rw_mask = if cursor.takes_word("none") { 0 } else { mask(cursor)? };
        return Ok(());
    }
    if let Some(stream) = cursor.setting("stream")? {
        element.stream = stream;
        return Ok(());
    }
    if let Some(precision) = cursor.setting("precision")? {
        element.min_precision = precision;
        return Ok(());
    }
    if cursor.takes_word("sysvalue")
        && let Kind::Number(_) = cursor.peek()
    {
        element.system_value = cursor.number()?;
        return Ok(());
    }
    let error = cursor.error("expected a system value, `rw=`, `stream=` or `precision=`");
    element.system_value =
        cursor.word().ok().and_then(|word| value_of(SIGNATURE_VALUES, word)).ok_or(error)?;
    Ok(())
}
