//! Input layouts: what an `ILAY` blob or a Direct3D 9 vertex declaration says (executor §10).

use aerogpu_protocol::input_layout::{InputLayoutError, is_ilay, parse_ilay, semantic_name_hash, write_ilay};
use aerogpu_protocol::packets::InputLayoutElementDxgi;
use aerogpu_raster::format::Format;

use crate::limits;

/// One element of a vertex.
#[derive(Debug, Clone, Copy)]
pub struct Element {
    semantic_hash: u32,
    semantic_index: u32,
    /// What it is made of.
    pub format: VertexFormat,
    /// Vertex buffer slot.
    pub slot: u32,
    /// Bytes from the start of the vertex.
    pub offset: u32,
    /// Instances a step for per-instance data (0 never steps); `None` for per-vertex data.
    pub step: Option<u32>,
}

/// How the bytes of an element become a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VertexFormat {
    format: Format,
    conversion: Conversion,
}

/// What Direct3D 9 does with integers: its registers hold floats alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Conversion {
    None,
    Unsigned,
    Signed,
    /// Three 10-bit integers (`UDEC3`).
    Udec3,
    /// Three signed 10-bit fractions (`DEC3N`).
    Dec3n,
}

/// A parsed input layout.
#[derive(Debug, Clone)]
pub struct InputLayout {
    elements: Vec<Element>,
    direct3d9: bool,
    transformed: bool,
    /// What was read of the blob.
    source: Box<[u8]>,
}

/// Why an input layout blob was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// The `ILAY` blob is malformed.
    #[error(transparent)]
    Blob(#[from] InputLayoutError),
    /// The vertex declaration ends inside an element.
    #[error("the vertex declaration ends after {0} bytes, inside an element")]
    Truncated(usize),
    /// A field of an element is out of bounds.
    #[error("element {element}: {what} {value} is not allowed")]
    Element {
        /// Index of the element.
        element: usize,
        /// The field.
        what: &'static str,
        /// Its value.
        value: u32,
    },
    /// More elements than Direct3D allows.
    #[error("{0} elements are more than Direct3D allows")]
    TooMany(usize),
    /// A Direct3D 9 declaration without its end marker.
    #[error("the vertex declaration has no end marker (stream 255)")]
    NoEnd,
}

impl InputLayout {
    /// Parses either kind of blob; the first word tells them apart.
    pub fn parse(blob: &[u8]) -> Result<Self, LayoutError> {
        if !is_ilay(blob) {
            return parse_declaration(blob);
        }
        let (elements, source) = parse_elements(blob)?;
        Ok(Self { elements, direct3d9: false, transformed: false, source })
    }

    /// A blob that gives this layout.
    pub fn source(&self) -> &[u8] {
        &self.source
    }

    /// The elements, in order.
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// True for a Direct3D 9 vertex declaration.
    pub fn is_direct3d9(&self) -> bool {
        self.direct3d9
    }

    /// True when positions have gone through the viewport (`POSITIONT`); the guest driver takes them back to clip space.
    pub fn is_transformed(&self) -> bool {
        self.transformed
    }

    /// The element with this semantic.
    pub fn find(&self, name_hash: u32, index: u32) -> Option<&Element> {
        self.elements.iter().find(|e| (e.semantic_hash, e.semantic_index) == (name_hash, index))
    }
}

fn parse_elements(blob: &[u8]) -> Result<(Vec<Element>, Box<[u8]>), LayoutError> {
    let raw = parse_ilay(blob)?;
    if raw.len() > limits::INPUT_ELEMENTS {
        return Err(LayoutError::TooMany(raw.len()));
    }
    let mut slot_ends = [0u32; limits::VERTEX_BUFFER_SLOTS];
    let raw: Vec<_> = raw.iter().collect();
    let parse = |(i, raw)| Element::parse(i, raw, &mut slot_ends);
    let elements = raw.iter().enumerate().map(parse).collect::<Result<_, _>>()?;
    Ok((elements, write_ilay(&raw).into()))
}

