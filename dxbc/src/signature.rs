//! Signatures: which semantic lies in which register (`ISGN`, `OSGN`, `PCSG` and their younger forms).

use crate::container::{ContainerError, bytes_at, word_at};
use crate::limits;

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

impl ComponentType {
    /// The type with this number in a signature chunk.
    pub const fn from_number(number: u32) -> Self {
        match number {
            1 => Self::Uint,
            2 => Self::Sint,
            3 => Self::Float,
            _ => Self::Unknown,
        }
    }
}

/// The three layouts of an element in a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureKind {
    /// `ISGN`, `OSGN`, `PCSG`: 24 bytes.
    Plain,
    /// `OSG5`: a stream index before the plain element.
    Streams,
    /// `ISG1`, `OSG1`, `PSG1`: a stream index before, a least precision after the plain element.
    MinPrecision,
}

impl SignatureKind {
    const fn element_bytes(self) -> usize {
        match self {
            Self::Plain => 24,
            Self::Streams => 28,
            Self::MinPrecision => 32,
        }
    }
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

/// Bytes of a chunk before its first element.
const HEADER_BYTES: usize = 8;

/// The register field of an element that has none.
const NO_REGISTER: u32 = u32::MAX;

impl Signature {
    /// Reads the payload of a signature chunk (`spec` 1) that starts at byte `offset` of its container.
    ///
    /// # Errors
    /// When an element or a name leaves the chunk, or there are more of them than [`limits`] allows.
    pub fn parse(data: &[u8], offset: usize, kind: SignatureKind) -> Result<Self, ContainerError> {
        Self::parse_payload(data, kind).map_err(|error| error.moved(offset))
    }

    fn parse_payload(data: &[u8], kind: SignatureKind) -> Result<Self, ContainerError> {
        let count = word_at(data, 0, "signature element count")? as usize;
        let first = word_at(data, 4, "signature element offset")? as usize;
        let limit = limits::SIGNATURE_ELEMENTS;
        if count > limit {
            return Err(ContainerError::TooMany { what: "signature elements", offset: 0, count, limit });
        }
        let size = kind.element_bytes();
        let elements = bytes_at(data, first, count * size, "signature elements")?;
        let elements = elements.chunks_exact(size).map(|element| Self::parse_element(data, element, kind));
        Ok(Self { elements: elements.collect::<Result<_, _>>()? })
    }

    fn parse_element(
        data: &[u8],
        element: &[u8],
        kind: SignatureKind,
    ) -> Result<SignatureElement, ContainerError> {
        let start = if kind == SignatureKind::Plain { 0 } else { 4 };
        let word = |place: usize| word_at(element, start + 4 * place, "signature element");
        let masks = word(5)?;
        Ok(SignatureElement {
            name: string_at(data, word(0)? as usize)?,
            index: word(1)?,
            system_value: word(2)?,
            component_type: ComponentType::from_number(word(3)?),
            register: Some(word(4)?).filter(|&register| register != NO_REGISTER),
            mask: masks as u8 & 0xf,
            rw_mask: (masks >> 8) as u8 & 0xf,
            stream: if kind == SignatureKind::Plain { 0 } else { word_at(element, 0, "stream")? },
            min_precision: if kind == SignatureKind::MinPrecision { word(6)? } else { 0 },
        })
    }

    /// The layout that keeps every field of this signature.
    pub fn kind(&self) -> SignatureKind {
        if self.elements.iter().any(|e| e.min_precision != 0) {
            SignatureKind::MinPrecision
        } else if self.elements.iter().any(|e| e.stream != 0) {
            SignatureKind::Streams
        } else {
            SignatureKind::Plain
        }
    }

