//! Shaders as WGSL text.
//!
//! Registers become private arrays of untyped words, instructions one line of text each. Text is longer than a naga module
//! built by hand, but half the code, and a person can read what the adapter was given. What WGSL cannot say is refused
//! by name; nothing is approximated.

mod body;
mod memory;
mod operand;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use aerogpu_dxbc::ValidatedShader;
use aerogpu_dxbc::ir::{CustomDataClass, Declaration, ResourceDimension, Stage, Statement, SystemName};

use body::Body;

/// Something that a shader asks for and WGSL (or this translation) does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} cannot be said in WGSL")]
pub struct Unsupported(pub String);

impl Unsupported {
    fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

/// Numbers of bindings in a stage's bind group.
pub mod binding {
    #![allow(missing_docs, reason = "the names say it")]
    pub const CONSTANTS: u32 = 0;
    pub const TEXTURES: u32 = 16;
    pub const SAMPLERS: u32 = 144;
    pub const UAVS: u32 = 160;
    pub const COUNTERS: u32 = 224;
    /// One vector of words: base vertex, first instance.
    pub const DRAW: u32 = 240;
}

/// Vectors of a constant buffer: what Direct3D 11 can reach, and WebGPU's least limit.
pub const CONSTANT_VECTORS: usize = 4096;

/// How a view's texels come to a shader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the variants are WebGPU's own names")]
pub enum SampleType {
    Float,
    /// Floats of a format without alpha: it reads 1, outside as well.
    Opaque,
    Depth,
    Sint,
    Uint,
}

/// The numeric type of an attribute or a colour target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the variants are WGSL's own names")]
pub enum Scalar {
    F32,
    I32,
    U32,
}

impl Scalar {
    fn vector(self) -> &'static str {
        match self {
            Self::F32 => "vec4f",
            Self::I32 => "vec4i",
            Self::U32 => "vec4u",
        }
    }
}

/// One inter-stage location: words of the vertex shader's outputs, and where the pixel shader finds them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Varying {
    /// Word of the producer (`register * 4 + component`) for each component; 0 where there is none.
    pub words: [Option<u16>; 4],
    /// Register of the consumer.
    pub register: u32,
    /// Components that it fills (bit 0 is x).
    pub mask: u8,
    /// WGSL's interpolation attribute, such as `flat` or `linear, centroid`.
    pub interpolation: &'static str,
}

/// How the pipeline around a shader is wired.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Wiring {
    /// Vertex shader: input registers that an attribute feeds, in order of location.
    pub attributes: Vec<(u32, Scalar)>,
    /// What goes from the vertex to the pixel shader.
    pub varyings: Vec<Varying>,
    /// Pixel shader: output register, colour target, its type.
    pub targets: Vec<(u32, u32, Scalar)>,
    /// Pixel shader: bits of the least and the greatest depth of the viewport. Without a depth target its depth goes nowhere.
    pub depth: Option<[u32; 2]>,
    /// Pixel shader: registers 0 and 1 are the two sources of target 0's blend.
    pub dual_source: bool,
    /// What is bound to each `t#` that the shader declares as a texture.
    pub textures: BTreeMap<u32, SampleType>,
    /// Those of them that a cube is bound to where the shader does not say what it samples (Direct3D 9).
    pub cubes: BTreeSet<u32>,
}

/// What a texture register samples: a cube where one is bound and the shader does not say (Direct3D 9).
pub fn dimension(cubes: &BTreeSet<u32>, slot: u32, declared: ResourceDimension) -> ResourceDimension {
    match declared {
        ResourceDimension::Unknown if cubes.contains(&slot) => ResourceDimension::TextureCube,
        ResourceDimension::Unknown => ResourceDimension::Texture2D,
        declared => declared,
    }
}