impl Element {
    fn parse(
        i: usize,
        raw: &InputLayoutElementDxgi,
        slot_ends: &mut [u32; limits::VERTEX_BUFFER_SLOTS],
    ) -> Result<Self, LayoutError> {
        let refuse = |what, value| LayoutError::Element { element: i, what, value };
        let format = vertex_format(raw.dxgi_format).ok_or(refuse("DXGI format", raw.dxgi_format))?;
        let slot_end =
            slot_ends.get_mut(raw.input_slot as usize).ok_or(refuse("input slot", raw.input_slot))?;
        let size = format.block_bytes() as u32;
        let align = size.min(4);
        // Direct3D packs an appended element at its own alignment.
        let offset = match raw.aligned_byte_offset {
            u32::MAX => slot_end.next_multiple_of(align),
            offset if offset > 1 << 16 => return Err(refuse("byte offset", offset)),
            offset => offset,
        };
        *slot_end = offset + size;
        let step = match raw.input_slot_class {
            0 => None,
            1 => Some(raw.instance_data_step_rate),
            class => return Err(refuse("input slot class", class)),
        };
        Ok(Self {
            semantic_hash: raw.semantic_name_hash,
            semantic_index: raw.semantic_index,
            format: VertexFormat { format, conversion: Conversion::None },
            slot: raw.input_slot,
            offset,
            step,
        })
    }
}

/// The formats that vertices may have (executor §10.2). The sRGB ones are not decoded.
fn vertex_format(dxgi: u32) -> Option<Format> {
    match dxgi {
        2..=4
        | 6..=8
        | 10..=14
        | 16..=18
        | 24
        | 28..=32
        | 34..=38
        | 41..=43
        | 49..=52
        | 54
        | 56..=59
        | 87
        | 91 => Format::from_dxgi(dxgi).map(Format::linear),
        _ => None,
    }
}

/// The elements of a `D3DVERTEXELEMENT9` array before its end marker. Unused elements are left out; methods are those of
/// a tessellator that no device has, and ignored.
fn parse_declaration(blob: &[u8]) -> Result<InputLayout, LayoutError> {
    const END: u16 = 0xff;
    const STREAMS: u16 = 16;
    const UNUSED: u8 = 17;
    const METHODS: u8 = 7;
    const POSITIONT: u8 = 9;
    let (mut elements, mut transformed) = (Vec::new(), false);
    for (i, raw) in blob.chunks(8).enumerate() {
        let &[stream_low, stream_high, offset_low, offset_high, kind, method, usage, index] = raw else {
            return Err(LayoutError::Truncated(blob.len()));
        };
        let stream = u16::from_le_bytes([stream_low, stream_high]);
        if stream == END {
            let source = blob[..8 * (i + 1)].into();
            return Ok(InputLayout { elements, direct3d9: true, transformed, source });
        }
        if i >= limits::DECLARATION_ELEMENTS {
            return Err(LayoutError::TooMany(i + 1));
        }
        let refuse = |what, value: u32| LayoutError::Element { element: i, what, value };
        if stream >= STREAMS {
            return Err(refuse("stream", stream.into()));
        }
        if method >= METHODS {
            return Err(refuse("method", method.into()));
        }
        let name = USAGES.get(usize::from(usage)).ok_or(refuse("usage", usage.into()))?;
        if kind == UNUSED {
            continue;
        }
        transformed |= usage == POSITIONT;
        elements.push(Element {
            semantic_hash: semantic_name_hash(name),
            semantic_index: index.into(),
            format: declaration_type(kind).ok_or(refuse("type", kind.into()))?,
            slot: stream.into(),
            offset: u16::from_le_bytes([offset_low, offset_high]).into(),
            step: None,
        });
    }
    Err(LayoutError::NoEnd)
}

/// Names by usage. Transformed positions are positions: the guest driver has taken them to clip space.
const USAGES: [&str; 14] = [
    "POSITION",
    "BLENDWEIGHT",
    "BLENDINDICES",
    "NORMAL",
    "PSIZE",
    "TEXCOORD",
    "TANGENT",
    "BINORMAL",
    "TESSFACTOR",
    "POSITION",
    "COLOR",
    "FOG",
    "DEPTH",
    "SAMPLE",
];

