//! Declarations as text.

use std::fmt::{self, Display, Formatter};

use super::{OperandText, Role, literal, return_type};
use crate::ir::names::*;
use crate::ir::{Declaration, HullPhase, Operand, OperandType, ResourceDimension, UavFlags};

/// The register of a declaration.
fn declared(operand: &Operand) -> OperandText<'_> {
    OperandText { operand, role: Role::Declared, kind: OperandType::U, number: None }
}

/// `, space=1`, or nothing before Shader Model 5.1.
struct Space(Option<u32>);

impl Display for Space {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |space| write!(f, ", space={space}"))
    }
}

/// A word of a table, or the number that has none.
struct Word(&'static [(u8, &'static str)], u8);

impl Display for Word {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match word_of(self.0, self.1) {
            Some(word) => f.write_str(word),
            None => write!(f, "{}", self.1),
        }
    }
}

impl Display for UavFlags {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(if self.globally_coherent { "_glc" } else { "" })?;
        f.write_str(if self.rasterizer_ordered { "_rov" } else { "" })?;
        f.write_str(if self.counter { "_opc" } else { "" })
    }
}

fn list(prefix: &str, numbers: &[u32]) -> String {
    numbers.iter().map(|number| format!("{prefix}{number}")).collect::<Vec<_>>().join(", ")
}

