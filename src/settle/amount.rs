//! Exact sums of decimals: never through a float.

/// Digits of the fraction that are kept; more are refused.
const FRACTION_DIGITS: usize = 30;

/// Digits before the point that are taken; more are refused. Ten thousand million such numbers still fit.
const WHOLE_DIGITS: usize = 27;

/// Digits before the point that any number of this kind may have.
const SUM_DIGITS: usize = 38;

/// One, in units of the fraction.
const ONE: i128 = 10_i128.pow(30);

/// A decimal: `whole + fraction / 10^30`, both of the same sign, and how many digits of the fraction to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Amount {
    whole: i128,
    fraction: i128,
    digits: u8,
}

impl Amount {
    /// The whole number `number`.
    pub(super) fn from_whole(number: i64) -> Self {
        Self { whole: i128::from(number), fraction: 0, digits: 0 }
    }

    /// This number as a small whole one, if it is that and is written without a fraction.
    pub(super) fn as_whole(&self) -> Option<i64> {
        if self.digits > 0 { None } else { i64::try_from(self.whole).ok() }
    }

    /// The plain decimal `text`; none if it is no such thing, or longer than can be added safely.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        Self::read(text, WHOLE_DIGITS)
    }

    /// The same of a sum, which may be longer than what it was added from.
    pub(super) fn parse_sum(text: &[u8]) -> Option<Self> {
        Self::read(text, SUM_DIGITS)
    }

    fn read(text: &[u8], whole_digits: usize) -> Option<Self> {
        let (negative, digits) = match text {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        let point = digits.iter().position(|byte| *byte == b'.').unwrap_or(digits.len());
        let fraction = digits.get(point + 1..).unwrap_or_default();
        let first = digits[..point].iter().position(|byte| *byte != b'0').unwrap_or(point);
        let whole = &digits[first..point];
        if digits.is_empty() || whole.len() > whole_digits || fraction.len() > FRACTION_DIGITS {
            return None;
        }
        let mut amount = Self { whole: number(whole)?, fraction: number(fraction)?, digits: fraction.len() as u8 };
        amount.fraction *= 10_i128.pow((FRACTION_DIGITS - fraction.len()) as u32);
        if negative {
            amount.whole = -amount.whole;
            amount.fraction = -amount.fraction;
        }
        Some(amount)
    }

    /// Adds `other`. No overflow: 10^27 times the four thousand million rows of a run is below 2^127.
    pub(super) fn add(&mut self, other: &Self) {
        self.whole += other.whole;
        self.fraction += other.fraction;
        self.digits = self.digits.max(other.digits);
        if self.fraction.abs() >= ONE {
            self.whole += self.fraction.signum();
            self.fraction -= ONE * self.fraction.signum();
        }
        if self.whole.signum() * self.fraction.signum() < 0 {
            self.fraction += ONE * self.whole.signum();
            self.whole -= self.whole.signum();
        }
    }

    /// What is compared when digits do not count.
    pub(super) fn value(&self) -> (i128, i128) {
        (self.whole, self.fraction)
    }

    /// The number as plain text.
    pub(super) fn text(&self) -> String {
        let sign = if self.whole < 0 || self.fraction < 0 { "-" } else { "" };
        let (whole, digits) = (self.whole.unsigned_abs(), usize::from(self.digits));
        if digits == 0 {
            return format!("{sign}{whole}");
        }
        let fraction = self.fraction.unsigned_abs() / 10_u128.pow((FRACTION_DIGITS - digits) as u32);
        format!("{sign}{whole}.{fraction:0digits$}")
    }
}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Amount {
    /// By value; of two equal values the one with more digits is greater, so that a maximum is one text.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.whole, self.fraction, self.digits).cmp(&(other.whole, other.fraction, other.digits))
    }
}

/// The number of a view that holds up to twelve digits and no needless zero: what a sum would be written as, too.
#[inline]
pub(super) fn small(view: u128) -> Option<i64> {
    let length = view as u32;
    let mut digits = view >> 32;
    if !(1..=12).contains(&length) || length > 1 && digits as u8 == b'0' {
        return None;
    }
    let mut number = 0;
    for _ in 0..length {
        let digit = (digits as u8).wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + i64::from(digit);
        digits >>= 8;
    }
    Some(number)
}

fn number(digits: &[u8]) -> Option<i128> {
    digits.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i128::from(byte - b'0')))
}

#[cfg(test)]
mod tests {
    use super::{Amount, small};

    fn sum(texts: &[&str]) -> String {
        let mut total = Amount::default();
        for text in texts {
            total.add(&Amount::parse(text.as_bytes()).unwrap());
        }
        total.text()
    }

    #[test]
    fn sums_are_exact_and_keep_their_digits() {
        assert_eq!(sum(&["1.50", "1.50"]), "3.00");
        assert_eq!(sum(&["0.1", "0.2"]), "0.3");
        assert_eq!(sum(&["0.30000000000000004", "1"]), "1.30000000000000004");
        assert_eq!(sum(&["-1.5", "1"]), "-0.5");
        assert_eq!(sum(&["1", "-0.25"]), "0.75");
        assert_eq!(sum(&["-3", "0.25"]), "-2.75");
        assert_eq!(sum(&["0.5", "-0.75", "0.25"]), "0.00");
        assert_eq!(sum(&["999999999999999999999999999", "1"]), "1000000000000000000000000000");
        assert_eq!(sum(&["007", "-0"]), "7");
        assert_eq!(sum(&[]), "0");
    }

    #[test]
    fn small_numbers_are_read_as_any_and_only_where_a_sum_is_written_alike() {
        let view =
            |text: &str| text.bytes().rev().fold(0, |all, byte| all << 8 | u128::from(byte)) << 32 | text.len() as u128;
        for text in ["0", "7", "10", "123456789012", "999999999999"] {
            let number = small(view(text)).unwrap();
            assert_eq!(Amount::parse(text.as_bytes()).unwrap().as_whole(), Some(number));
            assert_eq!(Amount::from_whole(number).text(), text);
        }
        for text in ["", "00", "07", "-1", "1.0", "1 ", "12345678901a", "/", ":"] {
            assert_eq!(small(view(text)), None, "{text}");
        }
        assert_eq!(small(13), None);
    }

    #[test]
    fn a_sum_is_read_back_though_it_is_longer_than_what_is_added() {
        let long = b"999999999999999999999999999";
        let mut total = Amount::parse(long).unwrap();
        (0..100).for_each(|_| total.add(&Amount::parse(long).unwrap()));
        assert!(Amount::parse(total.text().as_bytes()).is_none());
        assert_eq!(Amount::parse_sum(total.text().as_bytes()), Some(total));
    }

    #[test]
    fn what_could_overflow_is_refused() {
        assert!(Amount::parse(b"1000000000000000000000000000").is_none());
        assert!(Amount::parse(b"0.0000000000000000000000000000001").is_none());
        assert!(Amount::parse(b"").is_none());
        assert!(Amount::parse(b"-").is_none());
        assert!(Amount::parse(b"1e5").is_none());
        assert!(Amount::parse(b"1.2.3").is_none());
    }

    #[test]
    fn order_is_by_value_on_both_sides_of_zero() {
        let rising = ["-2", "-1.5", "-1.2", "-0.5", "0", "0.5", "1", "1.25", "10"];
        for pair in rising.windows(2) {
            assert!(Amount::parse(pair[0].as_bytes()) < Amount::parse(pair[1].as_bytes()), "{pair:?}");
        }
    }
}
