//! Texels of 64 lanes, one after the other.

use std::ops::Range;

use super::axis::{Axis, axis};
use super::mean::Weights;
use super::{Chunk, LANES, Lanes, lanes};
use crate::surface::{Image, Layout, mip_size};

/// The four texels around every lane's place; only the first ones when the filter is a point filter.
pub(super) type Taps<T> = [Lanes<T>; 4];

/// Which texels of a mip level the lanes read.
pub(super) struct Places<'a> {
    mips: &'a Lanes<u32>,
    elements: &'a Lanes<u32>,
    columns: Axis,
    rows: Axis,
    linear: bool,
}

impl Places<'_> {
    /// Weights of the taps.
    pub(super) fn weights(&self) -> Weights<'_> {
        Weights { right: &self.columns.weight, below: &self.rows.weight }
    }
}

impl Chunk<'_> {
    /// The places of the lanes, each in its mip level.
    pub(super) fn places<'a>(
        &self,
        linear: bool,
        mips: &'a Lanes<u32>,
        elements: &'a Lanes<u32>,
    ) -> Places<'a> {
        let [u, v, ..] = self.batch.coordinate.map(|row| lanes(row, self.start));
        let ([u_mode, v_mode, _], [u_offset, v_offset, _]) = (self.sampler.address, self.batch.offset);
        let [width, height, _] = self.view.extent(0);
        let [widths, heights] = [width, height].map(|size| mips.map(|mip| mip_size(size, mip)));
        Places {
            mips,
            elements,
            columns: axis(self.level, u_mode, linear, u_offset, &u, &widths),
            rows: axis(self.level, v_mode, linear, v_offset, &v, &heights),
            linear,
        }
    }

    /// Calls `f` with every image that is read, the lanes in a row that read it, and the places' indices there.
    fn for_each_image(&self, places: &Places, mut f: impl FnMut(&Image, Range<usize>, &Taps<u32>)) {
        let key = |lane: usize| (places.mips[lane], places.elements[lane]);
        let mut indices = [[0; LANES]; 4];
        let (mut start, count) = (0, self.active.len());
        while start < count {
            let (mip, element) = key(start);
            let same = (start..count).take_while(|&lane| key(lane) == (mip, element)).count();
            let image = self.view.image(mip, element);
            texel_indices(places, image, start..start + same, &mut indices);
            f(image, start..start + same, &indices);
            start += same;
        }
    }

    /// Texels of `BYTES` bytes as numbers.
    pub(super) fn fetch_packed(&self, places: &Places, bytes: usize) -> Taps<u32> {
        let mut taps = [[0; LANES]; 4];
        self.for_each_image(places, |image, lanes, indices| match bytes {
            1 => read::<1>(image, lanes, places.linear, indices, &mut taps),
            2 => read::<2>(image, lanes, places.linear, indices, &mut taps),
            _ => read::<4>(image, lanes, places.linear, indices, &mut taps),
        });
        taps
    }

    /// Components of any texels times their divisors.
    pub(super) fn fetch_numerators(&self, places: &Places) -> [Taps<f32>; 4] {
        let mut taps = [[[0.0; LANES]; 4]; 4];
        self.for_each_image(places, |image, lanes, indices| {
            let count = if places.linear { 4 } else { 1 };
            for (tap, indices) in taps.iter_mut().zip(indices).take(count) {
                for lane in lanes.clone() {
                    let numerators = self.view.texels.numerators_at(image, indices[lane] as usize);
                    (0..4).for_each(|i| tap[i][lane] = numerators[i]);
                }
            }
        });
        taps
    }

    /// Register bits of the one texel that every lane reads.
    pub(super) fn fetch_registers(&self, places: &Places) -> [Lanes<u32>; 4] {
        let mut out = [[0; LANES]; 4];
        self.for_each_image(places, |image, lanes, [indices, ..]| {
            for lane in lanes {
                let register = self.view.texels.register_at(image, indices[lane] as usize);
                (0..4).for_each(|i| out[i][lane] = register[i]);
            }
        });
        out
    }
}

fn texel_indices(places: &Places, image: &Image, lanes: Range<usize>, indices: &mut Taps<u32>) {
    let Places { columns, rows, .. } = places;
    let [first, second, third, fourth] = indices;
    let fill = |layout: Layout| {
        for lane in lanes {
            let [left, right] = [columns.first[lane], columns.second[lane]].map(|x| layout.column_index(x));
            let [top, bottom] =
                [rows.first[lane], rows.second[lane]].map(|y| layout.row_index(y, image.width()));
            (first[lane], second[lane]) = (top + left, top + right);
            (third[lane], fourth[lane]) = (bottom + left, bottom + right);
        }
    };
    match image.sampled_layout() {
        Layout::Linear => fill(Layout::Linear),
        Layout::Tiled => fill(Layout::Tiled),
    }
}

/// Texels of a few bytes as little-endian numbers.
fn read<const BYTES: usize>(
    image: &Image,
    lanes: Range<usize>,
    linear: bool,
    indices: &Taps<u32>,
    taps: &mut Taps<u32>,
) {
    let (texels, _) = image.data().as_chunks::<BYTES>();
    let texel = |index: u32| {
        let mut number = [0; 4];
        if let Some(texel) = texels.get(index as usize) {
            number[..BYTES].copy_from_slice(texel);
        }
        u32::from_le_bytes(number)
    };
    let count = if linear { 4 } else { 1 };
    for lane in lanes {
        for tap in 0..count {
            taps[tap][lane] = texel(indices[tap][lane]);
        }
    }
}
