//! Saving the software renderer and restoring it.
//!
//! # Format, version 1
//!
//! Little-endian, without padding. `flag` is one byte, 0 or 1; `option T` is a flag and, if it is 1, a `T`; `list T` is a
//! `u32` count and as many `T`; `map K T` is a list of pairs in ascending order of their keys; `bytes` is a `u64` length and
//! as many bytes.
//!
//! | part | contents |
//! |---|---|
//! | header | `AGPUREND`, version `u32` |
//! | resources | map of creating handle `u32` {the handle is alive flag, texture flag, buffer or texture} |
//! | aliases | map of handle `u32` to creating handle `u32` |
//! | views | map of handle `u32` {creating handle of the texture, format, first mip level, mip levels, first layer, layers `u32`} |
//! | share tokens | map of token `u64` to creating handle `u32`; then list of retired tokens `u64`, ascending |
//! | shaders | map of handle `u32` {stage `u8`, code bytes} |
//! | input layouts | map of handle `u32` to blob bytes, of either kind |
//! | samplers | map of handle `u32` {filter, address modes u, v, w `u32`: the values of `CREATE_SAMPLER`} |
//! | contexts | submissions so far `u64`; map of number `u32` to context |
//! | scanouts | map of number `u32` {format, width, height `u32`, texels} |
//!
//! A buffer is: size `u64`, usage `u32`, option backing, list of dirty ranges {first `u64`, one past the last `u64`}, counter
//! `u32`, contents in whole words. A texture is: usage, format, width, height, mip levels, layers, row pitch `u32`, option
//! backing, a dirty flag for each subresource, texels of each subresource: layer by layer its mip levels, rows without
//! padding. A backing is: allocation `u32`, offset `u64`.
//!
//! A context is: number of its last submission `u64`; shader handles vs, ps, cs, gs, hs, ds `u32`; input layout `u32`; 32
//! vertex buffers {binding, stride, offset `u32`}; option index buffer {binding, format, offset `u32`}; topology `u32`; 8
//! colour targets and the depth-stencil target, bindings; option viewport, 32 bytes of its packet; option scissor 4 `i32`;
//! blend, depth-stencil and rasterizer state as in their packets, 52, 20 and 24 bytes; map of render states `u32` to `u32`,
//! flag that one was set, option blend constant 4 `f32`; 6 stages. A stage is: 14 constant buffers, each an option range,
//! absent for the registers; list of 128 shader resources, each a `u8`: 0 nothing, 1 and a binding, 2 and a range; 16 sampler
//! handles `u32`; 8 ranges for unordered access; list of words of the float constants; maps of integer constants `u32` to 4
//! `i32`, of boolean ones `u32` to flag, of sampler states {slot, state `u32`} to `u32`. A binding is: `u8`, `u32`: nothing 0,
//! resource 1, view 2, or unknown handle 3. A range is: binding, offset, size `u32`.
//!
//! Nothing of a submission outlives it, so that there is no queued work, write-back or budget to save. Everything is checked
//! again as packets are, and what is derived (programs, reference counts, sums for the limits) is made anew.

use aerogpu_protocol::packets::ShaderStage;

use super::binding::{check_blend_state, check_depth_stencil_state, check_rasterizer_state};
use super::object::sampler_words;
use super::{Options, SoftwareRenderer};
use crate::backend::RestoreError;
use crate::codec::{Damage, Reader, Saved, load_map, save_bytes, save_map, saved_as};
use crate::limits;
use crate::resources::{Frozen, ResourceTable};
use crate::state::Context;

const MAGIC: &[u8; 8] = b"AGPUREND";
const VERSION: u32 = 1;

saved_as! {
    ShaderStage as u8: |&stage| stage as u8, |stage| ShaderStage::ALL.get(usize::from(stage)).copied(), "shader stage";
}

impl SoftwareRenderer {
    pub(super) fn save(&self) -> Vec<u8> {
        let Self {
            options: _,
            resources,
            shaders,
            layouts,
            samplers,
            contexts,
            scanouts,
            submissions,
            pass,
            completions: _,
            together: _,
            spare_pass: _,
        } = self;
        debug_assert!(pass.is_none(), "queued work is drawn when its submission ends");
        let mut out = MAGIC.to_vec();
        VERSION.save(&mut out);
        resources.save(&mut out);
        save_map(shaders.sources(), &mut out, |(stage, code), out| {
            stage.save(out);
            save_bytes(code, out);
        });
        save_map(layouts, &mut out, |layout, out| save_bytes(layout.source(), out));
        save_map(samplers, &mut out, |sampler, out| sampler_words(sampler).save(out));
        submissions.save(&mut out);
        save_map(contexts, &mut out, Context::save);
        save_map(scanouts, &mut out, Frozen::save);
        out
    }

    pub(super) fn load(options: Options, state: &[u8]) -> Result<Self, RestoreError> {
        let from = &mut Reader(state);
        if from.take(MAGIC.len()).ok() != Some(MAGIC) {
            return Err(RestoreError::Foreign);
        }
        match u32::load(from)? {
            VERSION => {}
            found => return Err(RestoreError::Version { found, known: VERSION }),
        }
        let mut renderer = Self::new(options);
        renderer.resources = ResourceTable::load(from)?;
        renderer.load_objects(from)?;
        renderer.load_contexts(from)?;
        renderer.load_scanouts(from)?;
        from.end()?;
        Ok(renderer)
    }

    fn load_objects(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        load_map(from, limits::MAX_OBJECTS, |handle: u32, from| {
            let (stage, code) = (ShaderStage::load(from)?, from.bytes()?);
            self.shaders.create(handle, stage, code).map_err(RestoreError::object("shader", handle))
        })?;
        load_map(from, limits::MAX_OBJECTS, |handle: u32, from| {
            let blob = from.bytes()?;
            self.insert_layout(handle, blob).map_err(RestoreError::object("input layout", handle))
        })?;
        load_map(from, limits::MAX_OBJECTS, |handle: u32, from| {
            let (filter, address) = Saved::load(from)?;
            self.insert_sampler(handle, filter, address).map_err(RestoreError::object("sampler", handle))
        })
    }

    fn load_contexts(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        self.submissions = Saved::load(from)?;
        // Counted up by one a submission: none has come so far that it could overflow.
        if self.submissions > u64::MAX / 2 {
            return Err(Damage::Invalid("number of submissions").into());
        }
        load_map(from, limits::MAX_CONTEXTS, |id: u32, from| {
            let context = Context::load(from)?;
            context.check(&self.resources)?;
            if context.last_submission > self.submissions {
                return Err(Damage::Invalid("number of a context's last submission").into());
            }
            check_blend_state(&context.blend)
                .and_then(|()| check_depth_stencil_state(&context.depth))
                .and_then(|()| check_rasterizer_state(&context.rasterizer))
                .map_err(RestoreError::object("context", id))?;
            self.contexts.insert(id, context);
            Ok::<(), RestoreError>(())
        })
    }

    fn load_scanouts(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        let mut bytes = 0;
        load_map(from, limits::MAX_SCANOUTS, |id: u32, from| {
            let picture = Frozen::load(id, from)?;
            bytes += picture.bytes();
            if bytes > limits::MAX_PRESENTED_BYTES {
                return Err(Damage::Invalid("bytes of presented pictures").into());
            }
            self.scanouts.insert(id, picture);
            Ok(())
        })
    }
}
