//! Text to DXBC: the syntax that [`Program`]'s `Display` prints, plus directives for signatures.
//!
//! One statement a line; `//` and `;` start comments. Names are compared without case.
//!
//! ```
//! let shader = aerogpu_dxbc::assembler::assemble("
//!     .input  POSITION 0 v0.xyzw float
//!     .output SV_Position 0 o0.xyzw float sysvalue position
//!     vs_5_0
//!     dcl_globalFlags refactoringAllowed
//!     dcl_constantbuffer cb0[4], immediateIndexed
//!     dcl_input v0.xyzw
//!     dcl_output_siv o0.xyzw, position
//!     dcl_temps 1
//!     mul r0.xyzw, v0.xyzw, l(2.0, 2.0, 2.0, 1.0)
//!     add_sat o0.xyzw, r0.xyzw, -|cb0[3].xxxx|
//!     ret
//! ")?;
//! let container = shader.to_dxbc();
//! # assert!(aerogpu_dxbc::container::Container::parse(&container).is_ok_and(|c| c.checksum_ok));
//! # Ok::<(), aerogpu_dxbc::assembler::AssembleError>(())
//! ```
//!
//! # Signatures
//! `.input`, `.output` and `.patch` stand before or after the profile:
//! `.input NAME INDEX REGISTER.MASK TYPE [sysvalue VALUE] [rw=MASK] [stream=N] [precision=N]`.
//! - REGISTER is a letter and a number (`v0`, `o3`, `p1`), or a word without a number for a value that has no register
//!   (`oDepth.x`, `none.x`).
//! - TYPE is `float`, `int`, `uint` or `unknown`.
//! - VALUE is a number of `D3D_NAME` or one of `position clip_distance cull_distance rendertarget_array_index
//!   viewport_array_index vertex_id primitive_id instance_id is_front_face sample_index quad_edge quad_inside tri_edge
//!   tri_inside line_detail line_density target depth coverage depth_greater_equal depth_less_equal stencil_ref
//!   inner_coverage`. The word `sysvalue` may be left out before a name.
//! - `rw` is the components always read (inputs; default: the mask) or never written (outputs; default: none).
//!
//! # Operands
//! `[-][|]REGISTER[INDEX]...[.COMPONENTS][|] [{ATTRIBUTE, ...}]`
//! - Registers: `r v o x s t cb icb l fb ft fp m u g vicp vocp vpc this` with indices; `vPrim vDomain vThreadID
//!   vThreadGroupID vThreadIDInGroup vThreadIDInGroupFlattened vCoverage vInnerCoverage vGSInstanceID
//!   vOutputControlPointID vForkInstanceID vJoinInstanceID vCycleCounter oDepth oDepthGE oDepthLE oMask oStencilRef
//!   rasterizer null`.
//! - Indices: `r0`, `cb0[3]`, `x0[r1.x]`, `cb0[r1.x + 3]`, `v[0][1]` = `v0[1]`; `5L` is a 64-bit index. In declarations of
//!   Shader Model 5.1, `T0[2:5]` and `T0[2:*]` are ranges; `CB0[2:2][16]` adds the size in vectors.
//! - Components: a mask on destinations (`.xyz`), on sources a swizzle, of which the last letter repeats (`.xy` is
//!   `.xyyy`), or one selected component (`.x`). Without letters a register is `xyzw`, samplers, labels, streams,
//!   targets of atomics and declared resources have none, scalars such as `oDepth` and `vPrim` one. Attributes `none`,
//!   `one`, `mask xy`, `swizzle xyzw`, `select x` say what this cannot.
//! - Other attributes: `min16f`, `min2_8f`, `min16i`, `min16u`, `nonuniform`.
//! - Immediates: `l(1.0)`, `l(1, -2, 0x7fc00000, 1e-3)`; doubles `d(0.5)`, `d(1.0, 0x7ff0000000000000)`. A literal with a point or an
//!   exponent is a float, `0x...` is bits, anything else an integer.
//!
//! # Instructions
//! `MNEMONIC[_sat][_z|_nz][_aoffimmi][_indexable][(U,V,W)][(DIMENSION[, stride=N])(TYPE,TYPE,TYPE,TYPE)][_uint|_rcpFloat]
//! [\[precise\]|\[precise(MASK)\]] OPERAND, ...`, for example `if_nz r0.x`, `sync_g_t`, `resinfo_uint r0.xyzw, l(0), t0.xyzw`,
//! `sample_aoffimmi_indexable(1,0,0)(texture2d)(float,float,float,float) r0.xyzw, v1.xyxx, t0.xyzw, s0`,
//! `ld_structured_indexable(structured_buffer, stride=16)(mixed,mixed,mixed,mixed) r0.x, r1.x, l(0), t0.xxxx`,
//! `fcall fp0[ELEMENT][CALL SITE]`, `label l0`, `call l0`.
//!
//! # Declarations
//! ```text
//! dcl_globalFlags refactoringAllowed | forceEarlyDepthStencil | ...
//! dcl_constantbuffer cb0[4], immediateIndexed | dynamicIndexed        5.1: CB0[2:2][4], immediateIndexed, space=0
//! dcl_resource_texture2d (float,float,float,float) t0                 5.1: ... T0[0:3], space=0
//! dcl_resource_texture2dms(4) (float,float,float,float) t0
//! dcl_resource_raw t0             dcl_resource_structured t0, 16
//! dcl_sampler s0, mode_default | mode_comparison | mode_mono
//! dcl_uav_typed_texture2d (uint,uint,uint,uint) u0    _glc _rov after any UAV declaration's name
//! dcl_uav_raw u0                  dcl_uav_structured u0, 16           _opc: with a counter
//! dcl_tgsm_raw g0, 256            dcl_tgsm_structured g0, 16, 64
//! dcl_input v0.xyzw               dcl_input_sgv v1.x, vertex_id       dcl_input_siv v0.xyzw, position
//! dcl_input_ps linear v1.xy       dcl_input_ps_sgv constant v2.x, is_front_face   dcl_input_ps_siv linear noperspective v0.xyzw, position
//! dcl_output o0.xyzw              dcl_output_siv o0.xyzw, position    dcl_output oDepth
//! dcl_temps 2                     dcl_indexableTemp x0[4], 4          dcl_indexRange v1.xyzw, 3
//! dcl_inputprimitive triangle     dcl_outputtopology trianglestrip    dcl_maxout 3
//! dcl_stream m0                   dcl_gsinstances 2                   dcl_thread_group 8, 8, 1
//! hs_decls   hs_control_point_phase   hs_fork_phase   hs_join_phase
//! dcl_input_control_point_count 3      dcl_output_control_point_count 3
//! dcl_tessellator_domain domain_tri    dcl_tessellator_partitioning partitioning_integer
//! dcl_tessellator_output_primitive output_triangle_cw      dcl_hs_max_tessfactor l(64.0)
//! dcl_hs_fork_phase_instance_count 3   dcl_hs_join_phase_instance_count 2
//! dcl_function_body fb0   dcl_function_table ft0 = {fb0, fb1}   dcl_interface fp0[1][2] = {ft0, ft1}
//! dcl_immediateConstantBuffer { { 1.0, 0, 0, 0 }, { 0, 1.0, 0, 0 } }
//! customdata comment { 0x1, 0x2 }
//! ```
//! An interface reads `fp#[array length][call sites]`. Lists in braces may span lines.

