//! Passes of the rasterizer, for what packets cannot say: several samples a pixel, masks of their own for each target,
//! samplers with more than two filters, pixel shaders that write memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aerogpu_raster::format::Format;
use aerogpu_raster::pass::{DrawState, Pass, PassOptions, TargetLayout, Targets};
use aerogpu_raster::primitive::{PrimitiveKind, VertexBatch};
use aerogpu_raster::sampler::{
    AddressMode, BatchKind, BatchLod, Filter, Reduction, SampleBatch, SamplerState, sample_batch,
};
use aerogpu_raster::shader::{InterpolationMode, PixelShader, PixelShaderInfo};
use aerogpu_raster::state::*;
use aerogpu_raster::surface::{Image, Texture, TextureDesc, TextureView, ViewDimension};

use crate::harness::Variant;
use crate::scene::*;
use crate::scenes;

use InterpolationMode as Mode;

const SIZE: f32 = 128.0;

scenes! { Pass:
    samples_2 => |variant| Drawing::of(2).run(variant);
    samples_4 => |variant| Drawing::of(4).run(variant);
    samples_8 => |variant| Drawing::of(8).run(variant);
    samples_16 => |variant| Drawing::of(16).run(variant);
    masked_samples => |variant| {
        let mut drawing = Drawing::of(4);
        drawing.state.blend.sample_mask = 0b0110;
        drawing.look = |image| {
            // A pixel in the middle of the last rectangle: two samples of four.
            let lit = |sample| image.read_texel(120, 120, sample)[2] == 1.0_f32.to_bits();
            assert_eq!([0, 1, 2, 3].map(lit), [false, true, true, false]);
        };
        drawing.run(variant)
    };
    alpha_to_coverage => |variant| {
        let mut drawing = Drawing::of(4);
        drawing.state.blend.alpha_to_coverage = true;
        drawing.run(variant)
    };
    written_coverage => |variant| {
        let info = PixelShaderInfo { writes_coverage: true, ..inputs(&[Mode::Linear; 4]) };
        let shader = shader(info, |batch, output| {
            copy(batch, output);
            for lane in 0..batch.lanes {
                output.coverage[lane] = batch.coverage[lane] & (batch.position[0][lane] as u32);
            }
        });
        let mut drawing = Drawing::with(4, shader);
        drawing.look = |image| {
            // 121 is 0b1111001: samples 0 and 3.
            let lit = |sample| image.read_texel(121, 120, sample)[2] == 1.0_f32.to_bits();
            assert_eq!([0, 1, 2, 3].map(lit), [true, false, false, true]);
        };
        drawing.run(variant)
    };
    every_sample_shaded => |variant| {
        let info = PixelShaderInfo { per_sample: true, ..inputs(&[Mode::LinearSample; 4]) };
        let shader = shader(info, |batch, output| {
            copy(batch, output);
            for lane in 0..batch.lanes {
                output.colors[0][lane] = (batch.sample_index[lane] as f32 / 4.0).to_bits();
            }
        });
        let mut drawing = Drawing::with(4, shader);
        drawing.state.blend.targets[0].blend = None;
        drawing.look = |image| {
            // A quarter is 63.75 codes, a half 127.5, three quarters 191.25.
            let red = |sample| image.texel(120, 120, sample).expect("a texel")[0];
            assert_eq!([0, 1, 2, 3].map(red), [0, 64, 128, 191]);
        };
        drawing.run(variant)
    };
    centroids => |variant| Drawing::with(8, shader(inputs(&[Mode::LinearCentroid; 4]), copy)).run(variant);
    wireframe_of_samples => |variant| {
        let mut drawing = Drawing::of(4);
        drawing.state.rasterizer.fill = FillMode::Wireframe;
        drawing.run(variant)
    };
    late_depth_of_samples => |variant| {
        let info = PixelShaderInfo { writes_depth: true, discards: true, ..inputs(&[Mode::Linear; 4]) };
        let shader = shader(info, |batch, output| {
            copy(batch, output);
            for lane in 0..batch.lanes {
                output.depth[lane] = batch.position[2][lane] * 0.9;
                output.live[lane] &= !(batch.position[1][lane] as u32).is_multiple_of(3);
            }
        });
        Drawing::with(4, shader).run(variant)
    };
    dual_sources => |variant| {
        let info = PixelShaderInfo { writes_color: 3, dual_source: true, ..inputs(&[Mode::Linear; 4]) };
        let shader = shader(info, |batch, output| {
            copy(batch, output);
            let half = 0.5_f32.to_bits();
            fill_color(output, 1, [half, 0, half, half]);
        });
        let mut drawing = Drawing::with(1, shader);
        let add = |dst| BlendEquation { src: BlendFactor::One, dst, op: BlendOp::Add };
        drawing.state.blend.targets[0].blend = Some((add(BlendFactor::Src1Color), add(BlendFactor::InvSrc1Alpha)));
        drawing.run(variant)
    };
    float_target => |variant| Drawing { color: Format::R16G16B16A16Float, ..Drawing::of(1) }.run(variant);
    wide_float_target => |variant| Drawing { color: Format::R32G32B32A32Float, ..Drawing::of(4) }.run(variant);
    integer_target => |variant| {
        let mut drawing = Drawing { color: Format::R8Uint, ..Drawing::of(1) };
        drawing.state.blend.targets[0].blend = None;
        drawing.run(variant)
    };
    targets_with_masks => targets_with_masks;
    viewports_and_scissors => |variant| {
        let mut drawing = Drawing::of(1);
        let half = Viewport { x: 31.5, y: 7.25, width: 64.0, height: 99.5, min_depth: 0.2, max_depth: 0.4 };
        drawing.state.rasterizer.viewports.push(half);
        let scissor = |left, bottom| Rect { left, top: 3, right: 120, bottom };
        drawing.state.rasterizer.scissors.extend([scissor(9, 127), scissor(40, 77)]);
        drawing.indices = |i| [0, i % 2];
        drawing.run(variant)
    };
    slopes => |variant| {
        let mut drawing = Drawing::of(1);
        drawing.state.rasterizer.depth_bias = DepthBias { constant: 5, offset: 0.0, slope_scaled: 1.5, clamp: 0.01 };
        drawing.run(variant)
    };
    anisotropic => |variant| {
        let filters = (Filter::Anisotropic, AddressMode::Wrap);
        sampled(variant, SamplerState { min_filter: filters.0, mag_filter: filters.0, address: [filters.1; 3], max_anisotropy: 16, ..Default::default() }, false)
    };
    border => |variant| sampled(variant, SamplerState { address: [AddressMode::Border; 3], border: [0.2, 0.4, 0.6, 0.8], ..Default::default() }, false);
    mirrored_once => |variant| sampled(variant, SamplerState { address: [AddressMode::MirrorOnce; 3], lod_bias: -0.4, ..Default::default() }, false);
    least_of_texels => |variant| sampled(variant, SamplerState { reduction: Reduction::Minimum, max_lod: 2.5, ..Default::default() }, false);
    comparison => |variant| sampled(variant, SamplerState { compare: CompareFunc::LessEqual, ..Default::default() }, true);
    memory_from_pixels => memory_from_pixels;
}

