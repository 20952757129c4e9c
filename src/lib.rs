//! Reference renderer of the AeroGPU virtual GPU: its Direct3D 9/10/11 pipeline on the CPU.
//!
//! **What it is.** A [`Backend`] that executes AeroGPU command streams in software, exactly by the Direct3D
//! specification and with the same bits on every CPU and thread count: a fallback for hosts without a GPU, and an oracle for
//! other back ends.
//!
//! **What it is not.** It opens no window and reads no clock or file; the command line beside it does.
//!
//! **Where to start.** [`executor::SoftwareRenderer`] takes a [`Submission`] and guest [`memory`]; [`replay`] plays recorded
//! traces. The way of a draw is [`executor`] → [`pipeline`] → the rasterizer's pass.

pub mod backend;
pub mod budget;
mod codec;
pub mod cycles;
pub mod device;
pub mod engine;
pub mod executor;
pub mod inspect;
pub mod limits;
pub mod memory;
#[cfg(any(test, feature = "test-utils"))]
pub mod mock;
pub mod pipeline;
pub mod replay;
pub mod resources;
pub mod state;

pub use backend::{Backend, Submission};
pub use codec::Damage;
pub use device::{Device, DeviceConfig};
pub use executor::{Options, SoftwareRenderer};
