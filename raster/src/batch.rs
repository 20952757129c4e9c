//! Quads on their way through the pixel shader: collected, interpolated, shaded, merged, in order.
//!
//! Quads of any primitives of one draw share a batch. Early tests are made when a quad is pushed and late ones when it is merged;
//! both happen in the order of the quads, so that it does not matter where one batch ends.

use crate::coverage::CENTER;
use crate::depth_stencil::{DepthStencilTest, Sample, clamp_to_viewport};
use crate::interpolate::{SUBPIXELS, Weights, blend, round};
use crate::merge::{Location, Merger, Timing};
use crate::pass::Work;
use crate::primitive::VertexBatch;
use crate::setup::{Gradients, QueuedDraw, Record};
use crate::shader::{PixelBatch, PixelOutput, PixelShader, PixelShaderInfo, ShaderTimeout, SystemInputs};
use crate::state::Viewport;
use crate::tile::TileTargets;

/// Lanes of a full batch.
const LANES: usize = 64;

/// A primitive that has quads in a batch.
#[derive(Debug, Clone)]
pub(crate) struct Surface {
    pub(crate) gradients: Gradients,
    vertices: [u32; 3],
    leading: u32,
    front: bool,
    primitive_id: u32,
    array_indices: [u32; 2],
    viewport: Viewport,
}

impl Surface {
    pub(crate) fn new(record: &Record, draw: &QueuedDraw, kept: &[Gradients]) -> Self {
        Self {
            gradients: Gradients::of(record, draw, kept),
            vertices: record.vertices,
            leading: record.leading,
            front: record.front,
            primitive_id: draw.primitive_id(record.primitive),
            array_indices: draw.array_indices(record.primitive),
            viewport: *draw.viewport(record.primitive),
        }
    }

    /// Depth at snapped positions, as the shader sees it.
    #[inline]
    fn depth(&self, positions: &[[i32; 4]; 2]) -> [f32; 4] {
        let gradients = &self.gradients;
        gradients.depth.over(&gradients.interpolator.offsets(positions)).map(round)
    }

    /// Tests and updates one sample; true when it passes. `depth` is not clamped yet.
    #[inline]
    fn test(
        &self,
        test: &DepthStencilTest,
        texel: Option<&mut [u8]>,
        depth: f32,
        reference: u8,
        work: &mut Work,
    ) -> bool {
        let Some(texel) = texel else { return true };
        let depth = clamp_to_viewport(depth, &self.viewport);
        let passes = test.run(texel, Sample { depth, front: self.front, reference });
        work.z_tested += 1;
        if passes {
            work.z_passed += 1;
        } else {
            work.z_failed += 1;
        }
        passes
    }
}

/// Four pixels, their top left one at even coordinates.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quad {
    pub(crate) x: i32,
    pub(crate) y: i32,
    /// Samples that the shape covers, by pixel.
    pub(crate) covered: [u32; 4],
    /// Of these, samples that may still be written.
    pub(crate) open: [u32; 4],
}

impl Quad {
    /// Columns and rows of its pixels.
    #[inline]
    fn pixels(&self) -> [[i32; 4]; 2] {
        [[self.x, self.x + 1, self.x, self.x + 1], [self.y, self.y, self.y + 1, self.y + 1]]
    }

    /// Snapped positions at these offsets from the pixels' corners.
    #[inline]
    fn positions(&self, offsets: [[i32; 2]; 4]) -> [[i32; 4]; 2] {
        let pixels = self.pixels();
        [0, 1].map(|axis| std::array::from_fn(|i| pixels[axis][i] * SUBPIXELS + offsets[i][axis]))
    }

    #[inline]
    pub(crate) fn pixel(&self, lane: usize) -> (i32, i32) {
        (self.x + (lane as i32 & 1), self.y + (lane as i32 >> 1))
    }
}

/// A quad in a batch.
#[derive(Debug)]
struct Waiting {
    quad: Quad,
    surface: usize,
    /// The sample that is shaded, for shaders that run once a sample.
    sample: u32,
}

/// The part of a tile's work that is reused from tile to tile.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    surfaces: Vec<Surface>,
    quads: Vec<Waiting>,
    input: PixelBatch,
    output: PixelOutput,
    /// Without and with perspective at every location, by quad.
    weights: [[Vec<Weights>; 2]; 3],
    /// What the tile may still cost.
    budget: u64,
}

