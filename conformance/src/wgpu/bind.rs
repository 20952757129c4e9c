//! What shaders have bound: constants, textures, samplers, buffers.

use std::collections::BTreeSet;
use std::num::NonZeroU64;

use aerogpu::executor::Failure;
use aerogpu::pipeline::shader::Shader;
use aerogpu_dxbc::ValidatedShader;
use aerogpu_dxbc::ir::Op;
use aerogpu_protocol::Format;
use aerogpu_protocol::packets::ShaderStage;
use wgpu::{
    BindGroup, BindGroupEntry, BindGroupLayout, BindingResource, BufferUsages, TextureView,
    TextureViewDescriptor, TextureViewDimension,
};

use super::Execution;
use super::packets::Subresources;
use super::pipeline::{Textures, view_dimension};
use super::resource::Resource;
use super::state::{ConstantSlot, ResourceSlot};
use super::wgsl::{CONSTANT_VECTORS, SampleType, binding, dimension};

/// What a bind group is made for and from.
pub(super) struct Bound<'a> {
    pub(super) layout: &'a BindGroupLayout,
    pub(super) views: Vec<(u32, TextureView)>,
    /// Textures that are cubes though the shader does not say so.
    pub(super) cubes: &'a BTreeSet<u32>,
    /// The words of the draw, for vertex shaders.
    pub(super) draw: Option<&'a wgpu::Buffer>,
}

impl Execution<'_, '_> {
    /// What a shader's texture registers hold, and the views.
    pub(super) fn textures(
        &mut self,
        stage: ShaderStage,
        shader: &Shader,
    ) -> Result<(Textures, Vec<(u32, TextureView)>), Failure> {
        let (mut textures, mut views) = (Textures::default(), Vec::new());
        let direct3d9 = shader.direct3d9().map(|shader| shader.interface().driver_made);
        for register in shader.program().resources() {
            let slot = self.context().stage(stage).resources[register.first as usize];
            let mut part = match slot {
                ResourceSlot::Handle(handle) => self.renderer.subresources(handle),
                _ => None,
            };
            if let Some(part) = part.as_mut().filter(|_| direct3d9.is_some()) {
                if part.layers.1 == 6 && self.is_square(part.texture) {
                    textures.cubes.insert(register.first);
                }
                if self.decodes_srgb(stage, register.first) {
                    part.format = with_srgb(part.format);
                }
            }
            let dimension = dimension(&textures.cubes, register.first, register.dimension);
            let Some(dimension) = view_dimension(dimension) else { continue };
            let view = match part {
                Some(part) => {
                    let kind = match part.format {
                        format if format.is_depth() => SampleType::Depth,
                        format if format.has_unused_alpha() => SampleType::Opaque,
                        _ => SampleType::Float,
                    };
                    textures.types.insert(register.first, kind);
                    let layers = match dimension {
                        TextureViewDimension::D2 => 1,
                        TextureViewDimension::Cube => 6,
                        TextureViewDimension::CubeArray => part.layers.1 / 6 * 6,
                        _ => part.layers.1,
                    };
                    let mips = if part.format.is_depth() { (part.mips.0, u32::MAX) } else { part.mips };
                    self.view(Subresources { mips, ..part }, dimension, layers)?
                }
                None => {
                    if asks(shader.program(), Op::Resinfo) {
                        return Err(lacks("the size of a texture that is not there"));
                    }
                    textures.types.insert(register.first, SampleType::Float);
                    // Direct3D 9 reads opaque black; the guest driver's own shaders count on white.
                    self.blank(
                        dimension,
                        match direct3d9 {
                            None => [0; 4],
                            Some(false) => [0, 0, 0, 255],
                            Some(true) => [255; 4],
                        },
                    )
                }
            };
            views.push((binding::TEXTURES + register.first, view));
        }
        Ok((textures, views))
    }

    fn is_square(&self, texture: u32) -> bool {
        self.renderer.texture_of(texture).is_some_and(|texture| texture.size[0] == texture.size[1])
    }

