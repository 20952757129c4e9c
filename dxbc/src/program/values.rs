//! Which row holds which value, and what is known of it.

use rustc_hash::FxHashMap;

use super::op::{Inst, Op, Row};

/// Set in the numbers of uniform rows.
pub(super) const UNIFORM: Row = 1 << 31;
/// The results of memory operations.
pub(crate) const TEXELS: Row = 0;
/// All ones in every lane that exists.
pub(crate) const VALID: Row = 4;
const FIRST_FREE: Row = 5;

pub(super) fn is_uniform(row: Row) -> bool {
    row & UNIFORM != 0
}

/// The exponent of the least normal number.
pub(super) const NORMAL: i16 = -126;

/// What is known of a row's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    /// As floats they are zeros, infinities, NaNs, or at least 2^least; from [`NORMAL`] on there are no denormals.
    pub(super) least: i16,
    /// Every NaN stands for the canonical one.
    pub(super) float: bool,
    /// NaNs may have other bits than the value that they stand for. Only of floats.
    pub(super) dirty: bool,
    /// All ones or zero.
    pub(super) mask: bool,
}

impl Known {
    /// What float arithmetic gives.
    pub(super) const ARITHMETIC: Self = Self { least: NORMAL, float: true, dirty: true, mask: false };
    /// Any word.
    pub(super) const BITS: Self = Self { least: -149, float: false, dirty: false, mask: false };
    /// A comparison's result.
    pub(super) const MASK: Self = Self { mask: true, ..Self::BITS };

    /// [`Self::ARITHMETIC`] of a known least exponent.
    pub(super) fn at_least(least: i16) -> Self {
        Self { least: least.clamp(NORMAL, 127), ..Self::ARITHMETIC }
    }

    pub(super) fn flushed(self) -> bool {
        self.least >= NORMAL
    }

    pub(super) fn of(word: u32) -> Self {
        let magnitude = word & 0x7fff_ffff;
        Self {
            least: match magnitude {
                0 => 127,
                1..0x0080_0000 => -149,
                _ => (magnitude >> 23) as i16 - 127,
            },
            float: magnitude <= 0x7f80_0000 || word == 0x7fc0_0000,
            dirty: false,
            mask: word == 0 || word == u32::MAX,
        }
    }
}

/// Where a uniform row's word comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum UniformWord {
    Immediate(u32),
    /// A word of a constant buffer.
    Constant {
        slot: u32,
        word: u32,
    },
    /// `vThreadGroupID`
    ThreadGroupId(u8),
}

/// Rows and what they hold.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// Rows with a word for each lane.
    pub(super) lane_rows: Row,
    /// What is loaded to uniform rows, and what is computed from that.
    pub(super) uniforms: Vec<(UniformWord, Row)>,
    pub(super) setup: Vec<Inst>,
    uniform_rows: Row,
    words: FxHashMap<UniformWord, Row>,
    computed: FxHashMap<(Op, [u32; 3]), Row>,
    immediates: FxHashMap<Row, u32>,
    known: Vec<Known>,
    uniform_known: Vec<Known>,
    /// Rows whose knowledge outlives blocks: nothing writes them after the start.
    constant: Vec<bool>,
    /// The row of each variable, allocated at first use.
    homes: Vec<Option<Row>>,
    /// Variables whose value is found in another row than their own.
    pub(super) aliases: FxHashMap<usize, Row>,
    /// Rows without the denormals of others.
    pub(super) flushed: FxHashMap<Row, Row>,
    flush_rows: FxHashMap<Row, Row>,
    free: Vec<Row>,
    of_step: Vec<Row>,
    of_block: Vec<Row>,
}

impl Values {
    pub(super) fn new(variables: usize) -> Self {
        let mut values = Self { homes: vec![None; variables], ..Self::default() };
        values.lane_rows = FIRST_FREE;
        values.known = vec![Known::BITS; FIRST_FREE as usize];
        values.constant = vec![false; FIRST_FREE as usize];
        values.known[VALID as usize] = Known::MASK;
        values.constant[VALID as usize] = true;
        values
    }

    pub(super) fn uniform_rows(&self) -> Row {
        self.uniform_rows
    }

    /// A row that stays allocated.
    pub(super) fn allocate(&mut self) -> Row {
        self.lane_rows += 1;
        self.known.push(Known::BITS);
        self.constant.push(false);
        self.lane_rows - 1
    }

    /// A row that is written before everything else and never again.
    pub(super) fn allocate_constant(&mut self, known: Known) -> Row {
        let row = self.allocate();
        self.known[row as usize] = known;
        self.constant[row as usize] = true;
        row
    }

