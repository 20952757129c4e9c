//! Clears, dispatches and presents.

use std::sync::Arc;

use aerogpu_dxbc::ValidatedShader;
use aerogpu_dxbc::ir::Stage;
use aerogpu_protocol::packets::{Clear, ClearFlags, Dispatch, PresentFlags, ShaderStage};
use aerogpu_raster::format::Format;

use super::binding::read_subresources;
use super::passes::Attachment;
use super::stage::{grown, slots, word_range};
use super::translate::scissor_rect;
use super::{Execution, Failure};
use crate::cycles::Work;
use crate::limits;
use crate::pipeline::bindings::{StageBindings, UavView};
use crate::pipeline::compute;
use crate::resources::{Frozen, ResourceId, Subresources};
use crate::state::BufferRange;
use crate::state::d3d9::render_state;

impl Execution<'_, '_> {
    /// Clears what is bound. Direct3D 10/11 clear whole targets whatever the state; in Direct3D 9 the scissor test and the
    /// sRGB encoding of what is written apply, which only its render states turn on here.
    pub(super) fn clear(&mut self, p: &Clear) -> Result<(), Failure> {
        let attachments = self.attachments()?;
        let context = self.context();
        let is_set = |state| context.render_states.was_set_on(state);
        let scissored = is_set(render_state::SCISSORTESTENABLE);
        let rect = context.scissor.and_then(scissor_rect).filter(|_| scissored);
        let srgb = is_set(render_state::SRGBWRITEENABLE);
        let flags = p.flags();
        let color = flags.contains(ClearFlags::COLOR);
        let depth = flags.contains(ClearFlags::DEPTH).then(|| p.depth());
        let stencil = flags.contains(ClearFlags::STENCIL).then_some(p.stencil as u8);
        if attachments.is_empty() || !color && depth.is_none() && stencil.is_none() {
            return Ok(());
        }
        let overwrites = |a: &Attachment| {
            let all_bits = match a.format.is_depth() {
                true => depth.is_some() && (stencil.is_some() || a.format == Format::D32Float),
                false => color,
            };
            all_bits && rect.is_none_or(|rect| a.is_inside(&rect))
        };
        // Everything that can fail comes before the first target is cleared.
        let parts = attachments.by_size();
        for part in &parts {
            part.spend_clears(&self.budget, self.renderer.options.tile_size)?;
        }
        match parts.len() {
            1 => self.flush_unless_to(&attachments),
            _ => self.flush_pass(),
        }
        for kept in attachments.all().filter(|a| !overwrites(a)) {
            self.refresh_texture(&kept.subresources())?;
        }
        for overwritten in attachments.all().filter(|a| overwrites(a)) {
            if let Some(texture) = self.renderer.resources.texture_mut(overwritten.texture) {
                texture.discard_dirty(&overwritten.subresources());
            }
        }
        for part in parts {
            let pass = self.pass_for(part)?;
            for target in (0..8).filter(|&i| color && part.colors[i].is_some()) {
                match srgb {
                    true => pass.clear_color_srgb(target, p.color(), rect),
                    false => pass.clear_color(target, p.color(), rect),
                }
            }
            if part.depth_stencil.is_some() && (depth.is_some() || stencil.is_some()) {
                pass.clear_depth_stencil(depth, stencil, rect);
            }
            self.flush_if_large();
        }
        Ok(())
    }

    pub(super) fn dispatch(&mut self, p: &Dispatch) -> Result<(), Failure> {
        let groups = [p.group_count_x, p.group_count_y, p.group_count_z];
        if groups.contains(&0) {
            return Ok(());
        }
        if let Some(&value) = groups.iter().find(|&&n| n > limits::MAX_DISPATCH_GROUPS) {
            let (value, limit) = (value.into(), limits::MAX_DISPATCH_GROUPS.into());
            return Err(Failure::TooLarge { what: "thread groups along an axis", value, limit });
        }
        let stage = p.shader_stage(self.minor)?;
        let shaders = self.context().shaders;
        let handle = match stage {
            ShaderStage::Geometry => shaders.gs,
            ShaderStage::Hull => shaders.hs,
            ShaderStage::Domain => shaders.ds,
            ShaderStage::Vertex | ShaderStage::Pixel | ShaderStage::Compute => shaders.cs,
        };
        let shader = self
            .shader("compute shader", handle)?
            .ok_or(Failure::NotBound("a dispatch needs a compute shader; bind one with BIND_SHADERS"))?;
        let program = shader.program();
        if program.stage() != Stage::Compute {
            return Err(Failure::Unsupported("dispatching a shader that is no compute shader".into()));
        }
        let mut bindings = self.bindings(stage, &shader)?;
        let taken = self.take_uavs(stage, program, &mut bindings)?;
        let (number, mut work) = (self.counts.start(self.packet), Work::default());
        let result = compute::run(program, &bindings, groups, &self.budget, &mut work);
        *self.counts.work(number) += work;
        self.return_uavs(taken, bindings);
        Ok(result?)
    }

