//! What is left of older ABIs: the toy packets of the first trace that was ever recorded (device.md §15.5).
//!
//! They are dwords, `{opcode, dword count, ..}`, one packet to a trace record, in traces whose command ABI version
//! is [`TOY_ABI_VERSION`]. Nothing emits them any more. 64-bit values, low half first, name blobs of the trace.

use crate::PodSlice;

/// The command ABI version of a trace of toy packets.
pub const TOY_ABI_VERSION: u32 = 1;

/// `ARGP`: what the magic register of the device before the versioned ABI held. The user-mode driver's private
/// data still tells it apart by this number (`AEROGPU_UMDPRIV_MMIO_MAGIC_LEGACY_ARGP`).
pub const LEGACY_MMIO_MAGIC: u32 = 0x4152_4750;

/// A toy packet.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)] // the fields are all that is known of them
pub enum ToyPacket {
    CreateBuffer { id: u32, size_bytes: u32, usage: u32 },
    UploadBuffer { id: u32, offset: u32, len: u32, blob: u64 },
    CreateShader { id: u32, stage: ToyStage, glsl_blob: u64, wgsl_blob: u64, dxbc_blob: u64 },
    CreatePipeline { id: u32, vs: u32, fs: u32 },
    SetPipeline { id: u32 },
    SetVertexBuffer { id: u32, stride: u32, position_offset: u32, color_offset: u32 },
    SetViewport { width: u32, height: u32 },
    Clear { color: [f32; 4] },
    Draw { vertex_count: u32, first_vertex: u32 },
    Present,
}

/// The stage of a toy shader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToyStage {
    /// Vertex shader (0).
    Vertex,
    /// Fragment shader (1).
    Fragment,
}

/// Why bytes are not a toy packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ToyPacketError {
    /// The bytes are not as many dwords as the second dword says.
    #[error("toy packet of {len} bytes does not have the dwords that it claims")]
    BadSize {
        /// Bytes at hand.
        len: usize,
    },
    /// The opcode is not known, or has another number of operands.
    #[error("toy opcode {opcode} with {operands} operands is not known")]
    UnknownOpcode {
        /// The opcode.
        opcode: u32,
        /// How many dwords follow the first two.
        operands: usize,
    },
    /// The stage is neither 0 nor 1.
    #[error("toy shader stage {stage} is not known")]
    UnknownStage {
        /// The stage.
        stage: u32,
    },
}

impl ToyPacket {
    /// Decodes the one packet in `bytes`.
    pub fn parse(bytes: &[u8]) -> Result<Self, ToyPacketError> {
        let dwords: Vec<u32> = PodSlice::new(bytes).iter().collect();
        let [opcode, count, operands @ ..] = dwords.as_slice() else {
            return Err(ToyPacketError::BadSize { len: bytes.len() });
        };
        if u64::from(*count) * 4 != bytes.len() as u64 {
            return Err(ToyPacketError::BadSize { len: bytes.len() });
        }
        let blob = |lo: u32, hi: u32| u64::from(hi) << 32 | u64::from(lo);
        Ok(match (opcode, operands) {
            (1, &[id, size_bytes, usage]) => Self::CreateBuffer { id, size_bytes, usage },
            (2, &[id, offset, len, lo, hi]) => Self::UploadBuffer { id, offset, len, blob: blob(lo, hi) },
            (3, &[id, stage, glsl_lo, glsl_hi, wgsl_lo, wgsl_hi, dxbc_lo, dxbc_hi]) => Self::CreateShader {
                id,
                stage: match stage {
                    0 => ToyStage::Vertex,
                    1 => ToyStage::Fragment,
                    _ => return Err(ToyPacketError::UnknownStage { stage }),
                },
                glsl_blob: blob(glsl_lo, glsl_hi),
                wgsl_blob: blob(wgsl_lo, wgsl_hi),
                dxbc_blob: blob(dxbc_lo, dxbc_hi),
            },
            (4, &[id, vs, fs]) => Self::CreatePipeline { id, vs, fs },
            (5, &[id]) => Self::SetPipeline { id },
            (6, &[id, stride, position_offset, color_offset]) => {
                Self::SetVertexBuffer { id, stride, position_offset, color_offset }
            }
            (7, &[width, height]) => Self::SetViewport { width, height },
            (8, &[r, g, b, a]) => Self::Clear { color: [r, g, b, a].map(f32::from_bits) },
            (9, &[vertex_count, first_vertex]) => Self::Draw { vertex_count, first_vertex },
            (10, &[]) => Self::Present,
            (&opcode, operands) => {
                return Err(ToyPacketError::UnknownOpcode { opcode, operands: operands.len() });
            }
        })
    }
}
