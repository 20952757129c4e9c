//! Resources in a snapshot: see [`executor`](crate::executor) for the format.
//!
//! Contents are taken from the bytes before memory is asked for, so that damaged counts and sizes allocate nothing.

use std::sync::Arc;

use aerogpu_protocol::{Format, TextureLayout};
use aerogpu_raster::surface::Image;

use super::{
    Backing, Buffer, DirtyRanges, Frozen, Resource, ResourceError, ResourceId, ResourceTable, Texture,
    TextureDesc, View, check_bounds, raster_format,
};
use crate::backend::RestoreError;
use crate::codec::{Damage, Reader, Saved, load_map, save_map, saved, saved_as};
use crate::limits;

saved_as! {
    Format as u32: |format| format.to_u32(), Format::from_u32, "format";
    ResourceId as u32: |id| id.0, |id| Some(ResourceId(id)), "resource";
}

saved! {
    Backing { alloc_id offset }
    TextureDesc { usage format width height mip_levels array_layers row_pitch }
    View { texture format base_mip mip_levels base_layer array_layers }
}

/// Why bytes are no resource.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Damaged(#[from] Damage),
    #[error(transparent)]
    Resource(#[from] ResourceError),
}

impl Refused {
    fn of(self, kind: &'static str, handle: u32) -> RestoreError {
        match self {
            Self::Damaged(damage) => damage.into(),
            Self::Resource(error) => RestoreError::object(kind, handle)(error),
        }
    }
}

impl ResourceTable {
    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        // How many references there are follows from the aliases, and how many bytes from the resources.
        let Self { entries, aliases, views, tokens, retired, bytes: _ } = self;
        save_map(entries, out, |entry, out| {
            entry.original_alive.save(out);
            entry.resource.save(out);
        });
        save_map(aliases, out, ResourceId::save);
        save_map(views, out, View::save);
        tokens.save(out);
        save_map(retired.iter().map(|token| (token, &())), out, |_, _| {});
    }

    pub(crate) fn load(from: &mut Reader<'_>) -> Result<Self, RestoreError> {
        let mut table = Self::default();
        let mut orphans = Vec::new();
        load_map(from, limits::MAX_OBJECTS, |id: ResourceId, from| {
            let original_alive = bool::load(from)?;
            let resource = Resource::load(from).map_err(|refused| refused.of("resource", id.0))?;
            if !original_alive {
                orphans.push(id);
            }
            table.insert(id.0, resource).map_err(RestoreError::object("resource", id.0))
        })?;
        load_map(from, limits::MAX_OBJECTS, |handle: u32, from| {
            let id = ResourceId::load(from)?;
            table.check_free(handle).map_err(RestoreError::object("alias", handle))?;
            table.get(id).ok_or(Damage::Invalid("alias of nothing"))?;
            table.refer(handle, id);
            Ok::<(), RestoreError>(())
        })?;
        for id in orphans {
            if table.destroy(id.0).is_some() {
                return Err(Damage::Invalid("resource without a handle").into());
            }
        }
        load_map(from, limits::MAX_OBJECTS, |handle: u32, from| {
            let view = View::load(from)?;
            let texture = table.texture(view.texture).ok_or(Damage::Invalid("view of no texture"))?;
            let checked = view.check(&texture.desc).and_then(|()| table.insert_view(handle, view));
            checked.map_err(RestoreError::object("view", handle))
        })?;
        load_map(from, limits::MAX_OBJECTS, |token: u64, from| {
            let id = ResourceId::load(from)?;
            if token == 0 || table.get(id).is_none() {
                return Err(Damage::Invalid("share token"));
            }
            table.tokens.insert(token, id);
            Ok(())
        })?;
        load_map(from, limits::MAX_RETIRED_TOKENS, |token: u64, _| {
            if token == 0 || table.tokens.contains_key(&token) {
                return Err(Damage::Invalid("retired share token"));
            }
            table.retired.insert(token);
            Ok(())
        })?;
        Ok(table)
    }
}

