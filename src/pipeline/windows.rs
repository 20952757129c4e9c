//! A draw, cut into windows: primitives that are assembled and shaded together.
//!
//! Every window but the last has the same number of primitives, so that it is known where each starts before any is
//! assembled. Work on a draw of any size takes the memory of a few.

use std::ops::Range;

use aerogpu_dxbc::Rows;
use aerogpu_protocol::packets::PrimitiveTopology;
use rayon::prelude::*;
use smallvec::SmallVec;

use super::assembly::{Shape, is_list, primitive, primitives, shape};
use super::draw::{Counts, Draw};
use super::input::Vertex;
use super::primitives::Primitives;
use super::reuse;
use crate::limits;

/// The vertices of a draw, by their position in an instance.
#[derive(Debug, Clone, Copy)]
pub struct Positions<'a> {
    topology: PrimitiveTopology,
    /// What was asked for.
    pub counts: Counts,
    indices: Indices<'a>,
    /// Whether indices of all ones cut.
    restarts: bool,
}

/// The indices of a draw, from its first one on.
#[derive(Debug, Clone, Copy)]
enum Indices<'a> {
    /// Vertices are drawn in order.
    None,
    /// 16 bits each.
    Short(&'a [[u8; 2]]),
    /// 32 bits each.
    Long(&'a [[u8; 4]]),
}

impl<'a> Positions<'a> {
    /// Those that these numbers ask for.
    pub fn new(draw: &'a Draw, counts: Counts) -> Self {
        let (topology, restarts) = (draw.topology, draw.restarts);
        Self { topology, counts, indices: Indices::of(draw, counts.first), restarts }
    }

    /// The windows of the draw, one after the other.
    pub fn windows(self) -> Windows<'a> {
        let size = (limits::VERTEX_BATCH / shape(self.topology).vertices).max(1) as u32;
        let piece = Piece { instance: 0, first: 0, run: 0, primitives: 0..0, id: 0 };
        Windows { positions: self, size, instances: 0, piece, next: None, cuts: self.restarts }
    }

    /// Vertices of an instance that the modelled GPU shades: it keeps a few.
    pub fn shaded_vertices(self) -> u64 {
        /// Indices that are looked at in parallel with others.
        const PIECE: u32 = 1 << 14;
        let (indices, count) = (self.indices, self.counts.count);
        if let Indices::None = indices {
            return count.into();
        }
        let cuts = |index: u32| self.restarts && index == indices.all_ones();
        let used = |range: Range<u32>| range.map(|i| indices.get(i)).filter(|&index| !cuts(index));
        if count <= PIECE {
            return reuse::shaded(used(0..count));
        }
        let pieces = (0..count.div_ceil(PIECE)).into_par_iter().map(|piece| {
            let first = piece * PIECE;
            // What is remembered when the piece starts.
            let mut before: SmallVec<[u32; reuse::WINDOW]> =
                used(0..first).rev().take(reuse::WINDOW).collect();
            before.reverse();
            let before = || before.iter().copied();
            let piece = used(first..first.saturating_add(PIECE).min(count));
            reuse::shaded(before().chain(piece)) - reuse::shaded(before())
        });
        pieces.sum()
    }

    /// The vertex at a position of a piece's run.
    #[inline]
    fn vertex(&self, piece: &Piece, position: u32) -> Vertex {
        let id = self.indices.get(piece.first + position);
        Vertex { index: self.base() + i64::from(id), id, instance: piece.instance }
    }

    /// What is added to a vertex's number.
    fn base(&self) -> i64 {
        match self.indices {
            Indices::None => self.counts.first.into(),
            _ => self.counts.base_vertex.into(),
        }
    }
}

impl<'a> Indices<'a> {
    fn of(draw: &'a Draw, first: u32) -> Self {
        let Some(indices) = &draw.indices else { return Self::None };
        let start = u64::from(indices.offset) + u64::from(first) * u64::from(indices.width);
        let bytes: &[u8] = bytemuck::cast_slice(&indices.words);
        let bytes = bytes.get(..indices.size as usize).unwrap_or(bytes);
        let bytes = usize::try_from(start).ok().and_then(|start| bytes.get(start..)).unwrap_or_default();
        match indices.width {
            2 => Self::Short(bytes.as_chunks().0),
            _ => Self::Long(bytes.as_chunks().0),
        }
    }

