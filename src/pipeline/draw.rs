//! A draw, from vertex buffers to primitives in a pass.

use std::ops::Range;
use std::sync::Arc;

use aerogpu_dxbc::{Io, ValidatedShader};
use aerogpu_protocol::packets::PrimitiveTopology;
use aerogpu_raster::pass::DrawState;

use super::assembly::{Shape, primitive, primitives, shape};
use super::bindings::Held;
use super::direct3d9::Direct3d9Rules;
use super::input::{VertexFetch, VertexId, VertexStream};
use super::layout::InputLayout;
use super::price::Price;
use super::primitives::Primitives;
use super::reuse;
use super::shader::BoundShader;
use super::stages::{OptionalShaders, Queue, Stages};
use crate::budget::Budget;
use crate::cycles::Work;
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
}

/// The numbers of a draw packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Vertices (or indices) an instance.
    pub count: u32,
    /// Instances.
    pub instances: u32,
    /// First vertex (or index).
    pub first: u32,
    /// First instance.
    pub first_instance: u32,
    /// Added to an index before the vertex is fetched.
    pub base_vertex: i32,
}

/// Everything that a draw needs but its numbers, as it was when the draw was recorded.
#[derive(Debug)]
pub struct Draw {
    /// How vertices make primitives.
    pub topology: PrimitiveTopology,
    /// Indices, unless vertices are drawn in order.
    pub indices: Option<IndexStream>,
    /// Vertex buffer slots.
    pub streams: Vec<VertexStream>,
    /// Input layout.
    pub layout: Option<Arc<InputLayout>>,
    /// Vertex shader.
    pub vertex: BoundShader,
    /// Hull, domain and geometry shader.
    pub optional: OptionalShaders,
    /// The index of all ones cuts strips; it is one like any other in Direct3D 9.
    pub restarts: bool,
    /// What Direct3D 9 does to primitives.
    pub direct3d9: Option<Direct3d9Rules>,
    /// Fixed-function state and the pixel shader.
    pub state: Arc<DrawState>,
    /// What the pixel shader reads, and so is kept until the primitives are drawn.
    pub held: Vec<Held>,
}

impl Draw {
    /// The vertices that these numbers ask for.
    pub(super) fn positions(&self, counts: Counts) -> Positions<'_> {
        let (topology, indices) = (self.topology, self.indices.as_ref());
        Positions { topology, indices, counts, restarts: self.restarts }
    }
}

/// The vertices of a draw, by their position in an instance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Positions<'a> {
    topology: PrimitiveTopology,
    indices: Option<&'a IndexStream>,
    pub(super) counts: Counts,
    restarts: bool,
}

impl Positions<'_> {
    /// The raw index at position `i`; outside the buffer it is 0 (d3d-rules §3.7).
    fn index(&self, indices: &IndexStream, i: u64) -> u32 {
        let width = u64::from(indices.width);
        let start = u64::from(indices.offset) + (u64::from(self.counts.first) + i) * width;
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

    /// The vertex at a position of an instance; `None` is a strip cut.
    fn vertex(&self, i: u32) -> Option<VertexId> {
        let Some(indices) = self.indices else {
            return Some(VertexId { index: i64::from(self.counts.first) + i64::from(i), vertex_id: i });
        };
        let raw = self.index(indices, i.into());
        // Every topology restarts, lists too (d3d-rules §3.3).
        let cut = if indices.width == 2 { 0xffff } else { u32::MAX };
        let index = i64::from(raw) + i64::from(self.counts.base_vertex);
        (raw != cut || !self.restarts).then_some(VertexId { index, vertex_id: raw })
    }

    /// Vertices of an instance that the modelled GPU shades: it keeps a few.
    pub(super) fn shaded_vertices(&self) -> u64 {
        if self.indices.is_none() {
            return self.counts.count.into();
        }
        reuse::shaded((0..self.counts.count).filter_map(|i| self.vertex(i)).map(|vertex| vertex.vertex_id))
    }

    /// The positions between strip cuts, run by run; runs may be empty.
    pub(super) fn runs(&self) -> impl Iterator<Item = Range<u32>> + '_ {
        let mut next = Some(0);
        std::iter::from_fn(move || {
            let start = next?;
            let is_cut = |&i: &u32| self.vertex(i).is_none();
            let count = self.counts.count;
            let cut =
                if self.indices.is_some() && self.restarts { (start..count).find(is_cut) } else { None };
            next = cut.map(|cut| cut + 1);
            Some(start..cut.unwrap_or(count))
        })
    }

    /// Adds the primitives of an uncut run to a window; `make_room` empties one that is full. `id` counts them.
    pub(super) fn assemble(
        &self,
        run: Range<u32>,
        instance: u32,
        id: &mut u32,
        window: &mut Window,
        make_room: &mut dyn FnMut(&mut Window) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let (vertices, primitives) =
            (shape(self.topology).vertices, primitives(self.topology, run.end - run.start));
        for i in 0..primitives {
            if window.is_full(vertices) {
                make_room(window)?;
            }
            primitive(self.topology, primitives, i, |position| {
                if let Some(vertex) = self.vertex(run.start + position) {
                    window.add(vertex, instance);
                }
            });
            window.ids.push(*id);
            *id += 1;
        }
        Ok(())
    }
}

