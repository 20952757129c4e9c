//! Each rule of sampling, with values worked out by hand from its text.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod sampler_support;

use std::sync::Arc;

use aerogpu_raster::format::Format;
use aerogpu_raster::format::srgb::srgb8_to_f32;
use aerogpu_raster::sampler::{
    AddressMode, Filter, Info, Lod, MipFilter, Reduction, SampleKind, SampleRequest, SamplerState, UNBOUND,
    info, load, sample,
};
use aerogpu_raster::state::CompareFunc;
use aerogpu_raster::surface::{
    SurfaceError, Texture, TextureDesc, TextureDimension, TextureView, ViewDimension,
};
use sampler_support::{floats, plane, red, request, request_lod, sampler, texture, view};

/// Texel `x` of `width` holds `x`.
fn ramp(width: u32) -> TextureView {
    plane(Format::R32Float, width, 1, |x, _| [x as f32; 4])
}

#[test]
fn point_samples_take_the_texel_below_the_rounded_coordinate() {
    let view = ramp(8);
    let point = sampler(false, AddressMode::Clamp);
    for i in 1..8u32 {
        let at = |texels: f32| red(&view, &point, &request([texels / 8.0, 0.5, 0.0, 0.0]));
        let i = i as f32;
        assert_eq!(at(i - 1.0 / 512.0), i, "a tie goes to the even 256th, the boundary");
        assert_eq!(at(i - 1.0 / 256.0), i - 1.0);
        assert_eq!(at(i + 1.0 / 512.0), i);
    }
}

#[test]
fn address_modes_repeat_mirror_and_clamp() {
    let view = ramp(4);
    let at = |mode, u: f32| red(&view, &sampler(false, mode), &request([u, 0.5, 0.0, 0.0]));
    let row = |mode| [-1.1, -0.6, -0.1, 0.1, 0.6, 1.1, 1.6, 2.1].map(|u| at(mode, u));
    // In texels: -4.4 -2.4 -0.4 0.4 2.4 4.4 6.4 8.4, so indices -5 -3 -1 0 2 4 6 8.
    assert_eq!(row(AddressMode::Wrap), [3.0, 1.0, 3.0, 0.0, 2.0, 0.0, 2.0, 0.0]);
    assert_eq!(row(AddressMode::Mirror), [3.0, 2.0, 0.0, 0.0, 2.0, 3.0, 1.0, 0.0]);
    assert_eq!(row(AddressMode::Clamp), [0.0, 0.0, 0.0, 0.0, 2.0, 3.0, 3.0, 3.0]);
    assert_eq!(row(AddressMode::MirrorOnce), [3.0, 2.0, 0.0, 0.0, 2.0, 3.0, 3.0, 3.0]);
    assert_eq!(row(AddressMode::Border), [1.0, 1.0, 1.0, 0.0, 2.0, 1.0, 1.0, 1.0]);
}

#[test]
fn linear_weights_have_eight_bits() {
    let view = plane(Format::R8Unorm, 2, 2, |x, y| [[[0.0, 1.0], [0.2, 0.6]][y as usize][x as usize]; 4]);
    let linear = sampler(true, AddressMode::Clamp);
    // Codes 0, 255, 51, 153. Half way between all: 459/4 of 255.
    assert_eq!(red(&view, &linear, &request([0.5, 0.5, 0.0, 0.0])), 459.0 / 1020.0);
    // u = 0.25 + 1/1024: 0.5/256 of a texel, a tie that goes to the even 0.
    assert_eq!(red(&view, &linear, &request([0.25 + 1.0 / 1024.0, 0.25, 0.0, 0.0])), 0.0);
    // 1.5/256 goes to the even 2: (254 * 0 + 2 * 255) / 256 of 255.
    assert_eq!(red(&view, &linear, &request([0.25 + 3.0 / 1024.0, 0.25, 0.0, 0.0])), 2.0 / 256.0);
    // Wrapped, the left neighbour of column 0 is column 1.
    assert_eq!(red(&view, &sampler(true, AddressMode::Wrap), &request([0.0, 0.25, 0.0, 0.0])), 0.5);
}

#[test]
fn coordinates_that_are_no_numbers_mean_zero() {
    let view = ramp(4);
    for u in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert_eq!(red(&view, &sampler(false, AddressMode::Wrap), &request([u, u, u, u])), 0.0);
        assert_eq!(red(&view, &sampler(true, AddressMode::Mirror), &request([u, u, u, u])), 0.0);
    }
    let clamp = sampler(false, AddressMode::Clamp);
    assert_eq!(red(&view, &clamp, &request([f32::INFINITY, 0.0, 0.0, 0.0])), 3.0);
}

