//! The output merger: what a draw does to a pixel, resolved once against the pass's targets, and shaded batches into targets.

use std::ops::Range;
use std::sync::Arc;

use fearless_simd::Simd;
use smallvec::SmallVec;

use crate::batch::{Batch, Context, Surface};
use crate::blend::{ColorWriter, alpha_coverage, alpha_test, is_dual_source};
use crate::depth_stencil::{BlockTest, DepthStencilTest, Sample};
use crate::format::Format;
use crate::pass::{DrawState, TargetLayout, Work};
use crate::quads::{Quads, samples_of};
use crate::shader::{InterpolationMode, PixelShader, PixelShaderInfo};
use crate::state::{CompareFunc, MAX_TARGETS};
use crate::tile::{PAIR_COLUMNS, PAIRS, TilePixels, TileTargets, quads_of};
use crate::unorm8::Unorm8Blend;

/// When depth and stencil are tested and written (d3d-rules §10.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timing {
    /// Before the shader, because the result is the same.
    Early,
    /// Before the shader, whatever it does.
    Forced,
    /// After the shader.
    Late,
}

/// Where attributes are evaluated, and how: an index into a lane's weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Location {
    Center,
    Centroid,
    Sample,
}

impl Location {
    pub(crate) const ALL: [Self; 3] = [Self::Center, Self::Centroid, Self::Sample];

    /// Of a mode: where, and with perspective. `None` for constants.
    pub(crate) fn of(mode: InterpolationMode) -> Option<(Self, bool)> {
        Some(match mode {
            InterpolationMode::Constant => return None,
            InterpolationMode::Linear => (Self::Center, true),
            InterpolationMode::LinearCentroid => (Self::Centroid, true),
            InterpolationMode::LinearSample => (Self::Sample, true),
            InterpolationMode::NoPerspective => (Self::Center, false),
            InterpolationMode::NoPerspectiveCentroid => (Self::Centroid, false),
            InterpolationMode::NoPerspectiveSample => (Self::Sample, false),
        })
    }
}

/// How a colour target is written: texel by texel, and perhaps many lanes at a time.
#[derive(Debug)]
pub(crate) struct TargetWriter {
    pub(crate) target: usize,
    pub(crate) one: ColorWriter,
    pub(crate) many: Option<Unorm8Blend>,
    /// Bytes of a quad, all samples.
    pub(crate) quad_bytes: u64,
}

/// Everything that the pixels of a draw go through.
#[derive(Debug)]
pub(crate) struct Merger {
    pub(crate) shader: Option<Arc<dyn PixelShader>>,
    pub(crate) depth_stencil: Option<DepthStencilTest>,
    pub(crate) timing: Timing,
    /// Samples that may be written.
    pub(crate) sample_mask: u32,
    pub(crate) samples: u32,
    pub(crate) writers: SmallVec<[TargetWriter; 1]>,
    dual_source: bool,
    /// Places that the shader's inputs are evaluated at, without and with perspective.
    pub(crate) locations: [[bool; 2]; 3],
    /// Whatever is alive after the shader is written: lanes need not be looked at one by one.
    pub(crate) by_rows: bool,
    alpha_to_coverage: bool,
    alpha_test: Option<(CompareFunc, u8)>,
    /// Bytes of a quad in the depth-stencil target.
    depth_bytes: u64,
    #[cfg(feature = "test-utils")]
    pub(crate) broken_blend: bool,
}

impl Merger {
    pub(crate) fn new(state: &DrawState, layout: &TargetLayout) -> Self {
        let blend = &state.blend;
        let info = state.pixel_shader.as_ref().map(|shader| shader.info());
        let written = info.map_or(0, |info| info.writes_color);
        let dual_source = info.is_some_and(|info| info.dual_source) && is_dual_source(&blend.targets[0]);
        let quad_bytes = |format: Format| 4 * u64::from(layout.samples) * format.block_bytes() as u64;
        let writer = |i: usize| {
            let bound = written >> i & 1 != 0 && !(dual_source && i > 0);
            let format = layout.colors[i].filter(|_| bound)?;
            let one = ColorWriter::new(format, &blend.targets[i], blend.constant)?;
            Some(TargetWriter {
                target: i,
                quad_bytes: quad_bytes(format),
                many: one.unorm8().filter(|_| !dual_source),
                one,
            })
        };
        let writers: SmallVec<[TargetWriter; 1]> = (0..MAX_TARGETS).filter_map(writer).collect();
        let alpha_to_coverage = blend.alpha_to_coverage && written & 1 != 0;
        let alpha_test = blend.alpha_test.filter(|_| written & 1 != 0);
        let depth_stencil = DepthStencilTest::new(&state.depth_stencil, layout.depth_stencil);
        let mut locations = [[false; 2]; 3];
        let timing = info.map_or(Timing::Early, |info| {
            for (location, perspective) in info.interpolants.iter().filter_map(|i| Location::of(i.mode)) {
                locations[location as usize][usize::from(perspective)] = true;
            }
            let kills = info.discards || info.writes_coverage || alpha_to_coverage || alpha_test.is_some();
            let tested_after = info.writes_depth || info.writes_stencil_ref || info.writes_memory;
            if info.early_depth_stencil {
                Timing::Forced
            } else if tested_after || (kills && depth_stencil.as_ref().is_some_and(DepthStencilTest::writes))
            {
                Timing::Late
            } else {
                Timing::Early
            }
        });
        let changes_coverage =
            info.is_some_and(|info| info.writes_coverage) || alpha_to_coverage || alpha_test.is_some();
        let by_rows = layout.samples == 1
            && timing != Timing::Late
            && !changes_coverage
            && writers.iter().all(|writer| writer.many.is_some());
        Self {
            by_rows,
            shader: state.pixel_shader.clone(),
            depth_stencil,
            timing,
            sample_mask: blend.sample_mask & ((1 << layout.samples) - 1),
            samples: layout.samples,
            writers,
            dual_source,
            locations,
            alpha_to_coverage,
            alpha_test,
            depth_bytes: layout.depth_stencil.map_or(0, quad_bytes),
            #[cfg(feature = "test-utils")]
            broken_blend: false,
        }
    }

