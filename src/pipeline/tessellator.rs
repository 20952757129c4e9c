//! Direct3D 11's fixed-function tessellator, bit for bit (d3d-rules §4.2 to §4.8).
//!
//! Factors become fixed-point numbers with 16 fraction bits, points are placed on an axis in that arithmetic, and rings of
//! points from the border of the patch to its centre are stitched side by side. A tessellation is bounded by Direct3D's
//! greatest factor, 64: at most 65 x 65 points and 64 x 64 x 2 triangles.

pub use aerogpu_dxbc::shader::{Domain, Partitioning, TessellatorOutput};

/// Points of a patch's domain and the primitives that they make.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tessellation {
    /// (u, v, w) of each point; w is 1 - u - v in the triangle domain and 0 in the others.
    pub points: Vec<[f32; 3]>,
    /// Positions in `points`: one a primitive for point output, two for lines, three for triangles.
    pub indices: Vec<u32>,
}

/// Tessellates a patch into `out`, whose allocations are reused.
///
/// `factors` are, by domain:
/// - isoline: density (lines), detail (segments of a line);
/// - triangle: the edges U == 0, V == 0, W == 0, then the inside;
/// - quad: the edges U == 0, V == 0, U == 1, V == 1, then the inside along U and along V.
///
/// `out` is empty for a culled patch: one with an edge factor that is not greater than 0. Triangle and quad domains have
/// no line output in Direct3D; they give points without primitives then. Isolines give lines for any output but points.
pub fn tessellate(
    domain: Domain,
    partitioning: Partitioning,
    output: TessellatorOutput,
    factors: &[f32; 6],
    out: &mut Tessellation,
) {
    out.points.clear();
    out.indices.clear();
    let edges = match domain {
        Domain::Isoline => 2,
        Domain::Triangle => 3,
        Domain::Quad => 4,
    };
    // NaN culls too.
    if !factors[..edges].iter().all(|&factor| factor > 0.0) {
        return;
    }
    let mut builder = Builder { out, output };
    match domain {
        Domain::Isoline => isolines(&mut builder, partitioning, factors),
        Domain::Triangle => triangle(&mut builder, partitioning, factors),
        Domain::Quad => quad(&mut builder, partitioning, factors),
    }
    if output == TessellatorOutput::Point {
        let count = out.points.len() as u32;
        out.indices.extend(0..count);
    }
}

/// 1 in fixed point.
const ONE: u32 = 1 << 16;
const HALF: u32 = ONE / 2;

/// One direction of the domain, divided.
#[derive(Clone, Copy)]
struct Axis {
    /// The factor in fixed point.
    factor: u32,
    /// An odd number of segments; no point lies at 0.5.
    odd: bool,
    /// Points from one end to the middle.
    half_points: u32,
    /// Positions beyond this one lag behind by one on the coarser division.
    split: u32,
    /// Reciprocals of the segments of the coarser and the finer division that the factor lies between.
    reciprocals: [u32; 2],
    /// Weight of the finer division.
    fraction: u32,
}

impl Axis {
    /// Divides by a factor of 1 to 64 (§4.5).
    fn new(factor: f32, odd: bool) -> Self {
        // A product with a power of two is exact.
        let factor = (factor * ONE as f32).round_ties_even() as u32;
        let mut half = factor.div_ceil(2);
        if odd || half == HALF {
            half += HALF;
        }
        let (floor, ceil) = (half / ONE, half.div_ceil(ONE));
        let split = match floor {
            _ if floor == ceil => u32::MAX,
            1 if odd => 0,
            _ => 2 * without_top_bit(floor - u32::from(odd)) + 1,
        };
        let reciprocals = [floor, ceil].map(|segments| reciprocal(2 * segments - u32::from(odd)));
        Self { factor, odd, half_points: ceil, split, reciprocals, fraction: half % ONE }
    }

    /// An edge of the patch (§4.3, §4.6).
    fn edge(partitioning: Partitioning, factor: f32) -> Self {
        match partitioning {
            Partitioning::Integer | Partitioning::Pow2 => {
                let factor = clamp(factor, 1.0, 64.0).ceil();
                Self::new(factor, factor as u32 & 1 == 1)
            }
            Partitioning::FractionalOdd => Self::new(clamp(factor, 1.0, 63.0), true),
            Partitioning::FractionalEven => Self::new(clamp(factor, 2.0, 64.0), false),
        }
    }

