//! BC6H (d3d-rules §13.5): fourteen modes of half floats without alpha, exact.

use super::Block;
use super::partition::{BitReader, Partition, interpolate, weight};
use crate::format::float::f16_to_f32;

// The twelve endpoint values, channel by channel: w and x are the first subset's endpoints, y and z the
// second's.
const RW: usize = 0;
const RX: usize = 1;
const RY: usize = 2;
const RZ: usize = 3;
const GW: usize = 4;
const GX: usize = 5;
const GY: usize = 6;
const GZ: usize = 7;
const BW: usize = 8;
const BX: usize = 9;
const BY: usize = 10;
const BZ: usize = 11;

/// How a mode stores its endpoints.
struct Mode {
    /// Bits of an endpoint.
    precision: u32,
    /// Bits of x, y and z for red, green and blue.
    deltas: [u32; 3],
    /// x, y and z are differences to w.
    transformed: bool,
    subsets: usize,
    /// What follows the mode's bits: values with their first and last bit, lowest stored bit first. A run
    /// `high, low` is stored in the usual order, a run `low, high` in reverse.
    runs: &'static [(usize, u32, u32)],
}

const fn two(
    precision: u32,
    deltas: [u32; 3],
    transformed: bool,
    runs: &'static [(usize, u32, u32)],
) -> Mode {
    Mode { precision, deltas, transformed, subsets: 2, runs }
}

const fn one(precision: u32, delta: u32, transformed: bool, runs: &'static [(usize, u32, u32)]) -> Mode {
    Mode { precision, deltas: [delta; 3], transformed, subsets: 1, runs }
}

