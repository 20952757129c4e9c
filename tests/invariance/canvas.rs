//! What scenes are made of: a target with a backdrop, shaders by their bodies, meshes in pixels.

use std::ops::{Deref, DerefMut};

use aerogpu_dxbc::sm3;
use aerogpu_protocol::packets::*;
use aerogpu_protocol::{Format, StreamWriter};

use crate::rig::{Vertex, buffer, layout, shader};

/// Neither is a multiple of a tile, a block or a quad.
pub const WIDTH: u32 = 131;
pub const HEIGHT: u32 = 67;

/// Handles that every canvas has; scenes take theirs from 1 to 99.
pub const TARGET: u32 = 100;
pub const DEPTH: u32 = 101;
pub const VS: u32 = 102;
pub const SMOOTH: u32 = 103;
const LAYOUT: u32 = 104;
const VERTICES: u32 = 105;
const INDICES: u32 = 106;

/// What is behind every scene: the backdrop has this colour at its right end.
pub const CLEAR: [f32; 4] = [0.2, 0.4, 0.6, 1.0];

/// Position and colour pass through.
const PASS_VS: &str = "
.input POSITION 0 v0.xyzw float
.input COLOR 0 v1.xyzw float
.output SV_Position 0 o0.xyzw float position
.output COLOR 0 o1.xyzw float
vs_5_0
dcl_input v0.xyzw
dcl_input v1.xyzw
dcl_output_siv o0.xyzw, position
dcl_output o1.xyzw
mov o0.xyzw, v0.xyzw
mov o1.xyzw, v1.xyzw
ret
";

/// A pixel that a scene must have.
pub struct Pixel {
    pub subresource: (u32, u32, u32),
    pub at: [u32; 2],
    pub bytes: Vec<u8>,
}

/// A stream under construction, and what is looked at afterwards.
pub struct Canvas {
    writer: StreamWriter,
    /// Handle, mip level and layer.
    pub textures: Vec<(u32, u32, u32)>,
    /// Handle and size.
    pub buffers: Vec<(u32, u64)>,
    pub pixels: Vec<Pixel>,
}

impl Deref for Canvas {
    type Target = StreamWriter;

    fn deref(&self) -> &StreamWriter {
        &self.writer
    }
}

impl DerefMut for Canvas {
    fn deref_mut(&mut self) -> &mut StreamWriter {
        &mut self.writer
    }
}

impl Canvas {
    /// A canvas that a scene was drawn on.
    pub fn of(build: fn(&mut Self)) -> Self {
        let mut canvas = Self {
            writer: StreamWriter::new(),
            textures: vec![(TARGET, 0, 0)],
            buffers: Vec::new(),
            pixels: Vec::new(),
        };
        canvas.begin();
        build(&mut canvas);
        canvas
    }

    fn begin(&mut self) {
        self.create_shader_dxbc(VS, ShaderStage::Vertex, &shader(PASS_VS));
        self.create_shader_dxbc(SMOOTH, ShaderStage::Pixel, &shader(&pixel("linear", "", "mov o0, v1")));
        self.create_input_layout(LAYOUT, &layout(&[("POSITION", 2, 0), ("COLOR", 2, 0)]));
        buffer(self, VERTICES, 1024 * 32);
        buffer(self, INDICES, 4096);
        self.target(TARGET, Format::R8G8B8A8Unorm, WIDTH, HEIGHT);
        self.create_simple_texture(
            DEPTH,
            Format::D24UnormS8Uint,
            WIDTH,
            HEIGHT,
            ResourceUsage::DEPTH_STENCIL,
        );
        self.set_render_targets(&[TARGET], DEPTH);
        self.clear(ClearFlags::COLOR | ClearFlags::DEPTH | ClearFlags::STENCIL, CLEAR, 1.0, 0);
        self.rasterizer(RasterizerState::default()).depth(DepthStencilState::default());
        self.backdrop();
    }

