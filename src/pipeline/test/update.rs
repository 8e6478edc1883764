//! Writes what came out into a test file: only the text of `expect` changes.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use crate::diagnostic::line_and_column;
use crate::mapping::{ExpectedRow, TestCase};
use crate::pipeline::test::compare::Table;
use crate::pipeline::test::observe::Observed;
use crate::yaml::Span;

/// Widest line of a row in one piece.
const WIDTH: usize = 110;

/// `text` with what each case now expects.
pub(super) fn rewrite(text: &str, cases: &[(&TestCase, &Observed)]) -> String {
    let mut edits: Vec<(Span, String)> = cases.iter().map(|(case, observed)| edit(text, case, observed)).collect();
    edits.sort_by_key(|(span, _)| span.start);
    let mut new = text.to_owned();
    for (span, words) in edits.iter().rev() {
        new.replace_range(span.start..span.end, words);
    }
    new
}

/// Puts `text` in the place of the file at once, so that no half of it is ever seen.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_extension("yaml.new");
    std::fs::write(&beside, text)?;
    std::fs::rename(&beside, path)
}

/// Where `expect` of a case stands, or belongs, and its new text.
fn edit(text: &str, case: &TestCase, observed: &Observed) -> (Span, String) {
    match &case.expect {
        Some(expect) => {
            let start = expect.span.start;
            let line = text[..start].rsplit('\n').next().unwrap_or_default();
            let end = start + text[start..expect.span.end].trim_end().len();
            let indent = line.len();
            match line.bytes().all(|byte| byte == b' ') {
                true => (Span::new(start, end), block(case, observed, indent)),
                // Within braces, where lines have no meaning.
                false => (Span::new(start, end), flow(case, observed)),
            }
        }
        None => added(text, case, observed),
    }
}

/// A case without `expect` gets one behind its last key.
fn added(text: &str, case: &TestCase, observed: &Observed) -> (Span, String) {
    let body = text.get(case.span.start..case.span.end).unwrap_or_default().trim_end();
    let end = case.span.start + body.len();
    if body.starts_with('{') {
        let at = end - 1;
        let comma = if body[1..body.len() - 1].trim().is_empty() { "" } else { ", " };
        return (Span::new(at, at), format!("{comma}{}", flow(case, observed)));
    }
    let (_, column) = line_and_column(text, case.span.start);
    let indent = column - 1;
    // A comment behind the last value stays there.
    let at = text[end..].find('\n').map_or(text.len(), |line| end + line);
    (Span::new(at, at), format!("\n{}{}", " ".repeat(indent), block(case, observed, indent)))
}

