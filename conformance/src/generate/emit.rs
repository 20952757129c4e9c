//! Scenes as submissions: resources, uploads, copies, clears; draws are in [`draw`](super::draw).

use std::collections::BTreeMap;

use aerogpu::state::d3d9::{RenderStates, render_state as rs};
use aerogpu_dxbc::{assembler, sm3};
use aerogpu_protocol::packets::*;
use aerogpu_protocol::ring::AllocEntry;
use aerogpu_protocol::{Format, StreamWriter, TextureLayout};

use super::draw::is_narrow;
use super::scene::{Outputs, Part, Scene, Step, Texture};
use super::script::{Look, Place, Script, Submission};
use super::tolerance::{Bound, Rule};

/// A template of a shader does not assemble.
#[derive(Debug, thiserror::Error)]
pub enum GeneratorError {
    /// One of Shader Model 4 or 5.
    #[error(transparent)]
    Assemble(#[from] assembler::AssembleError),
    /// One of Direct3D 9.
    #[error(transparent)]
    Direct3d9(#[from] sm3::AssembleError),
}

/// Handles of the scene's textures, of its buffers, and of what draws make.
const TEXTURES: u32 = 1;
const BUFFERS: u32 = 101;
const FRESH: u32 = 1001;
/// Distance of allocations in guest memory.
const SPACING: u64 = 1 << 20;

/// Formats with a twin that differs in sRGB only.
const TWINS: [(Format, Format); 8] = [
    (Format::B8G8R8A8Unorm, Format::B8G8R8A8UnormSrgb),
    (Format::B8G8R8X8Unorm, Format::B8G8R8X8UnormSrgb),
    (Format::R8G8B8A8Unorm, Format::R8G8B8A8UnormSrgb),
    (Format::R8G8B8X8Unorm, Format::R8G8B8X8UnormSrgb),
    (Format::Bc1RgbaUnorm, Format::Bc1RgbaUnormSrgb),
    (Format::Bc2RgbaUnorm, Format::Bc2RgbaUnormSrgb),
    (Format::Bc3RgbaUnorm, Format::Bc3RgbaUnormSrgb),
    (Format::Bc7RgbaUnorm, Format::Bc7RgbaUnormSrgb),
];

/// The same texels with or without sRGB.
pub(super) fn twin(format: Format) -> Format {
    TWINS
        .iter()
        .find_map(|&(a, b)| if format == a { Some(b) } else { (format == b).then_some(a) })
        .unwrap_or(format)
}

/// Made-up bytes.
pub(super) fn noise(seed: u16, len: usize) -> Vec<u8> {
    let mut state = u64::from(seed) + 1;
    let mut word = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ mixed >> 27).to_le_bytes()
    };
    let mut bytes: Vec<u8> = (0..len.div_ceil(8)).flat_map(|_| word()).collect();
    bytes.truncate(len);
    bytes
}

/// A texture as it stands.
pub(super) struct Surface {
    pub(super) handle: u32,
    pub(super) format: Format,
    pub(super) layout: TextureLayout,
    pub(super) mips: u32,
    pub(super) layers: u32,
    allocation: Option<usize>,
    /// How far each subresource may differ, as (mip, layer).
    pub(super) bounds: BTreeMap<(u32, u32), Bound>,
}

/// A buffer.
pub(super) struct Words {
    pub(super) handle: u32,
    pub(super) count: u32,
    allocation: Option<usize>,
}

/// What is bound to be drawn to.
pub(super) struct Targets {
    /// Texture, mip and layer, and whether the view encodes sRGB.
    pub(super) colors: Vec<(usize, (u32, u32), bool)>,
    /// For each of them whether the texture itself is bound, all layers of it.
    whole: Vec<bool>,
    /// What is bound for them.
    pub(super) handles: Vec<u32>,
    pub(super) size: [u32; 2],
}

/// Something that nobody needs after its submission.
pub(super) enum Trash {
    Shader(u32),
    Layout(u32),
    Sampler(u32),
    View(u32),
    Buffer(u32),
}

/// A script under way.
pub(super) struct Emitter {
    pub(super) writer: StreamWriter,
    pub(super) surfaces: Vec<Surface>,
    pub(super) buffers: Vec<Words>,
    pub(super) script: Script,
    memory: Vec<(u64, Vec<u8>)>,
    /// How far the memory of each allocation may differ.
    memory_bounds: Vec<Bound>,
    context: u32,
    /// Direct3D 9's states of each context, as the packets have set them.
    states: [RenderStates; 2],
    next: u32,
    pub(super) trash: Vec<Trash>,
}

