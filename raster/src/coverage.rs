//! Which samples a shape covers: exact, in blocks of 8x8 pixels.
//!
//! An edge is `c + a * x + b * y >= 0` over 16.8 positions, in `i64`. Samples of neighbouring pixels are 256 sub-pixels apart, so over
//! whole pixels `floor(c / 256) + a * i + b * j >= 0` says the same. In a tile of up to 64 pixels an edge either has one sign,
//! and is settled at once, or stays below `63 * (|a| + |b|) < 2^31`, so that `i32` is enough.

use fearless_simd::{i32x16, prelude::*};
use smallvec::SmallVec;

use crate::interpolate::{SUBPIXELS, x_major};
use crate::lanes::VECTOR;
use crate::state::Rect;

/// Sub-pixels from a pixel's corner to its centre.
pub(crate) const CENTER: i32 = SUBPIXELS / 2;

/// Standard sample positions in sixteenths of a pixel from the centre (d3d-rules §6.10).
pub fn sample_positions(samples: u32) -> &'static [[i8; 2]] {
    match samples {
        2 => &[[4, 4], [-4, -4]],
        4 => &[[-2, -6], [6, -2], [-6, 2], [2, 6]],
        8 => &[[1, -3], [-1, 3], [5, 1], [-3, -5], [-5, 5], [-7, -1], [3, 7], [7, -7]],
        16 => &[
            [1, 1],
            [-1, -3],
            [-3, 2],
            [4, -1],
            [-5, -2],
            [2, 5],
            [5, 3],
            [3, -5],
            [-2, 6],
            [0, -7],
            [-4, -6],
            [-6, 4],
            [-8, 0],
            [7, -4],
            [6, 7],
            [-7, -8],
        ],
        _ => &[[0, 0]],
    }
}

/// Sample positions in sub-pixels from a pixel's top left corner.
pub(crate) fn sample_offsets(samples: u32) -> impl ExactSizeIterator<Item = [i32; 2]> {
    sample_positions(samples).iter().map(|p| p.map(|sixteenths| CENTER + i32::from(sixteenths) * 16))
}

/// One edge of a triangle; see the module.
#[derive(Debug, Clone, Copy)]
struct Edge {
    c: i64,
    a: i64,
    b: i64,
}

/// Twice the signed area in square sub-pixels; positive is clockwise on the screen (d3d-rules §7.1).
pub(crate) fn area([p0, p1, p2]: [[i32; 2]; 3]) -> i64 {
    let d = |p: [i32; 2]| [i64::from(p[0]) - i64::from(p0[0]), i64::from(p[1]) - i64::from(p0[1])];
    let ([x1, y1], [x2, y2]) = (d(p1), d(p2));
    x1 * y2 - x2 * y1
}

/// The edges of a triangle with an area, whatever its winding.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edges([Edge; 3]);

impl Edges {
    pub(crate) fn new(xy: [[i32; 2]; 3]) -> Self {
        let [p0, p1, p2] = if area(xy) < 0 { [xy[0], xy[2], xy[1]] } else { xy };
        let edge = |from: [i32; 2], to: [i32; 2]| {
            let [x, y] = from.map(i64::from);
            let (dx, dy) = (i64::from(to[0]) - x, i64::from(to[1]) - y);
            Edge { c: dy * x - dx * y - i64::from(!is_top_left(dx, dy)), a: -dy, b: dx }
        };
        Self([edge(p0, p1), edge(p1, p2), edge(p2, p0)])
    }

    /// True when no sample of these pixels can be inside.
    pub(crate) fn misses(&self, pixels: Rect) -> bool {
        let corner = |e: &Edge| {
            let x = if e.a > 0 { pixels.right } else { pixels.left };
            let y = if e.b > 0 { pixels.bottom } else { pixels.top };
            e.c + (e.a * i64::from(x) + e.b * i64::from(y)) * i64::from(SUBPIXELS)
        };
        self.0.iter().any(|e| corner(e) < 0)
    }

