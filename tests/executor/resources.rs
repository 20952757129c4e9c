//! Creating, filling, copying and writing back.

use aerogpu::executor::Failure;
use aerogpu::resources::{AllocError, ResourceError};
use aerogpu::{Backend, backend::ReadError};
use aerogpu_protocol::Format;
use aerogpu_protocol::packets::*;

use crate::rig::{Rig, buffer, target};

const GPA: u64 = 0x1000;

fn copy(dst: u32, src: u32, size_bytes: u64) -> CopyBuffer {
    CopyBuffer { dst_buffer: dst, src_buffer: src, size_bytes, ..Default::default() }
}

fn copy_rect(dst: u32, src: u32, width: u32, height: u32) -> CopyTexture2d {
    CopyTexture2d { dst_texture: dst, src_texture: src, width, height, ..Default::default() }
}

#[test]
fn uploads_reach_buffers_byte_by_byte() {
    let mut rig = Rig::new();
    rig.run(|w| {
        buffer(w, 1, 12);
        w.upload_resource(1, 4, &[1, 2, 3, 4, 5]);
    });
    assert_eq!(rig.renderer.read_buffer(1, 0, 12), Ok(vec![0, 0, 0, 0, 1, 2, 3, 4, 5, 0, 0, 0]));
    assert!(matches!(rig.renderer.read_buffer(1, 8, 8), Err(ReadError::OutOfRange { .. })));
    let failure = rig.fail(|w| {
        w.upload_resource(1, 2, &[0; 4]);
    });
    assert!(matches!(failure, Failure::Resource(ResourceError::Unaligned { value: 2, .. })), "{failure}");
    let failure = rig.fail(|w| {
        w.upload_resource(1, 8, &[0; 8]);
    });
    assert!(matches!(failure, Failure::Resource(ResourceError::Range { .. })), "{failure}");
}

#[test]
fn guest_memory_is_read_at_the_first_use_after_it_changed() {
    let mut rig = Rig::new();
    rig.allocate(7, GPA, 16, 0, &[1, 2, 3, 4, 5, 6, 7, 8]);
    rig.run(|w| {
        w.create_buffer(CreateBuffer {
            buffer_handle: 1,
            size_bytes: 8,
            backing_alloc_id: 7,
            ..Default::default()
        });
        buffer(w, 2, 8);
        w.copy_buffer(copy(2, 1, 8));
    });
    assert_eq!(rig.renderer.read_buffer(2, 0, 8), Ok(vec![1, 2, 3, 4, 5, 6, 7, 8]));
    // Changed memory that nobody declared dirty is not seen.
    rig.allocations.clear();
    rig.allocate(7, GPA, 16, 0, &[9; 8]);
    rig.run(|w| {
        w.copy_buffer(copy(2, 1, 8));
    });
    assert_eq!(rig.renderer.read_buffer(2, 0, 8), Ok(vec![1, 2, 3, 4, 5, 6, 7, 8]));
    rig.run(|w| {
        w.resource_dirty_range(1, 4, 4).copy_buffer(copy(2, 1, 8));
    });
    assert_eq!(rig.renderer.read_buffer(2, 0, 8), Ok(vec![1, 2, 3, 4, 9, 9, 9, 9]));
    // Dirty memory needs the allocation at the time of use.
    rig.run(|w| {
        w.resource_dirty_range(1, 0, 4);
    });
    rig.allocations.clear();
    let failure = rig.fail(|w| {
        w.copy_buffer(copy(2, 1, 8));
    });
    assert!(matches!(failure, Failure::Resource(ResourceError::Guest(AllocError::NoTable(7)))), "{failure}");
}

