//! The fields of one record that is known to be well-formed, and what they mean once unquoted.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memchr2};

use super::dialect::Dialect;
use super::index::Place;
use super::signs::equal;

/// Bytes looked at at once.
const WORD: usize = 16;

/// The fields of `record`, which has no line end.
pub(super) fn fields<'a>(record: &'a [u8], dialect: &'a Dialect) -> impl Iterator<Item = Place> + 'a {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let start = next?;
        let (from, escaped) = if record.get(start) == Some(&dialect.quote) {
            closing(record, start + 1, dialect)
        } else {
            (start, false)
        };
        let found = memchr(dialect.delimiter, &record[from..]);
        next = found.map(|found| from + found + 1);
        Some(Place { start, end: found.map_or(record.len(), |found| from + found), escaped })
    })
}

/// One past the quote that closes the field whose content starts at `at`; whether quotes or escapes stand before it.
fn closing(record: &[u8], mut at: usize, dialect: &Dialect) -> (usize, bool) {
    let mut escaped = false;
    while let Some(rest) = record.get(at..) {
        let found = match dialect.own_escape() {
            None => memchr(dialect.quote, rest),
            Some(escape) => memchr2(dialect.quote, escape, rest),
        };
        let Some(found) = found else { break };
        at += found;
        if record[at] == dialect.quote && record.get(at + 1) != Some(&dialect.quote) {
            return (at + 1, escaped);
        }
        escaped = true;
        at += 2;
    }
    (record.len(), escaped)
}

/// What stands between the quotes of a field, or the field itself.
pub(super) fn content<'a>(bytes: &'a [u8], place: Place, dialect: &Dialect) -> Cow<'a, [u8]> {
    let field = &bytes[place.start..place.end];
    match field {
        [first, inner @ .., _] if *first == dialect.quote => {
            if place.escaped {
                let mut text = Vec::new();
                unescape(&mut text, bytes, place.start + 1..place.end - 1, dialect);
                Cow::Owned(text)
            } else {
                Cow::Borrowed(inner)
            }
        }
        _ => Cow::Borrowed(field),
    }
}

/// Appends the text that `bytes[range]`, from between quotes, stands for.
pub(super) fn unescape(text: &mut Vec<u8>, bytes: &[u8], range: Range<usize>, dialect: &Dialect) {
    let quote = dialect.quote;
    let escape = dialect.own_escape().unwrap_or(quote);
    let start = text.len();
    text.resize(start + range.len() + WORD, 0);
    let out = &mut text[start..];
    let (mut from, mut to) = (range.start, 0);
    while from < range.end {
        // Sixteen bytes at a time, copied before they are looked at, also beyond the end: most such fields are short and hold
        // several quotes.
        let Some(next) = bytes[from..].first_chunk::<WORD>() else { break };
        let word = u128::from_le_bytes(*next);
        let signs = equal(word, quote) | if escape == quote { 0 } else { equal(word, escape) };
        out[to..to + WORD].copy_from_slice(next);
        let clean = (signs | 1 << WORD).trailing_zeros() as usize;
        let clean = clean.min(range.end - from);
        from += clean;
        to += clean;
        if signs != 0 && from < range.end {
            // The byte behind a quote or escape is data.
            if from + 1 < range.end {
                out[to] = bytes[from + 1];
                to += 1;
            }
            from += 2;
        }
    }
    while from < range.end {
        from += usize::from((bytes[from] == quote || bytes[from] == escape) && from + 1 < range.end);
        out[to] = bytes[from];
        to += 1;
        from += 1;
    }
    text.truncate(start + to);
}
