//! Blocks of 8x8 pixels whose columns have one u each, and whose rows have one v: those of upright rectangles. Eight columns and
//! eight rows say where all of their texels are, and those of a row are picked from a vector of neighbours.

use fearless_simd::{Level, dispatch, prelude::*, u8x64, u32x16, u64x8};

use super::axis::Axis;
use super::fetch::{Places, Taps, gaps, read};
use super::{LANES, Lanes};
use crate::sampler::AddressMode;
use crate::surface::Image;

/// Where the pixels of a tile are among the texels of one image: what their columns and their rows add to the indices.
#[derive(Default)]
pub(crate) struct Grid {
    columns: Axis,
    rows: Axis,
}

impl std::fmt::Debug for Grid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Grid").finish_non_exhaustive()
    }
}

impl Grid {
    /// From the coordinates of 64 columns and 64 rows.
    pub(super) fn place(
        &mut self,
        level: Level,
        image: &Image,
        ([u_mode, v_mode], linear): ([AddressMode; 2], bool),
        [u, v]: &[Lanes<f32>; 2],
    ) {
        let Self { columns, rows } = self;
        (columns.u, rows.u) = (*u, *v);
        columns.sizes.fill(image.width());
        rows.sizes.fill(image.height());
        columns.resolve(level, u_mode, linear, 0);
        rows.resolve(level, v_mode, linear, 0);
        let layout = image.sampled_layout();
        for i in 0..LANES {
            columns.first[i] = layout.column_index(columns.first[i]);
            columns.second[i] = layout.column_index(columns.second[i]);
            rows.first[i] = layout.row_index(rows.first[i], image.width());
            rows.second[i] = layout.row_index(rows.second[i], image.width());
        }
    }

    /// Reads the texels of 32 bits at a block's pixels, from a column and a row of the tile on, through a point filter.
    pub(super) fn texels(&self, image: &Image, [x, y]: [usize; 2], out: &mut Lanes<u32>) {
        let texels: &[[u8; 4]] = image.data().as_chunks().0;
        let (Some(columns), Some(rows)) = (eight(&self.columns.first, x), eight(&self.rows.first, y)) else {
            return;
        };
        let (_, run) = gaps(columns, &columns.map(|column| column.wrapping_add(1)));
        for (row, out) in rows.iter().zip(out.as_chunks_mut::<8>().0) {
            let eight =
                texels.get((row + columns[0]) as usize..).and_then(|texels| texels.first_chunk::<8>());
            match eight.filter(|_| run) {
                Some(eight) => *out = eight.map(u32::from_le_bytes),
                None => read(texels, &columns.map(|column| row + column), out, u32::from_le_bytes),
            }
        }
    }
}

/// Eight from an index on.
fn eight(lanes: &Lanes<u32>, at: usize) -> Option<&[u32; 8]> {
    lanes.get(at..)?.first_chunk()
}

impl Places {
    /// Takes weights from a grid and reads the texels of 32 bits around a block's pixels, from a column and a row of the tile on.
    pub(super) fn fetch_grid(&mut self, level: Level, grid: &Grid, image: &Image, [x, y]: [usize; 2]) {
        let texels: &[[u8; 4]] = image.data().as_chunks().0;
        let Grid { columns, rows } = grid;
        let (Some(left), Some(right)) = (eight(&columns.first, x), eight(&columns.second, x)) else { return };
        let (Some(above), Some(below)) = (eight(&rows.first, y), eight(&rows.second, y)) else { return };
        let (Some(right_weight), Some(weight)) = (eight(&columns.weight, x), eight(&rows.weight, y)) else {
            return;
        };
        self.columns.weight.as_chunks_mut::<8>().0.fill(*right_weight);
        for (row, weight) in self.rows.weight.as_chunks_mut::<8>().0.iter_mut().zip(weight) {
            *row = [*weight; 8];
        }
        let packed = &mut self.packed;
        dispatch!(level, simd => read_block(simd, texels, [left, right], &[*above, *below], packed));
    }
}

/// The left and right texels of a block's first row, and what its upper and lower rows are away from those.
#[inline(always)]
pub(super) fn block([first, second, third, _]: &Taps<u32>) -> ([&[u32; 8]; 2], [[u32; 8]; 2]) {
    let row = |row: &Lanes<u32>| std::array::from_fn(|y| row[8 * y].wrapping_sub(first[0]));
    let rows = [row(first), row(third)];
    ([&first.as_chunks().0[0], &second.as_chunks().0[0]], rows)
}

