//! Building command streams, for tests, generators and tools.

use crate::packets::*;
use crate::{ABI_MAJOR, ABI_MINOR, BoolConstants, Format, Packet};
use bytemuck::{Pod, bytes_of, cast_slice};

/// Builds a command stream packet by packet.
///
/// Every method appends one packet of the opcode that it is named after. Packet headers, counts, sizes and padding
/// are filled in: where a method takes a struct, its `hdr` and its count of payload items are ignored.
///
/// ```
/// use aerogpu_protocol::{Packet, Stream, StreamWriter, packets::Draw};
/// let mut writer = StreamWriter::new();
/// writer.bind_shaders(1, 2).draw(Draw { vertex_count: 3, instance_count: 1, ..Draw::default() }).present(0, true);
/// let bytes = writer.finish();
/// let stream = Stream::parse(&bytes).unwrap();
/// assert!(matches!(stream.packets().nth(1).unwrap().unwrap().packet, Packet::Draw(draw) if draw.vertex_count == 3));
/// ```
#[derive(Clone, Debug)]
pub struct StreamWriter {
    bytes: Vec<u8>,
}

impl Default for StreamWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl StreamWriter {
    /// A stream of the current ABI version without packets.
    #[must_use]
    pub fn new() -> Self {
        Self::with_minor(ABI_MINOR)
    }

    /// A stream of this minor version without packets.
    #[must_use]
    pub fn with_minor(minor: u16) -> Self {
        let header = StreamHeader {
            magic: STREAM_MAGIC,
            abi_version: u32::from(ABI_MAJOR) << 16 | u32::from(minor),
            ..StreamHeader::default()
        };
        Self { bytes: bytes_of(&header).to_vec() }
    }

