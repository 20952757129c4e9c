//! Shaders as the executor keeps them: parsed and validated once, at creation.

use std::sync::Arc;

use aerogpu_dxbc::container::{ContainerError, ShaderBlob};
use aerogpu_dxbc::ir::Stage;
use aerogpu_dxbc::shader::ValidationError;
use aerogpu_dxbc::sm4::DecodeError;
use aerogpu_dxbc::{ValidatedShader, sm3};
use aerogpu_protocol::packets::ShaderStage;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use super::bindings::StageBindings;
use crate::limits;

/// Why shader code was refused.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ShaderError {
    /// More code than any compiler emits.
    #[error("{0} bytes of shader code; at most {max} are accepted", max = limits::MAX_SHADER_BYTES)]
    TooLarge(usize),
    /// Not a shader container.
    #[error(transparent)]
    Container(#[from] ContainerError),
    /// The token stream is malformed.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The program breaks a rule of its shader model, or cannot be executed.
    #[error(transparent)]
    Validation(#[from] ValidationError),
    /// Direct3D 9 code cannot be executed.
    #[error(transparent)]
    Direct3d9(#[from] sm3::ShaderError),
    /// The code is for another stage than the packet says.
    #[error("the code is a {found:?} shader, but the packet says {expected:?}")]
    Stage {
        /// What the packet says.
        expected: ShaderStage,
        /// What the code says.
        found: Stage,
    },
    /// Direct3D 9 code for a stage that Direct3D 9 does not have.
    #[error("the code is for Direct3D 9, which has no {0:?} stage")]
    Direct3d9Stage(ShaderStage),
}

/// A shader object.
#[derive(Debug)]
pub enum Shader {
    /// Shader model 4 or 5.
    Dxbc(Box<ValidatedShader>),
    /// Shader models 1 to 3.
    Direct3d9(Box<Direct3d9Shader>),
}

/// A Direct3D 9 shader: its tokens, and what they are with one combination of states.
#[derive(Debug)]
pub struct Direct3d9Shader {
    tokens: Arc<sm3::Program>,
    shader: sm3::Shader,
    /// The same tokens with other states; only the shader that was created keeps them.
    variants: Mutex<FxHashMap<sm3::Variant, Arc<Shader>>>,
}

impl Direct3d9Shader {
    fn new(tokens: Arc<sm3::Program>, variant: &sm3::Variant) -> Result<Self, ShaderError> {
        let shader = sm3::Shader::with_variant(&tokens, variant)?;
        Ok(Self { tokens, shader, variants: Mutex::default() })
    }

    /// What must be bound to it.
    pub fn interface(&self) -> &sm3::Interface {
        &self.shader.interface
    }

    /// The shader with what states add to its code; made at the first call. States have a few dozen combinations.
    pub fn variant(&self, variant: sm3::Variant) -> Result<Arc<Shader>, ShaderError> {
        let mut variants = self.variants.lock();
        if let Some(shader) = variants.get(&variant) {
            return Ok(shader.clone());
        }
        let shader = Arc::new(Shader::Direct3d9(Box::new(Self::new(self.tokens.clone(), &variant)?)));
        variants.insert(variant, shader.clone());
        Ok(shader)
    }
}

impl Shader {
    /// Parses and validates `code` for `stage`.
    pub fn new(stage: ShaderStage, code: &[u8]) -> Result<Self, ShaderError> {
        if code.len() > limits::MAX_SHADER_BYTES {
            return Err(ShaderError::TooLarge(code.len()));
        }
        let shader = match ShaderBlob::parse(code)? {
            ShaderBlob::Sm4(blob) => {
                let program = aerogpu_dxbc::sm4::decode(&blob.tokens)?;
                Self::check_stage(stage, program.stage)?;
                Self::Dxbc(Box::new(ValidatedShader::new(program, blob.signatures)?))
            }
            ShaderBlob::Sm3 { tokens } => {
                if !matches!(stage, ShaderStage::Vertex | ShaderStage::Pixel) {
                    return Err(ShaderError::Direct3d9Stage(stage));
                }
                let program = sm3::decode(&tokens).map_err(sm3::ShaderError::from)?;
                Self::check_stage(stage, program.stage)?;
                let shader = Direct3d9Shader::new(Arc::new(program), &sm3::Variant::default())?;
                Self::Direct3d9(Box::new(shader))
            }
        };
        Ok(shader)
    }

    fn check_stage(expected: ShaderStage, found: Stage) -> Result<(), ShaderError> {
        if found == dxbc_stage(expected) { Ok(()) } else { Err(ShaderError::Stage { expected, found }) }
    }

    /// The validated program.
    pub fn program(&self) -> &ValidatedShader {
        match self {
            Self::Dxbc(program) => program,
            Self::Direct3d9(shader) => &shader.shader.program,
        }
    }

    /// The program, unless this is Direct3D 9 code.
    pub fn dxbc(&self) -> Option<&ValidatedShader> {
        match self {
            Self::Dxbc(program) => Some(program),
            Self::Direct3d9(_) => None,
        }
    }

    /// The shader, if it is Direct3D 9's.
    pub fn direct3d9(&self) -> Option<&Direct3d9Shader> {
        match self {
            Self::Dxbc(_) => None,
            Self::Direct3d9(shader) => Some(shader),
        }
    }
}

/// A shader with everything that its stage has bound.
#[derive(Debug)]
pub struct BoundShader {
    /// The shader.
    pub shader: Arc<Shader>,
    /// What it reads.
    pub bindings: StageBindings,
}

impl BoundShader {
    /// The validated program.
    pub fn program(&self) -> &ValidatedShader {
        self.shader.program()
    }
}

/// The protocol's stage in the bytecode's terms.
pub fn dxbc_stage(stage: ShaderStage) -> Stage {
    match stage {
        ShaderStage::Vertex => Stage::Vertex,
        ShaderStage::Pixel => Stage::Pixel,
        ShaderStage::Compute => Stage::Compute,
        ShaderStage::Geometry => Stage::Geometry,
        ShaderStage::Hull => Stage::Hull,
        ShaderStage::Domain => Stage::Domain,
    }
}

#[cfg(test)]
impl BoundShader {
    /// A shader from text, with nothing bound.
    pub(crate) fn assemble(stage: ShaderStage, text: &str) -> Self {
        let code = aerogpu_dxbc::assembler::assemble(text).expect("assembles").to_dxbc();
        let shader = Arc::new(Shader::new(stage, &code).expect("is valid"));
        Self { shader, bindings: StageBindings::default() }
    }
}
