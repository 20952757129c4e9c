//! How values vary across a primitive: *the* definition of interpolation.
//!
//! All arithmetic is `f64`, in the order written here, rounded once to `f32` at the end. Positions are 16.8 fixed point,
//! relative to an anchor, so that for a triangle that is not clipped the three edge functions `e0 e1 e2` are exact integers.
//!
//! - Screen-linear weights: `l_i = (e_i * a_i) / total`, with `a_i = 1` (the reciprocal of `total` is taken once).
//! - Perspective weights: `b_i = e_i * p_i / (e0 * p0 + e1 * p1 + e2 * p2)`, with `p_i = 1 / w_i`, or 1 where all `w` are equal.
//! - An attribute is `(v0 + b1 * (v1 - v0)) + b2 * (v2 - v0)`; depth is the plane `(z + zx * dx) + zy * dy` through the viewport
//!   depths at the vertices, anchored at vertex 0.
//!
//! A triangle that crosses `w = 0` or leaves the 16.8 range has no snapped vertices to start from. Its `e_i` are the
//! homogeneous edge functions of the *original* vertices (`p_i = 1`, `a_i = w_i`), in `f64`, anchored at a vertex of the clipped
//! polygon: clipping decides coverage and never makes new attribute values (d3d-rules §6.2).
//!
//! Lines run through the same formulas with functions of the major axis alone; points are constant.

use std::borrow::Cow;
use std::ops::Range;

use fearless_simd::{f32x16, f64x8, prelude::*, u32x4, u32x8, u32x16};

use crate::coverage::CENTER;
use crate::lanes::{self, VECTOR};

/// Pixels of a snapped coordinate: 8 fraction bits.
pub(crate) const SUBPIXELS: i32 = 256;

/// A function that is linear on the screen: `(c + x * dx) + y * dy`, in sub-pixels from an anchor.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Plane {
    pub(crate) c: f64,
    pub(crate) x: f64,
    pub(crate) y: f64,
}

impl Plane {
    #[inline]
    pub(crate) fn at(&self, d: [f64; 2]) -> f64 {
        (self.c + self.x * d[0]) + self.y * d[1]
    }

    fn is_finite(&self) -> bool {
        self.c.is_finite() && self.x.is_finite() && self.y.is_finite()
    }
}

/// Where a primitive's planes count positions from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    anchor: [i32; 2],
    /// Positions are clamped to this box before anything is evaluated (left, top, right, bottom): lines end at their ends.
    clamp: [i32; 4],
}

impl Origin {
    /// Positions are clamped, so that neighbouring pixels may have the same.
    pub(crate) fn is_clamped(&self) -> bool {
        self.clamp != NO_CLAMP
    }

    /// A snapped position as the planes take it.
    #[inline]
    pub(crate) fn offset(&self, x: i32, y: i32) -> [f64; 2] {
        let [left, top, right, bottom] = self.clamp;
        let difference = |at: i32, anchor: i32| f64::from(at) - f64::from(anchor);
        [difference(x.clamp(left, right), self.anchor[0]), difference(y.clamp(top, bottom), self.anchor[1])]
    }

    /// Eight snapped positions along an axis as the planes take them.
    #[inline(always)]
    fn lanes<S: Simd>(&self, simd: S, axis: usize, at: &[f64; UNIT]) -> f64x8<S> {
        // Integers: nothing is rounded.
        let mut at = f64x8::from_slice(simd, at);
        if self.is_clamped() {
            let (low, high) = (self.clamp[axis].into(), self.clamp[axis + 2].into());
            let (low, high) = (f64x8::splat(simd, low), f64x8::splat(simd, high));
            at = at.simd_lt(low).select(low, at);
            at = at.simd_gt(high).select(high, at);
        }
        at - f64::from(self.anchor[axis])
    }
}

/// Depth in the viewport, before it is clamped.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Depth {
    pub(crate) origin: Origin,
    pub(crate) plane: Plane,
}

impl Depth {
    /// At a snapped position.
    pub(crate) fn at(&self, x: i32, y: i32) -> f32 {
        round(self.plane.at(self.origin.offset(x, y)))
    }
}