/// Hands the first four words on.
fn copy(batch: &aerogpu_raster::shader::PixelBatch, output: &mut aerogpu_raster::shader::PixelOutput) {
    output.colors[0].copy_from_slice(&batch.inputs[..4 * batch.lanes]);
}

/// Triangles with depth, stencil and blending.
struct Drawing {
    color: Format,
    samples: u32,
    state: DrawState,
    /// Layer and viewport of each triangle.
    indices: fn(u32) -> [u32; 2],
    /// What is known of the picture.
    look: fn(&Image),
}

impl Drawing {
    fn of(samples: u32) -> Self {
        Self::with(samples, shader(inputs(&[Mode::Linear; 4]), copy))
    }

    fn with(samples: u32, shader: Arc<dyn PixelShader>) -> Self {
        let mut state = state(SIZE, SIZE, Some(shader));
        let over =
            BlendEquation { src: BlendFactor::SrcAlpha, dst: BlendFactor::InvSrcAlpha, op: BlendOp::Add };
        state.blend.targets[0].blend = Some((over, over));
        state.depth_stencil = DepthStencilState {
            depth_enable: true,
            depth_write: true,
            depth_func: CompareFunc::LessEqual,
            stencil_enable: true,
            front: StencilFace { pass: StencilOp::Increment, ..state.depth_stencil.front },
            back: StencilFace { depth_fail: StencilOp::Invert, ..state.depth_stencil.back },
            ..state.depth_stencil
        };
        Self { color: Format::R8G8B8A8Unorm, samples, state, indices: |_| [0, 0], look: |_| () }
    }

