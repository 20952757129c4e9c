//! Depth and stencil tests (d3d-rules §10): of one sample, and of blocks of pixels.

use fearless_simd::{f32x16, f64x8, i32x16, mask32x16, prelude::*, u32x16};

use crate::coverage::CENTER;
use crate::format::Format;
use crate::format::norm::f32_to_unorm;
use crate::interpolate::{Depth, SUBPIXELS};
use crate::lanes::{VECTOR, round, round_scaled, saturate};
use crate::state::{CompareFunc, DepthStencilState, StencilOp, Viewport};
use crate::tile::BlockRows;

/// Depth and stencil state, resolved against the target.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DepthStencilTest {
    state: DepthStencilState,
    format: Format,
}

/// Where a sample stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// Clamped to the viewport.
    pub(crate) depth: f32,
    pub(crate) front: bool,
    pub(crate) reference: u8,
}

impl DepthStencilTest {
    /// `None` when there is nothing to test or write.
    pub(crate) fn new(state: &DepthStencilState, format: Option<Format>) -> Option<Self> {
        let format = format?;
        let mut state = *state;
        state.stencil_enable &= format.has_stencil();
        (state.depth_enable || state.stencil_enable).then_some(Self { state, format })
    }

    pub(crate) fn reference(&self) -> u8 {
        self.state.stencil_ref
    }

    /// False when the target stays as it is, whatever is drawn.
    pub(crate) fn writes(&self) -> bool {
        let s = &self.state;
        let keeps = [s.front, s.back]
            .iter()
            .all(|face| [face.fail, face.depth_fail, face.pass] == [StencilOp::Keep; 3]);
        (s.depth_enable && s.depth_write) || (s.stencil_enable && s.stencil_write_mask != 0 && !keeps)
    }

    /// Tests and updates one sample; true when it passes.
    #[inline]
    pub(crate) fn run(&self, texel: &mut [u8], sample: Sample) -> bool {
        let s = &self.state;
        let Some((stored_depth, stored_stencil)) = load(self.format, texel) else { return false };
        let depth = depth_code(self.format, sample.depth);
        if !s.stencil_enable {
            let passes = s.depth_func.compare(depth, stored_depth);
            if passes && s.depth_write {
                store(self.format, texel, Some(depth), None);
            }
            return passes;
        }
        let face = if sample.front { &s.front } else { &s.back };
        let masked = |value: u8| value & s.stencil_read_mask;
        // The reference stands on the left.
        let stencil_passes = face.func.compare(masked(sample.reference), masked(stored_stencil));
        let depth_passes = !s.depth_enable || s.depth_func.compare(depth, stored_depth);
        let op = match (stencil_passes, depth_passes) {
            (false, _) => face.fail,
            (true, false) => face.depth_fail,
            (true, true) => face.pass,
        };
        let passes = stencil_passes && depth_passes;
        let new_depth = (passes && s.depth_enable && s.depth_write).then_some(depth);
        let changed = apply(op, stored_stencil, sample.reference);
        let new_stencil = stored_stencil & !s.stencil_write_mask | changed & s.stencil_write_mask;
        store(self.format, texel, new_depth, Some(new_stencil));
        passes
    }
}

/// Eight pixels of two rows each: where the depth of a block is, and what it is compared with.
pub(crate) struct BlockTest<'a> {
    pub(crate) depth: &'a Depth,
    pub(crate) range: DepthRange,
    /// The first pixel.
    pub(crate) x: i32,
    pub(crate) y: i32,
}

impl DepthStencilTest {
    /// Blocks can be tested: depth alone, in 32 bits.
    pub(crate) fn tests_blocks(&self) -> bool {
        !self.state.stencil_enable && matches!(self.format, Format::D32Float | Format::D24UnormS8Uint)
    }

