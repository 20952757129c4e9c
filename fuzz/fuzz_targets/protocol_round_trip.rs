//! What the reader accepts, the writer writes, and the reader reads again.

#![no_main]

use aerogpu_protocol::packets::StreamHeader;
use aerogpu_protocol::{Packet, Stream, StreamWriter};
use libfuzzer_sys::fuzz_target;

const STREAM_HEADER: usize = size_of::<StreamHeader>();

/// A stream of this packet alone.
fn write(packet: &Packet<'_>) -> Vec<u8> {
    let mut writer = StreamWriter::new();
    writer.push(packet);
    writer.finish()
}

// Only what follows the stream header counts: a good one is put before it.
fuzz_target!(|input: &[u8]| {
    let body =
        if input.starts_with(b"ACMD") { input.get(STREAM_HEADER..).unwrap_or_default() } else { input };
    let mut bytes = StreamWriter::new().finish();
    bytes.extend_from_slice(&body[..body.len() & !3]);
    let size = (bytes.len() as u32).to_le_bytes();
    bytes[8..12].copy_from_slice(&size);
    let Ok(stream) = Stream::parse(&bytes) else { panic!("the header is good") };
    for at in stream.packets().map_while(Result::ok) {
        let written = write(&at.packet);
        let Ok(copy) = Stream::parse(&written) else { panic!("{at:?} was written without a header") };
        let mut copies = copy.packets();
        let Some(Ok(again)) = copies.next() else { panic!("{at:?} was written as {written:?}") };
        assert!(copies.next().is_none());
        assert_eq!(again.opcode, at.opcode);
        assert_eq!(write(&again.packet), written, "{at:?} changes each time it is written");
        // A packet that was as short as can be comes back byte for byte, but for padding and for three packets of
        // which parts do not count; every field is therefore written.
        let original = &stream.as_bytes()[at.offset..at.offset + at.size as usize];
        let has_unread_parts =
            matches!(at.packet, Packet::BindShaders(_) | Packet::SetBlendState(_) | Packet::Flush);
        if original.len() == written.len() - STREAM_HEADER && !has_unread_parts {
            let unpadded = original.len() - 3;
            assert_eq!(original[..unpadded], written[STREAM_HEADER..][..unpadded]);
        }
    }
});
