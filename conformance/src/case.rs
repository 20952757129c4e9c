//! The case format `aerogpu-case/1`: a folder with a `case.json` and the binary files that it names.
//!
//! ```json
//! {"schema": "aerogpu-case/1", "name": "depth/less", "source": "where it comes from", "features": ["depth"],
//!  "known_failure": {"reason": "...", "link": "..."},
//!  "steps": [
//!   {"op": "memory", "gpa": 4096, "data": "0.bin"},
//!   {"op": "submit", "stream": "1.bin", "context_id": 0, "result": "ok",
//!    "alloc_table": [{"alloc_id": 1, "gpa": 4096, "size_bytes": 65536, "flags": 0}]},
//!   {"op": "expect_texture", "handle": 7, "mip": 0, "layer": 0, "width": 64, "height": 64, "encoding": "rgba8",
//!    "data": "2.bin", "tolerance": {"channel": 0, "pixels": 0}},
//!   {"op": "expect_buffer", "handle": 3, "offset": 0, "data": "3.bin"},
//!   {"op": "expect_memory", "gpa": 4096, "data": "4.bin"},
//!   {"op": "reset"}]}
//! ```
//!
//! Unknown keys are an error. File names are relative to the folder; they may go up (`../shared/vertices.bin`).

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The schema that this module reads.
pub const SCHEMA: &str = "aerogpu-case/1";
/// Name of the file that makes a folder a case.
pub const FILE_NAME: &str = "case.json";
/// Bytes of a `case.json`.
pub const MAX_JSON_BYTES: u64 = 16 << 20;
/// Bytes of one binary file.
pub const MAX_DATA_BYTES: u64 = 256 << 20;

/// A case. `F` is what its files are: names as they are written, or bytes once they are loaded.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case<F = Vec<u8>> {
    /// [`SCHEMA`].
    pub schema: String,
    /// Unique name, `group/what`.
    pub name: String,
    /// Where the case comes from.
    pub source: String,
    /// What it is about: `d3d9`, `d3d11`, `depth`...
    pub features: Vec<String>,
    /// Set when the case is expected to fail.
    pub known_failure: Option<KnownFailure>,
    /// What happens, in order, from a fresh back end on.
    pub steps: Vec<Step<F>>,
}

/// Why a case is expected to fail.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownFailure {
    /// The reason, in a sentence.
    pub reason: String,
    /// Where to read more.
    pub link: Option<String>,
}

/// One step of a case.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Step<F> {
    /// Writes guest memory.
    Memory(MemoryAt<F>),
    /// Executes a command stream.
    Submit(Submit<F>),
    /// Looks at a texture.
    ExpectTexture(ExpectTexture<F>),
    /// Looks at a buffer.
    ExpectBuffer(ExpectBuffer<F>),
    /// Looks at guest memory.
    ExpectMemory(MemoryAt<F>),
    /// Replaces the back end by a fresh one. Guest memory stays.
    Reset {},
}

/// Bytes at a guest physical address.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryAt<F> {
    /// Guest physical address.
    pub gpa: u64,
    /// The bytes.
    pub data: F,
}

/// One submission.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submit<F> {
    /// The command stream, header included.
    pub stream: F,
    /// Whose state it works on.
    #[serde(default)]
    pub context_id: u32,
    /// What must come of it.
    pub result: SubmitResult,
    /// The allocation table; none when absent.
    pub alloc_table: Option<Vec<Allocation>>,
}

/// What must come of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubmitResult {
    /// No command fails.
    Ok,
    /// At least one command fails.
    Error,
    /// Either.
    Any,
}

/// An entry of an allocation table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allocation {
    /// The id that packets name it by.
    pub alloc_id: u32,
    /// Guest physical address.
    pub gpa: u64,
    /// Bytes.
    pub size_bytes: u64,
    /// Bits of `aerogpu_protocol::ring::AllocFlags`.
    #[serde(default)]
    pub flags: u32,
}

