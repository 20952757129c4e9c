//! Reading command streams: the header once, then packet by packet (executor.md §1).
//!
//! Newer guests are read by the rules of forward compatibility: any minor version, packets longer than their
//! struct (the tail is ignored), opcodes that this version does not know ([`Packet::Unknown`]).

use crate::packets::{CmdHdr, STREAM_MAGIC, StreamHeader};
use crate::{ABI_MAJOR, Packet, PacketErrorReason};
use bytemuck::{AnyBitPattern, pod_read_unaligned};
use core::iter::FusedIterator;

/// Why bytes are not a command stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// Fewer bytes than a header has.
    #[error("command stream of {len} bytes is shorter than its header")]
    TooShort {
        /// Bytes at hand.
        len: usize,
    },
    /// The first word is not [`STREAM_MAGIC`].
    #[error("command stream begins with {magic:#010x}, not ACMD")]
    BadMagic {
        /// The word.
        magic: u32,
    },
    /// The ABI's major version is not [`ABI_MAJOR`].
    #[error("command stream has ABI version {}.{}, but only major version 1 is known", abi_version >> 16, abi_version & 0xFFFF)]
    UnsupportedVersion {
        /// Major version in the high half, minor in the low half.
        abi_version: u32,
    },
    /// `size_bytes` is below the header's size, no multiple of 4, or beyond the buffer.
    #[error("command stream claims {size_bytes} bytes of a buffer of {len}")]
    BadSize {
        /// The claim.
        size_bytes: u32,
        /// Bytes at hand.
        len: usize,
    },
}

/// A packet that cannot be decoded. Packets before it are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("packet {opcode:#05x} at byte {offset}: {reason}")]
pub struct PacketError {
    /// Byte offset of the packet in the stream, from the stream header's first byte.
    pub offset: usize,
    /// The opcode word.
    pub opcode: u32,
    /// What is wrong.
    pub reason: PacketErrorReason,
}

/// A command stream whose header has been checked.
#[derive(Clone, Copy, Debug)]
pub struct Stream<'a> {
    header: StreamHeader,
    bytes: &'a [u8],
}

impl<'a> Stream<'a> {
    /// Checks the header. Bytes of the buffer beyond the stream's own size are ignored.
    pub fn parse(buffer: &'a [u8]) -> Result<Self, StreamError> {
        let len = buffer.len();
        let header: StreamHeader = read_prefix(buffer).ok_or(StreamError::TooShort { len })?;
        if header.magic != STREAM_MAGIC {
            return Err(StreamError::BadMagic { magic: header.magic });
        }
        if header.abi_version >> 16 != u32::from(ABI_MAJOR) {
            return Err(StreamError::UnsupportedVersion { abi_version: header.abi_version });
        }
        let size = header.size_bytes as usize;
        let bytes = buffer
            .get(..size)
            .filter(|_| size >= size_of::<StreamHeader>() && size.is_multiple_of(4))
            .ok_or(StreamError::BadSize { size_bytes: header.size_bytes, len })?;
        Ok(Self { header, bytes })
    }

    /// The header as the guest wrote it.
    #[must_use]
    pub fn header(&self) -> &StreamHeader {
        &self.header
    }

    /// The ABI's minor version, which gates `stage_ex` (see [`ShaderStage::decode`](crate::packets::ShaderStage::decode)).
    #[must_use]
    pub fn minor(&self) -> u16 {
        (self.header.abi_version & 0xFFFF) as u16
    }

    /// The whole stream, header included and exactly as long as it says.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The packets in order. A malformed packet gives an error and ends the iteration.
    #[must_use]
    pub fn packets(&self) -> Packets<'a> {
        Packets { bytes: self.bytes, offset: size_of::<StreamHeader>() }
    }
}

/// The packets of a [`Stream`].
#[derive(Clone, Debug)]
pub struct Packets<'a> {
    bytes: &'a [u8],
    offset: usize,
}

/// A decoded packet and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketAt<'a> {
    /// Byte offset of the packet in the stream, from the stream header's first byte.
    pub offset: usize,
    /// The opcode word.
    pub opcode: u32,
    /// Bytes of the packet, header and padding included.
    pub size: u32,
    /// The packet.
    pub packet: Packet<'a>,
}

impl<'a> Iterator for Packets<'a> {
    type Item = Result<PacketAt<'a>, PacketError>;

