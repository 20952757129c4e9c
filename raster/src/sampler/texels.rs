//! How a view's texels are read: as register bits for loads, as numerators for filters.
//!
//! UNORM and SNORM components are filtered as the integers that they are and divided once at the end, so that
//! a filtered value is the exact weighted mean, rounded. Everything else is filtered as the float that it
//! decodes to (divisor 1).

use crate::format::float::f16_to_f32;
use crate::format::norm::{self, UNORM8_TO_F32};
use crate::format::srgb::SRGB8_TO_F32;
use crate::format::{Component, Format, Kind};
use crate::surface::{BlockCodes, Image};

/// What the bytes of a texel need.
#[derive(Debug, Clone, Copy)]
enum Storage {
    /// Four bytes, UNORM or sRGB.
    Bytes(Bytes4),
    /// The image's decoded blocks.
    Blocks(BlockCodes),
    /// Whatever the format's decoder makes of so many bytes.
    Other(usize),
}

/// Where the components of four bytes are.
#[derive(Debug, Clone, Copy)]
struct Bytes4 {
    /// Lowest bits of red, green, blue and alpha.
    shifts: [u32; 4],
    /// 255 when there is no alpha.
    opaque: u8,
    srgb: bool,
}

impl Bytes4 {
    fn new(format: Format) -> Option<Self> {
        let components = format.components();
        let plain = format.block_bytes() == 4
            && components.iter().all(|c| c.bits == 8 && matches!(c.kind, Kind::Unorm | Kind::Srgb));
        let shift = |i| component(format, i).map(|c| c.shift);
        let (shifts, opaque) = match shift(3) {
            Some(alpha) => ([shift(0)?, shift(1)?, shift(2)?, alpha], 0),
            None => ([shift(0)?, shift(1)?, shift(2)?, 0], 255),
        };
        plain.then_some(Self { shifts, opaque, srgb: format.is_srgb() })
    }

    #[inline]
    fn of(self, texel: [u8; 4]) -> [u8; 4] {
        let texel = u32::from_le_bytes(texel);
        let [r, g, b, a] = self.shifts.map(|shift| texel.wrapping_shr(shift) as u8);
        [r, g, b, a | self.opaque]
    }

    #[inline]
    fn read(self, image: &Image, index: usize) -> Option<[u8; 4]> {
        image.data().as_chunks().0.get(index).map(|&texel| self.of(texel))
    }
}

/// Where a register component of a [packed](Packed) texel comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// A byte of the texel.
    Byte(usize),
    /// Nowhere: the default, 0 or 1.
    Default,
}

/// Texels of one, two or four bytes that are UNORM components.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packed {
    /// Bytes a texel.
    pub(super) bytes: usize,
    /// Sources of red, green, blue and alpha.
    pub(super) sources: [Source; 4],
}

impl Packed {
    fn new(format: Format) -> Option<Self> {
        let components = format.components();
        let plain = [1, 2, 4].contains(&format.block_bytes())
            && components.iter().all(|c| c.bits == 8 && c.kind == Kind::Unorm);
        let source = |i| component(format, i).map_or(Source::Default, |c| Source::Byte(c.shift as usize / 8));
        plain.then(|| Self { bytes: format.block_bytes(), sources: [0, 1, 2, 3].map(source) })
    }
}

