//! The case format `aerogpu-shader-case/1`: one JSON file and the binary files that it names.
//!
//! Shader cases test shader semantics at full precision: they drive the interpreters, the rasterizer and the samplers through
//! the library, with formats, dimensions and states that the protocol does not have.
//!
//! ```json
//! {"schema": "aerogpu-shader-case/1", "name": "float/min", "source": "by hand", "rules": "d3d11",
//!  "why": "d3d-rules §1.4: the operand that is a number wins",
//!  "shaders": {"cs": "min.asm"},
//!  "resources": [{"kind": "uav_buffer", "slot": 0, "format": "r32_uint", "size_bytes": 16}],
//!  "steps": [{"op": "dispatch", "groups": [1, 1, 1]},
//!            {"op": "probe", "target": "uav_buffer", "slot": 0, "element": 0, "u32": [7]}]}
//! ```
//!
//! A shader is a file of bytecode, or of assembler text when its name ends in `.asm`; `{"text": ["ps_4_0", ...]}` holds the
//! lines themselves. Data is a file, or numbers in the case: `{"f32": [...]}`, `{"u32": [...]}`, `{"i32": [...]}`, `{"bits": [...]}`.
//! Rectangles, scissors too, are `[x, y, width, height]`. Unknown keys are an error.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The schema that this module reads.
pub const SCHEMA: &str = "aerogpu-shader-case/1";

/// Whose rules the shaders follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the variants say it")]
pub enum Rules {
    D3d11,
    D3d9,
}

/// A case as it is written.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShaderCase {
    /// [`SCHEMA`].
    pub schema: String,
    /// Unique name, `group/what`.
    pub name: String,
    /// Where the case comes from.
    pub source: String,
    /// Whose rules.
    pub rules: Rules,
    /// Why the expectations are what they are: the rule and its section.
    #[serde(default)]
    pub why: Option<String>,
    /// Shaders by stage: vs, hs, ds, gs, ps, cs.
    #[serde(default)]
    pub shaders: BTreeMap<StageName, Code>,
    /// What exists.
    #[serde(default)]
    pub resources: Vec<Resource>,
    /// Samplers; slots without one have Direct3D's default.
    #[serde(default)]
    pub samplers: Vec<Sampler>,
    /// Fixed-function state.
    #[serde(default)]
    pub state: State,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// A stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the variants are the stages' short names")]
pub enum StageName {
    Vs,
    Hs,
    Ds,
    Gs,
    Ps,
    Cs,
}

/// Where a shader's code is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Code {
    /// A file.
    File(String),
    /// Assembler text.
    Text {
        /// Its lines.
        text: Vec<String>,
    },
}

/// Where bytes come from.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Data {
    /// A file.
    File(String),
    /// Numbers.
    Values(Values),
}

/// Numbers with their type. Text stands for what JSON cannot say: `"nan"`, `"-inf"`, or a float to the last digit.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the fields are the types' names")]
pub struct Values {
    pub f32: Option<Vec<Option<Number>>>,
    pub u32: Option<Vec<Option<Number>>>,
    pub i32: Option<Vec<Option<Number>>>,
    /// Eight hexadecimal digits each.
    pub bits: Option<Vec<Option<String>>>,
}

/// A number, or text that names one.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Number {
    /// As JSON writes it.
    Json(serde_json::Number),
    /// As text.
    Text(String),
}

/// Kinds of resources; a step's `target` names them too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the variants are the format's own names")]
pub enum Kind {
    RenderTarget,
    DepthStencil,
    Texture,
    Buffer,
    UavTexture,
    UavBuffer,
}

/// Shapes of textures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[allow(missing_docs, reason = "the variants are the format's own names")]
pub enum Dimension {
    #[serde(rename = "1d")]
    D1,
    #[default]
    #[serde(rename = "2d")]
    D2,
    #[serde(rename = "2d_array")]
    D2Array,
    #[serde(rename = "2d_ms")]
    D2Ms,
    #[serde(rename = "cube")]
    Cube,
    #[serde(rename = "3d")]
    D3,
    #[serde(rename = "buffer")]
    Buffer,
}

