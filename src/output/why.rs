//! Where the records of one key ended, read from a run's evidence and from the files it published.

use std::borrow::Cow;
use std::path::Path;

use crate::diagnostic::letters_apart;
use crate::output::previous::standing;
use crate::output::scan::each_record;
use crate::output::{Child, Finding, MappingReport, OutputError, RunReport, folder};

/// So many children, near keys and rows of one key are shown.
const SHOWN: usize = 5;

/// What became of `key` under `mapping` in the run whose evidence folder is given. `key` is as it would be written, parts
/// joined by `|`; a rejected key is found by its value as read. `base` is what the report's output folder is relative to.
///
/// # Errors
/// If there is no evidence, or a file of it cannot be read.
pub fn why(evidence: &Path, base: &Path, mapping: &str, key: &str) -> Result<Vec<Finding>, OutputError> {
    let report = RunReport::read(evidence)?
        .ok_or_else(|| OutputError::damaged(&evidence.join(folder::MANIFEST), "is not there: the run was killed"))?;
    let Some(of) = report.mapping(mapping) else {
        return Ok(vec![Finding::NotInRun { mapping: mapping.to_owned(), run_id: report.run_id }]);
    };
    let mut search = Search { key, ignores_case: of.key_ignores_case, near: Vec::new(), found: Vec::new() };
    let published = report.status_of_files(of, base)?;
    match published {
        Files::Stand => {
            for file in plain(of.outputs.iter().map(|output| output.file.as_str())) {
                search.output(&base.join(&report.output_folder).join(file), file, of)?;
            }
        }
        Files::Replaced(by) => search.found.push(Finding::Superseded { by }),
        Files::NeverWere => search.found.push(Finding::NotPublished {
            status: of.status,
            problem: of.problem.as_ref().map(|problem| problem.message.clone()),
        }),
    }
    for file in plain(of.reports.iter().map(|report| report.file.as_str())) {
        if file.ends_with(".rejects.csv") {
            search.rejects(&evidence.join(file))?;
        } else if file.ends_with(".duplicates.csv") {
            search.duplicates(&evidence.join(file))?;
        }
    }
    let told = |finding: &Finding| !matches!(finding, Finding::Superseded { .. } | Finding::NotPublished { .. });
    if !search.found.iter().any(told) {
        let near = search.near.into_iter().map(|(_, key)| key).collect();
        search.found.push(Finding::Nowhere { mapping: mapping.to_owned(), near, filtered: of.rows.filtered });
    }
    Ok(search.found)
}

/// Whether the outputs of a run can still be read.
enum Files {
    Stand,
    Replaced(Option<String>),
    NeverWere,
}

impl RunReport {
    fn status_of_files(&self, of: &MappingReport, base: &Path) -> Result<Files, OutputError> {
        if !of.status.stands() {
            return Ok(Files::NeverWere);
        }
        let current = RunReport::read(&base.join(&self.output_folder))?;
        let now = current.iter().flat_map(standing).find(|kept| kept.mapping == of.mapping);
        Ok(match now {
            Some(now) if now.outputs == of.outputs => Files::Stand,
            now => Files::Replaced(now.map(|now| now.run_id)),
        })
    }
}

/// What is looked for, and what was found so far.
struct Search<'a> {
    key: &'a str,
    ignores_case: bool,
    /// The nearest other keys, by distance.
    near: Vec<(usize, String)>,
    found: Vec<Finding>,
}

