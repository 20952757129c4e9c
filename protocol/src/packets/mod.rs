//! The command packets: one plain struct each, by family.
//!
//! A packet is a [`CmdHdr`], the fields of its struct, and for some a payload; [`Packet`](crate::Packet) is the
//! typed view of any of them. Struct and field names are the ABI's. Enumerated fields stay `u32`, for a guest may
//! write any value; methods of the same name give the enum.

mod binding;
mod draw;
mod present;
mod resource;
mod shader;
mod stage;
mod state;
mod topology;

pub use binding::*;
pub use draw::*;
pub use present::*;
pub use resource::*;
pub use shader::*;
pub use stage::{STAGE_EX_MIN_ABI_MINOR, ShaderStage, UnknownShaderStage};
pub use state::*;
pub use topology::PrimitiveTopology;

pub(crate) use shader::INPUT_LAYOUT_CONSTANTS;
pub(crate) use stage::STAGE_CONSTANTS;

use crate::macros::{wire_enum, wire_flags, wire_struct};

/// `ACMD`: the first word of a command stream (`AEROGPU_CMD_STREAM_MAGIC`).
pub const STREAM_MAGIC: u32 = 0x444D_4341;

wire_struct! {
    /// Opens a command stream; packets follow to `size_bytes`.
    pub struct StreamHeader: "aerogpu_cmd_stream_header", 24 {
        /// [`STREAM_MAGIC`].
        0 magic: u32,
        /// Major version in the high half, minor in the low half.
        4 abi_version: u32,
        /// Bytes of the stream, this header included.
        8 size_bytes: u32,
        /// [`StreamFlags`] bits.
        12 flags: u32,
        16 reserved0: u32,
        20 reserved1: u32,
    }

    /// Opens every packet.
    pub struct CmdHdr: "aerogpu_cmd_hdr", 8 {
        /// An [`Opcode`] value, or one that this version does not know.
        0 opcode: u32,
        /// Bytes of the packet, this header and all padding included; a multiple of 4.
        4 size_bytes: u32,
    }
}

wire_flags! {
    /// Options of a stream. The ABI defines none.
    pub struct StreamFlags: "AEROGPU_CMD_STREAM_FLAG_" {}
}

wire_enum! {
    /// What a packet does.
    pub enum Opcode: "AEROGPU_CMD_" {
        Nop = 0x000, "NOP";
        DebugMarker = 0x001, "DEBUG_MARKER";
        CreateBuffer = 0x100, "CREATE_BUFFER";
        CreateTexture2d = 0x101, "CREATE_TEXTURE2D";
        DestroyResource = 0x102, "DESTROY_RESOURCE";
        ResourceDirtyRange = 0x103, "RESOURCE_DIRTY_RANGE";
        UploadResource = 0x104, "UPLOAD_RESOURCE";
        CopyBuffer = 0x105, "COPY_BUFFER";
        CopyTexture2d = 0x106, "COPY_TEXTURE2D";
        CreateTextureView = 0x107, "CREATE_TEXTURE_VIEW";
        DestroyTextureView = 0x108, "DESTROY_TEXTURE_VIEW";
        CreateShaderDxbc = 0x200, "CREATE_SHADER_DXBC";
        DestroyShader = 0x201, "DESTROY_SHADER";
        BindShaders = 0x202, "BIND_SHADERS";
        SetShaderConstantsF = 0x203, "SET_SHADER_CONSTANTS_F";
        CreateInputLayout = 0x204, "CREATE_INPUT_LAYOUT";
        DestroyInputLayout = 0x205, "DESTROY_INPUT_LAYOUT";
        SetInputLayout = 0x206, "SET_INPUT_LAYOUT";
        SetShaderConstantsI = 0x207, "SET_SHADER_CONSTANTS_I";
        SetShaderConstantsB = 0x208, "SET_SHADER_CONSTANTS_B";
        SetBlendState = 0x300, "SET_BLEND_STATE";
        SetDepthStencilState = 0x301, "SET_DEPTH_STENCIL_STATE";
        SetRasterizerState = 0x302, "SET_RASTERIZER_STATE";
        SetRenderTargets = 0x400, "SET_RENDER_TARGETS";
        SetViewport = 0x401, "SET_VIEWPORT";
        SetScissor = 0x402, "SET_SCISSOR";
        SetVertexBuffers = 0x500, "SET_VERTEX_BUFFERS";
        SetIndexBuffer = 0x501, "SET_INDEX_BUFFER";
        SetPrimitiveTopology = 0x502, "SET_PRIMITIVE_TOPOLOGY";
        SetTexture = 0x510, "SET_TEXTURE";
        SetSamplerState = 0x511, "SET_SAMPLER_STATE";
        SetRenderState = 0x512, "SET_RENDER_STATE";
        CreateSampler = 0x520, "CREATE_SAMPLER";
        DestroySampler = 0x521, "DESTROY_SAMPLER";
        SetSamplers = 0x522, "SET_SAMPLERS";
        SetConstantBuffers = 0x523, "SET_CONSTANT_BUFFERS";
        SetShaderResourceBuffers = 0x524, "SET_SHADER_RESOURCE_BUFFERS";
        SetUnorderedAccessBuffers = 0x525, "SET_UNORDERED_ACCESS_BUFFERS";
        Clear = 0x600, "CLEAR";
        Draw = 0x601, "DRAW";
        DrawIndexed = 0x602, "DRAW_INDEXED";
        Dispatch = 0x603, "DISPATCH";
        Present = 0x700, "PRESENT";
        PresentEx = 0x701, "PRESENT_EX";
        ExportSharedSurface = 0x710, "EXPORT_SHARED_SURFACE";
        ImportSharedSurface = 0x711, "IMPORT_SHARED_SURFACE";
        ReleaseSharedSurface = 0x712, "RELEASE_SHARED_SURFACE";
        Flush = 0x720, "FLUSH";
    }
}
