//! The same scene through Direct3D 9 and through Direct3D 11 is the same picture, bit for bit.

use aerogpu::state::d3d9::{render_state as rs, sampler_state as ss};
use aerogpu_protocol::packets::*;
use aerogpu_protocol::{Format, StreamWriter};

use crate::rig::{self, Rig, buffer};
use crate::rig9::{self, COLOR, FLOAT2, FLOAT4, POSITION, TEXCOORD, declaration, shader};

const SIZE: u32 = 48;
const TARGET: u32 = 1;
const DEPTH: u32 = 2;
const TEXTURE: u32 = 3;
const SCENE: u32 = 4;
const LAYOUT: u32 = 5;
const VS: u32 = 6;
const PS: u32 = 7;

/// What a scene is drawn with: states that both have, each in its words.
#[derive(Clone, Copy)]
struct Setup {
    name: &'static str,
    topology: PrimitiveTopology,
    pixel: Pixel,
    /// Source and destination factors, operation, and write mask: `D3DBLEND` and `D3DBLENDOP`.
    blend: Option<(BlendFactor, BlendFactor, BlendOp)>,
    write_mask: u8,
    depth: Option<(CompareFunc, bool)>,
    /// Direct3D 11's side has masks alone on the wire; functions and operations are those of a new device.
    stencil: bool,
    cull: CullMode,
    wireframe: bool,
    scissor: bool,
    /// In units of 2^-24.
    depth_bias: i32,
    filter: SamplerFilter,
    address: SamplerAddressMode,
    srgb_write: bool,
    srgb_read: bool,
}

/// What the pixel shader does.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Pixel {
    /// The texture times the colour.
    Modulate,
    /// The same, of the leading vertex' colour.
    Flat,
    /// The same with what has an alpha of less than a half left out.
    AlphaTest,
    /// The same in fog.
    Fog,
}

const PLAIN: Setup = Setup {
    name: "plain",
    topology: PrimitiveTopology::TriangleList,
    pixel: Pixel::Modulate,
    blend: None,
    write_mask: 0xf,
    depth: None,
    stencil: false,
    cull: CullMode::None,
    wireframe: false,
    scissor: false,
    depth_bias: 0,
    filter: SamplerFilter::Nearest,
    address: SamplerAddressMode::Repeat,
    srgb_write: false,
    srgb_read: false,
};

/// Overlapping triangles in perspective, of either winding, through each other in depth.
fn vertices() -> Vec<f32> {
    let corners: [([f32; 4], [f32; 4], [f32; 2]); 9] = [
        ([-0.9, 0.85, 0.1, 1.0], [1.0, 0.3, 0.2, 0.9], [-0.6, -0.3]),
        ([1.7, 1.1, 1.6, 2.0], [0.1, 0.9, 0.4, 0.3], [2.3, 0.1]),
        ([-0.2, -0.95, 0.3, 1.0], [0.3, 0.4, 1.0, 0.6], [0.4, 1.9]),
        ([0.9, -0.7, 0.2, 1.0], [0.9, 0.9, 0.1, 1.0], [1.4, 2.2]),
        ([0.1, 2.9, 2.2, 3.1], [0.8, 0.2, 0.8, 0.7], [0.3, -1.4]),
        ([-1.6, -1.2, 1.1, 1.6], [0.2, 0.1, 0.7, 0.2], [-1.1, 1.6]),
        ([-0.7, -0.2, 0.6, 1.0], [0.5, 0.6, 0.6, 0.45], [0.0, 0.0]),
        ([0.75, 0.6, 0.35, 1.0], [1.0, 1.0, 1.0, 0.55], [1.0, 0.0]),
        ([0.5, -2.4, 0.9, 2.5], [0.0, 0.5, 0.25, 0.8], [0.0, 1.0]),
    ];
    corners.iter().flat_map(|(p, c, t)| p.iter().chain(c).chain(t).copied()).collect()
}

