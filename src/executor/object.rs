//! Shaders, input layouts and samplers: objects that are neither buffers nor textures.
//!
//! Each kind has a name space of its own; creating under a live handle replaces the object, destroying an unknown one
//! does nothing.

use std::sync::Arc;

use aerogpu_protocol::packets::*;
use aerogpu_raster::sampler::{AddressMode, Filter, MipFilter, SamplerState};
use rustc_hash::FxHashMap;

use super::{Execution, Failure, SoftwareRenderer};
use crate::limits;
use crate::pipeline::layout::InputLayout;
use crate::pipeline::shader::Shader;
use crate::resources::ResourceError;

/// Fails when `handle` is 0 or one more object would be too many.
fn check_new(kind: &'static str, handle: u32, exists: bool, count: usize) -> Result<(), ResourceError> {
    if handle == 0 {
        return Err(ResourceError::NullHandle(kind));
    }
    if !exists && count >= limits::MAX_OBJECTS {
        return Err(ResourceError::TooMany);
    }
    Ok(())
}

/// The live shaders, and the code that they were made from.
#[derive(Default)]
pub(super) struct Shaders {
    shaders: FxHashMap<u32, Arc<Shader>>,
    code: FxHashMap<u32, (ShaderStage, Box<[u8]>)>,
    code_bytes: u64,
}

impl Shaders {
    /// The shader with this handle.
    pub(super) fn get(&self, handle: &u32) -> Option<&Arc<Shader>> {
        self.shaders.get(handle)
    }

    /// Stage and code of every shader, by handle.
    pub(super) fn sources(&self) -> &FxHashMap<u32, (ShaderStage, Box<[u8]>)> {
        &self.code
    }

    /// Makes a shader in place of what the handle named before; fails when there would be too many, or too much code.
    pub(super) fn create(&mut self, handle: u32, stage: ShaderStage, code: &[u8]) -> Result<(), Failure> {
        check_new("shader", handle, self.shaders.contains_key(&handle), self.shaders.len())?;
        let shader = Shader::new(stage, code)?;
        let replaced = self.code.get(&handle).map_or(0, |(_, code)| code.len() as u64);
        let (value, limit) = (self.code_bytes - replaced + code.len() as u64, limits::MAX_CODE_BYTES);
        if value > limit {
            return Err(Failure::TooLarge { what: "bytes of all shaders", value, limit });
        }
        self.code_bytes = value;
        self.code.insert(handle, (stage, code.into()));
        self.shaders.insert(handle, Arc::new(shader));
        Ok(())
    }

    fn destroy(&mut self, handle: u32) {
        self.shaders.remove(&handle);
        self.code_bytes -= self.code.remove(&handle).map_or(0, |(_, code)| code.len() as u64);
    }
}

/// The sampler that these wire values ask for.
fn sampler_state(filter: u32, address: [u32; 3]) -> Result<SamplerState, Failure> {
    let filter = match SamplerFilter::from_u32(filter) {
        Some(SamplerFilter::Nearest) => Filter::Point,
        Some(SamplerFilter::Linear) => Filter::Linear,
        None => return Err(Failure::Value { field: "sampler filter", value: filter }),
    };
    let mode = |value| match SamplerAddressMode::from_u32(value) {
        Some(SamplerAddressMode::ClampToEdge) => Ok(AddressMode::Clamp),
        Some(SamplerAddressMode::Repeat) => Ok(AddressMode::Wrap),
        Some(SamplerAddressMode::MirrorRepeat) => Ok(AddressMode::Mirror),
        None => Err(Failure::Value { field: "sampler address mode", value }),
    };
    let [u, v, w] = address;
    Ok(SamplerState {
        min_filter: filter,
        mag_filter: filter,
        mip_filter: if filter == Filter::Linear { MipFilter::Linear } else { MipFilter::Point },
        address: [mode(u)?, mode(v)?, mode(w)?],
        ..SamplerState::default()
    })
}

/// The wire values of [`sampler_state`].
pub(super) fn sampler_words(state: &SamplerState) -> (u32, [u32; 3]) {
    let filter = match state.min_filter {
        Filter::Linear => SamplerFilter::Linear,
        _ => SamplerFilter::Nearest,
    };
    let mode = |mode| match mode {
        AddressMode::Wrap => SamplerAddressMode::Repeat,
        AddressMode::Mirror => SamplerAddressMode::MirrorRepeat,
        _ => SamplerAddressMode::ClampToEdge,
    };
    (filter.to_u32(), state.address.map(|address| mode(address).to_u32()))
}

impl SoftwareRenderer {
    pub(super) fn insert_layout(&mut self, handle: u32, blob: &[u8]) -> Result<(), Failure> {
        check_new("input layout", handle, self.layouts.contains_key(&handle), self.layouts.len())?;
        self.layouts.insert(handle, Arc::new(InputLayout::parse(blob)?));
        Ok(())
    }

    pub(super) fn insert_sampler(
        &mut self,
        handle: u32,
        filter: u32,
        address: [u32; 3],
    ) -> Result<(), Failure> {
        check_new("sampler", handle, self.samplers.contains_key(&handle), self.samplers.len())?;
        self.samplers.insert(handle, sampler_state(filter, address)?);
        Ok(())
    }
}

impl Execution<'_, '_> {
    pub(super) fn create_shader(&mut self, p: &CreateShaderDxbc, code: &[u8]) -> Result<(), Failure> {
        self.renderer.shaders.create(p.shader_handle, p.shader_stage(self.minor)?, code)
    }

    pub(super) fn destroy_shader(&mut self, handle: u32) -> Result<(), Failure> {
        self.renderer.shaders.destroy(handle);
        Ok(())
    }

    pub(super) fn create_input_layout(&mut self, p: &CreateInputLayout, blob: &[u8]) -> Result<(), Failure> {
        self.renderer.insert_layout(p.input_layout_handle, blob)
    }

    pub(super) fn destroy_input_layout(&mut self, handle: u32) -> Result<(), Failure> {
        self.renderer.layouts.remove(&handle);
        for context in self.renderer.contexts.values_mut() {
            if context.input_layout == handle {
                context.input_layout = 0;
            }
        }
        Ok(())
    }

    pub(super) fn create_sampler(&mut self, p: &CreateSampler) -> Result<(), Failure> {
        let address = [p.address_u, p.address_v, p.address_w];
        self.renderer.insert_sampler(p.sampler_handle, p.filter, address)
    }

    pub(super) fn destroy_sampler(&mut self, handle: u32) -> Result<(), Failure> {
        self.renderer.samplers.remove(&handle);
        for context in self.renderer.contexts.values_mut() {
            context.unbind_sampler(handle);
        }
        Ok(())
    }
}
