//! Depth and stencil (d3d-rules §2.13, §10.1).

use super::norm::{f32_to_unorm, unorm_to_f32};
use super::{Channel, Format, Kind};

/// The nearest 24-bit depth code; NaN is 0, the rest clamped to 0..1, halves round up.
#[inline]
pub fn f32_to_d24(depth: f32) -> u32 {
    f32_to_unorm(depth, 24)
}

/// `code / (2^24 - 1)`, correctly rounded.
#[inline]
pub fn d24_to_f32(code: u32) -> f32 {
    unorm_to_f32(code & 0xff_ffff, 24)
}

/// A D24_UNORM_S8_UINT texel: depth in the low 24 bits, stencil above.
#[inline]
pub fn pack_d24s8(depth_code: u32, stencil: u8) -> u32 {
    depth_code & 0xff_ffff | u32::from(stencil) << 24
}

/// Depth code and stencil of a D24_UNORM_S8_UINT texel.
#[inline]
pub fn unpack_d24s8(texel: u32) -> (u32, u8) {
    (texel & 0xff_ffff, (texel >> 24) as u8)
}

impl Format {
    /// Bits of depth when it is UNORM; `None` for float depth and for formats without depth.
    pub fn unorm_depth_bits(self) -> Option<u32> {
        let depth = self.components().iter().find(|component| component.channel == Channel::D)?;
        (depth.kind == Kind::Unorm).then_some(depth.bits)
    }

    /// The value that `depth` has once stored: UNORM formats clamp and round, the others keep it.
    ///
    /// Depth tests, and references of comparison sampling, compare values so quantised (d3d-rules §10.2,
    /// §12.14).
    pub fn quantize_depth(self, depth: f32) -> f32 {
        match self.unorm_depth_bits() {
            Some(bits) => unorm_to_f32(f32_to_unorm(depth, bits), bits),
            None => depth,
        }
    }

    /// The smallest positive depth, the unit of a constant depth bias; `None` when it depends on the
    /// primitive (float depth).
    ///
    /// D16: 0x37800080, D24: 0x33800001 (d3d-rules §10.1).
    pub fn depth_bias_unit(self) -> Option<f32> {
        self.unorm_depth_bits().map(|bits| unorm_to_f32(1, bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bias_units_are_the_first_codes() {
        assert_eq!(Format::D16Unorm.depth_bias_unit().map(f32::to_bits), Some(0x3780_0080));
        assert_eq!(Format::D24UnormS8Uint.depth_bias_unit().map(f32::to_bits), Some(0x3380_0001));
        assert_eq!(Format::D32Float.depth_bias_unit(), None);
        assert_eq!(Format::R16Unorm.depth_bias_unit(), None);
    }

    #[test]
    fn quantizes_by_format() {
        assert_eq!(Format::D16Unorm.quantize_depth(0.5), 32768.0 / 65535.0);
        assert_eq!(Format::D24UnormS8Uint.quantize_depth(7.0), 1.0);
        assert_eq!(Format::D32Float.quantize_depth(7.0), 7.0);
        assert_eq!(unpack_d24s8(pack_d24s8(0x12_3456, 0xab)), (0x12_3456, 0xab));
    }
}
