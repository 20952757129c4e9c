//! Quads on their way through the pixel shader: collected, interpolated, shaded, in order.
//!
//! Quads of any primitives of one draw share a batch. Early tests are made before a quad is pushed and late ones when it is
//! merged; both happen in the order of the quads, so that it does not matter where one batch ends.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::ops::Range;
use std::sync::Arc;

use fearless_simd::Simd;

use crate::coverage::CENTER;
use crate::depth_stencil::DepthRange;
use crate::interpolate::{Depth, Interpolator, Positions, Runs, SUBPIXELS};
use crate::merge::{Location, Merger, Timing};
use crate::pass::Work;
use crate::primitive::VertexBatch;
use crate::pull::Pull;
use crate::quads::{BLOCK_QUADS, EVERY_PIXEL, QUADS, Quad, Quads, samples_of};
use crate::record::Record;
use crate::setup::QueuedDraw;
use crate::shader::{
    PixelBatch, PixelCost, PixelOutput, PixelShader, PixelShaderInfo, ShaderTimeout, SystemInputs,
};
use crate::shortcut::{Shortcut, Upright};
use crate::state::Rect;
use crate::tile::{Queue, TileTargets};

/// A primitive whose pixels are tested.
#[derive(Debug)]
pub(crate) struct Surface<'a> {
    pub(crate) record: &'a Record,
    pub(crate) depth: Depth,
    pub(crate) range: DepthRange,
    interpolator: OnceCell<Cow<'a, Interpolator>>,
    /// What the batch's [`Upright`] is to it: whether it is upright, if that is known.
    pub(crate) upright: Cell<Option<bool>>,
}

impl<'a> Surface<'a> {
    /// Depth of a sample as the shader sees it; `offset` is the sample's place in the pixel.
    pub(crate) fn depth_at(&self, [x, y]: [i32; 2], [ox, oy]: [i32; 2]) -> f32 {
        self.depth.at(x * SUBPIXELS + ox, y * SUBPIXELS + oy)
    }

    /// Made when it is asked for first: many primitives are hidden.
    pub(crate) fn interpolator(&self, context: &Context<'a>) -> &Interpolator {
        self.interpolator.get_or_init(|| context.interpolator(self.record))
    }
}

/// What a batch draws with.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) draw: &'a QueuedDraw,
    pub(crate) merger: &'a Merger,
    /// Of the shader, if there is one.
    pub(crate) info: Option<&'a PixelShaderInfo>,
    pub(crate) queue: &'a Queue<'a>,
    /// Where the draw's primitives may be drawn, if that is the same for all.
    common: Option<(Rect, DepthRange)>,
    /// Sample positions in sub-pixels from a pixel's corner.
    pub(crate) offsets: &'a [[i32; 2]],
    /// How blocks are drawn without a run of the shader.
    pub(crate) shortcut: Option<Shortcut<'a>>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(draw: &'a QueuedDraw, queue: &'a Queue<'a>) -> Self {
        let merger = &draw.prepared.merger;
        let shortcut = Shortcut::new(draw, merger);
        let info = merger.shader.as_deref().map(PixelShader::info);
        Self { draw, merger, info, queue, common: common(draw), offsets: queue.offsets, shortcut }
    }

    /// For another draw, which may share everything but its primitives.
    pub(crate) fn next(self, draw: &'a QueuedDraw) -> Self {
        let same = Arc::ptr_eq(&self.draw.prepared, &draw.prepared)
            && Arc::ptr_eq(&self.draw.vertices, &draw.vertices);
        if same { Self { draw, common: common(draw), ..self } } else { Self::new(draw, self.queue) }
    }

    /// The shader runs for open samples alone: one that writes memory runs for all that are covered, unless tests are forced
    /// to come first.
    #[inline]
    fn shades_open(&self) -> bool {
        !self.info.is_some_and(|info| info.writes_memory) || self.merger.timing == Timing::Forced
    }

    /// A record of the draw.
    #[inline]
    pub(crate) fn record(&self, index: u32) -> &'a Record {
        &self.queue.records[index as usize]
    }

    /// What the pixels of a record of the draw need.
    #[inline(always)]
    pub(crate) fn surface(&self, record: &'a Record) -> Surface<'a> {
        let kept = self.queue.gradients;
        Surface {
            record,
            depth: record.depth(kept),
            range: self.common.map_or_else(|| self.draw.depth_range(record.primitive), |common| common.1),
            interpolator: OnceCell::new(),
            upright: Cell::new(None),
        }
    }

    #[inline]
    fn depth(&self, record: &Record) -> Depth {
        record.depth(self.queue.gradients)
    }

    #[inline]
    pub(crate) fn interpolator(&self, record: &Record) -> Cow<'a, Interpolator> {
        record.interpolator(self.draw, self.queue.gradients)
    }

    /// Pixels of a primitive that may be drawn.
    #[inline]
    pub(crate) fn scissor(&self, record: &Record) -> Rect {
        self.common.map_or_else(|| self.draw.scissor(record.primitive), |common| common.0)
    }
}

