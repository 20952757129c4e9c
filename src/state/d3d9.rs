//! Direct3D 9's states by number, kept raw; they get their meaning when a draw uses them.

use std::collections::BTreeMap;

/// Render states by `D3DRENDERSTATETYPE`; what was never set is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RenderStates {
    values: BTreeMap<u32, u32>,
}

impl RenderStates {
    /// Sets a state.
    pub fn set(&mut self, state: u32, value: u32) {
        self.values.insert(state, value);
    }

    /// A state, if it was set.
    pub fn get(&self, state: u32) -> Option<u32> {
        self.values.get(&state).copied()
    }
}

/// Integer and boolean constants and sampler states of one stage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageState {
    /// `i#` registers.
    pub integers: BTreeMap<u32, [i32; 4]>,
    /// `b#` registers.
    pub booleans: BTreeMap<u32, bool>,
    /// Sampler states by slot and `D3DSAMPLERSTATETYPE`.
    pub samplers: BTreeMap<(u32, u32), u32>,
}

/// Registers of each constant file.
pub const CONSTANT_REGISTERS: u32 = 256;
/// Sampler slots of a stage.
pub const SAMPLER_SLOTS: u32 = 16;
