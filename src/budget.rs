//! What a submission may cost: one account, charged in the order of its commands, so that no thread changes what is refused.

use std::cell::Cell;

use aerogpu_dxbc::resources::Resources;
use aerogpu_dxbc::scalar::ExecutionError;
use aerogpu_dxbc::{HullIo, Io, ValidatedShader};

use crate::engine::Engine;
use crate::limits;

/// The budget is spent; what asked for more is abandoned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent;

/// Work that may still be done, in instructions of one lane. What is no instruction costs as many as take about as long.
#[derive(Debug)]
pub struct Budget {
    left: Cell<u64>,
    engine: Engine,
}

impl Budget {
    /// So much work.
    pub fn new(work: u64) -> Self {
        Self::with_engine(work, Engine::default())
    }

    /// So much work, shaders by this interpreter.
    pub fn with_engine(work: u64, engine: Engine) -> Self {
        Self { left: Cell::new(work), engine }
    }

    /// The interpreter that runs shaders.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// What is left.
    pub fn left(&self) -> u64 {
        self.left.get()
    }

    /// Takes what something costs, or everything when that is not left.
    pub fn spend(&self, cost: u64) -> Result<(), Spent> {
        let left = self.left.get().checked_sub(cost);
        self.left.set(left.unwrap_or(0));
        left.map(|_| ()).ok_or(Spent)
    }

    /// Takes what it costs to move bytes.
    pub fn spend_bytes(&self, bytes: u64) -> Result<(), Spent> {
        self.spend(bytes.div_ceil(limits::BYTES_PER_INSTRUCTION))
    }

    /// Runs a shader for the lanes of `io`, for at most `limit` instructions of one lane.
    pub fn run(
        &self,
        shader: &ValidatedShader,
        resources: &dyn Resources,
        io: &mut Io,
        limit: u64,
    ) -> Result<(), Spent> {
        let lanes = (io.lanes as u64).max(1);
        self.spend(limits::RUN_COST)?;
        let result = self.engine.run(shader, resources, io, self.left().min(limit) / lanes);
        self.settle(io.instructions * lanes, result)
    }

    /// Takes what [`run`](Self::run) takes for a shader that executes so many [instructions] in every lane, and fails as it
    /// does.
    ///
    /// [instructions]: ValidatedShader::fixed_instructions
    pub fn spend_run(&self, lanes: u64, instructions: u64, limit: u64) -> Result<(), Spent> {
        self.spend(limits::RUN_COST)?;
        let most = self.left().min(limit) / lanes.max(1);
        self.spend(instructions.min(most) * lanes)?;
        if instructions <= most { Ok(()) } else { Err(Spent) }
    }

    /// Takes what [`run`](Self::run) takes, and `cost` before it, for a run that was made ahead and that is known to have
    /// ended after so many instructions of each lane. When it would have ended otherwise, nothing is taken: false.
    pub fn take_run(&self, cost: u64, lanes: u64, instructions: u64, limit: u64) -> bool {
        let left = self.left().checked_sub(cost).and_then(|left| left.checked_sub(limits::RUN_COST));
        let left = left.filter(|left| instructions <= left.min(&limit) / lanes.max(1));
        left.inspect(|left| self.left.set(left - instructions * lanes.max(1))).is_some()
    }

    /// Runs a hull shader for the patches of `io`, for at most [`limits::SHADER_BUDGET`] instructions of one lane.
    pub fn run_hull(
        &self,
        shader: &ValidatedShader,
        resources: &dyn Resources,
        io: &mut HullIo,
    ) -> Result<(), Spent> {
        let points = shader.hull().map_or(1, |hull| hull.output_points.max(1) as u64);
        self.spend(limits::RUN_COST * io.patches as u64)?;
        let budget = self.left().min(limits::SHADER_BUDGET) / points;
        let result = self.engine.run_hull(shader, resources, io, budget);
        self.settle(io.instructions * points, result)
    }

    fn settle(&self, cost: u64, result: Result<(), ExecutionError>) -> Result<(), Spent> {
        self.spend(cost)?;
        // A validated shader with the registers that it asks for fails in one way only.
        result.map_err(|_| Spent)
    }
}