impl Scene {
    /// The scene as submissions.
    ///
    /// # Errors
    /// When a template of a shader does not assemble, which is an error of the generator.
    pub fn script(&self) -> Result<Script, GeneratorError> {
        let mut emitter = Emitter {
            writer: StreamWriter::new(),
            surfaces: Vec::new(),
            buffers: Vec::new(),
            script: Script::default(),
            memory: Vec::new(),
            memory_bounds: Vec::new(),
            context: 0,
            states: Default::default(),
            next: FRESH,
            trash: Vec::new(),
        };
        for texture in &self.textures {
            emitter.texture(texture);
        }
        for buffer in &self.buffers {
            emitter.buffer(buffer);
        }
        for step in &self.steps {
            emitter.step(step)?;
        }
        emitter.finish()
    }
}

impl Emitter {
    /// A handle that nothing has.
    pub(super) fn fresh(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }

    /// Direct3D 9's states of the context.
    pub(super) fn render_states(&mut self) -> &mut RenderStates {
        &mut self.states[self.context as usize % 2]
    }

    fn allocate(&mut self, contents: &[u8]) -> usize {
        let index = self.script.allocations.len();
        let gpa = SPACING * (index as u64 + 1);
        let size_bytes = contents.len() as u64;
        let entry = AllocEntry { alloc_id: index as u32 + 1, gpa, size_bytes, ..AllocEntry::default() };
        self.script.allocations.push(entry);
        self.memory.push((gpa, contents.to_vec()));
        self.memory_bounds.push(Bound::EXACT);
        index
    }

    fn texture(&mut self, texture: &Texture) {
        let Texture { format, size, backed, seed, .. } = *texture;
        let least = if format.is_block_compressed() { 2 } else { 0 };
        let size = size.map(|log| u32::from(log.clamp(least, 5)));
        let mips = u32::from(texture.mips.max(1)).min(1 + size[0].max(size[1]));
        let layers = u32::from(texture.layers.max(1));
        let backed = backed && !format.is_depth();
        let [width, height] = size.map(|log| 1 << log);
        // A pitch beyond the texels, so that rows are not taken for each other.
        let pitch = if backed { format.row_bytes(width) as u32 + 16 * u32::from(seed & 1) } else { 0 };
        let Ok(layout) = TextureLayout::new(format, [width, height], mips, layers, pitch) else { return };
        let contents = noise(seed, layout.size_bytes() as usize);
        let handle = TEXTURES + self.surfaces.len() as u32;
        let allocation = backed.then(|| self.allocate(&contents));
        let usage = match () {
            () if format.is_depth() => ResourceUsage::DEPTH_STENCIL,
            () if format.is_block_compressed() => ResourceUsage::TEXTURE,
            () => ResourceUsage::TEXTURE | ResourceUsage::RENDER_TARGET | ResourceUsage::SCANOUT,
        };
        self.writer.create_texture2d(CreateTexture2d {
            texture_handle: handle,
            usage_flags: usage.bits(),
            format: format.to_u32(),
            width,
            height,
            mip_levels: mips,
            array_layers: layers,
            row_pitch_bytes: pitch,
            backing_alloc_id: allocation.map_or(0, |index| index as u32 + 1),
            ..Default::default()
        });
        if !backed && !format.is_depth() {
            self.writer.upload_resource(handle, 0, &contents);
        }
        let bounds = layout.subresources().map(|(mip, layer, _)| ((mip, layer), Bound::EXACT)).collect();
        self.surfaces.push(Surface { handle, format, layout, mips, layers, allocation, bounds });
    }

    fn buffer(&mut self, buffer: &super::scene::Buffer) {
        let count = u32::from(buffer.words.max(1));
        let contents = noise(buffer.seed, count as usize * 4);
        let handle = BUFFERS + self.buffers.len() as u32;
        let allocation = buffer.backed.then(|| self.allocate(&contents));
        let usage = ResourceUsage::STORAGE | ResourceUsage::CONSTANT_BUFFER | ResourceUsage::VERTEX_BUFFER;
        self.writer.create_buffer(CreateBuffer {
            buffer_handle: handle,
            usage_flags: usage.bits(),
            size_bytes: contents.len() as u64,
            backing_alloc_id: allocation.map_or(0, |index| index as u32 + 1),
            ..Default::default()
        });
        if allocation.is_none() {
            self.writer.upload_resource(handle, 0, &contents);
        }
        self.buffers.push(Words { handle, count, allocation });
    }