    /// The raw index at position `i`; outside the buffer it is 0 (d3d-rules §3.7).
    #[inline]
    fn get(self, i: u32) -> u32 {
        match self {
            Self::None => i,
            Self::Short(indices) => {
                indices.get(i as usize).map_or(0, |&index| u16::from_le_bytes(index).into())
            }
            Self::Long(indices) => indices.get(i as usize).map_or(0, |&index| u32::from_le_bytes(index)),
        }
    }

    /// The index that cuts.
    fn all_ones(self) -> u32 {
        if matches!(self, Self::Short(_)) { 0xffff } else { u32::MAX }
    }

    /// The position of the first index of all ones in a range: it cuts every topology, lists too (d3d-rules §3.3).
    fn cut(self, range: Range<u32>) -> Option<u32> {
        fn find<const N: usize>(indices: &[[u8; N]], range: &Range<u32>) -> Option<u32> {
            let end = indices.len().min(range.end as usize);
            let indices = indices.get(range.start as usize..end)?;
            Some(range.start + indices.iter().position(|&index| index == [0xff; N])? as u32)
        }
        match self {
            Self::None => None,
            Self::Short(indices) => find(indices, &range),
            Self::Long(indices) => find(indices, &range),
        }
    }
}

/// Primitives of a run of vertices that no cut divides.
#[derive(Debug, Clone)]
struct Piece {
    instance: u32,
    /// Position of the run's first vertex.
    first: u32,
    /// Primitives of the whole run, and which of them are meant.
    run: u32,
    primitives: Range<u32>,
    /// Number of the first one in its instance.
    id: u32,
}

/// Some primitives of a draw, in order.
#[derive(Debug, Default)]
pub struct Window {
    pieces: SmallVec<[Piece; 1]>,
    /// How many there are.
    pub primitives: u32,
    /// Instances that start here.
    pub instances: u32,
    /// Vertices of the runs that start here.
    pub vertices: u64,
}

impl Window {
    /// What it costs beside the shader, when it has so many vertices.
    pub fn cost(&self, vertices: usize) -> u64 {
        vertices as u64 * limits::VERTEX_COST + u64::from(self.primitives) * limits::PRIMITIVE_COST
    }
}

/// The windows of a draw, one after the other.
#[derive(Debug)]
pub struct Windows<'a> {
    positions: Positions<'a>,
    /// Primitives of a full window.
    size: u32,
    /// Instances that have started.
    instances: u32,
    /// What is left of the run under way.
    piece: Piece,
    /// Position of the first vertex of the next run; `None` at the end of an instance.
    next: Option<u32>,
    /// Whether there may be cuts.
    cuts: bool,
}

impl Windows<'_> {
    /// Goes on to the next run; false at the end of the draw. Runs may be empty.
    fn next_run(&mut self, window: &mut Window) -> bool {
        let Positions { topology, counts, indices, .. } = self.positions;
        let (first, id) = match self.next.take() {
            Some(first) => (first, self.piece.id),
            None if self.instances == counts.instances => return false,
            None => {
                self.instances += 1;
                window.instances += 1;
                (0, 0)
            }
        };
        let end = if self.cuts { indices.cut(first..counts.count) } else { None };
        self.cuts &= first != 0 || end.is_some();
        self.next = end.map(|cut| cut + 1);
        let count = end.unwrap_or(counts.count) - first;
        window.vertices += u64::from(count);
        let run = primitives(topology, count);
        self.piece = Piece { instance: self.instances - 1, first, run, primitives: 0..run, id };
        true
    }
}

impl Iterator for Windows<'_> {
    type Item = Window;

    fn next(&mut self) -> Option<Window> {
        let mut window = Window::default();
        while window.primitives < self.size {
            let Range { start, end } = self.piece.primitives;
            if start == end {
                if self.next_run(&mut window) {
                    continue;
                }
                break;
            }
            let taken = (end - start).min(self.size - window.primitives);
            window.pieces.push(Piece { primitives: start..start + taken, ..self.piece.clone() });
            window.primitives += taken;
            self.piece.primitives.start += taken;
            self.piece.id += taken;
        }
        let any = window.primitives > 0 || window.instances > 0 || window.vertices > 0;
        any.then_some(window)
    }
}