/// A subresource and what it must hold.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectTexture<F> {
    /// The texture.
    pub handle: u32,
    /// Mip level.
    #[serde(default)]
    pub mip: u32,
    /// Array layer.
    #[serde(default)]
    pub layer: u32,
    /// Texels.
    pub width: u32,
    /// Texels.
    pub height: u32,
    /// How `data` describes texels.
    pub encoding: Encoding,
    /// What the subresource must hold: rows without padding, top row first.
    pub data: F,
    /// How far it may differ.
    #[serde(default)]
    pub tolerance: Tolerance,
}

/// How expected texels are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// Four bytes a texel: red, green, blue, alpha.
    Rgba8,
    /// Bytes as they are stored.
    Raw,
    /// One `f32` a texel.
    DepthF32,
    /// One byte a texel.
    StencilU8,
}

impl Encoding {
    /// Bytes of a texel; `None` when they depend on the texture's format.
    pub fn bytes_per_texel(self) -> Option<u32> {
        match self {
            Self::Rgba8 | Self::DepthF32 => Some(4),
            Self::StencilU8 => Some(1),
            Self::Raw => None,
        }
    }
}

/// How far a texture may differ from what is expected.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    /// The greatest difference allowed in a channel: in its 256 steps, or in depth for `depth_f32`.
    #[serde(default)]
    pub channel: f64,
    /// How many pixels may exceed it.
    #[serde(default)]
    pub pixels: u64,
}

/// A range of a buffer and what it must hold.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectBuffer<F> {
    /// The buffer.
    pub handle: u32,
    /// First byte.
    #[serde(default)]
    pub offset: u64,
    /// What the buffer must hold from there on.
    pub data: F,
}

/// Why a case cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// A file cannot be read.
    #[error("{}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is larger than any case needs.
    #[error("{}: more than {limit} bytes; split the case", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The bound.
        limit: u64,
    },
    /// A file is no JSON, or a key is missing, unknown or of another type.
    #[error("{}: {source}", .path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What and where.
        source: serde_json::Error,
    },
    /// The case is written in another format.
    #[error("{}: schema is \"{found}\", not \"{takes}\"", .path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// What it says.
        found: String,
        /// What is taken here.
        takes: &'static str,
    },
    /// A shader of a shader case is none.
    #[error("{}: shader {stage}: {what}", .path.display())]
    Shader {
        /// The file.
        path: PathBuf,
        /// Its stage.
        stage: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// A step that makes no sense.
    #[error("{}: step {step}: {what}", .path.display())]
    Step {
        /// The file.
        path: PathBuf,
        /// Position in `steps`, from 0.
        step: usize,
        /// What is wrong and what to do.
        what: String,
    },
}

impl Case<String> {
    /// Reads the text of a `case.json`; `path` is for errors only.
    pub fn parse(text: &[u8], path: &Path) -> Result<Self, CaseError> {
        #[derive(Deserialize)]
        struct Head {
            schema: String,
        }
        let json = |source| CaseError::Json { path: path.to_owned(), source };
        let head: Head = serde_json::from_slice(text).map_err(json)?;
        if head.schema != SCHEMA {
            return Err(CaseError::Schema { path: path.to_owned(), found: head.schema, takes: SCHEMA });
        }
        serde_json::from_slice(text).map_err(json)
    }
}

impl Case {
    /// Loads the case in `folder`, with every file that it names.
    pub fn load(folder: &Path) -> Result<Self, CaseError> {
        let path = folder.join(FILE_NAME);
        let case = Case::parse(&read(&path, MAX_JSON_BYTES)?, &path)?;
        let steps = case.steps.into_iter().enumerate().map(|(step, s)| {
            let in_step = |what| CaseError::Step { path: path.clone(), step, what };
            let loaded =
                s.try_map(|name| read(&folder.join(relative(&name).map_err(in_step)?), MAX_DATA_BYTES))?;
            loaded.check().map_err(in_step)?;
            Ok(loaded)
        });
        Ok(Self {
            steps: steps.collect::<Result<_, CaseError>>()?,
            schema: case.schema,
            name: case.name,
            source: case.source,
            features: case.features,
            known_failure: case.known_failure,
        })
    }
}

