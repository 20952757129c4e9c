//! Results for people: one HTML file with everything in it, and the same as JSON beside it.
//!
//! The page needs nothing from elsewhere: pictures are `data:` addresses, styles and the script of the pixel zoom are inside.
//! Without the script nothing is missing but the zoom. It is a function of the results alone, but for links to case files, which
//! are there when the files are.

mod about;
mod campaign;
mod cases;
mod cycles;
mod page;
mod picture;
mod summary;

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::results::Run;

/// A file of the report cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", .path.display())]
pub struct ReportError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

impl ReportError {
    fn at(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self { path: path.to_owned(), source }
    }
}

/// Writes `index.html` and `results.json` into `folder`, which is created when missing.
pub fn write(folder: &Path, run: &Run) -> Result<(), ReportError> {
    std::fs::create_dir_all(folder).map_err(ReportError::at(folder))?;
    write_json(&folder.join("results.json"), run)?;
    let index = folder.join("index.html");
    std::fs::write(&index, page::page(run, folder).into_string()).map_err(ReportError::at(&index))
}

/// Writes results as JSON.
pub fn write_json(path: &Path, results: &impl Serialize) -> Result<(), ReportError> {
    let mut json = serde_json::to_vec_pretty(results).map_err(|error| ReportError::at(path)(error.into()))?;
    json.push(b'\n');
    std::fs::write(path, json).map_err(ReportError::at(path))
}
