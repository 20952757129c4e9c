//! The `ILAY` blob: a Direct3D 10/11 input layout (executor.md §10.2).

use crate::PodSlice;
use crate::packets::{BLOB_MAGIC, BLOB_VERSION, InputLayoutBlobHeader, InputLayoutElementDxgi};
use crate::stream::read_prefix;

/// Why bytes are not an `ILAY` blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputLayoutError {
    /// The first word is not [`BLOB_MAGIC`], or there is none.
    #[error("the input layout does not begin with ILAY")]
    NotIlay,
    /// The blob ends before its header or its last element does.
    #[error("the input layout has {needed} bytes, but only {len} are there")]
    Truncated {
        /// Bytes promised.
        needed: u64,
        /// Bytes there.
        len: usize,
    },
    /// The version is not [`BLOB_VERSION`].
    #[error("the input layout has version {version}")]
    UnsupportedVersion {
        /// The version.
        version: u32,
    },
}

/// Whether a blob claims to be an `ILAY` one; otherwise it is a Direct3D 9 vertex declaration.
#[must_use]
pub fn is_ilay(blob: &[u8]) -> bool {
    read_prefix(blob) == Some(BLOB_MAGIC)
}

/// The elements of an `ILAY` blob. Bytes beyond them are ignored; their fields are not looked into.
pub fn parse_ilay(blob: &[u8]) -> Result<PodSlice<'_, InputLayoutElementDxgi>, InputLayoutError> {
    const HEADER: usize = size_of::<InputLayoutBlobHeader>();
    let len = blob.len();
    if !is_ilay(blob) {
        return Err(InputLayoutError::NotIlay);
    }
    let header: InputLayoutBlobHeader =
        read_prefix(blob).ok_or(InputLayoutError::Truncated { needed: HEADER as u64, len })?;
    if header.version != BLOB_VERSION {
        return Err(InputLayoutError::UnsupportedVersion { version: header.version });
    }
    let needed = HEADER as u64 + u64::from(header.element_count) * size_of::<InputLayoutElementDxgi>() as u64;
    usize::try_from(needed)
        .ok()
        .and_then(|end| blob.get(HEADER..end))
        .map(PodSlice::new)
        .ok_or(InputLayoutError::Truncated { needed, len })
}

/// The bytes of an `ILAY` blob with these elements.
#[must_use]
pub fn write_ilay(elements: &[InputLayoutElementDxgi]) -> Vec<u8> {
    let header = InputLayoutBlobHeader {
        magic: BLOB_MAGIC,
        version: BLOB_VERSION,
        // More elements than this would not fit into a packet anyway.
        element_count: u32::try_from(elements.len()).unwrap_or(u32::MAX),
        reserved0: 0,
    };
    [bytemuck::bytes_of(&header), bytemuck::cast_slice(elements)].concat()
}

/// The hash by which elements name their semantic: 32-bit FNV-1a over the name in ASCII upper case, without the
/// index.
#[must_use]
pub fn semantic_name_hash(name: &str) -> u32 {
    name.bytes().fold(0x811C_9DC5, |hash, byte| {
        (hash ^ u32::from(byte.to_ascii_uppercase())).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_is_fnv_1a_of_the_upper_case_name() {
        // The published FNV-1a vectors of "" and, being caseless, of digits.
        assert_eq!(semantic_name_hash(""), 0x811C_9DC5);
        // ("A" ^ offset) * prime, by hand: 0x811C9D84 * 0x01000193 mod 2^32.
        assert_eq!(semantic_name_hash("a"), 0x811C_9D84u32.wrapping_mul(0x0100_0193));
        assert_eq!(semantic_name_hash("Position"), semantic_name_hash("POSITION"));
        assert_ne!(semantic_name_hash("POSITION"), semantic_name_hash("NORMAL"));
    }

    #[test]
    fn written_blob_is_read_back_and_every_byte_counts() {
        let element = InputLayoutElementDxgi {
            semantic_name_hash: semantic_name_hash("COLOR"),
            dxgi_format: 28,
            aligned_byte_offset: 12,
            ..Default::default()
        };
        let mut blob = write_ilay(&[element; 2]);
        assert!(parse_ilay(&blob).unwrap().iter().eq([element; 2]));
        for len in 0..blob.len() {
            assert!(parse_ilay(&blob[..len]).is_err(), "{len} bytes");
        }
        blob[8..12].fill(0xFF);
        assert!(matches!(parse_ilay(&blob), Err(InputLayoutError::Truncated { .. })));
        blob[4] = 2;
        assert_eq!(parse_ilay(&blob), Err(InputLayoutError::UnsupportedVersion { version: 2 }));
    }
}
