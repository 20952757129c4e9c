//! A draw, from vertex buffers to primitives in a pass.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{self, TryRecvError};

use aerogpu_dxbc::{Io, Rows, ValidatedShader};
use aerogpu_protocol::packets::PrimitiveTopology;
use aerogpu_raster::pass::DrawState;
use aerogpu_raster::primitive::{PrimitiveBatch, VertexBatch};
use rayon::Yield;

use super::assembly::shape;
use super::bindings::Held;
use super::direct3d9::Direct3d9Rules;
use super::input::{VertexFetch, VertexStream};
use super::layout::InputLayout;
use super::price::Price;
use super::primitives::{Primitives, RasterLink};
use super::shader::BoundShader;
use super::stages::{OptionalShaders, Stages};
use super::windows::{Assembly, Positions, Window};
use crate::budget::Budget;
use crate::cycles::Work;
use crate::engine::Engine;
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

    /// Counts instances of so many vertices (or indices), of which the modelled GPU shades some.
    pub(super) fn count(&self, instances: u64, count: u32, shaded: u64, work: &mut Work) {
        let [vertex, instance, index] = self.bytes;
        let (bytes, count) = (instances * (shaded * vertex + instance), instances * u64::from(count));
        work.ia_indices += count;
        work.ia_vertex_bytes += bytes;
        work.mem_bytes_read += bytes + count * index;
        work.vs_alu_slots += instances * shaded * self.slots;
    }
}

/// What a window becomes.
#[derive(Debug)]
struct Shaded<T> {
    /// Vertices that were shaded, the instructions of each, and the slots of further turns of loops.
    vertices: u64,
    instructions: u64,
    turns: u64,
    made: Made<T>,
}

/// Primitives for the next stage or for the queue, or none that the rasterizer knows.
#[derive(Debug)]
enum Made<T> {
    Primitives(Primitives),
    Ready(T),
    Nothing,
}

/// Memory for a window under way.
#[derive(Debug, Default)]
struct Scratch {
    assembly: Assembly,
    io: Io,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Makes primitives ready for the queue: anywhere, on any thread, and perhaps in vain.
pub type Prepare<'a, T> = dyn Fn(VertexBatch, PrimitiveBatch) -> T + Sync + 'a;

/// Where a draw's primitives go, in order.
pub type Deliver<'a, T> = dyn FnMut(T) -> Result<(), Failure> + 'a;

/// How the windows of a draw are shaded: nothing here has an effect beyond its result.
struct Shading<'a, T> {
    draw: &'a Draw,
    shader: &'a ValidatedShader,
    engine: Engine,
    positions: Positions<'a>,
    first_instance: u32,
    fetch: VertexFetch<'a>,
    price: Price,
    /// The way to the rasterizer, when no stage lies between.
    link: Option<&'a RasterLink>,
    prepare: &'a Prepare<'a, T>,
}

