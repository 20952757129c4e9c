//! What the command line prints.

use std::process::Command;

#[test]
fn disasm_lists_the_shaders_of_a_trace_with_their_signatures_bindings_and_costs() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aerogpu"));
    let folder = env!("CARGO_MANIFEST_DIR");
    let output = command
        .current_dir(folder)
        .args(["disasm", "tests/data/desktop.aerogputrace"])
        .output()
        .expect("runs");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    // A pixel shader of the trace: a modulated texture. A sample is one texture slot, everything else full rate.
    let shader = "\
.input  SV_Position 0 v0.xyzw float sysvalue position rw=xyzw
.input  TEXCOORD 0 v1.xy float rw=xy
.input  COLOR 0 v2.xyzw float rw=xyzw
.output SV_Target 0 o0.xyzw float rw=none
// slots, every instruction once: 2 alu, 1 texture
ps_4_0
dcl_sampler s0, mode_default
dcl_resource_texture2d (float,float,float,float) t0
dcl_input_ps linear v1.xy
dcl_input_ps linear v2.xyzw
dcl_output o0.xyzw
dcl_temps 1
sample r0.xyzw, v1.xyxx, t0.xyzw, s0                             // 1 texture
mul o0.xyzw, r0.xyzw, v2.xyzw                                    // 1 alu
ret                                                              // 1 alu
";
    assert!(text.contains(shader), "{text}");
}

#[test]
fn disasm_lists_the_shaders_of_a_direct3d_9_trace() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aerogpu"));
    let folder = env!("CARGO_MANIFEST_DIR");
    let output =
        command.current_dir(folder).args(["disasm", "tests/data/aero.aerogputrace"]).output().expect("runs");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    // What covers a pixel with a part of a texture, as the compositor says it.
    let shader = "
ps_2_0
    dcl v0
    dcl t0.xy
    dcl_2d s0
    mul r0.xy, t0, c0
    texld r0, r0, s0
    mul r0, r0, v0
    mov oC0, r0
";
    assert!(text.contains(shader), "{text}");
    assert!(!text.contains("refused") && !text.contains("cannot be decoded"), "{text}");
}

#[test]
fn statistics_of_a_trace_are_one_document() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aerogpu"));
    let arguments = ["replay", "tests/data/desktop.aerogputrace", "--no-pictures", "--stats", "json"];
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).output().expect("runs");
    assert!(output.status.success(), "{output:?}");
    let stats: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON and nothing else");
    assert_eq!((&stats["schema"], &stats["core_hertz"]), (&1.into(), &500_000_000.into()));
    let frames = stats["recordings"][0]["frames"].as_array().expect("frames");
    assert_eq!(frames.len(), 4);
    let number = |value: &serde_json::Value| value.as_u64().expect("a number");
    for frame in frames {
        let submissions = frame["submissions"].as_array().expect("submissions");
        assert_eq!(number(&frame["cycles"]), submissions.iter().map(|s| number(&s["cycles"])).sum::<u64>());
        for submission in submissions {
            let draws = submission["draws"].as_array().expect("draws");
            let sum: u64 =
                draws.iter().chain([&submission["rest"]]).map(|part| number(&part["cycles"])).sum();
            assert_eq!(number(&submission["cycles"]), sum);
            for draw in draws {
                let bound_by = draw["bound_by"].as_str().expect("a stage");
                let busy = draw["busy_cycles"].as_object().expect("stages").values().map(number).max();
                assert_eq!(draw["busy_cycles"][bound_by].as_u64(), busy, "the slowest stage bounds");
            }
        }
    }
}
