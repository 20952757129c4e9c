//! The interpreter loop: one `match`, compiled once for each SIMD level.

use fearless_simd::prelude::*;

use super::float::{self, bits, float, flush, flushed, flushed_late, mad, mad_late, mask};
use super::math;
use super::outside::Outside;
use super::rows::{Group, Shape, any, binary, each, in_two_steps, pair, quads, ternary, unary};
use crate::program::{Inst, Op};
use crate::scalar::{self, ExecutionError, convert, integer};

/// Computes the uniform rows if that must be done, then executes the program.
#[inline(always)]
pub(super) fn run<S: Simd>(
    s: S,
    setup: bool,
    rows: &mut [Group],
    shape: Shape,
    outside: &mut Outside<'_>,
) -> Result<(), ExecutionError> {
    let program = outside.program;
    // Programs without loops and effects go by two groups at a time, so that their rows stay in the nearest cache.
    // One loop for everything, so that it is compiled once.
    const GROUPS: usize = 2;
    let windows = if program.independent { shape.end.div_ceil(GROUPS) } else { 1 };
    for part in usize::from(!setup)..=windows {
        let (insts, shape) = match part {
            0 => (&program.setup, shape),
            _ if program.independent => {
                let (first, end) = ((part - 1) * GROUPS, shape.end.min(part * GROUPS));
                (&program.insts, Shape { first, end, ..shape })
            }
            _ => (&program.insts, shape),
        };
        execute(s, insts, rows, shape, outside)?;
    }
    Ok(())
}

