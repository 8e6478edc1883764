//! What `newest` compares, as one integer per row.

use crate::settle::layout::OrderKind;

/// An empty value: older than every other.
pub(super) const OLDEST: i128 = i128::MIN;

/// Significant digits that a number is compared by.
const DIGITS: u32 = 35;

/// The rank of the normalised text `value`; later dates and larger numbers rank higher.
pub(super) fn rank(value: &[u8], kind: OrderKind) -> i128 {
    if value.is_empty() {
        return OLDEST;
    }
    match kind {
        OrderKind::Date => date_rank(value),
        OrderKind::Number => number_rank(value),
    }
}

/// All digits of the date in their places, up to 9 of the fraction: fixed width fields rank as the moments do.
fn date_rank(value: &[u8]) -> i128 {
    const PLACES: usize = 4 + 2 + 2 + 2 + 2 + 2 + 9;
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| i128::from(byte - b'0'));
    digits.chain(std::iter::repeat(0)).take(PLACES).fold(0, |rank, digit| rank * 10 + digit)
}

/// Sign, then the place of the first digit, then the first 35 digits: exact for numbers of that many, and like a float's
/// bits the ranks of others stand in the right order, too.
fn number_rank(value: &[u8]) -> i128 {
    let (negative, digits) = match value {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, value),
    };
    let mut rank: i128 = 0;
    let mut taken = 0;
    let mut exponent: i32 = 0;
    let mut in_fraction = false;
    for byte in digits {
        match byte {
            b'.' => in_fraction = true,
            b'0'..=b'9' => {
                let leading_zero = taken == 0 && *byte == b'0';
                // Digits before the point raise the exponent, zeros right after it lower it.
                exponent += i32::from(!in_fraction && !leading_zero) - i32::from(in_fraction && leading_zero);
                if !leading_zero && taken < DIGITS {
                    rank = rank * 10 + i128::from(byte - b'0');
                    taken += 1;
                }
            }
            _ => {}
        }
    }
    if taken == 0 {
        return 0;
    }
    rank *= 10_i128.pow(DIGITS - taken);
    let place = i128::from(exponent.clamp(-250, 250) + 251);
    let rank = place << 117 | rank;
    if negative { -rank } else { rank }
}

#[cfg(test)]
mod tests {
    use super::{OLDEST, OrderKind, rank};

    #[test]
    fn dates_rank_by_moment() {
        let rising: [&[u8]; 7] = [
            b"",
            b"1999-12-31",
            b"2024-01-01",
            b"2024-01-01T00:00:00.1Z",
            b"2024-01-01T00:00:00.123Z",
            b"2024-01-01T10:00:00.0Z",
            b"2024-01-02",
        ];
        for pair in rising.windows(2) {
            assert!(rank(pair[0], OrderKind::Date) < rank(pair[1], OrderKind::Date), "{pair:?}");
        }
        assert_eq!(rank(b"2024-01-01", OrderKind::Date), rank(b"2024-01-01T00:00:00.0Z", OrderKind::Date));
        assert_eq!(rank(b"", OrderKind::Date), OLDEST);
    }

    #[test]
    fn numbers_rank_by_value_whatever_their_length() {
        let rising = [
            "",
            "-100000000000000000000000000000000000000000000",
            "-12.5",
            "-12.49",
            "-0.001",
            "0",
            "0.00012",
            "0.0012",
            "0.1",
            "0.99",
            "1",
            "1.0000000000000000000000000000000001",
            "9.9",
            "10",
            "1700000000000000000",
            "1700000000000000001",
            "18446744073709551616",
            "100000000000000000000000000000000000000000000",
        ];
        for pair in rising.windows(2) {
            let (low, high) =
                (rank(pair[0].as_bytes(), OrderKind::Number), rank(pair[1].as_bytes(), OrderKind::Number));
            assert!(low < high, "{pair:?}");
        }
        for equal in [("1", "1.0"), ("007", "7"), ("0", "-0.00"), ("0.50", "00.5")] {
            let ranks = [equal.0, equal.1].map(|text| rank(text.as_bytes(), OrderKind::Number));
            assert_eq!(ranks[0], ranks[1], "{equal:?}");
        }
    }
}