    /// The stream.
    pub fn stream(&self) -> Vec<u8> {
        self.writer.clone().finish()
    }

    /// A new colour target.
    pub fn target(&mut self, handle: u32, format: Format, width: u32, height: u32) {
        self.create_simple_texture(handle, format, width, height, ResourceUsage::RENDER_TARGET);
    }

    /// Draws to a target of its own, which is looked at afterwards.
    pub fn draw_to(&mut self, handle: u32, format: Format) {
        self.target(handle, format, WIDTH, HEIGHT);
        self.set_render_targets(&[handle], 0).clear(ClearFlags::COLOR, CLEAR, 1.0, 0);
        self.textures.push((handle, 0, 0));
        self.backdrop();
    }

    /// Many small triangles: work enough to be shared among threads. They leave the last column alone.
    pub fn backdrop(&mut self) {
        const COLUMNS: u32 = 16;
        const ROWS: u32 = 9;
        let corner = |i: u32| {
            let (x, y) = (i % (COLUMNS + 1), i / (COLUMNS + 1));
            let (s, t) = (x as f32 / COLUMNS as f32, y as f32 / ROWS as f32);
            at(s * (WIDTH - 1) as f32, t * HEIGHT as f32, 0.9, [s * 0.5, t, 0.5 - s * t * 0.5, 1.0])
        };
        let corners: Vec<Vertex> = (0..(COLUMNS + 1) * (ROWS + 1)).map(corner).collect();
        let cell = |i: u32| {
            let a = i / COLUMNS * (COLUMNS + 1) + i % COLUMNS;
            [a, a + 1, a + COLUMNS + 1, a + COLUMNS + 1, a + 1, a + COLUMNS + 2].map(|i| i as u16)
        };
        let indices: Vec<u16> = (0..COLUMNS * ROWS).flat_map(cell).collect();
        self.bind_shaders(VS, SMOOTH);
        self.indexed(PrimitiveTopology::TriangleList, &corners, &indices);
    }

    /// Uploads and binds vertices.
    pub fn vertices(&mut self, topology: PrimitiveTopology, vertices: &[Vertex]) {
        let floats: Vec<f32> = vertices.iter().flat_map(|(p, c)| p.iter().chain(c)).copied().collect();
        self.upload_resource(VERTICES, 0, bytemuck::cast_slice(&floats));
        let slot = VertexBufferBinding { buffer: VERTICES, stride_bytes: 32, ..Default::default() };
        self.set_input_layout(LAYOUT).set_vertex_buffers(0, &[slot]).set_primitive_topology(topology);
    }

    /// Draws vertices in order.
    pub fn mesh(&mut self, topology: PrimitiveTopology, vertices: &[Vertex]) {
        self.vertices(topology, vertices);
        self.instances(vertices.len() as u32, 1);
    }

    /// Draws what is bound.
    pub fn instances(&mut self, vertex_count: u32, instance_count: u32) {
        self.draw(Draw { vertex_count, instance_count, ..Default::default() });
    }

    /// Draws vertices by index.
    pub fn indexed(&mut self, topology: PrimitiveTopology, vertices: &[Vertex], indices: &[u16]) {
        self.vertices(topology, vertices);
        self.upload_resource(INDICES, 0, bytemuck::cast_slice(indices));
        self.set_index_buffer(INDICES, IndexFormat::Uint16, 0);
        let index_count = indices.len() as u32;
        self.draw_indexed(DrawIndexed { index_count, instance_count: 1, ..Default::default() });
    }

    /// A rectangle in pixels.
    pub fn rectangle(&mut self, edges: [f32; 4], z: f32, color: [f32; 4]) {
        self.mesh(PrimitiveTopology::TriangleStrip, &rectangle(edges, z, color));
    }

