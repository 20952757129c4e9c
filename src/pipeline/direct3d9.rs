//! What Direct3D 9 does to primitives between the vertex shader and the rasterizer: leading vertices of fans, sizes of
//! points, point sprites (d3d-rules §17.1.7 and §17.2).

use std::borrow::Cow;

use aerogpu_dxbc::ValidatedShader;
use aerogpu_dxbc::signature::{Signature, SignatureElement};
use aerogpu_protocol::packets::PrimitiveTopology;
use aerogpu_raster::primitive::{PrimitiveBatch, PrimitiveKind, VertexBatch};

/// The states of points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PointState {
    /// Size in pixels of vertices that have none.
    pub size: f32,
    /// Least size.
    pub min: f32,
    /// Greatest size.
    pub max: f32,
    /// Factors of the distance that shrinks points of the fixed pipeline, powers 0 to 2.
    pub scale: Option<[f32; 3]>,
    /// Texture coordinates run over each point.
    pub sprites: bool,
    /// Width and height of the viewport.
    pub viewport: [f32; 2],
}

/// The rules for one draw.
#[derive(Debug, Clone)]
pub struct Direct3d9Rules {
    topology: PrimitiveTopology,
    points: PointState,
    /// The word of a vertex with its size.
    size_word: Option<usize>,
    /// Output registers of the vertex shader.
    registers: usize,
}

impl Direct3d9Rules {
    /// The rules for what a vertex shader gives.
    pub fn new(topology: PrimitiveTopology, vertex: &ValidatedShader, points: PointState) -> Self {
        let size = vertex.signatures().outputs.find("PSIZE", 0);
        let size_word = size.and_then(|e| Some(e.register? as usize * 4 + e.mask.trailing_zeros() as usize));
        Self { topology, points, size_word, registers: vertex.output_registers() }
    }

    fn has_sprites(&self) -> bool {
        self.points.sprites && self.topology == PrimitiveTopology::PointList
    }

