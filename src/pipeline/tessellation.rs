//! Hull shader, tessellator and domain shader (d3d-rules §4).

use aerogpu_dxbc::ir::SystemName;
use aerogpu_dxbc::shader::HullInfo;
use aerogpu_dxbc::signature::Signature;
use aerogpu_dxbc::{HullIo, Io, ValidatedShader};
use aerogpu_protocol::packets::PrimitiveTopology;

use super::assembly::{Shape, shape};
use super::bindings::StageBindings;
use super::link::{link_words, linked};
use super::price::Price;
use super::primitives::{Next, Primitives};
use super::shader::BoundShader;
use super::tessellator::{Domain, Tessellation, TessellatorOutput, tessellate};
use crate::budget::Budget;
use crate::cycles::Work;
use crate::executor::Failure;
use crate::limits;

/// A hull and a domain shader, wired to the stage before them and to each other.
#[derive(Debug)]
pub struct TessellationStage<'a> {
    hull: &'a ValidatedShader,
    info: &'a HullInfo,
    hull_bindings: &'a StageBindings,
    domain: &'a ValidatedShader,
    domain_bindings: &'a StageBindings,
    /// Registers and components of the patch constants that hold the tessellator's factors, in its order.
    factors: [Option<(usize, usize)>; 6],
    /// From a shaded vertex to an input control point.
    input_links: Vec<Option<u16>>,
    /// From an output control point to the domain shader's.
    point_links: Vec<Option<u16>>,
    /// From the hull shader's patch constants to the domain shader's.
    constant_links: Vec<Option<u16>>,
    /// Of the hull and of the domain shader.
    prices: [Price; 2],
    budget: &'a Budget,
}

/// Patches whose points are shaded together.
#[derive(Default)]
struct Group {
    /// Output control points and constants of the patches, one behind the other.
    control_points: Vec<[u32; 4]>,
    constants: Vec<[u32; 4]>,
    /// The number of each patch.
    patches: Vec<u32>,
    /// Patch (position in `patches`) and place of each point.
    points: Vec<(usize, [f32; 3])>,
    indices: Vec<u32>,
    ids: Vec<u32>,
}

impl<'a> TessellationStage<'a> {
    /// `None` unless these are a hull and a domain shader.
    pub fn new(
        hull: &'a BoundShader,
        domain: &'a BoundShader,
        producer: &Signature,
        budget: &'a Budget,
    ) -> Option<Self> {
        let (hull_bindings, domain_bindings) = (&hull.bindings, &domain.bindings);
        let (hull, domain) = (hull.program(), domain.program());
        let (from, to) = (hull.signatures(), domain.signatures());
        let info = hull.hull()?;
        domain.domain()?;
        Some(Self {
            hull,
            info,
            hull_bindings,
            domain,
            domain_bindings,
            factors: factor_places(info),
            input_links: link_words(producer, &from.inputs, hull.input_registers()),
            point_links: link_words(&from.outputs, &to.inputs, domain.input_registers()),
            prices: [Price::new(hull, hull_bindings), Price::new(domain, domain_bindings)],
            constant_links: link_words(&from.patch_constants, &to.patch_constants, domain.patch_registers()),
            budget,
        })
    }

    /// Tessellates patches in order and hands on shaded points and the primitives over them. Every primitive carries the
    /// number of its patch (§4.9).
    pub fn run(&self, patches: &Primitives, work: &mut Work, next: &mut Next<'_>) -> Result<(), Failure> {
        let mut group = Group::default();
        let mut tessellation = Tessellation::default();
        let mut io = HullIo::default();
        for first in (0..patches.count()).step_by(limits::HULL_BATCH) {
            io.reset((patches.count() - first).min(limits::HULL_BATCH), self.hull.input_vectors());
            for number in 0..io.patches {
                self.fill_patch(patches, first + number, &mut io, number);
            }
            self.budget.run_hull(self.hull, self.hull_bindings, &mut io)?;
            work.hs_invocations += io.patches as u64;
            let invocations = io.patches * self.info.output_points.max(1);
            work.vs_alu_slots += self.prices[0].vertices(invocations as u64, &io.turns);
            for number in 0..io.patches {
                self.add_patch(&io, number, &mut tessellation, &mut group);
                if group.points.len() >= limits::VERTEX_BATCH || first + number + 1 == patches.count() {
                    let group = std::mem::take(&mut group);
                    work.ds_invocations += group.points.len() as u64;
                    next(self.shade(group, work)?, work)?;
                }
            }
        }
        Ok(())
    }