    fn run(self, variant: &Variant) -> Vec<u8> {
        let depth = Some(Format::D24UnormS8Uint);
        let mut scene = Scene::with(self.color, depth, [SIZE as u32; 2], self.samples, options(variant));
        scene.pass.clear_color(0, [0.25, 0.5, 0.75, 1.0], None);
        scene.pass.clear_depth_stencil(Some(1.0), Some(7), None);
        let vertices = triangles();
        let mut primitives = in_order(PrimitiveKind::Triangles, &vertices);
        primitives.array_indices = (0..primitives.count() as u32).map(self.indices).collect();
        scene.pass.draw(&Arc::new(self.state), Arc::new(vertices), primitives);
        scene.flush();
        (self.look)(&scene.color);
        let mut bytes = scene.color.data().to_vec();
        bytes.extend(scene.depth.iter().flat_map(|depth| depth.data()));
        bytes
    }
}

fn options(variant: &Variant) -> PassOptions {
    PassOptions { tile_size: variant.tile_size, level: variant.level, ..Default::default() }
}

/// Many small triangles and some large ones, the last two an opaque blue square in the corner, in front of all.
fn triangles() -> VertexBatch {
    let mut list = Vec::new();
    for i in 0..220u32 {
        let large = if i % 9 == 0 { 6.0 } else { 1.0 };
        let (x, y) = ((i * 53 % 121) as f32 + 0.3, (i * 31 % 117) as f32 + 0.6);
        let (z, w) = (0.1 + (i % 17) as f32 / 20.0, 1.0 + (i % 3) as f32);
        let color = [(i % 5) as f32 / 4.0, (i % 7) as f32 / 6.0, 0.5, 0.2 + (i % 4) as f32 / 4.0];
        for (corner, (dx, dy)) in
            [(0.0, 0.0), (11.0 * large, 2.5), (3.2, 9.7 * large)].into_iter().enumerate()
        {
            let [px, py, _, _] = at([SIZE; 2], x + dx, y + dy, z);
            let color = color.map(|c| c * (1.0 - 0.3 * corner as f32));
            list.push(([px * w, py * w, z * w, w], color));
        }
    }
    for (x, y) in
        [(112.0, 112.0), (128.0, 112.0), (112.0, 128.0), (112.0, 128.0), (128.0, 112.0), (128.0, 128.0)]
    {
        list.push((at([SIZE; 2], x, y, 0.0), [0.0, 0.0, 1.0, 1.0]));
    }
    vertices(&list)
}

/// Three targets, each with a mask and a blend of its own.
fn targets_with_masks(variant: &Variant) -> Vec<u8> {
    let formats = [Format::R8G8B8A8Unorm, Format::B8G8R8A8UnormSrgb, Format::R16G16B16A16Float];
    let mut colors = [None; MAX_TARGETS];
    formats.iter().zip(&mut colors).for_each(|(format, color)| *color = Some(*format));
    let size = SIZE as u32;
    let layout =
        TargetLayout { colors, depth_stencil: None, width: size, height: size, layers: 1, samples: 1 };
    let info = PixelShaderInfo { writes_color: 7, ..inputs(&[Mode::Linear; 4]) };
    let shader = shader(info, |batch, output| {
        (0..3).for_each(|target| output.colors[target].copy_from_slice(&batch.inputs[..4 * batch.lanes]));
    });
    let mut state = state(SIZE, SIZE, Some(shader));
    let add = BlendEquation { src: BlendFactor::SrcAlpha, dst: BlendFactor::One, op: BlendOp::Add };
    for (target, mask) in [0b1111, 0b0110, 0b1001].into_iter().enumerate() {
        state.blend.targets[target].blend = (target != 1).then_some((add, add));
        state.blend.targets[target].write_mask = mask;
    }
    let mut images = formats.map(|format| Image::new(format, size, size, 1).expect("an image"));
    let mut pass = Pass::new(layout, options(variant));
    (0..3).for_each(|target| pass.clear_color(target, [0.5; 4], None));
    let vertices = triangles();
    let primitives = in_order(PrimitiveKind::Triangles, &vertices);
    pass.draw(&Arc::new(state), Arc::new(vertices), primitives);
    let mut targets = Targets::default();
    images.iter_mut().zip(&mut targets.colors).for_each(|(image, target)| target.push(image));
    pass.flush(&mut targets).expect("no time-out");
    // The corner is blue: red and alpha of the second target keep the clear colour, 0.5, and so does blue of the third.
    assert_eq!(images[1].texel(120, 120, 0).expect("a texel")[2..], [188, 128]);
    assert_eq!(images[2].read_texel(120, 120, 0)[2], 0.5_f32.to_bits());
    images.iter().flat_map(|image| image.data().to_vec()).collect()
}

