//! Batches of samples are their samples one by one, to the bit, at every SIMD level.
#![allow(
    clippy::unwrap_used,
    clippy::needless_range_loop,
    reason = "a panic is how a test fails; lanes are columns"
)]

mod sampler_support;

use aerogpu_raster::format::Format;
use aerogpu_raster::sampler::{
    AddressMode, BatchKind, BatchLod, Filter, Reduction, SampleBatch, SamplerState, sample, sample_batch,
};
use aerogpu_raster::surface::{Texture, TextureDesc, TextureView, ViewDimension};
use fearless_simd::Level;
use proptest::prelude::*;
use sampler_support::{DIMENSIONS, any_float, any_sampler, any_view};

/// More than two chunks, the last one not full.
const LANES: usize = 140;

fn levels() -> Vec<Level> {
    let best = Level::new();
    let mut levels = vec![best, Level::baseline()];
    #[cfg(target_arch = "x86_64")]
    levels
        .extend([best.as_sse4_2().map(Level::Sse4_2), best.as_avx2().map(Level::Avx2)].into_iter().flatten());
    levels
}

/// Rows of arguments; which of them a batch uses is decided later.
#[derive(Debug)]
struct Rows {
    coordinate: [Vec<f32>; 4],
    ddx: [Vec<f32>; 3],
    ddy: [Vec<f32>; 3],
    bias: Vec<f32>,
    lod: Vec<f32>,
    lod_clamp: Vec<f32>,
    reference: Vec<f32>,
    lanes: Vec<u32>,
}

/// A row that is alike in most lanes, or not at all.
fn any_row(scale: f32) -> impl Strategy<Value = Vec<f32>> {
    let noise = prop_oneof![Just(0.0f32), Just(0.01), Just(4.0)];
    let base = prop_oneof![-3.0f32..3.0, Just(0.5)];
    let odd = prop::collection::vec((0..LANES, any_float()), 0..4);
    (base, noise, prop::collection::vec(-1.0f32..1.0, LANES), odd).prop_map(move |(base, noise, row, odd)| {
        let mut row: Vec<f32> = row.iter().map(|value| (base + noise * value) * scale).collect();
        odd.into_iter().for_each(|(lane, value)| row[lane] = value);
        row
    })
}

fn any_rows() -> impl Strategy<Value = Rows> {
    let four = prop::array::uniform4(any_row(1.0));
    let three = || prop::array::uniform3(any_row(0.2));
    let one = || any_row(1.0);
    let lanes =
        prop_oneof![Just(vec![!0; LANES]), prop::collection::vec(prop_oneof![Just(0), Just(!0)], LANES)];
    (four, three(), three(), [one(), one(), one(), one()], lanes).prop_map(
        |(coordinate, ddx, ddy, [bias, lod, lod_clamp, reference], lanes)| Rows {
            coordinate,
            ddx,
            ddy,
            bias,
            lod,
            lod_clamp,
            reference,
            lanes,
        },
    )
}

fn rows(rows: &[Vec<f32>; 3]) -> [&[f32]; 3] {
    rows.each_ref().map(Vec::as_slice)
}

fn check(
    view: &TextureView,
    state: &SamplerState,
    all: &Rows,
    (kind, lod): (u8, u8),
    offset: [i32; 3],
) -> Result<(), TestCaseError> {
    let (ddx, ddy) = (rows(&all.ddx), rows(&all.ddy));
    let batch = SampleBatch {
        kind: match kind {
            0 => BatchKind::Compare(&all.reference),
            1 => BatchKind::Gather(1),
            2 => BatchKind::GatherCompare(&all.reference),
            3 => BatchKind::QueryLod,
            _ => BatchKind::Filter,
        },
        coordinate: all.coordinate.each_ref().map(Vec::as_slice),
        lod: match lod {
            0 => BatchLod::Quads { bias: &all.bias },
            1 => BatchLod::Lanes { ddx, ddy },
            2 => BatchLod::Blocks,
            3 => BatchLod::Quads { bias: &[] },
            _ => BatchLod::Explicit(&all.lod),
        },
        lod_clamp: if kind % 2 == 0 { &all.lod_clamp } else { &[] },
        offset,
        lanes: &all.lanes,
    };
    let expected: Vec<_> = (0..LANES).map(|lane| sample(view, state, &batch.request(lane))).collect();
    for level in levels() {
        let mut out = [const { [0; LANES] }; 4];
        sample_batch(level, view, state, &batch, out.each_mut().map(|row| row.as_mut_slice()));
        for (lane, expected) in expected.iter().enumerate().filter(|&(lane, _)| all.lanes[lane] != 0) {
            let found = [0, 1, 2, 3].map(|i: usize| out[i][lane]);
            prop_assert_eq!(found, *expected, "lane {}, {:?}, {:?}", lane, level, batch.request(lane));
        }
    }
    Ok(())
}

