//! AeroGPU wire protocol: packets, registers, rings, traces; bytes and nothing else.

#[cfg(target_endian = "big")]
compile_error!("the protocol is little-endian and its structs are read in place");

#[doc(hidden)]
pub mod abi_table;
pub mod escape;
mod format;
pub mod input_layout;
mod layout;
pub mod legacy;
mod macros;
pub mod packets;
mod pod_slice;
pub mod registers;
pub mod ring;
mod stream;
pub mod trace;
pub mod wddm;
mod writer;

pub use format::{FORMAT_INVALID, Format};
pub use layout::{LayoutError, Subresource, TextureLayout, mip_size};
pub use pod_slice::PodSlice;
pub use registers::{ABI_MAJOR, ABI_MINOR, ABI_VERSION};
pub use ring::{AllocTable, AllocTableError};
pub use stream::{
    BoolConstants, Packet, PacketAt, PacketError, PacketErrorReason, Packets, Stream, StreamError,
};
pub use trace::Trace;
pub use writer::StreamWriter;
