//! Texels of 64 lanes, one after the other.

use std::ops::Range;

use fearless_simd::{Level, dispatch};

use super::axis::Axis;
use super::{Chunk, LANES, Lanes, copy_row};
use crate::sampler::AddressMode;
use crate::surface::{Image, Layout, mip_size};

/// The four texels around every lane's place; only the first ones count when the filter is a point filter.
pub(super) type Taps<T> = [Lanes<T>; 4];

/// Which texels of a mip level the lanes read, and what they hold.
pub(super) struct Places {
    linear: bool,
    columns: Axis,
    rows: Axis,
    /// The images that are read: mip level, array element, lanes in a row.
    images: Vec<(u32, u32, Range<usize>)>,
    indices: Taps<u32>,
    /// Texels as they are stored.
    pub(super) packed: Taps<u32>,
    /// Numerators of block-compressed texels.
    pub(super) codes: Taps<[u16; 4]>,
    /// Texels' components times their divisors; by component.
    pub(super) numerators: [Taps<f32>; 4],
}

impl Default for Places {
    fn default() -> Self {
        Self {
            linear: false,
            columns: Axis::default(),
            rows: Axis::default(),
            images: Vec::with_capacity(LANES),
            indices: [[0; LANES]; 4],
            packed: [[0; LANES]; 4],
            codes: [[[0; 4]; LANES]; 4],
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
        for (texel, indices) in packed.iter_mut().zip(indices).take(if linear { 4 } else { 1 }) {
            read_rows(texels, indices, texel);
        }
    }
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
        let taps = self.taps();
        for (mip, element, lanes) in &self.images {
            let data = chunk.view.image(*mip, *element).data();
            for (tap, indices) in self.packed.iter_mut().zip(&self.indices).take(taps) {
                let (texels, indices) = (&mut tap[lanes.clone()], &indices[lanes.clone()]);
                match bytes {
                    1 => read(data.as_chunks().0, indices, texels, |[byte]| u32::from(byte)),
                    2 => read(data.as_chunks().0, indices, texels, |word| u16::from_le_bytes(word).into()),
                    _ => read(data.as_chunks().0, indices, texels, u32::from_le_bytes),
                }
            }
        }
    }

    /// Reads the codes of block-compressed texels.
    pub(super) fn fetch_codes(&mut self, chunk: &Chunk<'_>) {
        let taps = self.taps();
        for (mip, element, lanes) in &self.images {
            let image = chunk.view.image(*mip, *element);
            for (codes, indices) in self.codes.iter_mut().zip(&self.indices).take(taps) {
                image.block_texels(&indices[lanes.clone()], &mut codes[lanes.clone()]);
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

#[inline(always)]
fn read<const BYTES: usize>(
    texels: &[[u8; BYTES]],
    indices: &[u32],
    out: &mut [u32],
    number: impl Fn([u8; BYTES]) -> u32,
) {
    for (&index, out) in indices.iter().zip(out) {
        *out = texels.get(index as usize).map_or(0, |texel| number(*texel));
    }
}