#[test]
fn offsets_count_in_texels_of_each_level() {
    let desc =
        TextureDesc { format: Format::R32Float, width: 8, height: 8, mip_levels: 4, ..Default::default() };
    let view =
        view(texture(desc, |mip, _, x, y| [(100 * mip + 10 * y + x) as f32; 4]), ViewDimension::Texture2D);
    let clamp = sampler(false, AddressMode::Clamp);
    let moved =
        |lod, offset| red(&view, &clamp, &SampleRequest { offset, ..request_lod([0.0, 0.0, 0.0, 0.0], lod) });
    assert_eq!(moved(0.0, [3, 2, 0]), 23.0);
    assert_eq!(moved(1.0, [3, 2, 0]), 123.0);
    assert_eq!(moved(1.0, [7, -8, 0]), 103.0);
    // Between mips both move: (23 + 123) / 2.
    let linear = sampler(true, AddressMode::Clamp);
    let request = SampleRequest { offset: [3, 2, 0], ..request_lod([0.0625, 0.0625, 0.0, 0.0], 0.5) };
    // In mip 1, u is at 0.25 texels: a quarter of texel 2 and three of texel 3; in v likewise of rows 1 and
    // 2.
    assert_eq!(red(&view, &linear, &request), (23.0 + (123.0 - 0.25 - 2.5)) / 2.0);
}

/// Four levels of a constant each: the level's number.
fn levels() -> TextureView {
    let desc =
        TextureDesc { format: Format::R32Float, width: 8, height: 8, mip_levels: 4, ..Default::default() };
    view(texture(desc, |mip, _, _, _| [mip as f32; 4]), ViewDimension::Texture2D)
}

fn derivatives(coordinate: [f32; 4], ddx: [f32; 3], ddy: [f32; 3], bias: f32) -> SampleRequest {
    SampleRequest { lod: Lod::Derivatives { ddx, ddy, bias }, ..request(coordinate) }
}

#[test]
fn mip_levels_follow_the_level_of_detail() {
    let view = levels();
    let (point, linear) = (sampler(false, AddressMode::Clamp), sampler(true, AddressMode::Clamp));
    let at = |sampler: &SamplerState, lod| red(&view, sampler, &request_lod([0.5; 4], lod));
    assert_eq!(
        [0.0, 0.49, 0.5, 1.49, 1.5, 9.0, -3.0].map(|lod| at(&point, lod)),
        [0.0, 0.0, 1.0, 1.0, 2.0, 3.0, 0.0]
    );
    assert_eq!([0.25, 1.0, 2.5, 3.5, -1.0].map(|lod| at(&linear, lod)), [0.25, 1.0, 2.5, 3.0, 0.0]);
    let none = SamplerState { mip_filter: MipFilter::None, min_lod: 2.0, ..linear };
    assert_eq!(at(&none, 3.0), 0.0, "not even the minimum counts");
}

#[test]
fn derivatives_give_the_level_of_detail() {
    let view = levels();
    let linear = sampler(true, AddressMode::Clamp);
    let at = |ddx, ddy, bias| red(&view, &linear, &derivatives([0.5; 4], ddx, ddy, bias));
    // 8 texels: steps of 2 and 4 texels.
    assert_eq!(at([0.25, 0.0, 0.0], [0.0, 0.5, 0.0], 0.0), 2.0);
    assert_eq!(at([0.25, 0.0, 0.0], [0.0, 0.1, 0.0], 0.0), 1.0);
    assert_eq!(at([0.25, 0.0, 0.0], [0.0, 0.1, 0.0], 0.75), 1.75);
    // Length of (3, 4) texels is 5: log2(5) = 2.3219..., 594.4/256, so 594/256.
    assert_eq!(at([3.0 / 8.0, 4.0 / 8.0, 0.0], [0.0; 3], 0.0), 594.0 / 256.0);
    assert_eq!(at([0.0; 3], [0.0; 3], 0.0), 0.0);
    assert_eq!(at([f32::NAN, 0.0, 0.0], [0.0; 3], 0.0), 3.0, "not a number is the maximum");
}

