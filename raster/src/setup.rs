//! Primitives become records: projected, culled, biased, and put into the tiles that they touch.

use std::ops::Range;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::bin::{Grid, for_cells};
use crate::clip::{self, Corner, Place, ScreenVertex, outside};
use crate::coverage::{Edges, area, pixel_bounds};
use crate::depth_stencil::DepthRange;
use crate::format::Format;
use crate::interpolate::{Interpolator, Plane, SUBPIXELS};
use crate::merge::Merger;
use crate::pass::{DrawState, PassOptions, TargetLayout, Work};
use crate::primitive::{PrimitiveBatch, PrimitiveKind, VertexBatch};
use crate::record::{CLIP_DISTANCES, Gradients, PLAIN, Record, SAMPLE_TESTS, Shape};
use crate::state::{CullMode, DepthBias, FillMode, RasterizerState, Rect, Viewport};

/// A draw's state, made ready for a pass's targets; draws that follow each other with the same state share it.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) state: Arc<DrawState>,
    pub(crate) merger: Merger,
    /// Pixels of each viewport that may be drawn.
    scissors: SmallVec<[Rect; 1]>,
}

/// A draw as it waits in a pass: some of the primitives of a batch.
#[derive(Debug)]
pub(crate) struct QueuedDraw {
    pub(crate) prepared: Arc<Prepared>,
    pub(crate) vertices: Arc<VertexBatch>,
    pub(crate) primitives: Arc<PrimitiveBatch>,
}

const WHOLE_VIEWPORT: Viewport =
    Viewport { x: 0.0, y: 0.0, width: 0.0, height: 0.0, min_depth: 0.0, max_depth: 1.0 };

impl Prepared {
    pub(crate) fn new(state: &Arc<DrawState>, layout: &TargetLayout, options: &PassOptions) -> Self {
        let merger = options.merger(state, layout);
        let target = Rect { left: 0, top: 0, right: layout.width as i32, bottom: layout.height as i32 };
        let rasterizer = &state.rasterizer;
        let scissors = rasterizer.viewports.iter().enumerate().map(|(i, viewport)| {
            let scissor =
                rasterizer.scissors.get(i).or(rasterizer.scissors.first()).copied().unwrap_or(target);
            viewport_scissor(viewport).intersect(scissor).intersect(target)
        });
        let scissors = scissors.collect();
        Self { state: Arc::clone(state), merger, scissors }
    }
}

impl QueuedDraw {
    fn rasterizer(&self) -> &RasterizerState {
        &self.prepared.state.rasterizer
    }

    /// `SV_RenderTargetArrayIndex` and `SV_ViewportArrayIndex` of a primitive.
    pub(crate) fn array_indices(&self, primitive: u32) -> [u32; 2] {
        self.primitives.array_indices.get(primitive as usize).copied().unwrap_or_default()
    }

    pub(crate) fn primitive_id(&self, primitive: u32) -> u32 {
        self.primitives.ids.get(primitive as usize).copied().unwrap_or(primitive)
    }

    /// The viewport of a primitive: an index that there is none for means the first (d3d-rules §20).
    fn viewport_index(&self, primitive: u32) -> usize {
        let index = self.array_indices(primitive)[1] as usize;
        if index < self.rasterizer().viewports.len() { index } else { 0 }
    }

    /// The depths that the primitive's viewport allows.
    pub(crate) fn depth_range(&self, primitive: u32) -> DepthRange {
        DepthRange::new(self.viewport(primitive))
    }

    pub(crate) fn viewport(&self, primitive: u32) -> &Viewport {
        self.rasterizer().viewports.get(self.viewport_index(primitive)).unwrap_or(&WHOLE_VIEWPORT)
    }

    /// Pixels of a primitive that may be drawn.
    pub(crate) fn scissor(&self, primitive: u32) -> Rect {
        let nothing = Rect { left: 0, top: 0, right: 0, bottom: 0 };
        self.prepared.scissors.get(self.viewport_index(primitive)).copied().unwrap_or(nothing)
    }
}

