//! What a case costs on the modelled GPU, as the software renderer counts it: the numbers of `aerogpu replay --stats`.

use std::collections::BTreeMap;

use aerogpu::backend::Report;
use aerogpu::cycles::{CostTable, Stage, Work, cost};
use serde::{Deserialize, Serialize};

/// Draws of a case that are listed.
const MAX_DRAWS: usize = 256;

/// Work and cycles of a case. Counters and stages that are 0 are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cost {
    /// The sum of its submissions.
    pub cycles: u64,
    /// Of these, those of the draws, and of what is beside them, that each stage bounds.
    pub bound_cycles: BTreeMap<String, u64>,
    /// Everything that was done, by the names of the counters.
    pub counters: BTreeMap<String, u64>,
    /// The first draws and dispatches, in order.
    pub draws: Vec<DrawCost>,
    /// How many more there are.
    pub more_draws: u64,
    /// How many submissions there are.
    pub submissions: u64,
}

/// One draw or dispatch. The packets since the one before it count with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawCost {
    /// Number of its submission in the case.
    pub submission: u64,
    /// The packet's name.
    pub packet: String,
    /// Byte offset of the packet in the stream.
    pub offset: u64,
    /// Primitives that the input assembler made.
    pub primitives: u64,
    /// Pixels written, once a target.
    pub pixels: u64,
    /// How long it takes.
    pub cycles: u64,
    /// The stage that is busy longest.
    pub bound_by: String,
    /// For how long that is.
    pub bound_cycles: u64,
}

impl Cost {
    /// Adds a submission.
    pub fn add(&mut self, report: &Report) {
        let submission = self.submissions;
        self.submissions += 1;
        for command in &report.commands {
            let (cycles, bound) = self.part(&command.work);
            if self.draws.len() == MAX_DRAWS {
                self.more_draws += 1;
                continue;
            }
            self.draws.push(DrawCost {
                submission,
                packet: command.packet.into(),
                offset: command.offset as u64,
                primitives: command.work.ia_primitives,
                pixels: command.work.rop_pixels_written,
                cycles,
                bound_by: bound.0.name().into(),
                bound_cycles: bound.1,
            });
        }
        self.part(&report.rest());
        for counter in Work::COUNTERS {
            let count = (counter.get)(&report.work);
            if count != 0 {
                add(&mut self.counters, counter.name, count);
            }
        }
    }

    /// Adds work that does not overlap with other work: its cycles, and the stage that bounds them.
    fn part(&mut self, work: &Work) -> (u64, (Stage, u64)) {
        let busy = cost(work, &CostTable::VGPU_1);
        let (cycles, bound) = (busy.total().0, busy.bound_by());
        if cycles != 0 {
            self.cycles = self.cycles.saturating_add(cycles);
            add(&mut self.bound_cycles, bound.name(), cycles);
        }
        (cycles, (bound, busy.of(bound)))
    }
}

/// Adds to a count of this name.
pub(crate) fn add(counts: &mut BTreeMap<String, u64>, name: &str, count: u64) {
    let sum = counts.entry(name.to_owned()).or_default();
    *sum = sum.saturating_add(count);
}

#[cfg(test)]
mod tests {
    use aerogpu::backend::CommandWork;

    use super::*;

    #[test]
    fn draws_and_the_rest_are_priced_apart() {
        // As in the table of `aerogpu replay --stats`: a draw of 10 + 1000 cycles of coverage and 40 of latency; a packet of 8
        // and a clear of 10.
        let work =
            Work { draws: 1, raster_quads: 4000, raster_tiles: 10, ia_primitives: 2, ..Work::default() };
        let rest = Work { clear_bytes: 2560, fe_packets: 1, ..Work::default() };
        let commands = vec![CommandWork { offset: 24, packet: "DRAW", work }];
        let report = Report { work: work.merged(rest), commands, ..Report::default() };
        let mut cost = Cost::default();
        cost.add(&report);
        cost.add(&report);
        assert_eq!(cost.cycles, 2 * 1068);
        assert_eq!(cost.bound_cycles, BTreeMap::from([("clear".into(), 36), ("raster".into(), 2100)]));
        assert_eq!(cost.counters["raster.quads"], 8000);
        let draw = DrawCost {
            submission: 1,
            packet: "DRAW".into(),
            offset: 24,
            primitives: 2,
            pixels: 0,
            cycles: 1050,
            bound_by: "raster".into(),
            bound_cycles: 1010,
        };
        assert_eq!((&cost.draws[1], cost.draws.len(), cost.more_draws), (&draw, 2, 0));
    }

    #[test]
    fn only_the_first_draws_are_listed_but_all_are_counted() {
        let work = Work { draws: 1, ..Work::default() };
        let commands = vec![CommandWork { offset: 24, packet: "DRAW", work }; 300];
        let mut cost = Cost::default();
        let whole = (0..300).fold(Work::default(), |sum, _| sum.merged(work));
        cost.add(&Report { work: whole, commands, ..Report::default() });
        assert_eq!((cost.draws.len(), cost.more_draws), (MAX_DRAWS, 44));
        assert_eq!((cost.counters["draw.count"], cost.cycles), (300, 300 * cost.draws[0].cycles));
    }
}
