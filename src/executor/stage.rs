//! What the stages have bound, as one draw or dispatch sees it.

use std::sync::Arc;

use aerogpu_dxbc::ValidatedShader;
use aerogpu_dxbc::ir::ResourceDimension;
use aerogpu_protocol::packets::ShaderStage;
use aerogpu_raster::sampler::{SamplerState, UNBOUND_D3D9};
use aerogpu_raster::surface::TextureView;

use super::binding::read_subresources;
use super::{Execution, Failure, d3d9};
use crate::limits;
use crate::pipeline::bindings::{ResourceView, StageBindings, WordView, view_dimension};
use crate::pipeline::layout::InputLayout;
use crate::pipeline::shader::{BoundShader, Direct3d9Shader, Shader, dxbc_stage};
use crate::pipeline::stages::StageError;
use crate::resources::{ResourceError, ResourceId};
use crate::state::d3d9::sampler_state;
use crate::state::{Bound, BufferRange, ConstantBuffer, ShaderResource};

impl Execution<'_, '_> {
    pub(super) fn shader(&self, kind: &'static str, handle: u32) -> Result<Option<Arc<Shader>>, Failure> {
        match (handle, self.renderer.shaders.get(&handle)) {
            (0, _) => Ok(None),
            (_, Some(shader)) => Ok(Some(shader.clone())),
            (handle, None) => Err(ResourceError::Unknown { kind, handle }.into()),
        }
    }

    /// A shader with what its stage has bound; `None` for handle 0.
    pub(super) fn bound_shader(
        &mut self,
        kind: &'static str,
        stage: ShaderStage,
        handle: u32,
    ) -> Result<Option<BoundShader>, Failure> {
        let Some(shader) = self.shader(kind, handle)? else { return Ok(None) };
        if shader.program().stage() != dxbc_stage(stage) {
            return Err(StageError::Kind(kind).into());
        }
        self.with_bindings(stage, shader).map(Some)
    }

    /// A shader with what its stage has bound.
    pub(super) fn with_bindings(
        &mut self,
        stage: ShaderStage,
        shader: Arc<Shader>,
    ) -> Result<BoundShader, Failure> {
        let bindings = self.bindings(stage, &shader)?;
        Ok(BoundShader { shader, bindings })
    }

    pub(super) fn input_layout(&mut self) -> Result<Option<Arc<InputLayout>>, Failure> {
        let handle = self.context().input_layout;
        match (handle, self.renderer.layouts.get(&handle)) {
            (0, _) => Ok(None),
            (_, Some(layout)) => Ok(Some(layout.clone())),
            (handle, None) => Err(ResourceError::Unknown { kind: "input layout", handle }.into()),
        }
    }

    /// A bound buffer with its guest memory up to date; `None` for an empty slot.
    pub(super) fn bound_buffer(&mut self, bound: Bound) -> Result<Option<ResourceId>, Failure> {
        match self.at_use(bound)? {
            Bound::None => Ok(None),
            Bound::Resource(id) if self.renderer.resources.buffer(id).is_some() => {
                self.refresh_buffer(id)?;
                Ok(Some(id))
            }
            Bound::Resource(ResourceId(handle)) | Bound::View(handle) | Bound::Unknown(handle) => {
                Err(ResourceError::Unknown { kind: "buffer", handle }.into())
            }
        }
    }

