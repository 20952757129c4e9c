//! Shaded vertices and the primitives over them: what one geometry stage hands to the next, and the last to the rasterizer.

use aerogpu_dxbc::Rows;
use aerogpu_dxbc::signature::Signature;
use aerogpu_dxbc::simd::Level;
use aerogpu_raster::front::is_outside;
use aerogpu_raster::primitive::{PrimitiveBatch, PrimitiveKind, VertexBatch};
use smallvec::SmallVec;

use super::assembly::Shape;
use super::link::{system_value, system_words};
use crate::cycles::Work;
use crate::executor::Failure;

/// What a geometry stage takes and gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Primitives {
    /// Words a vertex: the output registers of the stage that made it.
    pub words: usize,
    /// The vertices, one behind the other.
    pub vertices: Vec<u32>,
    /// What the primitives are.
    pub shape: Shape,
    /// Positions of vertices, `shape.vertices` a primitive.
    pub indices: Vec<u32>,
    /// `SV_PrimitiveID`, one a primitive; empty counts from 0.
    pub ids: Vec<u32>,
}

/// Where a stage's primitives go.
pub type Next<'a> = dyn FnMut(Primitives, &mut Work) -> Result<(), Failure> + 'a;

impl Primitives {
    /// No primitives of a shape over no vertices of so many words.
    pub fn empty(words: usize, shape: Shape) -> Self {
        Self { words, vertices: Vec::new(), shape, indices: Vec::new(), ids: Vec::new() }
    }

    /// How many primitives there are.
    pub fn count(&self) -> usize {
        self.indices.len() / self.shape.vertices
    }

    /// The words of each vertex of a primitive.
    pub fn corners(&self, primitive: usize) -> impl Iterator<Item = &[u32]> {
        let indices = &self.indices[primitive * self.shape.vertices..][..self.shape.vertices];
        indices.iter().map(|&index| self.vertex(index))
    }

    /// The words of a vertex.
    pub fn vertex(&self, index: u32) -> &[u32] {
        &self.vertices[index as usize * self.words..][..self.words]
    }

    /// `SV_PrimitiveID` of a primitive.
    pub fn id(&self, primitive: usize) -> u32 {
        self.ids.get(primitive).copied().unwrap_or(primitive as u32)
    }
}

/// Where the rasterizer finds what it needs in the words of a vertex.
#[derive(Debug)]
pub struct RasterLink {
    position: SmallVec<[usize; 4]>,
    clip: SmallVec<[usize; 4]>,
    cull: SmallVec<[usize; 4]>,
    /// Render target array index and viewport array index.
    array: [Option<usize>; 2],
}

impl RasterLink {
    /// Reads the signature of the last geometry stage.
    pub fn new(outputs: &Signature) -> Self {
        let words = |value| system_words(outputs, value);
        let array = [system_value::RENDER_TARGET_ARRAY_INDEX, system_value::VIEWPORT_ARRAY_INDEX];
        Self {
            position: words(system_value::POSITION),
            clip: words(system_value::CLIP_DISTANCE),
            cull: words(system_value::CULL_DISTANCE),
            array: array.map(|value| words(value).first().copied()),
        }
    }

    /// Whether the rasterizer rejects every triangle over these vertices, given a row a word.
    pub fn rejects(&self, level: Level, vertices: &Rows, depth_clip: bool) -> bool {
        match self.position[..] {
            [x, y, z, w] if self.array == [None, None] => {
                is_outside(level, [x, y, z, w].map(|word| vertices.row(word)), depth_clip)
            }
            _ => false,
        }
    }

    /// The rasterizer's form of primitives; `None` for patches, which it does not know. Adjacent vertices are dropped.
    pub fn batches(&self, primitives: Primitives) -> Option<(VertexBatch, PrimitiveBatch)> {
        let shape = primitives.shape;
        let kind = match shape.own.len() {
            1 => PrimitiveKind::Points,
            2 => PrimitiveKind::Lines,
            3 => PrimitiveKind::Triangles,
            _ => return None,
        };
        let indices: Vec<u32> = if shape.own.len() == shape.vertices {
            primitives.indices
        } else {
            let whole = primitives.indices.chunks_exact(shape.vertices);
            whole.flat_map(|primitive| shape.own.iter().map(|&i| primitive[i])).collect()
        };
        let vertices = self.vertices(primitives.words, primitives.vertices);
        let array_indices = if self.array == [None, None] {
            Vec::new()
        } else {
            let leading =
                indices.chunks_exact(kind.vertices()).map(|primitive| vertices.vertex(primitive[0]));
            leading.map(|vertex| self.array.map(|word| word.map_or(0, |w| vertex[w]))).collect()
        };
        let ids = primitives.ids;
        Some((vertices, PrimitiveBatch { kind, indices, leading: 0, ids, array_indices }))
    }

    fn vertices(&self, words: usize, attributes: Vec<u32>) -> VertexBatch {
        let gather = |from: &[usize]| -> Vec<f32> {
            let vertices = attributes.chunks_exact(words.max(1));
            vertices.flat_map(|vertex| from.iter().map(|&w| f32::from_bits(vertex[w]))).collect()
        };
        let positions = match self.position[..] {
            [x, y, z, w] => {
                let position =
                    |vertex: &[u32]| [vertex[x], vertex[y], vertex[z], vertex[w]].map(f32::from_bits);
                attributes.chunks_exact(words.max(1)).map(position).collect()
            }
            // Without a position nothing can be drawn; NaN positions are discarded.
            _ => vec![[f32::NAN; 4]; attributes.len().checked_div(words).unwrap_or(0)],
        };
        VertexBatch {
            positions,
            words,
            clip_count: self.clip.len(),
            clip: gather(&self.clip),
            cull_count: self.cull.len(),
            cull: gather(&self.cull),
            point_sizes: Vec::new(),
            attributes,
        }
    }
}
