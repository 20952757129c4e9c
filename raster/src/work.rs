//! Event counts of a pass: what the cycle model and the API's statistics are made from.

use std::ops::AddAssign;

use crate::shader::PixelCost;

macro_rules! work {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What a pass did. Every count is a sum over primitives, tiles or pixels, so that no order of execution can change it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct Work {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl AddAssign for Work {
            fn add_assign(&mut self, other: Self) {
                $(self.$name += other.$name;)*
            }
        }
    };
}

work! {
    /// Primitives that entered the clipper.
    c_invocations,
    /// Primitives that left it: one for each that is not wholly outside (culling comes after).
    c_primitives,
    /// Primitives that a clip plane or the guard band crosses.
    clipped,
    /// Planes that cross them, summed: near, far, each clip distance; the guard band and the eye's plane count as one.
    clip_planes,
    /// Primitives that are wholly outside, culled by distance, or have a position that is not a number.
    rejected,
    /// Triangles dropped for their facing.
    culled_backface,
    /// Triangles without area that are dropped.
    culled_zero_area,
    /// 16x16 pixel tiles of the modelled GPU that a primitive covers a pixel of.
    tiles,
    /// 2x2 quads with a covered pixel.
    quads,
    /// Lanes of shaded quads that are not covered.
    helper_pixels,
    /// Samples whose depth or stencil was tested.
    z_tested,
    /// Of these, passed.
    z_passed,
    /// Of these, failed.
    z_failed,
    /// 2x2 quads with a sample whose depth or stencil was tested.
    z_quads,
    /// Bytes of the quads that were tested, in the depth-stencil target.
    z_bytes_read,
    /// The same, where the draw may change them.
    z_bytes_written,
    /// Quads that were shaded.
    ps_quads,
    /// Pixels (or samples, for shaders that run once a sample) that were shaded, helpers aside.
    ps_invocations,
    /// Of these, discarded by the shader.
    ps_discarded,
    /// Instruction slots of quads, as their shaders count them.
    ps_alu_slots,
    /// Texture slots of quads.
    ps_tex_slots,
    /// For each quad the most of its instruction, texture and interpolation slots.
    ps_slots,
    /// Texture samples and loads, once a lane.
    tex_samples,
    /// Bytes of textures that quads take from memory, times 64.
    tex_bytes_64,
    /// Pixels that were written, once a colour target.
    pixels_written,
    /// Of these, blended.
    pixels_blended,
    /// 2x2 quads with a pixel that was written, once a colour target (and a sample, for shaders that run once a sample).
    rop_quads,
    /// Of these, blended.
    rop_blended_quads,
    /// Bytes of these quads in their colour targets.
    rop_bytes_written,
    /// Bytes of those that are blended.
    rop_bytes_read,
    /// Samples that passed every test.
    occlusion_samples,
    /// Bytes that clears wrote.
    cleared_bytes,
}

impl Work {
    /// Adds what a batch cost.
    pub(crate) fn add_cost(&mut self, cost: &PixelCost) {
        self.ps_alu_slots += cost.alu_slots;
        self.ps_tex_slots += cost.tex_slots;
        self.ps_slots += cost.slots;
        self.tex_samples += cost.tex_samples;
        self.tex_bytes_64 += cost.tex_bytes_64;
    }

    /// The sum of both.
    pub fn merged(mut self, other: Self) -> Self {
        self += other;
        self
    }
}
