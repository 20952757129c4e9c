//! A snapshot at any packet boundary changes nothing: the rest of a trace gives the same frames, counters and fences as an
//! unbroken run, for the renderer alone and for the whole device.
//!
//! The traces of the repository are cut at some packets, and at hundreds in one run; the published ones, which are small, at
//! each by itself and at all in one run.
//! Those lie outside the repository, in `../shared/traces` or where `AEROGPU_SHARED` says.

use std::path::{Path, PathBuf};

use aerogpu::backend::{Completion, ReadError, TextureData};
use aerogpu::device::{Device, Display, Pacing};
use aerogpu::memory::GuestMemory;
use aerogpu::mock::{Machine, Submit};
use aerogpu::replay::{Recording, ReplayedFrame};
use aerogpu::{Backend, DeviceConfig, Options, SoftwareRenderer, Submission};
use aerogpu_protocol::Stream;
use aerogpu_protocol::packets::StreamHeader;
use aerogpu_protocol::ring::{AllocEntry, AllocTable, SubmitFlags};

/// Which packet boundaries of a trace are cuts, by number.
#[derive(Debug, Clone, Copy)]
enum Cuts {
    At(usize),
    Every(usize),
}

impl Cuts {
    fn contain(self, boundary: usize) -> bool {
        match self {
            Self::At(cut) => boundary == cut,
            Self::Every(step) => boundary.is_multiple_of(step),
        }
    }
}

/// A stream in two: the packets before byte `at`, and the others.
fn split(stream: &[u8], at: usize) -> [Vec<u8>; 2] {
    let header = &stream[..size_of::<StreamHeader>()];
    let part = |packets: &[u8]| {
        let mut part = [header, packets].concat();
        let len = part.len() as u32;
        part[8..12].copy_from_slice(&len.to_le_bytes());
        part
    };
    let end = Stream::parse(stream).expect("a stream").as_bytes().len();
    [part(&stream[header.len()..at]), part(&stream[at..end])]
}

/// Where the packets of a stream begin, and where the last one ends.
fn boundaries(stream: &[u8]) -> Vec<usize> {
    let stream = Stream::parse(stream).expect("a stream");
    let packets = stream.packets().map(|packet| packet.expect("a packet").offset);
    packets.chain([stream.as_bytes().len()]).collect()
}

/// What executes a trace.
trait Player {
    /// Executes a submission, or a part of one, and tells what came of it.
    fn play(&mut self, memory: &mut dyn GuestMemory, submission: &Submission<'_>) -> Vec<Completion>;

    /// Makes way for another instance that is restored.
    fn replace(&mut self);

    fn renderer(&mut self) -> &mut SoftwareRenderer;

    /// What can be seen from outside.
    fn look(&mut self) -> String;
}

fn options() -> Options {
    Options { fixed_function: true, ..Options::default() }
}

/// The renderer by itself.
impl Player for SoftwareRenderer {
    fn play(&mut self, memory: &mut dyn GuestMemory, submission: &Submission<'_>) -> Vec<Completion> {
        self.submit(memory, submission);
        self.poll()
    }

    fn replace(&mut self) {
        let state = self.snapshot().expect("it can tell");
        *self = Self::new(options());
        self.restore(&state).expect("a snapshot");
    }

    fn renderer(&mut self) -> &mut SoftwareRenderer {
        self
    }

    fn look(&mut self) -> String {
        String::new()
    }
}

const CONFIG: fn() -> DeviceConfig = || DeviceConfig { pacing: Pacing::Lockstep, ..DeviceConfig::default() };

fn device() -> Machine<SoftwareRenderer> {
    let mut machine = Machine::started(SoftwareRenderer::new(options()), CONFIG());
    machine.show(1, [64, 64, 256], 0x9000);
    machine
}

/// The whole device, half a millisecond a submission.
impl Player for Machine<SoftwareRenderer> {
    fn play(&mut self, memory: &mut dyn GuestMemory, submission: &Submission<'_>) -> Vec<Completion> {
        // The trace's memory goes where the ring and the rest are not.
        const ELSEWHERE: u64 = 0x100_0000_0000;
        let table = submission.alloc_table.map(|table| AllocTable::parse(table).expect("a table"));
        let mut allocations = Vec::new();
        for entry in table.iter().flat_map(|table| table.entries()) {
            let mut bytes = vec![0; entry.size_bytes as usize];
            memory.read(entry.gpa, &mut bytes).expect("the trace has it");
            let moved = AllocEntry { gpa: ELSEWHERE + entry.gpa, ..entry };
            self.poke(moved.gpa, &bytes);
            allocations.push(moved);
        }
        self.submit(&Submit {
            stream: submission.stream,
            allocations: &allocations,
            fence: submission.fence,
            flags: SubmitFlags::from_bits_retain(submission.flags),
            context_id: submission.context_id,
        });
        self.step();
        let now = self.device.now().0;
        self.at(now + 500_000);
        let reports = self.device.take_reports();
        reports.into_iter().map(|done| Completion { fence: done.fence, report: done.report }).collect()
    }