    /// A buffer of its own with these bytes.
    pub(super) fn upload(&mut self, usage: ResourceUsage, contents: &[u8]) -> u32 {
        let handle = self.fresh();
        self.trash.push(Trash::Buffer(handle));
        let size_bytes = contents.len() as u64;
        let usage_flags = usage.bits();
        self.writer.create_buffer(CreateBuffer {
            buffer_handle: handle,
            usage_flags,
            size_bytes,
            ..Default::default()
        });
        self.writer.upload_resource(handle, 0, contents);
        handle
    }

    fn step(&mut self, step: &Step) -> Result<(), GeneratorError> {
        match step {
            Step::Clear { outputs, flags, color, depth, stencil } => {
                self.clear(outputs, *flags, *color, *depth, *stencil);
            }
            Step::UploadTexture { texture, part, seed } => self.upload_texture(*texture, *part, *seed),
            Step::UploadBuffer { buffer, start, len, seed } => {
                let words = &self.buffers[usize::from(*buffer) % self.buffers.len()];
                if words.allocation.is_none() {
                    let start = u32::from(*start) % words.count;
                    let len = (u32::from(*len) + 1).min(words.count - start);
                    let contents = noise(*seed, len as usize * 4);
                    self.writer.upload_resource(words.handle, u64::from(start) * 4, &contents);
                }
            }
            Step::GuestWrites { resource, seed } => self.guest_writes(*resource, *seed),
            Step::CopyTexture { from, to, from_part, to_part, size, write_back } => {
                self.copy_texture([*from, *to], [*from_part, *to_part], *size, *write_back);
            }
            Step::CopyBuffer { from, to, from_start, to_start, len, write_back } => {
                self.copy_buffer([*from, *to], [*from_start, *to_start], *len, *write_back);
            }
            Step::Draw(draw) => self.draw(draw)?,
            Step::Draw9(draw) => self.draw9(draw)?,
            Step::Bind { stage, seed } => self.bind(*stage, *seed),
            Step::Dispatch(dispatch) => self.dispatch(dispatch)?,
            Step::Share { texture } => {
                let index = usize::from(*texture) % self.surfaces.len();
                let alias = self.fresh();
                let token = u64::from(alias) << 32 | 7;
                self.writer.export_shared_surface(self.surfaces[index].handle, token);
                self.writer.import_shared_surface(alias, token);
                if alias.is_multiple_of(2) {
                    self.writer.release_shared_surface(token);
                }
                self.surfaces[index].handle = alias;
            }
            Step::Submit { context } => {
                self.submit();
                self.context = u32::from(*context) % 2;
            }
            Step::Present { outputs } => {
                if self.outputs(outputs).is_some() {
                    match outputs.view {
                        true => self.writer.present_ex(0, PresentFlags::VSYNC, 0),
                        false => self.writer.present(0, false),
                    };
                }
            }
        }
        Ok(())
    }

    /// Ends a submission. What it made for itself is destroyed, bound or not.
    fn submit(&mut self) {
        for trash in std::mem::take(&mut self.trash) {
            match trash {
                Trash::Shader(handle) => self.writer.destroy_shader(handle),
                Trash::Layout(handle) => self.writer.destroy_input_layout(handle),
                Trash::Sampler(handle) => self.writer.destroy_sampler(handle),
                Trash::View(handle) => self.writer.destroy_texture_view(handle),
                Trash::Buffer(handle) => self.writer.destroy_resource(handle),
            };
        }
        self.writer.flush();
        let writer = std::mem::take(&mut self.writer);
        let memory = std::mem::take(&mut self.memory);
        self.script.submissions.push(Submission { memory, stream: writer.finish(), context: self.context });
    }

