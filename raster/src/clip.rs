//! From clip space to the snapped screen, and what lies outside (d3d-rules §6).
//!
//! Only the 16.8 range of snapped positions is clipped to with new vertices: it implies `w > 0`. The near and far planes and clip
//! distances are planes that every sample is tested against, where a vertex lies outside; the viewport is a scissor.

use smallvec::SmallVec;

use crate::state::Viewport;

/// Snapped coordinates fit here: pixels, both ends included.
const RANGE: (f32, f32) = (-32768.0, 32767.0);

/// A vertex on the screen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ScreenVertex {
    /// Snapped to 16.8, if `place` says so.
    pub(crate) xy: [i32; 2],
    /// Depth in the viewport, if `place` says so.
    pub(crate) z: f32,
    pub(crate) place: Place,
    /// Clip planes that it lies outside of.
    pub(crate) outside: u8,
}

/// Where a vertex is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// On the screen or around it.
    Screen,
    /// Behind the eye or beyond the range of snapped positions.
    Beyond,
    /// Not a number, or infinite.
    Nowhere,
}

/// Bits of [`ScreenVertex::outside`].
pub(crate) mod outside {
    pub(crate) const LEFT: u8 = 1;
    pub(crate) const RIGHT: u8 = 2;
    pub(crate) const BOTTOM: u8 = 4;
    pub(crate) const TOP: u8 = 8;
    pub(crate) const NEAR: u8 = 16;
    pub(crate) const FAR: u8 = 32;
    pub(crate) const EYE: u8 = 64;
}

/// As [`ScreenVertex::outside`], as wide as a component: so vectors of them are tested at once.
#[inline(always)]
pub(crate) fn outside_of([x, y, z, w]: [f32; 4]) -> u32 {
    let bit = |is: bool, bit: u8| if is { u32::from(bit) } else { 0 };
    bit(x < -w, outside::LEFT)
        | bit(x > w, outside::RIGHT)
        | bit(y < -w, outside::BOTTOM)
        | bit(y > w, outside::TOP)
        | bit(z < 0.0, outside::NEAR)
        | bit(z > w, outside::FAR)
        | bit(w <= 0.0, outside::EYE)
}

/// To 16.8 fixed point, to nearest even; exact for `|pixels| <= 32768`: one unit of the sum is 1/256.
pub(crate) fn snap(pixels: f64) -> i32 {
    const MAGIC: f64 = 1.5 * (1_u64 << 44) as f64;
    (pixels + MAGIC).to_bits() as i32
}

/// Divides by `w`, applies the viewport in the order of d3d-rules §6.5 and snaps.
pub(crate) fn project(position: [f32; 4], viewport: &Viewport) -> ScreenVertex {
    let [x, y, z, w] = position;
    let mut vertex = ScreenVertex { xy: [0; 2], z: 0.0, place: Place::Nowhere, outside: 0 };
    if position.iter().any(|c| !c.is_finite()) {
        return vertex;
    }
    vertex.outside = outside_of(position) as u8;
    vertex.place = Place::Beyond;
    if w <= 0.0 {
        return vertex;
    }
    let screen_x = (x / w + 1.0) * viewport.width * 0.5 + viewport.x;
    let screen_y = (1.0 - y / w) * viewport.height * 0.5 + viewport.y;
    vertex.z = viewport.min_depth + z / w * (viewport.max_depth - viewport.min_depth);
    if screen_x.is_nan() || screen_y.is_nan() || vertex.z.is_nan() {
        vertex.place = Place::Nowhere;
    } else if [screen_x, screen_y].iter().all(|c| (RANGE.0..=RANGE.1).contains(c)) {
        vertex.place = Place::Screen;
        vertex.xy = [snap(screen_x.into()), snap(screen_y.into())];
    }
    vertex
}

/// A homogeneous screen position: sub-pixels times `w`, and `w`.
pub(crate) type Homogeneous = [f64; 3];

/// The position of a vertex anywhere, in sub-pixels times `w`.
pub(crate) fn homogeneous(position: [f32; 4], viewport: &Viewport) -> Homogeneous {
    let [x, y, _, w] = position.map(f64::from);
    let [left, top, width, height] = [viewport.x, viewport.y, viewport.width, viewport.height].map(f64::from);
    [((x + w) * width * 0.5 + left * w) * 256.0, ((w - y) * height * 0.5 + top * w) * 256.0, w]
}

/// The same position seen from `anchor`.
pub(crate) fn relative([x, y, w]: Homogeneous, anchor: [i32; 2]) -> Homogeneous {
    [x - f64::from(anchor[0]) * w, y - f64::from(anchor[1]) * w, w]
}

/// A corner while it is clipped.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Corner {
    pub(crate) at: Homogeneous,
    /// Where an original vertex was snapped to: neighbours that are not clipped have it there.
    pub(crate) snapped: Option<[i32; 2]>,
}

/// Signed distances to the planes of the snapped range, positive inside.
fn distance(plane: usize, [x, y, w]: Homogeneous) -> f64 {
    let (low, high) = (f64::from(RANGE.0) * 256.0, f64::from(RANGE.1) * 256.0);
    match plane {
        0 => x - low * w,
        1 => high * w - x,
        2 => y - low * w,
        _ => high * w - y,
    }
}