/// A texture of 8x8 texels with its mips, from a formula.
fn texels() -> Vec<u8> {
    (0..64 + 16 + 4 + 1u32)
        .flat_map(|i| [i * 37, i * 91 + 40, i * 173 + 255, i * 61 + 120].map(|v| v as u8))
        .collect()
}

/// What both need, under the same handles.
fn create(w: &mut StreamWriter, format: Format, texture: Format) {
    w.create_simple_texture(TARGET, format, SIZE, SIZE, ResourceUsage::RENDER_TARGET)
        .create_simple_texture(DEPTH, Format::D24UnormS8Uint, SIZE, SIZE, ResourceUsage::DEPTH_STENCIL)
        .create_texture2d(CreateTexture2d {
            texture_handle: TEXTURE,
            usage_flags: ResourceUsage::TEXTURE.bits(),
            format: texture.to_u32(),
            width: 8,
            height: 8,
            mip_levels: 4,
            array_layers: 1,
            ..Default::default()
        })
        .upload_resource(TEXTURE, 0, &texels());
    let vertices = vertices();
    buffer(w, SCENE, 40 * 9);
    w.upload_resource(SCENE, 0, bytemuck::cast_slice(&vertices))
        .set_render_targets(&[TARGET], DEPTH)
        .set_viewport([2.5, 1.0, 44.0, 45.0], [0.0, 1.0])
        .set_vertex_buffers(
            0,
            &[VertexBufferBinding { buffer: SCENE, stride_bytes: 40, ..Default::default() }],
        )
        .set_texture(ShaderStage::Pixel, 0, TEXTURE)
        .clear(ClearFlags::COLOR | ClearFlags::DEPTH | ClearFlags::STENCIL, [0.2, 0.4, 0.6, 0.8], 0.75, 9)
        .set_scissor(9, 6, 25, 31);
}

fn draw(w: &mut StreamWriter, topology: PrimitiveTopology) {
    w.set_primitive_topology(topology).draw(Draw {
        vertex_count: 9,
        instance_count: 1,
        ..Default::default()
    });
}

fn direct3d9(w: &mut StreamWriter, s: &Setup) {
    create(w, Format::R8G8B8A8Unorm, Format::R8G8B8A8Unorm);
    if s.srgb_write {
        w.set_render_state(rs::SRGBWRITEENABLE, 1).clear(ClearFlags::COLOR, [0.2, 0.4, 0.6, 0.8], 0.0, 0);
    }
    shader(
        w,
        VS,
        "vs_2_0\ndcl_position v0\ndcl_color v1\ndcl_texcoord v2\nmov oPos, v0\nmov oD0, v1\nmov oT0, v2\n",
    );
    shader(w, PS, "ps_2_0\ndcl v0\ndcl t0.xy\ndcl_2d s0\ntexld r0, t0, s0\nmul r0, r0, v0\nmov oC0, r0\n");
    let elements = [(0, 0, FLOAT4, POSITION), (0, 16, FLOAT4, COLOR), (0, 32, FLOAT2, TEXCOORD)];
    w.create_input_layout(LAYOUT, &declaration(&elements)).set_input_layout(LAYOUT).bind_shaders(VS, PS);
    let blend = s.blend.unwrap_or((BlendFactor::One, BlendFactor::Zero, BlendOp::Add));
    // D3DBLEND by the protocol's factor.
    let factor = |factor: BlendFactor| [1, 2, 5, 6, 7, 8, 14, 15][factor.to_u32() as usize];
    let (func, write) = s.depth.unwrap_or((CompareFunc::Always, false));
    let filter = if s.filter == SamplerFilter::Linear { 2 } else { 1 };
    rig9::states(
        w,
        &[
            (rs::ALPHABLENDENABLE, s.blend.is_some().into()),
            (rs::SRCBLEND, factor(blend.0)),
            (rs::DESTBLEND, factor(blend.1)),
            (rs::BLENDOP, blend.2.to_u32() + 1),
            (rs::BLENDFACTOR, 0x8040_c0ff),
            (rs::COLORWRITEENABLE, s.write_mask.into()),
            (rs::ZENABLE, s.depth.is_some().into()),
            (rs::ZWRITEENABLE, write.into()),
            (rs::ZFUNC, func.to_u32() + 1),
            (rs::STENCILENABLE, s.stencil.into()),
            (rs::STENCILMASK, 0x0f),
            (rs::STENCILWRITEMASK, 0xf0),
            (rs::CULLMODE, [1, 2, 3][s.cull.to_u32() as usize]),
            (rs::FILLMODE, if s.wireframe { 2 } else { 3 }),
            (rs::SCISSORTESTENABLE, s.scissor.into()),
            (rs::DEPTHBIAS, (s.depth_bias as f32 / 16_777_216.0).to_bits()),
            (rs::SHADEMODE, if s.pixel == Pixel::Flat { 1 } else { 2 }),
            (rs::ALPHATESTENABLE, (s.pixel == Pixel::AlphaTest).into()),
            (rs::ALPHAFUNC, 7),
            (rs::ALPHAREF, 128),
            (rs::FOGENABLE, (s.pixel == Pixel::Fog).into()),
            (rs::FOGTABLEMODE, 3),
            (rs::FOGCOLOR, 0x0033_99cc),
            (rs::FOGSTART, 0.5f32.to_bits()),
            (rs::FOGEND, 3.0f32.to_bits()),
        ],
    );
    let address = [3, 1, 2][s.address.to_u32() as usize];
    for (state, value) in [
        (ss::ADDRESSU, address),
        (ss::ADDRESSU + 1, address),
        (ss::MAGFILTER, filter),
        (ss::MINFILTER, filter),
        (ss::MIPFILTER, filter),
        (ss::SRGBTEXTURE, s.srgb_read.into()),
    ] {
        w.set_sampler_state(ShaderStage::Pixel, 0, state, value);
    }
    draw(w, s.topology);
}

