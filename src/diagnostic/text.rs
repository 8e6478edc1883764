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
        // A name of one or two letters is a letter away from everything.
        let is_near = |distance: usize| distance == 0 || (distance <= limit && distance + 1 < length.max(letters));
        if let Some(distance) = apart(&wanted, &plain, limit).filter(|distance| is_near(*distance))
            && best.is_none_or(|(least, _)| distance < least)
        {
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

/// How many letters two names differ by, case, spaces, `_` and `-` aside, if not by more than `most`; swapped neighbours
/// count once.
///
/// Names of over 200 bytes are the same or endlessly far apart: the count would take too long.
pub fn letters_apart(one: &str, other: &str, most: usize) -> Option<usize> {
    if is_spelt_like(one, other) {
        return Some(0);
    }
    if most == 0 {
        return None;
    }
    let (one, other) = (plain(one), plain(other));
    if one.len().max(other.len()) > 200 { None } else { apart(&one, &other, most) }
}

/// Whether two names are the same, case, spaces, `_` and `-` aside.
pub fn is_spelt_like(one: &str, other: &str) -> bool {
    letters(one).eq(letters(other))
}

/// The distance, if it is not above `most`. A name is compared with many, and nearly all are far away: that is seen by their
/// letters alone, without the dear count.
fn apart(one: &str, other: &str, most: usize) -> Option<usize> {
    if at_least(one, other) > most {
        return None;
    }
    Some(strsim::damerau_levenshtein(one, other)).filter(|distance| *distance <= most)
}

/// Letters that one has and the other has not: each costs a step of its own, whatever their order.
fn at_least(one: &str, other: &str) -> usize {
    const KINDS: usize = 64;
    // Letters that share a place only bring the two nearer.
    let mut surplus = [0i32; KINDS];
    one.chars().for_each(|letter| surplus[letter as usize % KINDS] += 1);
    other.chars().for_each(|letter| surplus[letter as usize % KINDS] -= 1);
    let (more, less) = surplus.iter().fold((0, 0), |(more, less), count| (more + count.max(&0), less - count.min(&0)));
    more.max(less).unsigned_abs() as usize
}

fn plain(name: &str) -> String {
    letters(name).collect()
}

fn letters(name: &str) -> impl Iterator<Item = char> {
    let meant = name.chars().filter(|character| !matches!(character, ' ' | '_' | '-'));
    meant.flat_map(|character| {
        // ASCII needs no tables.
        let (ascii, other) = if character.is_ascii() {
            (Some(character.to_ascii_lowercase()), None)
        } else {
            (None, Some(character.to_lowercase()))
        };
        ascii.into_iter().chain(other.into_iter().flatten())
    })
}
