//! Shader cases: shaders run through the library at full precision, in any of the interpreters.

pub mod case;
mod direct3d9;
mod draw;
mod fill;
mod probe;
pub mod values;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aerogpu::engine::Engine;
use aerogpu::pipeline::shader::Shader;
use aerogpu_dxbc::assembler::assemble;
use aerogpu_dxbc::sm3;
use aerogpu_protocol::packets::ShaderStage;

use crate::case::{CaseError, MAX_DATA_BYTES, MAX_JSON_BYTES, read, relative};
use crate::run::Trouble;
use crate::stages::Stage;
use case::{Code, Constants, Data, Rules, SCHEMA, ShaderCase, StageName, Step};
use world::World;

/// A case with everything that it names.
#[derive(Debug)]
pub struct Loaded {
    /// The case.
    pub case: ShaderCase,
    folder: PathBuf,
    shaders: BTreeMap<StageName, Arc<Shader>>,
    /// The shaders of Direct3D 9, which get their form when a draw's states are known.
    programs: BTreeMap<StageName, sm3::Program>,
}

impl Loaded {
    /// Reads the case of a JSON file, and its shaders.
    ///
    /// # Errors
    /// A file that cannot be read, is too large or is no case, or a shader that is none.
    pub fn load(path: &Path) -> Result<Self, CaseError> {
        Self::parse(&read(path, MAX_JSON_BYTES)?, path)
    }

    /// As [`load`](Self::load) when `path` holds `text`.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn parse(text: &[u8], path: &Path) -> Result<Self, CaseError> {
        let json = |source| CaseError::Json { path: path.to_owned(), source };
        let Head { schema } = serde_json::from_slice(text).map_err(json)?;
        if schema != SCHEMA {
            return Err(CaseError::Schema { path: path.to_owned(), found: schema, takes: SCHEMA });
        }
        let case: ShaderCase = serde_json::from_slice(text).map_err(json)?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let mut loaded = Self { case, folder, shaders: BTreeMap::new(), programs: BTreeMap::new() };
        for (&stage, code) in &loaded.case.shaders {
            let bad = |what: String| CaseError::Shader { path: path.to_owned(), stage: stage.name(), what };
            match loaded.case.rules {
                Rules::D3d11 => {
                    let shader = loaded.shader(stage, code).map_err(bad)?;
                    loaded.shaders.insert(stage, Arc::new(shader));
                }
                Rules::D3d9 => {
                    let program = loaded.program(stage, code).map_err(bad)?;
                    loaded.programs.insert(stage, program);
                }
            }
        }
        Ok(loaded)
    }

    /// The stages that it uses.
    pub fn stages(&self) -> BTreeSet<Stage> {
        self.shaders.keys().chain(self.programs.keys()).map(|stage| stage.protocol().into()).collect()
    }

    fn shader(&self, stage: StageName, code: &Code) -> Result<Shader, String> {
        let text = match code {
            Code::Text { text } => text.join("\n"),
            Code::File(name) => {
                let bytes = self.file(name)?;
                if !name.ends_with(".asm") {
                    return Shader::new(stage.protocol(), &bytes).map_err(|error| error.to_string());
                }
                String::from_utf8(bytes).map_err(|_| format!("{name} is no text"))?
            }
        };
        let bytes = assemble(&text).map_err(|error| error.to_string())?.to_dxbc();
        Shader::new(stage.protocol(), &bytes).map_err(|error| error.to_string())
    }

    fn program(&self, stage: StageName, code: &Code) -> Result<sm3::Program, String> {
        let text = match code {
            Code::Text { text } => text.join("\n"),
            Code::File(name) => {
                let bytes = self.file(name)?;
                if !name.ends_with(".asm") {
                    let program = direct3d9::decode(&bytes)?;
                    return direct3d9::check(stage, &program).map(|()| program);
                }
                String::from_utf8(bytes).map_err(|_| format!("{name} is no text"))?
            }
        };
        let program = sm3::assemble(&text).map_err(|error| error.to_string())?;
        direct3d9::check(stage, &program).map(|()| program)
    }

    fn file(&self, name: &str) -> Result<Vec<u8>, String> {
        read(&self.folder.join(relative(name)?), MAX_DATA_BYTES).map_err(|error| error.to_string())
    }

    fn data(&self, data: &Data) -> Result<Vec<u8>, String> {
        match data {
            Data::File(name) => self.file(name),
            Data::Values(values) => values.bytes(),
        }
    }

    /// Executes the case until the first step that fails; says what is not as expected.
    ///
    /// # Errors
    /// The step and what is wrong with it.
    pub fn run(&self, engine: Engine) -> Result<(), Trouble> {
        let shaders = (self.shaders.clone(), self.programs.clone());
        let mut world = World::new(&self.case, shaders, engine, |data| self.data(data))?;
        for (number, step) in self.case.steps.iter().enumerate() {
            let done = match step {
                Step::Clear(step) => world.clear(step).map_err(Trouble::from),
                Step::Constants(step) => self.constants(&mut world, step),
                Step::Draw(step) => world.draw(step, |data| self.data(data)),
                Step::Dispatch(step) => world.dispatch(step.groups),
                Step::Copy(step) => world.copy(step.from, step.to).map_err(Trouble::from),
                Step::Probe(step) => probe::probe(&world, step).map_err(Trouble::from),
            };
            done.map_err(|t| Trouble { detail: format!("step {number}: {}", t.detail), ..t })?;
        }
        Ok(())
    }

    fn constants(&self, world: &mut World, step: &Constants) -> Result<(), Trouble> {
        let bytes = self.data(&step.data)?;
        let words = bytes.chunks_exact(4).map(|w| u32::from_le_bytes([w[0], w[1], w[2], w[3]]));
        if let Some(direct3d9) = &mut world.direct3d9 {
            let words = words.collect::<Vec<_>>();
            return direct3d9.set_constants(step.stage, step.register, &words).map_err(Trouble::from);
        }
        if step.register != 0 || step.stage.is_some() {
            return Err("register and stage are for Direct3D 9 constants".to_owned().into());
        }
        let slot = world.constants.get_mut(step.slot as usize);
        *slot.ok_or_else(|| format!("there is no constant buffer {}", step.slot))? =
            Arc::new(words.collect());
        Ok(())
    }
}

