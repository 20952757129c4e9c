//! Weighted means of texels, their extremes, and comparisons (d3d-rules §12.3, §12.8, §12.10, §12.14, §12.16, §12.19).
//!
//! A sample is one sum over all its taps: bilinear times mip weight times anisotropic tap. Weights are
//! integers, and their products with texels are exact in f64 (24 bits each; 32 bits for linear volumes
//! between mips); the sum is divided once and rounded once to f32. For UNORM texels it is the exact mean. A
//! mean of equal texels is that texel, and no mean leaves the range of its texels. Taps without weight are
//! skipped, so that not even a NaN reaches the result from there.

use super::address::{self, AxisTaps, ONE};
use super::cube::{self, CubeTap};
use super::lod::{Footprint, Levels};
use super::texels::flush;
use super::{Filter, Reduction, SampleRequest, SamplerState};
use crate::format::{Format, Kind, norm};
use crate::surface::{Image, TextureView};

/// A texel that a filter reads; `None` is the border.
type Tap<'a> = Option<(&'a Image, u32, u32)>;

/// What a sample reads: which filter, around which places, of which mip levels.
pub(super) struct Plan<'a> {
    view: &'a TextureView,
    sampler: &'a SamplerState,
    request: &'a SampleRequest,
    linear: bool,
    mips: [(u32, u32); 2],
    /// Anisotropic taps and the axis that they are spread along.
    taps: u32,
    axis: [f32; 3],
    element: u32,
}

impl<'a> Plan<'a> {
    pub(super) fn new(view: &'a TextureView, sampler: &'a SamplerState, request: &'a SampleRequest) -> Self {
        let footprint = Footprint::new(view, sampler, request);
        let levels = Levels::new(&footprint, sampler, request);
        let minifies = levels.minifies(sampler.mip_filter);
        let filter = if minifies { sampler.min_filter } else { sampler.mag_filter };
        let mips = levels.mips(sampler.mip_filter, view.mip_levels());
        let (element, axis) = (element(view, request.coordinate), footprint.axis);
        if view.texels.integer {
            // Integers have no mean: the nearest texel of the nearer level.
            let nearer = if mips[1].1 >= ONE / 2 { mips[1].0 } else { mips[0].0 };
            let mips = [(nearer, ONE), (0, 0)];
            return Self { view, sampler, request, linear: false, mips, taps: 1, axis, element };
        }
        let linear = filter != Filter::Point;
        let taps = if filter == Filter::Anisotropic { footprint.taps } else { 1 };
        Self { view, sampler, request, linear, mips, taps, axis, element }
    }

