//! Directed tests of passes: one rule each, expected values by hand.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod scene;

use std::sync::Arc;

use aerogpu_raster::format::Format;
use aerogpu_raster::pass::{DrawState, Pass, PassOptions, TargetLayout, Targets};
use aerogpu_raster::primitive::{PrimitiveBatch, PrimitiveKind, VertexBatch};
use aerogpu_raster::shader::{
    InterpolationMode, PixelBatch, PixelOutput, PixelShader, PixelShaderInfo, PullModel, ShaderTimeout,
};
use aerogpu_raster::state::*;
use aerogpu_raster::surface::Image;
use scene::*;

const ONE: u32 = 1.0_f32.to_bits();
const TRIANGLES: PrimitiveKind = PrimitiveKind::Triangles;

/// Two triangles over the rectangle, in pixels of a 16x16 target, at one depth.
fn rectangle([left, top, right, bottom]: [f32; 4], z: f32) -> VertexBatch {
    let corner = |x, y| (at([16.0; 2], x, y, z), []);
    vertices(&[
        corner(left, top),
        corner(right, top),
        corner(left, bottom),
        corner(left, bottom),
        corner(right, top),
        corner(right, bottom),
    ])
}

#[test]
fn clears_convert_and_respect_rectangles() {
    let mut scene = Scene::new(Format::B8G8R8X8Unorm, Some(Format::D24UnormS8Uint), 100, 70, 1, 32);
    scene.pass.clear_color(0, [1.0, 0.5, 2.0, 0.0], None);
    scene.pass.clear_color(0, [0.0; 4], Some(Rect { left: 60, top: 60, right: 70, bottom: 200 }));
    scene.pass.clear_depth_stencil(Some(0.5), Some(7), None);
    scene.pass.clear_depth_stencil(None, Some(9), Some(Rect { left: 0, top: 0, right: 1, bottom: 1 }));
    let work = scene.flush();
    assert_eq!(work.cleared_bytes, (100 * 70 + 10 * 10 + 100 * 70 + 1) * 4);
    assert_eq!(scene.color.texel(0, 0, 0), Some([255, 128, 255, 255].as_slice()));
    let cleared = |x, y| scene.color.texel(x, y, 0).unwrap()[0] == 0;
    assert!(cleared(60, 60) && cleared(69, 69) && !cleared(59, 60) && !cleared(70, 60) && !cleared(60, 59));
    let depth = scene.depth.unwrap();
    assert_eq!(depth.texel(0, 0, 0), Some([0, 0, 0x80, 9].as_slice()));
    assert_eq!(depth.texel(99, 69, 0), Some([0, 0, 0x80, 7].as_slice()));
}

#[test]
fn rectangles_follow_the_top_left_rule() {
    for (rect, expected) in [
        ([2.0, 3.0, 7.0, 5.0], pixels(2, 3, 7, 5)),
        // Through centres: left and top are in, right and bottom are not.
        ([2.5, 3.5, 7.5, 5.5], pixels(2, 3, 7, 5)),
        ([2.49, 3.49, 7.51, 5.51], pixels(2, 3, 8, 6)),
        ([-5.0, -5.0, 50.0, 50.0], pixels(0, 0, 16, 16)),
    ] {
        let mut scene = Scene::rgba8(16, 16);
        let work = scene.draw_now(state(16.0, 16.0, white()), TRIANGLES, rectangle(rect, 0.0));
        assert_eq!(scene.lit(), expected, "{rect:?}");
        assert_eq!(work.pixels_written, expected.len() as u64);
    }
}

#[test]
fn viewports_scissor_and_may_lie_outside() {
    let full = [([-1.0, -1.0], [3.0, -1.0], [-1.0, 3.0])];
    let draw = |viewport: Viewport, scissors: &[Rect]| {
        let mut scene = Scene::rgba8(16, 16);
        let mut state = state(16.0, 16.0, white());
        state.rasterizer.viewports[0] = viewport;
        state.rasterizer.scissors.extend_from_slice(scissors);
        let [a, b, c] = [full[0].0, full[0].1, full[0].2].map(|[x, y]| ([x, y, 0.0, 1.0], []));
        scene.draw_now(state, TRIANGLES, vertices(&[a, b, c]));
        scene.lit()
    };
    let viewport = |x, y, width, height| Viewport { x, y, width, height, min_depth: 0.0, max_depth: 1.0 };
    assert_eq!(draw(viewport(4.0, 5.0, 3.0, 2.0), &[]), pixels(4, 5, 7, 7));
    assert_eq!(draw(viewport(-4.0, -4.0, 8.0, 10.0), &[]), pixels(0, 0, 4, 6));
    assert_eq!(draw(viewport(12.0, 12.0, 100.0, 100.0), &[]), pixels(12, 12, 16, 16));
    let scissor = Rect { left: 2, top: 3, right: 6, bottom: 100 };
    assert_eq!(draw(viewport(0.0, 0.0, 16.0, 16.0), &[scissor]), pixels(2, 3, 6, 16));
    assert_eq!(draw(viewport(0.0, 0.0, 0.0, 0.0), &[]), []);
    assert_eq!(draw(viewport(f32::NAN, 0.0, 16.0, 16.0), &[]), []);
}

