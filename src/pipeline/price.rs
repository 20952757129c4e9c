//! What shaders cost on the modelled GPU (`VGPU-1`), in slots.
//!
//! A shader costs every one of its instructions once, branches that are not taken too, and the body of a loop again for each
//! further turn. So a price is known before the shader runs but for the turns of its loops, and running costs nothing more.
//!
//! A texture slot filters four new texels for each quad, as if levels of detail fit: pixels next to each other share the
//! others. The 64 quads of a 16x16 tile take no more bytes than the texture has.

use aerogpu_dxbc::ValidatedShader;
use aerogpu_dxbc::shader::{Stretch, TextureRead};
use aerogpu_raster::sampler::{Filter, MipFilter, SamplerState};
use aerogpu_raster::shader::PixelCost;
use smallvec::SmallVec;

use super::bindings::{ResourceView, StageBindings};

/// Quads of a raster tile.
const TILE_QUADS: u64 = 64;
/// Lanes that run an instruction slot in one cycle, and accesses to memory that share a line of 64 bytes.
const UNITS: u64 = 4;

/// What a stretch of instructions costs, once.
#[derive(Debug, Clone, Copy, Default)]
struct Slots {
    alu: u64,
    texture: u64,
    memory: u64,
    samples: u64,
    /// Bytes that a quad takes from textures, times 64.
    bytes_64: u64,
}

impl Slots {
    fn of(stretch: &Stretch, bindings: &StageBindings) -> Self {
        let slots = stretch.slots;
        let mut sum = Self { alu: slots.alu.into(), memory: slots.memory.into(), ..Self::default() };
        for &read in &stretch.texture_reads {
            let (texture, bytes_64) = texture_slots(read, bindings);
            sum.texture += texture;
            sum.samples += 1;
            sum.bytes_64 += bytes_64;
        }
        sum
    }

    /// Slots of whatever kind.
    fn all(&self) -> u64 {
        self.alu + self.texture + self.memory
    }
}

/// A shader's price with what is bound to it.
#[derive(Debug)]
pub struct Price {
    /// Every instruction once.
    once: Slots,
    /// Another turn of each loop, in the order of [`Io::turns`](aerogpu_dxbc::Io::turns).
    turns: SmallVec<[Slots; 1]>,
}

impl Price {
    /// The price of a shader.
    pub fn new(shader: &ValidatedShader, bindings: &StageBindings) -> Self {
        let mut stretches = shader.stretches().iter().map(|stretch| Slots::of(stretch, bindings));
        Self { once: stretches.next().unwrap_or_default(), turns: stretches.collect() }
    }

    /// Slots of these invocations of a shader before the rasterizer, with the turns of its loops.
    pub fn vertices(&self, invocations: u64, turns: &[u64]) -> u64 {
        let further = self.turns.iter().zip(turns).map(|(slots, turns)| slots.all() * turns);
        invocations * self.once.all() + further.sum::<u64>()
    }

    /// What quads cost whose inputs take so many interpolation slots.
    pub fn quads(&self, quads: u64, interpolation: u64, turns: &[u64]) -> PixelCost {
        let mut cost = PixelCost::default();
        let once = (&self.once, quads, interpolation);
        let further = self.turns.iter().zip(turns).map(|(slots, &turns)| (slots, turns, 0));
        for (slots, times, interpolation) in std::iter::once(once).chain(further) {
            // Buffers are read through the texture pipe.
            let texture = slots.texture + slots.memory;
            cost.alu_slots += times * slots.alu;
            cost.tex_slots += times * texture;
            cost.slots += times * slots.alu.max(texture).max(interpolation);
            cost.tex_samples += times * slots.samples * 4;
            cost.tex_bytes_64 += times * slots.bytes_64;
        }
        cost
    }

    /// Cycles of a thread group: arithmetic and memory overlap.
    pub fn group(&self, threads: u64, turns: &[u64]) -> u64 {
        let further = self.turns.iter().zip(turns).map(|(slots, &turns)| (slots, turns));
        let (mut alu, mut memory) = (0, 0);
        for (slots, times) in std::iter::once((&self.once, threads)).chain(further) {
            alu += times * slots.alu;
            memory += times * (slots.memory + slots.texture);
        }
        alu.div_ceil(UNITS).max(memory.div_ceil(UNITS))
    }
}

/// Texture slots of one instruction for a quad, and the bytes that the quad takes, times 64.
fn texture_slots(read: TextureRead, bindings: &StageBindings) -> (u64, u64) {
    let resource = read.resource.and_then(|slot| bindings.resources.get(slot as usize)?.as_ref());
    let (texel, whole, levels) = match resource {
        Some(ResourceView::Texture(view)) => {
            let texels = u64::from(view.format().block_extent()).pow(2);
            let bytes = (view.format().block_bytes() as u64 * 64).div_ceil(texels);
            (bytes, view.texture().desc().stored_bytes(), view.mip_levels())
        }
        Some(ResourceView::Buffer(view)) => (16 * 64, 4 * view.words().len() as u64, 1),
        None => (0, 0, 1),
    };
    let default = SamplerState::default();
    let sampler = read.sampler.map(|slot| bindings.samplers.get(slot as usize).unwrap_or(&default));
    let slots = sampler.map_or(1, |sampler| {
        let trilinear = sampler.mip_filter == MipFilter::Linear && levels > 1;
        let anisotropic = sampler.min_filter == Filter::Anisotropic;
        let probes = if anisotropic { sampler.max_anisotropy.clamp(1, 16) } else { 1 };
        u64::from(probes) * if trilinear { 2 } else { 1 }
    });
    (slots, slots * (4 * texel).min(whole * 64 / TILE_QUADS))
}
