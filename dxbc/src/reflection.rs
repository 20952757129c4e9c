//! What the compiler tells about a shader beside its code: names (`RDEF`) and needed features (`SFI0`).
//!
//! Nothing here is needed to run a shader, and almost half of all shaders have it stripped.

use crate::container::{ContainerError, bytes_at, word_at};
use crate::limits;
use crate::signature::string_at;

/// `SFI0`: optional device features that a program needs. Unknown bits are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FeatureFlags(pub u64);

impl FeatureFlags {
    /// Names of the flags, lowest bit first.
    pub const NAMES: [&str; 14] = [
        "doubles",
        "raw and structured buffers",
        "UAVs at every stage",
        "64 UAV slots",
        "minimum precision",
        "11.1 double extensions",
        "11.1 shader extensions",
        "level 9 comparison filtering",
        "tiled resources",
        "stencil reference output",
        "inner coverage",
        "typed UAV loads of additional formats",
        "rasterizer-ordered views",
        "array index from any stage",
    ];

    /// Reads the payload of an `SFI0` chunk; bytes that are missing count as zero.
    pub fn parse(data: &[u8]) -> Self {
        let mut bytes = [0; 8];
        bytes.iter_mut().zip(data).for_each(|(to, from)| *to = *from);
        Self(u64::from_le_bytes(bytes))
    }

    /// The names of the flags that are set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES
            .into_iter()
            .enumerate()
            .filter(move |(bit, _)| self.0 >> bit & 1 != 0)
            .map(|(_, name)| name)
    }
}

/// What a binding binds (`D3D_SHADER_INPUT_TYPE`). The value is the number in the chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs, reason = "the variants are Direct3D's own names")]
pub enum BindingKind {
    ConstantBuffer = 0,
    TextureBuffer = 1,
    Texture = 2,
    Sampler = 3,
    UavTyped = 4,
    Structured = 5,
    UavStructured = 6,
    ByteAddress = 7,
    UavByteAddress = 8,
    UavAppend = 9,
    UavConsume = 10,
    UavStructuredWithCounter = 11,
}

impl BindingKind {
    const ALL: [(Self, &str, &str); 12] = [
        (Self::ConstantBuffer, "cbuffer", "cb"),
        (Self::TextureBuffer, "tbuffer", "t"),
        (Self::Texture, "texture", "t"),
        (Self::Sampler, "sampler", "s"),
        (Self::UavTyped, "UAV", "u"),
        (Self::Structured, "structured buffer", "t"),
        (Self::UavStructured, "structured UAV", "u"),
        (Self::ByteAddress, "byte buffer", "t"),
        (Self::UavByteAddress, "byte UAV", "u"),
        (Self::UavAppend, "append UAV", "u"),
        (Self::UavConsume, "consume UAV", "u"),
        (Self::UavStructuredWithCounter, "counted UAV", "u"),
    ];

    /// The kind with this number.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(number as usize).map(|row| row.0)
    }

    /// What a listing calls it.
    pub const fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// Prefix of the registers that it is bound to: `cb`, `t`, `s` or `u`.
    pub const fn register_prefix(self) -> &'static str {
        Self::ALL[self as usize].2
    }
}

/// A resource, sampler, constant buffer or UAV by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Its name in the source.
    pub name: String,
    /// What it is.
    pub kind: BindingKind,
    /// First register.
    pub register: u32,
    /// Number of registers, 0 for an unbounded array.
    pub count: u32,
    /// Register space (Shader Model 5.1; else 0).
    pub space: u32,
}

/// A variable of a constant buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name in the source.
    pub name: String,
    /// Where it starts in the buffer, in bytes.
    pub offset: u32,
    /// Its size in bytes.
    pub size: u32,
}

/// A constant buffer by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConstantBuffer {
    /// Its name in the source.
    pub name: String,
    /// Its size in bytes.
    pub size: u32,
    /// What it holds.
    pub variables: Vec<Variable>,
}

/// The content of an `RDEF` chunk, types and default values left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reflection {
    /// The compiler's name for itself.
    pub creator: String,
    /// Everything that is bound.
    pub bindings: Vec<Binding>,
    /// Layouts of constant buffers.
    pub constant_buffers: Vec<ConstantBuffer>,
}

impl Reflection {
    /// Reads the payload of an `RDEF` chunk (`spec` 1) that starts at byte `offset` of its container.
    ///
    /// # Errors
    /// When a table or name leaves the chunk, or there are more entries than [`limits`] allows.
    pub fn parse(data: &[u8], offset: usize) -> Result<Self, ContainerError> {
        Self::parse_payload(data).map_err(|error| error.moved(offset))
    }

