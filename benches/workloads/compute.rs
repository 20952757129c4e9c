//! Compute: 16.8 million elements.

use super::*;

const COUNT: usize = 1 << 24;
const CS: u32 = 12;
const INPUT: u32 = 30;
const OUTPUT: u32 = 31;

/// `y = 0.999 * y + x`.
const SAXPY_CS: &str = "
cs_5_0
dcl_resource_structured t0, 4
dcl_uav_structured u0, 4
dcl_input vThreadID.xy
dcl_temps 1
dcl_thread_group 256, 1, 1
imad r0.x, vThreadID.y, l(65536), vThreadID.x
ld_structured r0.y, r0.x, l(0), t0.xxxx
ld_structured r0.z, r0.x, l(0), u0.xxxx
mad r0.y, r0.z, l(0.999), r0.y
store_structured u0.x, r0.x, l(0), r0.y
ret
";

/// Sums of 256 elements over a tree in shared memory.
const REDUCE_CS: &str = "
cs_5_0
dcl_resource_structured t0, 4
dcl_uav_structured u0, 4
dcl_input vThreadGroupID.xy
dcl_input vThreadIDInGroupFlattened
dcl_temps 2
dcl_tgsm_structured g0, 4, 256
dcl_thread_group 256, 1, 1
imad r0.x, vThreadGroupID.y, l(256), vThreadGroupID.x
imad r0.y, r0.x, l(256), vThreadIDInGroupFlattened.x
ld_structured r0.y, r0.y, l(0), t0.xxxx
store_structured g0.x, vThreadIDInGroupFlattened.x, l(0), r0.y
sync_g_t
mov r0.z, l(128)
loop
breakc_z r0.z
ult r0.w, vThreadIDInGroupFlattened.x, r0.z
if_nz r0.w
iadd r1.x, vThreadIDInGroupFlattened.x, r0.z
ld_structured r1.x, r1.x, l(0), g0.xxxx
ld_structured r1.y, vThreadIDInGroupFlattened.x, l(0), g0.xxxx
add r1.x, r1.y, r1.x
store_structured g0.x, vThreadIDInGroupFlattened.x, l(0), r1.x
endif
sync_g_t
ushr r0.z, r0.z, l(1)
endloop
if_z vThreadIDInGroupFlattened.x
ld_structured r1.x, l(0), l(0), g0.xxxx
store_structured u0.x, r0.x, l(0), r1.x
endif
ret
";

/// Uploads in pieces that fit into a stream.
fn upload(setup: &mut Vec<Vec<u8>>, handle: u32, words: &[f32]) {
    const PIECE: usize = 1 << 22;
    for (i, piece) in words.chunks(PIECE).enumerate() {
        let mut w = StreamWriter::new();
        w.upload_resource(handle, (i * PIECE * 4) as u64, bytemuck::cast_slice(piece));
        setup.push(w.finish());
    }
}

fn workload(code: &str, outputs: usize, element: impl Fn(usize) -> f32) -> Workload {
    let mut w = StreamWriter::new();
    shader(&mut w, CS, ShaderStage::Compute, code);
    for (handle, count) in [(INPUT, COUNT), (OUTPUT, outputs)] {
        w.create_buffer(CreateBuffer {
            buffer_handle: handle,
            usage_flags: ResourceUsage::STORAGE.bits(),
            size_bytes: 4 * count as u64,
            ..Default::default()
        });
    }
    let mut setup = vec![w.finish()];
    let words: Vec<f32> = (0..COUNT).map(element).collect();
    upload(&mut setup, INPUT, &words);
    upload(&mut setup, OUTPUT, &words[..outputs]);

    let mut frame = StreamWriter::new();
    frame
        .bind_all_shaders(ShaderBindings { cs: CS, ..Default::default() })
        .set_shader_resource_buffers(
            ShaderStage::Compute,
            0,
            &[ShaderResourceBufferBinding { buffer: INPUT, ..Default::default() }],
        )
        .set_unordered_access_buffers(
            ShaderStage::Compute,
            0,
            &[UnorderedAccessBufferBinding { buffer: OUTPUT, ..Default::default() }],
        )
        .dispatch(256, 256, 1);
    Workload { setup, frame: frame.finish() }
}

pub fn saxpy() -> Workload {
    workload(SAXPY_CS, COUNT, |i| (i % 1000) as f32 * 1e-3)
}

pub fn reduce() -> Workload {
    workload(REDUCE_CS, COUNT / 256, |i| (i % 7) as f32)
}
