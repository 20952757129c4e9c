//! Conversions between 32-bit numbers and halves (S22.13).

use crate::math;

/// `ftoi` (S22.13.3): truncates and saturates; NaN gives 0. Rust's cast is exactly that.
pub(crate) fn ftoi(a: u32) -> u32 {
    f32::from_bits(a) as i32 as u32
}

/// `ftou` (S22.13.4): as [`ftoi`], negatives give 0.
pub(crate) fn ftou(a: u32) -> u32 {
    f32::from_bits(a) as u32
}

/// `itof` (S22.13.5): to nearest, ties to even.
pub(crate) fn itof(a: u32) -> u32 {
    (a as i32 as f32).to_bits()
}

/// `utof` (S22.13.6): to nearest, ties to even.
pub(crate) fn utof(a: u32) -> u32 {
    (a as f32).to_bits()
}

/// `f32tof16` (S22.13.1, S3.2.2): towards zero, so that finite numbers stay finite; the high half of the result is 0.
pub(crate) fn f32tof16(a: u32) -> u32 {
    math::f32_to_f16(f32::from_bits(a)).into()
}

/// `f16tof32` (S22.13.2): exact, denormals too; the high half of the operand is ignored.
pub(crate) fn f16tof32(a: u32) -> u32 {
    math::canonical(math::f16_to_f32(a as u16)).to_bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn f(value: f32) -> u32 {
        value.to_bits()
    }

    #[test]
    fn floats_to_integers_saturate() {
        for (x, signed, unsigned) in [
            (f(1.9), 1, 1),
            (f(-1.9), -1_i32 as u32, 0),
            (f(3.0e9), i32::MAX as u32, 3_000_000_000),
            (f(-3.0e9), i32::MIN as u32, 0),
            (f(f32::INFINITY), i32::MAX as u32, u32::MAX),
            (math::NAN.to_bits(), 0, 0),
        ] {
            assert_eq!((ftoi(x), ftou(x)), (signed, unsigned), "{x:#x}");
        }
    }

    #[test]
    fn integers_to_floats_round_to_even() {
        assert_eq!(itof(0x0100_0001), f(16_777_216.0));
        assert_eq!(itof(u32::MAX), f(-1.0));
        assert_eq!(utof(u32::MAX), f(4_294_967_296.0));
    }

    #[test]
    fn halves() {
        for (x, half) in [
            (f(1.0), 0x3c00),
            (f(-2.0), 0xc000),
            // Towards zero, everywhere.
            (0x3f80_3fff, 0x3c01),
            (f(65_504.0), 0x7bff),
            (f(65_535.9), 0x7bff),
            (f(-1.0e10), 0xfbff),
            (f(f32::INFINITY), 0x7c00),
            (0xff80_0001, 0x7e00),
            (0x3880_0000, 0x0400),
            (0x387f_ffff, 0x03ff),
            (0x3380_0000, 0x0001),
            (0x337f_ffff, 0x0000),
            (0x8000_0001, 0x8000),
        ] {
            assert_eq!(f32tof16(x), half, "{x:#x}");
        }
    }

    #[test]
    fn every_half_survives_the_round_trip() {
        for half in 0..=0xffff_u32 {
            let nan = half & 0x7fff > 0x7c00;
            assert_eq!(f32tof16(f16tof32(half | 0xabcd_0000)), if nan { 0x7e00 } else { half });
        }
        assert_eq!(f16tof32(0x0001), 0x3380_0000);
    }
}