    /// Creates a pixel shader of this body and binds it. Position is `v0` and colour `v1`, linear.
    pub fn shade(&mut self, handle: u32, declarations: &str, body: &str) {
        self.shade_with(handle, &pixel("linear", declarations, body));
    }

    /// Creates a pixel shader and binds it.
    pub fn shade_with(&mut self, handle: u32, text: &str) {
        self.create_shader_dxbc(handle, ShaderStage::Pixel, &shader(text)).bind_shaders(VS, handle);
    }

    /// Binds shaders of Direct3D 9, so that its states count; the pixel shader has this body, its colour is `v0`.
    pub fn direct3d9(&mut self, handle: u32, declarations: &str, body: &str) {
        let vertex =
            "vs_3_0\ndcl_position v0\ndcl_color v1\ndcl_position o0\ndcl_color o1\nmov o0, v0\nmov o1, v1\n";
        let pixel = format!("ps_3_0\n{declarations}\ndcl_color v0\n{body}\n");
        for (handle, stage, text) in
            [(handle, ShaderStage::Vertex, vertex), (handle + 1, ShaderStage::Pixel, &pixel)]
        {
            let tokens = sm3::encode(&sm3::assemble(text).expect("assembles"));
            self.create_shader_dxbc(handle, stage, bytemuck::cast_slice(&tokens));
        }
        self.bind_shaders(handle, handle + 1);
    }

    /// Sets the rasterizer state, but for culling, which is off unless it is said.
    pub fn rasterizer(&mut self, state: RasterizerState) -> &mut Self {
        self.set_rasterizer_state(state);
        self
    }

    /// Sets the depth-stencil state.
    pub fn depth(&mut self, state: DepthStencilState) -> &mut Self {
        self.set_depth_stencil_state(state);
        self
    }

    /// Says which bytes a pixel of the canvas must have.
    pub fn expect(&mut self, at: [u32; 2], bytes: [u8; 4]) {
        self.expect_in((TARGET, 0, 0), at, &bytes);
    }

    /// Says which bytes a pixel must have.
    pub fn expect_in(&mut self, subresource: (u32, u32, u32), at: [u32; 2], bytes: &[u8]) {
        self.pixels.push(Pixel { subresource, at, bytes: bytes.to_vec() });
    }
}

/// A vertex at pixel coordinates of the canvas.
pub fn at(x: f32, y: f32, z: f32, color: [f32; 4]) -> Vertex {
    ([x / WIDTH as f32 * 2.0 - 1.0, 1.0 - y / HEIGHT as f32 * 2.0, z, 1.0], color)
}

/// A triangle strip over a rectangle: left, top, right, bottom.
pub fn rectangle([left, top, right, bottom]: [f32; 4], z: f32, color: [f32; 4]) -> [Vertex; 4] {
    [(left, top), (right, top), (left, bottom), (right, bottom)].map(|(x, y)| at(x, y, z, color))
}

/// Vertices of a zigzag across the canvas, each of another colour.
pub fn zigzag(count: u32) -> Vec<Vertex> {
    let vertex = |i: u32| {
        let s = i as f32 / (count - 1) as f32;
        let y = [8.0, 60.0, 20.0, 50.0][i as usize % 4];
        let color = [0, 1, 2].map(|shift| (i >> shift & 1) as f32);
        at(4.0 + s * 120.0, y, s, [color[0], color[1], color[2], 1.0])
    };
    (0..count).map(vertex).collect()
}

/// A pixel shader: how colour is interpolated, declarations, instructions between.
pub fn pixel(mode: &str, declarations: &str, body: &str) -> String {
    format!(
        ".input SV_Position 0 v0.xyzw float position
.input COLOR 0 v1.xyzw float
.output SV_Target 0 o0.xyzw float
ps_5_0
dcl_input_ps_siv linear noperspective v0.xyzw, position
dcl_input_ps {mode} v1.xyzw
dcl_output o0.xyzw
{declarations}
dcl_temps 6
{body}
ret
"
    )
}
