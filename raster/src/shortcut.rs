//! Draws whose shader need not run: one colour for all, or a texture copied. Blocks of pixels are drawn as they are covered, row
//! by row, without quads and batches, to the bits that the shader would give.

use fearless_simd::Simd;

use crate::batch::{Batch, Context, Surface, fed, value};
use crate::interpolate::{BLOCK, Interpolator};
use crate::merge::{Location, Merger, Timing};
use crate::pass::Work;
use crate::primitive::VertexBatch;
use crate::record::Record;
use crate::sampler::{Grid, PlainTexture};
use crate::setup::QueuedDraw;
use crate::shader::{ConstantOutput, PixelCost, ShaderTimeout, TextureCopy};
use crate::state::MAX_TARGETS;
use crate::surface::TILE_SIZE;
use crate::tile::{TileTargets, quads_of};
use crate::unorm8::Unorm8Blend;

/// A way to draw blocks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shortcut<'a> {
    Fill(Fill<'a>),
    Copy(BlockCopy<'a>),
}

/// A shader's one output, and what it is in targets whose old texels do not matter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fill<'a> {
    output: &'a ConstantOutput,
    texels: [u32; MAX_TARGETS],
}

/// A texture that is copied to a target.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockCopy<'a> {
    texture: PlainTexture<'a>,
    /// Words of the vertices, and factors.
    coordinates: [(usize, Option<f32>); 2],
    perspective: bool,
    vertices: &'a VertexBatch,
    many: &'a Unorm8Blend,
    instructions: u64,
    cost: PixelCost,
}

impl<'a> Shortcut<'a> {
    /// `None` unless all that is left to do with a pixel is to merge its colour.
    pub(crate) fn new(draw: &'a QueuedDraw, merger: &'a Merger) -> Option<Self> {
        #[cfg(feature = "test-utils")]
        if merger.broken_blend {
            return None;
        }
        let shader = merger.shader.as_deref().filter(|_| merger.by_rows)?;
        match shader.constant() {
            Some(output) => Some(Self::Fill(Fill::new(output, merger))),
            None => BlockCopy::new(shader.texture_copy()?, draw, merger).map(Self::Copy),
        }
    }

    /// It knows these primitives: points and lines have coordinates of their own.
    pub(crate) fn serves(&self, surface: &Surface<'_>) -> bool {
        matches!(self, Self::Fill(_)) || !(surface.record.is_flat() || surface.depth.origin.is_clamped())
    }

    /// Instructions of one lane, and the cost of a quad.
    fn cost(&self) -> (u64, PixelCost) {
        match self {
            Self::Fill(fill) => (fill.output.instructions, fill.output.cost),
            Self::Copy(copy) => (copy.instructions, copy.cost),
        }
    }
}

/// Coordinates in an image tile of a primitive whose columns of pixels have one u each, and whose rows have one v.
#[derive(Debug)]
pub(crate) struct Upright {
    coordinates: [[f32; BLOCK]; 2],
    grid: Grid,
    /// The grid is placed.
    placed: bool,
}

impl Default for Upright {
    fn default() -> Self {
        Self { coordinates: [[0.0; BLOCK]; 2], grid: Grid::default(), placed: false }
    }
}

const _: () = assert!(TILE_SIZE as usize == BLOCK);