/// The scissor that a viewport implies (d3d-rules §6.6).
fn viewport_scissor(v: &Viewport) -> Rect {
    Rect {
        left: v.x.floor() as i32,
        top: v.y.floor() as i32,
        right: (v.x + v.width).floor() as i32,
        bottom: (v.y + v.height).floor() as i32,
    }
}

/// What primitives of a draw become. It keeps its memory when it is filled again.
#[derive(Debug, Default)]
pub struct SetUp {
    pub(crate) records: Vec<Record>,
    pub(crate) gradients: Vec<Gradients>,
    /// Where records go: in their order.
    pub(crate) binned: Vec<Binned>,
    pub(crate) work: Work,
    /// Cells of grids that were looked at.
    pub(crate) cells: u64,
    /// Memory for projected vertices.
    projected: Vec<ScreenVertex>,
}

/// A record in a tile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Binned {
    pub(crate) layer: u32,
    pub(crate) tile: u32,
    pub(crate) record: u32,
}

impl SetUp {
    /// Fills it with these primitives of a draw; false when they look at more than `most` cells of grids.
    pub(crate) fn fill(
        &mut self,
        layout: &TargetLayout,
        grid: Grid,
        draw: &QueuedDraw,
        range: Range<usize>,
        most: u64,
    ) -> bool {
        self.records.clear();
        self.gradients.clear();
        self.binned.clear();
        (self.work, self.cells) = (Work::default(), 0);
        if draw.vertices.positions.is_empty() {
            // Whoever made the batch has seen that all of it is outside.
            self.work.c_invocations += range.len() as u64;
            self.work.rejected += range.len() as u64;
            return true;
        }
        let corners = draw.primitives.kind.vertices();
        let whole = range == (0..draw.primitives.count());
        let indices = draw.primitives.indices.get(range.start * corners..range.end * corners);
        let indices = indices.unwrap_or_default();
        let mut projected = std::mem::take(&mut self.projected);
        let first = project(draw, if whole { None } else { Some(indices) }, &mut projected);
        let biased = draw.rasterizer().depth_bias != DepthBias::default();
        self.records.reserve(range.len());
        let mut assembler = Assembler { layout, grid, draw, biased, projected: &projected, first, out: self };
        let fits = assembler.run(range, indices, most);
        self.projected = projected;
        fits
    }
}

/// Projects all vertices, or those between the lowest and the highest of some indices, of a draw whose primitives all have the
/// same viewport. Returns the number of the first.
fn project(draw: &QueuedDraw, indices: Option<&[u32]>, projected: &mut Vec<ScreenVertex>) -> usize {
    projected.clear();
    if !draw.primitives.array_indices.is_empty() {
        return 0;
    }
    let positions = &draw.vertices.positions;
    let used = indices.map_or(0..positions.len(), |indices| {
        let first = indices.iter().copied().min().unwrap_or(0) as usize;
        let last = indices.iter().copied().max().unwrap_or(0) as usize;
        first.min(positions.len())..last.saturating_add(1).min(positions.len())
    });
    let (first, viewport) = (used.start, draw.viewport(0));
    projected.extend(positions[used].iter().map(|&p| clip::project(p, viewport)));
    first
}

/// Turns the primitives of one draw into records.
struct Assembler<'a> {
    layout: &'a TargetLayout,
    grid: Grid,
    draw: &'a QueuedDraw,
    /// Whether there is any depth bias.
    biased: bool,
    /// Vertices in the first viewport from `first` on, for primitives that share them.
    projected: &'a [ScreenVertex],
    first: usize,
    out: &'a mut SetUp,
}

/// A primitive on its way; what its records have in common.
#[derive(Clone, Copy)]
struct Primitive {
    index: u32,
    leading: u32,
    tests: u8,
    front: bool,
}

