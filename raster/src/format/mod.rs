//! Texel formats: one table of facts, and every conversion between stored bits and shader register bits.
//!
//! **Conversions** follow d3d-rules §2 to the bit, in exact arithmetic with one rounding: [`norm`] (UNORM,
//! SNORM), [`srgb`], [`float`] (16, 11, 10 bits, shared exponent), [`fixed`] (coordinates), [`depth`]. [`bc`]
//! decodes compressed blocks.
//!
//! **Adding a format** is one line in the table below.

use std::fmt;
use std::str::FromStr;

pub mod bc;
mod color;
pub mod depth;
pub mod fixed;
pub mod float;
pub mod norm;
pub mod srgb;

use bc::BlockCodec;
use color::Conversions;

/// What the bits of a component mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// 0..1 in even steps.
    Unorm,
    /// 0..1, sRGB-encoded (alpha is plain UNORM).
    Srgb,
    /// -1..1 in even steps.
    Snorm,
    /// Unsigned integer.
    Uint,
    /// Signed integer, two's complement.
    Sint,
    /// Floating point: 32 or 16 bits, or 11 and 10 without a sign.
    Float,
    /// Mantissas with one exponent for all.
    SharedExponent,
}

impl Kind {
    const fn is_integer(self) -> bool {
        matches!(self, Self::Uint | Self::Sint)
    }

    const fn defaults(self) -> [u32; 4] {
        [0, 0, 0, if self.is_integer() { 1 } else { 1.0f32.to_bits() }]
    }
}

/// Where a component goes in a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// Red, or the register's x.
    R,
    /// Green, y.
    G,
    /// Blue, z.
    B,
    /// Alpha, w.
    A,
    /// Depth; read as x.
    D,
    /// Stencil; in no register.
    S,
    /// Unused bits: in no register, written as ones.
    X,
}

impl Channel {
    /// Index of the register's component.
    pub const fn register(self) -> Option<usize> {
        match self {
            Self::R | Self::D => Some(0),
            Self::G => Some(1),
            Self::B => Some(2),
            Self::A => Some(3),
            Self::S | Self::X => None,
        }
    }
}

/// One component of an uncompressed texel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Component {
    /// What it is.
    pub channel: Channel,
    /// How its bits are read.
    pub kind: Kind,
    /// Its number of bits, 1 to 32.
    pub bits: u32,
    /// Its lowest bit in the texel, a little-endian number.
    pub shift: u32,
}

impl Component {
    /// A number with `bits` ones.
    const fn mask(self) -> u32 {
        u32::MAX >> (32 - self.bits)
    }
}

/// Components from the lowest bit upwards. Stencil is an integer and alpha linear, whatever `kind` says.
const fn layout<const N: usize>(kind: Kind, channels: [(Channel, u32); N]) -> [Component; N] {
    let mut components = [Component { channel: Channel::X, kind, bits: 0, shift: 0 }; N];
    let (mut i, mut shift) = (0, 0);
    while i < N {
        let (channel, bits) = channels[i];
        let kind = match (channel, kind) {
            (Channel::S, _) => Kind::Uint,
            (Channel::A, Kind::Srgb) => Kind::Unorm,
            (_, kind) => kind,
        };
        components[i] = Component { channel, kind, bits, shift };
        shift += bits;
        i += 1;
    }
    components
}

/// The table's row of a format.
struct Facts {
    name: &'static str,
    dxgi: u32,
    kind: Kind,
    components: &'static [Component],
    block_bytes: usize,
    storage: Storage,
}

/// How the texels of a format are read and written.
enum Storage {
    Texels(Conversions),
    Blocks(BlockCodec),
}