/// A floor with a texture, through a sampler.
fn sampled(variant: &Variant, state: SamplerState, compare: bool) -> Vec<u8> {
    let desc = TextureDesc { width: 32, height: 16, mip_levels: 6, ..Default::default() };
    let mut texture = Texture::new(desc).expect("a texture");
    for mip in 0..6 {
        let [width, height, _] = desc.mip_extent(mip);
        for (x, y) in pixels(0, 0, width, height) {
            let texel =
                [x * 8, y * 16, (x ^ y) * 8 + mip * 9, 255 - mip].map(|c| (c as f32 / 255.0).to_bits());
            texture.image_mut(mip, 0).write_texel(x, y, 0, texel);
        }
    }
    let view = TextureView::new(Arc::new(texture), desc.format, ViewDimension::Texture2D, 0..6, 0..1);
    let (view, level) = (view.expect("a view"), variant.level);
    let shader = shader(inputs(&[Mode::Linear; 4]), move |batch, output| {
        let rows: Vec<&[f32]> = batch.inputs.chunks(batch.lanes).map(bytemuck::cast_slice).collect();
        let batch = SampleBatch {
            kind: if compare { BatchKind::Compare(rows[2]) } else { BatchKind::Filter },
            coordinate: [rows[0], rows[1], &[], &[]],
            lod: BatchLod::Quads { bias: &[] },
            lod_clamp: &[],
            offset: [0; 3],
            lanes: &vec![u32::MAX; batch.lanes],
        };
        let lanes = batch.lanes.len();
        let mut rows = output.colors[0].chunks_mut(lanes);
        let rows = std::array::from_fn(|_| rows.next().expect("four rows"));
        sample_batch(level, &view, &state, &batch, rows);
    });
    let corner = |x: f32, y: f32, w: f32, color: [f32; 4]| ([x * w, y * w, 0.5 * w, w], color);
    let corners = [
        corner(-1.0, 1.0, 12.0, [-6.0, 9.0, 0.9, 0.0]),
        corner(1.0, 1.0, 20.0, [7.0, 12.0, 0.2, 0.0]),
        corner(-1.0, -1.0, 1.0, [-0.4, -0.3, 0.0, 0.0]),
        corner(1.0, -1.0, 1.2, [1.5, 0.2, 0.7, 0.0]),
    ];
    let floor = vertices(&[0, 1, 2, 2, 1, 3].map(|i: usize| corners[i]));
    let mut scene = Scene::with(Format::R8G8B8A8Unorm, None, [SIZE as u32; 2], 1, options(variant));
    scene.draw_now(crate::scene::state(SIZE, SIZE, Some(shader)), PrimitiveKind::Triangles, floor);
    scene.color.data().to_vec()
}

/// Sums over what pixels see. They do not depend on order, and every covered pixel counts once.
fn memory_from_pixels(variant: &Variant) -> Vec<u8> {
    let sums: Arc<[AtomicU32; 4]> = Arc::default();
    let memory = Arc::clone(&sums);
    let info = PixelShaderInfo { writes_memory: true, ..inputs(&[Mode::Linear; 4]) };
    let shader = shader(info, move |batch, output| {
        copy(batch, output);
        for lane in (0..batch.lanes).filter(|&lane| batch.live[lane]) {
            memory[0].fetch_add(1, Ordering::Relaxed);
            memory[1].fetch_add(batch.inputs[lane] >> 8, Ordering::Relaxed);
            memory[2].fetch_max(batch.primitive_id[lane], Ordering::Relaxed);
            memory[3].fetch_xor(batch.position[2][lane].to_bits(), Ordering::Relaxed);
        }
    });
    let mut bytes = Drawing::with(1, shader).run(variant);
    assert_eq!(sums[2].load(Ordering::Relaxed), 221, "the last triangle");
    bytes.extend(sums.iter().flat_map(|sum| sum.load(Ordering::Relaxed).to_le_bytes()));
    bytes
}