#[test]
fn facing_and_culling() {
    let clockwise = [[2.0, 2.0], [10.0, 2.0], [2.0, 10.0]];
    let mut counter = clockwise;
    counter.swap(1, 2);
    let flat = [[2.0, 2.0], [4.0, 4.0], [6.0, 6.0]];
    let draw = |corners: [[f32; 2]; 3], cull, front_counter_clockwise| {
        let mut scene = Scene::rgba8(16, 16);
        let front = shader(inputs(&[]), |batch, output| {
            for lane in 0..batch.lanes {
                let color = [if batch.front_face[lane] == u32::MAX { ONE } else { 0x3f00_0000 }; 4];
                set_color(output, 0, lane, color);
            }
        });
        let mut state = state(16.0, 16.0, Some(front));
        state.rasterizer.cull = cull;
        state.rasterizer.front_counter_clockwise = front_counter_clockwise;
        let list = corners.map(|[x, y]| (at([16.0; 2], x, y, 0.0), []));
        let work = scene.draw_now(state, TRIANGLES, vertices(&list));
        (scene.color(3, 3)[0], work.culled_backface, work.culled_zero_area)
    };
    let half = 128.0 / 255.0;
    assert_eq!(draw(clockwise, CullMode::None, false), (1.0, 0, 0));
    assert_eq!(draw(counter, CullMode::None, false), (half, 0, 0));
    assert_eq!(draw(clockwise, CullMode::None, true), (half, 0, 0));
    assert_eq!(draw(clockwise, CullMode::Back, false), (1.0, 0, 0));
    assert_eq!(draw(counter, CullMode::Back, false), (0.0, 1, 0));
    assert_eq!(draw(clockwise, CullMode::Front, false), (0.0, 1, 0));
    assert_eq!(draw(flat, CullMode::None, false), (0.0, 0, 1));
}

#[test]
fn what_the_shader_sees() {
    // Constant attributes come from the leading vertex, linear ones follow w, the others the screen.
    let modes = [InterpolationMode::Constant, InterpolationMode::Linear, InterpolationMode::NoPerspective];
    let look = shader(inputs(&modes), |batch, output| {
        for lane in 0..batch.lanes {
            let row = |row: usize| batch.inputs[row * batch.lanes + lane];
            let color = [row(0), row(1), row(2), batch.position[3][lane].to_bits()];
            set_color(output, 0, lane, color);
        }
    });
    let mut scene = Scene::new(Format::R32G32B32A32Float, None, 16, 16, 1, 64);
    // Along x, w runs from 1 at 0 to 4 at pixel 16; corners beyond make the triangle cover the target.
    let vertex = |x: f32, y: f32, w: f32, a: f32| {
        let [x, y, z, _] = at([16.0; 2], x, y, 0.5);
        ([x * w, y * w, z * w, w], [a, a, a])
    };
    let list = [vertex(0.0, 0.0, 1.0, 8.0), vertex(16.0, 0.0, 4.0, 24.0), vertex(0.0, 32.0, 1.0, 8.0)];
    scene.draw_now(state(16.0, 16.0, Some(look)), TRIANGLES, vertices(&list));
    // Pixel 3: s = 3.5 / 16; 1/w = 1 - s * 3/4; a/w = 8 + s * (6 - 8).
    let s = 3.5 / 16.0;
    let inverse_w: f64 = 1.0 - s * 0.75;
    let expected = [8.0, (8.0 - 2.0 * s) / inverse_w, 8.0 + 16.0 * s, 1.0 / inverse_w].map(|v| v as f32);
    assert_eq!(scene.color(3, 0), expected);
}

#[test]
fn positions_are_pixel_centers_with_unclamped_depth() {
    let look = shader(inputs(&[]), |batch, output| {
        for lane in 0..batch.lanes {
            let color = position_of(batch, lane).map(f32::to_bits);
            set_color(output, 0, lane, color);
        }
    });
    let mut scene = Scene::new(Format::R32G32B32A32Float, Some(Format::D32Float), 16, 16, 1, 64);
    let mut state = state(16.0, 16.0, Some(look));
    state.rasterizer.depth_clip = false;
    state.rasterizer.viewports[0] = Viewport { min_depth: 0.25, max_depth: 0.75, ..viewport(16.0, 16.0) };
    state.depth_stencil.depth_enable = true;
    state.depth_stencil.depth_write = true;
    state.depth_stencil.depth_func = CompareFunc::Always;
    scene.draw_now(state, TRIANGLES, rectangle([0.0, 0.0, 16.0, 16.0], 3.0));
    assert_eq!(scene.color(5, 9), [5.5, 9.5, 1.75, 1.0]);
    // The output merger clamps to the viewport.
    assert_eq!(scene.depth.unwrap().texel(5, 9, 0), Some(0.75_f32.to_le_bytes().as_slice()));
}

