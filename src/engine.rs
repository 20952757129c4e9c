//! Which interpreter runs shaders. It never changes a bit of any result.

use std::cell::RefCell;
use std::mem::discriminant;

use aerogpu_dxbc::resources::Resources;
use aerogpu_dxbc::scalar::{self, ExecutionError};
use aerogpu_dxbc::simd::{self, Level, Registers};
use aerogpu_dxbc::{HullIo, Io, ValidatedShader};

/// An interpreter.
#[derive(Debug, Clone, Copy)]
pub enum Engine {
    /// The reference: one lane after the other.
    Scalar,
    /// Many lanes at a time, with the vector instructions of this level.
    Simd(Level),
}

impl Default for Engine {
    /// The fastest that the machine has.
    fn default() -> Self {
        Self::Simd(Level::new())
    }
}

impl PartialEq for Engine {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Scalar, Self::Scalar) => true,
            (Self::Simd(a), Self::Simd(b)) => discriminant(a) == discriminant(b),
            _ => false,
        }
    }
}

impl Eq for Engine {}

thread_local! {
    /// One register file for each stage, so that a draw's shaders find theirs as they left it.
    static REGISTERS: RefCell<[Registers; 6]> = RefCell::default();
}

impl Engine {
    /// The level of this name (`sse2`, `sse4.2`, `avx2`, `avx512`, `neon`, `simd128`), if the machine has it.
    pub fn level(name: &str) -> Option<Level> {
        let best = Level::new();
        match name {
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            "sse2" => best.as_sse2().map(Level::Sse2),
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            "sse4.2" => best.as_sse4_2().map(Level::Sse4_2),
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            "avx2" => best.as_avx2().map(Level::Avx2),
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            "avx512" => best.as_avx512().map(Level::Avx512),
            #[cfg(target_arch = "aarch64")]
            "neon" => best.as_neon().map(Level::Neon),
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            "simd128" => best.as_wasm_simd128().map(Level::WasmSimd128),
            _ => best.is_fallback().then_some(best).filter(|_| name == "fallback"),
        }
    }

    /// Vector instructions for what is done beside shaders.
    pub fn vectors(self) -> Level {
        match self {
            Self::Scalar => Level::baseline(),
            Self::Simd(level) => level,
        }
    }

    /// Runs a shader of any stage but the hull shader's; see [`scalar::run`].
    pub fn run(
        self,
        shader: &ValidatedShader,
        resources: &dyn Resources,
        io: &mut Io,
        budget: u64,
    ) -> Result<(), ExecutionError> {
        match self {
            Self::Scalar => scalar::run(shader, resources, io, budget),
            Self::Simd(level) => REGISTERS.with_borrow_mut(|registers| {
                simd::run(level, shader, resources, io, budget, &mut registers[shader.stage() as usize])
            }),
        }
    }

    /// Runs a hull shader; see [`scalar::run_hull`].
    pub fn run_hull(
        self,
        shader: &ValidatedShader,
        resources: &dyn Resources,
        io: &mut HullIo,
        budget: u64,
    ) -> Result<(), ExecutionError> {
        match self {
            Self::Scalar => scalar::run_hull(shader, resources, io, budget),
            Self::Simd(level) => REGISTERS.with_borrow_mut(|registers| {
                let registers = &mut registers[shader.stage() as usize];
                simd::run_hull(level, shader, resources, io, budget, registers)
            }),
        }
    }
}
