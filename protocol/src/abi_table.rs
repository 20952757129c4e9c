//! The crate's own account of the ABI, by C name: what `tests/abi.rs` compares with the published description.
//!
//! Constants and layouts come from the macros that define them; this file only lists what there is.

use crate::packets::{self, *};
use crate::{
    escape, escape::*, format, format::Format, registers, registers::*, ring, ring::*, wddm, wddm::*,
};

/// A C name and its value.
pub type ConstantAbi = (&'static str, u64);

/// A field of a C struct; the name in Rust spelling (snake case).
#[derive(Clone, Copy, Debug)]
pub struct FieldAbi {
    /// Rust name.
    pub name: &'static str,
    /// Byte offset.
    pub offset: usize,
    /// Bytes.
    pub size: usize,
}

/// A C struct.
#[derive(Clone, Copy, Debug)]
pub struct StructAbi {
    /// C name.
    pub name: &'static str,
    /// Bytes.
    pub size: usize,
    /// Fields in order.
    pub fields: &'static [FieldAbi],
}

/// A Rust struct that is a C struct of the ABI.
pub trait AbiStruct {
    /// Its layout.
    const ABI: StructAbi;
}

/// A Rust type whose values are C constants of the ABI.
pub trait AbiConstants {
    /// Their names and values.
    const ABI: &'static [ConstantAbi];
}

/// Every constant and enum value, by C name.
#[must_use]
pub fn constants() -> Vec<(String, u64)> {
    let tables: &[&[ConstantAbi]] = &[
        registers::ABI_CONSTANTS,
        pci::TABLE,
        mmio::TABLE,
        Features::ABI,
        RingControl::ABI,
        Irq::ABI,
        ErrorCode::ABI,
        Format::ABI,
        ring::RING_CONSTANTS,
        EngineId::ABI,
        SubmitFlags::ABI,
        AllocFlags::ABI,
        packets::STAGE_CONSTANTS,
        packets::INPUT_LAYOUT_CONSTANTS,
        StreamFlags::ABI,
        Opcode::ABI,
        ShaderStage::ABI,
        ResourceUsage::ABI,
        CopyFlags::ABI,
        BlendFactor::ABI,
        BlendOp::ABI,
        CompareFunc::ABI,
        FillMode::ABI,
        CullMode::ABI,
        RasterizerFlags::ABI,
        IndexFormat::ABI,
        SamplerFilter::ABI,
        SamplerAddressMode::ABI,
        ClearFlags::ABI,
        PresentFlags::ABI,
        umd_private::TABLE,
        UmdPrivateFlags::ABI,
        WddmAllocFlags::ABI,
        WddmAllocKind::ABI,
        SubmitType::ABI,
        wddm::ALLOC_CONSTANTS,
        wddm::DESC_CONSTANTS,
        wddm::DMA_CONSTANTS,
        escape::ESCAPE_CONSTANTS,
        op::TABLE,
        escape::DBGCTL_CONSTANTS,
        QueryPerfFlags::ABI,
        QueryVblankFlags::ABI,
        QueryScanoutFlags::ABI,
        QueryCursorFlags::ABI,
        QueryErrorFlags::ABI,
        SelftestError::ABI,
        RingFormat::ABI,
    ];
    let topologies = PrimitiveTopology::PLAIN
        .map(|(topology, name)| (format!("AEROGPU_TOPOLOGY_{name}"), topology.to_u32()))
        .into_iter()
        .chain((1..=32).map(|points| {
            (format!("AEROGPU_TOPOLOGY_PATCHLIST_{points}"), PrimitiveTopology::PatchList(points).to_u32())
        }))
        .map(|(name, value)| (name, value.into()));
    let listed = tables.iter().copied().flatten().chain(SINGLE);
    listed.map(|&(name, value)| (name.to_owned(), value)).chain(topologies).collect()
}

/// Constants whose C name follows no rule, and the names that C gives to "no flag".
const SINGLE: &[ConstantAbi] = &[
    ("AEROGPU_ABI_VERSION_U32", ABI_VERSION as u64),
    ("AEROGPU_MMIO_MAGIC", MMIO_MAGIC as u64),
    ("AEROGPU_FORMAT_INVALID", format::FORMAT_INVALID as u64),
    ("AEROGPU_CMD_STREAM_MAGIC", STREAM_MAGIC as u64),
    ("AEROGPU_MAX_RENDER_TARGETS", MAX_RENDER_TARGETS as u64),
    ("AEROGPU_SUBMIT_FLAG_NONE", SubmitFlags::empty().bits() as u64),
    ("AEROGPU_ALLOC_FLAG_NONE", AllocFlags::empty().bits() as u64),
    ("AEROGPU_CMD_STREAM_FLAG_NONE", StreamFlags::empty().bits() as u64),
    ("AEROGPU_RESOURCE_USAGE_NONE", ResourceUsage::empty().bits() as u64),
    ("AEROGPU_COPY_FLAG_NONE", CopyFlags::empty().bits() as u64),
    ("AEROGPU_RASTERIZER_FLAG_NONE", RasterizerFlags::empty().bits() as u64),
    ("AEROGPU_PRESENT_FLAG_NONE", PresentFlags::empty().bits() as u64),
    ("AEROGPU_WDDM_ALLOC_PRIV_FLAG_NONE", WddmAllocFlags::empty().bits() as u64),
    ("AEROGPU_DBGCTL_QUERY_PERF_FLAGS_VALID", FLAGS_VALID as u64),
    ("AEROGPU_DBGCTL_QUERY_VBLANK_FLAGS_VALID", FLAGS_VALID as u64),
    ("AEROGPU_DBGCTL_QUERY_SCANOUT_FLAGS_VALID", FLAGS_VALID as u64),
    ("AEROGPU_DBGCTL_QUERY_CURSOR_FLAGS_VALID", FLAGS_VALID as u64),
    ("AEROGPU_DBGCTL_QUERY_ERROR_FLAGS_VALID", FLAGS_VALID as u64),
];

/// Every struct.
#[must_use]
pub fn structs() -> Vec<StructAbi> {
    macro_rules! layouts {
        ($($name:ident)*) => { vec![$( $name::ABI ),*] };
    }
    layouts! {
        BindShaders BlendState Clear CmdHdr
        ConstantBufferBinding CopyBuffer CopyTexture2d CreateBuffer
        CreateInputLayout CreateSampler CreateShaderDxbc CreateTexture2d
        CreateTextureView DepthStencilState DestroyInputLayout DestroyResource
        DestroySampler DestroyShader DestroyTextureView Dispatch
        Draw DrawIndexed ExportSharedSurface Flush
        ImportSharedSurface InputLayoutBlobHeader InputLayoutElementDxgi Present
        PresentEx RasterizerState ReleaseSharedSurface ResourceDirtyRange
        SetBlendState SetConstantBuffers SetDepthStencilState SetIndexBuffer
        SetInputLayout SetPrimitiveTopology SetRasterizerState SetRenderState
        SetRenderTargets SetSamplerState SetSamplers SetScissor
        SetShaderConstantsB SetShaderConstantsF SetShaderConstantsI SetShaderResourceBuffers
        SetTexture SetUnorderedAccessBuffers SetVertexBuffers SetViewport
        ShaderResourceBufferBinding StreamHeader UnorderedAccessBufferBinding UploadResource
        VertexBufferBinding
        AllocTableHeader AllocEntry SubmitDesc RingHeader
        FencePage
        EscapeHeader QueryDevice QueryDeviceV2 QueryFence
        QueryPerf RingDesc DumpRing RingDescV2
        DumpRingV2 Selftest QueryVblank QueryScanout
        QueryScanoutV2 QueryCursor QueryError SetCursorPosition
        SetCursorVisibility CreateallocationDesc DumpCreateallocation
        UmdPrivateV1 WddmAllocPriv WddmAllocPrivV2 DmaPriv
    }
}
