//! The text of the draft: sources, columns, what is missing, what else the format asks for.

use std::fmt::Write as _;

use crate::diagnostic::excerpt;
use crate::format::{FormatSpec, Need, find};
use crate::functions::fault;
use crate::guess::About;
use crate::guess::column::{File, Line, line};
use crate::guess::dates::dates;
use crate::guess::matching::{Match, matches};
use crate::guess::numbers::certain;
use crate::guess::options::csv_options;
use crate::guess::profile::Field;
use crate::guess::rules::Rules;
use crate::guess::words::wrap;
use crate::guess::yaml::{key, scalar};
use crate::mapping::CellType;
use crate::resolve::CellSpec;
use crate::sqltext::identifier;

/// A mapping to go on from.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its text.
    pub text: String,
    /// Columns of the file that it uses.
    pub used: usize,
    /// Lines on which a person has to choose.
    pub questions: usize,
    /// Mandatory attributes that no column was found for.
    pub missing: Vec<String>,
}

pub(super) fn write(about: &About<'_>) -> Draft {
    let rules = Rules::of(about.format);
    let found = matches(about.format, about.sample, &rules);
    let mut drafting = Drafting {
        about,
        format: about.format,
        rules,
        found,
        text: String::new(),
        used: Vec::new(),
        questions: 0,
        missing: Vec::new(),
    };
    drafting.all();
    drafting.used.sort_unstable();
    drafting.used.dedup();
    Draft { text: drafting.text, used: drafting.used.len(), questions: drafting.questions, missing: drafting.missing }
}

/// The draft in the making.
pub(super) struct Drafting<'a> {
    pub(super) about: &'a About<'a>,
    pub(super) format: &'static FormatSpec,
    pub(super) rules: Rules,
    pub(super) found: Vec<Match>,
    pub(super) text: String,
    /// Places of the columns that are used.
    pub(super) used: Vec<usize>,
    pub(super) questions: usize,
    pub(super) missing: Vec<String>,
}