    /// The finished stream.
    ///
    /// # Panics
    /// If the stream has 4 GiB or more: the format cannot say so.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        let size = u32::try_from(self.bytes.len()).expect("a command stream is smaller than 4 GiB");
        self.bytes[8..12].copy_from_slice(&size.to_le_bytes());
        self.bytes
    }

    /// Appends any packet that the reader can give, in its shortest form.
    pub fn push(&mut self, packet: &Packet<'_>) -> &mut Self {
        match *packet {
            Packet::Nop => self.raw(Opcode::Nop.to_u32(), &[]),
            Packet::DebugMarker(text) => self.debug_marker(text),
            Packet::CreateBuffer(p) => self.create_buffer(p),
            Packet::CreateTexture2d(p) => self.create_texture2d(p),
            Packet::DestroyResource(p) => self.fixed(Opcode::DestroyResource, p),
            Packet::ResourceDirtyRange(p) => self.fixed(Opcode::ResourceDirtyRange, p),
            Packet::UploadResource(p, data) => self.with_payload(Opcode::UploadResource, p, data),
            Packet::CopyBuffer(p) => self.copy_buffer(p),
            Packet::CopyTexture2d(p) => self.copy_texture2d(p),
            Packet::CreateTextureView(p) => self.create_texture_view(p),
            Packet::DestroyTextureView(p) => self.fixed(Opcode::DestroyTextureView, p),
            Packet::CreateShaderDxbc(p, code) => self.with_payload(Opcode::CreateShaderDxbc, p, code),
            Packet::DestroyShader(p) => self.fixed(Opcode::DestroyShader, p),
            Packet::BindShaders(p) => self.bind_all_shaders(p),
            Packet::SetShaderConstantsF(p, v) => {
                self.with_payload(Opcode::SetShaderConstantsF, p, v.as_bytes())
            }
            Packet::SetShaderConstantsI(p, v) => {
                self.with_payload(Opcode::SetShaderConstantsI, p, v.as_bytes())
            }
            Packet::SetShaderConstantsB(p, BoolConstants::Dwords(v)) => {
                self.with_payload(Opcode::SetShaderConstantsB, p, v.as_bytes())
            }
            Packet::SetShaderConstantsB(p, BoolConstants::Vectors(v)) => {
                self.with_payload(Opcode::SetShaderConstantsB, p, v.as_bytes())
            }
            Packet::CreateInputLayout(p, blob) => self.with_payload(Opcode::CreateInputLayout, p, blob),
            Packet::DestroyInputLayout(p) => self.fixed(Opcode::DestroyInputLayout, p),
            Packet::SetInputLayout(p) => self.fixed(Opcode::SetInputLayout, p),
            Packet::SetBlendState(state) => self.set_blend_state(state),
            Packet::SetDepthStencilState(state) => self.set_depth_stencil_state(state),
            Packet::SetRasterizerState(state) => self.set_rasterizer_state(state),
            Packet::SetRenderTargets(p) => self.fixed(Opcode::SetRenderTargets, p),
            Packet::SetViewport(p) => self.fixed(Opcode::SetViewport, p),
            Packet::SetScissor(p) => self.fixed(Opcode::SetScissor, p),
            Packet::SetVertexBuffers(p, v) => self.with_payload(Opcode::SetVertexBuffers, p, v.as_bytes()),
            Packet::SetIndexBuffer(p) => self.fixed(Opcode::SetIndexBuffer, p),
            Packet::SetPrimitiveTopology(p) => self.fixed(Opcode::SetPrimitiveTopology, p),
            Packet::SetTexture(p) => self.fixed(Opcode::SetTexture, p),
            Packet::SetSamplerState(p) => self.fixed(Opcode::SetSamplerState, p),
            Packet::SetRenderState(p) => self.fixed(Opcode::SetRenderState, p),
            Packet::CreateSampler(p) => self.fixed(Opcode::CreateSampler, p),
            Packet::DestroySampler(p) => self.fixed(Opcode::DestroySampler, p),
            Packet::SetSamplers(p, v) => self.with_payload(Opcode::SetSamplers, p, v.as_bytes()),
            Packet::SetConstantBuffers(p, v) => {
                self.with_payload(Opcode::SetConstantBuffers, p, v.as_bytes())
            }
            Packet::SetShaderResourceBuffers(p, v) => {
                self.with_payload(Opcode::SetShaderResourceBuffers, p, v.as_bytes())
            }
            Packet::SetUnorderedAccessBuffers(p, v) => {
                self.with_payload(Opcode::SetUnorderedAccessBuffers, p, v.as_bytes())
            }
            Packet::Clear(p) => self.fixed(Opcode::Clear, p),
            Packet::Draw(p) => self.draw(p),
            Packet::DrawIndexed(p) => self.draw_indexed(p),
            Packet::Dispatch(p) => self.fixed(Opcode::Dispatch, p),
            Packet::Present(p) => self.fixed(Opcode::Present, p),
            Packet::PresentEx(p) => self.fixed(Opcode::PresentEx, p),
            Packet::ExportSharedSurface(p) => self.fixed(Opcode::ExportSharedSurface, p),
            Packet::ImportSharedSurface(p) => self.fixed(Opcode::ImportSharedSurface, p),
            Packet::ReleaseSharedSurface(p) => self.fixed(Opcode::ReleaseSharedSurface, p),
            Packet::Flush => self.flush(),
            Packet::Unknown { opcode, bytes } => self.raw(opcode, bytes),
        }
    }

    /// Appends a packet of any opcode with these bytes after its header, padded to 4.
    ///
    /// # Panics
    /// If the packet has 4 GiB or more: the format cannot say so.
    pub fn raw(&mut self, opcode: u32, body: &[u8]) -> &mut Self {
        let size = (size_of::<CmdHdr>() + body.len()).next_multiple_of(4);
        let size_bytes = u32::try_from(size).expect("a packet is smaller than 4 GiB");
        let end = self.bytes.len() + size;
        self.bytes.extend_from_slice(bytes_of(&CmdHdr { opcode, size_bytes }));
        self.bytes.extend_from_slice(body);
        self.bytes.resize(end, 0);
        self
    }

    /// Appends a packet without payload. Its struct begins with a header, which is replaced.
    fn fixed<T: Pod>(&mut self, opcode: Opcode, packet: T) -> &mut Self {
        self.with_payload(opcode, packet, &[])
    }

    /// Appends a packet with payload. Its struct begins with a header, which is replaced.
    fn with_payload<T: Pod>(&mut self, opcode: Opcode, packet: T, payload: &[u8]) -> &mut Self {
        let fields = &bytes_of(&packet)[size_of::<CmdHdr>()..];
        self.raw(opcode.to_u32(), &[fields, payload].concat())
    }
}

/// How many items a payload has, as the protocol counts them.
fn count<T>(items: &[T]) -> u32 {
    // More cannot be: `raw` refuses packets of 4 GiB and no item is empty.
    u32::try_from(items.len()).unwrap_or(u32::MAX)
}