    /// A direction of the patch's inside, which always has a middle to shrink to. `divided` says that some factor of the
    /// patch exceeds 1: an odd inside then exceeds it too, so that there is a ring inside the border.
    fn inside(partitioning: Partitioning, factor: f32, divided: bool) -> Self {
        match partitioning {
            Partitioning::Integer | Partitioning::Pow2 => {
                let factor = clamp(factor, 1.0, 64.0).ceil();
                Self::new(factor, factor as u32 & 1 == 1 && factor != 1.0)
            }
            Partitioning::FractionalOdd => {
                let least = if divided { 1.0 + 1.0 / ONE as f32 } else { 1.0 };
                Self::new(clamp(factor, least, 63.0), true)
            }
            Partitioning::FractionalEven => Self::edge(partitioning, factor),
        }
    }

    /// Points from end to end.
    fn points(&self) -> u32 {
        2 * self.half_points + u32::from(!self.odd)
    }

    /// Fixed-point coordinate of a point.
    fn place(&self, point: u32) -> u32 {
        if point < self.half_points {
            return self.place_in_first_half(point);
        }
        let mirrored = 2 * self.half_points - point - u32::from(self.odd);
        if mirrored == self.half_points { HALF } else { ONE - self.place_in_first_half(mirrored) }
    }

    fn place_in_first_half(&self, point: u32) -> u32 {
        let coarse = (point - u32::from(point > self.split)) * self.reciprocals[0];
        let fine = point * self.reciprocals[1];
        (coarse * (ONE - self.fraction) + fine * self.fraction + HALF) >> 16
    }
}

/// `value` between the bounds; NaN gives the lower one.
fn clamp(value: f32, low: f32, high: f32) -> f32 {
    if value > low { if value < high { value } else { high } } else { low }
}

/// `n >= 1` without its highest bit.
fn without_top_bit(n: u32) -> u32 {
    n ^ 1 << n.ilog2()
}

/// The fixed-point number nearest to 1 / n.
fn reciprocal(n: u32) -> u32 {
    (2 * ONE + n) / (2 * n)
}

/// True when some factor of an odd fractional patch counts as more than 1 after rounding (§4.3).
fn is_divided(factors: &[f32]) -> bool {
    factors.iter().any(|&factor| factor > 1.0 + 0.5 / ONE as f32)
}

/// Some points of a ring in order.
#[derive(Clone, Copy)]
struct Side {
    /// The ring's first point and how many it has.
    base: u32,
    ring: u32,
    /// Position of the side's first point in the ring, and what leads to the next (round the ring).
    first: u32,
    step: u32,
    /// Points of the side, both ends included.
    count: u32,
}

impl Side {
    fn at(&self, i: u32) -> u32 {
        self.base + (self.first + i * self.step) % self.ring
    }

    /// The side from its end.
    fn reversed(self) -> Self {
        Self { first: self.first + (self.count - 1) * self.step, step: self.ring - self.step, ..self }
    }

    /// One point of a ring.
    fn point(base: u32, ring: u32, first: u32) -> Self {
        Self { base, ring, first, step: 1, count: 1 }
    }
}

/// The sides of one ring of points, each ending where the next begins; a triangle's fourth is unused.
type Ring = [Side; 4];

/// A ring whose sides have this many segments each.
fn ring(base: u32, segments: [u32; 4]) -> Ring {
    let ring = segments.iter().sum();
    let mut first = 0;
    segments.map(|segments| {
        let side = Side { base, ring, first, step: 1, count: segments + 1 };
        first += segments;
        side
    })
}

/// Where points and primitives go.
struct Builder<'a> {
    out: &'a mut Tessellation,
    output: TessellatorOutput,
}

