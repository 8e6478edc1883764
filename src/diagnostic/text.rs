//! Words from data, made safe to show, and the nearest of some names.

use std::fmt::Write;

/// `text` with control characters shown escaped (`\n`, `\t`, `\u{1b}`), so that data can neither break a line nor drive a
/// terminal. Characters that turn the direction of text or take no room are shown escaped too.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            _ if character.is_control() || is_invisible(character) => {
                write!(safe, "\\u{{{:x}}}", u32::from(character)).expect("a string takes all that is written");
            }
            _ => safe.push(character),
        }
    }
    safe
}

/// `text` escaped and, if it has over 60 characters, cut: for values of data inside a message.
pub fn excerpt(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => escape(&text[..end]) + "…",
        None => escape(text),
    }
}

fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The candidate that `name` was most probably meant to be.
///
/// First one that differs only by case, spaces, `_` or `-`; else the one fewest letters away, at most a third of the
/// name's length (three letters: one); else the only one that begins with `name`, or that `name` begins with, given three
/// letters. The first of equals; none for a name of over 200 bytes.
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    if name.len() > 200 {
        return None;
    }
    let wanted = plain(name);
    let letters = wanted.chars().count();
    let limit = (letters / 3).clamp(1, 4);
    let mut best: Option<(usize, &str)> = None;
    let mut kin = Vec::new();
    for candidate in candidates {
        let plain = plain(candidate);
        let length = plain.chars().count();
        let distance = strsim::damerau_levenshtein(&wanted, &plain);
        // A name of one or two letters is a letter away from everything.
        let near = distance == 0 || (distance <= limit && distance + 1 < length.max(letters));
        if near && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
        if letters.min(length) >= 3 && (plain.starts_with(&wanted) || wanted.starts_with(&plain)) {
            kin.push(candidate);
        }
    }
    match (best, kin.as_slice()) {
        (Some((_, candidate)), _) => Some(candidate),
        (None, [only]) => Some(only),
        _ => None,
    }
}

/// How many letters two names differ by, case, spaces, `_` and `-` aside; swapped neighbours count once.
///
/// Names of over 200 bytes are the same or endlessly far apart: the count would take too long.
pub fn letters_apart(one: &str, other: &str) -> usize {
    let (one, other) = (plain(one), plain(other));
    match one == other {
        true => 0,
        false if one.len().max(other.len()) > 200 => usize::MAX,
        false => strsim::damerau_levenshtein(&one, &other),
    }
}

fn plain(name: &str) -> String {
    name.chars().filter(|character| !matches!(character, ' ' | '_' | '-')).flat_map(char::to_lowercase).collect()
}
