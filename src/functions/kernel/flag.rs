//! Yes or no in the spellings that sources use, in any case.

/// What `value` says; none if it says neither.
#[inline]
pub fn read(value: &[u8]) -> Option<bool> {
    match *value {
        [b'1' | b'y' | b'Y' | b't' | b'T'] => Some(true),
        [b'0' | b'n' | b'N' | b'f' | b'F'] => Some(false),
        [b'n' | b'N', b'o' | b'O'] => Some(false),
        [b'o' | b'O', b'n' | b'N'] => Some(true),
        _ if value.len() > 5 => None,
        _ if value.eq_ignore_ascii_case(b"true") || value.eq_ignore_ascii_case(b"yes") => Some(true),
        _ if value.eq_ignore_ascii_case(b"false") || value.eq_ignore_ascii_case(b"off") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_read_in_any_case() {
        for (spellings, expected) in
            [(&["yes", "y", "true", "t", "1", "on"][..], true), (&["no", "n", "false", "f", "0", "off"], false)]
        {
            for spelling in spellings {
                let mut title = spelling.to_uppercase();
                title[1..].to_owned().chars().enumerate().for_each(|(at, character)| {
                    title.replace_range(at + 1..at + 2, &character.to_lowercase().to_string());
                });
                for value in [spelling.to_string(), spelling.to_uppercase(), title] {
                    assert_eq!(read(value.as_bytes()), Some(expected), "{value}");
                }
            }
        }
    }

    #[test]
    fn anything_else_is_neither() {
        for value in ["", "2", "ja", "yes!", "truee", "x", "-1", "1.0", "nope", "of", "\u{11}"] {
            assert_eq!(read(value.as_bytes()), None, "{value}");
        }
    }
}
