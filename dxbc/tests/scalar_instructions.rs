//! Operands, modifiers, masks and the instructions that need a whole program to be seen.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod scalar_support;

use aerogpu_dxbc::NoResources;
use scalar_support::{World, f, run_pixels, run_vertices, shader};

/// `o0` of a vertex shader whose inputs `v0` are given.
fn result(body: &str, input: [u32; 4]) -> [u32; 4] {
    let text = format!("vs_5_0\ndcl_input v0.xyzw\ndcl_output o0.xyzw\ndcl_temps 4\n{body}\nret\n");
    run_vertices(&shader(&text), &NoResources, &[input]).outputs.vector(0, 0)
}

#[test]
fn moves_keep_bits_and_modifiers_touch_the_sign() {
    let input = [0x7f80_0001, 0x8000_0001, 0x0000_0001, f(-2.0)];
    assert_eq!(result("mov o0.xyzw, v0.xyzw", input), input);
    assert_eq!(result("mov o0.xyzw, -v0.xyzw", input), [0xff80_0001, 1, 0x8000_0001, f(2.0)]);
    assert_eq!(result("mov o0.xyzw, -|v0.wzyx|", input), [f(-2.0), 0x8000_0001, 0x8000_0001, 0xff80_0001]);
    assert_eq!(result("mov_sat o0.xyzw, v0.xyzw", input), [0, 0, 0, 0]);
    assert_eq!(result("mov o0.xw, v0.wzyx", input), [f(-2.0), 0, 0, 0x7f80_0001]);
}

#[test]
fn integer_negation_is_twos_complement() {
    assert_eq!(
        result("iadd o0.xyzw, -v0.xyzw, l(0, 0, 0, 1)", [1, 0, 0x8000_0000, 5]),
        [u32::MAX, 0, 0x8000_0000, -4_i32 as u32]
    );
}

#[test]
fn float_arithmetic_flushes_its_operands_and_results() {
    assert_eq!(
        result("mul o0.xyzw, v0.xyzw, l(1.0, 1.0, -1.0, 0.5)", [1, 0x8000_0001, 1, 0x0080_0000]),
        [0, 0x8000_0000, 0x8000_0000, 0]
    );
    assert_eq!(result("max o0.x, v0.x, l(0x80000000)", [1, 0, 0, 0])[0], 1);
    assert_eq!(result("add_sat o0.xy, v0.xyxx, -|v0.xxxx|", [f(-3.0), f(9.0), 0, 0])[..2], [0, f(1.0)]);
}

#[test]
fn sources_are_read_before_destinations_are_written() {
    assert_eq!(
        result("mov r0.xyzw, v0.xyzw\nmov r0.xyzw, r0.wzyx\nmov o0.xyzw, r0.xyzw", [1, 2, 3, 4]),
        [4, 3, 2, 1]
    );
    let divide = "mov r0.xy, v0.xyxx\nudiv r0.x, r0.y, r0.x, r0.y\nmov o0.xy, r0.xyxx";
    assert_eq!(result(divide, [17, 5, 0, 0])[..2], [3, 2]);
    assert_eq!(result("udiv null, o0.x, v0.x, v0.y", [17, 0, 0, 0])[0], u32::MAX);
    let swap = "mov r0.xyzw, v0.xyzw\nswapc r0.xy, r0.zw, r0.xxxx, r0.xyxx, r0.zwzw\nmov o0.xyzw, r0.xyzw";
    // Components xy of the first destination, zw of the second: each from its own component of the sources.
    assert_eq!(result(swap, [1, 2, 3, 4]), [3, 4, 1, 1]);
    assert_eq!(result("imul o0.x, o0.y, v0.x, v0.y", [u32::MAX, 2, 0, 0])[..2], [u32::MAX, -2_i32 as u32]);
}

#[test]
fn conditional_moves_test_any_bit() {
    assert_eq!(
        result("movc o0.xyzw, v0.xyzw, l(1, 2, 3, 4), l(5, 6, 7, 8)", [0, 1, 0x8000_0000, u32::MAX]),
        [5, 2, 3, 4]
    );
}

