//! Finding what can be run: cases and traces, in folders of any depth.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::case::FILE_NAME;
use crate::shader_case::is_shader_case;

/// Something that can be run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    /// The folder of a case.
    Case(PathBuf),
    /// A recorded trace.
    Trace(PathBuf),
    /// The JSON file of a shader case.
    Shader(PathBuf),
}

impl Entry {
    /// Where it is.
    pub fn path(&self) -> &Path {
        match self {
            Self::Case(path) | Self::Trace(path) | Self::Shader(path) => path,
        }
    }
}

/// Why a path gives nothing to run.
#[derive(Debug, thiserror::Error)]
pub enum DiscoverError {
    /// A path cannot be read.
    #[error("{}: {source}", .path.display())]
    Read {
        /// The path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is nothing to run.
    #[error("{}: neither a case (a folder with case.json, or a shader case's JSON), nor a folder of cases, nor an .aerogputrace", .0.display())]
    Nothing(PathBuf),
}

/// Everything that `paths` name: sorted by path, each once. A path that leads to nothing is an error.
pub fn find(paths: &[PathBuf]) -> Result<Vec<Entry>, DiscoverError> {
    let mut entries = BTreeSet::new();
    for path in paths {
        let found = under(path)?;
        if found.is_empty() {
            return Err(DiscoverError::Nothing(path.clone()));
        }
        entries.extend(found);
    }
    let mut entries: Vec<Entry> = entries.into_iter().collect();
    entries.sort_by(|a, b| a.path().cmp(b.path()));
    Ok(entries)
}

fn under(root: &Path) -> Result<Vec<Entry>, DiscoverError> {
    let mut entries = Vec::new();
    let mut folders = Vec::new();
    if root.is_dir() {
        folders.push(root.to_owned());
    } else if is_shader_case(root) {
        entries.push(Entry::Shader(root.to_owned()));
    } else if root.file_name().is_some_and(|name| name == FILE_NAME) && root.is_file() {
        entries.push(Entry::Case(root.parent().unwrap_or(Path::new(".")).to_owned()));
    } else if is_trace(root) && root.is_file() {
        entries.push(Entry::Trace(root.to_owned()));
    } else if !root.exists() {
        return Err(DiscoverError::Read { path: root.to_owned(), source: io::ErrorKind::NotFound.into() });
    }
    while let Some(folder) = folders.pop() {
        let case = folder.join(FILE_NAME);
        if is_shader_case(&case) {
            entries.push(Entry::Shader(case));
            continue;
        }
        if case.is_file() {
            entries.push(Entry::Case(folder));
            continue;
        }
        let failed = |source| DiscoverError::Read { path: folder.clone(), source };
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            // Links are not followed into folders, so that the search ends.
            if entry.file_type().map_err(failed)?.is_dir() {
                folders.push(entry.path());
            } else if is_trace(&entry.path()) {
                entries.push(Entry::Trace(entry.path()));
            } else if is_shader_case(&entry.path()) {
                entries.push(Entry::Shader(entry.path()));
            }
        }
    }
    Ok(entries)
}

fn is_trace(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "aerogputrace")
}
