//! Textures, buffers and everything rare.

use super::lower::{Lowering, Value};
use super::op::{ColdOp, LoadOp, LodOp, OffsetOp, Op, Row, SampleOp, SampleOpKind, WordSpace, WordsOp};
use super::values::{Known, TEXELS, UNIFORM, VALID, is_uniform};
use crate::ir::{self, ResourceDimension, Stage};
use crate::resources::Slot;
use crate::shader::{Destination, Index, Memory, Place, Source, SourceModifier, Space, Step, Target};

impl Lowering<'_> {
    /// Everything that is not computed from sources alone.
    pub(super) fn memory(&mut self, step: &Step) {
        use ir::Op::*;
        let lowered = match step.op {
            Sample | SampleC | SampleCLz | SampleL | SampleD | SampleB | Lod | Gather4 | Gather4C
            | Gather4Po | Gather4PoC | Gather4S | Gather4CS | Gather4PoS | Gather4PoCS | SampleLS
            | SampleCLzS | SampleClS | SampleBClS | SampleDClS | SampleCClS => self.sample(step),
            Ld | Ldms | LdS | LdmsS => self.load(step),
            LdRaw | LdRawS | LdStructured | LdStructuredS => self.load_words(step),
            StoreRaw | StoreStructured => self.store_words(step),
            _ => false,
        };
        if !lowered {
            self.cold(step);
        }
    }

    /// A row with a word for each lane, exact.
    fn lane_row(&mut self, row: Row) -> Row {
        let row = self.exact(row);
        if !is_uniform(row) {
            return row;
        }
        let copy = self.values.scratch();
        self.emit(Op::Mov, copy, [row; 3]);
        let known = self.values.known(row);
        self.values.set_known(copy, known);
        copy
    }

    fn operand(&mut self, source: &Source, c: usize) -> Row {
        let row = self.bits(source, c);
        self.lane_row(row)
    }

    /// All `sample*`, `gather4*` and `lod` instructions; their sources stand as [`crate::scalar`] reads them.
    fn sample(&mut self, step: &Step) -> bool {
        let (Some(memory), Some(sampler)) = (&step.memory, &step.sampler) else { return false };
        let (Space::Resource { slot: Index { base: texture, relative: None }, dimension }, None) =
            (&memory.space, &sampler.slot.relative)
        else {
            return false;
        };
        let coordinate = [0, 1, 2, 3].map(|c| self.operand(&step.sources[0], c));
        let (kind, lod, lod_clamp) = self.sample_arguments(step, sampler.component);
        let offset = match step.op {
            ir::Op::Gather4Po | ir::Op::Gather4PoS | ir::Op::Gather4PoC | ir::Op::Gather4PoCS => {
                OffsetOp::Each([0, 1].map(|c| self.operand(&step.sources[1], c)))
            }
            _ => OffsetOp::Same(step.offset),
        };
        self.tables.samples.push(SampleOp {
            texture: *texture,
            sampler: sampler.slot.base,
            dimension: *dimension,
            kind,
            coordinate,
            lod,
            lod_clamp,
            offset,
        });
        let number = self.tables.samples.len() as u32 - 1;
        let lanes = self.active();
        self.emit(Op::Sample, TEXELS, [number, lanes, 0]);
        self.write_texel(step, memory);
        true
    }

    fn sample_arguments(&mut self, step: &Step, component: u8) -> (SampleOpKind, LodOp, Option<Row>) {
        use ir::Op::*;
        let mut scalar = |source: usize| self.operand(&step.sources[source], 0);
        let quads = LodOp::Quads { bias: None };
        match step.op {
            SampleB => (SampleOpKind::Filter, LodOp::Quads { bias: Some(scalar(1)) }, None),
            SampleBClS => (SampleOpKind::Filter, LodOp::Quads { bias: Some(scalar(1)) }, Some(scalar(2))),
            SampleL | SampleLS => (SampleOpKind::Filter, LodOp::Explicit(scalar(1)), None),
            SampleD | SampleDClS => {
                let clamp = (step.op == SampleDClS).then(|| scalar(3));
                let [ddx, ddy] = [1, 2].map(|s| [0, 1, 2].map(|c| self.operand(&step.sources[s], c)));
                (SampleOpKind::Filter, LodOp::Given { ddx, ddy }, clamp)
            }
            SampleC => (SampleOpKind::Compare(scalar(1)), quads, None),
            SampleCClS => (SampleOpKind::Compare(scalar(1)), quads, Some(scalar(2))),
            SampleCLz | SampleCLzS => (SampleOpKind::Compare(scalar(1)), LodOp::First, None),
            SampleClS => (SampleOpKind::Filter, quads, Some(scalar(1))),
            Gather4 | Gather4S | Gather4Po | Gather4PoS => {
                (SampleOpKind::Gather(component), LodOp::First, None)
            }
            Gather4C | Gather4CS => (SampleOpKind::GatherCompare(scalar(1)), LodOp::First, None),
            Gather4PoC | Gather4PoCS => (SampleOpKind::GatherCompare(scalar(2)), LodOp::First, None),
            Lod => (SampleOpKind::QueryLod, quads, None),
            _ => (SampleOpKind::Filter, quads, None),
        }
    }

    /// `ld`, `ldms` (S22.4.6-7)
    fn load(&mut self, step: &Step) -> bool {
        let Some(memory) = &step.memory else { return false };
        let Space::Resource { slot: Index { base: slot, relative: None }, dimension } = &memory.space else {
            return false;
        };
        let multisampled = matches!(step.op, ir::Op::Ldms | ir::Op::LdmsS);
        let address = [0, 1, 2].map(|c| {
            let row = self.bits(&step.sources[0], c);
            let offset = if c < dimension.spatial() { step.offset[c] as u32 } else { 0 };
            let row = if offset == 0 {
                row
            } else {
                let offset = self.values.immediate(offset);
                self.compute(Op::Iadd, [row, offset, offset], Known::BITS)
            };
            self.lane_row(row)
        });
        let mip = (!multisampled && *dimension != ResourceDimension::Buffer)
            .then(|| self.operand(&step.sources[0], 3));
        let sample = multisampled.then(|| self.operand(&step.sources[1], 0));
        let slot = Slot::Resource(*slot);
        self.tables.loads.push(LoadOp { slot, dimension: *dimension, address, mip, sample });
        let number = self.tables.loads.len() as u32 - 1;
        let lanes = self.active();
        self.emit(Op::Load, TEXELS, [number, lanes, 0]);
        self.write_texel(step, memory);
        true
    }

    fn load_words(&mut self, step: &Step) -> bool {
        let Some(memory) = &step.memory else { return false };
        let Some(space) = word_space(memory, Slot::Resource) else { return false };
        let (index, offset) = self.buffer_address(step);
        let mask = step.destinations[0].mask;
        let words = (0..4).filter(|c| mask >> c & 1 == 1).fold(0, |w, c| w | 1 << (memory.swizzle[c] & 3));
        self.tables.words.push(WordsOp { space, index, offset, words, values: [VALID; 4] });
        let number = self.tables.words.len() as u32 - 1;
        let lanes = self.active();
        self.emit(Op::LoadWords, TEXELS, [number, lanes, 0]);
        self.write_texel(step, memory);
        true
    }

    fn store_words(&mut self, step: &Step) -> bool {
        let Some(memory) = &step.memory else { return false };
        let Some(space) = word_space(memory, Slot::Uav) else { return false };
        let (index, offset) = self.buffer_address(step);
        let source = &step.sources[step.sources.len() - 1];
        let values =
            [0, 1, 2, 3].map(|c| if memory.mask >> c & 1 == 1 { self.operand(source, c) } else { VALID });
        self.tables.words.push(WordsOp { space, index, offset, words: memory.mask, values });
        let number = self.tables.words.len() as u32 - 1;
        let lanes = self.writing_lanes();
        self.emit(Op::StoreWords, 0, [number, lanes, 0]);
        true
    }

    /// Lanes whose writes to memory count.
    fn writing_lanes(&mut self) -> Row {
        let lanes = self.active();
        if self.shader.stage() != Stage::Pixel {
            return lanes;
        }
        let row = self.values.scratch();
        self.emit(Op::Live, row, [0; 3]);
        self.emit(Op::And, row, [row, lanes, lanes]);
        row
    }

    fn buffer_address(&mut self, step: &Step) -> (Option<Row>, Row) {
        let first = self.operand(&step.sources[0], 0);
        match step.op {
            ir::Op::LdRaw | ir::Op::LdRawS | ir::Op::StoreRaw => (None, first),
            _ => (Some(first), self.operand(&step.sources[1], 0)),
        }
    }

    /// What was read, swizzled, and the status of `_s` forms: every texel was mapped.
    fn write_texel(&mut self, step: &Step, memory: &Memory) {
        for row in TEXELS..TEXELS + 4 {
            self.values.set_known(row, Known::BITS);
        }
        self.write(&step.destinations[0], |c| Value::Row(TEXELS + Row::from(memory.swizzle[c] & 3)));
        if let Some(status) = step.destinations.get(1) {
            let mapped = self.values.immediate(u32::MAX);
            self.write(status, |_| Value::Row(mapped));
        }
    }

    /// Hands a step to the reference interpreter: operands become temporaries of its own, results come back from them.
    pub(super) fn cold(&mut self, step: &Step) {
        let mut step = step.clone();
        let mut reads = Vec::new();
        let evaluates =
            matches!(step.op, ir::Op::EvalSnapped | ir::Op::EvalSampleIndex | ir::Op::EvalCentroid);
        for (number, source) in step.sources.iter_mut().enumerate() {
            self.stage_source(source, &mut reads, evaluates && number == 0);
        }
        if let Some(memory) = &mut step.memory
            && let Space::Resource { slot, .. } | Space::Uav { slot, .. } = &mut memory.space
        {
            self.stage_index(slot, &mut reads);
        }
        if let Some(sampler) = &mut step.sampler {
            self.stage_index(&mut sampler.slot, &mut reads);
        }
        let destinations = step.destinations.clone();
        let mut writes = Vec::new();
        let mut rows = Vec::new();
        for destination in &mut step.destinations {
            let register = (reads.len() / 4 + rows.len()) as u32;
            let results: [Row; 4] = std::array::from_fn(|_| self.values.scratch());
            for c in (0..4).filter(|c| destination.mask >> c & 1 == 1) {
                writes.push((register * 4 + c as u32, results[c]));
                self.values.set_known(results[c], Known::BITS);
            }
            rows.push(results);
            destination.target = Target::Temp(register);
        }
        self.tables.cold.push(ColdOp { step, reads, writes });
        let number = self.tables.cold.len() as u32 - 1;
        let lanes = self.active();
        self.emit(Op::Cold, 0, [number, lanes, 0]);
        for (destination, rows) in destinations.iter().zip(rows) {
            self.write(destination, |c| Value::Row(rows[c]));
        }
    }

    /// One component of a place that only the reference interpreter knows to read.
    pub(super) fn cold_component(&mut self, source: &Source, c: usize) -> Row {
        let mut source = Source { modifier: SourceModifier::None, swizzle: [c as u8; 4], ..source.clone() };
        let mut reads = Vec::new();
        self.stage_place(&mut source.place, &mut reads);
        let register = (reads.len() / 4) as u32;
        let row = self.values.scratch();
        self.values.set_known(row, Known::BITS);
        let step = Step {
            op: ir::Op::Mov,
            statement: 0,
            saturate: false,
            test_nonzero: false,
            return_kind: ir::ReturnKind::default(),
            offset: [0; 3],
            destinations: [Destination { target: Target::Temp(register), mask: 1 }].into_iter().collect(),
            sources: [source].into_iter().collect(),
            memory: None,
            sampler: None,
            target: 0,
        };
        self.tables.cold.push(ColdOp { step, reads, writes: vec![(register * 4, row)] });
        let number = self.tables.cold.len() as u32 - 1;
        self.emit(Op::Cold, 0, [number, VALID, 0]);
        row
    }

    /// Turns a source into a temporary with the same components; its modifier stays.
    fn stage_source(&mut self, source: &mut Source, reads: &mut Vec<Row>, keep_place: bool) {
        if let (true, Place::Input(_)) = (keep_place, &source.place) {
            return self.stage_place(&mut source.place, reads);
        }
        let register = (reads.len() / 4) as u32;
        let rows = [0, 1, 2, 3].map(|c| {
            let row = self.component(source, c);
            self.exact(row)
        });
        reads.extend(rows);
        source.place = Place::Temp(register);
        source.swizzle = [0, 1, 2, 3];
    }

    /// Indices inside a place become temporaries.
    fn stage_place(&mut self, place: &mut Place, reads: &mut Vec<Row>) {
        match place {
            Place::Array { index, .. }
            | Place::Input(index)
            | Place::PatchConstant(index)
            | Place::ImmediateConstantBuffer(index)
            | Place::This(index) => self.stage_index(index, reads),
            Place::VertexInput { vertex, register } | Place::OutputControlPoint { vertex, register } => {
                self.stage_index(vertex, reads);
                self.stage_index(register, reads);
            }
            Place::ConstantBuffer { slot, element } => {
                self.stage_index(slot, reads);
                self.stage_index(element, reads);
            }
            _ => {}
        }
    }

    fn stage_index(&mut self, index: &mut Index, reads: &mut Vec<Row>) {
        let Some(relative) = &mut index.relative else { return };
        let row = self.component(relative, 0);
        let row = self.exact(row);
        let register = (reads.len() / 4) as u32;
        reads.extend([row; 4]);
        **relative = Source { place: Place::Temp(register), swizzle: [0; 4], modifier: SourceModifier::None };
    }
}

fn word_space(memory: &Memory, resource: impl Fn(u32) -> Slot) -> Option<WordSpace> {
    match &memory.space {
        Space::Resource { slot: Index { base, relative: None }, .. } => {
            Some(WordSpace::Memory(resource(*base)))
        }
        Space::Uav { slot: Index { base, relative: None }, .. } => Some(WordSpace::Memory(Slot::Uav(*base))),
        Space::Shared(shared) => Some(WordSpace::Shared(*shared)),
        _ => None,
    }
}

const _: () = assert!(TEXELS + 4 <= VALID && VALID < UNIFORM);
