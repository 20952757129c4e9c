//! Blocks of lanes: what is bound is looked up once a block, and samples go to the sampler's batches.

use std::ops::Range;

use aerogpu_dxbc::resources::{
    LoadLanes, LodLanes, OffsetLanes, Resources, RowsMut, SampleLanes, SampleLanesKind, Slot, WordLanes,
    active_lanes,
};
use aerogpu_raster::sampler::{self, BatchKind, BatchLod, SampleBatch, SamplerState};

use super::{ResourceView, StageBindings, word_index};

/// Lanes that are handed to the sampler at once: its own chunks.
const LANES: usize = 64;

/// See [`Resources::sample_lanes`].
pub(super) fn sample(bindings: &StageBindings, request: &SampleLanes<'_>, mut out: RowsMut<'_>) {
    let Some(view) = bindings.texture(request.texture) else {
        out.iter_mut().zip(bindings.unbound_texel).for_each(|(row, word)| row.fill(word));
        return;
    };
    let default = SamplerState::default();
    let state = bindings.samplers.get(request.sampler as usize).unwrap_or(&default);
    let OffsetLanes::Same(offset) = request.offset else {
        // Offsets of their own are those of a rare gather.
        for lane in active_lanes(request.lanes) {
            let texel = bindings.sample(&request.lane(lane));
            out.iter_mut().zip(texel).for_each(|(row, word)| row[lane] = word);
        }
        return;
    };
    for start in (0..request.lanes.len()).step_by(LANES) {
        let end = request.lanes.len().min(start + LANES);
        let floats = |row| part(row, start..end);
        let batch = SampleBatch {
            kind: match request.kind {
                SampleLanesKind::Filter => BatchKind::Filter,
                SampleLanesKind::Compare(row) => BatchKind::Compare(floats(row)),
                SampleLanesKind::Gather(component) => BatchKind::Gather(component),
                SampleLanesKind::GatherCompare(row) => BatchKind::GatherCompare(floats(row)),
                SampleLanesKind::QueryLod => BatchKind::QueryLod,
            },
            coordinate: request.coordinate.map(floats),
            lod: match request.lod {
                LodLanes::Quads { bias } => BatchLod::Quads { bias: bias.map_or(&[], floats) },
                LodLanes::Given { ddx, ddy } => {
                    BatchLod::Lanes { ddx: ddx.map(floats), ddy: ddy.map(floats) }
                }
                LodLanes::Explicit(row) => BatchLod::Explicit(floats(row)),
                LodLanes::First => BatchLod::Explicit(&[]),
            },
            lod_clamp: request.lod_clamp.map_or(&[], floats),
            offset,
            lanes: &request.lanes[start..end],
        };
        sampler::sample_batch(
            bindings.level,
            view,
            state,
            &batch,
            out.each_mut().map(|row| &mut row[start..end]),
        );
    }
}

fn part(row: &[u32], lanes: Range<usize>) -> &[f32] {
    bytemuck::cast_slice(&row[lanes])
}

/// See [`Resources::load_lanes`].
pub(super) fn load(bindings: &StageBindings, request: &LoadLanes<'_>, mut out: RowsMut<'_>) {
    let view = match request.slot {
        Slot::Resource(slot) => bindings.texture(slot),
        Slot::Uav(_) => None,
    };
    for lane in active_lanes(request.lanes) {
        let request = request.lane(lane);
        let texel = match view {
            Some(view) => sampler::load(view, request.address, request.mip, request.sample),
            None => bindings.load(&request),
        };
        out.iter_mut().zip(texel).for_each(|(row, word)| row[lane] = word);
    }
}

/// See [`Resources::load_words_lanes`].
pub(super) fn load_words(
    bindings: &StageBindings,
    slot: Slot,
    addresses: &WordLanes<'_>,
    components: u8,
    mut out: RowsMut<'_>,
) {
    let mut read = |words: &[u32], stride: u32| {
        for (c, row) in out.iter_mut().enumerate().filter(|(c, _)| components >> c & 1 == 1) {
            if let Some(run) = consecutive(addresses, c, stride, words.len()) {
                row.copy_from_slice(&words[run]);
                continue;
            }
            for lane in active_lanes(addresses.lanes) {
                let at = addresses.word(lane, c).and_then(|address| word_index(address, stride, words.len()));
                row[lane] = at.map_or(0, |at| words[at]);
            }
        }
    };
    match slot {
        Slot::Resource(slot) => match bindings.resource(slot) {
            Some(ResourceView::Buffer(view)) => read(view.words(), view.stride),
            _ => read(&[], 0),
        },
        Slot::Uav(slot) => match bindings.uav(slot) {
            Some(uav) => read(&uav.words.lock()[uav.range.clone()], uav.stride),
            None => read(&[], 0),
        },
    }
}

