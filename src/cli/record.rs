//! A record as a block of lines: target column, source, value as read, value as written, and what is wrong with it.

use std::fmt::Write as _;

use crate::cli::say::Paint;
use crate::diagnostic::escape;
use crate::pipeline::{CellFault, Preview, PreviewCell, PreviewFate, PreviewRecord};

/// A person's terminal.
const WIDTH: usize = 100;
/// Widest a target column's name, its source and its value as read are shown.
const MOST: [usize; 3] = [26, 22, 24];

/// Writes records for people.
pub(super) struct Page {
    colour: bool,
}

impl Page {
    pub(super) fn new(colour: bool) -> Self {
        Self { colour }
    }

    /// All records of `preview`.
    pub(super) fn of(&self, preview: &Preview) -> String {
        let widths = widths(&preview.records);
        let numbered = |record: &&PreviewRecord| record.fate != PreviewFate::Filtered || preview.following.is_some();
        let count = preview.records.iter().filter(numbered).count();
        let mut text = String::new();
        let mut number = 0;
        let mut at = 0;
        while let Some(record) = preview.records.get(at) {
            if !numbered(&record) {
                let run =
                    preview.records[at..].iter().take_while(|record| record.fate == PreviewFate::Filtered).count();
                self.filtered(&mut text, &preview.records[at..at + run]);
                at += run;
                continue;
            }
            number += 1;
            self.record(&mut text, record, &format!("{number} of {count}"), widths, preview.following.is_some());
            at += 1;
        }
        if let Some(following) = &preview.following {
            let _ = writeln!(text, "{}", self.paint(Paint::Bold, &format!("where `{}` ends", escape(&following.key))));
            let filtered = preview.records.iter().filter(|record| record.fate == PreviewFate::Filtered);
            for record in filtered {
                let _ = writeln!(text, "filtered: {}:{} by `where`", escape(&record.file), record.line);
            }
            text.push_str(&following.told);
        }
        text
    }

    fn filtered(&self, text: &mut String, records: &[PreviewRecord]) {
        let (Some(first), Some(last)) = (records.first(), records.last()) else { return };
        let words = match records.len() {
            1 => format!("{}:{}  filtered by `where`", escape(&first.file), first.line),
            count if first.file == last.file => {
                format!("{}:{} to {}  {count} records filtered by `where`", escape(&first.file), first.line, last.line)
            }
            count => format!(
                "{}:{} to {}:{}  {count} records filtered by `where`",
                escape(&first.file),
                first.line,
                escape(&last.file),
                last.line
            ),
        };
        let _ = writeln!(text, "{}\n", self.paint(Paint::Dim, &format!("· {words}")));
    }

    fn record(&self, text: &mut String, record: &PreviewRecord, number: &str, widths: [usize; 3], in_full: bool) {
        let bad = record.cells.iter().filter_map(|cell| cell.fault.as_ref()).chain(&record.faults);
        let bad = bad.filter(|fault| !fault.is_warning).count();
        let fate = match record.fate {
            PreviewFate::Good => String::new(),
            PreviewFate::Filtered => format!("  {}", self.paint(Paint::Dim, "· filtered by `where`")),
            PreviewFate::Rejected if bad > 1 => {
                format!("  {}", self.paint(Paint::Red, &format!("✗ rejected, {bad} faults")))
            }
            PreviewFate::Rejected => format!("  {}", self.paint(Paint::Red, "✗ rejected")),
            PreviewFate::Unreadable => format!("  {}", self.paint(Paint::Red, "✗ cannot be read")),
        };
        let head = format!("{number}  {}:{}", escape(&record.file), record.line);
        let _ = writeln!(text, "{}{fate}", self.paint(Paint::Bold, &head));
        if in_full {
            self.fields(text, record);
        }
        for fault in &record.faults {
            self.fault(text, fault, 2);
        }
        if let ([(name, Some(raw))], PreviewFate::Unreadable) = (record.fields.as_slice(), record.fate) {
            let _ = writeln!(text, "  {}  {}", escape(name), cut(&escape(raw), WIDTH - 8));
        }
        for cell in &record.cells {
            self.cell(text, cell, widths, if in_full { 4 } else { 2 });
        }
        text.push('\n');
    }

    /// The record as read, without its empty cells, and the values of its `let`s.
    fn fields(&self, text: &mut String, record: &PreviewRecord) {
        let (own, lets) = record.fields.split_at(record.fields.len() - record.lets.min(record.fields.len()));
        for (title, fields) in [("record", own), ("let", lets)] {
            let filled: Vec<(&String, &String)> =
                fields.iter().filter_map(|(name, value)| Some((name, value.as_ref()?))).collect();
            if filled.is_empty() {
                continue;
            }
            let width = filled.iter().map(|(name, _)| length(&escape(name))).max().unwrap_or_default().min(MOST[0]);
            let _ = writeln!(text, "  {}", self.paint(Paint::Dim, title));
            for (name, value) in filled {
                let _ =
                    writeln!(text, "    {}  {}", padded(&escape(name), width), cut(&escape(value), WIDTH - 6 - width));
            }
        }
        if !record.cells.is_empty() {
            let _ = writeln!(text, "  {}", self.paint(Paint::Dim, "columns"));
        }
    }

