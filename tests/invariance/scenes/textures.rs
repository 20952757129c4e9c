//! Textures: every kind of sampling that packets and shaders can ask for, formats, views.

use aerogpu_protocol::Format::{self, *};
use aerogpu_protocol::packets::*;

use SamplerAddressMode::{ClampToEdge, MirrorRepeat, Repeat};
use SamplerFilter::{Linear, Nearest};

use crate::canvas::*;
use crate::rig::{GREEN, RED};
use crate::scenes;

const TEXTURE: u32 = 1;
const FULL: [f32; 4] = [0.0, 0.0, 131.0, 67.0];

/// Coordinates in 64ths of a pixel: a texel of 16x16 is four pixels wide.
const BY_PIXELS: &str = "mul r0.xy, v0.xyxx, l(0.015625, 0.015625, 0, 0)\n";

scenes! { Stream:
    nearest_repeat => |c| {
        flat(c, Nearest, Repeat);
        c.expect([100, 30], texel(9, 7, 0, 0)); // 25 mod 16
    };
    nearest_clamp => |c| {
        flat(c, Nearest, ClampToEdge);
        c.expect([100, 30], texel(15, 7, 0, 0));
    };
    nearest_mirror => |c| {
        flat(c, Nearest, MirrorRepeat);
        c.expect([100, 30], texel(6, 7, 0, 0)); // 31 - 25
    };
    linear_repeat => |c| flat(c, Linear, Repeat);
    linear_clamp => |c| {
        flat(c, Linear, ClampToEdge);
        c.expect([120, 66], texel(15, 15, 0, 0));
    };
    linear_mirror => |c| flat(c, Linear, MirrorRepeat);
    trilinear => |c| floor(c, Linear, "sample o0, v1.xyxx, t0.xyzw, s0");
    nearest_levels => |c| floor(c, Nearest, "sample o0, v1.xyxx, t0.xyzw, s0");
    biased => |c| floor(c, Linear, "sample_b o0, v1.xyxx, t0.xyzw, s0, l(0.75)");
    gradients => |c| floor(c, Linear, "
deriv_rtx_coarse r0.xy, v1.xyxx
deriv_rty_coarse r0.zw, v1.xxxy
mul r0, r0, l(0.3, 0.3, 2.0, 2.0)
sample_d o0, v1.xyxx, t0.xyzw, s0, r0.xyxx, r0.zwzz");
    explicit_level => |c| {
        let body = "mul r0.z, v0.x, l(0.03)\nsample_l o0, r0.xyxx, t0.xyzw, s0, r0.z";
        textured(c, (Linear, Repeat), &format!("{BY_PIXELS}{body}"));
        c.rectangle(FULL, 0.5, RED);
    };
    level_of_detail => |c| floor(c, Linear, "lod r0.xy, v1.xyxx, t0.xyzw, s0\nmad o0.xyzw, r0.xyxx, l(0.2, 0.2, 0, 0), l(0, 0, 0, 1.0)");
    offsets => |c| {
        let body = "sample_aoffimmi(3,-5,0) o0, r0.xyxx, t0.xyzw, s0";
        textured(c, (Nearest, Repeat), &format!("{BY_PIXELS}{body}"));
        c.rectangle(FULL, 0.5, RED);
        c.expect([100, 30], texel(12, 2, 0, 0)); // 9 + 3, 7 - 5
    };
    gather => |c| {
        textured(c, (Nearest, Repeat), &format!("{BY_PIXELS}gather4 r1, r0.xyxx, t0.xyzw, s0.y\nmov o0, r1"));
        c.rectangle(FULL, 0.5, RED);
        // Green of the texels below left, below right, right, here: the coordinate 9.625, 7.125 lies beyond 9.5 and before 7.5.
        c.expect([38, 28], [112, 112, 96, 96]);
    };
    gather_offsets => |c| {
        textured(c, (Linear, MirrorRepeat), &format!("{BY_PIXELS}ftoi r1.xy, v0.xyxx\nand r1.xy, r1.xyxx, l(7, 7, 0, 0)\ngather4_po r2, r0.xyxx, r1.xyxx, t0.xyzw, s0.x\nmov o0, r2"));
        c.rectangle(FULL, 0.5, RED);
    };
    loads => |c| {
        textured(c, (Nearest, Repeat), "ftoi r0.xy, v0.xyxx\nushr r0.xy, r0.xyxx, l(2)\nmov r0.zw, l(0, 0, 0, 1)\nld r1, r0.xyzz, t0.xyzw\nld_aoffimmi(-1,0,0) r2, r0.xyww, t0.xyzw\nadd o0, r1, r2");
        c.rectangle(FULL, 0.5, RED);
        c.expect([130, 66], [0; 4]); // texels outside are zeros
    };
    sizes => |c| {
        textured(c, (Nearest, Repeat), "resinfo_uint r0, l(1), t0.xyzw\nutof r0, r0\nmul o0, r0, l(0.1, 0.1, 0.1, 0.2)");
        c.rectangle(FULL, 0.5, RED);
        c.expect([130, 66], [204, 204, 0, 255]); // 8 x 8 of 5 levels
    };
    unbound => |c| {
        textured(c, (Nearest, Repeat), &format!("{BY_PIXELS}sample r1, r0.xyxx, t0.xyzw, s0\nadd o0, r1, v1"));
        c.set_texture(ShaderStage::Pixel, 0, 0);
        c.rectangle(FULL, 0.5, GREEN);
        c.expect([130, 66], [0, 255, 0, 255]);
    };
    format_bc1 => |c| compressed(c, Bc1RgbaUnorm, &[0xff, 0xff, 0, 0, 0, 0, 0, 0]);
    format_bc1_srgb => |c| compressed(c, Bc1RgbaUnormSrgb, &[0xff, 0xff, 0, 0, 0, 0, 0, 0]);
    format_bc2 => |c| compressed(c, Bc2RgbaUnorm, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0]);
    format_bc3 => |c| compressed(c, Bc3RgbaUnorm, &[0xff, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0]);
    // Mode 6: both end points all ones, their shared bits too.
    format_bc7 => |c| compressed(c, Bc7RgbaUnorm, &[0xc0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0, 0]);
    format_bc7_srgb => |c| compressed(c, Bc7RgbaUnormSrgb, &[0xc0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0, 0]);
    texels_b5g6r5 => |c| plain(c, B5G6R5Unorm);
    texels_b5g5r5a1 => |c| plain(c, B5G5R5A1Unorm);
    texels_b8g8r8x8 => |c| plain(c, B8G8R8X8Unorm);
    texels_r8g8b8a8_srgb => |c| plain(c, R8G8B8A8UnormSrgb);
    cube_nearest => |c| {
        cube(c, Nearest);
        // Towards +Z and half a pixel right and below of its middle.
        c.expect([65, 33], texel(8, 8, 0, 4));
    };
    cube_linear => |c| cube(c, Linear);
    array => |c| {
        textured_as(c, "texture2darray", (Nearest, Repeat), 4, &format!("{BY_PIXELS}mul r0.z, v0.x, l(0.03125)\nround_ni r0.z, r0.z\nsample o0, r0.xyzx, t0.xyzw, s0"));
        c.rectangle(FULL, 0.5, RED);
        c.expect([100, 30], texel(9, 7, 0, 3));
        c.expect([40, 30], texel(10, 7, 0, 1));
    };
    view_of_levels => |c| {
        view(c, |view| (view.base_mip_level, view.mip_level_count) = (1, 2));
        c.expect([100, 30], texel(12 - 8, 3, 1, 0)); // eight pixels a texel
    };
    view_of_a_layer => |c| {
        view(c, |view| view.base_array_layer = 2);
        c.expect([100, 30], texel(9, 7, 0, 2));
    };
    view_as_srgb => |c| {
        view(c, |view| view.format = R8G8B8A8UnormSrgb.to_u32());
        c.expect([2, 2], [0, 0, 0, 255]);
    };
    depth_as_texture => |c| {
        c.create_simple_texture(2, D32Float, WIDTH, HEIGHT, ResourceUsage::DEPTH_STENCIL);
        c.set_render_targets(&[TARGET], 2).clear(ClearFlags::DEPTH, CLEAR, 1.0, 0);
        c.depth(DepthStencilState { depth_enable: 1, depth_write_enable: 1, depth_func: CompareFunc::Less.to_u32(), ..Default::default() });
        c.mesh(PrimitiveTopology::TriangleStrip, &zigzag(24));
        c.rectangle([100.0, 0.0, 131.0, 9.0], 0.6, RED);
        c.set_render_targets(&[TARGET], 0);
        c.shade(3, "dcl_resource_texture2d (float,float,float,float) t0", "ftoi r0.xy, v0.xyxx\nmov r0.zw, l(0, 0, 0, 0)\nld r1, r0.xyzw, t0.xyzw\nmov o0, r1.xxxx");
        c.set_texture(ShaderStage::Pixel, 0, 2);
        c.rectangle(FULL, 0.5, RED);
        c.expect([130, 5], [153; 4]);
        c.expect([130, 50], [255; 4]);
    };
    // What was read before stays as it was read.
    overwritten_texture => |c| {
        textured(c, (Nearest, Repeat), &format!("{BY_PIXELS}sample o0, r0.xyxx, t0.xyzw, s0"));
        for i in 0..8u8 {
            let y = 8.0 * f32::from(i);
            c.upload_resource(TEXTURE, 0, &[i * 30; 1024]);
            c.rectangle([0.0, y, 131.0, y + 10.0], 0.5, RED);
        }
        c.expect([130, 7], [0; 4]);
        c.expect([130, 47], [150; 4]);
    };
    copied_texture => |c| {
        textured(c, (Linear, Repeat), &format!("{BY_PIXELS}sample o0, r0.xyxx, t0.xyzw, s0"));
        c.rectangle([0.0, 0.0, 131.0, 33.0], 0.5, RED);
        c.copy_texture2d(CopyTexture2d {
            dst_texture: TEXTURE, src_texture: TARGET, dst_x: 3, dst_y: 5, src_x: 70, src_y: 11, width: 12, height: 9,
            ..Default::default()
        });
        c.rectangle([0.0, 33.0, 131.0, 67.0], 0.5, RED);
    };
    // Direct3D 9's own filters and border.
    anisotropic_by_states => |c| states(c, &[(6, 3), (5, 3), (10, 16), (7, 2), (1, 1), (2, 1)]);
    border_by_states => |c| states(c, &[(6, 2), (5, 2), (7, 0), (1, 4), (2, 4), (4, 0x8040_c020)]);
    srgb_by_states => |c| states(c, &[(6, 2), (5, 1), (7, 1), (1, 2), (2, 3), (8, 0x3f00_0000), (11, 1)]);
    vertex_texture => |c| {
        texture(c, TEXTURE, R8G8B8A8Unorm, 1);
        let text = "
.input POSITION 0 v0.xyzw float
.input COLOR 0 v1.xyzw float
.output SV_Position 0 o0.xyzw float position
.output COLOR 0 o1.xyzw float
vs_5_0
dcl_resource_texture2d (float,float,float,float) t0
dcl_sampler s0, mode_default
dcl_input v0.xyzw
dcl_input v1.xyzw
dcl_output_siv o0.xyzw, position
dcl_output o1.xyzw
dcl_temps 1
sample_l r0, v0.xyxx, t0.xyzw, s0, l(1.0)
mad o0.y, r0.x, l(-0.3), v0.y
mov o0.xzw, v0.xxzw
mov o1.xyzw, r0
ret
";
        c.create_shader_dxbc(5, ShaderStage::Vertex, &crate::rig::shader(text));
        c.create_sampler(2, Linear, [MirrorRepeat; 3]).set_samplers(ShaderStage::Vertex, 0, &[2]);
        c.set_texture(ShaderStage::Vertex, 0, TEXTURE).bind_shaders(5, SMOOTH);
        c.mesh(PrimitiveTopology::TriangleStrip, &zigzag(30));
    };
}

