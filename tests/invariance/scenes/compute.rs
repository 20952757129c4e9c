//! Compute shaders, and what draws make of their results.

use aerogpu_protocol::packets::*;

use super::rgba;
use crate::canvas::*;
use crate::rig::{GREEN, RED, buffer, layout, shader};
use crate::scenes;

const FULL: [f32; 4] = [0.0, 0.0, 131.0, 67.0];
/// What compute shaders write.
const OUTPUT: u32 = 10;

scenes! { Stream:
    // Positions and colours of a spiral.
    computed_vertices => |c| {
        buffer(c, OUTPUT, 32 * 256);
        dispatch(c, "dcl_uav_raw u0", 64, "
ishl r0.x, vThreadID.x, l(5)
utof r0.y, vThreadID.x
mul r0.z, r0.y, l(0.1)
sincos r1.x, r1.y, r0.z
mul r0.y, r0.y, l(0.0035)
mul r1.xy, r1.xyxx, r0.yyyy
mov r1.zw, l(0, 0, 0.5, 1.0)
store_raw u0.xyzw, r0.x, r1.xyzw
iadd r0.x, r0.x, l(16)
frc r2.xyz, r0.zyzz
mov r2.w, l(1.0)
store_raw u0.xyzw, r0.x, r2.xyzw", 4);
        c.vertices(PrimitiveTopology::TriangleStrip, &[]);
        c.bind_shaders(VS, SMOOTH);
        c.set_vertex_buffers(0, &[VertexBufferBinding { buffer: OUTPUT, stride_bytes: 32, ..Default::default() }]);
        c.instances(256, 1);
    };
    // Sums of 64 numbers in every group.
    shared_memory => |c| {
        buffer(c, OUTPUT, 64);
        dispatch(c, "dcl_uav_raw u0\ndcl_input vThreadIDInGroupFlattened\ndcl_input vThreadGroupID.x\ndcl_tgsm_structured g0, 4, 64", 64, "
store_structured g0.x, vThreadIDInGroupFlattened.x, l(0), vThreadID.x
sync_g_t
mov r0.y, l(32)
loop
breakc_z r0.y
ult r0.z, vThreadIDInGroupFlattened.x, r0.y
if_nz r0.z
iadd r0.w, vThreadIDInGroupFlattened.x, r0.y
ld_structured r1.x, r0.w, l(0), g0.xxxx
ld_structured r1.y, vThreadIDInGroupFlattened.x, l(0), g0.xxxx
iadd r1.x, r1.x, r1.y
store_structured g0.x, vThreadIDInGroupFlattened.x, l(0), r1.x
endif
sync_g_t
ushr r0.y, r0.y, l(1)
endloop
if_z vThreadIDInGroupFlattened.x
ld_structured r0.x, l(0), l(0), g0.xxxx
ishl r0.y, vThreadGroupID.x, l(2)
store_raw u0.x, r0.y, r0.x
endif", 16);
        // The last group: 64 * 960 + 2016 = 63456 = 0xf7e0.
        buffer_as_color(c, 15);
        c.expect([130, 66], [0xe0, 0xf7, 0, 0]);
    };
    atomics => |c| {
        buffer(c, OUTPUT, 64);
        dispatch(c, "dcl_uav_raw u0", 32, "
atomic_iadd u0, l(0), vThreadID.x
atomic_umax u0, l(4), vThreadID.x
atomic_xor u0, l(8), vThreadID.x
and r0.x, vThreadID.x, l(7)
imad r0.x, r0.x, l(4), l(16)
atomic_iadd u0, r0.x, l(1)", 9);
        // 0 + ... + 287 = 41328 = 0xa170; 36 of each eighth.
        buffer_as_color(c, 0);
        c.expect([130, 66], [0x70, 0xa1, 0, 0]);
        c.buffers.push((OUTPUT, 64));
    };
    structures => |c| {
        buffer(c, OUTPUT, 24 * 40);
        dispatch(c, "dcl_uav_structured u0, 24", 8, "
utof r0.x, vThreadID.x
mul r0, r0.xxxx, l(0.0, 0.1, 0.2, 0.3)
store_structured u0.xyzw, vThreadID.x, l(0), r0.xyzw
bfrev r0.x, vThreadID.x
store_structured u0.xy, vThreadID.x, l(16), r0.xyxx", 5);
        c.buffers.push((OUTPUT, 24 * 40));
        c.shade(3, "dcl_resource_structured t0, 24", "
ftou r0.x, v0.x
and r0.x, r0.x, l(31)
ld_structured r1.xyz, r0.x, l(4), t0.xyzx
mul o0.xyz, r1.xyzx, l(0.2, 0.2, 0.2, 0)
mov o0.w, l(1.0)");
        read_output(c);
        c.rectangle(FULL, 0.5, RED);
        // Structure 2: 0.2, 0.4 and 0.6, a fifth of which is 10.2, 20.4 and 30.6.
        c.expect([130, 66], [10, 20, 31, 255]);
    };
    // A draw, a dispatch that changes what it read, another draw.
    between_draws => |c| {
        buffer(c, OUTPUT, 64);
        c.upload_resource(OUTPUT, 0, bytemuck::cast_slice(&[GREEN, RED]));
        c.shade(3, "dcl_resource_raw t0", "ld_raw o0.xyzw, l(0), t0.xyzw");
        for i in 0..3u8 {
            let x = 43.0 * f32::from(i);
            read_output(c);
            c.bind_shaders(VS, 3);
            c.rectangle([x, 0.0, x + 50.0, 67.0], 0.5, RED);
            dispatch(c, "dcl_uav_raw u0", 4, "
ishl r0.x, vThreadID.x, l(2)
ld_raw r0.y, r0.x, u0.x
mul r0.z, r0.y, l(0.4)
xor r0.w, r0.x, l(4)
store_raw u0.x, r0.x, r0.z", 1);
        }
        c.expect([10, 10], rgba(GREEN));
        c.expect([60, 10], [0, 102, 0, 102]);
        c.expect([130, 10], [0, 41, 0, 41]); // 0.16: 40.8
    };
    // An image made by threads, shown by pixels.
    computed_picture => |c| {
        const WORDS: u64 = 136 * 72;
        buffer(c, OUTPUT, 4 * WORDS);
        dispatch(c, "dcl_uav_raw u0", 64, "
imad r0.x, vThreadID.x, l(2654435761), l(12345)
ushr r0.y, r0.x, l(15)
xor r0.x, r0.x, r0.y
ishl r0.y, vThreadID.x, l(2)
store_raw u0.x, r0.y, r0.x", 153);
        c.shade(3, "dcl_resource_raw t0", "
ftou r0.xy, v0.xyxx
imad r0.x, r0.y, l(136), r0.x
ishl r0.x, r0.x, l(2)
ld_raw r0.y, r0.x, t0.x
ubfe r1, l(8, 8, 8, 8), l(0, 8, 16, 24), r0.yyyy
utof r1, r1
mul o0, r1, l(0.00392156886, 0.00392156886, 0.00392156886, 0.00392156886)");
        read_output(c);
        c.rectangle(FULL, 0.5, RED);
        // Thread 0: 12345 = 0x3039, which has no bit from 15 on.
        c.expect([0, 0], [0x39, 0x30, 0, 0]);
    };
    // The layout's own second stream is what a dispatch wrote.
    computed_instances => |c| {
        buffer(c, OUTPUT, 8 * 64);
        dispatch(c, "dcl_uav_raw u0", 64, "
utof r0.xy, vThreadID.xxxx
mul r0.xy, r0.xyxx, l(0.03, -0.02, 0, 0)
ishl r0.z, vThreadID.x, l(3)
store_raw u0.xy, r0.z, r0.xyxx", 1);
        const SHIFT_VS: &str = "
.input POSITION 0 v0.xyzw float
.input COLOR 0 v1.xyzw float
.input SHIFT 0 v2.xy float
.output SV_Position 0 o0.xyzw float position
.output COLOR 0 o1.xyzw float
vs_5_0
dcl_input v0.xyzw
dcl_input v1.xyzw
dcl_input v2.xy
dcl_output_siv o0.xyzw, position
dcl_output o1.xyzw
add o0.xy, v0.xyxx, v2.xyxx
mov o0.zw, v0.zzzw
mad o1.xyzw, v2.xyxy, l(0.5, 0.5, 0.25, 0), v1.xyzw
ret
";
        c.create_shader_dxbc(1, ShaderStage::Vertex, &shader(SHIFT_VS));
        c.create_input_layout(2, &layout(&[("POSITION", 2, 0), ("COLOR", 2, 0), ("SHIFT", 16, 1)]));
        c.vertices(PrimitiveTopology::TriangleStrip, &rectangle([1.0, 1.0, 20.0, 12.0], 0.5, GREEN));
        c.bind_shaders(1, SMOOTH).set_input_layout(2);
        c.set_vertex_buffers(1, &[VertexBufferBinding { buffer: OUTPUT, stride_bytes: 8, ..Default::default() }]);
        c.instances(4, 60);
    };
}

/// Runs a compute shader on the output.
fn dispatch(c: &mut Canvas, declarations: &str, threads: u32, body: &str, groups: u32) {
    let text = format!(
        "cs_5_0\n{declarations}\ndcl_input vThreadID.x\ndcl_temps 4\ndcl_thread_group {threads}, 1, 1\n{body}\nret\n"
    );
    c.create_shader_dxbc(11, ShaderStage::Compute, &shader(&text));
    c.bind_all_shaders(ShaderBindings { cs: 11, ..Default::default() });
    let slot = UnorderedAccessBufferBinding { buffer: OUTPUT, ..Default::default() };
    c.set_unordered_access_buffers(ShaderStage::Compute, 0, &[slot]).dispatch(groups, 1, 1);
}

fn read_output(c: &mut Canvas) {
    // What is bound to be written cannot be bound to be read.
    c.set_unordered_access_buffers(ShaderStage::Compute, 0, &[Default::default()]);
    let slot = ShaderResourceBufferBinding { buffer: OUTPUT, ..Default::default() };
    c.set_shader_resource_buffers(ShaderStage::Pixel, 0, &[slot]);
}

/// Fills the canvas with the bytes of a word of the output.
fn buffer_as_color(c: &mut Canvas, word: u32) {
    let body = format!(
        "ld_raw r0.x, l({}), t0.x
ubfe r1, l(8, 8, 8, 8), l(0, 8, 16, 24), r0.xxxx
utof r1, r1
mul o0, r1, l(0.00392156886, 0.00392156886, 0.00392156886, 0.00392156886)",
        4 * word
    );
    c.shade(3, "dcl_resource_raw t0", &body);
    read_output(c);
    c.rectangle(FULL, 0.5, RED);
    c.buffers.push((OUTPUT, 64));
}
