//! The words of the text form, each table in token order. Listing and assembler both read them.

use crate::signature::ComponentType;

use super::{CustomDataClass, Interpolation, MinPrecision, RegisterFile, ResourceDimension, SystemName};

/// An enumeration whose variants are numbered from 0 in a token and have a word in text.
pub(crate) trait Named: Copy + PartialEq + 'static {
    /// Variants and words, in token order without gaps.
    const NAMES: &'static [(Self, &'static str)];

    /// The variant with this number.
    fn from_index(number: u32) -> Option<Self> {
        Self::NAMES.get(number as usize).map(|row| row.0)
    }

    /// Its word.
    fn name(self) -> &'static str {
        Self::NAMES.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }

    /// The variant with this word, compared without case.
    fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|row| row.1.eq_ignore_ascii_case(name)).map(|row| row.0)
    }
}

impl Named for ResourceDimension {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Unknown, "unknown"),
        (Self::Buffer, "buffer"),
        (Self::Texture1D, "texture1d"),
        (Self::Texture2D, "texture2d"),
        (Self::Texture2DMs, "texture2dms"),
        (Self::Texture3D, "texture3d"),
        (Self::TextureCube, "texturecube"),
        (Self::Texture1DArray, "texture1darray"),
        (Self::Texture2DArray, "texture2darray"),
        (Self::Texture2DMsArray, "texture2dmsarray"),
        (Self::TextureCubeArray, "texturecubearray"),
        (Self::RawBuffer, "raw_buffer"),
        (Self::StructuredBuffer, "structured_buffer"),
    ];
}

impl Named for SystemName {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Undefined, "undefined"),
        (Self::Position, "position"),
        (Self::ClipDistance, "clip_distance"),
        (Self::CullDistance, "cull_distance"),
        (Self::RenderTargetArrayIndex, "rendertarget_array_index"),
        (Self::ViewportArrayIndex, "viewport_array_index"),
        (Self::VertexId, "vertex_id"),
        (Self::PrimitiveId, "primitive_id"),
        (Self::InstanceId, "instance_id"),
        (Self::IsFrontFace, "is_front_face"),
        (Self::SampleIndex, "sampleIndex"),
        (Self::QuadEdgeU0, "finalQuadUeq0EdgeTessFactor"),
        (Self::QuadEdgeV0, "finalQuadVeq0EdgeTessFactor"),
        (Self::QuadEdgeU1, "finalQuadUeq1EdgeTessFactor"),
        (Self::QuadEdgeV1, "finalQuadVeq1EdgeTessFactor"),
        (Self::QuadInsideU, "finalQuadUInsideTessFactor"),
        (Self::QuadInsideV, "finalQuadVInsideTessFactor"),
        (Self::TriEdgeU0, "finalTriUeq0EdgeTessFactor"),
        (Self::TriEdgeV0, "finalTriVeq0EdgeTessFactor"),
        (Self::TriEdgeW0, "finalTriWeq0EdgeTessFactor"),
        (Self::TriInside, "finalTriInsideTessFactor"),
        (Self::LineDetail, "finalLineDetailTessFactor"),
        (Self::LineDensity, "finalLineDensityTessFactor"),
        (Self::Barycentrics, "barycentrics"),
        (Self::ShadingRate, "shading_rate"),
        (Self::CullPrimitive, "cull_primitive"),
    ];
}

impl Named for Interpolation {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Undefined, "undefined"),
        (Self::Constant, "constant"),
        (Self::Linear, "linear"),
        (Self::LinearCentroid, "linear centroid"),
        (Self::LinearNoPerspective, "linear noperspective"),
        (Self::LinearNoPerspectiveCentroid, "linear noperspective centroid"),
        (Self::LinearSample, "linear sample"),
        (Self::LinearNoPerspectiveSample, "linear noperspective sample"),
    ];
}

impl Named for RegisterFile {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Temp, "r"),
        (Self::Input, "v"),
        (Self::Output, "o"),
        (Self::IndexableTemp, "x"),
        (Self::Immediate32, "l("),
        (Self::Immediate64, "d("),
        (Self::Sampler, "s"),
        (Self::Resource, "t"),
        (Self::ConstantBuffer, "cb"),
        (Self::ImmediateConstantBuffer, "icb"),
        (Self::Label, "l"),
        (Self::InputPrimitiveId, "vPrim"),
        (Self::OutputDepth, "oDepth"),
        (Self::Null, "null"),
        (Self::Rasterizer, "rasterizer"),
        (Self::OutputCoverageMask, "oMask"),
        (Self::Stream, "m"),
        (Self::FunctionBody, "fb"),
        (Self::FunctionTable, "ft"),
        (Self::Interface, "fp"),
        (Self::FunctionInput, "fi"),
        (Self::FunctionOutput, "fo"),
        (Self::OutputControlPointId, "vOutputControlPointID"),
        (Self::ForkInstanceId, "vForkInstanceID"),
        (Self::JoinInstanceId, "vJoinInstanceID"),
        (Self::InputControlPoint, "vicp"),
        (Self::OutputControlPoint, "vocp"),
        (Self::PatchConstant, "vpc"),
        (Self::DomainPoint, "vDomain"),
        (Self::ThisPointer, "this"),
        (Self::Uav, "u"),
        (Self::GroupShared, "g"),
        (Self::ThreadId, "vThreadID"),
        (Self::ThreadGroupId, "vThreadGroupID"),
        (Self::ThreadIdInGroup, "vThreadIDInGroup"),
        (Self::InputCoverageMask, "vCoverage"),
        (Self::ThreadIdInGroupFlattened, "vThreadIDInGroupFlattened"),
        (Self::GsInstanceId, "vGSInstanceID"),
        (Self::OutputDepthGreaterEqual, "oDepthGE"),
        (Self::OutputDepthLessEqual, "oDepthLE"),
        (Self::CycleCounter, "vCycleCounter"),
        (Self::OutputStencilRef, "oStencilRef"),
        (Self::InnerCoverage, "vInnerCoverage"),
    ];
}

