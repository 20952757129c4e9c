//! Saving the renderer and restoring it.

use std::sync::LazyLock;

use aerogpu::backend::{Completion, RestoreError};
use aerogpu::state::d3d9::{render_state, sampler_state};
use aerogpu::{Backend, Damage, Options, SoftwareRenderer};
use aerogpu_protocol::Format;
use aerogpu_protocol::packets::*;
use proptest::prelude::*;

use crate::rig::{GREEN, LAYOUT, PS, RED, Rig, VS, buffer, draw, layout, quad, shader, target, vertices};

/// Adds 1 to the first word of u0.
const COUNTING_CS: &str = "
cs_5_0
dcl_uav_raw u0
dcl_temps 1
dcl_thread_group 1, 1, 1
ld_raw_indexable(raw_buffer)(mixed,mixed,mixed,mixed) r0.x, l(0), u0.xxxx
iadd r0.x, r0.x, l(1)
store_raw u0.x, l(0), r0.x
ret
";

/// A Direct3D 9 vertex declaration of one float4 position.
const DECLARATION: [u8; 16] = [0, 0, 0, 0, 3, 0, 0, 0, 0xff, 0, 0, 0, 17, 0, 0, 0];

/// A renderer with something of everything.
fn zoo() -> Rig {
    let mut rig = Rig::with(Options { budget: 1 << 24, ..Options::default() });
    rig.allocate(7, 0x10_0000, 4096, 0, &[0x5A; 4096]);
    rig.run(|w| {
        // Buffers: one with ranges that wait to be read, one that a shader wrote behind its last byte.
        w.create_buffer(CreateBuffer {
            buffer_handle: 10,
            size_bytes: 64,
            backing_alloc_id: 7,
            backing_offset_bytes: 16,
            ..Default::default()
        });
        w.upload_resource(10, 0, &[1; 64]).resource_dirty_range(10, 8, 4).resource_dirty_range(10, 32, 8);
        buffer(w, 11, 6);
        // Textures: layers and mip levels, blocks, guest memory that waits to be read, texels without alpha.
        let desc = CreateTexture2d {
            texture_handle: 20,
            format: Format::R8G8B8A8Unorm.to_u32(),
            width: 4,
            height: 2,
            mip_levels: 3,
            array_layers: 2,
            ..Default::default()
        };
        w.create_texture2d(desc).upload_resource(20, 5, &[9; 30]);
        let bc1 = CreateTexture2d { texture_handle: 21, format: Format::Bc1RgbaUnorm.to_u32(), ..desc };
        w.create_texture2d(CreateTexture2d { array_layers: 1, ..bc1 }).upload_resource(21, 0, &[0x3C; 8]);
        let backed = CreateTexture2d { texture_handle: 22, row_pitch_bytes: 32, backing_alloc_id: 7, ..desc };
        w.create_texture2d(backed).create_simple_texture(
            23,
            Format::B8G8R8X8Unorm,
            2,
            2,
            ResourceUsage::RENDER_TARGET,
        );
        w.create_texture_view(CreateTextureView {
            view_handle: 30,
            texture_handle: 20,
            format: Format::R8G8B8A8UnormSrgb.to_u32(),
            base_mip_level: 1,
            mip_level_count: 2,
            base_array_layer: 1,
            array_layer_count: 1,
            ..Default::default()
        });
        // An alias that outlives its original, tokens in use and out of use.
        w.create_simple_texture(24, Format::B5G6R5Unorm, 3, 3, ResourceUsage::TEXTURE)
            .export_shared_surface(24, 0x77)
            .import_shared_surface(40, 0x77)
            .destroy_resource(24)
            .export_shared_surface(20, 0x78)
            .release_shared_surface(0x78);
        w.create_shader_dxbc(50, ShaderStage::Compute, &shader(COUNTING_CS))
            .create_input_layout(60, &layout(&[("POSITION", 16, 0), ("WORLD", 2, 1)]))
            .create_input_layout(61, &DECLARATION);
        let address =
            [SamplerAddressMode::Repeat, SamplerAddressMode::MirrorRepeat, SamplerAddressMode::ClampToEdge];
        w.create_sampler(70, SamplerFilter::Linear, address);
    });
    rig.run(|w| {
        w.bind_all_shaders(ShaderBindings { cs: 50, ..Default::default() })
            .set_unordered_access_buffers(
                ShaderStage::Compute,
                0,
                &[UnorderedAccessBufferBinding { buffer: 11, initial_count: 5, ..Default::default() }],
            )
            .dispatch(1, 1, 1);
        target(w, 1, 8, 8);
        vertices(w, PrimitiveTopology::TriangleStrip, &quad([-1.0, 1.0, 0.0, -1.0], 0.5, GREEN));
        draw(w, 0, 4);
        // Presented, and then gone.
        w.present(2, false);
        target(w, 2, 4, 4);
        w.present(0, true).destroy_resource(2);
        target(w, 3, 8, 8);
        w.set_texture(ShaderStage::Pixel, 3, 30)
            .set_texture(ShaderStage::Pixel, 4, 999)
            .set_samplers(ShaderStage::Pixel, 2, &[70])
            .set_shader_constants_f(ShaderStage::Vertex, 3, &[[1.5, -0.0, f32::INFINITY, 4.0]])
            .set_index_buffer(10, IndexFormat::Uint16, 4)
            .set_viewport([1.0, 2.0, 5.0, 4.0], [0.25, 0.75])
            .set_scissor(0, 1, 7, 6)
            .set_constant_buffers(
                ShaderStage::Pixel,
                1,
                &[ConstantBufferBinding { buffer: 11, ..Default::default() }],
            )
            .set_blend_state(BlendState {
                enable: 1,
                src_factor: BlendFactor::Constant.to_u32(),
                blend_constant_rgba_f32: [0.5f32.to_bits(); 4],
                color_write_mask: 0xf,
                sample_mask: 1,
                ..Default::default()
            });
    });
    let done = rig.submit(5, |w| {
        w.set_render_state(render_state::CULLMODE, 2)
            .set_sampler_state(ShaderStage::Pixel, 3, sampler_state::MIPFILTER, 1)
            .set_shader_constants_i(ShaderStage::Vertex, 200, &[[1, -2, 3, -4]])
            .set_shader_constants_b(ShaderStage::Pixel, 9, &[true, false])
            .set_input_layout(61)
            .set_texture(ShaderStage::Vertex, 0, 40);
    });
    assert!(done.report.errors.is_empty());
    rig
}

