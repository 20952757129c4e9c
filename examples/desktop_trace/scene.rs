//! The desktop: what is created once, and what each frame draws.

use aerogpu_dxbc::assembler::{self, AssembleError};
use aerogpu_protocol::input_layout::{semantic_name_hash, write_ilay};
use aerogpu_protocol::packets::*;
use aerogpu_protocol::trace::{SubmissionHeader, TraceWriter};
use aerogpu_protocol::{Format, StreamWriter};
use glam::{Mat4, Vec3};

use crate::{assets, shaders};

const WIDTH: u32 = 1280;
const HEIGHT: u32 = 720;

/// Handles of everything that exists.
mod handle {
    pub const SCREEN: u32 = 1;
    pub const DEPTH: u32 = 2;
    pub const WALLPAPER: u32 = 3;
    pub const PAGE: u32 = 4;
    pub const FONT: u32 = 5;
    pub const SHADOW: u32 = 6;
    pub const WOOD: u32 = 7;
    pub const WHITE: u32 = 8;
    pub const ICONS: [u32; 4] = [10, 11, 12, 13];
    pub const FLAT_VERTICES: u32 = 20;
    pub const FLAT_INDICES: u32 = 21;
    pub const SOLID_VERTICES: u32 = 22;
    pub const SOLID_INDICES: u32 = 23;
    pub const FLAT_CONSTANTS: u32 = 24;
    pub const SOLID_CONSTANTS: u32 = 25;
    pub const FLAT_VS: u32 = 30;
    pub const TEXTURED_PS: u32 = 31;
    pub const SOLID_VS: u32 = 32;
    pub const SOLID_PS: u32 = 33;
    pub const FLAT_LAYOUT: u32 = 40;
    pub const SOLID_LAYOUT: u32 = 41;
    pub const SMOOTH: u32 = 50;
    pub const SHARP: u32 = 51;
    pub const TILED: u32 = 52;
}

const PAGE_SIZE: u32 = 128;
const WALLPAPER_SIZE: [u32; 2] = [640, 360];
/// Most flat quads in a frame.
const MAX_QUADS: usize = 1024;
const MAX_FLAT_BYTES: usize = MAX_QUADS * 4 * 8 * 4;
const TORUS: (u16, u16) = (64, 24);

/// A rectangle of the screen in pixels: left, top, right, bottom.
type Rect = [f32; 4];

/// Flat quads, batched by what they sample.
#[derive(Default)]
struct Flat {
    /// Position, texture coordinates, colour: eight floats a vertex.
    vertices: Vec<f32>,
    /// Texture, sampler and number of quads.
    batches: Vec<(u32, u32, u32)>,
}

impl Flat {
    fn quad(&mut self, texture: u32, sampler: u32, to: Rect, from: Rect, color: [f32; 4]) {
        for (x, y) in [(0, 1), (2, 1), (0, 3), (2, 3)] {
            self.vertices.extend([to[x], to[y], from[x], from[y]]);
            self.vertices.extend(color);
        }
        match self.batches.last_mut() {
            Some((t, s, quads)) if (*t, *s) == (texture, sampler) => *quads += 1,
            _ => self.batches.push((texture, sampler, 1)),
        }
    }

    fn fill(&mut self, to: Rect, color: [f32; 4]) {
        self.quad(handle::WHITE, handle::SHARP, to, [0.0, 0.0, 1.0, 1.0], color);
    }

    /// Text of `scale` pixels a texel.
    fn text(&mut self, x: f32, y: f32, scale: f32, text: &str, color: [f32; 4]) {
        let [width, height] = assets::ATLAS.map(|n| n as f32);
        for (i, character) in text.chars().enumerate() {
            let Some(cell) = assets::CHARACTERS.chars().position(|c| c == character) else { continue };
            let (left, u) = (x + i as f32 * 6.0 * scale, cell as f32 * 6.0 / width);
            let to = [left, y, left + 6.0 * scale, y + height * scale];
            self.quad(handle::FONT, handle::SHARP, to, [u, 0.0, u + 6.0 / width, 1.0], color);
        }
    }

    /// A soft shadow around a rectangle: four corners, four edges.
    fn shadow(&mut self, [left, top, right, bottom]: Rect) {
        const SIZE: f32 = 28.0;
        let xs = [left - SIZE, left, right, right + SIZE];
        let ys = [top - SIZE, top, bottom, bottom + SIZE];
        let uv = [[0.0, 1.0], [1.0, 1.0], [1.0, 0.0]];
        for (j, v) in uv.iter().enumerate() {
            for (i, u) in uv.iter().enumerate() {
                if (i, j) != (1, 1) {
                    let to = [xs[i], ys[j], xs[i + 1], ys[j + 1]];
                    self.quad(handle::SHADOW, handle::SMOOTH, to, [u[0], v[0], u[1], v[1]], [1.0; 4]);
                }
            }
        }
    }

