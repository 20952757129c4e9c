//! Vertices from buffers into shader inputs (d3d-rules §3 and §17.10, executor §10).

use std::sync::Arc;

use aerogpu_dxbc::Rows;
use aerogpu_dxbc::signature::{Signature, SignatureElement};
use aerogpu_protocol::input_layout::semantic_name_hash;
use aerogpu_raster::format::Format;
use smallvec::SmallVec;

use super::layout::{Element, InputLayout};
use crate::limits;

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
        let spans: SmallVec<[Span; limits::VERTEX_BATCH / CHUNK]> =
            vertices.chunks(CHUNK).map(Span::of).collect();
        for &(register, mask, source) in &self.inputs {
            // An input that starts at component y takes the element's first component there.
            let first = mask.trailing_zeros() as usize;
            let filled = (first..4).filter(|c| mask & (1 << c) != 0 && register * 4 + c < rows.len());
            let components: Components = filled.map(|c| (register * 4 + c, c - first)).collect();
            if let Source::Element(element) = source {
                self.fetch_element(rows, &components, &element, (vertices, &spans, first_instance));
                continue;
            }
            for (row, c) in components {
                let row = rows.row_mut(row).iter_mut().zip(vertices);
                row.for_each(|(word, vertex)| {
                    *word = match source {
                        Source::VertexId => vertex.id,
                        Source::InstanceId => vertex.instance,
                        Source::Missing if c == 3 => 1.0f32.to_bits(),
                        Source::White => 1.0f32.to_bits(),
                        _ => 0,
                    };
                });
            }
        }
    }

    /// Fills rows with components of an element.
    fn fetch_element(
        &self,
        rows: &mut Rows,
        components: &Components,
        element: &Element,
        (vertices, spans, first_instance): (&[Vertex], &[Span], u32),
    ) {
        let Some(bytes) = self.bytes(element) else {
            // An empty slot.
            return components.iter().for_each(|&(row, _)| rows.row_mut(row).fill(0));
        };
        let words = element.format.words();
        let mut registers = [[0; 4]; CHUNK];
        for (i, (vertices, span)) in vertices.chunks(CHUNK).zip(spans).enumerate() {
            let starts = self.starts(element, vertices, span, first_instance);
            let first = i * CHUNK;
            if words.is_none() {
                decode(bytes, element, &starts, &mut registers[..vertices.len()]);
            }
            for &(row, c) in components {
                let row = &mut rows.row_mut(row)[first..first + vertices.len()];
                match words {
                    Some(format) => fill_words(bytes, format, c, &starts, row),
                    None => row.iter_mut().zip(&registers).for_each(|(word, register)| *word = register[c]),
                }
            }
        }
    }

    /// Where the element of each vertex of a chunk starts in its stream.
    fn starts(&self, element: &Element, vertices: &[Vertex], span: &Span, first_instance: u32) -> Starts {
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
            return Starts::Each(vertices.iter().map(|vertex| start(index(vertex))).collect());
        }
        // Most of the time the outermost vertices show that none is outside.
        if [span.low, span.high].map(start).contains(&OUTSIDE) {
            return Starts::Each(vertices.iter().map(|vertex| start(vertex.index)).collect());
        }
        let (first, stride) = (start(span.low), stream.stride as usize);
        if span.in_order {
            return Starts::Even { first, stride };
        }
        let start = |vertex: &Vertex| first + (vertex.index - span.low) as usize * stride;
        Starts::Each(vertices.iter().map(start).collect())
    }

    /// The bytes of an element's stream; `None` for an empty slot.
    fn bytes(&self, element: &Element) -> Option<&'a [u8]> {
        let words = self.streams.get(element.slot as usize)?.words.as_ref()?;
        Some(bytemuck::cast_slice(words))
    }
}

/// Rows, and the component of an element that fills each.
type Components = SmallVec<[(usize, usize); 4]>;

/// Vertices that are fetched at a time.
const CHUNK: usize = 128;

/// The lowest and the highest index of some vertices, and whether all between them stand in order.
struct Span {
    low: i64,
    high: i64,
    in_order: bool,
}

impl Span {
    fn of(vertices: &[Vertex]) -> Self {
        let first = vertices.first().map_or(0, |vertex| vertex.index);
        let indices = vertices.iter().map(|vertex| vertex.index);
        if (first..).zip(indices.clone()).fold(0, |differences, (i, index)| differences | (i ^ index)) == 0 {
            return Self { low: first, high: first + vertices.len() as i64 - 1, in_order: true };
        }
        let (low, high) = indices.fold((first, first), |(low, high), i| (low.min(i), high.max(i)));
        Self { low, high, in_order: false }
    }
}

/// Where the element of each vertex of a chunk starts in its stream.
#[expect(clippy::large_enum_variant, reason = "it lives on the stack, and never in numbers")]
enum Starts {
    /// All are inside, so many bytes apart.
    Even { first: usize, stride: usize },
    /// [`OUTSIDE`] where it is not all inside.
    Each(SmallVec<[usize; CHUNK]>),
}

/// Stands for the start of an element that lies outside its stream.
const OUTSIDE: usize = usize::MAX / 2;