    /// Adds the bytes that tests moved, once all of the draw's are counted.
    pub(crate) fn count_depth(&self, work: &mut Work) {
        if let Some(test) = &self.depth_stencil {
            let bytes = work.z_quads * self.depth_bytes;
            work.z_bytes_read = bytes;
            work.z_bytes_written = if test.writes() { bytes } else { 0 };
        }
    }

    /// See [`PassOptions`](crate::pass::PassOptions).
    #[cfg(feature = "test-utils")]
    pub(crate) fn with_broken_blend(self, broken_blend: bool) -> Self {
        Self { broken_blend, ..self }
    }

    /// Samples that remain of a pixel's `coverage` once its shader has given a colour and perhaps a mask (d3d-rules §11.1).
    fn coverage(&self, coverage: u32, color: Option<[u32; 4]>, mask: Option<u32>) -> u32 {
        let alpha = color.map_or(1.0, |c| f32::from_bits(c[3]));
        if self.alpha_test.is_some_and(|(func, reference)| !alpha_test(func, alpha, reference)) {
            return 0;
        }
        match mask {
            Some(mask) => coverage & mask,
            None if self.alpha_to_coverage => coverage & alpha_coverage(alpha, self.samples),
            None => coverage,
        }
    }
}

impl Context<'_> {
    /// Tests the samples of an 8x8 block, one mask each, before its shader runs; those that fail are taken away.
    #[inline(always)]
    pub(crate) fn test_early<S: Simd>(
        &self,
        simd: S,
        surface: &Surface<'_>,
        at: [i32; 2],
        open: &mut [u64],
        targets: &mut TileTargets<'_>,
        work: &mut Work,
    ) {
        if self.merger.timing == Timing::Late {
            return;
        }
        if let (Some(test), Some(pixels)) = (&self.merger.depth_stencil, &mut targets.depth_stencil) {
            work.z_quads += u64::from(quads_of(open).count_ones());
            let whole = open.len() == 1 && test.tests_blocks() && !surface.depth.origin.is_clamped();
            for (sample, open) in open.iter_mut().enumerate().filter(|(_, open)| **open != 0) {
                let tested = u64::from(open.count_ones());
                *open = match pixels.block_rows(at, targets.origin).filter(|_| whole) {
                    Some((rows, column)) => {
                        let Surface { depth, range, .. } = surface;
                        let block = BlockTest { depth, range: *range, x: at[0], y: at[1] };
                        test.run_block(simd, &block, rows, column, *open)
                    }
                    None => self.test_pixels(test, surface, at, sample, *open, pixels, targets.origin),
                };
                let passed = u64::from(open.count_ones());
                work.z_tested += tested;
                work.z_passed += passed;
                work.z_failed += tested - passed;
            }
        }
        if self.merger.shader.is_none() || self.merger.timing == Timing::Forced {
            work.occlusion_samples += open.iter().map(|open| u64::from(open.count_ones())).sum::<u64>();
        }
    }

    /// Tests one sample of the pixels of a block, pixel by pixel.
    #[allow(clippy::too_many_arguments)]
    fn test_pixels(
        &self,
        test: &DepthStencilTest,
        surface: &Surface<'_>,
        [left, top]: [i32; 2],
        sample: usize,
        mask: u64,
        pixels: &mut TilePixels<'_>,
        origin: [i32; 2],
    ) -> u64 {
        let mut passed = 0;
        for bit in bits(mask) {
            let (x, y) = (left + bit as i32 % 8, top + bit as i32 / 8);
            let depth = surface.range.clamp(surface.depth_at([x, y], self.offsets[sample]));
            let Some(texel) = pixels.texel(x - origin[0], y - origin[1], sample) else { continue };
            let sample = Sample { depth, front: surface.record.front, reference: test.reference() };
            passed |= u64::from(test.run(texel, sample)) << bit;
        }
        passed
    }

    /// Tests a pixel of a quad after its shader ran; returns the samples that pass.
    fn test_late(
        &self,
        surface: &Surface<'_>,
        [x, y]: [i32; 2],
        open: u32,
        (depth, reference): (Option<f32>, Option<u8>),
        targets: &mut TileTargets<'_>,
        work: &mut Work,
    ) -> u32 {
        let Some(test) = &self.merger.depth_stencil else { return open };
        let reference = reference.unwrap_or(test.reference());
        let mut passed = 0;
        for sample in bits(open.into()) {
            let depth = depth.unwrap_or_else(|| surface.depth_at([x, y], self.offsets[sample]));
            let depth = surface.range.clamp(depth);
            let Some(texel) = targets.depth_stencil(x, y, sample) else { return open };
            let passes = test.run(texel, Sample { depth, front: surface.record.front, reference });
            work.z_tested += 1;
            work.z_passed += u64::from(passes);
            work.z_failed += u64::from(!passes);
            passed |= u32::from(passes) << sample;
        }
        passed
    }
}

