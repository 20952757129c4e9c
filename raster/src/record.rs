//! What primitives become: all that their tiles need to know of them.

use std::borrow::Cow;

use smallvec::SmallVec;

use crate::clip::outside;
use crate::interpolate::{Depth, Interpolator, Plane};
use crate::primitive::VertexBatch;
use crate::setup::QueuedDraw;

/// What a record draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Three corners.
    Triangle,
    /// Start and end.
    Line,
    /// Top left and bottom right.
    Square,
}

/// Something to draw: 68 bytes, so that a tile can make everything else from it when it gets there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record {
    pub(crate) shape: Shape,
    pub(crate) front: bool,
    /// Planes that a vertex lies outside of: bits of [`outside`], or [`CLIP_DISTANCES`].
    pub(crate) tests: u8,
    pub(crate) xy: [[i32; 2]; 3],
    /// Viewport depths of a plain triangle's vertices, biased.
    pub(crate) z: [f32; 3],
    /// Vertices that attributes come from.
    pub(crate) vertices: [u32; 3],
    /// The vertex that constant attributes come from.
    pub(crate) leading: u32,
    /// Where the record is a copy; [`Records::draw`](crate::records::Records::draw) knows it in any case.
    pub(crate) draw: u32,
    /// Position in the draw.
    pub(crate) primitive: u32,
    /// Index into the pass's gradients; [`PLAIN`] for triangles that are not clipped.
    pub(crate) gradients: u32,
}

pub(crate) const PLAIN: u32 = u32::MAX;
pub(crate) const CLIP_DISTANCES: u8 = 128;
/// Planes that are tested a sample at a time.
pub(crate) const SAMPLE_TESTS: u8 = outside::NEAR | outside::FAR | CLIP_DISTANCES;

/// How values run over a shape.
#[derive(Debug, Clone)]
pub(crate) struct Gradients {
    pub(crate) interpolator: Interpolator,
    /// Depth in the viewport, before it is clamped.
    pub(crate) depth: Plane,
    /// Samples where any is negative are clipped away.
    pub(crate) clip: SmallVec<[Plane; 2]>,
}

impl Gradients {
    pub(crate) fn new(
        interpolator: Interpolator,
        depth: Plane,
        draw: &QueuedDraw,
        v: [u32; 3],
        tests: u8,
    ) -> Self {
        let clip =
            if tests == 0 { SmallVec::new() } else { clip_planes(&interpolator, &draw.vertices, v, tests) };
        Self { interpolator, depth, clip }
    }
}

/// What a plain triangle's vertices give is made where it is needed; the rest is kept.
impl Record {
    /// It is one of a draw, whose gradients stand behind so many others.
    pub(crate) fn belong_to(&mut self, draw: u32, gradients: usize) {
        self.draw = draw;
        // `PLAIN` stays what it is.
        self.gradients = self.gradients.saturating_add(gradients as u32);
    }

    /// A point has one vertex, and even infinities of it are the same everywhere.
    pub(crate) fn is_flat(&self) -> bool {
        self.vertices == [self.vertices[0]; 3]
    }

    #[inline]
    pub(crate) fn depth(&self, kept: &[Gradients]) -> Depth {
        match kept.get(self.gradients as usize) {
            Some(kept) => Depth { origin: kept.interpolator.origin, plane: kept.depth },
            None => {
                // `w` does not matter.
                let interpolator = Interpolator::triangle(self.xy, [1.0; 3]);
                Depth { origin: interpolator.origin, plane: interpolator.plane(self.z.map(f64::from)) }
            }
        }
    }

    #[inline]
    pub(crate) fn interpolator<'a>(&self, draw: &QueuedDraw, kept: &'a [Gradients]) -> Cow<'a, Interpolator> {
        match kept.get(self.gradients as usize) {
            Some(kept) => Cow::Borrowed(&kept.interpolator),
            None => {
                let w = self.vertices.map(|v| draw.vertices.positions[v as usize][3]);
                Cow::Owned(Interpolator::triangle(self.xy, w))
            }
        }
    }

    /// There are planes that samples are tested against.
    #[inline]
    pub(crate) fn is_clipped(&self) -> bool {
        self.tests != 0
    }

    /// Planes that samples are tested against.
    pub(crate) fn clip(&self, draw: &QueuedDraw, kept: &[Gradients]) -> SmallVec<[Plane; 2]> {
        match kept.get(self.gradients as usize) {
            Some(kept) => kept.clip.clone(),
            None => clip_planes(&self.interpolator(draw, kept), &draw.vertices, self.vertices, self.tests),
        }
    }
}

fn clip_planes(
    interpolator: &Interpolator,
    vertices: &VertexBatch,
    v: [u32; 3],
    tests: u8,
) -> SmallVec<[Plane; 2]> {
    let mut planes = SmallVec::new();
    let position = |i: usize, c: usize| f64::from(vertices.positions[v[i] as usize][c]);
    let mut push = |n: [f64; 3]| planes.push(interpolator.quotient_plane(n));
    if tests & outside::NEAR != 0 {
        push([0, 1, 2].map(|i| position(i, 2)));
    }
    if tests & outside::FAR != 0 {
        push([0, 1, 2].map(|i| position(i, 3) - position(i, 2)));
    }
    if tests & CLIP_DISTANCES != 0 {
        for c in 0..vertices.clip_count {
            let n = v.map(|v| f64::from(vertices.clip[v as usize * vertices.clip_count + c]));
            if n.iter().any(|&n| n < 0.0) {
                push(n);
            }
        }
    }
    planes
}
