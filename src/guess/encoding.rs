//! In which encoding a text is written: by its byte order mark, by its zeros, by whether it is UTF-8.

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// UTF-8, with or without a mark: nothing need be said.
    Utf8,
    /// A byte order mark of UTF-16, which wins by itself.
    MarkedUtf16,
    /// UTF-16 without a mark; the label to be said.
    Utf16(&'static str),
    /// Bytes that are no UTF-8: some encoding of one byte a character, most often this one.
    Windows1252,
}

impl Label {
    /// The label a source needs for it, in the words of the WHATWG standard.
    pub fn option(self) -> Option<&'static str> {
        match self {
            Self::Utf8 | Self::MarkedUtf16 => None,
            Self::Utf16(label) => Some(label),
            Self::Windows1252 => Some("windows-1252"),
        }
    }
}

/// The encoding of the text that begins with `head`; `others` are further parts of it. A character that a cut broke counts
/// for nothing.
pub fn label_of(head: &[u8], others: &[&[u8]]) -> Label {
    if matches!(head, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]) {
        return Label::MarkedUtf16;
    }
    let start = &head[..head.len().min(4_096)];
    let zeros = |from: usize| start.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    // Of text in Latin letters every second byte is zero.
    if zeros(1) * 4 > start.len() {
        return Label::Utf16("utf-16le");
    }
    if zeros(0) * 4 > start.len() {
        return Label::Utf16("utf-16be");
    }
    let counts = std::iter::once(head).chain(others.iter().copied()).map(count);
    let (good, bad) = counts.reduce(|sum, next| (sum.0 + next.0, sum.1 + next.1)).unwrap_or_default();
    // A few broken bytes among many good characters are faults of records, not another encoding.
    if bad == 0 || good > bad { Label::Utf8 } else { Label::Windows1252 }
}

/// Characters beyond ASCII that are UTF-8, and bytes that are not.
fn count(part: &[u8]) -> (usize, usize) {
    // A cut may leave up to three bytes of a character at the start.
    let start = part.iter().take(3).take_while(|byte| (0x80..0xC0).contains(*byte)).count();
    let (mut good, mut bad) = (0, 0);
    let mut chunks = part[start..].utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        good += chunk.valid().chars().filter(|character| !character.is_ascii()).count();
        // What a cut leaves at the end may be the start of a character.
        let cut = chunks.peek().is_none() && chunk.invalid().first().is_some_and(|byte| *byte >= 0xC2);
        bad += usize::from(!chunk.invalid().is_empty() && !cut);
    }
    (good, bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_zeros_and_bad_bytes_tell_the_encoding() {
        assert_eq!(label_of(b"a,b\n", &[]), Label::Utf8);
        assert_eq!(label_of("ä,b\n".as_bytes(), &[&"ü".as_bytes()[1..], &"ü".as_bytes()[..1]]), Label::Utf8);
        assert_eq!(label_of(b"\xFF\xFEa\0", &[]), Label::MarkedUtf16);
        assert_eq!(label_of(b"a\0,\0b\0\n\0", &[]), Label::Utf16("utf-16le"));
        assert_eq!(label_of(b"\0a\0,\0b\0\n", &[]), Label::Utf16("utf-16be"));
        assert_eq!(label_of(b"Z\xFCrich,b\n", &[]), Label::Windows1252);
        assert_eq!(label_of(b"plain\n", &[b"Z\xFCrich\n"]), Label::Windows1252);
        assert_eq!(label_of("Zürich, Genève\n".as_bytes(), &[b"Z\xFCrich\n"]), Label::Utf8);
    }
}
