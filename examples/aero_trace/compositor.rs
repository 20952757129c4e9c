//! The compositor: puts the applications' surfaces on the desktop, in frames of glass.

use aerogpu_protocol::StreamWriter;
use aerogpu_protocol::packets::*;

use super::device::{self, BALLS_SIZE, BLURRED, NOTES_SIZE, SCREEN, d3d, draw, handle, states};
use super::font::Font;
use super::picture::{self, Brush, Picture, Point, Rect, Shape};
use d3d::rs;

/// Width of a frame, and height of its caption.
const FRAME: f32 = 8.0;
const CAPTION: f32 = 30.0;
const TASKBAR: f32 = 40.0;

/// A window: where its frame begins, its title, and the surface in it.
struct Window {
    origin: Point,
    title: &'static str,
    surface: u32,
    size: [u32; 2],
    active: bool,
}

impl Window {
    fn outer(&self) -> Rect {
        let ([x, y], [width, height]) = (self.origin, self.size.map(|n| n as f32));
        [x, y, x + width + 2.0 * FRAME, y + height + CAPTION + FRAME]
    }
}

fn windows(frame: u32) -> [Window; 2] {
    let balls = Window {
        origin: [176.0, 70.0],
        title: "Four balls and a floor",
        surface: handle::SHARED[0],
        size: BALLS_SIZE,
        active: false,
    };
    let notes = Window {
        origin: [704.0 - 22.0 * frame as f32, 286.0 - 7.0 * frame as f32],
        title: "Notes",
        surface: handle::SHARED[1],
        size: NOTES_SIZE,
        active: true,
    };
    [balls, notes]
}

pub fn compose(w: &mut StreamWriter, font: &Font, frame: u32) {
    if frame == 0 {
        wallpaper(w);
    }
    let [width, height] = SCREEN;
    w.copy_texture2d(CopyTexture2d {
        dst_texture: handle::SCREEN,
        src_texture: handle::WALLPAPER,
        width,
        height,
        ..Default::default()
    });
    let on_screen = |w: &mut StreamWriter, picture: &Picture| {
        device::target(w, handle::SCREEN, 0, SCREEN);
        device::draw_picture(w, picture, SCREEN);
    };
    let mut desktop = Picture::default();
    icons(&mut desktop, font);
    clock(&mut desktop, frame);
    on_screen(w, &desktop);
    let windows = windows(frame);
    for window in &windows {
        blur(w);
        let mut picture = Picture::default();
        draw_window(&mut picture, font, window);
        on_screen(w, &picture);
    }
    blur(w);
    let mut top = Picture::default();
    taskbar(&mut top, font, frame);
    preview(&mut top, font, &windows[0]);
    let [x, y] = windows[1].origin;
    cursor(&mut top, [x + 214.0, y + 15.0]);
    on_screen(w, &top);
    w.present_ex(0, PresentFlags::VSYNC, 0);
}