    /// Binds targets of one size; `None` when there is nothing to bind.
    pub(super) fn outputs(&mut self, outputs: &Outputs) -> Option<Targets> {
        let first = outputs
            .colors
            .iter()
            .map(|pick| usize::from(*pick) % self.surfaces.len())
            .find(|&index| is_target(self.surfaces[index].format))?;
        let place = self.surfaces[first].subresource(outputs.part);
        let size = self.surfaces[first].layout.mip_extent(place.0);
        let mut colors: Vec<(usize, (u32, u32), bool)> = Vec::new();
        for pick in &outputs.colors {
            let index = usize::from(*pick) % self.surfaces.len();
            let surface = &self.surfaces[index];
            let place = surface.subresource(outputs.part);
            let fits = is_target(surface.format) && surface.layout.mip_extent(place.0) == size;
            if fits && colors.iter().all(|&(other, ..)| other != index) && colors.len() < 3 {
                colors.push((index, place, false));
            }
        }
        let depth = self
            .surfaces
            .iter()
            .position(|s| outputs.depth && s.format.is_depth() && s.layout.mip_extent(0) == size);
        let (mut handles, mut wholes) = (Vec::new(), Vec::new());
        for (index, place, srgb) in &mut colors {
            let surface = &self.surfaces[*index];
            let format = if outputs.twin { twin(surface.format) } else { surface.format };
            *srgb = format.is_srgb();
            let whole = *place == (0, 0) && format == surface.format && !outputs.view;
            wholes.push(whole);
            handles.push(match whole {
                true => surface.handle,
                false => self.view(*index, format, (place.0, 1), (place.1, 1)),
            });
        }
        let depth_handle = depth.map_or(0, |index| self.surfaces[index].handle);
        self.writer.set_render_targets(&handles, depth_handle);
        Some(Targets { colors, whole: wholes, handles, size })
    }

    /// A view of a texture.
    pub(super) fn view(&mut self, index: usize, format: Format, mips: (u32, u32), layers: (u32, u32)) -> u32 {
        let view_handle = self.fresh();
        self.trash.push(Trash::View(view_handle));
        self.writer.create_texture_view(CreateTextureView {
            view_handle,
            texture_handle: self.surfaces[index].handle,
            format: format.to_u32(),
            base_mip_level: mips.0,
            mip_level_count: mips.1,
            base_array_layer: layers.0,
            array_layer_count: layers.1,
            ..Default::default()
        });
        view_handle
    }

    fn clear(&mut self, outputs: &Outputs, flags: u8, color: [u8; 4], depth: u8, stencil: u8) {
        let Some(targets) = self.outputs(outputs) else { return };
        let flags = ClearFlags::from_bits_truncate(u32::from(flags));
        let color = color.map(|code| f32::from(code) / 255.0);
        self.writer.clear(flags, color, f32::from(depth % 17) / 16.0, stencil.into());
        if !flags.contains(ClearFlags::COLOR) {
            return;
        }
        // Direct3D 9's states count for clears as well.
        let states = self.render_states();
        let encodes = states.was_set_on(rs::SRGBWRITEENABLE);
        let part = states.was_set_on(rs::SCISSORTESTENABLE);
        for (&(index, place, srgb), whole) in targets.colors.iter().zip(targets.whole) {
            let bound = match (srgb || encodes, is_narrow(self.surfaces[index].format)) {
                (true, _) => Bound::EXACT.and(Rule::SrgbEncoding, 1.0),
                (_, true) => Bound::EXACT.and(Rule::UnormRounding, 1.0),
                _ => Bound::EXACT,
            };
            let surface = &mut self.surfaces[index];
            let layers = if whole { 0..surface.layers } else { place.1..place.1 + 1 };
            for layer in layers {
                surface.bounds.entry((place.0, layer)).and_modify(|old| {
                    *old = if part { std::mem::take(old).or(&bound) } else { bound.clone() };
                });
            }
        }
    }

    fn upload_texture(&mut self, texture: u8, part: Part, seed: u16) {
        let index = usize::from(texture) % self.surfaces.len();
        let surface = &mut self.surfaces[index];
        if surface.allocation.is_some() || surface.format.is_depth() {
            return;
        }
        let place = surface.subresource(part);
        let Some(to) = surface.layout.subresource(place.0, place.1) else { return };
        let row = u64::from(part.origin[1]) % to.rows;
        let contents = noise(seed, ((to.rows - row) * to.row_pitch) as usize);
        self.writer.upload_resource(surface.handle, to.offset + row * to.row_pitch, &contents);
        if row == 0 {
            surface.bounds.insert(place, Bound::EXACT);
        }
    }