macro_rules! formats {
    (
        texels { $(
            $texel:ident = $texel_dxgi:literal, $texel_name:literal, $texel_kind:ident:
                $($channel:ident $bits:literal)+;
        )+ }
        blocks { $(
            $block:ident = $block_dxgi:literal, $block_name:literal, $block_kind:ident: $codec:ident;
        )+ }
    ) => {
        /// A texel format, named as in DXGI. 16-bit and packed formats name their components from the lowest
        /// bit upwards.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "the variants are DXGI's own names")]
        pub enum Format { $($texel,)+ $($block,)+ }

        impl Format {
            /// Every format.
            pub const ALL: &[Self] = &[$(Self::$texel,)+ $(Self::$block,)+];
        }

        /// One row a format, in the order of the enum.
        static FACTS: &[Facts] = &[
            $(Facts {
                name: $texel_name,
                dxgi: $texel_dxgi,
                kind: Kind::$texel_kind,
                components: &layout(Kind::$texel_kind, [$((Channel::$channel, $bits)),+]),
                block_bytes: (0 $(+ $bits)+) / 8,
                storage: Storage::Texels(Conversions::of::<{ Format::$texel as usize }>()),
            },)+
            $(Facts {
                name: $block_name,
                dxgi: $block_dxgi,
                kind: Kind::$block_kind,
                components: &[],
                block_bytes: BlockCodec::$codec.block_bytes(),
                storage: Storage::Blocks(BlockCodec::$codec),
            },)+
        ];
    };
}

