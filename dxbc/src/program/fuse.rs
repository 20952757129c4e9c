//! Neighbouring instructions that run as one: the second takes what the first computes from the vector register.

use super::op::{Inst, Op};

/// Fuses what can be. The second instruction of a pair stays in its place, for jumps that lead to it.
pub(super) fn fuse(insts: &mut [Inst]) {
    let mut position = 0;
    while let Some([first, second]) = insts.get_mut(position..position + 2) {
        position += 1;
        // The operand that comes from the first instruction stands where the kernels expect it.
        let commutes = matches!(second.op, Op::AddExact | Op::Min | Op::Max);
        if commutes && second.b == first.d {
            (second.a, second.b) = (second.b, second.a);
        }
        let chained = if commutes { second.a } else { second.c };
        let fused = match (first.op, second.op) {
            (Op::MadExact, Op::MadExact) => Op::MadThenMad,
            (Op::MadExact, Op::MadLate) => Op::MadThenMadLate,
            (Op::Min, Op::AddExact) => Op::MinThenAdd,
            (Op::Min, Op::Max) => Op::MinThenMax,
            (Op::Max, Op::Min) => Op::MaxThenMin,
            _ => continue,
        };
        if chained == first.d {
            first.op = fused;
            position += 1;
        }
    }
}
