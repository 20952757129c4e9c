//! Texels to register bits and back, one at a time or in rows.

use super::float::{
    Rounding, f10_to_f32, f11_to_f32, f16_to_f32, f32_to_f10, f32_to_f11, f32_to_f16, f32_to_rgb9e5,
    rgb9e5_to_f32,
};
use super::norm::{f32_to_snorm, f32_to_unorm, snorm_to_f32, unorm_to_f32};
use super::srgb::{f32_to_srgb8, srgb8_to_f32};
use super::{Channel, Component, FACTS, Format, Kind, Storage};

/// The largest texel, R32G32B32A32.
const MAX_TEXEL_BYTES: usize = 16;

impl Component {
    /// Its code in a texel.
    #[inline]
    fn extract(self, texel: u128) -> u32 {
        (texel >> self.shift) as u32 & self.mask()
    }

    /// Register bits of a code.
    #[inline]
    fn decode(self, code: u32) -> u32 {
        let sign_extended = (code << (32 - self.bits)) as i32 >> (32 - self.bits);
        match (self.kind, self.bits) {
            (Kind::Uint, _) | (Kind::Float, 32) => code,
            (Kind::Sint, _) => sign_extended as u32,
            (Kind::Snorm, bits) => snorm_to_f32(sign_extended, bits).to_bits(),
            (Kind::Unorm | Kind::SharedExponent, bits) => unorm_to_f32(code, bits).to_bits(),
            (Kind::Srgb, _) => srgb8_to_f32(code as u8).to_bits(),
            (Kind::Float, 16) => f16_to_f32(code as u16).to_bits(),
            (Kind::Float, 11) => f11_to_f32(code).to_bits(),
            (Kind::Float, _) => f10_to_f32(code).to_bits(),
        }
    }

    /// The code of register bits. Integers clamp to what fits, floats follow d3d-rules §2.3-2.4 and §1.13.
    #[inline]
    fn encode(self, register: u32) -> u32 {
        let value = f32::from_bits(register);
        let code = match (self.kind, self.bits) {
            (Kind::Uint, _) => register.min(self.mask()),
            (Kind::Sint, bits) => {
                let max = i32::MAX >> (32 - bits);
                (register as i32).clamp(-max - 1, max) as u32
            }
            (Kind::Float, 32) => register,
            (Kind::Snorm, bits) => f32_to_snorm(value, bits) as u32,
            (Kind::Unorm | Kind::SharedExponent, bits) => f32_to_unorm(value, bits),
            (Kind::Srgb, _) => u32::from(f32_to_srgb8(value)),
            (Kind::Float, 16) => u32::from(f32_to_f16(value, Rounding::TowardZero)),
            (Kind::Float, 11) => f32_to_f11(value, Rounding::TowardZero),
            (Kind::Float, _) => f32_to_f10(value, Rounding::TowardZero),
        };
        code & self.mask()
    }

    /// The code (of 1 or 4 to 8 bits) in 8 bits, its upper bits repeated below.
    #[inline]
    fn widen(self, code: u32) -> u8 {
        match self.bits {
            1 => code as u8 * 255,
            bits => (code << (8 - bits) | code >> (2 * bits - 8)) as u8,
        }
    }
}

/// A texel of `size` bytes as a little-endian number; bytes that are missing are 0.
#[inline]
fn load(bytes: &[u8], size: usize) -> u128 {
    let mut buffer = [0; MAX_TEXEL_BYTES];
    match bytes.get(..size) {
        Some(texel) => buffer[..size].copy_from_slice(texel),
        None => buffer[..bytes.len()].copy_from_slice(bytes),
    }
    u128::from_le_bytes(buffer)
}

/// The conversions of one format.
///
/// Each is compiled for every format by itself, with the table's row as a constant: no branch on kinds or
/// loop over components is left.
pub(super) struct Conversions {
    decode: fn(&[u8]) -> [u32; 4],
    encode: fn([u32; 4], &mut [u8]),
    decode_row: fn(&[u8], &mut [[u32; 4]]),
    encode_row: fn(&[[u32; 4]], &mut [u8]),
    row_to_rgba8: fn(&[u8], &mut [[u8; 4]]),
}

impl Conversions {
    /// Those of the format in row `FORMAT` of the table.
    pub(super) const fn of<const FORMAT: usize>() -> Self {
        Self {
            decode: decode::<FORMAT>,
            encode: encode::<FORMAT>,
            decode_row: decode_row::<FORMAT>,
            encode_row: encode_row::<FORMAT>,
            row_to_rgba8: row_to_rgba8::<FORMAT>,
        }
    }
}

