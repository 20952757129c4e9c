//! Texels of 64 lanes, one after the other.

use std::ops::Range;

use fearless_simd::{Level, dispatch};

use super::axis::{Axis, Repeated};
use super::grid::{block, read_block, read_codes};
use super::{Chunk, LANES, Lanes, copy_row};
use crate::sampler::AddressMode;
use crate::surface::{Image, Layout, mip_size};

/// The four texels around every lane's place; only the first ones count when the filter is a point filter.
pub(super) type Taps<T> = [Lanes<T>; 4];

/// Which texels of a mip level the lanes read, and what they hold.
pub(super) struct Places {
    linear: bool,
    /// Lanes are a block of pixels whose columns have one u each, and whose rows have one v.
    upright: bool,
    pub(super) columns: Axis,
    pub(super) rows: Axis,
    /// The images that are read: mip level, array element, lanes in a row.
    images: Vec<(u32, u32, Range<usize>)>,
    indices: Taps<u32>,
    /// Texels as they are stored.
    pub(super) packed: Taps<u32>,
    /// Codes of block-compressed texels.
    pub(super) codes: Taps<u64>,
    /// Texels' components times their divisors; by component.
    pub(super) numerators: [Taps<f32>; 4],
}

impl Default for Places {
    fn default() -> Self {
        Self {
            linear: false,
            upright: false,
            columns: Axis::default(),
            rows: Axis::default(),
            images: Vec::with_capacity(LANES),
            indices: [[0; LANES]; 4],
            packed: [[0; LANES]; 4],
            codes: [[0; LANES]; 4],
            numerators: [[[0.0; LANES]; 4]; 4],
        }
    }
}

impl Chunk<'_> {
    /// The places of the lanes, each in its mip level.
    pub(super) fn place(&self, linear: bool, mips: &Lanes<u32>, elements: &Lanes<u32>, places: &mut Places) {
        places.linear = linear;
        let [width, height, _] = self.view.extent(0);
        places.images.clear();
        let (mut start, count) = (0, self.active.len());
        let differences = mips
            .iter()
            .zip(elements)
            .fold(0, |any, (mip, element)| any | (mip ^ mips[0]) | (element ^ elements[0]));
        while start < count {
            let key = (mips[start], elements[start]);
            let mut end = if differences == 0 { count } else { start + 1 };
            while end < count && (mips[end], elements[end]) == key {
                end += 1;
            }
            places.images.push((key.0, key.1, start..end));
            places.columns.sizes[start..end].fill(mip_size(width, key.0));
            places.rows.sizes[start..end].fill(mip_size(height, key.0));
            start = end;
        }
        let ([u_mode, v_mode, _], [u_offset, v_offset, _]) = (self.sampler.address, self.batch.offset);
        let [u, v, ..] = self.batch.coordinate;
        copy_row(u, self.start, &mut places.columns.u);
        copy_row(v, self.start, &mut places.rows.u);
        places.columns.resolve(self.level, u_mode, linear, u_offset);
        places.rows.resolve(self.level, v_mode, linear, v_offset);
        places.upright = count == LANES
            && places.images.len() == 1
            && places.columns.repeated == Some(Repeated::Columns)
            && places.rows.repeated == Some(Repeated::Rows);
        for (mip, element, lanes) in &places.images {
            let image = self.view.image(*mip, *element);
            let (lanes, axes, indices) =
                (lanes.clone(), (&places.columns, &places.rows), &mut places.indices);
            dispatch!(self.level, _ => texel_indices(image, lanes, axes, indices, linear));
        }
    }
}

impl Places {
    /// Finds and reads the texels of 32 bits of all lanes in one image.
    pub(super) fn fetch_plain(
        &mut self,
        level: Level,
        image: &Image,
        ([u_mode, v_mode], linear): ([AddressMode; 2], bool),
        [u, v]: &[Lanes<f32>; 2],
    ) {
        self.linear = linear;
        let Self { columns, rows, indices, packed, .. } = self;
        (columns.u, rows.u) = (*u, *v);
        columns.sizes.fill(image.width());
        rows.sizes.fill(image.height());
        columns.resolve(level, u_mode, linear, 0);
        rows.resolve(level, v_mode, linear, 0);
        dispatch!(level, _ => texel_indices(image, 0..LANES, (columns, rows), indices, linear));
        let texels = image.data().as_chunks().0;
        if linear {
            read_pairs(texels, indices, 0..LANES, packed, u32::from_le_bytes);
        } else {
            read_rows(texels, &indices[0], &mut packed[0]);
        }
    }
}

