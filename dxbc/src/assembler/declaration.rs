//! Declarations.

use super::Parsed;
use super::instruction::return_type;
use super::lexer::{Cursor, Kind};
use super::operand;
use crate::ir::names::*;
use crate::ir::text::Role;
use crate::ir::{
    Declaration, HullPhase, Interpolation, Model, Operand, ResourceDimension, SystemName, UavFlags,
};

/// A declaration whose (lower-case) name has been read.
#[rustfmt::skip]
pub(super) fn parse(cursor: &mut Cursor<'_>, name: &str, model: Model) -> Parsed<Declaration> {
    use Declaration as D;
    let c = cursor;
    Ok(match name {
        "dcl_globalflags" => D::GlobalFlags(global_flags(c)?),
        "dcl_constantbuffer" => constant_buffer(c, model)?,
        "dcl_sampler" => {
            let operand = declared(c)?;
            D::Sampler { operand, mode: after_comma(c, SAMPLER_MODES)?, space: space(c, model)? }
        }
        "dcl_resource_raw" => D::ResourceRaw { operand: declared(c)?, space: space(c, model)? },
        "dcl_resource_structured" => {
            D::ResourceStructured { operand: declared(c)?, stride: next_number(c)?, space: space(c, model)? }
        }
        "dcl_tgsm_raw" => D::GroupSharedRaw { operand: declared(c)?, size: next_number(c)? },
        "dcl_tgsm_structured" => {
            D::GroupSharedStructured { operand: declared(c)?, stride: next_number(c)?, count: next_number(c)? }
        }
        "dcl_indexrange" => {
            let operand = declared(c)?;
            c.takes(',');
            D::IndexRange { operand, count: c.number()? }
        }
        "dcl_outputtopology" => D::GsOutputTopology(word_or_number(c, TOPOLOGIES)?),
        "dcl_inputprimitive" => D::GsInputPrimitive(input_primitive(c)?),
        "dcl_maxout" => D::GsMaxOutputVertices(c.number()?),
        "dcl_gsinstances" => D::GsInstances(c.number()?),
        "dcl_stream" => D::Stream(declared(c)?),
        "dcl_input" => D::Input(declared(c)?),
        "dcl_input_sgv" => D::InputSgv { operand: declared(c)?, name: system_name(c)? },
        "dcl_input_siv" => D::InputSiv { operand: declared(c)?, name: system_name(c)? },
        "dcl_input_ps" => D::InputPs { interpolation: interpolation(c), operand: declared(c)? },
        "dcl_input_ps_sgv" => {
            D::InputPsSgv { interpolation: interpolation(c), operand: declared(c)?, name: system_name(c)? }
        }
        "dcl_input_ps_siv" => {
            D::InputPsSiv { interpolation: interpolation(c), operand: declared(c)?, name: system_name(c)? }
        }
        "dcl_output" => D::Output(declared(c)?),
        "dcl_output_sgv" => D::OutputSgv { operand: declared(c)?, name: system_name(c)? },
        "dcl_output_siv" => D::OutputSiv { operand: declared(c)?, name: system_name(c)? },
        "dcl_temps" => D::Temps(c.number()?),
        "dcl_indexabletemp" => {
            let [register, count] = numbered(c, "x")?;
            D::IndexableTemp { register, count, components: next_number(c)? }
        }
        "hs_decls" => D::HullPhase(HullPhase::Declarations),
        "hs_control_point_phase" => D::HullPhase(HullPhase::ControlPoint),
        "hs_fork_phase" => D::HullPhase(HullPhase::Fork),
        "hs_join_phase" => D::HullPhase(HullPhase::Join),
        "dcl_input_control_point_count" => D::InputControlPointCount(c.small()?),
        "dcl_output_control_point_count" => D::OutputControlPointCount(c.small()?),
        "dcl_tessellator_domain" => D::TessellatorDomain(word_or_number(c, DOMAINS)?),
        "dcl_tessellator_partitioning" => D::TessellatorPartitioning(word_or_number(c, PARTITIONINGS)?),
        "dcl_tessellator_output_primitive" => D::TessellatorOutputPrimitive(word_or_number(c, TESSELLATOR_OUTPUTS)?),
        "dcl_hs_max_tessfactor" => D::HsMaxTessFactor(max_factor(c)?),
        "dcl_hs_fork_phase_instance_count" => D::HsForkInstanceCount(c.number()?),
        "dcl_hs_join_phase_instance_count" => D::HsJoinInstanceCount(c.number()?),
        "dcl_thread_group" => D::ThreadGroup([c.number()?, next_number(c)?, next_number(c)?]),
        "dcl_function_body" => {
            let [body] = numbered(c, "fb")?;
            D::FunctionBody(body)
        }
        "dcl_function_table" => {
            let [table] = numbered(c, "ft")?;
            D::FunctionTable { table, bodies: list(c, "fb")? }
        }
        "dcl_interface" | "dcl_interface_dynamicindexed" => {
            let [interface, array_length, table_length] = numbered(c, "fp")?;
            let error = c.error("the array length is too large");
            let array_length = u16::try_from(array_length).map_err(|_| error)?;
            let dynamic = name.ends_with("indexed");
            D::Interface { interface, dynamic, table_length, array_length, tables: list(c, "ft")? }
        }
        _ => return resource(c, name, model)?.ok_or_else(|| c.error(format!("unknown declaration `{name}`"))),
    })
}

