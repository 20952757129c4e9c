//! Testing the tester: a back end that does one small thing wrong is caught by generated streams, by the cases of the
//! repository, and by a campaign, each on its own. No adapter is needed: the other back end is the software renderer, bent.

use std::path::Path;

use aerogpu::backend::{Backend, Completion, ReadError, TextureData};
use aerogpu::memory::GuestMemory;
use aerogpu::{Options, SoftwareRenderer, Submission};
use aerogpu_conformance::case::Case;
use aerogpu_conformance::differential::Verdict;
use aerogpu_conformance::differential::campaign::{self, Source, Tally, verdict};
use aerogpu_conformance::differential::ledger::Ledger;
use aerogpu_conformance::discover;
use aerogpu_conformance::expectations::Expectations;
use aerogpu_conformance::generate::{Scene, strategy};
use aerogpu_conformance::results::Status;
use aerogpu_conformance::run::run;
use aerogpu_conformance::suite::{Selection, Suite};
use aerogpu_protocol::packets::{BlendFactor, CopyFlags};
use aerogpu_protocol::{Packet, Stream, StreamWriter};
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    /// One minus source alpha becomes source alpha.
    BlendFactor,
    /// Viewports lie a pixel further right.
    Pixel,
    /// Copies of textures do not reach guest memory.
    WriteBack,
}

const FAULTS: [Fault; 3] = [Fault::BlendFactor, Fault::Pixel, Fault::WriteBack];

/// The software renderer, given streams with one thing changed.
struct Mutant {
    inner: SoftwareRenderer,
    fault: Fault,
}

fn sound() -> SoftwareRenderer {
    SoftwareRenderer::new(Options { budget: 1 << 24, ..Options::default() })
}

impl Mutant {
    fn new(fault: Fault) -> Self {
        Self { inner: sound(), fault }
    }

    fn bend(&self, bytes: &[u8]) -> Vec<u8> {
        let Ok(stream) = Stream::parse(bytes) else { return bytes.to_vec() };
        let mut writer = StreamWriter::with_minor(stream.minor());
        for at in stream.packets().map_while(Result::ok) {
            let mut packet = at.packet;
            match (&mut packet, self.fault) {
                (Packet::SetBlendState(state), Fault::BlendFactor)
                    if state.dst_factor == BlendFactor::InvSrcAlpha.to_u32() =>
                {
                    state.dst_factor = BlendFactor::SrcAlpha.to_u32();
                }
                (Packet::SetViewport(p), Fault::Pixel) => {
                    p.x_f32 = (f32::from_bits(p.x_f32) + 1.0).to_bits();
                }
                (Packet::CopyTexture2d(p), Fault::WriteBack) => {
                    p.flags &= !CopyFlags::WRITEBACK_DST.bits();
                }
                _ => {}
            }
            writer.push(&packet);
        }
        writer.finish()
    }
}

impl Backend for Mutant {
    fn reset(&mut self) {
        self.inner.reset();
    }

    fn submit(&mut self, memory: &mut dyn GuestMemory, submission: &Submission<'_>) {
        let stream = self.bend(submission.stream);
        self.inner.submit(memory, &Submission { stream: &stream, ..*submission });
    }

    fn poll(&mut self) -> Vec<Completion> {
        self.inner.poll()
    }

    fn scanout(&mut self, id: u32) -> Option<TextureData> {
        self.inner.scanout(id)
    }

    fn read_texture(&mut self, handle: u32, mip: u32, layer: u32) -> Result<TextureData, ReadError> {
        self.inner.read_texture(handle, mip, layer)
    }

    fn read_buffer(&mut self, handle: u32, offset: u64, len: u64) -> Result<Vec<u8>, ReadError> {
        self.inner.read_buffer(handle, offset, len)
    }
}

/// A runner whose scenes are the same every time.
fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[3; 32]))
}

fn property(other: Fault, scene: &Scene) -> bool {
    !matches!(verdict(scene, &mut sound(), &mut Mutant::new(other)), Verdict::Differ(_))
}

#[test]
fn the_property_finds_each_fault_and_makes_it_small() {
    for fault in FAULTS {
        let found = runner(1000).run(&strategy::scenes(), |scene| {
            proptest::prop_assert!(property(fault, &scene));
            Ok(())
        });
        let Err(TestError::Fail(_, minimal)) = found else { panic!("{fault:?} is not found") };
        assert!(minimal.steps.len() <= 4, "{fault:?} is not small: {minimal:#?}");
        assert!(!property(fault, &minimal));
    }
}

#[test]
fn two_sound_renderers_agree_on_everything() {
    let agree = runner(200).run(&strategy::scenes(), |scene| {
        let verdict = verdict(&scene, &mut sound(), &mut sound());
        proptest::prop_assert!(matches!(verdict, Verdict::Agree | Verdict::Unfair), "{verdict:?}");
        Ok(())
    });
    assert_eq!(agree, Ok(()));
}

#[test]
fn the_cases_of_the_repository_find_each_fault() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let entries = discover::find(&[folder]).expect("cases");
    for fault in FAULTS {
        let suite = Suite {
            fresh: &|_| Box::new(Mutant::new(fault)),
            selection: Selection::default(),
            expectations: Expectations::default(),
            engines: Vec::new(),
        };
        let failed = entries.iter().filter(|entry| suite.run(entry).status == Status::Fail).count();
        assert!(failed > 0, "{fault:?} is not found");
    }
}

#[test]
fn a_campaign_finds_each_fault_and_writes_a_case_that_shows_it() {
    let ledger = Ledger::default();
    for fault in FAULTS {
        let (mut reference, mut mutant) = (sound(), Mutant::new(fault));
        let mut tally = Tally::default();
        let finding = (0..1000)
            .find_map(|number| Source { seed: 11 }.run(number, &mut reference, &mut mutant, &mut tally))
            .unwrap_or_else(|| panic!("{fault:?} is not found"));
        assert!(tally.count(&finding, &ledger, "mutant"));
        assert_eq!(tally.findings[0].number, finding.number);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{fault:?}"));
        campaign::write(&folder, "mutant", &finding, &mut reference).expect("writable");
        let case = Case::load(&folder).expect("a case");
        assert_eq!(run(&case, &|| Box::new(sound())), Ok(()));
        let shown = run(&case, &|| Box::new(Mutant::new(fault)));
        assert!(shown.is_err(), "{fault:?}: the case does not show it");
        let trace = std::fs::read(folder.join("trace.aerogputrace")).expect("a trace");
        assert_eq!(aerogpu_conformance::run::replay(&trace, &mut sound()), Ok(()));
    }
}
