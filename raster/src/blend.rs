//! Colours into targets: blending, write masks, conversion (d3d-rules §11).

use crate::format::{Channel, Format, Kind};
use crate::state::{BlendEquation, BlendFactor, BlendOp, CompareFunc, TargetBlend};
use crate::unorm8::{Unorm8, Unorm8Blend};

/// What values a target can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Range {
    Unorm,
    Snorm,
    Float,
}

/// How one colour target is written.
#[derive(Debug, Clone)]
pub(crate) struct ColorWriter {
    format: Format,
    blend: Option<(BlendEquation, BlendEquation)>,
    constant: [f32; 4],
    range: Range,
    /// Bits of a texel that are written; `None` for all.
    written: Option<[u8; 16]>,
}

impl ColorWriter {
    /// `None` when nothing would be written.
    pub(crate) fn new(format: Format, target: &TargetBlend, constant: [f32; 4]) -> Option<Self> {
        if target.write_mask & format.channel_mask() == 0 {
            return None;
        }
        let format = if target.srgb_write { format.srgb().unwrap_or(format) } else { format };
        let range = match format.kind() {
            Kind::Unorm | Kind::Srgb => Range::Unorm,
            Kind::Snorm => Range::Snorm,
            _ => Range::Float,
        };
        let whole = target.write_mask & format.channel_mask() == format.channel_mask();
        Some(Self {
            format,
            blend: target.blend.filter(|_| !format.is_integer()),
            constant: constant.map(|c| range.clamp(c)),
            range,
            written: (!whole).then(|| written_bits(format, target.write_mask)),
        })
    }

    pub(crate) fn blends(&self) -> bool {
        self.blend.is_some()
    }

    /// How many pixels at a time can be written, for formats that have such a way. It knows no second source.
    pub(crate) fn unorm8(&self) -> Option<Unorm8Blend> {
        let bytes = |bits: &[u8; 16]| u32::from_le_bytes([bits[0], bits[1], bits[2], bits[3]]);
        Some(Unorm8Blend {
            layout: Unorm8::of(self.format)?,
            blend: self.blend,
            constant: self.constant,
            written: self.written.as_ref().map_or(u32::MAX, bytes),
        })
    }

    /// Merges register bits into a texel; `second` is the second source of dual-source blending.
    pub(crate) fn write(&self, texel: &mut [u8], color: [u32; 4], second: [u32; 4]) {
        let color = match &self.blend {
            None => color,
            Some(equations) => {
                let clamp = |bits: [u32; 4]| bits.map(|c| self.range.clamp(f32::from_bits(c)));
                let mut destination = [[0; 4]];
                self.format.decode_row(texel, &mut destination);
                let sources = Sources {
                    src: clamp(color),
                    src1: clamp(second),
                    dst: destination[0].map(|c| self.range.flush(f32::from_bits(c))),
                    constant: self.constant,
                };
                sources.blend(equations).map(f32::to_bits)
            }
        };
        match &self.written {
            None => self.format.encode_row(&[color], texel),
            Some(written) => {
                let mut new = [0; 16];
                let new = &mut new[..texel.len().min(16)];
                self.format.encode_row(&[color], new);
                for ((old, new), bits) in texel.iter_mut().zip(new).zip(written) {
                    *old = *old & !bits | *new & bits;
                }
            }
        }
    }
}

fn written_bits(format: Format, write_mask: u8) -> [u8; 16] {
    let bits = format.components().iter().fold(0_u128, |bits, component| {
        let written = match (component.channel, component.channel.register()) {
            (Channel::S, _) => false,
            (_, Some(index)) => write_mask >> index & 1 != 0,
            (_, None) => true,
        };
        let mask = (1_u128 << component.bits) - 1;
        if written { bits | mask << component.shift } else { bits }
    });
    bits.to_le_bytes()
}

impl Range {
    /// Into the range; what is not a number becomes 0, or stays in a float target.
    fn clamp(self, value: f32) -> f32 {
        let low = match self {
            Self::Float => return self.flush(value),
            Self::Unorm => 0.0,
            Self::Snorm => -1.0,
        };
        match value {
            v if v >= 1.0 => 1.0,
            v if v > low => v,
            v if v.is_nan() => 0.0,
            _ => low,
        }
    }