#[inline]
fn decode<const FORMAT: usize>(texel: &[u8]) -> [u32; 4] {
    let facts = const { &FACTS[FORMAT] };
    let texel = load(texel, facts.block_bytes);
    let mut register = facts.kind.defaults();
    if facts.kind == Kind::SharedExponent {
        let [r, g, b] = rgb9e5_to_f32(texel as u32).map(f32::to_bits);
        return [r, g, b, register[3]];
    }
    for component in facts.components {
        if let Some(index) = component.channel.register() {
            register[index] = component.decode(component.extract(texel));
        }
    }
    register
}

#[inline]
fn encode<const FORMAT: usize>(register: [u32; 4], texel: &mut [u8]) {
    let facts = const { &FACTS[FORMAT] };
    let encoded = if facts.kind == Kind::SharedExponent {
        u128::from(f32_to_rgb9e5([register[0], register[1], register[2]].map(f32::from_bits)))
    } else {
        facts.components.iter().fold(0, |encoded, component| {
            let code = match (component.channel, component.channel.register()) {
                (_, Some(index)) => component.encode(register[index]),
                (Channel::S, None) => component.extract(load(texel, facts.block_bytes)),
                (_, None) => component.mask(),
            };
            encoded | u128::from(code) << component.shift
        })
    };
    let encoded = encoded.to_le_bytes();
    match texel.get_mut(..facts.block_bytes) {
        Some(texel) => texel.copy_from_slice(&encoded[..facts.block_bytes]),
        None => texel.copy_from_slice(&encoded[..texel.len()]),
    }
}

fn decode_row<const FORMAT: usize>(texels: &[u8], registers: &mut [[u32; 4]]) {
    for (texel, register) in texels.chunks_exact(const { FACTS[FORMAT].block_bytes }).zip(registers) {
        *register = decode::<FORMAT>(texel);
    }
}

fn encode_row<const FORMAT: usize>(registers: &[[u32; 4]], texels: &mut [u8]) {
    for (register, texel) in
        registers.iter().zip(texels.chunks_exact_mut(const { FACTS[FORMAT].block_bytes }))
    {
        encode::<FORMAT>(*register, texel);
    }
}

fn row_to_rgba8<const FORMAT: usize>(texels: &[u8], rgba: &mut [[u8; 4]]) {
    let facts = const { &FACTS[FORMAT] };
    for (texel, rgba) in texels.chunks_exact(facts.block_bytes).zip(rgba) {
        let texel = load(texel, facts.block_bytes);
        *rgba = [0, 0, 0, 255];
        for component in facts.components {
            if let Some(index) = component.channel.register() {
                rgba[index] = component.widen(component.extract(texel));
            }
        }
    }
}

impl Format {
    /// Register bits of a texel: floats, or integers for UINT and SINT; components that the format lacks are
    /// [defaults](Self::defaults). Depth is x; stencil is left out.
    ///
    /// 32-bit components keep all bits. Bytes missing from `texel` count as 0. Block-compressed formats have
    /// no texels of their own and give the defaults; see [`decode_block`](Self::decode_block).
    pub fn decode_texel(self, texel: &[u8]) -> [u32; 4] {
        match &self.facts().storage {
            Storage::Texels(conversions) => (conversions.decode)(texel),
            Storage::Blocks(_) => self.defaults(),
        }
    }

    /// Stores register bits as a render target or unordered access view does (d3d-rules §2.3-2.5, §1.13).
    ///
    /// Unused bits become ones, stencil stays. Bytes beyond the end of `texel` are dropped; block-compressed
    /// formats store nothing.
    pub fn encode_texel(self, register: [u32; 4], texel: &mut [u8]) {
        if let Storage::Texels(conversions) = &self.facts().storage {
            (conversions.encode)(register, texel);
        }
    }

    /// [Decodes](Self::decode_texel) texels that lie behind each other, until either side ends.
    pub fn decode_row(self, texels: &[u8], registers: &mut [[u32; 4]]) {
        if let Storage::Texels(conversions) = &self.facts().storage {
            (conversions.decode_row)(texels, registers);
        }
    }

