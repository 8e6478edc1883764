//! The file beside what a run would write: record by record, in bounded memory.
//!
//! Records that the run writes as they stand, quotes aside, which is most of them, are passed by comparing bytes. A record that was written
//! otherwise is taken apart; one that was not written is told with the reasons of the run's own reports, and its other cells
//! are judged once more.

use std::path::Path;

use crate::diagnostic::{Code, code, excerpt, find_code};
use crate::functions::{Judge, fault};
use crate::pipeline::Failure;
use crate::pipeline::lint::finding::{LintFinding, Tally};
use crate::pipeline::lint::tape::Tape;

/// What is compared.
pub(super) struct Comparison<'a, 't> {
    /// The file, behind its header.
    pub file: Tape,
    /// What the run would write, behind its header.
    pub written: Tape,
    /// The run's reports, if it left any.
    pub rejects: Option<Report>,
    pub duplicates: Option<Report>,
    /// The columns of what is written, in its order; none for one that the file does not have.
    pub columns: Vec<Option<Compared>>,
    /// Fields of a record.
    pub width: usize,
    pub tally: &'a mut Tally<'t>,
}

/// A column of both.
pub(super) struct Compared {
    /// The attribute, as the run's reports name it.
    pub target: String,
    /// Header as spelt.
    pub name: String,
    /// Place among the fields of the file.
    pub place: usize,
    /// What a run makes of its values.
    pub judge: Option<Judge>,
}

/// A report of the run, read line by line beside the file.
pub(super) struct Report {
    tape: Tape,
    columns: Vec<String>,
    next: Option<(u64, Vec<String>)>,
}

impl Report {
    /// The report in `tape`.
    pub(super) fn open(mut tape: Tape) -> Result<Self, Failure> {
        let columns = take_fields(&mut tape)?.unwrap_or_default();
        let mut report = Self { tape, columns, next: None };
        report.step()?;
        Ok(report)
    }

    fn step(&mut self) -> Result<(), Failure> {
        let fields = take_fields(&mut self.tape)?;
        self.next = fields.map(|fields| (self.text(&fields, "line").parse().unwrap_or_default(), fields));
        Ok(())
    }

    fn text<'f>(&self, fields: &'f [String], column: &str) -> &'f str {
        let place = self.columns.iter().position(|name| name == column);
        place.and_then(|place| fields.get(place)).map_or("", String::as_str)
    }

    /// Whether the next entry is about the record that begins on `line`.
    fn is_at(&self, line: u64) -> bool {
        self.next.as_ref().is_some_and(|(next, _)| *next == line)
    }

    /// The next entry, if it is about the record that begins on `line`.
    fn take(&mut self, line: u64) -> Result<Option<Vec<String>>, Failure> {
        if !self.is_at(line) {
            return Ok(None);
        }
        let taken = self.next.take().map(|(_, fields)| fields);
        self.step()?;
        Ok(taken)
    }
}

fn take_fields(tape: &mut Tape) -> Result<Option<Vec<String>>, Failure> {
    let Some(record) = tape.record()? else { return Ok(None) };
    let (next, fields) = (record.next, record.fields.iter().map(|field| field.clone().into_owned()).collect());
    tape.pass(next);
    Ok(Some(fields))
}

/// The record at hand, taken apart.
struct Record {
    fields: Vec<String>,
    /// Whether each field stands in quotes.
    quoted: Vec<bool>,
}