    /// The edges over the pixels of a tile for samples at `offset`; `None` when all are outside.
    fn over_tile(&self, x: i32, y: i32, size: i32, offset: [i32; 2]) -> Option<[TileEdge; 3]> {
        let mut edges = [TileEdge::default(); 3];
        for (e, tile_edge) in self.0.iter().zip(&mut edges) {
            let at_offset = e.c + e.a * i64::from(offset[0]) + e.b * i64::from(offset[1]);
            let c = at_offset.div_euclid(SUBPIXELS.into()) + e.a * i64::from(x) + e.b * i64::from(y);
            let span = i64::from(size - 1);
            if c + span * (e.a.max(0) + e.b.max(0)) < 0 {
                return None;
            }
            if c + span * (e.a.min(0) + e.b.min(0)) < 0 {
                *tile_edge = TileEdge { c: c as i32, a: e.a as i32, b: e.b as i32 };
            }
        }
        Some(edges)
    }
}

/// An edge over the pixels of a tile, from its corner; all zero when every pixel is inside.
#[derive(Debug, Clone, Copy, Default)]
struct TileEdge {
    c: i32,
    a: i32,
    b: i32,
}

impl TileEdge {
    // What wraps comes back: the values at pixels of the tile fit.
    fn at(self, x: i32, y: i32) -> i32 {
        self.c.wrapping_add(self.a.wrapping_mul(x)).wrapping_add(self.b.wrapping_mul(y))
    }
}

#[inline(always)]
fn triangle_block<S: Simd>(simd: S, edges: &[TileEdge; 3], x: i32, y: i32) -> u64 {
    let mut partial = false;
    for e in edges {
        let corner = e.at(x, y);
        let (da, db) = (e.a.wrapping_mul(7), e.b.wrapping_mul(7));
        if corner.wrapping_add(da.max(0)).wrapping_add(db.max(0)) < 0 {
            return 0;
        }
        partial |= corner.wrapping_add(da.min(0)).wrapping_add(db.min(0)) < 0;
    }
    if partial { triangle_mask(simd, edges, x, y) } else { u64::MAX }
}

/// Pixels of a block that no edge has outside.
#[inline(always)]
fn triangle_mask<S: Simd>(simd: S, edges: &[TileEdge; 3], x: i32, y: i32) -> u64 {
    const COLUMNS: [i32; VECTOR] = [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7];
    const ROWS: [i32; VECTOR] = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1];
    let (columns, rows) = (i32x16::simd_from(simd, COLUMNS), i32x16::simd_from(simd, ROWS));
    let [e0, e1, e2] = edges;
    let mut s0 = columns * e0.a + rows * e0.b + e0.at(x, y);
    let mut s1 = columns * e1.a + rows * e1.b + e1.at(x, y);
    let mut s2 = columns * e2.a + rows * e2.b + e2.at(x, y);
    let mut outside = 0;
    for pair in 0..4 {
        outside |= (s0 | s1 | s2).simd_lt(0).to_bitmask() << (16 * pair);
        s0 += e0.b.wrapping_mul(2);
        s1 += e1.b.wrapping_mul(2);
        s2 += e2.b.wrapping_mul(2);
    }
    !outside
}

/// A triangle with these bounds can be drawn by [`small_triangle`].
#[inline(always)]
pub(crate) fn is_small(bounds: Rect) -> bool {
    bounds.right - bounds.left <= 16 && bounds.bottom - bounds.top <= 16
}

/// Pixels of the block at (x, y), whose centres a [small](is_small) triangle covers; the block touches its bounds.
///
/// The same as [`Edges`] over a tile of this block: all differences are below 2^13 sub-pixels, and `i32` is enough.
#[inline(always)]
pub(crate) fn small_triangle<S: Simd>(simd: S, [p0, p1, p2]: [[i32; 2]; 3], x: i32, y: i32) -> u64 {
    let ([x1, y1], [x2, y2]) = ([p1[0] - p0[0], p1[1] - p0[1]], [p2[0] - p0[0], p2[1] - p0[1]]);
    let (p1, p2) = if x1 * y2 - x2 * y1 < 0 { (p2, p1) } else { (p1, p2) };
    let center = [x * SUBPIXELS + CENTER, y * SUBPIXELS + CENTER];
    let edges = [small_edge(p0, p1, center), small_edge(p1, p2, center), small_edge(p2, p0, center)];
    triangle_mask(simd, &edges, 0, 0)
}