    fn guest_writes(&mut self, resource: u8, seed: u16) {
        let backed: Vec<_> = (self.surfaces.iter().map(|s| (s.handle, s.allocation)))
            .chain(self.buffers.iter().map(|b| (b.handle, b.allocation)))
            .filter_map(|(handle, allocation)| Some((handle, allocation?)))
            .collect();
        if backed.is_empty() {
            return;
        }
        let (handle, index) = backed[usize::from(resource) % backed.len()];
        self.submit();
        let AllocEntry { gpa, size_bytes, .. } = self.script.allocations[index];
        self.memory.push((gpa, noise(seed, size_bytes as usize)));
        self.memory_bounds[index] = Bound::EXACT;
        self.writer.resource_dirty_range(handle, 0, size_bytes);
        for surface in self.surfaces.iter_mut().filter(|s| s.handle == handle) {
            surface.bounds.values_mut().for_each(|bound| *bound = Bound::EXACT);
        }
    }

    fn copy_texture(&mut self, picks: [u8; 2], parts: [Part; 2], size: [u8; 2], write_back: bool) {
        let from = usize::from(picks[0]) % self.surfaces.len();
        let format = self.surfaces[from].format;
        let alike: Vec<_> = (0..self.surfaces.len()).filter(|&i| self.surfaces[i].format == format).collect();
        let to = alike[usize::from(picks[1]) % alike.len()];
        let (source, target) = (&self.surfaces[from], &self.surfaces[to]);
        let places = [source.subresource(parts[0]), target.subresource(parts[1])];
        if from == to && places[0] == places[1] {
            return;
        }
        let extents = [source.layout.mip_extent(places[0].0), target.layout.mip_extent(places[1].0)];
        let Some([src, dst, size]) = rectangles(format, extents, parts, size) else { return };
        let write_back = write_back && target.allocation.is_some();
        let flags = if write_back { CopyFlags::WRITEBACK_DST } else { CopyFlags::empty() };
        self.writer.copy_texture2d(CopyTexture2d {
            dst_texture: target.handle,
            src_texture: source.handle,
            dst_mip_level: places[1].0,
            dst_array_layer: places[1].1,
            src_mip_level: places[0].0,
            src_array_layer: places[0].1,
            dst_x: dst[0],
            dst_y: dst[1],
            src_x: src[0],
            src_y: src[1],
            width: size[0],
            height: size[1],
            flags: flags.bits(),
            ..Default::default()
        });
        let bound = source.bounds.get(&places[0]).cloned().unwrap_or_default();
        if let (Some(index), true) = (target.allocation, write_back) {
            let memory = &mut self.memory_bounds[index];
            *memory = std::mem::take(memory).or(&bound);
        }
        let whole = size == extents[1];
        self.surfaces[to].bounds.entry(places[1]).and_modify(|old| {
            *old = if whole { bound } else { std::mem::take(old).or(&bound) };
        });
    }

    fn copy_buffer(&mut self, picks: [u8; 2], starts: [u8; 2], len: u8, write_back: bool) {
        let [from, to] = picks.map(|pick| usize::from(pick) % self.buffers.len());
        if from == to {
            return;
        }
        let (source, target) = (&self.buffers[from], &self.buffers[to]);
        let [src, dst] =
            [(source, starts[0]), (target, starts[1])].map(|(b, start)| u32::from(start) % b.count);
        let words = (u32::from(len) + 1).min(source.count - src).min(target.count - dst);
        let write_back = write_back && target.allocation.is_some();
        let flags = if write_back { CopyFlags::WRITEBACK_DST } else { CopyFlags::empty() };
        self.writer.copy_buffer(CopyBuffer {
            dst_buffer: target.handle,
            src_buffer: source.handle,
            dst_offset_bytes: u64::from(dst) * 4,
            src_offset_bytes: u64::from(src) * 4,
            size_bytes: u64::from(words) * 4,
            flags: flags.bits(),
            ..Default::default()
        });
    }

