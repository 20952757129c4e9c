//! Direct3D 9's states in the rasterizer's terms (executor §9, d3d-rules §17). Other renderers read them so as well.

use aerogpu_dxbc::sm3::{ENVIRONMENT, Fog, FogSource, Variant, environment};
use aerogpu_raster::sampler::{AddressMode, Filter, MipFilter, SamplerState};
use aerogpu_raster::state as raster;
use smallvec::SmallVec;

use crate::pipeline::direct3d9::PointState;
use crate::state::d3d9::{
    RenderStates, StageState, color, render_state as rs, sampler_state as ss, write_mask_state,
};

/// Rasterizer state. Clockwise triangles face front, whatever is culled.
pub fn rasterizer(
    states: &RenderStates,
    constant_bias: i32,
    viewport: raster::Viewport,
    scissor: Option<raster::Rect>,
) -> raster::RasterizerState {
    let scissor = scissor.filter(|_| states.is_on(rs::SCISSORTESTENABLE));
    raster::RasterizerState {
        fill: match states.get(rs::FILLMODE) {
            1 => raster::FillMode::Point,
            2 => raster::FillMode::Wireframe,
            _ => raster::FillMode::Solid,
        },
        cull: match states.get(rs::CULLMODE) {
            2 => raster::CullMode::Front,
            3 => raster::CullMode::Back,
            _ => raster::CullMode::None,
        },
        front_counter_clockwise: false,
        depth_clip: true,
        depth_bias: raster::DepthBias {
            constant: constant_bias,
            offset: states.float_or(rs::DEPTHBIAS, 0.0),
            slope_scaled: states.float_or(rs::SLOPESCALEDEPTHBIAS, 0.0),
            clamp: 0.0,
        },
        viewports: SmallVec::from_elem(viewport, 1),
        scissors: scissor.into_iter().collect(),
    }
}

/// Depth and stencil state. In two-sided mode the operations of counter-clockwise triangles are their own.
pub fn depth_stencil(states: &RenderStates) -> raster::DepthStencilState {
    let face = |first: u32| raster::StencilFace {
        fail: stencil_op(states.get(first)),
        depth_fail: stencil_op(states.get(first + 1)),
        pass: stencil_op(states.get(first + 2)),
        func: compare(states.get(first + 3), raster::CompareFunc::Always),
    };
    let two_sided = states.is_on(rs::TWOSIDEDSTENCILMODE);
    raster::DepthStencilState {
        depth_enable: states.is_on(rs::ZENABLE),
        depth_write: states.is_on(rs::ZWRITEENABLE),
        depth_func: compare(states.get(rs::ZFUNC), raster::CompareFunc::LessEqual),
        stencil_enable: states.is_on(rs::STENCILENABLE),
        stencil_read_mask: states.get(rs::STENCILMASK) as u8,
        stencil_write_mask: states.get(rs::STENCILWRITEMASK) as u8,
        stencil_ref: states.get(rs::STENCILREF) as u8,
        front: face(rs::STENCILFAIL),
        back: face(if two_sided { rs::CCW_STENCILFAIL } else { rs::STENCILFAIL }),
    }
}

/// Blending, write masks, sRGB encoding and the alpha test.
pub fn blend(states: &RenderStates, sample_mask: u32) -> raster::BlendState {
    let color = equation(states, rs::SRCBLEND, rs::DESTBLEND, rs::BLENDOP);
    let alpha = match states.is_on(rs::SEPARATEALPHABLENDENABLE) {
        true => equation(states, rs::SRCBLENDALPHA, rs::DESTBLENDALPHA, rs::BLENDOPALPHA),
        false => color,
    };
    let target = |target: usize| raster::TargetBlend {
        blend: states.is_on(rs::ALPHABLENDENABLE).then_some((color, alpha)),
        // Direct3D 9 has four targets.
        write_mask: if target < 4 { states.get(write_mask_state(target as u32)) as u8 & 0xf } else { 0xf },
        srgb_write: states.is_on(rs::SRGBWRITEENABLE),
    };
    let alpha_test = states.is_on(rs::ALPHATESTENABLE).then(|| {
        (compare(states.get(rs::ALPHAFUNC), raster::CompareFunc::Always), states.get(rs::ALPHAREF) as u8)
    });
    raster::BlendState {
        targets: std::array::from_fn(target),
        constant: states.blend_constant(),
        sample_mask,
        alpha_to_coverage: false,
        alpha_test,
    }
}

