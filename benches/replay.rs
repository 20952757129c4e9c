//! Frames of the repository's trace, on one thread and on all of them.

use aerogpu::replay::Recording;
use aerogpu::{Options, SoftwareRenderer};
use criterion::{Criterion, criterion_group, criterion_main};

fn desktop(c: &mut Criterion) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/desktop.aerogputrace");
    let bytes = std::fs::read(path).expect("the repository carries the trace");
    let recording = Recording::parse(&bytes).expect("a trace");
    let all = std::thread::available_parallelism().map_or(1, |n| n.get());
    let mut group = c.benchmark_group("desktop");
    group.sample_size(10);
    for threads in [1, all] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        group.bench_function(format!("{threads} threads"), |b| {
            b.iter(|| {
                let mut renderer = SoftwareRenderer::new(Options::default());
                pool.install(|| recording.replay(&mut renderer, |_| {})).expect("replays");
            });
        });
    }
    group.finish();
}

criterion_group!(benches, desktop);
criterion_main!(benches);
