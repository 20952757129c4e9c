//! Every bound on what guest bytes may ask for, in one place.
//!
//! Direct3D 11's own limits where it has one; otherwise a size that no real driver comes near.

/// Bytes of one command stream.
pub const MAX_STREAM_BYTES: usize = 64 << 20;
/// Bytes of one allocation table.
pub const MAX_ALLOC_TABLE_BYTES: usize = 16 << 20;
/// Bytes of one buffer.
pub const MAX_BUFFER_BYTES: u64 = 1 << 30;
/// Host memory of all resources together, tiles and decoded blocks included; creation beyond it fails.
pub const MAX_RESOURCE_BYTES: u64 = 8 << 30;
/// Ranges of a buffer that wait to be read from guest memory; before there are more, all are read.
pub const MAX_DIRTY_RANGES: usize = 64;
/// Bytes of guest memory or of an upload that are handled at a time when texels are moved to a texture.
pub const TEXTURE_CHUNK_BYTES: u64 = 1 << 20;
/// Bytes of one shader's code.
pub const MAX_SHADER_BYTES: usize = 16 << 20;
/// Bytes of the code of all live shaders.
pub const MAX_CODE_BYTES: u64 = 256 << 20;
/// Live objects of each kind (resources and views, shaders, layouts, samplers).
pub const MAX_OBJECTS: usize = 1 << 20;
/// Contexts that hold state at a time; before there are more, the one whose last submission is oldest is forgotten.
pub const MAX_CONTEXTS: usize = 1024;
/// Scanouts that show something at a time.
pub const MAX_SCANOUTS: usize = 64;
/// Bytes of the pictures that all scanouts show.
pub const MAX_PRESENTED_BYTES: u64 = 1 << 30;
/// Failed commands that a report describes; more are only counted.
pub const MAX_ERRORS: usize = 4096;
/// Share tokens that were released and may not come back.
pub const MAX_RETIRED_TOKENS: usize = 1 << 20;
/// Vertices (or indices) times instances that one draw may process.
pub const MAX_DRAW_VERTICES: u64 = 1 << 28;
/// Thread groups of one dispatch along one axis (Direct3D 11).
pub const MAX_DISPATCH_GROUPS: u32 = 65_535;
/// Vertices shaded at a time, and about as many as the stages after the vertex shader hand on at a time.
pub const VERTEX_BATCH: usize = 1 << 13;
/// Threads that vertices are shaded on at a time: each has a few batches under way.
pub const MAX_SHADING_THREADS: usize = 8;
/// Points of patches shaded at a time; each holds the control points of its patch.
pub const DOMAIN_BATCH: usize = 1 << 8;
/// Vertices (or indices) of all instances of a draw that may be shaded together with others.
pub const SMALL_DRAW: u64 = 1 << 8;
/// Patches that the hull shader takes at a time.
pub const HULL_BATCH: usize = 1 << 8;
/// Geometry shader invocations that run at a time; each holds what it emits.
pub const GEOMETRY_BATCH: usize = 1 << 6;
/// Primitives that the input assembler hands on at a time.
pub const PRIMITIVE_BATCH: usize = 1 << 13;
/// Bytes that queued work may take before it is drawn: vertices, primitives, and the lists of the tiles.
pub const MAX_QUEUED_BYTES: usize = 1 << 28;
/// Bytes that queued work may have taken for its memory to be kept afterwards.
pub const MAX_SPARE_BYTES: usize = 1 << 27;
/// Bytes of textures, buffers and constants that queued draws may hold on to before they are drawn: so much may exist in
/// older versions beside the resources themselves.
pub const MAX_HELD_BYTES: usize = 1 << 28;
/// Entries in lists of tiles that primitives may make before the queue is looked at again.
pub const TILE_ENTRIES: usize = 1 << 22;
/// Draws and dispatches of a submission whose work is told apart.
pub const MAX_COUNTED_COMMANDS: usize = 1 << 16;
/// Bytes of results that wait to be written to guest memory at the end of a submission.
pub const MAX_WRITE_BACK_BYTES: u64 = 1 << 29;