/// Reads the upper and the lower taps of lanes as numbers, two at once where they are neighbours, and rows of them where lanes are
/// neighbours too.
#[inline(always)]
fn read_pairs<const BYTES: usize>(
    texels: &[[u8; BYTES]],
    indices: &Taps<u32>,
    lanes: Range<usize>,
    out: &mut Taps<u32>,
    number: impl Fn([u8; BYTES]) -> u32 + Copy,
) {
    let texel = |index: u32| texels.get(index as usize).map_or(0, |texel| number(*texel));
    let [first, second, third, fourth] = indices;
    let [out_first, out_second, out_third, out_fourth] = out;
    let upper = ([first, second], [out_first, out_second]);
    let lower = ([third, fourth], [out_third, out_fourth]);
    for ([left, right], [out_left, out_right]) in [upper, lower] {
        let (left, left_rest) = left[lanes.clone()].as_chunks::<8>();
        let (right, right_rest) = right[lanes.clone()].as_chunks::<8>();
        let (out_left, out_left_rest) = out_left[lanes.clone()].as_chunks_mut::<8>();
        let (out_right, out_right_rest) = out_right[lanes.clone()].as_chunks_mut::<8>();
        let chunks = left.iter().zip(right).zip(out_left.iter_mut().zip(out_right));
        for ((left, right), (out_left, out_right)) in chunks {
            let (neighbours, row) = gaps(left, right);
            let nine = texels.get(left[0] as usize..).and_then(|texels| texels.first_chunk::<9>());
            if let Some(nine) = nine.filter(|_| row) {
                for i in 0..8 {
                    (out_left[i], out_right[i]) = (number(nine[i]), number(nine[i + 1]));
                }
            } else if neighbours {
                for i in 0..8 {
                    let both = texels.get(left[i] as usize..).and_then(|texels| texels.first_chunk::<2>());
                    let [first, second] = both.copied().unwrap_or([[0; BYTES]; 2]);
                    (out_left[i], out_right[i]) = (number(first), number(second));
                }
            } else {
                for i in 0..8 {
                    (out_left[i], out_right[i]) = (texel(left[i]), texel(right[i]));
                }
            }
        }
        let rest = left_rest.iter().zip(right_rest).zip(out_left_rest.iter_mut().zip(out_right_rest));
        for ((&left, &right), (out_left, out_right)) in rest {
            (*out_left, *out_right) = (texel(left), texel(right));
        }
    }
}

/// Whether every right texel is the next one after the left, and whether the left ones are a row too.
#[inline(always)]
pub(super) fn gaps(left: &[u32; 8], right: &[u32; 8]) -> (bool, bool) {
    let (mut pairs, mut row) = (0, 0);
    for i in 0..8 {
        pairs |= right[i] ^ left[i].wrapping_add(1);
        row |= left[i] ^ left[0].wrapping_add(i as u32);
    }
    (pairs == 0, pairs | row == 0)
}

/// Reads texels of 32 bits, eight at once where they lie in a row.
fn read_rows(texels: &[[u8; 4]], indices: &Lanes<u32>, out: &mut Lanes<u32>) {
    for (indices, out) in indices.as_chunks::<8>().0.iter().zip(out.as_chunks_mut::<8>().0) {
        let first = indices[0];
        let gaps = (0..8).fold(0, |gaps, i| gaps | (indices[i] ^ first.wrapping_add(i as u32)));
        let row = texels.get(first as usize..).and_then(|texels| texels.first_chunk::<8>());
        match row.filter(|_| gaps == 0) {
            Some(row) => *out = row.map(u32::from_le_bytes),
            None => read(texels, indices, out, u32::from_le_bytes),
        }
    }
}

#[inline(always)]
fn texel_indices(
    image: &Image,
    lanes: Range<usize>,
    axes: (&Axis, &Axis),
    indices: &mut Taps<u32>,
    linear: bool,
) {
    // Layout and filter are constants in each of the loops.
    match (image.sampled_layout(), linear) {
        (Layout::Linear, true) => fill(Layout::Linear, image.width(), lanes, axes, indices),
        (Layout::Tiled, true) => fill(Layout::Tiled, image.width(), lanes, axes, indices),
        (Layout::Linear, false) => fill_first(Layout::Linear, image.width(), lanes, axes, &mut indices[0]),
        (Layout::Tiled, false) => fill_first(Layout::Tiled, image.width(), lanes, axes, &mut indices[0]),
    }
}

#[inline(always)]
fn fill_first(
    layout: Layout,
    width: u32,
    lanes: Range<usize>,
    (columns, rows): (&Axis, &Axis),
    indices: &mut Lanes<u32>,
) {
    for i in lanes {
        indices[i] = layout.row_index(rows.first[i], width) + layout.column_index(columns.first[i]);
    }
}

#[inline(always)]
fn fill(
    layout: Layout,
    width: u32,
    lanes: Range<usize>,
    (columns, rows): (&Axis, &Axis),
    [first, second, third, fourth]: &mut Taps<u32>,
) {
    for i in lanes {
        let (left, right) = (layout.column_index(columns.first[i]), layout.column_index(columns.second[i]));
        let (top, bottom) = (layout.row_index(rows.first[i], width), layout.row_index(rows.second[i], width));
        (first[i], second[i]) = (top + left, top + right);
        (third[i], fourth[i]) = (bottom + left, bottom + right);
    }
}