/// Translates a vertex, pixel or compute shader; the entry point is `main`.
///
/// # Errors
/// The first thing that WGSL does not have.
pub fn translate(shader: &ValidatedShader, wiring: &Wiring) -> Result<String, Unsupported> {
    let mut text = String::from("enable dual_source_blending;\n");
    if !wiring.dual_source {
        text.clear();
    }
    text.push_str(include_str!("prelude.wgsl"));
    let mut body = Body::new(shader, wiring);
    for statement in &shader.program().statements {
        match statement {
            Statement::Instruction(instruction) => body.instruction(instruction)?,
            Statement::CustomData(data) if data.class == CustomDataClass::ImmediateConstantBuffer => {
                text.push_str(&immediates(&data.words));
            }
            Statement::CustomData(_) => {}
            Statement::Declaration(declaration) => text.push_str(&declare(declaration)?),
        }
    }
    resources(&mut text, shader, wiring, &body)?;
    let registers =
        |name: &str, count: usize| format!("var<private> {name}: array<vec4u, {}>;\n", count.max(1));
    text += &registers("v", shader.input_registers());
    text += &registers("o", shader.output_registers());
    text += "var<private> o_depth: vec4u;\nvar<private> o_mask: vec4u;\nvar<private> v_coverage: vec4u;\n";
    text += "var<private> thread_id: vec4u;\nvar<private> group_id: vec4u;\nvar<private> local_id: vec4u;\n";
    text += "var<private> local_index: vec4u;\n";
    text += &body.finish()?;
    match shader.stage() {
        Stage::Vertex => vertex(&mut text, shader, wiring)?,
        Stage::Pixel => pixel(&mut text, shader, wiring)?,
        Stage::Compute => compute(&mut text, shader),
        stage => return Err(Unsupported::new(format!("a {stage:?} shader"))),
    }
    Ok(text)
}

/// `icb`, with zeros beyond its end.
fn immediates(words: &[u32]) -> String {
    let vectors: Vec<_> =
        words.chunks(4).map(|v| format!("vec4u({}u, {}u, {}u, {}u)", v[0], v[1], v[2], v[3])).collect();
    let count = vectors.len();
    format!(
        "var<private> icb: array<vec4u, {count}> = array({});\n{}",
        vectors.join(", "),
        bounded("icb_at", "icb", count as u32)
    )
}

/// A read that gives 0 outside.
fn bounded(function: &str, array: &str, count: u32) -> String {
    format!(
        "fn {function}(i: u32) -> vec4u {{ if (i < {count}u) {{ return {array}[i]; }} return vec4u(0u); }}\n"
    )
}

fn declare(declaration: &Declaration) -> Result<String, Unsupported> {
    Ok(match declaration {
        Declaration::Temps(count) => format!("var<private> r: array<vec4u, {}>;\n", (*count).max(1)),
        Declaration::IndexableTemp { register, count, .. } => format!(
            "var<private> x{register}: array<vec4u, {count}>;\n{}",
            bounded(&format!("x{register}_at"), &format!("x{register}"), *count)
        ),
        Declaration::Interface { .. } => return Err(Unsupported::new("an interface call")),
        _ => String::new(),
    })
}

/// Module-scope variables of everything that is bound.
fn resources(
    text: &mut String,
    shader: &ValidatedShader,
    wiring: &Wiring,
    body: &Body<'_>,
) -> Result<(), Unsupported> {
    let group = u32::from(shader.stage() == Stage::Pixel);
    let variable = |binding: u32| format!("@group({group}) @binding({binding}) var");
    if shader.stage() == Stage::Vertex {
        let _ = writeln!(text, "{}<uniform> draw: vec4u;", variable(binding::DRAW));
    }
    for slots in shader.constant_buffers() {
        let slot = one(slots.first, slots.last)?;
        // No storage buffer, though that would know its length: llvmpipe gives zeros of those to the pixels of a quad that are
        // not covered, and derivatives would be wrong. The back end pads with zeros.
        let _ = writeln!(
            text,
            "{}<uniform> c{slot}: array<vec4u, {CONSTANT_VECTORS}>;",
            variable(binding::CONSTANTS + slot)
        );
        let last = CONSTANT_VECTORS - 1;
        let _ = writeln!(
            text,
            "fn cb{slot}(i: u32) -> vec4u {{ return select(vec4u(0u), c{slot}[min(i, {last}u)], i <= {last}u); }}"
        );
    }
    for slots in shader.samplers() {
        let slot = one(slots.first, slots.last)?;
        let kind = if slots.comparison { "sampler_comparison" } else { "sampler" };
        let _ = writeln!(text, "{} s{slot}: {kind};", variable(binding::SAMPLERS + slot));
    }
    for slots in shader.resources() {
        let slot = one(slots.first, slots.last)?;
        let variable = variable(binding::TEXTURES + slot);
        let _ = match dimension(&wiring.cubes, slot, slots.dimension) {
            ResourceDimension::RawBuffer | ResourceDimension::StructuredBuffer => {
                writeln!(text, "{variable}<storage, read> t{slot}: array<u32>;")
            }
            dimension => {
                let sample = wiring.textures.get(&slot).copied().unwrap_or(SampleType::Float);
                writeln!(text, "{variable} t{slot}: {};", memory::texture_type(dimension, sample)?)
            }
        };
    }
    for slots in shader.uavs() {
        let slot = one(slots.first, slots.last)?;
        if !matches!(slots.dimension, ResourceDimension::RawBuffer | ResourceDimension::StructuredBuffer) {
            return Err(Unsupported::new("a typed UAV, whose format the protocol does not carry,"));
        }
        let word = if body.is_atomic(&format!("u{slot}")) { "atomic<u32>" } else { "u32" };
        let _ =
            writeln!(text, "{}<storage, read_write> u{slot}: array<{word}>;", variable(binding::UAVS + slot));
        if body.counters.contains(&slot) {
            let _ = writeln!(
                text,
                "{}<storage, read_write> n{slot}: atomic<u32>;",
                variable(binding::COUNTERS + slot)
            );
        }
    }
    for (register, words) in body.shared() {
        let word = if body.is_atomic(&format!("g{register}")) { "atomic<u32>" } else { "u32" };
        let _ = writeln!(text, "var<workgroup> g{register}: array<{word}, {}>;", (*words).max(1));
    }
    Ok(())
}

