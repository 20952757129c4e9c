//! The report in a browser: its structure as the browser understands it, and its pictures as the screen shows them.
//!
//! Chromium without a window opens a report of a run with every kind of result, as wide as a desk and as wide as a phone.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use aerogpu::backend::{Backend, CommandError, Completion, ReadError, TextureData};
use aerogpu::executor::Failure;
use aerogpu::memory::GuestMemory;
use aerogpu::{Options, SoftwareRenderer, Submission};
use aerogpu_conformance::differential::campaign::{FindingRecord, Source, State};
use aerogpu_conformance::discover;
use aerogpu_conformance::expectations::Expectations;
use aerogpu_conformance::report;
use aerogpu_conformance::results::{Fact, GPU, Results, Run, Status};
use aerogpu_conformance::suite::{Selection, Suite};
use image::RgbaImage;

/// What a back end gets wrong, if anything.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    /// A bit of every texture and of every buffer.
    Bits,
    /// It does not support a command.
    Lacks,
}

struct Faulty(SoftwareRenderer, Fault);

impl Backend for Faulty {
    fn reset(&mut self) {
        self.0.reset();
    }

    fn submit(&mut self, memory: &mut dyn GuestMemory, submission: &Submission<'_>) {
        self.0.submit(memory, submission);
    }

    fn poll(&mut self) -> Vec<Completion> {
        let mut done = self.0.poll();
        if self.1 == Fault::Lacks {
            let reason = Failure::Unsupported("triangle fans".into());
            let error = CommandError { offset: 24, packet: "DRAW", reason };
            done.iter_mut().for_each(|done| done.report.errors.push(error.clone()));
        }
        done
    }

    fn scanout(&mut self, id: u32) -> Option<TextureData> {
        self.0.scanout(id)
    }

    fn read_texture(&mut self, handle: u32, mip: u32, layer: u32) -> Result<TextureData, ReadError> {
        let mut data = self.0.read_texture(handle, mip, layer)?;
        if self.1 == Fault::Bits {
            data.bytes[9] ^= 1;
        }
        Ok(data)
    }

    fn read_buffer(&mut self, handle: u32, offset: u64, len: u64) -> Result<Vec<u8>, ReadError> {
        let mut bytes = self.0.read_buffer(handle, offset, len)?;
        if self.1 == Fault::Bits {
            bytes[1] ^= 1;
        }
        Ok(bytes)
    }
}

/// The cases of the repository on a sound back end and on one with faults, and a campaign: every kind of result.
fn run() -> Run {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let column = |name: &str, fault: &dyn Fn(&str) -> Fault, list: &str| {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("report-{name}.json"));
        std::fs::write(&file, list).expect("writable");
        let mut results = Results::new(name);
        results.facts.push(Fact { name: "version".into(), value: "of the test".into() });
        for entry in discover::find(std::slice::from_ref(&root)).expect("cases") {
            let fault = fault(&entry.path().to_string_lossy());
            let suite = Suite {
                fresh: &|_| Box::new(Faulty(SoftwareRenderer::new(Options::default()), fault)),
                selection: Selection::default(),
                expectations: Expectations::load(&file).expect("valid"),
                engines: Vec::new(),
            };
            results.push(suite.run(&entry));
        }
        results
    };
    let fault = |path: &str| match path {
        path if path.contains("errors") => Fault::Lacks,
        path if path.contains("texture_write_back") => Fault::None,
        _ => Fault::Bits,
    };
    let known = r#"[{"case": "draw/*", "reason": "blends otherwise", "rule": "1.2"}]"#;
    let software = column("software", &|_| Fault::None, "[]");
    let wgpu = column(GPU, &fault, known);
    let statuses: Vec<Status> = wgpu.cases.iter().map(|record| record.status).collect();
    for status in [Status::Pass, Status::Fail, Status::Unsupported, Status::ExpectedFailure] {
        assert!(statuses.contains(&status), "{status}: {statuses:?}");
    }
    let mut state = State::new(11, "llvmpipe of the test", "1/1");
    let sound = || SoftwareRenderer::new(Options { budget: 1 << 24, ..Options::default() });
    let (mut one, mut other) = (sound(), sound());
    for number in 0..5 {
        assert_eq!(Source { seed: 11 }.run(number, &mut one, &mut other, &mut state.tally), None);
    }
    state.tally.explained.insert("lines".into(), 2);
    state.tally.findings.push(FindingRecord { number: 3, detail: "texture 1 differs".into() });
    Run { campaigns: vec![state], ..Run::from(vec![software, wgpu]) }
}