fn equation(states: &RenderStates, src: u32, dst: u32, op: u32) -> raster::BlendEquation {
    use raster::BlendFactor as F;
    let (src, dst) = match states.get_or(src, 2) {
        // Both factors in one.
        12 => (F::SrcAlpha, F::InvSrcAlpha),
        13 => (F::InvSrcAlpha, F::SrcAlpha),
        value => (blend_factor(value, F::One), blend_factor(states.get_or(dst, 1), F::Zero)),
    };
    let op = match states.get(op) {
        2 => raster::BlendOp::Subtract,
        3 => raster::BlendOp::RevSubtract,
        4 => raster::BlendOp::Min,
        5 => raster::BlendOp::Max,
        _ => raster::BlendOp::Add,
    };
    raster::BlendEquation { src, dst, op }
}

fn blend_factor(value: u32, unknown: raster::BlendFactor) -> raster::BlendFactor {
    use raster::BlendFactor as F;
    match value {
        1 => F::Zero,
        2 => F::One,
        3 => F::SrcColor,
        4 => F::InvSrcColor,
        5 => F::SrcAlpha,
        6 => F::InvSrcAlpha,
        7 => F::DestAlpha,
        8 => F::InvDestAlpha,
        9 => F::DestColor,
        10 => F::InvDestColor,
        11 => F::SrcAlphaSat,
        14 => F::Constant,
        15 => F::InvConstant,
        16 => F::Src1Color,
        17 => F::InvSrc1Color,
        _ => unknown,
    }
}

fn compare(value: u32, unknown: raster::CompareFunc) -> raster::CompareFunc {
    use raster::CompareFunc as C;
    match value {
        1 => C::Never,
        2 => C::Less,
        3 => C::Equal,
        4 => C::LessEqual,
        5 => C::Greater,
        6 => C::NotEqual,
        7 => C::GreaterEqual,
        8 => C::Always,
        _ => unknown,
    }
}

fn stencil_op(value: u32) -> raster::StencilOp {
    use raster::StencilOp as S;
    match value {
        2 => S::Zero,
        3 => S::Replace,
        4 => S::IncrementSaturate,
        5 => S::DecrementSaturate,
        6 => S::Invert,
        7 => S::Increment,
        8 => S::Decrement,
        _ => S::Keep,
    }
}

/// A sampler (d3d-rules §17.4).
pub fn sampler(stage: &StageState, slot: u32) -> SamplerState {
    let state = |id| stage.sampler(slot, id);
    let filter = |id| match state(id) {
        2 => Filter::Linear,
        3 => Filter::Anisotropic,
        // Filters that no device has are linear.
        4.. => Filter::Linear,
        0 | 1 => Filter::Point,
    };
    let bias = f32::from_bits(state(ss::MIPMAPLODBIAS));
    SamplerState {
        min_filter: filter(ss::MINFILTER),
        mag_filter: filter(ss::MAGFILTER),
        mip_filter: match state(ss::MIPFILTER) {
            0 => MipFilter::None,
            1 => MipFilter::Point,
            _ => MipFilter::Linear,
        },
        address: [0, 1, 2].map(|axis| match state(ss::ADDRESSU + axis) {
            2 => AddressMode::Mirror,
            3 => AddressMode::Clamp,
            4 => AddressMode::Border,
            5 => AddressMode::MirrorOnce,
            _ => AddressMode::Wrap,
        }),
        lod_bias: if bias.is_finite() { bias } else { 0.0 },
        min_lod: state(ss::MAXMIPLEVEL).min(15) as f32,
        max_anisotropy: state(ss::MAXANISOTROPY).clamp(1, 16),
        border: color(state(ss::BORDERCOLOR)),
        seamless_cubes: false,
        ..SamplerState::default()
    }
}

