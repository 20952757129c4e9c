//! Where the shared material lies.

#![allow(dead_code)] // every test uses a part

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
