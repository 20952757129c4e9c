//! From 64 coordinates to texels along one axis (d3d-rules §12.1-12.5).

use fearless_simd::{Level, dispatch};

use super::super::address::{linear_index, point_index};
use super::{LANES, Lanes};
use crate::sampler::AddressMode;

/// The two texels of every lane, and the weight of the second in 1/256.
pub(super) struct Axis {
    pub(super) first: Lanes<u32>,
    pub(super) second: Lanes<u32>,
    pub(super) weight: Lanes<u32>,
}

/// The texels around `u` among `sizes`, which are not 0; `mode` is not the border. A point filter's second texels
/// have no weight.
pub(super) fn axis(
    level: Level,
    mode: AddressMode,
    linear: bool,
    offset: i32,
    u: &Lanes<f32>,
    sizes: &Lanes<u32>,
) -> Axis {
    let mut axis = Axis { first: [0; LANES], second: [0; LANES], weight: [0; LANES] };
    let mut indices = [0; LANES];
    let near = dispatch!(level, _ => match mode {
        // The mode is a constant in each of the loops.
        AddressMode::Wrap => fill(AddressMode::Wrap, linear, offset, u, sizes, &mut indices, &mut axis),
        AddressMode::Mirror => fill(AddressMode::Mirror, linear, offset, u, sizes, &mut indices, &mut axis),
        AddressMode::Clamp | AddressMode::Border => {
            fill(AddressMode::Clamp, linear, offset, u, sizes, &mut indices, &mut axis)
        }
        AddressMode::MirrorOnce => {
            fill(AddressMode::MirrorOnce, linear, offset, u, sizes, &mut indices, &mut axis)
        }
    });
    if !near {
        for i in 0..LANES {
            let texel = |index| mode.resolve(index, sizes[i]).unwrap_or(0);
            (axis.first[i], axis.second[i]) = (texel(indices[i]), texel(indices[i] + i32::from(linear)));
        }
    }
    axis
}

/// False when an index lies too far away from its texture for [`resolve_near`].
#[inline(always)]
fn fill(
    mode: AddressMode,
    linear: bool,
    offset: i32,
    u: &Lanes<f32>,
    sizes: &Lanes<u32>,
    indices: &mut Lanes<i32>,
    axis: &mut Axis,
) -> bool {
    if linear {
        for i in 0..LANES {
            let (index, weight) = linear_index(mode.reduce(u[i]), sizes[i]);
            (indices[i], axis.weight[i]) = (index + offset, weight);
        }
    } else {
        for i in 0..LANES {
            indices[i] = point_index(mode.reduce(u[i]), sizes[i]) + offset;
        }
    }
    let mut near = true;
    for i in 0..LANES {
        let size = sizes[i] as i32;
        let first = resolve_near(mode, indices[i], size);
        let second = resolve_near(mode, indices[i] + i32::from(linear), size);
        (axis.first[i], axis.second[i]) = (first, second);
        near &= (first < sizes[i]) & (second < sizes[i]);
    }
    near
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
