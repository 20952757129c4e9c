//! Guest memory that changed: read once, never lost, never over newer results.

use aerogpu::Backend;
use aerogpu::executor::Failure;
use aerogpu::resources::{AllocError, ResourceError};
use aerogpu_protocol::Format;
use aerogpu_protocol::packets::*;

use crate::rig::*;

const GPA: u64 = 0x1000;

fn backed_buffer(size_bytes: u64) -> CreateBuffer {
    CreateBuffer { buffer_handle: 1, size_bytes, backing_alloc_id: 7, ..Default::default() }
}

fn copy(dst: u32, src: u32, size_bytes: u64) -> CopyBuffer {
    CopyBuffer { dst_buffer: dst, src_buffer: src, size_bytes, ..Default::default() }
}

/// A 4x4 target in guest memory, four bytes a texel.
fn backed_target(mip_levels: u32) -> CreateTexture2d {
    CreateTexture2d {
        texture_handle: 1,
        usage_flags: ResourceUsage::RENDER_TARGET.bits(),
        format: Format::R8G8B8A8Unorm.to_u32(),
        width: 4,
        height: 4,
        mip_levels,
        array_layers: 1,
        row_pitch_bytes: 16,
        backing_alloc_id: 7,
        ..Default::default()
    }
}

#[test]
fn results_between_dirty_ranges_stay() {
    let mut rig = Rig::new();
    rig.allocate(7, GPA, 4096, 0, &[0xaa; 4096]);
    rig.run(|w| {
        w.create_buffer(backed_buffer(4096));
        buffer(w, 2, 4096);
        w.copy_buffer(copy(1, 2, 4096)); // zeros, which guest memory does not have
        // More ranges than are kept apart, from both ends.
        for i in 0..200u64 {
            w.resource_dirty_range(1, if i % 2 == 0 { i * 8 } else { 4088 - i * 8 }, 4);
        }
        w.copy_buffer(copy(2, 1, 4096));
    });
    let bytes = rig.renderer.read_buffer(2, 0, 4096).expect("in range");
    for (i, word) in bytes.chunks_exact(4).enumerate() {
        let at = i as u64 * 4;
        let dirty = (0..200).any(|i| at == if i % 2 == 0 { i * 8 } else { 4088 - i * 8 });
        assert_eq!(word, [if dirty { 0xaa } else { 0 }; 4], "byte {at}");
    }
}

#[test]
fn an_upload_inside_a_dirty_range_stays() {
    let mut rig = Rig::new();
    rig.allocate(7, GPA, 1024, 0, &[0xaa; 1024]);
    rig.run(|w| {
        w.create_buffer(backed_buffer(1024));
        (0..100).for_each(|i| {
            w.upload_resource(1, i * 8, &[0x55; 4]);
        });
        buffer(w, 2, 1024);
        w.copy_buffer(copy(2, 1, 1024));
    });
    let bytes = rig.renderer.read_buffer(2, 0, 1024).expect("in range");
    assert_eq!(bytes[..800], [[0x55; 4], [0xaa; 4]].concat().repeat(100));
    assert_eq!(bytes[800..], [0xaa; 224]);
}

#[test]
fn what_could_not_be_read_is_read_later() {
    let mut rig = Rig::new();
    rig.allocate(7, GPA, 64, 0, &[0xaa; 64]);
    rig.run(|w| {
        w.create_buffer(backed_buffer(64));
        w.create_texture2d(CreateTexture2d { texture_handle: 3, ..backed_target(1) });
    });
    let allocations = std::mem::take(&mut rig.allocations);
    // Neither resource could be read as a whole; each upload is one part of it.
    let failure = rig.fail(|w| {
        w.upload_resource(3, 4, &[0x55; 16]);
    });
    let no_table = |failure: &Failure| {
        matches!(failure, Failure::Resource(ResourceError::Guest(AllocError::NoTable(7))))
    };
    assert!(no_table(&failure), "{failure}");
    rig.run(|w| {
        w.upload_resource(1, 4, &[0x55; 4]);
        buffer(w, 2, 64);
    });
    let failure = rig.fail(|w| {
        w.copy_buffer(copy(2, 1, 64));
    });
    assert!(no_table(&failure), "{failure}");
    rig.allocations = allocations;
    rig.run(|w| {
        w.copy_buffer(copy(2, 1, 64)).upload_resource(3, 0, &[0x55; 4]);
    });
    let expected = [&[0xaa; 4][..], &[0x55; 4], &[0xaa; 56]].concat();
    assert_eq!(rig.renderer.read_buffer(2, 0, 64), Ok(expected));
    assert_eq!(rig.texture(3, 0, 0).bytes, [&[0x55; 4][..], &[0xaa; 60]].concat());
}

