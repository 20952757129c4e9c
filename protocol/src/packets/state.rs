//! Fixed-function state: Direct3D 10/11's state objects and Direct3D 9's states by number
//! (opcodes 0x300-0x302, 0x401-0x402, 0x511-0x512).

use super::{CmdHdr, ShaderStage, UnknownShaderStage};
use crate::macros::{typed_fields, wire_enum, wire_flags, wire_struct};

wire_enum! {
    /// What a source or destination colour is multiplied with.
    pub enum BlendFactor: "AEROGPU_BLEND_" {
        Zero = 0, "ZERO";
        One = 1, "ONE";
        SrcAlpha = 2, "SRC_ALPHA";
        InvSrcAlpha = 3, "INV_SRC_ALPHA";
        DestAlpha = 4, "DEST_ALPHA";
        InvDestAlpha = 5, "INV_DEST_ALPHA";
        Constant = 6, "CONSTANT";
        InvConstant = 7, "INV_CONSTANT";
    }

    /// How the weighted source and destination are combined.
    pub enum BlendOp: "AEROGPU_BLEND_OP_" {
        Add = 0, "ADD";
        Subtract = 1, "SUBTRACT";
        RevSubtract = 2, "REV_SUBTRACT";
        Min = 3, "MIN";
        Max = 4, "MAX";
    }

    /// A comparison of a new value with a stored one.
    pub enum CompareFunc: "AEROGPU_COMPARE_" {
        Never = 0, "NEVER";
        Less = 1, "LESS";
        Equal = 2, "EQUAL";
        LessEqual = 3, "LESS_EQUAL";
        Greater = 4, "GREATER";
        NotEqual = 5, "NOT_EQUAL";
        GreaterEqual = 6, "GREATER_EQUAL";
        Always = 7, "ALWAYS";
    }

    /// Filled or outlined triangles.
    pub enum FillMode: "AEROGPU_FILL_" {
        Solid = 0, "SOLID";
        Wireframe = 1, "WIREFRAME";
    }

    /// Which faces are not drawn.
    pub enum CullMode: "AEROGPU_CULL_" {
        None = 0, "NONE";
        Front = 1, "FRONT";
        Back = 2, "BACK";
    }
}

wire_flags! {
    /// Options of the rasterizer.
    pub struct RasterizerFlags: "AEROGPU_RASTERIZER_FLAG_" {
        /// Do not clip at the near and far planes; clamp depth instead.
        DEPTH_CLIP_DISABLE = 0x01;
    }
}

wire_struct! {
    /// One blend state for all colour targets.
    pub struct BlendState: "aerogpu_blend_state", 52 {
        /// 0: off.
        0 enable: u32,
        /// A [`BlendFactor`] value.
        4 src_factor: u32,
        /// A [`BlendFactor`] value.
        8 dst_factor: u32,
        /// A [`BlendOp`] value.
        12 blend_op: u32,
        /// Bits 0-3: red, green, blue, alpha.
        16 color_write_mask: u8,
        17 reserved0: [u8; 3],
        /// A [`BlendFactor`] value.
        20 src_factor_alpha: u32,
        /// A [`BlendFactor`] value.
        24 dst_factor_alpha: u32,
        /// A [`BlendOp`] value.
        28 blend_op_alpha: u32,
        /// Bit patterns of f32; see [`BlendState::blend_constant`].
        32 blend_constant_rgba_f32: [u32; 4],
        /// Only bit 0 matters: there is no multisampling.
        48 sample_mask: u32,
    }

    /// Sets the blend state. A packet may end after `color_write_mask` (28 bytes) or after any later dword;
    /// the reader then fills in [`BlendState::complete`].
    pub struct SetBlendState: "aerogpu_cmd_set_blend_state", 60 {
        0 hdr: CmdHdr,
        8 state: BlendState,
    }

    /// Depth and stencil; stencil functions exist only as Direct3D 9 render states.
    pub struct DepthStencilState: "aerogpu_depth_stencil_state", 20 {
        0 depth_enable: u32,
        4 depth_write_enable: u32,
        /// A [`CompareFunc`] value.
        8 depth_func: u32,
        12 stencil_enable: u32,
        16 stencil_read_mask: u8,
        17 stencil_write_mask: u8,
        18 reserved0: [u8; 2],
    }

    /// Sets the depth-stencil state.
    pub struct SetDepthStencilState: "aerogpu_cmd_set_depth_stencil_state", 28 {
        0 hdr: CmdHdr,
        8 state: DepthStencilState,
    }

    /// The rasterizer state.
    pub struct RasterizerState: "aerogpu_rasterizer_state", 24 {
        /// A [`FillMode`] value.
        0 fill_mode: u32,
        /// A [`CullMode`] value.
        4 cull_mode: u32,
        /// Not 0: counter-clockwise triangles face front.
        8 front_ccw: u32,
        /// 0: off.
        12 scissor_enable: u32,
        /// In units of the least representable depth step.
        16 depth_bias: i32,
        /// [`RasterizerFlags`] bits.
        20 flags: u32,
    }

    /// Sets the rasterizer state.
    pub struct SetRasterizerState: "aerogpu_cmd_set_rasterizer_state", 32 {
        0 hdr: CmdHdr,
        8 state: RasterizerState,
    }

    /// Sets the viewport; the fields are bit patterns of f32, see [`SetViewport::rect`].
    pub struct SetViewport: "aerogpu_cmd_set_viewport", 32 {
        0 hdr: CmdHdr,
        8 x_f32: u32,
        12 y_f32: u32,
        16 width_f32: u32,
        20 height_f32: u32,
        24 min_depth_f32: u32,
        28 max_depth_f32: u32,
    }

    /// Sets the scissor rectangle, in pixels.
    pub struct SetScissor: "aerogpu_cmd_set_scissor", 24 {
        0 hdr: CmdHdr,
        8 x: i32,
        12 y: i32,
        16 width: i32,
        20 height: i32,
    }

    /// Sets a Direct3D 9 sampler state by its `D3DSAMPLERSTATETYPE` number.
    pub struct SetSamplerState: "aerogpu_cmd_set_sampler_state", 24 {
        0 hdr: CmdHdr,
        /// A stage word, as [`ShaderStage::decode`](super::ShaderStage::decode) takes it.
        8 shader_stage: u32,
        12 slot: u32,
        /// `D3DSAMPLERSTATETYPE`.
        16 state: u32,
        20 value: u32,
    }

    /// Sets a Direct3D 9 render state by its `D3DRENDERSTATETYPE` number.
    pub struct SetRenderState: "aerogpu_cmd_set_render_state", 16 {
        0 hdr: CmdHdr,
        /// `D3DRENDERSTATETYPE`.
        8 state: u32,
        12 value: u32,
    }
}