// Name, DXGI number (0: not in DXGI), text name, kind; components from the lowest bit upwards.
formats! {
    texels {
        R32G32B32A32Float = 2, "r32g32b32a32_float", Float: R 32 G 32 B 32 A 32;
        R32G32B32A32Uint = 3, "r32g32b32a32_uint", Uint: R 32 G 32 B 32 A 32;
        R32G32B32A32Sint = 4, "r32g32b32a32_sint", Sint: R 32 G 32 B 32 A 32;
        R32G32B32Float = 6, "r32g32b32_float", Float: R 32 G 32 B 32;
        R32G32B32Uint = 7, "r32g32b32_uint", Uint: R 32 G 32 B 32;
        R32G32B32Sint = 8, "r32g32b32_sint", Sint: R 32 G 32 B 32;
        R16G16B16A16Float = 10, "r16g16b16a16_float", Float: R 16 G 16 B 16 A 16;
        R16G16B16A16Unorm = 11, "r16g16b16a16_unorm", Unorm: R 16 G 16 B 16 A 16;
        R16G16B16A16Uint = 12, "r16g16b16a16_uint", Uint: R 16 G 16 B 16 A 16;
        R16G16B16A16Snorm = 13, "r16g16b16a16_snorm", Snorm: R 16 G 16 B 16 A 16;
        R16G16B16A16Sint = 14, "r16g16b16a16_sint", Sint: R 16 G 16 B 16 A 16;
        R32G32Float = 16, "r32g32_float", Float: R 32 G 32;
        R32G32Uint = 17, "r32g32_uint", Uint: R 32 G 32;
        R32G32Sint = 18, "r32g32_sint", Sint: R 32 G 32;
        R10G10B10A2Unorm = 24, "r10g10b10a2_unorm", Unorm: R 10 G 10 B 10 A 2;
        R10G10B10A2Uint = 25, "r10g10b10a2_uint", Uint: R 10 G 10 B 10 A 2;
        R11G11B10Float = 26, "r11g11b10_float", Float: R 11 G 11 B 10;
        R8G8B8A8Unorm = 28, "r8g8b8a8_unorm", Unorm: R 8 G 8 B 8 A 8;
        R8G8B8A8UnormSrgb = 29, "r8g8b8a8_unorm_srgb", Srgb: R 8 G 8 B 8 A 8;
        R8G8B8A8Uint = 30, "r8g8b8a8_uint", Uint: R 8 G 8 B 8 A 8;
        R8G8B8A8Snorm = 31, "r8g8b8a8_snorm", Snorm: R 8 G 8 B 8 A 8;
        R8G8B8A8Sint = 32, "r8g8b8a8_sint", Sint: R 8 G 8 B 8 A 8;
        R16G16Float = 34, "r16g16_float", Float: R 16 G 16;
        R16G16Unorm = 35, "r16g16_unorm", Unorm: R 16 G 16;
        R16G16Uint = 36, "r16g16_uint", Uint: R 16 G 16;
        R16G16Snorm = 37, "r16g16_snorm", Snorm: R 16 G 16;
        R16G16Sint = 38, "r16g16_sint", Sint: R 16 G 16;
        D32Float = 40, "d32_float", Float: D 32;
        R32Float = 41, "r32_float", Float: R 32;
        R32Uint = 42, "r32_uint", Uint: R 32;
        R32Sint = 43, "r32_sint", Sint: R 32;
        D24UnormS8Uint = 45, "d24_unorm_s8_uint", Unorm: D 24 S 8;
        R8G8Unorm = 49, "r8g8_unorm", Unorm: R 8 G 8;
        R8G8Uint = 50, "r8g8_uint", Uint: R 8 G 8;
        R8G8Snorm = 51, "r8g8_snorm", Snorm: R 8 G 8;
        R8G8Sint = 52, "r8g8_sint", Sint: R 8 G 8;
        R16Float = 54, "r16_float", Float: R 16;
        D16Unorm = 55, "d16_unorm", Unorm: D 16;
        R16Unorm = 56, "r16_unorm", Unorm: R 16;
        R16Uint = 57, "r16_uint", Uint: R 16;
        R16Snorm = 58, "r16_snorm", Snorm: R 16;
        R16Sint = 59, "r16_sint", Sint: R 16;
        R8Unorm = 61, "r8_unorm", Unorm: R 8;
        R8Uint = 62, "r8_uint", Uint: R 8;
        R8Snorm = 63, "r8_snorm", Snorm: R 8;
        R8Sint = 64, "r8_sint", Sint: R 8;
        A8Unorm = 65, "a8_unorm", Unorm: A 8;
        R9G9B9E5Sharedexp = 67, "r9g9b9e5_sharedexp", SharedExponent: R 9 G 9 B 9 X 5;
        B5G6R5Unorm = 85, "b5g6r5_unorm", Unorm: B 5 G 6 R 5;
        B5G5R5A1Unorm = 86, "b5g5r5a1_unorm", Unorm: B 5 G 5 R 5 A 1;
        B8G8R8A8Unorm = 87, "b8g8r8a8_unorm", Unorm: B 8 G 8 R 8 A 8;
        B8G8R8X8Unorm = 88, "b8g8r8x8_unorm", Unorm: B 8 G 8 R 8 X 8;
        B8G8R8A8UnormSrgb = 91, "b8g8r8a8_unorm_srgb", Srgb: B 8 G 8 R 8 A 8;
        B8G8R8X8UnormSrgb = 93, "b8g8r8x8_unorm_srgb", Srgb: B 8 G 8 R 8 X 8;
        R8G8B8X8Unorm = 0, "r8g8b8x8_unorm", Unorm: R 8 G 8 B 8 X 8;
        R8G8B8X8UnormSrgb = 0, "r8g8b8x8_unorm_srgb", Srgb: R 8 G 8 B 8 X 8;
    }
    blocks {
        Bc1Unorm = 71, "bc1_unorm", Unorm: Bc1;
        Bc1UnormSrgb = 72, "bc1_unorm_srgb", Srgb: Bc1;
        Bc2Unorm = 74, "bc2_unorm", Unorm: Bc2;
        Bc2UnormSrgb = 75, "bc2_unorm_srgb", Srgb: Bc2;
        Bc3Unorm = 77, "bc3_unorm", Unorm: Bc3;
        Bc3UnormSrgb = 78, "bc3_unorm_srgb", Srgb: Bc3;
        Bc4Unorm = 80, "bc4_unorm", Unorm: Bc4Unorm;
        Bc4Snorm = 81, "bc4_snorm", Snorm: Bc4Snorm;
        Bc5Unorm = 83, "bc5_unorm", Unorm: Bc5Unorm;
        Bc5Snorm = 84, "bc5_snorm", Snorm: Bc5Snorm;
        Bc6hUf16 = 95, "bc6h_uf16", Float: Bc6hUf16;
        Bc6hSf16 = 96, "bc6h_sf16", Float: Bc6hSf16;
        Bc7Unorm = 98, "bc7_unorm", Unorm: Bc7;
        Bc7UnormSrgb = 99, "bc7_unorm_srgb", Srgb: Bc7;
    }
}

