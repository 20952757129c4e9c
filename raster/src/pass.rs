//! A pass: draws and clears to one set of targets, queued, then run tile by tile.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use fearless_simd::{Level, dispatch};
use rayon::prelude::*;
use smallvec::SmallVec;

use crate::batch::Batch;
use crate::bin::{Bins, Entry, Grid};
use crate::coverage::sample_offsets;
use crate::depth_stencil::depth_code;
use crate::format::norm::clamp;
use crate::format::{Format, Kind};
use crate::front::{bounded, grid};
use crate::merge::Merger;
use crate::primitive::{PrimitiveBatch, VertexBatch};
use crate::record::{Gradients, Record};
use crate::records::Records;
use crate::setup::{Prepared, QueuedDraw, SetUp};
use crate::shader::{PixelShader, ShaderTimeout};
use crate::state::{BlendState, DepthStencilState, MAX_TARGETS, RasterizerState, Rect};
use crate::surface::{Image, TILE_SIZE};
use crate::tile::{Clear, Queue, TileJob, TileOutcome, TilePixels, TileTargets};
pub use crate::work::Work;

/// What a pass draws to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetLayout {
    /// Formats of the colour targets.
    pub colors: [Option<Format>; MAX_TARGETS],
    /// Format of the depth-stencil target.
    pub depth_stencil: Option<Format>,
    /// Pixels a row that every target has.
    pub width: u32,
    /// Rows that every target has.
    pub height: u32,
    /// Array layers that every target has; `SV_RenderTargetArrayIndex` selects one.
    pub layers: u32,
    /// Samples a pixel: 1, 2, 4, 8 or 16.
    pub samples: u32,
}

/// How a pass is run. No option changes a result.
#[derive(Debug, Clone, Copy)]
pub struct PassOptions {
    /// Edge of a tile in pixels: 8, 16, 32 or 64; anything else is 64.
    pub tile_size: u32,
    /// Instructions to use.
    pub level: Level,
    /// Blend wrongly here and there, so that tests can show that they would notice.
    #[cfg(feature = "test-utils")]
    pub broken_blend: bool,
}

impl Default for PassOptions {
    fn default() -> Self {
        Self {
            tile_size: 64,
            level: Level::new(),
            #[cfg(feature = "test-utils")]
            broken_blend: false,
        }
    }
}

impl PassOptions {
    pub(crate) fn merger(&self, state: &Arc<DrawState>, layout: &TargetLayout) -> Merger {
        let merger = Merger::new(state, layout);
        #[cfg(feature = "test-utils")]
        let merger = merger.with_broken_blend(self.broken_blend);
        merger
    }
}

/// Everything about a draw but its primitives.
#[derive(Debug, Clone)]
pub struct DrawState {
    /// Rasterizer state, viewports and scissor rectangles.
    pub rasterizer: RasterizerState,
    /// Depth and stencil state.
    pub depth_stencil: DepthStencilState,
    /// Blending, masks, alpha test.
    pub blend: BlendState,
    /// The pixel shader; without one only depth and stencil are drawn.
    pub pixel_shader: Option<Arc<dyn PixelShader>>,
}

impl DrawState {
    /// Whether anything can come of a draw; otherwise it is not even counted (d3d-rules §7.8).
    pub(crate) fn rasterizes(&self) -> bool {
        let tests = self.depth_stencil.depth_enable || self.depth_stencil.stencil_enable;
        self.pixel_shader.is_some() || tests
    }
}

/// The images that a pass is flushed to, one an array layer.
///
/// A target without images, or with some of another texel size or number of samples than the layout says, is not drawn to.
#[derive(Debug, Default)]
pub struct Targets<'a> {
    /// Colour targets.
    pub colors: [Vec<&'a mut Image>; MAX_TARGETS],
    /// Depth-stencil target.
    pub depth_stencil: Vec<&'a mut Image>,
}

/// What came of a flush.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flushed {
    /// What was done.
    pub work: Work,
    /// What of it each [draw](Pass::draws) did; the rest is clears.
    pub draws: Vec<Work>,
    /// What it took from the budget.
    pub spent: u64,
    /// Whether a shader or the budget ran out of time, so that something is not drawn.
    pub timed_out: bool,
}

thread_local! {
    /// What tiles use one after the other; it keeps its memory.
    static BATCH: RefCell<Option<Box<Batch>>> = RefCell::default();
}

