//! Conversions between 32-bit numbers and halves (S22.13).

use super::float;

/// `ftoi` (S22.13.3): truncates and saturates; NaN gives 0. Rust's cast is exactly that.
pub(super) fn ftoi(a: u32) -> u32 {
    f32::from_bits(a) as i32 as u32
}

/// `ftou` (S22.13.4): as [`ftoi`], negatives give 0.
pub(super) fn ftou(a: u32) -> u32 {
    f32::from_bits(a) as u32
}

/// `itof` (S22.13.5): to nearest, ties to even.
pub(super) fn itof(a: u32) -> u32 {
    (a as i32 as f32).to_bits()
}

/// `utof` (S22.13.6): to nearest, ties to even.
pub(super) fn utof(a: u32) -> u32 {
    (a as f32).to_bits()
}

/// `f32tof16` (S22.13.1, S3.2.2): towards zero, so that finite numbers stay finite; the high half of the result is 0.
pub(super) fn f32tof16(a: u32) -> u32 {
    let sign = a >> 16 & 0x8000;
    let magnitude = a & 0x7fff_ffff;
    let half = match magnitude {
        0x7f80_0001.. => return 0x7e00,
        0x7f80_0000 => 0x7c00,
        // 65536 and above: the largest finite half.
        0x4780_0000.. => 0x7bff,
        // 2^-14 and above: a normal half; the exponent's bias changes by 112.
        0x3880_0000.. => (magnitude - (112 << 23)) >> 13,
        // A denormal half is a multiple of 2^-24; smaller numbers give 0.
        0x3380_0000.. => (magnitude & 0x7f_ffff | 0x80_0000) >> (126 - (magnitude >> 23)),
        _ => 0,
    };
    sign | half
}

/// `f16tof32` (S22.13.2): exact, denormals too; the high half of the operand is ignored.
pub(super) fn f16tof32(a: u32) -> u32 {
    let sign = (a & 0x8000) << 16;
    let (exponent, mantissa) = (a >> 10 & 0x1f, a & 0x3ff);
    let magnitude = match exponent {
        0x1f if mantissa != 0 => return float::NAN,
        0x1f => 0x7f80_0000,
        // mantissa * 2^-24, exact.
        0 => (mantissa as f32 / 16_777_216.0).to_bits(),
        _ => (exponent + 112) << 23 | mantissa << 13,
    };
    sign | magnitude
}
