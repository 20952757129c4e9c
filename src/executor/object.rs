//! Shaders, input layouts and samplers: objects that are neither buffers nor textures.
//!
//! Each kind has a name space of its own; creating under a live handle replaces the object, destroying an unknown one
//! does nothing.

use std::sync::Arc;

use aerogpu_protocol::packets::*;
use aerogpu_raster::sampler::{AddressMode, Filter, MipFilter, SamplerState};
use rustc_hash::FxHashMap;

use super::{Execution, Failure};
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

/// How much code is behind the live shaders.
#[derive(Default)]
pub(super) struct CodeBytes {
    of: FxHashMap<u32, u64>,
    total: u64,
}

impl CodeBytes {
    /// Counts the code of a shader in place of what the handle named before; fails when it would be too much.
    fn set(&mut self, handle: u32, bytes: u64) -> Result<(), Failure> {
        let total = self.total - self.of.get(&handle).unwrap_or(&0) + bytes;
        if total > limits::MAX_CODE_BYTES {
            let limit = limits::MAX_CODE_BYTES;
            return Err(Failure::TooLarge { what: "bytes of all shaders", value: total, limit });
        }
        self.of.insert(handle, bytes);
        self.total = total;
        Ok(())
    }

    fn remove(&mut self, handle: u32) {
        self.total -= self.of.remove(&handle).unwrap_or(0);
    }
}

impl Execution<'_, '_> {
    pub(super) fn create_shader(&mut self, p: &CreateShaderDxbc, code: &[u8]) -> Result<(), Failure> {
        let shaders = &mut self.renderer.shaders;
        check_new("shader", p.shader_handle, shaders.contains_key(&p.shader_handle), shaders.len())?;
        let shader = Shader::new(p.shader_stage(self.minor)?, code)?;
        self.renderer.shader_code.set(p.shader_handle, code.len() as u64)?;
        shaders.insert(p.shader_handle, Arc::new(shader));
        Ok(())
    }

    pub(super) fn destroy_shader(&mut self, handle: u32) -> Result<(), Failure> {
        self.renderer.shaders.remove(&handle);
        self.renderer.shader_code.remove(handle);
        Ok(())
    }

    pub(super) fn create_input_layout(&mut self, p: &CreateInputLayout, blob: &[u8]) -> Result<(), Failure> {
        let layouts = &mut self.renderer.layouts;
        let handle = p.input_layout_handle;
        check_new("input layout", handle, layouts.contains_key(&handle), layouts.len())?;
        layouts.insert(handle, Arc::new(InputLayout::parse(blob)?));
        Ok(())
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
        let samplers = &mut self.renderer.samplers;
        let handle = p.sampler_handle;
        check_new("sampler", handle, samplers.contains_key(&handle), samplers.len())?;
        let filter = match SamplerFilter::from_u32(p.filter) {
            Some(SamplerFilter::Nearest) => Filter::Point,
            Some(SamplerFilter::Linear) => Filter::Linear,
            None => return Err(Failure::Value { field: "sampler filter", value: p.filter }),
        };
        let address = |value| match SamplerAddressMode::from_u32(value) {
            Some(SamplerAddressMode::ClampToEdge) => Ok(AddressMode::Clamp),
            Some(SamplerAddressMode::Repeat) => Ok(AddressMode::Wrap),
            Some(SamplerAddressMode::MirrorRepeat) => Ok(AddressMode::Mirror),
            None => Err(Failure::Value { field: "sampler address mode", value }),
        };
        let state = SamplerState {
            min_filter: filter,
            mag_filter: filter,
            mip_filter: if filter == Filter::Linear { MipFilter::Linear } else { MipFilter::Point },
            address: [address(p.address_u)?, address(p.address_v)?, address(p.address_w)?],
            ..SamplerState::default()
        };
        samplers.insert(handle, state);
        Ok(())
    }

    pub(super) fn destroy_sampler(&mut self, handle: u32) -> Result<(), Failure> {
        self.renderer.samplers.remove(&handle);
        for context in self.renderer.contexts.values_mut() {
            context.unbind_sampler(handle);
        }
        Ok(())
    }
}
