//! Flat pictures as vertices: shapes with soft edges, text, parts of textures. Quads wait in batches, each for one shader.

use bytemuck::{Pod, Zeroable};

use super::font::Font;

/// A place, in pixels.
pub type Point = [f32; 2];
/// Left, top, right, bottom, in pixels.
pub type Rect = [f32; 4];

/// A vertex as its declaration says: `SHORT2` and `SHORT4` in eighths of a pixel, and a `D3DCOLOR`.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Vertex {
    place: [i16; 2],
    local: [i16; 2],
    shape: [i16; 4],
    color: u32,
}

/// What a batch is drawn with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Brush {
    /// Shapes.
    Shape,
    /// Shapes that add light to what is there.
    Light,
    /// Glass over what was blurred.
    Glass,
    /// A part of a texture of this size.
    Texture { handle: u32, size: [u32; 2] },
}

/// Quads in the order of drawing.
#[derive(Default)]
pub struct Picture {
    pub vertices: Vec<Vertex>,
    /// Brush, first quad, and number of quads.
    pub batches: Vec<(Brush, u32, u32)>,
}

/// A rectangle with round corners.
#[derive(Clone, Copy)]
pub struct Shape {
    pub middle: Point,
    pub half: Point,
    pub radius: f32,
    /// Pixels over which the edge fades; 1 is sharp.
    pub soft: f32,
    /// Cosine and sine of its turn, clockwise.
    pub turn: [f32; 2],
    /// Colours (0xAARRGGBB) of its top and bottom.
    pub colors: [u32; 2],
}

impl Shape {
    pub fn rect([left, top, right, bottom]: Rect, radius: f32, colors: [u32; 2]) -> Self {
        let (middle, half) =
            ([(left + right) / 2.0, (top + bottom) / 2.0], [(right - left) / 2.0, (bottom - top) / 2.0]);
        Self { middle, half, radius, soft: 1.0, turn: [1.0, 0.0], colors }
    }

    pub fn disc(middle: Point, radius: f32, colors: [u32; 2]) -> Self {
        Self { middle, half: [radius; 2], radius, soft: 1.0, turn: [1.0, 0.0], colors }
    }

    pub fn soft(self, soft: f32) -> Self {
        Self { soft, ..self }
    }
}

impl Picture {
    fn brush(&mut self, brush: Brush) {
        match self.batches.last_mut() {
            Some((last, _, quads)) if *last == brush => *quads += 1,
            _ => self.batches.push((brush, self.vertices.len() as u32 / 4, 1)),
        }
    }

    fn vertex(&mut self, place: Point, local: Point, shape: [f32; 4], color: u32) {
        let eighths = |v: f32| (v * 8.0).round() as i16;
        self.vertices.push(Vertex {
            place: place.map(eighths),
            local: local.map(eighths),
            shape: shape.map(eighths),
            color,
        });
    }

    pub fn shape(&mut self, brush: Brush, s: Shape) {
        self.brush(brush);
        let margin = s.soft / 2.0 + 1.0;
        for (x, y, color) in [(-1.0, -1.0, 0), (1.0, -1.0, 0), (-1.0, 1.0, 1), (1.0, 1.0, 1)] {
            let (x, y) = (x * (s.half[0] + margin), y * (s.half[1] + margin));
            let place =
                [s.middle[0] + x * s.turn[0] - y * s.turn[1], s.middle[1] + x * s.turn[1] + y * s.turn[0]];
            self.vertex(place, [x, y], [s.half[0], s.half[1], s.radius, s.soft], s.colors[color]);
        }
    }

    /// A sharp rectangle or a fading one, and round where `radius` says.
    pub fn fill(&mut self, rect: Rect, radius: f32, colors: [u32; 2]) {
        self.shape(Brush::Shape, Shape::rect(rect, radius, colors));
    }

    pub fn disc(&mut self, middle: Point, radius: f32, colors: [u32; 2]) {
        self.shape(Brush::Shape, Shape::disc(middle, radius, colors));
    }

    /// A part of a texture.
    pub fn texture(&mut self, handle: u32, size: [u32; 2], to: Rect, from: Rect, color: u32) {
        self.brush(Brush::Texture { handle, size });
        for (x, y) in [(0, 1), (2, 1), (0, 3), (2, 3)] {
            self.vertex([to[x], to[y]], [from[x], from[y]], [0.0; 4], color);
        }
    }

    /// Text from its left end on its line.
    pub fn text(
        &mut self,
        font: &Font,
        texture: u32,
        [mut x, y]: Point,
        size: usize,
        text: &str,
        color: u32,
    ) {
        let top = (y - Font::ascent(size)).round();
        for letter in text.chars() {
            let Some(letter) = font.letter(letter, size) else {
                x += 4.0 * super::font::SIZES[size];
                continue;
            };
            let ([left, above, width, height], at) = (letter.cell, x.round());
            let from = [left, above, left + width, above + height];
            self.texture(texture, super::font::ATLAS, [at, top, at + width, top + height], from, color);
            x += letter.advance;
        }
    }