/// Draws the wallpaper to its texture, with lights as additive point sprites.
fn wallpaper(w: &mut StreamWriter) {
    let mut whole = Picture::default();
    let [width, height] = SCREEN.map(|n| n as f32);
    whole.texture(0, [1, 1], [0.0, 0.0, width, height], [0.0; 4], u32::MAX);
    device::target(w, handle::WALLPAPER, 0, SCREEN);
    w.upload_resource(handle::FLAT_VERTICES, 0, bytemuck::cast_slice(&whole.vertices))
        .bind_shaders(handle::FLAT_VS, handle::WALLPAPER_PS)
        .set_input_layout(handle::FLAT_LAYOUT)
        .set_shader_constants_f(ShaderStage::Vertex, 0, &device::flat_constants(SCREEN))
        .set_shader_constants_f(
            ShaderStage::Pixel,
            0,
            &[
                [0.70, -0.75, 0.75, 7.0],
                [0.10, 0.50, 0.62, 0.0],
                [0.50, 0.55, -0.72, 9.0],
                [0.24, 0.28, 0.66, 0.0],
                [0.92, -0.28, -0.12, 11.0],
                [0.12, 0.58, 0.42, 0.0],
            ],
        );
    device::vertex_buffer(w, handle::FLAT_VERTICES, size_of::<picture::Vertex>() as u32);
    states(w, &[(rs::CULLMODE, d3d::CULL_NONE), (rs::ZENABLE, 0)]);
    draw(w, PrimitiveTopology::TriangleStrip, 4);

    let mut lights = Vec::new();
    let mut seed = 12_345u32;
    let mut random = |below: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 16) % below
    };
    const LIGHTS: u32 = 44;
    for _ in 0..LIGHTS {
        let (x, y) = (random(1280), 180 + random(500));
        let size = 5 + random(8) * random(8);
        let alpha = 18 + random(34);
        let color = [0x8f_e6ff, 0xff_ffff, 0x9f_c0ff, 0xa8_ffe0][random(4) as usize];
        lights.extend([(x * 8) as u16, (y * 8) as u16].map(u16::to_le_bytes).as_flattened());
        lights.extend((size as f32).to_le_bytes());
        lights.extend((color | alpha << 24u32).to_le_bytes());
    }
    device::buffer(w, handle::LIGHTS, &lights);
    w.bind_shaders(handle::SPRITE_VS, handle::SPRITE_PS).set_input_layout(handle::SPRITE_LAYOUT);
    device::vertex_buffer(w, handle::LIGHTS, 12);
    device::blend(w, d3d::SRCALPHA, d3d::ONE);
    states(w, &[(rs::POINTSPRITEENABLE, 1)]);
    draw(w, PrimitiveTopology::PointList, LIGHTS);
    states(w, &[(rs::POINTSPRITEENABLE, 0)]);
}

/// What is on the screen, a quarter as wide and blurred: shrunk once, then along rows and columns, twice.
fn blur(w: &mut StreamWriter) {
    let [screen, blurred] = [SCREEN, BLURRED].map(|size| size.map(|n| 1.0 / n as f32));
    w.bind_shaders(handle::TAPS_VS, handle::TAPS_PS).set_input_layout(handle::BLIT_LAYOUT);
    device::vertex_buffer(w, handle::BLIT_VERTICES, 24);
    device::blend(w, d3d::ONE, d3d::ZERO);
    states(w, &[(rs::CULLMODE, d3d::CULL_NONE), (rs::ZENABLE, 0)]);
    let pass = |w: &mut StreamWriter, from: u32, to: u32, offsets: [Point; 5], weights: [f32; 3]| {
        device::target(w, to, 0, BLURRED);
        device::sampler(w, 0, from, d3d::LINEAR, d3d::CLAMP);
        w.set_shader_constants_f(ShaderStage::Vertex, 0, &offsets.map(|[x, y]| [x, y, 0.0, 0.0]));
        w.set_shader_constants_f(ShaderStage::Pixel, 0, &weights.map(|weight| [weight; 4]));
        draw(w, PrimitiveTopology::TriangleStrip, 4);
    };
    let [x, y] = screen;
    pass(
        w,
        handle::SCREEN,
        handle::BLURRED[0],
        [[0.0, 0.0], [x, y], [-x, -y], [x, -y], [-x, y]],
        [0.0, 0.25, 0.25],
    );
    let [first, second] = handle::BLURRED;
    // Nine weights of a bell curve in five bilinear taps.
    let weights = [0.227_027, 0.316_216_2, 0.070_270_3];
    for step in [1.0, 1.6] {
        let along = |[x, y]: Point| {
            [0.0, 1.384_615_4, -1.384_615_4, 3.230_769_2, -3.230_769_2]
                .map(|n: f32| [n * x * step, n * y * step])
        };
        pass(w, first, second, along([blurred[0], 0.0]), weights);
        pass(w, second, first, along([0.0, blurred[1]]), weights);
    }
}