/// What is done afterwards: it uses what is bound, reads what waits to be read, and asks for what must be gone.
fn go_on(rig: &mut Rig) -> Vec<String> {
    let mut seen = Vec::new();
    let mut note = |done: Completion| seen.push(format!("{:?}", done.report));
    note(rig.submit(0, |w| {
        draw(w, 0, 4);
        w.draw_indexed(DrawIndexed { index_count: 3, instance_count: 1, ..Default::default() });
        w.present(0, false).dispatch(2, 1, 1);
    }));
    note(rig.submit(0, |w| {
        w.export_shared_surface(20, 0x78).import_shared_surface(41, 0x77).destroy_resource(24);
        w.create_simple_texture(24, Format::R8G8B8A8Unorm, 1, 1, ResourceUsage::TEXTURE);
        w.set_render_targets(&[1], 0).clear(ClearFlags::COLOR, RED, 1.0, 0).present(7, false);
        w.copy_texture2d(CopyTexture2d {
            dst_texture: 20,
            src_texture: 22,
            width: 4,
            height: 2,
            ..Default::default()
        });
        w.copy_buffer(CopyBuffer { dst_buffer: 11, src_buffer: 10, size_bytes: 4, ..Default::default() });
    }));
    note(rig.submit(5, |w| {
        w.bind_shaders(VS, PS).set_render_targets(&[1], 0);
        draw(w, 0, 3);
        w.set_input_layout(LAYOUT);
        draw(w, 0, 3);
    }));
    let renderer = &mut rig.renderer;
    for handle in [1, 3, 20, 21, 22, 23, 24, 40, 41] {
        let mips = [(0, 0), (1, 0), (2, 1)];
        seen.extend(mips.map(|(mip, layer)| format!("{:?}", renderer.read_texture(handle, mip, layer))));
    }
    seen.extend(
        [(10, 64), (11, 6)].map(|(handle, len)| format!("{:?}", renderer.read_buffer(handle, 0, len))),
    );
    seen.extend([0, 2, 7].map(|scanout| format!("{:?}", renderer.scanout(scanout))));
    seen
}