#[test]
fn biases_and_limits_apply_in_order() {
    let view = levels();
    let base = sampler(true, AddressMode::Clamp);
    let at = |sampler: SamplerState, lod| red(&view, &sampler, &request_lod([0.5; 4], lod));
    assert_eq!(at(SamplerState { lod_bias: 1.5, ..base }, 0.5), 2.0, "an explicit level is biased too");
    assert_eq!(at(SamplerState { min_lod: 1.25, ..base }, 0.0), 1.25);
    assert_eq!(at(SamplerState { max_lod: 0.5, ..base }, 2.0), 0.5);
    assert_eq!(at(SamplerState { min_lod: 2.0, max_lod: 1.0, ..base }, 0.0), 2.0, "the minimum wins");
    assert_eq!(at(SamplerState { max_lod: 2.0, ..base }, f32::NAN), 2.0);
    assert_eq!(at(SamplerState { lod_bias: -99.0, ..base }, 18.0), 2.0, "biases reach to -16");
    assert_eq!(at(SamplerState { lod_bias: f32::NAN, ..base }, 1.0), 1.0);
    let clamped = SampleRequest { lod_clamp: 1.5, ..request_lod([0.5; 4], 0.0) };
    assert_eq!(red(&view, &base, &clamped), 1.5);
    assert_eq!(red(&view, &SamplerState { max_lod: 1.0, ..base }, &clamped), 1.5);
}

#[test]
fn the_clamped_level_decides_between_the_filters() {
    let view = plane(Format::R32Float, 2, 1, |x, _| [x as f32; 4]);
    let base = sampler(false, AddressMode::Clamp);
    let state = SamplerState { min_filter: Filter::Linear, ..base };
    let at = |state: SamplerState, lod| red(&view, &state, &request_lod([0.5, 0.5, 0.0, 0.0], lod));
    assert_eq!(at(state, 0.0), 1.0, "0 magnifies");
    assert_eq!(at(state, 0.01), 0.5);
    assert_eq!(at(SamplerState { max_lod: 0.0, ..state }, 5.0), 1.0);
    assert_eq!(at(SamplerState { min_lod: 0.5, ..state }, -5.0), 0.5);
    let none = SamplerState { mip_filter: MipFilter::None, max_lod: 0.0, ..state };
    assert_eq!(at(none, 5.0), 0.5, "without mip levels the limits do not count");
}

#[test]
fn level_queries_return_both() {
    let view = levels();
    let query = |state: SamplerState, ddx: f32| {
        let request = derivatives([0.5; 4], [ddx, 0.0, 0.0], [0.0; 3], 0.0);
        floats(&view, &state, &SampleRequest { kind: SampleKind::QueryLod, ..request })
    };
    let base = SamplerState::default();
    assert_eq!(query(base, 0.5), [2.0, 2.0, 0.0, 0.0]);
    assert_eq!(query(base, 1.0 / 16.0), [0.0, -1.0, 0.0, 0.0]);
    assert_eq!(query(base, 8.0), [3.0, 6.0, 0.0, 0.0]);
    assert_eq!(query(SamplerState { max_lod: 1.5, ..base }, 8.0), [1.5, 6.0, 0.0, 0.0]);
}

#[test]
fn anisotropic_taps_lie_along_the_major_axis() {
    // One row of 16 texels; a footprint of 4 by 1 texels in the middle.
    let view = plane(Format::R32Float, 16, 16, |x, _| [(x * x) as f32; 4]);
    let state = SamplerState {
        min_filter: Filter::Anisotropic,
        mag_filter: Filter::Anisotropic,
        max_anisotropy: 16,
        ..SamplerState::default()
    };
    let request = derivatives([0.5, 0.5, 0.0, 0.0], [0.25, 0.0, 0.0], [0.0, 0.0625, 0.0], 0.0);
    // Taps at texels 6.5, 7.5, 8.5, 9.5, which are the centres of 6 to 9.
    assert_eq!(red(&view, &state, &request), (36.0 + 49.0 + 64.0 + 81.0) / 4.0);
    let one = SamplerState { max_anisotropy: 1, ..state };
    assert_eq!(red(&view, &one, &request), (49.0 + 64.0) / 2.0);
}

#[test]
fn borders_are_clamped_and_have_the_formats_components() {
    let border = SamplerState { border: [2.0, 0.25, -1.0, 0.5], ..sampler(false, AddressMode::Border) };
    let outside = request([-0.5, 0.5, 0.0, 0.0]);
    let of = |format| floats(&plane(format, 2, 2, |_, _| [0.0; 4]), &border, &outside);
    assert_eq!(of(Format::R8G8B8A8Unorm), [1.0, 0.25, 0.0, 0.5]);
    assert_eq!(of(Format::R8G8B8A8UnormSrgb), [1.0, 0.25, 0.0, 0.5], "linear already");
    assert_eq!(of(Format::B8G8R8X8Unorm), [1.0, 0.25, 0.0, 1.0]);
    assert_eq!(of(Format::R8G8Snorm), [1.0, 0.25, 0.0, 1.0]);
    assert_eq!(of(Format::R32G32B32A32Float), [2.0, 0.25, -1.0, 0.5]);
    // Half of the border and half of texel 0.
    let linear = SamplerState { border: [1.0; 4], ..sampler(true, AddressMode::Border) };
    let black = plane(Format::R8G8B8A8Unorm, 2, 2, |_, _| [0.0; 4]);
    assert_eq!(floats(&black, &linear, &request([0.0, 0.25, 0.0, 0.0])), [0.5; 4]);
    assert_eq!(floats(&black, &linear, &request([0.0, 0.0, 0.0, 0.0])), [0.75; 4]);
}

