//! Cubes: from directions to faces, and across their edges (d3d-rules §12.8).

/// An axis of the direction and the sign with which it is taken.
type SignedAxis = (usize, i32);

/// Major axis, and what s and t are, of +X, -X, +Y, -Y, +Z, -Z.
const FACES: [[SignedAxis; 3]; 6] = [
    [(0, 1), (2, -1), (1, -1)],
    [(0, -1), (2, 1), (1, -1)],
    [(1, 1), (0, 1), (2, 1)],
    [(1, -1), (0, 1), (2, -1)],
    [(2, 1), (0, 1), (1, -1)],
    [(2, -1), (0, -1), (1, -1)],
];

/// The face that a direction points at. Of equal components Z is preferred to Y to X.
fn face(direction: [f32; 3]) -> usize {
    let [x, y, z] = direction.map(f32::abs);
    let axis = if z >= x && z >= y {
        2
    } else if y >= x {
        1
    } else {
        0
    };
    2 * axis + usize::from(direction[axis] < 0.0)
}

/// The face of a direction and the place on it, 0..1.
pub(super) fn project(direction: [f32; 3]) -> (u32, [f32; 2]) {
    let face = face(direction);
    let [(major, _), s, t] = FACES[face];
    let place = [s, t].map(|(axis, sign)| {
        let component = if sign < 0 { -direction[axis] } else { direction[axis] };
        component / direction[major].abs() * 0.5 + 0.5
    });
    (face as u32, place)
}

/// How the place on the face changes when the direction does, by the quotient rule.
pub(super) fn gradient(direction: [f32; 3], change: [f32; 3]) -> [f64; 2] {
    let [(major, sign), s, t] = FACES[face(direction)];
    let (ma, dma) = (f64::from(direction[major].abs()), f64::from(change[major]) * f64::from(sign));
    [s, t].map(|(axis, sign)| {
        let [c, dc] = [direction, change].map(|v| f64::from(v[axis]) * f64::from(sign));
        0.5 * (ma * dc - c * dma) / (ma * ma)
    })
}

/// Face, column and row of a texel.
pub(super) type FaceTexel = (u32, u32, u32);

/// What lies at an index that may be one beyond a face's edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CubeTap {
    /// A texel of the face, or of the one across the edge.
    Texel(FaceTexel),
    /// The three texels around a corner of the cube share the missing one's weight.
    Corner([FaceTexel; 3]),
}

/// The texel at (`i`, `j`) seen from a face of `size` texels; indices beyond -1 and `size` (of directions
/// that are none) are clamped.
pub(super) fn tap(face: u32, i: i32, j: i32, size: u32, seamless: bool) -> CubeTap {
    let last = size as i32 - 1;
    let (i, j) = (i.clamp(-1, last + 1), j.clamp(-1, last + 1));
    let (inner_i, inner_j) = (i.clamp(0, last), j.clamp(0, last));
    let inner = (face, inner_i as u32, inner_j as u32);
    match (i == inner_i || !seamless, j == inner_j || !seamless) {
        (true, true) => CubeTap::Texel(inner),
        (false, true) => CubeTap::Texel(across(face, i, inner_j, size)),
        (true, false) => CubeTap::Texel(across(face, inner_i, j, size)),
        (false, false) => {
            CubeTap::Corner([inner, across(face, i, inner_j, size), across(face, inner_i, j, size)])
        }
    }
}