impl BlendState {
    /// Bytes up to and including `color_write_mask` and its padding: what every blend packet has.
    pub(crate) const LEGACY_SIZE: usize = 20;

    /// The factors of the blend constant: red, green, blue, alpha.
    #[must_use]
    pub const fn blend_constant(&self) -> [f32; 4] {
        let [r, g, b, a] = self.blend_constant_rgba_f32;
        [f32::from_bits(r), f32::from_bits(g), f32::from_bits(b), f32::from_bits(a)]
    }

    /// Gives the fields beyond the first `present` bytes their defaults: alpha like colour, constant
    /// (1, 1, 1, 1), all samples (executor.md §9.3). A field that is only partly present counts as absent.
    #[must_use]
    pub fn complete(mut self, present: usize) -> Self {
        let has = |end: usize| present >= end;
        if !has(24) {
            self.src_factor_alpha = self.src_factor;
        }
        if !has(28) {
            self.dst_factor_alpha = self.dst_factor;
        }
        if !has(32) {
            self.blend_op_alpha = self.blend_op;
        }
        for (i, lane) in self.blend_constant_rgba_f32.iter_mut().enumerate() {
            if !has(36 + 4 * i) {
                *lane = 1.0f32.to_bits();
            }
        }
        if !has(52) {
            self.sample_mask = !0;
        }
        self
    }
}

impl SetViewport {
    /// Left, top, width and height in pixels. Any float, NaN included, may come from the guest.
    #[must_use]
    pub const fn rect(&self) -> [f32; 4] {
        [
            f32::from_bits(self.x_f32),
            f32::from_bits(self.y_f32),
            f32::from_bits(self.width_f32),
            f32::from_bits(self.height_f32),
        ]
    }

    /// Minimum and maximum depth. Any float, NaN included, may come from the guest.
    #[must_use]
    pub const fn depth_range(&self) -> [f32; 2] {
        [f32::from_bits(self.min_depth_f32), f32::from_bits(self.max_depth_f32)]
    }
}

typed_fields! {
    BlendState {
        src_factor => src_factor: BlendFactor,
        dst_factor => dst_factor: BlendFactor,
        blend_op => blend_op: BlendOp,
        src_factor_alpha => src_factor_alpha: BlendFactor,
        dst_factor_alpha => dst_factor_alpha: BlendFactor,
        blend_op_alpha => blend_op_alpha: BlendOp
    }
    DepthStencilState { depth_func => depth_func: CompareFunc }
    RasterizerState {
        fill_mode => fill_mode: FillMode,
        cull_mode => cull_mode: CullMode,
        flags => flags: flags RasterizerFlags
    }
}

impl SetSamplerState {
    /// The stage, under the stream's minor version. This packet has no `stage_ex`.
    pub const fn shader_stage(&self, minor: u16) -> Result<ShaderStage, UnknownShaderStage> {
        ShaderStage::decode(self.shader_stage, 0, minor)
    }
}
