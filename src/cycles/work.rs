//! The counters of the model, as one table: everything that a draw, a submission or a frame did.

use std::ops::AddAssign;

use aerogpu_raster::pass::Work as PassWork;

use crate::backend::Statistics;

/// One counter: its name, what it counts, and where it stands in [`Work`].
#[derive(Debug, Clone, Copy)]
pub struct Counter {
    /// Direct3D 11's own name, or `stage.thing`.
    pub name: &'static str,
    /// What one count means.
    pub meaning: &'static str,
    /// Reads it.
    pub get: fn(&Work) -> u64,
    /// Where it stands in [`Work`].
    pub field: fn(&mut Work) -> &mut u64,
}

/// Bytes of a memory line.
const LINE: u64 = 64;

macro_rules! counters {
    ($( $field:ident $name:literal $meaning:literal; )*) => {
        /// What was done. Every count is a sum of events, so that no order of execution can change it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct Work {
            $( #[doc = concat!("`", $name, "`: ", $meaning, ".")] pub $field: u64, )*
        }

        impl Work {
            /// Every counter, in the order of the reports.
            pub const COUNTERS: &'static [Counter] = &[$(
                Counter { name: $name, meaning: $meaning, get: |work| work.$field, field: |work| &mut work.$field },
            )*];
        }

        impl AddAssign for Work {
            /// Sums that would exceed 64 bits stay at their end.
            fn add_assign(&mut self, other: Self) {
                $( self.$field = self.$field.saturating_add(other.$field); )*
            }
        }
    };
}

counters! {
    // D3D11_QUERY_DATA_PIPELINE_STATISTICS, in its order, and the occlusion query.
    ia_vertices "IAVertices" "vertices that the input assembler read";
    ia_primitives "IAPrimitives" "primitives that it assembled";
    vs_invocations "VSInvocations" "vertex shader invocations";
    gs_invocations "GSInvocations" "geometry shader invocations";
    gs_primitives "GSPrimitives" "primitives that geometry shaders emitted";
    c_invocations "CInvocations" "primitives that entered the clipper";
    c_primitives "CPrimitives" "primitives that left it";
    ps_invocations "PSInvocations" "pixel shader invocations, helpers aside";
    hs_invocations "HSInvocations" "hull shader invocations";
    ds_invocations "DSInvocations" "domain shader invocations";
    cs_invocations "CSInvocations" "compute shader invocations";
    occlusion_samples "OcclusionSamples" "samples that passed every test";
    // What was asked for.
    draws "draw.count" "draws";
    dispatches "dispatch.count" "dispatches";
    // Front end.
    fe_packets "fe.packets" "packets";
    fe_bytes "fe.bytes" "bytes of packets, headers included";
    fe_state_groups "fe.state_groups" "packets that change state";
    // Input assembler and the stages on vertices.
    ia_indices "ia.indices" "indices read, or vertices counted where there are none";
    ia_vertex_bytes "ia.vertex_bytes" "bytes of vertices fetched";
    vs_alu_slots "vs.alu_slots" "instruction slots of the stages before the rasterizer";
    // Clipper and set-up.
    clip_clipped "clip.clipped" "primitives that a plane crosses";
    clip_planes "clip.planes" "planes that cross them, summed";
    clip_rejected "clip.rejected" "primitives wholly outside";
    setup_culled_backface "setup.culled_backface" "triangles dropped for their facing";
    setup_culled_zero_area "setup.culled_zero_area" "triangles dropped for having no area";
    // Rasterizer and depth.
    raster_tiles "raster.tiles" "16x16 tiles that primitives touch";
    raster_quads "raster.quads" "2x2 quads with a covered pixel";
    raster_helper_pixels "raster.helper_pixels" "uncovered pixels of shaded quads";
    z_quads "z.quads" "quads whose depth or stencil was tested";
    z_tested "z.tested" "samples tested";
    z_passed "z.passed" "samples that passed";
    z_failed "z.failed" "samples that failed";
    // Pixel shader.
    ps_quads "ps.quads" "quads shaded";
    ps_discarded "ps.discarded" "pixels that the shader discarded";
    ps_alu_slots "ps.alu_slots" "instruction slots of quads";
    ps_tex_slots "ps.tex_slots" "texture slots of quads";
    ps_slots "ps.slots" "for each quad the most of its ALU, texture and interpolation slots";
    tex_samples "tex.samples" "texture samples and loads, helper pixels included";
    tex_lines "tex.lines" "64-byte lines of textures: four texels a quad and texture slot";
    // Output merger.
    rop_quads "rop.quads" "quads times colour targets";
    rop_blended_quads "rop.blended_quads" "of these, blended";
    rop_pixels_written "rop.pixels_written" "pixels written, once a target";
    rop_pixels_blended "rop.pixels_blended" "of these, blended";
    // Memory, clears, copies, compute.
    mem_lines "mem.lines" "64-byte lines read or written, as quads share them in a tile";
    mem_bytes_read "mem.bytes_read" "bytes read";
    mem_bytes_written "mem.bytes_written" "bytes written";
    clear_bytes "clear.bytes" "bytes that clears wrote";
    copy_bytes_read "copy.bytes_read" "bytes that copies, uploads and write-backs read";
    copy_bytes_written "copy.bytes_written" "bytes that they wrote";
    cs_slots "cs.slots" "for each thread group the most of its ALU slots / 4 and its lines";
}

