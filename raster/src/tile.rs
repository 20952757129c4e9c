//! One tile of a pass: its clears and shapes in order, pixel by pixel.

use fearless_simd::Simd;
use smallvec::SmallVec;

use crate::batch::{Batch, Context, Surface};
use crate::bin::{Bins, Command};
use crate::coverage::{Coverage, Line, is_small, pixel_bounds, rect_block, small_triangle};
use crate::depth_stencil::store;
use crate::format::Format;
use crate::interpolate::SUBPIXELS;
use crate::pass::Work;
use crate::quads::Quad;
use crate::record::{Gradients, Record, Shape};
use crate::records::Records;
use crate::setup::QueuedDraw;
use crate::shader::ShaderTimeout;
use crate::state::{MAX_TARGETS, Rect};
use crate::surface::TILE_SIZE;

/// Pairs of pixels in an image tile, and in a row of it.
pub(crate) const PAIRS: usize = PAIR_COLUMNS * TILE_SIZE as usize;
pub(crate) const PAIR_COLUMNS: usize = TILE_SIZE as usize / 2;

/// Eight rows of a tile of 32 bits a pixel.
pub(crate) type BlockRows = [[u8; 4 * TILE_SIZE as usize]; 8];

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
    pub(crate) fn texel(&mut self, x: i32, y: i32, sample: usize) -> Option<&mut [u8]> {
        let size = self.texel_bytes;
        let pixel = y as usize * TILE_SIZE as usize + x as usize;
        self.bytes.get_mut((pixel * self.samples + sample) * size..)?.get_mut(..size)
    }

    /// The pixels from `at` on, in a tile that starts at `origin`, and bytes a row of the tile.
    #[inline]
    pub(crate) fn block(&mut self, at: [i32; 2], origin: [i32; 2]) -> Option<(&mut [u8], usize)> {
        let pixel = (at[1] - origin[1]) as usize * TILE_SIZE as usize + (at[0] - origin[0]) as usize;
        let size = self.texel_bytes * self.samples;
        Some((self.bytes.get_mut(pixel * size..)?, TILE_SIZE as usize * size))
    }

    /// Eight rows of pixels of 32 bits and one sample, from the one that `at` is in, in a tile that starts at `origin`; and the
    /// column of `at` in bytes.
    #[inline]
    pub(crate) fn block_rows(&mut self, at: [i32; 2], origin: [i32; 2]) -> Option<(&mut BlockRows, usize)> {
        let rows = self.bytes.as_chunks_mut().0.get_mut((at[1] - origin[1]) as usize..)?;
        Some((rows.first_chunk_mut()?, (at[0] - origin[0]) as usize * 4))
    }

    /// Pixels of 32 bits and one sample, two and two.
    #[inline]
    pub(crate) fn pairs(&mut self) -> Option<&mut [[u8; 8]; PAIRS]> {
        self.bytes.as_chunks_mut().0.first_chunk_mut()
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

/// Fills a row with copies of a pattern.
fn fill_row(row: &mut [u8], pattern: &[u8]) {
    match <[u8; 4]>::try_from(pattern) {
        Ok(texel) => row.as_chunks_mut().0.fill(texel),
        Err(_) => row.chunks_exact_mut(pattern.len()).for_each(|to| to.copy_from_slice(pattern)),
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
                color.rows(local(pixels)).for_each(|row| fill_row(row, texel));
            }
            Self::DepthStencil { depth, stencil, pixels } => {
                let Some(target) = &mut targets.depth_stencil else { return };
                let (format, texel_bytes) = (target.format, target.texel_bytes);
                let whole = depth.is_some() && (stencil.is_some() || !format.has_stencil());
                let mut texel = SmallVec::<[u8; 4]>::from_elem(0, texel_bytes);
                store(format, &mut texel, *depth, *stencil);
                for row in target.rows(local(pixels)) {
                    if whole {
                        fill_row(row, &texel);
                    } else {
                        row.chunks_exact_mut(texel_bytes).for_each(|to| store(format, to, *depth, *stencil));
                    }
                }
            }
        }
    }
}

/// What all tiles of a pass read.
#[derive(Debug)]
pub(crate) struct Queue<'a> {
    pub(crate) draws: &'a [QueuedDraw],
    pub(crate) records: &'a Records,
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
#[derive(Debug, Default)]
pub(crate) struct TileOutcome {
    /// What draws did: the number of each, and its work in some of the tiles.
    pub(crate) works: Vec<(u32, Work)>,
    /// What it cost, in instructions of one lane.
    pub(crate) spent: u64,
    pub(crate) timed_out: bool,
}

impl TileOutcome {
    pub(crate) fn merged(mut self, mut other: Self) -> Self {
        // Sums do not care for the order.
        if self.works.len() < other.works.len() {
            std::mem::swap(&mut self.works, &mut other.works);
        }
        self.works.append(&mut other.works);
        Self {
            works: self.works,
            spent: self.spent.saturating_add(other.spent),
            timed_out: self.timed_out | other.timed_out,
        }
    }
}