#[inline(always)]
fn small_edge(from: [i32; 2], to: [i32; 2], center: [i32; 2]) -> TileEdge {
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    let at_center = dx * (center[1] - from[1]) - dy * (center[0] - from[0]);
    TileEdge { c: (at_center - i32::from(!is_top_left(dx.into(), dy.into()))) >> 8, a: -dy, b: dx }
}

/// The top-left rule (d3d-rules §7.4): samples on other edges are outside.
#[inline(always)]
fn is_top_left(dx: i64, dy: i64) -> bool {
    (dy == 0 && dx > 0) || dy < 0
}

/// Pixels of a block at (x, y) that lie in `rect`.
pub(crate) fn rect_block(rect: Rect, x: i32, y: i32) -> u64 {
    let span = |low: i32, high: i32| -> u64 {
        let (low, high) = (low.clamp(0, 8), high.clamp(0, 8));
        if low < high { (0xff >> (8 - (high - low))) << low } else { 0 }
    };
    let columns = span(rect.left - x, rect.right - x);
    let rows = span(rect.top - y, rect.bottom - y);
    // Spread the rows' bits to one a byte, then fill each with the columns.
    let spread = (rows & 0x0f).wrapping_mul(0x0020_4081) & 0x0101_0101
        | ((rows >> 4).wrapping_mul(0x0020_4081) & 0x0101_0101) << 32;
    spread * columns
}

/// An aliased line by the diamond-exit rule (d3d-rules §8.2).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    start: [i64; 2],
    d: [i64; 2],
    x_major: bool,
}

impl Line {
    pub(crate) fn new(xy: [[i32; 2]; 2]) -> Self {
        let [start, end] = xy.map(|p| p.map(i64::from));
        Self { start, d: [end[0] - start[0], end[1] - start[1]], x_major: x_major(xy) }
    }

    /// A point, times `scale`, seen from the centre of a diamond belongs to it.
    fn in_diamond(&self, [x, y]: [i64; 2], scale: i64) -> bool {
        let (distance, radius) = (x.abs() + y.abs(), i64::from(CENTER) * scale);
        distance < radius || (distance == radius && (y > 0 || (y == 0 && x > 0 && !self.x_major)))
    }

    /// The line, walked from start to end, leaves the diamond of this pixel.
    fn exits(&self, x: i64, y: i64) -> bool {
        let (size, center) = (i64::from(SUBPIXELS), i64::from(CENTER));
        let start = [self.start[0] - x * size - center, self.start[1] - y * size - center];
        let end = [start[0] + self.d[0], start[1] + self.d[1]];
        if self.d == [0, 0] || self.in_diamond(end, 1) {
            return false;
        }
        // The distance to the centre is convex and linear between the axes: its least values are at the start, or where
        // the line crosses an axis.
        let crosses = |axis: usize| {
            let (s, d) = (start[axis], self.d[axis]);
            if d == 0 || s.signum() * end[axis].signum() > 0 {
                return false;
            }
            // There, times |d|: the other coordinate.
            let other = (start[1 - axis] * d - s * self.d[1 - axis]) * d.signum();
            let point = if axis == 0 { [0, other] } else { [other, 0] };
            self.in_diamond(point, d.abs())
        };
        self.in_diamond(start, 1) || crosses(0) || crosses(1)
    }