#[test]
fn layers_are_rounded_and_clamped() {
    let desc = TextureDesc { format: Format::R32Float, width: 2, height: 2, layers: 4, ..Default::default() };
    let layers = texture(desc, |_, layer, _, _| [layer as f32; 4]);
    let array = view(layers.clone(), ViewDimension::Texture2DArray);
    let linear = sampler(true, AddressMode::Wrap);
    let at = |w| red(&array, &linear, &request([0.5, 0.5, w, 0.0]));
    assert_eq!([0.5, 1.4, 2.1, 9.0, -1.0, f32::NAN].map(at), [0.0, 1.0, 2.0, 3.0, 0.0, 0.0]);
    let part =
        TextureView::new(Arc::new(layers), Format::R32Float, ViewDimension::Texture2DArray, 0..1, 1..3);
    let part = part.unwrap();
    assert_eq!([0.0, 9.0].map(|w| red(&part, &linear, &request([0.5, 0.5, w, 0.0]))), [1.0, 2.0]);
}

#[test]
fn volumes_filter_along_three_axes() {
    let dimension = TextureDimension::Texture3D;
    let desc = TextureDesc {
        dimension,
        format: Format::R32Float,
        width: 2,
        height: 2,
        depth: 4,
        ..Default::default()
    };
    let volume =
        view(texture(desc, |_, z, x, y| [(100 * z + 10 * y + x) as f32; 4]), ViewDimension::Texture3D);
    let linear = sampler(true, AddressMode::Wrap);
    assert_eq!(red(&volume, &linear, &request([0.5, 0.5, 0.5, 0.0])), 155.5);
    assert_eq!(red(&volume, &linear, &request([0.25, 0.25, 0.0, 0.0])), 150.0, "slices 3 and 0");
    assert_eq!(red(&volume, &sampler(false, AddressMode::Clamp), &request([0.9, 0.1, 0.6, 0.0])), 201.0);
    assert_eq!(
        info(&volume, 0),
        Info { width: 2, height: 2, depth: 4, mip_levels: 1, samples: 1, array_size: 0 }
    );
    assert_eq!(load(&volume, [1, 1, 3], 0, 0)[0], 311.0f32.to_bits());
    assert_eq!(load(&volume, [1, 1, 4], 0, 0)[0], 0);
}

/// Faces of 2 by 2 texels that hold `100 face + 10 y + x`.
fn cube() -> TextureView {
    let desc = TextureDesc { format: Format::R32Float, width: 2, height: 2, layers: 6, ..Default::default() };
    view(texture(desc, |_, face, x, y| [(100 * face + 10 * y + x) as f32; 4]), ViewDimension::Cube)
}

#[test]
fn cubes_select_faces_and_filter_across_edges() {
    let cube = cube();
    let (point, linear) = (sampler(false, AddressMode::Wrap), sampler(true, AddressMode::Wrap));
    let at = |sampler: &SamplerState, x, y, z| red(&cube, sampler, &request([x, y, z, 0.0]));
    // The upper left texel of +X is at z > 0, y > 0.
    assert_eq!(at(&point, 1.0, 0.5, 0.5), 0.0);
    assert_eq!(at(&point, -1.0, 0.5, 0.5), 101.0);
    assert_eq!(at(&point, 0.5, 1.0, 0.5), 211.0);
    assert_eq!(at(&point, 0.5, -1.0, 0.5), 301.0);
    assert_eq!(at(&point, 0.5, 0.5, 1.0), 401.0);
    assert_eq!(at(&point, 0.5, 0.5, -1.0), 500.0);
    assert_eq!(at(&point, 1.0, 1.0, 1.0), 401.0, "ties prefer Z");
    assert_eq!(at(&linear, 0.0, 0.0, 1.0), 405.5);
    // On the edge of +Z to +X, at the height of the upper texels: half of each.
    assert_eq!(at(&linear, 1.0, 0.5, 1.0), (401.0 + 0.0) / 2.0);
    let edged = SamplerState { seamless_cubes: false, ..linear };
    assert_eq!(at(&edged, 1.0, 0.5, 1.0), 401.0);
    // In the corner +X +Y +Z: a third of each of the three texels.
    assert_eq!(at(&linear, 1.0, 1.0, 1.0), ((401.0 + 0.0 + 211.0) / 3.0) as f32);
}

