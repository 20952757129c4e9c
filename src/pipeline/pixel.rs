//! Pixel shaders as the rasterizer calls them: a program, what it has bound, and how its inputs are wired.

use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

use aerogpu_dxbc::ir::{Index, Interpolation, Operand, RegisterFile, Statement};
use aerogpu_dxbc::resources::Resources;
use aerogpu_dxbc::shader::{CopiedWord, PixelCopy};
use aerogpu_dxbc::signature::Signature;
use aerogpu_dxbc::{Io, ValidatedShader};
use aerogpu_raster::sampler::{BatchKind, BatchLod, SampleBatch, SamplerState, sample_batch};
use aerogpu_raster::shader::{
    self as raster, ConstantOutput, Interpolant, InterpolationMode, PixelBatch, PixelOutput, PixelShader,
    PixelShaderInfo, PullModel, ShaderTimeout, SystemInputs,
};
use aerogpu_raster::state::MAX_TARGETS;
use aerogpu_raster::surface::TextureView;
use fearless_simd::Level;
use smallvec::SmallVec;

use super::bindings::StageBindings;
use super::bindings::pulled::Pulled;
use super::link::{link_words, system_value, unfed};
use super::price::Price;
use super::shader::Shader;
use crate::budget::Budget;
use crate::engine::Engine;
use crate::limits;

/// A system value in an input register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SystemInput {
    Position,
    IsFrontFace,
    PrimitiveId,
    SampleIndex,
    RenderTargetArrayIndex,
    ViewportArrayIndex,
}

impl SystemInput {
    /// The rows of a batch that it needs.
    fn row(self) -> SystemInputs {
        match self {
            Self::Position => SystemInputs::POSITION,
            Self::IsFrontFace => SystemInputs::FRONT_FACE,
            Self::PrimitiveId => SystemInputs::PRIMITIVE_ID,
            Self::SampleIndex => SystemInputs::SAMPLE_INDEX,
            Self::RenderTargetArrayIndex | Self::ViewportArrayIndex => SystemInputs::ARRAY_INDICES,
        }
    }
}

/// A pixel shader with everything bound to it.
#[derive(Debug)]
pub struct BoundPixelShader {
    shader: Arc<Shader>,
    bindings: StageBindings,
    engine: Engine,
    info: PixelShaderInfo,
    price: Price,
    /// Interpolation slots of a quad: one for each input vector.
    interpolation_slots: u64,
    /// System value, register, first component and component mask.
    system_inputs: SmallVec<[(SystemInput, usize, u8); 2]>,
    /// Output register and colour target.
    targets: SmallVec<[(usize, usize); 8]>,
    /// The target of a program that only copies.
    copied_to: Option<usize>,
    /// Known from the first question on.
    constant: OnceLock<Option<ConstantOutput>>,
}

thread_local! {
    static IO: RefCell<Io> = RefCell::new(Io::default());
}

impl BoundPixelShader {
    /// Wires a pixel shader to the stage before it.
    pub fn new(shader: Arc<Shader>, bindings: StageBindings, producer: &Signature, engine: Engine) -> Self {
        let program = shader.program();
        let system_inputs = system_inputs(program);
        let info = info(program, producer, &system_inputs);
        // Signatures name a position that most programs do not read.
        let unread = |&(input, register, _): &(SystemInput, usize, u8)| {
            input == SystemInput::Position && !reads_input(program, register as u64)
        };
        let system_inputs: SmallVec<[_; 2]> =
            system_inputs.into_iter().filter(|input| !unread(input)).collect();
        let targets = target_registers(program);
        let reads = system_inputs.iter().fold(info.reads, |reads, input| reads | input.0.row());
        let info = PixelShaderInfo {
            reads,
            writes_color: targets.iter().fold(0, |mask, &(_, target)| mask | 1 << target),
            dual_source: targets.iter().any(|&(_, target)| target == 1),
            ..info
        };
        let price = Price::new(program, &bindings);
        let interpolated = info.interpolants.iter().filter(|i| i.mode != InterpolationMode::Constant);
        let vectors: u64 = interpolated.fold(0, |vectors, i| vectors | 1 << (i.row / 4 % 64));
        let interpolation_slots = vectors.count_ones().into();
        let copied_to = copied_to(program, &info, &targets);
        Self {
            shader,
            bindings,
            engine,
            info,
            price,
            interpolation_slots,
            system_inputs,
            targets,
            copied_to,
            constant: OnceLock::new(),
        }
    }

