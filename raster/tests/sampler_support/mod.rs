//! Small textures, random ones, and short names for sampler tests.
#![allow(dead_code, reason = "every test file uses its part")]

use std::sync::Arc;

use aerogpu_raster::format::Format;
use aerogpu_raster::sampler::{
    AddressMode, Filter, Lod, MipFilter, Reduction, SampleKind, SampleRequest, SamplerState, sample,
};
use aerogpu_raster::state::CompareFunc;
use aerogpu_raster::surface::{Texture, TextureDesc, TextureDimension, TextureView, ViewDimension};
use proptest::prelude::*;

/// A texture whose texels are `texel(mip, layer, x, y)`, as floats.
pub(crate) fn texture(desc: TextureDesc, texel: impl Fn(u32, u32, u32, u32) -> [f32; 4]) -> Texture {
    let mut texture = Texture::new(desc).unwrap();
    for mip in 0..desc.mip_levels {
        let [_, _, depth] = desc.mip_extent(mip);
        for layer in 0..desc.layers.max(depth) {
            let image = texture.image_mut(mip, layer);
            let (width, height) = (image.width(), image.height());
            for (x, y) in (0..width).flat_map(|x| (0..height).map(move |y| (x, y))) {
                image.write_texel(x, y, 0, texel(mip, layer, x, y).map(f32::to_bits));
            }
        }
    }
    texture
}

/// All of a texture.
pub(crate) fn view(texture: Texture, dimension: ViewDimension) -> TextureView {
    let desc = *texture.desc();
    TextureView::new(Arc::new(texture), desc.format, dimension, 0..desc.mip_levels, 0..desc.layers).unwrap()
}

/// A 2D view of texels `texel(x, y)`.
pub(crate) fn plane(
    format: Format,
    width: u32,
    height: u32,
    texel: impl Fn(u32, u32) -> [f32; 4],
) -> TextureView {
    let desc = TextureDesc { format, width, height, ..Default::default() };
    view(texture(desc, |_, _, x, y| texel(x, y)), ViewDimension::Texture2D)
}

/// Point or linear in everything.
pub(crate) fn sampler(linear: bool, mode: AddressMode) -> SamplerState {
    let (filter, mip_filter) =
        if linear { (Filter::Linear, MipFilter::Linear) } else { (Filter::Point, MipFilter::Point) };
    SamplerState {
        min_filter: filter,
        mag_filter: filter,
        mip_filter,
        address: [mode; 3],
        ..SamplerState::default()
    }
}

/// A filtered sample of the first level.
pub(crate) fn request(coordinate: [f32; 4]) -> SampleRequest {
    SampleRequest {
        kind: SampleKind::Filter,
        coordinate,
        lod: Lod::Explicit(0.0),
        lod_clamp: 0.0,
        offset: [0; 3],
    }
}

/// A filtered sample with a given level of detail.
pub(crate) fn request_lod(coordinate: [f32; 4], lod: f32) -> SampleRequest {
    SampleRequest { lod: Lod::Explicit(lod), ..request(coordinate) }
}

/// The sample as floats.
pub(crate) fn floats(view: &TextureView, sampler: &SamplerState, request: &SampleRequest) -> [f32; 4] {
    sample(view, sampler, request).map(f32::from_bits)
}

/// The sample's red.
pub(crate) fn red(view: &TextureView, sampler: &SamplerState, request: &SampleRequest) -> f32 {
    floats(view, sampler, request)[0]
}

pub(crate) const MODES: [AddressMode; 5] = [
    AddressMode::Wrap,
    AddressMode::Mirror,
    AddressMode::Clamp,
    AddressMode::Border,
    AddressMode::MirrorOnce,
];
pub(crate) const DIMENSIONS: [ViewDimension; 9] = [
    ViewDimension::Texture1D,
    ViewDimension::Texture1DArray,
    ViewDimension::Texture2D,
    ViewDimension::Texture2DArray,
    ViewDimension::Texture2DMs,
    ViewDimension::Texture2DMsArray,
    ViewDimension::Texture3D,
    ViewDimension::Cube,
    ViewDimension::CubeArray,
];

/// Any bits, and more often numbers that mean something.
pub(crate) fn any_float() -> impl Strategy<Value = f32> {
    prop_oneof![any::<u32>().prop_map(f32::from_bits), -3.0f32..3.0, Just(0.0), Just(1.0), Just(0.5)]
}

