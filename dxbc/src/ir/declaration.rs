//! Declarations: what a program reads, writes and needs before its first instruction.

use super::names::Named;
use super::operand::Operand;

/// Dimension of a resource (`dcl_resource`, extended opcode tokens). The value is the number in the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum ResourceDimension {
    #[default]
    Unknown = 0,
    Buffer = 1,
    Texture1D = 2,
    Texture2D = 3,
    Texture2DMs = 4,
    Texture3D = 5,
    TextureCube = 6,
    Texture1DArray = 7,
    Texture2DArray = 8,
    Texture2DMsArray = 9,
    TextureCubeArray = 10,
    RawBuffer = 11,
    StructuredBuffer = 12,
}

impl ResourceDimension {
    /// The dimension with this number in a token.
    pub fn from_number(number: u32) -> Option<Self> {
        Named::from_index(number)
    }

    /// How many spatial coordinates an address has (array index and sample excluded).
    pub const fn spatial(self) -> usize {
        match self {
            Self::Unknown => 0,
            Self::Buffer
            | Self::Texture1D
            | Self::Texture1DArray
            | Self::RawBuffer
            | Self::StructuredBuffer => 1,
            Self::Texture2D | Self::Texture2DMs | Self::Texture2DArray | Self::Texture2DMsArray => 2,
            Self::Texture3D | Self::TextureCube | Self::TextureCubeArray => 3,
        }
    }

    /// True when an array index follows the spatial coordinates.
    pub const fn is_array(self) -> bool {
        matches!(
            self,
            Self::Texture1DArray | Self::Texture2DArray | Self::Texture2DMsArray | Self::TextureCubeArray
        )
    }
}

/// A name token: a system value, or for tessellation factors the single edge (`spec`: name tokens, 0 to 25).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum SystemName {
    Undefined = 0,
    Position = 1,
    ClipDistance = 2,
    CullDistance = 3,
    RenderTargetArrayIndex = 4,
    ViewportArrayIndex = 5,
    VertexId = 6,
    PrimitiveId = 7,
    InstanceId = 8,
    IsFrontFace = 9,
    SampleIndex = 10,
    QuadEdgeU0 = 11,
    QuadEdgeV0 = 12,
    QuadEdgeU1 = 13,
    QuadEdgeV1 = 14,
    QuadInsideU = 15,
    QuadInsideV = 16,
    TriEdgeU0 = 17,
    TriEdgeV0 = 18,
    TriEdgeW0 = 19,
    TriInside = 20,
    LineDetail = 21,
    LineDensity = 22,
    Barycentrics = 23,
    ShadingRate = 24,
    CullPrimitive = 25,
}

impl SystemName {
    /// The name with this number in a token.
    pub fn from_number(number: u32) -> Option<Self> {
        Named::from_index(number)
    }
}

/// How a pixel shader input is interpolated (`spec`: interpolation modes, 0 to 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum Interpolation {
    #[default]
    Undefined = 0,
    Constant = 1,
    Linear = 2,
    LinearCentroid = 3,
    LinearNoPerspective = 4,
    LinearNoPerspectiveCentroid = 5,
    LinearSample = 6,
    LinearNoPerspectiveSample = 7,
}

impl Interpolation {
    /// The mode with this number in a token.
    pub fn from_number(number: u32) -> Option<Self> {
        Named::from_index(number)
    }
}

/// Hull-shader phase markers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum HullPhase {
    Declarations = 113,
    ControlPoint = 114,
    Fork = 115,
    Join = 116,
}

/// Memory semantics of a UAV declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct UavFlags {
    /// Writes are visible to every thread group after a fence (bit 16).
    pub globally_coherent: bool,
    /// Rasterizer-ordered view (bit 17).
    pub rasterizer_ordered: bool,
    /// A hidden counter exists (bit 23, structured only).
    pub counter: bool,
}