/// What a texel of the canvas's textures holds.
fn texel(x: u32, y: u32, mip: u32, layer: u32) -> [u8; 4] {
    [x * 16, y * 16, (x ^ y) * 16 + mip * 3, 255 - layer * 32 - mip].map(|c| c as u8)
}

/// A texture of 16x16 with all its levels.
fn texture(c: &mut Canvas, handle: u32, format: Format, array_layers: u32) {
    c.create_texture2d(CreateTexture2d {
        texture_handle: handle,
        usage_flags: ResourceUsage::TEXTURE.bits(),
        format: format.to_u32(),
        width: 16,
        height: 16,
        mip_levels: 5,
        array_layers,
        ..Default::default()
    });
    let mut bytes = Vec::new();
    for (layer, mip) in (0..array_layers).flat_map(|layer| (0..5).map(move |mip| (layer, mip))) {
        for (x, y) in (0..16 >> mip).flat_map(|y| (0..16 >> mip).map(move |x| (x, y))) {
            bytes.extend(&texel(x, y, mip, layer)[..format.bytes_per_block() as usize]);
        }
    }
    c.upload_resource(handle, 0, &bytes);
}

/// Binds a texture, a sampler and a pixel shader of this body.
fn textured(c: &mut Canvas, sampler: (SamplerFilter, SamplerAddressMode), body: &str) {
    textured_as(c, "texture2d", sampler, 1, body);
}