/// The register of a declaration that names exactly one.
fn one(first: u32, last: u32) -> Result<u32, Unsupported> {
    if first == last { Ok(first) } else { Err(Unsupported::new("a range of registers (Shader Model 5.1)")) }
}

fn component(c: usize) -> char {
    ['x', 'y', 'z', 'w'][c]
}

fn vertex(text: &mut String, shader: &ValidatedShader, wiring: &Wiring) -> Result<(), Unsupported> {
    text.push_str(
        "struct In { @builtin(vertex_index) vertex: u32, @builtin(instance_index) instance: u32,\n",
    );
    for (location, (_, scalar)) in wiring.attributes.iter().enumerate() {
        let _ = writeln!(text, "@location({location}) a{location}: {},", scalar.vector());
    }
    text.push_str("}\nstruct Out { @builtin(position) position: vec4f,\n");
    for (location, varying) in wiring.varyings.iter().enumerate() {
        varying_member(text, location, varying);
    }
    text.push_str("}\n@vertex fn main(in: In) -> Out {\n");
    for (location, (register, _)) in wiring.attributes.iter().enumerate() {
        let _ = writeln!(text, "v[{register}] = bitcast<vec4u>(in.a{location});");
    }
    for input in shader.inputs() {
        // Both count from 0 in Direct3D, whatever the draw starts with.
        let value = match input.name {
            Some(SystemName::VertexId) => "in.vertex - draw.x",
            Some(SystemName::InstanceId) => "in.instance - draw.y",
            Some(name) => return Err(Unsupported::new(format!("{name:?} in a vertex shader"))),
            None => continue,
        };
        let c = component(input.mask.trailing_zeros() as usize & 3);
        let _ = writeln!(text, "v[{}].{c} = {value};", input.register);
    }
    text.push_str("body();\nvar out: Out;\n");
    for output in shader.outputs() {
        match output.name {
            Some(SystemName::Position) => {
                let _ = writeln!(text, "out.position = f4(o[{}]);", output.register);
            }
            Some(SystemName::ClipDistance | SystemName::CullDistance) => {
                return Err(Unsupported::new("a clip or cull distance"));
            }
            Some(name @ (SystemName::RenderTargetArrayIndex | SystemName::ViewportArrayIndex)) => {
                return Err(Unsupported::new(format!("{name:?} from a vertex shader")));
            }
            _ => {}
        }
    }
    for (location, varying) in wiring.varyings.iter().enumerate() {
        let words: Vec<_> = (0..4).map(|c| varying_word(varying.words[c], c)).collect();
        let words = format!("vec4u({})", words.join(", "));
        let value = if varying.interpolation.starts_with("flat") { words } else { format!("f4({words})") };
        let _ = writeln!(text, "out.p{location} = {value};");
    }
    text.push_str("return out;\n}\n");
    Ok(())
}

