//! Reads the declarations of a program.

use std::collections::BTreeMap;

use super::code::SharedMemory;
use super::error::Reason;
use super::interface::*;
use crate::ir::{
    Declaration, HullPhase, Interpolation, Model, Operand, RegisterFile, ResourceDimension, Stage,
    SystemName, UavFlags,
};
use crate::limits;

/// An indexable array `x#`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Array {
    pub(super) first: u32,
    pub(super) count: u32,
}

/// An interface `fp#`.
#[derive(Debug, Clone)]
pub(super) struct Interface {
    pub(super) elements: u32,
    pub(super) call_sites: u32,
    pub(super) tables: Vec<u32>,
}

/// Everything that declarations say.
#[derive(Debug, Default)]
pub(super) struct Declarations {
    pub(super) inputs: Vec<InputDeclaration>,
    pub(super) outputs: Vec<OutputDeclaration>,
    pub(super) resources: Vec<ResourceSlots>,
    pub(super) samplers: Vec<SamplerSlots>,
    pub(super) constant_buffers: Vec<ConstantBufferSlots>,
    pub(super) uavs: Vec<UavSlots>,
    pub(super) global_flags: u32,
    pub(super) temps: u32,
    pub(super) arrays: BTreeMap<u32, Array>,
    pub(super) array_vectors: u32,
    pub(super) shared: BTreeMap<u32, SharedMemory>,
    pub(super) shared_bytes: u32,
    pub(super) thread_group: Option<[u32; 3]>,
    pub(super) input_primitive: Option<InputPrimitive>,
    pub(super) topologies: [Option<OutputTopology>; 4],
    pub(super) max_vertices: Option<u32>,
    pub(super) geometry_instances: u32,
    pub(super) input_points: Option<usize>,
    pub(super) output_points: Option<usize>,
    pub(super) domain: Option<Domain>,
    pub(super) partitioning: Option<Partitioning>,
    pub(super) tessellator_output: Option<TessellatorOutput>,
    pub(super) max_factor: Option<u32>,
    /// Outputs of fork and join phases.
    pub(super) patch_outputs: Vec<OutputDeclaration>,
    pub(super) patch_inputs: usize,
    pub(super) control_point_phase: bool,
    /// True while declarations belong to a fork or join phase.
    in_patch_phase: bool,
    pub(super) depth: Option<DepthOutput>,
    pub(super) writes_coverage: bool,
    pub(super) writes_stencil_ref: bool,
    pub(super) reads_coverage: bool,
    pub(super) function_tables: BTreeMap<u32, Vec<u32>>,
    pub(super) interfaces: BTreeMap<u32, Interface>,
    stream: u8,
    topology: Option<OutputTopology>,
}

type Checked = Result<(), Reason>;

/// `count <= limit`, or the reason why not.
pub(super) fn at_most(what: &'static str, count: u64, limit: u64) -> Checked {
    if count > limit { Err(Reason::TooMany { what, count, limit }) } else { Ok(()) }
}

impl Declarations {
    pub(super) fn new() -> Self {
        Self { geometry_instances: 1, ..Self::default() }
    }