/// The states of points. `fixed` is for positions that the fixed pipeline, or what stands in for it, transforms: only
/// there distances count.
pub fn points(states: &RenderStates, viewport: raster::Viewport, fixed: bool) -> PointState {
    /// What devices have, as no state limits them.
    const MAX_SIZE: f32 = 64.0;
    let positive =
        |state, default| Some(states.float_or(state, default)).filter(|v| *v > 0.0).unwrap_or(default);
    let scale = || [0, 1, 2].map(|i| states.float_or(rs::POINTSCALE_A + i, 0.0));
    PointState {
        size: positive(rs::POINTSIZE, 1.0),
        min: states.float_or(rs::POINTSIZE_MIN, 0.0),
        max: positive(rs::POINTSIZE_MAX, MAX_SIZE),
        scale: (fixed && states.is_on(rs::POINTSCALEENABLE)).then(scale),
        sprites: states.is_on(rs::POINTSPRITEENABLE),
        viewport: [viewport.width, viewport.height],
    }
}

/// Where fog gets its distance from, and what made the shaders that are drawn with.
#[derive(Debug, Clone, Copy, Default)]
pub struct FogInputs {
    /// The pixel shader is the guest driver's, which has fog in it.
    pub driver_pixel_shader: bool,
    /// The vertex shader is the guest driver's: a stand-in for the fixed pipeline.
    pub driver_vertex_shader: bool,
    /// Positions come transformed.
    pub transformed: bool,
}

/// What the state adds to the code of a pixel shader (d3d-rules §17.3).
pub fn variant(states: &RenderStates, inputs: FogInputs) -> Variant {
    const FLAT: u32 = 1;
    Variant { fog: fog(states, inputs), flat: states.get(rs::SHADEMODE) == FLAT, ..Variant::default() }
}

fn fog(states: &RenderStates, inputs: FogInputs) -> Option<Fog> {
    if !states.is_on(rs::FOGENABLE) || inputs.driver_pixel_shader {
        return None;
    }
    let source = if inputs.transformed { FogSource::Z } else { FogSource::W };
    let mode = |mode| match mode {
        1 => Some(Fog::Exp(source)),
        2 => Some(Fog::Exp2(source)),
        3 => Some(Fog::Linear(source)),
        _ => None,
    };
    // Table fog comes first. Vertex fog is what the vertex shader says, or the fixed pipeline's: the driver's stand-in
    // has no fog output, so that its distance is taken at pixels. Without a mode the fixed pipeline has the factor in
    // the alpha of specular, which the stand-in does not have either.
    match mode(states.get(rs::FOGTABLEMODE)) {
        None if inputs.driver_vertex_shader => mode(states.get(rs::FOGVERTEXMODE)),
        None => Some(Fog::Vertex),
        table => table,
    }
}

/// The words of the constant buffer with what states tell a shader.
pub fn environment_words(states: &RenderStates) -> Vec<u32> {
    let mut words = vec![0; environment::COUNT as usize * 4];
    let mut put = |vector: u32, value: [f32; 4]| {
        words[vector as usize * 4..][..4].copy_from_slice(&value.map(f32::to_bits));
    };
    put(environment::FOG_COLOR, states.color(rs::FOGCOLOR));
    let float = |state| states.float_or(state, 0.0);
    put(environment::PARAMETERS, [float(rs::FOGSTART), float(rs::FOGEND), float(rs::FOGDENSITY), 0.0]);
    words
}

/// The slot of [`environment_words`].
pub const ENVIRONMENT_SLOT: usize = ENVIRONMENT as usize;

#[cfg(test)]
mod tests {
    use super::*;

    fn states(values: &[(u32, u32)]) -> RenderStates {
        let mut states = RenderStates::default();
        values.iter().for_each(|&(state, value)| states.set(state, value));
        states
    }

    /// A state block of the driver sets everything, mostly to 0.
    #[test]
    fn zeros_are_harmless() {
        let zeros = states(&(0..256).map(|state| (state, 0)).collect::<Vec<_>>());
        let depth = depth_stencil(&zeros);
        assert_eq!(depth.depth_func, raster::CompareFunc::LessEqual);
        assert_eq!(depth.front, raster::StencilFace::default());
        let viewport =
            raster::Viewport { x: 0.0, y: 0.0, width: 1.0, height: 1.0, min_depth: 0.0, max_depth: 1.0 };
        let raster = rasterizer(&zeros, 0, viewport, None);
        assert_eq!((raster.fill, raster.cull), (raster::FillMode::Solid, raster::CullMode::None));
        assert_eq!(raster.depth_bias, raster::DepthBias::default());
        let blend = blend(&zeros, u32::MAX);
        assert_eq!((blend.targets[0].blend, blend.alpha_test), (None, None));
        assert_eq!(variant(&zeros, FogInputs::default()), Variant::default());
    }