/// A texture or buffer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// Kind.
    pub kind: Kind,
    /// Slot of its kind: target number, `t#` or `u#`.
    #[serde(default)]
    pub slot: u32,
    /// Shape.
    #[serde(default)]
    pub dimension: Dimension,
    /// DXGI name in lower case; buffers without one are words.
    pub format: Option<String>,
    /// Texels.
    #[serde(default = "one")]
    pub width: u32,
    /// Texels.
    #[serde(default = "one")]
    pub height: u32,
    /// Slices of a volume.
    #[serde(default = "one")]
    pub depth: u32,
    /// Layers; six a cube.
    pub layers: Option<u32>,
    /// Mip levels.
    #[serde(default = "one")]
    pub mips: u32,
    /// Samples a texel.
    #[serde(default = "one")]
    pub samples: u32,
    /// Bytes of a buffer; without it, those of `data`.
    pub size_bytes: Option<u32>,
    /// Bytes of a structure.
    #[serde(default)]
    pub stride_bytes: u32,
    /// A raw buffer.
    #[serde(default)]
    pub raw: bool,
    /// Initial hidden counter.
    #[serde(default)]
    pub counter: u32,
    /// Contents: all layers of a mip level, tight, before the next level. Zeros without it.
    pub data: Option<Data>,
}

fn one() -> u32 {
    1
}

/// A sampler.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sampler {
    /// `s#`
    pub slot: u32,
    /// Minification, magnification, mip.
    pub filter: Option<[FilterName; 3]>,
    /// Along u, v, w.
    pub address: Option<[AddressName; 3]>,
    /// Comparison function.
    pub compare: Option<Compare>,
    /// Added to the level of detail.
    pub lod_bias: Option<f32>,
    /// Least level.
    pub min_lod: Option<f32>,
    /// Greatest level.
    pub max_lod: Option<f32>,
    /// Most taps.
    pub max_anisotropy: Option<u32>,
    /// Border colour.
    pub border: Option<[f32; 4]>,
}

/// A filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum FilterName {
    /// Of mips: level 0 only.
    None,
    Point,
    Linear,
    Anisotropic,
}

/// What lies outside 0..1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum AddressName {
    Wrap,
    Mirror,
    Clamp,
    Border,
    MirrorOnce,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum Compare {
    Never,
    Less,
    Equal,
    LessEqual,
    Greater,
    NotEqual,
    GreaterEqual,
    Always,
}

/// Fixed-function state; what is absent is Direct3D's default, but nothing is culled.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// `[x, y, width, height, min_depth, max_depth]`; the smallest render target without any.
    pub viewports: Option<Vec<[f32; 6]>>,
    /// `[x, y, width, height]`
    pub scissors: Option<Vec<[i32; 4]>>,
    /// Depth test; off without it.
    pub depth: Option<Depth>,
    /// Culled faces.
    pub cull: Option<Cull>,
    /// Clip to 0 <= z <= w.
    pub depth_clip: Option<bool>,
    /// Samples that may be written.
    pub sample_mask: Option<u32>,
    /// Blending; off without it.
    pub blend: Option<Blend>,
    /// Direct3D 9's alpha test.
    pub alpha_test: Option<AlphaTest>,
    /// Direct3D 9's fog.
    pub fog: Option<Fog>,
    /// Direct3D 9's user clip planes by index.
    #[serde(default, deserialize_with = "numbered")]
    pub clip_planes: Option<BTreeMap<u32, [f32; 4]>>,
    /// Direct3D 9's flat shading.
    pub flat_shading: Option<bool>,
    /// Direct3D 9's point size: size, least, greatest.
    pub point_size: Option<[f32; 3]>,
    /// Direct3D 9's point sprites.
    pub point_sprite: Option<bool>,
}

