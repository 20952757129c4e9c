//! Runs a shader on made-up inputs in either interpreter, and takes down everything that comes of it.

use super::world::{HashWorld, value};
use crate::ir::Stage;
use crate::scalar::{self, ExecutionError};
use crate::simd::{self, Level, Registers};
use crate::{HullIo, Io, ValidatedShader};

/// Which interpreter runs.
#[derive(Debug, Clone, Copy)]
pub enum Engine {
    /// The reference.
    Scalar,
    /// The fast one, at a level.
    Simd(Level),
}

impl Engine {
    /// The reference and every level that this machine has.
    pub fn all() -> Vec<Self> {
        [Self::Scalar].into_iter().chain(levels().into_iter().map(Self::Simd)).collect()
    }
}

/// True for a shader that the fast interpreter runs itself; the others are too large for it.
pub fn lowers(shader: &ValidatedShader) -> bool {
    shader.lowered().is_some()
}

/// Every level that this machine has.
pub fn levels() -> Vec<Level> {
    let best = Level::new();
    #[allow(unused_mut, reason = "not every target has several levels")]
    let mut levels = vec![Level::baseline()];
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    {
        levels.extend(best.as_sse4_2().map(Level::Sse4_2));
        levels.extend(best.as_avx2().map(Level::Avx2));
        levels.extend(best.as_avx512().map(Level::Avx512));
    }
    #[cfg(feature = "fallback")]
    levels.push(Level::fallback());
    let _ = best;
    levels
}

/// Inputs and outputs of a run as [`run`] makes them.
pub fn prepare(shader: &ValidatedShader, lanes: usize, seed: u32) -> Io {
    let lanes = if shader.stage() == Stage::Compute {
        shader.thread_group().iter().product::<u32>() as usize
    } else {
        lanes
    };
    let mut io = Io::default();
    io.reset(lanes, shader.input_vectors(), shader.patch_registers(), shader.output_registers());
    let words = |rows: &mut crate::Rows, salt: u32| {
        for row in 0..rows.len() {
            for (lane, word) in rows.row_mut(row).iter_mut().enumerate() {
                *word = value(&[seed, row as u32, lane as u32, salt]);
            }
        }
    };
    words(&mut io.inputs, 0);
    words(&mut io.patch_constants, 1);
    words(&mut io.outputs, 2);
    io.thread_group_id = [seed & 3, seed >> 2 & 3, seed >> 4 & 3];
    for lane in 0..lanes {
        let word = |salt: u32| value(&[seed, lane as u32, salt]);
        io.live[lane] = shader.stage() != Stage::Pixel || word(3) & 7 != 0;
        (io.primitive_id[lane], io.coverage[lane], io.gs_instance_id[lane]) = (word(4), word(5), word(6));
        (io.depth[lane], io.output_coverage[lane], io.stencil_ref[lane]) = (word(7), word(8), word(9));
        io.domain_point[lane] = [word(10), word(11), word(12)];
    }
    io
}

/// The same of a hull shader: a patch, and another for every sixteen lanes.
fn prepare_patches(shader: &ValidatedShader, lanes: usize, seed: u32) -> HullIo {
    let mut io = HullIo::default();
    io.reset(1 + lanes / 16, shader.input_vectors());
    for (number, word) in (0..).zip(io.inputs.as_flattened_mut()) {
        *word = value(&[seed, number, 0]);
    }
    for (patch, id) in (0..).zip(&mut io.primitive_id) {
        *id = value(&[seed, patch, 4]);
    }
    io
}

/// Everything observable of a run, as words; or why it gave no result. The budget is for a block of lanes, or a patch.
pub fn run(
    engine: Engine,
    shader: &ValidatedShader,
    lanes: usize,
    seed: u32,
    budget: u64,
    registers: &mut Registers,
) -> Result<Vec<u32>, ExecutionError> {
    let world = HashWorld::new(seed);
    let mut found: Vec<u32> = if shader.stage() == Stage::Hull {
        let mut io = prepare_patches(shader, lanes, seed);
        let budget = budget * io.patches as u64;
        match engine {
            Engine::Scalar => scalar::run_hull(shader, &world, &mut io, budget)?,
            Engine::Simd(level) => simd::run_hull(level, shader, &world, &mut io, budget, registers)?,
        }
        let mut words = [io.control_points.as_flattened(), io.patch_constants.as_flattened()].concat();
        words.push(io.instructions as u32);
        words.extend(io.turns.iter().map(|&turns| turns as u32));
        words
    } else {
        let mut io = prepare(shader, lanes, seed);
        match engine {
            Engine::Scalar => scalar::run(shader, &world, &mut io, budget)?,
            Engine::Simd(level) => simd::run(level, shader, &world, &mut io, budget, registers)?,
        }
        observe(&io)
    };
    found.push(world.effects());
    Ok(found)
}

fn observe(io: &Io) -> Vec<u32> {
    let mut words: Vec<u32> = (0..io.outputs.len()).flat_map(|row| io.outputs.row(row).to_vec()).collect();
    for more in [&io.depth, &io.output_coverage, &io.stencil_ref] {
        words.extend(more);
    }
    words.extend(io.live.iter().map(|&live| u32::from(live)));
    words.push(io.instructions as u32);
    words.extend(io.turns.iter().map(|&turns| turns as u32));
    for emission in io.emissions.iter().flatten() {
        match emission {
            crate::Emission::Vertex { stream, registers } => {
                words.push((*stream).into());
                words.extend(registers.iter().flatten());
            }
            crate::Emission::Cut { stream } => words.push(0x100 | u32::from(*stream)),
        }
    }
    words
}