    fn next(&mut self) -> Option<Self::Item> {
        let offset = self.offset;
        let rest = &self.bytes[offset..];
        if rest.is_empty() {
            return None;
        }
        let decoded = packet_bytes(rest).and_then(|(hdr, bytes)| {
            let packet = Packet::decode(hdr.opcode, bytes)?;
            Ok(PacketAt { offset, opcode: hdr.opcode, size: hdr.size_bytes, packet })
        });
        self.offset = match &decoded {
            Ok(packet) => offset + packet.size as usize,
            Err(_) => self.bytes.len(),
        };
        let opcode = read_prefix(rest).unwrap_or(0);
        Some(decoded.map_err(|reason| PacketError { offset, opcode, reason }))
    }
}

impl FusedIterator for Packets<'_> {}

/// The header of the first packet of `rest`, and all bytes of that packet.
fn packet_bytes(rest: &[u8]) -> Result<(CmdHdr, &[u8]), PacketErrorReason> {
    let hdr: CmdHdr = read_prefix(rest).ok_or(PacketErrorReason::TruncatedHeader)?;
    let size_bytes = hdr.size_bytes;
    if (size_bytes as usize) < size_of::<CmdHdr>() || !size_bytes.is_multiple_of(4) {
        return Err(PacketErrorReason::BadSize { size_bytes });
    }
    let bytes = rest
        .get(..size_bytes as usize)
        .ok_or(PacketErrorReason::PastEnd { size_bytes, remaining: rest.len() })?;
    Ok((hdr, bytes))
}

