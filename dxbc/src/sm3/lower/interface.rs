//! What a shader needs from outside: declarations and signatures of the lowered program.

use std::collections::BTreeSet;

use super::*;
use crate::ir::{Components, Declaration as D, Interpolation, ResourceDimension, SystemName};
use crate::signature::{ComponentType, Signature, SignatureElement};

/// Registers of the lowered program whose numbers Direct3D 9 does not give.
pub mod registers {
    /// `oPos`
    pub const POSITION: u32 = 0;
    /// `oD0`, and `v0` of pixel shaders before 3.0.
    pub const COLOR: u32 = 1;
    /// `oD1`
    pub const COLOR2: u32 = 2;
    /// `oT0`, and `t0` of pixel shaders.
    pub const TEXCOORD: u32 = 3;
    /// `oFog`
    pub const FOG: u32 = 11;
    /// `oPts`
    pub const POINT_SIZE: u32 = 12;
    /// How many outputs there are.
    pub const OUTPUTS: u32 = 13;
    /// The position of a pixel in ps_3_0; before that it is [`POSITION`].
    pub const PIXEL_POSITION: u32 = 16;
    /// Whether a pixel's triangle faces the viewer.
    pub const PIXEL_FACE: u32 = 17;
}

/// What must be bound to a shader, beside its signatures and slots.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Interface {
    /// Vertex shader inputs are numbered by the order of the vertex declaration: the shader declares no usages.
    pub inputs_by_order: bool,
    /// The guest driver made the shader: it contains fog, lighting and texture factors already.
    pub driver_made: bool,
    /// Major version: before 3 pixels are fogged.
    pub major: u8,
    /// Float constants are clamped to -1..1 (ps_1_x).
    clamps_constants: bool,
    floats: Vec<(u32, [u32; 4])>,
    integers: Vec<(u32, [u32; 4])>,
    bools: Vec<(u32, bool)>,
    /// Outputs that are kept in temporaries until the end, a bit each.
    pub(super) shadowed: u32,
    pub(super) reads_position: bool,
    pub(super) reads_face: bool,
    relative_constants: bool,
}

impl Interface {
    pub(super) fn new(program: &Program, variant: &Variant) -> Self {
        let vertex = program.stage == Stage::Vertex;
        let mut interface = Self {
            inputs_by_order: vertex
                && !program.declarations().any(|d| d.register.register.file == File::Input),
            driver_made: program.is_driver_made(),
            major: program.model.major,
            clamps_constants: !vertex && program.before(2, 0),
            ..Self::default()
        };
        let clamp = |values: [u32; 4]| {
            if interface.clamps_constants { values.map(clamped) } else { values }
        };
        let mut floats = Vec::new();
        for statement in &program.statements {
            match statement {
                Statement::Define(number, values) => floats.push((*number, clamp(*values))),
                Statement::DefineInteger(number, values) => interface.integers.push((*number, *values)),
                Statement::DefineBool(number, value) => interface.bools.push((*number, *value)),
                Statement::Declare(_) | Statement::Instruction(_) => {}
            }
        }
        interface.floats = floats;
        for i in program.instructions() {
            interface.look_at(i);
        }
        // ps_1_x gives r0.
        if !vertex && program.before(2, 0) {
            interface.shadowed |= 1;
        }
        if variant.fog.is_none() && variant.alpha_test.is_none() && !vertex && !program.before(2, 0) {
            interface.shadowed = 0;
        }
        interface.reads_position |= matches!(
            variant.fog,
            Some(Fog::Linear(_) | Fog::Exp(_) | Fog::Exp2(_)) if !vertex && program.before(3, 0)
        );
        interface
    }

