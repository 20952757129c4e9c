//! Signatures: which semantic lies in which register (`ISGN`, `OSGN`, `PCSG` and their younger forms).

/// The type of a signature element's components.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[allow(missing_docs, reason = "the variants name the types")]
pub enum ComponentType {
    #[default]
    Unknown,
    Uint,
    Sint,
    Float,
}

/// One element of a signature.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SignatureElement {
    /// Semantic name without its index; compared without case.
    pub name: String,
    /// Semantic index.
    pub index: u32,
    /// System value (`D3D_NAME`: 0 none, 1 position, 6 vertex id, 8 instance id, ...). Pixel shader targets, depth and
    /// coverage carry 0 here: tell them by name.
    pub system_value: u32,
    /// Component type.
    pub component_type: ComponentType,
    /// Register, or `None` for values that have a register file of their own (depth, coverage, primitive id).
    pub register: Option<u32>,
    /// Components that the element occupies (bit 0 is x).
    pub mask: u8,
    /// Inputs: components that are always read. Outputs: components that are never written.
    pub rw_mask: u8,
    /// Geometry shader stream.
    pub stream: u32,
    /// Least precision (0 for the default).
    pub min_precision: u32,
}

impl SignatureElement {
    /// True when the element has this semantic.
    pub fn is(&self, name: &str, index: u32) -> bool {
        self.index == index && self.name.eq_ignore_ascii_case(name)
    }
}

/// A signature: its elements in stream order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signature {
    /// The elements.
    pub elements: Vec<SignatureElement>,
}

impl Signature {
    /// The element with this semantic.
    pub fn find(&self, name: &str, index: u32) -> Option<&SignatureElement> {
        self.elements.iter().find(|e| e.is(name, index))
    }

    /// One more than the highest register, 0 for none.
    pub fn registers(&self) -> usize {
        self.elements.iter().filter_map(|e| e.register).map(|r| r as usize + 1).max().unwrap_or(0)
    }
}

/// The three signatures of a shader.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signatures {
    /// What comes in.
    pub inputs: Signature,
    /// What goes out.
    pub outputs: Signature,
    /// Hull shader output and domain shader input of the whole patch.
    pub patch_constants: Signature,
}
