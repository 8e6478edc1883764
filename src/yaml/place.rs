//! From an offset in a scalar's content back to the bytes of the file, through quotes, escapes, folding and indents.

use super::{Span, Spanned};

/// Where `length` bytes at `offset` of the scalar's content stand in the file's `text`.
///
/// Exact for plain, quoted and block scalars. The whole scalar where its value is not what stands in the text (a variable
/// was filled in) or where the offset is outside.
pub fn locate(text: &str, scalar: &Spanned<String>, offset: usize, length: usize) -> Span {
    Places::of(text, scalar).locate(offset, length)
}

/// The same for many offsets of one scalar.
pub struct Places {
    scalar: Span,
    length: usize,
    reading: Option<Reading>,
}

impl Places {
    /// Of a scalar that stands in the file's `text`.
    pub fn of(text: &str, scalar: &Spanned<String>) -> Self {
        let reading = Reading::of(text, scalar.span, &scalar.value);
        Self { scalar: scalar.span, length: scalar.value.len(), reading }
    }

    /// See [`locate`].
    pub fn locate(&self, offset: usize, length: usize) -> Span {
        let Some(reading) = &self.reading else { return self.scalar };
        let after = self.scalar.end - usize::from(reading.quoted);
        let end = offset.saturating_add(length.max(1)).min(self.length);
        let first = reading.chars.partition_point(|char| char.content.end <= offset);
        let last = reading.chars.partition_point(|char| char.content.start < end);
        match reading.chars.get(first..last) {
            Some([first, .., last]) if length > 0 => Span::new(first.source.start, last.source.end),
            Some([only]) if length > 0 => only.source,
            Some([first, ..]) => Span::new(first.source.start, first.source.start),
            _ if offset == self.length => Span::new(after, after),
            _ => self.scalar,
        }
    }
}

/// One character of the content and the bytes of the file it comes from.
struct Char {
    content: Span,
    source: Span,
}

/// A scalar's content, character by character, with where each was written.
struct Reading {
    /// It stands in quotes.
    quoted: bool,
    chars: Vec<Char>,
}

impl Reading {
    /// Lines `content` up with the source at `span`; none if they do not agree.
    fn of(text: &str, span: Span, content: &str) -> Option<Self> {
        let source = text.get(span.start..span.end)?;
        let line = text[..span.start].rsplit('\n').next().unwrap_or_default();
        // Continuation lines of a block are indented like its first one.
        let indent = if line.trim_start_matches(' ').is_empty() { line.len() } else { 0 };
        // A block's content may begin with a quote: only what cannot be read as it stands is taken for quoted.
        let bare = Walk { source, base: span.start, at: 0, end: source.len(), indent, quote: None };
        if let Some(chars) = bare.read(content) {
            return Some(Self { quoted: false, chars });
        }
        let quote = source.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let end = source.strip_suffix(quote)?.len();
        let walk = Walk { source, base: span.start, at: 1, end, indent: 0, quote: Some(quote) };
        walk.read(content).map(|chars| Self { quoted: true, chars })
    }
}

/// A pointer into the source while the content is followed.
struct Walk<'t> {
    source: &'t str,
    base: usize,
    at: usize,
    end: usize,
    indent: usize,
    quote: Option<char>,
}

impl Walk<'_> {
    fn read(mut self, content: &str) -> Option<Vec<Char>> {
        let mut chars = Vec::with_capacity(content.len());
        for (offset, wanted) in content.char_indices() {
            let (start, end) = if wanted == ' ' || wanted == '\n' { self.space(wanted) } else { self.print(wanted)? };
            let content = Span::new(offset, offset + wanted.len_utf8());
            chars.push(Char { content, source: Span::new(self.base + start, self.base + end) });
        }
        self.skip_space();
        (self.at >= self.end).then_some(chars)
    }

    fn here(&self) -> Option<char> {
        self.source.get(self.at..self.end)?.chars().next()
    }

    fn skip_space(&mut self) {
        while self.here().is_some_and(|c| matches!(c, ' ' | '\t' | '\r' | '\n')) || self.joins_lines() {
            self.at += 1;
        }
    }

    /// A backslash before the line end, in double quotes: the lines are joined.
    fn joins_lines(&self) -> bool {
        let rest = self.source.get(self.at..self.end).unwrap_or_default();
        self.quote == Some('"') && (rest.starts_with("\\\n") || rest.starts_with("\\\r\n"))
    }

    /// A printed character: at the pointer, perhaps escaped, perhaps after the white space of a fold.
    fn print(&mut self, wanted: char) -> Option<(usize, usize)> {
        if let Some(found) = self.step(wanted) {
            return Some(found);
        }
        self.skip_space();
        self.step(wanted)
    }

    fn step(&mut self, wanted: char) -> Option<(usize, usize)> {
        let start = self.at;
        let (found, length) = character(self.source.get(start..self.end)?, self.quote)?;
        if found != wanted {
            return None;
        }
        self.at += length;
        Some((start, self.at))
    }

    /// A space or line end of the content: written as such, folded from a line end, or (leading lines of a block) nowhere.
    fn space(&mut self, wanted: char) -> (usize, usize) {
        while self.joins_lines() {
            self.skip_space();
        }
        // Written as `\n` or `\x20` in double quotes.
        if self.here() != Some(wanted)
            && let Some(found) = self.step(wanted)
        {
            return found;
        }
        let rest = self.source.get(self.at..self.end).unwrap_or_default();
        let line_end = rest.trim_start_matches([' ', '\t', '\r']);
        let start = self.at;
        if rest.starts_with(wanted) && wanted == ' ' {
            self.at += 1;
        } else if line_end.starts_with('\n') {
            let start = self.at + (rest.len() - line_end.len());
            self.at = start + 1;
            let next = self.source.get(self.at..self.end).unwrap_or_default();
            self.at += next.bytes().take(self.indent).take_while(|&byte| byte == b' ').count();
            return (start, start + 1);
        }
        (start, self.at)
    }
}

/// The first character of `rest` as quotes of this kind write it, and the bytes it takes.
fn character(rest: &str, quote: Option<char>) -> Option<(char, usize)> {
    let mut chars = rest.chars();
    let first = chars.next()?;
    match (quote, first) {
        (Some('\''), '\'') => rest.starts_with("''").then_some(('\'', 2)),
        (Some('"'), '\\') => {
            let code = chars.next()?;
            let hex = |digits: usize| {
                let value = u32::from_str_radix(rest.get(2..2 + digits)?, 16).ok()?;
                Some((char::from_u32(value)?, 2 + digits))
            };
            let plain = match code {
                '0' => '\0',
                'a' => '\x07',
                'b' => '\x08',
                't' | '\t' => '\t',
                'n' => '\n',
                'v' => '\x0b',
                'f' => '\x0c',
                'r' => '\r',
                'e' => '\x1b',
                'N' => '\u{85}',
                '_' => '\u{a0}',
                'L' => '\u{2028}',
                'P' => '\u{2029}',
                'x' => return hex(2),
                'u' => return hex(4),
                'U' => return hex(8),
                other => other,
            };
            Some((plain, 1 + code.len_utf8()))
        }
        _ => Some((first, first.len_utf8())),
    }
}
