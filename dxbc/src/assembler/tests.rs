//! Text that is right, text that is wrong, and where.

use super::*;
use crate::container::ShaderBlob;
use crate::ir::{Components, Declaration, Index, Instruction, Modifier, Op, Operand, RegisterFile};
use crate::signature::{ComponentType, SignatureElement};

/// The only instruction of a `ps_5_0` program.
fn instruction(line: &str) -> Instruction {
    let program = assemble(&format!("ps_5_0\n{line}")).unwrap_or_else(|e| panic!("{line}: {e}")).program;
    match program.statements.into_iter().next() {
        Some(Statement::Instruction(instruction)) => instruction,
        other => panic!("{line}: {other:?}"),
    }
}

fn declaration(profile: &str, line: &str) -> Declaration {
    let program = assemble(&format!("{profile}\n{line}")).unwrap_or_else(|e| panic!("{line}: {e}")).program;
    match program.statements.into_iter().next() {
        Some(Statement::Declaration(declaration)) => declaration,
        other => panic!("{line}: {other:?}"),
    }
}

/// Line, column and message of the error.
fn error(text: &str) -> (usize, usize, String) {
    let error = assemble(text).expect_err(text);
    (error.line, error.column, error.message)
}

#[test]
fn literals_keep_their_bits() {
    let cases: [(&str, u32); 16] = [
        ("0", 0),
        ("1", 1),
        ("-1", u32::MAX),
        ("4294967295", u32::MAX),
        ("-2147483648", 1 << 31),
        ("0x7fc00001", 0x7fc0_0001),
        ("0XFF", 0xff),
        ("1.0", 0x3f80_0000),
        ("-1.0", 0xbf80_0000),
        ("-0.0", 0x8000_0000),
        ("0.1", 0x3dcc_cccd),
        ("1e0", 0x3f80_0000),
        ("1e-45", 1),
        ("1.5E+3", 0x44bb_8000),
        ("3.4028235e38", 0x7f7f_ffff),
        ("1e39", 0x7f80_0000),
    ];
    for (text, word) in cases {
        let mov = instruction(&format!("mov r0.x, l({text})"));
        assert_eq!(mov.operands[1].immediate[..], [word], "{text}");
    }
    let doubles = instruction("dmov r0.xy, d(1.0, 0x7ff0000000000001)");
    assert_eq!(doubles.operands[1].immediate[..], [0, 0x3ff0_0000, 1, 0x7ff0_0000]);
}

#[test]
fn listings_print_floats_short_and_exact() {
    let print = |line| instruction(line).to_string();
    assert_eq!(print("add r0.x, r0.x, l(0x3dcccccd)"), "add r0.x, r0.x, l(0.1)");
    assert_eq!(print("add r0.x, r0.x, l(0x7fc00000)"), "add r0.x, r0.x, l(0x7fc00000)");
    assert_eq!(print("add r0.x, r0.x, l(1e-40)"), "add r0.x, r0.x, l(0x000116c2)");
    assert_eq!(print("iadd r0.x, r0.x, l(0xffffffff)"), "iadd r0.x, r0.x, l(-1)");
    assert_eq!(print("and r0.x, r0.x, l(1.0)"), "and r0.x, r0.x, l(0x3f800000)");
}

#[test]
fn letters_mean_what_their_place_says() {
    let mad = instruction("mad r0.xz, v1.xy, -|cb0[r2.w + 3].x|, r1");
    let register = |file, index: u32, components| Operand::register(file, &[index], components);
    assert_eq!(mad.operands[0], register(RegisterFile::Temp, 0, Components::Mask(0b101)));
    assert_eq!(mad.operands[1], register(RegisterFile::Input, 1, Components::Swizzle([0, 1, 1, 1])));
    assert_eq!(mad.operands[3], register(RegisterFile::Temp, 1, Components::Swizzle([0, 1, 2, 3])));
    let constant = &mad.operands[2];
    assert_eq!((constant.modifier, constant.components), (Modifier::AbsNeg, Components::Select(0)));
    let relative = Some(Box::new(register(RegisterFile::Temp, 2, Components::Select(3))));
    assert_eq!(constant.indices[0], Index::constant(0));
    assert_eq!(constant.indices[1], Index { base: 3, wide: false, relative, has_base: true });

    let atomic = instruction("imm_atomic_iadd r0.x, u0, r1.x, l(1)");
    assert_eq!(atomic.operands[1].components, Components::None);
    assert_eq!(instruction("ld_raw r0, r1.x, t0").operands[2].components, Components::Swizzle([0, 1, 2, 3]));
    assert_eq!(instruction("mov oDepth, r0.x").operands[0].components, Components::One);
}