#[test]
fn cube_derivatives_are_projected() {
    let desc = TextureDesc {
        format: Format::R32Float,
        width: 8,
        height: 8,
        mip_levels: 4,
        layers: 6,
        ..Default::default()
    };
    let cube = view(texture(desc, |mip, _, _, _| [mip as f32; 4]), ViewDimension::Cube);
    let linear = sampler(true, AddressMode::Clamp);
    // On +Z at distance 2, a step of 1 along x is 1/4 of the face: 2 texels.
    let step = derivatives([0.0, 0.0, 2.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 5.0], 0.0);
    assert_eq!(red(&cube, &linear, &step), 1.0);
}

#[test]
fn cube_arrays_select_whole_cubes() {
    let desc =
        TextureDesc { format: Format::R32Float, width: 1, height: 1, layers: 13, ..Default::default() };
    let cubes = view(texture(desc, |_, layer, _, _| [layer as f32; 4]), ViewDimension::CubeArray);
    let point = sampler(false, AddressMode::Clamp);
    assert_eq!(red(&cubes, &point, &request([0.0, 0.0, -1.0, 1.2])), 11.0);
    assert_eq!(red(&cubes, &point, &request([1.0, 0.0, 0.0, 7.0])), 6.0);
    assert_eq!(info(&cubes, 0).array_size, 2);
}

#[test]
fn gathers_go_counter_clockwise_from_the_lower_left() {
    let view = plane(Format::R32G32B32A32Float, 2, 2, |x, y| [(10 * y + x) as f32, 7.0, -1.0, 0.5]);
    let clamp = sampler(false, AddressMode::Clamp);
    let gather = |kind, coordinate, offset, mode| {
        floats(&view, &sampler(false, mode), &SampleRequest { kind, offset, ..request(coordinate) })
    };
    let middle = [0.5, 0.5, 0.0, 0.0];
    assert_eq!(gather(SampleKind::Gather(0), middle, [0; 3], AddressMode::Clamp), [10.0, 11.0, 1.0, 0.0]);
    assert_eq!(gather(SampleKind::Gather(1), middle, [0; 3], AddressMode::Clamp), [7.0; 4]);
    assert_eq!(gather(SampleKind::Gather(0), middle, [1, 0, 0], AddressMode::Clamp), [11.0, 11.0, 1.0, 1.0]);
    assert_eq!(gather(SampleKind::Gather(3), middle, [1, 0, 0], AddressMode::Border), [0.5, 1.0, 1.0, 0.5]);
    // At a texel's centre the quad still reaches to the right and below.
    let centre = [0.25, 0.25, 0.0, 0.0];
    assert_eq!(gather(SampleKind::Gather(0), centre, [0; 3], AddressMode::Clamp), [10.0, 11.0, 1.0, 0.0]);
    let greater = SamplerState { compare: CompareFunc::Greater, ..clamp };
    let compare = SampleRequest { kind: SampleKind::GatherCompare(5.0), ..request(middle) };
    assert_eq!(floats(&view, &greater, &compare), [0.0, 0.0, 1.0, 1.0]);
    // A corner of a cube is the mean of three texels: 401, 0 and 211.
    let corner = SampleRequest { kind: SampleKind::Gather(0), ..request([1.0, 1.0, 1.0, 0.0]) };
    let corner = floats(&cube(), &clamp, &corner);
    assert_eq!(corner, [401.0, 0.0, 204.0, 211.0]);
}

#[test]
fn gathers_keep_integers_and_bits() {
    let desc = TextureDesc { format: Format::R32Uint, width: 2, height: 2, ..Default::default() };
    let mut texture = Texture::new(desc).unwrap();
    for (value, (x, y)) in (0xffff_fff0u32..).zip([(0, 0), (1, 0), (0, 1), (1, 1)]) {
        texture.image_mut(0, 0).write_texel(x, y, 0, [value, 0, 0, 0]);
    }
    let view = view(texture, ViewDimension::Texture2D);
    let gather = SampleRequest { kind: SampleKind::Gather(0), ..request([0.5, 0.5, 0.0, 0.0]) };
    let quad = [0xffff_fff2, 0xffff_fff3, 0xffff_fff1, 0xffff_fff0];
    assert_eq!(sample(&view, &sampler(true, AddressMode::Clamp), &gather), quad);
    let filtered = sample(&view, &sampler(true, AddressMode::Clamp), &request([0.8, 0.8, 0.0, 0.0]));
    assert_eq!(filtered, [0xffff_fff3, 0, 0, 1], "integers are never mixed");
}

