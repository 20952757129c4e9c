//! Laws of the readers and writers: what is written is read back, and no bytes make a reader panic.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use aerogpu_protocol::packets::Opcode;
use aerogpu_protocol::ring::{AllocEntry, write_alloc_table};
use aerogpu_protocol::trace::{BlobKind, Record, SubmissionHeader, TraceWriter};
use aerogpu_protocol::{AllocTable, Packet, Stream, StreamWriter, Trace, input_layout, legacy};
use common::assert_round_trip;
use proptest::collection::vec;
use proptest::prelude::*;

/// The body of a packet: mostly small words, so that counts often fit what follows them.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![8 => 0u32..8, 1 => any::<u32>()];
    vec(word, 0..48).prop_map(|words| bytemuck::cast_slice(&words).to_vec())
}

fn opcode() -> impl Strategy<Value = u32> {
    prop_oneof![
        15 => proptest::sample::select(Opcode::ALL).prop_map(Opcode::to_u32),
        1 => any::<u32>(),
    ]
}

/// A framed stream of packets that may or may not be well-formed inside.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    vec((opcode(), body()), 0..12).prop_map(|packets| {
        let mut writer = StreamWriter::new();
        for (opcode, body) in packets {
            writer.raw(opcode, &body);
        }
        writer.finish()
    })
}

/// Replaces some bytes.
fn mutate(mut bytes: Vec<u8>, changes: &[(prop::sample::Index, u8)]) -> Vec<u8> {
    for (index, value) in changes {
        if !bytes.is_empty() {
            let at = index.index(bytes.len());
            bytes[at] = *value;
        }
    }
    bytes
}

/// Reads everything that there is to read; the packets must tile the stream.
fn read_all(bytes: &[u8]) -> usize {
    let Ok(stream) = Stream::parse(bytes) else { return 0 };
    let mut expected_offset = 24;
    let mut good = 0;
    let mut packets = stream.packets();
    for packet in packets.by_ref() {
        match packet {
            Ok(at) => {
                assert_eq!(at.offset, expected_offset);
                expected_offset += at.size as usize;
                good += 1;
            }
            Err(error) => {
                assert_eq!(error.offset, expected_offset);
                assert!(packets.next().is_none(), "nothing follows an error");
                return good;
            }
        }
    }
    assert_eq!(expected_offset, stream.as_bytes().len());
    good
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(opcode in opcode(), body in body(), minor in 0u16..6) {
        let bytes = [bytemuck::cast_slice(&[opcode, 8 + body.len() as u32]), &body[..]].concat();
        if let Ok(packet) = Packet::decode(opcode, &bytes) {
            let written = assert_round_trip(&packet, minor);
            let longer = matches!(packet, Packet::SetBlendState(_));
            prop_assert!(written.len() <= bytes.len() || longer, "the writer writes the shortest form");
        }
    }

    #[test]
    fn packets_tile_the_stream(bytes in stream()) {
        read_all(&bytes);
    }

    #[test]
    fn mutated_streams_do_not_panic(bytes in stream(), changes in vec(any::<(prop::sample::Index, u8)>(), 0..6)) {
        read_all(&mutate(bytes, &changes));
    }

    #[test]
    fn arbitrary_bytes_do_not_panic(bytes in vec(any::<u8>(), 0..200)) {
        read_all(&bytes);
        let _ = Trace::parse(&bytes);
        let _ = AllocTable::parse(&bytes);
        let _ = input_layout::parse_ilay(&bytes);
        let _ = legacy::ToyPacket::parse(&bytes);
    }

    #[test]
    fn allocation_tables_are_read_back(ids in vec((1u32.., 0u32..2, any::<u32>(), 1u32..), 0..20)) {
        let entries: Vec<AllocEntry> = ids
            .into_iter()
            .map(|(alloc_id, flags, gpa, size)| AllocEntry {
                alloc_id, flags, gpa: gpa.into(), size_bytes: size.into(), reserved0: 0,
            })
            .collect();
        let bytes = write_alloc_table(&entries);
        prop_assert!(AllocTable::parse(&bytes).unwrap().entries().eq(entries));
    }

    #[test]
    fn traces_are_read_back(frames in vec(vec(stream(), 0..4), 0..5), last_is_open: bool) {
        let bytes = write_trace(&frames, last_is_open);
        let trace = Trace::parse(&bytes).unwrap();
        prop_assert_eq!(trace.meta(), "{}");
        let present: Vec<bool> = trace.frames().map(|frame| frame.present_offset().is_some()).collect();
        let mut read_frames: Vec<Vec<Vec<u8>>> = Vec::new();
        for (index, frame) in (0u32..).zip(trace.frames()) {
            prop_assert_eq!(frame.index(), index);
            let records: Vec<_> = frame.records().map(Result::unwrap).collect();
            prop_assert_eq!(records[0], Record::BeginFrame { frame_index: index });
            let stream = |record: &Record<'_>| match record {
                Record::Blob { kind: BlobKind::CmdStream, bytes, .. } => Some(bytes.to_vec()),
                _ => None,
            };
            read_frames.push(records.iter().filter_map(stream).collect());
        }
        let mut expected = vec![true; frames.len()];
        if last_is_open {
            expected.push(false);
            prop_assert_eq!(read_frames.pop().unwrap(), vec![b"open".to_vec()]);
        }
        prop_assert_eq!(present, expected);
        prop_assert_eq!(read_frames, frames);
    }

    #[test]
    fn mutated_traces_do_not_panic(
        frames in vec(vec(stream(), 0..3), 0..3),
        changes in vec(any::<(prop::sample::Index, u8)>(), 0..6),
    ) {
        let bytes = mutate(write_trace(&frames, true), &changes);
        if let Ok(trace) = Trace::parse(&bytes) {
            for frame in trace.frames() {
                let mut records = frame.records();
                let all: Vec<_> = records.by_ref().collect();
                prop_assert!(all.iter().rev().skip(1).all(Result::is_ok), "nothing follows an error");
            }
        }
    }
}

/// A trace of presented frames with a submission for each stream, and perhaps one more frame without a present.
fn write_trace(frames: &[Vec<Vec<u8>>], last_is_open: bool) -> Vec<u8> {
    let mut writer = TraceWriter::new(aerogpu_protocol::ABI_VERSION, "{}");
    let entry = AllocEntry { alloc_id: 1, gpa: 0x1000, size_bytes: 4, ..AllocEntry::default() };
    for streams in frames {
        for stream in streams {
            let table = write_alloc_table(&[entry]);
            writer.submission(SubmissionHeader::default(), stream, Some(&table), &[(entry, b"abcd")]);
        }
        writer.present();
    }
    if last_is_open {
        writer.submission(SubmissionHeader::default(), b"open", None, &[]);
    }
    writer.finish()
}
