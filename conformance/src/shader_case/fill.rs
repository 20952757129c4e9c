//! Clearing and copying whole resources.

use std::sync::Arc;

use aerogpu::pipeline::bindings::{UavView, WordView};
use aerogpu_raster::format::{Format, Kind as FormatKind};
use aerogpu_raster::pass::{Pass, PassOptions, TargetLayout, Targets};
use aerogpu_raster::surface::Texture;

use super::case::{Clear, Kind, Place, ValueType, Values};
use super::world::{Contents, World, each_image};

impl World {
    /// Fills a render target as ClearRenderTargetView does, a depth-stencil target as ClearDepthStencilView, an unordered
    /// access view as ClearUnorderedAccessViewFloat and ...Uint (d3d-rules §2.14).
    pub fn clear(&mut self, step: &Clear) -> Result<(), String> {
        if step.target == Kind::DepthStencil {
            return self.clear_depth_stencil(step);
        }
        if step.depth.is_some() || step.stencil.is_some() {
            return Err("only a depth_stencil has depth and stencil".into());
        }
        let values = Values { f32: step.f32.clone(), u32: step.u32.clone(), ..Default::default() };
        let values = values.words(ValueType::U32)?;
        let register = [0, 1, 2, 3].map(|i| values.words.get(i).copied().flatten().unwrap_or(0));
        let integers = values.ty == ValueType::U32;
        match step.target {
            Kind::UavTexture | Kind::UavBuffer => {
                let (view, layout, _) = self.uav(step.target, step.slot)?;
                let (mut words, _) = view.contents();
                match layout {
                    Some(layout) => {
                        let texel = texel(layout.format, register, integers);
                        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut words);
                        bytes.chunks_exact_mut(texel.len()).for_each(|to| to.copy_from_slice(&texel));
                    }
                    None => words.fill(register[0]),
                }
                self.replace_words(step.target, step.slot, words)
            }
            Kind::RenderTarget => {
                let texture = self.texture_mut(step.target, step.slot)?;
                let desc = *texture.desc();
                if integers && !desc.format.is_integer() {
                    return Err(format!("a render target of {} is cleared with f32", desc.format));
                }
                let register = if integers { register } else { converted(desc.format, register) };
                each_image(&desc, |mip, z| texture.image_mut(mip, z).fill(register));
                Ok(())
            }
            other => Err(format!("a {} cannot be cleared; give it data", other.name())),
        }
    }

    fn clear_depth_stencil(&mut self, step: &Clear) -> Result<(), String> {
        if step.f32.is_some() || step.u32.is_some() || (step.depth, step.stencil) == (None, None) {
            return Err("a depth_stencil is cleared with depth, stencil or both".into());
        }
        let texture = self.texture_mut(step.target, step.slot)?;
        let desc = *texture.desc();
        if step.stencil.is_some() && !desc.format.has_stencil() {
            return Err(format!("{} has no stencil", desc.format));
        }
        let (width, height, samples) = (desc.width, desc.height, desc.samples);
        let colors = Default::default();
        let layout =
            TargetLayout { colors, depth_stencil: Some(desc.format), width, height, layers: 1, samples };
        for layer in 0..desc.layers {
            let mut pass = Pass::new(layout.clone(), PassOptions::default());
            pass.clear_depth_stencil(step.depth, step.stencil, None);
            let mut targets = Targets::default();
            targets.depth_stencil.push(texture.image_mut(0, layer));
            pass.flush(&mut targets).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// Copies a whole resource to another of the same shape; bits are copied, not values.
    pub fn copy(&mut self, from: Place, to: Place) -> Result<(), String> {
        const SHAPES: &str = "a copy needs two resources of the same shape";
        let source = match (self.contents(from.target, from.slot)?, self.contents(to.target, to.slot)?) {
            (Contents::Elements(_), Contents::Elements(_)) => {
                let words = self.words(from)?;
                return match self.words(to)?.len() == words.len() {
                    true => self.replace_words(to.target, to.slot, words),
                    false => Err(SHAPES.into()),
                };
            }
            (Contents::Texture(source), Contents::Texture(target)) if same_shape(&source, &target) => source,
            _ => return Err(SHAPES.into()),
        };
        if to.target == Kind::UavTexture {
            return self.replace_words(to.target, to.slot, tight_words(&source));
        }
        let target = self.texture_mut(to.target, to.slot)?;
        let format = target.desc().format;
        each_image(source.desc(), |mip, z| {
            *target.image_mut(mip, z) = source.image(mip, z).clone().into_target(format);
        });
        Ok(())
    }

    fn texture_mut(&mut self, kind: Kind, slot: u32) -> Result<&mut Texture, String> {
        let found = self.textures.get_mut(&(kind, slot));
        Ok(Arc::make_mut(&mut found.ok_or_else(|| missing(kind, slot))?.0))
    }

    /// The words of a buffer.
    fn words(&self, place: Place) -> Result<Vec<u32>, String> {
        match self.buffers.get(&place.slot) {
            Some((view, ..)) if place.target == Kind::Buffer => Ok(view.words().to_vec()),
            _ => Ok(self.uav(place.target, place.slot)?.0.contents().0),
        }
    }

    /// Gives a buffer or an unordered access view other words; everything else of it stays.
    fn replace_words(&mut self, kind: Kind, slot: u32, words: Vec<u32>) -> Result<(), String> {
        let range = 0..words.len();
        if let (Kind::Buffer, Some((view, format, stride))) = (kind, self.buffers.get_mut(&slot)) {
            let words = WordView::new(Arc::new(words), range).with_stride(*stride);
            *view = match format {
                Some(format) => words.with_format(*format),
                None => words,
            };
            return Ok(());
        }
        let (view, layout, stride) = self.uav(kind, slot)?.clone();
        let words = UavView::new(words, range, stride, view.contents().1);
        let words = match layout {
            Some(layout) => words.with_texels(layout),
            None => words,
        };
        self.uavs.insert(slot, (Arc::new(words), layout, stride));
        Ok(())
    }
}

/// What a step asks for does not exist.
pub(super) fn missing(kind: Kind, slot: u32) -> String {
    format!("there is no {} in slot {slot}", kind.name())
}

/// Floats as a register of the format's kind: integer formats truncate.
fn converted(format: Format, floats: [u32; 4]) -> [u32; 4] {
    floats.map(|bits| match format.kind() {
        FormatKind::Uint => f32::from_bits(bits) as u32,
        FormatKind::Sint => f32::from_bits(bits) as i32 as u32,
        _ => bits,
    })
}

/// The bytes of a texel; integers are taken for the components' lowest bits, whatever the format's kind.
fn texel(format: Format, register: [u32; 4], integers: bool) -> Vec<u8> {
    let mut texel = vec![0; format.block_bytes()];
    if integers {
        let code = format.components().iter().fold(0_u128, |code, component| {
            let word = component.channel.register().map_or(0, |i| register[i]);
            code | u128::from(word & u32::MAX >> (32 - component.bits)) << component.shift
        });
        texel.iter_mut().zip(code.to_le_bytes()).for_each(|(to, byte)| *to = byte);
    } else {
        format.encode_texel(converted(format, register), &mut texel);
    }
    texel
}

fn same_shape(a: &Texture, b: &Texture) -> bool {
    let shape = |texture: &Texture| {
        let desc = texture.desc();
        let extent = [desc.width, desc.height, desc.depth.max(desc.layers)];
        (extent, desc.mip_levels, desc.samples, desc.format.block_bytes(), desc.format.block_extent())
    };
    shape(a) == shape(b)
}

/// All texels without gaps.
fn tight_words(texture: &Texture) -> Vec<u32> {
    let mut bytes = Vec::new();
    each_image(texture.desc(), |mip, z| {
        let image = texture.image(mip, z);
        let pitch = image.width() as usize * image.texel_bytes();
        let start = bytes.len();
        bytes.resize(start + pitch * image.height() as usize, 0);
        image.read_rows(image.rect(), &mut bytes[start..], pitch);
    });
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect()
}