mod declaration;
mod instruction;
mod lexer;
mod operand;
mod signature;

use crate::container;
use crate::ir::{CustomData, CustomDataClass, Model, Program, Stage, Statement, names};
use crate::limits;
use crate::signature::{Signature, SignatureKind, Signatures};
use crate::sm4;
use lexer::Cursor;

/// Why text is not a program, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct AssembleError {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

type Parsed<T> = Result<T, AssembleError>;

/// An assembled shader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assembled {
    /// The program.
    pub program: Program,
    /// What the directives say.
    pub signatures: Signatures,
    /// The program's token stream.
    pub tokens: Vec<u32>,
}

impl Assembled {
    /// The shader in a container: signatures and program, with a right checksum.
    pub fn to_dxbc(&self) -> Vec<u8> {
        let Signatures { inputs, outputs, patch_constants } = &self.signatures;
        let mut chunks = vec![chunk(inputs, [b"ISGN", b"ISG1"]), chunk(outputs, [b"OSGN", b"OSG1"])];
        if outputs.kind() == SignatureKind::Streams {
            chunks[1] = (*b"OSG5", outputs.encode(SignatureKind::Streams));
        }
        if matches!(self.program.stage, Stage::Hull | Stage::Domain) {
            chunks.push(chunk(patch_constants, [b"PCSG", b"PSG1"]));
        }
        let tag = if self.program.model.major >= 5 { *b"SHEX" } else { *b"SHDR" };
        chunks.push((tag, self.tokens.iter().flat_map(|token| token.to_le_bytes()).collect()));
        container::build(&chunks)
    }
}