fn draw_window(p: &mut Picture, font: &Font, window: &Window) {
    let outer @ [left, top, right, bottom] = window.outer();
    let strength = if window.active { 0xd0 } else { 0x80 };
    let shadow = Shape::rect([left - 2.0, top + 4.0, right + 2.0, bottom + 8.0], 16.0, [strength << 24; 2]);
    p.shape(Brush::Shape, shadow.soft(36.0));
    let tint = if window.active { 0x704f_93d8 } else { 0x60b4_c8dc };
    p.shape(Brush::Glass, Shape::rect(outer, 7.0, [tint; 2]));
    // A title is dark on a light haze.
    let line = top + 20.0;
    let title = [left + 34.0, left + 34.0 + font.width(window.title, 0)];
    let glow = Shape::rect([title[0] - 4.0, top + 8.0, title[1] + 4.0, top + 24.0], 8.0, [0xa0ff_ffff; 2]);
    p.shape(Brush::Shape, glow.soft(18.0));
    p.text(font, handle::FONT, [title[0], line], 0, window.title, 0xff10_1820);
    badge(p, [left + 20.0, top + 15.0], window.surface == handle::SHARED[0]);
    buttons(p, right - FRAME, top, window.active);
    let client = [left + FRAME, top + CAPTION, right - FRAME, bottom - FRAME];
    p.fill([client[0] - 2.0, client[1] - 2.0, client[2] + 2.0, client[3] + 2.0], 2.0, [0x70ff_ffff; 2]);
    p.fill([client[0] - 1.0, client[1] - 1.0, client[2] + 1.0, client[3] + 1.0], 1.0, [0xd020_2c3a; 2]);
    let [width, height] = window.size.map(|n| n as f32);
    p.texture(window.surface, window.size, client, [0.0, 0.0, width, height], u32::MAX);
}

/// The sign of an application: a ball, or a page.
fn badge(p: &mut Picture, [x, y]: Point, ball: bool) {
    if ball {
        p.disc([x, y], 7.5, [0xffff_7a66, 0xffb8_1810]);
        p.shape(Brush::Shape, Shape::disc([x - 2.0, y - 3.0], 2.5, [0xd0ff_ffff; 2]).soft(4.0));
    } else {
        p.fill([x - 6.0, y - 8.0, x + 6.0, y + 8.0], 1.5, [0xff5a_6b7c; 2]);
        p.fill([x - 5.0, y - 7.0, x + 5.0, y + 7.0], 1.0, [0xffff_ffff, 0xffe4_ecf6]);
        for row in 0..4 {
            let top = y - 4.5 + 2.8 * row as f32;
            p.fill([x - 3.0, top, x + 3.0, top + 1.0], 0.0, [0xff3f_8fd8; 2]);
        }
    }
}

/// Minimise, maximise, close.
fn buttons(p: &mut Picture, right: f32, top: f32, active: bool) {
    let (top, bottom) = (top + 1.0, top + 20.0);
    let [close, maximise, minimise] = [right - 46.0, right - 73.0, right - 101.0];
    p.fill([minimise - 1.0, top - 4.0, right + 1.0, bottom + 1.0], 5.0, [0x70ff_ffff; 2]);
    p.fill([minimise, top - 4.0, right, bottom], 4.0, [0x9020_3448; 2]);
    p.fill([minimise + 1.0, top - 3.0, maximise - 0.5, bottom - 1.0], 3.0, [0xa0e4_eef8, 0x9088_a4c0]);
    p.fill([maximise + 0.5, top - 3.0, close - 0.5, bottom - 1.0], 0.0, [0xa0e4_eef8, 0x9088_a4c0]);
    let red = if active { [0xffe8_9a84, 0xffb0_2a14] } else { [0xa0e4_eef8, 0x9088_a4c0] };
    p.fill([close + 0.5, top - 3.0, right - 1.0, bottom - 1.0], 3.0, red);
    if active {
        let glow = Shape::rect([close + 10.0, bottom - 9.0, right - 10.0, bottom], 4.0, [0x80ff_8040; 2]);
        p.shape(Brush::Light, glow.soft(12.0));
    }
    let middle = top + 8.5;
    let ink = 0xf030_3a48;
    let sign = |p: &mut Picture, rect: Rect, radius: f32, fill: u32| {
        let [l, t, r, b] = rect;
        p.fill([l - 1.0, t - 1.0, r + 1.0, b + 1.0], radius + 1.0, [ink; 2]);
        p.fill(rect, radius, [fill; 2]);
    };
    let x = (minimise + maximise) / 2.0;
    sign(p, [x - 5.0, middle + 2.0, x + 5.0, middle + 4.0], 0.5, 0xffff_ffff);
    let x = (maximise + close) / 2.0;
    sign(p, [x - 5.0, middle - 4.0, x + 5.0, middle + 4.0], 0.5, 0xffff_ffff);
    sign(p, [x - 2.0, middle - 1.0, x + 2.0, middle + 1.0], 0.0, 0xffa8_bccf);
    let x = (close + right) / 2.0;
    for (half, color) in [([7.0, 2.4], ink), ([6.2, 1.3], 0xffff_ffff)] {
        for turn in [[0.707, 0.707], [0.707, -0.707]] {
            let bar = Shape { middle: [x, middle], half, radius: 1.0, soft: 1.0, turn, colors: [color; 2] };
            p.shape(Brush::Shape, bar);
        }
    }
}