    /// Denormals are zero in float arithmetic; they make no difference to the other ranges.
    fn flush(self, value: f32) -> f32 {
        if self == Self::Float { flush(value) } else { value }
    }
}

fn flush(value: f32) -> f32 {
    if value.abs() < f32::MIN_POSITIVE { 0.0_f32.copysign(value) } else { value }
}

/// An arithmetic result: denormals are zero, and there is one NaN.
fn arithmetic(value: f32) -> f32 {
    if value.is_nan() { f32::from_bits(0x7fc0_0000) } else { flush(value) }
}

/// What the factors of an equation are made of.
struct Sources {
    src: [f32; 4],
    src1: [f32; 4],
    dst: [f32; 4],
    constant: [f32; 4],
}

impl Sources {
    fn blend(&self, (color, alpha): &(BlendEquation, BlendEquation)) -> [f32; 4] {
        [0, 1, 2, 3].map(|i| {
            let equation = if i < 3 { color } else { alpha };
            let product = |value: f32, factor| arithmetic(value * self.factor(factor, i));
            let (s, d) = (self.src[i], self.dst[i]);
            // Every step is rounded; the factors do not matter to minimum and maximum.
            match equation.op {
                BlendOp::Add => arithmetic(product(s, equation.src) + product(d, equation.dst)),
                BlendOp::Subtract => arithmetic(product(s, equation.src) - product(d, equation.dst)),
                BlendOp::RevSubtract => arithmetic(product(d, equation.dst) - product(s, equation.src)),
                BlendOp::Min => minimum(s, d),
                BlendOp::Max => -minimum(-s, -d),
            }
        })
    }

    /// A factor for component `i`; for alpha, colours mean their alpha.
    fn factor(&self, factor: BlendFactor, i: usize) -> f32 {
        match factor {
            BlendFactor::Zero => 0.0,
            BlendFactor::One => 1.0,
            BlendFactor::SrcColor => self.src[i],
            BlendFactor::InvSrcColor => 1.0 - self.src[i],
            BlendFactor::SrcAlpha => self.src[3],
            BlendFactor::InvSrcAlpha => 1.0 - self.src[3],
            BlendFactor::DestAlpha => self.dst[3],
            BlendFactor::InvDestAlpha => 1.0 - self.dst[3],
            BlendFactor::DestColor => self.dst[i],
            BlendFactor::InvDestColor => 1.0 - self.dst[i],
            BlendFactor::SrcAlphaSat if i == 3 => 1.0,
            BlendFactor::SrcAlphaSat => minimum(self.src[3], 1.0 - self.dst[3]),
            BlendFactor::Constant => self.constant[i],
            BlendFactor::InvConstant => 1.0 - self.constant[i],
            BlendFactor::Src1Color => self.src1[i],
            BlendFactor::InvSrc1Color => 1.0 - self.src1[i],
            BlendFactor::Src1Alpha => self.src1[3],
            BlendFactor::InvSrc1Alpha => 1.0 - self.src1[3],
        }
    }
}

/// The shader's `min`: the other operand where one is not a number, -0 below +0 (d3d-rules §1.4).
fn minimum(a: f32, b: f32) -> f32 {
    if a.is_nan() || b < a || (a == b && b.is_sign_negative()) { b } else { a }
}

/// True when an equation uses the second source (d3d-rules §11.7).
pub(crate) fn is_dual_source(target: &TargetBlend) -> bool {
    use BlendFactor::{InvSrc1Alpha, InvSrc1Color, Src1Alpha, Src1Color};
    let second = |f: BlendFactor| matches!(f, Src1Color | InvSrc1Color | Src1Alpha | InvSrc1Alpha);
    target.blend.is_some_and(|(color, alpha)| [color, alpha].iter().any(|e| second(e.src) || second(e.dst)))
}

