//! The registers that cross a shader's boundary, for many lanes at once.
//!
//! Rows are structures of arrays: row `register * 4 + component` holds that component of every lane side by side.
//! Both interpreters take the same [`Io`]; the pipeline fills inputs and system values, runs, and reads outputs.

/// Rows of one 32-bit word a lane.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    lanes: usize,
    words: Vec<u32>,
}

impl Rows {
    /// `rows` rows of `lanes` zeros.
    pub fn new(rows: usize, lanes: usize) -> Self {
        Self { lanes, words: vec![0; rows * lanes] }
    }

    /// Changes the shape and sets every word to 0; keeps the allocation.
    pub fn reset(&mut self, rows: usize, lanes: usize) {
        self.lanes = lanes;
        self.words.clear();
        self.words.resize(rows * lanes, 0);
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.words.len().checked_div(self.lanes).unwrap_or(0)
    }

    /// True when there are no rows.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// True when at least `rows` rows of exactly `lanes` lanes are there.
    pub fn has(&self, rows: usize, lanes: usize) -> bool {
        self.lanes == lanes && self.len() >= rows
    }

    /// One component of every lane.
    pub fn row(&self, row: usize) -> &[u32] {
        &self.words[row * self.lanes..][..self.lanes]
    }

    /// One component of every lane, to be filled.
    pub fn row_mut(&mut self, row: usize) -> &mut [u32] {
        &mut self.words[row * self.lanes..][..self.lanes]
    }

    /// The four components of a register in one lane.
    pub fn vector(&self, lane: usize, register: usize) -> [u32; 4] {
        std::array::from_fn(|c| self.words[(register * 4 + c) * self.lanes + lane])
    }

    /// Sets the four components of a register in one lane.
    pub fn set_vector(&mut self, lane: usize, register: usize, value: [u32; 4]) {
        for (c, word) in value.into_iter().enumerate() {
            self.words[(register * 4 + c) * self.lanes + lane] = word;
        }
    }
}

/// A vertex or a strip cut that a geometry shader emitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Emission {
    /// The output registers at the time of the emit.
    Vertex {
        /// Output stream.
        stream: u8,
        /// Every output register.
        registers: Box<[[u32; 4]]>,
    },
    /// The strip of this stream ends.
    Cut {
        /// Output stream.
        stream: u8,
    },
}

/// Inputs and outputs of a block of lanes.
///
/// Lanes of a pixel shader are whole 2x2 quads: lane `4q + i` is pixel `(i & 1, i >> 1)` of quad `q`. Lanes of a compute
/// shader are one whole thread group, in flattened order.
#[derive(Debug, Clone, Default)]
pub struct Io {
    /// Number of lanes.
    pub lanes: usize,
    /// Input registers `v#`. With several vertices (geometry, hull, domain control points) the register of vertex `i` is
    /// `i * input_registers + register`.
    pub inputs: Rows,
    /// Patch constants `vpc#` that a domain shader reads.
    pub patch_constants: Rows,
    /// Output registers `o#`.
    pub outputs: Rows,
    /// Lanes whose writes to memory and whose results count. Helper pixels start as false; `discard` makes a lane false.
    /// Every lane executes in any case.
    pub live: Vec<bool>,
    /// `vPrim`: one word a lane.
    pub primitive_id: Vec<u32>,
    /// `vCoverage`: one word a lane.
    pub coverage: Vec<u32>,
    /// `vGSInstanceID`: one word a lane.
    pub gs_instance_id: Vec<u32>,
    /// `vDomain`: three words a lane (u, v, w as bits of floats).
    pub domain_point: Vec<[u32; 3]>,
    /// `vThreadGroupID`, the same for all lanes.
    pub thread_group_id: [u32; 3],
    /// `oDepth` and its conservative forms, bits of floats, one word a lane.
    pub depth: Vec<u32>,
    /// `oMask`, one word a lane.
    pub output_coverage: Vec<u32>,
    /// `oStencilRef`, one word a lane.
    pub stencil_ref: Vec<u32>,
    /// What a geometry shader's lanes emitted, one list a lane; lanes beyond the end emitted nothing.
    pub emissions: Vec<Vec<Emission>>,
    /// Instructions that the last run took from its budget.
    pub instructions: u64,
    /// Turns of each loop of the program after its first one, in the order of their ends: summed over the quads of a pixel
    /// shader (those with a lane that goes on), over the lanes of others. So the sum does not depend on who shares a block.
    pub turns: Vec<u64>,
}

impl Io {
    /// Prepares for `lanes` live lanes of a shader with this many input and output vectors; everything is 0.
    pub fn reset(&mut self, lanes: usize, input_vectors: usize, patch_vectors: usize, output_vectors: usize) {
        self.lanes = lanes;
        self.inputs.reset(input_vectors * 4, lanes);
        self.patch_constants.reset(patch_vectors * 4, lanes);
        self.outputs.reset(output_vectors * 4, lanes);
        self.live.clear();
        self.live.resize(lanes, true);
        for words in [
            &mut self.primitive_id,
            &mut self.coverage,
            &mut self.gs_instance_id,
            &mut self.depth,
            &mut self.output_coverage,
            &mut self.stencil_ref,
        ] {
            words.clear();
            words.resize(lanes, 0);
        }
        self.domain_point.clear();
        self.domain_point.resize(lanes, [0; 3]);
        self.thread_group_id = [0; 3];
        self.emissions.truncate(lanes);
        self.emissions.iter_mut().for_each(Vec::clear);
        self.instructions = 0;
        self.turns.clear();
    }
}

/// Patches of a hull shader: what goes in, and what it makes of them. Vectors stand patch by patch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HullIo {
    /// Number of patches.
    pub patches: usize,
    /// Input control points, `input_registers` vectors each.
    pub inputs: Vec<[u32; 4]>,
    /// `vPrim`: one word a patch.
    pub primitive_id: Vec<u32>,
    /// Output control points, `output_registers` vectors each.
    pub control_points: Vec<[u32; 4]>,
    /// Patch constants `vpc#`, with the tessellation factors where the signature puts them: `patch_registers` a patch.
    pub patch_constants: Vec<[u32; 4]>,
    /// Instructions that the last run took from its budget: all phases of all patches together.
    pub instructions: u64,
    /// As [`Io::turns`], of all phases of all patches together.
    pub turns: Vec<u64>,
}

impl HullIo {
    /// Prepares for so many patches of a shader that takes so many [vectors](crate::ValidatedShader::input_vectors) of each;
    /// everything is 0.
    pub fn reset(&mut self, patches: usize, input_vectors: usize) {
        self.patches = patches;
        self.inputs.clear();
        self.inputs.resize(patches * input_vectors, [0; 4]);
        self.primitive_id.clear();
        self.primitive_id.resize(patches, 0);
        self.control_points.clear();
        self.patch_constants.clear();
        self.instructions = 0;
        self.turns.clear();
    }
}
