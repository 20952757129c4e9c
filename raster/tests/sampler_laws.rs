//! What holds for every sample, whatever its arguments.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod sampler_support;

use std::sync::Arc;

use aerogpu_raster::format::Format;
use aerogpu_raster::sampler::{AddressMode, SampleKind, SampleRequest, SamplerState, info, load, sample};
use aerogpu_raster::surface::{TextureDesc, TextureView, ViewDimension};
use proptest::prelude::*;
use sampler_support::{
    DIMENSIONS, MODES, any_float, any_request, any_sampler, any_view, floats, sampler, texture, view,
};

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_request_has_an_answer(
        view in any_view(&DIMENSIONS), state in any_sampler(), request in any_request(),
        address in prop::array::uniform3(prop_oneof![0..9u32, any::<u32>()]), mip in 0..9u32,
    ) {
        let first = sample(&view, &state, &request);
        prop_assert_eq!(first, sample(&view, &state, &request));
        load(&view, address, mip, 0);
        info(&view, mip);
    }

    #[test]
    fn constant_textures_give_the_constant(
        value in prop::array::uniform4(0.0f32..1.0), state in any_sampler(), request in any_request(),
        size in 1..9u32, dimension in prop::sample::select(vec![ViewDimension::Texture2D, ViewDimension::Cube]),
        format in prop::sample::select(vec![
            Format::R8G8B8A8Unorm, Format::R8G8B8A8UnormSrgb, Format::B8G8R8X8Unorm, Format::B5G6R5Unorm,
            Format::R16G16B16A16Unorm, Format::R8G8B8A8Snorm, Format::R32G32B32A32Float, Format::D24UnormS8Uint,
            Format::R16G16B16A16Float, Format::R10G10B10A2Unorm, Format::R11G11B10Float,
        ]),
    ) {
        let mip_levels = 1 + size.ilog2();
        let (width, height) = (size, size);
        let desc = TextureDesc { format, width, height, mip_levels, layers: 6, ..Default::default() };
        let view = view(texture(desc, |_, _, _, _| value), dimension);
        let stored = load(&view, [0; 3], 0, 0);
        let mode = |mode| if mode == AddressMode::Border { AddressMode::Wrap } else { mode };
        let state = SamplerState { address: state.address.map(mode), ..state };
        let request = SampleRequest { kind: SampleKind::Filter, ..request };
        prop_assert_eq!(sample(&view, &state, &request), stored);
    }

    #[test]
    fn means_stay_within_their_texels(
        texels in prop::collection::vec(prop_oneof![-1e30f32..1e30, -1.0f32..1.0], 16),
        u in any_float(), v in any_float(), mode in prop::sample::select(MODES.to_vec()),
    ) {
        let desc = TextureDesc { format: Format::R32Float, width: 4, height: 4, ..Default::default() };
        let texture = texture(desc, |_, _, x, y| [texels[(4 * y + x) as usize]; 4]);
        let view = view(texture, ViewDimension::Texture2D);
        let state = SamplerState { border: [0.5; 4], ..sampler(true, mode) };
        let request = sampler_support::request([u, v, 0.0, 0.0]);
        let mean = floats(&view, &state, &request)[0];
        let taps = floats(&view, &state, &SampleRequest { kind: SampleKind::Gather(0), ..request });
        let within = taps.iter().any(|&tap| tap <= mean) && taps.iter().any(|&tap| tap >= mean);
        prop_assert!(within, "{mean} {taps:?}");
    }

    #[test]
    fn linear_filters_at_centres_are_point_filters(
        view in any_view(&[ViewDimension::Texture2D, ViewDimension::Texture2DArray]),
        x in 0..8u32, y in 0..8u32, layer in 0..20u32, mode in prop::sample::select(MODES.to_vec()),
    ) {
        let [width, height, _] = view.extent(0);
        let centre = |index: u32, size: u32| ((index % size) as f32 + 0.5) / size as f32;
        let request = sampler_support::request([centre(x, width), centre(y, height), layer as f32, 0.0]);
        let [point, linear] = [false, true].map(|linear| sample(&view, &sampler(linear, mode), &request));
        // Filters make NaN canonical and denormals 0.
        let same = |(a, b): (u32, u32)| {
            let (a, b) = (f32::from_bits(a), f32::from_bits(b));
            a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan() || a.is_subnormal() && b == 0.0
        };
        prop_assert!(point.into_iter().zip(linear).all(same), "{point:x?} {linear:x?}");
        let direct = load(&view, [x % width, y % height, layer.min(view.elements() - 1)], 0, 0);
        prop_assert_eq!(point, direct);
    }

    #[test]
    fn loads_read_what_the_images_hold(
        view in any_view(&[ViewDimension::Texture2DArray]), x in 0..9u32, y in 0..9u32,
    ) {
        prop_assert_eq!(load(&view, [x, y, 0], 0, 0), view.image(0, 0).read_texel(x, y, 0));
    }

    #[test]
    fn views_of_tiled_and_linear_images_agree(
        seed in any::<u32>(), state in any_sampler(), request in any_request(),
    ) {
        let desc = TextureDesc { width: 70, height: 66, ..Default::default() };
        let texel = |x: u32, y: u32| (seed ^ x << 4 ^ y << 13).wrapping_mul(0x9e37_79b9);
        let linear = texture(desc, |_, _, x, y| {
            texel(x, y).to_le_bytes().map(|byte| f32::from(byte) / 255.0)
        });
        let mut tiled = linear.clone();
        tiled.image_mut(0, 0).make_tiled();
        let [a, b] = [linear, tiled].map(|texture| {
            let all = TextureView::new(Arc::new(texture), desc.format, ViewDimension::Texture2D, 0..1, 0..1);
            sample(&all.unwrap(), &state, &request)
        });
        prop_assert_eq!(a, b);
    }
}
