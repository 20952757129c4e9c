//! The executor: walks a command stream packet by packet and does what each one says.
//!
//! Every command is atomic: one that fails has no effect, is reported, and the next one runs. Only time-outs leave some
//! ([`Failure::Timeout`]). One executor serves
//! Direct3D 9, 10 and 11; what differs between them is decided by the shaders and layouts that are bound.
//!
//! | file | packets |
//! |---|---|
//! | `resource.rs` | buffers, textures, views, uploads, copies, sharing |
//! | `object.rs` | shaders, input layouts, samplers |
//! | `binding.rs` | state and slots |
//! | `work.rs` | clears, dispatches, presents |
//! | `draw.rs` | draws |
//! | `stage.rs` | what stages have bound when work needs it |
//! | `count.rs` | what it all does, for the cost model |
//! | `passes.rs` | which queued work must be flushed when |
//! | `translate.rs` | the protocol's words in the rasterizer's |
//! | `snapshot.rs` | saving a renderer and restoring it: the format |
//! | `d3d9.rs` | Direct3D 9's states in the rasterizer's |

mod binding;
mod count;
pub mod d3d9;
mod draw;
mod object;
mod passes;
mod resource;
mod snapshot;
mod stage;
pub mod translate;
mod work;

use std::rc::Rc;
use std::sync::Arc;

use aerogpu_protocol::packets::{Opcode, UnknownShaderStage};
use aerogpu_protocol::{AllocTable, Packet, PacketErrorReason, Stream, StreamError};
use aerogpu_raster::pass::Pass;
use fearless_simd::Level;
use rustc_hash::FxHashMap;

use crate::backend::{
    Backend, CommandError, Completion, Present, ReadError, Report, RestoreError, Submission, TextureData,
};
use crate::budget::{Budget, Spent};
use crate::engine::Engine;
use crate::limits;
use crate::memory::GuestMemory;
use crate::pipeline::layout::{InputLayout, LayoutError};
use crate::pipeline::shader::ShaderError;
use crate::pipeline::stages::StageError;
use crate::pipeline::together::Together;
use crate::resources::{Backing, Frozen, Guest, ResourceError, ResourceId, ResourceTable};
use crate::state::Context;
use count::Counts;
use draw::OpenDraws;
use passes::OpenPass;

