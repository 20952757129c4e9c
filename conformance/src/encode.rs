//! Textures in the encodings of [`expect_texture`](crate::case::ExpectTexture), and encodings as pictures.

use aerogpu::backend::TextureData;
use aerogpu::inspect::Picture;
use aerogpu_protocol::Format;

use crate::case::Encoding;
use crate::compare::{Channel, Image};

/// The greatest value of 24-bit depth.
const DEPTH_24_ONE: f32 = 16_777_215.0;

/// A subresource as `encoding` writes it down, or why it cannot.
///
/// A pixel of `raw` is what the format stores together: a texel, or a block of 4x4 for the BC formats.
pub fn encode(data: &TextureData, encoding: Encoding) -> Result<Image, String> {
    let format = data.format;
    let impossible = || format!("a {format} texture cannot be read as {encoding}");
    let image = |pixel_bytes, channel, bytes| Image {
        width: data.width,
        height: data.height,
        pixel_bytes,
        channel,
        bytes,
    };
    match encoding {
        Encoding::Rgba8 => {
            let picture = Picture::from_texture(data).ok_or_else(impossible)?;
            Ok(image(4, Channel::U8, picture.rgba))
        }
        Encoding::DepthF32 => {
            let bytes = match format {
                Format::D32Float => data.bytes.clone(),
                Format::D24UnormS8Uint => words(data).flat_map(|word| depth(word).to_le_bytes()).collect(),
                _ => return Err(impossible()),
            };
            Ok(image(4, Channel::F32, bytes))
        }
        Encoding::StencilU8 if format.has_stencil() => {
            Ok(image(1, Channel::U8, words(data).map(|word| (word >> 24) as u8).collect()))
        }
        Encoding::StencilU8 => Err(impossible()),
        Encoding::Raw => {
            let block = format.block_extent();
            let (width, height) = (data.width.div_ceil(block), data.height.div_ceil(block));
            let image = image(format.bytes_per_block(), Channel::U8, data.bytes.clone());
            Ok(Image { width, height, ..image })
        }
    }
}

fn words(data: &TextureData) -> impl Iterator<Item = u32> {
    data.bytes.as_chunks().0.iter().map(|&bytes| u32::from_le_bytes(bytes))
}

/// The depth of a D24S8 texel. Both operands are exact, so the quotient is rounded once.
fn depth(word: u32) -> f32 {
    (word & 0xff_ffff) as f32 / DEPTH_24_ONE
}

/// An encoded image as a picture for people: RGBA bytes. Depth and stencil are grey; raw bytes are no picture.
pub fn picture(image: &Image, encoding: Encoding) -> Option<Vec<u8>> {
    let grey = |value: u8| [value, value, value, 255];
    match encoding {
        Encoding::Rgba8 => Some(image.bytes.clone()),
        Encoding::StencilU8 => Some(image.bytes.iter().copied().flat_map(grey).collect()),
        Encoding::DepthF32 => {
            let depths = image.bytes.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes));
            // The cast saturates and takes NaN to 0.
            Some(depths.flat_map(|depth| grey((depth * 255.0) as u8)).collect())
        }
        Encoding::Raw => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texture(format: Format, width: u32, height: u32, bytes: &[u8]) -> TextureData {
        TextureData { format, width, height, bytes: bytes.to_vec() }
    }

    fn rgba8(format: Format, bytes: &[u8]) -> Vec<u8> {
        encode(&texture(format, 1, 1, bytes), Encoding::Rgba8).expect("a colour format").bytes
    }

    #[test]
    fn eight_bit_formats_change_order_only_and_x_reads_255() {
        let bytes = [1, 2, 3, 4];
        for (format, expected) in [
            (Format::B8G8R8A8Unorm, [3, 2, 1, 4]),
            (Format::B8G8R8A8UnormSrgb, [3, 2, 1, 4]),
            (Format::B8G8R8X8Unorm, [3, 2, 1, 255]),
            (Format::B8G8R8X8UnormSrgb, [3, 2, 1, 255]),
            (Format::R8G8B8A8Unorm, [1, 2, 3, 4]),
            (Format::R8G8B8A8UnormSrgb, [1, 2, 3, 4]),
            (Format::R8G8B8X8Unorm, [1, 2, 3, 255]),
            (Format::R8G8B8X8UnormSrgb, [1, 2, 3, 255]),
        ] {
            assert_eq!(rgba8(format, &bytes), expected, "{format}");
        }
    }

    #[test]
    fn sixteen_bit_formats_repeat_their_top_bits() {
        // Red 1, green 2, blue 3: 1<<3|0, 2<<2|0, 3<<3|0. Red 16 of 31: 16<<3|16>>2.
        assert_eq!(rgba8(Format::B5G6R5Unorm, &(1u16 << 11 | 2 << 5 | 3).to_le_bytes()), [8, 8, 24, 255]);
        assert_eq!(
            rgba8(Format::B5G6R5Unorm, &(16u16 << 11 | 32 << 5 | 31).to_le_bytes()),
            [132, 130, 255, 255]
        );
        let a1 = |alpha: u16| (alpha << 15 | 16 << 10 | 1 << 5 | 31).to_le_bytes();
        assert_eq!(rgba8(Format::B5G5R5A1Unorm, &a1(0)), [132, 8, 255, 0]);
        assert_eq!(rgba8(Format::B5G5R5A1Unorm, &a1(1)), [132, 8, 255, 255]);
    }

    #[test]
    fn blocks_are_decoded_and_cut_to_size() {
        // BC1, opaque: both endpoints red, then blue; every index 0, so all texels are the first endpoint.
        let block = [0x00, 0xf8, 0x1f, 0x00, 0, 0, 0, 0];
        for format in [Format::Bc1RgbaUnorm, Format::Bc1RgbaUnormSrgb] {
            let image = encode(&texture(format, 3, 2, &block), Encoding::Rgba8).expect("colour");
            assert_eq!(image.bytes, [255, 0, 0, 255].repeat(6), "{format}");
        }
    }

    #[test]
    fn depth_and_stencil_come_apart() {
        let bytes = [0xff, 0xff, 0xff, 0x07, 0x00, 0x00, 0x80, 0xfe];
        let data = texture(Format::D24UnormS8Uint, 2, 1, &bytes);
        let depth = encode(&data, Encoding::DepthF32).expect("depth");
        // 0x800000 of 0xffffff is more than half a unit above one half: the next float.
        assert_eq!(depth.bytes, [1.0f32.to_le_bytes(), 0x3f00_0001u32.to_le_bytes()].concat());
        assert_eq!(encode(&data, Encoding::StencilU8).expect("stencil").bytes, [0x07, 0xfe]);
        assert_eq!(encode(&data, Encoding::Raw).expect("raw").bytes, bytes);
    }

    #[test]
    fn what_a_format_lacks_is_an_error() {
        let float = texture(Format::D32Float, 1, 1, &0.25f32.to_le_bytes());
        assert_eq!(encode(&float, Encoding::DepthF32).map(|image| image.bytes), Ok(float.bytes.clone()));
        assert!(encode(&float, Encoding::StencilU8).is_err());
        assert!(encode(&float, Encoding::Rgba8).is_err());
        let color = texture(Format::B5G6R5Unorm, 1, 1, &[0, 0]);
        assert!(encode(&color, Encoding::DepthF32).is_err());
    }

    #[test]
    fn raw_blocks_count_as_pixels() {
        let image = encode(&texture(Format::Bc3RgbaUnorm, 5, 4, &[0; 32]), Encoding::Raw).expect("raw");
        assert_eq!((image.width, image.height, image.pixel_bytes), (2, 1, 16));
    }
}