    /// One quad for all, unless the program reads, discards or writes what makes pixels differ.
    fn evaluate(&self) -> Option<ConstantOutput> {
        let program = self.shader.program();
        let differs = self.info.discards || self.info.writes_memory || program.pixel().pulls_inputs;
        if differs || !program.is_uniform() {
            return None;
        }
        IO.with_borrow_mut(|io| {
            io.reset(4, program.input_registers(), 0, program.output_registers());
            let budget = Budget::with_engine(limits::PIXEL_SHADER_BUDGET, self.engine);
            budget.run(program, &self.bindings, io, limits::PIXEL_SHADER_BUDGET).ok()?;
            let mut colors = [[0; 4]; MAX_TARGETS];
            for &(register, target) in &self.targets {
                colors[target] = io.outputs.vector(0, register);
            }
            let cost = self.price.quads(1, self.interpolation_slots, &io.turns);
            Some(ConstantOutput { colors, instructions: io.instructions, cost })
        })
    }

    /// What is copied, if that is all.
    fn copied(&self) -> Option<Copied<'_>> {
        let (copy, target) = (self.shader.program().pixel_copy()?, self.copied_to?);
        let texture = match &copy.sample {
            Some(sample) => Some(self.bindings.texture_and_sampler(sample.texture, sample.sampler)?),
            None => None,
        };
        Some(Copied { copy, texture, target })
    }

    /// Makes room for lanes; what pixel shaders do not have stays as it is.
    fn prepare(&self, lanes: usize, io: &mut Io) {
        let program = self.shader.program();
        if io.lanes != lanes {
            return io.reset(lanes, program.input_registers(), 0, program.output_registers());
        }
        io.inputs.reset(program.input_registers() * 4, lanes);
        io.outputs.reset(program.output_registers() * 4, lanes);
        io.primitive_id.fill(0);
        io.coverage.fill(0);
        let written = [
            (self.info.writes_depth, &mut io.depth),
            (self.info.writes_coverage, &mut io.output_coverage),
            (self.info.writes_stencil_ref, &mut io.stencil_ref),
        ];
        written.into_iter().filter(|(written, _)| *written).for_each(|(_, row)| row.fill(0));
        io.instructions = 0;
        io.turns.clear();
    }

    fn fill_inputs(&self, batch: &PixelBatch, io: &mut Io) {
        let lanes = batch.lanes;
        for interpolant in &self.info.interpolants {
            let row = usize::from(interpolant.row);
            let input = io.inputs.row_mut(row);
            match interpolant.vertex_word {
                Some(_) => input.copy_from_slice(&batch.inputs[row * lanes..][..lanes]),
                None => input.fill(unfed(row)),
            }
        }
        for &(input, register, mask) in &self.system_inputs {
            for c in (0..4).filter(|c| mask & (1 << c) != 0) {
                let row = io.inputs.row_mut(register * 4 + c);
                match input {
                    SystemInput::Position => row.copy_from_slice(bytemuck::cast_slice(&batch.position[c])),
                    SystemInput::IsFrontFace => row.copy_from_slice(&batch.front_face),
                    SystemInput::PrimitiveId => row.copy_from_slice(&batch.primitive_id),
                    SystemInput::SampleIndex => row.copy_from_slice(&batch.sample_index),
                    SystemInput::RenderTargetArrayIndex => row.copy_from_slice(&batch.array_indices[0]),
                    SystemInput::ViewportArrayIndex => row.copy_from_slice(&batch.array_indices[1]),
                }
            }
        }
        io.live.copy_from_slice(&batch.live);
        if self.info.reads.contains(SystemInputs::PRIMITIVE_ID) {
            io.primitive_id.copy_from_slice(&batch.primitive_id);
        }
        if self.info.reads.contains(SystemInputs::COVERAGE) {
            io.coverage.copy_from_slice(&batch.coverage);
        }
    }
}

