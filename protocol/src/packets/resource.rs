//! Resources: buffers, textures, views, uploads, copies (opcodes 0x100-0x108).

use super::CmdHdr;
use crate::Format;
use crate::macros::{typed_fields, wire_flags, wire_struct};

wire_flags! {
    /// What a resource may be used for. The device takes it as a hint only.
    pub struct ResourceUsage: "AEROGPU_RESOURCE_USAGE_" {
        VERTEX_BUFFER = 0x01;
        INDEX_BUFFER = 0x02;
        CONSTANT_BUFFER = 0x04;
        TEXTURE = 0x08;
        RENDER_TARGET = 0x10;
        DEPTH_STENCIL = 0x20;
        SCANOUT = 0x40;
        STORAGE = 0x80;
    }

    /// Options of the copy packets.
    pub struct CopyFlags: "AEROGPU_COPY_FLAG_" {
        /// Write the copied bytes to the guest memory behind the destination when the submission ends.
        WRITEBACK_DST = 0x01;
    }
}

wire_struct! {
    /// Creates a buffer, or gives a live handle of the same description a new backing.
    pub struct CreateBuffer: "aerogpu_cmd_create_buffer", 40 {
        0 hdr: CmdHdr,
        8 buffer_handle: u32,
        /// [`ResourceUsage`] bits.
        12 usage_flags: u32,
        16 size_bytes: u64,
        /// Allocation-table id of the guest memory behind the resource; 0: none, host-owned.
        24 backing_alloc_id: u32,
        /// Byte offset of the resource inside that allocation.
        28 backing_offset_bytes: u32,
        32 reserved0: u64,
    }

    /// Creates a 2D texture with mips and array layers, or rebinds the backing of a live one.
    pub struct CreateTexture2d: "aerogpu_cmd_create_texture2d", 56 {
        0 hdr: CmdHdr,
        8 texture_handle: u32,
        /// [`ResourceUsage`] bits.
        12 usage_flags: u32,
        /// A [`Format`] value.
        16 format: u32,
        /// Texels.
        20 width: u32,
        /// Texels.
        24 height: u32,
        /// Number of mip levels, at least 1.
        28 mip_levels: u32,
        /// Number of array layers, at least 1; 6 square layers also serve as a cube.
        32 array_layers: u32,
        /// Bytes from row to row (row of blocks for BC) of mip 0; 0: tight. Smaller mips are always tight.
        36 row_pitch_bytes: u32,
        /// Allocation-table id of the guest memory behind the resource; 0: none, host-owned.
        40 backing_alloc_id: u32,
        /// Byte offset of the resource inside that allocation.
        44 backing_offset_bytes: u32,
        48 reserved0: u64,
    }

    /// Destroys a buffer or texture handle, or an imported alias.
    pub struct DestroyResource: "aerogpu_cmd_destroy_resource", 16 {
        0 hdr: CmdHdr,
        8 resource_handle: u32,
        12 reserved0: u32,
    }

    /// Says that the guest memory behind a resource changed.
    pub struct ResourceDirtyRange: "aerogpu_cmd_resource_dirty_range", 32 {
        0 hdr: CmdHdr,
        8 resource_handle: u32,
        12 reserved0: u32,
        16 offset_bytes: u64,
        24 size_bytes: u64,
    }

    /// Writes the `size_bytes` bytes that follow, padded to 4, into a resource.
    /// For textures the range addresses the linear layout of [`TextureLayout`](crate::TextureLayout).
    pub struct UploadResource: "aerogpu_cmd_upload_resource", 32 {
        0 hdr: CmdHdr,
        8 resource_handle: u32,
        12 reserved0: u32,
        16 offset_bytes: u64,
        24 size_bytes: u64,
    }

    /// Copies bytes between buffers.
    pub struct CopyBuffer: "aerogpu_cmd_copy_buffer", 48 {
        0 hdr: CmdHdr,
        8 dst_buffer: u32,
        12 src_buffer: u32,
        16 dst_offset_bytes: u64,
        24 src_offset_bytes: u64,
        32 size_bytes: u64,
        /// [`CopyFlags`] bits.
        40 flags: u32,
        44 reserved0: u32,
    }

    /// Copies a rectangle of texels between subresources of the same format.
    pub struct CopyTexture2d: "aerogpu_cmd_copy_texture2d", 64 {
        0 hdr: CmdHdr,
        8 dst_texture: u32,
        12 src_texture: u32,
        16 dst_mip_level: u32,
        20 dst_array_layer: u32,
        24 src_mip_level: u32,
        28 src_array_layer: u32,
        32 dst_x: u32,
        36 dst_y: u32,
        40 src_x: u32,
        44 src_y: u32,
        /// Texels.
        48 width: u32,
        /// Texels.
        52 height: u32,
        /// [`CopyFlags`] bits.
        56 flags: u32,
        60 reserved0: u32,
    }

    /// Names a range of mips and layers of a texture, possibly under another format.
    pub struct CreateTextureView: "aerogpu_cmd_create_texture_view", 44 {
        0 hdr: CmdHdr,
        8 view_handle: u32,
        12 texture_handle: u32,
        /// A [`Format`] value.
        16 format: u32,
        20 base_mip_level: u32,
        24 mip_level_count: u32,
        28 base_array_layer: u32,
        32 array_layer_count: u32,
        36 reserved0: [u32; 2],
    }

    /// Destroys a view handle.
    pub struct DestroyTextureView: "aerogpu_cmd_destroy_texture_view", 16 {
        0 hdr: CmdHdr,
        8 view_handle: u32,
        12 reserved0: u32,
    }
}

typed_fields! {
    CreateBuffer { usage_flags => usage: flags ResourceUsage }
    CreateTexture2d { usage_flags => usage: flags ResourceUsage, format => format: Format }
    CreateTextureView { format => format: Format }
    CopyBuffer { flags => flags: flags CopyFlags }
    CopyTexture2d { flags => flags: flags CopyFlags }
}
