//! Direct3D 9's samplers, texel by texel (d3d-rules §17.4).

use aerogpu::state::d3d9::sampler_state as ss;
use aerogpu_protocol::Format;
use aerogpu_protocol::StreamWriter;
use aerogpu_protocol::packets::*;

use crate::rig;
use crate::rig9::*;

/// c0 is where to sample: the whole target gets one colour.
const POINT_PS: &str = "ps_2_0\ndcl_2d s0\ntexld r0, c0, s0\nmov oC0, r0\n";
/// c0 times the pixel's number: coordinates that grow, and so a level of detail.
const GROWING_PS: &str = "ps_2_0\ndcl t0.xy\ndcl_2d s0\nmul r0.xy, t0, c0\ntexld r0, r0, s0\nmov oC0, r0\n";

/// A pixel after a full quad with this pixel shader and constant, and the texture that `texture` makes and binds.
fn sampled(
    text: &str,
    constant: [f32; 4],
    sampler: &[(u32, u32)],
    texture: impl FnOnce(&mut StreamWriter),
) -> [u8; 4] {
    let mut rig = rig();
    rig.run(|w| {
        texture(w);
        // Clip space itself is the coordinate: half of it a pixel.
        shader(w, 61, "vs_2_0\ndcl_position v0\nmov oPos, v0\nmov oT0, v0\n");
        shader(w, 62, text);
        bind(w, &quad(FULL, [0.5, 1.0], 0));
        for &(state, value) in sampler {
            w.set_sampler_state(ShaderStage::Pixel, 0, state, value);
        }
        w.bind_shaders(61, 62)
            .set_shader_constants_f(ShaderStage::Pixel, 0, &[constant])
            .set_primitive_topology(PrimitiveTopology::TriangleStrip);
        rig::draw(w, 0, 4);
    });
    rig.pixel(1, 1, 1)
}

/// Four texels in a row: 10, 20, 30, 40 of red.
fn row(w: &mut StreamWriter) {
    let texels = [10, 20, 30, 40].map(|red| [red, 0, 0, 255]);
    w.create_simple_texture(60, Format::R8G8B8A8Unorm, 4, 1, ResourceUsage::TEXTURE)
        .upload_resource(60, 0, texels.as_flattened())
        .set_texture(ShaderStage::Pixel, 0, 60);
}

/// Levels of 8, 4, 2 and 1 texels, each of one colour: 40, 80, 120, 160 of red.
fn levels(w: &mut StreamWriter) {
    let counts: [(u8, usize); 4] = [(40, 64), (80, 16), (120, 4), (160, 1)];
    let texels: Vec<u8> = counts.iter().flat_map(|&(red, count)| [red, 0, 0, 255].repeat(count)).collect();
    w.create_texture2d(CreateTexture2d {
        texture_handle: 60,
        usage_flags: ResourceUsage::TEXTURE.bits(),
        format: Format::R8G8B8A8Unorm.to_u32(),
        width: 8,
        height: 8,
        mip_levels: 4,
        array_layers: 1,
        ..Default::default()
    })
    .upload_resource(60, 0, &texels)
    .set_texture(ShaderStage::Pixel, 0, 60);
}

#[test]
fn addresses() {
    const BORDER: u32 = 0x6677_8899;
    let at = |mode: u32, texel: f32| {
        let u = (texel + 0.5) / 4.0;
        sampled(POINT_PS, [u, 0.5, 0.0, 0.0], &[(ss::ADDRESSU, mode), (ss::BORDERCOLOR, BORDER)], row)
    };
    let border = [0x77, 0x88, 0x99, 0x66];
    let red = |value: u8| [value, 0, 0, 255];
    for (mode, name, expected) in [
        (0, "none", [red(30), red(40), red(10), red(10), red(20)]),
        (1, "wrap", [red(30), red(40), red(10), red(10), red(20)]),
        (2, "mirror", [red(20), red(10), red(10), red(40), red(30)]),
        (3, "clamp", [red(10), red(10), red(10), red(40), red(40)]),
        (4, "border", [border, border, red(10), border, border]),
        (5, "mirror once", [red(20), red(10), red(10), red(40), red(40)]),
        (6, "unknown", [red(30), red(40), red(10), red(10), red(20)]),
    ] {
        assert_eq!([-2.0, -1.0, 0.0, 4.0, 5.0].map(|texel| at(mode, texel)), expected, "{name}");
    }
    // Mirrored once is clamped on both sides of -1 to 1.
    assert_eq!(at(5, -7.0), red(40));
}