impl StageName {
    fn name(self) -> &'static str {
        ["vs", "hs", "ds", "gs", "ps", "cs"][self as usize]
    }

    fn protocol(self) -> ShaderStage {
        match self {
            Self::Vs => ShaderStage::Vertex,
            Self::Hs => ShaderStage::Hull,
            Self::Ds => ShaderStage::Domain,
            Self::Gs => ShaderStage::Geometry,
            Self::Ps => ShaderStage::Pixel,
            Self::Cs => ShaderStage::Compute,
        }
    }
}

/// Every interpreter that this machine has, by name: the reference, then the fast one at each vector level.
pub fn engines() -> Vec<(&'static str, Engine)> {
    let levels = ["sse2", "sse4.2", "avx2", "avx512", "neon", "simd128"];
    let simd = levels.into_iter().filter_map(|name| Some((name, Engine::Simd(Engine::level(name)?))));
    [("scalar", Engine::Scalar)].into_iter().chain(simd).collect()
}

/// Which format a file is in.
#[derive(serde::Deserialize)]
struct Head {
    schema: String,
}

/// True for JSON that says it is a shader case, whether or not it can be loaded: what is broken must be seen.
pub fn is_shader_case(path: &Path) -> bool {
    /// The schema of any version.
    const SCHEMAS: &str = "aerogpu-shader-case/";
    let is_one = |text: Vec<u8>| match serde_json::from_slice::<Head>(&text) {
        Ok(head) => head.schema.starts_with(SCHEMAS),
        Err(_) => String::from_utf8_lossy(&text).contains(SCHEMAS),
    };
    path.extension().is_some_and(|extension| extension == "json")
        && read(path, MAX_JSON_BYTES).is_ok_and(is_one)
}
