//! The DXBC container: chunks behind a table of offsets, and what a driver's shader bytes may be.

use crate::checksum::checksum;
use crate::reflection::{FeatureFlags, Reflection};
use crate::signature::{Signature, SignatureKind, Signatures};

/// First four bytes of a container.
pub const MAGIC: [u8; 4] = *b"DXBC";

/// Bytes before the table of chunk offsets.
const HEADER_BYTES: usize = 32;

/// Why bytes are not a container, or not a shader.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContainerError {
    /// The bytes end inside something.
    #[error("{what} at byte {offset} needs {needed} bytes, {available} are left")]
    Truncated {
        /// What was to be read.
        what: &'static str,
        /// Where it starts.
        offset: usize,
        /// Its size.
        needed: usize,
        /// The bytes that exist from there on.
        available: usize,
    },
    /// The first word is neither a container's nor a Direct3D 9 version token.
    #[error("neither a DXBC container nor Direct3D 9 bytecode: the first word is {0:#010x}")]
    UnknownFormat(u32),
    /// A container without `SHDR` and `SHEX`.
    #[error("the container has no SHDR or SHEX chunk")]
    NoProgram,
    /// A token stream whose size is not a multiple of four bytes.
    #[error("the token stream at byte {offset} has {size} bytes, which is not a whole number of words")]
    PartialWord {
        /// Where the stream starts.
        offset: usize,
        /// Its size in bytes.
        size: usize,
    },
    /// More than [`limits`](crate::limits) allows.
    #[error("{what} at byte {offset}: {count} is more than {limit}")]
    TooMany {
        /// What is counted.
        what: &'static str,
        /// Where it starts.
        offset: usize,
        /// How many there are.
        count: usize,
        /// How many may be.
        limit: usize,
    },
}

impl ContainerError {
    /// The same error, seen from `base` bytes earlier.
    pub(crate) fn moved(mut self, base: usize) -> Self {
        if let Self::Truncated { offset, .. }
        | Self::TooMany { offset, .. }
        | Self::PartialWord { offset, .. } = &mut self
        {
            *offset += base;
        }
        self
    }
}

/// `bytes[offset..][..size]`, or an error that names it.
pub(crate) fn bytes_at<'a>(
    bytes: &'a [u8],
    offset: usize,
    size: usize,
    what: &'static str,
) -> Result<&'a [u8], ContainerError> {
    let rest = bytes.get(offset..).unwrap_or_default();
    rest.get(..size).ok_or(ContainerError::Truncated { what, offset, needed: size, available: rest.len() })
}

/// The little-endian word at this byte offset.
pub(crate) fn word_at(bytes: &[u8], offset: usize, what: &'static str) -> Result<u32, ContainerError> {
    let word = bytes_at(bytes, offset, 4, what)?;
    Ok(u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
}

/// One chunk of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// Four letters, such as `SHEX`. Unknown ones are kept.
    pub tag: [u8; 4],
    /// Where the payload starts in the container, in bytes.
    pub offset: usize,
    /// The payload.
    pub data: &'a [u8],
}

/// A container taken apart. Chunks may be unaligned, unknown and repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container<'a> {
    /// The chunks in the order of the offset table.
    pub chunks: Vec<Chunk<'a>>,
    /// True when the checksum field is right. Hand-made containers often leave it zero; nothing depends on it.
    pub checksum_ok: bool,
}

impl<'a> Container<'a> {
    /// Takes a container apart (`spec` 1). Bytes after its total size are ignored.
    ///
    /// # Errors
    /// When the magic is missing, or the header, the offset table or a chunk leaves the container.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ContainerError> {
        let magic = bytes_at(bytes, 0, 4, "magic")?;
        if magic != MAGIC {
            return Err(ContainerError::UnknownFormat(word_at(bytes, 0, "magic")?));
        }
        let size = word_at(bytes, 24, "container size")? as usize;
        let bytes = bytes_at(bytes, 0, size, "container")?;
        let count = word_at(bytes, 28, "chunk count")? as usize;
        let table = bytes_at(bytes, HEADER_BYTES, count.saturating_mul(4), "chunk offsets")?;