#[test]
fn filters() {
    let between = |min: u32, mag: u32| {
        sampled(
            POINT_PS,
            [0.375, 0.5, 0.0, 0.0],
            &[(ss::MINFILTER, min), (ss::MAGFILTER, mag), (ss::ADDRESSU, 3)],
            row,
        )[0]
    };
    // Coordinates that stand still magnify; 0.375 is the middle of the second texel and 0.25 the edge before it.
    assert_eq!((between(2, 1), between(1, 2)), (20, 20));
    let edge = |mag: u32| {
        sampled(POINT_PS, [0.25, 0.5, 0.0, 0.0], &[(ss::MAGFILTER, mag), (ss::ADDRESSU, 3)], row)[0]
    };
    assert_eq!([0, 1].map(edge), [20, 20]);
    assert_eq!([2, 3, 6, 7].map(edge), [15; 4]);
    // Half a texel from the border, half of its colour.
    let linear = [(ss::MAGFILTER, 2), (ss::ADDRESSU, 4), (ss::BORDERCOLOR, 0xff64_0000)];
    assert_eq!(sampled(POINT_PS, [0.0, 0.5, 0.0, 0.0], &linear, row)[0], 55);
}

#[test]
fn mip_levels() {
    let float = f32::to_bits;
    // A step of clip space is 1/2 a pixel: `scale` / 2 of the texture, 4 `scale` texels.
    let at = |scale: f32, more: &[(u32, u32)]| {
        let address = [(ss::ADDRESSU, 1), (ss::ADDRESSU + 1, 1)];
        sampled(GROWING_PS, [scale; 4], &[&address, more].concat(), levels)[0]
    };
    let point = (ss::MIPFILTER, 1);
    assert_eq!([0.25, 0.5, 1.0, 2.0, 8.0].map(|scale| at(scale, &[point])), [40, 80, 120, 160, 160]);
    assert_eq!(at(2.0, &[]), 40, "no mips");
    assert_eq!(at(0.25, &[(ss::MAXMIPLEVEL, 2)]), 40, "without mips the greatest level does not matter");
    assert_eq!(at(0.25, &[point, (ss::MAXMIPLEVEL, 2)]), 120);
    assert_eq!(at(2.0, &[point, (ss::MAXMIPLEVEL, 1)]), 160, "it is the least, not the only one");
    assert_eq!(at(0.25, &[point, (ss::MIPMAPLODBIAS, float(1.0))]), 80);
    assert_eq!(at(2.0, &[point, (ss::MIPMAPLODBIAS, float(-2.0))]), 80);
    assert_eq!(at(0.5, &[point, (ss::MIPMAPLODBIAS, float(f32::NAN))]), 80);
    assert_eq!(at(0.25, &[(ss::MIPFILTER, 2), (ss::MIPMAPLODBIAS, float(0.5))]), 60, "half-way between two");
}

#[test]
fn anisotropic_filters_take_the_level_of_the_short_side() {
    let text = "ps_2_0\ndcl t0.xy\ndcl_2d s0\nmul r0.xy, t0, c0\ntexld r0, r0, s0\nmov oC0, r0\n";
    let at = |filter: u32, most: u32| {
        // 8 texels a pixel along u and 1 along v.
        let sampler = [
            (ss::MINFILTER, filter),
            (ss::MIPFILTER, 1),
            (ss::MAXANISOTROPY, most),
            (ss::ADDRESSU, 1),
            (ss::ADDRESSU + 1, 1),
        ];
        sampled(text, [2.0, 0.25, 0.0, 0.0], &sampler, levels)[0]
    };
    assert_eq!(at(2, 16), 160);
    assert_eq!((at(3, 8), at(3, 4), at(3, 2), at(3, 1)), (40, 80, 120, 160));
}

#[test]
fn nothing_bound_is_opaque_black() {
    assert_eq!(sampled(POINT_PS, [0.5; 4], &[], |_| {}), [0, 0, 0, 255]);
}

#[test]
fn samplers_belong_to_their_context_and_slot() {
    let mut rig = rig();
    let done = rig.submit(7, |w| {
        (0..16).for_each(|slot| _ = w.set_sampler_state(ShaderStage::Pixel, slot, ss::ADDRESSU, 3));
    });
    assert!(done.report.errors.is_empty());
    rig.run(|w| {
        row(w);
        shader(w, 62, "ps_2_0\ndef c0, 1.125, 0.5, 0.0, 0.0\ndcl_2d s1\ntexld r0, c0, s1\nmov oC0, r0\n");
        bind(w, &quad(FULL, [0.5, 1.0], 0));
        w.set_sampler_state(ShaderStage::Pixel, 0, ss::ADDRESSU, 3)
            .set_sampler_state(ShaderStage::Vertex, 1, ss::ADDRESSU, 3)
            .bind_shaders(VS9, 62)
            .set_texture(ShaderStage::Pixel, 1, 60)
            .set_primitive_topology(PrimitiveTopology::TriangleStrip);
        rig::draw(w, 0, 4);
    });
    assert_eq!(rig.pixel(1, 0, 0), [10, 0, 0, 255], "slot 1 wraps");
}
