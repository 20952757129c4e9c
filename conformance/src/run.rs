//! Executing the steps of a case on a back end.

use std::fmt;

use aerogpu::backend::{CommandError, Report, TextureData};
use aerogpu::executor::Failure;
use aerogpu::inspect::Picture;
use aerogpu::memory::{GuestMemory, MemoryError, SparseMemory};
use aerogpu::replay::Recording;
use aerogpu::{Backend, Submission};
use aerogpu_protocol::ring::{AllocEntry, write_alloc_table};

use crate::case::{
    Allocation, Case, Encoding, ExpectBuffer, ExpectTexture, MemoryAt, Step, Submit, SubmitResult, Tolerance,
};
use crate::compare::{self, Channel, Image};
use crate::encode::{encode, picture};
use crate::results::{Cost, Difference, Pictures};

/// Why a case did not pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Trouble {
    /// What kind of trouble.
    pub kind: Kind,
    /// What happened, in words.
    pub detail: String,
    /// How it differs, when something is not as expected.
    pub difference: Option<Box<Difference>>,
}

/// Kinds of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something is not as expected.
    Wrong,
    /// A command that must work is not supported.
    Unsupported,
    /// A shader did not end.
    Timeout,
}

impl From<String> for Trouble {
    fn from(detail: String) -> Self {
        Self { kind: Kind::Wrong, detail, difference: None }
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self { kind: kind(&failure), detail: failure.to_string(), difference: None }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

/// Executes `case` until the first step that fails. `fresh` makes back ends with nothing in them.
pub fn run(case: &Case, fresh: &dyn Fn() -> Box<dyn Backend>) -> Result<(), Trouble> {
    run_counted(case, fresh, &mut Cost::default())
}

/// The same, and adds to `cost` what was done until then.
pub fn run_counted(
    case: &Case,
    fresh: &dyn Fn() -> Box<dyn Backend>,
    cost: &mut Cost,
) -> Result<(), Trouble> {
    let mut machine = Machine { backend: fresh(), memory: SparseMemory::new(), fence: 0, cost };
    for (number, step) in case.steps.iter().enumerate() {
        let done = match step {
            Step::Memory(step) => machine.memory(step),
            Step::Submit(step) => machine.submit(step),
            Step::ExpectTexture(step) => machine.expect_texture(step),
            Step::ExpectBuffer(step) => machine.expect_buffer(step),
            Step::ExpectMemory(step) => machine.expect_memory(step),
            Step::Reset {} => {
                machine.backend = fresh();
                Ok(())
            }
        };
        done.map_err(|t| Trouble { detail: format!("step {number}: {}", t.detail), ..t })?;
    }
    Ok(())
}

/// Replays a trace or bare stream: it passes when no command of it fails.
pub fn replay(bytes: &[u8], backend: &mut dyn Backend) -> Result<(), Trouble> {
    replay_counted(bytes, backend, &mut Cost::default())
}

/// The same, and adds to `cost` what was done.
pub fn replay_counted(bytes: &[u8], backend: &mut dyn Backend, cost: &mut Cost) -> Result<(), Trouble> {
    let recording = Recording::parse(bytes).map_err(|error| error.to_string())?;
    let mut trouble = None;
    let replayed = recording.replay(backend, |frame| {
        frame.submissions.iter().for_each(|report| cost.add(report));
        if trouble.is_none() && !frame.errors.is_empty() {
            let t = failed(&frame.errors);
            trouble = Some(Trouble { detail: format!("frame {}: {}", frame.index, t.detail), ..t });
        }
    });
    replayed.map_err(|error| error.to_string())?;
    trouble.map_or(Ok(()), Err)
}

struct Machine<'a> {
    backend: Box<dyn Backend>,
    memory: SparseMemory,
    /// The last fence that was given out.
    fence: u64,
    cost: &'a mut Cost,
}

impl Machine<'_> {
    fn memory(&mut self, step: &MemoryAt<Vec<u8>>) -> Result<(), Trouble> {
        Ok(self.memory.write(step.gpa, &step.data).map_err(|e: MemoryError| e.to_string())?)
    }

    fn submit(&mut self, step: &Submit<Vec<u8>>) -> Result<(), Trouble> {
        self.fence += 1;
        let table = step.alloc_table.as_deref().map(alloc_table);
        let submission = Submission {
            stream: &step.stream,
            alloc_table: table.as_deref(),
            context_id: step.context_id,
            fence: self.fence,
            ..Submission::default()
        };
        self.backend.submit(&mut self.memory, &submission);
        let mut completions = self.backend.poll().into_iter();
        let Some(done) = completions.find(|done| done.fence == self.fence) else {
            return Err(format!("the submission did not complete its fence {}", self.fence).into());
        };
        self.cost.add(&done.report);
        judge(&done.report, step.result)
    }

