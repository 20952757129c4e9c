//! Dispatches: thread groups one after another, in order.

use aerogpu_dxbc::scalar::{self, ExecutionError};
use aerogpu_dxbc::{Io, ValidatedShader};

use super::bindings::StageBindings;
use crate::backend::Statistics;
use crate::limits;

/// Runs `groups` thread groups of a compute shader. Groups run in order of z, y, x, so that results do not depend on
/// anything but the inputs.
pub fn run(
    shader: &ValidatedShader,
    bindings: &StageBindings,
    groups: [u32; 3],
) -> Result<Statistics, ExecutionError> {
    let threads = shader.thread_group().iter().product::<u32>() as usize;
    let mut io = Io::default();
    let mut statistics = Statistics { dispatches: 1, ..Default::default() };
    for z in 0..groups[2] {
        for y in 0..groups[1] {
            for x in 0..groups[0] {
                io.reset(threads, 0, 0, 0);
                io.thread_group_id = [x, y, z];
                scalar::run(shader, bindings, &mut io, limits::SHADER_BUDGET)?;
                statistics.cs_invocations += threads as u64;
            }
        }
    }
    Ok(statistics)
}
