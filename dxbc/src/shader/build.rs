//! Turns statements into steps, checking each against the table and the declarations.

use smallvec::SmallVec;

use super::code::*;
use super::declarations::{Declarations, at_most};
use super::error::{Reason, ValidationError};
use super::flow::Flow;
use super::operands::Scope;
use super::rules;
use crate::ir::{
    CustomDataClass, Declaration, HullPhase, Instruction, Op, OpFlags, OperandType, Program, RegisterFile,
    Stage, Statement,
};
use crate::limits;

/// Reads every declaration, and the immediate constant buffer.
pub(super) fn collect(program: &Program) -> Result<(Declarations, Vec<[u32; 4]>), ValidationError> {
    let mut declarations = Declarations::new();
    let mut immediates = Vec::new();
    for (statement, content) in program.statements.iter().enumerate() {
        match content {
            Statement::Declaration(declaration) => {
                let added = declarations.add(program.stage, program.model, declaration);
                added.map_err(|reason| ValidationError { statement, mnemonic: "declaration", reason })?;
            }
            Statement::CustomData(data) if data.class == CustomDataClass::ImmediateConstantBuffer => {
                let vectors = data.words.len() / 4;
                at_most("immediate constants", vectors as u64, limits::IMMEDIATE_CONSTANTS as u64)
                    .map_err(|reason| ValidationError { statement, mnemonic: "custom data", reason })?;
                immediates = data.words.as_chunks().0.to_vec();
            }
            _ => {}
        }
    }
    Ok((declarations, immediates))
}

/// Makes the steps of the whole program.
pub(super) struct Builder<'a> {
    pub(super) scope: Scope<'a>,
    pub(super) code: Code,
    flow: Flow,
}

impl<'a> Builder<'a> {
    pub(super) fn new(scope: Scope<'a>, code: Code) -> Self {
        Self { scope, code, flow: Flow::default() }
    }

    pub(super) fn run(mut self, program: &Program) -> Result<Code, ValidationError> {
        if program.stage != Stage::Hull {
            self.code.phases.push(Phase { kind: PhaseKind::Main, start: 0, instances: 1 });
        }
        for (statement, content) in program.statements.iter().enumerate() {
            match content {
                Statement::Instruction(instruction) => {
                    self.instruction(statement, instruction).map_err(|reason| ValidationError {
                        statement,
                        mnemonic: instruction.op.info().mnemonic,
                        reason,
                    })?;
                }
                Statement::Declaration(declaration) => self
                    .phase(statement, declaration)
                    .map_err(|reason| ValidationError { statement, mnemonic: "declaration", reason })?,
                Statement::CustomData(_) => {}
            }
        }
        let end = program.statements.len();
        let whole = |reason| ValidationError { statement: end, mnemonic: "program", reason };
        self.end_section(end).map_err(whole)?;
        self.flow.resolve(&mut self.code).map_err(|(position, reason)| {
            let step = &self.code.steps[position];
            ValidationError { statement: step.statement as usize, mnemonic: step.op.info().mnemonic, reason }
        })?;
        self.code.set_prices();
        Ok(self.code)
    }

