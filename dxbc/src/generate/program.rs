//! Random programs that validate: every instruction that can be executed, nested flow, divergent lanes.
//!
//! A program is a function of its stage, a seed and a size, so that a failing one shrinks by its size.

use super::declare;
use super::hull::Hull;
use super::random::Random;
use crate::ir::{
    CostClass, CustomData, CustomDataClass, Declaration, Instruction, Op, OperandType, Program, RegisterFile,
    Stage, Statement, SyncFlags,
};
use crate::ir::{Model, ReturnKind};
use crate::signature::Signatures;
use crate::{ValidatedShader, ValidationError};

/// Temporaries that instructions use freely; loops count in those after them.
pub(super) const TEMPS: u32 = 6;
/// Nested blocks.
const DEPTH: u32 = 4;
/// Temporaries that count the turns of loops, in the program and in each subroutine.
const COUNTERS: u32 = DEPTH + 1;
/// Subroutines `l#`, of which each may call those after it.
const LABELS: u32 = 2;
/// Function bodies `fb#`, which everything else may call through an interface.
pub(super) const BODIES: u32 = 2;
/// Vectors of `x0` and `x1`.
pub(super) const ARRAYS: [u32; 2] = [4, 3];
pub(super) const INPUTS: u32 = 4;
pub(super) const OUTPUTS: u32 = 4;
pub(super) const IMMEDIATE_CONSTANTS: u32 = 5;

/// A random program of a stage with about `size` instructions and some subroutines, shader model 5.0; or 3.0 with
/// Direct3D 9's arithmetic among the instructions.
pub fn program(stage: Stage, seed: u64, size: usize) -> Program {
    let mut random = Random::new(seed);
    let old = matches!(stage, Stage::Vertex | Stage::Pixel) && random.below(4) == 0;
    let mut generator = Generator {
        stage,
        model: if old { Model { major: 3, minor: 0 } } else { Model { major: 5, minor: 0 } },
        calls: random.below(3) == 0,
        hull: if stage == Stage::Hull { Hull::new(&mut random) } else { Hull::default() },
        writes: match stage {
            Stage::Pixel | Stage::Compute => true,
            Stage::Hull => random.below(8) == 0,
            _ => false,
        },
        random,
        statements: Vec::new(),
        budget: size,
        section: 0,
        loops: Vec::new(),
        breakable: Vec::new(),
    };
    generator.declarations();
    if stage == Stage::Hull {
        generator.phases();
    } else {
        generator.block(0);
        generator.push(Op::Ret, []);
    }
    if generator.calls {
        generator.subroutines();
    }
    Program { stage, model: generator.model, statements: generator.statements }
}

/// A random shader; see [`program`].
///
/// # Errors
/// None, unless generator and validator disagree: then what the validator says.
pub fn shader(stage: Stage, seed: u64, size: usize) -> Result<ValidatedShader, ValidationError> {
    ValidatedShader::new(program(stage, seed, size), Signatures::default())
}

pub(super) struct Generator {
    pub(super) random: Random,
    pub(super) stage: Stage,
    pub(super) statements: Vec<Statement>,
    pub(super) hull: Hull,
    /// Whether memory is written.
    pub(super) writes: bool,
    model: Model,
    /// Whether there are subroutines.
    calls: bool,
    /// Instructions that are still to come.
    pub(super) budget: usize,
    /// 0 in the program, then one for each subroutine and function body.
    section: u32,
    /// Loops that are open.
    loops: Vec<()>,
    /// For each open loop or switch whether it is a loop.
    breakable: Vec<bool>,
}

impl Generator {
    fn declarations(&mut self) {
        let mut list = declare::declarations(self.stage, self.writes, &mut self.random);
        if self.stage == Stage::Hull {
            list.splice(0..0, self.hull.declarations());
        }
        list.push(Declaration::Temps(TEMPS + COUNTERS * (1 + LABELS + BODIES)));
        if self.calls {
            list.extend(declare::interfaces());
        }
        self.statements.extend(list.into_iter().map(Statement::Declaration));
        let words = (0..IMMEDIATE_CONSTANTS * 4).map(|_| self.random.value()).collect();
        let class = CustomDataClass::ImmediateConstantBuffer;
        self.statements.push(Statement::CustomData(CustomData { class, words }));
    }

