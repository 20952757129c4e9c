//! Draws and dispatches of scenes, with everything that they need, and how exact their results are.

use aerogpu::executor::translate;
use aerogpu_protocol::Format;
use aerogpu_protocol::input_layout::{semantic_name_hash, write_ilay};
use aerogpu_protocol::packets::{Draw as DrawPacket, *};

use super::emit::{Emitter, GeneratorError, Targets, Trash, noise, twin};
use super::scene::{Blend, Dispatch, Draw, Pixel, Raster, Source, Vertex};
use super::tolerance::{Bound, Equations, Rule};
use super::{shaders, stages, table};

/// DXGI formats of colours: number, bytes, and how their bytes are made up.
const COLORS: [(u32, usize, Filling); 39] = [
    (28, 4, Filling::Bytes),
    (87, 4, Filling::Bytes),
    (2, 16, Filling::Floats),
    (30, 4, Filling::Bytes),
    (3, 16, Filling::Bytes),
    (12, 8, Filling::Bytes),
    (10, 8, Filling::Halves),
    (6, 12, Filling::Floats),
    (16, 8, Filling::Floats),
    (41, 4, Filling::Floats),
    (31, 4, Filling::Bytes),
    (11, 8, Filling::Bytes),
    (24, 4, Filling::Bytes),
    (35, 4, Filling::Bytes),
    (4, 16, Filling::Bytes),
    (7, 12, Filling::Bytes),
    (8, 12, Filling::Bytes),
    (13, 8, Filling::Bytes),
    (14, 8, Filling::Bytes),
    (17, 8, Filling::Bytes),
    (18, 8, Filling::Bytes),
    (29, 4, Filling::Bytes),
    (32, 4, Filling::Bytes),
    (34, 4, Filling::Halves),
    (36, 4, Filling::Bytes),
    (37, 4, Filling::Bytes),
    (38, 4, Filling::Bytes),
    (42, 4, Filling::Bytes),
    (43, 4, Filling::Bytes),
    (49, 2, Filling::Bytes),
    (50, 2, Filling::Bytes),
    (51, 2, Filling::Bytes),
    (52, 2, Filling::Bytes),
    (54, 2, Filling::Halves),
    (56, 2, Filling::Bytes),
    (57, 2, Filling::Bytes),
    (58, 2, Filling::Bytes),
    (59, 2, Filling::Bytes),
    (91, 4, Filling::Bytes),
];
/// Those that reach a shader with the same bits everywhere: no division rounds on the way.
const EXACT_COLORS: [usize; 5] = [2, 3, 4, 5, 6];
/// Those whose colours are codes of 8-bit targets.
const CODES: usize = 2;

#[derive(Clone, Copy)]
enum Filling {
    Bytes,
    /// Of 0 to 1.
    Floats,
    Halves,
}

impl Emitter {
    pub(super) fn draw(&mut self, draw: &Draw) -> Result<(), GeneratorError> {
        let vertex = shaders::vertex(draw.vertex)?;
        let Some(targets) = self.outputs(&draw.outputs) else { return Ok(()) };
        let pixel = shaders::pixel(draw.pixel, targets.colors.len())?;
        let [vs, ps, layout] = [self.fresh(), self.fresh(), self.fresh()];
        self.trash.extend([Trash::Shader(vs), Trash::Shader(ps), Trash::Layout(layout)]);
        self.writer.create_shader_dxbc(vs, ShaderStage::Vertex, &vertex);
        self.writer.create_shader_dxbc(ps, ShaderStage::Pixel, &pixel);
        self.writer.bind_shaders(vs, ps);
        if let Some(stages) = draw.stages {
            self.stages(stages, draw.topology, ShaderBindings { vs, ps, ..Default::default() })?;
        }
        let color = color_format(draw);
        self.writer.create_input_layout(layout, &input_layout(COLORS[color].0, draw));
        self.writer.set_input_layout(layout);
        self.raster(&draw.raster, targets.size);
        let equations = self.output_merger(draw);
        let size = viewport(&draw.raster, targets.size);
        self.constants(draw, size[2]);
        let source = self.source(draw);
        self.vertices(draw, color, [size[2], size[3]]);
        self.writer.set_primitive_topology(draw.topology);
        self.issue(draw);
        let layers = draw.positions.len() * usize::from(draw.instances);
        self.note(&targets, &shader_bound(draw, color, source), equations, layers, false);
        Ok(())
    }

