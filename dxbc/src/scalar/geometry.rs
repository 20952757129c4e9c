//! What a geometry shader emits (S13, S22.8).

use crate::io::{Emission, Io};
use crate::ir::Op;
use crate::shader::{Space, Step};

use super::machine::Machine;

impl Machine<'_, '_> {
    /// `emit` and its forms. A lane that has emitted the declared maximum ends there (S22.3.5). The output registers keep
    /// their values, although they are undefined from here on (S13.4).
    pub(super) fn emit(&mut self, step: &Step, next: usize) {
        let stream = stream(step);
        let cut = matches!(step.op, Op::EmitThenCut | Op::EmitThenCutStream);
        let max = self.shader.geometry().map_or(0, |g| g.max_vertices);
        self.each(|m, lane| {
            if m.emitted[lane] < max {
                m.emitted[lane] += 1;
                emit_lane(m.io, lane, m.shader.output_registers(), stream, cut);
            }
            if m.emitted[lane] >= max { m.end_lane(lane) } else { m.place_lane(lane, next) }
        });
    }

    /// `cut`, `cut_stream`. Cuts without a vertex since the last one change nothing and are left out.
    pub(super) fn cut(&mut self, step: &Step) {
        let stream = stream(step);
        self.each(|m, lane| cut_lane(m.io, lane, stream));
    }
}

/// A lane's output registers become a vertex.
pub(crate) fn emit_lane(io: &mut Io, lane: usize, registers: usize, stream: u8, cut: bool) {
    let registers = (0..registers).map(|r| io.outputs.vector(lane, r)).collect();
    if io.emissions.len() <= lane {
        io.emissions.resize_with(io.lanes.max(lane + 1), Vec::new);
    }
    io.emissions[lane].push(Emission::Vertex { stream, registers });
    if cut {
        io.emissions[lane].push(Emission::Cut { stream });
    }
}

/// A lane's strip ends, if it has a vertex.
pub(crate) fn cut_lane(io: &mut Io, lane: usize, stream: u8) {
    let Some(emissions) = io.emissions.get_mut(lane) else { return };
    let last = emissions.iter().rev().find(|e| match e {
        Emission::Vertex { stream: s, .. } | Emission::Cut { stream: s } => *s == stream,
    });
    if matches!(last, Some(Emission::Vertex { .. })) {
        emissions.push(Emission::Cut { stream });
    }
}

fn stream(step: &Step) -> u8 {
    match step.memory.as_ref().map(|m| &m.space) {
        Some(Space::Stream(stream)) => *stream,
        _ => 0,
    }
}
