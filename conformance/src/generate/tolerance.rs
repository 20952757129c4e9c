//! How far two correct back ends may be apart, and why.
//!
//! A difference is counted in steps of an 8-bit channel. What the specification fixes has a bound of 0: clears to codes, copies,
//! integer work, nearest sampling, texel loads, coverage (vertices lie on sixteenths of a pixel, which every adapter
//! represents: Vulkan guarantees 4 subpixel bits), flat shading. Everything else adds a [`Rule`].

use std::collections::BTreeSet;
use std::fmt;

use aerogpu_raster::state::{BlendEquation, BlendFactor, BlendOp};

/// How colours and alphas are blended.
pub type Equations = (BlendEquation, BlendEquation);

/// A freedom that the specification leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// A value that is no multiple of 1/255 rounds to either neighbour near a tie: Direct3D 11.3 §3.2.3.6 allows 0.6 ulp, so
    /// correct results are at most 1 step apart.
    UnormRounding,
    /// Encoding sRGB has the same 0.6 ulp (§3.2.3.8): 1 step. What differs before it is stretched by the curve's steepest slope.
    SrgbEncoding,
    /// Attributes are planes through three vertices, evaluated in floats: gradients of slivers (area 1/512 pixel, edges of 32
    /// pixels) lose at most 14 bits of 24, which moves a colour by less than 1/2 step; rounding adds 1.
    Interpolation,
    /// Weights have 8 bits of fraction (§7.18.16.1) and filtering rounds once an axis: 1 step for each.
    LinearFilter,
    /// Instructions other than + - * are exact to a few ulp (§22.10.6), which moves an 8-bit code by at most 1.
    Arithmetic,
    /// A blender needs the precision of its target (§17.4): both products and the sum may be rounded to codes, 2 steps a layer.
    Blend,
    /// The same in linear light, then stretched by the sRGB curve.
    SrgbBlend,
    /// BC1 to BC3 interpolate their end points with a tolerance (§19.5.2): 1/255 and 3 % of the end points' distance, 9 steps.
    BlockDecoding,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 8] = [
        Self::UnormRounding,
        Self::SrgbEncoding,
        Self::Interpolation,
        Self::LinearFilter,
        Self::Arithmetic,
        Self::Blend,
        Self::SrgbBlend,
        Self::BlockDecoding,
    ];

    /// The reason in a sentence.
    pub fn reason(self) -> &'static str {
        match self {
            Self::UnormRounding => "conversion to 8 bits may err by 0.6 ulp (D3D 11.3 3.2.3.6)",
            Self::SrgbEncoding => "conversion to sRGB may err by 0.6 ulp (D3D 11.3 3.2.3.8)",
            Self::Interpolation => "attributes are interpolated in floats without a fixed order",
            Self::LinearFilter => "filter weights have 8 bits of fraction (D3D 11.3 7.18.16.1)",
            Self::Arithmetic => "instructions err by some ulp (D3D 11.3 22.10.6)",
            Self::Blend => "a blender has the precision of its target (D3D 11.3 17.4)",
            Self::SrgbBlend => "linear blending is stretched by the sRGB curve near black",
            Self::BlockDecoding => "BC1 to BC3 are interpolated with a tolerance (D3D 11.3 19.5.2)",
        }
    }
}

/// The steepest slope of the sRGB encoding, near black.
const ENCODE_SLOPE: f64 = 12.92;
/// The steepest slope of the sRGB decoding, near white: 2.4 / 1.055.
const DECODE_SLOPE: f64 = 2.275;
/// Steps that a channel has.
const ALL: f64 = 255.0;

/// How many steps two back ends may be apart, and by which rules.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bound {
    steps: f64,
    rules: BTreeSet<Rule>,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rules.is_empty() {
            return f.write_str("exact");
        }
        let rules: Vec<_> = self.rules.iter().map(|rule| format!("{rule:?}")).collect();
        write!(f, "within {} steps ({})", self.steps, rules.join(", "))
    }
}

impl Bound {
    /// Equal to the bit.
    pub const EXACT: Self = Self { steps: 0.0, rules: BTreeSet::new() };

    /// Steps of an 8-bit channel.
    pub fn steps(&self) -> f64 {
        self.steps
    }

    /// Why they may differ.
    pub fn rules(&self) -> impl Iterator<Item = Rule> {
        self.rules.iter().copied()
    }

    /// Nothing may differ.
    pub fn is_exact(&self) -> bool {
        self.steps == 0.0
    }

