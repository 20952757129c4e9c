//! Shaders that are known to execute.
//!
//! **What it is.** [`ValidatedShader::new`] takes a decoded [`Program`] and its [`Signatures`] and either names the first
//! rule that the program breaks or returns a value that [`scalar::run`](crate::scalar::run) executes without any
//! further check but for relative indices, whose out-of-range results Direct3D defines. The value also answers what a
//! pipeline asks: slots, registers, interpolation, tessellation, thread groups.
//!
//! **What it is not.** It does not insist on rules that cannot go wrong (unused declarations, read-before-write).

mod build;
mod code;
mod copy;
mod declarations;
mod error;
mod flow;
mod interface;
mod operands;
mod rules;

pub use error::{Reason, ValidationError};
pub use interface::*;

pub(crate) use code::*;

pub(crate) use rules::needs_derivatives;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::ir::{CostClass, Interpolation, Model, Op, Program, Stage, SystemName};
use crate::limits;
use crate::program::InputWord;
use crate::signature::{Signature, Signatures};
use declarations::{Declarations, at_most};

/// A shader that cannot fail at execution (but for a spent budget).
#[derive(Debug, Clone)]
pub struct ValidatedShader {
    program: Program,
    signatures: Signatures,
    code: Code,
    inputs: Vec<InputDeclaration>,
    outputs: Vec<OutputDeclaration>,
    resources: Vec<ResourceSlots>,
    samplers: Vec<SamplerSlots>,
    constant_buffers: Vec<ConstantBufferSlots>,
    uavs: Vec<UavSlots>,
    input_registers: usize,
    output_registers: usize,
    patch_registers: usize,
    input_vertices: usize,
    thread_group: [u32; 3],
    geometry: Option<GeometryInfo>,
    hull: Option<HullInfo>,
    domain: Option<DomainInfo>,
    pixel: PixelInfo,
    stretches: Vec<Stretch>,
    copy: Option<PixelCopy>,
    lowered: OnceLock<Lowered>,
}

/// The flat form of each phase, and numbers that no other shader of this process has, counted from here; clones share both.
type Lowered = Option<(u64, Arc<[crate::program::Program]>)>;

impl ValidatedShader {
    /// Checks a program against the instruction table, its declarations and the [`limits`].
    ///
    /// # Errors
    /// The first statement that breaks a rule. Legal programs that use `abort`, `debug_break` or the cycle counter are
    /// refused too, by name.
    pub fn new(program: Program, signatures: Signatures) -> Result<Self, ValidationError> {
        let end = program.statements.len();
        let whole = |reason| ValidationError { statement: end, mnemonic: "program", reason };
        at_most("statements", end as u64, limits::STATEMENTS as u64).map_err(whole)?;
        for signature in [&signatures.inputs, &signatures.outputs, &signatures.patch_constants] {
            let reason =
                at_most("signature registers", registers(signature), limits::SIGNATURE_REGISTERS as u64);
            reason.map_err(|reason| ValidationError { statement: end, mnemonic: "signature", reason })?;
        }
        let (declarations, immediates) = build::collect(&program)?;
        let d = &declarations;
        let stage = program.stage;
        let geometry = geometry(stage, d).map_err(whole)?;
        let hull = hull(stage, d).map_err(whole)?;
        let domain = domain(stage, d).map_err(whole)?;
        let vertices = match (&geometry, &hull, &domain) {
            (Some(g), _, _) => g.input.vertices(),
            (_, Some(h), _) => h.input_points,
            (_, _, Some(d)) => d.input_points,
            _ => 0,
        };
        if stage == Stage::Compute && d.thread_group.is_none() {
            return Err(whole(Reason::Declaration("a compute shader without dcl_thread_group")));
        }
        let input_registers = highest(&signatures.inputs, d.inputs.iter().map(|i| i.register));
        // Without a control point phase the control points pass through.
        let passes = stage == Stage::Hull && !d.control_point_phase;
        let output_registers = if passes {
            input_registers
        } else {
            highest(&signatures.outputs, d.outputs.iter().map(|o| o.register))
        };
        let patch_registers =
            highest(&signatures.patch_constants, d.patch_outputs.iter().map(|o| o.register))
                .max(d.patch_inputs);
        let scope = operands::Scope {
            stage,
            model: program.model,
            declarations: d,
            phase: PhaseKind::Main,
            inputs: input_registers,
            vertices,
            outputs: output_registers,
            output_points: hull.as_ref().map_or(0, |h| h.output_points),
            patch_constants: patch_registers,
            immediates: immediates.len(),
        };
        at_most("temps", u64::from(d.temps) + u64::from(d.array_vectors), 2 * limits::TEMPS as u64)
            .map_err(whole)?;
        let code = Code {
            immediates,
            temps: d.temps as usize,
            array_vectors: d.array_vectors as usize,
            shared_words: (d.shared_bytes / 4) as usize,
            ..Code::default()
        };
        let code = build::Builder::new(scope, code).run(&program)?;
        Ok(Self {
            pixel: pixel(stage, d, &code),
            stretches: stretches(&code),
            copy: if stage == Stage::Pixel { PixelCopy::of(&code) } else { None },
            code,
            input_registers,
            output_registers,
            patch_registers,
            input_vertices: vertices,
            thread_group: d.thread_group.unwrap_or_default(),
            geometry,
            hull,
            domain,
            inputs: declarations.inputs,
            outputs: declarations.outputs,
            resources: declarations.resources,
            samplers: declarations.samplers,
            constant_buffers: declarations.constant_buffers,
            uavs: declarations.uavs,
            program,
            signatures,
            lowered: OnceLock::new(),
        })
    }

