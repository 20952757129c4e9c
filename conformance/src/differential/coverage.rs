//! What streams reach: packets, formats, states, and instructions of their shaders.
//!
//! A [`Domain`] is a family of things with its whole extent, which comes from the protocol's enumerations, Direct3D 9's numbers
//! ([`direct3d9`]) and the tables of instructions; never from what a generator can make.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use aerogpu::pipeline::layout::InputLayout;
use aerogpu::pipeline::shader::Shader;
use aerogpu_dxbc::assembler::assemble;
use aerogpu_dxbc::ir::Op;
use aerogpu_dxbc::sm3;
use aerogpu_protocol::input_layout::{is_ilay, parse_ilay, semantic_name_hash, write_ilay};
use aerogpu_protocol::packets::*;
use aerogpu_protocol::{Format, Packet, Stream};
use serde::{Deserialize, Serialize};

use super::direct3d9::{self, RENDER_STATES};
use crate::generate::Script;

/// How often each thing was met, by `family:name`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Coverage {
    counts: BTreeMap<String, u64>,
}

/// A family of things, and how much of it was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domain {
    /// The family.
    pub name: String,
    /// Things that there are.
    pub total: usize,
    /// Those that some stream had.
    pub reached: usize,
    /// Those that a stream had which both back ends ran to its end.
    pub compared: usize,
    /// Those that no stream had.
    pub never: Vec<String>,
    /// Those that were only in streams that the other back end does not support, or that are no fair question.
    pub not_compared: Vec<String>,
}