    fn cell(&self, text: &mut String, cell: &PreviewCell, [names, sources, values]: [usize; 3], indent: usize) {
        let read = cell.read.as_deref().unwrap_or_default();
        let written = cell.written.as_deref().unwrap_or_default();
        let left = if read.is_empty() { "(empty)".to_owned() } else { escape(read) };
        let name = padded(&escape(&cell.column), names);
        let source = padded(&escape(&cell.source), sources);
        let left_padded = padded(&left, values);
        let rest = WIDTH - indent - names - 2 - sources - 2 - values - 3;
        let shown = if written.is_empty() { "(empty)".to_owned() } else { cut(&escape(written), rest) };
        // A single step needs no line of its own: what it made is what is written.
        let by = match cell.steps.as_slice() {
            [only] => self.paint(Paint::Dim, &format!("  {}", only.what)),
            _ => String::new(),
        };
        let right = match &cell.fault {
            Some(fault) if !fault.is_warning => self.paint(Paint::Red, &format!("✗ {}", fault.code.id)),
            Some(fault) => format!("→ {shown}{by}  {}", self.paint(Paint::Yellow, &format!("! {}", fault.code.id))),
            None if written == read => self.paint(Paint::Dim, if written.is_empty() { "·" } else { "=" }),
            None => format!("→ {}{by}", self.paint(Paint::Green, &shown)),
        };
        let source = self.paint(Paint::Dim, &source);
        let _ = writeln!(text, "{}{name}  {source}  {left_padded} {right}", " ".repeat(indent));
        if cell.steps.len() > 1 {
            let _ = writeln!(text, "{}{}", " ".repeat(indent + 4), self.paint(Paint::Dim, &way(cell)));
        }
        if let Some(fault) = &cell.fault {
            self.fault(text, fault, indent + 4);
        }
    }

    fn fault(&self, text: &mut String, fault: &CellFault, indent: usize) {
        let (mark, paint) = if fault.is_warning { ("!", Paint::Yellow) } else { ("✗", Paint::Red) };
        let words = format!("{mark} {}: {}", fault.code.id, escape(&fault.message));
        for line in wrapped(&words, WIDTH - indent) {
            let _ = writeln!(text, "{}{}", " ".repeat(indent), self.paint(paint, &line));
        }
    }

    fn paint(&self, paint: Paint, text: &str) -> String {
        if self.colour { paint.on(text) } else { text.to_owned() }
    }
}

/// What a reader must know beside the records.
pub(super) fn notes(preview: &Preview) -> Vec<String> {
    let mut notes = Vec::new();
    if preview.following.is_some() {
        return notes;
    }
    if let Some(read) = preview.gave_up_after {
        notes.push(format!("stopped after {read} records: `where` drops nearly all of them"));
    } else if preview.complete {
        notes.push("these are all records there are".to_owned());
    }
    if preview.pivots {
        notes.push("shown are the parts of a pivot; its columns are made of all rows of a key".to_owned());
    }
    notes.push(
        "winners among duplicates, parents and references are decided over the whole input: see `run --dry-run`, or `--key`"
            .to_owned(),
    );
    notes
}

/// The widths that the names, sources and values of all records need.
fn widths(records: &[PreviewRecord]) -> [usize; 3] {
    let cells = || records.iter().flat_map(|record| &record.cells);
    let widest = |lengths: &mut dyn Iterator<Item = usize>, most: usize| lengths.max().unwrap_or_default().min(most);
    [
        widest(&mut cells().map(|cell| length(&escape(&cell.column))), MOST[0]),
        widest(&mut cells().map(|cell| length(&escape(&cell.source))), MOST[1]),
        widest(&mut cells().map(|cell| cell.read.as_ref().map_or(7, |read| length(&escape(read)))), MOST[2]),
    ]
}

/// `lookup (empty) → default 0`
fn way(cell: &PreviewCell) -> String {
    let step = |value: &str| if value.is_empty() { "(empty)".to_owned() } else { cut(&escape(value), 40) };
    let steps: Vec<String> = cell.steps.iter().map(|one| format!("{} {}", one.what, step(&one.value))).collect();
    steps.join(" → ")
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// `text` in at most `width` characters.
fn cut(text: &str, width: usize) -> String {
    match text.char_indices().nth(width.max(1)) {
        Some(_) => text.chars().take(width.max(1) - 1).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

/// `text` in exactly `width` characters.
fn padded(text: &str, width: usize) -> String {
    let text = cut(text, width);
    let space = " ".repeat(width.saturating_sub(length(&text)));
    text + &space
}

/// `text` in lines of at most `width` characters, broken between words where there are any.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always a line");
        if line.is_empty() {
            line.push_str(word);
        } else if length(line) + 1 + length(word) <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(format!("  {word}"));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{cut, padded, wrapped};

    #[test]
    fn text_is_cut_padded_and_wrapped_by_characters() {
        assert_eq!(cut("müde", 4), "müde");
        assert_eq!(cut("müder", 4), "müd…");
        assert_eq!(padded("é", 3), "é  ");
        assert_eq!(wrapped("one two three", 7), ["one two", "  three"]);
        assert_eq!(wrapped("", 7), [""]);
    }
}