/// Lanes that are sampled at once: the sampler's own chunks.
const LANES: usize = 64;

/// The target of a copy: there is no other output, and all inputs are interpolated.
fn copied_to(program: &ValidatedShader, info: &PixelShaderInfo, targets: &[(usize, usize)]) -> Option<usize> {
    let copy = program.pixel_copy()?;
    let more = info.writes_depth | info.writes_coverage | info.writes_stencil_ref;
    let (&[(register, target)], false) = (targets, more) else { return None };
    let coordinates = copy.sample.iter().flat_map(|sample| sample.coordinates.map(|(word, _)| word));
    let inputs = copy.words.iter().filter_map(|word| match word {
        CopiedWord::Input(word) => Some(*word),
        CopiedWord::Constant(_) | CopiedWord::Texel(_) => None,
    });
    let interpolated =
        |word| info.interpolants.iter().any(|i| u32::from(i.row) == word && i.vertex_word.is_some());
    (register == copy.output as usize && coordinates.chain(inputs).all(interpolated)).then_some(target)
}

/// A copy with what it samples.
#[derive(Debug, Clone, Copy)]
struct Copied<'a> {
    copy: &'a PixelCopy,
    texture: Option<(&'a TextureView, &'a SamplerState)>,
    target: usize,
}

impl Copied<'_> {
    /// The first of four rows of inputs that are copied as they are.
    fn input_row(&self) -> Option<usize> {
        let CopiedWord::Input(first) = self.copy.words[0] else { return None };
        let rows = [0, 1, 2, 3].map(|c| CopiedWord::Input(first + c));
        (self.copy.words == rows).then_some(first as usize)
    }

    /// Copies all lanes.
    fn shade(&self, level: Level, batch: &PixelBatch, colors: &mut [u32]) {
        let lanes = batch.lanes;
        let input = |word: u32| &batch.inputs[word as usize * lanes..][..lanes];
        for (row, word) in colors.chunks_exact_mut(lanes).zip(self.copy.words) {
            match word {
                CopiedWord::Constant(bits) => row.fill(bits),
                CopiedWord::Input(word) => row.copy_from_slice(input(word)),
                CopiedWord::Texel(_) => {}
            }
        }
        let (Some((view, state)), Some(sample)) = (self.texture, &self.copy.sample) else { return };
        let (mut coordinates, mut texels) = ([[0.0; LANES]; 2], [[0; LANES]; 4]);
        for start in (0..lanes).step_by(LANES) {
            let here = start..lanes.min(start + LANES);
            for (out, (word, factor)) in coordinates.iter_mut().zip(sample.coordinates) {
                let row: &[f32] = bytemuck::cast_slice(&input(word)[here.clone()]);
                match factor {
                    None => out[..row.len()].copy_from_slice(row),
                    Some(factor) => out.iter_mut().zip(row).for_each(|(out, c)| *out = product(*c, factor)),
                }
            }
            let [u, v] = coordinates.each_ref().map(|row| &row[..here.len()]);
            let samples = SampleBatch {
                kind: BatchKind::Filter,
                coordinate: [u, v, &[], &[]],
                lod: BatchLod::Quads { bias: &[] },
                lod_clamp: &[],
                offset: [0; 3],
                lanes: &[u32::MAX; LANES][..here.len()],
            };
            sample_batch(level, view, state, &samples, texels.each_mut().map(|row| &mut row[..here.len()]));
            for (row, word) in colors.chunks_exact_mut(lanes).zip(self.copy.words) {
                if let CopiedWord::Texel(c) = word {
                    row[here.clone()].copy_from_slice(&texels[usize::from(c)][..here.len()]);
                }
            }
        }
    }
}

