//! From a line and column of parsed SQL back to the bytes of the file it stands in.

use datafusion::sql::sqlparser::tokenizer::{Location, Span as SqlSpan};

use crate::diagnostic::Place;
use crate::mapping::Text;
use crate::yaml::{Span, locate};

/// One SQL text and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sql<'a> {
    /// What is parsed.
    pub text: &'a str,
    /// The file as shown.
    pub path: &'a str,
    /// The whole text of that file.
    pub file: &'a str,
    /// The scalar inside it; `None`: the file is the SQL.
    pub scalar: Option<&'a Text>,
}

impl Sql<'_> {
    /// The whole SQL.
    pub(super) fn whole(&self) -> Place {
        let span = self.scalar.map_or_else(|| Span::new(0, self.file.trim_end().len()), |scalar| scalar.span);
        Place::new(self.path, span)
    }

    /// The part of it that the parser calls `span`.
    pub(super) fn part(&self, span: SqlSpan) -> Place {
        match (self.offset(span.start), self.offset(span.end)) {
            (Some(start), Some(end)) if start < end => self.bytes(start, end - start),
            (Some(start), _) => self.bytes(start, 1),
            _ => self.whole(),
        }
    }

    /// Its last character.
    pub(super) fn end(&self) -> Place {
        let text = self.text.trim_end();
        match text.char_indices().next_back() {
            Some((at, last)) => self.bytes(at, last.len_utf8()),
            None => self.whole(),
        }
    }

    /// The `length` bytes from the place that a parser's message names as `at Line: 1, Column: 7`.
    pub(super) fn message_place(&self, message: &str, length: usize) -> Place {
        let number = |after: &str| {
            let digits = message.rsplit_once(after)?.1;
            let end = digits.find(|character: char| !character.is_ascii_digit()).unwrap_or(digits.len());
            digits[..end].parse::<u64>().ok()
        };
        match (number("Line: "), number("Column: ")) {
            (Some(line), Some(column)) => match self.offset(Location { line, column }) {
                Some(at) => self.bytes(at, length.clamp(1, self.text[at..].len().max(1))),
                None => self.whole(),
            },
            _ => self.whole(),
        }
    }

    /// The first place where `name` stands as a word.
    pub(super) fn word(&self, name: &str) -> Place {
        let is_part = |character: char| character.is_alphanumeric() || character == '_';
        let found = self.text.match_indices(name).find(|(at, _)| {
            let before = self.text[..*at].chars().next_back();
            let after = self.text[at + name.len()..].chars().next();
            !before.is_some_and(is_part) && !after.is_some_and(is_part)
        });
        match found {
            Some((at, _)) if !name.is_empty() => self.bytes(at, name.len()),
            _ => self.whole(),
        }
    }

    fn bytes(&self, start: usize, length: usize) -> Place {
        let span = match self.scalar {
            Some(scalar) => locate(self.file, scalar, start, length),
            None => Span::new(start, (start + length).min(self.file.len())),
        };
        Place::new(self.path, span)
    }

    /// Byte offset in the SQL of a place that counts lines and characters from 1.
    fn offset(&self, at: Location) -> Option<usize> {
        if at.line == 0 {
            return None;
        }
        let mut start = 0;
        for _ in 1..at.line {
            start += self.text[start..].find('\n')? + 1;
        }
        let line = &self.text[start..];
        let column = usize::try_from(at.column.saturating_sub(1)).ok()?;
        Some(start + line.char_indices().nth(column).map_or(line.len(), |(byte, _)| byte))
    }
}
