//! The register file: rows of lanes in groups of 64.

use bytemuck::{Pod, Zeroable};
use fearless_simd::prelude::*;

use super::float::{bits, float};
use crate::program::{Inst, Row};

/// Lanes of a group.
pub(super) const LANES: usize = 64;

/// One row's words of 64 lanes, aligned to cache lines.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
pub(super) struct Group(pub(super) [u32; LANES]);

/// Which groups of lanes an execution is for. The file holds all rows of the first 64 lanes, then those of the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Shape {
    /// Lanes that exist; the last group's other lanes compute too, but nobody looks.
    pub(super) lanes: usize,
    /// The first group.
    pub(super) first: usize,
    /// One more than the last group.
    pub(super) end: usize,
    /// Rows of a group.
    pub(super) stride: usize,
}

impl Shape {
    pub(super) fn new(lanes: usize, stride: usize) -> Self {
        Self { lanes, first: 0, end: lanes.div_ceil(LANES), stride }
    }

    /// The rows of each group. For once in a while: it divides.
    pub(super) fn groups(self, rows: &mut [Group]) -> std::slice::ChunksExactMut<'_, Group> {
        rows[self.from()..self.to()].chunks_exact_mut(self.stride)
    }

    #[inline(always)]
    fn from(self) -> usize {
        self.first * self.stride
    }

    #[inline(always)]
    fn to(self) -> usize {
        self.end * self.stride
    }

    /// The lanes of a group, which exist all but in the last one.
    pub(super) fn lanes_of(self, group: usize) -> std::ops::Range<usize> {
        group * LANES..self.lanes.min(group * LANES + LANES)
    }

    /// One lane's word.
    pub(super) fn word(self, rows: &[Group], row: Row, lane: usize) -> u32 {
        rows[lane / LANES * self.stride + row as usize].0[lane % LANES]
    }

    pub(super) fn word_mut(self, rows: &mut [Group], row: Row, lane: usize) -> &mut u32 {
        &mut rows[lane / LANES * self.stride + row as usize].0[lane % LANES]
    }
}

/// The vector of a row that starts at a lane.
#[inline(always)]
fn load<S: Simd>(s: S, rows: &[Group], row: usize, lane: usize) -> S::u32s {
    S::u32s::from_slice(s, &rows[row].0[lane..lane + S::u32s::LEN])
}

#[inline(always)]
fn store<S: Simd>(rows: &mut [Group], row: usize, lane: usize, value: S::u32s) {
    value.store_slice(&mut rows[row].0[lane..lane + S::u32s::LEN]);
}

/// Calls `f` with the rows of each group.
#[inline(always)]
fn groups<const N: usize>(
    rows: &mut [Group],
    shape: Shape,
    operands: [usize; N],
    mut f: impl FnMut(&mut [Group]),
) {
    let mut first = shape.from();
    while first < shape.to() {
        let rows = &mut rows[first..first + shape.stride];
        // Lowering sees to that. Said here once, it need not be checked for every vector.
        if operands.iter().any(|&row| row >= rows.len()) {
            return;
        }
        f(rows);
        first += shape.stride;
    }
}

/// Calls `f` with the rows of each group and every vector's first lane.
#[inline(always)]
fn vectors<S: Simd, const N: usize>(
    rows: &mut [Group],
    shape: Shape,
    operands: [usize; N],
    f: impl Fn(&mut [Group], usize),
) {
    groups(
        rows,
        shape,
        operands,
        #[inline(always)]
        |rows| {
            for lane in (0..LANES).step_by(S::u32s::LEN) {
                f(rows, lane);
            }
        },
    );
}

/// The operand rows of an instruction: `d`, `a`, `b`, `c`.
#[inline(always)]
fn operands(i: &Inst) -> [usize; 4] {
    [i.d as usize, i.a as usize, i.b as usize, i.c as usize]
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
    let [d, a, ..] = operands(i);
    vectors::<S, 2>(
        rows,
        shape,
        [d, a],
        #[inline(always)]
        |rows, lane| store::<S>(rows, d, lane, f(load(s, rows, a, lane))),
    );
}

/// The doubles of a vector's lanes.
pub(super) type Doubles<S> = [<S as Simd>::f64s; 2];

