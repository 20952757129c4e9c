//! Input layouts, and vertices from buffers into shader inputs (d3d-rules §3, executor §10).

use std::sync::Arc;

use aerogpu_dxbc::Rows;
use aerogpu_dxbc::signature::{Signature, SignatureElement};
use aerogpu_protocol::input_layout::{InputLayoutError, is_ilay, parse_ilay, semantic_name_hash};
use aerogpu_protocol::packets::InputLayoutElementDxgi;
use aerogpu_raster::format::Format;
use smallvec::SmallVec;

use crate::limits;

/// One element of a Direct3D 10/11 input layout.
#[derive(Debug, Clone, Copy)]
struct Element {
    semantic_hash: u32,
    semantic_index: u32,
    format: Format,
    slot: u32,
    offset: u32,
    /// Instances a step for per-instance data (0 never steps); `None` for per-vertex data.
    step: Option<u32>,
}

/// A parsed input layout.
#[derive(Debug, Clone)]
pub enum InputLayout {
    /// `ILAY`: elements by semantic.
    Dxgi(DxgiLayout),
    /// A Direct3D 9 vertex declaration, kept as its elements.
    D3d9(Vec<[u8; 8]>),
}

/// The elements of an `ILAY` blob.
#[derive(Debug, Clone)]
pub struct DxgiLayout {
    elements: Vec<Element>,
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
        if is_ilay(blob) {
            DxgiLayout::parse(blob).map(Self::Dxgi)
        } else {
            parse_declaration(blob).map(Self::D3d9)
        }
    }
}

impl DxgiLayout {
    fn parse(blob: &[u8]) -> Result<Self, LayoutError> {
        let raw = parse_ilay(blob)?;
        if raw.len() > limits::INPUT_ELEMENTS {
            return Err(LayoutError::TooMany(raw.len()));
        }
        let mut slot_ends = [0u32; limits::VERTEX_BUFFER_SLOTS];
        let elements = raw.iter().enumerate().map(|(i, raw)| Element::parse(i, &raw, &mut slot_ends));
        Ok(Self { elements: elements.collect::<Result<_, _>>()? })
    }
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
            format,
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

fn parse_declaration(blob: &[u8]) -> Result<Vec<[u8; 8]>, LayoutError> {
    const MAX_TYPE: u8 = 17;
    const MAX_USAGE: u8 = 13;
    let mut elements = Vec::new();
    for raw in blob.chunks(8) {
        let Ok(element) = <[u8; 8]>::try_from(raw) else { return Err(LayoutError::Truncated(blob.len())) };
        let stream = u16::from_le_bytes([element[0], element[1]]);
        if stream == 0xff {
            return Ok(elements);
        }
        if elements.len() >= limits::DECLARATION_ELEMENTS {
            return Err(LayoutError::TooMany(elements.len() + 1));
        }
        let refuse =
            |what, value: u8| LayoutError::Element { element: elements.len(), what, value: value.into() };
        if stream >= 16 {
            return Err(LayoutError::Element {
                element: elements.len(),
                what: "stream",
                value: stream.into(),
            });
        }
        if element[4] > MAX_TYPE {
            return Err(refuse("type", element[4]));
        }
        if element[5] > 6 {
            return Err(refuse("method", element[5]));
        }
        if element[6] > MAX_USAGE {
            return Err(refuse("usage", element[6]));
        }
        elements.push(element);
    }
    Err(LayoutError::NoEnd)
}

/// A vertex buffer slot during a draw.
#[derive(Debug, Clone, Default)]
pub struct VertexStream {
    /// The buffer, or `None` for an empty slot.
    pub words: Option<Arc<Vec<u32>>>,
    /// Size of the buffer in bytes.
    pub size: u64,
    /// Bytes from vertex to vertex.
    pub stride: u32,
    /// Bytes to the first vertex.
    pub offset: u32,
}

/// Which vertex to fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VertexId {
    /// Index into per-vertex data, base included; negative or too large reads zeros.
    pub index: i64,
    /// `SV_VertexID`: without any base.
    pub vertex_id: u32,
}

