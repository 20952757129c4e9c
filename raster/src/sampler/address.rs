//! From coordinates to texels along one axis (d3d-rules §12.1-12.7).

use super::AddressMode;
use crate::format::fixed::f32_to_fixed;

/// Weights are in 1/256.
pub(super) const ONE: u32 = 256;

/// Two texels along an axis and their weights, which add up to [`ONE`]. `None` is the border.
pub(super) type AxisTaps = [(Option<u32>, u32); 2];

/// A scaled coordinate in 1/256 texel: exactly eight fraction bits, ties to even, NaN is 0.
#[inline(always)]
pub(super) fn texel_fixed(scaled: f32) -> i32 {
    f32_to_fixed(scaled, 24, 8)
}

/// The level of detail in 1/256, ties to even.
#[inline(always)]
pub(super) fn lod_fixed(lod: f32) -> i32 {
    f32_to_fixed(lod, 16, 8)
}

impl AddressMode {
    /// Brings a coordinate near 0..1, so that scaling it keeps its precision. Infinities become NaN where
    /// they repeat.
    #[inline(always)]
    pub(super) fn reduce(self, u: f32) -> f32 {
        match self {
            Self::Wrap => u - u.floor(),
            Self::Mirror => (u / 2.0 - (u / 2.0).trunc()) * 2.0,
            Self::Clamp | Self::Border | Self::MirrorOnce if u < -10.0 => -10.0,
            Self::Clamp | Self::Border | Self::MirrorOnce if u > 10.0 => 10.0,
            Self::Clamp | Self::Border | Self::MirrorOnce => u,
        }
    }

    /// The texel that an index stands for among `size`; `None` is the border.
    #[inline]
    pub(super) fn resolve(self, index: i32, size: u32) -> Option<u32> {
        if let Ok(inside) = u32::try_from(index)
            && inside < size
        {
            return Some(inside);
        }
        // Reflected at the lower edge: -1 becomes 0.
        let reflected = if index < 0 { !index } else { index } as u32;
        match self {
            Self::Wrap => Some(i64::from(index).rem_euclid(size.into()) as u32),
            Self::Mirror => {
                let (turn, rest) = (reflected / size, reflected % size);
                Some(if turn & 1 == 1 { size - 1 - rest } else { rest })
            }
            Self::Clamp => Some(if index < 0 { 0 } else { size - 1 }),
            Self::MirrorOnce => Some(reflected.min(size - 1)),
            Self::Border => None,
        }
    }
}

/// A reduced coordinate in texels, from the centre of the first one for a linear filter.
#[inline(always)]
pub(super) fn scale(u: f32, size: u32, linear: bool) -> f32 {
    u * size as f32 - if linear { 0.5 } else { 0.0 }
}

/// The index of the texel that `u` lies in.
#[inline(always)]
pub(super) fn point_index(u: f32, size: u32) -> i32 {
    texel_fixed(scale(u, size, false)) >> 8
}

/// The index of the first of the two texels around `u`, and the weight of the second.
#[inline(always)]
pub(super) fn linear_index(u: f32, size: u32) -> (i32, u32) {
    let fixed = texel_fixed(scale(u, size, true));
    (fixed >> 8, (fixed & 255) as u32)
}

/// The texel at `u`.
#[inline]
pub(super) fn point_taps(mode: AddressMode, u: f32, size: u32, offset: i32) -> AxisTaps {
    let index = point_index(mode.reduce(u), size).saturating_add(offset);
    only(mode.resolve(index, size))
}

/// The texels around `u`.
#[inline]
pub(super) fn linear_taps(mode: AddressMode, u: f32, size: u32, offset: i32) -> AxisTaps {
    let (index, weight) = linear_index(mode.reduce(u), size);
    let index = index.saturating_add(offset);
    [(mode.resolve(index, size), ONE - weight), (mode.resolve(index.saturating_add(1), size), weight)]
}

/// One texel with all the weight.
pub(super) fn only(index: Option<u32>) -> AxisTaps {
    [(index, ONE), (index, 0)]
}