/// Where a primitive's weights come from; see the module's definition.
#[derive(Debug, Clone)]
pub(crate) struct Interpolator {
    pub(crate) origin: Origin,
    edges: [Plane; 3],
    perspective: [f64; 3],
    affine: [f64; 3],
    total: f64,
    inverse_total: f64,
    /// `w` where it is the same at all vertices.
    constant_w: Option<f32>,
}

const NO_CLAMP: [i32; 4] = [i32::MIN, i32::MIN, i32::MAX, i32::MAX];

/// Perspective factors of vertices, and the common `w` if there is one.
fn perspective(w: [f32; 3]) -> ([f64; 3], Option<f32>) {
    if w[0] == w[1] && w[0] == w[2] { ([1.0; 3], Some(w[0])) } else { (w.map(|w| 1.0 / f64::from(w)), None) }
}

impl Interpolator {
    /// A triangle with snapped vertices, all of positive `w`. Its area must not be zero.
    #[inline]
    pub(crate) fn triangle(xy: [[i32; 2]; 3], w: [f32; 3]) -> Self {
        let difference = |i: usize, axis: usize| f64::from(xy[i][axis]) - f64::from(xy[0][axis]);
        let (x1, y1) = (difference(1, 0), difference(1, 1));
        let (x2, y2) = (difference(2, 0), difference(2, 1));
        let total = x1 * y2 - x2 * y1;
        let (perspective, constant_w) = perspective(w);
        Self {
            origin: Origin { anchor: xy[0], clamp: NO_CLAMP },
            edges: [
                Plane { c: total, x: y1 - y2, y: x2 - x1 },
                Plane { c: 0.0, x: y2, y: -x2 },
                Plane { c: 0.0, x: -y1, y: x1 },
            ],
            perspective,
            affine: [1.0; 3],
            total,
            inverse_total: 1.0 / total,
            constant_w,
        }
    }

    /// A triangle of homogeneous screen positions (sub-pixels times `w`, `w`), relative to `anchor`; `None` if it is seen
    /// edge-on.
    pub(crate) fn homogeneous_triangle(anchor: [i32; 2], vertices: [[f64; 3]; 3]) -> Option<Self> {
        let edge = |[x0, y0, w0]: [f64; 3], [x1, y1, w1]: [f64; 3]| Plane {
            c: x0 * y1 - y0 * x1,
            x: y0 * w1 - w0 * y1,
            y: w0 * x1 - x0 * w1,
        };
        let [v0, v1, v2] = vertices;
        Self::homogeneous(
            Origin { anchor, clamp: NO_CLAMP },
            [edge(v1, v2), edge(v2, v0), edge(v0, v1)],
            [v0[2], v1[2], v2[2]],
        )
    }

    fn homogeneous(origin: Origin, edges: [Plane; 3], w: [f64; 3]) -> Option<Self> {
        // The sum of `e_i * w_i` is the same everywhere; the constant terms have all of it.
        let total = (edges[0].c * w[0] + edges[1].c * w[1]) + edges[2].c * w[2];
        let inverse_total = 1.0 / total;
        let finite = edges.iter().all(Plane::is_finite) && total.is_finite() && inverse_total.is_finite();
        finite.then_some(Self {
            origin,
            edges,
            perspective: [1.0; 3],
            affine: w,
            total,
            inverse_total,
            constant_w: None,
        })
    }

    /// A line with snapped ends, both of positive `w`: linear along its major axis (d3d-rules §8.5), or along its own
    /// direction. Its length must not be zero.
    pub(crate) fn line(xy: [[i32; 2]; 2], w: [f32; 2], along_itself: bool) -> Self {
        let d = [0, 1].map(|axis| f64::from(xy[1][axis]) - f64::from(xy[0][axis]));
        let direction = match (along_itself, x_major(xy)) {
            (true, _) => d,
            (false, true) => [1.0_f64.copysign(d[0]), 0.0],
            (false, false) => [0.0, 1.0_f64.copysign(d[1])],
        };
        let total = d[0] * direction[0] + d[1] * direction[1];
        let (perspective, constant_w) = perspective([w[0], w[1], w[1]]);
        Self {
            origin: Origin { anchor: xy[0], clamp: if along_itself { NO_CLAMP } else { line_box(xy) } },
            edges: [
                Plane { c: total, x: -direction[0], y: -direction[1] },
                Plane { c: 0.0, x: direction[0], y: direction[1] },
                Plane::default(),
            ],
            perspective,
            affine: [1.0; 3],
            total,
            inverse_total: 1.0 / total,
            constant_w,
        }
    }