/// As shaders multiply: denormals are zero.
fn product(a: f32, b: f32) -> f32 {
    let flush = |value: f32| if value.abs() < f32::MIN_POSITIVE { 0.0_f32.copysign(value) } else { value };
    flush(flush(a) * flush(b))
}

impl PixelShader for BoundPixelShader {
    fn info(&self) -> &PixelShaderInfo {
        &self.info
    }

    fn constant(&self) -> Option<&ConstantOutput> {
        self.constant.get_or_init(|| self.evaluate()).as_ref()
    }

    fn texture_copy(&self) -> Option<raster::TextureCopy<'_>> {
        let Copied { copy, texture, target } = self.copied().filter(|_| self.engine != Engine::Scalar)?;
        let ((view, sampler), sample) = (texture?, copy.sample.as_ref()?);
        let whole = [0, 1, 2, 3].map(CopiedWord::Texel);
        (copy.words == whole && target == 0).then_some(raster::TextureCopy {
            view,
            sampler,
            coordinates: sample.coordinates.map(|(word, factor)| (word as u16, factor)),
            instructions: copy.instructions,
            cost: self.price.quads(1, self.interpolation_slots, &[]),
        })
    }

    fn shade(
        &self,
        batch: &PixelBatch,
        inputs: &dyn PullModel,
        output: &mut PixelOutput,
    ) -> Result<(), ShaderTimeout> {
        let program = self.shader.program();
        if let (Engine::Simd(_), Some(copied)) = (self.engine, self.copied()) {
            output.instructions = batch.lanes as u64 * copied.copy.instructions;
            if output.instructions > batch.budget {
                return Err(ShaderTimeout);
            }
            output.cost = self.price.quads(batch.lanes as u64 / 4, self.interpolation_slots, &[]);
            output.input_row = copied.input_row();
            if output.input_row.is_none() {
                copied.shade(self.bindings.level, batch, &mut output.colors[copied.target]);
            }
            return Ok(());
        }
        IO.with_borrow_mut(|io| {
            self.prepare(batch.lanes, io);
            self.fill_inputs(batch, io);
            let budget = Budget::with_engine(batch.budget, self.engine);
            let pulled = Pulled { bindings: &self.bindings, inputs };
            let resources: &dyn Resources =
                if program.pixel().pulls_inputs { &pulled } else { &self.bindings };
            let result = budget.run(program, resources, io, limits::PIXEL_SHADER_BUDGET);
            output.instructions = batch.budget - budget.left();
            output.cost = self.price.quads(batch.lanes as u64 / 4, self.interpolation_slots, &io.turns);
            result.map_err(|_| ShaderTimeout)?;
            for &(register, target) in &self.targets {
                for (c, color) in output.colors[target].chunks_exact_mut(batch.lanes).enumerate() {
                    color.copy_from_slice(io.outputs.row(register * 4 + c));
                }
            }
            if self.info.writes_depth {
                for (depth, &bits) in output.depth.iter_mut().zip(&io.depth) {
                    *depth = f32::from_bits(bits);
                }
            }
            if self.info.writes_coverage {
                output.coverage.copy_from_slice(&io.output_coverage);
            }
            if self.info.writes_stencil_ref {
                output.stencil_ref.copy_from_slice(&io.stencil_ref);
            }
            output.live.copy_from_slice(&io.live);
            Ok(())
        })
    }
}

fn system_inputs(program: &ValidatedShader) -> SmallVec<[(SystemInput, usize, u8); 2]> {
    let of = |value| {
        Some(match value {
            system_value::POSITION => SystemInput::Position,
            system_value::IS_FRONT_FACE => SystemInput::IsFrontFace,
            system_value::PRIMITIVE_ID => SystemInput::PrimitiveId,
            system_value::SAMPLE_INDEX => SystemInput::SampleIndex,
            system_value::RENDER_TARGET_ARRAY_INDEX => SystemInput::RenderTargetArrayIndex,
            system_value::VIEWPORT_ARRAY_INDEX => SystemInput::ViewportArrayIndex,
            _ => return None,
        })
    };
    let elements = &program.signatures().inputs.elements;
    elements.iter().filter_map(|e| Some((of(e.system_value)?, e.register? as usize, e.mask))).collect()
}

