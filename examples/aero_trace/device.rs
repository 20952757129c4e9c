//! What the programs share: handles, the objects behind them, and how a picture is drawn.

use aerogpu_dxbc::sm3;
use aerogpu_protocol::packets::*;
use aerogpu_protocol::{Format, StreamWriter};

use super::font::{self, Font};
use super::picture::{self, Brush, Picture, Vertex};
use super::shaders;

pub const SCREEN: [u32; 2] = [1280, 720];
/// Where what lies behind glass is blurred, at a quarter of the size.
pub const BLURRED: [u32; 2] = [320, 180];
/// Client areas of the applications.
pub const BALLS_SIZE: [u32; 2] = [560, 360];
pub const NOTES_SIZE: [u32; 2] = [392, 292];

/// Handles of everything that exists.
pub mod handle {
    pub const SCREEN: u32 = 1;
    pub const WALLPAPER: u32 = 2;
    pub const BLURRED: [u32; 2] = [3, 4];
    pub const BALLS: u32 = 5;
    pub const BALLS_DEPTH: u32 = 6;
    pub const NOTES: u32 = 7;
    /// The compositor's names for the applications' surfaces.
    pub const SHARED: [u32; 2] = [8, 9];
    pub const FONT: u32 = 10;
    pub const CURSOR: u32 = 11;
    pub const TILES: u32 = 12;
    pub const FLAT_VERTICES: u32 = 20;
    pub const FLAT_INDICES: u32 = 21;
    pub const BLIT_VERTICES: u32 = 22;
    pub const BALL_VERTICES: u32 = 23;
    pub const BALL_INDICES: u32 = 24;
    pub const FLOOR_VERTICES: u32 = 25;
    pub const LIGHTS: u32 = 26;
    pub const FLAT_VS: u32 = 30;
    pub const SHAPE_PS: u32 = 31;
    pub const GLASS_PS: u32 = 32;
    pub const PICTURE_PS: u32 = 33;
    pub const TAPS_VS: u32 = 34;
    pub const TAPS_PS: u32 = 35;
    pub const WALLPAPER_PS: u32 = 36;
    pub const SPRITE_VS: u32 = 37;
    pub const SPRITE_PS: u32 = 38;
    pub const BALL_VS: u32 = 39;
    pub const BALL_PS: u32 = 40;
    pub const FLOOR_VS: u32 = 41;
    pub const FLOOR_PS: u32 = 42;
    pub const PLAIN_PS: u32 = 43;
    pub const FLAT_LAYOUT: u32 = 50;
    pub const BLIT_LAYOUT: u32 = 51;
    pub const BALL_LAYOUT: u32 = 52;
    pub const FLOOR_LAYOUT: u32 = 53;
    pub const SPRITE_LAYOUT: u32 = 54;
}

/// Names under which the applications share their surfaces.
pub const TOKENS: [u64; 2] = [0xba11_5000_0000_0001, 0x0071_e500_0000_0002];

/// Direct3D 9's numbers.
pub mod d3d {
    pub use aerogpu::state::d3d9::{render_state as rs, sampler_state as ss};

    pub const ZERO: u32 = 1;
    pub const ONE: u32 = 2;
    pub const SRCALPHA: u32 = 5;
    pub const INVSRCALPHA: u32 = 6;
    pub const LINEAR: u32 = 2;
    pub const ANISOTROPIC: u32 = 3;
    pub const WRAP: u32 = 1;
    pub const CLAMP: u32 = 3;
    pub const CULL_NONE: u32 = 1;
    pub const CULL_CW: u32 = 2;
    pub const CULL_CCW: u32 = 3;
}

const MAX_QUADS: usize = 1024;
pub const BALL_MESH: (u16, u16) = (28, 18);

