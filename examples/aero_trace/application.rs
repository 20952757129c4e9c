//! The applications: balls on a floor that mirrors them, and a page of notes. Each has a Direct3D 9 context of its own.

use aerogpu_protocol::StreamWriter;
use aerogpu_protocol::packets::*;
use glam::{Mat4, Vec3};

use super::device::{self, BALL_MESH, BALLS_SIZE, NOTES_SIZE, d3d, draw, handle, states};
use super::font::Font;
use super::picture::{Brush, Picture, Shape};
use d3d::rs;

/// Centre, radius and colour of each ball. Colours are linear: the target encodes them.
const BALLS: [([f32; 3], f32, [f32; 3]); 4] = [
    ([-1.55, 1.0, 0.6], 1.0, [0.75, 0.035, 0.03]),
    ([0.75, 0.72, -0.6], 0.72, [0.02, 0.21, 0.75]),
    ([2.1, 1.15, 1.6], 1.15, [0.85, 0.42, 0.02]),
    ([0.1, 0.42, -1.9], 0.42, [0.05, 0.5, 0.09]),
];
const EYE: Vec3 = Vec3::new(0.35, 2.1, -6.4);
/// Towards the light.
const LIGHT: [f32; 3] = [-0.45, 0.77, -0.45];
/// The haze at the horizon, linear as all colours of the scene.
const HAZE: u32 = 0xff65_8dc6;

/// What a ball is drawn as.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Itself,
    Mirrored,
    Shadow,
}

/// Where a ball is in a frame: they roll along a circle, a little.
fn place(ball: usize, frame: u32) -> [f32; 3] {
    use aerogpu_dxbc::math::{cos, sin};
    let ([x, y, z], _, _) = BALLS[ball];
    let angle = frame as f32 * 0.09;
    let (s, c) = (sin(angle), cos(angle));
    [x * c + z * s, y, z * c - x * s]
}

pub fn balls(w: &mut StreamWriter, frame: u32) {
    device::target(w, handle::BALLS, handle::BALLS_DEPTH, BALLS_SIZE);
    // Colours are computed linear, the haze among them; the clear encodes as draws do.
    states(w, &[(rs::SRGBWRITEENABLE, 1), (rs::ZENABLE, 1), (rs::ZFUNC, 4)]);
    let haze = aerogpu::state::d3d9::color(HAZE);
    w.clear(ClearFlags::COLOR | ClearFlags::DEPTH | ClearFlags::STENCIL, haze, 1.0, 0);
    w.set_shader_constants_f(ShaderStage::Vertex, 0, &projection());
    let [x, y, z] = EYE.to_array();
    w.set_shader_constants_f(ShaderStage::Vertex, 5, &[[x, y, z, 0.0]]);
    let (near, far) = (6.0f32, 26.0f32);
    states(
        w,
        &[
            (rs::FOGENABLE, 1),
            (rs::FOGCOLOR, HAZE),
            (rs::FOGTABLEMODE, 3),
            (rs::FOGSTART, near.to_bits()),
            (rs::FOGEND, far.to_bits()),
        ],
    );
    let stencil = |w: &mut StreamWriter, func: u32, pass: u32, reference: u32| {
        let on = [
            (rs::STENCILENABLE, 1),
            (rs::STENCILFUNC, func),
            (rs::STENCILPASS, pass),
            (rs::STENCILREF, reference),
        ];
        states(w, &on);
    };
    const EQUAL: u32 = 3;
    const ALWAYS: u32 = 8;
    const KEEP: u32 = 1;
    const REPLACE: u32 = 3;
    const INCREMENT: u32 = 7;
    // The floor marks its pixels, so that reflections and shadows stay on it.
    stencil(w, ALWAYS, REPLACE, 1);
    states(w, &[(rs::ZWRITEENABLE, 0)]);
    floor(w, 1.0);
    states(w, &[(rs::ZWRITEENABLE, 1)]);
    stencil(w, EQUAL, KEEP, 1);
    (0..BALLS.len()).for_each(|i| ball(w, i, frame, Part::Mirrored));
    // The floor again, over what it mirrors.
    w.clear(ClearFlags::DEPTH, [0.0; 4], 1.0, 0);
    floor(w, 0.78);
    // Shadows lie in the floor, each pixel once.
    stencil(w, EQUAL, INCREMENT, 1);
    states(w, &[(rs::ZWRITEENABLE, 0), (rs::DEPTHBIAS, (-0.0005f32).to_bits())]);
    (0..BALLS.len()).for_each(|i| ball(w, i, frame, Part::Shadow));
    states(w, &[(rs::ZWRITEENABLE, 1), (rs::DEPTHBIAS, 0), (rs::STENCILENABLE, 0)]);
    (0..BALLS.len()).for_each(|i| ball(w, i, frame, Part::Itself));
}

