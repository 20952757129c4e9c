//! Integer and bit instructions (S22.11, S22.12). Everything wraps.

/// `imul` (S22.12.6): high and low half.
pub(crate) fn imul(a: u32, b: u32) -> [u32; 2] {
    let product = i64::from(a as i32) * i64::from(b as i32);
    [(product >> 32) as u32, product as u32]
}

/// `umul` (S22.12.11): high and low half.
pub(crate) fn umul(a: u32, b: u32) -> [u32; 2] {
    let product = u64::from(a) * u64::from(b);
    [(product >> 32) as u32, product as u32]
}

/// `imad`, `umad` (S22.12.3, S22.12.8): the low half.
pub(crate) fn mad(a: u32, b: u32, c: u32) -> u32 {
    a.wrapping_mul(b).wrapping_add(c)
}

/// `udiv` (S22.12.9): quotient and remainder; division by zero gives all ones for both.
pub(crate) fn udiv(a: u32, b: u32) -> [u32; 2] {
    match (a.checked_div(b), a.checked_rem(b)) {
        (Some(quotient), Some(remainder)) => [quotient, remainder],
        _ => [u32::MAX; 2],
    }
}

/// `uaddc` (S22.12.13): sum and carry.
pub(crate) fn uaddc(a: u32, b: u32) -> [u32; 2] {
    let (sum, carry) = a.overflowing_add(b);
    [sum, carry.into()]
}

/// `usubb` (S22.12.14): difference and borrow.
pub(crate) fn usubb(a: u32, b: u32) -> [u32; 2] {
    let (difference, borrow) = a.overflowing_sub(b);
    [difference, borrow.into()]
}

/// `ishl` (S22.11.7); like all shifts it counts with the low five bits.
pub(crate) fn ishl(a: u32, count: u32) -> u32 {
    a.wrapping_shl(count)
}

/// `ishr` (S22.11.8)
pub(crate) fn ishr(a: u32, count: u32) -> u32 {
    (a as i32).wrapping_shr(count) as u32
}

/// `ushr` (S22.11.12)
pub(crate) fn ushr(a: u32, count: u32) -> u32 {
    a.wrapping_shr(count)
}

/// `firstbit_hi` (S22.11.5): counted from the most significant bit; all ones when there is none.
pub(crate) fn firstbit_hi(a: u32) -> u32 {
    if a == 0 { u32::MAX } else { a.leading_zeros() }
}

/// `firstbit_lo`: counted from the least significant bit; all ones when there is none.
pub(crate) fn firstbit_lo(a: u32) -> u32 {
    if a == 0 { u32::MAX } else { a.trailing_zeros() }
}

/// `firstbit_shi`: the first bit that differs from the sign, counted from the most significant bit.
pub(crate) fn firstbit_shi(a: u32) -> u32 {
    firstbit_hi(if (a as i32) < 0 { !a } else { a })
}

/// `ubfe` (S22.11.11): width, offset, value.
pub(crate) fn ubfe(width: u32, offset: u32, value: u32) -> u32 {
    let (width, offset) = (width & 31, offset & 31);
    match width {
        0 => 0,
        _ if width + offset < 32 => value << (32 - (width + offset)) >> (32 - width),
        _ => value >> offset,
    }
}

/// `ibfe` (S22.11.6): as [`ubfe`], with the sign of the field.
pub(crate) fn ibfe(width: u32, offset: u32, value: u32) -> u32 {
    let (width, offset) = (width & 31, offset & 31);
    match width {
        0 => 0,
        _ if width + offset < 32 => ((value << (32 - (width + offset))) as i32 >> (32 - width)) as u32,
        _ => (value as i32 >> offset) as u32,
    }
}

/// `bfi` (S22.11.2): the low bits of `insert` replace a field of `base`.
pub(crate) fn bfi(width: u32, offset: u32, insert: u32, base: u32) -> u32 {
    let (width, offset) = (width & 31, offset & 31);
    let field = ((1 << width) - 1) << offset;
    insert << offset & field | base & !field
}

/// `msad` (S22.12.15): sum of absolute differences of the bytes where the reference is not 0. The accumulation
/// saturates, as the specification recommends.
pub(crate) fn msad(reference: u32, source: u32, accumulator: u32) -> u32 {
    let pairs = reference.to_le_bytes().into_iter().zip(source.to_le_bytes());
    pairs.filter(|&(r, _)| r != 0).fold(accumulator, |sum, (r, s)| sum.saturating_add(r.abs_diff(s).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products() {
        assert_eq!(imul(-2_i32 as u32, 3), [u32::MAX, -6_i32 as u32]);
        assert_eq!(umul(0xffff_ffff, 0xffff_ffff), [0xffff_fffe, 1]);
        assert_eq!(mad(0x8000_0001, 2, 5), 7);
    }

    #[test]
    fn division() {
        assert_eq!(udiv(17, 5), [3, 2]);
        assert_eq!(udiv(17, 0), [u32::MAX, u32::MAX]);
    }

    #[test]
    fn carries_and_borrows() {
        assert_eq!(uaddc(u32::MAX, 2), [1, 1]);
        assert_eq!(uaddc(1, 2), [3, 0]);
        assert_eq!(usubb(1, 2), [u32::MAX, 1]);
        assert_eq!(usubb(2, 2), [0, 0]);
    }

    #[test]
    fn shifts_count_with_five_bits() {
        assert_eq!([ishl(1, 31), ishl(1, 32), ishl(1, 33)], [1 << 31, 1, 2]);
        assert_eq!([ishr(1 << 31, 31), ishr(1 << 31, 0xffff_ffff)], [u32::MAX, u32::MAX]);
        assert_eq!([ushr(1 << 31, 31), ushr(1 << 31, 64)], [1, 1 << 31]);
    }

    #[test]
    fn first_bits() {
        assert_eq!([firstbit_hi(0x1000_0000), firstbit_hi(1), firstbit_hi(0)], [3, 31, u32::MAX]);
        assert_eq!([firstbit_lo(0x1000_0000), firstbit_lo(1), firstbit_lo(0)], [28, 0, u32::MAX]);
        assert_eq!(
            [firstbit_shi(0xf7ff_ffff), firstbit_shi(u32::MAX), firstbit_shi(0)],
            [4, u32::MAX, u32::MAX]
        );
        assert_eq!(firstbit_shi(0x0800_0000), 4);
    }

    #[test]
    fn bit_fields() {
        assert_eq!(ubfe(8, 8, 0x1234_56f8), 0x56);
        assert_eq!(ibfe(4, 4, 0x0000_00f0), u32::MAX);
        assert_eq!(ibfe(8, 28, 0x8000_0000), 0xffff_fff8);
        assert_eq!(ubfe(8, 28, 0x8000_0000), 8);
        assert_eq!([ubfe(32, 0, 7), ibfe(0, 0, 7)], [0, 0]);
        assert_eq!(ubfe(31, 31, 0x8000_0000), 1);
        assert_eq!(bfi(8, 8, 0xab, 0x1111_1111), 0x1111_ab11);
        assert_eq!(bfi(0, 3, 0xff, 0x55), 0x55);
        assert_eq!(bfi(31, 31, 1, 0), 1 << 31);
    }

    #[test]
    fn masked_differences_saturate() {
        // Bytes 1 and 3 of the reference are 0 and do not count.
        assert_eq!(msad(0x0010_0005, 0xff00_ff09, 100), 100 + 16 + 4);
        assert_eq!(msad(0x0000_0001, 0x0000_00ff, u32::MAX - 1), u32::MAX);
    }
}
