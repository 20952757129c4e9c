//! From 64 coordinates to texels along one axis (d3d-rules §12.1-12.5).

use fearless_simd::{Level, dispatch, f32x16, i32x16, prelude::*, u32x16};

use super::super::address::{linear_index, point_index};
use super::{LANES, Lanes};
use crate::lanes::{VECTOR, load, store};
use crate::sampler::AddressMode;

/// The two texels of every lane, and the weight of the second in 1/256.
pub(super) struct Axis {
    pub(super) first: Lanes<u32>,
    pub(super) second: Lanes<u32>,
    pub(super) weight: Lanes<u32>,
    /// Coordinates.
    pub(super) u: Lanes<f32>,
    /// Texels along the axis, at least 1.
    pub(super) sizes: Lanes<u32>,
    /// How they repeat, since they were resolved.
    pub(super) repeated: Option<Repeated>,
}

/// How the lanes of a block of pixels, row by row, repeat the coordinates of a few.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeated {
    /// Those of a column have the same.
    Columns,
    /// Those of a row.
    Rows,
}

impl Default for Axis {
    fn default() -> Self {
        let words = [0; LANES];
        let (first, second, weight) = (words, words, words);
        Self { first, second, weight, u: [0.0; LANES], sizes: [1; LANES], repeated: None }
    }
}

/// What coordinates become.
#[derive(Clone, Copy)]
struct Rule {
    /// Not the border.
    mode: AddressMode,
    linear: bool,
    offset: i32,
}

/// Pixels along an edge of a block.
const EDGE: usize = 8;
const _: () = assert!(EDGE * EDGE == LANES && 2 * EDGE == VECTOR);

impl Axis {
    /// Finds the texels around the coordinates; `mode` is not the border. A point filter's second texels have no
    /// weight.
    pub(super) fn resolve(&mut self, level: Level, mode: AddressMode, linear: bool, offset: i32) {
        dispatch!(level, simd => self.fill(simd, Rule { mode, linear, offset }));
    }

    #[inline(always)]
    fn fill<S: Simd>(&mut self, simd: S, rule: Rule) {
        let Self { first, second, weight, u, sizes, repeated } = self;
        let (bits, size): (&[u32], _) = (bytemuck::cast_slice(&*u), sizes[0]);
        let (mut columns, mut rows) = (u32x16::splat(simd, 0), u32x16::splat(simd, 0));
        let mut head = [0; VECTOR];
        head[..EDGE].copy_from_slice(&bits[..EDGE]);
        head[EDGE..].copy_from_slice(&bits[..EDGE]);
        let head = u32x16::simd_from(simd, head);
        for at in (0..LANES).step_by(VECTOR) {
            let (lanes, other) = (load(simd, bits, at), load(simd, sizes, at) ^ size);
            let mut starts = [bits[at]; VECTOR];
            starts[EDGE..].fill(bits[at + EDGE]);
            columns |= lanes ^ head | other;
            rows |= lanes ^ u32x16::simd_from(simd, starts) | other;
        }
        *repeated = match (columns.simd_eq(0).all_true(), rows.simd_eq(0).all_true()) {
            (true, _) => Some(Repeated::Columns),
            (_, true) => Some(Repeated::Rows),
            _ => None,
        };
        if *repeated == Some(Repeated::Columns) {
            let texels = rule.texels(simd, load(simd, bits, 0), load(simd, sizes, 0));
            for at in (0..LANES).step_by(VECTOR) {
                store(first, at, texels[0]);
                store(second, at, texels[1]);
                store(weight, at, texels[2]);
            }
        } else if *repeated == Some(Repeated::Rows) {
            let mut starts = [0; VECTOR];
            for (row, start) in starts[..EDGE].iter_mut().enumerate() {
                *start = bits[row * EDGE];
            }
            let texels = rule.texels(simd, u32x16::simd_from(simd, starts), load(simd, sizes, 0));
            for (out, texels) in [first, second, weight].into_iter().zip(texels) {
                for (row, texel) in out.as_chunks_mut().0.iter_mut().zip(texels.to_array()) {
                    *row = [texel; EDGE];
                }
            }
        } else {
            for at in (0..LANES).step_by(VECTOR) {
                let texels = rule.texels(simd, load(simd, bits, at), load(simd, sizes, at));
                store(first, at, texels[0]);
                store(second, at, texels[1]);
                store(weight, at, texels[2]);
            }
        }
    }
}

/// The largest magnitude that [`near_fixed`] takes.
const NEAR: f32 = 16383.0;

/// As [`texel_fixed`](super::super::address::texel_fixed) up to [`NEAR`]: the sum's last bit is 1, so that adding rounds, ties
/// to even.
#[inline(always)]
fn near_fixed<S: Simd>(scaled: f32x16<S>) -> i32x16<S> {
    const MAGIC: f32 = 1.5 * (1u32 << 23) as f32;
    (scaled * 256.0 + MAGIC).bitcast::<i32x16<S>>() - MAGIC.to_bits() as i32
}