/// The vertex shader of Direct3D 11's side, and its pixel shader with the interpolation and code in their places.
const VS11: &str = "
.input POSITION 0 v0.xyzw float
.input COLOR 0 v1.xyzw float
.input TEXCOORD 0 v2.xy float
.output SV_Position 0 o0.xyzw float position
.output COLOR 0 o1.xyzw float
.output TEXCOORD 0 o2.xy float
vs_4_0
dcl_input v0.xyzw
dcl_input v1.xyzw
dcl_input v2.xy
dcl_output_siv o0.xyzw, position
dcl_output o1.xyzw
dcl_output o2.xy
mov o0.xyzw, v0.xyzw
mov o1.xyzw, v1.xyzw
mov o2.xy, v2.xyxx
ret
";

fn pixel11(pixel: Pixel) -> String {
    let interpolation = if pixel == Pixel::Flat { "constant" } else { "linear" };
    let more = match pixel {
        Pixel::Modulate | Pixel::Flat => "",
        // Alpha in steps of 255, at least 128.
        Pixel::AlphaTest => {
            "mov_sat r1.x, r0.w\nmul r1.x, r1.x, l(255.0)\nround_ne r1.x, r1.x\nlt r1.x, r1.x, l(128.0)\ndiscard_nz r1.x\n"
        }
        // (3 - w) / (3 - 0.5) of the colour, the rest of (0.2, 0.6, 0.8).
        Pixel::Fog => {
            "add r1.x, l(3.0), -v0.w\ndiv r1.x, r1.x, l(2.5)\nmin r1.x, r1.x, l(1.0)\nmax r1.x, r1.x, l(0.0)\n\
             add r2.xyz, r0.xyzx, l(-0.2, -0.6, -0.8, 0.0)\nmad r0.xyz, r2.xyzx, r1.xxxx, l(0.2, 0.6, 0.8, 0.0)\n"
        }
    };
    let position =
        if pixel == Pixel::Fog { "dcl_input_ps_siv linear noperspective v0.w, position\n" } else { "" };
    format!(
        "
.input SV_Position 0 v0.xyzw float position
.input COLOR 0 v1.xyzw float
.input TEXCOORD 0 v2.xy float
.output SV_Target 0 o0.xyzw float
ps_4_0
dcl_sampler s0, mode_default
dcl_resource_texture2d (float,float,float,float) t0
{position}dcl_input_ps {interpolation} v1.xyzw
dcl_input_ps linear v2.xy
dcl_output o0.xyzw
dcl_temps 3
sample r0.xyzw, v2.xyxx, t0.xyzw, s0
mul r0.xyzw, r0.xyzw, v1.xyzw
{more}mov o0.xyzw, r0.xyzw
ret
"
    )
}

