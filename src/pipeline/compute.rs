//! Dispatches: thread groups one after another, in order.

use aerogpu_dxbc::{Io, ValidatedShader};

use super::bindings::StageBindings;
use super::price::Price;
use crate::budget::{Budget, Spent};
use crate::cycles::Work;
use crate::limits;

/// Runs `groups` thread groups of a compute shader. Groups run in order of z, y, x, so that results do not depend on
/// anything but the inputs, not even when the budget is spent: groups before the one that spent it have run whole, the
/// last one as far as it came, the others not at all.
pub fn run(
    shader: &ValidatedShader,
    bindings: &StageBindings,
    groups: [u32; 3],
    budget: &Budget,
    work: &mut Work,
) -> Result<(), Spent> {
    let threads = shader.thread_group().iter().product::<u32>() as usize;
    let price = Price::new(shader, bindings);
    let mut io = Io::default();
    work.dispatches += 1;
    for z in 0..groups[2] {
        for y in 0..groups[1] {
            for x in 0..groups[0] {
                io.reset(threads, 0, 0, 0);
                io.thread_group_id = [x, y, z];
                work.cs_invocations += threads as u64;
                let result = budget.run(shader, bindings, &mut io, limits::SHADER_BUDGET);
                work.cs_slots += price.group(threads as u64, &io.turns);
                result?;
            }
        }
    }
    Ok(())
}
