//! Pixels: fullscreen triangles and a desktop compositor.

use super::*;

/// A triangle over the whole target from vertex numbers, `uv` 0..1 over the target.
const FULLSCREEN_VS: &str = "
.input SV_VertexID 0 v0.x uint sysvalue vertex_id
.output SV_Position 0 o0.xyzw float sysvalue position
.output TEXCOORD 0 o1.xy float
vs_4_0
dcl_input_sgv v0.x, vertex_id
dcl_output_siv o0.xyzw, position
dcl_output o1.xy
dcl_temps 1
ishl r0.x, v0.x, l(1)
and r0.x, r0.x, l(2)
and r0.y, v0.x, l(2)
utof r0.xy, r0.xyxx
mad o0.xy, r0.xyxx, l(2.0, 2.0, 0.0, 0.0), l(-1.0, -1.0, 0.0, 0.0)
mov o0.zw, l(0.0, 0.0, 0.0, 1.0)
mov o1.xy, r0.xyxx
ret
";

const FLAT_PS: &str = "
.output SV_Target 0 o0.xyzw float
ps_4_0
dcl_output o0.xyzw
mov o0.xyzw, l(0.8, 0.4, 0.2, 1.0)
ret
";

const UV_INPUT: &str = "
.input SV_Position 0 v0.xyzw float sysvalue position
.input TEXCOORD 0 v1.xy float
.output SV_Target 0 o0.xyzw float
ps_4_0
";

/// A pixel shader that takes `uv` in v1.xy.
fn uv_shader(body: &str) -> String {
    UV_INPUT.to_string() + body
}

fn texture_body(scale: Option<f32>) -> String {
    let (declare, coordinates) = match scale {
        Some(scale) => {
            let (x, y) = (1920.0 * scale / 1024.0, 1080.0 * scale / 1024.0);
            let scaled = format!("mul r0.xy, v1.xyxx, l({x:?}, {y:?}, 0.0, 0.0)\n");
            ("dcl_temps 1\n", scaled + "sample o0.xyzw, r0.xyxx, t0.xyzw, s0\n")
        }
        None => ("", "sample o0.xyzw, v1.xyxx, t0.xyzw, s0\n".into()),
    };
    format!(
        "dcl_sampler s0, mode_default
dcl_resource_texture2d (float,float,float,float) t0
dcl_input_ps linear v1.xy
dcl_output o0.xyzw
{declare}{coordinates}ret\n"
    )
}

pub fn create_flat(w: &mut StreamWriter) {
    shader(w, VS, ShaderStage::Vertex, FULLSCREEN_VS);
    shader(w, PS, ShaderStage::Pixel, FLAT_PS);
}

pub fn triangle_frame(width: u32, height: u32) -> Vec<u8> {
    let mut frame = StreamWriter::new();
    begin(&mut frame, width, height, false);
    frame.set_texture(ShaderStage::Pixel, 0, TEXTURES).set_samplers(ShaderStage::Pixel, 0, &[SAMPLER]);
    draw(&mut frame, 3, 0);
    frame.finish()
}

/// A fullscreen triangle with this pixel shader; `more` makes what the shader reads.
fn fullscreen(pixel_shader: &str, more: impl FnOnce(&mut StreamWriter)) -> Workload {
    let mut setup = StreamWriter::new();
    target(&mut setup, WIDTH, HEIGHT);
    shader(&mut setup, VS, ShaderStage::Vertex, FULLSCREEN_VS);
    shader(&mut setup, PS, ShaderStage::Pixel, pixel_shader);
    setup.create_simple_texture(TEXTURES, Format::R8G8B8A8Unorm, 1, 1, ResourceUsage::TEXTURE);
    sampler(&mut setup, SamplerFilter::Nearest);
    more(&mut setup);
    Workload { setup: vec![setup.finish()], frame: triangle_frame(WIDTH, HEIGHT) }
}

fn sampler(w: &mut StreamWriter, filter: SamplerFilter) {
    w.create_sampler(SAMPLER, filter, [SamplerAddressMode::Repeat; 3]);
}

pub fn flat() -> Workload {
    fullscreen(FLAT_PS, |_| {})
}

/// Bytes of a texture's levels: smooth and noise, or random blocks.
fn content(format: Format, width: u32, height: u32, mips: u32, seed: u64) -> Vec<u8> {
    let mut random = Random(seed | 1);
    let mut bytes = Vec::new();
    for (width, height) in (0..mips).map(|mip| ((width >> mip).max(1), (height >> mip).max(1))) {
        if format.is_block_compressed() {
            let blocks = width.div_ceil(4) * height.div_ceil(4) * format.bytes_per_block();
            bytes.extend((0..blocks).map(|_| random.bits() as u8));
            continue;
        }
        for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
            let red = (x * 255 / width) as u8 ^ (random.bits() & 31) as u8;
            let alpha = ((x + y) * 255 / (width + height)) as u8;
            bytes.extend([red, (y * 255 / height) as u8, random.bits() as u8, alpha]);
        }
    }
    bytes
}

fn texture(
    w: &mut StreamWriter,
    handle: u32,
    format: Format,
    [width, height]: [u32; 2],
    mips: u32,
    seed: u64,
) {
    w.destroy_resource(handle).create_texture2d(CreateTexture2d {
        texture_handle: handle,
        usage_flags: ResourceUsage::TEXTURE.bits(),
        format: format.to_u32(),
        width,
        height,
        mip_levels: mips,
        array_layers: 1,
        ..Default::default()
    });
    w.upload_resource(handle, 0, &content(format, width, height, mips, seed));
}