    /// More freedom.
    #[must_use]
    pub fn and(mut self, rule: Rule, steps: f64) -> Self {
        self.rules.insert(rule);
        let steps = self.steps + steps;
        self.raise(steps)
    }

    fn raise(mut self, steps: f64) -> Self {
        self.steps = if steps > ALL { ALL } else { steps };
        self
    }

    /// The freedom of what may be either.
    #[must_use]
    pub fn or(mut self, other: &Self) -> Self {
        self.rules.extend(&other.rules);
        let steps = if other.steps > self.steps { other.steps } else { self.steps };
        self.raise(steps)
    }

    /// After reading sRGB texels as linear values.
    #[must_use]
    pub fn decoded(self) -> Self {
        let steps = self.steps * DECODE_SLOPE;
        self.raise(steps)
    }

    /// After encoding to sRGB.
    #[must_use]
    pub fn encoded(self) -> Self {
        let steps = self.steps * ENCODE_SLOPE;
        self.raise(steps).and(Rule::SrgbEncoding, 1.0)
    }

    /// What is in a target after `layers` layers of a source with this bound were blended onto it.
    #[must_use]
    pub fn blended(self, target: &Self, blend: Equations, layers: usize, srgb: bool) -> Self {
        let mut steps = target.steps;
        for _ in 0..layers {
            steps = blend_steps(blend, self.steps, if srgb { steps * DECODE_SLOPE } else { steps });
            if srgb {
                steps *= ENCODE_SLOPE;
            }
            steps = if steps > ALL { ALL } else { steps };
        }
        let rule = if srgb { Rule::SrgbBlend } else { Rule::Blend };
        let rules = self.rules.union(&target.rules).copied().chain([rule]).collect();
        Self { steps, rules }
    }
}

/// A layer: factors are at most 1, so that a value's error stays; a factor of the source or of the target errs as that does.
fn blend_steps((color, alpha): Equations, source: f64, target: f64) -> f64 {
    use BlendFactor as F;
    let mut most = 0.0;
    for BlendEquation { src, dst, op } in [color, alpha] {
        let error = |factor: BlendFactor, value: f64| match factor {
            F::Zero => 0.0,
            F::One | F::Constant | F::InvConstant => value,
            F::SrcColor | F::InvSrcColor | F::SrcAlpha | F::InvSrcAlpha => value + source,
            F::Src1Color | F::InvSrc1Color | F::Src1Alpha | F::InvSrc1Alpha => value + source,
            F::DestColor | F::InvDestColor | F::DestAlpha | F::InvDestAlpha => value + target,
            F::SrcAlphaSat => value + source + target,
        };
        let steps = match op {
            BlendOp::Min | BlendOp::Max if source > target => source,
            BlendOp::Min | BlendOp::Max => target,
            _ => error(src, source) + error(dst, target),
        };
        most = if steps > most { steps } else { most };
    }
    most + 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn equation(src: BlendFactor, dst: BlendFactor) -> BlendEquation {
        BlendEquation { src, dst, op: BlendOp::Add }
    }
    const ALPHA: BlendEquation = equation(BlendFactor::One, BlendFactor::Zero);
    const OVER: Equations = (equation(BlendFactor::SrcAlpha, BlendFactor::InvSrcAlpha), ALPHA);

    #[test]
    fn bounds_add_up_and_name_their_reasons() {
        let filtered = Bound::EXACT.and(Rule::LinearFilter, 2.0);
        assert_eq!(filtered.to_string(), "within 2 steps (LinearFilter)");
        assert!(Bound::EXACT.is_exact() && Bound::EXACT.to_string() == "exact");
        // 2 steps, at most 12.92 times as many in sRGB, and its own rounding.
        assert_eq!(filtered.clone().encoded().steps(), 26.84);
        assert_eq!(filtered.or(&Bound::EXACT.and(Rule::Arithmetic, 1.0)).rules().count(), 2);
    }

    #[test]
    fn layers_of_exact_colours_err_by_two_steps_each() {
        let steps = |layers| Bound::EXACT.blended(&Bound::EXACT, OVER, layers, false).steps();
        assert_eq!([steps(1), steps(2), steps(3)], [2.0, 4.0, 6.0]);
        let of_target = (equation(BlendFactor::Zero, BlendFactor::DestAlpha), ALPHA);
        let steps = |layers| Bound::EXACT.blended(&Bound::EXACT, of_target, layers, false).steps();
        // The alpha that multiplies has erred by 2 as well: 2 + 2 + 2.
        assert_eq!([steps(1), steps(2)], [2.0, 6.0]);
        assert_eq!(steps(100), 255.0);
    }
}