#[test]
fn copies_may_overlap_and_write_back_at_the_end() {
    let mut rig = Rig::new();
    rig.allocate(1, GPA, 8, 0, &[0; 8]);
    rig.run(|w| {
        w.create_buffer(CreateBuffer {
            buffer_handle: 1,
            size_bytes: 8,
            backing_alloc_id: 1,
            ..Default::default()
        });
        w.upload_resource(1, 0, &[1, 2, 3, 4, 5, 6, 7, 8]);
        let flags = CopyFlags::WRITEBACK_DST.bits();
        w.copy_buffer(CopyBuffer { dst_offset_bytes: 4, flags, ..copy(1, 1, 4) });
        w.upload_resource(1, 4, &[0xff; 4]);
    });
    assert_eq!(rig.renderer.read_buffer(1, 0, 8), Ok(vec![1, 2, 3, 4, 0xff, 0xff, 0xff, 0xff]));
    assert_eq!(rig.guest(GPA, 8), [0, 0, 0, 0, 1, 2, 3, 4], "as of the copy, and only its range");
}

#[test]
fn write_backs_need_memory_that_may_be_written() {
    let mut rig = Rig::new();
    rig.allocate(1, GPA, 8, 1, &[0; 8]);
    let failure = rig.fail(|w| {
        w.create_buffer(CreateBuffer {
            buffer_handle: 1,
            size_bytes: 8,
            backing_alloc_id: 1,
            ..Default::default()
        });
        buffer(w, 2, 8);
        w.copy_buffer(CopyBuffer { flags: CopyFlags::WRITEBACK_DST.bits(), ..copy(1, 2, 8) });
    });
    assert!(matches!(failure, Failure::Resource(ResourceError::Guest(AllocError::ReadOnly(1)))), "{failure}");
    let failure = rig.fail(|w| {
        w.copy_buffer(CopyBuffer { flags: CopyFlags::WRITEBACK_DST.bits(), ..copy(2, 1, 8) });
    });
    assert!(matches!(failure, Failure::NotBound(_)), "{failure}");
}

#[test]
fn textures_take_uploads_in_their_linear_layout() {
    let mut rig = Rig::new();
    // 3x2 with a row pitch of 16, then a tight 1x1 mip; two layers of 36 bytes.
    let data: Vec<u8> = (0..72).collect();
    rig.run(|w| {
        w.create_texture2d(CreateTexture2d {
            texture_handle: 1,
            format: Format::R8G8B8A8Unorm.to_u32(),
            width: 3,
            height: 2,
            mip_levels: 2,
            array_layers: 2,
            row_pitch_bytes: 16,
            ..Default::default()
        });
        w.upload_resource(1, 0, &data);
    });
    let mip0: Vec<u8> = (36..48).chain(52..64).collect();
    assert_eq!(rig.texture(1, 0, 1).bytes, mip0);
    assert_eq!(rig.texture(1, 1, 0).bytes, [32, 33, 34, 35]);
    rig.run(|w| {
        w.upload_resource(1, 20, &[0xaa; 14]);
    });
    assert_eq!(
        rig.texture(1, 0, 0).bytes[12..],
        [16, 17, 18, 19, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa]
    );
    assert_eq!(
        rig.texture(1, 1, 0).bytes,
        [0xaa, 0xaa, 34, 35],
        "the upload goes on in the next subresource"
    );
}

#[test]
fn texture_copies_move_rectangles_between_mips() {
    let mut rig = Rig::new();
    rig.allocate(5, GPA, 4096, 0, &[]);
    rig.run(|w| {
        target(w, 1, 4, 4);
        w.clear(ClearFlags::COLOR, [1.0, 0.5, 0.0, 1.0], 1.0, 0);
        w.create_texture2d(CreateTexture2d {
            texture_handle: 2,
            format: Format::R8G8B8A8Unorm.to_u32(),
            width: 4,
            height: 4,
            mip_levels: 2,
            array_layers: 1,
            row_pitch_bytes: 32,
            backing_alloc_id: 5,
            ..Default::default()
        });
        w.copy_texture2d(CopyTexture2d {
            dst_mip_level: 1,
            dst_x: 1,
            src_x: 3,
            flags: CopyFlags::WRITEBACK_DST.bits(),
            ..copy_rect(2, 1, 1, 2)
        });
    });
    let orange = [255, 128, 0, 255];
    assert_eq!(rig.texture(2, 1, 0).bytes, [[0; 4], orange, [0; 4], orange].concat());
    // Mip 1 starts behind four rows of 32 bytes.
    assert_eq!(rig.guest(GPA + 128, 16), [[0; 4], orange, [0; 4], orange].concat());
    let failure = rig.fail(|w| {
        w.copy_texture2d(CopyTexture2d { dst_mip_level: 1, ..copy_rect(2, 1, 3, 1) });
    });
    assert!(matches!(failure, Failure::Resource(ResourceError::OutOfBounds { .. })), "{failure}");
}

