//! Lines, points and outlines, expected values by hand.

mod scene;

use aerogpu_raster::format::Format;
use aerogpu_raster::primitive::PrimitiveKind;
use aerogpu_raster::state::FillMode;
use scene::*;

#[test]
fn points_and_their_sizes() {
    let draw = |x: f32, y: f32, sizes: &[f32]| {
        let mut scene = Scene::rgba8(16, 16);
        let mut batch = vertices(&[(at([16.0; 2], x, y, 0.0), [])]);
        batch.point_sizes = sizes.to_vec();
        scene.draw_now(state(16.0, 16.0, white()), PrimitiveKind::Points, batch);
        scene.lit()
    };
    assert_eq!(draw(4.5, 6.5, &[]), [(4, 6)]);
    // Between two centres the left and upper one is in.
    assert_eq!(draw(5.0, 7.0, &[]), [(4, 6)]);
    assert_eq!(draw(8.0, 8.0, &[4.0]), pixels(6, 6, 10, 10));
    assert_eq!(draw(-1.0, 0.0, &[4.0]), pixels(0, 0, 1, 2));
    assert_eq!(draw(8.0, 8.0, &[0.0]), []);
    assert_eq!(draw(8.0, 8.0, &[f32::NAN]), []);
    assert_eq!(draw(8.0, 8.0, &[f32::INFINITY]).len(), 256);
}

#[test]
fn lines_interpolate_along_their_major_axis() {
    let mut scene = Scene::new(Format::R32G32B32A32Float, None, 16, 16, 1, 8);
    let list = [(at([16.0; 2], 2.0, 3.5, 0.0), [1.0; 4]), (at([16.0; 2], 10.0, 3.5, 0.0), [9.0; 4])];
    scene.draw_now(state(16.0, 16.0, Some(copy_shader())), PrimitiveKind::Lines, vertices(&list));
    // From the corner between pixels 1 and 2 to that between 9 and 10.
    assert_eq!(scene.lit(), pixels(2, 3, 10, 4));
    assert_eq!([2, 5, 9].map(|x| scene.color(x, 3)[0]), [1.5, 4.5, 8.5]);
}

#[test]
fn wireframes_and_corner_points() {
    let draw = |fill| {
        let mut scene = Scene::rgba8(16, 16);
        let mut state = state(16.0, 16.0, white());
        state.rasterizer.fill = fill;
        let list = [[2.5, 2.5], [8.5, 2.5], [2.5, 8.5]].map(|[x, y]| (at([16.0; 2], x, y, 0.0), []));
        scene.draw_now(state, PrimitiveKind::Triangles, vertices(&list));
        scene.lit()
    };
    let mut edges: Vec<(u32, u32)> = (2..9).flat_map(|i| [(i, 2), (10 - i, i), (2, i)]).collect();
    edges.sort_by_key(|&(x, y)| (y, x));
    edges.dedup();
    assert_eq!(draw(FillMode::Wireframe), edges);
    assert_eq!(draw(FillMode::Point), [(2, 2), (8, 2), (2, 8)]);
}

#[test]
fn lines_through_the_eye_plane() {
    // x / w grows from -1 without bound while y / w stays at row 7's centre.
    let mut scene = Scene::new(Format::R32G32B32A32Float, None, 16, 16, 1, 64);
    let list = [([-1.0, 0.0625, 0.5, 1.0], [1.0; 4]), ([3.0, -0.0625, 0.5, -1.0], [-1.0; 4])];
    let mut state = state(16.0, 16.0, Some(copy_shader()));
    state.rasterizer.depth_clip = false;
    scene.draw_now(state, PrimitiveKind::Lines, vertices(&list));
    assert_eq!(scene.lit(), pixels(0, 7, 16, 8));
    for x in 0..16 {
        // With n = x / w on the way: t = (n + 1) / (4 + 2 n), and the words are w = 1 - 2 t.
        let n = (f64::from(x) + 0.5) / 8.0 - 1.0;
        let w = 1.0 - 2.0 * (n + 1.0) / (4.0 + 2.0 * n);
        let [value, ..] = scene.color(x, 7);
        assert!((f64::from(value) - w).abs() <= w * 1.0e-7, "{x}: {value} {w}");
    }
}

#[test]
fn lines_are_clipped_in_depth() {
    let draw = |depth_clip| {
        let mut scene = Scene::rgba8(16, 16);
        let mut state = state(16.0, 16.0, white());
        state.rasterizer.depth_clip = depth_clip;
        let list = [(at([16.0; 2], 0.0, 3.5, -0.5), []), (at([16.0; 2], 16.0, 3.5, 0.5), [])];
        scene.draw_now(state, PrimitiveKind::Lines, vertices(&list));
        scene.lit()
    };
    assert_eq!(draw(true), pixels(8, 3, 16, 4));
    assert_eq!(draw(false), pixels(0, 3, 16, 4));
}

#[test]
fn lines_of_many_samples_are_rectangles() {
    let mut scene = Scene::new(Format::R8Uint, None, 16, 16, 4, 64);
    let list = [(at([16.0; 2], 2.0, 8.0, 0.0), []), (at([16.0; 2], 10.0, 8.0, 0.0), [])];
    scene.draw_now(state(16.0, 16.0, Some(constant_shader([1; 4]))), PrimitiveKind::Lines, vertices(&list));
    let mask = |x, y| (0..4).fold(0, |mask, s| mask | scene.color.read_texel(x, y, s)[0] << s);
    // Rows 7.3 to 8.7; samples lie 2, 6, 10 and 14 sixteenths below a pixel's top.
    assert_eq!([7, 8].map(|y| mask(5, y)), [0b1110, 0b0111]);
    assert_eq!([(1, 8), (10, 8), (5, 6), (5, 9)].map(|(x, y)| mask(x, y)), [0; 4]);
}
