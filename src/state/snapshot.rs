//! Contexts in a snapshot: see [`executor`](crate::executor) for the format.

use aerogpu_protocol::packets::{
    BlendState, DepthStencilState, IndexFormat, PrimitiveTopology, RasterizerState, SetViewport,
    ShaderBindings,
};

use super::{
    Bound, BufferRange, ConstantBuffer, Context, IndexBuffer, ShaderResource, StageState, Uav, VertexBuffer,
};
use crate::codec::{Damage, Reader, Saved, saved, saved_as, saved_plain};
use crate::limits;
use crate::resources::{ResourceId, ResourceTable};

saved_plain! { BlendState DepthStencilState RasterizerState SetViewport }

saved_as! {
    IndexFormat as u32: |format| format.to_u32(), IndexFormat::from_u32, "index format";
    PrimitiveTopology as u32: |topology| topology.to_u32(), PrimitiveTopology::from_u32, "topology";
    ConstantBuffer as Option<BufferRange>: |slot| match *slot {
            ConstantBuffer::Registers => None,
            ConstantBuffer::Buffer(range) => Some(range),
        },
        |range| Some(range.map_or(ConstantBuffer::Registers, ConstantBuffer::Buffer)), "constant buffer";
}

saved! {
    ShaderBindings { vs ps cs gs hs ds }
    BufferRange { buffer offset size }
    VertexBuffer { buffer stride offset }
    IndexBuffer { buffer format offset }
    Uav { range }
    StageState { constant_buffers resources samplers uavs constants d3d9 }
    Context {
        last_submission shaders input_layout vertex_buffers index_buffer topology colors depth_stencil viewport scissor
        blend depth rasterizer render_states stages
    }
}

impl Saved for Bound {
    fn save(&self, out: &mut Vec<u8>) {
        let (kind, number) = match *self {
            Self::None => (0u8, 0),
            Self::Resource(ResourceId(id)) => (1, id),
            Self::View(handle) => (2, handle),
            Self::Unknown(handle) => (3, handle),
        };
        (kind, number).save(out);
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(match Saved::load(from)? {
            (0u8, 0) => Self::None,
            (1, id) => Self::Resource(ResourceId(id)),
            (2, handle) => Self::View(handle),
            (3, handle) => Self::Unknown(handle),
            _ => return Err(Damage::Invalid("binding")),
        })
    }
}

impl Saved for ShaderResource {
    fn save(&self, out: &mut Vec<u8>) {
        match self {
            Self::None => 0u8.save(out),
            Self::Texture(bound) => (1u8, *bound).save(out),
            Self::Buffer(range) => (2u8, *range).save(out),
        }
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Damage> {
        match u8::load(from)? {
            0 => Ok(Self::None),
            1 => Saved::load(from).map(Self::Texture),
            2 => Saved::load(from).map(Self::Buffer),
            _ => Err(Damage::Invalid("shader resource")),
        }
    }
}

impl Context {
    /// What the executor takes for granted: slots are as many as there are, and name what exists.
    pub(crate) fn check(&self, resources: &ResourceTable) -> Result<(), Damage> {
        self.stages.iter().try_for_each(StageState::check)?;
        self.render_states.check()?;
        let exists = |bound| match bound {
            Bound::None | Bound::Unknown(_) => true,
            Bound::Resource(id) => resources.get(id).is_some(),
            Bound::View(handle) => resources.view(handle).is_some(),
        };
        if self.bounds().all(exists) { Ok(()) } else { Err(Damage::Invalid("binding of nothing")) }
    }

    /// What every slot names.
    fn bounds(&self) -> impl Iterator<Item = Bound> {
        let targets = self.colors.into_iter().chain([self.depth_stencil]);
        let vertices = self.vertex_buffers.iter().map(|slot| slot.buffer);
        let indices = self.index_buffer.iter().map(|slot| slot.buffer);
        targets.chain(vertices).chain(indices).chain(self.stages.iter().flat_map(StageState::bounds))
    }
}

impl StageState {
    fn check(&self) -> Result<(), Damage> {
        let registers = self.constants.len();
        if self.resources.len() != limits::RESOURCE_SLOTS {
            return Err(Damage::Invalid("number of shader resource slots"));
        }
        if registers > 4 * limits::FLOAT_CONSTANTS || !registers.is_multiple_of(4) {
            return Err(Damage::Invalid("number of constant registers"));
        }
        self.d3d9.check()
    }

    fn bounds(&self) -> impl Iterator<Item = Bound> {
        let resources = self.resources.iter().map(|slot| match slot {
            ShaderResource::None => Bound::None,
            ShaderResource::Texture(bound) => *bound,
            ShaderResource::Buffer(range) => range.buffer,
        });
        let constants = self.constant_buffers.iter().map(|slot| match slot {
            ConstantBuffer::Registers => Bound::None,
            ConstantBuffer::Buffer(range) => range.buffer,
        });
        resources.chain(constants).chain(self.uavs.iter().map(|uav| uav.range.buffer))
    }
}