/// Why a command or a whole submission failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// The stream is no command stream.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// A packet cannot be decoded; nothing after it is read.
    #[error(transparent)]
    Packet(#[from] PacketErrorReason),
    /// The allocation table cannot be used.
    #[error("{0}")]
    AllocTable(String),
    /// A resource command failed.
    #[error(transparent)]
    Resource(#[from] ResourceError),
    /// A packet names a stage that does not exist.
    #[error(transparent)]
    Stage(#[from] UnknownShaderStage),
    /// A shader cannot be used.
    #[error(transparent)]
    Shader(#[from] ShaderError),
    /// An input layout cannot be used.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// Slots or registers that do not exist.
    #[error("{what} {first}..{end} are out of range: there are {limit}")]
    Slots {
        /// What they are.
        what: &'static str,
        /// First one.
        first: u64,
        /// One past the last.
        end: u64,
        /// How many exist.
        limit: u64,
    },
    /// A field has a value that the protocol does not define.
    #[error("{field} {value} is not defined")]
    Value {
        /// The field.
        field: &'static str,
        /// Its value.
        value: u32,
    },
    /// Something must be bound first.
    #[error("{0}")]
    NotBound(&'static str),
    /// The work is larger than its bound.
    #[error("{what}: {value} exceeds {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large it is.
        value: u64,
        /// The bound.
        limit: u64,
    },
    /// The bound shaders fit neither each other nor the topology.
    #[error(transparent)]
    Stages(#[from] StageError),
    /// The renderer does not do this.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// A shader, or the submission, has spent its budget of instructions; what was under way is abandoned where it was.
    ///
    /// This failure alone leaves effects behind. Of a dispatch: what its groups wrote until then, in order. Of a draw: the
    /// primitives that came before. Of queued draws that are reported when they are drawn: what [`Pass::flush_within`]
    /// says. All of it depends on the stream and the options alone, never on threads.
    ///
    /// [`Pass::flush_within`]: aerogpu_raster::pass::Pass::flush_within
    #[error("the instruction budget of the shader or of the submission is spent")]
    Timeout,
}

impl From<Spent> for Failure {
    fn from(_: Spent) -> Self {
        Self::Timeout
    }
}

/// What may be chosen about the renderer.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Edge of a raster tile in pixels: 8, 16, 32 or 64. It never changes a pixel.
    pub tile_size: u32,
    /// Draw without any shader bound as the retired fixed-function device did: see
    /// [`stand_in`](crate::pipeline::stand_in). For old traces; otherwise such a draw is an error.
    pub fixed_function: bool,
    /// Put Direct3D 9's pixel centres at whole numbers, as its runtime does. Off, because the guest driver's own vertices
    /// are converted for centres at halves (executor §11.2); for streams that come from elsewhere.
    pub half_pixel_centers: bool,
    /// Work that one submission may do, in instructions of one lane: what is beyond it fails with [`Failure::Timeout`].
    pub budget: u64,
    /// Which interpreter runs shaders. It never changes a pixel.
    pub engine: Engine,
    /// Vector instructions of the rasterizer and the samplers. They never change a pixel.
    pub level: Level,
    /// Blend wrongly here and there, so that tests can show that they would notice.
    #[cfg(feature = "test-utils")]
    pub broken_blend: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tile_size: 64,
            fixed_function: false,
            half_pixel_centers: false,
            budget: limits::SUBMISSION_BUDGET,
            engine: Engine::default(),
            level: Level::new(),
            #[cfg(feature = "test-utils")]
            broken_blend: false,
        }
    }
}

/// A write of results to guest memory that waits for the end of its submission.
struct WriteBack {
    backing: Backing,
    offset: u64,
    data: Vec<u8>,
}

/// The software renderer: the backend that this project is about.
#[derive(Default)]
pub struct SoftwareRenderer {
    options: Options,
    resources: ResourceTable,
    shaders: object::Shaders,
    layouts: FxHashMap<u32, Arc<InputLayout>>,
    samplers: FxHashMap<u32, aerogpu_raster::sampler::SamplerState>,
    contexts: FxHashMap<u32, Context>,
    /// What was presented last on each scanout.
    scanouts: FxHashMap<u32, Frozen>,
    /// How many there were.
    submissions: u64,
    pass: Option<OpenPass>,
    /// The last pass, empty: its memory serves the next one to such targets.
    spare_pass: Option<Pass>,
    /// Memory of small draws.
    together: Together,
    completions: Vec<Completion>,
}

/// One submission under way: what the packet handlers work on.
struct Execution<'a, 'g> {
    renderer: &'a mut SoftwareRenderer,
    guest: Guest<'g>,
    context_id: u32,
    /// Minor version of the stream.
    minor: u16,
    write_backs: Vec<WriteBack>,
    /// Bytes of `write_backs`.
    write_back_bytes: u64,
    /// What the submission may still cost.
    budget: Rc<Budget>,
    /// Byte offset and name of the packet that is executed.
    packet: (usize, &'static str),
    draws: Option<Box<OpenDraws>>,
    counts: Counts,
    report: &'a mut Report,
}

impl SoftwareRenderer {
    /// A renderer with nothing in it.
    pub fn new(options: Options) -> Self {
        Self { options, ..Self::default() }
    }

    fn execute(&mut self, memory: &mut dyn GuestMemory, submission: &Submission<'_>, report: &mut Report) {
        let whole = |reason: Failure| CommandError { offset: 0, packet: "stream", reason };
        let started = self.start(memory, submission, report);
        let (mut execution, stream) = match started {
            Ok(started) => started,
            Err((report, reason)) => return report.fail(whole(reason)),
        };
        for packet in stream.packets() {
            let name = |opcode| Opcode::from_u32(opcode).map_or("unknown", |opcode| opcode.name());
            let (offset, packet, result) = match packet {
                Ok(at) => {
                    execution.report.packets += 1;
                    execution.counts.packet(at.size, changes_state(&at.packet));
                    execution.packet = (at.offset, name(at.opcode));
                    (at.offset, name(at.opcode), execution.packet(at.packet))
                }
                Err(error) => {
                    execution.finish_draws();
                    (error.offset, name(error.opcode), Err(error.reason.into()))
                }
            };
            if let Err(reason) = result {
                execution.report.fail(CommandError { offset, packet, reason });
            }
        }
        execution.finish();
    }

    fn start<'a, 'g>(
        &'a mut self,
        memory: &'g mut dyn GuestMemory,
        submission: &Submission<'g>,
        report: &'a mut Report,
    ) -> Result<(Execution<'a, 'g>, Stream<'g>), (&'a mut Report, Failure)> {
        let prepared = prepare(memory, submission);
        match prepared {
            Ok((stream, guest)) => {
                self.enter_context(submission.context_id);
                let execution = Execution {
                    budget: Rc::new(Budget::with_engine(self.options.budget, self.options.engine)),
                    renderer: self,
                    guest,
                    context_id: submission.context_id,
                    minor: stream.minor(),
                    write_backs: Vec::new(),
                    write_back_bytes: 0,
                    packet: (0, "stream"),
                    draws: None,
                    counts: Counts::default(),
                    report,
                };
                Ok((execution, stream))
            }
            Err(reason) => Err((report, reason)),
        }
    }

    /// Makes sure that a context exists. Guests do not say when one is gone, so the one that rested longest makes room.
    fn enter_context(&mut self, id: u32) {
        if !self.contexts.contains_key(&id) && self.contexts.len() >= limits::MAX_CONTEXTS {
            let oldest = self.contexts.iter().min_by_key(|(_, context)| context.last_submission);
            if let Some(oldest) = oldest.map(|(&id, _)| id) {
                self.contexts.remove(&oldest);
            }
        }
        self.submissions += 1;
        self.contexts.entry(id).or_default().last_submission = self.submissions;
    }
}

/// Whether the cost model prices a packet as a change of state.
fn changes_state(packet: &Packet<'_>) -> bool {
    use Packet::*;
    matches!(
        packet,
        BindShaders(_)
            | SetShaderConstantsF(..)
            | SetShaderConstantsI(..)
            | SetShaderConstantsB(..)
            | SetInputLayout(_)
            | SetBlendState(_)
            | SetDepthStencilState(_)
            | SetRasterizerState(_)
            | SetRenderTargets(_)
            | SetViewport(_)
            | SetScissor(_)
            | SetVertexBuffers(..)
            | SetIndexBuffer(_)
            | SetPrimitiveTopology(_)
            | SetTexture(_)
            | SetSamplerState(_)
            | SetRenderState(_)
            | SetSamplers(..)
            | SetConstantBuffers(..)
            | SetShaderResourceBuffers(..)
            | SetUnorderedAccessBuffers(..)
    )
}

/// Checks the stream's header and the allocation table.
fn prepare<'g>(
    memory: &'g mut dyn GuestMemory,
    submission: &Submission<'g>,
) -> Result<(Stream<'g>, Guest<'g>), Failure> {
    let too_large =
        |what, len: usize, limit: usize| Failure::TooLarge { what, value: len as u64, limit: limit as u64 };
    if submission.stream.len() > limits::MAX_STREAM_BYTES {
        return Err(too_large("command stream", submission.stream.len(), limits::MAX_STREAM_BYTES));
    }
    let stream = Stream::parse(submission.stream)?;
    let table = match submission.alloc_table {
        Some(bytes) if bytes.len() > limits::MAX_ALLOC_TABLE_BYTES => {
            return Err(too_large("allocation table", bytes.len(), limits::MAX_ALLOC_TABLE_BYTES));
        }
        Some(bytes) => {
            Some(AllocTable::parse(bytes).map_err(|error| Failure::AllocTable(error.to_string()))?)
        }
        None => None,
    };
    let guest = Guest::new(memory, table.as_ref()).map_err(Failure::AllocTable)?;
    Ok((stream, guest))
}

impl Execution<'_, '_> {
    fn context(&mut self) -> &mut Context {
        self.renderer.contexts.entry(self.context_id).or_default()
    }

    fn packet(&mut self, packet: Packet<'_>) -> Result<(), Failure> {
        if !matches!(packet, Packet::Draw(_) | Packet::DrawIndexed(_) | Packet::Nop | Packet::DebugMarker(_))
        {
            self.finish_draws();
        }
        match packet {
            Packet::Nop | Packet::DebugMarker(_) | Packet::Flush => Ok(()),
            Packet::CreateBuffer(p) => self.create_buffer(&p),
            Packet::CreateTexture2d(p) => self.create_texture(&p),
            Packet::DestroyResource(p) => self.destroy_resource(p.resource_handle),
            Packet::ResourceDirtyRange(p) => self.dirty_range(&p),
            Packet::UploadResource(p, data) => self.upload(&p, data),
            Packet::CopyBuffer(p) => self.copy_buffer(&p),
            Packet::CopyTexture2d(p) => self.copy_texture(&p),
            Packet::CreateTextureView(p) => self.create_view(&p),
            Packet::DestroyTextureView(p) => self.destroy_view(p.view_handle),
            Packet::CreateShaderDxbc(p, code) => self.create_shader(&p, code),
            Packet::DestroyShader(p) => self.destroy_shader(p.shader_handle),
            Packet::BindShaders(shaders) => {
                self.context().shaders = shaders;
                Ok(())
            }
            Packet::SetShaderConstantsF(p, values) => self.set_constants_f(&p, values),
            Packet::SetShaderConstantsI(p, values) => self.set_constants_i(&p, values),
            Packet::SetShaderConstantsB(p, values) => self.set_constants_b(&p, values),
            Packet::CreateInputLayout(p, blob) => self.create_input_layout(&p, blob),
            Packet::DestroyInputLayout(p) => self.destroy_input_layout(p.input_layout_handle),
            Packet::SetInputLayout(p) => {
                self.context().input_layout = p.input_layout_handle;
                Ok(())
            }
            Packet::SetBlendState(state) => self.set_blend_state(state),
            Packet::SetDepthStencilState(state) => self.set_depth_stencil_state(state),
            Packet::SetRasterizerState(state) => self.set_rasterizer_state(state),
            Packet::SetRenderTargets(p) => self.set_render_targets(&p),
            Packet::SetViewport(p) => {
                self.context().viewport = Some(p);
                Ok(())
            }
            Packet::SetScissor(p) => {
                self.context().scissor = Some([p.x, p.y, p.width, p.height]);
                Ok(())
            }
            Packet::SetVertexBuffers(p, slots) => self.set_vertex_buffers(&p, slots),
            Packet::SetIndexBuffer(p) => self.set_index_buffer(&p),
            Packet::SetPrimitiveTopology(p) => self.set_topology(&p),
            Packet::SetTexture(p) => self.set_texture(&p),
            Packet::SetSamplerState(p) => self.set_sampler_state(&p),
            Packet::SetRenderState(p) => self.set_render_state(&p),
            Packet::CreateSampler(p) => self.create_sampler(&p),
            Packet::DestroySampler(p) => self.destroy_sampler(p.sampler_handle),
            Packet::SetSamplers(p, handles) => self.set_samplers(&p, handles),
            Packet::SetConstantBuffers(p, slots) => self.set_constant_buffers(&p, slots),
            Packet::SetShaderResourceBuffers(p, slots) => self.set_resource_buffers(&p, slots),
            Packet::SetUnorderedAccessBuffers(p, slots) => self.set_uavs(&p, slots),
            Packet::Clear(p) => self.clear(&p),
            Packet::Draw(p) => self.draw(&p),
            Packet::DrawIndexed(p) => self.draw_indexed(&p),
            Packet::Dispatch(p) => self.dispatch(&p),
            Packet::Present(p) => self.present(p.scanout_id, p.flags()),
            Packet::PresentEx(p) => self.present(p.scanout_id, p.flags()),
            Packet::ExportSharedSurface(p) => {
                Ok(self.renderer.resources.export(p.resource_handle, p.share_token)?)
            }
            Packet::ImportSharedSurface(p) => {
                Ok(self.renderer.resources.import(p.out_resource_handle, p.share_token)?)
            }
            Packet::ReleaseSharedSurface(p) => {
                self.renderer.resources.release(p.share_token);
                Ok(())
            }
            Packet::Unknown { .. } => {
                self.report.unknown_packets += 1;
                Ok(())
            }
        }
    }

    /// Ends the submission: queued work is drawn, then results go to guest memory in the order of their commands.
    fn finish(mut self) {
        let whole = |reason: Failure| CommandError { offset: 0, packet: "end of stream", reason };
        self.finish_draws();
        self.flush_pass();
        for write_back in std::mem::take(&mut self.write_backs) {
            self.counts.copied(write_back.data.len() as u64);
            let written = self.guest.write(write_back.backing, write_back.offset, &write_back.data);
            if let Err(error) = written {
                self.report.fail(whole(ResourceError::from(error).into()));
            }
        }
        self.counts.finish(self.report);
    }

    fn note_present(&mut self, scanout: u32, texture: Option<ResourceId>, vsync: bool) {
        self.report.presents.push(Present { scanout, texture: texture.map_or(0, |id| id.0), vsync });
    }
}

impl Backend for SoftwareRenderer {
    fn reset(&mut self) {
        *self = Self::new(self.options);
    }

    fn submit(&mut self, memory: &mut dyn GuestMemory, submission: &Submission<'_>) {
        let mut report = Report::default();
        self.execute(memory, submission, &mut report);
        self.completions.push(Completion { fence: submission.fence, report });
    }

    fn poll(&mut self) -> Vec<Completion> {
        std::mem::take(&mut self.completions)
    }

    fn scanout(&mut self, id: u32) -> Option<TextureData> {
        self.scanouts.get(&id).map(Frozen::read)
    }

    fn read_texture(&mut self, handle: u32, mip: u32, layer: u32) -> Result<TextureData, ReadError> {
        let unknown = ReadError::Unknown { kind: "texture", handle };
        // Looking is allowed where commands fail: an original that was destroyed while an alias keeps its texture alive.
        let id = self.resources.resolve(handle).unwrap_or(ResourceId(handle));
        let texture = self.resources.texture(id).ok_or(unknown)?;
        let what = || format!("mip {mip} of layer {layer}");
        texture.read(mip, layer).ok_or_else(|| ReadError::OutOfRange { handle, what: what() })
    }

    fn read_buffer(&mut self, handle: u32, offset: u64, len: u64) -> Result<Vec<u8>, ReadError> {
        let unknown = ReadError::Unknown { kind: "buffer", handle };
        let buffer =
            self.resources.resolve(handle).and_then(|id| self.resources.buffer(id)).ok_or(unknown)?;
        let range = offset.checked_add(len).filter(|&end| end <= buffer.size());
        let end =
            range.ok_or_else(|| ReadError::OutOfRange { handle, what: format!("bytes {offset}..+{len}") })?;
        Ok(buffer.bytes()[offset as usize..end as usize].to_vec())
    }

    /// Always something: queued work was drawn when its submission ended. The [options](Options) are no part of it.
    fn snapshot(&mut self) -> Option<Vec<u8>> {
        Some(self.save())
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), RestoreError> {
        // The old state makes room first.
        self.reset();
        *self = Self::load(self.options, state)?;
        Ok(())
    }
}
