//! Free text: control characters, case, double quotes, length in characters.

use crate::functions::fault;
use crate::mapping::{Case, QuotePolicy};

use super::{Made, Value, scan};

/// Text with at most a change of case; a control character other than tab, CR, LF is a fault.
pub fn normal<'v>(value: &'v [u8], case: Option<Case>, side: &mut Vec<u8>) -> Made<'v> {
    if scan::marks(value) & (scan::CONTROL | scan::HIGH) != 0 && control_at(value).is_some() {
        return Err(fault::CONTROL_CHARACTER);
    }
    Ok(match case {
        Some(case) => recase(value, case, side),
        None => Value::Part(value),
    })
}

/// Where the first control character other than tab, CR, LF begins (Unicode's `Cc`).
pub fn control_at(value: &[u8]) -> Option<usize> {
    let mut before = 0;
    value.iter().enumerate().find_map(|(at, &byte)| {
        let second = before == 0xc2 && (0x80..0xa0).contains(&byte);
        before = byte;
        let control = byte == 0x7f || byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
        if second { Some(at - 1) } else { control.then_some(at) }
    })
}

/// `value` in lower or upper case.
#[inline]
pub fn recase<'v>(value: &'v [u8], case: Case, side: &mut Vec<u8>) -> Value<'v> {
    let marks = scan::marks(value);
    if marks & scan::HIGH != 0 {
        return recase_wide(value, case, side);
    }
    match case {
        Case::Lower if marks & scan::UPPER == 0 => return Value::Part(value),
        Case::Lower => side.extend(value.iter().map(u8::to_ascii_lowercase)),
        Case::Upper => side.extend(value.iter().map(u8::to_ascii_uppercase)),
    }
    Value::Side
}

/// The same outside ASCII, where one character may become several.
#[cold]
fn recase_wide<'v>(value: &'v [u8], case: Case, side: &mut Vec<u8>) -> Value<'v> {
    let text = String::from_utf8_lossy(value);
    let changed = match case {
        Case::Lower => text.to_lowercase(),
        Case::Upper => text.to_uppercase(),
    };
    side.extend_from_slice(changed.as_bytes());
    Value::Side
}

/// What the policy makes of a value that holds `"`.
pub fn requote<'v>(value: &'v [u8], policy: QuotePolicy, side: &mut Vec<u8>) -> Made<'v> {
    match policy {
        QuotePolicy::Reject => return Err(fault::QUOTE_IN_TEXT),
        QuotePolicy::Double => return Ok(Value::Part(value)),
        QuotePolicy::Replace => side.extend(value.iter().map(|&byte| if byte == b'"' { b'\'' } else { byte })),
        QuotePolicy::Strip => side.extend(value.iter().filter(|byte| **byte != b'"')),
    }
    Ok(Value::Side)
}

/// Number of characters.
pub fn length(value: &[u8]) -> u64 {
    value.iter().map(|byte| u64::from(starts_character(*byte))).sum()
}

/// The first `most` characters, without white space at the cut unless `keep_space`.
pub fn cut(value: &[u8], most: u64, keep_space: bool) -> &[u8] {
    let mut starts = value.iter().enumerate().filter(|(_, byte)| starts_character(**byte)).map(|(at, _)| at);
    let end = usize::try_from(most).ok().and_then(|most| starts.nth(most)).unwrap_or(value.len());
    let head = &value[..end];
    if keep_space { head } else { super::space::trim_end(head) }
}

fn starts_character(byte: u8) -> bool {
    byte & 0xc0 != 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_those_of_unicode_but_tab_and_line_ends() {
        for character in '\0'..=char::MAX {
            let text = format!("ab{character}");
            let expected = character.is_control() && !matches!(character, '\t' | '\n' | '\r');
            assert_eq!(control_at(text.as_bytes()), expected.then_some(2), "{}", character.escape_unicode());
        }
    }

    #[test]
    fn case_changes_reach_beyond_ascii() {
        let mut side = Vec::new();
        assert_eq!(recase("ÀB".as_bytes(), Case::Lower, &mut side), Value::Side);
        assert_eq!(side, "àb".as_bytes());
        side.clear();
        assert_eq!(recase(b"straSSe", Case::Upper, &mut side), Value::Side);
        assert_eq!(side, b"STRASSE");
        assert_eq!(recase(b"lower", Case::Lower, &mut side), Value::Part(b"lower"));
    }

    #[test]
    fn text_is_cut_between_characters_and_loses_the_space_at_the_cut() {
        assert_eq!(cut("héllo".as_bytes(), 2, false), "hé".as_bytes());
        assert_eq!(cut(b"ab cd", 3, false), b"ab");
        assert_eq!(cut(b"ab cd", 3, true), b"ab ");
        assert_eq!(cut(b"ab", 5, false), b"ab");
        assert_eq!(length("héllo 😀".as_bytes()), 7);
    }

    #[test]
    fn quotes_follow_their_policy() {
        let made = |policy| {
            let mut side = Vec::new();
            requote(b"a \"b\"", policy, &mut side).map(|_| String::from_utf8(side).unwrap())
        };
        assert_eq!(made(QuotePolicy::Reject), Err(fault::QUOTE_IN_TEXT));
        assert_eq!(made(QuotePolicy::Replace).unwrap(), "a 'b'");
        assert_eq!(made(QuotePolicy::Strip).unwrap(), "a b");
    }
}