    /// The program as it was decoded.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The stage that it is for.
    pub fn stage(&self) -> Stage {
        self.program.stage
    }

    /// The shader model.
    pub fn model(&self) -> Model {
        self.program.model
    }

    /// The signatures that came with it.
    pub fn signatures(&self) -> &Signatures {
        &self.signatures
    }

    /// Input vectors (of one vertex or control point).
    pub fn input_registers(&self) -> usize {
        self.input_registers
    }

    /// Vertices or control points that come in: geometry, hull and domain shaders; else 0.
    pub fn input_vertices(&self) -> usize {
        self.input_vertices
    }

    /// Output vectors; of a hull shader those of one output control point.
    pub fn output_registers(&self) -> usize {
        self.output_registers
    }

    /// Patch constant vectors: a hull shader's output, a domain shader's input.
    pub fn patch_registers(&self) -> usize {
        self.patch_registers
    }

    /// Input vectors that [`Io::reset`](crate::Io::reset) needs: those of all vertices.
    pub fn input_vectors(&self) -> usize {
        self.input_registers * self.input_vertices.max(1)
    }

    /// Declared inputs, in declaration order; a register may appear once for each group of its components.
    pub fn inputs(&self) -> &[InputDeclaration] {
        &self.inputs
    }

    /// Declared outputs, in declaration order.
    pub fn outputs(&self) -> &[OutputDeclaration] {
        &self.outputs
    }

    /// The interpolation mode and system value of one component of an input register.
    pub fn input(&self, register: u32, component: u8) -> Option<&InputDeclaration> {
        self.inputs.iter().find(|i| i.register == register && i.mask >> component & 1 == 1)
    }

    /// Declared `t#`.
    pub fn resources(&self) -> &[ResourceSlots] {
        &self.resources
    }

    /// Declared `s#`.
    pub fn samplers(&self) -> &[SamplerSlots] {
        &self.samplers
    }

    /// Declared `cb#`.
    pub fn constant_buffers(&self) -> &[ConstantBufferSlots] {
        &self.constant_buffers
    }

    /// Declared `u#`.
    pub fn uavs(&self) -> &[UavSlots] {
        &self.uavs
    }

    /// Threads of a group along x, y and z; zeros unless this is a compute shader.
    pub fn thread_group(&self) -> [u32; 3] {
        self.thread_group
    }