/// A family and everything that it has.
type Family = (&'static str, fn() -> Vec<String>);

/// Families in the order of a report.
const FAMILIES: &[Family] = &[
    ("packet", || numbers(0..0x800, Opcode::from_u32, |o| o.name().into())),
    ("stage_packet", stage_packets),
    ("target", || formats(|f| !f.is_block_compressed())),
    ("source", || formats(|_| true)),
    ("view", || formats(|f| !f.is_depth())),
    ("vertex_format", vertex_formats),
    ("vertex_declaration", || (0..=16).map(direct3d9::declaration_type).collect()),
    ("topology", || numbers(0..65, PrimitiveTopology::from_u32, |t| format!("{t:?}"))),
    ("fill", || numbers(0..16, FillMode::from_u32, |f| format!("{f:?}"))),
    ("cull", || both(numbers(0..16, CullMode::from_u32, |c| format!("{c:?}")), &["cw", "ccw"])),
    ("rasterizer", || ["scissor", "depth bias", "no depth clip"].map(String::from).into()),
    ("blend_factor", || {
        let factors = numbers(0..16, BlendFactor::from_u32, |f| format!("{f:?}"));
        both(factors, &["src", "dst", "src alpha", "dst alpha"])
    }),
    ("blend_op", || both(numbers(0..16, BlendOp::from_u32, |f| format!("{f:?}")), &["color", "alpha"])),
    ("write_mask", || (0..16).map(|mask| format!("{mask:04b}")).collect()),
    ("depth_func", || both(numbers(0..16, CompareFunc::from_u32, |f| format!("{f:?}")), &["read", "write"])),
    ("filter", || numbers(0..16, SamplerFilter::from_u32, |f| format!("{f:?}"))),
    ("address", || numbers(0..16, SamplerAddressMode::from_u32, |f| format!("{f:?}"))),
    ("d3d9_state", || RENDER_STATES.iter().map(|state| state.name.into()).collect()),
    ("d3d9_blend", || direct3d9::values("d3d9_blend")),
    ("d3d9_depth", || direct3d9::values("d3d9_depth")),
    ("d3d9_stencil", || direct3d9::values("d3d9_stencil")),
    ("d3d9_mode", || direct3d9::values("d3d9_mode")),
    ("d3d9_sampler", || direct3d9::values("d3d9_sampler")),
    ("op", || Op::ALL.iter().filter(|op| !is_refused(**op)).map(|op| op.info().mnemonic.into()).collect()),
    ("d3d9_op", || {
        // A number that Direct3D 9 reserves and gives to no profile.
        let real = sm3::Op::ALL.iter().filter(|op| **op != sm3::Op::Texm3x3diff);
        real.map(|op| format!("{op:?}")).collect()
    }),
];

/// The names of the numbers that mean something.
fn numbers<T>(range: std::ops::Range<u32>, from: fn(u32) -> Option<T>, name: fn(T) -> String) -> Vec<String> {
    range.filter_map(from).map(name).collect()
}

/// Each of the names with each of the others.
fn both(names: Vec<String>, with: &[&str]) -> Vec<String> {
    with.iter().flat_map(|with| names.iter().map(move |name| format!("{with} {name}"))).collect()
}

fn formats(keep: fn(Format) -> bool) -> Vec<String> {
    (0..128).filter_map(Format::from_u32).filter(|f| keep(*f)).map(|f| f.to_string()).collect()
}

/// Packets that name a stage, with each stage that they may name.
fn stage_packets() -> Vec<String> {
    use Opcode as O;
    let all = [
        O::CreateShaderDxbc,
        O::SetShaderConstantsF,
        O::SetShaderConstantsI,
        O::SetShaderConstantsB,
        O::SetTexture,
        O::SetSamplers,
        O::SetConstantBuffers,
        O::SetShaderResourceBuffers,
        O::SetUnorderedAccessBuffers,
    ];
    let named = |stages: &[ShaderStage], opcode: Opcode| {
        stages.iter().map(|stage| format!("{} {stage:?}", opcode.name())).collect::<Vec<_>>()
    };
    // Vertex and pixel shaders have no unordered access (executor 8.8); Direct3D 9 has two stages, whose packet has no extension.
    let stages = |opcode| match opcode {
        O::SetUnorderedAccessBuffers => &ShaderStage::ALL[2..],
        _ => &ShaderStage::ALL[..],
    };
    let mut names: Vec<String> = all.iter().flat_map(|&opcode| named(stages(opcode), opcode)).collect();
    names.extend(named(&ShaderStage::ALL[..2], O::SetSamplerState));
    names
}

/// The DXGI formats that input layouts may have.
fn vertex_formats() -> Vec<String> {
    let is_one = |dxgi_format: &u32| {
        let (semantic_name_hash, dxgi_format) = (semantic_name_hash("POSITION"), *dxgi_format);
        let element = InputLayoutElementDxgi { semantic_name_hash, dxgi_format, ..Default::default() };
        InputLayout::parse(&write_ilay(&[element])).is_ok()
    };
    (1..133).filter(is_one).map(dxgi).collect()
}

/// An instruction that no stream can ask for: without operands one that no shader may have (a jump, an abort, a breakpoint),
/// and calls through interfaces, whose classes no packet binds.
fn is_refused(op: Op) -> bool {
    let info = op.info();
    let code = assemble(&format!("cs_5_0\ndcl_thread_group 1, 1, 1\n{}\nret\n", info.mnemonic));
    let refused = |code: &[u8]| match Shader::new(ShaderStage::Compute, code) {
        Err(error) => error.to_string().contains("is not supported"),
        Ok(_) => false,
    };
    op == Op::Fcall
        || info.dst.is_empty() && info.src.is_empty() && code.is_ok_and(|code| refused(&code.to_dxbc()))
}

fn dxgi(format: u32) -> String {
    format!("DXGI {format}")
}

impl Coverage {
    /// What a script reaches.
    pub fn of(script: &Script) -> Self {
        let mut reader = Reader::default();
        script.submissions.iter().for_each(|submission| reader.stream(&submission.stream));
        script.facts.iter().for_each(|fact| reader.coverage.add("state", fact));
        reader.coverage
    }

    fn add(&mut self, family: &str, name: &str) {
        *self.counts.entry(format!("{family}:{name}")).or_default() += 1;
    }

    fn add_some(&mut self, family: &str, name: Option<impl fmt::Debug>) {
        name.iter().for_each(|name| self.add(family, &format!("{name:?}")));
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

    /// Every domain; `compared` is what streams had on which both back ends were compared.
    pub fn domains(&self, compared: &Self) -> Vec<Domain> {
        let domain = |&(family, all): &Family| {
            let all = all();
            let lacks = |coverage: &Self, name: &String| !coverage.has(&format!("{family}:{name}"));
            let (never, met): (Vec<_>, Vec<_>) = all.iter().cloned().partition(|name| lacks(self, name));
            let not_compared: Vec<_> = met.iter().filter(|name| lacks(compared, name)).cloned().collect();
            Domain {
                name: family.into(),
                total: all.len(),
                reached: met.len(),
                compared: met.len() - not_compared.len(),
                never,
                not_compared,
            }
        };
        FAMILIES.iter().map(domain).collect()
    }
}

/// A line a domain: `blend_op: 4 of 5 reached, 3 compared; never Max; not compared Min`.
impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, total, reached, compared, never, not_compared } = self;
        write!(f, "{name}: {reached} of {total} reached, {compared} compared")?;
        for (what, names) in [("never", never), ("not compared", not_compared)] {
            if !names.is_empty() {
                write!(f, "; {what} {}", names.join(", "))?;
            }
        }
        Ok(())
    }
}

