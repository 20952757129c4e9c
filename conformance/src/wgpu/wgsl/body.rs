//! Instructions as WGSL statements.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use aerogpu_dxbc::ValidatedShader;
use aerogpu_dxbc::ir::{Declaration, Instruction, Op, Operand, OperandType, RegisterFile, Stage};

use super::operand::{index, number, scalar, source, target};
use super::{Unsupported, Wiring, component};

/// Which block is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Block,
    /// A `switch`: whether a case's body is open, and whether there is a `default`.
    Switch {
        in_case: bool,
        has_default: bool,
    },
}

/// The functions of a program as they grow.
pub(super) struct Body<'a> {
    pub(super) shader: &'a ValidatedShader,
    pub(super) wiring: &'a Wiring,
    pub(super) text: String,
    open: Vec<Open>,
    /// Labels of the case that is about to start.
    labels: Vec<String>,
    /// The last instruction was a jump.
    ended: bool,
    /// After an unconditional jump: what follows in the block is never reached, and WGSL wants it gone.
    dead: bool,
    /// Depth of blocks inside dead code.
    dead_depth: usize,
    in_function: bool,
    temporaries: usize,
    /// Names of word arrays that some instruction changes atomically.
    atomics: BTreeSet<String>,
    /// UAVs whose hidden counter is used.
    pub(super) counters: BTreeSet<u32>,
    /// Words of each group-shared register.
    shared: BTreeMap<u32, u32>,
    /// Vectors of each indexable temporary.
    arrays: BTreeMap<u32, u32>,
}

impl<'a> Body<'a> {
    pub(super) fn new(shader: &'a ValidatedShader, wiring: &'a Wiring) -> Self {
        let mut body = Self {
            shader,
            wiring,
            text: "fn body() {\n".into(),
            open: Vec::new(),
            labels: Vec::new(),
            ended: false,
            dead: false,
            dead_depth: 0,
            in_function: true,
            temporaries: 0,
            atomics: BTreeSet::new(),
            counters: BTreeSet::new(),
            shared: BTreeMap::new(),
            arrays: BTreeMap::new(),
        };
        for declaration in shader.program().declarations() {
            match declaration {
                Declaration::IndexableTemp { register, count, .. } => {
                    body.arrays.insert(*register, *count);
                }
                Declaration::GroupSharedRaw { operand, size } => {
                    body.shared.insert(register_of(operand), size / 4);
                }
                Declaration::GroupSharedStructured { operand, stride, count } => {
                    body.shared.insert(register_of(operand), stride / 4 * count);
                }
                _ => {}
            }
        }
        for instruction in shader.program().instructions() {
            let memory = instruction.operands.iter().find(|o| is_memory(o));
            match instruction.op {
                op if is_atomic(op) => body.atomics.extend(memory.and_then(|m| memory_name(m).ok())),
                Op::ImmAtomicAlloc | Op::ImmAtomicConsume => body.counters.extend(memory.map(register_of)),
                _ => {}
            }
        }
        body
    }

    /// True when the words behind this name are atomics.
    pub(super) fn is_atomic(&self, name: &str) -> bool {
        self.atomics.contains(name)
    }

    /// Words of each group-shared register.
    pub(super) fn shared(&self) -> impl Iterator<Item = (&u32, &u32)> {
        self.shared.iter()
    }

    /// The functions' text.
    pub(super) fn finish(mut self) -> Result<String, Unsupported> {
        if self.in_function {
            self.text.push_str("}\n");
        }
        Ok(self.text)
    }

    /// Adds one instruction.
    pub(super) fn instruction(&mut self, i: &Instruction) -> Result<(), Unsupported> {
        if self.skip_dead(i.op) {
            return Ok(());
        }
        if !matches!(i.op, Op::Case | Op::Default) {
            self.open_case();
            self.ended = matches!(i.op, Op::Break | Op::Continue | Op::Ret);
        }
        match i.op {
            Op::If => self.enter(format!("if {} {{", test(i)?)),
            Op::Else => self.line("} else {"),
            Op::Loop => self.enter("loop {".into()),
            Op::Endif | Op::Endloop => self.leave(),
            Op::Break | Op::Continue | Op::Ret => self.jump(i.op),
            Op::Breakc => self.line(&format!("if {} {{ break; }}", test(i)?)),
            Op::Continuec => self.line(&format!("if {} {{ continue; }}", test(i)?)),
            Op::Retc => self.line(&format!("if {} {{ return; }}", test(i)?)),
            Op::Switch => {
                self.line(&format!("switch {} {{", scalar(&i.operands[0], OperandType::I)?));
                self.open.push(Open::Switch { in_case: false, has_default: false });
            }
            Op::Case => self.case(format!("{}u", i.operands[0].immediate.first().copied().unwrap_or(0)))?,
            Op::Default => self.case("default".into())?,
            Op::Endswitch => self.end_switch(),
            Op::Label => {
                self.text += &format!("fn l{}() {{\n", register_of(&i.operands[0]));
                self.in_function = true;
            }
            Op::Call => self.line(&format!("l{}();", register_of(&i.operands[0]))),
            Op::Callc => self.line(&format!("if {} {{ l{}(); }}", test(i)?, register_of(&i.operands[1]))),
            Op::Discard => self.line(&format!("if {} {{ discard; }}", test(i)?)),
            Op::Nop => {}
            Op::Sync => self.sync(i),
            op => {
                if let Some(value) = arithmetic(i)? {
                    self.assign(&i.operands[0], i.saturate, &value)?;
                } else if !self.two_results(i)? && !self.memory(i)? {
                    return Err(Unsupported::new(op.info().mnemonic));
                }
            }
        }
        Ok(())
    }

