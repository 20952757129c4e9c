//! Quads that wait for the shader, in rows of a value a lane.

use crate::coverage::CENTER;
use crate::interpolate::{LANES, Positions, SUBPIXELS};
use crate::surface::TILE_SIZE;
use crate::tile::PAIR_COLUMNS;

/// Quads of a full batch, and of a block of 8x8 pixels.
pub(crate) const QUADS: usize = LANES / 4;
pub(crate) const BLOCK_QUADS: usize = 16;

/// The first sample of every pixel.
pub(crate) const EVERY_PIXEL: u64 = 0x0001_0001_0001_0001;

/// The samples of a quad's pixel in a mask: masks of quads have a bit a sample, 16 bits a pixel.
pub(crate) fn samples_of(mask: u64, lane: usize) -> u32 {
    (mask >> (16 * lane)) as u32 & 0xffff
}

/// Four pixels, their top left one at even coordinates.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quad {
    pub(crate) x: i32,
    pub(crate) y: i32,
    /// Samples that the shape covers.
    pub(crate) covered: u64,
    /// Of these, samples that may still be written.
    pub(crate) open: u64,
}

/// Quads of a batch: rows of a value a lane, or a value a quad.
#[derive(Debug)]
pub(crate) struct Quads {
    pub(crate) len: usize,
    /// First pixels of the quads.
    at: [[i32; 2]; QUADS],
    /// Snapped centres of the lanes' pixels.
    pub(crate) x: Positions,
    pub(crate) y: Positions,
    pub(crate) live: [bool; LANES],
    pub(crate) covered: [u64; QUADS],
    pub(crate) open: [u64; QUADS],
    /// The sample that is shaded, for shaders that run once a sample.
    pub(crate) sample: [u32; QUADS],
}

impl Default for Quads {
    fn default() -> Self {
        let (at, x, y) = ([[0; 2]; QUADS], [0.0; _], [0.0; _]);
        let (covered, open, sample) = ([0; QUADS], [0; QUADS], [0; QUADS]);
        Self { len: 0, at, x, y, live: [false; LANES], covered, open, sample }
    }
}

impl Quads {
    /// Column and row of a lane's pixel.
    pub(crate) fn pixel(&self, lane: usize) -> [i32; 2] {
        let [x, y] = self.at[lane / 4];
        [x + lane as i32 % 2, y + lane as i32 % 4 / 2]
    }

    /// The first pair of pixels of a lane's quad in its image tile; the other is a row below.
    #[inline]
    pub(crate) fn pair(&self, lane: usize) -> usize {
        let [x, y] = self.at[lane / 4].map(|c| c as usize % TILE_SIZE as usize);
        y * PAIR_COLUMNS + x / 2
    }

    /// Adds a quad of which these samples are shaded.
    #[inline(always)]
    pub(crate) fn push(&mut self, quad: &Quad, alive: u64, sample: u32) {
        let at = self.len;
        let [left, top] = [quad.x, quad.y].map(|c| f64::from(c * SUBPIXELS + CENTER));
        self.at[at] = [quad.x, quad.y];
        self.x.as_chunks_mut().0[at] = COLUMNS.map(|column| left + column);
        self.y.as_chunks_mut().0[at] = ROWS.map(|row| top + row);
        self.live.as_chunks_mut().0[at] =
            [alive & 0xffff != 0, alive >> 16 & 0xffff != 0, alive >> 32 & 0xffff != 0, alive >> 48 != 0];
        (self.covered[at], self.open[at], self.sample[at]) = (quad.covered, quad.open, sample);
        self.len += 1;
    }

    /// Adds quads of a block, one sample a pixel: masks of their first pixels, and of pixels that are covered, open, and shaded.
    /// Returns those that there is no room for.
    #[inline(always)]
    pub(crate) fn push_quads(
        &mut self,
        [left, top]: [i32; 2],
        mut firsts: u64,
        [covered, open, alive]: [u64; 3],
    ) -> u64 {
        while firsts != 0 && self.len < QUADS {
            let bit = firsts.trailing_zeros();
            firsts &= firsts - 1;
            let (x, y) = (left + (bit % 8) as i32, top + (bit / 8) as i32);
            let quad = |mask: u64| (mask >> bit & 3 | mask >> (bit + 6) & 12) as usize;
            let (x_center, y_center) = (f64::from(x * SUBPIXELS + CENTER), f64::from(y * SUBPIXELS + CENTER));
            let at = self.len;
            self.at[at] = [x, y];
            self.x.as_chunks_mut().0[at] = COLUMNS.map(|column| x_center + column);
            self.y.as_chunks_mut().0[at] = ROWS.map(|row| y_center + row);
            self.live.as_chunks_mut().0[at] = LIVE[quad(alive)];
            self.covered[at] = SAMPLES[quad(covered)];
            self.open[at] = SAMPLES[quad(open)];
            self.sample[at] = 0;
            self.len += 1;
        }
        firsts
    }

    /// Adds all quads of an 8x8 block, one sample a pixel.
    #[inline(always)]
    pub(crate) fn push_block(&mut self, x: i32, y: i32) {
        const COLUMNS: [f64; 64] = block_offsets(0);
        const ROWS: [f64; 64] = block_offsets(1);
        let (left, top) = (f64::from(x * SUBPIXELS), f64::from(y * SUBPIXELS));
        let quads = self.len..self.len + BLOCK_QUADS;
        let lanes = 4 * quads.start..4 * quads.end;
        for (x_lane, column) in self.x[lanes.clone()].iter_mut().zip(COLUMNS) {
            *x_lane = left + column;
        }
        for (y_lane, row) in self.y[lanes.clone()].iter_mut().zip(ROWS) {
            *y_lane = top + row;
        }
        for (i, at) in (0..).zip(&mut self.at[quads.clone()]) {
            *at = [x + 2 * (i % 4), y + 2 * (i / 4)];
        }
        self.live[lanes].fill(true);
        self.covered[quads.clone()].fill(EVERY_PIXEL);
        self.open[quads.clone()].fill(EVERY_PIXEL);
        self.sample[quads.clone()].fill(0);
        self.len = quads.end;
    }
}

/// A quad's pixels from its first one on, in sub-pixels.
const COLUMNS: [f64; 4] = [0.0, 256.0, 0.0, 256.0];
const ROWS: [f64; 4] = [0.0, 0.0, 256.0, 256.0];

/// By the bits of a quad's pixels: flags, and masks of the first samples.
const LIVE: [[bool; 4]; 16] = quad_table().0;
const SAMPLES: [u64; 16] = quad_table().1;

const fn quad_table() -> ([[bool; 4]; 16], [u64; 16]) {
    let mut table = ([[false; 4]; 16], [0; 16]);
    let mut at = 0;
    while at < 64 {
        let (bits, pixel) = (at / 4, at % 4);
        if bits >> pixel & 1 != 0 {
            table.0[bits][pixel] = true;
            table.1[bits] |= 1 << (16 * pixel);
        }
        at += 1;
    }
    table
}

/// Centres of a block's pixels along an axis, quad by quad.
const fn block_offsets(axis: usize) -> [f64; 64] {
    let mut offsets = [0.0; 64];
    let mut lane = 0;
    while lane < 64 {
        let (quad, pixel) = (lane / 4, lane % 4);
        let place = [2 * (quad % 4) + pixel % 2, 2 * (quad / 4) + pixel / 2];
        offsets[lane] = (place[axis] as i32 * SUBPIXELS + CENTER) as f64;
        lane += 1;
    }
    offsets
}
