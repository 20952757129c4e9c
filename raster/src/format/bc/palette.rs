//! BC1 to BC5: two endpoints and the values between them (d3d-rules §13.3, §13.4).
//!
//! Palettes are integers over a common divisor, so that each result is rounded once, by whoever divides.

use super::{Block, BlockCodec};

/// The colour half of BC1, BC2 and BC3.
struct Colors {
    /// Red, green, blue in 8 bits times `divisor`.
    palette: [[u32; 3]; 4],
    divisor: u32,
    /// Code 3 is transparent black.
    transparent: bool,
}

impl Colors {
    fn new(bits: u64, may_be_transparent: bool) -> Self {
        let (first, second) = (bits as u16, (bits >> 16) as u16);
        let (a, b) = (expand_565(first), expand_565(second));
        let mix = |wa: u32, wb: u32| [0, 1, 2].map(|i| wa * a[i] + wb * b[i]);
        if first > second || !may_be_transparent {
            Self { palette: [mix(3, 0), mix(0, 3), mix(2, 1), mix(1, 2)], divisor: 3, transparent: false }
        } else {
            Self { palette: [mix(2, 0), mix(0, 2), mix(1, 1), mix(0, 0)], divisor: 2, transparent: true }
        }
    }
}

/// A 5-6-5 colour in 8 bits, by repeating the upper bits.
fn expand_565(color: u16) -> [u32; 3] {
    let color = u32::from(color);
    let (r, g, b) = (color >> 11, color >> 5 & 63, color & 31);
    [r << 3 | r >> 2, g << 2 | g >> 4, b << 3 | b >> 2]
}

/// Eight scalars: BC4, either half of BC5, the alpha of BC3.
struct Scalars {
    /// Values times `divisor`, in units of the endpoints.
    palette: [i32; 8],
    divisor: i32,
}

impl Scalars {
    fn new(bits: u64, signed: bool) -> Self {
        let (first, second) = (bits as u8, (bits >> 8) as u8);
        let (raw_a, raw_b, lowest, highest) = if signed {
            (i32::from(first as i8), i32::from(second as i8), -127, 127)
        } else {
            (i32::from(first), i32::from(second), 0, 255)
        };
        // The raw bytes decide the mode; only then do -128 and -127 become one.
        let (a, b) = (raw_a.max(lowest), raw_b.max(lowest));
        let mix = |divisor: i32, k: i32| (divisor - k) * a + k * b;
        let palette = if raw_a > raw_b {
            [mix(7, 0), mix(7, 7), mix(7, 1), mix(7, 2), mix(7, 3), mix(7, 4), mix(7, 5), mix(7, 6)]
        } else {
            [mix(5, 0), mix(5, 5), mix(5, 1), mix(5, 2), mix(5, 3), mix(5, 4), 5 * lowest, 5 * highest]
        };
        Self { palette, divisor: if raw_a > raw_b { 7 } else { 5 } }
    }
}

/// The palette code of a texel in a block of scalars.
fn scalar_code(bits: u64, texel: usize) -> usize {
    (bits >> (16 + 3 * texel) & 7) as usize
}

/// Decodes BC1, BC2 or BC3. `convert(value, divisor)` makes a component of `value / divisor` in 0..=255.
pub(super) fn decode_color<T: Copy + Default>(
    codec: BlockCodec,
    low: u64,
    high: u64,
    convert: impl Fn(u32, u32) -> T,
) -> Block<T> {
    let bits = if codec == BlockCodec::Bc1 { low } else { high };
    let colors = Colors::new(bits, codec == BlockCodec::Bc1);
    let palette = colors.palette.map(|rgb| rgb.map(|value| convert(value, colors.divisor)));
    let (zero, one) = (convert(0, 1), convert(255, 1));

    let mut block = [[T::default(); 4]; 16];
    for (texel, rgba) in block.iter_mut().enumerate() {
        let code = (bits >> (32 + 2 * texel) & 3) as usize;
        let [r, g, b] = palette[code];
        *rgba = [r, g, b, if colors.transparent && code == 3 { zero } else { one }];
    }
    match codec {
        BlockCodec::Bc2 => {
            let alphas: [T; 16] = std::array::from_fn(|code| convert(code as u32 * 17, 1));
            for (texel, rgba) in block.iter_mut().enumerate() {
                rgba[3] = alphas[(low >> (4 * texel) & 15) as usize];
            }
        }
        BlockCodec::Bc3 => {
            let scalars = Scalars::new(low, false);
            let alphas = scalars.palette.map(|value| convert(value as u32, scalars.divisor as u32));
            for (texel, rgba) in block.iter_mut().enumerate() {
                rgba[3] = alphas[scalar_code(low, texel)];
            }
        }
        _ => {}
    }
    block
}

/// Decodes BC4 (red alone) or BC5 (red and green).
pub(super) fn decode_scalars(channels: [Option<u64>; 2], signed: bool) -> Block<f32> {
    let mut block = [[0.0, 0.0, 0.0, 1.0]; 16];
    for (channel, bits) in channels.into_iter().enumerate() {
        let Some(bits) = bits else { continue };
        let scalars = Scalars::new(bits, signed);
        let divisor = (scalars.divisor * if signed { 127 } else { 255 }) as f32;
        let palette = scalars.palette.map(|value| value as f32 / divisor);
        for (texel, rgba) in block.iter_mut().enumerate() {
            rgba[channel] = palette[scalar_code(bits, texel)];
        }
    }
    block
}