/// How one input register is filled.
#[derive(Debug, Clone, Copy)]
enum Source {
    Element(Element),
    VertexId,
    InstanceId,
    /// The layout does not provide it: (0, 0, 0, 1), what an element of no components would be (executor §10.2).
    Missing,
    /// There is no layout: zeros (executor §10.2).
    NoLayout,
}

/// Fills the inputs of a vertex shader from the bound streams.
#[derive(Debug)]
pub struct VertexFetch<'a> {
    /// Register, components and source of each input.
    inputs: SmallVec<[(usize, u8, Source); 8]>,
    streams: &'a [VertexStream],
}

/// The vertex buffer slots that a draw reads, one bit each: those of the elements that feed an input of the vertex shader.
pub fn slots_read(layout: Option<&DxgiLayout>, inputs: &Signature) -> u32 {
    let fetch = VertexFetch::new(layout, inputs, &[]);
    let slot = |&(_, _, source): &(usize, u8, Source)| match source {
        Source::Element(element) => 1 << element.slot,
        Source::VertexId | Source::InstanceId | Source::Missing | Source::NoLayout => 0,
    };
    fetch.inputs.iter().map(slot).fold(0, |slots, slot| slots | slot)
}

impl<'a> VertexFetch<'a> {
    /// Matches a layout with a vertex shader's inputs. Layout elements that the shader does not read are ignored, and
    /// inputs that the layout does not provide read (0, 0, 0, 1). Without a layout all read zeros.
    pub fn new(layout: Option<&DxgiLayout>, signature: &Signature, streams: &'a [VertexStream]) -> Self {
        let elements = layout.map(|l| &l.elements[..]);
        let inputs = if signature.elements.is_empty() {
            // A shader without a signature takes the elements in order.
            let elements = elements.unwrap_or_default().iter();
            elements.enumerate().map(|(i, &e)| (i, 0xf, Source::Element(e))).collect()
        } else {
            let input = |e: &SignatureElement| Some((e.register? as usize, e.mask, Source::of(e, elements)));
            signature.elements.iter().filter_map(input).collect()
        };
        Self { inputs, streams }
    }

    /// Fills a lane of `rows` for each vertex and its instance.
    pub fn fetch(&self, rows: &mut Rows, vertices: &[(VertexId, u32)], first_instance: u32) {
        for &(register, mask, source) in &self.inputs {
            // An input that starts at component y takes the element's first component there.
            let first = mask.trailing_zeros() as usize;
            let components = || (first..4).filter(|c| mask & (1 << c) != 0 && register * 4 + c < rows.len());
            let components: SmallVec<[usize; 4]> = components().collect();
            if let Source::Element(element) = source {
                let starts = self.starts(&element, vertices, first_instance);
                let bytes = self.bytes(&element);
                if element.format.components().iter().all(|c| c.bits == 32) {
                    for c in components {
                        fill_words(bytes, &element, c - first, &starts, rows.row_mut(register * 4 + c));
                    }
                } else {
                    let values = decode_all(bytes, &element, &starts);
                    for c in components {
                        let row = rows.row_mut(register * 4 + c).iter_mut();
                        row.zip(&values).for_each(|(word, value)| *word = value[c - first]);
                    }
                }
                continue;
            }
            for c in components {
                let row = rows.row_mut(register * 4 + c).iter_mut().zip(vertices);
                row.for_each(|(word, (vertex, instance))| {
                    *word = match source {
                        Source::VertexId => vertex.vertex_id,
                        Source::InstanceId => *instance,
                        Source::Missing if c - first == 3 => 1.0f32.to_bits(),
                        _ => 0,
                    };
                });
            }
        }
    }