impl Drafting<'_> {
    fn all(&mut self) {
        let opening = self.about.opening.iter().flat_map(|line| wrap(line));
        self.text.extend(opening.map(|line| format!("# {line}\n")));
        let _ = writeln!(self.text, "format: {}", self.format.name);
        let own_key = self.format.own_key.as_ref().map(|_| self.own_key());
        self.text.push('\n');
        self.sources();
        let _ = writeln!(self.text, "\nfrom: {}\n\ncolumns:", scalar(&self.about.source));
        let pivot = self.pivot();
        if pivot.is_some() {
            let keys: Vec<&String> = self.format.key.iter().take(1).collect();
            self.found.retain(|one| keys.contains(&&one.spec.name));
        }
        self.attributes();
        if let Some(own) = own_key {
            self.own_attributes(own);
        } else {
            self.others(pivot.is_some());
        }
        self.text.extend(pivot);
        self.tags();
        self.duplicates();
        self.hierarchy();
    }

    pub(super) fn field(&self, place: usize) -> &Field {
        &self.about.sample.fields[place]
    }

    fn sources(&mut self) {
        let about = self.about;
        let _ = writeln!(self.text, "sources:\n  {}:\n    path: {}", key(&about.source), scalar(&about.path));
        if let Some(kind) = about.kind {
            let _ = writeln!(self.text, "    kind: {kind}   # the file's name does not tell");
        }
        if let Some(form) = about.form {
            let options = csv_options(form, about);
            if !options.is_empty() {
                self.text.push_str("    csv:\n");
                self.text.extend(options.into_iter().map(|option| format!("      {option}\n")));
            }
        }
    }

    /// The attributes that were found, then those that are missing.
    fn attributes(&mut self) {
        let file = self.file();
        for one in self.found.clone() {
            let line = line(&one, self.field(one.field), &self.rules, &file);
            self.used.push(one.field);
            self.push(&line);
        }
        let has = |name: &str| self.found.iter().any(|one| one.spec.name == name);
        let needed = self.format.columns.iter().filter(|spec| !has(&spec.name));
        for spec in needed {
            match spec.need {
                Need::Mandatory => {
                    let what = format!(
                        "MISSING: `{}` is mandatory and no column looks like it. {} Write `{}: <column>`, or `{{sql: ...}}`.{}",
                        spec.name,
                        spec.about,
                        key(&spec.name),
                        self.likely_id(spec.kind)
                    );
                    self.text.extend(wrap(&what).into_iter().map(|line| format!("  # {line}\n")));
                    self.missing.push(spec.name.clone());
                }
                Need::Expected => {
                    let what = format!("not found: `{}`. {}", spec.name, spec.about);
                    self.text.extend(wrap(&what).into_iter().map(|line| format!("  # {line}\n")));
                }
                Need::Optional => {}
            }
        }
    }

    /// Of the columns that are not used, the one whose values tell records apart best: what an id does, whatever it is called.
    fn likely_id(&self, kind: CellType) -> String {
        if kind != CellType::Id {
            return String::new();
        }
        let id = CellSpec { id_extra: "-".to_owned(), ..CellSpec::new(CellType::Id) };
        let fields = self.about.sample.fields.iter().enumerate();
        let free = fields.filter(|(place, field)| !self.used.contains(place) && !field.duplicated);
        let apart = |field: &Field| field.values.len() * 2 > field.records && field.share(&id) >= 0.7;
        let likely = free.map(|(_, field)| field).filter(|field| apart(field));
        // Of equals the first: ids stand in front.
        let best = likely.reduce(|best, other| if other.values.len() > best.values.len() { other } else { best });
        best.map_or_else(String::new, |field| {
            let (values, records) = (field.values.len(), field.records);
            format!(" It may be `{}`: {values} different values in {records} records.", field.name)
        })
    }

    fn push(&mut self, line: &Line) {
        self.questions += usize::from(line.is_question());
        self.text.push_str(&line.text());
    }

    /// What columns of the file tell about each other.
    fn file(&self) -> File {
        let mut file = File::default();
        for field in &self.about.sample.fields {
            if let (None, Some((layout, ..))) = (&file.first, dates(field, false).reasons.first()) {
                let first = if layout.starts_with("%m") { "month first" } else { "day first" };
                file.first = Some(format!("{first} (`{}`)", excerpt(&field.name)));
            }
            match certain(field) {
                Some(true) => drop(file.point.get_or_insert_with(|| field.name.clone())),
                Some(false) => drop(file.comma.get_or_insert_with(|| field.name.clone())),
                None => {}
            }
        }
        file.short_ids = self.found.iter().any(|one| {
            let cell = self.rules.cell(&one.spec.name).filter(|cell| cell.kind == CellType::Id);
            cell.is_some_and(|cell| self.field(one.field).judge(cell).of(fault::SHORT_SALESFORCE_ID) > 0)
        });
        file
    }

    /// `pivot:` where the rows are events.
    fn pivot(&mut self) -> Option<String> {
        self.format.pivot.as_ref()?;
        let usage = find("usage")?;
        let found = matches(usage, self.about.sample, &Rules::of(usage));
        let place = |name: &str| found.iter().find(|one| one.spec.name == name).map(|one| one.field);
        let (module, action) = (place("Module")?, place("Action")?);
        let sql = |place: usize| scalar(&identifier(&self.field(place).name));
        let mut text = format!(
            "\n# One row per event: they become <Module>##<Action> columns.\npivot:\n  module: {}\n  action: {}\n",
            sql(module),
            sql(action)
        );
        match place("Count") {
            Some(count) => {
                let value = scalar(&format!("integer({})", identifier(&self.field(count).name)));
                let _ = writeln!(text, "  value: {value}\n  aggregate: sum");
                self.used.push(count);
            }
            None => text.push_str("  aggregate: count\n"),
        }
        text.push_str("  top: {n: 50, of: pair}   # Totango takes 1,000 columns\n");
        self.used.extend([module, action]);
        Some(text)
    }
}