    /// What an empty slot reads.
    fn blank(&self, dimension: TextureViewDimension, texel: [u8; 4]) -> TextureView {
        let layers = if matches!(dimension, TextureViewDimension::Cube | TextureViewDimension::CubeArray) {
            6
        } else {
            1
        };
        let volume = dimension == TextureViewDimension::D3;
        let texture = self.renderer.gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: None,
            size: wgpu::Extent3d { width: 1, height: 1, depth_or_array_layers: layers },
            mip_level_count: 1,
            sample_count: 1,
            dimension: if volume { wgpu::TextureDimension::D3 } else { wgpu::TextureDimension::D2 },
            format: wgpu::TextureFormat::Rgba8Unorm,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        });
        let one = wgpu::Extent3d { width: 1, height: 1, depth_or_array_layers: 1 };
        (0..layers)
            .for_each(|layer| self.renderer.gpu.write_texture(&texture, (0, layer), &texel, (one, 4, 1)));
        texture.create_view(&TextureViewDescriptor { dimension: Some(dimension), ..Default::default() })
    }

    /// Everything that a stage reads and writes. The second result lists UAV buffers: their copy, and where it goes back.
    #[allow(clippy::type_complexity, reason = "a group and a list")]
    pub(super) fn bind_group(
        &mut self,
        stage: ShaderStage,
        shader: &Shader,
        bound: Bound<'_>,
    ) -> Result<(BindGroup, Vec<(wgpu::Buffer, wgpu::Buffer, u32, u64, u64)>), Failure> {
        let gpu = self.renderer.gpu.clone();
        let Bound { layout, views, cubes, draw } = bound;
        let (direct3d9, shader) = (shader.direct3d9(), shader.program());
        let mut buffers: Vec<(u32, wgpu::Buffer, usize)> = Vec::new();
        let mut samplers: Vec<(u32, wgpu::Sampler)> = Vec::new();
        let mut written = Vec::new();
        for constants in shader.constant_buffers() {
            let mut bytes: Vec<u8> = match self.context().stage(stage).constants[constants.first as usize] {
                _ if let Some(shader) = direct3d9 => {
                    let words = self.register_words(stage, constants.first, shader);
                    words.iter().flat_map(|w| w.to_le_bytes()).collect()
                }
                ConstantSlot::Registers => {
                    self.context().stage(stage).registers.iter().flat_map(|w| w.to_le_bytes()).collect()
                }
                ConstantSlot::Buffer(b) => self.range(b.buffer, b.offset_bytes, b.size_bytes)?,
            };
            bytes.resize(CONSTANT_VECTORS * 16, 0);
            let uniform = gpu.buffer(&bytes, BufferUsages::UNIFORM);
            buffers.push((binding::CONSTANTS + constants.first, uniform, bytes.len()));
        }
        for register in shader
            .resources()
            .iter()
            .filter(|r| view_dimension(dimension(cubes, r.first, r.dimension)).is_none())
        {
            let bytes = match self.context().stage(stage).resources[register.first as usize] {
                ResourceSlot::Empty => Vec::new(),
                ResourceSlot::Handle(buffer) => self.range(buffer, 0, 0)?,
                ResourceSlot::Buffer { buffer, offset, size } => self.range(buffer, offset, size)?,
            };
            asked_for_length(shader, &bytes)?;
            let words = gpu.buffer(&bytes, BufferUsages::STORAGE);
            buffers.push((binding::TEXTURES + register.first, words, bytes.len()));
        }
        for uav in shader.uavs() {
            let slot = self.context().stage(stage).uavs[uav.first as usize];
            let bytes = self.range(slot.buffer, slot.offset_bytes, slot.size_bytes)?;
            let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC;
            let words = gpu.buffer(&bytes, usage);
            let id = self.renderer.resolve(slot.buffer);
            let counter = match self.renderer.resources.get(&id) {
                Some(Resource::Buffer(buffer)) => buffer.counter,
                _ => 0,
            };
            let counter = gpu.buffer(&counter.to_le_bytes(), usage);
            written.push((words.clone(), counter.clone(), id, slot.offset_bytes.into(), bytes.len() as u64));
            asked_for_length(shader, &bytes)?;
            buffers.push((binding::UAVS + uav.first, words, bytes.len()));
            buffers.push((binding::COUNTERS + uav.first, counter, 4));
        }
        for register in shader.samplers() {
            if direct3d9.is_some() {
                let sampler = self.d3d9_sampler(stage, register.first, cubes.contains(&register.first))?;
                samplers.push((binding::SAMPLERS + register.first, sampler));
                continue;
            }
            let handle = self.context().stage(stage).samplers[register.first as usize];
            let sampler = self.renderer.samplers.get(&handle).filter(|_| !register.comparison).cloned();
            samplers.push((
                binding::SAMPLERS + register.first,
                sampler.unwrap_or_else(|| default_sampler(&gpu, register.comparison)),
            ));
        }
        let mut entries = Vec::new();
        entries.extend(draw.map(|b| BindGroupEntry {
            binding: binding::DRAW,
            resource: BindingResource::Buffer(b.as_entire_buffer_binding()),
        }));
        for (binding, buffer, len) in &buffers {
            // As long as it is, in whole words: shaders ask for lengths.
            let size = NonZeroU64::new(len.next_multiple_of(4).max(4) as u64);
            let resource = BindingResource::Buffer(wgpu::BufferBinding { buffer, offset: 0, size });
            entries.push(BindGroupEntry { binding: *binding, resource });
        }
        for (binding, view) in &views {
            entries.push(BindGroupEntry { binding: *binding, resource: BindingResource::TextureView(view) });
        }
        for (binding, sampler) in &samplers {
            entries.push(BindGroupEntry { binding: *binding, resource: BindingResource::Sampler(sampler) });
        }
        let group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout,
            entries: &entries,
        });
        Ok((group, written))
    }

    /// Bytes of a range of a buffer, as far as it exists; size 0 is the rest.
    pub(super) fn range(&mut self, handle: u32, offset: u32, size: u32) -> Result<Vec<u8>, Failure> {
        if handle == 0 {
            return Ok(Vec::new());
        }
        let id = self.renderer.resolve(handle);
        self.refresh(id)?;
        let gpu = self.renderer.gpu.clone();
        let buffer = self.buffer_of(id)?;
        let start = u64::from(offset).min(buffer.size);
        let end = if size == 0 { buffer.size } else { (start + u64::from(size)).min(buffer.size) };
        Ok(buffer.read(&gpu, start, end - start))
    }
}