/// Lit pixels of a triangle over the whole 16x16 target with these depths, w = 1, at its corners (0,0), (32,0), (0,32).
fn lit_by_depth(depths: [f32; 3], depth_clip: bool) -> usize {
    let mut scene = Scene::rgba8(16, 16);
    let mut state = state(16.0, 16.0, white());
    state.rasterizer.depth_clip = depth_clip;
    let corners = [[0.0, 0.0], [32.0, 0.0], [0.0, 32.0]];
    let list = [0, 1, 2].map(|i| (at([16.0; 2], corners[i][0], corners[i][1], depths[i]), []));
    scene.draw_now(state, TRIANGLES, vertices(&list));
    scene.lit().len()
}

#[test]
fn near_and_far_planes_clip_samples() {
    assert_eq!(lit_by_depth([0.0, 1.0, 0.5], true), 256);
    // z = -0.5 + x / 16: left of pixel 8 is before the near plane; centres 8.5 and on are behind it.
    assert_eq!(lit_by_depth([-0.5, 1.5, -0.5], true), 8 * 16);
    assert_eq!(lit_by_depth([-0.5, 1.5, -0.5], false), 256);
    // z = 0.5 + y / 16: rows 0..8 are before the far plane.
    assert_eq!(lit_by_depth([0.5, 0.5, 2.5], true), 8 * 16);
    assert_eq!(lit_by_depth([2.0, 2.0, 2.0], true), 0);
    assert_eq!(lit_by_depth([2.0, 2.0, 2.0], false), 256);
    assert_eq!(lit_by_depth([f32::NAN, 0.0, 0.0], false), 0);
}

#[test]
fn triangles_through_the_eye_plane() {
    // y / w is -1 on the first edge and grows without bound towards w = 0: the whole target is covered.
    let modes = [InterpolationMode::Linear; 4];
    let look = shader(inputs(&modes), |batch, output| {
        for lane in 0..batch.lanes {
            let w = batch.inputs[lane];
            let color = [w, batch.position[3][lane].to_bits(), batch.position[2][lane].to_bits(), ONE];
            set_color(output, 0, lane, color);
        }
    });
    let mut scene = Scene::new(Format::R32G32B32A32Float, None, 16, 16, 1, 16);
    let vertex = |p: [f32; 4]| (p, [p[3]; 4]);
    let list = [[-4.0, -1.0, 0.5, 1.0], [4.0, -1.0, 0.5, 1.0], [0.0, 3.0, 0.5, -1.0]].map(vertex);
    let mut state = state(16.0, 16.0, Some(look));
    state.rasterizer.depth_clip = false;
    let work = scene.draw_now(state, TRIANGLES, vertices(&list));
    assert_eq!((work.clipped, scene.lit().len()), (1, 256));
    for y in 0..16 {
        // With n = y / w on the way: t = (n + 1) / (4 + 2 n), w = 1 - 2 t.
        let n = 1.0 - (f64::from(y) + 0.5) / 8.0;
        let w = 1.0 - 2.0 * (n + 1.0) / (4.0 + 2.0 * n);
        let [attribute, position_w, z, _] = scene.color(5, y);
        for (value, expected) in [(attribute, w), (position_w, w), (z, 0.5 / w)] {
            assert!((f64::from(value) - expected).abs() <= expected * 1.0e-7, "{y}: {value} {expected}");
        }
    }
}

#[test]
fn vertices_beyond_the_snapped_range() {
    // A huge triangle whose edges lie on the target's borders: x >= 0, y >= 0 and far away.
    let far = 1.0e9;
    let mut scene = Scene::rgba8(16, 16);
    let list = [[-1.0, 1.0, 0.0, 1.0], [far, 1.0, 0.0, 1.0], [-1.0, -far, 0.0, 1.0]].map(|p| (p, []));
    scene.draw_now(state(16.0, 16.0, white()), TRIANGLES, vertices(&list));
    assert_eq!(scene.lit(), pixels(0, 0, 16, 16));
}

#[test]
fn clip_and_cull_distances() {
    let draw = |clip: &[f32], cull: &[f32]| {
        let mut scene = Scene::rgba8(16, 16);
        let corners = [[0.0, 0.0], [32.0, 0.0], [0.0, 32.0]];
        let mut batch = vertices(&corners.map(|[x, y]| (at([16.0; 2], x, y, 0.0), [])));
        (batch.clip_count, batch.clip) = (clip.len() / 3, clip.to_vec());
        (batch.cull_count, batch.cull) = (cull.len() / 3, cull.to_vec());
        let work = scene.draw_now(state(16.0, 16.0, white()), TRIANGLES, batch);
        (scene.lit().len(), work.rejected)
    };
    assert_eq!(draw(&[0.0, 0.0, 1.0], &[]), (256, 0));
    // Distance 8 - x: centres up to 7.5 are kept; with a second one, 4 - y, rows up to 3 too.
    assert_eq!(draw(&[8.0, -24.0, 8.0], &[]), (8 * 16, 0));
    assert_eq!(draw(&[8.0, 4.0, -24.0, 4.0, 8.0, -28.0], &[]), (8 * 4, 0));
    assert_eq!(draw(&[f32::NAN, 1.0, 1.0], &[]), (0, 1));
    assert_eq!(draw(&[], &[-1.0, -1.0, 0.0]), (256, 0));
    assert_eq!(draw(&[], &[-1.0, f32::NAN, -0.5]), (0, 1));
}

