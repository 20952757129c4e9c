//! BC1 to BC5: two endpoints and the values between them (d3d-rules §13.3, §13.4).
//!
//! Palettes are made as whole numbers over a divisor, and handed to a function that divides: each result is
//! rounded once.

use super::{Block, BlockCodec};

/// The colours of BC1, BC2 and BC3 with alpha. `convert(value, divisor)` makes a component of `value /
/// divisor` in 0..=255.
fn color_palette<T: Copy>(
    bits: u64,
    may_be_transparent: bool,
    convert: impl Fn(i32, i32) -> T,
) -> [[T; 4]; 4] {
    let (first, second) = (bits as u16, (bits >> 16) as u16);
    let (a, b) = (expand_565(first), expand_565(second));
    let (zero, one) = (convert(0, 1), convert(255, 1));
    let opaque = |wa: i32, wb: i32| {
        let [r, g, b] = [0, 1, 2].map(|i| match wa + wb {
            3 => convert(wa * a[i] + wb * b[i], 3),
            _ => convert(wa * a[i] + wb * b[i], 2),
        });
        [r, g, b, one]
    };
    if first > second || !may_be_transparent {
        [opaque(3, 0), opaque(0, 3), opaque(2, 1), opaque(1, 2)]
    } else {
        [opaque(2, 0), opaque(0, 2), opaque(1, 1), [zero; 4]]
    }
}

/// A 5-6-5 colour in 8 bits, by repeating the upper bits.
fn expand_565(color: u16) -> [i32; 3] {
    let color = i32::from(color);
    let (r, g, b) = (color >> 11, color >> 5 & 63, color & 31);
    [r << 3 | r >> 2, g << 2 | g >> 4, b << 3 | b >> 2]
}

/// The eight scalars of BC4, of either half of BC5, and of BC3's alpha. `convert(value, divisor)` makes a
/// scalar of `value / divisor` in 0..=255, or in -127..=127 when `signed`.
fn scalar_palette<T>(bits: u64, signed: bool, convert: impl Fn(i32, i32) -> T) -> [T; 8] {
    let (first, second) = (bits as u8, (bits >> 8) as u8);
    let (raw_a, raw_b, lowest, highest) = if signed {
        (i32::from(first as i8), i32::from(second as i8), -127, 127)
    } else {
        (i32::from(first), i32::from(second), 0, 255)
    };
    // The raw bytes decide the mode; only then do -128 and -127 become one.
    let (a, b) = (raw_a.max(lowest), raw_b.max(lowest));
    if raw_a > raw_b {
        [0, 7, 1, 2, 3, 4, 5, 6].map(|k| convert((7 - k) * a + k * b, 7))
    } else {
        let mix = |k: i32| convert((5 - k) * a + k * b, 5);
        [mix(0), mix(5), mix(1), mix(2), mix(3), mix(4), convert(lowest, 1), convert(highest, 1)]
    }
}

/// The palette index of a texel in a block of scalars.
fn scalar_index(bits: u64, texel: usize) -> usize {
    (bits >> (16 + 3 * texel) & 7) as usize
}

/// Decodes BC1 (all in `low`), BC2 or BC3. `convert(value, divisor)` makes a component of `value / divisor`
/// in 0..=255.
pub(super) fn decode_color<T: Copy>(
    codec: BlockCodec,
    low: u64,
    high: u64,
    convert: impl Fn(i32, i32) -> T,
) -> Block<T> {
    let bits = if codec == BlockCodec::Bc1 { low } else { high };
    let palette = color_palette(bits, codec == BlockCodec::Bc1, &convert);
    let mut block: Block<T> = std::array::from_fn(|texel| palette[(bits >> (32 + 2 * texel) & 3) as usize]);
    match codec {
        BlockCodec::Bc2 => {
            for (texel, rgba) in block.iter_mut().enumerate() {
                rgba[3] = convert((low >> (4 * texel) & 15) as i32 * 17, 1);
            }
        }
        BlockCodec::Bc3 => {
            let alphas = scalar_palette(low, false, &convert);
            for (texel, rgba) in block.iter_mut().enumerate() {
                rgba[3] = alphas[scalar_index(low, texel)];
            }
        }
        _ => {}
    }
    block
}

/// Decodes BC4 (red alone) or BC5 (red and green).
pub(super) fn decode_scalars(channels: [Option<u64>; 2], signed: bool) -> Block<f32> {
    let one = if signed { 127 } else { 255 };
    let mut block = [[0.0, 0.0, 0.0, 1.0]; 16];
    for (channel, bits) in channels.into_iter().enumerate() {
        let Some(bits) = bits else { continue };
        let palette = scalar_palette(bits, signed, |value, divisor| value as f32 / (divisor * one) as f32);
        for (texel, rgba) in block.iter_mut().enumerate() {
            rgba[channel] = palette[scalar_index(bits, texel)];
        }
    }
    block
}