    /// True when the instruction cannot be reached.
    fn skip_dead(&mut self, op: Op) -> bool {
        if !self.dead {
            return false;
        }
        match op {
            Op::If | Op::Loop | Op::Switch => self.dead_depth += 1,
            Op::Endif | Op::Endloop | Op::Endswitch if self.dead_depth > 0 => self.dead_depth -= 1,
            Op::Else | Op::Case | Op::Default | Op::Endif | Op::Endloop | Op::Endswitch | Op::Label
                if self.dead_depth == 0 =>
            {
                self.dead = false;
                return false;
            }
            _ => {}
        }
        true
    }

    pub(super) fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn enter(&mut self, text: String) {
        self.line(&text);
        self.open.push(Open::Block);
    }

    fn leave(&mut self) {
        self.line("}");
        self.open.pop();
    }

    fn jump(&mut self, op: Op) {
        self.dead = true;
        match op {
            Op::Break => self.line("break;"),
            Op::Continue => self.line("continue;"),
            _ if self.open.is_empty() => {
                // The end of a function; what follows is a label or nothing.
                self.line("}");
                self.in_function = false;
            }
            _ => self.line("return;"),
        }
    }

    /// Labels may follow each other; the last of them opens the body.
    fn case(&mut self, label: String) -> Result<(), Unsupported> {
        let Some(Open::Switch { in_case, has_default }) = self.open.last_mut() else {
            return Err(Unsupported::new("a case outside of a switch"));
        };
        *has_default |= label == "default";
        self.labels.push(label);
        if std::mem::take(in_case) {
            if !self.ended {
                return Err(Unsupported::new("a case that falls through"));
            }
            self.line("}");
        }
        Ok(())
    }

    /// Opens the body that the labels before this instruction lead to.
    fn open_case(&mut self) {
        if let Some(Open::Switch { in_case, .. }) = self.open.last_mut()
            && !self.labels.is_empty()
        {
            *in_case = true;
            let labels = std::mem::take(&mut self.labels).join(", ");
            self.line(&format!("case {labels}: {{"));
        }
    }

    fn end_switch(&mut self) {
        if let Some(Open::Switch { in_case, has_default }) = self.open.pop() {
            if in_case {
                self.line("}");
            }
            if !has_default {
                self.line("default: {}");
            }
        }
        self.line("}");
    }

    /// Only threads of a group can wait for each other; elsewhere there is nothing that a fence would order.
    fn sync(&mut self, i: &Instruction) {
        if self.shader.stage() != Stage::Compute {
            return;
        }
        if i.sync.uav_group || i.sync.uav_global {
            self.line("storageBarrier();");
        }
        if i.sync.threads || i.sync.group_shared {
            self.line("workgroupBarrier();");
        }
    }

    /// A name for a value that is used more than once.
    pub(super) fn temporary(&mut self, value: &str) -> String {
        self.temporaries += 1;
        let name = format!("t_{}", self.temporaries);
        self.line(&format!("let {name} = {value};"));
        name
    }

    /// Writes the components of a destination's mask.
    pub(super) fn assign(
        &mut self,
        operand: &Operand,
        saturate: bool,
        value: &str,
    ) -> Result<(), Unsupported> {
        let Some((variable, element)) = target(operand)? else { return Ok(()) };
        let value = if saturate { format!("sat4({value})") } else { value.into() };
        let value = self.temporary(&value);
        let mut stores = String::new();
        for c in (0..4).filter(|c| operand.mask() >> c & 1 == 1).map(component) {
            let _ = write!(stores, "{variable}.{c} = {value}.{c}; ");
        }
        match element {
            Some((array, at)) => {
                let count = self.arrays.get(&array).copied().unwrap_or(0);
                self.line(&format!("if ({at} < {count}u) {{ {stores}}}"));
            }
            None => self.line(&stores),
        }
        Ok(())
    }

