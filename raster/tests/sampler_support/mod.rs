//! Small textures and short names for sampler tests.
#![allow(dead_code, reason = "every test file uses its part")]

use std::sync::Arc;

use aerogpu_raster::format::Format;
use aerogpu_raster::sampler::{
    AddressMode, Filter, Lod, MipFilter, SampleKind, SampleRequest, SamplerState, sample,
};
use aerogpu_raster::surface::{Texture, TextureDesc, TextureView, ViewDimension};

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
