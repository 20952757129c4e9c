//! One tile of a pass: its clears and shapes in order, pixel by pixel.

use smallvec::SmallVec;

use crate::batch::{Batch, Context, Quad, Surface};
use crate::bin::{Bins, Command};
use crate::coverage::{Coverage, Line, pixel_bounds, rect_block};
use crate::depth_stencil::store;
use crate::format::Format;
use crate::interpolate::SUBPIXELS;
use crate::merge::Merger;
use crate::pass::Work;
use crate::setup::{Gradients, QueuedDraw, Record, Shape};
use crate::shader::ShaderTimeout;
use crate::state::{MAX_TARGETS, Rect};
use crate::surface::TILE_SIZE;

/// The pixels of one target in one image tile.
#[derive(Debug)]
pub(crate) struct TilePixels<'a> {
    /// Rows of pixels, samples of a pixel behind each other.
    bytes: &'a mut [u8],
    format: Format,
    texel_bytes: usize,
    samples: usize,
}

impl<'a> TilePixels<'a> {
    pub(crate) fn new(bytes: &'a mut [u8], format: Format, samples: usize) -> Self {
        Self { bytes, format, texel_bytes: format.block_bytes(), samples }
    }

    /// A sample of a pixel of the tile.
    #[inline]
    fn texel(&mut self, x: i32, y: i32, sample: usize) -> Option<&mut [u8]> {
        let size = self.texel_bytes;
        let pixel = y as usize * TILE_SIZE as usize + x as usize;
        self.bytes.get_mut((pixel * self.samples + sample) * size..)?.get_mut(..size)
    }

    /// All samples of pixels of the tile.
    fn rows(&mut self, pixels: Rect) -> impl Iterator<Item = &mut [u8]> {
        let pixel = self.texel_bytes * self.samples;
        let columns = pixels.left as usize * pixel..pixels.right as usize * pixel;
        let rows = self.bytes.chunks_mut(TILE_SIZE as usize * pixel);
        let rows = rows.skip(pixels.top as usize).take((pixels.bottom - pixels.top) as usize);
        rows.filter_map(move |row| row.get_mut(columns.clone()))
    }
}

/// All targets in one image tile.
#[derive(Debug, Default)]
pub(crate) struct TileTargets<'a> {
    /// The tile's first pixel.
    pub(crate) origin: [i32; 2],
    pub(crate) colors: [Option<TilePixels<'a>>; MAX_TARGETS],
    pub(crate) depth_stencil: Option<TilePixels<'a>>,
}

impl TileTargets<'_> {
    #[inline]
    pub(crate) fn color(&mut self, target: usize, x: i32, y: i32, sample: usize) -> Option<&mut [u8]> {
        let [left, top] = self.origin;
        self.colors[target].as_mut()?.texel(x - left, y - top, sample)
    }

    #[inline]
    pub(crate) fn depth_stencil(&mut self, x: i32, y: i32, sample: usize) -> Option<&mut [u8]> {
        let [left, top] = self.origin;
        self.depth_stencil.as_mut()?.texel(x - left, y - top, sample)
    }
}

/// A clear as it waits in a pass.
#[derive(Debug)]
pub(crate) enum Clear {
    /// The texel that fills a colour target.
    Color { target: usize, texel: SmallVec<[u8; 16]>, pixels: Rect },
    /// A depth code and stencil.
    DepthStencil { depth: Option<f32>, stencil: Option<u8>, pixels: Rect },
}

impl Clear {
    fn run(&self, tile: Rect, targets: &mut TileTargets<'_>) {
        let [left, top] = targets.origin;
        let local = |pixels: &Rect| {
            let r = pixels.intersect(tile);
            Rect { left: r.left - left, top: r.top - top, right: r.right - left, bottom: r.bottom - top }
        };
        match self {
            Self::Color { target, texel, pixels } => {
                let Some(color) = &mut targets.colors[*target] else { return };
                for row in color.rows(local(pixels)) {
                    row.chunks_exact_mut(texel.len()).for_each(|to| to.copy_from_slice(texel));
                }
            }
            Self::DepthStencil { depth, stencil, pixels } => {
                let Some(target) = &mut targets.depth_stencil else { return };
                let (format, texel_bytes) = (target.format, target.texel_bytes);
                for row in target.rows(local(pixels)) {
                    row.chunks_exact_mut(texel_bytes).for_each(|to| store(format, to, *depth, *stencil));
                }
            }
        }
    }
}