/// The reader of a view's texels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Texels {
    format: Format,
    storage: Storage,
    srgb: bool,
    /// Bits of every component of a format that holds nothing but floats, red first.
    float_bits: Option<u32>,
    /// How texels of bytes are read at once; `None` for other formats.
    pub(super) packed: Option<Packed>,
    /// Numerators are the codes of [blocks](Image::block_texels).
    pub(super) codes: bool,
    /// Red numerators compare with [references](Self::reference) as texels do.
    pub(super) comparable: bool,
    /// What numerators are divided by.
    pub(super) divisors: [f64; 4],
    /// Least value that a component can have: 0, -1, or minus infinity.
    low: [f32; 4],
    /// The format holds integers, which have no mean.
    pub(super) integer: bool,
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
            None => Bytes4::new(format).map_or(Storage::Other(format.block_bytes()), Storage::Bytes),
        };
        let (mut divisors, mut low) = ([1.0; 4], [f32::NEG_INFINITY; 4]);
        for i in 0..4 {
            (divisors[i], low[i]) = match storage {
                Storage::Blocks(_) if format.is_srgb() => (if i == 3 { 255.0 } else { 1.0 }, 0.0),
                Storage::Blocks(codes) => {
                    (codes.divisor().into(), if codes == BlockCodes::Snorm { -1.0 } else { 0.0 })
                }
                // Alpha that is not there is a byte of 255 all the same.
                Storage::Bytes(_) if i == 3 => (255.0, 0.0),
                _ => component(format, i).map_or((1.0, f32::NEG_INFINITY), |c| match c.kind {
                    Kind::Unorm => (((1u64 << c.bits) - 1) as f64, 0.0),
                    Kind::Snorm => (((1u64 << (c.bits - 1)) - 1) as f64, -1.0),
                    Kind::Srgb | Kind::SharedExponent => (1.0, 0.0),
                    Kind::Float if c.bits < 16 => (1.0, 0.0),
                    Kind::Float | Kind::Uint | Kind::Sint => (1.0, f32::NEG_INFINITY),
                }),
            };
        }
        let (srgb, float_bits, packed) = (format.is_srgb(), float_bits(format), Packed::new(format));
        let codes = matches!(storage, Storage::Blocks(BlockCodes::Unorm)) && !srgb;
        let red = component(format, 0);
        let comparable = red.is_some_and(|red| red.kind == Kind::Unorm || float_bits.is_some());
        Self {
            format,
            storage,
            srgb,
            float_bits,
            packed,
            codes,
            comparable,
            divisors,
            low,
            integer: format.is_integer(),
        }
    }

    /// Register bits of a texel's sample. Nothing is rounded that a load would not round.
    #[inline]
    pub(super) fn register(&self, image: &Image, x: u32, y: u32, sample: u32) -> [u32; 4] {
        match image.sample_index(x, y, sample) {
            Some(index) => self.register_at(image, index),
            None => self.format.outside(),
        }
    }

    /// As [`register`](Self::register) of the sample with an [index](Image::sample_index).
    #[inline]
    pub(super) fn register_at(&self, image: &Image, index: usize) -> [u32; 4] {
        match self.storage {
            Storage::Bytes(bytes) => {
                let Some(rgba) = bytes.read(image, index) else { return self.format.outside() };
                let table = if bytes.srgb { &SRGB8_TO_F32 } else { &UNORM8_TO_F32 };
                let [r, g, b, a] = rgba.map(usize::from);
                [table[r], table[g], table[b], UNORM8_TO_F32[a]].map(f32::to_bits)
            }
            Storage::Blocks(_) => {
                let numerators = self.numerators_at(image, index);
                std::array::from_fn(|i| (numerators[i] / self.divisors[i] as f32).to_bits())
            }
            Storage::Other(bytes) => {
                match image.data().get(index * bytes..).and_then(|rest| rest.get(..bytes)) {
                    Some(texel) => self.format.decode_texel(texel),
                    None => self.format.outside(),
                }
            }
        }
    }

    /// A texel's components times their divisors, exact.
    #[inline]
    pub(super) fn numerators(&self, image: &Image, x: u32, y: u32) -> [f32; 4] {
        image.sample_index(x, y, 0).map_or([0.0; 4], |index| self.numerators_at(image, index))
    }

    /// As [`numerators`](Self::numerators) of the texel with an [index](Image::sample_index).
    #[inline]
    pub(super) fn numerators_at(&self, image: &Image, index: usize) -> [f32; 4] {
        match self.storage {
            Storage::Bytes(bytes) => {
                let Some(rgba) = bytes.read(image, index) else { return [0.0; 4] };
                if bytes.srgb { srgb(rgba) } else { rgba.map(f32::from) }
            }
            Storage::Blocks(codes) => {
                let Some(texel) = image.block_texel(index) else { return [0.0; 4] };
                if self.srgb { srgb_codes(texel) } else { texel.map(|code| codes.numerator(code)) }
            }
            Storage::Other(_) => {
                let register = self.register_at(image, index).map(f32::from_bits);
                std::array::from_fn(|i| match self.divisors[i] {
                    1.0 => flush(register[i]),
                    // The product is less than a half away from the stored integer.
                    divisor => norm::round_to_i32(f64::from(register[i]) * divisor) as f32,
                })
            }
        }
    }

    /// Fills rows of red, green, blue and alpha with the [numerators](Self::numerators_at) of many texels. What kind
    /// they are is asked once, not for each.
    pub(super) fn numerators_row(&self, image: &Image, indices: &[u32], rows: [&mut [f32]; 4]) {
        let block = |index| image.block_texel(index).unwrap_or_default();
        match (self.storage, self.float_bits) {
            (Storage::Bytes(bytes), _) if bytes.srgb => {
                each(indices, rows, |index| bytes.read(image, index).map_or([0.0; 4], srgb));
            }
            (Storage::Blocks(_), _) if self.srgb => each(indices, rows, |index| srgb_codes(block(index))),
            (Storage::Other(2), Some(16)) => each(indices, rows, |index| halves::<2>(image, index)),
            (Storage::Other(4), Some(16)) => each(indices, rows, |index| halves::<4>(image, index)),
            (Storage::Other(8), Some(16)) => each(indices, rows, |index| halves::<8>(image, index)),
            (Storage::Other(4), Some(32)) => each(indices, rows, |index| floats::<4>(image, index)),
            (Storage::Other(8), Some(32)) => each(indices, rows, |index| floats::<8>(image, index)),
            (Storage::Other(16), Some(32)) => each(indices, rows, |index| floats::<16>(image, index)),
            _ => each(indices, rows, |index| self.numerators_at(image, index)),
        }
    }

    /// Register components whose texels can differ from the default.
    pub(super) fn channel_mask(&self) -> u8 {
        self.format.channel_mask()
    }

    /// Register bits of components that the format lacks.
    pub(super) fn defaults(&self) -> [u32; 4] {
        self.format.defaults()
    }

    /// The numerator of a reference that is [comparable](Self::comparable) with red: a UNORM code is compared
    /// instead of its quotient.
    pub(super) fn reference(&self, reference: f32) -> f32 {
        match component(self.format, 0) {
            Some(red) if red.kind == Kind::Unorm => norm::f32_to_unorm(reference, red.bits) as f32,
            _ => flush(reference),
        }
    }

    /// The border colour: clamped to what the format can hold (not rounded to it), defaults in components
    /// that it lacks, no sRGB (d3d-rules §12.6).
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