/// Scissor and depths of all primitives of a draw, unless they may choose.
fn common(draw: &QueuedDraw) -> Option<(Rect, DepthRange)> {
    draw.primitives.array_indices.is_empty().then(|| (draw.scissor(0), draw.depth_range(0)))
}

/// Positions of lanes: columns and rows.
#[derive(Debug)]
struct Places([Positions; 2]);

impl Default for Places {
    fn default() -> Self {
        Self([[0.0; _]; 2])
    }
}

/// The part of a tile's work that is reused from tile to tile.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) quads: Box<Quads>,
    /// Quads of one record that follow each other: which, and their lanes.
    pub(crate) runs: Vec<(u32, Range<usize>)>,
    pub(crate) input: PixelBatch,
    pub(crate) output: PixelOutput,
    /// Snapped positions that are not pixel centres: columns and rows.
    places: Box<Places>,
    interpolation: Runs,
    /// Words of the vertices that are interpolated.
    words: Vec<usize>,
    /// Texels of the lanes on their way to a target.
    pub(crate) texels: Vec<u32>,
    /// Of the surface that blocks are drawn of without quads.
    pub(crate) upright: Box<Upright>,
    /// What the tile may still cost.
    budget: u64,
}

impl Batch {
    /// Forgets everything, such as what a shader that timed out left, and starts a tile that may cost so much.
    pub(crate) fn reset(&mut self, budget: u64) {
        self.quads.len = 0;
        self.runs.clear();
        self.budget = budget;
    }

    /// What the tile may still cost, in instructions of one lane.
    pub(crate) fn budget(&self) -> u64 {
        self.budget
    }

    /// Takes work other than the shader's from the budget.
    #[inline]
    pub(crate) fn spend(&mut self, cost: u64) -> Result<(), ShaderTimeout> {
        let left = self.budget.checked_sub(cost);
        self.budget = left.unwrap_or(0);
        left.map(|_| ()).ok_or(ShaderTimeout)
    }

    /// No quads wait.
    pub(crate) fn is_empty(&self) -> bool {
        self.quads.len == 0
    }

    /// Adds a quad of a record, once for each sample that is shaded by itself.
    #[inline(always)]
    pub(crate) fn push<S: Simd>(
        &mut self,
        simd: S,
        record: u32,
        quad: Quad,
        context: &Context<'_>,
        info: &PixelShaderInfo,
        targets: &mut TileTargets<'_>,
        work: &mut Work,
    ) -> Result<(), ShaderTimeout> {
        let alive = if context.shades_open() { quad.open } else { quad.covered };
        if !info.per_sample {
            return self.add(simd, (record, 1), |quads| quads.push(&quad, alive, 0), context, targets, work);
        }
        for sample in (0..context.merger.samples).filter(|sample| alive & EVERY_PIXEL << sample != 0) {
            let alive = alive & EVERY_PIXEL << sample;
            self.add(simd, (record, 1), |quads| quads.push(&quad, alive, sample), context, targets, work)?;
        }
        Ok(())
    }

    /// Adds quads of a block of a record, one sample a pixel: masks of their first pixels, and of pixels that are covered and open.
    #[inline(always)]
    pub(crate) fn push_quads<S: Simd>(
        &mut self,
        simd: S,
        record: u32,
        (at, mut firsts, [covered, open]): ([i32; 2], u64, [u64; 2]),
        context: &Context<'_>,
        targets: &mut TileTargets<'_>,
        work: &mut Work,
    ) -> Result<(), ShaderTimeout> {
        let alive = if context.shades_open() { open } else { covered };
        while firsts != 0 {
            let push = |quads: &mut Quads| firsts = quads.push_quads(at, firsts, [covered, open, alive]);
            self.add(simd, (record, 1), push, context, targets, work)?;
        }
        Ok(())
    }