fn saved(renderer: &mut SoftwareRenderer) -> Vec<u8> {
    renderer.snapshot().expect("the software renderer can tell")
}

static ZOO: LazyLock<Vec<u8>> = LazyLock::new(|| saved(&mut zoo().renderer));

#[test]
fn a_restored_renderer_goes_on_as_if_nothing_had_happened() {
    let mut unbroken = zoo();
    let before = saved(&mut unbroken.renderer);
    assert!(before == *ZOO, "the same state gives the same bytes, whatever order maps have");
    let mut restored = zoo();
    restored.renderer = SoftwareRenderer::new(Options { budget: 1 << 24, ..Options::default() });
    restored.run(|w| target(w, 1, 1, 1));
    restored.renderer.restore(&before).expect("a snapshot");
    assert!(saved(&mut restored.renderer) == before, "a round trip changes nothing");
    assert_eq!(go_on(&mut restored), go_on(&mut unbroken));
    assert!(saved(&mut restored.renderer) == saved(&mut unbroken.renderer));
}

#[test]
fn a_snapshot_changes_nothing() {
    let (mut quiet, mut told) = (zoo(), zoo());
    saved(&mut told.renderer);
    assert_eq!(go_on(&mut told), go_on(&mut quiet));
}

#[test]
fn every_truncation_is_refused() {
    let mut renderer = SoftwareRenderer::default();
    for len in 0..ZOO.len() {
        assert!(renderer.restore(&ZOO[..len]).is_err(), "{len} of {} bytes", ZOO.len());
    }
    let longer = [&ZOO[..], &[0]].concat();
    assert_eq!(renderer.restore(&longer), Err(Damage::Invalid("bytes behind its end").into()));
}

#[test]
fn an_error_says_what_is_wrong_and_leaves_an_empty_renderer() {
    let mut renderer = SoftwareRenderer::default();
    let empty = saved(&mut renderer);
    renderer.restore(&ZOO).expect("a snapshot");
    assert_eq!(renderer.restore(b"AGPUSNAP"), Err(RestoreError::Foreign));
    assert!(saved(&mut renderer) == empty);
    let damaged = |at: usize, byte: u8| {
        let mut bytes = ZOO.clone();
        bytes[at] = byte;
        SoftwareRenderer::default().restore(&bytes).expect_err("damaged").to_string()
    };
    assert_eq!(damaged(8, 2), "the renderer's state has version 2, but only 1 is known");
    // The first resource: handle 1, alive, a texture of 8x8, R8G8B8A8.
    let first = 8 + 4 + 4;
    assert_eq!(ZOO[first..first + 4], [1, 0, 0, 0]);
    let invalid = |what| format!("the renderer's state is damaged: {what}");
    assert_eq!(damaged(first + 4, 7), invalid("this cannot be: flag"));
    assert_eq!(damaged(first + 6 + 4, 250), invalid("this cannot be: format"));
    assert_eq!(damaged(first + 6 + 8 + 3, 0x7F), invalid("it ends too early"));
    assert_eq!(damaged(first, 3), invalid("this cannot be: order of keys"));
    assert_eq!(damaged(first, 0), invalid("resource 0: handle 0 cannot name a resource"));
    // A shader's code is validated again.
    let code = ZOO.windows(4).rposition(|word| word == b"SHEX").expect("a compute shader");
    let refused = damaged(code + 8, 0xFF);
    assert!(refused.starts_with(&invalid("shader 50: ")), "{refused}");
}