impl Comparison<'_, '_> {
    /// Tells of everything; how many records the file has.
    pub(super) fn run(mut self) -> Result<u64, Failure> {
        let mut records = 0;
        loop {
            if self.file.rest().is_empty() {
                if !self.file.is_read() {
                    self.file.more(0)?;
                    continue;
                }
                break;
            }
            let line = self.file.line();
            let lost = [&self.rejects, &self.duplicates].into_iter().flatten().any(|report| report.is_at(line));
            if !lost && self.is_same()? {
                records += 1;
                continue;
            }
            let Some(record) = self.take(line)? else {
                self.tally.flush();
                continue;
            };
            records += 1;
            if lost {
                self.lost(line, &record)?;
            } else {
                self.otherwise(line, &record)?;
            }
            if record.fields.len() == self.width {
                self.bare_fields(line, &record);
            }
            self.tally.flush();
        }
        let left = self.written.row()?.is_some()
            || [&self.rejects, &self.duplicates].into_iter().flatten().any(|report| report.next.is_some());
        // Both sides come from one file: where one has more than the other, a record was lost.
        if left { Err(unbalanced()) } else { Ok(records) }
    }

    /// Passes the record if it is written as it stands.
    fn is_same(&mut self) -> Result<bool, Failure> {
        let Some((content, whole)) = self.written.row()? else { return Ok(false) };
        let row = &self.written.rest()[..content];
        // Many programs put every field in quotes, or empty ones.
        let same = self.file.pass_line(row)? || self.file.pass_quoted_line(row, self.width)?;
        if same {
            self.written.pass(whole);
        }
        Ok(same)
    }

    /// Takes the record apart; none for a blank line.
    fn take(&mut self, line: u64) -> Result<Option<Record>, Failure> {
        let Some(raw) = self.file.record()? else { return Err(unbalanced()) };
        let next = raw.next;
        let whole = raw.fault.is_none();
        let blank = whole && raw.bytes.is_empty();
        let fields: Vec<String> = raw.fields.iter().map(|field| field.clone().into_owned()).collect();
        let quoted = quoted(raw.bytes, &fields);
        self.file.pass(next);
        if !whole && self.file.line() == line {
            self.file.pass_rest_of_line()?;
        }
        if blank {
            self.tally.add(&code::BLANK_LINE, false, || LintFinding {
                line,
                column: "record".to_owned(),
                field: None,
                code: &code::BLANK_LINE,
                message: "the line is blank".to_owned(),
                value: String::new(),
                written: None,
            });
            return Ok(None);
        }
        Ok(Some(Record { fields, quoted }))
    }

    /// A record that the run writes, and not as it stands.
    fn otherwise(&mut self, line: u64, record: &Record) -> Result<(), Failure> {
        let Some((content, whole)) = self.written.row()? else { return Err(unbalanced()) };
        let row = crate::csv::decode_row(&self.written.rest()[..content]);
        for (column, written) in self.columns.iter().zip(row) {
            let Some(column) = column else { continue };
            let value = record.fields.get(column.place).map_or("", String::as_str);
            if value.as_bytes() != written.as_ref() {
                let written = String::from_utf8_lossy(&written).into_owned();
                self.tally.add(&code::OTHER_FORM, false, || other_form(line, column, value, written));
            }
        }
        self.written.pass(whole);
        Ok(())
    }

