//! The format of shader cases key by key, and every mistake that one can make.

use std::path::Path;

use aerogpu::engine::Engine;
use aerogpu_conformance::run::{Kind as TroubleKind, Trouble};
use aerogpu_conformance::shader_case::case::{SCHEMA, ShaderCase};
use aerogpu_conformance::shader_case::{Loaded, is_shader_case};

/// A case with these members beside the obligatory ones.
fn text(rules: &str, members: &str, steps: &str) -> String {
    format!(
        r#"{{"schema": "{SCHEMA}", "name": "n", "source": "s", "rules": "{rules}", {members} "steps": [{steps}]}}"#
    )
}

fn load(text: &str) -> Result<Loaded, String> {
    Loaded::parse(text.as_bytes(), Path::new("x/case.json")).map_err(|error| error.to_string())
}

fn run_with(rules: &str, members: &str, steps: &str) -> Result<(), Trouble> {
    load(&text(rules, members, steps))?.run(Engine::default())
}

/// Runs steps on resources, without any shader.
fn run(resources: &str, steps: &str) -> Result<(), Trouble> {
    run_with("d3d11", &format!(r#""resources": [{resources}],"#), steps)
}

#[track_caller]
fn wrong(outcome: Result<(), Trouble>, words: &str) {
    let Trouble { kind, detail, .. } = outcome.expect_err(words);
    assert!(detail.contains(words), "\"{detail}\" does not say \"{words}\"");
    assert_eq!(kind, TroubleKind::Wrong, "{detail}");
}

/// The example of the format's description, and every key that it only names.
#[test]
fn every_key_is_read() {
    let all = r#"{"schema": "aerogpu-shader-case/1", "name": "trig/sin", "source": "where it comes from", "rules": "d3d11",
     "shaders": {"vs": "vs.dxbc", "hs": "hs.dxbc", "ds": "ds.dxbc", "gs": "gs.dxbc", "ps": "ps.dxbc", "cs": {"text": ["cs_5_0"]}},
     "resources": [
       {"kind": "render_target", "slot": 0, "dimension": "2d", "format": "r32g32b32a32_float", "width": 640, "height": 480},
       {"kind": "depth_stencil", "slot": 0, "dimension": "2d_ms", "format": "d24_unorm_s8_uint", "width": 640, "height": 480, "samples": 4},
       {"kind": "texture", "slot": 0, "dimension": "2d_array", "format": "r32_float", "width": 2, "height": 2, "layers": 3, "mips": 2, "data": "t0.bin"},
       {"kind": "texture", "slot": 1, "dimension": "3d", "format": "r32_float", "width": 2, "height": 2, "depth": 2},
       {"kind": "uav_texture", "slot": 2, "dimension": "1d", "format": "r32_uint", "width": 2},
       {"kind": "texture", "slot": 3, "dimension": "cube", "format": "r32_float"},
       {"kind": "buffer", "slot": 4, "dimension": "buffer", "raw": true, "size_bytes": 64},
       {"kind": "uav_buffer", "slot": 1, "stride_bytes": 16, "counter": 2, "size_bytes": 64, "data": "u1.bin"}],
     "samplers": [{"slot": 0, "filter": ["point", "linear", "anisotropic"], "address": ["wrap", "mirror", "clamp"],
       "compare": "less_equal", "lod_bias": 0.5, "min_lod": 1, "max_lod": 2.5, "max_anisotropy": 16, "border": [0, 0, 0, 1]},
       {"slot": 1, "address": ["border", "mirror_once", "wrap"]}],
     "state": {"viewports": [[0, 0, 640, 480, 0, 1]], "scissors": [[0, 0, 8, 8]], "depth": {"func": "less", "write": false},
       "cull": "back", "depth_clip": false, "sample_mask": 3,
       "blend": {"src": "one", "dst": "inv_src_alpha", "op": "add", "src_alpha": "zero", "dst_alpha": "one", "op_alpha": "max"},
       "alpha_test": {"func": "greater", "ref": 0.5}, "clip_planes": {"0": [1, 0, 0, 0]}, "flat_shading": true,
       "fog": {"mode": "linear", "start": 0, "end": 1, "density": 1, "color": [1, 1, 1, 1], "ortho": true},
       "point_size": [1, 1, 64], "point_sprite": true},
     "steps": [
       {"op": "clear", "target": "render_target", "slot": 0, "f32": [0, 0, 0, 0]},
       {"op": "clear", "target": "depth_stencil", "slot": 0, "depth": 1, "stencil": 255},
       {"op": "constants", "slot": 0, "data": "cb0.bin"},
       {"op": "constants", "register": 4, "stage": "vs", "data": "c4.bin"},
       {"op": "draw", "topology": "patch_list_3", "vertex_count": 3, "instance_count": 1,
        "base_vertex": -1, "start_vertex": 1, "start_instance": 2, "index_buffer": {"format": "r16_uint", "data": "ib.bin"},
        "input_layout": [{"semantic": "POSITION", "index": 0, "format": "r32g32_float", "slot": 0, "offset": 0}],
        "vertex_buffers": [{"slot": 0, "stride": 8, "data": "vb0.bin"}],
        "viewports": [[0, 0, 8, 8, 0, 1]], "state": {"cull": "none"}},
       {"op": "dispatch", "groups": [1, 2, 3]},
       {"op": "copy", "from": {"target": "uav_texture", "slot": 2}, "to": {"target": "texture", "slot": 0}},
       {"op": "probe", "target": "render_target", "slot": 0, "rect": [0, 0, 640, 480], "f32": ["0.5", 0.5, null, "nan"], "ulps": 1},
       {"op": "probe", "target": "texture", "slot": 0, "pixel": [1, 1], "layer": 2, "mip": 1, "sample": 0, "i32": [-1]},
       {"op": "probe", "target": "uav_buffer", "slot": 1, "element": 3, "bits": ["7fc00000", null], "type": "f32"}]}"#;
    let case: ShaderCase = serde_json::from_str(all).expect("the format");
    assert_eq!((case.shaders.len(), case.resources.len(), case.samplers.len()), (6, 8, 2));
    assert_eq!((case.steps.len(), case.state.sample_mask), (10, Some(3)));
}

#[test]
fn unknown_keys_are_errors_everywhere() {
    for (members, steps) in [
        (r#""known": 1,"#, ""),
        (r#""shaders": {"xs": "x.dxbc"},"#, ""),
        (r#""shaders": {"cs": {"text": [], "file": "x"}},"#, ""),
        (r#""resources": [{"kind": "texture", "pitch": 4}],"#, ""),
        (r#""resources": [{"kind": "queue"}],"#, ""),
        (r#""samplers": [{"slot": 0, "wrap": true}],"#, ""),
        (r#""state": {"fill": "wireframe"},"#, ""),
        (r#""state": {"depth": {"func": "less", "bias": 1}},"#, ""),
        (r#""state": {"blend": {"src": "one", "dst": "one", "mask": 1}},"#, ""),
        (r#""state": {"alpha_test": {"func": "less", "ref": 0, "x": 0}},"#, ""),
        ("", r#"{"op": "wait"}"#),
        ("", r#"{"op": "clear", "target": "render_target", "i32": [0]}"#),
        ("", r#"{"op": "constants", "slot": 0, "data": {"u32": [1], "i8": [1]}}"#),
        ("", r#"{"op": "draw", "topology": "point_list", "vertex_count": 1, "first": 0}"#),
        ("", r#"{"op": "dispatch", "groups": [1, 1, 1], "x": 1}"#),
        ("", r#"{"op": "copy", "from": {"target": "texture", "mip": 1}, "to": {"target": "texture"}}"#),
        ("", r#"{"op": "probe", "target": "uav_buffer", "u32": [1], "tolerance": 1}"#),
    ] {
        let error = load(&text("d3d11", members, steps)).expect_err(members);
        assert!(error.starts_with("x/case.json: "), "{error}");
    }
    let other = text("d3d11", "", "").replace("case/1", "case/2");
    assert!(load(&other).expect_err("another version").contains("not \"aerogpu-shader-case/1\""));
}

#[test]
fn shaders_that_are_none_are_errors_with_their_stage() {
    for (code, words) in [
        (r#"{"text": ["ps_5_0", "mov o0.xyzw, l(0)", "ret"]}"#, "shader cs: "),
        (r#"{"text": ["cs_5_0", "bogus r0"]}"#, "shader cs: "),
        (r#""/etc/passwd""#, "no relative file name"),
        (r#""nowhere.dxbc""#, "nowhere.dxbc"),
    ] {
        let error = load(&text("d3d11", &format!(r#""shaders": {{"cs": {code}}},"#), "")).expect_err(code);
        assert!(error.contains(words), "{error}");
    }
}

const WORDS: &str =
    r#"{"kind": "uav_buffer", "slot": 0, "format": "r32_uint", "data": {"u32": [1, 2, 3, 4]}}"#;

#[test]
fn resources_that_cannot_be_are_named() {
    for (resource, words) in [
        (
            r#"{"kind": "render_target", "slot": 8, "format": "r32_uint"}"#,
            "render_target slot 8: there are 8 slots",
        ),
        (r#"{"kind": "depth_stencil", "slot": 1, "format": "d32_float"}"#, "there are 1 slots"),
        (r#"{"kind": "depth_stencil", "format": "r32_float"}"#, "r32_float cannot be its format"),
        (r#"{"kind": "render_target", "format": "bc1_unorm"}"#, "bc1_unorm cannot be its format"),
        (
            r#"{"kind": "render_target", "dimension": "buffer", "format": "r32_uint"}"#,
            "a buffer is no target",
        ),
        (r#"{"kind": "uav_texture", "format": "d32_float"}"#, "cannot be its format"),
        (r#"{"kind": "uav_texture", "format": "r32_uint", "mips": 2}"#, "one mip level"),
        (
            r#"{"kind": "uav_texture", "format": "r32_uint", "width": 4294967295, "height": 4294967295}"#,
            "bytes",
        ),
        (r#"{"kind": "texture", "format": "r32_uint", "width": 4294967295}"#, "width"),
        (r#"{"kind": "texture"}"#, "a texture needs a format"),
        (r#"{"kind": "texture", "format": "rgba8"}"#, "format \"rgba8\" is not known"),
        (
            r#"{"kind": "texture", "format": "r32_uint", "data": {"u32": [1, 2]}}"#,
            "4 bytes more than its texels",
        ),
        (
            r#"{"kind": "texture", "format": "r32_uint", "width": 2, "data": {"u32": [1]}}"#,
            "shorter than its texels",
        ),
        (r#"{"kind": "buffer", "slot": 0}"#, "size_bytes or data"),
        (r#"{"kind": "buffer", "size_bytes": 4, "data": {"u32": [1, 2]}}"#, "its data has 8 bytes, it has 4"),
        (r#"{"kind": "buffer", "size_bytes": 4294967295}"#, "4294967295 bytes are more than"),
        (r#"{"kind": "buffer", "size_bytes": 8, "stride_bytes": 6}"#, "whole words"),
        (r#"{"kind": "uav_buffer", "slot": 64, "size_bytes": 4}"#, "there are 64 slots"),
        (r#"{"kind": "buffer", "data": {"u32": [1, null]}}"#, "null is no contents"),
        (r#"{"kind": "buffer", "data": {"u32": [1], "f32": [1]}}"#, "exactly one of"),
    ] {
        wrong(run(resource, ""), words);
    }
    let texture = r#"{"kind": "texture", "slot": 0, "format": "r32_uint"}"#;
    wrong(
        run(&format!(r#"{texture}, {{"kind": "buffer", "slot": 0, "size_bytes": 4}}"#), ""),
        "the slot is taken",
    );
}

#[test]
fn probes_see_each_number_and_say_where() {
    let probe = |more: &str| run(WORDS, &format!(r#"{{"op": "probe", "target": "uav_buffer", {more}}}"#));
    assert_eq!(probe(r#""element": 2, "u32": [3]"#), Ok(()));
    assert_eq!(probe(r#""element": 3, "bits": ["00000004"], "type": "f32""#), Ok(()));
    assert_eq!(probe(r#""u32": [null]"#), Ok(()));
    let differs = "step 0: uav_buffer slot 0, element 2, x: expected 7 (0x00000007), got 3 (0x00000003)";
    wrong(probe(r#""element": 2, "u32": [7]"#), differs);
    wrong(probe(r#""u32": [1]"#), "element 1, x: expected 1");
    for (more, words) in [
        (r#""element": 4, "u32": [1]"#, "there is no element 4"),
        (r#""element": 4294967295, "u32": [1]"#, "there is no element"),
        (r#""element": 0, "u32": []"#, "a probe expects something"),
        (r#""element": 0"#, "exactly one of"),
        (r#""element": 0, "bits": ["xyz"]"#, "no hexadecimal word"),
        (r#""pixel": [0, 0], "u32": [1]"#, "a buffer has elements, not texels"),
        (r#""slot": 1, "u32": [1]"#, "there is no uav_buffer in slot 1"),
    ] {
        wrong(probe(more), words);
    }
    let target = r#"{"kind": "render_target", "format": "r32g32_float", "width": 2, "height": 2, "layers": 2, "samples": 1}"#;
    let probe = |more: &str| run(target, &format!(r#"{{"op": "probe", "target": "render_target", {more}}}"#));
    assert_eq!(probe(r#""pixel": [1, 1], "layer": 1, "f32": ["-0", 0, 0, 1]"#), Ok(()));
    wrong(probe(r#""pixel": [1, 0], "f32": [0, 1]"#), "pixel (1, 0) layer 0 mip 0 sample 0, y: expected 1.0");
    for (more, words) in [
        (r#""element": 0, "f32": [0]"#, "a texture has pixels"),
        (r#""pixel": [0, 0], "rect": [0, 0, 1, 1], "f32": [0]"#, "not both"),
        (r#""pixel": [2, 0], "f32": [0]"#, "no such texels"),
        (r#""rect": [1, 1, 0, 1], "f32": [0]"#, "no such texels"),
        (r#""rect": [1, 1, 4294967295, 1], "f32": [0]"#, "no such texels"),
        (r#""layer": 2, "f32": [0]"#, "no such texels"),
        (r#""mip": 4294967295, "f32": [0]"#, "no such texels"),
        (r#""sample": 1, "f32": [0]"#, "no such texels"),
        (r#""sample": 4294967295, "f32": [0]"#, "no such texels"),
        (r#""f32": [0, 0, 0, 1, 0]"#, "5 values are expected of 4"),
    ] {
        wrong(probe(more), words);
    }
}

/// d3d-rules §2.14: integer targets truncate floats; UAV clears with integers take the lowest bits of each component.
#[test]
fn clears_convert_as_direct3d_says() {
    let clear_and_probe = |resource: &str, clear: &str, probe: &str| {
        let target = if resource.contains("uav") { "uav_texture" } else { "render_target" };
        let step = |op: &str, more: &str| format!(r#"{{"op": "{op}", "target": "{target}", {more}}}"#);
        run(resource, &format!("{}, {}", step("clear", clear), step("probe", probe)))
    };
    let target = |format: &str| format!(r#"{{"kind": "render_target", "format": "{format}", "width": 3}}"#);
    let uav = |format: &str| format!(r#"{{"kind": "uav_texture", "format": "{format}", "width": 3}}"#);
    let floats = r#""f32": [2.75, -1, 300, 1]"#;
    for (resource, clear, probe) in [
        (target("r32g32b32a32_float"), floats, floats),
        (target("r8g8b8a8_uint"), floats, r#""u32": [2, 0, 255, 1]"#),
        (target("r8g8b8a8_sint"), floats, r#""i32": [2, -1, 127, 1]"#),
        (target("r32_uint"), r#""u32": [4294967295]"#, r#""u32": [4294967295]"#),
        (uav("r8g8b8a8_unorm"), r#""f32": [1, 0, 2, 0]"#, r#""f32": [1, 0, 1, 0]"#),
        (uav("r8g8b8a8_unorm"), r#""u32": [511, 256, 0, 51]"#, r#""f32": [1, 0, 0, 0.2]"#),
        (uav("r16g16_sint"), r#""u32": [98303, 5]"#, r#""i32": [32767, 5]"#),
        (uav("r32_float"), r#""u32": [1065353216]"#, r#""f32": [1]"#),
    ] {
        assert_eq!(clear_and_probe(&resource, clear, probe), Ok(()), "{resource} {clear}");
    }
    let unorm = target("r8g8b8a8_unorm");
    wrong(clear_and_probe(&unorm, r#""u32": [1]"#, r#""u32": [1]"#), "cleared with f32");
    wrong(clear_and_probe(&unorm, r#""f32": [1], "stencil": 1"#, r#""u32": [1]"#), "only a depth_stencil");
    let texture = r#"{"kind": "texture", "format": "r32_uint"}"#;
    wrong(run(texture, r#"{"op": "clear", "target": "texture", "u32": [1]}"#), "give it data");
}

#[test]
fn depth_and_stencil_are_cleared_apart() {
    let depth = r#"{"kind": "depth_stencil", "format": "d32_float", "width": 2, "layers": 2}"#;
    let clear = |more: &str| format!(r#"{{"op": "clear", "target": "depth_stencil", {more}}}"#);
    let probe = r#"{"op": "probe", "target": "depth_stencil", "layer": 1, "f32": [0.25]}"#;
    assert_eq!(run(depth, &format!("{}, {probe}", clear(r#""depth": 0.25"#))), Ok(()));
    wrong(run(depth, &clear(r#""stencil": 1"#)), "d32_float has no stencil");
    wrong(run(depth, &clear(r#""f32": [1]"#)), "with depth, stencil or both");
    let both = depth.replace("d32_float", "d24_unorm_s8_uint");
    let ones = r#"{"op": "probe", "target": "depth_stencil", "f32": [1]}"#;
    let steps = [clear(r#""depth": 1"#), clear(r#""stencil": 7"#), ones.into()].join(", ");
    assert_eq!(run(&both, &steps), Ok(()), "a clear of stencil keeps depth");
}

#[test]
fn copies_take_bits_between_resources_of_one_shape() {
    let resources = format!(
        r#"{WORDS}, {{"kind": "buffer", "slot": 0, "format": "r32_float", "size_bytes": 16}},
        {{"kind": "buffer", "slot": 1, "size_bytes": 8}},
        {{"kind": "uav_texture", "slot": 1, "format": "r8_uint", "width": 3, "height": 2}},
        {{"kind": "texture", "slot": 2, "format": "r8_unorm", "width": 3, "height": 2, "data": "{}"}}"#,
        "six.bin"
    );
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shader-case-copies");
    std::fs::create_dir_all(&folder).expect("writable");
    std::fs::write(folder.join("six.bin"), [1, 2, 3, 4, 5, 255]).expect("writable");
    let copies = |steps: &str| {
        let text = text("d3d11", &format!(r#""resources": [{resources}],"#), steps);
        let case = Loaded::parse(text.as_bytes(), &folder.join("case.json")).expect("valid");
        case.run(Engine::default())
    };
    let copy = |from: &str, to: &str| {
        let place = |place: &str| {
            let (kind, slot) = place.split_once(' ').expect("kind and slot");
            format!(r#"{{"target": "{kind}", "slot": {slot}}}"#)
        };
        format!(r#"{{"op": "copy", "from": {}, "to": {}}}"#, place(from), place(to))
    };
    let bits = r#"{"op": "probe", "target": "buffer", "slot": 0, "element": 2, "bits": ["00000003"]}"#;
    assert_eq!(copies(&format!("{}, {bits}", copy("uav_buffer 0", "buffer 0"))), Ok(()));
    let last = r#"{"op": "probe", "target": "uav_texture", "slot": 1, "pixel": [2, 1], "u32": [255]}"#;
    let there = copy("texture 2", "uav_texture 1");
    assert_eq!(copies(&format!("{there}, {last}")), Ok(()));
    let back = r#"{"op": "probe", "target": "texture", "slot": 2, "pixel": [2, 1], "f32": [1]}"#;
    assert_eq!(copies(&format!("{there}, {}, {back}", copy("uav_texture 1", "texture 2"))), Ok(()));
    let cleared = r#"{"op": "clear", "target": "uav_buffer", "slot": 0, "u32": [9]}"#;
    let nines = r#"{"op": "probe", "target": "uav_buffer", "slot": 0, "u32": [9]}"#;
    assert_eq!(
        copies(&format!(
            "{cleared}, {}, {}, {nines}",
            copy("uav_buffer 0", "buffer 0"),
            copy("buffer 0", "uav_buffer 0")
        )),
        Ok(())
    );
    wrong(copies(&copy("uav_buffer 0", "buffer 1")), "same shape");
    wrong(copies(&copy("uav_buffer 0", "texture 2")), "same shape");
    wrong(copies(&copy("uav_buffer 0", "buffer 9")), "there is no buffer in slot 9");
}

#[test]
fn what_cannot_be_run_has_a_kind_of_its_own() {
    let shader = |lines: &str| {
        format!(
            r#""shaders": {{"cs": {{"text": ["cs_5_0", "dcl_thread_group 1024, 1, 1", {lines} "ret"]}}}},"#
        )
    };
    let dispatch = r#"{"op": "dispatch", "groups": [1, 1, 1]}"#;
    assert_eq!(run_with("d3d11", &shader(""), dispatch), Ok(()));
    let timeout = run_with("d3d11", &shader(r#""loop", "endloop","#), dispatch).expect_err("it never ends");
    assert_eq!(timeout.kind, TroubleKind::Timeout);
    wrong(run("", dispatch), "there is no cs");
    let constants = |more: &str| format!(r#"{{"op": "constants", {more} "data": {{"f32": [1]}}}}"#);
    assert_eq!(run_with("d3d9", "", &constants("")), Ok(()));
    wrong(run("", &constants(r#""register": 1,"#)), "for Direct3D 9");
    wrong(run("", &constants(r#""slot": 16,"#)), "there is no constant buffer 16");
}

#[test]
fn draws_refuse_what_they_cannot_follow() {
    let draw =
        |more: &str| format!(r#"{{"op": "draw", "topology": "point_list", "vertex_count": 1 {more}}}"#);
    let vertex = r#""shaders": {"vs": {"text": ["vs_5_0", "dcl_output_siv o0.xyzw, position", "mov o0.xyzw, l(0, 0, 0, 1.0)", "ret"]}},"#;
    let targets = r#""resources": [{"kind": "render_target", "format": "r32_float"}],"#;
    let both = format!("{vertex} {targets}");
    assert_eq!(run_with("d3d11", &both, &draw("")), Ok(()));
    wrong(run("", &draw("")), "a draw needs a vertex shader");
    wrong(
        run_with("d3d11", &both, &draw(r#", "state": {"fog": {"mode": "exp", "color": [0, 0, 0, 0]}}"#)),
        "fog is state of Direct3D 9",
    );
    wrong(
        run_with("d3d11", &both, &draw(r#", "state": {"alpha_test": {"func": "less", "ref": 1}}"#)),
        "state of Direct3D 9",
    );
    wrong(run_with("d3d11", &both, &draw("").replace("point_list", "patch_list_33")), "topology");
    wrong(
        run_with("d3d11", &both, &draw(r#", "index_buffer": {"format": "r8_uint", "data": {"u32": [0]}}"#)),
        "indices are",
    );
    wrong(
        run_with(
            "d3d11",
            &both,
            &draw(r#", "vertex_buffers": [{"slot": 32, "stride": 4, "data": {"u32": [0]}}]"#),
        ),
        "no vertex buffer slot 32",
    );
    let mixed = targets
        .replace("]", r#", {"kind": "render_target", "slot": 1, "format": "r32_float", "samples": 4}]"#);
    wrong(run_with("d3d11", &format!("{vertex} {mixed}"), &draw("")), "different samples");
}

#[test]
fn broken_and_younger_cases_are_found_so_that_they_fail() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shader-case-found");
    std::fs::create_dir_all(&folder).expect("writable");
    for (name, content, found) in [
        ("one.json", text("d3d11", "", ""), true),
        ("younger.json", text("d3d12", "", "").replace("case/1", "case/2"), true),
        ("broken.json", text("d3d11", "", "").replace('}', ""), true),
        ("one.txt", text("d3d11", "", ""), false),
        ("other.json", r#"{"schema": "aerogpu-case/1"}"#.into(), false),
        ("results.json", "[1, 2]".into(), false),
    ] {
        let path = folder.join(name);
        std::fs::write(&path, content).expect("writable");
        assert_eq!(is_shader_case(&path), found, "{name}");
    }
}
