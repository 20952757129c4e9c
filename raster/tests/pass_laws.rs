//! Laws of passes: what must hold for every scene.

#![allow(clippy::unwrap_used)] // a test fails by panicking
#![allow(clippy::needless_update)] // test-utils adds a field to the options

mod scene;

use std::sync::Arc;

use aerogpu_raster::format::Format;
use aerogpu_raster::pass::{DrawState, PassOptions, Work};
use aerogpu_raster::primitive::{PrimitiveBatch, PrimitiveKind, VertexBatch};
use aerogpu_raster::sampler::{AddressMode, Filter, Lod, SampleKind, SampleRequest, SamplerState, sample};
use aerogpu_raster::shader::{
    InterpolationMode, PixelBatch, PixelOutput, PixelShader, PixelShaderInfo, PullModel, ShaderTimeout,
    TextureCopy,
};
use aerogpu_raster::state::*;
use aerogpu_raster::surface::{Texture, TextureDesc, TextureView, ViewDimension};
use fearless_simd::Level;
use proptest::prelude::*;
use scene::*;

const SIZE: u32 = 128;

/// A scene to be drawn in several ways.
#[derive(Debug, Clone)]
struct Recipe {
    positions: Vec<[f32; 4]>,
    kind: PrimitiveKind,
    samples: u32,
    choices: u32,
}

impl Recipe {
    fn bit(&self, bit: u32) -> bool {
        self.choices >> bit & 1 != 0
    }

    fn state(&self) -> DrawState {
        let modes = match self.bit(0) {
            true => [InterpolationMode::Linear; 4],
            false => [InterpolationMode::NoPerspectiveCentroid; 4],
        };
        let info = PixelShaderInfo { discards: self.bit(1), per_sample: self.bit(2), ..inputs(&modes) };
        let discards = self.bit(1);
        let shader = shader(info, move |batch, output| {
            for lane in 0..batch.lanes {
                let color = [0, 1, 2, 3].map(|row| batch.inputs[row * batch.lanes + lane]);
                set_color(output, 0, lane, color);
                output.live[lane] &= !(discards && (batch.position[0][lane] as u32).is_multiple_of(5));
            }
        });
        let size = SIZE as f32;
        let mut state = state(size, size, Some(shader));
        let equation =
            BlendEquation { src: BlendFactor::SrcAlpha, dst: BlendFactor::InvSrcAlpha, op: BlendOp::Add };
        state.blend.targets[0].blend = self.bit(3).then_some((equation, equation));
        state.blend.targets[0].write_mask = if self.bit(13) { 15 } else { 0b1011 };
        state.rasterizer.depth_clip = self.bit(4);
        state.rasterizer.fill = if self.bit(5) { FillMode::Solid } else { FillMode::Wireframe };
        state.rasterizer.depth_bias.slope_scaled = if self.bit(6) { 1.0 } else { 0.0 };
        state.depth_stencil.depth_enable = self.bit(7);
        state.depth_stencil.depth_write = self.bit(8);
        state.depth_stencil.depth_func = CompareFunc::LessEqual;
        state.depth_stencil.stencil_enable = self.bit(9);
        state.depth_stencil.front.pass = StencilOp::Increment;
        state.depth_stencil.back.depth_fail = StencilOp::Decrement;
        state
    }

    fn vertices(&self) -> VertexBatch {
        let word = |i: usize, c: usize| ((i * 37 + c * 11) % 64) as f32 / 63.0;
        let list: Vec<_> =
            self.positions.iter().enumerate().map(|(i, &p)| (p, [0, 1, 2, 3].map(|c| word(i, c)))).collect();
        vertices(&list)
    }

    /// Draws it as this many draws; gives colour bytes, depth bytes and counts.
    fn draw(&self, tile_size: u32, draws: usize) -> (Vec<u8>, Vec<u8>, Work) {
        self.draw_with(PassOptions { tile_size, ..Default::default() }, draws)
    }

    fn draw_with(&self, options: PassOptions, draws: usize) -> (Vec<u8>, Vec<u8>, Work) {
        self.draw_changed(options, draws, |_| {})
    }