    /// Geometry, hull and domain shaders; no adapter has them through WebGPU.
    fn stages(
        &mut self,
        seed: u8,
        topology: PrimitiveTopology,
        mut bound: ShaderBindings,
    ) -> Result<(), GeneratorError> {
        for (stage, code) in stages::shaders(seed, topology)? {
            let handle = self.fresh();
            self.trash.push(Trash::Shader(handle));
            self.writer.create_shader_dxbc(handle, stage, &code);
            match stage {
                ShaderStage::Hull => bound.hs = handle,
                ShaderStage::Domain => bound.ds = handle,
                _ => bound.gs = handle,
            }
        }
        self.writer.bind_all_shaders(bound);
        Ok(())
    }

    fn raster(&mut self, raster: &Raster, size: [u32; 2]) {
        let flags = if raster.clamp { RasterizerFlags::DEPTH_CLIP_DISABLE.bits() } else { 0 };
        let state = RasterizerState {
            fill_mode: raster.fill.to_u32(),
            cull_mode: raster.cull.to_u32(),
            front_ccw: raster.ccw.into(),
            scissor_enable: raster.scissor.is_some().into(),
            depth_bias: raster.bias.into(),
            flags,
        };
        self.writer.set_rasterizer_state(state);
        self.render_states().adopt_rasterizer(&state);
        self.place(raster, size);
    }

    /// Sets the scissor rectangle and the viewport.
    pub(super) fn place(&mut self, raster: &Raster, size: [u32; 2]) {
        if let Some([left, top, right, bottom]) = raster.scissor {
            let cut = |a: u8, b: u8, size: u32| {
                let (a, b) = (u32::from(a) % size, u32::from(b) % size);
                (a.min(b) as i32, (a.max(b) - a.min(b) + 1) as i32)
            };
            let ((x, width), (y, height)) = (cut(left, right, size[0]), cut(top, bottom, size[1]));
            self.writer.set_scissor(x, y, width, height);
        }
        let [x, y, width, height] = viewport(raster, size).map(|v| v as f32);
        let [a, b] = raster.range.map(|v| f32::from(v % 17) / 16.0);
        let range = if a < b { [a, b] } else { [b, a] };
        self.writer.set_viewport([x, y, width, height], range);
    }

    /// Sets blend, depth and stencil state; how colours are blended.
    fn output_merger(&mut self, draw: &Draw) -> Option<Equations> {
        let mut state = BlendState {
            color_write_mask: draw.write_mask & 15,
            sample_mask: u32::MAX,
            src_factor: BlendFactor::One.to_u32(),
            src_factor_alpha: BlendFactor::One.to_u32(),
            ..Default::default()
        };
        if let Some(Blend { factors, ops, constant }) = draw.blend {
            let [src, dst, src_alpha, dst_alpha] = factors.map(BlendFactor::to_u32);
            let [r, g, b, a] = constant.map(|code| (f32::from(code) / 255.0).to_bits());
            state = BlendState {
                enable: 1,
                src_factor: src,
                dst_factor: dst,
                blend_op: ops[0].to_u32(),
                src_factor_alpha: src_alpha,
                dst_factor_alpha: dst_alpha,
                blend_op_alpha: ops[1].to_u32(),
                blend_constant_rgba_f32: [r, g, b, a],
                ..state
            };
        }
        self.writer.set_blend_state(state);
        self.render_states().adopt_blend(&state);
        let mut depth = draw.test.map_or_else(DepthStencilState::default, |test| DepthStencilState {
            depth_enable: 1,
            depth_write_enable: test.write.into(),
            depth_func: test.func.to_u32(),
            ..Default::default()
        });
        if let Some([read, write]) = draw.stencil {
            (depth.stencil_enable, depth.stencil_read_mask, depth.stencil_write_mask) = (1, read, write);
        }
        self.writer.set_depth_stencil_state(depth);
        self.render_states().adopt_depth_stencil(&depth);
        translate::blend_state(&state).targets[0].blend
    }