    /// Takes one declaration.
    pub(super) fn add(&mut self, stage: Stage, model: Model, declaration: &Declaration) -> Checked {
        use Declaration as D;
        match declaration {
            D::GlobalFlags(flags) => self.global_flags |= flags,
            D::Resource { operand, dimension, return_type, .. } => {
                self.resource(model, operand, *dimension, *return_type, 0)?;
            }
            D::ResourceRaw { operand, .. } => {
                self.resource(model, operand, ResourceDimension::RawBuffer, 0, 0)?;
            }
            D::ResourceStructured { operand, stride, .. } => {
                self.resource(model, operand, ResourceDimension::StructuredBuffer, 0, *stride)?;
            }
            D::ConstantBuffer { operand, dynamic, size_and_space } => {
                self.constant_buffer(model, operand, *dynamic, size_and_space.map(|(size, _)| size))?;
            }
            D::Sampler { operand, mode, .. } => {
                let (range, first, last) =
                    slots(model, operand, RegisterFile::Sampler, limits::SAMPLER_SLOTS)?;
                self.samplers.push(SamplerSlots { range, first, last, comparison: *mode == 1 });
            }
            D::UavTyped { operand, dimension, flags, return_type, .. } => {
                self.uav(model, operand, *dimension, *flags, *return_type, 0)?;
            }
            D::UavRaw { operand, flags, .. } => {
                self.uav(model, operand, ResourceDimension::RawBuffer, *flags, 0, 0)?;
            }
            D::UavStructured { operand, flags, stride, .. } => {
                self.uav(model, operand, ResourceDimension::StructuredBuffer, *flags, 0, *stride)?;
            }
            D::IndexRange { .. } => {}
            D::Temps(count) => {
                at_most("temps", u64::from(*count), limits::TEMPS as u64)?;
                self.temps = self.temps.max(*count);
            }
            D::IndexableTemp { register, count, .. } => self.array(*register, *count)?,
            D::Input(operand) => self.input(stage, operand, Interpolation::Undefined, None)?,
            D::InputSgv { operand, name } | D::InputSiv { operand, name } => {
                self.input(stage, operand, Interpolation::Undefined, Some(*name))?;
            }
            D::InputPs { operand, interpolation } => self.input(stage, operand, *interpolation, None)?,
            D::InputPsSgv { operand, interpolation, name }
            | D::InputPsSiv { operand, interpolation, name } => {
                self.input(stage, operand, *interpolation, Some(*name))?;
            }
            D::Output(operand) => self.output(stage, operand, None)?,
            D::OutputSgv { operand, name } | D::OutputSiv { operand, name } => {
                self.output(stage, operand, Some(*name))?;
            }
            D::ThreadGroup(size) => self.thread_group(stage, *size)?,
            D::GroupSharedRaw { operand, size } => self.group_shared(stage, operand, *size, None)?,
            D::GroupSharedStructured { operand, stride, count } => {
                let bytes = stride.checked_mul(*count).unwrap_or(u32::MAX);
                self.group_shared(stage, operand, bytes, Some(*stride))?;
            }
            D::FunctionBody(_) => {}
            D::FunctionTable { table, bodies } => {
                self.function_tables.insert(*table, bodies.clone());
            }
            D::Interface { interface, table_length, array_length, tables, .. } => {
                let elements = u32::from(*array_length).max(1);
                at_most(
                    "interface slots",
                    u64::from(*interface) + u64::from(elements),
                    limits::INTERFACE_SLOTS.into(),
                )?;
                let entry = Interface { elements, call_sites: *table_length, tables: tables.clone() };
                self.interfaces.insert(*interface, entry);
            }
            _ => self.stage_specific(stage, declaration)?,
        }
        Ok(())
    }

    fn stage_specific(&mut self, stage: Stage, declaration: &Declaration) -> Checked {
        use Declaration as D;
        let owner = match declaration {
            D::GsOutputTopology(_) | D::GsInputPrimitive(_) | D::GsMaxOutputVertices(_) => Stage::Geometry,
            D::GsInstances(_) | D::Stream(_) => Stage::Geometry,
            D::InputControlPointCount(_) | D::TessellatorDomain(_) if stage == Stage::Domain => Stage::Domain,
            _ => Stage::Hull,
        };
        if stage != owner {
            return Err(Reason::Stage(stage));
        }
        match declaration {
            D::GsOutputTopology(number) => {
                let topology = match number {
                    1 => OutputTopology::Points,
                    3 => OutputTopology::LineStrip,
                    5 => OutputTopology::TriangleStrip,
                    _ => return Err(Reason::Declaration("unknown output topology")),
                };
                self.topology = Some(topology);
                self.topologies[usize::from(self.stream)] = Some(topology);
            }
            D::GsInputPrimitive(number) => {
                self.input_primitive = InputPrimitive::from_number(*number);
                if self.input_primitive.is_none() {
                    return Err(Reason::Declaration("unknown input primitive"));
                }
            }
            D::GsMaxOutputVertices(count) => {
                at_most("emitted vertices", u64::from(*count), limits::GEOMETRY_VERTICES.into())?;
                self.max_vertices = Some(*count);
            }
            D::GsInstances(count) => {
                at_most("geometry shader instances", u64::from(*count), limits::GEOMETRY_INSTANCES.into())?;
                self.geometry_instances = *count;
            }
            D::Stream(operand) => {
                let stream = constant_index(operand, 0)?;
                at_most("streams", u64::from(stream) + 1, limits::STREAMS.into())?;
                self.stream = stream as u8;
                self.topologies[stream as usize] = self.topology;
            }
            D::HullPhase(phase) => {
                self.in_patch_phase = matches!(phase, HullPhase::Fork | HullPhase::Join);
                self.control_point_phase |= *phase == HullPhase::ControlPoint;
            }
            D::InputControlPointCount(count) => self.input_points = Some(control_points(*count)?),
            D::OutputControlPointCount(count) => self.output_points = Some(control_points(*count)?),
            D::TessellatorDomain(number) => {
                self.domain = match number {
                    1 => Some(Domain::Isoline),
                    2 => Some(Domain::Triangle),
                    3 => Some(Domain::Quad),
                    _ => return Err(Reason::Declaration("unknown tessellator domain")),
                }
            }
            D::TessellatorPartitioning(number) => {
                self.partitioning = match number {
                    1 => Some(Partitioning::Integer),
                    2 => Some(Partitioning::Pow2),
                    3 => Some(Partitioning::FractionalOdd),
                    4 => Some(Partitioning::FractionalEven),
                    _ => return Err(Reason::Declaration("unknown tessellator partitioning")),
                }
            }
            D::TessellatorOutputPrimitive(number) => {
                self.tessellator_output = match number {
                    1 => Some(TessellatorOutput::Point),
                    2 => Some(TessellatorOutput::Line),
                    3 => Some(TessellatorOutput::TriangleClockwise),
                    4 => Some(TessellatorOutput::TriangleCounterClockwise),
                    _ => return Err(Reason::Declaration("unknown tessellator output")),
                }
            }
            D::HsMaxTessFactor(bits) => self.max_factor = Some(*bits),
            D::HsForkInstanceCount(count) | D::HsJoinInstanceCount(count) => {
                at_most("phase instances", u64::from(*count), limits::PHASE_INSTANCES.into())?;
            }
            _ => {}
        }
        Ok(())
    }