impl Format {
    fn facts(self) -> &'static Facts {
        &FACTS[self as usize]
    }

    /// The lower-case DXGI name without its prefix, as `r8g8b8a8_unorm`.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// The number in `DXGI_FORMAT`; `None` for the R8G8B8X8 formats, which DXGI lacks.
    pub fn dxgi(self) -> Option<u32> {
        Some(self.facts().dxgi).filter(|&number| number != 0)
    }

    /// The format with a number in `DXGI_FORMAT`.
    pub fn from_dxgi(number: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|format| format.dxgi() == Some(number))
    }

    /// What its first component is.
    pub fn kind(self) -> Kind {
        self.facts().kind
    }

    /// The components from the lowest bit upwards; empty for block-compressed formats.
    pub fn components(self) -> &'static [Component] {
        self.facts().components
    }

    /// How its blocks are decoded; `None` for uncompressed formats.
    pub fn block_codec(self) -> Option<BlockCodec> {
        match self.facts().storage {
            Storage::Texels(_) => None,
            Storage::Blocks(codec) => Some(codec),
        }
    }

    /// True for BC1 to BC7.
    pub fn is_block_compressed(self) -> bool {
        self.block_codec().is_some()
    }

    /// Width and height of a block in texels: 4, or 1 for uncompressed formats.
    pub fn block_extent(self) -> u32 {
        if self.is_block_compressed() { 4 } else { 1 }
    }

    /// Bytes of a block, or of a texel for uncompressed formats.
    pub fn block_bytes(self) -> usize {
        self.facts().block_bytes
    }

    /// Red, green and blue are sRGB-encoded.
    pub fn is_srgb(self) -> bool {
        self.kind() == Kind::Srgb
    }

    /// The same format with UNORM in place of sRGB; itself when it is not an sRGB format.
    pub fn linear(self) -> Self {
        match self {
            Self::R8G8B8A8UnormSrgb => Self::R8G8B8A8Unorm,
            Self::B8G8R8A8UnormSrgb => Self::B8G8R8A8Unorm,
            Self::B8G8R8X8UnormSrgb => Self::B8G8R8X8Unorm,
            Self::R8G8B8X8UnormSrgb => Self::R8G8B8X8Unorm,
            Self::Bc1UnormSrgb => Self::Bc1Unorm,
            Self::Bc2UnormSrgb => Self::Bc2Unorm,
            Self::Bc3UnormSrgb => Self::Bc3Unorm,
            Self::Bc7UnormSrgb => Self::Bc7Unorm,
            other => other,
        }
    }

    /// The same format with sRGB in place of UNORM; `None` when there is none.
    pub fn srgb(self) -> Option<Self> {
        Self::ALL.iter().copied().find(|format| format.is_srgb() && format.linear() == self.linear())
    }

    /// Registers hold integers, not floats.
    pub fn is_integer(self) -> bool {
        self.kind().is_integer()
    }

    /// Has depth.
    pub fn is_depth(self) -> bool {
        self.components().iter().any(|component| component.channel == Channel::D)
    }

    /// Has stencil.
    pub fn has_stencil(self) -> bool {
        self.components().iter().any(|component| component.channel == Channel::S)
    }

    /// Register components that the format stores, bit 0 for x. The others read as 0, 0, 0, 1 (d3d-rules
    /// §2.8).
    pub fn channel_mask(self) -> u8 {
        match self.block_codec() {
            Some(codec) => codec.channel_mask(),
            None => {
                self.components().iter().filter_map(|c| c.channel.register()).fold(0, |mask, i| mask | 1 << i)
            }
        }
    }

    /// Register bits of components that the format does not store: 0, 0, 0 and the one of its kind (d3d-rules
    /// §2.8).
    pub fn defaults(self) -> [u32; 4] {
        self.kind().defaults()
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// No format has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a known texel format")]
pub struct UnknownFormat(pub String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let found = Self::ALL.iter().copied().find(|format| format.name() == name);
        found.ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_and_numbers_lead_back() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse(), Ok(*format));
            assert!(
                format.dxgi().is_none_or(|number| Format::from_dxgi(number) == Some(*format)),
                "{format}"
            );
        }
        let unnumbered = Format::ALL.iter().filter(|format| format.dxgi().is_none());
        assert!(unnumbered.eq(&[Format::R8G8B8X8Unorm, Format::R8G8B8X8UnormSrgb]));
        assert_eq!(Format::from_dxgi(0), None);
        assert_eq!(Format::from_dxgi(87), Some(Format::B8G8R8A8Unorm));
        assert_eq!("rgba8".parse::<Format>(), Err(UnknownFormat("rgba8".into())));
        assert_eq!(Format::ALL.iter().collect::<HashSet<_>>().len(), Format::ALL.len());
    }

    #[test]
    fn names_spell_the_components() {
        for format in Format::ALL.iter().filter(|format| !format.is_block_compressed()) {
            let mut spelled: String = format
                .components()
                .iter()
                .map(|component| format!("{:?}{}", component.channel, component.bits).to_lowercase())
                .collect();
            spelled = spelled.replace("x5", "e5"); // the shared exponent
            let spelled_name = format.name().replace("d24_unorm_s8", "d24s8");
            assert_eq!(spelled_name.split_once('_').map(|(channels, _)| channels), Some(spelled.as_str()));
            let bits: u32 = format.components().iter().map(|component| component.bits).sum();
            assert_eq!(format.block_bytes() * 8, bits as usize, "{format}");
        }
    }

    #[test]
    fn facts_by_hand() {
        let bytes = |format: Format| (format.block_bytes(), format.block_extent());
        assert_eq!(bytes(Format::R32G32B32Float), (12, 1));
        assert_eq!(bytes(Format::B5G6R5Unorm), (2, 1));
        assert_eq!(bytes(Format::Bc1UnormSrgb), (8, 4));
        assert_eq!(bytes(Format::Bc7Unorm), (16, 4));
        assert_eq!(Format::B8G8R8X8Unorm.channel_mask(), 0b0111);
        assert_eq!(Format::A8Unorm.channel_mask(), 0b1000);
        assert_eq!(Format::D24UnormS8Uint.channel_mask(), 0b0001);
        assert_eq!(Format::Bc5Snorm.channel_mask(), 0b0011);
        assert_eq!(Format::R16Sint.defaults(), [0, 0, 0, 1]);
        assert_eq!(Format::D24UnormS8Uint.defaults(), [0, 0, 0, 0x3f80_0000]);
        assert!(
            Format::D24UnormS8Uint.has_stencil()
                && Format::D16Unorm.is_depth()
                && !Format::R16Unorm.is_depth()
        );
    }

    #[test]
    fn srgb_formats_have_linear_twins() {
        for format in Format::ALL {
            let twin = format.name().strip_suffix("_srgb").unwrap_or(format.name());
            assert_eq!(format.linear().name(), twin);
            let srgb = format.srgb().map(Format::name);
            assert!(srgb.is_none_or(|name| name.strip_suffix("_srgb") == Some(twin)), "{format}");
        }
        assert_eq!(Format::ALL.iter().filter(|format| format.is_srgb()).count(), 8);
        assert_eq!(Format::Bc3Unorm.srgb(), Some(Format::Bc3UnormSrgb));
        assert_eq!(Format::R8Unorm.srgb(), None);
    }
}
