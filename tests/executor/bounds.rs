//! What hostile guests cannot make grow.

use aerogpu::executor::Failure;
use aerogpu::limits;
use aerogpu::resources::ResourceError;
use aerogpu_protocol::Format;
use aerogpu_protocol::packets::*;

use crate::rig::*;

#[test]
fn textures_count_with_what_sampling_decodes() {
    // 128 MiB of blocks a texture, and 8 bytes for each of 2^28 texels: three fit into 8 GiB.
    let mut rig = Rig::new();
    let texture = |handle| CreateTexture2d {
        texture_handle: handle,
        format: Format::Bc1RgbaUnorm.to_u32(),
        width: 16384,
        height: 16384,
        mip_levels: 1,
        array_layers: 1,
        ..Default::default()
    };
    rig.run(|w| {
        (1..=3).for_each(|handle| {
            w.create_texture2d(texture(handle));
        });
    });
    let failure = rig.fail(|w| {
        w.create_texture2d(texture(4));
    });
    assert!(matches!(failure, Failure::Resource(ResourceError::OutOfMemory)), "{failure}");
    rig.run(|w| {
        w.destroy_resource(1).create_texture2d(texture(4));
    });
}

#[test]
fn scanouts_are_bounded() {
    let mut rig = Rig::new();
    rig.run(|w| {
        target(w, 1, 2, 2);
        (0..limits::MAX_SCANOUTS as u32).for_each(|id| {
            w.present(id * 3, false);
        });
        w.present(0, false);
    });
    let failure = rig.fail(|w| {
        w.present(1, false);
    });
    assert!(matches!(failure, Failure::TooLarge { what: "scanouts", .. }), "{failure}");
    rig.run(|w| {
        w.set_render_targets(&[], 0).present(0, false).set_render_targets(&[1], 0).present(1, false);
    });
}

#[test]
fn errors_are_counted_when_there_are_many() {
    let mut rig = Rig::new();
    let done = rig.submit(0, |w| {
        (0..limits::MAX_ERRORS + 5).for_each(|_| {
            w.present(0, false).copy_buffer(CopyBuffer { size_bytes: 4, ..Default::default() });
        });
    });
    assert_eq!((done.report.errors.len(), done.report.more_errors), (limits::MAX_ERRORS, 5));
}

#[test]
fn the_context_that_rested_longest_makes_room() {
    let mut rig = Rig::new();
    let clear = |rig: &mut Rig, context| {
        rig.submit(context, |w| {
            w.clear(ClearFlags::COLOR, GREEN, 1.0, 0);
        });
    };
    for context in 0..2 {
        rig.submit(context, |w| target(w, 1 + context, 2, 2));
    }
    for context in 2..limits::MAX_CONTEXTS as u32 {
        rig.submit(context, |_| ());
    }
    rig.submit(0, |_| ());
    rig.submit(u32::MAX, |_| ());
    // Context 1 is new again and has no target.
    clear(&mut rig, 1);
    clear(&mut rig, 0);
    assert_eq!(rig.pixel(2, 0, 0), [0, 0, 0, 255]);
    assert_eq!(rig.pixel(1, 0, 0), [0, 255, 0, 255]);
}

#[test]
fn vertex_declarations_end_after_64_elements() {
    let declaration =
        |elements| [[0, 0, 0, 0, 3, 0, 0, 0].repeat(elements), vec![0xff, 0, 0, 0, 17, 0, 0, 0]].concat();
    let mut rig = Rig::new();
    rig.run(|w| {
        w.create_input_layout(60, &declaration(64));
    });
    let failure = rig.fail(|w| {
        w.create_input_layout(61, &declaration(65));
    });
    assert!(matches!(failure, Failure::Layout(_)), "{failure}");
}

#[test]
fn shaders_are_bounded_together() {
    const LEAST: &str = "vs_4_0\nret\n";
    // A container whose code is followed by much that nobody reads.
    let mut code = shader(LEAST);
    code.resize(limits::MAX_SHADER_BYTES, 0);
    let all = (limits::MAX_CODE_BYTES / limits::MAX_SHADER_BYTES as u64) as u32;
    let mut rig = Rig::new();
    let mut create = |handles: std::ops::RangeInclusive<u32>| -> Vec<String> {
        let done = handles.map(|handle| {
            rig.submit(0, |w| {
                w.create_shader_dxbc(handle, ShaderStage::Vertex, &code);
            })
        });
        done.flat_map(|done| done.report.errors).map(|error| error.reason.to_string()).collect()
    };
    // The rig's own shaders are small, but there.
    assert_eq!(create(1..=all - 1), [""; 0]);
    assert_eq!(create(1..=1), [""; 0], "in place of the old one");
    let errors = create(all..=all);
    assert!(errors.len() == 1 && errors[0].contains("bytes of all shaders"), "{errors:?}");
}