fn textured_as(
    c: &mut Canvas,
    dimension: &str,
    sampler: (SamplerFilter, SamplerAddressMode),
    layers: u32,
    body: &str,
) {
    texture(c, TEXTURE, R8G8B8A8Unorm, layers);
    shade_texture(c, dimension, sampler, body);
}

fn shade_texture(
    c: &mut Canvas,
    dimension: &str,
    (filter, address): (SamplerFilter, SamplerAddressMode),
    body: &str,
) {
    c.create_sampler(2, filter, [address; 3]).set_samplers(ShaderStage::Pixel, 0, &[2]);
    c.set_texture(ShaderStage::Pixel, 0, TEXTURE);
    let declared =
        format!("dcl_resource_{dimension} (float,float,float,float) t0\ndcl_sampler s0, mode_default");
    c.shade(3, &declared, body);
}

/// Four pixels a texel.
fn flat(c: &mut Canvas, filter: SamplerFilter, address: SamplerAddressMode) {
    textured(c, (filter, address), &format!("{BY_PIXELS}sample o0, r0.xyxx, t0.xyzw, s0"));
    c.rectangle(FULL, 0.5, RED);
}

/// A textured floor to the horizon; colours are coordinates.
fn floor(c: &mut Canvas, filter: SamplerFilter, body: &str) {
    textured(c, (filter, Repeat), body);
    floor_mesh(c);
}

