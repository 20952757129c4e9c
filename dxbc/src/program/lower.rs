//! From steps on vectors to instructions on rows: the common part.

use rustc_hash::FxHashMap;

use super::flow::Frame;
use super::live::{Liveness, Variables, contains, is_pure, read_destination};
use super::op::{Indexed, Inst, Op, Row, Tables};
use super::values::{Known, NORMAL, UNIFORM, UniformWord, Values, is_uniform};
use super::{InputWord, Program};
use crate::shader::{
    Code, Destination, Index, Phase, Place, Source, SourceModifier, Step, Target, ValidatedShader,
};

pub(super) const SIGN: u32 = 1 << 31;

/// A program in the making.
pub(super) struct Lowering<'a> {
    pub(super) shader: &'a ValidatedShader,
    pub(super) code: &'a Code,
    /// What is lowered.
    pub(super) phase: Phase,
    pub(super) variables: Variables,
    pub(super) live: &'a Liveness,
    pub(super) values: Values,
    /// Instructions before the first step, for what never changes.
    pub(super) entry: Vec<Inst>,
    pub(super) insts: Vec<Inst>,
    pub(super) tables: Tables,
    pub(super) inputs: Vec<(InputWord, Row)>,
    /// Lanes that execute; `None` when all do.
    pub(super) exec: Option<Row>,
    pub(super) frames: Vec<Frame>,
    /// Lanes that have not returned, once some may have.
    pub(super) running: Option<Row>,
    pub(super) returned: bool,
    /// What lanes that have returned need.
    pub(super) waiting_returned: Option<Vec<u64>>,
    /// Where lanes go when all have returned.
    pub(super) program_end: super::flow::Label,
    /// The end of each loop and switch by its position.
    pub(super) loop_ends: &'a FxHashMap<usize, usize>,
    /// Where each label is, as it becomes known.
    pub(super) labels: Vec<u32>,
    /// Variables needed after the current step.
    pub(super) needed: Vec<u64>,
    /// Rows of arrays, outputs or inputs that are reached by index: their first rows.
    pub(super) array_rows: Vec<(u32, Row)>,
    pub(super) output_rows: Option<Row>,
    pub(super) input_rows: Option<Row>,
    /// The shader touches memory that it could write.
    pub(super) has_effects: bool,
    /// Instructions of the phases before.
    pub(super) size: usize,
    /// Calls have made it too long.
    pub(super) too_large: bool,
}

/// What a component of a result is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value {
    /// Yet to be computed.
    Inst(Op, [Row; 3], Known),
    /// Found in a row.
    Row(Row),
}

