//! Draws as Direct3D 9 makes them: shaders before 4.0, declarations, states by number.

use aerogpu::executor::d3d9;
use aerogpu::state::d3d9::{render_state as rs, sampler_state as ss, write_mask_state};
use aerogpu_protocol::Format;
use aerogpu_protocol::packets::{Draw as DrawPacket, *};

use super::draw::{clip_space, w};
use super::emit::{Emitter, GeneratorError, Targets, Trash, noise};
use super::scene::{Draw9, Raster};
use super::shaders9::{self, Kind};
use super::tolerance::{Bound, Rule};

/// What every draw begins with; its own states come after.
const BASE: &[(u32, u32)] = &[
    (rs::ZENABLE, 0),
    (rs::FILLMODE, 3),
    (rs::SHADEMODE, 2),
    (rs::ZWRITEENABLE, 1),
    (rs::ALPHATESTENABLE, 0),
    (rs::CULLMODE, 1),
    (rs::ALPHABLENDENABLE, 0),
    (rs::FOGENABLE, 0),
    (rs::FOGTABLEMODE, 0),
    (rs::FOGVERTEXMODE, 0),
    (rs::STENCILENABLE, 0),
    (rs::STENCILMASK, 0xff),
    (rs::STENCILWRITEMASK, 0xff),
    (rs::POINTSIZE, 0x3f80_0000),
    (rs::POINTSPRITEENABLE, 0),
    (rs::POINTSCALEENABLE, 0),
    (rs::COLORWRITEENABLE, 15),
    (rs::COLORWRITEENABLE1, 15),
    (rs::COLORWRITEENABLE1 + 1, 15),
    (rs::SCISSORTESTENABLE, 0),
    (rs::SLOPESCALEDEPTHBIAS, 0),
    (rs::TWOSIDEDSTENCILMODE, 0),
    (rs::SEPARATEALPHABLENDENABLE, 0),
    (rs::SRGBWRITEENABLE, 0),
    (rs::DEPTHBIAS, 0),
];

/// The sampler that every draw begins with: wrapped points of the nearest mip level.
const SAMPLER: &[(u32, u32)] = &[
    (ss::ADDRESSU, 1),
    (ss::ADDRESSU + 1, 1),
    (ss::ADDRESSU + 2, 1),
    (ss::MAGFILTER, 1),
    (ss::MINFILTER, 1),
    (ss::MIPFILTER, 1),
    (ss::MIPMAPLODBIAS, 0),
    (ss::MAXMIPLEVEL, 0),
    (ss::SRGBTEXTURE, 0),
];

/// Bytes of a vertex element by `D3DDECLTYPE`.
const DECLARED_BYTES: [usize; 17] = [4, 8, 12, 16, 4, 4, 4, 8, 4, 4, 8, 4, 8, 4, 4, 4, 8];

impl Emitter {
    pub(super) fn draw9(&mut self, draw: &Draw9) -> Result<(), GeneratorError> {
        let Some(targets) = self.outputs(&draw.outputs) else { return Ok(()) };
        let shaders = shaders9::shaders(draw, targets.colors.len())?;
        if shaders.kinds[1] == Kind::Depth {
            self.writer.set_render_targets(&targets.handles, 0);
        }
        self.shaders9(&shaders.vertex, &shaders.pixel);
        self.place(&draw.raster, targets.size);
        self.states9(BASE);
        let states: Vec<(u32, u32)> = draw.states.iter().flatten().copied().collect();
        self.states9(&states);
        if shaders.kinds[1] != Kind::Exact {
            // What errs may be on either side of the test.
            self.states9(&[(rs::ALPHATESTENABLE, 0)]);
        }
        self.constants9(draw);
        let source = self.source9(draw, &targets);
        self.vertices9(draw, targets.size);
        self.writer.set_primitive_topology(draw.topology);
        self.issue9(draw);
        let shaded = self.shaded9(shaders.kinds, source);
        self.note9(&targets, &shaded);
        Ok(())
    }

    /// Makes and binds the shaders.
    fn shaders9(&mut self, vertex: &[u8], pixel: &[u8]) {
        let [vs, ps] = [self.fresh(), self.fresh()];
        self.trash.extend([Trash::Shader(vs), Trash::Shader(ps)]);
        self.writer.create_shader_dxbc(vs, ShaderStage::Vertex, vertex);
        self.writer.create_shader_dxbc(ps, ShaderStage::Pixel, pixel);
        self.writer.bind_shaders(vs, ps);
    }

    fn states9(&mut self, states: &[(u32, u32)]) {
        for &(state, value) in states {
            self.writer.set_render_state(state, value);
            self.render_states().set(state, value);
        }
    }

