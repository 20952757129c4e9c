//! BC7 (d3d-rules §13.6): eight modes, exact in 8 bits.

use super::Block;
use super::partition::{BitReader, Partition, interpolate, weight};

/// What a mode's block consists of; numbers are bits.
struct Mode {
    subsets: usize,
    partition: u32,
    rotation: u32,
    index_selection: u32,
    color: u32,
    alpha: u32,
    p_bits: PBits,
    index: u32,
    /// A second set of indices, for alpha; 0 for none.
    second_index: u32,
}

/// Who has a lowest endpoint bit of their own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PBits {
    None,
    Endpoint,
    Subset,
}

/// Mode `i` begins with `i` zeros and a one. The numbers stand in the order of the fields.
#[rustfmt::skip]
const MODES: [Mode; 8] = [
    mode(3, [4, 0, 0, 4, 0], PBits::Endpoint, [3, 0]),
    mode(2, [6, 0, 0, 6, 0], PBits::Subset,   [3, 0]),
    mode(3, [6, 0, 0, 5, 0], PBits::None,     [2, 0]),
    mode(2, [6, 0, 0, 7, 0], PBits::Endpoint, [2, 0]),
    mode(1, [0, 2, 1, 5, 6], PBits::None,     [2, 3]),
    mode(1, [0, 2, 0, 7, 8], PBits::None,     [2, 2]),
    mode(1, [0, 0, 0, 7, 7], PBits::Endpoint, [4, 0]),
    mode(2, [6, 0, 0, 5, 5], PBits::Endpoint, [2, 0]),
];

const fn mode(subsets: usize, bits: [u32; 5], p_bits: PBits, indices: [u32; 2]) -> Mode {
    let [partition, rotation, index_selection, color, alpha] = bits;
    let [index, second_index] = indices;
    Mode { subsets, partition, rotation, index_selection, color, alpha, p_bits, index, second_index }
}

/// Decodes a block to R, G, B, A bytes; the reserved mode gives zeros.
pub(super) fn decode(block: u128) -> Block<u8> {
    let number = block.trailing_zeros();
    let Some(mode) = MODES.get(number as usize) else { return [[0; 4]; 16] };
    let mut reader = BitReader(block >> (number + 1));
    let partition = Partition::new(mode.subsets, reader.take(mode.partition) as usize);
    let rotation = reader.take(mode.rotation);
    let swap_indices = reader.take(mode.index_selection) == 1;
    let endpoints = read_endpoints(mode, &mut reader);
    let first = (partition.read_indices(&mut reader, mode.index), mode.index);
    let second = match mode.second_index {
        0 => first,
        bits => (partition.read_indices(&mut reader, bits), bits),
    };
    let (color, alpha) = if swap_indices { (second, first) } else { (first, second) };

    std::array::from_fn(|texel| {
        let [a, b] = endpoints[partition.subset(texel)];
        let color_weight = weight(color.0[texel], color.1);
        let alpha_weight = weight(alpha.0[texel], alpha.1);
        let weights = [color_weight, color_weight, color_weight, alpha_weight];
        let mut rgba: [u8; 4] = std::array::from_fn(|i| interpolate(a[i], b[i], weights[i]) as u8);
        match rotation {
            0 => {}
            channel => rgba.swap(3, channel as usize - 1),
        }
        rgba
    })
}

/// Reads the endpoints of all subsets, widened to 8 bits: `[subset][endpoint][channel]`.
fn read_endpoints(mode: &Mode, reader: &mut BitReader) -> [[[i32; 4]; 2]; 3] {
    let mut endpoints = [[[0u32; 4]; 2]; 3];
    for channel in 0..4 {
        let bits = if channel == 3 { mode.alpha } else { mode.color };
        for subset in &mut endpoints[..mode.subsets] {
            for endpoint in subset {
                endpoint[channel] = reader.take(bits);
            }
        }
    }
    let p_bits = u32::from(mode.p_bits != PBits::None);
    for subset in &mut endpoints[..mode.subsets] {
        let mut p = 0;
        for (i, endpoint) in subset.iter_mut().enumerate() {
            if mode.p_bits == PBits::Endpoint || mode.p_bits == PBits::Subset && i == 0 {
                p = reader.take(1);
            }
            *endpoint = endpoint.map(|value| value << p_bits | p);
        }
    }
    endpoints.map(|subset| {
        subset.map(|[r, g, b, a]| {
            let [r, g, b] = [r, g, b].map(|value| widen(value, mode.color + p_bits));
            [r, g, b, if mode.alpha == 0 { 255 } else { widen(a, mode.alpha + p_bits) }]
        })
    })
}

/// `bits` (5 to 8) bits to 8, by repeating the upper bits.
fn widen(value: u32, bits: u32) -> i32 {
    (value << (8 - bits) | value >> (2 * bits - 8)) as i32
}
