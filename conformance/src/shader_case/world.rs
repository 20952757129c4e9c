//! The resources of a case, and the work that is done on them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use aerogpu::budget::Budget;
use aerogpu::cycles::Work;
use aerogpu::engine::Engine;
use aerogpu::executor::Failure;
use aerogpu::limits;
use aerogpu::pipeline::bindings::{
    ResourceView, StageBindings, TexelLayout, UavView, WordView, view_dimension,
};
use aerogpu::pipeline::compute;
use aerogpu::pipeline::shader::Shader;
use aerogpu_dxbc::ir::ResourceDimension;
use aerogpu_dxbc::sm3;
use aerogpu_raster::format::Format;
use aerogpu_raster::sampler::{Filter, MipFilter, SamplerState};
use aerogpu_raster::state::MAX_TARGETS;
use aerogpu_raster::surface::{Texture, TextureDesc, TextureDimension, TextureView, ViewDimension};

use super::case::{self, AddressName, Dimension, FilterName, Kind, Rules, Sampler, StageName};
use super::direct3d9::Direct3d9;
use super::fill::missing;
use crate::run::Trouble;

/// More than the protocol's: Direct3D 11.1's.
const UAV_SLOTS: usize = aerogpu_dxbc::limits::UAV_SLOTS as usize;

/// Everything that exists while a case runs.
pub struct World {
    pub(super) rules: Rules,
    pub(super) engine: Engine,
    pub(super) shaders: BTreeMap<StageName, Arc<Shader>>,
    /// What makes `shaders` by the rules of Direct3D 9.
    pub(super) direct3d9: Option<Direct3d9>,
    pub(super) textures: BTreeMap<(Kind, u32), (Arc<Texture>, Dimension)>,
    /// Views with the format and the bytes of a structure, if they have one.
    pub(super) buffers: BTreeMap<u32, (WordView, Option<Format>, u32)>,
    pub(super) uavs: BTreeMap<u32, Uav>,
    samplers: Vec<SamplerState>,
    pub(super) constants: Vec<Arc<Vec<u32>>>,
    pub(super) state: case::State,
}

/// A view with its texels and the bytes of a structure, if it has them.
pub type Uav = (Arc<UavView>, Option<TexelLayout>, u32);

/// What a resource holds.
pub enum Contents {
    /// A texture.
    Texture(Arc<Texture>),
    /// Elements of a buffer: texels, structures or words.
    Elements(Vec<Vec<u32>>),
}

impl World {
    /// A world of these resources, which `load` gives contents.
    pub fn new(
        case: &case::ShaderCase,
        (shaders, programs): (BTreeMap<StageName, Arc<Shader>>, BTreeMap<StageName, sm3::Program>),
        engine: Engine,
        load: impl Fn(&case::Data) -> Result<Vec<u8>, String>,
    ) -> Result<Self, String> {
        let mut world = Self {
            rules: case.rules,
            engine,
            shaders,
            direct3d9: (case.rules == Rules::D3d9).then(|| Direct3d9::new(programs)),
            textures: BTreeMap::new(),
            buffers: BTreeMap::new(),
            uavs: BTreeMap::new(),
            samplers: vec![SamplerState::default(); limits::SAMPLER_SLOTS],
            constants: vec![Arc::default(); limits::CONSTANT_BUFFER_SLOTS],
            state: case.state.clone(),
        };
        for resource in &case.resources {
            let data = resource.data.as_ref().map(&load).transpose()?;
            let named = |error: String| format!("{} slot {}: {error}", resource.kind.name(), resource.slot);
            world.create(resource, data).map_err(named)?;
        }
        for sampler in &case.samplers {
            let slot = world.samplers.get_mut(sampler.slot as usize);
            *slot.ok_or_else(|| format!("there is no sampler slot {}", sampler.slot))? =
                sampler_state(sampler, case.rules);
        }
        Ok(world)
    }

