//! How a view's texels are read: as register bits for loads, as numerators for filters.
//!
//! UNORM and SNORM components are filtered as the integers that they are and divided once at the end, so that a filtered value is
//! the exact weighted mean, rounded. Everything else is filtered as the float that it decodes to (divisor 1).

use crate::format::norm::UNORM8_TO_F32;
use crate::format::srgb::SRGB8_TO_F32;
use crate::format::{Component, Format, Kind};
use crate::surface::{BlockCodes, Image};

/// What the bytes of a texel need.
#[derive(Debug, Clone, Copy)]
enum Storage {
    /// Four bytes, UNORM or sRGB; `order` are the bytes of red, green, blue and alpha. Without alpha its byte counts as 255.
    Bytes { order: [u8; 4], alpha: bool },
    /// The image's decoded blocks.
    Blocks(BlockCodes),
    /// Whatever the format's decoder makes of it.
    Other,
}

/// The reader of a view's texels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Texels {
    format: Format,
    storage: Storage,
    /// What numerators are divided by.
    pub(super) divisors: [f64; 4],
    /// Least value that a component can have: 0, -1, or minus infinity.
    low: [f32; 4],
}

/// A border colour as a format sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Border {
    pub(super) register: [u32; 4],
    pub(super) numerators: [f64; 4],
}

impl Texels {
    pub(crate) fn new(format: Format) -> Self {
        let storage = match format.block_codec() {
            Some(codec) => Storage::Blocks(BlockCodes::of(codec)),
            None => bytes(format).unwrap_or(Storage::Other),
        };
        let (mut divisors, mut low) = ([1.0; 4], [f32::NEG_INFINITY; 4]);
        for i in 0..4 {
            (divisors[i], low[i]) = match storage {
                Storage::Blocks(_) if format.is_srgb() => (if i == 3 { 255.0 } else { 1.0 }, 0.0),
                Storage::Blocks(codes) => {
                    (codes.divisor().into(), if codes == BlockCodes::Snorm { -1.0 } else { 0.0 })
                }
                // Alpha that is not there is a byte of 255 all the same.
                Storage::Bytes { .. } if i == 3 => (255.0, 0.0),
                _ => component(format, i).map_or((1.0, f32::NEG_INFINITY), |c| match c.kind {
                    Kind::Unorm => (((1u64 << c.bits) - 1) as f64, 0.0),
                    Kind::Snorm => (((1u64 << (c.bits - 1)) - 1) as f64, -1.0),
                    Kind::Srgb | Kind::SharedExponent => (1.0, 0.0),
                    Kind::Float if c.bits < 16 => (1.0, 0.0),
                    Kind::Float | Kind::Uint | Kind::Sint => (1.0, f32::NEG_INFINITY),
                }),
            };
        }
        Self { format, storage, divisors, low }
    }

    /// Register bits of a texel's sample. Nothing is rounded that a load would not round.
    #[inline]
    pub(super) fn register(&self, image: &Image, x: u32, y: u32, sample: u32) -> [u32; 4] {
        match self.storage {
            Storage::Bytes { order, alpha } => {
                let Some(rgba) = texel_bytes(image, x, y, sample, order, alpha) else {
                    return self.format.outside();
                };
                let table = if self.format.is_srgb() { &SRGB8_TO_F32 } else { &UNORM8_TO_F32 };
                let [r, g, b, a] = rgba.map(usize::from);
                [table[r], table[g], table[b], UNORM8_TO_F32[a]].map(f32::to_bits)
            }
            Storage::Blocks(_) => {
                let numerators = self.numerators(image, x, y);
                std::array::from_fn(|i| (numerators[i] / self.divisors[i] as f32).to_bits())
            }
            Storage::Other => match image.texel(x, y, sample) {
                Some(texel) => self.format.decode_texel(texel),
                None => self.format.outside(),
            },
        }
    }

