//! The geometry shader stage (d3d-rules §5).

use aerogpu_dxbc::shader::{GeometryInfo, OutputTopology};
use aerogpu_dxbc::signature::Signature;
use aerogpu_dxbc::{Emission, Io, ValidatedShader};
use aerogpu_protocol::packets::PrimitiveTopology;

use super::assembly::{assemble, shape};
use super::bindings::StageBindings;
use super::link::{link_words, linked, system_value, system_words};
use super::price::Price;
use super::primitives::{Next, Primitives};
use super::shader::BoundShader;
use crate::budget::Budget;
use crate::cycles::Work;
use crate::executor::Failure;
use crate::limits;

/// A geometry shader, wired to the stage before it.
#[derive(Debug)]
pub struct GeometryStage<'a> {
    program: &'a ValidatedShader,
    info: &'a GeometryInfo,
    bindings: &'a StageBindings,
    /// From the words of an input vertex to those of its registers here.
    links: Vec<Option<u16>>,
    /// How emitted vertices make primitives.
    topology: PrimitiveTopology,
    /// Where `SV_PrimitiveID` is written.
    id_word: Option<usize>,
    price: Price,
    budget: &'a Budget,
}

impl<'a> GeometryStage<'a> {
    /// `None` unless it is a geometry shader.
    pub fn new(bound: &'a BoundShader, producer: &Signature, budget: &'a Budget) -> Option<Self> {
        let program = bound.program();
        let info = program.geometry()?;
        // The first stream is the one that is rasterized (§5.5); nothing comes of one that is not declared.
        let topology = match info.topologies[0].unwrap_or(OutputTopology::Points) {
            OutputTopology::Points => PrimitiveTopology::PointList,
            OutputTopology::LineStrip => PrimitiveTopology::LineStrip,
            OutputTopology::TriangleStrip => PrimitiveTopology::TriangleStrip,
        };
        let outputs = rasterized_outputs(program);
        Some(Self {
            program,
            info,
            bindings: &bound.bindings,
            links: link_words(producer, &program.signatures().inputs, program.input_registers()),
            topology,
            id_word: system_words(&outputs, system_value::PRIMITIVE_ID).first().copied(),
            price: Price::new(program, &bound.bindings),
            budget,
        })
    }

    /// Runs every instance of the shader for every primitive, in order, and hands on what they emit.
    pub fn run(&self, input: &Primitives, work: &mut Work, next: &mut Next<'_>) -> Result<(), Failure> {
        let words = self.program.output_registers() * 4;
        let mut io = Io::default();
        let mut out = Primitives::empty(words, shape(self.topology));
        let instances = self.info.instances as usize;
        let invocations = input.count() * instances;
        for first in (0..invocations).step_by(limits::GEOMETRY_BATCH) {
            let lanes = (invocations - first).min(limits::GEOMETRY_BATCH);
            io.reset(lanes, self.program.input_vectors(), 0, self.program.output_registers());
            for lane in 0..lanes {
                let invocation = first + lane;
                self.fill(input, invocation / instances, &mut io, lane);
                io.gs_instance_id[lane] = (invocation % instances) as u32;
            }
            self.budget.run(self.program, self.bindings, &mut io, limits::SHADER_BUDGET)?;
            work.gs_invocations += lanes as u64;
            work.vs_alu_slots += self.price.vertices(lanes as u64, &io.turns);
            io.emissions.iter().for_each(|emissions| self.collect(emissions, &mut out));
            let last = first + lanes == invocations;
            if last || out.vertices.len() >= limits::VERTEX_BATCH * words {
                let done = std::mem::replace(&mut out, Primitives::empty(words, shape(self.topology)));
                self.budget.spend(done.count() as u64 * limits::PRIMITIVE_COST)?;
                work.gs_primitives += done.count() as u64;
                next(self.with_ids(done), work)?;
            }
        }
        Ok(())
    }

    /// Fills the inputs of a lane from a primitive.
    fn fill(&self, input: &Primitives, primitive: usize, io: &mut Io, lane: usize) {
        let rows = input.corners(primitive).flat_map(|vertex| linked(&self.links, vertex));
        for (row, word) in rows.take(io.inputs.len()).enumerate() {
            io.inputs.row_mut(row)[lane] = word;
        }
        io.primitive_id[lane] = input.id(primitive);
    }

    /// Appends what one invocation emitted to the first stream. Strips never continue into another invocation (§5.1).
    fn collect(&self, emissions: &[Emission], out: &mut Primitives) {
        let count = |out: &Primitives| out.vertices.len().checked_div(out.words).unwrap_or(0) as u32;
        let mut start = count(out);
        for emission in emissions.iter().chain([&Emission::Cut { stream: 0 }]) {
            match emission {
                Emission::Vertex { stream: 0, registers } => out.vertices.extend(registers.as_flattened()),
                Emission::Cut { stream: 0 } => {
                    let end = count(out);
                    assemble(self.topology, start, end - start, &mut out.indices);
                    start = end;
                }
                Emission::Vertex { .. } | Emission::Cut { .. } => {}
            }
        }
    }

    /// `SV_PrimitiveID` is what the leading vertex says (§5.8), and 0 when the shader does not write it.
    fn with_ids(&self, primitives: Primitives) -> Primitives {
        let leading =
            primitives.indices.chunks_exact(primitives.shape.vertices).map(|primitive| primitive[0]);
        let ids = leading.map(|v| self.id_word.map_or(0, |word| primitives.vertex(v)[word])).collect();
        Primitives { ids, ..primitives }
    }
}

