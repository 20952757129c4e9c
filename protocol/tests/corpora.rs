//! Real streams and traces are read to their last packet, or refused with a typed error.

mod common;

use aerogpu_protocol::trace::{BlobKind, Record};
use aerogpu_protocol::{Packet, Stream, StreamWriter, Trace, legacy};
use common::{files, shared};
use std::path::Path;

/// Counts the packets of a stream and checks that each is written back as it was read.
fn read_stream(bytes: &[u8], from: &Path) -> Result<usize, String> {
    let stream = Stream::parse(bytes).map_err(|e| e.to_string())?;
    let mut packets = 0;
    for packet in stream.packets() {
        let packet = packet.map_err(|e| e.to_string())?;
        assert!(!matches!(packet.packet, Packet::Unknown { .. }), "{}: {packet:?}", from.display());
        let mut copy = StreamWriter::with_minor(stream.minor());
        copy.push(&packet.packet);
        let copy = copy.finish();
        let again = Stream::parse(&copy).unwrap().packets().next().unwrap().unwrap();
        assert_eq!(packet_fields(&again.packet), packet_fields(&packet.packet), "{}", from.display());
        packets += 1;
    }
    Ok(packets)
}

/// A packet without the size that its header claims, which the writer shortens to what is needed.
fn packet_fields(packet: &Packet<'_>) -> String {
    let text = format!("{packet:?}");
    let Some((before, rest)) = text.split_once("size_bytes: ").filter(|(b, _)| b.contains("hdr: CmdHdr"))
    else {
        return text;
    };
    format!("{before}{}", rest.trim_start_matches(|c: char| c.is_ascii_digit()))
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
