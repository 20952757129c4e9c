//! Direct3D 9 programs to the IR.

mod alu;
mod finish;
mod flow;
mod interface;
mod operand;
mod texture;

use crate::ValidatedShader;
use crate::ir::{self, Op as I, Operand, RegisterFile, Stage};
use crate::shader::ValidationError;
use crate::signature::Signatures;

use super::*;
pub use finish::{AlphaTest, Fog, FogSource, Variant};
pub use interface::{Interface, registers};
use operand::{full, immediate, with_mask};

/// The constant buffer of what states, not constants, tell a shader: see [`environment`].
pub const ENVIRONMENT: u32 = 3;

/// Vectors of the [`ENVIRONMENT`] buffer.
pub mod environment {
    /// rgb of the fog.
    pub const FOG_COLOR: u32 = 0;
    /// Start, end and density of fog, reference of the alpha test (in units of its scale).
    pub const PARAMETERS: u32 = 1;
    /// Two vectors for each texture stage: the matrix (00, 01, 10, 11); luminance scale and offset.
    pub const BUMP: u32 = 2;
    /// How many vectors there are.
    pub const COUNT: u32 = BUMP + 2 * 8;
}

/// Why a decoded program is not a shader.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("statement {statement}: {reason}")]
pub struct LowerError {
    /// Index into [`Program::statements`].
    pub statement: usize,
    /// The broken rule.
    pub reason: LowerReason,
}

/// A rule that a program broke.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LowerReason {
    /// A register cannot be read here.
    #[error("{0:?} register {1} cannot be read here")]
    Read(File, u32),
    /// A register cannot be written here.
    #[error("{0:?} register {1} cannot be written here")]
    Write(File, u32),
    /// The instruction does not exist in this shader model or stage.
    #[error("{0} does not exist in this profile")]
    Instruction(&'static str),
    /// Flow control that is not nested properly.
    #[error("flow control: {0}")]
    Flow(&'static str),
    /// An operand that has to be there is missing (in a program that was not decoded).
    #[error("an operand is missing")]
    Operands,
}

/// Why code is not an executable Direct3D 9 shader.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShaderError {
    /// The tokens are malformed.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The program breaks a rule.
    #[error(transparent)]
    Lower(#[from] LowerError),
    /// What it was lowered to breaks a rule or a limit.
    #[error(transparent)]
    Validation(#[from] ValidationError),
}

/// An executable Direct3D 9 shader.
#[derive(Debug, Clone)]
pub struct Shader {
    /// What both interpreters run.
    pub program: ValidatedShader,
    /// What must be bound to it.
    pub interface: Interface,
}

impl Shader {
    /// Decodes and checks a token stream.
    ///
    /// # Errors
    /// The first rule that the code breaks.
    pub fn new(tokens: &[u32]) -> Result<Self, ShaderError> {
        Self::with_variant(&decode(tokens)?, &Variant::default())
    }

    /// The shader with what Direct3D 9's state adds to it.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_variant(program: &Program, variant: &Variant) -> Result<Self, ShaderError> {
        let (lowered, signatures, interface) = lower(program, variant)?;
        Ok(Self { program: ValidatedShader::new(lowered, signatures)?, interface })
    }
}

type Lowered<T> = Result<T, LowerReason>;

fn lower(program: &Program, variant: &Variant) -> Result<(ir::Program, Signatures, Interface), LowerError> {
    let mut lowering = Lowering::new(program, variant);
    let end = program.statements.len();
    let mut place = 0;
    lowering.prologue();
    while let Some(statement) = program.statements.get(place) {
        let error = |reason| LowerError { statement: place, reason };
        let mut taken = 1;
        if let Statement::Instruction(instruction) = statement {
            let next = match program.statements.get(place + 1) {
                Some(Statement::Instruction(next)) if next.coissue => Some(next),
                _ => None,
            };
            taken += usize::from(next.is_some());
            lowering.together(instruction, next).map_err(error)?;
        }
        place += taken;
    }
    lowering.end().map_err(|reason| LowerError { statement: end, reason })?;
    Ok(lowering.finish())
}

/// A program on its way to the IR.
struct Lowering<'a> {
    program: &'a Program,
    variant: &'a Variant,
    interface: Interface,
    body: Vec<ir::Instruction>,
    /// The next free temporary, and one more than the highest in use.
    free: u32,
    temps: u32,
    /// Temporaries that live as long as the shader.
    fixed: Fixed,
    /// Open blocks, innermost last.
    open: Vec<flow::Block>,
    /// True behind the first label.
    in_subroutine: bool,
    /// Rows of a texture matrix so far.
    matrix_rows: usize,
}

/// Where registers without a file of their own in the IR live.
#[derive(Debug, Clone, Copy)]
struct Fixed {
    /// `t0` to `t7` before 1.4: colours after `tex`.
    textures: u32,
    /// `a0`, as integers.
    address: u32,
    /// `aL` in x, as an integer.
    counter: u32,
    /// `p0`, all ones or zero.
    predicate: u32,
    /// Outputs that are read, clamped or predicated before they go out.
    outputs: u32,
    /// `vPos` and `vFace`.
    misc: u32,
    /// Dot products with the rows of a texture matrix.
    matrix: u32,
}

/// `r0` to `r31` keep their numbers.
const REGISTERS: u32 = 32;

impl<'a> Lowering<'a> {
    fn new(program: &'a Program, variant: &'a Variant) -> Self {
        let outputs = REGISTERS + 8 + 5;
        let fixed = Fixed {
            textures: REGISTERS,
            address: REGISTERS + 8,
            counter: REGISTERS + 9,
            predicate: REGISTERS + 10,
            matrix: REGISTERS + 11,
            misc: REGISTERS + 12,
            outputs,
        };
        let free = outputs + registers::OUTPUTS;
        Self {
            program,
            variant,
            interface: Interface::new(program, variant),
            body: Vec::new(),
            free,
            temps: free,
            fixed,
            open: Vec::new(),
            in_subroutine: false,
            matrix_rows: 0,
        }
    }