    fn create(&mut self, resource: &case::Resource, data: Option<Vec<u8>>) -> Result<(), String> {
        self.check_slot(resource)?;
        let buffer = resource.dimension == Dimension::Buffer;
        match resource.kind {
            Kind::RenderTarget | Kind::DepthStencil | Kind::Texture if !buffer => {
                let texture = texture(resource, data)?;
                self.textures.insert((resource.kind, resource.slot), (Arc::new(texture), resource.dimension));
            }
            Kind::RenderTarget | Kind::DepthStencil => return Err("a buffer is no target".into()),
            Kind::UavTexture => {
                let layout = texel_layout(resource, uav_format(resource)?);
                let words = words(data, Some(uav_texture_bytes(resource, &layout)?))?;
                let range = 0..words.len();
                let view = UavView::new(words, range, 0, 0).with_texels(layout);
                self.uavs.insert(resource.slot, (Arc::new(view), Some(layout), 0));
            }
            Kind::Texture | Kind::Buffer => {
                let (words, format) = buffer_words(resource, data)?;
                let range = 0..words.len();
                let mut view = WordView::new(Arc::new(words), range).with_stride(resource.stride_bytes);
                if let Some(format) = format {
                    view = view.with_format(format);
                }
                self.buffers.insert(resource.slot, (view, format, resource.stride_bytes));
            }
            Kind::UavBuffer => {
                let (words, format) = buffer_words(resource, data)?;
                let layout = format.map(|format| TexelLayout::buffer(format, &words));
                let range = 0..words.len();
                let mut view = UavView::new(words, range, resource.stride_bytes, resource.counter);
                if let Some(layout) = layout {
                    view = view.with_texels(layout);
                }
                self.uavs.insert(resource.slot, (Arc::new(view), layout, resource.stride_bytes));
            }
        }
        Ok(())
    }

    /// The slot must exist and be free.
    fn check_slot(&self, resource: &case::Resource) -> Result<(), String> {
        let slot = resource.slot;
        let (limit, taken) = match resource.kind {
            Kind::Texture | Kind::Buffer => (
                limits::RESOURCE_SLOTS,
                self.textures.contains_key(&(Kind::Texture, slot)) || self.buffers.contains_key(&slot),
            ),
            Kind::UavTexture | Kind::UavBuffer => (UAV_SLOTS, self.uavs.contains_key(&slot)),
            kind => {
                let limit = if kind == Kind::DepthStencil { 1 } else { MAX_TARGETS };
                (limit, self.textures.contains_key(&(kind, slot)))
            }
        };
        match taken {
            _ if slot as usize >= limit => Err(format!("there are {limit} slots")),
            true => Err("the slot is taken".into()),
            false => Ok(()),
        }
    }

    /// What a stage's shader has bound.
    pub(super) fn bindings(&self, stage: StageName) -> Result<StageBindings, String> {
        let mut bindings = StageBindings {
            constants: match &self.direct3d9 {
                Some(direct3d9) => direct3d9.constants(stage),
                None => {
                    self.constants.iter().map(|words| WordView::new(words.clone(), 0..words.len())).collect()
                }
            },
            samplers: self.samplers.clone(),
            samples: self.targets().map(|t| t.desc().samples).next().unwrap_or(1),
            unbound_texel: match self.rules {
                Rules::D3d11 => [0; 4],
                Rules::D3d9 => [0, 0, 0, 1.0_f32.to_bits()],
            },
            ..Default::default()
        };
        let Some(program) = self.shaders.get(&stage).map(|shader| shader.program()) else {
            return Ok(bindings);
        };
        for range in program.resources() {
            for slot in slots(range.first, range.last, limits::RESOURCE_SLOTS) {
                let texture = self.textures.get(&(Kind::Texture, slot as u32));
                let view = match (texture, self.buffers.get(&(slot as u32))) {
                    (Some((texture, shape)), _) => {
                        let desc = texture.desc();
                        let dimension = view_dimension(range.dimension)
                            .or_else(|| undeclared(range.dimension, *shape))
                            .ok_or_else(|| format!("t{slot} is declared as {:?}", range.dimension))?;
                        let view = TextureView::new(
                            texture.clone(),
                            desc.format,
                            dimension,
                            0..desc.mip_levels,
                            0..desc.layers,
                        );
                        Some(ResourceView::Texture(view.map_err(|error| format!("t{slot}: {error}"))?))
                    }
                    (None, Some(_)) if view_dimension(range.dimension).is_some() => {
                        return Err(format!("t{slot} is declared as {:?}, but is a buffer", range.dimension));
                    }
                    (None, Some((view, ..))) => Some(ResourceView::Buffer(view.clone())),
                    (None, None) => None,
                };
                put(&mut bindings.resources, slot, view);
            }
        }
        for range in program.uavs() {
            for slot in slots(range.first, range.last, UAV_SLOTS) {
                put(&mut bindings.uavs, slot, self.uavs.get(&(slot as u32)).map(|(view, ..)| view.clone()));
            }
        }
        Ok(bindings)
    }

