//! The law of the fast interpreter: on every program, at every level and for every number of lanes, the bits of the
//! reference. Held on random programs: a sample always, a million on demand
//! (`cargo test --release --test simd_programs -- --ignored --nocapture`).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod scalar_support;

use aerogpu_dxbc::generate::{Engine, levels, lowers, program, run, shader};
use aerogpu_dxbc::ir::{Op, Stage};
use aerogpu_dxbc::scalar::ExecutionError;
use aerogpu_dxbc::simd::Registers;
use proptest::prelude::*;

const STAGES: [Stage; 6] =
    [Stage::Pixel, Stage::Vertex, Stage::Compute, Stage::Geometry, Stage::Domain, Stage::Hull];
const BUDGET: u64 = 2_000;

/// Numbers of lanes, for pixel shaders of quads.
fn lanes(stage: Stage, choice: usize) -> usize {
    let any = [1, 5, 64, 4, 3, 63, 100, 128, 256, 65];
    let quads = [4, 8, 64, 12, 4, 60, 100, 128, 256, 68];
    if stage == Stage::Pixel { quads[choice % quads.len()] } else { any[choice % any.len()] }
}

/// Compares both interpreters on one program; true when it ran out of its budget.
fn agree(
    stage: Stage,
    seed: u64,
    size: usize,
    choice: usize,
    registers: &mut Registers,
) -> Result<bool, String> {
    let shader =
        shader(stage, seed, size).map_err(|e| format!("the generator made an invalid program: {e}"))?;
    if !lowers(&shader) {
        return Err("the reference interpreter would be compared with itself".to_owned());
    }
    let lanes = lanes(stage, choice);
    let mut execute = |engine| run(engine, &shader, lanes, seed as u32, BUDGET, registers);
    let expected = execute(Engine::Scalar);
    for level in levels() {
        let found = execute(Engine::Simd(level));
        if found != expected {
            let at = match (&found, &expected) {
                (Ok(a), Ok(b)) => format!("word {:?}", a.iter().zip(b).position(|(a, b)| a != b)),
                (a, b) => format!("{:?} instead of {:?}", a.as_ref().map(|_| ()), b.as_ref().map(|_| ())),
            };
            return Err(format!(
                "{stage:?}, seed {seed}, size {size}, {lanes} lanes at {level:?}: {at}\n{}",
                shader.program()
            ));
        }
    }
    Ok(expected == Err(ExecutionError::TimeOut))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn both_interpreters_agree(stage in 0..STAGES.len(), seed: u64, size in 1..60_usize, choice in 0..10_usize) {
        if let Err(difference) = agree(STAGES[stage], seed, size, choice, &mut Registers::default()) {
            prop_assert!(false, "{}", difference);
        }
    }
}

/// With no lane left on the side of a branch that is known to run, the other side does not run either, for no lane.
#[test]
fn returned_lanes_are_not_charged_for_the_other_side() {
    let shader = scalar_support::shader(
        "cs_5_0
         dcl_constantbuffer cb0[16], immediateIndexed
         dcl_thread_group 4, 1, 1
         if_nz cb0[0].x
           retc_nz l(1)
         else
           call l0
         endif
         ret
         label l0
         ret",
    );
    for seed in 0..8 {
        let execute = |engine| run(engine, &shader, 4, seed, BUDGET, &mut Registers::default());
        let expected = execute(Engine::Scalar);
        for level in levels() {
            assert_eq!(execute(Engine::Simd(level)), expected, "seed {seed} at {level:?}");
        }
    }
}

/// What no program can have: validation refuses them by name.
const REFUSED: [Op; 3] = [Op::Jmp, Op::Abort, Op::DebugBreak];

#[test]
fn programs_have_every_instruction() {
    let mut missing: Vec<Op> = Op::ALL.iter().copied().filter(|op| !REFUSED.contains(op)).collect();
    for seed in 0..20_000 {
        let program = program(STAGES[seed as usize % STAGES.len()], seed, 60);
        for instruction in program.instructions() {
            missing.retain(|op| *op != instruction.op);
        }
        if missing.is_empty() {
            return;
        }
    }
    panic!("no program has {missing:?}");
}

/// As many programs as `AEROGPU_PROGRAMS` says, else a million; of the stage `AEROGPU_STAGE` alone, if that is set.
#[test]
#[ignore = "takes an hour or two; run it in release after changes of `program`, `simd` or `scalar`"]
fn both_interpreters_agree_on_a_million_programs() {
    let count = std::env::var("AEROGPU_PROGRAMS").map_or(1_000_000, |n| n.parse().unwrap());
    let first: u64 = std::env::var("AEROGPU_FIRST").map_or(0, |n| n.parse().unwrap());
    let only = std::env::var("AEROGPU_STAGE").ok();
    let stages = STAGES.into_iter().filter(|s| only.as_ref().is_none_or(|only| *only == format!("{s:?}")));
    let stages: Vec<Stage> = stages.collect();
    let mut registers = Registers::default();
    let mut timeouts = 0;
    for number in first..first + count {
        let choice = number as usize;
        let size = 4 + choice % 61;
        let (stage, choice) = (stages[choice % stages.len()], choice / stages.len());
        match agree(stage, number, size, choice, &mut registers) {
            Ok(timeout) => timeouts += u64::from(timeout),
            Err(difference) => {
                // The same seed with fewer instructions is a shorter program of the same beginning.
                let mut smaller = |size| agree(stage, number, size, choice, &mut registers).err();
                panic!("{}", (1..size).find_map(&mut smaller).unwrap_or(difference));
            }
        }
    }
    println!("{count} programs agree at {} levels; {timeouts} ran out of budget", levels().len());
}