#[test]
fn modifiers_of_instructions() {
    let sync = instruction("sync_uglobal_g_t").sync;
    assert!(sync.threads && sync.group_shared && sync.uav_global && !sync.uav_group);
    let sample =
        "sample_aoffimmi_indexable(-1,7,0)(texture2d)(float,float,float,float) r0.xyzw, v1.xyxx, t0.xyzw, s0";
    assert_eq!(instruction(sample).texel_offset(), [-1, 7, 0]);
    assert_eq!(instruction(sample).to_string(), sample);
    assert_eq!(instruction("sample_c_lz r0.x, v0.xyxx, t0.xxxx, s0, l(0)").op, Op::SampleCLz);
    let resinfo = "resinfo_indexable(texture2d)(float,float,float,float)_uint r0.xyzw, l(0), t0.xyzw";
    assert_eq!(instruction(resinfo).to_string(), resinfo);
    let mul = instruction("MUL_SAT [precise(xz)] r0.xyz, r1.xyzx, r2.xyzx");
    assert_eq!((mul.saturate, mul.precise), (true, 0b101));
    assert!(instruction("discard_nz r0.x").test_nonzero);
    let fcall = instruction("fcall fp1[r0.x + 2][3]");
    assert_eq!((fcall.call_site, fcall.operands[0].indices.len()), (3, 2));
}

#[test]
fn ranges_of_shader_model_5_1() {
    let buffer = declaration("ps_5_1", "dcl_constantbuffer CB2[3:*][16], dynamicIndexed, space=7");
    let Declaration::ConstantBuffer { operand, dynamic: true, size_and_space: Some((16, 7)) } = buffer else {
        panic!("{buffer:?}")
    };
    let swizzle = Components::Swizzle([0, 1, 2, 3]);
    assert_eq!(operand, Operand::register(RegisterFile::ConstantBuffer, &[2, 3, u32::MAX], swizzle));
}

#[test]
fn every_instruction_has_a_line() {
    let has_token = |op: &&Op| !op.info().flags.contains(crate::ir::OpFlags::D9);
    for op in Op::ALL.iter().filter(has_token) {
        let info = op.info();
        let test = if info.flags.contains(crate::ir::OpFlags::TEST) { "_nz" } else { "" };
        let count = info.dst.len() + info.src.len();
        let operands = if *op == Op::Fcall { vec!["fp0[0][0]"; count] } else { vec!["r0.x"; count] };
        let line = format!("{}{test} {}", info.mnemonic, operands.join(", "));
        assert_eq!(instruction(&line).op, *op, "{line}");
        assert_eq!(instruction(&line).to_string().trim_end(), line.trim_end());
    }
}

/// The files show every declaration and every modifier, exactly as they are printed.
#[test]
fn text_prints_as_it_is_written() {
    for text in [include_str!("../../tests/text/sm5_0.dxasm"), include_str!("../../tests/text/sm5_1.dxasm")] {
        let assembled = assemble(text).unwrap();
        let printed = assembled.program.to_string();
        assert!(printed.lines().eq(text.lines()), "{printed}");
        assert_eq!(sm4::decode(&assembled.tokens).as_ref(), Ok(&assembled.program));
    }
}

#[test]
fn signatures_reach_the_container() {
    let text = "
        .input  POSITION 0 v0.xyzw float
        .input  SV_VertexID 0 v1.x uint sysvalue vertex_id rw=none
        .output SV_Position 0 o0.xyzw float position   ; the word `sysvalue` may be left out
        .output \"1 odd; name\" 2 none.x int stream=2 // a comment
        vs_5_0
        ret";
    let assembled = assemble(text).unwrap();
    let vertex_id = SignatureElement {
        name: "SV_VertexID".into(),
        system_value: 6,
        component_type: ComponentType::Uint,
        register: Some(1),
        mask: 1,
        ..SignatureElement::default()
    };
    assert_eq!(assembled.signatures.inputs.elements[1], vertex_id);
    assert_eq!(assembled.signatures.inputs.elements[0].rw_mask, 0xf);
    assert_eq!(assembled.signatures.outputs.elements[0].system_value, 1);
    let odd = &assembled.signatures.outputs.elements[1];
    assert_eq!((&*odd.name, odd.register, odd.stream, odd.rw_mask), ("1 odd; name", None, 2, 0));

    let Ok(ShaderBlob::Sm4(blob)) = ShaderBlob::parse(&assembled.to_dxbc()) else { panic!("a container") };
    assert_eq!(blob.signatures, assembled.signatures);
    assert_eq!(blob.tokens, assembled.tokens);
    assert!(blob.checksum_ok);
}