/// Resources.
impl StreamWriter {
    /// Appends text for whoever reads the stream.
    pub fn debug_marker(&mut self, text: &[u8]) -> &mut Self {
        self.raw(Opcode::DebugMarker.to_u32(), text)
    }

    /// Creates a buffer.
    pub fn create_buffer(&mut self, packet: CreateBuffer) -> &mut Self {
        self.fixed(Opcode::CreateBuffer, packet)
    }

    /// Creates a texture.
    pub fn create_texture2d(&mut self, packet: CreateTexture2d) -> &mut Self {
        self.fixed(Opcode::CreateTexture2d, packet)
    }

    /// Creates a host-owned texture of one mip and one layer.
    pub fn create_simple_texture(
        &mut self,
        texture_handle: u32,
        format: Format,
        width: u32,
        height: u32,
        usage: ResourceUsage,
    ) -> &mut Self {
        self.create_texture2d(CreateTexture2d {
            texture_handle,
            usage_flags: usage.bits(),
            format: format.to_u32(),
            width,
            height,
            mip_levels: 1,
            array_layers: 1,
            ..CreateTexture2d::default()
        })
    }

    /// Destroys a buffer or texture.
    pub fn destroy_resource(&mut self, resource_handle: u32) -> &mut Self {
        let packet = DestroyResource { resource_handle, ..DestroyResource::default() };
        self.fixed(Opcode::DestroyResource, packet)
    }

    /// Declares guest memory behind a resource changed.
    pub fn resource_dirty_range(
        &mut self,
        resource_handle: u32,
        offset_bytes: u64,
        size_bytes: u64,
    ) -> &mut Self {
        let packet =
            ResourceDirtyRange { resource_handle, offset_bytes, size_bytes, ..ResourceDirtyRange::default() };
        self.fixed(Opcode::ResourceDirtyRange, packet)
    }

    /// Writes bytes into a resource.
    pub fn upload_resource(&mut self, resource_handle: u32, offset_bytes: u64, data: &[u8]) -> &mut Self {
        let size_bytes = data.len() as u64;
        let packet =
            UploadResource { resource_handle, offset_bytes, size_bytes, ..UploadResource::default() };
        self.with_payload(Opcode::UploadResource, packet, data)
    }

    /// Copies bytes between buffers.
    pub fn copy_buffer(&mut self, packet: CopyBuffer) -> &mut Self {
        self.fixed(Opcode::CopyBuffer, packet)
    }

    /// Copies texels between textures.
    pub fn copy_texture2d(&mut self, packet: CopyTexture2d) -> &mut Self {
        self.fixed(Opcode::CopyTexture2d, packet)
    }

    /// Creates a texture view.
    pub fn create_texture_view(&mut self, packet: CreateTextureView) -> &mut Self {
        self.fixed(Opcode::CreateTextureView, packet)
    }

    /// Destroys a texture view.
    pub fn destroy_texture_view(&mut self, view_handle: u32) -> &mut Self {
        let packet = DestroyTextureView { view_handle, ..DestroyTextureView::default() };
        self.fixed(Opcode::DestroyTextureView, packet)
    }
}

/// Shaders, constants and input layouts.
impl StreamWriter {
    /// Creates a shader from a DXBC container or Direct3D 9 tokens.
    pub fn create_shader_dxbc(&mut self, shader_handle: u32, stage: ShaderStage, code: &[u8]) -> &mut Self {
        let (stage, reserved0) = stage.encode();
        let dxbc_size_bytes = count(code);
        let packet =
            CreateShaderDxbc { shader_handle, stage, dxbc_size_bytes, reserved0, ..Default::default() };
        self.with_payload(Opcode::CreateShaderDxbc, packet, code)
    }

    /// Destroys a shader.
    pub fn destroy_shader(&mut self, shader_handle: u32) -> &mut Self {
        self.fixed(Opcode::DestroyShader, DestroyShader { shader_handle, ..DestroyShader::default() })
    }

    /// Binds a vertex and a pixel shader and nothing else.
    pub fn bind_shaders(&mut self, vs: u32, ps: u32) -> &mut Self {
        self.bind_all_shaders(ShaderBindings { vs, ps, ..ShaderBindings::default() })
    }

