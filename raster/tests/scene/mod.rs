//! What the tests of passes share: states that do as little as possible, shaders from closures, images to look at.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // every test uses some of it; a test fails by panicking

use std::fmt;
use std::sync::Arc;

use aerogpu_raster::format::Format;
use aerogpu_raster::pass::{DrawState, Pass, PassOptions, TargetLayout, Targets, Work};
use aerogpu_raster::primitive::{PrimitiveBatch, PrimitiveKind, VertexBatch};
use aerogpu_raster::shader::{
    ConstantOutput, Interpolant, InterpolationMode, PixelBatch, PixelOutput, PixelShader, PixelShaderInfo,
    PullModel, ShaderTimeout, SystemInputs,
};
use aerogpu_raster::state::*;
use aerogpu_raster::surface::Image;
use fearless_simd::Level;
use smallvec::smallvec;

type Shade = dyn Fn(&PixelBatch, &mut PixelOutput) + Send + Sync;

/// A pixel shader made of a closure.
pub struct FnShader {
    pub info: PixelShaderInfo,
    pub shade: Box<Shade>,
    pub constant: Option<ConstantOutput>,
}

impl fmt::Debug for FnShader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.info.fmt(f)
    }
}

impl PixelShader for FnShader {
    fn info(&self) -> &PixelShaderInfo {
        &self.info
    }

    fn constant(&self) -> Option<&ConstantOutput> {
        self.constant.as_ref()
    }

    fn shade(
        &self,
        batch: &PixelBatch,
        _: &dyn PullModel,
        output: &mut PixelOutput,
    ) -> Result<(), ShaderTimeout> {
        (self.shade)(batch, output);
        Ok(())
    }
}

pub fn shader(
    info: PixelShaderInfo,
    shade: impl Fn(&PixelBatch, &mut PixelOutput) + Send + Sync + 'static,
) -> Arc<dyn PixelShader> {
    Arc::new(FnShader { info, shade: Box::new(shade), constant: None })
}

/// Facts of a shader that reads words 0.. of the vertices, in these modes, and writes target 0.
pub fn inputs(modes: &[InterpolationMode]) -> PixelShaderInfo {
    let interpolant = |(i, &mode)| Interpolant { vertex_word: Some(i as u16), row: i as u16, mode };
    PixelShaderInfo {
        interpolants: modes.iter().enumerate().map(interpolant).collect(),
        rows: modes.len(),
        writes_color: 1,
        reads: SystemInputs::all(),
        ..Default::default()
    }
}

/// Sets the colour of one lane.
pub fn set_color(output: &mut PixelOutput, target: usize, lane: usize, color: [u32; 4]) {
    let rows = &mut output.colors[target];
    let lanes = rows.len() / 4;
    (0..4).for_each(|c| rows[c * lanes + lane] = color[c]);
}

/// Sets the colour of every lane.
pub fn fill_color(output: &mut PixelOutput, target: usize, color: [u32; 4]) {
    let rows = &mut output.colors[target];
    let lanes = rows.len() / 4;
    rows.chunks_mut(lanes).zip(color).for_each(|(row, c)| row.fill(c));
}

/// `SV_Position` of one lane.
pub fn position_of(batch: &PixelBatch, lane: usize) -> [f32; 4] {
    batch.position.each_ref().map(|row| row[lane])
}

/// Target 0 gets the first four words, interpolated linearly.
pub fn copy_shader() -> Arc<dyn PixelShader> {
    shader(inputs(&[InterpolationMode::Linear; 4]), |batch, output| {
        for lane in 0..batch.lanes {
            let color = [0, 1, 2, 3].map(|row| batch.inputs[row * batch.lanes + lane]);
            set_color(output, 0, lane, color);
        }
    })
}

/// Target 0 gets the same register bits everywhere.
pub fn constant_shader(bits: [u32; 4]) -> Arc<dyn PixelShader> {
    shader(inputs(&[]), move |_, output| fill_color(output, 0, bits))
}

/// The same, and the rasterizer knows.
pub fn known_constant_shader(bits: [u32; 4]) -> Arc<dyn PixelShader> {
    let constant =
        Some(ConstantOutput { colors: [bits; MAX_TARGETS], instructions: 0, cost: Default::default() });
    let shade = Box::new(move |_: &PixelBatch, output: &mut PixelOutput| fill_color(output, 0, bits));
    Arc::new(FnShader { info: inputs(&[]), shade, constant })
}

pub fn viewport(width: f32, height: f32) -> Viewport {
    Viewport { x: 0.0, y: 0.0, width, height, min_depth: 0.0, max_depth: 1.0 }
}