impl Builder<'_> {
    fn count(&self) -> u32 {
        self.out.points.len() as u32
    }

    fn point(&mut self, u: u32, v: u32, domain: Domain) {
        // Both divisions and subtractions are exact.
        let [u, v] = [u, v].map(|fixed| fixed as f32 / ONE as f32);
        let w = if domain == Domain::Triangle { 1.0 - u - v } else { 0.0 };
        self.out.points.push([u, v, w]);
    }

    /// A triangle that is clockwise in the domain.
    fn triangle(&mut self, a: u32, b: u32, c: u32) {
        match self.output {
            TessellatorOutput::TriangleClockwise => self.out.indices.extend([a, b, c]),
            TessellatorOutput::TriangleCounterClockwise => self.out.indices.extend([a, c, b]),
            TessellatorOutput::Point | TessellatorOutput::Line => {}
        }
    }
}

/// `density` lines of equal V, none at V == 1 (§4.7a).
fn isolines(builder: &mut Builder<'_>, partitioning: Partitioning, factors: &[f32; 6]) {
    let lines = Axis::edge(Partitioning::Integer, factors[0]);
    let detail = Axis::edge(partitioning, factors[1]);
    let points = detail.points();
    for line in 0..lines.factor / ONE {
        let first = builder.count();
        let v = lines.place(line);
        for point in 0..points {
            builder.point(detail.place(point), v, Domain::Isoline);
        }
        if builder.output != TessellatorOutput::Point {
            builder.out.indices.extend((first..first + points - 1).flat_map(|i| [i, i + 1]));
        }
    }
}

fn triangle(builder: &mut Builder<'_>, partitioning: Partitioning, factors: &[f32; 6]) {
    let [u0, v0, w0, inside, ..] = *factors;
    let edges = [u0, v0, w0].map(|factor| Axis::edge(partitioning, factor));
    let inside = Axis::inside(partitioning, inside, is_divided(&factors[..4]));
    if edges.iter().chain([&inside]).all(|axis| axis.factor == ONE) {
        for (u, v) in [(0, ONE), (0, 0), (ONE, 0)] {
            builder.point(u, v, Domain::Triangle);
        }
        return builder.triangle(0, 1, 2);
    }
    let mut outer = triangle_ring(builder, &edges, 0);
    let points = inside.points();
    for r in 1..points.div_ceil(2) {
        let inner = if 2 * r + 1 == points {
            // The middle as fixed-point thirds of one.
            builder.point(ONE / 3, ONE / 3, Domain::Triangle);
            [Side::point(builder.count() - 1, 1, 0); 4]
        } else {
            triangle_ring(builder, &[inside; 3], r)
        };
        for side in 0..3 {
            stitch(builder, r, (&inner[side], &inside), (&outer[side], &edges[side]));
        }
        outer = inner;
    }
    if inside.odd {
        builder.triangle(outer[0].at(0), outer[1].at(0), outer[2].at(0));
    }
}

/// Ring `r` from the border: points `r` to `n - 1 - r` of each side's axis, shrunk towards the middle.
fn triangle_ring(builder: &mut Builder<'_>, axes: &[Axis; 3], r: u32) -> Ring {
    let base = builder.count();
    let mut segments = [0; 4];
    for (side, axis) in axes.iter().enumerate() {
        // The middle is two thirds of half the height away from the border.
        let across = (axis.place(r) * (ONE * 2 / 3) + HALF) >> 16;
        let (low, high) = (r, axis.points() - 1 - r);
        segments[side] = high - low;
        for i in 0..high - low {
            let along = axis.place(if side == 1 { low + i } else { high - i }) - across.div_ceil(2);
            let (u, v) = match side {
                0 => (across, along),
                1 => (along, across),
                _ => (along, ONE - along - across),
            };
            builder.point(u, v, Domain::Triangle);
        }
    }
    ring(base, segments)
}

