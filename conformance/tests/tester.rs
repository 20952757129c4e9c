//! Testing the tester: whatever a back end does wrong is noticed, and named for what it is.

use std::path::Path;

use aerogpu::backend::{Backend, Completion, ReadError, TextureData};
use aerogpu::executor::Failure;
use aerogpu::memory::{GuestMemory, MemoryError};
use aerogpu::{Options, SoftwareRenderer, Submission};
use aerogpu_conformance::discover::{Entry, find};
use aerogpu_conformance::expectations::Expectations;
use aerogpu_conformance::report;
use aerogpu_conformance::results::{Record, Results, Status};
use aerogpu_conformance::suite::{Selection, Suite};

#[derive(Clone, Copy, PartialEq)]
enum Lie {
    FlipsOneBit,
    ShrinksTextures,
    LosesWriteBacks,
    SwallowsErrors,
    InventsErrors,
    SupportsNothing,
    NeverCompletes,
    Panics,
    ReturnsShortBuffers,
}

/// The software renderer, but for one lie.
struct Liar {
    inner: SoftwareRenderer,
    lie: Lie,
}

/// Guest memory that forgets what is written.
struct Forgetful<'a>(&'a dyn GuestMemory);

impl GuestMemory for Forgetful<'_> {
    fn read(&self, address: u64, out: &mut [u8]) -> Result<(), MemoryError> {
        self.0.read(address, out)
    }

    fn write(&mut self, _: u64, _: &[u8]) -> Result<(), MemoryError> {
        Ok(())
    }
}

impl Backend for Liar {
    fn reset(&mut self) {
        self.inner.reset();
    }

    fn submit(&mut self, memory: &mut dyn GuestMemory, submission: &Submission<'_>) {
        assert!(self.lie != Lie::Panics, "the back end is broken");
        match self.lie {
            Lie::LosesWriteBacks => self.inner.submit(&mut Forgetful(memory), submission),
            _ => self.inner.submit(memory, submission),
        }
    }

    fn poll(&mut self) -> Vec<Completion> {
        let mut done = self.inner.poll();
        for Completion { report, .. } in &mut done {
            let mut invent = |reason| {
                report.errors.push(aerogpu::backend::CommandError { offset: 24, packet: "DRAW", reason });
            };
            match self.lie {
                Lie::InventsErrors => invent(Failure::NotBound("nothing is wrong")),
                Lie::SupportsNothing => {
                    invent(Failure::NotBound("nothing is wrong"));
                    invent(Failure::Unsupported("anything".into()));
                }
                Lie::SwallowsErrors => report.errors.clear(),
                _ => {}
            }
        }
        if self.lie == Lie::NeverCompletes { Vec::new() } else { done }
    }

    fn scanout(&mut self, id: u32) -> Option<TextureData> {
        self.inner.scanout(id)
    }

    fn read_texture(&mut self, handle: u32, mip: u32, layer: u32) -> Result<TextureData, ReadError> {
        let mut data = self.inner.read_texture(handle, mip, layer)?;
        match self.lie {
            Lie::FlipsOneBit => data.bytes[9] ^= 1,
            Lie::ShrinksTextures => data.width -= 1,
            _ => {}
        }
        Ok(data)
    }

    fn read_buffer(&mut self, handle: u32, offset: u64, len: u64) -> Result<Vec<u8>, ReadError> {
        let len = if self.lie == Lie::ReturnsShortBuffers { len - 1 } else { len };
        self.inner.read_buffer(handle, offset, len)
    }
}

fn case(name: &str) -> Entry {
    Entry::Case(Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(name))
}

fn run_expecting(lie: Lie, name: &str, expectations: Expectations) -> Record {
    let fresh =
        |_| -> Box<dyn Backend> { Box::new(Liar { inner: SoftwareRenderer::new(Options::default()), lie }) };
    Suite { fresh: &fresh, selection: Selection::default(), expectations, engines: Vec::new() }
        .run(&case(name))
}

fn run(lie: Lie, name: &str) -> (Status, String) {
    let record = run_expecting(lie, name, Expectations::default());
    (record.status, record.detail.unwrap_or_default())
}

