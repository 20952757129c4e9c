//! One step for all active lanes: which rule computes which instruction.

use crate::ir::Op;
use crate::resources::AtomicOp;
use crate::shader::Step;

use super::machine::{Machine, components};
use super::{convert, double, float, integer};

impl Machine<'_, '_> {
    /// Executes anything but branches.
    pub(super) fn execute(&mut self, step: &Step) {
        use Op::*;
        match step.op {
            // Floats.
            Add => self.binary(step, float::add),
            Mul => self.binary(step, float::mul),
            Div => self.binary(step, float::div),
            Min => self.binary(step, float::min),
            Max => self.binary(step, float::max),
            Mad => self.ternary(step, float::mad),
            Dp2 => self.dot(step, 2, float::mul),
            Dp3 => self.dot(step, 3, float::mul),
            Dp4 => self.dot(step, 4, float::mul),
            MulLegacy => self.binary(step, float::mul_legacy),
            MadLegacy => self.ternary(step, |a, b, c| float::add(float::mul_legacy(a, b), c)),
            Dp3Legacy => self.dot(step, 3, float::mul_legacy),
            Dp4Legacy => self.dot(step, 4, float::mul_legacy),
            Pow => self.binary(step, float::pow_abs),
            Frc => self.unary(step, float::frc),
            RoundNe => self.unary(step, float::round_ne),
            RoundNi => self.unary(step, float::round_ni),
            RoundPi => self.unary(step, float::round_pi),
            RoundZ => self.unary(step, float::round_z),
            Rcp => self.unary(step, float::rcp),
            Rsq => self.unary(step, float::rsq),
            Sqrt => self.unary(step, float::sqrt),
            Exp => self.unary(step, float::exp),
            Log => self.unary(step, float::log),
            Sincos => self.double_result(step, |[a, _, _]| float::sincos(a)),
            Eq => self.binary(step, |a, b| float::compare(a, b, |a, b| a == b)),
            Ne => self.binary(step, |a, b| float::compare(a, b, |a, b| a != b)),
            Lt => self.binary(step, |a, b| float::compare(a, b, |a, b| a < b)),
            Ge => self.binary(step, |a, b| float::compare(a, b, |a, b| a >= b)),
            // Moves (S22.9): bits, but for modifiers and `_sat`.
            Mov => self.unary(step, |a| a),
            Movc => self.ternary(step, |test, a, b| if test != 0 { a } else { b }),
            Swapc => self.double_result(step, |[test, a, b]| if test != 0 { [b, a] } else { [a, b] }),
            // Integers and bits.
            Iadd => self.binary(step, u32::wrapping_add),
            Ineg => self.unary(step, u32::wrapping_neg),
            Imad | Umad => self.ternary(step, integer::mad),
            Imul => self.double_result(step, |[a, b, _]| integer::imul(a, b)),
            Umul => self.double_result(step, |[a, b, _]| integer::umul(a, b)),
            Udiv => self.double_result(step, |[a, b, _]| integer::udiv(a, b)),
            Uaddc => self.double_result(step, |[a, b, _]| integer::uaddc(a, b)),
            Usubb => self.double_result(step, |[a, b, _]| integer::usubb(a, b)),
            Imax => self.binary(step, |a, b| (a as i32).max(b as i32) as u32),
            Imin => self.binary(step, |a, b| (a as i32).min(b as i32) as u32),
            Umax => self.binary(step, u32::max),
            Umin => self.binary(step, u32::min),
            Ieq => self.binary(step, |a, b| float::mask(a == b)),
            Ine => self.binary(step, |a, b| float::mask(a != b)),
            Ilt => self.binary(step, |a, b| float::mask((a as i32) < b as i32)),
            Ige => self.binary(step, |a, b| float::mask(a as i32 >= b as i32)),
            Ult => self.binary(step, |a, b| float::mask(a < b)),
            Uge => self.binary(step, |a, b| float::mask(a >= b)),
            And => self.binary(step, |a, b| a & b),
            Or => self.binary(step, |a, b| a | b),
            Xor => self.binary(step, |a, b| a ^ b),
            Not => self.unary(step, |a| !a),
            Ishl => self.binary(step, integer::ishl),
            Ishr => self.binary(step, integer::ishr),
            Ushr => self.binary(step, integer::ushr),
            Ubfe => self.ternary(step, integer::ubfe),
            Ibfe => self.ternary(step, integer::ibfe),
            Bfi => self.quaternary(step, integer::bfi),
            Bfrev => self.unary(step, u32::reverse_bits),
            Countbits => self.unary(step, u32::count_ones),
            FirstbitHi => self.unary(step, integer::firstbit_hi),
            FirstbitLo => self.unary(step, integer::firstbit_lo),
            FirstbitShi => self.unary(step, integer::firstbit_shi),
            Msad => self.ternary(step, integer::msad),
            // Conversions.
            Ftoi => self.unary(step, convert::ftoi),
            Ftou => self.unary(step, convert::ftou),
            Itof => self.unary(step, convert::itof),
            Utof => self.unary(step, convert::utof),
            F32tof16 => self.unary(step, convert::f32tof16),
            F16tof32 => self.unary(step, convert::f16tof32),
            // Doubles.
            Dadd => self.doubles(step, |[a, b, _]| double::dadd(a, b)),
            Dmul => self.doubles(step, |[a, b, _]| double::dmul(a, b)),
            Ddiv => self.doubles(step, |[a, b, _]| double::ddiv(a, b)),
            Dmin => self.doubles(step, |[a, b, _]| double::dmin(a, b)),
            Dmax => self.doubles(step, |[a, b, _]| double::dmax(a, b)),
            Dfma => self.doubles(step, |[a, b, c]| double::dfma(a, b, c)),
            Drcp => self.doubles(step, |[a, _, _]| double::drcp(a)),
            Dmov => self.doubles(step, |[a, _, _]| a),
            Dmovc => self.select_doubles(step),
            Deq => self.doubles_to_words(step, |a, b| double::compare(a, b, |a, b| a == b)),
            Dne => self.doubles_to_words(step, |a, b| double::compare(a, b, |a, b| a != b)),
            Dlt => self.doubles_to_words(step, |a, b| double::compare(a, b, |a, b| a < b)),
            Dge => self.doubles_to_words(step, |a, b| double::compare(a, b, |a, b| a >= b)),
            Dtof => self.doubles_to_words(step, |a, _| double::dtof(a)),
            Dtoi => self.doubles_to_words(step, |a, _| double::dtoi(a)),
            Dtou => self.doubles_to_words(step, |a, _| double::dtou(a)),
            Ftod => self.words_to_doubles(step, double::ftod),
            Itod => self.words_to_doubles(step, double::itod),
            Utod => self.words_to_doubles(step, double::utod),
            // Quads.
            DerivRtx | DerivRtxCoarse => self.derivative(step, |m, lane| m.coarse_derivatives(lane)[0]),
            DerivRty | DerivRtyCoarse => self.derivative(step, |m, lane| m.coarse_derivatives(lane)[1]),
            DerivRtxFine => self.derivative(step, |m, lane| m.difference(lane & !1, lane | 1)),
            DerivRtyFine => self.derivative(step, |m, lane| m.difference(lane & !2, lane | 2)),
            EvalSnapped | EvalSampleIndex | EvalCentroid => self.evaluate(step),
            Discard => self.discard(step),
            // Memory.
            Sample | SampleC | SampleCLz | SampleL | SampleD | SampleB | Lod | Gather4 | Gather4C
            | Gather4Po | Gather4PoC | Gather4S | Gather4CS | Gather4PoS | Gather4PoCS | SampleLS
            | SampleCLzS | SampleClS | SampleBClS | SampleDClS | SampleCClS => self.sample(step),
            Ld | Ldms | LdS | LdmsS => self.load_texel(step),
            Resinfo => self.resinfo(step),
            Bufinfo => self.bufinfo(step),
            Sampleinfo => self.sampleinfo(step),
            Samplepos => self.samplepos(step),
            LdUavTyped | LdUavTypedS => self.load_typed(step),
            StoreUavTyped => self.store_typed(step),
            LdRaw | LdRawS | LdStructured | LdStructuredS => self.load_words(step),
            StoreRaw | StoreStructured => self.store_words(step),
            AtomicAnd | ImmAtomicAnd => self.atomic(step, AtomicOp::And),
            AtomicOr | ImmAtomicOr => self.atomic(step, AtomicOp::Or),
            AtomicXor | ImmAtomicXor => self.atomic(step, AtomicOp::Xor),
            AtomicIadd | ImmAtomicIadd => self.atomic(step, AtomicOp::Add),
            AtomicImax | ImmAtomicImax => self.atomic(step, AtomicOp::SignedMax),
            AtomicImin | ImmAtomicImin => self.atomic(step, AtomicOp::SignedMin),
            AtomicUmax | ImmAtomicUmax => self.atomic(step, AtomicOp::UnsignedMax),
            AtomicUmin | ImmAtomicUmin => self.atomic(step, AtomicOp::UnsignedMin),
            ImmAtomicExch => self.atomic(step, AtomicOp::Exchange),
            AtomicCmpStore | ImmAtomicCmpExch => self.atomic(step, AtomicOp::CompareExchange(0)),
            ImmAtomicAlloc | ImmAtomicConsume => self.counter(step),
            CheckAccessFullyMapped => self.unary(step, |status| float::mask(status != 0)),
            Cut | CutStream => self.cut(step),
            // Lanes in lock step on one thread: every fence and barrier holds by itself (S22.17.7).
            Sync => {}
            // Marks that nobody jumps over.
            Nop | Label | Loop | Endif | Case | Default | Endswitch => {}
            // Executed as branches, or refused by validation.
            If | Else | Endloop | Break | Breakc | Continue | Continuec | Switch | Ret | Retc | Call
            | Callc | Fcall | Emit | EmitThenCut | EmitStream | EmitThenCutStream | Jmp | Abort
            | DebugBreak => {}
        }
    }