    /// A window with a shadow, a translucent frame, a title and its contents.
    fn window(&mut self, [left, top, right, bottom]: Rect, title: &str, glass: [f32; 3]) {
        let [r, g, b] = glass;
        self.shadow([left, top + 4.0, right, bottom + 4.0]);
        self.fill([left, top, right, bottom], [r, g, b, 0.55]);
        self.fill([left + 1.0, top + 1.0, right - 1.0, top + 13.0], [1.0, 1.0, 1.0, 0.2]);
        self.fill([right - 50.0, top + 1.0, right - 8.0, top + 18.0], [0.75, 0.2, 0.15, 0.85]);
        self.text(left + 10.0, top + 8.0, 2.0, title, [0.05, 0.08, 0.1, 1.0]);
        self.text(right - 35.0, top + 6.0, 1.5, "X", [1.0; 4]);
    }
}

/// Writes one frame: its submission and its present. The first one creates everything.
pub fn write_frame(trace: &mut TraceWriter, frame: u32) -> Result<(), AssembleError> {
    let mut w = StreamWriter::new();
    if frame == 0 {
        create(&mut w)?;
    }
    let flat = desktop(frame);
    w.upload_resource(handle::FLAT_VERTICES, 0, bytemuck::cast_slice(&flat.vertices));
    w.upload_resource(handle::SOLID_CONSTANTS, 0, bytemuck::cast_slice(&solid_constants(frame)));
    w.set_render_targets(&[handle::SCREEN], handle::DEPTH)
        .set_viewport([0.0, 0.0, WIDTH as f32, HEIGHT as f32], [0.0, 1.0])
        .clear(ClearFlags::COLOR | ClearFlags::DEPTH | ClearFlags::STENCIL, [0.0, 0.0, 0.0, 1.0], 1.0, 0);
    let over_window = flat.batches.len() - overlay_batches();
    draw_flat(&mut w, &flat, 0..over_window);
    draw_solid(&mut w, frame);
    draw_flat(&mut w, &flat, over_window..flat.batches.len());
    w.present(0, true);
    let submission = SubmissionHeader {
        submit_flags: 1,
        signal_fence: u64::from(frame) + 1,
        ..bytemuck::Zeroable::zeroed()
    };
    trace.submission(submission, &w.finish(), None, &[]);
    Ok(())
}

/// Batches of the cursor, which lies over the solid.
const fn overlay_batches() -> usize {
    1
}

fn solid_window(frame: u32) -> Rect {
    let shift = frame as f32 * 9.0;
    [640.0 + shift, 120.0 + shift / 2.0, 1180.0 + shift, 560.0 + shift / 2.0]
}

fn desktop(frame: u32) -> Flat {
    let mut flat = Flat::default();
    let (w, h) = (WIDTH as f32, HEIGHT as f32);
    flat.quad(handle::WALLPAPER, handle::SMOOTH, [0.0, 0.0, w, h], [0.0, 0.0, 1.0, 1.0], [1.0; 4]);
    for (i, icon) in handle::ICONS.into_iter().enumerate() {
        let y = 30.0 + i as f32 * 96.0;
        flat.quad(icon, handle::SMOOTH, [28.0, y, 76.0, y + 48.0], [0.0, 0.0, 1.0, 1.0], [1.0; 4]);
    }
    for (i, name) in ["RING", "TILES", "FENCES", "PAGES"].into_iter().enumerate() {
        flat.text(26.0, 84.0 + i as f32 * 96.0, 1.5, name, [1.0, 1.0, 1.0, 0.9]);
    }
    let page = [150.0, 90.0, 560.0, 600.0];
    flat.window(page, "PAGE 1", [0.55, 0.75, 0.9]);
    let inner = [158.0, 120.0, 552.0, 592.0];
    flat.quad(handle::PAGE, handle::SMOOTH, inner, [0.0, 0.0, 1.0, 1.0], [1.0; 4]);
    let small = [420.0, 470.0, 620.0, 660.0];
    flat.window(small, "MIP", [0.9, 0.8, 0.55]);
    flat.quad(handle::PAGE, handle::TILED, [428.0, 500.0, 612.0, 652.0], [0.0, 0.0, 9.0, 7.5], [1.0; 4]);
    let solid = solid_window(frame);
    flat.window(solid, "TORUS", [0.6, 0.9, 0.7]);
    flat.fill([solid[0] + 8.0, solid[1] + 30.0, solid[2] - 8.0, solid[3] - 8.0], [0.08, 0.09, 0.12, 0.92]);
    flat.text(solid[0] + 18.0, solid[1] + 38.0, 2.0, &format!("FRAME {frame}"), [0.6, 0.7, 0.8, 1.0]);
    flat.fill([0.0, h - 40.0, w, h], [0.05, 0.08, 0.12, 0.75]);
    flat.fill([0.0, h - 40.0, w, h - 39.0], [1.0, 1.0, 1.0, 0.35]);
    flat.text(20.0, h - 28.0, 2.0, "AEROGPU REFERENCE RENDERER", [1.0; 4]);
    flat.text(w - 96.0, h - 28.0, 2.0, &format!("12:0{frame}"), [1.0; 4]);
    // The cursor, a batch of its own over everything.
    let (x, y) = (760.0 + frame as f32 * 22.0, 470.0 - frame as f32 * 13.0);
    flat.text(x, y, 3.0, "X", [1.0, 0.9, 0.3, 1.0]);
    flat
}

