//! Two back ends, one script: where they part, and whether they may.
//!
//! [`observe`] runs a script and looks; [`judge`] compares what two back ends show within the script's own bounds.
//! [`campaign`] does so for scene after scene, [`coverage`] says what the scenes reached, [`ledger`] what is known already.

pub mod campaign;
pub mod coverage;
pub mod direct3d9;
pub mod ledger;

use std::fmt;

use aerogpu::backend::Report;
use aerogpu::executor::Failure;
use aerogpu::memory::{GuestMemory, SparseMemory};
use aerogpu::{Backend, Submission};
use aerogpu_protocol::Format;

use crate::case::Tolerance;
use crate::compare::{self, Channel, Image};
use crate::generate::{Look, Place, Script};
use crate::wgpu::REFUSED;

/// What one look found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// Bytes as they are stored; rows without padding.
    pub bytes: Vec<u8>,
    /// Texels, for textures.
    pub width: u32,
    /// Texels, for textures.
    pub height: u32,
    /// The format, for textures.
    pub format: Option<Format>,
}

/// What a script came to on a back end.
#[derive(Debug, Clone, PartialEq)]
pub enum Observation {
    /// What its looks found.
    Seen(Vec<Seen>),
    /// A command is not supported: which, by name.
    Unsupported(String),
    /// A shader did not end within the budget, so that the script is no fair question.
    Timeout,
    /// A command failed, or something cannot be read, which no script asks for.
    Failed(String),
}

/// What two observations come to.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Everything is within its bound.
    Agree,
    /// One of them does not support something.
    Unsupported(String),
    /// No fair question.
    Unfair,
    /// They part.
    Differ(Difference),
}

/// Where two back ends part.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where; `None` when one of them failed.
    pub place: Option<Place>,
    /// How, in words.
    pub detail: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

/// Runs a script on a back end, which is reset first.
pub fn observe(script: &Script, backend: &mut dyn Backend) -> Observation {
    backend.reset();
    let mut memory = SparseMemory::new();
    let table = script.alloc_table();
    for (fence, submission) in (1..).zip(&script.submissions) {
        for (gpa, bytes) in &submission.memory {
            if let Err(error) = memory.write(*gpa, bytes) {
                return Observation::Failed(error.to_string());
            }
        }
        let submission = Submission {
            stream: &submission.stream,
            alloc_table: table.as_deref(),
            context_id: submission.context,
            fence,
            ..Submission::default()
        };
        backend.submit(&mut memory, &submission);
        match backend.poll().into_iter().find(|done| done.fence == fence) {
            None => return Observation::Failed(format!("fence {fence} did not complete")),
            Some(done) => {
                if let Some(trouble) = trouble(&done.report) {
                    return trouble;
                }
            }
        }
    }
    let seen = script.looks.iter().map(|look| look_at(look.place, backend, &memory)).collect();
    match seen {
        Ok(seen) => Observation::Seen(seen),
        Err(detail) => Observation::Failed(detail),
    }
}

/// What the first telling error of a report means.
fn trouble(report: &Report) -> Option<Observation> {
    let find = |wanted: fn(&Failure) -> bool| report.errors.iter().find(|error| wanted(&error.reason));
    if find(|reason| matches!(reason, Failure::Timeout)).is_some() {
        return Some(Observation::Timeout);
    }
    let lacks = |reason: &Failure| matches!(reason, Failure::Unsupported(what) if !what.starts_with(REFUSED));
    if let Some(error) = find(lacks) {
        return Some(Observation::Unsupported(error.reason.to_string()));
    }
    report.errors.first().map(|error| Observation::Failed(error.to_string()))
}

