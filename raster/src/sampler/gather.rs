//! Four texels unfiltered (d3d-rules §12.15).

use super::address;
use super::cube::{self, CubeTap};
use super::filter::{Comparison, Mean, element};
use super::{SampleRequest, SamplerState};
use crate::surface::{Image, TextureView};

/// What stands at one of the four places.
enum Place<'a> {
    Texel(&'a Image, u32, u32),
    Border,
    /// Beyond a corner of a cube: the mean of the three texels there.
    Corner([(&'a Image, u32, u32); 3]),
}

/// Right and below of the four results: lower left, lower right, upper right, upper left.
const ORDER: [(i32, i32); 4] = [(0, 1), (1, 1), (1, 0), (0, 0)];

/// The texels that a bilinear filter of the first level would read; `None` where no quad exists.
fn quad<'a>(
    view: &'a TextureView,
    sampler: &SamplerState,
    request: &SampleRequest,
) -> Option<[Place<'a>; 4]> {
    let (dimension, [width, height, _]) = (view.dimension(), view.extent(0));
    let element = element(view, request.coordinate);
    let [x, y, z, _] = request.coordinate;
    if dimension.is_cube() {
        let (face, place) = cube::project([x, y, z]);
        let [i, j] = place.map(|u| address::linear_index(u, width).0);
        let image = |(face, x, y)| (view.image(0, 6 * element + face), x, y);
        return Some(ORDER.map(|(right, below)| {
            match cube::tap(face, i + right, j + below, width, sampler.seamless_cubes) {
                CubeTap::Texel(texel) => {
                    let (image, x, y) = image(texel);
                    Place::Texel(image, x, y)
                }
                CubeTap::Corner(texels) => Place::Corner(texels.map(image)),
            }
        }));
    }
    if dimension.spatial_axes() != 2 {
        return None;
    }
    let image = view.image(0, element);
    let columns = address::linear_taps(sampler.address[0], x, width, request.offset[0]);
    let rows = address::linear_taps(sampler.address[1], y, height, request.offset[1]);
    Some(ORDER.map(|(right, below)| match (columns[right as usize].0, rows[below as usize].0) {
        (Some(x), Some(y)) => Place::Texel(image, x, y),
        _ => Place::Border,
    }))
}

/// One component of the four texels, bits unchanged.
pub(super) fn gather(
    view: &TextureView,
    sampler: &SamplerState,
    request: &SampleRequest,
    component: u8,
) -> [u32; 4] {
    let (texels, component) = (&view.texels, usize::from(component & 3));
    let Some(quad) = quad(view, sampler, request) else { return super::UNBOUND };
    quad.map(|place| match place {
        Place::Texel(image, x, y) => texels.register(image, x, y, 0),
        Place::Border => texels.border(sampler.border).register,
        Place::Corner([(image, x, y), ..]) if texels.integer => texels.register(image, x, y, 0),
        Place::Corner(corner) => {
            let mut mean = Mean::default();
            for (image, x, y) in corner {
                mean.add(texels.numerators(image, x, y).map(f64::from), 1.0);
            }
            mean.finish(texels.divisors)
        }
    })
    .map(|register| register[component])
}

/// Four comparisons, 1 or 0 each.
pub(super) fn gather_compare(
    view: &TextureView,
    sampler: &SamplerState,
    request: &SampleRequest,
    reference: f32,
) -> [u32; 4] {
    let comparison = Comparison::new(view, sampler, reference);
    let Some(quad) = quad(view, sampler, request) else { return super::UNBOUND };
    quad.map(|place| {
        let value = match place {
            Place::Texel(image, x, y) => comparison.pass(Some((image, x, y))),
            Place::Border => comparison.pass(None),
            Place::Corner(corner) => {
                corner.map(|texel| comparison.pass(Some(texel))).iter().sum::<f64>() / 3.0
            }
        };
        (value as f32).to_bits()
    })
}