    /// Each component of the result from the same component of one source.
    fn unary(&mut self, step: &Step, f: impl Fn(u32) -> u32) {
        self.each(|m, lane| {
            let a = m.source(lane, &step.sources[0]);
            m.write(lane, step, |c| f(a[c]));
        });
    }

    fn binary(&mut self, step: &Step, f: impl Fn(u32, u32) -> u32) {
        self.each(|m, lane| {
            let [a, b] = [0, 1].map(|s| m.source(lane, &step.sources[s]));
            m.write(lane, step, |c| f(a[c], b[c]));
        });
    }

    fn ternary(&mut self, step: &Step, f: impl Fn(u32, u32, u32) -> u32) {
        self.each(|m, lane| {
            let [a, b, c] = [0, 1, 2].map(|s| m.source(lane, &step.sources[s]));
            m.write(lane, step, |i| f(a[i], b[i], c[i]));
        });
    }

    fn quaternary(&mut self, step: &Step, f: impl Fn(u32, u32, u32, u32) -> u32) {
        self.each(|m, lane| {
            let [a, b, c, d] = [0, 1, 2, 3].map(|s| m.source(lane, &step.sources[s]));
            m.write(lane, step, |i| f(a[i], b[i], c[i], d[i]));
        });
    }

    /// One number for all components of the result.
    fn dot(&mut self, step: &Step, count: usize, mul: impl Fn(u32, u32) -> u32) {
        self.each(|m, lane| {
            let [a, b] = [0, 1].map(|s| m.source(lane, &step.sources[s]));
            let product = float::dot(count, a, b, &mul);
            m.write(lane, step, |_| product);
        });
    }