impl<'a> Context<'a> {
    /// Draws the pixels `open` of the block at `at`.
    pub(crate) fn draw_shortcut<S: Simd>(
        &self,
        simd: S,
        shortcut: &Shortcut<'_>,
        surface: &Surface<'a>,
        (at, open): ([i32; 2], u64),
        batch: &mut Batch,
        targets: &mut TileTargets<'_>,
        work: &mut Work,
    ) -> Result<(), ShaderTimeout> {
        if !batch.is_empty() {
            batch.flush(simd, self, targets, work)?;
        }
        let (live, quads) = (u64::from(open.count_ones()), u64::from(quads_of(&[open]).count_ones()));
        let (instructions, cost) = shortcut.cost();
        batch.spend(4 * quads * instructions)?;
        work.ps_quads += quads;
        work.ps_invocations += live;
        work.helper_pixels += 4 * quads - live;
        work.add_cost(&cost.times(quads));
        if self.merger.timing != Timing::Forced {
            work.occlusion_samples += live;
        }
        let origin = targets.origin;
        for writer in &self.merger.writers {
            let Some(many) = &writer.many else { continue };
            work.pixels_written += live;
            work.rop_quads += quads;
            work.rop_bytes_written += quads * writer.quad_bytes;
            if many.blend.is_some() {
                work.pixels_blended += live;
                work.rop_blended_quads += quads;
                work.rop_bytes_read += quads * writer.quad_bytes;
            }
            let Some(pixels) = &mut targets.colors[writer.target] else { continue };
            let Some((texels, pitch)) = pixels.block(at, origin) else { continue };
            let mut block = Block { texels, pitch, open };
            match shortcut {
                Shortcut::Fill(fill) => simd.vectorize(
                    #[inline(always)]
                    || fill.draw(simd, writer.target, many, &mut block),
                ),
                Shortcut::Copy(copy) => {
                    let interpolator = surface.interpolator(self);
                    let sources = copy.sources(surface.record);
                    if surface.upright.get().is_none() && open == u64::MAX {
                        let upright = simd.vectorize(
                            #[inline(always)]
                            || copy.straighten(simd, interpolator, origin, sources, &mut batch.upright),
                        );
                        surface.upright.set(Some(upright));
                    }
                    let upright = (surface.upright.get() == Some(true)).then_some(&*batch.upright);
                    simd.vectorize(
                        #[inline(always)]
                        || match upright {
                            Some(upright) => copy.draw_upright(simd, upright, (at, origin), &mut block),
                            None => copy.draw(simd, interpolator, at, sources, &mut block),
                        },
                    );
                }
            }
        }
        Ok(())
    }
}

/// Pixels of a target of 32 bits, and which of them are drawn.
struct Block<'a> {
    /// From the block's first pixel on.
    texels: &'a mut [u8],
    /// Bytes from row to row.
    pitch: usize,
    open: u64,
}

impl Block<'_> {
    #[inline(always)]
    fn read(&self) -> [u32; BLOCK] {
        let mut texels = [0; BLOCK];
        let rows = self.texels.chunks(self.pitch).filter_map(|row| row.as_chunks().0.first_chunk());
        for (texels, row) in texels.as_chunks_mut::<8>().0.iter_mut().zip(rows) {
            *texels = row.map(u32::from_le_bytes);
        }
        texels
    }

    #[inline(always)]
    fn write(&mut self, texels: &[u32; BLOCK]) {
        let rows = self.texels.chunks_mut(self.pitch);
        let rows = rows.filter_map(|row| row.as_chunks_mut::<4>().0.first_chunk_mut::<8>());
        for ((texels, open), row) in texels.as_chunks::<8>().0.iter().zip(self.open.to_le_bytes()).zip(rows) {
            if open == u8::MAX {
                *row = texels.map(u32::to_le_bytes);
            } else if open != 0 {
                for (x, (texel, new)) in row.iter_mut().zip(texels).enumerate() {
                    *texel = if open >> x & 1 != 0 { new.to_le_bytes() } else { *texel };
                }
            }
        }
    }
}

impl<'a> Fill<'a> {
    fn new(output: &'a ConstantOutput, merger: &Merger) -> Self {
        let mut texels = [0; MAX_TARGETS];
        for writer in &merger.writers {
            let mut texel = [0; 4];
            writer.one.write(&mut texel, output.colors[writer.target], [0; 4]);
            texels[writer.target] = u32::from_le_bytes(texel);
        }
        Self { output, texels }
    }

    #[inline(always)]
    fn draw<S: Simd>(&self, simd: S, target: usize, many: &Unorm8Blend, block: &mut Block<'_>) {
        if !many.reads() {
            return block.write(&[self.texels[target]; BLOCK]);
        }
        let mut colors = [[0; BLOCK]; 4];
        colors.iter_mut().zip(self.output.colors[target]).for_each(|(row, c)| *row = [c; BLOCK]);
        let mut texels = block.read();
        many.run(simd, colors.as_flattened(), BLOCK, 0, &mut texels);
        block.write(&texels);
    }
}

