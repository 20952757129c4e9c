//! Direct3D 9's states by number (executor §9).
//!
//! Values are kept as they come and get their meaning when a draw uses them. What was never set has the value that the
//! guest driver takes for granted in a new device: it leaves out what it believes to be set already
//! (driver-streams §5.9). It also applies whole blocks of states, most of them 0, so that 0 stands for the default
//! wherever Direct3D 9 gives it no meaning.
//!
#![doc = include_str!("direct3d9.md")]

use std::collections::BTreeMap;

use aerogpu_protocol::packets;
use aerogpu_protocol::packets::{CompareFunc, CullMode, FillMode};

use crate::codec::{Damage, saved};
use crate::limits;

/// Render states (`D3DRENDERSTATETYPE`).
#[allow(missing_docs, reason = "the constants are Direct3D's own names")]
pub mod render_state {
    pub const ZENABLE: u32 = 7;
    pub const FILLMODE: u32 = 8;
    pub const SHADEMODE: u32 = 9;
    pub const ZWRITEENABLE: u32 = 14;
    pub const ALPHATESTENABLE: u32 = 15;
    pub const SRCBLEND: u32 = 19;
    pub const DESTBLEND: u32 = 20;
    pub const CULLMODE: u32 = 22;
    pub const ZFUNC: u32 = 23;
    pub const ALPHAREF: u32 = 24;
    pub const ALPHAFUNC: u32 = 25;
    pub const ALPHABLENDENABLE: u32 = 27;
    pub const FOGENABLE: u32 = 28;
    pub const FOGCOLOR: u32 = 34;
    pub const FOGTABLEMODE: u32 = 35;
    pub const FOGSTART: u32 = 36;
    pub const FOGEND: u32 = 37;
    pub const FOGDENSITY: u32 = 38;
    pub const STENCILENABLE: u32 = 52;
    pub const STENCILFAIL: u32 = 53;
    pub const STENCILZFAIL: u32 = 54;
    pub const STENCILPASS: u32 = 55;
    pub const STENCILFUNC: u32 = 56;
    pub const STENCILREF: u32 = 57;
    pub const STENCILMASK: u32 = 58;
    pub const STENCILWRITEMASK: u32 = 59;
    pub const FOGVERTEXMODE: u32 = 140;
    pub const POINTSIZE: u32 = 154;
    pub const POINTSIZE_MIN: u32 = 155;
    pub const POINTSPRITEENABLE: u32 = 156;
    pub const POINTSCALEENABLE: u32 = 157;
    pub const POINTSCALE_A: u32 = 158;
    pub const POINTSIZE_MAX: u32 = 166;
    pub const COLORWRITEENABLE: u32 = 168;
    pub const BLENDOP: u32 = 171;
    pub const SCISSORTESTENABLE: u32 = 174;
    pub const SLOPESCALEDEPTHBIAS: u32 = 175;
    pub const TWOSIDEDSTENCILMODE: u32 = 185;
    pub const CCW_STENCILFAIL: u32 = 186;
    pub const COLORWRITEENABLE1: u32 = 190;
    pub const BLENDFACTOR: u32 = 193;
    pub const SRGBWRITEENABLE: u32 = 194;
    pub const DEPTHBIAS: u32 = 195;
    pub const SEPARATEALPHABLENDENABLE: u32 = 206;
    pub const SRCBLENDALPHA: u32 = 207;
    pub const DESTBLENDALPHA: u32 = 208;
    pub const BLENDOPALPHA: u32 = 209;
}

/// Sampler states (`D3DSAMPLERSTATETYPE`).
#[allow(missing_docs, reason = "the constants are Direct3D's own names")]
pub mod sampler_state {
    pub const ADDRESSU: u32 = 1;
    pub const BORDERCOLOR: u32 = 4;
    pub const MAGFILTER: u32 = 5;
    pub const MINFILTER: u32 = 6;
    pub const MIPFILTER: u32 = 7;
    pub const MIPMAPLODBIAS: u32 = 8;
    pub const MAXMIPLEVEL: u32 = 9;
    pub const MAXANISOTROPY: u32 = 10;
    pub const SRGBTEXTURE: u32 = 11;
}

/// Render states by number.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RenderStates {
    values: BTreeMap<u32, u32>,
    /// `SET_RENDER_STATE` was used: the context is Direct3D 9's.
    used: bool,
    /// `SET_BLEND_STATE`'s constant, while it is younger than `BLENDFACTOR`.
    blend_constant: Option<[f32; 4]>,
}

impl RenderStates {
    /// Sets a state, as `SET_RENDER_STATE` does.
    pub fn set(&mut self, state: u32, value: u32) {
        self.values.insert(state, value);
        self.used = true;
        if state == render_state::BLENDFACTOR {
            self.blend_constant = None;
        }
    }

    /// True when a state is not 0 and the context is one of Direct3D 9.
    pub fn was_set_on(&self, state: u32) -> bool {
        self.used && self.is_on(state)
    }