fn create(w: &mut StreamWriter) -> Result<(), AssembleError> {
    w.create_simple_texture(
        handle::SCREEN,
        Format::B8G8R8A8Unorm,
        WIDTH,
        HEIGHT,
        ResourceUsage::RENDER_TARGET,
    );
    w.create_simple_texture(handle::DEPTH, Format::D32Float, WIDTH, HEIGHT, ResourceUsage::DEPTH_STENCIL);
    let [width, height] = WALLPAPER_SIZE;
    texture(w, handle::WALLPAPER, Format::Bc1RgbaUnorm, WALLPAPER_SIZE, 1, &assets::wallpaper(width, height));
    let mips = PAGE_SIZE.ilog2() + 1;
    texture(w, handle::PAGE, Format::B8G8R8X8Unorm, [PAGE_SIZE; 2], mips, &assets::page(PAGE_SIZE));
    texture(w, handle::FONT, Format::R8G8B8A8Unorm, assets::ATLAS, 1, &assets::font());
    texture(w, handle::SHADOW, Format::R8G8B8A8Unorm, [32; 2], 1, &assets::shadow());
    texture(w, handle::WOOD, Format::Bc7RgbaUnorm, [64; 2], 1, &assets::wood());
    texture(w, handle::WHITE, Format::R8G8B8A8Unorm, [1; 2], 1, &[255; 4]);
    for (icon, [r, g, b]) in
        handle::ICONS.into_iter().zip([[220, 90, 60], [80, 170, 90], [80, 120, 210], [200, 170, 70]])
    {
        texture(w, icon, Format::Bc3RgbaUnorm, [64; 2], 1, &assets::icon(r, g, b));
    }

    let (vertices, indices) = assets::torus(TORUS.0, TORUS.1);
    buffer(w, handle::SOLID_VERTICES, ResourceUsage::VERTEX_BUFFER, bytemuck::cast_slice(&vertices));
    buffer(w, handle::SOLID_INDICES, ResourceUsage::INDEX_BUFFER, bytemuck::cast_slice(&indices));
    empty_buffer(w, handle::SOLID_CONSTANTS, ResourceUsage::CONSTANT_BUFFER, 7 * 16);
    empty_buffer(w, handle::FLAT_VERTICES, ResourceUsage::VERTEX_BUFFER, MAX_FLAT_BYTES);
    let quads: Vec<u16> = (0..MAX_QUADS as u16).flat_map(|q| [0, 1, 2, 2, 1, 3].map(|i| 4 * q + i)).collect();
    buffer(w, handle::FLAT_INDICES, ResourceUsage::INDEX_BUFFER, bytemuck::cast_slice(&quads));
    let to_clip = [2.0 / WIDTH as f32, -2.0 / HEIGHT as f32, -1.0, 1.0];
    buffer(w, handle::FLAT_CONSTANTS, ResourceUsage::CONSTANT_BUFFER, bytemuck::cast_slice(&to_clip));

    for (handle, stage, text) in [
        (handle::FLAT_VS, ShaderStage::Vertex, shaders::FLAT_VS),
        (handle::TEXTURED_PS, ShaderStage::Pixel, shaders::TEXTURED_PS),
        (handle::SOLID_VS, ShaderStage::Vertex, shaders::SOLID_VS),
        (handle::SOLID_PS, ShaderStage::Pixel, shaders::SOLID_PS),
    ] {
        w.create_shader_dxbc(handle, stage, &assembler::assemble(text)?.to_dxbc());
    }
    const FLOAT4: u32 = 2;
    const FLOAT3: u32 = 6;
    const FLOAT2: u32 = 16;
    layout(w, handle::FLAT_LAYOUT, &[("POSITION", FLOAT2), ("TEXCOORD", FLOAT2), ("COLOR", FLOAT4)]);
    layout(w, handle::SOLID_LAYOUT, &[("POSITION", FLOAT3), ("NORMAL", FLOAT3), ("TEXCOORD", FLOAT2)]);
    w.create_sampler(handle::SMOOTH, SamplerFilter::Linear, [SamplerAddressMode::ClampToEdge; 3]);
    w.create_sampler(handle::SHARP, SamplerFilter::Nearest, [SamplerAddressMode::ClampToEdge; 3]);
    w.create_sampler(handle::TILED, SamplerFilter::Linear, [SamplerAddressMode::Repeat; 3]);
    Ok(())
}

