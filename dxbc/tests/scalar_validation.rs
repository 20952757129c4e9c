//! Programs that are no shaders, each with the rule that it breaks.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod scalar_support;

use aerogpu_dxbc::ir::RegisterFile;
use aerogpu_dxbc::shader::{InstructionSlots, Reason};
use scalar_support::{shader, try_shader};

fn reason(text: &str) -> Reason {
    try_shader(text).expect_err(text).reason
}

#[test]
fn registers_must_be_declared() {
    let temp = Reason::OutOfRange { file: RegisterFile::Temp, index: 1, count: 1 };
    assert_eq!(reason("vs_4_0\ndcl_temps 1\nmov r1.x, l(0)\nret"), temp);
    let input = Reason::OutOfRange { file: RegisterFile::Input, index: 3, count: 1 };
    assert_eq!(reason("vs_4_0\ndcl_input v0.x\ndcl_temps 1\nmov r0.x, v3.x\nret"), input);
    let constants = Reason::Undeclared { file: RegisterFile::ConstantBuffer, index: 2 };
    assert_eq!(reason("vs_4_0\ndcl_temps 1\nmov r0.x, cb2[0].x\nret"), constants);
    let array = Reason::Undeclared { file: RegisterFile::IndexableTemp, index: 0 };
    assert_eq!(reason("vs_4_0\ndcl_temps 1\nmov x0[0].x, l(0)\nret"), array);
}

#[test]
fn operands_have_roles() {
    assert!(matches!(
        reason("vs_4_0\ndcl_constantbuffer CB0[1], immediateIndexed\nmov cb0[0].x, l(0)\nret"),
        Reason::Operand { operand: 0, file: RegisterFile::ConstantBuffer, .. }
    ));
    assert!(matches!(
        reason("vs_5_0\ndcl_resource_raw t0\ndcl_temps 1\nld_structured r0.x, l(0), l(0), t0.xxxx\nret"),
        Reason::Operand { operand: 3, file: RegisterFile::Resource, .. }
    ));
}

#[test]
fn flow_is_nested() {
    for text in [
        "vs_4_0\nelse\nret",
        "vs_4_0\nendif\nret",
        "vs_4_0\nloop\nret",
        "vs_4_0\nendloop\nret",
        "vs_4_0\nbreak\nret",
        "vs_4_0\nswitch l(0)\ncase l(0)\ncontinue\nendswitch\nret",
        "vs_4_0\nif_nz l(0)\nelse\nelse\nendif\nret",
        "vs_4_0\nswitch l(0)\ndefault\ndefault\nendswitch\nret",
        "vs_4_0\nloop\nif_nz l(0)\nendloop\nendif\nret",
        "vs_4_0\nret\nlabel l0\ncall l0\nret",
        "vs_4_0\ncall l0\nret\nlabel l0\ncall l1\nret\nlabel l1\ncall l0\nret",
    ] {
        assert!(matches!(reason(text), Reason::Flow(_)), "{text}");
    }
    assert_eq!(reason("vs_4_0\ncall l7\nret"), Reason::Unresolved { what: "label", number: 7 });
    let deep = format!("vs_4_0\n{}{}ret", "if_nz l(0)\n".repeat(65), "endif\n".repeat(65));
    assert!(matches!(reason(&deep), Reason::TooMany { count: 65, limit: 64, .. }));
}

#[test]
fn call_chains_are_bounded() {
    let chain = |length: usize| {
        let labels: String = (0..length).map(|i| format!("label l{i}\ncall l{}\nret\n", i + 1)).collect();
        format!("vs_4_0\ncall l0\nret\n{labels}label l{length}\nret\n")
    };
    shader(&chain(31));
    assert!(matches!(reason(&chain(32)), Reason::Flow(_)));
}

#[test]
fn instructions_have_stages() {
    for text in [
        "vs_4_0\ndiscard_nz l(1)\nret",
        "ps_4_0\nemit\nret",
        "vs_4_0\ndcl_temps 1\nderiv_rtx r0.x, l(0)\nret",
        "ps_5_0\nsync_g_t\nret",
        "vs_5_0\ndcl_thread_group 1, 1, 1\nret",
    ] {
        assert!(matches!(reason(text), Reason::Stage(_)), "{text}");
    }
}

#[test]
fn groups_are_bounded() {
    assert!(matches!(reason("cs_5_0\ndcl_thread_group 64, 32, 1\nret"), Reason::TooMany { count: 2048, .. }));
    assert!(matches!(reason("cs_5_0\nret"), Reason::Declaration(_)));
    assert!(matches!(
        reason("cs_5_0\ndcl_tgsm_raw g0, 32772\ndcl_thread_group 1, 1, 1\nret"),
        Reason::TooMany { count: 32772, limit: 32768, .. }
    ));
}

#[test]
fn errors_say_where() {
    let error = try_shader("ps_5_0\ndcl_output o0.x\nmov o0.x, l(0)\nemit\nret").unwrap_err();
    assert_eq!(error.to_string(), "statement 2 (emit): not for the Pixel stage");
}

#[test]
fn costs_follow_the_classes() {
    let shader = shader(
        "ps_5_0
         dcl_resource_buffer (float,float,float,float) t0
         dcl_output o0.xyzw
         dcl_temps 1
         ld_indexable(buffer)(float,float,float,float) r0.xyzw, l(0, 0, 0, 0), t0.xyzw
         rsq r0.x, r0.x
         imul null, r0.y, r0.y, r0.y
         udiv r0.z, null, r0.z, r0.w
         mov o0.xyzw, r0.xyzw
         ret",
    );
    assert_eq!(
        shader.instruction_slots(),
        InstructionSlots { alu: 4 + 2 + 8 + 1 + 1, texture: 1, memory: 0 }
    );
}