    /// A state's value.
    pub fn get(&self, state: u32) -> u32 {
        self.values.get(&state).copied().unwrap_or_else(|| default(state))
    }

    /// True when a state is not 0.
    pub fn is_on(&self, state: u32) -> bool {
        self.get(state) != 0
    }

    /// A state of numbers from 1 on: 0 and what was never set is `default`.
    pub fn get_or(&self, state: u32, default: u32) -> u32 {
        match self.get(state) {
            0 => default,
            value => value,
        }
    }

    /// A float, or `default` when it was never set or is not finite.
    pub fn float_or(&self, state: u32, default: f32) -> f32 {
        let value = self.values.get(&state).map(|&bits| f32::from_bits(bits));
        value.filter(|value| value.is_finite()).unwrap_or(default)
    }

    /// Red, green, blue and alpha of a `D3DCOLOR`.
    pub fn color(&self, state: u32) -> [f32; 4] {
        color(self.get(state))
    }

    /// The constant factor of blending.
    pub fn blend_constant(&self) -> [f32; 4] {
        self.blend_constant.unwrap_or_else(|| self.color(render_state::BLENDFACTOR))
    }

    /// Takes over what a Direct3D 10/11 packet says: whoever spoke last wins.
    pub fn adopt_blend(&mut self, state: &packets::BlendState) {
        use render_state as rs;
        let op = |op: u32| op + 1;
        for (id, value) in [
            (rs::ALPHABLENDENABLE, state.enable),
            (rs::SRCBLEND, factor(state.src_factor)),
            (rs::DESTBLEND, factor(state.dst_factor)),
            (rs::BLENDOP, op(state.blend_op)),
            (rs::SEPARATEALPHABLENDENABLE, 1),
            (rs::SRCBLENDALPHA, factor(state.src_factor_alpha)),
            (rs::DESTBLENDALPHA, factor(state.dst_factor_alpha)),
            (rs::BLENDOPALPHA, op(state.blend_op_alpha)),
        ] {
            _ = self.values.insert(id, value);
        }
        for target in 0..4 {
            self.values.insert(write_mask_state(target), state.color_write_mask.into());
        }
        self.blend_constant = Some(state.blend_constant());
    }

    /// As [`Self::adopt_blend`]; the packet has no stencil functions, which become those of a new device.
    pub fn adopt_depth_stencil(&mut self, state: &packets::DepthStencilState) {
        use render_state as rs;
        let func = state.depth_func().unwrap_or(CompareFunc::Always).to_u32() + 1;
        for (id, value) in [
            (rs::ZENABLE, state.depth_enable),
            (rs::ZWRITEENABLE, state.depth_write_enable),
            (rs::ZFUNC, func),
            (rs::STENCILENABLE, state.stencil_enable),
            (rs::STENCILMASK, state.stencil_read_mask.into()),
            (rs::STENCILWRITEMASK, state.stencil_write_mask.into()),
            (rs::TWOSIDEDSTENCILMODE, 0),
        ] {
            _ = self.values.insert(id, value);
        }
        (rs::STENCILFAIL..=rs::STENCILFUNC).for_each(|state| _ = self.values.insert(state, 0));
    }

    /// As [`Self::adopt_blend`]. Direct3D 9 names the winding that it culls, not a face.
    pub fn adopt_rasterizer(&mut self, state: &packets::RasterizerState) {
        use render_state as rs;
        let cull = match (state.cull_mode(), state.front_ccw != 0) {
            (Some(CullMode::Front), false) | (Some(CullMode::Back), true) => 2,
            (Some(CullMode::Back), false) | (Some(CullMode::Front), true) => 3,
            _ => 1,
        };
        let fill = if state.fill_mode() == Some(FillMode::Wireframe) { 2 } else { 3 };
        self.values.insert(rs::CULLMODE, cull);
        self.values.insert(rs::FILLMODE, fill);
        self.values.insert(rs::SCISSORTESTENABLE, state.scissor_enable);
    }
}

/// The state that holds a target's write mask.
pub fn write_mask_state(target: u32) -> u32 {
    match target {
        0 => render_state::COLORWRITEENABLE,
        _ => render_state::COLORWRITEENABLE1 + target - 1,
    }
}

/// A `D3DCOLOR` (0xAARRGGBB) as red, green, blue, alpha.
pub fn color(argb: u32) -> [f32; 4] {
    [16, 8, 0, 24].map(|shift| (argb >> shift & 0xff) as f32 / 255.0)
}

/// `D3DBLEND` of the protocol's factor.
fn factor(value: u32) -> u32 {
    use packets::BlendFactor as F;
    match F::from_u32(value) {
        Some(F::Zero) => 1,
        Some(F::One) | None => 2,
        Some(F::SrcAlpha) => 5,
        Some(F::InvSrcAlpha) => 6,
        Some(F::DestAlpha) => 7,
        Some(F::InvDestAlpha) => 8,
        Some(F::Constant) => 14,
        Some(F::InvConstant) => 15,
    }
}

