//! A scene, every way of drawing it, and the one result that all must have.

use std::fmt;
use std::sync::OnceLock;

use aerogpu::backend::Statistics;
use aerogpu::engine::Engine;
use aerogpu::memory::SparseMemory;
use aerogpu::{Backend, Options, SoftwareRenderer, Submission};
use fearless_simd::Level;
use rayon::ThreadPool;
use sha2::{Digest, Sha256};

use crate::canvas::Canvas;

/// What every scene comes to: a name and a hash a line.
const GOLDEN: &str = include_str!("golden.txt");

/// A way of drawing.
#[derive(Clone, Copy)]
pub struct Variant {
    pub threads: usize,
    pub level: Level,
    pub tile_size: u32,
    pub engine: Engine,
}

impl fmt::Debug for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { threads, level, tile_size, engine } = self;
        let interpreter = if *engine == Engine::Scalar { "scalar" } else { "simd" };
        write!(f, "{threads} threads, {level:?}, tiles of {tile_size}, {interpreter} interpreter")
    }
}

/// Numbers of threads.
const THREADS: [usize; 4] = [1, 2, 3, 8];

impl Variant {
    /// The plainest way.
    pub fn reference() -> Self {
        Self { threads: 1, level: levels()[0], tile_size: 64, engine: Engine::Scalar }
    }

    /// Every way.
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for (threads, level) in THREADS.iter().flat_map(|&t| levels().into_iter().map(move |l| (t, l))) {
            for tile_size in [8, 16, 32, 64] {
                for engine in [Engine::Scalar, Engine::Simd(level)] {
                    all.push(Self { threads, level, tile_size, engine });
                }
            }
        }
        all
    }

    pub fn options(&self) -> Options {
        Options { tile_size: self.tile_size, engine: self.engine, level: self.level, ..Default::default() }
    }

    /// Does something in a pool of so many threads.
    pub fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        static POOLS: OnceLock<Vec<ThreadPool>> = OnceLock::new();
        let pool = |&threads: &usize| rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pools = POOLS.get_or_init(|| THREADS.iter().map(pool).collect::<Result<_, _>>().expect("pools"));
        let at = THREADS.iter().position(|&threads| threads == self.threads).expect("a number of the list");
        pools[at].install(work)
    }
}

/// Every SIMD level of this machine, the lowest first.
pub fn levels() -> Vec<Level> {
    let names = ["fallback", "sse2", "sse4.2", "avx2", "avx512", "neon", "simd128"];
    names.into_iter().filter_map(Engine::level).collect()
}

/// What a scene came to.
#[derive(Debug, Default, PartialEq)]
pub struct Outcome {
    /// Textures and buffers.
    pub bytes: Vec<u8>,
    pub statistics: Statistics,
}

impl Outcome {
    pub fn hash(&self) -> String {
        Sha256::digest(&self.bytes)[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What is drawn.
#[derive(Clone, Copy)]
pub enum Scene {
    /// A stream of packets.
    Stream(fn(&mut Canvas)),
    /// A pass of the rasterizer, for what packets cannot say. It runs no interpreter.
    Pass(fn(&Variant) -> Vec<u8>),
}

/// Draws a stream, having changed the options for it.
pub fn draw(canvas: &Canvas, stream: &[u8], options: Options) -> Outcome {
    let mut renderer = SoftwareRenderer::new(options);
    let submission = Submission { stream, fence: 1, ..Default::default() };
    renderer.submit(&mut SparseMemory::new(), &submission);
    let done = renderer.poll().remove(0);
    assert!(done.report.errors.is_empty(), "{:?}", done.report.errors);
    let mut outcome = Outcome { statistics: done.report.statistics, ..Default::default() };
    for &(handle, mip, layer) in &canvas.textures {
        let data = renderer.read_texture(handle, mip, layer).expect("a texture of the scene");
        for expected in canvas.pixels.iter().filter(|pixel| pixel.subresource == (handle, mip, layer)) {
            let at = (expected.at[1] * data.width + expected.at[0]) as usize * expected.bytes.len();
            let found = &data.bytes[at..at + expected.bytes.len()];
            assert_eq!(found, expected.bytes, "pixel {:?} of {:?}", expected.at, expected.subresource);
        }
        outcome.bytes.extend(data.bytes);
    }
    for &(handle, size) in &canvas.buffers {
        outcome.bytes.extend(renderer.read_buffer(handle, 0, size).expect("a buffer of the scene"));
    }
    outcome
}

/// The variants of `scene` that differ from its reference, whose hash comes first. `break_it` may spoil a variant.
pub fn disagreeing(scene: Scene, break_it: impl Fn(&Variant, &mut Options)) -> (String, Vec<Variant>) {
    let run: Box<dyn Fn(&Variant) -> Outcome> = match scene {
        Scene::Stream(build) => {
            let canvas = Canvas::of(build);
            let stream = canvas.stream();
            Box::new(move |variant| {
                let mut options = variant.options();
                break_it(variant, &mut options);
                variant.install(|| draw(&canvas, &stream, options))
            })
        }
        Scene::Pass(draw) => Box::new(move |variant| {
            variant.install(|| Outcome { bytes: draw(variant), ..Default::default() })
        }),
    };
    let reference = run(&Variant::reference());
    let differs = |variant: &Variant| run(variant) != reference;
    (reference.hash(), Variant::all().into_iter().filter(differs).collect())
}

/// Fails unless every variant of a scene comes to its golden hash.
pub fn check(scenes: &[(&str, Scene)], name: &str) {
    let scene = scenes.iter().find(|(other, _)| *other == name).expect("a scene of the list").1;
    let (hash, differing) = disagreeing(scene, |_, _| ());
    assert!(differing.is_empty(), "{} variants of {name} differ: {differing:?}", differing.len());
    assert_eq!(golden(name), Some(&*hash), "{name} has changed");
}

/// The golden hash of a scene.
pub fn golden(name: &str) -> Option<&'static str> {
    goldens().find(|(golden, _)| *golden == name).map(|(_, hash)| hash)
}

/// Every line of the file.
pub fn goldens() -> impl Iterator<Item = (&'static str, &'static str)> {
    GOLDEN.lines().filter_map(|line| line.split_once(' '))
}

/// A list of scenes, and a test of each in every variant.
#[macro_export]
macro_rules! scenes {
    ($kind:ident: $($name:ident => $build:expr;)*) => {
        /// Names and scenes.
        pub const SCENES: &[(&str, $crate::harness::Scene)] =
            &[$((stringify!($name), $crate::harness::Scene::$kind($build))),*];

        mod invariance {
            $(
                #[test]
                fn $name() {
                    $crate::harness::check(super::SCENES, stringify!($name));
                }
            )*
        }
    };
}
