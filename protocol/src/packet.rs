//! Decoding one packet: from the bytes that its header claims to a typed view.

use crate::PodSlice;
use crate::packets::*;
use crate::stream::read_prefix;
use bytemuck::AnyBitPattern;

/// What is wrong with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PacketErrorReason {
    /// The stream ends inside the packet header.
    #[error("the stream ends inside the packet header")]
    TruncatedHeader,
    /// `size_bytes` is below 8 or no multiple of 4.
    #[error("size_bytes is {size_bytes}")]
    BadSize {
        /// The claim.
        size_bytes: u32,
    },
    /// `size_bytes` goes beyond the stream.
    #[error("size_bytes is {size_bytes}, but the stream has {remaining} more bytes")]
    PastEnd {
        /// The claim.
        size_bytes: u32,
        /// Bytes from the packet to the end of the stream.
        remaining: usize,
    },
    /// The packet is shorter than the struct of its opcode.
    #[error("size_bytes is {size_bytes}, but the packet has at least {needed} bytes")]
    ShorterThanStruct {
        /// The claim.
        size_bytes: u32,
        /// Bytes of the struct.
        needed: usize,
    },
    /// The packet's fields promise more payload than it has.
    #[error("the payload has {needed} bytes, but the packet has room for {available}")]
    PayloadTruncated {
        /// Bytes promised.
        needed: u64,
        /// Bytes there.
        available: usize,
    },
}

/// The struct of a packet, and the bytes after it.
fn fixed<T: AnyBitPattern>(bytes: &[u8]) -> Result<(T, &[u8]), PacketErrorReason> {
    let value = read_prefix(bytes).ok_or(PacketErrorReason::ShorterThanStruct {
        size_bytes: bytes.len() as u32,
        needed: size_of::<T>(),
    })?;
    Ok((value, &bytes[size_of::<T>()..]))
}

/// The first `needed` bytes of a payload. Packets are multiples of 4 long, so the padding is there as well.
fn payload(tail: &[u8], needed: u64) -> Result<&[u8], PacketErrorReason> {
    usize::try_from(needed)
        .ok()
        .and_then(|len| tail.get(..len))
        .ok_or(PacketErrorReason::PayloadTruncated { needed, available: tail.len() })
}

/// The first `count` items of a payload.
fn items<T: AnyBitPattern>(tail: &[u8], count: u32) -> Result<PodSlice<'_, T>, PacketErrorReason> {
    payload(tail, u64::from(count) * size_of::<T>() as u64).map(PodSlice::new)
}