/// What draws did in a tile, one after the other.
#[derive(Debug, Default)]
struct Works {
    done: Vec<(u32, Work)>,
    draw: u32,
    work: Work,
}

impl Works {
    /// Room for so many draws, and for one that starts all.
    fn new(draws: usize) -> Self {
        Self { done: Vec::with_capacity(draws + 1), ..Self::default() }
    }

    /// What is counted from now on is this draw's.
    #[inline]
    fn start(&mut self, draw: u32) {
        if self.draw != draw {
            self.done.push((self.draw, std::mem::take(&mut self.work)));
            self.draw = draw;
        }
    }

    fn finish(mut self) -> Vec<(u32, Work)> {
        self.done.push((self.draw, self.work));
        self.done
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
    pub(crate) fn run<S: Simd>(
        mut self,
        simd: S,
        queue: &Queue<'_>,
        batch: &mut Batch,
        budget: u64,
    ) -> TileOutcome {
        batch.reset(budget);
        let entries = self.tiles(queue.bins).map(|(x, y)| queue.bins.tile(self.layer, x, y).len());
        let mut works = Works::new(entries.sum::<usize>().min(queue.draws.len()));
        let mut tiles = self.tiles(queue.bins);
        let result = tiles.try_for_each(|(column, row)| {
            simd.vectorize(
                #[inline(always)]
                || self.run_tile(simd, queue, batch, &mut works, column, row),
            )
        });
        TileOutcome { works: works.finish(), spent: budget - batch.budget(), timed_out: result.is_err() }
    }

    #[inline(always)]
    fn run_tile<S: Simd>(
        &mut self,
        simd: S,
        queue: &Queue<'_>,
        batch: &mut Batch,
        works: &mut Works,
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
                        batch.flush(simd, &context, &mut self.targets, &mut works.work)?;
                    }
                    queue.clears[index].run(tile, &mut self.targets);
                }
                Command::Record(index) => {
                    batch.spend(COMMAND_COST)?;
                    let number = queue.records.draw(index);
                    if current.as_ref().is_none_or(|(draw, _)| *draw != number) {
                        let draw = &queue.draws[number as usize];
                        let context = match current.take() {
                            Some((_, context)) => {
                                batch.flush(simd, &context, &mut self.targets, &mut works.work)?;
                                context.next(draw)
                            }
                            None => Context::new(draw, queue),
                        };
                        current = Some((number, context));
                        works.start(number);
                    }
                    let Some((_, context)) = &current else { continue };
                    let mut shape = ShapeInTile {
                        record: &queue.records[index],
                        index: index as u32,
                        tile,
                        context,
                        batch,
                        targets: &mut self.targets,
                        work: &mut works.work,
                    };
                    shape.draw(simd)?;
                }
            }
        }
        match current {
            Some((_, context)) => batch.flush(simd, &context, &mut self.targets, &mut works.work),
            None => Ok(()),
        }
    }
}

/// A record on its way through a tile.
struct ShapeInTile<'a, 'b> {
    record: &'a Record,
    /// Of the record.
    index: u32,
    tile: Rect,
    context: &'a Context<'a>,
    batch: &'a mut Batch,
    targets: &'a mut TileTargets<'b>,
    work: &'a mut Work,
}