/// Assembled windows; it keeps its memory.
#[derive(Debug, Default)]
pub struct Assembly {
    /// Each vertex, once while it is remembered.
    pub vertices: Vec<Vertex>,
    /// Positions in `vertices`, so many a primitive as its shape has.
    indices: Vec<u32>,
    /// Number of each primitive in its instance.
    ids: Vec<u32>,
    /// Where a vertex was last put, by its lowest bits; a place that holds another one means nothing.
    recent: Vec<u32>,
    /// The first vertex of the draw under way: draws do not share any.
    first: u32,
}

impl Assembly {
    const RECENT: usize = 1024;

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.vertices.clear();
        self.indices.clear();
        self.ids.clear();
        self.recent.resize(Self::RECENT, 0);
        self.first = 0;
    }

    /// What comes now belongs to another draw.
    pub fn next_draw(&mut self) {
        self.first = self.vertices.len() as u32;
    }

    /// Vertices of the draw under way.
    pub fn own_vertices(&self) -> usize {
        self.vertices.len() - self.first as usize
    }

    /// How many primitives there are.
    pub fn primitives(&self) -> usize {
        self.ids.len()
    }

    /// Appends a window of a draw.
    pub fn append(&mut self, positions: &Positions<'_>, window: &Window) {
        let primitives = window.primitives as usize;
        self.ids.reserve(primitives);
        self.indices.reserve(primitives * shape(positions.topology).vertices);
        for piece in &window.pieces {
            self.ids.extend(piece.id..piece.id + piece.primitives.len() as u32);
            if is_list(positions.topology) {
                self.append_list(positions, piece);
                continue;
            }
            for i in piece.primitives.clone() {
                primitive(positions.topology, piece.run, i, |position| {
                    self.add(positions.vertex(piece, position));
                });
            }
        }
    }

    fn append_list(&mut self, positions: &Positions<'_>, piece: &Piece) {
        let corners = shape(positions.topology).vertices as u32;
        let vertices = piece.primitives.start * corners..piece.primitives.end * corners;
        if let Indices::None = positions.indices {
            // All are different.
            let first = self.vertices.len() as u32;
            self.indices.extend(first..first + vertices.len() as u32);
            self.vertices.extend(vertices.map(|position| positions.vertex(piece, position)));
        } else {
            vertices.for_each(|position| self.add(positions.vertex(piece, position)));
        }
    }

    /// Adds a vertex of the primitive under construction.
    #[inline]
    fn add(&mut self, vertex: Vertex) {
        let at = &mut self.recent[vertex.id as usize % Self::RECENT];
        if *at < self.first || self.vertices.get(*at as usize) != Some(&vertex) {
            *at = self.vertices.len() as u32;
            self.vertices.push(vertex);
        }
        self.indices.push(*at);
    }

    /// The primitives over the vertices, of which the first so many are kept: `outputs` has the first words of each.
    pub fn take_primitives(
        &mut self,
        shape: Shape,
        outputs: &Rows,
        words: usize,
        vertices: usize,
    ) -> Primitives {
        Primitives {
            words,
            vertices: interleaved(outputs, words, vertices),
            shape,
            indices: std::mem::take(&mut self.indices),
            ids: std::mem::take(&mut self.ids),
        }
    }
}

/// The first words of each lane, lane by lane; whole registers.
fn interleaved(rows: &Rows, words: usize, lanes: usize) -> Vec<u32> {
    let mut vertices = vec![0; lanes * words];
    if lanes == 0 {
        return vertices;
    }
    for register in 0..words / 4 {
        let [x, y, z, w] = [0, 1, 2, 3].map(|c| rows.row(register * 4 + c));
        let vectors = x.iter().zip(y).zip(z.iter().zip(w)).map(|((x, y), (z, w))| [*x, *y, *z, *w]);
        for (vertex, vector) in vertices.chunks_exact_mut(words).zip(vectors) {
            vertex[4 * register..][..4].copy_from_slice(&vector);
        }
    }
    vertices
}
