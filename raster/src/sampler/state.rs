//! What a sampler slot holds, and what a shader asks of it.

use crate::state::CompareFunc;

/// How texels of one mip level become a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum Filter {
    Point,
    #[default]
    Linear,
    Anisotropic,
}

/// How mip levels are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MipFilter {
    /// The first level always, whatever the limits (Direct3D 9's `D3DTEXF_NONE`, d3d-rules §17.4).
    None,
    /// The nearest level; halves go to the smaller one.
    Point,
    /// The two levels around, mixed.
    #[default]
    Linear,
}

/// What becomes of the texels that a filter gives a weight (d3d-rules §12.16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Reduction {
    /// Their weighted mean.
    #[default]
    Mean,
    /// The least of each component.
    Minimum,
    /// The greatest of each component.
    Maximum,
}

/// What lies outside 0..1 (d3d-rules §12.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum AddressMode {
    Wrap,
    Mirror,
    #[default]
    Clamp,
    Border,
    MirrorOnce,
}

/// A sampler. The default is Direct3D 11's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SamplerState {
    /// Where the texture is minified: the clamped level of detail is above 0.
    pub min_filter: Filter,
    /// Where it is magnified.
    pub mag_filter: Filter,
    /// Between mip levels.
    pub mip_filter: MipFilter,
    /// Of filtered texels; comparisons have means.
    pub reduction: Reduction,
    /// Along u, v and w. Cubes ignore it.
    pub address: [AddressMode; 3],
    /// Added to every level of detail; clamped to -16..15.99.
    pub lod_bias: f32,
    /// Least level of detail; wins over `max_lod`. Direct3D 9's `MAXMIPLEVEL`.
    pub min_lod: f32,
    /// Greatest level of detail, and that of coordinates which are not numbers.
    pub max_lod: f32,
    /// Most taps of anisotropic filters, 1 to 16.
    pub max_anisotropy: u32,
    /// `reference FUNC texel` of comparing samples.
    pub compare: CompareFunc,
    /// Linear red, green, blue, alpha of [`AddressMode::Border`].
    pub border: [f32; 4],
    /// Linear filters reach across the edges of cubes, as in Direct3D 10 and later; in Direct3D 9 faces end
    /// at their edges.
    pub seamless_cubes: bool,
}

impl SamplerState {
    /// Direct3D 11's.
    pub const DEFAULT: Self = Self {
        min_filter: Filter::Linear,
        mag_filter: Filter::Linear,
        mip_filter: MipFilter::Linear,
        reduction: Reduction::Mean,
        address: [AddressMode::Clamp; 3],
        lod_bias: 0.0,
        min_lod: f32::MIN,
        max_lod: f32::MAX,
        max_anisotropy: 1,
        compare: CompareFunc::Never,
        border: [1.0; 4],
        seamless_cubes: true,
    };
}

impl Default for SamplerState {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Where a sample's level of detail comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Lod {
    /// From the derivatives of the coordinates (before scaling by the size), plus `bias`.
    Derivatives {
        /// Along x of the render target.
        ddx: [f32; 3],
        /// Along y of the render target.
        ddy: [f32; 3],
        /// The instruction's bias, 0 when it has none.
        bias: f32,
    },
    /// Given; the sampler's bias and limits still apply.
    Explicit(f32),
}

/// What a sample returns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SampleKind {
    /// A filtered texel.
    Filter,
    /// A filtered comparison with the reference, in all components.
    Compare(f32),
    /// A component (0 to 3) of four texels: lower left, lower right, upper right, upper left.
    Gather(u8),
    /// Four comparisons with the reference, in the same order.
    GatherCompare(f32),
    /// The level of detail as it would be used, and before any limit.
    QueryLod,
}

/// One sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampleRequest {
    /// What to return.
    pub kind: SampleKind,
    /// Normalised coordinates, or a cube's direction; the array index follows.
    pub coordinate: [f32; 4],
    /// Level of detail; gathers ignore it and read the first level.
    pub lod: Lod,
    /// The instruction's own least level of detail, else 0.
    pub lod_clamp: f32,
    /// Added to the texels' indices in every mip level; cubes ignore it.
    pub offset: [i32; 3],
}