#[test]
fn comparisons_have_the_reference_on_the_left() {
    let depth = plane(Format::D32Float, 2, 1, |x, _| [[0.25, 0.75][x as usize]; 4]);
    let less = SamplerState { compare: CompareFunc::Less, ..sampler(true, AddressMode::Clamp) };
    let at = |view: &TextureView, state: &SamplerState, u, reference| {
        floats(
            view,
            state,
            &SampleRequest { kind: SampleKind::Compare(reference), ..request([u, 0.5, 0.0, 0.0]) },
        )
    };
    assert_eq!(at(&depth, &less, 0.75, 0.5), [1.0; 4], "0.5 < 0.75");
    assert_eq!(at(&depth, &less, 0.25, 0.5), [0.0; 4]);
    assert_eq!(at(&depth, &less, 0.5, 0.5), [0.5; 4]);
    assert_eq!(at(&depth, &less, 0.375, 0.5), [0.25; 4]);
    assert_eq!(at(&depth, &less, 0.75, f32::NAN), [0.0; 4]);
    // References of UNORM depth are clamped and rounded as stored depth is.
    let stored = plane(Format::D16Unorm, 1, 1, |_, _| [0.5; 4]);
    let equal = SamplerState { compare: CompareFunc::Equal, ..less };
    assert_eq!(at(&stored, &equal, 0.5, 0.500_001), [1.0; 4]);
    assert_eq!(at(&plane(Format::D24UnormS8Uint, 1, 1, |_, _| [1.0; 4]), &equal, 0.5, 7.0), [1.0; 4]);
    assert_eq!(at(&plane(Format::D32Float, 1, 1, |_, _| [1.0; 4]), &equal, 0.5, 7.0), [0.0; 4]);
    // The border's red is compared too.
    let border = SamplerState { address: [AddressMode::Border; 3], border: [0.9; 4], ..less };
    assert_eq!(at(&depth, &border, 2.0, 0.8), [1.0; 4]);
}

#[test]
fn srgb_is_decoded_before_filtering() {
    let texel = |x: u32, _: u32| [[0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]][x as usize];
    let srgb = plane(Format::R8G8B8A8UnormSrgb, 2, 1, texel);
    let linear = sampler(true, AddressMode::Clamp);
    assert_eq!(floats(&srgb, &linear, &request([0.5, 0.5, 0.0, 0.0])), [0.5; 4]);
    let gray = plane(Format::B8G8R8A8Unorm, 1, 1, |_, _| [0.2, 0.4, 0.6, 0.2]);
    let point = sampler(false, AddressMode::Clamp);
    let decoded = [srgb8_to_f32(51), srgb8_to_f32(102), srgb8_to_f32(153), 51.0 / 255.0];
    assert_eq!(floats(&gray.with_srgb(), &point, &request([0.5; 4])), decoded);
}

#[test]
fn views_reinterpret_bits_of_the_same_size() {
    let texels = Arc::new(texture(TextureDesc::default(), |_, _, _, _| [0.2, 0.4, 0.6, 0.8]));
    let as_format = |format| TextureView::new(texels.clone(), format, ViewDimension::Texture2D, 0..1, 0..1);
    let point = sampler(false, AddressMode::Clamp);
    let swapped = floats(&as_format(Format::B8G8R8A8Unorm).unwrap(), &point, &request([0.5; 4]));
    assert_eq!(swapped, [0.6, 0.4, 0.2, 0.8]);
    let integer = load(&as_format(Format::R32Uint).unwrap(), [0, 0, 0], 0, 0);
    assert_eq!(integer, [0xcc99_6633, 0, 0, 1]);
    let error = as_format(Format::R8Unorm).unwrap_err();
    assert_eq!(error, SurfaceError::ViewFormat { texture: Format::R8G8B8A8Unorm, view: Format::R8Unorm });
}

#[test]
fn views_check_ranges_and_shapes() {
    let texels =
        Arc::new(Texture::new(TextureDesc { width: 4, height: 4, layers: 6, ..Default::default() }).unwrap());
    let of = |dimension, mips, layers| {
        TextureView::new(texels.clone(), Format::R8G8B8A8Unorm, dimension, mips, layers)
            .map(|view| view.elements())
    };
    assert_eq!(of(ViewDimension::Cube, 0..1, 0..6), Ok(1));
    assert_eq!(of(ViewDimension::Texture2DArray, 0..1, 2..6), Ok(4));
    assert_eq!(of(ViewDimension::Texture2DMs, 0..1, 0..1), Ok(1));
    assert_eq!(of(ViewDimension::Cube, 0..1, 1..6), Err(SurfaceError::ViewShape(ViewDimension::Cube)));
    assert_eq!(
        of(ViewDimension::Texture1D, 0..1, 0..1),
        Err(SurfaceError::ViewShape(ViewDimension::Texture1D))
    );
    assert_eq!(
        of(ViewDimension::Texture3D, 0..1, 0..1),
        Err(SurfaceError::ViewShape(ViewDimension::Texture3D))
    );
    for (mips, layers) in [(0..2, 0..1), (0..1, 6..7), (0..0, 0..1), (0..1, 3..3), (1..u32::MAX, 0..1)] {
        assert!(matches!(of(ViewDimension::Texture2D, mips, layers), Err(SurfaceError::ViewRange { .. })));
    }
}

