//! Where the texels of an image lie in its bytes.

use std::ops::Range;

/// Edge of a tile in texels.
pub const TILE_SIZE: u32 = 64;
const TILE_TEXELS: usize = (TILE_SIZE * TILE_SIZE) as usize;

/// The order of an image's texels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Layout {
    /// Tight rows.
    #[default]
    Linear,
    /// Tiles of 64 by 64 texels, row by row, with rows inside; tiles at the edges are padded to full size.
    Tiled,
}

/// The grid of an image's units: texels with all their samples, or compressed blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Geometry {
    pub(super) columns: u32,
    pub(super) rows: u32,
    pub(super) unit_bytes: usize,
    pub(super) layout: Layout,
}

/// Units that are neighbours in a row of the grid and in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    /// Row, counted from the first one that was asked for.
    pub(super) row: usize,
    /// Bytes from the first unit of the row that was asked for.
    pub(super) offset: usize,
    /// Where they are in the image.
    pub(super) data: Range<usize>,
}

impl Layout {
    /// What a column adds to the index of a unit; with [what its row adds](Self::row_index) it is the index.
    #[inline(always)]
    pub(crate) fn column_index(self, column: u32) -> u32 {
        match self {
            Self::Linear => column,
            Self::Tiled => column / TILE_SIZE * TILE_TEXELS as u32 + column % TILE_SIZE,
        }
    }

    /// What a row adds to the index of a unit in a grid of `columns`. No image has 2^32 units.
    #[inline(always)]
    pub(crate) fn row_index(self, row: u32, columns: u32) -> u32 {
        match self {
            Self::Linear => row * columns,
            Self::Tiled => {
                row / TILE_SIZE * (columns.div_ceil(TILE_SIZE) * TILE_TEXELS as u32)
                    + row % TILE_SIZE * TILE_SIZE
            }
        }
    }
}

impl Geometry {
    pub(super) fn tile_bytes(self) -> usize {
        TILE_TEXELS * self.unit_bytes
    }

    /// Columns and rows of tiles.
    pub(super) fn tiles(self) -> (u32, u32) {
        (self.columns.div_ceil(TILE_SIZE), self.rows.div_ceil(TILE_SIZE))
    }

    pub(super) fn len(self) -> usize {
        match self.layout {
            Layout::Linear => self.row_bytes() * self.rows as usize,
            Layout::Tiled => {
                let (columns, rows) = self.tiles();
                columns as usize * rows as usize * self.tile_bytes()
            }
        }
    }

    /// Bytes of a linear row.
    pub(super) fn row_bytes(self) -> usize {
        self.columns as usize * self.unit_bytes
    }

    #[inline]
    pub(super) fn offset(self, column: u32, row: u32) -> usize {
        let index = self.layout.row_index(row, self.columns) + self.layout.column_index(column);
        index as usize * self.unit_bytes
    }

    /// The memory of a rectangle, which must lie in the grid and not be empty.
    pub(super) fn spans(self, columns: Range<u32>, rows: Range<u32>) -> impl Iterator<Item = Span> {
        let step = match self.layout {
            Layout::Linear => self.columns.max(1),
            Layout::Tiled => TILE_SIZE,
        };
        let first_row = rows.start;
        rows.flat_map(move |row| {
            let steps = columns.start / step..columns.end.div_ceil(step);
            let columns = columns.clone();
            steps.map(move |at| {
                let (start, end) = ((at * step).max(columns.start), (at * step + step).min(columns.end));
                let data = self.offset(start, row);
                Span {
                    row: (row - first_row) as usize,
                    offset: (start - columns.start) as usize * self.unit_bytes,
                    data: data..data + (end - start) as usize * self.unit_bytes,
                }
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_padded_and_lie_row_by_row() {
        let grid = Geometry { columns: 65, rows: 3, unit_bytes: 4, layout: Layout::Tiled };
        assert_eq!((grid.tiles(), grid.len()), ((2, 1), 2 * 4096 * 4));
        assert_eq!(grid.offset(63, 2), (2 * 64 + 63) * 4);
        assert_eq!(grid.offset(64, 1), (4096 + 64) * 4);
        let spans: Vec<_> = grid.spans(62..65, 1..3).collect();
        assert_eq!(spans[0], Span { row: 0, offset: 0, data: (64 + 62) * 4..(64 + 64) * 4 });
        assert_eq!(spans[1], Span { row: 0, offset: 8, data: (4096 + 64) * 4..(4096 + 65) * 4 });
        assert_eq!((spans.len(), spans[2].row), (4, 1));
    }

    #[test]
    fn linear_rows_are_one_span() {
        let grid = Geometry { columns: 100, rows: 4, unit_bytes: 2, layout: Layout::Linear };
        let spans: Vec<_> = grid.spans(10..90, 2..4).collect();
        assert_eq!(spans[1], Span { row: 1, offset: 0, data: 620..780 });
    }
}