#[test]
fn depth_bias() {
    let draw = |format, bias: DepthBias, depths: [f32; 3]| {
        let mut scene = Scene::new(Format::R8Unorm, Some(format), 16, 16, 1, 64);
        let mut state = state(16.0, 16.0, None);
        state.depth_stencil.depth_enable = true;
        state.depth_stencil.depth_write = true;
        state.depth_stencil.depth_func = CompareFunc::Always;
        state.rasterizer.depth_bias = bias;
        let corners = [[0.0, 0.0], [32.0, 0.0], [0.0, 32.0]];
        let list = [0, 1, 2].map(|i| (at([16.0; 2], corners[i][0], corners[i][1], depths[i]), []));
        scene.draw_now(state, TRIANGLES, vertices(&list));
        let texel: [u8; 4] = scene.depth.unwrap().texel(0, 0, 0).unwrap().try_into().unwrap();
        u32::from_le_bytes(texel)
    };
    let none = DepthBias::default();
    let flat = [0.5; 3];
    // A quarter is 4194303.75 codes; five units more are five codes more.
    assert_eq!(draw(Format::D24UnormS8Uint, none, [0.25; 3]), 0x40_0000);
    assert_eq!(draw(Format::D24UnormS8Uint, DepthBias { constant: 5, ..none }, [0.25; 3]), 0x40_0005);
    // Float depth: the unit is 2^(-1 - 23).
    let float = |bias, depths| f32::from_bits(draw(Format::D32Float, bias, depths));
    let unit = 1.0 / (1 << 24) as f32;
    assert_eq!(float(DepthBias { constant: 6, ..none }, flat), 0.5 + 6.0 * unit);
    assert_eq!(float(DepthBias { offset: 0.125, ..none }, flat), 0.625);
    assert_eq!(float(DepthBias { constant: 1 << 22, clamp: 0.0625, ..none }, flat), 0.5625);
    assert_eq!(float(DepthBias { constant: -(1 << 22), clamp: -0.0625, ..none }, flat), 0.4375);
    // dz/dx = 1/64 and dz/dy = 1/128 a pixel: 0.25 + 3/256 at the first centre, and twice the larger slope.
    let slope = float(DepthBias { slope_scaled: 2.0, ..none }, [0.25, 0.75, 0.5]);
    assert_eq!(slope, 0.25 + 3.0 / 256.0 + 2.0 / 64.0);
}

#[test]
fn overlapping_quads_blend_in_order() {
    // dst * 0.5 + src: four layers of 0.5 in one batch.
    let mut scene = Scene::new(Format::R32G32B32A32Float, None, 16, 16, 1, 64);
    let mut state = state(16.0, 16.0, Some(copy_shader()));
    let equation = BlendEquation { src: BlendFactor::One, dst: BlendFactor::Constant, op: BlendOp::Add };
    state.blend.targets[0].blend = Some((equation, equation));
    state.blend.constant = [0.5; 4];
    let layer = |value: f32| {
        [[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]].map(|[x, y]| (at([16.0; 2], x, y, 0.0), [value; 4]))
    };
    let list: Vec<_> = [1.0, 2.0, 3.0, 4.0].into_iter().flat_map(layer).collect();
    let work = scene.draw_now(state, TRIANGLES, vertices(&list));
    assert_eq!(scene.color(0, 0), [0.125 + 0.5 + 1.5 + 4.0; 4]);
    assert_eq!(work.pixels_blended, work.pixels_written);
}

fn depth_state(pixel_shader: Option<Arc<dyn PixelShader>>) -> DrawState {
    let mut state = state(16.0, 16.0, pixel_shader);
    state.depth_stencil.depth_enable = true;
    state.depth_stencil.depth_write = true;
    state
}

fn float_depth(scene: &Scene, x: u32, y: u32) -> f32 {
    f32::from_le_bytes(scene.depth.as_ref().unwrap().texel(x, y, 0).unwrap().try_into().unwrap())
}

