//! The protocol on wgpu: a second renderer behind the same [`Backend`], to compare with.
//!
//! **What it is.** Resources, uploads, copies, clears, draws, dispatches, write-backs and presents are the adapter's own;
//! shaders go through [`wgsl`]. It is written to be right, not fast: every command is submitted by itself.
//!
//! **What it is not.** What WebGPU does not have is [`Failure::Unsupported`] by name, never drawn differently.

mod bind;
mod direct3d9;
mod draw;
mod format;
mod gpu;
mod packets;
mod pipeline;
mod resource;
mod state;
pub mod wgsl;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use aerogpu::backend::{Backend, CommandError, Completion, ReadError, Report, Submission, TextureData};
use aerogpu::executor::Failure;
use aerogpu::memory::GuestMemory;
use aerogpu::pipeline::layout::InputLayout;
use aerogpu::pipeline::shader::Shader;
use aerogpu::resources::Guest;
use aerogpu_protocol::packets::{CreateTextureView, InputLayoutElementDxgi, Opcode};
use aerogpu_protocol::{AllocTable, Stream};

pub use gpu::{Gpu, GpuError};

use pipeline::Pipelines;
use resource::{Resource, WriteBack};
use state::Context;

/// How the reason begins when WebGPU's validation refused what this back end made of a command: an error of its own.
pub const REFUSED: &str = "the adapter refused a command";

fn refused(said: &str) -> Failure {
    Failure::Unsupported(format!("{REFUSED}: {said}"))
}

/// The renderer on an adapter.
pub struct WgpuRenderer {
    gpu: Arc<Gpu>,
    resources: HashMap<u32, Resource>,
    /// Imported handles, and the handle that created what they name.
    aliases: HashMap<u32, u32>,
    /// Share tokens, and the handle that created what they name.
    tokens: HashMap<u64, u32>,
    /// Tokens that were released.
    retired: HashSet<u64>,
    /// Destroyed handles whose resources live on under aliases.
    orphans: HashSet<u32>,
    views: HashMap<u32, CreateTextureView>,
    shaders: HashMap<u32, Arc<Shader>>,
    layouts: HashMap<u32, Layout>,
    samplers: HashMap<u32, wgpu::Sampler>,
    contexts: HashMap<u32, Context>,
    /// What was presented last on each scanout.
    scanouts: HashMap<u32, TextureData>,
    pipelines: Pipelines,
    completions: Vec<Completion>,
}

/// An input layout.
#[derive(Clone)]
struct Layout {
    parsed: InputLayout,
    /// Of an `ILAY` blob; a Direct3D 9 declaration has none.
    elements: Vec<InputLayoutElementDxgi>,
}

/// One submission under way.
struct Execution<'a, 'g> {
    renderer: &'a mut WgpuRenderer,
    guest: Guest<'g>,
    context_id: u32,
    minor: u16,
    write_backs: Vec<WriteBack>,
    report: Report,
}

impl WgpuRenderer {
    /// A renderer with nothing in it.
    pub fn new(gpu: Arc<Gpu>) -> Self {
        Self {
            gpu,
            resources: HashMap::new(),
            aliases: HashMap::new(),
            tokens: HashMap::new(),
            retired: HashSet::new(),
            orphans: HashSet::new(),
            views: HashMap::new(),
            shaders: HashMap::new(),
            layouts: HashMap::new(),
            samplers: HashMap::new(),
            contexts: HashMap::new(),
            scanouts: HashMap::new(),
            pipelines: Pipelines::default(),
            completions: Vec::new(),
        }
    }