/// The same with Direct3D 9's sampler states.
fn states(c: &mut Canvas, states: &[(u32, u32)]) {
    texture(c, TEXTURE, R8G8B8A8Unorm, 1);
    c.direct3d9(20, "dcl_2d s0", "texld oC0, v0, s0");
    c.set_texture(ShaderStage::Pixel, 0, TEXTURE);
    for &(state, value) in states {
        c.set_sampler_state(ShaderStage::Pixel, 0, state, value);
    }
    floor_mesh(c);
}

fn floor_mesh(c: &mut Canvas) {
    let corner = |x: f32, y: f32, w: f32, u: f32, v: f32| ([x * w, y * w, 0.5 * w, w], [u, v, 0.0, 1.0]);
    let corners = [
        corner(-1.0, 0.8, 20.0, -9.0, 17.0),
        corner(1.0, 0.9, 30.0, 9.0, 21.0),
        corner(-1.0, -1.0, 1.0, -1.0, 0.0),
        corner(1.0, -1.0, 1.5, 1.0, 0.5),
    ];
    c.mesh(PrimitiveTopology::TriangleStrip, &corners);
}

/// A texture of blocks, the first of which is `white`.
fn compressed(c: &mut Canvas, format: Format, white: &[u8]) {
    c.create_texture2d(CreateTexture2d {
        texture_handle: TEXTURE,
        usage_flags: ResourceUsage::TEXTURE.bits(),
        format: format.to_u32(),
        width: 32,
        height: 32,
        mip_levels: 3,
        array_layers: 1,
        ..Default::default()
    });
    let mut state = 0x1234_5678u32;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 9) as u8
    };
    let random: Vec<u8> = (0..(64 + 16 + 4) * white.len()).map(|_| random()).collect();
    c.upload_resource(TEXTURE, 0, &random).upload_resource(TEXTURE, 0, white);
    let body = "
