//! The register file: rows of lanes in groups of 64.

use bytemuck::{Pod, Zeroable};
use fearless_simd::prelude::*;

use crate::program::{Inst, Row, UNIFORM};

/// Lanes of a group.
pub(super) const LANES: usize = 64;

/// One row's words of 64 lanes, aligned to cache lines.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
pub(super) struct Group(pub(super) [u32; LANES]);

/// Where rows lie in the file: rows of lanes first, one group after the other, then one group for each uniform row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Shape {
    /// Lanes that exist; the last group's other lanes compute too, but nobody looks.
    pub(super) lanes: usize,
    /// Groups of a row.
    pub(super) groups: usize,
    /// Index of the first uniform row.
    pub(super) uniforms: usize,
}

impl Shape {
    pub(super) fn new(lanes: usize, lane_rows: u32) -> Self {
        let groups = lanes.div_ceil(LANES);
        Self { lanes, groups, uniforms: lane_rows as usize * groups }
    }

    /// The index of a row's group.
    #[inline(always)]
    pub(super) fn at(self, row: Row, group: usize) -> usize {
        let number = (row & !UNIFORM) as usize;
        if row & UNIFORM == 0 { number * self.groups + group } else { self.uniforms + number }
    }

    /// The words of a row's lanes. Not for uniform rows, which have 64 words whatever the number of lanes.
    pub(super) fn row(self, rows: &[Group], row: Row) -> &[u32] {
        let first = row as usize * self.groups;
        &bytemuck::cast_slice(&rows[first..first + self.groups])[..self.lanes]
    }

    pub(super) fn row_mut(self, rows: &mut [Group], row: Row) -> &mut [u32] {
        let first = row as usize * self.groups;
        &mut bytemuck::cast_slice_mut(&mut rows[first..first + self.groups])[..self.lanes]
    }

    /// One lane's word of any row.
    pub(super) fn word(self, rows: &[Group], row: Row, lane: usize) -> u32 {
        rows[self.at(row, lane / LANES)].0[lane % LANES]
    }
}

/// Applies `f` to vectors of row `a`.
#[inline(always)]
pub(super) fn unary<S: Simd>(
    s: S,
    rows: &mut [Group],
    shape: Shape,
    i: &Inst,
    f: impl Fn(S::u32s) -> S::u32s,
) {
    for group in 0..shape.groups {
        let (a, d) = (shape.at(i.a, group), shape.at(i.d, group));
        for lane in (0..LANES).step_by(S::u32s::LEN) {
            let x = S::u32s::from_slice(s, &rows[a].0[lane..lane + S::u32s::LEN]);
            f(x).store_slice(&mut rows[d].0[lane..lane + S::u32s::LEN]);
        }
    }
}

/// Applies `f` to vectors of rows `a` and `b`.
#[inline(always)]
pub(super) fn binary<S: Simd>(
    s: S,
    rows: &mut [Group],
    shape: Shape,
    i: &Inst,
    f: impl Fn(S::u32s, S::u32s) -> S::u32s,
) {
    for group in 0..shape.groups {
        let (a, b, d) = (shape.at(i.a, group), shape.at(i.b, group), shape.at(i.d, group));
        for lane in (0..LANES).step_by(S::u32s::LEN) {
            let x = S::u32s::from_slice(s, &rows[a].0[lane..lane + S::u32s::LEN]);
            let y = S::u32s::from_slice(s, &rows[b].0[lane..lane + S::u32s::LEN]);
            f(x, y).store_slice(&mut rows[d].0[lane..lane + S::u32s::LEN]);
        }
    }
}

/// Applies `f` to vectors of rows `a`, `b` and `c`.
#[inline(always)]
pub(super) fn ternary<S: Simd>(
    s: S,
    rows: &mut [Group],
    shape: Shape,
    i: &Inst,
    f: impl Fn(S::u32s, S::u32s, S::u32s) -> S::u32s,
) {
    for group in 0..shape.groups {
        let (a, b) = (shape.at(i.a, group), shape.at(i.b, group));
        let (c, d) = (shape.at(i.c, group), shape.at(i.d, group));
        for lane in (0..LANES).step_by(S::u32s::LEN) {
            let x = S::u32s::from_slice(s, &rows[a].0[lane..lane + S::u32s::LEN]);
            let y = S::u32s::from_slice(s, &rows[b].0[lane..lane + S::u32s::LEN]);
            let z = S::u32s::from_slice(s, &rows[c].0[lane..lane + S::u32s::LEN]);
            f(x, y, z).store_slice(&mut rows[d].0[lane..lane + S::u32s::LEN]);
        }
    }
}

/// Applies `f` lane by lane to the three source rows.
#[inline(always)]
pub(super) fn each(rows: &mut [Group], shape: Shape, i: &Inst, f: impl Fn(u32, u32, u32) -> u32) {
    for group in 0..shape.groups {
        let [a, b, c] = [i.a, i.b, i.c].map(|row| rows[shape.at(row, group)].0);
        rows[shape.at(i.d, group)].0 = std::array::from_fn(|lane| f(a[lane], b[lane], c[lane]));
    }
}

/// Applies `f` quad by quad: from the words of a quad to those of its result.
#[inline(always)]
pub(super) fn quads(rows: &mut [Group], shape: Shape, i: &Inst, f: impl Fn([u32; 4]) -> [u32; 4]) {
    for group in 0..shape.groups {
        let mut words = rows[shape.at(i.a, group)].0;
        for quad in words.as_chunks_mut::<4>().0 {
            *quad = f(*quad);
        }
        rows[shape.at(i.d, group)].0 = words;
    }
}

/// True when a lane of a row of masks is set.
#[inline(always)]
pub(super) fn any(rows: &[Group], shape: Shape, row: Row) -> bool {
    (0..shape.groups).any(|group| {
        let words = &rows[shape.at(row, group)].0;
        words.iter().fold(0, |all, word| all | word) != 0
    })
}
