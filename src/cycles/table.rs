//! The prices of the model VGPU-1: properties of an imaginary GPU, never of the host.

use std::num::{NonZeroU32, NonZeroU64};

/// Changes whenever a price or a rule of [`cost`](super::cost) does.
pub const COST_MODEL_VERSION: u32 = 1;

macro_rules! prices {
    ($( $(#[$doc:meta])* $field:ident: $ty:ty = $value:expr; )*) => {
        /// What things cost, in cycles or per cycle.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct CostTable {
            $( $(#[$doc])* pub $field: $ty, )*
        }

        impl CostTable {
            /// The prices of model version [`COST_MODEL_VERSION`].
            pub const VGPU_1: Self = Self { $( $field: $value, )* };
        }
    };
}

const fn per(rate: u64) -> NonZeroU64 {
    match NonZeroU64::new(rate) {
        Some(rate) => rate,
        None => NonZeroU64::MIN,
    }
}

const CORE_HERTZ: NonZeroU32 = match NonZeroU32::new(500_000_000) {
    Some(hertz) => hertz,
    None => NonZeroU32::MIN,
};

prices! {
    /// Core clock in hertz.
    core_hertz: NonZeroU32 = CORE_HERTZ;
    /// Cycles of the front end for a packet.
    packet: u64 = 8;
    /// Bytes of packets that the front end reads a cycle: 4 dwords.
    packet_bytes: NonZeroU64 = per(16);
    /// Cycles for a packet that changes state.
    state_group: u64 = 16;
    /// Indices a cycle.
    indices: NonZeroU64 = per(2);
    /// Bytes of vertices a cycle.
    vertex_bytes: NonZeroU64 = per(32);
    /// Units that run the stages on vertices.
    vertex_units: NonZeroU64 = per(4);
    /// Primitives that pass the clipper a cycle.
    accepted: NonZeroU64 = per(2);
    /// Cycles for each plane that crosses a primitive.
    clip_plane: u64 = 6;
    /// Cycles to set up a triangle.
    triangle: u64 = 2;
    /// Cycles for a triangle that is culled.
    culled: u64 = 1;
    /// Latency of the set-up, once a draw.
    setup_latency: u64 = 10;
    /// Cycles for each 16x16 tile that a primitive touches.
    tile: u64 = 1;
    /// Pipes that work on 2x2 quads: coverage, depth, pixel shader, output merger.
    quad_pipes: NonZeroU64 = per(4);
    /// Cycles for a memory line of 64 bytes.
    line: u64 = 1;
    /// Latency of memory, once a draw.
    memory_latency: u64 = 20;
    /// Latency of the whole pipeline, once a draw.
    fill_latency: u64 = 40;
    /// Bytes cleared a cycle.
    clear_bytes: NonZeroU64 = per(256);
    /// Bytes copied a cycle, each way.
    copy_bytes: NonZeroU64 = per(32);
}
