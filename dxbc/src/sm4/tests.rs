//! Hand-written token streams; the laws of the whole codec stand in `tests/codec.rs`.

use super::*;
use crate::ir::*;

/// `ps_5_0` with these words after the header.
fn program(body: &[u32]) -> Vec<u32> {
    let mut words = vec![0x50, body.len() as u32 + 2];
    words.extend(body);
    words
}

fn error(body: &[u32]) -> DecodeError {
    decode(&program(body)).unwrap_err()
}

/// `mul_sat r0.xy, v1.zwzz, -|l(2.0)|` word by word.
#[test]
fn an_instruction_word_by_word() {
    let body = [
        0x0800_0000 | 56 | 1 << 13 | 0b0011 << 19,
        0x0010_0032, // r, one index, mask xy
        0,
        0x0010_1ae6, // v, one index, swizzle zwzz
        1,
        0x8000_4001, // one-component immediate, extended
        0x0000_00c1, // -|..|
        0x4000_0000,
    ];
    let words = program(&body);
    let decoded = decode(&words).unwrap();
    let [Statement::Instruction(mul)] = &decoded.statements[..] else { panic!("one instruction") };
    assert_eq!((mul.op, mul.saturate, mul.precise), (Op::Mul, true, 0b0011));
    assert_eq!(mul.operands[0], Operand::register(RegisterFile::Temp, &[0], Components::Mask(0b0011)));
    let zwzz = Components::Swizzle([2, 3, 2, 2]);
    assert_eq!(mul.operands[1], Operand::register(RegisterFile::Input, &[1], zwzz));
    assert_eq!((mul.operands[2].modifier, mul.operands[2].immediate[0]), (Modifier::AbsNeg, 0x4000_0000));
    assert_eq!(encode(&decoded).unwrap(), words);
}

#[test]
fn errors_name_word_opcode_and_operand() {
    // mov r0.xyzw, <operand that is missing>
    let e = error(&[0x0300_0036, 0x0010_00f2, 0]);
    assert_eq!((e.word, e.opcode, e.operand), (5, Some(54), Some(1)));
    assert_eq!(e.reason, DecodeReason::Truncated("instruction"));
    assert_eq!(e.to_string(), "word 5 (mov), operand 1: the instruction ends too early");

    assert_eq!(error(&[0x0100_00ff]).reason, DecodeReason::Opcode);
    assert_eq!(error(&[0x0000_003e]).reason, DecodeReason::Length(0));
    assert_eq!(error(&[0x0200_003e]).reason, DecodeReason::Length(2));
    assert_eq!(error(&[0x0100_203e]).reason, DecodeReason::Reserved("opcode token", 0x2000));
    assert_eq!(error(&[0x0300_0068, 1, 2]).reason, DecodeReason::Trailing(1));
    assert_eq!(error(&[53, 1]).reason, DecodeReason::Length(1));
    assert_eq!(error(&[53, u32::MAX]).reason, DecodeReason::Length(u32::MAX));
    assert_eq!(error(&[0x0400_0091, 0, u32::MAX, 0]).reason, DecodeReason::Truncated("list"));
}

#[test]
fn headers_are_checked() {
    assert_eq!(decode(&[]).unwrap_err().reason, DecodeReason::Truncated("program"));
    assert_eq!(decode(&[0x60, 2]).unwrap_err().reason, DecodeReason::Version(0x60));
    assert_eq!(decode(&[0x0006_0050, 2]).unwrap_err().reason, DecodeReason::Version(0x0006_0050));
    assert_eq!(decode(&[0x50, 1]).unwrap_err().reason, DecodeReason::Length(1));
    assert_eq!(decode(&[0x50, 3]).unwrap_err().reason, DecodeReason::Length(3));
    assert!(
        decode(&[0x50, 2, 0xdead_beef]).unwrap().statements.is_empty(),
        "words after the length are ignored"
    );
}

/// `x0[r0.x]` whose index is itself indexed, and so on.
#[test]
fn nested_indices_are_bounded() {
    let nested = |depth: usize| {
        let mut body = vec![0, 0x0010_00f2, 0];
        body.extend(std::iter::repeat_n(0x0090_000a, depth)); // r[...].x
        body.extend([0x0010_000a, 0]); // r0.x
        body[0] = 54 | (body.len() as u32) << 24;
        decode(&program(&body))
    };
    assert!(nested(4).is_ok());
    assert_eq!(nested(5).unwrap_err().reason, DecodeReason::Nesting);
    assert_eq!(nested(100).unwrap_err().reason, DecodeReason::Nesting);
}

/// Tables of functions may be longer than seven bits can say.
#[test]
fn long_function_tables_have_a_length_word() {
    for count in [124, 125, 300] {
        let table = Declaration::FunctionTable { table: 1, bodies: (0..count).collect() };
        let statements = vec![Statement::Declaration(table)];
        let program = Program { stage: Stage::Pixel, model: Model { major: 5, minor: 0 }, statements };
        let words = encode(&program).unwrap();
        assert_eq!(words[2] >> 31 != 0, count > 124);
        assert_eq!(decode(&words).unwrap(), program);
    }
}

#[test]
fn what_tokens_cannot_say_is_refused() {
    let encode_one = |instruction| {
        let statements = vec![Statement::Instruction(instruction)];
        encode(&Program { stage: Stage::Pixel, model: Model { major: 5, minor: 0 }, statements })
            .map_err(|e| e.reason)
    };
    let r0 = || Operand::register(RegisterFile::Temp, &[0], Components::Mask(0xf));
    let operands = EncodeReason::Operands { expected: 2, found: 1 };
    assert_eq!(encode_one(Instruction::new(Op::Mov, [r0()])), Err(operands));
    let saturated = Instruction { saturate: true, ..Instruction::new(Op::Ret, []) };
    assert_eq!(encode_one(saturated), Err(EncodeReason::Modifier("_sat")));
    let mut wrong = r0();
    wrong.immediate.push(0);
    assert!(matches!(encode_one(Instruction::new(Op::Mov, [r0(), wrong])), Err(EncodeReason::Operand(1, _))));
}