/// Streams as they are read: packets name resources that earlier ones have made.
#[derive(Default)]
struct Reader {
    coverage: Coverage,
    formats: HashMap<u32, Format>,
    minor: u16,
}

impl Reader {
    /// Adds what a command stream reaches. Bytes that are none add nothing.
    fn stream(&mut self, bytes: &[u8]) {
        let Ok(stream) = Stream::parse(bytes) else { return };
        self.minor = stream.minor();
        for at in stream.packets().map_while(Result::ok) {
            if let Some(opcode) = Opcode::from_u32(at.opcode) {
                self.coverage.add("packet", opcode.name());
                self.stage(opcode, &at.packet);
            }
            self.resources(&at.packet);
            self.states(&at.packet);
            match at.packet {
                Packet::CreateShaderDxbc(p, code) => {
                    let stage = p.shader_stage(self.minor).ok();
                    if let Some(shader) = stage.and_then(|stage| Shader::new(stage, code).ok()) {
                        self.shader(&shader, code);
                    }
                }
                Packet::CreateInputLayout(_, blob) => self.layout(blob),
                _ => {}
            }
        }
    }

    fn stage(&mut self, opcode: Opcode, packet: &Packet<'_>) {
        let minor = self.minor;
        let stage = match packet {
            Packet::CreateShaderDxbc(p, _) => p.shader_stage(minor),
            Packet::SetShaderConstantsF(p, _) => p.shader_stage(minor),
            Packet::SetShaderConstantsI(p, _) => p.shader_stage(minor),
            Packet::SetShaderConstantsB(p, _) => p.shader_stage(minor),
            Packet::SetTexture(p) => p.shader_stage(minor),
            Packet::SetSamplers(p, _) => p.shader_stage(minor),
            Packet::SetConstantBuffers(p, _) => p.shader_stage(minor),
            Packet::SetShaderResourceBuffers(p, _) => p.shader_stage(minor),
            Packet::SetUnorderedAccessBuffers(p, _) => p.shader_stage(minor),
            Packet::SetSamplerState(p) => p.shader_stage(minor),
            _ => return,
        };
        if let Ok(stage) = stage {
            self.coverage.add("stage_packet", &format!("{} {stage:?}", opcode.name()));
        }
    }

    fn resources(&mut self, packet: &Packet<'_>) {
        match packet {
            Packet::CreateTexture2d(p) => {
                self.formats.extend(p.format().map(|format| (p.texture_handle, format)));
            }
            Packet::CreateTextureView(p) => {
                self.formats.extend(p.format().map(|format| (p.view_handle, format)));
                p.format().iter().for_each(|format| self.coverage.add("view", format.name()));
            }
            Packet::SetRenderTargets(p) => {
                let count = (p.color_count as usize).min(p.colors.len());
                for handle in p.colors[..count].iter().chain([&p.depth_stencil]) {
                    let format = self.formats.get(handle);
                    format.iter().for_each(|format| self.coverage.add("target", format.name()));
                }
            }
            Packet::SetTexture(p) => {
                let format = self.formats.get(&p.texture);
                format.iter().for_each(|format| self.coverage.add("source", format.name()));
            }
            _ => {}
        }
    }

    fn states(&mut self, packet: &Packet<'_>) {
        let coverage = &mut self.coverage;
        match packet {
            Packet::SetBlendState(state) => self.blend(state),
            Packet::SetDepthStencilState(state) if state.depth_enable != 0 => {
                let access = if state.depth_write_enable != 0 { "write" } else { "read" };
                let func = state.depth_func();
                func.iter().for_each(|func| coverage.add("depth_func", &format!("{access} {func:?}")));
            }
            Packet::SetRasterizerState(state) => {
                let front = if state.front_ccw != 0 { "ccw" } else { "cw" };
                let cull = state.cull_mode();
                cull.iter().for_each(|cull| coverage.add("cull", &format!("{front} {cull:?}")));
                coverage.add_some("fill", state.fill_mode());
                let unclipped = state.flags().contains(RasterizerFlags::DEPTH_CLIP_DISABLE);
                let on = [
                    (state.scissor_enable != 0, "scissor"),
                    (state.depth_bias != 0, "depth bias"),
                    (unclipped, "no depth clip"),
                ];
                on.iter().filter(|(on, _)| *on).for_each(|(_, name)| coverage.add("rasterizer", name));
            }
            Packet::SetPrimitiveTopology(p) => {
                coverage.add_some("topology", p.topology());
                if p.topology().is_some_and(|t| format!("{t:?}").starts_with("Line")) {
                    coverage.add("state", "lines");
                }
            }
            Packet::CreateSampler(p) => {
                coverage.add_some("filter", p.filter());
                [p.address_u(), p.address_v(), p.address_w()]
                    .into_iter()
                    .for_each(|mode| coverage.add_some("address", mode));
            }
            Packet::SetRenderState(p) => {
                for (family, name) in direct3d9::render_state(p.state, p.value) {
                    coverage.add(family, &name);
                }
            }
            Packet::SetSamplerState(p) => {
                for (family, name) in direct3d9::sampler_state(p.state, p.value) {
                    coverage.add(family, &name);
                }
            }
            _ => {}
        }
    }

