//! Textures as pictures that people and PNG files understand.

use aerogpu_protocol::Format;
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
        let rgba = match data.format {
            format if format.is_depth() => return None,
            format if format.is_block_compressed() => blocks_to_rgba(data),
            format => data
                .bytes
                .chunks_exact(format.bytes_per_block() as usize)
                .flat_map(|texel| texel_to_rgba(format, texel))
                .collect(),
        };
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

fn texel_to_rgba(format: Format, texel: &[u8]) -> [u8; 4] {
    let alpha = |a: u8| if format.has_unused_alpha() { 255 } else { a };
    let wide = |bits: u16, shift: u32, width: u32| {
        let v = (bits >> shift) & ((1 << width) - 1);
        (v << (8 - width) | v >> (2 * width - 8)) as u8
    };
    match (format.linear(), texel) {
        (Format::B8G8R8A8Unorm | Format::B8G8R8X8Unorm, &[b, g, r, a]) => [r, g, b, alpha(a)],
        (Format::R8G8B8A8Unorm | Format::R8G8B8X8Unorm, &[r, g, b, a]) => [r, g, b, alpha(a)],
        (Format::B5G6R5Unorm, &[lo, hi]) => {
            let bits = u16::from_le_bytes([lo, hi]);
            [wide(bits, 11, 5), wide(bits, 5, 6), wide(bits, 0, 5), 255]
        }
        (Format::B5G5R5A1Unorm, &[lo, hi]) => {
            let bits = u16::from_le_bytes([lo, hi]);
            [wide(bits, 10, 5), wide(bits, 5, 5), wide(bits, 0, 5), if bits >> 15 == 1 { 255 } else { 0 }]
        }
        _ => [0; 4],
    }
}

fn blocks_to_rgba(data: &TextureData) -> Vec<u8> {
    let format = raster_format(data.format);
    let (width, height) = (data.width as usize, data.height as usize);
    let mut rgba = vec![0; width * height * 4];
    let block_bytes = data.format.bytes_per_block() as usize;
    for (i, block) in data.bytes.chunks_exact(block_bytes).enumerate() {
        let (bx, by) = (i % width.div_ceil(4) * 4, i / width.div_ceil(4) * 4);
        let texels = aerogpu_raster::format::bc::decode_block_rgba8(format, block);
        for (t, texel) in texels.iter().enumerate() {
            let (x, y) = (bx + t % 4, by + t / 4);
            if x < width && y < height {
                rgba[(y * width + x) * 4..][..4].copy_from_slice(texel);
            }
        }
    }
    rgba
}

#[cfg(test)]
mod tests {
    use super::*;

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