    /// The bound targets, colours first.
    pub(super) fn targets(&self) -> impl Iterator<Item = &Arc<Texture>> {
        let is_target = |kind: Kind| matches!(kind, Kind::RenderTarget | Kind::DepthStencil);
        self.textures.iter().filter(move |((kind, _), _)| is_target(*kind)).map(|(_, (texture, _))| texture)
    }

    /// What a resource holds now.
    pub fn contents(&self, kind: Kind, slot: u32) -> Result<Contents, String> {
        let missing = || missing(kind, slot);
        Ok(match kind {
            Kind::Buffer => {
                let (view, format, stride) = self.buffers.get(&slot).ok_or_else(missing)?;
                Contents::Elements(elements(view.words(), *format, *stride))
            }
            Kind::UavBuffer => {
                let (view, layout, stride) = self.uav(kind, slot)?;
                Contents::Elements(elements(&view.contents().0, layout.map(|l| l.format), *stride))
            }
            Kind::UavTexture => {
                let (view, layout, _) = self.uav(kind, slot)?;
                let layout = layout.ok_or_else(missing)?;
                let [width, height, layers] = layout.extent;
                let desc = TextureDesc { format: layout.format, width, height, layers, ..Default::default() };
                let mut texture = Texture::new(desc).map_err(|error| error.to_string())?;
                fill(&mut texture, bytemuck::cast_slice(&view.contents().0))?;
                Contents::Texture(Arc::new(texture))
            }
            _ => Contents::Texture(self.textures.get(&(kind, slot)).ok_or_else(missing)?.0.clone()),
        })
    }

    /// An unordered access view.
    pub(super) fn uav(&self, kind: Kind, slot: u32) -> Result<&Uav, String> {
        let wanted = matches!(kind, Kind::UavTexture | Kind::UavBuffer);
        self.uavs.get(&slot).filter(|_| wanted).ok_or_else(|| missing(kind, slot))
    }

    /// Runs the compute shader.
    pub fn dispatch(&mut self, groups: [u32; 3]) -> Result<(), Trouble> {
        let shader = self.shaders.get(&StageName::Cs).map(|shader| shader.program());
        let shader = shader.ok_or_else(|| "there is no cs".to_owned())?;
        let bindings = self.bindings(StageName::Cs)?;
        let budget = Budget::with_engine(limits::SUBMISSION_BUDGET, self.engine);
        let mut work = Work::default();
        compute::run(shader, &bindings, groups, &budget, &mut work).map_err(|_| Failure::Timeout.into())
    }
}

/// Every mip level and layer or slice.
pub(super) fn each_image(desc: &TextureDesc, mut f: impl FnMut(u32, u32)) {
    for mip in 0..desc.mip_levels {
        for z in 0..desc.layers.max(desc.mip_extent(mip)[2]) {
            f(mip, z);
        }
    }
}

/// A Direct3D 9 sampler without a declaration takes what is bound; one-dimensional textures are a row of two dimensions.
fn undeclared(declared: ResourceDimension, shape: Dimension) -> Option<ViewDimension> {
    match (declared, shape) {
        (ResourceDimension::Unknown, Dimension::D1 | Dimension::D2) => Some(ViewDimension::Texture2D),
        (ResourceDimension::Unknown, Dimension::Cube) => Some(ViewDimension::Cube),
        (ResourceDimension::Unknown, Dimension::D3) => Some(ViewDimension::Texture3D),
        _ => None,
    }
}