    /// Tests and updates the pixels of `mask` in an 8x8 block, one sample each; returns those that pass.
    ///
    /// The block starts at byte `column` of its rows. [`tests_blocks`](Self::tests_blocks) must hold.
    #[inline(always)]
    pub(crate) fn run_block<S: Simd>(
        &self,
        simd: S,
        block: &BlockTest<'_>,
        rows: &mut BlockRows,
        column: usize,
        mask: u64,
    ) -> u64 {
        let Depth { origin, plane } = block.depth;
        let [left, top] = origin.offset(block.x * SUBPIXELS + CENTER, block.y * SUBPIXELS + CENTER);
        const COLUMNS: [f64; 8] = [0.0, 256.0, 512.0, 768.0, 1024.0, 1280.0, 1536.0, 1792.0];
        let columns = f64x8::simd_from(simd, COLUMNS) + left;
        let mut passed = 0;
        for (pair, [first, second]) in (0..).zip(rows.as_chunks_mut().0) {
            let tested = mask >> (16 * pair) & 0xffff;
            if tested == 0 {
                continue;
            }
            let y = top + f64::from(2 * pair * SUBPIXELS);
            let low = plane.lanes(simd, columns, f64x8::splat(simd, y));
            let high = plane.lanes(simd, columns, f64x8::splat(simd, y + f64::from(SUBPIXELS)));
            let depth = block.range.clamp_lanes(simd, round(simd, low, high));
            let (Some(first), Some(second)) = (eight(first, column), eight(second, column)) else { break };
            passed |= self.run_rows(simd, depth, first, second, tested) << (16 * pair);
        }
        passed
    }

    /// Tests two rows of eight pixels.
    #[inline(always)]
    fn run_rows<S: Simd>(
        &self,
        simd: S,
        depth: f32x16<S>,
        first: &mut [u8; 32],
        second: &mut [u8; 32],
        tested: u64,
    ) -> u64 {
        let old: [u32; VECTOR] = bytemuck::cast([*first, *second]);
        let old = u32x16::simd_from(simd, old);
        let unorm = self.format == Format::D24UnormS8Uint;
        let (code, stored) = if unorm {
            let code = round_scaled(simd, saturate(simd, depth), f64::from(0xff_ffff));
            (code, (old & 0xff_ffff).bitcast::<i32x16<S>>().to_float())
        } else {
            (depth, old.bitcast::<f32x16<S>>())
        };
        let passes = compare_lanes(simd, self.state.depth_func, code, stored).to_bitmask() & tested;
        if passes == 0 || !self.state.depth_write {
            return passes;
        }
        let new: u32x16<S> =
            if unorm { code.to_int::<u32x16<S>>() | (old & 0xff00_0000) } else { code.bitcast() };
        // Masks from bits are expensive below AVX-512.
        let new = if passes == 0xffff { new } else { mask32x16::from_bitmask(simd, passes).select(new, old) };
        let [low, high]: [[u8; 32]; 2] = bytemuck::cast(new.to_array());
        (*first, *second) = (low, high);
        passes
    }
}

/// Eight texels of 32 bits from byte `at` on.
#[inline(always)]
fn eight(row: &mut [u8], at: usize) -> Option<&mut [u8; 32]> {
    row.get_mut(at..)?.first_chunk_mut()
}

/// [`CompareFunc::compare`] of lanes.
#[inline(always)]
fn compare_lanes<S: Simd>(simd: S, func: CompareFunc, a: f32x16<S>, b: f32x16<S>) -> mask32x16<S> {
    match func {
        CompareFunc::Never => mask32x16::splat(simd, false),
        CompareFunc::Less => a.simd_lt(b),
        CompareFunc::Equal => a.simd_eq(b),
        CompareFunc::LessEqual => a.simd_le(b),
        CompareFunc::Greater => a.simd_gt(b),
        CompareFunc::NotEqual => !a.simd_eq(b),
        CompareFunc::GreaterEqual => a.simd_ge(b),
        CompareFunc::Always => mask32x16::splat(simd, true),
    }
}