/// WebGPU has no buffer without bytes, so that nobody can tell its length.
fn asked_for_length(shader: &ValidatedShader, bytes: &[u8]) -> Result<(), Failure> {
    if bytes.is_empty() && asks(shader, Op::Bufinfo) {
        return Err(lacks("the length of a buffer that is not there"));
    }
    Ok(())
}

fn asks(shader: &ValidatedShader, op: Op) -> bool {
    shader.program().instructions().any(|instruction| instruction.op == op)
}

fn lacks(what: &str) -> Failure {
    Failure::Unsupported(format!("{what} on WebGPU"))
}

fn default_sampler(gpu: &super::Gpu, comparison: bool) -> wgpu::Sampler {
    gpu.device.create_sampler(&wgpu::SamplerDescriptor {
        mag_filter: wgpu::FilterMode::Linear,
        min_filter: wgpu::FilterMode::Linear,
        mipmap_filter: wgpu::MipmapFilterMode::Linear,
        compare: comparison.then_some(wgpu::CompareFunction::Never),
        ..Default::default()
    })
}

/// The format with sRGB encoding, if it has one.
pub(super) fn with_srgb(format: Format) -> Format {
    (0..128).filter_map(Format::from_u32).find(|f| f.is_srgb() && f.linear() == format).unwrap_or(format)
}
