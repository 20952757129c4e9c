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

    /// Fills `lane` of `rows`.
    pub fn fetch(&self, rows: &mut Rows, lane: usize, vertex: VertexId, instance: u32, first_instance: u32) {
        for &(register, mask, source) in &self.inputs {
            let value = match source {
                Source::Element(element) => {
                    let index = match element.step {
                        None => vertex.index,
                        Some(step) => {
                            i64::from(first_instance) + i64::from(instance.checked_div(step).unwrap_or(0))
                        }
                    };
                    self.element(&element, index)
                }
                Source::VertexId => [vertex.vertex_id; 4],
                Source::InstanceId => [instance; 4],
                Source::Missing => [0, 0, 0, 1.0f32.to_bits()],
                Source::NoLayout => [0; 4],
            };
            // An input that starts at component y takes the element's first component there.
            let first = mask.trailing_zeros() as usize;
            for c in (0..4).filter(|c| mask & (1 << c) != 0) {
                let rows_at = register * 4 + c;
                if rows_at < rows.len() {
                    rows.row_mut(rows_at)[lane] = value[c - first];
                }
            }
        }
    }

    /// One element of one vertex: zeros from an empty slot; outside the buffer, zeros in the components that the format has.
    fn element(&self, element: &Element, index: i64) -> [u32; 4] {
        let Some(stream) = self.streams.get(element.slot as usize) else { return [0; 4] };
        let Some(words) = &stream.words else { return [0; 4] };
        let size = element.format.block_bytes();
        let start = u64::try_from(index).ok().and_then(|index| {
            let vertex = index.checked_mul(u64::from(stream.stride))?;
            let start = vertex.checked_add(u64::from(stream.offset) + u64::from(element.offset))?;
            (start.checked_add(size as u64)? <= stream.size).then_some(start as usize)
        });
        match start {
            Some(start) => {
                let bytes: &[u8] = bytemuck::cast_slice(words);
                element.format.decode_texel(&bytes[start..start + size])
            }
            None => element.format.decode_texel(&[0; 16][..size]),
        }
    }
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
            fetch.fetch(&mut rows, 0, VertexId { index, vertex_id: 0 }, 0, 0);
            assert_eq!(rows.vector(0, 0), [0; 4]);
        }
    }
}
