//! What is not arithmetic: memory, registers by index, and whatever the reference interpreter does.

use super::hull::Patches;
use super::rows::{Group, LANES, Shape, count};
use crate::Io;
use crate::ir::Stage;
use crate::program::op::{Indexed, LodOp, OffsetOp, SampleOpKind, WordSpace};
use crate::program::{Inst, OutputWord, Program, Row, TEXELS};
use crate::resources::{
    LoadLanes, LodLanes, OffsetLanes, Resources, RowsMut, SampleLanes, SampleLanesKind, WordLanes,
    active_lanes,
};
use crate::scalar::geometry::{cut_lane, emit_lane};
use crate::scalar::memory::shared_word;
use crate::scalar::{self, ExecutionError, StepState};
use crate::shader::ValidatedShader;

/// The world of one run.
pub(super) struct Outside<'a> {
    pub(super) shader: &'a ValidatedShader,
    pub(super) program: &'a Program,
    pub(super) resources: &'a dyn Resources,
    pub(super) io: &'a mut Io,
    /// Of a hull shader.
    pub(super) patches: Option<Patches<'a>>,
    pub(super) state: &'a mut StepState,
    /// Vertices that each lane has emitted.
    pub(super) emitted: &'a mut Vec<u32>,
    pub(super) budget: u64,
}