    /// The line of two homogeneous screen positions, relative to the first end of its visible part `xy`.
    pub(crate) fn homogeneous_line(xy: [[i32; 2]; 2], vertices: [[f64; 3]; 2]) -> Option<Self> {
        let axis = usize::from(!x_major(xy));
        let [m0, m1] = vertices.map(|v| v[axis]);
        let [w0, w1] = vertices.map(|v| v[2]);
        let along = |c, slope| match axis {
            0 => Plane { c, x: slope, y: 0.0 },
            _ => Plane { c, x: 0.0, y: slope },
        };
        Self::homogeneous(
            Origin { anchor: xy[0], clamp: line_box(xy) },
            [along(m1, -w1), along(-m0, w0), Plane::default()],
            [w0, w1, 0.0],
        )
    }

    /// A point: everything is the vertex's.
    pub(crate) fn point(xy: [i32; 2], w: f32) -> Self {
        Self {
            origin: Origin { anchor: xy, clamp: NO_CLAMP },
            edges: [Plane { c: 1.0, x: 0.0, y: 0.0 }, Plane::default(), Plane::default()],
            perspective: [1.0; 3],
            affine: [1.0; 3],
            total: 1.0,
            inverse_total: 1.0,
            constant_w: Some(w),
        }
    }

    /// The plane of something linear on the screen, given at the vertices of a primitive with snapped vertices.
    pub(crate) fn plane(&self, v: [f64; 3]) -> Plane {
        let (d1, d2) = (v[1] - v[0], v[2] - v[0]);
        let [_, e1, e2] = &self.edges;
        Plane {
            c: v[0],
            x: (e1.x * d1 + e2.x * d2) * self.inverse_total,
            y: (e1.y * d1 + e2.y * d2) * self.inverse_total,
        }
    }

    /// The plane of `n / w` for an `n` that is linear in clip space. Where `w` is the same at all vertices, the plane of `n`.
    pub(crate) fn quotient_plane(&self, n: [f64; 3]) -> Plane {
        let k = [0, 1, 2].map(|i| n[i] * self.perspective[i] * self.inverse_total);
        let sum = |f: fn(&Plane) -> f64| {
            let [e0, e1, e2] = &self.edges;
            (f(e0) * k[0] + f(e1) * k[1]) + f(e2) * k[2]
        };
        Plane { c: sum(|e| e.c), x: sum(|e| e.x), y: sum(|e| e.y) }
    }
}

/// A line's slope on the screen is between -1 and 1.
pub(crate) fn x_major(xy: [[i32; 2]; 2]) -> bool {
    (xy[1][0] - xy[0][0]).abs() >= (xy[1][1] - xy[0][1]).abs()
}

fn line_box(xy: [[i32; 2]; 2]) -> [i32; 4] {
    let [[x0, y0], [x1, y1]] = xy;
    [x0.min(x1), y0.min(y1), x0.max(x1), y0.max(y1)]
}

/// The one rounding: to nearest even, denormals to zero, the one NaN (d3d-rules §1.1, §1.3).
#[inline]
pub(crate) fn round(value: f64) -> f32 {
    // In integers: compilers take NaN payloads for free in floats.
    let bits = (value as f32).to_bits();
    f32::from_bits(match bits & 0x7fff_ffff {
        magnitude if magnitude > 0x7f80_0000 => 0x7fc0_0000,
        magnitude if magnitude < 0x0080_0000 => bits & 0x8000_0000,
        _ => bits,
    })
}

/// Pixels of a block.
pub(crate) const BLOCK: usize = 64;

/// Lanes of a full batch.
pub(crate) const LANES: usize = 128;

/// Lanes that are interpolated at a time: two quads.
const UNIT: usize = 8;

/// Snapped positions of lanes along an axis, and room for a unit that starts with the last quad.
pub(crate) type Positions = [f64; LANES + UNIT / 2];

