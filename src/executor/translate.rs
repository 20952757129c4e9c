//! The protocol's words in the rasterizer's: viewports, depth, blending, view dimensions.

use aerogpu_protocol::packets;
use aerogpu_raster::state as raster;

/// The viewport as Direct3D means it. Without one, or with values that are none (the guest driver sends 0x0 for "off"), it
/// is the whole target.
pub fn viewport(set: Option<&packets::SetViewport>, width: u32, height: u32) -> raster::Viewport {
    let whole = raster::Viewport {
        x: 0.0,
        y: 0.0,
        width: width as f32,
        height: height as f32,
        min_depth: 0.0,
        max_depth: 1.0,
    };
    let Some(set) = set else { return whole };
    let [x, y, width, height] = set.rect();
    let [min_depth, max_depth] = set.depth_range();
    let finite = [x, y, width, height, min_depth, max_depth].iter().all(|v| v.is_finite());
    if !finite || width <= 0.0 || height <= 0.0 {
        return whole;
    }
    let (min_depth, max_depth) = (min_depth.clamp(0.0, 1.0), max_depth.clamp(0.0, 1.0));
    raster::Viewport { x, y, width, height, min_depth, max_depth }
}

/// The scissor rectangle; a size that is not positive turns it off, as the guest driver means it.
pub fn scissor_rect([x, y, width, height]: [i32; 4]) -> Option<raster::Rect> {
    (width > 0 && height > 0).then(|| raster::Rect {
        left: x,
        top: y,
        right: x.saturating_add(width),
        bottom: y.saturating_add(height),
    })
}

fn compare(func: packets::CompareFunc) -> raster::CompareFunc {
    match func {
        packets::CompareFunc::Never => raster::CompareFunc::Never,
        packets::CompareFunc::Less => raster::CompareFunc::Less,
        packets::CompareFunc::Equal => raster::CompareFunc::Equal,
        packets::CompareFunc::LessEqual => raster::CompareFunc::LessEqual,
        packets::CompareFunc::Greater => raster::CompareFunc::Greater,
        packets::CompareFunc::NotEqual => raster::CompareFunc::NotEqual,
        packets::CompareFunc::GreaterEqual => raster::CompareFunc::GreaterEqual,
        packets::CompareFunc::Always => raster::CompareFunc::Always,
    }
}

/// The packet carries no stencil functions: Direct3D 10/11 streams compare always and keep.
pub fn depth_stencil_state(state: &packets::DepthStencilState) -> raster::DepthStencilState {
    raster::DepthStencilState {
        depth_enable: state.depth_enable != 0,
        depth_write: state.depth_write_enable != 0,
        depth_func: state.depth_func().map_or(raster::CompareFunc::Always, compare),
        stencil_enable: state.stencil_enable != 0,
        stencil_read_mask: state.stencil_read_mask,
        stencil_write_mask: state.stencil_write_mask,
        stencil_ref: 0,
        front: raster::StencilFace::default(),
        back: raster::StencilFace::default(),
    }
}

/// One blend state for all targets.
pub fn blend_state(state: &packets::BlendState) -> raster::BlendState {
    let equation = |src, dst, op| raster::BlendEquation {
        src: blend_factor(src, raster::BlendFactor::One),
        dst: blend_factor(dst, raster::BlendFactor::Zero),
        op: blend_op(op),
    };
    let color = equation(state.src_factor, state.dst_factor, state.blend_op);
    let alpha = equation(state.src_factor_alpha, state.dst_factor_alpha, state.blend_op_alpha);
    let target = raster::TargetBlend {
        blend: (state.enable != 0).then_some((color, alpha)),
        write_mask: state.color_write_mask & 0xf,
        srgb_write: false,
    };
    raster::BlendState {
        targets: [target; raster::MAX_TARGETS],
        constant: state.blend_constant(),
        sample_mask: state.sample_mask,
        alpha_to_coverage: false,
        alpha_test: None,
    }
}

fn blend_factor(value: u32, unknown: raster::BlendFactor) -> raster::BlendFactor {
    use packets::BlendFactor as P;
    use raster::BlendFactor as R;
    match P::from_u32(value) {
        Some(P::Zero) => R::Zero,
        Some(P::One) => R::One,
        Some(P::SrcAlpha) => R::SrcAlpha,
        Some(P::InvSrcAlpha) => R::InvSrcAlpha,
        Some(P::DestAlpha) => R::DestAlpha,
        Some(P::InvDestAlpha) => R::InvDestAlpha,
        Some(P::Constant) => R::Constant,
        Some(P::InvConstant) => R::InvConstant,
        None => unknown,
    }
}

fn blend_op(value: u32) -> raster::BlendOp {
    use packets::BlendOp as P;
    match P::from_u32(value) {
        Some(P::Subtract) => raster::BlendOp::Subtract,
        Some(P::RevSubtract) => raster::BlendOp::RevSubtract,
        Some(P::Min) => raster::BlendOp::Min,
        Some(P::Max) => raster::BlendOp::Max,
        Some(P::Add) | None => raster::BlendOp::Add,
    }
}