/// What all tiles of a pass read.
#[derive(Debug)]
pub(crate) struct Queue<'a> {
    pub(crate) draws: &'a [(QueuedDraw, Merger)],
    pub(crate) records: &'a [Record],
    pub(crate) gradients: &'a [Gradients],
    pub(crate) clears: &'a [Clear],
    pub(crate) bins: &'a Bins,
    pub(crate) offsets: &'a [[i32; 2]],
}

/// What a command costs in a tile, and what a quad costs beside its shader, in instructions of one lane. Only the order of
/// magnitude matters: it bounds the time of work that runs no shader.
const COMMAND_COST: u64 = 64;
const CLEAR_COST: u64 = 1024;
const QUAD_COST: u64 = 4;

/// What came of a tile.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TileOutcome {
    pub(crate) work: Work,
    /// What it cost, in instructions of one lane.
    pub(crate) spent: u64,
    pub(crate) timed_out: bool,
}

impl TileOutcome {
    pub(crate) fn merged(self, other: Self) -> Self {
        Self {
            work: self.work.merged(other.work),
            spent: self.spent.saturating_add(other.spent),
            timed_out: self.timed_out | other.timed_out,
        }
    }
}

/// An image tile that has something to do.
#[derive(Debug)]
pub(crate) struct TileJob<'a> {
    pub(crate) layer: usize,
    pub(crate) targets: TileTargets<'a>,
}

impl TileJob<'_> {
    fn tiles(&self, bins: &Bins) -> impl Iterator<Item = (usize, usize)> + use<> {
        let size = bins.tile_size();
        let [left, top] = self.targets.origin;
        let count = TILE_SIZE as i32 / size;
        (0..count * count)
            .map(move |i| ((left / size + i % count) as usize, (top / size + i / count) as usize))
    }

    /// Runs the commands of every tile in it, or as many as the budget allows.
    pub(crate) fn run(mut self, queue: &Queue<'_>, batch: &mut Batch, budget: u64) -> TileOutcome {
        batch.reset(budget);
        let mut work = Work::default();
        let mut tiles = self.tiles(queue.bins);
        let result = tiles.try_for_each(|(column, row)| self.run_tile(queue, batch, &mut work, column, row));
        TileOutcome { work, spent: budget - batch.budget(), timed_out: result.is_err() }
    }

    fn run_tile(
        &mut self,
        queue: &Queue<'_>,
        batch: &mut Batch,
        work: &mut Work,
        column: usize,
        row: usize,
    ) -> Result<(), ShaderTimeout> {
        let size = queue.bins.tile_size();
        let (left, top) = (column as i32 * size, row as i32 * size);
        let tile = Rect { left, top, right: left + size, bottom: top + size };
        let mut current: Option<(u32, Context<'_>)> = None;
        for entry in queue.bins.tile(self.layer, column, row) {
            match entry.command() {
                Command::Clear(index) => {
                    batch.spend(CLEAR_COST)?;
                    if let Some((_, context)) = current.take() {
                        batch.flush(&context, &mut self.targets, work)?;
                    }
                    queue.clears[index].run(tile, &mut self.targets);
                }
                Command::Record(index) => {
                    batch.spend(COMMAND_COST)?;
                    let record = &queue.records[index];
                    let (_, context) = match current.take() {
                        Some(current) if current.0 == record.draw => current,
                        previous => {
                            if let Some((_, context)) = previous {
                                batch.flush(&context, &mut self.targets, work)?;
                            }
                            let (draw, merger) = &queue.draws[record.draw as usize];
                            (record.draw, Context { draw, merger, offsets: queue.offsets })
                        }
                    };
                    current = Some((record.draw, context));
                    batch.begin(Surface::new(record, context.draw, queue.gradients));
                    draw_record(record, tile, &context, batch, &mut self.targets, work)?;
                    batch.end();
                }
            }
        }
        match current {
            Some((_, context)) => batch.flush(&context, &mut self.targets, work),
            None => Ok(()),
        }
    }
}