/// Where the edge meets the plane: always reckoned from the inside out, so that both triangles of an edge agree.
fn meet(inside: &Corner, outside: &Corner, plane: usize) -> Corner {
    let (d0, d1) = (distance(plane, inside.at), distance(plane, outside.at));
    let t = d0 / (d0 - d1);
    Corner { at: [0, 1, 2].map(|i| inside.at[i] + t * (outside.at[i] - inside.at[i])), snapped: None }
}

/// What is left of a triangle in the snapped range: the snapped corners of a convex polygon, in order. `None` if nothing is.
pub(crate) fn clip_triangle(corners: [Corner; 3]) -> Option<SmallVec<[[i32; 2]; 8]>> {
    let mut polygon = SmallVec::<[Corner; 8]>::from_slice(&corners);
    for plane in 0..4 {
        let mut kept = SmallVec::<[Corner; 8]>::new();
        for (i, corner) in polygon.iter().enumerate() {
            let previous = &polygon[(i + polygon.len() - 1) % polygon.len()];
            let (was, is) = (distance(plane, previous.at) >= 0.0, distance(plane, corner.at) >= 0.0);
            match (was, is) {
                (true, true) => kept.push(*corner),
                (true, false) => kept.push(meet(previous, corner, plane)),
                (false, true) => kept.extend([meet(corner, previous, plane), *corner]),
                (false, false) => {}
            }
        }
        polygon = kept;
    }
    if polygon.len() < 3 {
        return None;
    }
    polygon.iter().map(snap_corner).collect()
}

/// What is left of a line in the snapped range.
pub(crate) fn clip_line(mut ends: [Corner; 2]) -> Option<[[i32; 2]; 2]> {
    for plane in 0..4 {
        let [first, second] = ends;
        match ends.map(|end| distance(plane, end.at) >= 0.0) {
            [true, true] => {}
            [true, false] => ends[1] = meet(&first, &second, plane),
            [false, true] => ends[0] = meet(&second, &first, plane),
            [false, false] => return None,
        }
    }
    Some([snap_corner(&ends[0])?, snap_corner(&ends[1])?])
}

fn snap_corner(corner: &Corner) -> Option<[i32; 2]> {
    if corner.snapped.is_some() {
        return corner.snapped;
    }
    let [x, y, w] = corner.at;
    let (low, high) = (f64::from(RANGE.0), f64::from(RANGE.1));
    // A corner at the eye itself is nowhere on the screen.
    (w > 0.0).then(|| [x, y].map(|c| snap((c / w / 256.0).clamp(low, high))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIEWPORT: Viewport =
        Viewport { x: 0.0, y: 0.0, width: 200.0, height: 100.0, min_depth: 0.0, max_depth: 1.0 };

    #[test]
    fn snapping_rounds_to_even() {
        let units = |n: f64| n / 256.0;
        for (value, expected) in
            [(0.5, 0), (1.5, 2), (2.5, 2), (-0.5, 0), (-1.5, -2), (8_388_352.0, 8_388_352)]
        {
            assert_eq!(snap(units(value)), expected, "{value}");
        }
        assert_eq!(snap(-32768.0), -32768 * 256);
    }

    #[test]
    fn the_viewport_flips_y() {
        let vertex = project([-2.0, 1.0, 1.0, 2.0], &VIEWPORT);
        assert_eq!((vertex.xy, vertex.z, vertex.place), ([0, 25 * 256], 0.5, Place::Screen));
    }

    #[test]
    fn positions_that_are_not_numbers_are_nowhere() {
        for bad in [f32::NAN, f32::INFINITY] {
            for i in 0..4 {
                let mut position = [0.0, 0.0, 0.0, 1.0];
                position[i] = bad;
                assert_eq!(project(position, &VIEWPORT).place, Place::Nowhere);
            }
        }
        assert_eq!(project([0.0, 0.0, 0.0, -1.0], &VIEWPORT).place, Place::Beyond);
        assert_eq!(project([f32::MAX, 0.0, 0.0, 1.0], &VIEWPORT).place, Place::Beyond);
    }

    #[test]
    fn a_triangle_through_the_eye_plane_keeps_its_visible_part() {
        let corners = [[0.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, 1.0], [0.0, 5.0, 0.0, -1.0]].map(|p| Corner {
            at: homogeneous(p, &VIEWPORT),
            snapped: match project(p, &VIEWPORT) {
                ScreenVertex { place: Place::Screen, xy, .. } => Some(xy),
                _ => None,
            },
        });
        let polygon = clip_triangle(corners).expect("a part is visible");
        assert!(polygon.contains(&[100 * 256, 50 * 256]) && polygon.contains(&[200 * 256, 50 * 256]));
        // It opens upwards: y grows with w on the way to the third vertex.
        assert!(polygon.iter().any(|p| p[1] == -32768 * 256));
        assert!(polygon.iter().all(|p| p[1] <= 50 * 256));
    }

    #[test]
    fn what_is_behind_the_eye_vanishes() {
        let corner = |p| Corner { at: homogeneous(p, &VIEWPORT), snapped: None };
        let behind = [[0.0, 0.0, 0.0, -1.0], [1.0, 0.0, 0.0, -1.0], [0.0, 1.0, 0.0, -2.0]].map(corner);
        assert!(clip_triangle(behind).is_none());
        assert!(clip_line([behind[0], behind[1]]).is_none());
    }
}
