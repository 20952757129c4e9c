//! Vertices from buffers into shader inputs (d3d-rules §3 and §17.10, executor §10).

use std::sync::Arc;

use aerogpu_dxbc::Rows;
use aerogpu_dxbc::signature::{Signature, SignatureElement};
use aerogpu_protocol::input_layout::semantic_name_hash;
use aerogpu_raster::format::Format;
use smallvec::SmallVec;

use super::layout::{Element, InputLayout};

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
pub struct Vertex {
    /// Index into per-vertex data, base included; negative or too large reads zeros.
    pub index: i64,
    /// `SV_VertexID`: without any base.
    pub id: u32,
    /// `SV_InstanceID`.
    pub instance: u32,
}

/// How one input register is filled.
#[derive(Debug, Clone, Copy)]
enum Source {
    Element(Element),
    VertexId,
    InstanceId,
    /// The layout does not provide it: (0, 0, 0, 1), what an element of no components would be (executor §10.2).
    Missing,
    /// Direct3D 9's first colour is opaque white where the declaration has none (d3d-rules §17.10).
    White,
    /// There is no layout: zeros (executor §10.2).
    NoLayout,
}

/// Fills the inputs of a vertex shader from the bound streams.
#[derive(Debug)]
pub struct VertexFetch<'a> {
    /// Register, components and source of each input.
    inputs: SmallVec<[(usize, u8, Source); 8]>,
    streams: &'a [VertexStream],
    /// In Direct3D 9 the start of a stream is no border: a negative base vertex may lead back into the buffer.
    signed: bool,
}

/// The vertex buffer slots that a draw reads, one bit each: those of the elements that feed an input of the vertex shader.
pub fn slots_read(layout: Option<&InputLayout>, inputs: &Signature) -> u32 {
    let fetch = VertexFetch::new(layout, inputs, &[]);
    let slot = |&(_, _, source): &(usize, u8, Source)| match source {
        Source::Element(element) => 1 << element.slot,
        _ => 0,
    };
    fetch.inputs.iter().map(slot).fold(0, |slots, slot| slots | slot)
}

impl<'a> VertexFetch<'a> {
    /// Matches a layout with a vertex shader's inputs. Layout elements that the shader does not read are ignored, and
    /// inputs that the layout does not provide read (0, 0, 0, 1). Without a layout all read zeros.
    ///
    /// A Direct3D 9 shader without declarations has inputs named `v`: they are the elements in order (executor §10.1).
    pub fn new(layout: Option<&InputLayout>, signature: &Signature, streams: &'a [VertexStream]) -> Self {
        let inputs = if signature.elements.is_empty() {
            // A shader without a signature takes the elements in order.
            let elements = layout.map(InputLayout::elements).unwrap_or_default().iter();
            elements.enumerate().map(|(i, &e)| (i, 0xf, Source::Element(e))).collect()
        } else {
            let input = |e: &SignatureElement| Some((e.register? as usize, e.mask, Source::of(e, layout)));
            signature.elements.iter().filter_map(input).collect()
        };
        Self { inputs, streams, signed: layout.is_some_and(InputLayout::is_direct3d9) }
    }

    /// Bytes that are read for each vertex, and for each instance.
    pub fn bytes_read(&self) -> [u64; 2] {
        let mut bytes = [0; 2];
        for (_, _, source) in &self.inputs {
            if let Source::Element(element) = source
                && self.bytes(element).is_some()
            {
                bytes[usize::from(element.step.is_some())] += element.format.bytes() as u64;
            }
        }
        bytes
    }