impl<'a> BlockCopy<'a> {
    fn new(copy: TextureCopy<'a>, draw: &'a QueuedDraw, merger: &'a Merger) -> Option<Self> {
        let [writer] = &merger.writers[..] else { return None };
        let (many, texture) = (writer.many.as_ref()?, PlainTexture::new(copy.view, copy.sampler)?);
        let info = merger.shader.as_deref()?.info();
        let vertices = &*draw.vertices;
        let source = |(row, factor): (u16, Option<f32>)| {
            let interpolant = info.interpolants.iter().find(|interpolant| interpolant.row == row)?;
            let (location, perspective) = Location::of(interpolant.mode)?;
            let word = fed(interpolant.vertex_word, vertices)?;
            (location == Location::Center).then_some((word, factor, perspective))
        };
        let [u, v] = copy.coordinates.map(source);
        let ((u, u_factor, perspective), (v, v_factor, other)) = (u?, v?);
        let coordinates = [(u, u_factor), (v, v_factor)];
        let TextureCopy { instructions, cost, .. } = copy;
        (perspective == other && writer.target == 0).then_some(Self {
            texture,
            coordinates,
            perspective,
            vertices,
            many,
            instructions,
            cost,
        })
    }

    /// The coordinates at a record's vertices, and factors.
    fn sources(&self, record: &Record) -> [([f64; 3], Option<f32>); 2] {
        self.coordinates.map(|(word, factor)| {
            let corner = |vertex| f64::from(f32::from_bits(value(self.vertices, vertex, word)));
            (record.vertices.map(corner), factor)
        })
    }

    /// Finds the coordinates in the image tile at `origin`; false when they are not upright there.
    #[inline(always)]
    fn straighten<S: Simd>(
        &self,
        simd: S,
        interpolator: &Interpolator,
        origin: [i32; 2],
        [u, v]: [([f64; 3], Option<f32>); 2],
        upright: &mut Upright,
    ) -> bool {
        let Upright { coordinates: [columns, rows], grid, placed } = upright;
        if !interpolator.along(simd, 0, origin, u, columns) || !interpolator.along(simd, 1, origin, v, rows) {
            return false;
        }
        *placed = self.texture.place(simd.level(), &[*columns, *rows], grid);
        true
    }

    #[inline(always)]
    fn draw_upright<S: Simd>(
        &self,
        simd: S,
        upright: &Upright,
        (at, origin): ([i32; 2], [i32; 2]),
        block: &mut Block<'_>,
    ) {
        let [x, y] = [0, 1].map(|axis: usize| (at[axis] - origin[axis]) as usize % BLOCK);
        if !upright.placed {
            let mut coordinates = [[0.0; BLOCK]; 2];
            let [columns, rows] = &upright.coordinates;
            let [u, v] = coordinates.each_mut().map(|row| row.as_chunks_mut::<8>().0);
            for ((u, v), value) in u.iter_mut().zip(v).zip(&rows[y..]) {
                u.copy_from_slice(columns.get(x..x + 8).unwrap_or(&[0.0; 8]));
                *v = [*value; 8];
            }
            return self.sample(simd, &coordinates, block);
        }
        let mut texels = if self.many.reads() { block.read() } else { [0; BLOCK] };
        if let Some((packed, merge)) = self.texture.point().zip(self.many.codes()) {
            let mut codes = [0; BLOCK];
            self.texture.fetch_grid(&upright.grid, [x, y], &mut codes);
            merge.run(simd, packed, &codes, &mut texels);
        } else {
            let mut colors = [[0; BLOCK]; 4];
            self.texture.sample_grid(simd.level(), &upright.grid, [x, y], &mut colors);
            self.many.run(simd, colors.as_flattened(), BLOCK, 0, &mut texels);
        }
        block.write(&texels);
    }

    #[inline(always)]
    fn draw<S: Simd>(
        &self,
        simd: S,
        interpolator: &Interpolator,
        at: [i32; 2],
        sources: [([f64; 3], Option<f32>); 2],
        block: &mut Block<'_>,
    ) {
        let mut coordinates = [[0.0; BLOCK]; 2];
        interpolator.block(simd, self.perspective, at, sources, &mut coordinates);
        self.sample(simd, &coordinates, block);
    }

    #[inline(always)]
    fn sample<S: Simd>(&self, simd: S, coordinates: &[[f32; BLOCK]; 2], block: &mut Block<'_>) {
        let mut texels = if self.many.reads() { block.read() } else { [0; BLOCK] };
        if let Some((packed, merge)) = self.texture.point().zip(self.many.codes()) {
            let mut codes = [0; BLOCK];
            self.texture.fetch(simd.level(), coordinates, &mut codes);
            merge.run(simd, packed, &codes, &mut texels);
        } else {
            let mut colors = [[0; BLOCK]; 4];
            self.texture.sample(simd.level(), coordinates, &mut colors);
            self.many.run(simd, colors.as_flattened(), BLOCK, 0, &mut texels);
        }
        block.write(&texels);
    }
}
