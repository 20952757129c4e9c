//! Packets in words, one line each.

use aerogpu_protocol::packets::Opcode;
use aerogpu_protocol::{Packet, PacketAt, Stream};

/// One line a packet: byte offset, size, name and fields; a last line for a packet that cannot be decoded.
pub fn list(stream: &Stream<'_>) -> Vec<String> {
    let describe = |packet: Result<PacketAt<'_>, _>| match packet {
        Ok(at) => {
            let name = Opcode::from_u32(at.opcode).map_or("UNKNOWN", Opcode::name);
            format!("{:>8}  {:>6}  {name} {}", at.offset, at.size, fields(&at.packet))
        }
        Err(error) => format!("malformed: {error}"),
    };
    stream.packets().map(describe).collect()
}

/// The fields that a packet's reader cares about: its structure without headers, reserved words and payload bytes.
fn fields(packet: &Packet<'_>) -> String {
    match packet {
        Packet::UploadResource(p, data) => format!("{p:?} + {} bytes", data.len()),
        Packet::CreateShaderDxbc(p, code) => format!("{p:?} + {} bytes", code.len()),
        Packet::CreateInputLayout(p, blob) => format!("{p:?} + {} bytes", blob.len()),
        Packet::DebugMarker(text) => format!("{:?}", String::from_utf8_lossy(text)),
        Packet::Unknown { opcode, bytes } => format!("opcode {opcode:#x} + {} bytes", bytes.len()),
        other => format!("{other:?}"),
    }
}