/// Icons down the left side, with their names.
fn icons(p: &mut Picture, font: &Font) {
    for (i, name) in ["Computer", "Traces", "Recycle bin"].into_iter().enumerate() {
        let (x, y) = (52.0, 26.0 + 98.0 * i as f32);
        let at = |l: f32, t: f32, r: f32, b: f32| [x + l, y + t, x + r, y + b];
        p.shape(Brush::Shape, Shape::rect(at(4.0, 40.0, 44.0, 48.0), 4.0, [0x7000_0000; 2]).soft(10.0));
        match i {
            0 => {
                p.fill(at(19.0, 33.0, 29.0, 42.0), 0.0, [0xff8a_97a6, 0xff55_606e]);
                p.fill(at(11.0, 40.0, 37.0, 45.0), 2.5, [0xffc9_d3de, 0xff6a_7683]);
                p.fill(at(1.0, 2.0, 47.0, 36.0), 4.0, [0xff4a_5460, 0xff14_181e]);
                p.fill(at(4.0, 5.0, 44.0, 33.0), 2.0, [0xff8f_d8ff, 0xff16_56b0]);
                p.fill(at(4.0, 5.0, 44.0, 18.0), 2.0, [0x90ff_ffff, 0x18ff_ffff]);
            }
            1 => {
                p.fill(at(3.0, 5.0, 22.0, 20.0), 3.0, [0xffd9_a23a, 0xffb9_8420]);
                p.fill(at(3.0, 9.0, 45.0, 42.0), 3.0, [0xffd9_a23a, 0xffb9_8420]);
                p.fill(at(7.0, 6.0, 41.0, 30.0), 1.5, [0xffff_ffff, 0xffd8_e4f0]);
                p.fill(at(3.0, 16.0, 45.0, 44.0), 3.0, [0xffff_eeb4, 0xfff0_b640]);
                p.fill(at(4.0, 17.0, 44.0, 24.0), 2.0, [0x90ff_ffff, 0x10ff_ffff]);
            }
            _ => {
                p.fill(at(9.0, 8.0, 39.0, 45.0), 6.0, [0x70d8_ecff, 0xa0a8_c8e4]);
                p.fill(at(12.0, 12.0, 36.0, 43.0), 5.0, [0x5020_4870, 0x3010_3058]);
                for bar in 0..3 {
                    let left = 14.0 + 7.5 * bar as f32;
                    p.fill(at(left, 14.0, left + 4.0, 41.0), 2.0, [0xb0ff_ffff, 0x50ff_ffff]);
                }
                p.fill(at(6.0, 5.0, 42.0, 12.0), 3.5, [0xf0ff_ffff, 0xc0a0_bcd8]);
                p.fill(at(9.0, 7.0, 39.0, 10.0), 1.5, [0xc010_3058, 0x8030_5880]);
            }
        }
        let label = [x + 24.0, y + 66.0];
        let haze =
            Shape::rect([label[0] - 30.0, label[1] - 9.0, label[0] + 30.0, label[1]], 4.0, [0x6000_0000; 2]);
        p.shape(Brush::Shape, haze.soft(14.0));
        p.centered(font, handle::FONT, [label[0] + 1.0, label[1] + 1.0], 0, name, 0xa000_0000);
        p.centered(font, handle::FONT, label, 0, name, 0xffff_ffff);
    }
}

