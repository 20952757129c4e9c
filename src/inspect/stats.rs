//! What frames cost on the modelled GPU: as data for JSON, and as a table.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use serde::{Serialize, Serializer};

use crate::backend::{CommandWork, Report};
use crate::cycles::{COST_MODEL_VERSION, CostTable, GpuCycles, Stage, StageCycles, Work, cost};
use crate::replay::ReplayedFrame;

/// Statistics of recordings, as `aerogpu replay --stats json` prints them.
///
/// Counters and stages that are 0 are left out. [`SCHEMA`](Self::SCHEMA) changes when a field goes or gets another meaning.
#[derive(Debug, Serialize)]
pub struct Stats {
    /// Version of this form.
    pub schema: u32,
    /// Version of the cost model.
    pub cost_model: u32,
    /// Cycles a second.
    pub core_hertz: u32,
    /// The recordings, as they were given.
    pub recordings: Vec<RecordingStats>,
}

impl Stats {
    /// Version of the form.
    pub const SCHEMA: u32 = 1;

    /// These recordings, priced by `table`.
    pub fn new(table: &CostTable, recordings: Vec<RecordingStats>) -> Self {
        let (schema, cost_model) = (Self::SCHEMA, COST_MODEL_VERSION);
        Self { schema, cost_model, core_hertz: table.core_hertz.get(), recordings }
    }
}

/// One recording.
#[derive(Debug, Serialize)]
pub struct RecordingStats {
    /// Its file's name.
    pub recording: String,
    /// Its frames.
    pub frames: Vec<FrameStats>,
}

/// One frame.
#[derive(Debug, Clone, Serialize)]
pub struct FrameStats {
    /// Its number in the recording.
    pub frame: u32,
    /// The sum of its submissions.
    pub cycles: u64,
    /// Of these, those of the parts that each stage bounds.
    pub bound_cycles: BTreeMap<&'static str, u64>,
    /// The sum of its submissions.
    pub work: Counters,
    /// Its submissions, in order.
    pub submissions: Vec<SubmissionStats>,
}

/// One submission.
#[derive(Debug, Clone, Serialize)]
pub struct SubmissionStats {
    /// Its number in the frame.
    pub submission: usize,
    /// The sum of its draws and the rest: they do not overlap.
    pub cycles: u64,
    /// All that it did.
    pub work: Counters,
    /// Its draws and dispatches, in order. The packets before one count with it.
    pub draws: Vec<DrawStats>,
    /// Clears, copies, and the packets after the last draw.
    pub rest: Priced,
}

/// One draw or dispatch.
#[derive(Debug, Clone, Serialize)]
pub struct DrawStats {
    /// Its number in the submission.
    pub draw: usize,
    /// The packet's name.
    pub packet: &'static str,
    /// Byte offset of the packet in the stream.
    pub offset: usize,
    /// What it did and costs.
    #[serde(flatten)]
    pub priced: Priced,
}

/// Work and its price.
#[derive(Debug, Clone, Serialize)]
pub struct Priced {
    /// How long it takes.
    pub cycles: u64,
    /// The stage that is busy longest.
    pub bound_by: &'static str,
    /// For how long each stage is busy.
    pub busy_cycles: Busy,
    /// What was done.
    pub work: Counters,
}

/// [`Work`] by the names of its counters.
#[derive(Debug, Clone)]
pub struct Counters(pub Work);

/// [`StageCycles`] by the names of the stages.
#[derive(Debug, Clone)]
pub struct Busy(pub StageCycles);

impl Serialize for Counters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let counters = Work::COUNTERS.iter().map(|counter| (counter.name, (counter.get)(&self.0)));
        serializer.collect_map(counters.filter(|&(_, count)| count != 0))
    }
}

impl Serialize for Busy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let stages = Stage::ALL.iter().map(|&stage| (stage.name(), self.0.of(stage)));
        serializer.collect_map(stages.filter(|&(_, cycles)| cycles != 0))
    }
}