/// Vertices that are shaded together, and the primitives over them. Work on a draw of any size takes the memory of one.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// Each vertex and its instance, once while it is remembered.
    pub(super) vertices: Vec<(VertexId, u32)>,
    /// Positions in `vertices`, `shape.vertices` a primitive.
    pub(super) primitives: Vec<u32>,
    /// Number of each primitive in its instance.
    pub(super) ids: Vec<u32>,
    /// Where a vertex was last put, by its lowest bits; a place that holds another one means nothing.
    recent: Vec<u32>,
    /// The first vertex of the draw under way: draws do not share any.
    first: u32,
}

impl Window {
    const RECENT: usize = 1024;

    /// Starts a draw.
    pub(super) fn start(&mut self) {
        self.recent.resize(Self::RECENT, 0);
        self.first = self.vertices.len() as u32;
    }

    /// Vertices of the draw under way.
    pub(super) fn started(&self) -> u64 {
        self.vertices.len() as u64 - u64::from(self.first)
    }

    pub(super) fn clear(&mut self) {
        self.vertices.clear();
        self.primitives.clear();
        self.ids.clear();
    }

    /// Whether a primitive of so many vertices may have no room.
    pub(super) fn is_full(&self, vertices: usize) -> bool {
        self.vertices.len() + vertices > limits::VERTEX_BATCH || self.ids.len() >= limits::PRIMITIVE_BATCH
    }

    /// Adds a vertex of the primitive under construction.
    fn add(&mut self, vertex: VertexId, instance: u32) {
        let at = &mut self.recent[vertex.vertex_id as usize % Self::RECENT];
        if *at < self.first || self.vertices.get(*at as usize) != Some(&(vertex, instance)) {
            *at = self.vertices.len() as u32;
            self.vertices.push((vertex, instance));
        }
        self.primitives.push(*at);
    }

    /// What a shader of so many output registers made of the vertices, and the primitives over them. The window is empty then.
    pub(super) fn take_primitives(&mut self, shape: Shape, registers: usize, io: &Io) -> Primitives {
        let words = registers * 4;
        let mut vertices = vec![0; self.vertices.len() * words];
        for row in 0..words {
            for (vertex, word) in vertices.chunks_exact_mut(words).zip(io.outputs.row(row)) {
                vertex[row] = *word;
            }
        }
        self.vertices.clear();
        let (indices, ids) = (std::mem::take(&mut self.primitives), std::mem::take(&mut self.ids));
        Primitives { words, vertices, shape, indices, ids }
    }
}

/// What the vertices of each instance of a draw cost, but for the turns of loops.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reads {
    /// Bytes a vertex, an instance and an index.
    bytes: [u64; 3],
    /// Slots of a vertex.
    slots: u64,
}

impl Reads {
    pub(super) fn new(draw: &Draw, fetch: &VertexFetch<'_>, price: &Price) -> Self {
        let [vertex, instance] = fetch.bytes_read();
        let index = draw.indices.as_ref().map_or(0, |indices| indices.width.into());
        Self { bytes: [vertex, instance, index], slots: price.vertices(1, &[]) }
    }

    /// Counts an instance of so many vertices (or indices), of which the modelled GPU shades some.
    pub(super) fn count(&self, count: u32, shaded: u64, work: &mut Work) {
        let [vertex, instance, index] = self.bytes;
        let (bytes, count) = (shaded * vertex + instance, u64::from(count));
        work.ia_indices += count;
        work.ia_vertex_bytes += bytes;
        work.mem_bytes_read += bytes + count * index;
        work.vs_alu_slots += shaded * self.slots;
    }
}

/// A draw at work.
struct Run<'a, 'q> {
    draw: &'a Draw,
    positions: Positions<'a>,
    shader: &'a ValidatedShader,
    fetch: VertexFetch<'a>,
    price: Price,
    stages: Stages<'a>,
    budget: &'a Budget,
    work: &'a mut Work,
    queue: &'a mut Queue<'q>,
    io: Io,
}

