//! Small draws that have everything in common but their numbers: one run of the vertex shader serves many of them.
//!
//! Nobody can tell. Vertices and primitives are what they would be draw by draw, and so is what each draw costs and counts:
//! that is settled one after the other, when all are shaded.

use std::ops::Range;
use std::sync::Arc;

use aerogpu_dxbc::Io;
use aerogpu_protocol::packets::PrimitiveTopology;
use aerogpu_raster::primitive::{PrimitiveBatch, VertexBatch};

use super::assembly::shape;
use super::draw::{Counts, Draw, Reads};
use super::input::VertexFetch;
use super::price::Price;
use super::primitives::RasterLink;
use super::windows::{Assembly, Positions};
use crate::budget::{Budget, Spent};
use crate::cycles::Work;
use crate::limits;

/// Shades small draws together. It keeps its memory.
#[derive(Debug, Default)]
pub struct Together {
    assembly: Assembly,
    io: Io,
    /// The draws that were shaded last, in order.
    parts: Vec<Part>,
}

/// One of the draws.
#[derive(Debug, Clone)]
pub struct Part {
    counts: Counts,
    /// Vertices of an instance between strip cuts, and those that the modelled GPU shades.
    vertices: u64,
    shaded: u64,
    /// Vertices in the window.
    lanes: u64,
    /// Its primitives.
    pub primitives: Range<usize>,
}

/// Draws that are shaded.
#[derive(Debug)]
pub struct Shaded<'a> {
    /// Vertices of all of them.
    pub vertices: Arc<VertexBatch>,
    /// Primitives of all of them.
    pub primitives: Arc<PrimitiveBatch>,
    /// Each of them.
    pub parts: &'a [Part],
    reads: Reads,
    /// What the vertex shader takes for a lane.
    instructions: u64,
}

/// Whether a draw of these counts has few enough vertices.
pub fn is_small(counts: &Counts) -> bool {
    u64::from(counts.count) * u64::from(counts.instances) <= limits::SMALL_DRAW
}

/// What the vertex shader takes for a lane, if draws like this one can be shaded together: without stages between it and the
/// rasterizer, and if nothing is made of single vertices after it.
fn instructions(draw: &Draw) -> Option<u64> {
    let optional = &draw.optional;
    let alone = optional.hull.is_some() || optional.domain.is_some() || optional.geometry.is_some();
    let points = draw.topology == PrimitiveTopology::PointList && draw.direct3d9.is_some();
    draw.vertex.program().fixed_instructions().filter(|_| !alone && !points)
}

/// Whether draws like this one can be shaded together.
pub fn serves(draw: &Draw) -> bool {
    instructions(draw).is_some()
}

impl Together {
    /// Shades the first of these draws, as many as fit; `None` when they must be drawn one by one.
    pub fn shade(
        &mut self,
        draw: &Draw,
        all: impl Iterator<Item = Counts>,
        budget: &Budget,
    ) -> Option<Shaded<'_>> {
        let instructions = instructions(draw)?;
        self.assemble(draw, all);
        let Self { assembly, io, parts } = self;
        let shader = draw.vertex.program();
        let lanes = assembly.vertices.len();
        let within = instructions.checked_mul(lanes as u64)? <= budget.left().min(limits::SHADER_BUDGET);
        if lanes == 0 || !within {
            return None;
        }
        let (inputs, outputs) = (shader.input_registers(), shader.output_registers());
        io.reset(lanes, inputs, 0, outputs);
        let signatures = shader.signatures();
        let fetch = VertexFetch::new(draw.layout.as_deref(), &signatures.inputs, &draw.streams);
        fetch.fetch(&mut io.inputs, &assembly.vertices, parts.first()?.counts.first_instance);
        budget.engine().run(shader, &draw.vertex.bindings, io, instructions).ok()?;
        let shape = shape(draw.topology);
        let primitives = assembly.take_primitives(shape, &io.outputs, outputs * 4, lanes);
        let (mut vertices, mut primitives) = RasterLink::new(&signatures.outputs).batches(primitives)?;
        if let Some(rules) = &draw.direct3d9 {
            (vertices, primitives) = rules.apply(vertices, primitives);
        }
        let reads = Reads::new(draw, &fetch, &Price::new(shader, &draw.vertex.bindings));
        let (vertices, primitives) = (Arc::new(vertices), Arc::new(primitives));
        Some(Shaded { vertices, primitives, parts, reads, instructions })
    }

    /// Assembles draws while there is room, and while they start with the same instance.
    fn assemble(&mut self, draw: &Draw, all: impl Iterator<Item = Counts>) {
        let Self { assembly, parts, .. } = self;
        assembly.clear();
        parts.clear();
        let corners = shape(draw.topology).vertices;
        for counts in all {
            let most = counts.count as usize * counts.instances as usize;
            let full = assembly.vertices.len() + most * corners > limits::VERTEX_BATCH
                || assembly.primitives() + most > limits::PRIMITIVE_BATCH;
            let same = parts.first().is_none_or(|p: &Part| p.counts.first_instance == counts.first_instance);
            if !is_small(&counts) || full || !same {
                break;
            }
            let (positions, first) = (Positions::new(draw, counts), assembly.primitives());
            assembly.next_draw();
            let mut vertices = 0;
            for window in positions.windows() {
                vertices += window.vertices;
                assembly.append(&positions, &window);
            }
            parts.push(Part {
                counts,
                vertices: vertices / u64::from(counts.instances),
                shaded: positions.shaded_vertices(),
                lanes: assembly.own_vertices() as u64,
                primitives: first..assembly.primitives(),
            });
        }
    }
}

impl Shaded<'_> {
    /// Takes what a draw costs, and counts what it does, as [`draw::run`](super::draw::run) would before its primitives are queued.
    pub fn settle(&self, part: &Part, budget: &Budget, work: &mut Work) -> Result<(), Spent> {
        work.draws += 1;
        for _ in 0..part.counts.instances {
            budget.spend(part.counts.count.into())?;
            self.reads.count(1, part.counts.count, part.shaded, work);
            work.ia_vertices += part.vertices;
            work.vs_invocations += part.vertices;
        }
        let primitives = part.primitives.len() as u64;
        if primitives == 0 {
            return Ok(());
        }
        budget.spend(part.lanes * limits::VERTEX_COST + primitives * limits::PRIMITIVE_COST)?;
        budget.spend_run(part.lanes, self.instructions, limits::SHADER_BUDGET)?;
        work.ia_primitives += primitives;
        Ok(())
    }
}