    fn block(&self, x: i32, y: i32) -> u64 {
        let (size, center) = (i64::from(SUBPIXELS), i64::from(CENTER));
        let (major, minor) = if self.x_major { (0, 1) } else { (1, 0) };
        let origin = [i64::from(x), i64::from(y)];
        let d = self.d[major];
        if d == 0 {
            return 0;
        }
        let mut mask = 0;
        for i in 0..8 {
            // The row that holds the line at this column's centre, and its neighbours.
            let along = (origin[major] + i) * size + center - self.start[major];
            let at = self.start[minor] + (along * self.d[minor]).div_euclid(d);
            let nearest = at.div_euclid(size) - origin[minor];
            for j in (nearest - 1).max(0)..=(nearest + 1).min(7) {
                let (px, py) = if self.x_major { (i, j) } else { (j, i) };
                if self.exits(origin[0] + px, origin[1] + py) {
                    mask |= 1 << (8 * py + px);
                }
            }
        }
        mask
    }
}

/// What a shape covers of one tile.
#[derive(Debug)]
pub(crate) enum Coverage {
    /// One set of edges a sample; `None` where the tile is missed.
    Triangle(SmallVec<[Option<TileEdges>; 1]>),
    Line(Line),
    /// Left, top, right and bottom in sub-pixels: left and top are inside, right and bottom are not.
    Square([i32; 4]),
}

/// Edges over one tile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TileEdges([TileEdge; 3]);

impl Coverage {
    pub(crate) fn triangle(xy: [[i32; 2]; 3], tile: Rect, offsets: &[[i32; 2]]) -> Self {
        let edges = Edges::new(xy);
        let over =
            |&offset| edges.over_tile(tile.left, tile.top, tile.right - tile.left, offset).map(TileEdges);
        Self::Triangle(offsets.iter().map(over).collect())
    }

    /// Fills one mask a sample for the block whose first pixel is (x, y), in the tile; false when nothing is covered.
    #[inline(always)]
    pub(crate) fn block<S: Simd>(
        &self,
        simd: S,
        x: i32,
        y: i32,
        tile: Rect,
        offsets: &[[i32; 2]],
        masks: &mut [u64; 16],
    ) -> bool {
        let mut any = 0;
        match self {
            Self::Triangle(samples) => {
                for (mask, edges) in masks.iter_mut().zip(samples) {
                    *mask = match edges {
                        Some(e) => triangle_block(simd, &e.0, x - tile.left, y - tile.top),
                        None => 0,
                    };
                    any |= *mask;
                }
            }
            Self::Line(line) => {
                any = line.block(x, y);
                masks[..offsets.len()].fill(any);
            }
            Self::Square([left, top, right, bottom]) => {
                for (mask, [ox, oy]) in masks.iter_mut().zip(offsets) {
                    // The first pixel whose sample is not before `edge`.
                    let first =
                        |edge: i32, offset: i32| (edge - offset + SUBPIXELS - 1).div_euclid(SUBPIXELS);
                    let rect = Rect {
                        left: first(*left, *ox),
                        top: first(*top, *oy),
                        right: first(*right, *ox),
                        bottom: first(*bottom, *oy),
                    };
                    *mask = rect_block(rect, x, y);
                    any |= *mask;
                }
            }
        }
        any != 0
    }
}

/// Pixels that a shape with these extreme coordinates may touch.
pub(crate) fn pixel_bounds(xy: &[[i32; 2]], samples: u32, margin: i32) -> Rect {
    let mut rect = Rect { left: i32::MAX, top: i32::MAX, right: i32::MIN, bottom: i32::MIN };
    for &[x, y] in xy {
        rect.left = rect.left.min(x);
        rect.top = rect.top.min(y);
        rect.right = rect.right.max(x);
        rect.bottom = rect.bottom.max(y);
    }
    // With one sample only centres count.
    let (low, high) = if samples == 1 { (CENTER - 1, CENTER) } else { (0, SUBPIXELS) };
    Rect {
        left: (rect.left + low - margin) >> 8,
        top: (rect.top + low - margin) >> 8,
        right: (rect.right + high + margin) >> 8,
        bottom: (rect.bottom + high + margin) >> 8,
    }
}
