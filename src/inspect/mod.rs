//! Looking at things: pictures of textures, hashes of frames, packets in words.

pub mod packets;
pub mod picture;

pub use picture::Picture;