    /// Adds the quads of an 8x8 block of which every pixel is covered and open, one sample each.
    #[inline(always)]
    pub(crate) fn push_block<S: Simd>(
        &mut self,
        simd: S,
        record: u32,
        [x, y]: [i32; 2],
        context: &Context<'_>,
        targets: &mut TileTargets<'_>,
        work: &mut Work,
    ) -> Result<(), ShaderTimeout> {
        self.add(simd, (record, BLOCK_QUADS), |quads| quads.push_block(x, y), context, targets, work)
    }

    /// Makes room for so many quads, adds them, and notes whose they are.
    #[inline(always)]
    fn add<S: Simd>(
        &mut self,
        simd: S,
        (record, count): (u32, usize),
        push: impl FnOnce(&mut Quads),
        context: &Context<'_>,
        targets: &mut TileTargets<'_>,
        work: &mut Work,
    ) -> Result<(), ShaderTimeout> {
        if self.quads.len + count > QUADS {
            self.flush(simd, context, targets, work)?;
        }
        let start = 4 * self.quads.len;
        push(&mut self.quads);
        let end = 4 * self.quads.len;
        match self.runs.last_mut() {
            Some((last, lanes)) if *last == record => lanes.end = end,
            _ => self.runs.push((record, start..end)),
        }
        Ok(())
    }

    /// Shades and merges all quads.
    pub(crate) fn flush<S: Simd>(
        &mut self,
        simd: S,
        context: &Context<'_>,
        targets: &mut TileTargets<'_>,
        work: &mut Work,
    ) -> Result<(), ShaderTimeout> {
        if let Some(shader) = context.merger.shader.as_deref().filter(|_| self.quads.len != 0) {
            let info = shader.info();
            self.locate(info, context);
            simd.vectorize(
                #[inline(always)]
                || self.interpolate(simd, info, context),
            );
            self.shade(shader, context, work)?;
            self.merge(simd, info, context, targets, work);
        }
        self.quads.len = 0;
        self.runs.clear();
        Ok(())
    }

    fn shade(
        &mut self,
        shader: &dyn PixelShader,
        context: &Context<'_>,
        work: &mut Work,
    ) -> Result<(), ShaderTimeout> {
        let info = shader.info();
        self.input.budget = self.budget;
        let (input, output) = (&self.input, &mut self.output);
        let lanes = input.lanes;
        (output.instructions, output.cost) = (0, PixelCost::default());
        output.input_row = None;
        for (target, colors) in output.colors.iter_mut().enumerate() {
            colors.resize(if info.writes_color >> target & 1 != 0 { 4 * lanes } else { 0 }, 0);
        }
        output.depth.resize(if info.writes_depth { lanes } else { 0 }, 0.0);
        output.coverage.resize(if info.writes_coverage { lanes } else { 0 }, 0);
        output.stencil_ref.resize(if info.writes_stencil_ref { lanes } else { 0 }, 0);
        output.live.clone_from(&input.live);
        let live = input.live.iter().filter(|&&live| live).count() as u64;
        work.ps_quads += lanes as u64 / 4;
        work.ps_invocations += live;
        work.helper_pixels += lanes as u64 - live;
        let pull = Pull { info, context, quads: &self.quads, runs: &self.runs };
        let result = shader.shade(input, &pull, output);
        let instructions = output.instructions;
        work.add_cost(&output.cost);
        self.spend(instructions)?;
        result
    }