/// The lists of `expect` with their rows as (column, text).
type Lists = Vec<(&'static str, Vec<Vec<(String, String)>>)>;

struct Contents {
    /// `error` and `exit`.
    words: Vec<(&'static str, String)>,
    counts: Vec<(String, u64)>,
    lists: Lists,
}

fn contents(case: &TestCase, observed: &Observed) -> Contents {
    let old = case.expect.clone().unwrap_or_default();
    let mut words = Vec::new();
    let mut codes: Vec<&str> = observed.errors.iter().map(|error| error.code.id).collect();
    codes.dedup();
    match codes.as_slice() {
        [] => {}
        [one] => words.push(("error", (*one).to_owned())),
        several => words.push(("error", format!("[{}]", several.join(", ")))),
    }
    if old.exit.is_some() || !codes.is_empty() {
        words.push(("exit", observed.exit.to_string()));
    }
    let figures = serde_json::to_value(observed.counts).unwrap_or_default();
    let counts = old.counts.iter().map(|(name, _)| {
        (name.value.clone(), figures.get(&name.value).and_then(serde_json::Value::as_u64).unwrap_or_default())
    });
    let mut lists = Lists::new();
    let wants_rows = old.rows.is_some() || case.expect.is_none();
    if let Some(table) = observed.rows.as_ref().filter(|_| wants_rows) {
        lists.push(("rows", picked(table, old.rows.as_deref(), None)));
    }
    let reject = ["code", "key", "column", "line"];
    let duplicate = ["key", "line", "winner_line"];
    let warning = ["code", "column", "rows"];
    for (name, table, old, usual, always) in [
        ("rejects", &observed.rejects, old.rejects, &reject[..], true),
        ("duplicates", &observed.duplicates, old.duplicates, &duplicate[..], true),
        ("warnings", &observed.warnings, old.warnings, &warning[..], false),
    ] {
        if old.is_some() || (always && !table.rows.is_empty()) {
            lists.push((name, picked(table, old.as_deref(), Some(usual))));
        }
    }
    Contents { words, counts: counts.collect(), lists }
}

/// The rows of `table` with the columns that were named before, else the usual ones, else all that are not empty.
fn picked(table: &Table, old: Option<&[ExpectedRow]>, usual: Option<&[&str]>) -> Vec<Vec<(String, String)>> {
    let mut named: Vec<&str> = Vec::new();
    for (column, _) in old.into_iter().flatten().flat_map(|row| &row.cells) {
        if !named.contains(&column.value.as_str()) && table.header.contains(&column.value) {
            named.push(&column.value);
        }
    }
    let keep_empty = !named.is_empty();
    if named.is_empty() {
        named = usual.map_or_else(|| table.header.iter().map(String::as_str).collect(), <[&str]>::to_vec);
    }
    let row = |number: usize| {
        let cells = named.iter().map(|column| ((*column).to_owned(), table.cell(number, column).to_owned()));
        cells.filter(|(_, text)| keep_empty || !text.is_empty()).collect()
    };
    (0..table.rows.len()).map(row).collect()
}

fn block(case: &TestCase, observed: &Observed, indent: usize) -> String {
    let contents = contents(case, observed);
    let inner = " ".repeat(indent + 2);
    let mut text = String::from("expect:");
    for (name, word) in &contents.words {
        let _ = write!(text, "\n{inner}{name}: {word}");
    }
    if !contents.counts.is_empty() {
        let _ = write!(text, "\n{inner}counts: {}", counts(&contents));
    }
    for (name, rows) in &contents.lists {
        let _ = write!(text, "\n{inner}{name}:{}", if rows.is_empty() { " []" } else { "" });
        text.push_str(&items(rows, &inner));
    }
    if text == "expect:" { format!("expect:\n{inner}rows: []") } else { text }
}

/// Rows as items of a list, each on a line of its own where it fits; `inner` stands before the list's key.
pub(super) fn items(rows: &[Vec<(String, String)>], inner: &str) -> String {
    let mut text = String::new();
    for row in rows {
        let line = braces(row);
        if line.chars().count() + inner.len() + 4 <= WIDTH {
            let _ = write!(text, "\n{inner}  - {line}");
            continue;
        }
        for (at, (column, cell)) in row.iter().enumerate() {
            let mark = if at == 0 { "- " } else { "  " };
            let _ = write!(text, "\n{inner}  {mark}{}: {}", scalar(column), scalar(cell));
        }
    }
    text
}

fn flow(case: &TestCase, observed: &Observed) -> String {
    let contents = contents(case, observed);
    let mut parts: Vec<String> = contents.words.iter().map(|(name, word)| format!("{name}: {word}")).collect();
    if !contents.counts.is_empty() {
        parts.push(format!("counts: {}", counts(&contents)));
    }
    for (name, rows) in &contents.lists {
        let rows: Vec<String> = rows.iter().map(|row| braces(row)).collect();
        parts.push(format!("{name}: [{}]", rows.join(", ")));
    }
    format!("expect: {{{}}}", parts.join(", "))
}

fn counts(contents: &Contents) -> String {
    let all: Vec<String> = contents.counts.iter().map(|(name, count)| format!("{name}: {count}")).collect();
    format!("{{{}}}", all.join(", "))
}

/// `{a: 1, b: 2}`.
fn braces(cells: &[(String, String)]) -> String {
    let all: Vec<String> = cells.iter().map(|(name, text)| format!("{}: {}", scalar(name), scalar(text))).collect();
    format!("{{{}}}", all.join(", "))
}

/// A scalar that reads back as `text` anywhere, in quotes only where it needs them.
pub(super) fn scalar(text: &str) -> String {
    let plain =
        |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ' ' | '@' | '+' | '(' | ')' | '$' | '\'');
    let begins = text.chars().next().is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '/' | '$' | '+' | '('));
    let nothing = matches!(text, "null" | "Null" | "NULL");
    if begins && !nothing && !text.ends_with(' ') && text.chars().all(plain) {
        return text.to_owned();
    }
    // JSON's quotes are YAML's, but for signs that YAML wants escaped too.
    let quoted = serde_json::to_string(text).expect("text is always JSON");
    let mut safe = String::with_capacity(quoted.len());
    for character in quoted.chars() {
        match character {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                let _ = write!(safe, "\\u{:04X}", u32::from(character));
            }
            _ => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::scalar;
    use crate::yaml::{Value, parse};

    #[test]
    fn a_scalar_reads_back_as_it_was() {
        let all = [
            "",
            " ",
            "a",
            "0012",
            "1.10",
            "No",
            "null",
            "~",
            "a b",
            "a: b",
            "a #b",
            "- a",
            "x,y",
            "{a}",
            "[b]",
            "it's",
            "\"q\"",
            "a\nb",
            "\t",
            "é",
            "é ",
            "2026-11-20",
            "2026-11-20T00:00:00.0Z",
            "a|b",
            "*a",
            "&a",
            "!a",
            "%",
            "@x",
            "`",
            "a@b.c",
            "\u{7f}",
            "\u{85}",
            "\u{2028}",
            "\u{feff}x",
            "=",
            "<<",
            "?",
            "- ",
            "---",
            "a\\b",
            "12:30:45",
            "tag##vip",
            "true",
            "😀",
        ];
        for text in all {
            for whole in [format!("[{}]", scalar(text)), format!("- {}", scalar(text))] {
                let node = parse(&whole).unwrap_or_else(|error| panic!("{whole}: {error}"));
                let Value::Sequence(items) = node.value else { panic!("{whole}") };
                assert_eq!(items[0].as_text(), Some(text), "{whole}");
            }
            let node = parse(&format!("{{{}: 1}}", scalar(text))).unwrap();
            let Value::Mapping(entries) = node.value else { panic!() };
            assert_eq!(entries[0].0.value, text);
        }
    }
}