fn texture(
    w: &mut StreamWriter,
    handle: u32,
    format: Format,
    [width, height]: [u32; 2],
    mips: u32,
    data: &[u8],
) {
    w.create_texture2d(CreateTexture2d {
        texture_handle: handle,
        usage_flags: ResourceUsage::TEXTURE.bits(),
        format: format.to_u32(),
        width,
        height,
        mip_levels: mips,
        array_layers: 1,
        ..Default::default()
    });
    w.upload_resource(handle, 0, data);
}

fn empty_buffer(w: &mut StreamWriter, handle: u32, usage: ResourceUsage, size: usize) {
    w.create_buffer(CreateBuffer {
        buffer_handle: handle,
        usage_flags: usage.bits(),
        size_bytes: size as u64,
        ..Default::default()
    });
}

fn buffer(w: &mut StreamWriter, handle: u32, usage: ResourceUsage, data: &[u8]) {
    empty_buffer(w, handle, usage, data.len());
    w.upload_resource(handle, 0, data);
}

/// An input layout of elements that follow each other in slot 0.
fn layout(w: &mut StreamWriter, handle: u32, elements: &[(&str, u32)]) {
    let elements: Vec<InputLayoutElementDxgi> = elements
        .iter()
        .map(|&(name, dxgi_format)| InputLayoutElementDxgi {
            semantic_name_hash: semantic_name_hash(name),
            dxgi_format,
            aligned_byte_offset: u32::MAX,
            ..Default::default()
        })
        .collect();
    w.create_input_layout(handle, &write_ilay(&elements));
}

fn draw_flat(w: &mut StreamWriter, flat: &Flat, batches: std::ops::Range<usize>) {
    let one = 1.0f32.to_bits();
    let blend = BlendState {
        enable: 1,
        src_factor: BlendFactor::SrcAlpha.to_u32(),
        dst_factor: BlendFactor::InvSrcAlpha.to_u32(),
        src_factor_alpha: BlendFactor::One.to_u32(),
        dst_factor_alpha: BlendFactor::InvSrcAlpha.to_u32(),
        color_write_mask: 0xf,
        blend_constant_rgba_f32: [one; 4],
        sample_mask: u32::MAX,
        ..Default::default()
    };
    w.bind_shaders(handle::FLAT_VS, handle::TEXTURED_PS)
        .set_input_layout(handle::FLAT_LAYOUT)
        .set_blend_state(blend)
        .set_depth_stencil_state(DepthStencilState {
            depth_func: CompareFunc::Always.to_u32(),
            ..Default::default()
        })
        .set_rasterizer_state(RasterizerState { cull_mode: CullMode::None.to_u32(), ..Default::default() })
        .set_primitive_topology(PrimitiveTopology::TriangleList)
        .set_vertex_buffers(0, &[vertex_buffer(handle::FLAT_VERTICES, 32)])
        .set_index_buffer(handle::FLAT_INDICES, IndexFormat::Uint16, 0)
        .set_constant_buffers(ShaderStage::Vertex, 0, &[constant_buffer(handle::FLAT_CONSTANTS)]);
    let before: u32 = flat.batches[..batches.start].iter().map(|b| b.2).sum();
    let mut first = before;
    for &(texture, sampler, quads) in &flat.batches[batches] {
        w.set_texture(ShaderStage::Pixel, 0, texture).set_samplers(ShaderStage::Pixel, 0, &[sampler]);
        w.draw_indexed(DrawIndexed {
            index_count: quads * 6,
            instance_count: 1,
            first_index: first * 6,
            ..Default::default()
        });
        first += quads;
    }
}