    /// Two destinations; all sources are read before either is written.
    fn double_result(&mut self, step: &Step, f: impl Fn([u32; 3]) -> [u32; 2]) {
        let wanted = step.destinations[0].mask | step.destinations[1].mask;
        self.each(|m, lane| {
            let mut sources = [[0; 4]; 3];
            for (value, source) in sources.iter_mut().zip(&step.sources) {
                *value = m.source(lane, source);
            }
            let mut results = [[0; 4]; 2];
            for c in components(wanted) {
                let [first, second] = f(sources.map(|s| s[c]));
                results[0][c] = if step.saturate { float::saturate(first) } else { first };
                results[1][c] = if step.saturate { float::saturate(second) } else { second };
            }
            for (destination, result) in step.destinations.iter().zip(results) {
                m.store(lane, destination, result);
            }
        });
    }

    /// Double results (S22.14): pair xy of the destination from pair xy of the sources, zw from zw.
    fn doubles(&mut self, step: &Step, f: impl Fn([u64; 3]) -> u64) {
        self.each(|m, lane| {
            let mut sources = [[0; 2]; 3];
            for (value, source) in sources.iter_mut().zip(&step.sources) {
                *value = pairs(m.source(lane, source));
            }
            m.write_doubles(lane, step, |pair| f(sources.map(|s| s[pair])));
        });
    }

