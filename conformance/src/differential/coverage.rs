//! What streams reach: packets, formats, states, and instructions of their shaders.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use aerogpu::pipeline::shader::Shader;
use aerogpu_dxbc::ir::Op;
use aerogpu_protocol::packets::{
    BlendFactor, BlendOp, BlendState, CompareFunc, CullMode, FillMode, Opcode, PrimitiveTopology,
    SamplerFilter,
};
use aerogpu_protocol::{Format, Packet, Stream};
use serde::{Deserialize, Serialize};

use crate::generate::Script;

/// How often each thing was met, by `family:name`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Coverage {
    counts: BTreeMap<String, u64>,
}

/// What there is to reach of a family.
fn universe(family: &str) -> Vec<String> {
    let all = |names: Vec<String>| names;
    match family {
        "packet" => all((0..0x800)
            .filter_map(Opcode::from_u32)
            .filter(|o| drawable(*o))
            .map(|o| o.name().into())
            .collect()),
        "format" => all((0..128).filter_map(Format::from_u32).map(|f| f.to_string()).collect()),
        "topology" => {
            all((0..33).filter_map(PrimitiveTopology::from_u32).map(|t| format!("{t:?}")).collect())
        }
        "blend_factor" => all((0..16).filter_map(BlendFactor::from_u32).map(|f| format!("{f:?}")).collect()),
        "blend_op" => all((0..16).filter_map(BlendOp::from_u32).map(|f| format!("{f:?}")).collect()),
        "depth_func" => all((0..16).filter_map(CompareFunc::from_u32).map(|f| format!("{f:?}")).collect()),
        "cull" => all((0..16).filter_map(CullMode::from_u32).map(|f| format!("{f:?}")).collect()),
        "filter" => all((0..16).filter_map(SamplerFilter::from_u32).map(|f| format!("{f:?}")).collect()),
        _ => Vec::new(),
    }
}

/// Packets that generated streams are made of: no Direct3D 9 state, no comments.
fn drawable(opcode: Opcode) -> bool {
    !matches!(
        opcode,
        Opcode::Nop
            | Opcode::DebugMarker
            | Opcode::SetShaderConstantsI
            | Opcode::SetShaderConstantsB
            | Opcode::SetSamplerState
            | Opcode::SetRenderState
    )
}

/// Families in the order of a report.
const FAMILIES: [&str; 8] =
    ["packet", "format", "topology", "blend_factor", "blend_op", "depth_func", "cull", "filter"];

impl Coverage {
    /// What a script reaches.
    pub fn of(script: &Script) -> Self {
        let mut coverage = Self::default();
        script.submissions.iter().for_each(|submission| coverage.stream(&submission.stream));
        coverage
    }

    /// Adds what a command stream reaches. Bytes that are none add nothing.
    pub fn stream(&mut self, bytes: &[u8]) {
        let Ok(stream) = Stream::parse(bytes) else { return };
        for at in stream.packets().map_while(Result::ok) {
            if let Some(opcode) = Opcode::from_u32(at.opcode) {
                self.add("packet", opcode.name());
            }
            match at.packet {
                Packet::CreateTexture2d(p) => self.add_some("format", p.format().map(|f| f.to_string())),
                Packet::CreateTextureView(p) => self.add_some("view", p.format().map(|f| f.to_string())),
                Packet::SetBlendState(state) => self.blend(&state),
                Packet::SetDepthStencilState(state) if state.depth_enable != 0 => {
                    self.add_some("depth_func", state.depth_func().map(|f| format!("{f:?}")));
                }
                Packet::SetRasterizerState(state) => {
                    self.add_some("cull", state.cull_mode().map(|f| format!("{f:?}")));
                    if state.fill_mode() == Some(FillMode::Wireframe) {
                        self.add("fill", "Wireframe");
                    }
                    if state.scissor_enable != 0 {
                        self.add("state", "scissor");
                    }
                }
                Packet::SetPrimitiveTopology(p) => {
                    self.add_some("topology", p.topology().map(|t| format!("{t:?}")));
                    if p.topology().is_some_and(|t| format!("{t:?}").starts_with("Line")) {
                        self.add("state", "lines");
                    }
                }
                Packet::CreateSampler(p) => self.add_some("filter", p.filter().map(|f| format!("{f:?}"))),
                Packet::CreateShaderDxbc(p, code) => {
                    let shader = p.shader_stage(stream.minor()).ok().and_then(|s| Shader::new(s, code).ok());
                    if let Some(shader) = shader.as_ref().and_then(|shader| shader.dxbc()) {
                        let ops: BTreeSet<Op> = shader.program().instructions().map(|i| i.op).collect();
                        ops.iter().for_each(|op| self.add("op", op.info().mnemonic));
                        let plain = shader.inputs().iter().filter(|input| input.name.is_none());
                        plain.for_each(|i| self.add("interpolation", &format!("{:?}", i.interpolation)));
                    }
                }
                _ => {}
            }
        }
    }

