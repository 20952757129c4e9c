//! Which back ends there are to choose from.

use std::sync::Arc;

use aerogpu::{Backend, Options, SoftwareRenderer};
use aerogpu_conformance::suite::Purpose;
use aerogpu_conformance::wgpu::{Gpu, GpuError, WgpuRenderer};
use clap::ValueEnum;

/// What runs cases.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BackendKind {
    /// The reference renderer
    Software,
    /// wgpu on a Vulkan adapter
    Wgpu,
    /// Both, one after the other
    Both,
}

/// Makes back ends with nothing in them.
pub struct Fresh {
    /// Short name.
    pub name: &'static str,
    /// What it draws with, unless that is the processor.
    pub adapter: Option<String>,
    /// A new one.
    pub make: Box<dyn Fn(Purpose) -> Box<dyn Backend>>,
}

/// The adapter whose name contains `wanted`.
pub fn gpu(wanted: &str) -> Result<Arc<Gpu>, GpuError> {
    Gpu::open(wanted).map(Arc::new)
}

/// An adapter's name and its driver's.
pub fn facts(gpu: &Gpu) -> String {
    let info = &gpu.info;
    format!("{}, {} {}", info.name, info.driver, info.driver_info).trim_end().to_owned()
}

impl BackendKind {
    /// The back ends, the reference first.
    pub fn fresh(self, adapter: &str) -> Result<Vec<Fresh>, GpuError> {
        let mut all = Vec::new();
        if self != Self::Wgpu {
            let make = |purpose| -> Box<dyn Backend> {
                let fixed_function = purpose == Purpose::Trace;
                Box::new(SoftwareRenderer::new(Options { fixed_function, ..Options::default() }))
            };
            all.push(Fresh { name: "software", adapter: None, make: Box::new(make) });
        }
        if self != Self::Software {
            let gpu = gpu(adapter)?;
            let adapter = Some(facts(&gpu));
            let make = move |_| -> Box<dyn Backend> { Box::new(WgpuRenderer::new(gpu.clone())) };
            all.push(Fresh { name: "wgpu", adapter, make: Box::new(make) });
        }
        Ok(all)
    }
}