#[test]
fn every_lie_is_noticed() {
    let fail = |detail: &str| (Status::Fail, detail.to_owned());
    let flipped = "step 1: texture 1: pixel (0,1) is [255, 50, 0, 255], expected [255, 51, 0, 255]; \
                   greatest difference 1, 1 pixel differs";
    assert_eq!(run(Lie::FlipsOneBit, "clear/formats"), fail(flipped));
    assert_eq!(run(Lie::ShrinksTextures, "clear/formats"), fail("step 1: size is 1x2, expected 2x2"));
    let lost = "step 2: guest memory from 0x2000: byte 4 is 0x00, expected 0x09; 8 bytes differ";
    assert_eq!(run(Lie::LosesWriteBacks, "copy/write_back"), fail(lost));
    let short = "step 4: buffer 2 from byte 4: 7 bytes, expected 8";
    assert_eq!(run(Lie::ReturnsShortBuffers, "copy/write_back"), fail(short));
    let swallowed = "step 1: the submission reports no error, but one is expected";
    assert_eq!(run(Lie::SwallowsErrors, "errors/atomic"), fail(swallowed));
    let invented = "step 0: packet at byte 24 (DRAW): nothing is wrong";
    assert_eq!(run(Lie::InventsErrors, "clear/formats"), fail(invented));
    let silent = "step 0: the submission did not complete its fence 1";
    assert_eq!(run(Lie::NeverCompletes, "clear/formats"), fail(silent));
}

#[test]
fn crashes_and_unsupported_features_have_a_status_of_their_own() {
    let unsupported = "step 0: packet at byte 24 (DRAW): not supported: anything (and 1 more)";
    assert_eq!(run(Lie::SupportsNothing, "clear/formats"), (Status::Unsupported, unsupported.into()));
    assert_eq!(run(Lie::Panics, "clear/formats"), (Status::Crash, "panicked: the back end is broken".into()));
}

#[test]
fn expectations_excuse_failures_but_neither_passes_nor_crashes() {
    let folder = tempdir("expectations");
    let file = folder.join("expectations.json");
    std::fs::write(&file, r#"[{"case": "clear/*", "reason": "it is wrong", "rule": "1.2"}]"#)
        .expect("writable");
    let expectations = Expectations::load(&file).expect("valid");
    let status = |lie, name| run_expecting(lie, name, expectations.clone()).status;
    assert_eq!(status(Lie::FlipsOneBit, "clear/formats"), Status::ExpectedFailure);
    assert_eq!(status(Lie::LosesWriteBacks, "clear/formats"), Status::UnexpectedPass);
    assert_eq!(status(Lie::Panics, "clear/formats"), Status::Crash);
    assert_eq!(status(Lie::LosesWriteBacks, "copy/write_back"), Status::Fail);
}

#[test]
fn known_failures_of_a_case_are_data_too() {
    let folder = tempdir("known-failure");
    let text = |steps: &str| {
        format!(
            r#"{{"schema": "aerogpu-case/1", "name": "n", "source": "s", "features": [],
            "known_failure": {{"reason": "not yet"}}, "steps": [{steps}]}}"#
        )
    };
    let suite = Suite {
        fresh: &|_| Box::new(SoftwareRenderer::new(Options::default())),
        selection: Selection::default(),
        expectations: Expectations::default(),
        engines: Vec::new(),
    };
    let run = |steps: &str| {
        std::fs::write(folder.join("case.json"), text(steps)).expect("writable");
        suite.run(&find(std::slice::from_ref(&folder)).expect("a case")[0])
    };
    std::fs::write(folder.join("x"), [1]).expect("writable");
    let failed = run(r#"{"op": "expect_memory", "gpa": 0, "data": "x"}"#);
    assert_eq!(failed.status, Status::ExpectedFailure);
    assert!(failed.detail.is_some_and(|detail| detail.starts_with("step 0: ")));
    assert_eq!(failed.known.map(|known| known.reason).as_deref(), Some("not yet"));
    assert_eq!(run(r#"{"op": "reset"}"#).status, Status::UnexpectedPass);
    // A case that cannot be loaded is no known failure.
    let missing = run(r#"{"op": "memory", "gpa": 0, "data": "y"}"#);
    assert_eq!(missing.status, Status::Fail);
    assert!(missing.detail.is_some_and(|detail| detail.contains("known-failure")), "the file is named");
}

#[test]
fn the_report_shows_what_is_wrong() {
    let folder = tempdir("report");
    let mut results = Results::new("liar");
    results.push(run_expecting(Lie::FlipsOneBit, "clear/formats", Expectations::default()));
    report::write(&folder, &vec![results].into()).expect("writable");
    let page = std::fs::read_to_string(folder.join("index.html")).expect("written");
    assert_eq!(page.matches("src=\"data:image/png;base64,").count(), 3);
    for words in ["difference, 255 times", "column 0, row 1", "pixel (0,1) is [255, 50, 0, 255]"] {
        assert!(page.contains(words), "{words}");
    }
    let json = std::fs::read(folder.join("results.json")).expect("written");
    let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    let case = &json["backends"][0]["cases"][0];
    assert_eq!((&case["status"], &case["difference"]["first"]), (&"fail".into(), &serde_json::json!([0, 1])));
    assert_eq!(case["difference"]["histogram"][0], serde_json::json!({"up_to": 1.0, "pixels": 1}));
}

fn tempdir(name: &str) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).expect("writable");
    folder
}