/// The value at the front of `bytes`, if they are enough.
pub(crate) fn read_prefix<T: AnyBitPattern>(bytes: &[u8]) -> Option<T> {
    bytes.get(..size_of::<T>()).map(pod_read_unaligned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StreamWriter;
    use crate::packets::{Opcode, ShaderBindings};
    use PacketErrorReason::*;

    /// A stream of one packet: these dwords after its header, and this many bytes claimed.
    fn stream_of(opcode: Opcode, dwords: &[u32]) -> Vec<u8> {
        let mut writer = StreamWriter::new();
        writer.raw(opcode.to_u32(), bytemuck::cast_slice(dwords));
        writer.finish()
    }

    fn first(bytes: &[u8]) -> Result<Packet<'_>, PacketErrorReason> {
        let packet = Stream::parse(bytes).unwrap().packets().next().unwrap();
        packet.map(|at| at.packet).map_err(|error| error.reason)
    }

    #[test]
    fn header_is_checked_and_bytes_beyond_the_stream_are_not() {
        let good = StreamWriter::with_minor(99).finish();
        let longer = [&good[..], b"more"].concat();
        let stream = Stream::parse(&longer).unwrap();
        assert_eq!((stream.minor(), stream.as_bytes().len(), stream.packets().count()), (99, 24, 0));
        let with = |at: usize, word: u32| {
            let mut bytes = longer.clone();
            bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
            Stream::parse(&bytes).err()
        };
        assert_eq!(with(0, 0), Some(StreamError::BadMagic { magic: 0 }));
        assert_eq!(with(4, 0x2_0000), Some(StreamError::UnsupportedVersion { abi_version: 0x2_0000 }));
        for size_bytes in [0, 20, 26, 32, u32::MAX] {
            assert_eq!(with(8, size_bytes), Some(StreamError::BadSize { size_bytes, len: 28 }));
        }
        assert_eq!(with(12, !0), None, "flags are ignored");
        assert_eq!(Stream::parse(&good[..23]).err(), Some(StreamError::TooShort { len: 23 }));
    }

    #[test]
    fn prefix_before_a_malformed_packet_is_read_and_nothing_after_it() {
        let mut writer = StreamWriter::new();
        writer.flush().raw(Opcode::Draw.to_u32(), &[0; 4]).flush();
        let bytes = writer.finish();
        let packets: Vec<_> = Stream::parse(&bytes).unwrap().packets().collect();
        assert_eq!(packets.len(), 2);
        assert!(packets[0].is_ok_and(|at| (at.offset, at.size, at.packet) == (24, 16, Packet::Flush)));
        let error = packets[1].unwrap_err();
        assert_eq!((error.offset, error.opcode), (40, 0x601));
        assert_eq!(error.reason, ShorterThanStruct { size_bytes: 12, needed: 24 });
        let text = "packet 0x601 at byte 40: size_bytes is 12, but the packet has at least 24 bytes";
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn packet_framing_is_checked() {
        for (size_bytes, reason) in [
            (0, BadSize { size_bytes: 0 }),
            (7, BadSize { size_bytes: 7 }),
            (10, BadSize { size_bytes: 10 }),
            (20, PastEnd { size_bytes: 20, remaining: 16 }),
            (u32::MAX - 3, PastEnd { size_bytes: u32::MAX - 3, remaining: 16 }),
        ] {
            let mut bytes = stream_of(Opcode::Flush, &[0, 0]);
            bytes[28..32].copy_from_slice(&size_bytes.to_le_bytes());
            assert_eq!(first(&bytes), Err(reason));
        }
        let mut bytes = stream_of(Opcode::Nop, &[]);
        bytes.truncate(28);
        bytes[8] = 28;
        assert_eq!(first(&bytes), Err(TruncatedHeader));
    }

    #[test]
    fn tails_of_longer_packets_and_unknown_opcodes_are_skipped() {
        let mut writer = StreamWriter::new();
        writer.raw(Opcode::SetRenderState.to_u32(), &[7; 40]).raw(0xF00, &[1, 2, 3]).flush();
        let bytes = writer.finish();
        let packets: Vec<_> = Stream::parse(&bytes).unwrap().packets().map(|p| p.unwrap().packet).collect();
        assert!(matches!(packets[0], Packet::SetRenderState(set) if set.value == 0x0707_0707));
        assert_eq!(packets[1], Packet::Unknown { opcode: 0xF00, bytes: &[1, 2, 3, 0] });
        assert_eq!(packets[2], Packet::Flush);
    }

    #[test]
    fn both_forms_of_bind_shaders() {
        let bind = |dwords: &[u32]| match first(&stream_of(Opcode::BindShaders, dwords)) {
            Ok(Packet::BindShaders(shaders)) => shaders,
            other => panic!("{other:?}"),
        };
        let short = ShaderBindings { vs: 1, ps: 2, cs: 3, gs: 4, hs: 0, ds: 0 };
        assert_eq!(bind(&[1, 2, 3, 4]), short);
        assert_eq!(bind(&[1, 2, 3, 4, 5, 6]), short, "32 bytes are not the long form yet");
        assert_eq!(bind(&[1, 2, 3, 4, 5, 6, 7]), ShaderBindings { gs: 5, hs: 6, ds: 7, ..short });
    }

    #[test]
    fn every_length_of_the_blend_state() {
        let one = 1.0f32.to_bits();
        let full = [1, 2, 3, 4, 15, 5, 6, 7, 8, 9, 10, 11, 12];
        let defaults = [1, 2, 3, 4, 15, 2, 3, 4, one, one, one, one, u32::MAX];
        for len in 0..full.len() {
            let bytes = stream_of(Opcode::SetBlendState, &full[..len]);
            let result = first(&bytes);
            if len < 5 {
                let size_bytes = 8 + 4 * len as u32;
                assert_eq!(result, Err(ShorterThanStruct { size_bytes, needed: 28 }));
                continue;
            }
            let expected: Vec<u32> = (0..13).map(|i| if i < len { full[i] } else { defaults[i] }).collect();
            let Ok(Packet::SetBlendState(state)) = result else { panic!("{result:?}") };
            assert_eq!(bytemuck::cast_slice::<_, u32>(&[state]), expected, "{len} dwords");
        }
    }

    #[test]
    fn both_widths_of_boolean_constants() {
        let bools = |dwords: &[u32]| match first(&stream_of(Opcode::SetShaderConstantsB, dwords)) {
            Ok(Packet::SetShaderConstantsB(_, registers)) => Ok(registers.iter().collect::<Vec<_>>()),
            Ok(other) => panic!("{other:?}"),
            Err(reason) => Err(reason),
        };
        assert_eq!(bools(&[1, 0, 2, 0, 0, 7]), Ok(vec![false, true]));
        assert_eq!(bools(&[1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0]), Ok(vec![false, true]));
        assert_eq!(bools(&[1, 0, 0, 0]), Ok(vec![]));
        assert_eq!(bools(&[1, 0, 2, 0, 1]), Err(PayloadTruncated { needed: 8, available: 4 }));
    }

    #[test]
    fn promised_payloads_must_be_there() {
        let lie = |opcode, dwords: &[u32]| first(&stream_of(opcode, dwords)).unwrap_err();
        let upload = lie(Opcode::UploadResource, &[1, 0, 0, 0, 5, 0, 0]);
        assert_eq!(upload, PayloadTruncated { needed: 5, available: 4 });
        let upload = lie(Opcode::UploadResource, &[1, 0, 0, 0, u32::MAX, u32::MAX, 0]);
        assert_eq!(upload, PayloadTruncated { needed: u64::MAX, available: 4 });
        let buffers = lie(Opcode::SetVertexBuffers, &[0, u32::MAX]);
        assert_eq!(buffers, PayloadTruncated { needed: 16 * u64::from(u32::MAX), available: 0 });
        // An odd payload at the end of the packet: its padding counts towards the packet, not towards the payload.
        let bytes = stream_of(Opcode::CreateInputLayout, &[9, 5, 0, 0x0403_0201, 5]);
        assert!(matches!(first(&bytes), Ok(Packet::CreateInputLayout(_, &[1, 2, 3, 4, 5]))));
    }
}
