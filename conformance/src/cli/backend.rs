//! Which back ends there are to choose from.

use std::sync::Arc;

use aerogpu::engine::Engine;
use aerogpu::{Backend, Options, SoftwareRenderer};
use aerogpu_conformance::results::Fact;
use aerogpu_conformance::shader_case;
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
    /// What else is known of it.
    pub facts: Vec<Fact>,
    /// A new one.
    pub make: Box<dyn Fn(Purpose) -> Box<dyn Backend>>,
}

/// The adapter whose name contains `wanted`.
pub fn gpu(wanted: &str) -> Result<Arc<Gpu>, GpuError> {
    Gpu::open(wanted).map(Arc::new)
}

/// The software renderer and the processor that it runs on.
pub fn software_facts() -> Vec<Fact> {
    let engine = shader_case::engines().into_iter().find(|(_, engine)| *engine == Engine::default());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    facts([
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("interpreter", engine.map_or("fallback", |(name, _)| name).to_owned()),
        ("threads", threads.to_string()),
        ("processor", format!("{}, {}", std::env::consts::ARCH, std::env::consts::OS)),
    ])
}

/// An adapter, as wgpu describes it.
pub fn adapter_facts(gpu: &Gpu) -> Vec<Fact> {
    let info = &gpu.info;
    facts([
        ("adapter", info.name.clone()),
        ("driver", info.driver.clone()),
        ("driver version", info.driver_info.clone()),
        ("kind", format!("{:?}", info.device_type)),
        ("interface", info.backend.to_string()),
        ("PCI device", format!("{:04x}:{:04x}", info.vendor, info.device)),
    ])
}

fn facts<const N: usize>(facts: [(&str, String); N]) -> Vec<Fact> {
    facts.map(|(name, value)| Fact { name: name.into(), value }).into()
}

/// An adapter's name and its driver's.
pub fn adapter_name(gpu: &Gpu) -> String {
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
            let facts = software_facts();
            all.push(Fresh { name: "software", adapter: None, facts, make: Box::new(make) });
        }
        if self != Self::Software {
            let gpu = gpu(adapter)?;
            let (adapter, facts) = (Some(adapter_name(&gpu)), adapter_facts(&gpu));
            let make = move |_| -> Box<dyn Backend> { Box::new(WgpuRenderer::new(gpu.clone())) };
            all.push(Fresh { name: "wgpu", adapter, facts, make: Box::new(make) });
        }
        Ok(all)
    }
}
