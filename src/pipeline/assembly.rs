//! Input assembler: how runs of vertices become primitives (d3d-rules §3).

use aerogpu_protocol::packets::PrimitiveTopology;

/// What a topology's primitives are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Vertices of a primitive as assembled, adjacent ones included.
    pub vertices: usize,
    /// Positions of the primitive's own vertices among them; empty for patches.
    pub own: &'static [usize],
}

/// The primitives of a topology.
pub fn shape(topology: PrimitiveTopology) -> Shape {
    use PrimitiveTopology as T;
    let (vertices, own): (usize, &[usize]) = match topology {
        T::PointList => (1, &[0]),
        T::LineList | T::LineStrip => (2, &[0, 1]),
        T::TriangleList | T::TriangleStrip | T::TriangleFan => (3, &[0, 1, 2]),
        T::LineListAdj | T::LineStripAdj => (4, &[1, 2]),
        T::TriangleListAdj | T::TriangleStripAdj => (6, &[0, 2, 4]),
        T::PatchList(points) => (usize::from(points).max(1), &[]),
    };
    Shape { vertices, own }
}

/// Appends the primitives of vertices `first..first + count`, an uncut run, to `out`: `shape(topology).vertices` positions
/// each, leading vertex first. Incomplete primitives are dropped.
pub fn assemble(topology: PrimitiveTopology, first: u32, count: u32, out: &mut Vec<u32>) {
    use PrimitiveTopology as T;
    let at = |i: u32| first + i;
    match topology {
        T::LineStrip => (0..count.saturating_sub(1)).for_each(|i| out.extend([at(i), at(i + 1)])),
        T::LineStripAdj => (0..count.saturating_sub(3)).for_each(|i| out.extend((i..i + 4).map(at))),
        T::TriangleStrip => (0..count.saturating_sub(2)).for_each(|i| {
            // Leading vertex i in both; odd triangles swap the other two to keep the winding.
            let odd = i & 1;
            out.extend([at(i), at(i + 1 + odd), at(i + 2 - odd)]);
        }),
        T::TriangleFan => (1..count.saturating_sub(1)).for_each(|i| out.extend([at(0), at(i), at(i + 1)])),
        T::TriangleStripAdj => triangle_strip_adjacency(count, |i| out.push(at(i))),
        list => {
            let vertices = shape(list).vertices as u32;
            out.extend((0..count / vertices * vertices).map(at));
        }
    }
}

/// Triangles with adjacency from a strip whose own vertices stand at even positions (d3d-rules §3.1).
fn triangle_strip_adjacency(count: u32, mut push: impl FnMut(u32)) {
    let primitives = count.saturating_sub(4) / 2;
    for i in 0..primitives {
        let b = 2 * i;
        let next = if i + 1 < primitives { b + 6 } else { b + 5 };
        let order = match (i, i & 1) {
            (0, _) => [b, b + 1, b + 2, next, b + 4, b + 3],
            (_, 0) => [b, b - 2, b + 2, next, b + 4, b + 3],
            _ => [b, b + 3, b + 4, next, b + 2, b - 2],
        };
        order.into_iter().for_each(&mut push);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(topology: PrimitiveTopology, count: u32) -> Vec<u32> {
        let mut out = Vec::new();
        assemble(topology, 0, count, &mut out);
        out
    }

    #[test]
    fn odd_strip_triangles_keep_their_leading_vertex() {
        assert_eq!(run(PrimitiveTopology::TriangleStrip, 5), [0, 1, 2, 1, 3, 2, 2, 3, 4]);
    }

    #[test]
    fn fans_turn_around_their_first_vertex() {
        assert_eq!(run(PrimitiveTopology::TriangleFan, 5), [0, 1, 2, 0, 2, 3, 0, 3, 4]);
    }

    #[test]
    fn incomplete_primitives_are_dropped() {
        assert_eq!(run(PrimitiveTopology::TriangleList, 5), [0, 1, 2]);
        assert_eq!(run(PrimitiveTopology::LineStrip, 1), []);
        assert_eq!(run(PrimitiveTopology::LineListAdj, 7), [0, 1, 2, 3]);
    }

    #[test]
    fn the_specification_s_strip_with_adjacency() {
        let expected = [[0, 1, 2, 6, 4, 3], [2, 5, 6, 8, 4, 0], [4, 2, 6, 9, 8, 7]];
        assert_eq!(run(PrimitiveTopology::TriangleStripAdj, 10), expected.concat());
        assert_eq!(run(PrimitiveTopology::TriangleStripAdj, 11), expected.concat());
        assert_eq!(run(PrimitiveTopology::TriangleStripAdj, 5), []);
    }
}