    #[test]
    fn factors_of_both_kinds() {
        use raster::BlendFactor as F;
        let on = |src, dst| states(&[(rs::ALPHABLENDENABLE, 1), (rs::SRCBLEND, src), (rs::DESTBLEND, dst)]);
        let factors = |src, dst| {
            let (color, alpha) = blend(&on(src, dst), 1).targets[1].blend.expect("is on");
            assert_eq!(color, alpha);
            (color.src, color.dst)
        };
        assert_eq!(factors(9, 3), (F::DestColor, F::SrcColor));
        assert_eq!(factors(11, 10), (F::SrcAlphaSat, F::InvDestColor));
        assert_eq!(factors(12, 1), (F::SrcAlpha, F::InvSrcAlpha));
        assert_eq!(factors(13, 1), (F::InvSrcAlpha, F::SrcAlpha));
        assert_eq!(factors(0, 0), (F::One, F::Zero));
        assert_eq!(factors(99, 99), (F::One, F::Zero));
    }

    #[test]
    fn counter_clockwise_triangles_have_stencil_operations_of_their_own() {
        let mut states = states(&[(rs::STENCILPASS, 3), (188, 7), (189, 2), (rs::STENCILREF, 0x1ff)]);
        let one = depth_stencil(&states);
        assert_eq!((one.front, one.stencil_ref), (one.back, 0xff));
        states.set(rs::TWOSIDEDSTENCILMODE, 1);
        let two = depth_stencil(&states);
        assert_eq!(two.front.pass, raster::StencilOp::Replace);
        assert_eq!((two.back.pass, two.back.func), (raster::StencilOp::Increment, raster::CompareFunc::Less));
    }

    #[test]
    fn samplers_by_number() {
        let mut stage = StageState::default();
        let new = sampler(&stage, 3);
        assert_eq!((new.min_filter, new.mip_filter), (Filter::Point, MipFilter::None));
        assert_eq!(new.address, [AddressMode::Wrap; 3]);
        for (state, value) in [(1, 5), (2, 4), (3, 2), (4, 0x80ff_0033), (5, 3), (6, 2), (7, 2)] {
            stage.samplers.insert((3, state), value);
        }
        for (state, value) in [(8, (-1.5f32).to_bits()), (9, 2), (10, 99)] {
            stage.samplers.insert((3, state), value);
        }
        let set = sampler(&stage, 3);
        assert_eq!(set.address, [AddressMode::MirrorOnce, AddressMode::Border, AddressMode::Mirror]);
        assert_eq!(set.border, [1.0, 0.0, 0.2, 128.0 / 255.0]);
        assert_eq!((set.mag_filter, set.min_filter), (Filter::Anisotropic, Filter::Linear));
        assert_eq!((set.lod_bias, set.min_lod, set.max_anisotropy), (-1.5, 2.0, 16));
        assert_eq!(sampler(&stage, 2), new);
    }

    #[test]
    fn fog_is_for_shaders_of_applications() {
        let on = |values: &[(u32, u32)]| states(&[&[(rs::FOGENABLE, 1)], values].concat());
        let of = |values: &[(u32, u32)], inputs| variant(&on(values), inputs).fog;
        let own = FogInputs::default();
        assert_eq!(of(&[], own), Some(Fog::Vertex));
        assert_eq!(of(&[(rs::FOGVERTEXMODE, 3)], own), Some(Fog::Vertex));
        assert_eq!(of(&[(rs::FOGTABLEMODE, 1)], own), Some(Fog::Exp(FogSource::W)));
        let transformed = FogInputs { transformed: true, ..own };
        assert_eq!(of(&[(rs::FOGTABLEMODE, 3)], transformed), Some(Fog::Linear(FogSource::Z)));
        let stand_in = FogInputs { driver_vertex_shader: true, ..own };
        assert_eq!(of(&[(rs::FOGVERTEXMODE, 2)], stand_in), Some(Fog::Exp2(FogSource::W)));
        assert_eq!(of(&[], stand_in), None);
        let driver = FogInputs { driver_pixel_shader: true, ..own };
        assert_eq!(of(&[(rs::FOGTABLEMODE, 1)], driver), None);
    }
}
