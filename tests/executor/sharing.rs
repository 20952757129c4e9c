//! Shared surfaces, contexts, views.

use aerogpu::backend::Present;
use aerogpu::executor::Failure;
use aerogpu::resources::ResourceError;
use aerogpu_protocol::Format;
use aerogpu_protocol::packets::*;

use crate::rig::{BLUE, GREEN, RED, Rig, draw, quad, target, vertices};

#[test]
fn an_alias_shows_the_same_texture() {
    let mut rig = Rig::new();
    rig.run(|w| {
        target(w, 1, 2, 2);
        w.export_shared_surface(1, 0x1234).import_shared_surface(2, 0x1234);
        w.set_render_targets(&[2], 0).clear(ClearFlags::COLOR, GREEN, 1.0, 0);
    });
    assert_eq!(rig.pixel(1, 0, 0), [0, 255, 0, 255]);
    rig.run(|w| {
        w.destroy_resource(1);
    });
    assert_eq!(rig.pixel(2, 1, 1), [0, 255, 0, 255], "the alias keeps the texture alive");
    let failure = rig.fail(|w| {
        w.release_shared_surface(0x1234).import_shared_surface(3, 0x1234);
    });
    assert!(matches!(failure, Failure::Resource(ResourceError::Token(0x1234, _))), "{failure}");
}

#[test]
fn contexts_have_state_of_their_own() {
    let mut rig = Rig::new();
    rig.run(|w| {
        target(w, 1, 2, 2);
    });
    let done = rig.submit(9, |w| {
        target(w, 2, 2, 2);
        w.clear(ClearFlags::COLOR, BLUE, 1.0, 0);
    });
    assert!(done.report.errors.is_empty());
    rig.run(|w| {
        w.clear(ClearFlags::COLOR, RED, 1.0, 0);
    });
    assert_eq!(rig.pixel(1, 0, 0), [255, 0, 0, 255]);
    assert_eq!(rig.pixel(2, 0, 0), [0, 0, 255, 255]);
}

#[test]
fn a_present_names_the_first_bound_target() {
    let mut rig = Rig::new();
    let done = rig.run(|w| {
        target(w, 1, 2, 2);
        w.set_render_targets(&[0, 1], 0).present(3, true);
    });
    assert_eq!(done.report.presents, [Present { scanout: 3, texture: 1, vsync: true }]);
    use aerogpu::Backend;
    assert_eq!(rig.renderer.scanout(3).map(|data| (data.width, data.height)), Some((2, 2)));
    assert_eq!(rig.renderer.scanout(0), None);
}

#[test]
fn a_view_draws_to_its_mip_and_layer() {
    let mut rig = Rig::new();
    rig.run(|w| {
        w.create_texture2d(CreateTexture2d {
            texture_handle: 1,
            usage_flags: ResourceUsage::RENDER_TARGET.bits(),
            format: Format::R8G8B8A8Unorm.to_u32(),
            width: 8,
            height: 8,
            mip_levels: 2,
            array_layers: 2,
            ..Default::default()
        });
        w.create_texture_view(CreateTextureView {
            view_handle: 2,
            texture_handle: 1,
            format: Format::R8G8B8A8UnormSrgb.to_u32(),
            base_mip_level: 1,
            mip_level_count: 1,
            base_array_layer: 1,
            array_layer_count: 1,
            ..Default::default()
        });
        w.set_render_targets(&[2], 0).clear(ClearFlags::COLOR, [0.5, 0.0, 1.0, 0.5], 1.0, 0);
    });
    // 0.5 encodes to 188 in sRGB; alpha stays linear.
    assert_eq!(rig.texture(1, 1, 1).bytes[..4], [188, 0, 255, 128]);
    assert!(rig.texture(1, 0, 1).bytes.iter().all(|&byte| byte == 0));
    assert!(rig.texture(1, 1, 0).bytes.iter().all(|&byte| byte == 0));
    let failure = rig.fail(|w| {
        w.create_texture_view(CreateTextureView {
            view_handle: 3,
            texture_handle: 1,
            format: Format::R8G8B8A8Unorm.to_u32(),
            base_mip_level: 1,
            mip_level_count: 2,
            array_layer_count: 1,
            ..Default::default()
        });
    });
    assert!(matches!(failure, Failure::Resource(_)), "{failure}");
}

#[test]
fn destroying_a_bound_target_unbinds_it() {
    let mut rig = Rig::new();
    let done = rig.run(|w| {
        target(w, 1, 4, 4);
        vertices(w, PrimitiveTopology::TriangleStrip, &quad([-1.0, 1.0, 1.0, -1.0], 0.5, RED));
        w.destroy_resource(1);
        draw(w, 0, 4);
        w.present(0, false);
    });
    assert_eq!(done.report.presents[0].texture, 0);
}

#[test]
fn a_presented_picture_stays() {
    use aerogpu::Backend;
    let mut rig = Rig::new();
    rig.run(|w| {
        target(w, 1, 2, 2);
        w.clear(ClearFlags::COLOR, GREEN, 1.0, 0).present(0, false);
        w.clear(ClearFlags::COLOR, RED, 1.0, 0);
    });
    let shown = |rig: &mut Rig| rig.renderer.scanout(0).map(|data| data.bytes[..4].to_vec());
    assert_eq!(rig.pixel(1, 0, 0), [255, 0, 0, 255]);
    assert_eq!(shown(&mut rig), Some(vec![0, 255, 0, 255]), "later draws do not show");
    rig.run(|w| {
        w.destroy_resource(1);
    });
    assert_eq!(shown(&mut rig), Some(vec![0, 255, 0, 255]), "the end of the target does not show");
    rig.run(|w| {
        w.present(0, false);
    });
    assert_eq!(shown(&mut rig), None, "nothing was bound");
}