    /// A texel's components times their divisors, exact.
    #[inline]
    pub(super) fn numerators(&self, image: &Image, x: u32, y: u32) -> [f32; 4] {
        match self.storage {
            Storage::Bytes { order, alpha } => {
                let Some(rgba) = texel_bytes(image, x, y, 0, order, alpha) else { return [0.0; 4] };
                if self.format.is_srgb() { srgb(rgba) } else { rgba.map(f32::from) }
            }
            Storage::Blocks(codes) => {
                let Some(texel) = image.block_texel(x, y) else { return [0.0; 4] };
                if self.format.is_srgb() {
                    // sRGB is decoded from the palette rounded to 8 bits (d3d-rules §13.7).
                    let step = BlockCodes::UNORM8_STEP;
                    srgb(texel.map(|code| ((code + step / 2) / step) as u8))
                } else {
                    texel.map(|code| codes.numerator(code))
                }
            }
            Storage::Other => {
                let register = self.register(image, x, y, 0).map(f32::from_bits);
                std::array::from_fn(|i| match self.divisors[i] {
                    1.0 => flush(register[i]),
                    // The product is less than a half away from the stored integer.
                    divisor => (f64::from(register[i]) * divisor).round_ties_even() as f32,
                })
            }
        }
    }

    /// The border colour: clamped to what the format can hold (not rounded to it), defaults in components that it lacks, no sRGB
    /// (d3d-rules §12.6).
    pub(super) fn border(&self, color: [f32; 4]) -> Border {
        let (mask, mut register) = (self.format.channel_mask(), self.format.defaults());
        for i in (0..4).filter(|i| mask >> i & 1 == 1) {
            let value = color[i];
            let high = if self.divisors[i] > 1.0 || self.format.is_srgb() { 1.0 } else { f32::INFINITY };
            register[i] = match self.format.kind() {
                Kind::Uint => value as u32,
                Kind::Sint => value as i32 as u32,
                _ if value < self.low[i] => self.low[i].to_bits(),
                _ if value > high => high.to_bits(),
                _ => value.to_bits(),
            };
        }
        let numerators =
            std::array::from_fn(|i| f64::from(flush(f32::from_bits(register[i]))) * self.divisors[i]);
        Border { register, numerators }
    }
}

/// Four bytes a texel, each a component.
fn bytes(format: Format) -> Option<Storage> {
    let components = format.components();
    let plain = format.block_bytes() == 4
        && components.iter().all(|c| c.bits == 8 && matches!(c.kind, Kind::Unorm | Kind::Srgb));
    let at = |i| component(format, i).map(|c| (c.shift / 8) as u8);
    let alpha = at(3);
    plain.then_some(Storage::Bytes {
        order: [at(0)?, at(1)?, at(2)?, alpha.unwrap_or(3)],
        alpha: alpha.is_some(),
    })
}

/// The component that fills register component `index`.
fn component(format: Format, index: usize) -> Option<Component> {
    format.components().iter().copied().find(|c| c.channel.register() == Some(index))
}

#[inline]
fn texel_bytes(image: &Image, x: u32, y: u32, sample: u32, order: [u8; 4], alpha: bool) -> Option<[u8; 4]> {
    let texel: &[u8; 4] = image.texel(x, y, sample)?.first_chunk()?;
    let [r, g, b, a] = order.map(|byte| texel[usize::from(byte & 3)]);
    Some([r, g, b, if alpha { a } else { 255 }])
}

fn srgb([r, g, b, a]: [u8; 4]) -> [f32; 4] {
    let [r, g, b] = [r, g, b].map(|code| SRGB8_TO_F32[usize::from(code)]);
    [r, g, b, f32::from(a)]
}

/// Denormals are zero in arithmetic (d3d-rules §1.1); those of narrower floats are normal numbers here.
#[inline]
pub(super) fn flush(value: f32) -> f32 {
    if value.is_subnormal() { 0.0f32.copysign(value) } else { value }
}