/// A declaration. `space` is present in Shader Model 5.1 only, whose operands carry `[range][lower][upper]`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "fields are named after the token stream's own; see the opcode in each variant"
)]
pub enum Declaration {
    /// `dcl_globalFlags` (106): bits 11 to 23 of the opcode token, shifted down (bit 0 is `refactoringAllowed`).
    GlobalFlags(u32),
    /// `dcl_resource` (88). `return_type` packs four 4-bit types.
    Resource {
        operand: Operand,
        dimension: ResourceDimension,
        samples: u8,
        return_type: u32,
        space: Option<u32>,
    },
    /// `dcl_resource_raw` (161).
    ResourceRaw { operand: Operand, space: Option<u32> },
    /// `dcl_resource_structured` (162); stride in bytes.
    ResourceStructured { operand: Operand, stride: u32, space: Option<u32> },
    /// `dcl_constantbuffer` (89). Shader Model 5.1 gives the size (in vectors) after the operand.
    ConstantBuffer { operand: Operand, dynamic: bool, size_and_space: Option<(u32, u32)> },
    /// `dcl_sampler` (90); mode 0 default, 1 comparison, 2 mono.
    Sampler { operand: Operand, mode: u8, space: Option<u32> },
    /// `dcl_indexrange` (91).
    IndexRange { operand: Operand, count: u32 },
    /// `dcl_outputtopology` (92): 1 points, 3 line strip, 5 triangle strip.
    GsOutputTopology(u8),
    /// `dcl_inputprimitive` (93): 1 point, 2 line, 3 triangle, 6 and 7 adjacency, 8 to 39 patches.
    GsInputPrimitive(u8),
    /// `dcl_maxout` (94).
    GsMaxOutputVertices(u32),
    /// `dcl_gsinstances` (206).
    GsInstances(u32),
    /// `dcl_stream` (143).
    Stream(Operand),
    /// `dcl_input` (95).
    Input(Operand),
    /// `dcl_input_sgv` (96).
    InputSgv { operand: Operand, name: SystemName },
    /// `dcl_input_siv` (97).
    InputSiv { operand: Operand, name: SystemName },
    /// `dcl_input_ps` (98).
    InputPs { operand: Operand, interpolation: Interpolation },
    /// `dcl_input_ps_sgv` (99).
    InputPsSgv { operand: Operand, interpolation: Interpolation, name: SystemName },
    /// `dcl_input_ps_siv` (100).
    InputPsSiv { operand: Operand, interpolation: Interpolation, name: SystemName },
    /// `dcl_output` (101).
    Output(Operand),
    /// `dcl_output_sgv` (102).
    OutputSgv { operand: Operand, name: SystemName },
    /// `dcl_output_siv` (103).
    OutputSiv { operand: Operand, name: SystemName },
    /// `dcl_temps` (104).
    Temps(u32),
    /// `dcl_indexableTemp` (105).
    IndexableTemp { register: u32, count: u32, components: u32 },
    /// `hs_decls`, `hs_control_point_phase`, `hs_fork_phase`, `hs_join_phase` (113 to 116).
    HullPhase(HullPhase),
    /// `dcl_input_control_point_count` (147).
    InputControlPointCount(u8),
    /// `dcl_output_control_point_count` (148).
    OutputControlPointCount(u8),
    /// `dcl_tessellator_domain` (149): 1 isoline, 2 triangle, 3 quad.
    TessellatorDomain(u8),
    /// `dcl_tessellator_partitioning` (150): 1 integer, 2 pow2, 3 fractional odd, 4 fractional even.
    TessellatorPartitioning(u8),
    /// `dcl_tessellator_output_primitive` (151): 1 point, 2 line, 3 clockwise, 4 counter-clockwise triangle.
    TessellatorOutputPrimitive(u8),
    /// `dcl_hs_max_tessfactor` (152); the bits of a float.
    HsMaxTessFactor(u32),
    /// `dcl_hs_fork_phase_instance_count` (153).
    HsForkInstanceCount(u32),
    /// `dcl_hs_join_phase_instance_count` (154).
    HsJoinInstanceCount(u32),
    /// `dcl_thread_group` (155).
    ThreadGroup([u32; 3]),
    /// `dcl_uav_typed` (156).
    UavTyped {
        operand: Operand,
        dimension: ResourceDimension,
        flags: UavFlags,
        return_type: u32,
        space: Option<u32>,
    },
    /// `dcl_uav_raw` (157).
    UavRaw { operand: Operand, flags: UavFlags, space: Option<u32> },
    /// `dcl_uav_structured` (158); stride in bytes.
    UavStructured { operand: Operand, flags: UavFlags, stride: u32, space: Option<u32> },
    /// `dcl_tgsm_raw` (159); size in bytes.
    GroupSharedRaw { operand: Operand, size: u32 },
    /// `dcl_tgsm_structured` (160); stride in bytes.
    GroupSharedStructured { operand: Operand, stride: u32, count: u32 },
    /// `dcl_function_body` (144).
    FunctionBody(u32),
    /// `dcl_function_table` (145).
    FunctionTable { table: u32, bodies: Vec<u32> },
    /// `dcl_interface` (146). Each table is for one type of the interface; `array_length` instances exist.
    Interface { interface: u32, dynamic: bool, table_length: u32, array_length: u16, tables: Vec<u32> },
}
