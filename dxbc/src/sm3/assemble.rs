//! Text to a [`Program`]: the syntax that `Display` prints, and what Direct3D 9's own assembler accepts beside it.

use smallvec::SmallVec;

use super::text::{LETTERS, NAMED};
use super::*;
use crate::ir::{Model, Stage};

/// Why text is not a shader, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct AssembleError {
    /// From 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

type Parsed<T> = Result<T, String>;

/// Assembles a shader. One statement a line; `//`, `;` and `#` start comments; letters may be `xyzw` or `rgba`.
///
/// ```
/// let program = aerogpu_dxbc::sm3::assemble("
///     ps_2_0
///     def c0, 1.0, 0.5, 0.0, 1.0
///     dcl t0.xy
///     dcl_2d s0
///     texld r0, t0, s0
///     mad_sat r0.rgb, r0, c0.y, -c0.z
///     mov oC0, r0
/// ")?;
/// assert_eq!(aerogpu_dxbc::sm3::decode(&aerogpu_dxbc::sm3::encode(&program)).as_ref(), Ok(&program));
/// # Ok::<(), aerogpu_dxbc::sm3::AssembleError>(())
/// ```
///
/// # Errors
/// The first line that has no meaning.
pub fn assemble(text: &str) -> Result<Program, AssembleError> {
    let mut program: Option<Program> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let end = ["//", ";", "#"].iter().filter_map(|mark| line.find(mark)).min().unwrap_or(line.len());
        let line = line[..end].trim();
        if line.is_empty() {
            continue;
        }
        let parsed = match &mut program {
            None => profile(line).map(|started| program = Some(started)),
            Some(program) => statement(program, line).map(|statement| program.statements.push(statement)),
        };
        parsed.map_err(|message| AssembleError { line: number, message })?;
    }
    program.ok_or_else(|| AssembleError { line: 1, message: "no profile".into() })
}

fn profile(line: &str) -> Parsed<Program> {
    let unknown = || format!("unknown profile `{line}`");
    let mut parts = line.split(['_', '.']);
    let stage = match parts.next() {
        Some("vs") => Stage::Vertex,
        Some("ps") => Stage::Pixel,
        _ => return Err(unknown()),
    };
    let major = parts.next().and_then(|p| p.parse().ok()).ok_or_else(unknown)?;
    let minor = match parts.next() {
        Some("x" | "a" | "b") => 1,
        Some("sw") => 255,
        Some(minor) => minor.parse().map_err(|_| unknown())?,
        None => 0,
    };
    let model = Model { major, minor };
    Ok(Program { stage, model, bare_parameters: false, statements: Vec::new() })
}

