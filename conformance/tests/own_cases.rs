//! The cases of the repository are what the code below writes, and the software renderer passes them.
//!
//! After a change here, write them anew with `AEROGPU_WRITE_CASES=1 cargo test -p aerogpu-conformance --test own_cases`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aerogpu::{Options, SoftwareRenderer};
use aerogpu_conformance::discover;
use aerogpu_conformance::expectations::Expectations;
use aerogpu_conformance::results::Status;
use aerogpu_conformance::suite::{Selection, Suite};
use aerogpu_protocol::input_layout::{semantic_name_hash, write_ilay};
use aerogpu_protocol::packets::*;
use aerogpu_protocol::{Format, StreamWriter};
use serde_json::{Value, json};

/// Path from `conformance/cases`, and contents.
type Files = BTreeMap<PathBuf, Vec<u8>>;

fn case(files: &mut Files, name: &str, features: &[&str], steps: Value, data: &[(&str, Vec<u8>)]) {
    let case = json!({"schema": "aerogpu-case/1", "name": name, "source": "by hand", "features": features, "steps": steps});
    let text = serde_json::to_string_pretty(&case).expect("serialises") + "\n";
    files.insert(Path::new(name).join("case.json"), text.into_bytes());
    files.extend(data.iter().map(|(file, bytes)| (Path::new(name).join(file), bytes.clone())));
}

fn stream(write: impl FnOnce(&mut StreamWriter)) -> Vec<u8> {
    let mut writer = StreamWriter::new();
    write(&mut writer);
    writer.finish()
}

/// One clear of targets in several formats. 1, 0.2, 0, 0.4 are 31, 13 (of 63: 12.6), 0 in 5:6:5 and 255, 51, 0, 102 in bytes;
/// depth 0.25 is 4194304 of 16777215 (4194303.75), which read back is the next float above.
fn clear(files: &mut Files) {
    let clear = stream(|w| {
        let target = ResourceUsage::RENDER_TARGET;
        w.create_simple_texture(1, Format::B8G8R8X8Unorm, 2, 2, target);
        w.create_simple_texture(2, Format::B5G6R5Unorm, 2, 2, target);
        w.create_simple_texture(3, Format::R8G8B8A8Unorm, 2, 2, target);
        w.create_simple_texture(4, Format::D24UnormS8Uint, 2, 2, ResourceUsage::DEPTH_STENCIL);
        w.set_render_targets(&[1, 2, 3], 4);
        let all = ClearFlags::COLOR | ClearFlags::DEPTH | ClearFlags::STENCIL;
        w.clear(all, [1.0, 0.2, 0.0, 0.4], 0.25, 0x5a);
    });
    let expect = |handle: u32, encoding: &str, data: &str| json!({"op": "expect_texture", "handle": handle, "width": 2, "height": 2, "encoding": encoding, "data": data});
    let steps = json!([
        {"op": "submit", "stream": "stream.bin", "result": "ok"},
        expect(1, "rgba8", "x8.bin"), expect(2, "rgba8", "565.bin"), expect(2, "raw", "565-raw.bin"),
        expect(3, "rgba8", "rgba.bin"), expect(4, "depth_f32", "depth.bin"), expect(4, "stencil_u8", "stencil.bin")]);
    let data = [
        ("stream.bin", clear),
        ("x8.bin", [255, 51, 0, 255].repeat(4)),
        ("565.bin", [255, 52, 0, 255].repeat(4)),
        ("565-raw.bin", [0xa0, 0xf9].repeat(4)),
        ("rgba.bin", [255, 51, 0, 102].repeat(4)),
        ("depth.bin", 0x3e80_0001u32.to_le_bytes().repeat(4)),
        ("stencil.bin", vec![0x5a; 4]),
    ];
    case(files, "clear/formats", &["clear"], steps, &data);
}

/// A copy between buffers in guest memory reaches the memory behind its destination, and nothing else.
fn write_back(files: &mut Files) {
    let copy = stream(|w| {
        for (buffer_handle, backing_alloc_id) in [(1, 10), (2, 20)] {
            let size_bytes = 16;
            w.create_buffer(CreateBuffer {
                buffer_handle,
                size_bytes,
                backing_alloc_id,
                ..Default::default()
            });
        }
        w.copy_buffer(CopyBuffer {
            dst_buffer: 2,
            src_buffer: 1,
            dst_offset_bytes: 4,
            src_offset_bytes: 8,
            size_bytes: 8,
            flags: CopyFlags::WRITEBACK_DST.bits(),
            ..Default::default()
        });
    });
    let allocation = |id: u32, gpa: u64| json!({"alloc_id": id, "gpa": gpa, "size_bytes": 16});
    let steps = json!([
        {"op": "memory", "gpa": 4096, "data": "source.bin"},
        {"op": "submit", "stream": "stream.bin", "result": "ok", "alloc_table": [allocation(10, 4096), allocation(20, 8192)]},
        {"op": "expect_memory", "gpa": 8192, "data": "copied.bin"},
        {"op": "expect_memory", "gpa": 4096, "data": "source.bin"},
        {"op": "expect_buffer", "handle": 2, "offset": 4, "data": "part.bin"}]);
    let source: Vec<u8> = (1..=16).collect();
    let part: Vec<u8> = (9..=16).collect();
    let copied = [vec![0; 4], part.clone(), vec![0; 4]].concat();
    let data = [("stream.bin", copy), ("source.bin", source), ("copied.bin", copied), ("part.bin", part)];
    case(files, "copy/write_back", &["copy"], steps, &data);
}

