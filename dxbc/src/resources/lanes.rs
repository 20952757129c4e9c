//! Requests of a whole block of lanes: what the fast interpreter asks, and how it splits into single lanes.
//!
//! A row is a slice with one word a lane. All rows of a request are equally long; `lanes` is a row of masks (0 or all
//! ones) that says which lanes need an answer. What an answer's other lanes hold afterwards does not matter. Whoever
//! answers a block at once must give the bits that the methods for single lanes give.

use super::{BufferAddress, LoadRequest, Lod, Resources, SampleKind, SampleRequest, Slot};
use crate::ir::ResourceDimension;

/// Four rows to fill, one for each component.
pub type RowsMut<'a> = [&'a mut [u32]; 4];

/// What a block of samples returns; see [`SampleKind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleLanesKind<'a> {
    /// Filtered texels.
    Filter,
    /// Filtered comparisons with a row of references (bits of floats).
    Compare(&'a [u32]),
    /// Four texels' component.
    Gather(u8),
    /// Four comparisons with a row of references.
    GatherCompare(&'a [u32]),
    /// Levels of detail.
    QueryLod,
}

/// Where the levels of detail of a block come from. Rows hold bits of floats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LodLanes<'a> {
    /// From the coordinates of each quad, active or not: along x from lane `4q` to `4q + 1`, along y from `4q` to
    /// `4q + 2`; plus a row of biases.
    Quads {
        /// Bias, 0 when absent.
        bias: Option<&'a [u32]>,
    },
    /// From given derivatives along x and y of the render target.
    Given {
        /// Along x.
        ddx: [&'a [u32]; 3],
        /// Along y.
        ddy: [&'a [u32]; 3],
    },
    /// Given levels.
    Explicit(&'a [u32]),
    /// Level 0 in every lane.
    First,
}

/// Texel offsets of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OffsetLanes<'a> {
    /// The same in every lane.
    Same([i32; 3]),
    /// `gather4_po`: rows along u and v, of which the low six bits count, signed (S22.4.4).
    Each([&'a [u32]; 2]),
}

/// A sampling instruction; see [`SampleRequest`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleLanes<'a> {
    /// Texture slot.
    pub texture: u32,
    /// Sampler slot.
    pub sampler: u32,
    /// What the shader declared `texture` to be.
    pub dimension: ResourceDimension,
    /// What to return.
    pub kind: SampleLanesKind<'a>,
    /// Normalised coordinates (bits of floats); the array index follows the spatial ones.
    pub coordinate: [&'a [u32]; 4],
    /// Levels of detail.
    pub lod: LodLanes<'a>,
    /// Least levels of detail (bits of floats), 0 when absent.
    pub lod_clamp: Option<&'a [u32]>,
    /// Texel offsets.
    pub offset: OffsetLanes<'a>,
    /// Lanes that need an answer.
    pub lanes: &'a [u32],
}

impl SampleLanes<'_> {
    /// The request of one lane.
    pub fn lane(&self, lane: usize) -> SampleRequest {
        let float = |row: &[u32]| f32::from_bits(row[lane]);
        let lod = match self.lod {
            LodLanes::Quads { bias } => {
                let [ddx, ddy] = self.derivatives(lane / 4);
                Lod::Derivatives { ddx, ddy, bias: bias.map_or(0.0, float) }
            }
            LodLanes::Given { ddx, ddy } => {
                Lod::Derivatives { ddx: ddx.map(float), ddy: ddy.map(float), bias: 0.0 }
            }
            LodLanes::Explicit(row) => Lod::Explicit(float(row)),
            LodLanes::First => Lod::Explicit(0.0),
        };
        let offset = match self.offset {
            OffsetLanes::Same(offset) => offset,
            OffsetLanes::Each([u, v]) => {
                let signed = |bits: u32| (bits as i32) << 26 >> 26;
                [signed(u[lane]), signed(v[lane]), 0]
            }
        };
        SampleRequest {
            texture: self.texture,
            sampler: self.sampler,
            dimension: self.dimension,
            kind: match self.kind {
                SampleLanesKind::Filter => SampleKind::Filter,
                SampleLanesKind::Compare(row) => SampleKind::Compare(float(row)),
                SampleLanesKind::Gather(component) => SampleKind::Gather(component),
                SampleLanesKind::GatherCompare(row) => SampleKind::GatherCompare(float(row)),
                SampleLanesKind::QueryLod => SampleKind::QueryLod,
            },
            coordinate: self.coordinate.map(float),
            lod,
            lod_clamp: self.lod_clamp.map_or(0.0, float),
            offset,
        }
    }

    /// How the coordinates of a quad's lanes change along x and along y, by the rules of float instructions.
    pub fn derivatives(&self, quad: usize) -> [[f32; 3]; 2] {
        let at = |c: usize, lane: usize| self.coordinate[c].get(4 * quad + lane).copied().unwrap_or(0);
        let difference = |c, lane| f32::from_bits(crate::scalar::difference(at(c, lane), at(c, 0)));
        [1, 2].map(|lane| [0, 1, 2].map(|c| difference(c, lane)))
    }
}

/// A typed load; see [`LoadRequest`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadLanes<'a> {
    /// What is read.
    pub slot: Slot,
    /// What the shader declared it to be.
    pub dimension: ResourceDimension,
    /// Texel addresses with offsets added; the array index follows the spatial coordinates.
    pub address: [&'a [u32]; 3],
    /// Mip levels, 0 when absent.
    pub mip: Option<&'a [u32]>,
    /// Sample indices, 0 when absent.
    pub sample: Option<&'a [u32]>,
    /// Lanes that need an answer.
    pub lanes: &'a [u32],
}

impl LoadLanes<'_> {
    /// The request of one lane.
    pub fn lane(&self, lane: usize) -> LoadRequest {
        LoadRequest {
            slot: self.slot,
            dimension: self.dimension,
            address: self.address.map(|row| row[lane]),
            mip: self.mip.map_or(0, |row| row[lane]),
            sample: self.sample.map_or(0, |row| row[lane]),
        }
    }
}

/// Where each lane of a raw or structured access finds its first word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WordLanes<'a> {
    /// Structure indices; absent for raw buffers.
    pub index: Option<&'a [u32]>,
    /// Byte offsets as the shader computed them; the low two bits are ignored.
    pub offset: &'a [u32],
    /// Lanes that take part.
    pub lanes: &'a [u32],
}

impl WordLanes<'_> {
    /// The address of the word `words` after a lane's first, unless the byte offset overflows: then reads give 0 and
    /// writes are dropped.
    pub fn word(&self, lane: usize, words: usize) -> Option<BufferAddress> {
        let offset = (self.offset[lane] & !3).checked_add(words as u32 * 4)?;
        Some(match self.index {
            None => BufferAddress::Raw(offset),
            Some(index) => BufferAddress::Structured(index[lane], offset),
        })
    }
}