/// Everything but the contents that change, in the compositor's first submission.
pub fn create(w: &mut StreamWriter, font: &Font) {
    let target = ResourceUsage::RENDER_TARGET | ResourceUsage::TEXTURE;
    for (handle, [width, height]) in [
        (handle::SCREEN, SCREEN),
        (handle::WALLPAPER, SCREEN),
        (handle::BLURRED[0], BLURRED),
        (handle::BLURRED[1], BLURRED),
        (handle::BALLS, BALLS_SIZE),
        (handle::NOTES, NOTES_SIZE),
    ] {
        w.create_simple_texture(handle, Format::B8G8R8X8Unorm, width, height, target);
    }
    let [width, height] = BALLS_SIZE;
    w.create_simple_texture(
        handle::BALLS_DEPTH,
        Format::D24UnormS8Uint,
        width,
        height,
        ResourceUsage::DEPTH_STENCIL,
    );
    for ((surface, alias), token) in
        [handle::BALLS, handle::NOTES].into_iter().zip(handle::SHARED).zip(TOKENS)
    {
        w.export_shared_surface(surface, token).import_shared_surface(alias, token);
    }
    texture(w, handle::FONT, Format::Bc2RgbaUnorm, font::ATLAS, 1, &font.blocks());
    texture(w, handle::CURSOR, Format::B8G8R8A8Unorm, picture::CURSOR, 1, &picture::cursor());
    texture(w, handle::TILES, Format::B8G8R8X8Unorm, [32; 2], 6, &picture::tiles(32));
    buffers(w);
    for (handle, stage, text) in [
        (handle::FLAT_VS, ShaderStage::Vertex, shaders::FLAT_VS),
        (handle::SHAPE_PS, ShaderStage::Pixel, shaders::SHAPE_PS),
        (handle::GLASS_PS, ShaderStage::Pixel, shaders::GLASS_PS),
        (handle::PICTURE_PS, ShaderStage::Pixel, shaders::PICTURE_PS),
        (handle::TAPS_VS, ShaderStage::Vertex, shaders::TAPS_VS),
        (handle::TAPS_PS, ShaderStage::Pixel, shaders::TAPS_PS),
        (handle::WALLPAPER_PS, ShaderStage::Pixel, shaders::WALLPAPER_PS),
        (handle::SPRITE_VS, ShaderStage::Vertex, shaders::SPRITE_VS),
        (handle::SPRITE_PS, ShaderStage::Pixel, shaders::SPRITE_PS),
        (handle::BALL_VS, ShaderStage::Vertex, shaders::BALL_VS),
        (handle::BALL_PS, ShaderStage::Pixel, shaders::BALL_PS),
        (handle::FLOOR_VS, ShaderStage::Vertex, shaders::FLOOR_VS),
        (handle::FLOOR_PS, ShaderStage::Pixel, shaders::FLOOR_PS),
        (handle::PLAIN_PS, ShaderStage::Pixel, shaders::PLAIN_PS),
    ] {
        let program = sm3::assemble(text).unwrap_or_else(|error| panic!("{error} of\n{text}"));
        w.create_shader_dxbc(handle, stage, bytemuck::cast_slice(&sm3::encode(&program)));
    }
    layouts(w);
}

fn buffers(w: &mut StreamWriter) {
    let (ball, triangles) = picture::ball(BALL_MESH.0, BALL_MESH.1);
    buffer(w, handle::BALL_VERTICES, bytemuck::cast_slice(&ball));
    buffer(w, handle::BALL_INDICES, bytemuck::cast_slice(&triangles));
    let quads: Vec<u16> = (0..MAX_QUADS as u16).flat_map(|q| [0, 1, 2, 2, 1, 3].map(|i| 4 * q + i)).collect();
    buffer(w, handle::FLAT_INDICES, bytemuck::cast_slice(&quads));
    let size_bytes = (MAX_QUADS * 4 * size_of::<Vertex>()) as u64;
    w.create_buffer(CreateBuffer { buffer_handle: handle::FLAT_VERTICES, size_bytes, ..Default::default() });
    #[rustfmt::skip]
    let whole: [[f32; 6]; 4] = [
        [-1.0, 1.0, 0.0, 1.0, 0.0, 0.0], [1.0, 1.0, 0.0, 1.0, 1.0, 0.0],
        [-1.0, -1.0, 0.0, 1.0, 0.0, 1.0], [1.0, -1.0, 0.0, 1.0, 1.0, 1.0],
    ];
    buffer(w, handle::BLIT_VERTICES, bytemuck::cast_slice(&whole));
    let floor: [[f32; 3]; 4] = [[-24.0, 0.0, 40.0], [24.0, 0.0, 40.0], [-24.0, 0.0, -4.0], [24.0, 0.0, -4.0]];
    buffer(w, handle::FLOOR_VERTICES, bytemuck::cast_slice(&floor));
}