    /// Instructions with two destinations; all sources are read before either is written.
    fn two_results(&mut self, i: &Instruction) -> Result<bool, Unsupported> {
        use OperandType::{F, I, U};
        let kind = match i.op {
            Op::Sincos | Op::Swapc => F,
            Op::Imul => I,
            Op::Umul | Op::Udiv | Op::Uaddc | Op::Usubb => U,
            _ => return Ok(false),
        };
        let mut sources = Vec::new();
        for operand in &i.operands[2..] {
            let text = source(operand, kind)?;
            sources.push(self.temporary(&text));
        }
        let a = &sources[0];
        let b = sources.get(1).unwrap_or(a);
        let [first, second] = match i.op {
            Op::Sincos => [format!("bf(sin(f4({a})))"), format!("bf(cos(f4({a})))")],
            Op::Swapc => {
                let (test, a, b) = (a, b, &sources[2]);
                [
                    format!("select({a}, {b}, {test} != vec4u(0u))"),
                    format!("select({b}, {a}, {test} != vec4u(0u))"),
                ]
            }
            Op::Imul => [format!("imulhi4({a}, {b})"), format!("({a} * {b})")],
            Op::Umul => [format!("umulhi4({a}, {b})"), format!("({a} * {b})")],
            Op::Udiv => [format!("udiv4({a}, {b})"), format!("urem4({a}, {b})")],
            Op::Uaddc => [format!("({a} + {b})"), format!("select(vec4u(0u), vec4u(1u), ({a} + {b}) < {a})")],
            _ => [format!("({a} - {b})"), format!("select(vec4u(0u), vec4u(1u), {a} < {b})")],
        };
        let second = self.temporary(&second);
        self.assign(&i.operands[0], i.saturate, &first)?;
        self.assign(&i.operands[1], i.saturate, &second)?;
        Ok(true)
    }
}

/// The condition of an instruction with a test.
fn test(i: &Instruction) -> Result<String, Unsupported> {
    let relation = if i.test_nonzero { "!=" } else { "==" };
    Ok(format!("({} {relation} 0u)", scalar(&i.operands[0], OperandType::U)?))
}