fn quad(builder: &mut Builder<'_>, partitioning: Partitioning, factors: &[f32; 6]) {
    let [u0, v0, u1, v1, inside_u, inside_v] = *factors;
    let edges = [u0, v0, u1, v1].map(|factor| Axis::edge(partitioning, factor));
    let inside = [inside_u, inside_v].map(|f| Axis::inside(partitioning, f, is_divided(factors)));
    if edges.iter().chain(&inside).all(|axis| axis.factor == ONE) {
        for (u, v) in [(0, 0), (ONE, 0), (ONE, ONE), (0, ONE)] {
            builder.point(u, v, Domain::Quad);
        }
        builder.triangle(0, 1, 3);
        return builder.triangle(1, 2, 3);
    }
    let [u, v] = inside;
    let mut outer = quad_ring(builder, &edges, &[edges[0]; 4], 0);
    let points = u.points().min(v.points());
    for r in 1..points.div_ceil(2) {
        let along = [v, u, v, u];
        let inner = if 2 * r + 1 == points {
            quad_middle_row(builder, &u, &v, r)
        } else {
            quad_ring(builder, &along, &[u, v, u, v], r)
        };
        for side in 0..4 {
            stitch(builder, r, (&inner[side], &along[side]), (&outer[side], &edges[side]));
        }
        outer = inner;
    }
    if points.is_multiple_of(2) {
        quad_middle_strip(builder, &u, &v, &outer);
    }
}

/// Ring `r` from the border: points `r` to `n - 1 - r` of the axis `along` each side, at the point `r` of the axis
/// `across` it.
fn quad_ring(builder: &mut Builder<'_>, along: &[Axis; 4], across: &[Axis; 4], r: u32) -> Ring {
    let base = builder.count();
    let mut segments = [0; 4];
    for side in 0..4 {
        let (low, high) = (r, along[side].points() - 1 - r);
        let edge = across[side].place(if side < 2 { r } else { across[side].points() - 1 - r });
        segments[side] = high - low;
        for i in 0..high - low {
            let point = if matches!(side, 1 | 2) { low + i } else { high - i };
            let place = along[side].place(point);
            let (u, v) = if side & 1 == 0 { (edge, place) } else { (place, edge) };
            builder.point(u, v, Domain::Quad);
        }
    }
    ring(base, segments)
}

/// The innermost ring when the narrower direction has a middle: a row of points there.
fn quad_middle_row(builder: &mut Builder<'_>, u: &Axis, v: &Axis, r: u32) -> Ring {
    let base = builder.count();
    let wide = u.points() > v.points();
    let (low, high) = (r, u.points().max(v.points()) - 1 - r);
    for i in 0..=high - low {
        match wide {
            true => builder.point(u.place(low + i), HALF, Domain::Quad),
            false => builder.point(HALF, v.place(high - i), Domain::Quad),
        }
    }
    let ring = high - low + 1;
    let row = Side { base, ring, first: 0, step: 1, count: ring };
    let [first, last] = [0, high - low].map(|end| Side::point(base, ring, end));
    if wide { [first, row, last, row.reversed()] } else { [row, last, row.reversed(), first] }
}

/// Fills the innermost ring when the narrower direction has none: it is two points wide.
fn quad_middle_strip(builder: &mut Builder<'_>, u: &Axis, v: &Axis, ring: &Ring) {
    let wide = u.points() > v.points();
    let (inner, outer) = if wide { (ring[3].reversed(), ring[1]) } else { (ring[2].reversed(), ring[0]) };
    let quads = outer.count - 1;
    for i in 0..quads {
        let [a, b] = [outer.at(i), outer.at(i + 1)];
        let [c, d] = [inner.at(i), inner.at(i + 1)];
        if wide || !v.odd {
            builder.triangle(c, a, b);
            builder.triangle(c, b, d);
        } else if i == quads / 2 {
            builder.triangle(a, d, c);
            builder.triangle(a, b, d);
        } else {
            builder.triangle(a, b, c);
            builder.triangle(c, b, d);
        }
    }
}

/// Stitches a side of ring `r` to the same side of the ring around it; each comes with the axis along it.
fn stitch(builder: &mut Builder<'_>, r: u32, inner: (&Side, &Axis), outer: (&Side, &Axis)) {
    if r == 1 { transition(builder, inner, outer) } else { mirrored(builder, inner.0, outer.0) }
}

/// In which order points appear on half an axis as its factor grows: a walk through a binary tree. The border's and
/// the inside's points are met in this order, whatever their numbers are.
const ORDER: [u32; 32] = [
    32, 16, 8, 17, 4, 18, 9, 19, 2, 20, 10, 21, 5, 22, 11, 23, 1, 24, 12, 25, 6, 26, 13, 27, 3, 28, 14, 29,
    7, 30, 15, 31,
];