/// Runs of quads, and what varies over them: collected first and evaluated then, so that nothing waits for the vertices.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    /// First words of the rows that attributes fill.
    rows: Vec<usize>,
    interpolators: Vec<Interpolator>,
    /// Values of the attributes at the first vertex of a run, and what the second and third have more: a list a run.
    values: Vec<[f64; 3]>,
    /// Two quads each: their run and first lane.
    units: Vec<(usize, usize)>,
}

impl Runs {
    /// Forgets all runs; attributes fill these rows.
    pub(crate) fn start(&mut self, rows: impl Iterator<Item = usize>) {
        self.rows.clear();
        self.rows.extend(rows);
        self.interpolators.clear();
        self.values.clear();
        self.units.clear();
    }

    /// Adds a run of lanes with the bits of its attributes at the vertices.
    #[inline(always)]
    pub(crate) fn push(
        &mut self,
        interpolator: Cow<'_, Interpolator>,
        attributes: impl Iterator<Item = [u32; 3]>,
        lanes: &Range<usize>,
    ) {
        let run = self.interpolators.len();
        self.interpolators.push(interpolator.into_owned());
        self.values.extend(attributes.map(|v| {
            let [v0, v1, v2] = v.map(|v| f64::from(f32::from_bits(v)));
            [v0, v1 - v0, v2 - v0]
        }));
        self.units.extend(lanes.clone().step_by(UNIT).map(|at| (run, at)));
    }

    /// First words of the rows that attributes fill.
    pub(crate) fn rows(&self) -> impl Iterator<Item = usize> {
        self.rows.iter().copied()
    }

    /// Evaluates all attributes, in rows of `pitch` words; each may be written for a quad beyond its run.
    #[inline(always)]
    pub(crate) fn evaluate<S: Simd>(
        &self,
        simd: S,
        perspective: bool,
        [x, y]: [&Positions; 2],
        inputs: &mut [u32],
        pitch: usize,
    ) {
        let (row_pairs, last_row) = self.rows.as_chunks::<2>();
        for &(run, at) in &self.units {
            let Some(interpolator) = self.interpolators.get(run) else { return };
            let count = self.rows.len();
            let Some(values) = self.values.get(run * count..(run + 1) * count) else { return };
            let Some((x, y)) = unit(x, at).zip(unit(y, at)) else { return };
            let origin = &interpolator.origin;
            let (x, y) = (origin.lanes(simd, 0, x), origin.lanes(simd, 1, y));
            let [b1, b2, _] = interpolator.weights(simd, perspective, x, y);
            let whole = at + UNIT <= pitch;
            // Two rows at a time fill a vector.
            let (pairs, last) = values.as_chunks::<2>();
            for ([first, second], [first_row, second_row]) in pairs.iter().zip(row_pairs) {
                let (first, second) = (blend(simd, first, b1, b2), blend(simd, second, b1, b2));
                let values: u32x16<S> = lanes::round(simd, first, second).bitcast();
                let (low, high) = values.split();
                put(inputs, first_row + at, whole, low);
                put(inputs, second_row + at, whole, high);
            }
            for (value, row) in last.iter().zip(last_row) {
                let value = blend(simd, value, b1, b2);
                let value: u32x16<S> = lanes::round(simd, value, value).bitcast();
                put(inputs, row + at, whole, value.split().0);
            }
        }
    }
}

#[inline(always)]
fn blend<S: Simd>(simd: S, [v0, d1, d2]: &[f64; 3], b1: f64x8<S>, b2: f64x8<S>) -> f64x8<S> {
    (f64x8::splat(simd, *v0) + b1 * *d1) + b2 * *d2
}

impl Interpolator {
    /// Weights of the second and third vertex, and `w` where it is not constant, with perspective.
    #[inline(always)]
    fn weights<S: Simd>(&self, simd: S, perspective: bool, x: f64x8<S>, y: f64x8<S>) -> [f64x8<S>; 3] {
        let (e1, e2) = (self.edges[1].lanes(simd, x, y), self.edges[2].lanes(simd, x, y));
        if !perspective || self.constant_w.is_some() {
            // With one `w` for all, all factors are 1 and the edges exact: their sum is the total.
            let (b1, b2) = (e1 * self.affine[1], e2 * self.affine[2]);
            return [b1 * self.inverse_total, b2 * self.inverse_total, f64x8::splat(simd, 0.0)];
        }
        let q0 = self.edges[0].lanes(simd, x, y) * self.perspective[0];
        let (q1, q2) = (e1 * self.perspective[1], e2 * self.perspective[2]);
        let reciprocal = f64x8::splat(simd, 1.0) / ((q0 + q1) + q2);
        [q1 * reciprocal, q2 * reciprocal, reciprocal * self.total]
    }