    fn finish(mut self) -> Result<Script, GeneratorError> {
        for index in 0..self.surfaces.len() {
            let handle = self.copied_surface(index);
            let surface = &self.surfaces[index];
            // WebGPU gives neither the depth nor the stencil of 24-bit textures; what they let through is seen in colours.
            if surface.format == Format::D24UnormS8Uint {
                let shown = self.show_stencil(handle, surface.layout.mip_extent(0))?;
                for layer in 0..2 {
                    let place = Place::Texture { handle: shown, mip: 0, layer };
                    self.script.looks.push(Look { place, bound: Bound::EXACT });
                }
                continue;
            }
            for (&(mip, layer), bound) in &surface.bounds {
                let place = Place::Texture { handle, mip, layer };
                self.script.looks.push(Look { place, bound: bound.clone() });
            }
        }
        for index in 0..self.buffers.len() {
            let place = Place::Buffer {
                handle: self.copied_buffer(index),
                len: u64::from(self.buffers[index].count) * 4,
            };
            self.script.looks.push(Look { place, bound: Bound::EXACT });
        }
        self.submit();
        for (allocation, bound) in self.script.allocations.iter().zip(self.memory_bounds) {
            let place = Place::Memory { gpa: allocation.gpa, len: allocation.size_bytes };
            self.script.looks.push(Look { place, bound });
        }
        Ok(self.script)
    }
}

/// What is in guest memory is read when it is used, and nobody says that looking is a use: so looks are at copies.
impl Emitter {
    fn copied_surface(&mut self, index: usize) -> u32 {
        let surface = &self.surfaces[index];
        if surface.allocation.is_none() {
            return surface.handle;
        }
        let (source, format, layout) = (surface.handle, surface.format, surface.layout);
        let (mip_levels, array_layers) = (surface.mips, surface.layers);
        let handle = self.fresh();
        let [width, height] = layout.mip_extent(0);
        self.writer.create_texture2d(CreateTexture2d {
            texture_handle: handle,
            usage_flags: ResourceUsage::TEXTURE.bits(),
            format: format.to_u32(),
            width,
            height,
            mip_levels,
            array_layers,
            ..Default::default()
        });
        for (mip, layer, place) in layout.subresources() {
            self.writer.copy_texture2d(CopyTexture2d {
                dst_texture: handle,
                src_texture: source,
                dst_mip_level: mip,
                src_mip_level: mip,
                dst_array_layer: layer,
                src_array_layer: layer,
                width: place.width,
                height: place.height,
                ..Default::default()
            });
        }
        handle
    }

    fn copied_buffer(&mut self, index: usize) -> u32 {
        let Words { handle: src_buffer, count, allocation } = self.buffers[index];
        if allocation.is_none() {
            return src_buffer;
        }
        let (dst_buffer, size_bytes) = (self.fresh(), u64::from(count) * 4);
        self.writer.create_buffer(CreateBuffer {
            buffer_handle: dst_buffer,
            size_bytes,
            ..Default::default()
        });
        self.writer.copy_buffer(CopyBuffer { dst_buffer, src_buffer, size_bytes, ..Default::default() });
        dst_buffer
    }
}

impl Surface {
    /// Mip and layer of a part.
    pub(super) fn subresource(&self, part: Part) -> (u32, u32) {
        (u32::from(part.mip) % self.mips, u32::from(part.layer) % self.layers)
    }
}

/// Whether colours can be drawn to it.
pub(super) fn is_target(format: Format) -> bool {
    !format.is_depth() && !format.is_block_compressed()
}

/// Origins and size of a copy that both subresources have room for. WebGPU copies depth whole; blocks are never cut.
fn rectangles(
    format: Format,
    extents: [[u32; 2]; 2],
    parts: [Part; 2],
    size: [u8; 2],
) -> Option<[[u32; 2]; 3]> {
    if format.is_depth() {
        return (extents[0] == extents[1]).then_some([[0; 2], [0; 2], extents[0]]);
    }
    let block = format.block_extent();
    let mut rectangle = [[0; 2]; 3];
    for axis in 0..2 {
        let origin = |side: usize| {
            let at = u32::from(parts[side].origin[axis]) % extents[side][axis];
            at - at % block
        };
        let (src, dst) = (origin(0), origin(1));
        let room = (extents[0][axis] - src).min(extents[1][axis] - dst);
        let wanted = (u32::from(size[axis]) % room + 1).next_multiple_of(block);
        let len = if wanted < room { wanted } else { room };
        // A part of a block is only at the edge of both.
        let at_edges = src + len == extents[0][axis] && dst + len == extents[1][axis];
        if !len.is_multiple_of(block) && !at_edges {
            return None;
        }
        (rectangle[0][axis], rectangle[1][axis], rectangle[2][axis]) = (src, dst, len);
    }
    Some(rectangle)
}