fn layouts(w: &mut StreamWriter) {
    const FLOAT1: u8 = 0;
    const FLOAT2: u8 = 1;
    const FLOAT3: u8 = 2;
    const FLOAT4: u8 = 3;
    const D3DCOLOR: u8 = 4;
    const SHORT2: u8 = 6;
    const SHORT4: u8 = 7;
    const SHORT4N: u8 = 10;
    const POSITION: (u8, u8) = (0, 0);
    const PSIZE: (u8, u8) = (4, 0);
    const TEXCOORD: (u8, u8) = (5, 0);
    const TEXCOORD1: (u8, u8) = (5, 1);
    const COLOR: (u8, u8) = (10, 0);
    let flat = [(0, SHORT2, POSITION), (4, SHORT2, TEXCOORD), (8, SHORT4, TEXCOORD1), (16, D3DCOLOR, COLOR)];
    layout(w, handle::FLAT_LAYOUT, &flat);
    layout(w, handle::BLIT_LAYOUT, &[(0, FLOAT4, POSITION), (16, FLOAT2, TEXCOORD)]);
    layout(w, handle::BALL_LAYOUT, &[(0, SHORT4N, POSITION)]);
    layout(w, handle::FLOOR_LAYOUT, &[(0, FLOAT3, POSITION)]);
    layout(w, handle::SPRITE_LAYOUT, &[(0, SHORT2, POSITION), (4, FLOAT1, PSIZE), (8, D3DCOLOR, COLOR)]);
}

