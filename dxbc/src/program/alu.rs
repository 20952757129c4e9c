//! Arithmetic: which operations on rows make up which instruction.

use smallvec::SmallVec;

use super::live::componentwise;
use super::lower::{Lowering, SIGN, Value};
use super::op::{Op, Row};
use super::values::{Known, NORMAL, VALID};
use crate::ir;
use crate::shader::{Source, Step};

const BITS: Known = Known::BITS;
/// A float that is no NaN but the canonical one, and no denormal.
const CLEAN: Known = Known { dirty: false, ..Known::ARITHMETIC };

/// From this exponent on a number swallows denormals: half a unit in its last place is more than any of them.
const ABSORBING: i16 = -100;

/// The least exponent of `a + b`, of which one is perhaps a constant of this exponent; `None` if the sum can be denormal, or
/// if a denormal product in place of `a` would count.
fn least_of_sum(a: i16, b: i16, constant: Option<i16>) -> Option<i16> {
    // Numbers from 2^e on are multiples of 2^(e - 23), and so is their sum. Next to a constant only numbers of at
    // least half its size can leave less than half of it.
    let both = a.min(b) - 23;
    let near = constant.filter(|&e| e >= ABSORBING).map(|e| e - 24);
    near.max((both >= NORMAL).then_some(both))
}

/// The least exponent of a function's result, from that of its argument.
fn least_of_function(op: Op, least: i16) -> i16 {
    match op {
        Op::Frc => least.min(-24),
        Op::RoundNe | Op::RoundNi | Op::RoundPi | Op::RoundZ => 0,
        Op::Sqrt => least.div_euclid(2),
        Op::Rsq => -64,
        Op::Log => -24,
        // Floats keep more than 2^-32 turns away from the zeros of the cosine, and from all but one of the sine's.
        Op::Sin => (least - 1).min(-40),
        Op::Cos => -40,
        _ => NORMAL,
    }
}