    /// A record that the run does not write.
    fn lost(&mut self, line: u64, record: &Record) -> Result<(), Failure> {
        let mut faulty = Vec::new();
        while let Some(report) = &mut self.rejects
            && let Some(fields) = report.take(line)?
        {
            let [target, message, value] = ["column", "message", "value"].map(|name| report.text(&fields, name));
            let code = find_code(report.text(&fields, "code")).unwrap_or(&code::WORLD);
            let column = self.columns.iter().flatten().find(|column| column.target == target);
            faulty.extend(column.map(|column| column.place));
            self.tally.add(code, true, || LintFinding {
                line,
                column: column.map_or("record", |column| &column.name).to_owned(),
                field: column.map(|column| column.place + 1),
                code,
                message: message.to_owned(),
                value: value.to_owned(),
                written: None,
            });
        }
        while let Some(report) = &mut self.duplicates
            && let Some(fields) = report.take(line)?
        {
            let [key, winner] = ["key", "winner_line"].map(|name| report.text(&fields, name));
            self.tally.add(&code::KEY_TWICE, true, || LintFinding {
                line,
                column: "record".to_owned(),
                field: None,
                code: &code::KEY_TWICE,
                message: format!("`{}` stands on line {winner} too, and that record wins", excerpt(key)),
                value: key.to_owned(),
                written: None,
            });
        }
        if record.fields.len() != self.width {
            return Ok(());
        }
        for column in self.columns.iter_mut().flatten().filter(|column| !faulty.contains(&column.place)) {
            let Some(value) = record.fields.get(column.place) else { continue };
            // A fault that the report does not name belongs to a record that lost before its cells were looked at.
            match column.judge.as_mut().map(|judge| judge.written(value)) {
                Some(Ok(written)) if written != *value => {
                    self.tally.add(&code::OTHER_FORM, false, || other_form(line, column, value, written));
                }
                Some(Err(found)) => {
                    let code: &'static Code = fault::code_of(found);
                    self.tally.add(code, true, || LintFinding {
                        line,
                        column: column.name.clone(),
                        field: Some(column.place + 1),
                        code,
                        message: column.judge.as_ref().map_or(String::new(), |judge| judge.message(found, value)),
                        value: value.clone(),
                        written: None,
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Fields that must stand in quotes and do not.
    fn bare_fields(&mut self, line: u64, record: &Record) {
        for column in self.columns.iter().flatten() {
            let bare = record.quoted.get(column.place).is_some_and(|quoted| !quoted);
            let Some(value) = record.fields.get(column.place).filter(|value| bare && value.contains([';', '\'']))
            else {
                continue;
            };
            self.tally.add(&code::BARE_FIELD, false, || LintFinding {
                line,
                column: column.name.clone(),
                field: Some(column.place + 1),
                code: &code::BARE_FIELD,
                message: format!("`{}` must stand in quotes", excerpt(value)),
                value: value.clone(),
                written: None,
            });
        }
    }
}

fn other_form(line: u64, column: &Compared, value: &str, written: String) -> LintFinding {
    LintFinding {
        line,
        column: column.name.clone(),
        field: Some(column.place + 1),
        code: &code::OTHER_FORM,
        message: match (value, written.as_str()) {
            (value, "") => format!("`{}` would be written empty", excerpt(value)),
            ("", written) => format!("the empty cell would be written `{}`", excerpt(written)),
            (value, written) => format!("`{}` would be written `{}`", excerpt(value), excerpt(written)),
        },
        value: value.to_owned(),
        written: Some(written),
    }
}

/// Which fields of the record `bytes` stand in quotes; their content tells how long each is as written.
fn quoted(bytes: &[u8], fields: &[String]) -> Vec<bool> {
    let mut at = 0;
    let mut quoted = Vec::with_capacity(fields.len());
    for field in fields {
        let is_quoted = bytes.get(at) == Some(&b'"');
        let doubled = if is_quoted { 2 + field.bytes().filter(|byte| *byte == b'"').count() } else { 0 };
        at += field.len() + doubled + 1;
        quoted.push(is_quoted);
    }
    quoted
}

fn unbalanced() -> Failure {
    use crate::diagnostic::Diagnostic;
    let message = "the file and what would be written of it do not go together: records were lost";
    Failure::World(Diagnostic::error(&code::UNBALANCED, message).help(code::UNBALANCED.cure))
}

/// A file that this program wrote, without its first row.
pub(super) fn own(path: &Path) -> Result<Tape, Failure> {
    let dialect = crate::csv::Dialect { max_field: 1 << 30, max_record: 1 << 30, ..crate::csv::Dialect::default() };
    Ok(Tape::new(Box::new(std::fs::File::open(path)?), dialect))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_fields_are_told_from_bare_ones() {
        let fields = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
        let found = quoted(b"a,\"b\"\"c\",,\"\",it's", &fields(&["a", "b\"c", "", "", "it's"]));
        assert_eq!(found, [false, true, false, true, false]);
    }
}
