//! E-mail addresses as people have them: `local@domain.tld`, no quoted or literal forms, ASCII.

use crate::functions::fault;
use crate::mapping::Case;

use super::{Made, Value, text};

/// The address, or the fault.
#[inline]
pub fn normal<'v>(value: &'v [u8], case: Option<Case>, side: &mut Vec<u8>) -> Made<'v> {
    if !is_address(value) {
        return Err(fault::BAD_EMAIL);
    }
    Ok(match case {
        Some(case) => text::recase(value, case, side),
        None => Value::Part(value),
    })
}

/// A dot-atom of at most 64 bytes, `@`, and two or more labels, the last one not a number.
pub fn is_address(value: &[u8]) -> bool {
    local_length(value).is_some_and(|length| matches!(&value[length..], [b'@', domain @ ..] if is_domain(domain)))
}

/// Bytes of the dot-atom at the start of `value`: letters, digits and the printable signs of mail, dots neither doubled nor
/// at an end.
fn local_length(value: &[u8]) -> Option<usize> {
    let (mut length, mut dot) = (0, true);
    for &byte in value {
        let next = byte == b'.';
        if KIND[byte as usize] & LOCAL == 0 {
            break;
        }
        if next && dot {
            return None;
        }
        (length, dot) = (length + 1, next);
    }
    (!dot && length <= 64).then_some(length)
}

/// Labels of letters, digits and inner hyphens, at least two.
fn is_domain(domain: &[u8]) -> bool {
    let (mut labels, mut start, mut numeric) = (0, 0, true);
    if domain.len() > 253 {
        return false;
    }
    for (at, &byte) in domain.iter().enumerate() {
        if byte == b'.' {
            if !is_label(&domain[start..at]) {
                return false;
            }
            (labels, start, numeric) = (labels + 1, at + 1, true);
        } else if KIND[byte as usize] & DOMAIN == 0 {
            return false;
        } else {
            numeric &= byte.is_ascii_digit();
        }
    }
    let last = &domain[start..];
    labels > 0 && is_label(last) && last.len() > 1 && !numeric
}

fn is_label(label: &[u8]) -> bool {
    label.len() <= 63 && matches!(label, [first, .., last] if *first != b'-' && *last != b'-')
        || matches!(label, [only] if *only != b'-')
}

const LOCAL: u8 = 1;
const DOMAIN: u8 = 2;

/// What a byte may be part of.
const KIND: [u8; 256] = {
    let mut kind = [0; 256];
    let mut byte = 0u8;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            kind[byte as usize] = LOCAL | DOMAIN;
        } else if byte > b' '
            && byte < 127
            && !matches!(byte, b'"' | b'(' | b')' | b',' | b':' | b';' | b'<' | b'>' | b'@' | b'[' | b'\\' | b']')
        {
            kind[byte as usize] = LOCAL;
        }
        byte += 1;
    }
    kind
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_people_have_are_taken() {
        for good in [
            "a@b.co",
            "joe.bloggs@example.com",
            "joe+tag@sub.example.org",
            "o'brien@example.ie",
            "owner12@example.com",
            "x@xn--bcher-kva.example",
            "UPPER_case-1@EXAMPLE.COM",
        ] {
            assert!(is_address(good.as_bytes()), "{good}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        let label = format!("a@{}.com", "b".repeat(64));
        for bad in [
            "",
            "@",
            "a",
            "a@",
            "@b.co",
            "a@b",
            "a@localhost",
            "a@b.",
            "a@.b.co",
            "a@b..co",
            "a@-b.co",
            "a@b-.co",
            "a@b.c",
            "a@1.2.3.4",
            ".a@b.co",
            "a.@b.co",
            "a..b@c.co",
            "a b@c.co",
            "a@b c.co",
            "a@@b.co",
            "a@b@c.co",
            "a@b.co,c@d.co",
            "a@b.co; c@d.co",
            "Joe <a@b.co>",
            "mailto:a@b.co",
            "\"a b\"@c.co",
            "a@[127.0.0.1]",
            "é@b.co",
            "a@bücher.example",
            "a@b_c.co",
            &long,
            &label,
        ] {
            assert!(!is_address(bad.as_bytes()), "{bad}");
        }
    }
}