impl Outside<'_> {
    pub(super) fn charge(&mut self, price: u64) -> Result<(), ExecutionError> {
        let left = self.budget.checked_sub(price);
        self.budget = left.unwrap_or(0);
        left.map(|_| ()).ok_or(ExecutionError::TimeOut)
    }

    /// Pays for what the lanes of a row execute together: once, or for each that the budget counts for itself.
    #[inline(never)]
    pub(super) fn charge_lanes(
        &mut self,
        rows: &[Group],
        shape: Shape,
        row: Row,
        price: u64,
    ) -> Result<(), ExecutionError> {
        let times = self.patches.as_ref().map_or(1, |patches| patches.count(rows, shape, row));
        self.charge(price * times)
    }

    /// Pays for another turn of a loop and counts it.
    #[inline(never)]
    pub(super) fn turn(&mut self, rows: &[Group], shape: Shape, i: &Inst) -> Result<(), ExecutionError> {
        let number = i.c as usize;
        self.charge_lanes(rows, shape, i.a, self.shader.code().loop_price(number))?;
        let quads = self.shader.stage() == Stage::Pixel;
        self.io.turns[number] += count(rows, shape, i.a, if quads { 4 } else { 1 });
        Ok(())
    }

    #[inline(never)]
    pub(super) fn gather(&mut self, rows: &mut [Group], shape: Shape, i: &Inst) {
        let word = |words: &[u32], vector: u32, component: u8| {
            let at = (vector as usize).checked_mul(4).and_then(|v| v.checked_add(component.into()));
            at.and_then(|at| words.get(at)).copied().unwrap_or(0)
        };
        let table = self.program.tables.indexed[i.b as usize];
        let constants = match table {
            Indexed::Constants { slot, .. } => self.resources.constants(slot),
            _ => &[],
        };
        let immediates = &self.shader.code().immediates;
        for lane in shape.first * LANES..shape.end * LANES {
            let index = shape.word(rows, i.a, lane);
            let value = match table {
                Indexed::Rows { first, count, base } => match base.wrapping_add(index) {
                    vector if vector < count => shape.word(rows, first + vector * 4, lane),
                    _ => 0,
                },
                Indexed::Constants { base, component, .. } => {
                    word(constants, base.wrapping_add(index), component)
                }
                Indexed::Immediates { base, component } => {
                    let vector = immediates.get(base.wrapping_add(index) as usize);
                    vector.map_or(0, |v| v[usize::from(component)])
                }
            };
            *shape.word_mut(rows, i.d, lane) = value;
        }
    }

    #[inline(never)]
    pub(super) fn scatter(&mut self, rows: &mut [Group], shape: Shape, i: &Inst) {
        let Indexed::Rows { first, count, base } = self.program.tables.indexed[i.b as usize] else { return };
        for lane in shape.first * LANES..shape.lanes.min(shape.end * LANES) {
            let vector = base.wrapping_add(shape.word(rows, i.a, lane));
            if shape.word(rows, i.c, lane) != 0 && vector < count {
                *shape.word_mut(rows, first + vector * 4, lane) = shape.word(rows, i.d, lane);
            }
        }
    }

    #[inline(never)]
    pub(super) fn sample(&mut self, rows: &mut [Group], shape: Shape, i: &Inst) {
        let op = &self.program.tables.samples[i.a as usize];
        for (group, rows) in shape.groups(rows).enumerate() {
            let (out, row) = split(rows, shape.lanes_of(shape.first + group).len());
            let request = SampleLanes {
                texture: op.texture,
                sampler: op.sampler,
                dimension: op.dimension,
                kind: match op.kind {
                    SampleOpKind::Filter => SampleLanesKind::Filter,
                    SampleOpKind::Compare(r) => SampleLanesKind::Compare(row(r)),
                    SampleOpKind::Gather(component) => SampleLanesKind::Gather(component),
                    SampleOpKind::GatherCompare(r) => SampleLanesKind::GatherCompare(row(r)),
                    SampleOpKind::QueryLod => SampleLanesKind::QueryLod,
                },
                coordinate: op.coordinate.map(&row),
                lod: match op.lod {
                    LodOp::Quads { bias } => LodLanes::Quads { bias: bias.map(&row) },
                    LodOp::Given { ddx, ddy } => LodLanes::Given { ddx: ddx.map(&row), ddy: ddy.map(&row) },
                    LodOp::Explicit(r) => LodLanes::Explicit(row(r)),
                    LodOp::First => LodLanes::First,
                },
                lod_clamp: op.lod_clamp.map(&row),
                offset: match op.offset {
                    OffsetOp::Same(offset) => OffsetLanes::Same(offset),
                    OffsetOp::Each(offsets) => OffsetLanes::Each(offsets.map(&row)),
                },
                lanes: row(i.b),
            };
            self.resources.sample_lanes(&request, out);
        }
    }

    #[inline(never)]
    pub(super) fn load(&mut self, rows: &mut [Group], shape: Shape, i: &Inst) {
        let op = &self.program.tables.loads[i.a as usize];
        for (group, rows) in shape.groups(rows).enumerate() {
            let (out, row) = split(rows, shape.lanes_of(shape.first + group).len());
            let request = LoadLanes {
                slot: op.slot,
                dimension: op.dimension,
                address: op.address.map(&row),
                mip: op.mip.map(&row),
                sample: op.sample.map(&row),
                lanes: row(i.b),
            };
            self.resources.load_lanes(&request, out);
        }
    }

    #[inline(never)]
    pub(super) fn load_words(&mut self, rows: &mut [Group], shape: Shape, i: &Inst) {
        let op = &self.program.tables.words[i.a as usize];
        for (group, rows) in shape.groups(rows).enumerate() {
            let (out, row) = split(rows, shape.lanes_of(shape.first + group).len());
            let addresses = WordLanes { index: op.index.map(&row), offset: row(op.offset), lanes: row(i.b) };
            match op.space {
                WordSpace::Memory(slot) => self.resources.load_words_lanes(slot, &addresses, op.words, out),
                WordSpace::Shared(shared) => {
                    for lane in active_lanes(addresses.lanes) {
                        for c in (0..4).filter(|c| op.words >> c & 1 == 1) {
                            let word = addresses.word(lane, c).and_then(|a| shared_word(&shared, a));
                            out[c][lane] = word.map_or(0, |word| self.state.shared[word]);
                        }
                    }
                }
            }
        }
    }

    #[inline(never)]
    pub(super) fn store_words(&mut self, rows: &mut [Group], shape: Shape, i: &Inst) {
        let op = &self.program.tables.words[i.a as usize];
        for (group, rows) in shape.groups(rows).enumerate() {
            let lanes = shape.lanes_of(shape.first + group).len();
            let row = |row: Row| &rows[row as usize].0[..lanes];
            let addresses = WordLanes { index: op.index.map(row), offset: row(op.offset), lanes: row(i.b) };
            let values = op.values.map(row);
            match op.space {
                WordSpace::Memory(crate::resources::Slot::Uav(slot)) => {
                    self.resources.store_words_lanes(slot, &addresses, op.words, values);
                }
                WordSpace::Memory(_) => {}
                WordSpace::Shared(shared) => {
                    for lane in active_lanes(addresses.lanes) {
                        for c in (0..4).filter(|c| op.words >> c & 1 == 1) {
                            if let Some(word) = addresses.word(lane, c).and_then(|a| shared_word(&shared, a))
                            {
                                self.state.shared[word] = values[c][lane];
                            }
                        }
                    }
                }
            }
        }
    }

    #[inline(never)]
    pub(super) fn class(&mut self, rows: &mut [Group], shape: Shape, i: &Inst) {
        let op = &self.program.tables.classes[i.b as usize];
        for lane in shape.first * LANES..shape.lanes.min(shape.end * LANES) {
            let element = op.base.wrapping_add(shape.word(rows, i.a, lane));
            let slot = (element < op.elements).then(|| op.interface + element);
            let class = slot.map(|slot| self.resources.class_instance(slot).class);
            let body = class.and_then(|class| op.bodies.get(class as usize)).copied();
            *shape.word_mut(rows, i.d, lane) = body.unwrap_or(u32::MAX);
        }
    }

    /// A step by the reference interpreter.
    #[inline(never)]
    pub(super) fn cold(&mut self, rows: &mut [Group], shape: Shape, i: &Inst) {
        let op = &self.program.tables.cold[i.a as usize];
        let lanes = shape.lanes;
        self.state.active.clear();
        self.state.active.extend((0..lanes).filter(|&lane| shape.word(rows, i.b, lane) != 0));
        if self.state.active.is_empty() {
            return;
        }
        let registers = op.reads.len() / 4 + op.step.destinations.len();
        self.state.temps.clear();
        self.state.temps.resize(registers * lanes, [0; 4]);
        self.state.scratch.resize(lanes, [0; 4]);
        let (vectors, _) = op.reads.as_chunks::<4>();
        for (register, vector) in vectors.iter().enumerate() {
            for lane in 0..lanes {
                self.state.temps[register * lanes + lane] = vector.map(|row| shape.word(rows, row, lane));
            }
        }
        scalar::execute_step(self.shader, &op.step, self.resources, self.io, self.state);
        for &(word, row) in &op.writes {
            let (register, component) = (word as usize / 4, word as usize % 4);
            let temps = &self.state.temps[register * lanes..][..lanes];
            for (lane, vector) in temps.iter().enumerate() {
                *shape.word_mut(rows, row, lane) = vector[component];
            }
        }
    }

    /// The lanes of a row of masks.
    fn active<'r>(rows: &'r [Group], shape: Shape, row: Row) -> impl Iterator<Item = usize> + use<'r> {
        let lanes = shape.first * LANES..shape.lanes.min(shape.end * LANES);
        lanes.filter(move |&lane| shape.word(rows, row, lane) != 0)
    }

    pub(super) fn live(&mut self, rows: &mut [Group], shape: Shape, i: &Inst) {
        for lane in shape.first * LANES..shape.lanes.min(shape.end * LANES) {
            *shape.word_mut(rows, i.d, lane) = if self.io.live[lane] { u32::MAX } else { 0 };
        }
    }

    pub(super) fn discard(&mut self, rows: &mut [Group], shape: Shape, i: &Inst) {
        Self::active(rows, shape, i.a).for_each(|lane| self.io.live[lane] = false);
    }

    #[inline(never)]
    pub(super) fn emit(&mut self, rows: &mut [Group], shape: Shape, i: &Inst) {
        self.store_outputs(rows, shape);
        let max = self.shader.geometry().map_or(0, |g| g.max_vertices);
        for lane in 0..shape.lanes {
            *shape.word_mut(rows, i.d, lane) = 0;
            if shape.word(rows, i.a, lane) == 0 {
                continue;
            }
            if self.emitted[lane] < max {
                self.emitted[lane] += 1;
                emit_lane(self.io, lane, self.shader.output_registers(), i.b as u8, i.c == 1);
            }
            if self.emitted[lane] >= max {
                *shape.word_mut(rows, i.d, lane) = u32::MAX;
            }
        }
    }

    pub(super) fn cut(&mut self, rows: &mut [Group], shape: Shape, i: &Inst) {
        Self::active(rows, shape, i.a).for_each(|lane| cut_lane(self.io, lane, i.b as u8));
    }

    /// Output rows go to where the caller reads them.
    pub(super) fn store_outputs(&mut self, rows: &[Group], shape: Shape) {
        for &(word, row) in &self.program.stores {
            let target = match word {
                OutputWord::Output(row) => self.io.outputs.row_mut(row as usize),
                OutputWord::Depth => &mut self.io.depth,
                OutputWord::Coverage => &mut self.io.output_coverage,
                OutputWord::StencilRef => &mut self.io.stencil_ref,
            };
            for (group, rows) in rows.chunks_exact(shape.stride).take(shape.end).enumerate() {
                let lanes = shape.lanes_of(group);
                let words = &rows[row as usize].0[..lanes.len()];
                target[lanes].copy_from_slice(words);
            }
        }
    }
}

/// The texel rows of a group to fill, and its other rows to read.
fn split<'a>(rows: &'a mut [Group], lanes: usize) -> (RowsMut<'a>, impl Fn(Row) -> &'a [u32]) {
    let (texels, rest) = rows.split_at_mut(TEXELS as usize + 4);
    let rest = &*rest;
    let mut texels = texels.iter_mut();
    let out = std::array::from_fn(|_| texels.next().map_or(&mut [][..], |group| &mut group.0[..lanes]));
    (out, move |row: Row| &rest[(row - TEXELS - 4) as usize].0[..lanes])
}
