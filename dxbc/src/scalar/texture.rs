//! Sampling, texel loads and queries (S22.4.2-7, S22.4.14-19, S22.5.6).

use crate::ir::{Op, ResourceDimension, ReturnKind};
use crate::resources::{LoadRequest, Lod, ResourceInfo, SampleKind, SampleRequest, Slot};
use crate::shader::{Memory, Space, Step};

use super::float;
use super::machine::Machine;

impl Machine<'_, '_> {
    /// All `sample*`, `gather4*` and `lod` instructions. Sources stand in the table's order: coordinates, texel offsets of
    /// `_po`, then level of detail, bias, reference or derivatives, then the clamp of `_cl`.
    pub(super) fn sample(&mut self, step: &Step) {
        let (Some(memory), Some(sampler)) = (&step.memory, &step.sampler) else { return };
        let Space::Resource { slot, dimension } = &memory.space else { return };
        self.fill_scratch(&step.sources[0]);
        self.each(|m, lane| {
            let scalar = |source: usize| f32::from_bits(m.source(lane, &step.sources[source])[0]);
            let (kind, lod, lod_clamp) = m.sample_arguments(lane, step, scalar, sampler.component);
            let request = SampleRequest {
                texture: m.slot(lane, slot),
                sampler: m.slot(lane, &sampler.slot),
                dimension: *dimension,
                kind,
                coordinate: m.scratch[lane].map(f32::from_bits),
                lod,
                lod_clamp,
                offset: m.sample_offset(lane, step),
            };
            let texel = m.resources.sample(&request);
            m.store(lane, &step.destinations[0], swizzled(memory, texel));
            m.store_status(lane, step);
        });
    }

    /// What to return, from which level, and the least level.
    fn sample_arguments(
        &self,
        lane: usize,
        step: &Step,
        scalar: impl Fn(usize) -> f32,
        component: u8,
    ) -> (SampleKind, Lod, f32) {
        use Op::{
            Gather4, Gather4C, Gather4CS, Gather4Po, Gather4PoC, Gather4PoCS, Gather4PoS, Gather4S, SampleB,
            SampleBClS, SampleC, SampleCClS, SampleCLz, SampleCLzS, SampleClS, SampleD, SampleDClS, SampleL,
            SampleLS,
        };
        let implicit = |bias: f32| {
            let [ddx, ddy] = self.coordinate_derivatives(lane);
            Lod::Derivatives { ddx, ddy, bias }
        };
        let explicit = |source: usize| Lod::Explicit(scalar(source));
        let given = || {
            let [ddx, ddy] = [1, 2].map(|s| {
                let [x, y, z, _] = self.source(lane, &step.sources[s]).map(f32::from_bits);
                [x, y, z]
            });
            Lod::Derivatives { ddx, ddy, bias: 0.0 }
        };
        let first_level = Lod::Explicit(0.0);
        match step.op {
            SampleB => (SampleKind::Filter, implicit(scalar(1)), 0.0),
            SampleBClS => (SampleKind::Filter, implicit(scalar(1)), scalar(2)),
            SampleL | SampleLS => (SampleKind::Filter, explicit(1), 0.0),
            SampleD => (SampleKind::Filter, given(), 0.0),
            SampleDClS => (SampleKind::Filter, given(), scalar(3)),
            SampleC => (SampleKind::Compare(scalar(1)), implicit(0.0), 0.0),
            SampleCClS => (SampleKind::Compare(scalar(1)), implicit(0.0), scalar(2)),
            SampleCLz | SampleCLzS => (SampleKind::Compare(scalar(1)), first_level, 0.0),
            SampleClS => (SampleKind::Filter, implicit(0.0), scalar(1)),
            Gather4 | Gather4S | Gather4Po | Gather4PoS => (SampleKind::Gather(component), first_level, 0.0),
            Gather4C | Gather4CS => (SampleKind::GatherCompare(scalar(1)), first_level, 0.0),
            Gather4PoC | Gather4PoCS => (SampleKind::GatherCompare(scalar(2)), first_level, 0.0),
            Op::Lod => (SampleKind::QueryLod, implicit(0.0), 0.0),
            _ => (SampleKind::Filter, implicit(0.0), 0.0),
        }
    }

    /// `gather4_po` takes offsets from a register: the low six bits, signed (S22.4.4).
    fn sample_offset(&self, lane: usize, step: &Step) -> [i32; 3] {
        match step.op {
            Op::Gather4Po | Op::Gather4PoS | Op::Gather4PoC | Op::Gather4PoCS => {
                let [x, y, _, _] = self.source(lane, &step.sources[1]);
                let signed = |bits: u32| (bits as i32) << 26 >> 26;
                [signed(x), signed(y), 0]
            }
            _ => step.offset,
        }
    }

    /// Differences of the sampled coordinates over the quad, by the coarse rule.
    fn coordinate_derivatives(&self, lane: usize) -> [[f32; 3]; 2] {
        let [x, y] = self.coarse_derivatives(lane).map(|[x, y, z, _]| [x, y, z].map(f32::from_bits));
        [x, y]
    }

