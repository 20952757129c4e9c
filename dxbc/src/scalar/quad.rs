//! What belongs to pixels and their quads: derivatives, `discard`, pull-model inputs.

use crate::ir::Op;
use crate::resources::Location;
use crate::shader::{Place, Source, Step};

use super::float;
use super::machine::Machine;

/// One component of a derivative: a difference by the rules of float instructions.
pub(crate) fn difference(to: u32, from: u32) -> u32 {
    const SIGN: u32 = 1 << 31;
    float::add(to, from ^ SIGN)
}

impl Machine<'_, '_> {
    /// Evaluates a source in every lane, active or not: neighbours need it.
    pub(super) fn fill_scratch(&mut self, source: &Source) {
        for lane in 0..self.io.lanes {
            self.scratch[lane] = self.source(lane, source);
        }
    }

    /// `deriv_*` (S22.5.2-5)
    pub(super) fn derivative(&mut self, step: &Step, rule: impl Fn(&Self, usize) -> [u32; 4]) {
        self.fill_scratch(&step.sources[0]);
        self.each(|m, lane| {
            let value = rule(m, lane);
            let value = if step.saturate { value.map(float::saturate) } else { value };
            m.store(lane, &step.destinations[0], value);
        });
    }

    /// One pair a quad: along x of the top row, along y of the left column.
    pub(super) fn coarse_derivatives(&self, lane: usize) -> [[u32; 4]; 2] {
        let first = lane & !3;
        [self.difference(first, first + 1), self.difference(first, first + 2)]
    }

    /// Scratch of lane `to` minus that of lane `from`.
    pub(super) fn difference(&self, from: usize, to: usize) -> [u32; 4] {
        let at = |lane: usize| self.scratch.get(lane).copied().unwrap_or_default();
        let (from, to) = (at(from), at(to));
        std::array::from_fn(|c| difference(to[c], from[c]))
    }

    /// S22.5.1: the pixel becomes a helper; what it wrote to memory before stands.
    pub(super) fn discard(&mut self, step: &Step) {
        self.each(|m, lane| {
            if m.test(lane, step) {
                m.io.live[lane] = false;
            }
        });
    }

    /// `eval_*` (S16.5, S22.5.7-9). Without an answer from outside, and for sources that are no inputs, the plain value.
    pub(super) fn evaluate(&mut self, step: &Step) {
        let source = &step.sources[0];
        self.each(|m, lane| {
            let location = m.location(lane, step);
            let pulled = match &source.place {
                Place::Input(register) => {
                    m.resources.interpolate(lane, m.index(lane, register) as u32, location)
                }
                _ => None,
            };
            let value = match pulled {
                Some(value) => m.source(lane, &Source { place: Place::Immediate(value), ..source.clone() }),
                None => m.source(lane, source),
            };
            let value = if step.saturate { value.map(float::saturate) } else { value };
            m.store(lane, &step.destinations[0], value);
        });
    }

    fn location(&self, lane: usize, step: &Step) -> Location {
        match step.op {
            Op::EvalSampleIndex => Location::Sample(self.source(lane, &step.sources[1])[0]),
            Op::EvalSnapped => {
                let [x, y, _, _] = self.source(lane, &step.sources[1]);
                // The low four bits, signed (S16.5).
                let signed = |bits: u32| (bits as i32) << 28 >> 28;
                Location::Snapped([signed(x), signed(y)])
            }
            _ => Location::Centroid,
        }
    }
}