/// Samples that alpha covers: `floor(alpha * n + 0.5)` of them, the lowest first (d3d-rules §11.2).
pub(crate) fn alpha_coverage(alpha: f32, samples: u32) -> u32 {
    let count = (f64::from(Range::Unorm.clamp(alpha)) * f64::from(samples) + 0.5) as u32;
    (1 << count) - 1
}

/// Direct3D 9's alpha test of an 8-bit reference (d3d-rules §17.3).
pub(crate) fn alpha_test(func: CompareFunc, alpha: f32, reference: u8) -> bool {
    let code = (f64::from(Range::Unorm.clamp(alpha)) * 255.0).round_ties_even();
    func.compare(code as u8, reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blended(src: [f32; 4], src1: [f32; 4], dst: [f32; 4], equation: BlendEquation) -> [f32; 4] {
        let target = TargetBlend { blend: Some((equation, equation)), write_mask: 15, srgb_write: false };
        let writer =
            ColorWriter::new(Format::R32G32B32A32Float, &target, [0.5, 0.25, 2.0, 0.125]).expect("writes");
        let mut texel: Vec<u8> = dst.iter().flat_map(|c| c.to_le_bytes()).collect();
        writer.write(&mut texel, src.map(f32::to_bits), src1.map(f32::to_bits));
        [0, 1, 2, 3].map(|i| f32::from_le_bytes([0, 1, 2, 3].map(|b| texel[4 * i + b])))
    }

    #[test]
    fn every_factor() {
        use BlendFactor::*;
        let (src, src1, dst) = ([0.5, 1.0, 0.25, 0.75], [0.125, 0.5, 1.0, 0.25], [1.0, 2.0, 4.0, 0.5]);
        let cases = [
            (Zero, [0.0; 4]),
            (One, [1.0; 4]),
            (SrcColor, [0.5, 1.0, 0.25, 0.75]),
            (InvSrcColor, [0.5, 0.0, 0.75, 0.25]),
            (SrcAlpha, [0.75; 4]),
            (InvSrcAlpha, [0.25; 4]),
            (DestAlpha, [0.5; 4]),
            (InvDestAlpha, [0.5; 4]),
            (DestColor, [1.0, 2.0, 4.0, 0.5]),
            (InvDestColor, [0.0, -1.0, -3.0, 0.5]),
            (SrcAlphaSat, [0.5, 0.5, 0.5, 1.0]),
            (Constant, [0.5, 0.25, 2.0, 0.125]),
            (InvConstant, [0.5, 0.75, -1.0, 0.875]),
            (Src1Color, [0.125, 0.5, 1.0, 0.25]),
            (InvSrc1Color, [0.875, 0.5, 0.0, 0.75]),
            (Src1Alpha, [0.25; 4]),
            (InvSrc1Alpha, [0.75; 4]),
        ];
        for (factor, expected) in cases {
            let as_source = BlendEquation { src: factor, dst: Zero, op: BlendOp::Add };
            assert_eq!(
                blended(src, src1, dst, as_source),
                [0, 1, 2, 3].map(|i| src[i] * expected[i]),
                "{factor:?}"
            );
            let as_destination = BlendEquation { src: Zero, dst: factor, op: BlendOp::Add };
            assert_eq!(
                blended(src, src1, dst, as_destination),
                [0, 1, 2, 3].map(|i| dst[i] * expected[i]),
                "{factor:?}"
            );
        }
    }

    #[test]
    fn every_operation() {
        let (src, dst) = ([0.5, 1.0, 0.25, 0.75], [1.0, 0.5, 4.0, 0.75]);
        let cases = [
            (BlendOp::Add, [1.5, 1.5, 4.25, 1.5]),
            (BlendOp::Subtract, [-0.5, 0.5, -3.75, 0.0]),
            (BlendOp::RevSubtract, [0.5, -0.5, 3.75, 0.0]),
            (BlendOp::Min, [0.5, 0.5, 0.25, 0.75]),
            (BlendOp::Max, [1.0, 1.0, 4.0, 0.75]),
        ];
        for (op, expected) in cases {
            let equation = BlendEquation { src: BlendFactor::One, dst: BlendFactor::One, op };
            assert_eq!(blended(src, [0.0; 4], dst, equation), expected, "{op:?}");
        }
    }

    #[test]
    fn not_a_number_goes_through_zero_weights() {
        let equation = BlendEquation { src: BlendFactor::Zero, dst: BlendFactor::One, op: BlendOp::Add };
        let [r, g, ..] = blended([f32::NAN, 1.0, 0.0, 0.0], [0.0; 4], [0.5; 4], equation);
        assert_eq!((r.to_bits(), g), (0x7fc0_0000, 0.5));
    }

    #[test]
    fn unorm_targets_clamp_before_blending() {
        // 2.0 and the constant 3.0 are 1.0: 1 * 1 - 0.5 instead of 6 - 0.5.
        let equation =
            BlendEquation { src: BlendFactor::Constant, dst: BlendFactor::One, op: BlendOp::Subtract };
        let target = TargetBlend { blend: Some((equation, equation)), write_mask: 15, srgb_write: false };
        let writer = ColorWriter::new(Format::R8G8B8A8Unorm, &target, [3.0; 4]).expect("writes");
        let mut texel = [51; 4];
        writer.write(&mut texel, [2.0_f32.to_bits(); 4], [0; 4]);
        assert_eq!(texel, [204; 4]);
    }

    #[test]
    fn masks_keep_the_other_channels() {
        let target = TargetBlend { blend: None, write_mask: 0b0101, srgb_write: false };
        let one = [1.0_f32.to_bits(); 4];
        let mut texel = [1, 2, 3, 4];
        ColorWriter::new(Format::R8G8B8A8Unorm, &target, [0.0; 4])
            .expect("writes")
            .write(&mut texel, one, one);
        assert_eq!(texel, [255, 2, 255, 4]);
        let mut texel = 0_u16.to_le_bytes();
        ColorWriter::new(Format::B5G6R5Unorm, &target, [0.0; 4]).expect("writes").write(&mut texel, one, one);
        assert_eq!(u16::from_le_bytes(texel), 0xf81f);
        assert!(
            ColorWriter::new(Format::R8G8Unorm, &TargetBlend { write_mask: 12, ..target }, [0.0; 4])
                .is_none()
        );
    }

    #[test]
    fn srgb_targets_blend_linearly() {
        let equation = BlendEquation { src: BlendFactor::One, dst: BlendFactor::One, op: BlendOp::Add };
        let target = TargetBlend { blend: Some((equation, equation)), write_mask: 15, srgb_write: true };
        let writer = ColorWriter::new(Format::R8G8B8A8Unorm, &target, [0.0; 4]).expect("writes");
        let mut texel = [188, 0, 255, 100];
        writer.write(&mut texel, [0.0, 0.5, 1.0, 0.0].map(f32::to_bits), [0; 4]);
        // 0.5 encodes to 188 (187.5 and a bit); alpha stays linear.
        assert_eq!(texel, [188, 188, 255, 100]);
    }

    #[test]
    fn missing_alpha_reads_as_one() {
        let equation =
            BlendEquation { src: BlendFactor::InvDestAlpha, dst: BlendFactor::DestAlpha, op: BlendOp::Add };
        let target = TargetBlend { blend: Some((equation, equation)), write_mask: 15, srgb_write: false };
        let writer = ColorWriter::new(Format::B8G8R8X8Unorm, &target, [0.0; 4]).expect("writes");
        let mut texel = [10, 20, 30, 0];
        writer.write(&mut texel, [1.0_f32.to_bits(); 4], [0; 4]);
        assert_eq!(texel[..3], [10, 20, 30]);
    }

    #[test]
    fn alpha_to_coverage_and_alpha_test() {
        assert_eq!(
            [f32::NAN, -1.0, 0.0, 0.124, 0.125, 0.5, 9.0].map(|a| alpha_coverage(a, 4)),
            [0, 0, 0, 0, 1, 3, 15]
        );
        assert!(alpha_test(CompareFunc::Equal, 0.5, 128));
        assert!(alpha_test(CompareFunc::GreaterEqual, 2.0, 255));
        assert!(!alpha_test(CompareFunc::Greater, f32::NAN, 0));
    }
}