    pub(super) fn push(
        &mut self,
        op: Op,
        operands: impl IntoIterator<Item = crate::ir::Operand>,
    ) -> &mut Instruction {
        self.statements.push(Statement::Instruction(Instruction::new(op, operands)));
        match self.statements.last_mut() {
            Some(Statement::Instruction(instruction)) => instruction,
            _ => unreachable!("an instruction was just pushed"),
        }
    }

    /// Instructions and nested blocks.
    pub(super) fn block(&mut self, depth: u32) {
        let length = 1 + self.random.below(if depth == 0 { 1 << 20 } else { 6 });
        for _ in 0..length {
            if self.budget == 0 {
                return;
            }
            self.budget -= 1;
            match self.random.below(24) {
                0 | 1 if depth < DEPTH => self.branch(depth),
                2 if depth < DEPTH => self.turns(depth),
                3 if depth < DEPTH => self.switch(depth),
                4 if depth > 0 => self.leave(),
                5 if self.random.below(6) == 0 => self.condition(Op::Retc, None),
                6 | 7 if self.calls => self.call(),
                _ => self.instruction(),
            }
        }
    }

    /// A test that lanes pass or fail: of a comparison, of a bit, or of anything.
    fn condition(&mut self, op: Op, label: Option<crate::ir::Operand>) {
        let temp = self.random.below(TEMPS);
        let test = match self.random.below(4) {
            0 => self.value_source(OperandType::U, 1),
            1 => {
                let source = self.value_source(OperandType::U, 1);
                let one = declare::immediate(&[1 + self.random.below(3)]);
                self.push(Op::And, [declare::temp_mask(temp, 1), source, one]);
                declare::temp_component(temp, 0)
            }
            _ => {
                let compare = [Op::Lt, Op::Ge, Op::Eq, Op::Ine][self.random.below(4) as usize];
                let kind = compare.info().src[0];
                let sources = [self.value_source(kind, 1), self.value_source(kind, 1)];
                self.push(compare, [declare::temp_mask(temp, 2)].into_iter().chain(sources));
                declare::temp_component(temp, 1)
            }
        };
        let nonzero = self.random.flip();
        self.push(op, [test].into_iter().chain(label)).test_nonzero = nonzero;
    }

    /// A call of a later subroutine or of a function body, if there is any.
    fn call(&mut self) {
        let label = self.section + self.random.below(LABELS);
        let operand = declare::register(RegisterFile::Label, label, crate::ir::Components::None);
        match self.random.below(3) {
            0 if self.section <= LABELS => {
                let operand = self.interface();
                self.push(Op::Fcall, [operand]).call_site = 0;
            }
            1 if label < LABELS => self.condition(Op::Callc, Some(operand)),
            _ if label < LABELS => {
                self.push(Op::Call, [operand]);
            }
            _ => self.instruction(),
        }
    }

    /// Short ones, in any order.
    fn subroutines(&mut self) {
        let turn = self.random.below(LABELS + BODIES);
        for number in 0..LABELS + BODIES {
            let number = (number + turn) % (LABELS + BODIES);
            self.section = number + 1;
            self.budget = 1 + self.random.below(8) as usize;
            let (file, register) = match number.checked_sub(LABELS) {
                None => (RegisterFile::Label, number),
                Some(body) => (RegisterFile::FunctionBody, body),
            };
            self.push(Op::Label, [declare::register(file, register, crate::ir::Components::None)]);
            self.block(1);
            self.push(Op::Ret, []);
        }
    }

    fn branch(&mut self, depth: u32) {
        self.condition(Op::If, None);
        self.block(depth + 1);
        if self.random.flip() {
            self.push(Op::Else, []);
            self.block(depth + 1);
        }
        self.push(Op::Endif, []);
    }

