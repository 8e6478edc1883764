//! The file: its name, its parts, its reports.

use crate::diagnostic::{Diagnostic, code, nearest};
use crate::mapping::Mapping;
use crate::resolve::{Found, Output, Surroundings, TargetColumn};

/// `output:`, with the name checked against what Totango takes.
pub(super) fn output(mapping: &Mapping, columns: &[TargetColumn], around: &Surroundings, found: &mut Found) -> Output {
    let wanted = &mapping.output;
    let (file, span) = match &wanted.file {
        Some(file) => (file.value.clone(), file.span),
        None => (format!("{}.csv", mapping.name), mapping.format.span),
    };
    let takes = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-');
    if !file.chars().all(takes) || file.starts_with('.') || !file.ends_with(".csv") || file.len() <= ".csv".len() {
        found.push(
            Diagnostic::error(&code::BAD_NAME, format!("`{file}` is no name for a Totango file"))
                .at(found.place(span), "letters, digits, `.`, `_`, `-`, ending in `.csv`")
                .help(format!("e.g. `output: {{file: {}}}`", suggestion(&file)))
                .help("other letters make the upload fail. Article PREP."),
        );
    }
    let report =
        [".rejects.csv", ".duplicates.csv", ".removed.csv", ".new_accounts.csv"].iter().any(|end| file.ends_with(end));
    if report || file == "run.json" {
        found.push(
            Diagnostic::error(&code::NAME_CLASH, format!("`{file}` is the name of a report"))
                .at(found.place(span), "choose another name"),
        );
    }
    for (header, column) in columns.iter().enumerate().map(|(index, column)| (&column.header, index)) {
        if let Some(other) = columns[..column].iter().find(|other| other.header.eq_ignore_ascii_case(header)) {
            if other.name == columns[column].name {
                continue;
            }
            found.push(
                Diagnostic::error(&code::DUPLICATE_COLUMN, format!("two columns have the header `{header}`"))
                    .at(found.place(columns[column].span), "second time, but for case")
                    .related(found.place(other.span), "first time"),
            );
        }
    }
    if let Some(schema) = &around.rows {
        for field in &wanted.redact {
            if !schema.fields.iter().any(|known| known.name == field.value) {
                let mut diagnostic =
                    Diagnostic::error(&code::UNKNOWN_FIELD, format!("column `{}` to redact not found", field.value))
                        .at(found.place(field.span), "no such source column: nothing would be hidden");
                let names = schema.fields.iter().map(|field| field.name.as_str());
                if let Some(near) = nearest(&field.value, names) {
                    diagnostic = diagnostic.help(format!("`{near}` has a similar name"));
                }
                found.push(diagnostic);
            }
        }
    }
    Output {
        file,
        line_feed: wanted.line_feed,
        split_size: wanted.split_size.as_ref().map(|size| size.value),
        split_rows: wanted.split_rows.as_ref().map(|rows| rows.value),
        reject_record: wanted.reject_record,
        redact: wanted.redact.iter().map(|field| field.value.clone()).collect(),
    }
}

fn suggestion(file: &str) -> String {
    let stem = file.strip_suffix(".csv").unwrap_or(file);
    let clean: String = stem
        .chars()
        .map(|character| if character.is_ascii_alphanumeric() || "_-.".contains(character) { character } else { '_' })
        .collect();
    let clean = clean.trim_matches(['_', '.']);
    format!("{}.csv", if clean.is_empty() { "file" } else { clean })
}