/// Positions of set bits.
fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let next = mask.trailing_zeros() as usize;
        mask &= mask.wrapping_sub(1);
        (next < 64).then_some(next)
    })
}

impl Batch {
    /// Merges what was shaded into the targets.
    pub(crate) fn merge<S: Simd>(
        &mut self,
        simd: S,
        info: &PixelShaderInfo,
        context: &Context<'_>,
        targets: &mut TileTargets<'_>,
        work: &mut Work,
    ) {
        let quads = if context.merger.by_rows {
            self.merge_rows(simd, context, targets, work)
        } else {
            let quads =
                (0..self.input.lanes / 4).map(|quad| self.merge_quad(quad, info, context, targets, work));
            quads.map(u64::from).sum()
        };
        for writer in &context.merger.writers {
            let (blended, bytes) = (if writer.one.blends() { quads } else { 0 }, writer.quad_bytes);
            work.rop_quads += quads;
            work.rop_blended_quads += blended;
            work.rop_bytes_written += quads * bytes;
            work.rop_bytes_read += blended * bytes;
        }
    }

    /// Merges the lanes of a quad one by one; returns whether a pixel was written.
    fn merge_quad(
        &self,
        quad: usize,
        info: &PixelShaderInfo,
        context: &Context<'_>,
        targets: &mut TileTargets<'_>,
        work: &mut Work,
    ) -> bool {
        let (tested, written) = (work.z_tested, work.pixels_written);
        for lane in (4 * quad..4 * quad + 4).filter(|&lane| self.input.live[lane]) {
            self.merge_lane(lane, info, context, targets, work);
        }
        work.z_quads += u64::from(work.z_tested != tested);
        work.pixels_written != written
    }

    /// Merges all lanes, target by target; returns how many quads had a pixel written.
    fn merge_rows<S: Simd>(
        &mut self,
        simd: S,
        context: &Context<'_>,
        targets: &mut TileTargets<'_>,
        work: &mut Work,
    ) -> u64 {
        let Self { quads, runs, input, output, texels, .. } = self;
        let count = |lanes: &[bool]| lanes.iter().filter(|live| **live).count() as u64;
        let mut written = count(&input.live);
        if output.live != input.live {
            let shaded = written;
            output.live.iter_mut().zip(&input.live).for_each(|(alive, live)| *alive &= *live);
            written = count(&output.live);
            work.ps_discarded += shaded - written;
        }
        if context.merger.timing != Timing::Forced {
            work.occlusion_samples += written;
        }
        if written == 0 {
            return 0;
        }
        texels.resize(input.lanes, 0);
        let all = written == input.lanes as u64;
        for TargetWriter { target, many, .. } in &context.merger.writers {
            let Some(many) = many else { continue };
            work.pixels_written += written;
            work.pixels_blended += if many.blend.is_some() { written } else { 0 };
            let Some(pixels) = targets.colors[*target].as_mut().and_then(TilePixels::pairs) else { continue };
            let rows = output.color_rows(*target, input);
            let lanes = Lanes { quads, live: &output.live, all };
            if many.reads() {
                // Primitives may overlap: each sees what the one before it left.
                for (_, range) in &*runs {
                    lanes.gather(range.clone(), pixels, texels);
                    simd.vectorize(
                        #[inline(always)]
                        || many.run(simd, rows, input.lanes, range.start, &mut texels[range.clone()]),
                    );
                    #[cfg(feature = "test-utils")]
                    if context.merger.broken_blend {
                        // A code that is rounded the wrong way.
                        texels[range.clone()].iter_mut().for_each(|texel| *texel |= 1);
                    }
                    lanes.scatter(range.clone(), pixels, texels);
                }
            } else {
                simd.vectorize(
                    #[inline(always)]
                    || many.run(simd, rows, input.lanes, 0, texels),
                );
                lanes.scatter(0..input.lanes, pixels, texels);
            }
        }
        let alive = |quad: &&[bool; 4]| **quad != [false; 4];
        output.live.as_chunks().0.iter().filter(alive).count() as u64
    }