/// A component of a format of 32-bit ones, which are register bits as they are: outside the buffer, zeros in the components
/// that the format has.
fn fill_words(bytes: &[u8], format: Format, component: usize, starts: &Starts, row: &mut [u32]) {
    if component >= format.components().len() {
        return row.fill(format.defaults()[component]);
    }
    let word = |bytes: &[u8]| bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
    let from = |start: usize| bytes.get(start + 4 * component..).unwrap_or_default();
    match starts {
        Starts::Even { first, stride } if *stride > 0 && (first | stride) % 4 == 0 => {
            fill_words_apart(from(*first).as_chunks().0, stride / 4, row);
        }
        Starts::Even { first, stride } => {
            row.iter_mut().enumerate().for_each(|(i, to)| *to = word(from(first + i * stride)));
        }
        Starts::Each(starts) => row.iter_mut().zip(starts).for_each(|(to, start)| *to = word(from(*start))),
    }
}

/// Words that stand so many apart.
fn fill_words_apart(words: &[[u8; 4]], apart: usize, row: &mut [u32]) {
    let Some((last, row)) = row.split_last_mut() else { return };
    // Behind the last one the buffer may end.
    *last = words.get(apart * row.len()).map_or(0, |word| u32::from_le_bytes(*word));
    for (to, words) in row.iter_mut().zip(words.chunks_exact(apart)) {
        *to = u32::from_le_bytes(words[0]);
    }
}

/// The elements of a chunk of vertices, with zeros as [`fill_words`] has them.
fn decode(bytes: &[u8], element: &Element, starts: &Starts, registers: &mut [[u32; 4]]) {
    let mut packed = [0; CHUNK * 16];
    let pack = match element.format.bytes() {
        1 => pack::<1>,
        2 => pack::<2>,
        4 => pack::<4>,
        8 => pack::<8>,
        12 => pack::<12>,
        _ => pack::<16>,
    };
    pack(bytes, starts, registers.len(), &mut packed);
    element.format.decode_row(&packed, registers);
}

/// Puts so many elements of `SIZE` bytes behind each other; where they are outside, nothing is changed.
fn pack<const SIZE: usize>(bytes: &[u8], starts: &Starts, count: usize, packed: &mut [u8]) {
    let put = |(to, start): (&mut [u8; SIZE], usize)| {
        if let Some(from) = bytes.get(start..).and_then(|bytes| bytes.first_chunk()) {
            *to = *from;
        }
    };
    let to = packed.as_chunks_mut().0.iter_mut().take(count);
    match starts {
        Starts::Even { first, stride } => {
            to.enumerate().map(|(i, to)| (to, first + i * stride)).for_each(put);
        }
        Starts::Each(starts) => to.zip(starts.iter().copied()).for_each(put),
    }
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
    use proptest::prelude::*;

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

    proptest! {
        /// However vertices are ordered and elements lie: each vertex has what its own bytes say.
        #[test]
        fn chunks_fetch_what_single_vertices_fetch(
            dxgi_format in prop::sample::select(vec![2, 6, 16, 28, 35, 54]),
            (stride, offset, size) in (0_u32..40, 0_u32..40, 0_u64..8000),
            first in -5_i64..50,
            jumps in prop::collection::vec((0_usize..300, -9_i64..9), 0..3),
            (step, instances) in (prop::option::of(0_u32..3), 1_u32..300),
        ) {
            let element = InputLayoutElementDxgi {
                semantic_name_hash: semantic_name_hash("A"),
                dxgi_format,
                input_slot_class: step.is_some().into(),
                instance_data_step_rate: step.unwrap_or(0),
                ..Default::default()
            };
            let blob = aerogpu_protocol::input_layout::write_ilay(&[element]);
            let layout = InputLayout::parse(&blob).expect("a layout");
            let words = Some(Arc::new((0..2000_u32).map(|i| i.wrapping_mul(0x9e37_79b9)).collect()));
            let streams = [VertexStream { words, size, stride, offset }];
            let fetch = VertexFetch::new(Some(&layout), &Signature::default(), &streams);
            let mut vertices: Vec<Vertex> =
                (0..300).map(|i| Vertex { index: first + i64::from(i), id: i, instance: i / instances }).collect();
            for (from, jump) in jumps {
                vertices[from..].iter_mut().for_each(|vertex| vertex.index += jump);
            }
            let mut rows = Rows::new(4, vertices.len());
            fetch.fetch(&mut rows, &vertices, 1);
            for (lane, vertex) in vertices.iter().enumerate() {
                let index = step.map_or(vertex.index, |step| 1 + i64::from(vertex.instance.checked_div(step).unwrap_or(0)));
                let format = layout.elements()[0].format;
                let start = index * i64::from(stride) + i64::from(offset);
                let inside = index >= 0 && (start as u64 + format.bytes() as u64) <= size;
                let bytes: &[u8] = bytemuck::cast_slice(streams[0].words.as_ref().expect("words"));
                let zeros = [0; 16];
                let bytes = if inside { &bytes[start as usize..][..format.bytes()] } else { &zeros[..format.bytes()] };
                let mut expected = [[0; 4]];
                format.decode_row(bytes, &mut expected);
                prop_assert_eq!(rows.vector(lane, 0), expected[0], "lane {}", lane);
            }
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
