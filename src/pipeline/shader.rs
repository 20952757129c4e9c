//! Shaders as the executor keeps them: parsed and validated once, at creation.

use std::sync::Arc;

use aerogpu_dxbc::ValidatedShader;
use aerogpu_dxbc::container::{ContainerError, ShaderBlob};
use aerogpu_dxbc::ir::Stage;
use aerogpu_dxbc::shader::ValidationError;
use aerogpu_dxbc::sm4::DecodeError;
use aerogpu_protocol::packets::ShaderStage;

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
    /// Direct3D 9 tokens, shader models 1 to 3.
    Direct3d9 {
        /// The stage.
        stage: ShaderStage,
        /// The token stream.
        tokens: Vec<u32>,
    },
}

impl Shader {
    /// Parses and validates `code` for `stage`.
    pub fn new(stage: ShaderStage, code: &[u8]) -> Result<Self, ShaderError> {
        if code.len() > limits::MAX_SHADER_BYTES {
            return Err(ShaderError::TooLarge(code.len()));
        }
        match ShaderBlob::parse(code)? {
            ShaderBlob::Sm4(blob) => {
                let program = aerogpu_dxbc::sm4::decode(&blob.tokens)?;
                if program.stage != dxbc_stage(stage) {
                    return Err(ShaderError::Stage { expected: stage, found: program.stage });
                }
                Ok(Self::Dxbc(Box::new(ValidatedShader::new(program, blob.signatures)?)))
            }
            ShaderBlob::Sm3 { tokens } => match stage {
                ShaderStage::Vertex | ShaderStage::Pixel => Ok(Self::Direct3d9 { stage, tokens }),
                other => Err(ShaderError::Direct3d9Stage(other)),
            },
        }
    }

    /// The validated program, unless this is Direct3D 9 code.
    pub fn dxbc(&self) -> Option<&ValidatedShader> {
        match self {
            Self::Dxbc(shader) => Some(shader),
            Self::Direct3d9 { .. } => None,
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
    /// The validated program, unless this is Direct3D 9 code.
    pub fn program(&self) -> Option<&ValidatedShader> {
        self.shader.dxbc()
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