impl<'a> Assembler<'a> {
    /// Takes these primitives of the draw's batch, which have these indices.
    fn run(&mut self, range: Range<usize>, indices: &[u32], most: u64) -> bool {
        let draw = self.draw;
        let kind = draw.primitives.kind;
        for (index, vertices) in range.zip(indices.chunks_exact(kind.vertices())) {
            self.out.work.c_invocations += 1;
            let index = index as u32;
            let last = vertices.len() - 1;
            let v = [vertices[0], vertices[last.min(1)], vertices[last]];
            let own: [ScreenVertex; 3];
            let s = match self.shared(v) {
                Some(shared) => shared,
                None if v.iter().any(|&v| v as usize >= draw.vertices.positions.len()) => {
                    self.out.work.rejected += 1;
                    continue;
                }
                None => {
                    own = v.map(|v| self.screen(index, v));
                    own.each_ref()
                }
            };
            let Some(tests) = self.clip_tests(kind, v, s) else {
                self.out.work.rejected += 1;
                continue;
            };
            self.out.work.c_primitives += 1;
            let leading = v[usize::from(draw.primitives.leading).min(kind.vertices() - 1)];
            let primitive = Primitive { index, leading, tests, front: true };
            match kind {
                PrimitiveKind::Triangles => self.triangle(primitive, v, s),
                PrimitiveKind::Lines => self.line(primitive, [v[0], v[1]], 0.0),
                PrimitiveKind::Points => self.point(primitive, v[0], 0.0),
            }
            if self.out.cells > most {
                return false;
            }
        }
        true
    }