/// Whether an instruction may read this input register.
fn reads_input(program: &ValidatedShader, register: u64) -> bool {
    fn names(operand: &Operand, register: u64) -> bool {
        let here = |index: &Index| index.relative.is_some() || index.base == register;
        let relative = operand.indices.iter().filter_map(|index| index.relative.as_deref());
        operand.file == RegisterFile::Input && operand.indices.first().is_none_or(here)
            || relative.into_iter().any(|operand| names(operand, register))
    }
    program.program().statements.iter().any(|statement| match statement {
        Statement::Instruction(instruction) => {
            instruction.operands.iter().any(|operand| names(operand, register))
        }
        _ => false,
    })
}

/// Interpolants and facts; colour outputs and system values are added by the caller.
fn info(
    program: &ValidatedShader,
    producer: &Signature,
    system_inputs: &[(SystemInput, usize, u8)],
) -> PixelShaderInfo {
    let registers = program.input_registers();
    let words = link_words(producer, &program.signatures().inputs, registers);
    let is_system = |row: usize| {
        system_inputs.iter().any(|&(_, register, mask)| row / 4 == register && mask & (1 << (row % 4)) != 0)
    };
    let interpolants = program
        .inputs()
        .iter()
        .flat_map(|input| {
            let register = input.register as usize;
            (0..4)
                .filter(|c| input.mask & (1 << c) != 0)
                .map(move |c| (register * 4 + c, input.interpolation))
        })
        .filter(|&(row, _)| row < registers * 4 && !is_system(row))
        .map(|(row, interpolation)| Interpolant {
            vertex_word: words[row],
            row: row as u16,
            mode: mode(interpolation),
        })
        .collect::<Vec<_>>();
    let pixel = program.pixel();
    let reads = if pixel.reads_coverage { SystemInputs::COVERAGE } else { SystemInputs::empty() };
    PixelShaderInfo {
        interpolants,
        rows: registers * 4,
        writes_color: 0,
        writes_depth: pixel.depth.is_some(),
        writes_coverage: pixel.writes_coverage,
        writes_stencil_ref: pixel.writes_stencil_ref,
        discards: pixel.discards,
        writes_memory: !program.uavs().is_empty(),
        early_depth_stencil: pixel.early_depth_stencil,
        per_sample: pixel.per_sample,
        dual_source: false,
        reads,
    }
}

fn mode(interpolation: Interpolation) -> InterpolationMode {
    match interpolation {
        Interpolation::Constant => InterpolationMode::Constant,
        Interpolation::Undefined | Interpolation::Linear => InterpolationMode::Linear,
        Interpolation::LinearCentroid => InterpolationMode::LinearCentroid,
        Interpolation::LinearSample => InterpolationMode::LinearSample,
        Interpolation::LinearNoPerspective => InterpolationMode::NoPerspective,
        Interpolation::LinearNoPerspectiveCentroid => InterpolationMode::NoPerspectiveCentroid,
        Interpolation::LinearNoPerspectiveSample => InterpolationMode::NoPerspectiveSample,
    }
}

/// Output registers of the colour targets: `SV_Target` elements, or without a signature register by register.
fn target_registers(program: &ValidatedShader) -> SmallVec<[(usize, usize); 8]> {
    let elements = &program.signatures().outputs.elements;
    if elements.is_empty() {
        return (0..program.output_registers().min(8)).map(|r| (r, r)).collect();
    }
    elements
        .iter()
        .filter(|e| {
            e.name.eq_ignore_ascii_case("SV_Target")
                || e.system_value == 64
                || e.name.eq_ignore_ascii_case("COLOR")
        })
        .filter_map(|e| Some((e.register? as usize, e.index as usize)))
        .filter(|&(_, target)| target < 8)
        .collect()
}
