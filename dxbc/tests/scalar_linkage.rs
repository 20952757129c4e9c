//! Dynamic linkage: `fcall` through class instances, and inputs that are pulled.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use aerogpu_dxbc::generate::levels;
use aerogpu_dxbc::ir::{
    Components, Declaration, Instruction, Interpolation, Model, Op, Operand, Program, RegisterFile, Stage,
    Statement,
};
use aerogpu_dxbc::resources::{ClassInstance, Location};
use aerogpu_dxbc::signature::Signatures;
use aerogpu_dxbc::simd::{self, Registers};
use aerogpu_dxbc::{Io, Resources, ValidatedShader, scalar};

const X: Components = Components::Mask(1);
const FIRST: Components = Components::Select(0);

fn register(file: RegisterFile, indices: &[u32], components: Components) -> Operand {
    Operand::register(file, indices, components)
}

fn literal(word: u32) -> Operand {
    Operand {
        immediate: [word].into_iter().collect(),
        ..register(RegisterFile::Immediate32, &[], Components::One)
    }
}

fn instruction(op: Op, operands: impl IntoIterator<Item = Operand>) -> Statement {
    Statement::Instruction(Instruction::new(op, operands))
}

fn shader(statements: Vec<Statement>) -> ValidatedShader {
    let program = Program { stage: Stage::Pixel, model: Model { major: 5, minor: 0 }, statements };
    ValidatedShader::new(program, Signatures::default()).unwrap()
}

/// Nothing but class instances and interpolated inputs.
struct Linked;

impl Resources for Linked {
    fn class_instance(&self, slot: u32) -> ClassInstance {
        ClassInstance { class: slot % 3, data: [slot * 100, 7, 8, 9] }
    }
    fn interpolate(&self, lane: usize, register: u32, location: Location) -> Option<[u32; 4]> {
        let Location::Snapped([x, y]) = location else { return None };
        Some([lane as u32, register, x as u32, y as u32])
    }
}

/// One quad with its lane number in `v0.x`; gives `o0` of every lane, on which all interpreters agree.
fn quad(shader: &ValidatedShader, resources: &dyn Resources) -> [[u32; 4]; 4] {
    let mut io = Io::default();
    io.reset(4, shader.input_vectors(), 0, shader.output_registers());
    for lane in 0..4 {
        io.inputs.set_vector(lane, 0, [lane as u32, 50, 60, 70]);
    }
    let outputs = |io: &Io| [0, 1, 2, 3].map(|lane| io.outputs.vector(lane, 0));
    let mut fast = io.clone();
    scalar::run(shader, resources, &mut io, 1000).unwrap();
    for level in levels() {
        simd::run(level, shader, resources, &mut fast, 1000, &mut Registers::default()).unwrap();
        assert_eq!(outputs(&fast), outputs(&io), "{level:?}");
    }
    outputs(&io)
}

#[test]
fn classes_choose_function_bodies_lane_by_lane() {
    use RegisterFile::{FunctionBody, Input, Interface, Output, Temp, ThisPointer};
    let body = |number: u32, value: u32| {
        [
            instruction(Op::Label, [register(FunctionBody, &[number], Components::None)]),
            instruction(Op::Mov, [register(Output, &[0], X), literal(value)]),
            instruction(Op::Ret, []),
        ]
    };
    let mut element = register(Interface, &[4, 0], Components::None);
    element.indices[1].relative = Some(Box::new(register(Temp, &[0], FIRST)));
    let mut call = Instruction::new(Op::Fcall, [element]);
    call.call_site = 1;
    let mut statements = vec![
        Statement::Declaration(Declaration::InputPs {
            operand: register(Input, &[0], X),
            interpolation: Interpolation::Constant,
        }),
        Statement::Declaration(Declaration::Output(register(Output, &[0], Components::Mask(15)))),
        Statement::Declaration(Declaration::Temps(1)),
        Statement::Declaration(Declaration::FunctionTable { table: 0, bodies: vec![9, 0] }),
        Statement::Declaration(Declaration::FunctionTable { table: 1, bodies: vec![9, 1] }),
        Statement::Declaration(Declaration::Interface {
            interface: 4,
            dynamic: true,
            table_length: 2,
            array_length: 3,
            tables: vec![0, 1],
        }),
        instruction(Op::Mov, [register(Temp, &[0], X), register(Input, &[0], FIRST)]),
        Statement::Instruction(call),
        instruction(
            Op::Mov,
            [register(Output, &[0], Components::Mask(2)), register(ThisPointer, &[6], FIRST)],
        ),
        instruction(Op::Ret, []),
    ];
    statements.extend(body(0, 1000));
    statements.extend(body(1, 1001));
    // Slots 4 and 5 have classes 1 and 2, slot 6 has class 0; the interface knows classes 0 and 1 and three elements.
    assert_eq!(
        quad(&shader(statements), &Linked),
        [[1001, 600, 0, 0], [0, 600, 0, 0], [1000, 600, 0, 0], [0, 600, 0, 0]]
    );
}

#[test]
fn pulled_inputs() {
    use RegisterFile::{Input, Output};
    let all = Components::Swizzle([3, 2, 1, 0]);
    let evaluate = |op, operands: Vec<Operand>| {
        shader(vec![
            Statement::Declaration(Declaration::InputPs {
                operand: register(Input, &[0], Components::Mask(15)),
                interpolation: Interpolation::Linear,
            }),
            Statement::Declaration(Declaration::Output(register(Output, &[0], Components::Mask(15)))),
            instruction(op, operands),
            instruction(Op::Ret, []),
        ])
    };
    let [output, input] = [register(Output, &[0], Components::Mask(15)), register(Input, &[0], all)];
    // 9 in four signed bits is -7.
    let snapped = evaluate(Op::EvalSnapped, vec![output.clone(), input.clone(), literal(9)]);
    assert_eq!(quad(&snapped, &Linked)[2], [-7_i32 as u32, -7_i32 as u32, 0, 2]);
    let centroid = evaluate(Op::EvalCentroid, vec![output, input]);
    assert_eq!(quad(&centroid, &Linked)[2], [70, 60, 50, 2]);
}