    fn constants9(&mut self, draw: &Draw9) {
        let bytes = noise(draw.seed ^ 0x9999, 16);
        let mut registers = [[0.0; 4]; 11];
        for (register, bytes) in registers[2..].iter_mut().zip(bytes.chunks(4)) {
            *register = std::array::from_fn(|c| f32::from(bytes[c] as i8 / 4) / 16.0);
        }
        // A quarter of the way into each of 16 pieces: no power of two up to 64 has an edge between texels there.
        let quarter = |byte: u8| f32::from(byte % 16) / 16.0 + 0.015_625;
        registers[6] = [quarter(bytes[0]), quarter(bytes[5]), 0.0, 1.0];
        registers[7] = [f32::from(bytes[7] % 9) / 8.0, 0.25, 0.5, 1.0];
        registers[8] = [0.5, 0.75, 0.25, 1.0];
        registers[9] = [0.25, 0.5, 0.125, 1.0];
        registers[10] = [0.0625, 0.015_625, f32::from(bytes[3] % 16), 0.0];
        for stage in [ShaderStage::Vertex, ShaderStage::Pixel] {
            self.writer.set_shader_constants_f(stage, 0, &registers);
            self.writer.set_shader_constants_i(stage, 0, &[[3, 1, 1, 0]]);
            self.writer.set_shader_constants_b(stage, 0, &[true]);
        }
    }

    /// Binds the texture of stage 0, and one of a single texel to the others.
    fn source9(&mut self, draw: &Draw9, targets: &Targets) -> Bound {
        for stage in [ShaderStage::Vertex, ShaderStage::Pixel] {
            for &(state, value) in SAMPLER.iter().chain(&draw.samplers) {
                self.writer.set_sampler_state(stage, 0, state, value);
            }
        }
        let set = |state: u32| draw.samplers.iter().rev().find(|(s, _)| *s == state).map_or(0, |(_, v)| *v);
        let linear = [ss::MAGFILTER, ss::MINFILTER, ss::MIPFILTER].into_iter().any(|state| set(state) > 1);
        const STAGES: [ShaderStage; 2] = [ShaderStage::Vertex, ShaderStage::Pixel];
        // What is drawn to is not read: Direct3D 9 does not say what becomes of it.
        let index = usize::from(draw.source.texture) % self.surfaces.len();
        let drawn =
            self.surfaces[index].format.is_depth() || targets.colors.iter().any(|target| target.0 == index);
        let view = (!drawn && !draw.source.absent).then(|| self.bind_source(&draw.source, &STAGES));
        if view.is_none() {
            for stage in STAGES {
                self.writer.set_texture(stage, 0, 0);
            }
        }
        let (mut bound, format) = view.unwrap_or((Bound::EXACT, Format::R8G8B8A8Unorm));
        if set(ss::SRGBTEXTURE) != 0 && !format.is_srgb() {
            bound = bound.decoded().and(Rule::UnormRounding, 1.0);
        }
        if linear {
            bound = bound.and(Rule::LinearFilter, 3.0);
        }
        let texel = self.fresh();
        self.trash.push(Trash::Buffer(texel));
        self.writer.create_simple_texture(texel, Format::R8G8B8A8Unorm, 1, 1, ResourceUsage::TEXTURE);
        self.writer.upload_resource(texel, 0, &noise(draw.seed, 4));
        for slot in 1..4 {
            self.writer.set_texture(ShaderStage::Pixel, slot, texel);
        }
        bound
    }

    fn vertices9(&mut self, draw: &Draw9, size: [u32; 2]) {
        let scale = w(draw.w);
        let [_, _, width, height] = super::draw::viewport(&draw.raster, size);
        let (positions, clipped) =
            clip_space(&draw.positions, [width, height], f32::from(draw.depth) / 16.0, scale);
        if clipped {
            self.script.facts.insert("clipped");
        }
        let kind = usize::from(draw.declaration) % DECLARED_BYTES.len();
        let stride = DECLARED_BYTES[kind];
        let colors = match kind {
            // Floats between 0 and 1, and halves of the same kind.
            0..=3 => noise(draw.seed, stride * draw.positions.len())
                .chunks(4)
                .flat_map(|b| (f32::from(b[0]) / 256.0).to_le_bytes())
                .collect(),
            15..=16 => noise(draw.seed, stride * draw.positions.len())
                .chunks(2)
                .flat_map(|b| (0x2c00 + (u16::from_le_bytes([b[0], b[1]]) & 0xfff)).to_le_bytes())
                .collect(),
            _ => noise(draw.seed, stride * draw.positions.len()),
        };
        let positions = self.upload(ResourceUsage::VERTEX_BUFFER, &positions);
        let colors = self.upload(ResourceUsage::VERTEX_BUFFER, &colors);
        let slot = |buffer, stride_bytes| VertexBufferBinding { buffer, stride_bytes, ..Default::default() };
        self.writer.set_vertex_buffers(0, &[slot(positions, 16), slot(colors, stride as u32)]);
        let layout = self.fresh();
        self.trash.push(Trash::Layout(layout));
        self.writer.create_input_layout(layout, &declaration(kind as u8, draw.transformed));
        self.writer.set_input_layout(layout);
    }