impl Lowering<'_> {
    /// Lowers a step that is no branch.
    pub(super) fn plain(&mut self, step: &Step) {
        use ir::Op::*;
        if self.is_dead(step) {
            return;
        }
        match step.op {
            Nop | Label | Sync | Case | Default | Endswitch => {}
            Discard | Cut | CutStream => self.lane_effect(step),
            Dp2 => self.dot(step, 2),
            Dp3 | Dp3Legacy => self.dot(step, 3),
            Dp4 | Dp4Legacy => self.dot(step, 4),
            op if componentwise(op) => self.componentwise(step),
            _ => self.memory(step),
        }
    }

    /// The needed components of both destinations, each from the same components of the sources.
    fn componentwise(&mut self, step: &Step) {
        if step.destinations.iter().any(|d| self.variables.written(d).is_none()) {
            return self.componentwise_by_index(step);
        }
        let mut results: SmallVec<[(usize, Value); 8]> = SmallVec::new();
        for (number, destination) in step.destinations.iter().enumerate() {
            for (c, variable) in self.wanted(destination).into_iter().enumerate() {
                if let Some(variable) = variable {
                    // What both destinations write, the second one has written last.
                    results.retain(|(earlier, _)| *earlier != variable);
                    results.push((variable, self.operation(step, number, c)));
                }
            }
        }
        self.share(&mut results);
        self.assign(&mut results);
    }

    /// The same where an index says which register is written: after all results are known, one after the other.
    fn componentwise_by_index(&mut self, step: &Step) {
        let mut values: SmallVec<[[Value; 4]; 2]> = SmallVec::new();
        for (number, destination) in step.destinations.iter().enumerate() {
            let mut components = [Value::Row(VALID); 4];
            for c in (0..4).filter(|c| destination.mask >> c & 1 == 1) {
                let value = self.operation(step, number, c);
                components[c] = Value::Row(self.row(value));
            }
            values.push(components);
        }
        for (destination, values) in step.destinations.iter().zip(values) {
            self.write(destination, |c| values[c]);
        }
    }

    /// Computes once what several components of a result have in common.
    fn share(&mut self, results: &mut [(usize, Value)]) {
        for i in 0..results.len() {
            let Value::Inst(op, operands, known) = results[i].1 else { continue };
            let same =
                |value: &Value| matches!(value, Value::Inst(o, rows, _) if (*o, *rows) == (op, operands));
            if !results[i + 1..].iter().any(|(_, value)| same(value)) {
                continue;
            }
            let row = self.values.block_scratch();
            self.emit(op, row, operands);
            self.values.set_known(row, known);
            results[i..].iter_mut().filter(|(_, value)| same(value)).for_each(|(_, v)| *v = Value::Row(row));
        }
    }

    /// Component `c` of result `number`, saturated if the step says so.
    fn operation(&mut self, step: &Step, number: usize, c: usize) -> Value {
        let value = self.unsaturated(step, number, c);
        if !step.saturate {
            return value;
        }
        let row = self.row(value);
        Value::Inst(Op::Saturate, [row; 3], Known { least: self.least(row).clamp(NORMAL, 0), ..CLEAN })
    }

    fn unsaturated(&mut self, step: &Step, number: usize, c: usize) -> Value {
        use ir::Op as I;
        let s = &step.sources;
        match step.op {
            I::Mov => Value::Row(self.bits_or_float(&s[0], c)),
            I::Movc => self.choice(&s[0], &s[1], &s[2], c),
            I::Swapc if number == 0 => self.choice(&s[0], &s[2], &s[1], c),
            I::Swapc => self.choice(&s[0], &s[1], &s[2], c),
            I::Add => {
                let (a, b) = (self.signed_number(&s[0], c), self.signed_number(&s[1], c));
                self.add(a, b)
            }
            I::Mul => {
                let (a, b) = (self.signed_number(&s[0], c), self.signed_number(&s[1], c));
                self.multiply(a, b)
            }
            I::Mad => {
                let [a, b, addend] = [0, 1, 2].map(|i| self.signed_number(&s[i], c));
                self.multiply_add(a, b, addend)
            }
            I::MulLegacy => {
                let (a, b) = (self.signed_number(&s[0], c), self.signed_number(&s[1], c));
                self.multiply_legacy(a, b)
            }
            I::MadLegacy => {
                let [a, b, addend] = [0, 1, 2].map(|i| self.signed_number(&s[i], c));
                let product = self.multiply_legacy(a, b);
                let product = self.row(product);
                self.add((product, false), addend)
            }
            I::Pow => self.binary_number(Op::Pow, s, c, Known::ARITHMETIC),
            I::Min => self.extremum(Op::Min, Op::MinRaw, &s[0], &s[1], c),
            I::Max => self.extremum(Op::Max, Op::MaxRaw, &s[0], &s[1], c),
            I::Div => self.binary_number(Op::Div, s, c, Known::ARITHMETIC),
            I::Frc => self.unary_number(Op::Frc, &s[0], c),
            I::RoundNe => self.unary_number(Op::RoundNe, &s[0], c),
            I::RoundNi => self.unary_number(Op::RoundNi, &s[0], c),
            I::RoundPi => self.unary_number(Op::RoundPi, &s[0], c),
            I::RoundZ => self.unary_number(Op::RoundZ, &s[0], c),
            I::Rcp => self.unary_number(Op::Rcp, &s[0], c),
            I::Rsq => self.unary_number(Op::Rsq, &s[0], c),
            I::Sqrt => self.unary_number(Op::Sqrt, &s[0], c),
            I::Exp => self.unary_number(Op::Exp, &s[0], c),
            I::Log => self.unary_number(Op::Log, &s[0], c),
            I::Sincos if number == 0 => self.unary_number(Op::Sin, &s[0], c),
            I::Sincos => self.unary_number(Op::Cos, &s[0], c),
            I::Eq => self.binary_number(Op::Feq, s, c, Known::MASK),
            I::Ne => self.binary_number(Op::Fne, s, c, Known::MASK),
            I::Lt => self.binary_number(Op::Flt, s, c, Known::MASK),
            I::Ge => self.binary_number(Op::Fge, s, c, Known::MASK),
            I::DerivRtx | I::DerivRtxCoarse => self.unary_number(Op::DerivX, &s[0], c),
            I::DerivRty | I::DerivRtyCoarse => self.unary_number(Op::DerivY, &s[0], c),
            I::DerivRtxFine => self.unary_number(Op::DerivXFine, &s[0], c),
            I::DerivRtyFine => self.unary_number(Op::DerivYFine, &s[0], c),
            I::Ftoi => self.float_to_bits(Op::Ftoi, &s[0], c),
            I::Ftou => self.float_to_bits(Op::Ftou, &s[0], c),
            I::F32tof16 => self.float_to_bits(Op::F32tof16, &s[0], c),
            I::Itof => self.integer(Op::Itof, s, c, Known { least: 0, ..CLEAN }),
            I::Utof => self.integer(Op::Utof, s, c, Known { least: 0, ..CLEAN }),
            I::F16tof32 => self.integer(Op::F16tof32, s, c, Known::at_least(-24)),
            I::CheckAccessFullyMapped => self.integer(Op::NonZero, s, c, Known::MASK),
            I::Bfi => self.bit_field_insert(s, c),
            op => match integer_op(op, number) {
                Some((op, known)) => self.integer(op, s, c, known),
                None => Value::Row(self.values.immediate(0)),
            },
        }
    }

    /// A move: floats may stay as they are as long as no modifier looks at their bits.
    fn bits_or_float(&mut self, source: &Source, c: usize) -> Row {
        self.test_bits(source, c)
    }

    fn choice(&mut self, test: &Source, a: &Source, b: &Source, c: usize) -> Value {
        let test = self.test_bits(test, c);
        let (mut a, mut b) = (self.bits_or_float(a, c), self.bits_or_float(b, c));
        let [known_a, known_b] = [a, b].map(|row| self.values.known(row));
        let float = known_a.float && known_b.float;
        if !float {
            (a, b) = (self.exact(a), self.exact(b));
        }
        let known = Known {
            least: known_a.least.min(known_b.least),
            float,
            dirty: float && (known_a.dirty || known_b.dirty),
            mask: known_a.mask && known_b.mask,
        };
        Value::Inst(Op::Select, [test, a, b], known)
    }

    fn least(&self, row: Row) -> i16 {
        self.values.known(row).least
    }

    /// The exponent of an immediate that is neither zero nor infinite.
    fn exponent(&self, row: Row) -> Option<i16> {
        let word = self.values.immediate_word(row)? & !SIGN;
        (0x0080_0000..0x7f80_0000).contains(&word).then_some((word >> 23) as i16 - 127)
    }

    fn add(&mut self, (a, na): (Row, bool), (b, nb): (Row, bool)) -> Value {
        let constant = self.exponent(a).max(self.exponent(b));
        let least = least_of_sum(self.least(a), self.least(b), constant);
        let (op, a, b) = match (na, nb) {
            (false, false) => (Op::Add, a, b),
            (false, true) => (Op::Sub, a, b),
            (true, false) => (Op::Sub, b, a),
            (true, true) => (Op::Sub, self.negated(a, true), b),
        };
        let op = match (least, op) {
            (Some(_), Op::Add) => Op::AddExact,
            (Some(_), _) => Op::SubExact,
            (None, op) => op,
        };
        Value::Inst(op, [a, b, b], Known::at_least(least.unwrap_or(NORMAL)))
    }

    /// Puts the sign on an operand that is the same in all lanes, if there is one.
    fn fold_sign(&mut self, a: Row, b: Row, neg: bool) -> (Row, Row) {
        if neg && super::values::is_uniform(b) {
            (a, self.negated(b, true))
        } else {
            (self.negated(a, neg), b)
        }
    }

    fn multiply(&mut self, (a, na): (Row, bool), (b, nb): (Row, bool)) -> Value {
        let least = self.least(a) + self.least(b);
        let op = if least >= NORMAL { Op::MulExact } else { Op::Mul };
        let (a, b) = self.fold_sign(a, b, na != nb);
        Value::Inst(op, [a, b, b], Known::at_least(least))
    }

    fn multiply_legacy(&mut self, (a, na): (Row, bool), (b, nb): (Row, bool)) -> Value {
        let (a, b) = self.fold_sign(a, b, na != nb);
        Value::Inst(Op::MulLegacy, [a, b, b], Known::ARITHMETIC)
    }

    fn multiply_add(
        &mut self,
        (a, na): (Row, bool),
        (b, nb): (Row, bool),
        (addend, negative): (Row, bool),
    ) -> Value {
        let (product, least) = (self.least(a) + self.least(b), self.least(addend));
        let sum = match self.exponent(addend) {
            None if product < NORMAL => None,
            constant => least_of_sum(product, least, constant),
        };
        let forms = |plain, late, exact| match sum {
            Some(_) => exact,
            None if least >= ABSORBING => late,
            None => plain,
        };
        let (op, a, b) = match (na != nb, negative) {
            (false, false) => (forms(Op::Mad, Op::MadLate, Op::MadExact), a, b),
            (true, false) => (forms(Op::Nmad, Op::NmadLate, Op::NmadExact), a, b),
            (neg, true) => {
                let (a, b) = self.fold_sign(a, b, neg);
                (forms(Op::Msub, Op::Msub, Op::MsubExact), a, b)
            }
        };
        Value::Inst(op, [a, b, addend], Known::at_least(sum.unwrap_or(NORMAL)))
    }

    /// Left to right, each step rounded and flushed (S22.10.3-5). All components of the result are the same.
    fn dot(&mut self, step: &Step, count: usize) {
        let wanted = self.wanted(&step.destinations[0]);
        let by_index = self.variables.written(&step.destinations[0]).is_none();
        if !by_index && wanted.iter().all(Option::is_none) {
            return;
        }
        let factor = |m: &mut Self, i: usize, c: usize| m.signed_number(&step.sources[i], c);
        let legacy = step.op.info().flags.contains(ir::OpFlags::D9);
        let (a, b) = (factor(self, 0, 0), factor(self, 1, 0));
        let mut value = if legacy { self.multiply_legacy(a, b) } else { self.multiply(a, b) };
        for c in 1..count {
            let (a, b) = (factor(self, 0, c), factor(self, 1, c));
            let sum = self.row(value);
            value = if legacy {
                let product = self.multiply_legacy(a, b);
                let product = self.row(product);
                self.add((sum, false), (product, false))
            } else {
                self.multiply_add(a, b, (sum, false))
            };
        }
        if step.saturate {
            let row = self.row(value);
            value = Value::Inst(Op::Saturate, [row; 3], CLEAN);
        }
        match wanted.into_iter().flatten().next() {
            Some(first) if !by_index => {
                self.assign(&mut [(first, value)]);
                let row = self.values.read(first);
                let mut rest: SmallVec<[(usize, Value); 4]> = wanted
                    .into_iter()
                    .flatten()
                    .skip(1)
                    .map(|variable| (variable, Value::Row(row)))
                    .collect();
                self.assign(&mut rest);
            }
            _ => {
                let row = self.row(value);
                self.write(&step.destinations[0], |_| Value::Row(row));
            }
        }
    }

    /// `min`, `max`: what is chosen keeps its denormals, but they compare as zeros.
    fn extremum(&mut self, op: Op, raw: Op, a: &Source, b: &Source, c: usize) -> Value {
        let [a, b] = [a, b].map(|source| {
            let (row, neg) = self.raw_number(source, c);
            self.negated(row, neg)
        });
        let least = self.least(a).min(self.least(b));
        let op = if least >= NORMAL { op } else { raw };
        Value::Inst(op, [a, b, b], Known { least, ..Known::ARITHMETIC })
    }

    fn unary_number(&mut self, op: Op, source: &Source, c: usize) -> Value {
        let row = self.number(source, c);
        Value::Inst(op, [row; 3], Known::at_least(least_of_function(op, self.least(row))))
    }

    fn binary_number(&mut self, op: Op, sources: &[Source], c: usize, known: Known) -> Value {
        let (a, b) = (self.number(&sources[0], c), self.number(&sources[1], c));
        Value::Inst(op, [a, b, b], known)
    }

    /// Conversions that give the same for every NaN, and for a denormal what they give for zero.
    fn float_to_bits(&mut self, op: Op, source: &Source, c: usize) -> Value {
        let (row, neg) = self.raw_number(source, c);
        let row = self.negated(row, neg);
        Value::Inst(op, [row; 3], BITS)
    }

    fn integer(&mut self, op: Op, sources: &[Source], c: usize, known: Known) -> Value {
        let mut rows = [0; 3];
        for (row, source) in rows.iter_mut().zip(sources) {
            *row = self.bits(source, c);
        }
        for i in sources.len()..3 {
            rows[i] = rows[0];
        }
        let masks = matches!(op, Op::And | Op::Or | Op::Xor | Op::Not)
            && rows.iter().all(|&row| self.values.known(row).mask);
        Value::Inst(op, rows, if masks { Known::MASK } else { known })
    }

    /// `bfi` (S22.11.2) in three operations: a field, the shifted bits, and both together.
    fn bit_field_insert(&mut self, s: &[Source], c: usize) -> Value {
        let [width, offset, insert, base] = [0, 1, 2, 3].map(|i| self.bits(&s[i], c));
        let field = self.compute(Op::Field, [width, offset, offset], BITS);
        let shifted = self.compute(Op::Ishl, [insert, offset, offset], BITS);
        Value::Inst(Op::Merge, [shifted, base, field], BITS)
    }
}