    /// `ld`, `ldms` and their `_s` forms (S22.4.6-7). The fourth component of the address is the level of mipmapped textures.
    pub(super) fn load_texel(&mut self, step: &Step) {
        let Some(memory) = &step.memory else { return };
        let Space::Resource { slot, dimension } = &memory.space else { return };
        let multisampled = matches!(step.op, Op::Ldms | Op::LdmsS);
        self.each(|m, lane| {
            let address = m.source(lane, &step.sources[0]);
            let spatial = dimension.spatial();
            let offset = |c: usize| if c < spatial { step.offset[c] as u32 } else { 0 };
            let request = LoadRequest {
                slot: Slot::Resource(m.slot(lane, slot)),
                dimension: *dimension,
                address: std::array::from_fn(|c| address[c].wrapping_add(offset(c))),
                mip: if multisampled || *dimension == ResourceDimension::Buffer { 0 } else { address[3] },
                sample: if multisampled { m.source(lane, &step.sources[1])[0] } else { 0 },
            };
            let texel = m.resources.load(&request);
            m.store(lane, &step.destinations[0], swizzled(memory, texel));
            m.store_status(lane, step);
        });
    }

    /// `resinfo` (S22.4.14): sizes of a mip level, array size, mip count.
    pub(super) fn resinfo(&mut self, step: &Step) {
        let Some(memory) = &step.memory else { return };
        let Some(dimension) = dimension(memory) else { return };
        self.each(|m, lane| {
            let info = m.info(lane, memory, m.source(lane, &step.sources[0])[0]);
            let [sizes, rest] = resource_sizes(dimension, &info);
            let words = std::array::from_fn(|c| match step.return_kind {
                ReturnKind::Uint => sizes[c] | rest[c],
                ReturnKind::RcpFloat if c < sized(dimension) => float::rcp((sizes[c] as f32).to_bits()),
                ReturnKind::Float | ReturnKind::RcpFloat => ((sizes[c] | rest[c]) as f32).to_bits(),
            });
            m.store(lane, &step.destinations[0], swizzled(memory, words));
        });
    }

    /// `bufinfo` (S22.4.15): elements, structures, or bytes of a raw buffer.
    pub(super) fn bufinfo(&mut self, step: &Step) {
        let Some(memory) = &step.memory else { return };
        self.each(|m, lane| {
            let width = m.info(lane, memory, 0).width;
            m.store(lane, &step.destinations[0], swizzled(memory, [width, 0, 0, 0]));
        });
    }

    /// `sampleinfo` (S22.4.20): samples a texel.
    pub(super) fn sampleinfo(&mut self, step: &Step) {
        let Some(memory) = &step.memory else { return };
        self.each(|m, lane| {
            let samples = match memory.space {
                Space::Rasterizer => m.resources.render_target_samples(),
                _ => m.info(lane, memory, 0).samples,
            };
            let word =
                if step.return_kind == ReturnKind::Uint { samples } else { (samples as f32).to_bits() };
            m.store(lane, &step.destinations[0], swizzled(memory, [word, 0, 0, 0]));
        });
    }

    /// `samplepos` (S22.4.21): relative to the pixel centre.
    pub(super) fn samplepos(&mut self, step: &Step) {
        let Some(memory) = &step.memory else { return };
        self.each(|m, lane| {
            let texture = match &memory.space {
                Space::Resource { slot, .. } => Some(m.slot(lane, slot)),
                _ => None,
            };
            let sample = m.source(lane, &step.sources[0])[0];
            let [x, y] = m.resources.sample_position(texture, sample).map(f32::to_bits);
            m.store(lane, &step.destinations[0], swizzled(memory, [x, y, 0, 0]));
        });
    }

    fn info(&self, lane: usize, memory: &Memory, mip: u32) -> ResourceInfo {
        match &memory.space {
            Space::Resource { slot, .. } => self.resources.info(Slot::Resource(self.slot(lane, slot)), mip),
            Space::Uav { slot, .. } => self.resources.info(Slot::Uav(self.slot(lane, slot)), mip),
            _ => ResourceInfo::default(),
        }
    }
}

/// The swizzle of a resource operand applies to what was read.
fn swizzled(memory: &Memory, value: [u32; 4]) -> [u32; 4] {
    memory.swizzle.map(|c| value[usize::from(c & 3)])
}

fn dimension(memory: &Memory) -> Option<ResourceDimension> {
    match memory.space {
        Space::Resource { dimension, .. } | Space::Uav { dimension, .. } => Some(dimension),
        _ => None,
    }
}

/// How many sizes a dimension has: cubes have width and height.
fn sized(dimension: ResourceDimension) -> usize {
    match dimension {
        ResourceDimension::TextureCube | ResourceDimension::TextureCubeArray => 2,
        _ => dimension.spatial(),
    }
}

/// Spatial sizes, and beside them what never becomes a reciprocal: array size and mip count.
fn resource_sizes(dimension: ResourceDimension, info: &ResourceInfo) -> [[u32; 4]; 2] {
    use ResourceDimension as D;
    let ResourceInfo { width, height, depth, array_size, mip_levels, .. } = *info;
    match dimension {
        D::Texture1DArray => [[width, 0, 0, 0], [0, array_size, 0, mip_levels]],
        D::Texture2DArray | D::Texture2DMsArray | D::TextureCubeArray => {
            [[width, height, 0, 0], [0, 0, array_size, mip_levels]]
        }
        D::Texture3D => [[width, height, depth, 0], [0, 0, 0, mip_levels]],
        D::Texture2D | D::Texture2DMs | D::TextureCube => [[width, height, 0, 0], [0, 0, 0, mip_levels]],
        D::Unknown | D::Buffer | D::Texture1D | D::RawBuffer | D::StructuredBuffer => {
            [[width, 0, 0, 0], [0, 0, 0, mip_levels]]
        }
    }
}