/// A declaration of elements of stream 0: offset, type, usage and index.
fn layout(w: &mut StreamWriter, handle: u32, elements: &[(u16, u8, (u8, u8))]) {
    let element = |&(offset, kind, (usage, index)): &(u16, u8, (u8, u8))| {
        let [low, high] = offset.to_le_bytes();
        [0, 0, low, high, kind, 0, usage, index]
    };
    let blob: Vec<u8> = elements.iter().flat_map(element).chain([0xff, 0, 0, 0, 17, 0, 0, 0]).collect();
    w.create_input_layout(handle, &blob);
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

pub fn buffer(w: &mut StreamWriter, handle: u32, data: &[u8]) {
    let size_bytes = data.len() as u64;
    w.create_buffer(CreateBuffer { buffer_handle: handle, size_bytes, ..Default::default() });
    w.upload_resource(handle, 0, data);
}

/// Binds targets, and their whole as the viewport.
pub fn target(w: &mut StreamWriter, handle: u32, depth: u32, [width, height]: [u32; 2]) {
    w.set_render_targets(&[handle], depth).set_viewport([0.0, 0.0, width as f32, height as f32], [0.0, 1.0]);
}

/// A sampler of the pixel shader: its filter, linear at most but for minification, and what lies outside.
pub fn sampler(w: &mut StreamWriter, slot: u32, texture: u32, filter: u32, address: u32) {
    use d3d::ss;
    w.set_texture(ShaderStage::Pixel, slot, texture);
    for (state, value) in [
        (ss::ADDRESSU, address),
        (ss::ADDRESSU + 1, address),
        (ss::MAGFILTER, filter.min(d3d::LINEAR)),
        (ss::MINFILTER, filter),
        (ss::MIPFILTER, filter.min(d3d::LINEAR)),
        (ss::MAXANISOTROPY, 8),
    ] {
        w.set_sampler_state(ShaderStage::Pixel, slot, state, value);
    }
}

pub fn states(w: &mut StreamWriter, states: &[(u32, u32)]) {
    for &(state, value) in states {
        w.set_render_state(state, value);
    }
}

/// Blends by source factor and destination factor.
pub fn blend(w: &mut StreamWriter, source: u32, destination: u32) {
    use d3d::rs;
    let on = (source, destination) != (d3d::ONE, d3d::ZERO);
    states(w, &[(rs::ALPHABLENDENABLE, on.into()), (rs::SRCBLEND, source), (rs::DESTBLEND, destination)]);
}

pub fn vertex_buffer(w: &mut StreamWriter, buffer: u32, stride_bytes: u32) {
    w.set_vertex_buffers(0, &[VertexBufferBinding { buffer, stride_bytes, ..Default::default() }]);
}

pub fn draw(w: &mut StreamWriter, topology: PrimitiveTopology, vertex_count: u32) {
    w.set_primitive_topology(topology).draw(Draw { vertex_count, instance_count: 1, ..Default::default() });
}

/// Factors that take eighths of a pixel of a target to clip space and to coordinates of the screen.
pub fn flat_constants([width, height]: [u32; 2]) -> [[f32; 4]; 2] {
    let [x, y] = [width, height].map(|n| 1.0 / (8.0 * n as f32));
    [[2.0 * x, -2.0 * y, -1.0, 1.0], [x, y, 0.0, 0.0]]
}

/// Draws a picture to the target that is bound. Vertices go to the place of the last picture's: what is drawn has them already.
pub fn draw_picture(w: &mut StreamWriter, picture: &Picture, size: [u32; 2]) {
    assert!(picture.vertices.len() <= MAX_QUADS * 4, "{} vertices are too many", picture.vertices.len());
    w.upload_resource(handle::FLAT_VERTICES, 0, bytemuck::cast_slice(&picture.vertices));
    w.set_input_layout(handle::FLAT_LAYOUT)
        .set_index_buffer(handle::FLAT_INDICES, IndexFormat::Uint16, 0)
        .set_shader_constants_f(ShaderStage::Vertex, 0, &flat_constants(size))
        .set_primitive_topology(PrimitiveTopology::TriangleList);
    vertex_buffer(w, handle::FLAT_VERTICES, size_of::<Vertex>() as u32);
    states(w, &[(d3d::rs::CULLMODE, d3d::CULL_NONE), (d3d::rs::ZENABLE, 0)]);
    for &(brush, first, quads) in &picture.batches {
        bind_brush(w, brush);
        let (first_index, index_count) = (first * 6, quads * 6);
        w.draw_indexed(DrawIndexed { index_count, instance_count: 1, first_index, ..Default::default() });
    }
}

fn bind_brush(w: &mut StreamWriter, brush: Brush) {
    let shader = match brush {
        Brush::Shape | Brush::Light => handle::SHAPE_PS,
        Brush::Glass => handle::GLASS_PS,
        Brush::Texture { .. } => handle::PICTURE_PS,
    };
    w.bind_shaders(handle::FLAT_VS, shader);
    match brush {
        Brush::Shape => {}
        Brush::Light => return blend(w, d3d::SRCALPHA, d3d::ONE),
        Brush::Glass => sampler(w, 0, handle::BLURRED[0], d3d::LINEAR, d3d::CLAMP),
        Brush::Texture { handle, size: [width, height] } => {
            sampler(w, 0, handle, d3d::LINEAR, d3d::CLAMP);
            let texel = [1.0 / width as f32, 1.0 / height as f32, 0.0, 0.0];
            w.set_shader_constants_f(ShaderStage::Pixel, 0, &[texel]);
        }
    }
    blend(w, d3d::SRCALPHA, d3d::INVSRCALPHA);
}