impl Search<'_> {
    fn output(&mut self, path: &Path, file: &str, of: &MappingReport) -> Result<(), OutputError> {
        let mut header: Vec<String> = Vec::new();
        let mut rows = 0;
        let mut joined = String::new();
        each_record(path, |line, fields| {
            if line == 1 {
                header = fields.iter().map(|name| name.clone().into_owned()).collect();
                return;
            }
            joined.clear();
            for (number, column) in of.key.iter().enumerate() {
                joined.push_str(if number > 0 { "|" } else { "" });
                joined.push_str(fields.get(*column).map_or("", |field| field));
            }
            if !self.is_wanted(&joined) || of.key.is_empty() {
                return;
            }
            rows += 1;
            if rows <= SHOWN {
                let values = fields.iter().map(|field| field.clone().into_owned());
                let fields = header.iter().cloned().zip(values).collect();
                self.found.push(Finding::Written { file: file.to_owned(), line, fields });
            }
        })?;
        Ok(())
    }

    fn rejects(&mut self, path: &Path) -> Result<(), OutputError> {
        let mut columns = Columns::default();
        let mut count = 0;
        let mut first: Vec<Child> = Vec::new();
        let mut last = None;
        each_record(path, |line, fields| {
            if line == 1 {
                columns = Columns::of(fields);
                return;
            }
            let text = |name| columns.get(fields, name).to_owned();
            let (key, related) = (text("key"), text("related"));
            let own = if key.is_empty() { self.is_same(columns.get(fields, "value")) } else { self.is_wanted(&key) };
            let place = (text("file"), text("line").parse().unwrap_or_default());
            if own {
                let (file, line) = place;
                self.found.push(Finding::Rejected {
                    code: text("code"),
                    column: text("column"),
                    value: text("value"),
                    message: text("message"),
                    file,
                    line,
                    related,
                });
            } else if key.is_empty() && text("column") == "record" && self.is_in(columns.get(fields, "record")) {
                let (file, line) = place;
                let (code, message) = (text("code"), text("message"));
                self.found.push(Finding::Unreadable { code, message, file, line });
            } else if self.is_same(&related) && last.as_ref() != Some(&place) {
                count += 1;
                if first.len() < SHOWN {
                    first.push(Child { key, file: place.0.clone(), line: place.1 });
                }
                last = Some(place);
            }
        })?;
        if count > 0 {
            self.found.push(Finding::TookAlong { count, first });
        }
        Ok(())
    }

    fn duplicates(&mut self, path: &Path) -> Result<(), OutputError> {
        let mut columns = Columns::default();
        each_record(path, |line, fields| {
            if line == 1 {
                columns = Columns::of(fields);
                return;
            }
            if self.is_wanted(columns.get(fields, "key")) {
                let text = |name| columns.get(fields, name).to_owned();
                let number = |name| columns.get(fields, name).parse().unwrap_or_default();
                self.found.push(Finding::Duplicate {
                    file: text("file"),
                    line: number("line"),
                    winner_file: text("winner_file"),
                    winner_line: number("winner_line"),
                    winner_fate: text("winner_fate"),
                    decided_by: text("decided_by"),
                });
            }
        })?;
        Ok(())
    }

    /// Whether a raw record holds the key, or each part of it, between signs that no id has.
    fn is_in(&self, record: &str) -> bool {
        let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        let holds = |part: &str| {
            record.match_indices(part).any(|(at, _)| {
                let bytes = record.as_bytes();
                !part.is_empty() && !is_part(bytes[..at].last()) && !is_part(bytes.get(at + part.len()))
            })
        };
        self.key.split('|').all(holds)
    }

    fn is_same(&self, key: &str) -> bool {
        if self.ignores_case { key.eq_ignore_ascii_case(self.key) } else { key == self.key }
    }

    /// Whether it is the key; remembers it if it is near.
    fn is_wanted(&mut self, key: &str) -> bool {
        if self.is_same(key) {
            return true;
        }
        if let Some(distance) = self.distance(key) {
            let near = (distance, key.to_owned());
            if let Err(place) = self.near.binary_search(&near)
                && place < SHOWN
            {
                self.near.insert(place, near);
                self.near.truncate(SHOWN);
            }
        }
        false
    }

    /// How far another key is from the one looked for, if it is near at all.
    fn distance(&self, key: &str) -> Option<usize> {
        if key.contains('|') && key.split('|').any(|part| self.is_same(part)) {
            return Some(0);
        }
        let (short, long) = if key.len() < self.key.len() { (key, self.key) } else { (self.key, key) };
        // The 15 characters of an 18 character id, or an id with something before or behind it.
        if short.len() >= 6 && (long.starts_with(short) || long.ends_with(short)) {
            return Some(1);
        }
        // Cheap before dear: there are millions of keys.
        if long.len() - short.len() > 4 {
            return None;
        }
        letters_apart(self.key, key, if short.len() < 6 { 1 } else { 2 })
    }
}

/// Where the columns of a report stand.
#[derive(Default)]
struct Columns(Vec<String>);

impl Columns {
    fn of(header: &[Cow<'_, str>]) -> Self {
        Self(header.iter().map(|name| name.clone().into_owned()).collect())
    }

    fn get<'f>(&self, fields: &'f [Cow<'_, str>], name: &str) -> &'f str {
        let place = self.0.iter().position(|known| known == name);
        place.and_then(|place| fields.get(place)).map_or("", |field| field)
    }
}

/// Names that can only lie in their folder.
fn plain<'a>(names: impl Iterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
    names.filter(|name| folder::is_plain(name))
}
