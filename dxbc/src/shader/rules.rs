//! Rules of single instructions beyond the table: stages, and what their memory operand may be.

use super::code::{Memory, Space};
use super::error::Reason;
use crate::ir::{Instruction, Op, RegisterFile, ResourceDimension, Stage};

/// True when lanes need their neighbours' coordinates or values.
pub(crate) fn needs_derivatives(op: Op) -> bool {
    use Op::*;
    matches!(
        op,
        DerivRtx
            | DerivRty
            | DerivRtxCoarse
            | DerivRtxFine
            | DerivRtyCoarse
            | DerivRtyFine
            | Sample
            | SampleB
            | SampleC
            | Lod
            | SampleClS
            | SampleBClS
            | SampleCClS
    )
}

/// The instruction exists in this stage, and can be executed at all.
pub(super) fn check_stage(stage: Stage, instruction: &Instruction) -> Result<(), Reason> {
    use Op::*;
    let sync = instruction.sync;
    let legal = match instruction.op {
        Jmp => return Err(Reason::Unsupported("jmp")),
        Abort => return Err(Reason::Unsupported("abort")),
        DebugBreak => return Err(Reason::Unsupported("debug_break")),
        Discard | EvalSnapped | EvalSampleIndex | EvalCentroid => stage == Stage::Pixel,
        Emit | Cut | EmitThenCut | EmitStream | CutStream | EmitThenCutStream => stage == Stage::Geometry,
        Sync => stage == Stage::Compute || !(sync.threads || sync.group_shared),
        op => stage == Stage::Pixel || !needs_derivatives(op),
    };
    if legal { Ok(()) } else { Err(Reason::Stage(stage)) }
}

/// The memory operand is of a kind that the instruction can use.
pub(super) fn check_memory(
    op: Op,
    memory: &Memory,
    file: RegisterFile,
    position: usize,
) -> Result<(), Reason> {
    use Op::*;
    use ResourceDimension as D;
    use Space::{Rasterizer, Resource, Shared, Stream, Uav};
    let buffer = |dimension: D, structured: bool| {
        dimension == if structured { D::StructuredBuffer } else { D::RawBuffer }
    };
    let typed = |dimension: D| !matches!(dimension, D::RawBuffer | D::StructuredBuffer | D::Unknown);
    let words = |space: &Space, structured: bool| match space {
        Resource { dimension, .. } | Uav { dimension, .. } => buffer(*dimension, structured),
        Shared(shared) => shared.stride.is_some() == structured,
        _ => false,
    };
    let space = &memory.space;
    let legal = match op {
        Ld | Ldms | LdS | LdmsS => matches!(space, Resource { dimension, .. } if typed(*dimension)),
        LdUavTyped | LdUavTypedS | StoreUavTyped => {
            matches!(space, Uav { dimension, .. } if typed(*dimension))
        }
        LdRaw | LdRawS => words(space, false),
        LdStructured | LdStructuredS => words(space, true),
        StoreRaw => !matches!(space, Resource { .. }) && words(space, false),
        StoreStructured => !matches!(space, Resource { .. }) && words(space, true),
        ImmAtomicAlloc | ImmAtomicConsume => {
            matches!(space, Uav { dimension: D::StructuredBuffer, .. })
        }
        Resinfo | Bufinfo => matches!(space, Resource { .. } | Uav { .. }),
        Samplepos | Sampleinfo => matches!(space, Resource { .. } | Rasterizer),
        EmitStream | CutStream | EmitThenCutStream => matches!(space, Stream(_)),
        _ if is_atomic(op) => matches!(space, Uav { .. } | Shared(_)),
        // Everything else with a memory operand samples.
        _ => matches!(space, Resource { dimension, .. } if sampled(*dimension)),
    };
    if legal {
        Ok(())
    } else {
        Err(Reason::Operand { operand: position, file, role: "the memory that the instruction needs" })
    }
}

fn is_atomic(op: Op) -> bool {
    let number = op as u16;
    (Op::AtomicAnd as u16..=Op::AtomicUmin as u16).contains(&number)
        || (Op::ImmAtomicIadd as u16..=Op::ImmAtomicUmin as u16).contains(&number)
}

fn sampled(dimension: ResourceDimension) -> bool {
    use ResourceDimension as D;
    !matches!(
        dimension,
        D::Unknown | D::Buffer | D::RawBuffer | D::StructuredBuffer | D::Texture2DMs | D::Texture2DMsArray
    )
}