    fn blend(&mut self, state: &BlendState) {
        let coverage = &mut self.coverage;
        coverage.add("write_mask", &format!("{:04b}", state.color_write_mask & 15));
        if state.enable == 0 {
            return;
        }
        coverage.add("state", "blend");
        for (place, factor) in [
            ("src", state.src_factor()),
            ("dst", state.dst_factor()),
            ("src alpha", state.src_factor_alpha()),
            ("dst alpha", state.dst_factor_alpha()),
        ] {
            factor.iter().for_each(|factor| coverage.add("blend_factor", &format!("{place} {factor:?}")));
        }
        for (place, op) in [("color", state.blend_op()), ("alpha", state.blend_op_alpha())] {
            op.iter().for_each(|op| coverage.add("blend_op", &format!("{place} {op:?}")));
        }
    }

    fn shader(&mut self, shader: &Shader, code: &[u8]) {
        let coverage = &mut self.coverage;
        let ops: BTreeSet<Op> = shader.program().program().instructions().map(|i| i.op).collect();
        ops.iter().for_each(|op| coverage.add("op", op.info().mnemonic));
        if shader.direct3d9().is_some() {
            let (words, _) = code.as_chunks();
            let words: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
            let program = sm3::decode(&words).ok();
            let ops: BTreeSet<sm3::Op> =
                program.iter().flat_map(sm3::Program::instructions).map(|i| i.op).collect();
            ops.iter().for_each(|op| coverage.add("d3d9_op", &format!("{op:?}")));
            return;
        }
        let plain = shader.program().inputs().iter().filter(|input| input.name.is_none());
        plain.for_each(|input| coverage.add_some("interpolation", Some(input.interpolation)));
    }

    fn layout(&mut self, blob: &[u8]) {
        if is_ilay(blob) {
            let elements = parse_ilay(blob).ok();
            let formats = elements.iter().flat_map(|elements| elements.iter()).map(|e| e.dxgi_format);
            formats.for_each(|format| self.coverage.add("vertex_format", &dxgi(format)));
        } else {
            // Elements of 8 bytes; stream 255 ends the list (executor 10.3).
            let kinds = blob.chunks_exact(8).take_while(|e| e[0] != 255).map(|e| e[4]);
            kinds
                .for_each(|kind| self.coverage.add("vertex_declaration", &direct3d9::declaration_type(kind)));
        }
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
            src_factor: BlendFactor::SrcAlpha.to_u32(),
            blend_op: BlendOp::Max.to_u32(),
            ..Default::default()
        });
        let mut reader = Reader::default();
        reader.stream(&writer.finish());
        let met = reader.coverage;
        assert!(met.has("blend_op:color Max") && met.has("packet:SET_BLEND_STATE") && met.has("state:blend"));
        let domains = met.domains(&Coverage::default());
        let ops = domains.iter().find(|domain| domain.name == "blend_op").expect("a family");
        assert_eq!((ops.total, ops.reached, ops.compared), (10, 2, 0));
        assert_eq!(ops.not_compared, ["color Max", "alpha Add"]);
        let mut more = met.clone();
        more.merge(&met);
        assert_eq!(more.counts["blend_op:color Max"], 2);
        let text = domains.iter().map(Domain::to_string).collect::<Vec<_>>().join("\n");
        assert!(text.contains("packet: 1 of 48 reached, 0 compared; never NOP, "), "{text}");
    }

    /// Nothing is counted that no domain has: a misspelt name would never be missed.
    #[test]
    fn families_are_without_duplicates() {
        for (family, all) in FAMILIES {
            let all = all();
            let distinct: BTreeSet<_> = all.iter().collect();
            assert!(!all.is_empty() && distinct.len() == all.len(), "{family}: {all:?}");
        }
        let refused: Vec<_> = Op::ALL.iter().copied().filter(|op| is_refused(*op)).collect();
        assert_eq!(refused, [Op::Jmp, Op::Fcall, Op::Abort, Op::DebugBreak]);
    }
}
