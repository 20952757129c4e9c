//! Laws of the codec on random programs: what is encoded decodes to itself, and so does what is printed.

use aerogpu_dxbc::assembler::assemble;
use aerogpu_dxbc::container::{Container, ShaderBlob};
use aerogpu_dxbc::ir::*;
use aerogpu_dxbc::sm4::{decode, encode};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use smallvec::SmallVec;

const FILES: [RegisterFile; 12] = {
    use RegisterFile::*;
    [
        Temp,
        Input,
        Output,
        IndexableTemp,
        ConstantBuffer,
        Resource,
        Sampler,
        Uav,
        OutputDepth,
        Label,
        Interface,
        ThreadId,
    ]
};

fn components() -> impl Strategy<Value = Components> {
    prop_oneof![
        Just(Components::None),
        Just(Components::One),
        (0_u8..16).prop_map(Components::Mask),
        [0_u8..4, 0..4, 0..4, 0..4].prop_map(Components::Swizzle),
        (0_u8..4).prop_map(Components::Select),
    ]
}

fn index(operand: BoxedStrategy<Operand>) -> impl Strategy<Value = Index> {
    let constant = (any::<u64>(), any::<bool>(), any::<bool>());
    (constant, option::weighted(0.3, operand)).prop_map(|((base, wide, has_base), relative)| {
        let has_base = has_base || relative.is_none();
        let wide = wide && has_base;
        let base = if wide { base } else { base & 0xffff_ffff };
        Index { base: if has_base { base } else { 0 }, wide, relative: relative.map(Box::new), has_base }
    })
}

/// Words of which many are small, many are floats, and some are anything.
fn word() -> impl Strategy<Value = u32> {
    prop_oneof![0_u32..8, any::<f32>().prop_map(f32::to_bits), any::<u32>(), Just(0x8000_0000)]
}

fn file_and_immediate() -> impl Strategy<Value = (RegisterFile, Components, Vec<u32>)> {
    prop_oneof![
        4 => (prop_oneof![select(&FILES), select(&RegisterFile::ALL)], components()).prop_map(|(file, components)| {
            let immediate = matches!(file, RegisterFile::Immediate32 | RegisterFile::Immediate64);
            (if immediate { RegisterFile::Temp } else { file }, components, vec![])
        }),
        1 => (components(), [word(), word(), word(), word()], any::<bool>()).prop_map(|(components, words, double)| {
            let count = match components {
                Components::None => 0,
                Components::One => 1 + usize::from(double),
                _ => 4,
            };
            let file = if double { RegisterFile::Immediate64 } else { RegisterFile::Immediate32 };
            (file, components, words[..count].to_vec())
        }),
    ]
}

fn operand_with(indices: BoxedStrategy<Vec<Index>>) -> BoxedStrategy<Operand> {
    let modifier = select(&[Modifier::None, Modifier::None, Modifier::Neg, Modifier::Abs, Modifier::AbsNeg]);
    use MinPrecision::*;
    let precision = select(&[Default, Default, Default, Float16, Float2_8, Sint16, Uint16]);
    (file_and_immediate(), indices, modifier, precision, any::<bool>(), any::<bool>())
        .prop_map(
            |((file, components, immediate), indices, modifier, min_precision, non_uniform, extended)| {
                let mut operand = Operand::register(file, &[], components);
                if !matches!(file, RegisterFile::Immediate32 | RegisterFile::Immediate64) {
                    operand.indices = indices.into();
                }
                let plain =
                    modifier == Modifier::None && min_precision == MinPrecision::Default && !non_uniform;
                let explicit_extension = extended && plain;
                Operand {
                    immediate: immediate.into(),
                    modifier,
                    min_precision,
                    non_uniform,
                    explicit_extension,
                    ..operand
                }
            },
        )
        .boxed()
}

fn operand() -> BoxedStrategy<Operand> {
    let leaf = operand_with(vec(any::<u32>().prop_map(Index::constant), 0..=3).boxed());
    leaf.prop_recursive(2, 6, 2, |inner| operand_with(vec(index(inner), 0..=3).boxed())).boxed()
}

fn dimension() -> impl Strategy<Value = ResourceDimension> {
    (0_u32..13).prop_map(|number| ResourceDimension::from_number(number).expect("a known number"))
}

fn extension() -> impl Strategy<Value = Extension> {
    prop_oneof![
        [-8_i8..8, -8..8, -8..8].prop_map(Extension::TexelOffset),
        (dimension(), 0_u16..1 << 12)
            .prop_map(|(dimension, stride)| Extension::Resource { dimension, stride }),
        any::<u16>().prop_map(Extension::ReturnType),
        Just(Extension::ReturnType(0x5555)),
    ]
}

/// The instructions that have tokens.
fn encodable() -> Vec<Op> {
    Op::ALL.iter().copied().filter(|op| !op.info().flags.contains(OpFlags::D9)).collect()
}

