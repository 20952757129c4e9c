//! Command streams, allocation tables and input layouts from arbitrary bytes: no panic, and packets tile the stream.

#![no_main]

use aerogpu_protocol::packets::StreamHeader;
use aerogpu_protocol::{AllocTable, Packet, Stream, input_layout, legacy};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(table) = AllocTable::parse(bytes) {
        assert_eq!(table.entries().count(), table.header().entry_count as usize);
    }
    let _ = legacy::ToyPacket::parse(bytes);
    let Ok(stream) = Stream::parse(bytes) else { return };
    let mut end = size_of::<StreamHeader>();
    let mut packets = stream.packets();
    for packet in packets.by_ref() {
        let Ok(at) = packet else { break };
        assert_eq!(at.offset, end);
        end += at.size as usize;
        if let Packet::CreateInputLayout(_, blob) = at.packet {
            let _ = input_layout::parse_ilay(blob).map(|elements| elements.iter().count());
        }
    }
    assert!(packets.next().is_none() && end <= stream.as_bytes().len());
});