impl<T> Shading<'_, T> {
    /// Assembles a window, runs the shader by `run`, and goes on with what it gives.
    fn shade<E>(
        &self,
        window: &Window,
        run: impl FnOnce(&mut Io, u64) -> Result<(), E>,
    ) -> Result<Shaded<T>, E> {
        SCRATCH.with_borrow_mut(|Scratch { assembly, io }| {
            assembly.clear();
            assembly.append(&self.positions, window);
            let lanes = assembly.vertices.len();
            io.reset(lanes, self.shader.input_registers(), 0, self.shader.output_registers());
            self.fetch.fetch(&mut io.inputs, &assembly.vertices, self.first_instance);
            run(io, window.cost(lanes))?;
            Ok(Shaded {
                vertices: lanes as u64,
                instructions: io.instructions,
                turns: self.price.vertices(0, &io.turns),
                made: self.make(assembly, &io.outputs),
            })
        })
    }

    /// Shades a window before its turn, for so many instructions of one lane at most.
    fn shade_ahead(&self, window: &Window, limit: u64) -> Option<Shaded<T>> {
        let bindings = &self.draw.vertex.bindings;
        let run = |io: &mut Io, _| self.engine.run(self.shader, bindings, io, limit / io.lanes.max(1) as u64);
        self.shade(window, run).ok()
    }

    fn make(&self, assembly: &mut Assembly, outputs: &Rows) -> Made<T> {
        let (words, shape) = (self.shader.output_registers() * 4, shape(self.draw.topology));
        let depth_clip = self.draw.state.rasterizer.depth_clip;
        let is_triangle = shape.own.len() == 3;
        // The rasterizer rejects primitives without vertices too, and counts them all the same.
        let rejects = |link: &RasterLink| link.rejects(self.engine.vectors(), outputs, depth_clip);
        let rejected = is_triangle && self.link.is_some_and(rejects);
        let vertices = if rejected { 0 } else { assembly.vertices.len() };
        let primitives = assembly.take_primitives(shape, outputs, words, vertices);
        match self.link {
            Some(link) => match link.batches(primitives) {
                Some((vertices, primitives)) => Made::Ready((self.prepare)(vertices, primitives)),
                None => Made::Nothing,
            },
            None => Made::Primitives(primitives),
        }
    }
}

/// Where a window comes from that is shaded ahead.
type Ahead<T> = mpsc::Receiver<(Window, Option<Shaded<T>>)>;

/// Receives what another job sends, and helps with the pool's work until then. `None` when the job has panicked.
fn receive<T>(receiver: &mpsc::Receiver<T>) -> Option<T> {
    loop {
        match receiver.try_recv() {
            Err(TryRecvError::Empty) if rayon::yield_now() == Some(Yield::Executed) => {}
            Err(TryRecvError::Empty) => return receiver.recv().ok(),
            result => return result.ok(),
        }
    }
}

/// A draw at work.
struct Run<'a, 'q, T> {
    shading: &'a Shading<'a, T>,
    stages: &'a Stages<'a>,
    reads: Reads,
    budget: &'a Budget,
    work: &'a mut Work,
    deliver: &'a mut Deliver<'q, T>,
    /// Vertices of an instance that the modelled GPU shades, once they are counted.
    shaded: Option<u64>,
}

/// Runs the geometry stages of a draw; its primitives go through `prepare` to `deliver` in order. When the budget is spent,
/// those that went there before stay there.
///
/// Windows are shaded in parallel before it is known whether the budget lasts that long, and charged in order: one that
/// could not have been paid for, or that an end of the budget would have stopped, is shaded again when its turn comes. So
/// everything is as if they had been shaded one after the other.
pub fn run<T: Send>(
    draw: &Draw,
    counts: Counts,
    budget: &Budget,
    work: &mut Work,
    prepare: &Prepare<'_, T>,
    deliver: &mut Deliver<'_, T>,
) -> Result<(), Failure> {
    start(draw, counts, budget, work, prepare, deliver, |run| run.whole())
}