        let chunk = |offset: &[u8; 4]| {
            let offset = u32::from_le_bytes(*offset) as usize;
            let header = bytes_at(bytes, offset, 8, "chunk header")?;
            let size = word_at(header, 4, "chunk size")? as usize;
            let data = bytes_at(bytes, offset + 8, size, "chunk")?;
            Ok(Chunk { tag: [header[0], header[1], header[2], header[3]], offset: offset + 8, data })
        };
        let chunks = table.as_chunks().0.iter().map(chunk).collect::<Result<_, _>>()?;
        let stored = [4, 8, 12, 16].map(|offset| word_at(bytes, offset, "checksum").unwrap_or_default());
        Ok(Self { chunks, checksum_ok: checksum(bytes) == Some(stored) })
    }

    /// The first chunk that has one of these tags; earlier tags win.
    pub fn find(&self, tags: &[&[u8; 4]]) -> Option<Chunk<'a>> {
        tags.iter().find_map(|&tag| self.chunks.iter().copied().find(|chunk| chunk.tag == *tag))
    }
}

/// Writes a container with these chunks, payloads padded to whole words, and a right checksum.
///
/// Sizes are 32-bit in the format: chunks must be less than 4 GiB together.
pub fn build(chunks: &[([u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::from(MAGIC);
    bytes.resize(HEADER_BYTES + 4 * chunks.len(), 0);
    bytes[20..24].copy_from_slice(&1_u32.to_le_bytes());
    bytes[28..32].copy_from_slice(&(chunks.len() as u32).to_le_bytes());
    for (place, (tag, data)) in chunks.iter().enumerate() {
        let offset = bytes.len() as u32;
        bytes[HEADER_BYTES + 4 * place..][..4].copy_from_slice(&offset.to_le_bytes());
        bytes.extend(tag);
        bytes.extend((data.len().next_multiple_of(4) as u32).to_le_bytes());
        bytes.extend(data);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    let size = bytes.len() as u32;
    bytes[24..28].copy_from_slice(&size.to_le_bytes());
    let sum = checksum(&bytes).unwrap_or_default();
    for (field, word) in bytes[4..20].as_chunks_mut::<4>().0.iter_mut().zip(sum) {
        *field = word.to_le_bytes();
    }
    bytes
}

/// Shader bytes as a driver passes them, taken apart but not yet decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShaderBlob {
    /// Shader Model 4.0 to 5.1 in a container.
    Sm4(Sm4Blob),
    /// Direct3D 9 bytecode, raw or in a container.
    Sm3 {
        /// The token stream, version token first.
        tokens: Vec<u32>,
    },
}

/// A container with a Shader Model 4.0 to 5.1 program.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sm4Blob {
    /// The token stream, version token first; [`sm4::decode`](crate::sm4::decode) takes it.
    pub tokens: Vec<u32>,
    /// Input, output and patch-constant signatures; absent ones are empty.
    pub signatures: Signatures,
    /// False when the checksum field is wrong, which is information, not an error.
    pub checksum_ok: bool,
    /// Optional device features that the program says it needs.
    pub features: FeatureFlags,
    /// Names of resources and constant buffers, when the compiler left them in and they can be read.
    pub reflection: Option<Reflection>,
}

impl ShaderBlob {
    /// Takes apart a DXBC container (with Shader Model 4/5 or Direct3D 9 tokens) or a raw Direct3D 9 token stream.
    ///
    /// # Errors
    /// When the bytes are neither, or the container, its program or a signature is malformed. Malformed reflection is
    /// dropped: nothing needs it to run a shader.
    pub fn parse(bytes: &[u8]) -> Result<Self, ContainerError> {
        let first = word_at(bytes, 0, "first word")?;
        if is_direct3d9_version(first) {
            return Ok(Self::Sm3 { tokens: words(bytes, 0)? });
        }
        let container = Container::parse(bytes)?;
        let program = container.find(&[b"SHEX", b"SHDR"]).ok_or(ContainerError::NoProgram)?;
        let tokens = words(program.data, program.offset)?;
        let version = *tokens.first().ok_or(ContainerError::Truncated {
            what: "version token",
            offset: program.offset,
            needed: 4,
            available: 0,
        })?;
        if is_direct3d9_version(version) {
            return Ok(Self::Sm3 { tokens });
        }
        let signature = |tags: &[(&[u8; 4], SignatureKind)]| {
            let found = tags.iter().find_map(|&(tag, kind)| Some((container.find(&[tag])?, kind)));
            found.map_or(Ok(Signature::default()), |(chunk, kind)| {
                Signature::parse(chunk.data, chunk.offset, kind)
            })
        };
        use SignatureKind::{MinPrecision, Plain, Streams};
        Ok(Self::Sm4(Sm4Blob {
            tokens,
            signatures: Signatures {
                inputs: signature(&[(b"ISG1", MinPrecision), (b"ISGN", Plain)])?,
                outputs: signature(&[(b"OSG1", MinPrecision), (b"OSG5", Streams), (b"OSGN", Plain)])?,
                patch_constants: signature(&[(b"PSG1", MinPrecision), (b"PCSG", Plain)])?,
            },
            checksum_ok: container.checksum_ok,
            features: container.find(&[b"SFI0"]).map(|c| FeatureFlags::parse(c.data)).unwrap_or_default(),
            reflection: container.find(&[b"RDEF"]).and_then(|c| Reflection::parse(c.data, c.offset).ok()),
        }))
    }
}

/// True for `0xfffeMMmm` (vertex) and `0xffffMMmm` (pixel).
const fn is_direct3d9_version(word: u32) -> bool {
    matches!(word >> 16, 0xfffe | 0xffff)
}

fn words(bytes: &[u8], offset: usize) -> Result<Vec<u32>, ContainerError> {
    match bytes.as_chunks() {
        (words, []) => Ok(words.iter().map(|word| u32::from_le_bytes(*word)).collect()),
        _ => Err(ContainerError::PartialWord { offset, size: bytes.len() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Vec<u8> {
        build(&[(*b"SHEX", vec![0x50, 0, 0, 0, 2, 0, 0, 0]), (*b"ABCD", vec![1, 2, 3]), (*b"ABCD", vec![])])
    }

    #[test]
    fn built_containers_parse_with_a_right_checksum() {
        let bytes = example();
        let container = Container::parse(&bytes).unwrap();
        assert!(container.checksum_ok);
        let tags: Vec<_> = container.chunks.iter().map(|c| (c.tag, c.data)).collect();
        let shex = [0x50, 0, 0, 0, 2, 0, 0, 0];
        assert_eq!(tags, [(*b"SHEX", &shex[..]), (*b"ABCD", &[1, 2, 3, 0][..]), (*b"ABCD", &[][..])]);
        assert_eq!(bytes.len() % 4, 0);
    }

    #[test]
    fn a_wrong_checksum_is_information() {
        let mut bytes = example();
        bytes[4] ^= 1;
        assert!(!Container::parse(&bytes).unwrap().checksum_ok);
        assert!(matches!(ShaderBlob::parse(&bytes), Ok(ShaderBlob::Sm4(Sm4Blob { checksum_ok: false, .. }))));
    }

    #[test]
    fn chunks_may_be_unaligned() {
        let mut bytes = build(&[(*b"ABCD", vec![7; 4])]);
        bytes.insert(36, 0xab);
        bytes[32] += 1;
        bytes[24] += 1;
        assert_eq!(Container::parse(&bytes).unwrap().chunks[0].data, [7; 4]);
    }

    #[test]
    fn every_truncation_is_an_error_with_a_position() {
        let bytes = example();
        for length in 0..bytes.len() {
            assert!(
                matches!(Container::parse(&bytes[..length]), Err(ContainerError::Truncated { .. })),
                "{length}"
            );
        }
    }

    #[test]
    fn hostile_counts_and_sizes_are_refused() {
        for offset in [24, 28, 32, 48] {
            let mut bytes = example();
            bytes[offset..offset + 4].copy_from_slice(&u32::MAX.to_le_bytes());
            assert!(matches!(Container::parse(&bytes), Err(ContainerError::Truncated { .. })), "{offset}");
        }
    }

    #[test]
    fn direct3d9_tokens_are_told_apart_raw_and_wrapped() {
        let tokens = [0xfffe_0200_u32, 0x0000_ffff];
        let raw: Vec<u8> = tokens.iter().flat_map(|t| t.to_le_bytes()).collect();
        let expected = Ok(ShaderBlob::Sm3 { tokens: tokens.to_vec() });
        assert_eq!(ShaderBlob::parse(&raw), expected);
        assert_eq!(ShaderBlob::parse(&build(&[(*b"SHDR", raw.clone())])), expected);
        assert_eq!(ShaderBlob::parse(&raw[..7]), Err(ContainerError::PartialWord { offset: 0, size: 7 }));
    }

    #[test]
    fn other_bytes_are_refused_by_name() {
        assert_eq!(ShaderBlob::parse(b"DXIL"), Err(ContainerError::UnknownFormat(0x4c49_5844)));
        assert_eq!(ShaderBlob::parse(&build(&[])), Err(ContainerError::NoProgram));
    }
}