impl Rule {
    /// First texels, second texels and their weights, from coordinates as bits.
    #[inline(always)]
    fn texels<S: Simd>(self, simd: S, bits: u32x16<S>, sizes: u32x16<S>) -> [u32x16<S>; 3] {
        let size: i32x16<S> = sizes.bitcast();
        let centre = if self.linear { 0.5 } else { 0.0 };
        let scaled = self.reduce(simd, bits.bitcast()) * size.to_float::<f32x16<S>>() - centre;
        let fixed = near_fixed(scaled);
        let index = (fixed >> 8) + self.offset;
        let first = self.near_texel(simd, index, size);
        let (mut second, mut weight) = (first, u32x16::splat(simd, 0));
        if self.linear {
            second = self.near_texel(simd, index + 1, size);
            weight = (fixed & 255).bitcast();
        }
        let near = scaled.abs().simd_le(NEAR) & first.simd_lt(sizes) & second.simd_lt(sizes);
        if near.all_true() { [first, second, weight] } else { self.far_texels(simd, bits, sizes) }
    }

    /// As [`AddressMode::reduce`].
    #[inline(always)]
    fn reduce<S: Simd>(self, simd: S, u: f32x16<S>) -> f32x16<S> {
        match self.mode {
            AddressMode::Wrap => u - u.floor(),
            AddressMode::Mirror => (u / 2.0 - (u / 2.0).trunc()) * 2.0,
            AddressMode::Clamp | AddressMode::Border | AddressMode::MirrorOnce => {
                let (low, high) = (f32x16::splat(simd, -10.0), f32x16::splat(simd, 10.0));
                let u = u.simd_lt(low).select(low, u);
                u.simd_gt(high).select(high, u)
            }
        }
    }

    /// As [`AddressMode::resolve`] for indices less than a texture's size away from it, twice that for mirrors; else no
    /// texel of it.
    #[inline(always)]
    fn near_texel<S: Simd>(self, simd: S, index: i32x16<S>, size: i32x16<S>) -> u32x16<S> {
        let (zero, last) = (i32x16::splat(simd, 0), size - 1);
        let (before, reflected) = (index.simd_lt(zero), index.simd_lt(zero).select(index ^ -1, index));
        let texel = match self.mode {
            AddressMode::Wrap => {
                let after = index.simd_gt(last).select(index - size, index);
                before.select(index + size, after)
            }
            AddressMode::Mirror => {
                let second = reflected.simd_gt(last).select(size + last - reflected, reflected);
                reflected.simd_gt(size + last).select(reflected - size - size, second)
            }
            AddressMode::MirrorOnce => reflected.min(last),
            AddressMode::Clamp | AddressMode::Border => index.max(zero).min(last),
        };
        texel.bitcast()
    }

    /// As [`texels`](Self::texels), however far the coordinates are.
    #[cold]
    fn far_texels<S: Simd>(self, simd: S, bits: u32x16<S>, sizes: u32x16<S>) -> [u32x16<S>; 3] {
        let (bits, sizes) = (bits.to_array(), sizes.to_array());
        let [mut first, mut second, mut weight] = [[0; VECTOR]; 3];
        for i in 0..VECTOR {
            let (u, size) = (self.mode.reduce(f32::from_bits(bits[i])), sizes[i]);
            let texel = |index| self.mode.resolve(index, size).unwrap_or(0);
            let (index, second_weight) = match self.linear {
                true => linear_index(u, size),
                false => (point_index(u, size), 0),
            };
            let index = index + self.offset;
            (first[i], second[i]) = (texel(index), texel(index + i32::from(self.linear)));
            weight[i] = second_weight;
        }
        let [first, second, weight] = [first, second, weight].map(|row| u32x16::simd_from(simd, row));
        [first, second, weight]
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::address::texel_fixed;
    use super::*;

    #[test]
    fn near_coordinates_are_rounded_as_others() {
        let ends = [NEAR, -NEAR, 0.0, -0.0, f32::MIN_POSITIVE, 1.0e-40];
        let ties = (-40_000..40_000).map(|i| i as f32 / 512.0);
        let others = (0..500_000).map(|i| i as f32 * 0.032_7 - 8000.0);
        let scaled: Vec<f32> = ends.into_iter().chain(ties).chain(others).collect();
        for scaled in scaled.as_chunks::<VECTOR>().0 {
            let fixed =
                dispatch!(Level::new(), simd => near_fixed(f32x16::simd_from(simd, *scaled)).to_array());
            assert_eq!(fixed, scaled.map(texel_fixed), "{scaled:?}");
        }
    }
}