/// Declarations whose name carries a dimension or flags.
fn resource(cursor: &mut Cursor<'_>, name: &str, model: Model) -> Parsed<Option<Declaration>> {
    if let Some(dimension) = name.strip_prefix("dcl_resource_").and_then(ResourceDimension::from_name) {
        let mut samples = 0;
        // Two groups: the first is the sample count.
        if cursor.is('(') && matches!(cursor.peek_second(), Kind::Number(digits) if !digits.starts_with("0x"))
        {
            cursor.expect('(')?;
            samples = cursor.small()?;
            cursor.expect(')')?;
        }
        let return_type = return_type(cursor)?;
        let operand = declared(cursor)?;
        return Ok(Some(Declaration::Resource {
            operand,
            dimension,
            samples,
            return_type,
            space: space(cursor, model)?,
        }));
    }
    let Some(mut kind) = name.strip_prefix("dcl_uav_") else { return Ok(None) };
    let mut flags = UavFlags::default();
    for (suffix, flag) in [
        ("_opc", &mut flags.counter),
        ("_rov", &mut flags.rasterizer_ordered),
        ("_glc", &mut flags.globally_coherent),
    ] {
        if let Some(rest) = kind.strip_suffix(suffix) {
            (kind, *flag) = (rest, true);
        }
    }
    Ok(Some(match kind {
        "raw" => Declaration::UavRaw { flags, operand: declared(cursor)?, space: space(cursor, model)? },
        "structured" => {
            let operand = declared(cursor)?;
            Declaration::UavStructured {
                flags,
                operand,
                stride: next_number(cursor)?,
                space: space(cursor, model)?,
            }
        }
        _ => {
            let dimension = kind.strip_prefix("typed_").and_then(ResourceDimension::from_name);
            let Some(dimension) = dimension else { return Ok(None) };
            let return_type = return_type(cursor)?;
            let operand = declared(cursor)?;
            Declaration::UavTyped { operand, dimension, flags, return_type, space: space(cursor, model)? }
        }
    }))
}

fn declared(cursor: &mut Cursor<'_>) -> Parsed<Operand> {
    operand::parse(cursor, Role::Declared)
}

fn next_number(cursor: &mut Cursor<'_>) -> Parsed<u32> {
    cursor.comma()?;
    cursor.number()
}

/// `, space=N`; 0 when it is not said, `None` before Shader Model 5.1.
fn space(cursor: &mut Cursor<'_>, model: Model) -> Parsed<Option<u32>> {
    if model < (Model { major: 5, minor: 1 }) {
        return Ok(None);
    }
    if !cursor.takes(',') {
        return Ok(Some(0));
    }
    let error = cursor.error("expected `space=N`");
    cursor.setting("space")?.map(Some).ok_or(error)
}

