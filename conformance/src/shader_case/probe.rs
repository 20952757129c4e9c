//! Looking at resources.

use super::case::{Kind, Probe, ValueType, Values};
use super::values::{Expected, matches, show};
use super::world::{Contents, World};

/// Compares what a probe names with what it expects.
pub fn probe(world: &World, probe: &Probe) -> Result<(), String> {
    let Probe { f32, u32, i32, bits, .. } = probe.clone();
    let expected = Values { f32, u32, i32, bits }.words(probe.ty.unwrap_or(ValueType::U32))?;
    let compare = |place: &dyn Fn() -> String, actual: &[u32]| compare(probe, &expected, place, actual);
    match world.contents(probe.target, probe.slot)? {
        Contents::Elements(elements) => match probe.element {
            Some(i) => {
                let element = elements.get(i as usize).ok_or_else(|| format!("there is no element {i}"))?;
                compare(&|| format!("element {i}"), element)
            }
            None => elements.iter().enumerate().try_for_each(|(i, e)| compare(&|| format!("element {i}"), e)),
        },
        Contents::Texture(texture) => {
            let [width, height, depth] = texture.desc().mip_extent(probe.mip);
            let image = |z: u32| texture.image(probe.mip, z);
            let ([left, top, columns, rows], z) = match (&probe.pixel, probe.rect) {
                (Some(_), Some(_)) => return Err("give pixel or rect, not both".into()),
                (Some(at), None) => {
                    let axis = |i: usize| at.get(i).copied().unwrap_or(0);
                    ([axis(0), axis(1), 1, 1], at.get(2).copied().unwrap_or(probe.layer))
                }
                (None, rect) => (rect.unwrap_or([0, 0, width, height]), probe.layer),
            };
            let layers = depth.max(texture.desc().layers);
            let inside =
                |start: u32, size: u32, end: u32| start.checked_add(size).is_some_and(|last| last <= end);
            if probe.mip >= texture.desc().mip_levels
                || z >= layers
                || !inside(left, columns, width)
                || !inside(top, rows, height)
            {
                return Err(format!("nothing lies at mip {} layer {z} of {width}x{height}", probe.mip));
            }
            let samples = match probe.sample {
                Some(sample) => sample..sample + 1,
                None => 0..texture.desc().samples,
            };
            for y in top..top + rows {
                for x in left..left + columns {
                    for sample in samples.clone() {
                        let place =
                            || format!("pixel ({x}, {y}) layer {z} mip {} sample {sample}", probe.mip);
                        compare(&place, &image(z).read_texel(x, y, sample))?;
                    }
                }
            }
            Ok(())
        }
    }
}

fn compare(
    probe: &Probe,
    expected: &Expected,
    place: &dyn Fn() -> String,
    actual: &[u32],
) -> Result<(), String> {
    if expected.words.len() > actual.len() {
        return Err(format!("{} values are expected of {}", expected.words.len(), actual.len()));
    }
    for (c, (expected_word, &actual)) in expected.words.iter().zip(actual).enumerate() {
        if let &Some(word) = expected_word
            && !matches(word, actual, expected.ty, probe.ulps)
        {
            let component = match (probe.target, c) {
                (Kind::Buffer | Kind::UavBuffer, c) if actual_is_wide(expected) => format!("word {c}"),
                (_, c) => ["x", "y", "z", "w"].get(c).map_or_else(|| format!("word {c}"), |s| (*s).into()),
            };
            return Err(format!(
                "{} slot {}, {}, {component}: expected {}, got {}",
                probe.target.name(),
                probe.slot,
                place(),
                show(word, expected.ty),
                show(actual, expected.ty)
            ));
        }
    }
    Ok(())
}

fn actual_is_wide(expected: &Expected) -> bool {
    expected.words.len() > 4
}

impl Kind {
    /// As the format spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::RenderTarget => "render_target",
            Self::DepthStencil => "depth_stencil",
            Self::Texture => "texture",
            Self::Buffer => "buffer",
            Self::UavTexture => "uav_texture",
            Self::UavBuffer => "uav_buffer",
        }
    }
}