    fn draw_changed(
        &self,
        options: PassOptions,
        draws: usize,
        change: impl FnOnce(&mut DrawState),
    ) -> (Vec<u8>, Vec<u8>, Work) {
        let color = [
            Format::R8G8B8A8Unorm,
            Format::B8G8R8X8UnormSrgb,
            Format::R16G16B16A16Float,
            Format::B5G6R5Unorm,
        ][self.choices as usize >> 10 & 3];
        let depth = [Format::D24UnormS8Uint, Format::D32Float][self.choices as usize >> 12 & 1];
        let mut scene = Scene::with(color, Some(depth), [SIZE, SIZE], self.samples, options);
        scene.pass.clear_color(0, [0.25; 4], None);
        scene.pass.clear_depth_stencil(
            Some(1.0),
            Some(1),
            Some(Rect { left: 3, top: 3, right: 99, bottom: 99 }),
        );
        let vertices = Arc::new(self.vertices());
        let mut state = self.state();
        change(&mut state);
        let state = Arc::new(state);
        let all = in_order(self.kind, &vertices);
        let per_draw =
            (all.indices.len() / self.kind.vertices()).div_ceil(draws).max(1) * self.kind.vertices();
        for indices in all.indices.chunks(per_draw) {
            let primitives = PrimitiveBatch { indices: indices.to_vec(), ..all.clone() };
            scene.pass.draw(&state, Arc::clone(&vertices), primitives);
        }
        let work = scene.flush();
        (scene.color.data().to_vec(), scene.depth.unwrap().data().to_vec(), work)
    }
}

/// A shader that samples a texture at its first two inputs, perhaps times a factor, and may say so.
#[derive(Debug)]
struct CopyShader {
    info: PixelShaderInfo,
    view: TextureView,
    state: SamplerState,
    factors: [Option<f32>; 2],
    known: bool,
}

impl PixelShader for CopyShader {
    fn info(&self) -> &PixelShaderInfo {
        &self.info
    }

    fn texture_copy(&self) -> Option<TextureCopy<'_>> {
        let coordinates = [(0, self.factors[0]), (1, self.factors[1])];
        let Self { view, state: sampler, .. } = self;
        self.known.then_some(TextureCopy {
            view,
            sampler,
            coordinates,
            instructions: 0,
            cost: Default::default(),
        })
    }

    fn shade(
        &self,
        batch: &PixelBatch,
        _: &dyn PullModel,
        output: &mut PixelOutput,
    ) -> Result<(), ShaderTimeout> {
        for lane in 0..batch.lanes {
            let [u, v] = [0, 1].map(|row| {
                let input = f32::from_bits(batch.inputs[row * batch.lanes + lane]);
                self.factors[row].map_or(input, |factor| {
                    let product = input * factor;
                    if product.is_subnormal() { 0.0_f32.copysign(product) } else { product }
                })
            });
            let request = SampleRequest {
                kind: SampleKind::Filter,
                coordinate: [u, v, 0.0, 0.0],
                lod: Lod::Explicit(0.0),
                lod_clamp: 0.0,
                offset: [0; 3],
            };
            set_color(output, 0, lane, sample(&self.view, &self.state, &request));
        }
        Ok(())
    }
}

/// Coordinates from tame to absurd.
fn coordinate() -> impl Strategy<Value = f32> {
    prop_oneof![
        20 => -1.5_f32..1.5,
        2 => (-8_i32..8).prop_map(|n| n as f32 / 8.0),
        1 => -1.0e6_f32..1.0e6,
    ]
}

fn position() -> impl Strategy<Value = [f32; 4]> {
    let w = prop_oneof![4 => Just(1.0_f32), 4 => 0.2_f32..3.0, 1 => -1.0_f32..1.0];
    (coordinate(), coordinate(), -0.2_f32..1.2, w).prop_map(|(x, y, z, w)| [x * w, y * w, z * w, w])
}

/// Triangles of a few pixels.
fn small_triangles() -> impl Strategy<Value = Vec<[f32; 4]>> {
    let corner = (-0.08_f32..0.08, -0.08_f32..0.08);
    let triangle = (position(), prop::array::uniform3(corner))
        .prop_map(|([x, y, z, w], corners)| corners.map(|(dx, dy)| [x + dx * w, y + dy * w, z, w]));
    prop::collection::vec(triangle, 1..60).prop_map(|triangles| triangles.concat())
}