    fn replace(&mut self) {
        let snapshot = self.device.snapshot();
        self.device = Device::new(SoftwareRenderer::new(options()), CONFIG());
        self.device.restore(&snapshot).expect("a snapshot");
    }

    fn renderer(&mut self) -> &mut SoftwareRenderer {
        self.device.backend()
    }

    fn look(&mut self) -> String {
        let registers: Vec<u32> = (0..0x600).step_by(4).map(|register| self.read(register)).collect();
        let Self { device, memory, .. } = self;
        let shown = match device.present(memory) {
            Display::Picture(picture) => picture.sha256(),
            _ => String::new(),
        };
        let line = device.interrupt();
        let cycles = device.gpu_cycles();
        let next = device.next_event();
        format!("{registers:?} {line} {cycles:?} {next:?} {} {shown}", self.fence_page())
    }
}

/// Cuts what a player is given. What comes after a cut is a submission by itself and, in a broken run, executed by another
/// instance that was restored.
struct Cutter<P> {
    player: P,
    cuts: Cuts,
    broken: bool,
    /// Packet boundaries so far.
    passed: usize,
    done: Vec<Completion>,
    /// What came of every part, and what could be seen after it.
    log: Vec<String>,
}

impl<P: Player> Cutter<P> {
    fn new(player: P, cuts: Cuts, broken: bool) -> Self {
        Self { player, cuts, broken, passed: 0, done: Vec::new(), log: Vec::new() }
    }

    fn play(&mut self, memory: &mut dyn GuestMemory, part: &Submission<'_>) {
        let done = self.player.play(memory, part);
        self.log.push(format!("{done:?} {}", self.player.look()));
        self.done.extend(done);
    }
}

impl<P: Player> Backend for Cutter<P> {
    fn reset(&mut self) {}

    fn submit(&mut self, memory: &mut dyn GuestMemory, submission: &Submission<'_>) {
        let (mut rest, mut cut_off) = (submission.stream.to_vec(), 0);
        for at in boundaries(submission.stream) {
            self.passed += 1;
            if self.cuts.contain(self.passed) {
                let [first, second] = split(&rest, at - cut_off);
                self.play(memory, &Submission { stream: &first, fence: 0, flags: 0, ..*submission });
                if self.broken {
                    self.player.replace();
                }
                (rest, cut_off) = (second, at - size_of::<StreamHeader>());
            }
        }
        self.play(memory, &Submission { stream: &rest, ..*submission });
    }

    fn poll(&mut self) -> Vec<Completion> {
        std::mem::take(&mut self.done)
    }

    fn scanout(&mut self, id: u32) -> Option<TextureData> {
        self.player.renderer().scanout(id)
    }

    fn read_texture(&mut self, handle: u32, mip: u32, layer: u32) -> Result<TextureData, ReadError> {
        self.player.renderer().read_texture(handle, mip, layer)
    }

