//! Declarations and operands of random programs.

use super::program::{ARRAYS, BODIES, Generator, IMMEDIATE_CONSTANTS, INPUTS, OUTPUTS, TEMPS};
use super::random::Random;
use crate::ir::{
    Components, Declaration as D, Index, Interpolation, Modifier, Op, Operand, OperandType,
    RegisterFile as F, ResourceDimension, Stage, UavFlags,
};

/// Textures and buffers `t0` to `t5`.
const TEXTURES: [ResourceDimension; 4] = [
    ResourceDimension::Texture2D,
    ResourceDimension::TextureCubeArray,
    ResourceDimension::Texture1DArray,
    ResourceDimension::Texture3D,
];
const TYPED_BUFFER: u32 = 4;
const MULTISAMPLED: u32 = 5;
const RAW: u32 = 6;
const STRUCTURED: u32 = 7;
/// Vertices of the geometry shader's input, points of the domain shader's.
pub(super) const VERTICES: u32 = 3;

pub(super) fn mask(mask: u8) -> Components {
    Components::Mask(mask)
}

pub(super) fn register(file: F, number: u32, components: Components) -> Operand {
    Operand::register(file, &[number], components)
}

pub(super) fn single(file: F) -> Operand {
    Operand::register(file, &[], Components::One)
}

pub(super) fn null() -> Operand {
    Operand::register(F::Null, &[], Components::None)
}

pub(super) fn temp_mask(number: u32, bits: u8) -> Operand {
    register(F::Temp, number, mask(bits))
}

pub(super) fn temp_component(number: u32, component: u8) -> Operand {
    register(F::Temp, number, Components::Select(component))
}

pub(super) fn indexed(file: F, number: u32, index: Index, components: Components) -> Operand {
    let mut operand = register(file, number, components);
    operand.indices.push(index);
    operand
}

pub(super) fn immediate(words: &[u32]) -> Operand {
    let components = if words.len() == 1 { Components::One } else { Components::Swizzle([0, 1, 2, 3]) };
    let mut operand = Operand::register(F::Immediate32, &[], components);
    operand.immediate.extend_from_slice(words);
    operand
}

/// Everything that random programs of a stage may use.
pub(super) fn declarations(stage: Stage, writes: bool, random: &mut Random) -> Vec<D> {
    let all = Components::Mask(15);
    let mut list: Vec<D> = (0..2)
        .map(|slot| D::ConstantBuffer {
            operand: Operand::register(F::ConstantBuffer, &[slot, 16], Components::Swizzle([0, 1, 2, 3])),
            dynamic: true,
            size_and_space: None,
        })
        .collect();
    for slot in 0..2 {
        list.push(D::Sampler {
            operand: register(F::Sampler, slot, Components::None),
            mode: slot as u8,
            space: None,
        });
    }
    let typed = TEXTURES.into_iter().chain([ResourceDimension::Buffer, ResourceDimension::Texture2DMs]);
    for (slot, dimension) in (0..).zip(typed) {
        let operand = register(F::Resource, slot, Components::None);
        list.push(D::Resource { operand, dimension, samples: 0, return_type: 0x5555, space: None });
    }
    list.push(D::ResourceRaw { operand: register(F::Resource, RAW, Components::None), space: None });
    let operand = register(F::Resource, STRUCTURED, Components::None);
    list.push(D::ResourceStructured { operand, stride: 16, space: None });
    for (number, count) in (0..).zip(ARRAYS) {
        list.push(D::IndexableTemp { register: number, count, components: 4 });
    }
    if writes {
        uavs(&mut list);
    }
    for number in 0..INPUTS {
        let input = register(F::Input, number, all);
        list.push(match stage {
            Stage::Pixel => D::InputPs { operand: input, interpolation: Interpolation::Linear },
            Stage::Geometry | Stage::Hull => D::Input(Operand::register(F::Input, &[VERTICES, number], all)),
            Stage::Domain => D::Input(Operand::register(F::InputControlPoint, &[VERTICES, number], all)),
            Stage::Compute => continue,
            Stage::Vertex => D::Input(input),
        });
    }
    match stage {
        Stage::Geometry => list.extend([
            D::GsInputPrimitive(3),
            D::GsOutputTopology(5),
            D::Stream(register(F::Stream, 0, Components::None)),
            D::GsMaxOutputVertices(1 + random.below(6)),
        ]),
        Stage::Domain => list.extend([
            D::InputControlPointCount(VERTICES as u8),
            D::TessellatorDomain(2),
            D::Input(register(F::PatchConstant, 0, all)),
            D::Input(register(F::PatchConstant, 1, all)),
        ]),
        Stage::Compute => compute(&mut list, random),
        Stage::Pixel => {
            list.extend([F::OutputDepth, F::OutputCoverageMask].map(|file| D::Output(single(file))));
        }
        Stage::Vertex | Stage::Hull => {}
    }
    // Each phase of a hull shader has its own.
    if !matches!(stage, Stage::Compute | Stage::Hull) {
        list.extend((0..OUTPUTS).map(|number| D::Output(register(F::Output, number, all))));
    }
    list
}

