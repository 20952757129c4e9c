//! Words as texels: typed buffers, and textures that shaders write.

use aerogpu_dxbc::resources::ResourceInfo;
use aerogpu_raster::format::Format;

/// Texels without gaps: rows behind each other, then slices or layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TexelLayout {
    /// Format of a texel.
    pub format: Format,
    /// Texels along x, y and z; the layers of an array follow its spatial axes. Axes that do not exist have 1.
    pub extent: [u32; 3],
    /// How many of the axes exist: coordinates along the others hold anything and are not looked at.
    pub axes: usize,
    /// The axis that counts layers, if one does.
    pub layers: Option<usize>,
}

impl TexelLayout {
    /// All whole elements of a buffer.
    pub fn buffer(format: Format, words: &[u32]) -> Self {
        let elements = size_of_val(words).checked_div(format.block_bytes()).unwrap_or(0);
        Self { format, extent: [elements as u32, 1, 1], axes: 1, layers: None }
    }

    /// Position of the first byte of a texel.
    fn byte(&self, address: [u32; 3]) -> Option<usize> {
        let [width, height, depth] = self.extent.map(|size| size as usize);
        let at = |axis: usize| if axis < self.axes { address[axis] as usize } else { 0 };
        let [x, y, z] = [at(0), at(1), at(2)];
        let inside = x < width && y < height && z < depth;
        inside.then(|| ((z * height + y) * width + x) * self.format.block_bytes())
    }

    /// The word of a texel of 32 bits.
    pub(super) fn word(&self, address: [u32; 3]) -> Option<usize> {
        self.byte(address).filter(|_| self.format.block_bytes() == 4).map(|byte| byte / 4)
    }

    /// Register bits of a texel; outside, components that the format stores are 0.
    pub(super) fn load(&self, words: &[u32], address: [u32; 3]) -> [u32; 4] {
        let bytes: &[u8] = bytemuck::cast_slice(words);
        let texel = self.byte(address).and_then(|at| bytes.get(at..at + self.format.block_bytes()));
        self.format.decode_texel(texel.unwrap_or_default())
    }

    /// Stores register bits to a texel; nothing outside.
    pub(super) fn store(&self, words: &mut [u32], address: [u32; 3], register: [u32; 4]) {
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(words);
        if let Some(texel) =
            self.byte(address).and_then(|at| bytes.get_mut(at..at + self.format.block_bytes()))
        {
            self.format.encode_texel(register, texel);
        }
    }

    pub(super) fn info(&self) -> ResourceInfo {
        let axis = |i: usize| if self.layers == Some(i) { 0 } else { self.extent[i] };
        let array_size = self.layers.map_or(0, |i| self.extent[i]);
        ResourceInfo {
            width: axis(0),
            height: axis(1),
            depth: axis(2),
            array_size,
            mip_levels: 1,
            samples: 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texels_are_converted_and_bounded() {
        let layout = TexelLayout { format: Format::R8G8B8A8Unorm, extent: [2, 2, 1], axes: 2, layers: None };
        let mut words = [0; 4];
        layout.store(&mut words, [1, 1, 9], [1.0f32, 0.0, 0.2, 1.0].map(f32::to_bits));
        layout.store(&mut words, [2, 0, 0], [1.0f32.to_bits(); 4]);
        assert_eq!(words, [0, 0, 0, 0xff33_00ff]);
        assert_eq!(layout.load(&words, [1, 1, 0]).map(f32::from_bits), [1.0, 0.0, 0.2, 1.0]);
        assert_eq!(layout.load(&words, [1, 2, 0]), [0; 4]);
        assert_eq!((layout.word([1, 1, 0]), layout.word([0, 2, 0])), (Some(3), None));
    }

    #[test]
    fn an_axis_of_one_texel_is_still_bounded() {
        let flat = TexelLayout { format: Format::R32Uint, extent: [2, 1, 1], axes: 2, layers: None };
        assert_eq!((flat.word([1, 0, 9]), flat.word([1, 1, 0])), (Some(1), None));
    }

    #[test]
    fn small_texels_share_a_word() {
        let mut words = [0x4433_2211];
        let layout = TexelLayout::buffer(Format::R16Uint, &words);
        assert_eq!(layout.load(&words, [1, 7, 7]), [0x4433, 0, 0, 1]);
        layout.store(&mut words, [0, 0, 0], [0x1_ffff, 0, 0, 0]);
        assert_eq!(words, [0x4433_ffff]);
        assert_eq!(layout.info().width, 2);
    }
}