    /// A row until the end of the step.
    pub(super) fn scratch(&mut self) -> Row {
        let row = self.take();
        self.of_step.push(row);
        row
    }

    /// A row until the end of the block.
    pub(super) fn block_scratch(&mut self) -> Row {
        let row = self.take();
        self.of_block.push(row);
        row
    }

    pub(super) fn end_step(&mut self) {
        self.free.append(&mut self.of_step);
    }

    /// Forgets what held for this block alone.
    pub(super) fn end_block(&mut self) {
        self.end_step();
        self.free.append(&mut self.of_block);
        self.aliases.clear();
        self.flushed.retain(|row, _| is_uniform(*row) || self.constant[*row as usize]);
        for (known, constant) in self.known.iter_mut().zip(&self.constant) {
            if !constant {
                *known = Known::BITS;
            }
        }
    }

    pub(super) fn home(&mut self, variable: usize) -> Row {
        match self.homes[variable] {
            Some(row) => row,
            None => {
                let row = self.allocate();
                self.homes[variable] = Some(row);
                row
            }
        }
    }

    /// The variable's row, if it ever had one.
    pub(super) fn existing_home(&self, variable: usize) -> Option<Row> {
        self.homes[variable]
    }

    /// Where the variable's value is now.
    pub(super) fn read(&mut self, variable: usize) -> Row {
        match self.aliases.get(&variable) {
            Some(&row) => row,
            None => self.home(variable),
        }
    }

    pub(super) fn known(&self, row: Row) -> Known {
        if is_uniform(row) { self.uniform_known[(row & !UNIFORM) as usize] } else { self.known[row as usize] }
    }

    pub(super) fn set_known(&mut self, row: Row, known: Known) {
        self.known[row as usize] = known;
    }

    /// True for rows that keep their value until a variable is written: others may point at them.
    pub(super) fn is_lasting(&self, row: Row) -> bool {
        row >= FIRST_FREE && !self.of_step.contains(&row)
    }

    pub(super) fn is_constant(&self, row: Row) -> bool {
        self.constant[row as usize]
    }

    /// A row until it is given back.
    pub(super) fn take(&mut self) -> Row {
        let Some(row) = self.free.pop() else { return self.allocate() };
        self.flushed.remove(&row);
        row
    }

    pub(super) fn give(&mut self, row: Row) {
        self.free.push(row);
    }

    /// Puts a variable into a row that is reached by index.
    pub(super) fn set_home(&mut self, variable: usize, row: Row) {
        self.homes[variable] = Some(row);
    }

    /// The row for the denormal-free copy of another.
    pub(super) fn flush_row(&mut self, row: Row) -> Row {
        if let Some(&copy) = self.flush_rows.get(&row) {
            return copy;
        }
        let copy = if self.is_constant(row) {
            self.allocate_constant(Known { least: NORMAL, ..self.known(row) })
        } else {
            self.allocate()
        };
        self.flush_rows.insert(row, copy);
        copy
    }

    fn new_uniform(&mut self, known: Known) -> Row {
        self.uniform_rows += 1;
        self.uniform_known.push(known);
        (self.uniform_rows - 1) | UNIFORM
    }

    /// The uniform row of a word from outside.
    pub(super) fn uniform(&mut self, word: UniformWord) -> Row {
        if let Some(&row) = self.words.get(&word) {
            return row;
        }
        let known = match word {
            UniformWord::Immediate(word) => Known::of(word),
            _ => Known::BITS,
        };
        let row = self.new_uniform(known);
        if let UniformWord::Immediate(word) = word {
            self.immediates.insert(row, word);
        }
        self.words.insert(word, row);
        self.uniforms.push((word, row));
        row
    }

    pub(super) fn immediate(&mut self, word: u32) -> Row {
        self.uniform(UniformWord::Immediate(word))
    }

    /// The word of a uniform row that is an immediate.
    pub(super) fn immediate_word(&self, row: Row) -> Option<u32> {
        self.immediates.get(&row).copied()
    }

    /// A uniform row computed from others, once for all lanes.
    pub(super) fn compute(&mut self, op: Op, operands: [u32; 3], known: Known) -> Row {
        if let Some(&row) = self.computed.get(&(op, operands)) {
            return row;
        }
        let row = self.new_uniform(Known { dirty: false, ..known });
        self.setup.push(Inst::new(op, row, operands));
        if known.dirty {
            self.setup.push(Inst::new(Op::Canonical, row, [row, 0, 0]));
        }
        self.computed.insert((op, operands), row);
        row
    }
}