    /// [Encodes](Self::encode_texel) registers into texels behind each other, until either side ends.
    pub fn encode_row(self, registers: &[[u32; 4]], texels: &mut [u8]) {
        if let Storage::Texels(conversions) = &self.facts().storage {
            (conversions.encode_row)(registers, texels);
        }
    }

    /// Bytes in the order R, G, B, A of UNORM texels of at most 8 bits a component, until either side ends:
    /// bytes as stored (sRGB stays encoded), narrower components widened by repeating their upper bits,
    /// missing ones 0 and alpha 255.
    ///
    /// False, and nothing written, for other formats. This is for showing: shaders read 5 bits as `code / 31`
    /// and render targets round to them directly (d3d-rules §2.12), where a renderer that keeps such surfaces
    /// in bytes (executor.md §4.4) goes through these.
    pub fn row_to_rgba8(self, texels: &[u8], rgba: &mut [[u8; 4]]) -> bool {
        let narrow = |c: &Component| matches!(c.kind, Kind::Unorm | Kind::Srgb) && c.bits <= 8;
        let Storage::Texels(conversions) = &self.facts().storage else { return false };
        let fits = self.components().iter().all(narrow);
        if fits {
            (conversions.row_to_rgba8)(texels, rgba);
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ONE: u32 = 1.0f32.to_bits();

    fn uncompressed() -> impl Strategy<Value = Format> {
        let formats = Format::ALL.iter().copied().filter(|format| !format.is_block_compressed());
        prop::sample::select(formats.collect::<Vec<_>>())
    }

    fn encode(format: Format, register: [u32; 4]) -> Vec<u8> {
        let mut texel = vec![0; format.block_bytes()];
        format.encode_texel(register, &mut texel);
        texel
    }

    /// The codes of a texel that reading and writing must keep: all but NaN, the most negative SNORM and
    /// unused bits.
    fn kept(format: Format, texel: &[u8]) -> Vec<Option<u32>> {
        let texel = load(texel, format.block_bytes());
        let components = format.components().iter().filter(|component| component.channel != Channel::X);
        let codes = components.map(|component| {
            let code = component.extract(texel);
            let lost = match component.kind {
                Kind::Snorm => code == 1 << (component.bits - 1),
                Kind::Float if component.bits < 32 => f32::from_bits(component.decode(code)).is_nan(),
                _ => false,
            };
            (!lost).then_some(code)
        });
        codes.collect()
    }

    #[test]
    fn components_by_hand() {
        let floats = |format: Format, texel: &[u8]| format.decode_texel(texel).map(f32::from_bits);
        assert_eq!(floats(Format::B8G8R8A8Unorm, &[51, 102, 255, 0]), [1.0, 0.4, 0.2, 0.0]);
        assert_eq!(floats(Format::B8G8R8X8Unorm, &[51, 102, 255, 0]), [1.0, 0.4, 0.2, 1.0]);
        // Red 31, green 21, blue 0; then blue 31 and alpha.
        assert_eq!(floats(Format::B5G6R5Unorm, &0xfaa0u16.to_le_bytes()), [1.0, 21.0 / 63.0, 0.0, 1.0]);
        assert_eq!(floats(Format::B5G5R5A1Unorm, &0x801fu16.to_le_bytes()), [0.0, 0.0, 1.0, 1.0]);
        assert_eq!(floats(Format::B5G5R5A1Unorm, &0x7c00u16.to_le_bytes()), [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(
            floats(Format::R10G10B10A2Unorm, &0x8000_03ffu32.to_le_bytes()),
            [1.0, 0.0, 0.0, 2.0 / 3.0]
        );
        assert_eq!(floats(Format::R8G8Snorm, &[0x80, 0x7f]), [-1.0, 1.0, 0.0, 1.0]);
        assert_eq!(
            floats(Format::R16G16Float, &[0x00, 0xbc, 0x01, 0x00]),
            [-1.0, 1.0 / 16_777_216.0, 0.0, 1.0]
        );
        assert_eq!(floats(Format::A8Unorm, &[255]), [0.0, 0.0, 0.0, 1.0]);
        assert_eq!(floats(Format::D24UnormS8Uint, &[255, 255, 255, 7]), [1.0, 0.0, 0.0, 1.0]);
        assert_eq!(Format::R8G8Uint.decode_texel(&[200, 1]), [200, 1, 0, 1]);
        assert_eq!(Format::R16Sint.decode_texel(&[0xfe, 0xff]), [-2i32 as u32, 0, 0, 1]);
        // Signalling NaN and denormals pass 32-bit formats untouched.
        assert_eq!(Format::R32Float.decode_texel(&0xff80_0001u32.to_le_bytes()), [0xff80_0001, 0, 0, ONE]);
    }

    #[test]
    fn stores_clamp_and_fill() {
        assert_eq!(encode(Format::R8Uint, [300, 0, 0, 0]), [255]);
        assert_eq!(encode(Format::R8G8Sint, [-300i32 as u32, 300, 0, 0]), [0x80, 0x7f]);
        assert_eq!(encode(Format::R10G10B10A2Uint, [u32::MAX, 0, 0, 9]), 0xc000_03ffu32.to_le_bytes());
        assert_eq!(encode(Format::B8G8R8X8Unorm, [ONE, 0, 0, 0]), [0, 0, 255, 255]);
        assert_eq!(encode(Format::R8G8B8A8UnormSrgb, [0.5f32.to_bits(); 4]), [188, 188, 188, 128]);
        assert_eq!(encode(Format::R16Float, [1e9f32.to_bits(); 4]), [0xff, 0x7b]);
        let mut texel = [0, 0, 0, 0xab];
        Format::D24UnormS8Uint.encode_texel([ONE; 4], &mut texel);
        assert_eq!(texel, [0xff, 0xff, 0xff, 0xab], "stencil stays");
    }

    #[test]
    fn rows_for_showing_keep_bytes() {
        let mut rgba = [[0; 4]; 2];
        assert!(Format::B8G8R8X8UnormSrgb.row_to_rgba8(&[1, 2, 3, 4, 5, 6, 7, 8, 9], &mut rgba));
        assert_eq!(rgba, [[3, 2, 1, 255], [7, 6, 5, 255]]);
        assert!(Format::B5G5R5A1Unorm.row_to_rgba8(&[0x83, 0x80], &mut rgba));
        assert_eq!(rgba[0], [0, 33, 24, 255]);
        assert!(!Format::R32Float.row_to_rgba8(&[0; 8], &mut rgba));
    }

    proptest! {
        /// Reading and writing back keeps the bits (d3d-rules §2.9).
        #[test]
        fn texels_survive_a_round_trip(format in uncompressed(), bytes: [u8; 16]) {
            let texel = &bytes[..format.block_bytes()];
            let register = format.decode_texel(texel);
            let mut written = texel.to_vec();
            format.encode_texel(register, &mut written);
            if format.kind() == Kind::SharedExponent {
                // Several codes mean the same; the value is kept.
                prop_assert_eq!(format.decode_texel(&written), register);
            } else {
                for (before, after) in kept(format, texel).into_iter().zip(kept(format, &written)) {
                    prop_assert!(before.is_none() || before == after, "{:02x?} {:02x?}", texel, written);
                }
            }
        }

        /// What was stored once is stored again the same.
        #[test]
        fn storing_is_idempotent(format in uncompressed(), register: [u32; 4]) {
            let once = encode(format, register);
            prop_assert_eq!(encode(format, format.decode_texel(&once)), once);
        }

        /// Rows are texels side by side, of any length.
        #[test]
        fn rows_are_texels(
            format in uncompressed(),
            bytes in prop::collection::vec(any::<u8>(), 0..99),
            count in 0usize..30,
        ) {
            let size = format.block_bytes();
            let count = count.min(bytes.len() / size);
            let mut row = vec![[0; 4]; count];
            format.decode_row(&bytes, &mut row);
            for (texel, register) in bytes.chunks_exact(size).zip(&row) {
                prop_assert_eq!(format.decode_texel(texel), *register);
            }
            let (mut texels, mut expected) = (bytes.clone(), bytes);
            format.encode_row(&row, &mut texels);
            for (register, texel) in row.iter().zip(expected.chunks_exact_mut(size)) {
                format.encode_texel(*register, texel);
            }
            prop_assert_eq!(texels, expected);
        }

        /// Short texels neither panic nor write beyond their end.
        #[test]
        fn texels_may_be_short(bytes in prop::collection::vec(any::<u8>(), 0..16), register: [u32; 4]) {
            for format in Format::ALL {
                let mut padded = bytes.clone();
                padded.resize(16, 0);
                prop_assert_eq!(format.decode_texel(&bytes), format.decode_texel(&padded));
                let mut written = bytes.clone();
                format.encode_texel(register, &mut written);
            }
        }
    }
}