const BROWSERS: [&str; 4] = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];

/// The name of a browser that runs, or a note that there is none.
fn browser() -> Option<&'static str> {
    let runs =
        |name: &&str| Command::new(name).arg("--version").output().is_ok_and(|out| out.status.success());
    let found = BROWSERS.into_iter().find(runs);
    if found.is_none() {
        println!("SKIPPED: there is no Chromium; install one (Debian: chromium-headless-shell)");
    }
    found
}

/// What the page is asked in the browser: the answers become attributes of its root.
const QUESTIONS: &str = r#"<script>
addEventListener("load", () => {
  const root = document.documentElement, all = (what) => [...document.querySelectorAll(what)];
  const lacks = (what, part) => all(what).filter((e) => !e.querySelector(part)).length;
  const box = (e) => { const b = e.getBoundingClientRect(); return [b.x, b.y, b.width, b.height].join(" "); };
  const answers = {
    beyond: root.scrollWidth - innerWidth,
    height: root.scrollHeight,
    sections: all("main > section").map((e) => e.id).join(" "),
    headings: all("h1").length + " " + lacks("main > section", "h2") + " " + lacks("article", "h3"),
    captions: lacks("table", "caption"),
    columns: all(".counts thead th[scope=colgroup]").map((e) => e.textContent).join(" "),
    totals: all(".counts tbody:first-of-type td").map((e) => e.textContent).join(" "),
    pictures: all("img").filter((e) => e.alt && e.complete && e.naturalWidth > 0).length,
    images: all("img").length,
    outside: all("link, iframe, object, [src]:not([src^='data:']), a[href*=':']").length,
    dangling: all("a[href^='#']").filter((e) => !document.getElementById(e.hash.slice(1))).length,
    zooms: all(".zoom").length,
    zoomed: all(".zoom caption")[0].textContent + "; " + all(".zoom tbody")[0].innerText.split(/\s+/).join(" "),
    histograms: all(".histogram").length,
    boxes: all("h2, article img").map((e) => (e.dataset.kind || "heading") + " " + box(e)).join(";"),
  };
  for (const [name, answer] of Object.entries(answers)) root.dataset[name] = answer;
});
</script>"#;

/// What the page answered.
struct Answers(String);

impl Answers {
    fn get(&self, name: &str) -> &str {
        let (_, rest) = self.0.split_once(&format!("data-{name}=\"")).unwrap_or_else(|| panic!("no {name}"));
        rest.split_once('"').expect("its end").0
    }
}

/// Waits for a browser that is done within half a minute.
fn wait(mut child: Child) {
    for _ in 0..300 {
        if child.try_wait().expect("a child").is_some() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let _ = child.kill();
    panic!("the browser does not end");
}

/// Opens `page` in a window of this size.
fn open(browser: &str, page: &Path, (width, height): (u32, u32), task: &str) -> String {
    let profile = page.with_extension("profile");
    let out = std::fs::File::create(page.with_extension("out")).expect("writable");
    let child = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--force-device-scale-factor=1", "--virtual-time-budget=5000", task])
        .arg(format!("--window-size={width},{height}"))
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("file://{}", page.display()))
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(Stdio::null())
        .spawn()
        .expect("the browser starts");
    wait(child);
    std::fs::read_to_string(page.with_extension("out")).expect("what it printed")
}

/// The page with questions, and what it answers in a window of this width that shows all of it; and the picture of it.
fn look(browser: &str, folder: &Path, width: u32) -> (Answers, RgbaImage) {
    let html = std::fs::read_to_string(folder.join("index.html")).expect("the report");
    let page = folder.join(format!("asked-{width}.html"));
    std::fs::write(&page, html.replace("</body>", &format!("{QUESTIONS}</body>"))).expect("writable");
    let ask = |height| Answers(open(browser, &page, (width, height), "--dump-dom"));
    let height = ask(1000).get("height").parse().expect("a height");
    let picture: PathBuf = folder.join(format!("{width}.png"));
    open(browser, &page, (width, height), &format!("--screenshot={}", picture.display()));
    (ask(height), image::open(picture).expect("a screenshot").into_rgba8())
}