    fn look_at(&mut self, i: &Instruction) {
        for source in &i.sources {
            match source.register {
                Register { file: File::Misc, number: 0 } => self.reads_position = true,
                Register { file: File::Misc, .. } => self.reads_face = true,
                Register { file: File::Constant, .. } => self.relative_constants |= source.relative.is_some(),
                _ => {}
            }
        }
        let Some(d) = &i.destination else { return };
        match d.register {
            // Colours and fog are clamped, sizes and fog are scalars that may stand in any component.
            Register { file: File::ColorVarying, number } => {
                self.shadowed |= 1 << (registers::COLOR + number);
            }
            Register { file: File::RasterOut, number: 1 } => self.shadowed |= 1 << registers::FOG,
            Register { file: File::ColorOut, number: 0 } => self.shadowed |= 1,
            _ => {}
        }
    }

    /// The words of `cb0`, from the float registers that are set: definitions win where the shader finds constants by index,
    /// and ps_1_x sees -1 to 1.
    pub fn float_constants(&self, registers: &[[u32; 4]]) -> Vec<u32> {
        let mut registers = registers.to_vec();
        if self.relative_constants {
            for &(number, values) in &self.floats {
                if let Some(register) = registers.get_mut(number as usize) {
                    *register = values;
                }
            }
        }
        let words = registers.into_iter().flatten();
        if self.clamps_constants { words.map(clamped).collect() } else { words.collect() }
    }

    pub(super) fn definition(&self, number: u32) -> Option<[u32; 4]> {
        self.floats.iter().rev().find(|d| d.0 == number).map(|d| d.1)
    }

    pub(super) fn integer_definition(&self, number: u32) -> Option<[u32; 4]> {
        self.integers.iter().rev().find(|d| d.0 == number).map(|d| d.1)
    }

    pub(super) fn bool_definition(&self, number: u32) -> Option<bool> {
        self.bools.iter().rev().find(|d| d.0 == number).map(|d| d.1)
    }
}

/// A float in -1..1; what is no number stays.
fn clamped(bits: u32) -> u32 {
    let value = f32::from_bits(bits);
    match value {
        _ if value > 1.0 => 1.0_f32.to_bits(),
        _ if value < -1.0 => (-1.0_f32).to_bits(),
        _ => bits,
    }
}

/// An element of a signature that is all of a register.
fn element(name: &str, index: u32, register: u32, mask: u8, system_value: u32) -> SignatureElement {
    SignatureElement {
        name: name.into(),
        index,
        system_value,
        component_type: ComponentType::Float,
        register: Some(register),
        mask,
        ..SignatureElement::default()
    }
}

/// `D3D_NAME_POSITION`, `D3D_NAME_IS_FRONT_FACE`
const POSITION_VALUE: u32 = 1;
const FACE_VALUE: u32 = 9;

