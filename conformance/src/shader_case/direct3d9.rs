//! Direct3D 9 shaders in cases: constants are registers, and fog, alpha test and flat shading become part of the code.

use std::collections::BTreeMap;
use std::sync::Arc;

use aerogpu::pipeline::bindings::WordView;
use aerogpu::pipeline::direct3d9::PointState;
use aerogpu::pipeline::shader::Shader;
use aerogpu_dxbc::ir::Stage;
use aerogpu_dxbc::sm3::{self, AlphaTest, Comparison, Fog, FogSource, Variant, environment};
use aerogpu_raster::format::Format;
use aerogpu_raster::primitive::VertexBatch;
use aerogpu_raster::state::Viewport;

use super::case::{Compare, FogMode, StageName, State};

/// Float registers of a stage.
const REGISTERS: usize = 256;

type Registers = [[u32; 4]; REGISTERS];

/// The shaders of a case, their constants, and what they are under the states of a draw.
#[derive(Debug, Clone)]
pub struct Direct3d9 {
    programs: BTreeMap<StageName, sm3::Program>,
    floats: BTreeMap<StageName, Registers>,
    constants: BTreeMap<StageName, Vec<WordView>>,
}

impl Direct3d9 {
    /// Shaders without constants.
    pub fn new(programs: BTreeMap<StageName, sm3::Program>) -> Self {
        Self { programs, floats: BTreeMap::new(), constants: BTreeMap::new() }
    }

    /// Writes float registers from `register` of one stage, or of both.
    pub fn set_constants(
        &mut self,
        stage: Option<StageName>,
        register: u32,
        words: &[u32],
    ) -> Result<(), String> {
        let start = register as usize;
        let count = words.len().div_ceil(4);
        if start.checked_add(count).is_none_or(|end| end > REGISTERS) {
            return Err(format!("there are no float registers {start} to {}", start.saturating_add(count)));
        }
        for stage in
            [StageName::Vs, StageName::Ps].into_iter().filter(|s| stage.is_none_or(|only| only == *s))
        {
            let floats = self.floats.entry(stage).or_insert([[0; 4]; REGISTERS]);
            floats.as_flattened_mut()[4 * start..][..words.len()].copy_from_slice(words);
        }
        Ok(())
    }

    /// The constant buffers of a stage, as they were when [`Self::shaders`] was called last.
    pub fn constants(&self, stage: StageName) -> Vec<WordView> {
        self.constants.get(&stage).cloned().unwrap_or_default()
    }

    /// The shaders with what these states add to their code. `target` is the format of target 0.
    pub fn shaders(
        &mut self,
        state: &State,
        target: Option<Format>,
    ) -> Result<BTreeMap<StageName, Arc<Shader>>, String> {
        let (variant, reference) = variant(state, target);
        let mut shaders = BTreeMap::new();
        for (&stage, program) in &self.programs {
            let applies = if stage == StageName::Ps { variant } else { Variant::default() };
            let shader = sm3::Shader::with_variant(program, &applies).map_err(|error| error.to_string())?;
            let floats = self.floats.get(&stage).unwrap_or(&[[0; 4]; REGISTERS]);
            let buffers =
                [shader.interface.float_constants(floats), vec![], vec![], environment(state, reference)];
            let views = buffers.into_iter().map(|words| {
                let range = 0..words.len();
                WordView::new(Arc::new(words), range)
            });
            self.constants.insert(stage, views.collect());
            shaders.insert(stage, Arc::new(Shader::Dxbc(Box::new(shader.program))));
        }
        Ok(shaders)
    }
}

/// A program from the bytes of a token stream.
pub fn decode(bytes: &[u8]) -> Result<sm3::Program, String> {
    let words = bytes.chunks_exact(4).map(|w| u32::from_le_bytes([w[0], w[1], w[2], w[3]]));
    sm3::decode(&words.collect::<Vec<_>>()).map_err(|error| error.to_string())
}