impl<F> Step<F> {
    /// The same step with its file replaced.
    fn try_map<G, E>(self, file: impl FnOnce(F) -> Result<G, E>) -> Result<Step<G>, E> {
        Ok(match self {
            Self::Memory(s) => Step::Memory(MemoryAt { gpa: s.gpa, data: file(s.data)? }),
            Self::ExpectMemory(s) => Step::ExpectMemory(MemoryAt { gpa: s.gpa, data: file(s.data)? }),
            Self::ExpectBuffer(s) => {
                Step::ExpectBuffer(ExpectBuffer { handle: s.handle, offset: s.offset, data: file(s.data)? })
            }
            Self::Submit(s) => Step::Submit(Submit {
                stream: file(s.stream)?,
                context_id: s.context_id,
                result: s.result,
                alloc_table: s.alloc_table,
            }),
            Self::ExpectTexture(s) => Step::ExpectTexture(ExpectTexture {
                handle: s.handle,
                mip: s.mip,
                layer: s.layer,
                width: s.width,
                height: s.height,
                encoding: s.encoding,
                data: file(s.data)?,
                tolerance: s.tolerance,
            }),
            Self::Reset {} => Step::Reset {},
        })
    }
}

impl Step<Vec<u8>> {
    /// An expectation that no texture could meet is a mistake in the case, not in the back end.
    fn check(&self) -> Result<(), String> {
        let Self::ExpectTexture(expect) = self else { return Ok(()) };
        let Some(texel) = expect.encoding.bytes_per_texel() else { return Ok(()) };
        let (width, height, len) = (expect.width, expect.height, expect.data.len());
        let needed = u128::from(width) * u128::from(height) * u128::from(texel);
        if len as u128 == needed {
            return Ok(());
        }
        Err(format!(
            "{width}x{height} texels of {texel} bytes are {needed} bytes, but `data` has {len}; mend one of them"
        ))
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rgba8 => "rgba8",
            Self::Raw => "raw",
            Self::DepthF32 => "depth_f32",
            Self::StencilU8 => "stencil_u8",
        })
    }
}

/// A file name of a case as a path: relative, with all its `..` in front, so that it reads as what it is.
pub(crate) fn relative(name: &str) -> Result<&Path, String> {
    let path = Path::new(name);
    let mut down = path.components().skip_while(|part| *part == Component::ParentDir).peekable();
    if down.peek().is_some() && down.all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Ok(path);
    }
    Err(format!(
        "\"{name}\" is no relative file name; name a file beside case.json, or one above it (../x.bin)"
    ))
}