#[test]
fn creating_again_rebinds_memory_and_keeps_contents() {
    let mut rig = Rig::new();
    rig.allocate(1, GPA, 8, 0, &[1; 8]);
    rig.allocate(2, GPA + 64, 8, 0, &[2; 8]);
    let create = |backing_alloc_id| CreateBuffer {
        buffer_handle: 1,
        size_bytes: 8,
        backing_alloc_id,
        ..Default::default()
    };
    rig.run(|w| {
        w.create_buffer(create(1));
        buffer(w, 2, 8);
        w.copy_buffer(copy(2, 1, 8)).create_buffer(create(2)).copy_buffer(copy(2, 1, 8));
    });
    assert_eq!(rig.renderer.read_buffer(2, 0, 8), Ok(vec![1; 8]));
    rig.run(|w| {
        w.resource_dirty_range(1, 0, 8).copy_buffer(copy(2, 1, 8));
    });
    assert_eq!(rig.renderer.read_buffer(2, 0, 8), Ok(vec![2; 8]));
    let failure = rig.fail(|w| {
        w.create_buffer(CreateBuffer { size_bytes: 12, backing_alloc_id: 0, ..create(0) });
    });
    assert!(matches!(failure, Failure::Resource(ResourceError::DescriptionChanged(1))), "{failure}");
}

#[test]
fn block_compressed_copies_keep_to_blocks() {
    let mut rig = Rig::new();
    let texture = |handle| CreateTexture2d {
        texture_handle: handle,
        format: Format::Bc1RgbaUnorm.to_u32(),
        width: 10,
        height: 6,
        mip_levels: 1,
        array_layers: 1,
        ..Default::default()
    };
    let data: Vec<u8> = (0..48).collect();
    rig.run(|w| {
        w.create_texture2d(texture(1)).create_texture2d(texture(2)).upload_resource(1, 0, &data);
        w.copy_texture2d(CopyTexture2d { src_x: 8, src_y: 4, dst_x: 8, dst_y: 4, ..copy_rect(2, 1, 2, 2) });
    });
    let mut expected = vec![0; 48];
    expected[40..].copy_from_slice(&data[40..]);
    assert_eq!(rig.texture(2, 0, 0).bytes, expected);
    let failure = rig.fail(|w| {
        w.copy_texture2d(CopyTexture2d { src_x: 2, ..copy_rect(2, 1, 4, 4) });
    });
    assert!(matches!(failure, Failure::Resource(ResourceError::Unaligned { .. })), "{failure}");
}

#[test]
fn a_malformed_packet_ends_the_stream_but_not_what_came_before() {
    let mut rig = Rig::new();
    let done = rig.submit(0, |w| {
        buffer(w, 1, 4);
        w.upload_resource(1, 0, &[1, 2, 3, 4]);
        w.raw(Opcode::Draw.to_u32(), &[0; 4]);
        w.upload_resource(1, 0, &[9; 4]);
    });
    assert_eq!(done.report.errors.len(), 1);
    assert_eq!(done.report.errors[0].packet, "DRAW");
    assert!(matches!(done.report.errors[0].reason, Failure::Packet(_)));
    assert_eq!(rig.renderer.read_buffer(1, 0, 4), Ok(vec![1, 2, 3, 4]));
}

#[test]
fn unknown_packets_are_skipped_and_counted() {
    let mut rig = Rig::new();
    let done = rig.run(|w| {
        w.raw(0xdead, &[1, 2, 3, 4]);
        buffer(w, 1, 4);
    });
    assert_eq!(done.report.unknown_packets, 1);
    assert!(rig.renderer.read_buffer(1, 0, 4).is_ok());
}
