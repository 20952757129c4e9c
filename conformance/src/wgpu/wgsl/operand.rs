//! Operands as WGSL expressions.

use aerogpu_dxbc::ir::{Index, Modifier, Operand, OperandType, RegisterFile};

use super::{Unsupported, component};

/// The four words that a source gives, modifiers applied.
pub(super) fn source(operand: &Operand, kind: OperandType) -> Result<String, Unsupported> {
    let register = register(operand)?;
    let swizzled = match operand.file {
        RegisterFile::Immediate32 => register,
        _ => {
            let swizzle: String = (0..4).map(|c| component(operand.swizzle(c))).collect();
            format!("{register}.{swizzle}")
        }
    };
    let (abs, neg) = match operand.modifier {
        Modifier::None => (false, false),
        Modifier::Neg => (false, true),
        Modifier::Abs => (true, false),
        Modifier::AbsNeg => (true, true),
    };
    let mut text = swizzled;
    if kind == OperandType::F {
        if abs {
            text = format!("({text} & vec4u(0x7fffffffu))");
        }
        if neg {
            text = format!("({text} ^ vec4u(0x80000000u))");
        }
    } else {
        if abs {
            text = format!("bi(abs(i4({text})))");
        }
        if neg {
            text = format!("(vec4u(0u) - {text})");
        }
    }
    Ok(text)
}

/// The first component of a source.
pub(super) fn scalar(operand: &Operand, kind: OperandType) -> Result<String, Unsupported> {
    Ok(format!("{}.x", source(operand, kind)?))
}

/// A register that is read, without its swizzle.
fn register(operand: &Operand) -> Result<String, Unsupported> {
    use RegisterFile as F;
    let at = |place: usize| operand.indices.get(place).map_or(Ok("0u".into()), index);
    Ok(match operand.file {
        F::Immediate32 => immediate(operand),
        F::Null => "vec4u(0u)".into(),
        F::Temp => format!("r[{}]", at(0)?),
        F::Input if operand.indices.len() == 1 => format!("v[{}]", at(0)?),
        F::IndexableTemp => format!("x{}_at({})", number(operand)?, at(1)?),
        F::ConstantBuffer if operand.indices.len() == 2 => format!("cb{}({})", number(operand)?, at(1)?),
        F::ImmediateConstantBuffer => format!("icb_at({})", at(0)?),
        F::InputCoverageMask => "v_coverage".into(),
        F::ThreadId => "thread_id".into(),
        F::ThreadGroupId => "group_id".into(),
        F::ThreadIdInGroup => "local_id".into(),
        F::ThreadIdInGroupFlattened => "local_index".into(),
        file => return Err(Unsupported::new(format!("reading {file:?} here"))),
    })
}

/// A variable that is written, and for an element of an indexable temporary its array and index.
pub(super) type Target = (String, Option<(u32, String)>);

/// What a destination names; `None` for `null`.
pub(super) fn target(operand: &Operand) -> Result<Option<Target>, Unsupported> {
    use RegisterFile as F;
    let at = |place: usize| operand.indices.get(place).map_or(Ok("0u".into()), index);
    Ok(Some(match operand.file {
        F::Null => return Ok(None),
        F::Temp => (format!("r[{}]", at(0)?), None),
        F::Output => (format!("o[{}]", at(0)?), None),
        F::IndexableTemp => {
            let (array, at) = (number(operand)?, at(1)?);
            (format!("x{array}[{at}]"), Some((array, at)))
        }
        F::OutputDepth | F::OutputDepthGreaterEqual | F::OutputDepthLessEqual => ("o_depth".into(), None),
        F::OutputCoverageMask => ("o_mask".into(), None),
        file => return Err(Unsupported::new(format!("writing {file:?}"))),
    }))
}

/// The number of a register that must not be computed.
pub(super) fn number(operand: &Operand) -> Result<u32, Unsupported> {
    match operand.indices.first() {
        Some(Index { base, relative: None, .. }) => Ok(*base as u32),
        _ => Err(Unsupported::new("a computed resource register")),
    }
}

pub(super) fn index(index: &Index) -> Result<String, Unsupported> {
    let base = index.base as u32;
    Ok(match &index.relative {
        None => format!("{base}u"),
        Some(relative) => {
            let relative = scalar(relative, OperandType::I)?;
            format!("({relative} + {base}u)")
        }
    })
}

fn immediate(operand: &Operand) -> String {
    match operand.immediate.as_slice() {
        [word] => format!("vec4u({word}u)"),
        words => {
            let words: Vec<_> = words.iter().map(|word| format!("{word}u")).collect();
            format!("vec4u({})", words.join(", "))
        }
    }
}