    /// `cb0`: the step of an instance, a colour, operands; `cb1` is made up.
    fn constants(&mut self, draw: &Draw, width: u32) {
        let bytes = noise(draw.seed ^ 0x5555, 16);
        let color: [f32; 4] = std::array::from_fn(|c| f32::from(bytes[c]) / 255.0);
        let mut registers = [[0.0; 4]; 16];
        registers[0] = [2.0 / width as f32 * w(draw.w), 0.0, 0.0, 0.0];
        registers[1] = color;
        if let Pixel::Float(float) = draw.pixel {
            for (register, value) in registers[2..].iter_mut().zip(float.values) {
                let value = f32::from(value) / 16.0;
                *register = [value, value + 0.5, -value, value * 2.0];
            }
        }
        let bound = self.upload(ResourceUsage::CONSTANT_BUFFER, &noise(draw.seed, 256));
        for stage in [ShaderStage::Vertex, ShaderStage::Pixel] {
            self.writer.set_shader_constants_f(stage, 0, &registers);
            let slot = ConstantBufferBinding { buffer: bound, size_bytes: 256, ..Default::default() };
            self.writer.set_constant_buffers(stage, 1, &[slot]);
        }
    }

    /// Binds `t0` and `s0`; how exact its texels are.
    fn source(&mut self, draw: &Draw) -> Bound {
        let Source { mut linear, address, absent, .. } = draw.source;
        let (reads, wants_depth) = match draw.pixel {
            Pixel::Fetch(_) | Pixel::Level(_) | Pixel::Sample => (true, false),
            Pixel::Table(row) => table::pixel(row).texture,
            _ => (false, false),
        };
        let depth = self.surfaces.iter().position(|surface| surface.format.is_depth());
        let texture = depth.filter(|_| wants_depth).map_or(draw.source.texture, |index| index as u8);
        let picked = Source { texture, ..draw.source };
        let view = (reads && !absent).then(|| self.bind_source(&picked, &[ShaderStage::Pixel]));
        let Some((mut bound, format)) = view else {
            self.writer.set_texture(ShaderStage::Pixel, 0, 0);
            return Bound::EXACT;
        };
        // A depth format has no filter in WebGPU, and is compared with in Direct3D alone.
        linear &= !format.is_depth();
        if format.is_depth() && !wants_depth && !matches!(draw.pixel, Pixel::Fetch(_)) {
            self.writer.set_texture(ShaderStage::Pixel, 0, 0);
            return Bound::EXACT;
        }
        let filter = if linear { SamplerFilter::Linear } else { SamplerFilter::Nearest };
        let modes =
            [SamplerAddressMode::ClampToEdge, SamplerAddressMode::Repeat, SamplerAddressMode::MirrorRepeat];
        let [u, v] = address.map(|mode| modes[usize::from(mode) % modes.len()]);
        let sampler = self.fresh();
        self.trash.push(Trash::Sampler(sampler));
        self.writer.create_sampler(sampler, filter, [u, v, u]);
        self.writer.set_samplers(ShaderStage::Pixel, 0, &[sampler]);
        if linear && !matches!(draw.pixel, Pixel::Fetch(_)) {
            bound = bound.and(Rule::LinearFilter, 3.0);
        }
        bound
    }

