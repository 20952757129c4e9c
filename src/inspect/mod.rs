//! Looking at things: pictures of textures, hashes of frames, packets in words, what frames cost.

pub mod packets;
pub mod picture;
pub mod stats;

pub use picture::Picture;