    /// Where the element of each vertex starts in its stream; [`OUTSIDE`] if it is not all inside.
    fn starts(&self, element: &Element, vertices: &[(VertexId, u32)], first_instance: u32) -> Vec<usize> {
        let empty = VertexStream::default();
        let stream = self.streams.get(element.slot as usize).unwrap_or(&empty);
        let (stride, size) = (u64::from(stream.stride), element.format.block_bytes() as u64);
        let offset = u64::from(stream.offset) + u64::from(element.offset);
        let start = |index: i64| {
            let vertex = u64::try_from(index).ok()?.checked_mul(stride)?;
            let start = vertex.checked_add(offset)?;
            (start.checked_add(size)? <= stream.size).then_some(start as usize)
        };
        let index = |&(vertex, instance): &(VertexId, u32)| match element.step {
            None => vertex.index,
            Some(step) => i64::from(first_instance) + i64::from(instance.checked_div(step).unwrap_or(0)),
        };
        vertices.iter().map(|vertex| start(index(vertex)).unwrap_or(OUTSIDE)).collect()
    }

    /// The bytes of an element's stream; `None` for an empty slot.
    fn bytes(&self, element: &Element) -> Option<&'a [u8]> {
        let words = self.streams.get(element.slot as usize)?.words.as_ref()?;
        Some(bytemuck::cast_slice(words))
    }
}

/// Stands for the start of an element that lies outside its stream.
const OUTSIDE: usize = usize::MAX;

/// A component of a format of 32-bit ones, which are register bits as they are: zeros from an empty slot; outside the buffer,
/// zeros in the components that the format has.
fn fill_words(bytes: Option<&[u8]>, element: &Element, component: usize, starts: &[usize], row: &mut [u32]) {
    let Some(bytes) = bytes else { return row.fill(0) };
    if component >= element.format.components().len() {
        return row.fill(element.format.defaults()[component]);
    }
    for (word, start) in row.iter_mut().zip(starts) {
        let inside = bytes.get(*start..).and_then(|element| element.get(4 * component..)?.first_chunk());
        *word = inside.map_or(0, |bytes| u32::from_le_bytes(*bytes));
    }
}

/// The elements of all vertices, with zeros as [`fill_words`] has them.
fn decode_all(bytes: Option<&[u8]>, element: &Element, starts: &[usize]) -> Vec<[u32; 4]> {
    let Some(bytes) = bytes else { return vec![[0; 4]; starts.len()] };
    let (format, size) = (element.format, element.format.block_bytes());
    let texel = |start: &usize| bytes.get(*start..).and_then(|bytes| bytes.get(..size));
    starts.iter().map(|start| format.decode_texel(texel(start).unwrap_or(&[0; 16][..size]))).collect()
}

impl Source {
    fn of(input: &SignatureElement, elements: Option<&[Element]>) -> Self {
        const VERTEX_ID: u32 = 6;
        const INSTANCE_ID: u32 = 8;
        match input.system_value {
            VERTEX_ID => Self::VertexId,
            INSTANCE_ID => Self::InstanceId,
            _ => {
                let Some(elements) = elements else { return Self::NoLayout };
                let hash = semantic_name_hash(&input.name);
                elements
                    .iter()
                    .find(|e| e.semantic_hash == hash && e.semantic_index == input.index)
                    .map_or(Self::Missing, |&e| Self::Element(e))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_beyond_64_bits_are_outside() {
        let element = InputLayoutElementDxgi {
            semantic_name_hash: semantic_name_hash("A"),
            dxgi_format: 2, // R32G32B32A32_FLOAT
            aligned_byte_offset: 1 << 16,
            ..Default::default()
        };
        let blob = aerogpu_protocol::input_layout::write_ilay(&[element]);
        let InputLayout::Dxgi(layout) = InputLayout::parse(&blob).expect("a layout") else { panic!("ILAY") };
        let words = Some(Arc::new(vec![1; 4]));
        let streams = [VertexStream { words, size: 16, stride: u32::MAX, offset: u32::MAX }];
        let fetch = VertexFetch::new(Some(&layout), &Signature::default(), &streams);
        // 2^32 (2^32 - 1) + (2^32 - 1) + 2^16 is 2^64 - 1 + 2^16; the other one overflows in the product.
        for index in [1 << 32, (1 << 32) + (1 << 31)] {
            let mut rows = Rows::new(4, 1);
            rows.set_vector(0, 0, [9; 4]);
            fetch.fetch(&mut rows, &[(VertexId { index, vertex_id: 0 }, 0)], 0);
            assert_eq!(rows.vector(0, 0), [0; 4]);
        }
    }
}