    /// What a stage has bound in the slots that its shader declares.
    pub(super) fn bindings(&mut self, stage: ShaderStage, shader: &Shader) -> Result<StageBindings, Failure> {
        let program = shader.program();
        let level = self.renderer.options.level;
        let mut bindings = StageBindings { level, ..Default::default() };
        for range in program.constant_buffers() {
            for slot in slots(range.first, range.last, limits::CONSTANT_BUFFER_SLOTS) {
                let view = match shader.direct3d9() {
                    Some(direct3d9) => self.register_view(stage, slot, direct3d9),
                    None => self.constant_view(stage, slot)?,
                };
                *grown(&mut bindings.constants, slot) = view;
            }
        }
        if let Some(direct3d9) = shader.direct3d9() {
            let driver_made = direct3d9.interface().driver_made;
            self.direct3d9_textures(stage, program, driver_made, &mut bindings)?;
            return Ok(bindings);
        }
        for range in program.resources() {
            for slot in slots(range.first, range.last, limits::RESOURCE_SLOTS) {
                let view = self.resource_view(stage, slot, range.dimension, range.stride)?;
                *grown(&mut bindings.resources, slot) = view;
            }
        }
        for range in program.samplers() {
            for slot in slots(range.first, range.last, limits::SAMPLER_SLOTS) {
                let handle = self.context().stage(stage).samplers[slot];
                let state = match (handle, self.renderer.samplers.get(&handle)) {
                    (0, _) => default_sampler(),
                    (_, Some(state)) => *state,
                    (handle, None) => return Err(ResourceError::Unknown { kind: "sampler", handle }.into()),
                };
                *grown(&mut bindings.samplers, slot) = state;
            }
        }
        Ok(bindings)
    }

    /// Textures and samplers of a Direct3D 9 stage: both have the number of the sampler register.
    fn direct3d9_textures(
        &mut self,
        stage: ShaderStage,
        program: &ValidatedShader,
        driver_made: bool,
        bindings: &mut StageBindings,
    ) -> Result<(), Failure> {
        // The guest driver fills rectangles with its copy shader and no texture: it counts on white.
        bindings.unbound_texel = if driver_made { [1.0f32.to_bits(); 4] } else { UNBOUND_D3D9 };
        for range in program.resources() {
            let slot = range.first as usize;
            if slot >= limits::SAMPLER_SLOTS {
                continue;
            }
            let dimension = self.direct3d9_dimension(stage, slot, range.dimension);
            let view = self.resource_view(stage, slot, dimension, 0)?;
            let states = &self.context().stage(stage).d3d9;
            let srgb = states.sampler(range.first, sampler_state::SRGBTEXTURE) != 0;
            *grown(&mut bindings.samplers, slot) = d3d9::sampler(states, range.first);
            *grown(&mut bindings.resources, slot) = match view {
                Some(ResourceView::Texture(view)) if srgb => Some(ResourceView::Texture(view.with_srgb())),
                // A buffer is no texture.
                Some(ResourceView::Buffer(_)) => None,
                view => view,
            };
        }
        Ok(())
    }

    /// What a sampler samples. Without a declaration the texture decides: six square layers are a cube.
    fn direct3d9_dimension(
        &mut self,
        stage: ShaderStage,
        slot: usize,
        declared: ResourceDimension,
    ) -> ResourceDimension {
        if declared != ResourceDimension::Unknown {
            return declared;
        }
        let bound = self.context().stage(stage).resources[slot];
        let ShaderResource::Texture(Bound::Resource(id)) = bound else { return ResourceDimension::Texture2D };
        match self.renderer.resources.texture(id).map(|texture| &texture.desc) {
            Some(desc) if desc.array_layers == 6 && desc.width == desc.height => {
                ResourceDimension::TextureCube
            }
            _ => ResourceDimension::Texture2D,
        }
    }

    /// The constant registers of Direct3D 9, as the constant buffers that its shaders read.
    fn register_view(&mut self, stage: ShaderStage, slot: usize, shader: &Direct3d9Shader) -> WordView {
        const FLOATS: usize = 0;
        const INTEGERS: usize = 1;
        const BOOLEANS: usize = 2;
        let context = self.context();
        let state = context.stage(stage);
        let words = match slot {
            FLOATS => {
                let registers = &state.constants[..state.constants.len().min(4 * limits::D3D9_CONSTANTS)];
                let mut vectors = registers.as_chunks().0.to_vec();
                vectors.resize(limits::D3D9_CONSTANTS, [0; 4]);
                shader.interface().float_constants(&vectors)
            }
            INTEGERS => state.d3d9.integer_words(),
            BOOLEANS => state.d3d9.boolean_words(),
            d3d9::ENVIRONMENT_SLOT => d3d9::environment_words(&context.render_states),
            _ => Vec::new(),
        };
        let len = words.len();
        WordView::new(Arc::new(words), 0..len)
    }