fn direct3d11(w: &mut StreamWriter, s: &Setup) {
    let format = |srgb| if srgb { Format::R8G8B8A8UnormSrgb } else { Format::R8G8B8A8Unorm };
    create(w, format(s.srgb_write), format(s.srgb_read));
    w.create_shader_dxbc(VS, ShaderStage::Vertex, &rig::shader(VS11));
    w.create_shader_dxbc(PS, ShaderStage::Pixel, &rig::shader(&pixel11(s.pixel)));
    w.create_input_layout(LAYOUT, &rig::layout(&[("POSITION", 2, 0), ("COLOR", 2, 0), ("TEXCOORD", 16, 0)]));
    let blend = s.blend.unwrap_or((BlendFactor::One, BlendFactor::Zero, BlendOp::Add));
    let (func, write) = s.depth.unwrap_or((CompareFunc::Always, false));
    w.set_input_layout(LAYOUT)
        .bind_shaders(VS, PS)
        .set_blend_state(BlendState {
            enable: s.blend.is_some().into(),
            src_factor: blend.0.to_u32(),
            dst_factor: blend.1.to_u32(),
            blend_op: blend.2.to_u32(),
            src_factor_alpha: blend.0.to_u32(),
            dst_factor_alpha: blend.1.to_u32(),
            blend_op_alpha: blend.2.to_u32(),
            blend_constant_rgba_f32: [0x40, 0xc0, 0xff, 0x80].map(|v| (v as f32 / 255.0).to_bits()),
            color_write_mask: s.write_mask,
            sample_mask: u32::MAX,
            ..Default::default()
        })
        .set_depth_stencil_state(DepthStencilState {
            depth_enable: s.depth.is_some().into(),
            depth_write_enable: write.into(),
            depth_func: func.to_u32(),
            stencil_enable: s.stencil.into(),
            stencil_read_mask: 0x0f,
            stencil_write_mask: 0xf0,
            ..Default::default()
        })
        .set_rasterizer_state(RasterizerState {
            fill_mode: s.wireframe.into(),
            cull_mode: s.cull.to_u32(),
            scissor_enable: s.scissor.into(),
            depth_bias: s.depth_bias,
            ..Default::default()
        })
        .create_sampler(8, s.filter, [s.address; 3])
        .set_samplers(ShaderStage::Pixel, 0, &[8]);
    draw(w, s.topology);
}

/// Colours and depths of a scene.
fn picture(set_up: impl FnOnce(&mut StreamWriter)) -> (Vec<u8>, Vec<u8>) {
    let mut rig = Rig::new();
    rig.run(set_up);
    (rig.texture(TARGET, 0, 0).bytes, rig.texture(DEPTH, 0, 0).bytes)
}