/// `D3DDECLTYPE`, as the DXGI format with its bytes and what is done to them.
fn declaration_type(kind: u8) -> Option<VertexFormat> {
    use Conversion::{Dec3n, None as Same, Signed, Udec3, Unsigned};
    let (dxgi, conversion) = match kind {
        0 => (41, Same),     // FLOAT1
        1 => (16, Same),     // FLOAT2
        2 => (6, Same),      // FLOAT3
        3 => (2, Same),      // FLOAT4
        4 => (87, Same),     // D3DCOLOR
        5 => (30, Unsigned), // UBYTE4
        6 => (38, Signed),   // SHORT2
        7 => (14, Signed),   // SHORT4
        8 => (28, Same),     // UBYTE4N
        9 => (37, Same),     // SHORT2N
        10 => (13, Same),    // SHORT4N
        11 => (35, Same),    // USHORT2N
        12 => (11, Same),    // USHORT4N
        13 => (42, Udec3),   // UDEC3
        14 => (42, Dec3n),   // DEC3N
        15 => (34, Same),    // FLOAT16_2
        16 => (10, Same),    // FLOAT16_4
        _ => return None,
    };
    Some(VertexFormat { format: Format::from_dxgi(dxgi)?, conversion })
}

impl VertexFormat {
    /// Size of an element.
    pub fn bytes(self) -> usize {
        self.format.block_bytes()
    }

    /// The format, if its components are whole words that registers take as they are.
    pub fn words(self) -> Option<Format> {
        let whole = self.format.components().iter().all(|c| c.bits == 32);
        (whole && self.conversion == Conversion::None).then_some(self.format)
    }

    /// The registers that elements behind each other fill; components that they lack are those of (0, 0, 0, 1).
    pub fn decode_row(self, bytes: &[u8], registers: &mut [[u32; 4]]) {
        self.format.decode_row(bytes, registers);
        if self.conversion != Conversion::None {
            registers.iter_mut().for_each(|words| *words = self.conversion.apply(*words));
        }
    }
}