/// The lanes of a row of masks.
pub fn active(lanes: &[u32]) -> impl Iterator<Item = usize> + '_ {
    lanes.iter().enumerate().filter(|&(_, &mask)| mask != 0).map(|(lane, _)| lane)
}

pub(super) fn sample<R: Resources + ?Sized>(world: &R, request: &SampleLanes<'_>, out: RowsMut<'_>) {
    for lane in active(request.lanes) {
        let texel = world.sample(&request.lane(lane));
        (0..4).for_each(|c| out[c][lane] = texel[c]);
    }
}

pub(super) fn load<R: Resources + ?Sized>(world: &R, request: &LoadLanes<'_>, out: RowsMut<'_>) {
    for lane in active(request.lanes) {
        let texel = world.load(&request.lane(lane));
        (0..4).for_each(|c| out[c][lane] = texel[c]);
    }
}

pub(super) fn load_words<R: Resources + ?Sized>(
    world: &R,
    slot: Slot,
    addresses: &WordLanes<'_>,
    words: u8,
    out: RowsMut<'_>,
) {
    for lane in active(addresses.lanes) {
        for c in (0..4).filter(|c| words >> c & 1 == 1) {
            out[c][lane] = addresses.word(lane, c).map_or(0, |address| world.load_word(slot, address));
        }
    }
}

pub(super) fn store_words<R: Resources + ?Sized>(
    world: &R,
    slot: u32,
    addresses: &WordLanes<'_>,
    words: u8,
    values: [&[u32]; 4],
) {
    for lane in active(addresses.lanes) {
        for c in (0..4).filter(|c| words >> c & 1 == 1) {
            if let Some(address) = addresses.word(lane, c) {
                world.store_word(slot, address, values[c][lane]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_are_one_pair_a_quad() {
        let row = |words: [f32; 4]| words.map(f32::to_bits);
        let (u, v) = (row([1.0, 1.5, 3.0, 9.0]), row([0.0, 2.0, -1.0, 9.0]));
        let request = SampleLanes {
            texture: 1,
            sampler: 2,
            dimension: ResourceDimension::Texture2D,
            kind: SampleLanesKind::Filter,
            coordinate: [&u, &v, &v, &v],
            lod: LodLanes::Quads { bias: Some(&u) },
            lod_clamp: None,
            offset: OffsetLanes::Each([&[0x3f; 4], &[0x1f; 4]]),
            lanes: &[u32::MAX; 4],
        };
        let lane = request.lane(3);
        assert_eq!(
            lane.lod,
            Lod::Derivatives { ddx: [0.5, 2.0, 2.0], ddy: [2.0, -1.0, -1.0], bias: 9.0 },
            "along the top row and the left column"
        );
        assert_eq!(lane.offset, [-1, 31, 0]);
    }

    #[test]
    fn byte_offsets_are_aligned_and_never_wrap() {
        let words = WordLanes { index: None, offset: &[7, u32::MAX], lanes: &[u32::MAX; 2] };
        assert_eq!(words.word(0, 1), Some(BufferAddress::Raw(8)));
        assert_eq!([words.word(1, 0), words.word(1, 1)], [Some(BufferAddress::Raw(u32::MAX - 3)), None]);
    }
}