/// The slots of a declared range.
fn slots(first: u32, last: u32, limit: usize) -> Range<usize> {
    (first as usize).min(limit)..(last as usize).saturating_add(1).min(limit)
}

fn put<T>(slots: &mut Vec<Option<T>>, at: usize, value: Option<T>) {
    if slots.len() <= at {
        slots.resize_with(at + 1, || None);
    }
    slots[at] = value;
}

/// A format by its DXGI name in lower case.
pub(super) fn format(name: &str) -> Result<Format, String> {
    name.parse().map_err(|_| format!("format \"{name}\" is not known"))
}

fn texture(resource: &case::Resource, data: Option<Vec<u8>>) -> Result<Texture, String> {
    let format = format(resource.format.as_deref().ok_or("a texture needs a format")?)?;
    let fits = match resource.kind {
        Kind::RenderTarget => !format.is_depth() && !format.is_block_compressed(),
        Kind::DepthStencil => format.is_depth(),
        _ => true,
    };
    if !fits {
        return Err(format!("{format} cannot be its format"));
    }
    let volume = resource.dimension == Dimension::D3;
    let cube = if resource.dimension == Dimension::Cube { 6 } else { 1 };
    let desc = TextureDesc {
        dimension: if volume { TextureDimension::Texture3D } else { TextureDimension::Texture2D },
        format,
        width: resource.width,
        height: resource.height,
        depth: resource.depth,
        mip_levels: resource.mips,
        layers: resource.layers.unwrap_or(cube),
        samples: resource.samples,
    };
    let mut texture = Texture::new(desc).map_err(|error| error.to_string())?;
    match data.map(|data| fill(&mut texture, &data)).transpose()? {
        // Numbers in the case are whole words.
        None | Some(0..=3) => Ok(texture),
        Some(rest) => Err(format!("its data has {rest} bytes more than its texels")),
    }
}

/// Writes tight rows: all layers of a mip level before the next level. Says how many bytes are left.
fn fill(texture: &mut Texture, data: &[u8]) -> Result<usize, String> {
    let desc = *texture.desc();
    let (edge, block) = (desc.format.block_extent(), desc.format.block_bytes());
    let mut rest = data;
    let mut missing = false;
    each_image(&desc, |mip, z| {
        let [width, height, _] = desc.mip_extent(mip);
        let pitch = width.div_ceil(edge) as usize * block * desc.samples as usize;
        let (bytes, after) =
            rest.split_at_checked(pitch * height.div_ceil(edge) as usize).unwrap_or_default();
        missing |= bytes.is_empty();
        let image = texture.image_mut(mip, z);
        let rect = image.rect();
        image.write_rows(rect, bytes, pitch);
        rest = after;
    });
    if missing { Err("its data is shorter than its texels".into()) } else { Ok(rest.len()) }
}

/// The format of texels that shaders write one by one.
fn uav_format(resource: &case::Resource) -> Result<Format, String> {
    let format = format(resource.format.as_deref().ok_or("it needs a format")?)?;
    let fits = !format.is_depth() && !format.is_block_compressed();
    fits.then_some(format).ok_or_else(|| format!("{format} cannot be its format"))
}

fn uav_texture_bytes(resource: &case::Resource, layout: &TexelLayout) -> Result<usize, String> {
    if (resource.mips, resource.samples) != (1, 1) {
        return Err("it has one mip level and one sample".into());
    }
    let texels = layout.extent.iter().try_fold(layout.format.block_bytes(), |product, &size| {
        product.checked_mul(size as usize).filter(|&bytes| bytes <= case::MAX_RESOURCE_BYTES)
    });
    texels.ok_or_else(|| format!("it has more than {} bytes", case::MAX_RESOURCE_BYTES))
}