fn apply(op: StencilOp, stored: u8, reference: u8) -> u8 {
    match op {
        StencilOp::Keep => stored,
        StencilOp::Zero => 0,
        StencilOp::Replace => reference,
        StencilOp::IncrementSaturate => stored.saturating_add(1),
        StencilOp::DecrementSaturate => stored.saturating_sub(1),
        StencilOp::Invert => !stored,
        StencilOp::Increment => stored.wrapping_add(1),
        StencilOp::Decrement => stored.wrapping_sub(1),
    }
}

/// The depths of a viewport; the output merger clamps to them, always (d3d-rules §6.7).
#[derive(Debug, Clone, Copy)]
pub(crate) struct DepthRange {
    low: f32,
    high: f32,
}

impl DepthRange {
    /// A viewport may be upside down (d3d-rules §17.1.4).
    pub(crate) fn new(viewport: &Viewport) -> Self {
        let (a, b) = (viewport.min_depth, viewport.max_depth);
        if a <= b { Self { low: a, high: b } } else { Self { low: b, high: a } }
    }

    /// What does not compare is not a number and becomes the minimum.
    #[inline]
    pub(crate) fn clamp(&self, depth: f32) -> f32 {
        let raised = if depth >= self.low { depth } else { self.low };
        if raised < self.high { raised } else { self.high }
    }

    #[inline(always)]
    fn clamp_lanes<S: Simd>(&self, simd: S, depth: f32x16<S>) -> f32x16<S> {
        let (low, high) = (f32x16::splat(simd, self.low), f32x16::splat(simd, self.high));
        let raised = depth.simd_ge(low).select(depth, low);
        raised.simd_lt(high).select(raised, high)
    }
}

/// Depth as the format stores and compares it: codes of 16 or 24 bits are exact in `f32`, float depth is itself.
#[inline]
pub(crate) fn depth_code(format: Format, depth: f32) -> f32 {
    match format.unorm_depth_bits() {
        Some(bits) => f32_to_unorm(depth, bits) as f32,
        None => depth,
    }
}

/// Depth code and stencil of a texel.
#[inline]
fn load(format: Format, texel: &[u8]) -> Option<(f32, u8)> {
    Some(match (format, texel) {
        (Format::D16Unorm, &[a, b, ..]) => (f32::from(u16::from_le_bytes([a, b])), 0),
        (Format::D24UnormS8Uint, &[a, b, c, stencil, ..]) => {
            (u32::from_le_bytes([a, b, c, 0]) as f32, stencil)
        }
        (_, &[a, b, c, d, ..]) => (f32::from_le_bytes([a, b, c, d]), 0),
        _ => return None,
    })
}

