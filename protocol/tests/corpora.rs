//! Real streams and traces are read to their last packet, or refused with a typed error.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use aerogpu_protocol::trace::{BlobKind, Record};
use aerogpu_protocol::{Packet, Stream, Trace, legacy};
use common::{assert_round_trip, files, shared};
use std::path::Path;

/// Counts the packets of a stream and checks that each is written back as it was read, byte for byte unless it is
/// longer than it must be.
fn read_stream(bytes: &[u8], from: &Path) -> Result<usize, String> {
    let stream = Stream::parse(bytes).map_err(|e| e.to_string())?;
    let mut packets = 0;
    for at in stream.packets() {
        let at = at.map_err(|e| e.to_string())?;
        assert!(!matches!(at.packet, Packet::Unknown { .. }), "{}: {at:?}", from.display());
        let copy = assert_round_trip(&at.packet, stream.minor());
        let original = &stream.as_bytes()[at.offset..at.offset + at.size as usize];
        // The long form of BIND_SHADERS need not repeat the geometry shader in its reserved word, as the writer does.
        if copy.len() == original.len() && !matches!(at.packet, Packet::BindShaders(_)) {
            assert_eq!(copy, original, "{}: {at:?}", from.display());
        }
        packets += 1;
    }
    Ok(packets)
}

#[test]
fn traces_are_read() {
    let Some(folder) = shared("traces") else { return };
    let (mut traces, mut packets, mut toy_packets) = (0, 0, 0);
    for path in files(&folder, "aerogputrace") {
        let bytes = std::fs::read(&path).unwrap();
        let trace = Trace::parse(&bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        for frame in trace.frames() {
            for record in frame.records() {
                match record.unwrap_or_else(|e| panic!("{}: {e}", path.display())) {
                    Record::Packet(bytes) if trace.command_abi_version() == legacy::TOY_ABI_VERSION => {
                        legacy::ToyPacket::parse(bytes).unwrap();
                        toy_packets += 1;
                    }
                    Record::Packet(bytes) | Record::Blob { kind: BlobKind::CmdStream, bytes, .. } => {
                        packets += read_stream(bytes, &path).unwrap();
                    }
                    _ => {}
                }
            }
        }
        traces += 1;
    }
    println!("{traces} traces: {packets} packets, {toy_packets} toy packets");
    assert_eq!((traces, toy_packets), (25, 11));
}

#[test]
fn streams_are_read_or_refused() {
    for (folder, extension) in [("corpus/umd9", "acmd"), ("corpus/upstream", "bin")] {
        let Some(folder) = shared(folder) else { return };
        let (mut streams, mut packets, mut others, mut refused) = (0, 0, 0, 0);
        for path in files(&folder, extension) {
            let bytes = std::fs::read(&path).unwrap();
            if !bytes.starts_with(b"ACMD") {
                others += 1; // memory contents and pictures
                continue;
            }
            match read_stream(&bytes, &path) {
                Ok(count) => packets += count,
                Err(error) => {
                    refused += 1;
                    println!("{}: {error}", path.display());
                }
            }
            streams += 1;
        }
        println!(
            "{}: {streams} streams, {packets} packets, {refused} refused; {others} other files",
            folder.display()
        );
        assert!(streams > 100 && refused * 20 < streams);
    }
}