#[rustfmt::skip]
impl Display for Declaration {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::GlobalFlags(flags) => write_global_flags(f, *flags),
            Self::Resource { operand, dimension, samples, return_type: types, space } => {
                write!(f, "dcl_resource_{}", dimension.name())?;
                use ResourceDimension::{Texture2DMs, Texture2DMsArray};
                if *samples != 0 || matches!(dimension, Texture2DMs | Texture2DMsArray) {
                    write!(f, "({samples})")?;
                }
                write!(f, " {} {}{}", return_type(*types), declared(operand), Space(*space))
            }
            Self::ResourceRaw { operand, space } => write!(f, "dcl_resource_raw {}{}", declared(operand), Space(*space)),
            Self::ResourceStructured { operand, stride, space } => {
                write!(f, "dcl_resource_structured {}, {stride}{}", declared(operand), Space(*space))
            }
            Self::ConstantBuffer { operand, dynamic, size_and_space } => {
                let access = if *dynamic { "dynamicIndexed" } else { "immediateIndexed" };
                match size_and_space {
                    None => write!(f, "dcl_constantbuffer {}, {access}", declared(operand)),
                    Some((size, space)) => {
                        let operand = OperandText { number: Some(*size), ..declared(operand) };
                        write!(f, "dcl_constantbuffer {operand}, {access}, space={space}")
                    }
                }
            }
            Self::Sampler { operand, mode, space } => {
                write!(f, "dcl_sampler {}, {}{}", declared(operand), Word(SAMPLER_MODES, *mode), Space(*space))
            }
            Self::IndexRange { operand, count } => write!(f, "dcl_indexRange {}, {count}", declared(operand)),
            Self::GsOutputTopology(topology) => write!(f, "dcl_outputtopology {}", Word(TOPOLOGIES, *topology)),
            Self::GsInputPrimitive(patch @ 8..=39) => write!(f, "dcl_inputprimitive patch{}", patch - 7),
            Self::GsInputPrimitive(primitive) => write!(f, "dcl_inputprimitive {}", Word(PRIMITIVES, *primitive)),
            Self::GsMaxOutputVertices(count) => write!(f, "dcl_maxout {count}"),
            Self::GsInstances(count) => write!(f, "dcl_gsinstances {count}"),
            Self::Stream(operand) => write!(f, "dcl_stream {}", declared(operand)),
            Self::Input(operand) => write!(f, "dcl_input {}", declared(operand)),
            Self::InputSgv { operand, name } => write!(f, "dcl_input_sgv {}, {}", declared(operand), name.name()),
            Self::InputSiv { operand, name } => write!(f, "dcl_input_siv {}, {}", declared(operand), name.name()),
            Self::InputPs { operand, interpolation } => {
                write!(f, "dcl_input_ps {} {}", interpolation.name(), declared(operand))
            }
            Self::InputPsSgv { operand, interpolation, name } => {
                write!(f, "dcl_input_ps_sgv {} {}, {}", interpolation.name(), declared(operand), name.name())
            }
            Self::InputPsSiv { operand, interpolation, name } => {
                write!(f, "dcl_input_ps_siv {} {}, {}", interpolation.name(), declared(operand), name.name())
            }
            Self::Output(operand) => write!(f, "dcl_output {}", declared(operand)),
            Self::OutputSgv { operand, name } => write!(f, "dcl_output_sgv {}, {}", declared(operand), name.name()),
            Self::OutputSiv { operand, name } => write!(f, "dcl_output_siv {}, {}", declared(operand), name.name()),
            Self::Temps(count) => write!(f, "dcl_temps {count}"),
            Self::IndexableTemp { register, count, components } => {
                write!(f, "dcl_indexableTemp x{register}[{count}], {components}")
            }
            Self::HullPhase(HullPhase::Declarations) => f.write_str("hs_decls"),
            Self::HullPhase(HullPhase::ControlPoint) => f.write_str("hs_control_point_phase"),
            Self::HullPhase(HullPhase::Fork) => f.write_str("hs_fork_phase"),
            Self::HullPhase(HullPhase::Join) => f.write_str("hs_join_phase"),
            Self::InputControlPointCount(count) => write!(f, "dcl_input_control_point_count {count}"),
            Self::OutputControlPointCount(count) => write!(f, "dcl_output_control_point_count {count}"),
            Self::TessellatorDomain(domain) => write!(f, "dcl_tessellator_domain {}", Word(DOMAINS, *domain)),
            Self::TessellatorPartitioning(kind) => {
                write!(f, "dcl_tessellator_partitioning {}", Word(PARTITIONINGS, *kind))
            }
            Self::TessellatorOutputPrimitive(kind) => {
                write!(f, "dcl_tessellator_output_primitive {}", Word(TESSELLATOR_OUTPUTS, *kind))
            }
            Self::HsMaxTessFactor(bits) => write!(f, "dcl_hs_max_tessfactor l({})", literal(*bits, OperandType::F)),
            Self::HsForkInstanceCount(count) => write!(f, "dcl_hs_fork_phase_instance_count {count}"),
            Self::HsJoinInstanceCount(count) => write!(f, "dcl_hs_join_phase_instance_count {count}"),
            Self::ThreadGroup([x, y, z]) => write!(f, "dcl_thread_group {x}, {y}, {z}"),
            Self::UavTyped { operand, dimension, flags, return_type: types, space } => {
                let types = return_type(*types);
                write!(f, "dcl_uav_typed_{}{flags} {types} {}{}", dimension.name(), declared(operand), Space(*space))
            }
            Self::UavRaw { operand, flags, space } => {
                write!(f, "dcl_uav_raw{flags} {}{}", declared(operand), Space(*space))
            }
            Self::UavStructured { operand, flags, stride, space } => {
                write!(f, "dcl_uav_structured{flags} {}, {stride}{}", declared(operand), Space(*space))
            }
            Self::GroupSharedRaw { operand, size } => write!(f, "dcl_tgsm_raw {}, {size}", declared(operand)),
            Self::GroupSharedStructured { operand, stride, count } => {
                write!(f, "dcl_tgsm_structured {}, {stride}, {count}", declared(operand))
            }
            Self::FunctionBody(body) => write!(f, "dcl_function_body fb{body}"),
            Self::FunctionTable { table, bodies } => {
                write!(f, "dcl_function_table ft{table} = {{{}}}", list("fb", bodies))
            }
            Self::Interface { interface, dynamic, table_length, array_length, tables } => {
                let dynamic = if *dynamic { "_dynamicindexed" } else { "" };
                let tables = list("ft", tables);
                write!(f, "dcl_interface{dynamic} fp{interface}[{array_length}][{table_length}] = {{{tables}}}")
            }
        }
    }
}

fn write_global_flags(f: &mut Formatter<'_>, flags: u32) -> fmt::Result {
    f.write_str("dcl_globalFlags ")?;
    let known = GLOBAL_FLAGS.into_iter().enumerate().filter(|(bit, _)| flags >> bit & 1 != 0);
    let mut words: Vec<String> = known.map(|(_, word)| word.into()).collect();
    let unknown = flags >> GLOBAL_FLAGS.len() << GLOBAL_FLAGS.len();
    if unknown != 0 || words.is_empty() {
        words.push(format!("{unknown:#x}"));
    }
    f.write_str(&words.join(" | "))
}
