//! A draw, from vertex buffers to primitives in a pass.

use std::cell::RefCell;
use std::sync::Arc;

use aerogpu_dxbc::scalar::{self, ExecutionError};
use aerogpu_dxbc::{Io, ValidatedShader};
use aerogpu_protocol::packets::PrimitiveTopology;
use aerogpu_raster::pass::DrawState;
use rustc_hash::FxHashMap;

use super::assembly::{assemble, shape};
use super::input::{DxgiLayout, VertexFetch, VertexId, VertexStream};
use super::primitives::Primitives;
use super::shader::BoundShader;
use super::stages::{OptionalShaders, Queue, Stages};
use crate::backend::Statistics;
use crate::executor::Failure;
use crate::limits;

/// The indices of an indexed draw.
#[derive(Debug, Clone)]
pub struct IndexStream {
    /// The buffer.
    pub words: Arc<Vec<u32>>,
    /// Size of the buffer in bytes.
    pub size: u64,
    /// Bytes to the first index.
    pub offset: u32,
    /// Bytes of an index, 2 or 4.
    pub width: u32,
    /// Added to an index before the vertex is fetched.
    pub base_vertex: i32,
}

/// Everything that a draw needs, as it was when the draw was recorded.
#[derive(Debug)]
pub struct Draw {
    /// How vertices make primitives.
    pub topology: PrimitiveTopology,
    /// Vertices (or indices) an instance.
    pub count: u32,
    /// Instances.
    pub instances: u32,
    /// First vertex (or index).
    pub first: u32,
    /// First instance.
    pub first_instance: u32,
    /// Indices, unless vertices are drawn in order.
    pub indices: Option<IndexStream>,
    /// Vertex buffer slots.
    pub streams: Vec<VertexStream>,
    /// Input layout.
    pub layout: Option<DxgiLayout>,
    /// Vertex shader.
    pub vertex: BoundShader,
    /// Hull, domain and geometry shader.
    pub optional: OptionalShaders,
    /// Fixed-function state and the pixel shader.
    pub state: Arc<DrawState>,
}

thread_local! {
    static IO: RefCell<Io> = RefCell::new(Io::default());
}

impl Draw {
    /// The raw index at position `i`; outside the buffer it is 0 (d3d-rules §3.7).
    fn index(&self, indices: &IndexStream, i: u64) -> u32 {
        let width = u64::from(indices.width);
        let start = u64::from(indices.offset) + (u64::from(self.first) + i) * width;
        if start + width > indices.size {
            return 0;
        }
        let bytes: &[u8] = bytemuck::cast_slice(&indices.words);
        let at = start as usize;
        match indices.width {
            2 => u32::from(u16::from_le_bytes([bytes[at], bytes[at + 1]])),
            _ => u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]),
        }
    }

    /// The vertices of an instance, in order; `None` is a strip cut.
    fn vertices(&self) -> impl Iterator<Item = Option<VertexId>> + '_ {
        (0..self.count).map(|i| match &self.indices {
            None => Some(VertexId { index: i64::from(self.first) + i64::from(i), vertex_id: i }),
            Some(indices) => {
                let raw = self.index(indices, i.into());
                // Every topology restarts, lists too (d3d-rules §3.3).
                let cut = if indices.width == 2 { 0xffff } else { u32::MAX };
                let index = i64::from(raw) + i64::from(indices.base_vertex);
                (raw != cut).then_some(VertexId { index, vertex_id: raw })
            }
        })
    }
}

/// The vertices of one instance: which are shaded, and which primitives they make.
#[derive(Debug, Default)]
struct Assembled {
    /// Each distinct vertex once.
    vertices: Vec<VertexId>,
    /// Positions in `vertices`, `shape.vertices` a primitive.
    primitives: Vec<u32>,
    /// Vertices that the input assembler read.
    read: u64,
}

fn assemble_instance(draw: &Draw) -> Assembled {
    let mut assembled = Assembled::default();
    let mut order = Vec::with_capacity(draw.count as usize);
    let mut seen = FxHashMap::default();
    let mut run = 0;
    for vertex in draw.vertices().chain([None]) {
        let Some(id) = vertex else {
            let len = order.len() - run;
            assemble(draw.topology, run as u32, len as u32, &mut assembled.primitives);
            run = order.len();
            continue;
        };
        let next = assembled.vertices.len() as u32;
        // Without indices every vertex is distinct.
        let at = if draw.indices.is_some() { *seen.entry(id.vertex_id).or_insert(next) } else { next };
        if at == next {
            assembled.vertices.push(id);
        }
        order.push(at);
    }
    for position in &mut assembled.primitives {
        *position = order[*position as usize];
    }
    assembled.read = order.len() as u64;
    assembled
}

/// Shades the vertices of one instance into `words` words each.
fn shade_vertices(
    draw: &Draw,
    shader: &ValidatedShader,
    fetch: &VertexFetch<'_>,
    vertices: &[VertexId],
    instance: u32,
) -> Result<Vec<u32>, ExecutionError> {
    let registers = shader.output_registers();
    let mut words = Vec::with_capacity(vertices.len() * registers * 4);
    IO.with_borrow_mut(|io| {
        for batch in vertices.chunks(limits::VERTEX_BATCH) {
            io.reset(batch.len(), shader.input_registers(), 0, registers);
            for (lane, &vertex) in batch.iter().enumerate() {
                fetch.fetch(&mut io.inputs, lane, vertex, instance, draw.first_instance);
            }
            scalar::run(shader, &draw.vertex.bindings, io, limits::SHADER_BUDGET)?;
            for lane in 0..batch.len() {
                (0..registers).for_each(|r| words.extend(io.outputs.vector(lane, r)));
            }
        }
        Ok(words)
    })
}

/// Runs the geometry stages of a draw; its primitives go to `queue` in order.
pub fn run(draw: &Draw, queue: &mut Queue<'_>) -> Result<Statistics, Failure> {
    let mut statistics = Statistics { draws: 1, ..Default::default() };
    let Some(shader) = draw.vertex.program() else { return Ok(statistics) };
    let signatures = shader.signatures();
    let fetch = VertexFetch::new(draw.layout.as_ref(), &signatures.inputs, &draw.streams);
    let stages = Stages::new(&draw.optional, &signatures.outputs);
    let assembled = assemble_instance(draw);
    for instance in 0..draw.instances {
        let primitives = Primitives {
            vertices: shade_vertices(draw, shader, &fetch, &assembled.vertices, instance)?,
            indices: assembled.primitives.clone(),
            ..Primitives::empty(shader.output_registers() * 4, shape(draw.topology))
        };
        statistics.ia_vertices += assembled.read;
        statistics.ia_primitives += primitives.count() as u64;
        statistics.vs_invocations += assembled.read;
        stages.run(primitives, &mut statistics, queue)?;
    }
    Ok(statistics)
}