    fn blend(&mut self, state: &BlendState) {
        if state.enable == 0 {
            return;
        }
        self.add("state", "blend");
        for value in [state.src_factor, state.dst_factor, state.src_factor_alpha, state.dst_factor_alpha] {
            self.add_some("blend_factor", BlendFactor::from_u32(value).map(|f| format!("{f:?}")));
        }
        for value in [state.blend_op, state.blend_op_alpha] {
            self.add_some("blend_op", BlendOp::from_u32(value).map(|f| format!("{f:?}")));
        }
    }

    fn add(&mut self, family: &str, name: &str) {
        *self.counts.entry(format!("{family}:{name}")).or_default() += 1;
    }

    fn add_some(&mut self, family: &str, name: Option<String>) {
        name.iter().for_each(|name| self.add(family, name));
    }

    /// Adds everything that another run met.
    pub fn merge(&mut self, other: &Self) {
        for (name, count) in &other.counts {
            *self.counts.entry(name.clone()).or_default() += count;
        }
    }

    /// Whether `family:name` was met.
    pub fn has(&self, name: &str) -> bool {
        self.counts.contains_key(name)
    }

    /// Everything that was met of a family.
    pub fn met(&self, family: &str) -> usize {
        self.counts.keys().filter(|name| name.split(':').next() == Some(family)).count()
    }

    /// What a family has and was not met.
    pub fn missing(&self, family: &str) -> Vec<String> {
        universe(family).into_iter().filter(|name| !self.has(&format!("{family}:{name}"))).collect()
    }
}

/// A line a family: `blend_op: 4 of 5; not Max`.
impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for family in FAMILIES {
            let (all, missing) = (universe(family).len(), self.missing(family));
            write!(f, "{family}: {} of {all}", all - missing.len())?;
            if !missing.is_empty() {
                write!(f, "; not {}", missing.join(", "))?;
            }
            writeln!(f)?;
        }
        write!(f, "instructions: {}", self.met("op"))
    }
}

#[cfg(test)]
mod tests {
    use aerogpu_protocol::StreamWriter;

    use super::*;

    #[test]
    fn a_stream_is_counted_and_what_is_missing_is_named() {
        let mut writer = StreamWriter::new();
        writer.set_blend_state(BlendState {
            enable: 1,
            blend_op: BlendOp::Max.to_u32(),
            ..BlendState::default()
        });
        let mut coverage = Coverage::default();
        coverage.stream(&writer.finish());
        assert!(coverage.has("blend_op:Max") && coverage.has("blend_factor:Zero"));
        assert_eq!(coverage.missing("blend_op"), ["Subtract", "RevSubtract", "Min"]);
        assert!(coverage.to_string().contains("blend_op: 2 of 5; not Subtract, RevSubtract, Min"));
        coverage.stream(b"no stream");
        assert_eq!(coverage.met("packet"), 1);
    }
}