#[test]
fn views_start_at_their_own_first_level() {
    let desc =
        TextureDesc { format: Format::R32Float, width: 8, height: 8, mip_levels: 4, ..Default::default() };
    let texels = Arc::new(texture(desc, |mip, _, _, _| [mip as f32; 4]));
    let view = TextureView::new(texels, Format::R32Float, ViewDimension::Texture2D, 1..3, 0..1).unwrap();
    let linear = sampler(true, AddressMode::Clamp);
    assert_eq!([0.0, 1.0, 5.0].map(|lod| red(&view, &linear, &request_lod([0.5; 4], lod))), [1.0, 2.0, 2.0]);
    // Derivatives scale with the view's first level: a quarter of 4 texels is one.
    assert_eq!(red(&view, &linear, &derivatives([0.5; 4], [0.25, 0.0, 0.0], [0.0; 3], 0.0)), 1.0);
    assert_eq!(info(&view, 1), Info { width: 2, height: 2, mip_levels: 2, samples: 1, ..Default::default() });
    assert_eq!(info(&view, 2), Info { mip_levels: 2, samples: 1, ..Default::default() });
}

#[test]
fn loads_outside_read_zero_and_defaults() {
    let one = 1.0f32.to_bits();
    let view = plane(Format::R8Unorm, 2, 2, |_, _| [1.0; 4]);
    assert_eq!(load(&view, [1, 1, 0], 0, 0), [one, 0, 0, one]);
    for (address, mip, sample) in
        [([2, 0, 0], 0, 0), ([0, u32::MAX, 0], 0, 0), ([0; 3], 1, 0), ([0; 3], 0, 1)]
    {
        assert_eq!(load(&view, address, mip, sample), [0, 0, 0, one]);
    }
    let rgba = plane(Format::R8G8B8A8Unorm, 2, 2, |_, _| [1.0; 4]);
    assert_eq!(load(&rgba, [2, 0, 0], 0, 0), [0; 4]);
    let lone = sampler_support::view(
        Texture::new(TextureDesc { width: 3, layers: 2, ..Default::default() }).unwrap(),
        ViewDimension::Texture1DArray,
    );
    assert_eq!(load(&lone, [2, 2, 0], 0, 0), [0; 4]);
    assert_eq!(
        info(&lone, 0),
        Info { width: 3, array_size: 2, mip_levels: 1, samples: 1, ..Default::default() }
    );
}

#[test]
fn loads_reach_every_sample() {
    let desc = TextureDesc { format: Format::R32Uint, width: 2, height: 2, samples: 4, ..Default::default() };
    let mut texture = Texture::new(desc).unwrap();
    for sample in 0..4 {
        texture.image_mut(0, 0).write_texel(1, 0, sample, [sample + 10, 0, 0, 0]);
    }
    let view = view(texture, ViewDimension::Texture2DMs);
    assert_eq!([0, 3, 4].map(|sample| load(&view, [1, 0, 0], 0, sample)[0]), [10, 13, 0]);
    assert_eq!(info(&view, 0).samples, 4);
    assert_eq!(sample(&view, &SamplerState::default(), &request([0.5; 4])), UNBOUND);
}

#[test]
fn taps_without_weight_do_not_matter() {
    let view = plane(Format::R32Float, 2, 1, |x, _| [[3.0, f32::NAN][x as usize]; 4]);
    let linear = sampler(true, AddressMode::Clamp);
    assert_eq!(red(&view, &linear, &request([0.25, 0.5, 0.0, 0.0])), 3.0);
    assert_eq!(red(&view, &linear, &request([0.5, 0.5, 0.0, 0.0])).to_bits(), 0x7fc0_0000);
}

#[test]
fn zeros_keep_their_sign() {
    let view = plane(Format::R32Float, 2, 2, |_, _| [-0.0; 4]);
    let mixed = sample(&view, &sampler(true, AddressMode::Clamp), &request([0.4; 4]));
    assert_eq!(mixed, [0x8000_0000, 0, 0, 1.0f32.to_bits()]);
}