    /// The payload of a signature chunk. Equal names are stored once.
    pub fn encode(&self, kind: SignatureKind) -> Vec<u8> {
        let names_start = HEADER_BYTES + kind.element_bytes() * self.elements.len();
        let mut names: Vec<u8> = Vec::new();
        let mut known: Vec<(&str, u32)> = Vec::new();
        let mut words = vec![self.elements.len() as u32, HEADER_BYTES as u32];
        for element in &self.elements {
            let place = known.iter().find(|(name, _)| *name == element.name).map(|&(_, place)| place);
            let place = place.unwrap_or_else(|| {
                let place = (names_start + names.len()) as u32;
                known.push((&element.name, place));
                names.extend(element.name.bytes());
                names.push(0);
                place
            });
            words.extend((kind != SignatureKind::Plain).then_some(element.stream));
            words.extend([place, element.index, element.system_value, element.component_type as u32]);
            words.push(element.register.unwrap_or(NO_REGISTER));
            words.push(u32::from(element.mask) | u32::from(element.rw_mask) << 8);
            words.extend((kind == SignatureKind::MinPrecision).then_some(element.min_precision));
        }
        let mut bytes: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        bytes.extend(names);
        bytes
    }
}

/// The NUL-terminated string at this offset; bytes that are not UTF-8 are replaced.
pub(crate) fn string_at(data: &[u8], offset: usize) -> Result<String, ContainerError> {
    let rest = data.get(offset..).unwrap_or_default();
    let window = &rest[..rest.len().min(limits::NAME_BYTES)];
    match window.iter().position(|&byte| byte == 0) {
        Some(length) => Ok(String::from_utf8_lossy(&window[..length]).into_owned()),
        None if window.len() == limits::NAME_BYTES => {
            let (count, limit) = (rest.len(), limits::NAME_BYTES);
            Err(ContainerError::TooMany { what: "bytes of a name", offset, count, limit })
        }
        None => {
            let (needed, available) = (rest.len() + 1, rest.len());
            Err(ContainerError::Truncated { what: "name", offset, needed, available })
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Signature {
        let element = |name: &str, index, register| SignatureElement {
            name: name.into(),
            index,
            component_type: ComponentType::Float,
            register,
            mask: 0xf,
            rw_mask: 0x3,
            ..SignatureElement::default()
        };
        let mut elements = vec![element("TEXCOORD", 0, Some(0)), element("TEXCOORD", 1, Some(1))];
        elements.push(SignatureElement { system_value: 1, ..element("SV_Depth", 0, None) });
        Signature { elements }
    }

    #[test]
    fn each_layout_round_trips() {
        let mut signature = example();
        assert_eq!(signature.kind(), SignatureKind::Plain);
        let plain = signature.encode(SignatureKind::Plain);
        assert_eq!(plain.len(), 8 + 3 * 24 + "TEXCOORD\0SV_Depth\0".len());
        assert_eq!(Signature::parse(&plain, 0, SignatureKind::Plain).as_ref(), Ok(&signature));

        signature.elements[1].stream = 3;
        assert_eq!(signature.kind(), SignatureKind::Streams);
        let streams = signature.encode(SignatureKind::Streams);
        assert_eq!(Signature::parse(&streams, 0, SignatureKind::Streams).as_ref(), Ok(&signature));

        signature.elements[0].min_precision = 1;
        assert_eq!(signature.kind(), SignatureKind::MinPrecision);
        let precise = signature.encode(SignatureKind::MinPrecision);
        assert_eq!(Signature::parse(&precise, 0, SignatureKind::MinPrecision).as_ref(), Ok(&signature));
    }

    #[test]
    fn errors_say_where_in_the_container() {
        let bytes = example().encode(SignatureKind::Plain);
        let error = Signature::parse(&bytes[..79], 100, SignatureKind::Plain);
        let expected =
            ContainerError::Truncated { what: "signature elements", offset: 108, needed: 72, available: 71 };
        assert_eq!(error, Err(expected));
        let error = Signature::parse(&bytes[..bytes.len() - 1], 100, SignatureKind::Plain);
        assert!(
            matches!(error, Err(ContainerError::Truncated { what: "name", offset: 189, .. })),
            "{error:?}"
        );
    }

    #[test]
    fn semantics_compare_without_case() {
        assert!(example().find("texcoord", 1).is_some());
        assert_eq!(example().registers(), 2);
    }
}