    /// `dmovc`: one component of the condition for each double.
    fn select_doubles(&mut self, step: &Step) {
        self.each(|m, lane| {
            let test = m.source(lane, &step.sources[0]);
            let [a, b] = [1, 2].map(|s| pairs(m.source(lane, &step.sources[s])));
            m.write_doubles(
                lane,
                step,
                |pair| if test[nth_double(step, pair)] != 0 { a[pair] } else { b[pair] },
            );
        });
    }

    /// Words from doubles: the first double goes to the first component of the mask, the second to the next.
    fn doubles_to_words(&mut self, step: &Step, f: impl Fn(u64, u64) -> u32) {
        let mask = step.destinations[0].mask;
        self.each(|m, lane| {
            let a = pairs(m.source(lane, &step.sources[0]));
            let b = step.sources.get(1).map_or([0; 2], |s| pairs(m.source(lane, s)));
            m.write(lane, step, |c| {
                let pair = components(mask).position(|d| d == c).unwrap_or(0).min(1);
                f(a[pair], b[pair])
            });
        });
    }

    /// Doubles from words: the first double from the first component of the swizzle, the second from the next.
    fn words_to_doubles(&mut self, step: &Step, f: impl Fn(u32) -> u64) {
        self.each(|m, lane| {
            let a = m.source(lane, &step.sources[0]);
            m.write_doubles(lane, step, |pair| f(a[nth_double(step, pair)]));
        });
    }

    /// Writes the components of the first destination's mask, saturated if the instruction says so.
    fn write(&mut self, lane: usize, step: &Step, f: impl Fn(usize) -> u32) {
        let destination = &step.destinations[0];
        let mut value = [0; 4];
        for c in components(destination.mask) {
            value[c] = if step.saturate { float::saturate(f(c)) } else { f(c) };
        }
        self.store(lane, destination, value);
    }

    fn write_doubles(&mut self, lane: usize, step: &Step, f: impl Fn(usize) -> u64) {
        let mut value = [0; 4];
        for pair in 0..2 {
            let bits = if step.saturate { double::saturate(f(pair)) } else { f(pair) };
            value[pair * 2] = bits as u32;
            value[pair * 2 + 1] = (bits >> 32) as u32;
        }
        self.store(lane, &step.destinations[0], value);
    }
}

/// The two doubles of a vector, low halves first.
fn pairs([x, y, z, w]: [u32; 4]) -> [u64; 2] {
    let double = |low: u32, high: u32| u64::from(high) << 32 | u64::from(low);
    [double(x, y), double(z, w)]
}

/// Which of the written doubles the pair is: zw is the first when xy is not written.
fn nth_double(step: &Step, pair: usize) -> usize {
    if step.destinations[0].mask & 0b0011 == 0 { 0 } else { pair }
}