    fn read_buffer(&mut self, handle: u32, offset: u64, len: u64) -> Result<Vec<u8>, ReadError> {
        self.player.renderer().read_buffer(handle, offset, len)
    }
}

/// Hashes of a trace's frames.
fn frames(trace: &[u8], backend: &mut dyn Backend) -> Vec<Option<String>> {
    let mut hashes = Vec::new();
    let recording = Recording::parse(trace).expect("a trace");
    let keep = |frame: ReplayedFrame| hashes.push(frame.picture.map(|picture| picture.sha256()));
    recording.replay(backend, keep).expect("replays");
    hashes
}

/// Replays a trace in one piece; gives its frames and how many packet boundaries it has.
fn whole<P: Player>(trace: &[u8], player: P) -> (Vec<Option<String>>, usize) {
    let mut cutter = Cutter::new(player, Cuts::At(0), false);
    let frames = frames(trace, &mut cutter);
    (frames, cutter.passed)
}

/// Replays a trace with these cuts, broken and not: the same comes of it, and the frames are those of the uncut trace.
fn check<P: Player>(name: &str, trace: &[u8], player: fn() -> P, cuts: Cuts, expected: &[Option<String>]) {
    let run = |broken| {
        let mut cutter = Cutter::new(player(), cuts, broken);
        (frames(trace, &mut cutter), cutter.log)
    };
    let (unbroken, broken) = (run(false), run(true));
    assert_eq!(broken.0, expected, "{name}, {cuts:?}: frames");
    assert_eq!(unbroken.0, expected, "{name}, {cuts:?}: frames of the cut trace");
    let differs = broken.1.iter().zip(&unbroken.1).find(|(a, b)| a != b);
    assert!(differs.is_none() && broken.1.len() == unbroken.1.len(), "{name}, {cuts:?}: {differs:?}");
}

fn own(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    std::fs::read(path).expect("the repository carries the trace")
}

/// Cuts a trace of the repository after some fifths of its packets.
fn sampled<P: Player>(name: &str, player: fn() -> P, fifths: &[usize]) {
    let trace = own(name);
    let (frames, boundaries) = whole(&trace, player());
    assert!(frames.iter().flatten().count() == 4 && boundaries > 50, "{boundaries} boundaries");
    for fifth in fifths {
        check(name, &trace, player, Cuts::At(boundaries * fifth / 5), &frames);
    }
}

#[test]
fn the_desktop_goes_on() {
    sampled("desktop.aerogputrace", || SoftwareRenderer::new(options()), &[1, 3]);
}

#[test]
fn the_desktop_of_glass_goes_on() {
    sampled("aero.aerogputrace", || SoftwareRenderer::new(options()), &[1, 3]);
}

#[test]
fn the_desktop_goes_on_behind_a_device() {
    sampled("desktop.aerogputrace", device, &[2]);
}

#[test]
fn the_desktop_of_glass_goes_on_behind_a_device() {
    sampled("aero.aerogputrace", device, &[2]);
}

#[test]
fn published_traces_go_on_from_every_packet() {
    let root = std::env::var_os("AEROGPU_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let folder = root.join("traces");
    let Ok(files) = std::fs::read_dir(&folder) else {
        println!(
            "SKIPPED: {} does not exist; set AEROGPU_SHARED to the folder that holds it",
            folder.display()
        );
        return;
    };
    let (mut traces, mut cuts) = (0, 0);
    for path in files.map(|file| file.expect("readable").path()) {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        // The one without a prefix holds the retired toy packets.
        if !name.starts_with("aerogpu_") || !name.ends_with("trace") {
            continue;
        }
        let trace = std::fs::read(&path).expect("readable");
        let (frames, boundaries) = whole(&trace, SoftwareRenderer::new(options()));
        for cut in (1..=boundaries).map(Cuts::At).chain([Cuts::Every(1)]) {
            check(&name, &trace, || SoftwareRenderer::new(options()), cut, &frames);
            check(&name, &trace, device, cut, &frames);
        }
        (traces, cuts) = (traces + 1, cuts + boundaries + 1);
    }
    println!("snapshots: {traces} traces go on from {cuts} cuts, with and without a device");
    assert_eq!(traces, 24);
}

#[test]
#[ignore = "takes minutes: some hundred snapshots of whole desktops"]
fn the_desktops_go_on_from_snapshot_to_snapshot() {
    for (name, step) in [("desktop.aerogputrace", 1), ("aero.aerogputrace", 16)] {
        let trace = own(name);
        let (frames, boundaries) = whole(&trace, SoftwareRenderer::new(options()));
        println!("{name}: {} of {boundaries} boundaries", boundaries / step);
        check(name, &trace, || SoftwareRenderer::new(options()), Cuts::Every(step), &frames);
        check(name, &trace, device, Cuts::Every(step), &frames);
    }
}