#[test]
fn a_full_clear_needs_no_guest_memory() {
    let mut rig = Rig::new();
    rig.allocate(7, GPA, 80, 0, &[0xaa; 80]);
    rig.run(|w| {
        w.create_texture2d(backed_target(2));
    });
    let allocations = std::mem::take(&mut rig.allocations);
    rig.run(|w| {
        w.create_texture_view(CreateTextureView {
            view_handle: 2,
            texture_handle: 1,
            format: Format::R8G8B8A8Unorm.to_u32(),
            mip_level_count: 1,
            array_layer_count: 1,
            ..Default::default()
        });
        w.set_render_targets(&[2], 0).clear(ClearFlags::COLOR, [0.0; 4], 1.0, 0);
    });
    rig.allocations = allocations;
    // What was cleared is not read any more; mip 1 still is.
    rig.run(|w| {
        target(w, 3, 4, 4);
        w.copy_texture2d(CopyTexture2d {
            dst_texture: 3,
            src_texture: 1,
            width: 4,
            height: 4,
            ..Default::default()
        });
        w.copy_texture2d(CopyTexture2d {
            dst_texture: 3,
            src_texture: 1,
            src_mip_level: 1,
            width: 2,
            height: 1,
            ..Default::default()
        });
    });
    assert_eq!(rig.texture(3, 0, 0).bytes, [&[0xaa; 8][..], &[0; 56]].concat());
    // Part of the target is kept, and so must be read.
    rig.run(|w| {
        w.resource_dirty_range(1, 0, 64);
    });
    rig.allocations.clear();
    let failure = rig.fail(|w| {
        w.set_render_targets(&[1], 0).set_scissor(0, 0, 4, 3).set_render_state(174, 1);
        w.clear(ClearFlags::COLOR, [1.0; 4], 1.0, 0);
    });
    assert!(matches!(failure, Failure::Resource(ResourceError::Guest(_))), "{failure}");
}

#[test]
fn a_full_copy_needs_no_guest_memory_behind_its_destination() {
    let mut rig = Rig::new();
    rig.allocate(7, GPA, 64, 0, &[0xaa; 64]);
    rig.run(|w| {
        target(w, 2, 4, 4);
        w.create_texture2d(backed_target(1));
    });
    rig.allocations.clear();
    let copy =
        |width| CopyTexture2d { dst_texture: 1, src_texture: 2, width, height: 4, ..Default::default() };
    let failure = rig.fail(|w| {
        w.copy_texture2d(copy(3));
    });
    assert!(matches!(failure, Failure::Resource(ResourceError::Guest(_))), "{failure}");
    rig.run(|w| {
        w.copy_texture2d(copy(4)).copy_texture2d(copy(3));
    });
    assert_eq!(rig.texture(1, 0, 0).bytes, [0, 0, 0, 255].repeat(16));
}

#[test]
fn a_clear_that_fails_clears_no_target() {
    let mut rig = Rig::new();
    rig.allocate(7, GPA, 64, 0, &[0xaa; 64]);
    rig.run(|w| {
        target(w, 2, 8, 8);
        w.create_texture2d(backed_target(1));
    });
    rig.allocations.clear();
    // Targets of two sizes are cleared one after the other; the second needs its guest memory.
    let failure = rig.fail(|w| {
        w.set_render_targets(&[2, 1], 0).set_scissor(0, 0, 4, 3).set_render_state(174, 1);
        w.clear(ClearFlags::COLOR, [1.0; 4], 1.0, 0);
    });
    assert!(matches!(failure, Failure::Resource(ResourceError::Guest(_))), "{failure}");
    assert_eq!(rig.count(2, [0, 0, 0, 255]), 64);
}

#[test]
fn guest_memory_needs_a_row_pitch_when_it_is_bound_later_too() {
    let mut rig = Rig::new();
    rig.allocate(7, GPA, 64, 0, &[]);
    let bare = CreateTexture2d { row_pitch_bytes: 0, backing_alloc_id: 0, ..backed_target(1) };
    rig.run(|w| {
        w.create_texture2d(bare);
    });
    let failure = rig.fail(|w| {
        w.create_texture2d(CreateTexture2d { backing_alloc_id: 7, ..bare });
    });
    assert!(matches!(failure, Failure::Resource(ResourceError::OutOfBounds { .. })), "{failure}");
}

#[test]
fn rows_far_apart_are_read_row_by_row() {
    const PITCH: u32 = 1 << 18;
    const ROWS: u32 = 16384;
    let mut rig = Rig::new();
    rig.allocate(7, GPA, u64::from(PITCH) * u64::from(ROWS), 0, &[]);
    let last = u64::from(PITCH) * u64::from(ROWS - 1);
    use aerogpu::memory::GuestMemory;
    rig.memory.write(GPA + last, &[1, 2, 3, 4]).expect("guest memory");
    // 4 GiB of guest memory for 64 KiB of texels.
    rig.run(|w| {
        w.create_texture2d(CreateTexture2d {
            width: 1,
            height: ROWS,
            row_pitch_bytes: PITCH,
            ..backed_target(1)
        });
        w.upload_resource(1, u64::from(PITCH) * 2 - 2, &[5; 4]);
    });
    let texels = rig.texture(1, 0, 0).bytes;
    assert_eq!(
        (&texels[..12], &texels[65532..]),
        (&[0, 0, 0, 0, 0, 0, 0, 0, 5, 5, 0, 0][..], &[1, 2, 3, 4][..])
    );
}