    /// Binds the shaders of every stage: in the short form, which old readers know, where it suffices.
    pub fn bind_all_shaders(&mut self, shaders: ShaderBindings) -> &mut Self {
        let ShaderBindings { vs, ps, cs, gs, hs, ds } = shaders;
        let short = BindShaders { vs, ps, cs, reserved0: gs, ..BindShaders::default() };
        if hs == 0 && ds == 0 {
            return self.fixed(Opcode::BindShaders, short);
        }
        self.with_payload(Opcode::BindShaders, short, bytes_of(&BindShadersTail { gs, hs, ds }))
    }

    /// Writes float constant registers.
    pub fn set_shader_constants_f(
        &mut self,
        stage: ShaderStage,
        start_register: u32,
        values: &[[f32; 4]],
    ) -> &mut Self {
        let (stage, reserved0) = stage.encode();
        let vec4_count = count(values);
        let packet =
            SetShaderConstantsF { stage, start_register, vec4_count, reserved0, ..Default::default() };
        self.with_payload(Opcode::SetShaderConstantsF, packet, cast_slice(values))
    }

    /// Writes integer constant registers.
    pub fn set_shader_constants_i(
        &mut self,
        stage: ShaderStage,
        start_register: u32,
        values: &[[i32; 4]],
    ) -> &mut Self {
        let (stage, reserved0) = stage.encode();
        let vec4_count = count(values);
        let packet =
            SetShaderConstantsI { stage, start_register, vec4_count, reserved0, ..Default::default() };
        self.with_payload(Opcode::SetShaderConstantsI, packet, cast_slice(values))
    }

    /// Writes boolean constant registers, one dword each as the guest driver does.
    pub fn set_shader_constants_b(
        &mut self,
        stage: ShaderStage,
        start_register: u32,
        values: &[bool],
    ) -> &mut Self {
        let (stage, reserved0) = stage.encode();
        let bool_count = count(values);
        let words: Vec<u32> = values.iter().map(|value| u32::from(*value)).collect();
        let packet =
            SetShaderConstantsB { stage, start_register, bool_count, reserved0, ..Default::default() };
        self.with_payload(Opcode::SetShaderConstantsB, packet, cast_slice(&words))
    }

    /// Creates an input layout from an `ILAY` blob or Direct3D 9 vertex elements.
    pub fn create_input_layout(&mut self, input_layout_handle: u32, blob: &[u8]) -> &mut Self {
        let packet =
            CreateInputLayout { input_layout_handle, blob_size_bytes: count(blob), ..Default::default() };
        self.with_payload(Opcode::CreateInputLayout, packet, blob)
    }

    /// Destroys an input layout.
    pub fn destroy_input_layout(&mut self, input_layout_handle: u32) -> &mut Self {
        let packet = DestroyInputLayout { input_layout_handle, ..Default::default() };
        self.fixed(Opcode::DestroyInputLayout, packet)
    }

    /// Binds an input layout.
    pub fn set_input_layout(&mut self, input_layout_handle: u32) -> &mut Self {
        self.fixed(Opcode::SetInputLayout, SetInputLayout { input_layout_handle, ..Default::default() })
    }
}

/// Fixed-function state.
impl StreamWriter {
    /// Sets the blend state.
    pub fn set_blend_state(&mut self, state: BlendState) -> &mut Self {
        self.fixed(Opcode::SetBlendState, SetBlendState { state, ..Default::default() })
    }

    /// Sets the depth-stencil state.
    pub fn set_depth_stencil_state(&mut self, state: DepthStencilState) -> &mut Self {
        self.fixed(Opcode::SetDepthStencilState, SetDepthStencilState { state, ..Default::default() })
    }

    /// Sets the rasterizer state.
    pub fn set_rasterizer_state(&mut self, state: RasterizerState) -> &mut Self {
        self.fixed(Opcode::SetRasterizerState, SetRasterizerState { state, ..Default::default() })
    }

    /// Sets the viewport: left, top, width, height in pixels, and the depth range.
    pub fn set_viewport(&mut self, [x, y, width, height]: [f32; 4], [min, max]: [f32; 2]) -> &mut Self {
        let packet = SetViewport {
            x_f32: x.to_bits(),
            y_f32: y.to_bits(),
            width_f32: width.to_bits(),
            height_f32: height.to_bits(),
            min_depth_f32: min.to_bits(),
            max_depth_f32: max.to_bits(),
            ..SetViewport::default()
        };
        self.fixed(Opcode::SetViewport, packet)
    }

