//! The texel formats of the ABI, and what follows from a format alone.

use crate::macros::wire_enum;

/// The value that names no format (`AEROGPU_FORMAT_INVALID`).
pub const FORMAT_INVALID: u32 = 0;

wire_enum! {
    /// A texel format. Channels are named from the lowest byte, or the lowest bit of a 16-bit texel, upwards.
    pub enum Format: "AEROGPU_FORMAT_" {
        B8G8R8A8Unorm = 1, "B8G8R8A8_UNORM";
        /// The fourth byte is ignored and reads as opaque.
        B8G8R8X8Unorm = 2, "B8G8R8X8_UNORM";
        R8G8B8A8Unorm = 3, "R8G8B8A8_UNORM";
        /// The fourth byte is ignored and reads as opaque.
        R8G8B8X8Unorm = 4, "R8G8B8X8_UNORM";
        /// 16 bits: blue 0-4, green 5-10, red 11-15.
        B5G6R5Unorm = 5, "B5G6R5_UNORM";
        /// 16 bits: blue 0-4, green 5-9, red 10-14, alpha 15.
        B5G5R5A1Unorm = 6, "B5G5R5A1_UNORM";
        B8G8R8A8UnormSrgb = 7, "B8G8R8A8_UNORM_SRGB";
        /// The fourth byte is ignored and reads as opaque.
        B8G8R8X8UnormSrgb = 8, "B8G8R8X8_UNORM_SRGB";
        R8G8B8A8UnormSrgb = 9, "R8G8B8A8_UNORM_SRGB";
        /// The fourth byte is ignored and reads as opaque.
        R8G8B8X8UnormSrgb = 10, "R8G8B8X8_UNORM_SRGB";
        /// 32 bits: depth 0-23, stencil 24-31.
        D24UnormS8Uint = 32, "D24_UNORM_S8_UINT";
        D32Float = 33, "D32_FLOAT";
        /// Blocks of 4x4 texels in 8 bytes.
        Bc1RgbaUnorm = 64, "BC1_RGBA_UNORM";
        /// Blocks of 4x4 texels in 8 bytes.
        Bc1RgbaUnormSrgb = 65, "BC1_RGBA_UNORM_SRGB";
        /// Blocks of 4x4 texels in 16 bytes.
        Bc2RgbaUnorm = 66, "BC2_RGBA_UNORM";
        /// Blocks of 4x4 texels in 16 bytes.
        Bc2RgbaUnormSrgb = 67, "BC2_RGBA_UNORM_SRGB";
        /// Blocks of 4x4 texels in 16 bytes.
        Bc3RgbaUnorm = 68, "BC3_RGBA_UNORM";
        /// Blocks of 4x4 texels in 16 bytes.
        Bc3RgbaUnormSrgb = 69, "BC3_RGBA_UNORM_SRGB";
        /// Blocks of 4x4 texels in 16 bytes.
        Bc7RgbaUnorm = 70, "BC7_RGBA_UNORM";
        /// Blocks of 4x4 texels in 16 bytes.
        Bc7RgbaUnormSrgb = 71, "BC7_RGBA_UNORM_SRGB";
    }
}

impl Format {
    /// Width and height of a block in texels: 4 for BC formats, otherwise 1.
    #[must_use]
    pub const fn block_extent(self) -> u32 {
        if self.is_block_compressed() { 4 } else { 1 }
    }

    /// Bytes of a block: of one texel, or of 4x4 texels for BC formats.
    #[must_use]
    pub const fn bytes_per_block(self) -> u32 {
        match self {
            Self::B5G6R5Unorm | Self::B5G5R5A1Unorm => 2,
            Self::Bc1RgbaUnorm | Self::Bc1RgbaUnormSrgb => 8,
            _ if self.is_block_compressed() => 16,
            _ => 4,
        }
    }

    /// BC1, BC2, BC3 or BC7.
    #[must_use]
    pub const fn is_block_compressed(self) -> bool {
        self.to_u32() >= Self::Bc1RgbaUnorm.to_u32()
    }