    fn constant_view(&mut self, stage: ShaderStage, slot: usize) -> Result<WordView, Failure> {
        match self.context().stage(stage).constant_buffers[slot] {
            ConstantBuffer::Registers => {
                let words = self.context().stage(stage).constants.clone();
                let len = words.len();
                Ok(WordView::new(words, 0..len))
            }
            ConstantBuffer::Buffer(range) => Ok(self.word_view(range)?.unwrap_or_default()),
        }
    }

    /// The words of a buffer range; offsets and sizes are rounded to words.
    fn word_view(&mut self, range: BufferRange) -> Result<Option<WordView>, Failure> {
        let Some(id) = self.bound_buffer(range.buffer)? else { return Ok(None) };
        let words = self.buffer(id)?.words().clone();
        let range = word_range(range, words.len());
        Ok(Some(WordView::new(words, range)))
    }

    fn resource_view(
        &mut self,
        stage: ShaderStage,
        slot: usize,
        dimension: ResourceDimension,
        stride: u32,
    ) -> Result<Option<ResourceView>, Failure> {
        match self.context().stage(stage).resources[slot] {
            ShaderResource::None => Ok(None),
            ShaderResource::Buffer(range) => {
                let view = self.word_view(range)?.map(|view| view.with_stride(stride));
                Ok(view.map(ResourceView::Buffer))
            }
            ShaderResource::Texture(bound) => match self.at_use(bound)? {
                Bound::Resource(id) if self.renderer.resources.buffer(id).is_some() => {
                    let range = BufferRange { buffer: Bound::Resource(id), ..Default::default() };
                    let view = self.word_view(range)?.map(|view| view.with_stride(stride));
                    Ok(view.map(ResourceView::Buffer))
                }
                bound => Ok(self.texture_view(bound, dimension)?.map(ResourceView::Texture)),
            },
        }
    }

    fn texture_view(
        &mut self,
        bound: Bound,
        dimension: ResourceDimension,
    ) -> Result<Option<TextureView>, Failure> {
        let Some(dimension) = view_dimension(dimension) else { return Ok(None) };
        if let Bound::Unknown(handle) = bound {
            return Err(ResourceError::Unknown { kind: "texture", handle }.into());
        }
        let Some(read) = read_subresources(&self.renderer.resources, bound) else { return Ok(None) };
        // Reading a target shows what was drawn so far.
        self.flush_if_drawn(&read);
        self.refresh_texture(&read)?;
        let view = match bound {
            Bound::View(handle) => self.renderer.resources.view(handle).copied(),
            _ => None,
        };
        Ok(self.texture(read.texture)?.shader_view(view.as_ref(), dimension))
    }
}

/// The element at `index`, growing the list with defaults.
pub(super) fn grown<T: Default>(list: &mut Vec<T>, index: usize) -> &mut T {
    if list.len() <= index {
        list.resize_with(index + 1, T::default);
    }
    &mut list[index]
}

/// The slots `first..=last` that exist.
pub(super) fn slots(first: u32, last: u32, limit: usize) -> std::ops::Range<usize> {
    let first = (first as usize).min(limit);
    first..(last as usize).saturating_add(1).clamp(first, limit)
}

pub(super) fn word_range(range: BufferRange, words: usize) -> std::ops::Range<usize> {
    let start = range.offset as usize / 4;
    let end = if range.size == 0 { words } else { start + range.size as usize / 4 };
    start..end
}

/// What an empty sampler slot does.
fn default_sampler() -> SamplerState {
    use aerogpu_raster::sampler::{AddressMode, Filter, MipFilter};
    SamplerState {
        min_filter: Filter::Point,
        mag_filter: Filter::Point,
        mip_filter: MipFilter::Point,
        address: [AddressMode::Clamp; 3],
        ..SamplerState::default()
    }
}
