//! Shader stages, and the extension by which streams of minor version 3 and later name all six.

use crate::macros::wire_constants;

wire_constants! { STAGE_CONSTANTS: "AEROGPU_", u16 {
    /// The first minor version whose streams may carry `stage_ex`.
    STAGE_EX_MIN_ABI_MINOR = 3;
} }

/// A stage of the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ShaderStage {
    /// Vertex shader.
    Vertex,
    /// Pixel shader.
    Pixel,
    /// Compute shader.
    Compute,
    /// Geometry shader.
    Geometry,
    /// Hull shader.
    Hull,
    /// Domain shader.
    Domain,
}

/// A packet names a stage that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown shader stage {stage} (stage_ex {stage_ex})")]
pub struct UnknownShaderStage {
    /// The stage word.
    pub stage: u32,
    /// The extension word.
    pub stage_ex: u32,
}

impl ShaderStage {
    /// Every stage.
    pub const ALL: [Self; 6] =
        [Self::Vertex, Self::Pixel, Self::Compute, Self::Geometry, Self::Hull, Self::Domain];

    /// Decodes a stage word and its extension in a stream of this minor version (executor.md §1.4).
    ///
    /// The extension counts only for stage 2 (compute) and only from [`STAGE_EX_MIN_ABI_MINOR`] on: before,
    /// guests left anything in the reserved word. Older streams may say 4 (hull) and 5 (domain) directly.
    pub const fn decode(stage: u32, stage_ex: u32, minor: u16) -> Result<Self, UnknownShaderStage> {
        let extended = minor >= STAGE_EX_MIN_ABI_MINOR;
        match (stage, stage_ex) {
            (0, _) => Ok(Self::Vertex),
            (1, _) => Ok(Self::Pixel),
            (3, _) => Ok(Self::Geometry),
            (2, 2) if extended => Ok(Self::Geometry),
            (2, 3) if extended => Ok(Self::Hull),
            (2, 4) if extended => Ok(Self::Domain),
            (2, 0 | 5) => Ok(Self::Compute),
            (2, _) if !extended => Ok(Self::Compute),
            (4, _) if !extended => Ok(Self::Hull),
            (5, _) if !extended => Ok(Self::Domain),
            _ => Err(UnknownShaderStage { stage, stage_ex }),
        }
    }

    /// Like [`decode`](Self::decode) for the constant packets, which take 4 (hull) and 5 (domain) at any version.
    pub const fn decode_for_constants(
        stage: u32,
        stage_ex: u32,
        minor: u16,
    ) -> Result<Self, UnknownShaderStage> {
        match stage {
            4 => Ok(Self::Hull),
            5 => Ok(Self::Domain),
            _ => Self::decode(stage, stage_ex, minor),
        }
    }

    /// The stage word and the extension word that name this stage in a current stream.
    #[must_use]
    pub const fn encode(self) -> (u32, u32) {
        match self {
            Self::Vertex => (0, 0),
            Self::Pixel => (1, 0),
            Self::Compute => (2, 0),
            Self::Geometry => (3, 0),
            Self::Hull => (2, 3),
            Self::Domain => (2, 4),
        }
    }
}

/// Gives packets with a stage word and `stage_ex` in `reserved0` a method that decodes them:
/// `Packet: stage field, decoding function`.
macro_rules! staged {
    ($( $name:ident: $field:ident, $decode:ident; )*) => { $(
        impl $name {
            /// The stage, under the stream's minor version.
            pub const fn shader_stage(
                &self,
                minor: u16,
            ) -> Result<super::ShaderStage, super::UnknownShaderStage> {
                super::ShaderStage::$decode(self.$field, self.reserved0, minor)
            }
        }
    )* };
}
pub(super) use staged;

impl crate::abi_table::AbiConstants for ShaderStage {
    const ABI: &'static [crate::abi_table::ConstantAbi] = &[
        ("AEROGPU_SHADER_STAGE_VERTEX", 0),
        ("AEROGPU_SHADER_STAGE_PIXEL", 1),
        ("AEROGPU_SHADER_STAGE_COMPUTE", 2),
        ("AEROGPU_SHADER_STAGE_GEOMETRY", 3),
        ("AEROGPU_SHADER_STAGE_EX_NONE", 0),
        ("AEROGPU_SHADER_STAGE_EX_GEOMETRY", 2),
        ("AEROGPU_SHADER_STAGE_EX_HULL", 3),
        ("AEROGPU_SHADER_STAGE_EX_DOMAIN", 4),
        ("AEROGPU_SHADER_STAGE_EX_COMPUTE", 5),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extension_counts_from_minor_three_on_for_compute_only() {
        use ShaderStage::*;
        let decode = |stage, ex, minor| ShaderStage::decode(stage, ex, minor).ok();
        let extended = [Some(Compute), None, Some(Geometry), Some(Hull), Some(Domain), Some(Compute), None];
        for (ex, expected) in (0..).zip(extended) {
            assert_eq!(decode(2, ex, 3), expected, "stage_ex {ex}");
            assert_eq!(decode(2, ex, 2), Some(Compute), "stage_ex {ex} before its time");
            assert_eq!(decode(0, ex, 4), Some(Vertex));
            assert_eq!(decode(1, ex, 4), Some(Pixel));
            assert_eq!(decode(3, ex, 4), Some(Geometry));
        }
        assert_eq!([decode(4, 0, 2), decode(5, 0, 2)], [Some(Hull), Some(Domain)]);
        assert_eq!([decode(4, 0, 3), decode(5, 0, 3), decode(6, 0, 2)], [None; 3]);
        assert_eq!(ShaderStage::decode_for_constants(5, 0, 4), Ok(Domain));
    }

    #[test]
    fn encoding_is_decoded_back() {
        for stage in ShaderStage::ALL {
            let (word, ex) = stage.encode();
            assert_eq!(ShaderStage::decode(word, ex, STAGE_EX_MIN_ABI_MINOR), Ok(stage));
        }
    }
}