fn start<T: Send>(
    draw: &Draw,
    counts: Counts,
    budget: &Budget,
    work: &mut Work,
    prepare: &Prepare<'_, T>,
    deliver: &mut Deliver<'_, T>,
    go: impl FnOnce(Run<'_, '_, T>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    work.draws += 1;
    let shader = draw.vertex.program();
    let signatures = shader.signatures();
    let stages = Stages::new(&draw.optional, &signatures.outputs, budget);
    let shading = Shading {
        draw,
        shader,
        engine: budget.engine(),
        positions: Positions::new(draw, counts),
        first_instance: counts.first_instance,
        fetch: VertexFetch::new(draw.layout.as_deref(), &signatures.inputs, &draw.streams),
        price: Price::new(shader, &draw.vertex.bindings),
        link: stages.link(),
        prepare,
    };
    let reads = Reads::new(draw, &shading.fetch, &shading.price);
    go(Run { shading: &shading, stages: &stages, reads, budget, work, deliver, shaded: None })
}

impl<T: Send> Run<'_, '_, T> {
    fn whole(mut self) -> Result<(), Failure> {
        /// Windows that each thread shades ahead.
        const AHEAD: usize = 4;
        let shading = self.shading;
        let mut windows = shading.positions.windows();
        let Some(first) = windows.next() else { return Ok(()) };
        let Some(second) = windows.next() else { return self.settle(&first, None) };
        let most = rayon::current_num_threads().min(limits::MAX_SHADING_THREADS) * AHEAD;
        rayon::in_place_scope_fifo(|scope| {
            let mut ahead = VecDeque::new();
            for window in [first, second].into_iter().chain(windows) {
                if ahead.len() == most && !self.settle_first(&mut ahead)? {
                    break;
                }
                // All of them together may waste no more than one may take.
                let limit = self.budget.left().min(limits::SHADER_BUDGET) / most as u64;
                let (sender, receiver) = mpsc::channel();
                ahead.push_back(receiver);
                scope.spawn_fifo(move |_| {
                    let shaded = shading.shade_ahead(&window, limit);
                    // Nobody receives it when the draw has ended.
                    sender.send((window, shaded)).ok();
                });
            }
            while self.settle_first(&mut ahead)? {}
            Ok(())
        })
    }

    /// Settles the first of the windows that are shaded ahead; false when there is none.
    fn settle_first(&mut self, ahead: &mut VecDeque<Ahead<T>>) -> Result<bool, Failure> {
        match ahead.pop_front().and_then(|receiver| receive(&receiver)) {
            Some((window, shaded)) => self.settle(&window, shaded).map(|()| true),
            None => Ok(false),
        }
    }

    /// Charges and counts a window, and hands its primitives to the next stage.
    fn settle(&mut self, window: &Window, ahead: Option<Shaded<T>>) -> Result<(), Failure> {
        self.count(window)?;
        if window.primitives == 0 {
            return Ok(());
        }
        let (shading, budget) = (self.shading, self.budget);
        let affordable = |shaded: &Shaded<T>| {
            let cost = window.cost(shaded.vertices as usize);
            budget.take_run(cost, shaded.vertices, shaded.instructions, limits::SHADER_BUDGET)
        };
        let shaded = match ahead.filter(affordable) {
            Some(shaded) => shaded,
            None => shading.shade(window, |io, cost| {
                budget.spend(cost)?;
                budget.run(shading.shader, &shading.draw.vertex.bindings, io, limits::SHADER_BUDGET)
            })?,
        };
        self.work.vs_alu_slots += shaded.turns;
        self.work.ia_primitives += u64::from(window.primitives);
        match shaded.made {
            Made::Ready(ready) => (self.deliver)(ready),
            Made::Nothing => Ok(()),
            Made::Primitives(primitives) => {
                let deliver = &mut *self.deliver;
                let mut queue = |vertices, primitives| deliver((shading.prepare)(vertices, primitives));
                self.stages.run(primitives, self.work, &mut queue)
            }
        }
    }

    /// Charges and counts what instances that start in a window read and shade, but for the turns of loops.
    fn count(&mut self, window: &Window) -> Result<(), Failure> {
        let (positions, instances) = (self.shading.positions, u64::from(window.instances));
        if instances > 0 {
            // Looking for cuts.
            self.budget.spend(instances * u64::from(positions.counts.count))?;
            let shaded = *self.shaded.get_or_insert_with(|| positions.shaded_vertices());
            self.reads.count(instances, positions.counts.count, shaded, self.work);
        }
        self.work.ia_vertices += window.vertices;
        self.work.vs_invocations += window.vertices;
        Ok(())
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
        let mut deliver = |(vertices, primitives): (VertexBatch, PrimitiveBatch)| {
            assert!(vertices.positions.len() <= limits::VERTEX_BATCH);
            assert!(primitives.count() <= limits::PRIMITIVE_BATCH);
            let corner = |&v: &u32| [vertices.vertex(v)[0], vertices.vertex(v)[1]];
            let corners = primitives.indices.chunks_exact(primitives.kind.vertices());
            let corners = corners.map(|corners| corners.iter().map(corner).collect());
            out.extend(primitives.ids.iter().copied().zip(corners));
            Ok(())
        };
        let prepare = |vertices, primitives| (vertices, primitives);
        run(draw, counts, &budget, &mut work, &prepare, &mut deliver).expect("runs");
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
        let failure = run(&endless, counts(u32::MAX, 1), &budget, &mut work, &|_, _| (), &mut |()| {
            windows += 1;
            Ok(())
        });
        assert!(matches!(failure, Err(Failure::Timeout)));
        assert_eq!(work.ia_primitives, windows * limits::VERTEX_BATCH as u64);
        assert!(windows > 0);
    }

    /// As [`NUMBERS`], with a loop that later vertices take more turns of.
    const TURNS: &str = "
        .input SV_VertexID 0 v0.x uint vertex_id
        .output NUMBERS 0 o0.x uint
        vs_4_0
        dcl_input_sgv v0.x, vertex_id
        dcl_output o0.x
        dcl_temps 1
        ushr r0.x, v0.x, l(10)
        loop
          breakc_z r0.x
          iadd r0.x, r0.x, l(-1)
        endloop
        mov o0.x, v0.x
        ret";

    /// What came of a draw: whether all of it, what is left of the budget, what is counted, and what was queued.
    #[derive(Debug, PartialEq)]
    struct Outcome {
        whole: bool,
        left: u64,
        work: Work,
        /// Words, indices and numbers.
        queued: Vec<[Vec<u32>; 3]>,
    }

    fn outcome(
        (draw, counts): (&Draw, Counts),
        budget: u64,
        go: impl FnOnce(Run<'_, '_, (VertexBatch, PrimitiveBatch)>) -> Result<(), Failure>,
    ) -> Outcome {
        let (budget, mut work, mut queued) = (Budget::new(budget), Work::default(), Vec::new());
        let prepare = |vertices, primitives| (vertices, primitives);
        // What is queued costs something too.
        let mut deliver = |(vertices, primitives): (VertexBatch, PrimitiveBatch)| {
            queued.push([vertices.attributes, primitives.indices, primitives.ids]);
            Ok(budget.spend(1000)?)
        };
        let result = start(draw, counts, &budget, &mut work, &prepare, &mut deliver, go);
        Outcome { whole: result.is_ok(), left: budget.left(), work, queued }
    }

    /// One window after the other, none before its turn.
    fn one_by_one<T: Send>(mut run: Run<'_, '_, T>) -> Result<(), Failure> {
        run.shading.positions.windows().try_for_each(|window| run.settle(&window, None))
    }

    #[test]
    fn no_number_of_threads_changes_where_the_budget_ends() {
        const MUCH: u64 = 1 << 40;
        let mut indices: Vec<u32> = (0..16_000).map(|i| i / 2 + i % 7).collect();
        (indices[4000], indices[4001]) = (u32::MAX, u32::MAX);
        for indices in [None, Some(&indices[..])] {
            let vertex = BoundShader::assemble(ShaderStage::Vertex, TURNS);
            let draw = Draw { vertex, ..draw(PrimitiveTopology::TriangleStrip, indices) };
            let draw = (&draw, counts(16_000, 2));
            let all = outcome(draw, MUCH, one_by_one);
            assert!(all.whole && all.queued.len() > 10);
            let cost = MUCH - all.left;
            for budget in (0..=20).map(|i| cost * i / 20).chain([cost - 1]) {
                let expected = outcome(draw, budget, one_by_one);
                assert_eq!(expected.whole, budget == cost);
                for threads in [1, 2, 7] {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
                    let parallel = pool.install(|| outcome(draw, budget, |run| run.whole()));
                    assert!(parallel == expected, "{threads} threads and a budget of {budget}");
                }
            }
        }
    }
}