/// Rows of the projection of everything in front of the eye.
fn projection() -> [[f32; 4]; 4] {
    let (near, far, lens) = (1.0f32, 60.0f32, 1.9f32);
    let depth = far / (far - near);
    let aspect = BALLS_SIZE[0] as f32 / BALLS_SIZE[1] as f32;
    #[rustfmt::skip]
    let projection = Mat4::from_cols_array(&[
        lens / aspect, 0.0, 0.0, 0.0,
        0.0, lens, 0.0, 0.0,
        0.0, 0.0, depth, 1.0,
        0.0, 0.0, -near * depth, 0.0,
    ]);
    // Looking down by an angle whose sine and cosine are 0.168 and 0.9858.
    #[rustfmt::skip]
    let tilt = Mat4::from_cols_array(&[
        1.0, 0.0, 0.0, 0.0,
        0.0, 0.9858, -0.168, 0.0,
        0.0, 0.168, 0.9858, 0.0,
        0.0, 0.0, 0.0, 1.0,
    ]);
    let all = projection * tilt * Mat4::from_translation(-EYE);
    [0, 1, 2, 3].map(|row| all.row(row).to_array())
}

fn floor(w: &mut StreamWriter, strength: f32) {
    w.bind_shaders(handle::FLOOR_VS, handle::FLOOR_PS).set_input_layout(handle::FLOOR_LAYOUT);
    device::vertex_buffer(w, handle::FLOOR_VERTICES, 12);
    device::sampler(w, 0, handle::TILES, d3d::ANISOTROPIC, d3d::WRAP);
    w.set_sampler_state(ShaderStage::Pixel, 0, d3d::ss::SRGBTEXTURE, 1);
    w.set_shader_constants_f(ShaderStage::Pixel, 0, &[[0.9, 0.9, 0.9, strength]]);
    if strength < 1.0 {
        device::blend(w, d3d::SRCALPHA, d3d::INVSRCALPHA);
    } else {
        device::blend(w, d3d::ONE, d3d::ZERO);
    }
    states(w, &[(rs::CULLMODE, d3d::CULL_CCW)]);
    draw(w, PrimitiveTopology::TriangleStrip, 4);
}

