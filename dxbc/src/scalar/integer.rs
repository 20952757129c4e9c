//! Integer and bit instructions (S22.11, S22.12). Everything wraps.

/// `imul` (S22.12.6): high and low half.
pub(super) fn imul(a: u32, b: u32) -> [u32; 2] {
    let product = i64::from(a as i32) * i64::from(b as i32);
    [(product >> 32) as u32, product as u32]
}

/// `umul` (S22.12.11): high and low half.
pub(super) fn umul(a: u32, b: u32) -> [u32; 2] {
    let product = u64::from(a) * u64::from(b);
    [(product >> 32) as u32, product as u32]
}

/// `imad`, `umad` (S22.12.3, S22.12.8): the low half.
pub(super) fn mad(a: u32, b: u32, c: u32) -> u32 {
    a.wrapping_mul(b).wrapping_add(c)
}

/// `udiv` (S22.12.9): quotient and remainder; division by zero gives all ones for both.
pub(super) fn udiv(a: u32, b: u32) -> [u32; 2] {
    match (a.checked_div(b), a.checked_rem(b)) {
        (Some(quotient), Some(remainder)) => [quotient, remainder],
        _ => [u32::MAX; 2],
    }
}

/// `uaddc` (S22.12.13): sum and carry.
pub(super) fn uaddc(a: u32, b: u32) -> [u32; 2] {
    let (sum, carry) = a.overflowing_add(b);
    [sum, carry.into()]
}

/// `usubb` (S22.12.14): difference and borrow.
pub(super) fn usubb(a: u32, b: u32) -> [u32; 2] {
    let (difference, borrow) = a.overflowing_sub(b);
    [difference, borrow.into()]
}

/// `ishl` (S22.11.7); like all shifts it counts with the low five bits.
pub(super) fn ishl(a: u32, count: u32) -> u32 {
    a.wrapping_shl(count)
}

/// `ishr` (S22.11.8)
pub(super) fn ishr(a: u32, count: u32) -> u32 {
    (a as i32).wrapping_shr(count) as u32
}

/// `ushr` (S22.11.12)
pub(super) fn ushr(a: u32, count: u32) -> u32 {
    a.wrapping_shr(count)
}

/// `firstbit_hi` (S22.11.5): counted from the most significant bit; all ones when there is none.
pub(super) fn firstbit_hi(a: u32) -> u32 {
    if a == 0 { u32::MAX } else { a.leading_zeros() }
}

/// `firstbit_lo`: counted from the least significant bit; all ones when there is none.
pub(super) fn firstbit_lo(a: u32) -> u32 {
    if a == 0 { u32::MAX } else { a.trailing_zeros() }
}

/// `firstbit_shi`: the first bit that differs from the sign, counted from the most significant bit.
pub(super) fn firstbit_shi(a: u32) -> u32 {
    firstbit_hi(if (a as i32) < 0 { !a } else { a })
}

/// `ubfe` (S22.11.11): width, offset, value.
pub(super) fn ubfe(width: u32, offset: u32, value: u32) -> u32 {
    let (width, offset) = (width & 31, offset & 31);
    match width {
        0 => 0,
        _ if width + offset < 32 => value << (32 - (width + offset)) >> (32 - width),
        _ => value >> offset,
    }
}

/// `ibfe` (S22.11.6): as [`ubfe`], with the sign of the field.
pub(super) fn ibfe(width: u32, offset: u32, value: u32) -> u32 {
    let (width, offset) = (width & 31, offset & 31);
    match width {
        0 => 0,
        _ if width + offset < 32 => ((value << (32 - (width + offset))) as i32 >> (32 - width)) as u32,
        _ => (value as i32 >> offset) as u32,
    }
}

/// `bfi` (S22.11.2): the low bits of `insert` replace a field of `base`.
pub(super) fn bfi(width: u32, offset: u32, insert: u32, base: u32) -> u32 {
    let (width, offset) = (width & 31, offset & 31);
    let field = ((1 << width) - 1) << offset;
    insert << offset & field | base & !field
}

/// `msad` (S22.12.15): sum of absolute differences of the bytes where the reference is not 0. The accumulation
/// saturates, as the specification recommends.
pub(super) fn msad(reference: u32, source: u32, accumulator: u32) -> u32 {
    let pairs = reference.to_le_bytes().into_iter().zip(source.to_le_bytes());
    pairs.filter(|&(r, _)| r != 0).fold(accumulator, |sum, (r, s)| sum.saturating_add(r.abs_diff(s).into()))
}