/// Finds the quads of a record in a tile.
fn draw_record(
    record: &Record,
    tile: Rect,
    context: &Context<'_>,
    batch: &mut Batch,
    targets: &mut TileTargets<'_>,
    work: &mut Work,
) -> Result<(), ShaderTimeout> {
    let offsets = context.offsets;
    let (coverage, margin) = match record.shape {
        Shape::Triangle => (Coverage::triangle(record.xy, tile, offsets), 0),
        Shape::Line => (Coverage::Line(Line::new([record.xy[0], record.xy[1]])), SUBPIXELS),
        Shape::Square => {
            let [[left, top], [right, bottom], _] = record.xy;
            (Coverage::Square([left, top, right, bottom]), 0)
        }
    };
    let bounds = pixel_bounds(&record.xy, offsets.len() as u32, margin);
    let pixels = bounds.intersect(context.draw.scissor(record.primitive)).intersect(tile);
    if pixels.is_empty() {
        return Ok(());
    }
    // What fits in one block aligned to quads needs one; the rest is cut into aligned blocks.
    let (left, top) = ((pixels.left & !1).min(tile.right - 8), (pixels.top & !1).min(tile.bottom - 8));
    let fits = pixels.right - left <= 8 && pixels.bottom - top <= 8;
    let (left, top) = if fits { (left, top) } else { (pixels.left & !7, pixels.top & !7) };
    let mut masks = [0; 16];
    for y in (top..pixels.bottom).step_by(8) {
        for x in (left..pixels.right).step_by(8) {
            if !coverage.block(x, y, tile, offsets, &mut masks) {
                continue;
            }
            let inside = rect_block(pixels, x, y);
            masks[..offsets.len()].iter_mut().for_each(|mask| *mask &= inside);
            draw_block([x, y], &masks[..offsets.len()], context, batch, targets, work)?;
        }
    }
    Ok(())
}

/// Takes the quads out of a block's masks, one a sample.
fn draw_block(
    [x, y]: [i32; 2],
    masks: &[u64],
    context: &Context<'_>,
    batch: &mut Batch,
    targets: &mut TileTargets<'_>,
    work: &mut Work,
) -> Result<(), ShaderTimeout> {
    /// The first pixel of every quad.
    const QUADS: u64 = 0x0055_0055_0055_0055;
    let any = masks.iter().fold(0, |any, mask| any | mask);
    let pairs = any | any >> 1;
    let mut quads = (pairs | pairs >> 8) & QUADS;
    while quads != 0 {
        let at = quads.trailing_zeros();
        quads &= quads - 1;
        let mut covered = [0; 4];
        for (sample, mask) in masks.iter().enumerate() {
            for (lane, bit) in [at, at + 1, at + 8, at + 9].into_iter().enumerate() {
                covered[lane] |= ((mask >> bit & 1) as u32) << sample;
            }
        }
        let quad = Quad { x: x + (at % 8) as i32, y: y + (at / 8) as i32, covered, open: [0; 4] };
        batch.spend(QUAD_COST)?;
        draw_quad(quad, context, batch, targets, work)?;
    }
    Ok(())
}

/// Clips and tests a quad, and hands it to the shader.
fn draw_quad(
    mut quad: Quad,
    context: &Context<'_>,
    batch: &mut Batch,
    targets: &mut TileTargets<'_>,
    work: &mut Work,
) -> Result<(), ShaderTimeout> {
    let Some(surface) = batch.surface() else { return Ok(()) };
    clip_quad(&mut quad, &surface.gradients, context.offsets);
    if quad.covered == [0; 4] {
        return Ok(());
    }
    work.quads += 1;
    quad.open = quad.covered.map(|covered| covered & context.merger.sample_mask);
    context.test_early(surface, &mut quad, targets, work);
    match context.merger.shader.as_deref().map(|shader| shader.info()) {
        Some(info) if quad.open != [0; 4] || (info.writes_memory && !info.early_depth_stencil) => {
            batch.push(quad, context, info, targets, work)
        }
        _ => Ok(()),
    }
}

/// Takes away samples that lie beyond a clip plane.
fn clip_quad(quad: &mut Quad, gradients: &Gradients, offsets: &[[i32; 2]]) {
    if gradients.clip.is_empty() {
        return;
    }
    for lane in 0..4 {
        let (x, y) = quad.pixel(lane);
        for (sample, [ox, oy]) in offsets.iter().enumerate() {
            let d = gradients.interpolator.offset(x * SUBPIXELS + ox, y * SUBPIXELS + oy);
            if gradients.clip.iter().any(|plane| plane.at(d) < 0.0) {
                quad.covered[lane] &= !(1 << sample);
            }
        }
    }
}