/// A clock of glass in the corner.
fn clock(p: &mut Picture, frame: u32) {
    use aerogpu_dxbc::math::{cos, sin};
    use std::f32::consts::PI;
    const MIDDLE: Point = [1176.0, 112.0];
    let disc = |radius, colors| Shape::disc(MIDDLE, radius, colors);
    p.shape(
        Brush::Shape,
        Shape { middle: [MIDDLE[0], MIDDLE[1] + 5.0], ..disc(64.0, [0xa000_0000; 2]) }.soft(26.0),
    );
    p.shape(Brush::Shape, disc(66.0, [0xffe8_f0f8, 0xff6f_8296]));
    p.shape(Brush::Shape, disc(62.0, [0xff38_4858, 0xffa8_b8c8]));
    p.shape(Brush::Shape, disc(59.0, [0xfff8_fbff, 0xffcd_dcec]));
    let hand = |p: &mut Picture, turn: f32, from: f32, to: f32, half: f32, color: u32| {
        let (s, c) = (sin(turn), cos(turn));
        let along = (from + to) / 2.0;
        let middle = [MIDDLE[0] + s * along, MIDDLE[1] - c * along];
        let bar = Shape {
            middle,
            half: [half, (to - from) / 2.0],
            radius: half,
            soft: 1.0,
            turn: [c, s],
            colors: [color; 2],
        };
        p.shape(Brush::Shape, bar);
    };
    for tick in 0..12 {
        let (from, half) = if tick % 3 == 0 { (44.0, 1.8) } else { (49.0, 1.0) };
        hand(p, tick as f32 * PI / 6.0, from, 54.0, half, 0xff3a_4654);
    }
    let minutes = 8.0 + frame as f32;
    hand(p, (10.0 + minutes / 60.0) * PI / 6.0, -8.0, 30.0, 2.8, 0xff20_2a36);
    hand(p, minutes * PI / 30.0, -10.0, 46.0, 2.0, 0xff20_2a36);
    hand(p, (0.7 + frame as f32) * PI / 3.7, -14.0, 50.0, 0.8, 0xffd0_3020);
    p.disc(MIDDLE, 4.0, [0xffe0_5040, 0xffa0_2010]);
    let shine = Shape {
        middle: [MIDDLE[0], MIDDLE[1] - 26.0],
        half: [46.0, 28.0],
        ..disc(26.0, [0x90ff_ffff, 0x10ff_ffff])
    };
    p.shape(Brush::Shape, shine.soft(3.0));
}

