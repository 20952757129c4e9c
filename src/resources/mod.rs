//! Buffers and textures: what exists, under which handles, and who shares it.
//!
//! A *resource* lives under the number of the handle that created it (its [`ResourceId`]) until that handle and every
//! imported alias are gone. Share tokens name resources across processes; a token that was released, or whose resource
//! died, never comes back.

mod buffer;
mod dirty;
mod guest;
mod snapshot;
mod texture;
mod view;

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

pub use buffer::Buffer;
pub use dirty::DirtyRanges;
pub use guest::{AllocError, Guest};
pub use texture::{Frozen, Subresources, Texture, TextureDesc, raster_format};
pub use view::View;

use crate::limits;

/// Identity of a live resource: the handle that created it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(pub u32);

/// Guest memory behind a resource, by allocation: addresses change from submission to submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backing {
    /// Key into a submission's allocation table.
    pub alloc_id: u32,
    /// Bytes from the start of the allocation.
    pub offset: u64,
}

/// Why a resource command failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResourceError {
    /// Handle 0 names nothing.
    #[error("handle 0 cannot name a {0}")]
    NullHandle(&'static str),
    /// The handle is not alive.
    #[error("no {kind} has handle {handle}; create it first")]
    Unknown {
        /// What was expected.
        kind: &'static str,
        /// The handle.
        handle: u32,
    },
    /// The handle names something else.
    #[error("handle {0} is in use; destroy it first")]
    InUse(u32),
    /// A live handle was created again with another description.
    #[error("handle {0} is alive with a different description; only its backing may change")]
    DescriptionChanged(u32),
    /// A size or count is outside its bounds.
    #[error("{what} is {value}, which is outside {min}..={max}")]
    OutOfBounds {
        /// The field.
        what: &'static str,
        /// Its value.
        value: u64,
        /// Least value allowed.
        min: u64,
        /// Greatest value allowed.
        max: u64,
    },
    /// The format is not one of the protocol's.
    #[error("format {0} is not one of the protocol's")]
    Format(u32),
    /// The format cannot be used for this.
    #[error("format {format} cannot be {what}")]
    FormatUse {
        /// Name of the format.
        format: &'static str,
        /// What was asked of it.
        what: &'static str,
    },
    /// A range leaves its resource.
    #[error("{what}: bytes {offset}..+{len} leave its {size} bytes")]
    Range {
        /// Which range.
        what: &'static str,
        /// First byte.
        offset: u64,
        /// Length.
        len: u64,
        /// Size of what it should lie in.
        size: u64,
    },
    /// An offset or size is not a multiple of what it must be.
    #[error("{what} is {value}, which is not a multiple of {multiple}")]
    Unaligned {
        /// The field.
        what: &'static str,
        /// Its value.
        value: u64,
        /// What it must be a multiple of.
        multiple: u64,
    },
    /// All resources together would exceed their bound.
    #[error("resources would exceed {} bytes", limits::MAX_RESOURCE_BYTES)]
    OutOfMemory,
    /// Too many objects are alive.
    #[error("more than {} objects are alive", limits::MAX_OBJECTS)]
    TooMany,
    /// Token 0, or a token that was released.
    #[error("share token {0:#x} is not valid: {1}")]
    Token(u64, &'static str),
    /// Guest memory behind a resource cannot be reached.
    #[error(transparent)]
    Guest(#[from] AllocError),
    /// A texture's description makes no sense.
    #[error(transparent)]
    Layout(#[from] aerogpu_protocol::LayoutError),
    /// The rasterizer refused a texture's shape.
    #[error(transparent)]
    Surface(#[from] aerogpu_raster::surface::SurfaceError),
}

/// A buffer or a texture.
#[derive(Debug)]
pub enum Resource {
    /// A buffer.
    Buffer(Buffer),
    /// A texture.
    Texture(Texture),
}

impl Resource {
    /// Host memory that it may come to take.
    fn memory_bytes(&self) -> u64 {
        match self {
            Self::Buffer(buffer) => buffer.size(),
            Self::Texture(texture) => texture.memory_bytes(),
        }
    }
}

#[derive(Debug)]
struct Entry {
    resource: Resource,
    /// The creating handle, if it is alive, and every alias.
    references: u32,
    original_alive: bool,
}

/// Every resource of the device, with the handles and tokens that name them.
#[derive(Debug, Default)]
pub struct ResourceTable {
    entries: FxHashMap<ResourceId, Entry>,
    aliases: FxHashMap<u32, ResourceId>,
    views: FxHashMap<u32, View>,
    tokens: BTreeMap<u64, ResourceId>,
    retired: FxHashSet<u64>,
    bytes: u64,
}

impl ResourceTable {
    /// The resource that a buffer or texture handle names.
    pub fn resolve(&self, handle: u32) -> Option<ResourceId> {
        if let Some(&id) = self.aliases.get(&handle) {
            return Some(id);
        }
        let id = ResourceId(handle);
        self.entries.get(&id).filter(|e| e.original_alive).map(|_| id)
    }

    /// A live resource.
    pub fn get(&self, id: ResourceId) -> Option<&Resource> {
        self.entries.get(&id).map(|e| &e.resource)
    }

    /// A live buffer.
    pub fn buffer(&self, id: ResourceId) -> Option<&Buffer> {
        match self.get(id)? {
            Resource::Buffer(buffer) => Some(buffer),
            Resource::Texture(_) => None,
        }
    }

    /// A live buffer, to be changed.
    pub fn buffer_mut(&mut self, id: ResourceId) -> Option<&mut Buffer> {
        match &mut self.entries.get_mut(&id)?.resource {
            Resource::Buffer(buffer) => Some(buffer),
            Resource::Texture(_) => None,
        }
    }

    /// A live texture.
    pub fn texture(&self, id: ResourceId) -> Option<&Texture> {
        match self.get(id)? {
            Resource::Texture(texture) => Some(texture),
            Resource::Buffer(_) => None,
        }
    }

    /// A live texture, to be changed.
    pub fn texture_mut(&mut self, id: ResourceId) -> Option<&mut Texture> {
        match &mut self.entries.get_mut(&id)?.resource {
            Resource::Texture(texture) => Some(texture),
            Resource::Buffer(_) => None,
        }
    }

    /// The buffer that `handle` names.
    pub fn buffer_id(&self, handle: u32) -> Result<ResourceId, ResourceError> {
        self.resolve(handle)
            .filter(|&id| self.buffer(id).is_some())
            .ok_or(ResourceError::Unknown { kind: "buffer", handle })
    }

    /// The texture that `handle` names; views are not textures.
    pub fn texture_id(&self, handle: u32) -> Result<ResourceId, ResourceError> {
        self.resolve(handle)
            .filter(|&id| self.texture(id).is_some())
            .ok_or(ResourceError::Unknown { kind: "texture", handle })
    }

    /// A view by its handle.
    pub fn view(&self, handle: u32) -> Option<&View> {
        self.views.get(&handle)
    }

    /// Takes a new resource under `handle`, which must be free.
    pub fn insert(&mut self, handle: u32, resource: Resource) -> Result<(), ResourceError> {
        self.check_free(handle)?;
        let bytes = self.bytes.saturating_add(resource.memory_bytes());
        if bytes > limits::MAX_RESOURCE_BYTES {
            return Err(ResourceError::OutOfMemory);
        }
        self.bytes = bytes;
        self.entries.insert(ResourceId(handle), Entry { resource, references: 1, original_alive: true });
        Ok(())
    }

    /// Fails unless a new object may take `handle`.
    pub fn check_free(&self, handle: u32) -> Result<(), ResourceError> {
        if handle == 0 {
            return Err(ResourceError::NullHandle("resource"));
        }
        if self.entries.contains_key(&ResourceId(handle))
            || self.aliases.contains_key(&handle)
            || self.views.contains_key(&handle)
        {
            return Err(ResourceError::InUse(handle));
        }
        if self.entries.len() + self.aliases.len() + self.views.len() >= limits::MAX_OBJECTS {
            return Err(ResourceError::TooMany);
        }
        Ok(())
    }

    /// Takes a view under `handle`, which must be free.
    pub fn insert_view(&mut self, handle: u32, view: View) -> Result<(), ResourceError> {
        self.check_free(handle)?;
        self.views.insert(handle, view);
        Ok(())
    }

    /// Destroys a view; unknown handles are ignored.
    pub fn destroy_view(&mut self, handle: u32) {
        self.views.remove(&handle);
    }

    /// Destroys a handle. Returns the resource's identity when this was its last reference.
    pub fn destroy(&mut self, handle: u32) -> Option<ResourceId> {
        let id = match self.aliases.remove(&handle) {
            Some(id) => id,
            None => {
                let id = ResourceId(handle);
                let entry = self.entries.get_mut(&id).filter(|e| e.original_alive)?;
                entry.original_alive = false;
                id
            }
        };
        let entry = self.entries.get_mut(&id)?;
        entry.references -= 1;
        if entry.references > 0 {
            return None;
        }
        self.bytes -= entry.resource.memory_bytes();
        self.entries.remove(&id);
        self.views.retain(|_, view| view.texture != id);
        let dead: Vec<u64> = self.tokens.iter().filter(|&(_, &owner)| owner == id).map(|(&t, _)| t).collect();
        dead.into_iter().for_each(|token| self.retire(token));
        Some(id)
    }

    /// Gives the resource behind `handle` the name `token`.
    pub fn export(&mut self, handle: u32, token: u64) -> Result<(), ResourceError> {
        let id = self.resolve(handle).ok_or(ResourceError::Unknown { kind: "resource", handle })?;
        if token == 0 {
            return Err(ResourceError::Token(token, "0 is no token"));
        }
        if self.retired.contains(&token) {
            return Err(ResourceError::Token(token, "it was released"));
        }
        match self.tokens.get(&token) {
            Some(&owner) if owner != id => Err(ResourceError::Token(token, "it names another resource")),
            Some(_) => Ok(()),
            None if self.tokens.len() >= limits::MAX_OBJECTS => Err(ResourceError::TooMany),
            None => {
                self.tokens.insert(token, id);
                Ok(())
            }
        }
    }

    /// Makes `handle` an alias of the resource named `token`.
    pub fn import(&mut self, handle: u32, token: u64) -> Result<(), ResourceError> {
        if handle == 0 {
            return Err(ResourceError::NullHandle("resource"));
        }
        let id = *self.tokens.get(&token).ok_or(ResourceError::Token(token, "no resource has it"))?;
        match self.aliases.get(&handle) {
            Some(&target) if target == id => return Ok(()),
            Some(_) => return Err(ResourceError::InUse(handle)),
            None => self.check_free(handle)?,
        }
        self.refer(handle, id);
        Ok(())
    }

    /// Makes a free handle an alias of a live resource.
    fn refer(&mut self, handle: u32, id: ResourceId) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.references += 1;
            self.aliases.insert(handle, id);
        }
    }

    /// Takes `token` out of use; aliases stay alive. Unknown tokens are ignored and stay usable.
    pub fn release(&mut self, token: u64) {
        if self.tokens.contains_key(&token) {
            self.retire(token);
        }
    }

    fn retire(&mut self, token: u64) {
        self.tokens.remove(&token);
        // Tokens are 64-bit numbers that the guest's kernel never reuses; the bound only stops a hostile guest, for
        // whom a token that could come back is harmless.
        if self.retired.len() < limits::MAX_RETIRED_TOKENS {
            self.retired.insert(token);
        }
    }
}

/// Checks that `offset..offset + len` lies inside `size`.
pub(crate) fn check_range(what: &'static str, offset: u64, len: u64, size: u64) -> Result<(), ResourceError> {
    match offset.checked_add(len) {
        Some(end) if end <= size => Ok(()),
        _ => Err(ResourceError::Range { what, offset, len, size }),
    }
}

/// Checks that `value` lies in `min..=max`.
pub(crate) fn check_bounds(what: &'static str, value: u64, min: u64, max: u64) -> Result<(), ResourceError> {
    if (min..=max).contains(&value) {
        Ok(())
    } else {
        Err(ResourceError::OutOfBounds { what, value, min, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer() -> Resource {
        Resource::Buffer(Buffer::new(16, 0, None).expect("small"))
    }

    #[test]
    fn an_alias_keeps_its_resource_alive_and_its_number_taken() {
        let mut table = ResourceTable::default();
        table.insert(1, buffer()).expect("free");
        table.export(1, 77).expect("new token");
        table.import(2, 77).expect("known token");
        table.import(2, 77).expect("idempotent");
        assert_eq!(table.destroy(1), None);
        assert_eq!(table.resolve(1), None);
        assert_eq!(table.resolve(2), Some(ResourceId(1)));
        assert_eq!(table.insert(1, buffer()), Err(ResourceError::InUse(1)));
        assert_eq!(table.destroy(1), None, "a second destroy does nothing");
        assert_eq!(table.destroy(2), Some(ResourceId(1)));
        table.insert(1, buffer()).expect("free again");
        assert!(table.export(1, 77).is_err(), "the token retired with its resource");
    }

    #[test]
    fn releasing_an_unknown_token_leaves_it_usable() {
        let mut table = ResourceTable::default();
        table.release(5);
        table.insert(1, buffer()).expect("free");
        table.export(1, 5).expect("never used");
        table.release(5);
        assert!(table.import(2, 5).is_err());
        assert!(table.export(1, 5).is_err());
    }

    #[test]
    fn a_token_names_one_resource() {
        let mut table = ResourceTable::default();
        table.insert(1, buffer()).expect("free");
        table.insert(2, buffer()).expect("free");
        table.export(1, 9).expect("new");
        table.export(1, 9).expect("idempotent");
        assert!(table.export(2, 9).is_err());
        assert!(table.export(1, 0).is_err());
        assert!(table.import(0, 9).is_err());
        assert!(table.import(2, 9).is_err(), "a real resource is no alias");
    }
}