    /// Calls `sink` with every tap that has a weight.
    fn for_each(&self, sink: &mut impl FnMut(Tap<'a>, f64)) {
        let [x, y, z, _] = self.request.coordinate;
        for tap in 0..self.taps {
            let mut place = [x, y, z];
            if self.taps > 1 {
                // The middles of equal parts of the axis, -1/2 to 1/2.
                let along = (2.0 * tap as f32 + 1.0 - self.taps as f32) / (2.0 * self.taps as f32);
                place = std::array::from_fn(|i| place[i] + self.axis[i] * along);
            }
            for (mip, weight) in self.mips {
                match weight {
                    0 => {}
                    _ if self.view.dimension().is_cube() => self.cube(place, mip, f64::from(weight), sink),
                    _ => self.plane(place, mip, f64::from(weight), sink),
                }
            }
        }
    }

    fn plane(&self, place: [f32; 3], mip: u32, weight: f64, sink: &mut impl FnMut(Tap<'a>, f64)) {
        let view = self.view;
        let (extent, axes) = (view.extent(mip), view.dimension().spatial_axes());
        let taps: [AxisTaps; 3] = std::array::from_fn(|i| {
            if i >= axes {
                return address::only(Some(if i == 2 { self.element } else { 0 }));
            }
            let (mode, offset) = (self.sampler.address[i], self.request.offset[i]);
            let taps = if self.linear { address::linear_taps } else { address::point_taps };
            taps(mode, place[i], extent[i], offset)
        });
        let [columns, rows, layers] = taps;
        for (layer, layer_weight) in layers {
            if layer_weight == 0 {
                continue;
            }
            let image = layer.map(|layer| view.image(mip, layer));
            for (row, row_weight) in rows {
                for (column, column_weight) in columns {
                    let tap_weight = layer_weight * row_weight * column_weight;
                    if tap_weight > 0 {
                        let tap =
                            image.zip(column).zip(row).map(|((image, column), row)| (image, column, row));
                        sink(tap, f64::from(tap_weight) * weight);
                    }
                }
            }
        }
    }

    fn cube(&self, direction: [f32; 3], mip: u32, weight: f64, sink: &mut impl FnMut(Tap<'a>, f64)) {
        let size = self.view.extent(mip)[0];
        let (face, place) = cube::project(direction);
        let pairs = place.map(|u| {
            if self.linear { address::linear_index(u, size) } else { (address::point_index(u, size), 0) }
        });
        // Weights are tripled, so that thirds of a corner's are whole.
        for_each_of_quad(pairs, |i, j, quad_weight| {
            let weight = f64::from(quad_weight) * weight;
            match cube::tap(face, i, j, size, self.linear && self.sampler.seamless_cubes) {
                CubeTap::Texel(texel) => sink(self.face_texel(mip, texel), 3.0 * weight),
                CubeTap::Corner(texels) => {
                    texels.into_iter().for_each(|texel| sink(self.face_texel(mip, texel), weight));
                }
            }
        });
    }

    fn face_texel(&self, mip: u32, (face, x, y): cube::FaceTexel) -> Tap<'a> {
        Some((self.view.image(mip, 6 * self.element + face), x, y))
    }

    /// The filtered texel, as register bits.
    pub(super) fn filter(&self) -> [u32; 4] {
        let texels = &self.view.texels;
        let single = !self.linear && self.taps == 1 && self.mips[1].1 == 0;
        if single {
            let mut register = [0; 4];
            self.for_each(&mut |tap, _| {
                register = match tap {
                    Some((image, x, y)) => texels.register(image, x, y, 0),
                    None => texels.border(self.sampler.border).register,
                };
            });
            return register;
        }
        let numerators = |tap: Tap<'a>| match tap {
            Some((image, x, y)) => texels.numerators(image, x, y).map(f64::from),
            None => texels.border(self.sampler.border).numerators,
        };
        let mut mean = Mean::default();
        match self.sampler.reduction {
            Reduction::Mean => self.for_each(&mut |tap, weight| mean.add(numerators(tap), weight)),
            reduction => {
                let mut extremes = [f64::NAN; 4];
                self.for_each(&mut |tap, _| {
                    let taps = extremes.iter_mut().zip(numerators(tap));
                    taps.for_each(|(extreme, value)| *extreme = beyond(reduction, *extreme, value));
                });
                mean.add(extremes, 1.0);
            }
        }
        mean.finish(texels.divisors)
    }

    /// The filtered comparison in all components.
    pub(super) fn compare(&self, reference: f32) -> [u32; 4] {
        let comparison = Comparison::new(self.view, self.sampler, reference);
        let mut mean = Mean::default();
        self.for_each(&mut |tap, weight| mean.add([comparison.pass(tap); 4], weight));
        mean.finish([1.0; 4])
    }
}

/// The array element that a coordinate selects; 0 for everything but arrays.
pub(super) fn element(view: &TextureView, coordinate: [f32; 4]) -> u32 {
    let dimension = view.dimension();
    if !dimension.is_array() {
        return 0;
    }
    address::element(coordinate[dimension.spatial_axes()], view.elements())
}

/// Calls `f` with index and weight (of 2^16) of the four texels of a quad that have a weight, row by row.
fn for_each_of_quad([(i, right), (j, below)]: [(i32, u32); 2], mut f: impl FnMut(i32, i32, u32)) {
    for (j, row_weight) in [(j, ONE - below), (j + 1, below)] {
        for (i, column_weight) in [(i, ONE - right), (i + 1, right)] {
            if row_weight * column_weight > 0 {
                f(i, j, row_weight * column_weight);
            }
        }
    }
}

/// The lesser or greater of two values by the rules of `min` and `max` (d3d-rules §1.4): a number rather than NaN,
/// and -0 is less than 0.
fn beyond(reduction: Reduction, extreme: f64, value: f64) -> f64 {
    let less = value < extreme || value == extreme && value.is_sign_negative();
    let replaces = match reduction {
        Reduction::Minimum => less,
        _ => !less,
    };
    if extreme.is_nan() || replaces && !value.is_nan() { value } else { extreme }
}

/// A weighted mean in the making.
#[derive(Debug)]
pub(super) struct Mean {
    sums: [f64; 4],
    weights: f64,
}

impl Default for Mean {
    fn default() -> Self {
        // The neutral element of addition: a mean of negative zeros is one.
        Self { sums: [-0.0; 4], weights: 0.0 }
    }
}

impl Mean {
    #[inline]
    pub(super) fn add(&mut self, numerators: [f64; 4], weight: f64) {
        for (sum, numerator) in self.sums.iter_mut().zip(numerators) {
            *sum += numerator * weight;
        }
        self.weights += weight;
    }

    /// The mean as register bits; denormals are 0, NaN is the canonical one.
    pub(super) fn finish(self, divisors: [f64; 4]) -> [u32; 4] {
        let quotients: [f64; 4] = std::array::from_fn(|i| self.sums[i] / (self.weights * divisors[i]));
        quotients.map(|quotient| {
            let value = quotient as f32;
            if value.is_nan() { f32::NAN.to_bits() } else { flush(value).to_bits() }
        })
    }
}

/// A comparison of texels with a reference, which is on the left.
pub(super) struct Comparison<'a> {
    view: &'a TextureView,
    sampler: &'a SamplerState,
    reference: f32,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(view: &'a TextureView, sampler: &'a SamplerState, reference: f32) -> Self {
        Self { view, sampler, reference: quantize(view.format(), reference) }
    }

    /// 1 where it holds, else 0.
    pub(super) fn pass(&self, tap: Tap<'_>) -> f64 {
        let texels = &self.view.texels;
        let [red, ..] = match tap {
            Some((image, x, y)) => texels.register(image, x, y, 0),
            None => texels.border(self.sampler.border).register,
        };
        f64::from(u8::from(self.sampler.compare.compare(flush(self.reference), flush(f32::from_bits(red)))))
    }
}

/// A reference as a UNORM texel would hold it; other formats keep it.
fn quantize(format: Format, reference: f32) -> f32 {
    let red = format.components().iter().find(|component| component.channel.register() == Some(0));
    match red {
        Some(red) if red.kind == Kind::Unorm => {
            norm::unorm_to_f32(norm::f32_to_unorm(reference, red.bits), red.bits)
        }
        _ => reference,
    }
}