    /// Two attributes at the centres of an 8x8 block's pixels, row by row, from their values at the vertices: what
    /// [`weigh`](Self::weigh) and [`blend`] come to. Then each is multiplied with its factor, as shaders multiply.
    #[inline(always)]
    pub(crate) fn block<S: Simd>(
        &self,
        simd: S,
        perspective: bool,
        [left, top]: [i32; 2],
        attributes: [([f64; 3], Option<f32>); 2],
        out: &mut [[f32; BLOCK]; 2],
    ) {
        const COLUMNS: [f64; 8] = [0.0, 256.0, 512.0, 768.0, 1024.0, 1280.0, 1536.0, 1792.0];
        // Integers: no sum is rounded.
        let first =
            |at: i32, axis: usize| f64::from(at * SUBPIXELS + CENTER) - f64::from(self.origin.anchor[axis]);
        let x = f64x8::simd_from(simd, COLUMNS) + first(left, 0);
        for at in (0..BLOCK).step_by(VECTOR) {
            let mut b = [[x; 2]; 2];
            for (half, b) in b.iter_mut().enumerate() {
                let row = (at / 8 + half) as i32;
                let y = f64x8::splat(simd, first(top + row, 1));
                let [b1, b2, _] = self.weights(simd, perspective, x, y);
                *b = [b1, b2];
            }
            for (out, (v, factor)) in out.iter_mut().zip(attributes) {
                let (v0, d1, d2) = (f64x8::splat(simd, v[0]), v[1] - v[0], v[2] - v[0]);
                let [[b1, b2], [c1, c2]] = b;
                let mut value = lanes::round(simd, (v0 + b1 * d1) + b2 * d2, (v0 + c1 * d1) + c2 * d2);
                if let Some(factor) = factor {
                    value = lanes::flush(simd, value * lanes::flush(simd, f32x16::splat(simd, factor)));
                }
                value.store_slice(&mut out[at..at + VECTOR]);
            }
        }
    }

    /// An attribute along an axis, at the centres of 64 pixels from `at` on, times its factor, as [`block`](Self::block) gives it;
    /// false unless it is known to be the same, bit for bit, at 64 pixels along the other axis.
    ///
    /// With one `w` for all vertices edges are exact, and every value is the exact one of a plane but for less than 2^-50 of the
    /// largest term. So all values lie within a distance of the first one along the other axis; if the ends of that interval are
    /// rounded to one float, all are.
    #[inline(always)]
    pub(crate) fn along<S: Simd>(
        &self,
        simd: S,
        axis: usize,
        at: [i32; 2],
        (v, factor): ([f64; 3], Option<f32>),
        out: &mut [f32; BLOCK],
    ) -> bool {
        if self.constant_w.is_none() {
            return false;
        }
        let first =
            |axis: usize| f64::from(at[axis] * SUBPIXELS + CENTER) - f64::from(self.origin.anchor[axis]);
        let ([x, y], d) = ([first(0), first(1)], [v[1] - v[0], v[2] - v[0]]);
        let reach = f64::from(BLOCK as i32 * SUBPIXELS);
        let [mut largest, mut slope] = [v[0].abs(), 0.0];
        for (edge, d) in self.edges[1..].iter().zip(d) {
            let ends = [[x, y], [x + reach, y], [x, y + reach], [x + reach, y + reach]];
            let sum = ends.iter().fold(0.0, |sum, end| sum + edge.at(*end).abs());
            largest += sum * (d * self.inverse_total).abs();
            slope += [edge.y, edge.x][axis] * d;
        }
        let margin = (slope * self.inverse_total).abs() * reach + largest / (1_u64 << 47) as f64;
        if !margin.is_finite() {
            return false;
        }
        const STEPS: [f64; 8] = [0.0, 256.0, 512.0, 768.0, 1024.0, 1280.0, 1536.0, 1792.0];
        let (steps, zero) = (f64x8::simd_from(simd, STEPS), f64x8::splat(simd, 0.0));
        let v0 = f64x8::splat(simd, v[0]);
        let mut differ = u32x16::splat(simd, 0);
        for pixel in (0..BLOCK).step_by(VECTOR) {
            let mut values = [zero; 2];
            for (half, value) in values.iter_mut().enumerate() {
                let steps = steps + f64::from((pixel + 8 * half) as i32 * SUBPIXELS);
                let (x, y) = if axis == 0 { (steps + x, zero + y) } else { (zero + x, steps + y) };
                let [b1, b2, _] = self.weights(simd, false, x, y);
                *value = (v0 + b1 * d[0]) + b2 * d[1];
            }
            let [low, high] = values;
            let mut value = lanes::round(simd, low, high);
            let below = lanes::round(simd, low - margin, high - margin).bitcast::<u32x16<S>>();
            let above = lanes::round(simd, low + margin, high + margin).bitcast::<u32x16<S>>();
            differ |= below ^ above;
            if let Some(factor) = factor {
                value = lanes::flush(simd, value * lanes::flush(simd, f32x16::splat(simd, factor)));
            }
            value.store_slice(&mut out[pixel..pixel + VECTOR]);
        }
        differ.simd_eq(0).all_true()
    }

