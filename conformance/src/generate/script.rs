//! What a scene becomes: memory, submissions, and what to look at afterwards.

use std::collections::BTreeSet;
use std::path::Path;

use aerogpu_protocol::ring::{AllocEntry, write_alloc_table};
use aerogpu_protocol::trace::{SubmissionHeader, TraceWriter};
use aerogpu_protocol::{ABI_MAJOR, ABI_MINOR};

use super::tolerance::Bound;
use crate::differential::Seen;

/// Submissions and looks.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Script {
    /// The allocations that every submission lists.
    pub allocations: Vec<AllocEntry>,
    /// In order.
    pub submissions: Vec<Submission>,
    /// What must agree in the end.
    pub looks: Vec<Look>,
    /// What the packets do not say of the scene: `clipped` when a primitive leaves its viewport.
    pub facts: BTreeSet<&'static str>,
}

/// A submission, and what the guest writes before it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Submission {
    /// Guest physical addresses and bytes.
    pub memory: Vec<(u64, Vec<u8>)>,
    /// The command stream.
    pub stream: Vec<u8>,
    /// Whose state it works on.
    pub context: u32,
}

/// Something to look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// Where.
    pub place: Place,
    /// How far two back ends may be apart there.
    pub bound: Bound,
}

/// Where to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A subresource.
    Texture {
        /// Handle.
        handle: u32,
        /// Mip level.
        mip: u32,
        /// Array layer.
        layer: u32,
    },
    /// A whole buffer.
    Buffer {
        /// Handle.
        handle: u32,
        /// Bytes.
        len: u64,
    },
    /// Guest memory.
    Memory {
        /// Guest physical address.
        gpa: u64,
        /// Bytes.
        len: u64,
    },
}

impl Script {
    /// The allocation table of every submission, unless there are no allocations.
    pub fn alloc_table(&self) -> Option<Vec<u8>> {
        (!self.allocations.is_empty()).then(|| write_alloc_table(&self.allocations))
    }

    /// The same as a trace: each submission a record with the memory as the guest has left it.
    ///
    /// Writes of results to guest memory are part of later records only where the guest made them itself, as in a recording
    /// on a machine whose memory the recorder does not see change.
    pub fn trace(&self) -> Vec<u8> {
        let mut writer = TraceWriter::new(u32::from(ABI_MAJOR) << 16 | u32::from(ABI_MINOR), "{}");
        let table = self.alloc_table();
        let mut contents: Vec<Vec<u8>> =
            self.allocations.iter().map(|a| vec![0; a.size_bytes as usize]).collect();
        for (fence, submission) in (1..).zip(&self.submissions) {
            for (gpa, bytes) in &submission.memory {
                for (allocation, contents) in self.allocations.iter().zip(&mut contents) {
                    let inside = gpa.checked_sub(allocation.gpa).map(|at| at as usize);
                    if let Some(target) = inside.and_then(|at| contents.get_mut(at..at + bytes.len())) {
                        target.copy_from_slice(bytes);
                    }
                }
            }
            let header = SubmissionHeader {
                context_id: submission.context,
                signal_fence: fence,
                ..SubmissionHeader::default()
            };
            let memory: Vec<_> =
                self.allocations.iter().copied().zip(contents.iter().map(Vec::as_slice)).collect();
            writer.submission(header, &submission.stream, table.as_deref(), &memory);
        }
        writer.present();
        writer.finish()
    }

    /// Writes the script as a case into `folder`, with `expected` as what the looks must find, and as a trace beside it.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path, name: &str, source: &str, expected: &[Seen]) -> std::io::Result<()> {
        use serde_json::json;
        std::fs::create_dir_all(folder)?;
        let mut files = 0;
        let mut file = |bytes: &[u8]| {
            let name = format!("{files}.bin");
            files += 1;
            std::fs::write(folder.join(&name), bytes).map(|()| name)
        };
        let table: Vec<_> = self
            .allocations
            .iter()
            .map(|a| json!({"alloc_id": a.alloc_id, "gpa": a.gpa, "size_bytes": a.size_bytes, "flags": a.flags}))
            .collect();
        let mut steps = Vec::new();
        for submission in &self.submissions {
            for (gpa, bytes) in &submission.memory {
                steps.push(json!({"op": "memory", "gpa": gpa, "data": file(bytes)?}));
            }
            let mut step = json!({"op": "submit", "stream": file(&submission.stream)?,
                "context_id": submission.context, "result": "ok"});
            if !table.is_empty() {
                step["alloc_table"] = json!(table);
            }
            steps.push(step);
        }
        for (look, Seen { bytes, width, height, .. }) in self.looks.iter().zip(expected) {
            let data = file(bytes)?;
            let tolerance = json!({"channel": look.bound.steps()});
            steps.push(match look.place {
                Place::Texture { handle, mip, layer } => json!({"op": "expect_texture", "handle": handle,
                    "mip": mip, "layer": layer, "width": width, "height": height, "encoding": "raw",
                    "data": data, "tolerance": tolerance}),
                Place::Buffer { handle, .. } => {
                    json!({"op": "expect_buffer", "handle": handle, "data": data})
                }
                Place::Memory { gpa, .. } => json!({"op": "expect_memory", "gpa": gpa, "data": data}),
            });
        }
        let case = json!({"schema": "aerogpu-case/1", "name": name, "source": source,
            "features": ["generated"], "steps": steps});
        let text = serde_json::to_string_pretty(&case)? + "\n";
        std::fs::write(folder.join("case.json"), text)?;
        std::fs::write(folder.join("trace.aerogputrace"), self.trace())
    }
}
