//! Nanoseconds a sample, 64 lanes at a time and one by one, at every SIMD level.
//!
//! Rows of a tile walk through a texture of 1024 by 1024 at 1.45 texels a pixel, straight or turned by 29 degrees.
//! The throughput that is reported counts samples: 1 Gelem/s is a nanosecond each.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench")]

use std::hint::black_box;
use std::sync::Arc;

use aerogpu_raster::format::Format;
use aerogpu_raster::sampler::{
    AddressMode, BatchKind, BatchLod, Filter, MipFilter, SampleBatch, SamplerState, sample, sample_batch,
};
use aerogpu_raster::surface::{Texture, TextureDesc, TextureView, ViewDimension};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use fearless_simd::Level;

const SIZE: u32 = 1024;
const LANES: usize = 64;
const BATCHES: usize = 64;

fn texture(format: Format, tiled: bool) -> TextureView {
    let desc = TextureDesc { format, width: SIZE, height: SIZE, mip_levels: 11, ..Default::default() };
    let mut texture = Texture::new(desc).unwrap();
    for mip in 0..desc.mip_levels {
        let image = texture.image_mut(mip, 0);
        let noise = (0..image.data().len() as u32).map(|i| (i.wrapping_mul(0x9e37_79b9) >> 21) as u8);
        let noise: Vec<u8> = noise.collect();
        let pitch = noise.len() / image.height().div_ceil(format.block_extent()) as usize;
        image.write_rows(image.rect(), &noise, pitch);
        if tiled {
            image.make_tiled();
        }
    }
    TextureView::new(Arc::new(texture), format, ViewDimension::Texture2D, 0..11, 0..1).unwrap()
}

fn sampler(filter: Filter, mip_filter: MipFilter) -> SamplerState {
    let address = [AddressMode::Wrap; 3];
    SamplerState { min_filter: filter, mag_filter: filter, mip_filter, address, ..Default::default() }
}

/// Coordinates of a batch: 16 quads in a row.
struct Rows {
    u: [f32; LANES],
    v: [f32; LANES],
}

/// A tile of 64 by 64 pixels.
fn walk(degrees: f32) -> Vec<Rows> {
    let step = 1.45 / SIZE as f32;
    let (sin, cos) = if degrees == 0.0 { (0.0, step) } else { (0.4848 * step, 0.8746 * step) };
    let rows = |batch: usize| {
        let place = |lane: usize| {
            let quad = batch * (LANES / 4) + lane / 4;
            let x = quad % 32 * 2 + lane % 2;
            let y = quad / 32 * 2 + lane / 2 % 2;
            [0.3 + x as f32 * cos - y as f32 * sin, 0.4 + x as f32 * sin + y as f32 * cos]
        };
        Rows { u: std::array::from_fn(|lane| place(lane)[0]), v: std::array::from_fn(|lane| place(lane)[1]) }
    };
    (0..BATCHES).map(rows).collect()
}

fn batch(rows: &Rows) -> SampleBatch<'_> {
    SampleBatch {
        kind: BatchKind::Filter,
        coordinate: [&rows.u, &rows.v, &[], &[]],
        lod: BatchLod::Quads { bias: &[] },
        lod_clamp: &[],
        offset: [0; 3],
        lanes: &[!0; LANES],
    }
}

fn levels() -> Vec<(String, Level)> {
    let best = Level::new();
    let mut levels = vec![best, Level::baseline()];
    #[cfg(target_arch = "x86_64")]
    levels
        .extend([best.as_sse4_2().map(Level::Sse4_2), best.as_avx2().map(Level::Avx2)].into_iter().flatten());
    let name = |level: &Level| format!("{level:?}").split('(').next().unwrap_or_default().to_lowercase();
    levels.iter().map(|level| (name(level), *level)).collect()
}

fn case(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    view: &TextureView,
    state: &SamplerState,
    turn: f32,
) {
    let walk = walk(turn);
    group.throughput(Throughput::Elements((LANES * BATCHES) as u64));
    let mut out = [[0; LANES]; 4];
    for (level_name, level) in levels() {
        group.bench_function(format!("{name}/{level_name}"), |b| {
            b.iter(|| {
                for rows in &walk {
                    let out = out.each_mut().map(|row| row.as_mut_slice());
                    sample_batch(level, view, state, &batch(rows), out);
                }
                black_box(&out);
            });
        });
    }
    group.bench_function(format!("{name}/lane by lane"), |b| {
        b.iter(|| {
            for rows in &walk {
                let batch = batch(rows);
                for lane in 0..LANES {
                    black_box(sample(view, state, &batch.request(lane)));
                }
            }
        });
    });
}

fn sampling(c: &mut Criterion) {
    let mut group = c.benchmark_group("sampling");
    let rgba = texture(Format::R8G8B8A8Unorm, false);
    let filters = [
        ("nearest", sampler(Filter::Point, MipFilter::None)),
        ("bilinear", sampler(Filter::Linear, MipFilter::None)),
        ("trilinear", sampler(Filter::Linear, MipFilter::Linear)),
    ];
    for (name, state) in filters {
        case(&mut group, name, &rgba, &state, 0.0);
        case(&mut group, &format!("{name}, turned"), &rgba, &state, 29.0);
    }
    let bilinear = sampler(Filter::Linear, MipFilter::None);
    case(&mut group, "bilinear, tiled", &texture(Format::R8G8B8A8Unorm, true), &bilinear, 0.0);
    let formats = [
        Format::R8Unorm,
        Format::R8G8B8A8UnormSrgb,
        Format::R16G16B16A16Float,
        Format::R32Float,
        Format::Bc1Unorm,
        Format::Bc3Unorm,
        Format::Bc7Unorm,
        Format::Bc1UnormSrgb,
    ];
    for format in formats {
        case(&mut group, &format!("bilinear, {format}"), &texture(format, false), &bilinear, 0.0);
    }
    let trilinear = sampler(Filter::Linear, MipFilter::Linear);
    case(&mut group, "trilinear, bc1_unorm", &texture(Format::Bc1Unorm, false), &trilinear, 0.0);
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(15).warm_up_time(std::time::Duration::from_millis(100))
        .measurement_time(std::time::Duration::from_millis(300)).without_plots();
    targets = sampling
}
criterion_main!(benches);
