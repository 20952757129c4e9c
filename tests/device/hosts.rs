//! A trace, played to a device by a driver that waits for every fence: the guest sees the same whatever the host is.

use aerogpu::backend::{Backend, Completion, ReadError, Submission, TextureData};
use aerogpu::cycles::CostTable;
use aerogpu::engine::Engine;
use aerogpu::executor::{Options, SoftwareRenderer};
use aerogpu::replay::{Recording, ReplayedFrame};
use aerogpu_protocol::AllocTable;

use super::*;

/// A back end that is a machine: submissions go through its ring, and registers are looked at whenever something happens.
struct ThroughDevice {
    machine: Machine<SoftwareRenderer>,
    done: Vec<Completion>,
    /// Time, completed fence, count of blanks, status, line, and cycles so far.
    seen: Vec<(u64, u64, u64, u32, bool, u64)>,
    fence: u64,
}

impl ThroughDevice {
    fn new(options: Options) -> Self {
        let config = DeviceConfig { pacing: Pacing::Lockstep, ..DeviceConfig::default() };
        let mut machine = Machine::started(SoftwareRenderer::new(options), config);
        machine.write(mmio::SCANOUT0_ENABLE, 1);
        machine.write(mmio::IRQ_ENABLE, u32::MAX);
        Self { machine, done: Vec::new(), seen: Vec::new(), fence: 0 }
    }

    fn look(&mut self) {
        let machine = &self.machine;
        self.seen.push((
            machine.device.now().0,
            completed(machine),
            machine.read64(mmio::SCANOUT0_VBLANK_SEQ_LO),
            machine.read(mmio::IRQ_STATUS),
            machine.device.interrupt(),
            machine.device.gpu_cycles().0,
        ));
    }
}

impl Backend for ThroughDevice {
    fn reset(&mut self) {}

    fn submit(&mut self, memory: &mut dyn GuestMemory, submission: &Submission<'_>) {
        let table = submission.alloc_table.map(|bytes| AllocTable::parse(bytes).expect("a table"));
        let allocations: Vec<_> = table.iter().flat_map(AllocTable::entries).collect();
        for entry in &allocations {
            let mut bytes = vec![0; entry.size_bytes as usize];
            memory.read(entry.gpa, &mut bytes).expect("memory of the trace");
            self.machine.poke(entry.gpa, &bytes);
        }
        self.fence += 1;
        self.machine.submit(&Submit {
            stream: submission.stream,
            allocations: &allocations,
            fence: self.fence,
            context_id: submission.context_id,
            ..Submit::default()
        });
        self.machine.step();
        self.look();
        while completed(&self.machine) < self.fence {
            let next = self.machine.device.next_event().expect("the fence will complete");
            self.machine.at(next.0);
            self.look();
            self.machine.interrupt();
        }
        let reports = self.machine.device.take_reports();
        for report in &reports {
            assert_eq!(
                report.cycles,
                report.report.cycles(&CostTable::VGPU_1),
                "the clock moves by what it costs"
            );
        }
        self.done.extend(reports.into_iter().map(|r| Completion { fence: r.fence, report: r.report }));
    }

    fn poll(&mut self) -> Vec<Completion> {
        std::mem::take(&mut self.done)
    }

    fn scanout(&mut self, id: u32) -> Option<TextureData> {
        self.machine.device.backend().scanout(id)
    }

    fn read_texture(&mut self, handle: u32, mip: u32, layer: u32) -> Result<TextureData, ReadError> {
        self.machine.device.backend().read_texture(handle, mip, layer)
    }

    fn read_buffer(&mut self, handle: u32, offset: u64, len: u64) -> Result<Vec<u8>, ReadError> {
        self.machine.device.backend().read_buffer(handle, offset, len)
    }
}

#[test]
fn a_guest_sees_the_same_whatever_the_host_is() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/desktop.aerogputrace");
    let trace = std::fs::read(path).expect("the repository carries the trace");
    let run = |options: Options, threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| {
            let mut device = ThroughDevice::new(options);
            let mut frames = Vec::new();
            let keep = |frame: ReplayedFrame| {
                let work: Vec<_> = frame.submissions.iter().map(|report| report.work).collect();
                frames.push((frame.picture.map(|picture| picture.sha256()), work));
            };
            Recording::parse(&trace).expect("a trace").replay(&mut device, keep).expect("replays");
            (frames, device.seen)
        })
    };
    let (frames, seen) = run(Options::default(), 1);
    assert!(frames.iter().all(|(picture, _)| picture.is_some()) && seen.len() > 2 * frames.len());
    let levels = ["sse2", "sse4.2", "avx2", "avx512", "neon", "simd128"];
    let engines = levels.iter().filter_map(|level| Engine::level(level)).map(Engine::Simd);
    for (engine, (threads, tile_size)) in engines.zip([(2, 32), (8, 64), (1, 8)].into_iter().cycle()) {
        let found = run(Options { engine, tile_size, ..Options::default() }, threads);
        assert!(found.0 == frames, "frames or counters: {engine:?}, {threads} threads");
        assert!(found.1 == seen, "registers: {engine:?}, {threads} threads");
    }
}