impl Places {
    /// Weights of the right and the lower taps in 1/256.
    pub(super) fn weights(&self) -> [&Lanes<u32>; 2] {
        [&self.columns.weight, &self.rows.weight]
    }

    /// The indices of the taps that count.
    fn taps(&self) -> usize {
        if self.linear { 4 } else { 1 }
    }

    /// Reads texels of `bytes` bytes as little-endian numbers.
    pub(super) fn fetch_packed(&mut self, chunk: &Chunk<'_>, bytes: usize) {
        let Self { linear, upright, images, indices, packed, .. } = self;
        for (mip, element, lanes) in &*images {
            let (data, lanes) = (chunk.view.image(*mip, *element).data(), lanes.clone());
            if *linear && *upright && bytes == 4 {
                let (columns, rows) = block(indices);
                dispatch!(chunk.level, simd => read_block(simd, data.as_chunks().0, columns, &rows, packed));
                continue;
            }
            match bytes {
                1 => fetch(data, *linear, indices, lanes, packed, |[byte]| u32::from(byte)),
                2 => fetch(data, *linear, indices, lanes, packed, |word| u16::from_le_bytes(word).into()),
                _ => fetch(data, *linear, indices, lanes, packed, u32::from_le_bytes),
            }
        }
    }

    /// Reads the codes of block-compressed texels.
    pub(super) fn fetch_codes(&mut self, chunk: &Chunk<'_>) {
        for (mip, element, lanes) in &self.images {
            let image = chunk.view.image(*mip, *element);
            if self.linear && self.upright {
                let (columns, rows) = block(&self.indices);
                dispatch!(chunk.level, simd => read_codes(simd, image, columns, &rows, &mut self.codes));
                continue;
            }
            let [first, second, third, fourth] = &self.indices;
            let [out_first, out_second, out_third, out_fourth] = &mut self.codes;
            if self.linear {
                let out = [&mut out_first[lanes.clone()], &mut out_second[lanes.clone()]];
                image.block_pairs([&first[lanes.clone()], &second[lanes.clone()]], out);
                let out = [&mut out_third[lanes.clone()], &mut out_fourth[lanes.clone()]];
                image.block_pairs([&third[lanes.clone()], &fourth[lanes.clone()]], out);
            } else {
                image.block_texels(&first[lanes.clone()], &mut out_first[lanes.clone()]);
            }
        }
    }

    /// Reads components of any texels times their divisors.
    pub(super) fn fetch_numerators(&mut self, chunk: &Chunk<'_>) {
        let taps = self.taps();
        let [red, green, blue, alpha] = &mut self.numerators;
        for (mip, element, lanes) in &self.images {
            let image = chunk.view.image(*mip, *element);
            for tap in 0..taps {
                let rows = [&mut red[tap], &mut green[tap], &mut blue[tap], &mut alpha[tap]];
                let rows = rows.map(|row| &mut row[lanes.clone()]);
                chunk.view.texels.numerators_row(image, &self.indices[tap][lanes.clone()], rows);
            }
        }
    }

    /// Replaces the red numerators by 1 where the comparison with the lane's reference holds, else by 0.
    pub(super) fn compare(&mut self, chunk: &Chunk<'_>, references: &Lanes<f32>) {
        let (function, taps) = (chunk.sampler.compare, self.taps());
        for red in self.numerators[0].iter_mut().take(taps) {
            for (red, reference) in red.iter_mut().zip(references) {
                *red = f32::from(u8::from(function.compare(*reference, *red)));
            }
        }
    }

    /// Reads the register bits of the one texel a lane.
    pub(super) fn fetch_registers(&self, chunk: &Chunk<'_>, out: &mut [Lanes<u32>; 4]) {
        let [red, green, blue, alpha] = out;
        for (mip, element, lanes) in &self.images {
            let image = chunk.view.image(*mip, *element);
            for lane in lanes.clone() {
                [red[lane], green[lane], blue[lane], alpha[lane]] =
                    chunk.view.texels.register_at(image, self.indices[0][lane] as usize);
            }
        }
    }
}

/// Reads the texels of some lanes as numbers.
#[inline(always)]
fn fetch<const BYTES: usize>(
    data: &[u8],
    linear: bool,
    indices: &Taps<u32>,
    lanes: Range<usize>,
    packed: &mut Taps<u32>,
    number: impl Fn([u8; BYTES]) -> u32 + Copy,
) {
    let texels = data.as_chunks().0;
    if linear {
        return read_pairs(texels, indices, lanes, packed, number);
    }
    read(texels, &indices[0][lanes.clone()], &mut packed[0][lanes], number);
}

#[inline(always)]
pub(super) fn read<const BYTES: usize>(
    texels: &[[u8; BYTES]],
    indices: &[u32],
    out: &mut [u32],
    number: impl Fn([u8; BYTES]) -> u32,
) {
    for (&index, out) in indices.iter().zip(out) {
        *out = texels.get(index as usize).map_or(0, |texel| number(*texel));
    }
}