/// What a new device has.
fn default(state: u32) -> u32 {
    use render_state as rs;
    match state {
        rs::ZENABLE | rs::ZWRITEENABLE | rs::DESTBLEND | rs::BLENDOP => 1,
        rs::SRCBLEND => 2,
        rs::CULLMODE => 3,
        rs::STENCILMASK | rs::STENCILWRITEMASK | rs::BLENDFACTOR => u32::MAX,
        rs::COLORWRITEENABLE | rs::COLORWRITEENABLE1..=192 => 0xf,
        _ => 0,
    }
}

/// Integer and boolean constants and sampler states of one stage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageState {
    /// `i#` registers.
    pub integers: BTreeMap<u32, [i32; 4]>,
    /// `b#` registers.
    pub booleans: BTreeMap<u32, bool>,
    /// Sampler states by slot and `D3DSAMPLERSTATETYPE`.
    pub samplers: BTreeMap<(u32, u32), u32>,
}

impl StageState {
    /// The state of a sampler. Points, wrapped, without mip levels where nothing was set.
    pub fn sampler(&self, slot: u32, state: u32) -> u32 {
        self.samplers.get(&(slot, state)).copied().unwrap_or(0)
    }

    /// The words of the constant buffer with `i#`.
    pub fn integer_words(&self) -> Vec<u32> {
        words(self.integers.iter().map(|(&register, value)| (register, value.map(|v| v as u32))))
    }

    /// The words of the constant buffer with `b#`: one vector a register.
    pub fn boolean_words(&self) -> Vec<u32> {
        words(self.booleans.iter().map(|(&register, &value)| (register, [u32::from(value); 4])))
    }
}

saved! {
    RenderStates { values used blend_constant }
    StageState { integers booleans samplers }
}

impl RenderStates {
    /// Fails unless the packet could have set what is set.
    pub(crate) fn check(&self) -> Result<(), Damage> {
        let known = self.values.keys().all(|&state| state <= limits::MAX_STATE_ID);
        if known { Ok(()) } else { Err(Damage::Invalid("number of a render state")) }
    }
}

impl StageState {
    /// Fails unless packets could have set what is set.
    pub(crate) fn check(&self) -> Result<(), Damage> {
        let mut registers = self.integers.keys().chain(self.booleans.keys());
        let sampler =
            |&(slot, state): &(u32, u32)| slot < SAMPLER_SLOTS && state <= limits::MAX_SAMPLER_STATE_ID;
        if !registers.all(|&register| register < CONSTANT_REGISTERS) {
            return Err(Damage::Invalid("number of a constant register"));
        }
        if !self.samplers.keys().all(sampler) {
            return Err(Damage::Invalid("number of a sampler state"));
        }
        Ok(())
    }
}

/// Vectors up to the last register that is set; the others are 0.
fn words(registers: impl Iterator<Item = (u32, [u32; 4])>) -> Vec<u32> {
    let mut words = Vec::new();
    for (register, value) in registers {
        words.resize(4 * register as usize, 0);
        words.extend(value);
    }
    words
}

/// Registers of each constant file.
pub const CONSTANT_REGISTERS: u32 = 256;
/// Sampler slots of a stage.
pub const SAMPLER_SLOTS: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use render_state as rs;

    #[test]
    fn a_new_device_has_what_the_driver_assumes() {
        let states = RenderStates::default();
        let not_zero = (0..256).filter(|&state| states.is_on(state)).collect::<Vec<_>>();
        assert_eq!(not_zero, [7, 14, 19, 20, 22, 58, 59, 168, 171, 190, 191, 192, 193]);
        assert_eq!(states.get(rs::CULLMODE), 3);
    }

    #[test]
    fn the_last_writer_wins() {
        let mut states = RenderStates::default();
        states.set(rs::SRCBLEND, 9);
        states.adopt_blend(&packets::BlendState {
            enable: 1,
            src_factor: packets::BlendFactor::Constant.to_u32(),
            blend_constant_rgba_f32: [0.3f32.to_bits(); 4],
            color_write_mask: 7,
            ..Default::default()
        });
        assert_eq!((states.get(rs::SRCBLEND), states.get(rs::COLORWRITEENABLE1 + 2)), (14, 7));
        assert_eq!(states.blend_constant(), [0.3; 4]);
        states.set(rs::BLENDFACTOR, 0x3300_66ff);
        assert_eq!(states.blend_constant(), [0.0, 0.4, 1.0, 0.2]);

        states.adopt_rasterizer(&packets::RasterizerState {
            cull_mode: CullMode::Back.to_u32(),
            front_ccw: 1,
            ..Default::default()
        });
        assert_eq!(states.get(rs::CULLMODE), 2);
    }

    #[test]
    fn registers_that_were_not_set_are_zero() {
        let mut state = StageState::default();
        state.integers.insert(1, [-1, 2, 3, 4]);
        state.booleans.insert(2, true);
        assert_eq!(state.integer_words(), [0, 0, 0, 0, u32::MAX, 2, 3, 4]);
        assert_eq!(state.boolean_words(), [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1]);
    }
}