    /// Moves the buffers behind a shader's UAVs into its bindings. Returns which buffer each slot took.
    fn take_uavs(
        &mut self,
        stage: ShaderStage,
        program: &ValidatedShader,
        bindings: &mut StageBindings,
    ) -> Result<Vec<(usize, ResourceId)>, Failure> {
        // Everything that can fail comes before the first buffer is taken.
        let mut found: Vec<(usize, BufferRange, u32, ResourceId)> = Vec::new();
        for range in program.uavs() {
            for slot in slots(range.first, range.last, limits::UAV_SLOTS) {
                let uav = self.context().stage(stage).uavs[slot];
                let Some(id) = self.bound_buffer(uav.range.buffer)? else { continue };
                if found.iter().any(|&(.., other)| other == id) {
                    return Err(Failure::Unsupported("one buffer in two unordered-access slots".into()));
                }
                found.push((slot, uav.range, range.stride, id));
            }
        }
        let mut taken = Vec::new();
        for (slot, range, stride, id) in found {
            let Some(buffer) = self.renderer.resources.buffer_mut(id) else { continue };
            let words = std::mem::take(buffer.words_mut());
            let words_range = word_range(range, words.len());
            *grown(&mut bindings.uavs, slot) =
                Some(Arc::new(UavView::new(words, words_range, stride, buffer.counter)));
            taken.push((slot, id));
        }
        Ok(taken)
    }

    fn return_uavs(&mut self, taken: Vec<(usize, ResourceId)>, mut bindings: StageBindings) {
        for (slot, id) in taken {
            let view = bindings.uavs.get_mut(slot).and_then(Option::take).and_then(Arc::into_inner);
            if let (Some(view), Some(buffer)) = (view, self.renderer.resources.buffer_mut(id)) {
                let (words, counter) = view.into_parts();
                *buffer.words_mut() = words;
                buffer.counter = counter;
            }
        }
    }

    /// Presents the first colour target that is bound. The scanout keeps the picture: neither later draws nor the end of the
    /// texture change what was presented.
    pub(super) fn present(&mut self, scanout: u32, flags: PresentFlags) -> Result<(), Failure> {
        self.flush_pass();
        let mut shown = None;
        for bound in self.context().colors {
            let bound = self.at_use(bound)?;
            shown = shown.or_else(|| read_subresources(&self.renderer.resources, bound));
        }
        let texture = shown.as_ref().map(|shown| shown.texture);
        match shown {
            Some(shown) => self.show(scanout, &shown)?,
            None => _ = self.renderer.scanouts.remove(&scanout),
        }
        self.note_present(scanout, texture, flags.contains(PresentFlags::VSYNC));
        Ok(())
    }

    fn show(&mut self, scanout: u32, shown: &Subresources) -> Result<(), Failure> {
        self.refresh_texture(shown)?;
        let texture = self.renderer.resources.texture(shown.texture);
        let Some(picture) = texture.and_then(|t| t.freeze(shown.mips.start, shown.layers.start)) else {
            return Ok(());
        };
        let scanouts = &self.renderer.scanouts;
        let others = || scanouts.iter().filter(|&(&id, _)| id != scanout).map(|(_, other)| other);
        let too_large = |what, value, limit| Err(Failure::TooLarge { what, value, limit });
        if others().count() >= limits::MAX_SCANOUTS {
            return too_large("scanouts", limits::MAX_SCANOUTS as u64 + 1, limits::MAX_SCANOUTS as u64);
        }
        let bytes = picture.bytes() + others().map(Frozen::bytes).sum::<u64>();
        if bytes > limits::MAX_PRESENTED_BYTES {
            return too_large("bytes of presented pictures", bytes, limits::MAX_PRESENTED_BYTES);
        }
        // The next draw copies it.
        self.budget.spend_bytes(picture.bytes())?;
        self.renderer.scanouts.insert(scanout, picture);
        Ok(())
    }
}