#[test]
fn doubles_live_in_pairs() {
    let one = 1.0_f64.to_bits();
    let [low, high] = [one as u32, (one >> 32) as u32];
    let two = (2.0_f64.to_bits() >> 32) as u32;
    assert_eq!(result("dadd o0.xyzw, v0.xyxy, v0.zwxy", [low, high, 0, 0]), [low, high, 0, two]);
    assert_eq!(result("dadd o0.zw, v0.xyxy, -v0.xyxy", [low, high, 0, 0]), [0, 0, 0, 0]);
    // The first double goes to the first component of the mask.
    assert_eq!(result("dtof o0.yw, v0.xyzw", [low, high, 0, two]), [0, f(1.0), 0, f(2.0)]);
    assert_eq!(result("deq o0.z, v0.xyxy, d(1.0, 1.0)", [low, high, 0, 0]), [0, 0, u32::MAX, 0]);
    assert_eq!(result("ftod o0.zw, v0.xxxx", [f(2.0), 0, 0, 0]), [0, 0, 0, two]);
    assert_eq!(result("itod o0.xyzw, v0.xyxx", [1, 2, 0, 0]), [low, high, 0, two]);
    let select = "dmovc o0.xyzw, v0.xyxx, v0.zwzw, v0.wzwz";
    assert_eq!(result(select, [0, 1, 5, 6]), [6, 5, 5, 6]);
    assert_eq!(result("dmul_sat o0.xy, v0.zwzw, v0.zwzw", [0, 0, 0, two]), [low, high, 0, 0]);
}

#[test]
fn bits_and_fields() {
    assert_eq!(
        result("bfi o0.xyzw, l(8, 8, 0, 31), l(8, 0, 3, 31), l(0xab, 0xcd, 0xff, 1), v0.xyzw", [0, 0, 5, 0]),
        [0xab00, 0xcd, 5, 1 << 31]
    );
    assert_eq!(
        result(
            "countbits o0.x, v0.x\nbfrev o0.y, v0.x\nfirstbit_hi o0.z, v0.x\nfirstbit_lo o0.w, v0.x",
            [6, 0, 0, 0]
        ),
        [2, 0x6000_0000, 29, 1]
    );
    assert_eq!(
        result("f32tof16 o0.x, v0.x\nf16tof32 o0.y, v0.y", [f(1.0), 0xffff_3c00, 0, 0])[..2],
        [0x3c00, f(1.0)]
    );
    assert_eq!(result("msad o0.x, v0.x, v0.y, v0.z", [0x0000_0201, 0x0000_0505, 10, 0])[0], 10 + 4 + 3);
}

#[test]
fn pixel_registers_of_their_own() {
    let shader = shader(
        "ps_5_0
         dcl_input vCoverage
         dcl_output oDepthGE
         dcl_output oMask
         dcl_temps 1
         mov oDepthGE, l(0.5)
         and oMask, vCoverage.x, l(0xfffffffe)
         ret",
    );
    let io = run_pixels(&shader, &NoResources, &[]);
    assert_eq!((io.depth[2], io.output_coverage[2]), (f(0.5), 0));
    let pixel = shader.pixel();
    assert!(pixel.writes_coverage && pixel.reads_coverage && !pixel.writes_stencil_ref && !pixel.per_sample);
    assert_eq!(pixel.depth, Some(aerogpu_dxbc::shader::DepthOutput::GreaterEqual));
}

#[test]
fn sample_positions_of_the_target() {
    let shader = shader(
        "ps_4_1
         dcl_output o0.xyzw
         dcl_output o1.xyzw
         samplepos o0.xy, rasterizer.xyxx, l(3)
         sampleinfo o1.x, rasterizer.x
         ret",
    );
    let io = run_pixels(&shader, &World::default(), &[]);
    assert_eq!(io.outputs.vector(0, 0), [f(3.0), f(0.5), 0, 0]);
    assert_eq!(io.outputs.vector(0, 1)[0], f(8.0));
}