fn any_offset() -> impl Strategy<Value = [i32; 3]> {
    prop_oneof![Just([0; 3]), prop::array::uniform3(-8..8i32), any::<[i32; 3]>()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_batch_is_its_samples(
        view in any_view(&DIMENSIONS), state in any_sampler(), all in any_rows(),
        choice in (0..8u8, 0..5u8), offset in any_offset(),
    ) {
        check(&view, &state, &all, choice, offset)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn planes_are_their_samples(
        view in any_view(&[ViewDimension::Texture2D, ViewDimension::Texture2DArray]), state in any_sampler(),
        all in any_rows(), lod in 0..5u8, offset in any_offset(), filters: [bool; 2], compares: bool,
        modes in prop::array::uniform3(prop::sample::select(vec![
            AddressMode::Wrap, AddressMode::Mirror, AddressMode::Clamp, AddressMode::MirrorOnce,
        ])),
    ) {
        let [min_filter, mag_filter] = filters.map(|linear| if linear { Filter::Linear } else { Filter::Point });
        let state = SamplerState { reduction: Reduction::Mean, ..state };
        let wide = SamplerState { min_lod: f32::MIN, max_lod: f32::MAX, lod_bias: 0.0, ..state };
        for state in [state, wide] {
            let state = SamplerState { min_filter, mag_filter, address: modes, ..state };
            check(&view, &state, &all, (if compares { 0 } else { 4 }, lod), offset)?;
        }
    }
}

/// A texture of several tiles with noise in every level.
fn noise(format: Format, tiled: bool) -> TextureView {
    let desc = TextureDesc { format, width: 200, height: 130, mip_levels: 8, ..Default::default() };
    let mut texture = Texture::new(desc).unwrap();
    for mip in 0..desc.mip_levels {
        let image = texture.image_mut(mip, 0);
        let bytes: Vec<u8> =
            (0..image.data().len() as u32).map(|i| (i.wrapping_mul(0x9e37_79b9) >> 21) as u8).collect();
        let pitch = bytes.len() / image.height().div_ceil(format.block_extent()) as usize;
        image.write_rows(image.rect(), &bytes, pitch);
        if tiled {
            image.make_tiled();
        }
    }
    sampler_support::view(texture, ViewDimension::Texture2D)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    /// Blocks of pixels whose columns have one u and whose rows one v.
    #[test]
    fn upright_blocks_are_their_samples(
        all in any_rows(), tiled: bool, linear: bool,
        format in prop::sample::select(vec![
            Format::R8G8B8A8Unorm, Format::B8G8R8X8Unorm, Format::R8Unorm, Format::R8G8B8A8UnormSrgb,
            Format::Bc1Unorm, Format::Bc3Unorm, Format::Bc4Unorm, Format::Bc7UnormSrgb,
        ]),
        (left, top) in (-1.5..1.5_f32, -1.5..1.5_f32),
        (right, down) in (-0.02..0.02_f32, -0.02..0.02_f32),
        modes in prop::array::uniform3(prop::sample::select(vec![
            AddressMode::Wrap, AddressMode::Mirror, AddressMode::Clamp, AddressMode::MirrorOnce,
        ])),
    ) {
        let row = |value: &dyn Fn(usize) -> f32| (0..LANES).map(value).collect::<Vec<_>>();
        let [_, _, third, fourth] = all.coordinate;
        let u = row(&|lane| left + right * (lane % 8) as f32);
        let v = row(&|lane| top + down * (lane / 8) as f32);
        let all = Rows { coordinate: [u, v, third, fourth], ..all };
        let filter = if linear { Filter::Linear } else { Filter::Point };
        let state = SamplerState { min_filter: filter, mag_filter: filter, address: modes, ..SamplerState::DEFAULT };
        let view = noise(format, tiled);
        check(&view, &state, &all, (5, 2), [0; 3])?;
        // Once more when all blocks are decoded.
        check(&view, &state, &all, (4, 2), [0; 3])?;
    }
}

/// Images of several tiles, in both layouts and of several formats.
#[test]
fn large_images_are_read_right() {
    let formats = [
        Format::R8G8B8A8Unorm,
        Format::B8G8R8A8UnormSrgb,
        Format::R8Unorm,
        Format::R16G16B16A16Float,
        Format::R32Float,
        Format::Bc1Unorm,
        Format::Bc7UnormSrgb,
        Format::D24UnormS8Uint,
    ];
    for (format, tiled) in formats.into_iter().flat_map(|format| [(format, false), (format, true)]) {
        let view = noise(format, tiled);
        let state = sampler_support::sampler(true, AddressMode::Wrap);
        let row = |step: f32| -> Vec<f32> { (0..LANES).map(|lane| lane as f32 * step).collect() };
        let (u, v, lods) = (row(0.0173), row(0.0071), row(0.013));
        for lod in [&lods[..], &[]] {
            let lod = BatchLod::Explicit(lod);
            let coordinate = [&u[..], &v[..], &[], &[]];
            let batch = SampleBatch {
                kind: BatchKind::Filter,
                coordinate,
                lod,
                lod_clamp: &[],
                offset: [0; 3],
                lanes: &[!0; LANES],
            };
            let mut out = [const { [0; LANES] }; 4];
            sample_batch(Level::new(), &view, &state, &batch, out.each_mut().map(|row| row.as_mut_slice()));
            for lane in 0..LANES {
                let found = [0, 1, 2, 3].map(|i: usize| out[i][lane]);
                assert_eq!(found, sample(&view, &state, &batch.request(lane)), "{format}, {tiled}, {lane}");
            }
        }
    }
}

#[test]
fn formats_of_bytes_are_packed() {
    for format in [Format::R8Unorm, Format::R8G8Unorm, Format::A8Unorm, Format::B8G8R8X8Unorm] {
        let view = sampler_support::plane(format, 2, 1, |x, _| [x as f32, 0.2, 0.4, 0.6]);
        let state = sampler_support::sampler(true, AddressMode::Wrap);
        let batch = SampleBatch {
            kind: BatchKind::Filter,
            coordinate: [&[0.25, 0.5, 0.75], &[], &[], &[]],
            lod: BatchLod::Explicit(&[]),
            lod_clamp: &[],
            offset: [0; 3],
            lanes: &[!0; LANES],
        };
        let mut out = [[0; 3]; 4];
        sample_batch(Level::new(), &view, &state, &batch, out.each_mut().map(|row| row.as_mut_slice()));
        for lane in 0..3 {
            let found = [0, 1, 2, 3].map(|i: usize| out[i][lane]);
            assert_eq!(found, sample(&view, &state, &batch.request(lane)), "{format}");
        }
        let red = if format == Format::A8Unorm { 0.0 } else { 0.5 };
        assert_eq!(out[0][1], f32::to_bits(red), "{format}");
    }
}

#[test]
fn negative_zeros_stay() {
    let view = sampler_support::plane(Format::R16Float, 2, 2, |_, _| [-0.0; 4]);
    let state = sampler_support::sampler(true, AddressMode::Wrap);
    let batch = SampleBatch {
        kind: BatchKind::Filter,
        coordinate: [&[0.3], &[0.4], &[], &[]],
        lod: BatchLod::Explicit(&[]),
        lod_clamp: &[],
        offset: [0; 3],
        lanes: &[!0],
    };
    let mut out = [[0; 1]; 4];
    sample_batch(Level::new(), &view, &state, &batch, out.each_mut().map(|row| row.as_mut_slice()));
    assert_eq!(out.map(|row| row[0]), [-0.0, 0.0, 0.0, 1.0f32].map(f32::to_bits));
    assert_eq!(out.map(|row| row[0]), sample(&view, &state, &batch.request(0)));
}
