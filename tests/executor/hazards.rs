//! Bindings: what may be read and written at the same time, and when handles are looked up.

use aerogpu::executor::Failure;
use aerogpu::resources::ResourceError;
use aerogpu_protocol::packets::*;
use aerogpu_protocol::{Format, StreamWriter};

use crate::rig::*;

const FULL: [f32; 4] = [-1.0, 1.0, 1.0, -1.0];
const SAMPLER_PS: u32 = 2000;
const TEXTURE: u32 = 1;
const MIP_0: u32 = 2;
const MIP_1: u32 = 3;

/// Texel (0, 0) of the most detailed mip that t0 shows.
const LOAD_PS: &str = "
.input SV_Position 0 v0.xyzw float position
.output SV_Target 0 o0.xyzw float
ps_4_0
dcl_resource_texture2d (float,float,float,float) t0
dcl_output o0.xyzw
dcl_temps 1
mov r0.xyzw, l(0, 0, 0, 0)
ld o0.xyzw, r0.xyzw, t0.xyzw
ret
";

/// A texture of two mips, green and blue, with a view of each.
fn mips(w: &mut StreamWriter) {
    w.create_texture2d(CreateTexture2d {
        texture_handle: TEXTURE,
        usage_flags: ResourceUsage::RENDER_TARGET.bits(),
        format: Format::R8G8B8A8Unorm.to_u32(),
        width: 8,
        height: 8,
        mip_levels: 2,
        array_layers: 1,
        ..Default::default()
    });
    for (view_handle, base_mip_level, color) in [(MIP_0, 0, GREEN), (MIP_1, 1, BLUE)] {
        w.create_texture_view(CreateTextureView {
            view_handle,
            texture_handle: TEXTURE,
            format: Format::R8G8B8A8Unorm.to_u32(),
            base_mip_level,
            mip_level_count: 1,
            array_layer_count: 1,
            ..Default::default()
        });
        w.set_render_targets(&[view_handle], 0).clear(ClearFlags::COLOR, color, 1.0, 0);
    }
    w.create_shader_dxbc(SAMPLER_PS, ShaderStage::Pixel, &shader(LOAD_PS));
}

/// Fills the target with what t0 shows.
fn fill(w: &mut StreamWriter) {
    vertices(w, PrimitiveTopology::TriangleStrip, &quad(FULL, 0.5, RED));
    w.bind_shaders(VS, SAMPLER_PS);
    draw(w, 0, 4);
}

#[test]
fn a_mip_can_be_drawn_while_another_is_sampled() {
    for target_first in [true, false] {
        let mut rig = Rig::new();
        rig.run(|w| {
            mips(w);
            if target_first {
                w.set_render_targets(&[MIP_1], 0).set_texture(ShaderStage::Pixel, 0, MIP_0);
            } else {
                w.set_render_targets(&[], 0).set_texture(ShaderStage::Pixel, 0, MIP_0);
                w.set_render_targets(&[MIP_1], 0);
            }
            fill(w);
        });
        assert_eq!(rig.texture(TEXTURE, 1, 0).bytes, [0, 255, 0, 255].repeat(16));
    }
}

#[test]
fn a_target_is_not_read_whatever_is_bound_first() {
    for (target, read) in [(MIP_0, TEXTURE), (TEXTURE, MIP_0), (MIP_1, TEXTURE), (MIP_1, MIP_1)] {
        for target_first in [true, false] {
            let mut rig = Rig::new();
            rig.run(|w| {
                mips(w);
                if target_first {
                    w.set_render_targets(&[target], 0).set_texture(ShaderStage::Pixel, 0, read);
                } else {
                    w.set_render_targets(&[], 0).set_texture(ShaderStage::Pixel, 0, read);
                    w.set_render_targets(&[target], 0);
                }
                fill(w);
            });
            let mip = u32::from(target == MIP_1);
            let texels = rig.texture(TEXTURE, mip, 0).bytes;
            assert!(texels.iter().all(|&byte| byte == 0), "{target} {read} {target_first}: the target stays");
        }
    }
}

#[test]
fn a_direct3d_9_context_keeps_its_textures() {
    // A declaration of one FLOAT4 position makes the context one of Direct3D 9.
    const DECLARATION: [u8; 16] = [0, 0, 0, 0, 3, 0, 0, 0, 0xff, 0, 0, 0, 17, 0, 0, 0];
    let mut rig = Rig::new();
    rig.run(|w| {
        mips(w);
        w.create_input_layout(4, &DECLARATION).set_input_layout(4);
        w.set_render_targets(&[], 0).set_texture(ShaderStage::Pixel, 0, TEXTURE);
        w.set_render_targets(&[TEXTURE], 0);
        target(w, 5, 8, 8);
        fill(w);
    });
    assert_eq!(rig.count(5, [0, 255, 0, 255]), 64);
}

