//! The fixed-function state of a draw, as the pipeline hands it over: resolved, with Direct3D's own terms.

use smallvec::SmallVec;

/// Most colour targets that a pass has.
pub const MAX_TARGETS: usize = 8;
/// Most viewports and scissor rectangles.
pub const MAX_VIEWPORTS: usize = 16;

/// A comparison: `a FUNC b`. The value is Direct3D 11's number minus one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum CompareFunc {
    Never,
    Less,
    Equal,
    LessEqual,
    Greater,
    NotEqual,
    GreaterEqual,
    #[default]
    Always,
}

impl CompareFunc {
    /// `a FUNC b`; ordered comparisons with NaN are false, `NotEqual` with NaN is true.
    pub fn compare<T: PartialOrd>(self, a: T, b: T) -> bool {
        match self {
            Self::Never => false,
            Self::Less => a < b,
            Self::Equal => a == b,
            Self::LessEqual => a <= b,
            Self::Greater => a > b,
            Self::NotEqual => a != b,
            Self::GreaterEqual => a >= b,
            Self::Always => true,
        }
    }
}

/// A viewport in pixels; depth in 0..1.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs, reason = "the fields are Direct3D's own names")]
pub struct Viewport {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
    pub min_depth: f32,
    pub max_depth: f32,
}

/// A rectangle in pixels; right and bottom are exclusive, empty when not greater than left and top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the fields are edges")]
pub struct Rect {
    pub left: i32,
    pub top: i32,
    pub right: i32,
    pub bottom: i32,
}

impl Rect {
    /// What lies in both.
    pub fn intersect(self, other: Self) -> Self {
        Self {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        }
    }

    /// True when no pixel lies in it.
    pub fn is_empty(self) -> bool {
        self.left >= self.right || self.top >= self.bottom
    }
}

/// How the inside of triangles is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum FillMode {
    #[default]
    Solid,
    Wireframe,
    Point,
}

/// Which triangles are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum CullMode {
    #[default]
    None,
    Front,
    Back,
}

/// Depth bias (d3d-rules §10.1). All zero leaves depth untouched.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct DepthBias {
    /// Direct3D 10/11's constant in smallest depth steps.
    pub constant: i32,
    /// Direct3D 9's constant in depth units, added as it is.
    pub offset: f32,
    /// Times the larger of |dz/dx| and |dz/dy|.
    pub slope_scaled: f32,
    /// Greatest magnitude; 0 for no clamp.
    pub clamp: f32,
}

/// Rasterizer state.
#[derive(Debug, Clone, PartialEq)]
pub struct RasterizerState {
    /// Fill mode.
    pub fill: FillMode,
    /// Cull mode.
    pub cull: CullMode,
    /// Counter-clockwise triangles face front.
    pub front_counter_clockwise: bool,
    /// Clip to 0 <= z <= w.
    pub depth_clip: bool,
    /// Depth bias.
    pub depth_bias: DepthBias,
    /// The viewports; a primitive whose index has none uses the first.
    pub viewports: SmallVec<[Viewport; 1]>,
    /// Scissor rectangles beside the viewports; empty when scissoring is off.
    pub scissors: SmallVec<[Rect; 1]>,
}

/// A stencil operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum StencilOp {
    #[default]
    Keep,
    Zero,
    Replace,
    IncrementSaturate,
    DecrementSaturate,
    Invert,
    Increment,
    Decrement,
}

/// Stencil test and operations of one face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct StencilFace {
    /// Both masked: `reference FUNC stored`.
    pub func: CompareFunc,
    /// When the stencil test fails.
    pub fail: StencilOp,
    /// When the depth test fails.
    pub depth_fail: StencilOp,
    /// When both pass.
    pub pass: StencilOp,
}

/// Depth and stencil state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the fields are Direct3D's own names")]
pub struct DepthStencilState {
    pub depth_enable: bool,
    pub depth_write: bool,
    pub depth_func: CompareFunc,
    pub stencil_enable: bool,
    pub stencil_read_mask: u8,
    pub stencil_write_mask: u8,
    pub stencil_ref: u8,
    pub front: StencilFace,
    pub back: StencilFace,
}

/// A blend factor; for the alpha equation, colour factors mean the colour's alpha.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum BlendFactor {
    Zero,
    #[default]
    One,
    SrcColor,
    InvSrcColor,
    SrcAlpha,
    InvSrcAlpha,
    DestAlpha,
    InvDestAlpha,
    DestColor,
    InvDestColor,
    SrcAlphaSat,
    Constant,
    InvConstant,
    Src1Color,
    InvSrc1Color,
    Src1Alpha,
    InvSrc1Alpha,
}

/// How the two products of a blend are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum BlendOp {
    #[default]
    Add,
    Subtract,
    RevSubtract,
    Min,
    Max,
}

/// One equation of a blend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the fields are the terms of the equation")]
pub struct BlendEquation {
    pub src: BlendFactor,
    pub dst: BlendFactor,
    pub op: BlendOp,
}

/// What happens to one colour target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TargetBlend {
    /// Colour and alpha equations, or `None` to overwrite.
    pub blend: Option<(BlendEquation, BlendEquation)>,
    /// Channels that are written; bit 0 is red.
    pub write_mask: u8,
    /// Encode to and decode from sRGB although the format is not an sRGB one (Direct3D 9's `SRGBWRITEENABLE`).
    pub srgb_write: bool,
}

/// Output merger state for colour.
#[derive(Debug, Clone, PartialEq)]
pub struct BlendState {
    /// One entry a colour target.
    pub targets: [TargetBlend; MAX_TARGETS],
    /// The constant factor.
    pub constant: [f32; 4],
    /// Samples that may be written.
    pub sample_mask: u32,
    /// Alpha of target 0 becomes coverage.
    pub alpha_to_coverage: bool,
    /// Direct3D 9's alpha test on output 0: function and reference in 0..255.
    pub alpha_test: Option<(CompareFunc, u8)>,
}