    /// Binds a texture or a view of one to `t0` of these stages: how exact its texels are, and what they are read as.
    pub(super) fn bind_source(&mut self, source: &Source, stages: &[ShaderStage]) -> (Bound, Format) {
        let index = usize::from(source.texture) % self.surfaces.len();
        let surface = &self.surfaces[index];
        let (mips, layers, stored) = (surface.mips, surface.layers, surface.format);
        let format = if source.twin { twin(stored) } else { stored };
        let mut bound = surface.bounds.values().fold(Bound::EXACT, |all: Bound, bound| all.or(bound));
        let first = surface.subresource(source.view.unwrap_or_default());
        let handle = match source.view {
            None if format == stored => surface.handle,
            _ => self.view(index, format, (first.0, mips - first.0), (first.1, layers - first.1)),
        };
        for &stage in stages {
            self.writer.set_texture(stage, 0, handle);
        }
        let interpolated =
            matches!(format.linear(), Format::Bc1RgbaUnorm | Format::Bc2RgbaUnorm | Format::Bc3RgbaUnorm);
        if interpolated {
            bound = bound.and(Rule::BlockDecoding, 9.0);
        }
        if format.is_srgb() {
            bound = bound.decoded().and(Rule::UnormRounding, 1.0);
        }
        if format.is_depth() {
            bound = bound.and(Rule::UnormRounding, 1.0);
        }
        (bound, format)
    }

    fn vertices(&mut self, draw: &Draw, color: usize, size: [u32; 2]) {
        let skipped = usize::from(draw.first);
        let mut positions = vec![[0; 2]; skipped];
        positions.extend(drawn(draw));
        let z = f32::from(draw.depth) / 16.0;
        let (positions, clipped) = clip_space(&positions, size, z, w(draw.w));
        if clipped {
            self.script.facts.insert("clipped");
        }
        let (_, stride, filling) = COLORS[color];
        let steps = usize::from(draw.first_instance) + usize::from(draw.instances);
        let elements = if draw.per_instance { steps } else { positions.len() / 16 };
        let colors = fill(filling, &noise(draw.seed, stride * elements));
        let positions = self.upload(ResourceUsage::VERTEX_BUFFER, &positions);
        let colors = self.upload(ResourceUsage::VERTEX_BUFFER, &colors);
        let slot = |buffer, stride_bytes| VertexBufferBinding { buffer, stride_bytes, ..Default::default() };
        self.writer.set_vertex_buffers(0, &[slot(positions, 16), slot(colors, stride as u32)]);
    }

    fn issue(&mut self, draw: &Draw) {
        let count = drawn(draw).count() as u32;
        let (instance_count, first) = (u32::from(draw.instances), u32::from(draw.first));
        let first_instance = u32::from(draw.first_instance);
        let Some(index) = draw.index else {
            self.writer.draw(DrawPacket {
                vertex_count: count,
                instance_count,
                first_vertex: first,
                first_instance,
                ..Default::default()
            });
            return;
        };
        let base = u32::from(index.base);
        let mut indices: Vec<u32> = vec![0; draw.first.into()];
        for i in 0..count {
            indices.push(first + i + base);
            if index.cut != 0 && (i + 1).is_multiple_of(index.cut.into()) {
                indices.push(u32::MAX);
            }
        }
        let (bytes, format): (Vec<u8>, _) = match index.wide {
            true => (indices.iter().flat_map(|i| i.to_le_bytes()).collect(), IndexFormat::Uint32),
            false => (indices.iter().flat_map(|&i| (i as u16).to_le_bytes()).collect(), IndexFormat::Uint16),
        };
        let buffer = self.upload(ResourceUsage::INDEX_BUFFER, &bytes);
        self.writer.set_index_buffer(buffer, format, 0);
        self.writer.draw_indexed(DrawIndexed {
            index_count: indices.len() as u32 - first,
            instance_count,
            first_index: first,
            base_vertex: -(base as i32),
            first_instance,
            ..Default::default()
        });
    }

