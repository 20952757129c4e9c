//! Numbers as cases write them, in bits and bytes.

use super::case::{Number, ValueType, Values};

/// Bits that are expected, and how they compare; `None` matches anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The numbers.
    pub words: Vec<Option<u32>>,
    /// What they are.
    pub ty: ValueType,
}

impl Values {
    /// The numbers with their type; exactly one field must be there.
    pub fn words(&self, bits_are: ValueType) -> Result<Expected, String> {
        let given = [self.f32.is_some(), self.u32.is_some(), self.i32.is_some(), self.bits.is_some()];
        if given.iter().filter(|given| **given).count() != 1 {
            return Err("give exactly one of f32, u32, i32 and bits".into());
        }
        let typed = |numbers: &Option<Vec<Option<Number>>>, ty| {
            let numbers = numbers.as_ref()?;
            let words = numbers.iter().map(|n| n.as_ref().map(|n| n.bits(ty)).transpose());
            Some(words.collect::<Result<_, _>>().map(|words| Expected { words, ty }))
        };
        let bits = || {
            let digits = self.bits.iter().flatten();
            let word = |text: &String| {
                u32::from_str_radix(text, 16).map_err(|_| format!("\"{text}\" is no hexadecimal word"))
            };
            let words = digits.map(|text| text.as_ref().map(word).transpose()).collect::<Result<_, _>>()?;
            Ok(Expected { words, ty: bits_are })
        };
        typed(&self.f32, ValueType::F32)
            .or_else(|| typed(&self.u32, ValueType::U32))
            .or_else(|| typed(&self.i32, ValueType::I32))
            .unwrap_or_else(bits)
    }

    /// The numbers as bytes; all must be there.
    pub fn bytes(&self) -> Result<Vec<u8>, String> {
        let words = self.words(ValueType::U32)?.words.into_iter().collect::<Option<Vec<u32>>>();
        let words = words.ok_or("null is no contents")?;
        Ok(words.into_iter().flat_map(u32::to_le_bytes).collect())
    }
}

impl Number {
    /// The number's bits as this type.
    pub fn bits(&self, ty: ValueType) -> Result<u32, String> {
        let text = match self {
            Self::Json(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        };
        let bad = |_| format!("\"{text}\" is no {ty:?}").to_lowercase();
        match ty {
            ValueType::F32 => text.parse::<f32>().map(f32::to_bits).map_err(|e| bad(e.to_string())),
            ValueType::U32 => match text.strip_prefix("0x") {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => text.parse::<u32>(),
            }
            .map_err(|e| bad(e.to_string())),
            ValueType::I32 => text.parse::<i32>().map(|i| i as u32).map_err(|e| bad(e.to_string())),
        }
    }
}

/// Whether a result is the expected number: floats may lie `ulps` apart, -0 equals 0, NaN matches NaN.
pub fn matches(expected: u32, actual: u32, ty: ValueType, ulps: u32) -> bool {
    const MAGNITUDE: u32 = 0x7fff_ffff;
    const INFINITY: u32 = 0x7f80_0000;
    if ty != ValueType::F32 || expected == actual {
        return expected == actual;
    }
    let is_nan = |bits: u32| bits & MAGNITUDE > INFINITY;
    match (is_nan(expected), is_nan(actual)) {
        (true, true) => true,
        (false, false) => {
            // Floats in their order: both zeros are 0.
            let order = |bits: u32| {
                let magnitude = i64::from(bits & MAGNITUDE);
                if bits > MAGNITUDE { -magnitude } else { magnitude }
            };
            order(expected).abs_diff(order(actual)) <= u64::from(ulps)
        }
        _ => false,
    }
}

/// A word as a person reads it.
pub fn show(bits: u32, ty: ValueType) -> String {
    match ty {
        ValueType::F32 => format!("{:?} (0x{bits:08x})", f32::from_bits(bits)),
        ValueType::U32 => format!("{bits} (0x{bits:08x})"),
        ValueType::I32 => format!("{} (0x{bits:08x})", bits as i32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_compare_by_their_order() {
        let f = |x: f32| x.to_bits();
        let close = |a: f32, b: f32, ulps| matches(f(a), f(b), ValueType::F32, ulps);
        assert!(close(0.0, -0.0, 0) && close(f32::NAN, -f32::NAN, 0));
        assert!(!close(1.0, 1.0 + f32::EPSILON, 0) && close(1.0, 1.0 + f32::EPSILON, 1));
        assert!(
            close(f32::from_bits(1), -f32::from_bits(1), 2)
                && !close(f32::from_bits(1), -f32::from_bits(1), 1)
        );
        assert!(!close(f32::NAN, 1.0, u32::MAX) && !matches(0, 1 << 31, ValueType::U32, 9));
    }

    #[test]
    fn numbers_are_read_as_their_type() {
        let text = |t: &str| Number::Text(t.into());
        assert_eq!(text("-inf").bits(ValueType::F32), Ok(0xff80_0000));
        assert_eq!(text("0xffffffff").bits(ValueType::U32), Ok(u32::MAX));
        assert_eq!(Number::Json((-1).into()).bits(ValueType::I32), Ok(u32::MAX));
        assert!(Number::Json((-1).into()).bits(ValueType::U32).is_err());
    }
}