/// Integer and bit instructions: result `number` as an operation on rows.
fn integer_op(op: ir::Op, number: usize) -> Option<(Op, Known)> {
    use ir::Op as I;
    let bits = |op: Op| (op, BITS);
    let mask = |op: Op| (op, Known::MASK);
    Some(match (op, number) {
        (I::Iadd, _) | (I::Uaddc, 0) => bits(Op::Iadd),
        (I::Usubb, 0) => bits(Op::Isub),
        (I::Uaddc, _) => bits(Op::Carry),
        (I::Usubb, _) => bits(Op::Borrow),
        (I::Ineg, _) => bits(Op::Ineg),
        (I::Imad | I::Umad, _) => bits(Op::Imad),
        (I::Imul, 0) => bits(Op::ImulHigh),
        (I::Umul, 0) => bits(Op::UmulHigh),
        (I::Imul | I::Umul, _) => bits(Op::Imul),
        (I::Udiv, 0) => bits(Op::Udiv),
        (I::Udiv, _) => bits(Op::Urem),
        (I::Imax, _) => bits(Op::Imax),
        (I::Imin, _) => bits(Op::Imin),
        (I::Umax, _) => bits(Op::Umax),
        (I::Umin, _) => bits(Op::Umin),
        (I::Ieq, _) => mask(Op::Ieq),
        (I::Ine, _) => mask(Op::Ine),
        (I::Ilt, _) => mask(Op::Ilt),
        (I::Ige, _) => mask(Op::Ige),
        (I::Ult, _) => mask(Op::Ult),
        (I::Uge, _) => mask(Op::Uge),
        (I::And, _) => bits(Op::And),
        (I::Or, _) => bits(Op::Or),
        (I::Xor, _) => bits(Op::Xor),
        (I::Not, _) => bits(Op::Not),
        (I::Ishl, _) => bits(Op::Ishl),
        (I::Ishr, _) => bits(Op::Ishr),
        (I::Ushr, _) => bits(Op::Ushr),
        (I::Ubfe, _) => bits(Op::Ubfe),
        (I::Ibfe, _) => bits(Op::Ibfe),
        (I::Bfrev, _) => bits(Op::Bfrev),
        (I::Countbits, _) => bits(Op::Countbits),
        (I::FirstbitHi, _) => bits(Op::FirstbitHi),
        (I::FirstbitLo, _) => bits(Op::FirstbitLo),
        (I::FirstbitShi, _) => bits(Op::FirstbitShi),
        (I::Msad, _) => bits(Op::Msad),
        _ => return None,
    })
}