fn statement(program: &Program, line: &str) -> Parsed<Statement> {
    let (head, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let operands: Vec<&str> = rest.split(',').map(str::trim).filter(|o| !o.is_empty()).collect();
    let values = || operands[1..].iter().map(|&text| number(text)).collect::<Parsed<Vec<u32>>>();
    let four =
        |values: Vec<u32>| <[u32; 4]>::try_from(values).map_err(|_| "four values are needed".to_owned());
    let defined = |file: File| match operands.first().map(|o| register(o)) {
        Some(Ok((r, None))) if r.file == file => Ok(r.number),
        _ => Err(format!("`{head}` needs a register of another file")),
    };
    match head {
        "def" => Ok(Statement::Define(defined(File::Constant)?, four(values()?)?)),
        "defi" => {
            let values = operands[1..].iter().map(|text| integer(text)).collect::<Parsed<Vec<u32>>>()?;
            Ok(Statement::DefineInteger(defined(File::Integer)?, four(values)?))
        }
        "defb" => match operands.get(1) {
            Some(&"true") => Ok(Statement::DefineBool(defined(File::Bool)?, true)),
            Some(&"false") => Ok(Statement::DefineBool(defined(File::Bool)?, false)),
            _ => Err("a boolean is `true` or `false`".into()),
        },
        _ if head == "dcl" || head.starts_with("dcl_") => declaration(head, &operands),
        _ => instruction(program, line).map(Statement::Instruction),
    }
}

/// A float, or its bits in hexadecimal.
fn number(text: &str) -> Parsed<u32> {
    if let Some(digits) = text.strip_prefix("0x") {
        return u32::from_str_radix(digits, 16).map_err(|_| format!("`{text}` is no number"));
    }
    let digits = text.strip_suffix(['f', 'F']).unwrap_or(text);
    digits.parse().map(f32::to_bits).map_err(|_| format!("`{text}` is no number"))
}

fn integer(text: &str) -> Parsed<u32> {
    text.parse().map(|value: i32| value as u32).map_err(|_| format!("`{text}` is no integer"))
}

fn declaration(head: &str, operands: &[&str]) -> Parsed<Statement> {
    let &[operand] = operands else { return Err("a declaration names one register".into()) };
    let mut register = destination(operand)?;
    let (mut usage, mut index, mut texture) = (Usage::Position, 0, TextureType::Unknown);
    for word in head.split('_').skip(1) {
        match word {
            "1d" => texture = TextureType::OneD,
            "2d" => texture = TextureType::TwoD,
            "cube" => texture = TextureType::Cube,
            "volume" => texture = TextureType::Volume,
            _ if modifier(&mut register, word) => {}
            _ => {
                let name = word.trim_end_matches(|c: char| c.is_ascii_digit());
                usage = Usage::from_name(name).ok_or_else(|| format!("unknown usage `{word}`"))?;
                index = word[name.len()..].parse().unwrap_or(0);
            }
        }
    }
    Ok(Statement::Declare(Declaration { usage, index, texture, register }))
}

/// Takes the suffix of a result modifier.
fn modifier(d: &mut Destination, word: &str) -> bool {
    match word {
        "sat" => d.saturate = true,
        "pp" => d.partial_precision = true,
        "centroid" => d.centroid = true,
        "x2" => d.shift = 1,
        "x4" => d.shift = 2,
        "x8" => d.shift = 3,
        "d2" => d.shift = -1,
        "d4" => d.shift = -2,
        "d8" => d.shift = -3,
        _ => return false,
    }
    true
}

fn instruction(program: &Program, line: &str) -> Parsed<Instruction> {
    let (coissue, line) = line.strip_prefix('+').map_or((false, line), |rest| (true, rest.trim()));
    let (predicate, line) = match line.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
        Some((inside, rest)) => (Some(source(inside.trim())?), rest.trim()),
        None => (None, line),
    };
    let (head, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let mut words = head.split('_');
    let name = words.next().unwrap_or_default();
    let mut suffixes: Vec<&str> = words.collect();
    let comparison = suffixes.first().and_then(|word| Comparison::from_name(word));
    if comparison.is_some() {
        suffixes.remove(0);
    }
    let (op, control) = operation(program, name, comparison).ok_or_else(|| format!("unknown `{head}`"))?;
    let (has_destination, count) = op.operands(program.stage, program.model);
    let mut operands = rest.split(',').map(str::trim).filter(|o| !o.is_empty());
    let destination = match has_destination {
        true => Some(destination(operands.next().ok_or("the destination is missing")?)?),
        false => None,
    };
    let sources = operands.map(source).collect::<Parsed<SmallVec<[Source; 3]>>>()?;
    if sources.len() != count {
        return Err(format!("`{name}` has {count} sources, not {}", sources.len()));
    }
    let mut instruction = Instruction { op, control, coissue, predicate, destination, sources };
    for word in suffixes {
        if !instruction.destination.as_mut().is_some_and(|d| modifier(d, word)) {
            return Err(format!("unknown suffix `_{word}`"));
        }
    }
    Ok(instruction)
}

fn operation(program: &Program, name: &str, comparison: Option<Comparison>) -> Option<(Op, u8)> {
    if let Some(comparison) = comparison {
        let op = match name {
            "if" => Op::Ifc,
            "break" => Op::Breakc,
            "setp" => Op::Setp,
            _ => return None,
        };
        return Some((op, comparison as u8));
    }
    match name {
        "texldp" => return Some((Op::Tex, 1)),
        "texldb" => return Some((Op::Tex, 2)),
        _ => {}
    }
    let found = Op::ALL.iter().find(|op| !op.compares() && op.mnemonic(program.model) == name);
    found.map(|&op| (op, 0))
}

fn destination(text: &str) -> Parsed<Destination> {
    let (name, letters) = split_components(text);
    let (register, relative) = register(name)?;
    let mut mask = if letters.is_empty() { 0xf } else { 0 };
    for letter in letters.chars() {
        mask |= 1 << component(letter)?;
    }
    Ok(Destination {
        register,
        relative,
        mask,
        saturate: false,
        partial_precision: false,
        centroid: false,
        shift: 0,
    })
}

fn source(text: &str) -> Parsed<Source> {
    use Modifier as M;
    let (sign, text) = match text.as_bytes() {
        [b'-', ..] => ("-", &text[1..]),
        [b'!', ..] => ("!", &text[1..]),
        [b'1', ..] => ("1-", text[1..].trim_start().strip_prefix('-').ok_or("`1-` is meant")?),
        _ => ("", text),
    };
    let (name, letters) = split_components(text.trim());
    let (name, suffix) = name.split_once('_').unwrap_or((name, ""));
    let modifier = match (sign, suffix) {
        ("", "") => M::None,
        ("-", "") => M::Neg,
        ("", "bias") => M::Bias,
        ("-", "bias") => M::BiasNeg,
        ("", "bx2") => M::Sign,
        ("-", "bx2") => M::SignNeg,
        ("1-", "") => M::Complement,
        ("", "x2") => M::X2,
        ("-", "x2") => M::X2Neg,
        ("", "dz" | "db") => M::Dz,
        ("", "dw" | "da") => M::Dw,
        ("", "abs") => M::Abs,
        ("-", "abs") => M::AbsNeg,
        ("!", "") => M::Not,
        _ => return Err(format!("unknown modifier on `{text}`")),
    };
    let (register, relative) = register(name)?;
    let mut swizzle = IDENTITY;
    let mut last = 0;
    for (place, letter) in letters.chars().enumerate().take(4) {
        last = component(letter)?;
        swizzle[place] = last;
    }
    if !letters.is_empty() {
        swizzle.iter_mut().skip(letters.len()).for_each(|c| *c = last);
    }
    Ok(Source { register, relative, swizzle, modifier })
}

/// What stands before the point that follows any bracket, and the letters after it.
fn split_components(text: &str) -> (&str, &str) {
    let start = text.find(']').unwrap_or(0);
    match text[start..].find('.') {
        Some(point) => (&text[..start + point], &text[start + point + 1..]),
        None => (text, ""),
    }
}

fn component(letter: char) -> Parsed<u8> {
    match letter {
        'x' | 'r' => Ok(0),
        'y' | 'g' => Ok(1),
        'z' | 'b' => Ok(2),
        'w' | 'a' => Ok(3),
        _ => Err(format!("`{letter}` is no component")),
    }
}

/// `r0`, `oPos`, `c[a0.x + 3]`, `c3[a0.x]`, `c[aL]`
fn register(text: &str) -> Parsed<(Register, Option<Relative>)> {
    let unknown = || format!("unknown register `{text}`");
    if let Some((register, _)) = NAMED.iter().find(|named| named.1 == text) {
        return Ok((*register, None));
    }
    let (name, index) = match text.split_once('[') {
        Some((name, index)) => (name, Some(index.strip_suffix(']').ok_or_else(unknown)?)),
        None => (text, None),
    };
    let letters = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let file = LETTERS.iter().find(|row| row.1 == letters).ok_or_else(unknown)?.0;
    let digits = &name[letters.len()..];
    let mut number: u32 =
        if digits.is_empty() && index.is_some() { 0 } else { digits.parse().map_err(|_| unknown())? };
    let mut relative = None;
    for part in index.iter().flat_map(|index| index.split('+')).map(str::trim) {
        let component = match part.split_once('.') {
            Some(("a0", letter)) => Some(component(letter.chars().next().ok_or_else(unknown)?)?),
            _ => None,
        };
        let register = match part {
            "aL" => Some(Register::new(File::LoopCounter, 0)),
            _ => component.map(|_| Register::new(File::Address, 0)),
        };
        match register {
            Some(register) => relative = Some(Relative { register, component: component.unwrap_or(0) }),
            None => number = number.saturating_add(part.parse().map_err(|_| unknown())?),
        }
    }
    Ok((Register { file, number }, relative))
}