/// The value of an instruction that computes one vector from registers alone.
fn arithmetic(i: &Instruction) -> Result<Option<String>, Unsupported> {
    let types = i.op.info().src;
    let mut sources = Vec::new();
    for (operand, &kind) in i.operands.iter().skip(i.op.info().dst.len()).zip(types) {
        if matches!(kind, OperandType::R | OperandType::L | OperandType::D) {
            return Ok(None);
        }
        sources.push(source(operand, kind)?);
    }
    let Some(a) = sources.first().map(String::as_str) else { return Ok(None) };
    let b = sources.get(1).map_or("", String::as_str);
    let c = sources.get(2).map_or("", String::as_str);
    let d = sources.get(3).map_or("", String::as_str);
    let float = |operator: &str| format!("bf(f4({a}) {operator} f4({b}))");
    let float_test = |relation: &str| format!("mask(f4({a}) {relation} f4({b}))");
    let int_test = |relation: &str| format!("mask(i4({a}) {relation} i4({b}))");
    let uint_test = |relation: &str| format!("mask({a} {relation} {b})");
    let function = |name: &str| format!("bf({name}(f4({a})))");
    let uint = |operator: &str| format!("({a} {operator} {b})");
    let dot = |lanes: &str| format!("vec4u(bitcast<u32>(dot(f4({a}).{lanes}, f4({b}).{lanes})))");
    Ok(Some(match i.op {
        Op::Mov => a.into(),
        Op::Movc => format!("select({c}, {b}, {a} != vec4u(0u))"),
        Op::Add => float("+"),
        Op::Mul => float("*"),
        Op::MulLegacy => format!("mul9({a}, {b})"),
        Op::MadLegacy => format!("bf(f4(mul9({a}, {b})) + f4({c}))"),
        Op::Dp3Legacy => format!("dot9({a}, {b}, 3u)"),
        Op::Dp4Legacy => format!("dot9({a}, {b}, 4u)"),
        Op::Pow => format!("pow9({a}, {b})"),
        Op::Div => float("/"),
        Op::Mad => format!("bf(f4({a}) * f4({b}) + f4({c}))"),
        Op::Min => format!("fmin4({a}, {b})"),
        Op::Max => format!("fmax4({a}, {b})"),
        Op::Dp2 => dot("xy"),
        Op::Dp3 => dot("xyz"),
        Op::Dp4 => dot("xyzw"),
        Op::Frc => function("fract"),
        Op::RoundNe => function("round"),
        Op::RoundNi => function("floor"),
        Op::RoundPi => function("ceil"),
        Op::RoundZ => function("trunc"),
        Op::Rcp => format!("bf(vec4f(1.0) / f4({a}))"),
        Op::Rsq => function("inverseSqrt"),
        Op::Sqrt => function("sqrt"),
        Op::Exp => function("exp2"),
        Op::Log => function("log2"),
        Op::Eq => float_test("=="),
        Op::Ne => float_test("!="),
        Op::Lt => float_test("<"),
        Op::Ge => float_test(">="),
        Op::Iadd => uint("+"),
        Op::Ineg => format!("(vec4u(0u) - {a})"),
        Op::Imad | Op::Umad => format!("({a} * {b} + {c})"),
        Op::Imax => format!("bi(max(i4({a}), i4({b})))"),
        Op::Imin => format!("bi(min(i4({a}), i4({b})))"),
        Op::Umax => format!("max({a}, {b})"),
        Op::Umin => format!("min({a}, {b})"),
        Op::Ieq => uint_test("=="),
        Op::Ine => uint_test("!="),
        Op::Ilt => int_test("<"),
        Op::Ige => int_test(">="),
        Op::Ult => uint_test("<"),
        Op::Uge => uint_test(">="),
        Op::And => uint("&"),
        Op::Or => uint("|"),
        Op::Xor => uint("^"),
        Op::Not => format!("(~{a})"),
        Op::Ishl => format!("ishl4({a}, {b})"),
        Op::Ushr => format!("ushr4({a}, {b})"),
        Op::Ishr => format!("ishr4({a}, {b})"),
        Op::Ubfe => format!("ubfe4({a}, {b}, {c})"),
        Op::Ibfe => format!("ibfe4({a}, {b}, {c})"),
        Op::Bfi => format!("bfi4({a}, {b}, {c}, {d})"),
        Op::Msad => format!("msad4({a}, {b}, {c})"),
        Op::Bfrev => format!("reverseBits({a})"),
        Op::Countbits => format!("countOneBits({a})"),
        Op::FirstbitHi => format!("firsthi4({a})"),
        Op::FirstbitLo => format!("firstlo4({a})"),
        Op::FirstbitShi => format!("firstshi4({a})"),
        Op::Ftoi => format!("ftoi4({a})"),
        Op::Ftou => format!("ftou4({a})"),
        Op::Itof => format!("bf(vec4f(i4({a})))"),
        Op::Utof => format!("bf(vec4f({a}))"),
        Op::F32tof16 => format!("half4({a})"),
        Op::F16tof32 => format!("unhalf4({a})"),
        Op::DerivRtx | Op::DerivRtxCoarse => function("dpdxCoarse"),
        Op::DerivRty | Op::DerivRtyCoarse => function("dpdyCoarse"),
        Op::DerivRtxFine => function("dpdxFine"),
        Op::DerivRtyFine => function("dpdyFine"),
        _ => return Ok(None),
    }))
}

fn register_of(operand: &Operand) -> u32 {
    number(operand).unwrap_or(0)
}

/// True for the operand that names memory.
pub(super) fn is_memory(operand: &Operand) -> bool {
    matches!(operand.file, RegisterFile::Resource | RegisterFile::Uav | RegisterFile::GroupShared)
}

/// The variable behind a memory operand.
pub(super) fn memory_name(operand: &Operand) -> Result<String, Unsupported> {
    let prefix = match operand.file {
        RegisterFile::Resource => 't',
        RegisterFile::Uav => 'u',
        RegisterFile::GroupShared => 'g',
        file => return Err(Unsupported::new(format!("memory in {file:?}"))),
    };
    if let Some(relative) = operand.indices.first().filter(|i| i.relative.is_some()) {
        return Err(Unsupported::new(format!("the computed register {prefix}[{}]", index(relative)?)));
    }
    Ok(format!("{prefix}{}", number(operand)?))
}

/// True for atomics on words (not the hidden counters).
pub(super) fn is_atomic(op: Op) -> bool {
    use Op::*;
    matches!(
        op,
        AtomicAnd
            | AtomicOr
            | AtomicXor
            | AtomicCmpStore
            | AtomicIadd
            | AtomicImax
            | AtomicImin
            | AtomicUmax
            | AtomicUmin
            | ImmAtomicIadd
            | ImmAtomicAnd
            | ImmAtomicOr
            | ImmAtomicXor
            | ImmAtomicExch
            | ImmAtomicCmpExch
            | ImmAtomicImax
            | ImmAtomicImin
            | ImmAtomicUmax
            | ImmAtomicUmin
    )
}
