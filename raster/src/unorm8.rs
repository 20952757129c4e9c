//! Blending and conversion for targets of four 8-bit UNORM or sRGB components, sixteen pixels at a time.
//!
//! The results are those of [`ColorWriter::write`](crate::blend::ColorWriter::write), bit for bit. It flushes denormals between
//! the steps and this does not: in 0..1 they are below half a code after any sum that they can change.

use fearless_simd::{f32x16, f64x8, i32x16, prelude::*, u32x16, u64x8};

use crate::format::srgb::{f32_to_srgb8, srgb8_to_f32};
use crate::format::{Channel, Format, Kind};
use crate::lanes::{VECTOR, load, saturate, store};
use crate::state::{BlendEquation, BlendFactor, BlendOp};

/// Where the components of a texel are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unorm8 {
    /// Lowest bits of red, green and blue.
    shifts: [u32; 3],
    /// Alpha at bit 24; otherwise these bits are ones.
    alpha: bool,
    srgb: bool,
}

/// Colours of lanes by component.
type Colors<S> = [f32x16<S>; 4];

/// What is done to a target.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unorm8Blend {
    pub(crate) layout: Unorm8,
    pub(crate) blend: Option<(BlendEquation, BlendEquation)>,
    pub(crate) constant: [f32; 4],
    /// Bits of a texel that are written.
    pub(crate) written: u32,
}

impl Unorm8 {
    /// `None` for other formats.
    pub(crate) fn of(format: Format) -> Option<Self> {
        let [first, second, third, last] = format.components() else { return None };
        let colors = [first, second, third];
        let bytes = colors.iter().chain([&last]).all(|c| c.bits == 8);
        let shift = |channel| colors.iter().find(|c| c.channel == channel).map(|c| c.shift);
        let alpha = match last.channel {
            Channel::A => true,
            Channel::X => false,
            _ => return None,
        };
        (bytes && matches!(format.kind(), Kind::Unorm | Kind::Srgb)).then_some(Self {
            shifts: [shift(Channel::R)?, shift(Channel::G)?, shift(Channel::B)?],
            alpha,
            srgb: format.is_srgb(),
        })
    }

    #[inline(always)]
    fn decode<S: Simd>(&self, simd: S, texels: u32x16<S>) -> Colors<S> {
        let mut colors = [f32x16::splat(simd, 1.0); 4];
        for (color, shift) in colors.iter_mut().zip(self.shifts) {
            let codes = texels >> shift & 0xff;
            *color = if self.srgb { decode_srgb(simd, codes) } else { decode_unorm(codes) };
        }
        if self.alpha {
            colors[3] = decode_unorm(texels >> 24);
        }
        colors
    }

    #[inline(always)]
    fn encode<S: Simd>(&self, simd: S, colors: &Colors<S>) -> u32x16<S> {
        let mut texels = u32x16::splat(simd, 0xff00_0000);
        if self.alpha {
            texels = encode_unorm(simd, colors[3]) << 24;
        }
        for (color, shift) in colors.iter().zip(self.shifts) {
            let codes = if self.srgb { encode_srgb(simd, *color) } else { encode_unorm(simd, *color) };
            texels |= codes << shift;
        }
        texels
    }
}

/// `code / 255`, correctly rounded: 1/255 is `257/65536 * (1 + 2^-16 + 2^-32)` but for a part in 2^48.
#[inline(always)]
fn decode_unorm<S: Simd>(codes: u32x16<S>) -> f32x16<S> {
    const REST: f32 = 1.0 / 65536.0 + 1.0 / 65536.0 / 65536.0;
    let high = codes.bitcast::<i32x16<S>>().to_float::<f32x16<S>>() * (257.0 / 65536.0);
    high + high * REST
}

/// The nearest code of a value in 0..=1; the half, 0.5, is rounded up to the even 128.
#[inline(always)]
fn encode_unorm<S: Simd>(simd: S, value: f32x16<S>) -> u32x16<S> {
    const MAGIC: f64 = (1_u64 << 52) as f64;
    let (scale, magic) = (f64x8::splat(simd, 255.0), f64x8::splat(simd, MAGIC));
    let (low, high) = value.widen();
    let (low, high) = (low * scale + magic, high * scale + magic);
    low.bitcast::<u64x8<S>>().narrow(high.bitcast::<u64x8<S>>()) & 0xff
}