/// Puts a depth code, stencil or both into a texel.
#[inline]
pub(crate) fn store(format: Format, texel: &mut [u8], depth: Option<f32>, stencil: Option<u8>) {
    match (format, texel) {
        (Format::D24UnormS8Uint, [a, b, c, s, ..]) => {
            if let Some(depth) = depth {
                [*a, *b, *c, _] = (depth as u32).to_le_bytes();
            }
            *s = stencil.unwrap_or(*s);
        }
        (Format::D16Unorm, [a, b, ..]) => {
            if let Some(depth) = depth {
                [*a, *b] = (depth as u16).to_le_bytes();
            }
        }
        (_, [a, b, c, d, ..]) => {
            if let Some(depth) = depth {
                [*a, *b, *c, *d] = depth.to_le_bytes();
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{CompareFunc, StencilFace};

    fn state() -> DepthStencilState {
        let face = StencilFace { func: CompareFunc::Always, ..Default::default() };
        DepthStencilState {
            depth_enable: false,
            depth_write: false,
            depth_func: CompareFunc::Less,
            stencil_enable: false,
            stencil_read_mask: 0xff,
            stencil_write_mask: 0xff,
            stencil_ref: 0,
            front: face,
            back: face,
        }
    }

    fn run(state: &DepthStencilState, stored: (u32, u8), depth: f32, front: bool) -> (bool, u32, u8) {
        let format = Format::D24UnormS8Uint;
        let mut texel = (stored.0 | u32::from(stored.1) << 24).to_le_bytes();
        let test = DepthStencilTest::new(state, Some(format)).expect("something to test");
        let passes = test.run(&mut texel, Sample { depth, front, reference: state.stencil_ref });
        let word = u32::from_le_bytes(texel);
        (passes, word & 0xff_ffff, (word >> 24) as u8)
    }

    #[test]
    fn depth_functions_put_the_new_value_on_the_left() {
        use CompareFunc::*;
        let half = 0x80_0000; // 0.5 * (2^24 - 1) + 0.5, truncated
        for (func, less, equal, greater) in [
            (Never, false, false, false),
            (Less, true, false, false),
            (Equal, false, true, false),
            (LessEqual, true, true, false),
            (Greater, false, false, true),
            (NotEqual, true, false, true),
            (GreaterEqual, false, true, true),
            (Always, true, true, true),
        ] {
            let state =
                DepthStencilState { depth_enable: true, depth_write: true, depth_func: func, ..state() };
            for (depth, expected) in [(0.25, less), (0.5, equal), (0.75, greater)] {
                let (passes, stored, _) = run(&state, (half, 7), depth, true);
                assert_eq!(passes, expected, "{func:?} {depth}");
                let written = if passes { f32_to_unorm(depth, 24) } else { half };
                assert_eq!(stored, written, "{func:?} {depth}");
            }
        }
    }

    #[test]
    fn stencil_operations() {
        use StencilOp::*;
        let cases = [
            (Keep, 5, 5),
            (Zero, 5, 0),
            (Replace, 5, 9),
            (IncrementSaturate, 255, 255),
            (IncrementSaturate, 5, 6),
            (DecrementSaturate, 0, 0),
            (DecrementSaturate, 5, 4),
            (Invert, 5, 250),
            (Increment, 255, 0),
            (Decrement, 0, 255),
        ];
        for (op, before, after) in cases {
            let face = StencilFace { func: CompareFunc::Always, pass: op, ..Default::default() };
            let state = DepthStencilState { stencil_enable: true, stencil_ref: 9, front: face, ..state() };
            assert_eq!(run(&state, (1, before), 0.0, true), (true, 1, after), "{op:?}");
            // The back face keeps.
            assert_eq!(run(&state, (1, before), 0.0, false), (true, 1, before), "{op:?}");
        }
    }

    #[test]
    fn stencil_masks_and_order() {
        let face = StencilFace {
            func: CompareFunc::Less, // reference < stored
            fail: StencilOp::Zero,
            depth_fail: StencilOp::Invert,
            pass: StencilOp::Replace,
        };
        let base = DepthStencilState {
            depth_enable: true,
            stencil_enable: true,
            stencil_ref: 0x13,
            front: face,
            ..state()
        };
        assert_eq!(run(&base, (10, 0x14), 0.0, true), (true, 10, 0x13));
        assert_eq!(run(&base, (10, 0x13), 0.0, true), (false, 10, 0));
        assert_eq!(run(&base, (10, 0x14), 1.0, true), (false, 10, 0xeb));
        // 0x13 & 0xf0 == 0x14 & 0xf0: fails; only the low bits are zeroed.
        let masked = DepthStencilState { stencil_read_mask: 0xf0, stencil_write_mask: 0x0f, ..base };
        assert_eq!(run(&masked, (10, 0x14), 0.0, true), (false, 10, 0x10));
    }

    #[test]
    fn clamps_to_the_viewport() {
        let viewport = Viewport { x: 0.0, y: 0.0, width: 1.0, height: 1.0, min_depth: 0.25, max_depth: 0.5 };
        let cases = [(0.0, 0.25), (0.3, 0.3), (1.0, 0.5), (f32::NAN, 0.25), (f32::INFINITY, 0.5)];
        for (depth, expected) in cases {
            assert_eq!(DepthRange::new(&viewport).clamp(depth), expected);
        }
    }
}