/// A queue of draws and clears to the same targets. It keeps its memory from flush to flush.
#[derive(Debug)]
pub struct Pass {
    layout: TargetLayout,
    options: PassOptions,
    offsets: Vec<[i32; 2]>,
    draws: Vec<QueuedDraw>,
    records: Records,
    gradients: Vec<Gradients>,
    clears: Vec<Clear>,
    bins: Bins,
    grid: Grid,
    /// Memory for the next draw to be set up.
    set_up: SetUp,
    /// What is kept of primitives without vertices.
    nothing: Arc<PrimitiveBatch>,
    /// Bytes of queued vertices and primitives.
    batch_bytes: usize,
    /// Cells of grids that were looked at to find the tiles of primitives.
    cells: u64,
    /// What draws and clears did when they were queued.
    works: Vec<Work>,
    clear_work: Work,
}

impl Pass {
    /// An empty queue. Sizes beyond Direct3D's limits are cut to them; a number of samples that there is no pattern for means one.
    pub fn new(layout: TargetLayout, options: PassOptions) -> Self {
        let layout = bounded(layout);
        let grid = grid(&layout, options.tile_size);
        Self {
            offsets: sample_offsets(layout.samples).collect(),
            draws: Vec::new(),
            records: Records::default(),
            gradients: Vec::new(),
            clears: Vec::new(),
            bins: Bins::new(grid, layout.layers),
            grid,
            set_up: SetUp::default(),
            nothing: Arc::default(),
            batch_bytes: 0,
            cells: 0,
            works: Vec::new(),
            clear_work: Work::default(),
            options,
            layout,
        }
    }

    /// What it draws to.
    pub fn layout(&self) -> &TargetLayout {
        &self.layout
    }

    /// True when nothing is queued.
    pub fn is_empty(&self) -> bool {
        self.draws.is_empty() && self.clears.is_empty()
    }

    /// Draws that wait: a number for each one queued, in order. One that cannot draw anything is not queued.
    pub fn draws(&self) -> usize {
        self.draws.len()
    }

    /// About how many bytes the queue takes: vertices and primitives, what was made of them, and the lists of the tiles.
    pub fn queued_bytes(&self) -> usize {
        self.batch_bytes
            + size_of_val(&self.draws[..])
            + size_of_val(&self.works[..])
            + self.records.len() * size_of::<Record>()
            + size_of_val(&self.gradients[..])
            + size_of_val(&self.clears[..])
            + self.bins.bytes()
    }

    /// How much work it was to queue what waits, beside the primitives as such: grows with the pixels of their bounds.
    pub fn queueing_cost(&self) -> u64 {
        self.cells
    }

    /// A rough guess of the work that a flush has to do, in nanoseconds of one core.
    pub fn estimated_work(&self) -> u64 {
        const SHAPE: u64 = 150;
        const TILE: u64 = 1000;
        let tiles: u64 = self.works.iter().map(|work| work.tiles).sum();
        self.records.len() as u64 * SHAPE + tiles * TILE + self.clear_work.cleared_bytes / 16
    }

    /// Clears pixels of a colour target, in all layers: all, or those of `rect`.
    ///
    /// `value` is linear; formats convert it as they convert shader outputs, integer ones by truncation. Blending and masks do not
    /// matter.
    pub fn clear_color(&mut self, target: usize, value: [f32; 4], rect: Option<Rect>) {
        if let Some(format) = self.layout.colors.get(target).copied().flatten() {
            self.clear_color_as(format, target, value, rect);
        }
    }

    /// As [`clear_color`](Self::clear_color), but red, green and blue are encoded to sRGB where the format can be: what
    /// Direct3D 9's SRGBWRITEENABLE asks for.
    pub fn clear_color_srgb(&mut self, target: usize, value: [f32; 4], rect: Option<Rect>) {
        if let Some(format) = self.layout.colors.get(target).copied().flatten() {
            self.clear_color_as(format.srgb().unwrap_or(format), target, value, rect);
        }
    }

    fn clear_color_as(&mut self, format: Format, target: usize, value: [f32; 4], rect: Option<Rect>) {
        let register = value.map(|c| match format.kind() {
            Kind::Uint => c as u32,
            Kind::Sint => c as i32 as u32,
            _ => c.to_bits(),
        });
        let mut texel = SmallVec::from_elem(0, format.block_bytes());
        format.encode_texel(register, &mut texel);
        let pixels = self.pixels(rect);
        self.push_clear(Clear::Color { target, texel, pixels }, pixels, format);
    }

    /// Clears depth, stencil or both, in all layers: all pixels, or those of `rect`. Depth is clamped to 0..1.
    pub fn clear_depth_stencil(&mut self, depth: Option<f32>, stencil: Option<u8>, rect: Option<Rect>) {
        let Some(format) = self.layout.depth_stencil else { return };
        let depth = depth.map(|depth| depth_code(format, clamp(depth, 0.0, 1.0)));
        let pixels = self.pixels(rect);
        self.push_clear(Clear::DepthStencil { depth, stencil, pixels }, pixels, format);
    }