    /// Gives a patch its number and its control points.
    fn fill_patch(&self, patches: &Primitives, patch: usize, io: &mut HullIo, number: usize) {
        io.primitive_id[number] = patches.id(patch);
        let vectors = self.hull.input_vectors();
        let inputs = io.inputs[number * vectors..][..vectors].as_flattened_mut();
        let words = patches.corners(patch).flat_map(|vertex| linked(&self.input_links, vertex));
        inputs.iter_mut().zip(words).for_each(|(input, word)| *input = word);
    }

    /// Tessellates a patch of which the hull shader has run.
    fn add_patch(&self, io: &HullIo, number: usize, tessellation: &mut Tessellation, group: &mut Group) {
        let constants = of_patch(&io.patch_constants, self.hull.patch_registers(), number);
        let factors = self.factors.map(|place| {
            let (register, component) = place?;
            Some(f32::from_bits(constants.get(register)?[component]))
        });
        // A factor that nobody writes is 0: as an edge it culls.
        let factors = factors.map(Option::unwrap_or_default);
        let HullInfo { domain, partitioning, output: primitive, .. } = *self.info;
        tessellate(domain, partitioning, primitive, &factors, tessellation);
        if tessellation.points.is_empty() {
            return;
        }
        let (first, slot) = (group.points.len() as u32, group.patches.len());
        group.points.extend(tessellation.points.iter().map(|&point| (slot, point)));
        group.indices.extend(tessellation.indices.iter().map(|index| first + index));
        let id = io.primitive_id[number];
        group.ids.resize(group.indices.len() / output_shape(self.info).vertices, id);
        group.control_points.extend(of_patch(&io.control_points, self.point_vectors(), number));
        group.constants.extend(constants);
        group.patches.push(id);
    }

    /// Vectors of a patch's output control points.
    fn point_vectors(&self) -> usize {
        self.info.output_points * self.hull.output_registers()
    }

    /// Runs the domain shader for every point of a group.
    fn shade(&self, group: Group, work: &mut Work) -> Result<Primitives, Failure> {
        let domain = self.domain;
        self.budget.spend(group.points.len() as u64 * limits::VERTEX_COST)?;
        self.budget.spend(group.ids.len() as u64 * limits::PRIMITIVE_COST)?;
        let registers = domain.output_registers();
        let mut vertices = Vec::with_capacity(group.points.len() * registers * 4);
        let mut io = Io::default();
        for batch in group.points.chunks(limits::DOMAIN_BATCH) {
            io.reset(batch.len(), domain.input_vectors(), domain.patch_registers(), registers);
            for (lane, &(slot, point)) in batch.iter().enumerate() {
                self.fill(&group, slot, &mut io, lane);
                io.domain_point[lane] = point.map(f32::to_bits);
                io.primitive_id[lane] = group.patches[slot];
            }
            self.budget.run(domain, self.domain_bindings, &mut io, limits::SHADER_BUDGET)?;
            work.vs_alu_slots += self.prices[1].vertices(batch.len() as u64, &io.turns);
            for lane in 0..batch.len() {
                (0..registers).for_each(|register| vertices.extend(io.outputs.vector(lane, register)));
            }
        }
        let shape = output_shape(self.info);
        Ok(Primitives { words: registers * 4, vertices, shape, indices: group.indices, ids: group.ids })
    }