/// The modes in the order of Direct3D's table, whose rows these are.
#[rustfmt::skip]
static MODES: [Mode; 14] = [
    two(10, [5, 5, 5], true, &[
        (GY, 4, 4), (BY, 4, 4), (BZ, 4, 4), (RW, 9, 0), (GW, 9, 0), (BW, 9, 0), (RX, 4, 0), (GZ, 4, 4),
        (GY, 3, 0), (GX, 4, 0), (BZ, 0, 0), (GZ, 3, 0), (BX, 4, 0), (BZ, 1, 1), (BY, 3, 0), (RY, 4, 0),
        (BZ, 2, 2), (RZ, 4, 0), (BZ, 3, 3)]),
    two(7, [6, 6, 6], true, &[
        (GY, 5, 5), (GZ, 4, 4), (GZ, 5, 5), (RW, 6, 0), (BZ, 0, 0), (BZ, 1, 1), (BY, 4, 4), (GW, 6, 0),
        (BY, 5, 5), (BZ, 2, 2), (GY, 4, 4), (BW, 6, 0), (BZ, 3, 3), (BZ, 5, 5), (BZ, 4, 4), (RX, 5, 0),
        (GY, 3, 0), (GX, 5, 0), (GZ, 3, 0), (BX, 5, 0), (BY, 3, 0), (RY, 5, 0), (RZ, 5, 0)]),
    two(11, [5, 4, 4], true, &[
        (RW, 9, 0), (GW, 9, 0), (BW, 9, 0), (RX, 4, 0), (RW, 10, 10), (GY, 3, 0), (GX, 3, 0), (GW, 10, 10),
        (BZ, 0, 0), (GZ, 3, 0), (BX, 3, 0), (BW, 10, 10), (BZ, 1, 1), (BY, 3, 0), (RY, 4, 0), (BZ, 2, 2),
        (RZ, 4, 0), (BZ, 3, 3)]),
    two(11, [4, 5, 4], true, &[
        (RW, 9, 0), (GW, 9, 0), (BW, 9, 0), (RX, 3, 0), (RW, 10, 10), (GZ, 4, 4), (GY, 3, 0), (GX, 4, 0),
        (GW, 10, 10), (GZ, 3, 0), (BX, 3, 0), (BW, 10, 10), (BZ, 1, 1), (BY, 3, 0), (RY, 3, 0), (BZ, 0, 0),
        (BZ, 2, 2), (RZ, 3, 0), (GY, 4, 4), (BZ, 3, 3)]),
    two(11, [4, 4, 5], true, &[
        (RW, 9, 0), (GW, 9, 0), (BW, 9, 0), (RX, 3, 0), (RW, 10, 10), (BY, 4, 4), (GY, 3, 0), (GX, 3, 0),
        (GW, 10, 10), (BZ, 0, 0), (GZ, 3, 0), (BX, 4, 0), (BW, 10, 10), (BY, 3, 0), (RY, 3, 0), (BZ, 1, 1),
        (BZ, 2, 2), (RZ, 3, 0), (BZ, 4, 4), (BZ, 3, 3)]),
    two(9, [5, 5, 5], true, &[
        (RW, 8, 0), (BY, 4, 4), (GW, 8, 0), (GY, 4, 4), (BW, 8, 0), (BZ, 4, 4), (RX, 4, 0), (GZ, 4, 4),
        (GY, 3, 0), (GX, 4, 0), (BZ, 0, 0), (GZ, 3, 0), (BX, 4, 0), (BZ, 1, 1), (BY, 3, 0), (RY, 4, 0),
        (BZ, 2, 2), (RZ, 4, 0), (BZ, 3, 3)]),
    two(8, [6, 5, 5], true, &[
        (RW, 7, 0), (GZ, 4, 4), (BY, 4, 4), (GW, 7, 0), (BZ, 2, 2), (GY, 4, 4), (BW, 7, 0), (BZ, 3, 3),
        (BZ, 4, 4), (RX, 5, 0), (GY, 3, 0), (GX, 4, 0), (BZ, 0, 0), (GZ, 3, 0), (BX, 4, 0), (BZ, 1, 1),
        (BY, 3, 0), (RY, 5, 0), (RZ, 5, 0)]),
    two(8, [5, 6, 5], true, &[
        (RW, 7, 0), (BZ, 0, 0), (BY, 4, 4), (GW, 7, 0), (GY, 5, 5), (GY, 4, 4), (BW, 7, 0), (GZ, 5, 5),
        (BZ, 4, 4), (RX, 4, 0), (GZ, 4, 4), (GY, 3, 0), (GX, 5, 0), (GZ, 3, 0), (BX, 4, 0), (BZ, 1, 1),
        (BY, 3, 0), (RY, 4, 0), (BZ, 2, 2), (RZ, 4, 0), (BZ, 3, 3)]),
    two(8, [5, 5, 6], true, &[
        (RW, 7, 0), (BZ, 1, 1), (BY, 4, 4), (GW, 7, 0), (BY, 5, 5), (GY, 4, 4), (BW, 7, 0), (BZ, 5, 5),
        (BZ, 4, 4), (RX, 4, 0), (GZ, 4, 4), (GY, 3, 0), (GX, 4, 0), (BZ, 0, 0), (GZ, 3, 0), (BX, 5, 0),
        (BY, 3, 0), (RY, 4, 0), (BZ, 2, 2), (RZ, 4, 0), (BZ, 3, 3)]),
    two(6, [6, 6, 6], false, &[
        (RW, 5, 0), (GZ, 4, 4), (BZ, 0, 0), (BZ, 1, 1), (BY, 4, 4), (GW, 5, 0), (GY, 5, 5), (BY, 5, 5),
        (BZ, 2, 2), (GY, 4, 4), (BW, 5, 0), (GZ, 5, 5), (BZ, 3, 3), (BZ, 5, 5), (BZ, 4, 4), (RX, 5, 0),
        (GY, 3, 0), (GX, 5, 0), (GZ, 3, 0), (BX, 5, 0), (BY, 3, 0), (RY, 5, 0), (RZ, 5, 0)]),
    one(10, 10, false, &[
        (RW, 9, 0), (GW, 9, 0), (BW, 9, 0), (RX, 9, 0), (GX, 9, 0), (BX, 9, 0)]),
    one(11, 9, true, &[
        (RW, 9, 0), (GW, 9, 0), (BW, 9, 0), (RX, 8, 0), (RW, 10, 10), (GX, 8, 0), (GW, 10, 10), (BX, 8, 0),
        (BW, 10, 10)]),
    one(12, 8, true, &[
        (RW, 9, 0), (GW, 9, 0), (BW, 9, 0), (RX, 7, 0), (RW, 10, 11), (GX, 7, 0), (GW, 10, 11), (BX, 7, 0),
        (BW, 10, 11)]),
    one(16, 4, true, &[
        (RW, 9, 0), (GW, 9, 0), (BW, 9, 0), (RX, 3, 0), (RW, 10, 15), (GX, 3, 0), (GW, 10, 15), (BX, 3, 0),
        (BW, 10, 15)]),
];

