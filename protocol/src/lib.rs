//! The AeroGPU wire protocol, ABI 1.4: packets, registers, rings, traces; bytes and nothing else.
//!
//! What this crate is: every struct, number and name of the ABI, readers that turn guest bytes into typed views
//! without copying, and writers for tests, generators and tools. What it is not: it executes nothing, keeps no
//! state, does no I/O, and judges no value beyond what decoding needs; handles, ranges and enum values are for the
//! executor to judge.
//!
//! # Where to start
//! - [`Stream::parse`], then [`Stream::packets`]: a command stream as [`Packet`]s. [`StreamWriter`] builds one.
//! - [`ring`]: what lies in guest memory around it: ring, descriptors, [`AllocTable`], fence page.
//! - [`registers`]: the PCI function and its registers.
//! - [`Format`] and [`TextureLayout`]: texel formats, and where texels lie in linear memory.
//! - [`Trace::parse`]: recorded frames. [`trace::TraceWriter`] records them.
//! - [`wddm`], [`escape`]: what the guest's drivers and tools say among themselves. [`legacy`]: what came before.
//!
//! # Rules
//! - **Names.** A constant is its C name without the prefix of its group, which the group's documentation gives:
//!   `AEROGPU_MMIO_REG_DOORBELL` is [`registers::mmio::DOORBELL`]. Enum values are the same in camel case, structs
//!   lose `aerogpu_`, `aerogpu_cmd_` or `aerogpu_escape_`, fields keep their names. `tests/abi.rs` holds all of
//!   them against the published ABI.
//! - **Untrusted bytes.** No input panics or allocates; a malformed one gives a typed error with its place.
//!   Enumerated fields stay integers, since a guest may write any; methods give `Option` or `Result` of the enum.
//! - **Newer guests** are read: see [`stream`](Stream) for the rules of forward compatibility.
//! - **Little-endian**, in memory as on the wire.

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
mod packet;
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
pub use packet::{BoolConstants, Packet, PacketErrorReason};
pub use pod_slice::PodSlice;
pub use registers::{ABI_MAJOR, ABI_MINOR, ABI_VERSION};
pub use ring::{AllocTable, AllocTableError};
pub use stream::{PacketAt, PacketError, Packets, Stream, StreamError};
pub use trace::{Trace, TraceError};
pub use writer::StreamWriter;