fn textured(format: Format, mips: u32, filter: SamplerFilter, scale: f32) -> Workload {
    fullscreen(&uv_shader(&texture_body(Some(scale))), |w| {
        texture(w, TEXTURES, format, [1024, 1024], mips, 7);
        w.destroy_sampler(SAMPLER);
        sampler(w, filter);
    })
}

pub fn trilinear() -> Workload {
    textured(Format::R8G8B8A8Unorm, 11, SamplerFilter::Linear, 1.45)
}

pub fn bilinear() -> Workload {
    textured(Format::R8G8B8A8Unorm, 1, SamplerFilter::Linear, 0.53)
}

pub fn nearest() -> Workload {
    textured(Format::R8G8B8A8Unorm, 1, SamplerFilter::Nearest, 0.53)
}

pub fn compressed(format: Format) -> Workload {
    textured(format, 9, SamplerFilter::Linear, 1.45)
}

/// 200 scalar instructions in fifty steps, and five times a sine and a reciprocal square root.
pub fn arithmetic() -> Workload {
    let mut body = String::from(
        "dcl_input_ps linear v1.xy
dcl_output o0.xyzw
dcl_temps 2
mov r0.xy, v1.xyxx
mov r0.z, l(0.25)
",
    );
    for _ in 0..5 {
        for _ in 0..10 {
            body += "mad r0.x, r0.x, l(0.997), l(0.013)
mad r0.y, r0.y, l(0.991), r0.x
min r0.z, r0.z, r0.y
add r0.z, r0.z, l(0.01)
";
        }
        body += "mad r0.x, r0.x, l(3.0), r0.z
sincos r0.x, null, r0.x
mad r1.x, r0.z, r0.z, l(1.0)
mad r0.y, r0.y, r0.y, r1.x
rsq r0.y, r0.y
";
    }
    body += "mad o0.x, r0.x, l(0.5), l(0.5)
mov o0.yz, r0.yyzz
mov o0.w, l(1.0)
ret
";
    fullscreen(&uv_shader(&body), |_| {})
}

/// A rectangle in pixels a vertex instance, `uv` 0..1 over it.
const RECTANGLE_VS: &str = "
.input SV_VertexID 0 v0.x uint sysvalue vertex_id
.input RECTANGLE 0 v1.xyzw float
.output SV_Position 0 o0.xyzw float sysvalue position
.output TEXCOORD 0 o1.xy float
vs_4_0
dcl_immediateConstantBuffer { { 0.0, 0.0, 0, 0 }, { 1.0, 0.0, 0, 0 }, { 0.0, 1.0, 0, 0 }, { 0.0, 1.0, 0, 0 }, { 1.0, 0.0, 0, 0 }, { 1.0, 1.0, 0, 0 } }
dcl_input_sgv v0.x, vertex_id
dcl_input v1.xyzw
dcl_output_siv o0.xyzw, position
dcl_output o1.xy
dcl_temps 1
mov r0.z, v0.x
mad r0.xy, icb[r0.z + 0].xyxx, v1.zwzz, v1.xyxx
div r0.xy, r0.xyxx, l(960.0, 540.0, 1.0, 1.0)
add o0.x, r0.x, l(-1.0)
add o0.y, -r0.y, l(1.0)
mov o0.zw, l(0.0, 0.0, 0.0, 1.0)
mov o1.xy, icb[r0.z + 0].xyxx
ret
";

/// 64 blended windows of 600x400 pixels.
pub fn desktop(filter: SamplerFilter) -> Workload {
    const R32G32B32A32_FLOAT: u32 = 2;
    let mut setup = StreamWriter::new();
    target(&mut setup, WIDTH, HEIGHT);
    shader(&mut setup, VS, ShaderStage::Vertex, RECTANGLE_VS);
    shader(&mut setup, PS, ShaderStage::Pixel, &uv_shader(&texture_body(None)));
    for i in 0..8 {
        texture(&mut setup, TEXTURES + i, Format::R8G8B8A8Unorm, [600, 400], 1, 100 + u64::from(i));
    }
    sampler(&mut setup, filter);
    let mut random = Random(99);
    let fraction = if filter == SamplerFilter::Linear { 0.37 } else { 0.0 };
    let mut place = |range: f32| (random.unit() * range).floor() + fraction;
    let rectangles: Vec<[f32; 4]> = (0..64).map(|_| [place(1320.0), place(680.0), 600.0, 400.0]).collect();
    buffer(&mut setup, VERTICES, bytemuck::cast_slice(&rectangles));
    layout(&mut setup, &[("RECTANGLE", R32G32B32A32_FLOAT)], true);

    let mut frame = StreamWriter::new();
    begin(&mut frame, WIDTH, HEIGHT, false);
    vertex_buffer(&mut frame, 16);
    frame.set_samplers(ShaderStage::Pixel, 0, &[SAMPLER]).set_blend_state(BlendState {
        enable: 1,
        src_factor: BlendFactor::SrcAlpha.to_u32(),
        dst_factor: BlendFactor::InvSrcAlpha.to_u32(),
        src_factor_alpha: BlendFactor::One.to_u32(),
        dst_factor_alpha: BlendFactor::InvSrcAlpha.to_u32(),
        color_write_mask: 15,
        sample_mask: u32::MAX,
        ..Default::default()
    });
    for i in 0..64 {
        frame.set_texture(ShaderStage::Pixel, 0, TEXTURES + i % 8);
        draw(&mut frame, 6, i);
    }
    Workload { setup: vec![setup.finish()], frame: frame.finish() }
}
