//! Where the subresources of a texture lie in linear memory: guest backings and uploads (executor.md §5).

use crate::Format;
use crate::packets::CreateTexture2d;

/// Why a texture has no layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// Width, height, mip levels or array layers are 0.
    #[error("a texture cannot have extent, mip levels or array layers of 0")]
    Empty,
    /// More mip levels than halvings down to 1x1.
    #[error("a {width}x{height} texture cannot have {mip_levels} mip levels")]
    TooManyMips {
        /// Texels.
        width: u32,
        /// Texels.
        height: u32,
        /// As asked for.
        mip_levels: u32,
    },
    /// The row pitch is less than a row has bytes.
    #[error("row pitch of {row_pitch} bytes is less than the {needed} of a row")]
    PitchTooSmall {
        /// As asked for.
        row_pitch: u32,
        /// The least possible.
        needed: u64,
    },
    /// The whole texture has 2^64 bytes or more.
    #[error("the texture's size overflows")]
    TooLarge,
}

/// The linear layout of a 2D texture: layer after layer, and in each mip after mip, without padding between them.
/// Mip 0 has the given row pitch, smaller mips are tight. Rows are rows of blocks for BC formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextureLayout {
    format: Format,
    width: u32,
    height: u32,
    mip_levels: u32,
    array_layers: u32,
    row_pitch: u64,
    layer_bytes: u64,
    size_bytes: u64,
}

/// One mip of one layer in linear memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subresource {
    /// Bytes from the start of the texture.
    pub offset: u64,
    /// Texels.
    pub width: u32,
    /// Texels.
    pub height: u32,
    /// Bytes from row to row.
    pub row_pitch: u64,
    /// Bytes of a row that hold texels.
    pub row_bytes: u64,
    /// Rows of texels (of blocks, for BC formats).
    pub rows: u64,
}

impl Subresource {
    /// Bytes to the start of the next subresource.
    #[must_use]
    pub const fn size_bytes(&self) -> u64 {
        self.row_pitch * self.rows
    }
}

impl TextureLayout {
    /// The layout of the texture that this packet creates, whose format is `format`.
    pub fn of(packet: &CreateTexture2d, format: Format) -> Result<Self, LayoutError> {
        let CreateTexture2d { width, height, mip_levels, array_layers, row_pitch_bytes, .. } = *packet;
        Self::new(format, [width, height], mip_levels, array_layers, row_pitch_bytes)
    }

    /// The layout of a texture; a `row_pitch` of 0 is tight.
    pub fn new(
        format: Format,
        [width, height]: [u32; 2],
        mip_levels: u32,
        array_layers: u32,
        row_pitch: u32,
    ) -> Result<Self, LayoutError> {
        if width == 0 || height == 0 || mip_levels == 0 || array_layers == 0 {
            return Err(LayoutError::Empty);
        }
        if mip_levels > 1 + width.max(height).ilog2() {
            return Err(LayoutError::TooManyMips { width, height, mip_levels });
        }
        let needed = format.row_bytes(width);
        if row_pitch != 0 && u64::from(row_pitch) < needed {
            return Err(LayoutError::PitchTooSmall { row_pitch, needed });
        }
        let row_pitch = if row_pitch == 0 { needed } else { row_pitch.into() };
        let mut layout = Self {
            format,
            width,
            height,
            mip_levels,
            array_layers,
            row_pitch,
            layer_bytes: 0,
            size_bytes: 0,
        };
        // A mip has less than 2^66 bytes: the sums are checked in 128 bits.
        let layer: u128 = (0..mip_levels)
            .map(|mip| {
                let (pitch, _, rows) = layout.mip_rows(mip);
                u128::from(pitch) * u128::from(rows)
            })
            .sum();
        let total = layer * u128::from(array_layers);
        layout.size_bytes = u64::try_from(total).map_err(|_| LayoutError::TooLarge)?;
        layout.layer_bytes = layout.size_bytes / u64::from(array_layers);
        Ok(layout)
    }

    /// Bytes of the whole texture.
    #[must_use]
    pub const fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Bytes from layer to layer.
    #[must_use]
    pub const fn layer_bytes(&self) -> u64 {
        self.layer_bytes
    }