fn draw_solid(w: &mut StreamWriter, frame: u32) {
    let [left, top, right, bottom] = solid_window(frame);
    let indices = u32::from(TORUS.0) * u32::from(TORUS.1) * 6;
    let one = 1.0f32.to_bits();
    w.bind_shaders(handle::SOLID_VS, handle::SOLID_PS)
        .set_input_layout(handle::SOLID_LAYOUT)
        .set_blend_state(BlendState {
            src_factor: BlendFactor::One.to_u32(),
            src_factor_alpha: BlendFactor::One.to_u32(),
            color_write_mask: 0xf,
            blend_constant_rgba_f32: [one; 4],
            sample_mask: u32::MAX,
            ..Default::default()
        })
        .set_depth_stencil_state(DepthStencilState {
            depth_enable: 1,
            depth_write_enable: 1,
            depth_func: CompareFunc::Less.to_u32(),
            ..Default::default()
        })
        .set_rasterizer_state(RasterizerState {
            cull_mode: CullMode::Back.to_u32(),
            scissor_enable: 1,
            ..Default::default()
        })
        .set_viewport([left + 8.0, top + 30.0, right - left - 16.0, bottom - top - 38.0], [0.0, 1.0])
        .set_scissor(left as i32 + 8, top as i32 + 30, (right - left) as i32 - 16, (bottom - top) as i32 - 38)
        .set_vertex_buffers(0, &[vertex_buffer(handle::SOLID_VERTICES, 32)])
        .set_index_buffer(handle::SOLID_INDICES, IndexFormat::Uint16, 0)
        .set_constant_buffers(ShaderStage::Vertex, 0, &[constant_buffer(handle::SOLID_CONSTANTS)])
        .set_texture(ShaderStage::Pixel, 0, handle::WOOD)
        .set_samplers(ShaderStage::Pixel, 0, &[handle::TILED])
        .draw_indexed(DrawIndexed { index_count: indices, instance_count: 1, ..Default::default() })
        .set_viewport([0.0, 0.0, WIDTH as f32, HEIGHT as f32], [0.0, 1.0]);
}

fn vertex_buffer(buffer: u32, stride_bytes: u32) -> VertexBufferBinding {
    VertexBufferBinding { buffer, stride_bytes, ..Default::default() }
}

fn constant_buffer(buffer: u32) -> ConstantBufferBinding {
    ConstantBufferBinding { buffer, ..Default::default() }
}

/// Rows of the solid's transformation, then of its rotation.
fn solid_constants(frame: u32) -> [[f32; 4]; 7] {
    use aerogpu_dxbc::math::{cos, sin};
    let angle = 0.5 + frame as f32 * 0.35;
    let (s, c) = (sin(angle), cos(angle));
    let spin =
        Mat4::from_cols_array(&[c, 0.0, -s, 0.0, 0.0, 1.0, 0.0, 0.0, s, 0.0, c, 0.0, 0.0, 0.0, 0.0, 1.0]);
    let (s, c) = (sin(0.6), cos(0.6));
    let tilt =
        Mat4::from_cols_array(&[1.0, 0.0, 0.0, 0.0, 0.0, c, -s, 0.0, 0.0, s, c, 0.0, 0.0, 0.0, 0.0, 1.0]);
    let model = tilt * spin;
    // A lens of 45 degrees: near 1, far 10, depth 0 to 1, looking along +z.
    let (near, far, lens, aspect) = (1.0f32, 10.0f32, 2.2f32, 524.0 / 402.0);
    let depth = far / (far - near);
    let projection = Mat4::from_cols_array(&[
        lens / aspect,
        0.0,
        0.0,
        0.0,
        0.0,
        lens,
        0.0,
        0.0,
        0.0,
        0.0,
        depth,
        1.0,
        0.0,
        0.0,
        -near * depth,
        0.0,
    ]);
    let transform = projection * Mat4::from_translation(Vec3::new(0.0, 0.0, 4.2)) * model;
    let row = |m: &Mat4, i| m.row(i).to_array();
    [
        row(&transform, 0),
        row(&transform, 1),
        row(&transform, 2),
        row(&transform, 3),
        row(&model, 0),
        row(&model, 1),
        row(&model, 2),
    ]
}
