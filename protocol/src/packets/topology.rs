//! How vertices form primitives.

/// A primitive topology. The numbers are Direct3D 11's, and 6 is Direct3D 9's triangle fan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PrimitiveTopology {
    /// Every vertex a point (1).
    PointList,
    /// Every two vertices a line (2).
    LineList,
    /// A line from each vertex to the next (3).
    LineStrip,
    /// Every three vertices a triangle (4).
    TriangleList,
    /// A triangle for each vertex after the second (5).
    TriangleStrip,
    /// Triangles that share the first vertex (6).
    TriangleFan,
    /// Lines with their two neighbours (10).
    LineListAdj,
    /// Connected lines with neighbours (11).
    LineStripAdj,
    /// Triangles with their three neighbours (12).
    TriangleListAdj,
    /// Connected triangles with neighbours (13).
    TriangleStripAdj,
    /// Patches of this many control points, 1 to 32 (32 + count).
    PatchList(u8),
}

impl PrimitiveTopology {
    /// The topologies without a parameter, with their C names' ends.
    pub(crate) const PLAIN: [(Self, &'static str); 10] = [
        (Self::PointList, "POINTLIST"),
        (Self::LineList, "LINELIST"),
        (Self::LineStrip, "LINESTRIP"),
        (Self::TriangleList, "TRIANGLELIST"),
        (Self::TriangleStrip, "TRIANGLESTRIP"),
        (Self::TriangleFan, "TRIANGLEFAN"),
        (Self::LineListAdj, "LINELIST_ADJ"),
        (Self::LineStripAdj, "LINESTRIP_ADJ"),
        (Self::TriangleListAdj, "TRIANGLELIST_ADJ"),
        (Self::TriangleStripAdj, "TRIANGLESTRIP_ADJ"),
    ];

    /// The topology of a wire value; `None` if the ABI defines no such value.
    #[must_use]
    pub const fn from_u32(value: u32) -> Option<Self> {
        Some(match value {
            1 => Self::PointList,
            2 => Self::LineList,
            3 => Self::LineStrip,
            4 => Self::TriangleList,
            5 => Self::TriangleStrip,
            6 => Self::TriangleFan,
            10 => Self::LineListAdj,
            11 => Self::LineStripAdj,
            12 => Self::TriangleListAdj,
            13 => Self::TriangleStripAdj,
            33..=64 => Self::PatchList((value - 32) as u8),
            _ => return None,
        })
    }

    /// The wire value. A patch list outside 1 to 32 control points gives a value that [`from_u32`](Self::from_u32)
    /// refuses.
    #[must_use]
    pub const fn to_u32(self) -> u32 {
        match self {
            Self::PointList => 1,
            Self::LineList => 2,
            Self::LineStrip => 3,
            Self::TriangleList => 4,
            Self::TriangleStrip => 5,
            Self::TriangleFan => 6,
            Self::LineListAdj => 10,
            Self::LineStripAdj => 11,
            Self::TriangleListAdj => 12,
            Self::TriangleStripAdj => 13,
            // 0 control points would be 32, which is no topology either.
            Self::PatchList(points) => 32 + points as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_values_round_trip_and_gaps_are_refused() {
        let known: Vec<u32> = (0..200).filter(|v| PrimitiveTopology::from_u32(*v).is_some()).collect();
        let expected: Vec<u32> = (1..=6).chain(10..=13).chain(33..=64).collect();
        assert_eq!(known, expected);
        for value in known {
            assert_eq!(PrimitiveTopology::from_u32(value).map(PrimitiveTopology::to_u32), Some(value));
        }
    }
}
