//! Random programs of `aerogpu_dxbc::generate`, cut down to what every adapter computes to the bit.
//!
//! Kept are integers, moves, conversions from integers, and all flow control. Left out are floats (rounding, denormals and NaN
//! are not WebGPU's to keep) and whatever depends on the order of lanes.

use aerogpu_dxbc::generate;
use aerogpu_dxbc::ir::{
    Components, CostClass, Index, Instruction, Modifier, Op, Operand, OperandType, Program,
    RegisterFile as F, Stage, Statement,
};

/// The lines of a random program's body and of its arrays' declarations, in the assembler's syntax. It reads the register
/// `v1`, `cb0`, `cb1` and thread ids, and leaves its result in `r0` to `r5`; `r6` to `r10` are its loop counters.
pub(super) fn lines(stage: Stage, seed: u64, size: usize) -> String {
    let program = generate::program(stage, seed, size);
    let mut kept = Vec::new();
    let mut open = Vec::new();
    for statement in program.statements {
        match statement {
            // Subroutines stand behind the program; their calls are left out.
            Statement::Instruction(instruction) if instruction.op == Op::Label => break,
            Statement::Instruction(instruction) => {
                if let Some(mut instruction) = exact(instruction, stage) {
                    close_case(&mut kept, &mut open, instruction.op);
                    if let (Op::Case, Some((_, labels))) = (instruction.op, open.last_mut()) {
                        // Each label of a switch once; what is switched on is below 4.
                        instruction.operands[0].immediate = [*labels].into_iter().collect();
                        *labels += 1;
                    }
                    kept.push(Statement::Instruction(instruction));
                }
            }
            Statement::Declaration(ref declaration) if is_array(declaration) => kept.push(statement),
            Statement::Declaration(_) => {}
            data @ Statement::CustomData(_) => kept.push(data),
        }
    }
    let program = Program { statements: kept, ..program };
    let text = program.to_string();
    text.lines()
        .skip_while(|line| line.trim() != program.profile())
        .skip(1)
        .map(|line| format!("{line}\n"))
        .collect()
}

fn is_array(declaration: &aerogpu_dxbc::ir::Declaration) -> bool {
    use aerogpu_dxbc::ir::Declaration as D;
    matches!(declaration, D::IndexableTemp { .. } | D::Temps(_))
}

/// WGSL has no case that falls through: a body ends before the next label.
fn close_case(kept: &mut Vec<Statement>, open: &mut Vec<(Op, u32)>, op: Op) {
    match op {
        Op::If | Op::Loop | Op::Switch => open.push((op, 0)),
        Op::Endif | Op::Endloop => drop(open.pop()),
        _ => {}
    }
    if matches!(op, Op::Case | Op::Default | Op::Endswitch) {
        let last = kept.iter().rev().find_map(|s| match s {
            Statement::Instruction(i) => Some(i.op),
            _ => None,
        });
        if !matches!(last, Some(Op::Switch | Op::Case | Op::Default | Op::Break | Op::Continue)) {
            kept.push(Statement::Instruction(Instruction::new(Op::Break, [])));
        }
    }
    if op == Op::Endswitch {
        // A last label needs a body too.
        if matches!(kept.last(), Some(Statement::Instruction(i)) if matches!(i.op, Op::Case | Op::Default)) {
            kept.push(Statement::Instruction(Instruction::new(Op::Break, [])));
        }
        open.pop();
    }
}

/// The instruction as it may stay, if it may.
fn exact(mut instruction: Instruction, stage: Stage) -> Option<Instruction> {
    use OperandType::{D, F as Float, L, R};
    let op = instruction.op;
    let info = op.info();
    let calls = matches!(op, Op::Call | Op::Callc | Op::Fcall);
    if calls || matches!(op, Op::Ret | Op::Retc | Op::Discard | Op::CheckAccessFullyMapped) {
        return None;
    }
    let types = info.dst.iter().chain(info.src);
    let moves = matches!(op, Op::Mov | Op::Movc | Op::Swapc | Op::Itof | Op::Utof);
    if info.cost != CostClass::Flow && !moves && types.clone().any(|kind| matches!(kind, D | Float | L | R)) {
        return None;
    }
    if moves {
        // Negating a float flips a sign, but a NaN may lose its bits on the way.
        instruction.saturate = false;
        for operand in instruction.operands.iter_mut().skip(info.dst.len()) {
            let float = matches!(op, Op::Mov | Op::Movc | Op::Swapc);
            if float {
                operand.modifier = Modifier::None;
            }
        }
    }
    let results = info.dst.len();
    for (position, operand) in instruction.operands.iter_mut().enumerate() {
        if keep(operand, position < results, stage).is_none() {
            if info.cost != CostClass::Flow {
                return None;
            }
            // Blocks stay in pairs, whatever they ask.
            *operand = Operand::register(F::Temp, &[0], Components::Select(0));
        }
    }
    Some(instruction)
}

/// Replaces what the surrounding shader does not have, or gives up.
fn keep(operand: &mut Operand, written: bool, stage: Stage) -> Option<()> {
    for index in &mut operand.indices {
        if let Some(relative) = &mut index.relative {
            keep(relative, false, stage)?;
        }
    }
    match operand.file {
        F::Temp
        | F::IndexableTemp
        | F::ConstantBuffer
        | F::ImmediateConstantBuffer
        | F::Immediate32
        | F::Null => {}
        F::ThreadId | F::ThreadGroupId | F::ThreadIdInGroup | F::ThreadIdInGroupFlattened
            if stage == Stage::Compute => {}
        F::Input => operand.indices = [Index::constant(1)].into_iter().collect(),
        F::Output if written && operand.indices[0].relative.is_none() => {
            *operand = Operand { file: F::Temp, ..operand.clone() };
        }
        _ => return None,
    }
    if operand.file == F::Null && !written {
        operand.file = F::Immediate32;
        operand.components = Components::One;
        operand.immediate = [0].into_iter().collect();
        operand.indices.clear();
    }
    Some(())
}