/// Runs the geometry stages of a draw; its primitives go to `queue` in order. When the budget is spent, those that went
/// there before stay there.
pub fn run(
    draw: &Draw,
    counts: Counts,
    budget: &Budget,
    work: &mut Work,
    queue: &mut Queue<'_>,
) -> Result<(), Failure> {
    work.draws += 1;
    let shader = draw.vertex.program();
    let signatures = shader.signatures();
    let run = Run {
        draw,
        positions: draw.positions(counts),
        shader,
        fetch: VertexFetch::new(draw.layout.as_deref(), &signatures.inputs, &draw.streams),
        price: Price::new(shader, &draw.vertex.bindings),
        stages: Stages::new(&draw.optional, &signatures.outputs, budget),
        budget,
        work,
        queue,
        io: Io::default(),
    };
    let mut window = Window::default();
    window.start();
    run.whole(&mut window)
}

impl Run<'_, '_> {
    fn whole(mut self, window: &mut Window) -> Result<(), Failure> {
        let (positions, mut shaded) = (self.positions, None);
        let reads = Reads::new(self.draw, &self.fetch, &self.price);
        for instance in 0..positions.counts.instances {
            // Looking for cuts.
            self.budget.spend(positions.counts.count.into())?;
            let shaded = *shaded.get_or_insert_with(|| positions.shaded_vertices());
            reads.count(positions.counts.count, shaded, self.work);
            let mut id = 0;
            for run in positions.runs() {
                let vertices = u64::from(run.end - run.start);
                self.work.ia_vertices += vertices;
                self.work.vs_invocations += vertices;
                positions.assemble(run, instance, &mut id, window, &mut |window| self.shade(window))?;
            }
        }
        self.shade(window)
    }