/// See [`Resources::store_words_lanes`]. Where lanes write the same word the last one wins, component by component in each.
pub(super) fn store_words(
    bindings: &StageBindings,
    slot: u32,
    addresses: &WordLanes<'_>,
    components: u8,
    values: [&[u32]; 4],
) {
    let Some(uav) = bindings.uav(slot) else { return };
    let words = &mut uav.words.lock()[uav.range.clone()];
    if components.is_power_of_two() {
        let c = components.trailing_zeros() as usize;
        if let Some(run) = consecutive(addresses, c, uav.stride, words.len()) {
            return words[run].copy_from_slice(values[c]);
        }
    }
    for lane in active_lanes(addresses.lanes) {
        for c in (0..4).filter(|c| components >> c & 1 == 1) {
            let at = addresses.word(lane, c).and_then(|address| word_index(address, uav.stride, words.len()));
            if let Some(at) = at {
                words[at] = values[c][lane];
            }
        }
    }
}

/// The words of component `c`, if every lane takes part and each finds its word right behind that of the lane before: what
/// kernels do that give every element to a thread.
fn consecutive(addresses: &WordLanes<'_>, c: usize, stride: u32, len: usize) -> Option<Range<usize>> {
    // Without a branch a lane, so that many are looked at together.
    let follow = |row: &[u32], step: u32| {
        let first = *row.first()?;
        let differences = row.iter().zip(0u32..).map(|(&value, i)| value ^ first.wrapping_add(step * i));
        (differences.fold(0, |any, bits| any | bits) == 0).then_some(first)
    };
    if addresses.lanes.iter().fold(u32::MAX, |all, mask| all & mask) == 0 {
        return None;
    }
    let first = match addresses.index {
        None => follow(addresses.offset, 4)? as usize / 4 + c,
        // Structures of one word.
        Some(index) if stride == 4 && c == 0 && follow(addresses.offset, 0)? < 4 => {
            follow(index, 1)? as usize
        }
        Some(_) => return None,
    };
    let end = first + addresses.lanes.len();
    // Addresses that wrap around lie beyond any buffer, or are not in order of words.
    (end <= len).then_some(first..end)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aerogpu_dxbc::ir::ResourceDimension;
    use aerogpu_raster::format::Format;
    use aerogpu_raster::surface::{Texture, TextureDesc, TextureView, ViewDimension};

    use super::super::{UavView, WordView};
    use super::*;

    const ALL: [u32; 100] = [u32::MAX; 100];

    fn bindings() -> StageBindings {
        let desc = TextureDesc { width: 16, height: 8, mip_levels: 4, ..Default::default() };
        let mut texture = Texture::new(desc).expect("is small");
        for mip in 0..4 {
            let bytes: Vec<u8> = (0..16 * 8 * 4).map(|i: u32| ((i * 37) >> mip) as u8).collect();
            let image = texture.image_mut(mip, 0);
            image.write_rows(image.rect(), &bytes, 64 >> mip);
        }
        let view =
            TextureView::new(Arc::new(texture), Format::R8G8B8A8Unorm, ViewDimension::Texture2D, 0..4, 0..1);
        let words: Vec<u32> = (100..160).collect();
        let buffer = WordView::new(Arc::new(words.clone()), 10..30).with_stride(12);
        StageBindings {
            resources: vec![view.ok().map(ResourceView::Texture), Some(ResourceView::Buffer(buffer))],
            samplers: vec![SamplerState::default()],
            uavs: vec![Some(Arc::new(UavView::new(words, 5..25, 8, 0)))],
            unbound_texel: [7; 4],
            ..Default::default()
        }
    }

    /// Rows of floats, of which no two are alike.
    fn row(scale: f32) -> Vec<u32> {
        (0..100).map(|lane| (lane as f32 * lane as f32 * scale).to_bits()).collect()
    }

    #[test]
    fn blocks_are_their_samples() {
        let bindings = bindings();
        let (u, v, bias) = (row(0.0013), row(-0.0007), row(0.0002));
        let lods = [
            LodLanes::Quads { bias: Some(&bias) },
            LodLanes::Quads { bias: None },
            LodLanes::Given { ddx: [&u, &v, &v], ddy: [&v, &v, &v] },
            LodLanes::Explicit(&bias),
            LodLanes::First,
        ];
        let offsets = [OffsetLanes::Same([1, -2, 0]), OffsetLanes::Each([&u, &v])];
        for (lod, offset) in lods.into_iter().flat_map(|lod| offsets.map(|offset| (lod, offset))) {
            for (texture, kind) in
                [(0, SampleLanesKind::Filter), (0, SampleLanesKind::Gather(2)), (3, SampleLanesKind::Filter)]
            {
                let request = SampleLanes {
                    texture,
                    sampler: 0,
                    dimension: ResourceDimension::Texture2D,
                    kind,
                    coordinate: [&u, &v, &bias, &bias],
                    lod,
                    lod_clamp: None,
                    offset,
                    lanes: &ALL,
                };
                let mut out = [[0; 100]; 4];
                bindings.sample_lanes(&request, out.each_mut().map(|row| row.as_mut_slice()));
                for lane in 0..100 {
                    assert_eq!(
                        out.map(|row| row[lane]),
                        bindings.sample(&request.lane(lane)),
                        "{lane} {request:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn blocks_are_their_loads() {
        let bindings = bindings();
        let (x, y): (Vec<u32>, Vec<u32>) = (0..100u32).map(|lane| (lane % 20, lane / 9)).unzip();
        let mips: Vec<u32> = (0..100).map(|lane| lane % 5).collect();
        for slot in [Slot::Resource(0), Slot::Resource(1), Slot::Resource(9), Slot::Uav(0)] {
            let dimension = ResourceDimension::Texture2D;
            let (mip, sample) = (Some(&mips[..]), None);
            let request = LoadLanes { slot, dimension, address: [&x, &y, &y], mip, sample, lanes: &ALL };
            let mut out = [[0; 100]; 4];
            bindings.load_lanes(&request, out.each_mut().map(|row| row.as_mut_slice()));
            for lane in 0..100 {
                assert_eq!(out.map(|row| row[lane]), bindings.load(&request.lane(lane)), "{lane} {slot:?}");
            }
        }
    }

    #[test]
    fn blocks_are_their_words() {
        let bindings = bindings();
        let index: Vec<u32> = (0..100).map(|lane| lane % 7).collect();
        let offset: Vec<u32> = (0..99).map(|lane| lane * 3).chain([u32::MAX]).collect();
        for (slot, index) in [Slot::Resource(1), Slot::Resource(0), Slot::Uav(0), Slot::Uav(4)]
            .into_iter()
            .flat_map(|slot| [(slot, None), (slot, Some(&index[..]))])
        {
            let addresses = WordLanes { index, offset: &offset, lanes: &ALL };
            let mut out = [[1; 100]; 4];
            bindings.load_words_lanes(slot, &addresses, 0b1011, out.each_mut().map(|row| row.as_mut_slice()));
            for lane in 0..100 {
                let word = |c| addresses.word(lane, c).map_or(0, |address| bindings.load_word(slot, address));
                assert_eq!(out.map(|row| row[lane]), [word(0), word(1), 1, word(3)], "{lane} {slot:?}");
            }
        }
    }

    /// Accesses of whole blocks, many of them to words in a row, are those of their lanes, in their order.
    #[test]
    fn rows_of_words_are_their_lanes() {
        let row = |f: fn(u32) -> u32| (0..12).map(f).collect::<Vec<u32>>();
        let rows = [
            row(|i| i),
            row(|i| 3 + i),
            row(|i| 4 * i),
            row(|i| 9 + 4 * i),
            row(|i| 44 - 4 * i),
            row(|_| 2),
            row(|_| 4),
            row(|i| (4 * i).wrapping_sub(8)),
            row(|i| i.wrapping_sub(4)),
        ];
        let masks = [row(|_| u32::MAX), row(|i| if i == 7 { 0 } else { u32::MAX })];
        let values = [0, 100, 200, 300].map(|first| (first..first + 12).collect::<Vec<u32>>());
        let uav = |stride| StageBindings {
            uavs: vec![Some(Arc::new(UavView::new((1000..1040).collect(), 5..30, stride, 0)))],
            ..Default::default()
        };
        for (offset, lanes) in rows.iter().flat_map(|offset| masks.iter().map(move |lanes| (offset, lanes))) {
            for (index, stride) in rows.iter().map(Some).chain([None]).flat_map(|i| [4, 8].map(|s| (i, s))) {
                for components in 1..16 {
                    let addresses = WordLanes { index: index.map(Vec::as_slice), offset, lanes };
                    let (whole, single) = (uav(stride), uav(stride));
                    let what = format!("{addresses:?}, stride {stride}, components {components:b}");
                    let mut out = [[1; 12]; 4];
                    let rows = out.each_mut().map(|row| row.as_mut_slice());
                    whole.load_words_lanes(Slot::Uav(0), &addresses, components, rows);
                    whole.store_words_lanes(0, &addresses, components, values.each_ref().map(Vec::as_slice));
                    for lane in active_lanes(lanes) {
                        for c in (0..4).filter(|c| components >> c & 1 == 1) {
                            let address = addresses.word(lane, c);
                            let word = address.map_or(0, |a| uav(stride).load_word(Slot::Uav(0), a));
                            assert_eq!(out[c][lane], word, "lane {lane}, {what}");
                            if let Some(address) = address {
                                single.store_word(0, address, values[c][lane]);
                            }
                        }
                    }
                    let contents = |bindings: &StageBindings| bindings.uav(0).map(UavView::contents);
                    assert_eq!(contents(&whole), contents(&single), "{what}");
                }
            }
        }
    }
}
