//! White space at the ends of a value, in bytes: Unicode's, with no-break spaces.

/// `value` without white space at either end.
#[inline]
pub fn trim(value: &[u8]) -> &[u8] {
    match value {
        [first, .., last] if is_ink(*first) && is_ink(*last) => value,
        _ => trim_end(trim_start(value)),
    }
}

/// A byte that is certainly not part of white space.
#[inline]
fn is_ink(byte: u8) -> bool {
    (0x21..0x80).contains(&byte)
}

/// `value` without white space at its start.
pub fn trim_start(mut value: &[u8]) -> &[u8] {
    loop {
        let space = match value {
            [b' ' | 0x09..=0x0d, ..] => 1,
            [0xc2, 0x85 | 0xa0, ..] => 2,
            [0xe1, 0x9a, 0x80, ..] | [0xe3, 0x80, 0x80, ..] | [0xe2, 0x81, 0x9f, ..] => 3,
            [0xe2, 0x80, 0x80..=0x8a | 0xa8 | 0xa9 | 0xaf, ..] => 3,
            _ => return value,
        };
        value = &value[space..];
    }
}

/// `value` without white space at its end.
pub fn trim_end(mut value: &[u8]) -> &[u8] {
    loop {
        let space = match value {
            [.., b' ' | 0x09..=0x0d] => 1,
            [.., 0xc2, 0x85 | 0xa0] => 2,
            [.., 0xe1, 0x9a, 0x80] | [.., 0xe3, 0x80, 0x80] | [.., 0xe2, 0x81, 0x9f] => 3,
            [.., 0xe2, 0x80, 0x80..=0x8a | 0xa8 | 0xa9 | 0xaf] => 3,
            _ => return value,
        };
        value = &value[..value.len() - space];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_trims_exactly_what_the_standard_library_trims() {
        for character in '\0'..=char::MAX {
            let text = format!("{character}a{character}");
            assert_eq!(trim(text.as_bytes()), text.trim().as_bytes(), "{}", character.escape_unicode());
        }
    }

    #[test]
    fn white_space_alone_becomes_empty() {
        for text in ["", " ", "\u{a0}", " \t\u{3000}\r\n", "\u{2003}\u{202f}"] {
            assert_eq!(trim(text.as_bytes()), b"", "{text:?}");
        }
    }

    #[test]
    fn broken_bytes_do_no_harm() {
        for bytes in [&[0xc2][..], &[0xe2, 0x80], &[0x80], &[0xa0, 0xc2]] {
            assert_eq!(trim(bytes), bytes);
        }
    }
}