/// A walk along two sides that emits the triangles between them.
struct Stitcher<'a, 'b> {
    builder: &'a mut Builder<'b>,
    inner: &'a Side,
    outer: &'a Side,
    i: u32,
    o: u32,
}

impl Stitcher<'_, '_> {
    fn step_outer(&mut self) {
        self.builder.triangle(self.outer.at(self.o), self.outer.at(self.o + 1), self.inner.at(self.i));
        self.o += 1;
    }

    fn step_inner(&mut self) {
        self.builder.triangle(self.inner.at(self.i), self.outer.at(self.o), self.inner.at(self.i + 1));
        self.i += 1;
    }
}

/// Triangles between the border, whose sides have factors of their own, and the first ring inside.
fn transition(
    builder: &mut Builder<'_>,
    (inner, inner_axis): (&Side, &Axis),
    (outer, outer_axis): (&Side, &Axis),
) {
    let [inner_half, outer_half] = [inner_axis, outer_axis].map(|a| a.half_points - u32::from(a.odd));
    let mut walk = Stitcher { builder, inner, outer, i: 0, o: 0 };
    if outer_half > 0 {
        walk.step_outer();
    }
    for point in ORDER {
        if point < inner_half {
            walk.step_inner();
        }
        if point < outer_half {
            walk.step_outer();
        }
    }
    if inner_axis.odd {
        walk.step_inner();
    }
    if outer_axis.odd {
        let (i, o) = (inner.at(walk.i), walk.o);
        walk.builder.triangle(i, outer.at(o), outer.at(o + 1));
        walk.o += 1;
    }
    for point in ORDER.into_iter().rev() {
        if point < outer_half {
            walk.step_outer();
        }
        if point < inner_half {
            walk.step_inner();
        }
    }
    if outer_half > 0 {
        walk.step_outer();
    }
}