/// Reads the mode's 2 or 5 bits; `None` for the reserved ones.
fn read_mode(reader: &mut BitReader) -> Option<&'static Mode> {
    let low = reader.take(2) as usize;
    let index = match low {
        0 | 1 => low,
        2 => 2 + reader.take(3) as usize,
        _ => match reader.take(3) as usize {
            high @ 0..=3 => 10 + high,
            _ => return None,
        },
    };
    Some(&MODES[index])
}

/// Decodes a block; the reserved modes give black.
pub(super) fn decode(block: u128, signed: bool) -> Block<f32> {
    let mut reader = BitReader(block);
    let Some(mode) = read_mode(&mut reader) else { return [[0.0, 0.0, 0.0, 1.0]; 16] };
    let endpoints = read_endpoints(mode, signed, &mut reader);
    let (partition_bits, index_bits) = if mode.subsets == 2 { (5, 3) } else { (0, 4) };
    let partition = Partition::new(mode.subsets, reader.take(partition_bits) as usize);
    let indices = partition.read_indices(&mut reader, index_bits);

    std::array::from_fn(|texel| {
        let first = 2 * partition.subset(texel);
        let weight = weight(indices[texel], index_bits);
        let [r, g, b] = [RW, GW, BW].map(|channel| {
            let value = interpolate(endpoints[channel + first], endpoints[channel + first + 1], weight);
            f16_to_f32(finish(value, signed))
        });
        [r, g, b, 1.0]
    })
}

/// Reads the endpoint values, and unquantizes them to 16 bits (17 with a sign).
fn read_endpoints(mode: &Mode, signed: bool, reader: &mut BitReader) -> [i32; 12] {
    let mut values = [0u32; 12];
    for &(value, first, last) in mode.runs {
        let count = first.abs_diff(last) + 1;
        let run = reader.take(count);
        let run = if first < last { run.reverse_bits() >> (32 - count) } else { run };
        values[value] |= run << first.min(last);
    }
    std::array::from_fn(|i| {
        let base = values[i / 4 * 4];
        let value = if i % 4 == 0 || !mode.transformed {
            values[i]
        } else {
            base.wrapping_add_signed(sign_extend(values[i], mode.deltas[i / 4]))
        };
        if signed {
            unquantize_signed(sign_extend(value, mode.precision), mode.precision)
        } else {
            unquantize_unsigned(value & ((1 << mode.precision) - 1), mode.precision)
        }
    })
}

/// The low `bits` of a value as two's complement.
fn sign_extend(value: u32, bits: u32) -> i32 {
    (value << (32 - bits)) as i32 >> (32 - bits)
}

fn unquantize_unsigned(code: u32, precision: u32) -> i32 {
    let value = if precision >= 15 || code == 0 {
        code
    } else if code == (1 << precision) - 1 {
        0xffff
    } else {
        ((code << 16) + 0x8000) >> precision
    };
    value as i32
}

fn unquantize_signed(code: i32, precision: u32) -> i32 {
    if precision >= 16 || code == 0 {
        return code;
    }
    let magnitude = code.abs();
    let value = if magnitude >= (1 << (precision - 1)) - 1 {
        0x7fff
    } else {
        ((magnitude << 15) + 0x4000) >> (precision - 1)
    };
    value * code.signum()
}

/// Scales an interpolated value to the bits of a half. What scales to 0 loses its sign.
fn finish(value: i32, signed: bool) -> u16 {
    if !signed {
        return ((value * 31) >> 6) as u16;
    }
    let magnitude = ((value.abs() * 31) >> 5) as u16;
    if value < 0 && magnitude != 0 { magnitude | 0x8000 } else { magnitude }
}