/// A whole file of at most `limit` bytes.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, CaseError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes));
    read.map_err(|source| CaseError::Read { path: path.to_owned(), source })?;
    if bytes.len() as u64 > limit {
        return Err(CaseError::TooLarge { path: path.to_owned(), limit });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Case<String>, String> {
        Case::parse(text.as_bytes(), Path::new("x/case.json")).map_err(|error| error.to_string())
    }

    fn with_step(step: &str) -> Result<Case<String>, String> {
        parse(&format!(
            r#"{{"schema": "aerogpu-case/1", "name": "n", "source": "s", "features": [], "steps": [{step}]}}"#
        ))
    }

    #[test]
    fn every_key_is_read() {
        let case = parse(
            r#"{"schema": "aerogpu-case/1", "name": "depth/less", "source": "hand", "features": ["depth"],
            "known_failure": {"reason": "r", "link": "l"},
            "steps": [
              {"op": "memory", "gpa": 4096, "data": "0.bin"},
              {"op": "submit", "stream": "1.bin", "context_id": 5, "result": "error",
               "alloc_table": [{"alloc_id": 1, "gpa": 4096, "size_bytes": 65536, "flags": 1}]},
              {"op": "expect_texture", "handle": 7, "mip": 1, "layer": 2, "width": 64, "height": 32,
               "encoding": "depth_f32", "data": "2.bin", "tolerance": {"channel": 0.5, "pixels": 3}},
              {"op": "expect_buffer", "handle": 3, "offset": 8, "data": "3.bin"},
              {"op": "expect_memory", "gpa": 18446744073709551615, "data": "../4.bin"},
              {"op": "reset"}]}"#,
        )
        .expect("valid");
        let texture = ExpectTexture {
            handle: 7,
            mip: 1,
            layer: 2,
            width: 64,
            height: 32,
            encoding: Encoding::DepthF32,
            data: "2.bin".into(),
            tolerance: Tolerance { channel: 0.5, pixels: 3 },
        };
        let submit = Submit {
            stream: "1.bin".into(),
            context_id: 5,
            result: SubmitResult::Error,
            alloc_table: Some(vec![Allocation { alloc_id: 1, gpa: 4096, size_bytes: 65536, flags: 1 }]),
        };
        let steps = [
            Step::Memory(MemoryAt { gpa: 4096, data: "0.bin".into() }),
            Step::Submit(submit),
            Step::ExpectTexture(texture),
            Step::ExpectBuffer(ExpectBuffer { handle: 3, offset: 8, data: "3.bin".into() }),
            Step::ExpectMemory(MemoryAt { gpa: u64::MAX, data: "../4.bin".into() }),
            Step::Reset {},
        ];
        assert_eq!(case.steps, steps);
        assert_eq!(case.known_failure.and_then(|known| known.link), Some("l".into()));
    }

    #[test]
    fn unknown_keys_and_values_are_errors() {
        for step in [
            r#"{"op": "reset", "why": 1}"#,
            r#"{"op": "memory", "gpa": 0, "data": "x", "size": 4}"#,
            r#"{"op": "memory", "gpa": -1, "data": "x"}"#,
            r#"{"op": "memory", "gpa": 0}"#,
            r#"{"op": "submit", "stream": "x", "result": "fine"}"#,
            r#"{"op": "submit", "stream": "x", "result": "ok", "alloc_table": [{"alloc_id": 1, "gpa": 0, "size_bytes": 4, "x": 0}]}"#,
            r#"{"op": "expect_texture", "handle": 1, "width": 1, "height": 1, "encoding": "rgba16", "data": "x"}"#,
            r#"{"op": "expect_texture", "handle": 1, "width": 1, "height": 1, "encoding": "rgba8", "data": "x", "tolerance": {"percent": 1}}"#,
            r#"{"op": "dance"}"#,
        ] {
            let error = with_step(step).expect_err(step);
            assert!(error.starts_with("x/case.json: "), "{error}");
        }
        let extra = r#"{"schema": "aerogpu-case/1", "name": "n", "source": "s", "features": [], "steps": [], "x": 1}"#;
        assert!(parse(extra).expect_err("unknown key").contains("unknown field `x`"));
    }

    #[test]
    fn other_schemas_are_named() {
        let error =
            parse(r#"{"schema": "aerogpu-shader-case/1", "shaders": {}}"#).expect_err("another schema");
        assert!(
            error.contains("aerogpu-shader-case/1") && error.contains("not \"aerogpu-case/1\""),
            "{error}"
        );
    }

    #[test]
    fn names_are_relative_and_go_up_only_in_front() {
        for good in ["0.bin", "a/b.bin", "../x.bin", "../../x/y.bin", "./x"] {
            assert!(relative(good).is_ok(), "{good}");
        }
        for bad in ["", "..", "/etc/passwd", "a/../b", "a/../../b", "../a/../b"] {
            assert!(relative(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_size_of_the_data_is_the_size_of_the_picture() {
        let expect = |width, height, encoding, len| {
            let tolerance = Tolerance::default();
            let data = vec![0; len];
            Step::ExpectTexture(ExpectTexture {
                handle: 1,
                mip: 0,
                layer: 0,
                width,
                height,
                encoding,
                data,
                tolerance,
            })
        };
        assert!(expect(2, 3, Encoding::Rgba8, 24).check().is_ok());
        assert!(expect(2, 3, Encoding::StencilU8, 6).check().is_ok());
        assert!(expect(2, 3, Encoding::Raw, 1).check().is_ok());
        assert!(expect(2, 3, Encoding::DepthF32, 6).check().is_err());
        assert!(expect(u32::MAX, u32::MAX, Encoding::Rgba8, 4).check().is_err());
    }
}
