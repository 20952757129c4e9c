//! Texels to register bits and back, one at a time or in rows.

use super::float::{
    Rounding, f10_to_f32, f11_to_f32, f16_to_f32, f32_to_f10, f32_to_f11, f32_to_f16, f32_to_rgb9e5,
    rgb9e5_to_f32,
};
use super::norm::{UNORM8_TO_F32, f32_to_snorm, f32_to_unorm, f32_to_unorm8, snorm_to_f32, unorm_to_f32};
use super::srgb::{SRGB8_TO_F32, f32_to_srgb8, srgb8_to_f32};
use super::{Channel, Component, Format, Kind};

/// The largest texel, R32G32B32A32.
const MAX_TEXEL_BYTES: usize = 16;

impl Component {
    /// Its code in a texel.
    fn extract(self, texel: u128) -> u32 {
        (texel >> self.shift) as u32 & self.mask()
    }

    /// Register bits of a code.
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
}

/// A texel of `size` bytes as a little-endian number; bytes that are missing are 0.
fn load(bytes: &[u8], size: usize) -> u128 {
    let size = size.min(bytes.len());
    let mut buffer = [0; MAX_TEXEL_BYTES];
    buffer[..size].copy_from_slice(&bytes[..size]);
    u128::from_le_bytes(buffer)
}

/// Formats with one byte a channel and red, green, blue: what the fast paths need to know.
#[derive(Clone, Copy)]
struct Bytes4 {
    /// Byte of red; green is byte 1, and blue the other of 0 and 2.
    red: usize,
    /// Byte 3 holds alpha.
    alpha: bool,
    srgb: bool,
}

impl Bytes4 {
    fn to_rgba(self, texel: [u8; 4]) -> [u8; 4] {
        [texel[self.red], texel[1], texel[2 - self.red], if self.alpha { texel[3] } else { 255 }]
    }

    fn from_rgba(self, rgba: [u8; 4]) -> [u8; 4] {
        // Swapping red and blue is its own inverse.
        self.to_rgba(rgba)
    }
}

impl Format {
    fn bytes4(self) -> Option<Bytes4> {
        let (red, alpha) = match self.linear() {
            Self::R8G8B8A8Unorm => (0, true),
            Self::R8G8B8X8Unorm => (0, false),
            Self::B8G8R8A8Unorm => (2, true),
            Self::B8G8R8X8Unorm => (2, false),
            _ => return None,
        };
        Some(Bytes4 { red, alpha, srgb: self.is_srgb() })
    }

    /// Register bits of a texel: floats, or integers for UINT and SINT; components that the format lacks are
    /// [defaults](Self::defaults). Depth is x; stencil is left out.
    ///
    /// 32-bit components keep all bits. Bytes missing from `texel` count as 0. Block-compressed formats have no texels of
    /// their own and give the defaults; see [`decode_block`](Self::decode_block).
    pub fn decode_texel(self, texel: &[u8]) -> [u32; 4] {
        let texel = load(texel, self.block_bytes());
        let mut register = self.defaults();
        if self.kind() == Kind::SharedExponent {
            let [r, g, b] = rgb9e5_to_f32(texel as u32).map(f32::to_bits);
            return [r, g, b, register[3]];
        }
        for component in self.components() {
            if let Some(index) = component.channel.register() {
                register[index] = component.decode(component.extract(texel));
            }
        }
        register
    }

    /// Stores register bits as a render target or unordered access view does (d3d-rules §2.3-2.5, §1.13).
    ///
    /// Unused bits become ones, stencil stays. Bytes beyond the end of `texel` are dropped; block-compressed formats store nothing.
    pub fn encode_texel(self, register: [u32; 4], texel: &mut [u8]) {
        let size = self.block_bytes().min(texel.len());
        let old = load(texel, size);
        let encoded = if self.kind() == Kind::SharedExponent {
            u128::from(f32_to_rgb9e5([register[0], register[1], register[2]].map(f32::from_bits)))
        } else if self.is_block_compressed() {
            return;
        } else {
            self.components().iter().fold(0, |encoded, component| {
                let code = match (component.channel, component.channel.register()) {
                    (_, Some(index)) => component.encode(register[index]),
                    (Channel::S, None) => component.extract(old),
                    (_, None) => component.mask(),
                };
                encoded | u128::from(code) << component.shift
            })
        };
        texel[..size].copy_from_slice(&encoded.to_le_bytes()[..size]);
    }

    /// [Decodes](Self::decode_texel) texels that lie behind each other, until either side ends.
    pub fn decode_row(self, texels: &[u8], registers: &mut [[u32; 4]]) {
        let Some(bytes4) = self.bytes4() else {
            for (texel, register) in texels.chunks_exact(self.block_bytes()).zip(registers) {
                *register = self.decode_texel(texel);
            }
            return;
        };
        let color = if bytes4.srgb { &SRGB8_TO_F32 } else { &UNORM8_TO_F32 };
        for (texel, register) in texels.as_chunks().0.iter().zip(registers) {
            let [r, g, b, a] = bytes4.to_rgba(*texel).map(usize::from);
            *register = [color[r], color[g], color[b], UNORM8_TO_F32[a]].map(f32::to_bits);
        }
    }

    /// [Encodes](Self::encode_texel) registers into texels behind each other, until either side ends.
    pub fn encode_row(self, registers: &[[u32; 4]], texels: &mut [u8]) {
        let Some(bytes4) = self.bytes4() else {
            for (register, texel) in registers.iter().zip(texels.chunks_exact_mut(self.block_bytes())) {
                self.encode_texel(*register, texel);
            }
            return;
        };
        let color = if bytes4.srgb { f32_to_srgb8 } else { f32_to_unorm8 };
        for (register, texel) in registers.iter().zip(texels.as_chunks_mut().0) {
            let [r, g, b, a] = register.map(f32::from_bits);
            *texel = bytes4.from_rgba([color(r), color(g), color(b), f32_to_unorm8(a)]);
        }
    }

    /// Bytes in the order R, G, B, A of texels behind each other, until either side ends: 8-bit UNORM formats as stored (sRGB stays
    /// encoded, unused alpha is 255), 5- and 6-bit ones widened by repeating their upper bits.
    ///
    /// False, and nothing written, for other formats.
    pub fn row_to_rgba8(self, texels: &[u8], rgba: &mut [[u8; 4]]) -> bool {
        if let Some(bytes4) = self.bytes4() {
            for (texel, rgba) in texels.as_chunks().0.iter().zip(rgba) {
                *rgba = bytes4.to_rgba(*texel);
            }
        } else if matches!(self, Self::B5G6R5Unorm | Self::B5G5R5A1Unorm) {
            for (&texel, rgba) in texels.as_chunks().0.iter().zip(rgba) {
                *rgba = self.widen_16(u16::from_le_bytes(texel));
            }
        } else {
            return false;
        }
        true
    }

    /// A B5G6R5 or B5G5R5A1 texel as bytes.
    fn widen_16(self, texel: u16) -> [u8; 4] {
        let mut rgba = [0, 0, 0, 255];
        for component in self.components() {
            let code = component.extract(u128::from(texel));
            if let Some(index) = component.channel.register() {
                rgba[index] = match component.bits {
                    1 => code as u8 * 255,
                    bits => (code << (8 - bits) | code >> (2 * bits - 8)) as u8,
                };
            }
        }
        rgba
    }
}