impl Resource {
    fn save(&self, out: &mut Vec<u8>) {
        matches!(self, Self::Texture(_)).save(out);
        match self {
            Self::Buffer(buffer) => buffer.save(out),
            Self::Texture(texture) => texture.save(out),
        }
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Refused> {
        Ok(match bool::load(from)? {
            false => Self::Buffer(Buffer::load(from)?),
            true => Self::Texture(Texture::load(from)?),
        })
    }
}

impl Buffer {
    fn save(&self, out: &mut Vec<u8>) {
        let Self { size, usage, backing, words, dirty, counter } = self;
        (*size, *usage).save(out);
        backing.save(out);
        dirty.iter().map(|range| (range.start, range.end)).collect::<Vec<_>>().save(out);
        counter.save(out);
        // Whole words: what shaders wrote behind the last byte is theirs to read.
        out.extend_from_slice(bytemuck::cast_slice(words));
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Refused> {
        let (size, usage) = (u64::load(from)?, u32::load(from)?);
        check_bounds("buffer size", size, 1, limits::MAX_BUFFER_BYTES)?;
        let backing: Option<Backing> = Saved::load(from)?;
        let dirty = load_dirty(from, if backing.is_some() { size } else { 0 })?;
        let counter = u32::load(from)?;
        let bytes = from.take(4 * size.div_ceil(4) as usize)?;
        let words = Arc::new(bytemuck::pod_collect_to_vec(bytes));
        Ok(Self { size, usage, backing, words, dirty, counter })
    }
}

/// Ranges as [`DirtyRanges`] keeps them, all before `end`.
fn load_dirty(from: &mut Reader<'_>, end: u64) -> Result<DirtyRanges, Damage> {
    let (mut dirty, mut last) = (DirtyRanges::default(), None);
    for _ in 0..from.count(limits::MAX_DIRTY_RANGES)? {
        let (first, after) = Saved::load(from)?;
        if last.is_some_and(|last| first <= last) || first >= after || after > end {
            return Err(Damage::Invalid("dirty range"));
        }
        last = Some(after);
        dirty.insert(first..after);
    }
    Ok(dirty)
}

impl Texture {
    fn save(&self, out: &mut Vec<u8>) {
        self.desc.save(out);
        self.backing().save(out);
        self.dirty.iter().for_each(|dirty| dirty.save(out));
        for (mip, layer) in self.desc.subresources() {
            save_image(self.surface.image(mip, layer), self.desc.format, out);
        }
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Refused> {
        let desc = TextureDesc::load(from)?;
        let backing: Option<Backing> = Saved::load(from)?;
        let TextureDesc { format, width, height, mip_levels, array_layers, .. } = desc;
        let tight = TextureLayout::new(format, [width, height], mip_levels, array_layers, 0);
        let texels = tight.map_err(ResourceError::from)?.size_bytes();
        let subresources = u64::from(mip_levels) * u64::from(array_layers);
        if subresources.saturating_add(texels) > from.0.len() as u64 {
            return Err(Damage::Truncated.into());
        }
        let mut texture = Self::new(desc, backing)?;
        for dirty in &mut texture.dirty {
            *dirty = bool::load(from)?;
            if *dirty && backing.is_none() {
                return Err(Damage::Invalid("texture to be read from no guest memory").into());
            }
        }
        let surface = Arc::make_mut(&mut texture.surface);
        for (mip, layer) in desc.subresources() {
            load_image(surface.image_mut(mip, layer), format, from)?;
        }
        Ok(texture)
    }
}

impl TextureDesc {
    /// Mip level and layer of each subresource, layer by layer.
    fn subresources(&self) -> impl Iterator<Item = (u32, u32)> + use<> {
        let mips = self.mip_levels;
        (0..self.array_layers).flat_map(move |layer| (0..mips).map(move |mip| (mip, layer)))
    }
}

impl Frozen {
    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        let Self { format, width, height, image } = self;
        (*format, (*width, *height)).save(out);
        save_image(image, *format, out);
    }

    pub(crate) fn load(scanout: u32, from: &mut Reader<'_>) -> Result<Self, RestoreError> {
        let (format, (width, height)) = Saved::load(from)?;
        let refused = RestoreError::object("scanout", scanout);
        if TextureLayout::new(format, [width, height], 1, 1, 0).map_or(u64::MAX, |tight| tight.size_bytes())
            > from.0.len() as u64
        {
            return Err(Damage::Truncated.into());
        }
        let mut image = Image::new(raster_format(format), width, height, 1)
            .map_err(|e| refused(ResourceError::from(e)))?;
        load_image(&mut image, format, from)?;
        Ok(Self { format, width, height, image: Arc::new(image) })
    }
}

/// The rows of an image, tight.
fn save_image(image: &Image, format: Format, out: &mut Vec<u8>) {
    let (pitch, at) = (format.row_bytes(image.width()) as usize, out.len());
    out.resize(at + pitch * format.rows(image.height()) as usize, 0);
    image.read_rows(image.rect(), &mut out[at..], pitch);
}

fn load_image(image: &mut Image, format: Format, from: &mut Reader<'_>) -> Result<(), Damage> {
    let pitch = format.row_bytes(image.width()) as usize;
    let rows = from.take(pitch * format.rows(image.height()) as usize)?;
    image.write_rows(image.rect(), rows, pitch);
    Ok(())
}