impl Lowering<'_> {
    /// Appends an instruction for all lanes.
    pub(super) fn emit(&mut self, op: Op, d: Row, operands: [u32; 3]) {
        self.insts.push(Inst::new(op, d, operands));
    }

    /// Computes a value to a row that lasts until the end of the step.
    pub(super) fn compute(&mut self, op: Op, operands: [Row; 3], known: Known) -> Row {
        if operands.iter().all(|&row| is_uniform(row)) {
            return self.values.compute(op, operands, known);
        }
        let row = self.values.scratch();
        self.emit(op, row, operands);
        self.values.set_known(row, known);
        row
    }

    /// The row of a value.
    pub(super) fn row(&mut self, value: Value) -> Row {
        match value {
            Value::Row(row) => row,
            Value::Inst(op, operands, known) => self.compute(op, operands, known),
        }
    }

    /// The same row, its NaNs canonical, so that its bits may be looked at.
    pub(super) fn exact(&mut self, row: Row) -> Row {
        let known = self.values.known(row);
        if known.dirty {
            self.emit(Op::Canonical, row, [row, row, row]);
            self.values.set_known(row, Known { dirty: false, ..known });
        }
        row
    }

    /// A row with the same numbers, denormals as zeros.
    pub(super) fn flushed(&mut self, row: Row) -> Row {
        let known = self.values.known(row);
        if known.flushed() {
            return row;
        }
        let known = Known { least: NORMAL, ..known };
        if is_uniform(row) {
            return self.values.compute(Op::Flush, [row; 3], known);
        }
        if let Some(&copy) = self.values.flushed.get(&row) {
            return copy;
        }
        let copy = self.values.flush_row(row);
        let insts = if self.values.is_constant(row) { &mut self.entry } else { &mut self.insts };
        insts.push(Inst::new(Op::Flush, copy, [row; 3]));
        self.values.set_known(copy, known);
        self.values.flushed.insert(row, copy);
        copy
    }

    /// The raw component of a source that belongs to component `c` of the result, without its modifier.
    pub(super) fn component(&mut self, source: &Source, c: usize) -> Row {
        let c = usize::from(source.swizzle[c] & 3);
        if let Some(row) = self.patch_component(&source.place, c) {
            return row;
        }
        match &source.place {
            Place::Immediate(words) => self.values.immediate(words[c]),
            Place::Null | Place::InnerCoverage => self.values.immediate(0),
            Place::Temp(register) => self.values.read(self.variables.temp(*register, c)),
            Place::Array { first, count, index } => match index.relative {
                None if index.base < *count => self.values.read(self.variables.array(first + index.base, c)),
                None => self.values.immediate(0),
                Some(_) => {
                    let rows =
                        self.array_rows.iter().find(|(array, _)| array == first).map_or(0, |&(_, r)| r);
                    self.synchronize(self.variables.array(*first, 0), *count as usize * 4);
                    self.gather(index, |base| Indexed::Rows { first: rows + c as u32, count: *count, base })
                }
            },
            Place::Input(register) => match (&register.relative, self.input_rows) {
                (Some(_), Some(rows)) => {
                    let count = self.shader.input_registers() as u32;
                    self.gather(register, |base| Indexed::Rows { first: rows + c as u32, count, base })
                }
                _ => self.input(InputWord::Input(register.base * 4 + c as u32)),
            },
            Place::VertexInput { vertex: Index { base: vertex, relative: None }, register } => {
                match register.relative {
                    None => {
                        let vector = *vertex * self.shader.input_registers() as u32 + register.base;
                        self.input(InputWord::Input(vector * 4 + c as u32))
                    }
                    Some(_) => self.cold_component(source, c),
                }
            }
            Place::ConstantBuffer { slot: Index { base: slot, relative: None }, element } => {
                let (slot, component) = (*slot, c as u8);
                match element.relative {
                    None => match element.base.checked_mul(4) {
                        Some(word) => {
                            self.values.uniform(UniformWord::Constant { slot, word: word | c as u32 })
                        }
                        None => self.values.immediate(0),
                    },
                    Some(_) => self.gather(element, |base| Indexed::Constants { slot, base, component }),
                }
            }
            Place::ImmediateConstantBuffer(element) => match element.relative {
                None => {
                    let vector = self.code.immediates.get(element.base as usize).copied();
                    self.values.immediate(vector.unwrap_or_default()[c])
                }
                Some(_) => self.gather(element, |base| Indexed::Immediates { base, component: c as u8 }),
            },
            Place::PatchConstant(Index { base, relative: None }) => {
                self.input(InputWord::PatchConstant(base * 4 + c as u32))
            }
            Place::PrimitiveId => self.input(InputWord::PrimitiveId),
            Place::Coverage => self.input(InputWord::Coverage),
            Place::GsInstanceId => self.input(InputWord::GsInstanceId),
            Place::DomainPoint | Place::ThreadId | Place::ThreadGroupId | Place::ThreadIdInGroup
                if c == 3 =>
            {
                self.values.immediate(0)
            }
            Place::DomainPoint => self.input(InputWord::DomainPoint(c as u8)),
            Place::ThreadId => self.input(InputWord::ThreadId(c as u8)),
            Place::ThreadGroupId => self.values.uniform(UniformWord::ThreadGroupId(c as u8)),
            Place::ThreadIdInGroup => self.input(InputWord::ThreadIdInGroup(c as u8)),
            Place::ThreadIdInGroupFlattened => self.input(InputWord::Lane),
            Place::VertexInput { .. }
            | Place::PatchConstant(_)
            | Place::OutputControlPoint { .. }
            | Place::ConstantBuffer { .. }
            | Place::This(_)
            | Place::OutputControlPointId
            | Place::PhaseInstanceId => self.cold_component(source, c),
        }
    }

    /// The row of something that every lane comes with.
    pub(super) fn input(&mut self, word: InputWord) -> Row {
        if let Some(&(_, row)) = self.inputs.iter().find(|(other, _)| *other == word) {
            return row;
        }
        let row = self.values.allocate_constant(Known::BITS);
        self.inputs.push((word, row));
        row
    }

    fn gather(&mut self, index: &Index, table: impl FnOnce(u32) -> Indexed) -> Row {
        let index_row = self.index(index);
        self.tables.indexed.push(table(index.base));
        let row = self.values.scratch();
        self.emit(Op::Gather, row, [index_row, self.tables.indexed.len() as u32 - 1, 0]);
        self.values.set_known(row, Known::BITS);
        row
    }

    /// The relative part of an index.
    pub(super) fn index(&mut self, index: &Index) -> Row {
        match &index.relative {
            Some(source) => {
                let row = self.component(source, 0);
                self.exact(row)
            }
            None => self.values.immediate(0),
        }
    }

    /// Brings variables home that are about to be reached by index.
    pub(super) fn synchronize(&mut self, first: usize, count: usize) {
        for variable in first..first + count {
            self.bring_home(variable);
        }
    }

    fn bring_home(&mut self, variable: usize) {
        let Some(row) = self.values.aliases.get(&variable).copied() else {
            if let Some(home) = self.values.existing_home(variable) {
                self.exact(home);
            }
            return;
        };
        let row = self.exact(row);
        let home = self.values.home(variable);
        self.clobber(home);
        self.values.aliases.remove(&variable);
        self.emit(Op::Mov, home, [row; 3]);
        let known = self.values.known(row);
        self.values.set_known(home, known);
    }

    /// An operand whose bits count: modified, NaNs canonical.
    pub(super) fn bits(&mut self, source: &Source, c: usize) -> Row {
        let row = self.component(source, c);
        let row = self.exact(row);
        let known = Known { float: false, mask: false, ..self.values.known(row) };
        match source.modifier {
            SourceModifier::None => row,
            SourceModifier::Float { abs, neg } => self.sign(row, abs, neg, known),
            // On the high halves.
            SourceModifier::Double { abs, neg } if c % 2 == 1 => self.sign(row, abs, neg, Known::BITS),
            SourceModifier::Double { .. } => row,
            SourceModifier::Integer { abs, neg } => {
                let row = if abs { self.compute(Op::Iabs, [row; 3], Known::BITS) } else { row };
                if neg { self.compute(Op::Ineg, [row; 3], Known::BITS) } else { row }
            }
        }
    }

    /// A word that is only tested for zero: any NaN will do.
    pub(super) fn test_bits(&mut self, source: &Source, c: usize) -> Row {
        match source.modifier {
            SourceModifier::None => self.component(source, c),
            _ => self.bits(source, c),
        }
    }

    /// A number, denormals included, and whether its sign is to be flipped.
    pub(super) fn raw_number(&mut self, source: &Source, c: usize) -> (Row, bool) {
        let row = self.component(source, c);
        match source.modifier {
            SourceModifier::Float { abs, neg } => {
                let known = self.values.known(row);
                (self.sign(row, abs, false, known), neg)
            }
            _ => (row, false),
        }
    }

    /// A number without denormals, and whether its sign is to be flipped.
    pub(super) fn signed_number(&mut self, source: &Source, c: usize) -> (Row, bool) {
        let row = self.component(source, c);
        let row = self.flushed(row);
        match source.modifier {
            SourceModifier::Float { abs, neg } => {
                let known = self.values.known(row);
                (self.sign(row, abs, false, known), neg)
            }
            _ => (row, false),
        }
    }

    /// A number without denormals.
    pub(super) fn number(&mut self, source: &Source, c: usize) -> Row {
        let (row, neg) = self.signed_number(source, c);
        self.negated(row, neg)
    }

    /// A number whose NaN will not be looked at.
    pub(super) fn negated(&mut self, row: Row, neg: bool) -> Row {
        let known = self.values.known(row);
        self.sign(row, false, neg, known)
    }

    fn sign(&mut self, row: Row, abs: bool, neg: bool, known: Known) -> Row {
        let row = if abs {
            let magnitude = self.values.immediate(!SIGN);
            self.compute(Op::And, [row, magnitude, magnitude], known)
        } else {
            row
        };
        if neg {
            let sign = self.values.immediate(SIGN);
            self.compute(Op::Xor, [row, sign, sign], known)
        } else {
            row
        }
    }

    /// Saves every value that lives in a row which is about to be overwritten.
    pub(super) fn clobber(&mut self, row: Row) {
        self.values.flushed.remove(&row);
        if !self.values.aliases.values().any(|&r| r == row) {
            return;
        }
        let needed = &self.needed;
        self.values.aliases.retain(|&v, r| *r != row || contains(needed, v));
        if !self.values.aliases.values().any(|&r| r == row) {
            return;
        }
        let refuge = self.values.block_scratch();
        self.emit(Op::Mov, refuge, [row; 3]);
        let known = self.values.known(row);
        self.values.set_known(refuge, known);
        self.values.aliases.values_mut().filter(|r| **r == row).for_each(|r| *r = refuge);
    }

    /// True when lanes that do not execute still need the variable's old value.
    fn must_merge(&self, variable: usize) -> bool {
        self.exec.is_some() && self.waiting().is_some_and(|set| contains(set, variable))
    }

    /// Writes the components of one step's results. Nothing is overwritten before it was read.
    pub(super) fn assign(&mut self, results: &mut [(usize, Value)]) {
        let homes: Vec<Option<Row>> =
            results.iter().map(|&(variable, _)| self.values.existing_home(variable)).collect();
        let overwritten = |row: Row| homes.contains(&Some(row));
        for i in 0..results.len() {
            let (variable, value) = results[i];
            results[i].1 = match value {
                // A plain copy of what this step overwrites.
                Value::Row(row) if overwritten(row) && results.len() > 1 => {
                    Value::Inst(Op::Mov, [row; 3], self.values.known(row))
                }
                value => value,
            };
            if let Value::Inst(op, operands, known) = results[i].1 {
                let home = homes[i];
                let later = results[i + 1..].iter().any(|(_, v)| match v {
                    Value::Inst(_, rows, _) => rows.iter().any(|&r| Some(r) == home),
                    Value::Row(row) => Some(*row) == home,
                });
                if operands.iter().all(|&r| is_uniform(r)) || later || self.must_merge(variable) {
                    results[i].1 = Value::Row(self.compute(op, operands, known));
                } else {
                    let home = self.values.home(variable);
                    self.values.aliases.remove(&variable);
                    self.clobber(home);
                    self.emit(op, home, operands);
                    self.values.set_known(home, known);
                    continue;
                }
            }
        }
        for &mut (variable, value) in results {
            if let Value::Row(row) = value {
                self.copy(variable, row);
            }
        }
    }

    /// Gives a variable the value of a row.
    fn copy(&mut self, variable: usize, row: Row) {
        let home = self.values.home(variable);
        if let Some(exec) = self.exec.filter(|_| self.must_merge(variable)) {
            let mut row = self.exact(row);
            if row == home && self.values.aliases.contains_key(&variable) {
                // Another variable's value, which the old value is about to overwrite.
                row = self.values.scratch();
                self.emit(Op::Mov, row, [home; 3]);
            }
            self.bring_home(variable);
            self.clobber(home);
            self.emit(Op::Select, home, [exec, row, home]);
            self.values.set_known(home, Known::BITS);
        } else if row == home {
            self.values.aliases.remove(&variable);
        } else {
            let lasting = is_uniform(row) || self.values.is_lasting(row);
            if lasting {
                self.values.aliases.insert(variable, row);
            } else {
                self.values.aliases.remove(&variable);
                self.clobber(home);
                self.emit(Op::Mov, home, [row; 3]);
                let known = self.values.known(row);
                self.values.set_known(home, known);
            }
        }
    }

    /// Ends a block: what `needed` names is in its own row, exact.
    pub(super) fn end_block(&mut self, needed: &[u64]) {
        self.needed.copy_from_slice(needed);
        let mut aliased: Vec<usize> = self.values.aliases.keys().copied().collect();
        aliased.sort_unstable();
        for variable in aliased {
            if contains(needed, variable) {
                self.bring_home(variable);
            }
        }
        for (word, &bits) in needed.iter().enumerate() {
            let mut bits = bits;
            while bits != 0 {
                let variable = word * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                if let Some(home) = self.values.existing_home(variable) {
                    self.exact(home);
                }
            }
        }
        self.values.end_block();
    }

    /// True for a step that nobody would miss.
    pub(super) fn is_dead(&self, step: &Step) -> bool {
        let unwanted = |d: &Destination| {
            self.variables.written(d).is_some() && self.wanted(d).iter().all(Option::is_none)
        };
        is_pure(step.op) && !step.destinations.is_empty() && step.destinations.iter().all(unwanted)
    }

    /// The components of a destination that someone needs, with their variables.
    pub(super) fn wanted(&self, destination: &Destination) -> [Option<usize>; 4] {
        match self.variables.written(destination) {
            Some(variables) => variables.map(|v| v.filter(|&v| contains(&self.needed, v))),
            None => [None; 4],
        }
    }

    /// Writes the rows to a destination, wherever it is.
    pub(super) fn write(&mut self, destination: &Destination, value: impl Fn(usize) -> Value) {
        if let Target::PatchConstant(index) = &destination.target {
            return self.write_patch_constant(index, destination.mask, value);
        }
        if self.variables.written(destination).is_none() {
            return self.scatter(destination, value);
        }
        let wanted = self.wanted(destination);
        let mut results: smallvec::SmallVec<[(usize, Value); 4]> = smallvec::SmallVec::new();
        for (c, variable) in wanted.into_iter().enumerate() {
            results.extend(variable.map(|v| (v, value(c))));
        }
        self.assign(&mut results);
    }

    /// Writes a destination that is found by index.
    fn scatter(&mut self, destination: &Destination, value: impl Fn(usize) -> Value) {
        let (first, rows, count, index) = match &destination.target {
            Target::Array { first, count, index } => {
                let rows = self.array_rows.iter().find(|(array, _)| array == first).map_or(0, |&(_, r)| r);
                (self.variables.array(*first, 0), rows, *count, index)
            }
            Target::Output(index) => {
                let registers = self.shader.output_registers() as u32;
                (self.variables.output(0, 0), self.output_rows.unwrap_or(0), registers, index)
            }
            _ => return,
        };
        let components = (0..4usize).filter(|c| destination.mask >> c & 1 == 1);
        let range = rows..rows + count * 4;
        // What is written must not change what is still to be read.
        let safe = |m: &mut Self, row: Row| {
            let row = m.exact(row);
            if !range.contains(&row) {
                return row;
            }
            let copy = m.values.scratch();
            m.emit(Op::Mov, copy, [row; 3]);
            copy
        };
        let mut values: smallvec::SmallVec<[(usize, Row); 4]> = smallvec::SmallVec::new();
        for c in components {
            let row = self.row(value(c));
            values.push((c, safe(self, row)));
        }
        let index_row = self.index(index);
        let index_row = safe(self, index_row);
        self.synchronize(first, count as usize * 4);
        for row in range.clone() {
            self.clobber(row);
            self.values.set_known(row, Known::BITS);
        }
        let lanes = self.active();
        for (c, row) in values {
            let base = index.base;
            self.tables.indexed.push(Indexed::Rows { first: rows + c as u32, count, base });
            let table = self.tables.indexed.len() as u32 - 1;
            // `d` is the value here; the lanes stand in `c`.
            self.emit(Op::Scatter, row, [index_row, table, lanes]);
        }
    }

    /// The row of lanes that execute.
    pub(super) fn active(&self) -> Row {
        self.exec.unwrap_or(super::values::VALID)
    }

    /// One step that is no branch.
    pub(super) fn step(&mut self, step: &Step, position: usize) {
        self.needed = self.live.after(self.code, position);
        for destination in step.destinations.iter().skip(1) {
            read_destination(destination, &self.variables, &mut self.needed);
        }
        self.plain(step);
        self.values.end_step();
    }

    pub(super) fn finish(self, stores: Vec<(super::OutputWord, Row)>, zeros: Vec<Row>) -> Program {
        let mut insts = self.entry;
        let offset = insts.len() as u32;
        insts.extend(self.insts);
        let at = |label: u32| self.labels[label as usize] + offset;
        for inst in &mut insts {
            match inst.op {
                Op::Jump => inst.a = at(inst.a),
                Op::JumpNone | Op::JumpUniform | Op::LoopBack => inst.b = at(inst.b),
                _ => {}
            }
        }
        let mut program = Program {
            rows: self.values.lane_rows + self.values.uniform_rows(),
            independent: insts.iter().all(|i| !has_order(i.op)),
            patches_in_order: self.has_effects,
            instances_in_order: self.has_effects || self.tables.reads_what_it_writes(&insts),
            uniforms: self.values.uniforms,
            setup: self.values.setup,
            inputs: self.inputs,
            zeros,
            insts,
            stores,
            tables: self.tables,
        };
        // Uniform rows stand after the others. Nothing else that instructions hold has the highest bit.
        let first = self.values.lane_rows;
        let place = |row: &mut u32| {
            if is_uniform(*row) {
                *row = first + (*row & !UNIFORM);
            }
        };
        for inst in program.insts.iter_mut().chain(&mut program.setup) {
            [&mut inst.d, &mut inst.a, &mut inst.b, &mut inst.c].into_iter().for_each(place);
        }
        program.uniforms.iter_mut().for_each(|(_, row)| place(row));
        program.tables.cold.iter_mut().flat_map(|cold| &mut cold.reads).for_each(place);
        super::fuse::fuse(&mut program.insts);
        program
    }
}

/// True for what acts on lanes in order, or counts.
fn has_order(op: Op) -> bool {
    matches!(op, Op::StoreWords | Op::Cold | Op::Emit | Op::Cut | Op::LoopBack | Op::Charge)
}