impl Conversion {
    fn apply(self, words: [u32; 4]) -> [u32; 4] {
        let fields = [0, 10, 20].map(|shift| words[0] >> shift & 0x3ff);
        let three = |[x, y, z]: [f32; 3]| [x, y, z, 1.0].map(f32::to_bits);
        match self {
            Self::None => words,
            Self::Unsigned => words.map(|word| (word as f32).to_bits()),
            Self::Signed => words.map(|word| (word as i32 as f32).to_bits()),
            Self::Udec3 => three(fields.map(|field| field as f32)),
            Self::Dec3n => three(fields.map(|field| {
                let signed = (field << 22) as i32 >> 22;
                // The most negative code is -1 as well (d3d-rules §17.10).
                signed.max(-511) as f32 / 511.0
            })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A declaration of elements (stream, offset, type, usage, index).
    fn declaration(elements: &[(u16, u16, u8, u8, u8)]) -> Vec<u8> {
        let raw = elements.iter().flat_map(|&(stream, offset, kind, usage, index)| {
            let [a, b] = stream.to_le_bytes();
            let [c, d] = offset.to_le_bytes();
            [a, b, c, d, kind, 0, usage, index]
        });
        raw.chain([0xff, 0, 0, 0, 17, 0, 0, 0]).collect()
    }

    fn decode(kind: u8, bytes: &[u8]) -> [f32; 4] {
        let mut registers = [[0; 4]];
        declaration_type(kind).expect("a type").decode_row(bytes, &mut registers);
        registers[0].map(f32::from_bits)
    }

    #[test]
    fn every_type_of_a_declaration() {
        let floats: Vec<u8> = [1.0f32, -2.5, 8.0, 0.5].iter().flat_map(|f| f.to_le_bytes()).collect();
        assert_eq!(decode(0, &floats[..4]), [1.0, 0.0, 0.0, 1.0]);
        assert_eq!(decode(1, &floats[..8]), [1.0, -2.5, 0.0, 1.0]);
        assert_eq!(decode(2, &floats[..12]), [1.0, -2.5, 8.0, 1.0]);
        assert_eq!(decode(3, &floats), [1.0, -2.5, 8.0, 0.5]);
        // Blue first in memory.
        assert_eq!(decode(4, &[0, 51, 255, 102]), [1.0, 0.2, 0.0, 0.4]);
        assert_eq!(decode(5, &[1, 2, 255, 0]), [1.0, 2.0, 255.0, 0.0]);
        assert_eq!(decode(6, &[0xff, 0xff, 5, 0]), [-1.0, 5.0, 0.0, 1.0]);
        assert_eq!(decode(7, &[0, 0x80, 1, 0, 2, 0, 3, 0]), [-32768.0, 1.0, 2.0, 3.0]);
        assert_eq!(decode(8, &[255, 51, 0, 102]), [1.0, 0.2, 0.0, 0.4]);
        assert_eq!(decode(9, &[0, 0x80, 0xff, 0x7f]), [-1.0, 1.0, 0.0, 1.0]);
        assert_eq!(decode(10, &[1, 0x80, 0, 0, 0xff, 0x7f, 0, 0]), [-1.0, 0.0, 1.0, 0.0]);
        assert_eq!(decode(11, &[0xff, 0xff, 0x33, 0x33]), [1.0, 0.2, 0.0, 1.0]);
        assert_eq!(decode(12, &[0xff, 0xff, 0, 0, 0x33, 0x33, 0xff, 0xff]), [1.0, 0.0, 0.2, 1.0]);
        let packed = |x: u32, y: u32, z: u32| (x | y << 10 | z << 20 | 3 << 30).to_le_bytes();
        assert_eq!(decode(13, &packed(1, 1023, 512)), [1.0, 1023.0, 512.0, 1.0]);
        assert_eq!(decode(14, &packed(511, 512, 513)), [1.0, -1.0, -1.0, 1.0]);
        assert_eq!(decode(15, &[0, 0x3c, 0, 0xc0]), [1.0, -2.0, 0.0, 1.0]);
        assert_eq!(decode(16, &[0, 0x3c, 0, 0xc0, 0, 0x38, 0, 0]), [1.0, -2.0, 0.5, 0.0]);
        assert_eq!(declaration_type(17), None);
    }

    #[test]
    fn elements_are_found_by_usage_and_unused_ones_are_left_out() {
        let blob = declaration(&[(0, 0, 3, 9, 0), (0, 4, 17, 0, 0), (2, 16, 4, 10, 1)]);
        let layout = InputLayout::parse(&blob).expect("a declaration");
        assert!(layout.is_direct3d9());
        assert_eq!(layout.elements().len(), 2);
        let color = layout.find(semantic_name_hash("color"), 1).expect("COLOR1");
        assert_eq!((color.slot, color.offset), (2, 16));
        assert_eq!(layout.find(semantic_name_hash("POSITION"), 0).expect("POSITIONT").offset, 0);
        assert!(layout.find(semantic_name_hash("COLOR"), 0).is_none());
    }

    #[test]
    fn malformed_declarations_say_where() {
        let error = |blob: &[u8]| InputLayout::parse(blob).expect_err("malformed");
        let refused = |element, what, value| LayoutError::Element { element, what, value };
        assert_eq!(error(&declaration(&[(0, 0, 18, 0, 0)])), refused(0, "type", 18));
        assert_eq!(error(&declaration(&[(0, 0, 17, 0, 0), (16, 0, 0, 0, 0)])), refused(1, "stream", 16));
        assert_eq!(error(&declaration(&[(0, 0, 0, 14, 0)])), refused(0, "usage", 14));
        let blob = declaration(&[(0, 0, 0, 0, 0)]);
        assert_eq!(error(&blob[..8]), LayoutError::NoEnd);
        assert_eq!(error(&blob[..12]), LayoutError::Truncated(12));
        assert_eq!(error(&declaration(&[(0, 0, 0, 0, 0); 65])), LayoutError::TooMany(65));
    }
}