/// Any instruction with any legal modifiers.
fn instruction() -> impl Strategy<Value = Instruction> {
    let flags =
        (any::<bool>(), option::weighted(0.2, 0_u8..16), any::<bool>(), any::<[bool; 4]>(), 0_usize..3);
    let extras = (vec(extension(), 0..4), vec(word(), 0..2), any::<u32>());
    (select(encodable()), vec(operand(), 8), flags, extras).prop_map(
        |(
            op,
            operands,
            (saturate, precise, test, [threads, group_shared, uav_group, uav_global], kind),
            extras,
        )| {
            let legal = |flag| op.info().flags.contains(flag);
            let count = op.info().dst.len() + op.info().src.len();
            let sync = SyncFlags { threads, group_shared, uav_group, uav_global };
            let kinds = [ReturnKind::Float, ReturnKind::Uint, ReturnKind::RcpFloat];
            let kinds = match (legal(OpFlags::RETURN1), legal(OpFlags::RETURN2)) {
                (true, _) => &kinds[..2],
                (_, true) => &kinds[..],
                _ => &kinds[..1],
            };
            Instruction {
                saturate: saturate && legal(OpFlags::SAT),
                precise: precise.unwrap_or_default(),
                test_nonzero: test && legal(OpFlags::TEST),
                return_kind: kinds[kind % kinds.len()],
                sync: if legal(OpFlags::SYNC) { sync } else { SyncFlags::default() },
                call_site: if op == Op::Fcall { extras.2 } else { 0 },
                extensions: SmallVec::from_vec(extras.0),
                padding: SmallVec::from_vec(extras.1),
                ..Instruction::new(op, operands.into_iter().take(count))
            }
        },
    )
}

/// Any declaration of a program with (or without) register spaces.
fn declaration(spaces: bool) -> BoxedStrategy<Declaration> {
    use Declaration as D;
    let space = move || any::<u32>().prop_map(move |space| spaces.then_some(space));
    let number = any::<u32>;
    let name = || (0_u32..26).prop_map(|number| SystemName::from_number(number).expect("a known number"));
    let interpolation =
        || (0_u32..8).prop_map(|number| Interpolation::from_number(number).expect("a known number"));
    let flags = |counter: bool| {
        any::<[bool; 3]>().prop_map(move |[globally_coherent, rasterizer_ordered, count]| UavFlags {
            globally_coherent,
            rasterizer_ordered,
            counter: counter && count,
        })
    };
    let resources = prop_oneof![
        (operand(), dimension(), 0_u8..128, number(), space()).prop_map(
            |(operand, dimension, samples, return_type, space)| D::Resource {
                operand,
                dimension,
                samples,
                return_type,
                space
            }
        ),
        (operand(), space()).prop_map(|(operand, space)| D::ResourceRaw { operand, space }),
        (operand(), number(), space()).prop_map(|(operand, stride, space)| D::ResourceStructured {
            operand,
            stride,
            space
        }),
        (operand(), any::<bool>(), number(), space()).prop_map(|(operand, dynamic, size, space)| {
            D::ConstantBuffer { operand, dynamic, size_and_space: space.map(|space| (size, space)) }
        }),
        (operand(), 0_u8..16, space()).prop_map(|(operand, mode, space)| D::Sampler { operand, mode, space }),
        (operand(), dimension(), flags(false), number(), space()).prop_map(
            |(operand, dimension, flags, return_type, space)| D::UavTyped {
                operand,
                dimension,
                flags,
                return_type,
                space
            }
        ),
        (operand(), flags(false), space()).prop_map(|(operand, flags, space)| D::UavRaw {
            operand,
            flags,
            space
        }),
        (operand(), flags(true), number(), space())
            .prop_map(|(operand, flags, stride, space)| D::UavStructured { operand, flags, stride, space }),
        (operand(), number()).prop_map(|(operand, size)| D::GroupSharedRaw { operand, size }),
        (operand(), number(), number()).prop_map(|(operand, stride, count)| D::GroupSharedStructured {
            operand,
            stride,
            count
        }),
    ];
    let interfaces = prop_oneof![
        operand().prop_map(D::Input),
        (operand(), name()).prop_map(|(operand, name)| D::InputSgv { operand, name }),
        (operand(), name()).prop_map(|(operand, name)| D::InputSiv { operand, name }),
        (operand(), interpolation())
            .prop_map(|(operand, interpolation)| D::InputPs { operand, interpolation }),
        (operand(), interpolation(), name()).prop_map(|(operand, interpolation, name)| D::InputPsSgv {
            operand,
            interpolation,
            name
        }),
        (operand(), interpolation(), name()).prop_map(|(operand, interpolation, name)| D::InputPsSiv {
            operand,
            interpolation,
            name
        }),
        operand().prop_map(D::Output),
        (operand(), name()).prop_map(|(operand, name)| D::OutputSgv { operand, name }),
        (operand(), name()).prop_map(|(operand, name)| D::OutputSiv { operand, name }),
        (operand(), number()).prop_map(|(operand, count)| D::IndexRange { operand, count }),
        operand().prop_map(D::Stream),
    ];
    let numbers = prop_oneof![
        (0_u32..1 << 13).prop_map(D::GlobalFlags),
        (0_u8..128).prop_map(D::GsOutputTopology),
        (0_u8..64).prop_map(D::GsInputPrimitive),
        number().prop_map(D::GsMaxOutputVertices),
        number().prop_map(D::GsInstances),
        number().prop_map(D::Temps),
        any::<[u32; 3]>().prop_map(|[register, count, components]| D::IndexableTemp {
            register,
            count,
            components
        }),
        select(&[HullPhase::Declarations, HullPhase::ControlPoint, HullPhase::Fork, HullPhase::Join])
            .prop_map(D::HullPhase),
        (0_u8..64).prop_map(D::InputControlPointCount),
        (0_u8..64).prop_map(D::OutputControlPointCount),
        (0_u8..4).prop_map(D::TessellatorDomain),
        (0_u8..8).prop_map(D::TessellatorPartitioning),
        (0_u8..8).prop_map(D::TessellatorOutputPrimitive),
        word().prop_map(D::HsMaxTessFactor),
        number().prop_map(D::HsForkInstanceCount),
        number().prop_map(D::HsJoinInstanceCount),
        any::<[u32; 3]>().prop_map(D::ThreadGroup),
        number().prop_map(D::FunctionBody),
        (number(), vec(number(), 0..200)).prop_map(|(table, bodies)| D::FunctionTable { table, bodies }),
        (any::<[u32; 2]>(), any::<bool>(), any::<u16>(), vec(number(), 0..200)).prop_map(
            |([interface, table_length], dynamic, array_length, tables)| {
                D::Interface { interface, dynamic, table_length, array_length, tables }
            }
        ),
    ];
    prop_oneof![resources, interfaces, numbers].boxed()
}

