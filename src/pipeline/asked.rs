//! Which sources a mapping uses, and which of their columns: only those are opened and read.

use std::collections::{BTreeMap, BTreeSet};

use crate::mapping::{ColumnOptions, Mapping, Origin};

/// Sources still to be opened, and the columns asked of each.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    fields: BTreeMap<String, BTreeSet<String>>,
    open: Vec<String>,
    seen: BTreeSet<String>,
}

impl Wanted {
    /// `source` is used.
    pub(super) fn add(&mut self, source: &str) {
        if self.seen.insert(source.to_owned()) {
            self.open.push(source.to_owned());
        }
    }

    /// The next source to open; own ones in the order of the mapping, then those that queries read.
    pub(super) fn next(&mut self) -> Option<String> {
        (!self.open.is_empty()).then(|| self.open.remove(0))
    }

    /// Columns that are named of `source`.
    pub(super) fn fields(&self, source: &str) -> Vec<String> {
        self.fields.get(source).map(|fields| fields.iter().cloned().collect()).unwrap_or_default()
    }

    fn field(&mut self, source: &str, field: &str) {
        self.add(source);
        self.fields.entry(source.to_owned()).or_default().insert(field.to_owned());
    }
}

/// What `mapping` uses; `from` is the source of its rows, unless they come from a query.
pub(super) fn wanted(mapping: &Mapping, from: Option<&str>) -> Wanted {
    let mut wanted = Wanted::default();
    if let Some(from) = from {
        wanted.add(from);
        for column in &mapping.columns {
            origin(&column.origin, from, &mut wanted);
        }
        if let Some(by) = mapping.duplicates.iter().find_map(|duplicates| duplicates.by.as_ref()) {
            origin(&by.origin, from, &mut wanted);
        }
        if let Some(tags) = &mapping.tags {
            wanted.field(from, &tags.column.value);
        }
    }
    let options = mapping.columns.iter().map(|column| &column.options);
    for options in options.chain(mapping.defaults.iter().map(|(_, options)| options)) {
        lookup(options, &mut wanted);
    }
    let references = mapping.references.iter().flat_map(|(_, reference)| &reference.targets);
    let known = mapping.hierarchy.iter().flat_map(|hierarchy| &hierarchy.known_accounts);
    let accounts = mapping.unknown_accounts.iter().flat_map(|unknown| &unknown.targets);
    for target in references.chain(known).chain(accounts) {
        if let Some((source, field)) = target.value.split_once('.') {
            wanted.field(source, field);
        }
    }
    wanted
}

fn lookup(options: &ColumnOptions, wanted: &mut Wanted) {
    if let Some(lookup) = &options.lookup {
        wanted.field(&lookup.source.value, &lookup.key.value);
        wanted.field(&lookup.source.value, &lookup.take.value);
    }
}

fn origin(origin: &Origin, from: &str, wanted: &mut Wanted) {
    match origin {
        Origin::Field(field) => wanted.field(from, &field.value),
        // Names in SQL stand in quotes more often than not; a name too many does no harm.
        Origin::Sql(sql) => {
            for name in sql.value.split('"').skip(1).step_by(2) {
                wanted.field(from, name);
            }
        }
        Origin::Template(template) => {
            for part in template.value.split('{').skip(1) {
                if let Some((name, _)) = part.split_once('}') {
                    wanted.field(from, name);
                }
            }
        }
        Origin::Value(_) => {}
    }
}