    /// What it draws with.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    fn execute(
        &mut self,
        memory: &mut dyn GuestMemory,
        submission: &Submission<'_>,
    ) -> Result<Report, Failure> {
        let stream = Stream::parse(submission.stream)?;
        let table = submission.alloc_table.map(AllocTable::parse).transpose();
        let table = table.map_err(|error| Failure::AllocTable(error.to_string()))?;
        let guest = Guest::new(memory, table.as_ref()).map_err(Failure::AllocTable)?;
        self.contexts.entry(submission.context_id).or_default();
        let mut execution = Execution {
            minor: stream.minor(),
            context_id: submission.context_id,
            guest,
            write_backs: Vec::new(),
            report: Report::default(),
            renderer: self,
        };
        for packet in stream.packets() {
            let (offset, opcode, result) = match packet {
                Ok(at) => {
                    execution.report.packets += 1;
                    (at.offset, at.opcode, execution.packet(at.packet))
                }
                Err(error) => (error.offset, error.opcode, Err(error.reason.into())),
            };
            let complaint = execution.renderer.gpu.complaints().map(|said| Err(refused(&said)));
            if let Err(reason) = result.and(complaint.unwrap_or(Ok(()))) {
                let packet = Opcode::from_u32(opcode).map_or("unknown", |o| o.name());
                execution.report.errors.push(CommandError { offset, packet, reason });
            }
        }
        Ok(execution.finish())
    }
}

impl Execution<'_, '_> {
    /// Results go to guest memory in the order of their commands.
    fn finish(mut self) -> Report {
        for write_back in std::mem::take(&mut self.write_backs) {
            let written = self.guest.write(write_back.backing, write_back.offset, &write_back.bytes);
            if let Err(error) = written {
                let reason = aerogpu::resources::ResourceError::from(error).into();
                self.report.errors.push(CommandError { offset: 0, packet: "end of stream", reason });
            }
        }
        self.report
    }
}

impl Backend for WgpuRenderer {
    fn reset(&mut self) {
        let pipelines = std::mem::take(&mut self.pipelines);
        *self = Self::new(self.gpu.clone());
        self.pipelines = pipelines;
    }

    fn submit(&mut self, memory: &mut dyn GuestMemory, submission: &Submission<'_>) {
        let report = self.execute(memory, submission).unwrap_or_else(|reason| Report {
            errors: vec![CommandError { offset: 0, packet: "stream", reason }],
            ..Report::default()
        });
        self.completions.push(Completion { fence: submission.fence, report });
    }

    fn poll(&mut self) -> Vec<Completion> {
        std::mem::take(&mut self.completions)
    }

    fn scanout(&mut self, id: u32) -> Option<TextureData> {
        self.scanouts.get(&id).cloned()
    }

    fn read_texture(&mut self, handle: u32, mip: u32, layer: u32) -> Result<TextureData, ReadError> {
        let unknown = ReadError::Unknown { kind: "texture", handle };
        let id = self.aliases.get(&handle).copied().unwrap_or(handle);
        let Some(Resource::Texture(texture)) = self.resources.get(&id) else { return Err(unknown) };
        let out_of_range = |what: String| ReadError::OutOfRange { handle, what };
        if mip >= texture.mips || layer >= texture.layers {
            return Err(out_of_range(format!("mip {mip} of layer {layer}")));
        }
        let [width, height] = texture.layout.mip_extent(mip);
        let bytes = texture.read(&self.gpu, mip, layer).map_err(|error| out_of_range(error.to_string()))?;
        Ok(TextureData { format: texture.format, width, height, bytes })
    }

    fn read_buffer(&mut self, handle: u32, offset: u64, len: u64) -> Result<Vec<u8>, ReadError> {
        let id = self.aliases.get(&handle).copied().unwrap_or(handle);
        let Some(Resource::Buffer(buffer)) = self.resources.get(&id) else {
            return Err(ReadError::Unknown { kind: "buffer", handle });
        };
        if offset.checked_add(len).is_none_or(|end| end > buffer.size) {
            return Err(ReadError::OutOfRange { handle, what: format!("bytes {offset}..+{len}") });
        }
        Ok(buffer.read(&self.gpu, offset, len))
    }
}