/// Words of a buffer, and the format of its elements when they are texels: neither structures nor raw.
fn buffer_words(
    resource: &case::Resource,
    data: Option<Vec<u8>>,
) -> Result<(Vec<u32>, Option<Format>), String> {
    if data.is_none() && resource.size_bytes.is_none() {
        return Err("a buffer needs size_bytes or data".into());
    }
    if !resource.stride_bytes.is_multiple_of(4) {
        return Err("structures are whole words".into());
    }
    let typed = resource.format.is_some() && !resource.raw && resource.stride_bytes == 0;
    let format = typed.then(|| uav_format(resource)).transpose()?;
    Ok((words(data, resource.size_bytes.map(|bytes| bytes as usize))?, format))
}

fn texel_layout(resource: &case::Resource, format: Format) -> TexelLayout {
    let layers = resource.layers.unwrap_or(1);
    let (extent, axes, layers) = match resource.dimension {
        Dimension::D3 => ([resource.width, resource.height, resource.depth], 3, None),
        Dimension::D2Array | Dimension::Cube => ([resource.width, resource.height, layers], 3, Some(2)),
        Dimension::D1 => ([resource.width, 1, 1], 1, None),
        Dimension::D2 | Dimension::D2Ms | Dimension::Buffer => {
            ([resource.width, resource.height, 1], 2, None)
        }
    };
    TexelLayout { format, extent, axes, layers }
}

/// Bytes as words, zeros to `size`.
fn words(data: Option<Vec<u8>>, size: Option<usize>) -> Result<Vec<u32>, String> {
    let mut bytes = data.unwrap_or_default();
    let size = size.unwrap_or(bytes.len());
    if bytes.len() > size {
        return Err(format!("its data has {} bytes, it has {size}", bytes.len()));
    }
    if size > case::MAX_RESOURCE_BYTES {
        return Err(format!("{size} bytes are more than {}", case::MAX_RESOURCE_BYTES));
    }
    bytes.resize(size.next_multiple_of(4), 0);
    Ok(bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect())
}

/// A buffer's elements: texels as register bits, structures or single words.
fn elements(words: &[u32], format: Option<Format>, stride: u32) -> Vec<Vec<u32>> {
    match format {
        Some(format) => {
            let texels = bytemuck::cast_slice::<u32, u8>(words).chunks_exact(format.block_bytes());
            texels.map(|texel| format.decode_texel(texel).to_vec()).collect()
        }
        None => words.chunks(((stride / 4) as usize).max(1)).map(<[u32]>::to_vec).collect(),
    }
}

fn sampler_state(sampler: &Sampler, rules: Rules) -> SamplerState {
    let default = SamplerState::default();
    let [min, mag, mip] = sampler.filter.unwrap_or([FilterName::Linear; 3]);
    let filter = |name| match name {
        FilterName::None | FilterName::Point => Filter::Point,
        FilterName::Linear => Filter::Linear,
        FilterName::Anisotropic => Filter::Anisotropic,
    };
    let address = |name| match name {
        AddressName::Wrap => aerogpu_raster::sampler::AddressMode::Wrap,
        AddressName::Mirror => aerogpu_raster::sampler::AddressMode::Mirror,
        AddressName::Clamp => aerogpu_raster::sampler::AddressMode::Clamp,
        AddressName::Border => aerogpu_raster::sampler::AddressMode::Border,
        AddressName::MirrorOnce => aerogpu_raster::sampler::AddressMode::MirrorOnce,
    };
    SamplerState {
        min_filter: filter(min),
        mag_filter: filter(mag),
        mip_filter: match mip {
            FilterName::None => MipFilter::None,
            FilterName::Point => MipFilter::Point,
            FilterName::Linear | FilterName::Anisotropic => MipFilter::Linear,
        },
        address: sampler.address.map_or(default.address, |names| names.map(address)),
        lod_bias: sampler.lod_bias.unwrap_or(default.lod_bias),
        min_lod: sampler.min_lod.unwrap_or(default.min_lod),
        max_lod: sampler.max_lod.unwrap_or(default.max_lod),
        max_anisotropy: sampler.max_anisotropy.unwrap_or(default.max_anisotropy),
        compare: sampler.compare.map_or(default.compare, super::draw::compare),
        border: sampler.border.unwrap_or(default.border),
        seamless_cubes: rules == Rules::D3d11,
        ..default
    }
}
