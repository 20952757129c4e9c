//! What a submission does, for the cost model: of each draw and dispatch, and of all.

use aerogpu_raster::pass::{Flushed, Work as PassWork};

use crate::backend::{CommandWork, Report, Statistics};
use crate::cycles::Work;
use crate::limits;

/// The counts of a submission under way.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Draws and dispatches; what the rasterizer does for them comes later, perhaps in several flushes.
    commands: Vec<(CommandWork, PassWork)>,
    /// Packets since the last draw or dispatch; the next one pays for them.
    front: Work,
    /// What no draw or dispatch did.
    rest: Work,
}

impl Counts {
    /// A packet comes by.
    pub(super) fn packet(&mut self, bytes: u32, changes_state: bool) {
        self.front.fe_packets += 1;
        self.front.fe_bytes += u64::from(bytes);
        self.front.fe_state_groups += u64::from(changes_state);
    }

    /// So many bytes are copied, or go to or from guest memory.
    pub(super) fn copied(&mut self, bytes: u64) {
        self.rest.copy_bytes_read += bytes;
        self.rest.copy_bytes_written += bytes;
    }

    /// A draw or dispatch starts. Returns its number.
    pub(super) fn start(&mut self, (offset, packet): (usize, &'static str)) -> usize {
        let work = std::mem::take(&mut self.front);
        if self.commands.len() < limits::MAX_COUNTED_COMMANDS {
            self.commands.push((CommandWork { offset, packet, work }, PassWork::default()));
        } else if let Some((last, _)) = self.commands.last_mut() {
            // One more than are told apart counts with the last.
            last.work += work;
        }
        self.commands.len() - 1
    }

    /// What a draw or dispatch did so far, to be added to.
    pub(super) fn work(&mut self, number: usize) -> &mut Work {
        &mut self.commands[number].0.work
    }

    /// Queued work is drawn; `draws` has the number of each draw in the queue.
    pub(super) fn flushed(&mut self, draws: &[usize], flushed: &Flushed) {
        self.rest.clear_bytes += flushed.work.cleared_bytes;
        for (&number, work) in draws.iter().zip(&flushed.draws) {
            self.commands[number].1 += *work;
        }
    }

    /// Sums everything up.
    pub(super) fn finish(self, report: &mut Report) {
        report.work = self.rest.merged(self.front);
        report.commands.reserve_exact(self.commands.len());
        for (mut command, pass) in self.commands {
            command.work += Work::from(&pass);
            command.work = command.work.with_lines();
            report.work += command.work;
            report.commands.push(command);
        }
        report.statistics = Statistics::from(&report.work);
    }
}
