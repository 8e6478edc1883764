//! A date layout as the mapping spells it: a word (`iso`, `epoch_s`, `epoch_ms`, `excel`) or a strftime pattern.

use super::moment::{Miss, Moment};
use super::program::Program;
use super::{foreign, iso, serial};
use crate::functions::kernel::short::Short;

/// One compiled layout.
#[derive(Debug, Clone)]
pub struct Layout {
    /// As spelt, for messages.
    pub text: String,
    reader: Reader,
}

#[derive(Debug, Clone)]
enum Reader {
    Iso,
    EpochSeconds,
    EpochMillis,
    Excel,
    Program(Program),
    /// A pattern with directives that only jiff knows (ISO weeks, zone names).
    Foreign,
}

/// How a value starts that a layout can take: a run of digits, then a byte. Different starts never meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// Fewest and most digits of the run.
    pub digits: (usize, usize),
    /// What follows; none: anything.
    pub next: Option<Next>,
}

/// What follows the first digits of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// This byte.
    Byte(u8),
    /// The end, or the point of a fraction.
    EndOrPoint,
}

/// What `yyyy-MM-dd`, as spreadsheets and Java spell layouts, means here; none if it is no such spelling.
fn percent_signs(text: &str) -> Option<String> {
    const PARTS: [(&str, &str); 16] = [
        ("yyyy", "%Y"),
        ("YYYY", "%Y"),
        ("yy", "%y"),
        ("YY", "%y"),
        ("MMM", "%b"),
        ("MM", "%m"),
        ("M", "%m"),
        ("dd", "%d"),
        ("DD", "%d"),
        ("d", "%d"),
        ("D", "%d"),
        ("HH", "%H"),
        ("hh", "%I"),
        ("mm", "%M"),
        ("ss", "%S"),
        ("a", "%p"),
    ];
    let (mut rest, mut pattern) = (text, String::new());
    while let Some(first) = rest.chars().next() {
        let part = PARTS.iter().find(|(spelt, _)| rest.starts_with(spelt));
        rest = match part {
            Some((spelt, meant)) => {
                pattern.push_str(meant);
                &rest[spelt.len()..]
            }
            None if first.is_alphabetic() => return None,
            None => {
                pattern.push(first);
                &rest[first.len_utf8()..]
            }
        };
    }
    // In dates alone `mm` is the month.
    if !pattern.contains("%m") && !pattern.contains("%H") && !pattern.contains("%I") {
        pattern = pattern.replace("%M", "%m");
    }
    // Signs alone (`-`) say no part of a date.
    (pattern.contains('%') && Layout::compile(&pattern).is_ok()).then_some(pattern)
}

impl Layout {
    /// The layout `iso`.
    pub fn iso() -> Self {
        Self { text: "iso".to_owned(), reader: Reader::Iso }
    }

    /// It is the layout `iso`.
    #[inline]
    pub fn is_iso(&self) -> bool {
        matches!(self.reader, Reader::Iso)
    }

    /// Reads the mapping's spelling.
    ///
    /// # Errors
    /// What is wrong with it, in words for the mapping's author.
    pub fn compile(text: &str) -> Result<Self, String> {
        let reader = match text {
            "iso" => Reader::Iso,
            "epoch_s" | "%s" => Reader::EpochSeconds,
            "epoch_ms" => Reader::EpochMillis,
            "excel" => Reader::Excel,
            _ if !text.contains('%') => {
                let like = percent_signs(text).unwrap_or_else(|| "%m/%d/%Y".to_owned());
                return Err(format!(
                    "`{text}` is no date layout: it is `iso`, `epoch_s`, `epoch_ms`, `excel` or a pattern like `{like}`"
                ));
            }
            _ => match Program::compile(text)? {
                Some(program) => Reader::Program(program),
                None => {
                    foreign::check(text)?;
                    Reader::Foreign
                }
            },
        };
        Ok(Self { text: text.to_owned(), reader })
    }

    /// Reads the whole value or says why not.
    #[inline]
    pub fn read(&self, value: &[u8]) -> Result<Moment, Miss> {
        match &self.reader {
            Reader::Iso => iso::read(value),
            Reader::Program(program) => program.read(value),
            Reader::EpochSeconds => serial::epoch_seconds(value),
            Reader::EpochMillis => serial::epoch_millis(value),
            Reader::Excel => serial::excel(value),
            Reader::Foreign => foreign::read(&self.text, value),
        }
    }

    /// It reads days in ten bytes, each part at its place.
    pub fn is_day(&self) -> bool {
        matches!(&self.reader, Reader::Program(program) if program.is_day())
    }

    /// A short value that is a day, in Totango's form; none: [`Layout::read`] decides.
    #[inline(always)]
    pub fn day(&self, value: Short) -> Option<Short> {
        match &self.reader {
            Reader::Program(program) => program.day(value),
            _ => None,
        }
    }

    /// Some value may be taken by both and mean two things.
    pub fn meets(&self, other: &Self) -> bool {
        let agree = match (&self.reader, &other.reader) {
            (Reader::Iso, Reader::Program(program)) | (Reader::Program(program), Reader::Iso) => {
                program.agrees_with_iso()
            }
            _ => false,
        };
        !agree && self.begins_like(other)
    }

    fn begins_like(&self, other: &Self) -> bool {
        let (one, two) = (self.start(), other.start());
        let apart = one.digits.1 < two.digits.0 || two.digits.1 < one.digits.0;
        !apart && (one.next == two.next || one.next_may_be(two) || two.next_may_be(one))
    }

    fn start(&self) -> Start {
        match &self.reader {
            Reader::Iso => Start { digits: (4, 4), next: Some(Next::Byte(b'-')) },
            Reader::EpochSeconds | Reader::EpochMillis | Reader::Excel => {
                Start { digits: (0, 17), next: Some(Next::EndOrPoint) }
            }
            Reader::Program(program) => program.start(),
            Reader::Foreign => Start { digits: (0, usize::MAX), next: None },
        }
    }
}

impl Start {
    /// This one is not sure what follows, or is a count: its point may be a pattern's, and its minus too.
    fn next_may_be(self, other: Self) -> bool {
        match (self.next, other.next) {
            (None, _) => true,
            (Some(Next::EndOrPoint), Some(Next::Byte(b'.'))) => true,
            (Some(Next::EndOrPoint), Some(Next::Byte(b'-'))) => other.digits.0 == 0,
            _ => false,
        }
    }
}
