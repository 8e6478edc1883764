//! Values that stand in Arrow's string view itself: judged in a register, without going to memory.

use super::scan;

/// A value of one to twelve bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Short {
    /// The first byte in the lowest place, zeros behind the last.
    text: u128,
    length: usize,
}

/// Fills the places behind a short text with a byte that no question minds.
const FILLERS: [u128; Short::MOST + 1] = {
    let mut fillers = [0; Short::MOST + 1];
    let mut length = 0;
    while length <= Short::MOST {
        fillers[length] = u128::from_ne_bytes([b'0'; 16]) << (8 * length);
        length += 1;
    }
    fillers
};

impl Short {
    /// Bytes of the longest.
    pub const MOST: usize = 12;

    /// The value of a view; none if it is empty or longer.
    #[inline(always)]
    pub fn of_view(view: u128) -> Option<Self> {
        let length = view as u32 as usize;
        (1..=Self::MOST).contains(&length).then_some(Self { text: view >> 32, length })
    }

    /// `text` has its first byte in the lowest place and zeros behind its last.
    #[inline(always)]
    pub(super) fn new(text: u128, length: usize) -> Self {
        debug_assert!((1..=Self::MOST).contains(&length) && text >> (8 * length) == 0, "a short text is one");
        Self { text, length }
    }

    /// As a view.
    #[inline(always)]
    pub fn view(self) -> u128 {
        self.text << 32 | self.length as u128
    }

    /// Its bytes as one number, and how many there are.
    #[inline(always)]
    pub fn parts(self) -> (u128, usize) {
        (self.text, self.length)
    }

    /// Its bytes.
    #[inline]
    pub fn bytes(self) -> ShortBytes {
        ShortBytes { bytes: self.text.to_le_bytes(), length: self.length }
    }

    /// All sixteen places, those behind the text filled with `0`.
    #[inline(always)]
    pub(super) fn filled(self) -> u128 {
        self.text | FILLERS[self.length]
    }

    /// Whether its first or last byte is a space.
    #[inline(always)]
    pub fn has_space_at_ends(self) -> bool {
        let (first, last) = (self.text as u8, (self.text >> (8 * (self.length - 1))) as u8);
        first == b' ' || last == b' '
    }

    /// Printable ASCII without `"`, and no space at either end.
    #[inline(always)]
    pub fn is_plain(self) -> bool {
        !self.has_space_at_ends() && scan::are_plain(self.filled())
    }

    /// Whether it holds an ASCII capital.
    #[inline]
    pub fn has_upper(self) -> bool {
        scan::marks(self.bytes().as_slice()) & scan::UPPER != 0
    }

    /// ASCII letters, digits, `_` and the bytes of `extra` only.
    #[inline(always)]
    pub fn is_id(self, extra: [u8; 4]) -> bool {
        scan::are_id(self.filled(), extra)
    }

    /// Digits without a zero in front.
    #[inline(always)]
    pub fn is_number(self) -> bool {
        let filled = self.filled();
        let digits = scan::not_digits(filled as u64) | scan::not_digits((filled >> 64) as u64) == 0;
        digits && (self.length == 1 || self.text as u8 != b'0')
    }
}

/// The bytes of a short value.
#[derive(Debug, Clone, Copy)]
pub struct ShortBytes {
    bytes: [u8; 16],
    length: usize,
}

impl ShortBytes {
    /// As a slice.
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(value: &[u8]) -> Short {
        let bytes = value.iter().rev().fold(0, |text, byte| text << 8 | u128::from(*byte));
        Short::of_view(bytes << 32 | value.len() as u128).unwrap()
    }

    #[test]
    fn short_values_are_judged_like_any_other() {
        for length in 1..=Short::MOST {
            for place in 0..length {
                for odd in 0..=255u8 {
                    for fill in [b'7', b'a', b'0'] {
                        let mut value = vec![fill; length];
                        value[place] = odd;
                        let short = short(&value);
                        assert_eq!(short.bytes().as_slice(), value);
                        assert_eq!(short.is_plain(), scan::is_plain(&value), "{value:?}");
                        assert_eq!(short.has_upper(), odd.is_ascii_uppercase(), "{value:?}");
                        assert_eq!(short.is_id(*b"-@.."), scan::is_id(&value, *b"-@.."), "{value:?}");
                        let number = scan::is_digits(&value) && (length == 1 || value[0] != b'0');
                        assert_eq!(short.is_number(), number, "{value:?}");
                    }
                }
            }
        }
        assert_eq!(Short::of_view(0), None);
        assert_eq!(Short::of_view(13), None);
    }
}
