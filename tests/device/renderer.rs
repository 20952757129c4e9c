//! The device with the software renderer behind it.

use aerogpu::SoftwareRenderer;
use aerogpu::backend::{Backend, Recording};
use aerogpu::device::Display;
use aerogpu::replay;
use aerogpu_protocol::Format;
use aerogpu_protocol::packets::{ClearFlags, CopyBuffer, CreateBuffer, ResourceUsage};
use aerogpu_protocol::registers::mmio;
use aerogpu_protocol::ring::SubmitFlags;

use super::*;

/// Clears a target of 2x2 and presents it.
fn frame(color: [f32; 4]) -> Vec<u8> {
    let mut writer = StreamWriter::new();
    writer
        .create_simple_texture(1, Format::R8G8B8A8Unorm, 2, 2, ResourceUsage::RENDER_TARGET)
        .set_render_targets(&[1], 0)
        .clear(ClearFlags::COLOR, color, 1.0, 0)
        .present(0, false);
    writer.finish()
}

fn shown<B: Backend>(machine: &mut Machine<B>) -> Option<Vec<u8>> {
    let Machine { device, memory, .. } = machine;
    match device.present(memory) {
        Display::Picture(picture) => Some(picture.rgba),
        _ => None,
    }
}

#[test]
fn what_is_presented_is_shown() {
    // "backend_scanout_display_present": without any scanout programmed, and preferred to guest memory.
    let mut machine = paced(Pacing::Immediate);
    assert_eq!(shown(&mut machine), None);
    machine.submit(&fence(&frame([1.0, 0.0, 0.0, 1.0]), 1));
    machine.step();
    let red = [255, 0, 0, 255].repeat(4);
    assert_eq!((completed(&machine), shown(&mut machine)), (1, Some(red.clone())));
    machine.show(1, [1, 1, 4], 0x5000);
    assert_eq!(shown(&mut machine), Some(red.clone()));
    machine.poke(0x6000, &[9, 9, 9, 255]);
    machine.show_cursor(1, [1, 1], [1, 1], 0x6000);
    assert_eq!(shown(&mut machine), Some([&red[..12], &[9, 9, 9, 255]].concat()));
    machine.write(mmio::RING_CONTROL, 3);
    machine.step();
    machine.write(mmio::CURSOR_ENABLE, 0);
    assert_eq!(shown(&mut machine), Some(vec![0; 4]), "a reset forgets it");
}

#[test]
fn results_are_in_guest_memory_before_the_fence() {
    let mut machine = paced(Pacing::Lockstep);
    let to = machine.allocate(1, &[0; 64]);
    let mut writer = StreamWriter::new();
    for (handle, backing_alloc_id) in [(1, 0), (2, 1)] {
        writer.create_buffer(CreateBuffer {
            buffer_handle: handle,
            usage_flags: ResourceUsage::VERTEX_BUFFER.bits(),
            size_bytes: 64,
            backing_alloc_id,
            ..Default::default()
        });
    }
    writer.upload_resource(1, 0, &[7; 64]).copy_buffer(CopyBuffer {
        dst_buffer: 2,
        src_buffer: 1,
        size_bytes: 64,
        flags: 1,
        ..Default::default()
    });
    let stream = writer.finish();
    machine.submit(&Submit { allocations: &[to], ..fence(&stream, 1) });
    machine.step();
    assert_eq!((machine.peek(to.gpa), machine.fence_page()), (0x0707_0707, 0));
    machine.at(1_000_000);
    assert_eq!((machine.fence_page(), error(&machine)), (1, (0, 0, 0)));
}

#[test]
fn a_running_device_is_recorded() {
    let config = DeviceConfig::default();
    let mut machine = Machine::started(Recording::new(SoftwareRenderer::default()), config);
    let colors = [[1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0]];
    for (i, color) in colors.into_iter().enumerate() {
        let flags = if i == 0 { SubmitFlags::PRESENT } else { SubmitFlags::empty() };
        machine.submit(&Submit { flags, ..fence(&frame(color), i as u64 + 1) });
        machine.step();
    }
    assert_eq!(completed(&machine), 2);
    let trace = machine.device.backend().finish();
    let mut frames = Vec::new();
    let recording = replay::Recording::parse(&trace).expect("a trace");
    recording.replay(&mut SoftwareRenderer::default(), |frame| frames.push(frame)).expect("replays");
    let first: Vec<_> =
        frames.iter().map(|f| f.picture.as_ref().expect("a picture").rgba[..4].to_vec()).collect();
    assert_eq!(first, [[255, 0, 0, 255], [0, 255, 0, 255]]);
    assert!(frames.iter().all(|frame| frame.errors.is_empty()));
}