#[test]
fn a_handle_may_be_created_after_it_is_bound() {
    let mut rig = Rig::new();
    rig.run(|w| {
        w.set_vertex_buffers(1, &[VertexBufferBinding { buffer: 70, stride_bytes: 4, ..Default::default() }]);
        w.set_index_buffer(71, IndexFormat::Uint16, 0);
        w.set_texture(ShaderStage::Pixel, 0, 72).set_render_targets(&[73], 0);
        for handle in [70, 71] {
            buffer(w, handle, 16);
        }
        w.upload_resource(71, 0, bytemuck::cast_slice(&[0u16, 1, 2, 3]));
        for handle in [72, 73] {
            w.create_simple_texture(handle, Format::R8G8B8A8Unorm, 4, 4, ResourceUsage::RENDER_TARGET);
        }
        w.upload_resource(72, 0, &[9, 8, 7, 6]);
        w.create_shader_dxbc(SAMPLER_PS, ShaderStage::Pixel, &shader(LOAD_PS));
        vertices(w, PrimitiveTopology::TriangleStrip, &quad(FULL, 0.5, RED));
        w.bind_shaders(VS, SAMPLER_PS);
        w.draw_indexed(DrawIndexed { index_count: 4, instance_count: 1, ..Default::default() });
        w.present(0, false);
    });
    assert_eq!(rig.count(73, [9, 8, 7, 6]), 16);
}

#[test]
fn only_slots_that_are_read_must_be_usable() {
    let mut rig = Rig::new();
    let unknown = VertexBufferBinding { buffer: 12345, stride_bytes: 4, ..Default::default() };
    rig.run(|w| {
        target(w, 1, 4, 4);
        vertices(w, PrimitiveTopology::TriangleStrip, &quad(FULL, 0.5, GREEN));
        w.set_vertex_buffers(3, &[unknown]);
        draw(w, 0, 4);
    });
    assert_eq!(rig.count(1, [0, 255, 0, 255]), 16);
    let failure = rig.fail(|w| {
        w.set_vertex_buffers(0, &[unknown]);
        draw(w, 0, 4);
    });
    assert!(failure.to_string().contains("12345"), "{failure}");
}

/// A handle that cannot be bound: it was destroyed, but an alias keeps its resource alive.
fn zombie(w: &mut StreamWriter, handle: u32, alias: u32) {
    buffer(w, handle, 16);
    w.export_shared_surface(handle, handle.into()).import_shared_surface(alias, handle.into());
    w.destroy_resource(handle);
}

#[test]
fn a_packet_with_one_bad_slot_binds_none() {
    let mut rig = Rig::new();
    rig.run(|w| {
        target(w, 1, 4, 4);
        vertices(w, PrimitiveTopology::TriangleStrip, &quad(FULL, 0.5, GREEN));
        zombie(w, 80, 81);
        buffer(w, 82, 16);
    });
    let slot = |buffer| VertexBufferBinding { buffer, stride_bytes: 4, ..Default::default() };
    let failure = rig.fail(|w| {
        w.set_vertex_buffers(0, &[slot(82), slot(80)]);
        draw(w, 0, 4);
    });
    assert!(matches!(failure, Failure::Resource(ResourceError::Unknown { handle: 80, .. })), "{failure}");
    assert_eq!(rig.count(1, [0, 255, 0, 255]), 16, "the old vertices");
}

#[test]
fn the_output_wins_for_buffers_too() {
    const COPY_CS: &str = "
cs_5_0
dcl_resource_raw t0
dcl_uav_raw u0
dcl_temps 1
dcl_thread_group 1, 1, 1
ld_raw r0.x, l(0), t0.x
iadd r0.x, r0.x, l(1)
store_raw u0.x, l(0), r0.x
ret
";
    use aerogpu::Backend;
    let mut rig = Rig::new();
    let uav = UnorderedAccessBufferBinding { buffer: 1, initial_count: u32::MAX, ..Default::default() };
    let srv = ShaderResourceBufferBinding { buffer: 1, ..Default::default() };
    rig.run(|w| {
        buffer(w, 1, 4);
        w.upload_resource(1, 0, &[7, 0, 0, 0]);
        w.create_shader_dxbc(3, ShaderStage::Compute, &shader(COPY_CS));
        w.bind_all_shaders(ShaderBindings { cs: 3, ..Default::default() });
        w.set_unordered_access_buffers(ShaderStage::Compute, 0, &[uav]);
        w.set_shader_resource_buffers(ShaderStage::Compute, 0, &[srv]);
        w.dispatch(1, 1, 1);
    });
    assert_eq!(rig.renderer.read_buffer(1, 0, 4), Ok(vec![1, 0, 0, 0]), "nothing is read, and 0 + 1 written");
}
