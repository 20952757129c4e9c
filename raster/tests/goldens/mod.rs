//! Finds and reads golden tables.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The contents of every file in a folder of the goldens, unpacked, by name without `.gz`. When the folder is
/// absent, says so and gives nothing.
pub(crate) fn read_folder(name: &str) -> Option<BTreeMap<String, Vec<u8>>> {
    let shared = std::env::var_os("AEROGPU_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), // beside the workspace
        PathBuf::from,
    );
    let folder = shared.join("goldens").join(name);
    let Ok(entries) = folder.read_dir() else {
        println!("SKIPPED goldens/{name}: no folder {}", folder.display());
        return None;
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    Some(paths.map(|path| read(&path)).collect())
}

fn read(path: &Path) -> (String, Vec<u8>) {
    let name = path.file_name().unwrap().to_str().unwrap();
    let mut file = File::open(path).unwrap();
    let mut bytes = Vec::new();
    match name.strip_suffix(".gz") {
        Some(_) => flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).unwrap(),
        None => file.read_to_end(&mut bytes).unwrap(),
    };
    (name.trim_end_matches(".gz").to_owned(), bytes)
}

/// Rows of `N` little-endian words.
pub(crate) fn rows<const N: usize>(bytes: &[u8]) -> Vec<[u32; N]> {
    let (words, rest) = bytes.as_chunks::<4>();
    assert!(rest.is_empty() && words.len().is_multiple_of(N), "not whole rows");
    let words = words.iter().map(|word| u32::from_le_bytes(*word)).collect::<Vec<_>>();
    words.as_chunks::<N>().0.to_vec()
}

/// Little-endian words.
pub(crate) fn words(bytes: &[u8]) -> Vec<u32> {
    rows::<1>(bytes).into_iter().map(|[word]| word).collect()
}
