//! Resolves operands: register files to places that are known to exist.

use super::code::*;
use super::declarations::{Declarations, constant_index};
use super::error::Reason;
use crate::ir::{
    self, Components, Extension, Instruction, Model, Modifier, Operand, OperandType, RegisterFile,
    ResourceDimension, Stage,
};
use crate::limits;

/// What operands are resolved against.
pub(super) struct Scope<'a> {
    pub(super) stage: Stage,
    pub(super) model: Model,
    pub(super) declarations: &'a Declarations,
    pub(super) phase: PhaseKind,
    /// Input vectors of one vertex.
    pub(super) inputs: usize,
    /// Vertices or control points that come in; 0 when inputs have no vertex index.
    pub(super) vertices: usize,
    pub(super) outputs: usize,
    pub(super) output_points: usize,
    pub(super) patch_constants: usize,
    pub(super) immediates: usize,
}

impl Scope<'_> {
    /// A value source of this type. `position` is the operand's number, for errors.
    pub(super) fn source(
        &self,
        operand: &Operand,
        kind: OperandType,
        position: usize,
    ) -> Result<Source, Reason> {
        let mut source = self.nested_source(operand, position, 0)?;
        let abs = matches!(operand.modifier, Modifier::Abs | Modifier::AbsNeg);
        let neg = matches!(operand.modifier, Modifier::Neg | Modifier::AbsNeg);
        source.modifier = match kind {
            _ if !abs && !neg => SourceModifier::None,
            OperandType::F => SourceModifier::Float { abs, neg },
            OperandType::D => SourceModifier::Double { abs, neg },
            OperandType::I | OperandType::U | OperandType::R | OperandType::L => {
                SourceModifier::Integer { abs, neg }
            }
        };
        Ok(source)
    }

    fn nested_source(&self, operand: &Operand, position: usize, depth: usize) -> Result<Source, Reason> {
        let place = self.place(operand, position, depth)?;
        let swizzle = match place {
            Place::Immediate(_) => [0, 1, 2, 3],
            _ => std::array::from_fn(|c| operand.swizzle(c) as u8),
        };
        Ok(Source { place, swizzle, modifier: SourceModifier::None })
    }

    fn place(&self, operand: &Operand, position: usize, depth: usize) -> Result<Place, Reason> {
        use RegisterFile as F;
        let file = operand.file;
        let unreadable = Reason::Operand { operand: position, file, role: "read" };
        let index = |place: usize| self.index(operand, place, position, depth);
        let only_in = |stage: Stage, place: Place| {
            if self.stage == stage { Ok(place) } else { Err(Reason::Stage(self.stage)) }
        };
        Ok(match file {
            F::Immediate32 | F::Immediate64 => Place::Immediate(immediate(operand)?),
            F::Null => Place::Null,
            F::Temp => Place::Temp(self.temp(operand)?),
            F::IndexableTemp => {
                let (first, count) = self.array(operand)?;
                Place::Array { first, count, index: index(1)? }
            }
            F::Input | F::InputControlPoint if operand.indices.len() == 2 => {
                let (vertex, register) = (index(0)?, index(1)?);
                self.check(file, &vertex, self.vertices)?;
                self.check(file, &register, self.inputs)?;
                Place::VertexInput { vertex, register }
            }
            F::Input if self.vertices == 0 => {
                let register = index(0)?;
                self.check(file, &register, self.inputs)?;
                Place::Input(register)
            }
            F::OutputControlPoint => {
                let (vertex, register) = (index(0)?, index(1)?);
                self.check(file, &vertex, self.output_points)?;
                self.check(file, &register, self.outputs)?;
                only_in(Stage::Hull, Place::OutputControlPoint { vertex, register })?
            }
            F::PatchConstant if matches!(self.stage, Stage::Hull | Stage::Domain) => {
                let register = index(0)?;
                self.check(file, &register, self.patch_constants)?;
                Place::PatchConstant(register)
            }
            F::ConstantBuffer => self.constant_buffer(operand, position, depth)?,
            F::ImmediateConstantBuffer => {
                let element = index(0)?;
                self.check(file, &element, self.immediates)?;
                Place::ImmediateConstantBuffer(element)
            }
            F::ThisPointer => Place::This(index(0)?),
            F::InputPrimitiveId => Place::PrimitiveId,
            F::InputCoverageMask => only_in(Stage::Pixel, Place::Coverage)?,
            F::InnerCoverage => only_in(Stage::Pixel, Place::InnerCoverage)?,
            F::GsInstanceId => only_in(Stage::Geometry, Place::GsInstanceId)?,
            F::DomainPoint => only_in(Stage::Domain, Place::DomainPoint)?,
            F::ThreadId => only_in(Stage::Compute, Place::ThreadId)?,
            F::ThreadGroupId => only_in(Stage::Compute, Place::ThreadGroupId)?,
            F::ThreadIdInGroup => only_in(Stage::Compute, Place::ThreadIdInGroup)?,
            F::ThreadIdInGroupFlattened => only_in(Stage::Compute, Place::ThreadIdInGroupFlattened)?,
            F::OutputControlPointId => only_in(Stage::Hull, Place::OutputControlPointId)?,
            F::ForkInstanceId | F::JoinInstanceId => only_in(Stage::Hull, Place::PhaseInstanceId)?,
            F::CycleCounter => return Err(Reason::Unsupported("the cycle counter")),
            _ => return Err(unreadable),
        })
    }

    /// A register destination.
    pub(super) fn destination(&self, operand: &Operand, position: usize) -> Result<Destination, Reason> {
        use RegisterFile as F;
        let file = operand.file;
        let pixel = |target: Target| {
            if self.stage == Stage::Pixel { Ok(target) } else { Err(Reason::Stage(self.stage)) }
        };
        let target = match file {
            F::Null => Target::Null,
            F::Temp => Target::Temp(self.temp(operand)?),
            F::IndexableTemp => {
                let (first, count) = self.array(operand)?;
                Target::Array { first, count, index: self.index(operand, 1, position, 0)? }
            }
            F::Output => {
                let register = self.index(operand, 0, position, 0)?;
                if self.phase == PhaseKind::Patch {
                    self.check(file, &register, self.patch_constants)?;
                    Target::PatchConstant(register)
                } else {
                    self.check(file, &register, self.outputs)?;
                    Target::Output(register)
                }
            }
            F::OutputDepth | F::OutputDepthGreaterEqual | F::OutputDepthLessEqual => pixel(Target::Depth)?,
            F::OutputCoverageMask => pixel(Target::Coverage)?,
            F::OutputStencilRef => pixel(Target::StencilRef)?,
            _ => return Err(Reason::Operand { operand: position, file, role: "written" }),
        };
        if matches!(operand.components, Components::Swizzle(_) | Components::Select(_)) {
            return Err(Reason::Operand { operand: position, file, role: "written through a swizzle" });
        }
        Ok(Destination { target, mask: operand.mask() })
    }

    /// A resource, UAV, group-shared, rasterizer or stream operand.
    pub(super) fn memory(
        &self,
        instruction: &Instruction,
        operand: &Operand,
        position: usize,
    ) -> Result<Memory, Reason> {
        use RegisterFile as F;
        let file = operand.file;
        let space = match file {
            F::Resource => {
                let (slot, range) = self.slot(operand, position)?;
                let declared = self.declarations.resources.iter().find(|r| Some(r.range) == range);
                let dimension =
                    declared.map(|r| r.dimension).or_else(|| interface_dimension(&slot, instruction));
                Space::Resource { dimension: dimension.ok_or(undeclared(file, &slot))?, slot }
            }
            F::Uav => {
                let (slot, range) = self.slot(operand, position)?;
                let declared = self.declarations.uavs.iter().find(|r| Some(r.range) == range);
                let dimension =
                    declared.map(|r| r.dimension).or_else(|| interface_dimension(&slot, instruction));
                Space::Uav { dimension: dimension.ok_or(undeclared(file, &slot))?, slot }
            }
            F::GroupShared => {
                let register = constant_index(operand, 0)?;
                let shared = self.declarations.shared.get(&register);
                Space::Shared(*shared.ok_or(Reason::Undeclared { file, index: register.into() })?)
            }
            F::Rasterizer => Space::Rasterizer,
            F::Stream => {
                let stream = constant_index(operand, 0)?;
                if self.declarations.topologies.get(stream as usize).is_none_or(Option::is_none) {
                    return Err(Reason::Undeclared { file, index: stream.into() });
                }
                Space::Stream(stream as u8)
            }
            _ => return Err(Reason::Operand { operand: position, file, role: "memory" }),
        };
        let swizzle = std::array::from_fn(|c| operand.swizzle(c) as u8);
        Ok(Memory { space, swizzle, mask: operand.mask() })
    }

    /// A sampler operand.
    pub(super) fn sampler(&self, operand: &Operand, position: usize) -> Result<Sampler, Reason> {
        if operand.file != RegisterFile::Sampler {
            return Err(Reason::Operand { operand: position, file: operand.file, role: "a sampler" });
        }
        let (slot, range) = self.slot(operand, position)?;
        let declared = self.declarations.samplers.iter().any(|s| Some(s.range) == range);
        if !declared && slot.relative.is_none() {
            return Err(undeclared(operand.file, &slot));
        }
        Ok(Sampler { slot, component: operand.swizzle(0) as u8 })
    }

    /// Relative index `place` of an operand.
    pub(super) fn index(
        &self,
        operand: &Operand,
        place: usize,
        position: usize,
        depth: usize,
    ) -> Result<Index, Reason> {
        let wrong = Reason::Indices { file: operand.file, found: operand.indices.len() };
        let ir::Index { base, relative, .. } = operand.indices.get(place).ok_or_else(|| wrong.clone())?;
        let Some(relative) = relative else {
            return Ok(Index { base: u32::try_from(*base).map_err(|_| wrong)?, relative: None });
        };
        if depth == limits::INDEX_NESTING {
            return Err(wrong);
        }
        let relative = self.nested_source(relative, position, depth + 1)?;
        // Addresses wrap at 32 bits, so the low half of a wide base is all that matters.
        Ok(Index { base: *base as u32, relative: Some(Box::new(relative)) })
    }

    /// A constant index must exist; a relative one is checked when it is used.
    fn check(&self, file: RegisterFile, index: &Index, count: usize) -> Result<(), Reason> {
        if index.relative.is_some() || (index.base as usize) < count {
            Ok(())
        } else {
            Err(Reason::OutOfRange { file, index: index.base.into(), count: count as u64 })
        }
    }

    fn temp(&self, operand: &Operand) -> Result<u32, Reason> {
        let register = constant_index(operand, 0)?;
        let count = self.declarations.temps;
        if register < count {
            Ok(register)
        } else {
            Err(Reason::OutOfRange { file: operand.file, index: register.into(), count: count.into() })
        }
    }

    fn array(&self, operand: &Operand) -> Result<(u32, u32), Reason> {
        let register = constant_index(operand, 0)?;
        let array = self.declarations.arrays.get(&register);
        let array = array.ok_or(Reason::Undeclared { file: operand.file, index: register.into() })?;
        Ok((array.first, array.count))
    }

    /// `cb[slot][element]`, or `cb[range][slot][element]` in Shader Model 5.1.
    fn constant_buffer(&self, operand: &Operand, position: usize, depth: usize) -> Result<Place, Reason> {
        let last = if self.has_ranges() { 2 } else { 1 };
        let slot = self.index(operand, last - 1, position, depth)?;
        let element = self.index(operand, last, position, depth)?;
        if operand.indices[0].relative.is_none() {
            let range = constant_index(operand, 0)?;
            if !self.declarations.constant_buffers.iter().any(|c| c.range == range) {
                return Err(Reason::Undeclared { file: operand.file, index: range.into() });
            }
        }
        Ok(Place::ConstantBuffer { slot, element })
    }

    /// The slot of a resource, UAV or sampler, and the range of its declaration if that is known.
    fn slot(&self, operand: &Operand, position: usize) -> Result<(Index, Option<u32>), Reason> {
        if self.has_ranges() {
            Ok((self.index(operand, 1, position, 0)?, Some(constant_index(operand, 0)?)))
        } else {
            let slot = self.index(operand, 0, position, 0)?;
            let range = slot.relative.is_none().then_some(slot.base);
            Ok((slot, range))
        }
    }

    fn has_ranges(&self) -> bool {
        self.model >= Model { major: 5, minor: 1 }
    }
}

fn undeclared(file: RegisterFile, slot: &Index) -> Reason {
    Reason::Undeclared { file, index: slot.base.into() }
}

/// Function bodies of interfaces find their textures through `this`: only the instruction knows the dimension.
fn interface_dimension(slot: &Index, instruction: &Instruction) -> Option<ResourceDimension> {
    slot.relative.as_ref()?;
    instruction.extensions.iter().find_map(|extension| match extension {
        Extension::Resource { dimension, .. } => Some(*dimension),
        _ => None,
    })
}

/// The four words of an immediate: one word or one double is replicated.
fn immediate(operand: &Operand) -> Result<[u32; 4], Reason> {
    match (operand.file, operand.immediate.as_slice()) {
        (RegisterFile::Immediate32, &[word]) => Ok([word; 4]),
        (RegisterFile::Immediate64, &[low, high]) => Ok([low, high, low, high]),
        (_, &[x, y, z, w]) => Ok([x, y, z, w]),
        (file, words) => Err(Reason::Indices { file, found: words.len() }),
    }
}
