//! Draws and dispatches of scenes, with everything that they need, and how exact their results are.

use aerogpu_dxbc::assembler::AssembleError;
use aerogpu_protocol::Format;
use aerogpu_protocol::input_layout::{semantic_name_hash, write_ilay};
use aerogpu_protocol::packets::{Draw as DrawPacket, *};

use super::emit::{Emitter, Targets, Trash, noise, twin};
use super::scene::{Blend, Dispatch, Draw, Pixel, Raster, Source, Vertex};
use super::shaders;
use super::tolerance::{Bound, Rule};

/// DXGI formats of colours: number, bytes, and how their bytes are made up.
const COLORS: [(u32, usize, Filling); 14] = [
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
    pub(super) fn draw(&mut self, draw: &Draw) -> Result<(), AssembleError> {
        let vertex = shaders::vertex(draw.vertex)?;
        let Some(targets) = self.outputs(&draw.outputs) else { return Ok(()) };
        let pixel = shaders::pixel(draw.pixel, targets.colors.len())?;
        let [vs, ps, layout] = [self.fresh(), self.fresh(), self.fresh()];
        self.trash.extend([Trash::Shader(vs), Trash::Shader(ps), Trash::Layout(layout)]);
        self.writer.create_shader_dxbc(vs, ShaderStage::Vertex, &vertex);
        self.writer.create_shader_dxbc(ps, ShaderStage::Pixel, &pixel);
        self.writer.bind_shaders(vs, ps);
        let color = color_format(draw);
        self.writer.create_input_layout(layout, &input_layout(COLORS[color].0, draw.per_instance));
        self.writer.set_input_layout(layout);
        self.raster(&draw.raster, targets.size);
        self.output_merger(draw);
        let size = viewport(&draw.raster, targets.size);
        self.constants(draw, size[2]);
        let source = self.source(draw);
        self.vertices(draw, color, [size[2], size[3]]);
        self.writer.set_primitive_topology(draw.topology);
        self.issue(draw);
        let layers = draw.positions.len() * usize::from(draw.instances);
        self.note(draw, &targets, &shader_bound(draw, color, source), layers);
        Ok(())
    }

    fn raster(&mut self, raster: &Raster, size: [u32; 2]) {
        let flags = if raster.clamp { RasterizerFlags::DEPTH_CLIP_DISABLE.bits() } else { 0 };
        self.writer.set_rasterizer_state(RasterizerState {
            fill_mode: FillMode::Solid.to_u32(),
            cull_mode: raster.cull.to_u32(),
            front_ccw: raster.ccw.into(),
            scissor_enable: raster.scissor.is_some().into(),
            flags,
            ..Default::default()
        });
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

    fn output_merger(&mut self, draw: &Draw) {
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
        let state = draw.test.map_or_else(DepthStencilState::default, |test| DepthStencilState {
            depth_enable: 1,
            depth_write_enable: test.write.into(),
            depth_func: test.func.to_u32(),
            ..Default::default()
        });
        self.writer.set_depth_stencil_state(state);
    }

    /// `cb0`: the step of an instance, a colour, operands; `cb1` is made up.
    fn constants(&mut self, draw: &Draw, width: u32) {
        let bytes = noise(draw.seed ^ 0x5555, 16);
        let color: [f32; 4] = std::array::from_fn(|c| f32::from(bytes[c]) / 255.0);
        let mut registers = [[0.0; 4]; 16];
        registers[0] = [2.0 / width as f32 * w(draw), 0.0, 0.0, 0.0];
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
        let Source { texture, view, twin: other, linear, address, absent } = draw.source;
        let index = usize::from(texture) % self.surfaces.len();
        let reads = matches!(draw.pixel, Pixel::Fetch(_) | Pixel::Level(_) | Pixel::Sample);
        let surface = &self.surfaces[index];
        if absent || !reads || surface.format.is_depth() {
            self.writer.set_texture(ShaderStage::Pixel, 0, 0);
            return Bound::EXACT;
        }
        let (mips, layers, stored) = (surface.mips, surface.layers, surface.format);
        let format = if other { twin(stored) } else { stored };
        let mut bound = surface.bounds.values().fold(Bound::EXACT, |all: Bound, bound| all.or(bound));
        let first = surface.subresource(view.unwrap_or_default());
        let handle = match view {
            None if format == stored => surface.handle,
            _ => self.view(index, format, (first.0, mips - first.0), (first.1, layers - first.1)),
        };
        self.writer.set_texture(ShaderStage::Pixel, 0, handle);
        let filter = if linear { SamplerFilter::Linear } else { SamplerFilter::Nearest };
        let modes =
            [SamplerAddressMode::ClampToEdge, SamplerAddressMode::Repeat, SamplerAddressMode::MirrorRepeat];
        let [u, v] = address.map(|mode| modes[usize::from(mode) % modes.len()]);
        let sampler = self.fresh();
        self.trash.push(Trash::Sampler(sampler));
        self.writer.create_sampler(sampler, filter, [u, v, u]);
        self.writer.set_samplers(ShaderStage::Pixel, 0, &[sampler]);
        let interpolated =
            matches!(format.linear(), Format::Bc1RgbaUnorm | Format::Bc2RgbaUnorm | Format::Bc3RgbaUnorm);
        if interpolated {
            bound = bound.and(Rule::BlockDecoding, 9.0);
        }
        if format.is_srgb() {
            bound = bound.decoded().and(Rule::UnormRounding, 1.0);
        }
        if linear && !matches!(draw.pixel, Pixel::Fetch(_)) {
            bound = bound.and(Rule::LinearFilter, 3.0);
        }
        bound
    }

    fn vertices(&mut self, draw: &Draw, color: usize, size: [u32; 2]) {
        let skipped = usize::from(draw.first);
        let count = draw.positions.len() + skipped;
        let scale = w(draw);
        let z = f32::from(draw.depth) / 16.0;
        // Everything is a multiple of a power of two, so that no product or quotient rounds.
        let inside = within(&draw.positions, size);
        let corner = |&[x, y]: &[i16; 2]| {
            let [x, y] = [f32::from(x) / 16.0, f32::from(-y) / 16.0];
            [x / (size[0] as f32 / 2.0) * scale, y / (size[1] as f32 / 2.0) * scale, z * scale, scale]
        };
        let positions: Vec<u8> = std::iter::repeat_n(&[0; 2], skipped)
            .chain(&inside)
            .flat_map(|position| corner(position).map(f32::to_le_bytes).concat())
            .collect();
        let (_, stride, filling) = COLORS[color];
        let elements = if draw.per_instance { usize::from(draw.instances) } else { count };
        let colors = fill(filling, &noise(draw.seed, stride * elements));
        let positions = self.upload(ResourceUsage::VERTEX_BUFFER, &positions);
        let colors = self.upload(ResourceUsage::VERTEX_BUFFER, &colors);
        let slot = |buffer, stride_bytes| VertexBufferBinding { buffer, stride_bytes, ..Default::default() };
        self.writer.set_vertex_buffers(0, &[slot(positions, 16), slot(colors, stride as u32)]);
    }

    fn issue(&mut self, draw: &Draw) {
        let count = draw.positions.len() as u32;
        let (instance_count, first) = (u32::from(draw.instances), u32::from(draw.first));
        let Some(index) = draw.index else {
            self.writer.draw(DrawPacket {
                vertex_count: count,
                instance_count,
                first_vertex: first,
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
            ..Default::default()
        });
    }

    /// Notes how exact the targets are now.
    fn note(&mut self, draw: &Draw, targets: &Targets, shaded: &Bound, layers: usize) {
        for &(index, place, srgb) in &targets.colors {
            let Some(old) = self.surfaces[index].bounds.get_mut(&place) else { continue };
            let new = match &draw.blend {
                Some(blend) => shaded.clone().blended(old, blend, layers, srgb),
                None if srgb => shaded.clone().encoded(),
                None => shaded.clone(),
            };
            *old = std::mem::take(old).or(&new);
        }
    }

    pub(super) fn dispatch(&mut self, dispatch: &Dispatch) -> Result<(), AssembleError> {
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
}

fn w(draw: &Draw) -> f32 {
    f32::from(1u8 << (draw.w % 4))
}

/// Left, top, width and height.
fn viewport(raster: &Raster, size: [u32; 2]) -> [u32; 4] {
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
    let pairs = (0..positions.len()).flat_map(|i| [(i, i + 1), (i, i + 2), (0, i)]);
    let close = pairs
        .filter_map(|(a, b)| Some((positions.get(a)?, positions.get(b)?)))
        .any(|(a, b)| (outside(a) || outside(b)) && passes_a_centre(*a, *b, size));
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

fn input_layout(color: u32, per_instance: bool) -> Vec<u8> {
    let element = |name: &str, dxgi_format, input_slot| InputLayoutElementDxgi {
        semantic_name_hash: semantic_name_hash(name),
        dxgi_format,
        input_slot,
        ..Default::default()
    };
    let mut color = element("COLOR", color, 1);
    (color.input_slot_class, color.instance_data_step_rate) = (per_instance.into(), per_instance.into());
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