mul r0.xy, v0.xyxx, l(0.015625, 0.015625, 0, 0)
sample r1, r0.xyxx, t0.xyzw, s0
mul r0.xy, r0.xyxx, l(5.0, 3.0, 0, 0)
sample r2, r0.xyxx, t0.xyzw, s0
ge r0.z, v0.y, l(33.0)
movc o0, r0.zzzz, r2, r1";
    shade_texture(c, "texture2d", (Linear, Repeat), body);
    c.rectangle(FULL, 0.5, RED);
    // Two pixels a texel: texels 1 and 2 of the first block.
    c.expect([3, 3], [255; 4]);
}

/// Texels of a format, magnified and filtered.
fn plain(c: &mut Canvas, format: Format) {
    texture(c, TEXTURE, format, 1);
    shade_texture(c, "texture2d", (Linear, Repeat), &format!("{BY_PIXELS}sample o0, r0.xyxx, t0.xyzw, s0"));
    c.rectangle([0.0, 0.0, 131.0, 33.0], 0.5, RED);
    shade_texture_again(c);
    c.rectangle([0.0, 33.0, 131.0, 67.0], 0.5, RED);
}

/// The same texture, much smaller.
fn shade_texture_again(c: &mut Canvas) {
    let declared = "dcl_resource_texture2d (float,float,float,float) t0\ndcl_sampler s0, mode_default";
    c.shade(4, declared, "mul r0.xy, v0.xyxx, l(0.13, 0.17, 0, 0)\nsample o0, r0.xyxx, t0.xyzw, s0");
}

/// A look around inside a cube.
fn cube(c: &mut Canvas, filter: SamplerFilter) {
    let body = "
add r0.xy, v0.xyxx, l(-65.0, -33.0, 0, 0)
mul r0.y, r0.y, l(-1.0)
mul r0.z, |r0.x|, l(-0.7)
add r0.z, r0.z, l(20.0)
sample o0, r0.xyzx, t0.xyzw, s0";
    textured_as(c, "texturecube", (filter, Repeat), 6, body);
    c.rectangle(FULL, 0.5, RED);
}

/// Draws with a view instead of the whole texture.
fn view(c: &mut Canvas, change: fn(&mut CreateTextureView)) {
    textured_as(c, "texture2d", (Nearest, Repeat), 3, &format!("{BY_PIXELS}sample o0, r0.xyxx, t0.xyzw, s0"));
    let mut view = CreateTextureView {
        view_handle: 50,
        texture_handle: TEXTURE,
        format: R8G8B8A8Unorm.to_u32(),
        mip_level_count: 1,
        array_layer_count: 1,
        ..Default::default()
    };
    change(&mut view);
    c.create_texture_view(view).set_texture(ShaderStage::Pixel, 0, 50);
    c.rectangle(FULL, 0.5, RED);
}