impl<'a> ShapeInTile<'a, '_> {
    /// Finds the blocks that it touches.
    #[inline(always)]
    fn draw<S: Simd>(&mut self, simd: S) -> Result<(), ShaderTimeout> {
        let (record, tile, offsets) = (self.record, self.tile, self.context.offsets);
        let margin = if record.shape == Shape::Line { SUBPIXELS } else { 0 };
        let bounds = pixel_bounds(&record.xy, offsets.len() as u32, margin);
        let pixels = bounds.intersect(self.context.scissor(record)).intersect(tile);
        if pixels.is_empty() {
            return Ok(());
        }
        // What fits in one block aligned to quads needs one; the rest is cut into aligned blocks.
        let (left, top) = ((pixels.left & !1).min(tile.right - 8), (pixels.top & !1).min(tile.bottom - 8));
        let fits = pixels.right - left <= 8 && pixels.bottom - top <= 8;
        if fits && offsets.len() == 1 && record.shape == Shape::Triangle && is_small(bounds) {
            let mut mask = small_triangle(simd, record.xy, left, top);
            if pixels != bounds {
                mask &= rect_block(pixels, left, top);
            }
            if mask == 0 {
                return Ok(());
            }
            let surface = self.context.surface(record);
            return self.draw_block(simd, &surface, [left, top], &mut [mask]);
        }
        let (left, top) = if fits { (left, top) } else { (pixels.left & !7, pixels.top & !7) };
        self.draw_blocks(simd, pixels, left, top)
    }

    /// Draws the blocks of `pixels`, the first of which starts at (left, top).
    #[inline(always)]
    fn draw_blocks<S: Simd>(
        &mut self,
        simd: S,
        pixels: Rect,
        left: i32,
        top: i32,
    ) -> Result<(), ShaderTimeout> {
        let (record, tile, offsets) = (self.record, self.tile, self.context.offsets);
        let coverage = match record.shape {
            Shape::Triangle => Coverage::triangle(record.xy, tile, offsets),
            Shape::Line => Coverage::Line(Line::new([record.xy[0], record.xy[1]])),
            Shape::Square => {
                let [[left, top], [right, bottom], _] = record.xy;
                Coverage::Square([left, top, right, bottom])
            }
        };
        let surface = self.context.surface(record);
        let mut masks = [0; 16];
        for y in (top..pixels.bottom).step_by(8) {
            for x in (left..pixels.right).step_by(8) {
                if !coverage.block(simd, x, y, tile, offsets, &mut masks) {
                    continue;
                }
                let inside = rect_block(pixels, x, y);
                let covered = &mut masks[..offsets.len()];
                for mask in &mut *covered {
                    *mask &= inside;
                }
                self.draw_block(simd, &surface, [x, y], covered)?;
            }
        }
        Ok(())
    }

    /// Tests a block whose covered samples are given, one mask each, and hands its quads to the shader.
    #[inline(always)]
    fn draw_block<S: Simd>(
        &mut self,
        simd: S,
        surface: &Surface<'a>,
        at: [i32; 2],
        covered: &mut [u64],
    ) -> Result<(), ShaderTimeout> {
        if surface.record.is_clipped() {
            clip_block(surface, self.context, at, covered);
        }
        let mut quads = quads_of(covered);
        if quads == 0 {
            return Ok(());
        }
        let covered = &*covered;
        let count = u64::from(quads.count_ones());
        self.batch.spend(QUAD_COST * count)?;
        self.work.quads += count;
        let mut open = [0; 16];
        let open = &mut open[..covered.len()];
        for (sample, (open, mask)) in open.iter_mut().zip(covered).enumerate() {
            *open = if self.context.merger.sample_mask >> sample & 1 != 0 { *mask } else { 0 };
        }
        self.context.test_early(simd, surface, at, open, self.targets, self.work);
        let Some(info) = self.context.info else { return Ok(()) };
        if !info.writes_memory || info.early_depth_stencil {
            quads = quads_of(open);
        }
        if let (Some(shortcut), [open]) = (&self.context.shortcut, &*open)
            && shortcut.serves(surface)
        {
            return self.context.draw_shortcut(
                simd,
                shortcut,
                surface,
                (at, *open),
                self.batch,
                self.targets,
                self.work,
            );
        }
        if matches!((covered, &*open), ([u64::MAX], [u64::MAX])) && !info.per_sample {
            return self.batch.push_block(simd, self.index, at, self.context, self.targets, self.work);
        }
        if let ([covered], [open], false) = (covered, &*open, info.per_sample) {
            let quads = (at, quads, [*covered, *open]);
            return self.batch.push_quads(simd, self.index, quads, self.context, self.targets, self.work);
        }
        while quads != 0 {
            let bit = quads.trailing_zeros();
            quads &= quads - 1;
            let (x, y) = (at[0] + (bit % 8) as i32, at[1] + (bit / 8) as i32);
            let quad = Quad { x, y, covered: quad_samples(covered, bit), open: quad_samples(open, bit) };
            self.batch.push(simd, self.index, quad, self.context, info, self.targets, self.work)?;
        }
        Ok(())
    }
}

/// Takes away samples that lie beyond a clip plane.
fn clip_block(surface: &Surface<'_>, context: &Context<'_>, [left, top]: [i32; 2], covered: &mut [u64]) {
    let clip = surface.record.clip(context.draw, context.queue.gradients);
    for (mask, [ox, oy]) in covered.iter_mut().zip(context.offsets) {
        for bit in (0..64).filter(|bit| *mask >> bit & 1 != 0).collect::<SmallVec<[i32; 64]>>() {
            let (x, y) = (left + bit % 8, top + bit / 8);
            let d = surface.depth.origin.offset(x * SUBPIXELS + ox, y * SUBPIXELS + oy);
            if clip.iter().any(|plane| plane.at(d) < 0.0) {
                *mask &= !(1 << bit);
            }
        }
    }
}

/// The first pixels of the quads that a block's masks touch.
#[inline(always)]
pub(crate) fn quads_of(masks: &[u64]) -> u64 {
    const QUADS: u64 = 0x0055_0055_0055_0055;
    let mut any = 0;
    for mask in masks {
        any |= mask;
    }
    let pairs = any | any >> 1;
    (pairs | pairs >> 8) & QUADS
}

/// The samples of a quad: 16 bits a pixel, from one mask a sample.
#[inline(always)]
fn quad_samples(masks: &[u64], bit: u32) -> u64 {
    let mut samples = 0;
    for (sample, mask) in masks.iter().enumerate() {
        let m = mask >> bit;
        samples |= (m & 1 | (m >> 1 & 1) << 16 | (m >> 8 & 1) << 32 | (m >> 9 & 1) << 48) << sample;
    }
    samples
}