    /// Notes how exact the targets are now. `srgb` is Direct3D 9's encoding, which needs no format.
    pub(super) fn note(
        &mut self,
        targets: &Targets,
        shaded: &Bound,
        blend: Option<Equations>,
        layers: usize,
        srgb: bool,
    ) {
        for &(index, place, encodes) in &targets.colors {
            let srgb = srgb || encodes;
            let surface = &mut self.surfaces[index];
            let shaded = if is_narrow(surface.format) {
                shaded.clone().and(Rule::UnormRounding, 1.0)
            } else {
                shaded.clone()
            };
            let Some(old) = surface.bounds.get_mut(&place) else { continue };
            let new = match blend {
                Some(blend) => shaded.blended(old, blend, layers, srgb),
                None if srgb => shaded.encoded(),
                None => shaded,
            };
            *old = std::mem::take(old).or(&new);
        }
    }

    pub(super) fn dispatch(&mut self, dispatch: &Dispatch) -> Result<(), GeneratorError> {
        let code = shaders::compute(dispatch.kernel)?;
        let cs = self.fresh();
        self.trash.push(Trash::Shader(cs));
        self.writer.create_shader_dxbc(cs, ShaderStage::Compute, &code);
        self.writer.bind_all_shaders(ShaderBindings { cs, ..Default::default() });
        let [target, source] = [dispatch.target, dispatch.source]
            .map(|pick| self.buffers[usize::from(pick) % self.buffers.len()].handle);
        let constants = self.upload(ResourceUsage::CONSTANT_BUFFER, &noise(dispatch.target.into(), 256));
        let slot = ConstantBufferBinding { buffer: constants, size_bytes: 256, ..Default::default() };
        self.writer.set_constant_buffers(ShaderStage::Compute, 0, &[slot, slot]);
        let uav =
            UnorderedAccessBufferBinding { buffer: target, initial_count: u32::MAX, ..Default::default() };
        self.writer.set_unordered_access_buffers(ShaderStage::Compute, 0, &[uav]);
        let resource = ShaderResourceBufferBinding { buffer: source, ..Default::default() };
        if source != target {
            self.writer.set_shader_resource_buffers(ShaderStage::Compute, 0, &[resource]);
        }
        let [x, y] = dispatch.groups.map(|groups| u32::from(groups % 3) + 1);
        self.writer.dispatch(x, y, 1);
        Ok(())
    }

    /// Binds something in every way to slots of a stage that no shader of a scene reads.
    pub(super) fn bind(&mut self, stage: u8, seed: u16) {
        const SLOT: u32 = 3;
        let stage = ShaderStage::ALL[usize::from(stage) % ShaderStage::ALL.len()];
        let buffer = self.upload(ResourceUsage::STORAGE | ResourceUsage::CONSTANT_BUFFER, &noise(seed, 64));
        let constants = ConstantBufferBinding { buffer, size_bytes: 64, ..Default::default() };
        let resource = ShaderResourceBufferBinding { buffer, ..Default::default() };
        self.writer.set_shader_constants_f(stage, 200, &[[0.5; 4]]);
        self.writer.set_shader_constants_i(stage, 9, &[[1, 2, 3, 4]]);
        self.writer.set_shader_constants_b(stage, 9, &[true]);
        self.writer.set_constant_buffers(stage, SLOT, &[constants]);
        self.writer.set_shader_resource_buffers(stage, SLOT, &[resource]);
        let texture = self.surfaces[usize::from(seed) % self.surfaces.len()].handle;
        self.writer.set_texture(stage, SLOT + 1, texture);
        let sampler = self.fresh();
        self.trash.push(Trash::Sampler(sampler));
        self.writer.create_sampler(sampler, SamplerFilter::Linear, [SamplerAddressMode::Repeat; 3]);
        self.writer.set_samplers(stage, SLOT, &[sampler]);
        if !matches!(stage, ShaderStage::Vertex | ShaderStage::Pixel) {
            let uav = UnorderedAccessBufferBinding { buffer, initial_count: 5, ..Default::default() };
            self.writer.set_unordered_access_buffers(stage, SLOT, &[uav]);
        }
        self.writer.debug_marker(b"bound");
        self.writer.raw(Opcode::Nop.to_u32(), &[]);
    }
}

