//! Every bound that a shader must keep, by name.
//!
//! Where Direct3D has a limit it is Direct3D's (D3D11.3 functional specification, section 22 and the tables of its
//! appendix); the others keep validation and execution of hostile programs bounded and are generous.

/// Statements of a program.
pub const STATEMENTS: usize = 1 << 18;
/// Temporary vectors: `r#` and all elements of `x#` together.
pub const TEMPS: usize = 4096;
/// Vectors of the immediate constant buffer.
pub const IMMEDIATE_CONSTANTS: usize = 4096;
/// Registers of one signature.
pub const SIGNATURE_REGISTERS: usize = 32;
/// Vertices or control points of one primitive.
pub const CONTROL_POINTS: usize = 32;
/// Nested `if`, `loop` and `switch`.
pub const FLOW_NESTING: usize = 64;
/// Nested subroutine calls.
pub const CALL_DEPTH: usize = 32;
/// Relative operands inside relative operands.
pub const INDEX_NESTING: usize = 4;
/// Texture registers `t#` (Shader Models 4.0 to 5.0).
pub const RESOURCE_SLOTS: u32 = 128;
/// Sampler registers `s#`.
pub const SAMPLER_SLOTS: u32 = 16;
/// Constant buffer registers `cb#`; the fifteenth and sixteenth are the runtime's own.
pub const CONSTANT_BUFFER_SLOTS: u32 = 16;
/// Unordered access registers `u#`.
pub const UAV_SLOTS: u32 = 64;
/// Interface slots `fp#`.
pub const INTERFACE_SLOTS: u32 = 253;
/// Bytes of group-shared memory.
pub const GROUP_SHARED_BYTES: u32 = 32 * 1024;
/// Threads of a group along x, y and z.
pub const THREAD_GROUP: [u32; 3] = [1024, 1024, 64];
/// Threads of a group.
pub const THREADS: u32 = 1024;
/// Vertices that one geometry shader instance may emit.
pub const GEOMETRY_VERTICES: u32 = 1024;
/// Instances of a geometry shader.
pub const GEOMETRY_INSTANCES: u32 = 32;
/// Streams of a geometry shader.
pub const STREAMS: u32 = 4;
/// Instructions of a budget that one sample, gather or texel load costs.
pub const TEXTURE_PRICE: u64 = 16;
/// Instances of one fork or join phase.
pub const PHASE_INSTANCES: u32 = 128;
/// Fork and join phases of a hull shader.
pub const PHASES: usize = 1024;
/// Elements of one signature chunk: 32 registers of 4 components for each of 4 streams.
pub const SIGNATURE_ELEMENTS: usize = 512;
/// Bytes of a semantic, resource or constant name, its terminator included.
pub const NAME_BYTES: usize = 1024;
/// Resource bindings, constant buffers and their variables that reflection may list, each.
pub const REFLECTION_ENTRIES: usize = 4096;
/// Tokens of a Direct3D 9 shader.
pub const DIRECT3D9_TOKENS: usize = 1 << 16;
