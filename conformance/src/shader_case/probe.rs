//! Looking at resources.

use aerogpu_raster::surface::Texture;

use super::case::{Kind, Probe, ValueType, Values};
use super::values::{Expected, matches, show};
use super::world::{Contents, World};

/// Compares what a probe names with what it expects.
pub fn probe(world: &World, probe: &Probe) -> Result<(), String> {
    let Probe { f32, u32, i32, bits, .. } = probe.clone();
    let expected = Values { f32, u32, i32, bits }.words(probe.ty.unwrap_or(ValueType::U32))?;
    if expected.words.is_empty() {
        return Err("a probe expects something".into());
    }
    match world.contents(probe.target, probe.slot)? {
        Contents::Elements(elements) => probe_elements(probe, &expected, &elements),
        Contents::Texture(texture) => probe_texels(probe, &expected, &texture),
    }
}

fn probe_elements(probe: &Probe, expected: &Expected, elements: &[Vec<u32>]) -> Result<(), String> {
    let texels = probe.pixel.is_some() || probe.rect.is_some() || probe.sample.is_some();
    if texels || (probe.layer, probe.mip) != (0, 0) {
        return Err("a buffer has elements, not texels".into());
    }
    let looked_at = match probe.element {
        Some(i) => i as usize..(i as usize).saturating_add(1),
        None => 0..elements.len(),
    };
    let start = looked_at.start;
    match elements.get(looked_at).unwrap_or_default() {
        [] => Err(format!("there is no element {start}")),
        some => some
            .iter()
            .enumerate()
            .try_for_each(|(i, e)| compare(probe, expected, &|| format!("element {}", start + i), e)),
    }
}

fn probe_texels(probe: &Probe, expected: &Expected, texture: &Texture) -> Result<(), String> {
    if probe.element.is_some() {
        return Err("a texture has pixels, not elements".into());
    }
    let desc = texture.desc();
    let [width, height, depth] = desc.mip_extent(probe.mip.min(desc.mip_levels - 1));
    let ([left, top, columns, rows], z) = match (&probe.pixel, probe.rect) {
        (Some(_), Some(_)) => return Err("give pixel or rect, not both".into()),
        (Some(at), None) => {
            let axis = |i: usize| at.get(i).copied().unwrap_or(0);
            ([axis(0), axis(1), 1, 1], at.get(2).copied().unwrap_or(probe.layer))
        }
        (None, rect) => (rect.unwrap_or([0, 0, width, height]), probe.layer),
    };
    let samples = match probe.sample {
        Some(sample) => sample..sample.saturating_add(1),
        None => 0..desc.samples,
    };
    let inside =
        |start: u32, size: u32, end: u32| size > 0 && start.checked_add(size).is_some_and(|last| last <= end);
    if probe.mip >= desc.mip_levels
        || z >= depth.max(desc.layers)
        || samples.end > desc.samples
        || !inside(left, columns, width)
        || !inside(top, rows, height)
    {
        let Probe { mip, .. } = probe;
        return Err(format!(
            "no such texels at mip {mip}: {width}x{height}, {} layers, {} samples",
            depth.max(desc.layers),
            desc.samples
        ));
    }
    let image = texture.image(probe.mip, z);
    for y in top..top + rows {
        for x in left..left + columns {
            for sample in samples.clone() {
                let place = || format!("pixel ({x}, {y}) layer {z} mip {} sample {sample}", probe.mip);
                compare(probe, expected, &place, &image.read_texel(x, y, sample))?;
            }
        }
    }
    Ok(())
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