#[test]
fn errors_say_what_was_expected_and_where() {
    let cases = [
        ("", 1, 1, "profile"),
        ("xs_5_0", 1, 1, "profile"),
        ("ps_5_0\n  mvo r0.x, r0.y", 2, 7, "unknown instruction `mvo`"),
        ("ps_5_0\nmov r0.x", 2, 9, "takes 2 operands, 1 are given"),
        ("ps_5_0\nmov r0.x, r0.x, r0.x", 2, 15, "takes 2 operands, more are given"),
        ("ps_5_0\nmov r0.yx, r0.x", 2, 8, "mask"),
        ("ps_5_0\nmov r0.x, q0.x", 2, 11, "register"),
        ("ps_5_0\nmov r0.x, l(1, 2)", 2, 18, "1 or 4 words"),
        ("ps_5_0\nif r0.x", 2, 4, "needs `_z` or `_nz`"),
        ("ps_5_0\nret_sat", 2, 8, "no `_sat`"),
        ("ps_5_0\nmov r0.x, l(1.2.3)", 2, 13, "32-bit number"),
        ("ps_5_0\ndcl_foo 1", 2, 9, "unknown declaration"),
        ("ps_5_0\nret\n\nret ret", 4, 5, "end of the line"),
        ("ps_5_0\nmov r0.x, é", 2, 11, "unexpected `é`"),
        (".inptu A 0 v0.x float", 1, 2, ".input"),
        ("ps_5_0\nsample_aoffimmi(9,0,0) r0, r0, t0, s0", 2, 1, "-8..7"),
    ];
    for (text, line, column, message) in cases {
        let found = error(text);
        assert_eq!((found.0, found.1), (line, column), "{text}: {found:?}");
        assert!(found.2.contains(message), "{text}: {found:?}");
    }
}

#[test]
fn nested_indices_are_bounded() {
    let nested =
        |depth: usize| format!("ps_5_0\nmov r0.x, {}r0{}.x", "x0[".repeat(depth), ".x]".repeat(depth));
    assert!(assemble(&nested(4)).is_ok());
    assert!(assemble(&nested(5)).is_err());
    assert!(assemble(&nested(100_000)).is_err());
}

/// Names come from `RDEF`, costs from the instruction table (`VGPU-1`: full rate 1, reciprocal square root 4, integer
/// division 8, a sample one texture slot).
#[test]
fn listings_name_what_is_bound_and_say_what_it_costs() {
    use crate::container::Sm4Blob;
    use crate::reflection::{Binding, BindingKind, Reflection};
    let text = "ps_5_0\n\
        dcl_constantbuffer cb1[4], immediateIndexed\n\
        dcl_sampler s0, mode_default\n\
        dcl_resource_texture2d (float,float,float,float) t3\n\
        dcl_temps 1\n\
        sample r0.xyzw, cb1[0].xyxx, t3.xyzw, s0\n\
        rsq r0.x, r0.x\n\
        udiv r0.x, null, r0.x, r0.y\n\
        ret\n";
    let binding =
        |name: &str, kind, register, count| Binding { name: name.into(), kind, register, count, space: 0 };
    let bindings = vec![
        binding("maps", BindingKind::Texture, 2, 2),
        binding("smooth\nline", BindingKind::Sampler, 0, 1),
        binding("Frame", BindingKind::ConstantBuffer, 1, 1),
    ];
    let assembled = assemble(text).expect("is right");
    let blob = ShaderBlob::Sm4(Sm4Blob {
        reflection: Some(Reflection { bindings, ..Reflection::default() }),
        tokens: assembled.tokens,
        checksum_ok: true,
        ..Sm4Blob::default()
    });
    let listing = crate::ir::text::listing(&blob);
    assert!(listing.contains("// slots, every instruction once: 13 alu, 1 texture\n"), "{listing}");
    let notes: Vec<_> = listing
        .lines()
        .filter(|line| !line.starts_with("//"))
        .map(|line| line.split(" // ").nth(1))
        .collect();
    let expected = [
        None,
        Some("Frame"),
        Some("smooth\\nline"),
        Some("maps[1]"),
        None,
        Some("1 texture"),
        Some("4 alu"),
        Some("8 alu"),
        Some("1 alu"),
    ];
    assert_eq!(notes, expected, "{listing}");
    assert_eq!(assemble(&listing).expect("notes are comments").program, assembled.program);
}

#[test]
fn listings_say_why_a_program_is_refused() {
    let assembled = assemble("ps_5_0\nmov r7.x, l(0)\nret\n").expect("is right");
    let Ok(blob) = ShaderBlob::parse(&assembled.to_dxbc()) else { panic!("not a container") };
    let listing = crate::ir::text::listing(&blob);
    assert!(listing.contains("// refused: statement 0 (mov): "), "{listing}");
}