    fn expect_texture(&mut self, step: &ExpectTexture<Vec<u8>>) -> Result<(), Trouble> {
        let data = self.backend.read_texture(step.handle, step.mip, step.layer).map_err(|e| e.to_string())?;
        let (width, height) = (data.width, data.height);
        if (width, height) != (step.width, step.height) {
            return Err(format!("size is {width}x{height}, expected {}x{}", step.width, step.height).into());
        }
        let actual = encode(&data, step.encoding)?;
        let expected = compare::Image { bytes: step.data.clone(), ..actual };
        let (has, wants) = (actual.bytes.len(), expected.bytes.len());
        if has != wants {
            return Err(format!("texture {} has {has} bytes, expected {wants}", step.handle).into());
        }
        let Some(found) = compare::images(&actual, &expected, step.tolerance) else { return Ok(()) };
        let place = format!("texture {}", step.handle);
        let shown = match step.encoding {
            // Of bytes as they are stored, their texels can be seen.
            Encoding::Raw => {
                let rgba = |bytes: &[u8]| {
                    Some(Picture::from_texture(&TextureData { bytes: bytes.to_vec(), ..data.clone() })?.rgba)
                };
                rgba(&expected.bytes).zip(rgba(&actual.bytes))
            }
            encoding => picture(&expected, encoding).zip(picture(&actual, encoding)),
        };
        // The first block that differs, as a texel of it.
        let first =
            (found.first.0 * width / actual.width.max(1), found.first.1 * height / actual.height.max(1));
        let pictures = shown.map(|shown| Pictures::new((width, height), shown, first));
        let detail = format!("{place}: {found}");
        let difference = Difference {
            pictures,
            ..Difference::new(place, channels(step.encoding, &actual), &found, step.tolerance)
        };
        Err(Trouble { kind: Kind::Wrong, detail, difference: Some(Box::new(difference)) })
    }

    fn expect_buffer(&mut self, step: &ExpectBuffer<Vec<u8>>) -> Result<(), Trouble> {
        let len = step.data.len() as u64;
        let actual = self.backend.read_buffer(step.handle, step.offset, len).map_err(|e| e.to_string())?;
        same_bytes(&format!("buffer {} from byte {}", step.handle, step.offset), &actual, &step.data)
    }

    fn expect_memory(&mut self, step: &MemoryAt<Vec<u8>>) -> Result<(), Trouble> {
        let mut actual = vec![0; step.data.len()];
        self.memory.read(step.gpa, &mut actual).map_err(|e| e.to_string())?;
        same_bytes(&format!("guest memory from {:#x}", step.gpa), &actual, &step.data)
    }
}

/// What the numbers of a pixel are.
fn channels(encoding: Encoding, image: &Image) -> Vec<String> {
    let named = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    match encoding {
        Encoding::Rgba8 => named(&["red", "green", "blue", "alpha"]),
        Encoding::DepthF32 => named(&["depth"]),
        Encoding::StencilU8 => named(&["stencil"]),
        Encoding::Raw => (0..image.pixel_bytes).map(|i| format!("byte {i}")).collect(),
    }
}

fn same_bytes(what: &str, actual: &[u8], expected: &[u8]) -> Result<(), Trouble> {
    if actual.len() != expected.len() {
        return Err(format!("{what}: {} bytes, expected {}", actual.len(), expected.len()).into());
    }
    let Some(found) = compare::bytes(actual, expected) else { return Ok(()) };
    let row = |bytes: &[u8]| Image {
        width: bytes.len() as u32,
        height: 1,
        pixel_bytes: 1,
        channel: Channel::U8,
        bytes: bytes.to_vec(),
    };
    let exact = Tolerance::default();
    let difference = compare::images(&row(actual), &row(expected), exact)
        .map(|found| Box::new(Difference::new(what.to_owned(), vec!["value".into()], &found, exact)));
    Err(Trouble { kind: Kind::Wrong, detail: format!("{what}: {found}"), difference })
}

fn alloc_table(entries: &[Allocation]) -> Vec<u8> {
    let entry = |&Allocation { alloc_id, gpa, size_bytes, flags }: &Allocation| AllocEntry {
        alloc_id,
        flags,
        gpa,
        size_bytes,
        ..Default::default()
    };
    write_alloc_table(&entries.iter().map(entry).collect::<Vec<_>>())
}

/// Whether a submission came to what it should.
fn judge(report: &Report, result: SubmitResult) -> Result<(), Trouble> {
    match result {
        SubmitResult::Ok if !report.errors.is_empty() => Err(failed(&report.errors)),
        SubmitResult::Error if report.errors.is_empty() => {
            Err("the submission reports no error, but one is expected".to_owned().into())
        }
        _ => Ok(()),
    }
}

/// Commands failed that must not: one that is not supported, or did not end, explains the others.
fn failed(errors: &[CommandError]) -> Trouble {
    let kind = |error: &CommandError| kind(&error.reason);
    let telling = errors.iter().find(|error| kind(error) != Kind::Wrong).or(errors.first());
    let more = errors.len().saturating_sub(1);
    let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
    let detail = telling.map_or_else(String::new, |error| format!("{error}{more}"));
    Trouble { kind: telling.map_or(Kind::Wrong, kind), detail, difference: None }
}

fn kind(failure: &Failure) -> Kind {
    match failure {
        Failure::Unsupported(_) => Kind::Unsupported,
        Failure::Timeout => Kind::Timeout,
        _ => Kind::Wrong,
    }
}
