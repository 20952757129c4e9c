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

/// How many primitives an uncut run of `count` vertices makes. Incomplete ones are dropped.
pub fn primitives(topology: PrimitiveTopology, count: u32) -> u32 {
    use PrimitiveTopology as T;
    match topology {
        T::LineStrip => count.saturating_sub(1),
        T::LineStripAdj => count.saturating_sub(3),
        T::TriangleStrip | T::TriangleFan => count.saturating_sub(2),
        T::TriangleStripAdj => count.saturating_sub(4) / 2,
        list => count / shape(list).vertices as u32,
    }
}

/// Whether the vertices of primitives stand one behind the other, and none belongs to two.
pub fn is_list(topology: PrimitiveTopology) -> bool {
    use PrimitiveTopology as T;
    let not = [T::LineStrip, T::LineStripAdj, T::TriangleStrip, T::TriangleFan, T::TriangleStripAdj];
    !not.contains(&topology)
}

/// Gives `push` the vertices of primitive `i` of the `primitives` that a run makes, by position in the run, leading vertex
/// first: `shape(topology).vertices` of them.
pub fn primitive(topology: PrimitiveTopology, primitives: u32, i: u32, push: impl FnMut(u32)) {
    use PrimitiveTopology as T;
    match topology {
        T::LineStrip => (i..i + 2).for_each(push),
        T::LineStripAdj => (i..i + 4).for_each(push),
        T::TriangleStrip => {
            // Leading vertex i in both; odd triangles swap the other two to keep the winding.
            let odd = i & 1;
            [i, i + 1 + odd, i + 2 - odd].into_iter().for_each(push);
        }
        T::TriangleFan => [0, i + 1, i + 2].into_iter().for_each(push),
        T::TriangleStripAdj => strip_triangle_with_adjacency(primitives, i).into_iter().for_each(push),
        list => {
            let vertices = shape(list).vertices as u32;
            (i * vertices..(i + 1) * vertices).for_each(push);
        }
    }
}

/// A triangle with adjacency of a strip whose own vertices stand at even positions (d3d-rules §3.1).
fn strip_triangle_with_adjacency(primitives: u32, i: u32) -> [u32; 6] {
    let b = 2 * i;
    let next = if i + 1 < primitives { b + 6 } else { b + 5 };
    match (i, i & 1) {
        (0, _) => [b, b + 1, b + 2, next, b + 4, b + 3],
        (_, 0) => [b, b - 2, b + 2, next, b + 4, b + 3],
        _ => [b, b + 3, b + 4, next, b + 2, b - 2],
    }
}

/// Appends the primitives of vertices `first..first + count`, an uncut run, to `out`.
pub fn assemble(topology: PrimitiveTopology, first: u32, count: u32, out: &mut Vec<u32>) {
    let primitives = primitives(topology, count);
    for i in 0..primitives {
        primitive(topology, primitives, i, |position| out.push(first + position));
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
        assert_eq!(run(PrimitiveTopology::LineStrip, 1), [0; 0]);
        assert_eq!(run(PrimitiveTopology::LineListAdj, 7), [0, 1, 2, 3]);
    }

    #[test]
    fn the_specification_s_strip_with_adjacency() {
        let expected = [[0, 1, 2, 6, 4, 3], [2, 5, 6, 8, 4, 0], [4, 2, 6, 9, 8, 7]];
        assert_eq!(run(PrimitiveTopology::TriangleStripAdj, 10), expected.concat());
        assert_eq!(run(PrimitiveTopology::TriangleStripAdj, 11), expected.concat());
        assert_eq!(run(PrimitiveTopology::TriangleStripAdj, 5), [0; 0]);
    }
}