    fn parse_payload(data: &[u8]) -> Result<Self, ContainerError> {
        let word = |place: usize| word_at(data, 4 * place, "reflection header");
        let target = word(4)?;
        let (minor, major) = (target & 0xff, target >> 8 & 0xff);
        // Shader Model 5.0 made variables longer, 5.1 gave bindings a space and an identifier.
        let variable_bytes = if major >= 5 { 40 } else { 24 };
        let binding_bytes = if (major, minor) >= (5, 1) { 40 } else { 32 };

        let bindings = table(data, word(2)?, word(3)?, binding_bytes, limits::REFLECTION_ENTRIES)?;
        let bindings = bindings.map(|entry| Self::parse_binding(data, entry));
        // One budget for all buffers: many headers may point at the same variables.
        let mut budget = limits::REFLECTION_ENTRIES;
        let buffers = table(data, word(0)?, word(1)?, 24, limits::REFLECTION_ENTRIES)?;
        let buffers = buffers.map(|entry| Self::parse_buffer(data, entry, variable_bytes, &mut budget));
        Ok(Self {
            creator: string_at(data, word(6)? as usize)?,
            constant_buffers: buffers.collect::<Result<_, _>>()?,
            bindings: bindings.filter_map(Result::transpose).collect::<Result<_, _>>()?,
        })
    }

    /// `None` for kinds that are unknown.
    fn parse_binding(data: &[u8], entry: &[u8]) -> Result<Option<Binding>, ContainerError> {
        let word = |place: usize| word_at(entry, 4 * place, "binding");
        let Some(kind) = BindingKind::from_number(word(1)?) else { return Ok(None) };
        Ok(Some(Binding {
            name: string_at(data, word(0)? as usize)?,
            kind,
            register: word(5)?,
            count: word(6)?,
            space: if entry.len() > 32 { word(8)? } else { 0 },
        }))
    }

    fn parse_buffer(
        data: &[u8],
        entry: &[u8],
        variable_bytes: usize,
        budget: &mut usize,
    ) -> Result<ConstantBuffer, ContainerError> {
        let word = |place: usize| word_at(entry, 4 * place, "constant buffer");
        let variables = table(data, word(1)?, word(2)?, variable_bytes, *budget)?;
        *budget -= variables.len();
        let variables = variables.map(|entry| {
            let word = |place: usize| word_at(entry, 4 * place, "variable");
            Ok(Variable { name: string_at(data, word(0)? as usize)?, offset: word(1)?, size: word(2)? })
        });
        Ok(ConstantBuffer {
            name: string_at(data, word(0)? as usize)?,
            size: word(3)?,
            variables: variables.collect::<Result<_, _>>()?,
        })
    }
}

/// `count` entries of `size` bytes.
fn table(
    data: &[u8],
    count: u32,
    offset: u32,
    size: usize,
    limit: usize,
) -> Result<std::slice::ChunksExact<'_, u8>, ContainerError> {
    let (count, offset) = (count as usize, offset as usize);
    if count > limit {
        return Err(ContainerError::TooMany { what: "reflection entries", offset, count, limit });
    }
    Ok(bytes_at(data, offset, count * size, "reflection table")?.chunks_exact(size))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Shader Model 4 chunk: header, one buffer with one variable, one binding.
    fn example() -> Vec<u8> {
        let (buffer, binding, variable, names) = (28, 52, 84, 108);
        let mut words = vec![1, buffer, 1, binding, 0xffff_0400, 0, names];
        words.extend([names + 2, 1, variable, 64, 0, 0]);
        words.extend([names + 2, 0, 0, 0, 0, 3, 1, 0]);
        words.extend([names + 5, 16, 12, 2, 0, 0]);
        let mut bytes: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        bytes.extend(b"c\0CB\0v\0");
        bytes
    }

    #[test]
    fn bindings_and_buffers_are_listed() {
        let reflection = Reflection::parse(&example(), 0).unwrap();
        assert_eq!(reflection.creator, "c");
        let kind = BindingKind::ConstantBuffer;
        assert_eq!(
            reflection.bindings,
            [Binding { name: "CB".into(), kind, register: 3, count: 1, space: 0 }]
        );
        let variables = vec![Variable { name: "v".into(), offset: 16, size: 12 }];
        assert_eq!(reflection.constant_buffers, [ConstantBuffer { name: "CB".into(), size: 64, variables }]);
    }

    #[test]
    fn truncations_and_hostile_counts_are_errors() {
        let bytes = example();
        for length in 0..bytes.len() {
            assert!(Reflection::parse(&bytes[..length], 0).is_err(), "{length}");
        }
        for place in [0, 2, 8] {
            let mut bytes = bytes.clone();
            bytes[4 * place + 3] = 0xff;
            assert!(matches!(Reflection::parse(&bytes, 0), Err(ContainerError::TooMany { .. })), "{place}");
        }
    }

    #[test]
    fn features_have_names() {
        let flags = FeatureFlags::parse(&[0x41, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(flags.names().collect::<Vec<_>>(), ["doubles", "11.1 shader extensions"]);
        assert_eq!(FeatureFlags::parse(&[0x80]).0, 0x80);
    }
}