    /// Fills control points and patch constants of a lane.
    fn fill(&self, group: &Group, slot: usize, io: &mut Io, lane: usize) {
        let words = (self.hull.output_registers() * 4).max(1);
        let points = of_patch(&group.control_points, self.point_vectors(), slot);
        let rows = points.as_flattened().chunks_exact(words);
        let rows = rows.flat_map(|point| linked(&self.point_links, point));
        for (row, word) in rows.take(io.inputs.len()).enumerate() {
            io.inputs.row_mut(row)[lane] = word;
        }
        let constants = of_patch(&group.constants, self.hull.patch_registers(), slot);
        for (row, word) in linked(&self.constant_links, constants.as_flattened()).enumerate() {
            io.patch_constants.row_mut(row)[lane] = word;
        }
    }
}

/// The vectors of one patch, of which each has so many.
fn of_patch(vectors: &[[u32; 4]], each: usize, patch: usize) -> &[[u32; 4]] {
    &vectors[patch * each..][..each]
}

/// What the tessellator of a hull shader gives.
pub fn output_shape(info: &HullInfo) -> Shape {
    shape(match (info.domain, info.output) {
        (_, TessellatorOutput::Point) => PrimitiveTopology::PointList,
        (Domain::Isoline, _) => PrimitiveTopology::LineList,
        _ => PrimitiveTopology::TriangleList,
    })
}