    fn resource(
        &mut self,
        model: Model,
        operand: &Operand,
        dimension: ResourceDimension,
        return_type: u32,
        stride: u32,
    ) -> Checked {
        let (range, first, last) = slots(model, operand, RegisterFile::Resource, limits::RESOURCE_SLOTS)?;
        self.resources.push(ResourceSlots { range, first, last, dimension, return_type, stride });
        Ok(())
    }

    fn uav(
        &mut self,
        model: Model,
        operand: &Operand,
        dimension: ResourceDimension,
        flags: UavFlags,
        return_type: u32,
        stride: u32,
    ) -> Checked {
        let (range, first, last) = slots(model, operand, RegisterFile::Uav, limits::UAV_SLOTS)?;
        self.uavs.push(UavSlots { range, first, last, dimension, flags, return_type, stride });
        Ok(())
    }

    fn constant_buffer(
        &mut self,
        model: Model,
        operand: &Operand,
        dynamic: bool,
        size: Option<u32>,
    ) -> Checked {
        let limit = limits::CONSTANT_BUFFER_SLOTS;
        let (range, first, last) = slots(model, operand, RegisterFile::ConstantBuffer, limit)?;
        let vectors = match size {
            Some(size) => size,
            None => constant_index(operand, 1)?,
        };
        self.constant_buffers.push(ConstantBufferSlots { range, first, last, vectors, dynamic });
        Ok(())
    }

    fn array(&mut self, register: u32, count: u32) -> Checked {
        // Phases of a hull shader declare their arrays again; the larger declaration holds.
        let count = count.max(self.arrays.get(&register).map_or(0, |a| a.count));
        let first = self.array_vectors;
        at_most("vectors of indexable temps", u64::from(first) + u64::from(count), limits::TEMPS as u64)?;
        self.array_vectors += count;
        self.arrays.insert(register, Array { first, count });
        Ok(())
    }

    fn input(
        &mut self,
        stage: Stage,
        operand: &Operand,
        interpolation: Interpolation,
        name: Option<SystemName>,
    ) -> Checked {
        match operand.file {
            RegisterFile::Input | RegisterFile::InputControlPoint => {
                // The last index is the register; the one before it counts vertices.
                let register = constant_index(operand, operand.indices.len().saturating_sub(1))?;
                in_signature(operand.file, register)?;
                self.inputs.push(InputDeclaration { register, mask: operand.mask(), interpolation, name });
            }
            RegisterFile::PatchConstant => {
                let register = constant_index(operand, 0)?;
                in_signature(operand.file, register)?;
                self.patch_inputs = self.patch_inputs.max(register as usize + 1);
            }
            RegisterFile::InputCoverageMask if stage == Stage::Pixel => self.reads_coverage = true,
            RegisterFile::CycleCounter => return Err(Reason::Unsupported("the cycle counter")),
            _ => {}
        }
        Ok(())
    }

