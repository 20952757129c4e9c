//! From 64 coordinates to texels along one axis (d3d-rules §12.1-12.5).

use fearless_simd::{Level, dispatch};

use super::super::address::{NEAR, linear_index, near_fixed, point_index, scale};
use super::{LANES, Lanes};
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
    /// The first texel before the address mode.
    indices: Lanes<i32>,
}

impl Default for Axis {
    fn default() -> Self {
        let words = [0; LANES];
        let (first, second, weight) = (words, words, words);
        Self { first, second, weight, u: [0.0; LANES], sizes: [1; LANES], indices: [0; LANES] }
    }
}

impl Axis {
    /// Finds the texels around the coordinates; `mode` is not the border. A point filter's second texels have no
    /// weight.
    pub(super) fn resolve(&mut self, level: Level, mode: AddressMode, linear: bool, offset: i32) {
        let near = dispatch!(level, _ => match mode {
            // The mode is a constant in each of the loops.
            AddressMode::Wrap if linear => fill(AddressMode::Wrap, true, offset, self),
            AddressMode::Wrap => fill(AddressMode::Wrap, false, offset, self),
            AddressMode::Mirror => fill(AddressMode::Mirror, linear, offset, self),
            AddressMode::Clamp | AddressMode::Border if linear => fill(AddressMode::Clamp, true, offset, self),
            AddressMode::Clamp | AddressMode::Border => fill(AddressMode::Clamp, false, offset, self),
            AddressMode::MirrorOnce => fill(AddressMode::MirrorOnce, linear, offset, self),
        });
        if !near {
            for i in 0..LANES {
                let texel = |index| mode.resolve(index, self.sizes[i]).unwrap_or(0);
                let index = self.indices[i];
                (self.first[i], self.second[i]) = (texel(index), texel(index + i32::from(linear)));
            }
        }
    }
}

/// False when an index lies too far away from its texture for [`resolve_near`].
#[inline(always)]
fn fill(mode: AddressMode, linear: bool, offset: i32, axis: &mut Axis) -> bool {
    let Axis { first, second, weight, u, sizes, indices } = axis;
    let mut far = 0;
    for i in 0..LANES {
        let scaled = scale(mode.reduce(u[i]), sizes[i], linear);
        let (fixed, near) = (near_fixed(scaled), scaled.abs() <= NEAR);
        far |= u32::from(!near);
        (indices[i], weight[i]) = ((fixed >> 8) + offset, if linear { (fixed & 255) as u32 } else { 0 });
    }
    if far != 0 {
        for i in 0..LANES {
            let (index, second_weight) = match linear {
                true => linear_index(mode.reduce(u[i]), sizes[i]),
                false => (point_index(mode.reduce(u[i]), sizes[i]), 0),
            };
            (indices[i], weight[i]) = (index + offset, second_weight);
        }
    }
    let mut outside = 0;
    for i in 0..LANES {
        let size = sizes[i] as i32;
        first[i] = resolve_near(mode, indices[i], size);
        second[i] = if linear { resolve_near(mode, indices[i] + 1, size) } else { first[i] };
        outside |= u32::from(first[i] >= sizes[i]) | u32::from(second[i] >= sizes[i]);
    }
    outside == 0
}

/// As [`AddressMode::resolve`] for indices less than a texture's size away from it, twice that for mirrors; else no
/// texel of it.
#[inline(always)]
fn resolve_near(mode: AddressMode, index: i32, size: i32) -> u32 {
    let reflected = if index < 0 { !index } else { index };
    let texel = match mode {
        AddressMode::Wrap if index < 0 => index + size,
        AddressMode::Wrap if index >= size => index - size,
        AddressMode::Wrap => index,
        AddressMode::Mirror if reflected >= 2 * size => reflected - 2 * size,
        AddressMode::Mirror if reflected >= size => 2 * size - 1 - reflected,
        AddressMode::Mirror => reflected,
        AddressMode::MirrorOnce => reflected.min(size - 1),
        AddressMode::Clamp | AddressMode::Border => index.clamp(0, size - 1),
    };
    texel as u32
}
