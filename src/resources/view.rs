//! Views: ranges of a texture's subresources under handles of their own.

use aerogpu_protocol::Format;

use super::{ResourceError, ResourceId, Subresources, TextureDesc, check_bounds, check_range};

/// A range of a texture's subresources, perhaps under another format.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields are the packet's own")]
pub struct View {
    pub texture: ResourceId,
    pub format: Format,
    pub base_mip: u32,
    pub mip_levels: u32,
    pub base_layer: u32,
    pub array_layers: u32,
}

impl View {
    /// What it shows.
    pub fn subresources(&self) -> Subresources {
        Subresources {
            texture: self.texture,
            mips: self.base_mip..self.base_mip + self.mip_levels,
            layers: self.base_layer..self.base_layer + self.array_layers,
        }
    }

    /// Fails unless a texture of this description can be viewed so.
    pub fn check(&self, desc: &TextureDesc) -> Result<(), ResourceError> {
        if !same_size_class(self.format, desc.format) {
            let what = "viewed as a format of another size class";
            return Err(ResourceError::FormatUse { format: desc.format.name(), what });
        }
        let check = |what, base: u32, count: u32, have: u32| {
            check_bounds(what, u64::from(count), 1, u64::from(have.saturating_sub(base)).max(1))?;
            check_range(what, base.into(), count.into(), have.into())
        };
        check("view's mip levels", self.base_mip, self.mip_levels, desc.mip_levels)?;
        check("view's array layers", self.base_layer, self.array_layers, desc.array_layers)
    }
}

/// A view may change how bits are read, not how many there are: linear or sRGB, with or without alpha.
fn same_size_class(a: Format, b: Format) -> bool {
    a.is_block_compressed() == b.is_block_compressed()
        && a.is_depth() == b.is_depth()
        && a.bytes_per_block() == b.bytes_per_block()
        && (!a.is_block_compressed() || a.linear() == b.linear())
        && (!a.is_depth() || a == b)
}
