//! Quads on their way through the pixel shader: collected, interpolated, shaded, in order.
//!
//! Quads of any primitives of one draw share a batch. Early tests are made before a quad is pushed and late ones when it is
//! merged; both happen in the order of the quads, so that it does not matter where one batch ends.

use std::ops::Range;

use fearless_simd::Simd;

use crate::coverage::CENTER;
use crate::depth_stencil::DepthRange;
use crate::interpolate::{Interpolator, Plane, RUN, SUBPIXELS, Weights, blend, round};
use crate::merge::{Location, Merger, Timing};
use crate::pass::Work;
use crate::primitive::VertexBatch;
use crate::setup::{QueuedDraw, Record};
use crate::shader::{PixelBatch, PixelOutput, PixelShader, PixelShaderInfo, ShaderTimeout, SystemInputs};
use crate::tile::TileTargets;

/// Lanes of a full batch.
const LANES: usize = RUN;

/// A primitive that has quads in a batch.
#[derive(Debug, Clone)]
pub(crate) struct Surface {
    pub(crate) interpolator: Interpolator,
    /// Depth in the viewport, before it is clamped.
    pub(crate) depth: Plane,
    pub(crate) range: DepthRange,
    pub(crate) front: bool,
    vertices: [u32; 3],
    leading: u32,
    primitive_id: u32,
    array_indices: [u32; 2],
}

impl Surface {
    pub(crate) fn new(record: &Record, draw: &QueuedDraw, interpolator: Interpolator, depth: Plane) -> Self {
        Self {
            interpolator,
            depth,
            range: draw.depth_range(record.primitive),
            front: record.front,
            vertices: record.vertices,
            leading: record.leading,
            primitive_id: draw.primitive_id(record.primitive),
            array_indices: draw.array_indices(record.primitive),
        }
    }

    /// Depth of a sample as the shader sees it; `offset` is the sample's place in the pixel.
    pub(crate) fn depth_at(&self, (x, y): (i32, i32), [ox, oy]: [i32; 2]) -> f32 {
        round(self.depth.at(self.interpolator.offset(x * SUBPIXELS + ox, y * SUBPIXELS + oy)))
    }
}

/// Four pixels, their top left one at even coordinates. Masks have a bit a sample, 16 bits a pixel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quad {
    pub(crate) x: i32,
    pub(crate) y: i32,
    /// Samples that the shape covers.
    pub(crate) covered: u64,
    /// Of these, samples that may still be written.
    pub(crate) open: u64,
}

/// The samples of a quad's pixel in a mask.
pub(crate) fn samples_of(mask: u64, lane: usize) -> u32 {
    (mask >> (16 * lane)) as u32 & 0xffff
}

impl Quad {
    pub(crate) fn pixel(&self, lane: usize) -> (i32, i32) {
        (self.x + (lane as i32 & 1), self.y + (lane as i32 >> 1))
    }
}

/// A quad in a batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waiting {
    pub(crate) quad: Quad,
    pub(crate) surface: u32,
    /// The sample that is shaded, for shaders that run once a sample.
    pub(crate) sample: u32,
}

/// What a batch draws with.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) draw: &'a QueuedDraw,
    pub(crate) merger: &'a Merger,
    /// Sample positions in sub-pixels from a pixel's corner.
    pub(crate) offsets: &'a [[i32; 2]],
}

