//! Inputs at any place of a pixel (d3d-rules §9.5), one at a time, to the bits that whole batches get.

use std::ops::Range;

use crate::batch::{Context, centroid, fed, value};
use crate::coverage::CENTER;
use crate::interpolate::SUBPIXELS;
use crate::merge::Location;
use crate::quads::{Quads, samples_of};
use crate::shader::{PixelShaderInfo, PullModel, PullPlace};

/// Sub-pixels of the grid that places snap to.
const SNAP: i32 = SUBPIXELS / 16;

/// The quads of a batch with all that their inputs come from.
pub(crate) struct Pull<'a> {
    pub(crate) info: &'a PixelShaderInfo,
    pub(crate) context: &'a Context<'a>,
    pub(crate) quads: &'a Quads,
    /// Records and their lanes.
    pub(crate) runs: &'a [(u32, Range<usize>)],
}

impl PullModel for Pull<'_> {
    fn pull(&self, lane: usize, row: usize, place: PullPlace) -> Option<u32> {
        let (record, _) = self.runs.iter().find(|run| run.1.contains(&lane))?;
        let record = self.context.record(*record);
        let vertices = &self.context.draw.vertices;
        let interpolant = self.info.interpolants.iter().find(|i| usize::from(i.row) == row)?;
        let word = fed(interpolant.vertex_word, vertices)?;
        let Some((_, perspective)) = Location::of(interpolant.mode) else {
            return Some(value(vertices, record.leading, word));
        };
        if record.is_flat() {
            return Some(value(vertices, record.vertices[0], word));
        }
        let [dx, dy] = match place {
            PullPlace::Centroid => centroid(self.context, samples_of(self.quads.covered[lane / 4], lane % 4)),
            PullPlace::Sample(i) => self.context.offsets.get(i as usize).copied().unwrap_or([CENTER; 2]),
            PullPlace::Snapped(sixteenths) => sixteenths.map(|s| CENTER + SNAP * s),
        };
        let [x, y] = self.quads.pixel(lane);
        let v = record.vertices.map(|vertex| f32::from_bits(value(vertices, vertex, word)));
        let at = [x * SUBPIXELS + dx, y * SUBPIXELS + dy];
        Some(self.context.interpolator(record).attribute(at, v.map(f64::from), perspective).to_bits())
    }
}