    /// Geometry shader declarations.
    pub fn geometry(&self) -> Option<&GeometryInfo> {
        self.geometry.as_ref()
    }

    /// Hull shader declarations.
    pub fn hull(&self) -> Option<&HullInfo> {
        self.hull.as_ref()
    }

    /// Domain shader declarations.
    pub fn domain(&self) -> Option<&DomainInfo> {
        self.domain.as_ref()
    }

    /// What a pixel shader does beside writing colours.
    pub fn pixel(&self) -> &PixelInfo {
        &self.pixel
    }

    /// What a pixel shader moves to its output, if it does nothing else.
    pub fn pixel_copy(&self) -> Option<&PixelCopy> {
        self.copy.as_ref()
    }

    /// Static cost in slots.
    pub fn instruction_slots(&self) -> InstructionSlots {
        self.stretches[0].slots
    }

    /// The stretches that the cost model prices: the whole program, every instruction once, then another turn of each loop,
    /// in the order of [`Io::turns`](crate::Io::turns).
    pub fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    /// The flat form of each phase with a number of its own, made at the first call; `None` when only the reference
    /// interpreter runs the shader.
    pub(crate) fn lowered(&self) -> Option<(u64, &[crate::program::Program])> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let lowered = self.lowered.get_or_init(|| {
            let programs = crate::program::lower(self)?;
            Some((NEXT.fetch_add(programs.len() as u64, Ordering::Relaxed), programs.into()))
        });
        lowered.as_ref().map(|(first, programs)| (*first, &**programs))
    }

    /// What a run takes from its budget, in instructions of one lane, when that is known before: without loops and calls.
    pub fn fixed_instructions(&self) -> Option<u64> {
        let fixed = self.code.loops.is_empty() && !self.code.has_calls && self.code.phases.len() == 1;
        fixed.then(|| self.code.section_price(0))
    }

    /// True when nothing differs from lane to lane but what memory does: no input of a lane is read. Not for hull shaders.
    pub fn is_uniform(&self) -> bool {
        let ends_alike = |word: &InputWord| matches!(word, InputWord::Output(_));
        let alike =
            |program: &crate::program::Program| program.inputs.iter().all(|(word, _)| ends_alike(word));
        self.stage() != Stage::Hull && self.lowered().is_some_and(|(_, programs)| programs.iter().all(alike))
    }

    /// Invocations of a phase for one patch: output points, or instances.
    pub(crate) fn phase_lanes(&self, phase: &Phase) -> usize {
        match phase.kind {
            PhaseKind::ControlPoint => self.hull().map_or(0, |hull| hull.output_points),
            PhaseKind::Main | PhaseKind::Patch => phase.instances as usize,
        }
    }

    /// The executable form.
    pub(crate) fn code(&self) -> &Code {
        &self.code
    }
}

/// One more than the highest register of a signature, in 64 bits because the guest chose it.
fn registers(signature: &Signature) -> u64 {
    signature.elements.iter().filter_map(|e| e.register).map(|r| u64::from(r) + 1).max().unwrap_or(0)
}

fn highest(signature: &Signature, declared: impl Iterator<Item = u32>) -> usize {
    signature.registers().max(declared.map(|r| r as usize + 1).max().unwrap_or(0))
}

fn geometry(stage: Stage, d: &Declarations) -> Result<Option<GeometryInfo>, Reason> {
    if stage != Stage::Geometry {
        return Ok(None);
    }
    let input =
        d.input_primitive.ok_or(Reason::Declaration("a geometry shader without dcl_inputprimitive"))?;
    let max_vertices = d.max_vertices.ok_or(Reason::Declaration("a geometry shader without dcl_maxout"))?;
    if d.topologies.iter().all(Option::is_none) {
        return Err(Reason::Declaration("a geometry shader without dcl_outputtopology"));
    }
    Ok(Some(GeometryInfo { input, topologies: d.topologies, max_vertices, instances: d.geometry_instances }))
}

