//! Flow control with lanes that part and meet again.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod scalar_support;

use aerogpu_dxbc::scalar::{self, ExecutionError};
use aerogpu_dxbc::{Io, NoResources};
use scalar_support::{run_vertices, shader};

/// Runs a vertex shader whose lane `i` has `i` in `v0.x`, and gives `o0.x` of every lane.
fn lanes<const N: usize>(body: &str) -> [u32; N] {
    let text = format!("vs_5_0\ndcl_input v0.xyzw\ndcl_output o0.xyzw\ndcl_temps 4\n{body}\n");
    let inputs: Vec<_> = (0..N as u32).map(|lane| [lane, lane * 10, 0, 0]).collect();
    let io = run_vertices(&shader(&text), &NoResources, &inputs);
    std::array::from_fn(|lane| io.outputs.vector(lane, 0)[0])
}

#[test]
fn if_and_else_test_raw_bits() {
    let result = lanes(
        "ult r0.x, v0.x, l(2)
         if_nz r0.x
           mov o0.x, l(100)
         else
           mov o0.x, l(200)
         endif
         if_z v0.x
           iadd o0.x, v0.y, l(7)
         endif
         // The sign bit alone is not zero.
         if_nz l(0x80000000)
           mov r1.x, l(1)
         endif
         ret",
    );
    assert_eq!(result, [7, 100, 200, 200]);
}

#[test]
fn nested_loops_with_different_counts() {
    // For each i < lane, for each j < i: one more.
    let result = lanes(
        "mov r0.xyz, l(0, 0, 0, 0)
         loop
           uge r0.w, r0.x, v0.x
           breakc_nz r0.w
           mov r0.y, l(0)
           loop
             uge r0.w, r0.y, r0.x
             breakc_nz r0.w
             iadd r0.yz, r0.yyzy, l(0, 1, 1, 0)
           endloop
           iadd r0.x, r0.x, l(1)
         endloop
         mov o0.x, r0.z
         ret",
    );
    assert_eq!(result, [0, 0, 1, 3, 6, 10, 15, 21]);
}

#[test]
fn continue_waits_for_the_others() {
    // The sum of the odd numbers below 10, and the number of turns, per lane; lanes above 3 leave at once.
    let result = lanes(
        "mov r0.xyzw, l(0, 0, 0, 0)
         loop
           uge r0.z, r0.x, l(10)
           breakc_nz r0.z
           iadd r0.x, r0.x, l(1)
           ult r0.z, l(3), v0.x
           if_nz r0.z
             break
           endif
           and r0.z, r0.x, l(1)
           continuec_z r0.z
           iadd r0.y, r0.y, r0.x
         endloop
         mov o0.x, r0.y
         ret",
    );
    assert_eq!(result, [25, 25, 25, 25, 0, 0]);
}

#[test]
fn switch_falls_through_and_breaks() {
    let result = lanes(
        "mov r0.x, l(0)
         switch v0.x
           case l(0)
             iadd r0.x, r0.x, l(1)
           case l(1)
             iadd r0.x, r0.x, l(10)
             break
           default
             iadd r0.x, r0.x, l(100)
             ieq r0.y, v0.x, l(5)
             breakc_nz r0.y
             iadd r0.x, r0.x, l(200)
             break
           case l(3)
           case l(4)
             iadd r0.x, r0.x, l(1000)
             break
         endswitch
         mov o0.x, r0.x
         ret",
    );
    assert_eq!(result, [11, 10, 300, 1000, 1000, 100]);
}

#[test]
fn break_in_a_switch_in_a_loop_leaves_the_switch_alone() {
    let result = lanes(
        "mov r0.xy, l(0, 0, 0, 0)
         loop
           uge r0.z, r0.x, l(4)
           breakc_nz r0.z
           iadd r0.x, r0.x, l(1)
           switch r0.x
             case l(2)
               break
             case l(3)
               continue
             default
               iadd r0.y, r0.y, l(1)
               break
           endswitch
           iadd r0.y, r0.y, l(100)
         endloop
         iadd o0.x, r0.y, v0.x
         ret",
    );
    assert_eq!(result, [302, 303]);
}

#[test]
fn early_returns() {
    let result = lanes(
        "mov o0.x, l(1)
         ult r0.x, v0.x, l(1)
         retc_nz r0.x
         mov o0.x, l(2)
         loop
           ult r0.x, v0.x, l(3)
           if_nz r0.x
             ret
           endif
           mov o0.x, l(3)
           break
         endloop
         ret",
    );
    assert_eq!(result, [1, 2, 2, 3]);
}

#[test]
fn subroutines_return_to_their_callers() {
    // Lanes call l0 from different places; l0 calls l1 for odd lanes only.
    let result = lanes(
        "mov r0.xy, l(0, 0, 0, 0)
         ult r0.z, v0.x, l(2)
         loop
           if_nz r0.z
             call l0
           else
             call l0
             iadd r0.x, r0.x, l(1000)
           endif
           iadd r0.y, r0.y, l(1)
           uge r0.w, r0.y, l(2)
           breakc_nz r0.w
         endloop
         mov o0.x, r0.x
         ret
         label l0
         iadd r0.x, r0.x, l(1)
         and r1.x, v0.x, l(1)
         callc_nz r1.x, l1
         iadd r0.x, r0.x, l(10)
         ret
         label l1
         iadd r0.x, r0.x, l(100)
         retc_nz l(1)
         iadd r0.x, r0.x, l(5)
         ret",
    );
    assert_eq!(result, [22, 222, 2022, 2222]);
}

#[test]
fn an_endless_loop_spends_its_budget() {
    let shader = shader("vs_4_0\nloop\nendloop\nret\n");
    let mut io = Io::default();
    io.reset(1, 0, 0, 0);
    assert_eq!(scalar::run(&shader, &NoResources, &mut io, 1000), Err(ExecutionError::TimeOut));
}

#[test]
fn the_budget_counts_instructions_of_groups() {
    let shader = shader("vs_4_0\ndcl_temps 1\nmov r0.x, l(1)\nmov r0.y, l(1)\nret\n");
    let mut io = Io::default();
    io.reset(64, 0, 0, 0);
    assert_eq!(scalar::run(&shader, &NoResources, &mut io, 2), Err(ExecutionError::TimeOut));
    assert_eq!(scalar::run(&shader, &NoResources, &mut io, 3), Ok(()));
}
