//! A typeface of strokes, drawn with soft edges into an atlas that is stored as DXT3: white, the shape in alpha.

use super::picture::Point;

/// Size of the atlas in texels.
pub const ATLAS: [u32; 2] = [256, 112];
/// Letters are drawn in these sizes, in texels a unit.
pub const SIZES: [f32; 2] = [1.0, 2.4];
/// Rows that a size takes in the atlas, and units above the capitals in each.
const ROW: [u32; 2] = [16, 32];
const ABOVE: f32 = 1.5;

/// Each letter: its width and its strokes, in half units; capitals stand on row 18, small letters begin at 6. A point is a
/// column and a row, digits to base 36. A stroke with a `~` bends around its inner points.
#[rustfmt::skip]
const GLYPHS: [(char, u8, &str); 67] = [
    ('a', 9, "~17 26 96 9b|9b 9i|~9b 0b 0i 9i 9e"), ('b', 10, "00 0i|~0c 06 a6 ai 0i 0c"), ('c', 9, "~98 86 06 0i 8i 9g"),
    ('d', 10, "a0 ai|~ac a6 06 0i ai ac"), ('e', 10, "0c ac|~ac a6 06 0i 9i ag"), ('f', 6, "~70 30 34|34 3i|06 66"),
    ('g', 10, "~ac a6 06 0i ai ac|a6 aj|~aj ao 2o 1n"), ('h', 9, "00 0i|~0a 06 96 9a|9a 9i"), ('i', 1, "06 0i|01 02"),
    ('j', 3, "36 3k|~3k 3o 0o|31 32"), ('k', 9, "00 0i|86 0d|3b 9i"), ('l', 1, "00 0i"),
    ('m', 16, "06 0i|~0a 06 86 8a|8a 8i|~8a 86 g6 ga|ga gi"), ('n', 9, "06 0i|~0a 06 96 9a|9a 9i"), ('o', 10, "~0c 06 a6 ai 0i 0c"),
    ('p', 10, "06 0o|~0c 06 a6 ai 0i 0c"), ('q', 10, "a6 ao|~ac a6 06 0i ai ac"), ('r', 5, "06 0i|~0a 06 56"),
    ('s', 8, "~87 66 06 0b 8d 8i 2i 0h"), ('t', 6, "32 3f|~3f 3i 6i|06 66"), ('u', 9, "06 0e|~0e 0i 9i 9e|96 9i"),
    ('v', 10, "06 5i a6"), ('w', 16, "06 4i 86 ci g6"), ('x', 9, "06 9i|96 0i"), ('y', 10, "06 5i|~a6 5i 3o 0o"), ('z', 9, "06 96 0i 9i"),
    ('A', 12, "0i 60 ci|2c ac"), ('B', 10, "50 00 0i 5i|08 58|~50 90 98 58|~58 b8 bi 5i"), ('C', 11, "~b2 90 00 0i 9i bg"),
    ('D', 12, "40 00 0i 4i|~40 c0 ci 4i"), ('E', 9, "90 00 0i 9i|09 89"), ('F', 9, "90 00 0i|09 89"), ('G', 12, "~c2 90 00 0i 9i cg|cg c9 79"),
    ('H', 12, "00 0i|c0 ci|09 c9"), ('I', 1, "00 0i"), ('K', 10, "00 0i|a0 0a|48 ai"), ('L', 8, "00 0i 8i"), ('M', 14, "0i 00 7b e0 ei"),
    ('N', 12, "0i 00 ci c0"), ('O', 14, "~09 00 e0 ei 0i 09"), ('P', 10, "0i 00 50|~50 b0 ba 5a|5a 0a"), ('R', 11, "0i 00 50|~50 b0 ba 5a|5a 0a|6a bi"),
    ('S', 10, "~a2 80 00 08 aa ai 2i 0g"), ('T', 12, "00 c0|60 6i"), ('U', 12, "00 0c|~0c 0i ci cc|cc c0"), ('V', 12, "00 6i c0"),
    ('W', 18, "00 5i 90 di i0"), ('Y', 12, "00 69 c0|69 6i"),
    ('0', 10, "~09 00 a0 ai 0i 09"), ('1', 5, "13 50 5i"), ('2', 10, "~03 10 a0 a7 5d|5d 0i ai"), ('3', 10, "~02 20 a0 a8 48|~48 b8 bi 2i 0g"),
    ('4', 11, "8i 80 0d bd"), ('5', 10, "90 10 08|~08 b6 bi 2i 0g"), ('6', 10, "~91 60 00 0d|~0d 07 a7 ai 0i 0d"), ('7', 10, "00 a0 3i"),
    ('8', 10, "~58 08 00 a0 a8 58|~58 08 0i ai a8 58"), ('9', 10, "~a5 ab 0b 00 a0 a5|~a5 ai 4i 1h"),
    (':', 1, "07 08|0g 0h"), ('.', 1, "0h 0i"), (',', 2, "1h 0k"), ('-', 6, "0b 6b"), ('/', 7, "70 0k"), ('%', 16, "c0 4i|~04 00 60 68 08 04|~ae aa ga gi ai ae"),
    ('+', 10, "0b ab|56 5g"), ('(', 4, "~40 06 0f 4l"), (')', 4, "~00 46 4f 0l"),
];

