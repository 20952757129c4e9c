//! Pictures and shapes, all computed.

/// A two-colour 4x4 block with indices chosen by `pick` (0 and 1 are the ends, 2 and 3 lie between).
fn bc1_block(c0: u16, c1: u16, pick: impl Fn(u32, u32) -> u32) -> [u8; 8] {
    let mut indices = 0u32;
    for y in 0..4 {
        for x in 0..4 {
            indices |= (pick(x, y) & 3) << (2 * (4 * y + x));
        }
    }
    let mut block = [0; 8];
    block[..2].copy_from_slice(&c0.to_le_bytes());
    block[2..4].copy_from_slice(&c1.to_le_bytes());
    block[4..].copy_from_slice(&indices.to_le_bytes());
    block
}

fn rgb565(r: u32, g: u32, b: u32) -> u16 {
    ((r.min(255) >> 3) << 11 | (g.min(255) >> 2) << 5 | b.min(255) >> 3) as u16
}

/// Integer square root, so that every machine computes the same pictures.
fn isqrt(v: u32) -> u32 {
    v.isqrt()
}

/// The wallpaper: dusk above hills, BC1, `width` x `height` texels.
pub fn wallpaper(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    for by in 0..height / 4 {
        for bx in 0..width / 4 {
            let (x, y) = (bx * 4, by * 4);
            let sky = |y: u32| (24 + y * 150 / height, 40 + y * 90 / height, 110 + y * 60 / height);
            let ridge = height * 62 / 100 + isqrt(x.abs_diff(width / 3) * 24) - (x / 7 % 9);
            let near = height * 78 / 100 + isqrt(x.abs_diff(width * 3 / 4) * 40);
            let (top, bottom) = if y > near {
                ((18, 46, 38), (12, 30, 30))
            } else if y > ridge {
                ((40, 66, 84), (30, 54, 66))
            } else {
                let glow = 90u32.saturating_sub(isqrt(
                    x.abs_diff(width * 2 / 3).pow(2) / 8 + y.abs_diff(height * 55 / 100).pow(2),
                ));
                let (r, g, b) = sky(y);
                ((r + glow, g + glow / 2, b), (r + glow + 4, g + glow / 2 + 2, b + 2))
            };
            let (c0, c1) = (rgb565(top.0, top.1, top.2), rgb565(bottom.0, bottom.1, bottom.2));
            // Rows run from the first colour to the second. Four colours want the larger number first; between equal
            // ones the last index would be transparent.
            let order = match c0.cmp(&c1) {
                std::cmp::Ordering::Greater => [0, 2, 3, 1],
                std::cmp::Ordering::Less => [1, 3, 2, 0],
                std::cmp::Ordering::Equal => [0; 4],
            };
            bytes.extend(bc1_block(c0.max(c1), c0.min(c1), |_, row| order[row as usize]));
        }
    }
    bytes
}

/// An icon of 64x64 texels, BC3: a coloured disc whose alpha falls off at the rim.
pub fn icon(r: u32, g: u32, b: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    for by in 0..16u32 {
        for bx in 0..16u32 {
            let inside = |x: u32, y: u32| {
                let (dx, dy) = ((bx * 4 + x).abs_diff(32), (by * 4 + y).abs_diff(32));
                dx * dx + dy * dy
            };
            // Alpha from 255 to 0 in eight steps: code 0 is opaque, 1 clear, 2 to 7 between.
            let mut alpha = 0u64;
            for i in 0..16 {
                let distance = isqrt(inside(i % 4, i / 4));
                let code = match distance.saturating_sub(24) {
                    0 => 0,
                    step @ 1..=6 => step + 1,
                    _ => 1,
                };
                alpha |= u64::from(code) << (3 * i);
            }
            bytes.extend([255, 0]);
            bytes.extend(&alpha.to_le_bytes()[..6]);
            let shade = 255 - (bx + by) * 5;
            let c0 = rgb565(r * shade / 200, g * shade / 200, b * shade / 200);
            let c1 = rgb565(r * shade / 300, g * shade / 300, b * shade / 300);
            bytes.extend(bc1_block(c0, c1, |x, y| if (x + y) % 2 == 0 { 0 } else { 2 }));
        }
    }
    bytes
}

