//! Which tiles a shape may touch: one list of commands a tile, in order.

use crate::coverage::Edges;
use crate::state::Rect;

/// A command of a pass, small enough to be copied into every tile: a record, or a clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry(u32);

/// What an [`Entry`] stands for: an index either way.
pub(crate) enum Command {
    Record(usize),
    Clear(usize),
}

impl Entry {
    const CLEAR: u32 = 1 << 31;

    pub(crate) fn record(index: usize) -> Self {
        Self(index as u32)
    }

    pub(crate) fn clear(index: usize) -> Self {
        Self(index as u32 | Self::CLEAR)
    }

    pub(crate) fn command(self) -> Command {
        let index = (self.0 & !Self::CLEAR) as usize;
        if self.0 & Self::CLEAR == 0 { Command::Record(index) } else { Command::Clear(index) }
    }
}

/// The tiles of a layer, numbered row by row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grid {
    tile_size: i32,
    columns: usize,
    rows: usize,
}

impl Grid {
    pub(crate) fn new(width: u32, height: u32, tile_size: u32) -> Self {
        let [columns, rows] = [width, height].map(|edge| edge.div_ceil(tile_size) as usize);
        Self { tile_size: tile_size as i32, columns, rows }
    }

    pub(crate) fn tile_size(&self) -> i32 {
        self.tile_size
    }

    /// The tile of a pixel.
    pub(crate) fn tile(&self, x: i32, y: i32) -> usize {
        let shift = self.tile_size.trailing_zeros();
        (y >> shift) as usize * self.columns + (x >> shift) as usize
    }

    /// Visits the tiles of `pixels`, which lie in the targets; of a triangle, tiles that its edges miss are left out.
    pub(crate) fn visit(&self, pixels: Rect, edges: Option<&Edges>, mut visit: impl FnMut(usize)) {
        for_cells(self.tile_size, pixels, edges, |column, row| {
            visit(row as usize * self.columns + column as usize);
        });
    }
}

/// Lists of commands: layer by layer, tile by tile in rows. They keep their memory when they are emptied.
#[derive(Debug)]
pub(crate) struct Bins {
    grid: Grid,
    layers: Vec<Vec<Vec<Entry>>>,
    /// Commands in all lists.
    entries: usize,
}

impl Bins {
    pub(crate) fn new(grid: Grid, layers: u32) -> Self {
        Self { grid, layers: vec![Vec::new(); layers as usize], entries: 0 }
    }

    pub(crate) fn tile_size(&self) -> i32 {
        self.grid.tile_size
    }

    /// The commands of a tile, by tile column and row.
    pub(crate) fn tile(&self, layer: usize, column: usize, row: usize) -> &[Entry] {
        let columns = self.grid.columns;
        if column >= columns {
            return &[];
        }
        self.layers.get(layer).and_then(|tiles| tiles.get(row * columns + column)).map_or(&[], |t| t)
    }

    /// Squares of `size` pixels (a multiple of the tile size) that have commands: layer, column and row, in the order of layers
    /// and rows.
    pub(crate) fn busy(&self, size: i32) -> Vec<(usize, usize, usize)> {
        let Grid { tile_size, columns, .. } = self.grid;
        let side = (size / tile_size) as usize;
        let mut busy = Vec::new();
        for (layer, tiles) in self.layers.iter().enumerate().filter(|(_, tiles)| !tiles.is_empty()) {
            for (row, rows) in tiles.chunks(columns * side).enumerate() {
                for column in 0..columns.div_ceil(side) {
                    let mut rows = rows.chunks(columns);
                    let columns = column * side..((column + 1) * side).min(columns);
                    if rows.any(|tiles| tiles[columns.clone()].iter().any(|tile| !tile.is_empty())) {
                        busy.push((layer, column, row));
                    }
                }
            }
        }
        busy
    }

    /// Bytes of the commands in all lists.
    pub(crate) fn bytes(&self) -> usize {
        self.entries * size_of::<Entry>()
    }

    pub(crate) fn clear(&mut self) {
        self.entries = 0;
        self.layers.iter_mut().flatten().for_each(Vec::clear);
    }

    /// Puts a command into the list of a tile.
    pub(crate) fn push(&mut self, layer: usize, tile: usize, entry: Entry) {
        let Some(tiles) = self.layers.get_mut(layer) else { return };
        if tiles.is_empty() {
            tiles.resize(self.grid.columns * self.grid.rows, Vec::new());
        }
        if let Some(list) = tiles.get_mut(tile) {
            list.push(entry);
            self.entries += 1;
        }
    }

    /// Puts a command into the lists of all tiles of `pixels`, which lie in the targets.
    pub(crate) fn push_all(&mut self, layer: usize, pixels: Rect, entry: Entry) {
        let grid = self.grid;
        grid.visit(pixels, None, |tile| self.push(layer, tile, entry));
    }
}

/// Visits cells of a grid, whose edges are a power of two, that the rectangle touches and no edge misses. Returns how many
/// the rectangle touches.
#[inline]
pub(crate) fn for_cells(
    size: i32,
    pixels: Rect,
    edges: Option<&Edges>,
    mut visit: impl FnMut(i32, i32),
) -> u64 {
    let shift = size.trailing_zeros();
    let (left, top) = (pixels.left >> shift, pixels.top >> shift);
    let (right, bottom) = ((pixels.right - 1) >> shift, (pixels.bottom - 1) >> shift);
    let single = left == right && top == bottom;
    for row in top..=bottom {
        for column in left..=right {
            let cell = Rect {
                left: column * size,
                top: row * size,
                right: (column + 1) * size,
                bottom: (row + 1) * size,
            };
            if single || !edges.is_some_and(|e| e.misses(cell)) {
                visit(column, row);
            }
        }
    }
    (right - left + 1) as u64 * (bottom - top + 1) as u64
}