/// Elements of the interface `fp0`.
const ELEMENTS: u32 = 2;

/// An interface of which every class has a function body of its own.
pub(super) fn interfaces() -> Vec<D> {
    let bodies = (0..BODIES).map(D::FunctionBody);
    let tables = (0..BODIES).map(|table| D::FunctionTable { table, bodies: vec![table] });
    let interface = D::Interface {
        interface: 0,
        dynamic: true,
        table_length: 1,
        array_length: ELEMENTS as u16,
        tables: (0..BODIES).collect(),
    };
    bodies.chain(tables).chain([interface]).collect()
}

fn uavs(list: &mut Vec<D>) {
    let uav = |slot: u32| register(F::Uav, slot, Components::None);
    let flags = UavFlags { counter: true, ..UavFlags::default() };
    list.extend([
        D::UavTyped {
            operand: uav(0),
            dimension: ResourceDimension::Texture2D,
            flags: UavFlags::default(),
            return_type: 0x4444,
            space: None,
        },
        D::UavRaw { operand: uav(1), flags: UavFlags::default(), space: None },
        D::UavStructured { operand: uav(2), flags, stride: 16, space: None },
    ]);
}

fn compute(list: &mut Vec<D>, random: &mut Random) {
    const GROUPS: [[u32; 3]; 6] = [[4, 1, 1], [5, 3, 2], [64, 1, 1], [8, 8, 2], [1, 1, 1], [70, 1, 1]];
    list.extend([
        D::GroupSharedRaw { operand: register(F::GroupShared, 0, Components::None), size: 64 },
        D::GroupSharedStructured {
            operand: register(F::GroupShared, 1, Components::None),
            stride: 16,
            count: 8,
        },
        D::ThreadGroup(GROUPS[random.below(6) as usize]),
    ]);
}

impl Generator {
    /// An index below `count`, or one that lanes do not agree on and that may be out of range.
    pub(super) fn index(&mut self, count: u32) -> Index {
        let mut index = Index::constant(self.random.below(count));
        if self.random.below(3) == 0 {
            let (register, component) = (self.random.below(TEMPS), self.random.below(4));
            if self.random.below(4) != 0 {
                let to = temp_mask(register, 1 << component);
                let from = temp_component(register, component as u8);
                self.statements.push(crate::ir::Statement::Instruction(crate::ir::Instruction::new(
                    Op::And,
                    [to, from, immediate(&[3])],
                )));
            }
            index.base = self.random.below(3).into();
            index.relative = Some(Box::new(temp_component(register, component as u8)));
        }
        index
    }

    /// An element of the interface, or none.
    pub(super) fn interface(&mut self) -> Operand {
        let index = self.index(ELEMENTS + 1);
        indexed(F::Interface, 0, index, Components::None)
    }

    /// A source of a type; scalars read one component.
    pub(super) fn value_source(&mut self, kind: OperandType, components: usize) -> Operand {
        let swizzle = match (components, self.random.below(3)) {
            (1, _) | (_, 0) => Components::Select(self.random.below(4) as u8),
            (_, 1) => Components::Swizzle([0, 1, 2, 3]),
            _ => Components::Swizzle(std::array::from_fn(|_| self.random.below(4) as u8)),
        };
        let mut operand = self.place(swizzle);
        if self.random.below(4) == 0 && operand.file != F::Immediate32 {
            operand.modifier = match (kind, self.random.below(3)) {
                (OperandType::U | OperandType::I, _) => Modifier::Neg,
                (_, 0) => Modifier::Abs,
                (_, 1) => Modifier::AbsNeg,
                _ => Modifier::Neg,
            };
        }
        operand
    }

    fn place(&mut self, swizzle: Components) -> Operand {
        match self.random.below(24) {
            0..=2 => {
                let words = [0; 4].map(|_| self.random.value());
                if self.random.flip() { immediate(&words[..1]) } else { immediate(&words) }
            }
            3..=5 => {
                let index = self.index(16);
                let slot = self.random.below(2);
                indexed(F::ConstantBuffer, slot, index, swizzle)
            }
            6 => {
                let mut operand = register(F::ImmediateConstantBuffer, 0, swizzle);
                operand.indices[0] = self.index(IMMEDIATE_CONSTANTS);
                operand
            }
            7 | 8 => {
                let array = self.random.below(2);
                let index = self.index(ARRAYS[array as usize]);
                indexed(F::IndexableTemp, array, index, swizzle)
            }
            9..=12 => self.input(swizzle),
            13 => self.system_value(swizzle),
            _ => register(F::Temp, self.random.below(TEMPS), swizzle),
        }
    }