    /// Sets the scissor rectangle in pixels.
    pub fn set_scissor(&mut self, x: i32, y: i32, width: i32, height: i32) -> &mut Self {
        self.fixed(Opcode::SetScissor, SetScissor { x, y, width, height, ..SetScissor::default() })
    }

    /// Sets a Direct3D 9 sampler state of a vertex or pixel sampler.
    pub fn set_sampler_state(&mut self, stage: ShaderStage, slot: u32, state: u32, value: u32) -> &mut Self {
        let (shader_stage, _) = stage.encode();
        self.fixed(
            Opcode::SetSamplerState,
            SetSamplerState { shader_stage, slot, state, value, ..Default::default() },
        )
    }

    /// Sets a Direct3D 9 render state.
    pub fn set_render_state(&mut self, state: u32, value: u32) -> &mut Self {
        self.fixed(Opcode::SetRenderState, SetRenderState { state, value, ..SetRenderState::default() })
    }
}

/// Bindings.
impl StreamWriter {
    /// Binds colour targets (0 leaves a gap) and a depth-stencil target (0: none).
    ///
    /// # Panics
    /// If there are more than [`MAX_RENDER_TARGETS`].
    pub fn set_render_targets(&mut self, targets: &[u32], depth_stencil: u32) -> &mut Self {
        let mut packet =
            SetRenderTargets { color_count: count(targets), depth_stencil, ..SetRenderTargets::default() };
        packet.colors[..targets.len()].copy_from_slice(targets);
        self.fixed(Opcode::SetRenderTargets, packet)
    }

    /// Binds vertex buffers.
    pub fn set_vertex_buffers(&mut self, start_slot: u32, slots: &[VertexBufferBinding]) -> &mut Self {
        let packet = SetVertexBuffers { start_slot, buffer_count: count(slots), ..Default::default() };
        self.with_payload(Opcode::SetVertexBuffers, packet, cast_slice(slots))
    }

    /// Binds the index buffer.
    pub fn set_index_buffer(&mut self, buffer: u32, format: IndexFormat, offset_bytes: u32) -> &mut Self {
        let packet = SetIndexBuffer { buffer, format: format.to_u32(), offset_bytes, ..Default::default() };
        self.fixed(Opcode::SetIndexBuffer, packet)
    }

    /// Sets the topology.
    pub fn set_primitive_topology(&mut self, topology: PrimitiveTopology) -> &mut Self {
        let packet = SetPrimitiveTopology { topology: topology.to_u32(), ..Default::default() };
        self.fixed(Opcode::SetPrimitiveTopology, packet)
    }

    /// Binds a texture, view or buffer to a shader-resource slot.
    pub fn set_texture(&mut self, stage: ShaderStage, slot: u32, texture: u32) -> &mut Self {
        let (shader_stage, reserved0) = stage.encode();
        let packet = SetTexture { shader_stage, slot, texture, reserved0, ..SetTexture::default() };
        self.fixed(Opcode::SetTexture, packet)
    }

    /// Creates a sampler object with the address modes of u, v and w.
    pub fn create_sampler(
        &mut self,
        sampler_handle: u32,
        filter: SamplerFilter,
        address: [SamplerAddressMode; 3],
    ) -> &mut Self {
        let [address_u, address_v, address_w] = address.map(SamplerAddressMode::to_u32);
        let filter = filter.to_u32();
        let packet =
            CreateSampler { sampler_handle, filter, address_u, address_v, address_w, ..Default::default() };
        self.fixed(Opcode::CreateSampler, packet)
    }

    /// Destroys a sampler object.
    pub fn destroy_sampler(&mut self, sampler_handle: u32) -> &mut Self {
        self.fixed(Opcode::DestroySampler, DestroySampler { sampler_handle, ..DestroySampler::default() })
    }

    /// Binds sampler objects.
    pub fn set_samplers(&mut self, stage: ShaderStage, start_slot: u32, handles: &[u32]) -> &mut Self {
        let (shader_stage, reserved0) = stage.encode();
        let sampler_count = count(handles);
        let packet = SetSamplers { shader_stage, start_slot, sampler_count, reserved0, ..Default::default() };
        self.with_payload(Opcode::SetSamplers, packet, cast_slice(handles))
    }

    /// Binds constant buffers.
    pub fn set_constant_buffers(
        &mut self,
        stage: ShaderStage,
        start_slot: u32,
        slots: &[ConstantBufferBinding],
    ) -> &mut Self {
        let (shader_stage, reserved0) = stage.encode();
        let buffer_count = count(slots);
        let packet =
            SetConstantBuffers { shader_stage, start_slot, buffer_count, reserved0, ..Default::default() };
        self.with_payload(Opcode::SetConstantBuffers, packet, cast_slice(slots))
    }