/// A map whose keys are numbers. Inside a step, whose `op` is read first, serde does not take them out of JSON's text itself.
fn numbered<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<BTreeMap<u32, [f32; 4]>>, D::Error> {
    let named = Option::<BTreeMap<String, [f32; 4]>>::deserialize(deserializer)?;
    let number = |(name, plane): (String, _)| {
        let number =
            name.parse().map_err(|_| serde::de::Error::custom(format!("\"{name}\" is no number")))?;
        Ok((number, plane))
    };
    named.map(|planes| planes.into_iter().map(number).collect()).transpose()
}

/// Depth test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Depth {
    /// Function.
    pub func: Compare,
    /// Whether depth is written.
    #[serde(default = "yes")]
    pub write: bool,
}

fn yes() -> bool {
    true
}

/// Culled faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum Cull {
    None,
    Front,
    Back,
}

/// Blending of every target; alpha like colour where it is not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the fields are Direct3D's own names")]
pub struct Blend {
    pub src: Factor,
    pub dst: Factor,
    #[serde(default)]
    pub op: BlendOp,
    pub src_alpha: Option<Factor>,
    pub dst_alpha: Option<Factor>,
    pub op_alpha: Option<BlendOp>,
}

/// A blend factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum Factor {
    Zero,
    One,
    #[serde(alias = "src_colour")]
    SrcColor,
    InvSrcColor,
    SrcAlpha,
    InvSrcAlpha,
    DestAlpha,
    InvDestAlpha,
    DestColor,
    InvDestColor,
    SrcAlphaSat,
    BlendFactor,
    InvBlendFactor,
    Src1Color,
    InvSrc1Color,
    Src1Alpha,
    InvSrc1Alpha,
}

/// A blend operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum BlendOp {
    #[default]
    Add,
    Subtract,
    RevSubtract,
    Min,
    Max,
}

/// Direct3D 9's alpha test.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlphaTest {
    /// Function.
    pub func: Compare,
    /// Reference, 0 to 1.
    #[serde(rename = "ref")]
    pub reference: f32,
}

/// Direct3D 9's fog.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the fields are Direct3D's own names")]
pub struct Fog {
    pub mode: FogMode,
    #[serde(default)]
    pub start: f32,
    #[serde(default)]
    pub end: f32,
    #[serde(default)]
    pub density: f32,
    pub color: [f32; 4],
    /// The projection is orthogonal, so that depth is z instead of w.
    #[serde(default)]
    pub ortho: bool,
}

/// How fog grows with depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum FogMode {
    None,
    Linear,
    Exp,
    Exp2,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Step {
    /// Fills a resource.
    Clear(Clear),
    /// Sets a constant buffer of every stage, or Direct3D 9's float registers of one.
    Constants(Constants),
    /// Draws.
    Draw(Box<Draw>),
    /// Runs the compute shader.
    Dispatch(Dispatch),
    /// Copies a whole resource to another of the same shape.
    Copy(CopyWhole),
    /// Looks at a resource.
    Probe(Probe),
}

/// Fills a resource.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clear {
    /// What.
    pub target: Kind,
    /// Its slot.
    #[serde(default)]
    pub slot: u32,
    /// Floats.
    pub f32: Option<Vec<Option<Number>>>,
    /// Unsigned integers.
    pub u32: Option<Vec<Option<Number>>>,
    /// Depth.
    pub depth: Option<f32>,
    /// Stencil.
    pub stencil: Option<u8>,
}

/// Sets constants.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constants {
    /// Constant buffer.
    #[serde(default)]
    pub slot: u32,
    /// Direct3D 9: first register.
    #[serde(default)]
    pub register: u32,
    /// Direct3D 9: whose registers; both without it.
    pub stage: Option<StageName>,
    /// Contents.
    pub data: Data,
}