impl Lowering<'_> {
    /// The lowered program with its declarations, its signatures, and what else must be known.
    pub(super) fn finish(self) -> (ir::Program, Signatures, Interface) {
        let mut declarations = Vec::new();
        let inputs = if self.is_vertex() { self.vertex_inputs() } else { self.pixel_inputs() };
        let outputs = if self.is_vertex() { self.vertex_outputs() } else { self.pixel_outputs() };
        let all = |file, register: &[u32], mask| Operand::register(file, register, Components::Mask(mask));
        for (e, interpolation) in &inputs {
            let operand = all(RegisterFile::Input, &[e.register.unwrap_or(0)], e.mask);
            declarations.push(match (self.is_vertex(), e.system_value) {
                (true, _) => D::Input(operand),
                (_, POSITION_VALUE) => {
                    D::InputPsSiv { operand, interpolation: *interpolation, name: SystemName::Position }
                }
                (_, FACE_VALUE) => {
                    D::InputPsSgv { operand, interpolation: *interpolation, name: SystemName::IsFrontFace }
                }
                _ => D::InputPs { operand, interpolation: *interpolation },
            });
        }
        for e in &outputs {
            declarations.push(match (e.register, e.system_value) {
                (Some(register), POSITION_VALUE) => D::OutputSiv {
                    operand: all(RegisterFile::Output, &[register], e.mask),
                    name: SystemName::Position,
                },
                (Some(register), _) => D::Output(all(RegisterFile::Output, &[register], e.mask)),
                (None, _) => D::Output(Operand::register(RegisterFile::OutputDepth, &[], Components::One)),
            });
        }
        self.declare_slots(&mut declarations);
        declarations.push(D::Temps(self.temps));
        let statements = declarations.into_iter().map(ir::Statement::Declaration);
        let statements = statements.chain(self.body.into_iter().map(ir::Statement::Instruction)).collect();
        let program = ir::Program { stage: self.program.stage, model: self.program.model, statements };
        let inputs = inputs.into_iter().map(|(element, _)| element).collect();
        let signatures = Signatures {
            inputs: Signature { elements: inputs },
            outputs: Signature { elements: outputs },
            ..Signatures::default()
        };
        (program, signatures, self.interface)
    }

    /// Constant buffers, textures and samplers that the body names.
    fn declare_slots(&self, declarations: &mut Vec<D>) {
        let mut named = BTreeSet::new();
        for operand in self.body.iter().flat_map(|i| &i.operands) {
            if let Some(index) = operand.indices.first() {
                named.insert((operand.file, index.base as u32));
            }
        }
        for (file, slot) in named {
            let operand = |components| Operand::register(file, &[slot], components);
            match file {
                RegisterFile::ConstantBuffer => declarations.push(D::ConstantBuffer {
                    operand: super::operand::constant(
                        slot,
                        [256, 16, 16, environment::COUNT][slot as usize & 3],
                    ),
                    dynamic: slot == 0 && self.interface.relative_constants,
                    size_and_space: None,
                }),
                RegisterFile::Sampler => {
                    declarations.push(D::Sampler {
                        operand: operand(Components::None),
                        mode: 0,
                        space: None,
                    });
                }
                RegisterFile::Resource => declarations.push(D::Resource {
                    operand: operand(Components::None),
                    dimension: self.dimension(slot),
                    samples: 0,
                    return_type: 0x5555,
                    space: None,
                }),
                _ => {}
            }
        }
    }

    /// What a sampler was declared to sample. One-dimensional textures are two-dimensional with a height of 1.
    fn dimension(&self, slot: u32) -> ResourceDimension {
        let declared = |d: &&Declaration| d.register.register == Register::new(File::Sampler, slot);
        match self.program.declarations().find(declared).map_or(TextureType::Unknown, |d| d.texture) {
            TextureType::Unknown => ResourceDimension::Unknown,
            TextureType::OneD | TextureType::TwoD => ResourceDimension::Texture2D,
            TextureType::Cube => ResourceDimension::TextureCube,
            TextureType::Volume => ResourceDimension::Texture3D,
        }
    }

    /// Numbers of registers of the IR's input file that the body reads. By index all of them may be.
    fn read_inputs(&self) -> Vec<u32> {
        let mut read = BTreeSet::new();
        for operand in self.body.iter().flat_map(|i| &i.operands) {
            if operand.file == RegisterFile::Input
                && let Some(index) = operand.indices.first()
            {
                let last = if index.relative.is_some() { 15 } else { index.base as u32 };
                read.extend(index.base as u32..=last);
            }
        }
        read.into_iter().collect()
    }

    fn vertex_inputs(&self) -> Vec<(SignatureElement, Interpolation)> {
        let declared = |register: u32| {
            let is = |d: &&Declaration| d.register.register == Register::new(File::Input, register);
            self.program.declarations().find(is)
        };
        let element = |register: u32| match declared(register) {
            Some(d) => element(d.usage.name(), d.index.into(), register, 0xf, 0),
            None => element("v", register, register, 0xf, 0),
        };
        self.read_inputs().into_iter().map(|r| (element(r), Interpolation::Undefined)).collect()
    }

    fn pixel_inputs(&self) -> Vec<(SignatureElement, Interpolation)> {
        let old = self.program.before(3, 0);
        let read = self.read_inputs();
        let mut elements = Vec::new();
        for register in read {
            let usages: Vec<(Usage, u32, u8, bool)> = match register {
                registers::PIXEL_POSITION | registers::PIXEL_FACE => Vec::new(),
                registers::POSITION if old => Vec::new(),
                registers::FOG if old => vec![(Usage::Fog, 0, 1, false)],
                _ if old && register < registers::TEXCOORD => {
                    let number = register - registers::COLOR;
                    vec![(Usage::Color, number, 0xf, self.centroid(File::Input, number))]
                }
                _ if old => {
                    let number = register - registers::TEXCOORD;
                    vec![(Usage::Texcoord, number, 0xf, self.centroid(File::Texture, number))]
                }
                _ => {
                    let is = |d: &&Declaration| d.register.register == Register::new(File::Input, register);
                    let declared = self.program.declarations().filter(is);
                    let usages: Vec<_> = declared
                        .map(|d| (d.usage, d.index.into(), d.register.mask, d.register.centroid))
                        .collect();
                    if usages.is_empty() {
                        elements.push((element("v", register, register, 0xf, 0), Interpolation::Linear));
                    }
                    usages
                }
            };
            for (usage, index, mask, centroid) in usages {
                let interpolation = match usage {
                    Usage::Color if self.variant.flat => Interpolation::Constant,
                    _ if centroid => Interpolation::LinearCentroid,
                    _ => Interpolation::Linear,
                };
                elements.push((element(usage.name(), index, register, mask, 0), interpolation));
            }
        }
        let position = if old { registers::POSITION } else { registers::PIXEL_POSITION };
        if self.interface.reads_position {
            let element = element("SV_Position", 0, position, 0xf, POSITION_VALUE);
            elements.push((element, Interpolation::LinearNoPerspective));
        }
        if self.interface.reads_face {
            let element = element("SV_IsFrontFace", 0, registers::PIXEL_FACE, 1, FACE_VALUE);
            elements.push((element, Interpolation::Constant));
        }
        elements
    }

    fn centroid(&self, file: File, number: u32) -> bool {
        let is = |d: &&Declaration| d.register.register == Register::new(file, number);
        self.program.declarations().find(is).is_some_and(|d| d.register.centroid)
    }

    /// Registers that the program writes.
    fn written(&self, file: File) -> BTreeSet<u32> {
        let destinations = self.program.instructions().filter_map(|i| i.destination);
        destinations.filter(|d| d.register.file == file).map(|d| d.register.number).collect()
    }

    fn vertex_outputs(&self) -> Vec<SignatureElement> {
        if !self.program.before(3, 0) {
            let declared = self.program.declarations().filter(|d| d.register.register.file == File::Output);
            return declared
                .map(|d| {
                    let register = d.register.register.number;
                    match (d.usage, d.index) {
                        (Usage::Position | Usage::PositionT, 0) => {
                            element("SV_Position", 0, register, 0xf, POSITION_VALUE)
                        }
                        _ => element(d.usage.name(), d.index.into(), register, d.register.mask, 0),
                    }
                })
                .collect();
        }
        let mut elements = vec![element("SV_Position", 0, registers::POSITION, 0xf, POSITION_VALUE)];
        for number in self.written(File::ColorVarying) {
            elements.push(element("COLOR", number, registers::COLOR + number, 0xf, 0));
        }
        for number in self.written(File::TexcoordVarying) {
            elements.push(element("TEXCOORD", number, registers::TEXCOORD + number, 0xf, 0));
        }
        for number in self.written(File::RasterOut) {
            match number {
                1 => elements.push(element("FOG", 0, registers::FOG, 1, 0)),
                2 => elements.push(element("PSIZE", 0, registers::POINT_SIZE, 1, 0)),
                _ => {}
            }
        }
        elements
    }

    fn pixel_outputs(&self) -> Vec<SignatureElement> {
        let mut targets = self.written(File::ColorOut);
        if self.program.before(2, 0) {
            targets.insert(0);
        }
        let mut elements: Vec<_> = targets.into_iter().map(|n| element("SV_Target", n, n, 0xf, 0)).collect();
        let depth =
            |i: &ir::Instruction| i.operands.first().is_some_and(|o| o.file == RegisterFile::OutputDepth);
        if self.body.iter().any(depth) {
            elements.push(SignatureElement { register: None, ..element("SV_Depth", 0, 0, 1, 0) });
        }
        elements
    }
}
