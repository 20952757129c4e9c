//! Every method of the writer, against the words that the ABI asks for.

use aerogpu_protocol::packets::*;
use aerogpu_protocol::{Format, StreamWriter};

/// What a call appends: opcode, then the words after the header; the size must be that of the words.
#[track_caller]
fn check(call: impl FnOnce(&mut StreamWriter) -> &mut StreamWriter, opcode: u32, words: &[u32]) {
    let mut writer = StreamWriter::new();
    call(&mut writer);
    let bytes = writer.finish();
    let all: Vec<u32> =
        bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();
    let size = 8 + 4 * words.len() as u32;
    assert_eq!(all[..6], [0x444D_4341, 0x0001_0004, 24 + size, 0, 0, 0], "stream header");
    assert_eq!(all[6..8], [opcode, size], "packet header");
    assert_eq!(all[8..], *words, "words of {opcode:#x}");
}

/// Bits of an f32.
fn f(value: f32) -> u32 {
    value.to_bits()
}

#[test]
fn resources() {
    check(|w| w.debug_marker(b"hello"), 0x001, &[0x6C6C_6568, 0x6F]);
    let buffer =
        CreateBuffer { buffer_handle: 1, usage_flags: 2, size_bytes: 3 << 32 | 4, ..Default::default() };
    let backed = CreateBuffer { backing_alloc_id: 5, backing_offset_bytes: 6, ..buffer };
    check(|w| w.create_buffer(backed), 0x100, &[1, 2, 4, 3, 5, 6, 0, 0]);
    check(
        |w| {
            w.create_simple_texture(
                1,
                Format::D32Float,
                640,
                480,
                ResourceUsage::TEXTURE | ResourceUsage::DEPTH_STENCIL,
            )
        },
        0x101,
        &[1, 0x28, 33, 640, 480, 1, 1, 0, 0, 0, 0, 0],
    );
    check(|w| w.destroy_resource(9), 0x102, &[9, 0]);
    check(|w| w.resource_dirty_range(9, 1 << 32, 16), 0x103, &[9, 0, 0, 1, 16, 0]);
    check(|w| w.upload_resource(9, 4, &[1, 2, 3, 4, 5]), 0x104, &[9, 0, 4, 0, 5, 0, 0x0403_0201, 5]);
    let copy = CopyBuffer {
        dst_buffer: 1,
        src_buffer: 2,
        dst_offset_bytes: 3,
        src_offset_bytes: 4,
        size_bytes: 5,
        flags: CopyFlags::WRITEBACK_DST.bits(),
        ..Default::default()
    };
    check(|w| w.copy_buffer(copy), 0x105, &[1, 2, 3, 0, 4, 0, 5, 0, 1, 0]);
    let copy = CopyTexture2d {
        dst_texture: 1,
        src_texture: 2,
        dst_mip_level: 3,
        dst_array_layer: 4,
        src_mip_level: 5,
        src_array_layer: 6,
        dst_x: 7,
        dst_y: 8,
        src_x: 9,
        src_y: 10,
        width: 11,
        height: 12,
        ..Default::default()
    };
    check(|w| w.copy_texture2d(copy), 0x106, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 0]);
    let view = CreateTextureView {
        view_handle: 1,
        texture_handle: 2,
        format: 3,
        base_mip_level: 4,
        mip_level_count: 5,
        base_array_layer: 6,
        array_layer_count: 7,
        ..Default::default()
    };
    check(|w| w.create_texture_view(view), 0x107, &[1, 2, 3, 4, 5, 6, 7, 0, 0]);
    check(|w| w.destroy_texture_view(9), 0x108, &[9, 0]);
}

#[test]
fn shaders_and_layouts() {
    check(|w| w.create_shader_dxbc(1, ShaderStage::Hull, &[7; 3]), 0x200, &[1, 2, 3, 3, 0x0007_0707]);
    check(|w| w.destroy_shader(1), 0x201, &[1, 0]);
    check(|w| w.bind_shaders(1, 2), 0x202, &[1, 2, 0, 0]);
    let gs = ShaderBindings { vs: 1, ps: 2, cs: 3, gs: 4, hs: 0, ds: 0 };
    check(|w| w.bind_all_shaders(gs), 0x202, &[1, 2, 3, 4]);
    check(|w| w.bind_all_shaders(ShaderBindings { ds: 6, ..gs }), 0x202, &[1, 2, 3, 4, 4, 0, 6]);
    let (row, bits) = ([1.0, -2.0, 0.5, 0.0], [f(1.0), f(-2.0), f(0.5), 0]);
    let words = [&[1, 9, 1, 0], &bits[..]].concat();
    check(|w| w.set_shader_constants_f(ShaderStage::Pixel, 9, &[row]), 0x203, &words);
    check(
        |w| w.set_shader_constants_i(ShaderStage::Vertex, 2, &[[1, -1, 0, 3]]),
        0x207,
        &[0, 2, 1, 0, 1, u32::MAX, 0, 3],
    );
    check(|w| w.set_shader_constants_b(ShaderStage::Vertex, 2, &[true, false]), 0x208, &[0, 2, 2, 0, 1, 0]);
    check(|w| w.create_input_layout(1, &[1, 2, 3]), 0x204, &[1, 3, 0, 0x0003_0201]);
    check(|w| w.destroy_input_layout(1), 0x205, &[1, 0]);
    check(|w| w.set_input_layout(1), 0x206, &[1, 0]);
}