#[test]
fn discarded_pixels_leave_depth_alone() {
    let odd = |early_depth_stencil| {
        let info = PixelShaderInfo { discards: true, early_depth_stencil, ..inputs(&[]) };
        shader(info, |batch, output| {
            fill_color(output, 0, [ONE; 4]);
            (0..batch.lanes)
                .filter(|&lane| batch.position[0][lane] as u32 & 1 == 1)
                .for_each(|lane| output.live[lane] = false);
        })
    };
    for (early, depth, samples) in [(false, 1.0, 128), (true, 0.25, 256)] {
        let mut scene = Scene::new(Format::R8G8B8A8Unorm, Some(Format::D32Float), 16, 16, 1, 64);
        scene.pass.clear_depth_stencil(Some(1.0), None, None);
        let rect = rectangle([0.0, 0.0, 16.0, 16.0], 0.25);
        let work = scene.draw_now(depth_state(Some(odd(early))), TRIANGLES, rect);
        assert_eq!((scene.lit().len(), work.ps_discarded, work.occlusion_samples), (128, 128, samples));
        assert_eq!((float_depth(&scene, 0, 0), float_depth(&scene, 1, 0)), (0.25, depth));
    }
}

#[test]
fn shaders_write_depth_and_stencil_references() {
    let info = PixelShaderInfo { writes_depth: true, writes_stencil_ref: true, ..inputs(&[]) };
    let write = shader(info, |batch, output| {
        fill_color(output, 0, [ONE; 4]);
        for lane in 0..batch.lanes {
            output.depth[lane] = if batch.position[0][lane] < 8.0 { f32::NAN } else { 7.0 };
            output.stencil_ref[lane] = 0x105;
        }
    });
    let mut scene = Scene::new(Format::R8G8B8A8Unorm, Some(Format::D24UnormS8Uint), 16, 16, 1, 64);
    scene.pass.clear_depth_stencil(Some(0.5), Some(1), None);
    let mut state = depth_state(Some(write));
    state.depth_stencil.stencil_enable = true;
    state.depth_stencil.front.pass = StencilOp::Replace;
    state.depth_stencil.front.depth_fail = StencilOp::Invert;
    scene.draw_now(state, TRIANGLES, rectangle([0.0, 0.0, 16.0, 16.0], 0.25));
    assert_eq!(scene.lit(), pixels(0, 0, 8, 16));
    let depth = scene.depth.unwrap();
    assert_eq!(depth.texel(0, 0, 0), Some([0, 0, 0, 5].as_slice()));
    assert_eq!(depth.texel(8, 0, 0), Some([0, 0, 0x80, 0xfe].as_slice()));
}

#[test]
fn two_sided_stencil_counts_overlaps() {
    let mut scene = Scene::new(Format::R8G8B8A8Unorm, Some(Format::D24UnormS8Uint), 16, 16, 1, 64);
    scene.pass.clear_depth_stencil(Some(1.0), Some(10), None);
    let mut state = state(16.0, 16.0, None);
    state.depth_stencil.stencil_enable = true;
    state.depth_stencil.front.pass = StencilOp::Increment;
    state.depth_stencil.back.pass = StencilOp::DecrementSaturate;
    let front = [[0.0, 0.0], [32.0, 0.0], [0.0, 32.0]];
    let list: Vec<_> = [[0, 1, 2], [0, 1, 2], [0, 2, 1]]
        .iter()
        .flatten()
        .map(|&i: &usize| (at([16.0; 2], front[i][0], front[i][1], 0.0), []))
        .collect();
    let work = scene.draw_now(state, TRIANGLES, vertices(&list));
    assert_eq!(scene.depth.unwrap().texel(3, 3, 0), Some([0xff, 0xff, 0xff, 11].as_slice()));
    assert_eq!((work.occlusion_samples, work.ps_invocations), (3 * 256, 0));
}

#[test]
fn samples_masks_and_coverage() {
    let draw = |info: PixelShaderInfo, change: &dyn Fn(&mut DrawState), mask: u32| {
        let mut scene = Scene::new(Format::R8G8B8A8Unorm, None, 16, 16, 4, 64);
        let cover = shader(info, move |batch, output| {
            for lane in 0..batch.lanes {
                let color = [ONE, batch.sample_index[lane], 0, 0.5_f32.to_bits()];
                set_color(output, 0, lane, color);
            }
            output.coverage.fill(mask);
        });
        let mut state = state(16.0, 16.0, Some(cover));
        change(&mut state);
        let work = scene.draw_now(state, TRIANGLES, rectangle([0.0, 0.0, 16.0, 16.0], 0.0));
        let written =
            (0..4).fold(0, |bits, s| bits | u32::from(scene.color.read_texel(3, 3, s)[0] != 0) << s);
        (written, work.ps_invocations)
    };
    let plain = || inputs(&[]);
    // The diagonal's 16 pixels are shaded for both triangles.
    assert_eq!(draw(plain(), &|_| {}, 0), (15, 256 + 16));
    assert_eq!(draw(plain(), &|s| s.blend.sample_mask = 0b0110, 0).0, 0b0110);
    assert_eq!(draw(plain(), &|s| s.blend.alpha_to_coverage = true, 0).0, 0b0011);
    let masked = PixelShaderInfo { writes_coverage: true, ..inputs(&[]) };
    assert_eq!(draw(masked.clone(), &|s| s.blend.alpha_to_coverage = true, 0b1100).0, 0b1100);
    assert_eq!(draw(masked, &|s| s.blend.sample_mask = 0b0101, 0b1100).0, 0b0100);
    let per_sample = PixelShaderInfo { per_sample: true, ..inputs(&[]) };
    assert_eq!(draw(per_sample, &|_| {}, 0), (15, 4 * 256));
}