    /// A vertex that is projected for all primitives.
    fn projected(&self, vertex: u32) -> Option<&'a ScreenVertex> {
        self.projected.get((vertex as usize).wrapping_sub(self.first))
    }

    fn shared(&self, [v0, v1, v2]: [u32; 3]) -> Option<[&'a ScreenVertex; 3]> {
        Some([self.projected(v0)?, self.projected(v1)?, self.projected(v2)?])
    }

    fn screen(&self, primitive: u32, vertex: u32) -> ScreenVertex {
        match self.projected(vertex) {
            Some(projected) => *projected,
            None => {
                let position = self.draw.vertices.positions[vertex as usize];
                clip::project(position, self.draw.viewport(primitive))
            }
        }
    }

    /// Planes to test samples against, or `None` when nothing of the primitive is inside.
    fn clip_tests(&mut self, kind: PrimitiveKind, v: [u32; 3], s: [&ScreenVertex; 3]) -> Option<u8> {
        if s.iter().any(|s| s.place == Place::Nowhere) {
            return None;
        }
        let (mut any, mut all) =
            s.iter().fold((0, u8::MAX), |(any, all), s| (any | s.outside, all & s.outside));
        if !self.draw.rasterizer().depth_clip {
            any &= !(outside::NEAR | outside::FAR);
            all &= !(outside::NEAR | outside::FAR);
        }
        // Lines and points are wider than their vertices: the scissor alone decides at the sides.
        let sides = outside::LEFT | outside::RIGHT | outside::TOP | outside::BOTTOM;
        if all & (if kind == PrimitiveKind::Triangles { u8::MAX } else { !sides }) != 0 {
            return None;
        }
        let vertices = &self.draw.vertices;
        let cull = |c: usize, v: u32| vertices.cull[v as usize * vertices.cull_count + c];
        // A distance that is not a number counts as negative (d3d-rules §6.3).
        if (0..vertices.cull_count).any(|c| v.iter().all(|&v| !matches!(cull(c, v), 0.0..))) {
            return None;
        }
        let mut planes = (any & (outside::NEAR | outside::FAR)).count_ones();
        for c in 0..vertices.clip_count {
            let distances = v.map(|v| vertices.clip[v as usize * vertices.clip_count + c]);
            // An infinite distance has no plane either.
            if distances.iter().any(|d| !d.is_finite()) || distances.iter().all(|&d| d < 0.0) {
                return None;
            }
            if distances.iter().any(|&d| d < 0.0) {
                any |= CLIP_DISTANCES;
                planes += 1;
            }
        }
        planes += u32::from(s.iter().any(|s| s.place == Place::Beyond));
        self.out.work.clipped += u64::from(planes != 0);
        self.out.work.clip_planes += u64::from(planes);
        Some(any & SAMPLE_TESTS)
    }

    fn triangle(&mut self, primitive: Primitive, v: [u32; 3], s: [&ScreenVertex; 3]) {
        if s.iter().any(|s| s.place == Place::Beyond) {
            return self.clipped_triangle(primitive, v, s);
        }
        let xy = [s[0].xy, s[1].xy, s[2].xy];
        let area = area(xy);
        let Some(front) = self.facing(area) else { return };
        let primitive = Primitive { front, ..primitive };
        let mut z = [s[0].z, s[1].z, s[2].z];
        let mut amount = 0.0;
        if self.biased && area != 0 {
            let bias = self.draw.rasterizer().depth_bias;
            let w = v.map(|v| self.draw.vertices.positions[v as usize][3]);
            let plane = Interpolator::triangle(xy, w).plane(z.map(f64::from));
            amount = depth_bias(&bias, self.layout.depth_stencil, &plane, &z);
            z = z.map(|z| z + amount);
        }
        if self.draw.rasterizer().fill != FillMode::Solid {
            return self.outline(primitive, v, amount);
        }
        self.push(primitive, Shape::Triangle, v, xy, z, PLAIN);
    }

    /// The facing of a triangle of this area, or `None` when it is dropped (d3d-rules §7.1, §7.2).
    fn facing(&mut self, area: i64) -> Option<bool> {
        let rasterizer = &self.draw.rasterizer();
        if area == 0 && rasterizer.fill == FillMode::Solid {
            self.out.work.culled_zero_area += 1;
            return None;
        }
        let front = area != 0 && (area > 0) != rasterizer.front_counter_clockwise;
        let culled = match rasterizer.cull {
            CullMode::None => false,
            CullMode::Front => front,
            CullMode::Back => !front,
        };
        self.out.work.culled_backface += u64::from(culled);
        (!culled).then_some(front)
    }

    /// A triangle that crosses the eye's plane or leaves the range of snapped positions.
    fn clipped_triangle(&mut self, primitive: Primitive, v: [u32; 3], s: [&ScreenVertex; 3]) {
        let corners = [0, 1, 2].map(|i| self.corner(primitive.index, v[i], s[i]));
        let Some(polygon) = clip::clip_triangle(corners) else { return };
        let fan = || (1..polygon.len() - 1).map(|i| [polygon[0], polygon[i], polygon[i + 1]]);
        let total = fan().map(area).sum::<i64>();
        let Some(front) = self.facing(total) else { return };
        let primitive = Primitive { front, ..primitive };
        let vertices = corners.map(|c| clip::relative(c.at, polygon[0]));
        let Some(interpolator) = Interpolator::homogeneous_triangle(polygon[0], vertices) else {
            self.out.work.culled_zero_area += 1;
            return;
        };
        let mut depth = self.viewport_depth(&interpolator, primitive.index, v);
        let mut amount = 0.0;
        if self.biased {
            let bias = self.draw.rasterizer().depth_bias;
            let z: SmallVec<[f32; 8]> =
                polygon.iter().map(|&[x, y]| depth.at(interpolator.origin.offset(x, y)) as f32).collect();
            amount = depth_bias(&bias, self.layout.depth_stencil, &depth, &z);
            depth.c += f64::from(amount);
        }
        if self.draw.rasterizer().fill != FillMode::Solid {
            return self.outline(primitive, v, amount);
        }
        let gradients = self.keep(interpolator, depth, v, primitive.tests);
        for xy in fan() {
            // Snapping may turn slivers over; they cover nothing that the others leave.
            if area(xy).signum() == total.signum() {
                self.push(primitive, Shape::Triangle, v, xy, [0.0; 3], gradients);
            }
        }
    }

    fn corner(&self, primitive: u32, vertex: u32, s: &ScreenVertex) -> Corner {
        let position = self.draw.vertices.positions[vertex as usize];
        let snapped = (s.place == Place::Screen).then_some(s.xy);
        Corner { at: clip::homogeneous(position, self.draw.viewport(primitive)), snapped }
    }

    /// Viewport depth from clip-space depth.
    fn viewport_depth(&self, interpolator: &Interpolator, primitive: u32, v: [u32; 3]) -> Plane {
        let n = v.map(|v| f64::from(self.draw.vertices.positions[v as usize][2]));
        let plane = interpolator.quotient_plane(n);
        let viewport = self.draw.viewport(primitive);
        let (low, high) = (f64::from(viewport.min_depth), f64::from(viewport.max_depth));
        Plane { c: low + plane.c * (high - low), x: plane.x * (high - low), y: plane.y * (high - low) }
    }

    /// The edges or corners of a triangle that is not filled (d3d-rules §7.7).
    fn outline(&mut self, primitive: Primitive, v: [u32; 3], bias: f32) {
        for i in 0..3 {
            match self.draw.rasterizer().fill {
                FillMode::Point => self.point(primitive, v[i], bias),
                _ => self.line(primitive, [v[i], v[(i + 1) % 3]], bias),
            }
        }
    }

    fn line(&mut self, primitive: Primitive, v: [u32; 2], bias: f32) {
        let s = v.map(|v| self.screen(primitive.index, v));
        let three = [v[0], v[1], v[1]];
        let along_itself = self.layout.samples > 1;
        let (xy, interpolator, depth) = if s.iter().all(|s| s.place == Place::Screen) {
            let xy = s.map(|s| s.xy);
            if xy[0] == xy[1] {
                return;
            }
            let w = v.map(|v| self.draw.vertices.positions[v as usize][3]);
            let interpolator = Interpolator::line(xy, w, along_itself);
            let z = s.map(|s| f64::from(s.z + bias));
            let depth = interpolator.plane([z[0], z[1], z[1]]);
            (xy, interpolator, depth)
        } else {
            let ends = [0, 1].map(|i| self.corner(primitive.index, v[i], &s[i]));
            let Some(xy) = clip::clip_line(ends).filter(|xy| xy[0] != xy[1]) else { return };
            let vertices = ends.map(|end| clip::relative(end.at, xy[0]));
            let Some(interpolator) = Interpolator::homogeneous_line(xy, vertices) else { return };
            let mut depth = self.viewport_depth(&interpolator, primitive.index, three);
            depth.c += f64::from(bias);
            (xy, interpolator, depth)
        };
        let gradients = self.keep(interpolator, depth, three, primitive.tests);
        if self.layout.samples == 1 {
            let xy = [xy[0], xy[1], xy[1]];
            return self.push(primitive, Shape::Line, three, xy, [0.0; 3], gradients);
        }
        let [a, b, c, d] = quad_line(xy);
        for xy in [[a, b, c], [a, c, d]] {
            if area(xy) != 0 {
                self.push(primitive, Shape::Triangle, three, xy, [0.0; 3], gradients);
            }
        }
    }

    /// A square around a vertex (d3d-rules §8.4, §17.2).
    fn point(&mut self, primitive: Primitive, v: u32, bias: f32) {
        const MAX_SIZE: f32 = 8192.0;
        let s = self.screen(primitive.index, v);
        let size = self.draw.vertices.point_sizes.get(v as usize).copied().unwrap_or(1.0);
        let positive = size > 0.0;
        if s.place != Place::Screen || !positive {
            return;
        }
        let size = clip::snap(f64::from(if size < MAX_SIZE { size } else { MAX_SIZE }));
        let corner = s.xy.map(|c| c - size / 2);
        let interpolator = Interpolator::point(s.xy, self.draw.vertices.positions[v as usize][3]);
        let depth = Plane { c: f64::from(s.z + bias), x: 0.0, y: 0.0 };
        let gradients = self.keep(interpolator, depth, [v; 3], 0);
        let xy = [corner, corner.map(|c| c + size), corner];
        self.push(primitive, Shape::Square, [v; 3], xy, [0.0; 3], gradients);
    }

    fn keep(&mut self, interpolator: Interpolator, depth: Plane, v: [u32; 3], tests: u8) -> u32 {
        self.out.gradients.push(Gradients::new(interpolator, depth, self.draw, v, tests));
        self.out.gradients.len() as u32 - 1
    }

    #[inline]
    fn push(
        &mut self,
        primitive: Primitive,
        shape: Shape,
        vertices: [u32; 3],
        xy: [[i32; 2]; 3],
        z: [f32; 3],
        gradients: u32,
    ) {
        if self.bin(shape, &xy, primitive.index) {
            let Primitive { index, leading, tests, front } = primitive;
            self.out.records.push(Record {
                shape,
                front,
                tests,
                xy,
                z,
                vertices,
                leading,
                draw: 0,
                primitive: index,
                gradients,
            });
        }
    }

    /// Puts the next record into its tiles, of which there may be none.
    fn bin(&mut self, shape: Shape, xy: &[[i32; 2]; 3], primitive: u32) -> bool {
        /// Edge of the modelled GPU's tiles.
        const MODEL_TILE: i32 = 16;
        let margin = if shape == Shape::Line { SUBPIXELS } else { 0 };
        let bounds = pixel_bounds(xy, self.layout.samples, margin);
        let pixels = bounds.intersect(self.draw.scissor(primitive));
        if pixels.is_empty() {
            return false;
        }
        let layer = self.draw.array_indices(primitive)[0];
        let layer = if layer < self.layout.layers { layer } else { 0 };
        let out = &mut *self.out;
        let record = out.records.len() as u32;
        if touches_one(MODEL_TILE.min(self.grid.tile_size()), pixels) {
            out.cells += 1;
            out.work.tiles += 1;
            out.binned.push(Binned { layer, tile: self.grid.tile(pixels.left, pixels.top) as u32, record });
            return true;
        }
        let edges = (shape == Shape::Triangle).then(|| Edges::new(*xy));
        out.cells += for_cells(MODEL_TILE, pixels, edges.as_ref(), |_, _| out.work.tiles += 1);
        self.grid.visit(pixels, edges.as_ref(), |tile| {
            out.binned.push(Binned { layer, tile: tile as u32, record });
        });
        true
    }
}