/// Bits of every component of a format of floats; `None` for other formats.
fn float_bits(format: Format) -> Option<u32> {
    let bits = format.components().first()?.bits;
    format.components().iter().all(|c| c.kind == Kind::Float && c.bits == bits).then_some(bits)
}

/// The component that fills register component `index`.
fn component(format: Format, index: usize) -> Option<Component> {
    format.components().iter().copied().find(|c| c.channel.register() == Some(index))
}

#[inline(always)]
fn each(indices: &[u32], [r, g, b, a]: [&mut [f32]; 4], numerators: impl Fn(usize) -> [f32; 4]) {
    for ((((&index, r), g), b), a) in indices.iter().zip(r).zip(g).zip(b).zip(a) {
        [*r, *g, *b, *a] = numerators(index as usize);
    }
}

/// Numerators of a texel of 32-bit floats.
#[inline(always)]
fn floats<const BYTES: usize>(image: &Image, index: usize) -> [f32; 4] {
    let mut numerators = [0.0, 0.0, 0.0, 1.0];
    if let Some(texel) = image.data().as_chunks::<BYTES>().0.get(index) {
        let floats = texel.as_chunks().0.iter().map(|&bits| flush(f32::from_le_bytes(bits)));
        numerators.iter_mut().zip(floats).for_each(|(numerator, float)| *numerator = float);
    }
    numerators
}

/// Numerators of a texel of 16-bit floats.
#[inline(always)]
fn halves<const BYTES: usize>(image: &Image, index: usize) -> [f32; 4] {
    let mut numerators = [0.0, 0.0, 0.0, 1.0];
    if let Some(texel) = image.data().as_chunks::<BYTES>().0.get(index) {
        let floats = texel.as_chunks().0.iter().map(|&bits| f16_to_f32(u16::from_le_bytes(bits)));
        numerators.iter_mut().zip(floats).for_each(|(numerator, float)| *numerator = float);
    }
    numerators
}

/// sRGB is decoded from the palette rounded to 8 bits (d3d-rules §13.7).
#[inline]
fn srgb_codes(texel: [u16; 4]) -> [f32; 4] {
    const STEP: u16 = BlockCodes::UNORM8_STEP;
    srgb(texel.map(|code| ((code + STEP / 2) / STEP) as u8))
}

#[inline]
fn srgb([r, g, b, a]: [u8; 4]) -> [f32; 4] {
    let [r, g, b] = [r, g, b].map(|code| SRGB8_TO_F32[usize::from(code)]);
    [r, g, b, f32::from(a)]
}

/// Denormals are zero in arithmetic (d3d-rules §1.1); those of narrower floats are normal numbers here.
#[inline]
pub(super) fn flush(value: f32) -> f32 {
    if value.is_subnormal() { 0.0f32.copysign(value) } else { value }
}