#[inline(always)]
fn decode_srgb<S: Simd>(simd: S, codes: u32x16<S>) -> f32x16<S> {
    let codes = codes.to_array();
    let mut values = [0.0; VECTOR];
    for (value, code) in values.iter_mut().zip(codes) {
        *value = srgb8_to_f32(code as u8);
    }
    f32x16::simd_from(simd, values)
}

#[inline(always)]
fn encode_srgb<S: Simd>(simd: S, value: f32x16<S>) -> u32x16<S> {
    let values = value.to_array();
    let mut codes = [0; VECTOR];
    for (code, value) in codes.iter_mut().zip(values) {
        *code = u32::from(f32_to_srgb8(value));
    }
    u32x16::simd_from(simd, codes)
}

impl Unorm8Blend {
    /// The old texels decide the new ones.
    pub(crate) fn reads(&self) -> bool {
        self.blend.is_some() || self.written != u32::MAX
    }

    /// Merges register bits, component by component in `rows` (each `lanes` long), into `texels`, which belong to lanes `first..`.
    #[inline(always)]
    pub(crate) fn run<S: Simd>(&self, simd: S, rows: &[u32], lanes: usize, first: usize, texels: &mut [u32]) {
        // No `map`: its closure would be compiled without the level's instructions.
        let mut constant = [f32x16::splat(simd, 0.0); 4];
        for (lanes, c) in constant.iter_mut().zip(self.constant) {
            *lanes = f32x16::splat(simd, c);
        }
        for at in (0..texels.len()).step_by(VECTOR) {
            let mut source = [f32x16::splat(simd, 0.0); 4];
            for (c, source) in source.iter_mut().enumerate() {
                *source = saturate(simd, load(simd, rows, c * lanes + first + at).bitcast());
            }
            if !self.reads() {
                store(texels, at, self.layout.encode(simd, &source));
                continue;
            }
            let old = load(simd, texels, at);
            let color = match &self.blend {
                Some(equations) => {
                    let destination = self.layout.decode(simd, old);
                    Sources { source, destination, constant }.blend(simd, equations)
                }
                None => source,
            };
            let new = self.layout.encode(simd, &color);
            store(texels, at, old & !self.written | new & self.written);
        }
    }
}

/// A blend of codes: integers come to the bits that rounded floats come to, because a multiple of 1/255 is never nearer than
/// half of 1/255 to a tie.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CodeBlend {
    layout: Unorm8,
    /// Over the old texel by the source's alpha: whether colours and alpha are multiplied with that too.
    over: Option<[bool; 2]>,
    written: u32,
}

impl Unorm8Blend {
    /// The same for sources that are codes, if this is a blend of which it is known.
    pub(crate) fn codes(&self) -> Option<CodeBlend> {
        let multiplied = |equation: &BlendEquation| match (equation.op, equation.src, equation.dst) {
            (BlendOp::Add, BlendFactor::SrcAlpha, BlendFactor::InvSrcAlpha) => Some(true),
            (BlendOp::Add, BlendFactor::One, BlendFactor::InvSrcAlpha) => Some(false),
            _ => None,
        };
        let over = match &self.blend {
            Some((color, alpha)) => Some([multiplied(color)?, multiplied(alpha)?]),
            None => None,
        };
        (!self.layout.srgb).then_some(CodeBlend { layout: self.layout, over, written: self.written })
    }
}

impl CodeBlend {
    /// Merges `sources`, whose components have their lowest bits at `shifts` (or are 0, alpha 255), into `texels`.
    #[inline(always)]
    pub(crate) fn run<S: Simd>(
        &self,
        simd: S,
        shifts: [Option<u32>; 4],
        sources: &[u32],
        texels: &mut [u32],
    ) {
        let opaque = u32x16::splat(simd, 255);
        for at in (0..texels.len()).step_by(VECTOR) {
            let (source, old) = (load(simd, sources, at), load(simd, texels, at));
            let mut codes = [u32x16::splat(simd, 0), u32x16::splat(simd, 0), u32x16::splat(simd, 0), opaque];
            for (codes, shift) in codes.iter_mut().zip(shifts) {
                if let Some(shift) = shift {
                    *codes = source >> shift & 0xff;
                }
            }
            if let Some([colors, alphas]) = self.over {
                let alpha = codes[3];
                for (i, codes) in codes.iter_mut().enumerate() {
                    let (multiplied, shift) =
                        if i < 3 { (colors, self.layout.shifts[i]) } else { (alphas, 24) };
                    let factor = if multiplied { alpha } else { opaque };
                    let sum = *codes * factor + (old >> shift & 0xff) * (opaque - alpha);
                    let sum = sum.min(u32x16::splat(simd, 255 * 255)) + 128;
                    *codes = (sum + (sum >> 8)) >> 8;
                }
            }
            let mut new = if self.layout.alpha { codes[3] << 24 } else { u32x16::splat(simd, 0xff00_0000) };
            for (codes, shift) in codes.iter().zip(self.layout.shifts) {
                new |= *codes << shift;
            }
            store(texels, at, old & !self.written | new & self.written);
        }
    }
}

