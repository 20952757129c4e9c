//! AeroGPU wire protocol: packets, registers, rings, traces; bytes and nothing else.

#[cfg(target_endian = "big")]
compile_error!("the protocol is little-endian and its structs are read in place");

#[doc(hidden)]
pub mod abi_table;
mod format;
mod macros;
pub mod packets;
mod pod_slice;
mod stream;

pub use format::{FORMAT_INVALID, Format};
pub use pod_slice::PodSlice;
pub use stream::{
    BoolConstants, Packet, PacketAt, PacketError, PacketErrorReason, Packets, Stream, StreamError,
};
/// TEMP
pub const ABI_MAJOR: u16 = 1;