/// 1, 2, 4 and 8 by number.
pub(super) fn w(number: u8) -> f32 {
    f32::from(1u8 << (number % 4))
}

/// The positions, as often around as patches need.
fn drawn(draw: &Draw) -> impl Iterator<Item = [i16; 2]> + '_ {
    let count = match draw.topology {
        PrimitiveTopology::PatchList(points) => draw.positions.len().max(points.into()),
        _ => draw.positions.len(),
    };
    draw.positions.iter().copied().cycle().take(count)
}

/// Positions in sixteenths of a pixel as vectors of clip space, and whether one of them is outside of the viewport.
/// Everything is a multiple of a power of two, so that no product or quotient rounds.
pub(super) fn clip_space(positions: &[[i16; 2]], size: [u32; 2], z: f32, scale: f32) -> (Vec<u8>, bool) {
    let inside = within(positions, size);
    let half = size.map(|extent| (extent * 8) as i16);
    let clipped = inside.iter().any(|&[x, y]| x.abs() > half[0] || y.abs() > half[1]);
    let corner = |&[x, y]: &[i16; 2]| {
        let [x, y] = [f32::from(x) / 16.0, f32::from(-y) / 16.0];
        [x / (size[0] as f32 / 2.0) * scale, y / (size[1] as f32 / 2.0) * scale, z * scale, scale]
    };
    (inside.iter().flat_map(corner).flat_map(f32::to_le_bytes).collect(), clipped)
}

/// 16-bit formats, whose channels have less than 8 bits.
pub(super) fn is_narrow(format: Format) -> bool {
    matches!(format, Format::B5G6R5Unorm | Format::B5G5R5A1Unorm)
}

/// Left, top, width and height.
pub(super) fn viewport(raster: &Raster, size: [u32; 2]) -> [u32; 4] {
    match raster.viewport {
        Some([x, y, width, height]) => {
            [u32::from(x) % size[0], u32::from(y) % size[1], 1 << (width % 6), 1 << (height % 6)]
        }
        None => [0, 0, size[0], size[1]],
    }
}

/// The positions, pulled into the viewport when an edge that leaves it passes a pixel's centre by less than 1/256.
///
/// An adapter may clip there; the vertices that it makes are rounded to 1/256 of a pixel, and the edge moves by half of that
/// along both axes. Nobody can say then whether it covers such a pixel.
fn within(positions: &[[i16; 2]], size: [u32; 2]) -> Vec<[i16; 2]> {
    let half = size.map(|extent| (extent * 8) as i16);
    let outside = |&[x, y]: &[i16; 2]| x.abs() > half[0] || y.abs() > half[1];
    // Whatever the topology and the indices make of them.
    let pairs = (1..).zip(positions).flat_map(|(next, a)| positions[next..].iter().map(move |b| (a, b)));
    let mut pairs = pairs.filter(|(a, b)| outside(a) || outside(b));
    let close = pairs.any(|(a, b)| passes_a_centre(*a, *b, size));
    let pulled = |[x, y]: [i16; 2]| [x.clamp(-half[0], half[0]), y.clamp(-half[1], half[1])];
    positions.iter().map(|&position| if close { pulled(position) } else { position }).collect()
}