fn look_at(place: Place, backend: &mut dyn Backend, memory: &SparseMemory) -> Result<Seen, String> {
    match place {
        Place::Texture { handle, mip, layer } => {
            let data = backend.read_texture(handle, mip, layer).map_err(|error| error.to_string())?;
            Ok(Seen { bytes: data.bytes, width: data.width, height: data.height, format: Some(data.format) })
        }
        Place::Buffer { handle, len } => {
            let bytes = backend.read_buffer(handle, 0, len).map_err(|error| error.to_string())?;
            Ok(Seen { bytes, ..Seen::default() })
        }
        Place::Memory { gpa, len } => {
            let mut bytes = vec![0; len as usize];
            memory.read(gpa, &mut bytes).map_err(|error| error.to_string())?;
            Ok(Seen { bytes, ..Seen::default() })
        }
    }
}

/// Compares what the reference shows with what another back end shows.
pub fn judge(script: &Script, reference: &Observation, other: &Observation) -> Verdict {
    let failed = |detail: String| Verdict::Differ(Difference { place: None, detail });
    match (reference, other) {
        (Observation::Timeout, _) => Verdict::Unfair,
        (Observation::Unsupported(what), _) => failed(format!("the reference does not support it: {what}")),
        (Observation::Failed(what), _) => failed(format!("the reference fails: {what}")),
        (_, Observation::Unsupported(what)) => Verdict::Unsupported(what.clone()),
        (_, Observation::Timeout) => failed("a shader does not end".into()),
        (_, Observation::Failed(what)) => failed(what.clone()),
        (Observation::Seen(expected), Observation::Seen(actual)) => {
            let mut pairs = script.looks.iter().zip(expected.iter().zip(actual));
            match pairs.find_map(|(look, (expected, actual))| difference(look, expected, actual)) {
                Some(difference) => Verdict::Differ(difference),
                None => Verdict::Agree,
            }
        }
    }
}

/// Asks both back ends. The other one is not asked what the reference finds unfair: a GPU has no budget.
pub fn compare(script: &Script, reference: &mut dyn Backend, other: &mut dyn Backend) -> Verdict {
    let expected = observe(script, reference);
    if expected == Observation::Timeout {
        return Verdict::Unfair;
    }
    judge(script, &expected, &observe(script, other))
}

fn difference(look: &Look, expected: &Seen, actual: &Seen) -> Option<Difference> {
    if expected == actual {
        return None;
    }
    let place = Some(look.place);
    let what = match look.place {
        Place::Texture { handle, mip, layer } => format!("texture {handle} mip {mip} layer {layer}"),
        Place::Buffer { handle, .. } => format!("buffer {handle}"),
        Place::Memory { gpa, .. } => format!("guest memory from {gpa:#x}"),
    };
    let shape = |seen: &Seen| (seen.width, seen.height, seen.format, seen.bytes.len());
    if shape(expected) != shape(actual) {
        let detail = format!("{what} is {:?}, expected {:?}", shape(actual), shape(expected));
        return Some(Difference { place, detail });
    }
    let detail = match expected.format {
        Some(format) => {
            let (expected, actual) = (image(format, expected), image(format, actual));
            let tolerance = Tolerance { channel: look.bound.steps(), pixels: 0 };
            compare::images(&actual, &expected, tolerance)?.to_string()
        }
        None => {
            let far = |(a, b): (&u8, &u8)| f64::from(a.abs_diff(*b)) > look.bound.steps();
            if !actual.bytes.iter().zip(&expected.bytes).any(far) {
                return None;
            }
            compare::bytes(&actual.bytes, &expected.bytes)?.to_string()
        }
    };
    Some(Difference { place, detail: format!("{what} ({}): {detail}", look.bound) })
}

/// Texels whose channels are bytes, or whole texels of depth; of blocks their bytes.
fn image(format: Format, seen: &Seen) -> Image {
    let block = format.block_extent();
    Image {
        width: seen.width.div_ceil(block),
        height: seen.height.div_ceil(block),
        pixel_bytes: format.bytes_per_block(),
        channel: if format == Format::D32Float { Channel::F32 } else { Channel::U8 },
        bytes: seen.bytes.clone(),
    }
}