/// The first of sixteen texels in a row that have all of these, and how far each is from it.
#[inline(always)]
fn window<S: Simd>(simd: S, [left, right]: [&[u32; 8]; 2]) -> Option<(u32, u32x16<S>)> {
    let mut columns = [0; 16];
    columns[..8].copy_from_slice(left);
    columns[8..].copy_from_slice(right);
    let mut first = columns[0];
    for column in columns {
        first = first.min(column);
    }
    let offsets = u32x16::simd_from(simd, columns) - first;
    if offsets.simd_lt(16).all_true() { Some((first, offsets)) } else { None }
}

/// Reads the texels of 32 bits of a [`block`], sixteen at once where they are near.
#[inline(always)]
pub(super) fn read_block<S: Simd>(
    simd: S,
    texels: &[[u8; 4]],
    columns: [&[u32; 8]; 2],
    [above, below]: &[[u32; 8]; 2],
    [first, second, third, fourth]: &mut Taps<u32>,
) {
    let window = window(simd, columns);
    for (rows, out_left, out_right) in [(above, first, second), (below, third, fourth)] {
        let out = out_left.as_chunks_mut::<8>().0.iter_mut().zip(out_right.as_chunks_mut::<8>().0);
        for (&row, (out_left, out_right)) in rows.iter().zip(out) {
            if let Some((first, offsets)) = window
                && let Some(rest) = texels.get(row.wrapping_add(first) as usize..)
                && let Some(sixteen) = rest.first_chunk::<16>()
            {
                let sixteen = u32x16::simd_from(simd, sixteen.map(u32::from_le_bytes));
                let bytes: u8x64<S> = (offsets * 0x0404_0404 + 0x0302_0100).bitcast();
                let (left, right) = sixteen.swizzle_dyn(bytes).split();
                left.store_slice(out_left);
                right.store_slice(out_right);
                continue;
            }
            for (columns, out) in columns.into_iter().zip([out_left, out_right]) {
                for (&column, out) in columns.iter().zip(out) {
                    let texel = texels.get(row.wrapping_add(column) as usize);
                    *out = texel.map_or(0, |texel| u32::from_le_bytes(*texel));
                }
            }
        }
    }
}

/// Reads the codes of a [`block`], sixteen at once where they are near.
#[inline(always)]
pub(super) fn read_codes<S: Simd>(
    simd: S,
    image: &Image,
    columns: [&[u32; 8]; 2],
    [above, below]: &[[u32; 8]; 2],
    [first, second, third, fourth]: &mut Taps<u64>,
) {
    let window = window(simd, columns);
    let mut bytes = [[0; 8]; 2];
    if let Some((first, _)) = window {
        for (bytes, columns) in bytes.iter_mut().zip(columns) {
            for (bytes, column) in bytes.iter_mut().zip(columns) {
                *bytes = u64::from(column - first) * 0x0808_0808_0808_0808 + 0x0706_0504_0302_0100;
            }
        }
    }
    let left_bytes: u8x64<S> = u64x8::simd_from(simd, bytes[0]).bitcast();
    let right_bytes: u8x64<S> = u64x8::simd_from(simd, bytes[1]).bitcast();
    for (rows, out_left, out_right) in [(above, first, second), (below, third, fourth)] {
        let out = out_left.as_chunks_mut::<8>().0.iter_mut().zip(out_right.as_chunks_mut::<8>().0);
        for (&row, (out_left, out_right)) in rows.iter().zip(out) {
            if let Some((first, _)) = window
                && let Some(sixteen) = image.block_row(row.wrapping_add(first))
            {
                let low = u64x8::from_slice(simd, &sixteen[..8]);
                let high = u64x8::from_slice(simd, &sixteen[8..]);
                low.concat_swizzle_dyn(high, left_bytes).store_slice(out_left);
                low.concat_swizzle_dyn(high, right_bytes).store_slice(out_right);
                continue;
            }
            let [left, right] = columns.map(|columns| columns.map(|column| row.wrapping_add(column)));
            image.block_pairs([&left, &right], [out_left, out_right]);
        }
    }
}