impl Work {
    /// Of a whole draw: the lines of the bytes that it moves.
    #[must_use]
    pub fn with_lines(self) -> Self {
        let lines = self.mem_bytes_read.div_ceil(LINE) + self.mem_bytes_written.div_ceil(LINE);
        Self { mem_lines: lines, ..self }
    }

    /// What is left of it without a part.
    #[must_use]
    pub fn without(mut self, part: &Self) -> Self {
        for counter in Self::COUNTERS {
            let left = (counter.field)(&mut self);
            *left = left.saturating_sub((counter.get)(part));
        }
        self
    }

    /// The sum of both.
    #[must_use]
    pub fn merged(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl From<&PassWork> for Work {
    /// What the rasterizer counts. Lines of memory come [at the end](Work::with_lines).
    fn from(w: &PassWork) -> Self {
        Self {
            c_invocations: w.c_invocations,
            c_primitives: w.c_primitives,
            ps_invocations: w.ps_invocations,
            occlusion_samples: w.occlusion_samples,
            clip_clipped: w.clipped,
            clip_planes: w.clip_planes,
            clip_rejected: w.rejected,
            setup_culled_backface: w.culled_backface,
            setup_culled_zero_area: w.culled_zero_area,
            raster_tiles: w.tiles,
            raster_quads: w.quads,
            raster_helper_pixels: w.helper_pixels,
            z_quads: w.z_quads,
            z_tested: w.z_tested,
            z_passed: w.z_passed,
            z_failed: w.z_failed,
            ps_quads: w.ps_quads,
            ps_discarded: w.ps_discarded,
            ps_alu_slots: w.ps_alu_slots,
            ps_tex_slots: w.ps_tex_slots,
            ps_slots: w.ps_slots,
            tex_samples: w.tex_samples,
            tex_lines: w.tex_bytes_64.div_ceil(64 * LINE),
            mem_bytes_read: w.tex_bytes_64.div_ceil(64 * LINE) * LINE + w.z_bytes_read + w.rop_bytes_read,
            mem_bytes_written: w.z_bytes_written + w.rop_bytes_written,
            rop_quads: w.rop_quads,
            rop_blended_quads: w.rop_blended_quads,
            rop_pixels_written: w.pixels_written,
            rop_pixels_blended: w.pixels_blended,
            clear_bytes: w.cleared_bytes,
            ..Self::default()
        }
    }
}

impl From<&Work> for Statistics {
    fn from(w: &Work) -> Self {
        Self {
            draws: w.draws,
            dispatches: w.dispatches,
            ia_vertices: w.ia_vertices,
            ia_primitives: w.ia_primitives,
            vs_invocations: w.vs_invocations,
            gs_invocations: w.gs_invocations,
            gs_primitives: w.gs_primitives,
            c_invocations: w.c_invocations,
            c_primitives: w.c_primitives,
            ps_invocations: w.ps_invocations,
            hs_invocations: w.hs_invocations,
            ds_invocations: w.ds_invocations,
            cs_invocations: w.cs_invocations,
            occlusion_samples: w.occlusion_samples,
            pixels_written: w.rop_pixels_written,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_direct3d_comes_first() {
        let names: Vec<_> = Work::COUNTERS.iter().map(|counter| counter.name).collect();
        let mut unique = names.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), names.len());
        assert_eq!(names[..3], ["IAVertices", "IAPrimitives", "VSInvocations"]);
        assert!(names[12..].iter().all(|name| name.contains('.')));
    }
}