/// What a batch draws with.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) draw: &'a QueuedDraw,
    pub(crate) merger: &'a Merger,
    /// Sample positions in sub-pixels from a pixel's corner.
    pub(crate) offsets: &'a [[i32; 2]],
}

impl Context<'_> {
    /// Tests a quad before its shader runs, and closes samples that fail.
    pub(crate) fn test_early(
        &self,
        surface: &Surface,
        quad: &mut Quad,
        targets: &mut TileTargets<'_>,
        work: &mut Work,
    ) {
        if self.merger.timing == Timing::Late {
            return;
        }
        if let Some(test) = &self.merger.depth_stencil {
            for (sample, &offset) in self.offsets.iter().enumerate() {
                if quad.open.iter().all(|open| open >> sample & 1 == 0) {
                    continue;
                }
                let depths = surface.depth(&quad.positions([offset; 4]));
                for (lane, depth) in depths.into_iter().enumerate() {
                    let (x, y) = quad.pixel(lane);
                    if quad.open[lane] >> sample & 1 != 0 {
                        let texel = targets.depth_stencil(x, y, sample);
                        let passes = surface.test(test, texel, depth, test.reference(), work);
                        quad.open[lane] &= !(u32::from(!passes) << sample);
                    }
                }
            }
        }
        if self.merger.shader.is_none() || self.merger.timing == Timing::Forced {
            work.occlusion_samples += quad.open.iter().map(|open| u64::from(open.count_ones())).sum::<u64>();
        }
    }

    /// Tests a pixel of a quad after its shader ran; returns the samples that pass.
    fn test_late(
        &self,
        surface: &Surface,
        (quad, lane): (&Quad, usize),
        open: u32,
        (depth, reference): (Option<f32>, Option<u8>),
        targets: &mut TileTargets<'_>,
        work: &mut Work,
    ) -> u32 {
        let Some(test) = &self.merger.depth_stencil else { return open };
        let reference = reference.unwrap_or(test.reference());
        let (x, y) = quad.pixel(lane);
        let mut passed = 0;
        for sample in bits(open) {
            let interpolated = || surface.depth(&quad.positions([self.offsets[sample]; 4]))[lane];
            let depth = depth.unwrap_or_else(interpolated);
            let passes = surface.test(test, targets.depth_stencil(x, y, sample), depth, reference, work);
            passed |= u32::from(passes) << sample;
        }
        passed
    }
}

/// Positions of set bits.
fn bits(mut mask: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let next = mask.trailing_zeros() as usize;
        mask &= mask.wrapping_sub(1);
        (next < 32).then_some(next)
    })
}

