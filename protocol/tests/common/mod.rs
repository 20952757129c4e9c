//! Where the shared material lies, and the law of the round trip.

#![allow(dead_code)] // every test uses a part

use aerogpu_protocol::{Packet, Stream, StreamWriter};
use std::path::{Path, PathBuf};

/// A path below `$AEROGPU_SHARED`, by default `../shared` beside the workspace. Without it the test says so.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("AEROGPU_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let path = root.join(path);
    if path.exists() {
        return Some(path);
    }
    println!("SKIPPED: there is no {}", path.display());
    None
}

/// All files with this extension in a folder, at any depth, sorted.
pub(crate) fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Writes a packet and reads it back: it must be the same, apart from the size that its header claims, which the
/// writer shortens to what is needed. Gives the bytes that were written.
pub(crate) fn assert_round_trip(packet: &Packet<'_>, minor: u16) -> Vec<u8> {
    let mut writer = StreamWriter::with_minor(minor);
    writer.push(packet);
    let mut stream = writer.finish();
    let again = Stream::parse(&stream).unwrap().packets().next().unwrap().unwrap();
    assert_eq!(without_size(&again.packet), without_size(packet));
    stream.split_off(24)
}

/// Everything in a packet but the size in its header.
fn without_size(packet: &Packet<'_>) -> String {
    let text = format!("{packet:?}");
    match text.split_once("hdr: CmdHdr").and_then(|(before, rest)| Some((before, rest.split_once('}')?.1))) {
        Some((before, rest)) => before.to_owned() + rest,
        None => text,
    }
}