    /// Shades the window's vertices, hands its primitives to the next stage, and empties it.
    fn shade(&mut self, window: &mut Window) -> Result<(), Failure> {
        let (io, shader) = (&mut self.io, self.shader);
        let (lanes, registers) = (window.vertices.len(), shader.output_registers());
        if window.ids.is_empty() {
            return Ok(());
        }
        let (vertices, primitives) = (lanes as u64, window.ids.len() as u64);
        self.budget.spend(vertices * limits::VERTEX_COST + primitives * limits::PRIMITIVE_COST)?;
        io.reset(lanes, shader.input_registers(), 0, registers);
        self.fetch.fetch(&mut io.inputs, &window.vertices, self.positions.counts.first_instance);
        self.budget.run(shader, &self.draw.vertex.bindings, io, limits::SHADER_BUDGET)?;
        self.work.vs_alu_slots += self.price.vertices(0, &io.turns);
        let primitives = window.take_primitives(shape(self.draw.topology), registers, io);
        self.work.ia_primitives += primitives.count() as u64;
        self.stages.run(primitives, self.work, self.queue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::assembly::assemble;
    use aerogpu_protocol::packets::ShaderStage;
    use aerogpu_raster::state::*;

    /// Gives `SV_VertexID` and `SV_InstanceID`.
    const NUMBERS: &str = "
        .input SV_VertexID 0 v0.x uint vertex_id
        .input SV_InstanceID 0 v1.x uint instance_id
        .output NUMBERS 0 o0.xy uint
        vs_4_0
        dcl_input_sgv v0.x, vertex_id
        dcl_input_sgv v1.x, instance_id
        dcl_output o0.xy
        mov o0.x, v0.x
        mov o0.y, v1.x
        ret";

    /// State that draws nothing.
    fn nothing() -> DrawState {
        DrawState {
            rasterizer: RasterizerState {
                fill: FillMode::Solid,
                cull: CullMode::None,
                front_counter_clockwise: false,
                depth_clip: true,
                depth_bias: DepthBias::default(),
                viewports: Default::default(),
                scissors: Default::default(),
            },
            depth_stencil: DepthStencilState {
                depth_enable: false,
                depth_write: false,
                depth_func: CompareFunc::Always,
                stencil_enable: false,
                stencil_read_mask: 0,
                stencil_write_mask: 0,
                stencil_ref: 0,
                front: StencilFace::default(),
                back: StencilFace::default(),
            },
            blend: BlendState {
                targets: [TargetBlend { blend: None, write_mask: 0, srgb_write: false }; MAX_TARGETS],
                constant: [0.0; 4],
                sample_mask: 0,
                alpha_to_coverage: false,
                alpha_test: None,
            },
            pixel_shader: None,
        }
    }

    fn counts(count: u32, instances: u32) -> Counts {
        Counts { count, instances, first: 0, first_instance: 0, base_vertex: 0 }
    }

    fn draw(topology: PrimitiveTopology, indices: Option<&[u32]>) -> Draw {
        let stream = |words: &[u32]| IndexStream {
            size: 4 * words.len() as u64,
            words: Arc::new(words.to_vec()),
            offset: 0,
            width: 4,
        };
        Draw {
            topology,
            indices: indices.map(stream),
            streams: Vec::new(),
            layout: None,
            vertex: BoundShader::assemble(ShaderStage::Vertex, NUMBERS),
            optional: OptionalShaders::default(),
            restarts: true,
            direct3d9: None,
            state: Arc::new(nothing()),
            held: Vec::new(),
        }
    }

    /// Every primitive that reaches the rasterizer: its number, and vertex and instance of each corner.
    fn primitives_of(draw: &Draw, counts: Counts) -> Vec<(u32, Vec<[u32; 2]>)> {
        let mut out = Vec::new();
        let (budget, mut work) = (Budget::new(1 << 30), Work::default());
        let mut queue = |vertices: aerogpu_raster::primitive::VertexBatch,
                         primitives: aerogpu_raster::primitive::PrimitiveBatch| {
            assert!(vertices.positions.len() <= limits::VERTEX_BATCH);
            assert!(primitives.count() <= limits::PRIMITIVE_BATCH);
            let corner = |&v: &u32| [vertices.vertex(v)[0], vertices.vertex(v)[1]];
            let corners = primitives.indices.chunks_exact(primitives.kind.vertices());
            let corners = corners.map(|corners| corners.iter().map(corner).collect());
            out.extend(primitives.ids.iter().copied().zip(corners));
            Ok(())
        };
        run(draw, counts, &budget, &mut work, &mut queue).expect("runs");
        assert_eq!(work.ia_primitives, out.len() as u64);
        out
    }

    /// The same by assembling every run whole.
    fn expected(draw: &Draw, instances: u32, indices: &[u32]) -> Vec<(u32, Vec<[u32; 2]>)> {
        let shape = shape(draw.topology);
        let mut out = Vec::new();
        for instance in 0..instances {
            let mut id = 0;
            for run in indices.split(|&index| index == u32::MAX) {
                let mut positions = Vec::new();
                assemble(draw.topology, 0, run.len() as u32, &mut positions);
                for primitive in positions.chunks_exact(shape.vertices) {
                    let own = shape.own.iter().map(|&own| [run[primitive[own] as usize], instance]);
                    out.push((id, own.collect()));
                    id += 1;
                }
            }
        }
        out
    }

    #[test]
    fn windows_change_nothing() {
        use PrimitiveTopology as T;
        let topologies = [
            (T::PointList, 9000),
            (T::LineStrip, 9000),
            (T::TriangleList, 9001),
            (T::TriangleStrip, 9001),
            (T::TriangleFan, 9000),
            (T::TriangleStripAdj, 9003),
            (T::TriangleListAdj, 9000),
        ];
        for (topology, count) in topologies {
            let in_order: Vec<u32> = (0..count).collect();
            let plain = draw(topology, None);
            assert!(
                primitives_of(&plain, counts(count, 2)) == expected(&plain, 2, &in_order),
                "{topology:?}"
            );
            // Reuse near and far, cuts, and an empty run.
            let mut indices: Vec<u32> = (0..count).map(|i| i / 3 * 7 % 5000).collect();
            for cut in [100, 101, 5000, 8191] {
                indices[cut] = u32::MAX;
            }
            let indexed = draw(topology, Some(&indices));
            assert!(
                primitives_of(&indexed, counts(count, 3)) == expected(&indexed, 3, &indices),
                "{topology:?} with indices"
            );
        }
    }

    #[test]
    fn one_vertex_makes_bounded_windows_too() {
        let zeros = draw(PrimitiveTopology::TriangleList, Some(&[]));
        let all = primitives_of(&zeros, counts(90_000, 1));
        assert_eq!(all.len(), 30_000);
        assert!(all.iter().enumerate().all(|(i, (id, corners))| *id == i as u32 && *corners == [[0, 0]; 3]));
    }

    #[test]
    fn a_budget_ends_a_draw_between_windows() {
        let endless = draw(PrimitiveTopology::PointList, None);
        let (budget, mut work) = (Budget::new(u64::from(u32::MAX) + 1_000_000), Work::default());
        let mut windows = 0;
        let failure = run(&endless, counts(u32::MAX, 1), &budget, &mut work, &mut |_, _| {
            windows += 1;
            Ok(())
        });
        assert!(matches!(failure, Err(Failure::Timeout)));
        assert_eq!(work.ia_primitives, windows * limits::VERTEX_BATCH as u64);
        assert!(windows > 0);
    }
}