fn hull(stage: Stage, d: &Declarations) -> Result<Option<HullInfo>, Reason> {
    if stage != Stage::Hull {
        return Ok(None);
    }
    let missing = |what| move || Reason::Declaration(what);
    let input_points = d.input_points.ok_or_else(missing("a hull shader without input control points"))?;
    let output_points = d.output_points.ok_or_else(missing("a hull shader without output control points"))?;
    if !d.control_point_phase && output_points > input_points {
        return Err(Reason::Declaration(
            "more output than input control points without a control point phase",
        ));
    }
    Ok(Some(HullInfo {
        input_points,
        output_points,
        domain: d.domain.ok_or_else(missing("a hull shader without a domain"))?,
        partitioning: d.partitioning.ok_or_else(missing("a hull shader without partitioning"))?,
        output: d.tessellator_output.ok_or_else(missing("a hull shader without an output primitive"))?,
        max_factor: d.max_factor.map_or(64.0, f32::from_bits),
        factors: d.patch_outputs.iter().filter(|o| is_factor(o.name)).copied().collect(),
    }))
}

fn domain(stage: Stage, d: &Declarations) -> Result<Option<DomainInfo>, Reason> {
    if stage != Stage::Domain {
        return Ok(None);
    }
    let input_points = d.input_points.ok_or(Reason::Declaration("a domain shader without control points"))?;
    let domain = d.domain.ok_or(Reason::Declaration("a domain shader without a domain"))?;
    Ok(Some(DomainInfo { input_points, domain }))
}

fn is_factor(name: Option<SystemName>) -> bool {
    name.is_some_and(|n| (SystemName::QuadEdgeU0 as u8..=SystemName::LineDensity as u8).contains(&(n as u8)))
}

fn pixel(stage: Stage, d: &Declarations, code: &Code) -> PixelInfo {
    if stage != Stage::Pixel {
        return PixelInfo::default();
    }
    let at_samples = |i: &InputDeclaration| {
        matches!(i.interpolation, Interpolation::LinearSample | Interpolation::LinearNoPerspectiveSample)
            || i.name == Some(SystemName::SampleIndex)
    };
    PixelInfo {
        depth: d.depth,
        writes_coverage: d.writes_coverage,
        writes_stencil_ref: d.writes_stencil_ref,
        discards: code.steps.iter().any(|s| s.op == Op::Discard),
        reads_coverage: d.reads_coverage,
        derivatives: code.steps.iter().any(|s| rules::needs_derivatives(s.op)),
        pulls_inputs: code
            .steps
            .iter()
            .any(|s| matches!(s.op, Op::EvalSnapped | Op::EvalSampleIndex | Op::EvalCentroid)),
        early_depth_stencil: d.global_flags & FORCE_EARLY_DEPTH_STENCIL != 0,
        per_sample: d.inputs.iter().any(at_samples),
    }
}

/// `forceEarlyDepthStencil` among the bits of `dcl_globalFlags` (token bit 13).
const FORCE_EARLY_DEPTH_STENCIL: u32 = 1 << 2;

/// The stretches of a program; see [`ValidatedShader::stretches`].
fn stretches(code: &Code) -> Vec<Stretch> {
    let turns = (0..code.loops.len()).map(|number| &code.steps[code.loop_body(number)]);
    std::iter::once(&code.steps[..]).chain(turns).map(stretch).collect()
}

fn stretch(steps: &[Step]) -> Stretch {
    let reads = steps.iter().filter(|step| step.op.info().cost == CostClass::Texture);
    let read = |step: &Step| TextureRead {
        resource: step.memory.as_ref().and_then(|memory| match &memory.space {
            Space::Resource { slot, .. } => slot.constant(),
            _ => None,
        }),
        sampler: step.sampler.as_ref().and_then(|sampler| sampler.slot.constant()),
    };
    Stretch {
        slots: steps.iter().map(|step| InstructionSlots::of(step.op.info().cost)).sum(),
        texture_reads: reads.map(read).collect(),
    }
}