    fn output(&mut self, stage: Stage, operand: &Operand, name: Option<SystemName>) -> Checked {
        match operand.file {
            RegisterFile::Output => {
                let register = constant_index(operand, 0)?;
                in_signature(operand.file, register)?;
                let stream = self.stream;
                let list = if self.in_patch_phase { &mut self.patch_outputs } else { &mut self.outputs };
                list.push(OutputDeclaration { register, mask: operand.mask(), name, stream });
                return Ok(());
            }
            _ if stage != Stage::Pixel => return Err(Reason::Stage(stage)),
            RegisterFile::OutputDepth => self.depth = Some(DepthOutput::Any),
            RegisterFile::OutputDepthGreaterEqual => self.depth = Some(DepthOutput::GreaterEqual),
            RegisterFile::OutputDepthLessEqual => self.depth = Some(DepthOutput::LessEqual),
            RegisterFile::OutputCoverageMask => self.writes_coverage = true,
            RegisterFile::OutputStencilRef => self.writes_stencil_ref = true,
            file => return Err(Reason::Operand { operand: 0, file, role: "an output" }),
        }
        Ok(())
    }

    fn thread_group(&mut self, stage: Stage, size: [u32; 3]) -> Checked {
        if stage != Stage::Compute {
            return Err(Reason::Stage(stage));
        }
        for (count, limit) in size.into_iter().zip(limits::THREAD_GROUP) {
            at_most("threads along an axis", count.into(), limit.into())?;
        }
        // Three factors of at most 1024 fit in 32 bits.
        let threads = size.into_iter().product::<u32>();
        at_most("threads in a group", threads.into(), limits::THREADS.into())?;
        if threads == 0 {
            return Err(Reason::Declaration("a thread group is empty"));
        }
        self.thread_group = Some(size);
        Ok(())
    }

    fn group_shared(&mut self, stage: Stage, operand: &Operand, bytes: u32, stride: Option<u32>) -> Checked {
        if stage != Stage::Compute {
            return Err(Reason::Stage(stage));
        }
        let register = constant_index(operand, 0)?;
        let limit = u64::from(limits::GROUP_SHARED_BYTES);
        at_most("bytes of group-shared memory", u64::from(self.shared_bytes) + u64::from(bytes), limit)?;
        let memory = SharedMemory { first: self.shared_bytes / 4, bytes, stride };
        self.shared_bytes += bytes.next_multiple_of(4);
        if self.shared.insert(register, memory).is_some() {
            return Err(Reason::Declaration("a group-shared register is declared twice"));
        }
        Ok(())
    }
}

/// The constant index in this place.
pub(super) fn constant_index(operand: &Operand, place: usize) -> Result<u32, Reason> {
    let found = operand.indices.len();
    let wrong = Reason::Indices { file: operand.file, found };
    let index = operand.indices.get(place).ok_or_else(|| wrong.clone())?;
    if index.relative.is_some() {
        return Err(wrong);
    }
    u32::try_from(index.base).map_err(|_| wrong)
}

fn in_signature(file: RegisterFile, register: u32) -> Checked {
    let count = limits::SIGNATURE_REGISTERS as u64;
    if u64::from(register) < count {
        Ok(())
    } else {
        Err(Reason::OutOfRange { file, index: register.into(), count })
    }
}

fn control_points(count: u8) -> Result<usize, Reason> {
    at_most("control points", count.into(), limits::CONTROL_POINTS as u64)?;
    Ok(count.into())
}

/// Range, first and last register: `[slot]`, or `[range][first][last]` in Shader Model 5.1.
fn slots(model: Model, operand: &Operand, file: RegisterFile, limit: u32) -> Result<(u32, u32, u32), Reason> {
    if operand.file != file {
        return Err(Reason::Operand { operand: 0, file: operand.file, role: "declared" });
    }
    let range = constant_index(operand, 0)?;
    if model >= (Model { major: 5, minor: 1 }) {
        return Ok((range, constant_index(operand, 1)?, constant_index(operand, 2)?));
    }
    if range >= limit {
        return Err(Reason::OutOfRange { file, index: range.into(), count: limit.into() });
    }
    Ok((range, range, range))
}
