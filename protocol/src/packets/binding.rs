//! What is bound where: targets, vertex and index buffers, textures, samplers, buffers of the stages
//! (opcodes 0x400, 0x500-0x510, 0x520-0x525).

use super::stage::staged;
use super::{CmdHdr, PrimitiveTopology};
use crate::macros::{typed_fields, wire_enum, wire_struct};

/// Colour targets that can be bound at once (`AEROGPU_MAX_RENDER_TARGETS`).
pub const MAX_RENDER_TARGETS: usize = 8;

wire_enum! {
    /// The width of an index.
    pub enum IndexFormat: "AEROGPU_INDEX_FORMAT_" {
        Uint16 = 0, "UINT16";
        Uint32 = 1, "UINT32";
    }

    /// The filter of a sampler object, for minification, magnification and mips alike.
    pub enum SamplerFilter: "AEROGPU_SAMPLER_FILTER_" {
        Nearest = 0, "NEAREST";
        Linear = 1, "LINEAR";
    }

    /// What a sampler object does outside the texture.
    pub enum SamplerAddressMode: "AEROGPU_SAMPLER_ADDRESS_" {
        ClampToEdge = 0, "CLAMP_TO_EDGE";
        Repeat = 1, "REPEAT";
        MirrorRepeat = 2, "MIRROR_REPEAT";
    }
}