/// What the factors of an equation are made of.
struct Sources<S: Simd> {
    source: Colors<S>,
    destination: Colors<S>,
    constant: Colors<S>,
}

impl<S: Simd> Sources<S> {
    #[inline(always)]
    fn blend(&self, simd: S, (color, alpha): &(BlendEquation, BlendEquation)) -> Colors<S> {
        let mut blended = self.source;
        for (i, blended) in blended.iter_mut().enumerate() {
            let equation = if i < 3 { color } else { alpha };
            let (s, d) = (self.source[i], self.destination[i]);
            let result = match equation.op {
                BlendOp::Min => d.simd_lt(s).select(d, s),
                BlendOp::Max => d.simd_gt(s).select(d, s),
                _ => {
                    let s = s * self.factor(simd, equation.src, i);
                    let d = d * self.factor(simd, equation.dst, i);
                    match equation.op {
                        BlendOp::Subtract => s - d,
                        BlendOp::RevSubtract => d - s,
                        _ => s + d,
                    }
                }
            };
            *blended = saturate(simd, result);
        }
        blended
    }

    /// A factor for component `i`; for alpha, colours mean their alpha. There is no second source here.
    #[inline(always)]
    fn factor(&self, simd: S, factor: BlendFactor, i: usize) -> f32x16<S> {
        let (s, d) = (&self.source, &self.destination);
        let one = f32x16::splat(simd, 1.0);
        match factor {
            BlendFactor::One => one,
            BlendFactor::SrcColor => s[i],
            BlendFactor::InvSrcColor => one - s[i],
            BlendFactor::SrcAlpha => s[3],
            BlendFactor::InvSrcAlpha => one - s[3],
            BlendFactor::DestAlpha => d[3],
            BlendFactor::InvDestAlpha => one - d[3],
            BlendFactor::DestColor => d[i],
            BlendFactor::InvDestColor => one - d[i],
            BlendFactor::SrcAlphaSat if i == 3 => one,
            BlendFactor::SrcAlphaSat => {
                let rest = one - d[3];
                rest.simd_lt(s[3]).select(rest, s[3])
            }
            BlendFactor::Constant => self.constant[i],
            BlendFactor::InvConstant => one - self.constant[i],
            _ => f32x16::splat(simd, 0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};
    use proptest::prelude::*;

    use super::*;
    use crate::blend::ColorWriter;
    use crate::format::norm::{f32_to_unorm8, unorm8_to_f32};
    use crate::state::TargetBlend;

    #[test]
    fn every_code_decodes_as_ever() {
        for first in (0..256_u32).step_by(VECTOR) {
            let codes: [u32; VECTOR] = std::array::from_fn(|i| first + i as u32);
            let values =
                dispatch!(Level::new(), simd => decode_unorm(u32x16::simd_from(simd, codes)).to_array());
            assert_eq!(values, codes.map(|code| unorm8_to_f32(code as u8)));
        }
    }

    /// The neighbourhood of every border between codes.
    #[test]
    fn codes_change_where_they_did() {
        for code in 1..=255_u32 {
            let border = (f64::from(2 * code - 1) / 510.0) as f32;
            let near: [f32; VECTOR] =
                std::array::from_fn(|i| f32::from_bits(border.to_bits() + i as u32 - 8));
            let codes =
                dispatch!(Level::new(), simd => encode_unorm(simd, f32x16::simd_from(simd, near)).to_array());
            assert_eq!(codes, near.map(|value| u32::from(f32_to_unorm8(value))), "{code}");
        }
    }

    /// Every source, alpha and destination.
    #[test]
    fn integers_blend_to_the_bits_of_floats() {
        let Some(layout) = Unorm8::of(Format::B8G8R8A8Unorm) else { panic!("four bytes") };
        for src in [BlendFactor::SrcAlpha, BlendFactor::One] {
            let equation = BlendEquation { src, dst: BlendFactor::InvSrcAlpha, op: BlendOp::Add };
            let floats = Unorm8Blend {
                layout,
                blend: Some((equation, equation)),
                constant: [0.0; 4],
                written: u32::MAX,
            };
            let codes = floats.codes().expect("is known");
            let old: Vec<u32> = (0..256).map(|d| d * 0x0101_0101).collect();
            for (alpha, s) in (0..256_u32).flat_map(|alpha| (0..256).step_by(3).map(move |s| (alpha, s))) {
                let color = [s, (s + 1).min(255), (s + 2).min(255), alpha];
                let rows: Vec<u32> =
                    color.iter().flat_map(|c| [unorm8_to_f32(*c as u8).to_bits(); 256]).collect();
                let packed = [color[0] | color[1] << 8 | color[2] << 16 | color[3] << 24; 256];
                let shifts = [Some(0), Some(8), Some(16), Some(24)];
                let (mut expected, mut found) = (old.clone(), old.clone());
                dispatch!(Level::new(), simd => floats.run(simd, &rows, 256, 0, &mut expected));
                dispatch!(Level::new(), simd => codes.run(simd, shifts, &packed, &mut found));
                assert_eq!(found, expected, "{src:?} {color:?}");
            }
        }
    }

    fn equation() -> impl Strategy<Value = BlendEquation> {
        use BlendFactor::*;
        let factor = prop::sample::select(vec![
            Zero,
            One,
            SrcColor,
            InvSrcColor,
            SrcAlpha,
            InvSrcAlpha,
            DestAlpha,
            InvDestAlpha,
            DestColor,
            InvDestColor,
            SrcAlphaSat,
            Constant,
            InvConstant,
        ]);
        let ops = vec![BlendOp::Add, BlendOp::Subtract, BlendOp::RevSubtract, BlendOp::Min, BlendOp::Max];
        (factor.clone(), factor, prop::sample::select(ops)).prop_map(|(src, dst, op)| BlendEquation {
            src,
            dst,
            op,
        })
    }

    fn value() -> impl Strategy<Value = u32> {
        prop_oneof![
            8 => (0.0_f32..1.0).prop_map(f32::to_bits),
            2 => (0_u32..=255).prop_map(|code| unorm8_to_f32(code as u8).to_bits()),
            1 => any::<u32>(),
        ]
    }

    proptest! {
        #[test]
        fn lanes_are_what_single_texels_are(
            format in prop::sample::select(vec![
                Format::R8G8B8A8Unorm, Format::B8G8R8A8Unorm, Format::B8G8R8X8Unorm, Format::R8G8B8A8UnormSrgb,
                Format::B8G8R8X8UnormSrgb,
            ]),
            blend in prop::option::of((equation(), equation())),
            constant in prop::array::uniform4(-0.5_f32..1.5),
            write_mask in 1_u8..16,
            pixels in prop::collection::vec((any::<u32>(), prop::array::uniform4(value())), 1..40),
        ) {
            let target = TargetBlend { blend, write_mask, srgb_write: false };
            let Some(writer) = ColorWriter::new(format, &target, constant) else { return Ok(()) };
            let expected: Vec<u32> = pixels.iter().map(|(old, color)| {
                let mut texel = old.to_le_bytes();
                writer.write(&mut texel, *color, [0; 4]);
                u32::from_le_bytes(texel)
            }).collect();
            let rows: Vec<u32> = (0..4).flat_map(|c| pixels.iter().map(move |(_, color)| color[c])).collect();
            let mut texels: Vec<u32> = pixels.iter().map(|(old, _)| *old).collect();
            let lanes = pixels.len();
            let unorm8 = writer.unorm8().expect("eight bits a component");
            dispatch!(Level::new(), simd => unorm8.run(simd, &rows, lanes, 0, &mut texels));
            prop_assert_eq!(texels, expected);
        }
    }
}