    /// A loop whose counter ends it, but for one in sixteen.
    fn turns(&mut self, depth: u32) {
        let counter = TEMPS + self.section * COUNTERS + self.loops.len() as u32;
        let bounded = self.random.below(16) != 0;
        let start = if self.random.flip() {
            declare::immediate(&[self.random.below(2)])
        } else {
            // A count of turns that lanes do not agree on.
            let source = self.value_source(OperandType::U, 1);
            self.push(Op::And, [declare::temp_mask(counter, 1), source, declare::immediate(&[3])]);
            declare::temp_component(counter, 0)
        };
        self.push(Op::Mov, [declare::temp_mask(counter, 1), start]);
        self.push(Op::Loop, []);
        if bounded {
            let limit = declare::immediate(&[2 + self.random.below(3)]);
            self.push(Op::Ige, [declare::temp_mask(counter, 2), declare::temp_component(counter, 0), limit]);
            self.push(Op::Breakc, [declare::temp_component(counter, 1)]).test_nonzero = true;
            let (to, one) = (declare::temp_mask(counter, 1), declare::immediate(&[1]));
            self.push(Op::Iadd, [to, declare::temp_component(counter, 0), one]);
        }
        self.loops.push(());
        self.breakable.push(true);
        self.block(depth + 1);
        self.breakable.pop();
        self.loops.pop();
        self.push(Op::Endloop, []);
    }

    fn switch(&mut self, depth: u32) {
        let temp = self.random.below(TEMPS);
        let source = self.value_source(OperandType::U, 1);
        self.push(Op::And, [declare::temp_mask(temp, 4), source, declare::immediate(&[3])]);
        self.push(Op::Switch, [declare::temp_component(temp, 2)]);
        self.breakable.push(false);
        let cases = 1 + self.random.below(4);
        let default = self.random.below(6);
        for case in 0..cases {
            if case == default {
                self.push(Op::Default, []);
            }
            let literal = self.random.below(4);
            self.push(Op::Case, [declare::immediate(&[literal])]);
            self.block(depth + 1);
            if self.random.below(3) != 0 {
                self.push(Op::Break, []);
            }
        }
        self.breakable.pop();
        self.push(Op::Endswitch, []);
    }

    /// Out of a loop, a switch or the program.
    fn leave(&mut self) {
        let in_loop = self.breakable.contains(&true);
        match self.random.below(8) {
            0 if !self.breakable.is_empty() => {
                self.push(Op::Break, []);
            }
            1 if in_loop => {
                self.push(Op::Continue, []);
            }
            2 | 3 if !self.breakable.is_empty() => self.condition(Op::Breakc, None),
            4 | 5 if in_loop => self.condition(Op::Continuec, None),
            6 if self.random.below(4) == 0 => {
                self.push(Op::Ret, []);
            }
            _ => self.instruction(),
        }
    }

    /// One instruction that is no branch.
    fn instruction(&mut self) {
        let op = loop {
            let op = match self.random.below(4) {
                0 => Op::ALL[self.random.below(Op::ALL.len() as u32) as usize],
                _ => COMMON[self.random.below(COMMON.len() as u32) as usize],
            };
            if self.possible(op) {
                break op;
            }
        };
        let info = op.info();
        let mut operands = Vec::new();
        let mut memories = 0;
        for (position, &kind) in info.dst.iter().chain(info.src).enumerate() {
            let operand = match kind {
                OperandType::R => {
                    memories += 1;
                    if memories == 1 { self.memory(op, position < info.dst.len()) } else { self.sampler() }
                }
                OperandType::L => return,
                kind if position < info.dst.len() => self.destination(kind, info.dst.len() > 1),
                kind => self.value_source(kind, 4),
            };
            operands.push(operand);
        }
        let saturate = info.flags.contains(crate::ir::OpFlags::SAT) && self.random.below(5) == 0;
        let nonzero = self.random.flip();
        let offset = self.random.flip().then(|| [-8, 0, 7].map(|o| o + (o == 0) as i8));
        let kind = [ReturnKind::Float, ReturnKind::RcpFloat, ReturnKind::Uint][self.random.below(3) as usize];
        let instruction = self.push(op, operands);
        (instruction.saturate, instruction.test_nonzero) = (saturate, nonzero);
        match op {
            Op::Resinfo => instruction.return_kind = kind,
            Op::Sampleinfo if kind != ReturnKind::RcpFloat => instruction.return_kind = kind,
            Op::Sync => instruction.sync = SyncFlags { uav_global: true, ..SyncFlags::default() },
            _ => {}
        }
        if let (CostClass::Texture, Some(offset)) = (info.cost, offset) {
            instruction.extensions.push(crate::ir::Extension::TexelOffset(offset));
        }
    }

