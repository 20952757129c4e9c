//! Fixed-point numbers of 256 bits, for the few powers that `f64` cannot decide.

/// A number from 0 up to 2^64 with 192 bits of fraction, least significant limb first. Operations truncate, and
/// wrap beyond the range.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Wide(pub(super) [u64; 4]);

impl Wide {
    pub(super) const ZERO: Self = Self([0; 4]);
    pub(super) const LN_2: Self =
        Self([0x40f3_4326_7298_b62d, 0xc9e3_b398_03f2_f6af, 0xb172_17f7_d1cf_79ab, 0]);

    pub(super) fn integer(value: u64) -> Self {
        Self([0, 0, 0, value])
    }

    pub(super) fn add(self, other: Self) -> Self {
        let mut carry = false;
        Self(std::array::from_fn(|i| {
            let (sum, first) = self.0[i].overflowing_add(other.0[i]);
            let (sum, second) = sum.overflowing_add(carry.into());
            carry = first | second;
            sum
        }))
    }

    /// The difference, unless it is negative.
    pub(super) fn checked_sub(self, other: Self) -> Option<Self> {
        let mut borrow = false;
        let difference = std::array::from_fn(|i| {
            let (rest, first) = self.0[i].overflowing_sub(other.0[i]);
            let (rest, second) = rest.overflowing_sub(borrow.into());
            borrow = first | second;
            rest
        });
        (!borrow).then_some(Self(difference))
    }

    /// The product with an integer.
    pub(super) fn times(self, factor: u64) -> Self {
        let mut carry = 0;
        Self(self.0.map(|limb| {
            let product = u128::from(limb) * u128::from(factor) + carry;
            carry = product >> 64;
            product as u64
        }))
    }

    /// The quotient by an integer other than 0.
    pub(super) fn over(self, divisor: u64) -> Self {
        let divisor = u128::from(divisor);
        let mut rest = 0;
        let mut limbs = self.0;
        for limb in limbs.iter_mut().rev() {
            let value = rest << 64 | u128::from(*limb);
            *limb = (value / divisor) as u64;
            rest = value % divisor;
        }
        Self(limbs)
    }

    pub(super) fn mul(self, other: Self) -> Self {
        let mut product = [0; 8];
        for (i, &a) in self.0.iter().enumerate() {
            let mut carry = 0;
            for (j, &b) in other.0.iter().enumerate() {
                let sum = u128::from(a) * u128::from(b) + u128::from(product[i + j]) + carry;
                product[i + j] = sum as u64;
                carry = sum >> 64;
            }
            product[i + 4] = carry as u64;
        }
        let [_, _, _, limbs @ .., _] = product;
        Self(limbs)
    }

    /// The number times `2^exponent`, for exponents up to 63.
    pub(super) fn scaled(self, exponent: i32) -> Self {
        if exponent >= 0 {
            return self.times(1 << exponent);
        }
        let mut value = self;
        let mut halvings = exponent.unsigned_abs();
        while halvings > 0 {
            let step = halvings.min(63);
            value = value.over(1 << step);
            halvings -= step;
        }
        value
    }

    /// e to the power of the number, which is below 1.
    pub(super) fn exp(self) -> Self {
        let mut sum = Self::ZERO;
        let mut term = Self::integer(1);
        for divisor in 1.. {
            if term == Self::ZERO {
                break;
            }
            sum = sum.add(term);
            term = term.mul(self).over(divisor);
        }
        sum
    }

    /// `2 artanh(a / b) = ln((b + a) / (b - a))` for `3 a <= b < 2^32`.
    pub(super) fn twice_artanh(a: u64, b: u64) -> Self {
        let mut sum = Self::ZERO;
        let mut power = Self::integer(2 * a).over(b);
        for divisor in (1..).step_by(2) {
            if power == Self::ZERO {
                break;
            }
            sum = sum.add(power.over(divisor));
            power = power.times(a * a).over(b * b);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Within 100 units of the last place.
    fn near(a: Wide, b: Wide) -> bool {
        let slack = Wide([100, 0, 0, 0]);
        a.add(slack).checked_sub(b).is_some() && b.add(slack).checked_sub(a).is_some()
    }

    #[test]
    fn series_meet_known_values() {
        // ln(2) = 2 artanh(1/3), e^ln(2) = 2, and e itself by digits.
        assert!(near(Wide::twice_artanh(1, 3), Wide::LN_2));
        assert!(near(Wide::LN_2.exp(), Wide::integer(2)));
        let root = Wide::integer(1).over(2).exp();
        let e = Wide([0x62e7_160f_38b4_da56, 0xbf71_5880_9cf4_f3c7, 0xb7e1_5162_8aed_2a6a, 2]);
        assert_eq!(root.mul(root).0[1..], e.0[1..]);
    }

    #[test]
    fn carries_and_borrows_cross_limbs() {
        let tiny = Wide([1, 0, 0, 0]);
        let one = Wide::integer(1);
        let below_one = Wide([u64::MAX, u64::MAX, u64::MAX, 0]);
        assert!(below_one.add(tiny) == one);
        assert!(one.checked_sub(tiny) == Some(below_one));
        assert!(tiny.checked_sub(one).is_none());
        assert!(one.scaled(-192) == tiny && one.scaled(-193) == Wide::ZERO);
        assert!(one.scaled(-100).scaled(63).scaled(37) == one);
        assert!(below_one.mul(below_one) == Wide([u64::MAX - 1, u64::MAX, u64::MAX, 0]));
    }
}