#[test]
fn centroids_stay_inside() {
    // A sliver over the left quarter of pixel column 4: only samples at -6/16 of the centre are covered.
    let modes = [InterpolationMode::LinearCentroid, InterpolationMode::Linear];
    let look = shader(inputs(&modes), |batch, output| {
        for lane in 0..batch.lanes {
            let color = [batch.inputs[lane], batch.inputs[batch.lanes + lane], batch.coverage[lane], 0];
            set_color(output, 0, lane, color);
        }
    });
    let mut scene = Scene::new(Format::R32G32B32A32Float, None, 16, 16, 4, 64);
    let corner = |x: f32, y: f32| (at([16.0; 2], x, y, 0.0), [x, x]);
    let list = [
        corner(0.0, -16.0),
        corner(4.25, -16.0),
        corner(0.0, 64.0),
        corner(4.25, -16.0),
        corner(4.25, 64.0),
        corner(0.0, 64.0),
    ];
    scene.draw_now(state(16.0, 16.0, Some(look)), TRIANGLES, vertices(&list));
    // Sample 2 of the standard pattern, at (-6, 2) sixteenths.
    let texel = scene.color.read_texel(4, 8, 2);
    assert_eq!(texel.map(f32::from_bits)[..2], [4.5 - 6.0 / 16.0, 4.5]);
    assert_eq!(texel[2], 0b0100);
}

#[test]
fn targets_that_are_not_written_keep_their_contents() {
    let mut colors = [None; MAX_TARGETS];
    colors[..3].fill(Some(Format::R8G8B8A8Unorm));
    let layout = TargetLayout { colors, depth_stencil: None, width: 16, height: 16, layers: 1, samples: 1 };
    let mut pass = Pass::new(layout, PassOptions::default());
    let mut images = [0; 3].map(|_| Image::new(Format::R8G8B8A8Unorm, 16, 16, 1).unwrap());
    (0..3).for_each(|target| pass.clear_color(target, [0.2; 4], None));
    let info = PixelShaderInfo { writes_color: 0b101, dual_source: true, ..inputs(&[]) };
    let two = shader(info, |_, output| {
        fill_color(output, 0, [ONE; 4]);
        fill_color(output, 2, [0x3f00_0000; 4]);
    });
    let mut state = state(16.0, 16.0, Some(two));
    state.blend.targets[2].write_mask = 0b0010;
    let batch = rectangle([0.0, 0.0, 8.0, 8.0], 0.0);
    let primitives = in_order(TRIANGLES, &batch);
    pass.draw(&Arc::new(state), Arc::new(batch), primitives);
    let mut targets = Targets::default();
    for (target, image) in targets.colors.iter_mut().zip(&mut images) {
        target.push(image);
    }
    pass.flush(&mut targets).unwrap();
    let texels = images.each_ref().map(|image| image.texel(1, 1, 0).unwrap());
    assert_eq!(texels, [[255; 4].as_slice(), [51; 4].as_slice(), [51, 128, 51, 51].as_slice()]);
}

#[test]
fn dual_sources_blend_one_target() {
    let mut scene = Scene::rgba8(16, 16);
    scene.pass.clear_color(0, [1.0, 1.0, 1.0, 1.0], None);
    let info = PixelShaderInfo { writes_color: 0b11, dual_source: true, ..inputs(&[]) };
    let two = shader(info, |_, output| {
        fill_color(output, 0, [0.2_f32, 0.0, 0.0, 0.0].map(f32::to_bits));
        fill_color(output, 1, [0.4_f32, 0.6, 0.0, 1.0].map(f32::to_bits));
    });
    let mut state = state(16.0, 16.0, Some(two));
    let color = BlendEquation { src: BlendFactor::One, dst: BlendFactor::Src1Color, op: BlendOp::Add };
    let alpha = BlendEquation { src: BlendFactor::One, dst: BlendFactor::Src1Alpha, op: BlendOp::Add };
    state.blend.targets[0].blend = Some((color, alpha));
    scene.draw_now(state, TRIANGLES, rectangle([0.0, 0.0, 16.0, 16.0], 0.0));
    assert_eq!(scene.color.texel(0, 0, 0), Some([153, 153, 0, 255].as_slice()));
}