    /// A depth format, with or without stencil.
    #[must_use]
    pub const fn is_depth(self) -> bool {
        matches!(self, Self::D24UnormS8Uint | Self::D32Float)
    }

    /// A depth format with stencil.
    #[must_use]
    pub const fn has_stencil(self) -> bool {
        matches!(self, Self::D24UnormS8Uint)
    }

    /// Red, green and blue are stored sRGB-encoded.
    #[must_use]
    pub const fn is_srgb(self) -> bool {
        self.to_u32() != self.linear().to_u32()
    }

    /// Stores alpha. Colour formats without it read as opaque.
    #[must_use]
    pub const fn has_alpha(self) -> bool {
        !self.is_depth() && !self.has_unused_alpha() && !matches!(self, Self::B5G6R5Unorm)
    }

    /// Has a fourth byte that holds nothing (the X8 formats): written as 255.
    #[must_use]
    pub const fn has_unused_alpha(self) -> bool {
        matches!(self.linear(), Self::B8G8R8X8Unorm | Self::R8G8B8X8Unorm)
    }

    /// The same format without sRGB encoding; itself if it has none.
    #[must_use]
    pub const fn linear(self) -> Self {
        match self {
            Self::B8G8R8A8UnormSrgb => Self::B8G8R8A8Unorm,
            Self::B8G8R8X8UnormSrgb => Self::B8G8R8X8Unorm,
            Self::R8G8B8A8UnormSrgb => Self::R8G8B8A8Unorm,
            Self::R8G8B8X8UnormSrgb => Self::R8G8B8X8Unorm,
            Self::Bc1RgbaUnormSrgb => Self::Bc1RgbaUnorm,
            Self::Bc2RgbaUnormSrgb => Self::Bc2RgbaUnorm,
            Self::Bc3RgbaUnormSrgb => Self::Bc3RgbaUnorm,
            Self::Bc7RgbaUnormSrgb => Self::Bc7RgbaUnorm,
            other => other,
        }
    }

    /// Bytes of a tightly packed row of texels (of blocks, for BC formats). It cannot overflow.
    #[must_use]
    pub const fn row_bytes(self, width: u32) -> u64 {
        width.div_ceil(self.block_extent()) as u64 * self.bytes_per_block() as u64
    }

    /// Rows of texels (of blocks, for BC formats) of an image this high.
    #[must_use]
    pub const fn rows(self, height: u32) -> u64 {
        height.div_ceil(self.block_extent()) as u64
    }
}

impl core::fmt::Display for Format {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Format::{self, *};

    #[test]
    fn known_values_are_those_of_the_abi() {
        let known: Vec<u32> = (0..300).filter(|v| Format::from_u32(*v).is_some()).collect();
        let expected: Vec<u32> = (1..=10).chain(32..=33).chain(64..=71).collect();
        assert_eq!(known, expected);
    }

    #[test]
    fn facts() {
        let count = |fact: fn(Format) -> bool| Format::ALL.iter().filter(|f| fact(**f)).count();
        assert_eq!(count(Format::is_srgb), 8);
        assert_eq!(count(Format::is_depth), 2);
        assert_eq!(count(Format::is_block_compressed), 8);
        assert_eq!(count(Format::has_unused_alpha), 4);
        assert_eq!(count(Format::has_alpha), 13);
        assert_eq!(
            [B8G8R8A8Unorm, B5G6R5Unorm, D32Float, Bc1RgbaUnormSrgb, Bc7RgbaUnorm]
                .map(Format::bytes_per_block),
            [4, 2, 4, 8, 16]
        );
        assert!(Format::ALL.iter().all(|f| f.name().ends_with("_SRGB") == f.is_srgb()));
        assert_eq!((Bc1RgbaUnorm.row_bytes(5), Bc1RgbaUnorm.rows(4)), (16, 1));
        assert_eq!(B8G8R8A8Unorm.row_bytes(u32::MAX), 4 * u64::from(u32::MAX));
    }
}