/// The part of a tile's work that is reused from tile to tile.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) surfaces: Vec<Surface>,
    pub(crate) quads: Vec<Waiting>,
    /// Quads of one surface that follow each other: which, and their lanes.
    pub(crate) runs: Vec<(u32, Range<usize>)>,
    pub(crate) input: PixelBatch,
    pub(crate) output: PixelOutput,
    /// Snapped positions of the lanes: columns and rows.
    at: [Vec<i32>; 2],
    weights: Box<Weights>,
    /// Texels of the lanes on their way to a target.
    pub(crate) texels: Vec<u32>,
    /// What the tile may still cost.
    budget: u64,
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
    pub(crate) fn begin(&mut self, surface: Surface) {
        self.surfaces.push(surface);
    }

    /// The primitive that was begun last.
    pub(crate) fn surface(&self) -> Option<&Surface> {
        self.surfaces.last()
    }

    /// Ends the primitive that was begun last.
    pub(crate) fn end(&mut self) {
        if self.quads.last().is_none_or(|q| q.surface as usize + 1 != self.surfaces.len()) {
            self.surfaces.pop();
        }
    }

    /// Adds a quad of the last primitive, once for each sample that is shaded by itself.
    #[inline]
    pub(crate) fn push<S: Simd>(
        &mut self,
        simd: S,
        quad: Quad,
        context: &Context<'_>,
        info: &PixelShaderInfo,
        targets: &mut TileTargets<'_>,
        work: &mut Work,
    ) -> Result<(), ShaderTimeout> {
        let samples = if info.per_sample { context.merger.samples } else { 1 };
        for sample in 0..samples {
            if info.per_sample && alive(&quad, context, info) & EVERY_PIXEL << sample == 0 {
                continue;
            }
            self.quads.push(Waiting { quad, surface: self.surfaces.len() as u32 - 1, sample });
            if self.quads.len() == LANES / 4 {
                self.flush(simd, context, targets, work)?;
            }
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
        if let Some(shader) = context.merger.shader.as_deref().filter(|_| !self.quads.is_empty()) {
            let info = shader.info();
            self.locate(info, context);
            simd.vectorize(
                #[inline(always)]
                || self.interpolate(simd, info, context),
            );
            self.shade(shader, work)?;
            self.merge(simd, info, context, targets, work);
        }
        self.quads.clear();
        // The last primitive may have quads to come.
        let last = self.surfaces.pop();
        self.surfaces.clear();
        self.surfaces.extend(last);
        Ok(())
    }

    fn shade(&mut self, shader: &dyn PixelShader, work: &mut Work) -> Result<(), ShaderTimeout> {
        let info = shader.info();
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

    /// Fills in what a quad or its primitive has for each lane.
    fn locate(&mut self, info: &PixelShaderInfo, context: &Context<'_>) {
        let Self { surfaces, quads, runs, input, .. } = self;
        input.lanes = quads.len() * 4;
        resize(input, info.reads);
        for (lanes, Waiting { quad, sample, .. }) in input.live.as_chunks_mut().0.iter_mut().zip(&*quads) {
            let shaded = if info.per_sample { 1 << sample } else { u32::MAX };
            let alive = alive(quad, context, info);
            *lanes = [0, 1, 2, 3].map(|lane| samples_of(alive, lane) & shaded != 0);
        }
        for (at, Waiting { quad, sample, .. }) in quads.iter().enumerate() {
            let writable = [0, 1, 2, 3].map(|i| samples_of(quad.covered, i) & context.merger.sample_mask);
            put(&mut input.coverage, at, writable);
            put(&mut input.sample_index, at, [*sample; 4]);
        }
        runs.clear();
        for (at, Waiting { surface, .. }) in quads.iter().enumerate() {
            match runs.last_mut() {
                Some((last, lanes)) if last == surface => lanes.end += 4,
                _ => runs.push((*surface, 4 * at..4 * at + 4)),
            }
        }
        for (surface, lanes) in runs {
            let surface = &surfaces[*surface as usize];
            fill(&mut input.front_face, lanes, if surface.front { u32::MAX } else { 0 });
            fill(&mut input.primitive_id, lanes, surface.primitive_id);
            for (row, index) in input.array_indices.iter_mut().zip(surface.array_indices) {
                fill(row, lanes, index);
            }
        }
    }

    /// Fills in the rows of inputs and `SV_Position`.
    #[inline(always)]
    fn interpolate<S: Simd>(&mut self, simd: S, info: &PixelShaderInfo, context: &Context<'_>) {
        self.input.inputs.clear();
        self.input.inputs.resize(info.rows * self.input.lanes, 0);
        self.interpolate_constants(info, &context.draw.vertices);
        let position = if info.per_sample { Location::Sample } else { Location::Center };
        for location in Location::ALL {
            let positioned = location == position && info.reads.contains(SystemInputs::POSITION);
            if context.merger.locations[location as usize] || positioned {
                self.place(location, context);
                self.interpolate_at(simd, location, positioned, info, &context.draw.vertices);
            }
            if positioned {
                self.position(simd);
            }
        }
    }

    /// Snapped positions of all lanes.
    fn place(&mut self, location: Location, context: &Context<'_>) {
        let [x, y] = &mut self.at;
        x.resize(LANES, 0);
        y.resize(LANES, 0);
        let lanes = x.as_chunks_mut().0.iter_mut().zip(y.as_chunks_mut().0);
        for ((x, y), Waiting { quad, sample, .. }) in lanes.zip(&self.quads) {
            let offset = |lane: usize| match location {
                Location::Center => [CENTER; 2],
                Location::Centroid => centroid(context, samples_of(quad.covered, lane)),
                Location::Sample => context.offsets[*sample as usize],
            };
            let (left, top) = (quad.x * SUBPIXELS, quad.y * SUBPIXELS);
            *x = [0, 1, 2, 3].map(|lane| left + (lane as i32 & 1) * SUBPIXELS + offset(lane)[0]);
            *y = [0, 1, 2, 3].map(|lane| top + (lane as i32 >> 1) * SUBPIXELS + offset(lane)[1]);
        }
    }

    #[inline(always)]
    fn interpolate_at<S: Simd>(
        &mut self,
        simd: S,
        location: Location,
        positioned: bool,
        info: &PixelShaderInfo,
        vertices: &VertexBatch,
    ) {
        let Self { surfaces, runs, input, at, weights, .. } = self;
        for (surface, lanes) in runs {
            let surface = &surfaces[*surface as usize];
            let at = [&at[0][lanes.start..], &at[1][lanes.start..]];
            surface.interpolator.weigh(simd, at, lanes.len(), weights);
            // A point has one vertex, and even infinities of it are the same everywhere.
            let flat = surface.vertices == [surface.vertices[0]; 3];
            for interpolant in &info.interpolants {
                let Some((_, perspective)) = Location::of(interpolant.mode).filter(|of| of.0 == location)
                else {
                    continue;
                };
                let Some(word) = fed(interpolant.vertex_word, vertices) else { continue };
                let row = usize::from(interpolant.row) * input.lanes;
                let Some(out) = input.inputs.get_mut(row + lanes.start..row + lanes.end) else { continue };
                let [v0, v1, v2] = surface.vertices;
                let v = [value(vertices, v0, word), value(vertices, v1, word), value(vertices, v2, word)];
                if flat {
                    out.fill(v[0]);
                    continue;
                }
                let weights = if perspective { &weights.perspective } else { &weights.affine };
                blend(simd, v.map(|bits| f64::from(f32::from_bits(bits))), weights, out);
            }
            if positioned {
                input.position[3][lanes.clone()]
                    .copy_from_slice(bytemuck::cast_slice(&weights.w[..lanes.len()]));
            }
        }
    }

    /// The rows that come from the leading vertex.
    fn interpolate_constants(&mut self, info: &PixelShaderInfo, vertices: &VertexBatch) {
        let Self { surfaces, runs, input, .. } = self;
        for interpolant in info.interpolants.iter().filter(|i| Location::of(i.mode).is_none()) {
            let Some(word) = fed(interpolant.vertex_word, vertices) else { continue };
            let row = usize::from(interpolant.row) * input.lanes;
            let Some(row) = input.inputs.get_mut(row..row + input.lanes) else { continue };
            for (surface, lanes) in &*runs {
                row[lanes.clone()].fill(value(vertices, surfaces[*surface as usize].leading, word));
            }
        }
    }

    /// Columns, rows and depth; `w` came with the weights.
    #[inline(always)]
    fn position<S: Simd>(&mut self, simd: S) {
        let Self { surfaces, runs, input, at, .. } = self;
        let [x, y, z, _] = &mut input.position;
        for (out, at) in [x, y].into_iter().zip(&*at) {
            for (out, at) in out.iter_mut().zip(at) {
                *out = *at as f32 / SUBPIXELS as f32;
            }
        }
        for (surface, lanes) in runs {
            let surface = &surfaces[*surface as usize];
            let at = [&at[0][lanes.start..], &at[1][lanes.start..]];
            let out = bytemuck::cast_slice_mut(&mut z[lanes.clone()]);
            surface.interpolator.evaluate(simd, &surface.depth, at, out);
        }
    }
}

const EVERY_PIXEL: u64 = 0x0001_0001_0001_0001;

/// Samples for which the shader runs. One that writes memory runs for all that are covered, unless tests are forced to come first.
fn alive(quad: &Quad, context: &Context<'_>, info: &PixelShaderInfo) -> u64 {
    if info.writes_memory && context.merger.timing != Timing::Forced { quad.covered } else { quad.open }
}

/// Where centroid attributes of a pixel are evaluated (d3d-rules §9.4).
fn centroid(context: &Context<'_>, covered: u32) -> [i32; 2] {
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
fn fed(word: Option<u16>, vertices: &VertexBatch) -> Option<usize> {
    word.map(usize::from).filter(|&word| word < vertices.words)
}

#[inline]
fn value(vertices: &VertexBatch, vertex: u32, word: usize) -> u32 {
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