/// Where a letter lies in the atlas, in texels: left, top, width, height; and how far the next one is.
#[derive(Clone, Copy)]
pub struct Letter {
    pub cell: [f32; 4],
    pub advance: f32,
}

/// The font: an atlas and where each letter lies in it.
pub struct Font {
    alpha: Vec<f32>,
    letters: Vec<(char, usize, Letter)>,
}

impl Font {
    pub fn new() -> Self {
        let mut font = Self { alpha: vec![0.0; (ATLAS[0] * ATLAS[1]) as usize], letters: Vec::new() };
        let mut top = 0;
        for (size, (&scale, &row)) in SIZES.iter().zip(&ROW).enumerate() {
            let mut left = 0;
            for &(letter, width, strokes) in GLYPHS.iter().filter(|g| size == 0 || HEADINGS.contains(g.0)) {
                let cell = ((f32::from(width) / 2.0 + 2.0) * scale).ceil() as u32 + 1;
                if left + cell > ATLAS[0] {
                    (left, top) = (0, top + row);
                }
                font.draw(
                    strokes,
                    [left as f32 + 1.5 * scale, top as f32 + ABOVE * scale],
                    scale,
                    [left, top, cell, row],
                );
                let advance = (f32::from(width) / 2.0 + 2.25) * scale;
                let cell = [left as f32, top as f32, cell as f32, row as f32];
                font.letters.push((letter, size, Letter { cell, advance }));
                left += cell[2] as u32;
            }
            top += row;
        }
        assert!(top <= ATLAS[1], "the atlas has {top} rows");
        font
    }

    /// Draws strokes with round ends and soft edges.
    fn draw(&mut self, strokes: &str, origin: Point, scale: f32, [left, top, width, height]: [u32; 4]) {
        let radius = 0.32 + 0.27 * scale;
        let lines: Vec<[Point; 2]> = strokes.split('|').flat_map(lines).collect();
        for y in top..top + height {
            for x in left..left + width {
                let at = [x as f32 + 0.5, y as f32 + 0.5];
                let place = |p: Point| [origin[0] + p[0] * scale / 2.0, origin[1] + p[1] * scale / 2.0];
                let near = lines
                    .iter()
                    .map(|line| distance(at, line.map(place)))
                    .fold(f32::MAX, |a, b| if b < a { b } else { a });
                let alpha = (radius + 0.5 - near).clamp(0.0, 1.0);
                self.alpha[(y * ATLAS[0] + x) as usize] = alpha;
            }
        }
    }

    pub fn letter(&self, letter: char, size: usize) -> Option<Letter> {
        self.letters.iter().find(|l| (l.0, l.1) == (letter, size)).map(|l| l.2)
    }

    /// Units from the top of a letter's cell to the foot of its capitals, times the size.
    pub fn ascent(size: usize) -> f32 {
        (ABOVE + 9.0) * SIZES[size]
    }

    pub fn width(&self, text: &str, size: usize) -> f32 {
        let advance = |letter| self.letter(letter, size).map_or(4.0 * SIZES[size], |l| l.advance);
        text.chars().map(advance).sum()
    }

    /// The atlas as DXT3 blocks: sixteen steps of alpha, white.
    pub fn blocks(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for by in 0..ATLAS[1] / 4 {
            for bx in 0..ATLAS[0] / 4 {
                let code = |i: u32| {
                    let at = (by * 4 + i / 4) * ATLAS[0] + bx * 4 + i % 4;
                    ((self.alpha[at as usize] * 15.0 + 0.5) as u64) << (4 * i)
                };
                bytes.extend((0..16).map(code).sum::<u64>().to_le_bytes());
                bytes.extend([0xff, 0xff, 0, 0, 0, 0, 0, 0]);
            }
        }
        bytes
    }
}

/// Letters of the larger size.
const HEADINGS: &str = "AeroGPU cmpsitn";

/// A stroke as straight lines.
fn lines(stroke: &str) -> Vec<[Point; 2]> {
    let (bent, points) = match stroke.strip_prefix('~') {
        Some(points) => (true, points),
        None => (false, stroke),
    };
    let digit = |c: u8| (c as char).to_digit(36).expect("a digit to base 36") as f32;
    let points: Vec<Point> =
        points.split(' ').map(|p| [digit(p.as_bytes()[0]), digit(p.as_bytes()[1])]).collect();
    let path = if bent { bend(&points) } else { points };
    path.windows(2).map(|pair| [pair[0], pair[1]]).collect()
}

/// A curve from the first point to the last that touches the lines between its inner points half-way.
fn bend(points: &[Point]) -> Vec<Point> {
    let last = points.len() - 1;
    let between = |a: Point, b: Point, t: f32| [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t];
    let mut path = vec![points[0]];
    for i in 1..last {
        let from = if i == 1 { points[0] } else { between(points[i - 1], points[i], 0.5) };
        let to = if i + 1 == last { points[last] } else { between(points[i], points[i + 1], 0.5) };
        path.extend((1..=8).map(|step| {
            let t = step as f32 / 8.0;
            between(between(from, points[i], t), between(points[i], to, t), t)
        }));
    }
    path
}

pub fn distance([x, y]: Point, [[ax, ay], [bx, by]]: [Point; 2]) -> f32 {
    let (dx, dy) = (bx - ax, by - ay);
    let along = (((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
    let (ex, ey) = (x - ax - dx * along, y - ay - dy * along);
    (ex * ex + ey * ey).sqrt()
}