/// A tile of wood for the solid, BC7 mode 6: 64x64 texels.
pub fn wood() -> Vec<u8> {
    let mut bytes = Vec::new();
    for by in 0..16u32 {
        for bx in 0..16u32 {
            let ring = isqrt((bx * 4).abs_diff(30).pow(2) * 3 + (by * 4 + 40).pow(2));
            let dark = (ring / 3).is_multiple_of(2);
            let (low, high) = if dark { ([70, 38, 20], [92, 54, 30]) } else { ([98, 60, 34], [120, 80, 48]) };
            bytes.extend(bc7_mode6(low, high, |x, y| (x * 3 + y + ring) % 16));
        }
    }
    bytes
}

/// A BC7 block of mode 6: two opaque ends of 7 bits a channel with a shared low bit of 1, sixteen steps between.
fn bc7_mode6(low: [u32; 3], high: [u32; 3], step: impl Fn(u32, u32) -> u32) -> [u8; 16] {
    let mut bits = 1u128 << 6;
    let mut at = 7;
    let mut put = |value: u32, width: u32| {
        bits |= u128::from(value) << at;
        at += width;
    };
    for channel in 0..3 {
        put(low[channel] & 127, 7);
        put(high[channel] & 127, 7);
    }
    put(127, 7);
    put(127, 7);
    put(1, 1);
    put(1, 1);
    for i in 0..16 {
        // The first index has three bits: its top bit is taken to be 0.
        let index = step(i % 4, i / 4);
        if i == 0 { put(index & 7, 3) } else { put(index, 4) }
    }
    bits.to_le_bytes()
}

/// A window's contents: pages of ruled text, BGRA, `size` x `size` texels and all smaller mips.
pub fn page(size: u32) -> Vec<u8> {
    let mut level: Vec<[u32; 4]> = (0..size * size)
        .map(|i| {
            let (x, y) = (i % size, i / size);
            let margin = x < size / 12 || x > size - size / 12 || y < size / 16;
            let word = (x * 7 + y / 6 * 31) % 37 < 27;
            let line = y % 6 < 2 && word && !margin && x < size / 2 + (y / 6 * 53) % (size / 2);
            let picture = x > size * 6 / 10 && x < size * 9 / 10 && y > size / 2 && y < size * 7 / 10;
            match (picture, line) {
                (true, _) => [180 - y * 60 / size, 90 + x * 90 / size, 60 + y * 100 / size, 255],
                (false, true) => [70, 60, 60, 255],
                (false, false) => [250, 250, 252, 255],
            }
        })
        .collect();
    let mut bytes = Vec::new();
    let mut edge = size;
    loop {
        bytes.extend(level.iter().flatten().map(|&c| c as u8));
        if edge == 1 {
            return bytes;
        }
        edge /= 2;
        let wide = edge * 2;
        level = (0..edge * edge)
            .map(|i| {
                let at = |dx, dy| level[((i / edge * 2 + dy) * wide + i % edge * 2 + dx) as usize];
                let four = [at(0, 0), at(1, 0), at(0, 1), at(1, 1)];
                std::array::from_fn(|c| four.iter().map(|texel| texel[c]).sum::<u32>().div_ceil(4))
            })
            .collect();
    }
}

/// The corner of a soft shadow, RGBA with alpha only: opaque inside, clear at the rim. 32x32 texels.
pub fn shadow() -> Vec<u8> {
    let texel = |x: u32, y: u32| {
        let (dx, dy) = (31 - x, 31 - y);
        let distance = isqrt((dx * dx + dy * dy) * 64) / 8;
        [0, 0, 0, 150u32.saturating_sub(distance * 5) as u8]
    };
    (0..32 * 32).flat_map(|i| texel(i % 32, i / 32)).collect()
}

/// Characters of the font, in the order of its atlas.
pub const CHARACTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:/";