    /// Depth and `w` at a run of lanes; rows may be written for a quad beyond it.
    #[inline(always)]
    pub(crate) fn depth_and_w<S: Simd>(
        &self,
        simd: S,
        depth: &Plane,
        [x, y]: [&Positions; 2],
        run: Range<usize>,
        [depths, ws]: [&mut [f32]; 2],
    ) {
        let pitch = depths.len();
        let [depths, w_words]: [&mut [u32]; 2] =
            [bytemuck::cast_slice_mut(depths), bytemuck::cast_slice_mut(ws)];
        let mut at = run.start;
        while at < run.end {
            let Some((x, y)) = unit(x, at).zip(unit(y, at)) else { return };
            let (x, y) = (self.origin.lanes(simd, 0, x), self.origin.lanes(simd, 1, y));
            let [_, _, w] = self.weights(simd, true, x, y);
            let values: u32x16<S> = lanes::round(simd, depth.lanes(simd, x, y), w).bitcast();
            let (depth, w) = values.split();
            let w = self.constant_w.map_or(w, |w| u32x8::splat(simd, w.to_bits()));
            let whole = at + UNIT <= pitch;
            put(depths, at, whole, depth);
            put(w_words, at, whole, w);
            at += UNIT;
        }
    }

    /// An attribute at one snapped position, from its values at the vertices: what [`weights`](Self::weights) and [`blend`] come to.
    pub(crate) fn attribute(&self, [x, y]: [i32; 2], v: [f64; 3], perspective: bool) -> f32 {
        let at = self.origin.offset(x, y);
        let [e0, e1, e2] = [0, 1, 2].map(|i| self.edges[i].at(at));
        let [b1, b2] = if !perspective || self.constant_w.is_some() {
            [(e1 * self.affine[1]) * self.inverse_total, (e2 * self.affine[2]) * self.inverse_total]
        } else {
            let q0 = e0 * self.perspective[0];
            let (q1, q2) = (e1 * self.perspective[1], e2 * self.perspective[2]);
            let reciprocal = 1.0 / ((q0 + q1) + q2);
            [q1 * reciprocal, q2 * reciprocal]
        };
        round((v[0] + b1 * (v[1] - v[0])) + b2 * (v[2] - v[0]))
    }
}

impl Plane {
    #[inline(always)]
    pub(crate) fn lanes<S: Simd>(&self, simd: S, x: f64x8<S>, y: f64x8<S>) -> f64x8<S> {
        (f64x8::splat(simd, self.c) + f64x8::splat(simd, self.x) * x) + f64x8::splat(simd, self.y) * y
    }
}

/// A unit of positions.
#[inline(always)]
fn unit(positions: &Positions, at: usize) -> Option<&[f64; UNIT]> {
    positions.get(at..)?.first_chunk()
}

