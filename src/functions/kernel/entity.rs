//! HTML's character references: numbers, and the names that people and editors write.

/// The character of the reference at the start of `text` (which begins with `&`) and its length in bytes.
pub fn read(text: &str) -> Option<(char, usize)> {
    let end = text.bytes().take(34).position(|byte| byte == b';')?;
    let name = &text[1..end];
    let character = match name.strip_prefix('#') {
        Some(number) => numbered(number)?,
        None => named(name)?,
    };
    Some((character, end + 1))
}

fn numbered(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => u32::from_str_radix(digits, 16),
        None if number.bytes().all(|byte| byte.is_ascii_digit()) => number.parse(),
        _ => return None,
    };
    let code = match code {
        Ok(code) => code,
        Err(error) if *error.kind() == std::num::IntErrorKind::PosOverflow => 0,
        Err(_) => return None,
    };
    Some(match code {
        0 => char::REPLACEMENT_CHARACTER,
        // HTML reads these as windows-1252, because that is what writers meant.
        0x80..=0x9f => WINDOWS.chars().nth(code as usize - 0x80).unwrap_or(char::REPLACEMENT_CHARACTER),
        _ => char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
    })
}

fn named(name: &str) -> Option<char> {
    if let Ok(at) = NAMES.binary_search_by(|(other, _)| (*other).cmp(name)) {
        return Some(NAMES[at].1);
    }
    let at = LATIN.split(' ').position(|other| other == name)?;
    char::from_u32(0xa0 + at as u32)
}

const WINDOWS: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";

/// The names of U+00A0 to U+00FF, in order.
const LATIN: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute \
micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave \
Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml \
Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth \
ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml";

/// Other names, sorted.
const NAMES: &[(&str, char)] = &[
    ("AMP", '&'),
    ("Dagger", '‡'),
    ("GT", '>'),
    ("LT", '<'),
    ("OElig", 'Œ'),
    ("QUOT", '"'),
    ("Scaron", 'Š'),
    ("Yuml", 'Ÿ'),
    ("amp", '&'),
    ("apos", '\''),
    ("bdquo", '„'),
    ("bull", '•'),
    ("check", '✓'),
    ("circ", 'ˆ'),
    ("dagger", '†'),
    ("emsp", '\u{2003}'),
    ("ensp", '\u{2002}'),
    ("euro", '€'),
    ("fnof", 'ƒ'),
    ("ge", '≥'),
    ("gt", '>'),
    ("harr", '↔'),
    ("hearts", '♥'),
    ("hellip", '…'),
    ("infin", '∞'),
    ("larr", '←'),
    ("ldquo", '“'),
    ("le", '≤'),
    ("lrm", '\u{200e}'),
    ("lsaquo", '‹'),
    ("lsquo", '‘'),
    ("lt", '<'),
    ("mdash", '—'),
    ("minus", '−'),
    ("ndash", '–'),
    ("ne", '≠'),
    ("oelig", 'œ'),
    ("permil", '‰'),
    ("quot", '"'),
    ("rarr", '→'),
    ("rdquo", '”'),
    ("rlm", '\u{200f}'),
    ("rsaquo", '›'),
    ("rsquo", '’'),
    ("sbquo", '‚'),
    ("scaron", 'š'),
    ("thinsp", '\u{2009}'),
    ("tilde", '˜'),
    ("trade", '™'),
    ("zwj", '\u{200d}'),
    ("zwnj", '\u{200c}'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_sorted_and_the_latin_ones_complete() {
        assert!(NAMES.is_sorted_by(|one, two| one.0 < two.0));
        assert_eq!(LATIN.split(' ').count(), 0x60);
        assert_eq!((named("nbsp"), named("szlig"), named("yuml")), (Some('\u{a0}'), Some('ß'), Some('ÿ')));
        assert_eq!(WINDOWS.chars().count(), 32);
    }

    #[test]
    fn a_reference_needs_its_semicolon() {
        assert_eq!(read("&amp;x"), Some(('&', 5)));
        assert_eq!(read("&amp x"), None);
        assert_eq!(read("&;"), None);
        assert_eq!(read("&#;"), None);
    }
}