/// The colour in a window of the middle of a part of a box: column and row of `n` by `m`.
fn part(shot: &RgbaImage, b: &[f64], (column, row): (u32, u32), (n, m): (u32, u32)) -> [u8; 3] {
    let x = b[0] + b[2] * (f64::from(column) + 0.5) / f64::from(n);
    let y = b[1] + b[3] * (f64::from(row) + 0.5) / f64::from(m);
    let [r, g, b, _] = shot.get_pixel(x as u32, y as u32).0;
    [r, g, b]
}

fn check(answers: &Answers, shot: &RgbaImage, run: &Run) {
    let sections = "summary failures campaign unsupported divergences expected cycles contract devices";
    assert_eq!(answers.get("sections"), sections);
    assert_eq!(answers.get("headings"), "1 0 0", "one title, and a heading each");
    assert_eq!(answers.get("captions"), "0", "tables without a caption");
    assert_eq!(answers.get("columns"), "software wgpu");
    assert_eq!(answers.get("totals"), "5 0 0 0 0 1 1 1 2 0");
    let beyond: i32 = answers.get("beyond").parse().expect("pixels");
    assert!(beyond <= 0, "the page is {beyond} pixels wider than its window");
    assert_eq!((answers.get("outside"), answers.get("dangling")), ("0", "0"));

    // Of the pictures that differ, those of the case that clears formats have been looked at by hand.
    let differences: Vec<_> =
        run.backends[1].cases.iter().filter_map(|record| record.difference.as_ref()).collect();
    let seen = differences.iter().filter(|difference| difference.pictures.is_some()).count();
    assert_eq!((differences.len(), seen), (3, 2), "clear/formats, copy/write_back, draw/blend");
    assert_eq!(answers.get("zooms"), seen.to_string());
    assert_eq!(answers.get("histograms"), differences.len().to_string());
    assert_eq!(answers.get("pictures"), answers.get("images"));
    let zoomed = "Pixel: column 0, row 1; red 255 255 0 green 51 50 1 blue 0 0 0 alpha 255 255 0";
    assert_eq!(answers.get("zoomed"), zoomed);

    let boxes: Vec<(&str, Vec<f64>)> = answers
        .get("boxes")
        .split(';')
        .map(|text| {
            let (kind, numbers) = text.split_once(' ').expect("a kind");
            (kind, numbers.split(' ').map(|n| n.parse().expect("a number")).collect())
        })
        .collect();
    let first = |wanted: &str| &boxes.iter().find(|(kind, _)| *kind == wanted).expect("a picture").1;
    let pictures = differences[0].pictures.as_ref().expect("pictures");
    let size = (pictures.width, pictures.height);
    for (kind, rgba) in [("expected", &pictures.expected), ("actual", &pictures.actual)] {
        for (i, &[r, g, b, _]) in (0..).zip(rgba.as_chunks::<4>().0) {
            let at = (i % size.0, i / size.0);
            assert_eq!(part(shot, first(kind), at, size), [r, g, b], "{kind} {at:?}");
        }
    }
    assert_eq!(part(shot, first("difference"), (0, 0), size), [0, 0, 0]);
    assert_eq!(part(shot, first("difference"), (0, 1), size), [0, 255, 0]);

    let paper = *shot.get_pixel(0, 0);
    for (_, b) in boxes.iter().filter(|(kind, _)| *kind == "heading") {
        let (x, y, w, h) = (b[0] as u32, b[1] as u32, b[2] as u32, b[3] as u32);
        let inked = (y..y + h).flat_map(|y| (x..x + w).map(move |x| (x, y)));
        let inked = inked.filter(|&(x, y)| *shot.get_pixel(x, y) != paper).count();
        assert!(inked > 100, "a heading is blank at {b:?}");
    }
}

#[test]
fn a_browser_shows_what_there_is() {
    let Some(browser) = browser() else { return };
    let run = run();
    for width in [1200, 390] {
        // A folder each, so that one that fails can be looked at.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("report-page-{width}"));
        report::write(&folder, &run).expect("writable");
        let (answers, shot) = look(browser, &folder, width);
        check(&answers, &shot, &run);
    }
}