/// Sets a unit from a word on, or its first quad where the row ends with that.
#[inline(always)]
fn put<S: Simd>(words: &mut [u32], at: usize, whole: bool, lanes: u32x8<S>) {
    let Some(words) = words.get_mut(at..) else { return };
    if whole {
        if let Some(unit) = words.first_chunk_mut::<UNIT>() {
            lanes.store_slice(unit);
        }
    } else if let Some(quad) = words.first_chunk_mut::<4>() {
        let (lanes, _): (u32x4<S>, u32x4<S>) = lanes.split();
        lanes.store_slice(quad);
    }
}

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};
    use proptest::prelude::*;

    use super::*;

    /// What [`Interpolator::along`] gives for an axis of the tile at `at`, and every pixel's value.
    fn tile(
        interpolator: &Interpolator,
        axis: usize,
        at: [i32; 2],
        source: ([f64; 3], Option<f32>),
    ) -> (bool, [f32; BLOCK], Vec<[f32; BLOCK]>) {
        let (mut along, mut blocks) = ([0.0; BLOCK], Vec::new());
        let known = dispatch!(Level::new(), simd => {
            for (y, x) in (0..8).flat_map(|y| (0..8).map(move |x| (y, x))) {
                let mut out = [[0.0; BLOCK]; 2];
                let corner = [at[0] + 8 * x, at[1] + 8 * y];
                interpolator.block(simd, true, corner, [source, source], &mut out);
                blocks.push(out[0]);
            }
            interpolator.along(simd, axis, at, source, &mut along)
        });
        (known, along, blocks)
    }

    #[test]
    fn rectangles_are_upright_and_others_are_not() {
        let corners =
            [[90, 170], [90 + 600 * 256, 170], [90, 170 + 400 * 256], [90 + 600 * 256, 170 + 400 * 256]];
        for (triangle, u) in
            [([0, 1, 2], [0.0, 1.0, 0.0]), ([2, 1, 3], [0.0, 1.0, 1.0]), ([1, 3, 2], [1.0, 1.0, 0.0])]
        {
            let interpolator = Interpolator::triangle(triangle.map(|i: usize| corners[i]), [1.0; 3]);
            assert!(tile(&interpolator, 0, [64, 128], (u, None)).0, "{triangle:?}");
            assert!(!tile(&interpolator, 1, [64, 128], (u, None)).0, "{triangle:?} the other way");
        }
        let turned = Interpolator::triangle([[0, 0], [600 * 256, 1], [0, 400 * 256]], [1.0; 3]);
        assert!(!tile(&turned, 1, [64, 128], ([0.0, 0.0, 1.0], None)).0);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

        #[test]
        fn what_is_upright_has_the_bits_of_every_pixel(
            [left, top] in prop::array::uniform2(-40_000..40_000_i32),
            size in prop::array::uniform2(1..400_000_i32),
            lean in prop_oneof![4 => Just(0), 1 => 1..3_i32],
            second: bool,
            axis in 0..2_usize,
            (from, to) in (-3.0..3.0_f32, -3.0..3.0_f32),
            factor in prop::option::of(-4.0..4.0_f32),
            at in prop::array::uniform2(0..4_i32),
        ) {
            let (right, bottom) = (left + size[0], top + size[1]);
            let corners = [[left, top], [right, top + lean], [left + lean, bottom], [right, bottom]];
            let indices = if second { [2, 1, 3] } else { [0, 1, 2] };
            let xy = indices.map(|i: usize| corners[i]);
            prop_assume!((xy[1][0] - xy[0][0]) as i64 * (xy[2][1] - xy[0][1]) as i64
                != (xy[2][0] - xy[0][0]) as i64 * (xy[1][1] - xy[0][1]) as i64);
            let interpolator = Interpolator::triangle(xy, [1.0; 3]);
            let ends = [from, to].map(f64::from);
            let v = indices.map(|i: usize| ends[[i & 1, i >> 1][axis]]);
            let (known, along, blocks) = tile(&interpolator, axis, at.map(|at| 64 * at), (v, factor));
            for (block, values) in blocks.iter().enumerate().filter(|_| known) {
                for (pixel, value) in values.iter().enumerate() {
                    let place = [block % 8 * 8 + pixel % 8, block / 8 * 8 + pixel / 8][axis];
                    prop_assert_eq!(value.to_bits(), along[place].to_bits());
                }
            }
        }
    }
}