/// A failing command has no effect and the next one runs; a reset forgets resources and keeps guest memory.
fn errors(files: &mut Files) {
    let create = stream(|w| {
        w.create_buffer(CreateBuffer { buffer_handle: 1, size_bytes: 4, ..Default::default() });
        w.upload_resource(7, 0, &[1; 4]);
        w.upload_resource(1, 0, &[2; 4]);
    });
    let upload = stream(|w| {
        w.upload_resource(1, 0, &[3; 4]);
    });
    let steps = json!([
        {"op": "memory", "gpa": 0, "data": "twos.bin"},
        {"op": "submit", "stream": "create.bin", "result": "error"},
        {"op": "expect_buffer", "handle": 1, "data": "twos.bin"},
        {"op": "submit", "stream": "upload.bin", "result": "ok"},
        {"op": "reset"},
        {"op": "submit", "stream": "upload.bin", "result": "error"},
        {"op": "expect_memory", "gpa": 0, "data": "twos.bin"}]);
    let data = [("create.bin", create), ("upload.bin", upload), ("twos.bin", vec![2; 4])];
    case(files, "errors/atomic", &["errors"], steps, &data);
}

/// A half transparent square over opaque blue. 1, 0, 0 at alpha 128/255 over 0, 0, 1: red is 255 * 128/255, blue 255 * 127/255;
/// alpha is the source's. The square covers pixels 1 and 2 of both axes: its corners are at 1 and 3 of 4.
fn blend(files: &mut Files) {
    let vertex = assemble(
        ".input POSITION 0 v0.xyzw float\n.output SV_Position 0 o0.xyzw float position\nvs_4_0\ndcl_input v0.xyzw\n\
         dcl_output_siv o0.xyzw, position\nmov o0.xyzw, v0.xyzw\nret\n",
    );
    let pixel = assemble(
        ".input SV_Position 0 v0.xyzw float position\n.output SV_Target 0 o0.xyzw float target\nps_4_0\n\
         dcl_output o0.xyzw\nmov o0.xyzw, l(1.0, 0, 0, 0.501960784)\nret\n",
    );
    let corners = [[-0.5f32, -0.5], [-0.5, 0.5], [0.5, -0.5], [0.5, 0.5]];
    let vertices: Vec<u8> = corners.as_flattened().iter().flat_map(|v| v.to_le_bytes()).collect();
    let draw = stream(|w| {
        w.create_simple_texture(1, Format::R8G8B8A8Unorm, 4, 4, ResourceUsage::RENDER_TARGET);
        w.create_buffer(CreateBuffer { buffer_handle: 2, size_bytes: 32, ..Default::default() });
        w.upload_resource(2, 0, &vertices);
        w.create_shader_dxbc(3, ShaderStage::Vertex, &vertex);
        w.create_shader_dxbc(4, ShaderStage::Pixel, &pixel);
        let position = InputLayoutElementDxgi {
            semantic_name_hash: semantic_name_hash("POSITION"),
            dxgi_format: 16,
            ..Default::default()
        };
        w.create_input_layout(5, &write_ilay(&[position]));
        w.set_render_targets(&[1], 0).clear(ClearFlags::COLOR, [0.0, 0.0, 1.0, 1.0], 1.0, 0);
        w.bind_shaders(3, 4).set_input_layout(5).set_primitive_topology(PrimitiveTopology::TriangleStrip);
        w.set_vertex_buffers(0, &[VertexBufferBinding { buffer: 2, stride_bytes: 8, ..Default::default() }]);
        w.set_viewport([0.0, 0.0, 4.0, 4.0], [0.0, 1.0]);
        w.set_rasterizer_state(RasterizerState::default());
        w.set_blend_state(BlendState {
            enable: 1,
            src_factor: BlendFactor::SrcAlpha.to_u32(),
            dst_factor: BlendFactor::InvSrcAlpha.to_u32(),
            src_factor_alpha: BlendFactor::One.to_u32(),
            color_write_mask: 15,
            sample_mask: u32::MAX,
            ..Default::default()
        });
        w.draw(Draw { vertex_count: 4, instance_count: 1, ..Default::default() });
    });
    let (back, blended) = ([0, 0, 255, 255], [128, 0, 127, 128]);
    let inside = |i: usize| (1..3).contains(&(i % 4)) && (1..3).contains(&(i / 4));
    let pixels: Vec<u8> = (0..16).flat_map(|i| if inside(i) { blended } else { back }).collect();
    let steps = json!([
        {"op": "submit", "stream": "stream.bin", "result": "ok"},
        {"op": "expect_texture", "handle": 1, "width": 4, "height": 4, "encoding": "rgba8", "data": "pixels.bin"}]);
    case(files, "draw/blend", &["draw"], steps, &[("stream.bin", draw), ("pixels.bin", pixels)]);
}