#[test]
fn array_indices_select_layers_and_viewports() {
    let format = Format::R8G8B8A8Unorm;
    let mut colors = [None; MAX_TARGETS];
    colors[0] = Some(format);
    let layout = TargetLayout { colors, depth_stencil: None, width: 16, height: 16, layers: 3, samples: 1 };
    let mut pass = Pass::new(layout, PassOptions { tile_size: 8, ..Default::default() });
    let mut images = [0; 3].map(|_| Image::new(format, 16, 16, 1).unwrap());
    let mut state = state(16.0, 16.0, white());
    state.rasterizer.viewports.push(Viewport { x: 8.0, ..viewport(8.0, 16.0) });
    let batch = rectangle([0.0, 0.0, 16.0, 16.0], 0.0);
    // Layer 9 is none of three and means the first; so does viewport 7.
    let array_indices = vec![[2, 1], [9, 7]];
    let primitives = PrimitiveBatch { array_indices, ..in_order(TRIANGLES, &batch) };
    pass.draw(&Arc::new(state), Arc::new(batch), primitives);
    let mut targets = Targets::default();
    targets.colors[0].extend(&mut images);
    pass.flush(&mut targets).unwrap();
    let lit = |image: &Image, x, y| image.texel(x, y, 0).unwrap()[0] != 0;
    assert!(lit(&images[2], 8, 0) && !lit(&images[2], 7, 0) && !lit(&images[2], 15, 15));
    assert!(lit(&images[0], 15, 15) && lit(&images[0], 0, 15) && !lit(&images[0], 0, 0));
    assert!((0..16).all(|i| !lit(&images[1], i, i)));
}

#[test]
fn alpha_test_drops_pixels_with_their_depth() {
    let mut scene = Scene::new(Format::R8G8B8A8Unorm, Some(Format::D32Float), 16, 16, 1, 64);
    scene.pass.clear_depth_stencil(Some(1.0), None, None);
    let mut state = depth_state(Some(copy_shader()));
    state.blend.alpha_test = Some((CompareFunc::GreaterEqual, 128));
    // Alpha runs from 0 to 1 along x: codes of 128 and more begin at pixel 8 (8.5 / 16 * 255 = 135).
    let corner = |x: f32, y: f32| (at([16.0; 2], x, y, 0.5), [1.0, 1.0, 1.0, x / 16.0]);
    scene.draw_now(state, TRIANGLES, vertices(&[corner(0.0, 0.0), corner(32.0, 0.0), corner(0.0, 32.0)]));
    assert_eq!(scene.lit(), pixels(8, 0, 16, 16));
    assert_eq!((float_depth(&scene, 7, 0), float_depth(&scene, 8, 0)), (1.0, 0.5));
}

#[test]
fn a_time_out_is_reported_once() {
    #[derive(Debug)]
    struct Endless(PixelShaderInfo);
    impl PixelShader for Endless {
        fn info(&self) -> &PixelShaderInfo {
            &self.0
        }
        fn shade(&self, _: &PixelBatch, _: &dyn PullModel, _: &mut PixelOutput) -> Result<(), ShaderTimeout> {
            Err(ShaderTimeout)
        }
    }
    let mut scene = Scene::rgba8(16, 16);
    let rect = rectangle([0.0, 0.0, 16.0, 16.0], 0.0);
    scene.draw(state(16.0, 16.0, Some(Arc::new(Endless(inputs(&[]))))), TRIANGLES, rect.clone());
    let mut targets = Targets::default();
    targets.colors[0].push(&mut scene.color);
    assert!(scene.pass.flush(&mut targets).is_err());
    assert!(scene.pass.is_empty() && scene.pass.estimated_work() == 0);
    scene.draw_now(state(16.0, 16.0, white()), TRIANGLES, rect);
    assert_eq!(scene.lit().len(), 256);
}

#[test]
fn a_group_of_tiles_in_which_time_runs_out_is_the_last() {
    // 16 x 16 tiles make two groups.
    let run = |budget: u64| {
        let mut scene = Scene::rgba8(1024, 1024);
        let shader = shader(inputs(&[]), |batch, output| {
            output.instructions = 4;
            fill_color(output, 0, [1.0_f32.to_bits(); 4]);
            assert!(batch.budget > 0);
        });
        scene.draw(
            state(1024.0, 1024.0, Some(shader)),
            TRIANGLES,
            rectangle([0.0, 0.0, 1024.0, 1024.0], 0.0),
        );
        let mut targets = Targets::default();
        targets.colors[0].push(&mut scene.color);
        let flushed = scene.pass.flush_within(&mut targets, budget);
        (flushed, scene.lit().len())
    };
    let (whole, lit) = run(u64::MAX);
    assert!(!whole.timed_out && lit == 1 << 20);
    // Exactly enough for the first group and nothing for the second, which loses all.
    let (half, lit) = run(whole.spent / 2);
    assert!(half.timed_out, "{half:?}");
    assert_eq!((half.spent, lit), (whole.spent / 2, 1 << 19));
    let (none, lit) = run(0);
    assert!(none.timed_out && none.spent == 0 && lit == 0);
}