/// No culling, no clipping in depth, no depth or stencil test, overwriting all of every target.
pub fn state(width: f32, height: f32, pixel_shader: Option<Arc<dyn PixelShader>>) -> DrawState {
    let target = TargetBlend { blend: None, write_mask: 15, srgb_write: false };
    let face = StencilFace { func: CompareFunc::Always, ..Default::default() };
    DrawState {
        rasterizer: RasterizerState {
            fill: FillMode::Solid,
            cull: CullMode::None,
            front_counter_clockwise: false,
            depth_clip: true,
            depth_bias: DepthBias::default(),
            viewports: smallvec![viewport(width, height)],
            scissors: smallvec![],
        },
        depth_stencil: DepthStencilState {
            depth_enable: false,
            depth_write: false,
            depth_func: CompareFunc::Less,
            stencil_enable: false,
            stencil_read_mask: 0xff,
            stencil_write_mask: 0xff,
            stencil_ref: 0,
            front: face,
            back: face,
        },
        blend: BlendState {
            targets: [target; MAX_TARGETS],
            constant: [1.0; 4],
            sample_mask: u32::MAX,
            alpha_to_coverage: false,
            alpha_test: None,
        },
        pixel_shader,
    }
}

/// Vertices with these clip-space positions and words.
pub fn vertices<const N: usize>(list: &[([f32; 4], [f32; N])]) -> VertexBatch {
    VertexBatch {
        positions: list.iter().map(|v| v.0).collect(),
        words: N,
        attributes: list.iter().flat_map(|v| v.1.map(f32::to_bits)).collect(),
        ..Default::default()
    }
}

/// All vertices in order.
pub fn in_order(kind: PrimitiveKind, vertices: &VertexBatch) -> PrimitiveBatch {
    PrimitiveBatch {
        kind,
        indices: (0..vertices.positions.len() as u32).collect(),
        leading: 0,
        ids: Vec::new(),
        array_indices: Vec::new(),
    }
}

/// A shader that writes 1 to everything.
pub fn white() -> Option<Arc<dyn PixelShader>> {
    Some(constant_shader([1.0_f32.to_bits(); 4]))
}

/// The pixels of a rectangle, row by row.
pub fn pixels(left: u32, top: u32, right: u32, bottom: u32) -> Vec<(u32, u32)> {
    (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y))).collect()
}

/// A clip-space position that comes out at these pixels exactly, if the sizes are powers of two.
pub fn at([width, height]: [f32; 2], x: f32, y: f32, z: f32) -> [f32; 4] {
    [x / (width / 2.0) - 1.0, 1.0 - y / (height / 2.0), z, 1.0]
}

/// Every SIMD level that this CPU has.
pub fn levels() -> Vec<Level> {
    let best = Level::new();
    #[cfg(target_arch = "x86_64")]
    let others = [
        best.as_sse2().map(Level::Sse2),
        best.as_sse4_2().map(Level::Sse4_2),
        best.as_avx2().map(Level::Avx2),
        best.as_avx512().map(Level::Avx512),
    ];
    #[cfg(not(target_arch = "x86_64"))]
    let others = [Some(best)];
    others.into_iter().flatten().collect()
}

/// Images and a pass over them.
pub struct Scene {
    pub color: Image,
    pub depth: Option<Image>,
    pub pass: Pass,
}

impl Scene {
    pub fn new(
        color: Format,
        depth: Option<Format>,
        width: u32,
        height: u32,
        samples: u32,
        tile_size: u32,
    ) -> Self {
        let options = PassOptions { tile_size, ..Default::default() };
        Self::with(color, depth, [width, height], samples, options)
    }

    pub fn with(
        color: Format,
        depth: Option<Format>,
        [width, height]: [u32; 2],
        samples: u32,
        options: PassOptions,
    ) -> Self {
        let mut colors = [None; MAX_TARGETS];
        colors[0] = Some(color);
        let layout = TargetLayout { colors, depth_stencil: depth, width, height, layers: 1, samples };
        Self {
            color: Image::new(color, width, height, samples).unwrap(),
            depth: depth.map(|format| Image::new(format, width, height, samples).unwrap()),
            pass: Pass::new(layout, options),
        }
    }

    /// An RGBA8 target of one sample.
    pub fn rgba8(width: u32, height: u32) -> Self {
        Self::new(Format::R8G8B8A8Unorm, None, width, height, 1, 64)
    }

    pub fn draw(&mut self, state: DrawState, kind: PrimitiveKind, vertices: VertexBatch) {
        let primitives = in_order(kind, &vertices);
        self.pass.draw(&Arc::new(state), Arc::new(vertices), primitives);
    }

    pub fn flush(&mut self) -> Work {
        let mut targets = Targets::default();
        targets.colors[0].push(&mut self.color);
        targets.depth_stencil.extend(&mut self.depth);
        self.pass.flush(&mut targets).unwrap()
    }

    pub fn draw_now(&mut self, state: DrawState, kind: PrimitiveKind, vertices: VertexBatch) -> Work {
        self.draw(state, kind, vertices);
        self.flush()
    }

    pub fn color(&self, x: u32, y: u32) -> [f32; 4] {
        self.color.read_texel(x, y, 0).map(f32::from_bits)
    }

    /// Pixels whose first component is not zero.
    pub fn lit(&self) -> Vec<(u32, u32)> {
        let all = (0..self.color.height()).flat_map(|y| (0..self.color.width()).map(move |x| (x, y)));
        all.filter(|&(x, y)| self.color.read_texel(x, y, 0)[0] != 0).collect()
    }
}