/// A draw.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draw {
    /// Direct3D 11's name in lower case: `triangle_list`, `line_strip_adj`, `patch_list_3`.
    pub topology: String,
    /// Vertices, or indices, an instance.
    pub vertex_count: u32,
    /// Instances.
    #[serde(default = "one")]
    pub instance_count: u32,
    /// First vertex or index.
    #[serde(default)]
    pub start_vertex: u32,
    /// First instance.
    #[serde(default)]
    pub start_instance: u32,
    /// Added to every index.
    #[serde(default)]
    pub base_vertex: i32,
    /// Indices.
    pub index_buffer: Option<Indices>,
    /// How vertices are fetched.
    #[serde(default)]
    pub input_layout: Vec<Element>,
    /// Vertex buffers.
    #[serde(default)]
    pub vertex_buffers: Vec<VertexBuffer>,
    /// Overrides the case's viewports for this draw.
    pub viewports: Option<Vec<[f32; 6]>>,
    /// Overrides the case's state from here on.
    pub state: Option<State>,
}

/// Indices.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indices {
    /// `r16_uint` or `r32_uint`.
    pub format: String,
    /// Contents.
    pub data: Data,
}

/// An element of an input layout.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Element {
    /// Semantic.
    pub semantic: String,
    /// Its index.
    #[serde(default)]
    pub index: u32,
    /// DXGI name in lower case.
    pub format: String,
    /// Vertex buffer slot.
    #[serde(default)]
    pub slot: u32,
    /// Bytes from the vertex' start; behind the element before without it.
    pub offset: Option<u32>,
    /// Instances a step; per vertex without it.
    pub instance_step: Option<u32>,
}

/// A vertex buffer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VertexBuffer {
    /// Slot.
    #[serde(default)]
    pub slot: u32,
    /// Bytes from vertex to vertex.
    pub stride: u32,
    /// Bytes to the first.
    #[serde(default)]
    pub offset: u32,
    /// Contents.
    pub data: Data,
}

/// Runs the compute shader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispatch {
    /// Thread groups along x, y, z.
    pub groups: [u32; 3],
}

/// A resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Kind.
    pub target: Kind,
    /// Slot.
    #[serde(default)]
    pub slot: u32,
}

/// Copies a whole resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopyWhole {
    /// What is read.
    pub from: Place,
    /// What is written.
    pub to: Place,
}

/// Looks at a resource.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// What.
    pub target: Kind,
    /// Its slot.
    #[serde(default)]
    pub slot: u32,
    /// One pixel, `[x, y]` or `[x, y, z]`.
    pub pixel: Option<Vec<u32>>,
    /// Every pixel of `[x, y, width, height]`; all of them without `pixel` and `rect`.
    pub rect: Option<[u32; 4]>,
    /// Layer, or slice of a volume.
    #[serde(default)]
    pub layer: u32,
    /// Mip level.
    #[serde(default)]
    pub mip: u32,
    /// Sample; all of them without it.
    pub sample: Option<u32>,
    /// Element of a buffer; all of them without it.
    pub element: Option<u32>,
    /// Expected floats.
    pub f32: Option<Vec<Option<Number>>>,
    /// Expected unsigned integers.
    pub u32: Option<Vec<Option<Number>>>,
    /// Expected signed integers.
    pub i32: Option<Vec<Option<Number>>>,
    /// Expected bits.
    pub bits: Option<Vec<Option<String>>>,
    /// What `bits` are: `f32`, `u32` (the default) or `i32`.
    #[serde(rename = "type")]
    pub ty: Option<ValueType>,
    /// Representable floats that may lie between.
    #[serde(default)]
    pub ulps: u32,
}

/// What bits mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the variants are the types' names")]
pub enum ValueType {
    F32,
    U32,
    I32,
}

/// Bytes of one resource.
pub const MAX_RESOURCE_BYTES: usize = 256 << 20;
