//! Work: clears, draws, dispatches (opcodes 0x600-0x603).

use super::{CmdHdr, ShaderStage, UnknownShaderStage};
use crate::macros::{typed_fields, wire_flags, wire_struct};

wire_flags! {
    /// What a clear clears.
    pub struct ClearFlags: "AEROGPU_CLEAR_" {
        COLOR = 0x01;
        DEPTH = 0x02;
        STENCIL = 0x04;
    }
}

wire_struct! {
    /// Clears the bound targets.
    pub struct Clear: "aerogpu_cmd_clear", 36 {
        0 hdr: CmdHdr,
        /// [`ClearFlags`] bits.
        8 flags: u32,
        /// Bit patterns of f32; see [`Clear::color`].
        12 color_rgba_f32: [u32; 4],
        /// Bit pattern of f32; see [`Clear::depth`].
        28 depth_f32: u32,
        /// Only the low 8 bits count.
        32 stencil: u32,
    }

    /// Draws consecutive vertices.
    pub struct Draw: "aerogpu_cmd_draw", 24 {
        0 hdr: CmdHdr,
        8 vertex_count: u32,
        12 instance_count: u32,
        16 first_vertex: u32,
        20 first_instance: u32,
    }

    /// Draws vertices by index.
    pub struct DrawIndexed: "aerogpu_cmd_draw_indexed", 28 {
        0 hdr: CmdHdr,
        8 index_count: u32,
        12 instance_count: u32,
        16 first_index: u32,
        /// Added to every index after the primitive-restart test.
        20 base_vertex: i32,
        24 first_instance: u32,
    }

    /// Runs a compute shader.
    pub struct Dispatch: "aerogpu_cmd_dispatch", 24 {
        0 hdr: CmdHdr,
        8 group_count_x: u32,
        12 group_count_y: u32,
        16 group_count_z: u32,
        /// `stage_ex`, where the stream's minor version allows it.
        20 reserved0: u32,
    }
}

typed_fields! {
    Clear { flags => flags: flags ClearFlags }
}

impl Clear {
    /// Red, green, blue, alpha. Any float, NaN included, may come from the guest.
    #[must_use]
    pub const fn color(&self) -> [f32; 4] {
        let [r, g, b, a] = self.color_rgba_f32;
        [f32::from_bits(r), f32::from_bits(g), f32::from_bits(b), f32::from_bits(a)]
    }

    /// The depth. Any float, NaN included, may come from the guest.
    #[must_use]
    pub const fn depth(&self) -> f32 {
        f32::from_bits(self.depth_f32)
    }
}

impl Dispatch {
    /// The stage whose shader runs: compute, unless `stage_ex` names another.
    pub const fn shader_stage(&self, minor: u16) -> Result<ShaderStage, UnknownShaderStage> {
        ShaderStage::decode(2, self.reserved0, minor)
    }
}