/// The texel across the one edge that (`i`, `j`) lies beyond.
fn across(face: u32, i: i32, j: i32, size: u32) -> FaceTexel {
    // Texel centres in half texels from the middle of the face, `n` half texels away from the middle of the
    // cube.
    let n = size as i32;
    let [(major, sign), s, t] = FACES[face as usize];
    let beyond_s = i < 0 || i >= n;
    let mut position = [0; 3];
    for ((axis, sign), index) in [(s, i), (t, j)] {
        position[axis] = sign * (2 * index + 1 - n);
    }
    // Fold the texel over the edge: it is the first one of the other face.
    let over = if beyond_s { s.0 } else { t.0 };
    position[major] = sign * (n - 1);
    let neighbour = 2 * over + usize::from(position[over] < 0);
    let [_, s, t] = FACES[neighbour];
    let [column, row] = [s, t].map(|(axis, sign)| ((sign * position[axis] + n - 1) / 2) as u32);
    (neighbour as u32, column, row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faces_and_ties() {
        let faces = [[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0]];
        for (face, direction) in (0u32..).zip(faces) {
            assert_eq!(project(direction), (face, [0.5, 0.5]));
        }
        assert_eq!(project([0.0, 0.0, -1.0]), (5, [0.5, 0.5]));
        assert_eq!(face([1.0, 1.0, 1.0]), 4);
        assert_eq!(face([1.0, 1.0, -1.0]), 5);
        assert_eq!(face([-1.0, 1.0, 0.0]), 2);
        assert_eq!(face([0.0, 0.0, 0.0]), 4);
        // s = +x and t = -y on +Z.
        assert_eq!(project([1.0, 0.5, 2.0]), (4, [0.75, 0.375]));
        // s = -z and t = -y on +X.
        assert_eq!(project([2.0, -1.0, 1.0]), (0, [0.25, 0.75]));
    }

    #[test]
    fn edges_lead_to_neighbours() {
        let texel = |face, i, j| tap(face, i, j, 4, true);
        // Left of +Z is the right column of -X.
        assert_eq!(texel(4, -1, 1), CubeTap::Texel((1, 3, 1)));
        // Right of +Z is the left column of +X.
        assert_eq!(texel(4, 4, 2), CubeTap::Texel((0, 0, 2)));
        // Above +Z is the bottom row of +Y, below it the top row of -Y.
        assert_eq!(texel(4, 1, -1), CubeTap::Texel((2, 1, 3)));
        assert_eq!(texel(4, 1, 4), CubeTap::Texel((3, 1, 0)));
        // Above -Z is the top row of +Y, mirrored.
        assert_eq!(texel(5, 0, -1), CubeTap::Texel((2, 3, 0)));
        // Above +X is the right column of +Y.
        assert_eq!(texel(0, 0, -1), CubeTap::Texel((2, 3, 3)));
        assert_eq!(tap(4, -1, 1, 4, false), CubeTap::Texel((4, 0, 1)));
    }

    #[test]
    fn crossing_an_edge_and_back_returns() {
        for size in [1u32, 2, 5] {
            let n = size as i32;
            for (face, k) in (0..6).flat_map(|face| (0..n).map(move |k| (face, k))) {
                for (i, j, inner) in
                    [(-1, k, (0, k)), (n, k, (n - 1, k)), (k, -1, (k, 0)), (k, n, (k, n - 1))]
                {
                    let (other, x, y) = across(face, i, j, size);
                    assert_ne!(other / 2, face / 2);
                    let outside = [(-1, y as i32), (n, y as i32), (x as i32, -1), (x as i32, n)];
                    let back = outside.map(|(i, j)| across(other, i, j, size));
                    assert!(back.contains(&(face, inner.0 as u32, inner.1 as u32)));
                }
            }
        }
    }

    #[test]
    fn corners_have_three_texels() {
        // +X, +Y and +Z meet where +Z has its last column and first row.
        let CubeTap::Corner(texels) = tap(4, 4, -1, 4, true) else { panic!("not a corner") };
        assert_eq!(texels, [(4, 3, 0), (0, 0, 0), (2, 3, 3)]);
    }

    #[test]
    fn gradients_follow_the_quotient_rule() {
        assert_eq!(gradient([0.0, 0.0, 2.0], [1.0, 0.0, 0.0]), [0.25, 0.0]);
        // Moving away from a side of the cube brings the place to its middle.
        assert_eq!(gradient([1.0, 0.0, 2.0], [0.0, 0.0, 1.0]), [-0.125, 0.0]);
    }
}