    /// Merges one live lane into the targets.
    fn merge_lane(
        &self,
        lane: usize,
        info: &PixelShaderInfo,
        context: &Context<'_>,
        targets: &mut TileTargets<'_>,
        work: &mut Work,
    ) {
        let (merger, output) = (context.merger, &self.output);
        let quads = &self.quads;
        if !output.live[lane] {
            work.ps_discarded += 1;
            return;
        }
        let color = |target: usize| -> Option<[u32; 4]> {
            let (row, rows) = (self.input.lanes, output.color_rows(target, &self.input));
            (!rows.is_empty()).then(|| std::array::from_fn(|c| rows[c * row + lane]))
        };
        let at = quads.pixel(lane);
        let mut open = samples_of(quads.open[lane / 4], lane % 4);
        open &= if info.per_sample { 1 << quads.sample[lane / 4] } else { u32::MAX };
        open = merger.coverage(open, color(0), info.writes_coverage.then(|| output.coverage[lane]));
        if merger.timing == Timing::Late && open != 0 {
            let depth = info.writes_depth.then(|| output.depth[lane]);
            let reference = info.writes_stencil_ref.then(|| output.stencil_ref[lane] as u8);
            let run = self.runs.iter().find(|(_, lanes)| lanes.contains(&lane));
            let Some((surface, _)) = run else { return };
            open = context.test_late(
                &context.surface(context.record(*surface)),
                at,
                open,
                (depth, reference),
                targets,
                work,
            );
        }
        if merger.timing != Timing::Forced {
            work.occlusion_samples += u64::from(open.count_ones());
        }
        if open == 0 {
            return;
        }
        let second = if merger.dual_source { color(1) } else { None }.unwrap_or_default();
        for TargetWriter { target, one, .. } in &merger.writers {
            let Some(color) = color(*target) else { continue };
            for sample in bits(open.into()) {
                let Some(texel) = targets.color(*target, at[0], at[1], sample) else { break };
                one.write(texel, color, second);
            }
            work.pixels_written += 1;
            work.pixels_blended += u64::from(one.blends());
        }
    }
}

/// Lanes of a batch on their way to a target of 32 bits and one sample.
struct Lanes<'a> {
    quads: &'a Quads,
    live: &'a [bool],
    /// All live.
    all: bool,
}

impl Lanes<'_> {
    /// Texels of the lanes' pixels.
    fn gather(&self, range: Range<usize>, pixels: &[[u8; 8]; PAIRS], texels: &mut [u32]) {
        let first = range.start;
        for (i, lanes) in texels[range].as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let pair = self.quads.pair(first + 4 * i);
            let quad: [u32; 4] = bytemuck::cast([pixels[pair], pixels[(pair + PAIR_COLUMNS) % PAIRS]]);
            for (lane, texel) in lanes.iter_mut().zip(quad) {
                *lane = u32::from_le(texel);
            }
        }
    }

    /// Sets the pixels of the lanes that live.
    fn scatter(&self, range: Range<usize>, pixels: &mut [[u8; 8]; PAIRS], texels: &[u32]) {
        let first = range.start;
        if self.all {
            for (i, new) in texels[range].as_chunks::<4>().0.iter().enumerate() {
                let pair = self.quads.pair(first + 4 * i);
                let below = (pair + PAIR_COLUMNS) % PAIRS;
                [pixels[pair], pixels[below]] = bytemuck::cast(new.map(u32::to_le));
            }
            return;
        }
        let (live, texels) = (self.live[range.clone()].as_chunks::<4>().0, texels[range].as_chunks::<4>().0);
        for (i, (live, new)) in live.iter().zip(texels).enumerate() {
            let pair = self.quads.pair(first + 4 * i);
            let below = (pair + PAIR_COLUMNS) % PAIRS;
            // Without a branch: which lanes live is hard to foretell.
            let mut quad: [u32; 4] = bytemuck::cast([pixels[pair], pixels[below]]);
            for ((texel, new), live) in quad.iter_mut().zip(new).zip(live) {
                *texel = if *live { new.to_le() } else { *texel };
            }
            [pixels[pair], pixels[below]] = bytemuck::cast(quad);
        }
    }
}