    /// Width and height of a mip in texels.
    #[must_use]
    pub const fn mip_extent(&self, mip: u32) -> [u32; 2] {
        [mip_size(self.width, mip), mip_size(self.height, mip)]
    }

    /// One mip of one layer; `None` if the texture has no such one.
    #[must_use]
    pub fn subresource(&self, mip: u32, layer: u32) -> Option<Subresource> {
        if mip >= self.mip_levels || layer >= self.array_layers {
            return None;
        }
        let before: u64 = (0..mip)
            .map(|mip| {
                let (pitch, _, rows) = self.mip_rows(mip);
                pitch * rows
            })
            .sum();
        let [width, height] = self.mip_extent(mip);
        let (row_pitch, row_bytes, rows) = self.mip_rows(mip);
        let offset = self.layer_bytes * u64::from(layer) + before;
        Some(Subresource { offset, width, height, row_pitch, row_bytes, rows })
    }

    /// Every subresource as (mip, layer, place), in the order of their places.
    pub fn subresources(&self) -> impl Iterator<Item = (u32, u32, Subresource)> + '_ {
        (0..self.array_layers).flat_map(move |layer| {
            (0..self.mip_levels)
                .filter_map(move |mip| self.subresource(mip, layer).map(|place| (mip, layer, place)))
        })
    }

    /// Row pitch, bytes of a row, and rows of a mip.
    fn mip_rows(&self, mip: u32) -> (u64, u64, u64) {
        let [width, height] = self.mip_extent(mip);
        let row_bytes = self.format.row_bytes(width);
        let row_pitch = if mip == 0 { self.row_pitch } else { row_bytes };
        (row_pitch, row_bytes, self.format.rows(height))
    }
}

/// An extent halved `mip` times, but at least 1.
#[must_use]
pub const fn mip_size(extent: u32, mip: u32) -> u32 {
    match extent.checked_shr(mip) {
        None | Some(0) => 1,
        Some(size) => size,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mips_follow_each_other_in_layers() {
        // 5x3, 3 mips, pitch 32: 32*3, then 2x1 tight (8), then 1x1 (4): 108 a layer.
        let layout = TextureLayout::new(Format::R8G8B8A8Unorm, [5, 3], 3, 2, 32).unwrap();
        let places: Vec<_> = layout.subresources().map(|(_, _, s)| (s.offset, s.row_pitch, s.rows)).collect();
        let expected = [(0, 32, 3), (96, 8, 1), (104, 4, 1), (108, 32, 3), (204, 8, 1), (212, 4, 1)];
        assert_eq!(places, expected);
        assert_eq!((layout.layer_bytes(), layout.size_bytes()), (108, 216));
        assert_eq!((layout.subresource(3, 0), layout.subresource(0, 2)), (None, None));
    }

    #[test]
    fn blocks_are_counted_whole() {
        // 6x10 BC3: 2x3 blocks, then 3x5: 1x2 blocks, then 1x2: 1 block.
        let layout = TextureLayout::new(Format::Bc3RgbaUnorm, [6, 10], 3, 1, 0).unwrap();
        let sizes: Vec<_> = layout.subresources().map(|(_, _, s)| s.size_bytes()).collect();
        assert_eq!(sizes, [96, 32, 16]);
    }

    #[test]
    fn impossible_textures_are_refused() {
        let layout = |extent, mips, layers, pitch| {
            TextureLayout::new(Format::R8G8B8A8Unorm, extent, mips, layers, pitch)
        };
        assert_eq!(layout([0, 1], 1, 1, 0), Err(LayoutError::Empty));
        assert_eq!(layout([1, 1], 1, 0, 0), Err(LayoutError::Empty));
        assert!(matches!(layout([4, 8], 5, 1, 0), Err(LayoutError::TooManyMips { .. })));
        assert!(layout([4, 8], 4, 1, 0).is_ok());
        assert_eq!(layout([4, 8], 1, 1, 15), Err(LayoutError::PitchTooSmall { row_pitch: 15, needed: 16 }));
        assert_eq!(layout([u32::MAX; 2], 32, u32::MAX, 0), Err(LayoutError::TooLarge));
        assert_eq!(mip_size(5, 200), 1);
    }
}