/// All pixels lie in one cell of a grid whose edges are a power of two.
fn touches_one(size: i32, pixels: Rect) -> bool {
    (pixels.left ^ (pixels.right - 1) | pixels.top ^ (pixels.bottom - 1)) < size
}

/// The bias of a triangle (d3d-rules §10.1), from its depth plane and its vertices' depths.
fn depth_bias(bias: &DepthBias, format: Option<Format>, plane: &Plane, z: &[f32]) -> f32 {
    let mut amount = bias.offset;
    if bias.constant != 0 {
        let unit = match format {
            Some(format) => format.depth_bias_unit().unwrap_or_else(|| float_depth_unit(z)),
            // Without a depth buffer as with a UNORM one of 24 bits.
            None => Format::D24UnormS8Uint.depth_bias_unit().unwrap_or(0.0),
        };
        amount += bias.constant as f32 * unit;
    }
    if bias.slope_scaled != 0.0 {
        let [x, y] = [plane.x, plane.y].map(|slope| (slope.abs() * f64::from(SUBPIXELS)) as f32);
        amount += bias.slope_scaled * if x > y { x } else { y };
    }
    if bias.clamp > 0.0 && amount > bias.clamp || bias.clamp < 0.0 && amount < bias.clamp {
        amount = bias.clamp;
    }
    amount
}

/// `2^(exponent(max |z|) - 23)`.
fn float_depth_unit(z: &[f32]) -> f32 {
    let exponent = z.iter().map(|z| z.abs().to_bits() >> 23).max().unwrap_or(0);
    f64::from_bits(u64::from(exponent + 1023 - 127 - 23) << 52) as f32
}

/// Corners of a line that is 1.4 pixels wide (d3d-rules §8.3).
fn quad_line(xy: [[i32; 2]; 2]) -> [[i32; 2]; 4] {
    let [start, end] = xy.map(|p| p.map(|c| c as f32 / SUBPIXELS as f32));
    let d = [end[0] - start[0], end[1] - start[1]];
    let length = (d[0] * d[0] + d[1] * d[1]).sqrt();
    let offset = [-d[1] / length * 0.7, d[0] / length * 0.7];
    let corner = |p: [f32; 2], sign: f32| [0, 1].map(|i| clip::snap(f64::from(p[i] + sign * offset[i])));
    [corner(start, -1.0), corner(end, -1.0), corner(end, 1.0), corner(start, 1.0)]
}
