//! Textures as pictures that people and PNG files understand.

use sha2::{Digest, Sha256};

use crate::backend::TextureData;
use crate::resources::raster_format;

/// An RGBA picture, 8 bits a channel, top row first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Four bytes a pixel: red, green, blue, alpha.
    pub rgba: Vec<u8>,
}

impl Picture {
    /// A colour texture as a picture: unused alpha is opaque, sRGB bytes stay as they are stored, 5 and 6 bits are widened
    /// by repeating their top bits, blocks are decoded. `None` for depth formats.
    pub fn from_texture(data: &TextureData) -> Option<Self> {
        let format = raster_format(data.format);
        if format.is_depth() {
            return None;
        }
        let mut rgba = vec![0; data.width as usize * data.height as usize * 4];
        if format.is_block_compressed() {
            blocks_to_rgba(data, &mut rgba);
        } else {
            format.row_to_rgba8(&data.bytes, rgba.as_chunks_mut().0);
        }
        Some(Self { width: data.width, height: data.height, rgba })
    }

    /// SHA-256 over width and height (little-endian words) and the pixels, in hexadecimal.
    pub fn sha256(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.width.to_le_bytes());
        hash.update(self.height.to_le_bytes());
        hash.update(&self.rgba);
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn blocks_to_rgba(data: &TextureData, rgba: &mut [u8]) {
    let Some(codec) = raster_format(data.format).block_codec() else { return };
    let (width, height) = (data.width as usize, data.height as usize);
    for (i, block) in data.bytes.chunks_exact(codec.block_bytes()).enumerate() {
        let (bx, by) = (i % width.div_ceil(4) * 4, i / width.div_ceil(4) * 4);
        let Some(texels) = codec.decode_rgba8(block) else { return };
        for (t, texel) in texels.iter().enumerate() {
            let (x, y) = (bx + t % 4, by + t / 4);
            if x < width && y < height {
                rgba[(y * width + x) * 4..][..4].copy_from_slice(texel);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aerogpu_protocol::Format;

    fn picture(format: Format, bytes: &[u8]) -> Vec<u8> {
        let data = TextureData { format, width: 1, height: 1, bytes: bytes.to_vec() };
        Picture::from_texture(&data).expect("a colour format").rgba
    }

    #[test]
    fn channels_come_in_order() {
        assert_eq!(picture(Format::B8G8R8A8Unorm, &[1, 2, 3, 4]), [3, 2, 1, 4]);
        assert_eq!(picture(Format::R8G8B8X8Unorm, &[1, 2, 3, 4]), [1, 2, 3, 255]);
        // 0x8410: 10000 100000 10000
        assert_eq!(picture(Format::B5G6R5Unorm, &[0x10, 0x84]), [132, 130, 132, 255]);
        assert_eq!(picture(Format::B5G5R5A1Unorm, &[0xff, 0x7f]), [255, 255, 255, 0]);
    }

    #[test]
    fn the_hash_covers_the_size() {
        let red = Picture { width: 2, height: 1, rgba: [255, 0, 0, 255].repeat(2) };
        let tall = Picture { width: 1, height: 2, ..red.clone() };
        assert_ne!(red.sha256(), tall.sha256());
    }
}