/// Work of one submission, in instructions of one lane: at 2 million pixels four thousand instructions each. What is no
/// instruction costs as many as take about as long, by the rates below.
pub const SUBMISSION_BUDGET: u64 = 1 << 33;
/// Instructions of one lane that one run of a shader may execute, for all its lanes together.
pub const SHADER_BUDGET: u64 = 1 << 30;
/// The same for a batch of pixels: a quarter of a million instructions each.
pub const PIXEL_SHADER_BUDGET: u64 = 1 << 24;
/// What a run of a shader costs beside its instructions.
pub const RUN_COST: u64 = 256;
/// What a vertex costs beside its shader.
pub const VERTEX_COST: u64 = 16;
/// What a primitive costs beside its pixels.
pub const PRIMITIVE_COST: u64 = 32;
/// Bytes that are moved at the cost of one instruction.
pub const BYTES_PER_INSTRUCTION: u64 = 16;

/// Entries of the ring that one step of the device takes; more wait for the next step (a driver's ring has 256).
pub const MAX_ENTRIES_PER_STEP: u32 = 4096;
/// Bytes of streams and tables that one step of the device takes from the ring, or a little more; the rest waits.
pub const MAX_BYTES_PER_STEP: usize = 256 << 20;
/// Submissions under way, events to come and fences that wait; while there are more, the ring waits.
pub const MAX_PENDING: usize = 1 << 16;
/// Reports of submissions that wait for the embedder; before there are more, the oldest is dropped.
pub const MAX_REPORTS: usize = 64;
/// Submissions that wait in a [`Bridge`](crate::backend::Bridge) to be drained.
pub const MAX_QUEUED_SUBMISSIONS: usize = 256;
/// Bytes of the streams and tables of these.
pub const MAX_QUEUED_SUBMISSION_BYTES: usize = 128 << 20;
/// Bytes of guest memory recorded with one submission.
pub const MAX_RECORDED_ALLOC_BYTES: usize = 64 << 20;
/// Bytes of a trace that is being recorded, in memory.
pub const MAX_RECORDING_BYTES: usize = 1 << 30;
/// Vertical blanks that one step of the clock makes up for; what is beyond is skipped.
pub const MAX_VBLANKS_PER_ADVANCE: u32 = 1024;
/// Bytes of a scanned-out picture, as RGBA.
pub const MAX_SCANOUT_BYTES: u64 = 64 << 20;
/// Bytes of a cursor, as RGBA.
pub const MAX_CURSOR_BYTES: u64 = 4 << 20;

/// Vertex buffer slots (Direct3D 11).
pub const VERTEX_BUFFER_SLOTS: usize = 32;
/// Elements of an input layout (Direct3D 11).
pub const INPUT_ELEMENTS: usize = 32;
/// Constant buffer slots a stage (Direct3D 11).
pub const CONSTANT_BUFFER_SLOTS: usize = 14;
/// Shader resource slots a stage (Direct3D 11).
pub const RESOURCE_SLOTS: usize = 128;
/// Sampler slots a stage (Direct3D 11).
pub const SAMPLER_SLOTS: usize = 16;
/// UAV slots of the compute stages (the protocol's bound).
pub const UAV_SLOTS: usize = 8;
/// Vectors of a stage's constant registers that `SET_SHADER_CONSTANTS_F` fills.
pub const FLOAT_CONSTANTS: usize = 4096;
/// `c#` registers that a Direct3D 9 shader reads.
pub const D3D9_CONSTANTS: usize = 256;
/// Elements of a Direct3D 9 vertex declaration (`MAXD3DDECLLENGTH`).
pub const DECLARATION_ELEMENTS: usize = 64;
/// Render state numbers that are kept.
pub const MAX_STATE_ID: u32 = 4096;
/// Sampler state numbers that are kept (the last is `D3DSAMP_DMAPOFFSET`).
pub const MAX_SAMPLER_STATE_ID: u32 = 13;