    fn issue9(&mut self, draw: &Draw9) {
        let count = draw.positions.len() as u32;
        if !draw.indexed {
            self.writer.draw(DrawPacket { vertex_count: count, instance_count: 1, ..Default::default() });
            return;
        }
        let bytes: Vec<u8> = (0..count).rev().flat_map(|i| (i as u16).to_le_bytes()).collect();
        let buffer = self.upload(ResourceUsage::INDEX_BUFFER, &bytes);
        self.writer.set_index_buffer(buffer, IndexFormat::Uint16, 0);
        self.writer.draw_indexed(DrawIndexed { index_count: count, instance_count: 1, ..Default::default() });
    }

    /// How far the shaders' colours may differ, with what the states add to them.
    fn shaded9(&mut self, [vertex, pixel]: [Kind; 2], source: Bound) -> Bound {
        let of = |kind: Kind| match kind {
            Kind::Exact | Kind::Depth | Kind::Color | Kind::Uniform => {
                Bound::EXACT.and(Rule::UnormRounding, 1.0)
            }
            Kind::Rounded => Bound::EXACT.and(Rule::Arithmetic, 1.0),
            Kind::Texel => source.clone().and(Rule::UnormRounding, 1.0),
        };
        let bound = match pixel {
            Kind::Color => of(vertex).and(Rule::Interpolation, 2.0),
            kind => of(kind),
        };
        // A factor from an exponential or a quotient, between the colour and the fog's.
        if self.render_states().is_on(rs::FOGENABLE) { bound.and(Rule::Arithmetic, 2.0) } else { bound }
    }

    fn note9(&mut self, targets: &Targets, shaded: &Bound) {
        let states = self.render_states();
        let srgb = states.is_on(rs::SRGBWRITEENABLE);
        let equations = d3d9::blend(states, 1).targets[0].blend;
        self.note(targets, shaded, equations, 1, srgb);
    }

    /// Draws the stencil bits of a texture into the channels of two layers: nothing else reads them.
    pub(super) fn show_stencil(&mut self, depth: u32, size: [u32; 2]) -> Result<u32, GeneratorError> {
        let shown = self.fresh();
        self.writer.create_texture2d(CreateTexture2d {
            texture_handle: shown,
            usage_flags: (ResourceUsage::TEXTURE | ResourceUsage::RENDER_TARGET).bits(),
            format: Format::R8G8B8A8Unorm.to_u32(),
            width: size[0],
            height: size[1],
            mip_levels: 1,
            array_layers: 2,
            ..Default::default()
        });
        let (vertex, pixel) = shaders9::fill()?;
        self.shaders9(&vertex, &pixel);
        self.place(&Raster::default(), size);
        let corners: [[f32; 4]; 3] = [[-1.0, 1.0, 0.5, 1.0], [3.0, 1.0, 0.5, 1.0], [-1.0, -3.0, 0.5, 1.0]];
        let bytes: Vec<u8> = corners.as_flattened().iter().flat_map(|v| v.to_le_bytes()).collect();
        let buffer = self.upload(ResourceUsage::VERTEX_BUFFER, &bytes);
        self.writer
            .set_vertex_buffers(0, &[VertexBufferBinding { buffer, stride_bytes: 16, ..Default::default() }]);
        let layout = self.fresh();
        self.trash.push(Trash::Layout(layout));
        self.writer.create_input_layout(layout, &declaration(3, false));
        self.writer.set_input_layout(layout);
        self.writer.set_primitive_topology(PrimitiveTopology::TriangleList);
        self.states9(BASE);
        const EQUAL: u32 = 3;
        const KEEP: u32 = 1;
        self.states9(&[(rs::STENCILENABLE, 1), (rs::STENCILFUNC, EQUAL), (rs::STENCILREF, 0xff)]);
        self.states9(&[(rs::STENCILFAIL, KEEP), (rs::STENCILZFAIL, KEEP), (rs::STENCILPASS, KEEP)]);
        for bit in 0..8 {
            let (layer, channel) = (bit / 4, bit % 4);
            let view = self.fresh();
            self.trash.push(Trash::View(view));
            self.writer.create_texture_view(CreateTextureView {
                view_handle: view,
                texture_handle: shown,
                format: Format::R8G8B8A8Unorm.to_u32(),
                mip_level_count: 1,
                base_array_layer: layer,
                array_layer_count: 1,
                ..Default::default()
            });
            self.writer.set_render_targets(&[view], depth);
            self.states9(&[(rs::STENCILMASK, 1 << bit), (write_mask_state(0), 1 << channel)]);
            self.writer.draw(DrawPacket { vertex_count: 3, instance_count: 1, ..Default::default() });
        }
        Ok(shown)
    }
}

/// Four floats of a position in stream 0, a colour of this type in stream 1.
fn declaration(kind: u8, transformed: bool) -> Vec<u8> {
    const FLOAT4: u8 = 3;
    const POSITION: u8 = 0;
    const POSITIONT: u8 = 9;
    const COLOR: u8 = 10;
    let position = if transformed { POSITIONT } else { POSITION };
    let element = |stream, kind, usage| [stream, 0, 0, 0, kind, 0, usage, 0];
    let end = [0xff, 0, 0, 0, 17, 0, 0, 0];
    [element(0, FLOAT4, position), element(1, kind, COLOR), end].concat()
}