    fn pixels(&self, rect: Option<Rect>) -> Rect {
        let all =
            Rect { left: 0, top: 0, right: self.layout.width as i32, bottom: self.layout.height as i32 };
        rect.map_or(all, |rect| rect.intersect(all))
    }

    fn push_clear(&mut self, clear: Clear, pixels: Rect, format: Format) {
        if pixels.is_empty() {
            return;
        }
        let area = (pixels.right - pixels.left) as u64 * (pixels.bottom - pixels.top) as u64;
        let samples = u64::from(self.layout.layers) * u64::from(self.layout.samples);
        self.clear_work.cleared_bytes += area * samples * format.block_bytes() as u64;
        for layer in 0..self.layout.layers as usize {
            self.bins.push_all(layer, pixels, Entry::clear(self.clears.len()));
        }
        self.clears.push(clear);
    }

    /// Queues a draw. Primitives are clipped, culled and put into tiles at once; nothing is shaded before the flush.
    ///
    /// Primitives with indices beyond the vertices are dropped. `vertices` must have as many attributes and distances as it says.
    pub fn draw(&mut self, state: &Arc<DrawState>, vertices: Arc<VertexBatch>, primitives: PrimitiveBatch) {
        let all = 0..primitives.count();
        self.draw_range(state, &vertices, &Arc::new(primitives), all, None);
    }

    /// As [`draw`](Self::draw), of some primitives of a batch. Draws that follow each other may share state, vertices and
    /// primitives; what they share is prepared and kept once. What [`Front::set_up`](crate::front::Front::set_up) made of the same
    /// needs not be made again; what is taken of it is replaced by other memory.
    pub fn draw_range(
        &mut self,
        state: &Arc<DrawState>,
        vertices: &Arc<VertexBatch>,
        primitives: &Arc<PrimitiveBatch>,
        range: Range<usize>,
        set_up: Option<&mut SetUp>,
    ) {
        if !state.rasterizes() {
            return;
        }
        let prepared = self.prepare(state, vertices, primitives);
        let (vertices, primitives) = (Arc::clone(vertices), Arc::clone(primitives));
        let mut draw = QueuedDraw { prepared, vertices, primitives };
        let mut own = std::mem::take(&mut self.set_up);
        let set_up = match set_up {
            Some(set_up) => set_up,
            None => {
                own.fill(&self.layout, self.grid, &draw, range, u64::MAX);
                &mut own
            }
        };
        if set_up.records.is_empty() && draw.vertices.positions.is_empty() {
            draw.primitives = Arc::clone(&self.nothing);
        }
        let first = self.records.append(set_up, self.draws.len() as u32, self.gradients.len());
        self.gradients.extend_from_slice(&set_up.gradients);
        for binned in &set_up.binned {
            let entry = Entry::record(first + binned.record as usize);
            self.bins.push(binned.layer as usize, binned.tile as usize, entry);
        }
        self.cells += set_up.cells;
        self.works.push(set_up.work);
        self.draws.push(draw);
        self.set_up = own;
    }

    /// The state as the pass needs it: the last draw's if that has the same. Counts the bytes of what is not the last draw's.
    fn prepare(
        &mut self,
        state: &Arc<DrawState>,
        vertices: &Arc<VertexBatch>,
        primitives: &Arc<PrimitiveBatch>,
    ) -> Arc<Prepared> {
        let last = self.draws.last();
        if !last.is_some_and(|last| Arc::ptr_eq(&last.vertices, vertices)) {
            self.batch_bytes += vertices.bytes();
        }
        if !vertices.positions.is_empty()
            && !last.is_some_and(|last| Arc::ptr_eq(&last.primitives, primitives))
        {
            self.batch_bytes += primitives.bytes();
        }
        if let Some(last) = last.filter(|last| Arc::ptr_eq(&last.prepared.state, state)) {
            return Arc::clone(&last.prepared);
        }
        self.batch_bytes += size_of::<DrawState>() + size_of::<Prepared>();
        Arc::new(Prepared::new(state, &self.layout, &self.options))
    }

    /// Runs everything that is queued, in parallel on rayon's current pool, and empties the queue.
    ///
    /// A tile whose shader runs out of time stays as it is then.
    pub fn flush(&mut self, targets: &mut Targets<'_>) -> Result<Work, ShaderTimeout> {
        let flushed = self.flush_within(targets, u64::MAX);
        if flushed.timed_out { Err(ShaderTimeout) } else { Ok(flushed.work) }
    }