    /// Fills a lane of `rows` for each vertex.
    pub fn fetch(&self, rows: &mut Rows, vertices: &[Vertex], first_instance: u32) {
        for &(register, mask, source) in &self.inputs {
            // An input that starts at component y takes the element's first component there.
            let first = mask.trailing_zeros() as usize;
            let components = || (first..4).filter(|c| mask & (1 << c) != 0 && register * 4 + c < rows.len());
            let components: SmallVec<[usize; 4]> = components().collect();
            if let Source::Element(element) = source {
                let starts = self.starts(&element, vertices, first_instance);
                let bytes = self.bytes(&element);
                if let Some(format) = element.format.words() {
                    let aligned = starts.iter().all(|&start| start % 4 == 0 || start == OUTSIDE);
                    for c in components {
                        fill_words(
                            bytes,
                            format,
                            c - first,
                            (&starts, aligned),
                            rows.row_mut(register * 4 + c),
                        );
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
                row.for_each(|(word, vertex)| {
                    *word = match source {
                        Source::VertexId => vertex.id,
                        Source::InstanceId => vertex.instance,
                        Source::Missing if c - first == 3 => 1.0f32.to_bits(),
                        Source::White => 1.0f32.to_bits(),
                        _ => 0,
                    };
                });
            }
        }
    }

    /// Where the element of each vertex starts in its stream; [`OUTSIDE`] if it is not all inside.
    fn starts(&self, element: &Element, vertices: &[Vertex], first_instance: u32) -> Vec<usize> {
        let empty = VertexStream::default();
        let stream = self.streams.get(element.slot as usize).unwrap_or(&empty);
        let (stride, size) = (i64::from(stream.stride), element.format.bytes() as u64);
        let offset = i64::from(stream.offset) + i64::from(element.offset);
        let start = |index: i64| {
            if index < 0 && !self.signed {
                return None;
            }
            let start = u64::try_from(index.checked_mul(stride)?.checked_add(offset)?).ok()?;
            (start.checked_add(size)? <= stream.size).then_some(start as usize)
        };
        let start = |index| start(index).unwrap_or(OUTSIDE);
        if let Some(step) = element.step {
            let number = |vertex: &Vertex| vertex.instance.checked_div(step).unwrap_or(0);
            let index = |vertex| i64::from(first_instance) + i64::from(number(vertex));
            return vertices.iter().map(|vertex| start(index(vertex))).collect();
        }
        // Most of the time the outermost vertices show that none is outside.
        let indices = vertices.iter().map(|vertex| vertex.index);
        let (low, high) = indices.fold((i64::MAX, i64::MIN), |(low, high), i| (low.min(i), high.max(i)));
        if vertices.is_empty() || [low, high].map(start).contains(&OUTSIDE) {
            return vertices.iter().map(|vertex| start(vertex.index)).collect();
        }
        let (first, stride) = (start(low), stream.stride as usize);
        vertices.iter().map(|vertex| first + (vertex.index - low) as usize * stride).collect()
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
fn fill_words(
    bytes: Option<&[u8]>,
    format: Format,
    component: usize,
    (starts, aligned): (&[usize], bool),
    row: &mut [u32],
) {
    let Some(bytes) = bytes else { return row.fill(0) };
    if component >= format.components().len() {
        return row.fill(format.defaults()[component]);
    }
    let words = bytes.as_chunks().0;
    for (word, start) in row.iter_mut().zip(starts) {
        let inside = if aligned {
            words.get(start / 4 + component)
        } else {
            bytes.get(*start..).and_then(|element| element.get(4 * component..)?.first_chunk())
        };
        *word = inside.map_or(0, |bytes| u32::from_le_bytes(*bytes));
    }
}

/// The elements of all vertices, with zeros as [`fill_words`] has them.
fn decode_all(bytes: Option<&[u8]>, element: &Element, starts: &[usize]) -> Vec<[u32; 4]> {
    let Some(bytes) = bytes else { return vec![[0; 4]; starts.len()] };
    let (format, size) = (element.format, element.format.bytes());
    let texel = |start: &usize| bytes.get(*start..).and_then(|bytes| bytes.get(..size));
    starts.iter().map(|start| format.decode(texel(start).unwrap_or(&[0; 16][..size]))).collect()
}

impl Source {
    fn of(input: &SignatureElement, layout: Option<&InputLayout>) -> Self {
        const VERTEX_ID: u32 = 6;
        const INSTANCE_ID: u32 = 8;
        match input.system_value {
            VERTEX_ID => return Self::VertexId,
            INSTANCE_ID => return Self::InstanceId,
            _ => {}
        }
        let Some(layout) = layout else { return Self::NoLayout };
        let element = match &input.name[..] {
            IN_ORDER => layout.elements().get(input.index as usize),
            name => layout.find(semantic_name_hash(name), input.index),
        };
        match element {
            Some(&element) => Self::Element(element),
            None if layout.is_direct3d9() && input.is("COLOR", 0) => Self::White,
            None => Self::Missing,
        }
    }
}

/// The name of inputs that a Direct3D 9 shader leaves to the order of the vertex declaration.
const IN_ORDER: &str = "v";

#[cfg(test)]
mod tests {
    use super::*;
    use aerogpu_protocol::packets::InputLayoutElementDxgi;

    #[test]
    fn addresses_beyond_64_bits_are_outside() {
        let element = InputLayoutElementDxgi {
            semantic_name_hash: semantic_name_hash("A"),
            dxgi_format: 2, // R32G32B32A32_FLOAT
            aligned_byte_offset: 1 << 16,
            ..Default::default()
        };
        let blob = aerogpu_protocol::input_layout::write_ilay(&[element]);
        let layout = InputLayout::parse(&blob).expect("a layout");
        let words = Some(Arc::new(vec![1; 4]));
        let streams = [VertexStream { words, size: 16, stride: u32::MAX, offset: u32::MAX }];
        let fetch = VertexFetch::new(Some(&layout), &Signature::default(), &streams);
        // 2^32 (2^32 - 1) + (2^32 - 1) + 2^16 is 2^64 - 1 + 2^16; the other one overflows in the product.
        for index in [1 << 32, (1 << 32) + (1 << 31)] {
            let mut rows = Rows::new(4, 1);
            rows.set_vector(0, 0, [9; 4]);
            fetch.fetch(&mut rows, &[Vertex { index, id: 0, instance: 0 }], 0);
            assert_eq!(rows.vector(0, 0), [0; 4]);
        }
    }

    /// A stream of two colours at offset 4: vertex -1 is the first one in Direct3D 9 and nothing in Direct3D 10.
    #[test]
    fn negative_indices_lead_back_into_direct3d9_streams() {
        const COLOR0: [u8; 16] = [0, 0, 0, 0, 4, 0, 10, 0, 0xff, 0, 0, 0, 17, 0, 0, 0];
        let stream = VertexStream {
            words: Some(Arc::new(vec![0xff00_00ff, 0xff00_ff00])),
            size: 8,
            stride: 4,
            offset: 4,
        };
        let element = InputLayoutElementDxgi {
            semantic_name_hash: semantic_name_hash("COLOR"),
            dxgi_format: 87, // B8G8R8A8_UNORM
            ..Default::default()
        };
        let dxgi = aerogpu_protocol::input_layout::write_ilay(&[element]);
        let first = |blob: &[u8], index| {
            let layout = InputLayout::parse(blob).expect("a layout");
            let streams = [stream.clone()];
            let fetch = VertexFetch::new(Some(&layout), &Signature::default(), &streams);
            let mut rows = Rows::new(4, 1);
            fetch.fetch(&mut rows, &[Vertex { index, id: 0, instance: 0 }], 0);
            rows.vector(0, 0).map(f32::from_bits)
        };
        assert_eq!(first(&COLOR0, -1), [0.0, 0.0, 1.0, 1.0]);
        assert_eq!(first(&COLOR0, 0), [0.0, 1.0, 0.0, 1.0]);
        assert_eq!(first(&COLOR0, -2), [0.0; 4]);
        assert_eq!(first(&dxgi, -1), [0.0; 4]);
    }
}