impl Priced {
    fn new(work: &Work, table: &CostTable) -> Self {
        let busy = cost(work, table);
        Self {
            cycles: busy.total().0,
            bound_by: busy.bound_by().name(),
            busy_cycles: Busy(busy),
            work: Counters(*work),
        }
    }
}

impl SubmissionStats {
    fn new(submission: usize, report: &Report, table: &CostTable) -> Self {
        let draw = |(draw, command): (usize, &CommandWork)| DrawStats {
            draw,
            packet: command.packet,
            offset: command.offset,
            priced: Priced::new(&command.work, table),
        };
        Self {
            submission,
            cycles: report.cycles(table).0,
            work: Counters(report.work),
            draws: report.commands.iter().enumerate().map(draw).collect(),
            rest: Priced::new(&report.rest(), table),
        }
    }

    fn parts(&self) -> impl Iterator<Item = &Priced> {
        self.draws.iter().map(|draw| &draw.priced).chain([&self.rest])
    }
}

impl FrameStats {
    /// A frame, priced by `table`.
    pub fn new(frame: &ReplayedFrame, table: &CostTable) -> Self {
        let submissions = frame.submissions.iter().enumerate();
        let submissions: Vec<_> =
            submissions.map(|(number, report)| SubmissionStats::new(number, report, table)).collect();
        let mut bound_cycles = BTreeMap::new();
        for part in submissions.iter().flat_map(SubmissionStats::parts).filter(|part| part.cycles != 0) {
            *bound_cycles.entry(part.bound_by).or_default() += part.cycles;
        }
        Self {
            frame: frame.index,
            cycles: submissions.iter().fold(0, |sum: u64, submission| sum.saturating_add(submission.cycles)),
            bound_cycles,
            work: Counters(submissions.iter().fold(Work::default(), |sum, s| sum.merged(s.work.0))),
            submissions,
        }
    }

    /// The frame as lines of a table: a line a draw, and the frame's counters.
    pub fn table(&self, recording: &str, table: &CostTable) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut out, recording, table);
        out
    }

    fn write(&self, out: &mut String, recording: &str, table: &CostTable) -> fmt::Result {
        let time = GpuCycles(self.cycles).at(table.core_hertz).0;
        let (ms, us) = (time / 1_000_000, time / 1000 % 1000);
        writeln!(out, "{recording}, frame {}: {} cycles, {ms}.{us:03} ms", self.frame, grouped(self.cycles))?;
        let mut bounds: Vec<_> = self.bound_cycles.iter().collect();
        bounds.sort_by_key(|&(_, &cycles)| std::cmp::Reverse(cycles));
        let share = |cycles: u64| u128::from(cycles) * 100 / u128::from(self.cycles.max(1));
        let bounds = bounds.iter().map(|&(stage, &cycles)| format!("{stage} {} %", share(cycles)));
        writeln!(out, "bound by: {}\n", bounds.collect::<Vec<_>>().join(", "))?;
        write!(out, "{:>4} {:>5}  {:14} {:>8} {:>10}", "sub", "draw", "packet", "prims", "pixels")?;
        COLUMNS.iter().try_for_each(|stage| write!(out, " {:>8}", stage.name()))?;
        writeln!(out, " {:>8} {:>11}  bound by", "other", "cycles")?;
        for submission in &self.submissions {
            let number = submission.submission;
            for DrawStats { draw, packet, priced, .. } in &submission.draws {
                write_line(out, number, &draw.to_string(), packet, priced)?;
            }
            write_line(out, number, "-", "the rest", &submission.rest)?;
            let (draws, cycles) = (submission.draws.len(), grouped(submission.cycles));
            writeln!(out, "{number:>4}   all  {draws} draws, {cycles} cycles")?;
        }
        writeln!(out)?;
        for counter in Work::COUNTERS {
            let count = (counter.get)(&self.work.0);
            if count != 0 {
                writeln!(out, "{:>24} {:>16}  {}", counter.name, grouped(count), counter.meaning)?;
            }
        }
        Ok(())
    }
}