#[test]
fn what_is_queued_is_weighed() {
    let mut scene = Scene::rgba8(1024, 1024);
    let empty = scene.pass.queued_bytes();
    scene.pass.clear_color(0, [0.0; 4], None);
    assert!(scene.pass.queued_bytes() - empty >= 256 * 4, "an entry in each of 256 tiles");
    let before = scene.pass.queued_bytes();
    let vertices = Arc::new(rectangle([0.0, 0.0, 1024.0, 1024.0], 0.0));
    let state = Arc::new(state(1024.0, 1024.0, white()));
    let primitives = in_order(TRIANGLES, &vertices);
    scene.pass.draw(&state, vertices.clone(), primitives.clone());
    let first = scene.pass.queued_bytes() - before;
    assert!(first >= vertices.bytes() + primitives.bytes() + 256 * 4, "{first}");
    let other = Arc::new((*state).clone());
    scene.pass.draw(&other, vertices.clone(), primitives.clone());
    let second = scene.pass.queued_bytes() - before - first;
    assert_eq!(first - second, vertices.bytes(), "shared vertices weigh once");
    scene.pass.draw(&other, vertices.clone(), primitives);
    let third = scene.pass.queued_bytes() - before - first - second;
    assert!(third < second, "a shared state weighs once");
    scene.flush();
    assert_eq!(scene.pass.queued_bytes(), 0);
}

#[test]
fn quads_are_counted_where_they_are_tested_and_written() {
    let discard = |most: fn(f32) -> bool| {
        let info = PixelShaderInfo { discards: true, ..inputs(&[]) };
        shader(info, move |batch, output| {
            fill_color(output, 0, [ONE; 4]);
            (0..batch.lanes)
                .filter(|&lane| most(batch.position[0][lane]))
                .for_each(|lane| output.live[lane] = false);
        })
    };
    // Pixels 2..7 by 3..5 lie in three by two quads.
    let draw = |format, shader: Option<Arc<dyn PixelShader>>, depth: Option<f32>, blend| {
        let mut scene = Scene::new(format, Some(Format::D32Float), 16, 16, 1, 64);
        scene.pass.clear_depth_stencil(depth, None, None);
        let mut state = if depth.is_some() { depth_state(shader) } else { state(16.0, 16.0, shader) };
        state.blend.targets[0].blend = blend;
        state.rasterizer.scissors.push(Rect { left: 2, top: 3, right: 7, bottom: 5 });
        let corners = [[0.0, 0.0], [32.0, 0.0], [0.0, 32.0]].map(|[x, y]| (at([16.0; 2], x, y, 0.25), []));
        let work = scene.draw_now(state, TRIANGLES, vertices(&corners));
        (work.z_quads, work.rop_quads, work.rop_blended_quads)
    };
    let add = BlendEquation { src: BlendFactor::One, dst: BlendFactor::One, op: BlendOp::Add };
    // Pixels of the first format are written by rows, those of the second one by one.
    for format in [Format::R8G8B8A8Unorm, Format::R32G32B32A32Float] {
        assert_eq!(draw(format, white(), None, None), (0, 6, 0));
        assert_eq!(draw(format, white(), None, Some((add, add))), (0, 6, 6));
        assert_eq!(draw(format, white(), Some(1.0), None), (6, 6, 0));
        assert_eq!(draw(format, white(), Some(0.0), None), (6, 0, 0));
        assert_eq!(draw(format, None, Some(1.0), None), (6, 0, 0));
        // Discarding shaders are tested late: what is gone is tested no more.
        assert_eq!(draw(format, Some(discard(|x| x < 4.0)), Some(1.0), None), (4, 4, 0));
        assert_eq!(draw(format, Some(discard(|x| x < 4.0)), Some(0.0), None), (4, 0, 0));
        assert_eq!(draw(format, Some(discard(|x| x < 4.0)), None, None), (0, 4, 0));
    }
}

#[test]
fn planes_that_cross_are_counted() {
    let draw = |depths: [f32; 3], clip: &[f32]| {
        let corners = [[0.0, 0.0], [32.0, 0.0], [0.0, 32.0]];
        let mut batch =
            vertices(&[0, 1, 2].map(|i| (at([16.0; 2], corners[i][0], corners[i][1], depths[i]), [])));
        (batch.clip_count, batch.clip) = (clip.len() / 3, clip.to_vec());
        let work = Scene::rgba8(16, 16).draw_now(state(16.0, 16.0, white()), TRIANGLES, batch);
        (work.clipped, work.clip_planes)
    };
    assert_eq!(draw([0.5; 3], &[]), (0, 0));
    assert_eq!(draw([-0.5, 0.5, 0.5], &[]), (1, 1));
    assert_eq!(draw([-0.5, 0.5, 1.5], &[]), (1, 2));
    assert_eq!(draw([0.5; 3], &[-1.0, -1.0, 1.0, 1.0, 1.0, 1.0]), (1, 2));
    assert_eq!(draw([0.5; 3], &[1.0, -1.0, 1.0, 1.0, 1.0, 1.0]), (1, 1));
    assert_eq!(draw([-0.5, 0.5, 1.5], &[-1.0, -1.0, 1.0, 1.0, 1.0, 1.0]), (1, 4));
}