/// Executes instructions until `End`, or all of them.
#[inline(always)]
pub(super) fn execute<S: Simd>(
    s: S,
    insts: &[Inst],
    rows: &mut [Group],
    shape: Shape,
    outside: &mut Outside<'_>,
) -> Result<(), ExecutionError> {
    let mut position = 0;
    // Closures must be inlined always: outside of this function they would be compiled without vector instructions.
    macro_rules! op1 {
        ($i:expr, |$x:ident| $result:expr) => {
            unary(
                s,
                rows,
                shape,
                $i,
                #[inline(always)]
                |$x: S::u32s| $result,
            )
        };
    }
    macro_rules! op2 {
        ($i:expr, |$x:ident, $y:ident| $result:expr) => {
            binary(
                s,
                rows,
                shape,
                $i,
                #[inline(always)]
                |$x: S::u32s, $y: S::u32s| $result,
            )
        };
    }
    macro_rules! op3 {
        ($i:expr, |$x:ident, $y:ident, $z:ident| $result:expr) => {
            ternary(
                s,
                rows,
                shape,
                $i,
                #[inline(always)]
                |$x: S::u32s, $y: S::u32s, $z: S::u32s| $result,
            )
        };
    }
    macro_rules! float1 {
        ($i:expr, |$x:ident| $result:expr) => {
            op1!($i, |x| {
                let $x = float::<S>(x);
                bits::<S>($result)
            })
        };
    }
    macro_rules! float2 {
        ($i:expr, |$x:ident, $y:ident| $result:expr) => {
            op2!($i, |x, y| {
                let ($x, $y) = (float::<S>(x), float::<S>(y));
                bits::<S>($result)
            })
        };
    }
    macro_rules! float3 {
        ($i:expr, |$x:ident, $y:ident, $z:ident| $result:expr) => {
            op3!($i, |x, y, z| {
                let ($x, $y, $z) = (float::<S>(x), float::<S>(y), float::<S>(z));
                bits::<S>($result)
            })
        };
    }
    macro_rules! in_two_steps {
        ($i:expr, |$x:tt| $first:expr, |$y:tt, $doubles:ident| $second:expr) => {
            in_two_steps(
                s,
                rows,
                shape,
                $i,
                #[inline(always)]
                |$x| $first,
                #[inline(always)]
                |$y, $doubles| $second,
            )
        };
    }
    /// This instruction and the next, which takes this one's result.
    macro_rules! pair {
        ($i:expr, |$x:ident, $y:ident, $z:tt| $first:expr, |$r:ident, $a:tt, $b:ident| $second:expr) => {
            if let Some(next) = insts.get(position) {
                position += 1;
                pair(
                    s,
                    rows,
                    shape,
                    [$i, next],
                    #[inline(always)]
                    |$x, $y, $z| $first,
                    #[inline(always)]
                    |$r, $a, $b| $second,
                );
            }
        };
    }
    macro_rules! compare {
        ($i:expr, $type:ident, $method:ident) => {
            op2!($i, |x, y| {
                let (x, y): (S::$type, S::$type) = (x.bitcast(), y.bitcast());
                mask::<S>(x.$method(y))
            })
        };
    }
    macro_rules! signed {
        ($i:expr, |$x:ident, $y:ident| $result:expr) => {
            op2!($i, |x, y| {
                let ($x, $y): (S::i32s, S::i32s) = (x.bitcast(), y.bitcast());
                let result: S::i32s = $result;
                result.bitcast()
            })
        };
    }
    /// Lane by lane, with the reference interpreter's own functions.
    macro_rules! lanes {
        ($i:expr, |$x:tt, $y:tt, $z:tt| $result:expr) => {
            each(
                rows,
                shape,
                $i,
                #[inline(always)]
                |$x: u32, $y: u32, $z: u32| $result,
            )
        };
    }
    while let Some(i) = insts.get(position) {
        position += 1;
        match i.op {
            Op::Mov => op1!(i, |x| x),
            Op::Select => op3!(i, |x, y, z| x.simd_eq(S::u32s::splat(s, 0)).select(z, y)),
            Op::NonZero => op1!(i, |x| mask::<S>(x.simd_ne(S::u32s::splat(s, 0)))),
            Op::IsZero => op1!(i, |x| mask::<S>(x.simd_eq(S::u32s::splat(s, 0)))),
            Op::And => op2!(i, |x, y| x & y),
            Op::Or => op2!(i, |x, y| x | y),
            Op::Xor => op2!(i, |x, y| x ^ y),
            Op::AndNot => op2!(i, |x, y| x & !y),
            Op::Not => op1!(i, |x| !x),
            Op::Merge => op3!(i, |x, y, z| (x & z) | (y & !z)),

            Op::Flush => op1!(i, |x| flush(s, x)),
            Op::Canonical => op1!(i, |x| float::canonical(s, x)),
            Op::Saturate => op1!(i, |x| float::saturate(s, x)),
            Op::Add => float2!(i, |x, y| flushed(s, x + y)),
            Op::Sub => float2!(i, |x, y| flushed(s, x - y)),
            Op::Mul => float2!(i, |x, y| flushed(s, x * y)),
            Op::Mad => float3!(i, |x, y, z| flushed(s, flushed(s, x * y) + z)),
            Op::Msub => float3!(i, |x, y, z| flushed(s, flushed(s, x * y) - z)),
            Op::Nmad => float3!(i, |x, y, z| flushed(s, z - flushed(s, x * y))),
            Op::MadLate => op3!(i, |x, y, z| mad_late(s, x, y, z)),
            Op::NmadLate => float3!(i, |x, y, z| flushed_late(s, z - x * y, z)),
            Op::AddExact => float2!(i, |x, y| x + y),
            Op::SubExact => float2!(i, |x, y| x - y),
            Op::MulExact => float2!(i, |x, y| x * y),
            Op::MadExact => op3!(i, |x, y, z| mad::<S>(x, y, z)),
            Op::MsubExact => float3!(i, |x, y, z| x * y - z),
            Op::NmadExact => float3!(i, |x, y, z| z - x * y),
            Op::MulLegacy => float2!(i, |x, y| flushed(s, float::mul_legacy(s, x, y))),
            Op::Pow => each(rows, shape, i, |x, y, _| scalar::float::pow_abs(x, y)),
            Op::Div => float2!(i, |x, y| flushed(s, x / y)),
            Op::Min => op2!(i, |x, y| float::min(s, x, y)),
            Op::Max => op2!(i, |x, y| float::max(s, x, y)),
            Op::MinRaw => op2!(i, |x, y| float::min_raw(s, x, y)),
            Op::MaxRaw => op2!(i, |x, y| float::max_raw(s, x, y)),
            Op::Frc => float1!(i, |x| float::fraction(s, x)),
            Op::RoundNe => float1!(i, |x| x.round_ties_even()),
            Op::RoundNi => float1!(i, |x| x.floor()),
            Op::RoundPi => float1!(i, |x| x.ceil()),
            Op::RoundZ => float1!(i, |x| x.trunc()),
            Op::Rcp => float1!(i, |x| flushed(s, S::f32s::splat(s, 1.0) / x)),
            Op::Rsq => in_two_steps!(i, |x| math::root(s, x), |x, root| math::rsqrt(s, x, root)),
            Op::Sqrt => float1!(i, |x| x.sqrt()),
            Op::Exp => float1!(i, |x| math::exp2(s, x)),
            Op::Log => float1!(i, |x| math::log2(s, x)),
            Op::Sin => in_two_steps!(i, |x| math::half_turn::<S>(x, 0.0), |x, r| math::sin(s, x, r)),
            Op::Cos => in_two_steps!(i, |x| math::half_turn::<S>(x, 0.5), |x, r| math::cos(s, x, r)),
            Op::Feq => compare!(i, f32s, simd_eq),
            Op::Fne => compare!(i, f32s, simd_ne),
            Op::Flt => compare!(i, f32s, simd_lt),
            Op::Fge => compare!(i, f32s, simd_ge),

            Op::MadThenMad => pair!(i, |x, y, z| mad::<S>(x, y, z), |z, x, y| mad::<S>(x, y, z)),
            Op::MadThenMadLate => pair!(i, |x, y, z| mad::<S>(x, y, z), |z, x, y| mad_late(s, x, y, z)),
            Op::MinThenAdd => {
                pair!(i, |x, y, _| float::min(s, x, y), |x, _, y| bits::<S>(float::<S>(x) + float::<S>(y)));
            }
            Op::MinThenMax => pair!(i, |x, y, _| float::min(s, x, y), |x, _, y| float::max(s, x, y)),
            Op::MaxThenMin => pair!(i, |x, y, _| float::max(s, x, y), |x, _, y| float::min(s, x, y)),

            Op::Iadd => op2!(i, |x, y| x + y),
            Op::Isub => op2!(i, |x, y| x - y),
            Op::Ineg => op1!(i, |x| S::u32s::splat(s, 0) - x),
            Op::Iabs => lanes!(i, |x, _, _| (x as i32).wrapping_abs() as u32),
            Op::Imul => op2!(i, |x, y| x * y),
            Op::Imad => op3!(i, |x, y, z| x * y + z),
            Op::ImulHigh => lanes!(i, |x, y, _| integer::imul(x, y)[0]),
            Op::UmulHigh => lanes!(i, |x, y, _| integer::umul(x, y)[0]),
            Op::Udiv => lanes!(i, |x, y, _| integer::udiv(x, y)[0]),
            Op::Urem => lanes!(i, |x, y, _| integer::udiv(x, y)[1]),
            Op::Carry => op2!(i, |x, y| mask::<S>((x + y).simd_lt(x)) & 1),
            Op::Borrow => op2!(i, |x, y| mask::<S>(x.simd_lt(y)) & 1),
            Op::Imax => signed!(i, |x, y| x.simd_gt(y).select(x, y)),
            Op::Imin => signed!(i, |x, y| x.simd_lt(y).select(x, y)),
            Op::Umax => op2!(i, |x, y| x.simd_gt(y).select(x, y)),
            Op::Umin => op2!(i, |x, y| x.simd_lt(y).select(x, y)),
            Op::Ieq => compare!(i, u32s, simd_eq),
            Op::Ine => compare!(i, u32s, simd_ne),
            Op::Ilt => compare!(i, i32s, simd_lt),
            Op::Ige => compare!(i, i32s, simd_ge),
            Op::Ult => compare!(i, u32s, simd_lt),
            Op::Uge => compare!(i, u32s, simd_ge),
            Op::Ishl => op2!(i, |x, y| x << (y & 31)),
            Op::Ishr => signed!(i, |x, y| x >> (y & 31)),
            Op::Ushr => op2!(i, |x, y| x >> (y & 31)),
            Op::Ubfe => lanes!(i, |x, y, z| integer::ubfe(x, y, z)),
            Op::Ibfe => lanes!(i, |x, y, z| integer::ibfe(x, y, z)),
            Op::Field => lanes!(i, |width, offset, _| integer::bfi(width, offset, u32::MAX, 0)),
            Op::Bfrev => lanes!(i, |x, _, _| x.reverse_bits()),
            Op::Countbits => op1!(i, |x| x.count_ones()),
            Op::FirstbitHi => lanes!(i, |x, _, _| integer::firstbit_hi(x)),
            Op::FirstbitLo => lanes!(i, |x, _, _| integer::firstbit_lo(x)),
            Op::FirstbitShi => lanes!(i, |x, _, _| integer::firstbit_shi(x)),
            Op::Msad => lanes!(i, |x, y, z| integer::msad(x, y, z)),

            Op::Ftoi => op1!(i, |x| float::<S>(x).to_int_precise::<S::i32s>().bitcast()),
            Op::Ftou => op1!(i, |x| float::<S>(x).to_int_precise::<S::u32s>()),
            Op::Itof => op1!(i, |x| {
                let x: S::i32s = x.bitcast();
                bits::<S>(x.to_float::<S::f32s>())
            }),
            Op::Utof => op1!(i, |x| bits::<S>(x.to_float::<S::f32s>())),
            Op::F32tof16 => lanes!(i, |x, _, _| convert::f32tof16(x)),
            Op::F16tof32 => lanes!(i, |x, _, _| convert::f16tof32(x)),

            Op::DerivX => quads(rows, shape, i, |[a, b, ..]| [scalar::difference(b, a); 4]),
            Op::DerivY => quads(rows, shape, i, |[a, _, c, _]| [scalar::difference(c, a); 4]),
            Op::DerivXFine => quads(rows, shape, i, |[a, b, c, d]| {
                let (top, bottom) = (scalar::difference(b, a), scalar::difference(d, c));
                [top, top, bottom, bottom]
            }),
            Op::DerivYFine => quads(rows, shape, i, |[a, b, c, d]| {
                let (left, right) = (scalar::difference(c, a), scalar::difference(d, b));
                [left, right, left, right]
            }),

            Op::Gather => outside.gather(rows, shape, i),
            Op::Scatter => outside.scatter(rows, shape, i),
            Op::PatchRead => outside.read_patch(rows, shape, i),
            Op::PatchWrite => outside.write_patch(rows, shape, i),
            Op::Sample => outside.sample(rows, shape, i),
            Op::Load => outside.load(rows, shape, i),
            Op::LoadWords => outside.load_words(rows, shape, i),
            Op::StoreWords => outside.store_words(rows, shape, i),
            Op::Class => outside.class(rows, shape, i),
            Op::Cold => outside.cold(rows, shape, i),
            Op::Live => outside.live(rows, shape, i),
            Op::Discard => outside.discard(rows, shape, i),
            Op::Emit => outside.emit(rows, shape, i),
            Op::Cut => outside.cut(rows, shape, i),

            Op::Jump => position = i.a as usize,
            Op::JumpNone => {
                if !any(rows, shape, i.a) {
                    position = i.b as usize;
                }
            }
            Op::JumpUniform => {
                if (rows[i.a as usize].0[0] != 0) == (i.c != 0) {
                    position = i.b as usize;
                }
            }
            Op::LoopBack => {
                if any(rows, shape, i.a) {
                    outside.turn(rows, shape, i)?;
                    position = i.b as usize;
                }
            }
            Op::Charge => outside.charge_lanes(rows, shape, i.b, i.a.into())?,
            Op::End => break,
        }
    }
    Ok(())
}