#[test]
fn denormals_survive_unless_they_are_mixed() {
    let tiny = f32::from_bits(5);
    let view = plane(Format::R32Float, 2, 1, |_, _| [tiny; 4]);
    assert_eq!(red(&view, &sampler(false, AddressMode::Clamp), &request([0.2; 4])), tiny);
    assert_eq!(red(&view, &sampler(true, AddressMode::Clamp), &request([0.5; 4])), 0.0);
    let half = plane(Format::R16Float, 2, 1, |_, _| [1.0 / (1 << 24) as f32; 4]);
    assert_eq!(red(&half, &sampler(true, AddressMode::Clamp), &request([0.5; 4])), 1.0 / (1 << 24) as f32);
}

#[test]
fn compressed_texels_are_exact() {
    // One BC1 block: red above blue; texels 0 to 3 take codes 0 to 3, the others red.
    let block = [0x00, 0xf8, 0x1f, 0x00, 0b1110_0100, 0, 0, 0];
    let desc = TextureDesc { format: Format::Bc1Unorm, width: 4, height: 4, ..Default::default() };
    let mut texture = Texture::new(desc).unwrap();
    let rect = texture.image(0, 0).rect();
    texture.image_mut(0, 0).write_rows(rect, &block, 8);
    let texels = Arc::new(texture);
    let as_format =
        |format| TextureView::new(texels.clone(), format, ViewDimension::Texture2D, 0..1, 0..1).unwrap();
    let (point, linear) = (sampler(false, AddressMode::Clamp), sampler(true, AddressMode::Clamp));
    let view = as_format(Format::Bc1Unorm);
    assert_eq!(floats(&view, &point, &request([0.6, 0.1, 0.0, 0.0])), [2.0 / 3.0, 0.0, 1.0 / 3.0, 1.0]);
    // Half of 2/3 and 1/3 red.
    assert_eq!(floats(&view, &linear, &request([0.75, 0.125, 0.0, 0.0])), [0.5, 0.0, 0.5, 1.0]);
    let srgb = as_format(Format::Bc1UnormSrgb);
    let expected = [srgb8_to_f32(170), 0.0, srgb8_to_f32(85), 1.0];
    assert_eq!(floats(&srgb, &point, &request([0.6, 0.1, 0.0, 0.0])), expected);
}

#[test]
fn extremes_are_those_of_the_texels_with_a_weight() {
    let view = plane(Format::R8G8B8A8Unorm, 2, 2, |x, y| {
        [[0.2, 1.0, 0.0, 0.6], [0.8, 0.2, 0.4, 0.4], [0.4, 0.4, 0.6, 1.0], [0.6, 0.6, 0.2, 0.2]]
            [(2 * y + x) as usize]
    });
    let state = |reduction| SamplerState { reduction, ..sampler(true, AddressMode::Clamp) };
    let at = |reduction, u, v| floats(&view, &state(reduction), &request([u, v, 0.0, 0.0]));
    assert_eq!(at(Reduction::Minimum, 0.5, 0.5), [0.2, 0.2, 0.0, 0.2]);
    assert_eq!(at(Reduction::Maximum, 0.4, 0.6), [0.8, 1.0, 0.6, 1.0], "however small the weights");
    assert_eq!(at(Reduction::Maximum, 0.25, 0.5), [0.4, 1.0, 0.6, 1.0], "the right column has no weight");
    assert_eq!(at(Reduction::Minimum, 0.75, 0.75), [0.6, 0.6, 0.2, 0.2], "one texel alone");
}

#[test]
fn extremes_reach_across_mip_levels_and_prefer_numbers() {
    let desc =
        TextureDesc { format: Format::R32Float, width: 2, height: 1, mip_levels: 2, ..Default::default() };
    let texel = |mip, _, x, _| [[[f32::NAN, -0.0], [3.0, 3.0]][mip as usize][x as usize]; 4];
    let view = view(texture(desc, texel), ViewDimension::Texture2D);
    let state = |reduction| SamplerState { reduction, ..sampler(true, AddressMode::Clamp) };
    let at = |reduction, u, lod| red(&view, &state(reduction), &request_lod([u, 0.5, 0.0, 0.0], lod));
    assert_eq!(at(Reduction::Maximum, 0.5, 0.5), 3.0);
    assert_eq!(at(Reduction::Minimum, 0.5, 0.5).to_bits(), (-0.0f32).to_bits(), "not the NaN");
    assert_eq!(
        at(Reduction::Maximum, 0.5, 0.0).to_bits(),
        (-0.0f32).to_bits(),
        "the second level has no weight"
    );
    assert!(at(Reduction::Maximum, 0.25, 0.0).is_nan(), "nothing but NaN");
}