impl Batch {
    /// Forgets everything, such as what a shader that timed out left, and starts a tile that may cost so much.
    pub(crate) fn reset(&mut self, budget: u64) {
        self.quads.clear();
        self.surfaces.clear();
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

    /// Starts a primitive; quads that are pushed belong to it.
    pub(crate) fn begin(&mut self, surface: Surface) -> &Surface {
        self.surfaces.push(surface);
        &self.surfaces[self.surfaces.len() - 1]
    }

    /// The primitive that was begun last.
    pub(crate) fn surface(&self) -> Option<&Surface> {
        self.surfaces.last()
    }

    /// Ends the primitive that was begun last.
    pub(crate) fn end(&mut self) {
        if self.quads.last().is_none_or(|q| q.surface + 1 != self.surfaces.len()) {
            self.surfaces.pop();
        }
    }

    /// Adds a quad of the last primitive, once for each sample that is shaded by itself.
    pub(crate) fn push(
        &mut self,
        quad: Quad,
        context: &Context<'_>,
        info: &PixelShaderInfo,
        targets: &mut TileTargets<'_>,
        work: &mut Work,
    ) -> Result<(), ShaderTimeout> {
        let samples = if info.per_sample { context.merger.samples } else { 1 };
        for sample in 0..samples {
            if info.per_sample && alive(&quad, context, info).iter().all(|mask| mask >> sample & 1 == 0) {
                continue;
            }
            self.quads.push(Waiting { quad, surface: self.surfaces.len() - 1, sample });
            if self.quads.len() == LANES / 4 {
                self.flush(context, targets, work)?;
            }
        }
        Ok(())
    }

    /// Shades and merges all quads.
    pub(crate) fn flush(
        &mut self,
        context: &Context<'_>,
        targets: &mut TileTargets<'_>,
        work: &mut Work,
    ) -> Result<(), ShaderTimeout> {
        if let Some(shader) = context.merger.shader.as_deref().filter(|_| !self.quads.is_empty()) {
            self.shade(shader, context, work)?;
            let info = shader.info();
            for lane in (0..self.input.lanes).filter(|&lane| self.input.live[lane]) {
                self.merge(lane, info, context, targets, work);
            }
        }
        self.quads.clear();
        // The last primitive may have quads to come.
        let last = self.surfaces.pop();
        self.surfaces.clear();
        self.surfaces.extend(last);
        Ok(())
    }

    fn shade(
        &mut self,
        shader: &dyn PixelShader,
        context: &Context<'_>,
        work: &mut Work,
    ) -> Result<(), ShaderTimeout> {
        let info = shader.info();
        self.locate(info, context);
        self.interpolate(info, &context.draw.vertices);
        self.input.budget = self.budget;
        let (input, output) = (&self.input, &mut self.output);
        let lanes = input.lanes;
        output.instructions = 0;
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
        let result = shader.shade(input, output);
        let instructions = output.instructions;
        work.ps_instructions += instructions;
        self.spend(instructions)?;
        result
    }

    /// Fills in where the lanes are and what they weigh.
    fn locate(&mut self, info: &PixelShaderInfo, context: &Context<'_>) {
        let Self { surfaces, quads, input, weights, .. } = self;
        let merger = context.merger;
        input.lanes = quads.len() * 4;
        resize(input, info.reads);
        weights.iter_mut().flatten().for_each(|w| w.resize(quads.len(), [[0.0; 4]; 2]));
        let reads = info.reads;
        let position = if info.per_sample { Location::Sample } else { Location::Center };
        for (at, Waiting { quad, surface, sample }) in quads.iter().enumerate() {
            let surface = &surfaces[*surface];
            let coverage = quad.covered.map(|covered| covered & merger.sample_mask);
            let alive = alive(quad, context, info);
            let shaded = if info.per_sample { 1 << sample } else { u32::MAX };
            put(&mut input.live, at, alive.map(|samples| samples & shaded != 0));
            put(&mut input.front_face, at, [if surface.front { u32::MAX } else { 0 }; 4]);
            put(&mut input.primitive_id, at, [surface.primitive_id; 4]);
            put(&mut input.coverage, at, coverage);
            put(&mut input.sample_index, at, [*sample; 4]);
            for (row, index) in input.array_indices.iter_mut().zip(surface.array_indices) {
                put(row, at, [index; 4]);
            }
            for location in Location::ALL {
                let [affine, perspective] = merger.locations[location as usize];
                let positioned = location == position && reads.contains(SystemInputs::POSITION);
                if !(affine || perspective || positioned) {
                    continue;
                }
                let offsets = match location {
                    Location::Center => [[CENTER; 2]; 4],
                    Location::Centroid => {
                        [0, 1, 2, 3].map(|i| centroid(context, quad.covered[i], coverage[i]))
                    }
                    Location::Sample => [context.offsets[*sample as usize]; 4],
                };
                let positions = quad.positions(offsets);
                let interpolator = &surface.gradients.interpolator;
                let d = interpolator.offsets(&positions);
                let [affine_weights, perspective_weights] = &mut weights[location as usize];
                let (at_quad, w) = interpolator.perspective_weights(&d);
                perspective_weights[at] = at_quad;
                if affine {
                    affine_weights[at] = interpolator.affine_weights(&d);
                }
                if positioned {
                    let [x, y] = positions.map(|c| c.map(|c| c as f32 / SUBPIXELS as f32));
                    let z = surface.gradients.depth.over(&d).map(round);
                    for (row, values) in input.position.iter_mut().zip([x, y, z, w]) {
                        put(row, at, values);
                    }
                }
            }
        }
    }

    /// Fills in the rows of inputs.
    fn interpolate(&mut self, info: &PixelShaderInfo, vertices: &VertexBatch) {
        let Self { surfaces, quads, input, weights, .. } = self;
        let lanes = input.lanes;
        refill(&mut input.inputs, info.rows * lanes, 0);
        for (at, waiting) in quads.iter().enumerate() {
            let surface = &surfaces[waiting.surface];
            let words = |v: u32| vertices.attributes.get(v as usize * vertices.words..).unwrap_or(&[]);
            let (leading, corners) = (words(surface.leading), surface.vertices.map(words));
            // A point has one vertex, and even infinities of it are the same everywhere.
            let flat = surface.vertices == [surface.vertices[0]; 3];
            for interpolant in &info.interpolants {
                let Some(word) =
                    interpolant.vertex_word.map(usize::from).filter(|&word| word < vertices.words)
                else {
                    continue;
                };
                let start = usize::from(interpolant.row) * lanes + at * 4;
                let Some(out) = input.inputs.get_mut(start..).and_then(<[u32]>::first_chunk_mut) else {
                    continue;
                };
                let value = |words: &[u32]| words.get(word).copied().unwrap_or(0);
                *out = match Location::of(interpolant.mode) {
                    None => [value(leading); 4],
                    Some(_) if flat => [value(corners[0]); 4],
                    Some((location, perspective)) => {
                        let v = corners.map(|words| f64::from(f32::from_bits(value(words))));
                        blend(v, &weights[location as usize][usize::from(perspective)][at]).map(f32::to_bits)
                    }
                };
            }
        }
    }

    /// Merges one live lane into the targets.
    fn merge(
        &self,
        lane: usize,
        info: &PixelShaderInfo,
        context: &Context<'_>,
        targets: &mut TileTargets<'_>,
        work: &mut Work,
    ) {
        let (merger, output) = (context.merger, &self.output);
        let Waiting { quad, surface, sample } = &self.quads[lane / 4];
        let i = lane % 4;
        if !output.live[lane] {
            work.ps_discarded += 1;
            return;
        }
        let color = |target: usize| -> Option<[u32; 4]> {
            let (row, rows) = (self.input.lanes, &output.colors[target]);
            (!rows.is_empty()).then(|| std::array::from_fn(|c| rows[c * row + lane]))
        };
        let mut open = quad.open[i] & if info.per_sample { 1 << sample } else { u32::MAX };
        open = merger.coverage(open, color(0), info.writes_coverage.then(|| output.coverage[lane]));
        if merger.timing == Timing::Late && open != 0 {
            let depth = info.writes_depth.then(|| output.depth[lane]);
            let reference = info.writes_stencil_ref.then(|| output.stencil_ref[lane] as u8);
            let surface = &self.surfaces[*surface];
            open = context.test_late(surface, (quad, i), open, (depth, reference), targets, work);
        }
        if merger.timing != Timing::Forced {
            work.occlusion_samples += u64::from(open.count_ones());
        }
        if open == 0 {
            return;
        }
        let (x, y) = quad.pixel(i);
        let second = if merger.dual_source { color(1) } else { None }.unwrap_or_default();
        for (target, writer) in &merger.writers {
            let Some(color) = color(*target) else { continue };
            for sample in bits(open) {
                let Some(texel) = targets.color(*target, x, y, sample) else { break };
                writer.write(texel, color, second);
            }
            work.pixels_written += 1;
            work.pixels_blended += u64::from(writer.blends());
        }
    }
}

/// Samples for which the shader runs. One that writes memory runs for all that are covered, unless tests are forced to come first.
fn alive(quad: &Quad, context: &Context<'_>, info: &PixelShaderInfo) -> [u32; 4] {
    if info.writes_memory && context.merger.timing != Timing::Forced { quad.covered } else { quad.open }
}

/// Where centroid attributes of a pixel are evaluated (d3d-rules §9.4).
fn centroid(context: &Context<'_>, covered: u32, writable: u32) -> [i32; 2] {
    let all = (1_u32 << context.merger.samples) - 1;
    let mask = context.merger.sample_mask;
    let first = match () {
        () if covered == all => None,
        () if writable != 0 => Some(writable.trailing_zeros()),
        () if mask != all && mask != 0 => Some(mask.trailing_zeros()),
        () => None,
    };
    first.and_then(|sample| context.offsets.get(sample as usize)).copied().unwrap_or([CENTER; 2])
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
fn put<T: Copy>(row: &mut [T], quad: usize, values: [T; 4]) {
    if let Some(lanes) = row.as_chunks_mut().0.get_mut(quad) {
        *lanes = values;
    }
}

/// Makes a vector `len` times `value`; it keeps its memory.
fn refill<T: Clone>(vector: &mut Vec<T>, len: usize, value: T) {
    vector.clear();
    vector.resize(len, value);
}