fn assemble(text: &str) -> Vec<u8> {
    aerogpu_dxbc::assembler::assemble(text).expect("assembles").to_dxbc()
}

/// A rectangle of a texture reaches the guest memory behind another, and the pixels around it there do not change.
fn texture_write_back(files: &mut Files) {
    let copy = stream(|w| {
        for (texture_handle, backing_alloc_id) in [(1, 10), (2, 20)] {
            w.create_texture2d(CreateTexture2d {
                texture_handle,
                format: Format::R8G8B8A8Unorm.to_u32(),
                width: 2,
                height: 2,
                mip_levels: 1,
                array_layers: 1,
                row_pitch_bytes: 8,
                backing_alloc_id,
                ..Default::default()
            });
        }
        w.copy_texture2d(CopyTexture2d {
            dst_texture: 2,
            src_texture: 1,
            dst_x: 1,
            width: 1,
            height: 2,
            flags: CopyFlags::WRITEBACK_DST.bits(),
            ..Default::default()
        });
    });
    let allocation = |id: u32, gpa: u64| json!({"alloc_id": id, "gpa": gpa, "size_bytes": 16});
    let steps = json!([
        {"op": "memory", "gpa": 4096, "data": "source.bin"},
        {"op": "submit", "stream": "stream.bin", "result": "ok", "alloc_table": [allocation(10, 4096), allocation(20, 8192)]},
        {"op": "expect_memory", "gpa": 8192, "data": "copied.bin"}]);
    let source: Vec<u8> = (1..=16).collect();
    let copied = vec![0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 9, 10, 11, 12];
    let data = [("stream.bin", copy), ("source.bin", source), ("copied.bin", copied)];
    case(files, "copy/texture_write_back", &["copy"], steps, &data);
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

#[test]
fn the_files_are_what_this_code_writes() {
    let mut files = Files::new();
    clear(&mut files);
    write_back(&mut files);
    errors(&mut files);
    blend(&mut files);
    texture_write_back(&mut files);
    if std::env::var_os("AEROGPU_WRITE_CASES").is_some() {
        for (name, bytes) in &files {
            let path = folder().join(name);
            std::fs::create_dir_all(path.parent().expect("has a folder")).expect("writable");
            std::fs::write(path, bytes).expect("writable");
        }
    }
    for (name, bytes) in &files {
        let found = std::fs::read(folder().join(name)).unwrap_or_else(|e| panic!("{}: {e}", name.display()));
        assert!(found == *bytes, "{} is out of date; see the top of this file", name.display());
    }
}

#[test]
fn the_software_renderer_passes() {
    let suite = Suite {
        fresh: &|_| Box::new(SoftwareRenderer::new(Options::default())),
        selection: Selection::default(),
        expectations: Expectations::default(),
        engines: Vec::new(),
    };
    let entries = discover::find(&[folder()]).expect("cases");
    assert_eq!(entries.len(), 5);
    for entry in &entries {
        let record = suite.run(entry);
        assert_eq!(record.status, Status::Pass, "{record}");
    }
}

fn command_line(arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_aerogpu-conformance"));
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).output().expect("runs");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn the_command_line_ends_with_totals() {
    let all = "other: 5 passed, 0 failed, 0 skipped\n5 passed, 0 failed, 0 skipped\n";
    assert_eq!(command_line(&["run", "cases"]), (Some(0), all.into()));
    let one = "other: 1 passed, 0 failed, 4 skipped\n1 passed, 0 failed, 4 skipped\n";
    assert_eq!(command_line(&["run", "cases", "--filter", "clear"]), (Some(0), one.into()));
    let none = "other: 0 passed, 0 failed, 5 skipped\n0 passed, 0 failed, 5 skipped\n";
    assert_eq!(command_line(&["run", "cases", "--features", "none"]), (Some(1), none.into()));
    assert_eq!(command_line(&["run", "nowhere"]), (Some(2), String::new()));
}