/// Whether the line through two points, in sixteenths from the middle, is nearer than 1/256 pixel to a pixel's centre.
fn passes_a_centre(a: [i16; 2], b: [i16; 2], size: [u32; 2]) -> bool {
    let [ax, ay, bx, by] = [a[0], a[1], b[0], b[1]].map(i64::from);
    let (dx, dy) = (bx - ax, by - ay);
    let length = dx * dx + dy * dy;
    let centres = |extent: u32| (0..i64::from(extent)).map(move |i| i * 16 + 8 - i64::from(extent) * 8);
    centres(size[1]).any(|y| {
        centres(size[0]).any(|x| {
            // Twice the area over the length is the distance, here in sixteenths.
            let area = dx * (y - ay) - dy * (x - ax);
            area * area * 256 < length
        })
    })
}

fn color_format(draw: &Draw) -> usize {
    let random = matches!(draw.vertex, Vertex::Random(..)) || matches!(draw.pixel, Pixel::Random(..));
    let pick = usize::from(draw.color_format);
    if random { EXACT_COLORS[pick % EXACT_COLORS.len()] } else { pick % COLORS.len() }
}

fn input_layout(color: u32, draw: &Draw) -> Vec<u8> {
    let element = |name: &str, dxgi_format, input_slot| InputLayoutElementDxgi {
        semantic_name_hash: semantic_name_hash(name),
        dxgi_format,
        input_slot,
        ..Default::default()
    };
    let mut color = element("COLOR", color, 1);
    if draw.per_instance {
        (color.input_slot_class, color.instance_data_step_rate) = (1, draw.step_rate.into());
    }
    write_ilay(&[element("POSITION", 2, 0), color])
}

fn fill(filling: Filling, noise: &[u8]) -> Vec<u8> {
    match filling {
        Filling::Bytes => noise.to_vec(),
        Filling::Floats => noise.chunks(4).flat_map(|b| (f32::from(b[0]) / 256.0).to_le_bytes()).collect(),
        // 0x2c00 is 1/16; what is added reaches just below 1.
        Filling::Halves => noise
            .chunks(2)
            .flat_map(|b| (0x2c00 + (u16::from_le_bytes([b[0], b[1]]) & 0xfff)).to_le_bytes())
            .collect(),
    }
}

/// How far the shader's colours may differ.
fn shader_bound(draw: &Draw, color: usize, source: Bound) -> Bound {
    let codes = color < CODES || matches!(draw.vertex, Vertex::Number | Vertex::Random(..));
    let flat = if codes { Bound::EXACT } else { Bound::EXACT.and(Rule::UnormRounding, 1.0) };
    match draw.pixel {
        Pixel::Flat => flat,
        Pixel::Smooth | Pixel::Linear => flat.and(Rule::Interpolation, 2.0),
        Pixel::Constant | Pixel::Position | Pixel::Discard | Pixel::OwnDepth | Pixel::Random(..) => {
            Bound::EXACT
        }
        Pixel::Fetch(_) | Pixel::Level(_) | Pixel::Sample => source,
        Pixel::Float(_) => Bound::EXACT.and(Rule::Arithmetic, 1.0),
        Pixel::Table(row) if table::pixel(row).mode != "constant" => flat.and(Rule::Interpolation, 2.0),
        Pixel::Table(_) => source.and(Rule::Arithmetic, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_through_a_centre_is_pulled_in_when_it_leaves() {
        // From (6.3125, 17.875) to (6.6875, 1.125) in a viewport of 16: at y = 9.5, x is 6.5.
        let triangle = [[-27, 158], [-21, -110], [0, 0]];
        assert!(passes_a_centre(triangle[0], triangle[1], [16, 16]));
        assert_eq!(within(&triangle, [16, 16]), [[-27, 128], [-21, -110], [0, 0]]);
        // A vertical edge at a quarter of a pixel is far from every centre.
        let far = [[4, 300], [4, -300], [4, 0]];
        assert_eq!(within(&far, [16, 16]), far);
        // What stays inside is exact, wherever it passes.
        let inside = [[8, 128], [8, -128], [0, 0]];
        assert_eq!(within(&inside, [16, 16]), inside);
    }
}