    fn input(&mut self, swizzle: Components) -> Operand {
        if self.stage == Stage::Hull {
            return self.patch_input(swizzle);
        }
        let register_index = self.index(INPUTS);
        let mut operand = register(F::Input, 0, swizzle);
        match self.stage {
            Stage::Vertex | Stage::Pixel => operand.indices[0] = register_index,
            Stage::Geometry | Stage::Domain => {
                if self.stage == Stage::Domain {
                    operand.file = F::InputControlPoint;
                }
                operand.indices[0] = self.index(VERTICES);
                operand.indices.push(register_index);
            }
            Stage::Compute | Stage::Hull => return register(F::Temp, self.random.below(TEMPS), swizzle),
        }
        operand
    }

    fn system_value(&mut self, swizzle: Components) -> Operand {
        let files: &[F] = match self.stage {
            Stage::Vertex => &[F::Null],
            Stage::Hull => &[F::InputPrimitiveId],
            Stage::Pixel => &[F::InputPrimitiveId, F::InputCoverageMask, F::InnerCoverage],
            Stage::Geometry => &[F::InputPrimitiveId, F::GsInstanceId],
            Stage::Domain => &[F::InputPrimitiveId, F::DomainPoint, F::PatchConstant],
            Stage::Compute => {
                &[F::ThreadId, F::ThreadGroupId, F::ThreadIdInGroup, F::ThreadIdInGroupFlattened]
            }
        };
        let file = files[self.random.below(files.len() as u32) as usize];
        match file {
            F::Null => null(),
            F::PatchConstant => self.patch_constant(2, swizzle),
            _ => Operand::register(file, &[], swizzle),
        }
    }

    pub(super) fn sampler(&mut self) -> Operand {
        let mut operand =
            register(F::Sampler, self.random.below(2), Components::Select(self.random.below(4) as u8));
        if self.random.below(8) == 0 {
            operand.indices[0] = self.index(2);
        }
        operand
    }

    /// A memory operand that the instruction can use; as a destination it has a mask.
    pub(super) fn memory(&mut self, op: Op, written: bool) -> Operand {
        use Op::*;
        let writes = self.writes;
        let compute = self.stage == Stage::Compute;
        let mut choices: Vec<(F, u32)> = match op {
            LdUavTyped | LdUavTypedS | StoreUavTyped => vec![(F::Uav, 0)],
            LdRaw | LdRawS => vec![(F::Resource, RAW), (F::Uav, 1), (F::GroupShared, 0)],
            LdStructured | LdStructuredS => vec![(F::Resource, STRUCTURED), (F::Uav, 2), (F::GroupShared, 1)],
            StoreRaw => vec![(F::Uav, 1), (F::GroupShared, 0)],
            StoreStructured => vec![(F::Uav, 2), (F::GroupShared, 1)],
            ImmAtomicAlloc | ImmAtomicConsume => vec![(F::Uav, 2)],
            Ldms | LdmsS => vec![(F::Resource, MULTISAMPLED)],
            Ld | LdS => (0..=TYPED_BUFFER).map(|slot| (F::Resource, slot)).collect(),
            Samplepos | Sampleinfo => vec![(F::Resource, MULTISAMPLED), (F::Rasterizer, 0)],
            Bufinfo => vec![(F::Resource, RAW), (F::Resource, STRUCTURED), (F::Uav, 2)],
            Resinfo => (0..=MULTISAMPLED).map(|slot| (F::Resource, slot)).chain([(F::Uav, 0)]).collect(),
            EmitStream | CutStream | EmitThenCutStream => vec![(F::Stream, 0)],
            op if op.info().cost == crate::ir::CostClass::Memory => {
                vec![(F::Uav, 0), (F::Uav, 1), (F::Uav, 2), (F::GroupShared, 0), (F::GroupShared, 1)]
            }
            _ => (0..TEXTURES.len() as u32).map(|slot| (F::Resource, slot)).collect(),
        };
        choices.retain(|(file, _)| match file {
            F::Uav => writes,
            F::GroupShared => compute,
            _ => true,
        });
        let (file, number) = choices[self.random.below(choices.len() as u32) as usize];
        let stores = matches!(op, StoreRaw | StoreStructured | StoreUavTyped);
        let components = match () {
            () if stores => Components::Mask([1, 3, 7, 15][self.random.below(4) as usize]),
            () if written => Components::None,
            () => Components::Swizzle(std::array::from_fn(|_| self.random.below(4) as u8)),
        };
        match file {
            F::Rasterizer => Operand::register(file, &[], Components::None),
            F::Stream => register(file, number, Components::None),
            _ => register(file, number, components),
        }
    }
}