#[test]
fn what_a_guest_could_not_have_is_refused() {
    // Each guest-visible rule once: the bytes are found by what stands in front of them.
    let refused = |find: &[u8], replace: &[u8]| {
        let at: Vec<usize> = (0..ZOO.len() - find.len()).filter(|&at| ZOO[at..].starts_with(find)).collect();
        let [at] = at[..] else { panic!("{find:x?} is found {} times", at.len()) };
        let mut bytes = ZOO.clone();
        bytes[at..at + replace.len()].copy_from_slice(replace);
        SoftwareRenderer::default().restore(&bytes).expect_err("refused").to_string()
    };
    // The view of mip levels 1..3 of layer 1 of texture 20.
    let words = |words: &[u32]| -> Vec<u8> { words.iter().flat_map(|word| word.to_le_bytes()).collect() };
    let view = words(&[30, 20, Format::R8G8B8A8UnormSrgb.to_u32(), 1, 2, 1, 1]);
    let message = refused(&view, &words(&[30, 20, Format::R8G8B8A8UnormSrgb.to_u32(), 1, 3, 1, 1]));
    assert!(message.contains("view 30: view's mip levels"), "{message}");
    let message = refused(&view, &words(&[30, 10]));
    assert!(message.ends_with("view of no texture"), "{message}");
    let message = refused(&view, &words(&[40]));
    assert!(message.ends_with("view 40: handle 40 is in use; destroy it first"), "{message}");
    // The alias 40 of 24, which alone keeps it.
    let message = refused(&words(&[1, 40, 24]), &words(&[1, 40, 25]));
    assert!(message.ends_with("alias of nothing"), "{message}");
    let message = refused(&words(&[1, 40, 24]), &words(&[1, 40, 23]));
    assert!(message.ends_with("resource without a handle"), "{message}");
    // The sampler 70.
    let message = refused(&words(&[1, 70, 1]), &words(&[1, 70, 2]));
    assert!(message.ends_with("sampler 70: sampler filter 2 is not defined"), "{message}");
    // The index buffer: format Uint16 at offset 4.
    let index = [&[1, 10, 0, 0, 0][..], &words(&[0, 4])].concat();
    assert!(refused(&index, &[2]).ends_with("binding of nothing"));
    assert!(refused(&index, &[1, 10, 0, 0, 0, 9]).ends_with("index format"));
}

fn exercise(state: &[u8]) {
    let mut rig = zoo();
    rig.renderer = SoftwareRenderer::new(Options { budget: 1 << 20, ..Options::default() });
    if rig.renderer.restore(state).is_err() {
        assert!(saved(&mut rig.renderer) == saved(&mut SoftwareRenderer::default()));
        return;
    }
    let again = saved(&mut rig.renderer);
    let mut other = SoftwareRenderer::default();
    other.restore(&again).expect("what was accepted once");
    assert!(saved(&mut other) == again);
    go_on(&mut rig);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn damage_is_refused_or_harmless(
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1..=255u8), 1..4),
        cut in prop::option::weighted(0.1, any::<prop::sample::Index>()),
    ) {
        let mut bytes = ZOO.clone();
        for (at, flip) in flips {
            *at.get_mut(&mut bytes) ^= flip;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(ZOO.len()));
        }
        exercise(&bytes);
    }

    #[test]
    fn other_words_are_refused_or_harmless(at in any::<prop::sample::Index>(), word in prop::sample::select(
        vec![0u32, 1, 2, 0x7F, 0x80, 0xFFFF, 0x1_0000, 0x10_0001, 0x4000_0000, 0x7FFF_FFFF, 0x8000_0000, u32::MAX],
    )) {
        let mut bytes = ZOO.clone();
        let at = at.index(ZOO.len() - 3);
        bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
        exercise(&bytes);
    }
}

/// Snapshots of this version can be restored by all later ones that know it.
#[test]
fn the_version_of_the_format_is_kept() {
    let published = include_bytes!("../data/renderer-1.agpurend");
    let mut rig = zoo();
    rig.renderer.restore(published).expect("a snapshot of version 1");
    let mut today = zoo();
    assert_eq!(go_on(&mut rig), go_on(&mut today));
}

#[test]
#[ignore = "writes the file that the test before reads, when the format has a new version"]
fn write_the_snapshot() {
    std::fs::write("tests/data/renderer-1.agpurend", &*ZOO).expect("writable");
}
