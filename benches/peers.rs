//! The workloads that other renderers are measured with, a frame each: `cargo bench --bench peers -- W4`.
//!
//! `-- --cpu W4` prints milliseconds of one thread's processor time instead: for machines that are busy (Linux). With
//! `--level avx2` behind it, no wider vectors are used.
//! W10 is the time from a process's start to the first pixel; the process is this program itself.

mod workloads;

use std::hint::black_box;
use std::process::Command;
use std::time::Duration;

use aerogpu::engine::Engine;
use aerogpu::memory::SparseMemory;
use aerogpu::{Backend, Options, SoftwareRenderer, Submission};
use criterion::{BenchmarkGroup, Criterion, measurement::WallTime};
use workloads::{Build, TARGET, Workload};

const FIRST_PIXEL: &str = "--first-pixel";

/// A renderer that has a workload's resources.
struct Machine {
    renderer: SoftwareRenderer,
    memory: SparseMemory,
}

impl Machine {
    fn new(workload: &Workload, options: Options) -> Self {
        let renderer = SoftwareRenderer::new(options);
        let mut machine = Self { renderer, memory: SparseMemory::new() };
        workload.setup.iter().for_each(|stream| machine.submit(stream));
        machine
    }

    fn submit(&mut self, stream: &[u8]) {
        let submission = Submission { stream, fence: 1, ..Default::default() };
        self.renderer.submit(&mut self.memory, &submission);
        let done = self.renderer.poll();
        assert!(done.iter().all(|done| done.report.errors.is_empty()), "{:?}", done[0].report.errors);
    }
}

fn frames(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, build: Build) {
    let all = std::thread::available_parallelism().map_or(1, |n| n.get());
    for threads in if all > 1 { vec![1, all] } else { vec![1] } {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        group.bench_function(format!("{name}/{threads}"), |b| {
            let workload = build();
            let mut machine = Machine::new(&workload, Options::default());
            b.iter(|| pool.install(|| machine.submit(&workload.frame)));
        });
    }
}

/// The least processor time that a frame takes one thread, for the workloads whose names start so.
fn processor_times(prefix: &str, options: Options) {
    let nanoseconds = || {
        let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
        statistics.split(' ').next().and_then(|time| time.parse::<u64>().ok()).expect("a number")
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
    for (name, build) in workloads::ALL.iter().filter(|(name, _)| name.starts_with(prefix)) {
        let workload = build();
        let mut machine = Machine::new(&workload, options);
        // The clock ticks every few milliseconds.
        let frames = if name.starts_with("W1") { 16 } else { 4 };
        let mut frame = || {
            let start = nanoseconds();
            (0..frames).for_each(|_| machine.submit(&workload.frame));
            (nanoseconds() - start) / frames
        };
        let (mut least, mut spent) = (u64::MAX, 0);
        while spent < 300_000_000 {
            let time = pool.install(&mut frame).max(1000);
            (least, spent) = (least.min(time), spent + time);
        }
        println!("{name}\t{:.3} ms", least as f64 / 1e6);
    }
}

fn first_pixel() {
    let workload = workloads::first_pixel();
    let mut machine = Machine::new(&workload, Options::default());
    machine.submit(&workload.frame);
    let picture = machine.renderer.read_texture(TARGET, 0, 0).expect("the target");
    assert_eq!(picture.bytes[..4], [204, 102, 51, 255]);
}

fn main() {
    if std::env::args().any(|arg| arg == FIRST_PIXEL) {
        return first_pixel();
    }
    let arguments: Vec<String> = std::env::args().collect();
    let after = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        Some(arguments.get(at + 1).filter(|value| !value.starts_with('-')).map_or("", |value| value))
    };
    if let Some(prefix) = after("--cpu") {
        let mut options = Options::default();
        if let Some(name) = after("--level") {
            options.level = Engine::level(name).expect("a level of this machine");
            options.engine = Engine::Simd(options.level);
        }
        return processor_times(prefix, options);
    }
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let mut group = criterion.benchmark_group("peers");
    for &(name, build) in workloads::ALL {
        frames(&mut group, name, build);
    }
    group.bench_function("W10", |b| {
        let program = std::env::current_exe().expect("this program");
        b.iter(|| black_box(Command::new(&program).arg(FIRST_PIXEL).status().expect("runs")));
    });
    group.finish();
    criterion.final_summary();
}