/// The registers of [`SetShaderConstantsB`], in either width that is found in the wild (executor.md §7): one dword
/// each, as the guest driver writes them, or four, as the protocol's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoolConstants<'a> {
    /// One dword a register.
    Dwords(PodSlice<'a, u32>),
    /// Four dwords a register.
    Vectors(PodSlice<'a, [u32; 4]>),
}

impl<'a> BoolConstants<'a> {
    fn decode(tail: &'a [u8], count: u32) -> Result<Self, PacketErrorReason> {
        items(tail, count).map(Self::Vectors).or_else(|_| items(tail, count).map(Self::Dwords))
    }

    /// How many registers there are.
    #[must_use]
    pub fn len(self) -> usize {
        match self {
            Self::Dwords(registers) => registers.len(),
            Self::Vectors(registers) => registers.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The value of a register; true if any of its bits is set.
    #[must_use]
    pub fn get(self, index: usize) -> Option<bool> {
        match self {
            Self::Dwords(registers) => registers.get(index).map(|word| word != 0),
            Self::Vectors(registers) => registers.get(index).map(|lanes| lanes != [0; 4]),
        }
    }

    /// The values in order.
    pub fn iter(self) -> impl Iterator<Item = bool> + use<'a> {
        (0..self.len()).map_while(move |index| self.get(index))
    }
}

/// A typed, borrowed view of one packet. Structs are copies; payloads borrow the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// Nothing to do.
    Nop,
    /// Any bytes, for whoever reads the stream.
    DebugMarker(&'a [u8]),
    /// See [`CreateBuffer`](struct@CreateBuffer).
    CreateBuffer(CreateBuffer),
    /// See [`CreateTexture2d`](struct@CreateTexture2d).
    CreateTexture2d(CreateTexture2d),
    /// See [`DestroyResource`](struct@DestroyResource).
    DestroyResource(DestroyResource),
    /// See [`ResourceDirtyRange`](struct@ResourceDirtyRange).
    ResourceDirtyRange(ResourceDirtyRange),
    /// The struct and the bytes to upload.
    UploadResource(UploadResource, &'a [u8]),
    /// See [`CopyBuffer`](struct@CopyBuffer).
    CopyBuffer(CopyBuffer),
    /// See [`CopyTexture2d`](struct@CopyTexture2d).
    CopyTexture2d(CopyTexture2d),
    /// See [`CreateTextureView`](struct@CreateTextureView).
    CreateTextureView(CreateTextureView),
    /// See [`DestroyTextureView`](struct@DestroyTextureView).
    DestroyTextureView(DestroyTextureView),
    /// The struct and the shader code.
    CreateShaderDxbc(CreateShaderDxbc, &'a [u8]),
    /// See [`DestroyShader`](struct@DestroyShader).
    DestroyShader(DestroyShader),
    /// The handles, from either form of the packet.
    BindShaders(ShaderBindings),
    /// The struct and the registers, as bits of f32.
    SetShaderConstantsF(SetShaderConstantsF, PodSlice<'a, [u32; 4]>),
    /// The struct and the registers.
    SetShaderConstantsI(SetShaderConstantsI, PodSlice<'a, [i32; 4]>),
    /// The struct and the registers.
    SetShaderConstantsB(SetShaderConstantsB, BoolConstants<'a>),
    /// The struct and the blob.
    CreateInputLayout(CreateInputLayout, &'a [u8]),
    /// See [`DestroyInputLayout`](struct@DestroyInputLayout).
    DestroyInputLayout(DestroyInputLayout),
    /// See [`SetInputLayout`](struct@SetInputLayout).
    SetInputLayout(SetInputLayout),
    /// The state, completed by its defaults if the packet is short.
    SetBlendState(BlendState),
    /// See [`DepthStencilState`](struct@DepthStencilState).
    SetDepthStencilState(DepthStencilState),
    /// See [`RasterizerState`](struct@RasterizerState).
    SetRasterizerState(RasterizerState),
    /// See [`SetRenderTargets`](struct@SetRenderTargets).
    SetRenderTargets(SetRenderTargets),
    /// See [`SetViewport`](struct@SetViewport).
    SetViewport(SetViewport),
    /// See [`SetScissor`](struct@SetScissor).
    SetScissor(SetScissor),
    /// The struct and the slots.
    SetVertexBuffers(SetVertexBuffers, PodSlice<'a, VertexBufferBinding>),
    /// See [`SetIndexBuffer`](struct@SetIndexBuffer).
    SetIndexBuffer(SetIndexBuffer),
    /// See [`SetPrimitiveTopology`](struct@SetPrimitiveTopology).
    SetPrimitiveTopology(SetPrimitiveTopology),
    /// See [`SetTexture`](struct@SetTexture).
    SetTexture(SetTexture),
    /// See [`SetSamplerState`](struct@SetSamplerState).
    SetSamplerState(SetSamplerState),
    /// See [`SetRenderState`](struct@SetRenderState).
    SetRenderState(SetRenderState),
    /// See [`CreateSampler`](struct@CreateSampler).
    CreateSampler(CreateSampler),
    /// See [`DestroySampler`](struct@DestroySampler).
    DestroySampler(DestroySampler),
    /// The struct and the sampler handles.
    SetSamplers(SetSamplers, PodSlice<'a, u32>),
    /// The struct and the slots.
    SetConstantBuffers(SetConstantBuffers, PodSlice<'a, ConstantBufferBinding>),
    /// The struct and the slots.
    SetShaderResourceBuffers(SetShaderResourceBuffers, PodSlice<'a, ShaderResourceBufferBinding>),
    /// The struct and the slots.
    SetUnorderedAccessBuffers(SetUnorderedAccessBuffers, PodSlice<'a, UnorderedAccessBufferBinding>),
    /// See [`Clear`](struct@Clear).
    Clear(Clear),
    /// See [`Draw`](struct@Draw).
    Draw(Draw),
    /// See [`DrawIndexed`](struct@DrawIndexed).
    DrawIndexed(DrawIndexed),
    /// See [`Dispatch`](struct@Dispatch).
    Dispatch(Dispatch),
    /// See [`Present`](struct@Present).
    Present(Present),
    /// See [`PresentEx`](struct@PresentEx).
    PresentEx(PresentEx),
    /// See [`ExportSharedSurface`](struct@ExportSharedSurface).
    ExportSharedSurface(ExportSharedSurface),
    /// See [`ImportSharedSurface`](struct@ImportSharedSurface).
    ImportSharedSurface(ImportSharedSurface),
    /// See [`ReleaseSharedSurface`](struct@ReleaseSharedSurface).
    ReleaseSharedSurface(ReleaseSharedSurface),
    /// Start the work so far; no effect on results.
    Flush,
    /// A packet of a newer guest; to be skipped.
    Unknown {
        /// The opcode word.
        opcode: u32,
        /// Everything after the packet header.
        bytes: &'a [u8],
    },
}

impl<'a> Packet<'a> {
    /// Decodes a packet of this opcode from its bytes, header included.
    pub fn decode(opcode: u32, bytes: &'a [u8]) -> Result<Self, PacketErrorReason> {
        let Some(known) = Opcode::from_u32(opcode) else {
            let bytes = bytes.get(size_of::<CmdHdr>()..).unwrap_or_default();
            return Ok(Self::Unknown { opcode, bytes });
        };
        Ok(match known {
            Opcode::Nop => Self::Nop,
            Opcode::DebugMarker => Self::DebugMarker(fixed::<CmdHdr>(bytes)?.1),
            Opcode::CreateBuffer => Self::CreateBuffer(fixed(bytes)?.0),
            Opcode::CreateTexture2d => Self::CreateTexture2d(fixed(bytes)?.0),
            Opcode::DestroyResource => Self::DestroyResource(fixed(bytes)?.0),
            Opcode::ResourceDirtyRange => Self::ResourceDirtyRange(fixed(bytes)?.0),
            Opcode::UploadResource => {
                let (upload, tail) = fixed::<UploadResource>(bytes)?;
                Self::UploadResource(upload, payload(tail, upload.size_bytes)?)
            }
            Opcode::CopyBuffer => Self::CopyBuffer(fixed(bytes)?.0),
            Opcode::CopyTexture2d => Self::CopyTexture2d(fixed(bytes)?.0),
            Opcode::CreateTextureView => Self::CreateTextureView(fixed(bytes)?.0),
            Opcode::DestroyTextureView => Self::DestroyTextureView(fixed(bytes)?.0),
            Opcode::CreateShaderDxbc => {
                let (create, tail) = fixed::<CreateShaderDxbc>(bytes)?;
                Self::CreateShaderDxbc(create, payload(tail, create.dxbc_size_bytes.into())?)
            }
            Opcode::DestroyShader => Self::DestroyShader(fixed(bytes)?.0),
            Opcode::BindShaders => Self::BindShaders(decode_bind_shaders(bytes)?),
            Opcode::SetShaderConstantsF => {
                let (set, tail) = fixed::<SetShaderConstantsF>(bytes)?;
                Self::SetShaderConstantsF(set, items(tail, set.vec4_count)?)
            }
            Opcode::SetShaderConstantsI => {
                let (set, tail) = fixed::<SetShaderConstantsI>(bytes)?;
                Self::SetShaderConstantsI(set, items(tail, set.vec4_count)?)
            }
            Opcode::SetShaderConstantsB => {
                let (set, tail) = fixed::<SetShaderConstantsB>(bytes)?;
                Self::SetShaderConstantsB(set, BoolConstants::decode(tail, set.bool_count)?)
            }
            Opcode::CreateInputLayout => {
                let (create, tail) = fixed::<CreateInputLayout>(bytes)?;
                Self::CreateInputLayout(create, payload(tail, create.blob_size_bytes.into())?)
            }
            Opcode::DestroyInputLayout => Self::DestroyInputLayout(fixed(bytes)?.0),
            Opcode::SetInputLayout => Self::SetInputLayout(fixed(bytes)?.0),
            Opcode::SetBlendState => Self::SetBlendState(decode_blend_state(bytes)?),
            Opcode::SetDepthStencilState => {
                Self::SetDepthStencilState(fixed::<SetDepthStencilState>(bytes)?.0.state)
            }
            Opcode::SetRasterizerState => {
                Self::SetRasterizerState(fixed::<SetRasterizerState>(bytes)?.0.state)
            }
            Opcode::SetRenderTargets => Self::SetRenderTargets(fixed(bytes)?.0),
            Opcode::SetViewport => Self::SetViewport(fixed(bytes)?.0),
            Opcode::SetScissor => Self::SetScissor(fixed(bytes)?.0),
            Opcode::SetVertexBuffers => {
                let (set, tail) = fixed::<SetVertexBuffers>(bytes)?;
                Self::SetVertexBuffers(set, items(tail, set.buffer_count)?)
            }
            Opcode::SetIndexBuffer => Self::SetIndexBuffer(fixed(bytes)?.0),
            Opcode::SetPrimitiveTopology => Self::SetPrimitiveTopology(fixed(bytes)?.0),
            Opcode::SetTexture => Self::SetTexture(fixed(bytes)?.0),
            Opcode::SetSamplerState => Self::SetSamplerState(fixed(bytes)?.0),
            Opcode::SetRenderState => Self::SetRenderState(fixed(bytes)?.0),
            Opcode::CreateSampler => Self::CreateSampler(fixed(bytes)?.0),
            Opcode::DestroySampler => Self::DestroySampler(fixed(bytes)?.0),
            Opcode::SetSamplers => {
                let (set, tail) = fixed::<SetSamplers>(bytes)?;
                Self::SetSamplers(set, items(tail, set.sampler_count)?)
            }
            Opcode::SetConstantBuffers => {
                let (set, tail) = fixed::<SetConstantBuffers>(bytes)?;
                Self::SetConstantBuffers(set, items(tail, set.buffer_count)?)
            }
            Opcode::SetShaderResourceBuffers => {
                let (set, tail) = fixed::<SetShaderResourceBuffers>(bytes)?;
                Self::SetShaderResourceBuffers(set, items(tail, set.buffer_count)?)
            }
            Opcode::SetUnorderedAccessBuffers => {
                let (set, tail) = fixed::<SetUnorderedAccessBuffers>(bytes)?;
                Self::SetUnorderedAccessBuffers(set, items(tail, set.uav_count)?)
            }
            Opcode::Clear => Self::Clear(fixed(bytes)?.0),
            Opcode::Draw => Self::Draw(fixed(bytes)?.0),
            Opcode::DrawIndexed => Self::DrawIndexed(fixed(bytes)?.0),
            Opcode::Dispatch => Self::Dispatch(fixed(bytes)?.0),
            Opcode::Present => Self::Present(fixed(bytes)?.0),
            Opcode::PresentEx => Self::PresentEx(fixed(bytes)?.0),
            Opcode::ExportSharedSurface => Self::ExportSharedSurface(fixed(bytes)?.0),
            Opcode::ImportSharedSurface => Self::ImportSharedSurface(fixed(bytes)?.0),
            Opcode::ReleaseSharedSurface => Self::ReleaseSharedSurface(fixed(bytes)?.0),
            Opcode::Flush => fixed::<Flush>(bytes).map(|_| Self::Flush)?,
        })
    }
}

/// The short form says where the geometry shader is in its reserved word; the long form has words of its own.
fn decode_bind_shaders(bytes: &[u8]) -> Result<ShaderBindings, PacketErrorReason> {
    let (short, tail) = fixed::<BindShaders>(bytes)?;
    let long = read_prefix(tail).unwrap_or(BindShadersTail { gs: short.reserved0, hs: 0, ds: 0 });
    let BindShaders { vs, ps, cs, .. } = short;
    Ok(ShaderBindings { vs, ps, cs, gs: long.gs, hs: long.hs, ds: long.ds })
}

/// Reads as much of the state as the packet has, and completes it.
fn decode_blend_state(bytes: &[u8]) -> Result<BlendState, PacketErrorReason> {
    let (_, tail) = fixed::<CmdHdr>(bytes)?;
    if tail.len() < BlendState::LEGACY_SIZE {
        let needed = size_of::<CmdHdr>() + BlendState::LEGACY_SIZE;
        return Err(PacketErrorReason::ShorterThanStruct { size_bytes: bytes.len() as u32, needed });
    }
    let present = tail.len().min(size_of::<BlendState>());
    let mut state = BlendState::default();
    bytemuck::bytes_of_mut(&mut state)[..present].copy_from_slice(&tail[..present]);
    Ok(state.complete(present))
}
