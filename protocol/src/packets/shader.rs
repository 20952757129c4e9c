//! Shaders, their constants, and input layouts (opcodes 0x200-0x208).

use super::CmdHdr;
use super::stage::staged;
use crate::macros::{wire_constants, wire_struct};

wire_constants! { INPUT_LAYOUT_CONSTANTS: "AEROGPU_INPUT_LAYOUT_", u32 {
    /// `ILAY`: the first word of a Direct3D 10/11 input layout. Anything else is a Direct3D 9 vertex declaration.
    BLOB_MAGIC = 0x5941_4C49;
    /// The only version of the blob.
    BLOB_VERSION = 1;
} }

wire_struct! {
    /// Creates a shader from the `dxbc_size_bytes` bytes that follow, padded to 4:
    /// a DXBC container, or a bare Direct3D 9 token stream.
    pub struct CreateShaderDxbc: "aerogpu_cmd_create_shader_dxbc", 24 {
        0 hdr: CmdHdr,
        8 shader_handle: u32,
        /// A stage word, as [`ShaderStage::decode`](super::ShaderStage::decode) takes it.
        12 stage: u32,
        /// Bytes of shader code that follow.
        16 dxbc_size_bytes: u32,
        /// `stage_ex`, where the stream's minor version allows it.
        20 reserved0: u32,
    }

    /// Destroys a shader handle.
    pub struct DestroyShader: "aerogpu_cmd_destroy_shader", 16 {
        0 hdr: CmdHdr,
        8 shader_handle: u32,
        12 reserved0: u32,
    }

    /// Binds the shaders of every stage: the short form. The long form appends [`BindShadersTail`];
    /// [`Packet`](crate::Packet) carries both as [`ShaderBindings`].
    pub struct BindShaders: "aerogpu_cmd_bind_shaders", 24 {
        0 hdr: CmdHdr,
        8 vs: u32,
        12 ps: u32,
        16 cs: u32,
        /// The geometry shader, unless the long form says otherwise.
        20 reserved0: u32,
    }

    /// Writes float constant registers.
    pub struct SetShaderConstantsF: "aerogpu_cmd_set_shader_constants_f", 24 {
        0 hdr: CmdHdr,
        /// A stage word, as [`ShaderStage::decode`](super::ShaderStage::decode) takes it.
        8 stage: u32,
        12 start_register: u32,
        /// Registers that follow, 16 bytes each.
        16 vec4_count: u32,
        /// `stage_ex`, where the stream's minor version allows it.
        20 reserved0: u32,
    }

    /// Writes Direct3D 9 integer constant registers.
    pub struct SetShaderConstantsI: "aerogpu_cmd_set_shader_constants_i", 24 {
        0 hdr: CmdHdr,
        /// A stage word, as [`ShaderStage::decode`](super::ShaderStage::decode) takes it.
        8 stage: u32,
        12 start_register: u32,
        /// Registers that follow, 16 bytes each.
        16 vec4_count: u32,
        /// `stage_ex`, where the stream's minor version allows it.
        20 reserved0: u32,
    }

    /// Writes Direct3D 9 boolean constant registers.
    pub struct SetShaderConstantsB: "aerogpu_cmd_set_shader_constants_b", 24 {
        0 hdr: CmdHdr,
        /// A stage word, as [`ShaderStage::decode`](super::ShaderStage::decode) takes it.
        8 stage: u32,
        12 start_register: u32,
        /// Registers that follow, 4 or 16 bytes each (see [`BoolConstants`](crate::BoolConstants)).
        16 bool_count: u32,
        /// `stage_ex`, where the stream's minor version allows it.
        20 reserved0: u32,
    }

    /// Creates an input layout from the blob that follows: `ILAY` or `D3DVERTEXELEMENT9`s.
    pub struct CreateInputLayout: "aerogpu_cmd_create_input_layout", 20 {
        0 hdr: CmdHdr,
        8 input_layout_handle: u32,
        /// Bytes of blob that follow.
        12 blob_size_bytes: u32,
        16 reserved0: u32,
    }

    /// Destroys an input layout handle.
    pub struct DestroyInputLayout: "aerogpu_cmd_destroy_input_layout", 16 {
        0 hdr: CmdHdr,
        8 input_layout_handle: u32,
        12 reserved0: u32,
    }

    /// Binds an input layout; 0 unbinds.
    pub struct SetInputLayout: "aerogpu_cmd_set_input_layout", 16 {
        0 hdr: CmdHdr,
        8 input_layout_handle: u32,
        12 reserved0: u32,
    }

    /// Opens an `ILAY` blob; `element_count` [`InputLayoutElementDxgi`]s follow.
    pub struct InputLayoutBlobHeader: "aerogpu_input_layout_blob_header", 16 {
        0 magic: u32,
        4 version: u32,
        8 element_count: u32,
        12 reserved0: u32,
    }

    /// One element of a Direct3D 10/11 input layout.
    pub struct InputLayoutElementDxgi: "aerogpu_input_layout_element_dxgi", 28 {
        /// The [hash](crate::input_layout::semantic_name_hash) of the semantic's name.
        0 semantic_name_hash: u32,
        4 semantic_index: u32,
        /// A `DXGI_FORMAT` value.
        8 dxgi_format: u32,
        12 input_slot: u32,
        /// Byte offset in the vertex; `0xFFFF_FFFF`: append after the slot's previous element.
        16 aligned_byte_offset: u32,
        /// 0: per vertex, 1: per instance.
        20 input_slot_class: u32,
        /// Instances per step; 0: never steps.
        24 instance_data_step_rate: u32,
    }
}

/// What the long form (36 bytes or more) of [`BindShaders`] appends. The ABI description has no name for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct BindShadersTail {
    /// Geometry shader; overrides `reserved0` of the short form.
    pub gs: u32,
    /// Hull shader.
    pub hs: u32,
    /// Domain shader.
    pub ds: u32,
}

/// The shader handles of all stages, from either form of the packet; 0 is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShaderBindings {
    /// Vertex shader.
    pub vs: u32,
    /// Pixel shader.
    pub ps: u32,
    /// Compute shader.
    pub cs: u32,
    /// Geometry shader.
    pub gs: u32,
    /// Hull shader.
    pub hs: u32,
    /// Domain shader.
    pub ds: u32,
}

staged! {
    CreateShaderDxbc: stage, decode;
    SetShaderConstantsF: stage, decode_for_constants;
    SetShaderConstantsI: stage, decode_for_constants;
    SetShaderConstantsB: stage, decode_for_constants;
}