    /// Instructions that this stage has, flow excepted.
    fn possible(&self, op: Op) -> bool {
        use Op::*;
        let writes = self.writes;
        match op {
            Jmp | Abort | DebugBreak | Call | Callc | Fcall | Label | If | Else | Endif | Loop | Endloop
            | Break | Breakc | Continue | Continuec | Switch | Case | Default | Endswitch | Ret | Retc => {
                false
            }
            // Direct3D 9's arithmetic has shader models of its own.
            op if op.info().flags.contains(crate::ir::OpFlags::D9) => self.model.major < 4,
            Discard | EvalSnapped | EvalSampleIndex | EvalCentroid => self.stage == Stage::Pixel,
            Emit | Cut | EmitThenCut | EmitStream | CutStream | EmitThenCutStream => {
                self.stage == Stage::Geometry
            }
            LdUavTyped | LdUavTypedS | StoreUavTyped | StoreRaw | StoreStructured => writes,
            op if op.info().cost == CostClass::Memory
                && !matches!(op, LdRaw | LdRawS | LdStructured | LdStructuredS) =>
            {
                writes
            }
            op => self.stage == Stage::Pixel || !crate::shader::needs_derivatives(op),
        }
    }

    /// Components to write: pairs for doubles.
    fn mask(&mut self, kind: OperandType) -> u8 {
        match kind {
            OperandType::D => [0b0011, 0b1100, 0b1111][self.random.below(3) as usize],
            _ => 1 + self.random.below(15) as u8,
        }
    }

    fn destination(&mut self, kind: OperandType, may_be_null: bool) -> crate::ir::Operand {
        let mask = self.mask(kind);
        match self.random.below(16) {
            0 if may_be_null => declare::null(),
            1 => {
                let array = self.random.below(2);
                let index = self.index(ARRAYS[array as usize]);
                declare::indexed(RegisterFile::IndexableTemp, array, index, declare::mask(mask))
            }
            2..=5 if self.stage == Stage::Hull => self.output(mask),
            2 | 3 if self.stage != Stage::Compute => self.output(mask),
            4 if self.stage == Stage::Pixel => {
                let file = [RegisterFile::OutputDepth, RegisterFile::OutputCoverageMask];
                declare::single(file[self.random.below(2) as usize])
            }
            _ => declare::temp_mask(self.random.below(TEMPS), mask),
        }
    }

    fn output(&mut self, mask: u8) -> crate::ir::Operand {
        let mut operand = declare::register(RegisterFile::Output, 0, declare::mask(mask));
        operand.indices[0] = self.index(OUTPUTS);
        operand
    }
}

/// What programs are mostly made of.
const COMMON: &[Op] = &[
    Op::Add,
    Op::Mul,
    Op::Mad,
    Op::Mov,
    Op::Movc,
    Op::Dp2,
    Op::Dp3,
    Op::Dp4,
    Op::Min,
    Op::Max,
    Op::Lt,
    Op::Ge,
    Op::Eq,
    Op::Ne,
    Op::Iadd,
    Op::Imad,
    Op::And,
    Op::Or,
    Op::Ishl,
    Op::Ushr,
    Op::Ieq,
    Op::Ftoi,
    Op::Itof,
    Op::Rsq,
    Op::Exp,
    Op::Log,
    Op::Sincos,
    Op::Frc,
    Op::Sqrt,
    Op::Div,
    Op::Sample,
    Op::SampleL,
    Op::Ld,
    Op::Swapc,
    Op::StoreRaw,
    Op::LdRaw,
];