    /// Text around a middle.
    pub fn centered(
        &mut self,
        font: &Font,
        texture: u32,
        [x, y]: Point,
        size: usize,
        text: &str,
        color: u32,
    ) {
        self.text(font, texture, [x - font.width(text, size) / 2.0, y], size, text, color);
    }
}

/// An arrow of 20x28 texels with an edge, BGRA.
pub fn cursor() -> Vec<u8> {
    const ARROW: [Point; 7] =
        [[1.5, 1.0], [1.5, 19.5], [5.8, 15.6], [9.2, 23.0], [12.2, 21.6], [8.9, 14.5], [14.8, 14.2]];
    const EDGE: f32 = 1.3;
    let mut bytes = Vec::new();
    for y in 0..CURSOR[1] {
        for x in 0..CURSOR[0] {
            let (mut shape, mut inside) = (0.0, 0.0);
            for sample in 0..16 {
                let at = [
                    x as f32 + 0.125 + (sample % 4) as f32 / 4.0,
                    y as f32 + 0.125 + (sample / 4) as f32 / 4.0,
                ];
                let distance = to_outline(at, &ARROW);
                let within = contains(&ARROW, at);
                shape += f32::from(within || distance < 0.5) / 16.0;
                inside += f32::from(within && distance > EDGE - 0.5) / 16.0;
            }
            let white = if shape > 0.0 { inside / shape } else { 0.0 };
            let value = (white * 235.0 + 20.0) as u8;
            bytes.extend([value, value, value, (shape * 255.0) as u8]);
        }
    }
    bytes
}

/// Texels of the cursor.
pub const CURSOR: [u32; 2] = [20, 28];

fn edges(polygon: &[Point]) -> impl Iterator<Item = (Point, Point)> + '_ {
    polygon.iter().zip(polygon.iter().cycle().skip(1)).map(|(a, b)| (*a, *b))
}

fn contains(polygon: &[Point], [x, y]: Point) -> bool {
    let crossings = edges(polygon)
        .filter(|([ax, ay], [bx, by])| (*ay > y) != (*by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax);
    crossings.count() % 2 == 1
}

fn to_outline(at: Point, polygon: &[Point]) -> f32 {
    let distances = edges(polygon).map(|(a, b)| super::font::distance(at, [a, b]));
    distances.fold(f32::MAX, |a, b| if b < a { b } else { a })
}

/// A chequered tile with soft light in each field, and its smaller mips: BGRA, `size` squared.
pub fn tiles(size: u32) -> Vec<u8> {
    let mut level: Vec<f32> = (0..size * size)
        .map(|i| {
            let (x, y) = (i % size, i / size);
            let dark = (x * 2 / size + y * 2 / size) % 2 == 1;
            let half = size / 2;
            let edge = [x % half, y % half].iter().any(|&c| c == 0 || c == half - 1);
            (if dark { 58.0 } else { 205.0 }) - if edge { 22.0 } else { 0.0 }
        })
        .collect();
    let mut bytes = Vec::new();
    let mut edge = size;
    loop {
        bytes.extend(level.iter().flat_map(|&v| [v + 8.0, v + 2.0, v, 255.0].map(|v| v as u8)));
        if edge == 1 {
            return bytes;
        }
        edge /= 2;
        let texel = |i: u32| {
            let at = |dx, dy| level[((i / edge * 2 + dy) * edge * 2 + i % edge * 2 + dx) as usize];
            (at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1)) / 4.0
        };
        level = (0..edge * edge).map(texel).collect();
    }
}

/// A ball of radius 1: `SHORT4N` places, and its triangles, clockwise from outside.
pub fn ball(around: u16, down: u16) -> (Vec<[i16; 4]>, Vec<u16>) {
    use aerogpu_dxbc::math::{cos, sin};
    use std::f32::consts::PI;
    let (mut vertices, mut indices) = (Vec::new(), Vec::new());
    for i in 0..=down {
        for j in 0..=around {
            let (v, u) = (f32::from(i) / f32::from(down) * PI, f32::from(j) / f32::from(around) * 2.0 * PI);
            let place = [sin(v) * cos(u), cos(v), sin(v) * sin(u), 0.0];
            vertices.push(place.map(|v| (v * 32767.0).round() as i16));
            if i < down && j < around {
                let (a, b) = (i * (around + 1) + j, (i + 1) * (around + 1) + j);
                indices.extend([a, a + 1, b, b, a + 1, b + 1]);
            }
        }
    }
    (vertices, indices)
}