    /// What the pixel shader finds: the coordinates of sprites lie in a register of their own, whatever their number.
    pub fn rasterized<'a>(&self, outputs: &'a Signature) -> Cow<'a, Signature> {
        const SETS: u32 = 16;
        if !self.has_sprites() {
            return Cow::Borrowed(outputs);
        }
        let others = outputs.elements.iter().filter(|e| !e.name.eq_ignore_ascii_case("TEXCOORD")).cloned();
        let sprite = |index| SignatureElement {
            name: "TEXCOORD".into(),
            index,
            register: Some(self.registers as u32),
            mask: 0xf,
            ..SignatureElement::default()
        };
        Cow::Owned(Signature { elements: others.chain((0..SETS).map(sprite)).collect() })
    }

    /// Primitives as the rasterizer takes them.
    pub fn apply(
        &self,
        mut vertices: VertexBatch,
        mut primitives: PrimitiveBatch,
    ) -> (VertexBatch, PrimitiveBatch) {
        if self.topology == PrimitiveTopology::TriangleFan {
            primitives.leading = 1;
        }
        if primitives.kind != PrimitiveKind::Points {
            return (vertices, primitives);
        }
        vertices.point_sizes = (0..vertices.positions.len()).map(|v| self.size(&vertices, v)).collect();
        if self.has_sprites() { self.sprites(&vertices, &primitives) } else { (vertices, primitives) }
    }

    /// The size of a point. The distance to the eye is taken for w, the depth along the view.
    fn size(&self, vertices: &VertexBatch, v: usize) -> f32 {
        let points = &self.points;
        let own = self.size_word.and_then(|word| vertices.attributes.get(v * vertices.words + word));
        let mut size = own.map_or(points.size, |&bits| f32::from_bits(bits));
        if let Some([a, b, c]) = points.scale {
            let distance = vertices.positions[v][3];
            let attenuation = a + b * distance + c * distance * distance;
            size = points.viewport[1] * size * (1.0 / attenuation).sqrt();
        }
        if size < points.min {
            points.min
        } else if size > points.max {
            points.max
        } else {
            size
        }
    }

    /// Points as squares of two clockwise triangles, with the sprite's coordinates behind the other words.
    fn sprites(&self, points: &VertexBatch, primitives: &PrimitiveBatch) -> (VertexBatch, PrimitiveBatch) {
        const CORNERS: [[f32; 2]; 4] = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]];
        let [width, height] = self.points.viewport;
        let mut vertices = VertexBatch { words: points.words + 4, ..VertexBatch::default() };
        let (mut indices, mut ids) = (Vec::new(), Vec::new());
        for (i, &v) in primitives.indices.iter().enumerate() {
            let ([x, y, z, w], size) = (points.positions[v as usize], points.point_sizes[v as usize]);
            // What lies behind the eye, and what has no size, is nowhere.
            if !(w > 0.0 && size > 0.0) {
                continue;
            }
            let first = vertices.positions.len() as u32;
            for [u, v_coordinate] in CORNERS {
                let across = (2.0 * u - 1.0) * size / width * w;
                let up = (1.0 - 2.0 * v_coordinate) * size / height * w;
                vertices.positions.push([x + across, y + up, z, w]);
                vertices.attributes.extend(points.vertex(v));
                vertices.attributes.extend([u, v_coordinate, 0.0, 0.0].map(f32::to_bits));
            }
            indices.extend([0, 1, 2, 2, 1, 3].map(|corner| first + corner));
            let id = primitives.ids.get(i).copied().unwrap_or(i as u32);
            ids.extend([id, id]);
        }
        let kind = PrimitiveKind::Triangles;
        (vertices, PrimitiveBatch { kind, indices, leading: 0, ids, array_indices: Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(topology: PrimitiveTopology, points: PointState) -> Direct3d9Rules {
        Direct3d9Rules { topology, points, size_word: Some(4), registers: 2 }
    }

    const POINTS: PointState =
        PointState { size: 4.0, min: 2.0, max: 16.0, scale: None, sprites: false, viewport: [64.0, 32.0] };

    /// Vertices of two registers; the second one starts with the size.
    fn vertices(sizes: &[f32]) -> VertexBatch {
        VertexBatch {
            positions: vec![[0.5, -0.25, 0.0, 2.0]; sizes.len()],
            words: 8,
            attributes: sizes.iter().flat_map(|s| [0, 0, 0, 0, s.to_bits(), 7, 8, 9]).collect(),
            ..VertexBatch::default()
        }
    }

    fn primitives(kind: PrimitiveKind, count: u32) -> PrimitiveBatch {
        let indices = (0..count).collect();
        PrimitiveBatch { kind, indices, leading: 0, ids: vec![], array_indices: vec![] }
    }

    #[test]
    fn sizes_are_clamped_and_shrink_with_the_distance() {
        let list = PrimitiveTopology::PointList;
        let sizes = |points| {
            let (vertices, _) = rules(list, points)
                .apply(vertices(&[1.0, 8.0, 99.0, f32::NAN]), primitives(PrimitiveKind::Points, 4));
            vertices.point_sizes
        };
        let plain = sizes(POINTS);
        assert_eq!(plain[..3], [2.0, 8.0, 16.0]);
        assert!(plain[3].is_nan());
        // 32 * 1 * sqrt(1 / (4 * 2^2)) = 8.
        let scaled = sizes(PointState { scale: Some([0.0, 0.0, 4.0]), ..POINTS });
        assert_eq!(scaled[..2], [8.0, 16.0]);
        let none = Direct3d9Rules { size_word: None, ..rules(list, POINTS) };
        let (vertices, _) = none.apply(vertices(&[9.0]), primitives(PrimitiveKind::Points, 1));
        assert_eq!(vertices.point_sizes, [4.0]);
    }

    #[test]
    fn sprites_are_squares_with_coordinates() {
        let rules = rules(PrimitiveTopology::PointList, PointState { sprites: true, ..POINTS });
        let (vertices, primitives) = rules.apply(vertices(&[8.0]), primitives(PrimitiveKind::Points, 1));
        assert_eq!(primitives.indices, [0, 1, 2, 2, 1, 3]);
        assert_eq!(primitives.ids, [0, 0]);
        // 8 pixels of 64 are 1/8 of the width: 0.125 times w to either side.
        assert_eq!(vertices.positions[0], [0.25, 0.25, 0.0, 2.0]);
        assert_eq!(vertices.positions[3], [0.75, -0.75, 0.0, 2.0]);
        let one = 1.0f32.to_bits();
        assert_eq!(vertices.vertex(1)[5..], [7, 8, 9, one, 0, 0, 0]);
        let outputs = Signature::default();
        let texcoord = rules.rasterized(&outputs);
        assert_eq!(texcoord.find("TEXCOORD", 3).and_then(|e| e.register), Some(2));
    }

    #[test]
    fn the_second_vertex_of_a_fan_s_triangle_leads() {
        let (_, fan) = rules(PrimitiveTopology::TriangleFan, POINTS)
            .apply(vertices(&[1.0; 3]), primitives(PrimitiveKind::Triangles, 3));
        assert_eq!(fan.leading, 1);
    }
}
