//! What a listing says beside statements: the names of what is bound, and what instructions cost.

use crate::ir::names::Named;
use crate::ir::{Declaration, Statement};
use crate::reflection::{Binding, Reflection};
use crate::shader::InstructionSlots;

/// What stands beside a statement, if anything does.
pub(super) fn note(statement: &Statement, reflection: Option<&Reflection>) -> Option<String> {
    match statement {
        Statement::Instruction(instruction) => {
            Some(InstructionSlots::of(instruction.op.info().cost).to_string())
        }
        Statement::Declaration(declaration) => name(declaration, &reflection?.bindings),
        Statement::CustomData(_) => None,
    }
}

/// What the source calls the declared registers: `shadow`, or `maps[2]` for one register of an array.
fn name(declaration: &Declaration, bindings: &[Binding]) -> Option<String> {
    use Declaration as D;
    let (operand, space) = match declaration {
        D::Resource { operand, space, .. }
        | D::ResourceRaw { operand, space }
        | D::ResourceStructured { operand, space, .. }
        | D::Sampler { operand, space, .. }
        | D::UavTyped { operand, space, .. }
        | D::UavRaw { operand, space, .. }
        | D::UavStructured { operand, space, .. } => (operand, *space),
        D::ConstantBuffer { operand, size_and_space, .. } => {
            (operand, size_and_space.map(|(_, space)| space))
        }
        _ => return None,
    };
    // In Shader Model 5.1 the number of the range comes first.
    let register = operand.indices.get(usize::from(space.is_some()))?.base;
    let within = |b: &&Binding| {
        let after = register.checked_sub(b.register.into());
        b.kind.register_prefix() == operand.file.name()
            && b.space == space.unwrap_or(0)
            && after.is_some_and(|after| b.count == 0 || after < b.count.into())
    };
    let binding = bindings.iter().find(within)?;
    let name = binding.name.escape_debug();
    Some(match space {
        None if binding.count != 1 => format!("{name}[{}]", register - u64::from(binding.register)),
        _ => name.to_string(),
    })
}
