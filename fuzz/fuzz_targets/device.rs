//! A guest that does anything with the device: registers, rings, tables, submissions, time, snapshots. See
//! `aerogpu::mock::chaos` for what must hold.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| aerogpu::mock::chaos::run(bytes));