/// A signature as a plain chunk if that keeps all of it, else as a minimum-precision one.
fn chunk(signature: &Signature, [plain, full]: [&[u8; 4]; 2]) -> ([u8; 4], Vec<u8>) {
    match signature.kind() {
        kind @ SignatureKind::Plain => (*plain, signature.encode(kind)),
        _ => (*full, signature.encode(SignatureKind::MinPrecision)),
    }
}

/// Assembles a shader; the module describes the syntax.
///
/// # Errors
/// [`AssembleError`] names the line, the column and what was expected there.
pub fn assemble(text: &str) -> Result<Assembled, AssembleError> {
    let tokens = lexer::tokenize(text)?;
    let mut cursor = Cursor::new(&tokens);
    let mut signatures = Signatures::default();
    let mut program: Option<Program> = None;
    let mut positions = Vec::new();
    while cursor.skip_lines() {
        let position = cursor.position();
        if cursor.takes('.') {
            signature::directive(&mut cursor, &mut signatures)?;
        } else if let Some(program) = &mut program {
            if program.statements.len() == limits::STATEMENTS {
                return Err(cursor.error(format!("more than {} statements", limits::STATEMENTS)));
            }
            program.statements.push(statement(&mut cursor, program.model)?);
            positions.push(position);
        } else {
            let (stage, model) = profile(&mut cursor)?;
            program = Some(Program { stage, model, statements: Vec::new() });
        }
        cursor.end_line()?;
    }
    let program = program.ok_or_else(|| cursor.error("a profile such as `ps_5_0` is missing"))?;
    let tokens = sm4::encode(&program).map_err(|error| {
        let (line, column) = positions.get(error.statement).copied().unwrap_or_else(|| cursor.position());
        AssembleError { line, column, message: error.reason.to_string() }
    })?;
    Ok(Assembled { program, signatures, tokens })
}

/// `ps_5_0`
fn profile(cursor: &mut Cursor<'_>) -> Parsed<(Stage, Model)> {
    let error = cursor.error("expected a profile such as `ps_5_0`");
    let word = cursor.word().map_err(|_| error.clone())?.to_ascii_lowercase();
    let mut parts = word.splitn(2, '_');
    let prefix = parts.next();
    let stage = (0..6).filter_map(Stage::from_number).find(|stage| Some(stage.prefix()) == prefix);
    let model = match parts.next() {
        Some("4_0") => Some((4, 0)),
        Some("4_1") => Some((4, 1)),
        Some("5_0") => Some((5, 0)),
        Some("5_1") => Some((5, 1)),
        _ => None,
    };
    let (stage, (major, minor)) = stage.zip(model).ok_or(error)?;
    Ok((stage, Model { major, minor }))
}

/// One statement, up to the end of its line.
fn statement(cursor: &mut Cursor<'_>, model: Model) -> Parsed<Statement> {
    let error = cursor.error("expected an instruction or a declaration");
    let name = cursor.word().map_err(|_| error)?.to_ascii_lowercase();
    match &*name {
        "dcl_immediateconstantbuffer" => Ok(Statement::CustomData(immediate_constants(cursor)?)),
        "customdata" => Ok(Statement::CustomData(custom_data(cursor)?)),
        _ if name.starts_with("dcl_") || name.starts_with("hs_") => {
            Ok(Statement::Declaration(declaration::parse(cursor, &name, model)?))
        }
        _ => Ok(Statement::Instruction(instruction::parse(cursor, &name)?)),
    }
}

/// `{ { 1.0, 0, 0, 0 }, ... }`
fn immediate_constants(cursor: &mut Cursor<'_>) -> Parsed<CustomData> {
    let mut words = Vec::new();
    cursor.list('{', '}', |cursor| {
        let before = words.len();
        cursor.list('{', '}', |cursor| {
            words.push(cursor.literal()?);
            Ok(())
        })?;
        if words.len() - before == 4 { Ok(()) } else { Err(cursor.error("a vector has four components")) }
    })?;
    Ok(CustomData { class: CustomDataClass::ImmediateConstantBuffer, words })
}

/// `comment { 0x1, 0x2 }`
fn custom_data(cursor: &mut Cursor<'_>) -> Parsed<CustomData> {
    let error = cursor.error("expected a class of custom data, by name or number");
    let class = match cursor.word() {
        Ok(word) => names::value_of(names::CUSTOM_DATA, word).ok_or(error)?,
        Err(_) => CustomDataClass::from_number(cursor.number()?),
    };
    let mut words = Vec::new();
    cursor.list('{', '}', |cursor| {
        words.push(cursor.literal()?);
        Ok(())
    })?;
    Ok(CustomData { class, words })
}

#[cfg(test)]
mod tests;
