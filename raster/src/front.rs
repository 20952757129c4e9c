//! What can be done for draws before their turn in a pass comes, on any thread.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fearless_simd::{Level, dispatch};

use crate::bin::Grid;
use crate::clip::{outside, outside_of};
use crate::pass::{DrawState, PassOptions, TargetLayout};
use crate::primitive::{PrimitiveBatch, VertexBatch};
pub use crate::setup::SetUp;
use crate::setup::{Prepared, QueuedDraw};
use crate::surface::{MAX_DIMENSION, MAX_LAYERS, TILE_SIZE};

/// Sets up draws with one state for a pass.
#[derive(Debug)]
pub struct Front {
    layout: TargetLayout,
    grid: Grid,
    prepared: Arc<Prepared>,
    /// Memory for more.
    spare: Mutex<Vec<SetUp>>,
}

impl Front {
    /// So many primitives are not worth it.
    pub const FEW: usize = 64;

    /// For draws with this state to a pass with this layout and these options.
    pub fn new(layout: TargetLayout, options: &PassOptions, state: &Arc<DrawState>) -> Self {
        let layout = bounded(layout);
        let grid = grid(&layout, options.tile_size);
        let prepared = Prepared::new(state, &layout, options);
        Self { layout, grid, prepared: Arc::new(prepared), spare: Mutex::default() }
    }

    /// What some primitives of a batch become, for [`Pass::draw_range`](crate::pass::Pass::draw_range). `None` when there are few
    /// or when they are large: then nothing is gained, and the lists for the tiles would become too long.
    pub fn set_up(
        &self,
        vertices: &Arc<VertexBatch>,
        primitives: &Arc<PrimitiveBatch>,
        range: Range<usize>,
    ) -> Option<SetUp> {
        const MOST_CELLS: u64 = 1 << 16;
        if range.len() <= Self::FEW || !self.prepared.state.rasterizes() {
            return None;
        }
        let draw = QueuedDraw {
            prepared: Arc::clone(&self.prepared),
            vertices: Arc::clone(vertices),
            primitives: Arc::clone(primitives),
        };
        let mut set_up = self.spare().pop().unwrap_or_default();
        set_up.fill(&self.layout, self.grid, &draw, range, MOST_CELLS).then_some(set_up)
    }

    /// Takes back what is queued, for its memory.
    pub fn reuse(&self, set_up: SetUp) {
        self.spare().push(set_up);
    }

    fn spare(&self) -> MutexGuard<'_, Vec<SetUp>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A layout within Direct3D's limits. A number of samples that there is no pattern for becomes one.
pub(crate) fn bounded(layout: TargetLayout) -> TargetLayout {
    TargetLayout {
        width: layout.width.min(MAX_DIMENSION),
        height: layout.height.min(MAX_DIMENSION),
        layers: layout.layers.min(MAX_LAYERS),
        samples: if matches!(layout.samples, 2 | 4 | 8 | 16) { layout.samples } else { 1 },
        ..layout
    }
}

/// The tiles of a layer.
pub(crate) fn grid(layout: &TargetLayout, tile_size: u32) -> Grid {
    let tile_size = if matches!(tile_size, 8 | 16 | 32) { tile_size } else { TILE_SIZE };
    Grid::new(layout.width, layout.height, tile_size)
}

/// Whether nothing of any triangle over these vertices can be inside the view: all of them lie beyond the same clip plane, or
/// are not finite. Rows are x, y, z and w in clip space, as bits.
pub fn is_outside(level: Level, rows: [&[u32]; 4], depth_clip: bool) -> bool {
    let depth = if depth_clip { 0 } else { outside::NEAR | outside::FAR };
    dispatch!(level, _simd => common_planes(rows) & u32::from(!depth) != 0)
}

/// Clip planes that all positions lie outside of.
#[inline(always)]
fn common_planes([x, y, z, w]: [&[u32]; 4]) -> u32 {
    let mut common = u32::MAX;
    let rows = x.chunks(64).zip(y.chunks(64)).zip(z.chunks(64).zip(w.chunks(64)));
    for ((x, y), (z, w)) in rows {
        for ((&x, &y), (&z, &w)) in x.iter().zip(y).zip(z.iter().zip(w)) {
            common &= outside_or_not_finite([x, y, z, w]);
        }
        if common == 0 {
            break;
        }
    }
    common
}

/// Clip planes that a position lies outside of; all bits for one that is not finite.
#[inline(always)]
fn outside_or_not_finite([x, y, z, w]: [u32; 4]) -> u32 {
    const INFINITE: u32 = 0x7f80_0000;
    let infinite = |c: u32| c & INFINITE == INFINITE;
    let nowhere = infinite(x) | infinite(y) | infinite(z) | infinite(w);
    let position = [f32::from_bits(x), f32::from_bits(y), f32::from_bits(z), f32::from_bits(w)];
    outside_of(position) | if nowhere { u32::MAX } else { 0 }
}