fn custom_data() -> impl Strategy<Value = CustomData> {
    let class = prop_oneof![0_u32..8, 0_u32..1 << 21].prop_map(CustomDataClass::from_number);
    (class, vec(word(), 0..20)).prop_map(|(class, words)| CustomData { class, words })
}

fn program() -> impl Strategy<Value = Program> {
    let stages = (0_u32..6).prop_map(|number| Stage::from_number(number).expect("a known number"));
    let models = select(&[(4, 0), (4, 1), (5, 0), (5, 1)]).prop_map(|(major, minor)| Model { major, minor });
    (stages, models).prop_flat_map(|(stage, model)| {
        let statement = prop_oneof![
            declaration(model.major == 5 && model.minor == 1).prop_map(Statement::Declaration),
            instruction().prop_map(Statement::Instruction),
            custom_data().prop_map(Statement::CustomData),
        ];
        vec(statement, 0..12).prop_map(move |statements| Program { stage, model, statements })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn encoded_programs_decode_to_themselves(program in program()) {
        // Eight operands of random depth may pass 127 words; that is an error of its own.
        if let Ok(words) = encode(&program) {
            prop_assert_eq!(decode(&words), Ok(program));
        }
    }

    #[test]
    fn printed_programs_assemble_to_themselves(program in program()) {
        if encode(&program).is_ok() {
            let text = program.to_string();
            match assemble(&text) {
                Ok(assembled) => prop_assert_eq!(assembled.program, program, "{}", text),
                Err(error) => prop_assert!(false, "{}\n{}", error, text),
            }
        }
    }

    /// A flipped word gives an error, or a program that still encodes.
    #[test]
    fn damaged_programs_never_panic(program in program(), place in any::<prop::sample::Index>(), bits in any::<u32>()) {
        if let Ok(mut words) = encode(&program) {
            let place = place.index(words.len());
            words[place] ^= bits;
            if let Ok(decoded) = decode(&words) {
                let again = encode(&decoded).expect("what decodes also encodes");
                prop_assert_eq!(decode(&again), Ok(decoded));
            }
        }
    }

    #[test]
    fn damaged_containers_never_panic(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let text = ".input A 0 v0.xyzw float\n.output B 1 o0.x uint stream=1\nvs_5_0\nmov o0.x, v0.x\nret";
        let mut bytes = assemble(text).unwrap().to_dxbc();
        prop_assert!(Container::parse(&bytes).unwrap().checksum_ok);
        let place = place.index(bytes.len());
        bytes[place] = byte;
        let _ = ShaderBlob::parse(&bytes);
    }

    #[test]
    fn random_text_never_panics(text in "[-a-z0-9_ .,(){}\\[\\]|+=:*\"\n]{0,80}") {
        let _ = assemble(&format!("ps_5_0\n{text}"));
    }
}
