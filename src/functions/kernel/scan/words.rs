//! The same byte by byte, on any processor.

use super::{CONTROL, HIGH, NumberSigns, QUOTE, UPPER};

pub(super) fn marks(value: &[u8]) -> u8 {
    value.iter().fold(0, |marks, byte| {
        marks
            | match byte {
                b'"' => QUOTE,
                0..=0x1f | 0x7f => CONTROL,
                0x80.. => HIGH,
                b'A'..=b'Z' => UPPER,
                _ => 0,
            }
    })
}

pub(super) fn requote_plain(value: &[u8], out: &mut [u8]) -> bool {
    out.iter_mut().filter(|byte| **byte == b'"').for_each(|byte| *byte = b'\'');
    value.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

pub(super) fn is_plain(value: &[u8]) -> bool {
    value.iter().all(|byte| matches!(byte, b' '..=b'~') && *byte != b'"')
}

pub(super) fn number_signs(bytes: u128) -> NumberSigns {
    let bits = |test: fn(&u8) -> bool| {
        bytes.to_le_bytes().iter().enumerate().fold(0, |bits, (at, byte)| bits | u32::from(test(byte)) << at)
    };
    NumberSigns {
        digits: bits(u8::is_ascii_digit),
        commas: bits(|byte| *byte == b','),
        points: bits(|byte| *byte == b'.'),
    }
}

pub(super) fn is_id(value: &[u8], extra: [u8; 4]) -> bool {
    value.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || extra.contains(byte))
}