    /// Fills in what a quad or its primitive has for each lane.
    fn locate(&mut self, info: &PixelShaderInfo, context: &Context<'_>) {
        let Self { quads, runs, input, .. } = self;
        input.lanes = quads.len * 4;
        resize(input, info.reads);
        input.live.copy_from_slice(&quads.live[..input.lanes]);
        if info.reads.intersects(SystemInputs::COVERAGE | SystemInputs::SAMPLE_INDEX) {
            for at in 0..quads.len {
                let covered = quads.covered[at];
                let writable = [0, 1, 2, 3].map(|i| samples_of(covered, i) & context.merger.sample_mask);
                put(&mut input.coverage, at, writable);
                put(&mut input.sample_index, at, [quads.sample[at]; 4]);
            }
        }
        let of_records = SystemInputs::FRONT_FACE | SystemInputs::PRIMITIVE_ID | SystemInputs::ARRAY_INDICES;
        if !info.reads.intersects(of_records) {
            return;
        }
        for (record, lanes) in runs {
            let (record, draw) = (context.record(*record), context.draw);
            fill(&mut input.front_face, lanes, if record.front { u32::MAX } else { 0 });
            fill(&mut input.primitive_id, lanes, draw.primitive_id(record.primitive));
            for (row, index) in input.array_indices.iter_mut().zip(draw.array_indices(record.primitive)) {
                fill(row, lanes, index);
            }
        }
    }

    /// Fills in the rows of inputs and `SV_Position`.
    #[inline(always)]
    fn interpolate<S: Simd>(&mut self, simd: S, info: &PixelShaderInfo, context: &Context<'_>) {
        self.input.inputs.resize(info.rows * self.input.lanes, 0);
        self.fill_constants(info, context);
        let position = if info.per_sample { Location::Sample } else { Location::Center };
        for location in Location::ALL {
            let positioned = location == position && info.reads.contains(SystemInputs::POSITION);
            let [affine, perspective] = context.merger.locations[location as usize];
            if location != Location::Center && (affine || perspective || positioned) {
                self.place(location, context);
            }
            for (perspective, needed) in [(false, affine), (true, perspective || positioned)] {
                if needed {
                    self.interpolate_at(simd, (location, perspective), positioned, info, context);
                }
            }
        }
    }

    /// Snapped positions of all lanes where they are not pixel centres.
    fn place(&mut self, location: Location, context: &Context<'_>) {
        let Self { quads, places, input, .. } = self;
        let [x, y] = &mut places.0;
        for lane in 0..input.lanes {
            let offset = match location {
                Location::Center => [CENTER; 2],
                Location::Centroid => centroid(context, samples_of(quads.covered[lane / 4], lane % 4)),
                Location::Sample => context.offsets[quads.sample[lane / 4] as usize],
            };
            x[lane] = quads.x[lane] + f64::from(offset[0] - CENTER);
            y[lane] = quads.y[lane] + f64::from(offset[1] - CENTER);
        }
    }

    /// Fills in the rows that are interpolated in one way, and with perspective `SV_Position`, if this is its place.
    #[inline(always)]
    fn interpolate_at<S: Simd>(
        &mut self,
        simd: S,
        way: (Location, bool),
        positioned: bool,
        info: &PixelShaderInfo,
        context: &Context<'_>,
    ) {
        let Self { quads, runs, input, places, interpolation, words, .. } = self;
        let vertices = &*context.draw.vertices;
        let at = match way.0 {
            Location::Center => [&quads.x, &quads.y],
            _ => [&places.0[0], &places.0[1]],
        };
        let interpolants = info.interpolants.iter().filter(|i| Location::of(i.mode) == Some(way));
        let fed = interpolants.filter_map(|i| Some((usize::from(i.row), fed(i.vertex_word, vertices)?)));
        words.clear();
        words.extend(fed.clone().map(|(_, word)| word));
        interpolation.start(fed.map(|(row, _)| row * input.lanes));
        for (record, lanes) in &*runs {
            let record = context.record(*record);
            let v = record.vertices.map(|vertex| words_of(vertices, vertex));
            let attributes = words.iter().map(|&word| v.map(|v| v.get(word).copied().unwrap_or(0)));
            interpolation.push(context.interpolator(record), attributes, lanes);
        }
        interpolation.evaluate(simd, way.1, at, &mut input.inputs, input.lanes);
        for (record, lanes) in &*runs {
            let record = context.record(*record);
            if record.is_flat() {
                for (row, word) in interpolation.rows().zip(&*words) {
                    let bits = value(vertices, record.vertices[0], *word);
                    fill(&mut input.inputs, &(row + lanes.start..row + lanes.end), bits);
                }
            }
        }
        if positioned && way.1 {
            for (record, lanes) in &*runs {
                let [columns, rows, depth, w] = &mut input.position;
                for (out, at) in [columns, rows].into_iter().zip(at) {
                    for (out, at) in out[lanes.clone()].iter_mut().zip(&at[lanes.clone()]) {
                        *out = (*at / f64::from(SUBPIXELS)) as f32;
                    }
                }
                let record = context.record(*record);
                let (interpolator, plane) = (context.interpolator(record), context.depth(record).plane);
                interpolator.depth_and_w(simd, &plane, at, lanes.clone(), [depth, w]);
            }
        }
    }