fn varying_word(word: Option<u16>, c: usize) -> String {
    match word {
        Some(word) => format!("o[{}].{}", word / 4, component(usize::from(word % 4))),
        None if c == 3 => "0x3f800000u".into(),
        None => "0u".into(),
    }
}

fn varying_member(text: &mut String, location: usize, varying: &Varying) {
    let ty = if varying.interpolation.starts_with("flat") { "vec4u" } else { "vec4f" };
    let _ =
        writeln!(text, "@location({location}) @interpolate({}) p{location}: {ty},", varying.interpolation);
}

fn pixel(text: &mut String, shader: &ValidatedShader, wiring: &Wiring) -> Result<(), Unsupported> {
    let info = shader.pixel();
    let mut builtins = vec!["@builtin(position) position: vec4f"];
    let mut fill = String::new();
    for input in shader.inputs() {
        let value = match input.name {
            // WebGPU gives 1/w; Direct3D w.
            Some(SystemName::Position) => "bf(vec4f(in.position.xyz, 1.0 / in.position.w))",
            Some(SystemName::IsFrontFace) => {
                builtins.push("@builtin(front_facing) front: bool");
                "vec4u(select(0u, 0xffffffffu, in.front))"
            }
            Some(SystemName::SampleIndex) => {
                builtins.push("@builtin(sample_index) sample: u32");
                "vec4u(in.sample)"
            }
            Some(name) => return Err(Unsupported::new(format!("{name:?} in a pixel shader"))),
            None => continue,
        };
        for c in (0..4).filter(|c| input.mask >> c & 1 == 1).map(component) {
            let _ = writeln!(fill, "v[{}].{c} = {value}.{c};", input.register);
        }
    }
    if info.reads_coverage {
        builtins.push("@builtin(sample_mask) coverage: u32");
        fill.push_str("v_coverage = vec4u(in.coverage);\n");
    }
    let _ = writeln!(text, "struct In {{ {},", builtins.join(", "));
    for (location, varying) in wiring.varyings.iter().enumerate() {
        varying_member(text, location, varying);
        for c in (0..4).filter(|c| varying.mask >> c & 1 == 1).map(component) {
            let _ = writeln!(fill, "v[{}].{c} = bitcast<vec4u>(in.p{location}).{c};", varying.register);
        }
    }
    text.push_str("}\nstruct Out {\n");
    let mut result = String::new();
    for &(register, target, scalar) in &wiring.targets {
        let place = match (wiring.dual_source, target) {
            (true, source) => format!("@location(0) @blend_src({source})"),
            (false, target) => format!("@location({target})"),
        };
        let ty = scalar.vector();
        let _ = writeln!(text, "{place} c{target}: {ty},");
        let _ = writeln!(result, "out.c{target} = bitcast<{ty}>(o[{register}]);");
    }
    if let (Some(_), Some([least, greatest])) = (info.depth, wiring.depth) {
        text.push_str("@builtin(frag_depth) depth: f32,\n");
        // Both specifications clamp it to the viewport; wgpu leaves that to Vulkan, which does not.
        let _ = writeln!(
            result,
            "out.depth = clamp(f4(o_depth), f4(vec4u({least}u)), f4(vec4u({greatest}u))).x;"
        );
    }
    if info.writes_coverage {
        text.push_str("@builtin(sample_mask) mask: u32,\n");
        result.push_str("out.mask = o_mask.x;\n");
    }
    if info.writes_stencil_ref {
        return Err(Unsupported::new("a stencil reference from a pixel shader"));
    }
    if result.is_empty() {
        let _ = writeln!(text, "unused: u32 }}\n@fragment fn main(in: In) {{\n{fill}body();\n}}");
    } else {
        let _ = writeln!(
            text,
            "}}\n@fragment fn main(in: In) -> Out {{\n{fill}body();\nvar out: Out;\n{result}return out;\n}}"
        );
    }
    Ok(())
}

fn compute(text: &mut String, shader: &ValidatedShader) {
    let [x, y, z] = shader.thread_group();
    let _ = writeln!(
        text,
        "@compute @workgroup_size({x}, {y}, {z})\nfn main(@builtin(global_invocation_id) global: vec3u, \
         @builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u, \
         @builtin(local_invocation_index) index: u32) {{\nthread_id = vec4u(global, 0u);\n\
         group_id = vec4u(group, 0u);\nlocal_id = vec4u(local, 0u);\nlocal_index = vec4u(index);\nbody();\n}}"
    );
}