fn taskbar(p: &mut Picture, font: &Font, frame: u32) {
    let [width, height] = SCREEN.map(|n| n as f32);
    let top = height - TASKBAR;
    p.shape(Brush::Glass, Shape::rect([-8.0, top, width + 8.0, height + 8.0], 1.0, [0x8c10_2238; 2]));
    // The orb, with a letter of two bars.
    let orb = [34.0, top + 19.0];
    p.shape(Brush::Light, Shape::disc(orb, 24.0, [0x6060_c0ff; 2]).soft(26.0));
    p.disc(orb, 19.5, [0xffb8_d8f0, 0xff1c_3c60]);
    p.disc(orb, 18.0, [0xff2a_6aa8, 0xff08_2040]);
    p.shape(Brush::Light, Shape::disc([orb[0], orb[1] + 9.0], 11.0, [0xb030_b8ff; 2]).soft(16.0));
    for (x, turn) in [(-4.0, [0.94, 0.34]), (4.0, [0.94, -0.34])] {
        let bar = Shape {
            middle: [orb[0] + x, orb[1]],
            half: [2.0, 10.5],
            radius: 2.0,
            soft: 1.0,
            turn,
            colors: [0xffff_ffff, 0xffc0_e8ff],
        };
        p.shape(Brush::Shape, bar);
    }
    p.fill([orb[0] - 4.0, orb[1] + 2.5, orb[0] + 4.0, orb[1] + 5.5], 1.5, [0xffff_ffff, 0xffc0_e8ff]);
    let shine = Shape {
        middle: [orb[0], orb[1] - 8.0],
        half: [13.0, 8.5],
        radius: 8.5,
        soft: 2.0,
        turn: [1.0, 0.0],
        colors: [0xa0ff_ffff, 0x20ff_ffff],
    };
    p.shape(Brush::Shape, shine);
    for (i, (name, active)) in [("Four balls and a floor", false), ("Notes", true)].into_iter().enumerate() {
        let left = 72.0 + 172.0 * i as f32;
        let rect @ [l, t, r, b] = [left, top + 2.0, left + 166.0, height - 2.0];
        p.fill(rect, 3.0, [0xb0ff_ffff, 0x40ff_ffff]);
        p.fill([l + 1.0, t + 1.0, r - 1.0, b - 1.0], 2.5, [0xc018_3048, 0xc00c_1c30]);
        let alpha = if active { 0x90 } else { 0x48 };
        p.fill([l + 1.0, t + 1.0, r - 1.0, b - 1.0], 2.5, [alpha << 24 | 0xe0_f0ff, 0x2860_a0e0]);
        if active {
            let glow = Shape::rect([l + 30.0, b - 12.0, r - 30.0, b], 6.0, [0x7070_c8ff; 2]);
            p.shape(Brush::Light, glow.soft(22.0));
        }
        badge(p, [l + 18.0, top + 20.0], i == 0);
        p.text(font, handle::FONT, [l + 34.0, top + 25.0], 0, name, 0xffff_ffff);
    }
    for bar in 0..4 {
        let (left, high) = (width - 132.0 + 5.0 * bar as f32, 4.0 + 3.0 * bar as f32);
        p.fill([left, top + 27.0 - high, left + 3.0, top + 27.0], 1.0, [0xf0ff_ffff, 0xc0c0_d8f0]);
    }
    let middle = width - 66.0;
    p.centered(font, handle::FONT, [middle, top + 17.0], 0, &format!("10:{:02}", 8 + frame), 0xffff_ffff);
    p.centered(font, handle::FONT, [middle, top + 33.0], 0, "22.10.2009", 0xffff_ffff);
    // What shows the desktop, at the very end.
    p.fill([width - 14.0, top + 1.0, width + 4.0, height], 0.0, [0x70ff_ffff, 0x18ff_ffff]);
    p.fill([width - 13.0, top + 2.0, width + 4.0, height], 0.0, [0x5010_2030, 0x3010_2030]);
}

/// A window in small, above its place in the taskbar.
fn preview(p: &mut Picture, font: &Font, window: &Window) {
    let bottom = SCREEN[1] as f32 - TASKBAR - 4.0;
    let outer @ [left, top, right, _] = [44.0, bottom - 166.0, 266.0, bottom];
    let shadow = Shape::rect([left, top + 4.0, right, bottom + 4.0], 10.0, [0xa000_0000; 2]);
    p.shape(Brush::Shape, shadow.soft(24.0));
    p.shape(Brush::Glass, Shape::rect(outer, 7.0, [0x6030_68a0; 2]));
    badge(p, [left + 20.0, top + 17.0], true);
    p.text(font, handle::FONT, [left + 35.0, top + 22.0], 0, window.title, 0xa000_1020);
    p.text(font, handle::FONT, [left + 34.0, top + 21.0], 0, window.title, 0xffff_ffff);
    let [width, height] = window.size.map(|n| n as f32);
    let small = [left + 13.0, top + 32.0, right - 13.0, top + 32.0 + (right - left - 26.0) * height / width];
    let [l, t, r, b] = small;
    p.fill([l - 2.0, t - 2.0, r + 2.0, b + 2.0], 2.0, [0x90ff_ffff, 0x60ff_ffff]);
    p.fill([l - 1.0, t - 1.0, r + 1.0, b + 1.0], 1.0, [0xd020_2c3a; 2]);
    p.texture(window.surface, window.size, small, [0.0, 0.0, width, height], u32::MAX);
}

fn cursor(p: &mut Picture, [x, y]: Point) {
    let [width, height] = picture::CURSOR.map(|n| n as f32);
    let shadow = Shape {
        middle: [x + 8.0, y + 13.0],
        half: [3.0, 9.0],
        radius: 3.0,
        soft: 9.0,
        turn: [0.9, -0.43],
        colors: [0x6000_0000; 2],
    };
    p.shape(Brush::Shape, shadow);
    p.texture(
        handle::CURSOR,
        picture::CURSOR,
        [x, y, x + width, y + height],
        [0.0, 0.0, width, height],
        u32::MAX,
    );
}