/// Stages with a column of their own; the others share one.
const COLUMNS: [Stage; 10] = [
    Stage::Fe,
    Stage::Ia,
    Stage::Vs,
    Stage::Clip,
    Stage::Setup,
    Stage::Raster,
    Stage::Z,
    Stage::Ps,
    Stage::Rop,
    Stage::Mem,
];

fn write_line(
    out: &mut String,
    submission: usize,
    draw: &str,
    packet: &str,
    Priced { cycles, bound_by, busy_cycles: Busy(busy), work: Counters(work) }: &Priced,
) -> fmt::Result {
    let (primitives, pixels) = (grouped(work.ia_primitives), grouped(work.rop_pixels_written));
    write!(out, "{submission:>4} {draw:>5}  {packet:14} {primitives:>8} {pixels:>10}")?;
    COLUMNS.iter().try_for_each(|&stage| write!(out, " {:>8}", grouped(busy.of(stage))))?;
    let other = busy.clear.saturating_add(busy.copy).saturating_add(busy.cs);
    writeln!(out, " {:>8} {:>11}  {bound_by}", grouped(other), grouped(*cycles))
}

/// A number with commas.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i != 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> ReplayedFrame {
        let work =
            Work { draws: 1, raster_quads: 4000, raster_tiles: 10, ia_primitives: 2, ..Work::default() };
        let rest = Work { clear_bytes: 2560, fe_packets: 1, ..Work::default() };
        let commands = vec![CommandWork { offset: 24, packet: "DRAW", work }];
        let report = Report { work: work.merged(rest), commands, ..Report::default() };
        ReplayedFrame {
            index: 7,
            picture: None,
            statistics: Default::default(),
            errors: Vec::new(),
            submissions: vec![report],
        }
    }

    #[test]
    fn the_form_is_stable() {
        let stats = FrameStats::new(&frame(), &CostTable::VGPU_1);
        let json = serde_json::to_string(&stats).expect("serializes");
        // A draw: 10 + 1000 cycles of coverage and 40 of latency; a packet of 8 and a clear of 10.
        let expected = concat!(
            r#"{"frame":7,"cycles":1068,"bound_cycles":{"clear":18,"raster":1050},"#,
            r#""work":{"IAPrimitives":2,"draw.count":1,"fe.packets":1,"raster.tiles":10,"raster.quads":4000,"#,
            r#""clear.bytes":2560},"submissions":[{"submission":0,"cycles":1068,"#,
            r#""work":{"IAPrimitives":2,"draw.count":1,"fe.packets":1,"raster.tiles":10,"raster.quads":4000,"#,
            r#""clear.bytes":2560},"draws":[{"draw":0,"packet":"DRAW","offset":24,"cycles":1050,"#,
            r#""bound_by":"raster","busy_cycles":{"setup":10,"raster":1010,"mem":20},"#,
            r#""work":{"IAPrimitives":2,"draw.count":1,"raster.tiles":10,"raster.quads":4000}}],"#,
            r#""rest":{"cycles":18,"bound_by":"clear","busy_cycles":{"fe":8,"clear":10},"#,
            r#""work":{"fe.packets":1,"clear.bytes":2560}}}]}"#
        );
        assert_eq!(json, expected);
    }

    #[test]
    fn the_table_says_what_bounds_a_draw() {
        let table = FrameStats::new(&frame(), &CostTable::VGPU_1).table("scene", &CostTable::VGPU_1);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(
            lines[..2],
            ["scene, frame 7: 1,068 cycles, 0.002 ms", "bound by: raster 98 %, clear 1 %"]
        );
        assert!(lines[4].ends_with("1,050  raster"), "{table}");
        assert!(table.contains("raster.quads            4,000  2x2 quads with a covered pixel"), "{table}");
    }
}
