//! Texture sampling and loads (d3d-rules §12).
//!
//! Results are register bits and depend on nothing but their arguments: coordinates and levels of detail have
//! eight fraction bits, weights are integers, and every mean is rounded once. The steps of a sample, a module
//! each:
//!
//! 1. `lod`: derivatives to a level of detail, its biases and limits, mip levels and their weights;
//! 2. `address` (or `cube`): coordinates to texel indices and weights, offsets, address modes;
//! 3. `texels`: bytes to numbers;
//! 4. `filter` or `gather`: numbers to the result.
//!
//! `lanes` takes the same steps for many samples at once.

mod address;
mod cube;
mod filter;
mod gather;
mod lanes;
mod load;
mod lod;
mod state;
mod texels;

pub use lanes::{BatchKind, BatchLod, SampleBatch, sample_batch};
pub(crate) use lanes::{Grid, PlainTexture};
pub use load::{Info, info, load};
pub use state::{AddressMode, Filter, Lod, MipFilter, Reduction, SampleKind, SampleRequest, SamplerState};
pub(crate) use texels::Texels;

use crate::surface::TextureView;

/// What sampling and loading from an empty slot gives in Direct3D 10 and later.
pub const UNBOUND: [u32; 4] = [0; 4];
/// What sampling an empty slot gives in Direct3D 9: opaque black (d3d-rules §17.4).
pub const UNBOUND_D3D9: [u32; 4] = [0, 0, 0, 1.0f32.to_bits()];

/// One sample, as register bits. Multisampled views cannot be sampled and give [`UNBOUND`].
pub fn sample(view: &TextureView, sampler: &SamplerState, request: &SampleRequest) -> [u32; 4] {
    if view.dimension().is_multisampled() {
        return UNBOUND;
    }
    match request.kind {
        SampleKind::Filter => filter::Plan::new(view, sampler, request).filter(),
        SampleKind::Compare(reference) => filter::Plan::new(view, sampler, request).compare(reference),
        SampleKind::Gather(component) => gather::gather(view, sampler, request, component),
        SampleKind::GatherCompare(reference) => gather::gather_compare(view, sampler, request, reference),
        SampleKind::QueryLod => {
            let footprint = lod::Footprint::new(view, sampler, request);
            lod::Levels::new(&footprint, sampler, request).query(sampler.mip_filter, view.mip_levels())
        }
    }
}