/// Triangles between two rings inside, whose points face each other; the diagonals turn round in the middle.
fn mirrored(builder: &mut Builder<'_>, inner: &Side, outer: &Side) {
    let segments = inner.count - 1;
    let turn = if segments == 0 { 0 } else { inner.count / 2 };
    builder.triangle(outer.at(0), outer.at(1), inner.at(0));
    for i in 0..segments {
        let [a, b] = [outer.at(i + 1), outer.at(i + 2)];
        let [c, d] = [inner.at(i), inner.at(i + 1)];
        if i < turn {
            builder.triangle(a, d, c);
            builder.triangle(a, b, d);
        } else {
            builder.triangle(c, a, b);
            builder.triangle(c, b, d);
        }
    }
    builder.triangle(outer.at(segments + 1), outer.at(segments + 2), inner.at(segments));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CLOCKWISE: TessellatorOutput = TessellatorOutput::TriangleClockwise;

    fn run(
        domain: Domain,
        partitioning: Partitioning,
        output: TessellatorOutput,
        f: [f32; 6],
    ) -> Tessellation {
        let mut out = Tessellation::default();
        tessellate(domain, partitioning, output, &f, &mut out);
        out
    }

    #[test]
    fn factor_one_is_the_least_patch() {
        let quad = run(Domain::Quad, Partitioning::Integer, CLOCKWISE, [1.0; 6]);
        assert_eq!(quad.points, [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]]);
        assert_eq!(quad.indices, [0, 1, 3, 1, 2, 3]);
        let output = TessellatorOutput::TriangleCounterClockwise;
        let triangle = run(Domain::Triangle, Partitioning::FractionalOdd, output, [1.0; 6]);
        assert_eq!(triangle.points, [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]);
        assert_eq!(triangle.indices, [0, 2, 1]);
    }

    #[test]
    fn factor_two_halves_the_edges_round_one_middle() {
        let quad = run(Domain::Quad, Partitioning::Integer, CLOCKWISE, [2.0; 6]);
        let clockwise = [[0, 2], [0, 1], [0, 0], [1, 0], [2, 0], [2, 1], [2, 2], [1, 2], [1, 1]];
        let points = clockwise.map(|[u, v]| [u as f32 / 2.0, v as f32 / 2.0, 0.0]);
        assert_eq!(quad.points, points);
        let fan = (0..8).flat_map(|i| [i, (i + 1) % 8, 8]);
        assert_eq!(quad.indices, fan.collect::<Vec<_>>());
    }

    #[test]
    fn isolines_stop_short_of_the_far_edge() {
        let lines = run(
            Domain::Isoline,
            Partitioning::Integer,
            TessellatorOutput::Line,
            [2.0, 1.0, 0.0, 0.0, 0.0, 0.0],
        );
        assert_eq!(lines.points, [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.5, 0.0], [1.0, 0.5, 0.0]]);
        assert_eq!(lines.indices, [0, 1, 2, 3]);
    }

    #[test]
    fn edges_cull_and_insides_do_not() {
        for factor in [0.0, -1.0, f32::NAN] {
            let culled = [1.0, 1.0, factor, 1.0, 1.0, 1.0];
            let inside = [1.0, 1.0, 1.0, 1.0, factor, 1.0];
            assert_eq!(run(Domain::Quad, Partitioning::Integer, CLOCKWISE, culled), Tessellation::default());
            assert_eq!(run(Domain::Quad, Partitioning::Integer, CLOCKWISE, inside).points.len(), 4);
        }
    }

    /// A coordinate as the fixed-point number that it is.
    fn fixed(coordinate: f32) -> i64 {
        (coordinate * ONE as f32) as i64
    }

    /// Twice the area of all triangles, clockwise in the domain counting as positive.
    fn area(patch: &Tessellation) -> i64 {
        let corner = |&i: &u32| patch.points[i as usize].map(fixed);
        let triangles = patch.indices.chunks_exact(3).map(|t| [corner(&t[0]), corner(&t[1]), corner(&t[2])]);
        triangles.map(|[a, b, c]| (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])).sum()
    }

    fn factor() -> impl Strategy<Value = f32> {
        prop_oneof![0.01f32..70.0, (1u8..=64).prop_map(f32::from), Just(f32::INFINITY), Just(f32::NAN)]
    }

    fn partitioning() -> impl Strategy<Value = Partitioning> {
        use Partitioning as P;
        prop::sample::select(vec![P::Integer, P::Pow2, P::FractionalOdd, P::FractionalEven])
    }

    proptest! {
        #[test]
        fn triangles_fill_the_domain(p in partitioning(), factors in prop::array::uniform6(factor())) {
            let square = i64::from(ONE) * i64::from(ONE);
            for (domain, whole) in [(Domain::Quad, 2 * square), (Domain::Triangle, square)] {
                let patch = run(domain, p, CLOCKWISE, factors);
                prop_assert!(patch.points.len() <= 65 * 65 && patch.indices.len() <= 64 * 64 * 6);
                prop_assert!(patch.points.is_empty() || area(&patch) == whole, "{domain:?}: {}", area(&patch));
            }
        }

        #[test]
        fn an_edge_depends_on_its_own_factor_alone(
            p in partitioning(),
            edge in 0.01f32..70.0,
            others in prop::array::uniform5(1.5f32..65.0),
        ) {
            let [a, b, c, d, e] = others;
            for domain in [Domain::Quad, Domain::Triangle] {
                // The border starts with this edge; rings inside may touch it too.
                let of_edge = |factors| -> Vec<_> {
                    let patch = run(domain, p, CLOCKWISE, factors);
                    let mut edge: Vec<_> =
                        patch.points.iter().take_while(|p| p[0] == 0.0).map(|p| fixed(p[1])).collect();
                    edge.dedup();
                    edge
                };
                let points = of_edge([edge, a, b, c, d, e]);
                prop_assert_eq!(&points, &of_edge([edge, 3.0, 3.0, 3.0, 3.0, 3.0]));
                // Both directions see the same points, so that neighbours agree.
                let mirrored: Vec<_> = points.iter().rev().map(|v| i64::from(ONE) - v).collect();
                prop_assert_eq!(points, mirrored);
            }
        }
    }
}