wire_struct! {
    /// Binds the colour and depth-stencil targets.
    pub struct SetRenderTargets: "aerogpu_cmd_set_render_targets", 48 {
        0 hdr: CmdHdr,
        /// How many entries of `colors` count, at most [`MAX_RENDER_TARGETS`].
        8 color_count: u32,
        /// Texture or view handle of the depth-stencil target; 0: none.
        12 depth_stencil: u32,
        /// Texture or view handles of the colour targets; 0 leaves a gap.
        16 colors: [u32; 8],
    }

    /// A vertex buffer slot.
    pub struct VertexBufferBinding: "aerogpu_vertex_buffer_binding", 16 {
        /// 0: unbound.
        0 buffer: u32,
        4 stride_bytes: u32,
        8 offset_bytes: u32,
        12 reserved0: u32,
    }

    /// Binds `buffer_count` [`VertexBufferBinding`]s, which follow, from `start_slot` on.
    pub struct SetVertexBuffers: "aerogpu_cmd_set_vertex_buffers", 16 {
        0 hdr: CmdHdr,
        8 start_slot: u32,
        12 buffer_count: u32,
    }

    /// Binds the index buffer.
    pub struct SetIndexBuffer: "aerogpu_cmd_set_index_buffer", 24 {
        0 hdr: CmdHdr,
        /// 0: unbound.
        8 buffer: u32,
        /// An [`IndexFormat`] value.
        12 format: u32,
        16 offset_bytes: u32,
        20 reserved0: u32,
    }

    /// Sets how vertices form primitives.
    pub struct SetPrimitiveTopology: "aerogpu_cmd_set_primitive_topology", 16 {
        0 hdr: CmdHdr,
        /// A [`PrimitiveTopology`] value.
        8 topology: u32,
        12 reserved0: u32,
    }

    /// Binds a texture, a view or a whole buffer to a shader-resource slot.
    pub struct SetTexture: "aerogpu_cmd_set_texture", 24 {
        0 hdr: CmdHdr,
        /// A stage word, as [`ShaderStage::decode`](super::ShaderStage::decode) takes it.
        8 shader_stage: u32,
        12 slot: u32,
        /// 0: unbound.
        16 texture: u32,
        /// `stage_ex`, where the stream's minor version allows it.
        20 reserved0: u32,
    }

    /// Creates a sampler object.
    pub struct CreateSampler: "aerogpu_cmd_create_sampler", 28 {
        0 hdr: CmdHdr,
        8 sampler_handle: u32,
        /// A [`SamplerFilter`] value.
        12 filter: u32,
        /// A [`SamplerAddressMode`] value, like `address_v` and `address_w`.
        16 address_u: u32,
        20 address_v: u32,
        24 address_w: u32,
    }

    /// Destroys a sampler handle.
    pub struct DestroySampler: "aerogpu_cmd_destroy_sampler", 16 {
        0 hdr: CmdHdr,
        8 sampler_handle: u32,
        12 reserved0: u32,
    }

    /// Binds `sampler_count` sampler handles (u32 each, 0: default), which follow, from `start_slot` on.
    pub struct SetSamplers: "aerogpu_cmd_set_samplers", 24 {
        0 hdr: CmdHdr,
        /// A stage word, as [`ShaderStage::decode`](super::ShaderStage::decode) takes it.
        8 shader_stage: u32,
        12 start_slot: u32,
        16 sampler_count: u32,
        /// `stage_ex`, where the stream's minor version allows it.
        20 reserved0: u32,
    }

    /// A constant buffer slot.
    pub struct ConstantBufferBinding: "aerogpu_constant_buffer_binding", 16 {
        /// 0: unbound.
        0 buffer: u32,
        4 offset_bytes: u32,
        /// 0: to the end of the buffer.
        8 size_bytes: u32,
        12 reserved0: u32,
    }

    /// Binds `buffer_count` [`ConstantBufferBinding`]s, which follow, from `start_slot` on.
    pub struct SetConstantBuffers: "aerogpu_cmd_set_constant_buffers", 24 {
        0 hdr: CmdHdr,
        /// A stage word, as [`ShaderStage::decode`](super::ShaderStage::decode) takes it.
        8 shader_stage: u32,
        12 start_slot: u32,
        16 buffer_count: u32,
        /// `stage_ex`, where the stream's minor version allows it.
        20 reserved0: u32,
    }

    /// A shader-resource slot that holds a buffer.
    pub struct ShaderResourceBufferBinding: "aerogpu_shader_resource_buffer_binding", 16 {
        /// 0: unbound.
        0 buffer: u32,
        4 offset_bytes: u32,
        /// 0: to the end of the buffer.
        8 size_bytes: u32,
        12 reserved0: u32,
    }

    /// Binds `buffer_count` [`ShaderResourceBufferBinding`]s, which follow, from `start_slot` on.
    pub struct SetShaderResourceBuffers: "aerogpu_cmd_set_shader_resource_buffers", 24 {
        0 hdr: CmdHdr,
        /// A stage word, as [`ShaderStage::decode`](super::ShaderStage::decode) takes it.
        8 shader_stage: u32,
        12 start_slot: u32,
        16 buffer_count: u32,
        /// `stage_ex`, where the stream's minor version allows it.
        20 reserved0: u32,
    }

    /// An unordered-access slot.
    pub struct UnorderedAccessBufferBinding: "aerogpu_unordered_access_buffer_binding", 16 {
        /// 0: unbound.
        0 buffer: u32,
        4 offset_bytes: u32,
        /// 0: to the end of the buffer.
        8 size_bytes: u32,
        /// Initial append/consume counter; `0xFFFF_FFFF` keeps the present one.
        12 initial_count: u32,
    }

    /// Binds `uav_count` [`UnorderedAccessBufferBinding`]s, which follow, from `start_slot` on.
    pub struct SetUnorderedAccessBuffers: "aerogpu_cmd_set_unordered_access_buffers", 24 {
        0 hdr: CmdHdr,
        /// A stage word, as [`ShaderStage::decode`](super::ShaderStage::decode) takes it.
        8 shader_stage: u32,
        12 start_slot: u32,
        16 uav_count: u32,
        /// `stage_ex`, where the stream's minor version allows it.
        20 reserved0: u32,
    }
}

typed_fields! {
    SetIndexBuffer { format => format: IndexFormat }
    SetPrimitiveTopology { topology => topology: PrimitiveTopology }
    CreateSampler {
        filter => filter: SamplerFilter,
        address_u => address_u: SamplerAddressMode,
        address_v => address_v: SamplerAddressMode,
        address_w => address_w: SamplerAddressMode
    }
}

staged! {
    SetTexture: shader_stage, decode;
    SetSamplers: shader_stage, decode;
    SetConstantBuffers: shader_stage, decode;
    SetShaderResourceBuffers: shader_stage, decode;
    SetUnorderedAccessBuffers: shader_stage, decode;
}