fn setups() -> Vec<Setup> {
    use PrimitiveTopology as T;
    let mut setups = vec![
        PLAIN,
        Setup { name: "flat colours", pixel: Pixel::Flat, ..PLAIN },
        Setup {
            name: "alpha test",
            pixel: Pixel::AlphaTest,
            depth: Some((CompareFunc::LessEqual, true)),
            ..PLAIN
        },
        Setup { name: "fog", pixel: Pixel::Fog, ..PLAIN },
        Setup { name: "scissor", scissor: true, ..PLAIN },
        Setup { name: "stencil", stencil: true, depth: Some((CompareFunc::Less, true)), ..PLAIN },
        Setup { name: "wireframe", wireframe: true, ..PLAIN },
        Setup { name: "a depth bias", depth: Some((CompareFunc::Less, true)), depth_bias: 123_456, ..PLAIN },
        Setup { name: "depth is not written", depth: Some((CompareFunc::Less, false)), ..PLAIN },
        Setup { name: "sRGB target", srgb_write: true, ..PLAIN },
        Setup { name: "sRGB texture", srgb_read: true, filter: SamplerFilter::Linear, ..PLAIN },
        Setup { name: "write mask", write_mask: 0x6, ..PLAIN },
    ];
    setups.extend([T::PointList, T::LineList, T::LineStrip, T::TriangleStrip].map(|topology| Setup {
        name: "topology",
        topology,
        ..PLAIN
    }));
    setups.extend([CullMode::Front, CullMode::Back].map(|cull| Setup { name: "culling", cull, ..PLAIN }));
    for func in 0..8 {
        let func = CompareFunc::from_u32(func).expect("one of eight");
        setups.push(Setup { name: "depth function", depth: Some((func, true)), ..PLAIN });
    }
    for filter in [SamplerFilter::Nearest, SamplerFilter::Linear] {
        for address in
            [SamplerAddressMode::ClampToEdge, SamplerAddressMode::Repeat, SamplerAddressMode::MirrorRepeat]
        {
            setups.push(Setup { name: "sampler", filter, address, ..PLAIN });
        }
    }
    for src in 0..8 {
        let factor = |n: u32| BlendFactor::from_u32(n % 8).expect("one of eight");
        for (dst, op) in
            [(src + 3, BlendOp::Add), (src + 6, BlendOp::Subtract), (src + 5, BlendOp::RevSubtract)]
        {
            setups.push(Setup { name: "blending", blend: Some((factor(src), factor(dst), op)), ..PLAIN });
        }
    }
    for op in [BlendOp::Min, BlendOp::Max] {
        setups.push(Setup {
            name: "blending",
            blend: Some((BlendFactor::One, BlendFactor::One, op)),
            ..PLAIN
        });
    }
    let everything = Setup {
        name: "everything",
        pixel: Pixel::Fog,
        blend: Some((BlendFactor::SrcAlpha, BlendFactor::InvSrcAlpha, BlendOp::Add)),
        depth: Some((CompareFunc::LessEqual, true)),
        cull: CullMode::Back,
        scissor: true,
        depth_bias: -77,
        filter: SamplerFilter::Linear,
        address: SamplerAddressMode::MirrorRepeat,
        srgb_write: true,
        srgb_read: true,
        ..PLAIN
    };
    setups.push(everything);
    setups
}

#[test]
fn the_same_scene_is_the_same_picture() {
    let setups = setups();
    let cleared = picture(|w| create(w, Format::R8G8B8A8Unorm, Format::R8G8B8A8Unorm)).0;
    let mut different = Vec::new();
    for s in &setups {
        let nine = picture(|w| direct3d9(w, s));
        let eleven = picture(|w| direct3d11(w, s));
        let pixels = nine.0.chunks(4).zip(eleven.0.chunks(4)).filter(|(a, b)| a != b).count();
        let depths = nine.1.chunks(4).zip(eleven.1.chunks(4)).filter(|(a, b)| a != b).count();
        let hidden = s.depth.is_some_and(|(func, _)| matches!(func, CompareFunc::Never | CompareFunc::Equal));
        assert!(nine.0 != cleared || hidden, "{}: nothing was drawn", s.name);
        if (pixels, depths) != (0, 0) {
            different.push(format!("{}: {pixels} pixels, {depths} depths", s.name));
        }
    }
    println!("Direct3D 9 and 11: {} of {} scenes are equal", setups.len() - different.len(), setups.len());
    assert!(different.is_empty(), "{different:#?}");
}
