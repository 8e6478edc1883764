//! Record ids: letters, digits, `_` and what the catalogue adds; never a number that a spreadsheet rewrote.

use crate::functions::fault;
use crate::mapping::Case;

use super::short::Short;
use super::{Made, Value, salesforce, scan, text};

/// The rules of one id column.
#[derive(Debug, Clone)]
pub struct IdRules {
    /// Characters beside letters, digits and `_`, all ASCII.
    extra: Vec<u8>,
    /// The same for the scanner, filled up with `_`; only complete when there are at most four.
    scanned: [u8; 4],
    case: Option<Case>,
    plus: bool,
    /// Whatever the scanner lets pass needs no other look.
    stands: bool,
}

impl IdRules {
    /// Ids that may also hold the characters of `extra`.
    ///
    /// # Errors
    /// `extra` is not ASCII: then a byte would not be a character.
    pub fn new(extra: &str, case: Option<Case>) -> Result<Self, String> {
        if !extra.is_ascii() {
            return Err(format!("the alphabet of an id cannot hold `{extra}`: only ASCII characters"));
        }
        let mut scanned = *b"____";
        scanned.iter_mut().zip(extra.bytes()).for_each(|(slot, byte)| *slot = byte);
        let plus = extra.contains('+');
        let stands = extra.len() <= scanned.len() && case.is_none() && !plus;
        Ok(Self { extra: extra.as_bytes().to_vec(), scanned, case, plus, stands })
    }

    /// Whether the value is an id in the case it is written in.
    #[inline]
    pub fn stands(&self, value: Short) -> bool {
        self.stands && value.is_id(self.scanned)
    }

    /// The same of a longer value. What may be a short Salesforce id does not stand without a warning.
    #[inline]
    pub fn stands_long(&self, value: &[u8]) -> bool {
        self.stands && value.len() != salesforce::SHORT && scan::is_id(value, self.scanned)
    }

    /// The id itself, or why it is none.
    #[inline]
    pub fn normal<'v>(&self, value: &'v [u8], side: &mut Vec<u8>) -> Made<'v> {
        let good = if self.extra.len() <= 4 { scan::is_id(value, self.scanned) } else { self.is_id(value) };
        if !good || self.plus && value.contains(&b'+') {
            return self.doubtful(value, good, side);
        }
        Ok(match self.case {
            Some(case) => text::recase(value, case, side),
            None => Value::Part(value),
        })
    }

    /// Where the first character stands that no such id may hold.
    pub fn bad_at(&self, value: &str) -> Option<(usize, char)> {
        value
            .chars()
            .enumerate()
            .find(|(_, character)| !u8::try_from(*character).is_ok_and(|byte| byte.is_ascii() && self.is_id(&[byte])))
    }

    fn is_id(&self, value: &[u8]) -> bool {
        value.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || self.extra.contains(byte))
    }

    #[cold]
    fn doubtful<'v>(&self, value: &'v [u8], good: bool, side: &mut Vec<u8>) -> Made<'v> {
        if is_spreadsheet_number(value) {
            return Err(fault::SPREADSHEET_NUMBER);
        }
        if !good {
            return Err(fault::BAD_ID);
        }
        Ok(self.case.map_or(Value::Part(value), |case| text::recase(value, case, side)))
    }
}

/// `1.23E+11`: how a spreadsheet writes back an id of many digits. `1E5` is not meant: it can be an id.
pub fn is_spreadsheet_number(value: &[u8]) -> bool {
    let mut parts = value.splitn(2, |byte| byte.eq_ignore_ascii_case(&b'e'));
    let (Some(mantissa), Some([b'+', power @ ..])) = (parts.next(), parts.next()) else { return false };
    let mantissa = mantissa.strip_prefix(b"-").unwrap_or(mantissa);
    let digits = match mantissa {
        [first] => first.is_ascii_digit(),
        [first, b'.' | b',', rest @ ..] => first.is_ascii_digit() && !rest.is_empty() && scan::is_digits(rest),
        _ => false,
    };
    digits && !power.is_empty() && scan::is_digits(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(extra: &str, value: &str) -> Result<String, u8> {
        let rules = IdRules::new(extra, None).unwrap();
        rules.normal(value.as_bytes(), &mut Vec::new()).map(|made| {
            assert_eq!(made, Value::Part(value.as_bytes()));
            value.to_owned()
        })
    }

    #[test]
    fn the_alphabet_is_kept() {
        for good in ["ACC-000000123", "a_b", "Z", "0012", "001D000000IqhSLIAZ"] {
            assert!(judge("-", good).is_ok(), "{good}");
        }
        for bad in ["a b", "a.b", "a@b", "é", "bad id #12", "a\u{200b}b", "a/b"] {
            assert_eq!(judge("-", bad), Err(fault::BAD_ID), "{bad}");
        }
        assert_eq!(judge("", "a-b"), Err(fault::BAD_ID));
        assert!(judge("-@.", "joe@x.org").is_ok());
        assert_eq!(judge("-@.", "joe+tag@x.org"), Err(fault::BAD_ID));
        assert!(judge("-@.+", "joe+tag@x.org").is_ok());
        assert!(judge("-@.+!$", "joe!$+tag@x.org").is_ok());
        assert_eq!(judge("-@.+!$", "joe#"), Err(fault::BAD_ID));
    }

    #[test]
    fn a_number_rewritten_by_a_spreadsheet_is_no_id_under_any_alphabet() {
        for value in ["1.23E+11", "1,23E+11", "1E+15", "-1.2e+07"] {
            for extra in ["", "-", "-@.", "-@.+", "-@.+,!"] {
                assert_eq!(judge(extra, value), Err(fault::SPREADSHEET_NUMBER), "{value} {extra}");
            }
        }
        assert!(judge("-", "1E5").is_ok());
        assert!(judge("-", "1E-05").is_ok());
        assert!(judge("-@.+", "12.3E+11").is_ok());
    }

    #[test]
    fn the_first_bad_character_is_named_with_its_place() {
        let rules = IdRules::new("-", None).unwrap();
        assert_eq!(rules.bad_at("añ b"), Some((1, 'ñ')));
        assert_eq!(rules.bad_at("a-b"), None);
        assert!(IdRules::new("é", None).is_err());
    }
}