/// Where the hull shader writes the factors, in the order that [`tessellate`] takes them.
fn factor_places(info: &HullInfo) -> [Option<(usize, usize)>; 6] {
    use SystemName as N;
    let names: &[SystemName] = match info.domain {
        Domain::Isoline => &[N::LineDensity, N::LineDetail],
        Domain::Triangle => &[N::TriEdgeU0, N::TriEdgeV0, N::TriEdgeW0, N::TriInside],
        Domain::Quad => {
            &[N::QuadEdgeU0, N::QuadEdgeV0, N::QuadEdgeU1, N::QuadEdgeV1, N::QuadInsideU, N::QuadInsideV]
        }
    };
    std::array::from_fn(|i| {
        let name = *names.get(i)?;
        let place = info.factors.iter().find(|factor| factor.name == Some(name))?;
        Some((place.register as usize, place.mask.trailing_zeros().min(3) as usize))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aerogpu_protocol::packets::ShaderStage;

    /// One control point, whose x is the factor of every edge and of the inside.
    const HULL: &str = "
        .input POINT 0 v0.x float
        .output PLACE 0 o0.xyzw float
        .patch SV_TessFactor 0 p0.x float quad_edge
        .patch SV_TessFactor 1 p1.x float quad_edge
        .patch SV_TessFactor 2 p2.x float quad_edge
        .patch SV_TessFactor 3 p3.x float quad_edge
        .patch SV_InsideTessFactor 0 p4.x float quad_inside
        .patch SV_InsideTessFactor 1 p5.x float quad_inside
        .patch NOTE 0 p6.xy uint
        hs_5_0
        hs_decls
        dcl_input_control_point_count 1
        dcl_output_control_point_count 1
        dcl_tessellator_domain domain_quad
        dcl_tessellator_partitioning partitioning_integer
        dcl_tessellator_output_primitive output_triangle_cw
        hs_control_point_phase
        dcl_input v[1][0].x
        dcl_output o0.xyzw
        add o0.xyzw, v[0][0].xxxx, l(0.0, 1.0, 2.0, 3.0)
        ret
        hs_fork_phase
        dcl_input vicp[1][0].x
        dcl_output_siv o0.x, finalQuadUeq0EdgeTessFactor
        dcl_output_siv o1.x, finalQuadVeq0EdgeTessFactor
        dcl_output_siv o2.x, finalQuadUeq1EdgeTessFactor
        dcl_output_siv o3.x, finalQuadVeq1EdgeTessFactor
        dcl_output_siv o4.x, finalQuadUInsideTessFactor
        dcl_output_siv o5.x, finalQuadVInsideTessFactor
        dcl_output o6.xy
        mov o0.x, vicp[0][0].x
        mov o1.x, vicp[0][0].x
        mov o2.x, vicp[0][0].x
        mov o3.x, vicp[0][0].x
        mov o4.x, vicp[0][0].x
        mov o5.x, vicp[0][0].x
        mov o6.y, vPrim.x
        ret";

    /// (u, v, the control point's z, the patch's number from both shaders).
    const DOMAIN: &str = "
        .input PLACE 0 v0.xyzw float
        .patch NOTE 0 p3.xy uint
        .output RESULT 0 o0.xyzw float
        ds_5_0
        dcl_input_control_point_count 1
        dcl_tessellator_domain domain_quad
        dcl_input vDomain.xy
        dcl_input vPrim
        dcl_input vicp[1][0].xyzw
        dcl_input vpc3.xy
        dcl_output o0.xyzw
        mov o0.xy, vDomain.xyxx
        mov o0.z, vicp[0][0].z
        iadd o0.w, vpc3.y, vPrim.x
        ret";

    fn run(factors: &[f32]) -> (Vec<Primitives>, Work) {
        let hull = BoundShader::assemble(ShaderStage::Hull, HULL);
        let domain = BoundShader::assemble(ShaderStage::Domain, DOMAIN);
        let budget = Budget::new(1 << 24);
        let point = aerogpu_dxbc::signature::SignatureElement {
            name: "POINT".into(),
            register: Some(0),
            mask: 0b1,
            ..Default::default()
        };
        let stage = TessellationStage::new(&hull, &domain, &Signature { elements: vec![point] }, &budget);
        let stage = stage.expect("hull and domain shader");
        let patches = Primitives {
            vertices: factors.iter().flat_map(|f| [f.to_bits(), 0, 0, 0]).collect(),
            indices: (0..factors.len() as u32).collect(),
            ..Primitives::empty(4, shape(PrimitiveTopology::PatchList(1)))
        };
        let (mut work, mut out) = (Work::default(), Vec::new());
        let mut next = |primitives, _: &mut Work| {
            out.push(primitives);
            Ok(())
        };
        stage.run(&patches, &mut work, &mut next).expect("runs");
        (out, work)
    }

    #[test]
    fn patches_of_factors_one_and_two() {
        let (out, work) = run(&[1.0, -1.0, 2.0]);
        let [out] = &out[..] else { panic!("one group, not {}", out.len()) };
        let vertex = |u: f32, v: f32, z: f32, id: u32| [u.to_bits(), v.to_bits(), z.to_bits(), 2 * id];
        let corners = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
        let border = [[0, 2], [0, 1], [0, 0], [1, 0], [2, 0], [2, 1], [2, 2], [1, 2], [1, 1]];
        let first = corners.map(|[u, v]| vertex(u, v, 3.0, 0));
        let second = border.map(|[u, v]| vertex(u as f32 / 2.0, v as f32 / 2.0, 4.0, 2));
        assert_eq!(out.vertices, [first.as_flattened(), second.as_flattened()].concat());
        let fan: Vec<u32> = (0..8).flat_map(|i| [4 + i, 4 + (i + 1) % 8, 12]).collect();
        assert_eq!(out.indices, [&[0, 1, 3, 1, 2, 3][..], &fan].concat());
        assert_eq!(out.ids, [0, 0, 2, 2, 2, 2, 2, 2, 2, 2], "the culled patch has a number too");
        assert_eq!((work.hs_invocations, work.ds_invocations), (3, 13));
    }

    #[test]
    fn many_points_are_handed_on_in_groups() {
        let (out, work) = run(&[64.0, 64.0, 64.0, 64.0, 1.0]);
        let counts: Vec<_> = out.iter().map(|p| (p.vertices.len() / 4, p.count())).collect();
        // One patch is less than a batch of vertices, two are more.
        assert_eq!(counts, [(2 * 65 * 65, 4 * 64 * 64), (2 * 65 * 65, 4 * 64 * 64), (4, 2)]);
        assert_eq!(work.ds_invocations, 4 * 65 * 65 + 4);
        assert_eq!(out[2].ids, [4, 4]);
    }
}
