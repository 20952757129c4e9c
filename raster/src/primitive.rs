//! Vertices and primitives as the geometry stages hand them over.

/// Words of vertices after the last geometry stage, clip-space positions beside them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VertexBatch {
    /// Clip-space positions.
    pub positions: Vec<[f32; 4]>,
    /// Words a vertex in `attributes`.
    pub words: usize,
    /// Outputs of the last geometry stage, vertex by vertex, as register bits.
    pub attributes: Vec<u32>,
    /// `SV_ClipDistance` scalars a vertex (0 to 8), vertex by vertex in `clip`.
    pub clip_count: usize,
    /// Clip distances; a part of a primitive where any is negative is not drawn.
    pub clip: Vec<f32>,
    /// `SV_CullDistance` scalars a vertex.
    pub cull_count: usize,
    /// Cull distances; a primitive all of whose vertices are negative in one is dropped.
    pub cull: Vec<f32>,
    /// Point sizes in pixels (Direct3D 9), one a vertex, or empty for 1.
    pub point_sizes: Vec<f32>,
}

impl VertexBatch {
    /// Bytes that its contents take.
    pub fn bytes(&self) -> usize {
        let floats = self.clip.len() + self.cull.len() + self.point_sizes.len();
        size_of_val(&self.positions[..]) + 4 * (self.attributes.len() + floats)
    }

    /// The words of one vertex.
    pub fn vertex(&self, index: u32) -> &[u32] {
        &self.attributes[index as usize * self.words..][..self.words]
    }
}

/// What a list of primitives consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum PrimitiveKind {
    #[default]
    Points,
    Lines,
    Triangles,
}

impl PrimitiveKind {
    /// Vertices a primitive.
    pub const fn vertices(self) -> usize {
        match self {
            Self::Points => 1,
            Self::Lines => 2,
            Self::Triangles => 3,
        }
    }
}

/// Primitives over a [`VertexBatch`], in submission order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PrimitiveBatch {
    /// What they are.
    pub kind: PrimitiveKind,
    /// Vertex indices, `kind.vertices()` a primitive, in the order that decides the winding.
    pub indices: Vec<u32>,
    /// Which of a primitive's vertices leads (gives constant attributes), 0 but for Direct3D 9's fans.
    pub leading: u8,
    /// `SV_PrimitiveID`, one a primitive; empty counts from 0.
    pub ids: Vec<u32>,
    /// `SV_RenderTargetArrayIndex` and `SV_ViewportArrayIndex`, one pair a primitive; empty for zeros.
    pub array_indices: Vec<[u32; 2]>,
}

impl PrimitiveBatch {
    /// How many primitives there are.
    pub fn count(&self) -> usize {
        self.indices.len() / self.kind.vertices()
    }

    /// Bytes that its contents take.
    pub fn bytes(&self) -> usize {
        4 * (self.indices.len() + self.ids.len() + 2 * self.array_indices.len())
    }
}