pub(crate) fn any_sampler() -> impl Strategy<Value = SamplerState> {
    let filter = || prop::sample::select(vec![Filter::Point, Filter::Linear, Filter::Anisotropic]);
    let mip_filter = prop::sample::select(vec![MipFilter::None, MipFilter::Point, MipFilter::Linear]);
    let mode = || prop::sample::select(MODES.to_vec());
    let compare =
        prop::sample::select(vec![CompareFunc::Less, CompareFunc::NotEqual, CompareFunc::GreaterEqual]);
    let reduction = prop::sample::select(vec![Reduction::Mean, Reduction::Minimum, Reduction::Maximum]);
    let limits = (any_float(), any_float(), any_float(), any::<u32>());
    let border = prop::array::uniform4(any_float());
    (
        filter(),
        filter(),
        mip_filter,
        [mode(), mode(), mode()],
        compare,
        limits,
        border,
        (any::<bool>(), reduction),
    )
        .prop_map(
            |(
                min_filter,
                mag_filter,
                mip_filter,
                address,
                compare,
                limits,
                border,
                (seamless_cubes, reduction),
            )| {
                let (lod_bias, min_lod, max_lod, max_anisotropy) = limits;
                SamplerState {
                    min_filter,
                    mag_filter,
                    mip_filter,
                    reduction,
                    address,
                    lod_bias,
                    min_lod,
                    max_lod,
                    max_anisotropy,
                    compare,
                    border,
                    seamless_cubes,
                }
            },
        )
}

pub(crate) fn any_request() -> impl Strategy<Value = SampleRequest> {
    let kind = prop_oneof![
        4 => Just(SampleKind::Filter),
        1 => any_float().prop_map(SampleKind::Compare),
        1 => any::<u8>().prop_map(SampleKind::Gather),
        1 => any_float().prop_map(SampleKind::GatherCompare),
        1 => Just(SampleKind::QueryLod),
    ];
    let three = || prop::array::uniform3(any_float());
    let lod = prop_oneof![
        any_float().prop_map(Lod::Explicit),
        (three(), three(), any_float()).prop_map(|(ddx, ddy, bias)| Lod::Derivatives { ddx, ddy, bias }),
    ];
    let offset = prop::array::uniform3(prop_oneof![-8..8i32, any::<i32>()]);
    (kind, prop::array::uniform4(any_float()), lod, any_float(), offset).prop_map(
        |(kind, coordinate, lod, lod_clamp, offset)| SampleRequest {
            kind,
            coordinate,
            lod,
            lod_clamp,
            offset,
        },
    )
}

/// A texture of any format and one of the shapes, filled with the bytes of a simple generator.
pub(crate) fn any_view(dimensions: &[ViewDimension]) -> impl Strategy<Value = TextureView> {
    let format = prop::sample::select(Format::ALL.to_vec());
    let dimension = prop::sample::select(dimensions.to_vec());
    (format, dimension, 1..9u32, 1..9u32, 1..20u32, any::<u32>()).prop_map(
        |(format, dimension, w, h, layers, seed)| {
            let volume = dimension == ViewDimension::Texture3D;
            let cube = matches!(dimension, ViewDimension::Cube | ViewDimension::CubeArray);
            let flat = matches!(dimension, ViewDimension::Texture1D | ViewDimension::Texture1DArray);
            let desc = TextureDesc {
                dimension: if volume { TextureDimension::Texture3D } else { TextureDimension::Texture2D },
                format,
                width: w,
                height: if cube {
                    w
                } else if flat {
                    1
                } else {
                    h
                },
                depth: if volume { layers } else { 1 },
                mip_levels: 1 + w.ilog2(),
                layers: if volume {
                    1
                } else if cube {
                    layers + 5
                } else {
                    layers
                },
                samples: 1,
            };
            let mut texture = Texture::new(desc).unwrap();
            let mut bits = seed;
            for (mip, layer) in (0..desc.mip_levels).flat_map(|mip| (0..20).map(move |layer| (mip, layer))) {
                let image = texture.image_mut(mip, layer);
                let bytes = image.data().iter().map(|_| {
                    bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (bits >> 24) as u8
                });
                let (bytes, rect) = (bytes.collect::<Vec<_>>(), image.rect());
                let pitch = bytes.len() / (image.height().div_ceil(format.block_extent()) as usize);
                image.write_rows(rect, &bytes, pitch);
                if !layer.is_multiple_of(3) {
                    image.make_tiled();
                }
            }
            view(texture, dimension)
        },
    )
}
