//! AeroGPU conformance: cases, comparison, reports.
//!
//! **What it is.** A runner of [cases](case): command streams with the textures, buffers and guest memory that they must
//! leave behind. It drives any [`Backend`](aerogpu::Backend) and says where it differs, to the pixel.
//!
//! **What it is not.** It renders nothing itself, and a case never passes by not being run: what crashes, times out or is not
//! supported has a status of its own.
//!
//! **Where to start.** [`discover::find`] turns paths into entries, [`suite::Suite`] runs one of them against a backend and
//! judges it by the [expectations], [`results::Results`] counts and becomes JSON, [`report`] shows failures to people.
//! `src/main.rs` is the command line around them.

pub mod case;
pub mod compare;
pub mod differential;
pub mod discover;
pub mod encode;
pub mod expectations;
pub mod generate;
pub mod report;
pub mod results;
pub mod run;
pub mod shader_case;
pub mod stages;
pub mod suite;
pub mod wgpu;