#[test]
fn presents_are_stored_where_the_scanout_shows_them() {
    // "16-bpp write-back", X8 and sRGB formats, sizes that differ.
    for (format, texel, expected) in [
        (1, 4, vec![0x00, 0x80, 0xFF, 0xFF]),
        (2, 4, vec![0x00, 0x80, 0xFF, 0xFF]),
        (9, 4, vec![0xFF, 0x80, 0x00, 0xFF]),
        (5, 2, vec![0x00, 0xFC]),
        (6, 2, vec![0x00, 0xFE]),
    ] {
        let config = DeviceConfig { present_write_back: true, ..DeviceConfig::default() };
        let mut machine = Machine::started(SoftwareRenderer::default(), config);
        machine.poke(0x8000, &[0xEE; 64]);
        machine.show(format, [3, 2, 16], 0x8000);
        let stream = frame([1.0, 128.0 / 255.0, 0.0, 1.0]);
        machine.submit(&Submit { flags: SubmitFlags::PRESENT, ..fence(&stream, 1) });
        machine.step();
        let mut rows = [0; 32];
        machine.memory.read(0x8000, &mut rows).expect("memory");
        for row in rows.chunks_exact(16) {
            assert_eq!(row[..2 * texel], expected.repeat(2), "{format}");
            assert_eq!(
                row[2 * texel..],
                vec![0xEE; 16 - 2 * texel],
                "{format}: columns beyond the picture stay"
            );
        }
        assert_eq!((completed(&machine), error(&machine)), (1, (0, 0, 0)));
        // Where it cannot be shown it is an error of the back end, and completes.
        machine.write(mmio::SCANOUT0_PITCH_BYTES, 1);
        machine.submit(&Submit { flags: SubmitFlags::PRESENT, ..fence(&stream, 2) });
        machine.step();
        assert_eq!((completed(&machine), error(&machine)), (2, (3, 2, 1)));
    }
}

#[test]
fn the_front_end_and_clears_are_priced() {
    let mut machine = paced(Pacing::Lockstep);
    machine.submit(&fence(&frame([0.0; 4]), 1));
    machine.step();
    let report = machine.device.take_reports().remove(0);
    let work = report.report.work;
    // CREATE_TEXTURE2D 56, SET_RENDER_TARGETS 48, CLEAR 36, PRESENT 16 bytes; 16 bytes cleared.
    assert_eq!((work.fe_packets, work.fe_bytes, work.fe_state_groups, work.clear_bytes), (4, 156, 1, 16));
    assert_eq!(report.cycles.0, 4 * 8 + 10 + 16 + 1);
}

/// Guest memory that remembers where it was written, in order.
#[derive(Default)]
struct Ordered {
    memory: SparseMemory,
    written: Vec<u64>,
}

impl GuestMemory for Ordered {
    fn read(&self, address: u64, out: &mut [u8]) -> Result<(), MemoryError> {
        self.memory.read(address, out)
    }

    fn write(&mut self, address: u64, data: &[u8]) -> Result<(), MemoryError> {
        self.written.push(address);
        self.memory.write(address, data)
    }
}

#[test]
fn results_then_the_fence_page_and_the_head_before_it() {
    // The exposure order of device.md §20: write-back, error registers, completed, page, status, line.
    let mut machine = Machine::new(SoftwareRenderer::default(), DeviceConfig::default(), Ordered::default());
    machine.start();
    let to = machine.allocate(1, &[0; 16]);
    let mut writer = StreamWriter::new();
    for (handle, backing_alloc_id) in [(1, 0), (2, 1)] {
        let buffer =
            CreateBuffer { buffer_handle: handle, size_bytes: 16, backing_alloc_id, ..Default::default() };
        writer.create_buffer(buffer);
    }
    writer.copy_buffer(CopyBuffer {
        dst_buffer: 2,
        src_buffer: 1,
        size_bytes: 16,
        flags: 1,
        ..Default::default()
    });
    let stream = writer.finish();
    machine.submit(&Submit { allocations: &[to], ..fence(&stream, 1) });
    machine.memory.written.clear();
    machine.step();
    let first = |address: u64| machine.memory.written.iter().position(|&at| at == address);
    let (head, result) = (first(aerogpu::mock::RING + 24), first(to.gpa));
    let page = machine
        .memory
        .written
        .iter()
        .rposition(|&at| (aerogpu::mock::FENCE_PAGE..aerogpu::mock::FENCE_PAGE + 16).contains(&at));
    assert!(head.is_some() && result.is_some() && page.is_some());
    assert!(head < page && result < page, "{:x?}", machine.memory.written);
    assert!(machine.device.interrupt());
}

#[test]
fn reports_that_nobody_takes_are_bounded() {
    // "bounded record history"
    let mut machine = paced(Pacing::Immediate);
    let kept = aerogpu::limits::MAX_REPORTS as u64;
    for value in 1..=kept + 3 {
        machine.submit(&fence(&nothing(), value));
        machine.step();
    }
    let fences: Vec<u64> = machine.device.take_reports().iter().map(|report| report.fence).collect();
    assert_eq!(fences, (4..=kept + 3).collect::<Vec<_>>());
}