    /// Phases of a hull shader start at their marker.
    fn phase(&mut self, statement: usize, declaration: &Declaration) -> Result<(), Reason> {
        match declaration {
            Declaration::HullPhase(phase) => {
                self.end_section(statement)?;
                let kind = match phase {
                    HullPhase::Declarations => return Ok(()),
                    HullPhase::ControlPoint => PhaseKind::ControlPoint,
                    HullPhase::Fork | HullPhase::Join => PhaseKind::Patch,
                };
                self.scope.phase = kind;
                self.code.phases.push(Phase { kind, start: self.code.steps.len(), instances: 1 });
                at_most("phases", self.code.phases.len() as u64, limits::PHASES as u64)
            }
            Declaration::HsForkInstanceCount(count) | Declaration::HsJoinInstanceCount(count) => {
                let phase = self.code.phases.last_mut().filter(|p| p.kind == PhaseKind::Patch);
                phase.ok_or(Reason::Declaration("an instance count outside of a phase"))?.instances = *count;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Closes a section with a `ret`, so that no lane runs into the next one.
    fn end_section(&mut self, statement: usize) -> Result<(), Reason> {
        self.flow.end_section()?;
        // A phase without instructions has none of the phase before.
        let start = self.code.phases.last().map_or(0, |phase| phase.start);
        if self.code.steps[start..].last().is_some_and(|s| s.op == Op::Ret) {
            return Ok(());
        }
        let ret = Instruction::new(Op::Ret, []);
        self.code.steps.push(step(statement, &ret));
        Ok(())
    }

    fn instruction(&mut self, statement: usize, instruction: &Instruction) -> Result<(), Reason> {
        let info = instruction.op.info();
        let expected = info.dst.len() + info.src.len();
        if instruction.operands.len() != expected {
            return Err(Reason::OperandCount { expected, found: instruction.operands.len() });
        }
        if self.code.phases.is_empty() {
            return Err(Reason::Flow("an instruction before the first phase"));
        }
        if info.flags.contains(OpFlags::D9) && self.scope.model.major >= 4 {
            return Err(Reason::Unsupported("Direct3D 9 arithmetic in shader models 4 and 5"));
        }
        rules::check_stage(self.scope.stage, instruction)?;
        if instruction.op == Op::Label {
            self.end_section(statement)?;
        }
        let mut step = step(statement, instruction);
        self.operands(&mut step, instruction)?;
        let position = self.code.steps.len();
        step.target = self.flow.add(&mut self.code, position, instruction)?;
        if instruction.op == Op::Fcall {
            step.target = self.interface_call(position, instruction)?;
        }
        self.code.steps.push(step);
        Ok(())
    }

    fn operands(&self, step: &mut Step, instruction: &Instruction) -> Result<(), Reason> {
        let info = instruction.op.info();
        let kinds = info.dst.iter().chain(info.src);
        for (position, (operand, &kind)) in instruction.operands.iter().zip(kinds).enumerate() {
            match kind {
                OperandType::L => {}
                OperandType::R if step.memory.is_some() => {
                    step.sampler = Some(self.scope.sampler(operand, position)?);
                }
                OperandType::R if operand.file == RegisterFile::Null => {
                    return Err(Reason::Operand { operand: position, file: operand.file, role: "memory" });
                }
                OperandType::R => {
                    let memory = self.scope.memory(instruction, operand, position)?;
                    let any_texture = self.scope.model.major < 4 && memory.has_unknown_dimension();
                    if !any_texture {
                        rules::check_memory(instruction.op, &memory, operand.file, position)?;
                    }
                    step.memory = Some(memory);
                }
                _ if position < info.dst.len() => {
                    step.destinations.push(self.scope.destination(operand, position)?);
                }
                _ => step.sources.push(self.scope.source(operand, kind, position)?),
            }
        }
        Ok(())
    }

    /// `fcall fp#[element][call site]`: the function bodies that each type has for this call site.
    fn interface_call(&mut self, position: usize, instruction: &Instruction) -> Result<usize, Reason> {
        let operand = &instruction.operands[0];
        if operand.file != RegisterFile::Interface {
            return Err(Reason::Operand { operand: 0, file: operand.file, role: "called" });
        }
        let interface = super::declarations::constant_index(operand, 0)?;
        let missing = |what: &'static str, number: u32| Reason::Unresolved { what, number: number.into() };
        let declarations = self.scope.declarations;
        let declared = declarations.interfaces.get(&interface).ok_or(missing("interface", interface))?;
        let site = instruction.call_site;
        if site >= declared.call_sites {
            return Err(missing("call site", site));
        }
        let mut bodies = Vec::with_capacity(declared.tables.len());
        for table in &declared.tables {
            let table = declarations.function_tables.get(table).ok_or(missing("function table", *table))?;
            bodies.push(*table.get(site as usize).ok_or(missing("call site", site))?);
        }
        if bodies.is_empty() {
            return Err(missing("function table", 0));
        }
        self.flow.interface_call(position, &bodies);
        self.code.interface_calls.push(InterfaceCall {
            interface,
            element: self.scope.index(operand, 1, 0, 0)?,
            elements: declared.elements,
            bodies: Vec::new(),
        });
        Ok(self.code.interface_calls.len() - 1)
    }
}

/// A step without operands.
fn step(statement: usize, instruction: &Instruction) -> Step {
    Step {
        op: instruction.op,
        statement: statement as u32,
        saturate: instruction.saturate && instruction.op.info().flags.contains(OpFlags::SAT),
        test_nonzero: instruction.test_nonzero,
        return_kind: instruction.return_kind,
        offset: instruction.texel_offset().map(i32::from),
        destinations: SmallVec::new(),
        sources: SmallVec::new(),
        memory: None,
        sampler: None,
        target: 0,
    }
}