/// Refuses a program of the wrong stage, or one that cannot be run.
pub fn check(stage: StageName, program: &sm3::Program) -> Result<(), String> {
    let found = if program.stage == Stage::Vertex { StageName::Vs } else { StageName::Ps };
    if found != stage {
        return Err("it is for another stage".into());
    }
    sm3::Shader::with_variant(program, &Variant::default()).map(drop).map_err(|error| error.to_string())
}

/// Code that states add, and the reference of the alpha test in its units (d3d-rules §17.3).
fn variant(state: &State, target: Option<Format>) -> (Variant, f32) {
    let fog = state.fog.map(|fog| {
        let source = if fog.ortho { FogSource::Z } else { FogSource::W };
        match fog.mode {
            FogMode::None => Fog::Vertex,
            FogMode::Linear => Fog::Linear(source),
            FogMode::Exp => Fog::Exp(source),
            FogMode::Exp2 => Fog::Exp2(source),
        }
    });
    let mut reference = 0.0;
    let alpha_test = state.alpha_test.filter(|test| test.func != Compare::Always).map(|test| {
        let code = (test.reference.clamp(0.0, 1.0) * 255.0).round_ties_even() as u32;
        let (scale, step) = match target {
            Some(Format::R10G10B10A2Unorm) => (1023, code << 2 | code >> 6),
            Some(Format::R16G16B16A16Unorm) => (65535, code << 8 | code),
            Some(Format::R16G16B16A16Float) => (32767, code << 7 | code >> 1),
            Some(Format::R32G32B32A32Float) => (0, code),
            _ => (255, code),
        };
        reference = if scale == 0 { step as f32 / 255.0 } else { step as f32 };
        AlphaTest { comparison: comparison(test.func), scale }
    });
    (Variant { fog, alpha_test, flat: state.flat_shading.unwrap_or(false) }, reference)
}

/// What becomes of points (d3d-rules §17.2).
pub fn points(state: &State, viewport: Option<&Viewport>) -> PointState {
    let [size, min, max] = state.point_size.unwrap_or([1.0, 1.0, 64.0]);
    PointState {
        size,
        min,
        max,
        scale: None,
        sprites: state.point_sprite.unwrap_or(false),
        viewport: viewport.map_or([1.0; 2], |viewport| [viewport.width, viewport.height]),
    }
}

/// Clips at the user's planes, which vertex shaders have in clip space (d3d-rules §17.3). The protocol does not carry them.
pub fn clip(state: &State, vertices: &mut VertexBatch) {
    let Some(planes) = state.clip_planes.as_ref().filter(|planes| !planes.is_empty()) else { return };
    vertices.clip_count = planes.len();
    vertices.clip = (vertices.positions.iter())
        .flat_map(|p| planes.values().map(move |q| q[0] * p[0] + q[1] * p[1] + q[2] * p[2] + q[3] * p[3]))
        .collect();
}

/// The words of [`sm3::ENVIRONMENT`].
fn environment(state: &State, reference: f32) -> Vec<u32> {
    let mut vectors = vec![[0.0_f32; 4]; environment::COUNT as usize];
    let (mut start, mut end, mut density) = (0.0, 0.0, 0.0);
    if let Some(fog) = state.fog {
        vectors[environment::FOG_COLOR as usize] = fog.color;
        (start, end, density) = (fog.start, fog.end, fog.density);
    }
    vectors[environment::PARAMETERS as usize] = [start, end, density, reference];
    vectors.into_iter().flatten().map(f32::to_bits).collect()
}

/// `None` never passes; "always" has no test.
fn comparison(func: Compare) -> Option<Comparison> {
    Some(match func {
        Compare::Never | Compare::Always => return None,
        Compare::Less => Comparison::Less,
        Compare::Equal => Comparison::Equal,
        Compare::LessEqual => Comparison::LessEqual,
        Compare::Greater => Comparison::Greater,
        Compare::NotEqual => Comparison::NotEqual,
        Compare::GreaterEqual => Comparison::GreaterEqual,
    })
}