/// Columns of each character, lowest bit on top: five columns of seven rows.
#[rustfmt::skip]
const GLYPHS: [[u8; 5]; 40] = [
    [0x7c, 0x12, 0x11, 0x12, 0x7c], [0x7f, 0x49, 0x49, 0x49, 0x36], [0x3e, 0x41, 0x41, 0x41, 0x22], [0x7f, 0x41, 0x41, 0x41, 0x3e],
    [0x7f, 0x49, 0x49, 0x49, 0x41], [0x7f, 0x09, 0x09, 0x09, 0x01], [0x3e, 0x41, 0x49, 0x49, 0x3a], [0x7f, 0x08, 0x08, 0x08, 0x7f],
    [0x00, 0x41, 0x7f, 0x41, 0x00], [0x20, 0x40, 0x40, 0x40, 0x3f], [0x7f, 0x08, 0x14, 0x22, 0x41], [0x7f, 0x40, 0x40, 0x40, 0x40],
    [0x7f, 0x02, 0x0c, 0x02, 0x7f], [0x7f, 0x04, 0x08, 0x10, 0x7f], [0x3e, 0x41, 0x41, 0x41, 0x3e], [0x7f, 0x09, 0x09, 0x09, 0x06],
    [0x3e, 0x41, 0x51, 0x21, 0x5e], [0x7f, 0x09, 0x19, 0x29, 0x46], [0x26, 0x49, 0x49, 0x49, 0x32], [0x01, 0x01, 0x7f, 0x01, 0x01],
    [0x3f, 0x40, 0x40, 0x40, 0x3f], [0x1f, 0x20, 0x40, 0x20, 0x1f], [0x3f, 0x40, 0x38, 0x40, 0x3f], [0x63, 0x14, 0x08, 0x14, 0x63],
    [0x03, 0x04, 0x78, 0x04, 0x03], [0x61, 0x51, 0x49, 0x45, 0x43], [0x3e, 0x51, 0x49, 0x45, 0x3e], [0x00, 0x42, 0x7f, 0x40, 0x00],
    [0x62, 0x51, 0x49, 0x49, 0x46], [0x22, 0x41, 0x49, 0x49, 0x36], [0x18, 0x14, 0x12, 0x7f, 0x10], [0x27, 0x45, 0x45, 0x45, 0x39],
    [0x3c, 0x4a, 0x49, 0x49, 0x31], [0x01, 0x71, 0x09, 0x05, 0x03], [0x36, 0x49, 0x49, 0x49, 0x36], [0x46, 0x49, 0x49, 0x29, 0x1e],
    [0x00, 0x60, 0x60, 0x00, 0x00], [0x08, 0x08, 0x08, 0x08, 0x08], [0x00, 0x36, 0x36, 0x00, 0x00], [0x60, 0x10, 0x08, 0x04, 0x03],
];

/// Size of the font's atlas in texels: cells of 6x8.
pub const ATLAS: [u32; 2] = [40 * 6, 8];

/// The font, RGBA: white with the glyph's shape in alpha.
pub fn font() -> Vec<u8> {
    let [width, height] = ATLAS;
    (0..width * height)
        .flat_map(|i| {
            let (x, y) = (i % width, i / width);
            let column = GLYPHS[(x / 6) as usize].get((x % 6) as usize).copied().unwrap_or(0);
            [255, 255, 255, if column >> y & 1 == 1 { 255 } else { 0 }]
        })
        .collect()
}

/// A torus: 8 floats a vertex (position, normal, texture coordinates), and its triangles.
pub fn torus(around: u16, across: u16) -> (Vec<f32>, Vec<u16>) {
    use aerogpu_dxbc::math::{cos, sin};
    const TAU: f32 = std::f32::consts::TAU;
    let mut vertices = Vec::new();
    let mut indices = Vec::new();
    for i in 0..=around {
        for j in 0..=across {
            let (u, v) = (f32::from(i) / f32::from(around), f32::from(j) / f32::from(across));
            let (su, cu, sv, cv) = (sin(u * TAU), cos(u * TAU), sin(v * TAU), cos(v * TAU));
            let normal = [cu * cv, sv, su * cv];
            vertices.extend([cu + 0.42 * normal[0], 0.42 * normal[1], su + 0.42 * normal[2]]);
            vertices.extend(normal);
            vertices.extend([u * 6.0, v * 2.0]);
            if i < around && j < across {
                let (a, b) = (i * (across + 1) + j, (i + 1) * (across + 1) + j);
                indices.extend([a, a + 1, b, b, a + 1, b + 1]);
            }
        }
    }
    (vertices, indices)
}