/// The array element that a coordinate selects: nearest, ties to even, clamped to what exists.
#[inline]
pub(super) fn element(coordinate: f32, elements: u32) -> u32 {
    // The cast saturates, and makes NaN 0.
    (coordinate.round_ties_even() as u32).min(elements - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indices(mode: AddressMode) -> Vec<Option<u32>> {
        (-7..8).map(|index| mode.resolve(index, 3)).collect()
    }

    #[test]
    fn modes_by_hand() {
        let some = |list: [u32; 15]| list.map(Some).to_vec();
        assert_eq!(indices(AddressMode::Wrap), some([2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1]));
        assert_eq!(indices(AddressMode::Mirror), some([0, 0, 1, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1]));
        assert_eq!(indices(AddressMode::Clamp), some([0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 2]));
        assert_eq!(indices(AddressMode::MirrorOnce), some([2, 2, 2, 2, 2, 1, 0, 0, 1, 2, 2, 2, 2, 2, 2]));
        assert_eq!(indices(AddressMode::Border)[6..11], [None, Some(0), Some(1), Some(2), None]);
        for mode in [AddressMode::Wrap, AddressMode::Mirror, AddressMode::Clamp, AddressMode::MirrorOnce] {
            for index in [i32::MIN, i32::MAX] {
                assert!(mode.resolve(index, 3).unwrap() < 3);
            }
        }
    }

    #[test]
    fn coordinates_are_rounded_to_256ths_before_the_floor() {
        // 1/512 texel below a boundary is a tie that goes to the even 256ths, which is the boundary.
        for size in [4u32, 8, 64] {
            let boundary = |delta: f32| (2.0 + delta) / size as f32;
            assert_eq!(point_index(boundary(-1.0 / 512.0), size), 2);
            assert_eq!(point_index(boundary(-1.0 / 500.0), size), 1);
            assert_eq!(point_index(boundary(1.0 / 512.0), size), 2);
        }
        assert_eq!(linear_index(0.5, 4), (1, 128));
        assert_eq!(linear_index(0.375, 4), (1, 0));
        assert_eq!(linear_index(0.0, 4), (-1, 128));
    }

    #[test]
    fn reduction_of_special_coordinates() {
        let first = |mode, u| point_taps(mode, u, 4, 0)[0].0;
        for u in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
            assert_eq!(first(AddressMode::Wrap, u), Some(0));
            assert_eq!(first(AddressMode::Mirror, u), Some(0));
        }
        assert_eq!(first(AddressMode::Clamp, f32::NAN), Some(0));
        assert_eq!(first(AddressMode::Clamp, f32::INFINITY), Some(3));
        assert_eq!(first(AddressMode::Border, f32::NEG_INFINITY), None);
        assert_eq!(first(AddressMode::Wrap, -0.25), Some(3));
        assert_eq!(first(AddressMode::Mirror, -0.3), Some(1));
        assert_eq!(first(AddressMode::Mirror, 1.25), Some(2));
        assert_eq!(first(AddressMode::MirrorOnce, -0.8), Some(3));
        assert_eq!(first(AddressMode::MirrorOnce, 1.25), Some(3));
    }

    #[test]
    fn offsets_move_indices_before_the_address_mode() {
        assert_eq!(point_taps(AddressMode::Wrap, 0.9, 4, 1)[0].0, Some(0));
        assert_eq!(linear_taps(AddressMode::Clamp, 0.5, 4, -8), [(Some(0), 128), (Some(0), 128)]);
        assert_eq!(point_taps(AddressMode::Clamp, 0.5, 4, i32::MAX)[0].0, Some(3));
    }

    #[test]
    fn elements_round_to_even_and_clamp() {
        let elements = [0.5, 1.4, 2.1, 1.5, 9.0, -3.0, f32::NAN, f32::INFINITY].map(|w| element(w, 4));
        assert_eq!(elements, [0, 1, 2, 2, 3, 0, 0, 3]);
    }
}