/// A word of the table, or a number.
fn word_or_number(cursor: &mut Cursor<'_>, table: &'static [(u8, &'static str)]) -> Parsed<u8> {
    if let Kind::Number(_) = cursor.peek() {
        return cursor.small();
    }
    let words: Vec<_> = table.iter().map(|row| row.1).collect();
    let error = cursor.error(format!("expected {} or a number", words.join(", ")));
    cursor.word().ok().and_then(|word| value_of(table, word)).ok_or(error)
}

fn after_comma(cursor: &mut Cursor<'_>, table: &'static [(u8, &'static str)]) -> Parsed<u8> {
    cursor.comma()?;
    word_or_number(cursor, table)
}

fn input_primitive(cursor: &mut Cursor<'_>) -> Parsed<u8> {
    if let Kind::Word(word) = cursor.peek()
        && let Some(points @ 1..=32) =
            word.to_ascii_lowercase().strip_prefix("patch").and_then(|n| n.parse::<u8>().ok())
    {
        cursor.word()?;
        return Ok(points + 7);
    }
    word_or_number(cursor, PRIMITIVES)
}

fn system_name(cursor: &mut Cursor<'_>) -> Parsed<SystemName> {
    cursor.comma()?;
    let error = cursor.error("expected a system value such as `position`");
    SystemName::from_name(cursor.word()?).ok_or(error)
}

/// The longest interpolation mode that the words here spell; undefined when they spell none.
fn interpolation(cursor: &mut Cursor<'_>) -> Interpolation {
    let modes = Interpolation::NAMES.iter().map(|row| row.1.split(' ').collect::<Vec<_>>());
    let lengths = modes.map(|words| {
        let matches = words.iter().enumerate().all(|(place, word)| {
            matches!(cursor.peek_at(place), Kind::Word(found) if found.eq_ignore_ascii_case(word))
        });
        if matches { words.len() } else { 0 }
    });
    let (length, mode) = lengths
        .zip(Interpolation::NAMES)
        .map(|(length, row)| (length, row.0))
        .max_by_key(|m| m.0)
        .unwrap_or_default();
    cursor.skip(length);
    if length == 0 { Interpolation::Undefined } else { mode }
}

/// `refactoringAllowed | skipOptimization | 0x200`
fn global_flags(cursor: &mut Cursor<'_>) -> Parsed<u32> {
    let mut flags = 0;
    loop {
        let error = cursor.error(format!("expected one of {}", GLOBAL_FLAGS.join(", ")));
        flags |= match cursor.word() {
            Ok(word) => {
                let bit = GLOBAL_FLAGS.iter().position(|name| name.eq_ignore_ascii_case(word));
                1 << bit.ok_or(error)?
            }
            Err(_) => cursor.number().map_err(|_| error)?,
        };
        if !cursor.takes('|') {
            return Ok(flags);
        }
    }
}

fn constant_buffer(cursor: &mut Cursor<'_>, model: Model) -> Parsed<Declaration> {
    let (operand, size) = if model >= (Model { major: 5, minor: 1 }) {
        operand::parse_with_number(cursor, Role::Declared)?
    } else {
        (declared(cursor)?, 0)
    };
    cursor.comma()?;
    let error = cursor.error("expected `immediateIndexed` or `dynamicIndexed`");
    let dynamic =
        value_of(&[(false, "immediateIndexed"), (true, "dynamicIndexed")], cursor.word()?).ok_or(error)?;
    let space = space(cursor, model)?;
    Ok(Declaration::ConstantBuffer { operand, dynamic, size_and_space: space.map(|space| (size, space)) })
}

/// `l(64.0)`, or the plain number.
fn max_factor(cursor: &mut Cursor<'_>) -> Parsed<u32> {
    let parentheses = cursor.takes_word("l");
    if parentheses {
        cursor.expect('(')?;
    }
    let bits = cursor.literal()?;
    if parentheses {
        cursor.expect(')')?;
    }
    Ok(bits)
}

/// A name with a number and further numbers in brackets: `fp0[1][2]`.
fn numbered<const N: usize>(cursor: &mut Cursor<'_>, prefix: &str) -> Parsed<[u32; N]> {
    let error =
        cursor.error(format!("expected `{prefix}#`{}", if N > 1 { " and numbers in brackets" } else { "" }));
    let word = cursor.word().map_err(|_| error.clone())?.to_ascii_lowercase();
    let first = word.strip_prefix(prefix).and_then(|digits| digits.parse().ok()).ok_or(error)?;
    let mut numbers = [first; N];
    for number in numbers.iter_mut().skip(1) {
        cursor.expect('[')?;
        *number = cursor.number()?;
        cursor.expect(']')?;
    }
    Ok(numbers)
}

/// `= {ft0, ft1}`
fn list(cursor: &mut Cursor<'_>, prefix: &str) -> Parsed<Vec<u32>> {
    cursor.expect('=')?;
    let mut numbers = Vec::new();
    cursor.list('{', '}', |cursor| {
        let [number] = numbered(cursor, prefix)?;
        numbers.push(number);
        Ok(())
    })?;
    Ok(numbers)
}