#[test]
fn state() {
    let blend = BlendState {
        enable: 1,
        src_factor: 2,
        dst_factor: 3,
        blend_op: 4,
        color_write_mask: 15,
        src_factor_alpha: 5,
        dst_factor_alpha: 6,
        blend_op_alpha: 1,
        blend_constant_rgba_f32: [7, 8, 9, 10],
        sample_mask: 11,
        ..Default::default()
    };
    check(|w| w.set_blend_state(blend), 0x300, &[1, 2, 3, 4, 15, 5, 6, 1, 7, 8, 9, 10, 11]);
    let depth = DepthStencilState {
        depth_enable: 1,
        depth_write_enable: 2,
        depth_func: 3,
        stencil_enable: 4,
        stencil_read_mask: 5,
        stencil_write_mask: 6,
        ..Default::default()
    };
    check(|w| w.set_depth_stencil_state(depth), 0x301, &[1, 2, 3, 4, 0x0605]);
    let raster = RasterizerState {
        fill_mode: 1,
        cull_mode: 2,
        front_ccw: 3,
        scissor_enable: 4,
        depth_bias: -1,
        flags: 1,
    };
    check(|w| w.set_rasterizer_state(raster), 0x302, &[1, 2, 3, 4, u32::MAX, 1]);
    check(
        |w| w.set_viewport([1.0, 2.0, 3.0, 4.0], [0.25, 0.75]),
        0x401,
        &[f(1.0), f(2.0), f(3.0), f(4.0), f(0.25), f(0.75)],
    );
    check(|w| w.set_scissor(-1, 2, 3, 4), 0x402, &[u32::MAX, 2, 3, 4]);
    check(|w| w.set_sampler_state(ShaderStage::Pixel, 1, 2, 3), 0x511, &[1, 1, 2, 3]);
    check(|w| w.set_render_state(27, 1), 0x512, &[27, 1]);
}

#[test]
fn bindings() {
    check(|w| w.set_render_targets(&[1, 0, 3], 9), 0x400, &[3, 9, 1, 0, 3, 0, 0, 0, 0, 0]);
    let vertices = VertexBufferBinding { buffer: 1, stride_bytes: 2, offset_bytes: 3, reserved0: 0 };
    check(|w| w.set_vertex_buffers(5, &[vertices]), 0x500, &[5, 1, 1, 2, 3, 0]);
    check(|w| w.set_index_buffer(1, IndexFormat::Uint32, 8), 0x501, &[1, 1, 8, 0]);
    check(|w| w.set_primitive_topology(PrimitiveTopology::PatchList(3)), 0x502, &[35, 0]);
    check(|w| w.set_texture(ShaderStage::Domain, 1, 2), 0x510, &[2, 1, 2, 4]);
    let address =
        [SamplerAddressMode::Repeat, SamplerAddressMode::MirrorRepeat, SamplerAddressMode::ClampToEdge];
    check(|w| w.create_sampler(1, SamplerFilter::Linear, address), 0x520, &[1, 1, 1, 2, 0]);
    check(|w| w.destroy_sampler(1), 0x521, &[1, 0]);
    check(|w| w.set_samplers(ShaderStage::Compute, 1, &[7, 8]), 0x522, &[2, 1, 2, 0, 7, 8]);
    let constants = ConstantBufferBinding { buffer: 1, offset_bytes: 2, size_bytes: 3, reserved0: 0 };
    check(
        |w| w.set_constant_buffers(ShaderStage::Geometry, 4, &[constants]),
        0x523,
        &[3, 4, 1, 0, 1, 2, 3, 0],
    );
    let resource = ShaderResourceBufferBinding { buffer: 1, offset_bytes: 2, size_bytes: 3, reserved0: 0 };
    check(
        |w| w.set_shader_resource_buffers(ShaderStage::Hull, 4, &[resource]),
        0x524,
        &[2, 4, 1, 3, 1, 2, 3, 0],
    );
    let access = UnorderedAccessBufferBinding { buffer: 1, offset_bytes: 2, size_bytes: 3, initial_count: 4 };
    check(
        |w| w.set_unordered_access_buffers(ShaderStage::Compute, 4, &[access]),
        0x525,
        &[2, 4, 1, 0, 1, 2, 3, 4],
    );
}

#[test]
fn work_and_presents() {
    check(
        |w| w.clear(ClearFlags::COLOR | ClearFlags::STENCIL, [1.0, 0.0, 0.5, 0.0], 0.25, 7),
        0x600,
        &[5, f(1.0), 0, f(0.5), 0, f(0.25), 7],
    );
    let draw =
        Draw { vertex_count: 1, instance_count: 2, first_vertex: 3, first_instance: 4, ..Default::default() };
    check(|w| w.draw(draw), 0x601, &[1, 2, 3, 4]);
    let draw = DrawIndexed {
        index_count: 1,
        instance_count: 2,
        first_index: 3,
        base_vertex: -4,
        first_instance: 5,
        ..Default::default()
    };
    check(|w| w.draw_indexed(draw), 0x602, &[1, 2, 3, -4i32 as u32, 5]);
    check(|w| w.dispatch(1, 2, 3), 0x603, &[1, 2, 3, 0]);
    check(|w| w.present(2, true), 0x700, &[2, 1]);
    check(|w| w.present_ex(2, PresentFlags::empty(), 0x1234), 0x701, &[2, 0, 0x1234, 0]);
    check(|w| w.export_shared_surface(1, 3 << 32 | 2), 0x710, &[1, 0, 2, 3]);
    check(|w| w.import_shared_surface(1, 3 << 32 | 2), 0x711, &[1, 0, 2, 3]);
    check(|w| w.release_shared_surface(3 << 32 | 2), 0x712, &[2, 3, 0, 0]);
    check(|w| w.flush(), 0x720, &[0, 0]);
}