    /// As [`flush`](Self::flush), for at most `budget` instructions of one lane, to which the work outside shaders is added by
    /// fixed rates.
    ///
    /// Tiles run in groups, and all of a group have the same share of the budget. When one runs out of time, its group is the
    /// last that runs. So what is drawn depends on the budget and the tile size, never on threads.
    pub fn flush_within(&mut self, targets: &mut Targets<'_>, budget: u64) -> Flushed {
        /// Below this many nanoseconds waking other threads costs more than it gains.
        const WORTH_SHARING: u64 = 20_000;
        /// Image tiles of a group: enough for many threads, few enough to stop soon.
        const GROUP: usize = 128;
        let shared = self.estimated_work() >= WORTH_SHARING;
        let queue = Queue {
            draws: &self.draws,
            records: &self.records,
            gradients: &self.gradients,
            clears: &self.clears,
            bins: &self.bins,
            offsets: &self.offsets,
        };
        let mut jobs = self.jobs(targets).into_iter();
        let (mut spent, mut timed_out) = (0u64, false);
        let mut draws = std::mem::take(&mut self.works);
        while !timed_out {
            let group: Vec<TileJob<'_>> = jobs.by_ref().take(GROUP).collect();
            if group.is_empty() {
                break;
            }
            let share = budget.saturating_sub(spent) / group.len() as u64;
            let level = self.options.level;
            let run = |job: TileJob<'_>| {
                // A shader could flush another pass meanwhile: the batch is taken, not borrowed.
                let mut batch = BATCH.take().unwrap_or_default();
                let outcome = dispatch!(level, simd => job.run(simd, &queue, &mut batch, share));
                BATCH.set(Some(batch));
                outcome
            };
            let ran = if shared {
                group
                    .into_par_iter()
                    .with_max_len(1)
                    .map(run)
                    .reduce(TileOutcome::default, TileOutcome::merged)
            } else {
                group.into_iter().map(run).fold(TileOutcome::default(), TileOutcome::merged)
            };
            for (draw, work) in &ran.works {
                if let Some(sum) = draws.get_mut(*draw as usize) {
                    *sum += *work;
                }
            }
            spent = spent.saturating_add(ran.spent);
            timed_out = ran.timed_out;
        }
        for (work, draw) in draws.iter_mut().zip(&self.draws) {
            draw.prepared.merger.count_depth(work);
        }
        let work = draws.iter().copied().fold(self.clear_work, Work::merged);
        self.reset();
        Flushed { work, draws, spent, timed_out }
    }

    /// The image tiles that have something to do, with the bytes of every target in them.
    fn jobs<'a>(&self, targets: &'a mut Targets<'_>) -> Vec<TileJob<'a>> {
        let busy = self.bins.busy(TILE_SIZE as i32);
        let job = |&(layer, column, row): &(usize, usize, usize)| {
            let origin = [column, row].map(|c| (c * TILE_SIZE as usize) as i32);
            TileJob { layer, targets: TileTargets { origin, ..Default::default() } }
        };
        let mut jobs: Vec<TileJob<'a>> = busy.iter().map(job).collect();
        let mut attach = |images: &'a mut Vec<&mut Image>, format: Option<Format>, slot: Option<usize>| {
            let Some(format) = format else { return };
            // Images and busy tiles are in the same order.
            let mut busy = busy.iter().zip(&mut jobs).peekable();
            for (layer, image) in images.iter_mut().enumerate() {
                if (image.format().block_bytes(), image.samples())
                    != (format.block_bytes(), self.layout.samples)
                {
                    continue;
                }
                let (columns, samples) = (image.tile_grid().0 as usize, image.samples() as usize);
                for (at, bytes) in image.tiles_mut().enumerate() {
                    let place = |&(layer, column, row): &(usize, usize, usize)| (layer, row, column);
                    let here = (layer, at / columns, at % columns);
                    while busy.next_if(|(tile, _)| place(tile) < here).is_some() {}
                    if let Some((_, job)) = busy.next_if(|(tile, _)| place(tile) == here) {
                        let pixels = Some(TilePixels::new(bytes, format, samples));
                        match slot {
                            Some(target) => job.targets.colors[target] = pixels,
                            None => job.targets.depth_stencil = pixels,
                        }
                    }
                }
            }
        };
        for (target, images) in targets.colors.iter_mut().enumerate() {
            attach(images, self.layout.colors[target], Some(target));
        }
        attach(&mut targets.depth_stencil, self.layout.depth_stencil, None);
        jobs
    }

    fn reset(&mut self) {
        self.draws.clear();
        self.records.clear();
        self.gradients.clear();
        self.clears.clear();
        self.bins.clear();
        self.batch_bytes = 0;
        self.cells = 0;
        self.works.clear();
        self.clear_work = Work::default();
    }
}