fn recipe() -> impl Strategy<Value = Recipe> {
    let kinds = prop_oneof![
        4 => Just(PrimitiveKind::Triangles),
        1 => Just(PrimitiveKind::Lines),
        1 => Just(PrimitiveKind::Points)
    ];
    let samples = prop_oneof![3 => Just(1_u32), 1 => Just(4)];
    let positions = prop_oneof![prop::collection::vec(position(), 3..40), small_triangles()];
    (positions, kinds, samples, any::<u32>()).prop_map(|(positions, kind, samples, choices)| Recipe {
        positions,
        kind,
        samples,
        choices,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn tiles_threads_and_instructions_do_not_matter(recipe in recipe()) {
        let expected = recipe.draw(64, 1);
        for tile_size in [8, 16, 32] {
            prop_assert!(recipe.draw(tile_size, 1) == expected, "tiles of {tile_size}");
        }
        for threads in [1, 2, 3, 8] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            prop_assert!(pool.install(|| recipe.draw(64, 1)) == expected, "{threads} threads");
        }
        for level in levels() {
            let options = PassOptions { level, ..Default::default() };
            prop_assert!(recipe.draw_with(options, 1) == expected, "{level:?}");
        }
    }

    #[test]
    fn two_draws_are_one(recipe in recipe()) {
        prop_assert!(recipe.draw(64, 2) == recipe.draw(64, 1));
        prop_assert!(recipe.draw(16, 7) == recipe.draw(64, 1));
    }

    /// A test that always passes is made sample by sample and lane by lane; without it blocks and rows are taken whole.
    #[test]
    fn a_test_that_passes_changes_nothing(mut recipe in recipe()) {
        recipe.choices &= !(1 << 9 | 1 << 12); // no other stencil test, a format with stencil
        let options = PassOptions::default();
        let expected = recipe.draw_with(options, 1);
        let with_stencil = recipe.draw_changed(options, 1, |state| state.depth_stencil = DepthStencilState {
            stencil_enable: true,
            stencil_write_mask: 0,
            front: StencilFace { func: CompareFunc::Always, ..Default::default() },
            back: StencilFace { func: CompareFunc::Always, ..Default::default() },
            ..state.depth_stencil
        });
        prop_assert!((&with_stencil.0, &with_stencil.1) == (&expected.0, &expected.1), "stencil");
        let with_alpha = recipe.draw_changed(options, 1, |state| state.blend.alpha_test = Some((CompareFunc::Always, 0)));
        prop_assert!((&with_alpha.0, &with_alpha.1) == (&expected.0, &expected.1), "alpha");
    }

    /// A shader that is asked once for the colour of all pixels draws what it draws when it runs.
    #[test]
    fn constants_are_drawn_as_they_are_shaded(recipe in recipe(), color in prop::array::uniform4(-0.2_f32..1.2)) {
        let draw = |shader: Arc<dyn PixelShader>, tile_size, level| {
            let options = PassOptions { tile_size, level, ..Default::default() };
            recipe.draw_changed(options, 1, |state| state.pixel_shader = Some(shader))
        };
        let bits = color.map(f32::to_bits);
        let expected = draw(constant_shader(bits), 64, Level::new());
        for (tile_size, level) in [8, 32, 64].into_iter().flat_map(|size| levels().into_iter().map(move |level| (size, level))) {
            prop_assert!(draw(known_constant_shader(bits), tile_size, level) == expected, "{tile_size} {level:?}");
        }
    }

    /// A texture copy that the rasterizer knows draws what the shader draws.
    #[test]
    fn copies_are_drawn_as_they_are_shaded(
        recipe in recipe(),
        filters in (any::<bool>(), any::<bool>(), 0_usize..4, 0_usize..4),
        factors in prop::array::uniform2(prop::option::of(-3.0_f32..3.0)),
        format in prop::sample::select(vec![Format::R8G8B8A8Unorm, Format::B8G8R8X8Unorm, Format::R8G8B8A8UnormSrgb]),
        premultiplied in any::<bool>(),
    ) {
        let mut texture = Texture::new(TextureDesc { format, width: 24, height: 17, ..Default::default() }).unwrap();
        let image = texture.image_mut(0, 0);
        let bytes: Vec<u8> = (0..24 * 17 * 4_u32).map(|i| (i.wrapping_mul(0x9e37_79b9) >> 23) as u8).collect();
        image.write_rows(image.rect(), &bytes, 24 * 4);
        if filters.1 {
            image.make_tiled();
        }
        let modes = [AddressMode::Wrap, AddressMode::Mirror, AddressMode::Clamp, AddressMode::Border];
        let filter = if filters.0 { Filter::Linear } else { Filter::Point };
        let state = SamplerState {
            min_filter: filter,
            mag_filter: filter,
            address: [modes[filters.2], modes[filters.3], AddressMode::Clamp],
            ..Default::default()
        };
        let view = TextureView::new(Arc::new(texture), format, ViewDimension::Texture2D, 0..1, 0..1).unwrap();
        let mode = if recipe.bit(0) { InterpolationMode::Linear } else { InterpolationMode::NoPerspective };
        let draw = |known: bool, tile_size, level| {
            let info = PixelShaderInfo { discards: false, ..inputs(&[mode; 2]) };
            let shader = CopyShader { info, view: view.clone(), state, factors, known };
            let options = PassOptions { tile_size, level, ..Default::default() };
            recipe.draw_changed(options, 1, |state| {
                state.pixel_shader = Some(Arc::new(shader));
                if let (true, Some((color, _))) = (premultiplied, &mut state.blend.targets[0].blend) {
                    color.src = BlendFactor::One;
                }
            })
        };
        let expected = draw(false, 64, Level::new());
        for (tile_size, level) in [8, 32, 64].into_iter().flat_map(|size| levels().into_iter().map(move |level| (size, level))) {
            prop_assert!(draw(true, tile_size, level) == expected, "{tile_size} {level:?}");
        }
    }

    /// Any bits at all: nothing panics.
    #[test]
    fn nothing_panics(bits in prop::collection::vec(any::<[u32; 4]>(), 3..30), viewport in any::<[u32; 6]>(), choices in any::<u32>()) {
        let positions: Vec<_> = bits.iter().map(|p| p.map(f32::from_bits)).collect();
        let [x, y, width, height, min_depth, max_depth] = viewport.map(f32::from_bits);
        for (kind, samples) in [(PrimitiveKind::Triangles, 1), (PrimitiveKind::Lines, 4), (PrimitiveKind::Points, 1), (PrimitiveKind::Lines, 1)] {
            let recipe = Recipe { positions: positions.clone(), kind, samples, choices };
            let mut scene = Scene::new(Format::R8G8B8A8Unorm, Some(Format::D32Float), SIZE, SIZE, samples, 32);
            let mut state = recipe.state();
            if choices >> 20 & 1 != 0 {
                state.rasterizer.viewports[0] = Viewport { x, y, width, height, min_depth, max_depth };
            }
            let mut vertices = recipe.vertices();
            vertices.attributes.iter_mut().zip(bits.as_flattened()).for_each(|(word, bits)| *word = *bits);
            vertices.point_sizes = positions.iter().map(|p| p[0]).collect();
            vertices.clip_count = 1;
            vertices.clip = positions.iter().map(|p| p[1]).collect();
            scene.draw_now(state, kind, vertices);
        }
    }
}

/// 16.8 positions, most around the target, some at the ends of the range.
fn snapped() -> impl Strategy<Value = [i32; 2]> {
    let near = prop_oneof![
        (-20_i32 * 256..52 * 256),
        (-20_i32..52).prop_map(|n| n * 256 + 128),
        (-40_i32..104).prop_map(|n| n * 128)
    ];
    let c = prop_oneof![6 => near, 1 => -32768 * 256..=32767 * 256];
    [c.clone(), c]
}

/// A position that comes out at a snapped one exactly.
fn exactly(p: [i32; 2], size: u32) -> [f32; 4] {
    at([size as f32; 2], p[0] as f32 / 256.0, p[1] as f32 / 256.0, 0.5)
}

fn edge(a: [i32; 2], b: [i32; 2], p: [i128; 2]) -> i128 {
    let [ax, ay, bx, by] = [a[0], a[1], b[0], b[1]].map(i128::from);
    (bx - ax) * (p[1] - ay) - (by - ay) * (p[0] - ax)
}

/// The rule of d3d-rules §7.4, word by word.
fn inside(mut corners: [[i32; 2]; 3], p: [i128; 2]) -> bool {
    if edge(corners[0], corners[1], corners[2].map(i128::from)) < 0 {
        corners.swap(1, 2);
    }
    (0..3).all(|i| {
        let (a, b) = (corners[i], corners[(i + 1) % 3]);
        let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
        let e = edge(a, b, p);
        e > 0 || (e == 0 && ((dy == 0 && dx > 0) || dy < 0))
    })
}

fn center(x: u32, y: u32) -> [i128; 2] {
    [x, y].map(|c| i128::from(c) * 256 + 128)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn coverage_is_exact(corners in [snapped(), snapped(), snapped()]) {
        let mut scene = Scene::new(Format::R8Uint, None, 32, 32, 1, 64);
        let list = corners.map(|p| (exactly(p, 32), []));
        scene.draw_now(state(32.0, 32.0, Some(constant_shader([1; 4]))), PrimitiveKind::Triangles, vertices(&list));
        let zero_area = edge(corners[0], corners[1], corners[2].map(i128::from)) == 0;
        for (x, y) in (0..32).flat_map(|y| (0..32).map(move |x| (x, y))) {
            let expected = !zero_area && inside(corners, center(x, y));
            prop_assert_eq!(scene.color.read_texel(x, y, 0)[0] != 0, expected, "{} {}", x, y);
        }
    }

    /// Triangles around a point inside a square share edges and cover every pixel of it once.
    #[test]
    fn shared_edges_cover_once(mut hub in [0_i32..32 * 256, 0..32 * 256], rim in prop::collection::vec(0_i32..32 * 256, 4)) {
        hub = hub.map(|c| c.clamp(256, 31 * 256));
        let end = 32 * 256;
        let rim = [[0, 0], [rim[0], 0], [end, 0], [end, rim[1]], [end, end], [rim[2], end], [0, end], [0, rim[3]]];
        let list: Vec<_> = (0..8)
            .flat_map(|i| [hub, rim[i], rim[(i + 1) % 8]])
            .map(|p| (exactly(p, 32), []))
            .collect();
        let one = 1.0_f32.to_bits();
        let mut state = state(32.0, 32.0, Some(constant_shader([one; 4])));
        let add = BlendEquation { src: BlendFactor::One, dst: BlendFactor::One, op: BlendOp::Add };
        state.blend.targets[0].blend = Some((add, add));
        let mut scene = Scene::new(Format::R32Float, None, 32, 32, 1, 16);
        scene.draw_now(state, PrimitiveKind::Triangles, vertices(&list));
        for (x, y) in (0..32).flat_map(|y| (0..32).map(move |x| (x, y))) {
            prop_assert_eq!(scene.color(x, y)[0], 1.0, "{} {}", x, y);
        }
    }

    /// Where w is anything, coverage agrees with homogeneous edge functions a little away from the edges.
    #[test]
    fn homogeneous_triangles_cover_what_they_should(
        corners in prop::array::uniform3(([-2.0_f32..2.0, -2.0_f32..2.0], -1.0_f32..2.0)),
    ) {
        let corners = corners.map(|([x, y], w)| [x, y, 0.0, w]);
        let mut scene = Scene::new(Format::R8Uint, None, 32, 32, 1, 64);
        let mut state = state(32.0, 32.0, Some(constant_shader([1; 4])));
        state.rasterizer.depth_clip = false;
        scene.draw_now(state, PrimitiveKind::Triangles, vertices(&corners.map(|p| (p, []))));
        let [a, b, c] = corners.map(|[x, y, _, w]| [(x + w) * 16.0, (w - y) * 16.0, w].map(f64::from));
        let plane = |[x0, y0, w0]: [f64; 3], [x1, y1, w1]: [f64; 3]| [y0 * w1 - w0 * y1, w0 * x1 - x0 * w1, x0 * y1 - y0 * x1];
        let edges = [plane(b, c), plane(c, a), plane(a, b)];
        let determinant = (0..3).map(|i| edges[0][i] * [a[0], a[1], a[2]][i]).sum::<f64>();
        for (x, y) in (0..32).flat_map(|y| (0..32).map(move |x| (x, y))) {
            let (px, py) = (f64::from(x) + 0.5, f64::from(y) + 0.5);
            // Pixels from each edge, positive inside.
            let distances = edges.map(|[ex, ey, ec]| (ex * px + ey * py + ec) * determinant.signum() / (ex * ex + ey * ey).sqrt());
            let least = distances.iter().fold(f64::INFINITY, |least, &d| if d < least { d } else { least });
            if least.abs() > 0.02 {
                prop_assert_eq!(scene.color.read_texel(x, y, 0)[0] != 0, least > 0.0, "{} {} {:?}", x, y, distances);
            }
        }
    }

    /// Interpolated attributes lie within half a unit in the last place of the exact quotient, and 2^-44 of the largest value.
    #[test]
    fn interpolation_is_rounded_once(
        corners in [snapped(), snapped(), snapped()],
        values in [-1000_i32..1000, -1000..1000, -1000..1000],
        w in [1_i32..9, 1..9, 1..9],
    ) {
        let modes = [InterpolationMode::Linear, InterpolationMode::NoPerspective];
        let look = shader(inputs(&modes), |batch, output| {
            for lane in 0..batch.lanes {
                let color = [batch.inputs[lane], batch.inputs[batch.lanes + lane], 0, 1];
set_color(output, 0, lane, color);
            }
        });
        // Powers of two, so that division by w is exact and vertices stay where they are.
        let w = w.map(|w| 1_i32 << (w / 3));
        let list = [0, 1, 2].map(|i| (exactly(corners[i], 32).map(|c| c * w[i] as f32), [values[i] as f32; 2]));
        let mut scene = Scene::new(Format::R32G32B32A32Float, None, 32, 32, 1, 64);
        scene.draw_now(state(32.0, 32.0, Some(look)), PrimitiveKind::Triangles, vertices(&list));
        let largest = values.iter().map(|v| v.abs()).max().unwrap();
        for (x, y) in (0..32).flat_map(|y| (0..32).map(move |x| (x, y))) {
            let texel = scene.color.read_texel(x, y, 0);
            if texel[3] == 0 {
                continue;
            }
            let p = center(x, y);
            let e = [edge(corners[1], corners[2], p), edge(corners[2], corners[0], p), edge(corners[0], corners[1], p)];
            let v = values.map(i128::from);
            // Over 1/w: multiplied by 8, which every w divides.
            let q = [0, 1, 2].map(|i| e[i] * i128::from(8 / w[i]));
            for (bits, weights) in [(texel[0], q), (texel[1], e)] {
                let sum: i128 = weights.iter().sum();
                let exact: i128 = (0..3).map(|i| weights[i] * v[i]).sum();
                assert_close(f32::from_bits(bits), exact, sum, largest);
            }
        }
    }
}

/// `value` is `numerator / denominator`, rounded to nearest, up to `2^-44 * largest`.
fn assert_close(value: f32, numerator: i128, denominator: i128, largest: i32) {
    // All in units of 2^-60 of the denominator.
    let (numerator, denominator) =
        if denominator < 0 { (-numerator, -denominator) } else { (numerator, denominator) };
    let bits = value.to_bits();
    let exponent = ((bits >> 23 & 0xff) as i32).max(1) - 127 - 23;
    if exponent < -59 {
        // The exact value is then as good as zero.
        assert!(numerator.abs() << 44 <= i128::from(largest) * denominator, "{value}");
        return;
    }
    let scaled = (f64::from(value) * (1_u64 << 60) as f64) as i128;
    let error = (scaled * denominator - (numerator << 60)).abs();
    let half_unit = (1_i128 << (60 + exponent)) / 2;
    let bound = half_unit + (i128::from(largest) << (60 - 44));
    assert!(error <= bound * denominator, "{value} for {numerator} / {denominator}");
}