    /// Binds buffers to shader-resource slots.
    pub fn set_shader_resource_buffers(
        &mut self,
        stage: ShaderStage,
        start_slot: u32,
        slots: &[ShaderResourceBufferBinding],
    ) -> &mut Self {
        let (shader_stage, reserved0) = stage.encode();
        let buffer_count = count(slots);
        let packet = SetShaderResourceBuffers {
            shader_stage,
            start_slot,
            buffer_count,
            reserved0,
            ..Default::default()
        };
        self.with_payload(Opcode::SetShaderResourceBuffers, packet, cast_slice(slots))
    }

    /// Binds buffers to unordered-access slots.
    pub fn set_unordered_access_buffers(
        &mut self,
        stage: ShaderStage,
        start_slot: u32,
        slots: &[UnorderedAccessBufferBinding],
    ) -> &mut Self {
        let (shader_stage, reserved0) = stage.encode();
        let uav_count = count(slots);
        let packet = SetUnorderedAccessBuffers {
            shader_stage,
            start_slot,
            uav_count,
            reserved0,
            ..Default::default()
        };
        self.with_payload(Opcode::SetUnorderedAccessBuffers, packet, cast_slice(slots))
    }
}

/// Work, presents and shared surfaces.
impl StreamWriter {
    /// Clears the bound targets.
    pub fn clear(&mut self, flags: ClearFlags, color: [f32; 4], depth: f32, stencil: u32) -> &mut Self {
        let packet = Clear {
            flags: flags.bits(),
            color_rgba_f32: color.map(f32::to_bits),
            depth_f32: depth.to_bits(),
            stencil,
            ..Clear::default()
        };
        self.fixed(Opcode::Clear, packet)
    }

    /// Draws consecutive vertices.
    pub fn draw(&mut self, packet: Draw) -> &mut Self {
        self.fixed(Opcode::Draw, packet)
    }

    /// Draws vertices by index.
    pub fn draw_indexed(&mut self, packet: DrawIndexed) -> &mut Self {
        self.fixed(Opcode::DrawIndexed, packet)
    }

    /// Runs the bound compute shader.
    pub fn dispatch(&mut self, group_count_x: u32, group_count_y: u32, group_count_z: u32) -> &mut Self {
        let packet = Dispatch { group_count_x, group_count_y, group_count_z, ..Dispatch::default() };
        self.fixed(Opcode::Dispatch, packet)
    }

    /// Presents the first colour target.
    pub fn present(&mut self, scanout_id: u32, vsync: bool) -> &mut Self {
        let flags = if vsync { PresentFlags::VSYNC } else { PresentFlags::empty() }.bits();
        self.fixed(Opcode::Present, Present { scanout_id, flags, ..Present::default() })
    }

    /// Presents the first colour target with Direct3D 9Ex flags.
    pub fn present_ex(&mut self, scanout_id: u32, flags: PresentFlags, d3d9_present_flags: u32) -> &mut Self {
        let packet = PresentEx { scanout_id, flags: flags.bits(), d3d9_present_flags, ..Default::default() };
        self.fixed(Opcode::PresentEx, packet)
    }

    /// Gives a resource a share token.
    pub fn export_shared_surface(&mut self, resource_handle: u32, share_token: u64) -> &mut Self {
        let packet = ExportSharedSurface { resource_handle, share_token, ..Default::default() };
        self.fixed(Opcode::ExportSharedSurface, packet)
    }

    /// Makes a handle for the resource behind a share token.
    pub fn import_shared_surface(&mut self, out_resource_handle: u32, share_token: u64) -> &mut Self {
        let packet = ImportSharedSurface { out_resource_handle, share_token, ..Default::default() };
        self.fixed(Opcode::ImportSharedSurface, packet)
    }

    /// Retires a share token.
    pub fn release_shared_surface(&mut self, share_token: u64) -> &mut Self {
        let packet = ReleaseSharedSurface { share_token, ..Default::default() };
        self.fixed(Opcode::ReleaseSharedSurface, packet)
    }

    /// Asks that the work so far be started.
    pub fn flush(&mut self) -> &mut Self {
        self.fixed(Opcode::Flush, Flush::default())
    }
}