    /// The rows that come from the leading vertex, or from none.
    fn fill_constants(&mut self, info: &PixelShaderInfo, context: &Context<'_>) {
        let Self { runs, input, .. } = self;
        let vertices = &*context.draw.vertices;
        for interpolant in &info.interpolants {
            let row = usize::from(interpolant.row) * input.lanes;
            let Some(row) = input.inputs.get_mut(row..row + input.lanes) else { continue };
            match fed(interpolant.vertex_word, vertices) {
                None => row.fill(0),
                Some(word) if Location::of(interpolant.mode).is_none() => {
                    for (record, lanes) in &*runs {
                        let leading = context.record(*record).leading;
                        row[lanes.clone()].fill(value(vertices, leading, word));
                    }
                }
                Some(_) => {}
            }
        }
    }
}

/// Where centroid attributes of a pixel are evaluated (d3d-rules §9.4).
pub(crate) fn centroid(context: &Context<'_>, covered: u32) -> [i32; 2] {
    let all = (1_u32 << context.merger.samples) - 1;
    let mask = context.merger.sample_mask;
    let writable = covered & mask;
    let first = match () {
        () if covered == all => None,
        () if writable != 0 => Some(writable.trailing_zeros()),
        () if mask != all && mask != 0 => Some(mask.trailing_zeros()),
        () => None,
    };
    first.and_then(|sample| context.offsets.get(sample as usize)).copied().unwrap_or([CENTER; 2])
}

/// The word of a vertex that an interpolant comes from, if the vertices have it.
pub(crate) fn fed(word: Option<u16>, vertices: &VertexBatch) -> Option<usize> {
    word.map(usize::from).filter(|&word| word < vertices.words)
}

/// The words of a vertex; none of one that is not there.
#[inline]
fn words_of(vertices: &VertexBatch, vertex: u32) -> &[u32] {
    let words = vertices.words;
    vertices.attributes.get(vertex as usize * words..).and_then(|rest| rest.get(..words)).unwrap_or(&[])
}

#[inline]
pub(crate) fn value(vertices: &VertexBatch, vertex: u32, word: usize) -> u32 {
    vertices.attributes.get(vertex as usize * vertices.words + word).copied().unwrap_or(0)
}

/// Makes every row that is read as long as the batch; all of it is written over.
fn resize(input: &mut PixelBatch, reads: SystemInputs) {
    let lanes = input.lanes;
    let len = |read| if reads.contains(read) { lanes } else { 0 };
    input.live.resize(lanes, false);
    input.position.iter_mut().for_each(|row| row.resize(len(SystemInputs::POSITION), 0.0));
    input.front_face.resize(len(SystemInputs::FRONT_FACE), 0);
    input.primitive_id.resize(len(SystemInputs::PRIMITIVE_ID), 0);
    input.coverage.resize(len(SystemInputs::COVERAGE), 0);
    input.sample_index.resize(len(SystemInputs::SAMPLE_INDEX), 0);
    input.array_indices.iter_mut().for_each(|row| row.resize(len(SystemInputs::ARRAY_INDICES), 0));
}

/// Sets the values of a quad in a row, unless the row is not read.
#[inline]
fn put(row: &mut [u32], quad: usize, values: [u32; 4]) {
    if let Some(lanes) = row.as_chunks_mut().0.get_mut(quad) {
        *lanes = values;
    }
}

/// Sets lanes of a row, unless the row is not read.
#[inline]
fn fill(row: &mut [u32], lanes: &Range<usize>, value: u32) {
    if let Some(lanes) = row.get_mut(lanes.clone()) {
        lanes.fill(value);
    }
}