/// Number 3 does not exist; this table is for words only.
pub(crate) const MIN_PRECISIONS: &[(MinPrecision, &str)] = &[
    (MinPrecision::Float16, "min16f"),
    (MinPrecision::Float2_8, "min2_8f"),
    (MinPrecision::Sint16, "min16i"),
    (MinPrecision::Uint16, "min16u"),
];

/// Return types of resources, from number 1.
pub(crate) const RETURN_TYPES: [&str; 9] =
    ["unorm", "snorm", "sint", "uint", "float", "mixed", "double", "continued", "unused"];

/// System values of signatures (`D3D_NAME`), which number tessellation factors differently from name tokens.
pub(crate) const SIGNATURE_VALUES: &[(u32, &str)] = &[
    (0, "none"),
    (1, "position"),
    (2, "clip_distance"),
    (3, "cull_distance"),
    (4, "rendertarget_array_index"),
    (5, "viewport_array_index"),
    (6, "vertex_id"),
    (7, "primitive_id"),
    (8, "instance_id"),
    (9, "is_front_face"),
    (10, "sample_index"),
    (11, "quad_edge"),
    (12, "quad_inside"),
    (13, "tri_edge"),
    (14, "tri_inside"),
    (15, "line_detail"),
    (16, "line_density"),
    (64, "target"),
    (65, "depth"),
    (66, "coverage"),
    (67, "depth_greater_equal"),
    (68, "depth_less_equal"),
    (69, "stencil_ref"),
    (70, "inner_coverage"),
];

/// Component types of signatures.
pub(crate) const COMPONENT_TYPES: &[(ComponentType, &str)] = &[
    (ComponentType::Unknown, "unknown"),
    (ComponentType::Uint, "uint"),
    (ComponentType::Sint, "int"),
    (ComponentType::Float, "float"),
];

/// The word of a value in a table.
pub(crate) fn word_of<T: Copy + PartialEq>(table: &[(T, &'static str)], value: T) -> Option<&'static str> {
    table.iter().find(|row| row.0 == value).map(|row| row.1)
}

/// The value of a word in a table, compared without case.
pub(crate) fn value_of<T: Copy>(table: &[(T, &'static str)], word: &str) -> Option<T> {
    table.iter().find(|row| row.1.eq_ignore_ascii_case(word)).map(|row| row.0)
}

/// `dcl_globalFlags`, lowest bit first.
pub(crate) const GLOBAL_FLAGS: [&str; 9] = [
    "refactoringAllowed",
    "enableDoublePrecisionFloatOps",
    "forceEarlyDepthStencil",
    "enableRawAndStructuredBuffers",
    "skipOptimization",
    "enableMinimumPrecision",
    "enable11_1DoubleExtensions",
    "enable11_1ShaderExtensions",
    "allResourcesBound",
];

/// `dcl_sampler`, from number 0.
pub(crate) const SAMPLER_MODES: &[(u8, &str)] =
    &[(0, "mode_default"), (1, "mode_comparison"), (2, "mode_mono")];

/// `dcl_outputtopology`.
pub(crate) const TOPOLOGIES: &[(u8, &str)] = &[(1, "pointlist"), (3, "linestrip"), (5, "trianglestrip")];

/// `dcl_inputprimitive`; patches of n points are `patch`n.
pub(crate) const PRIMITIVES: &[(u8, &str)] =
    &[(1, "point"), (2, "line"), (3, "triangle"), (6, "lineadj"), (7, "triangleadj")];

/// `dcl_tessellator_domain`.
pub(crate) const DOMAINS: &[(u8, &str)] = &[(1, "domain_isoline"), (2, "domain_tri"), (3, "domain_quad")];

/// `dcl_tessellator_partitioning`.
pub(crate) const PARTITIONINGS: &[(u8, &str)] = &[
    (1, "partitioning_integer"),
    (2, "partitioning_pow2"),
    (3, "partitioning_fractional_odd"),
    (4, "partitioning_fractional_even"),
];

/// `dcl_tessellator_output_primitive`.
pub(crate) const TESSELLATOR_OUTPUTS: &[(u8, &str)] =
    &[(1, "output_point"), (2, "output_line"), (3, "output_triangle_cw"), (4, "output_triangle_ccw")];

/// Blocks of custom data that have no text form of their own.
pub(crate) const CUSTOM_DATA: &[(CustomDataClass, &str)] = &[
    (CustomDataClass::Comment, "comment"),
    (CustomDataClass::DebugInfo, "debug_info"),
    (CustomDataClass::Opaque, "opaque"),
    (CustomDataClass::ImmediateConstantBuffer, "immediate_constant_buffer"),
    (CustomDataClass::ShaderMessage, "shader_message"),
    (CustomDataClass::ClipPlaneMapping, "clip_plane_mapping"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_in_token_order() {
        for (i, row) in ResourceDimension::NAMES.iter().enumerate() {
            assert_eq!(row.0 as usize, i);
        }
        for (i, row) in SystemName::NAMES.iter().enumerate() {
            assert_eq!(row.0 as usize, i);
        }
        for (i, row) in Interpolation::NAMES.iter().enumerate() {
            assert_eq!(row.0 as usize, i);
        }
        for (i, row) in RegisterFile::NAMES.iter().enumerate() {
            assert_eq!((row.0 as usize, row.0), (i, RegisterFile::ALL[i]));
        }
    }
}
