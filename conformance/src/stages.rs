//! Which shader stages a case uses, as its streams say, and the class that it is counted in.

use std::collections::BTreeSet;

use aerogpu_protocol::packets::{ShaderBindings, ShaderStage};
use aerogpu_protocol::{Packet, Stream};
use clap::ValueEnum;

use crate::case::{Case, Step};

/// A shader stage by its short name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Stage {
    /// Vertex shader.
    Vs,
    /// Pixel shader.
    Ps,
    /// Compute shader.
    Cs,
    /// Geometry shader.
    Gs,
    /// Hull shader.
    Hs,
    /// Domain shader.
    Ds,
}

impl From<ShaderStage> for Stage {
    fn from(stage: ShaderStage) -> Self {
        match stage {
            ShaderStage::Vertex => Self::Vs,
            ShaderStage::Pixel => Self::Ps,
            ShaderStage::Compute => Self::Cs,
            ShaderStage::Geometry => Self::Gs,
            ShaderStage::Hull => Self::Hs,
            ShaderStage::Domain => Self::Ds,
        }
    }
}

/// The stages of which a stream of the case creates or binds a shader.
pub fn used(case: &Case) -> BTreeSet<Stage> {
    let streams = case.steps.iter().filter_map(|step| match step {
        Step::Submit(submit) => Stream::parse(&submit.stream).ok(),
        _ => None,
    });
    streams.flat_map(|stream| in_stream(&stream)).collect()
}

fn in_stream(stream: &Stream<'_>) -> BTreeSet<Stage> {
    let mut stages = BTreeSet::new();
    for at in stream.packets().map_while(Result::ok) {
        match at.packet {
            Packet::CreateShaderDxbc(p, _) => {
                stages.extend(p.shader_stage(stream.minor()).ok().map(Stage::from));
            }
            Packet::BindShaders(ShaderBindings { vs, ps, cs, gs, hs, ds }) => {
                let handles = [vs, ps, cs, gs, hs, ds].into_iter().zip(Stage::value_variants());
                stages.extend(handles.filter(|&(handle, _)| handle != 0).map(|(_, stage)| *stage));
            }
            _ => {}
        }
    }
    stages
}

/// The class that totals are printed for.
pub fn class(features: &[String], stages: &BTreeSet<Stage>) -> &'static str {
    let has = |name: &str| features.iter().any(|feature| feature == name);
    if has("d3d9") {
        "d3d9"
    } else if !has("d3d11") {
        "other"
    } else if [Stage::Gs, Stage::Hs, Stage::Ds].iter().any(|stage| stages.contains(stage)) {
        "d3d11 with gs, hs or ds"
    } else {
        "d3d11"
    }
}

#[cfg(test)]
mod tests {
    use aerogpu_protocol::StreamWriter;

    use super::*;
    use crate::case::{SCHEMA, Submit, SubmitResult};

    fn stages(write: impl FnOnce(&mut StreamWriter)) -> BTreeSet<Stage> {
        let mut writer = StreamWriter::new();
        write(&mut writer);
        let submit =
            Submit { stream: writer.finish(), context_id: 0, result: SubmitResult::Ok, alloc_table: None };
        used(&Case {
            schema: SCHEMA.into(),
            name: "stages".into(),
            source: "hand".into(),
            features: Vec::new(),
            known_failure: None,
            steps: vec![Step::Reset {}, Step::Submit(submit)],
        })
    }

    #[test]
    fn created_and_bound_shaders_count() {
        assert_eq!(stages(|_| {}), BTreeSet::new());
        let created = stages(|w| {
            w.create_shader_dxbc(1, ShaderStage::Hull, &[0; 4]).bind_shaders(2, 3);
        });
        assert_eq!(created, BTreeSet::from([Stage::Vs, Stage::Ps, Stage::Hs]));
        let bound = stages(|w| {
            w.bind_all_shaders(ShaderBindings { cs: 1, gs: 2, ds: 3, ..Default::default() });
        });
        assert_eq!(bound, BTreeSet::from([Stage::Cs, Stage::Gs, Stage::Ds]));
    }

    #[test]
    fn classes() {
        let class_of =
            |feature: &str, stages: &[Stage]| class(&[feature.into()], &stages.iter().copied().collect());
        assert_eq!(class_of("d3d9", &[Stage::Vs, Stage::Gs]), "d3d9");
        assert_eq!(class_of("d3d11", &[Stage::Vs, Stage::Cs]), "d3d11");
        assert_eq!(class_of("d3d11", &[Stage::Gs]), "d3d11 with gs, hs or ds");
        assert_eq!(class_of("copy", &[Stage::Ds]), "other");
    }
}