/// Applies `second` to the vectors of row `a` and what `first` makes of them. All of a group's vectors go through `first`
/// before any goes through `second`: the processor sees further ahead in two short computations than in a long one.
#[inline(always)]
pub(super) fn in_two_steps<S: Simd>(
    s: S,
    rows: &mut [Group],
    shape: Shape,
    i: &Inst,
    first: impl Fn(S::f32s) -> Doubles<S>,
    second: impl Fn(S::f32s, Doubles<S>) -> S::f32s,
) {
    #[repr(align(64))]
    struct Between([f64; LANES]);
    let mut between = Between([0.0; LANES]);
    let halves = |lane| [lane..lane + S::f64s::LEN, lane + S::f64s::LEN..lane + S::f32s::LEN];
    let [d, a, ..] = operands(i);
    groups(
        rows,
        shape,
        [d, a],
        #[inline(always)]
        |rows| {
            for lane in (0..LANES).step_by(S::u32s::LEN) {
                let ([low, high], [x, y]) = (halves(lane), first(float::<S>(load(s, rows, a, lane))));
                x.store_slice(&mut between.0[low]);
                y.store_slice(&mut between.0[high]);
            }
            for lane in (0..LANES).step_by(S::u32s::LEN) {
                let [low, high] = halves(lane);
                let (x, y) =
                    (S::f64s::from_slice(s, &between.0[low]), S::f64s::from_slice(s, &between.0[high]));
                let result = second(float::<S>(load(s, rows, a, lane)), [x, y]);
                store::<S>(rows, d, lane, bits::<S>(result));
            }
        },
    );
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
    let [d, a, b, _] = operands(i);
    vectors::<S, 3>(
        rows,
        shape,
        [d, a, b],
        #[inline(always)]
        |rows, lane| store::<S>(rows, d, lane, f(load(s, rows, a, lane), load(s, rows, b, lane))),
    );
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
    let [d, a, b, c] = operands(i);
    vectors::<S, 4>(
        rows,
        shape,
        [d, a, b, c],
        #[inline(always)]
        |rows, lane| {
            let result = f(load(s, rows, a, lane), load(s, rows, b, lane), load(s, rows, c, lane));
            store::<S>(rows, d, lane, result);
        },
    );
}

/// Two instructions as one: `first` of the rows of `i`, then `second` of that and the rows `a` and `b` of `next`.
#[inline(always)]
pub(super) fn pair<S: Simd>(
    s: S,
    rows: &mut [Group],
    shape: Shape,
    [i, next]: [&Inst; 2],
    first: impl Fn(S::u32s, S::u32s, S::u32s) -> S::u32s,
    second: impl Fn(S::u32s, S::u32s, S::u32s) -> S::u32s,
) {
    let ([d, a, b, c], [e, x, y, _]) = (operands(i), operands(next));
    vectors::<S, 7>(
        rows,
        shape,
        [d, a, b, c, e, x, y],
        #[inline(always)]
        |rows, lane| {
            let result = first(load(s, rows, a, lane), load(s, rows, b, lane), load(s, rows, c, lane));
            store::<S>(rows, d, lane, result);
            let result = second(result, load(s, rows, x, lane), load(s, rows, y, lane));
            store::<S>(rows, e, lane, result);
        },
    );
}

/// Applies `f` lane by lane to the three source rows.
#[inline(always)]
pub(super) fn each(rows: &mut [Group], shape: Shape, i: &Inst, f: impl Fn(u32, u32, u32) -> u32) {
    let mut first = shape.from();
    while first < shape.to() {
        let rows = &mut rows[first..first + shape.stride];
        let (a, b, c) = (rows[i.a as usize].0, rows[i.b as usize].0, rows[i.c as usize].0);
        for (lane, word) in rows[i.d as usize].0.iter_mut().enumerate() {
            *word = f(a[lane], b[lane], c[lane]);
        }
        first += shape.stride;
    }
}

/// Applies `f` quad by quad: from the words of a quad to those of its result.
#[inline(always)]
pub(super) fn quads(rows: &mut [Group], shape: Shape, i: &Inst, f: impl Fn([u32; 4]) -> [u32; 4]) {
    let mut first = shape.from();
    while first < shape.to() {
        let rows = &mut rows[first..first + shape.stride];
        let mut words = rows[i.a as usize].0;
        for quad in words.as_chunks_mut::<4>().0 {
            *quad = f(*quad);
        }
        rows[i.d as usize].0 = words;
        first += shape.stride;
    }
}

/// How many aligned runs of so many lanes have one that is set in a row of masks.
#[inline(always)]
pub(super) fn count(rows: &[Group], shape: Shape, row: Row, lanes: usize) -> u64 {
    let groups = (shape.from()..shape.to()).step_by(shape.stride).map(|first| &rows[first + row as usize].0);
    let set = |run: &&[u32]| run.iter().any(|&lane| lane != 0);
    groups.map(|group| group.chunks_exact(lanes).filter(set).count() as u64).sum()
}

/// True when a lane of a row of masks is set.
#[inline(always)]
pub(super) fn any(rows: &[Group], shape: Shape, row: Row) -> bool {
    let mut first = shape.from();
    while first < shape.to() {
        if rows[first + row as usize].0.iter().fold(0, |all, word| all | word) != 0 {
            return true;
        }
        first += shape.stride;
    }
    false
}