/// The outputs that reach the rasterizer: those of the first stream (§5.5).
pub fn rasterized_outputs(program: &ValidatedShader) -> Signature {
    let outputs = &program.signatures().outputs.elements;
    Signature { elements: outputs.iter().filter(|e| e.stream == 0).cloned().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aerogpu_protocol::packets::ShaderStage;

    /// Runs a geometry shader over a run of vertices whose only word is 10, 11, ...
    fn run(topology: PrimitiveTopology, vertices: u32, text: &str) -> (Vec<Primitives>, Work) {
        let bound = BoundShader::assemble(ShaderStage::Geometry, text);
        let budget = Budget::new(1 << 20);
        let stage = GeometryStage::new(&bound, &Signature::default(), &budget).expect("a geometry shader");
        let words = (0..vertices).flat_map(|i| [10 + i, 0, 0, 0]).collect();
        let mut input = Primitives { vertices: words, ..Primitives::empty(4, shape(topology)) };
        assemble(topology, 0, vertices, &mut input.indices);
        let (mut work, mut out) = (Work::default(), Vec::new());
        let mut next = |primitives, _: &mut Work| {
            out.push(primitives);
            Ok(())
        };
        stage.run(&input, &mut work, &mut next).expect("runs");
        (out, work)
    }

    /// The first word of each corner of each primitive.
    fn corners(out: &[Primitives]) -> Vec<Vec<u32>> {
        let of =
            |p: &Primitives| (0..p.count()).map(|i| p.corners(i).map(|v| v[0]).collect()).collect::<Vec<_>>();
        out.iter().flat_map(of).collect()
    }

    #[test]
    fn a_strip_with_adjacency_passes_through() {
        let (out, work) = run(
            PrimitiveTopology::TriangleStripAdj,
            10,
            "gs_4_0
             dcl_inputprimitive triangleadj
             dcl_input v[6][0].x
             dcl_input vPrim
             dcl_outputtopology trianglestrip
             dcl_output o0.xyzw
             dcl_maxout 3
             mov o0.x, v[0][0].x
             mov o0.y, v[1][0].x
             mov o0.z, vPrim.x
             emit
             mov o0.x, v[2][0].x
             mov o0.y, v[3][0].x
             emit
             mov o0.x, v[4][0].x
             mov o0.y, v[5][0].x
             emit
             ret",
        );
        // The worked example of d3d-rules §3.1: own vertices, then adjacent ones.
        assert_eq!(corners(&out), [[10, 12, 14], [12, 16, 14], [14, 16, 18]]);
        let adjacent: Vec<Vec<u32>> = (0..3).map(|i| out[0].corners(i).map(|v| v[1]).collect()).collect();
        assert_eq!(adjacent, [[11, 16, 13], [15, 18, 10], [12, 19, 17]]);
        let ids: Vec<u32> =
            (0..3).flat_map(|i| out[0].corners(i).map(|v| v[2]).collect::<Vec<_>>()).collect();
        assert_eq!(ids, [0, 0, 0, 1, 1, 1, 2, 2, 2]);
        assert_eq!((work.gs_invocations, work.gs_primitives), (3, 3));
    }

    #[test]
    fn instances_follow_one_another_and_their_strips_stay_apart() {
        let (out, work) = run(
            PrimitiveTopology::PointList,
            2,
            "gs_5_0
             dcl_inputprimitive point
             dcl_input v[1][0].x
             dcl_input vGSInstanceID
             dcl_gsinstances 2
             dcl_stream m0
             dcl_outputtopology linestrip
             dcl_output o0.xyzw
             dcl_temps 1
             dcl_maxout 3
             imul null, r0.x, v[0][0].x, l(10)
             iadd o0.x, r0.x, vGSInstanceID.x
             emit_stream m0
             iadd o0.x, r0.x, l(5)
             emit_stream m0
             iadd o0.x, r0.x, l(6)
             emit_stream m0
             ret",
        );
        let expected =
            [[100, 105], [105, 106], [101, 105], [105, 106], [110, 115], [115, 116], [111, 115], [115, 116]];
        assert_eq!(corners(&out), expected);
        assert_eq!((work.gs_invocations, work.gs_primitives), (4, 8));
    }

    #[test]
    fn cuts_restart_strips_and_other_streams_are_not_drawn() {
        let emit = "mov o0.x, r0.x\n emit_stream m0\n iadd r0.x, r0.x, l(1)\n";
        let (out, work) = run(
            PrimitiveTopology::PointList,
            1,
            &format!(
                ".output SV_PrimitiveID 0 o0.x uint primitive_id
                 gs_5_0
                 dcl_inputprimitive point
                 dcl_input v[1][0].x
                 dcl_stream m0
                 dcl_outputtopology trianglestrip
                 dcl_output_siv o0.x, primitive_id
                 dcl_temps 1
                 dcl_maxout 16
                 mov r0.x, l(0)
                 {emit}{emit}cut_stream m0
                 {emit}{emit}{emit}{emit}{emit}cut_stream m0
                 {emit}{emit}{emit}
                 ret"
            ),
        );
        assert_eq!(corners(&out), [[2, 3, 4], [3, 5, 4], [4, 5, 6], [7, 8, 9]]);
        assert_eq!(out[0].ids, [2, 3, 4, 7], "the leading vertex's");
        assert_eq!(work.gs_primitives, 4);
    }
}
