//! What a draw does to a pixel: its tests and writers, resolved once against the pass's targets.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::blend::{ColorWriter, alpha_coverage, alpha_test, is_dual_source};
use crate::depth_stencil::DepthStencilTest;
use crate::pass::{DrawState, TargetLayout};
use crate::shader::{InterpolationMode, PixelShader};
use crate::state::{CompareFunc, MAX_TARGETS};

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

/// Everything that the pixels of a draw go through.
#[derive(Debug)]
pub(crate) struct Merger {
    pub(crate) shader: Option<Arc<dyn PixelShader>>,
    pub(crate) depth_stencil: Option<DepthStencilTest>,
    pub(crate) timing: Timing,
    /// Samples that may be written.
    pub(crate) sample_mask: u32,
    pub(crate) samples: u32,
    /// Colour targets that are written.
    pub(crate) writers: SmallVec<[(usize, ColorWriter); 1]>,
    pub(crate) dual_source: bool,
    /// Places that the shader's inputs are evaluated at, without and with perspective.
    pub(crate) locations: [[bool; 2]; 3],
    alpha_to_coverage: bool,
    alpha_test: Option<(CompareFunc, u8)>,
}

impl Merger {
    pub(crate) fn new(state: &DrawState, layout: &TargetLayout) -> Self {
        let blend = &state.blend;
        let info = state.pixel_shader.as_ref().map(|shader| shader.info());
        let written = info.map_or(0, |info| info.writes_color);
        let dual_source = info.is_some_and(|info| info.dual_source) && is_dual_source(&blend.targets[0]);
        let writer = |i: usize| {
            let bound = written >> i & 1 != 0 && !(dual_source && i > 0);
            let format = layout.colors[i].filter(|_| bound)?;
            Some((i, ColorWriter::new(format, &blend.targets[i], blend.constant)?))
        };
        let writers = (0..MAX_TARGETS).filter_map(writer).collect();
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
        Self {
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
        }
    }

    /// Samples that remain of a pixel's `coverage` once its shader has given a colour and perhaps a mask (d3d-rules §11.1).
    pub(crate) fn coverage(&self, coverage: u32, color: Option<[u32; 4]>, mask: Option<u32>) -> u32 {
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