fn ball(w: &mut StreamWriter, index: usize, frame: u32, part: Part) {
    let ([x, y, z], (_, radius, [red, green, blue])) = (place(index, frame), BALLS[index]);
    let flip = if part == Part::Mirrored { -1.0 } else { 1.0 };
    let flat = match part {
        Part::Shadow => [-LIGHT[0] / LIGHT[1], 0.0, -LIGHT[2] / LIGHT[1], 0.0],
        _ => [0.0, 0.0, 0.0, 1.0],
    };
    w.set_shader_constants_f(ShaderStage::Vertex, 4, &[[x, y, z, radius]])
        .set_shader_constants_f(ShaderStage::Vertex, 6, &[[1.0, flip, 1.0, 1.0], flat])
        .set_input_layout(handle::BALL_LAYOUT)
        .set_index_buffer(handle::BALL_INDICES, IndexFormat::Uint16, 0)
        .set_primitive_topology(PrimitiveTopology::TriangleList);
    device::vertex_buffer(w, handle::BALL_VERTICES, 8);
    let color = match part {
        Part::Shadow => [0.0, 0.0, 0.0, 0.55],
        _ => [red, green, blue, 1.0],
    };
    let [lx, ly, lz] = LIGHT;
    let sky = [0.55, 0.75, 1.0, 1.0];
    w.set_shader_constants_f(ShaderStage::Pixel, 0, &[color, [lx, ly * flip, lz, 0.0], sky]);
    let (shader, cull) = match part {
        Part::Itself => (handle::BALL_PS, d3d::CULL_CCW),
        Part::Mirrored => (handle::BALL_PS, d3d::CULL_CW),
        Part::Shadow => (handle::PLAIN_PS, d3d::CULL_NONE),
    };
    w.bind_shaders(handle::BALL_VS, shader);
    if part == Part::Shadow {
        device::blend(w, d3d::SRCALPHA, d3d::INVSRCALPHA);
    } else {
        device::blend(w, d3d::ONE, d3d::ZERO);
    }
    states(w, &[(rs::CULLMODE, cull)]);
    let index_count = u32::from(BALL_MESH.0) * u32::from(BALL_MESH.1) * 6;
    w.draw_indexed(DrawIndexed { index_count, instance_count: 1, ..Default::default() });
}

/// A page with text and a chart, drawn once.
pub fn notes(w: &mut StreamWriter, font: &Font) {
    const INK: u32 = 0xff2b_3440;
    const PALE: u32 = 0xff7d_8a99;
    let [width, height] = NOTES_SIZE.map(|n| n as f32);
    let mut p = Picture::default();
    p.fill([-4.0, -4.0, width + 4.0, height + 4.0], 0.0, [0xffff_ffff, 0xfff1_f5fa]);
    p.text(font, handle::FONT, [22.0, 46.0], 1, "AeroGPU", 0xff1f_5fa8);
    p.fill([22.0, 58.0, width - 22.0, 59.0], 0.0, [0xffd5_dde7; 2]);
    for (i, line) in ["Windows of glass, drawn by a CPU alone.", "Every pixel is the same on every machine."]
        .iter()
        .enumerate()
    {
        p.text(font, handle::FONT, [22.0, 80.0 + 19.0 * i as f32], 0, line, INK);
    }
    let base = height - 44.0;
    for (i, (value, name, colors)) in [
        (0.42, "glass", [0xff7f_c4f2, 0xff2f_7fc4]),
        (0.78, "blur", [0xff8f_e0a8, 0xff3a_a35c]),
        (0.60, "fog", [0xffff_d27a, 0xffe8_9a2c]),
        (0.95, "shadow", [0xffff_9a86, 0xffd6_4a3a]),
        (0.70, "mirror", [0xffc6_a4f0, 0xff7f_52c4]),
    ]
    .into_iter()
    .enumerate()
    {
        let left = 38.0 + 66.0 * i as f32;
        let top = base - 110.0 * value;
        p.shape(
            Brush::Shape,
            Shape::rect([left, top + 4.0, left + 42.0, base + 4.0], 5.0, [0x4020_3040; 2]).soft(10.0),
        );
        p.fill([left, top, left + 42.0, base], 4.0, colors);
        p.fill([left + 3.0, top + 2.0, left + 20.0, base - 2.0], 3.0, [0x60ff_ffff, 0x10ff_ffff]);
        p.centered(font, handle::FONT, [left + 21.0, base + 18.0], 0, name, PALE);
    }
    p.fill([22.0, base, width - 22.0, base + 1.0], 0.0, [0xff9a_a7b5; 2]);
    device::target(w, handle::NOTES, 0, NOTES_SIZE);
    device::draw_picture(w, &p, NOTES_SIZE);
}