    /// Lowers an instruction and the one that is issued with it: both read before either writes.
    fn together(&mut self, first: &Instruction, second: Option<&Instruction>) -> Lowered<()> {
        let free = self.free;
        match second {
            Some(second) if reads_result(second, first) => {
                let result = self.instruction(first, true)?;
                self.instruction(second, false)?;
                self.deliver(first, result)?;
            }
            _ => {
                self.instruction(first, false)?;
                if let Some(second) = second {
                    self.instruction(second, false)?;
                }
            }
        }
        // What a loop holds for its end is not free again.
        if !matches!(first.op, Op::Loop | Op::Rep) {
            self.free = free;
        }
        Ok(())
    }

    /// A temporary of the current instruction.
    fn scratch(&mut self) -> u32 {
        self.free += 1;
        self.temps = self.temps.max(self.free);
        self.free - 1
    }

    fn emit(&mut self, op: I, operands: impl IntoIterator<Item = Operand>) {
        self.body.push(ir::Instruction::new(op, operands));
    }

    fn emit_test(&mut self, op: I, nonzero: bool, operands: impl IntoIterator<Item = Operand>) {
        let instruction = ir::Instruction { test_nonzero: nonzero, ..ir::Instruction::new(op, operands) };
        self.body.push(instruction);
    }

    /// Computes components of a new temporary.
    fn compute(&mut self, op: I, mask: u8, sources: impl IntoIterator<Item = Operand>) -> Operand {
        let temp = self.scratch();
        self.emit(op, std::iter::once(with_mask(temp, mask)).chain(sources));
        full(temp)
    }

    /// Lowers one instruction. With `hold` its result waits in a temporary, whose operand is returned.
    fn instruction(&mut self, i: &Instruction, hold: bool) -> Lowered<Option<Operand>> {
        if self.flow(i)? || self.texture_without_result(i)? {
            return Ok(None);
        }
        let destination = i.destination.as_ref().ok_or(LowerReason::Operands)?;
        if destination.register.file == File::Address {
            self.address(i)?;
            return Ok(None);
        }
        let later = hold || i.predicate.is_some() || destination.shift != 0;
        let result = match (!later).then(|| self.target(destination)).transpose()? {
            Some(target) => Outcome { operand: target, saturate: destination.saturate, waits: false },
            None => {
                let temp = self.scratch();
                Outcome { operand: with_mask(temp, destination.mask), saturate: false, waits: true }
            }
        };
        let waits = result.waits;
        let operand = result.operand.clone();
        if !self.texture(i, &result)? {
            self.arithmetic(i, &result)?;
        }
        if !waits {
            return Ok(None);
        }
        let held = Operand { components: ir::Components::Swizzle(IDENTITY), ..operand };
        if hold {
            return Ok(Some(held));
        }
        self.deliver(i, Some(held))?;
        Ok(None)
    }

    /// Moves a result that waited to its destination: shifted, saturated, where the predicate holds.
    fn deliver(&mut self, i: &Instruction, result: Option<Operand>) -> Lowered<()> {
        let (Some(result), Some(destination)) = (result, i.destination.as_ref()) else { return Ok(()) };
        let mut value = result;
        if destination.shift != 0 || destination.saturate {
            let factor = [0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0][(destination.shift + 3).clamp(0, 6) as usize];
            let temp = self.scratch();
            let op = if destination.shift == 0 { I::Mov } else { I::Mul };
            let factor = (op == I::Mul).then(|| immediate([factor; 4]));
            let operands = [with_mask(temp, destination.mask), value].into_iter().chain(factor);
            let saturated =
                ir::Instruction { saturate: destination.saturate, ..ir::Instruction::new(op, operands) };
            self.body.push(saturated);
            value = full(temp);
        }
        let target = self.target(destination)?;
        match &i.predicate {
            None => self.emit(I::Mov, [target, value]),
            Some(predicate) if target.file == RegisterFile::Temp => {
                let old = Operand { components: ir::Components::Swizzle(IDENTITY), ..target.clone() };
                let test = self.predicate(predicate)?;
                let (yes, no) = self.ordered(predicate, value, old);
                self.emit(I::Movc, [target, test, yes, no]);
            }
            // Outputs cannot be read: each component is moved where its predicate holds.
            Some(predicate) => {
                let test = self.predicate(predicate)?;
                for c in (0..4).filter(|c| destination.mask >> c & 1 == 1) {
                    let nonzero = predicate.modifier != Modifier::Not;
                    self.emit_test(I::If, nonzero, [operand::select(&test, c)]);
                    let one = Operand { components: ir::Components::Mask(1 << c), ..target.clone() };
                    self.emit(I::Mov, [one, value.clone()]);
                    self.emit(I::Endif, []);
                }
            }
        }
        Ok(())
    }

    fn is_vertex(&self) -> bool {
        self.program.stage == Stage::Vertex
    }
}

/// Where an instruction puts its result.
struct Outcome {
    operand: Operand,
    /// `_sat` is for the instruction itself to do.
    saturate: bool,
    /// The result still has to be moved to the destination.
    waits: bool,
}

/// True when `later` reads what `earlier` writes.
fn reads_result(later: &Instruction, earlier: &Instruction) -> bool {
    let Some(written) = earlier.destination.map(|d| d.register) else { return false };
    later.sources.iter().any(|source| source.register == written)
}
